#include "unit/schema/db.h"

static void print_table__keeps_what_it_cannot_read(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"CREATE TABLE",
		"CREATE TABLE t",
		"CREATE TABLE t(",
		"CREATE TABLE t()",
		"CREATE TABLE t(a",
		"CREATE TABLE t(a,)",
		"CREATE TABLE t(a))",
		"CREATE TABLE t((a)",
		"CREATE TABLE t(a) WITHOUT",
		"CREATE TABLE t(a) WITHOUT x",
		"CREATE TABLE t(a) STRICT STRICT",
		"CREATE TABLE t(a) STRICT,",
		"CREATE TABLE t(a 'x)",
		"CREATE TABLE t(a int(x))",
		"CREATE TABLE t(a int(1)",
		"CREATE TABLE t(a CHECK)",
		"CREATE TABLE t(a CHECK a)",
		"CREATE TABLE t(a CHECK (;))",
		"CREATE TABLE t(a CHECK (?1))",
		"CREATE TABLE t(a NOT)",
		"CREATE TABLE t(a PRIMARY)",
		"CREATE TABLE t(a PRIMARY KEY ON CONFLICT)",
		"CREATE TABLE t(a DEFAULT)",
		"CREATE TABLE t(a DEFAULT -)",
		"CREATE TABLE t(a REFERENCES)",
		"CREATE TABLE t(a REFERENCES u ON)",
		"CREATE TABLE t(a REFERENCES u ON DELETE)",
		"CREATE TABLE t(a REFERENCES u ON DELETE SET)",
		"CREATE TABLE t(a REFERENCES u MATCH)",
		"CREATE TABLE t(a COLLATE)",
		"CREATE TABLE t(a GENERATED ALWAYS (a))",
		"CREATE TABLE t(a AS)",
		"CREATE TABLE t(a CONSTRAINT)",
		"CREATE TABLE t(a, CONSTRAINT)",
		"CREATE TABLE t(a, FOREIGN KEY (a))",
		"CREATE TABLE t(a, FOREIGN (a))",
		"CREATE TABLE t(a, UNIQUE)",
		"CREATE TABLE t(a, UNIQUE (a), b)",
		"CREATE TABLE t AS SELECT 1",
		"CREATE VIRTUAL TABLE t USING m",
		"CREATE VIEW t AS SELECT 1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf text = BUF_INIT, shape = BUF_INIT;
		char *want = xasprintf("%s\n", texts[i]);
		bool fine = schema_sqlite_print(&text, &shape, "table",
						texts[i], NULL);

		if (fine)
			fail_msg("read: %s", texts[i]);
		assert_string_equal(buf_str(&text), want);
		assert_int_equal(shape.len, 0);
		free(want);
		buf_release(&text);
		buf_release(&shape);
	}
}

static void columns__are_listed_in_order(void **state)
{
	struct arena a = ARENA_INIT;
	const char **found = schema_sqlite_columns(
		&a, "CREATE TABLE t(a, [b c] int, 'd''e', \"f\"\"g\" text,"
		    "h as (a), unique(a))");

	(void)state;
	assert_non_null(found);
	assert_string_equal(found[0], "a");
	assert_string_equal(found[1], "b c");
	assert_string_equal(found[2], "d'e");
	assert_string_equal(found[3], "f\"g");
	assert_string_equal(found[4], "h");
	assert_null(found[5]);
	assert_null(schema_sqlite_columns(&a, "CREATE VIEW v AS SELECT 1"));
	assert_null(schema_sqlite_columns(&a, ""));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_table__keeps_what_it_cannot_read),
		cmocka_unit_test(columns__are_listed_in_order),
	};

	return cmocka_run_group_tests_name("schema/create_table", tests, NULL,
					   NULL);
}
