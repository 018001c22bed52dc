#ifndef TARGET_JOURNAL_STORE_H
#define TARGET_JOURNAL_STORE_H

#include "target/journal.h"

/*
 * Snapshots as things that take room: which events have one, what those in
 * the database's own tables weigh, and getting rid of them.
 */

/** Rows of history that name a snapshot, oldest first: those of the events
 * that took one and those that tell of its end (`pruned`). No message, no
 * delta. */
MUST_USE struct err *journal_snapshot_events(struct target *t,
					     journal_event_fn fn,
					     void *payload);

/** A snapshot in the tables. */
struct journal_weight {
	const char *id;
	int64_t chunks, bytes; /**< as they were counted when it was written */
	int64_t alone;         /**< deflated, of chunks that nobody else has */
};
typedef struct err *(*journal_weight_fn)(void *payload,
					 const struct journal_weight *w);

/** Each of them once. A look at all lists of chunks, not at chunks. */
MUST_USE struct err *journal_snapshot_weights(struct target *t,
					      journal_weight_fn fn,
					      void *payload);

/**
 * Take snapshots out of the tables, with the chunks that nobody else lists. In
 * a transaction; ones that are not there are passed over.
 *
 * @param[out] freed bytes of those chunks
 */
MUST_USE struct err *journal_snapshots_drop(struct target *t,
					    const char *const *ids, size_t n,
					    int64_t *freed);

/** Give room back that the file or the table keeps for later writes, as far
 * as that harms nobody. Outside a transaction. */
MUST_USE struct err *journal_snapshots_shrink(struct target *t);

#endif
