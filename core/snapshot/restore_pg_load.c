#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/likeness.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/*
 * Lines into a temporary table, so that rows are changed in sets. Values are
 * text there and cast where they go; keys have their type, so that the server
 * can join by them.
 */

#define PIECE (1 << 20)

void restore_pg_add_changed(struct buf *out, size_t i)
{
	buf_addf(out, "l.m%zu & %lld <> 0", i / RESTORE_PG_MASK_BITS,
		 1LL << (i % RESTORE_PG_MASK_BITS));
}

void restore_pg_add_join(struct buf *out, const struct restore_pg *r,
			 const struct restore_pg_table *t,
			 const struct restore_pg_relation *rel)
{
	for (size_t k = 0; k < t->lines->n_keys; k++) {
		const char *now =
			restore_pg_column_now(r, t, t->lines->keys[k]);
		const struct restore_pg_column *col =
			restore_pg_column(rel, now ? now : t->lines->keys[k]);

		/* by its old name, when that is back */
		if (!col)
			col = restore_pg_column(rel, t->lines->keys[k]);
		buf_addf(out, "%st.%s = l.k%zu::%s", k ? " AND " : "",
			 col ? col->name : t->lines->keys[k], k,
			 col ? col->type : "text");
	}
}

static void add_columns(struct buf *sql, const struct restore_pg *r,
			const struct restore_pg_table *t,
			const struct restore_pg_relation *rel)
{
	const struct manifest_table *m = t->lines;

	buf_addstr(sql, "n bigint, op \"char\"");
	for (size_t k = 0; k < m->n_keys; k++) {
		const char *now = restore_pg_column_now(r, t, m->keys[k]);
		const struct restore_pg_column *col =
			restore_pg_column(rel, now);

		/* a type that is made anew would take the column along */
		buf_addf(sql, ", k%zu %s", k,
			 col && col->builtin ? col->type : "text");
	}
	for (size_t i = 0; i < m->n_columns; i += RESTORE_PG_MASK_BITS)
		buf_addf(sql, ", m%zu bigint", i / RESTORE_PG_MASK_BITS);
	for (size_t i = 0; i < m->n_columns; i++)
		buf_addf(sql, ", o%zu text", i);
	for (size_t i = 0; !m->n_keys && i < m->n_columns; i++)
		buf_addf(sql, ", w%zu text", i);
}

/* As COPY reads it: what is no value is left out. */
static void add_value(struct buf *out, const struct restore_pg_field *f)
{
	if (f->s && f->s[0] == '\'')
		buf_add(out, f->s + 1, f->len - 1);
	else
		buf_add(out, "\\N", 2);
}

static bool is_changed(const struct restore_pg_line *line, size_t i)
{
	return line->now[i].s &&
	       !restore_pg_matches(&line->old[i], &line->now[i]);
}

static void add_masks(struct buf *out, const struct restore_pg_table *t,
		      const struct restore_pg_line *line)
{
	size_t n = t->lines->n_columns;

	for (size_t i = 0; i < n; i += RESTORE_PG_MASK_BITS) {
		long long mask = 0;

		for (size_t k = i; k < n && k < i + RESTORE_PG_MASK_BITS; k++) {
			bool changed = is_changed(line, k);

			if (changed)
				mask |= 1LL << (k - i);
			t->any[k] |= changed;
			t->all[k] &= changed || line->op != ROW_UPDATED;
		}
		buf_addch(out, '\t');
		buf_addint(out, mask);
	}
}

static void add_line(struct buf *out, const struct restore_pg_table *t,
		     const struct restore_pg_line *line)
{
	static const struct restore_pg_field none = { NULL, 0 };
	const struct manifest_table *m = t->lines;
	bool came = line->op == ROW_INSERTED;
	bool values = line->op == ROW_UPDATED || (!m->n_keys && !came);

	buf_addint(out, (long long)line->number);
	buf_addch(out, '\t');
	buf_addch(out, line->op);
	for (size_t k = 0; k < m->n_keys; k++) {
		buf_addch(out, '\t');
		add_value(out, &line->keys[k]);
	}
	add_masks(out, t, line);
	for (size_t i = 0; i < m->n_columns; i++) {
		buf_addch(out, '\t');
		add_value(out, values ? &line->old[i] : &none);
	}
	for (size_t i = 0; !m->n_keys && i < m->n_columns; i++) {
		buf_addch(out, '\t');
		add_value(out, came ? &line->old[i] : &line->now[i]);
	}
	buf_addch(out, '\n');
}

static void sample_line(struct likeness_sample *s,
			const struct restore_pg_table *t,
			const struct restore_pg_line *line)
{
	if (line->op != ROW_UPDATED || !likeness_sample_line(s))
		return;
	for (size_t i = 0; i < t->lines->n_columns; i++) {
		const struct restore_pg_field *f = &line->now[i];

		if (f->s && f->s[0] != '!')
			likeness_sample_value(s, i, restore_pg_digest(f));
	}
}

static struct err *send_lines(struct restore_pg *r,
			      const struct restore_pg_table *t)
{
	struct likeness_sample sample;
	struct buf out = BUF_INIT;
	struct restore_pg_lines lines;
	struct err *err = restore_pg_lines_open(&lines, r, t);

	likeness_sample_begin(&sample, t->lines->n_columns);
	while (!err) {
		err = restore_pg_lines_next(&lines);
		if (err || !lines.line.op)
			break;
		sample_line(&sample, t, &lines.line);
		add_line(&out, t, &lines.line);
		if (out.len >= PIECE) {
			err = pg_copy_in_put(r->c, out.data, out.len);
			buf_reset(&out);
		}
	}
	if (!err && out.len)
		err = pg_copy_in_put(r->c, out.data, out.len);
	likeness_sample_end(&sample, t->tells);
	restore_pg_lines_close(&lines);
	buf_release(&out);
	return err;
}

struct err *restore_pg_load(struct restore_pg *r, struct restore_pg_table *t)
{
	size_t number = (size_t)(t - r->tables);
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->after, &rel);
	const char *name;

	t->any = arena_array(&r->arena, t->lines->n_columns + 1, sizeof(bool));
	t->all = arena_array(&r->arena, t->lines->n_columns + 1, sizeof(bool));
	t->tells =
		arena_array(&r->arena, t->lines->n_columns + 1, sizeof(bool));
	memset(t->all, true, t->lines->n_columns);
	name = arena_printf(&r->arena, "git_migrate_%zu", number);
	t->temp = arena_printf(&r->arena, "pg_temp.%s", name);
	buf_addch(&sql, '(');
	add_columns(&sql, r, t, &rel);
	buf_addstr(&sql, ") ON COMMIT DROP");
	/* dropped: of an event taken back before, in the same transaction */
	if (!err)
		err = restore_pg_temporary(r, name, buf_str(&sql));
	buf_reset(&sql);
	buf_addf(&sql, "COPY %s FROM STDIN", t->temp);
	if (!err)
		err = pg_copy_in_begin(r->c, buf_str(&sql));
	if (!err) {
		err = send_lines(r, t);
		if (err)
			pg_copy_in_abort(r->c);
		else
			err = pg_copy_in_end(r->c, NULL);
	}
	buf_release(&sql);
	/* by a key the planner needs to know its size only, which it sees */
	if (!err && !t->lines->n_keys)
		err = restore_pg_exec(r, "ANALYZE %s", t->temp);
	return err;
}
