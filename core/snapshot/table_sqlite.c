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

/* The single key column is the rowid unless an index stands for it. */
static struct err *read_flags(struct table_info *t, sqlite3 *db, bool *pk_index)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		db,
		"SELECT l.wr, EXISTS (SELECT 1 FROM "
		"pragma_index_list(?1, 'main') WHERE origin = 'pk'), "
		"s.sql LIKE '%autoincrement%' "
		"FROM pragma_table_list(?1) l LEFT JOIN main.sqlite_schema s "
		"ON s.type = 'table' AND s.name = l.name "
		"WHERE l.schema = 'main'",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, t->name, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		t->without_rowid = sqlite3_column_int(stmt, 0);
		*pk_index = sqlite3_column_int(stmt, 1);
		t->autoincrement = sqlite3_column_int(stmt, 2);
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
		struct buf b = BUF_INIT;

		sql_quote_name(&b, t->rowid_column);
		t->rowid = arena_strdup(&t->arena, buf_str(&b));
		buf_release(&b);
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
	bool any_virtual = false;

	t->columns = arena_array(&t->arena, n + 1, sizeof(*t->columns));
	t->keys = arena_array(&t->arena, n + 1, sizeof(*t->keys));
	t->key_index = arena_array(&t->arena, n + 1, sizeof(*t->key_index));
	for (size_t i = 0; i < n; i++) {
		const struct raw_column *c = &cols[i];
		int index = t->without_rowid ? (int)i : storage;

		any_virtual |= c->is_virtual;
		storage += !c->is_virtual;
		if (t->without_rowid && c->pk) {
			t->keys[c->pk - 1] = c->name;
			t->key_index[c->pk - 1] = index;
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
	t->select_only = any_virtual || t->without_rowid;
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

void table_value(struct row_value *out, sqlite3_value *v)
{
	out->s = NULL;
	out->len = 0;
	switch (sqlite3_value_type(v)) {
	case SQLITE_INTEGER:
		out->type = ROW_INT;
		out->i = sqlite3_value_int64(v);
		break;
	case SQLITE_FLOAT:
		out->type = ROW_REAL;
		out->real = sqlite3_value_double(v);
		break;
	case SQLITE_TEXT:
		out->type = ROW_TEXT;
		out->s = (const char *)sqlite3_value_text(v);
		out->len = (size_t)sqlite3_value_bytes(v);
		break;
	case SQLITE_BLOB:
		out->type = ROW_BLOB;
		out->s = sqlite3_value_blob(v);
		out->len = (size_t)sqlite3_value_bytes(v);
		break;
	default:
		out->type = ROW_NULL;
		break;
	}
}

int table_bind(sqlite3_stmt *stmt, int i, const struct row_value *v)
{
	switch (v->type) {
	case ROW_INT:
		return sqlite3_bind_int64(stmt, i, v->i);
	case ROW_REAL:
		return sqlite3_bind_double(stmt, i, v->real);
	case ROW_TEXT:
		return sqlite3_bind_text64(stmt, i, v->s, v->len, SQLITE_STATIC,
					   SQLITE_UTF8);
	case ROW_BLOB:
		if (!v->len)
			return sqlite3_bind_zeroblob(stmt, i, 0);
		return sqlite3_bind_blob64(stmt, i, v->s, v->len,
					   SQLITE_STATIC);
	case ROW_NULL:
	case ROW_SAME:
	case ROW_DIGEST:
	case ROW_ABSENT:
		break;
	}
	return sqlite3_bind_null(stmt, i);
}

void table_add_key(struct buf *out, size_t k, const struct row_value *v)
{
	struct row_value whole = { .type = ROW_INT };

	if (k)
		buf_addch(out, '\t');
	if (v->type == ROW_REAL && v->real > -9e15 && v->real < 9e15 &&
	    v->real == (double)(int64_t)v->real) {
		whole.i = (int64_t)v->real;
		v = &whole;
	}
	row_add_value(out, v);
}

int table_where_key(struct buf *sql, const struct table_info *t, int first)
{
	if (!t->without_rowid) {
		buf_addf(sql, "%s = ?%d", t->rowid, first);
		return 1;
	}
	for (size_t i = 0; i < t->n_keys; i++) {
		if (i)
			buf_addstr(sql, " AND ");
		sql_quote_name(sql, t->keys[i]);
		buf_addf(sql, " = ?%d AND ", first + (int)i);
		/* the stored bytes, whatever the column's collation thinks */
		sql_quote_name(sql, t->keys[i]);
		buf_addf(sql, " = ?%d COLLATE BINARY", first + (int)i);
	}
	return (int)t->n_keys;
}

int table_bind_key(sqlite3_stmt *stmt, int i, const struct table_info *t,
		   const struct change_key *key, struct buf *scratch,
		   struct err **err)
{
	const char *p = key->s, *end = key->s ? key->s + key->len : NULL;

	if (!t->without_rowid) {
		sqlite3_bind_int64(stmt, i, key->i);
		return i + 1;
	}
	if (!key->s) {
		*err = err_new(ERR_STATE, "a key of table %s is damaged",
			       t->name);
		return i;
	}
	buf_reset(scratch);
	buf_reserve(scratch, key->len);
	for (size_t k = 0; k < t->n_keys; k++) {
		struct row_value v;

		*err = row_parse(&p, end, &v, scratch);
		if (*err)
			return i;
		table_bind(stmt, i++, &v);
	}
	return i;
}

struct err *table_cursor_open(struct table_cursor *c, sqlite3 *db,
			      const struct table_info *t, const char *name,
			      const char *const *columns, size_t n_columns,
			      uint64_t n_keys, int64_t min, int64_t max)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	memset(c, 0, sizeof(*c));
	c->db = db;
	c->table = t;
	c->scanning = !t->without_rowid && n_keys > 64 &&
		      ((uint64_t)max - (uint64_t)min) / 8 < n_keys;
	buf_addf(&sql, "SELECT %s", t->without_rowid ? "0" : t->rowid);
	for (size_t i = 0; i < n_columns; i++)
		buf_addf(&sql, ", %s", columns[i]);
	buf_addstr(&sql, " FROM main.");
	sql_quote_name(&sql, name);
	buf_addstr(&sql, t->without_rowid ? " WHERE " : " NOT INDEXED WHERE ");
	if (c->scanning)
		buf_addf(&sql, "%s BETWEEN ?1 AND ?2 ORDER BY %s", t->rowid,
			 t->rowid);
	else
		table_where_key(&sql, t, 1);
	err = table_prepare(db, buf_str(&sql), &c->stmt);
	if (!err && c->scanning) {
		sqlite3_bind_int64(c->stmt, 1, min);
		sqlite3_bind_int64(c->stmt, 2, max);
	}
	buf_release(&sql);
	return err;
}

void table_cursor_close(struct table_cursor *c)
{
	sqlite3_finalize(c->stmt);
	buf_release(&c->scratch);
	c->stmt = NULL;
}

static struct err *step(struct table_cursor *c, bool *row)
{
	int rc = sqlite3_step(c->stmt);

	*row = rc == SQLITE_ROW;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return err_wrap(target_sqlite_error(c->db, "read rows"),
				"table %s", c->table->name);
	return NULL;
}

struct err *table_cursor_seek(struct table_cursor *c,
			      const struct change_key *key, bool *found)
{
	struct err *err = NULL;

	*found = false;
	if (!c->scanning) {
		sqlite3_reset(c->stmt);
		table_bind_key(c->stmt, 1, c->table, key, &c->scratch, &err);
		return err ? err : step(c, found);
	}
	while (!c->at_end && (!c->on_row || c->at < key->i)) {
		err = step(c, &c->on_row);
		if (err)
			return err;
		if (c->on_row)
			c->at = sqlite3_column_int64(c->stmt, 0);
		else
			c->at_end = true;
	}
	*found = c->on_row && c->at == key->i;
	return NULL;
}

/* SELECT of the key's fields and the columns, by key. */
static struct err *prepare_stream(sqlite3 *db, const struct table_info *t,
				  const char *name, const char *const *columns,
				  size_t n_columns, sqlite3_stmt **out)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "SELECT ");
	if (!t->without_rowid)
		buf_addstr(&sql, t->rowid);
	for (size_t k = 0; t->without_rowid && k < t->n_keys; k++) {
		if (k)
			buf_addstr(&sql, ", ");
		sql_quote_name(&sql, t->keys[k]);
	}
	for (size_t i = 0; i < n_columns; i++) {
		buf_addstr(&sql, ", ");
		if (columns[i])
			sql_quote_name(&sql, columns[i]);
		else
			buf_addstr(&sql, "NULL");
	}
	buf_addstr(&sql, " FROM main.");
	sql_quote_name(&sql, name);
	if (!t->without_rowid)
		buf_addf(&sql, " ORDER BY %s", t->rowid);
	err = table_prepare(db, buf_str(&sql), out);
	buf_release(&sql);
	return err;
}

struct err *table_stream(sqlite3 *db, const struct table_info *t,
			 const char *name, const char *const *columns,
			 size_t n_columns, struct line_writer *lines,
			 struct manifest_table *count)
{
	size_t n_keys = t->without_rowid ? t->n_keys : 1;
	sqlite3_stmt *stmt = NULL;
	struct row_value v;
	struct err *err;
	int rc = SQLITE_DONE;

	err = prepare_stream(db, t, name, columns, n_columns, &stmt);
	while (!err && !lines->err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct buf *out = line_writer_begin(lines);

		buf_add(out, "-\t", 2);
		for (size_t k = 0; k < n_keys; k++) {
			table_value(&v, sqlite3_column_value(stmt, (int)k));
			table_add_key(out, k, &v);
		}
		for (size_t i = 0; i < n_columns; i++) {
			table_value(&v, sqlite3_column_value(
						stmt, (int)(n_keys + i)));
			buf_addch(out, '\t');
			row_add_value(out, &v);
		}
		buf_addch(out, '\n');
		manifest_count_key(count, sqlite3_column_int64(stmt, 0));
		count->deleted++;
		line_writer_add(lines);
	}
	if (!err && !lines->err && rc != SQLITE_DONE)
		err = target_sqlite_error(db, "read rows");
	if (!err)
		err = line_writer_end(lines);
	sqlite3_finalize(stmt);
	return err_wrap(err, "keep the rows of table %s", name);
}
