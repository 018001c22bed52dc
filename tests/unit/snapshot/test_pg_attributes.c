#include "unit/snapshot/pg_trip.h"

/* Attributes of a composite type that come and go, while columns have values
 * of it. */

#define C "CREATE TYPE c AS (x int, y int); "
#define KEYED                                                               \
	C "CREATE TABLE t (id int PRIMARY KEY, v c, n int); INSERT INTO t " \
	  "VALUES (1, '(1,2)', 1), (2, NULL, 2), (3, '(,)', 3);"
#define BAG                                                                  \
	C "CREATE TABLE t (v c, n int); INSERT INTO t VALUES ('(1,2)', 1), " \
	  "(NULL, 2), ('(,)', 3);"

static void attributes__go_with_their_values(void **state)
{
	static const struct sample samples[] = {
		{ KEYED, "ALTER TYPE c ADD ATTRIBUTE z int" },
		{ KEYED, "UPDATE t SET v.x = 7; ALTER TYPE c ADD ATTRIBUTE z "
			 "int, ADD ATTRIBUTE \"Z z\" text" },
		{ BAG, "ALTER TYPE c ADD ATTRIBUTE z int" },
		{ C "CREATE DOMAIN d AS c; CREATE TABLE t (v c[], w d); "
		    "INSERT INTO t VALUES ('{\"(1,2)\"}', NULL)",
		  "ALTER TYPE c ADD ATTRIBUTE z int" },
		{ C "CREATE TABLE t OF c; INSERT INTO t VALUES (1, 2)",
		  "ALTER TYPE c ADD ATTRIBUTE z int CASCADE" },
		/* other tables are none of its business */
		{ KEYED "CREATE TABLE u (a int PRIMARY KEY, b int); "
			"INSERT INTO u VALUES (1, 1)",
		  "ALTER TYPE c ADD ATTRIBUTE z int; UPDATE u SET b = 2" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void attributes__come_back_with_their_values(void **state)
{
	static const struct sample samples[] = {
		{ KEYED, "ALTER TYPE c DROP ATTRIBUTE x" },
		{ KEYED, "ALTER TYPE c DROP ATTRIBUTE y" },
		{ KEYED, "ALTER TYPE c DROP ATTRIBUTE x; UPDATE t SET n = 5" },
		{ KEYED, "ALTER TYPE c DROP ATTRIBUTE x; UPDATE t SET v.y = "
			 "5; DELETE FROM t WHERE id = 2" },
		{ BAG, "ALTER TYPE c DROP ATTRIBUTE x" },
		{ KEYED, "ALTER TYPE c DROP ATTRIBUTE x, ADD ATTRIBUTE z "
			 "text" },
		{ KEYED, "UPDATE t SET v.x = 7, n = 5; DELETE FROM t WHERE id "
			 "= 3; ALTER TYPE c DROP ATTRIBUTE x" },
		{ C "CREATE DOMAIN d AS c; CREATE TYPE e AS (c c); CREATE "
		    "TABLE t (id int PRIMARY KEY, v c[], w d, e e); INSERT "
		    "INTO t VALUES (1, '{\"(1,2)\"}', '(3,4)', "
		    "'(\"(5,6)\")')",
		  "ALTER TYPE c DROP ATTRIBUTE x" },
		{ C "CREATE TABLE t OF c; INSERT INTO t VALUES (1, 2)",
		  "ALTER TYPE c DROP ATTRIBUTE x CASCADE" },
		{ KEYED "CREATE TABLE u (a int PRIMARY KEY, b int); "
			"INSERT INTO u VALUES (1, 1)",
		  "ALTER TYPE c DROP ATTRIBUTE x; UPDATE u SET b = 2; "
		  "INSERT INTO u VALUES (3, 3)" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

/* Types that are made of one that has to be made anew. */
static void types__made_of_another_follow_it(void **state)
{
#define MOOD "CREATE TYPE m AS ENUM ('a', 'b'); "
	static const struct sample samples[] = {
		{ MOOD "CREATE DOMAIN d AS m DEFAULT 'a'; CREATE TABLE t (id "
		       "int PRIMARY KEY, w d); INSERT INTO t VALUES (1, 'a')",
		  "ALTER TYPE m ADD VALUE 'z'" },
		{ MOOD "CREATE DOMAIN d AS m; CREATE TABLE t (id int PRIMARY "
		       "KEY, w d, n int); INSERT INTO t VALUES (1, 'a', 4)",
		  "UPDATE t SET w = 'b', n = 5; ALTER TYPE m ADD VALUE 'z'" },
		{ MOOD "CREATE TYPE e AS (m m, n int); CREATE TYPE f AS (e e[]"
		       "); CREATE TABLE t (id int PRIMARY KEY, w e, f f); "
		       "INSERT INTO t VALUES (1, '(a,1)', "
		       "'(\"{\"\"(a,1)\"\"}\")')",
		  "ALTER TYPE m ADD VALUE 'z'" },
		{ MOOD "CREATE TYPE e AS (m m); CREATE TABLE t (id int PRIMARY "
		       "KEY, w e, n int); INSERT INTO t VALUES (1, '(a)', 4)",
		  "UPDATE t SET w = '(b)', n = 5; ALTER TYPE m ADD VALUE "
		  "'z'" },
		{ MOOD "CREATE TYPE r AS RANGE (SUBTYPE = m); CREATE TABLE t "
		       "(id int PRIMARY KEY, w r); INSERT INTO t VALUES (1, "
		       "'[a,b]')",
		  "ALTER TYPE m ADD VALUE 'z'" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

/* Rows that are written behind such a change would be kept in its shape. */
static void apply__refuses_rows_behind_it(void **state)
{
	static const struct sample samples[] = {
		{ KEYED, "ALTER TYPE c ADD ATTRIBUTE z int; UPDATE t SET v.z "
			 "= 5" },
		{ BAG, "ALTER TYPE c ADD ATTRIBUTE z int; DELETE FROM t" },
		{ KEYED, "ALTER TABLE t ADD o int; ALTER TYPE c ADD ATTRIBUTE "
			 "z int; UPDATE t SET v.z = 5 WHERE id = 1" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct world_event ev;
		struct err *e;

		trip_start(w, samples[i].before);
		e = world_apply(w, samples[i].migration, &ev);
		if (!e)
			fail_msg("%s", samples[i].migration);
		if (!strstr(err_text(e), "rows of s.t were written behind a "
					 "change of the attributes"))
			fail_msg("%s: %s", samples[i].migration, err_text(e));
		assert_non_null(err_hint_of(e));
		err_free(e);
		world_event_release(&ev);
	}
}

static struct err *back(struct world *w, const struct sample *s,
			const char *later, struct buf *said)
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
	describe_conflicts(&res, said);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	return e;
}

/* What somebody has put into them since is not thrown away. */
static void attributes__with_later_values_stay(void **state)
{
	static const struct {
		struct sample s;
		const char *later, *said;
	} cases[] = {
		{ { KEYED, "ALTER TYPE c ADD ATTRIBUTE z int" },
		  "UPDATE t SET v.z = 1 WHERE id < 3",
		  "s.t CHANGED 2" },
		{ { BAG, "ALTER TYPE c ADD ATTRIBUTE z int" },
		  "UPDATE t SET v.x = 1, n = 5",
		  "" },
		{ { C "CREATE TABLE t (v c[])",
		    "ALTER TYPE c ADD ATTRIBUTE z int" },
		  "INSERT INTO t VALUES ('{\"(1,2,)\",\"(1,2,3)\"}'), "
		  "('{\"(1,2,)\"}')",
		  "s.t CHANGED 1" },
		{ { C "CREATE TABLE t OF c",
		    "ALTER TYPE c ADD ATTRIBUTE z int CASCADE" },
		  "INSERT INTO t VALUES (1, 2, NULL), (1, 2, 3)",
		  "s.t CHANGED 1" },
	};
	struct buf said = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ok(back(*state, &cases[i].s, cases[i].later, &said));
		if (!streq(buf_str(&said), cases[i].said))
			fail_msg("%s: %s", cases[i].later, buf_str(&said));
	}
	buf_release(&said);
}

static void attributes__that_cannot_be_told_are_refused(void **state)
{
	static const struct {
		struct sample s;
		const char *later, *said;
	} cases[] = {
		{ { C "CREATE TYPE e AS (c c); CREATE TABLE t (v e)",
		    "ALTER TYPE c ADD ATTRIBUTE z int" },
		  "INSERT INTO t VALUES (ROW(ROW(1, 2, 3)::c)::e)",
		  "column v of s.t has values of type" },
		{ { BAG, "UPDATE t SET v.x = 7; ALTER TYPE c ADD ATTRIBUTE z "
			 "int" },
		  "SELECT 1",
		  "rows of s.t are told by column v" },
	};
	struct buf said = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err *e =
			back(*state, &cases[i].s, cases[i].later, &said);

		if (!e)
			fail_msg("%s", cases[i].s.migration);
		assert_int_equal(err_class_of(e), ERR_REFUSED);
		if (!strstr(err_text(e), cases[i].said))
			fail_msg("%s", err_text(e));
		assert_non_null(err_hint_of(e));
		err_free(e);
	}
	buf_release(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			attributes__go_with_their_values, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			attributes__come_back_with_their_values, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			types__made_of_another_follow_it, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(apply__refuses_rows_behind_it,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			attributes__with_later_values_stay, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			attributes__that_cannot_be_told_are_refused, trip_setup,
			trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
