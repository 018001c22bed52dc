#ifndef SNAPSHOT_REDO_H
#define SNAPSHOT_REDO_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "schema/schema.h"
#include "snapshot/port.h"
#include "target/target.h"

/*
 * A migration that was rolled back is applied again, perhaps with another
 * text: what its rollbacks have parked goes back where it still fits. Rows by
 * key, tables by name, columns by name and type. Newer parks go first; an
 * older one gives only tables and columns that were not there to be parked by
 * a newer one.
 *
 * Runs inside the migration's transaction, with its capture on: what is given
 * back counts as written by the migration. Not so rows that a rollback has set
 * aside because they had no place: they were somebody's before, are so again,
 * and go back behind the capture.
 */

/** What one rollback has parked. */
struct redo_park {
	const struct snapshot_in *in;     /**< NULL = nothing */
	const struct schema_delta *delta; /**< of the rollback */
	/** Older parks were given back before it: what it took away and has
	 * not, somebody had removed. */
	bool covers;
};

/** What does not fit any more: it stays in the park. */
struct redo_misfit {
	const char *table;
	const char *column; /**< NULL = whole rows */
	const char *why;    /**< "there is no such table" */
	uint64_t n;         /**< rows, or values that are not NULL */
};

struct redo_result {
	uint64_t given; /**< rows and values given back */
	struct redo_misfit *misfits;
	size_t n_misfits, cap_misfits;
	struct arena arena;
};
void redo_result_release(struct redo_result *r);

struct redo;
struct capture;

/** Parked data can be given back to such a database. */
bool redo_is_known(const struct target *t);

/**
 * Before the migration's statements run: what later writes have taken the
 * place of is told now.
 *
 * @param parks newest first; must outlive *out
 */
MUST_USE struct err *redo_open(struct redo **out, struct target *t,
			       const struct redo_park *parks, size_t n);

/**
 * Behind them.
 *
 * @param capture the migration's, which is on; NULL = nothing is kept of it
 * @param out release it, also on failure
 */
MUST_USE struct err *redo_run(struct redo *r, struct capture *capture,
			      struct redo_result *out);

/**
 * Once the capture has ended: rows that were set aside, and what may refer to
 * them.
 *
 * @param out as redo_run() left it
 */
MUST_USE struct err *redo_late(struct redo *r, struct redo_result *out);

/** Some are left for it. */
bool redo_is_late(const struct redo *r);

/** NULL is fine. */
void redo_close(struct redo *r);

#endif
