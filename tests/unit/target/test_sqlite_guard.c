#include "fixture.h"

/*
 * What a migration may do. Each statement runs on a database that has a table
 * t, a view v, a table u with a row, a full-text table f and a journal's
 * tables; a refused one must leave everything as it was.
 */
static const char setup[] =
	"CREATE TABLE git_migrate_history (seq INTEGER PRIMARY KEY);"
	"CREATE TABLE git_migrate_current (name, seq);"
	"CREATE INDEX git_migrate_i ON git_migrate_current (name);"
	"CREATE VIEW git_migrate_migrations AS SELECT 1;"
	"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);"
	"CREATE TABLE u (x INTEGER PRIMARY KEY AUTOINCREMENT, y);"
	"CREATE TABLE evil (a);"
	"CREATE TRIGGER evil_t AFTER INSERT ON evil BEGIN"
	"  DELETE FROM git_migrate_history; END;"
	"CREATE TABLE evil2 (a);"
	"CREATE TRIGGER evil2_t AFTER UPDATE ON evil2 BEGIN"
	"  INSERT INTO evil VALUES (new.a); END;"
	"CREATE VIEW ev AS SELECT * FROM git_migrate_history;"
	"CREATE TRIGGER ev_t INSTEAD OF INSERT ON ev BEGIN"
	"  INSERT INTO git_migrate_history VALUES (new.seq); END;"
	"CREATE VIEW v AS SELECT * FROM t;"
	"CREATE VIEW vp AS SELECT * FROM pragma_writable_schema;"
	"CREATE VIRTUAL TABLE f USING fts5 (body);"
	"INSERT INTO u (y) VALUES (1);"
	"INSERT INTO evil2 VALUES (1);"
	"INSERT INTO git_migrate_history VALUES (1)";

#define NOT " is not allowed in a migration"
#define OURS "may not change or make 'git_migrate_"

static const struct {
	const char *sql, *text;
} refused[] = {
	/* other files */
	{ "ATTACH 'other.db' AS o", "ATTACH" NOT },
	{ "ATTACH '' AS o", "ATTACH" NOT },
	{ "ATTACH ':memory:' AS o", "ATTACH" NOT },
	{ "ATTACH DATABASE 'other' || '.db' AS o", "ATTACH" NOT },
	{ "EXPLAIN ATTACH 'other.db' AS o", "ATTACH" NOT },
	{ "DETACH o", "DETACH" NOT },
	{ "DETACH main", "DETACH" NOT },
	{ "VACUUM INTO 'other.db'", "VACUUM INTO" NOT },
	{ "VACUUM main INTO 'other.db'", "VACUUM INTO" NOT },
	{ "/* */ vacuum /* */ \"main\" into ('other' || '.db')",
	  "VACUUM INTO" NOT },
	{ "SELECT load_extension('x')", "load_extension()" NOT },
	{ "SELECT Load_Extension('x', 'y')", "oad_" },
	{ "SELECT 1 WHERE (SELECT load_extension('x')) IS NULL",
	  "load_extension()" NOT },
	{ "CREATE TABLE n AS SELECT load_extension('x')",
	  "load_extension()" NOT },
	{ "SELECT fts3_tokenizer('simple')", "fts3_tokenizer()" NOT },
	{ "SELECT fts3_tokenizer('x', x'0000000000000000')",
	  "fts3_tokenizer()" NOT },
	{ "PRAGMA temp_store_directory = '/'", "PRAGMA temp_store_directory" },
	{ "PRAGMA data_store_directory = '/'", "PRAGMA data_store_directory" },
	{ "PRAGMA lock_proxy_file = '/x'", "PRAGMA lock_proxy_file" NOT },
	{ "PRAGMA key = 'x'", "PRAGMA key" NOT },
	{ "PRAGMA rekey = 'x'", "PRAGMA rekey" NOT },

	/* the schema by the back door */
	{ "PRAGMA writable_schema = 1", "PRAGMA writable_schema" NOT },
	{ "PRAGMA writable_schema(on)", "PRAGMA writable_schema" NOT },
	{ "PRAGMA writable_schema = RESET", "PRAGMA writable_schema" NOT },
	{ "PRAGMA main.writable_schema = 1", "PRAGMA writable_schema" NOT },
	{ "PRAGMA \"Writable_Schema\" = 1", "PRAGMA Writable_Schema" NOT },
	{ "EXPLAIN PRAGMA writable_schema = 1", "PRAGMA writable_schema" NOT },
	{ "EXPLAIN QUERY PLAN PRAGMA writable_schema = 1",
	  "PRAGMA writable_schema" NOT },
	{ "SELECT * FROM pragma_writable_schema",
	  "PRAGMA writable_schema" NOT },
	{ "SELECT * FROM vp", "PRAGMA writable_schema" NOT },
	{ "UPDATE sqlite_schema SET sql = ''", "may not be modified" },
	{ "UPDATE sqlite_master SET sql = ''", "may not be modified" },
	{ "DELETE FROM main.sqlite_master", "may not be modified" },
	{ "INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)",
	  "may not be modified" },
	{ "INSERT INTO f_data VALUES (1, x'00')", "may not be modified" },
	{ "DROP TABLE f_data", "may not be dropped" },
	{ "PRAGMA schema_version = 7", "PRAGMA schema_version" NOT },

	/* what the run itself stands on */
	{ "BEGIN", "BEGIN" NOT },
	{ "BEGIN IMMEDIATE TRANSACTION", "BEGIN" NOT },
	{ "COMMIT", "COMMIT" NOT },
	{ "END", "COMMIT" NOT },
	{ "ROLLBACK", "ROLLBACK" NOT },
	{ "EXPLAIN COMMIT", "COMMIT" NOT },
	{ "SAVEPOINT a", "SAVEPOINT" NOT },
	{ "RELEASE a", "SAVEPOINT" NOT },
	{ "ROLLBACK TO a", "SAVEPOINT" NOT },
	{ "PRAGMA query_only = 1", "PRAGMA query_only" NOT },
	{ "PRAGMA hard_heap_limit = 1", "PRAGMA hard_heap_limit" NOT },
	{ "PRAGMA journal_mode = OFF", "PRAGMA journal_mode = OFF" NOT },
	{ "PRAGMA main.journal_mode(memory)",
	  "PRAGMA journal_mode = memory" NOT },

	/* the journal */
	{ "INSERT INTO git_migrate_history VALUES (9)", OURS },
	{ "REPLACE INTO git_migrate_history VALUES (1)", OURS },
	{ "UPDATE git_migrate_history SET seq = 2", OURS },
	{ "UPDATE main.\"Git_Migrate_History\" SET seq = 2", OURS },
	{ "DELETE FROM git_migrate_history", OURS },
	{ "WITH d AS (SELECT 1) DELETE FROM git_migrate_history", OURS },
	{ "EXPLAIN DELETE FROM git_migrate_history", OURS },
	{ "DROP TABLE git_migrate_history", OURS },
	{ "DROP TABLE IF EXISTS GIT_MIGRATE_HISTORY", OURS },
	{ "DROP VIEW git_migrate_migrations", OURS },
	{ "DROP INDEX git_migrate_i", OURS },
	{ "ALTER TABLE git_migrate_history ADD COLUMN x", OURS },
	{ "ALTER TABLE git_migrate_history RENAME COLUMN seq TO x", OURS },
	{ "ALTER TABLE git_migrate_current DROP COLUMN seq", OURS },
	{ "ALTER TABLE git_migrate_history RENAME TO h", OURS },
	{ "CREATE INDEX i ON git_migrate_history (seq)", OURS },
	{ "CREATE TRIGGER tr AFTER INSERT ON git_migrate_history "
	  "BEGIN SELECT 1; END",
	  OURS },
	{ "CREATE TEMP TRIGGER tr AFTER INSERT ON git_migrate_history "
	  "BEGIN SELECT 1; END",
	  OURS },
	{ "INSERT INTO evil VALUES (1)", OURS },
	{ "UPDATE evil2 SET a = 2", OURS },
	{ "INSERT INTO ev VALUES (2)", OURS },

	/* names of ours */
	{ "CREATE TABLE git_migrate_new (a)", OURS "new'" },
	{ "CREATE TABLE GIT_migrate_new (a)", "'GIT_migrate_new'" },
	{ "CREATE TABLE [git_migrate_new] AS SELECT 1", OURS },
	{ "CREATE TEMP TABLE git_migrate_history (a)", OURS },
	{ "CREATE TABLE temp.git_migrate_history (a)", OURS },
	{ "CREATE VIEW git_migrate_v AS SELECT 1", OURS },
	{ "CREATE TEMP VIEW git_migrate_meta AS SELECT 1", OURS },
	{ "CREATE INDEX git_migrate_x ON t (b)", OURS },
	{ "CREATE TRIGGER git_migrate_t AFTER INSERT ON t "
	  "BEGIN SELECT 1; END",
	  OURS },
	{ "CREATE VIRTUAL TABLE git_migrate_f USING fts5 (a)", OURS },
	{ "CREATE VIRTUAL TABLE git_migrate USING fts5 (a)", OURS "data'" },
	{ "ALTER TABLE t RENAME TO git_migrate_t", OURS "t'" },
	{ "ALTER TABLE main.t RENAME TO \"git_migrate_t\"", OURS "t'" },
};

static const char *const allowed[] = {
	"VACUUM", "VACUUM main", "REINDEX", "ANALYZE",
	"ANALYZE; ANALYZE t; DROP TABLE sqlite_stat1",
	"SELECT * FROM git_migrate_history",
	"SELECT * FROM git_migrate_migrations", "CREATE TABLE git_migrated (a)",
	"CREATE TABLE my_git_migrate_x (a)",
	"CREATE VIEW n AS SELECT * FROM git_migrate_history",
	"CREATE TABLE n (load_extension, attach)",
	"INSERT INTO t VALUES (1, 'ATTACH x; PRAGMA writable_schema')",
	"PRAGMA table_info (t)", "PRAGMA schema_version", "PRAGMA query_only",
	"PRAGMA user_version = 7", "PRAGMA foreign_keys = ON",
	"PRAGMA no_such_pragma = 1", "PRAGMA journal_mode = WAL",
	"PRAGMA journal_mode = TRUNCATE",
	"SELECT * FROM pragma_table_info ('t')",
	"SELECT m.name, i.name FROM sqlite_schema m, "
	"pragma_index_list (m.name) i",
	"EXPLAIN DELETE FROM t", "EXPLAIN QUERY PLAN SELECT * FROM t",
	/* SQLite's own statements while it alters */
	"ALTER TABLE t RENAME TO t2; ALTER TABLE t2 RENAME COLUMN b TO bb",
	"ALTER TABLE u RENAME TO u2",
	"ALTER TABLE u ADD COLUMN z INTEGER NOT NULL DEFAULT 1 CHECK (z > 0)",
	"ALTER TABLE u ADD COLUMN z AS (y + 1)", "ALTER TABLE u DROP COLUMN y",
	"DROP TABLE u; DROP VIEW v; DROP TABLE t",
	"DROP TRIGGER evil_t; DROP TABLE evil",
	"UPDATE sqlite_sequence SET seq = 10; DELETE FROM sqlite_sequence",
	/* virtual tables write through statements of their own */
	"INSERT INTO f VALUES ('a b'); UPDATE f SET body = 'c'; DELETE FROM f",
	"INSERT INTO f (f) VALUES ('optimize'); INSERT INTO f (f) "
	"VALUES ('rebuild')",
	"CREATE VIRTUAL TABLE f4 USING fts4 (a); INSERT INTO f4 VALUES ('x');"
	"INSERT INTO f4 (f4) VALUES ('optimize'); DROP TABLE f4",
	"CREATE VIRTUAL TABLE r USING rtree (i, a, b);"
	"INSERT INTO r VALUES (1, 2, 3); ALTER TABLE r RENAME TO r2",
	"DROP TABLE f",
	"CREATE TEMP TABLE x (a); INSERT INTO x VALUES (1);"
	"CREATE TEMP TRIGGER xt AFTER INSERT ON t "
	"BEGIN INSERT INTO x VALUES (2); END; INSERT INTO t VALUES (5, 'x')",
	"WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
	"WHERE i < 9) INSERT INTO t (b) SELECT i FROM n RETURNING a",
	"", /* nothing at all */
};

static struct target *fresh(struct fixture *f)
{
	target_close(f->t);
	unlink(in_dir(f, "dev.db"));
	open_dev(f);
	assert_ok(target_exec(f->t, setup));
	return f->t;
}

static void target_run__refuses_what_reaches_too_far(void **state)
{
	struct fixture *f = *state;
	struct target *t = fresh(f);
	int64_t before = ask(t, "PRAGMA schema_version");

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct err *e = run_text(t, refused[i].sql);

		if (!e)
			fail_msg("ran: %s", refused[i].sql);
		if (!strstr(err_text(e), refused[i].text))
			fail_msg("%s: %s", refused[i].sql, err_text(e));
		assert_int_equal(err_class_of(e), ERR_TARGET);
		assert_non_null(err_at_of(e));
		assert_int_equal(err_at_of(e)->line, 1);
		err_free(e);
		assert_false(target_in_transaction(t));
	}
	assert_int_equal(ask(t, "PRAGMA schema_version"), before);
	assert_int_equal(ask(t, "SELECT sum(seq) FROM git_migrate_history"), 1);
	assert_int_not_equal(access(in_dir(f, "other.db"), F_OK), 0);
	assert_int_equal(ask(t, "PRAGMA query_only"), 0);
	assert_ok(run_text(t, "INSERT INTO t VALUES (1, 2)"));
}

static void target_run__refuses_inside_a_transaction_too(void **state)
{
	struct fixture *f = *state;
	struct target *t = fresh(f);

	assert_ok(target_begin(t));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct err *e = run_text(t, refused[i].sql);

		if (!e)
			fail_msg("ran: %s", refused[i].sql);
		err_free(e);
		assert_true(target_in_transaction(t));
	}
	assert_ok(target_commit(t));
	assert_int_equal(ask(t, "SELECT sum(seq) FROM git_migrate_history"), 1);
}

static void target_run__allows_the_rest(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		struct err *e = run_text(fresh(f), allowed[i]);

		if (e)
			fail_msg("%s: %s", allowed[i], err_text(e));
		assert_int_equal(
			ask(f->t, "SELECT sum(seq) FROM git_migrate_history"),
			1);
	}
}

static void target_query__is_not_guarded(void **state)
{
	struct fixture *f = *state;
	struct target *t = fresh(f);

	assert_ok(target_exec(t, "INSERT INTO git_migrate_history VALUES (7)"));
	assert_ok(target_exec(t, "CREATE TABLE git_migrate_x (a)"));
	assert_false(t->seen.created || t->seen.wrote);
}

static void target_sqlite_guard__can_be_turned_off(void **state)
{
	struct fixture *f = *state;
	struct target *t = fresh(f);

	target_sqlite_guard(t, false);
	assert_ok(run_text(t, "DELETE FROM git_migrate_history;"
			      "INSERT INTO f_config VALUES ('k', 1);"
			      "PRAGMA writable_schema = 1;"
			      "UPDATE sqlite_schema SET sql = "
			      "'CREATE TABLE evil (a, bb)' "
			      "WHERE name = 'evil';"
			      "PRAGMA writable_schema = 0"));
	target_sqlite_guard(t, true);
	expect_error(run_text(t, "INSERT INTO f_config VALUES ('l', 1)"),
		     ERR_TARGET, "may not be modified", NULL);
	expect_error(run_text(t, "DELETE FROM git_migrate_history"), ERR_TARGET,
		     "git_migrate_history", "belong");
}

static void target_run__refuses_text_after_the_statement(void **state)
{
	static const struct {
		const char *sql;
		size_t len;
		bool fine;
	} rows[] = {
		{ "SELECT 1;", 9, true },
		{ "SELECT 1 ; ; -- x\n", 18, true },
		{ "SELECT 1; /* */", 15, true },
		{ "SELECT 1; ATTACH 'x' AS y", 25, false },
		{ "SELECT 1; SELECT 2", 18, false },
		{ "SELECT 1 \0 SELECT 2", 19, false },
		{ "SELECT 1; 'x", 12, false },
	};
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sql_statement s = { .text = rows[i].sql,
						 .len = rows[i].len,
						 .line = 1,
						 .col = 1,
						 .verb = SQL_SELECT };
		struct err *e = target_run(t, &s);

		if (rows[i].fine)
			assert_null(e);
		else
			expect_error(e, ERR_TARGET, "after the end", NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(target_run__refuses_what_reaches_too_far),
		fixture_test(target_run__refuses_inside_a_transaction_too),
		fixture_test(target_run__allows_the_rest),
		fixture_test(target_query__is_not_guarded),
		fixture_test(target_sqlite_guard__can_be_turned_off),
		fixture_test(target_run__refuses_text_after_the_statement),
	};

	return cmocka_run_group_tests_name("target/sqlite_guard", tests, NULL,
					   NULL);
}
