#include "snapshot/table_sqlite.h"

#include <string.h>

#include "sql/sql.h"
#include "target/target_sqlite.h"

/* Rows of one table: by key, in key order, and as the lines of a snapshot. */

/*
 * Its bytes as UTF-8. sqlite3_value_text() copies each text to end it with a
 * NUL, which nobody here asks for; the bytes of a blob stay where they are.
 */
static const char *text_of(sqlite3_value *v)
{
#if SQLITE_VERSION_NUMBER >= 3040000
	if (sqlite3_value_encoding(v) == SQLITE_UTF8)
		return sqlite3_value_bytes(v) ? sqlite3_value_blob(v) : "";
#endif
	return (const char *)sqlite3_value_text(v);
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
		out->s = text_of(v);
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

void table_result(sqlite3_context *out, const struct row_value *v)
{
	switch (v->type) {
	case ROW_INT:
		sqlite3_result_int64(out, v->i);
		break;
	case ROW_REAL:
		sqlite3_result_double(out, v->real);
		break;
	case ROW_TEXT:
		sqlite3_result_text64(out, v->s, v->len, SQLITE_STATIC,
				      SQLITE_UTF8);
		break;
	case ROW_BLOB:
		sqlite3_result_blob64(out, v->s ? v->s : "", v->len,
				      SQLITE_STATIC);
		break;
	case ROW_NULL:
	case ROW_SAME:
	case ROW_DIGEST:
	case ROW_ABSENT:
		sqlite3_result_null(out);
		break;
	}
}

bool table_is_dense(const struct table_info *t, uint64_t n_keys, int64_t min,
		    int64_t max)
{
	return !t->without_rowid && n_keys > 64 &&
	       ((uint64_t)max - (uint64_t)min) / 8 < n_keys;
}

void table_add_key(struct buf *out, size_t k, const struct row_value *v)
{
	struct row_value whole = { .type = ROW_INT };

	if (k)
		buf_addch(out, '\t');
	/* what is whole and below 2 to the 63rd is one exactly */
	if (v->type == ROW_REAL && v->real >= -0x1p63 && v->real < 0x1p63 &&
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
		/* as stored, whatever the column's collation and affinity */
		buf_addch(sql, '+');
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
			      const struct table_fields *f, uint64_t n_keys,
			      int64_t min, int64_t max)
{
	const struct table_info *t = f->table;
	struct buf sql = BUF_INIT;
	struct err *err;

	memset(c, 0, sizeof(*c));
	c->db = db;
	c->table = t;
	c->scanning = table_is_dense(t, n_keys, min, max);
	buf_addf(&sql, "SELECT %s", t->without_rowid ? "0" : t->rowid);
	for (size_t i = 0; i < f->n; i++)
		buf_addf(&sql, ", %s", f->columns[i]);
	buf_addstr(&sql, " FROM main.");
	sql_quote_name(&sql, f->name);
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

void table_add_select(struct buf *sql, const struct table_fields *f)
{
	const struct table_info *t = f->table;

	buf_addstr(sql, "SELECT ");
	if (!t->without_rowid)
		buf_addstr(sql, t->rowid);
	for (size_t k = 0; t->without_rowid && k < t->n_keys; k++) {
		buf_addstr(sql, k ? ", " : "");
		sql_quote_name(sql, t->keys[k]);
	}
	for (size_t i = 0; i < f->n; i++) {
		buf_addstr(sql, ", ");
		if (f->columns[i])
			sql_quote_name(sql, f->columns[i]);
		else
			buf_addstr(sql, "NULL");
	}
	buf_addstr(sql, " FROM main.");
	sql_quote_name(sql, f->name);
}

struct err *table_scan_open(struct table_scan *s, sqlite3 *db,
			    const struct table_fields *f, const char *where)
{
	const struct table_info *t = f->table;
	struct buf sql = BUF_INIT;
	struct err *err;

	memset(s, 0, sizeof(*s));
	s->db = db;
	s->table = t;
	s->first = t->without_rowid ? (int)t->n_keys : 1;
	table_add_select(&sql, f);
	if (where)
		buf_addf(&sql, " WHERE %s", where);
	if (!t->without_rowid)
		buf_addf(&sql, " ORDER BY %s", t->rowid);
	err = table_prepare(db, buf_str(&sql), &s->stmt);
	buf_release(&sql);
	return err;
}

struct err *table_scan_next(struct table_scan *s, bool *row)
{
	int rc = sqlite3_step(s->stmt);

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_DONE)
		return NULL;
	if (rc != SQLITE_ROW)
		return err_wrap(target_sqlite_error(s->db, "read rows"),
				"table %s", s->table->name);
	s->key.i = sqlite3_column_int64(s->stmt, 0);
	if (!s->table->without_rowid)
		return NULL;
	buf_reset(&s->key_text);
	for (int k = 0; k < s->first; k++) {
		struct row_value v;

		table_value(&v, sqlite3_column_value(s->stmt, k));
		table_add_key(&s->key_text, (size_t)k, &v);
	}
	s->key.s = buf_str(&s->key_text);
	s->key.len = s->key_text.len;
	return NULL;
}

void table_scan_value(const struct table_scan *s, size_t i,
		      struct row_value *out)
{
	table_value(out, sqlite3_column_value(s->stmt, s->first + (int)i));
}

void table_scan_close(struct table_scan *s)
{
	sqlite3_finalize(s->stmt);
	buf_release(&s->key_text);
	s->stmt = NULL;
}

void table_add_line_key(struct buf *out, const struct change_key *key)
{
	if (key->s)
		buf_add(out, key->s, key->len);
	else
		buf_addint(out, key->i);
}

struct err *table_stream(sqlite3 *db, const struct table_fields *f,
			 struct line_writer *lines,
			 struct manifest_table *count)
{
	struct table_scan scan;
	struct row_value v;
	struct err *err;
	bool row = false;

	err = table_scan_open(&scan, db, f, NULL);
	while (!err && !lines->err) {
		struct buf *out;

		err = table_scan_next(&scan, &row);
		if (err || !row)
			break;
		out = line_writer_begin(lines);
		buf_add(out, "-\t", 2);
		table_add_line_key(out, &scan.key);
		for (size_t i = 0; i < f->n; i++) {
			table_scan_value(&scan, i, &v);
			buf_addch(out, '\t');
			row_add_value(out, &v);
		}
		buf_addch(out, '\n');
		manifest_count_key(count, scan.key.i);
		count->deleted++;
		line_writer_add(lines);
	}
	if (!err)
		err = line_writer_end(lines);
	table_scan_close(&scan);
	return err_wrap(err, "keep the rows of table %s", f->name);
}
