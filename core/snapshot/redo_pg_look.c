#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/redo_pg.h"
#include "snapshot/rows.h"

/*
 * Values that a rollback put back are still there: else somebody has written
 * since, and keeps what is there. Rows that made room have no place while
 * another has their key, unless the migration frees it.
 */

#define PIECE (1 << 16)

struct look {
	struct redo_pg *p;
	struct redo_pg_table *b;
	struct restore_pg_relation rel;
	struct restore_pg_lines lines;
	size_t *at; /* by column of the lines: field of the row, or 0 */
	size_t n;   /* fields of the row */
};

static bool is_replaced(const struct restore_pg_line *line, size_t i)
{
	return line->now[i].s && line->now[i].s[0] != '!';
}

/* Lines that only have values of columns that are gone need no look. */
static bool is_about_rows(const struct look *l)
{
	const struct restore_pg_line *line = &l->lines.line;

	if (line->op == ROW_DELETED)
		return true;
	for (size_t i = 0; i < l->b->t.lines->n_columns; i++)
		if (is_replaced(line, i))
			return true;
	return false;
}

static struct err *send(struct look *l, bool *any)
{
	struct restore_pg *r = &l->p->r;
	struct buf out = BUF_INIT;
	struct err *err = restore_pg_lines_open(&l->lines, r, &l->b->t);

	*any = false;
	while (!err) {
		err = restore_pg_lines_next(&l->lines);
		if (err || !l->lines.line.op)
			break;
		if (!is_about_rows(l))
			continue;
		*any = true;
		buf_addint(&out, (long long)l->lines.line.number);
		buf_addch(&out, '\t');
		buf_addch(&out, l->lines.line.op);
		for (size_t k = 0; k < l->rel.n_keys; k++)
			redo_pg_add_value(&out, &l->lines.line.keys[k]);
		buf_addch(&out, '\n');
		if (out.len >= PIECE) {
			err = pg_copy_in_put(r->c, out.data, out.len);
			buf_reset(&out);
		}
	}
	if (!err && out.len)
		err = pg_copy_in_put(r->c, out.data, out.len);
	restore_pg_lines_close(&l->lines);
	buf_release(&out);
	return err;
}

static struct err *load(struct look *l, bool *any)
{
	struct restore_pg *r = &l->p->r;
	struct buf sql = BUF_INIT;
	struct err *err;

	redo_pg_add_temp(&sql, "git_migrate_look", &l->rel);
	buf_addstr(&sql, ") ON COMMIT DROP");
	err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	if (!err)
		err = pg_copy_in_begin(
			r->c, "COPY pg_temp.git_migrate_look FROM STDIN");
	if (err)
		return err;
	err = send(l, any);
	if (err)
		pg_copy_in_abort(r->c);
	else
		err = pg_copy_in_end(r->c, NULL);
	return err;
}

/* The line that the row belongs to is there already, or comes. */
static struct err *go_to(struct look *l, uint64_t number)
{
	struct err *err = NULL;

	while (!err && (!l->lines.line.op || l->lines.line.number < number)) {
		err = restore_pg_lines_next(&l->lines);
		if (!err && !l->lines.line.op)
			err = err_new(ERR_STATE, "a line of it is missing");
	}
	return err;
}

static void compare(struct look *l, const struct restore_pg_row *row)
{
	const struct restore_pg_line *line = &l->lines.line;
	struct settlement *s = &l->b->t.settled;
	bool found = row->fields[1].s[0] == '\'';

	if (line->op == ROW_DELETED) {
		if (found)
			settle_add(s, SETTLE_EVICT, line->number, 0);
		return;
	}
	for (size_t i = 0; i < l->b->t.lines->n_columns; i++)
		if (is_replaced(line, i) &&
		    (!found || !l->at[i] ||
		     !restore_pg_matches(&line->now[i],
					 &row->fields[l->at[i]])))
			settle_add(s, SETTLE_COLUMN, line->number, i);
}

static void add_question(struct buf *sql, struct look *l)
{
	const struct manifest_table *m = l->b->t.lines;

	l->at = arena_array(&l->p->r.arena, m->n_columns + 1, sizeof(*l->at));
	buf_addf(sql, "COPY (SELECT l.n, t.%s", l->rel.keys[0]);
	l->n = 2;
	for (size_t i = 0; i < m->n_columns; i++) {
		if (!restore_pg_column(&l->rel, m->columns[i].after))
			continue;
		l->at[i] = l->n++;
		buf_addf(sql, ", t.%s", m->columns[i].after);
	}
	buf_addf(sql,
		 " FROM pg_temp.git_migrate_look l LEFT JOIN ONLY %s t ON ",
		 l->rel.name);
	redo_pg_add_join(sql, &l->rel);
	buf_addstr(sql, " ORDER BY l.n) TO STDOUT");
}

static struct err *compare_all(struct look *l)
{
	struct restore_pg *r = &l->p->r;
	struct restore_pg_row row = { 0 };
	struct buf sql = BUF_INIT;
	const char *line;
	size_t len;
	struct err *err = restore_pg_lines_open(&l->lines, r, &l->b->t);

	add_question(&sql, l);
	if (!err)
		err = pg_copy_out_begin(r->c, buf_str(&sql));
	while (!err) {
		err = pg_copy_out_next(r->c, &line, &len);
		if (err || !line)
			break;
		restore_pg_row_cut(&row, line, len);
		err = go_to(l, strtoull(row.fields[0].s + 1, NULL, 10));
		if (!err)
			compare(l, &row);
	}
	if (err)
		pg_copy_out_abort(r->c);
	restore_pg_lines_close(&l->lines);
	restore_pg_row_release(&row);
	buf_release(&sql);
	settle_sort(&l->b->t.settled);
	return err;
}

struct err *redo_pg_look(struct redo_pg *p, struct redo_pg_table *b)
{
	struct look l = { .p = p, .b = b };
	struct err *err = restore_pg_relation(&p->r, b->t.after, &l.rel);
	bool any = false;

	/* without a key no row makes room, and no value is replaced */
	if (err || !b->t.lines->n_keys || l.rel.kind != 'r' ||
	    l.rel.n_keys != b->t.lines->n_keys)
		return err;
	err = load(&l, &any);
	if (!err && any)
		err = compare_all(&l);
	if (!err)
		err = restore_pg_exec(&p->r,
				      "DROP TABLE pg_temp.git_migrate_look");
	return err;
}
