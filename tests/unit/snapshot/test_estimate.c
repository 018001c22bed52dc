#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "snapshot/estimate.h"
#include "support/pg_world.h"
#include "support/snapshot_world.h"
#include "support/unit.h"
#include "target/target_pg.h"

/* What is told before a migration runs, beside what it keeps. */

/* A table large enough that not all of it is looked at. */
static const char sqlite_ground[] =
	"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INT, b BLOB);"
	"WITH RECURSIVE i (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i "
	"WHERE x < 20000) INSERT INTO t SELECT x * 3, 'name of ' || x, "
	"iif(x % 5, x, NULL), zeroblob(x % 20) FROM i;"
	"CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
	"INSERT INTO w SELECT 'key ' || id, n FROM t;"
	"CREATE TABLE far (id INTEGER PRIMARY KEY, v);"
	"INSERT INTO far SELECT id * 100000000000, name FROM t;"
	"CREATE TABLE few (id INTEGER PRIMARY KEY, v);"
	"INSERT INTO few VALUES (-9223372036854775808, 'a'), "
	"(9223372036854775807, 'b');"
	"CREATE TABLE empty (v); CREATE VIEW seen AS SELECT * FROM t;"
	"CREATE VIRTUAL TABLE f USING fts5 (x); INSERT INTO f SELECT name "
	"FROM t LIMIT 10;";

/* Large enough as well, and with an heir. */
static const char pg_large[] =
	"CREATE TABLE t (id integer PRIMARY KEY, name text, n integer, "
	"b bytea, at timestamptz DEFAULT now(), "
	"twice integer GENERATED ALWAYS AS (n * 2) STORED);"
	"INSERT INTO t SELECT g * 3, 'name of ' || g, nullif(g % 5, 0), "
	"substr(sha256(g::text::bytea), 1, g % 20) "
	"FROM generate_series(1, 60000) g;"
	"DELETE FROM t WHERE id % 2 = 0;" /* half of the space is empty */
	"CREATE TABLE child () INHERITS (t);"
	"INSERT INTO child (id, name, n, b) SELECT id, name, n, b FROM t "
	"WHERE id < 3000;";

static const char pg_parts[] =
	"CREATE TABLE p (id integer, v text) PARTITION BY HASH (id);"
	"DO $$ BEGIN FOR i IN 0..49 LOOP EXECUTE format('CREATE TABLE p%s "
	"PARTITION OF p FOR VALUES WITH (MODULUS 50, REMAINDER %s)', i, i); "
	"END LOOP; END $$;"
	"INSERT INTO p SELECT g, repeat('v', g % 40) "
	"FROM generate_series(1, 20000) g;";

static const char pg_small[] =
	"CREATE TABLE one (id integer PRIMARY KEY);"
	"CREATE TABLE many (id integer PRIMARY KEY, "
	"one integer REFERENCES one, v text);"
	"INSERT INTO one SELECT g FROM generate_series(1, 1000) g;"
	"INSERT INTO many SELECT g, g, 'many ' || g "
	"FROM generate_series(1, 1000) g;"
	"CREATE TABLE bag (v text);"
	"INSERT INTO bag SELECT g::text FROM generate_series(1, 1000) g;"
	"CREATE TABLE empty (v text); CREATE VIEW seen AS SELECT v FROM bag;"
	"CREATE TABLE \"The Table\" (\"Id\" integer PRIMARY KEY, v text);"
	"INSERT INTO \"The Table\" SELECT g, 'v' || g "
	"FROM generate_series(1, 1000) g;";

/* Scripts in the order of a run; the last one is what is asked about. */
static void estimate_last(struct target *t, const char *const *texts, size_t n,
			  struct arena *a, struct estimate *out)
{
	struct sql_script *scripts = xcalloc(n, sizeof(*scripts));
	const struct sql_script **list =
		xcalloc(n, sizeof(const struct sql_script *));
	struct estimate *all = xcalloc(n, sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		assert_ok(sql_split(&scripts[i], t->ops->dialect, texts[i],
				    strlen(texts[i]), 1));
		list[i] = &scripts[i];
	}
	assert_ok(estimate_scripts(t, list, n, a, all));
	*out = all[n - 1];
	for (size_t i = 0; i < n; i++)
		sql_script_release(&scripts[i]);
	free(scripts);
	free(list);
	free(all);
}

static bool is_near(uint64_t told, uint64_t kept, double least)
{
	return (double)told <= 1.15 * (double)kept + 64 &&
	       (double)told + 64 >= least * (double)kept;
}

struct row {
	const char *sql;
	const char *table; /* NULL = nothing may be told */
	bool perhaps;      /* all of it */
	const char *ground;
};

/* What is told must be what is kept, as far as it is certain. */
static void check(struct world *w, const struct row *row)
{
	struct arena a = ARENA_INIT;
	struct estimate est;
	struct world_event ev;

	estimate_last(w->t, &row->sql, 1, &a, &est);
	if (!row->table != !est.table)
		fail_msg("%s: %s", row->sql, est.table ? est.table : "nothing");
	if (row->table && !streq(est.table, row->table))
		fail_msg("%s: of %s", row->sql, est.table);
	if (row->perhaps != (est.perhaps > 0) || (row->perhaps && est.bytes) ||
	    (!row->table && est.bytes))
		fail_msg("%s: %llu and perhaps %llu", row->sql,
			 (unsigned long long)est.bytes,
			 (unsigned long long)est.perhaps);
	if (row->table && !row->perhaps) {
		assert_ok(world_apply(w, row->sql, &ev));
		/* new values of an UPDATE are not in the estimate */
		if (!is_near(est.bytes, ev.kept.bytes, 0.6) ||
		    !is_near(est.rows, ev.kept.rows, 0.85))
			fail_msg("%s: %llu of %llu bytes, %llu of %llu rows",
				 row->sql, (unsigned long long)est.bytes,
				 (unsigned long long)ev.kept.bytes,
				 (unsigned long long)est.rows,
				 (unsigned long long)ev.kept.rows);
		world_event_release(&ev);
	}
	arena_release(&a);
}

static void check_sqlite(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct world w;

		assert_ok(world_open(&w, false));
		assert_ok(world_exec(&w, sqlite_ground));
		check(&w, &rows[i]);
		world_close(&w);
	}
}

/* The ground is laid again for each: it changes what others speak of. */
static void check_pg(const struct row *rows, size_t n)
{
	struct world w;

	assert_ok(world_open_pg(&w));
	for (size_t i = 0; i < n; i++) {
		assert_ok(world_exec(&w, "DROP SCHEMA IF EXISTS public, "
					 "k CASCADE; CREATE SCHEMA "
					 "public"));
		assert_ok(world_exec(&w, rows[i].ground));
		check(&w, &rows[i]);
	}
	world_close(&w);
}

static void sqlite__is_told_what_is_kept(void **state)
{
	static const struct row rows[] = {
		{ "DROP TABLE t", "t", false, NULL },
		{ "DELETE FROM T", "T", false, NULL },
		{ "DELETE FROM main.t", "main.t", false, NULL },
		{ "DROP TABLE w", "w", false, NULL },
		{ "ALTER TABLE t DROP COLUMN name", "t", false, NULL },
		{ "UPDATE t SET name = name || '!', n = 1", "t", false, NULL },
		{ "UPDATE t SET n = -1; UPDATE t SET name = 'x' || name", "t",
		  false, NULL },
		{ "UPDATE t SET n = -1; DROP TABLE t", "t", false, NULL },
		{ "DROP TABLE few", "few", false, NULL },
	};

	(void)state;
	check_sqlite(rows, ARRAY_LEN(rows));
}

static void sqlite__is_careful_with_what_it_cannot_know(void **state)
{
	static const struct row rows[] = {
		{ "DROP TABLE empty", NULL, false, NULL },
		{ "DROP TABLE IF EXISTS nowhere", NULL, false, NULL },
		{ "DELETE FROM t WHERE id > 0", NULL, false, NULL },
		{ "DROP VIEW seen", NULL, false, NULL },
		{ "DROP TABLE f", NULL, false, NULL },
		{ "CREATE TEMP TABLE t (x); DROP TABLE t", NULL, false, NULL },
		{ "CREATE TABLE t2 AS SELECT * FROM t; DROP TABLE t; "
		  "ALTER TABLE t2 RENAME TO t",
		  NULL, false, NULL },
		{ "ALTER TABLE t RENAME TO old; CREATE TABLE t (x); "
		  "DROP TABLE t",
		  NULL, false, NULL },
		{ "ALTER TABLE t ADD COLUMN more; UPDATE t SET more = n", NULL,
		  false, NULL },
		{ "ALTER TABLE t RENAME COLUMN name TO label; "
		  "ALTER TABLE t DROP COLUMN label",
		  NULL, false, NULL },
		{ "DELETE FROM t; INSERT INTO t VALUES (1, 'a', 2, NULL)", "t",
		  true, NULL },
	};

	(void)state;
	check_sqlite(rows, ARRAY_LEN(rows));
}

/* Places between the first and the last rowid meet hardly any row. */
static void sqlite__is_low_where_rowids_are_far_apart(void **state)
{
	static const char *const text[] = { "DROP TABLE far" };
	struct arena a = ARENA_INIT;
	struct estimate est;
	struct world w;

	(void)state;
	assert_ok(world_open(&w, false));
	assert_ok(world_exec(&w, sqlite_ground));
	estimate_last(w.t, text, 1, &a, &est);
	assert_int_equal(est.rows, 20000);
	arena_release(&a);
	world_close(&w);
}

static void pg__is_told_what_is_kept(void **state)
{
	static const struct row rows[] = {
		{ "TRUNCATE t", "t", false, pg_large },
		{ "TRUNCATE ONLY t", "t", false, pg_large },
		{ "DELETE FROM ONLY t", "t", false, pg_large },
		{ "DELETE FROM t", "t", false, pg_large },
		{ "DROP TABLE child", "child", false, pg_large },
		{ "DROP TABLE p", "p", false, pg_parts },
		{ "ALTER TABLE t DROP COLUMN name, DROP COLUMN b", "t", false,
		  pg_large },
		{ "UPDATE t SET name = name || '!', n = -1", "t", false,
		  pg_large },
		{ "UPDATE ONLY t SET b = '\\x0102030405060708'", "t", false,
		  pg_large },
		{ "TRUNCATE one CASCADE", "one", false, pg_small },
		{ "DELETE FROM bag", "bag", false, pg_small },
		{ "DELETE FROM public.bag; TRUNCATE bag", "public.bag", false,
		  pg_small },
		{ "DROP TABLE \"The Table\"", "The Table", false, pg_small },
		{ "DROP SCHEMA public CASCADE", "public.*", false, pg_small },
		{ "DROP TABLE bag CASCADE; DROP SCHEMA public CASCADE",
		  "public.*", false, pg_small },
		{ "ALTER TABLE \"The Table\" DROP COLUMN v", "The Table", false,
		  pg_small },
	};

	(void)state;
	check_pg(rows, ARRAY_LEN(rows));
}

static void pg__is_careful_with_what_it_cannot_know(void **state)
{
	static const struct row rows[] = {
		{ "DROP TABLE empty", NULL, false, pg_small },
		{ "DROP TABLE IF EXISTS nowhere", NULL, false, pg_small },
		{ "DELETE FROM seen", NULL, false, pg_small },
		{ "DELETE FROM t WHERE true", NULL, false, pg_large },
		{ "ALTER TABLE t ADD more integer; UPDATE t SET more = n", NULL,
		  false, pg_large },
		{ "SET search_path = other; DROP TABLE bag", NULL, false,
		  pg_large },
		{ "CREATE TEMP TABLE bag (x int); DROP TABLE bag", NULL, false,
		  pg_large },
		{ "ALTER TABLE child NO INHERIT t; TRUNCATE t", "t", false,
		  pg_large },
		{ "CREATE SCHEMA k; ALTER TABLE bag SET SCHEMA k; DROP TABLE "
		  "many, one; DROP VIEW seen; DROP TABLE empty, \"The Table\"; "
		  "DROP SCHEMA public",
		  "many", false, pg_small },
		{ "ALTER TABLE t ALTER n TYPE bigint", "t", true, pg_large },
		{ "TRUNCATE bag; INSERT INTO bag VALUES ('x')", "bag", true,
		  pg_small },
	};

	(void)state;
	check_pg(rows, ARRAY_LEN(rows));
}

/* Of a run: what migrations before have taken is not there any more. */
static void scripts__follow_each_other(void **state)
{
	static const char *const texts[][3] = {
		{ "DROP TABLE bag", "CREATE TABLE bag (v text)",
		  "DROP TABLE bag" },
		{ "TRUNCATE bag", "SELECT 1", "DROP TABLE bag" },
		{ "DELETE FROM bag", "SELECT 1", "DELETE FROM bag" },
		{ "ALTER TABLE bag RENAME TO sack", "SELECT 1",
		  "DROP TABLE sack" },
		{ "ALTER TABLE bag DROP COLUMN v", "SELECT 1",
		  "UPDATE bag SET v = 1" },
	};
	static const char *const column[] = { "ALTER TABLE t DROP name",
					      "TRUNCATE t" };
	struct arena a = ARENA_INIT;
	struct estimate est, whole;
	struct world w;

	(void)state;
	assert_ok(world_open_pg(&w));
	assert_ok(world_exec(&w, pg_large));
	assert_ok(world_exec(&w, pg_small));
	estimate_last(w.t, &texts[0][2], 1, &a, &est);
	assert_string_equal(est.table, "bag");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		estimate_last(w.t, texts[i], 3, &a, &est);
		if (est.table)
			fail_msg("%s: %s", texts[i][2], est.table);
	}
	estimate_last(w.t, column, 2, &a, &est);
	estimate_last(w.t, column + 1, 1, &a, &whole);
	assert_true(est.rows == whole.rows && est.rows > 1000);
	assert_true(est.bytes + est.rows * 8 < whole.bytes);
	arena_release(&a);
	world_close(&w);
}

/* A plan waits for nobody: the table is in somebody's hands. */
static void pg__is_not_waited_for(void **state)
{
	static const char *const text[] = { "DROP TABLE t" };
	struct arena a = ARENA_INIT;
	struct estimate est;
	struct world w;

	(void)state;
	assert_ok(world_open_pg(&w));
	assert_ok(world_exec(&w, pg_large));
	assert_ok(world_exec(&w, "BEGIN; LOCK TABLE ONLY t"));
	estimate_last(w.t, text, 1, &a, &est);
	assert_true(est.rows > 400 && est.rows < 600); /* the child's */
	assert_false(target_in_transaction(w.t));
	assert_ok(world_exec(&w, "COMMIT"));
	estimate_last(w.t, text, 1, &a, &est);
	assert_true(est.rows > 20000);
	arena_release(&a);
	world_close(&w);
}

/* Another may read the catalog, and not the rows. */
static void pg__is_not_told_without_the_right(void **state)
{
	static const char *const text[] = { "DROP TABLE t" };
	const struct target_options opt = { .lock_timeout_ms = 1000 };
	struct arena a = ARENA_INIT;
	struct target *t = NULL;
	struct estimate est;
	struct world w;
	char *role, *url, *sql;

	(void)state;
	assert_ok(world_open_pg(&w));
	assert_ok(world_exec(&w, pg_large));
	role = xasprintf("t_estimate_%d", (int)getpid());
	sql = xasprintf("CREATE ROLE %s LOGIN", role);
	assert_ok(world_exec(&w, sql));
	url = xasprintf("postgresql://%s%s", role, strchr(w.url, '@'));
	assert_ok(target_open(&t, url, &opt));
	estimate_last(t, text, 1, &a, &est);
	assert_null(est.table);
	assert_false(target_in_transaction(t));
	target_close(t);
	free(sql);
	sql = xasprintf("DROP ROLE %s", role);
	assert_ok(world_exec(&w, sql));
	free(sql);
	free(role);
	free(url);
	arena_release(&a);
	world_close(&w);
}

static const char pg_web[] =
	"CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN md AS mood;"
	"CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'a', d md, x text);"
	"CREATE INDEX ON t (x); CREATE TABLE f (id int REFERENCES t, y int);"
	"CREATE VIEW v AS SELECT * FROM t; CREATE VIEW v2 AS SELECT * FROM v;"
	"CREATE MATERIALIZED VIEW mv AS SELECT id, m FROM v;"
	"CREATE TABLE kid () INHERITS (t); CREATE TABLE self (id int PRIMARY "
	"KEY, p int REFERENCES self); CREATE RULE r AS ON INSERT TO self DO "
	"ALSO NOTHING; CREATE SEQUENCE q; CREATE TABLE n (a int DEFAULT "
	"nextval('q')); CREATE SCHEMA sc; CREATE TABLE sc.a (id int PRIMARY "
	"KEY); CREATE TABLE o (a int REFERENCES sc.a); CREATE VIEW sc.w AS "
	"SELECT * FROM sc.a; CREATE VIEW \"A w\" AS SELECT * FROM sc.w; "
	"INSERT INTO t SELECT g, 'a', 'b', 'x' FROM generate_series(1, 1000) "
	"g;";

/* Everything that is no part of what is dropped, as the server names it. */
static void pg__what_goes_by_cascade_is_told(void **state)
{
	static const char *const samples[][2] = {
		{ "DROP TABLE t CASCADE",
		  "constraint f_id_fkey on table f, materialized view mv, "
		  "table kid, view v, view v2" },
		{ "DROP TABLE t, f, kid CASCADE",
		  "materialized view mv, view v, view v2" },
		{ "DROP TABLE t", "" },
		{ "DROP TABLE self CASCADE", "" },
		{ "DROP VIEW v CASCADE", "materialized view mv, view v2" },
		{ "DROP MATERIALIZED VIEW mv CASCADE", "" },
		{ "ALTER TABLE t DROP COLUMN m CASCADE",
		  "materialized view mv, view v, view v2" },
		{ "DROP DOMAIN md CASCADE",
		  "column d of table kid, column d of table t, materialized "
		  "view mv, view v, view v2" },
		{ "DROP SEQUENCE q CASCADE",
		  "default value for column a of table n" },
		{ "DROP SCHEMA sc CASCADE",
		  "constraint o_a_fkey on table o, view \"A w\"" },
		{ "CREATE TABLE z (i int); DROP TABLE z CASCADE", "" },
	};
	struct arena a = ARENA_INIT;
	struct world w;

	(void)state;
	assert_ok(world_open_pg(&w));
	assert_ok(world_exec(&w, pg_web));
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct buf told = BUF_INIT;
		struct estimate est;

		estimate_last(w.t, &samples[i][0], 1, &a, &est);
		for (size_t k = 0; k < est.n_cascades; k++)
			buf_addf(&told, "%s%s", k ? ", " : "", est.cascades[k]);
		if (!streq(buf_str(&told), samples[i][1]))
			fail_msg("%s: %s", samples[i][0], buf_str(&told));
		if (starts_with(samples[i][0], "DROP DOMAIN"))
			assert_true(est.rows == 1000 && est.bytes > 9000 &&
				    streq(est.table, "public.t"));
		buf_release(&told);
	}
	arena_release(&a);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest sqlite[] = {
		cmocka_unit_test(sqlite__is_told_what_is_kept),
		cmocka_unit_test(sqlite__is_careful_with_what_it_cannot_know),
		cmocka_unit_test(sqlite__is_low_where_rowids_are_far_apart),
	};
	const struct CMUnitTest pg[] = {
		cmocka_unit_test(pg__is_told_what_is_kept),
		cmocka_unit_test(pg__is_careful_with_what_it_cannot_know),
		cmocka_unit_test(scripts__follow_each_other),
		cmocka_unit_test(pg__is_not_waited_for),
		cmocka_unit_test(pg__what_goes_by_cascade_is_told),
		cmocka_unit_test(pg__is_not_told_without_the_right),
	};
	int failed = cmocka_run_group_tests(sqlite, NULL, NULL);

	return failed + pg_run_group_tests(pg, NULL, NULL);
}
