#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"

/*
 * A git remote of the project as a place: what the clone keeps, pushed before
 * the database commits. It is read from the clone; `snapshot fetch` brings it
 * there.
 */

struct remote_writer {
	struct snapshot_writer base; /* must be first */
	struct snapshot_writer *clone;
	struct store_id *ids; /* of the group's events */
	size_t n, cap;
};

static struct remote_writer *writer_of(struct snapshot_writer *w)
{
	return (struct remote_writer *)w;
}

static struct err *writer_open(struct engine *e, struct snapshot_writer **out)
{
	struct remote_writer *w = xcalloc(1, sizeof(*w));
	struct err *err = snapshots_in_clone.writer_open(e, &w->clone);

	*out = err ? NULL : &w->base;
	if (err) {
		free(w);
		return err;
	}
	w->clone->place = &snapshots_in_clone;
	w->clone->engine = e;
	return NULL;
}

static struct err *file(struct snapshot_writer *w, const char *path)
{
	return snapshots_in_clone.file(writer_of(w)->clone, path);
}

static struct err *chunk(struct snapshot_writer *w, const void *data,
			 size_t len)
{
	return snapshots_in_clone.chunk(writer_of(w)->clone, data, len);
}

static struct err *event(struct snapshot_writer *base, struct store_id *out)
{
	struct remote_writer *w = writer_of(base);
	struct err *err = snapshots_in_clone.event(w->clone, out);

	for (size_t i = 0; i < w->n && !err; i++)
		if (streq(w->ids[i].hex, out->hex))
			return NULL;
	if (err)
		return err;
	VEC_GROW(w->ids, w->n, w->cap);
	w->ids[w->n++] = *out;
	return NULL;
}

static struct err *drop(struct snapshot_writer *w)
{
	return snapshots_in_clone.drop(writer_of(w)->clone);
}

static struct err *durable(struct snapshot_writer *base, const char *key)
{
	struct remote_writer *w = writer_of(base);
	struct engine *e = base->engine;
	struct err *err = snapshots_in_clone.durable(w->clone, key);

	if (err || !w->n)
		return err;
	crash_point("snapshot-pushing");
	err = e->store->ops->snapshots_push(
		e->store, snapshot_remote_name(e->cfg.snapshot_store),
		e->meta.uuid, w->ids, w->n);
	crash_point("snapshot-pushed");
	if (!err)
		return NULL;
	err_free(snapshots_in_clone.abandon(w->clone));
	return err_hint(err, "nothing was changed in the database");
}

static struct err *promote(struct snapshot_writer *w)
{
	return snapshots_in_clone.promote(writer_of(w)->clone);
}

static void writer_close(struct snapshot_writer *base)
{
	struct remote_writer *w = writer_of(base);

	snapshots_in_clone.writer_close(w->clone);
	free(w->ids);
	free(w);
}

static struct err *source_open(struct engine *e, const struct store_id *id,
			       const char *only, struct snapshot_source **out)
{
	return snapshots_in_clone.source_open(e, id, only, out);
}

static struct err *source_files(struct snapshot_source *s,
				void (*fn)(void *payload, const char *path),
				void *payload)
{
	return snapshots_in_clone.source_files(s, fn, payload);
}

static struct err *source_file(struct snapshot_source *s, const char *path)
{
	return snapshots_in_clone.source_file(s, path);
}

static struct err *source_chunk(struct snapshot_source *s, const char **data,
				size_t *len)
{
	return snapshots_in_clone.source_chunk(s, data, len);
}

static void source_close(struct snapshot_source *s)
{
	snapshots_in_clone.source_close(s);
}

const struct snapshot_place snapshots_in_remote = {
	.name = "remote",
	.is_named = true,
	.has_host = true,
	.writer_open = writer_open,
	.file = file,
	.chunk = chunk,
	.event = event,
	.drop = drop,
	.durable = durable,
	.promote = promote,
	.writer_close = writer_close,
	.source_open = source_open,
	.source_files = source_files,
	.source_file = source_file,
	.source_chunk = source_chunk,
	.source_close = source_close,
};
