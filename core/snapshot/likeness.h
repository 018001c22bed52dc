#ifndef SNAPSHOT_LIKENESS_H
#define SNAPSHOT_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "snapshot/rows.h"

/*
 * A key is not an identity: whether the row that has a line's key now is the
 * one that the line is about. docs/snapshots.md, "Three ways".
 */

/** How a row compares with what its line expects of it. */
struct likeness {
	size_t compared, agree;
	bool unique;    /**< a unique column agrees */
	bool all;       /**< every column that is known is as it was left */
	size_t written; /**< columns that the migration wrote */
};

/** One column of the row beside the line's field. */
struct likeness_field {
	bool changed;   /**< the migration wrote it */
	bool as_left;   /**< it has what was there behind the migration */
	bool as_before; /**< it has the old value; of a changed one */
	bool unique;    /**< unique by itself, and not NULL */
	bool tells;     /**< the migration wrote many different values there */
};

static inline void likeness_begin(struct likeness *l)
{
	*l = (struct likeness){ .all = true };
}

/** A column that is not there any more, or was not there behind it. */
static inline void likeness_unknown(struct likeness *l, enum row_op op,
				    bool changed)
{
	l->written += changed;
	l->all &= op != ROW_DELETED;
}

static inline void likeness_add(struct likeness *l,
				const struct likeness_field *f)
{
	bool agrees = f->as_left || (f->changed && f->as_before);

	l->written += f->changed;
	l->all &= f->as_left;
	l->unique |= f->as_left && f->unique;
	/* what it wrote tells only where it is still there */
	if (f->changed && !(agrees && f->tells))
		return;
	l->compared++;
	l->agree += agrees;
}

static inline bool likeness_is_same_row(const struct likeness *l)
{
	return l->unique || l->agree * 2 >= l->compared;
}

/** What a migration wrote into each column, seen on its first lines. */
struct likeness_sample {
	struct map *seen; /**< by column */
	size_t *n;
	size_t n_columns, lines;
};

void likeness_sample_begin(struct likeness_sample *s, size_t n_columns);

/** A further line of '~'; false = enough were seen. */
bool likeness_sample_line(struct likeness_sample *s);

/** What was written into a column of that line. */
void likeness_sample_value(struct likeness_sample *s, size_t column,
			   uint64_t digest);

/** tells[i]: of the values of column i most differ. Frees the sample. */
void likeness_sample_end(struct likeness_sample *s, bool *tells);

#endif
