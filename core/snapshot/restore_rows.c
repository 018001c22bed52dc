#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Rows: in place, by key; or into a table made anew, beside the rows that are
 * kept from its present form.
 */

void restore_forget_updates(struct restore_writer *w)
{
	map_each (&w->updates, e) {
		sqlite3_finalize(e->value);
	}
	map_release(&w->updates);
}

void restore_writer_close(struct restore_writer *w)
{
	restore_forget_updates(w);
	sqlite3_finalize(w->remove);
	sqlite3_finalize(w->insert);
	sqlite3_finalize(w->replace);
	buf_release(&w->bulk);
	buf_release(&w->mask);
	buf_release(&w->values);
	buf_release(&w->key);
	table_info_release(&w->info);
}

struct err *restore_run_one(struct restore_writer *w, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	if (rc == SQLITE_DONE)
		return NULL;
	return err_wrap(target_sqlite_error(w->r->db, "write"), "table %s",
			w->info.name);
}

void restore_add_target(struct buf *sql, const struct restore_writer *w)
{
	buf_addstr(sql, "main.");
	sql_quote_name(sql, w->info.name);
}

static bool has_field(const struct manifest_table *m, const char *name)
{
	for (size_t i = 0; i < m->n_columns; i++)
		if (sql_same_name(SQL_SQLITE, m->columns[i].before, name))
			return true;
	return false;
}

/*
 * Columns of a line, in its order; then the key's, but for one that is a
 * column as well: its parameter stays unused.
 */
static struct err *prepare_insert(struct restore_writer *w, const char *verb,
				  sqlite3_stmt **out)
{
	const struct manifest_table *m = w->t->lines;
	size_t n_keys = w->info.without_rowid ? w->info.n_keys : 1, n = 0;
	struct buf sql = BUF_INIT, values = BUF_INIT;
	struct err *err;

	buf_addf(&sql, "%s INTO ", verb);
	restore_add_target(&sql, w);
	buf_addstr(&sql, " (");
	for (size_t i = 0; i < m->n_columns; i++) {
		buf_addstr(&sql, n ? ", " : "");
		sql_quote_name(&sql, m->columns[i].before);
		buf_addf(&values, n++ ? ", ?%zu" : "?%zu", i + 1);
	}
	for (size_t k = 0; k < n_keys; k++) {
		if (w->info.without_rowid && has_field(m, w->info.keys[k]))
			continue;
		buf_addstr(&sql, n ? ", " : "");
		if (w->info.without_rowid)
			sql_quote_name(&sql, w->info.keys[k]);
		else
			buf_addstr(&sql, w->info.rowid);
		buf_addf(&values, n++ ? ", ?%zu" : "?%zu",
			 m->n_columns + k + 1);
	}
	buf_addf(&sql, ") VALUES (%s)", buf_str(&values));
	err = table_prepare(w->r->db, buf_str(&sql), out);
	buf_release(&sql);
	buf_release(&values);
	return err;
}

static struct err *prepare_remove(struct restore_writer *w)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "DELETE FROM ");
	restore_add_target(&sql, w);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &w->info, 1);
	err = table_prepare(w->r->db, buf_str(&sql), &w->remove);
	buf_release(&sql);
	return err;
}

struct err *restore_remove_row(struct restore_writer *w,
			       const struct restore_line *line)
{
	struct err *err = w->remove ? NULL : prepare_remove(w);

	if (err)
		return err;
	table_bind_key(w->remove, 1, &w->info, &line->key, &w->key, &err);
	w->r->out->removed++;
	return err ? err : restore_run_one(w, w->remove);
}

/* The line's old values and its key; what it lacks comes from the row. */
static struct err *bind_insert(struct restore_writer *w,
			       const struct restore_line *line,
			       sqlite3_stmt *row, sqlite3_stmt *stmt)
{
	const char *p = line->fields;
	size_t n = w->t->lines->n_columns;
	struct err *err = NULL;

	buf_reset(&w->values);
	buf_reserve(&w->values, (size_t)(line->end - line->fields));
	for (size_t i = 0; i < n && !err; i++) {
		struct restore_field f;

		err = restore_field_next(&p, line->end, line->op, &f,
					 &w->values);
		if (!err && f.old.type == ROW_SAME)
			sqlite3_bind_value(
				stmt, (int)i + 1,
				sqlite3_column_value(row, (int)i + 1));
		else if (!err)
			table_bind(stmt, (int)i + 1, &f.old);
	}
	if (err)
		return err;
	if (w->moved && w->free_rowid)
		sqlite3_bind_int64(stmt, (int)n + 1, w->free_rowid++);
	else if (w->moved)
		sqlite3_bind_null(stmt, (int)n + 1);
	else
		table_bind_key(stmt, (int)n + 1, &w->info, &line->key, &w->key,
			       &err);
	return err;
}

struct err *restore_writer_insert(struct restore_writer *w,
				  const struct restore_line *line,
				  struct sqlite3_stmt *row)
{
	struct err *err = NULL;

	if (!w->insert)
		err = prepare_insert(w, "INSERT", &w->insert);
	if (!err)
		err = bind_insert(w, line, row, w->insert);
	w->r->out->restored++;
	return err ? err : restore_run_one(w, w->insert);
}

/* A row that a constraint keeps out is a conflict, and the rest goes on. */
static struct err *insert_row(struct restore_writer *w,
			      const struct restore_line *line)
{
	struct err *err = restore_writer_insert(w, line, NULL);
	struct restore_broken broken;

	if (!err || !restore_broken_read(&broken, w))
		return err;
	err_free(err);
	w->r->out->restored--;
	err = NULL;
	if (!w->replace)
		err = prepare_insert(w, "INSERT OR REPLACE", &w->replace);
	if (!err)
		err = bind_insert(w, line, NULL, w->replace);
	if (!err)
		restore_taken(w, line, &broken, w->replace);
	return err;
}

/* The UPDATE for the columns whose bytes in the mask are '1'. */
static struct err *update_for(struct restore_writer *w, sqlite3_stmt **out)
{
	struct buf sql = BUF_INIT;
	struct err *err;
	int n = 0;

	*out = map_get(&w->updates, buf_str(&w->mask));
	if (*out)
		return NULL;
	buf_addstr(&sql, "UPDATE ");
	if (w->apart)
		buf_addstr(&sql, RESTORE_SAVED);
	else
		restore_add_target(&sql, w);
	for (size_t i = 0; i < w->mask.len; i++) {
		if (w->mask.data[i] != '1')
			continue;
		buf_addstr(&sql, n ? ", " : " SET ");
		sql_quote_name(&sql, w->t->lines->columns[i].before);
		buf_addf(&sql, " = ?%d", ++n);
	}
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &w->info, n + 1);
	err = table_prepare(w->r->db, buf_str(&sql), out);
	buf_release(&sql);
	if (!err)
		map_put(&w->updates, buf_str(&w->mask), *out);
	return err;
}

/* Which columns a line changes, into the mask; false = none. */
static struct err *read_mask(struct restore_writer *w,
			     const struct restore_line *line, bool *any)
{
	const char *p = line->fields;
	struct err *err = NULL;

	*any = false;
	buf_reset(&w->mask);
	for (size_t i = 0; i < w->t->lines->n_columns && !err; i++) {
		bool same = row_skip_same(&p, line->end);

		*any |= !same;
		buf_addch(&w->mask, same ? '0' : '1');
		for (int k = 0; k < 2 && !same; k++) {
			if (p > line->end)
				err = err_new(ERR_STATE,
					      "a snapshot's row is cut off");
			else
				p += row_field_length(p, line->end) + 1;
		}
	}
	return err;
}

/* The line changes the columns of the mask and no others. */
static bool has_mask(const struct restore_line *line, const struct buf *mask)
{
	const char *p = line->fields;

	for (size_t i = 0; i < mask->len; i++) {
		if (row_skip_same(&p, line->end) != (mask->data[i] == '0'))
			return false;
		for (int k = 0; k < 2 && mask->data[i] != '0'; k++) {
			if (p > line->end)
				return false; /* restore_update_row() says so */
			p += row_field_length(p, line->end) + 1;
		}
	}
	return true;
}

bool restore_writer_sets(const struct restore_writer *w,
			 const struct restore_line *line)
{
	return has_mask(line, &w->mask);
}

struct err *restore_update_row(struct restore_writer *w,
			       const struct restore_line *line)
{
	sqlite3_stmt *stmt;
	const char *p = line->fields;
	struct err *err;
	bool any;
	int n = 0;

	err = read_mask(w, line, &any);
	if (err || !any || (w->bulk.len && has_mask(line, &w->bulk)))
		return err;
	err = update_for(w, &stmt);
	buf_reset(&w->values);
	buf_reserve(&w->values, (size_t)(line->end - line->fields));
	for (size_t i = 0; i < w->t->lines->n_columns && !err; i++) {
		struct restore_field f;

		if (row_skip_same(&p, line->end))
			continue;
		err = restore_field_next(&p, line->end, line->op, &f,
					 &w->values);
		if (!err)
			table_bind(stmt, ++n, &f.old);
	}
	if (!err)
		table_bind_key(stmt, n + 1, &w->info, &line->key, &w->key,
			       &err);
	w->r->out->restored++;
	return err ? err : restore_run_one(w, stmt);
}

/* Call fn for the lines of one kind. */
struct err *restore_each_line(struct restore_writer *w, char op,
			      restore_row_fn fn)
{
	struct restore_lines lines;
	struct restore_line line;
	struct err *err = restore_lines_open(&lines, w->r, w->t);

	lines.moved = w->moved;
	while (!err) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (line.op == op)
			err = fn(w, &line);
	}
	restore_lines_close(&lines);
	return err;
}

/* The mask of the first line that changes a row. */
static struct err *first_mask(struct restore_writer *w, bool *any)
{
	struct restore_lines lines;
	struct restore_line line;
	struct err *err = restore_lines_open(&lines, w->r, w->t);

	*any = false;
	while (!err && !*any) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (line.op == ROW_UPDATED)
			err = read_mask(w, &line, any);
	}
	restore_lines_close(&lines);
	return err;
}

/* In one statement what the first line stands for, where that is most. */
static struct err *update_in_place(struct restore_writer *w, int *code)
{
	const struct manifest_table *m = w->t->lines;
	struct err *err = NULL;
	uint64_t done = 0;
	bool any = false;

	*code = SQLITE_OK;
	if (table_is_dense(&w->info, m->updated, m->min, m->max))
		err = first_mask(w, &any);
	if (!err && any) {
		buf_reset(&w->bulk);
		err = restore_update(w, &done, code);
		buf_add(&w->bulk, w->mask.data, w->mask.len);
		w->r->out->restored += done;
	}
	if (err || done == m->updated)
		return err;
	err = restore_each_line(w, ROW_UPDATED, restore_update_row);
	*code = sqlite3_errcode(w->r->db) & 0xff;
	return err;
}

/* A savepoint makes SQLite copy each page that is written after it. */
static struct err *may_collide(struct restore_writer *w, bool *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(w->r->db,
					"SELECT 1 FROM pragma_index_list(?1, "
					"'main') WHERE \"unique\"",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, w->info.name, -1, SQLITE_STATIC);
	*out = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return NULL;
}

static struct err *update_rows(struct restore_writer *w)
{
	uint64_t restored = w->r->out->restored;
	bool collide = true;
	struct err *err = may_collide(w, &collide);
	int code;

	if (!err && collide)
		err = restore_exec(w->r, "SAVEPOINT git_migrate_rows");
	if (err)
		return err;
	err = update_in_place(w, &code);
	buf_reset(&w->bulk);
	if (err && collide && code == SQLITE_CONSTRAINT) {
		err_free(err);
		restore_forget_updates(w);
		w->r->out->restored = restored;
		err = restore_exec(w->r, "ROLLBACK TO git_migrate_rows");
		if (!err)
			err = restore_apart(w);
	}
	if (!err && collide)
		err = restore_exec(w->r, "RELEASE git_migrate_rows");
	return err;
}

struct err *restore_writer_taken(struct restore_writer *w, struct err *err)
{
	int rc = sqlite3_extended_errcode(w->r->db);

	if (!err || (rc & 0xff) != SQLITE_CONSTRAINT)
		return err;
	err_free(err);
	restore_conflict_add(w->r, w->info.name,
			     rc == SQLITE_CONSTRAINT_NOTNULL
				     ? RESTORE_NO_VALUE
				     : RESTORE_NOT_UNIQUE,
			     1);
	return NULL;
}

struct err *restore_writer_open(struct restore_writer *w, struct restore *r,
				const struct restore_table *t)
{
	struct err *err;
	bool found;

	memset(w, 0, sizeof(*w));
	w->r = r;
	w->t = t;
	err = table_info_read(&w->info, r->db, t->before, &found);
	if (!err && !found)
		err = err_new(ERR_STATE, "table %s is not there", t->before);
	r->stale_virtual |= w->info.is_shadow;
	return err;
}

/* A number behind those of all rows and lines: a row that gets the one of a
 * line would be taken for its. 0 = SQLite finds one. */
static struct err *find_free_rowid(struct restore_writer *w)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct err *err;
	int64_t max = w->t->lines->max;

	buf_addf(&sql, "SELECT max(%s) FROM ", w->info.rowid);
	restore_add_target(&sql, w);
	err = table_prepare(w->r->db, buf_str(&sql), &stmt);
	if (!err && sqlite3_step(stmt) == SQLITE_ROW &&
	    sqlite3_column_int64(stmt, 0) > max)
		max = sqlite3_column_int64(stmt, 0);
	/* as many lines as there may be come behind it */
	w->free_rowid = max < INT64_MAX / 2 ? max + 1 : 0;
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return err;
}

struct err *restore_writer_moved(struct restore_writer *w)
{
	bool any = false;
	struct err *err = NULL;

	for (size_t i = 0; i < w->t->settled.n && !any; i++)
		any = w->t->settled.list[i].how == SETTLE_MOVE;
	w->moved = true;
	if (any)
		err = find_free_rowid(w);
	if (!err && any)
		err = restore_each_line(w, ROW_DELETED, insert_row);
	w->moved = false;
	return err;
}

static struct err *apply_lines(struct restore_writer *w)
{
	const struct manifest_table *m = w->t->lines;
	struct err *err = NULL;

	if (m->inserted)
		err = restore_each_line(w, ROW_INSERTED, restore_remove_row);
	if (!err && m->updated)
		err = update_rows(w);
	if (!err && m->deleted)
		err = restore_each_line(w, ROW_DELETED, insert_row);
	if (!err && m->deleted)
		err = restore_writer_moved(w);
	return restore_writer_taken(w, err);
}

struct err *restore_rows(struct restore *r, const struct restore_table *t)
{
	struct restore_writer w;
	struct err *err = restore_writer_open(&w, r, t);

	/* a shadow table that its virtual table has just made anew */
	if (!err && !t->after) {
		struct buf sql = BUF_INIT;

		buf_addstr(&sql, "DELETE FROM ");
		restore_add_target(&sql, &w);
		err = restore_exec(r, "%s", buf_str(&sql));
		buf_release(&sql);
	}
	if (!err)
		err = apply_lines(&w);
	restore_writer_close(&w);
	return err;
}
