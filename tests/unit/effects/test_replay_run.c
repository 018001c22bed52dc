#include "replay_cases.h"

/* Running, copying, seeding and comparing databases in memory. */

static void run__a_failure_leaves_nothing(void **state)
{
	struct replay *r = replay_with("CREATE TABLE t (a UNIQUE)");
	struct replay_script script =
		script_of("INSERT INTO t VALUES (1);\nCREATE TABLE u (b);\n\n"
			  "  INSERT INTO t VALUES (1);\nDROP TABLE t");
	struct replay_result result;
	const struct schema *s;

	(void)state;
	assert_ok(replay_run(r, &script, NULL, &result));
	assert_int_equal(result.end, REPLAY_FAILED);
	assert_string_equal(result.message, "UNIQUE constraint failed: t.a");
	assert_int_equal(result.line, 4);
	assert_int_equal(result.col, 3);
	assert_string_equal(result.statement, "INSERT INTO t VALUES (1)");
	replay_result_release(&result);
	assert_rows(r, "");
	assert_ok(replay_schema(r, &s));
	assert_non_null(schema_find(s, "table", "t"));
	assert_null(schema_find(s, "table", "u"));
	replay_close(r);
}

static void run__the_place_of_an_error_is_that_in_the_file(void **state)
{
	struct replay *r = replay_new();
	struct replay_script script =
		script_of("CREATE TABLE t (a);\nSELECT a,\n  nope FROM t");
	struct replay_result result;

	(void)state;
	script.first_line = 10;
	assert_ok(replay_run(r, &script, NULL, &result));
	assert_int_equal(result.end, REPLAY_FAILED);
	assert_int_equal(result.line, 12);
	assert_int_equal(result.col, 3);
	replay_result_release(&result);
	replay_close(r);
}

static const char children[] =
	"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES "
	"p ON DELETE CASCADE); INSERT INTO p VALUES (1); INSERT INTO c VALUES "
	"(1)";

static void run__foreign_keys_hold(void **state)
{
	struct replay *r = replay_with(children);

	(void)state;
	run_ends(r, "INSERT INTO c VALUES (2)", REPLAY_FAILED);
	run_fine(r, "DELETE FROM p");
	assert_rows(r, "");
	replay_close(r);
}

static void run__foreign_keys_can_be_lifted(void **state)
{
	struct replay *r = replay_with(children);

	(void)state;
	run_fine(r, "PRAGMA foreign_keys = OFF; CREATE TABLE n (id INTEGER "
		    "PRIMARY KEY, x); INSERT INTO n (id) SELECT id FROM p; "
		    "DROP TABLE p; ALTER TABLE n RENAME TO p; PRAGMA "
		    "foreign_keys = ON");
	assert_rows(r, "c: p=1\np: id=1 x=NULL\n");
	/* but not to leave rows that break one */
	run_ends(r, "PRAGMA foreign_keys = OFF; DELETE FROM p", REPLAY_FAILED);
	/* and it is as it was behind it */
	run_ends(r, "INSERT INTO c VALUES (2)", REPLAY_FAILED);
	assert_rows(r, "c: p=1\np: id=1 x=NULL\n");
	replay_close(r);
}

static void run__deferred_keys_are_checked_at_the_end(void **state)
{
	struct replay *r = replay_with(
		"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p "
		"REFERENCES p DEFERRABLE INITIALLY DEFERRED)");

	(void)state;
	run_fine(r, "INSERT INTO c VALUES (1); INSERT INTO p VALUES (1)");
	run_ends(r, "INSERT INTO c VALUES (2)", REPLAY_FAILED);
	assert_rows(r, "c: p=1\np: id=1\n");
	replay_close(r);
}

static void run__settings_and_temporary_things_do_not_stay(void **state)
{
	struct replay *r = replay_with("CREATE TABLE t (a CHECK (a > 0))");

	(void)state;
	run_fine(r, "PRAGMA ignore_check_constraints = 1; CREATE TEMP TABLE x "
		    "(y); CREATE TEMP VIEW z AS SELECT 1; INSERT INTO x VALUES "
		    "(1); INSERT INTO t VALUES (-1)");
	run_ends(r, "INSERT INTO t VALUES (-2)", REPLAY_FAILED);
	run_ends(r, "SELECT * FROM x", REPLAY_FAILED);
	run_ends(r, "SELECT * FROM z", REPLAY_FAILED);
	assert_rows(r, "t: a=-1\n");
	replay_close(r);
}

static void run__without_a_transaction_a_failure_is_undone_too(void **state)
{
	struct replay *r = replay_with("CREATE TABLE t (a UNIQUE)");
	struct replay_script script =
		script_of("INSERT INTO t VALUES (1); VACUUM; INSERT INTO t "
			  "VALUES (2); INSERT INTO t VALUES (1)");
	struct replay_result result;

	(void)state;
	script.no_transaction = true;
	assert_ok(replay_run(r, &script, NULL, &result));
	assert_int_equal(result.end, REPLAY_FAILED);
	replay_result_release(&result);
	assert_rows(r, "");
	script = script_of("INSERT INTO t VALUES (1); VACUUM; INSERT INTO t "
			   "VALUES (2)");
	script.no_transaction = true;
	assert_ok(replay_run(r, &script, NULL, &result));
	assert_int_equal(result.end, REPLAY_FINE);
	assert_rows(r, "t: a=1\nt: a=2\n");
	replay_close(r);
}

/* Two orders of the same migrations have the same clock and the same dice. */
static void run__chance_and_time_are_the_same_each_time(void **state)
{
	static const char *const a = "INSERT INTO t SELECT 'a', random(), "
				     "hex(randomblob(8)), datetime('now')";
	static const char *const b = "INSERT INTO t SELECT 'b', random(), "
				     "hex(randomblob(8)), CURRENT_TIMESTAMP";
	static const char table[] = "CREATE TABLE t (n, r UNIQUE, x, at "
				    "DEFAULT CURRENT_TIMESTAMP)";
	struct replay *one = replay_with(table), *two = replay_with(table);
	char *rows;

	(void)state;
	run_fine(one, a);
	run_fine(one, b);
	run_fine(two, b);
	run_fine(two, a);
	rows = rows_of(one);
	assert_rows(two, rows);
	assert_non_null(strstr(rows, "2026-01-01 00:00:00"));
	free(rows);
	replay_close(one);
	replay_close(two);
}

static void clone__is_a_copy_of_its_own(void **state)
{
	struct replay *a = replay_with("CREATE TABLE t (a); INSERT INTO t "
				       "VALUES (1)");
	struct replay *b;

	(void)state;
	assert_ok(replay_clone(a, &b));
	run_fine(a, "INSERT INTO t VALUES (2)");
	run_fine(b, "INSERT INTO t VALUES (3)");
	assert_rows(a, "t: a=1\nt: a=2\n");
	replay_close(a);
	assert_rows(b, "t: a=1\nt: a=3\n");
	run_ends(b, "PRAGMA writable_schema = 1", REPLAY_LIMIT);
	replay_close(b);
}

static void image__brings_the_database_back(void **state)
{
	struct replay *a = replay_with("CREATE TABLE t (a); INSERT INTO t "
				       "VALUES (1); CREATE INDEX i ON t (a)");
	struct replay *b;
	struct buf image = BUF_INIT, diff = BUF_INIT;
	bool same;

	(void)state;
	assert_ok(replay_image(a, &image));
	assert_ok(replay_sqlite_load(&b, image.data, image.len, NULL));
	assert_ok(replay_same_shape(a, b, &diff, &same));
	assert_true(same);
	assert_int_equal(diff.len, 0);
	assert_rows(b, "t: a=1\n");
	run_fine(b, "INSERT INTO t VALUES (2)");
	assert_rows(b, "t: a=1\nt: a=2\n");
	replay_close(a);
	replay_close(b);
	buf_release(&image);
}

static void image__of_nothing_is_nothing(void **state)
{
	struct replay *a = replay_new(), *b;
	struct buf image = BUF_INIT;

	(void)state;
	assert_ok(replay_image(a, &image));
	assert_ok(replay_sqlite_load(&b, image.data, image.len, NULL));
	assert_rows(b, "");
	replay_close(a);
	replay_close(b);
	buf_release(&image);
}

static void image__damaged_bytes_are_refused(void **state)
{
	struct replay *a = replay_with("CREATE TABLE t (a); INSERT INTO t "
				       "VALUES (1)");
	struct replay *b = NULL;
	struct buf image = BUF_INIT;

	(void)state;
	assert_ok(replay_image(a, &image));
	assert_fails(replay_sqlite_load(&b, "rubbish", 7, NULL), ERR_STATE);
	assert_fails(replay_sqlite_load(&b, image.data, image.len - 1, NULL),
		     ERR_STATE);
	assert_fails(replay_sqlite_load(&b, image.data, image.len - 4096, NULL),
		     ERR_STATE);
	memset(image.data + 100, 0xff, 100);
	assert_fails(replay_sqlite_load(&b, image.data, image.len, NULL),
		     ERR_STATE);
	assert_null(b);
	replay_close(a);
	buf_release(&image);
}

static void shape__column_order_is_no_difference(void **state)
{
	struct replay *a =
		replay_with("CREATE TABLE t (id INTEGER PRIMARY KEY, "
			    "a, b)");
	struct replay *b =
		replay_with("CREATE TABLE t (id INTEGER PRIMARY KEY, "
			    "b, a)");
	struct buf diff = BUF_INIT;
	bool same;

	(void)state;
	assert_ok(replay_same_shape(a, b, &diff, &same));
	assert_true(same);
	run_fine(b, "ALTER TABLE t ADD COLUMN c TEXT; CREATE VIEW v AS SELECT "
		    "1");
	assert_ok(replay_same_shape(a, b, &diff, &same));
	assert_false(same);
	assert_string_equal(buf_str(&diff), "--- a/tables/t.sql\n"
					    "+++ b/tables/t.sql\n"
					    "@@ -1,5 +1,6 @@\n"
					    " CREATE TABLE t (\n"
					    "     a\n"
					    "   , b\n"
					    "+  , c TEXT\n"
					    "   , id INTEGER PRIMARY KEY\n"
					    " );\n"
					    "--- /dev/null\n"
					    "+++ b/views/v.sql\n"
					    "@@ -0,0 +1,2 @@\n"
					    "+CREATE VIEW v AS\n"
					    "+SELECT 1;\n");
	buf_release(&diff);
	replay_close(a);
	replay_close(b);
}

static void rows__differ_only_when_the_data_does(void **state)
{
	struct replay *r = replay_with(
		"CREATE TABLE b (z, a TEXT, g AS (z + 1)); INSERT INTO b (z, "
		"a) "
		"VALUES (1.5, 'it''s\n'), (NULL, x'00ff'), (1, zeroblob(300)); "
		"CREATE TABLE a (x); INSERT INTO a VALUES (1), ('1'); "
		"CREATE VIRTUAL TABLE f USING fts5(w); INSERT INTO f VALUES "
		"('hello')");
	char *rows = rows_of(r);

	(void)state;
	assert_non_null(strstr(rows, "a: x='1'\na: x=1\n"));
	assert_non_null(strstr(rows, "b: a='it\\'s\\n' z=1.5r\n"));
	assert_non_null(strstr(rows, "b: a=x'00ff' z=NULL\n"));
	assert_non_null(strstr(rows, "b: a=blob of 300 bytes, "));
	assert_non_null(strstr(rows, "f: w='hello'\n"));
	assert_null(strstr(rows, "f_data"));
	free(rows);
	replay_close(r);
}

static const char *const seeded[] = {
	/* a key, a type, a rule, of each kind; the first table is asked for */
	"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
	"CREATE TABLE t (a TEXT PRIMARY KEY, b REAL, c BLOB, d NUMERIC, e "
	"DATE, f BOOLEAN, g) WITHOUT ROWID",
	"CREATE TABLE t (a INT, b TEXT, c ANY, d BLOB, e REAL) STRICT",
	"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT "
	"UNIQUE NOT NULL, UNIQUE (id, email))",
	"CREATE TABLE t (s TEXT NOT NULL CHECK (s IN ('open', 'closed')))",
	"CREATE TABLE t (n INTEGER NOT NULL CHECK (n BETWEEN 700 AND 800))",
	"CREATE TABLE t (j TEXT CHECK (json_valid(j)), n CHECK (n > 10))",
	"CREATE TABLE t (u TEXT NOT NULL CHECK (length(u) = 36))",
	"CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, CHECK (a < b))",
	"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (p INTEGER "
	"NOT "
	"NULL REFERENCES p)",
	"CREATE TABLE g (k TEXT PRIMARY KEY); CREATE TABLE p (id INTEGER "
	"PRIMARY KEY, g TEXT NOT NULL REFERENCES g (k)); CREATE TABLE t (p "
	"UNIQUE NOT NULL REFERENCES p (id))",
	"CREATE TABLE p (a, b, PRIMARY KEY (a, b)); CREATE TABLE t (x NOT "
	"NULL, y NOT NULL, FOREIGN KEY (x, y) REFERENCES p)",
	"CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t)",
	"CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL "
	"REFERENCES t (id))",
	"CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t); "
	"CREATE TABLE t (id INTEGER PRIMARY KEY, u INTEGER REFERENCES u)",
	"CREATE TABLE t (a INT NOT NULL, b AS (a + 1), c INT AS (a) STORED)",
	"CREATE TABLE t (a, b); CREATE TABLE log (a); CREATE TRIGGER g AFTER "
	"INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END",
	"CREATE TABLE t (\"a b\" TEXT, \"it's\" INT, \"select\")",
};

static size_t count_rows(const char *rows, const char *prefix)
{
	size_t n = 0;

	for (const char *p = rows; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		n += starts_with(p, prefix);
	}
	return n;
}

static void seed__every_table_gets_rows(void **state)
{
	static const char *const tables[] = { "T", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeded); i++)
		for (unsigned seed = 0; seed < 4; seed++) {
			struct replay *a = replay_with(seeded[i]);
			struct replay *b = replay_with(seeded[i]);
			char *rows;

			assert_ok(replay_seed(a, tables, seed));
			assert_ok(replay_seed(b, tables, seed));
			rows = rows_of(a);
			if (count_rows(rows, "t: ") != 3)
				fail_msg("%s\nseed %u:\n%s", seeded[i], seed,
					 rows);
			assert_rows(b, rows);
			free(rows);
			replay_close(a);
			replay_close(b);
		}
}

static void seed__an_odd_seed_leaves_no_null(void **state)
{
	static const char *const tables[] = { "t", NULL };
	static const char sql[] = "CREATE TABLE t (a, b, c, d, e, f, g, h)";
	struct replay *odd = replay_with(sql), *even = replay_with(sql);
	char *rows;

	(void)state;
	assert_ok(replay_seed(odd, tables, 1));
	assert_ok(replay_seed(even, tables, 2));
	rows = rows_of(odd);
	assert_null(strstr(rows, "NULL"));
	free(rows);
	rows = rows_of(even);
	assert_non_null(strstr(rows, "NULL"));
	free(rows);
	replay_close(odd);
	replay_close(even);
}

static void seed__rows_that_are_there_stay(void **state)
{
	static const char *const tables[] = { "t", "nope", "v", "f", NULL };
	struct replay *r = replay_with(
		"CREATE TABLE t (a); INSERT INTO t VALUES (7); CREATE VIEW v "
		"AS SELECT 1; CREATE VIRTUAL TABLE f USING fts5(x); CREATE "
		"TABLE other (b)");

	(void)state;
	assert_ok(replay_seed(r, tables, 0));
	assert_rows(r, "t: a=7\n");
	replay_close(r);
}

/* What cannot have rows has none, and that takes no time. */
static void seed__the_impossible_is_left(void **state)
{
	static const char *const tables[] = { "t", "u", "w", NULL };
	struct replay *r = replay_with(
		"CREATE TABLE t (a CHECK (0)); CREATE TABLE u (a NOT NULL "
		"REFERENCES gone); CREATE TABLE w (a INTEGER)");

	(void)state;
	assert_ok(replay_seed(r, tables, 1));
	assert_rows(r, "w: a=1\nw: a=2\nw: a=3\n");
	replay_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run__a_failure_leaves_nothing),
		cmocka_unit_test(
			run__the_place_of_an_error_is_that_in_the_file),
		cmocka_unit_test(run__foreign_keys_hold),
		cmocka_unit_test(run__foreign_keys_can_be_lifted),
		cmocka_unit_test(run__deferred_keys_are_checked_at_the_end),
		cmocka_unit_test(
			run__settings_and_temporary_things_do_not_stay),
		cmocka_unit_test(
			run__without_a_transaction_a_failure_is_undone_too),
		cmocka_unit_test(run__chance_and_time_are_the_same_each_time),
		cmocka_unit_test(clone__is_a_copy_of_its_own),
		cmocka_unit_test(image__brings_the_database_back),
		cmocka_unit_test(image__of_nothing_is_nothing),
		cmocka_unit_test(image__damaged_bytes_are_refused),
		cmocka_unit_test(shape__column_order_is_no_difference),
		cmocka_unit_test(rows__differ_only_when_the_data_does),
		cmocka_unit_test(seed__every_table_gets_rows),
		cmocka_unit_test(seed__an_odd_seed_leaves_no_null),
		cmocka_unit_test(seed__rows_that_are_there_stay),
		cmocka_unit_test(seed__the_impossible_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
