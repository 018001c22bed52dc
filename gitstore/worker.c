#include "gitstore/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"

#define JOBS 64
#define BYTES_MAX (8u << 20)
#define KEEP_MAX (1u << 20) /* larger buffers are given back after use */
#define WORTH_A_THREAD (256u << 10)

/* Two threads that wake each other for every job do little else: the worker
 * sleeps until there is enough, the caller until there is room for more. */
#define WAKE_JOBS (JOBS / 2)
#define WAKE_BYTES (256u << 10)

struct job {
	int what;
	struct buf data;
};

struct gs_worker {
	gs_worker_fn fn;
	void *payload;
	pthread_t thread;
	bool started;
	size_t seen; /* bytes pushed before there was a thread */

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t more, less;
	struct job jobs[JOBS];
	size_t first, n; /* the one being run counts until it is done */
	size_t bytes;
	bool failed, stop;
	struct err *err;
};

struct gs_worker *gs_worker_new(gs_worker_fn fn, void *payload)
{
	struct gs_worker *w = xcalloc(1, sizeof(*w));

	w->fn = fn;
	w->payload = payload;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	pthread_cond_init(&w->less, NULL);
	return w;
}

static void finish_job(struct gs_worker *w, struct job *j, struct err *err)
{
	if (err) {
		w->err = err_first(w->err, err);
		w->failed = true;
	}
	w->bytes -= j->data.len;
	if (j->data.cap > KEEP_MAX)
		buf_release(&j->data);
	w->first = (w->first + 1) % JOBS;
	w->n--;
	if (w->n <= WAKE_JOBS || w->failed)
		pthread_cond_signal(&w->less);
}

static void *run(void *arg)
{
	struct gs_worker *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		struct job *j = &w->jobs[w->first];
		struct err *err = NULL;

		if (!w->n) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		if (!w->failed) {
			pthread_mutex_unlock(&w->lock);
			err = w->fn(w->payload, j->what, j->data.data,
				    j->data.len);
			pthread_mutex_lock(&w->lock);
		}
		finish_job(w, j, err);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Signals are for the thread that asks cancel_requested(). */
static bool start(struct gs_worker *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->started = !pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w->started;
}

/* The error, given once; later calls say that there was one. */
static struct err *take_err(struct gs_worker *w)
{
	struct err *err = w->err;

	w->err = NULL;
	if (!err && w->failed)
		err = err_new(ERR_STORE, "the snapshot could not be written");
	return err;
}

static struct err *run_at_once(struct gs_worker *w, int job, const void *data,
			       size_t len)
{
	if (!w->failed)
		w->err = w->fn(w->payload, job, data, len);
	w->failed |= w->err != NULL;
	return take_err(w);
}

struct err *gs_worker_push(struct gs_worker *w, int job, const void *data,
			   size_t len)
{
	struct err *err = NULL;
	struct job *j;

	w->seen += len;
	if (!w->started && (w->seen < WORTH_A_THREAD || !start(w)))
		return run_at_once(w, job, data, len);
	pthread_mutex_lock(&w->lock);
	while (!w->failed &&
	       (w->n == JOBS || (w->n && w->bytes + len > BYTES_MAX))) {
		pthread_cond_signal(&w->more);
		pthread_cond_wait(&w->less, &w->lock);
	}
	if (w->failed) {
		err = take_err(w);
	} else {
		j = &w->jobs[(w->first + w->n) % JOBS];
		j->what = job;
		buf_reset(&j->data);
		buf_add(&j->data, data, len);
		w->bytes += len;
		if (++w->n >= WAKE_JOBS || w->bytes >= WAKE_BYTES)
			pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	return err;
}

struct err *gs_worker_wait(struct gs_worker *w)
{
	struct err *err;

	pthread_mutex_lock(&w->lock);
	pthread_cond_signal(&w->more);
	while (w->n)
		pthread_cond_wait(&w->less, &w->lock);
	err = take_err(w);
	pthread_mutex_unlock(&w->lock);
	return err;
}

void gs_worker_free(struct gs_worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	for (size_t i = 0; i < JOBS; i++)
		buf_release(&w->jobs[i].data);
	err_free(w->err);
	pthread_cond_destroy(&w->more);
	pthread_cond_destroy(&w->less);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
