#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/* Old rows of a table that we have locked: by a cursor around a statement. */

#define FETCH_ROWS 2000

/*
 * Rows that the statement supersedes get our xmax while the cursor still gives
 * them as they were: their WHERE is asked when they are fetched. Rows that the
 * migration has put there itself are nobody's loss: their xmin is ours, but for
 * a table that was rewritten, where all rows' is. There the log has the keys of
 * those that were there, and is told of the others before.
 */
static struct err *add_where(struct pg_capture *c, struct pg_captured *t,
			     const struct pg_table *form, struct buf *out)
{
	buf_addstr(out, "xmax <> 0");
	if (form->file != t->was.file)
		return pg_capture_mark_inserted(c, t);
	buf_addstr(out, " AND NOT ");
	pg_capture_add_is_ours(out, c, "xmin");
	return NULL;
}

static struct err *open_cursor(struct pg_capture *c, struct pg_captured *t)
{
	struct pg_reading r = { .table = t };
	struct buf where = BUF_INIT;
	struct pg_cursor *cursor;
	struct err *e;

	VEC_GROW(c->cursors, c->n_cursors, c->cap_cursors);
	cursor = &c->cursors[c->n_cursors];
	e = pg_capture_now(c, t->was.oid, &cursor->form);
	if (e || !cursor->form.oid)
		return e;
	cursor->table = t;
	snprintf(cursor->name, sizeof(cursor->name), "git_migrate_%zu",
		 c->n_cursors++);
	r.as = &cursor->form;
	e = pg_capture_check_key(t, r.as);
	if (!e)
		e = add_where(c, t, r.as, &where);
	if (e) {
		buf_release(&where);
		return e;
	}
	r.where = buf_str(&where);
	buf_reset(&c->sql);
	buf_addf(&c->sql, "DECLARE %s NO SCROLL CURSOR FOR ", cursor->name);
	pg_reading_sql(&c->sql, &r, c);
	buf_release(&where);
	t->covered = t->behind = t->whole = true;
	return pg_exec(c->c, buf_str(&c->sql));
}

struct err *pg_capture_cursors(struct pg_capture *c)
{
	struct err *e = NULL;

	for (size_t i = 0; i < c->n_held && !e; i++) {
		struct pg_captured *t;

		if (!c->held[i].exclusive)
			continue;
		e = pg_capture_table(c, c->held[i].oid, &t);
		if (e || !t || !t->concerns || t->complete_whole || t->reshaped)
			continue;
		/*
		 * Rows that were locked, or written by what was undone, have an
		 * xmax as well: by a key they are kept once, without one they
		 * would come back twice.
		 */
		e = t->was.n_keys ? open_cursor(c, t)
				  : pg_capture_copy(c, t, true);
	}
	return e;
}

struct fetching {
	struct pg_capture *c;
	struct pg_cursor *cursor;
	struct buf text; /* the row as COPY would print it */
	size_t rows;
};

static struct err *take_old(void *payload, int n, const struct pg_cell *cell)
{
	struct fetching *f = payload;
	struct pg_field *fields = xcalloc((size_t)n + 1, sizeof(*fields));
	size_t *ends = xcalloc((size_t)n + 1, sizeof(*ends));
	struct err *e;

	f->rows++;
	buf_reset(&f->text);
	for (int i = 0; i < n; i++) {
		if (cell[i].s)
			pg_escape(&f->text, cell[i].s, cell[i].len);
		else
			buf_addstr(&f->text, "\\N");
		ends[i] = f->text.len;
	}
	for (int i = 0; i < n; i++) {
		size_t from = i ? ends[i - 1] : 0;

		fields[i].s = buf_str(&f->text) + from;
		fields[i].len = ends[i] - from;
	}
	e = pg_capture_log_whole(f->c, f->cursor->table, &f->cursor->form,
				 fields);
	free(ends);
	free(fields);
	return e;
}

static struct err *fetch_all(struct pg_capture *c, struct pg_cursor *cursor)
{
	struct fetching f = { .c = c, .cursor = cursor };
	char sql[64];
	struct err *e;

	snprintf(sql, sizeof(sql), "FETCH FORWARD %d FROM %s", FETCH_ROWS,
		 cursor->name);
	do {
		f.rows = 0;
		e = pg_query_once(c->c, sql, NULL, 0, take_old, &f);
	} while (!e && f.rows == FETCH_ROWS);
	if (!e)
		e = pg_execf(c->c, "CLOSE %s", cursor->name);
	buf_release(&f.text);
	return err_wrap(pg_table_blame(e), "keep rows of %s",
			cursor->table->was.name);
}

struct err *pg_capture_fetch(struct pg_capture *c)
{
	struct err *e = NULL;

	if (!c->n_cursors)
		return NULL;
	e = target_pg_plain_begin(c->base.target);
	for (size_t i = 0; i < c->n_cursors && !e; i++)
		e = fetch_all(c, &c->cursors[i]);
	if (!e)
		e = target_pg_plain_end(c->base.target);
	pg_capture_forget_cursors(c);
	return e;
}

void pg_capture_forget_cursors(struct pg_capture *c)
{
	for (size_t i = 0; i < c->n_cursors; i++)
		pg_table_release(&c->cursors[i].form);
	c->n_cursors = 0;
}
