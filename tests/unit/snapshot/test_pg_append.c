#include "unit/snapshot/pg_trip.h"

/* Columns that come back at the end of their tables, which stay. */

/* Each object without the order of columns, each row by names of columns. */
static struct err *take_rows(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *out = payload;

	(void)n;
	buf_addf(out, "%s\n%s\n", cell[0].s, cell[1].s ? cell[1].s : "");
	return NULL;
}

static void dump_rows(struct world *w, struct buf *out)
{
	assert_ok(pg_query(w->other,
			   "SELECT oid::regclass || '@' || oid, '' FROM "
			   "pg_class WHERE relkind = 'r' AND relnamespace = "
			   "to_regnamespace('s') ORDER BY oid",
			   NULL, 0, take_rows, out));
	assert_ok(pg_query(
		w->other,
		"SELECT t.n, (xpath('//r/text()', query_to_xml(format("
		"'SELECT string_agg(md5(to_jsonb(t)::text), '','' ORDER BY "
		"md5(to_jsonb(t)::text)) AS r FROM ONLY %s t', t.n), true, "
		"false, '')))[1]::text FROM (SELECT c.oid::regclass::text "
		"AS n FROM pg_class c WHERE c.relkind = 'r' AND "
		"c.relnamespace = to_regnamespace('s') ORDER BY c.oid) t",
		NULL, 0, take_rows, out));
}

static void dump_shapes(struct world *w, struct buf *out)
{
	struct schema_delta all;
	struct schema schema;

	schema_delta_init(&all);
	schema_init(&schema);
	assert_ok(schema_pg_refresh(&schema, w->other, "git_migrate",
				    SCHEMA_PG_ALL, NULL));
	map_each (&schema.by_path, e)
		schema_delta_add(&all, NULL, e->value);
	schema_delta_sort(&all);
	for (size_t i = 0; i < all.n; i++)
		buf_addf(out, "%s\n%s", all.changes[i].after->path,
			 all.changes[i].after->shape);
	schema_delta_release(&all);
	schema_release(&schema);
}

/* Oids, too: no table is made anew. */
static void dump(struct world *w, struct buf *out)
{
	buf_reset(out);
	assert_ok(pg_exec(w->other, "SET search_path = s"));
	dump_shapes(w, out);
	dump_rows(w, out);
}

struct case_of {
	const char *before, *migration;
	const char *later;     /* somebody's, between both; or NULL */
	const char *reordered; /* paths; "" = none */
};

static void list(struct buf *out, const struct restore_result *res)
{
	for (size_t i = 0; i < res->n_reordered; i++)
		buf_addf(out, "%s%s", i ? " " : "", res->reordered[i]);
}

static char *trip(struct world *w, const struct case_of *c)
{
	struct buf before = BUF_INIT, after = BUF_INIT, diff = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	trip_start(w, c->before);
	dump(w, &before);
	memory_snapshot_init(&park);
	e = err_wrap(world_apply(w, c->migration, &ev), "apply");
	if (!e && c->later)
		assert_ok(world_exec(w, c->later));
	if (!e)
		e = err_wrap(world_revert(w, &ev, &park, &res), "revert");
	if (e)
		buf_addstr(&diff, err_text(e));
	else
		describe_conflicts(&res, &diff);
	if (!diff.len && !c->later) {
		dump(w, &after);
		if (!streq(buf_str(&before), buf_str(&after)))
			world_difference(&diff, buf_str(&before),
					 buf_str(&after));
	}
	if (!diff.len) {
		list(&diff, &res);
		if (streq(buf_str(&diff), c->reordered))
			buf_reset(&diff);
		else
			buf_addstr(&diff, " is reordered");
	}
	err_free(e);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&before);
	buf_release(&after);
	if (diff.len)
		return buf_detach(&diff);
	buf_release(&diff);
	return NULL;
}

static void expect(struct world *w, const struct case_of *c, size_t n)
{
	size_t failed = 0;

	w->append = true;
	for (size_t i = 0; i < n; i++) {
		char *why;

		if (strstr(c[i].before, "BEGIN ATOMIC") &&
		    pg_conn_version(w->other) < 140000)
			continue;
		why = trip(w, &c[i]);
		if (why)
			print_error("%s\n  %s\n", c[i].migration, why);
		failed += why != NULL;
		free(why);
	}
	if (failed)
		fail_msg("%zu of %zu", failed, n);
}

#define T                                                                     \
	"CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b int DEFAULT " \
	"7, c numeric(8, 2), CONSTRAINT b_big CHECK (b > 0));"                \
	"CREATE INDEX t_a ON t (a) WHERE b > 3;"                              \
	"COMMENT ON COLUMN t.a IS 'what';"                                    \
	"CREATE VIEW v AS SELECT id, a || b AS ab FROM t;"                    \
	"INSERT INTO t SELECT g, 'a' || g, nullif(g % 5, 0) + 1, g / 3.0 "    \
	"FROM generate_series(1, 100) g;"

static void append__brings_columns_back(void **state)
{
	static const struct case_of cases[] = {
		{ T, "DROP VIEW v; ALTER TABLE t DROP COLUMN a", NULL,
		  "tables/s.t.sql" },
		{ T, "ALTER TABLE t DROP COLUMN b CASCADE", NULL,
		  "tables/s.t.sql" },
		{ T, "ALTER TABLE t DROP COLUMN c", NULL, "" },
		{ T,
		  "DROP VIEW v; ALTER TABLE t DROP COLUMN a, DROP COLUMN c, "
		  "ADD COLUMN d text DEFAULT 'd'; UPDATE t SET b = 9 "
		  "WHERE id < 50; DELETE FROM t WHERE id > 90; "
		  "INSERT INTO t VALUES (1000, 1)",
		  NULL, "tables/s.t.sql" },
		{ T, "UPDATE t SET a = 'x' WHERE id < 9", NULL, "" },
		/* it is among those that computed columns are of */
		{ "CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS "
		  "AS (b * 2) STORED, b int, z int); INSERT INTO t (id, b) "
		  "SELECT g, g FROM generate_series(1, 9) g",
		  "ALTER TABLE t DROP COLUMN b CASCADE", NULL,
		  "tables/s.t.sql" },
		/* its sequence comes back with it */
		{ "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START "
		  "5 INCREMENT 3), b text, n bigserial); INSERT INTO t (b) "
		  "SELECT 'b' || g FROM generate_series(1, 20) g",
		  "ALTER TABLE t DROP COLUMN id, DROP COLUMN n", NULL,
		  "tables/s.t.sql" },
		/* the key itself */
		{ "CREATE TABLE t (a int, id int PRIMARY KEY, b text); "
		  "CREATE TABLE u (t int REFERENCES t); INSERT INTO t SELECT "
		  "g % 3, g, 'b' FROM generate_series(1, 20) g; INSERT INTO u "
		  "SELECT g FROM generate_series(1, 20) g",
		  "ALTER TABLE t DROP COLUMN id CASCADE", NULL,
		  "tables/s.t.sql" },
		/* rows that are told apart by what they hold */
		{ "CREATE TABLE t (a int, b text, c int); INSERT INTO t SELECT "
		  "g % 3, nullif('b' || g % 4, 'b1'), g % 2 "
		  "FROM generate_series(1, 50) g",
		  "ALTER TABLE t DROP COLUMN b", NULL, "tables/s.t.sql" },
		{ "CREATE TABLE t (a int PRIMARY KEY, \"B b\" text COLLATE "
		  "\"C\", c int UNIQUE); INSERT INTO t SELECT g, 'b' || g, g "
		  "FROM generate_series(1, 50) g",
		  "ALTER TABLE t DROP COLUMN \"B b\", DROP COLUMN c", NULL,
		  "" },
		{ "CREATE TABLE t (a int PRIMARY KEY, b text, c int); "
		  "CREATE TABLE u (d int) INHERITS (t); INSERT INTO t VALUES "
		  "(1, 'x', 2); INSERT INTO u VALUES (2, 'y', 3, 4)",
		  "ALTER TABLE t DROP COLUMN b", NULL, "tables/s.t.sql" },
		{ "CREATE TABLE t (a int, b text, c int) PARTITION BY RANGE "
		  "(a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO "
		  "(10); CREATE TABLE t2 (c int, b text, a int); ALTER TABLE t "
		  "ATTACH PARTITION t2 FOR VALUES FROM (10) TO (20); "
		  "INSERT INTO t SELECT g, 'b' || g, g * 2 FROM "
		  "generate_series(0, 19) g",
		  "ALTER TABLE t DROP COLUMN b", NULL,
		  "tables/s.t.sql tables/s.t1.sql tables/s.t2.sql" },
		/* values that refer to the table as a whole still do */
		{ "CREATE TABLE t (a int, b text, c int); CREATE TABLE r (t "
		  "regclass); INSERT INTO t VALUES (1, 'x', 2); INSERT INTO r "
		  "VALUES ('t')",
		  "ALTER TABLE t DROP COLUMN b", NULL, "tables/s.t.sql" },
		/* what it is made of went with it */
		{ "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE FUNCTION "
		  "f(t text) RETURNS text LANGUAGE sql IMMUTABLE AS "
		  "'SELECT upper(t)'; CREATE DOMAIN d AS int CHECK (VALUE > "
		  "0); CREATE TABLE t (id int PRIMARY KEY, a mood, b text "
		  "DEFAULT f('x'), c d, "
		  "e int); INSERT INTO t SELECT g, 'ok', 'b' || g, g, g "
		  "FROM generate_series(1, 9) g",
		  "ALTER TABLE t DROP COLUMN b; DROP TYPE mood CASCADE; "
		  "DROP FUNCTION f; DROP DOMAIN d CASCADE",
		  NULL, "tables/s.t.sql" },
		/* a function that is made of the column */
		{ "CREATE TABLE t (a int PRIMARY KEY, b int, c int); CREATE "
		  "FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC "
		  "SELECT sum(b) FROM t; END; INSERT INTO t VALUES (1, 2, 3)",
		  "ALTER TABLE t DROP COLUMN b CASCADE", NULL,
		  "tables/s.t.sql" },
	};

	expect(*state, cases, ARRAY_LEN(cases));
}

static void ask(struct world *w, struct buf *out, const char *sql)
{
	buf_reset(out);
	assert_ok(pg_query(w->other, sql, NULL, 0, take_rows, out));
}

static void append__keeps_what_came_later(void **state)
{
	static const struct case_of cases[] = {
		{ "CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL DEFAULT "
		  "'none', c int, d text, e int, f text); INSERT INTO t SELECT "
		  "g, 'b' || g, g, 'd' || g, NULL, 'f' || g FROM "
		  "generate_series(1, 3) g",
		  "ALTER TABLE t DROP COLUMN b, DROP COLUMN c, DROP COLUMN d",
		  "INSERT INTO t VALUES (9, 9); UPDATE t SET e = 1",
		  "tables/s.t.sql" },
	};
	struct world *w = *state;
	struct buf rows = BUF_INIT;

	expect(w, cases, ARRAY_LEN(cases));
	ask(w, &rows,
	    "SELECT a || ',' || b, concat(c, d, ',', e) FROM s.t "
	    "ORDER BY a");
	assert_string_equal(buf_str(&rows),
			    "1,b1\n1d1,1\n2,b2\n2d2,1\n3,b3\n3d3,1\n"
			    "9,none\n,1\n");
	buf_release(&rows);
}

static void append__has_no_value_for_a_later_row(void **state)
{
	struct world *w = *state;
	struct buf said = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;

	w->append = true;
	trip_start(w, "CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL, "
		      "c int); INSERT INTO t VALUES (1, 'b', 2)");
	memory_snapshot_init(&park);
	assert_ok(world_apply(w, "ALTER TABLE t DROP COLUMN b", &ev));
	assert_ok(world_exec(w, "INSERT INTO t VALUES (2), (3)"));
	assert_ok(world_revert(w, &ev, &park, &res));
	assert_true(res.blocked);
	describe_conflicts(&res, &said);
	assert_string_equal(buf_str(&said), "s.t NO_VALUE 2");
	buf_release(&said);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
}

/* Where more than a column comes back nothing is done. */
static void append__makes_no_table_anew(void **state)
{
	static const struct {
		const char *before, *migration, *table;
	} cases[] = {
		{ T, "DROP VIEW v; ALTER TABLE t ALTER c TYPE text", "s.t" },
		{ T,
		  "DROP VIEW v; ALTER TABLE t DROP COLUMN a, ALTER c TYPE "
		  "int",
		  "s.t" },
		{ "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t "
		  "(a int, b mood); INSERT INTO t VALUES (1, 'ok')",
		  "ALTER TYPE mood ADD VALUE 'glad'; ALTER TABLE t DROP "
		  "COLUMN a",
		  "s.t" },
	};
	struct world *w = *state;

	w->append = true;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf before = BUF_INIT, after = BUF_INIT;
		struct memory_snapshot park;
		struct restore_result res = { 0 };
		struct world_event ev;
		struct err *e;

		trip_start(w, cases[i].before);
		memory_snapshot_init(&park);
		assert_ok(world_apply(w, cases[i].migration, &ev));
		dump(w, &before);
		e = world_revert(w, &ev, &park, &res);
		if (!e)
			fail_msg("%s", cases[i].migration);
		assert_int_equal(err_class_of(e), ERR_REFUSED);
		assert_non_null(strstr(err_text(e), cases[i].table));
		assert_non_null(strstr(err_hint_of(e), "--append"));
		dump(w, &after);
		assert_string_equal(buf_str(&before), buf_str(&after));
		err_free(e);
		restore_result_release(&res);
		memory_snapshot_release(&park);
		world_event_release(&ev);
		buf_release(&before);
		buf_release(&after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(append__brings_columns_back,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(append__keeps_what_came_later,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(
			append__has_no_value_for_a_later_row, trip_setup,
			trip_teardown),
		cmocka_unit_test_setup_teardown(append__makes_no_table_anew,
						trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
