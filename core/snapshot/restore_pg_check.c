#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/*
 * Each line of a snapshot beside the row that has its key now: before the
 * restore, to see that nobody wrote what the migration wrote; after it, to
 * prove that every value is the one from before. The rows come by COPY, in the
 * order of the lines; both are streams.
 */

struct counts {
	uint64_t changed, deleted, reused;
};

struct join {
	struct restore_pg *r;
	const struct restore_pg_table *t;
	struct restore_pg_lines lines;
	struct restore_pg_row row; /* "t" or "f", then the columns */
	bool *known;               /* by column of the line: it is read */
	struct counts counts;
};

typedef struct err *(*line_fn)(struct join *j, bool found);

/* "SELECT is there, each column as COPY prints it"; NULL = none such now. */
static void add_query(struct buf *sql, struct join *j,
		      const struct restore_pg_relation *rel, bool after)
{
	const struct manifest_table *m = j->t->lines;

	buf_addstr(sql, "COPY (SELECT t.ctid IS NOT NULL");
	for (size_t i = 0; i < m->n_columns; i++) {
		const char *name =
			after ? m->columns[i].after : m->columns[i].before;

		j->known[i] = restore_pg_column(rel, name) != NULL;
		buf_addf(sql, ", %s%s", j->known[i] ? "t." : "",
			 j->known[i] ? name : "NULL");
	}
	buf_addf(sql, " FROM %s l LEFT JOIN ONLY %s t ON ", j->t->temp,
		 rel->name);
	restore_pg_add_join(sql, j->r, j->t, rel);
	buf_addstr(sql, " ORDER BY l.n) TO STDOUT");
}

static struct err *next_pair(struct join *j, bool *found)
{
	const char *text;
	size_t len;
	struct err *err = restore_pg_lines_next(&j->lines);

	if (err || !j->lines.line.op)
		return err;
	err = pg_copy_out_next(j->r->c, &text, &len);
	if (err)
		return err;
	if (!text)
		return err_new(ERR_STATE,
			       "a snapshot of table %s changed while it was "
			       "read",
			       j->t->lines->before);
	restore_pg_row_cut(&j->row, text, len);
	if (j->row.n != j->t->lines->n_columns + 1)
		return err_new(ERR_STATE,
			       "read table %s: a row with %zu fields",
			       j->t->lines->before, j->row.n);
	*found = j->row.fields[0].s[1] == 't';
	return NULL;
}

static struct err *join(struct join *j, bool after, line_fn fn)
{
	const char *name = after ? j->t->after : j->t->before, *text;
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(j->r, name, &rel);
	bool found = false;
	size_t len;

	j->known = arena_array(&j->r->arena, j->t->lines->n_columns + 1,
			       sizeof(*j->known));
	if (!err)
		err = restore_pg_lines_open(&j->lines, j->r, j->t->lines);
	if (err)
		goto done;
	add_query(&sql, j, &rel, after);
	err = pg_copy_out_begin(j->r->c, buf_str(&sql));
	while (!err) {
		err = next_pair(j, &found);
		if (err || !j->lines.line.op)
			break;
		err = fn(j, found);
	}
	if (err)
		pg_copy_out_abort(j->r->c);
	else
		err = pg_copy_out_next(j->r->c, &text, &len); /* its end */
	restore_pg_lines_close(&j->lines);
	restore_pg_row_release(&j->row);
done:
	buf_release(&sql);
	return err_wrap(err, "table %s", name);
}

/*
 * A key is not an identity: the row is the one the migration met only if the
 * columns it left alone agree, or at least half of them.
 */
static struct err *check_row(struct join *j, bool found)
{
	const struct restore_pg_line *line = &j->lines.line;
	size_t others = 0, agree = 0, written = 0, kept = 0;

	if (line->op == ROW_DELETED) {
		j->counts.reused += found;
		return NULL;
	}
	if (!found) {
		j->counts.deleted++;
		return NULL;
	}
	for (size_t i = 0; i < j->t->lines->n_columns; i++) {
		const struct restore_pg_field *is = &j->row.fields[i + 1];

		if (!j->known[i])
			continue;
		if (line->now[i].s) {
			written++;
			kept += restore_pg_matches(&line->now[i], is);
		} else {
			others++;
			agree += restore_pg_matches(&line->old[i], is);
		}
	}
	if (others && agree * 2 < others)
		j->counts.reused++;
	else if (kept < written || (line->op == ROW_INSERTED && agree < others))
		j->counts.changed++;
	return NULL;
}

static void report(struct restore_pg *r, const char *table,
		   const struct counts *c)
{
	if (c->changed)
		restore_result_add(r->out, table, RESTORE_CHANGED, c->changed);
	if (c->deleted)
		restore_result_add(r->out, table, RESTORE_DELETED, c->deleted);
	if (c->reused)
		restore_result_add(r->out, table, RESTORE_KEY_REUSED,
				   c->reused);
}

static struct err *check_table(struct restore_pg *r, struct restore_pg_table *t)
{
	struct join j = { .r = r, .t = t };
	struct err *err;

	/* rows of a TRUNCATE: there is nothing to compare them with */
	if (!t->lines->n_keys && !t->lines->inserted && !t->lines->updated)
		return NULL;
	err = restore_pg_load(r, t);
	if (!err)
		err = t->lines->n_keys ? join(&j, true, check_row)
				       : restore_pg_bag_check(r, t);
	report(r, t->after, &j.counts);
	return err;
}

struct err *restore_pg_check(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];

		if (t->lines && t->after && t->way != RESTORE_PG_REMOVE)
			err = check_table(r, t);
	}
	return err;
}

static struct err *not_exact(const struct join *j)
{
	struct buf key = BUF_INIT;
	struct err *err;

	for (size_t k = 0; k < j->t->lines->n_keys; k++)
		buf_addf(&key, "%s%.*s", k ? ", " : "",
			 (int)j->lines.line.keys[k].len - 1,
			 j->lines.line.keys[k].s + 1);
	err = err_new(ERR_STATE,
		      "row (%s) of table %s would not be what it was before "
		      "the migration",
		      buf_str(&key), j->t->before);
	buf_release(&key);
	return err;
}

static struct err *verify_row(struct join *j, bool found)
{
	const struct restore_pg_line *line = &j->lines.line;

	if (line->op == ROW_INSERTED)
		return found ? not_exact(j) : NULL;
	if (!found)
		return not_exact(j);
	for (size_t i = 0; i < j->t->lines->n_columns; i++)
		if (line->old[i].s[0] != '=' &&
		    (!j->known[i] ||
		     !restore_pg_matches(&line->old[i], &j->row.fields[i + 1])))
			return not_exact(j);
	return NULL;
}

/* Rows of a dropped table, in the order they were put there. */
static struct err *verify_copied(struct restore_pg *r,
				 const struct restore_pg_table *t)
{
	struct restore_pg_row row = { .n = 0 };
	struct restore_pg_lines lines;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_lines_open(&lines, r, t->lines);
	size_t n_fields = t->lines->n_keys + t->lines->n_columns, len;
	const char *text = NULL;
	uint64_t n = 0;

	buf_addstr(&sql, "COPY (SELECT ");
	restore_pg_add_fields(&sql, t->lines);
	buf_addf(&sql, " FROM ONLY %s) TO STDOUT", t->before);
	if (!err)
		err = pg_copy_out_begin(r->c, buf_str(&sql));
	while (!err) {
		err = pg_copy_out_next(r->c, &text, &len);
		if (err || !text)
			break;
		err = restore_pg_lines_next(&lines);
		if (err)
			break;
		n++;
		restore_pg_row_cut(&row, text, len);
		for (size_t i = 0; i < n_fields && !err; i++)
			if (!lines.line.op ||
			    !restore_pg_matches(&lines.fields[i],
						&row.fields[i]))
				err = err_new(ERR_STATE,
					      "row %llu of table %s would not "
					      "be what it was before the "
					      "migration",
					      (unsigned long long)n, t->before);
	}
	if (err)
		pg_copy_out_abort(r->c);
	else if (n != manifest_lines(t->lines))
		err = err_new(ERR_STATE,
			      "table %s would have %llu rows instead of %llu",
			      t->before, (unsigned long long)n,
			      (unsigned long long)manifest_lines(t->lines));
	restore_pg_lines_close(&lines);
	restore_pg_row_release(&row);
	buf_release(&sql);
	return err;
}

struct err *restore_pg_verify(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];
		struct join j = { .r = r, .t = t };

		if (!t->lines || t->way == RESTORE_PG_REMOVE)
			continue;
		if (t->way == RESTORE_PG_REMAKE)
			err = verify_copied(r, t);
		else if (t->lines->n_keys)
			err = join(&j, false, verify_row);
	}
	return err;
}
