#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/branches.h"
#include "cmd/hook.h"
#include "cmd/print.h"
#include "cmd/run_view.h"
#include "cmd/url.h"
#include "gitstore/git.h"
#include "hooks/gitdir.h"

#define NAMES_SHOWN 3
#define PATIENCE_MS 3000 /* git waits: another run's end is not waited for */
#define LIMIT_MS 60000   /* whoever's migration it is */

static bool is_versioned(struct cmd_ctx *ctx, const char *target,
			 const char *key)
{
	char *full = xasprintf("migrate.%s.%s", target, key), *value = NULL;
	bool versioned = false;
	struct err *err =
		ctx->store->ops->config(ctx->store, full, &value, &versioned);
	bool doubt = err;

	err_free(err);
	free(value);
	free(full);
	return doubt || versioned;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is a callback's type */
static struct err *on_line(void *payload, char *line)
{
	*(bool *)payload = *line;
	return NULL;
}

/* The file is in the index: whoever's branch is checked out wrote it. */
static bool is_tracked(struct cmd_ctx *ctx, const char *top, const char *file)
{
	char *git_dir = hook_git_dir(ctx->store);
	bool tracked = false;
	const struct gs_git git = { .dir = top,
				    .git_dir = git_dir,
				    .line = on_line,
				    .payload = &tracked };
	const char *const args[] = { "--literal-pathspecs", "ls-files", "--",
				     file, NULL };
	struct err *err = gs_git(&git, args);
	bool doubt = err;

	err_free(err);
	free(git_dir);
	return doubt || tracked;
}

/* .gitmigrate names a remote that snapshots are pushed to. */
static bool sends_rows(struct cmd_ctx *ctx, const char *name)
{
	const char *store = config_get(&ctx->config, name, "snapshotstore");

	return store && strcmp(store, "clone") != 0 &&
	       strcmp(store, "database") != 0 &&
	       is_versioned(ctx, name, "snapshotStore");
}

static struct hook_target look_at_target(struct cmd_ctx *ctx, const char *name,
					 const char *url)
{
	const char *path = url_sqlite_path(url);
	const char *top = ctx->store->ops->worktree(ctx->store);
	const char *common = ctx->store->ops->common_dir(ctx->store);
	struct hook_target t = {
		.url_versioned = is_versioned(ctx, name, "url"),
		.reconcile_versioned = is_versioned(ctx, name, "reconcile"),
		.rows_leave = sends_rows(ctx, name),
	};
	char *whole, *real;

	if (!path || (!t.url_versioned && !t.reconcile_versioned))
		return t;
	t.inside = url_is_inside(url, ctx->target.base_dir, top) ||
		   url_is_inside(url, ctx->target.base_dir, common);
	if (!t.inside || !top)
		return t;
	whole = file_join(ctx->target.base_dir, path);
	real = url_real_path(whole);
	t.tracked = url_is_inside(url, ctx->target.base_dir, top) &&
		    is_tracked(ctx, top, real);
	free(real);
	free(whole);
	return t;
}

/* "take back 2_b; apply 3_c, 4_d and 5 more" */
static void add_names(struct buf *out, const struct engine_status *s,
		      const char *verb, bool (*is)(enum engine_state))
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!is(s->items[i].state))
			continue;
		if (n < NAMES_SHOWN)
			buf_addf(out, "%s%s%s%s", n || !out->len ? "" : "; ",
				 n ? ", " : verb, n ? "" : " ",
				 s->items[i].name);
		n++;
	}
	if (n > NAMES_SHOWN)
		buf_addf(out, " and %zu more", n - NAMES_SHOWN);
}

static bool leaves(enum engine_state s)
{
	return s == STATE_FOREIGN;
}

static bool comes_anew(enum engine_state s)
{
	return s == STATE_MODIFIED;
}

/* Rolled back: by the reconcile that left this branch, mostly. */
static bool comes(enum engine_state s)
{
	return s == STATE_PENDING || s == STATE_FAILED ||
	       s == STATE_ROLLED_BACK;
}

/* What a reconcile would do; false: nothing, or it was never asked to. */
static struct err *differs(struct cmd_ctx *ctx, bool is_new, struct buf *out)
{
	const struct engine_status_options opt = { .rev = NULL };
	struct engine_status s;
	struct err *err = engine_status(ctx->engine, &opt, &s);

	if (err)
		return err;
	if (*s.identity.uuid || is_new) {
		add_names(out, &s, "take back", leaves);
		add_names(out, &s, "redo", comes_anew);
		add_names(out, &s, "apply", comes);
	}
	engine_status_release(&s);
	return NULL;
}

static void notify(struct cmd_ctx *ctx, const char *target, const char *what,
		   const char *why)
{
	bool is_default =
		streq_null(target, config_default_target(&ctx->config));

	ctx_warn(ctx, "%s is not what is checked out: %s", target, what);
	ctx_hint(ctx, "git migrate reconcile%s%s%s%s%s",
		 is_default ? "" : " -t ", is_default ? "" : target,
		 why ? " (" : "", why ? why : "", why ? ")" : "");
}

/* A hook begins to write. */
static struct err *make_ready(struct cmd_ctx *ctx)
{
	cancel_install();
	return ctx->target.lock_timeout_ms > PATIENCE_MS
		       ? ctx_set_lock_timeout(ctx, PATIENCE_MS)
		       : NULL;
}

static struct err *reconcile(struct cmd_ctx *ctx)
{
	const struct engine_reconcile_options opt = {
		.max_details = RUN_VIEW_CONFLICTS,
		.migration_limit_ms = LIMIT_MS,
	};
	struct engine_run run = { 0 };
	struct run_view view;
	struct err *err = make_ready(ctx);

	if (err)
		return err;
	run_view_begin(&view, ctx, "reconcile", false);
	err = engine_reconcile(ctx->engine, &opt, &run);
	err = run_view_end(&view, &run, err);
	engine_run_release(&run);
	return err;
}

/* The branch's own database, and the one that the others come from. */
static bool is_trusted(struct cmd_ctx *ctx, const char *name)
{
	struct config_wish wish = { .target = name };
	struct hook_target t = look_at_target(ctx, name, ctx->target.url);
	struct engine_config base;
	struct err *err;
	bool trusted = hook_target_is_trusted(&t);

	if (!trusted || !ctx->target.copied)
		return trusted;
	wish.branch = config_base_branch(&ctx->config);
	err = config_resolve(&ctx->config, &wish, true, &base);
	if (!err) {
		t = look_at_target(ctx, name, base.url);
		trusted = hook_target_is_trusted(&t);
	}
	err_free(err);
	return trusted;
}

#define NOT_BY_ITSELF "not by itself: .gitmigrate says which database"

static const char *why_not(struct cmd_ctx *ctx, const char *name)
{
	return sends_rows(ctx, name)
		       ? "not by itself: .gitmigrate says where rows go"
		       : NOT_BY_ITSELF;
}

/* *stop: there is no database of the branch, which was said. */
static struct err *enter(struct cmd_ctx *ctx, const char *name,
			 enum hook_follow follow, bool *stop)
{
	bool may = follow == HOOK_FOLLOW_CLONE && is_trusted(ctx, name);
	bool there = true;
	struct err *err;

	*stop = false;
	if (!ctx->target.copied)
		return NULL;
	if (may) {
		err = make_ready(ctx);
		return err ? err : branches_ensure(ctx, BRANCHES_COPY, stop);
	}
	err = engine_is_there(ctx->engine, &there);
	*stop = !there;
	if (!err && !there) {
		ctx_warn(ctx, "branch '%s' has no database of its own for %s",
			 ctx->target.own_branch, name);
		ctx_hint(ctx, "git migrate reconcile -t %s makes it%s", name,
			 follow == HOOK_FOLLOW_CLONE ? " (" NOT_BY_ITSELF ")"
						     : "");
	}
	return err;
}

static struct err *follow_target(struct cmd_ctx *ctx, const char *name,
				 enum hook_follow follow, bool is_new)
{
	struct buf what = BUF_INIT;
	struct err *err = ctx_open_engine(ctx, name, false);
	bool stop = false;

	if (!err && !ctx->target.url)
		return NULL;
	if (!err)
		err = enter(ctx, name, follow, &stop);
	if (!err && !stop)
		err = differs(ctx, is_new, &what);
	if (err || !what.len)
		goto done;
	if (follow == HOOK_FOLLOW_NOTIFY)
		notify(ctx, name, what.data, NULL);
	else if (is_trusted(ctx, name))
		err = reconcile(ctx);
	else
		notify(ctx, name, what.data, why_not(ctx, name));
done:
	buf_release(&what);
	return err;
}

static enum hook_follow follow_of(struct cmd_ctx *ctx,
				  const struct config_target *t)
{
	const char *text = config_get(&ctx->config, t->name, "reconcile");
	const char *usual = config_default_target(&ctx->config);
	enum hook_follow follow;

	/* unasked, a word about the one that is worked with */
	if (!text && (t->is_protected || !usual || !streq(usual, t->name)))
		return HOOK_FOLLOW_OFF;
	if (!hook_follow_parse(text, &follow))
		ctx_warn(ctx,
			 "migrate.%s.reconcile: '%s' is not auto, notify, "
			 "clone or off",
			 t->name, text);
	return follow;
}

/* Those that are gone since the last time. */
static void prune(struct cmd_ctx *ctx, const char *target)
{
	if (ctx->target.url && is_trusted(ctx, target))
		branches_prune(ctx, target);
}

void hook_follow(struct cmd_ctx *ctx, const struct hook_step *step,
		 bool entered)
{
	bool enters = step->act == HOOK_ENTER;
	bool is_new = step->act == HOOK_TELL && !*step->from;

	for (size_t i = 0; i < ctx->config.n_targets; i++) {
		const struct config_target *t = &ctx->config.targets[i];
		enum hook_follow follow = follow_of(ctx, t);
		struct err *err;

		if (follow == HOOK_FOLLOW_OFF ||
		    (follow == HOOK_FOLLOW_CLONE ? entered : enters))
			continue;
		if (step->act == HOOK_TELL)
			follow = HOOK_FOLLOW_NOTIFY;
		err = follow_target(ctx, t->name, follow, is_new);
		if (!err && follow == HOOK_FOLLOW_CLONE)
			prune(ctx, t->name);
		err = err_wrap(err, "%s", t->name);
		if (!err)
			continue;
		fflush(stdout);
		print_err(stderr, err);
		err_free(err);
	}
}
