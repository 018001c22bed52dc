#ifndef DECIDE_VERDICT_RULES_H
#define DECIDE_VERDICT_RULES_H

#include "base/util.h"
#include "decide/verdict.h"

/*
 * What two effects mean for each other, one pair at a time; private to
 * verdict*.c. All of it is symmetric.
 */

/** What one effect says when it meets another. */
struct meet {
	enum verdict verdict;
	/** The one side makes what the other needs: which of the two, as they
	 * were given. */
	bool b_needs_a, a_needs_b;
};

/** How the thing of one effect lies to that of another. */
enum nearness {
	NEAR_NOT,
	NEAR_SAME,   /**< the same thing, or one that wants the same name */
	NEAR_INSIDE, /**< b's is a part of a's */
	NEAR_AROUND, /**< a's is a part of b's */
	NEAR_ROWS,   /**< rows and rows of one table */
	NEAR_ROWS_A, /**< a = rows of the table that b's thing is or is of */
	NEAR_ROWS_B,
	NEAR_SIBLING /**< two labels of one type */
};

enum nearness verdict_near(const struct effect *a, const struct effect *b);

/** Two effects, in whatever way they are near. */
struct meet verdict_meet(const struct effect *a, const struct effect *b);

/** Both ROWS of one table. */
enum verdict verdict_rows(const struct effect *a, const struct effect *b);

/** Rows of a table, and what happens to the table or a part of it. */
struct meet verdict_rows_thing(const struct effect *rows,
			       const struct effect *thing);

/** Rows that have all of the one are surely not rows with all of the other. */
bool verdict_literals_apart(const struct effect *a, const struct effect *b);

/** These two values are different whatever the column's type is. */
bool verdict_values_apart(const char *a, const char *b);

/** Everything not implied has its equal, and something is changed. */
bool verdict_identical(const struct effects *a, const struct effects *b);

/** Same action on the same thing with the same outcome. */
bool verdict_same_effect(const struct effect *a, const struct effect *b);

/** "both add column public.users.mail", the same for (b, a). */
char *verdict_why(struct arena *arena, const struct effect *a,
		  const struct effect *b);

/** The column's value where it is given by a constant, or NULL. */
const struct effect_literal *verdict_literal(const struct effect_literal *l,
					     size_t n, const char *column);

bool verdict_listed(const char **list, const char *column);

static inline bool verdict_is_rows(const struct effect *e)
{
	return e->kind == EFFECT_ROWS;
}

static inline bool verdict_aspect(const struct effect *e, const char *aspect)
{
	return e->aspect && streq(e->aspect, aspect);
}

#endif
