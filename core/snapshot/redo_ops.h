#ifndef SNAPSHOT_REDO_OPS_H
#define SNAPSHOT_REDO_OPS_H

#include "base/map.h"
#include "snapshot/manifest.h"
#include "snapshot/redo.h"
#include "snapshot/rows.h"

/*
 * What a dialect brings to give parked data back; inside this room only.
 */
struct redo_ops {
	/* of a park that has files */
	/** Learn, before the statements, what of a park has no place left. */
	struct err *(*look)(struct redo *r, size_t park);
	/** It has rows that were set aside. */
	bool (*has_rows)(const struct redo *r, size_t park);
	/** Behind them, before anything is given. May be NULL. */
	struct err *(*begin)(struct redo *r);
	/** Give it back. */
	struct err *(*give)(struct redo *r, size_t park,
			    struct redo_result *out);
	/** What the rollback took away, whether it held anything or not. */
	void (*set_given)(struct redo *r, size_t park);
	/** All parks are given back. May be NULL. */
	struct err *(*end)(struct redo *r, struct redo_result *out);
	void (*release)(struct redo *r, size_t park);
};

struct redo {
	const struct redo_ops *ops;
	struct target *target;
	const struct redo_park *parks;
	void **states; /**< by park; the dialect's */
	size_t n;
	struct map given;        /**< names: redo_set_given() of newer parks */
	struct map grown;        /**< tables that got rows back */
	struct capture *capture; /**< sees what is given; NULL = nobody does */
	char only;    /**< lines of this kind (enum row_op); 0 = all */
	bool covered; /**< of the park at hand: redo_park.covers of a newer */
};

extern const struct redo_ops redo_sqlite_ops;
extern const struct redo_ops redo_pg_ops;

/** A newer park would have had it: a table (type and column NULL), or its
 * column of that type. */
bool redo_is_given(const struct redo *r, const char *table, const char *column,
		   const char *type);
void redo_set_given(struct redo *r, const char *table, const char *column,
		    const char *type);

/** A line that is not this pass's, or whose row a newer park would have had.
 * @param of its table in the park */
bool redo_passes_over(const struct redo *r, char op,
		      const struct manifest_table *of);

/** Lines that can go nowhere are counted in this pass. */
static inline bool redo_counts(const struct redo *r)
{
	return r->only != ROW_DELETED;
}

/** Count what does not fit; names are copied, `why` is not. */
void redo_misfit_add(struct redo_result *out, const char *table,
		     const char *column, const char *why, uint64_t n);

#endif
