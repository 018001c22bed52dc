#include "trip.h"

/* Enough rows that lines and table are walked side by side. */

#define ROWS(n)                                                           \
	"WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i " \
	"WHERE x < " #n ")"
#define FILL(into)                                                \
	ROWS(300)                                                 \
	" INSERT INTO " into                                      \
	" SELECT x, 'name ' || x, x / 4.0, CASE x % 4 WHEN 0 "    \
	"THEN NULL WHEN 1 THEN x'00ff' || x WHEN 2 THEN '' ELSE " \
	"'tab' || char(9, 10, 92) || x END FROM i;"
#define MANY                                                                  \
	"CREATE TABLE m(id INTEGER PRIMARY KEY, name TEXT, r REAL, v);" FILL( \
		"m")
#define UNIQUE_NAMES                                                      \
	"CREATE TABLE m(id INTEGER PRIMARY KEY, name TEXT UNIQUE, r NOT " \
	"NULL, v);" FILL("m")

static const struct trip updates[] = {
	{ "one column of all rows", MANY, "UPDATE m SET name = 'x' || name" },
	{ "all columns of all rows", MANY,
	  "UPDATE m SET name = upper(name), r = -r, v = typeof(v)" },
	{ "to other types and back", MANY,
	  "UPDATE m SET v = CASE id % 5 WHEN 0 THEN 1 WHEN 1 THEN 1.5 WHEN 2 "
	  "THEN 't' WHEN 3 THEN x'61' END, r = id" },
	{ "other columns here and there", MANY,
	  "UPDATE m SET name = 'a' WHERE id % 3; UPDATE m SET r = 0 WHERE id "
	  "% 5 = 0; UPDATE m SET v = id, r = 1 WHERE id % 7 = 0" },
	{ "rows that come, change and go", MANY,
	  "UPDATE m SET v = 1 WHERE id % 2; DELETE FROM m WHERE id % 3 = 0; "
	  "INSERT INTO m SELECT id + 1000, name, r, v FROM m" },
	{ "an index on what changes", MANY "CREATE INDEX mv ON m(v, name);",
	  "UPDATE m SET v = id % 10" },
	{ "unique values", UNIQUE_NAMES, "UPDATE m SET name = 'x' || name" },
	{ "unique values that change places", UNIQUE_NAMES,
	  "UPDATE m SET name = 'x' || id; UPDATE m SET name = 'name ' || "
	  "(301 - id)" },
	{ "unique values that change places, others that do not", UNIQUE_NAMES,
	  "UPDATE m SET name = 'x' || id; UPDATE m SET name = 'name ' || "
	  "(1 + id % 300); UPDATE m SET r = 7 WHERE id % 2" },
	{ "rowids without a column",
	  "CREATE TABLE m(name, v); " ROWS(
		  300) " INSERT INTO m(rowid, name, "
		       "v) SELECT x - 150, x, 'v' FROM i;",
	  "UPDATE m SET name = name + 1" },
	{ "a column called rowid",
	  "CREATE TABLE m(rowid TEXT, v); " ROWS(300) " INSERT INTO m SELECT "
						      "'r' || x, x FROM i;",
	  "UPDATE m SET rowid = v, v = rowid" },
	{ "generated columns",
	  "CREATE TABLE m(id INTEGER PRIMARY KEY, a, b AS (a + 1), c AS "
	  "(a * 2) STORED, d); " ROWS(300) " INSERT INTO m(id, a, d) SELECT "
					   "x, x, 'd' FROM i;",
	  "UPDATE m SET a = a + 5, d = id WHERE id > 20" },
	{ "in UTF-16", "PRAGMA encoding = 'UTF-16'; " MANY,
	  "UPDATE m SET name = name || char(228), v = char(8364) || name" },
};

static void updates__of_many_rows(void **state)
{
	(void)state;
	trip_all(updates, ARRAY_LEN(updates));
}

static const struct trip tables[] = {
	{ "a column is dropped", MANY, "ALTER TABLE m DROP COLUMN v" },
	{ "columns are dropped in UTF-16", "PRAGMA encoding = 'UTF-16'; " MANY,
	  "ALTER TABLE m DROP COLUMN v; ALTER TABLE m DROP COLUMN name" },
	{ "a column with a default is dropped",
	  "CREATE TABLE m(id INTEGER PRIMARY KEY, name TEXT, r REAL, v DEFAULT "
	  "'std' NOT NULL); " ROWS(300) " INSERT INTO m SELECT x, x, x, x "
					"FROM i;",
	  "ALTER TABLE m DROP COLUMN v" },
	{ "a column is dropped, rows come and go", MANY,
	  "DELETE FROM m WHERE id % 4 = 1; ALTER TABLE m DROP COLUMN v; "
	  "INSERT INTO m(id, name) SELECT id + 500, 'new' FROM m; UPDATE m SET "
	  "name = 'y' WHERE id % 9 = 0" },
	{ "a table is made anew without some rows", UNIQUE_NAMES,
	  "CREATE TABLE n(id INTEGER PRIMARY KEY, name, r, v2); INSERT INTO n "
	  "SELECT id, name, r, v FROM m WHERE id % 3; DROP TABLE m; "
	  "ALTER TABLE n RENAME TO m" },
	{ "a table goes", MANY, "DROP TABLE m" },
};

static void tables__of_many_rows(void **state)
{
	(void)state;
	trip_all(tables, ARRAY_LEN(tables));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates__of_many_rows),
		cmocka_unit_test(tables__of_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
