#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "postgres/impl.h"

/* A connection's life, and what can be told about it without asking. */

/* The oldest release whose catalogs this program knows. */
#define OLDEST_VERSION 120000

static void receive_notice(void *payload, const PGresult *r)
{
	struct pg_conn *c = payload;
	const char *severity, *text;

	if (!c->opt.notice)
		return;
	severity = pg_lib.PQresultErrorField(r, PG_DIAG_SEVERITY);
	text = pg_lib.PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	if (text)
		c->opt.notice(c->opt.payload, severity ? severity : "NOTICE",
			      text);
}

/* libpq's words are not repeated: they may quote the password's part. */
static struct err *check_url(const char *url, int *timeout_s, char **database)
{
	char *why = NULL;
	PQconninfoOption *options = pg_lib.PQconninfoParse(url, &why);
	const char *env = getenv("PGCONNECT_TIMEOUT");

	if (env)
		*timeout_s = (int)strtol(env, NULL, 10);
	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (streq(o->keyword, "connect_timeout") && o->val)
			*timeout_s = (int)strtol(o->val, NULL, 10);
	for (PQconninfoOption *o = options; database && o && o->keyword; o++)
		if (streq(o->keyword, "dbname") && o->val && *o->val)
			*database = xstrdup(o->val);
	pg_lib.PQconninfoFree(options);
	if (!why)
		return NULL;
	pg_lib.PQfreemem(why);
	return err_hint(
		err_new(ERR_USAGE, "the database URL cannot be read by libpq"),
		"write postgresql://USER@HOST:PORT/DATABASE, with "
		"percent signs for special characters (RFC 3986)");
}

static struct err *timed_out(int timeout_s)
{
	return err_hint(err_code(err_new(ERR_TARGET,
					 "cannot connect to PostgreSQL: no "
					 "answer within %d s",
					 timeout_s),
				 "08001", NULL),
			"check host and port; connect_timeout=SECONDS in the "
			"URL waits longer");
}

static struct err *wait_open(struct pg_conn *c, int timeout_s)
{
	int64_t end = clock_steady_us() + (int64_t)timeout_s * 1000000;
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	struct err *e;

	while (want != PGRES_POLLING_OK) {
		struct pollfd p = { .fd = pg_lib.PQsocket(c->pg) };

		if (want == PGRES_POLLING_FAILED ||
		    pg_lib.PQstatus(c->pg) == CONNECTION_BAD)
			return pg_open_error(c->pg);
		if ((e = cancel_check()))
			return e;
		if (timeout_s > 0 && clock_steady_us() > end)
			return timed_out(timeout_s);
		p.events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		if (poll(&p, 1, 250) < 0 && errno != EINTR)
			return pg_open_error(c->pg);
		if (p.revents)
			want = pg_lib.PQconnectPoll(c->pg);
	}
	return NULL;
}

static struct err *take_pid(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_conn *c = payload;

	(void)n;
	c->pooled = strtol(cell[0].s, NULL, 10) != pg_lib.PQbackendPID(c->pg);
	return NULL;
}

static struct err *check_server(struct pg_conn *c)
{
	int version = pg_lib.PQserverVersion(c->pg);

	if (version < OLDEST_VERSION)
		return err_hint(
			err_new(ERR_TARGET,
				"the server is PostgreSQL %d.%d, which "
				"is too old",
				version / 10000,
				version >= 100000 /* two parts from 10 on */
					? version % 10000
					: version / 100 % 100),
			"git migrate works with PostgreSQL 12 and "
			"later");
	/* a pooler's answer to the second differs from the first */
	c->pooled = true; /* nothing is prepared before it is known */
	return pg_query(c, "SELECT pg_backend_pid()", NULL, 0, take_pid, c);
}

struct err *pg_conn_open(struct pg_conn **out, const char *url,
			 const struct pg_conn_options *opt)
{
	/* only the first dbname is read as a URL; a second one wins */
	const char *keys[] = { "dbname", "fallback_application_name",
			       "client_encoding",
			       opt->database ? "dbname" : NULL, NULL };
	const char *values[] = { url, opt->application_name, "UTF8",
				 opt->database, NULL };
	int timeout_s = opt->connect_timeout_s;
	struct pg_conn *c;
	struct err *e = pg_lib_load();

	*out = NULL;
	if (!e)
		e = check_url(url, &timeout_s, NULL);
	if (e)
		return e;
	c = xcalloc(1, sizeof(*c));
	c->opt = *opt;
	c->application_name = xstrdup(opt->application_name);
	c->opt.application_name = c->application_name;
	c->url = xstrdup(url);
	c->pg = pg_lib.PQconnectStartParams(keys, values, 1);
	e = wait_open(c, timeout_s);
	if (!e) {
		pg_lib.PQsetNoticeReceiver(c->pg, receive_notice, c);
		pg_lib.PQsetnonblocking(c->pg, 1);
		c->cancel = pg_lib.PQgetCancel(c->pg);
		e = check_server(c);
	}
	if (e)
		pg_conn_close(c);
	else
		*out = c;
	return e;
}

struct err *pg_url_database(const char *url, char **out)
{
	int unused = 0;
	struct err *e = pg_lib_load();

	*out = NULL;
	return e ? e : check_url(url, &unused, out);
}

struct err *pg_conn_open_beside(struct pg_conn **out, const char *url,
				const struct pg_conn_options *opt)
{
	struct pg_conn_options o = *opt;
	struct err *e, *second;

	o.database = "postgres";
	e = pg_conn_open(out, url, &o);
	if (!e)
		return NULL;
	o.database = "template1";
	second = pg_conn_open(out, url, &o);
	if (second) {
		err_free(second);
		return e;
	}
	err_free(e);
	return NULL;
}

struct err *pg_conn_again(struct pg_conn **out, const struct pg_conn *like)
{
	return pg_conn_open(out, like->url, &like->opt);
}

void pg_conn_close(struct pg_conn *c)
{
	if (!c)
		return;
	if (c->line)
		pg_lib.PQfreemem(c->line);
	if (c->cancel)
		pg_lib.PQfreeCancel(c->cancel);
	pg_lib.PQfinish(c->pg);
	pg_conn_forget(c);
	for (size_t i = 0; i < c->n_queued; i++)
		free(c->queue[i].what);
	free(c->queue);
	free(c->application_name);
	free(c->url);
	free(c);
}

int pg_client_version(void)
{
	struct err *e = pg_lib_load();
	int version = e ? 0 : pg_lib.PQlibVersion();

	err_free(e);
	return version;
}

int pg_conn_version(const struct pg_conn *c)
{
	return pg_lib.PQserverVersion(c->pg);
}

bool pg_conn_is_pooled(const struct pg_conn *c)
{
	return c->pooled;
}

bool pg_conn_in_transaction(const struct pg_conn *c)
{
	PGTransactionStatusType s = pg_lib.PQtransactionStatus(c->pg);

	return s == PQTRANS_INTRANS || s == PQTRANS_INERROR ||
	       s == PQTRANS_ACTIVE;
}

bool pg_conn_has_failed(const struct pg_conn *c)
{
	return pg_lib.PQtransactionStatus(c->pg) == PQTRANS_INERROR;
}

bool pg_conn_is_alive(const struct pg_conn *c)
{
	return pg_lib.PQstatus(c->pg) == CONNECTION_OK;
}

int pg_conn_pid(const struct pg_conn *c)
{
	return c->pooled ? 0 : pg_lib.PQbackendPID(c->pg);
}

const char *pg_conn_database(const struct pg_conn *c)
{
	return pg_lib.PQdb(c->pg);
}

const char *pg_conn_user(const struct pg_conn *c)
{
	return pg_lib.PQuser(c->pg);
}

const char *pg_conn_host(const struct pg_conn *c)
{
	return pg_lib.PQhost(c->pg);
}

const char *pg_conn_port(const struct pg_conn *c)
{
	return pg_lib.PQport(c->pg);
}

void pg_conn_hold(struct pg_conn *c, bool hold)
{
	c->hold = hold;
}
