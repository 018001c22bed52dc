#ifndef CMD_BRANCHES_H
#define CMD_BRANCHES_H

#include "cmd/context.h"
#include "engine/branches.h"

/*
 * A database for each branch (migrate.<target>.reconcile = clone), as commands
 * and hooks need it: the branch's own is made before it is worked with, and
 * those whose branch is gone are removed. docs/reconcile.md.
 */

enum branches_make {
	BRANCHES_COPY,     /**< a copy, or nothing */
	BRANCHES_OR_EMPTY, /**< where there is nothing to copy, ctx is set up so
				that an empty one may be made */
	BRANCHES_SAY,      /**< only say what would be copied */
};

/**
 * Where the target of ctx is of a branch that has no database yet: make it, a
 * copy of the one of the branch that this one forked from, and say so.
 *
 * @param[out] missing it is not there, and was not made
 */
MUST_USE struct err *branches_ensure(struct cmd_ctx *ctx,
				     enum branches_make how, bool *missing);

/** What a copy's branch is by now. */
struct branch_fate {
	bool gone;
	char *renamed; /**< the branch that it was renamed to, and that has no
			    database of its own yet; NULL = none */
};
void branch_fate_of(struct cmd_ctx *ctx, const char *target,
		    const struct engine_copy *c, struct branch_fate *out);
void branch_fate_release(struct branch_fate *f);

/** How the copy is reached; strings in memory of ctx->config.
 * ERR_REFUSED: the target's URL leads elsewhere by now. */
MUST_USE struct err *branch_config(struct cmd_ctx *ctx, const char *target,
				   const struct engine_copy *c,
				   struct engine_config *out);

/** A place as a person writes it, from the top of the work tree; free() it. */
char *branch_place_shown(struct cmd_ctx *ctx, const char *place);

/** Remove a copy, and say so. */
MUST_USE struct err *branch_remove(struct cmd_ctx *ctx, const char *target,
				   const struct engine_copy *c);

/** Hint at the copies whose branch is gone. */
void branches_tell_gone(struct cmd_ctx *ctx, const char *target);

/** Remove the copies whose branch is gone, and say so; what cannot be removed
 * is told, and stays. */
void branches_prune(struct cmd_ctx *ctx, const char *target);

#endif
