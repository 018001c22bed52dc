#include "fixture.h"

/* URLs, transactions and savepoints: what every driver has to keep. */

static void target_open__picks_the_driver_by_scheme(void **state)
{
	static const struct {
		const char *url, *text, *hint;
	} rows[] = {
		{ "postgres://u:secret%zz@h/db", "cannot be read", NULL },
		{ "postgresql://[::1", "cannot be read", "postgresql://" },
		{ "PostgreSQL:x", "cannot be read", NULL },
		{ "mysql://u:secret@h/db", "'mysql:'", "sqlite:PATH" },
		{ "sqlite", "starts with a scheme", "sqlite:PATH" },
		{ "dev.db", "starts with a scheme", "sqlite:PATH" },
		{ "", "starts with a scheme", NULL },
		{ "/tmp/x:y", "starts with a scheme", NULL },
		{ "1:x", "starts with a scheme", NULL },
		{ "sqlite:", "names no SQLite file", "sqlite:dev.db" },
		{ "sqlite://", "names no SQLite file", NULL },
	};
	const struct target_options opt = { .create = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct target *t = (void *)state;
		struct err *e = target_open(&t, rows[i].url, &opt);

		assert_null(t);
		assert_non_null(e);
		assert_null(strstr(err_text(e), "secret"));
		expect_error(e, ERR_USAGE, rows[i].text, rows[i].hint);
	}
}

static void target_open__reads_other_tools_forms(void **state)
{
	static const char *const forms[] = { "sqlite:dev.db", "sqlite://dev.db",
					     "SQLite:./dev.db" };
	struct fixture *f = *state;
	char url[256];
	struct target *t;

	target_close(open_dev(f));
	f->t = NULL;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		assert_ok(open_url(f, forms[i], false, &t));
		assert_non_null(t);
		target_close(t);
	}
	snprintf(url, sizeof(url), "sqlite://%s/dev.db", f->dir);
	assert_ok(open_url(f, url, false, &t));
	assert_non_null(t);
	target_close(t);
}

static void target_close__takes_null(void **state)
{
	(void)state;
	target_close(NULL);
}

static void target_begin__commit_keeps_and_rollback_undoes(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_false(target_in_transaction(t));
	assert_ok(target_begin(t));
	assert_true(target_in_transaction(t));
	assert_ok(target_exec(t, "CREATE TABLE a (x)"));
	assert_ok(target_commit(t));
	assert_false(target_in_transaction(t));
	assert_ok(target_begin(t));
	assert_ok(target_exec(t, "INSERT INTO a VALUES (1)"));
	target_rollback(t);
	target_rollback(t); /* none is open: fine */
	assert_int_equal(ask(t, "SELECT count(*) FROM a"), 0);
}

static void target_commit__tells_that_the_transaction_is_gone(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	expect_error(target_commit(t), ERR_STATE, "ended already", NULL);
}

static void target_commit__reports_deferred_violations(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_exec(t, "CREATE TABLE p (id INTEGER PRIMARY KEY);"
				 "CREATE TABLE c (p REFERENCES p (id) "
				 "DEFERRABLE INITIALLY DEFERRED)"));
	assert_ok(target_sqlite_foreign_keys(t, true));
	assert_ok(target_begin(t));
	assert_false(target_sqlite_deferred_violations(t));
	assert_ok(run_text(t, "INSERT INTO c VALUES (1)"));
	assert_true(target_sqlite_deferred_violations(t));
	expect_error(target_commit(t), ERR_TARGET, "FOREIGN KEY", NULL);
	assert_true(target_in_transaction(t));
	assert_ok(run_text(t, "INSERT INTO p VALUES (1)"));
	assert_false(target_sqlite_deferred_violations(t));
	assert_ok(target_commit(t));
}

static void target_savepoint__undoes_its_part_only(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_exec(t, "CREATE TABLE a (x)"));
	assert_ok(target_begin(t));
	assert_ok(target_savepoint(t, "m_1"));
	assert_ok(target_exec(t, "INSERT INTO a VALUES (1)"));
	assert_ok(target_release(t, "m_1"));
	assert_ok(target_savepoint(t, "m_1"));
	assert_ok(run_text(t, "INSERT INTO a VALUES (2); CREATE TABLE b (x)"));
	assert_ok(target_rollback_to(t, "m_1"));
	assert_ok(target_commit(t));
	assert_int_equal(ask(t, "SELECT sum(x) FROM a"), 1);
	assert_int_equal(ask(t, "SELECT count(*) FROM sqlite_schema"), 1);
}

static void target_in_transaction__sees_a_rollback_by_the_statement(
	void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_exec(t, "CREATE TABLE a (x UNIQUE)"));
	assert_ok(target_begin(t));
	assert_ok(target_savepoint(t, "m"));
	expect_error(run_text(t, "INSERT INTO a VALUES (1);"
				 "INSERT OR ROLLBACK INTO a VALUES (1)"),
		     ERR_TARGET, "UNIQUE constraint failed", NULL);
	assert_false(target_in_transaction(t));
	assert_int_equal(ask(t, "SELECT count(*) FROM a"), 0);
}

static void target_savepoint__many_names_are_not_kept_for_ever(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_ok(target_begin(t));
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i);
		assert_ok(target_savepoint(t, name));
		assert_ok(target_release(t, name));
	}
	assert_ok(target_commit(t));
}

static void target_location__names_device_inode_host_and_path(void **state)
{
	struct fixture *f = *state;
	struct buf at = BUF_INIT;
	struct target *t = open_dev(f), *memory;
	struct stat st;
	char front[64];

	assert_int_equal(stat(in_dir(f, "dev.db"), &st), 0);
	snprintf(front, sizeof(front), "file %llu:%llu ",
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	target_location(t, &at);
	assert_true(starts_with(buf_str(&at), front));
	assert_true(ends_with(buf_str(&at), "/dev.db"));
	buf_reset(&at);
	assert_ok(open_url(f, "sqlite::memory:", true, &memory));
	target_location(memory, &at);
	assert_string_equal(buf_str(&at), "memory");
	target_close(memory);
	buf_release(&at);
}

static void target_server__names_the_library(void **state)
{
	struct fixture *f = *state;
	struct buf name = BUF_INIT;

	target_server(open_dev(f), &name);
	assert_true(starts_with(buf_str(&name), "SQLite 3."));
	assert_string_equal(f->t->ops->name, "sqlite");
	assert_int_equal(f->t->ops->dialect, SQL_SQLITE);
	buf_release(&name);
}

static void target_inspect__reads_the_schema(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct schema s;
	struct schema_delta delta;

	schema_init(&s);
	schema_delta_init(&delta);
	assert_ok(run_text(t, "CREATE TABLE a (x)"));
	assert_ok(target_inspect(t, &s, TARGET_ANYTHING, &delta));
	assert_non_null(schema_find(&s, "table", "a"));
	assert_int_equal(delta.n, 1);
	assert_ok(run_text(t, "CREATE VIEW v AS SELECT * FROM a"));
	assert_ok(target_inspect(t, &s, TARGET_APPENDED, &delta));
	assert_non_null(schema_find(&s, "view", "v"));
	assert_int_equal(delta.n, 2);
	schema_delta_release(&delta);
	schema_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_open__picks_the_driver_by_scheme),
		fixture_test(target_open__reads_other_tools_forms),
		cmocka_unit_test(target_close__takes_null),
		fixture_test(target_begin__commit_keeps_and_rollback_undoes),
		fixture_test(target_commit__tells_that_the_transaction_is_gone),
		fixture_test(target_commit__reports_deferred_violations),
		fixture_test(target_savepoint__undoes_its_part_only),
		fixture_test(
			target_in_transaction__sees_a_rollback_by_the_statement),
		fixture_test(
			target_savepoint__many_names_are_not_kept_for_ever),
		fixture_test(target_location__names_device_inode_host_and_path),
		fixture_test(target_server__names_the_library),
		fixture_test(target_inspect__reads_the_schema),
	};

	return cmocka_run_group_tests_name("target/target", tests, NULL, NULL);
}
