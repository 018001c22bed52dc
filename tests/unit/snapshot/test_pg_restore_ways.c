#include "pg_ways.h"

static void changed_rows__by_column(void **state)
{
	static const struct way ways[] = {
		/* untouched since, and other columns changed */
		{ T, "UPDATE t SET b = b + 1",
		  "UPDATE t SET a = 'mine' WHERE id = 2", "", "",
		  "(1,a1,10,c1) (2,mine,20,c2) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,mine,20,c2) (3,a3,30,c3)" },
		/* the old value is back already; rows came */
		{ T, "UPDATE t SET b = b + 1",
		  "UPDATE t SET b = 20 WHERE id = 2; INSERT INTO t VALUES (4, "
		  "'n', 4, 'n')",
		  "", "", WAS " (4,n,4,n)", WAS " (4,n,4,n)" },
		/* both wrote the same column */
		{ T, "UPDATE t SET b = b + 1, a = upper(a)",
		  "UPDATE t SET b = 99 WHERE id = 2", "s.t CHANGED 1",
		  "id = 2 b 20>21>99", "(1,a1,10,c1) (2,a2,99,c2) (3,a3,30,c3)",
		  WAS },
		{ "CREATE TABLE t (id int PRIMARY KEY, a text, b int, c int, d "
		  "int); INSERT INTO t VALUES (1, 'a1', 10), (2, 'a2', 20);",
		  "UPDATE t SET b = b + 1, a = upper(a)",
		  "UPDATE t SET b = NULL, a = 'it''s' WHERE id = 2",
		  "s.t CHANGED 1",
		  "id = 2 a 'a2'>'A2'>'it''s'; id = 2 b 20>21>NULL",
		  "(1,a1,10,,) (2,it's,,,)", "(1,a1,10,,) (2,a2,20,,)" },
		/* it is gone */
		{ T, "UPDATE t SET b = b + 1", "DELETE FROM t WHERE id = 2",
		  "s.t DELETED 1", "id = 2", "(1,a1,10,c1) (3,a3,30,c3)",
		  "(1,a1,10,c1) (3,a3,30,c3)" },
		/* a freed id was given to somebody else */
		{ T, "UPDATE t SET b = b + 1",
		  "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'new', "
		  "7, 'new')",
		  "s.t KEY_REUSED 1", "id = 2",
		  "(1,a1,10,c1) (2,new,7,new) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,new,20,new) (3,a3,30,c3)" },
		/* what everybody got tells nobody apart */
		{ T, "UPDATE t SET b = 5",
		  "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'new', "
		  "5, 'new')",
		  "s.t KEY_REUSED 1", "id = 2",
		  "(1,a1,10,c1) (2,new,5,new) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,new,20,new) (3,a3,30,c3)" },
		/* known by a unique column though most others changed */
		{ U("UNIQUE"), "UPDATE t SET z = 5",
		  "UPDATE t SET x = 7, y = 7 WHERE id = 1", "", "",
		  "(1,a,7,7,1) (2,b,2,2,2) (3,c,3,3,3)",
		  "(1,a,7,7,1) (2,b,2,2,2) (3,c,3,3,3)" },
		{ U(""), "UPDATE t SET z = 5",
		  "UPDATE t SET x = 7, y = 7 WHERE id = 1", "s.t KEY_REUSED 1",
		  "id = 1", "(1,a,7,7,5) (2,b,2,2,2) (3,c,3,3,3)",
		  "(1,a,7,7,1) (2,b,2,2,2) (3,c,3,3,3)" },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

static void deleted_rows__come_back(void **state)
{
	static const struct way ways[] = {
		{ T, "DELETE FROM t WHERE id < 3",
		  "INSERT INTO t VALUES (7, 'n', 7, 'n')", "", "",
		  WAS " (7,n,7,n)", WAS " (7,n,7,n)" },
		{ T, "DELETE FROM t WHERE id < 3",
		  "INSERT INTO t VALUES (1, 'a1', 10, 'c1')", "", "", WAS,
		  WAS },
		{ T, "DELETE FROM t WHERE id < 3",
		  "INSERT INTO t VALUES (1, 'bob', 1, 'bob')",
		  "s.t KEY_REUSED 1", "id = 1",
		  "(1,bob,1,bob) (2,a2,20,c2) (3,a3,30,c3)", WAS },
		{ T, "TRUNCATE t", "INSERT INTO t VALUES (1, 'bob', 1, 'bob')",
		  "s.t KEY_REUSED 1", "id = 1",
		  "(1,bob,1,bob) (2,a2,20,c2) (3,a3,30,c3)", WAS },
		/* one row was changed, another one's key is taken */
		{ T, "DELETE FROM t WHERE id = 1; UPDATE t SET b = b + 1",
		  "INSERT INTO t VALUES (1, 'bob', 1, 'bob'); UPDATE t SET b "
		  "= 0 WHERE id = 2",
		  "s.t CHANGED 1; s.t KEY_REUSED 1", "id = 2 b 20>21>0; id = 1",
		  "(1,bob,1,bob) (2,a2,0,c2) (3,a3,30,c3)", WAS },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

static void rows_that_came__go(void **state)
{
	static const struct way ways[] = {
		{ T, "INSERT INTO t VALUES (8, 'x', 8, 'x'), (9, 'y', 9, 'y')",
		  "DELETE FROM t WHERE id = 8", "", "", WAS, WAS },
		{ T, "INSERT INTO t VALUES (8, 'x', 8, 'x'), (9, 'y', 9, 'y')",
		  "UPDATE t SET a = 'mine' WHERE id = 8", "s.t CHANGED 1",
		  "id = 8 a >>'mine'", WAS " (8,mine,8,x)", WAS },
		{ T, "INSERT INTO t VALUES (8, 'x', 8, 'x'), (9, 'y', 9, 'y')",
		  "UPDATE t SET a = 'p', b = 0, c = 'q' WHERE id = 8",
		  "s.t KEY_REUSED 1", "id = 8", WAS " (8,p,0,q)", WAS },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

static void keys__of_several_columns_and_changed(void **state)
{
	static const struct way ways[] = {
		{ "CREATE TABLE t (x text, y date, v int, w int, PRIMARY KEY "
		  "(x, "
		  "y)); INSERT INTO t VALUES ('a	b', '2020-01-01', 1), "
		  "('it''s', '2020-01-02', 2);",
		  "UPDATE t SET v = v * 10", "UPDATE t SET v = 7",
		  "s.t CHANGED 2",
		  "x = 'a	b', y = '2020-01-01' v 1>10>7; "
		  "x = 'it''s', y = '2020-01-02' v 2>20>7",
		  "(\"a	b\",2020-01-01,7,) (it's,2020-01-02,7,)",
		  "(\"a	b\",2020-01-01,1,) (it's,2020-01-02,2,)" },
		/* an UPDATE of keys is a row that went, and one that came */
		{ T, "UPDATE t SET id = id + 10 WHERE id < 3",
		  "UPDATE t SET b = 0 WHERE id = 11; INSERT INTO t VALUES (2, "
		  "'bob', 2, 'bob')",
		  "s.t CHANGED 1; s.t KEY_REUSED 1", "id = 11 b >>0; id = 2",
		  "(1,a1,10,c1) (11,a1,0,c1) (2,bob,2,bob) (3,a3,30,c3)", WAS },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

static void definitions__with_rows_of_later(void **state)
{
	static const struct way ways[] = {
		/* a dropped column: the default, or nothing */
		{ T, "ALTER TABLE t DROP COLUMN b",
		  "INSERT INTO t VALUES (4, 'n', 'n'); DELETE FROM t WHERE id "
		  "= 1; UPDATE t SET a = 'mine' WHERE id = 2",
		  "s.t DELETED 1", "id = 1",
		  "(2,mine,20,c2) (3,a3,30,c3) (4,n,,n)",
		  "(2,mine,20,c2) (3,a3,30,c3) (4,n,,n)" },
		/* a type: unchanged ones from the snapshot, others by cast */
		{ T, "ALTER TABLE t ALTER b TYPE text USING b || ' kg'",
		  "UPDATE t SET b = '7' WHERE id = 2; INSERT INTO t VALUES (4, "
		  "'n', '44', 'n')",
		  "", "", "(1,a1,10,c1) (2,a2,7,c2) (3,a3,30,c3) (4,n,44,n)",
		  "(1,a1,10,c1) (2,a2,7,c2) (3,a3,30,c3) (4,n,44,n)" },
		/* a table made anew, and a key that was taken */
		{ T, "ALTER TABLE t DROP COLUMN b; DELETE FROM t WHERE id = 1",
		  "INSERT INTO t VALUES (1, 'bob', 'bob')", "s.t KEY_REUSED 1",
		  "id = 1", "(1,bob,,bob) (2,a2,20,c2) (3,a3,30,c3)", WAS },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

#define B                                                                 \
	"CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), " \
	"(1, 'x'), (2, 'y');"

static void tables_without_a_key__by_content(void **state)
{
	static const struct way ways[] = {
		{ B, "UPDATE t SET b = b || '!'; DELETE FROM t WHERE a = 2",
		  "INSERT INTO t VALUES (3, 'n'), (2, 'y')", "", "",
		  "(1,x) (1,x) (2,y) (2,y) (3,n)",
		  "(1,x) (1,x) (2,y) (2,y) (3,n)" },
		/* one of two equal ones was changed */
		{ B, "UPDATE t SET b = b || '!'",
		  "UPDATE t SET b = 'mine' WHERE ctid = (SELECT max(ctid) FROM "
		  "t WHERE a = 1)",
		  "s.t CHANGED 1", "- >(1, 'x!')>",
		  "(1,mine) (1,x) (1,x) (2,y)", "(1,mine) (1,x) (1,x) (2,y)" },
		{ B, "INSERT INTO t VALUES (1, 'x'), (7, NULL)",
		  "DELETE FROM t WHERE a = 7; INSERT INTO t VALUES (8, 'z')",
		  "s.t CHANGED 1", "- >(7, NULL)>", "(1,x) (1,x) (2,y) (8,z)",
		  "(1,x) (1,x) (2,y) (8,z)" },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

#define F(key) \
	T "CREATE TABLE f (id int PRIMARY KEY, t int " key " REFERENCES t);"

static void constraints__named_with_their_rows(void **state)
{
	static const struct way ways[] = {
		/* a unique value that comes back is taken */
		{ T "CREATE UNIQUE INDEX u ON t (a) WHERE b > 0;",
		  "DELETE FROM t WHERE id < 3",
		  "INSERT INTO t VALUES (7, 'a1', 7, 'n'), (8, 'a2', 0, 'n')",
		  "s.t NOT_UNIQUE 1", "id = 1 [u] >>id = 7",
		  "(2,a2,20,c2) (3,a3,30,c3) (7,a1,7,n) (8,a2,0,n)",
		  WAS " (8,a2,0,n)" },
		{ T "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, c);",
		  "UPDATE t SET a = 'q' WHERE id = 1",
		  "INSERT INTO t VALUES (7, 'a1', 7, 'c1'), (8, 'a1', 7, NULL)",
		  "s.t NOT_UNIQUE 1", "id = 1 [u] >>id = 7",
		  "(1,q,10,c1) (2,a2,20,c2) (3,a3,30,c3) (7,a1,7,c1) "
		  "(8,a1,7,)",
		  WAS " (8,a1,7,)" },
		{ T "CREATE UNIQUE INDEX u ON t (lower(a)); CREATE UNIQUE "
		    "INDEX v ON t (c);",
		  "DELETE FROM t WHERE id = 1; UPDATE t SET c = 'q' WHERE id = "
		  "2",
		  "INSERT INTO t VALUES (7, 'A1', 7, 'c2')", "s.t NOT_UNIQUE 2",
		  "id = 1 [u] >>id = 7; id = 2 [v] >>id = 7",
		  "(2,a2,20,q) (3,a3,30,c3) (7,A1,7,c2)", WAS },
		/* rows of later break an index that comes back */
		{ T "CREATE UNIQUE INDEX u ON t (a);", "DROP INDEX u",
		  "INSERT INTO t VALUES (7, 'a1'), (8, 'a1')",
		  "s.t NOT_UNIQUE 2", "id = 7 [u]; id = 8 [u]", NULL, NULL },
		/* a row that comes back refers to one that is gone */
		{ "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int "
		  "PRIMARY KEY, p int REFERENCES p); INSERT INTO p VALUES (1), "
		  "(2); INSERT INTO t VALUES (5, 1), (6, 2);",
		  "DELETE FROM t", "DELETE FROM p WHERE id = 2",
		  "s.t ORPHANED 1", "id = 6 [t_p_fkey]", "(5,1)", NULL },
		/* a row that goes is referred to by later ones */
		{ F(""), "INSERT INTO t VALUES (7, 'x'), (8, 'y')",
		  "INSERT INTO f VALUES (1, 7), (2, 3)", "s.f ORPHANED 1",
		  "id = 1 [f_t_fkey]", WAS " (7,x,,)", NULL },
		{ "CREATE TABLE t (id int PRIMARY KEY, u text UNIQUE, x text); "
		  "INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y'); CREATE "
		  "TABLE f (id int PRIMARY KEY, u text REFERENCES t (u));",
		  "UPDATE t SET u = u || '!', x = x || '!'; INSERT INTO t "
		  "VALUES (3, 'c')",
		  "INSERT INTO f VALUES (1, 'a!'), (2, 'c')", "s.f ORPHANED 2",
		  "id = 1 [f_u_fkey]; id = 2 [f_u_fkey]",
		  "(1,a!,x!) (2,b,y) (3,c,)", NULL },
		/* checks that are younger */
		{ T, "DELETE FROM t WHERE id < 3",
		  "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 10)",
		  "s.t CHANGED 1", "id = 1 [k]", "(2,a2,20,c2) (3,a3,30,c3)",
		  NULL },
		{ T, "UPDATE t SET b = b + 100",
		  "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 10)",
		  "s.t CHANGED 1", "id = 1 [k]",
		  "(1,a1,110,c1) (2,a2,20,c2) (3,a3,30,c3)", NULL },
		{ "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t "
		  "VALUES (1, 'a'), (2, NULL);",
		  "DELETE FROM t", "ALTER TABLE t ALTER a SET NOT NULL",
		  "s.t NO_VALUE 1", "id = 2 a", "(1,a)", NULL },
		/* a column that comes back has no value for rows of later */
		{ "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL); "
		  "INSERT INTO t VALUES (1, 'a');",
		  "ALTER TABLE t DROP COLUMN a",
		  "INSERT INTO t VALUES (2), (3)", "s.t NO_VALUE 2",
		  "id = 2 a; id = 3 a", NULL, NULL },
		/* what went with a table refers to nothing now */
		{ "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int "
		  "PRIMARY KEY, p int REFERENCES p); INSERT INTO p VALUES (1), "
		  "(2); INSERT INTO t VALUES (5, 1), (6, 2), (7, 2), (8, 1);",
		  "DROP TABLE t", "DELETE FROM p WHERE id = 2",
		  "s.t ORPHANED 2", "id = 6 [t_p_fkey]; id = 7 [t_p_fkey]",
		  "(5,1) (8,1)", NULL },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

/* Rows without a key are told by all they hold. */
static void constraints__named_with_rows_without_a_key(void **state)
{
#define N                                                             \
	"CREATE TABLE t (a int, b text, j json, CONSTRAINT u UNIQUE " \
	"(b), CONSTRAINT k CHECK (a > 0)); INSERT INTO t VALUES (1, " \
	"'x', '{}'), (2, 'y', NULL), (NULL, NULL, '1');"
	static const struct way ways[] = {
		{ N, "DELETE FROM t WHERE a = 1",
		  "INSERT INTO t VALUES (7, 'x', '[]'), (8, '', NULL)",
		  "s.t NOT_UNIQUE 1",
		  "a = 1, b = 'x', j = '{}' [u] >>a = 7, b = 'x', j = '[]'",
		  "(,,1) (2,y,) (7,x,[]) (8,\"\",)",
		  "(,,1) (1,x,{}) (2,y,) (8,\"\",)" },
		{ N, "UPDATE t SET b = 'q' WHERE a = 1",
		  "INSERT INTO t VALUES (7, 'x', NULL)", "s.t NOT_UNIQUE 1",
		  "a = 1, b = 'x', j = '{}' [u] >>a = 7, b = 'x', j = NULL",
		  NULL, "(,,1) (1,x,{}) (2,y,)" },
		{ N, "ALTER TABLE t DROP CONSTRAINT u",
		  "INSERT INTO t VALUES (7, 'z'), (7, 'z'), (7, NULL)",
		  "s.t NOT_UNIQUE 1", "a = 7, b = 'z', j = NULL [u]", NULL,
		  NULL },
		{ N, "ALTER TABLE t DROP CONSTRAINT k",
		  "INSERT INTO t VALUES (-7, 'it''s', '7')", "s.t CHANGED 1",
		  "a = -7, b = 'it''s', j = '7' [k]", NULL, NULL },
		{ N, "ALTER TABLE t DROP CONSTRAINT k, ALTER a TYPE text",
		  "INSERT INTO t VALUES ('1e', 'e'), ('', 'f')",
		  "s.t NO_VALUE 2",
		  "a = '1e', b = 'e', j = NULL a >>'1e'; a = '', b = 'f', j = "
		  "NULL a >>''",
		  NULL, NULL },
		{ "CREATE TABLE t (a int NOT NULL, b text); INSERT INTO t "
		  "VALUES (1, 'x');",
		  "ALTER TABLE t DROP COLUMN a",
		  "INSERT INTO t VALUES ('m'), ('m')", "s.t NO_VALUE 2",
		  "a = NULL, b = 'm' a; a = NULL, b = 'm' a", NULL, NULL },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

/* Rows of a partitioned table are its partitions'. */
static void constraints__named_with_rows_of_partitions(void **state)
{
#define Q                                                             \
	"CREATE TABLE q (id int PRIMARY KEY); INSERT INTO q VALUES "  \
	"(1); CREATE TABLE p (id int PRIMARY KEY, q int NOT NULL, "   \
	"CONSTRAINT k FOREIGN KEY (q) REFERENCES q) PARTITION BY "    \
	"RANGE (id); CREATE TABLE t PARTITION OF p FOR VALUES FROM "  \
	"(0) TO (10); CREATE TABLE u PARTITION OF p FOR VALUES FROM " \
	"(10) TO (20); INSERT INTO p VALUES (1, 1), (11, 1); CREATE " \
	"TABLE f (id int PRIMARY KEY, p int, CONSTRAINT fk FOREIGN "  \
	"KEY (p) REFERENCES p);"
	static const struct way ways[] = {
		{ Q, "INSERT INTO p VALUES (5, 1), (6, 1), (15, 1)",
		  "INSERT INTO f VALUES (1, 5), (2, 1), (3, 15)",
		  "s.f ORPHANED 2", "id = 1 [fk]; id = 3 [fk]", "(1,1) (5,1)",
		  NULL },
		{ Q, "ALTER TABLE p DROP CONSTRAINT k",
		  "INSERT INTO p VALUES (2, 7), (3, 1), (12, 8)",
		  "s.t ORPHANED 1; s.u ORPHANED 1", "id = 2 [k]; id = 12 [k]",
		  NULL, NULL },
		{ Q, "ALTER TABLE p ALTER q DROP NOT NULL",
		  "INSERT INTO p VALUES (2, NULL)", "s.t NO_VALUE 1",
		  "id = 2 q", NULL, NULL },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

/* A row that is left out leaves out those that refer to it. */
static void constraints__one_behind_the_other(void **state)
{
	static const struct way way = {
		T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t, a "
		  "text UNIQUE); INSERT INTO f VALUES (1, 1, 'x'), (2, 2, 'y');"
		  "CREATE UNIQUE INDEX u ON t (a);",
		"DELETE FROM f; DELETE FROM t WHERE id = 1",
		"INSERT INTO t VALUES (7, 'a1')",
		"s.t NOT_UNIQUE 1; s.f ORPHANED 1",
		"id = 1 [u] >>id = 7; id = 1 [f_t_fkey]",
		"(2,a2,20,c2) (3,a3,30,c3) (7,a1,,)",
		NULL
	};
	struct buf why = BUF_INIT;

	try_way(*state, &way, RESTORE_KEEP, &why);
	if (why.len)
		fail_msg("%s", buf_str(&why));
}

/* What was in the way is in the park, as a snapshot has it. */
static void what_is_taken__is_parked(void **state)
{
	struct world *w = *state;
	struct restore_result res = { 0 };
	struct memory_snapshot park;
	struct buf text = BUF_INIT;
	struct world_event ev;

	trip_start(w, T);
	assert_ok(world_apply(w,
			      "UPDATE t SET b = b + 1 WHERE id > 1; "
			      "DELETE FROM t WHERE id = 1;"
			      "ALTER TABLE t ADD COLUMN d text",
			      &ev));
	assert_ok(world_exec(w,
			     "UPDATE t SET b = 99, d = 'more' WHERE id = 2;"
			     "UPDATE t SET d = 'three' WHERE id = 3;"
			     "INSERT INTO t VALUES (1, 'bob', 1, 'b', 'd')"));
	memory_snapshot_init(&park);
	w->on_conflict = RESTORE_TAKE;
	assert_ok(world_revert(w, &ev, &park, &res));
	assert_false(res.blocked);
	assert_int_equal(res.parked, 4);
	assert_true(memory_snapshot_text(&park, "rows/1", &text));
	assert_string_equal(buf_str(&text),
			    "-\t'1\t'bob\t'1\t'b\t'd\n"
			    "~\t'2\t=2ei\t'99\t'20\t=Xh1\t'more\t!\n"
			    "~\t'3\t=VPW\t=j7R\t=IA4\t'three\t!\n");
	buf_release(&text);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changed_rows__by_column,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(deleted_rows__come_back,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(rows_that_came__go, trip_setup,
						trip_teardown),
		cmocka_unit_test_setup_teardown(
			keys__of_several_columns_and_changed, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(definitions__with_rows_of_later,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			tables_without_a_key__by_content, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			constraints__named_with_their_rows, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			constraints__named_with_rows_without_a_key, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			constraints__named_with_rows_of_partitions, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(
			constraints__one_behind_the_other, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(what_is_taken__is_parked,
						trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
