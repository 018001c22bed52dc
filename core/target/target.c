#include "target/target.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "target/target_pg.h"
#include "target/target_sqlite.h"

/* Length of "scheme" in "scheme:rest" (RFC 3986 section 3.1), 0 = none. */
static size_t scheme_length(const char *url)
{
	size_t n = 0;

	if (!isalpha((unsigned char)url[0]))
		return 0;
	while (isalnum((unsigned char)url[n]) || strchr("+-.", url[n])) {
		if (!url[n])
			return 0;
		n++;
	}
	return url[n] == ':' ? n : 0;
}

static bool scheme_is(const char *url, size_t n, const char *scheme)
{
	return strlen(scheme) == n && strncasecmp(url, scheme, n) == 0;
}

/*
 * "sqlite:PATH". The forms of other tools are read as they mean them:
 * "sqlite:///abs" and "sqlite://rel" have an empty authority in front.
 */
static struct err *open_sqlite(struct target **out, const char *path,
			       const struct target_options *opt)
{
	if (starts_with(path, "//"))
		path += 2;
	if (!path[0])
		return err_hint(
			err_new(ERR_USAGE, "the URL names no SQLite file"),
			"write sqlite:PATH, for instance "
			"sqlite:dev.db");
	return target_sqlite_open(out, path, opt);
}

/* The URL itself is not repeated: it may hold a password. */
static struct err *unknown_scheme(const char *url, size_t n)
{
	char *scheme = xstrndup(url, n);
	struct err *e;

	e = err_hint(
		err_new(ERR_USAGE, "no driver for database URLs '%s:'", scheme),
		"use sqlite:PATH or postgresql://USER@HOST/DATABASE");
	free(scheme);
	return e;
}

struct err *target_open(struct target **out, const char *url,
			const struct target_options *opt)
{
	size_t n = scheme_length(url);

	*out = NULL;
	if (starts_with(url, "service="))
		return target_pg_open(out, url, opt);
	if (n == 0)
		return err_hint(err_new(ERR_USAGE,
					"a database URL starts with a scheme"),
				"write sqlite:PATH, for instance "
				"sqlite:dev.db");
	if (scheme_is(url, n, "sqlite"))
		return open_sqlite(out, url + n + 1, opt);
	if (scheme_is(url, n, "postgres") || scheme_is(url, n, "postgresql"))
		return target_pg_open(out, url, opt);
	return unknown_scheme(url, n);
}

void target_close(struct target *t)
{
	if (t)
		t->ops->close(t);
}

struct err *target_begin(struct target *t)
{
	return t->ops->begin(t);
}

struct err *target_commit(struct target *t)
{
	return t->ops->commit(t);
}

void target_rollback(struct target *t)
{
	t->ops->rollback(t);
}

bool target_in_transaction(struct target *t)
{
	return t->ops->in_transaction(t);
}

/* A savepoint command; names are ours, so they need no quotes. */
static struct err *savepoint(struct target *t, const char *command,
			     const char *name)
{
	char *sql;
	struct err *e;

	for (const char *p = name; *p; p++)
		assert(isalnum((unsigned char)*p) || *p == '_');
	sql = xasprintf("%s %s", command, name);
	e = t->ops->query(t, sql, NULL, 0, NULL, NULL);
	free(sql);
	return e;
}

struct err *target_savepoint(struct target *t, const char *name)
{
	return savepoint(t, "SAVEPOINT", name);
}

struct err *target_release(struct target *t, const char *name)
{
	return savepoint(t, "RELEASE SAVEPOINT", name);
}

struct err *target_rollback_to(struct target *t, const char *name)
{
	struct err *e = savepoint(t, "ROLLBACK TO SAVEPOINT", name);

	return e ? e : target_release(t, name);
}

struct err *target_query(struct target *t, const char *sql,
			 const struct target_value *args, int n_args,
			 target_row_fn row, void *payload)
{
	return t->ops->query(t, sql, args, n_args, row, payload);
}

struct err *target_let_go(struct target *t)
{
	return t->ops->let_go ? t->ops->let_go(t) : NULL;
}

struct err *target_others(struct target *t,
			  void (*fn)(void *payload, const char *who),
			  void *payload)
{
	return t->ops->others ? t->ops->others(t, fn, payload) : NULL;
}

struct err *target_exec(struct target *t, const char *sql)
{
	return t->ops->query(t, sql, NULL, 0, NULL, NULL);
}

struct err *target_run(struct target *t, const struct sql_statement *s)
{
	return t->ops->run(t, s);
}

struct err *target_run_later(struct target *t, const struct sql_statement *s)
{
	return t->ops->run_later ? t->ops->run_later(t, s) : t->ops->run(t, s);
}

bool target_save_schema(struct target *t, const struct schema *s,
			struct buf *out)
{
	return t->ops->save_schema && t->ops->save_schema(t, s, out);
}

struct err *target_load_schema(struct target *t, struct schema *s,
			       const char *data, size_t len, bool *taken)
{
	*taken = false;
	return t->ops->load_schema ? t->ops->load_schema(t, s, data, len, taken)
				   : NULL;
}

struct err *target_inspect(struct target *t, struct schema *s,
			   enum target_scope scope, struct schema_delta *delta)
{
	return t->ops->inspect(t, s, scope, delta);
}

void target_seen_reset(struct target *t)
{
	t->seen = (struct target_seen){ .rows = 0 };
}

struct err *target_reset(struct target *t)
{
	return t->ops->reset(t);
}

struct err *target_lock(struct target *t, int64_t timeout_ms,
			void (*waiting)(void *payload, const char *who),
			void *payload)
{
	return t->ops->lock(t, timeout_ms, waiting, payload);
}

void target_unlock(struct target *t)
{
	t->ops->unlock(t);
}

void target_location(struct target *t, struct buf *out)
{
	t->ops->location(t, out);
}

void target_server(struct target *t, struct buf *out)
{
	t->ops->server(t, out);
}

enum target_place target_statement_place(enum sql_dialect d,
					 const struct sql_statement *s)
{
	static const struct target_ops *const ops[SQL_DIALECT_COUNT] = {
		[SQL_SQLITE] = &target_sqlite_ops,
		[SQL_POSTGRESQL] = &target_pg_ops,
	};

	return ops[d] && ops[d]->place ? ops[d]->place(s) : TARGET_INSIDE;
}

struct err *target_check_deferred(struct target *t)
{
	return t->ops->check_deferred ? t->ops->check_deferred(t) : NULL;
}

struct err *target_violations(struct target *t, int64_t *out)
{
	*out = 0;
	return t->ops->violations ? t->ops->violations(t, out) : NULL;
}

bool target_is_transient(const struct target *t, const struct err *e)
{
	return t->ops->is_transient && t->ops->is_transient(e);
}

struct err *target_resume(struct target *t, const struct sql_statement *s,
			  bool begun, enum target_resume *out)
{
	*out = TARGET_RESUME_RUN;
	return t->ops->resume ? t->ops->resume(t, s, begun, out) : NULL;
}

struct err *target_index_alone(struct target *t, const struct schema_object *o,
			       bool make)
{
	return t->ops->index_alone(t, o, make);
}

bool target_needs_transaction(const struct target *t, const struct err *e)
{
	return t->ops->needs_transaction && t->ops->needs_transaction(e);
}

void target_batch(struct target *t)
{
	if (t->ops->batch)
		t->ops->batch(t);
}

bool target_follow_schema(struct target *t, struct schema *s)
{
	if (!t->ops->follow_schema)
		return false;
	t->ops->follow_schema(t, s);
	return true;
}

struct err *target_blame_lock(struct target *t, struct err *e)
{
	if (!e || err_class_of(e) == ERR_CANCELLED || !t->ops->has_lost_lock ||
	    !t->ops->has_lost_lock(t))
		return e;
	err_free(e);
	return err_hint(err_new(ERR_STATE,
				"the connection that holds the runner lock is "
				"lost; nothing of it has changed"),
			"run the command again");
}

struct err *target_copy(struct target *t, const struct target_copy *opt,
			char **work)
{
	*work = NULL;
	return t->ops->copy(t, opt, work);
}

struct err *target_copy_end(struct target *t, const struct target_copy *opt)
{
	return t->ops->copy_end ? t->ops->copy_end(t, opt) : NULL;
}

struct err *target_copy_adopt(struct target *t, const char *from,
			      void (*told)(void *payload, const char *text),
			      void *payload)
{
	if (!t->ops->copy_adopt)
		return NULL;
	return t->ops->copy_adopt(t, from, told, payload);
}

void target_copy_clean(const char *url, const char *base_dir)
{
	if (scheme_is(url, scheme_length(url), "sqlite"))
		target_sqlite_copy_clean(url, base_dir);
}

struct err *target_remove(struct target *t, const char *url)
{
	return t->ops->remove(t, url);
}
