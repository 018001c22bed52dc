#include "base/util.h"
#include "cmd/branches.h"
#include "cmd/run_view.h"

struct options {
	const char *to;
	bool dry_run, shared, force_down;
	const char *on_conflict;
	struct opt_duration lock_timeout;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_STRING, 0, "to", AT(to), "revision",
	  "the commit to follow, instead of HEAD" },
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "do it all, say what came of it, and undo it" },
	{ OPT_STRING, 0, "on-conflict", AT(on_conflict), "what",
	  "what both changed: abort, keep it, or restore" },
	{ OPT_FLAG, 0, "shared", AT(shared), NULL,
	  "also where another work tree has run last" },
	{ OPT_FLAG, 0, "force-down", AT(force_down), NULL,
	  "a snapshot is not here: run the down section" },
	{ OPT_DURATION, 0, "lock-timeout", AT(lock_timeout), "duration",
	  "wait so long for another run, e.g. 30s" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[--to <revision>] [--dry-run] [<options>]", NULL
};

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;
	enum restore_choice choice;
	struct err *err;

	if (argc)
		return err_hint(
			err_new(ERR_USAGE, "unexpected argument '%s'", argv[0]),
			"--to REVISION follows another commit than HEAD");
	err = run_view_choice(o->on_conflict, &choice);
	if (err)
		return err;
	if (o->to && ctx->common.rev)
		return err_new(ERR_USAGE, "--to and --rev are the same: give "
					  "one of them");
	return NULL;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	struct engine_reconcile_options opt = {
		.rev = o->to ? o->to : ctx->common.rev,
		.dry_run = o->dry_run,
		.shared = o->shared,
		.force_down = o->force_down,
		.max_details = ctx->common.json ? SIZE_MAX : RUN_VIEW_CONFLICTS,
	};
	struct engine_run run = { 0 };
	struct run_view view;
	bool missing = false;
	struct err *err;

	(void)argc;
	(void)argv;
	if (o->lock_timeout.given) {
		err = ctx_set_lock_timeout(ctx, o->lock_timeout.ms);
		if (err)
			return err;
	}
	err = run_view_choice(o->on_conflict, &opt.on_conflict);
	if (!err)
		err = branches_ensure(
			ctx, o->dry_run ? BRANCHES_SAY : BRANCHES_OR_EMPTY,
			&missing);
	if (err)
		return err;
	run_view_begin(&view, ctx, "reconcile", o->dry_run);
	if (!missing) /* what it would hold is not known */
		err = engine_reconcile(ctx->engine, &opt, &run);
	err = run_view_end(&view, &run, err);
	engine_run_release(&run);
	return err;
}

const struct cmd cmd_reconcile = {
	.name = "reconcile",
	.synopsis = synopsis,
	.summary = "make the database hold exactly what a commit has",
	.needs = CMD_NEEDS_TARGET | CMD_WRITES,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
