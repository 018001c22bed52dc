#include "unit/schema/db.h"

/* Indexes on one table; what is printed where the table is known. */

static const char table[] =
	"CREATE TABLE t (a TEXT, b INT, \"key\", \"x y\", \"é\", \"order\")";

struct index_case {
	const char *sql;
	const char *text;
};

static const struct index_case known[] = {
	{ "create index i on t(a)", "CREATE INDEX i ON t (a);\n" },
	{ "CREATE UNIQUE INDEX IF NOT EXISTS main.\"i\" ON [t](`a`,\"b\" desc)",
	  "CREATE UNIQUE INDEX i ON t (a, b DESC);\n" },
	{ "CREATE INDEX i ON t (a,lower( b )collate nocase desc)where b>0",
	  "CREATE INDEX i ON t (a, lower(b) COLLATE nocase DESC) "
	  "WHERE b > 0;\n" },
	{ "CREATE INDEX i ON t ('a' collate 'nocase' asc, \"b\")",
	  "CREATE INDEX i ON t (a COLLATE nocase ASC, b);\n" },
	{ "CREATE INDEX i ON t (key, \"x y\", é, [order])",
	  "CREATE INDEX i ON t (\"key\", \"x y\", \"é\", \"order\");\n" },
	{ "CREATE INDEX i ON t (\"key\"||key) WHERE \"order\" > \"x y\"",
	  "CREATE INDEX i ON t (\"key\" || \"key\") "
	  "WHERE \"order\" > \"x y\";\n" },
	{ "CREATE INDEX i ON t (a) WHERE \"b\" <> \"none\" and a<>'b'",
	  "CREATE INDEX i ON t (a) WHERE b <> 'none' AND a <> 'b';\n" },
	{ "CREATE INDEX i ON t (\"zz\", a)",
	  "CREATE INDEX i ON t (\"zz\", a);\n" },
	{ "CREATE INDEX i ON t ((a), (b+1)*-2)",
	  "CREATE INDEX i ON t ((a), (b + 1) * -2);\n" },
	{ "CREATE INDEX i ON t (a) WHERE t.b IS NOT NULL AND a IN ('),', 'x')",
	  "CREATE INDEX i ON t (a) WHERE t.b IS NOT NULL "
	  "AND a IN ('),', 'x');\n" },
	{ "CREATE INDEX \"weird \"\"i\"\"\" ON t -- comment\n(a /* , b */)",
	  "CREATE INDEX \"weird \"\"i\"\"\" ON t (a);\n" },
	{ "CREATE INDEX i ON t (json_extract(a,'$.x'),a->>'y',cast(a as int))",
	  "CREATE INDEX i ON t (json_extract(a, '$.x'), a ->> 'y', "
	  "CAST(a AS INT));\n" },
	{ "CREATE INDEX i ON t (case when a then b else-1 end desc)",
	  "CREATE INDEX i ON t (CASE WHEN a THEN b ELSE -1 END DESC);\n" },
};

/* The same without the table: "x" may be a string and stays. */
static const struct index_case unknown[] = {
	{ "CREATE INDEX i ON t(\"a\" desc, lower(\"b\"))",
	  "CREATE INDEX i ON t (a DESC, lower(\"b\"));\n" },
	{ "CREATE INDEX i ON t(`a`) WHERE [b]>1 and\"t\".\"c\"='x'",
	  "CREATE INDEX i ON t (a) WHERE b > 1 AND t.c = 'x';\n" },
	{ "CREATE INDEX i ON t(key, key+1)",
	  "CREATE INDEX i ON t (\"key\", key + 1);\n" },
};

static const char *const unreadable[] = {
	"CREATE INDEX",
	"CREATE INDEX i",
	"CREATE INDEX i ON",
	"CREATE INDEX i ON t",
	"CREATE INDEX i ON t (",
	"CREATE INDEX i ON t (a",
	"CREATE INDEX i ON t (a))",
	"CREATE INDEX i ON t (a) b",
	"CREATE INDEX i ON t (a) WHERE (",
	"CREATE INDEX i ON t (a; b)",
	"CREATE INDEX i ON t (?)",
	"CREATE INDEX 5 ON t (a)",
	"CREATE INDEX select ON t (a)",
	"CREATE UNIQUE TABLE t (a)",
	"DROP INDEX i",
	"CREATE INDEX i ON t ('a)",
};

static void print_index__knows_the_columns_of_its_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		sqlite3 *db = db_with(table);
		struct schema s;

		db_exec(db, known[i].sql);
		schema_of(&s, db);
		map_each (&s.by_path, e) {
			const struct schema_object *o = e->value;

			if (!streq(o->kind, "index"))
				continue;
			assert_string_equal(o->text, known[i].text);
			assert_ptr_equal(o->text, o->shape);
			assert_string_equal(o->table, "t");
		}
		assert_int_equal(s.by_path.n, 2);
		assert_prints_what_it_is(db);
		schema_release(&s);
		sqlite3_close(db);
	}
}

static void print_index__leaves_open_what_it_cannot_know(void **state)
{
	struct buf text = BUF_INIT, shape = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		assert_true(schema_sqlite_print(&text, &shape, "index",
						unknown[i].sql, NULL));
		assert_string_equal(buf_str(&text), unknown[i].text);
		assert_int_equal(shape.len, 0);
	}
	buf_release(&text);
	buf_release(&shape);
}

static void print_index__keeps_what_it_cannot_read(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
		char *want = xasprintf("%s\n", unreadable[i]);

		assert_false(schema_sqlite_print(&text, NULL, "index",
						 unreadable[i], NULL));
		assert_string_equal(buf_str(&text), want);
		free(want);
	}
	buf_release(&text);
}

/* A string in an index becomes a column when the table gets one. */
static void print_index__follows_its_table(void **state)
{
	sqlite3 *db = db_with("CREATE TABLE t (a);"
			      "CREATE INDEX i ON t (a) WHERE a <> \"b\";"
			      "CREATE INDEX j ON t (a)");
	struct schema s;
	struct schema_delta d;
	char *tree, *fresh;

	(void)state;
	schema_of(&s, db);
	assert_string_equal(schema_find(&s, "index", "i")->text,
			    "CREATE INDEX i ON t (a) WHERE a <> 'b';\n");
	db_exec(db, "ALTER TABLE t ADD COLUMN b");
	schema_delta_init(&d);
	assert_ok(schema_sqlite_refresh(&s, db, SCHEMA_SCOPE_ALL, &d));
	assert_string_equal(schema_find(&s, "index", "i")->text,
			    "CREATE INDEX i ON t (a) WHERE a <> b;\n");
	assert_int_equal(d.n, 2);
	assert_string_equal(d.changes[0].after->name, "i");
	assert_string_equal(d.changes[0].before->sql, d.changes[0].after->sql);
	assert_string_equal(d.changes[1].after->name, "t");
	tree = tree_of(&s, false);
	fresh = db_tree(db, false);
	assert_string_equal(tree, fresh);
	free(tree);
	free(fresh);
	schema_delta_release(&d);
	schema_release(&s);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_index__knows_the_columns_of_its_table),
		cmocka_unit_test(print_index__leaves_open_what_it_cannot_know),
		cmocka_unit_test(print_index__keeps_what_it_cannot_read),
		cmocka_unit_test(print_index__follows_its_table),
	};

	return cmocka_run_group_tests_name("schema/print_index", tests, NULL,
					   NULL);
}
