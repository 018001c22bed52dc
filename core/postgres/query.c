#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "postgres/impl.h"

/* Our own questions, one at a time or in a pipeline. */

#define PARAMS_MAX 64

/* Parameters in the three arrays that libpq wants. */
struct params {
	int n;
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX], formats[PARAMS_MAX];
};

static void params_init(struct params *p, const struct pg_arg *args, int n)
{
	assert(n <= PARAMS_MAX);
	p->n = n;
	for (int i = 0; i < n; i++) {
		p->values[i] = args[i].s;
		p->lengths[i] = (int)args[i].len;
		p->formats[i] = args[i].is_bytea;
	}
}

/* An error of ours says what was being done: the question's first words. */
static struct err *query_error(struct pg_conn *c, const PGresult *r,
			       const char *sql)
{
	struct err *e = pg_result_error(c, r, NULL);
	size_t n = strcspn(sql, "\n(");

	n = n > 60 ? 60 : n;
	while (n > 0 && sql[n - 1] == ' ')
		n--;
	if (err_class_of(e) != ERR_TARGET)
		return e;
	return err_wrap(e, "%.*s", (int)n, sql);
}

static bool is_failure(ExecStatusType s)
{
	return s == PGRES_FATAL_ERROR || s == PGRES_BAD_RESPONSE ||
	       s == PGRES_NONFATAL_ERROR;
}

/* Hand the rows of one result out. */
static struct err *give_rows(const PGresult *r, pg_row_fn row, void *payload)
{
	int n_rows = pg_lib.PQntuples(r), n = pg_lib.PQnfields(r);
	struct pg_cell *cells;
	struct err *e = NULL;

	if (!row || n_rows == 0)
		return NULL;
	cells = xcalloc((size_t)n, sizeof(*cells));
	for (int i = 0; i < n; i++)
		cells[i].type = pg_lib.PQftype(r, i);
	for (int at = 0; at < n_rows && !e; at++) {
		for (int i = 0; i < n; i++) {
			bool null = pg_lib.PQgetisnull(r, at, i);

			cells[i].s = null ? NULL : pg_lib.PQgetvalue(r, at, i);
			cells[i].len = (size_t)pg_lib.PQgetlength(r, at, i);
		}
		e = row(payload, n, cells);
	}
	free(cells);
	return e;
}

/* The answer to one question; the last result that counts stays in *kept. */
static struct err *take_answer(struct pg_conn *c, const char *sql,
			       PGresult **kept)
{
	struct err *e = NULL, *lost;
	PGresult *r;

	*kept = NULL;
	while (!(lost = pg_next(c, &r)) && r) {
		ExecStatusType status = pg_lib.PQresultStatus(r);

		if (is_failure(status) && !e)
			e = query_error(c, r, sql);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) {
			pg_lib.PQclear(r);
			e = err_first(
				e, err_new(ERR_TARGET, "COPY is no question"));
			pg_lib.PQputCopyEnd(c->pg, "not wanted");
			continue;
		}
		pg_lib.PQclear(*kept);
		*kept = r;
	}
	return err_first(e, lost);
}

static int send_query(struct pg_conn *c, const char *sql, const char *name,
		      const struct params *p)
{
	if (name)
		return pg_lib.PQsendQueryPrepared(c->pg, name, p->n, p->values,
						  p->lengths, p->formats, 0);
	return pg_lib.PQsendQueryParams(c->pg, sql, p->n, NULL, p->values,
					p->lengths, p->formats, 0);
}

void pg_conn_forget(struct pg_conn *c)
{
	map_each (&c->prepared, entry)
		free(entry->value);
	map_release(&c->prepared);
}

/** Ask, by the name it was prepared under if there is one. */
static struct err *ask(struct pg_conn *c, const char *sql, const char *name,
		       const struct params *p, PGresult **r)
{
	struct err *e = pg_started(c, send_query(c, sql, name, p));

	*r = NULL;
	return e ? e : take_answer(c, sql, r);
}

struct err *pg_query_once(struct pg_conn *c, const char *sql,
			  const struct pg_arg *args, int n_args, pg_row_fn row,
			  void *payload)
{
	PGresult *r = NULL;
	struct params p;
	struct err *e;

	params_init(&p, args, n_args);
	e = ask(c, sql, NULL, &p, &r);
	if (!e && r)
		e = give_rows(r, row, payload);
	pg_lib.PQclear(r);
	return e;
}

struct err *pg_exec(struct pg_conn *c, const char *sql)
{
	PGresult *r = NULL;
	struct err *e = pg_started(c, pg_lib.PQsendQuery(c->pg, sql));

	if (!e)
		e = take_answer(c, sql, &r);
	pg_lib.PQclear(r);
	return e;
}

struct err *pg_execf(struct pg_conn *c, const char *fmt, ...)
{
	struct buf sql = BUF_INIT;
	struct err *e;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&sql, fmt, ap);
	va_end(ap);
	e = pg_exec(c, buf_str(&sql));
	buf_release(&sql);
	return e;
}

struct first_int {
	int64_t *out;
	bool found;
};

static struct err *take_int(void *payload, int n, const struct pg_cell *cell)
{
	struct first_int *f = payload;

	(void)n;
	if (!f->found && cell[0].s)
		*f->out = strtoll(cell[0].s, NULL, 10);
	f->found = true;
	return NULL;
}

struct err *pg_query_int(struct pg_conn *c, const char *sql,
			 const struct pg_arg *args, int n_args, int64_t *out)
{
	struct first_int f = { out, false };

	*out = 0;
	return pg_query(c, sql, args, n_args, take_int, &f);
}

/* --- pipelines --- */

static struct pg_queued *queue_add(struct pg_conn *c)
{
	struct pg_queued *q;

	VEC_GROW(c->queue, c->n_queued, c->cap_queued);
	q = &c->queue[c->n_queued++];
	memset(q, 0, sizeof(*q));
	return q;
}

static struct err *queue_prepare(struct pg_conn *c, const char *sql,
				 const char **name)
{
	struct pg_queued *q;
	char *made;
	struct err *e;

	*name = map_get(&c->prepared, sql);
	if (*name)
		return NULL;
	made = xasprintf("git_migrate_%u", ++c->n_prepared);
	map_put(&c->prepared, sql, made);
	*name = made;
	q = queue_add(c);
	q->what = xstrdup(sql);
	q->prepare = q->what;
	e = pg_started(c, pg_lib.PQsendPrepare(c->pg, made, sql, 0, NULL));
	return e;
}

struct err *pg_queue(struct pg_conn *c, const char *sql,
		     const struct pg_arg *args, int n_args, pg_row_fn row,
		     void *payload)
{
	const char *name = NULL;
	struct pg_queued *q;
	struct params p;
	struct err *e = NULL;

	params_init(&p, args, n_args);
	if (!c->n_queued && !pg_lib.PQenterPipelineMode(c->pg))
		return pg_lost(c);
	if (!c->pooled)
		e = queue_prepare(c, sql, &name);
	if (e)
		return e;
	q = queue_add(c);
	q->what = xstrdup(sql);
	q->row = row;
	q->payload = payload;
	return pg_started(c, send_query(c, sql, name, &p));
}

struct err *pg_queue_statement(struct pg_conn *c, const struct pg_statement *s)
{
	static const struct params none;
	struct pg_queued *q;

	if (!c->n_queued && !pg_lib.PQenterPipelineMode(c->pg))
		return pg_lost(c);
	q = queue_add(c);
	q->what = xstrndup(s->sql, s->len);
	q->foreign = true;
	q->line = s->line;
	q->col = s->col;
	return pg_started(c, send_query(c, q->what, NULL, &none));
}

bool pg_has_queue(const struct pg_conn *c)
{
	return c->n_queued > 0;
}

static void forget_prepared(struct pg_conn *c, const char *sql)
{
	free(map_remove(&c->prepared, sql));
}

static struct err *queued_error(struct pg_conn *c, const PGresult *r,
				const struct pg_queued *q)
{
	if (!q->foreign)
		return query_error(c, r, q->what);
	return pg_place(pg_result_error(c, r, q->what), q->line, q->col);
}

/* The answer to one of the queue: a result, then the NULL that ends it. */
static struct err *take_queued(struct pg_conn *c, struct pg_queued *q,
			       bool *aborted, struct err *before)
{
	ExecStatusType status;
	PGresult *r, *end;
	struct err *e = before, *lost = pg_next(c, &r);

	if (lost || !r)
		return err_first(e, lost);
	status = pg_lib.PQresultStatus(r);
	if (is_failure(status) && !e)
		e = queued_error(c, r, q);
	*aborted |= is_failure(status) || status == PGRES_PIPELINE_ABORTED;
	if (*aborted && q->prepare)
		forget_prepared(c, q->prepare);
	if (!e && !*aborted && !q->keep)
		e = give_rows(r, q->row, q->payload);
	if (q->keep)
		*q->keep = r;
	else
		pg_lib.PQclear(r);
	while (!(lost = pg_next(c, &end)) && end)
		pg_lib.PQclear(end);
	return err_first(e, lost);
}

struct err *pg_flush(struct pg_conn *c)
{
	struct pg_queued *queue = c->queue;
	size_t n = c->n_queued;
	bool aborted = false;
	PGresult *sync = NULL;
	struct err *e = NULL;

	if (!n)
		return NULL;
	c->queue = NULL;
	c->n_queued = c->cap_queued = 0;
	if (!pg_lib.PQpipelineSync(c->pg))
		e = pg_lost(c);
	for (size_t i = 0; i < n; i++) {
		if (pg_conn_is_alive(c))
			e = take_queued(c, &queue[i], &aborted, e);
		free(queue[i].what);
	}
	free(queue);
	if (pg_conn_is_alive(c)) {
		e = err_first(e, pg_next(c, &sync));
		pg_lib.PQclear(sync);
	}
	if (pg_conn_is_alive(c) && !pg_lib.PQexitPipelineMode(c->pg))
		e = err_first(e, pg_lost(c));
	return e;
}

/* Prepare and ask in one round trip; rows are given when it is over, because
 * they may lead to other questions. */
static struct err *prepare_and_ask(struct pg_conn *c, const char *sql,
				   const struct pg_arg *args, int n_args,
				   PGresult **r)
{
	struct err *e = pg_queue(c, sql, args, n_args, NULL, NULL);

	*r = NULL;
	if (c->n_queued)
		c->queue[c->n_queued - 1].keep = r;
	return err_first(e, pg_flush(c));
}

struct err *pg_query(struct pg_conn *c, const char *sql,
		     const struct pg_arg *args, int n_args, pg_row_fn row,
		     void *payload)
{
	const char *name;
	PGresult *r = NULL;
	struct params p;
	struct err *e;

	if (c->pooled)
		return pg_query_once(c, sql, args, n_args, row, payload);
	params_init(&p, args, n_args);
	name = map_get(&c->prepared, sql);
	e = name ? ask(c, sql, name, &p, &r)
		 : prepare_and_ask(c, sql, args, n_args, &r);
	if (!e && r)
		e = give_rows(r, row, payload);
	pg_lib.PQclear(r);
	return e;
}
