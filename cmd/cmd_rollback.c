#include "cmd/run_view.h"

struct options {
	size_t count;
	const char *to;
	bool dry_run;
	struct opt_duration lock_timeout;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_COUNT, 'n', "count", AT(count), "number",
	  "roll back the newest so many" },
	{ OPT_STRING, 0, "to", AT(to), "name",
	  "roll back everything applied after this migration" },
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "show what would be rolled back, change nothing" },
	{ OPT_DURATION, 0, "lock-timeout", AT(lock_timeout), "duration",
	  "wait so long for another run, e.g. 30s" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[<name>... | -n <number> | --to <name>] [--dry-run]", NULL
};

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;

	(void)ctx;
	(void)argv;
	if (!!argc + !!o->count + !!o->to > 1)
		return err_new(ERR_USAGE, "give names, -n or --to: only one "
					  "of them");
	return NULL;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	struct engine_rollback_options opt = {
		.names = (const char *const *)argv,
		.n_names = (size_t)argc,
		.count = o->count,
		.to = o->to,
		.dry_run = o->dry_run,
	};
	struct engine_run run = { 0 };
	struct run_view view;
	struct err *err;

	if (o->lock_timeout.given) {
		err = ctx_set_lock_timeout(ctx, o->lock_timeout.ms);
		if (err)
			return err;
	}
	run_view_begin(&view, ctx, "rollback", o->dry_run);
	err = engine_rollback(ctx->engine, &opt, &run);
	err = run_view_end(&view, &run, err);
	engine_run_release(&run);
	return err;
}

const struct cmd cmd_rollback = {
	.name = "rollback",
	.synopsis = synopsis,
	.summary = "undo migrations: schema and data as they were before",
	.needs = CMD_NEEDS_TARGET | CMD_WRITES,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
