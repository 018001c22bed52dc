#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/util.h"
#include "gitstore/event.h"
#include "gitstore/vault.h"
#include "gitstore/worker.h"

enum {
	JOB_FILE,
	JOB_CHUNK,
	JOB_EVENT,
	JOB_DROP
};

struct snapshot_sink {
	struct gs *g;
	struct gs_vault *vault; /* NULL until the first byte */
	struct gs_worker *worker;
	struct gs_events *events; /* the worker's, except after a wait */
	git_oid last;             /* set by JOB_EVENT */
	char *key;                /* durable, and not promoted yet */
	bool ended;               /* sink_durable was tried */
	int lock;                 /* nothing is pruned meanwhile; -1 = none */
};

static struct err *run(void *payload, int job, const void *data, size_t len)
{
	struct snapshot_sink *k = payload;

	switch (job) {
	case JOB_FILE:
		return gs_events_file(k->events, data);
	case JOB_CHUNK:
		return gs_events_chunk(k->events, data, len);
	case JOB_EVENT:
		return gs_events_end(k->events, &k->last);
	default:
		return gs_events_drop(k->events);
	}
}

struct err *gs_sink_open(struct store *s, struct snapshot_sink **out)
{
	struct snapshot_sink *k = xcalloc(1, sizeof(*k));

	k->g = gs_of(s);
	k->lock = -1;
	*out = k;
	return NULL;
}

/* The first byte: the repository, and no more of others' left-overs. */
static struct err *begin(struct snapshot_sink *k)
{
	struct err *err;

	if (k->events)
		return NULL;
	err = gs_vault(k->g, true, &k->vault);
	if (!err)
		err = gs_writable(&k->vault->in);
	if (!err)
		err = gs_vault_lock(k->vault, false, &k->lock);
	if (err)
		return err_wrap(err, "keep a snapshot");
	gs_pack_sweep(k->vault->packs);
	k->events = gs_events_new(k->vault->packs);
	k->worker = gs_worker_new(run, k);
	return NULL;
}

struct err *gs_sink_file(struct snapshot_sink *k, const char *path)
{
	struct err *err = begin(k);

	return err ? err
		   : gs_worker_push(k->worker, JOB_FILE, path,
				    strlen(path) + 1);
}

struct err *gs_sink_chunk(struct snapshot_sink *k, const void *data, size_t len)
{
	struct err *err = begin(k);

	return err ? err : gs_worker_push(k->worker, JOB_CHUNK, data, len);
}

struct err *gs_sink_event(struct snapshot_sink *k, struct store_id *out)
{
	struct err *err = begin(k);

	if (!err)
		err = gs_worker_push(k->worker, JOB_EVENT, "", 0);
	if (!err)
		err = gs_worker_wait(k->worker);
	if (!err)
		gs_id_print(&k->last, out);
	return err;
}

struct err *gs_sink_drop(struct snapshot_sink *k)
{
	return k->events ? gs_worker_push(k->worker, JOB_DROP, "", 0) : NULL;
}

struct err *gs_sink_durable(struct snapshot_sink *k, const char *key,
			    bool *written)
{
	struct err *err = k->events ? gs_worker_wait(k->worker) : NULL;
	git_oid commit;

	*written = false;
	if (!err && k->ended)
		err = err_new(ERR_STORE, "this snapshot was ended before");
	if (err || !k->events || !gs_events_count(k->events))
		return err;
	k->ended = true;
	crash_point("snapshot-packing");
	err = gs_events_finish(k->events, key, &commit);
	if (!err)
		err = gs_vault_refresh(k->vault);
	crash_point("snapshot-packed");
	if (!err)
		err = gs_vault_set_ref(k->vault, "pending", key, &commit);
	if (err)
		return err_wrap(err, "keep a snapshot");
	k->key = xstrdup(key);
	*written = true;
	return NULL;
}

struct err *gs_sink_promote(struct snapshot_sink *k)
{
	struct err *err = NULL;
	git_oid id;

	if (!k->key)
		return NULL;
	crash_point("snapshot-promoting");
	err = gs_vault_ref(k->vault, "pending", k->key, &id);
	if (!err)
		err = gs_vault_set_ref(k->vault, "snapshots", k->key, &id);
	crash_point("snapshot-promoted");
	if (!err)
		err = gs_vault_drop_ref(k->vault, "pending", k->key);
	free(k->key);
	k->key = NULL;
	return err;
}

struct err *gs_sink_abandon(struct snapshot_sink *k)
{
	struct err *err = NULL;

	if (k->key)
		err = gs_vault_drop_ref(k->vault, "pending", k->key);
	free(k->key);
	k->key = NULL;
	return err;
}

void gs_sink_close(struct snapshot_sink *k)
{
	if (!k)
		return;
	gs_worker_free(k->worker);
	gs_events_free(k->events);
	if (k->lock >= 0)
		close(k->lock);
	free(k->key);
	free(k);
}
