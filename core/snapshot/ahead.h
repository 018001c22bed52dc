#ifndef SNAPSHOT_AHEAD_H
#define SNAPSHOT_AHEAD_H

#include "snapshot/port.h"

/*
 * Reads the chunks of the file that is open ahead of who asks for them, in a
 * thread: finding and unpacking them takes as long as a good part of what is
 * done with them. Until ahead_stop() nobody else may use `in`.
 */
struct ahead;

/** NULL when no thread is to be had: then read without. */
struct ahead *ahead_start(const struct snapshot_in *in);

/** As in->chunk(): the next chunk, borrowed until the next call; NULL data at
 * the end. */
MUST_USE struct err *ahead_next(struct ahead *a, const char **data,
				size_t *len);

/** Wait for the thread and free; NULL is fine. */
void ahead_stop(struct ahead *a);

#endif
