#include "replay_cases.h"

#include <unistd.h>

#include "base/clock.h"

/* Migrations that mean harm, or that only look like it. */

#define FOREVER \
	"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "

static const struct {
	const char *sql;
	enum replay_end end;
	const char *message; /* a part of it */
} cases[] = {
	/* out of the database */
	{ "ATTACH 'evil.db' AS e", REPLAY_LIMIT, "ATTACH is not allowed" },
	{ "ATTACH ':memory:' AS e", REPLAY_LIMIT, "ATTACH" },
	{ "DETACH main", REPLAY_LIMIT, "DETACH" },
	{ "VACUUM INTO 'evil.db'", REPLAY_LIMIT, "VACUUM INTO" },
	{ "SELECT load_extension('evil.so')", REPLAY_LIMIT, "load_extension" },
	{ "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN "
	  "SELECT load_extension('evil.so'); END; INSERT INTO t VALUES (1)",
	  REPLAY_LIMIT, "load_extension" },
	{ "CREATE VIEW v AS SELECT load_extension('x') AS a; SELECT * FROM v",
	  REPLAY_FAILED, "unsafe use of load_extension" },
	{ "SELECT fts3_tokenizer('simple')", REPLAY_LIMIT, "fts3_tokenizer" },
	{ "PRAGMA temp_store_directory = '/tmp'", REPLAY_LIMIT, "temp_store" },
	{ "PRAGMA data_store_directory = '/tmp'", REPLAY_LIMIT, "data_store" },
	{ "PRAGMA lock_proxy_file = 'x'", REPLAY_LIMIT, "lock_proxy" },
	{ "PRAGMA key = 'x'", REPLAY_LIMIT, "PRAGMA key" },

	/* SQLite's own tables */
	{ "PRAGMA writable_schema = 1", REPLAY_LIMIT, "writable_schema" },
	{ "EXPLAIN PRAGMA writable_schema = 1", REPLAY_LIMIT, "writable" },
	{ "SELECT * FROM pragma_writable_schema", REPLAY_LIMIT, "writable" },
	{ "CREATE TABLE t (a); UPDATE sqlite_schema SET sql = 'x'",
	  REPLAY_FAILED, "may not be modified" },
	{ "CREATE TABLE t (a); DELETE FROM sqlite_master", REPLAY_FAILED,
	  "may not be modified" },
	{ "CREATE VIRTUAL TABLE f USING fts5(a); DELETE FROM f_data",
	  REPLAY_FAILED, "may not be modified" },
	{ "PRAGMA hard_heap_limit = 1", REPLAY_LIMIT, "hard_heap_limit" },
	{ "PRAGMA soft_heap_limit = 1", REPLAY_LIMIT, "soft_heap_limit" },
	{ "PRAGMA schema_version = 7", REPLAY_LIMIT, "schema_version" },
	{ "PRAGMA query_only = 1", REPLAY_LIMIT, "query_only" },

	/* our part */
	{ "SELECT 1; COMMIT; SELECT 2", REPLAY_FAILED, "transaction command" },
	{ "SAVEPOINT a", REPLAY_FAILED, "transaction command" },
	{ "EXPLAIN COMMIT", REPLAY_FAILED, "transaction" },
	{ "CREATE TABLE git_migrate_x (a)", REPLAY_FAILED, "git_migrate_" },
	{ "CREATE TABLE t (a); VACUUM", REPLAY_FAILED, "in a transaction" },
	{ "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1); INSERT OR "
	  "ROLLBACK INTO t VALUES (1)",
	  REPLAY_FAILED, "UNIQUE constraint failed" },
	{ "CREATE TABLE t (a", REPLAY_FAILED, "incomplete input" },
	{ "SELECT 'a", REPLAY_FAILED, "string" },

	/* values, patterns and statements without an end */
	{ "SELECT zeroblob(2000000000)", REPLAY_LIMIT, "too big" },
	{ "SELECT randomblob(900000000)", REPLAY_LIMIT, "too big" },
	{ "SELECT hex(zeroblob(1000000))", REPLAY_LIMIT, "too big" },
	{ "SELECT group_concat(hex(zeroblob(5000))) FROM (" FOREVER
	  "SELECT n FROM c LIMIT 1000000)",
	  REPLAY_LIMIT, "too big" },

	/* what apply does as well, and does no harm here */
	{ "PRAGMA journal_mode = wal", REPLAY_FINE, NULL },
	{ "PRAGMA cache_size = -100000000", REPLAY_FINE, NULL },
	{ "PRAGMA temp_store = file", REPLAY_FINE, NULL },
	{ "PRAGMA mmap_size = 1000000000", REPLAY_FINE, NULL },
	{ "PRAGMA threads = 8", REPLAY_FINE, NULL },
	{ "PRAGMA max_page_count = 1000000000", REPLAY_FINE, NULL },
	{ "VACUUM", REPLAY_FINE, NULL },
	{ "BEGIN; CREATE TABLE t (a); COMMIT;", REPLAY_FINE, NULL },
	{ "PRAGMA user_version = 7; PRAGMA table_info(t); PRAGMA optimize",
	  REPLAY_FINE, NULL },
	{ "", REPLAY_FINE, NULL },
	{ "-- nothing\n;;", REPLAY_FINE, NULL },
};

static void hostile__each_ends_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct replay *r = replay_with("CREATE TABLE kept (a)");
		struct replay_script script = script_of(cases[i].sql);
		struct replay_result result;

		assert_ok(replay_run(r, &script, NULL, &result));
		if (result.end != cases[i].end ||
		    (cases[i].message &&
		     !strstr(result.message, cases[i].message)))
			fail_msg("%s\nended as %d: %s", cases[i].sql,
				 (int)result.end,
				 result.message ? result.message : "");
		replay_result_release(&result);
		run_fine(r, "INSERT INTO kept VALUES (1)");
		if (cases[i].end != REPLAY_FINE)
			assert_rows(r, "kept: a=1\n");
		replay_close(r);
	}
}

/* Nothing that a replay can do opens a file. */
static void hostile__files_are_not_made(void **state)
{
	char folder[] = "/tmp/replay-XXXXXX";
	struct replay *r = replay_new();
	char *sql;

	(void)state;
	assert_non_null(mkdtemp(folder));
	sql = xasprintf("ATTACH '%s/a' AS a", folder);
	run_ends(r, sql, REPLAY_LIMIT);
	free(sql);
	sql = xasprintf("VACUUM INTO '%s/b'", folder);
	run_ends(r, sql, REPLAY_LIMIT);
	free(sql);
	assert_int_equal(rmdir(folder), 0);
	replay_close(r);
}

/* values of 1 MB, all there at once */
#define FOUR                                                           \
	"randomblob(1000000),randomblob(1000000),randomblob(1000000)," \
	"randomblob(1000000)"
#define MANY(f) \
	"SELECT " f "(" FOUR "," FOUR "," FOUR "," FOUR "," FOUR "," FOUR ")"

/* Each needs more than it may have, in another way. */
static const char *const greedy[] = {
	/* rows */
	"CREATE TABLE t (a); " FOREVER
	"INSERT INTO t SELECT zeroblob(100000) FROM c",
	/* a sorter */
	FOREVER "SELECT n, zeroblob(10000) FROM c ORDER BY 1 DESC",
	/* a queue, a temporary table, a set */
	FOREVER "SELECT count(DISTINCT n || 'aaaaaaaaaaaaaaaaaaaa') FROM c",
	"CREATE TEMP TABLE t (a); " FOREVER
	"INSERT INTO t SELECT zeroblob(100000) FROM c",
	"WITH RECURSIVE c(n) AS (SELECT randomblob(100000) UNION SELECT "
	"randomblob(100000) FROM c) SELECT count(*) FROM c",
	/* registers: many values at once, in code without a loop */
	MANY("max"),
	/* views of views: memory of the compiler */
	"CREATE VIEW a AS SELECT 1 AS x; CREATE VIEW b AS SELECT * FROM a, a "
	"AS a2, a AS a3, a AS a4, a AS a5, a AS a6, a AS a7, a AS a8;"
	"CREATE VIEW c AS SELECT 1 FROM b, b AS b2, b AS b3, b AS b4, b AS b5, "
	"b AS b6, b AS b7; CREATE VIEW d AS SELECT 1 FROM c, c AS c2, c AS c3, "
	"c AS c4, c AS c5, c AS c6, c AS c7; CREATE VIEW e AS SELECT 1 FROM d, "
	"d AS d2, d AS d3, d AS d4, d AS d5, d AS d6, d AS d7; CREATE VIEW f "
	"AS SELECT 1 FROM e, e AS e2, e AS e3, e AS e4, e AS e5, e AS e6; "
	"SELECT * FROM f, f AS f2, f AS f3",
};

static void hostile__memory_has_a_limit(void **state)
{
	struct replay_limits limits = { .memory_bytes = 16 << 20,
					.deadline_ms = 60000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(greedy); i++) {
		struct replay_script script = script_of(greedy[i]);
		struct replay_result result;
		struct replay *r;

		assert_ok(replay_sqlite_open(&r, &limits));
		run_fine(r, "CREATE TABLE kept AS SELECT 1 AS a");
		assert_ok(replay_run(r, &script, NULL, &result));
		if (result.end != REPLAY_LIMIT ||
		    !strstr(result.message, "memory"))
			fail_msg("%s\nended as %d: %s", greedy[i],
				 (int)result.end,
				 result.message ? result.message : "");
		replay_result_release(&result);
		assert_rows(r, "kept: a=1\n");
		run_fine(r, "INSERT INTO kept VALUES (2)");
		replay_close(r);
	}
}

static const char *const endless[] = {
	FOREVER "SELECT count(*) FROM c",
	FOREVER "SELECT 1 FROM c WHERE n < 0",
	"CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE TRIGGER g AFTER "
	"UPDATE ON t BEGIN " /* a trigger may not have a WITH of its own */
	"SELECT count(*) FROM (" FOREVER "SELECT n FROM c); END; UPDATE t SET "
	"a = 2",
	"CREATE TABLE t (a); INSERT INTO t VALUES (1),(2),(3),(4),(5),(6),(7),"
	"(8),(9),(10); SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, "
	"t h, t i, t j, t k, t l",
};

static void hostile__time_has_a_limit(void **state)
{
	struct replay_limits limits = { .deadline_ms = 60 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(endless); i++) {
		struct replay_script script = script_of(endless[i]);
		struct replay_result result;
		struct replay *r;
		int64_t start = clock_steady_us();

		assert_ok(replay_sqlite_open(&r, &limits));
		assert_ok(replay_run(r, &script, NULL, &result));
		if (result.end != REPLAY_LIMIT ||
		    !strstr(result.message, "longer than 60 ms"))
			fail_msg("%s\nended as %d: %s", endless[i],
				 (int)result.end,
				 result.message ? result.message : "");
		replay_result_release(&result);
		assert_true(clock_steady_us() - start < 5000000);
		assert_rows(r, "");
		replay_close(r);
	}
}

/* Memory that one replay has filled is not missing elsewhere. */
static void hostile__limits_are_of_one_database(void **state)
{
	struct replay_limits small = { .memory_bytes = 4 << 20 };
	struct replay *greedy_one, *other = replay_new();

	(void)state;
	assert_ok(replay_sqlite_open(&greedy_one, &small));
	run_ends(greedy_one,
		 "CREATE TABLE t (a); " FOREVER
		 "INSERT INTO t SELECT zeroblob(500000) FROM c LIMIT 20",
		 REPLAY_LIMIT);
	run_fine(other, "CREATE TABLE t (a); " FOREVER
			"INSERT INTO t SELECT zeroblob(500000) FROM c LIMIT "
			"20");
	replay_close(greedy_one);
	run_fine(other, "DELETE FROM t");
	replay_close(other);
}

static void hostile__a_giant_insert_runs_or_ends(void **state)
{
	struct buf sql = BUF_INIT;
	struct replay *r = replay_with("CREATE TABLE t (a, b)");

	(void)state;
	buf_addstr(&sql, "INSERT INTO t VALUES (0, 'x')");
	for (unsigned i = 1; i < 20000; i++)
		buf_addf(&sql, ", (%u, 'xxxxxxxxxxxxxxxxxxxx')", i);
	run_fine(r, buf_str(&sql));
	buf_reset(&sql);
	buf_addstr(&sql, "INSERT INTO t VALUES (1, '");
	for (unsigned i = 0; i < 2000000; i++)
		buf_addch(&sql, 'x');
	buf_addstr(&sql, "')");
	run_ends(r, buf_str(&sql), REPLAY_LIMIT);
	buf_release(&sql);
	replay_close(r);
}

static void hostile__functions_that_lead_out_stay_closed(void **state)
{
	/* through a view, a default, a check and a generated column */
	static const char *const sql[] = {
		"CREATE TABLE t (a DEFAULT (load_extension('x')), b);"
		"INSERT INTO t (b) VALUES (1)",
		"CREATE TABLE t (a CHECK (load_extension('x') > a));"
		"INSERT INTO t VALUES (1)",
		"CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE INDEX i "
		"ON t (load_extension(a))",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
		struct replay *r = replay_new();
		struct replay_script script = script_of(sql[i]);
		struct replay_result result;

		assert_ok(replay_run(r, &script, NULL, &result));
		assert_int_not_equal(result.end, REPLAY_FINE);
		replay_result_release(&result);
		replay_close(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__each_ends_as_it_should),
		cmocka_unit_test(hostile__files_are_not_made),
		cmocka_unit_test(hostile__memory_has_a_limit),
		cmocka_unit_test(hostile__time_has_a_limit),
		cmocka_unit_test(hostile__limits_are_of_one_database),
		cmocka_unit_test(hostile__a_giant_insert_runs_or_ends),
		cmocka_unit_test(hostile__functions_that_lead_out_stay_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
