#ifndef ENGINE_BRANCHES_H
#define ENGINE_BRANCHES_H

#include "engine/engine.h"

/*
 * A database for each branch: copies that this clone has made, and their end.
 * What was made is written down in the common git folder before anything is
 * (docs/reconcile.md), and nothing that is not there is ever removed.
 */

/** One of them. Strings in the arena of the list. */
struct engine_copy {
	const char *target, *branch;
	const char *from;    /**< branch whose database it is a copy of */
	const char *place;   /**< URL without passwords, paths absolute */
	const char *uuid;    /**< what it has, or would have got */
	const char *source;  /**< uuid of the one it was copied from, "" = it
				  had no journal */
	const char *made_at; /**< ISO 8601; NULL = begun, and not finished */
};

struct engine_copies {
	struct engine_copy *items; /**< by branch, then place */
	size_t n;
	struct arena arena;
};

/** All that were made for a target. What cannot be read is passed over. */
MUST_USE struct err *engine_copies_read(struct store *store, const char *target,
					struct engine_copies *out);
void engine_copies_release(struct engine_copies *c);

/** Strike it off the list: there is no such database. */
void engine_copy_forget(struct store *store, const struct engine_copy *c);

struct engine_fork_options {
	const struct engine_config *to; /**< own_branch is whose it is to be */
	const char *from;               /**< branch of the source */
	const char *place;              /**< as in struct engine_copy */
};

enum engine_fork_result {
	ENGINE_FORK_MADE,
	ENGINE_FORK_FINISHED, /**< a copy whose making was killed */
	ENGINE_FORK_THERE,    /**< something is there already */
	ENGINE_FORK_NOTHING,  /**< there is no database to copy from */
};

/**
 * Make a branch's database, a copy of the one of e, with a uuid of its own and
 * an event `fork`.
 *
 * @return ERR_REFUSED: protected, others are connected, a right is missing;
 *         nothing is left then that a later call does not finish or clear away
 */
MUST_USE struct err *engine_fork(struct engine *e,
				 const struct engine_fork_options *opt,
				 enum engine_fork_result *out);

/** There is something at the place that e is configured for. */
MUST_USE struct err *engine_is_there(struct engine *e, bool *out);

/**
 * Remove a copy for good: the database, and the line that says it was made.
 * e is configured for its place.
 *
 * @param[out] was_gone it had been removed by somebody else
 * @return ERR_REFUSED: what is there is not the copy that was made, it is
 *         protected, others are connected
 */
MUST_USE struct err *engine_copy_remove(struct engine *e,
					const struct engine_copy *c,
					bool *was_gone);

#endif
