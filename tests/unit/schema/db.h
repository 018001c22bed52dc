#ifndef TESTS_SCHEMA_DB_H
#define TESTS_SCHEMA_DB_H

/*
 * Real SQLite databases in memory for the tests of the schema room, and the
 * question whether two of them behave alike.
 */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "sql/sql.h"
#include "sql/sqlite_lexer.h"

#define UNUSED __attribute__((unused))

UNUSED static sqlite3 *db_open(void)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	return db;
}

UNUSED static void db_exec(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message))
		fail_msg("%s\nin: %s", message, sql);
}

/* Run it; false when SQLite refuses. */
UNUSED static bool db_try(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

UNUSED static sqlite3 *db_with(const char *sql)
{
	sqlite3 *db = db_open();

	db_exec(db, sql);
	return db;
}

/* All rows of a query, columns by |, rows by newline; or the error. */
UNUSED static char *db_rows(sqlite3 *db, const char *sql)
{
	struct buf out = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const unsigned char *s = sqlite3_column_text(stmt, i);

			buf_addstr(&out, s ? (const char *)s : "NULL");
			buf_addch(&out, '|');
		}
		buf_addch(&out, '\n');
	}
	rc = sqlite3_finalize(stmt) | rc;
	if (rc)
		buf_addf(&out, "error %d\n", rc);
	return buf_detach(&out);
}

/* A fresh reading of everything. */
UNUSED static void schema_of(struct schema *s, sqlite3 *db)
{
	schema_init(s);
	assert_ok(schema_sqlite_refresh(s, db, SCHEMA_SCOPE_ALL, NULL));
}

UNUSED static int compare_keys(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* The tree as one text, sorted by path; free() it. */
UNUSED static char *tree_of(const struct schema *s, bool shape)
{
	struct map_entry *sorted = xcalloc(s->by_path.n + 1, sizeof(*sorted));
	struct buf out = BUF_INIT;
	size_t n = 0;

	map_each (&s->by_path, e)
		sorted[n++] = *e;
	qsort(sorted, n, sizeof(*sorted), compare_keys);
	for (size_t i = 0; i < n; i++) {
		const struct schema_object *o = sorted[i].value;

		assert_string_equal(o->path, sorted[i].key);
		buf_addf(&out, "== %s\n%s", o->path,
			 shape ? o->shape : o->text);
	}
	free(sorted);
	return buf_detach(&out);
}

/* The tree of a database read from nothing; free() it. */
UNUSED static char *db_tree(sqlite3 *db, bool shape)
{
	struct schema s;
	char *tree;

	schema_of(&s, db);
	tree = tree_of(&s, shape);
	schema_release(&s);
	return tree;
}

/* Execute every text of the tree in a new database, dependencies first. */
UNUSED static sqlite3 *db_rebuild(const struct schema *s)
{
	static const char *const kinds[] = { "table", "virtual", "index",
					     "view",  "trigger", "pragma" };
	sqlite3 *db = db_open();

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		map_each (&s->by_path, e) {
			const struct schema_object *o = e->value;

			if (streq(o->kind, kinds[k]))
				db_exec(db, o->text);
		}
	}
	return db;
}

/* Text without white space and comments, upper case: enough for types. */
UNUSED static void squeeze(struct buf *out, const unsigned char *s)
{
	struct sqlite_lexer l;
	struct sqlite_token t;

	sqlite_lexer_init(&l, (const char *)s, s ? strlen((const char *)s) : 0);
	while ((t = sqlite_lexer_next_solid(&l)).kind != SQLITE_TK_END)
		for (size_t i = 0; i < t.len; i++) {
			char c = t.text[i];

			buf_addch(out,
				  (char)(c >= 'a' && c <= 'z' ? c - 32 : c));
		}
}

/* The value that a DEFAULT gives, with its storage class. */
UNUSED static void add_default_value(struct buf *out, const char *text)
{
	sqlite3 *db = db_open();
	char *plain = xasprintf("CREATE TABLE x (a DEFAULT %s, b)", text);
	char *bracketed = xasprintf("CREATE TABLE x (a DEFAULT (%s), b)", text);
	char *rows;

	if (!db_try(db, plain) && !db_try(db, bracketed))
		fail_msg("no default: %s", text);
	db_exec(db, "INSERT INTO x (b) VALUES (1)");
	rows = db_rows(db, "SELECT typeof(a), quote(a) FROM x");
	if (strcasestr(text, "random") || strcasestr(text, "current"))
		buf_addstr(out, "another each time");
	else
		buf_addstr(out, rows);
	free(rows);
	free(plain);
	free(bracketed);
	sqlite3_close(db);
}

/* What PRAGMA table_xinfo says, with defaults by their value. */
UNUSED static void add_columns(struct buf *out, sqlite3 *db, const char *table)
{
	char *sql = sqlite3_mprintf("PRAGMA table_xinfo(%Q)", table);
	sqlite3_stmt *stmt = NULL;

	/* a view of what is not there fails here */
	buf_addf(out, "%d\n", sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
	while (stmt && sqlite3_step(stmt) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(stmt, 4);

		buf_addf(out, "%s:", sqlite3_column_text(stmt, 1));
		squeeze(out, sqlite3_column_text(stmt, 2));
		buf_addf(out, ":%d:%d:%d:", sqlite3_column_int(stmt, 3),
			 sqlite3_column_int(stmt, 5),
			 sqlite3_column_int(stmt, 6));
		if (text)
			add_default_value(out, (const char *)text);
		buf_addch(out, '\n');
	}
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
}

UNUSED static void add_query(struct buf *out, sqlite3 *db, char *sql)
{
	char *rows = db_rows(db, sql);

	buf_addstr(out, rows);
	free(rows);
	sqlite3_free(sql);
}

UNUSED static void add_table(struct buf *out, sqlite3 *db, const char *table)
{
	add_columns(out, db, table);
	add_query(out, db,
		  sqlite3_mprintf("PRAGMA foreign_key_list(%Q)", table));
	add_query(out, db,
		  sqlite3_mprintf(
			  "SELECT l.name, l.\"unique\", l.origin, l.partial, "
			  "x.seqno, x.cid, x.name, x.\"desc\", "
			  "lower(x.coll), x.\"key\" "
			  "FROM pragma_index_list(%Q) l, "
			  "pragma_index_xinfo(l.name) x ORDER BY 1, 5",
			  table));
	add_query(out, db,
		  sqlite3_mprintf("SELECT type, ncol, wr, strict FROM "
				  "pragma_table_list(%Q) WHERE schema='main'",
				  table));
}

/* Insert a few rows, good and bad, and look what is there. */
UNUSED static void add_behaviour(struct buf *out, sqlite3 *db,
				 const char *table)
{
	static const char *const values[] = { "NULL", "0",     "1",    "-5",
					      "2.5",  "'abc'", "'x y'" };
	char *width = sqlite3_mprintf("SELECT count(*) FROM "
				      "pragma_table_info(%Q)",
				      table);
	char *rows = db_rows(db, width);
	int n = (int)strtol(rows, NULL, 10);

	for (size_t v = 0; v < ARRAY_LEN(values); v++) {
		struct buf sql = BUF_INIT;

		buf_addstr(&sql, "INSERT INTO ");
		sql_quote_name(&sql, table);
		for (int i = 0; i < n; i++)
			buf_addf(&sql, "%s%s", i ? "," : " VALUES (",
				 values[(v + (size_t)i) % 7]);
		buf_addstr(&sql, ")");
		db_try(db, buf_str(&sql));
		buf_addf(out, "%d ", sqlite3_extended_errcode(db));
		buf_release(&sql);
	}
	add_query(out, db, sqlite3_mprintf("SELECT * FROM \"%w\"", table));
	free(rows);
	sqlite3_free(width);
}

/* Everything that a schema does, as one text; free() it. */
UNUSED static char *db_nature(sqlite3 *db)
{
	struct buf out = BUF_INIT;
	sqlite3_stmt *stmt = NULL;

	sqlite3_prepare_v2(db,
			   "SELECT type, name FROM sqlite_master WHERE type IN "
			   "('table', 'view') AND name NOT LIKE 'sqlite\\_%' "
			   "ESCAPE '\\' ORDER BY type, name",
			   -1, &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 1);

		buf_addf(&out, "== %s %s\n", sqlite3_column_text(stmt, 0),
			 name);
		add_table(&out, db, name);
	}
	sqlite3_reset(stmt);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		add_behaviour(&out, db,
			      (const char *)sqlite3_column_text(stmt, 1));
	sqlite3_finalize(stmt);
	return buf_detach(&out);
}

/*
 * What was printed, executed in an empty database, must print the same again
 * and behave as the database it came from (which gets some rows by this).
 */
UNUSED static void assert_prints_what_it_is(sqlite3 *db)
{
	struct schema s;
	sqlite3 *again;
	char *tree, *tree_again, *nature, *nature_again;

	schema_of(&s, db);
	again = db_rebuild(&s);
	tree = tree_of(&s, false);
	tree_again = db_tree(again, false);
	assert_string_equal(tree_again, tree);
	nature = db_nature(db);
	nature_again = db_nature(again);
	if (!streq(nature, nature_again))
		print_error("%s\n", tree);
	assert_string_equal(nature_again, nature);
	free(tree);
	free(tree_again);
	free(nature);
	free(nature_again);
	sqlite3_close(again);
	schema_release(&s);
}

/* A small generator, so that a failure can be had again from its seed. */
UNUSED static unsigned next_random(unsigned long long *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(*state >> 33);
}

#endif
