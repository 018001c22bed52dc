#ifndef SNAPSHOT_CHANGELOG_H
#define SNAPSHOT_CHANGELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * What happened to the rows of one table while a migration ran, and, at its
 * end, what each key held before it: changes are appended in the order they
 * happen and read back merged, one slot per key, in key order. Memory is
 * bounded: beyond a share of it sorted runs go to an unlinked file.
 */

enum change_op {
	CHANGE_INSERT, /**< the key was empty until now */
	CHANGE_DELETE, /**< payload: every field of the row, tab-separated */
	CHANGE_UPDATE, /**< payload: fields of some columns */
};

/** Key of a row: an integer, or the fields of its key columns as text. */
struct change_key {
	int64_t i;
	const char *s; /**< NULL = the integer counts */
	size_t len;
};

struct changelog;

/**
 * @param dir where runs may be spilled; borrowed
 * @param max_memory bytes before a run is spilled
 */
struct changelog *changelog_new(const char *dir, size_t max_memory);
void changelog_free(struct changelog *l);

/**
 * Start a change; append its payload to the buffer returned, then call
 * changelog_end(). DELETE: the fields joined by tabs. UPDATE: for each column
 * changelog_column(), then the field.
 */
struct buf *changelog_begin(struct changelog *l, enum change_op op,
			    const struct change_key *key);
void changelog_column(struct changelog *l, unsigned column);
MUST_USE struct err *changelog_end(struct changelog *l);

bool changelog_is_empty(const struct changelog *l);

/** Number of changes, and the smallest and largest integer key. */
uint64_t changelog_count(const struct changelog *l, int64_t *min, int64_t *max);

/** One key before the migration. */
struct change_slot {
	struct change_key key;
	bool was_empty;
	bool whole;      /**< every column is known: row holds all fields */
	const char *row; /**< whole: fields joined by tabs */
	size_t row_len;
	/* not whole: known[i] != NULL for the columns that were changed */
	const char **known;
	size_t *known_len;
};

/**
 * Begin reading; no more changes may be appended.
 *
 * @param n_columns columns of a whole row
 */
MUST_USE struct err *changelog_read(struct changelog *l, size_t n_columns);

/** The next slot in key order, borrowed until the next call; NULL at end. */
MUST_USE struct err *changelog_next(struct changelog *l,
				    const struct change_slot **out);

#endif
