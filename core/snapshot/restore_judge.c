#include "snapshot/restore_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "snapshot/likeness.h"

/*
 * One line of a snapshot and the row that has its key now: what comes of it.
 * The table in docs/snapshots.md, "Three ways", on SQLite.
 */

/** Values longer than this are cut in what is listed. */
#define LITERAL_MAX 4096

static void add_text(struct buf *out, const char *s, size_t len)
{
	buf_addch(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			buf_addch(out, '\'');
		buf_add(out, s[i] ? &s[i] : " ", 1);
	}
	buf_addch(out, '\'');
}

static void add_literal(struct buf *out, const struct row_value *v)
{
	bool is_long = (v->type == ROW_TEXT || v->type == ROW_BLOB) &&
		       v->len > LITERAL_MAX;
	size_t len = is_long ? LITERAL_MAX : v->len;

	switch (v->type) {
	case ROW_NULL:
		buf_addstr(out, "NULL");
		break;
	case ROW_TEXT:
		add_text(out, v->s, len);
		break;
	case ROW_BLOB:
		buf_addstr(out, "x'");
		for (size_t i = 0; i < len; i++)
			buf_addf(out, "%02X", (unsigned char)v->s[i]);
		buf_addch(out, '\'');
		break;
	case ROW_INT:
	case ROW_REAL:
	case ROW_SAME:
	case ROW_DIGEST:
	case ROW_ABSENT:
		row_add_value(out, v);
		break;
	}
	if (is_long)
		buf_addstr(out, "...");
}

/* NULL where there is no value, or only a digest of it. */
static const char *literal(struct restore *r, const struct row_value *v)
{
	struct buf b = BUF_INIT;
	const char *out;

	if (!v || v->type == ROW_SAME || v->type == ROW_DIGEST ||
	    v->type == ROW_ABSENT)
		return NULL;
	add_literal(&b, v);
	out = arena_strndup(&r->arena, buf_str(&b), b.len);
	buf_release(&b);
	return out;
}

/* "id = 5", "rowid 5", "a = 1, b = 'x'" */
const char *restore_key_text(struct restore *r, const struct table_info *t,
			     const struct change_key *key)
{
	const char *p = key->s, *end = key->s ? key->s + key->len : NULL, *out;
	struct buf b = BUF_INIT, scratch = BUF_INIT;

	if (!key->s && t->rowid_column)
		buf_addf(&b, "%s = %lld", t->rowid_column, (long long)key->i);
	else if (!key->s)
		buf_addf(&b, "rowid %lld", (long long)key->i);
	buf_reserve(&scratch, key->s ? key->len : 0);
	for (size_t k = 0; key->s && k < t->n_keys; k++) {
		struct row_value v;
		struct err *err = row_parse(&p, end, &v, &scratch);

		if (err) {
			err_free(err);
			break;
		}
		buf_addf(&b, "%s%s = ", k ? ", " : "", t->keys[k]);
		add_literal(&b, &v);
	}
	out = arena_strdup(&r->arena, buf_str(&b));
	buf_release(&b);
	buf_release(&scratch);
	return out;
}

/* What the migration wrote, from the first lines. */
static struct err *sample_values(struct restore_judge *j)
{
	const struct manifest_table *m = j->t->lines;
	struct restore_lines lines;
	struct restore_line line;
	struct likeness_sample sample;
	struct err *err = restore_lines_open(&lines, j->r, j->t);
	struct buf scratch = BUF_INIT;

	likeness_sample_begin(&sample, m->n_columns);
	lines.all = true;
	while (!err) {
		const char *p;

		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (line.op != ROW_UPDATED)
			continue;
		if (!likeness_sample_line(&sample))
			break;
		p = line.fields;
		buf_reset(&scratch);
		buf_reserve(&scratch, (size_t)(line.end - p));
		for (size_t i = 0; i < m->n_columns && !err; i++) {
			struct restore_field f;

			err = restore_field_next(&p, line.end, line.op, &f,
						 &scratch);
			if (!err && f.changed && f.now.type != ROW_ABSENT)
				likeness_sample_value(&sample, i,
						      row_field_digest(&f.now));
		}
	}
	restore_lines_close(&lines);
	buf_release(&scratch);
	likeness_sample_end(&sample, j->tells);
	return err;
}

/* Columns whose declared type comes back with the table's old form. */
static void find_retyped(struct restore_judge *j)
{
	const struct manifest_table *m = j->t->lines;
	const struct restore_table *t = j->t;

	for (size_t i = 0; i < m->n_columns; i++) {
		const char *was, *is;

		if (!t->old || !t->cur || !m->columns[i].after)
			continue;
		was = schema_sqlite_column_type(&j->r->arena, t->old->sql,
						m->columns[i].before);
		is = schema_sqlite_column_type(&j->r->arena, t->cur->sql,
					       m->columns[i].after);
		j->retyped[i] = was && is && !streq(was, is);
	}
}

struct err *restore_judge_open(struct restore_judge *j, struct restore *r,
			       struct restore_table *t)
{
	const struct manifest_table *m = t->lines;
	const char **now =
		arena_array(&r->arena, m->n_columns + 1, sizeof(*now));
	struct err *err;
	bool found;

	memset(j, 0, sizeof(*j));
	j->r = r;
	j->t = t;
	j->table = t->before ? t->before : t->after;
	err = table_info_read(&j->info, r->db, t->after, &found);
	if (err || !found)
		return err;
	j->known = arena_array(&r->arena, m->n_columns + 1, sizeof(bool));
	j->tells = arena_array(&r->arena, m->n_columns + 1, sizeof(bool));
	j->unique = arena_array(&r->arena, m->n_columns + 1, sizeof(bool));
	j->retyped = arena_array(&r->arena, m->n_columns + 1, sizeof(bool));
	for (size_t i = 0; i < m->n_columns; i++) {
		now[i] = m->columns[i].after;
		j->known[i] = now[i] && table_info_has(&j->info, now[i]);
	}
	find_retyped(j);
	err = table_find_unique(r->db, j->info.name, now, m->n_columns,
				j->unique);
	/* now: later the lines are being read by somebody else */
	return err || !m->updated ? err : sample_values(j);
}

void restore_judge_close(struct restore_judge *j)
{
	settle_sort(&j->t->settled);
	table_info_release(&j->info);
}

static void column_value(sqlite3_stmt *row, size_t i, struct row_value *v)
{
	table_value(v, sqlite3_column_value(row, (int)i + 1));
}

static struct err *compare(struct restore_judge *j,
			   const struct restore_line *line, sqlite3_stmt *row,
			   struct likeness *out)
{
	const struct manifest_table *m = j->t->lines;
	const char *p = line->fields;
	struct restore *r = j->r;
	struct err *err = NULL;

	likeness_begin(out);
	buf_reset(&r->scratch);
	buf_reserve(&r->scratch, (size_t)(line->end - p));
	for (size_t i = 0; i < m->n_columns; i++) {
		struct likeness_field as = { .unique = j->unique[i],
					     .tells = j->tells[i] };
		struct restore_field f;
		struct row_value v;

		err = restore_field_next(&p, line->end, line->op, &f,
					 &r->scratch);
		if (err)
			return err;
		if (!j->known[i] || (f.changed && f.now.type == ROW_ABSENT)) {
			likeness_unknown(out, line->op, f.changed);
			continue;
		}
		column_value(row, i, &v);
		as.changed = f.changed;
		as.as_left = row_matches(f.changed ? &f.now : &f.old, &v);
		as.as_before =
			!as.as_left && f.changed && row_matches(&f.old, &v);
		as.unique &= v.type != ROW_NULL;
		likeness_add(out, &as);
	}
	return NULL;
}

static void skip(struct restore_judge *j, const struct restore_line *line)
{
	settle_add(&j->t->settled, SETTLE_SKIP, line->number, 0);
	restore_count_out(j->r, j->t, line->op);
}

static void init_detail(struct restore_judge *j,
			const struct restore_line *line, const char *what,
			struct restore_detail *d)
{
	memset(d, 0, sizeof(*d));
	d->object = j->table;
	d->what = what;
	if (restore_result_wants(j->r->req, j->r->out))
		d->key = restore_key_text(j->r, &j->info, &line->key);
}

/* What a gone row had does not come back; another row makes room for one that
 * comes back, or that the migration will make again. */
static bool set_aside(struct restore_judge *j, const struct restore_line *line,
		      const struct restore_detail *d)
{
	struct restore *r = j->r;
	bool gone = streq(d->what, RESTORE_DELETED);

	if ((!gone && line->op == ROW_UPDATED) ||
	    !restore_result_aside(r->req, r->out, d, true))
		return false;
	if (gone)
		skip(j, line);
	else
		settle_add(&j->t->settled, SETTLE_EVICT, line->number, 0);
	r->out->kept += gone;
	return true;
}

/* A conflict of the whole row; the choice is carried out. */
static void row_conflict(struct restore_judge *j,
			 const struct restore_line *line, const char *what,
			 bool there)
{
	struct restore_detail d;

	init_detail(j, line, what, &d);
	d.doubt = there && line->op == ROW_UPDATED;
	if (set_aside(j, line, &d))
		return;
	switch (restore_result_conflict(j->r->req, j->r->out, &d, true, true)) {
	case RESTORE_KEEP:
		skip(j, line);
		break;
	case RESTORE_TAKE:
		if (there)
			settle_add(&j->t->settled, SETTLE_EVICT, line->number,
				   0);
		else
			skip(j, line); /* not all of the row is known */
		j->r->out->kept += !there;
		break;
	case RESTORE_ABORT:
		break;
	}
}

/* One column of a row; returns whether its old value goes back. */
static bool column_conflict(struct restore_judge *j,
			    const struct restore_line *line, size_t i,
			    const struct restore_field *f,
			    const struct row_value *v, bool first)
{
	struct restore_detail d;

	init_detail(j, line, RESTORE_CHANGED, &d);
	d.column = j->t->lines->columns[i].before;
	d.more = !first;
	if (d.key) {
		d.before = f->changed ? literal(j->r, &f->old) : NULL;
		d.after = f->changed ? literal(j->r, &f->now) : NULL;
		d.now = literal(j->r, v);
	}
	return restore_result_conflict(j->r->req, j->r->out, &d, true, true) !=
	       RESTORE_KEEP;
}

/* The columns of a changed row, one by one. */
static struct err *judge_columns(struct restore_judge *j,
				 const struct restore_line *line,
				 sqlite3_stmt *row, const struct likeness *l)
{
	struct settlement *s = &j->t->settled;
	const char *p = line->fields;
	struct restore *r = j->r;
	size_t at = s->n, left = l->written;
	bool first = true, evict = false;

	buf_reset(&r->scratch);
	buf_reserve(&r->scratch, (size_t)(line->end - p));
	for (size_t i = 0; i < j->t->lines->n_columns; i++) {
		struct restore_field f;
		struct row_value v;
		struct err *err = restore_field_next(&p, line->end, line->op,
						     &f, &r->scratch);

		if (err)
			return err;
		if (!f.changed || !j->known[i] || f.now.type == ROW_ABSENT)
			continue;
		column_value(row, i, &v);
		if (row_matches(&f.now, &v) || row_matches(&f.old, &v))
			continue;
		if (!j->retyped[i] &&
		    column_conflict(j, line, i, &f, &v, first)) {
			first = false;
			evict = true;
			continue;
		}
		first &= j->retyped[i];
		settle_add(s, SETTLE_COLUMN, line->number, i);
		left--;
	}
	if (!left) { /* nothing of the line goes back */
		s->n = at;
		skip(j, line);
	} else if (evict && r->req->choice == RESTORE_TAKE) {
		settle_add(s, SETTLE_EVICT, line->number, 0);
	}
	return NULL;
}

/* A row that came, and was changed since: it goes as it came. */
static bool park_inserted(struct restore_judge *j,
			  const struct restore_line *line)
{
	struct restore_detail d;

	init_detail(j, line, RESTORE_CHANGED, &d);
	if (!restore_result_aside(j->r->req, j->r->out, &d, true))
		return false;
	settle_add(&j->t->settled, SETTLE_EVICT, line->number, 0);
	return true;
}

/* What the first differing column of a row that came holds. */
static struct err *judge_inserted(struct restore_judge *j,
				  const struct restore_line *line,
				  sqlite3_stmt *row)
{
	const char *p = line->fields;
	struct restore *r = j->r;
	bool first = true, take = true;

	if (park_inserted(j, line))
		return NULL;
	buf_reset(&r->scratch);
	buf_reserve(&r->scratch, (size_t)(line->end - p));
	for (size_t i = 0; i < j->t->lines->n_columns; i++) {
		struct restore_field f;
		struct row_value v;
		struct err *err = restore_field_next(&p, line->end, line->op,
						     &f, &r->scratch);

		if (err)
			return err;
		if (!j->known[i])
			continue;
		column_value(row, i, &v);
		if (row_matches(&f.old, &v))
			continue;
		take = column_conflict(j, line, i, &f, &v, first);
		first = false;
	}
	if (take && r->req->choice == RESTORE_TAKE)
		settle_add(&j->t->settled, SETTLE_EVICT, line->number, 0);
	else if (!take)
		skip(j, line);
	return NULL;
}

/* A row that the migration took away, and one that is there now. */
static void judge_deleted(struct restore_judge *j,
			  const struct restore_line *line,
			  const struct likeness *l)
{
	if (l->all)
		skip(j, line); /* somebody has put it back */
	else if (!j->info.without_rowid && !j->info.rowid_column)
		/* such a number is nobody's name: it gets another */
		settle_add(&j->t->settled, SETTLE_MOVE, line->number, 0);
	else
		row_conflict(j, line, RESTORE_KEY_REUSED, true);
}

struct err *restore_judge(struct restore_judge *j,
			  const struct restore_line *line, sqlite3_stmt *row)
{
	struct likeness l;
	struct err *err;

	if (!row) {
		if (line->op == ROW_UPDATED)
			row_conflict(j, line, RESTORE_DELETED, false);
		else if (line->op == ROW_INSERTED)
			skip(j, line); /* gone already */
		return NULL;
	}
	err = compare(j, line, row, &l);
	if (err)
		return err;
	if (line->op == ROW_DELETED) {
		judge_deleted(j, line, &l);
		return NULL;
	}
	if (l.all)
		return NULL; /* as the migration left it */
	if (!likeness_is_same_row(&l)) {
		row_conflict(j, line, RESTORE_KEY_REUSED, true);
		return NULL;
	}
	return line->op == ROW_INSERTED ? judge_inserted(j, line, row)
					: judge_columns(j, line, row, &l);
}
