#include "pg_trip.h"

/* What was changed since stops a rollback, which then changes nothing. */

struct conflict {
	const char *before, *migration, *later;
	const char *conflicts; /* "table CODE rows; ..." */
};

static char *expect(struct world *w, const struct conflict *c)
{
	struct buf before = BUF_INIT, after = BUF_INIT, said = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	trip_start(w, c->before);
	assert_ok(world_apply(w, c->migration, &ev));
	assert_ok(world_exec(w, c->later));
	trip_dump(w, &before);
	memory_snapshot_init(&park);
	e = world_revert(w, &ev, &park, &res);
	if (e)
		buf_addstr(&said, err_text(e));
	else
		describe_conflicts(&res, &said);
	err_free(e);
	trip_dump(w, &after);
	if (streq(buf_str(&said), c->conflicts))
		buf_reset(&said);
	if (!said.len && !streq(buf_str(&before), buf_str(&after)))
		world_difference(&said, buf_str(&before), buf_str(&after));
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&before);
	buf_release(&after);
	if (said.len)
		return buf_detach(&said);
	buf_release(&said);
	return NULL;
}

static void expect_conflicts(struct world *w, const struct conflict *c,
			     size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		char *why = expect(w, &c[i]);

		if (why)
			print_error("%s; then %s\n  want: %s\n  have: %s\n",
				    c[i].migration, c[i].later, c[i].conflicts,
				    why);
		failed += why != NULL;
		free(why);
	}
	if (failed)
		fail_msg("%zu of %zu", failed, n);
}

#define T                                                                 \
	"CREATE TABLE t (id int PRIMARY KEY, a text, b int DEFAULT 5, c " \
	"text NOT NULL DEFAULT 'x');"                                     \
	"INSERT INTO t SELECT i, 'a' || i, i * 10, 'c' || i FROM "        \
	"generate_series(1, 20) i;"

static void rows__changed_since(void **state)
{
	static const struct conflict conflicts[] = {
		{ T, "UPDATE t SET b = 1 WHERE id < 10",
		  "UPDATE t SET b = 2 WHERE id IN (3, 4, 15)",
		  "s.t CHANGED 2" },
		{ T, "UPDATE t SET b = 1 WHERE id < 10",
		  "DELETE FROM t WHERE id IN (3, 15)", "s.t DELETED 1" },
		{ T, "UPDATE t SET b = 1 WHERE id < 10",
		  "DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (3, 'n', "
		  "1, 'n')",
		  "s.t KEY_REUSED 1" },
		{ T, "DELETE FROM t WHERE id < 10",
		  "INSERT INTO t VALUES (3), (30)", "s.t KEY_REUSED 1" },
		{ T, "INSERT INTO t VALUES (30), (31), (32)",
		  "UPDATE t SET a = 'x' WHERE id = 30; DELETE FROM t WHERE id "
		  "= 31",
		  "s.t CHANGED 1" },
		{ T, "UPDATE t SET a = repeat('z', 1000)",
		  "UPDATE t SET a = repeat('z', 999) WHERE id = 1",
		  "s.t CHANGED 1" },
		{ "CREATE TABLE k (a int, b text); INSERT INTO k VALUES (1, "
		  "'x'), (1, 'x'), (2, 'y');",
		  "INSERT INTO k VALUES (1, 'x'), (7, 'z')", "DELETE FROM k",
		  "s.k CHANGED 2" },
	};

	expect_conflicts(*state, conflicts, ARRAY_LEN(conflicts));
}

static void definitions__changed_since(void **state)
{
	static const struct conflict conflicts[] = {
		{ T, "ALTER TABLE t ADD COLUMN z int",
		  "ALTER TABLE t ADD COLUMN y int",
		  "tables/s.t.sql REDEFINED 0" },
		{ T, "CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v",
		  "views/s.v.sql REDEFINED 0" },
		{ T "CREATE VIEW v AS SELECT 1 AS a;", "DROP VIEW v",
		  "CREATE VIEW v AS SELECT 2 AS a",
		  "views/s.v.sql REDEFINED 0" },
		{ T, "CREATE INDEX i ON t (b)", "COMMENT ON INDEX i IS 'x'",
		  "indexes/s.i.sql REDEFINED 0" },
	};

	expect_conflicts(*state, conflicts, ARRAY_LEN(conflicts));
}

static void rows_of_later__in_the_way(void **state)
{
	static const struct conflict conflicts[] = {
		/* a unique value that comes back is taken */
		{ T "CREATE UNIQUE INDEX u ON t (a);",
		  "UPDATE t SET a = 'q' WHERE id = 3",
		  "INSERT INTO t VALUES (40, 'a3')", "s.t NOT_UNIQUE 1" },
		{ T "CREATE UNIQUE INDEX u ON t (a);",
		  "DELETE FROM t WHERE id = 3",
		  "INSERT INTO t VALUES (40, 'a3')", "s.t NOT_UNIQUE 1" },
		{ T "CREATE UNIQUE INDEX u ON t (a);", "DROP INDEX u",
		  "INSERT INTO t VALUES (40, 'a3')", "s.t NOT_UNIQUE 1" },
		{ T "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);",
		  "ALTER TABLE t DROP CONSTRAINT u",
		  "INSERT INTO t VALUES (40, 'a3'), (41, 'a3')",
		  "s.t NOT_UNIQUE 2" },
		{ T,
		  "ALTER TABLE t DROP CONSTRAINT t_pkey; UPDATE t SET b = 1 "
		  "WHERE id IN (3, 4, 20)",
		  "INSERT INTO t SELECT * FROM t WHERE id IN (3, 20)",
		  "s.t NOT_UNIQUE 2" },
		{ T, "TRUNCATE t", "INSERT INTO t VALUES (3)",
		  "s.t KEY_REUSED 1" },
		/* the row that comes back has no key to be told by */
		{ "CREATE TABLE k (a int, b text UNIQUE); INSERT INTO k VALUES "
		  "(1, 'x'), (2, 'y');",
		  "DELETE FROM k", "INSERT INTO k VALUES (5, 'x')",
		  "s.k NOT_UNIQUE 1" },
		/* a row of theirs has no value for a column that comes back */
		{ T "ALTER TABLE t ALTER c DROP DEFAULT;",
		  "ALTER TABLE t DROP COLUMN c",
		  "INSERT INTO t VALUES (40), (41)", "s.t NO_VALUE 2" },
		{ T, "ALTER TABLE t ALTER c DROP NOT NULL",
		  "UPDATE t SET c = NULL WHERE id < 3", "s.t NO_VALUE 2" },
		{ T, "ALTER TABLE t ALTER b TYPE text",
		  "INSERT INTO t VALUES (40, 'x', 'no number')",
		  "s.t NO_VALUE 1" },
		/* rows of theirs refer to what goes */
		{ T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t);",
		  "INSERT INTO t VALUES (40)",
		  "INSERT INTO f VALUES (1, 40), (2, 3)", "s.f ORPHANED 1" },
		{ T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t); "
		    "INSERT INTO f VALUES (1, 3);",
		  "DELETE FROM f", "DELETE FROM t WHERE id = 3",
		  "s.f ORPHANED 1" },
		{ T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t);",
		  "ALTER TABLE f DROP CONSTRAINT f_t_fkey",
		  "INSERT INTO f VALUES (1, 99), (2, 3)", "s.f ORPHANED 1" },
		/* ... or break what is checked again */
		{ T "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0);",
		  "ALTER TABLE t DROP CONSTRAINT k",
		  "INSERT INTO t VALUES (40, 'x', -1), (41, 'y', -2)",
		  "s.t CHANGED 2" },
		{ "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE e (id int "
		  "PRIMARY KEY, m mood);",
		  "ALTER TYPE mood ADD VALUE 'b'",
		  "INSERT INTO e VALUES (1, 'b'), (2, 'a')", "s.e NO_VALUE 1" },
	};

	expect_conflicts(*state, conflicts, ARRAY_LEN(conflicts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows__changed_since, trip_setup,
						trip_teardown),
		cmocka_unit_test_setup_teardown(definitions__changed_since,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(rows_of_later__in_the_way,
						trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
