#include "unit/schema/db.h"

/*
 * Two ways to one schema: by CREATE alone, and by ALTER TABLE. The shapes of
 * all objects must be the same, and what either prints must be true.
 */
struct shape_case {
	const char *made;
	const char *altered;
};

static const struct shape_case add_column[] = {
	{ "CREATE TABLE t (a INT, b TEXT)",
	  "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b TEXT" },
	{ "CREATE TABLE t (b TEXT, a INT)",
	  "CREATE TABLE t (a INT); ALTER TABLE t ADD b text" },
	{ "CREATE TABLE t (a INT, b TEXT NOT NULL DEFAULT '', UNIQUE (a))",
	  "CREATE TABLE t (a INT, UNIQUE (a));"
	  "ALTER TABLE t ADD COLUMN b TEXT DEFAULT ('') NOT NULL" },
	{ "CREATE TABLE t (a INT, b INT REFERENCES u (id) ON DELETE CASCADE,"
	  " PRIMARY KEY (a)) WITHOUT ROWID",
	  "CREATE TABLE t (a INT, PRIMARY KEY (a)) WITHOUT ROWID;"
	  "ALTER TABLE t ADD COLUMN \"b\" INT references [u] ('id')"
	  " on delete cascade" },
	{ "CREATE TABLE t (a INT, b INT CHECK (b > 0), c AS (a + 1))",
	  "CREATE TABLE t (a INT -- last\n);"
	  "ALTER TABLE t ADD b INT CHECK (b>0);"
	  "ALTER TABLE t ADD c GENERATED ALWAYS AS (a+1) VIRTUAL" },
	{ "CREATE TABLE t (a INT, b INT, c INT, d INT)",
	  "CREATE TABLE t (c INT); ALTER TABLE t ADD a INT;"
	  "ALTER TABLE t ADD d INT; ALTER TABLE t ADD b INT" },
	{ "CREATE TABLE t (a INT, b ANY) STRICT",
	  "CREATE TABLE t (a INT) STRICT; ALTER TABLE t ADD b ANY" },
	{ "CREATE TABLE t (a, CHECK (a <> '),'), b AS (a || ',('))", NULL },
	{ "CREATE TABLE t (a, b AS (a || ',('), CHECK (a <> '),'))",
	  "CREATE TABLE t (a, CHECK (a <> '),'));"
	  "ALTER TABLE t ADD b AS (a||',(')" },
};

static const struct shape_case rename_column[] = {
	{ "CREATE TABLE t (a INT, b TEXT)",
	  "CREATE TABLE t (x INT, b TEXT); ALTER TABLE t RENAME x TO a" },
	{ "CREATE TABLE t (a INT, b TEXT)",
	  "CREATE TABLE t (\"x y\" INT, b TEXT);"
	  "ALTER TABLE t RENAME COLUMN \"x y\" TO \"a\"" },
	{ "CREATE TABLE t (a INT CHECK (a > 0), b AS (a + 1), UNIQUE (a, b))",
	  "CREATE TABLE t (x INT CHECK (x > 0), b AS (x + 1), UNIQUE (x, b));"
	  "ALTER TABLE t RENAME COLUMN x TO \"a\"" },
	{ "CREATE TABLE t (\"key\" INT CHECK (\"key\" > 0))",
	  "CREATE TABLE t (x INT CHECK (x > 0));"
	  "ALTER TABLE t RENAME x TO key" },
	{ "CREATE TABLE t (\"select\" INT CHECK (\"select\" > 0))",
	  "CREATE TABLE t (x INT CHECK (x > 0));"
	  "ALTER TABLE t RENAME x TO \"select\"" },
	{ "CREATE TABLE t (\"é\" INT CHECK (\"é\" > 0))",
	  "CREATE TABLE t (x INT CHECK (x > 0)); ALTER TABLE t RENAME x TO é" },
	{ "CREATE TABLE t (a INT); CREATE INDEX i ON t (a) WHERE a > 0;"
	  "CREATE INDEX j ON t (lower(a) DESC, a COLLATE nocase)",
	  "CREATE TABLE t (x INT); CREATE INDEX i ON t (x) WHERE x > 0;"
	  "CREATE INDEX j ON t (lower(x) DESC, x COLLATE nocase);"
	  "ALTER TABLE t RENAME x TO \"a\"" },
	{ "CREATE TABLE t (a CHECK (a <> 'str')); CREATE INDEX i ON t (a)"
	  " WHERE a <> 'other'",
	  "CREATE TABLE t (x CHECK (x <> \"str\")); CREATE INDEX i ON t (x)"
	  " WHERE x <> \"other\"; ALTER TABLE t RENAME x TO a" },
	{ "CREATE TABLE t (id INTEGER PRIMARY KEY, p INT REFERENCES t (id));"
	  "CREATE TABLE u (t INT REFERENCES t (id))",
	  "CREATE TABLE t (x INTEGER PRIMARY KEY, p INT REFERENCES t (x));"
	  "CREATE TABLE u (t INT REFERENCES t (x));"
	  "ALTER TABLE t RENAME x TO \"id\"" },
	{ "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT t.a, b FROM t;"
	  "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN"
	  "  INSERT INTO t (a, b) VALUES (new.a, old.a);"
	  "  UPDATE t SET a = new.b; END",
	  "CREATE TABLE t (x, b); CREATE VIEW v AS SELECT t.x, b FROM t;"
	  "CREATE TRIGGER g AFTER UPDATE OF x ON t BEGIN"
	  "  INSERT INTO t (x, b) VALUES (new.x, old.x);"
	  "  UPDATE t SET x = new.b; END;"
	  "ALTER TABLE t RENAME x TO \"a\"" },
};

static const struct shape_case rename_table[] = {
	{ "CREATE TABLE t (a)",
	  "CREATE TABLE x (a); ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a)",
	  "CREATE TABLE \"x y\"(a); ALTER TABLE \"x y\" RENAME TO [t]" },
	{ "CREATE TABLE \"order\" (a)",
	  "CREATE TABLE x (a); ALTER TABLE x RENAME TO \"order\"" },
	{ "CREATE TABLE t (a REFERENCES t, b CHECK (t.b > 0))",
	  "CREATE TABLE x (a REFERENCES x, b CHECK (x.b > 0));"
	  "ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a PRIMARY KEY); CREATE TABLE u (a REFERENCES t (a),"
	  " b, FOREIGN KEY (b) REFERENCES t ON DELETE SET NULL)",
	  "CREATE TABLE x (a PRIMARY KEY); CREATE TABLE u (a REFERENCES x (a),"
	  " b, FOREIGN KEY (b) REFERENCES x ON DELETE SET NULL);"
	  "ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a, b); CREATE INDEX i ON t (a) WHERE t.b > 0",
	  "CREATE TABLE x (a, b); CREATE INDEX i ON x (a) WHERE x.b > 0;"
	  "ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a, b); CREATE TABLE u (a);"
	  "CREATE VIEW v AS SELECT t.a, u.a AS x FROM u, t WHERE t.b IN"
	  " (SELECT b FROM t)",
	  "CREATE TABLE x (a, b); CREATE TABLE u (a);"
	  "CREATE VIEW v AS SELECT x.a, u.a AS x FROM u, x WHERE x.b IN"
	  " (SELECT b FROM x); ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT * FROM t AS s"
	  " LEFT JOIN t USING (a)",
	  "CREATE TABLE x (a, b); CREATE VIEW v AS SELECT * FROM x AS s"
	  " LEFT JOIN x USING (a); ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a, b); CREATE TRIGGER g AFTER INSERT ON t BEGIN"
	  " DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (1, 2);"
	  " UPDATE t SET a = 2; SELECT t.a FROM t; END",
	  "CREATE TABLE x (a, b); CREATE TRIGGER g AFTER INSERT ON x BEGIN"
	  " DELETE FROM x WHERE a = 1; INSERT INTO x VALUES (1, 2);"
	  " UPDATE x SET a = 2; SELECT x.a FROM x; END;"
	  "ALTER TABLE x RENAME TO t" },
	{ "CREATE TABLE t (a INT PRIMARY KEY, b) WITHOUT ROWID",
	  "CREATE TABLE t_new (a INT PRIMARY KEY, b) WITHOUT ROWID;"
	  "CREATE TABLE t (a INT PRIMARY KEY); DROP TABLE t;"
	  "ALTER TABLE t_new RENAME TO t" },
	{ "CREATE VIRTUAL TABLE t USING fts5(a, b)",
	  "CREATE VIRTUAL TABLE x USING fts5(a, b);"
	  "ALTER TABLE x RENAME TO t" },
};

static const struct shape_case drop_column[] = {
	{ "CREATE TABLE t (a, b)",
	  "CREATE TABLE t (a, x, b); ALTER TABLE t DROP COLUMN x" },
	{ "CREATE TABLE t (a, b)",
	  "CREATE TABLE t (x INT, a, b); ALTER TABLE t DROP x" },
	{ "CREATE TABLE t (a, b)",
	  "CREATE TABLE t (a, b, x DEFAULT (1) NOT NULL);"
	  "ALTER TABLE t DROP COLUMN x" },
	{ "CREATE TABLE t (a, b, CHECK (a > 'x,)'))",
	  "CREATE TABLE t (a, b, /* x */ x TEXT -- x\n, CHECK (a > 'x,)'));"
	  "ALTER TABLE t DROP COLUMN x" },
	{ "CREATE TABLE t (a, b DEFAULT 'str', CHECK (a <> 'z'))",
	  "CREATE TABLE t (a, x, b DEFAULT \"str\", CHECK (a <> \"z\"));"
	  "ALTER TABLE t DROP COLUMN x" },
	{ "CREATE TABLE t (a, b); CREATE INDEX i ON t (b)",
	  "CREATE TABLE t (a, x, b); CREATE INDEX i ON t (b);"
	  "CREATE INDEX j ON t (x); DROP INDEX j;"
	  "ALTER TABLE t DROP COLUMN x" },
	{ "CREATE TABLE t (a, b)",
	  "CREATE TABLE t (a); ALTER TABLE t ADD x DEFAULT 5;"
	  "ALTER TABLE t ADD b; ALTER TABLE t DROP x" },
};

static const struct shape_case spelling[] = {
	{ "CREATE TABLE t (a INT DEFAULT 5 NOT NULL)",
	  "create table \"t\"(\"a\" int not null default(5))" },
	{ "CREATE TABLE t (a TEXT NULL, b INT UNIQUE NOT NULL)",
	  "CREATE TABLE t (b INT NOT NULL UNIQUE, a TEXT)" },
	{ "CREATE TABLE t (a, b AS (a)); CREATE INDEX i ON t (a)",
	  "CREATE TABLE t (a, b GENERATED ALWAYS AS (a) VIRTUAL);"
	  "CREATE INDEX IF NOT EXISTS main.\"i\" ON [t] (`a`)" },
	{ "CREATE TABLE t (a, UNIQUE (a), CHECK (a))",
	  "CREATE TABLE t (a, CHECK (a) UNIQUE (a))" },
	{ "CREATE TABLE t (a REFERENCES u ON UPDATE CASCADE ON DELETE CASCADE)",
	  "CREATE TABLE t (a REFERENCES 'u' ON DELETE CASCADE"
	  " ON UPDATE CASCADE)" },
	{ "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t",
	  "CREATE TABLE t (a); CREATE VIEW v AS select\n a -- the a\n from"
	  " main.t" },
	{ "CREATE TABLE t (a INT PRIMARY KEY) STRICT, WITHOUT ROWID",
	  "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID, STRICT" },
};

/* Each of these must be told apart. */
static const struct shape_case different[] = {
	{ "CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)" },
	{ "CREATE TABLE t (a INT)", "CREATE TABLE t (A INT)" },
	{ "CREATE TABLE t (a INT)", "CREATE TABLE t (a INT) STRICT" },
	{ "CREATE TABLE t (a DEFAULT 5)", "CREATE TABLE t (a DEFAULT '5')" },
	{ "CREATE TABLE t (a DEFAULT 5)", "CREATE TABLE t (a DEFAULT 5.0)" },
	{ "CREATE TABLE t (a DEFAULT 5)", "CREATE TABLE t (a DEFAULT -5)" },
	{ "CREATE TABLE t (a CHECK (a > 1))",
	  "CREATE TABLE t (a CHECK (a>2))" },
	{ "CREATE TABLE t (a, b, UNIQUE (a, b))",
	  "CREATE TABLE t (a, b, UNIQUE (b, a))" },
	{ "CREATE TABLE t (b, a AS (1) STORED)",
	  "CREATE TABLE t (b, a AS (1))" },
	{ "CREATE TABLE t (a INTEGER PRIMARY KEY)",
	  "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)" },
	{ "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
	  "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a)" },
	{ "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
	  "CREATE TABLE t (a); CREATE INDEX i ON t (a DESC)" },
	{ "CREATE TABLE t (a CHECK (a <> 'X'))",
	  "CREATE TABLE t (a CHECK (a <> 'x'))" },
	{ "CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW v AS SELECT 1 AS b" },
	{ "CREATE VIEW v AS SELECT 1+1", "CREATE VIEW v AS SELECT 1 + 1" },
};

static void check_same(const struct shape_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3 *made = db_open(), *altered;
		char *a, *b;

		if (!cases[i].altered) {
			assert_false(db_try(made, cases[i].made));
			sqlite3_close(made);
			continue;
		}
		db_exec(made, cases[i].made);
		altered = db_with(cases[i].altered);
		a = db_tree(made, true);
		b = db_tree(altered, true);
		assert_string_equal(b, a);
		assert_prints_what_it_is(made);
		assert_prints_what_it_is(altered);
		free(a);
		free(b);
		sqlite3_close(made);
		sqlite3_close(altered);
	}
}

#define SAME(name)                                                \
	static void shape__is_the_same_after_##name(void **state) \
	{                                                         \
		(void)state;                                      \
		check_same(name, ARRAY_LEN(name)); /* NOLINT */   \
	}

SAME(add_column)
SAME(rename_column)
SAME(rename_table)
SAME(drop_column)
SAME(spelling)

static void shape__differs_where_the_schema_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(different); i++) {
		sqlite3 *x = db_with(different[i].made);
		sqlite3 *y = db_with(different[i].altered);
		char *a = db_tree(x, true), *b = db_tree(y, true);

		assert_string_not_equal(a, b);
		free(a);
		free(b);
		sqlite3_close(x);
		sqlite3_close(y);
	}
}

static void text__keeps_the_order_of_columns(void **state)
{
	sqlite3 *x = db_with("CREATE TABLE t (a, b)");
	sqlite3 *y = db_with("CREATE TABLE t (b); ALTER TABLE t ADD a");
	char *a = db_tree(x, false), *b = db_tree(y, false);

	(void)state;
	assert_string_not_equal(a, b);
	free(a);
	free(b);
	a = db_tree(x, true);
	b = db_tree(y, true);
	assert_string_equal(a, b);
	free(a);
	free(b);
	sqlite3_close(x);
	sqlite3_close(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape__is_the_same_after_add_column),
		cmocka_unit_test(shape__is_the_same_after_rename_column),
		cmocka_unit_test(shape__is_the_same_after_rename_table),
		cmocka_unit_test(shape__is_the_same_after_drop_column),
		cmocka_unit_test(shape__is_the_same_after_spelling),
		cmocka_unit_test(shape__differs_where_the_schema_does),
		cmocka_unit_test(text__keeps_the_order_of_columns),
	};

	return cmocka_run_group_tests_name("schema/shape", tests, NULL, NULL);
}
