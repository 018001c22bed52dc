#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/* Tables that are made anew, before they have indexes and foreign keys. */

#define PIECE (1 << 20)

/* Fields of lines are COPY's own behind their first byte. */
static struct err *send_lines(struct restore_pg *r,
			      const struct restore_pg_table *t)
{
	const struct manifest_table *m = t->lines;
	struct restore_pg_lines lines;
	struct buf out = BUF_INIT;
	struct err *err = restore_pg_lines_open(&lines, r, t);

	while (!err) {
		err = restore_pg_lines_next(&lines);
		if (err || !lines.line.op)
			break;
		if (lines.line.op != ROW_DELETED)
			continue;
		/* keys lie before the values */
		for (size_t i = 0; i < m->n_keys + m->n_columns; i++) {
			const struct restore_pg_field *f = &lines.fields[i];
			size_t skip = f->s[0] == '\'';

			if (i)
				buf_addch(&out, '\t');
			buf_add(&out, f->s + skip, f->len - skip);
		}
		buf_addch(&out, '\n');
		if (out.len < PIECE)
			continue;
		err = pg_copy_in_put(r->c, out.data, out.len);
		buf_reset(&out);
	}
	if (!err && out.len)
		err = pg_copy_in_put(r->c, out.data, out.len);
	restore_pg_lines_close(&lines);
	buf_release(&out);
	return err;
}

/* COPY into a table with rules or identity: the former are asleep, and COPY
 * takes values for GENERATED ALWAYS columns as they come. */
static struct err *copy_lines(struct restore_pg *r,
			      const struct restore_pg_table *t)
{
	const struct manifest_table *m = t->lines;
	struct buf sql = BUF_INIT;
	struct err *err;

	if (!m->n_keys && !m->n_columns)
		return restore_pg_exec(r,
				       "INSERT INTO %s SELECT FROM "
				       "generate_series(1, %llu)",
				       t->before,
				       (unsigned long long)m->deleted);
	buf_addf(&sql, "COPY %s (", t->before);
	restore_pg_add_fields(&sql, m);
	buf_addstr(&sql, ") FROM STDIN");
	err = restore_pg_own_path(r, true);
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
	return err ? err : restore_pg_own_path(r, false);
}

/* Another row has the key, or another unique value; a check or NOT NULL is
 * newer than the row. */
static struct err *blame_taken(struct restore_pg *r,
			       const struct restore_pg_table *t,
			       const char *cause)
{
	bool unique = streq(cause, RESTORE_NOT_UNIQUE);
	int64_t rows = 0;
	struct err *err =
		pg_exec(r->c, "ROLLBACK TO SAVEPOINT git_migrate_copy");

	if (!err && unique && t->temp && t->lines->n_keys)
		err = restore_pg_count_keys(r, t, ROW_DELETED, &rows);
	if (!err)
		restore_pg_late(r, t->before, rows ? RESTORE_KEY_REUSED : cause,
				rows ? (uint64_t)rows : 1);
	return err;
}

struct err *restore_pg_copy(struct restore_pg *r,
			    const struct restore_pg_table *t)
{
	const char *cause;
	struct err *err;

	if (!t->lines->deleted)
		return NULL;
	err = pg_exec(r->c, "SAVEPOINT git_migrate_copy");
	if (err)
		return err;
	err = copy_lines(r, t);
	cause = err ? restore_pg_cause(err) : NULL;
	if (cause) {
		err_free(err);
		err = blame_taken(r, t, cause);
	}
	return err ? err : pg_exec(r->c, "RELEASE SAVEPOINT git_migrate_copy");
}

/* The value that a row has by itself, as the old type. */
static struct err *add_base(struct buf *out, struct restore_pg *r,
			    const struct restore_pg_column *col,
			    const struct restore_pg_column *from)
{
	if (from)
		return restore_pg_add_cast(out, r, col, from);
	buf_addf(out, "%s", col->default_sql ? col->default_sql : "NULL");
	return NULL;
}

static struct err *add_value(struct buf *out, struct restore_pg *r,
			     const struct restore_pg_table *t,
			     const struct restore_pg_relation *aside,
			     const struct restore_pg_column *col)
{
	const struct restore_pg_column *from = restore_pg_column(
		aside, restore_pg_column_now(r, t, col->name));
	struct err *err;

	for (size_t i = 0; t->temp && i < t->lines->n_columns; i++) {
		if (!t->any[i] ||
		    !streq(t->lines->columns[i].before, col->name) ||
		    restore_pg_is_late(t, i, col))
			continue;
		buf_addstr(out, "CASE WHEN ");
		restore_pg_add_changed(out, i);
		buf_addf(out, " THEN l.o%zu::%s ELSE ", i, col->type);
		err = add_base(out, r, col, from);
		buf_addstr(out, " END");
		return err;
	}
	return add_base(out, r, col, from);
}

struct query {
	struct buf columns, values, from;
	struct buf missing; /* "v1 IS NULL OR v3 IS NULL": rows that lack one */
};

static void query_release(struct query *q)
{
	buf_release(&q->columns);
	buf_release(&q->values);
	buf_release(&q->from);
	buf_release(&q->missing);
}

static struct err *make_query(struct query *q, struct restore_pg *r,
			      const struct restore_pg_table *t,
			      const struct restore_pg_relation *rel,
			      const struct restore_pg_relation *aside)
{
	struct err *err = NULL;
	const char *sep = "";

	for (size_t i = 0; i < rel->n_columns && !err; i++) {
		const struct restore_pg_column *col = &rel->columns[i];

		if (col->generated)
			continue;
		buf_addf(&q->columns, "%s%s", sep, col->name);
		buf_addstr(&q->values, sep);
		err = add_value(&q->values, r, t, aside, col);
		buf_addf(&q->values, " AS v%zu", i);
		if (col->not_null)
			buf_addf(&q->missing, "%sv%zu IS NULL",
				 q->missing.len ? " OR " : "", i);
		sep = ", ";
	}
	buf_addf(&q->from, "ONLY %s t", aside->name);
	if (t->temp && !t->lines->n_keys) {
		const char *pairs;

		if (!err)
			err = restore_pg_bag_pairs(r, t, aside, true, &pairs);
		if (!err)
			buf_addf(&q->from,
				 " LEFT JOIN %s l ON l.git_migrate_at = t.ctid",
				 pairs);
	} else if (t->temp) {
		/* a row may have come to the key of one that went, once
		 * labels have their old words */
		buf_addf(&q->from, " LEFT JOIN %s l ON l.op <> '-' AND ",
			 t->temp);
		restore_pg_add_join(&q->from, r, t, aside);
	}
	if (t->temp)
		buf_addstr(&q->from, " WHERE l.op IS DISTINCT FROM '+'");
	return err;
}

/* Rows of later have no value for a column, or one that it does not take. */
static struct err *blame(struct restore_pg *r, const struct restore_pg_table *t,
			 const struct query *q, struct err *why)
{
	const char *code = err_code_of(why);
	struct err *err = NULL;
	int64_t rows = 0;

	if (streq(code, "23502") && q->missing.len)
		err = restore_pg_count(
			r, &rows,
			"SELECT count(*) FROM (SELECT %s FROM %s) AS x "
			"WHERE %s",
			buf_str(&q->values), buf_str(&q->from),
			buf_str(&q->missing));
	restore_pg_late(r, t->before,
			streq(code, "23514") ? RESTORE_CHANGED
					     : RESTORE_NO_VALUE,
			rows ? (uint64_t)rows : 1);
	err_free(why);
	return err;
}

static struct err *try_fill(struct restore_pg *r, const char *sql,
			    bool *refused, struct err **why)
{
	char codes[128];

	snprintf(codes, sizeof(codes), "23502 %s", restore_pg_cast_codes);
	return restore_pg_try(r, sql, codes, refused, why);
}

/* Values that the old type does not take; else rows, one by one. */
static struct err *look(struct restore_pg *r, const struct restore_pg_table *t,
			const struct query *q,
			const struct restore_pg_relation *rel,
			const struct restore_pg_relation *aside)
{
	const struct restore_pg_filling f = { .t = t,
					      .rel = rel,
					      .aside = aside,
					      .columns = buf_str(&q->columns),
					      .values = buf_str(&q->values),
					      .from = buf_str(&q->from),
					      .missing = buf_str(&q->missing) };
	size_t known = r->req->memory->n;
	struct err *err = restore_pg_find_casts(r, t, rel, aside, f.from);

	if (err || r->out->blocked || r->req->memory->n > known)
		return err;
	return restore_pg_find_misfits(r, &f);
}

static struct err *fill_from_aside(struct restore_pg *r,
				   const struct restore_pg_table *t,
				   const struct restore_pg_relation *rel)
{
	struct restore_pg_relation aside;
	struct query q = { .columns = BUF_INIT };
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->aside, &aside), *why = NULL;
	bool refused = false;

	if (!err)
		err = make_query(&q, r, t, rel, &aside);
	buf_addf(&sql,
		 "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM "
		 "%s",
		 rel->name, buf_str(&q.columns), buf_str(&q.values),
		 buf_str(&q.from));
	if (!err)
		err = restore_pg_own_path(r, true);
	if (!err)
		err = try_fill(r, buf_str(&sql), &refused, &why);
	if (refused && r->look) {
		err_free(why);
		err = look(r, t, &q, rel, &aside);
		restore_pg_late(r, t->before, RESTORE_NO_VALUE, 1);
	} else if (refused) {
		err = blame(r, t, &q, why);
	}
	if (!err)
		err = restore_pg_own_path(r, false);
	query_release(&q);
	buf_release(&sql);
	return err;
}

/* An old value of a column that was dropped, or of a row that went. */
static struct err *blame_name(struct err *e)
{
	const char *code = e ? err_code_of(e) : NULL;

	if (!code || !streq(code, "42P01"))
		return e;
	return err_hint(e, "a value of regclass stands for what comes back "
			   "behind the rows; nothing was changed");
}

struct err *restore_pg_fill(struct restore_pg *r,
			    const struct restore_pg_table *t)
{
	struct restore_pg_relation rel;
	struct err *err;

	if (t->way == RESTORE_PG_REMAKE)
		return t->lines ? blame_name(copy_lines(r, t)) : NULL;
	err = restore_pg_relation(r, t->before, &rel);
	if (err || rel.kind == 'p')
		return err; /* its rows are its partitions' */
	err = fill_from_aside(r, t, &rel);
	if (!err && t->lines)
		err = restore_pg_copy(r, t);
	return blame_name(err);
}
