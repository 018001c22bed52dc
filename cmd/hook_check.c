#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/util.h"
#include "cmd/hook.h"
#include "cmd/print.h"
#include "engine/check.h"

/* A folder that nothing can be made in: a push that may be refused leaves
 * nothing behind. */
#define NO_CACHE "/dev/null"

static struct engine_check_options options_of(const struct hook_step *step,
					      enum hook_kind kind)
{
	struct engine_check_options o = {
		.cache_dir = hook_kinds[kind].server ? NO_CACHE : NULL,
	};

	switch (step->act) {
	case HOOK_CHECK_MERGE:
		o.merge = true;
		break;
	case HOOK_CHECK_STEP:
	case HOOK_LOOK_BACK:
		o.from = step->from;
		o.to = step->to;
		break;
	case HOOK_CHECK_BRANCH:
		o.ours = step->to;
		o.theirs = step->from;
		break;
	case HOOK_FOLLOW:
	case HOOK_TELL:
	case HOOK_ENTER:
		break;
	}
	return o;
}

/* A server of the person's own choice, never of .gitmigrate's. */
static struct err *find_scratch(struct cmd_ctx *ctx, char **out)
{
	bool versioned = false;
	struct err *err = ctx->store->ops->config(ctx->store, "migrate.scratch",
						  out, &versioned);

	if (err || !versioned)
		return err;
	free(*out);
	*out = NULL;
	return NULL;
}

static void print_findings(const struct cmd_ctx *ctx,
			   const struct engine_check *result)
{
	const struct tty *t = &ctx->tty;
	const struct finding_style style = {
		.error = tty_color(t, TTY_RED),
		.warning = tty_color(t, TTY_YELLOW),
		.note = tty_color(t, TTY_CYAN),
		.bold = tty_color(t, TTY_BOLD),
		.dim = tty_color(t, TTY_DIM),
		.added = tty_color(t, TTY_GREEN),
		.removed = tty_color(t, TTY_RED),
		.reset = tty_color(t, TTY_RESET),
	};
	struct buf out = BUF_INIT;

	if (!result->errors && !result->warnings)
		return;
	finding_write_human(&out, &result->report, &style, false);
	fputs(buf_str(&out), stderr);
	buf_release(&out);
}

/* What a person does now. */
static const char *way_on(const struct hook_step *step, enum hook_kind kind)
{
	bool merges = kind == HOOK_PRE_COMMIT || kind == HOOK_PRE_MERGE_COMMIT;

	if (step->act == HOOK_LOOK_BACK)
		return "git reset --keep ORIG_HEAD undoes the merge";
	if (merges)
		return "git merge --abort undoes the merge; with it mended, "
		       "git commit goes on; --no-verify goes on all the same";
	if (hook_kinds[kind].server)
		return NULL;
	return "mend the branch (git migrate rebase), or git push --no-verify";
}

static struct err *stop(const struct hook_step *step, enum hook_kind kind,
			const struct engine_check *result)
{
	const char *name = *step->ref ? step->ref : "the merge";
	struct err *err =
		err_new(ERR_REFUSED,
			"%s: %s is stopped: %zu migration%s that do%s not "
			"fit",
			hook_kinds[kind].name, name, result->errors,
			result->errors == 1 ? "" : "s",
			result->errors == 1 ? "es" : "");
	const char *way = way_on(step, kind);

	return way ? err_hint(err, way) : err;
}

struct err *hook_check(struct cmd_ctx *ctx, const struct hook_step *step,
		       enum hook_kind kind, bool warn, struct err **answer)
{
	struct engine_check_options opt = options_of(step, kind);
	struct engine_check result;
	char *scratch = NULL;
	struct err *err = ctx_open_engine(ctx, NULL, false);

	if (!err)
		err = find_scratch(ctx, &scratch);
	if (err)
		return err;
	opt.scratch = scratch;
	err = engine_check(ctx->engine, &opt, &result);
	if (err)
		goto done;
	print_findings(ctx, &result);
	if (result.errors && !warn && step->act != HOOK_LOOK_BACK)
		*answer = err_first(*answer, stop(step, kind, &result));
	else if (result.errors && way_on(step, kind))
		ctx_hint(ctx, "%s", way_on(step, kind));
done:
	engine_check_release(&result);
	free(scratch);
	return err;
}
