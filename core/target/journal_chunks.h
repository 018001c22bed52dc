#ifndef TARGET_JOURNAL_CHUNKS_H
#define TARGET_JOURNAL_CHUNKS_H

#include "target/target.h"

/*
 * Snapshots that are kept inside the database, in three tables beside the
 * history's (docs/journal.md): a snapshot is a list of chunks, each in a file
 * of some path; a chunk is stored once, whoever lists it. Append-only. What
 * the bytes mean, how they are deflated and what their ids are made of is the
 * caller's.
 */

/** A piece of a file. */
struct journal_chunk {
	const char *path;        /**< of letters, digits and slashes */
	const unsigned char *id; /**< of the bytes before they were deflated */
	size_t id_len;           /**< the same for all chunks */
	int64_t size;     /**< of those bytes; -1 = the chunk is missing */
	const void *data; /**< deflated */
	size_t len;
};

/** The number of the next snapshot; with the transaction's fence nobody else
 * takes it. */
MUST_USE struct err *journal_snapshot_next(struct target *t, int64_t *number);

/**
 * Chunks of snapshot `number`, the first of them its position-th from 0; those
 * that are here already are listed only. Many at once cost one way to the
 * server; all of them are in memory twice.
 */
MUST_USE struct err *journal_chunks_put(struct target *t, int64_t number,
					int64_t position,
					const struct journal_chunk *chunks,
					size_t n);

/** Its last row, when all its chunks are there. bytes: before deflating. */
MUST_USE struct err *journal_snapshot_put(struct target *t, int64_t number,
					  const char *id, int64_t chunks,
					  int64_t bytes);

/** The number of a snapshot; 0 when it is not here. */
MUST_USE struct err *journal_snapshot_find(struct target *t, const char *id,
					   int64_t *number);

typedef struct err *(*journal_chunk_fn)(void *payload,
					const struct journal_chunk *chunk);

/**
 * Each chunk of a snapshot, in the order written, a few dozen in memory at a
 * time. An error of fn ends it and is returned as it is.
 *
 * @param path of that file only; NULL = of all
 */
MUST_USE struct err *journal_chunks_each(struct target *t, int64_t number,
					 const char *path, journal_chunk_fn fn,
					 void *payload);

#endif
