#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_pg.h"
#include "support/pg_world.h"
#include "support/snapshot_world.h"
#include "support/unit.h"
#include "target/target_pg.h"

/* Taking PostgreSQL migrations back: apply, revert, and pg_dump is the same. */

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	assert_ok(world_open_pg(w));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

struct sample {
	const char *before, *migration;
};

static void describe_conflicts(struct restore_result *res, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < res->n_conflicts; i++)
		buf_addf(out, "%s%s %s %llu", i ? "; " : "",
			 res->conflicts[i].object, res->conflicts[i].what,
			 (unsigned long long)res->conflicts[i].rows);
}

static void start(struct world *w, const char *before)
{
	assert_ok(world_exec(w, "DROP SCHEMA IF EXISTS s CASCADE; "
				"CREATE SCHEMA s; SET search_path = s"));
	assert_ok(world_exec(w, before));
	assert_ok(pg_exec(target_pg_conn(w->t), "SET search_path = s"));
}

/* pg_dump, sorted; and each object's text, which has columns in their order. */
static void dump(struct world *w, struct buf *out)
{
	struct schema_delta all;
	struct schema schema;

	schema_delta_init(&all);
	assert_ok(world_dump(w, out));
	schema_init(&schema);
	assert_ok(schema_pg_refresh(&schema, w->other, "git_migrate", true,
				    NULL));
	map_each (&schema.by_path, e)
		schema_delta_add(&all, NULL, e->value);
	schema_delta_sort(&all);
	for (size_t i = 0; i < all.n; i++)
		buf_addf(out, "%s\n%s", all.changes[i].after->path,
			 all.changes[i].after->text);
	schema_delta_release(&all);
	schema_release(&schema);
}

static void expect_round_trip(struct world *w, const struct sample *s)
{
	struct buf before = BUF_INIT, after = BUF_INIT, diff = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res;
	struct world_event ev;
	struct err *e;

	start(w, s->before);
	dump(w, &before);
	if ((e = world_apply(w, s->migration, &ev)))
		fail_msg("%s: %s", s->migration, err_text(e));
	memory_snapshot_init(&park);
	if ((e = world_revert(w, &ev, &park, &res)))
		fail_msg("revert %s: %s", s->migration, err_text(e));
	describe_conflicts(&res, &diff);
	if (diff.len)
		fail_msg("revert %s: %s", s->migration, buf_str(&diff));
	dump(w, &after);
	world_difference(&diff, buf_str(&before), buf_str(&after));
	if (strcmp(buf_str(&before), buf_str(&after)) != 0)
		fail_msg("revert %s:\n%s", s->migration, buf_str(&diff));
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&before);
	buf_release(&after);
	buf_release(&diff);
}

static void expect_all(struct world *w, const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_round_trip(w, &s[i]);
}

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
		cmocka_unit_test_setup_teardown(rows__come_back_by_key, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rows__come_back_by_content,
						setup, teardown),
		cmocka_unit_test_setup_teardown(tables__come_and_go, setup,
						teardown),
		cmocka_unit_test_setup_teardown(columns__come_and_go, setup,
						teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
