#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/table_sqlite.h"

/* How the rows of a table are addressed, and which columns hold data. */

static const struct {
	const char *sql, *name;
	const char *rowid;   /* NULL: WITHOUT ROWID */
	const char *keys;    /* with commas */
	const char *columns; /* name@index, "!" behind one with a default */
	bool select_only;
} kinds[] = {
	{ "CREATE TABLE t(a, b)", "t", "rowid", "", "a@0 b@1", false },
	{ "CREATE TABLE T(a)", "t", "rowid", "", "a@0", false },
	{ "CREATE TABLE t(id INTEGER PRIMARY KEY, b)", "t", "\"id\"", "", "b@1",
	  false },
	{ "CREATE TABLE t(b, id INTEGER, PRIMARY KEY (id))", "t", "\"id\"", "",
	  "b@0", false },
	{ "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, b)", "t", "rowid", "",
	  "id@0 b@1", false },
	{ "CREATE TABLE t(id INT PRIMARY KEY, b)", "t", "rowid", "", "id@0 b@1",
	  false },
	{ "CREATE TABLE t(id INTEGER, b, PRIMARY KEY (id, b))", "t", "rowid",
	  "", "id@0 b@1", false },
	{ "CREATE TABLE t(rowid, b)", "t", "_rowid_", "", "rowid@0 b@1",
	  false },
	{ "CREATE TABLE t(rowid, _ROWID_)", "t", "oid", "", "rowid@0 _ROWID_@1",
	  false },
	{ "CREATE TABLE t(rowid, oid, _rowid_ INTEGER PRIMARY KEY)", "t",
	  "\"_rowid_\"", "", "rowid@0 oid@1", false },
	{ "CREATE TABLE t(a DEFAULT 1, b DEFAULT NULL, c TEXT DEFAULT 'x')",
	  "t", "rowid", "", "a@0! b@1 c@2!", false },
	{ "CREATE TABLE t(a, v AS (a), b, s AS (a) STORED, c)", "t", "rowid",
	  "", "a@0 b@1 c@3", true },
	{ "CREATE TABLE t(a, s AS (a) STORED, c)", "t", "rowid", "", "a@0 c@2",
	  false },
	{ "CREATE TABLE t(v, k TEXT PRIMARY KEY) WITHOUT ROWID", "t", NULL, "k",
	  "v@0", true },
	{ "CREATE TABLE t(b INT, v, a TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID",
	  "t", NULL, "a,b", "v@1", true },
	{ "CREATE TABLE t(k PRIMARY KEY, v) WITHOUT ROWID", "t", NULL, "k",
	  "k@0 v@1", true },
	{ "CREATE TABLE t(k BLOB, l VARCHAR(3), PRIMARY KEY (l, k)) "
	  "WITHOUT ROWID",
	  "t", NULL, "l,k", "k@0", true },
	{ "CREATE TABLE \"a \"\"b\"(\"x \"\"y\" INTEGER PRIMARY KEY, z)",
	  "a \"b", "\"x \"\"y\"", "", "z@1", false },
};

static void table_info_read__knows_every_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct buf keys = BUF_INIT, columns = BUF_INIT;
		struct table_info t;
		sqlite3 *db = NULL;
		bool found;

		assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
		assert_int_equal(
			sqlite3_exec(db, kinds[i].sql, NULL, NULL, NULL),
			SQLITE_OK);
		assert_ok(table_info_read(&t, db, kinds[i].name, &found));
		assert_true(found);
		for (size_t k = 0; k < t.n_keys; k++)
			buf_addf(&keys, k ? ",%s" : "%s", t.keys[k]);
		for (size_t k = 0; k < t.n_columns; k++)
			buf_addf(&columns, "%s%s@%d%s", k ? " " : "",
				 t.columns[k].name, t.columns[k].index,
				 t.columns[k].has_default ? "!" : "");
		assert_int_equal(t.without_rowid, !kinds[i].rowid);
		if (kinds[i].rowid)
			assert_string_equal(t.rowid, kinds[i].rowid);
		assert_string_equal(buf_str(&keys), kinds[i].keys);
		assert_string_equal(buf_str(&columns), kinds[i].columns);
		assert_int_equal(t.select_only, kinds[i].select_only);
		table_info_release(&t);
		sqlite3_close(db);
		buf_release(&keys);
		buf_release(&columns);
	}
}

static void table_info_read__gives_the_real_name(void **state)
{
	struct table_info t;
	sqlite3 *db = NULL;
	bool found;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE Users(Id)", NULL, NULL, NULL);
	assert_ok(table_info_read(&t, db, "uSERS", &found));
	assert_true(found);
	assert_string_equal(t.name, "Users");
	assert_int_equal(table_info_column(&t, "iD"), 0);
	assert_true(table_info_has(&t, "ID"));
	assert_false(table_info_has(&t, "name"));
	table_info_release(&t);
	assert_ok(table_info_read(&t, db, "nothing", &found));
	assert_false(found);
	sqlite3_close(db);
}

/* Scanning or looking up, a cursor finds the same rows. */
static void table_cursor__agrees_with_itself(void **state)
{
	static const char *columns[] = { "v" };
	struct table_info t;
	sqlite3 *db = NULL;
	bool found;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	sqlite3_exec(db,
		     "CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
		     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		     "FROM n WHERE i < 500) INSERT INTO t SELECT i * 3, i "
		     "FROM n",
		     NULL, NULL, NULL);
	assert_ok(table_info_read(&t, db, "t", &found));
	for (uint64_t asked = 1; asked < 5000; asked += 4000) {
		const struct table_fields fields = { &t, "t", columns, 1 };
		struct table_cursor c;

		assert_ok(table_cursor_open(&c, db, &fields, asked, -10, 2000));
		assert_int_equal(c.scanning, asked > 64);
		for (int64_t id = -10; id < 2000; id++) {
			const struct change_key key = { .i = id };

			assert_ok(table_cursor_seek(&c, &key, &found));
			assert_int_equal(found,
					 id > 0 && id <= 1500 && id % 3 == 0);
			if (found)
				assert_int_equal(
					sqlite3_column_int64(c.stmt, 1),
					id / 3);
		}
		table_cursor_close(&c);
	}
	table_info_release(&t);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_info_read__knows_every_kind),
		cmocka_unit_test(table_info_read__gives_the_real_name),
		cmocka_unit_test(table_cursor__agrees_with_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
