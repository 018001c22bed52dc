#include "cmd/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cmd/options.h"
#include "cmd/units.h"
#include "cmd/url.h"

/*
 * Which database a command means, and what may be done to it. Reading the
 * configuration is config.c's; here its values are weighed.
 */

static const char *target_at(const void *payload, size_t i)
{
	const struct config *c = payload;

	return i < c->n_targets ? c->targets[i].name : NULL;
}

static const char *env_url(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* Services that build and test set it, and throw their clone away. */
static bool is_ci(void)
{
	const char *v = getenv("CI");
	bool on = true;

	if (!v || !*v)
		return false;
	return !units_bool(v, &on) || on;
}

static struct err *no_such_target(const struct config *c, const char *name)
{
	struct err *err =
		err_new(ERR_INPUT, "no target '%s' is configured", name);
	const char *near = opt_nearest(name, target_at, c);

	if (near)
		return err_hintf(err, "did you mean '%s'?", near);
	return err_hintf(err, "git migrate init --target %s sets it up",
			 config_target_name_ok(name) ? name : "NAME");
}

/* Which target and which URL; *name "" when only a URL was given. */
static struct err *choose(const struct config *c,
			  const struct config_wish *wish, const char **name,
			  const char **url)
{
	const struct config_target *t;

	*url = wish->url;
	if (!*url && !wish->target)
		*url = env_url("GIT_MIGRATE_URL");
	*name = wish->target;
	if (!*name && *url) {
		*name = "";
		return NULL;
	}
	if (!*name)
		*name = config_default_target(c);
	if (!*name && c->n_targets)
		return err_hint(err_new(ERR_INPUT,
					"several targets are configured and "
					"none is the default"),
				"choose one with -t NAME, or set "
				"migrate.target");
	if (!*name)
		return err_hint(err_new(ERR_INPUT, "no target is configured"),
				"git migrate init sets one up");
	t = config_target(c, *name);
	if (!t && !streq_null(*name, config_get(c, NULL, "target")))
		return no_such_target(c, *name);
	if (!*url && t)
		*url = t->url;
	if (!*url)
		*url = env_url("DATABASE_URL");
	return NULL;
}

/* --url and GIT_MIGRATE_URL are taken as they are. */
static bool is_by_hand(const struct config_wish *wish)
{
	return wish->url || (!wish->target && env_url("GIT_MIGRATE_URL"));
}

static struct err *bad_value(const char *target, const char *key,
			     const char *value, const char *what)
{
	return err_new(ERR_INPUT, "migrate.%s.%s: '%s' is not %s", target, key,
		       value, what);
}

static struct err *target_values(const struct config *c,
				 struct engine_config *out)
{
	const char *t = out->target, *v;

	v = config_get(c, t, "protected");
	if (v && !units_bool(v, &out->is_protected))
		return bad_value(t, "protected", v, "a boolean");
	v = config_get(c, t, "foreignkeys");
	if (v && !units_bool(v, &out->foreign_keys))
		return bad_value(t, "foreignKeys", v, "a boolean");
	v = config_get(c, t, "prove");
	if (v && !units_bool(v, &out->prove))
		return bad_value(t, "prove", v, "a boolean");
	v = config_get(c, t, "locktimeout");
	if (v && !units_duration(v, &out->lock_timeout_ms))
		return err_hint(bad_value(t, "lockTimeout", v, "a duration"),
				"write it like 500ms, 5s or 2min");
	out->lock_timeout_given = v != NULL;
	v = config_get(c, t, "journalschema");
	if (v && (!*v || strpbrk(v, "'\"\\")))
		return bad_value(t, "journalSchema", v, "a schema's name");
	out->journal = v;
	v = config_get(c, t, "snapshotlimit");
	if (v && !units_size(v, &out->snapshot_limit))
		return err_hint(bad_value(t, "snapshotLimit", v, "a size"),
				"write it like 500m or 2GiB; 0 is no limit");
	v = config_get(c, t, "snapshotstore");
	if (v && !engine_has_snapshot_store(v))
		return err_hint(bad_value(t, "snapshotStore", v,
					  "a place for snapshots"),
				"the places are 'clone', 'database' and "
				"'remote:NAME', a git remote");
	out->snapshot_store = v;
	out->branch = config_get(c, t, "branch");
	return NULL;
}

/* Without a target it was --url or GIT_MIGRATE_URL. */
static struct err *bad_url(const struct engine_config *out, const char *what,
			   const char *why)
{
	struct err *err = err_new(ERR_INPUT, "%s%s", what, why);

	if (*out->target)
		err = err_wrap(err, "target '%s'", out->target);
	return err_hint(err, "write sqlite:PATH or "
			     "postgresql://USER@HOST/DATABASE");
}

/* Dialect, where relative paths start, and one database or one per tree. */
static struct err *place(const struct config *c, struct engine_config *out)
{
	struct store *s = c->store;
	const char *top = s->ops->worktree(s), *git = s->ops->common_dir(s);
	const char *dialect = config_get(c, NULL, "dialect");
	enum sql_dialect of_url = SQL_SQLITE;
	struct err *err;

	out->base_dir = top ? top : git;
	out->dialect = SQL_SQLITE;
	if (dialect) {
		err = sql_dialect_parse(dialect, &out->dialect);
		if (err)
			return err_wrap(err, "migrate.dialect");
	}
	if (!out->url)
		return NULL;
	if (!url_dialect(out->url, &of_url))
		return bad_url(out, "",
			       "the url is of no database that is known");
	if (!dialect)
		out->dialect = of_url;
	if (of_url != SQL_SQLITE)
		return NULL;
	if (!*url_sqlite_path(out->url))
		return bad_url(out, "", "the url names no file");
	out->url_is_per_tree |= url_is_inside(out->url, out->base_dir, top) &&
				!url_is_inside(out->url, out->base_dir, git);
	return NULL;
}

/* Without a branch there may be no database; not all want one. */
static struct err *of_branch(struct config *c, const struct config_wish *wish,
			     bool need_url, struct engine_config *out)
{
	struct err *err = config_place_branch(c, wish, out);

	if (!err || need_url)
		return err;
	err_free(err);
	out->url = NULL;
	return NULL;
}

struct err *config_resolve(struct config *c, const struct config_wish *wish,
			   bool need_url, struct engine_config *out)
{
	const char *dir = config_get(c, NULL, "dir");
	struct err *err;

	*out = (struct engine_config){
		.target = "",
		.dir = dir ? dir : "migrations",
		.layout = config_get(c, NULL, "layout"),
		.pattern = config_get(c, NULL, "pattern"),
		.lock_timeout_ms = 60000,
		.snapshot_limit = (uint64_t)2 << 30,
		.is_ci = is_ci(),
		.tool = "git-migrate " GIT_MIGRATE_VERSION,
	};
	err = choose(c, wish, &out->target, &out->url);
	if (err && !need_url && !wish->target) {
		err_free(err);
		err = NULL;
		out->target = "";
	}
	if (!err && *out->target)
		err = target_values(c, out);
	if (!err && need_url && !out->url)
		err = err_hintf(err_new(ERR_INPUT, "target '%s' has no url",
					out->target),
				"git config migrate.%s.url URL (sqlite:PATH or "
				"postgresql://USER@HOST/DATABASE)",
				out->target);
	if (!err && out->url && !is_by_hand(wish))
		err = of_branch(c, wish, need_url, out);
	if (!err)
		err = place(c, out);
	return err;
}
