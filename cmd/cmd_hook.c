#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/util.h"
#include "cmd/hook.h"
#include "cmd/print.h"
#include "gitstore/child.h"
#include "gitstore/gitstore.h"
#include "hooks/foreign.h"
#include "hooks/state.h"
#include "hooks/touch.h"

/*
 * What git calls, through the shim of hooks/shim.h: any failure of ours is
 * said and stops nothing, unless migrate.hooks is "required".
 */

#define LINES_MAX (64u << 20)

static const char *const synopsis[] = { "<hook> [--] [<argument>...]", NULL };

/* One call by git, from its command line to what is to be done. */
struct hooking {
	struct cmd_ctx *ctx;
	enum hook_kind kind;
	const char *args[HOOK_ARGS];
	size_t n_args;
	struct buf lines;
	enum hook_mode mode;
	struct hook_state state;
	struct hook_decision decision;
	bool entered;       /* HOOK_ENTER was done */
	struct err *answer; /* of a check: git is to stop */
};

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	enum hook_kind kind;

	(void)ctx;
	(void)options;
	if (!argc)
		return err_new(ERR_USAGE, "need the name of a hook");
	if (!hook_kind_of(argv[0], &kind))
		return err_new(ERR_USAGE, "'%s' is no hook of ours", argv[0]);
	return NULL;
}

/* git writes them whole; a person who tries a hook by hand is not waited
 * for. */
static struct err *read_lines(struct buf *out)
{
	ssize_t n = 1;

	if (isatty(STDIN_FILENO))
		return NULL;
	while (n) {
		n = read(STDIN_FILENO, buf_reserve(out, 65536), 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_new(ERR_INPUT, "read standard input: %s",
				       strerror(errno));
		out->len += (size_t)n;
		if (out->len > LINES_MAX)
			return err_new(ERR_INPUT, "standard input is too long");
	}
	out->data[out->len] = '\0';
	return NULL;
}

static void no_warning(void *payload, const char *text)
{
	(void)payload;
	(void)text;
}

static struct err *read_mode(struct hooking *h)
{
	const char *text = config_get(&h->ctx->config, NULL, "hooks");

	if (hook_mode_parse(text, &h->mode))
		return NULL;
	return err_new(ERR_INPUT,
		       "migrate.hooks: '%s' is not on, required, warn or off",
		       text);
}

static void decide(struct hooking *h)
{
	const struct config *c = &h->ctx->config;
	struct hook_branches b = { .base = config_get(c, NULL, "base") };
	const struct hook_call call = { h->kind, h->args, h->n_args,
					buf_str(&h->lines) };
	const char **names =
		xcalloc(c->n_targets ? c->n_targets : 1, sizeof(*names));
	bool clones = false;

	for (size_t i = 0; i < c->n_targets; i++) {
		names[b.n] = config_get(c, c->targets[i].name, "branch");
		b.n += names[b.n] != NULL;
		clones |= config_clones(c, c->targets[i].name);
	}
	b.branches = names;
	hook_state_read(&h->state, h->ctx->store, h->kind, &b,
			h->kind == HOOK_PRE_PUSH && h->n_args ? h->args[0]
							      : NULL);
	h->state.facts.clones = clones;
	hook_decide(&h->decision, &call, &h->state.facts, h->mode);
	free(names);
}

static bool touches(const struct hooking *h, const struct hook_step *step)
{
	const char *dir = config_get(&h->ctx->config, NULL, "dir");

	return hook_touches(h->ctx->store, dir ? dir : "migrations", step,
			    &h->state.theirs);
}

/* Said, and done with. */
static void tell(struct hooking *h, struct err *err)
{
	if (!err)
		return;
	ctx_warn(h->ctx, "%s: not checked: %s", hook_kinds[h->kind].name,
		 err_text(err));
	if (err_hint_of(err))
		ctx_hint(h->ctx, "%s", err_hint_of(err));
	err_free(err);
}

static struct err *act(struct hooking *h, const struct hook_step *step)
{
	switch (step->act) {
	case HOOK_FOLLOW:
	case HOOK_TELL:
	case HOOK_ENTER:
		hook_follow(h->ctx, step, h->entered);
		h->entered |= step->act == HOOK_ENTER;
		break;
	case HOOK_CHECK_MERGE:
	case HOOK_CHECK_STEP:
	case HOOK_CHECK_BRANCH:
		return hook_check(h->ctx, step, h->kind,
				  h->mode == HOOK_MODE_WARN, &h->answer);
	case HOOK_LOOK_BACK: /* git has done it: the database may follow */
		tell(h, hook_check(h->ctx, step, h->kind, true, &h->answer));
		break;
	}
	return NULL;
}

static struct err *go(struct hooking *h)
{
	struct cmd_ctx *ctx = h->ctx;
	struct err *err = NULL;

	if (hook_kinds[h->kind].reads)
		err = read_lines(&h->lines);
	hook_foreign_call(h->kind, h->args, &h->n_args, &h->lines);
	if (!err && hook_is_idle(h->kind, h->args, h->n_args))
		return NULL;
	if (!err)
		err = gitstore_open(&ctx->store, NULL);
	if (!err)
		err = config_read(&ctx->config, ctx->store, no_warning, NULL);
	if (!err)
		err = read_mode(h);
	if (err)
		return err;
	tty_init(&ctx->tty, ctx->store, ctx->common.no_color);
	decide(h);
	for (size_t i = 0; i < h->decision.n; i++)
		if (touches(h, &h->decision.steps[i]))
			err = err_first(err, act(h, &h->decision.steps[i]));
	return err;
}

/* Also where nothing of ours could be opened. */
static bool is_required(const struct hooking *h)
{
	const char *const argv[] = { "git", "config", "migrate.hooks", NULL };
	struct buf text = BUF_INIT;
	struct err *err;
	bool yes;

	if (h->mode == HOOK_MODE_REQUIRED)
		return true;
	err = gs_child_output(argv, &text);
	yes = !err && starts_with(buf_str(&text), "required\n");
	err_free(err);
	buf_release(&text);
	return yes;
}

/* A failure of ours stops git only where that is asked for. */
static struct err *settle(struct hooking *h, struct err *err)
{
	struct err *refused;

	if (!err || err_class_of(err) == ERR_CANCELLED)
		return err_first(err, h->answer);
	if (h->answer || !hook_kinds[h->kind].blocks || !is_required(h)) {
		tell(h, err);
		return h->answer;
	}
	refused = err_new(ERR_REFUSED, "%s: migrations cannot be checked: %s",
			  hook_kinds[h->kind].name, err_text(err));
	if (err_hint_of(err))
		refused = err_hint(refused, err_hint_of(err));
	err_free(err);
	return refused;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	struct hooking h = { .ctx = ctx };
	struct err *err = NULL;

	(void)options;
	if (hook_env_is_on("GIT_MIGRATE_SKIP"))
		return NULL;
	hook_kind_of(argv[0], &h.kind);
	while (h.n_args < HOOK_ARGS && (int)h.n_args + 1 < argc) {
		h.args[h.n_args] = argv[h.n_args + 1];
		h.n_args++;
	}
	/* what a hook of a push prints is the other side's */
	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		err = err_new(ERR_STATE, "dup2: %s", strerror(errno));
	if (!err)
		err = go(&h);
	err = settle(&h, err);
	hook_decision_release(&h.decision);
	hook_state_release(&h.state);
	buf_release(&h.lines);
	return err;
}

const struct cmd cmd_hook = {
	.name = "hook",
	.synopsis = synopsis,
	.summary = "do what a hook of git means (git calls this)",
	.hidden = true,
	.check = check,
	.run = run,
};
