#ifndef CMD_HOOK_H
#define CMD_HOOK_H

#include "cmd/context.h"
#include "hooks/policy.h"
#include "hooks/theirs.h"

/* What `git migrate hook` does with a step of a decision. */

/**
 * Check what a step brings together, and print what is found.
 *
 * @param warn   findings stop nothing
 * @param answer where git is to stop: the first such step says why.
 *               ERR_REFUSED; what was there stays
 * @return the check could not be made
 */
MUST_USE struct err *hook_check(struct cmd_ctx *ctx,
				const struct hook_step *step,
				enum hook_kind kind, bool warn,
				struct err **answer);

/**
 * Bring databases along to HEAD, or say how they differ, as each target's
 * migrate.<target>.reconcile says. What goes wrong is told, and is no error:
 * git has done its work already.
 *
 * @param entered HOOK_ENTER came before: branches' own databases have followed
 */
void hook_follow(struct cmd_ctx *ctx, const struct hook_step *step,
		 bool entered);

#endif
