#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/*
 * Tables without a key: rows are what they hold, equal ones are counted. A
 * row printed as a record is its content: it tells NULL from the empty string
 * and prints each value as COPY does, so that a record of our texts and one
 * of the table's values are the same bytes.
 */

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

/* Lines of these kinds whose content has fewer rows than lines. */
static struct err *count_missing(struct restore_pg *r,
				 const struct restore_pg_table *t, bool after,
				 int64_t *out)
{
	struct restore_pg_relation rel;
	struct buf table = BUF_INIT, line = BUF_INIT;
	struct err *err =
		restore_pg_relation(r, after ? t->after : t->before, &rel);

	add_content(&table, t, &rel, after);
	add_line_content(&line, t, &rel, after ? 'w' : 'o', after);
	if (!err)
		err = restore_pg_count(
			r, out,
			"SELECT sum(greatest(a.n - coalesce(b.n, 0), 0)) FROM "
			"(SELECT %s AS v, count(*) AS n FROM %s l "
			"WHERE op IN ('~', '%s') GROUP BY 1) a LEFT JOIN "
			"(SELECT %s AS v, count(*) AS n FROM ONLY %s t "
			"GROUP BY 1) b USING (v)",
			buf_str(&line), t->temp, after ? "+" : "-",
			buf_str(&table), rel.name);
	buf_release(&table);
	buf_release(&line);
	return err;
}

struct err *restore_pg_bag_check(struct restore_pg *r,
				 const struct restore_pg_table *t)
{
	int64_t missing = 0;
	struct err *err = count_missing(r, t, true, &missing);

	if (!err && missing)
		restore_result_add(r->out, t->after, RESTORE_CHANGED,
				   (uint64_t)missing);
	return err;
}

void restore_pg_bag_pairs(struct buf *out, const struct restore_pg_table *t,
			  const struct restore_pg_relation *rel, bool after)
{
	buf_addstr(out, "(SELECT t.*, t.ctid AS git_migrate_at, ");
	add_content(out, t, rel, after);
	buf_addstr(out, " AS git_migrate_v, row_number() OVER "
			"(PARTITION BY ");
	add_content(out, t, rel, after);
	buf_addf(out,
		 " ORDER BY t.ctid) AS git_migrate_i FROM ONLY %s t) t "
		 "LEFT JOIN (SELECT l.*, ",
		 rel->name);
	add_line_content(out, t, rel, 'w', after);
	buf_addstr(out, " AS v, row_number() OVER (PARTITION BY ");
	add_line_content(out, t, rel, 'w', after);
	buf_addf(out,
		 " ORDER BY l.n) AS i FROM %s l WHERE l.op IN ('~', '+')) l "
		 "ON l.v = t.git_migrate_v AND l.i = t.git_migrate_i",
		 t->temp);
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
			"UPDATE ONLY %s x SET %s FROM (SELECT l.*, "
			"t.git_migrate_at FROM %s) l "
			"WHERE l.op = '~' AND x.ctid = l.git_migrate_at",
			rel->name, buf_str(&set), pairs);
	buf_release(&set);
	return err;
}

struct err *restore_pg_bag_rows(struct restore_pg *r,
				const struct restore_pg_table *t)
{
	struct restore_pg_relation rel;
	struct buf pairs = BUF_INIT;
	int64_t missing = 0;
	struct err *err = restore_pg_relation(r, t->before, &rel);

	restore_pg_bag_pairs(&pairs, t, &rel, false);
	if (!err && t->lines->inserted)
		err = restore_pg_exec(r,
				      "DELETE FROM ONLY %s x USING (SELECT "
				      "t.git_migrate_at FROM %s WHERE l.op = "
				      "'+') d WHERE x.ctid = d.git_migrate_at",
				      rel.name, buf_str(&pairs));
	if (!err && t->lines->updated)
		err = update(r, t, &rel, buf_str(&pairs));
	buf_release(&pairs);
	if (!err)
		err = restore_pg_copy(r, t);
	if (!err)
		err = count_missing(r, t, false, &missing);
	if (!err && missing)
		err = err_new(ERR_STATE,
			      "%lld rows of table %s would not be what they "
			      "were before the migration",
			      (long long)missing, t->before);
	return err;
}
