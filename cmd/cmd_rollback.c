#include "base/clock.h"
#include "base/util.h"
#include "cmd/run_view.h"
#include "cmd/units.h"

struct options {
	size_t count;
	const char *to, *since, *commit;
	bool dry_run, append;
	const char *on_conflict;
	struct opt_duration lock_timeout;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_COUNT, 'n', "count", AT(count), "number",
	  "roll back the newest so many" },
	{ OPT_STRING, 0, "to", AT(to), "name",
	  "roll back everything applied after this migration" },
	{ OPT_STRING, 0, "since", AT(since), "date",
	  "roll back what was applied since: 2026-11-22, 3h" },
	{ OPT_STRING, 0, "commit", AT(commit), "revision",
	  "roll back what came with this commit" },
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "do it all, say what came of it, and undo it" },
	{ OPT_STRING, 0, "on-conflict", AT(on_conflict), "what",
	  "what both changed: abort, keep it, or restore" },
	{ OPT_FLAG, 0, "append", AT(append), NULL,
	  "PostgreSQL: columns come back behind the others" },
	{ OPT_DURATION, 0, "lock-timeout", AT(lock_timeout), "duration",
	  "wait so long for another run, e.g. 30s" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[<name>... | -n <number> | --to <name>] [<options>]",
	"(--since <date> | --commit <revision>) [<options>]", NULL
};

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;
	enum restore_choice choice;
	struct err *err;
	int64_t since;

	(void)ctx;
	(void)argv;
	err = run_view_choice(o->on_conflict, &choice);
	if (err)
		return err;
	if (!!argc + !!o->count + !!o->to + !!o->since + !!o->commit > 1)
		return err_new(ERR_USAGE, "give names, -n, --to, --since or "
					  "--commit: only one of them");
	if (o->since && !units_date(o->since, &since))
		return err_new(ERR_USAGE, "--since takes a date such as "
					  "2026-11-22, 2026-11-22T15:04:05Z, "
					  "or how long ago: 3h, 2d");
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
		.commit = o->commit,
		.dry_run = o->dry_run,
		.append = o->append,
		.max_details = ctx->common.json ? SIZE_MAX : RUN_VIEW_CONFLICTS,
	};
	struct engine_run run = { 0 };
	char since[CLOCK_ISO_SIZE];
	struct run_view view;
	int64_t seconds;
	struct err *err;

	if (o->lock_timeout.given) {
		err = ctx_set_lock_timeout(ctx, o->lock_timeout.ms);
		if (err)
			return err;
	}
	err = run_view_choice(o->on_conflict, &opt.on_conflict);
	if (err)
		return err;
	if (o->since && units_date(o->since, &seconds)) {
		clock_iso(seconds, since);
		opt.since = since;
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
