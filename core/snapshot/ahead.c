#include "snapshot/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/util.h"
#include "base/xalloc.h"

#define SLOTS 32 /* of 8 KiB on average, 64 KiB at most */

/* A ring: the thread fills the slots behind the n from first on. */
struct ahead {
	const struct snapshot_in *in;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct buf slots[SLOTS];
	size_t first, n;
	bool lent; /**< the first is with who asked */
	bool end, stop;
	struct err *err; /**< told when the slots before it are read */
};

/* False when it is to stop. */
static bool wait_for_room(struct ahead *a)
{
	bool go;

	pthread_mutex_lock(&a->lock);
	/* half at once, so that not every chunk wakes somebody */
	if (a->n == SLOTS)
		while (!a->stop && a->n > SLOTS / 2)
			pthread_cond_wait(&a->emptied, &a->lock);
	go = !a->stop;
	pthread_mutex_unlock(&a->lock);
	return go;
}

static void *run(void *payload)
{
	struct ahead *a = payload;
	bool more = true;

	while (more && wait_for_room(a)) {
		const char *data = NULL;
		struct err *err;
		size_t len = 0;

		err = a->in->chunk(a->in->payload, &data, &len);
		more = !err && data;
		if (more) { /* no lock: nobody else writes first + n */
			struct buf *slot;

			pthread_mutex_lock(&a->lock);
			slot = &a->slots[(a->first + a->n) % SLOTS];
			pthread_mutex_unlock(&a->lock);
			buf_reset(slot);
			buf_add(slot, data, len);
		}
		pthread_mutex_lock(&a->lock);
		a->n += more;
		a->end = !more;
		a->err = err;
		pthread_cond_signal(&a->filled);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

struct ahead *ahead_start(const struct snapshot_in *in)
{
	struct ahead *a = xcalloc(1, sizeof(*a));
	sigset_t all, before;
	int rc;

	a->in = in;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->filled, NULL);
	pthread_cond_init(&a->emptied, NULL);
	/* signals are for the main thread */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		return a;
	free(a);
	return NULL;
}

struct err *ahead_next(struct ahead *a, const char **data, size_t *len)
{
	struct err *err = NULL;

	*data = NULL;
	*len = 0;
	pthread_mutex_lock(&a->lock);
	if (a->lent) {
		a->first = (a->first + 1) % SLOTS;
		a->n--;
		if (a->n <= SLOTS / 2)
			pthread_cond_signal(&a->emptied);
	}
	while (!a->n && !a->end)
		pthread_cond_wait(&a->filled, &a->lock);
	a->lent = a->n > 0;
	if (a->lent) {
		*data = a->slots[a->first].data;
		*len = a->slots[a->first].len;
	} else {
		err = a->err;
		a->err = NULL;
	}
	pthread_mutex_unlock(&a->lock);
	return err;
}

void ahead_stop(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->emptied);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		buf_release(&a->slots[i]);
	err_free(a->err);
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->emptied);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
