#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/pg_table.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/*
 * Each line of a snapshot beside the row that has its key now: before the
 * restore, to see what comes of it; after it, to prove that every value is the one from before. The rows come by COPY, in the
 * order of the lines; both are streams.
 */

struct join {
	struct restore_pg *r;
	struct restore_pg_table *t;
	const char *ops; /* kinds of lines that are read */
	struct restore_pg_lines lines;
	struct restore_pg_row row; /* line, "t" or "f", then the columns */
	uint64_t number;           /* of the line read last */
	bool after;                /* before the restore, by the names now */
	bool *known;               /* by column of the line: it is read */
	uint64_t twins;            /* more than one row has the key */
	struct restore_pg_judge judge;
};

static bool is_read(const struct join *j, char op)
{
	return strchr(j->ops, op) != NULL;
}

static bool has_lines(const struct join *j)
{
	const struct manifest_table *m = j->t->lines;

	return (m->inserted && is_read(j, ROW_INSERTED)) ||
	       (m->updated && is_read(j, ROW_UPDATED)) ||
	       (m->deleted && is_read(j, ROW_DELETED));
}

/* Of old values only those are needed that came back. */
static bool is_needed(const struct join *j, size_t i)
{
	return j->after || j->t->lines->deleted || j->t->any[i];
}

/* "SELECT line, is there, each column as COPY prints it"; NULL = none such now. */
static void add_query(struct buf *sql, struct join *j,
		      const struct restore_pg_relation *rel)
{
	const struct manifest_table *m = j->t->lines;

	buf_addstr(sql, "COPY (SELECT l.n, t.ctid IS NOT NULL");
	for (size_t i = 0; i < m->n_columns; i++) {
		const char *name =
			j->after ? m->columns[i].after : m->columns[i].before;

		j->known[i] =
			is_needed(j, i) && restore_pg_column(rel, name) != NULL;
		buf_addf(sql, ", %s%s", j->known[i] ? "t." : "",
			 j->known[i] ? name : "NULL");
	}
	buf_addf(sql, " FROM %s l LEFT JOIN ONLY %s t ON ", j->t->temp,
		 rel->name);
	restore_pg_add_join(sql, j->r, j->t, rel);
	/* as inequality: most lines are meant, which the planner has to know */
	buf_addf(sql, " WHERE %s ORDER BY l.n) TO STDOUT",
		 is_read(j, ROW_UPDATED) ? is_read(j, ROW_INSERTED)
						   ? "l.op <> '-'"
						   : "l.op <> '+'"
					 : "strpos('-', l.op::text) > 0");
}

/* The next row, up to the line's: what is in front of it has the key of the
 * line before, too. */
static struct err *next_row(struct join *j)
{
	uint64_t number;

	do {
		const char *text;
		size_t len;
		struct err *err = pg_copy_out_next(j->r->c, &text, &len);

		if (err)
			return err;
		if (!text)
			return err_new(ERR_STATE,
				       "a snapshot of table %s changed while "
				       "it was read",
				       j->t->lines->before);
		restore_pg_row_cut(&j->row, text, len);
		if (j->row.n != j->t->lines->n_columns + 2)
			return err_new(ERR_STATE,
				       "read table %s: a row with %zu fields",
				       j->t->lines->before, j->row.n);
		number = strtoull(j->row.fields[0].s + 1, NULL, 10);
		j->twins += number < j->number;
	} while (number < j->number);
	return NULL;
}

static struct err *next_pair(struct join *j, bool *found)
{
	struct err *err;

	do {
		err = restore_pg_lines_next(&j->lines);
		j->number = j->lines.line.number;
	} while (!err && j->lines.line.op && !is_read(j, j->lines.line.op));
	if (err || !j->lines.line.op)
		return err;
	err = next_row(j);
	if (!err)
		*found = j->row.fields[1].s[1] == 't';
	return err;
}

/* What is left behind the last line. */
static struct err *read_rest(struct join *j)
{
	const char *text;
	size_t len;
	struct err *err = NULL;

	while (!(err = pg_copy_out_next(j->r->c, &text, &len)) && text)
		j->twins++;
	return err;
}

/*
 * A few rows of a large table are found by its key's index. The planner would
 * rather read the table: it does not know that lines come in the key's order,
 * so that neighbours are looked up one behind the other.
 */
static struct err *by_index(struct join *j,
			    const struct restore_pg_relation *rel, bool *out)
{
	const struct manifest_table *m = j->t->lines;
	struct pg_arg arg = pg_text(rel->name);
	int64_t rows = 0;
	struct err *err = NULL;

	*out = false;
	if (rel->n_keys != m->n_keys)
		return NULL;
	for (size_t k = 0; k < m->n_keys; k++) {
		const char *now = restore_pg_column_now(j->r, j->t, m->keys[k]);
		const char *name = j->after ? now : m->keys[k];
		const struct restore_pg_column *col =
			restore_pg_column(rel, name);

		if (!col || !col->key || !col->builtin)
			return NULL;
	}
	err = pg_query_int(j->r->c,
			   "SELECT reltuples::bigint FROM pg_class"
			   " WHERE oid = to_regclass($1)",
			   &arg, 1, &rows);
	*out = !err && rows > 0 && manifest_lines(m) < (uint64_t)rows / 5;
	if (!*out)
		return err;
	return pg_exec(j->r->c, "SET LOCAL enable_hashjoin = off; "
				"SET LOCAL enable_mergejoin = off");
}

static struct err *stream(struct join *j, const struct restore_pg_relation *rel,
			  struct err *(*fn)(struct join *j, bool found))
{
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_lines_open(&j->lines, j->r, j->t);
	bool found = false, index = false;

	add_query(&sql, j, rel);
	if (!err)
		err = by_index(j, rel, &index);
	if (!err)
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
		err = read_rest(j);
	if (!err && index)
		err = pg_exec(j->r->c, "SET LOCAL enable_hashjoin TO DEFAULT; "
				       "SET LOCAL enable_mergejoin TO DEFAULT");
	restore_pg_lines_close(&j->lines);
	restore_pg_row_release(&j->row);
	buf_release(&sql);
	return err;
}

static struct err *join(struct join *j,
			struct err *(*fn)(struct join *j, bool found))
{
	const char *name = j->after ? j->t->after : j->t->before;
	const struct manifest_table *m = j->t->lines;
	struct restore_pg_relation rel;
	struct err *err = restore_pg_relation(j->r, name, &rel);

	j->known =
		arena_array(&j->r->arena, m->n_columns + 1, sizeof(*j->known));
	if (!err && j->after)
		err = restore_pg_judge_open(&j->judge, j->r, j->t, &rel,
					    j->known);
	if (!err && has_lines(j))
		err = stream(j, &rel, fn);
	return err_wrap(pg_table_blame(err), "table %s", name);
}

struct err *restore_pg_count_keys(struct restore_pg *r,
				  const struct restore_pg_table *t, char op,
				  int64_t *rows)
{
	struct restore_pg_relation rel;
	struct buf on = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->before, &rel);

	restore_pg_add_join(&on, r, t, &rel);
	/* in old words it is the key of a row that is back */
	if (t->relabelled && op == ROW_INSERTED) {
		buf_addf(&on,
			 " AND NOT EXISTS (SELECT FROM %s d WHERE d.op = "
			 "'-'",
			 t->temp);
		for (size_t k = 0; k < t->lines->n_keys; k++)
			buf_addf(&on, " AND d.k%zu = l.k%zu", k, k);
		buf_addstr(&on, ")");
	}
	if (!err)
		err = restore_pg_count(r, rows,
				       "SELECT count(*) FROM %s l JOIN ONLY %s "
				       "t ON %s WHERE l.op = '%c'",
				       t->temp, rel.name, buf_str(&on), op);
	buf_release(&on);
	return err;
}

static struct err *judge_row(struct join *j, bool found)
{
	restore_pg_judge(&j->judge, &j->lines.line,
			 found ? j->row.fields + 2 : NULL);
	return NULL;
}

/* Lines of these kinds beside the rows that have their keys now. */
static struct err *judge(struct restore_pg *r, struct restore_pg_table *t,
			 const char *ops)
{
	struct join j = { .r = r, .t = t, .ops = ops, .after = true };
	struct err *err = join(&j, judge_row);

	settle_sort(&t->settled);
	if (!err && j.twins)
		restore_result_add(r->out, t->before, RESTORE_NOT_UNIQUE,
				   j.twins);
	return err;
}

/* Emptied, and nothing has come since: lines are rows, one for one. */
static struct err *is_empty(struct restore_pg *r, struct restore_pg_table *t)
{
	struct pg_arg arg = pg_text(t->after);
	int64_t bytes = 1;
	struct err *err = NULL;

	if (!t->lines->inserted && !t->lines->updated &&
	    t->way == RESTORE_PG_PLACE)
		err = pg_query_int(r->c,
				   "SELECT pg_relation_size(to_regclass($1))",
				   &arg, 1, &bytes);
	t->empty = !bytes;
	return err;
}

/*
 * That nobody has the key of a row that the migration took away shows when
 * that comes back, because keys are unique: asked is only when somebody has.
 */
static struct err *check_table(struct restore_pg *r, struct restore_pg_table *t)
{
	struct err *err = is_empty(r, t);

	/* rows of a TRUNCATE: there is nothing to compare them with */
	if (err || t->empty ||
	    (!t->lines->n_keys && !t->lines->inserted && !t->lines->updated &&
	     !r->look))
		return err;
	err = restore_pg_load(r, t);
	if (err)
		return err;
	return t->lines->n_keys ? judge(r, t, "~+")
				: restore_pg_bag_check(r, t);
}

static bool is_checked(const struct restore_pg_table *t)
{
	return t->lines && t->after && t->way != RESTORE_PG_REMOVE;
}

static struct err *check_deleted(struct restore_pg *r)
{
	const struct restore_memory *m = r->req->memory;
	struct err *err = NULL;

	if (!r->out->n_conflicts && !(m && m->looks))
		return NULL;
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];

		/* the old words are no values now: it shows when rows go back */
		if (is_checked(t) && t->temp && t->lines->n_keys &&
		    !t->relabelled)
			err = judge(r, t, "-");
	}
	return err;
}

struct err *restore_pg_check(struct restore_pg *r)
{
	struct err *err = NULL;

	restore_recall(r->req, r->out);
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];

		if (t->lines && t->before)
			restore_pg_recall(r, t);
		if (is_checked(t))
			err = check_table(r, t);
	}
	if (!err)
		err = check_deleted(r);
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].temp)
			err = restore_pg_settle(r, &r->tables[i]);
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

	if (!found)
		return not_exact(j);
	for (size_t i = 0; i < j->t->lines->n_columns; i++)
		if (line->old[i].s[0] != '=' &&
		    (!j->known[i] ||
		     !restore_pg_matches(&line->old[i], &j->row.fields[i + 2])))
			return not_exact(j);
	return NULL;
}

struct err *restore_pg_verify_keys(struct restore_pg *r,
				   struct restore_pg_table *t)
{
	struct join j = { .r = r, .t = t, .ops = "~-" };
	int64_t left = 0;
	struct err *err = join(&j, verify_row);

	left = (int64_t)j.twins;
	if (!err && !left && t->lines->inserted)
		err = restore_pg_count_keys(r, t, ROW_INSERTED, &left);
	if (!err && left)
		err = err_new(ERR_STATE,
			      "%lld row%s that the migration made would be "
			      "left in table %s",
			      (long long)left, left == 1 ? "" : "s", t->before);
	return err;
}
