#include <sqlite3.h>
#include <string.h>

#include "base/cancel.h"
#include "base/util.h"
#include "snapshot/estimate_ops.h"
#include "snapshot/table_sqlite.h"
#include "target/target_sqlite.h"

/*
 * SQLite counts nothing, and may have been built without dbstat: rows are read
 * at places spread evenly between the first rowid and the last, which tells
 * how many there are and how long.
 */

#define PLACES 64
#define ROWS_AT_PLACE 8

/* Below that the rows that were met say too little. */
#define ENOUGH_ROWS 32

/* Where they do, or there is no rowid: this many are there at least. */
#define COUNT_AT_MOST 20000

struct sample {
	double rows, bytes;
};

static bool has(const char *const *names, size_t n, const char *column)
{
	for (size_t i = 0; i < n; i++)
		if (sql_same_name(SQL_SQLITE, names[i], column))
			return true;
	return false;
}

static bool is_wanted(const struct estimate_want *w, const char *column)
{
	return has(w->columns, w->n_columns, column);
}

/* Text and numbers have their bytes in a line, blobs twice as many. */
static void add_size(struct buf *sql, const char *column)
{
	buf_addstr(sql, " + ifnull(length(CAST(");
	sql_quote_name(sql, column);
	buf_addstr(sql, " AS BLOB)) * (1 + (typeof(");
	sql_quote_name(sql, column);
	buf_addstr(sql, ") = 'blob')), 0)");
}

static void add_row_size(struct buf *sql, const struct estimate_want *w,
			 const struct table_info *t)
{
	long fixed = ESTIMATE_LINE + ESTIMATE_FIELD;

	if (!t->without_rowid)
		buf_addf(sql, " + length(%s)", t->rowid);
	for (size_t k = 0; t->without_rowid && k < t->n_keys; k++)
		add_size(sql, t->keys[k]);
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct table_column *c = &t->columns[i];

		if (c->is_key || has(w->gone, w->n_gone, c->name))
			continue;
		if (w->whole || is_wanted(w, c->name)) {
			fixed += ESTIMATE_FIELD;
			fixed += w->whole ? 0 : ESTIMATE_NEW;
			add_size(sql, c->name);
		} else if (w->digests) {
			fixed += ESTIMATE_DIGEST;
		}
	}
	buf_addf(sql, " + %ld", fixed);
}

static bool takes_any(const struct estimate_want *w, const struct table_info *t)
{
	bool any = w->whole;

	for (size_t i = 0; i < t->n_columns; i++)
		any |= is_wanted(w, t->columns[i].name);
	return any;
}

/* One row of two numbers is added. */
static bool step(sqlite3_stmt *stmt, struct sample *s)
{
	bool row = sqlite3_step(stmt) == SQLITE_ROW;

	if (row) {
		s->rows += sqlite3_column_double(stmt, 0);
		s->bytes += sqlite3_column_double(stmt, 1);
	}
	return row;
}

static struct err *prepare(sqlite3 *db, const struct estimate_want *w,
			   const struct table_info *t, const char *from,
			   sqlite3_stmt **out)
{
	struct buf sql = BUF_INIT;
	struct err *e;

	buf_addstr(&sql, "SELECT count(*), total(0");
	add_row_size(&sql, w, t);
	buf_addf(&sql, ") FROM %s", from);
	e = table_prepare(db, buf_str(&sql), out);
	buf_release(&sql);
	return e;
}

static struct err *count_some(sqlite3 *db, const struct estimate_want *w,
			      const struct table_info *t, const char *name,
			      struct sample *out)
{
	struct buf from = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct err *e;

	buf_addf(&from, "(SELECT %s%s* FROM main.%s LIMIT %d)",
		 t->without_rowid ? "" : t->rowid, t->without_rowid ? "" : ", ",
		 name, COUNT_AT_MOST);
	*out = (struct sample){ 0, 0 };
	e = prepare(db, w, t, buf_str(&from), &stmt);
	if (!e)
		step(stmt, out);
	sqlite3_finalize(stmt);
	buf_release(&from);
	return e;
}

/* The first and last rowid; false for an empty table. */
static struct err *read_range(sqlite3 *db, const struct table_info *t,
			      const char *name, int64_t *first, int64_t *last,
			      bool *found)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct err *e;

	buf_addf(&sql,
		 "SELECT (SELECT min(%s) FROM main.%s), "
		 "(SELECT max(%s) FROM main.%s)",
		 t->rowid, name, t->rowid, name);
	e = table_prepare(db, buf_str(&sql), &stmt);
	*found = !e && sqlite3_step(stmt) == SQLITE_ROW &&
		 sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
	if (*found) {
		*first = sqlite3_column_int64(stmt, 0);
		*last = sqlite3_column_int64(stmt, 1);
	}
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return e;
}

/* At each place so many rowids are looked up; where they are fewer than in
 * between, they are all there is. */
static struct err *look_around(sqlite3 *db, const struct estimate_want *w,
			       const struct table_info *t, const char *name,
			       const int64_t range[2], struct sample *out)
{
	double all = (double)range[1] - (double)range[0] + 1;
	double met = (double)PLACES * ROWS_AT_PLACE;
	bool every = all <= met;
	int places = every ? 1 : PLACES;
	struct buf from = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct err *e;

	buf_addf(&from, "main.%s WHERE %s BETWEEN ?1 AND ?2", name, t->rowid);
	e = prepare(db, w, t, buf_str(&from), &stmt);
	for (int i = 0; i < places && !e; i++) {
		int64_t at = (int64_t)((uint64_t)range[0] +
				       (uint64_t)(all / PLACES * i));

		sqlite3_bind_int64(stmt, 1, at);
		sqlite3_bind_int64(stmt, 2,
				   every ? range[1] : at + ROWS_AT_PLACE - 1);
		step(stmt, out);
		sqlite3_reset(stmt);
		e = cancel_check();
	}
	sqlite3_finalize(stmt);
	buf_release(&from);
	if (every || e)
		return e;
	if (out->rows < ENOUGH_ROWS)
		return count_some(db, w, t, name, out);
	out->bytes *= all / met;
	out->rows *= all / met;
	return NULL;
}

static struct err *look(sqlite3 *db, const struct estimate_want *w,
			const struct table_info *t, struct sample *out)
{
	struct buf name = BUF_INIT;
	int64_t range[2];
	bool found = false;
	struct err *e = NULL;

	*out = (struct sample){ 0, 0 };
	sql_quote_name(&name, t->name);
	if (t->without_rowid) {
		e = count_some(db, w, t, buf_str(&name), out);
	} else {
		e = read_range(db, t, buf_str(&name), &range[0], &range[1],
			       &found);
		if (!e && found)
			e = look_around(db, w, t, buf_str(&name), range, out);
	}
	buf_release(&name);
	return e;
}

static struct err *estimate_one(sqlite3 *db, struct estimate_want *w)
{
	struct table_info t;
	struct sample s;
	bool found;
	struct err *e;

	if (w->schema && !sql_same_name(SQL_SQLITE, w->schema, "main"))
		return NULL;
	e = table_info_read(&t, db, w->object, &found);
	if (e || !found)
		return estimate_only_cancel(e);
	if (!t.is_virtual && takes_any(w, &t)) {
		e = look(db, w, &t, &s);
		w->rows = s.rows;
		w->bytes = s.bytes;
	}
	table_info_release(&t);
	return estimate_only_cancel(e);
}

struct err *estimate_sqlite(struct target *t, struct estimate_want *wants,
			    size_t n)
{
	struct err *e = NULL;

	for (size_t i = 0; i < n && !e; i++)
		e = estimate_one(target_sqlite_db(t), &wants[i]);
	return e;
}
