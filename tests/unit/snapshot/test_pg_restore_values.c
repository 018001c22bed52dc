#include "pg_trip.h"

/* Values of every type, odd names, and what is there besides the migration. */

static void values__of_every_type(void **state)
{
#define ALL                                                                    \
	"CREATE TYPE e AS ENUM ('a', 'it''s', 'x,y'); CREATE TYPE c AS (x "    \
	"int, y text); CREATE DOMAIN d AS numeric(10, 2) CHECK (VALUE > "      \
	"-100); CREATE TYPE r AS RANGE (SUBTYPE = float8);"                    \
	"CREATE TABLE v (k text PRIMARY KEY, b bool, i2 smallint, i8 bigint, " \
	"n numeric, f4 real, f8 float8, t text, vc varchar(5), ch char(5), "   \
	"qc \"char\", nm name, by bytea, ts timestamp, tz timestamptz, da "    \
	"date, ti time, tt timetz, iv interval, js json, jb jsonb, x xml, u "  \
	"uuid, ip inet, ci cidr, ma macaddr, bi bit(3), vb varbit, mo money, " \
	"ia int[], ta text[], en e, co c, ca c[], dn d, ra int4range, rr r, "  \
	"pt point, po polygon, tv tsvector, tq tsquery, oi oid, rc regclass, " \
	"ls pg_lsn);"                                                          \
	"INSERT INTO v VALUES ('plain', true, -1, 9223372036854775807, "       \
	"12345678901234567890.123456789, 1.1, 0.1, 'x', 'abc', 'ab', 'q', "    \
	"'nm', '\\x00ff', '2020-01-01 12:34:56.789012', '2020-06-01 12:00+02'" \
	", '2020-02-29', '23:59:60', '12:00+05:30', '1 year 2 mons -3 days "   \
	"04:05:06.7', '{\"a\": [1,  2]}', '{\"a\": [1, 2]}', '<a>b</a>', "     \
	"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1/24', "              \
	"'10.0.0.0/8', '08:00:2b:01:02:03', '101', '10101', '12.34', "         \
	"'{1,NULL,3}', '{a,\"b c\",NULL,\"NULL\",\"\"}', 'it''s', "            \
	"'(1,\"a,b\")'"                                                        \
	", ARRAY['(1,q)'::c, NULL], 5.5, '[1,10)', '[1.5,2.5]', '(1,2)', "     \
	"'((0,0),(1,1),(2,0))', 'a:1 b:2', 'a & b', 42, 'pg_class', "          \
	"'0/16B3748');"                                                        \
	"INSERT INTO v (k, n, f4, f8, ts, tz, da, iv, t, ta, ia, by, vc, ch) " \
	"VALUES ('odd', 'NaN', 'NaN', 'Infinity', '-infinity', 'infinity', "   \
	"'infinity', '-178000000 years', E'tab\\tnl\\nbs\\\\cr\\r\\b\\f\\v "   \
	"\\\\N', '{}', '{{1,2},{3,4}}', '', '', '');"                          \
	"INSERT INTO v (k, ts, tz, da, f8, f4, n, t) VALUES ('far', "          \
	"'4713-01-01 BC', '294276-12-31 23:59:59+00', '5874897-12-31', "       \
	"5e-324, 3.4e38, -0.00000000000000000001, repeat('lang ', 50000));"    \
	"INSERT INTO v (k, f8, f4, t) VALUES ('minus', '-0', '-0', "           \
	"E'\\u00e4\\u2028\\U0001F600'), ('', 1, 1, '\\N');"                    \
	"INSERT INTO v (k) VALUES ('null');"
#define NEW                                                                    \
	"UPDATE v SET b = false, i2 = 5, i8 = 5, n = 1, f4 = 2, f8 = 3, t = "  \
	"'new', vc = 'n', ch = 'n', qc = 'z', nm = 'z', by = '\\x01', ts = "   \
	"now(), tz = now(), da = now(), ti = '1:00', tt = '1:00Z', iv = '1 "   \
	"day', js = '1', jb = '2', x = 'z', u = md5(random()::text)::uuid, "   \
	"ip = "                                                                \
	"'1.1.1.1', ci = '1.1.1.1', ma = '01:01:01:01:01:01', bi = '000', vb " \
	"= '1', mo = 9, ia = '{}', ta = NULL, en = 'a', co = NULL, ca = "      \
	"'{}', dn = 1, ra = 'empty', rr = 'empty', pt = '(0,0)', po = NULL, "  \
	"tv = 'z', tq = 'z', oi = 1, rc = NULL, ls = NULL"
	static const struct sample samples[] = {
		{ ALL, NEW },
		{ ALL, "DELETE FROM v" },
		{ ALL, "DROP TABLE v" },
		{ ALL, "TRUNCATE v" },
		{ ALL "ALTER TABLE v DROP CONSTRAINT v_pkey;", NEW },
		{ ALL "ALTER TABLE v DROP CONSTRAINT v_pkey;",
		  "DELETE FROM v WHERE k <> 'plain'" },
		{ ALL, "ALTER TABLE v DROP COLUMN t, DROP COLUMN f8, DROP "
		       "COLUMN ca, DROP COLUMN js" },
		{ ALL, "ALTER TABLE v ALTER f8 TYPE text, ALTER jb TYPE text, "
		       "ALTER n TYPE real USING n::text::real" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void keys__of_many_types(void **state)
{
	static const struct sample samples[] = {
		{ "CREATE TABLE k (a float8, b timestamptz, c text COLLATE "
		  "\"C\", v int, PRIMARY KEY (c, a, b)); INSERT INTO k VALUES "
		  "(0.1, '2020-01-01', E'x\\ty', 1), ('NaN', 'infinity', '', "
		  "2), ('-Infinity', '-infinity', 'Z', 3), (1e300, now(), 'a', "
		  "4);",
		  "UPDATE k SET v = v + 1; DELETE FROM k WHERE v = 3; INSERT "
		  "INTO k VALUES (2, now(), 'new', 9)" },
		{ "CREATE TABLE k (a numeric, b bytea, v int, UNIQUE (a, b)); "
		  "ALTER TABLE k ALTER a SET NOT NULL, ALTER b SET NOT NULL; "
		  "INSERT INTO k VALUES (1.50, '\\x00', 1), ('NaN', '', 2);",
		  "UPDATE k SET v = v + 1; UPDATE k SET a = 3 WHERE v = 2" },
		{ "CREATE TYPE e AS ENUM ('b', 'a'); CREATE TABLE k (a e "
		  "PRIMARY KEY, v int); INSERT INTO k VALUES ('a', 1), ('b', "
		  "2);",
		  "UPDATE k SET v = v + 1" },
		{ "CREATE TYPE e AS ENUM ('b', 'a'); CREATE TABLE k (a e "
		  "PRIMARY KEY, v int); INSERT INTO k VALUES ('a', 1), ('b', "
		  "2);",
		  "UPDATE k SET v = v + 1; ALTER TYPE e ADD VALUE 'c'" },
		{ "CREATE TABLE k (a uuid PRIMARY KEY, v int); INSERT INTO k "
		  "SELECT md5(i::text)::uuid, i FROM generate_series(1, 50) i;",
		  "UPDATE k SET v = v + 1 WHERE v > 20; DELETE FROM k WHERE v "
		  "< 10" },
		{ "CREATE TABLE k (a bigint PRIMARY KEY, v int); INSERT INTO k "
		  "SELECT i * 1000000007::bigint - 25000000000, i FROM "
		  "generate_series(1, 50) i;",
		  "UPDATE k SET v = v + 1 WHERE v > 20; DELETE FROM k WHERE v "
		  "< 10; ALTER TABLE k ALTER a TYPE numeric" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void names__may_be_odd(void **state)
{
#define ODD                                                                  \
	"DROP SCHEMA IF EXISTS \"S.x \"\"q\"\"\" CASCADE; CREATE SCHEMA "    \
	"\"S.x \"\"q\"\"\"; CREATE TABLE "                                   \
	"\"S.x \"\"q\"\"\".\"it's a % t\" (\"Id\" int PRIMARY KEY, \"a b\" " \
	"text DEFAULT 'x''y', \"select\" int, \"c,d\" int); INSERT INTO "    \
	"\"S.x \"\"q\"\"\".\"it's a % t\" VALUES (1, 'q', 2, 3), (2, 'r', "  \
	"3, 4); CREATE VIEW \"V w\" AS SELECT \"a b\" FROM \"S.x "           \
	"\"\"q\"\"\".\"it's a % t\"; CREATE INDEX \"i %s\" ON \"S.x "        \
	"\"\"q\"\"\".\"it's a % t\" (\"select\");"
#define N "\"S.x \"\"q\"\"\".\"it's a % t\""
	static const struct sample samples[] = {
		{ ODD, "UPDATE " N " SET \"a b\" = 'z', \"select\" = 9" },
		{ ODD, "ALTER TABLE " N " DROP COLUMN \"select\"" },
		{ ODD, "ALTER TABLE " N " RENAME \"select\" TO \"from\"; ALTER "
		       "TABLE " N " RENAME TO \"other 'name\"" },
		{ ODD, "ALTER TABLE " N " DROP COLUMN \"a b\" CASCADE" },
		{ ODD, "TRUNCATE " N },
		{ "", "DROP SCHEMA \"S.x \"\"q\"\"\" CASCADE" },
		{ ODD, "ALTER SCHEMA \"S.x \"\"q\"\"\" RENAME TO \"new s\"" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void names__change_and_change_back(void **state)
{
#define TWO                                                               \
	"CREATE TABLE a (id serial PRIMARY KEY, x int, y int CHECK (y > " \
	"0)); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); "  \
	"INSERT INTO a (x, y) VALUES (1, 2), (3, 4); INSERT INTO b "      \
	"VALUES (1, 1); CREATE VIEW v AS SELECT x, y FROM a; CREATE "     \
	"INDEX a_x ON a (x);"
	static const struct sample samples[] = {
		{ TWO, "ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; "
		       "ALTER TABLE c RENAME TO b" },
		{ TWO, "ALTER TABLE a RENAME x TO z; ALTER TABLE a RENAME y TO "
		       "x; ALTER TABLE a RENAME z TO y; UPDATE a SET y = y + "
		       "1" },
		{ TWO, "ALTER TABLE a DROP COLUMN x CASCADE; ALTER TABLE a "
		       "RENAME y TO x; ALTER TABLE a RENAME TO c" },
		{ TWO, "CREATE SCHEMA s3; ALTER TABLE a SET SCHEMA s3" },
		{ TWO, "ALTER SEQUENCE a_id_seq RENAME TO q; SELECT "
		       "nextval('q')" },
		/* equal definitions: which one became which is told */
		{ "CREATE SEQUENCE q; CREATE SEQUENCE r; CREATE TABLE t (id "
		  "serial, k serial); SELECT setval('q', 7), setval('r', 9); "
		  "INSERT INTO t SELECT;",
		  "ALTER SEQUENCE q RENAME TO \"Q\"; ALTER SEQUENCE r RENAME "
		  "TO q; ALTER TABLE t RENAME TO u; ALTER SEQUENCE t_id_seq "
		  "RENAME TO u_id_seq; ALTER SEQUENCE t_k_seq RENAME TO "
		  "u_k_seq; ALTER SEQUENCE u_k_seq INCREMENT 3" },
		{ TWO, "ALTER INDEX a_x RENAME TO a_z; ALTER VIEW v RENAME TO "
		       "w; ALTER TABLE a RENAME CONSTRAINT a_pkey TO pk" },
		{ TWO, "ALTER SCHEMA s RENAME TO s9; ALTER SCHEMA s9 RENAME TO "
		       "s" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

static void sequences__go_back(void **state)
{
	static const struct sample samples[] = {
		{ "CREATE SEQUENCE q; SELECT setval('q', 7);",
		  "SELECT nextval('q'), nextval('q')" },
		{ "CREATE SEQUENCE q;", "SELECT nextval('q')" },
		{ "CREATE SEQUENCE q; SELECT nextval('q');",
		  "ALTER SEQUENCE q RESTART WITH 1000" },
		{ "CREATE SEQUENCE q; ALTER SEQUENCE q RESTART WITH 1000;",
		  "SELECT setval('q', 5000)" },
		{ "CREATE SEQUENCE q; SELECT nextval('q');",
		  "ALTER SEQUENCE q RESTART" },
		{ "CREATE SEQUENCE q; SELECT setval('q', 7);",
		  "DROP SEQUENCE q" },
		{ "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY "
		  "KEY, a int, b int); INSERT INTO t (a) SELECT 1 FROM "
		  "generate_series(1, 9);",
		  "ALTER TABLE t DROP COLUMN a" },
		{ "CREATE TABLE t (id serial PRIMARY KEY, a int, b int); "
		  "INSERT INTO t (a) SELECT 1 FROM generate_series(1, 9);",
		  "TRUNCATE t RESTART IDENTITY" },
		{ "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY "
		  "KEY, a int, b int); INSERT INTO t (a) SELECT 1 FROM "
		  "generate_series(1, 9);",
		  "ALTER TABLE t ALTER id DROP IDENTITY" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values__of_every_type,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(keys__of_many_types, trip_setup,
						trip_teardown),
		cmocka_unit_test_setup_teardown(names__may_be_odd, trip_setup,
						trip_teardown),
		cmocka_unit_test_setup_teardown(names__change_and_change_back,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(sequences__go_back, trip_setup,
						trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
