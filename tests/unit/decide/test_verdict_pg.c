#include "unit/decide/sql_pairs.h"

/* From SQL to a verdict, on PostgreSQL; what both orders really do was tried
 * on a server. */

#define T "CREATE TABLE t (id int PRIMARY KEY, a int, s text);"

static void privileges__of_what_comes(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "CREATE TABLE u (id int)", ORDER },
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "CREATE VIEW v AS SELECT a FROM t", ORDER },
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "CREATE TABLE other.u (id int)", INDEPENDENT },
		{ T, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO app",
		  "CREATE TABLE u (id int)", INDEPENDENT },
		{ T, "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO app",
		  "CREATE TABLE u (id serial)", ORDER },
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "ALTER TABLE t RENAME TO u", INDEPENDENT },
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "DROP TABLE t", INDEPENDENT },
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "ALTER TABLE t SET SCHEMA other", CONFLICT },
		{ T, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app",
		  "ALTER TABLE t ADD COLUMN b int", INDEPENDENT },
		{ T,
		  "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON "
		  "TABLES TO app",
		  "CREATE TABLE u (id int)", ORDER },
		{ T,
		  "ALTER DEFAULT PRIVILEGES IN SCHEMA other GRANT SELECT ON "
		  "TABLES TO app",
		  "CREATE TABLE u (id int)", INDEPENDENT },
		{ T, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app",
		  "CREATE TABLE other.u (id int)", ORDER },
		{ T, "ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO app",
		  "CREATE TYPE e AS ENUM ('x')", ORDER },
		{ T, "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO app",
		  "CREATE SCHEMA n", ORDER },
		{ T, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app",
		  "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO web",
		  INDEPENDENT },
		{ T, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app",
		  "ALTER TABLE t RENAME TO u", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void keys__that_are_computed(void **state)
{
	static const char mod[] = T "CREATE UNIQUE INDEX i ON t ((a % 7));";
	static const char low[] = T "CREATE UNIQUE INDEX i ON t (lower(s));";
	static const struct sql_pair pairs[] = {
		{ mod, "INSERT INTO t VALUES (1, 1)",
		  "INSERT INTO t VALUES (2, 8)", ORDER },
		{ mod, "UPDATE t SET a = 1 WHERE id = 5",
		  "UPDATE t SET a = 8 WHERE id = 6", ORDER },
		{ mod, "UPDATE t SET a = 1 WHERE id = 5",
		  "INSERT INTO t VALUES (2, 8)", ORDER },
		{ mod, "UPDATE t SET a = 1 WHERE id = 5",
		  "UPDATE t SET s = 'x' WHERE id = 6", INDEPENDENT },
		{ low, "INSERT INTO t VALUES (1, 1, 'x')",
		  "INSERT INTO t VALUES (2, 8, 'X')", CONFLICT },
		{ low, "INSERT INTO t VALUES (1, 1, 'x')",
		  "INSERT INTO t VALUES (2, 8, 'z')", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void constants__that_fit(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T, "ALTER TABLE t ADD CHECK (a < 4)",
		  "INSERT INTO t VALUES (1, 3)", INDEPENDENT },
		{ T, "ALTER TABLE t ADD CHECK (a < 4)",
		  "INSERT INTO t VALUES (1, 4)", CONFLICT },
		{ T, "ALTER TABLE t ADD CHECK (4 > a AND s IN ('x', 'y'))",
		  "INSERT INTO t VALUES (1, 3, 'x')", INDEPENDENT },
		{ T, "ALTER TABLE t ADD CHECK (a < 4 OR s = 'x')",
		  "INSERT INTO t VALUES (1, 3, 'x')", CONFLICT },
		{ T, "ALTER TABLE t ADD CHECK (a BETWEEN 1 AND 3)",
		  "UPDATE t SET a = 2", INDEPENDENT },
		{ T, "ALTER TABLE t ADD CHECK (length(s) <= 3)",
		  "UPDATE t SET s = 'red'", INDEPENDENT },
		{ T, "ALTER TABLE t ADD CHECK (s = ANY (ARRAY['a', 'b']))",
		  "UPDATE t SET s = 'b' WHERE id = 1", INDEPENDENT },
		{ T, "ALTER TABLE t ADD CHECK (a < 4) NOT VALID",
		  "UPDATE t SET s = 'x'", CONFLICT },
		{ T, "ALTER TABLE t ADD CHECK (a IS NOT NULL)",
		  "INSERT INTO t (id) VALUES (1)", CONFLICT },
		{ T, "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t (id)",
		  "INSERT INTO t (id, s) VALUES (1, 'x')", INDEPENDENT },
		{ "CREATE TABLE t (id serial PRIMARY KEY, a int)",
		  "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t (id)",
		  "INSERT INTO t DEFAULT VALUES", INDEPENDENT },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE bigint",
		  "INSERT INTO t VALUES (1, 3)", INDEPENDENT },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE text",
		  "INSERT INTO t VALUES (1, 3)", INDEPENDENT },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE text USING 'n' || a",
		  "INSERT INTO t (id, a) VALUES (1, 3)", CONFLICT },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE bigint",
		  "UPDATE t SET a = 3 WHERE s = 'x'", INDEPENDENT },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE bigint",
		  "UPDATE t SET a = a + 1", CONFLICT },
		{ T, "ALTER TABLE t ALTER COLUMN s TYPE text COLLATE \"C\"",
		  "ALTER TABLE t ALTER COLUMN s TYPE text", ORDER },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE bigint",
		  "ALTER TABLE t ALTER COLUMN a SET DEFAULT 3", INDEPENDENT },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE text",
		  "ALTER TABLE t ALTER COLUMN a SET DEFAULT 3", ORDER },
		{ T, "ALTER TABLE t ALTER COLUMN a TYPE text",
		  "ALTER TABLE t ALTER COLUMN a DROP DEFAULT", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void tables__made_after_others(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T, "CREATE TABLE u (b int) INHERITS (t)",
		  "ALTER TABLE t ADD COLUMN c int", INDEPENDENT },
		{ T, "CREATE TABLE u (b int) INHERITS (t)",
		  "ALTER TABLE t ADD COLUMN b text", CONFLICT },
		{ T, "CREATE TABLE u (b int) INHERITS (t)",
		  "ALTER TABLE t ALTER COLUMN a SET STATISTICS 10", ORDER },
		{ T, "CREATE TABLE u (b int) INHERITS (t)",
		  "ALTER TABLE t DROP COLUMN a", INDEPENDENT },
		{ T, "CREATE TABLE u (LIKE t)",
		  "ALTER TABLE t ADD COLUMN b int", ORDER },
		{ T, "CREATE TABLE u (LIKE t)",
		  "ALTER TABLE t ALTER COLUMN a SET NOT NULL", ORDER },
		{ T, "CREATE UNIQUE INDEX i ON t (s, id)",
		  "INSERT INTO t VALUES (1, 2)", INDEPENDENT },
		{ T, "CREATE UNIQUE INDEX i ON t ((id % 2))",
		  "INSERT INTO t VALUES (1, 2)", CONFLICT },
		{ T, "ALTER TABLE t ADD UNIQUE (s, id)",
		  "ALTER TABLE t DROP CONSTRAINT t_pkey", CONFLICT },
		{ T, "CREATE TABLE u (LIKE t)", "CREATE INDEX i ON t (a)",
		  INDEPENDENT },
		{ T, "CREATE TABLE u (LIKE t INCLUDING ALL)",
		  "CREATE INDEX i ON t (a)", ORDER },
		{ T, "CREATE TABLE u (LIKE t INCLUDING ALL)",
		  "INSERT INTO t VALUES (1)", INDEPENDENT },
		{ T "CREATE TABLE u (LIKE t INCLUDING ALL)",
		  "INSERT INTO u VALUES (1, 2)", "INSERT INTO u VALUES (1, 3)",
		  CONFLICT },
		{ T "CREATE TABLE u (LIKE t)", "INSERT INTO u VALUES (1, 2)",
		  "INSERT INTO u VALUES (1, 3)", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

#define PARTS                                                       \
	"CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);"     \
	"CREATE TABLE q PARTITION OF p DEFAULT;"                    \
	"CREATE TABLE k PARTITION OF p FOR VALUES FROM (1) TO (4);" \
	"CREATE TABLE c (a int, b int)"
#define NEW(name, bounds) \
	"CREATE TABLE " name " PARTITION OF p FOR VALUES " bounds

static void partitions_and_heirs(void **state)
{
	static const struct sql_pair pairs[] = {
		{ PARTS, NEW("d", "FROM (5) TO (9)"),
		  NEW("e", "FROM (6) TO (14)"), CONFLICT },
		{ PARTS, NEW("d", "FROM (5) TO (9)"),
		  NEW("e", "FROM (9) TO (14)"), INDEPENDENT },
		{ PARTS, NEW("d", "FROM ('2020-01-01') TO ('2020-02-01')"),
		  NEW("e", "FROM ('2020-02-01') TO ('2020-03-01')"),
		  INDEPENDENT },
		{ PARTS, NEW("d", "FROM ('2020-01-01') TO ('2020-2-1')"),
		  NEW("e", "FROM ('2020-02-01') TO ('2020-03-01')"), CONFLICT },
		{ PARTS, NEW("d", "IN ('red', 'blue')"), NEW("e", "IN ('old')"),
		  INDEPENDENT },
		{ PARTS, NEW("d", "IN ('red', 'blue')"),
		  NEW("e", "IN ('blue')"), CONFLICT },
		{ PARTS, NEW("d", "FROM (MINVALUE) TO (9)"),
		  NEW("e", "FROM (9) TO (14)"), CONFLICT },
		{ PARTS, NEW("d", "FROM (5) TO (9)"),
		  "INSERT INTO p VALUES (6, 1)", ORDER },
		{ PARTS, NEW("d", "FROM (5) TO (9)"), "DELETE FROM p",
		  INDEPENDENT },
		{ PARTS, NEW("d", "FROM (5) TO (9)"),
		  "ALTER TABLE p ADD COLUMN n int", INDEPENDENT },
		{ PARTS,
		  "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (5) TO "
		  "(9)",
		  "DELETE FROM p", ORDER },
		{ PARTS,
		  "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (5) TO "
		  "(9)",
		  NEW("d", "FROM (8) TO (14)"), CONFLICT },
		{ PARTS,
		  "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (5) TO "
		  "(9)",
		  "ALTER TABLE p ALTER COLUMN b SET DEFAULT 1", ORDER },
		{ PARTS, "ALTER TABLE p DETACH PARTITION k",
		  "INSERT INTO p VALUES (2, 1)", ORDER },
		{ PARTS, "ALTER TABLE p DETACH PARTITION k",
		  "CREATE INDEX i ON p (a)", ORDER },
		{ PARTS, "ALTER TABLE p DETACH PARTITION k",
		  "UPDATE k SET b = 1", INDEPENDENT },
		{ PARTS, "ALTER TABLE k RENAME TO n",
		  "INSERT INTO p VALUES (2, 1)", INDEPENDENT },
		{ PARTS, "ALTER TABLE p RENAME COLUMN b TO n",
		  "INSERT INTO k (a, b) VALUES (2, 1)", CONFLICT },
		{ PARTS, "ALTER TABLE p DROP COLUMN b", "UPDATE k SET b = 1",
		  CONFLICT },
		{ T "CREATE TABLE h (a int)", "ALTER TABLE h INHERIT t",
		  "DELETE FROM t", ORDER },
		{ T "CREATE TABLE h (a int)", "ALTER TABLE h INHERIT t",
		  "INSERT INTO t VALUES (1)", INDEPENDENT },
		{ T "CREATE TABLE h () INHERITS (t)",
		  "ALTER TABLE h NO INHERIT t", "DELETE FROM h WHERE a = 1",
		  INDEPENDENT },
		{ T "CREATE TABLE h () INHERITS (t)",
		  "ALTER TABLE h NO INHERIT t", "UPDATE t SET a = 1", ORDER },
	};

	(void)state;
	expect_pairs(pairs);
}

static void domains_defaults_and_the_like(void **state)
{
	static const char day[] = "CREATE DOMAIN d AS int; CREATE TABLE t (id "
				  "int, a d, n int DEFAULT 3)";
	static const char code[] =
		T "CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql AS "
		  "'SELECT 1'; CREATE SEQUENCE s";
	const struct sql_pair pairs[] = {
		{ day, "ALTER DOMAIN d ADD CHECK (VALUE < 3)",
		  "INSERT INTO t VALUES (1, 5)", ORDER },
		{ day, "ALTER DOMAIN d SET DEFAULT 3",
		  "INSERT INTO t (id) VALUES (1)", ORDER },
		{ day, "ALTER DOMAIN d SET DEFAULT 3",
		  "INSERT INTO t (id, a) VALUES (1, 2)", INDEPENDENT },
		{ day, "ALTER DOMAIN d SET DEFAULT 3",
		  "ALTER TABLE t ADD COLUMN z d", ORDER },
		{ day, "ALTER DOMAIN d ADD CHECK (VALUE < 3)",
		  "UPDATE t SET n = 1", INDEPENDENT },
		{ day, "ALTER TABLE t ADD CHECK (n < 4)",
		  "INSERT INTO t (id) VALUES (1)", INDEPENDENT },
		{ day, "ALTER TABLE t ADD CHECK (n < 3)",
		  "INSERT INTO t (id) VALUES (1)", CONFLICT },
		{ day, "ALTER TABLE t ADD CHECK (n < 4)",
		  "ALTER TABLE t ALTER n SET DEFAULT 5; INSERT INTO t (id) "
		  "VALUES (1)",
		  CONFLICT },
		{ day, "ALTER TABLE t ADD CHECK (a IS NOT NULL)",
		  "INSERT INTO t (id) VALUES (1)", CONFLICT },
		{ T, "CREATE INDEX i ON t (a)",
		  "ALTER TABLE t ALTER COLUMN a TYPE text", INDEPENDENT },
		{ T, "CREATE INDEX i ON t (a)",
		  "ALTER TABLE t ALTER COLUMN a TYPE json USING NULL",
		  CONFLICT },
		{ T, "CREATE UNIQUE INDEX i ON t (a)",
		  "ALTER TABLE t ALTER COLUMN a TYPE text", CONFLICT },
		{ T, "CREATE INDEX i ON t ((a + 1))",
		  "ALTER TABLE t ALTER COLUMN a TYPE bigint", CONFLICT },
		{ T "CREATE TABLE o (t int CONSTRAINT fk REFERENCES t ON "
		    "DELETE CASCADE)",
		  "DELETE FROM t WHERE id = 1",
		  "ALTER TABLE o RENAME CONSTRAINT fk TO k", INDEPENDENT },
		{ T "CREATE TABLE o (t int CONSTRAINT fk REFERENCES t ON "
		    "DELETE CASCADE)",
		  "DELETE FROM t WHERE id = 1",
		  "ALTER TABLE o DROP CONSTRAINT fk", ORDER },
		{ code,
		  "CREATE OR REPLACE FUNCTION f(i int) RETURNS int LANGUAGE "
		  "sql AS 'SELECT 2'",
		  "ALTER TABLE t ALTER COLUMN a SET DEFAULT f(1)",
		  INDEPENDENT },
		{ code,
		  "CREATE OR REPLACE FUNCTION f(i int) RETURNS int LANGUAGE "
		  "sql AS 'SELECT 2'",
		  "INSERT INTO t VALUES (1, f(1))", ORDER },
		{ code,
		  "CREATE OR REPLACE FUNCTION f(i int) RETURNS int LANGUAGE "
		  "sql AS 'SELECT 2'",
		  "DROP FUNCTION f(int)", CONFLICT },
		{ code, "SELECT nextval('s'); CREATE TABLE u (a int)",
		  "SELECT nextval('s')", INDEPENDENT },
		{ code, "INSERT INTO t VALUES (nextval('s'))",
		  "SELECT nextval('s')", ORDER },
		{ code, "ALTER SEQUENCE s RESTART",
		  "ALTER SEQUENCE s OWNED BY t.id", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void indexes__that_move_along(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T "CREATE INDEX i ON t (a)", "DROP INDEX IF EXISTS i",
		  "ALTER TABLE t SET SCHEMA n", CONFLICT },
		{ T "CREATE INDEX i ON t (a)", "DROP INDEX IF EXISTS i",
		  "ALTER TABLE t DROP COLUMN a", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void rules_and_types(void **state)
{
	static const char mood[] = "CREATE TYPE mood AS ENUM ('ok', 'bad');"
				   "CREATE TABLE m (id int, m mood)";
	const struct sql_pair pairs[] = {
		{ T, "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
		  "INSERT INTO t VALUES (1)", INDEPENDENT },
		{ T, "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
		  "INSERT INTO t VALUES (1)", ORDER },
		{ T, "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING",
		  "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", CONFLICT },
		{ T, "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
		  "MERGE INTO t USING (SELECT 1 AS x) u ON t.id = u.x WHEN "
		  "MATCHED THEN DELETE",
		  CONFLICT },
		{ T "CREATE TABLE u (x int)", "TRUNCATE t",
		  "MERGE INTO t USING u ON t.id = u.x WHEN MATCHED THEN UPDATE "
		  "SET a = 1",
		  INDEPENDENT },
		{ T "CREATE TABLE u (x int)", "TRUNCATE t",
		  "MERGE INTO t USING u ON t.id = u.x WHEN NOT MATCHED THEN "
		  "INSERT VALUES (1)",
		  ORDER },
		{ mood, "ALTER TYPE mood RENAME TO state",
		  "INSERT INTO m VALUES (1, 'ok')", INDEPENDENT },
		{ mood, "ALTER TYPE mood RENAME TO state",
		  "INSERT INTO m VALUES (1, 'ok'::mood)", CONFLICT },
		{ mood, "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
		  "INSERT INTO m VALUES (1, 'ok')", CONFLICT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void variables__that_are_constants(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T,
		  "DO $$ DECLARE n text := 't'; BEGIN EXECUTE format('ALTER "
		  "TABLE %I ADD COLUMN b int', n); END $$",
		  "ALTER TABLE t ADD COLUMN c int", INDEPENDENT },
		{ T,
		  "DO $$ DECLARE n text := 't'; BEGIN EXECUTE format('ALTER "
		  "TABLE %I ADD COLUMN b int', n); END $$",
		  "ALTER TABLE t ADD COLUMN b text", CONFLICT },
		{ T,
		  "DO $$ DECLARE n text := 't'; BEGIN n := 'u'; EXECUTE "
		  "format('ALTER TABLE %I ADD COLUMN b int', n); END $$",
		  "ALTER TABLE t ADD COLUMN c int", VERDICT_UNCERTAIN },
		{ T,
		  "DO $$ DECLARE n text := 't'; BEGIN SELECT 'u' INTO n; "
		  "EXECUTE format('ALTER TABLE %I ADD COLUMN b int', n); "
		  "END $$",
		  "ALTER TABLE t ADD COLUMN c int", VERDICT_UNCERTAIN },
		{ T,
		  "DO $$ DECLARE n text := 't'; BEGIN FOR n IN SELECT s FROM "
		  "t LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN b int', "
		  "n); END LOOP; END $$",
		  "ALTER TABLE t ADD COLUMN c int", VERDICT_UNCERTAIN },
	};

	(void)state;
	expect_pairs(pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privileges__of_what_comes),
		cmocka_unit_test(keys__that_are_computed),
		cmocka_unit_test(constants__that_fit),
		cmocka_unit_test(tables__made_after_others),
		cmocka_unit_test(partitions_and_heirs),
		cmocka_unit_test(domains_defaults_and_the_like),
		cmocka_unit_test(indexes__that_move_along),
		cmocka_unit_test(rules_and_types),
		cmocka_unit_test(variables__that_are_constants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
