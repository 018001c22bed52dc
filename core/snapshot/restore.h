#ifndef SNAPSHOT_RESTORE_H
#define SNAPSHOT_RESTORE_H

#include <stdint.h>

#include "base/arena.h"
#include "schema/schema.h"
#include "snapshot/port.h"
#include "target/target.h"

/*
 * Takes one migration back: definitions from the inverse of its schema delta,
 * then rows and values from its snapshot, then proof that both are what they
 * were. Runs inside a transaction of the caller, who undoes it when this
 * fails or reports conflicts.
 */

/** Why a row, or an object, stands in the way. */
#define RESTORE_CHANGED "CHANGED"       /**< a value the migration wrote */
#define RESTORE_DELETED "DELETED"       /**< a row it changed is gone */
#define RESTORE_KEY_REUSED "KEY_REUSED" /**< another row has the key now */
#define RESTORE_ORPHANED "ORPHANED"     /**< rows refer to one that must go */
#define RESTORE_REDEFINED "REDEFINED"   /**< the definition changed since */
#define RESTORE_NOT_UNIQUE "NOT_UNIQUE" /**< rows break a unique index */

#define RESTORE_NO_VALUE "NO_VALUE" /**< rows lack what comes back NOT NULL */

struct restore_conflict {
	const char *object; /**< table name, or path of a schema object */
	const char *what;
	uint64_t rows; /**< 0 for a definition */
};

struct restore_request {
	struct target *target;
	const struct schema *now; /**< full inspection in this transaction */
	const struct schema_delta *delta; /**< of the event to take back */
	const struct snapshot_in *in;     /**< NULL = it kept no snapshot */
	const struct snapshot_out *park;  /**< where to put what must go */
	uint64_t limit;                   /**< bytes for the park; 0 = none */
};

struct restore_result {
	struct restore_conflict *conflicts;
	size_t n_conflicts, cap_conflicts;
	uint64_t restored; /**< rows put back or given old values */
	uint64_t removed;  /**< rows of the migration taken away */
	uint64_t parked;   /**< rows and values set aside */
	bool park_any;     /**< files were written to the park */
	struct arena arena;
};
void restore_result_release(struct restore_result *r);

/**
 * Prepare the session before the transaction is begun (foreign keys,
 * triggers, guard), and put it back after it ended.
 */
MUST_USE struct err *restore_session_begin(struct target *t);
MUST_USE struct err *restore_session_end(struct target *t);

/**
 * @param out release it, also on failure
 * @return ERR_STATE when the result would not be exact; conflicts are no
 *         error: out->n_conflicts > 0 and the transaction must be undone
 */
MUST_USE struct err *restore_run(const struct restore_request *req,
				 struct restore_result *out);

#endif
