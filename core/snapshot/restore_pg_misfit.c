#include <inttypes.h>
#include <stdio.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_whole.h"

/*
 * Rows that a table made anew does not take: those without a value for a
 * column by one question, others by trying halves until each is known.
 */

#define ROWS "pg_temp.git_migrate_rows"

struct misfits {
	struct restore_pg *r;
	const struct restore_pg_filling *f;
	struct restore_pg_keys keys;
};

static const char *where(const struct misfits *m)
{
	return m->f->t->temp ? "AND" : "WHERE";
}

static void add_keys(struct buf *sql, const struct misfits *m)
{
	for (size_t k = 0; k < m->keys.n; k++)
		buf_addf(sql, "t.%s AS git_migrate_k%zu, ", m->keys.names[k],
			 k);
	if (m->keys.whole)
		buf_addf(sql, "t.ctid AS git_migrate_k%zu, ", m->keys.n);
}

/* A row: its key, and what it lacks or breaks. */
static void report(struct misfits *m, const struct restore_pg_field *row,
		   const char *what, const char *column)
{
	struct restore_pg *r = m->r;
	const char *table = m->f->t->before;
	struct restore_late late = {
		.table = table,
		.detail = { .object = table, .what = what, .column = column }
	};

	if (restore_result_wants(r->req, r->out))
		late.detail.key = restore_pg_key_text(r, &m->keys, row);
	if (!restore_pg_unfit(r, &late, &m->keys, row, false))
		restore_result_conflict(r->req, r->out, &late.detail, false,
					false);
}

/* Rows of the answer: the key, then the column (NULL: none). */
static struct err *ask(struct misfits *m, const char *sql, const char *what)
{
	struct restore_pg_row row = { .n = 0 };
	struct err *err = pg_copy_out_begin(m->r->c, sql);
	const char *line;
	size_t len;

	while (!err) {
		const struct restore_pg_field *column;

		err = pg_copy_out_next(m->r->c, &line, &len);
		if (err || !line)
			break;
		restore_pg_row_cut(&row, line, len);
		column = &row.fields[restore_pg_key_fields(&m->keys)];
		report(m, row.fields, what,
		       column->s[0] == '\''
			       ? arena_strndup(&m->r->arena, column->s + 1,
					       column->len - 1)
			       : NULL);
	}
	restore_pg_row_release(&row);
	return err;
}

static void add_order(struct buf *sql, const struct misfits *m)
{
	if (m->keys.whole)
		buf_addf(sql, " ORDER BY git_migrate_k%zu", m->keys.n);
	for (size_t k = 0; k < m->keys.n && !m->keys.whole; k++)
		buf_addf(sql, "%sgit_migrate_k%zu", k ? ", " : " ORDER BY ", k);
	buf_addstr(sql, ") TO STDOUT");
}

static struct err *find_missing(struct misfits *m)
{
	const struct restore_pg_filling *f = m->f;
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "COPY (SELECT ");
	for (size_t k = 0; k < restore_pg_key_fields(&m->keys); k++)
		buf_addf(&sql, "git_migrate_k%zu, ", k);
	buf_addstr(&sql, "CASE");
	for (size_t i = 0; i < f->rel->n_columns; i++) {
		const struct restore_pg_column *col = &f->rel->columns[i];

		if (col->generated || !col->not_null)
			continue;
		buf_addf(&sql, " WHEN v%zu IS NULL THEN ", i);
		sql_quote_string(&sql, col->name);
	}
	buf_addstr(&sql, " END FROM (SELECT ");
	add_keys(&sql, m);
	buf_addf(&sql, "%s FROM %s) AS x WHERE %s", f->values, f->from,
		 f->missing);
	add_order(&sql, m);
	err = ask(m, buf_str(&sql), RESTORE_NO_VALUE);
	buf_release(&sql);
	return err;
}

static struct err *number_rows(struct misfits *m, int64_t *n)
{
	struct err *err = restore_pg_exec(
		m->r,
		"DROP TABLE IF EXISTS " ROWS "; CREATE TEMPORARY TABLE "
		"git_migrate_rows ON COMMIT DROP AS SELECT row_number() OVER "
		"(ORDER BY t.ctid) AS i, t.ctid AS at FROM %s",
		m->f->from);

	return err ? err
		   : restore_pg_count(m->r, n, "SELECT count(*) FROM " ROWS);
}

static struct err *report_one(struct misfits *m, int64_t i, const char *what)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "COPY (SELECT ");
	add_keys(&sql, m);
	buf_addf(&sql,
		 "NULL FROM %s %s t.ctid = (SELECT at FROM " ROWS
		 " WHERE i = %" PRId64 ")",
		 m->f->from, where(m), i);
	add_order(&sql, m);
	err = ask(m, buf_str(&sql), what);
	buf_release(&sql);
	return err;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a number has bits */
static struct err *halve(struct misfits *m, int64_t from, int64_t to)
{
	const struct restore_pg_filling *f = m->f;
	int64_t middle = from + (to - from) / 2;
	struct err *err, *why = NULL;
	struct buf sql = BUF_INIT;
	char codes[160];
	bool refused = false;

	snprintf(codes, sizeof(codes), "%s %s", restore_pg_row_codes,
		 restore_pg_cast_codes);
	buf_addf(&sql,
		 "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM "
		 "%s %s t.ctid IN (SELECT at FROM " ROWS
		 " WHERE i BETWEEN %" PRId64 " AND %" PRId64 ")",
		 f->rel->name, f->columns, f->values, f->from, where(m), from,
		 to);
	err = restore_pg_try(m->r, buf_str(&sql), codes, &refused, &why);
	buf_release(&sql);
	if (!err && refused && from == to) {
		const char *what = restore_pg_cause(why);

		err = report_one(m, from, what ? what : RESTORE_NO_VALUE);
	} else if (!err && refused) {
		err = halve(m, from, middle);
		if (!err)
			err = halve(m, middle + 1, to);
	}
	err_free(why);
	return err;
}

struct err *restore_pg_find_misfits(struct restore_pg *r,
				    const struct restore_pg_filling *f)
{
	struct misfits m = { .r = r, .f = f };
	size_t known = r->req->memory->n;
	int64_t n = 0;
	struct err *err = NULL;

	restore_pg_keys_of_aside(r, f->t, f->aside, &m.keys);
	if (*f->missing)
		err = find_missing(&m);
	if (err || r->out->blocked || r->req->memory->n > known)
		return err;
	err = number_rows(&m, &n);
	return err || !n ? err : halve(&m, 1, n);
}
