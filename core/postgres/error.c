#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/text.h"
#include "base/util.h"
#include "postgres/impl.h"

/* What libpq and the server say, as errors of ours. */

/* What to do next, by SQLSTATE or the first characters of one. Codes:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html */
static const struct {
	const char *code;
	const char *hint;
} hints[] = {
	{ "25006", "the server is a read-only standby, or the session is "
		   "read-only: use the primary" },
	{ "53100", "the server's disk is full: make room and run the command "
		   "again" },
	{ "53200", "the server is out of memory: run the command again, or "
		   "raise its limits" },
	{ "53300", "close other sessions, or raise max_connections (or the "
		   "role's CONNECTION LIMIT)" },
	{ "57P03", "the server is starting up or shutting down: try again" },
};

static const char *hint_for(const char *code)
{
	for (size_t i = 0; code && i < ARRAY_LEN(hints); i++)
		if (starts_with(code, hints[i].code))
			return hints[i].hint;
	return NULL;
}

/*
 * libpq's messages of a failed connection have a line per address that was
 * tried; the server's own words come behind "FATAL:". One line of it is
 * enough: the last one that says why.
 */
static char *open_reason(const char *message)
{
	const char *line = message, *fatal = strstr(message, "FATAL:  ");
	size_t n;

	for (const char *next = fatal; next;
	     next = strstr(next + 1, "FATAL:  "))
		fatal = next;
	if (fatal)
		line = fatal + strlen("FATAL:  ");
	n = strcspn(line, "\n");
	return xstrndup(line, n);
}

/* By what the message says: before a session there is no SQLSTATE. The
 * server's messages may be translated; then there is no hint. */
static const struct {
	const char *part, *hint;
} open_hints[] = {
	{ "password authentication failed",
	  "check the user and the password file (~/.pgpass, PGPASSFILE)" },
	{ "no password supplied",
	  "put the password into ~/.pgpass or PGPASSWORD" },
	{ "could not translate host name", "check the host in the URL" },
	{ "Connection refused",
	  "check that the server runs and listens on that host and port" },
	{ "No such file or directory",
	  "check that the server runs and where its socket is (host=FOLDER)" },
	{ "no pg_hba.conf entry",
	  "the server does not let this user, database "
	  "and address in; its pg_hba.conf decides, and "
	  "some lines want SSL (sslmode=require)" },
	{ "does not support SSL", "use sslmode=prefer or disable, or turn SSL "
				  "on at the server" },
	{ "too many clients", "close other sessions, or raise "
			      "max_connections" },
	{ "too many connections", "close other sessions, or raise the limit of "
				  "the role or database" },
	{ "remaining connection slots", "close other sessions, or raise "
					"max_connections" },
	{ "starting up", "try again in a moment" },
};

static struct err *open_hint(struct err *e, PGconn *pg, const char *why)
{
	const char *db = pg_lib.PQdb(pg);

	if (strstr(why, "database \"") && strstr(why, "does not exist"))
		return err_hintf(e, "createdb %s", db && *db ? db : "NAME");
	if (strstr(why, "role \"") && strstr(why, "does not exist"))
		return err_hint(e, "check the user in the URL (or PGUSER)");
	for (size_t i = 0; i < ARRAY_LEN(open_hints); i++)
		if (strstr(why, open_hints[i].part))
			return err_hint(e, open_hints[i].hint);
	return e;
}

struct err *pg_open_error(PGconn *pg)
{
	char *why = open_reason(pg_lib.PQerrorMessage(pg));
	char *safe = text_safe(why);
	struct err *e;

	e = err_new(ERR_TARGET, "cannot connect to PostgreSQL: %s", safe);
	e = err_code(e, "08001", NULL);
	e = open_hint(e, pg, why);
	free(safe);
	free(why);
	return e;
}

struct err *pg_lost(struct pg_conn *c)
{
	char *why = open_reason(pg_lib.PQerrorMessage(c->pg));
	char *safe = text_safe(why);
	struct err *e =
		err_new(ERR_TARGET, "the connection to the server is lost%s%s",
			*safe ? ": " : "", safe);

	free(safe);
	free(why);
	return err_hint(err_code(e, "08006", NULL),
			"what was not committed is undone; run the command "
			"again when the server answers");
}

/* Bytes in front of the n-th character (from 1) of UTF-8 text. */
static size_t character_offset(const char *s, long n)
{
	size_t at = 0;

	while (s[at] && n > 1) {
		at++;
		if (((unsigned char)s[at] & 0xc0) != 0x80)
			n--;
	}
	return at;
}

static struct err *place(struct err *e, const char *sql, const char *position)
{
	struct err_at at = { .path = "" };
	long n = position ? strtol(position, NULL, 10) : 0;

	if (!sql || n < 1)
		return e;
	text_position(sql, character_offset(sql, n), &at.line, &at.col);
	return err_at(e, at);
}

static enum err_class class_of(struct pg_conn *c, const char *code)
{
	if (streq(code, "57014") && c->cancel_sent && cancel_requested())
		return ERR_CANCELLED;
	if (streq(code, "55P03") || streq(code, "40P01") ||
	    streq(code, "40001"))
		return ERR_STATE;
	return ERR_TARGET;
}

struct err *pg_result_error(struct pg_conn *c, const PGresult *r,
			    const char *sql)
{
	const char *code = pg_lib.PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text =
		pg_lib.PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = pg_lib.PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
	char *safe;
	struct err *e;

	/* not the server's words but libpq's: the connection broke */
	if (!code || !text)
		return pg_lost(c);
	if (class_of(c, code) == ERR_CANCELLED) {
		e = cancel_check();
		if (e)
			return e;
	}
	safe = text_safe(text);
	e = err_new(class_of(c, code), "%s (SQLSTATE %s)", safe, code);
	free(safe);
	e = err_code(e, code,
		     pg_lib.PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL));
	if (!hint)
		hint = hint_for(code);
	if (hint) {
		safe = text_safe(hint);
		e = err_hint(e, safe);
		free(safe);
	}
	return place(e, sql,
		     pg_lib.PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION));
}
