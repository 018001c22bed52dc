#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "postgres/impl.h"

/* Somebody else's statement, by the simple protocol. */

#define COPY_PIECE (1 << 20)

static struct err *send_copy(struct pg_conn *c, const char *data, size_t len)
{
	struct err *e = NULL;
	int sent;

	while (len > 0 && !e) {
		size_t n = len < COPY_PIECE ? len : COPY_PIECE;

		sent = pg_lib.PQputCopyData(c->pg, data, (int)n);
		if (sent < 0)
			return pg_lost(c);
		if (sent == 0) { /* libpq's buffer is full */
			e = pg_wait_sent(c);
			continue;
		}
		data += n;
		len -= n;
		e = pg_wait_sent(c);
	}
	if (!e && pg_lib.PQputCopyEnd(c->pg, NULL) < 0)
		e = pg_lost(c);
	return e;
}

/* COPY ... TO STDOUT in a migration: nobody is there to read it. */
static struct err *skip_copy(struct pg_conn *c)
{
	struct err *e = NULL;
	char *data;
	int n;

	while (!e) {
		n = pg_lib.PQgetCopyData(c->pg, &data, 1);
		if (n > 0)
			pg_lib.PQfreemem(data);
		else if (n == 0)
			e = pg_wait_input(c);
		else
			break;
	}
	return e;
}

static struct err *take_result(struct pg_conn *c, PGresult *r, const char *sql,
			       const struct pg_statement *s, int64_t *rows)
{
	const char *count;

	switch (pg_lib.PQresultStatus(r)) {
	case PGRES_COPY_IN:
		if (s->copy_data)
			return send_copy(c, s->copy_data, s->copy_len);
		pg_lib.PQputCopyEnd(c->pg, "no data follow COPY FROM STDIN");
		return NULL;
	case PGRES_COPY_OUT:
		return skip_copy(c);
	case PGRES_FATAL_ERROR:
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
		return pg_result_error(c, r, sql);
	case PGRES_COPY_BOTH:
	case PGRES_EMPTY_QUERY:
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_PIPELINE_SYNC:
	case PGRES_PIPELINE_ABORTED:
	default:
		break;
	}
	count = pg_lib.PQcmdTuples(r);
	/* a SELECT counts what it gave, not what it changed */
	if (rows && *count && pg_lib.PQresultStatus(r) == PGRES_COMMAND_OK)
		*rows += strtoll(count, NULL, 10);
	return NULL;
}

struct err *pg_place(struct err *e, unsigned line, unsigned col)
{
	const struct err_at *in = e ? err_at_of(e) : NULL;
	struct err_at at = { "", line, col };

	if (in && in->line > 1) {
		at.line = line + in->line - 1;
		at.col = in->col;
	} else if (in && in->line == 1) {
		at.col = col + in->col - 1;
	}
	return err_move(e, at);
}

struct err *pg_run(struct pg_conn *c, const struct pg_statement *s,
		   int64_t *rows)
{
	char *text = xstrndup(s->sql, s->len);
	struct err *e = pg_started(c, pg_lib.PQsendQuery(c->pg, text));
	struct err *lost = NULL;
	PGresult *r;

	if (rows)
		*rows = 0;
	while (!e && !(lost = pg_next(c, &r)) && r) {
		e = take_result(c, r, text, s, rows);
		pg_lib.PQclear(r);
	}
	if (e && pg_conn_is_alive(c))
		pg_drain(c);
	free(text);
	return pg_place(err_first(e, lost), s->line, s->col);
}
