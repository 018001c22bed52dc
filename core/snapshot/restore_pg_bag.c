#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/*
 * Tables without a key: rows are what they hold, equal ones are counted. A
 * row printed as a record is its content: it tells NULL from the empty string
 * and prints each value as COPY does, so that a record of our texts and one
 * of the table's values are the same bytes.
 */

struct bag {
	struct restore_pg_table *t;
	bool *number; /* by column of the lines: needs no quotes */
};

/* "ROW(t.a, t.b)::text" of the columns that both forms have. */
static void add_content(struct buf *out, const struct restore_pg_table *t,
			const struct restore_pg_relation *rel, bool after)
{
	const char *sep = "";

	buf_addstr(out, "ROW(");
	for (size_t i = 0; i < t->lines->n_columns; i++) {
		const struct manifest_column *c = &t->lines->columns[i];
		const char *name = after ? c->after : c->before;

		if (!c->after || !restore_pg_column(rel, name))
			continue;
		buf_addf(out, "%st.%s", sep, name);
		sep = ", ";
	}
	buf_addstr(out, ")::text");
}

/* The same of a line: its new values "w", or its old ones "o". */
static void add_line_content(struct buf *out, const struct restore_pg_table *t,
			     const struct restore_pg_relation *rel, char which,
			     bool after)
{
	const char *sep = "";

	buf_addstr(out, "ROW(");
	for (size_t i = 0; i < t->lines->n_columns; i++) {
		const struct manifest_column *c = &t->lines->columns[i];

		if (!c->after ||
		    !restore_pg_column(rel, after ? c->after : c->before))
			continue;
		buf_addf(out, "%sl.%c%zu", sep, which, i);
		sep = ", ";
	}
	buf_addstr(out, ")::text");
}

/* Lines whose old content has fewer rows than lines. */
static struct err *count_missing(struct restore_pg *r,
				 const struct restore_pg_table *t, int64_t *out)
{
	struct restore_pg_relation rel;
	struct buf table = BUF_INIT, line = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->before, &rel);

	add_content(&table, t, &rel, false);
	add_line_content(&line, t, &rel, 'o', false);
	if (!err)
		err = restore_pg_count(
			r, out,
			"SELECT sum(greatest(a.n - coalesce(b.n, 0), 0)) FROM "
			"(SELECT %s AS v, count(*) AS n FROM %s l "
			"WHERE op IN ('~', '-') GROUP BY 1) a LEFT JOIN "
			"(SELECT %s AS v, count(*) AS n FROM ONLY %s t "
			"GROUP BY 1) b USING (v)",
			buf_str(&line), t->temp, buf_str(&table), rel.name);
	buf_release(&table);
	buf_release(&line);
	return err;
}

/* "(1, 'x', NULL)" */
static const char *row_text(struct restore_pg *r, const struct bag *b,
			    const struct restore_pg_field *f)
{
	size_t n = b->t->lines->n_columns;
	struct buf text = BUF_INIT;
	const char *out;

	for (size_t i = 0; i < n; i++) {
		const char *value = restore_pg_literal(r, &f[i], b->number[i]);

		buf_addf(&text, "%s%s", i ? ", " : "(", value ? value : "...");
	}
	buf_addch(&text, ')');
	out = n ? arena_strdup(&r->arena, buf_str(&text)) : NULL;
	buf_release(&text);
	return out;
}

/*
 * No row holds what the line left: it was changed, or is gone. Which of both
 * nothing tells, and so the line is left out whatever is chosen.
 */
static void settle(struct restore_pg *r, const struct bag *b,
		   const struct restore_pg_line *line)
{
	struct restore_detail d = { .object = b->t->before,
				    .what = RESTORE_CHANGED };
	bool came = line->op == ROW_INSERTED;
	enum restore_choice choice;

	if (restore_result_wants(r->req, r->out)) {
		d.before = came ? NULL : row_text(r, b, line->old);
		d.after = row_text(r, b, came ? line->old : line->now);
	}
	choice = restore_result_conflict(r->req, r->out, &d, true, true);
	if (choice == RESTORE_ABORT)
		return;
	r->out->kept += choice == RESTORE_TAKE;
	settle_add(&b->t->settled, SETTLE_SKIP, line->number, 0);
	restore_pg_count_out(r, b->t, line->op);
}

/* The lines that a COPY names, in their order. */
static struct err *settle_all(struct restore_pg *r, const struct bag *b,
			      const char *sql)
{
	struct restore_pg_lines lines;
	struct err *err = restore_pg_lines_open(&lines, r, b->t);
	const char *text;
	size_t len;

	if (!err)
		err = pg_copy_out_begin(r->c, sql);
	while (!err) {
		err = pg_copy_out_next(r->c, &text, &len);
		if (err || !text)
			break;
		do
			err = restore_pg_lines_next(&lines);
		while (!err && lines.line.op &&
		       lines.line.number < strtoull(text, NULL, 10));
		if (!err)
			settle(r, b, &lines.line);
	}
	if (err)
		pg_copy_out_abort(r->c);
	restore_pg_lines_close(&lines);
	return err;
}

/* Lines that more lines than rows have the content of. */
static void add_missing(struct buf *sql, const struct restore_pg_table *t,
			const struct restore_pg_relation *rel)
{
	buf_addstr(sql, "COPY (SELECT l.n FROM (SELECT l.n, ");
	add_line_content(sql, t, rel, 'w', true);
	buf_addstr(sql, " AS v, row_number() OVER (PARTITION BY ");
	add_line_content(sql, t, rel, 'w', true);
	buf_addf(sql,
		 " ORDER BY l.n) AS i FROM %s l WHERE l.op IN ('~', '+')) l "
		 "LEFT JOIN (SELECT ",
		 t->temp);
	add_content(sql, t, rel, true);
	buf_addf(sql,
		 " AS v, count(*) AS rows FROM ONLY %s t GROUP BY 1) t USING "
		 "(v) WHERE l.i > coalesce(t.rows, 0) ORDER BY l.n) TO STDOUT",
		 rel->name);
}

struct err *restore_pg_bag_check(struct restore_pg *r,
				 struct restore_pg_table *t)
{
	struct bag b = { .t = t };
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->after, &rel);

	b.number = arena_array(&r->arena, t->lines->n_columns + 1,
			       sizeof(*b.number));
	for (size_t i = 0; i < t->lines->n_columns; i++)
		b.number[i] = restore_pg_is_number(
			restore_pg_column(&rel, t->lines->columns[i].after));
	add_missing(&sql, t, &rel);
	if (!err)
		err = settle_all(r, &b, buf_str(&sql));
	settle_sort(&t->settled);
	buf_release(&sql);
	return err;
}

void restore_pg_bag_add_lines(struct buf *out, const struct restore_pg_table *t,
			      const struct restore_pg_relation *rel)
{
	buf_addstr(out,
		   " LEFT JOIN (SELECT x.at, y.* FROM (SELECT z.*, "
		   "row_number() OVER (PARTITION BY v ORDER BY at) AS i FROM "
		   "(SELECT t.ctid AS at, ");
	add_content(out, t, rel, false);
	buf_addf(
		out,
		" AS v FROM ONLY %s t WHERE NOT EXISTS (SELECT FROM %s s WHERE "
		"s.at = t.ctid)) z) x JOIN (SELECT l.*, ",
		rel->name, t->were);
	add_line_content(out, t, rel, 'o', false);
	buf_addstr(out, " AS v, row_number() OVER (PARTITION BY ");
	add_line_content(out, t, rel, 'o', false);
	buf_addf(out,
		 " ORDER BY l.n) AS i FROM %s l WHERE l.op <> '+') y USING (v, "
		 "i)) l ON l.at = t.git_migrate_at",
		 t->temp);
}

struct err *restore_pg_bag_pairs(struct restore_pg *r,
				 const struct restore_pg_table *t,
				 const struct restore_pg_relation *rel,
				 bool after, const char **pairs)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	*pairs = arena_printf(&r->arena, "pg_temp.git_migrate_pairs_%zu",
			      (size_t)(t - r->tables));
	buf_addf(&sql,
		 "DROP TABLE IF EXISTS %s; CREATE TEMPORARY TABLE "
		 "git_migrate_pairs_%zu ON COMMIT DROP AS "
		 "SELECT t.git_migrate_at, l.* FROM (SELECT x.*, row_number() "
		 "OVER (PARTITION BY git_migrate_v ORDER BY git_migrate_at) "
		 "AS git_migrate_i FROM (SELECT t.ctid AS git_migrate_at, ",
		 *pairs, (size_t)(t - r->tables));
	add_content(&sql, t, rel, after);
	buf_addf(&sql,
		 " AS git_migrate_v FROM ONLY %s t) x) t JOIN (SELECT l.*, ",
		 rel->name);
	add_line_content(&sql, t, rel, 'w', after);
	buf_addstr(&sql, " AS v, row_number() OVER (PARTITION BY ");
	add_line_content(&sql, t, rel, 'w', after);
	buf_addf(&sql,
		 " ORDER BY l.n) AS i FROM %s l WHERE l.op IN ('~', '+')) l "
		 "ON l.v = t.git_migrate_v AND l.i = t.git_migrate_i",
		 t->temp);
	err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

static struct err *update(struct restore_pg *r,
			  const struct restore_pg_table *t,
			  const struct restore_pg_relation *rel,
			  const char *pairs)
{
	struct buf set = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; i < t->lines->n_columns; i++) {
		const struct restore_pg_column *col =
			restore_pg_column(rel, t->lines->columns[i].before);

		if (!col)
			continue;
		buf_addf(&set, "%s%s = CASE WHEN ", set.len ? ", " : "",
			 col->name);
		restore_pg_add_changed(&set, i);
		buf_addf(&set, " THEN l.o%zu::%s ELSE x.%s END", i, col->type,
			 col->name);
	}
	if (set.len)
		err = restore_pg_exec(
			r,
			"UPDATE ONLY %s x SET %s FROM %s l "
			"WHERE l.op = '~' AND x.ctid = l.git_migrate_at",
			rel->name, buf_str(&set), pairs);
	buf_release(&set);
	return err;
}

struct err *restore_pg_bag_rows(struct restore_pg *r,
				const struct restore_pg_table *t)
{
	struct restore_pg_relation rel;
	const char *pairs;
	int64_t missing = 0;
	struct err *err = restore_pg_relation(r, t->before, &rel);

	/* what rows hold is compared as it was printed, then they are written
	 */
	if (!err)
		err = restore_pg_bag_pairs(r, t, &rel, false, &pairs);
	if (!err)
		err = restore_pg_own_path(r, true);
	if (!err && t->lines->inserted)
		err = restore_pg_exec(r,
				      "DELETE FROM ONLY %s x USING %s l WHERE "
				      "l.op = '+' AND x.ctid = "
				      "l.git_migrate_at",
				      rel.name, pairs);
	if (!err && t->lines->updated)
		err = update(r, t, &rel, pairs);
	if (!err)
		err = restore_pg_own_path(r, false);
	if (!err)
		err = restore_pg_copy(r, t);
	/* what a later row keeps out is known by now */
	if (!err && !r->out->again && !r->out->blocked)
		err = count_missing(r, t, &missing);
	if (!err && missing)
		err = err_new(ERR_STATE,
			      "%lld row%s of table %s would not be as before "
			      "the migration",
			      (long long)missing, missing == 1 ? "" : "s",
			      t->before);
	return err;
}
