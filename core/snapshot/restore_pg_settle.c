#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/*
 * What was settled about single lines goes to their temporary table: lines
 * that are left out, columns that are. Rows that have to make room get a table
 * of their own: by line, and by the key of a row that no line is about.
 */

void restore_pg_count_out(struct restore_pg *r,
			  const struct restore_pg_table *t, char op)
{
	struct manifest_table *m =
		&r->manifest.tables[t->lines - r->manifest.tables];

	m->inserted -= op == ROW_INSERTED;
	m->updated -= op == ROW_UPDATED;
	m->deleted -= op == ROW_DELETED;
}

static int by_line(const void *a, const void *b)
{
	const struct restore_late *const *x = a, *const *y = b;

	return ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

void restore_pg_recall(struct restore_pg *r, struct restore_pg_table *t)
{
	const struct restore_memory *m = r->req->memory;
	const struct restore_late **list;
	size_t n = 0;

	if (!m || !m->n)
		return;
	list = xcalloc(m->n, sizeof(const struct restore_late *));
	for (size_t i = 0; i < m->n; i++)
		if (m->late[i].how == SETTLE_SKIP &&
		    streq(m->late[i].table, t->before))
			list[n++] = &m->late[i];
	qsort(list, n, sizeof(const struct restore_late *), by_line);
	for (size_t i = 0; i < n; i++) {
		/* one line may break more than one constraint */
		if (i && list[i]->line == list[i - 1]->line)
			continue;
		settle_add(&t->settled, SETTLE_SKIP, list[i]->line, 0);
		restore_pg_count_out(r, t, list[i]->op);
	}
	free(list);
}

/* --- into a temporary table --- */

/* One line of it: number, how, masks of columns left out and parked. */
struct entry {
	uint64_t line;
	char how;
	uint64_t *out, *park;
};

static size_t n_masks(const struct restore_pg_table *t)
{
	return (t->lines->n_columns + RESTORE_PG_MASK_BITS - 1) /
	       RESTORE_PG_MASK_BITS;
}

static void add_entry(struct buf *b, const struct entry *e, size_t n)
{
	buf_addf(b, "%llu\t%c", (unsigned long long)e->line, e->how);
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "\t%llu\t%llu", (unsigned long long)e->out[i],
			 (unsigned long long)e->park[i]);
	buf_addch(b, '\n');
	memset(e->out, 0, n * sizeof(*e->out));
	memset(e->park, 0, n * sizeof(*e->park));
}

static void take(struct entry *e, const struct settled *s)
{
	uint64_t *mask = s->how == SETTLE_COLUMN ? e->out : e->park;

	e->line = s->line;
	if (s->how == SETTLE_SKIP)
		e->how = 's';
	else if (e->how != 's')
		e->how = s->how == SETTLE_EVICT || e->how == 'e' ? 'e' : 'c';
	if (s->how != SETTLE_SKIP)
		mask[s->column / RESTORE_PG_MASK_BITS] |=
			1ULL << (s->column % RESTORE_PG_MASK_BITS);
}

static struct err *send(struct restore_pg *r, const struct restore_pg_table *t)
{
	const struct settlement *s = &t->settled;
	size_t n = n_masks(t);
	struct entry e = { .out = xcalloc(n + 1, sizeof(*e.out)),
			   .park = xcalloc(n + 1, sizeof(*e.park)) };
	struct buf b = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; i < s->n && !err; i++) {
		take(&e, &s->list[i]);
		if (i + 1 < s->n && s->list[i + 1].line == e.line)
			continue;
		add_entry(&b, &e, n);
		e.how = '\0';
		if (b.len < 1 << 20 && i + 1 < s->n)
			continue;
		err = pg_copy_in_put(r->c, b.data, b.len);
		buf_reset(&b);
	}
	free(e.out);
	free(e.park);
	buf_release(&b);
	return err;
}

static struct err *load(struct restore_pg *r, const struct restore_pg_table *t,
			const char *name)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql,
		 "DROP TABLE IF EXISTS pg_temp.%s; CREATE TEMPORARY TABLE %s "
		 "(n bigint, how \"char\"",
		 name, name);
	for (size_t i = 0; i < n_masks(t); i++)
		buf_addf(&sql, ", c%zu bigint, p%zu bigint", i, i);
	buf_addstr(&sql, ") ON COMMIT DROP");
	err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_reset(&sql);
	buf_addf(&sql, "COPY pg_temp.%s FROM STDIN", name);
	if (!err)
		err = pg_copy_in_begin(r->c, buf_str(&sql));
	if (!err) {
		err = send(r, t);
		if (err)
			pg_copy_in_abort(r->c);
		else
			err = pg_copy_in_end(r->c, NULL);
	}
	buf_release(&sql);
	return err ? err : restore_pg_exec(r, "ANALYZE pg_temp.%s", name);
}

static struct err *leave_out(struct restore_pg *r,
			     const struct restore_pg_table *t, const char *name)
{
	struct buf set = BUF_INIT, some = BUF_INIT;
	struct err *err = restore_pg_exec(
		r,
		"DELETE FROM %s l USING pg_temp.%s s WHERE l.n = s.n AND "
		"s.how = 's'",
		t->temp, name);

	for (size_t i = 0; i < n_masks(t); i++) {
		buf_addf(&set, "%sm%zu = l.m%zu & ~s.c%zu", i ? ", " : "", i, i,
			 i);
		buf_addf(&some, "%ss.c%zu <> 0", i ? " OR " : "", i);
	}
	if (!err && set.len)
		err = restore_pg_exec(r,
				      "UPDATE %s l SET %s FROM pg_temp.%s s "
				      "WHERE l.n = s.n AND (%s)",
				      t->temp, buf_str(&set), name,
				      buf_str(&some));
	buf_release(&set);
	buf_release(&some);
	return err;
}

/* --- rows that make room --- */

static bool is_late(const struct restore_pg_table *t,
		    const struct restore_late *l)
{
	return l->evict && !l->aside && streq(l->table, t->before);
}

static bool has_evictions(const struct restore_pg *r,
			  const struct restore_pg_table *t)
{
	const struct restore_memory *m = r->req->memory;

	for (size_t i = 0; i < t->settled.n; i++)
		if (t->settled.list[i].how == SETTLE_EVICT)
			return true;
	for (size_t i = 0; m && i < m->n; i++)
		if (is_late(t, &m->late[i]))
			return true;
	return false;
}

/* A key as in a line, as COPY reads it: without the quotes of its fields. */
static void add_key(struct buf *b, const char *key)
{
	buf_addch(b, 'x');
	for (const char *p = key; *p; p++) {
		if (p == key || *p == '\t')
			buf_addch(b, '\t');
		if (*p != '\t' && !(*p == '\'' && (p == key || p[-1] == '\t')))
			buf_addch(b, *p);
	}
	buf_addch(b, '\n');
}

static struct err *send_late(struct restore_pg *r,
			     const struct restore_pg_table *t)
{
	const struct restore_memory *m = r->req->memory;
	struct buf sql = BUF_INIT, b = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; m && i < m->n; i++)
		if (is_late(t, &m->late[i]))
			add_key(&b, m->late[i].evict);
	if (!b.len)
		goto done;
	buf_addf(&sql, "COPY %s (op", t->evict);
	for (size_t k = 0; k < t->lines->n_keys; k++)
		buf_addf(&sql, ", k%zu", k);
	buf_addstr(&sql, ") FROM STDIN");
	err = pg_copy_in_begin(r->c, buf_str(&sql));
	if (!err)
		err = pg_copy_in_put(r->c, b.data, b.len);
	if (err)
		pg_copy_in_abort(r->c);
	else
		err = pg_copy_in_end(r->c, NULL);
	buf_reset(&sql);
	for (size_t k = 0; k < t->lines->n_keys; k++)
		buf_addf(&sql, " AND a.k%zu = b.k%zu", k, k);
	/* the same row may be in the way twice */
	if (!err)
		err = restore_pg_exec(r,
				      "DELETE FROM %s a USING %s b WHERE a.op "
				      "= 'x' AND a.ctid <> b.ctid AND (b.op <> "
				      "'x' OR b.ctid < a.ctid)%s",
				      t->evict, t->evict, buf_str(&sql));
done:
	buf_release(&sql);
	buf_release(&b);
	return err;
}

static struct err *list_evictions(struct restore_pg *r,
				  struct restore_pg_table *t, const char *name)
{
	size_t number = (size_t)(t - r->tables);
	struct buf cols = BUF_INIT;
	struct err *err;

	for (size_t k = 0; k < t->lines->n_keys; k++)
		buf_addf(&cols, ", l.k%zu", k);
	for (size_t i = 0; i < t->lines->n_columns; i++)
		buf_addf(&cols, ", l.o%zu", i);
	for (size_t i = 0; i < n_masks(t); i++)
		buf_addf(&cols, ", s.p%zu AS m%zu", i, i);
	t->evict = arena_printf(&r->arena, "pg_temp.git_migrate_evict_%zu",
				number);
	err = restore_pg_exec(
		r,
		"DROP TABLE IF EXISTS %s; CREATE TEMPORARY TABLE "
		"git_migrate_evict_%zu ON COMMIT DROP AS SELECT l.op%s "
		"FROM %s l JOIN pg_temp.%s s ON l.n = s.n AND s.how = 'e'",
		t->evict, number, buf_str(&cols), t->temp, name);
	buf_release(&cols);
	return err ? err : send_late(r, t);
}

struct err *restore_pg_settle(struct restore_pg *r, struct restore_pg_table *t)
{
	const char *name = arena_printf(&r->arena, "git_migrate_settled_%zu",
					(size_t)(t - r->tables));
	bool evictions = t->lines->n_keys && has_evictions(r, t);
	struct err *err;

	if (r->out->blocked || (!t->settled.n && !evictions))
		return NULL;
	settle_sort(&t->settled);
	for (size_t i = 0; i < t->settled.n; i++)
		if (t->settled.list[i].how == SETTLE_COLUMN)
			t->all[t->settled.list[i].column] = false;
	err = load(r, t, name);
	if (!err)
		err = leave_out(r, t, name);
	if (!err && evictions)
		err = list_evictions(r, t, name);
	return err ? err : restore_pg_exec(r, "DROP TABLE pg_temp.%s", name);
}

struct err *restore_pg_evict(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];
		struct restore_pg_relation rel;
		struct buf on = BUF_INIT;
		int64_t rows = 0;

		if (!t->evict)
			continue;
		err = restore_pg_relation(r, t->after, &rel);
		restore_pg_add_join(&on, r, t, &rel);
		if (!err)
			err = restore_pg_count(
				r, &rows,
				"WITH d AS (DELETE FROM ONLY %s t USING %s l "
				"WHERE l.op IN ('-', 'x') AND %s RETURNING 1) "
				"SELECT count(*) FROM d",
				t->after, t->evict, buf_str(&on));
		buf_release(&on);
		r->out->removed += (uint64_t)rows;
		if (rows)
			restore_result_tally(r->out, t->before)->removed +=
				(uint64_t)rows;
	}
	return err;
}
