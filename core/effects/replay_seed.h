#ifndef EFFECTS_REPLAY_SEED_H
#define EFFECTS_REPLAY_SEED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "effects/replay_impl.h"

/*
 * What both databases need to make up rows: a table's columns and foreign
 * keys, and values for a row, which are the same for the same table, seed,
 * row and attempt. Values are SQL literals.
 */

#define SEED_ROWS 3
#define SEED_ATTEMPTS 200

enum seed_type {
	SEED_INT,
	SEED_REAL,
	SEED_TEXT,
	SEED_BYTES,
	SEED_BOOL,
	SEED_DATE,
	SEED_TIME,
	SEED_UUID,
	SEED_JSON,
	SEED_OTHER, /**< no value is known but seed_column.other */
};

struct seed_column {
	const char *name;
	enum seed_type type;
	bool not_null;
	const char *value; /**< of the row in hand */
	size_t max;        /**< longest text; 0 = any */
	const char *other; /**< SEED_OTHER: literals, one on each line */
};

struct seed_key {
	int id;
	const char *parent;
	const char **from, **to;
	size_t n;
};

struct seed_table {
	const char *name; /**< the caller's */
	struct seed_column *columns;
	size_t n, cap;
	struct seed_key *keys;
	size_t n_keys, cap_keys;
	const char **liked; /**< literals that its rules name */
	size_t n_liked, cap_liked;
	struct arena arena;
};

void seed_table_release(struct seed_table *t);
struct seed_column *seed_add_column(struct seed_table *t, const char *name);

/** By name; ASCII case does not count. NULL when there is none. */
struct seed_column *seed_column(const struct seed_table *t, const char *name);

/** One column of a foreign key; those of one id follow each other. */
void seed_add_key(struct seed_table *t, int id, const char *parent,
		  const char *from, const char *to);
void seed_add_liked(struct seed_table *t, const char *literal, size_t len);
void seed_set(struct seed_table *t, const char *column, const char *value);

/** Append "(a, b) VALUES (1, 2)", or what stands for a row of defaults. */
void seed_add_values(struct buf *sql, const struct seed_table *t);

struct seed_pick {
	unsigned seed, row, attempt;
	struct replay_random random;
};

void seed_pick_init(struct seed_pick *p, const char *table, unsigned seed,
		    unsigned row);

/** The third row has NULLs, unless the seed is odd. */
bool seed_is_null(const struct seed_column *c, struct seed_pick *p);

/** Append a value that the table likes, or an odd one; false = take
 * seed_literal(). Never in the first attempt. */
bool seed_add_other(struct buf *out, const struct seed_table *t,
		    const struct seed_column *c, struct seed_pick *p);

/** Append the ordinary value of that row, another one for each row. */
void seed_literal(struct buf *out, const struct seed_column *c,
		  const struct seed_pick *p);

#endif
