#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/likeness.h"
#include "snapshot/redo_pg.h"
#include "snapshot/rows.h"

/*
 * Lines that do not go back leave the temporary table: their values are of no
 * type any more, their row is gone or another's, or written to, or has the
 * values already.
 */

static const char written[] = "it was written since";

void redo_pg_add_row(struct buf *out, const struct redo_pg_table *b, bool lines)
{
	const char *sep = "";

	buf_addstr(out, "ROW(");
	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		const struct restore_pg_column *col;

		if (!b->any[i])
			continue;
		col = redo_pg_column(b, i);
		buf_addstr(out, sep);
		if (lines) {
			buf_addstr(out, "CASE WHEN ");
			restore_pg_add_changed(out, i);
			buf_addf(out, " THEN l.o%zu::%s ELSE t.%s END", i,
				 col->type, col->name);
		} else {
			buf_addf(out, "t.%s", col->name);
		}
		sep = ", ";
	}
	buf_addstr(out, ")::text");
}

/* --- misfits --- */

struct count {
	const struct redo_pg_table *b;
	struct redo_result *out;
	const char *why;
};

static uint64_t number(const struct pg_cell *cell)
{
	return cell->s ? strtoull(cell->s, NULL, 10) : 0;
}

static struct err *take_counts(void *payload, int n, const struct pg_cell *cell)
{
	const struct count *c = payload;
	const struct manifest_table *m = c->b->t.lines;
	int at = 1;

	redo_misfit_add(c->out, m->before, NULL, c->why, number(&cell[0]));
	for (size_t i = 0; i < m->n_columns && at < n; i++)
		if (c->b->any[i])
			redo_misfit_add(c->out, m->before, m->columns[i].before,
					c->why, number(&cell[at++]));
	return NULL;
}

struct err *redo_pg_drop(struct redo_pg *p, struct redo_pg_table *b,
			 struct redo_result *out, const char *which,
			 const char *why)
{
	struct count count = { b, out, why };
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql,
		 "WITH gone AS (DELETE FROM %s l WHERE %s RETURNING l.*) "
		 "SELECT count(*) FILTER (WHERE op = '-')",
		 b->temp, which);
	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		if (!b->any[i])
			continue;
		buf_addstr(&sql, ", count(*) FILTER (WHERE op = '~' AND ");
		restore_pg_add_changed(&sql, i);
		buf_addf(&sql, " AND l.o%zu IS NOT NULL)", i);
	}
	buf_addstr(&sql, " FROM gone l");
	err = pg_query_once(p->r.c, buf_str(&sql), NULL, 0, take_counts,
			    &count);
	buf_release(&sql);
	return err;
}

/* --- values that are none any more: a label of an enum, a domain's check --- */

struct sift {
	struct redo_pg *p;
	struct redo_pg_table *b;
	struct redo_result *out;
};

static struct err *drop_line(void *payload, int64_t line)
{
	struct sift *s = payload;
	char which[64];

	snprintf(which, sizeof(which), "l.n = %" PRId64, line);
	return redo_pg_drop(s->p, s->b, s->out, which,
			    "the type does not take it");
}

static struct err *sift_types(struct sift *s)
{
	struct redo_pg_table *b = s->b;
	struct redo_pg_set set = { .tail = "" };
	struct buf sql = BUF_INIT;
	struct err *err = NULL;
	size_t n = 0;

	buf_addf(&sql, "SELECT count(*) FROM %s l WHERE ROW(1", b->temp);
	for (size_t k = 0; b->keyed && k < b->rel.n_keys; k++) {
		const struct restore_pg_column *col =
			restore_pg_column(&b->rel, b->rel.keys[k]);

		if (col->builtin)
			continue;
		buf_addf(&sql, ", l.k%zu::%s", k, col->type);
		n++;
	}
	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		const struct restore_pg_column *col;

		if (!redo_pg_has(b, i) || (col = redo_pg_column(b, i))->builtin)
			continue;
		buf_addf(&sql, ", l.o%zu::%s", i, col->type);
		n++;
	}
	buf_addstr(&sql, ")::text IS NOT NULL");
	set.head = buf_str(&sql);
	if (n)
		err = redo_pg_run(s->p, b, &set, drop_line, s);
	buf_release(&sql);
	return err;
}

/* --- whether the row is the one that was parked --- */

struct pairing {
	struct sift *s;
	struct restore_pg_lines lines;
	size_t *at;        /* by column of the lines: field of the row, or 0 */
	struct buf others; /* numbers of lines whose key is another row's */
	size_t n_others;
};

static struct err *drop_others(struct pairing *p)
{
	struct err *err = NULL;
	char *which;

	if (p->n_others) {
		which = xasprintf("l.n = ANY ('{%s}'::bigint[])",
				  buf_str(&p->others));
		err = redo_pg_drop(p->s->p, p->s->b, p->s->out, which,
				   "another row has the key");
		free(which);
	}
	buf_reset(&p->others);
	p->n_others = 0;
	return err;
}

/* Half of the columns that the line only has a digest of agree, or one that is
 * unique. */
static bool is_same_row(const struct pairing *p,
			const struct restore_pg_row *row)
{
	const struct restore_pg_line *line = &p->lines.line;
	const struct redo_pg_table *b = p->s->b;
	struct likeness l;

	likeness_begin(&l);
	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		const struct restore_pg_field *field;

		if (line->now[i].s || !p->at[i])
			continue;
		field = &row->fields[p->at[i]];
		likeness_add(
			&l, &(struct likeness_field){
				    .as_left = restore_pg_matches(&line->old[i],
								  field),
				    .unique = redo_pg_column(b, i)->unique &&
					      field->s[0] == '\'' });
	}
	return likeness_is_same_row(&l);
}

static struct err *pair_row(struct pairing *p, const struct restore_pg_row *row)
{
	uint64_t n = strtoull(row->fields[0].s + 1, NULL, 10);
	struct err *err = NULL;

	while (!err && (!p->lines.line.op || p->lines.line.number < n)) {
		err = restore_pg_lines_next(&p->lines);
		if (!err && !p->lines.line.op)
			err = err_new(ERR_STATE, "a line of it is missing");
	}
	if (err || is_same_row(p, row))
		return err;
	buf_addf(&p->others, "%s%" PRIu64, p->n_others++ ? "," : "", n);
	return NULL;
}

static bool add_pairs(struct buf *sql, struct pairing *p)
{
	struct redo_pg_table *b = p->s->b;
	size_t n = b->t.lines->n_columns, at = 1;

	p->at = arena_array(&p->s->p->r.arena, n + 1, sizeof(*p->at));
	buf_addstr(sql, "COPY (SELECT l.n");
	for (size_t i = 0; i < n; i++) {
		if (!redo_pg_has(b, i))
			continue;
		p->at[i] = at++;
		buf_addf(sql, ", t.%s", redo_pg_column(b, i)->name);
	}
	buf_addf(sql,
		 " FROM %s l JOIN ONLY %s t ON %s WHERE l.op = '~'"
		 " ORDER BY l.n) TO STDOUT",
		 b->temp, b->rel.name, b->join);
	return at > 1;
}

/* Nothing else may be asked while rows come: others leave behind them. Their
 * numbers are few, or the table is another one. */
static struct err *sift_others(struct sift *s)
{
	struct pairing p = { .s = s };
	struct restore_pg_row row = { 0 };
	struct restore_pg *r = &s->p->r;
	struct buf sql = BUF_INIT;
	const char *line;
	size_t len;
	struct err *err = NULL;

	if (!add_pairs(&sql, &p))
		goto done;
	err = restore_pg_lines_open(&p.lines, r, &s->b->t);
	if (!err)
		err = pg_copy_out_begin(r->c, buf_str(&sql));
	while (!err) {
		err = pg_copy_out_next(r->c, &line, &len);
		if (err || !line)
			break;
		restore_pg_row_cut(&row, line, len);
		err = pair_row(&p, &row);
	}
	if (err)
		pg_copy_out_abort(r->c);
	restore_pg_lines_close(&p.lines);
	if (!err)
		err = drop_others(&p);
done:
	restore_pg_row_release(&row);
	buf_release(&p.others);
	buf_release(&sql);
	return err;
}

/* --- by key --- */

static struct err *drop_where(struct sift *s, const char *why, const char *fmt,
			      ...) PRINTF_LIKE(3, 4);
static struct err *drop_where(struct sift *s, const char *why, const char *fmt,
			      ...)
{
	struct buf which = BUF_INIT;
	struct err *err;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&which, fmt, ap);
	va_end(ap);
	err = redo_pg_drop(s->p, s->b, s->out, buf_str(&which), why);
	buf_release(&which);
	return err;
}

/* Columns that have a value by now: an older park does not overwrite it. */
static struct err *sift_filled(struct sift *s)
{
	struct redo_pg_table *b = s->b;
	const struct manifest_table *m = b->t.lines;
	struct err *err = NULL;

	for (size_t i = 0; i < m->n_columns && !err; i++) {
		const struct restore_pg_column *col;
		struct buf sql = BUF_INIT;
		int64_t n;

		if (!b->any[i])
			continue;
		col = redo_pg_column(b, i);
		buf_addf(&sql,
			 "WITH out AS (UPDATE %s l SET m%zu = m%zu & ~%lld::"
			 "bigint FROM ONLY %s t WHERE l.op = '~' AND %s AND ",
			 b->temp, i / RESTORE_PG_MASK_BITS,
			 i / RESTORE_PG_MASK_BITS,
			 1LL << (i % RESTORE_PG_MASK_BITS), b->rel.name,
			 b->join);
		restore_pg_add_changed(&sql, i);
		buf_addf(&sql,
			 " AND t.%s IS NOT NULL RETURNING ROW(t.%s)::text <> "
			 "ROW(l.o%zu::%s)::text AS other) SELECT count(*) "
			 "FILTER (WHERE other) FROM out",
			 col->name, col->name, i, col->type);
		err = restore_pg_count(&s->p->r, &n, "%s", buf_str(&sql));
		if (!err)
			redo_misfit_add(s->out, m->before, m->columns[i].before,
					written, (uint64_t)n);
		buf_release(&sql);
	}
	return err;
}

static struct err *sift_same(struct sift *s)
{
	struct redo_pg_table *b = s->b;
	struct buf row = BUF_INIT, line = BUF_INIT;
	struct err *err;

	redo_pg_add_row(&row, b, false);
	redo_pg_add_row(&line, b, true);
	err = restore_pg_exec(&s->p->r,
			      "DELETE FROM %s l USING ONLY %s t"
			      " WHERE %s AND %s = %s",
			      b->temp, b->rel.name, b->join, buf_str(&row),
			      buf_str(&line));
	buf_release(&row);
	buf_release(&line);
	return err;
}

static struct err *sift_keyed(struct sift *s)
{
	const struct redo_pg_table *b = s->b;
	struct err *err;

	err = drop_where(s, "the row is gone",
			 "l.op = '~' AND NOT EXISTS (SELECT FROM ONLY %s t"
			 " WHERE %s)",
			 b->rel.name, b->join);
	if (!err)
		err = sift_others(s);
	if (!err)
		err = drop_where(s, written,
				 "l.evicted AND EXISTS (SELECT FROM ONLY %s t"
				 " WHERE %s)",
				 b->rel.name, b->join);
	if (!err && b->older)
		err = sift_filled(s);
	if (!err)
		err = sift_same(s);
	if (!err && b->older)
		err = drop_where(s, written,
				 "l.op = '-' AND EXISTS (SELECT FROM ONLY %s t"
				 " WHERE %s)",
				 b->rel.name, b->join);
	return err;
}

/* --- by content --- */

/* What the rows hold in the columns that were not given back, or in all. */
static void add_content(struct buf *out, const struct redo_pg_table *b,
			bool lines, bool all)
{
	const char *sep = "";

	buf_addstr(out, "ROW(");
	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		const struct restore_pg_column *col;

		if (!redo_pg_has(b, i) ||
		    (!all && !b->t.lines->columns[i].after))
			continue;
		col = redo_pg_column(b, i);
		if (lines)
			buf_addf(out, "%sl.o%zu::%s", sep, i, col->type);
		else
			buf_addf(out, "%st.%s", sep, col->name);
		sep = ", ";
	}
	buf_addstr(out, ")::text");
}

/* Each line gets a row that holds the same, if there are enough of them. */
static struct err *pair(struct sift *s, char op)
{
	const struct redo_pg_table *b = s->b;
	struct buf row = BUF_INIT, line = BUF_INIT;
	struct err *err;

	add_content(&row, b, false, op == ROW_DELETED);
	add_content(&line, b, true, op == ROW_DELETED);
	err = restore_pg_exec(
		&s->p->r,
		"UPDATE %s p SET at = r.ctid FROM (SELECT l.n, %s AS v,"
		" row_number() OVER (PARTITION BY %s ORDER BY l.n) AS i"
		" FROM %s l WHERE l.op = '%c') x JOIN (SELECT t.ctid, %s AS v,"
		" row_number() OVER (PARTITION BY %s ORDER BY t.ctid) AS i"
		" FROM ONLY %s t) r USING (v, i) WHERE x.n = p.n",
		b->temp, buf_str(&line), buf_str(&line), b->temp, op,
		buf_str(&row), buf_str(&row), b->rel.name);
	buf_release(&row);
	buf_release(&line);
	return err;
}

static struct err *sift_bag(struct sift *s)
{
	const char *temp = s->b->temp;
	struct err *err = pair(s, ROW_DELETED);

	if (!err) /* there without our help */
		err = restore_pg_exec(&s->p->r,
				      "DELETE FROM %s WHERE op = '-' AND at IS"
				      " NOT NULL",
				      temp);
	if (!err)
		err = pair(s, ROW_UPDATED);
	if (!err)
		err = drop_where(s, "the row is gone",
				 "l.op = '~' AND l.at IS NULL");
	if (!err && s->b->older)
		err = sift_filled(s);
	return err ? err : sift_same(s);
}

struct err *redo_pg_sift(struct redo_pg *p, struct redo_pg_table *b,
			 struct redo_result *out)
{
	struct sift s = { p, b, out };
	struct err *err = sift_types(&s);

	if (err)
		return err;
	return b->keyed ? sift_keyed(&s) : sift_bag(&s);
}
