#include "effects/replay_pg.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "schema/schema_pg.h"

/*
 * Databases made for a replay. Their role may do nothing outside of them: no
 * superuser, no file and no program of the server, and no way to become one
 * who may. They are named git_migrate_replay_<pid>_<seconds>_<n>; those that a
 * process left behind are dropped by the next one, an hour later.
 */

#define OURS "git_migrate_replay_"
#define TEMPLATE "git_migrate_base_"
#define STALE_S 3600
#define TEMPLATE_S ((int64_t)14 * 24 * 3600)

static const struct pg_conn_options options = {
	.application_name = "git-migrate replay",
	.connect_timeout_s = 10,
};

/* The same place, another database: libpq takes the last one named. */
static char *uri_of(const char *uri, const char *name)
{
	if (starts_with(uri, "postgresql://") ||
	    starts_with(uri, "postgres://"))
		return xasprintf("%s%cdbname=%s", uri,
				 strchr(uri, '?') ? '&' : '?', name);
	return xasprintf("%s dbname=%s", uri, name);
}

static char *new_name(void)
{
	static unsigned n;

	return xasprintf(OURS "%ld_%lld_%u", (long)getpid(),
			 (long long)clock_now(), ++n);
}

static struct err *exec_name(struct pg_conn *c, const char *before,
			     const char *name, const char *behind)
{
	struct buf sql = BUF_INIT;
	struct err *e;

	buf_addstr(&sql, before);
	pg_add_name(&sql, name);
	buf_addstr(&sql, behind);
	e = pg_exec(c, buf_str(&sql));
	buf_release(&sql);
	return e;
}

static void drop(struct pg_conn *c, const char *name)
{
	const char *force = pg_conn_version(c) >= 130000 ? " WITH (FORCE)" : "";

	err_free(exec_name(c, "DROP DATABASE IF EXISTS ", name, force));
}

void replay_pg_drop(struct replay_pg *r, const char *name)
{
	pg_conn_hold(r->admin, true);
	drop(r->admin, name);
	pg_conn_hold(r->admin, false);
}

/* template NULL = the server's own */
static struct err *create(struct pg_conn *c, const char *name,
			  const char *template, const char *more)
{
	struct buf behind = BUF_INIT;
	struct err *e;

	if (template) {
		buf_addstr(&behind, " TEMPLATE ");
		pg_add_name(&behind, template);
	}
	buf_addstr(&behind, more);
	e = exec_name(c, "CREATE DATABASE ", name, buf_str(&behind));
	buf_release(&behind);
	return err_hint(err_wrap(e, "make a scratch database"),
			"the role of migrate.scratch has to be allowed to make "
			"databases: ALTER ROLE ... CREATEDB");
}

static const char powers_sql[] =
	"SELECT CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolsuper AND "
	"pg_has_role(current_user, oid, 'MEMBER')) THEN 'is a superuser, or "
	"can "
	"become one' WHEN EXISTS (SELECT FROM pg_roles WHERE rolname IN "
	"('pg_execute_server_program', 'pg_read_server_files', "
	"'pg_write_server_files') AND pg_has_role(current_user, oid, "
	"'MEMBER')) "
	"THEN 'may use files or programs of the server' WHEN EXISTS (SELECT "
	"FROM pg_roles WHERE rolcreaterole AND pg_has_role(current_user, oid, "
	"'MEMBER')) THEN 'may make roles, and so give itself any right' END";

static struct err *take_text(void *payload, int n, const struct pg_cell *cell)
{
	char **out = payload;

	(void)n;
	free(*out);
	*out = cell[0].s ? xstrdup(cell[0].s) : NULL;
	return NULL;
}

static struct err *check_role(struct pg_conn *c)
{
	char *power = NULL;
	struct err *e =
		pg_query_once(c, powers_sql, NULL, 0, take_text, &power);

	if (!e && power)
		e = err_hint(err_new(ERR_REFUSED,
				     "the role '%s' of the scratch server %s",
				     pg_conn_user(c), power),
			     "migrations are replayed as somebody else's code: "
			     "give migrate.scratch a role of its own, CREATE "
			     "ROLE ... LOGIN CREATEDB");
	free(power);
	return e;
}

struct names {
	char **list;
	size_t n, cap;
};

static struct err *take_name(void *payload, int n, const struct pg_cell *cell)
{
	struct names *names = payload;

	(void)n;
	VEC_GROW(names->list, names->n, names->cap);
	names->list[names->n++] = xstrdup(cell[0].s);
	return NULL;
}

/* Our own, of a process that did not clean up, or that nobody wants now. */
static void drop_stale(struct pg_conn *c)
{
	struct names names = { NULL, 0, 0 };
	struct buf sql = BUF_INIT;

	buf_addf(&sql,
		 "SELECT d.datname FROM pg_database d WHERE d.datdba = "
		 "(SELECT oid FROM pg_roles WHERE rolname = current_user) AND "
		 "((d.datname ~ '^" OURS "[0-9]+_[0-9]{1,12}_[0-9]+$' AND "
		 "split_part(d.datname, '_', 5)::bigint < %lld AND NOT EXISTS "
		 "(SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)) OR "
		 "(d.datname ~ '^" TEMPLATE "[0-9a-z]+$' AND coalesce("
		 "substring(shobj_description(d.oid, 'pg_database') FROM "
		 "'^made ([0-9]{1,12})$')::bigint, 0) < %lld))",
		 (long long)clock_now() - STALE_S,
		 (long long)(clock_now() - TEMPLATE_S));
	err_free(pg_query_once(c, buf_str(&sql), NULL, 0, take_name, &names));
	for (size_t i = 0; i < names.n; i++) {
		drop(c, names.list[i]);
		free(names.list[i]);
	}
	free(names.list);
	buf_release(&sql);
}

static struct err *has_database(struct pg_conn *c, const char *name, bool *has)
{
	struct pg_arg arg = pg_text(name);
	int64_t n = 0;
	struct err *e;

	e = pg_query_int(c,
			 "SELECT count(*) FROM pg_database WHERE datname = $1",
			 &arg, 1, &n);
	*has = n > 0;
	return e;
}

/* Names are cut at 63 bytes; 40 of a hash tell keys apart. */
static char *template_name(const char *key)
{
	char *name = xasprintf(TEMPLATE "%.40s", key);

	for (char *c = name + strlen(TEMPLATE); *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = 'x';
		else
			*c = (char)tolower((unsigned char)*c);
	return name;
}

void replay_pg_disconnect(struct replay_pg *r)
{
	pg_conn_close(r->c);
	r->c = NULL;
}

struct err *replay_pg_connect(struct replay_pg *r)
{
	struct err *e;
	char *uri;

	if (r->c && pg_conn_is_alive(r->c))
		return NULL;
	replay_pg_disconnect(r);
	uri = uri_of(r->uri, r->name);
	e = pg_conn_open(&r->c, uri, &options);
	free(uri);
	return err_wrap(e, "open a scratch database");
}

static void pg_close_replay(struct replay *base)
{
	struct replay_pg *r = replay_pg_of(base);

	replay_pg_disconnect(r);
	if (r->admin && r->name)
		replay_pg_drop(r, r->name);
	pg_conn_close(r->admin);
	replay_release(base);
	free(r->uri);
	free(r->name);
	free(r->key);
	free(r);
}

static struct err *pg_clone(struct replay *base, struct replay **out);
static struct err *pg_refresh(struct replay *base);

static const struct replay_ops pg_ops = {
	.close = pg_close_replay,
	.clone = pg_clone,
	.run = replay_pg_run,
	.seed = replay_pg_seed,
	.refresh = pg_refresh,
	.rows = replay_pg_rows,
};

static struct replay_pg *new_replay(const char *uri,
				    const struct replay_limits *limits)
{
	struct replay_pg *r = xcalloc(1, sizeof(*r));

	replay_init(&r->base, &pg_ops, limits);
	r->uri = xstrdup(uri);
	return r;
}

static struct err *make_first(struct replay_pg *r)
{
	char *template = r->key ? template_name(r->key) : NULL;
	struct err *e = NULL;

	if (template)
		e = has_database(r->admin, template, &r->kept);
	r->name = new_name();
	if (!e)
		e = create(r->admin, r->name, r->kept ? template : NULL, "");
	free(template);
	return e;
}

struct err *replay_pg_open(struct replay **out, const char *uri,
			   const char *key, const struct replay_limits *limits)
{
	struct replay_pg *r = new_replay(uri, limits);
	struct err *e;

	*out = NULL;
	r->key = key ? xstrdup(key) : NULL;
	e = pg_conn_open(&r->admin, uri, &options);
	if (!e)
		e = check_role(r->admin);
	if (!e) {
		drop_stale(r->admin);
		e = make_first(r);
	}
	if (!e)
		e = replay_pg_connect(r);
	if (e)
		replay_close(&r->base);
	else
		*out = &r->base;
	return e;
}

bool replay_pg_is_kept(const struct replay *r)
{
	return r->ops == &pg_ops &&
	       ((const struct replay_pg *)(const void *)r)->kept;
}

/* Another process may have been quicker: its template is as good. */
struct err *replay_pg_keep(struct replay *base)
{
	struct replay_pg *r = replay_pg_of(base);
	char *template, *comment;
	struct err *e;
	bool has;

	if (!r->key || r->kept)
		return NULL;
	template = template_name(r->key);
	replay_pg_disconnect(r);
	e = create(r->admin, template, r->name, " ALLOW_CONNECTIONS false");
	if (!e) {
		comment = xasprintf(" IS 'made %lld'", (long long)clock_now());
		e = exec_name(r->admin, "COMMENT ON DATABASE ", template,
			      comment);
		free(comment);
	}
	if (e && !has_database(r->admin, template, &has) && has) {
		err_free(e);
		e = NULL;
	}
	r->kept = !e;
	free(template);
	return err_first(e, replay_pg_connect(r));
}

/* Nobody may be connected to what is copied. */
struct err *replay_pg_copy(struct replay_pg *r, char **name)
{
	struct err *e;

	*name = new_name();
	replay_pg_disconnect(r);
	e = create(r->admin, *name, r->name, "");
	if (e) {
		free(*name);
		*name = NULL;
	}
	return e;
}

void replay_pg_become(struct replay_pg *r, char *name)
{
	replay_pg_disconnect(r);
	replay_pg_drop(r, r->name);
	free(r->name);
	r->name = name;
}

static struct err *pg_clone(struct replay *base, struct replay **out)
{
	struct replay_pg *r = replay_pg_of(base);
	struct replay_pg *copy = new_replay(r->uri, &base->limits);
	struct err *e;

	e = r->broken ? err_new(ERR_STATE, "a replay that was given up cannot "
					   "be copied")
		      : pg_conn_again(&copy->admin, r->admin);
	if (!e)
		e = replay_pg_copy(r, &copy->name);
	if (!e)
		e = replay_pg_connect(copy);
	if (!e)
		e = replay_pg_connect(r);
	if (e)
		replay_close(&copy->base);
	else
		*out = &copy->base;
	return e;
}

static struct err *pg_refresh(struct replay *base)
{
	struct replay_pg *r = replay_pg_of(base);
	struct err *e = replay_pg_connect(r);

	return e ? e
		 : schema_pg_refresh(&base->schema, r->c, "git_migrate",
				     SCHEMA_PG_ALL, NULL);
}
