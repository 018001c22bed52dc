#ifndef GITSTORE_WORKER_H
#define GITSTORE_WORKER_H

#include <stddef.h>

#include "base/err.h"

/*
 * Work done in order behind the caller's back, by one thread over a bounded
 * queue: at most 64 jobs and, unless a single one is larger, 8 MiB. The
 * thread is made when enough has come to be worth it; until then a job runs
 * at once. After the first error jobs are dropped.
 */
struct gs_worker;

/** One job; data is borrowed for the call. */
typedef struct err *(*gs_worker_fn)(void *payload, int job, const void *data,
				    size_t len);

struct gs_worker *gs_worker_new(gs_worker_fn fn, void *payload);

/** Copy the data and return; waits while the queue is full. The error is
 * that of any job before, given once. */
MUST_USE struct err *gs_worker_push(struct gs_worker *w, int job,
				    const void *data, size_t len);

/** Wait until all is done; what the jobs changed may be read after. */
MUST_USE struct err *gs_worker_wait(struct gs_worker *w);

/** Drop what waits and end the thread. */
void gs_worker_free(struct gs_worker *w);

#endif
