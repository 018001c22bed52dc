#include "schema/pg_stamp.h"
#include "unit/schema/pg_db.h"

/* A reading that was kept is taken over as long as nothing has changed. */

static void save(struct pg_db *db, struct buf *out)
{
	struct schema s;

	schema_init(&s);
	pg_db_read(db, &s);
	assert_true(schema_pg_save(&s, "git_migrate", out));
	schema_release(&s);
}

static bool load(struct pg_db *db, struct schema *s, const char *data,
		 size_t len)
{
	bool taken;

	schema_init(s);
	assert_ok(schema_pg_load(s, db->c, "git_migrate", data, len, &taken));
	return taken;
}

/*
 * Roles are of all databases, and another test may make one meanwhile, which
 * is a change: some attempt is left alone.
 */
#define ATTEMPTS 20

/* What has just been saved, and is loaded. */
static void save_and_load(struct pg_db *db, struct buf *saved, struct schema *s)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		buf_reset(saved);
		save(db, saved);
		if (load(db, s, saved->data, saved->len))
			return;
		schema_release(s);
	}
	fail_msg("not taken over");
}

static void load__gives_what_was_read(void **state)
{
	struct schema all, kept;
	struct buf b = BUF_INIT;
	struct pg_db db;

	(void)state;
	pg_db_open(&db);
	pg_db_script(&db, pg_script_roles);
	pg_db_script(&db, pg_script_tables);
	save_and_load(&db, &b, &kept);
	schema_init(&all);
	pg_db_read(&db, &all);
	assert_same_tree(&all, &kept, "load");
	assert_int_equal(kept.n_unrepresented, all.n_unrepresented);
	schema_release(&all);

	/* and readings of a part go on from there */
	pg_db_exec(&db, "BEGIN");
	assert_ok(schema_pg_begin(&kept, db.c));
	assert_ok(pg_flush(db.c));
	pg_db_exec(&db, "CREATE TABLE public.later (a int)");
	assert_ok(schema_pg_refresh(&kept, db.c, "git_migrate",
				    SCHEMA_PG_CHANGED, NULL));
	pg_db_exec(&db, "COMMIT");
	schema_init(&all);
	pg_db_read(&db, &all);
	assert_same_tree(&all, &kept, "a table more");
	buf_reset(&b);
	assert_false(schema_pg_save(&kept, "git_migrate", &b));
	schema_release(&all);
	schema_release(&kept);
	buf_release(&b);
	pg_db_close(&db);
}

static void load__needs_whole_bytes(void **state)
{
	struct buf b = BUF_INIT;
	struct schema s;
	struct pg_db db;
	bool taken;

	(void)state;
	pg_db_open(&db);
	pg_db_exec(&db, "CREATE TABLE public.t (a int)");
	save_and_load(&db, &b, &s);
	schema_release(&s);
	for (size_t len = 0; len < b.len; len += 31) {
		assert_false(load(&db, &s, b.data, len));
		assert_int_equal(s.by_path.n, 0);
		schema_release(&s);
	}
	schema_init(&s);
	assert_ok(schema_pg_load(&s, db.c, "another", b.data, b.len, &taken));
	assert_false(taken);
	schema_release(&s);
	buf_release(&b);
	pg_db_close(&db);
}

/* They change nothing, or, where there are subscriptions, there is no stamp. */
static bool counts(const char *sql)
{
	static const char *const nothing[] = {
		"OWNER TO CURRENT_USER", /* who owns it already */
		"RENAME TO done; RAISE", /* undone at once */
		"short_lived",           "INSERT INTO nothing",
		"ANALYZE nothing",       "SUBSCRIPTION",
	};

	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		if (strstr(sql, nothing[i]))
			return false;
	return true;
}

/* All in the long mode. */
static bool is_checked(size_t i)
{
	return getenv("TEST_LONG") || i % 8 == 3;
}

static void change(struct pg_db *db, const char *sql, bool checked)
{
	char before[PG_STAMP_SIZE], now[PG_STAMP_SIZE];

	if (checked)
		assert_ok(pg_stamp(db->c, before));
	pg_db_exec(db, sql);
	if (!checked)
		return;
	assert_ok(pg_stamp(db->c, now));
	if (streq(now, before))
		fail_msg("not seen: %s", sql);
}

/* What stamps are there for: whatever is made, altered or dropped. */
static void stamp__is_another_after_each_change(void **state)
{
	static const char *const *const scripts[] = { pg_script_tables,
						      pg_script_more,
						      pg_script_rare,
						      pg_script_changes };
	struct pg_db db;
	size_t n = 0;

	(void)state;
	pg_db_open(&db);
	pg_db_script(&db, pg_script_roles);
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		for (const char *const *s = scripts[i]; *s; s++)
			if (pg_db_knows(&db, *s) && counts(*s))
				change(&db, *s, is_checked(n++));
	pg_db_close(&db);
}

/* The stamp after `sql` is what it was before. */
static bool stays(struct pg_db *db, struct pg_conn *by, const char *sql)
{
	char before[PG_STAMP_SIZE], now[PG_STAMP_SIZE];

	for (int i = 0; i < ATTEMPTS; i++) {
		assert_ok(pg_stamp(db->c, before));
		assert_int_not_equal(*before, '\0');
		assert_ok(pg_exec(by, sql));
		assert_ok(pg_stamp(db->c, now));
		if (streq(now, before))
			return true;
	}
	return false;
}

static void stamp__does_not_mind_rows(void **state)
{
	static const char *const harmless[] = {
		"INSERT INTO public.t SELECT generate_series(1, 1000)",
		"UPDATE public.t SET b = b || 'y'",
		"VACUUM (ANALYZE, FREEZE) public.t",
		"CREATE TEMPORARY TABLE x (b text); DROP TABLE pg_temp.x",
		"SELECT nextval('public.s')",
		"VACUUM pg_catalog.pg_class",
	};
	struct pg_db db;

	(void)state;
	pg_db_open(&db);
	pg_db_exec(&db, "CREATE TABLE public.t (a int, b text); "
			"CREATE SEQUENCE public.s");
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (!stays(&db, db.c, harmless[i]))
			fail_msg("minded: %s", harmless[i]);
	pg_db_close(&db);
}

/* What somebody else has not committed is no change. */
static void stamp__sees_what_others_commit(void **state)
{
	char before[PG_STAMP_SIZE], now[PG_STAMP_SIZE];
	struct pg_conn_options opt = { .application_name = "other" };
	struct pg_conn *other;
	struct pg_db db;

	(void)state;
	pg_db_open(&db);
	assert_ok(pg_conn_open(&other, db.url, &opt));
	assert_true(stays(&db, other,
			  "ROLLBACK; BEGIN; CREATE TABLE public.t (a int)"));
	assert_ok(pg_stamp(db.c, before));
	assert_ok(pg_exec(other, "COMMIT"));
	assert_ok(pg_stamp(db.c, now));
	assert_string_not_equal(now, before);
	pg_conn_close(other);
	pg_db_close(&db);
}

/* Of them not every role sees enough; others' do not count. */
static void stamp__is_none_with_subscriptions(void **state)
{
	char stamp[PG_STAMP_SIZE];
	struct pg_db db, with;

	(void)state;
	pg_db_open(&db);
	pg_db_open(&with);
	pg_db_exec(&with, "CREATE SUBSCRIPTION sub1 CONNECTION 'host=x' "
			  "PUBLICATION p WITH (connect = false, "
			  "slot_name = NONE, enabled = false)");
	assert_ok(pg_stamp(with.c, stamp));
	assert_string_equal(stamp, "");
	assert_ok(pg_stamp(db.c, stamp));
	assert_string_not_equal(stamp, "");
	pg_db_close(&with);
	pg_db_close(&db);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(load__gives_what_was_read),
		cmocka_unit_test(load__needs_whole_bytes),
		cmocka_unit_test(stamp__is_another_after_each_change),
		cmocka_unit_test(stamp__does_not_mind_rows),
		cmocka_unit_test(stamp__sees_what_others_commit),
		cmocka_unit_test(stamp__is_none_with_subscriptions),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
