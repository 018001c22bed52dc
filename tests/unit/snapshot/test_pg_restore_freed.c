#include "pg_ways.h"

/* Keys that were given to others, where DDL took columns from every row. */

static void freed_keys__of_rows_that_lost_a_column(void **state)
{
	static const struct way ways[] = {
		{ T, "ALTER TABLE t DROP COLUMN b",
		  "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'new', "
		  "'new')",
		  "s.t KEY_REUSED 1", "id = 2",
		  "(1,a1,10,c1) (2,new,,new) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,new,20,new) (3,a3,30,c3)" },
		{ T, "ALTER TABLE t ALTER b TYPE text USING b || ' kg'",
		  "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'new', "
		  "'7', 'new')",
		  "s.t KEY_REUSED 1", "id = 2",
		  "(1,a1,10,c1) (2,new,7,new) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,new,20,new) (3,a3,30,c3)" },
		/* other statements before and behind it */
		{ T,
		  "UPDATE t SET b = b + 1 WHERE id = 1; ALTER TABLE t DROP "
		  "COLUMN b; INSERT INTO t VALUES (4, 'd', 'd')",
		  "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'new', "
		  "'new')",
		  "s.t KEY_REUSED 1", "id = 2",
		  "(1,a1,10,c1) (2,new,,new) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,new,20,new) (3,a3,30,c3)" },
		/* one after the other, with one that told rows apart before */
		{ T, "ALTER TABLE t DROP COLUMN b; ALTER TABLE t DROP COLUMN c",
		  "DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'new')",
		  "s.t KEY_REUSED 1", "id = 2",
		  "(1,a1,10,c1) (2,new,,) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,new,20,c2) (3,a3,30,c3)" },
		/* half of what is known of it is still there */
		{ T, "ALTER TABLE t DROP COLUMN b",
		  "UPDATE t SET c = NULL WHERE id = 2", "", "",
		  "(1,a1,10,c1) (2,a2,20,) (3,a3,30,c3)",
		  "(1,a1,10,c1) (2,a2,20,) (3,a3,30,c3)" },
		/* a unique value tells it by itself */
		{ U("UNIQUE"), "ALTER TABLE t DROP COLUMN z",
		  "UPDATE t SET x = 7, y = 7 WHERE id = 1", "", "",
		  "(1,a,7,7,1) (2,b,2,2,2) (3,c,3,3,3)",
		  "(1,a,7,7,1) (2,b,2,2,2) (3,c,3,3,3)" },
		{ U(""), "ALTER TABLE t DROP COLUMN z",
		  "UPDATE t SET x = 7, y = 7 WHERE id = 1", "s.t KEY_REUSED 1",
		  "id = 1", "(1,a,7,7,) (2,b,2,2,2) (3,c,3,3,3)",
		  "(1,a,7,7,1) (2,b,2,2,2) (3,c,3,3,3)" },
		/* labels that were renamed since are no other person's */
		{ "CREATE TYPE e AS ENUM ('p', 'q'); CREATE TABLE t (id int "
		  "PRIMARY KEY, f e, v int); INSERT INTO t VALUES (1, 'p', 1), "
		  "(2, 'q', 2);",
		  "ALTER TABLE t DROP COLUMN v; ALTER TYPE e RENAME VALUE 'p' "
		  "TO 'r'",
		  "", "", "", "(1,p,1) (2,q,2)", "(1,p,1) (2,q,2)" },
	};

	expect_ways(*state, ways, ARRAY_LEN(ways));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			freed_keys__of_rows_that_lost_a_column, trip_setup,
			trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
