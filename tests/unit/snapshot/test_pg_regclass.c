#include "unit/snapshot/pg_trip.h"

/* Values that stand for relations which a rollback makes anew. */

#define GROUND                                                            \
	"CREATE TABLE t (a int PRIMARY KEY, b text, c regclass); "        \
	"CREATE VIEW v AS SELECT a, b FROM t; "                           \
	"CREATE TABLE r (id int PRIMARY KEY, t regclass, l regclass[]); " \
	"INSERT INTO t VALUES (1, 'x', 't'), (2, 'y', NULL); "            \
	"INSERT INTO r VALUES (1, 't', '{t,r,t}'), (2, 'r', '{}'), "      \
	"(3, NULL, '{NULL}');"

/* Others than tables, too. */
#define OTHERS "INSERT INTO r VALUES (4, 'v', '{t,v}'), (5, 't_pkey', NULL);"

static void values__follow_what_is_made_anew(void **state)
{
	static const struct sample samples[] = {
		{ GROUND, "DROP VIEW v; ALTER TABLE t DROP COLUMN b" },
		{ GROUND, "ALTER TABLE t DROP COLUMN b CASCADE" },
		{ GROUND, "DROP VIEW v; ALTER TABLE t ALTER b TYPE bytea USING "
			  "b::bytea" },
		{ GROUND, "DROP VIEW v; ALTER TABLE t RENAME TO u; ALTER TABLE "
			  "u DROP COLUMN b; UPDATE r SET t = 'u' WHERE id = "
			  "2" },
		{ GROUND, "DROP TABLE t CASCADE" },
		{ GROUND, "DROP TABLE t, r CASCADE" },
		{ GROUND OTHERS, "DROP TABLE t CASCADE" },
		{ GROUND OTHERS, "ALTER TABLE r ADD n int; DROP TABLE t "
				 "CASCADE; UPDATE r SET t = 'r' WHERE id = 4" },
		{ GROUND OTHERS, "ALTER TABLE t ADD o int; UPDATE r SET t = "
				 "NULL" },
		{ GROUND, "DROP VIEW v; DROP TABLE t; CREATE TABLE t (z int); "
			  "UPDATE r SET t = 't' WHERE id = 1" },
		{ GROUND, "ALTER TABLE r ADD n int; DROP TABLE t CASCADE" },
		{ GROUND, "CREATE OR REPLACE VIEW v AS SELECT a, b, c FROM "
			  "t" },
		{ "CREATE TABLE t (a int, b int) PARTITION BY LIST (a); "
		  "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); "
		  "CREATE TABLE r (t regclass); INSERT INTO r VALUES ('t'), "
		  "('t1')",
		  "DROP TABLE t" },
		{ "CREATE TABLE t (a int); CREATE TYPE c AS (r regclass, n "
		  "int); CREATE TABLE r (c c); INSERT INTO r VALUES "
		  "('(t,1)')",
		  "DROP TABLE t" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static struct err *back(struct world *w, const struct sample *s,
			const char *later, uint64_t *unnamed)
{
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	trip_start(w, s->before);
	memory_snapshot_init(&park);
	assert_ok(world_apply(w, s->migration, &ev));
	assert_ok(world_exec(w, later));
	e = world_revert(w, &ev, &park, &res);
	assert_false(!e && res.blocked);
	*unnamed = res.unnamed;
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	return e;
}

static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	buf_addf(payload, "%s ", cell[0].s ? cell[0].s : "NULL");
	return NULL;
}

static void values__of_later_follow(void **state)
{
	static const struct sample s = { GROUND, "DROP VIEW v; ALTER TABLE t "
						 "DROP COLUMN b" };
	struct world *w = *state;
	struct buf got = BUF_INIT;
	uint64_t unnamed;

	assert_ok(back(w, &s, "INSERT INTO r VALUES (9, 't', '{r,t}')",
		       &unnamed));
	assert_int_equal(unnamed, 0);
	assert_ok(pg_query(w->other,
			   "SELECT t || ' ' || l::text FROM s.r WHERE id = 9",
			   NULL, 0, take, &got));
	assert_string_equal(buf_str(&got), "t {r,t} ");
	buf_release(&got);
}

/* What stood for a view is a number that says nothing, once it was dropped. */
static void values__of_a_column_that_went_are_told(void **state)
{
	static const struct sample s = { GROUND OTHERS,
					 "ALTER TABLE r DROP COLUMN l; "
					 "DROP TABLE t CASCADE" };
	uint64_t unnamed;
	struct err *e = back(*state, &s, "SELECT 1", &unnamed);

	assert_non_null(e);
	assert_non_null(strstr(err_text(e), "table s.r"));
	assert_non_null(err_hint_of(e));
	assert_non_null(strstr(err_hint_of(e), "a value of regclass"));
	err_free(e);
}

static void values__that_may_have_stood_for_a_view_are_counted(void **state)
{
	static const struct sample s = { GROUND OTHERS, "DROP VIEW v" };
	uint64_t unnamed;

	assert_ok(back(*state, &s, "SELECT 1", &unnamed));
	assert_int_equal(unnamed, 2);
}

static void values__that_cannot_follow_are_refused(void **state)
{
	static const struct {
		struct sample s;
		const char *later, *said;
	} cases[] = {
		{ { "CREATE TABLE t (a int, b int); CREATE TYPE c AS (r "
		    "regclass, n int); CREATE TABLE r (c c); INSERT INTO t "
		    "VALUES (1, 2); INSERT INTO r VALUES ('(t,1)')",
		    "ALTER TABLE t DROP COLUMN b" },
		  "SELECT 1",
		  "s.t has to be made anew, and column c of s.r" },
		{ { GROUND "CREATE FUNCTION f() RETURNS trigger LANGUAGE "
			   "plpgsql AS 'BEGIN NEW.id = 77; RETURN NEW; END'; "
			   "CREATE TRIGGER g BEFORE UPDATE ON r FOR EACH ROW "
			   "EXECUTE FUNCTION f(); ALTER TABLE r ENABLE ALWAYS "
			   "TRIGGER g",
		    "DROP VIEW v; ALTER TABLE t DROP COLUMN b" },
		  "SELECT 1",
		  "a trigger would fire" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t unnamed;
		struct err *e =
			back(*state, &cases[i].s, cases[i].later, &unnamed);

		if (!e)
			fail_msg("%s", cases[i].s.before);
		assert_int_equal(err_class_of(e), ERR_REFUSED);
		if (!strstr(err_text(e), cases[i].said))
			fail_msg("%s", err_text(e));
		assert_non_null(err_hint_of(e));
		err_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			values__follow_what_is_made_anew, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(values__of_later_follow,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			values__of_a_column_that_went_are_told, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			values__that_may_have_stood_for_a_view_are_counted,
			trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			values__that_cannot_follow_are_refused, trip_setup,
			trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
