#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"
#include "target/pg_driver.h"

#define CONNECT_TIMEOUT_S 15

static void on_notice(void *payload, const char *severity, const char *text)
{
	struct pg_target *t = payload;

	/* not what our own statements are told */
	if (t->notice && t->running)
		t->notice(t->notice_payload, severity, text);
}

/*
 * What tells a copy from its original: the cluster's identifier and the
 * database's oid (pg_control_system() may be called by anybody).
 */
static struct err *take_location(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct pg_target *t = payload;
	const char *host = pg_conn_host(t->c), *port = pg_conn_port(t->c);
	char name[256] = "local";

	(void)n;
	/* a socket is this machine's */
	if (!host || !*host || *host == '/') {
		gethostname(name, sizeof(name) - 1);
		host = name;
	}
	free(t->location);
	t->location = xasprintf("postgresql %s:%s %s:%s %s", cell[0].s,
				cell[1].s, host, port, cell[2].s);
	t->has_meta = cell[3].s != NULL;
	return NULL;
}

static struct err *look_around(struct pg_target *t)
{
	char *meta = xasprintf("\"%s\".meta", t->journal);
	struct pg_arg arg = pg_text(meta);
	struct err *e;

	e = pg_query(t->c,
		     "SELECT (SELECT system_identifier FROM "
		     "pg_control_system()), oid, datname, to_regclass($1) "
		     "FROM pg_database WHERE datname = current_database()",
		     &arg, 1, take_location, t);
	free(meta);
	return pg_target_explain(t, "", e);
}

/* The server's words may be in any language: it is asked. */
static bool is_missing(const char *url, const struct pg_conn_options *opt)
{
	struct pg_conn_options quiet = { opt->application_name,
					 opt->connect_timeout_s, NULL, NULL,
					 NULL };
	struct pg_conn *beside = NULL;
	char *name = NULL;
	int64_t n = 1;
	struct err *e = pg_url_database(url, &name);
	struct pg_arg arg = pg_text(name);

	if (!e && name)
		e = pg_conn_open_beside(&beside, url, &quiet);
	if (beside)
		e = pg_query_int(beside,
				 "SELECT count(*) FROM pg_database "
				 "WHERE datname = $1",
				 &arg, 1, &n);
	pg_conn_close(beside);
	err_free(e);
	free(name);
	return n == 0;
}

struct err *target_pg_open(struct target **out, const char *url,
			   const struct target_options *opt)
{
	struct pg_target *t = xcalloc(1, sizeof(*t));
	struct pg_conn_options conn = {
		.application_name = "git-migrate",
		.connect_timeout_s = CONNECT_TIMEOUT_S,
		.notice = on_notice,
		.payload = t,
	};
	bool missing = false;
	struct err *e;

	*out = NULL;
	t->base.ops = &target_pg_ops;
	t->base.lock_timeout_ms = opt->lock_timeout_ms;
	t->journal = xstrdup(opt->journal ? opt->journal : "git_migrate");
	t->notice = opt->notice;
	t->notice_payload = opt->notice_payload;
	e = pg_conn_open(&t->c, url, &conn);
	if (!e)
		e = look_around(t);
	else if (opt->missing_ok && is_missing(url, &conn))
		missing = true;
	if (e)
		target_pg_ops.close(&t->base);
	else
		*out = &t->base;
	if (!missing)
		return e;
	err_free(e);
	return NULL;
}
