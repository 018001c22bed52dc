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
 * were. What was written since stays; where it is about the same values, that
 * is a conflict. Runs inside a transaction of the caller, who undoes it when
 * this fails or is blocked.
 */

/** Why a row, or an object, stands in the way. */
#define RESTORE_CHANGED "CHANGED"       /**< a value the migration wrote */
#define RESTORE_DELETED "DELETED"       /**< a row it changed is gone */
#define RESTORE_KEY_REUSED "KEY_REUSED" /**< another row has the key now */
#define RESTORE_ORPHANED "ORPHANED"     /**< rows refer to one that must go */
#define RESTORE_REDEFINED "REDEFINED"   /**< the definition changed since */
#define RESTORE_NOT_UNIQUE "NOT_UNIQUE" /**< rows break a unique index */
#define RESTORE_NO_VALUE "NO_VALUE" /**< rows lack what comes back NOT NULL */
#define RESTORE_NEEDS_IT "NEEDS_IT" /**< made since, on what has to go */

/**
 * What to do where the migration and somebody after it changed the same: a
 * merge with base = behind the migration, theirs = before it, ours = now.
 */
enum restore_choice {
	RESTORE_ABORT, /**< list it, and change nothing */
	RESTORE_KEEP,  /**< the database's value stays, the snapshot's is not
			    put back */
	RESTORE_TAKE,  /**< the snapshot's is put back, the database's parked */
};

/** Conflicts of one kind in one table. */
struct restore_conflict {
	const char *object; /**< table name, or path of a schema object */
	const char *what;
	uint64_t rows;  /**< 0 for a definition */
	bool unsettled; /**< some of it no choice can settle */
	bool doubt;     /**< restore_detail.doubt, of one of them */
	bool aside;     /**< none: restore_request.aside */
};

/** One row or value in conflict. Values as SQL literals. */
struct restore_detail {
	const char *object, *what;
	const char *key;        /**< "id = 5"; NULL = not of one row */
	const char *column;     /**< NULL = the whole row */
	const char *constraint; /**< that would be broken; or NULL */
	/** Before the migration, behind it, and now; NULL = no such row or
	 * value, or not known (a long value behind it). */
	const char *before, *after, *now;
	bool more;  /**< a further column of the row that was told before */
	bool doubt; /**< another row has the key; or the same, edited since */
	bool aside; /**< no conflict: it was set aside */
};

/** The same in an arena. */
struct restore_detail restore_detail_copy(struct arena *a,
					  const struct restore_detail *d);

/** What became of one table's rows. */
struct restore_tally {
	const char *table;  /**< name after the migration is taken back */
	uint64_t restored;  /**< put back, or given old values */
	uint64_t removed;   /**< rows of the migration taken away */
	uint64_t kept;      /**< in conflict, and left as they were */
	uint64_t conflicts; /**< rows and values in conflict */
};

/** What earlier attempts have learned of one event; settle.h. */
struct restore_memory;
struct restore_memory *restore_memory_new(void);
void restore_memory_free(struct restore_memory *m);

struct restore_request {
	struct target *target;
	const struct schema *now; /**< full inspection in this transaction */
	const struct schema_delta *delta; /**< of the event to take back */
	const struct snapshot_in *in;     /**< NULL = it kept no snapshot */
	const struct snapshot_out *park;  /**< where to put what must go */
	uint64_t limit;                   /**< bytes for the park; 0 = none */
	enum restore_choice choice;
	size_t max_details; /**< collect at most so many */
	/**
	 * What cannot be beside what comes back is no conflict: rows written
	 * since are parked and go, lines of rows that are gone stay in the
	 * snapshot. Not where a choice is made, nor where both have changed
	 * a value.
	 */
	bool aside;
	/** Columns come back behind the others: no table is made anew. */
	bool append;
	/**
	 * The SQL of an object (a path of the schema tree) as the migrations
	 * before this one had left it, in the arena; NULL = it was not there.
	 * Where others need what goes, theirs is told by that from what has
	 * stood there before. May be NULL.
	 */
	struct err *(*sql_before)(void *payload, struct arena *a,
				  const char *path, const char **sql);
	void *sql_before_payload;
	/** The same for all attempts at one event; may be NULL with
	 * RESTORE_ABORT. */
	struct restore_memory *memory;
};

struct restore_result {
	struct restore_conflict *conflicts; /**< settled ones, too */
	size_t n_conflicts, cap_conflicts;
	bool blocked; /**< some conflict is not settled: undo everything */
	/** A conflict showed late, and is settled: undo everything, and run
	 * again in a new transaction, with the same memory. */
	bool again;
	struct restore_detail *details;
	size_t n_details, cap_details;
	struct restore_tally *tallies;
	size_t n_tallies, cap_tallies;
	uint64_t restored; /**< rows put back or given old values */
	uint64_t removed;  /**< rows of the migration taken away */
	uint64_t kept;     /**< rows and values of the snapshot not put back */
	uint64_t parked;   /**< rows and values set aside */
	/** Rows that came back and refer to nothing, where foreign keys are not
	 * enforced: it may have been so before. */
	uint64_t dangling;
	/** Values that stand for no relation, while some came back that they may
	 * have stood for. */
	uint64_t unnamed;
	bool park_any; /**< files were written to the park */
	/** Tables that have their columns in another order now, and are what
	 * they were in everything else: paths of the schema tree. */
	const char **reordered;
	size_t n_reordered, cap_reordered;
	struct arena arena;
};
void restore_result_release(struct restore_result *r);

/**
 * Prepare the session before the transaction is begun (foreign keys,
 * triggers, guard), and put it back after it ended.
 */
MUST_USE struct err *restore_session_begin(struct target *t);
MUST_USE struct err *restore_session_end(struct target *t);

/** Whether restore_request.append can be had there. */
bool restore_can_append(const struct target *t);

/**
 * @param out release it, also on failure
 * @return ERR_REFUSED when a table would have to be made anew that may not
 *         be; ERR_STATE when the result would not be what was decided; conflicts
 *         are no error: when out->blocked or out->again, the transaction
 *         must be undone
 */
MUST_USE struct err *restore_run(const struct restore_request *req,
				 struct restore_result *out);

#endif
