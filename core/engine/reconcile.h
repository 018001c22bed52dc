#ifndef ENGINE_RECONCILE_H
#define ENGINE_RECONCILE_H

#include "engine/impl.h"

/* Shared by reconcile*.c: what makes a database hold a commit's migrations. */

struct reconcile {
	struct engine *e;
	const struct engine_reconcile_options *opt;
	struct tree tree;
	struct plan plan; /**< renames, rollbacks, applies: in this order */
	size_t n_renames, n_rollbacks, n_applies;
	struct ready *ready; /**< of the applies */
	size_t at;           /**< the step that is under way */
	struct engine_run *out;
};

/* --- reconcile.c --- */

/** Everything in one transaction, but the applies where they cannot be in it;
 * a dry run undoes it. */
MUST_USE struct err *reconcile_at_once(struct reconcile *rc, struct run *r);

/** Renames and rollbacks in one transaction, then each apply: killed or failed,
 * another run goes on from there. */
MUST_USE struct err *reconcile_stepwise(struct reconcile *rc, struct run *r);

/* --- reconcile_plan.c --- */

/** Commit and journal into steps, files made ready; nothing is changed. */
MUST_USE struct err *reconcile_plan(struct reconcile *rc);
void reconcile_release(struct reconcile *rc);

/* --- reconcile_down.c --- */

/**
 * Whether a snapshot is missing that it takes to roll back.
 *
 * @param[out] lacks only where that is to be done without; else it is the
 *             error, ERR_REFUSED, which says where the snapshot is
 */
MUST_USE struct err *reconcile_lacks_snapshot(struct reconcile *rc,
					      const struct chain *chain,
					      bool *lacks);

/** Run its down section, in the group that is open, as a rollback that is not
 * exact. ERR_REFUSED when it has none. */
MUST_USE struct err *reconcile_run_down(struct reconcile *rc, struct run *r,
					const char *name,
					const struct chain *chain,
					struct engine_step *step);

/* --- reconcile_rename.c --- */

/** Record the new names, in the group that is open. */
MUST_USE struct err *reconcile_rename_all(struct reconcile *rc, struct run *r);

#endif
