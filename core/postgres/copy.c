#include <assert.h>
#include <stdlib.h>

#include "base/util.h"
#include "postgres/impl.h"

/* COPY between the server and us. */

static struct err *begin(struct pg_conn *c, const char *sql,
			 ExecStatusType want)
{
	PGresult *r = NULL;
	ExecStatusType status;
	struct err *e = pg_started(c, pg_lib.PQsendQuery(c->pg, sql));

	assert(!c->copying);
	if (!e)
		e = pg_next(c, &r);
	if (e)
		return e;
	status = r ? pg_lib.PQresultStatus(r) : PGRES_FATAL_ERROR;
	if (status == want)
		c->copying = true;
	else if (r && status == PGRES_FATAL_ERROR)
		e = pg_result_error(c, r, NULL);
	else
		e = err_new(ERR_TARGET, "the server does not copy");
	pg_lib.PQclear(r);
	if (e)
		pg_drain(c);
	return e;
}

/* The end of a COPY: what the server says about all of it. */
static struct err *finish(struct pg_conn *c, uint64_t *rows)
{
	struct err *e = NULL, *lost;
	PGresult *r;

	c->copying = false;
	while (!(lost = pg_next(c, &r)) && r) {
		if (pg_lib.PQresultStatus(r) == PGRES_FATAL_ERROR)
			e = err_first(e, pg_result_error(c, r, NULL));
		else if (rows)
			*rows = strtoull(pg_lib.PQcmdTuples(r), NULL, 10);
		pg_lib.PQclear(r);
	}
	return err_first(e, lost);
}

struct err *pg_copy_out_begin(struct pg_conn *c, const char *sql)
{
	return begin(c, sql, PGRES_COPY_OUT);
}

struct err *pg_copy_out_next(struct pg_conn *c, const char **line, size_t *len)
{
	struct err *e = NULL;
	int n;

	if (c->line)
		pg_lib.PQfreemem(c->line);
	c->line = NULL;
	*line = NULL;
	*len = 0;
	while ((n = pg_lib.PQgetCopyData(c->pg, &c->line, 1)) == 0)
		if ((e = pg_wait_input(c)))
			return e;
	if (n < 0)
		return finish(c, NULL);
	*line = c->line;
	*len = (size_t)n;
	return NULL;
}

void pg_copy_out_abort(struct pg_conn *c)
{
	const char *line;
	size_t len;
	char why[256];

	if (!c->copying)
		return;
	pg_lib.PQcancel(c->cancel, why, (int)sizeof(why));
	do
		err_free(pg_copy_out_next(c, &line, &len));
	while (line);
	c->copying = false;
}

struct err *pg_copy_in_begin(struct pg_conn *c, const char *sql)
{
	return begin(c, sql, PGRES_COPY_IN);
}

struct err *pg_copy_in_put(struct pg_conn *c, const void *data, size_t len)
{
	struct err *e = NULL;
	int sent = 0;

	while (!e && sent == 0) {
		sent = pg_lib.PQputCopyData(c->pg, data, (int)len);
		if (sent < 0)
			return pg_lost(c);
		if (sent == 0)
			e = pg_wait_sent(c);
	}
	return e;
}

struct err *pg_copy_in_end(struct pg_conn *c, uint64_t *rows)
{
	struct err *e = pg_wait_sent(c);

	if (!e && pg_lib.PQputCopyEnd(c->pg, NULL) < 0)
		e = pg_lost(c);
	return err_first(e, finish(c, rows));
}

void pg_copy_in_abort(struct pg_conn *c)
{
	if (!c->copying)
		return;
	pg_lib.PQputCopyEnd(c->pg, "given up");
	err_free(finish(c, NULL));
}
