#include "unit/snapshot/pg_trip.h"

/* Labels of an enum that a migration renames while it changes rows. */

#define MOOD "CREATE TYPE m AS ENUM ('sad', 'ok', 'x'); "
#define KEYED                                                          \
	MOOD "CREATE TABLE t (m m PRIMARY KEY, n int); INSERT INTO t " \
	     "VALUES ('sad', 1), ('ok', 2);"
#define BAG                                                               \
	MOOD "CREATE DOMAIN d AS m; CREATE TABLE t (z int, b text, m d, " \
	     "n int); INSERT INTO t VALUES (1, 'b', 'sad', 1), (1, 'c', " \
	     "'sad', 1), (2, 'd', 'x', 2);"

static void labels__go_back_with_rows(void **state)
{
	static const struct sample samples[] = {
		{ MOOD "CREATE TABLE t (id int PRIMARY KEY, m m, n int); "
		       "INSERT INTO t VALUES (1, 'sad', 1), (2, 'ok', 2), "
		       "(3, 'sad', 3)",
		  "UPDATE t SET m = 'sad' WHERE id = 2; UPDATE t SET m = "
		  "'ok' WHERE id = 1; ALTER TYPE m RENAME VALUE 'sad' TO "
		  "'low'; UPDATE t SET n = 9" },
		{ KEYED, "UPDATE t SET n = 9; ALTER TYPE m RENAME VALUE 'sad' "
			 "TO 'low'" },
		{ KEYED, "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
			 "DELETE FROM t" },
		{ KEYED, "ALTER TYPE m RENAME VALUE 'x' TO 'it''s'; "
			 "INSERT INTO t VALUES ('it''s', 2)" },
		{ KEYED, "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
			 "UPDATE t SET m = 'x' WHERE m = 'low'; "
			 "UPDATE t SET m = 'low' WHERE m = 'ok'" },
		{ BAG, "UPDATE t SET n = 9; ALTER TYPE m RENAME VALUE 'sad' "
		       "TO 'low'" },
		{ BAG, "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
		       "ALTER TYPE m RENAME VALUE 'x' TO 'it''s'; "
		       "UPDATE t SET n = 9; INSERT INTO t VALUES (4, 'e', "
		       "'low', 9), (4, 'e', 'it''s', 9); "
		       "DELETE FROM t WHERE z = 2" },
		{ BAG, "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
		       "UPDATE t SET n = 9; INSERT INTO t VALUES (4, 'e', "
		       "'low', 9); ALTER TABLE t DROP COLUMN b" },
		{ MOOD "CREATE TABLE t (id int PRIMARY KEY, m m[], n int, "
		       "z int); INSERT INTO t VALUES (1, '{sad,ok}', 1)",
		  "UPDATE t SET n = 9; ALTER TYPE m RENAME VALUE 'sad' TO "
		  "'low'; ALTER TABLE t DROP n" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

/* Apply, somebody's later writes, and back by this choice. */
static struct err *back(struct world *w, const struct sample *s,
			const char *later, enum restore_choice choice,
			struct buf *said)
{
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	w->on_conflict = choice;
	trip_start(w, s->before);
	memory_snapshot_init(&park);
	assert_ok(world_apply(w, s->migration, &ev));
	if (later)
		assert_ok(world_exec(w, later));
	e = world_revert(w, &ev, &park, &res);
	describe_conflicts(&res, said);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	return e;
}

static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	buf_addf(payload, "%s ", cell[0].s);
	return NULL;
}

static void expect_rows(struct world *w, const char *want)
{
	struct buf got = BUF_INIT;

	assert_ok(pg_query(w->other, "SELECT m || '=' || n FROM s.t ORDER BY m",
			   NULL, 0, take, &got));
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
}

static void labels__go_back_beside_later_writes(void **state)
{
	static const struct sample s = {
		KEYED, "UPDATE t SET n = 9; ALTER TYPE m RENAME VALUE 'sad' "
		       "TO 'low'"
	};
	static const char later[] = "INSERT INTO t VALUES ('x', 5); "
				    "UPDATE t SET n = 7 WHERE m = 'ok'";
	struct world *w = *state;
	struct buf said = BUF_INIT;

	assert_ok(back(w, &s, later, RESTORE_ABORT, &said));
	assert_string_equal(buf_str(&said), "s.t CHANGED 1");
	expect_rows(w, "low=9 ok=7 x=5 ");
	assert_ok(back(w, &s, later, RESTORE_KEEP, &said));
	expect_rows(w, "sad=1 ok=7 x=5 ");
	assert_ok(back(w, &s, later, RESTORE_TAKE, &said));
	expect_rows(w, "sad=1 ok=2 x=5 ");
	buf_release(&said);
}

/* Rows that are told by labels inside of other values. */
static void labels__inside_of_values_are_refused(void **state)
{
	static const struct sample samples[] = {
		{ MOOD "CREATE TABLE t (m m[], n int); INSERT INTO t VALUES "
		       "('{sad}', 1)",
		  "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
		  "UPDATE t SET n = 5" },
		{ MOOD "CREATE TYPE c AS (m m); CREATE TABLE t (m c PRIMARY "
		       "KEY, n int); INSERT INTO t VALUES ('(sad)', 1)",
		  "UPDATE t SET n = 5; ALTER TYPE m RENAME VALUE 'sad' TO "
		  "'low'" },
	};
	struct buf said = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct err *e =
			back(*state, &samples[i], NULL, RESTORE_ABORT, &said);

		assert_non_null(e);
		assert_int_equal(err_class_of(e), ERR_REFUSED);
		assert_non_null(strstr(err_text(e), "rows of s.t are told by "
						    "column m"));
		assert_non_null(err_hint_of(e));
		err_free(e);
	}
	buf_release(&said);
}

/* A type that has another name, and other parts or another place as well. */
static void types__with_another_name_keep_their_values(void **state)
{
#define HELD                                                                 \
	MOOD "CREATE TYPE c AS (x int, y m); CREATE DOMAIN d AS m; CREATE "  \
	     "SCHEMA IF NOT EXISTS s2; CREATE TABLE t (id int PRIMARY KEY, " \
	     "m m DEFAULT 'ok', l m[], c c, d d NOT NULL, n int); INSERT "   \
	     "INTO t VALUES (1, 'sad', '{ok,sad}', '(1,sad)', 'ok', 1), "    \
	     "(2, 'x', '{}', NULL, 'sad', 2); CREATE VIEW v AS SELECT * "    \
	     "FROM t WHERE m = 'ok'; CREATE FUNCTION f(m) RETURNS m "        \
	     "LANGUAGE sql AS 'SELECT $1';"
	static const struct sample samples[] = {
		{ HELD, "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
			"ALTER TYPE m ADD VALUE 'lower' BEFORE 'ok'" },
		{ HELD, "ALTER TYPE m RENAME TO mm; ALTER TYPE mm RENAME "
			"VALUE 'sad' TO 'low'; UPDATE t SET n = n + 1, m = "
			"'low'; ALTER TYPE mm ADD VALUE 'lower' AFTER 'low'" },
		{ HELD, "ALTER TYPE m RENAME VALUE 'sad' TO 'low'; ALTER TYPE "
			"m RENAME VALUE 'ok' TO 'sad'; ALTER TYPE m ADD VALUE "
			"'ok' BEFORE 'low'" },
		{ HELD, "ALTER TYPE m RENAME TO \"M.m\"; ALTER TYPE "
			"\"M.m\" SET SCHEMA s2; ALTER TYPE s2.\"M.m\" ADD "
			"VALUE 'lower'; ALTER TYPE s2.\"M.m\" SET SCHEMA s" },
		{ HELD, "UPDATE t SET n = 5; ALTER TYPE c RENAME TO d2; ALTER "
			"DOMAIN d RENAME TO "
			"c; ALTER TYPE d2 RENAME TO d; ALTER TYPE d RENAME "
			"ATTRIBUTE y TO z; ALTER TYPE d ADD ATTRIBUTE y int; "
			"ALTER DOMAIN c DROP NOT NULL" },
		{ HELD, "ALTER TYPE m RENAME TO was; CREATE TYPE m AS ENUM "
			"('ok', 'sad', 'new'); DROP VIEW v; ALTER TABLE t "
			"ALTER m DROP DEFAULT, ALTER l TYPE m[] USING '{new}'; "
			"UPDATE t SET n = 7" },
		{ KEYED, "ALTER TYPE m RENAME TO mm; ALTER TYPE mm RENAME "
			 "VALUE 'sad' TO 'low'; UPDATE t SET n = 9; ALTER "
			 "TYPE mm ADD VALUE 'new'" },
		{ BAG, "UPDATE t SET n = 9; ALTER TYPE m RENAME TO mm; ALTER "
		       "TYPE mm RENAME VALUE 'sad' TO 'low'; ALTER TYPE mm ADD "
		       "VALUE 'new'; ALTER DOMAIN d RENAME TO dd; ALTER TABLE "
		       "t DROP COLUMN b" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

/* What a row had, and what it has, could not be told apart. */
static void labels__with_the_word_of_another_are_refused(void **state)
{
	static const char *const migrations[] = {
		"ALTER TYPE m RENAME VALUE 'sad' TO 'low'; UPDATE t SET m = "
		"'ok' WHERE id = 1; ALTER TYPE m RENAME VALUE 'ok' TO 'sad'",
		"UPDATE t SET n = 9; ALTER TYPE m RENAME VALUE 'sad' TO 'low'; "
		"ALTER TYPE m ADD VALUE 'sad'",
	};

	for (size_t i = 0; i < ARRAY_LEN(migrations); i++) {
		struct world_event ev;
		struct err *e;

		trip_start(*state, HELD);
		e = world_apply(*state, migrations[i], &ev);
		assert_non_null(e);
		assert_string_equal(err_text(e),
				    "'sad' of the enum s.m is another label "
				    "now, and rows are written, too");
		assert_non_null(err_hint_of(e));
		err_free(e);
		world_event_release(&ev);
	}
}

/* Nothing is written again for it. */
static void types__with_another_name_leave_rows_where_they_are(void **state)
{
	static const struct sample s = {
		HELD "CREATE TABLE o (t int); INSERT INTO o SELECT "
		     "'t'::regclass::oid",
		"ALTER TYPE m RENAME TO mm; ALTER TYPE mm RENAME VALUE 'sad' "
		"TO 'low'; ALTER TYPE c RENAME TO cc; ALTER DOMAIN d RENAME "
		"TO dd; ALTER TABLE t RENAME m TO k"
	};
	struct world *w = *state;
	struct buf said = BUF_INIT;
	int64_t same = 0;

	assert_ok(back(w, &s, NULL, RESTORE_ABORT, &said));
	assert_string_equal(buf_str(&said), "");
	assert_ok(pg_query_int(w->other,
			       "SELECT count(*) FROM s.o WHERE t = "
			       "'s.t'::regclass::oid",
			       NULL, 0, &same));
	assert_int_equal(same, 1);
	buf_release(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(labels__go_back_with_rows,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			labels__go_back_beside_later_writes, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			labels__inside_of_values_are_refused, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			types__with_another_name_keep_their_values, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			labels__with_the_word_of_another_are_refused,
			trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			types__with_another_name_leave_rows_where_they_are,
			trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
