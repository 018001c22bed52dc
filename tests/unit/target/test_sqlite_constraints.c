#include "fixture.h"

/* Where statements may run, and foreign keys before the commit sees them. */

static void target_statement_place__is_read_from_the_text(void **state)
{
	static const struct {
		const char *sql;
		enum target_place place;
	} rows[] = {
		{ "CREATE TABLE a (x)", TARGET_INSIDE },
		{ "SELECT 1", TARGET_INSIDE },
		{ "VACUUM", TARGET_ALONE },
		{ "vacuum main", TARGET_ALONE },
		{ "ANALYZE", TARGET_INSIDE },
		{ "REINDEX", TARGET_INSIDE },
		{ "PRAGMA foreign_keys = OFF", TARGET_AROUND },
		{ "PRAGMA main.Foreign_Keys(1)", TARGET_AROUND },
		{ "PRAGMA foreign_keys", TARGET_INSIDE },
		{ "PRAGMA foreign_key_check", TARGET_INSIDE },
		{ "PRAGMA defer_foreign_keys = ON", TARGET_INSIDE },
		{ "PRAGMA legacy_alter_table = ON", TARGET_INSIDE },
		{ "PRAGMA journal_mode = WAL", TARGET_ALONE },
		{ "PRAGMA JOURNAL_MODE = WAL", TARGET_ALONE },
		{ "PRAGMA journal_mode", TARGET_INSIDE },
		{ "PRAGMA page_size = 8192", TARGET_ALONE },
		{ "PRAGMA auto_vacuum = FULL", TARGET_ALONE },
		{ "PRAGMA synchronous = 1", TARGET_ALONE },
		{ "PRAGMA user_version = 3", TARGET_INSIDE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sql_script script;

		memset(&script, 0, sizeof(script));
		assert_ok(sql_split(&script, SQL_SQLITE, rows[i].sql,
				    strlen(rows[i].sql), 1));
		assert_int_equal(script.n, 1);
		if (target_statement_place(SQL_SQLITE, &script.statements[0]) !=
		    rows[i].place)
			fail_msg("%s", rows[i].sql);
		sql_script_release(&script);
	}
}

static struct target *open_family(struct fixture *f)
{
	struct target *t = open_dev(f);

	assert_ok(target_exec(
		t, "CREATE TABLE p (id INTEGER PRIMARY KEY);"
		   "CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY "
		   "DEFERRED);"
		   "CREATE TABLE \"d 2\" (p REFERENCES p);"
		   "INSERT INTO p VALUES (1)"));
	return t;
}

static void target_check_deferred__names_tables_and_counts(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_family(f);

	assert_ok(target_sqlite_foreign_keys(t, true));
	assert_ok(target_begin(t));
	assert_ok(target_check_deferred(t));
	assert_ok(run_text(t, "INSERT INTO c VALUES (1), (2), (3)"));
	expect_error(target_check_deferred(t), ERR_TARGET,
		     "violated at the end of the migration: rows 2 in c", NULL);
	assert_ok(run_text(t, "INSERT INTO p VALUES (2), (3)"));
	assert_ok(target_check_deferred(t));
	assert_ok(run_text(t, "PRAGMA defer_foreign_keys = ON;"
			      "INSERT INTO \"d 2\" VALUES (7)"));
	expect_error(target_check_deferred(t), ERR_TARGET, "1 in d 2", NULL);
	target_rollback(t);
	assert_ok(target_check_deferred(t));
}

static void target_violations__counts_with_the_keys_off(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_family(f);
	int64_t n = -1;

	assert_ok(target_violations(t, &n));
	assert_int_equal(n, 0);
	assert_ok(run_text(t, "INSERT INTO c VALUES (1), (2), (NULL);"
			      "INSERT INTO \"d 2\" VALUES (7)"));
	assert_ok(target_check_deferred(t));
	assert_ok(target_violations(t, &n));
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_statement_place__is_read_from_the_text),
		fixture_test(target_check_deferred__names_tables_and_counts),
		fixture_test(target_violations__counts_with_the_keys_off),
	};

	return cmocka_run_group_tests_name("target/sqlite_constraints", tests,
					   NULL, NULL);
}
