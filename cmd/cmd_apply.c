#include "cmd/apply.h"

#include "cmd/run_view.h"

#define AT(member) offsetof(struct apply_options, member)

const struct opt apply_options_table[] = {
	{ OPT_STRING, 0, "to", AT(to), "name", "stop after this migration" },
	{ OPT_COUNT, 'n', "count", AT(count), "number",
	  "apply at most so many" },
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "show what would run, change nothing" },
	{ OPT_FLAG, 0, "worktree", AT(worktree), NULL,
	  "take uncommitted files as well" },
	{ OPT_FLAG, 0, "out-of-order", AT(out_of_order), NULL,
	  "run what sorts before an applied migration" },
	{ OPT_FLAG, 0, "allow-foreign", AT(allow_foreign), NULL,
	  "go on where the tree lacks applied ones" },
	{ OPT_FLAG, 0, "no-group", AT(no_group), NULL,
	  "a transaction for each migration" },
	{ OPT_FLAG, 0, "group", AT(group), NULL,
	  "many in one transaction (SQLite's default)" },
	{ OPT_FLAG, 0, "step-done", AT(step_done), NULL,
	  "a statement in doubt took effect: go on behind it" },
	{ OPT_FLAG, 0, "step-redo", AT(step_redo), NULL,
	  "a statement in doubt did not: run it" },
	{ OPT_FLAG, 0, "prove", AT(prove), NULL,
	  "try the rollback first; refuse what is not exact" },
	{ OPT_FLAG, 0, "no-restore", AT(no_restore), NULL,
	  "leave parked what earlier rollbacks have parked" },
	{ OPT_FLAG, 0, "no-snapshot", AT(no_snapshot), NULL,
	  "keep nothing to roll back with" },
	{ OPT_DURATION, 0, "lock-timeout", AT(lock_timeout), "duration",
	  "wait so long for another run, e.g. 30s" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[--to <name> | -n <number>] [--dry-run] [<options>]", NULL
};

struct err *apply_check(const struct cmd_ctx *ctx, const void *options,
			int argc, char **argv)
{
	const struct apply_options *o = options;

	if (argc)
		return err_hint(
			err_new(ERR_USAGE, "unexpected argument '%s'", argv[0]),
			"--to NAME applies up to a migration");
	if (o->to && o->count)
		return err_new(ERR_USAGE, "--to and -n cannot be used "
					  "together");
	if (o->group && o->no_group)
		return err_new(ERR_USAGE, "--group and --no-group cannot be "
					  "used together");
	if (o->step_done && o->step_redo)
		return err_new(ERR_USAGE, "--step-done and --step-redo cannot "
					  "be used together");
	if (o->worktree && ctx->common.rev)
		return err_new(ERR_USAGE, "--worktree and --rev cannot be "
					  "used together");
	return NULL;
}

struct err *apply_run(struct cmd_ctx *ctx, const struct apply_options *o)
{
	struct engine_apply_options opt = {
		.rev = ctx->common.rev,
		.worktree = o->worktree,
		.to = o->to,
		.count = o->count,
		.dry_run = o->dry_run,
		.out_of_order = o->out_of_order,
		.allow_foreign = o->allow_foreign,
		.no_group = o->no_group,
		.group = o->group,
		.step = o->step_done   ? ENGINE_STEP_DONE
			: o->step_redo ? ENGINE_STEP_REDO
				       : ENGINE_STEP_ASK,
		.no_snapshot = o->no_snapshot,
		.no_restore = o->no_restore,
		.prove = o->prove,
	};
	struct engine_run run = { 0 };
	struct run_view view;
	struct err *err;

	if (o->lock_timeout.given) {
		err = ctx_set_lock_timeout(ctx, o->lock_timeout.ms);
		if (err)
			return err;
	}
	run_view_begin(&view, ctx, "apply", o->dry_run);
	err = engine_apply(ctx->engine, &opt, &run);
	err = run_view_end(&view, &run, err);
	engine_run_release(&run);
	return err;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	(void)argc;
	(void)argv;
	return apply_run(ctx, options);
}

const struct cmd cmd_apply = {
	.name = "apply",
	.synopsis = synopsis,
	.summary = "bring the database up to the migrations of a commit",
	.needs = CMD_NEEDS_TARGET | CMD_WRITES,
	.options = apply_options_table,
	.options_size = sizeof(struct apply_options),
	.check = apply_check,
	.run = run,
};
