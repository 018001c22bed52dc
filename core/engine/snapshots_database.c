#include "engine/snapshots_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"
#include "target/journal_chunks.h"

/* The database as a place for snapshots: writing them. */

#define BATCH_BYTES ((size_t)512 << 10)
#define BATCH_CHUNKS 256

struct database_writer {
	struct snapshot_writer base; /* must be first */
	struct spool spool;
	struct chunk_paths paths;
	struct store_id digest;
	int64_t chunks, bytes; /* of the event */
	struct buf deflated;
};

static struct database_writer *writer_of(struct snapshot_writer *w)
{
	return (struct database_writer *)w;
}

static void forget(struct database_writer *w)
{
	spool_truncate(&w->spool, 0);
	chunk_paths_clear(&w->paths);
	w->digest.hex[0] = '\0';
	w->chunks = w->bytes = 0;
}

static struct err *writer_open(struct engine *e, struct snapshot_writer **out)
{
	struct database_writer *w = xcalloc(1, sizeof(*w));

	spool_init(&w->spool, e->store->ops->common_dir(e->store),
		   SPOOL_MEMORY);
	*out = &w->base;
	return NULL;
}

static struct err *file(struct snapshot_writer *base, const char *path)
{
	chunk_paths_add(&writer_of(base)->paths, path);
	return NULL;
}

static struct err *add_piece(struct database_writer *w, const char *data,
			     size_t len)
{
	struct engine *e = w->base.engine;
	const struct store_ops *ops = e->store->ops;
	struct chunk_record r = { .size = (uint32_t)len,
				  .path = (uint32_t)w->paths.n - 1 };
	struct store_id id;
	struct err *err;

	buf_reset(&w->deflated);
	ops->chunk_id(e->store, data, len, &id);
	ops->chunk_deflate(e->store, data, len, &w->deflated);
	r.id_len = (uint32_t)chunk_id_bytes(id.hex, r.id);
	r.len = (uint32_t)w->deflated.len;
	chunk_digest_add(e, &w->digest, w->paths.list[r.path], &id);
	w->chunks++;
	w->bytes += (int64_t)len;
	err = spool_add(&w->spool, &r, sizeof(r));
	return err ? err
		   : spool_add(&w->spool, w->deflated.data, w->deflated.len);
}

static struct err *chunk(struct snapshot_writer *base, const void *data,
			 size_t len)
{
	struct err *err = NULL;

	for (size_t at = 0; at < len && !err; at += CHUNK_MAX)
		err = add_piece(writer_of(base), (const char *)data + at,
				len - at < CHUNK_MAX ? len - at : CHUNK_MAX);
	return err;
}

/* Chunks on their way into the tables. */
struct batch {
	struct journal_chunk chunks[BATCH_CHUNKS];
	struct chunk_record records[BATCH_CHUNKS];
	size_t starts[BATCH_CHUNKS];
	size_t n;
	struct buf data;
};

/* Records from *at on, as many as a batch takes. */
static struct err *fill(struct database_writer *w, size_t *at, struct batch *b)
{
	size_t end = spool_len(&w->spool);
	struct err *err = NULL;
	const char *from;

	b->n = 0;
	buf_reset(&b->data);
	while (*at < end && b->n < BATCH_CHUNKS && b->data.len < BATCH_BYTES) {
		struct chunk_record *r = &b->records[b->n];

		err = spool_at(&w->spool, *at, sizeof(*r), &from);
		if (err)
			break;
		memcpy(r, from, sizeof(*r));
		err = spool_at(&w->spool, *at + sizeof(*r), r->len, &from);
		if (err)
			break;
		b->starts[b->n++] = b->data.len;
		buf_add(&b->data, from, r->len);
		*at += sizeof(*r) + r->len;
	}
	for (size_t i = 0; i < b->n; i++)
		b->chunks[i] = (struct journal_chunk){
			.path = w->paths.list[b->records[i].path],
			.id = b->records[i].id,
			.id_len = b->records[i].id_len,
			.size = b->records[i].size,
			.data = b->data.data + b->starts[i],
			.len = b->records[i].len,
		};
	return err;
}

static struct err *write_chunks(struct database_writer *w, int64_t number)
{
	struct batch *b = xcalloc(1, sizeof(*b));
	struct err *err = NULL;
	int64_t position = 0;
	size_t at = 0;

	while (at < spool_len(&w->spool) && !err) {
		err = fill(w, &at, b);
		if (!err)
			err = journal_chunks_put(w->base.engine->target, number,
						 position, b->chunks, b->n);
		position += (int64_t)b->n;
		crash_point("chunks-written");
	}
	buf_release(&b->data);
	free(b);
	return err;
}

static struct err *event(struct snapshot_writer *base, struct store_id *out)
{
	struct database_writer *w = writer_of(base);
	struct target *t = base->engine->target;
	int64_t number;
	struct err *err = journal_snapshot_next(t, &number);

	if (!err)
		err = write_chunks(w, number);
	if (!err)
		err = journal_snapshot_put(t, number, w->digest.hex, w->chunks,
					   w->bytes);
	*out = w->digest;
	forget(w);
	return err;
}

static struct err *drop(struct snapshot_writer *base)
{
	forget(writer_of(base));
	return NULL;
}

/* The database's own commit does it. */
static struct err *durable(struct snapshot_writer *base, const char *key)
{
	(void)base, (void)key;
	return NULL;
}

static struct err *promote(struct snapshot_writer *base)
{
	(void)base;
	return NULL;
}

static void writer_close(struct snapshot_writer *base)
{
	struct database_writer *w = writer_of(base);

	spool_release(&w->spool);
	chunk_paths_release(&w->paths);
	buf_release(&w->deflated);
	free(w);
}

const struct snapshot_place snapshots_in_database = {
	.name = "database",
	.writer_open = writer_open,
	.file = file,
	.chunk = chunk,
	.event = event,
	.drop = drop,
	.durable = durable,
	.promote = promote,
	.writer_close = writer_close,
	.source_open = database_source_open,
	.source_files = database_source_files,
	.source_file = database_source_file,
	.source_chunk = database_source_chunk,
	.source_close = database_source_close,
};
