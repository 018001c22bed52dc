#ifndef DECIDE_PLAN_H
#define DECIDE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "migration/migration.h"

/*
 * What a set of files and a database's memory say together, and which steps
 * follow. Applied is a set, never a maximum. Pure: nothing is read or run.
 */

/** One migration that a database knows; strings borrowed. */
struct decide_state {
	const char *name, *version, *blob;
	const char *status; /**< "applied", "failed", "rolled_back" or
			     * "applying" */
	bool dirty;
	size_t applied_rank; /**< order of application; later is greater */
};

enum plan_state {
	PLAN_PENDING,     /**< never ran here; or a repeatable that changed */
	PLAN_APPLIED,     /**< ran, with this blob */
	PLAN_MODIFIED,    /**< ran, with another blob */
	PLAN_APPLYING,    /**< began and did not end (no transaction) */
	PLAN_FAILED,      /**< was tried and undone */
	PLAN_ROLLED_BACK, /**< ran and was taken back */
	PLAN_FOREIGN,     /**< ran or runs here, and is not in the tree */
	PLAN_STATE_COUNT,
};

/** "pending", "applied", "modified", ... as commands print it. */
const char *plan_state_name(enum plan_state s);

struct plan_item {
	enum plan_state state;
	const char *name; /**< as the tree has it; foreign: the database */
	struct migration *migration;      /**< NULL when foreign */
	const struct decide_state *known; /**< NULL when never seen */
	bool substance; /**< modified, and the part that runs changed */
	bool rerun;     /**< pending because a repeatable changed */
	/** Pending and the like, and sorts before something applied: the last
	 * such; else NULL. */
	const char *out_of_order;
	/** Applied, or rolled back, under this name, which the tree no longer
	 * has (or, sqitch, has for the reworked change); else NULL. */
	const char *renamed_from;
};

/**
 * Items: the set's in its order, then foreign ones in order of application.
 * Migrations that are not in the tree and not in the database either (failed,
 * rolled back) are left out.
 */
struct plan_view {
	const struct migration_set *set; /**< borrowed */
	struct plan_item *items;
	size_t n;
	size_t counts[PLAN_STATE_COUNT];
	struct map by_name; /**< of items; also by their former names */
	struct arena arena;
};

/**
 * Whether a migration's file differs from what ran in the part that runs.
 * Called for differing blobs only; the names may differ, too.
 */
typedef struct err *(*plan_substance_fn)(void *payload,
					 const struct migration *m,
					 const struct decide_state *known,
					 bool *differs);

/**
 * Put both sides together.
 *
 * A migration in the database that the tree no longer has, and one in the tree
 * with the same blob that the database does not know, are one that was renamed;
 * so are two with the same words behind their versions that do the same.
 *
 * @param set in the order of decide_order(); it and states must outlive out
 * @param substance NULL = every other blob counts as a change in substance
 * @return an error of the callback only; *out is to be released then, too
 */
MUST_USE struct err *plan_view_init(struct plan_view *out,
				    const struct migration_set *set,
				    const struct decide_state *states,
				    size_t n_states,
				    plan_substance_fn substance, void *payload);
void plan_view_release(struct plan_view *v);

/** "20260101120000_users", "V2__users" and "R__users" are called "users". */
bool plan_is_called(const char *name, const char *text);

/** By name, former name, as migration_resolve() reads it, or by what stands
 * behind the version where only one is called so; or NULL. */
const struct plan_item *plan_view_find(const struct plan_view *v,
				       const char *name);

/** apply would run it: pending, failed, rolled back, applying. */
bool plan_item_is_open(const struct plan_item *item);

/** The database holds its effects: applied, modified, foreign and applied. */
bool plan_item_is_done(const struct plan_item *item);

/** Reconcile takes it back for its own sake: not in the tree, or edited. */
bool plan_item_leaves(const struct plan_item *item);

enum plan_step_kind {
	PLAN_STEP_APPLY,
	PLAN_STEP_ROLLBACK,
	PLAN_STEP_RENAME, /**< the same file under another name: recorded */
};

struct plan_step {
	enum plan_step_kind kind;
	const char *name;            /**< rollback: as the database knows it */
	struct migration *migration; /**< NULL when it is not in the tree */
	const struct decide_state *known; /**< NULL when never seen */
	const struct plan_item *item;
	bool out_of_order;
	const char *after; /**< out of order: the last that sorts behind it, and
			    * is applied (reconcile: and stays); else NULL */
	bool returns;      /**< reconcile: taken back, to be applied again */
	char *why; /**< reconcile: why it is taken back; owned by the plan */
};

/** Steps in the order to run them; borrowed from the view. */
struct plan {
	struct plan_step *steps;
	size_t n, cap;
};

/**
 * Why `later`, applied after `earlier`, cannot stay without it ("uses users",
 * to be freed), or NULL. Both as the database knows them.
 */
typedef struct err *(*plan_needs_fn)(void *payload, const char *later,
				     const char *earlier, char **why);

/** What a command line asks for; zeroed = everything (apply). */
struct plan_choice {
	const char *to;           /**< NULL = not given */
	size_t count;             /**< 0 = not given */
	const char *const *names; /**< rollback only */
	size_t n_names;
	plan_needs_fn needs; /**< NULL = everything later does */
	/** Reconcile only: why `later`, which sorts behind `earlier`, cannot
	 * stay while that is applied; names as the set has them. NULL = it
	 * can. */
	plan_needs_fn passed;
	void *payload; /**< for needs and passed */
};

/**
 * Steps that apply what is open, in order: up to and with `to`, at most
 * `count` of them. Modified and foreign migrations are the caller's to judge.
 *
 * @return ERR_INPUT: `to` is no migration of the tree (hint: the nearest one)
 */
MUST_USE struct err *plan_apply(struct plan *out, const struct plan_view *v,
				const struct plan_choice *choice);

/**
 * Steps that roll back, newest application first: the names, or `count`, or
 * everything that was applied after `to` (which stays). Just one of the three
 * may be given; none means one step.
 *
 * @return ERR_INPUT: a name that neither tree nor database has (hint: the
 *         nearest one); ERR_REFUSED: one that is not applied, or something
 *         that was applied later, needs one of the names, and is not among
 *         them (all of it is listed with why, the hint is the command that
 *         takes it along); ERR_USAGE:
 *         more than one way of choosing
 */
MUST_USE struct err *plan_rollback(struct plan *out, const struct plan_view *v,
				   const struct plan_choice *choice);

/**
 * Steps that leave the database with what the set has, and nothing else:
 *
 * 1. what is there under another name is recorded under its new one;
 * 2. what the set lacks, or has with another text, is taken back, newest
 *    application first, and with it what was applied later and needs it, and
 *    what sorts behind one of (3) and may not be passed by it;
 * 3. what is open is applied in the set's order, with what was taken back and
 *    is in the set.
 *
 * Rollbacks of what was renamed bear the new name.
 *
 * @param ask only its functions
 */
MUST_USE struct err *plan_reconcile(struct plan *out, const struct plan_view *v,
				    const struct plan_choice *ask);
void plan_release(struct plan *p);

#endif
