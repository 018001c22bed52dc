#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/redo_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/rows.h"

/*
 * Lines of a park into a temporary table. Values are text there and cast where
 * they go; keys have their type where no migration changes it, so that the
 * server can join by them.
 */

#define PIECE (1 << 20)

/* Nothing to say why: the server computes it again. */
static const char *const reasons[] = {
	NULL,
	"there is no such column",
	"the column has another type",
	NULL,
};

void redo_pg_add_value(struct buf *out, const struct restore_pg_field *f)
{
	buf_addch(out, '\t');
	if (f->s && f->s[0] == '\'')
		buf_add(out, f->s + 1, f->len - 1);
	else
		buf_add(out, "\\N", 2);
}

void redo_pg_add_join(struct buf *out, const struct restore_pg_relation *rel)
{
	for (size_t k = 0; k < rel->n_keys; k++) {
		const struct restore_pg_column *col =
			restore_pg_column(rel, rel->keys[k]);

		buf_addf(out, "%st.%s = l.k%zu::%s", k ? " AND " : "",
			 col->name, k, col->type);
	}
}

void redo_pg_add_temp(struct buf *sql, const char *name,
		      const struct restore_pg_relation *rel)
{
	buf_addf(sql,
		 "DROP TABLE IF EXISTS pg_temp.%s; CREATE TEMPORARY TABLE %s "
		 "(n bigint PRIMARY KEY, op \"char\"",
		 name, name);
	for (size_t k = 0; k < rel->n_keys; k++) {
		const struct restore_pg_column *col =
			restore_pg_column(rel, rel->keys[k]);

		buf_addf(sql, ", k%zu %s", k,
			 col->builtin ? col->type : "text");
	}
}

/* --- what the columns are now --- */

static struct err *form_then(struct redo_pg *p, const char *name,
			     struct pg_form *out, bool *found)
{
	const struct schema_delta *d = p->req.delta;
	struct arena *a = &p->r.arena;

	*found = false;
	for (size_t i = 0; i < d->n; i++) {
		const struct schema_object *o = d->changes[i].before;

		if (!streq_null(pg_form_name(a, o), name))
			continue;
		*found = true;
		return pg_form_read(out, a, o);
	}
	return NULL;
}

static int place_of(const struct redo_pg_table *b, const char *name,
		    const char *type)
{
	const struct restore_pg_column *col = restore_pg_column(&b->rel, name);

	if (!col)
		return REDO_PG_NONE;
	if (col->generated)
		return REDO_PG_COMPUTED;
	if (type && *type && !streq(type, col->type))
		return REDO_PG_RETYPED;
	return (int)(col - b->rel.columns);
}

static struct err *map_columns(struct redo_pg *p, struct redo_pg_table *b)
{
	const struct manifest_table *m = b->t.lines;
	struct arena *a = &p->r.arena;
	size_t n = m->n_columns + 1;
	struct pg_form then;
	bool found;
	struct err *err = form_then(p, m->before, &then, &found);

	b->to = arena_array(a, n, sizeof(*b->to));
	b->type = arena_array(a, n, sizeof(*b->type));
	b->any = arena_array(a, n, sizeof(*b->any));
	b->low = arena_array(a, n, sizeof(*b->low));
	b->high = arena_array(a, n, sizeof(*b->high));
	for (size_t i = 0; i < m->n_columns && !err; i++) {
		const char *name = m->columns[i].before;
		const struct schema_pg_column *col =
			found ? pg_form_column(&then, name) : NULL;

		b->type[i] = col ? col->type : "";
		b->to[i] = place_of(b, name, b->type[i]);
		b->low[i] = INT64_MAX;
		b->high[i] = INT64_MIN;
	}
	b->key_low = INT64_MAX;
	b->key_high = INT64_MIN;
	return err;
}

static bool same_keys(const struct redo_pg_table *b)
{
	const struct manifest_table *m = b->t.lines;

	if (m->n_keys != b->rel.n_keys)
		return false;
	for (size_t k = 0; k < m->n_keys; k++)
		if (!streq(m->keys[k], b->rel.keys[k]))
			return false;
	return true;
}

/* Lines of whole rows have every column: the key is what it is now. */
static bool find_keys(struct redo_pg *p, struct redo_pg_table *b)
{
	const struct manifest_table *m = b->t.lines;

	b->key_at =
		arena_array(&p->r.arena, b->rel.n_keys + 1, sizeof(*b->key_at));
	for (size_t k = 0; k < b->rel.n_keys; k++) {
		size_t i = 0;

		while (i < m->n_columns &&
		       (!redo_pg_has(b, i) ||
			!streq(redo_pg_column(b, i)->name, b->rel.keys[k])))
			i++;
		if (i == m->n_columns)
			return false;
		b->key_at[k] = i;
	}
	return b->rel.n_keys > 0;
}

/* --- lines --- */

struct load {
	struct redo *redo;
	struct redo_pg *p;
	struct redo_pg_table *b;
	struct redo_result *out;
	struct restore_pg_lines lines;
	struct settle_cursor cursor;
	struct buf text, values;
	bool *gone; /* by column: a newer park would have had it */
	bool any;
};

static bool is_evicted(struct load *l)
{
	const struct settled *s;
	size_t n;

	s = settle_of(&l->b->t.settled, &l->cursor, l->lines.line.number, &n);
	for (size_t i = 0; i < n; i++)
		if (s[i].how == SETTLE_EVICT)
			return true;
	return false;
}

static bool is_null(const struct restore_pg_field *f)
{
	return f->s[0] != '\'';
}

/* The line has a value that goes back into column i. */
static bool is_given(struct load *l, size_t i)
{
	const struct restore_pg_line *line = &l->lines.line;
	const struct restore_pg_field *f = &line->old[i];
	struct redo_pg_table *b = l->b;
	bool whole = line->op == ROW_DELETED;

	if (!whole && (!line->now[i].s || l->gone[i] ||
		       restore_pg_matches(f, &line->now[i])))
		return false;
	if (redo_pg_has(b, i))
		return whole ? !redo_pg_column(b, i)->key
			     : !(is_null(f) && b->older);
	if (!is_null(f) && reasons[-b->to[i]])
		redo_misfit_add(l->out, b->t.before,
				b->t.lines->columns[i].before,
				reasons[-b->to[i]], 1);
	return false;
}

/* Of what is no number nothing comes: it has no sequence. */
static void note_number(int64_t *low, int64_t *high,
			const struct restore_pg_field *f)
{
	int64_t n;

	if (is_null(f))
		return;
	n = strtoll(f->s + 1, NULL, 10);
	*low = n < *low ? n : *low;
	*high = n > *high ? n : *high;
}

/* Whether the line has something to give. */
static bool add_masks(struct load *l)
{
	struct redo_pg_table *b = l->b;
	size_t n = b->t.lines->n_columns;
	bool any = l->lines.line.op == ROW_DELETED;

	for (size_t i = 0; i < n; i += RESTORE_PG_MASK_BITS) {
		long long mask = 0;

		for (size_t k = i; k < n && k < i + RESTORE_PG_MASK_BITS; k++)
			if (is_given(l, k)) {
				mask |= 1LL << (k - i);
				b->any[k] = any = true;
			}
		buf_addch(&l->values, '\t');
		buf_addint(&l->values, mask);
	}
	return any;
}

static void add_line(struct load *l)
{
	const struct restore_pg_line *line = &l->lines.line;
	const struct manifest_table *m = l->b->t.lines;
	struct redo_pg_table *b = l->b;
	bool evicted = is_evicted(l);

	buf_reset(&l->values);
	if (line->op == ROW_INSERTED ||
	    redo_passes_over(l->redo, line->op, m) || !add_masks(l))
		return;
	l->any = true;
	buf_addint(&l->text, (long long)line->number);
	buf_addch(&l->text, '\t');
	buf_addch(&l->text, line->op);
	for (size_t k = 0; b->keyed && k < b->rel.n_keys; k++)
		redo_pg_add_value(&l->text, m->n_keys
						    ? &line->keys[k]
						    : &line->old[b->key_at[k]]);
	buf_addstr(&l->text, evicted ? "\tt" : "\tf");
	buf_add(&l->text, l->values.data, l->values.len);
	for (size_t i = 0; i < m->n_columns; i++) {
		redo_pg_add_value(&l->text, &line->old[i]);
		if (redo_pg_has(b, i) && line->old[i].s[0] == '\'')
			note_number(&b->low[i], &b->high[i], &line->old[i]);
	}
	if (m->n_keys && line->op == ROW_DELETED)
		note_number(&b->key_low, &b->key_high, &line->keys[0]);
	buf_addch(&l->text, '\n');
}

static struct err *send(struct load *l)
{
	struct restore_pg *r = &l->p->r;
	struct err *err = restore_pg_lines_open(&l->lines, r, &l->b->t);

	while (!err) {
		err = restore_pg_lines_next(&l->lines);
		if (err || !l->lines.line.op)
			break;
		add_line(l);
		if (l->text.len >= PIECE) {
			err = pg_copy_in_put(r->c, l->text.data, l->text.len);
			buf_reset(&l->text);
		}
	}
	if (!err && l->text.len)
		err = pg_copy_in_put(r->c, l->text.data, l->text.len);
	restore_pg_lines_close(&l->lines);
	return err;
}

static struct err *make_temp(struct load *l, const char *name)
{
	const struct restore_pg_relation none = { .n_keys = 0 };
	const struct manifest_table *m = l->b->t.lines;
	struct buf sql = BUF_INIT;
	struct err *err;

	redo_pg_add_temp(&sql, name, l->b->keyed ? &l->b->rel : &none);
	buf_addstr(&sql, ", evicted boolean");
	for (size_t i = 0; i < m->n_columns; i += RESTORE_PG_MASK_BITS)
		buf_addf(&sql, ", m%zu bigint", i / RESTORE_PG_MASK_BITS);
	for (size_t i = 0; i < m->n_columns; i++)
		buf_addf(&sql, ", o%zu text", i);
	buf_addstr(&sql, ", at tid) ON COMMIT DROP");
	err = restore_pg_exec(&l->p->r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

static struct err *copy(struct load *l, const char *name)
{
	const struct manifest_table *m = l->b->t.lines;
	struct restore_pg *r = &l->p->r;
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql, "COPY pg_temp.%s (n, op", name);
	for (size_t k = 0; l->b->keyed && k < l->b->rel.n_keys; k++)
		buf_addf(&sql, ", k%zu", k);
	buf_addstr(&sql, ", evicted");
	for (size_t i = 0; i < m->n_columns; i += RESTORE_PG_MASK_BITS)
		buf_addf(&sql, ", m%zu", i / RESTORE_PG_MASK_BITS);
	for (size_t i = 0; i < m->n_columns; i++)
		buf_addf(&sql, ", o%zu", i);
	buf_addstr(&sql, ") FROM STDIN");
	err = pg_copy_in_begin(r->c, buf_str(&sql));
	buf_release(&sql);
	if (err)
		return err;
	err = send(l);
	if (err)
		pg_copy_in_abort(r->c);
	else
		err = pg_copy_in_end(r->c, NULL);
	return err;
}

static struct err *load(struct load *l)
{
	struct redo_pg_table *b = l->b;
	const struct manifest_table *m = b->t.lines;
	struct arena *a = &l->p->r.arena;
	const char *name =
		arena_printf(a, "git_migrate_redo_%zu_%zu", l->p->number,
			     (size_t)(b - l->p->tables));
	struct buf join = BUF_INIT;
	struct err *err;

	l->gone = arena_array(a, m->n_columns + 1, sizeof(*l->gone));
	for (size_t i = 0; i < m->n_columns; i++)
		l->gone[i] = (redo_pg_is_made(m) || !m->columns[i].after) &&
			     redo_is_given(l->redo, b->t.before,
					   m->columns[i].before, b->type[i]);
	err = make_temp(l, name);
	if (!err)
		err = copy(l, name);
	if (b->keyed)
		redo_pg_add_join(&join, &b->rel);
	b->join = arena_strdup(a, b->keyed ? buf_str(&join) : "t.ctid = l.at");
	b->temp = arena_printf(a, "pg_temp.%s", name);
	if (!err)
		err = restore_pg_exec(&l->p->r,
				      l->any ? "ANALYZE %s" : "DROP TABLE %s",
				      b->temp);
	if (!l->any)
		b->temp = NULL;
	buf_release(&join);
	buf_release(&l->text);
	buf_release(&l->values);
	return err;
}

struct err *redo_pg_load(struct redo *redo, struct redo_pg *p,
			 struct redo_pg_table *b, struct redo_result *out)
{
	const struct manifest_table *m = b->t.lines;
	struct load l = { .redo = redo, .p = p, .b = b, .out = out };
	struct err *err = restore_pg_relation(&p->r, m->before, &b->rel);

	if (!err)
		err = map_columns(p, b);
	if (err)
		return err;
	if (b->rel.kind != 'r' || (m->after && !same_keys(b))) {
		redo_misfit_add(out, m->before, NULL,
				b->rel.kind == 'r' ? "the table has another key"
						   : "there is no such table",
				redo_counts(redo) ? manifest_lines(m) : 0);
		return NULL;
	}
	b->keyed = m->n_keys || (redo_pg_is_made(m) && find_keys(p, b));
	return load(&l);
}
