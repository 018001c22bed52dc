#include "cmd/apply.h"

static const char *const synopsis[] = {
	"[--to <name> | -n <number>] [<options>]", NULL
};

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	struct apply_options o = *(const struct apply_options *)options;

	(void)argc;
	(void)argv;
	o.dry_run = true;
	return apply_run(ctx, &o);
}

const struct cmd cmd_plan = {
	.name = "plan",
	.synopsis = synopsis,
	.summary = "show what apply would run",
	.needs = CMD_NEEDS_TARGET,
	.options = apply_options_table,
	.options_size = sizeof(struct apply_options),
	.check = apply_check,
	.run = run,
};
