#include "pg_trip.h"

/* Taking PostgreSQL migrations back: apply, revert, and pg_dump is the same. */

#define T                                                                 \
	"CREATE TABLE t (id int PRIMARY KEY, a text, b int DEFAULT 5, c " \
	"text NOT NULL DEFAULT 'x');"                                     \
	"INSERT INTO t SELECT i, 'a' || i, i * 10, 'c' || i FROM "        \
	"generate_series(1, 20) i;"

static void rows__come_back_by_key(void **state)
{
	static const struct sample samples[] = {
		{ T, "UPDATE t SET a = 'z' WHERE id > 5" },
		{ T, "UPDATE t SET a = NULL, b = b + 1" },
		{ T, "UPDATE t SET a = '', c = E'a\\tb\\n\\\\c'" },
		{ T, "DELETE FROM t WHERE id % 2 = 0" },
		{ T, "INSERT INTO t VALUES (100, 'new'), (101, NULL)" },
		{ T, "UPDATE t SET id = id + 100" },
		{ T, "UPDATE t SET b = 1 WHERE id < 5; UPDATE t SET a = 'q' "
		     "WHERE id BETWEEN 3 AND 8; DELETE FROM t WHERE id = 9; "
		     "INSERT INTO t VALUES (9, 'again'), (50, 'x')" },
		{ T, "TRUNCATE t" },
		{ T "CREATE UNIQUE INDEX u ON t (b);",
		  "UPDATE t SET b = -b; UPDATE t SET b = 210 + b" },
		{ "CREATE TABLE t (a int, b text, PRIMARY KEY (b, a)); INSERT "
		  "INTO t VALUES (1, 'x y'), (2, E'\\t\\\\'), (3, '');",
		  "UPDATE t SET a = a + 10; DELETE FROM t WHERE b = ''" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void rows__come_back_by_content(void **state)
{
#define K                                                           \
	"CREATE TABLE k (a int, b text);"                           \
	"INSERT INTO k VALUES (1, 'x'), (1, 'x'), (NULL, ''), (2, " \
	"NULL), (NULL, NULL), (3, E'\\t\\\\\"');"
	static const struct sample samples[] = {
		{ K, "UPDATE k SET b = 'y' WHERE a = 1" },
		{ K, "DELETE FROM k WHERE a = 1 OR a IS NULL" },
		{ K, "INSERT INTO k VALUES (1, 'x'), (NULL, '')" },
		{ K, "DELETE FROM k; INSERT INTO k VALUES (1, 'x')" },
		{ K, "TRUNCATE k" },
		{ K, "ALTER TABLE k DROP COLUMN b" },
		{ K, "ALTER TABLE k ADD COLUMN c int DEFAULT 3" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void tables__come_and_go(void **state)
{
	static const struct sample samples[] = {
		{ T, "DROP TABLE t" },
		{ T, "CREATE TABLE n (x serial PRIMARY KEY, y int REFERENCES "
		     "t); INSERT INTO n (y) VALUES (1), (2)" },
		{ T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t); "
		    "INSERT INTO f VALUES (1, 2), (2, 3);",
		  "DROP TABLE t CASCADE" },
		{ T, "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, z "
		     "int); INSERT INTO t VALUES (1, 1)" },
		{ T, "ALTER TABLE t RENAME TO u; UPDATE u SET a = 'r'" },
		{ T, "ALTER TABLE t RENAME a TO aa; UPDATE t SET aa = 'r'" },
		{ T, "CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; ALTER "
		     "TABLE n RENAME TO t" },
		{ "CREATE TABLE e (); INSERT INTO e DEFAULT VALUES;",
		  "DROP TABLE e" },
		{ "CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY (START "
		  "WITH 5), a int, d int GENERATED ALWAYS AS (a * 2) STORED); "
		  "INSERT INTO g (a) VALUES (1), (2);",
		  "DROP TABLE g" },
		{ "CREATE TABLE g (id serial PRIMARY KEY, a int); INSERT INTO "
		  "g (a) VALUES (1), (2);",
		  "DROP TABLE g" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void columns__come_and_go(void **state)
{
	static const struct sample samples[] = {
		{ T, "ALTER TABLE t DROP COLUMN c" },
		{ T, "ALTER TABLE t DROP COLUMN a" },
		{ T, "ALTER TABLE t DROP COLUMN id" },
		{ T, "ALTER TABLE t ADD COLUMN d int; UPDATE t SET d = id" },
		{ T, "ALTER TABLE t ADD COLUMN d int NOT NULL DEFAULT 7; "
		     "CREATE INDEX ON t (d)" },
		{ T, "ALTER TABLE t ALTER COLUMN b TYPE text USING 'n' || b" },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE varchar(10)" },
		{ T, "ALTER TABLE t ALTER COLUMN id TYPE bigint" },
		{ T, "ALTER TABLE t ALTER COLUMN c DROP NOT NULL; UPDATE t SET "
		     "c = NULL" },
		{ T, "ALTER TABLE t ALTER COLUMN c DROP DEFAULT, ALTER b SET "
		     "DEFAULT 9" },
		{ T, "ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a "
		     "int" },
		{ T "CREATE VIEW v AS SELECT a, c FROM t; CREATE VIEW w AS "
		    "SELECT * FROM v; CREATE INDEX i ON t (a); COMMENT ON "
		    "COLUMN t.a IS 'it''s'; COMMENT ON VIEW w IS 'w';",
		  "DROP VIEW w; DROP VIEW v; ALTER TABLE t DROP COLUMN a" },
		/* its body names the type as the session's own path finds it */
		{ "DROP TYPE IF EXISTS public.two; CREATE TYPE public.two AS "
		  "(a int, b int); SET search_path = s, public; CREATE "
		  "FUNCTION "
		  "f(text) RETURNS two IMMUTABLE LANGUAGE sql AS $$SELECT "
		  "(length($1), 2)::two WHERE $1 <> ''$$; CREATE TABLE t (id "
		  "int PRIMARY KEY, n text, g two GENERATED ALWAYS AS (f(n)) "
		  "STORED, z int); INSERT INTO t (id, n) VALUES (1, 'x'), (2, "
		  "'');",
		  "ALTER TABLE t DROP COLUMN g; DROP FUNCTION f(text)" },
		/* f keeps its place, t is made anew, and the key with it */
		{ T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t); "
		    "INSERT INTO f VALUES (1, 2), (2, 3);",
		  "TRUNCATE t CASCADE; ALTER TABLE t DROP COLUMN a" },
		{ T, "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0), ADD "
		     "CONSTRAINT u UNIQUE (a); CREATE INDEX i ON t (b)" },
		{ T "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0); ALTER TABLE "
		    "t ADD CONSTRAINT u UNIQUE (a); CREATE INDEX i ON t (b);",
		  "ALTER TABLE t DROP CONSTRAINT k, DROP CONSTRAINT u; DROP "
		  "INDEX i; UPDATE t SET b = -1, a = 'same'" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows__come_back_by_key,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(rows__come_back_by_content,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(tables__come_and_go, trip_setup,
						trip_teardown),
		cmocka_unit_test_setup_teardown(columns__come_and_go,
						trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
