#include "fixture.h"

#include <dirent.h>
#include <signal.h>

/* Opening: what is wrong is told at once, and nothing is changed by it. */

static size_t files_in(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2; /* "." and ".." */
}

static void sqlite_open__makes_the_file_only_when_asked(void **state)
{
	struct fixture *f = *state;
	struct target *t = (void *)f;

	assert_ok(open_url(f, "sqlite:dev.db", false, &t));
	assert_null(t);
	assert_int_equal(files_in(f->dir), 0);
	assert_ok(open_url(f, "sqlite:dev.db", true, &t));
	assert_non_null(t);
	target_close(t);
	assert_int_equal(access(in_dir(f, "dev.db"), F_OK), 0);
	/* an empty file is an empty database */
	assert_ok(open_url(f, "sqlite:dev.db", false, &t));
	assert_non_null(t);
	target_close(t);
}

static void sqlite_open__takes_any_name_as_a_plain_path(void **state)
{
	static const char *const names[] = {
		"a b.db",    "a?mode=ro.db",        "a#b.db", "a%20b.db",
		"file:x.db", "file:x?mode=memory",  "-x.db",  "'q\".db",
		":memory:x", "\303\274\340\250.db",
	};
	struct fixture *f = *state;
	struct target *t;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char url[128];

		snprintf(url, sizeof(url), "sqlite:%s", names[i]);
		assert_ok(open_url(f, url, true, &t));
		assert_ok(target_exec(t, "CREATE TABLE a (x)"));
		target_close(t);
		if (access(in_dir(f, names[i]), F_OK) != 0)
			fail_msg("no file '%s'", names[i]);
	}
	assert_int_equal(files_in(f->dir), ARRAY_LEN(names));
}

static void sqlite_open__without_base_dir_starts_at_the_cwd(void **state)
{
	const struct target_options opt = { .create = true };
	struct fixture *f = *state;
	char *cwd = getcwd(NULL, 0);

	assert_int_equal(chdir(f->dir), 0);
	assert_ok(target_open(&f->t, "sqlite:file:here?mode=memory", &opt));
	assert_int_equal(access("file:here?mode=memory", F_OK), 0);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
}

static void sqlite_open__memory_leaves_no_file(void **state)
{
	struct fixture *f = *state;

	assert_ok(open_url(f, "sqlite::memory:", false, &f->t));
	assert_ok(target_begin(f->t));
	assert_ok(target_exec(f->t, "CREATE TABLE a (x)"));
	assert_ok(target_commit(f->t));
	assert_ok(target_lock(f->t, 0, NULL, NULL));
	target_unlock(f->t);
	assert_int_equal(files_in(f->dir), 0);
}

static void sqlite_open__tells_what_is_wrong_with_the_path(void **state)
{
	static const struct {
		const char *url, *text, *hint;
	} rows[] = {
		{ "sqlite:sub", "it is a folder", "has to name a file" },
		{ "sqlite:none/dev.db", "No such file or directory",
		  "make the folder" },
		{ "sqlite:none/deep/dev.db", "/none/deep'", "/none/deep'" },
		{ "sqlite:plain/dev.db", "Not a directory", "URL" },
		{ "sqlite:fifo", "not a regular file", "name a file" },
		{ "sqlite:loop", "symbolic links", "URL" },
	};
	struct fixture *f = *state;

	assert_int_equal(mkdir(in_dir(f, "sub"), 0755), 0);
	assert_int_equal(mkfifo(in_dir(f, "fifo"), 0644), 0);
	assert_int_equal(symlink("loop", in_dir(f, "loop")), 0);
	write_file(in_dir(f, "plain"), "", 0);
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		struct target *t = (void *)f;

		expect_error(open_url(f, rows[i / 2].url, i % 2, &t),
			     ERR_TARGET, rows[i / 2].text, rows[i / 2].hint);
		assert_null(t);
	}
	assert_int_equal(files_in(f->dir), 4);
}

static void sqlite_open__follows_a_link_to_a_database(void **state)
{
	struct fixture *f = *state;
	struct target *t;

	assert_int_equal(symlink("real.db", in_dir(f, "link.db")), 0);
	assert_ok(open_url(f, "sqlite:link.db", true, &t));
	assert_ok(target_exec(t, "CREATE TABLE a (x)"));
	target_close(t);
	assert_int_equal(access(in_dir(f, "real.db"), F_OK), 0);
}

/* A good database of a few pages, for the tests that spoil it. */
static size_t make_database(struct fixture *f, char *bytes, size_t max)
{
	FILE *file;
	size_t n;

	assert_ok(target_exec(open_dev(f), "CREATE TABLE a (x);"
					   "CREATE INDEX i ON a (x);"
					   "INSERT INTO a VALUES (1), (2)"));
	target_close(f->t);
	f->t = NULL;
	file = fopen(in_dir(f, "dev.db"), "rb");
	assert_non_null(file);
	n = fread(bytes, 1, max, file);
	fclose(file);
	return n;
}

static void sqlite_open__tells_a_file_that_is_no_database(void **state)
{
	struct fixture *f = *state;
	static char good[65536], text[65536], cut[100], bad[65536];
	size_t n = make_database(f, good, sizeof(good));
	const struct {
		const char *name;
		const char *bytes;
		size_t n;
		const char *hint;
	} rows[] = {
		{ "text.db", text, sizeof(text), "no SQLite database" },
		{ "header.db", cut, sizeof(cut), NULL },
		{ "schema.db", bad, n, "damaged" },
	};

	assert_true(n >= 4096);
	memset(text, 'x', sizeof(text));
	memcpy(cut, good, sizeof(cut));
	memcpy(bad, good, n);
	memset(bad + 100, 0xff, 8); /* the b-tree of sqlite_schema */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct target *t = NULL;
		char url[64];

		write_file(in_dir(f, rows[i].name), rows[i].bytes, rows[i].n);
		snprintf(url, sizeof(url), "sqlite:%s", rows[i].name);
		expect_error(open_url(f, url, true, &t), ERR_TARGET,
			     rows[i].name, rows[i].hint);
		assert_null(t);
	}
}

static void sqlite_open__keeps_the_journal_mode_and_syncs_fully(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	assert_int_equal(ask(t, "PRAGMA synchronous"), 2);
	assert_ok(run_text(t, "PRAGMA journal_mode = wal; CREATE TABLE a (x)"));
	target_close(t);
	t = open_dev(f);
	assert_int_equal(ask(t, "PRAGMA synchronous"), 2);
	assert_int_equal(
		ask(t, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"),
		1);
	assert_int_equal(ask(t, "PRAGMA foreign_keys"), 0);
}

static void sqlite_open__sets_foreign_keys_as_asked(void **state)
{
	const struct target_options opt = { .create = true,
					    .foreign_keys = true };
	struct fixture *f = *state;

	assert_ok(target_open(&f->t, "sqlite::memory:", &opt));
	assert_int_equal(ask(f->t, "PRAGMA foreign_keys"), 1);
}

static int open_read_only(struct fixture *f)
{
	struct target *t;
	struct err *e = open_url(f, "sqlite:dev.db", true, &t);
	int bad;

	if (e)
		return compare_error(e, ERR_TARGET, "?", NULL);
	bad = compare_error(target_begin(t), ERR_TARGET, "is read-only",
			    "writable");
	if (ask(t, "SELECT count(*) FROM a") != 2)
		bad = 2;
	bad |= compare_error(run_text(t, "INSERT INTO a VALUES (1)"),
			     ERR_TARGET, "readonly", "writable");
	target_close(t);
	return bad;
}

static void sqlite_open__reads_a_read_only_file(void **state)
{
	struct fixture *f = *state;
	char bytes[65536];

	make_database(f, bytes, sizeof(bytes));
	chmod(in_dir(f, "dev.db"), 0444);
	assert_int_equal(in_child(open_read_only, f, true), 0);
}

static int open_unreadable(struct fixture *f)
{
	struct target *t = NULL;

	return compare_error(open_url(f, "sqlite:dev.db", true, &t), ERR_TARGET,
			     "Permission denied", "right");
}

static int open_in_closed_folder(struct fixture *f)
{
	struct target *t = NULL;

	return compare_error(open_url(f, "sqlite:closed/dev.db", true, &t),
			     ERR_TARGET, "Permission denied", "rights");
}

static int make_in_read_only_folder(struct fixture *f)
{
	struct target *t = NULL;

	return compare_error(open_url(f, "sqlite:new.db", true, &t), ERR_TARGET,
			     "unable to open", "folder");
}

static void sqlite_open__tells_missing_rights(void **state)
{
	struct fixture *f = *state;
	char bytes[65536];

	make_database(f, bytes, sizeof(bytes));
	chmod(in_dir(f, "dev.db"), 0);
	assert_int_equal(in_child(open_unreadable, f, true), 0);
	assert_int_equal(mkdir(in_dir(f, "closed"), 0700), 0);
	if (geteuid() == 0)
		assert_int_equal(in_child(open_in_closed_folder, f, true), 0);
	chmod(f->dir, 0555);
	assert_int_equal(in_child(make_in_read_only_folder, f, true), 0);
	chmod(f->dir, 0755);
}

static int write_in_read_only_folder(struct fixture *f)
{
	struct target *t;
	struct err *e = open_url(f, "sqlite:dev.db", true, &t);
	int bad;

	if (e)
		return compare_error(e, ERR_TARGET, "?", NULL);
	e = target_begin(t);
	if (!e)
		e = run_text(t, "INSERT INTO a VALUES (1)");
	bad = !e || err_class_of(e) != ERR_TARGET || !err_hint_of(e);
	if (bad)
		fprintf(stderr, "%s\n", e ? err_text(e) : "no error");
	err_free(e);
	target_close(t);
	return bad;
}

static void sqlite_open__a_folder_without_rights_stops_writing(void **state)
{
	struct fixture *f = *state;
	char bytes[65536];

	make_database(f, bytes, sizeof(bytes));
	chmod(in_dir(f, "dev.db"), 0666);
	chmod(f->dir, 0555);
	assert_int_equal(in_child(write_in_read_only_folder, f, true), 0);
	chmod(f->dir, 0755);
}

/* Die in a transaction that has reached the file, leaving a hot journal. */
static int die_while_writing(struct fixture *f)
{
	struct target *t;
	struct err *e = open_url(f, "sqlite:dev.db", true, &t);

	if (!e)
		e = target_exec(t, "PRAGMA cache_size = 1");
	if (!e)
		e = target_begin(t);
	if (!e)
		e = run_text(t, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL "
				"SELECT i + 1 FROM n WHERE i < 2000) "
				"INSERT INTO a SELECT randomblob(500) FROM n");
	err_free(e);
	kill(getpid(), SIGKILL);
	return 0;
}

static int open_hot_without_rights(struct fixture *f)
{
	struct target *t = NULL;
	struct err *e = open_url(f, "sqlite:dev.db", false, &t);
	int bad = !e || err_class_of(e) != ERR_TARGET || !err_hint_of(e);

	if (bad || !strstr(err_hint_of(e), "writ"))
		fprintf(stderr, "%s\n", e ? err_text(e) : "no error");
	err_free(e);
	target_close(t);
	return bad;
}

static void sqlite_open__undoes_an_interrupted_write(void **state)
{
	static const char *const modes[] = { "delete", "wal" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		char sql[64];

		open_dev(f);
		snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s",
			 modes[i]);
		assert_ok(run_text(f->t, sql));
		assert_ok(target_exec(f->t, "DROP TABLE IF EXISTS a;"
					    "CREATE TABLE a (x)"));
		target_close(f->t);
		f->t = NULL;
		assert_int_equal(in_child(die_while_writing, f, false),
				 128 + SIGKILL);
		if (i == 0) {
			chmod(in_dir(f, "dev.db"), 0444);
			chmod(in_dir(f, "dev.db-journal"), 0444);
			chmod(f->dir, 0555);
			assert_int_equal(
				in_child(open_hot_without_rights, f, true), 0);
			chmod(f->dir, 0755);
			chmod(in_dir(f, "dev.db"), 0644);
		}
		open_dev(f);
		assert_int_equal(ask(f->t, "SELECT count(*) FROM a"), 0);
		target_close(f->t);
		f->t = NULL;
	}
}

/* Another program in the middle of a write. */
static sqlite3 *other_writer(struct fixture *f, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(in_dir(f, "dev.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void target_begin__tells_who_is_in_the_way(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	sqlite3 *db = other_writer(f, "BEGIN IMMEDIATE");

	expect_error(target_begin(t), ERR_STATE, "another program is writing",
		     "--lock-timeout");
	assert_false(target_in_transaction(t));
	sqlite3_close(db);
	assert_ok(target_begin(t));
}

static void target_commit__fails_when_a_reader_stays(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	sqlite3 *db;

	assert_ok(target_exec(t, "CREATE TABLE a (x)"));
	db = other_writer(f, "BEGIN; SELECT * FROM a");
	assert_ok(target_begin(t));
	assert_ok(run_text(t, "INSERT INTO a VALUES (1)"));
	expect_error(target_commit(t), ERR_STATE, "locked", "--lock-timeout");
	assert_true(target_in_transaction(t));
	sqlite3_close(db);
	assert_ok(target_commit(t));
}

static void sqlite_open__tells_a_locked_database(void **state)
{
	struct fixture *f = *state;
	struct target *t = NULL;
	sqlite3 *db = other_writer(f, "CREATE TABLE a (x); BEGIN EXCLUSIVE");

	expect_error(open_url(f, "sqlite:dev.db", false, &t), ERR_STATE,
		     "locked", "--lock-timeout");
	assert_null(t);
	sqlite3_close(db);
}

static void target_sqlite_error__has_a_hint_where_one_helps(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = target_sqlite_db(open_dev(f));

	assert_ok(target_exec(f->t, "CREATE TABLE a (x)"));
	assert_ok(target_exec(f->t, "PRAGMA max_page_count = 3"));
	sqlite3_exec(db, "INSERT INTO a VALUES (zeroblob(100000))", NULL, NULL,
		     NULL);
	expect_error(target_sqlite_error(db, "restore a"), ERR_TARGET,
		     "restore a: database or disk is full", "make room");
	sqlite3_exec(db, "SELECT nope", NULL, NULL, NULL);
	expect_error(target_sqlite_error(db, NULL), ERR_TARGET,
		     "no such column: nope", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(sqlite_open__makes_the_file_only_when_asked),
		fixture_test(sqlite_open__takes_any_name_as_a_plain_path),
		fixture_test(sqlite_open__without_base_dir_starts_at_the_cwd),
		fixture_test(sqlite_open__memory_leaves_no_file),
		fixture_test(sqlite_open__tells_what_is_wrong_with_the_path),
		fixture_test(sqlite_open__follows_a_link_to_a_database),
		fixture_test(sqlite_open__tells_a_file_that_is_no_database),
		fixture_test(
			sqlite_open__keeps_the_journal_mode_and_syncs_fully),
		fixture_test(sqlite_open__sets_foreign_keys_as_asked),
		fixture_test(sqlite_open__reads_a_read_only_file),
		fixture_test(sqlite_open__tells_missing_rights),
		fixture_test(
			sqlite_open__a_folder_without_rights_stops_writing),
		fixture_test(sqlite_open__undoes_an_interrupted_write),
		fixture_test(target_begin__tells_who_is_in_the_way),
		fixture_test(target_commit__fails_when_a_reader_stays),
		fixture_test(sqlite_open__tells_a_locked_database),
		fixture_test(target_sqlite_error__has_a_hint_where_one_helps),
	};

	return cmocka_run_group_tests_name("target/sqlite_open", tests, NULL,
					   NULL);
}
