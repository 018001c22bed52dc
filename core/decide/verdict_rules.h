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

/** The one side drops it, for good or under this name only: the other side's
 * effect does not mind. */
bool verdict_outlives(const struct effects *side, const struct effect *dropped,
		      const struct effect *other);

/** What the one side drops here comes to be in another schema. */
bool verdict_is_moved(const struct effects *side, const struct effect *dropped);

/** Rows that have all of the one are surely not rows with all of the other. */
bool verdict_literals_apart(const struct effect *a, const struct effect *b);

/** These two values are different whatever the column's type is. */
bool verdict_values_apart(const char *a, const char *b);

/** Both are dates and times, with their parts in the same places. */
bool verdict_are_fields(const char *a, const char *b);

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

/** What is written is surely what the new CHECK wants. */
bool verdict_keeps(const struct effect *rows, const struct effect *check);

/** The constant that is written is the same under the column's type of before
 * and of after (PostgreSQL). */
bool verdict_same_in_types(const struct effect *rows,
			   const struct effect *column);

/** Numbers, texts or booleans: any index of a column goes on with them. */
bool verdict_is_plain_type(const char *digest);

/** No row fits both bounds. */
bool verdict_partitions_apart(const struct effect *a, const struct effect *b);

/** The text is an integer that two types of integers both have. */
bool verdict_is_same_integer(const char *text, const struct effect *type);

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
