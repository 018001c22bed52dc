#include "snapshot/table_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "target/target_sqlite.h"

struct err *table_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out,
			       NULL) != SQLITE_OK)
		return err_wrap(target_sqlite_error(db, "prepare"), "%s", sql);
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return sql_same_name(SQL_SQLITE, a, b);
}

int table_info_column(const struct table_info *t, const char *name)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (same(t->columns[i].name, name))
			return (int)i;
	return -1;
}

void table_add_columns(struct buf *sql, const struct table_info *t)
{
	size_t n = 0;

	if (!t->without_rowid) {
		buf_addstr(sql, t->rowid);
		n++;
	}
	for (size_t k = 0; t->without_rowid && k < t->n_keys; k++) {
		if (table_info_column(t, t->keys[k]) >= 0)
			continue;
		buf_addstr(sql, n++ ? ", " : "");
		sql_quote_name(sql, t->keys[k]);
	}
	for (size_t i = 0; i < t->n_columns; i++) {
		buf_addstr(sql, n++ ? ", " : "");
		sql_quote_name(sql, t->columns[i].name);
	}
}

bool table_info_has(const struct table_info *t, const char *name)
{
	for (size_t i = 0; i < t->n_all; i++)
		if (same(t->all[i], name))
			return true;
	return false;
}

struct err *table_sql(sqlite3 *db, struct arena *a, const char *table,
		      const char **out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(db,
					"SELECT sql FROM main.sqlite_schema "
					"WHERE type = 'table' AND lower(name) "
					"= lower(?1)",
					&stmt);

	*out = NULL;
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
		*out = arena_strdup(a,
				    (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return NULL;
}

struct err *table_find_unique(sqlite3 *db, const char *table,
			      const char *const *names, size_t n, bool *unique)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		db,
		"SELECT (SELECT name FROM pragma_index_info(l.name)) FROM "
		"pragma_index_list(?1, 'main') l WHERE l.\"unique\" AND NOT "
		"l.partial AND (SELECT count(*) FROM "
		"pragma_index_info(l.name)) = 1",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *column = (const char *)sqlite3_column_text(stmt, 0);

		for (size_t i = 0; column && i < n; i++)
			unique[i] |= names[i] && same(names[i], column);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

/* One row of table_xinfo, kept until the key is known. */
struct raw_column {
	const char *name;
	bool has_default, generated, is_virtual;
	bool converts; /* every number in it is of one storage class */
	int pk;
};

/* Affinity of a declared type, https://sqlite.org/datatype3.html 3.1: not
 * BLOB, and not the NUMERIC that a strict table's ANY would be taken for. */
static bool type_converts(const char *type)
{
	static const char *const words[] = { "INT",  "CHAR", "CLOB", "TEXT",
					     "REAL", "FLOA", "DOUB" };

	for (size_t i = 0; type && i < ARRAY_LEN(words); i++)
		if (strcasestr(type, words[i]))
			return true;
	return false;
}

static struct err *read_columns(struct table_info *t, sqlite3 *db,
				struct raw_column **out, size_t *n)
{
	sqlite3_stmt *stmt = NULL;
	struct raw_column *cols = NULL;
	size_t cap = 0;
	int rc;
	struct err *err =
		table_prepare(db,
			      "SELECT name, dflt_value, pk, hidden, type "
			      "FROM pragma_table_xinfo(?1, 'main')",
			      &stmt);

	*n = 0;
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *dflt = (const char *)sqlite3_column_text(stmt, 1);
		int hidden = sqlite3_column_int(stmt, 3);
		struct raw_column *c;

		VEC_GROW(cols, *n, cap);
		c = &cols[(*n)++];
		c->name = arena_strdup(
			&t->arena, (const char *)sqlite3_column_text(stmt, 0));
		c->has_default = dflt && sqlite3_stricmp(dflt, "NULL") != 0;
		c->pk = sqlite3_column_int(stmt, 2);
		c->generated = hidden != 0;
		c->is_virtual = hidden == 2 || hidden == 1;
		c->converts = type_converts(
			(const char *)sqlite3_column_text(stmt, 4));
	}
	if (rc != SQLITE_DONE)
		err = target_sqlite_error(db, "read the columns");
	sqlite3_finalize(stmt);
	*out = cols;
	return err;
}

static char *quoted(struct arena *a, const char *name)
{
	struct buf b = BUF_INIT;
	char *out;

	sql_quote_name(&b, name);
	out = arena_strdup(a, buf_str(&b));
	buf_release(&b);
	return out;
}

/* The single key column is the rowid unless an index stands for it. */
static struct err *read_flags(struct table_info *t, sqlite3 *db, bool *pk_index)
{
	const char *type, *pk;
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		db,
		"SELECT wr, name, type, (SELECT name FROM "
		"pragma_index_list(?1, 'main') WHERE origin = 'pk') "
		"FROM pragma_table_list(?1) WHERE schema = 'main'",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		t->without_rowid = sqlite3_column_int(stmt, 0);
		/* as the database has it, however it was asked for */
		t->name = arena_strdup(
			&t->arena, (const char *)sqlite3_column_text(stmt, 1));
		type = (const char *)sqlite3_column_text(stmt, 2);
		t->is_virtual = streq(type, "virtual");
		t->is_shadow = streq(type, "shadow");
		pk = (const char *)sqlite3_column_text(stmt, 3);
		*pk_index = pk != NULL;
		if (pk)
			t->key_quoted = quoted(&t->arena, pk);
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		err = target_sqlite_error(db, "read the table's kind");
	return err;
}

static struct err *choose_rowid(struct table_info *t,
				const struct raw_column *cols, size_t n)
{
	static const char *const names[] = { "rowid", "_rowid_", "oid" };

	for (size_t i = 0; i < ARRAY_LEN(names) && !t->rowid_column; i++) {
		bool shadowed = false;

		for (size_t k = 0; k < n; k++)
			shadowed |= same(cols[k].name, names[i]);
		if (!shadowed) {
			t->rowid = names[i];
			return NULL;
		}
	}
	if (t->rowid_column) {
		t->rowid = quoted(&t->arena, t->rowid_column);
		return NULL;
	}
	return err_new(ERR_REFUSED,
		       "rows of table %s cannot be addressed: its columns are "
		       "called rowid, _rowid_ and oid",
		       t->name);
}

static void sort_columns(struct table_info *t, const struct raw_column *cols,
			 size_t n)
{
	int storage = 0;

	t->columns = arena_array(&t->arena, n + 1, sizeof(*t->columns));
	t->keys = arena_array(&t->arena, n + 1, sizeof(*t->keys));
	t->key_index = arena_array(&t->arena, n + 1, sizeof(*t->key_index));
	t->key_stored = arena_array(&t->arena, n + 1, sizeof(*t->key_stored));
	for (size_t i = 0; i < n; i++) {
		const struct raw_column *c = &cols[i];
		int index = t->without_rowid ? (int)i : storage;

		t->any_virtual |= c->is_virtual;
		storage += !c->is_virtual;
		if (t->without_rowid && c->pk) {
			t->keys[c->pk - 1] = c->name;
			t->key_index[c->pk - 1] = index;
			t->key_stored[c->pk - 1] = storage - 1;
			t->n_keys++;
			if (c->converts)
				continue;
		}
		if (!c->generated && c->name != t->rowid_column)
			t->columns[t->n_columns++] = (struct table_column){
				c->name, t->without_rowid && c->pk, index,
				c->has_default
			};
	}
	t->all = arena_array(&t->arena, n + 1, sizeof(*t->all));
	t->n_all = n;
	for (size_t i = 0; i < n; i++)
		t->all[i] = cols[i].name;
	/* SQLite 3.40 maps affinities wrongly there: docs/decisions.md */
	t->select_only = t->any_virtual || t->without_rowid;
}

struct err *table_info_read(struct table_info *out, sqlite3 *db,
			    const char *name, bool *found)
{
	struct raw_column *cols = NULL;
	bool pk_index = false;
	struct err *err;
	size_t n = 0, n_pk = 0;

	memset(out, 0, sizeof(*out));
	*found = false;
	out->name = arena_strdup(&out->arena, name);
	err = read_columns(out, db, &cols, &n);
	if (err || !n)
		goto done;
	*found = true;
	err = read_flags(out, db, &pk_index);
	if (err)
		goto done;
	for (size_t i = 0; i < n; i++)
		n_pk += cols[i].pk != 0;
	for (size_t i = 0; i < n; i++)
		if (cols[i].pk && n_pk == 1 && !out->without_rowid && !pk_index)
			out->rowid_column = cols[i].name;
	if (!out->without_rowid)
		err = choose_rowid(out, cols, n);
	if (!err)
		sort_columns(out, cols, n);
done:
	free(cols);
	if (err || !*found)
		table_info_release(out);
	return err;
}

void table_info_release(struct table_info *t)
{
	arena_release(&t->arena);
	memset(t, 0, sizeof(*t));
}
