#include "fixture.h"

/* What a migration leaves in the session is gone after target_reset(). */

static const char *const settings[] = {
	"analysis_limit = 77",
	"automatic_index = 0",
	"cache_size = 7",
	"cell_size_check = 1",
	"checkpoint_fullfsync = 1",
	"count_changes = 1",
	"empty_result_callbacks = 1",
	"foreign_keys = 1",
	"full_column_names = 1",
	"fullfsync = 1",
	"ignore_check_constraints = 1",
	"journal_size_limit = 7777",
	"legacy_alter_table = 1",
	"max_page_count = 777",
	"mmap_size = 4096",
	"read_uncommitted = 1",
	"recursive_triggers = 1",
	"reverse_unordered_selects = 1",
	"secure_delete = 0",
	"short_column_names = 0",
	"synchronous = 0",
	"temp_store = 2",
	"threads = 3",
	"trusted_schema = 0",
	"wal_autocheckpoint = 77",
	"cache_spill = 0",
};

static int64_t setting(struct target *t, const char *assignment)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "PRAGMA %.*s", (int)strcspn(assignment, " "),
		 assignment);
	return ask(t, sql);
}

static void target_reset__puts_every_setting_back(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	int64_t before[ARRAY_LEN(settings)];

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		before[i] = setting(t, settings[i]);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		char sql[96];

		snprintf(sql, sizeof(sql), "PRAGMA %s", settings[i]);
		target_seen_reset(t);
		assert_ok(run_text(t, sql));
		assert_true(t->seen.pragma);
		if (setting(t, settings[i]) == before[i] &&
		    !streq(settings[i], "threads = 3"))
			fail_msg("%s has no effect", settings[i]);
	}
	target_seen_reset(t); /* what happened is known all the same */
	assert_ok(target_reset(t));
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (setting(t, settings[i]) != before[i])
			fail_msg("%s stayed", settings[i]);
}

static void target_reset__sees_through_explain_and_rollback(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_begin(t));
	assert_ok(run_text(t, "EXPLAIN PRAGMA recursive_triggers = 1;"
			      "PRAGMA legacy_alter_table = 1"));
	target_rollback(t);
	assert_int_equal(ask(t, "PRAGMA recursive_triggers"), 1);
	assert_int_equal(ask(t, "PRAGMA legacy_alter_table"), 1);
	assert_ok(target_reset(t));
	assert_int_equal(ask(t, "PRAGMA recursive_triggers"), 0);
	assert_int_equal(ask(t, "PRAGMA legacy_alter_table"), 0);
}

static void target_reset__like_ignores_case_again(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(run_text(t, "PRAGMA case_sensitive_like = 1;"
			      "CREATE TEMP TABLE a (x);"
			      "CREATE VIRTUAL TABLE temp.v USING fts5 (x)"));
	assert_int_equal(ask(t, "SELECT 'a' LIKE 'A'"), 0);
	assert_ok(target_reset(t));
	assert_int_equal(ask(t, "SELECT 'a' LIKE 'A'"), 1);
}

static void target_reset__keeps_waiting_for_others(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(run_text(t, "PRAGMA busy_timeout = 0"));
	assert_ok(target_reset(t));
	/* our own handler is there again, so SQLite's reads as none */
	assert_int_equal(ask(t, "PRAGMA busy_timeout"), 0);
	assert_ok(run_text(t, "PRAGMA busy_timeout = 5000"));
	assert_ok(target_reset(t));
	assert_int_equal(ask(t, "PRAGMA busy_timeout"), 0);
}

static void target_reset__lets_go_of_an_exclusive_lock(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f), *other = NULL;

	assert_ok(run_text(t, "PRAGMA locking_mode = EXCLUSIVE;"
			      "CREATE TABLE a (x)"));
	expect_error(open_url(f, "sqlite:dev.db", false, &other), ERR_STATE,
		     "locked", NULL);
	assert_ok(target_reset(t));
	assert_ok(open_url(f, "sqlite:dev.db", false, &other));
	target_close(other);
}

static void target_reset__drops_temporary_objects(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_exec(t, "CREATE TABLE a (x);"
				 "CREATE TEMP TABLE git_migrate_capture (x)"));
	assert_ok(run_text(
		t, "PRAGMA foreign_keys = ON;"
		   "CREATE TEMP TABLE p (i INTEGER PRIMARY KEY);"
		   "CREATE TEMP TABLE \"c \"\" ;\" (p REFERENCES p (i));"
		   "CREATE INDEX temp.ix ON p (i);"
		   "INSERT INTO p VALUES (1); INSERT INTO \"c \"\" ;\" "
		   "VALUES (1);"
		   "CREATE TEMP TABLE s (i INTEGER PRIMARY KEY AUTOINCREMENT);"
		   "CREATE TEMP VIEW v AS SELECT * FROM p;"
		   "CREATE TEMP TRIGGER r AFTER INSERT ON a BEGIN "
		   "INSERT INTO s VALUES (NULL); END;"
		   "CREATE VIRTUAL TABLE temp.f USING fts5 (x);"
		   "INSERT INTO f VALUES ('a')"));
	assert_true(t->seen.temporary);
	assert_ok(target_reset(t));
	assert_int_equal(ask(t, "SELECT count(*) FROM temp.sqlite_schema "
				"WHERE name NOT LIKE 'sqlite%'"),
			 1);
	assert_int_equal(ask(t, "SELECT count(*) FROM git_migrate_capture"), 0);
	assert_ok(run_text(t, "INSERT INTO a VALUES (1)"));
	assert_int_equal(ask(t, "PRAGMA foreign_keys"), 0);
}

static void target_sqlite_foreign_keys__lasts_until_the_reset(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_sqlite_foreign_keys(t, true));
	assert_int_equal(ask(t, "PRAGMA foreign_keys"), 1);
	assert_ok(target_begin(t));
	assert_ok(target_sqlite_foreign_keys(t, true)); /* nothing to do */
	assert_ok(target_commit(t));
	assert_ok(target_reset(t));
	assert_int_equal(ask(t, "PRAGMA foreign_keys"), 0);
}

static void target_reset__costs_nothing_when_nothing_was_touched(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(run_text(t, "CREATE TABLE a (x)"));
	for (int i = 0; i < 100000; i++)
		assert_ok(target_reset(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(target_reset__puts_every_setting_back),
		fixture_test(target_reset__sees_through_explain_and_rollback),
		fixture_test(target_reset__like_ignores_case_again),
		fixture_test(target_reset__keeps_waiting_for_others),
		fixture_test(target_reset__lets_go_of_an_exclusive_lock),
		fixture_test(target_reset__drops_temporary_objects),
		fixture_test(target_sqlite_foreign_keys__lasts_until_the_reset),
		fixture_test(
			target_reset__costs_nothing_when_nothing_was_touched),
	};

	return cmocka_run_group_tests_name("target/sqlite_session", tests, NULL,
					   NULL);
}
