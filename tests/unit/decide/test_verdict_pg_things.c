#include "unit/decide/sql_pairs.h"

/* Owners, publications, labels, rules: what both orders really do was tried on
 * a server. */

#define T                                             \
	"CREATE TABLE t (id int PRIMARY KEY, a int);" \
	"CREATE TABLE n (a int, b int);"
#define E                                                   \
	"CREATE TYPE e AS ENUM ('x', 'y');"                 \
	"CREATE TABLE t (id int PRIMARY KEY, k e, s text);" \
	"CREATE TABLE u (k e); CREATE VIEW v0 AS SELECT k FROM t;"
#define R "ALTER TYPE e RENAME VALUE 'x' TO 'w'"
#define PUBLISH "CREATE PUBLICATION p FOR TABLE "

static void owners(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T, "ALTER TABLE t OWNER TO app",
		  "REVOKE SELECT ON t FROM app", ORDER },
		{ T, "ALTER TABLE t OWNER TO app", "GRANT SELECT ON t TO app",
		  INDEPENDENT },
		{ T, "ALTER TABLE t OWNER TO app",
		  "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM app",
		  ORDER },
		{ T, "ALTER TABLE t OWNER TO app", "DROP ROLE app", CONFLICT },
		{ "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		  "ALTER FUNCTION f() OWNER TO app",
		  "REVOKE EXECUTE ON FUNCTION f() FROM app", ORDER },
		{ "CREATE TABLE s (id serial)", "ALTER TABLE s OWNER TO app",
		  "REVOKE USAGE ON SEQUENCE s_id_seq FROM app", ORDER },
		{ T "CREATE SEQUENCE q", "ALTER TABLE t OWNER TO app",
		  "ALTER SEQUENCE q OWNED BY t.a", ORDER },
		{ T "CREATE SEQUENCE q", "ALTER SEQUENCE q OWNER TO app",
		  "ALTER SEQUENCE q OWNED BY t.a", CONFLICT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void publications(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T, PUBLISH "n", "UPDATE n SET a = 4", CONFLICT },
		{ T, PUBLISH "n", "DELETE FROM n", CONFLICT },
		{ T, PUBLISH "n", "INSERT INTO n VALUES (1)", INDEPENDENT },
		{ T, PUBLISH "n", "TRUNCATE n", INDEPENDENT },
		{ T, PUBLISH "n WITH (publish = 'insert')",
		  "UPDATE n SET a = 4", INDEPENDENT },
		{ T, PUBLISH "t", "UPDATE t SET a = 4", INDEPENDENT },
		{ T, PUBLISH "t (a)", "UPDATE t SET a = 4", CONFLICT },
		{ T, PUBLISH "t WHERE (a > 3)", "DELETE FROM t", CONFLICT },
		{ T, PUBLISH "t (a)", "ALTER TABLE t DROP COLUMN a", CONFLICT },
		{ T, PUBLISH "t", "ALTER TABLE t DROP COLUMN a", INDEPENDENT },
		{ T, "CREATE PUBLICATION p FOR ALL TABLES",
		  "UPDATE n SET a = 4", CONFLICT },
		{ T, "CREATE PUBLICATION p FOR ALL TABLES",
		  "UPDATE t SET a = 4", INDEPENDENT },
		{ T, "CREATE PUBLICATION p FOR TABLES IN SCHEMA public",
		  "DELETE FROM n", CONFLICT },
		{ T "CREATE SCHEMA o",
		  "CREATE PUBLICATION p FOR TABLES IN SCHEMA o",
		  "DROP SCHEMA o", CONFLICT },
		{ T, PUBLISH "n", "ALTER TABLE n SET UNLOGGED", CONFLICT },
		{ T, PUBLISH "n",
		  "ALTER TABLE n REPLICA IDENTITY FULL; UPDATE n SET a = 4",
		  INDEPENDENT },
		{ T PUBLISH "t", "UPDATE t SET a = 4",
		  "ALTER TABLE t REPLICA IDENTITY NOTHING", ORDER },
		{ T PUBLISH "t", "UPDATE t SET a = 4",
		  "ALTER TABLE t DROP CONSTRAINT t_pkey", CONFLICT },
		{ T PUBLISH "n WITH (publish = 'insert')", "UPDATE n SET a = 4",
		  "ALTER PUBLICATION p SET (publish = 'update')", CONFLICT },
		{ T PUBLISH "t", "UPDATE n SET a = 4",
		  "ALTER PUBLICATION p ADD TABLE n", CONFLICT },
		{ T PUBLISH "t", "ALTER PUBLICATION p ADD TABLE n",
		  "ALTER PUBLICATION p ADD TABLE n; INSERT INTO n VALUES (1)",
		  CONFLICT },
		{ T, PUBLISH "t", "CREATE TABLE h () INHERITS (t)", ORDER },
		{ T "CREATE TABLE h () INHERITS (t)", PUBLISH "t",
		  "ALTER TABLE h NO INHERIT t", ORDER },
		{ T "CREATE TABLE h () INHERITS (t)", PUBLISH "t",
		  "UPDATE h SET a = 3", CONFLICT },
		{ T "CREATE TABLE h () INHERITS (t)", PUBLISH "t",
		  "DROP TABLE h", INDEPENDENT },
		{ T "CREATE TABLE h () INHERITS (t)", PUBLISH "t",
		  "ALTER TABLE h RENAME TO hh", INDEPENDENT },
		{ T PUBLISH "t", "COMMENT ON PUBLICATION p IS 'x'",
		  "DROP TABLE t CASCADE", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void statistics(void **state)
{
	static const struct sql_pair pairs[] = {
		{ T, "CREATE STATISTICS x ON id, a FROM t",
		  "CREATE TABLE l (LIKE t INCLUDING ALL)", ORDER },
		{ T "CREATE STATISTICS x ON id, a FROM t", "DROP STATISTICS x",
		  "CREATE TABLE l (LIKE t INCLUDING ALL)", ORDER },
		{ T, "CREATE STATISTICS x ON id, a FROM t",
		  "CREATE TABLE l (LIKE t)", INDEPENDENT },
		{ T, "CREATE STATISTICS x ON id, a FROM t",
		  "CREATE STATISTICS y ON a, id FROM t", INDEPENDENT },
		{ T, "CREATE STATISTICS x ON id, a FROM t",
		  "UPDATE t SET a = 1", INDEPENDENT },
		{ T, "ALTER TABLE t ALTER COLUMN a SET STATISTICS 10",
		  "ALTER TABLE t ALTER COLUMN a SET STATISTICS 20", ORDER },
	};

	(void)state;
	expect_pairs(pairs);
}

static void labels(void **state)
{
	static const struct sql_pair pairs[] = {
		{ E, R, "CREATE VIEW v AS SELECT id FROM t WHERE k = 'x'",
		  CONFLICT },
		{ E, R, "CREATE VIEW v AS SELECT id FROM t WHERE k = 'y'",
		  INDEPENDENT },
		{ E, R, "CREATE VIEW v AS SELECT id FROM t WHERE s = 'x'",
		  INDEPENDENT },
		{ E, R,
		  "CREATE VIEW v AS SELECT 1 FROM v0 WHERE k IN ('y', 'x')",
		  CONFLICT },
		{ E, R,
		  "CREATE VIEW v AS SELECT CASE k WHEN 'x' THEN 1 END FROM t",
		  CONFLICT },
		{ E, R, "CREATE VIEW v AS SELECT coalesce(k, 'x') FROM t",
		  CONFLICT },
		{ E, R, "ALTER TABLE t ADD CHECK (k <> 'x')", CONFLICT },
		{ E, R, "CREATE INDEX ON t (id) WHERE k = 'x'", CONFLICT },
		{ E, R, "CREATE POLICY p ON t USING (k = 'x')", CONFLICT },
		{ E, R,
		  "CREATE RULE r AS ON UPDATE TO t WHERE OLD.k = 'x' DO ALSO "
		  "DELETE FROM u",
		  CONFLICT },
		{ E, R,
		  "CREATE RULE r AS ON UPDATE TO t DO ALSO UPDATE u SET k = "
		  "'x'",
		  CONFLICT },
		{ E, R,
		  "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT id "
		  "FROM t WHERE k = 'x'$$",
		  CONFLICT },
		{ E, R, "DELETE FROM t USING u WHERE t.k = u.k AND u.k = 'x'",
		  CONFLICT },
		{ E, R, "INSERT INTO u SELECT 'x' FROM t", CONFLICT },
		{ E, R, "INSERT INTO u (k) SELECT 'y' FROM t", INDEPENDENT },
		{ E, R, "ALTER TABLE t ALTER COLUMN k SET DEFAULT 'x'",
		  CONFLICT },
		{ E, R, "CREATE DOMAIN d AS e DEFAULT 'x'", CONFLICT },
		{ E, R, "ALTER TABLE t ALTER COLUMN s TYPE e USING s::e",
		  ORDER },
	};

	(void)state;
	expect_pairs(pairs);
}

static void rules__that_do_something_for_rows(void **state)
{
	static const char on_update[] =
		T "CREATE RULE r AS ON UPDATE TO n DO ALSO UPDATE t SET a = 9";
	static const char on_delete[] =
		T "CREATE RULE r AS ON DELETE TO n DO ALSO UPDATE t SET a = 9";
	static const char nothing[] =
		T "CREATE RULE r AS ON UPDATE TO n DO INSTEAD NOTHING";
	const struct sql_pair pairs[] = {
		{ on_update, "UPDATE n SET a = 3", "TRUNCATE n", ORDER },
		{ on_update, "UPDATE n SET a = 3", "DELETE FROM n", ORDER },
		{ nothing, "UPDATE n SET a = 3", "TRUNCATE n", INDEPENDENT },
		{ on_delete, "DELETE FROM n WHERE b = 1", "TRUNCATE n", ORDER },
		{ on_delete, "DELETE FROM n WHERE b = 1",
		  "DELETE FROM n WHERE a = 1", INDEPENDENT },
		{ T "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
		  "REFRESH MATERIALIZED VIEW m; DROP TABLE n",
		  "REFRESH MATERIALIZED VIEW m", INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void names__that_the_server_makes_up(void **state)
{
	static const char check[] = T "ALTER TABLE t ADD CHECK (a < 100)";
	static const char idx[] = T "CREATE INDEX ON t (a)";
	static const char seq[] = T "CREATE SEQUENCE t_b_seq";
	const struct sql_pair pairs[] = {
		{ check, "ALTER TABLE t DROP CONSTRAINT t_a_check",
		  "ALTER TABLE t ADD CHECK (a < 90)", CONFLICT },
		{ check, "ALTER TABLE t RENAME CONSTRAINT t_a_check TO k",
		  "ALTER TABLE t ADD CHECK (a < 90)", CONFLICT },
		{ check, "ALTER TABLE t RENAME CONSTRAINT t_a_check TO k",
		  "ALTER TABLE t ADD CHECK (id < 90)", INDEPENDENT },
		{ idx, "DROP INDEX t_a_idx",
		  "CREATE INDEX ON t (a) WHERE a > 1", CONFLICT },
		{ idx, "ALTER INDEX t_a_idx RENAME TO q",
		  "CREATE INDEX ON t (a)", CONFLICT },
		{ seq, "DROP SEQUENCE t_b_seq",
		  "ALTER TABLE t ADD COLUMN b serial", CONFLICT },
		{ seq, "ALTER SEQUENCE t_b_seq RENAME TO q",
		  "ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS IDENTITY",
		  CONFLICT },
	};

	(void)state;
	expect_pairs(pairs);
}

#define P                                                                 \
	"CREATE TABLE p (id int, a int, s text) PARTITION BY RANGE (id);" \
	"CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10);"     \
	"CREATE TABLE p2 PARTITION OF p DEFAULT;"
#define NEW_PART(name, from, to)                                      \
	"CREATE TABLE " name " PARTITION OF p FOR VALUES FROM (" from \
	") TO (" to ")"
#define C                                       \
	P "ALTER TABLE p ADD PRIMARY KEY (id);" \
	  "CREATE TABLE c (x int, y int);"
#define F "ALTER TABLE c ADD CONSTRAINT f1 FOREIGN KEY (x) REFERENCES p"

static void partitions__have_what_their_parent_has(void **state)
{
	static const char index[] = P "CREATE INDEX i0 ON p (a)";
	const struct sql_pair pairs[] = {
		{ P, "ALTER TABLE p ADD CONSTRAINT k CHECK (a < 30)",
		  "INSERT INTO p1 VALUES (5, 50)", CONFLICT },
		{ P, "ALTER TABLE p ADD CONSTRAINT k CHECK (a < 30)",
		  "INSERT INTO p1 VALUES (5, 5)", INDEPENDENT },
		{ P, "CREATE UNIQUE INDEX u ON p (id)",
		  "INSERT INTO p1 VALUES (1)", CONFLICT },
		{ P, "ALTER TABLE p ADD PRIMARY KEY (id)",
		  "ALTER TABLE p1 ADD PRIMARY KEY (id)", CONFLICT },
		{ P, "CREATE INDEX i1 ON p (a) WHERE a > 3",
		  "CREATE INDEX i2 ON p (a)", ORDER },
		{ P, "CREATE INDEX i1 ON p (a)", "CREATE INDEX i2 ON p (a)",
		  INDEPENDENT },
		{ P, "CREATE INDEX i1 ON p (a)", "CREATE INDEX i2 ON p1 (a)",
		  ORDER },
		{ P, "CREATE INDEX i1 ON ONLY p (a)",
		  "CREATE INDEX i2 ON p1 (a)", INDEPENDENT },
		{ index, "DROP INDEX i0", "CREATE INDEX i1 ON p (a)",
		  CONFLICT },
		{ index, "ALTER INDEX i0 RENAME TO j",
		  "CREATE INDEX i1 ON p (a)", INDEPENDENT },
		{ index, NEW_PART("p3", "30", "40"), "DROP INDEX i0",
		  INDEPENDENT },
		{ P "CREATE INDEX i0 ON p (a); CREATE INDEX i1 ON p (a)",
		  "DROP INDEX i0", NEW_PART("p3", "30", "40"), CONFLICT },
		{ P, "ALTER TABLE p1 RENAME TO p9", "CREATE INDEX i2 ON p (s)",
		  CONFLICT },
		{ P, "ALTER TABLE p1 RENAME TO p9",
		  "ALTER TABLE p ADD CONSTRAINT k CHECK (a < 30)",
		  INDEPENDENT },
		{ P, "DROP TABLE p1", "CREATE INDEX i2 ON p (s)", INDEPENDENT },
		{ P, NEW_PART("p3", "30", "40"), NEW_PART("p4", "30", "40"),
		  CONFLICT },
		{ P, NEW_PART("p3", "30", "40"), NEW_PART("p4", "50", "60"),
		  INDEPENDENT },
	};

	(void)state;
	expect_pairs(pairs);
}

static void foreign_keys__to_partitions(void **state)
{
	static const char key[] = C F;
	const struct sql_pair pairs[] = {
		{ C, F,
		  "ALTER TABLE c ADD CONSTRAINT f2 FOREIGN KEY (x) REFERENCES "
		  "p ON DELETE CASCADE",
		  ORDER },
		{ C, F,
		  "ALTER TABLE c ADD CONSTRAINT f2 FOREIGN KEY (x) REFERENCES "
		  "p",
		  INDEPENDENT },
		{ C, F,
		  "ALTER TABLE c ADD CONSTRAINT f2 FOREIGN KEY (y) REFERENCES "
		  "p",
		  INDEPENDENT },
		{ C, F, NEW_PART("p3", "30", "40"), ORDER },
		{ C, "CREATE TABLE d (x int REFERENCES p)",
		  NEW_PART("p3", "30", "40"), ORDER },
		{ key, NEW_PART("p3", "30", "40"), NEW_PART("p4", "50", "60"),
		  ORDER },
		{ key, "ALTER TABLE c DROP CONSTRAINT f1",
		  "ALTER TABLE c ADD CONSTRAINT f2 FOREIGN KEY (x) REFERENCES "
		  "p",
		  CONFLICT },
		{ key, "ALTER TABLE c RENAME TO d", NEW_PART("p3", "30", "40"),
		  CONFLICT },
		{ key, "ALTER TABLE c RENAME COLUMN x TO z",
		  NEW_PART("p3", "30", "40"), CONFLICT },
		{ key, "ALTER TABLE c RENAME COLUMN y TO z",
		  NEW_PART("p3", "30", "40"), INDEPENDENT },
		{ key, "ALTER TABLE c RENAME CONSTRAINT f1 TO f3",
		  NEW_PART("p3", "30", "40"), INDEPENDENT },
		{ key, "INSERT INTO c VALUES (1)", NEW_PART("p3", "30", "40"),
		  INDEPENDENT },
		{ key, "DELETE FROM p1", "INSERT INTO c VALUES (1)", ORDER },
	};

	(void)state;
	expect_pairs(pairs);
}

static void domains__of_columns_that_are_new(void **state)
{
	static const char base[] = T "CREATE DOMAIN d AS text DEFAULT 'x'";
	const struct sql_pair pairs[] = {
		{ base,
		  "ALTER TABLE t ADD COLUMN c d; ALTER DOMAIN d SET DEFAULT "
		  "'y'",
		  "INSERT INTO t (id) VALUES (3)", ORDER },
		{ base,
		  "ALTER TABLE t ADD COLUMN c d; ALTER DOMAIN d SET DEFAULT "
		  "'y'",
		  "UPDATE t SET a = 3", INDEPENDENT },
		{ T "CREATE DOMAIN d AS text",
		  "ALTER TABLE t ADD COLUMN c d; ALTER DOMAIN d SET NOT NULL",
		  "INSERT INTO t (id) VALUES (3)", CONFLICT },
	};

	(void)state;
	expect_pairs(pairs);
}

#define H T "CREATE TABLE h (z int) INHERITS (t);"

static void heirs__have_checks(void **state)
{
	static const struct sql_pair pairs[] = {
		{ H, "ALTER TABLE t ADD CONSTRAINT k CHECK (a < 30)",
		  "INSERT INTO h VALUES (5, 50)", CONFLICT },
		{ H, "ALTER TABLE t ADD CONSTRAINT k CHECK (a < 30) NO INHERIT",
		  "INSERT INTO h VALUES (5, 50)", INDEPENDENT },
		{ H, "ALTER TABLE t ADD CONSTRAINT k CHECK (a < 30)",
		  "ALTER TABLE h ADD CONSTRAINT k CHECK (a < 300)", CONFLICT },
		{ H, "ALTER TABLE t ADD CONSTRAINT k CHECK (a < 30)",
		  "DROP TABLE h", INDEPENDENT },
		{ H, "ALTER TABLE t ADD CONSTRAINT k CHECK (a < 30)",
		  "ALTER TABLE h RENAME TO hh", INDEPENDENT },
		{ H, "ALTER TABLE t ADD COLUMN b int", "DROP TABLE h",
		  INDEPENDENT },
		{ H, "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
		  "ALTER TABLE h RENAME TO hh", INDEPENDENT },
		{ T,
		  "ALTER TABLE t ADD COLUMN i int GENERATED ALWAYS AS IDENTITY",
		  "CREATE TABLE h () INHERITS (t)", CONFLICT },
		{ T, "ALTER TABLE t ADD COLUMN i int",
		  "CREATE TABLE h () INHERITS (t)", INDEPENDENT },
		{ T,
		  "ALTER TABLE t ADD COLUMN i int GENERATED ALWAYS AS IDENTITY",
		  "ALTER TABLE t SET (fillfactor = 70)", INDEPENDENT },
		{ H, "ALTER TABLE h NO INHERIT t; DROP TABLE n",
		  "ALTER TABLE h NO INHERIT t", CONFLICT },
		{ H,
		  "WITH g AS (DELETE FROM h RETURNING z) INSERT INTO n (a) "
		  "SELECT z FROM g",
		  "TRUNCATE h", ORDER },
	};

	(void)state;
	expect_pairs(pairs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners),
		cmocka_unit_test(publications),
		cmocka_unit_test(statistics),
		cmocka_unit_test(labels),
		cmocka_unit_test(rules__that_do_something_for_rows),
		cmocka_unit_test(names__that_the_server_makes_up),
		cmocka_unit_test(partitions__have_what_their_parent_has),
		cmocka_unit_test(foreign_keys__to_partitions),
		cmocka_unit_test(domains__of_columns_that_are_new),
		cmocka_unit_test(heirs__have_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
