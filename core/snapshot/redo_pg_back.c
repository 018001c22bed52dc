#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/redo_pg.h"
#include "snapshot/rows.h"

/*
 * Rows and values go back. A line leaves the temporary table in the statement
 * that writes its row: both happen, or neither.
 */

static const char in_the_way[] = "a constraint is in the way";

/* What a line counts: a row, or its values. */
static void add_weight(struct buf *out, const struct redo_pg_table *b)
{
	buf_addstr(out, "CASE WHEN l.op = '-' THEN 1 ELSE 0");
	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		if (!b->any[i])
			continue;
		buf_addstr(out, " + (");
		restore_pg_add_changed(out, i);
		buf_addstr(out, ")::int");
	}
	buf_addstr(out, " END");
}

/* Values of columns `only`, or of all: SIZE_MAX. */
static size_t add_assignments(struct buf *out, const struct redo_pg_table *b,
			      size_t only)
{
	size_t n = 0;

	for (size_t i = 0; i < b->t.lines->n_columns; i++) {
		const struct restore_pg_column *col;

		if (!b->any[i] || (only != SIZE_MAX && only != i))
			continue;
		col = redo_pg_column(b, i);
		buf_addf(out, "%s%s = CASE WHEN ", n++ ? ", " : "", col->name);
		restore_pg_add_changed(out, i);
		buf_addf(out, " THEN l.o%zu::%s ELSE t.%s END", i, col->type,
			 col->name);
	}
	return n;
}

/* --- rows that are there --- */

static void add_met(struct buf *sql, const struct redo_pg_table *b, bool insert)
{
	for (size_t i = 0; i < b->n_keys; i++) {
		const struct redo_pg_key *k = &b->keys[i];

		if (insert && k->insert) {
			buf_addf(sql, " AND (%s)", k->met);
		} else if (!insert && k->single && b->any[k->column]) {
			buf_addstr(sql, " AND (NOT (");
			restore_pg_add_changed(sql, k->column);
			buf_addf(sql, ") OR %s)", k->met);
		}
	}
}

static struct err *update(struct redo_pg *p, struct redo_pg_table *b,
			  struct redo_result *out)
{
	struct redo_pg_set set = { .n = 0 };
	struct buf head = BUF_INIT, tail = BUF_INIT;
	struct err *err = NULL;
	size_t n;

	buf_addf(&head,
		 "WITH gone AS (DELETE FROM %s l WHERE EXISTS (SELECT FROM "
		 "ONLY %s t WHERE %s)",
		 b->temp, b->rel.name, b->join);
	add_met(&head, b, false);
	buf_addf(&tail, "RETURNING l.*), put AS (UPDATE ONLY %s t SET ",
		 b->rel.name);
	n = add_assignments(&tail, b, SIZE_MAX);
	buf_addf(&tail, " FROM gone l WHERE %s RETURNING ", b->join);
	add_weight(&tail, b);
	buf_addstr(&tail, " AS n) SELECT sum(n) FROM put");
	set.head = buf_str(&head);
	set.tail = buf_str(&tail);
	if (n)
		err = redo_pg_run(p, b, &set, NULL, NULL);
	out->given += set.n;
	buf_release(&head);
	buf_release(&tail);
	return err;
}

/* --- rows that are not --- */

static size_t add_names(struct buf *names, struct buf *values,
			const struct redo_pg_table *b)
{
	const struct manifest_table *m = b->t.lines;
	size_t n = 0;

	for (size_t k = 0; k < m->n_keys; k++) {
		const struct restore_pg_column *col =
			restore_pg_column(&b->rel, b->rel.keys[k]);

		buf_addf(names, "%s%s", n ? ", " : "", col->name);
		buf_addf(values, "%sl.k%zu::%s", n++ ? ", " : "", k, col->type);
	}
	for (size_t i = 0; i < m->n_columns; i++) {
		const struct restore_pg_column *col;

		if (!redo_pg_has(b, i))
			continue;
		col = redo_pg_column(b, i);
		buf_addf(names, "%s%s", n ? ", " : "", col->name);
		buf_addf(values, "%sl.o%zu::%s", n++ ? ", " : "", i, col->type);
	}
	return n;
}

static struct err *insert(struct redo_pg *p, struct redo_pg_table *b,
			  struct redo_result *out)
{
	struct redo_pg_set set = { .n = 0 };
	struct buf head = BUF_INIT, tail = BUF_INIT;
	struct buf names = BUF_INIT, values = BUF_INIT;
	struct err *err = NULL;
	size_t n = add_names(&names, &values, b);

	buf_addf(&head, "WITH gone AS (DELETE FROM %s l WHERE l.op = '-'",
		 b->temp);
	if (b->keyed)
		buf_addf(&head,
			 " AND NOT EXISTS (SELECT FROM ONLY %s t WHERE %s)",
			 b->rel.name, b->join);
	add_met(&head, b, true);
	buf_addf(&tail,
		 "RETURNING l.*), put AS (INSERT INTO %s (%s) OVERRIDING "
		 "SYSTEM VALUE SELECT %s FROM gone l ORDER BY l.n RETURNING 1) "
		 "SELECT count(*) FROM put",
		 b->rel.name, buf_str(&names), buf_str(&values));
	set.head = buf_str(&head);
	set.tail = buf_str(&tail);
	if (n)
		err = redo_pg_run(p, b, &set, NULL, NULL);
	out->given += set.n;
	buf_release(&head);
	buf_release(&tail);
	buf_release(&names);
	buf_release(&values);
	return err;
}

struct err *redo_pg_put(struct redo_pg *p, struct redo_pg_table *b,
			struct redo_result *out)
{
	struct err *err = restore_pg_own_path(&p->r, true);

	if (!err)
		err = update(p, b, out);
	if (!err)
		err = insert(p, b, out);
	return err ? err : restore_pg_own_path(&p->r, false);
}

/* --- what is left --- */

struct rest {
	struct redo_pg *p;
	struct redo_pg_table *b;
	struct redo_result *out;
	size_t column;
};

/* One value of the line, by itself. */
static struct err *refuse_value(void *payload, int64_t line)
{
	const struct rest *rest = payload;
	const struct redo_pg_table *b = rest->b;
	const struct manifest_table *m = b->t.lines;

	redo_misfit_add(rest->out, m->before, m->columns[rest->column].before,
			in_the_way, 1);
	return restore_pg_exec(&rest->p->r,
			       "UPDATE %s SET m%zu = m%zu & ~%lld::bigint "
			       "WHERE n = %" PRId64,
			       b->temp, rest->column / RESTORE_PG_MASK_BITS,
			       rest->column / RESTORE_PG_MASK_BITS,
			       1LL << (rest->column % RESTORE_PG_MASK_BITS),
			       line);
}

/* Column by column, for lines of which only some values fit. */
static struct err *put_column(struct rest *rest)
{
	const struct redo_pg_table *b = rest->b;
	struct redo_pg_set set = { .n = 0 };
	struct buf head = BUF_INIT;
	struct err *err;

	buf_addf(&head, "WITH put AS (UPDATE ONLY %s t SET ", b->rel.name);
	add_assignments(&head, b, rest->column);
	buf_addf(&head, " FROM %s l WHERE l.op = '~' AND %s AND ", b->temp,
		 b->join);
	restore_pg_add_changed(&head, rest->column);
	set.head = buf_str(&head);
	set.tail = "RETURNING 1) SELECT count(*) FROM put";
	err = redo_pg_run(rest->p, rest->b, &set, refuse_value, rest);
	rest->out->given += set.n;
	buf_release(&head);
	return err;
}

/* Values of '~' that refer to nothing, as a set: there may be many. */
static struct err *refuse_orphans(struct rest *rest,
				  const struct redo_pg_key *k)
{
	struct redo_pg_table *b = rest->b;
	struct buf sql = BUF_INIT;
	struct err *err;
	int64_t n;

	buf_addf(&sql,
		 "WITH out AS (UPDATE %s l SET m%zu = m%zu & ~%lld::bigint "
		 "WHERE l.op = '~' AND ",
		 b->temp, k->column / RESTORE_PG_MASK_BITS,
		 k->column / RESTORE_PG_MASK_BITS,
		 1LL << (k->column % RESTORE_PG_MASK_BITS));
	restore_pg_add_changed(&sql, k->column);
	buf_addf(&sql, " AND NOT (%s) RETURNING 1) SELECT count(*) FROM out",
		 k->met);
	err = restore_pg_count(&rest->p->r, &n, "%s", buf_str(&sql));
	if (!err)
		redo_misfit_add(rest->out, b->t.before,
				b->t.lines->columns[k->column].before,
				"what they refer to is gone", (uint64_t)n);
	buf_release(&sql);
	return err;
}

static struct err *refuse_children(struct rest *rest,
				   const struct redo_pg_key *k)
{
	struct buf which = BUF_INIT;
	struct err *err;

	buf_addf(&which, "l.op = '-' AND NOT (%s)", k->met);
	err = redo_pg_drop(rest->p, rest->b, rest->out, buf_str(&which),
			   "what they refer to is gone");
	buf_release(&which);
	return err;
}

struct err *redo_pg_put_rest(struct redo_pg *p, struct redo_pg_table *b,
			     struct redo_result *out)
{
	struct rest rest = { p, b, out, 0 };
	struct err *err = NULL;

	for (size_t i = 0; i < b->n_keys && !err; i++) {
		const struct redo_pg_key *k = &b->keys[i];

		if (k->single && b->any[k->column])
			err = refuse_orphans(&rest, k);
		if (!err && k->insert)
			err = refuse_children(&rest, k);
	}
	if (!err)
		err = restore_pg_own_path(&p->r, true);
	for (size_t i = 0; i < b->t.lines->n_columns && !err; i++) {
		rest.column = i;
		if (b->any[i])
			err = put_column(&rest);
	}
	if (!err)
		err = restore_pg_own_path(&p->r, false);
	return err ? err : redo_pg_drop(p, b, out, "l.op = '-'", in_the_way);
}
