#ifndef DECIDE_VERDICT_H
#define DECIDE_VERDICT_H

#include "base/arena.h"
#include "effects/effects.h"

/*
 * What effects say about two migrations that were written without knowing of
 * each other. Pure, symmetric: verdict_pair(a, b) and verdict_pair(b, a) say
 * the same with the sides exchanged.
 */

/** From harmless to grave; the verdict of a pair is its gravest. */
enum verdict {
	VERDICT_INDEPENDENT, /**< both orders run and end alike */
	VERDICT_IDENTICAL,   /**< both do the same: keep one */
	VERDICT_UNCERTAIN,   /**< something near the other cannot be told */
	VERDICT_ORDER,       /**< both orders may run, and end differently */
	VERDICT_CONFLICT,    /**< at most one order runs, or none */
	VERDICT_COUNT
};

/** "independent", "identical", ... */
const char *verdict_name(enum verdict v);

/** Two effects that meet. */
struct verdict_meeting {
	enum verdict verdict;
	const struct effect *a, *b; /**< borrowed from the two sets */
	const char *why; /**< "both add column users.mail", in the arena */
};

struct verdict_pair {
	enum verdict verdict;
	struct verdict_meeting *meetings; /**< gravest first; one for each
					       pair of things */
	size_t n;
	/** Side b can only run behind a (or the other way round): it uses what
	 * the other makes. */
	bool b_needs_a, a_needs_b;
};

/**
 * O(n + m) for sets that do not meet: things are looked up by name. IDENTICAL
 * only when everything that is not implied has its equal on the other side.
 */
void verdict_pair(struct verdict_pair *out, struct arena *arena,
		  const struct effects *a, const struct effects *b);

/** The same without the meetings; stops at the first that is not harmless. */
bool verdict_commute(const struct effects *a, const struct effects *b);

#endif
