#include "cmd/branches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "cmd/print.h"
#include "cmd/url.h"
#include "cmd/url_branch.h"
#include "hooks/reflog.h"

/* --- where --- */

/* Without passwords, and the same from every folder. */
static const char *place_of(struct cmd_ctx *ctx,
			    const struct engine_config *cfg)
{
	const char *path = url_sqlite_path(cfg->url), *out;
	char *whole, *url;

	if (path) {
		whole = file_join(cfg->base_dir, path);
		url = xasprintf("sqlite:%s", whole);
		free(whole);
	} else {
		url = url_masked(cfg->url);
	}
	out = arena_strdup(&ctx->config.arena, url);
	free(url);
	return out;
}

static struct err *config_of(struct cmd_ctx *ctx, const char *target,
			     const char *branch, struct engine_config *out)
{
	const struct config_wish wish = { .target = target,
					  .branch = branch,
					  .clones = true };
	struct err *err = config_resolve(&ctx->config, &wish, true, out);

	out->copied = true; /* nothing is made where it is looked for */
	return err;
}

struct err *branch_config(struct cmd_ctx *ctx, const char *target,
			  const struct engine_copy *c,
			  struct engine_config *out)
{
	struct err *err = config_of(ctx, target, c->branch, out);

	if (err || url_sqlite_path(c->place)) {
		out->url = arena_strdup(&ctx->config.arena, c->place);
		return err;
	}
	if (streq(place_of(ctx, out), c->place))
		return NULL;
	return err_hintf(err_new(ERR_REFUSED,
				 "the url of target '%s' leads elsewhere by "
				 "now: %s is not reached",
				 target, c->place),
			 "put migrate.%s.url back, or remove that database "
			 "yourself and git migrate branches forget %s",
			 target, c->branch);
}

char *branch_place_shown(struct cmd_ctx *ctx, const char *place)
{
	const char *top = ctx->store->ops->worktree(ctx->store);
	const char *path = url_sqlite_path(place);
	size_t n = top ? strlen(top) : 0;

	if (!path || !n || strncmp(path, top, n) != 0 || path[n] != '/')
		return xstrdup(place);
	return xasprintf("sqlite:%s", path + n + 1);
}

/* --- from which --- */

/* A branch that has a database. */
struct origin {
	const char *branch;
	struct engine_config cfg;
	struct store_id tip,
		fork; /* fork: where it and HEAD part; "" = never */
	bool is_base, is_before, is_renamed;
};

struct origins {
	struct cmd_ctx *ctx;
	struct origin *items;
	size_t n, cap;
	struct store_id head; /* "" = no commit yet */
	char *before;
};

static void find_fork(struct origins *o, struct origin *i)
{
	const struct store_ops *ops = o->ctx->store->ops;
	char *ref = xasprintf("refs/heads/%s", i->branch);
	struct store_commit c = { 0 };
	struct store_id *bases = NULL;
	size_t n = 0;
	struct err *err = ops->resolve(o->ctx->store, ref, &c);

	i->tip = c.id;
	if (!err && *o->head.hex)
		err = ops->merge_bases(o->ctx->store, &o->head, &c.id, &bases,
				       &n);
	if (!err && n)
		i->fork = bases[0];
	err_free(err); /* it has nothing in common, or is gone */
	free(bases);
	store_commit_release(&c);
	free(ref);
}

static struct err *add_origin(struct origins *o, const char *branch,
			      const struct engine_copy *c)
{
	struct cmd_ctx *ctx = o->ctx;
	struct origin *i;
	struct err *err;
	char *renamed;

	VEC_GROW(o->items, o->n, o->cap);
	i = &o->items[o->n];
	memset(i, 0, sizeof(*i));
	i->branch = branch;
	i->is_base = streq_null(config_base_branch(&ctx->config), branch);
	err = config_of(ctx, ctx->target.target, branch, &i->cfg);
	i->cfg.lock_timeout_ms = ctx->target.lock_timeout_ms;
	if (!c) /* whatever it is, it is the branch's */
		i->cfg.own_branch = NULL;
	/* another work tree's, or from before the url was changed */
	if (err || (c && !streq(place_of(ctx, &i->cfg), c->place)))
		return err;
	i->is_before = streq_null(branch, o->before);
	renamed = hook_branch_renamed(ctx->store, branch);
	i->is_renamed = streq_null(renamed, ctx->target.own_branch);
	free(renamed);
	find_fork(o, i);
	o->n++;
	return NULL;
}

/* All that it has is in HEAD, too. */
static bool is_behind(const struct origin *i)
{
	return streq(i->fork.hex, i->tip.hex);
}

/* The nearest: behind whose fork the other's is; of equals one that has
 * nothing else, then the one that it was made from, then the one that all come
 * from. */
static bool is_nearer(struct origins *o, const struct origin *a,
		      const struct origin *b)
{
	bool behind = false;
	struct err *err;

	if (a->is_renamed != b->is_renamed)
		return a->is_renamed;
	if (!*a->fork.hex || !*b->fork.hex)
		return *a->fork.hex;
	if (streq(a->fork.hex, b->fork.hex)) {
		if (is_behind(a) != is_behind(b))
			return is_behind(a);
		if (a->is_before != b->is_before)
			return a->is_before;
		return a->is_base;
	}
	err = o->ctx->store->ops->is_ancestor(o->ctx->store, &b->fork, &a->fork,
					      &behind);
	err_free(err);
	return behind;
}

/* Where the url names each branch's database, one may have been made without
 * being a copy. */
static bool is_named(struct cmd_ctx *ctx)
{
	const char *url = config_get(&ctx->config, ctx->target.target, "url");

	return url && url_has_branch(url);
}

static struct err *add_branch(void *payload, const char *name,
			      const struct store_id *id)
{
	struct origins *o = payload;

	(void)id;
	for (size_t i = 0; i < o->n; i++)
		if (streq(o->items[i].branch, name))
			return NULL;
	if (streq(name, o->ctx->target.own_branch))
		return NULL;
	return add_origin(o, arena_strdup(&o->ctx->config.arena, name), NULL);
}

static struct err *find_origins(struct origins *o)
{
	struct cmd_ctx *ctx = o->ctx;
	const char *base = config_base_branch(&ctx->config);
	struct engine_copies list;
	struct store_commit head = { 0 };
	struct err *err =
		engine_copies_read(ctx->store, ctx->target.target, &list);

	err_free(ctx->store->ops->resolve(ctx->store, NULL, &head));
	o->head = head.id;
	store_commit_release(&head);
	o->before = hook_branch_origin(ctx->store, ctx->target.own_branch);
	if (!o->before)
		o->before = hook_branch_before(ctx->store);
	if (!err && base)
		err = add_origin(o, base, NULL);
	for (size_t i = 0; !err && i < list.n; i++)
		if (!streq(list.items[i].branch, ctx->target.own_branch))
			err = add_origin(o,
					 arena_strdup(&ctx->config.arena,
						      list.items[i].branch),
					 &list.items[i]);
	engine_copies_release(&list);
	if (!err && is_named(ctx))
		err = ctx->store->ops->branches(ctx->store, false, add_branch,
						o);
	return err;
}

static struct origin *take_nearest(struct origins *o)
{
	struct origin *best = NULL;

	for (size_t i = 0; i < o->n; i++)
		if (o->items[i].branch &&
		    (!best || is_nearer(o, &o->items[i], best)))
			best = &o->items[i];
	return best;
}

/* --- making it --- */

static void say_made(struct cmd_ctx *ctx, const char *from,
		     enum engine_fork_result how, bool dry_run)
{
	if (!ctx_talks(ctx))
		return;
	progress_clear(&ctx->progress);
	fputs("branch '", stdout);
	print_safe(stdout, ctx->target.own_branch);
	fputs(dry_run ? "' would get a database of its own: "
		      : "' has a database of its own now: ",
	      stdout);
	print_safe(stdout, ctx->shown_url);
	fputs(", a copy of that of '", stdout);
	print_safe(stdout, from);
	puts(how == ENGINE_FORK_FINISHED ? "' (whose making was cut off)"
					 : "'");
}

/* One origin after the other, until there is one whose database is there. */
static struct err *copy_nearest(struct origins *o, bool dry_run,
				enum engine_fork_result *out)
{
	struct cmd_ctx *ctx = o->ctx;
	struct origin *i;
	struct err *err = NULL;

	*out = ENGINE_FORK_NOTHING;
	while (!err && *out == ENGINE_FORK_NOTHING && (i = take_nearest(o))) {
		const struct engine_fork_options opt = {
			.to = &ctx->target,
			.from = i->branch,
			.place = place_of(ctx, &ctx->target),
		};
		struct engine *e = NULL;
		bool there = true;

		/* a branch that is gone has one only for the renamed one */
		if (*i->fork.hex || i->is_base || i->is_renamed)
			err = engine_open(&e, ctx->store, &i->cfg,
					  &ctx->observer);
		if (e && dry_run) {
			err = engine_is_there(e, &there);
			*out = there ? ENGINE_FORK_MADE : ENGINE_FORK_NOTHING;
		} else if (e) {
			err = engine_fork(e, &opt, out);
		}
		engine_close(e);
		if (!err &&
		    (*out == ENGINE_FORK_MADE || *out == ENGINE_FORK_FINISHED))
			say_made(ctx, i->branch, *out, dry_run);
		i->branch = NULL;
	}
	return err;
}

static struct err *reopen(struct cmd_ctx *ctx)
{
	engine_close(ctx->engine);
	ctx->engine = NULL;
	return engine_open(&ctx->engine, ctx->store, &ctx->target,
			   &ctx->observer);
}

/* There is nothing that it could be a copy of. */
static struct err *begin_empty(struct cmd_ctx *ctx)
{
	ctx_hint(ctx,
		 "there is no database to copy for branch '%s': it begins "
		 "empty",
		 ctx->target.own_branch);
	ctx->target.copied = false;
	return reopen(ctx);
}

static bool is_whole(struct cmd_ctx *ctx)
{
	struct engine_copies list;
	const char *place = place_of(ctx, &ctx->target);
	bool whole = true;

	err_free(engine_copies_read(ctx->store, ctx->target.target, &list));
	for (size_t i = 0; i < list.n; i++)
		if (streq(list.items[i].place, place))
			whole = list.items[i].made_at;
	engine_copies_release(&list);
	return whole;
}

struct err *branches_ensure(struct cmd_ctx *ctx, enum branches_make make,
			    bool *missing)
{
	struct origins o = { .ctx = ctx };
	enum engine_fork_result how = ENGINE_FORK_THERE;
	bool there = true, dry_run = make == BRANCHES_SAY;
	struct err *err = NULL;

	*missing = false;
	if (!ctx->target.copied)
		return NULL;
	err = engine_is_there(ctx->engine, &there);
	if (err || (there && is_whole(ctx)))
		return err;
	err = find_origins(&o);
	if (!err)
		err = copy_nearest(&o, dry_run, &how);
	free(o.items);
	free(o.before);
	if (!err && how == ENGINE_FORK_NOTHING && make == BRANCHES_OR_EMPTY)
		return begin_empty(ctx);
	*missing = !err && !there && (dry_run || how == ENGINE_FORK_NOTHING);
	return err ? err : reopen(ctx);
}

/* --- the end --- */

/* Its first commit is still to come. */
static bool is_unborn(struct cmd_ctx *ctx, const char *branch)
{
	char *name = NULL;
	struct err *err = ctx->store->ops->branch(ctx->store, &name);
	bool yes = !err && streq_null(name, branch);

	err_free(err);
	free(name);
	return yes;
}

void branch_fate_of(struct cmd_ctx *ctx, const char *target,
		    const struct engine_copy *c, struct branch_fate *out)
{
	char *ref = xasprintf("refs/heads/%s", c->branch);
	struct store_commit commit = { 0 };
	struct err *err = ctx->store->ops->resolve(ctx->store, ref, &commit);
	struct engine_copies list;

	*out = (struct branch_fate){ .gone = err &&
					     !is_unborn(ctx, c->branch) };
	err_free(err);
	store_commit_release(&commit);
	free(ref);
	if (!out->gone)
		return;
	out->renamed = hook_branch_renamed(ctx->store, c->branch);
	err_free(engine_copies_read(ctx->store, target, &list));
	for (size_t i = 0; out->renamed && i < list.n; i++)
		if (streq(list.items[i].branch, out->renamed) &&
		    list.items[i].made_at) {
			free(out->renamed);
			out->renamed = NULL;
		}
	engine_copies_release(&list);
}

void branch_fate_release(struct branch_fate *f)
{
	free(f->renamed);
	f->renamed = NULL;
}

static void say_removed(struct cmd_ctx *ctx, const struct engine_copy *c,
			bool was_gone, bool branch_gone)
{
	char *shown;

	if (!ctx_talks(ctx))
		return;
	shown = branch_place_shown(ctx, c->place);
	fputs(was_gone ? "was gone already: " : "removed ", stdout);
	print_safe(stdout, shown);
	free(shown);
	fputs(", the database of branch '", stdout);
	print_safe(stdout, c->branch);
	puts(branch_gone ? "', which is gone" : "'");
}

struct err *branch_remove(struct cmd_ctx *ctx, const char *target,
			  const struct engine_copy *c)
{
	struct engine_config cfg;
	struct engine *e = NULL;
	struct branch_fate fate;
	bool was_gone = false;
	struct err *err = branch_config(ctx, target, c, &cfg);

	if (!err)
		err = engine_open(&e, ctx->store, &cfg, &ctx->observer);
	if (!err)
		err = engine_copy_remove(e, c, &was_gone);
	engine_close(e);
	if (err)
		return err_wrap(err, "branch '%s'", c->branch);
	branch_fate_of(ctx, target, c, &fate);
	say_removed(ctx, c, was_gone, fate.gone);
	branch_fate_release(&fate);
	return NULL;
}

void branches_tell_gone(struct cmd_ctx *ctx, const char *target)
{
	struct engine_copies list;
	struct buf b = BUF_INIT;

	err_free(engine_copies_read(ctx->store, target, &list));
	for (size_t i = 0; i < list.n; i++) {
		struct branch_fate fate;

		branch_fate_of(ctx, target, &list.items[i], &fate);
		if (fate.gone && !fate.renamed)
			buf_addf(&b, "%s%s", b.len ? ", " : "",
				 list.items[i].branch);
		branch_fate_release(&fate);
	}
	if (b.len)
		ctx_hint(ctx,
			 "databases of branches that are gone (%s): git "
			 "migrate branches prune removes them",
			 buf_str(&b));
	buf_release(&b);
	engine_copies_release(&list);
}

void branches_prune(struct cmd_ctx *ctx, const char *target)
{
	struct engine_copies list;
	struct err *err = engine_copies_read(ctx->store, target, &list);

	for (size_t i = 0; !err && i < list.n; i++) {
		struct branch_fate fate;

		branch_fate_of(ctx, target, &list.items[i], &fate);
		if (fate.gone && !fate.renamed)
			err = branch_remove(ctx, target, &list.items[i]);
		branch_fate_release(&fate);
		if (!err)
			continue;
		ctx_warn(ctx, "%s", err_text(err));
		if (err_hint_of(err))
			ctx_hint(ctx, "%s", err_hint_of(err));
		err_free(err);
		err = NULL;
	}
	err_free(err);
	engine_copies_release(&list);
}
