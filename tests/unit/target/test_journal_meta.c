#include "fixture.h"

#include "target/journal.h"

/* Is there a journal, whose, and may this program use it? */

static void make_journal(struct target *t, char uuid[37])
{
	assert_ok(target_begin(t));
	assert_ok(journal_create(t, "file 1:2 host /dev.db", uuid));
	assert_ok(target_commit(t));
}

static void journal_new_uuid__is_random_version_4(void **state)
{
	char a[37], b[37];

	(void)state;
	for (int i = 0; i < 100; i++) {
		journal_new_uuid(a);
		journal_new_uuid(b);
		assert_int_equal(strlen(a), 36);
		assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
		assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' &&
			    a[23] == '-');
		assert_int_equal(a[14], '4');
		assert_non_null(strchr("89ab", a[19]));
		assert_string_not_equal(a, b);
	}
}

static void journal_meta_read__without_a_journal_there_is_none(void **state)
{
	static const char *const setups[] = {
		"",
		"CREATE TABLE t (a)",
		"CREATE TABLE git_migrated (a)",
		"CREATE TABLE gitXmigrateX (a)",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(setups); i++) {
		struct journal_meta m;
		struct target *t;

		assert_ok(open_url(f, "sqlite::memory:", true, &t));
		assert_ok(target_exec(t, setups[i]));
		assert_ok(journal_meta_read(t, &m));
		assert_false(m.present);
		journal_meta_release(&m);
		target_close(t);
	}
}

static void journal_create__is_read_back(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct journal_meta m;
	char uuid[37];

	make_journal(t, uuid);
	for (int again = 0; again < 2; again++) {
		assert_ok(journal_meta_read(t, &m));
		assert_true(m.present);
		assert_int_equal(m.format, JOURNAL_FORMAT);
		assert_string_equal(m.uuid, uuid);
		assert_false(m.is_protected);
		assert_string_equal(m.location, "file 1:2 host /dev.db");
		journal_meta_release(&m);
		target_close(t);
		t = open_dev(f);
	}
}

static void journal_create__is_undone_with_its_transaction(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct journal_meta m;
	char uuid[37];

	assert_ok(target_begin(t));
	assert_ok(journal_create(t, NULL, uuid));
	assert_ok(journal_meta_read(t, &m));
	assert_true(m.present);
	assert_null(m.location);
	journal_meta_release(&m);
	target_rollback(t);
	assert_ok(journal_meta_read(t, &m));
	assert_false(m.present);
	assert_int_equal(ask(t, "SELECT count(*) FROM sqlite_schema"), 0);
}

static void journal_create__twice_fails(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	char uuid[37];

	make_journal(t, uuid);
	assert_ok(target_begin(t));
	expect_error(journal_create(t, NULL, uuid), ERR_TARGET,
		     "make the journal", NULL);
	target_rollback(t);
}

static void journal_meta_set__replaces(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct journal_meta m;
	char uuid[37];

	make_journal(t, uuid);
	assert_ok(journal_meta_set(t, "protected", "1"));
	assert_ok(journal_meta_set(t, "location", NULL));
	assert_ok(journal_meta_set(t, "something new", "value"));
	assert_ok(journal_meta_read(t, &m));
	assert_true(m.is_protected);
	assert_null(m.location);
	journal_meta_release(&m);
	assert_ok(journal_meta_set(t, "protected", "0"));
	assert_ok(journal_meta_read(t, &m));
	assert_false(m.is_protected);
	journal_meta_release(&m);
}

static void journal_meta_read__refuses_a_newer_format(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct journal_meta m;
	char uuid[37];

	make_journal(t, uuid);
	/* whatever else it changed */
	assert_ok(target_exec(t, "UPDATE git_migrate_meta SET value = '2' "
				 "WHERE key = 'format';"
				 "DROP TABLE git_migrate_progress"));
	expect_error(journal_meta_read(t, &m), ERR_REFUSED,
		     "database has journal format 2, this git-migrate knows 1",
		     "upgrade");
	assert_false(m.present);
	assert_null(m.location);
}

static void journal_meta_read__tells_what_is_not_a_whole_journal(void **state)
{
	static const char *const damages[] = {
		"DROP TABLE git_migrate_meta",
		"DROP TABLE git_migrate_history",
		"DROP TABLE git_migrate_ledger",
		"DROP TABLE git_migrate_current",
		"DROP TABLE git_migrate_texts",
		"DROP TABLE git_migrate_dependencies",
		"DROP TABLE git_migrate_progress",
		"DELETE FROM git_migrate_meta",
		"DELETE FROM git_migrate_meta WHERE key = 'format'",
		"DELETE FROM git_migrate_meta WHERE key = 'uuid'",
		"UPDATE git_migrate_meta SET value = 'x' WHERE key = 'format'",
		"UPDATE git_migrate_meta SET value = '-1' "
		"WHERE key = 'format'",
		"UPDATE git_migrate_meta SET value = 'abc' WHERE key = 'uuid'",
		"UPDATE git_migrate_meta SET value = NULL WHERE key = 'uuid'",
		"ALTER TABLE git_migrate_meta RENAME COLUMN value TO v",
		"DROP VIEW git_migrate_migrations;"
		"ALTER TABLE git_migrate_history DROP COLUMN tool",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct journal_meta m;
		char uuid[37];

		assert_ok(open_url(f, "sqlite::memory:", true, &f->t));
		make_journal(f->t, uuid);
		assert_ok(target_exec(f->t, damages[i]));
		expect_error(journal_meta_read(f->t, &m), ERR_STATE,
			     "not a whole journal", "backup");
		assert_false(m.present);
		assert_null(m.location);
		target_close(f->t);
		f->t = NULL;
	}
}

static void journal_meta_read__tells_a_table_that_only_has_the_name(
	void **state)
{
	static const char *const setups[] = {
		"CREATE TABLE git_migrate_meta (a, b)",
		"CREATE TABLE GIT_MIGRATE_META (key, value)",
		"CREATE VIEW git_migrate_meta AS SELECT 1",
		"CREATE TABLE git_migrate_history (seq)",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(setups); i++) {
		struct journal_meta m;
		struct target *t;

		assert_ok(open_url(f, "sqlite::memory:", true, &t));
		assert_ok(target_exec(t, setups[i]));
		expect_error(journal_meta_read(t, &m), ERR_STATE,
			     "not a whole journal", NULL);
		target_close(t);
	}
}

static void journal_meta_read__a_lock_is_no_damage(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct journal_meta m;
	sqlite3 *other;
	char uuid[37];

	make_journal(t, uuid);
	assert_int_equal(sqlite3_open(in_dir(f, "dev.db"), &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
		SQLITE_OK);
	expect_error(journal_meta_read(t, &m), ERR_STATE, "locked",
		     "--lock-timeout");
	sqlite3_close(other);
}

static void journal__reads_a_read_only_copy(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct journal_meta m;
	char uuid[37];

	make_journal(t, uuid);
	assert_ok(target_exec(t, "PRAGMA query_only = 1"));
	assert_ok(journal_meta_read(t, &m));
	assert_true(m.present);
	journal_meta_release(&m);
	expect_error(journal_meta_set(t, "protected", "1"), ERR_TARGET,
		     "write the journal", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(journal_new_uuid__is_random_version_4),
		fixture_test(
			journal_meta_read__without_a_journal_there_is_none),
		fixture_test(journal_create__is_read_back),
		fixture_test(journal_create__is_undone_with_its_transaction),
		fixture_test(journal_create__twice_fails),
		fixture_test(journal_meta_set__replaces),
		fixture_test(journal_meta_read__refuses_a_newer_format),
		fixture_test(
			journal_meta_read__tells_what_is_not_a_whole_journal),
		fixture_test(
			journal_meta_read__tells_a_table_that_only_has_the_name),
		fixture_test(journal_meta_read__a_lock_is_no_damage),
		fixture_test(journal__reads_a_read_only_copy),
	};

	return cmocka_run_group_tests_name("target/journal_meta", tests, NULL,
					   NULL);
}
