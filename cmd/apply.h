#ifndef CMD_APPLY_H
#define CMD_APPLY_H

#include "cmd/context.h"

/** What apply takes, and plan as well, which is apply --dry-run. */
struct apply_options {
	const char *to;
	size_t count;
	bool dry_run, out_of_order, allow_foreign, no_group, no_snapshot,
		no_restore, prove;
	bool group, step_done, step_redo;
	bool worktree;
	struct opt_duration lock_timeout;
};
extern const struct opt apply_options_table[];

MUST_USE struct err *apply_check(const struct cmd_ctx *ctx, const void *options,
				 int argc, char **argv);
MUST_USE struct err *apply_run(struct cmd_ctx *ctx,
			       const struct apply_options *o);

#endif
