#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/likeness.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/rows.h"

/*
 * One line of a snapshot and the row that has its key now: what comes of it.
 * The table in docs/snapshots.md, "Three ways", on PostgreSQL.
 */

/* Columns whose type comes back with the table's old form. */
static struct err *find_retyped(struct restore_pg_judge *j)
{
	const struct restore_pg_table *t = j->t;
	const struct manifest_table *m = t->lines;
	struct pg_form was, is;
	struct err *err;

	if (!t->old || !t->cur || t->old == t->cur)
		return NULL;
	err = pg_form_read(&was, &j->r->arena, t->old);
	if (!err)
		err = pg_form_read(&is, &j->r->arena, t->cur);
	for (size_t i = 0; i < m->n_columns && !err; i++) {
		const struct schema_pg_column *a =
			pg_form_column(&was, m->columns[i].before);
		const struct schema_pg_column *b =
			pg_form_column(&is, m->columns[i].after);

		j->retyped[i] = a && b && !streq(a->type, b->type);
	}
	return err;
}

struct err *restore_pg_judge_open(struct restore_pg_judge *j,
				  struct restore_pg *r,
				  struct restore_pg_table *t,
				  const struct restore_pg_relation *rel,
				  const bool *known)
{
	const struct manifest_table *m = t->lines;
	size_t n = m->n_columns + 1;

	*j = (struct restore_pg_judge){ .r = r, .t = t, .known = known };
	j->unique = arena_array(&r->arena, n, sizeof(bool));
	j->retyped = arena_array(&r->arena, n, sizeof(bool));
	j->number = arena_array(&r->arena, n, sizeof(bool));
	for (size_t i = 0; i < m->n_columns; i++) {
		const struct restore_pg_column *col =
			restore_pg_column(rel, m->columns[i].after);

		j->number[i] = restore_pg_is_number(col);
		j->unique[i] = col && col->unique;
	}
	restore_pg_names_of_keys(r, t, rel, &j->keys);
	return find_retyped(j);
}

static bool is_null(const struct restore_pg_field *f)
{
	return f->s[0] == '\\';
}

static bool is_gone(const struct restore_pg_field *f)
{
	return f->s && f->s[0] == '!';
}

static void compare(const struct restore_pg_judge *j,
		    const struct restore_pg_line *line,
		    const struct restore_pg_field *row, struct likeness *out)
{
	likeness_begin(out);
	for (size_t i = 0; i < j->t->lines->n_columns; i++) {
		bool changed = line->now[i].s != NULL;
		struct likeness_field as = { .changed = changed };

		if (!j->known[i] || is_gone(&line->now[i])) {
			likeness_unknown(out, line->op, changed);
			continue;
		}
		as.as_left = restore_pg_matches(
			changed ? &line->now[i] : &line->old[i], &row[i]);
		as.as_before = !as.as_left && changed &&
			       restore_pg_matches(&line->old[i], &row[i]);
		as.unique = j->unique[i] && !is_null(&row[i]);
		as.tells = changed && j->t->tells[i];
		likeness_add(out, &as);
	}
}

static void settle(struct restore_pg_judge *j, enum settle_how how,
		   const struct restore_pg_line *line, size_t column)
{
	settle_add(&j->t->settled, how, line->number, column);
}

static void skip(struct restore_pg_judge *j, const struct restore_pg_line *line)
{
	settle(j, SETTLE_SKIP, line, 0);
	restore_pg_count_out(j->r, j->t, line->op);
}

static void init_detail(struct restore_pg_judge *j,
			const struct restore_pg_line *line, const char *what,
			struct restore_detail *d)
{
	memset(d, 0, sizeof(*d));
	d->object = j->t->before;
	d->what = what;
	if (restore_result_wants(j->r->req, j->r->out))
		d->key = restore_pg_key_text(j->r, &j->keys, line->keys);
}

/* A row that cannot be beside the line's, or that the migration will make
 * again: it goes, parked. */
static void park_row(struct restore_pg_judge *j,
		     const struct restore_pg_line *line)
{
	struct restore_pg_table *t = j->t;
	struct buf key = BUF_INIT;

	for (size_t k = 0; k < t->lines->n_keys; k++) {
		if (k)
			buf_addch(&key, '\t');
		buf_add(&key, line->keys[k].s, line->keys[k].len);
	}
	VEC_GROW(t->unfit, t->n_unfit, t->cap_unfit);
	t->unfit[t->n_unfit++] = arena_strdup(&j->r->arena, buf_str(&key));
	buf_release(&key);
}

/* What a gone row had does not come back; another row makes room for one that
 * comes back, or that the migration will make again. */
static bool set_aside(struct restore_pg_judge *j,
		      const struct restore_pg_line *line,
		      const struct restore_detail *d)
{
	struct restore_pg *r = j->r;
	bool gone = streq(d->what, RESTORE_DELETED);

	if ((!gone && line->op == ROW_UPDATED) ||
	    !restore_result_aside(r->req, r->out, d, true))
		return false;
	if (gone)
		skip(j, line);
	else
		park_row(j, line);
	r->out->kept += gone;
	return true;
}

/* What the migration wrote gets its old values, whatever is there. */
static void overwrite(struct restore_pg_judge *j,
		      const struct restore_pg_line *line,
		      const struct restore_pg_field *row)
{
	if (line->op != ROW_UPDATED) {
		settle(j, SETTLE_EVICT, line, 0);
		return;
	}
	for (size_t i = 0; i < j->t->lines->n_columns; i++)
		if (line->now[i].s && j->known[i] && !is_gone(&line->now[i]) &&
		    !restore_pg_matches(&line->now[i], &row[i]) &&
		    !restore_pg_matches(&line->old[i], &row[i]))
			settle(j, SETTLE_EVICT, line, i);
}

/* A conflict of the whole row; the choice is carried out. */
static void row_conflict(struct restore_pg_judge *j,
			 const struct restore_pg_line *line, const char *what,
			 const struct restore_pg_field *row)
{
	struct restore_detail d;

	init_detail(j, line, what, &d);
	d.doubt = row && line->op == ROW_UPDATED;
	if (set_aside(j, line, &d))
		return;
	switch (restore_result_conflict(j->r->req, j->r->out, &d, true, true)) {
	case RESTORE_KEEP:
		skip(j, line);
		break;
	case RESTORE_TAKE:
		if (row)
			overwrite(j, line, row);
		else
			skip(j, line); /* not all of the row is known */
		j->r->out->kept += !row;
		break;
	case RESTORE_ABORT:
		break;
	}
}

/* One column of a row; returns whether its old value goes back. */
static bool column_conflict(struct restore_pg_judge *j,
			    const struct restore_pg_line *line, size_t i,
			    const struct restore_pg_field *row, bool first)
{
	struct restore_detail d;

	init_detail(j, line, RESTORE_CHANGED, &d);
	d.column = j->t->lines->columns[i].before;
	d.more = !first;
	if (d.key) {
		bool changed = line->now[i].s != NULL;

		d.before = changed ? restore_pg_literal(j->r, &line->old[i],
							j->number[i])
				   : NULL;
		d.after = changed ? restore_pg_literal(j->r, &line->now[i],
						       j->number[i])
				  : NULL;
		d.now = restore_pg_literal(j->r, &row[i], j->number[i]);
	}
	return restore_result_conflict(j->r->req, j->r->out, &d, true, true) !=
	       RESTORE_KEEP;
}

/* The columns of a changed row, one by one. */
static void judge_columns(struct restore_pg_judge *j,
			  const struct restore_pg_line *line,
			  const struct restore_pg_field *row,
			  const struct likeness *l)
{
	struct settlement *s = &j->t->settled;
	size_t at = s->n, left = l->written;
	bool first = true;

	for (size_t i = 0; i < j->t->lines->n_columns; i++) {
		if (!line->now[i].s || !j->known[i] || is_gone(&line->now[i]) ||
		    restore_pg_matches(&line->now[i], &row[i]) ||
		    restore_pg_matches(&line->old[i], &row[i]))
			continue;
		if (!j->retyped[i]) {
			bool take = column_conflict(j, line, i, row, first);

			first = false;
			if (take && j->r->req->choice == RESTORE_TAKE)
				settle(j, SETTLE_EVICT, line, i);
			if (take)
				continue;
		}
		settle(j, SETTLE_COLUMN, line, i);
		left--;
	}
	if (!left) { /* nothing of the line goes back */
		s->n = at;
		skip(j, line);
	}
}

/* A row that came, and was changed since. */
static void judge_inserted(struct restore_pg_judge *j,
			   const struct restore_pg_line *line,
			   const struct restore_pg_field *row)
{
	bool first = true, take = true;
	struct restore_detail d;

	init_detail(j, line, RESTORE_CHANGED, &d);
	if (restore_result_aside(j->r->req, j->r->out, &d, true)) {
		park_row(j, line);
		return;
	}
	for (size_t i = 0; i < j->t->lines->n_columns; i++) {
		if (!j->known[i] || restore_pg_matches(&line->old[i], &row[i]))
			continue;
		take = column_conflict(j, line, i, row, first);
		first = false;
	}
	if (!take)
		skip(j, line);
	else if (j->r->req->choice == RESTORE_TAKE)
		settle(j, SETTLE_EVICT, line, 0);
}

void restore_pg_judge(struct restore_pg_judge *j,
		      const struct restore_pg_line *line,
		      const struct restore_pg_field *row)
{
	struct likeness l;

	if (!row) {
		if (line->op == ROW_UPDATED)
			row_conflict(j, line, RESTORE_DELETED, NULL);
		else if (line->op == ROW_INSERTED)
			skip(j, line); /* gone already */
		return;
	}
	compare(j, line, row, &l);
	if (line->op == ROW_DELETED && l.all)
		skip(j, line); /* somebody has put it back */
	else if (line->op != ROW_DELETED && l.all)
		return; /* as the migration left it */
	else if (line->op == ROW_DELETED || !likeness_is_same_row(&l))
		row_conflict(j, line, RESTORE_KEY_REUSED, row);
	else if (line->op == ROW_INSERTED)
		judge_inserted(j, line, row);
	else
		judge_columns(j, line, row, &l);
}
