#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cancel.h"
#include "base/crash.h"
#include "base/text.h"
#include "base/util.h"
#include "target/pg_driver.h"

/*
 * A copy by CREATE DATABASE ... TEMPLATE, which is all there or not at all;
 * and its end, DROP DATABASE. Both want nobody connected, so the runner lock
 * is held by the one connection that does the work.
 */

#define COPIED "copied"
#define REMOVED "removed"

#define GONE_TRIES \
	20 /* a session that has just ended is seen a little longer */
#define GONE_NS 50000000L

static void add_other(void *payload, const char *who)
{
	struct buf *b = payload;
	char *safe = text_safe(who);

	buf_addf(b, "%s%s", b->len ? ", " : "", safe);
	free(safe);
}

static struct err *name_others(struct pg_conn *c, const char *name,
			       struct buf *out)
{
	buf_reset(out);
	return pg_target_name_others(c, name, 0, add_other, out);
}

static struct err *in_use(const char *name, const struct buf *who,
			  const char *doing)
{
	return err_hintf(err_new(ERR_REFUSED,
				 "database '%s' cannot be %s while others are "
				 "connected: %s",
				 name, doing, buf_str(who)),
			 "end those sessions, then git migrate %s",
			 streq(doing, COPIED) ? "reconcile"
					      : "branches prune, or remove");
}

/* Wait a moment for those who are leaving, then name who stays. */
static struct err *refuse_others(struct pg_conn *c, const char *name,
				 const char *doing)
{
	const struct timespec pause = { 0, GONE_NS };
	struct buf who = BUF_INIT;
	struct err *e = name_others(c, name, &who);

	for (int i = 0; !e && who.len && i < GONE_TRIES; i++) {
		nanosleep(&pause, NULL);
		e = cancel_check();
		if (!e)
			e = name_others(c, name, &who);
	}
	if (!e && who.len)
		e = in_use(name, &who, doing);
	buf_release(&who);
	return e;
}

/* What the server said, with what would help. */
static struct err *explain(struct pg_conn *c, const char *name,
			   const char *doing, struct err *e)
{
	const char *code = e ? err_code_of(e) : NULL;
	struct buf who = BUF_INIT;
	struct err *none;

	if (!code)
		return e;
	if (streq(code, "42501"))
		return err_hintf(e,
				 "it takes the right to make databases (ALTER "
				 "ROLE \"%s\" CREATEDB), and to own the one "
				 "that is copied or removed",
				 pg_conn_user(c));
	if (!streq(code, "55006"))
		return e;
	none = name_others(c, name, &who);
	if (!none && who.len) {
		err_free(e);
		e = in_use(name, &who, doing);
	} else if (err_detail_of(e)) {
		e = err_hintf(e, "%s", err_detail_of(e));
	}
	err_free(none);
	buf_release(&who);
	return e;
}

static struct err *exists(struct pg_conn *c, const char *name, bool *out)
{
	struct pg_arg arg = pg_text(name);
	int64_t n = 0;
	struct err *e = pg_query_int(
		c, "SELECT count(*) FROM pg_database WHERE datname = $1", &arg,
		1, &n);

	*out = n > 0;
	return e;
}

/* --- making --- */

static struct err *take_text(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *b = payload;

	(void)n;
	if (cell[0].s)
		buf_addstr(b, cell[0].s);
	return NULL;
}

/* The owner stays who it was, where that is ours to say. */
static struct err *create(struct pg_conn *c, const char *from, const char *name)
{
	struct buf owner = BUF_INIT, sql = BUF_INIT;
	struct err *e =
		pg_query_once(c,
			      "SELECT pg_get_userbyid(datdba) FROM pg_database "
			      "WHERE datname = current_database() "
			      "AND pg_has_role(datdba, 'MEMBER')",
			      NULL, 0, take_text, &owner);

	buf_addstr(&sql, "CREATE DATABASE ");
	pg_add_name(&sql, name);
	buf_addstr(&sql, " TEMPLATE ");
	pg_add_name(&sql, from);
	if (owner.len) {
		buf_addstr(&sql, " OWNER ");
		pg_add_name(&sql, buf_str(&owner));
	}
	if (!e)
		e = explain(c, from, COPIED, pg_exec(c, buf_str(&sql)));
	buf_release(&sql);
	buf_release(&owner);
	return e;
}

static struct err *refuse_pooler(const struct pg_target *t)
{
	if (!pg_conn_is_pooled(t->c))
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
				"through a pooler a database cannot be copied: "
				"its sessions stay connected"),
			"connect past the pooler");
}

struct err *pg_target_copy(struct target *base, const struct target_copy *opt,
			   char **work)
{
	struct pg_target *t = pg_target_of(base);
	char *name = NULL;
	bool there = false;
	const char *from = pg_conn_database(t->c);
	struct err *e = pg_url_database(opt->url, &name);

	if (!e)
		e = exists(t->c, name, &there);
	if (!e && !there)
		e = refuse_pooler(t);
	if (!e && !there)
		e = pg_target_lock_alone(base, opt->timeout_ms, opt->waiting,
					 opt->payload);
	/* another run may have made it while this one waited */
	if (!e && !there)
		e = exists(t->c, name, &there);
	if (!e && !there)
		e = refuse_others(t->c, from, COPIED);
	if (!e && !there)
		e = opt->begins(opt->payload);
	if (!e && !there) {
		e = create(t->c, from, name);
		crash_point("copy-made");
		if (!e)
			*work = xstrdup(opt->url);
	}
	free(name);
	return e;
}

/* --- what is beside it --- */

struct beside {
	struct pg_target *t;
	struct buf *sql; /* statements, each with its NUL */
	void (*told)(void *payload, const char *text);
	void *payload;
};

static struct err *take_statement(void *payload, int n,
				  const struct pg_cell *cell)
{
	struct beside *b = payload;

	(void)n;
	if (cell[0].s)
		buf_add(b->sql, cell[0].s, cell[0].len + 1);
	return NULL;
}

/* A list keeps its quotes when the session has the value and the database
 * takes it from there. Who one is stays out of it. */
static const char settings_sql[] =
	"SELECT format('SELECT set_config(%L, %L, true); "
	"ALTER DATABASE %I SET %I FROM CURRENT', split_part(s, '=', 1), "
	"substr(s, strpos(s, '=') + 1), current_database(), "
	"split_part(s, '=', 1)) "
	"FROM pg_database d JOIN pg_db_role_setting r "
	"ON r.setdatabase = d.oid AND r.setrole = 0, unnest(r.setconfig) s "
	"WHERE d.datname = $1 "
	"AND split_part(s, '=', 1) NOT IN ('role', 'session_authorization')";

static const char grants_sql[] =
	"SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', "
	"current_database()) FROM pg_database "
	"WHERE datname = $1 AND datacl IS NOT NULL UNION ALL "
	"SELECT format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, "
	"current_database(), CASE a.grantee WHEN 0 THEN 'PUBLIC' "
	"ELSE quote_ident(pg_get_userbyid(a.grantee)) END, "
	"CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
	"FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1";

/* What is not ours to say is told, and the rest done. Each is a transaction:
 * settings of the session end with it. */
static struct err *run_statement(struct beside *b, const char *sql)
{
	struct pg_conn *c = b->t->c;
	struct err *e = pg_exec(c, sql);
	char *text;

	if (!e || !err_code_of(e) || !pg_conn_is_alive(c))
		return e;
	text = xasprintf("the copy lacks a setting of the database: %s",
			 err_text(e));
	b->told(b->payload, text);
	free(text);
	err_free(e);
	return NULL;
}

struct err *pg_target_copy_adopt(struct target *base, const char *from,
				 void (*told)(void *payload, const char *text),
				 void *payload)
{
	struct buf sql = BUF_INIT;
	struct beside b = { pg_target_of(base), &sql, told, payload };
	char *name = NULL;
	struct err *e = pg_url_database(from, &name);
	struct pg_arg arg = pg_text(name);

	if (!e)
		e = pg_query_once(b.t->c, settings_sql, &arg, 1, take_statement,
				  &b);
	if (!e)
		e = pg_query_once(b.t->c, grants_sql, &arg, 1, take_statement,
				  &b);
	for (size_t at = 0; !e && at < sql.len; at += strlen(sql.data + at) + 1)
		e = run_statement(&b, sql.data + at);
	buf_release(&sql);
	free(name);
	return e;
}

/* --- removing --- */

/* It is still the one that was looked at, and not another of its name. */
static struct err *drop(struct pg_conn *c, const char *name, int64_t oid)
{
	struct pg_arg arg = pg_text(name);
	struct buf sql = BUF_INIT;
	int64_t now = 0;
	struct err *e = pg_query_int(
		c, "SELECT oid::bigint FROM pg_database WHERE datname = $1",
		&arg, 1, &now);

	if (!e && !now) /* another run was faster */
		return NULL;
	if (!e && now != oid)
		e = err_new(ERR_STATE,
			    "database '%s' was replaced by another one "
			    "meanwhile",
			    name);
	buf_addstr(&sql, "DROP DATABASE ");
	pg_add_name(&sql, name);
	if (!e)
		e = refuse_others(c, name, REMOVED);
	if (!e)
		e = explain(c, name, REMOVED, pg_exec(c, buf_str(&sql)));
	buf_release(&sql);
	return e;
}

struct err *pg_target_remove(struct target *base, const char *url)
{
	const struct pg_conn_options opt = {
		.application_name = "git-migrate",
		.connect_timeout_s = 15,
	};
	struct pg_target *t = pg_target_of(base);
	char *name = xstrdup(pg_conn_database(t->c));
	struct pg_conn *beside = NULL;
	int64_t oid = 0;
	struct err *e = pg_query_int(t->c,
				     "SELECT oid::bigint FROM pg_database "
				     "WHERE datname = current_database()",
				     NULL, 0, &oid);

	if (!e)
		e = pg_conn_open_beside(&beside, url, &opt);
	target_close(base); /* it, too, is connected */
	if (!e)
		e = drop(beside, name, oid);
	pg_conn_close(beside);
	free(name);
	return e;
}
