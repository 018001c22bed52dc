#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Filling a table that is made anew: the rows of its present form and the
 * lines of the snapshot are both in rowid order, so one pass over both writes
 * each row once.
 */

struct merge {
	struct restore_feed feed; /* must be first */
	struct restore *r;
	const struct restore_table *t;
	const struct table_info *old;
	sqlite3_stmt *from;            /* rowid, then the kept columns */
	sqlite3_stmt *whole, *partial; /* INSERT of all, of the kept columns */
	sqlite3_stmt *whole_over, *partial_over; /* the same, OR REPLACE */
	struct restore_writer writer; /* for what a constraint keeps out */
	struct map in_the_way;        /* keys of lines -> the constraint */
	const struct restore_kept *kept;
	int *kept_of; /* for each column of the old form: in from, or -1 */
	int *line_of; /* for each field of a line: in the old form, or -1 */
	struct buf values;
	/* of the feed: where both stand, and which of them to move on */
	struct restore_lines lines;
	struct restore_line line;
	bool open, row, past_row, past_line;
};

bool restore_can_merge(const struct table_info *old,
		       const struct table_info *aside,
		       const struct restore_table *t)
{
	return t->lines && !old->without_rowid && !aside->without_rowid;
}

static struct err *prepare_from(struct merge *m, const struct table_info *aside)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql, "SELECT %s", aside->rowid);
	for (size_t i = 0; i < m->kept->n; i++) {
		buf_addstr(&sql, ", ");
		sql_quote_name(&sql, m->kept->now[i]);
	}
	buf_addf(&sql, " FROM main.%s ORDER BY %s", m->t->aside, aside->rowid);
	err = table_prepare(m->r->db, buf_str(&sql), &m->from);
	buf_release(&sql);
	return err;
}

static size_t add_insert(struct buf *sql, const struct merge *m,
			 const char *verb, bool whole)
{
	size_t n = whole ? m->old->n_columns : m->kept->n;

	buf_addf(sql, "%s INTO main.", verb);
	sql_quote_name(sql, m->old->name);
	buf_addf(sql, " (%s", m->old->rowid);
	for (size_t i = 0; i < n; i++) {
		buf_addstr(sql, ", ");
		sql_quote_name(sql, whole ? m->old->columns[i].name
					  : m->kept->then[i]);
	}
	buf_addstr(sql, ") ");
	return n;
}

static struct err *prepare_insert(struct merge *m, const char *verb, bool whole,
				  sqlite3_stmt **out)
{
	struct buf sql = BUF_INIT;
	size_t n = add_insert(&sql, m, verb, whole);
	struct err *err;

	buf_addstr(&sql, "VALUES (?1");
	for (size_t i = 0; i < n; i++)
		buf_addf(&sql, ", ?%zu", i + 2);
	buf_addch(&sql, ')');
	err = table_prepare(m->r->db, buf_str(&sql), out);
	buf_release(&sql);
	return err;
}

static struct err *run(struct merge *m, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	if (rc == SQLITE_DONE)
		return NULL;
	return err_wrap(target_sqlite_error(m->r->db, "write"), "table %s",
			m->old->name);
}

static void bind_kept(struct merge *m, sqlite3_stmt *stmt)
{
	sqlite3_bind_value(stmt, 1, sqlite3_column_value(m->from, 0));
	for (size_t i = 0; i < m->kept->n; i++)
		sqlite3_bind_value(stmt, (int)i + 2,
				   sqlite3_column_value(m->from, (int)i + 1));
}

/*
 * A row that the migration did not touch, or that came after it. When a
 * restored one is in its way, that is the conflict of the restored one.
 */
static struct err *keep_row(struct merge *m)
{
	struct restore_broken broken;
	struct err *err;

	bind_kept(m, m->partial);
	err = run(m, m->partial);
	if (!err || !restore_broken_read(&broken, &m->writer))
		return err;
	err_free(err);
	err = NULL;
	if (!m->partial_over)
		err = prepare_insert(m, "INSERT OR REPLACE", false,
				     &m->partial_over);
	if (err)
		return err;
	bind_kept(m, m->partial_over);
	restore_kept_out(&m->writer, sqlite3_column_int64(m->from, 0), &broken,
			 m->partial_over, &m->in_the_way);
	return NULL;
}

static struct err *bind_whole(struct merge *m, const struct restore_line *line,
			      bool have_row, sqlite3_stmt *stmt)
{
	const char *p = line->fields;
	struct err *err = NULL;

	sqlite3_bind_int64(stmt, 1, line->key.i);
	for (size_t i = 0; i < m->old->n_columns; i++) {
		if (have_row && m->kept_of[i] >= 0)
			sqlite3_bind_value(stmt, (int)i + 2,
					   sqlite3_column_value(
						   m->from, m->kept_of[i] + 1));
		else
			sqlite3_bind_null(stmt, (int)i + 2);
	}
	buf_reset(&m->values);
	buf_reserve(&m->values, (size_t)(line->end - line->fields));
	for (size_t i = 0; i < m->t->lines->n_columns && !err; i++) {
		struct restore_field f;

		if (row_skip_same(&p, line->end))
			continue;
		err = restore_field_next(&p, line->end, line->op, &f,
					 &m->values);
		if (!err && m->line_of[i] >= 0)
			table_bind(stmt, m->line_of[i] + 2, &f.old);
	}
	return err;
}

/* A line's old values over the row as it is now (NULL: it is gone). */
static struct err *put_row(struct merge *m, const struct restore_line *line,
			   bool have_row)
{
	struct restore_broken broken;
	struct err *err = bind_whole(m, line, have_row, m->whole);

	m->r->out->restored++;
	if (!err)
		err = run(m, m->whole);
	if (!err || !restore_broken_read(&broken, &m->writer))
		return err;
	err_free(err);
	err = NULL;
	if (!m->whole_over)
		err = prepare_insert(m, "INSERT OR REPLACE", true,
				     &m->whole_over);
	if (!err)
		err = bind_whole(m, line, have_row, m->whole_over);
	if (!err)
		restore_taken(&m->writer, line, &broken, m->whole_over);
	return err;
}

static struct err *merge_lines(struct merge *m, struct restore_lines *lines)
{
	struct restore_line line;
	struct err *err = restore_lines_next(lines, &line);
	int rc = sqlite3_step(m->from);

	while (!err && (rc == SQLITE_ROW || line.op)) {
		int64_t rowid =
			rc == SQLITE_ROW ? sqlite3_column_int64(m->from, 0) : 0;

		if (!line.op || (rc == SQLITE_ROW && rowid < line.key.i)) {
			err = keep_row(m);
			rc = sqlite3_step(m->from);
		} else if (rc == SQLITE_ROW && rowid == line.key.i) {
			if (line.op == ROW_INSERTED)
				m->r->out->removed++;
			else
				err = put_row(m, &line, true);
			rc = sqlite3_step(m->from);
			if (!err)
				err = restore_lines_next(lines, &line);
		} else {
			if (line.op == ROW_DELETED)
				err = put_row(m, &line, false);
			if (!err)
				err = restore_lines_next(lines, &line);
		}
	}
	if (!err && rc != SQLITE_DONE)
		err = target_sqlite_error(m->r->db, "read rows");
	return err;
}

/* Row by row. */
static struct err *merge_rows(struct merge *m)
{
	struct restore_lines lines;
	struct err *err = restore_lines_open(&lines, m->r, m->t);

	if (!err)
		err = prepare_insert(m, "INSERT", true, &m->whole);
	if (!err)
		err = prepare_insert(m, "INSERT", false, &m->partial);
	if (!err)
		err = merge_lines(m, &lines);
	sqlite3_finalize(m->whole);
	sqlite3_finalize(m->whole_over);
	sqlite3_finalize(m->partial);
	sqlite3_finalize(m->partial_over);
	restore_lines_close(&lines);
	if (!err)
		err = restore_leave_out(&m->writer, &m->in_the_way);
	map_release(&m->in_the_way);
	return err;
}

/* The row to come: as it is now, with a line's old values over it. */
static struct err *feed_row(struct merge *m, bool use_row, bool use_line)
{
	struct row_value *values = m->feed.values;
	const char *p = m->line.fields;
	struct err *err = NULL;

	values[0].type = ROW_INT;
	values[0].i =
		use_row ? sqlite3_column_int64(m->from, 0) : m->line.key.i;
	for (size_t i = 0; i < m->old->n_columns; i++) {
		if (use_row && m->kept_of[i] >= 0)
			table_value(&values[i + 1],
				    sqlite3_column_value(m->from,
							 m->kept_of[i] + 1));
		else
			values[i + 1].type = ROW_NULL;
	}
	m->past_row = use_row;
	m->past_line = use_line;
	if (!use_line)
		return NULL;
	buf_reset(&m->values);
	buf_reserve(&m->values, (size_t)(m->line.end - p));
	for (size_t i = 0; i < m->t->lines->n_columns && !err; i++) {
		struct restore_field f;

		if (row_skip_same(&p, m->line.end))
			continue;
		err = restore_field_next(&p, m->line.end, m->line.op, &f,
					 &m->values);
		if (!err && m->line_of[i] >= 0)
			values[m->line_of[i] + 1] = f.old;
	}
	m->r->out->restored++;
	return err;
}

/* Move past what the last row was made of. */
static struct err *move_on(struct merge *m)
{
	int rc = SQLITE_ROW;

	if (m->past_row) {
		rc = sqlite3_step(m->from);
		m->row = rc == SQLITE_ROW;
	}
	m->past_row = false;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return target_sqlite_error(m->r->db, "read rows");
	if (!m->past_line)
		return NULL;
	m->past_line = false;
	return restore_lines_next(&m->lines, &m->line);
}

/* The next row that is to be there: see merge_lines(). */
static struct err *feed_next(struct restore_feed *f)
{
	struct merge *m = (struct merge *)(void *)f;
	struct err *err;

	while (!(err = move_on(m))) {
		int64_t rowid = m->row ? sqlite3_column_int64(m->from, 0) : 0;

		if (!m->row && !m->line.op) {
			f->at_end = true;
			return NULL;
		}
		if (!m->line.op || (m->row && rowid < m->line.key.i))
			return feed_row(m, true, false);
		m->past_row = m->row && rowid == m->line.key.i;
		m->past_line = true;
		if (m->past_row && m->line.op != ROW_INSERTED)
			return feed_row(m, true, true);
		if (!m->past_row && m->line.op == ROW_DELETED)
			return feed_row(m, false, true);
		m->r->out->removed += m->past_row;
	}
	return err;
}

static struct err *feed_start(struct restore_feed *f)
{
	struct merge *m = (struct merge *)(void *)f;
	struct err *err;

	if (m->open)
		restore_lines_close(&m->lines);
	sqlite3_reset(m->from);
	err = restore_lines_open(&m->lines, m->r, m->t);
	m->open = m->past_row = m->past_line = true;
	return err ? err : feed_next(f);
}

/* Rows without a line leave out what is not kept: its default counts. */
static bool any_default(const struct merge *m)
{
	for (size_t i = 0; i < m->old->n_columns; i++)
		if (m->kept_of[i] < 0 && m->old->columns[i].has_default)
			return true;
	return false;
}

/*
 * All rows by one statement. *done false: a row broke a constraint, so that
 * the statement left none, and rows have to be written one by one to be
 * counted; or it cannot say which rows take a default.
 */
static struct err *feed_rows(struct merge *m, bool *done)
{
	uint64_t restored = m->r->out->restored, removed = m->r->out->removed;
	struct buf sql = BUF_INIT;
	struct err *err;
	int code;

	*done = !any_default(m);
	if (!*done)
		return NULL;
	m->feed.n_fields = m->old->n_columns + 1;
	m->feed.start = feed_start;
	m->feed.next = feed_next;
	m->feed.values = xcalloc(m->feed.n_fields, sizeof(*m->feed.values));
	add_insert(&sql, m, "INSERT", true);
	buf_addstr(&sql, "SELECT f0");
	for (size_t i = 1; i < m->feed.n_fields; i++)
		buf_addf(&sql, ", f%zu", i);
	buf_addstr(&sql, " FROM git_migrate_lines");
	err = restore_feed_run(m->r, &m->feed, buf_str(&sql), &code);
	if (m->open)
		restore_lines_close(&m->lines);
	sqlite3_reset(m->from);
	if (err && (code & 0xff) == SQLITE_CONSTRAINT) {
		err_free(err);
		err = NULL;
		*done = false;
		m->r->out->restored = restored;
		m->r->out->removed = removed;
	}
	buf_release(&sql);
	free(m->feed.values);
	return err;
}

static void map_columns(struct merge *m)
{
	const struct manifest_table *l = m->t->lines;

	m->kept_of = arena_array(&m->r->arena, m->old->n_columns + 1,
				 sizeof(*m->kept_of));
	m->line_of = arena_array(&m->r->arena, l->n_columns + 1,
				 sizeof(*m->line_of));
	for (size_t i = 0; i < m->old->n_columns; i++) {
		m->kept_of[i] = -1;
		for (size_t k = 0; k < m->kept->n; k++)
			if (streq(m->kept->then[k], m->old->columns[i].name))
				m->kept_of[i] = (int)k;
	}
	for (size_t i = 0; i < l->n_columns; i++)
		m->line_of[i] = table_info_column(m->old, l->columns[i].before);
}

struct err *restore_merge(struct restore *r, const struct restore_table *t,
			  const struct table_info *old,
			  const struct table_info *aside,
			  const struct restore_kept *kept)
{
	struct merge m = { .r = r,
			   .t = t,
			   .old = old,
			   .kept = kept,
			   .writer = { .r = r, .t = t, .info = *old } };
	struct err *err;
	bool done = false;

	map_columns(&m);
	err = prepare_from(&m, aside);
	if (!err)
		err = feed_rows(&m, &done);
	if (!err && !done)
		err = merge_rows(&m);
	sqlite3_finalize(m.from);
	buf_release(&m.values);
	return err;
}
