#include "unit/snapshot/pg_trip.h"

/* What only the session's own search_path finds, while rows go back. */

static void start(struct world *w, const char *before)
{
	assert_ok(world_exec(w, "RESET search_path; DROP SCHEMA public "
				"CASCADE; CREATE SCHEMA public"));
	assert_ok(pg_exec(target_pg_conn(w->t), "RESET search_path"));
	assert_ok(world_exec(w, before));
}

/* What is wrong, or NULL; the caller's. */
static char *trip(struct world *w, const struct sample *s)
{
	struct buf before = BUF_INIT, after = BUF_INIT, diff = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	start(w, s->before);
	trip_dump(w, &before);
	memory_snapshot_init(&park);
	e = err_wrap(world_apply(w, s->migration, &ev), "apply");
	if (!e)
		e = err_wrap(world_revert(w, &ev, &park, &res), "revert");
	if (e)
		buf_addstr(&diff, err_text(e));
	else
		describe_conflicts(&res, &diff);
	if (!diff.len) {
		trip_dump(w, &after);
		if (!streq(buf_str(&before), buf_str(&after)))
			world_difference(&diff, buf_str(&before),
					 buf_str(&after));
	}
	err_free(e);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&before);
	buf_release(&after);
	return diff.len ? buf_detach(&diff) : NULL;
}

/* From PostgreSQL 17 an index is made under a search_path of its own. */
static bool indexes_follow_it(struct world *w)
{
	return pg_conn_version(w->other) < 170000;
}

static void expect(struct world *w, const struct sample *s, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		char *why;

		if (strstr(s[i].before, "INDEX") && !indexes_follow_it(w))
			continue;
		why = trip(w, &s[i]);
		if (why)
			print_error("%s\n  %s\n", s[i].migration, why);
		failed += why != NULL;
		free(why);
	}
	if (failed)
		fail_msg("%zu of %zu", failed, n);
}

#define LOOK                                                                 \
	"CREATE TABLE lookup (k int, v int); INSERT INTO lookup VALUES "     \
	"(1, 10), (2, 20); CREATE FUNCTION look(a int) RETURNS int "         \
	"LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT v FROM lookup " \
	"WHERE k = a); END';"

static void rows__are_written_under_it(void **state)
{
	static const struct sample samples[] = {
		{ LOOK "CREATE TABLE t (id int PRIMARY KEY, a int, g int "
		       "GENERATED ALWAYS AS (look(a)) STORED); "
		       "INSERT INTO t VALUES (1, 1), (2, 2)",
		  "UPDATE t SET a = 2" },
		{ LOOK "CREATE TABLE t (id int, a int, CHECK (look(a) > 0)); "
		       "CREATE INDEX ON t (look(a)); "
		       "INSERT INTO t VALUES (1, 1), (2, 2)",
		  "UPDATE t SET a = 2; INSERT INTO t VALUES (3, 1)" },
		{ LOOK "CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, "
		       "CHECK (look(a) > 0)); "
		       "INSERT INTO t VALUES (1, 1), (2, 2)",
		  "DELETE FROM t; INSERT INTO t VALUES (1, 2), (2, 1)" },
		{ LOOK "CREATE TABLE t (id int PRIMARY KEY, a int); "
		       "INSERT INTO t VALUES (1, 1), (2, 2); "
		       "ALTER TABLE t ADD CONSTRAINT c CHECK (look(a) > 0); "
		       "CREATE INDEX ti ON t (look(a))",
		  "ALTER TABLE t DROP CONSTRAINT c; DROP INDEX ti; "
		  "UPDATE t SET a = -a" },
		{ LOOK "CREATE TABLE t (id int PRIMARY KEY, b int, a int, "
		       "CHECK (look(a) > 0)); INSERT INTO t VALUES (1, 1, 1)",
		  "ALTER TABLE t DROP COLUMN b; UPDATE t SET a = 2" },
		{ LOOK "CREATE TABLE t (id int PRIMARY KEY, a int); "
		       "INSERT INTO t VALUES (1, 1)",
		  "UPDATE t SET a = 3; ALTER TABLE t ADD CHECK "
		  "(look(a) IS NULL)" },
	};

	expect(*state, samples, ARRAY_LEN(samples));
}

/* Rows that are told apart by what they hold are compared as they were
 * printed: with the names of schemas. */
static void rows__are_matched_without_it(void **state)
{
	static const struct sample samples[] = {
		{ "CREATE TABLE r (); CREATE TABLE t (a regclass, b int, "
		  "c int); INSERT INTO t VALUES ('r', 1, 2), ('r', 1, 2), "
		  "(NULL, 3, 4)",
		  "UPDATE t SET b = 9 WHERE b = 1; INSERT INTO t VALUES "
		  "('r', 5, 5)" },
		{ "CREATE TABLE r (); CREATE TABLE t (a regclass, b int, "
		  "c int); INSERT INTO t VALUES ('r', 1, 2), ('r', 5, 2), "
		  "(NULL, 3, 4)",
		  "ALTER TABLE t DROP COLUMN b" },
		{ "CREATE TYPE m AS ENUM ('x', 'y'); CREATE TABLE t (a "
		  "regtype, b int, c int); INSERT INTO t VALUES ('m', 1, 2), "
		  "('int', 5, 2)",
		  "DELETE FROM t WHERE b = 1; UPDATE t SET c = 3" },
	};

	expect(*state, samples, ARRAY_LEN(samples));
}

/* The planner itself asks an index's function, when the table is read. */
static void reading__says_what_is_missing(void **state)
{
	struct world *w = *state;
	struct world_event ev;
	struct err *e;

	if (!indexes_follow_it(w))
		skip();
	start(w, "CREATE TABLE lookup (k int, v int); CREATE FUNCTION look(a "
		 "int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v FROM "
		 "lookup WHERE k = a'; CREATE TABLE t (id int PRIMARY KEY, a "
		 "int); CREATE INDEX ON t (look(a)); INSERT INTO t VALUES "
		 "(1, 1)");
	e = world_apply(w, "UPDATE t SET a = 2", &ev);
	assert_non_null(e);
	assert_non_null(strstr(err_text(e), "keep rows of public.t"));
	assert_non_null(err_hint_of(e));
	assert_non_null(strstr(err_hint_of(e), "ALTER FUNCTION"));
	err_free(e);
	world_event_release(&ev);
	assert_ok(world_exec(w, "ALTER FUNCTION look SET search_path = "
				"public"));
	assert_ok(world_apply(w, "UPDATE t SET a = 2", &ev));
	world_event_release(&ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows__are_written_under_it,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(rows__are_matched_without_it,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(reading__says_what_is_missing,
						trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
