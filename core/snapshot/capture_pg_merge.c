#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "snapshot/rows.h"
#include "target/target_pg.h"

/*
 * The net change of one table: what its rows were, from the observer or the
 * log, beside what they are, each in the order of the key.
 */

/** A row of one side; fields are those of a snapshot's line. */
struct side_row {
	struct change_key key;
	struct pg_field *fields; /**< per column of was; s NULL = not known */
	bool whole;
	bool ours; /**< of the new side: a version that we wrote */
	bool end, begun;
	struct buf text, key_text, last;
};

struct merge {
	struct pg_capture *c;
	struct pg_captured *t;
	size_t n_keys;   /**< fields in front; 1 for a table without a key */
	bool only_taken; /**< of the new side: the lines have no others */
	struct side_row old, now;
	struct pg_field *cut;
	struct buf gone_key;
};

void pg_capture_file(struct pg_capture *c, struct pg_captured *t)
{
	snprintf(t->file, sizeof(t->file), "rows/%zu", ++c->n_files);
	line_writer_file(&c->lines, t->file);
}

/* Keys have to ascend, or rows would be paired wrongly without a word. */
static struct err *check_order(struct merge *m, const struct side_row *row,
			       struct buf *last, bool first)
{
	struct change_key before = { .i = 0 };
	int d;

	if (row->key.s)
		before = (struct change_key){ .s = buf_str(last),
					      .len = last->len };
	else if (!first)
		memcpy(&before.i, last->data, sizeof(before.i));
	d = first ? -1 : pg_key_compare(&before, &row->key);
	if (d > 0 || (d == 0 && m->t->was.n_keys))
		return err_new(ERR_STATE,
			       "rows of %s come in an order that was not "
			       "expected",
			       m->t->was.name);
	buf_reset(last);
	if (row->key.s)
		buf_add(last, row->key.s, row->key.len);
	else
		buf_add(last, &row->key.i, sizeof(row->key.i));
	return NULL;
}

/* A column that is read, of the old rows or of the new ones. */
static bool is_read(const struct merge *m, size_t i, bool now)
{
	return pg_captured_is_field(m->t, i) &&
	       (!now || !m->only_taken || m->t->taken[i] || m->t->told[i]);
}

/* Turn the fields of a COPY line into a snapshot's, kept in text. */
static void keep_fields(struct merge *m, const struct pg_table *as, bool now,
			struct buf *text, struct pg_field *out)
{
	struct pg_captured *t = m->t;
	size_t n = t->was.n_columns, total = 0, at = m->n_keys + now;
	char *p;

	for (size_t i = 0, k = at; i < n; i++)
		if (is_read(m, i, now))
			total += m->cut[k++].len + 2;
	buf_reset(text);
	p = buf_reserve(text, total + 1);
	for (size_t i = 0; i < n; i++) {
		const struct pg_field *f;

		out[i] = (struct pg_field){ NULL, 0 };
		if (!is_read(m, i, now))
			continue;
		f = &m->cut[at++];
		if (!pg_table_column(as, t->was.columns[i].number))
			continue;
		out[i].s = p;
		if (pg_field_is_null(f)) {
			p[0] = '\\';
			p[1] = 'N';
			out[i].len = 2;
		} else {
			*p = '\'';
			memcpy(p + 1, f->s, f->len);
			out[i].len = f->len + 1;
		}
		p += out[i].len;
	}
}

static void take_key(struct merge *m, const struct pg_field *fields,
		     struct buf *text, struct change_key *out)
{
	if (m->t->was.n_keys) {
		pg_table_key(&m->t->was, fields, text, out);
		return;
	}
	buf_reset(text);
	buf_add(text, fields[0].s, fields[0].len);
	*out = (struct change_key){ .s = buf_str(text), .len = text->len };
}

static struct err *next_line(struct merge *m, struct pg_conn *from,
			     const struct pg_table *as, bool now,
			     struct side_row *row)
{
	const char *line;
	size_t len;
	struct err *e = pg_copy_out_next(from, &line, &len);
	bool first = !row->begun;

	row->end = !line;
	row->begun = true;
	if (e || !line)
		return e;
	pg_cut(line, len - 1, m->cut, m->n_keys + m->t->was.n_columns + 1);
	row->ours = now && m->cut[0].s[0] == '1';
	take_key(m, m->cut + now, &row->key_text, &row->key);
	keep_fields(m, as, now, &row->text, row->fields);
	return check_order(m, row, &row->last, first);
}

/* A slot of the log: its row is fields of a snapshot already. */
static struct err *next_slot(struct merge *m)
{
	struct pg_captured *t = m->t;
	const struct change_slot *slot;
	struct err *e;
	const char *p;

	do /* rows of the migration itself are nobody's loss */
		e = changelog_next(t->log, &slot);
	while (!e && slot && slot->was_empty);
	m->old.end = !slot;
	if (e || !slot)
		return e;
	m->old.key = slot->key;
	if (!t->was.n_keys) /* behind the content: a number */
		m->old.key.len -= 8;
	m->old.whole = slot->whole;
	p = slot->row;
	for (size_t i = 0, n = 0; i < t->was.n_columns; i++) {
		struct pg_field *f = &m->old.fields[i];

		*f = (struct pg_field){ NULL, 0 };
		if (!pg_captured_is_field(t, i))
			continue;
		if (slot->whole) {
			f->s = p;
			f->len = row_field_length(p, slot->row + slot->row_len);
			p += f->len + 1;
		} else if (slot->known[n]) {
			f->s = slot->known[n];
			f->len = slot->known_len[n];
		}
		n++;
	}
	return NULL;
}

static struct err *next_old(struct merge *m)
{
	m->old.end = !m->t->log && !m->t->observed;
	if (m->old.end)
		return NULL;
	if (!m->t->observed)
		return next_slot(m);
	m->old.whole = true;
	return next_line(m, m->c->second, &m->t->was, false, &m->old);
}

static struct err *next_now(struct merge *m)
{
	m->now.end = !m->t->now.oid;
	if (m->now.end)
		return NULL;
	return next_line(m, m->c->c, &m->t->now, true, &m->now);
}

/* --- lines --- */

static bool is_gone(const struct merge *m, size_t i)
{
	return !m->t->now.oid ||
	       !pg_table_column(&m->t->now, m->t->was.columns[i].number);
}

static struct buf *begin_line(struct merge *m, char op,
			      const struct change_key *key)
{
	struct buf *out = line_writer_begin(&m->c->lines);

	buf_addch(out, op);
	buf_addch(out, '\t');
	if (m->t->was.n_keys)
		pg_table_add_key(out, &m->t->was, key);
	return out;
}

/* The tab behind the last field becomes the newline. */
static void end_line(struct merge *m, struct buf *out, uint64_t *count)
{
	out->data[out->len - 1] = '\n';
	line_writer_add(&m->c->lines);
	++*count;
}

static struct err *not_kept(const struct merge *m, size_t i)
{
	return err_new(ERR_STATE, "column %s of %s was not kept",
		       m->t->was.columns[i].name, m->t->was.name);
}

static bool is_kept(const struct pg_field *f)
{
	return f->s && f->s[0] != '!';
}

/* A row of a table that is gone: all columns in their order. */
static struct err *write_dropped(struct merge *m)
{
	struct pg_captured *t = m->t;
	struct pg_field keys[ARRAY_LEN(t->was.keys) + 1];
	struct buf *out = line_writer_begin(&m->c->lines);

	buf_reset(&m->gone_key);
	if (t->was.n_keys)
		pg_table_add_key(&m->gone_key, &t->was, &m->old.key);
	pg_cut(buf_str(&m->gone_key), m->gone_key.len, keys, ARRAY_LEN(keys));
	buf_add(out, "-\t", 2);
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_field *f = &m->old.fields[i];

		for (size_t k = 0; k < t->was.n_keys; k++)
			if ((size_t)t->was.keys[k] == i)
				f = &keys[k];
		if (t->was.columns[i].generated)
			continue;
		if (!is_kept(f))
			return not_kept(m, i);
		buf_add(out, f->s, f->len);
		buf_addch(out, '\t');
	}
	end_line(m, out, &t->lines.deleted);
	return NULL;
}

static struct err *write_gone(struct merge *m)
{
	struct pg_captured *t = m->t;
	struct buf *out;

	if (!m->old.whole)
		return err_new(ERR_STATE,
			       "a row of %s is gone that was not kept",
			       t->was.name);
	if (!t->now.oid)
		return write_dropped(m);
	out = begin_line(m, '-', &m->old.key);
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_field *f = &m->old.fields[i];

		if (!pg_captured_is_listed(t, i))
			continue;
		if (!is_kept(f))
			return not_kept(m, i);
		buf_add(out, f->s, f->len);
		buf_addch(out, '\t');
	}
	end_line(m, out, &t->lines.deleted);
	return NULL;
}

static void write_came(struct merge *m)
{
	struct pg_captured *t = m->t;
	struct buf *out = begin_line(m, '+', &m->now.key);

	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_field *f = &m->now.fields[i];

		if (!pg_captured_is_listed(t, i))
			continue;
		if (is_gone(m, i))
			buf_addch(out, '!');
		else if (t->was.n_keys)
			pg_add_same(out, f);
		else
			buf_add(out, f->s, f->len);
		buf_addch(out, '\t');
	}
	end_line(m, out, &t->lines.inserted);
}

static bool same_field(const struct pg_field *a, const struct pg_field *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static bool is_changed(const struct merge *m, size_t i)
{
	const struct pg_field *old = &m->old.fields[i];

	if (!pg_captured_is_listed(m->t, i) || !old->s || old->s[0] == '!')
		return false;
	return is_gone(m, i) || !same_field(old, &m->now.fields[i]);
}

static void write_changed(struct merge *m)
{
	struct pg_captured *t = m->t;
	struct buf *out = begin_line(m, '~', &m->old.key);

	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_field *old = &m->old.fields[i];
		const struct pg_field *now = &m->now.fields[i];

		if (!pg_captured_is_listed(t, i))
			continue;
		if (is_changed(m, i) || !t->was.n_keys) {
			buf_add(out, old->s, old->len);
			buf_addch(out, '\t');
			if (is_gone(m, i))
				buf_addch(out, '!');
			else if (t->was.n_keys)
				pg_add_new(out, now);
			else
				buf_add(out, now->s, now->len);
		} else {
			pg_add_same(out, now);
		}
		buf_addch(out, '\t');
	}
	end_line(m, out, &t->lines.updated);
}

static void write_both(struct merge *m)
{
	for (size_t i = 0; i < m->t->was.n_columns; i++)
		if (is_changed(m, i)) {
			write_changed(m);
			return;
		}
}

static struct err *walk(struct merge *m)
{
	struct err *e = next_old(m);

	if (!e)
		e = next_now(m);
	while (!e && (!m->old.end || !m->now.end)) {
		int d = m->old.end   ? 1
			: m->now.end ? -1
				     : pg_key_compare(&m->old.key, &m->now.key);

		if (d < 0)
			e = write_gone(m);
		else if (d == 0)
			write_both(m);
		else if (m->now.ours)
			write_came(m);
		if (!e)
			e = m->c->lines.err;
		if (!e && d <= 0)
			e = next_old(m);
		if (!e && d >= 0)
			e = next_now(m);
	}
	if (e == m->c->lines.err)
		m->c->lines.err = NULL;
	return e;
}

/* --- what is read --- */

/*
 * The planner takes a condition on transaction ids for rare. One that it knows
 * nothing of is half of the rows for it: then it sees that an index in the
 * key's order spares a sort of all of them.
 */
static bool is_most(const struct merge *m)
{
	return m->t->was.rows > 0 &&
	       m->c->base.target->seen.rows >= m->t->was.rows / 2;
}

static void add_where(struct buf *out, const struct merge *m,
		      const struct buf *condition)
{
	bool most = is_most(m);

	buf_addstr(out, most ? "coalesce(" : "");
	buf_add(out, condition->data, condition->len);
	buf_addstr(out, most ? ", false)" : "");
}

static struct err *begin_copy(struct merge *m, struct pg_conn *from,
			      const struct pg_reading *r)
{
	struct buf *sql = &m->c->sql;

	buf_reset(sql);
	buf_addstr(sql, "COPY (");
	pg_reading_sql(sql, r, m->c);
	buf_addstr(sql, ") TO STDOUT");
	return pg_copy_out_begin(from, buf_str(sql));
}

/*
 * Old rows are those with our xmax for the observer. It is there for rows
 * that we have only locked, too; they are among the new ones by their xmax,
 * and equal.
 */
static struct err *begin_reading(struct merge *m)
{
	struct pg_capture *c = m->c;
	struct pg_captured *t = m->t;
	struct buf old = BUF_INIT, now = BUF_INIT, where = BUF_INIT;
	struct pg_reading was = { .table = t, .as = &t->was, .ordered = true };
	struct pg_reading is = { .table = t,
				 .as = &t->now,
				 .flag = true,
				 .ordered = true,
				 .only_taken = m->only_taken,
				 .told = true };
	struct err *e = NULL;

	pg_capture_add_is_ours(&old, c, "xmin");
	buf_addstr(&old, " OR xmax <> 0");
	add_where(&now, m, &old);
	buf_reset(&old);
	is.where = t->complete ? NULL : buf_str(&now);

	if (t->observed) {
		e = pg_capture_observe(c);
		if (!e)
			e = pg_capture_superseded(c, t, &t->now, &old);
		add_where(&where, m, &old);
		was.where = buf_str(&where);
		if (!e)
			e = begin_copy(m, c->second, &was);
	} else if (t->log) {
		e = changelog_read(t->log, pg_captured_fields(t));
	}
	if (!e && t->now.oid)
		e = begin_copy(m, c->c, &is);
	buf_release(&old);
	buf_release(&now);
	buf_release(&where);
	return e;
}

struct err *pg_capture_check_key(const struct pg_captured *t,
				 const struct pg_table *now)
{
	if (!now->oid)
		return NULL;
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const struct pg_column *was = &t->was.columns[i];
		const struct pg_column *is = pg_table_column(now, was->number);
		bool needed = t->was.n_keys ? was->key : t->matched[i];

		if (needed && !is)
			return err_hint(
				err_new(ERR_STATE,
					"%s of %s went while other changes of "
					"its rows were to be kept",
					was->name, t->was.name),
				"split the migration in two");
	}
	return NULL;
}

static void side_release(struct side_row *row)
{
	free(row->fields);
	buf_release(&row->text);
	buf_release(&row->key_text);
	buf_release(&row->last);
}

struct err *pg_capture_merge(struct pg_capture *c, struct pg_captured *t)
{
	struct merge m = { .c = c, .t = t };
	size_t n = t->was.n_columns;
	struct err *e = pg_capture_check_key(t, &t->now);

	if (e)
		return e;
	m.n_keys = t->was.n_keys ? t->was.n_keys : 1;
	m.only_taken = !t->whole && !t->observed;
	m.old.fields = xcalloc(n + 1, sizeof(*m.old.fields));
	m.now.fields = xcalloc(n + 1, sizeof(*m.now.fields));
	m.cut = xcalloc(m.n_keys + n + 2, sizeof(*m.cut));
	pg_capture_file(c, t);
	e = begin_reading(&m);
	if (!e)
		e = walk(&m);
	if (e)
		pg_copy_out_abort(c->c);
	if (t->observed)
		e = pg_capture_observed(c, e);
	e = err_first(e, line_writer_end(&c->lines));
	free(m.cut);
	side_release(&m.old);
	side_release(&m.now);
	buf_release(&m.gone_key);
	return err_wrap(pg_table_blame(e), "keep rows of %s", t->was.name);
}
