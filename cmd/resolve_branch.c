#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/util.h"
#include "cmd/config.h"
#include "cmd/url_branch.h"
#include "hooks/gitdir.h"

/* Which database is that of a branch. */

#define HEADS "refs/heads/"
#define LINE_MAX_BYTES 4096

/* A short file's first line behind `front`, to be freed; NULL = none. */
static char *line_of(const char *dir, const char *name, const char *front)
{
	char *path = file_join(dir, name), *out = NULL;
	struct buf b = BUF_INIT;

	err_free(file_read(path, LINE_MAX_BYTES, &b));
	if (b.len)
		buf_truncate(&b, strcspn(buf_str(&b), "\n"));
	if (starts_with(buf_str(&b), front))
		out = xstrdup(buf_str(&b) + strlen(front));
	buf_release(&b);
	free(path);
	return out && *out ? out : (free(out), NULL);
}

/* --- the one that is checked out --- */

static bool exists(struct config *c, const char *name)
{
	char *ref = xasprintf(HEADS "%s", name);
	struct store_commit commit = { 0 };
	struct err *err = c->store->ops->resolve(c->store, ref, &commit);
	bool yes = !err;

	err_free(err);
	store_commit_release(&commit);
	free(ref);
	return yes;
}

/* A rebase and a bisect detach HEAD for a while; the branch is written down. */
static char *under_way(struct store *s)
{
	static const struct {
		const char *file, *front;
	} places[] = { { "rebase-merge/head-name", HEADS },
		       { "rebase-apply/head-name", HEADS },
		       { "BISECT_START", "" } };
	char *git_dir = hook_git_dir(s), *out = NULL;

	for (size_t i = 0; !out && i < ARRAY_LEN(places); i++)
		out = line_of(git_dir, places[i].file, places[i].front);
	free(git_dir);
	return out;
}

static struct err *current(struct config *c, const char *target,
			   const char **out)
{
	char *name = NULL;
	struct err *err = c->store->ops->branch(c->store, &name);

	if (!err && !name) {
		name = under_way(c->store);
		if (name && !exists(c, name)) { /* a commit's id */
			free(name);
			name = NULL;
		}
	}
	*out = name ? arena_strdup(&c->arena, name) : NULL;
	free(name);
	if (err || *out)
		return err;
	return err_hint(err_new(ERR_REFUSED,
				"target '%s' has a database for each branch, "
				"and HEAD is detached",
				target),
			"git switch BRANCH; or --url URL names a database");
}

/* --- the one whose database the url is --- */

/* "origin/main" is main, unless a branch is called so. */
static const char *configured(struct config *c)
{
	const char *base = config_get(c, NULL, "base");
	const char *slash = base ? strchr(base, '/') : NULL;

	return slash && !exists(c, base) ? slash + 1 : base;
}

static const char *of_remote(struct config *c)
{
	char *name = line_of(c->store->ops->common_dir(c->store),
			     "refs/remotes/origin/HEAD",
			     "ref: refs/remotes/origin/");
	const char *out = name ? arena_strdup(&c->arena, name) : NULL;

	free(name);
	return out;
}

struct only {
	struct config *c;
	const char *name;
	size_t n;
};

static struct err *count(void *payload, const char *name,
			 const struct store_id *id)
{
	struct only *o = payload;

	(void)id;
	if (!o->n++)
		o->name = arena_strdup(&o->c->arena, name);
	return NULL;
}

/* What git calls the first one, or the only one that there is. */
static const char *usual(struct config *c)
{
	static const char *const names[] = { "main", "master" };
	struct only o = { .c = c };
	char *first = NULL;
	const char *out = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (exists(c, names[i]))
			return names[i];
	err_free(c->store->ops->config(c->store, "init.defaultbranch", &first,
				       NULL));
	if (first && exists(c, first))
		out = arena_strdup(&c->arena, first);
	free(first);
	if (out)
		return out;
	err_free(c->store->ops->branches(c->store, false, count, &o));
	return o.n == 1 ? o.name : NULL;
}

const char *config_base_branch(struct config *c)
{
	const char *name = configured(c);

	if (!name)
		name = of_remote(c);
	return name ? name : usual(c);
}

bool config_clones(const struct config *c, const char *target)
{
	const char *how = config_get(c, target, "reconcile");

	return how && !strcasecmp(how, "clone");
}

/* *is_base: its database is the one that the url names. */
static struct err *compare_base(struct config *c, const char *target,
				const char *branch, bool *is_base)
{
	const char *base = config_base_branch(c);
	struct only none = { .c = c };

	*is_base = base && streq(base, branch);
	if (base)
		return NULL;
	err_free(c->store->ops->branches(c->store, false, count, &none));
	*is_base = !none.n; /* the first commit is still to come */
	if (*is_base)
		return NULL;
	return err_hint(err_new(ERR_INPUT,
				"whose database the url of target '%s' names "
				"cannot be told: there is neither main nor "
				"master",
				target),
			"git config migrate.base BRANCH says it; the other "
			"branches get copies");
}

/* --- this work tree --- */

static struct err *worktree_name(struct config *c, char **out)
{
	const char *part = "/worktrees/";
	char *git_dir, *id;

	*out = NULL;
	if (!c->store->ops->worktree(c->store))
		return err_new(ERR_REFUSED, "the url has ${worktree}, and this "
					    "is a bare repository");
	git_dir = hook_git_dir(c->store);
	id = strstr(git_dir, part);
	/* a linked one may be called "main", too */
	if (!id)
		*out = xstrdup("main");
	else if (streq(id + strlen(part), "main"))
		*out = xstrdup(id);
	else
		*out = xstrdup(id + strlen(part));
	free(git_dir);
	return NULL;
}

/* --- all of it --- */

static const char *keep(struct config *c, char *s)
{
	const char *out = s ? arena_strdup(&c->arena, s) : NULL;

	free(s);
	return out;
}

static struct err *fill_in(struct config *c, const char *branch,
			   struct engine_config *out)
{
	char *worktree = NULL, *url = NULL;
	struct err *err = NULL;

	if (url_has_worktree(out->url))
		err = worktree_name(c, &worktree);
	if (!err)
		err = url_expand(out->url, branch, worktree, &url);
	if (!err)
		out->url = keep(c, url);
	free(worktree);
	return err_wrap(err, "target '%s'", out->target);
}

static struct err *name_copy(struct config *c, struct engine_config *out)
{
	const char *url = keep(c, url_of_copy(out->url, out->own_branch));

	if (!url)
		return err_hint(err_new(ERR_INPUT,
					"the url of target '%s' does not say "
					"which database it means: copies "
					"cannot be named after it",
					out->target),
				"write the database's name into the url");
	out->url = url;
	return NULL;
}

struct err *config_place_branch(struct config *c,
				const struct config_wish *wish,
				struct engine_config *out)
{
	bool named = url_has_branch(out->url), is_base = true;
	bool clones =
		*out->target && (wish->clones || config_clones(c, out->target));
	const char *branch = wish->branch;
	struct err *err = NULL;

	if (!named && !clones && !strstr(out->url, "${"))
		return NULL;
	if (!branch && (named || clones))
		err = current(c, out->target, &branch);
	if (!err && clones && branch)
		err = compare_base(c, out->target, branch, &is_base);
	if (!err)
		err = fill_in(c, branch, out);
	if (err)
		return err;
	out->url_is_per_tree = true;
	out->copied = clones && !is_base;
	if (named || out->copied)
		out->own_branch = arena_strdup(&c->arena, branch);
	return out->copied && !named ? name_copy(c, out) : NULL;
}
