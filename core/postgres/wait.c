#include <errno.h>
#include <poll.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "postgres/impl.h"

/* Waiting for the server, with an eye on Ctrl-C. */

/* How long a Ctrl-C may go unnoticed that came between looking and waiting. */
#define LOOK_MS 250

static void ask_to_cancel(struct pg_conn *c)
{
	char why[256];

	if (c->hold || c->cancel_sent || !cancel_requested())
		return;
	c->cancel_sent = true;
	pg_lib.PQcancel(c->cancel, why, (int)sizeof(why));
}

/* What happens when the answer takes long. */
static struct err *look_at_clock(struct pg_conn *c)
{
	int64_t waited_ms = (clock_steady_us() - c->sent_us) / 1000;

	if (c->slow && !c->slow_told && waited_ms >= c->slow_after_ms) {
		c->slow_told = true;
		c->slow(c->slow_payload);
	}
	if (!c->patience_ms || waited_ms < c->patience_ms)
		return NULL;
	return err_code(err_new(ERR_STATE,
				"the server gives no answer within %lld s",
				(long long)c->patience_ms / 1000),
			"08006", NULL);
}

/* Up to the moment at which something is to be done. */
static int how_long(const struct pg_conn *c)
{
	int64_t waited_ms = (clock_steady_us() - c->sent_us) / 1000;
	int64_t left_ms = c->slow_after_ms - waited_ms;

	if (!c->slow || c->slow_told || left_ms >= LOOK_MS)
		return LOOK_MS;
	return left_ms > 0 ? (int)left_ms : 0;
}

static struct err *wait_for(struct pg_conn *c, short events)
{
	struct pollfd p = { .fd = pg_lib.PQsocket(c->pg), .events = events };

	ask_to_cancel(c);
	if (p.fd < 0)
		return pg_lost(c);
	if (poll(&p, 1, how_long(c)) < 0 && errno != EINTR)
		return pg_lost(c);
	if ((p.revents & (POLLIN | POLLERR | POLLHUP)) &&
	    !pg_lib.PQconsumeInput(c->pg))
		return pg_lost(c);
	return p.revents ? NULL : look_at_clock(c);
}

struct err *pg_wait_sent(struct pg_conn *c)
{
	struct err *e = NULL;
	int left;

	while (!e && (left = pg_lib.PQflush(c->pg)) != 0) {
		if (left < 0)
			return pg_lost(c);
		e = wait_for(c, POLLIN | POLLOUT);
	}
	return e;
}

struct err *pg_wait_input(struct pg_conn *c)
{
	struct err *e = pg_wait_sent(c);

	return e ? e : wait_for(c, POLLIN);
}

struct err *pg_wait_answer(struct pg_conn *c)
{
	struct err *e = pg_wait_sent(c);

	while (!e && pg_lib.PQisBusy(c->pg))
		e = wait_for(c, POLLIN);
	return e;
}

struct err *pg_next(struct pg_conn *c, PGresult **out)
{
	struct err *e = pg_wait_answer(c);

	*out = e ? NULL : pg_lib.PQgetResult(c->pg);
	return e;
}

void pg_drain(struct pg_conn *c)
{
	PGresult *r = NULL;
	struct err *e;

	while (!(e = pg_next(c, &r)) && r) {
		ExecStatusType status = pg_lib.PQresultStatus(r);

		pg_lib.PQclear(r);
		if (status == PGRES_COPY_IN)
			pg_lib.PQputCopyEnd(c->pg, "not wanted");
		if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN)
			break;
	}
	err_free(e);
}

struct err *pg_started(struct pg_conn *c, int sent)
{
	c->cancel_sent = c->slow_told = false;
	c->sent_us = clock_steady_us();
	return sent ? NULL : pg_lost(c);
}

void pg_conn_on_slow(struct pg_conn *c, int64_t after_ms,
		     void (*slow)(void *payload), void *payload)
{
	c->slow_after_ms = after_ms;
	c->slow = slow;
	c->slow_payload = payload;
}

void pg_conn_set_patience(struct pg_conn *c, int64_t ms)
{
	c->patience_ms = ms;
}
