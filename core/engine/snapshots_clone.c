#include "engine/snapshots.h"

#include <stdlib.h>

#include "base/util.h"
#include "engine/impl.h"

/* The clone's own: the store keeps them, durable before the database is. */

struct clone_writer {
	struct snapshot_writer base; /* must be first */
	struct snapshot_sink *sink;
	bool written;
};

struct clone_source {
	struct snapshot_source base; /* must be first */
	struct snapshot_reader *reader;
};

static const struct store_ops *ops_of(const struct engine *e)
{
	return e->store->ops;
}

static struct clone_writer *writer_of(struct snapshot_writer *w)
{
	return (struct clone_writer *)w;
}

static struct clone_source *source_of(struct snapshot_source *s)
{
	return (struct clone_source *)s;
}

static struct err *writer_open(struct engine *e, struct snapshot_writer **out)
{
	struct clone_writer *w = xcalloc(1, sizeof(*w));
	struct err *err = ops_of(e)->sink_open(e->store, &w->sink);

	*out = err ? NULL : &w->base;
	if (err)
		free(w);
	return err;
}

static struct err *file(struct snapshot_writer *w, const char *path)
{
	return ops_of(w->engine)->sink_file(writer_of(w)->sink, path);
}

static struct err *chunk(struct snapshot_writer *w, const void *data,
			 size_t len)
{
	return ops_of(w->engine)->sink_chunk(writer_of(w)->sink, data, len);
}

static struct err *event(struct snapshot_writer *w, struct store_id *out)
{
	return ops_of(w->engine)->sink_event(writer_of(w)->sink, out);
}

static struct err *drop(struct snapshot_writer *w)
{
	return ops_of(w->engine)->sink_drop(writer_of(w)->sink);
}

static struct err *durable(struct snapshot_writer *w, const char *key)
{
	return ops_of(w->engine)->sink_durable(writer_of(w)->sink, key,
					       &writer_of(w)->written);
}

static struct err *promote(struct snapshot_writer *w)
{
	if (!writer_of(w)->written)
		return NULL;
	return ops_of(w->engine)->sink_promote(writer_of(w)->sink);
}

static struct err *abandon(struct snapshot_writer *w)
{
	return ops_of(w->engine)->sink_abandon(writer_of(w)->sink);
}

static void writer_close(struct snapshot_writer *w)
{
	ops_of(w->engine)->sink_close(writer_of(w)->sink);
	free(w);
}

static struct err *source_open(struct engine *e, const struct store_id *id,
			       const char *only, struct snapshot_source **out)
{
	struct clone_source *s = xcalloc(1, sizeof(*s));
	struct err *err = ops_of(e)->reader_open(e->store, id, &s->reader);

	(void)only; /* files are read when they are asked for */
	*out = err ? NULL : &s->base;
	if (err)
		free(s);
	return err;
}

static struct err *source_files(struct snapshot_source *s,
				void (*fn)(void *payload, const char *path),
				void *payload)
{
	return ops_of(s->engine)->reader_files(source_of(s)->reader, fn,
					       payload);
}

static struct err *source_file(struct snapshot_source *s, const char *path)
{
	return ops_of(s->engine)->reader_file(source_of(s)->reader, path);
}

static struct err *source_chunk(struct snapshot_source *s, const char **data,
				size_t *len)
{
	return ops_of(s->engine)->reader_chunk(source_of(s)->reader, data, len);
}

static void source_close(struct snapshot_source *s)
{
	ops_of(s->engine)->reader_close(source_of(s)->reader);
	free(s);
}

const struct snapshot_place snapshots_in_clone = {
	.name = "clone",
	.in_clone = true,
	.has_host = true,
	.writer_open = writer_open,
	.file = file,
	.chunk = chunk,
	.event = event,
	.drop = drop,
	.durable = durable,
	.promote = promote,
	.abandon = abandon,
	.writer_close = writer_close,
	.source_open = source_open,
	.source_files = source_files,
	.source_file = source_file,
	.source_chunk = source_chunk,
	.source_close = source_close,
};
