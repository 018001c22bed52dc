#include "unit/schema/pg_db.h"

/* After every statement a reading of a part gives what one of all gives. */

struct world {
	struct pg_db db;
	struct schema kept; /* read in parts */
	struct schema_delta delta;
	struct map texts; /* path -> text, by the deltas alone */
	unsigned n;
};

static void open_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	pg_db_open(&w->db);
	schema_init(&w->kept);
	pg_db_read(&w->db, &w->kept);
	map_each (&w->kept.by_path, e) {
		const struct schema_object *o = e->value;

		map_put(&w->texts, e->key, (void *)(uintptr_t)o->text);
	}
}

static void close_world(struct world *w)
{
	map_release(&w->texts);
	schema_release(&w->kept);
	pg_db_close(&w->db);
}

/* The delta says exactly what became of the tree. */
static void follow(struct world *w, const char *what)
{
	for (size_t i = 0; i < w->delta.n; i++) {
		const struct schema_change *c = &w->delta.changes[i];
		const struct schema_object *o = c->after ? c->after : c->before;
		const char *old = map_get(&w->texts, o->path);

		if (c->before && (!old || !streq(old, c->before->text)))
			fail_msg("%s: before is not what was, after: %s",
				 o->path, what);
		if (!c->before && old)
			fail_msg("%s: was there, after: %s", o->path, what);
		if (c->after)
			map_put(&w->texts, o->path,
				(void *)(uintptr_t)c->after->text);
		else
			map_remove(&w->texts, o->path);
	}
	map_each (&w->kept.by_path, e) {
		const struct schema_object *o = e->value;
		const char *text = map_get(&w->texts, e->key);

		if (!text || !streq(text, o->text))
			fail_msg("%s: no delta says so, after: %s", e->key,
				 what);
	}
}

static void refresh(struct world *w, const char *what)
{
	struct err *e;

	schema_delta_init(&w->delta);
	/* both ask the same in the end */
	e = schema_pg_refresh(
		&w->kept, w->db.c, "git_migrate",
		w->n++ % 2 ? SCHEMA_PG_CHANGED : SCHEMA_PG_UNLIKELY, &w->delta);
	if (e)
		fail_msg("%s\nafter: %s", err_text(e), what);
	follow(w, what);
	schema_delta_release(&w->delta);
}

static void check(struct world *w, const char *what)
{
	struct schema all;

	schema_init(&all);
	pg_db_read(&w->db, &all);
	assert_same_tree(&all, &w->kept, what);
	schema_release(&all);
}

enum how {
	TOLD,      /* a transaction each, whose beginning is told */
	UNTOLD,    /* ... is not */
	SAVEPOINT, /* in a savepoint of one */
	UNDONE,    /* first in a savepoint that is rolled back */
};

/* A full reading after each statement takes its time; what is missed stays
 * missed, so that a later one sees it too. */
static bool is_checked(size_t i)
{
	return getenv("TEST_LONG") || i % 8 == 7;
}

static void step(struct world *w, const char *sql, enum how how, bool checked)
{
	pg_db_exec(&w->db, "BEGIN");
	if (how != UNTOLD) {
		assert_ok(schema_pg_begin(&w->kept, w->db.c));
		assert_ok(pg_flush(w->db.c));
	}
	if (how == SAVEPOINT || how == UNDONE)
		pg_db_exec(&w->db, "SAVEPOINT s");
	pg_db_exec(&w->db, sql);
	if (how == UNDONE) {
		pg_db_exec(&w->db, "ROLLBACK TO s");
		refresh(w, "a rollback");
		pg_db_exec(&w->db, sql);
	}
	if (how == SAVEPOINT)
		pg_db_exec(&w->db, "RELEASE s");
	refresh(w, sql);
	if (checked)
		check(w, sql);
	pg_db_exec(&w->db, "COMMIT");
}

static void run_scripts(enum how how, size_t limit)
{
	static const char *const *const scripts[] = { pg_script_tables,
						      pg_script_more,
						      pg_script_rare,
						      pg_script_changes };
	struct world w;
	size_t n = 0;

	open_world(&w);
	pg_db_script(&w.db, pg_script_roles);
	for (size_t i = 0; i < ARRAY_LEN(scripts) && i < limit; i++)
		for (const char *const *s = scripts[i]; *s; s++)
			if (pg_db_knows(&w.db, *s))
				step(&w, *s, how, is_checked(n++));
	check(&w, "everything");
	close_world(&w);
}

/* the first script; all in the long mode */
static size_t some(void)
{
	return getenv("TEST_LONG") ? SIZE_MAX : 1;
}

static void refresh__in_part_is_as_of_all(void **state)
{
	(void)state;
	run_scripts(TOLD, SIZE_MAX);
}

static void refresh__needs_no_beginning_told(void **state)
{
	(void)state;
	run_scripts(UNTOLD, some());
}

static void refresh__sees_savepoints(void **state)
{
	(void)state;
	run_scripts(SAVEPOINT, some());
}

static void refresh__does_not_see_what_was_undone(void **state)
{
	(void)state;
	run_scripts(UNDONE, SIZE_MAX);
}

static void refresh__goes_on_in_one_transaction(void **state)
{
	static const char *const *const scripts[] = { pg_script_tables,
						      pg_script_rare };
	struct world w;
	size_t n = 0;

	(void)state;
	open_world(&w);
	pg_db_script(&w.db, pg_script_roles);
	pg_db_exec(&w.db, "BEGIN");
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		for (const char *const *s = scripts[i]; *s; s++) {
			if (!pg_db_knows(&w.db, *s))
				continue;
			pg_db_exec(&w.db, *s);
			refresh(&w, *s);
			if (is_checked(n++))
				check(&w, *s);
		}
	pg_db_exec(&w.db, "COMMIT");
	close_world(&w);
}

/* --- temporary tables of ours --- */

static void make_and_drop(struct world *w)
{
	static const char *const make[] = {
		"DROP TABLE IF EXISTS pg_temp.ours",
		"CREATE TEMPORARY TABLE ours (a int, b text)"
	};
	static const char *const drop[] = { "DROP TABLE pg_temp.ours" };

	assert_ok(schema_pg_own(&w->kept, w->db.c, make, ARRAY_LEN(make)));
	pg_db_exec(&w->db, "INSERT INTO pg_temp.ours VALUES (1, 'x')");
	assert_ok(schema_pg_own(&w->kept, w->db.c, drop, ARRAY_LEN(drop)));
}

/* A reading of any part asks what was not asked before. */
static int64_t asked(struct world *w)
{
	int64_t n = 0;

	assert_ok(pg_query_int(w->db.c,
			       "SELECT count(*) FROM pg_prepared_statements",
			       NULL, 0, &n));
	return n;
}

static void begin(struct world *w)
{
	pg_db_exec(&w->db, "BEGIN");
	assert_ok(schema_pg_begin(&w->kept, w->db.c));
	assert_ok(pg_flush(w->db.c));
}

static void own__is_no_change(void **state)
{
	struct world w;
	int64_t before;

	(void)state;
	open_world(&w);
	begin(&w);
	refresh(&w, "nothing");
	refresh(&w, "nothing");
	for (int i = 0; i < 4; i++) {
		make_and_drop(&w);
		before = asked(&w);
		refresh(&w, "a temporary table");
		assert_int_equal(asked(&w), before);
	}
	pg_db_exec(&w.db, "COMMIT");
	close_world(&w);
}

static void own__hides_nothing_else(void **state)
{
	static const char *const others[] = {
		"CREATE TABLE theirs (a int)",
		"ALTER TABLE theirs ADD COLUMN b text DEFAULT 'x'",
		"COMMENT ON COLUMN theirs.b IS 'y'",
		"GRANT SELECT ON theirs TO PUBLIC",
		"CREATE TEMPORARY TABLE temporary (a int)",
		"DROP TABLE theirs",
	};
	struct world w;

	(void)state;
	open_world(&w);
	begin(&w);
	for (size_t i = 0; i < 2 * ARRAY_LEN(others); i++) {
		pg_db_exec(&w.db, i % ARRAY_LEN(others) == 4
					  ? "DROP TABLE IF EXISTS "
					    "pg_temp.temporary"
					  : "SELECT 1");
		make_and_drop(&w);
		pg_db_exec(&w.db, others[i % ARRAY_LEN(others)]);
		make_and_drop(&w);
		refresh(&w, others[i % ARRAY_LEN(others)]);
		check(&w, others[i % ARRAY_LEN(others)]);
	}
	pg_db_exec(&w.db, "COMMIT");
	close_world(&w);
}

static void own__counts_what_event_triggers_do(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	step(&w,
	     "CREATE FUNCTION public.more() RETURNS event_trigger LANGUAGE "
	     "plpgsql AS $$ BEGIN IF tg_tag = 'CREATE TABLE' AND "
	     "to_regclass('public.more') IS NULL THEN "
	     "CREATE TABLE public.more (a int); END IF; END $$",
	     TOLD, false);
	step(&w,
	     "CREATE EVENT TRIGGER more ON ddl_command_end "
	     "EXECUTE FUNCTION public.more()",
	     TOLD, false);
	begin(&w);
	refresh(&w, "an event trigger");
	make_and_drop(&w);
	refresh(&w, "what it does");
	assert_true(map_has(&w.texts, "tables/more.sql"));
	check(&w, "what it does");
	pg_db_exec(&w.db, "COMMIT");
	close_world(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refresh__in_part_is_as_of_all),
		cmocka_unit_test(refresh__needs_no_beginning_told),
		cmocka_unit_test(refresh__sees_savepoints),
		cmocka_unit_test(refresh__does_not_see_what_was_undone),
		cmocka_unit_test(refresh__goes_on_in_one_transaction),
		cmocka_unit_test(own__is_no_change),
		cmocka_unit_test(own__hides_nothing_else),
		cmocka_unit_test(own__counts_what_event_triggers_do),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
