#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/redo_pg.h"

/*
 * One statement for all lines. Where a constraint is in the way of some, they
 * are found by halving, and the others go.
 */

struct answer {
	int64_t cell[3];
};

static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	struct answer *a = payload;

	for (int i = 0; i < n && i < 3; i++)
		a->cell[i] = cell[i].s ? strtoll(cell[i].s, NULL, 10) : 0;
	return NULL;
}

/* Data exceptions, and constraints: the values are to blame. */
static bool is_of_values(const struct err *err)
{
	const char *code = err_code_of(err);

	return code && (starts_with(code, "22") || starts_with(code, "23"));
}

struct err *redo_pg_try(struct redo_pg *p, const char *sql, uint64_t *n,
			bool *done)
{
	struct pg_conn *c = p->r.c;
	struct answer a = { { 0 } };
	struct err *err = pg_exec(c, "SAVEPOINT git_migrate_try"), *undo;

	*done = false;
	if (err)
		return err;
	err = pg_query_once(c, sql, NULL, 0, take, &a);
	if (!err) {
		*done = true;
		*n += (uint64_t)a.cell[0];
		return pg_exec(c, "RELEASE SAVEPOINT git_migrate_try");
	}
	if (!pg_conn_is_alive(c) || !is_of_values(err))
		return err;
	undo = pg_exec(c, "ROLLBACK TO SAVEPOINT git_migrate_try; "
			  "RELEASE SAVEPOINT git_migrate_try");
	err_free(err);
	return undo;
}

struct run {
	struct redo_pg *p;
	struct redo_pg_table *b;
	struct redo_pg_set *set;
	struct err *(*refused)(void *payload, int64_t line);
	void *payload;
};

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a number has bits */
static struct err *run_some(struct run *run, int64_t from, int64_t to)
{
	struct buf sql = BUF_INIT;
	struct answer a = { { 0 } };
	bool done;
	struct err *err;

	buf_addf(&sql, "%s AND l.n BETWEEN %" PRId64 " AND %" PRId64 " %s",
		 run->set->head, from, to, run->set->tail);
	err = redo_pg_try(run->p, buf_str(&sql), &run->set->n, &done);
	buf_release(&sql);
	if (err || done)
		return err;
	err = restore_pg_ask(&run->p->r, take, &a,
			     "SELECT count(*), min(n), max(n) FROM %s"
			     " WHERE n BETWEEN %" PRId64 " AND %" PRId64,
			     run->b->temp, from, to);
	if (err || !a.cell[0])
		return err;
	if (a.cell[0] == 1)
		return run->refused ? run->refused(run->payload, a.cell[1])
				    : NULL;
	to = a.cell[1] + (a.cell[2] - a.cell[1]) / 2;
	err = run_some(run, a.cell[1], to);
	return err ? err : run_some(run, to + 1, a.cell[2]);
}

struct err *redo_pg_run(struct redo_pg *p, struct redo_pg_table *b,
			struct redo_pg_set *set,
			struct err *(*refused)(void *payload, int64_t line),
			void *payload)
{
	struct run run = { p, b, set, refused, payload };

	return run_some(&run, 0, INT64_MAX);
}
