#include "target/journal_chunks.h"

#include <assert.h>

#include "base/util.h"
#include "target/journal_sql.h"

/* Chunks that are read at once: some hundred KiB, as they usually are. */
#define PAGE 64

static struct err *take_int(void *payload, int n,
			    const struct target_value *cell)
{
	int64_t *out = payload;

	(void)n;
	*out = cell[0].i;
	return NULL;
}

struct err *journal_snapshot_next(struct target *t, int64_t *number)
{
	*number = 1;
	return err_wrap(target_query(t, journal_sql_of(t)->snapshot_next, NULL,
				     0, take_int, number),
			"keep a snapshot");
}

static struct err *put_one(struct target *t, int64_t number, int64_t position,
			   const struct journal_chunk *c)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct target_value args[4] = { target_blob(c->id, c->id_len),
					target_int(c->size),
					target_blob(c->data, c->len) };
	struct err *err = target_query(t, sql->chunk_put, args, 3, NULL, NULL);

	args[3] = args[0];
	args[0] = target_int(number);
	args[1] = target_int(position);
	args[2] = target_text(c->path);
	return err ? err : target_query(t, sql->file_put, args, 4, NULL, NULL);
}

/* What is the same for all chunks of a batch stands behind each other. */
struct batch {
	struct buf ids, data;
	struct buf sizes, starts, lengths, paths; /* "{1,2,3" */
};

static void batch_add(struct batch *b, const struct journal_chunk *c)
{
	char sep = b->ids.len ? ',' : '{';

	buf_add(&b->ids, c->id, c->id_len);
	buf_addch(&b->sizes, sep);
	buf_addint(&b->sizes, c->size);
	buf_addch(&b->starts, sep);
	buf_addint(&b->starts, (long long)b->data.len + 1);
	buf_addch(&b->lengths, sep);
	buf_addint(&b->lengths, (long long)c->len);
	buf_addch(&b->paths, sep);
	buf_addstr(&b->paths, c->path);
	buf_add(&b->data, c->data, c->len);
}

static struct target_value array_of(struct buf *b)
{
	buf_addch(b, '}');
	return target_text(buf_str(b));
}

static struct err *put_batch(struct target *t, int64_t number, int64_t position,
			     size_t id_len, struct batch *b)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct target_value args[6] = {
		target_blob(b->ids.data, b->ids.len),
		target_int((int64_t)id_len),
		target_blob(b->data.data, b->data.len),
		array_of(&b->sizes),
		array_of(&b->starts),
		array_of(&b->lengths),
	};
	struct err *err = target_query(t, sql->chunks_put, args, 6, NULL, NULL);

	args[2] = target_int(number);
	args[3] = target_int(position);
	args[4] = array_of(&b->paths);
	return err ? err : target_query(t, sql->files_put, args, 5, NULL, NULL);
}

struct err *journal_chunks_put(struct target *t, int64_t number,
			       int64_t position,
			       const struct journal_chunk *chunks, size_t n)
{
	struct batch b = { .ids = BUF_INIT };
	struct err *err = NULL;

	assert(target_in_transaction(t));
	if (!journal_sql_of(t)->chunks_put) {
		for (size_t i = 0; i < n && !err; i++)
			err = put_one(t, number, position + (int64_t)i,
				      &chunks[i]);
		return err_wrap(err, "keep a snapshot");
	}
	for (size_t i = 0; i < n; i++)
		batch_add(&b, &chunks[i]);
	if (n)
		err = put_batch(t, number, position, chunks[0].id_len, &b);
	buf_release(&b.ids);
	buf_release(&b.data);
	buf_release(&b.sizes);
	buf_release(&b.starts);
	buf_release(&b.lengths);
	buf_release(&b.paths);
	return err_wrap(err, "keep a snapshot");
}

struct err *journal_snapshot_put(struct target *t, int64_t number,
				 const char *id, int64_t chunks, int64_t bytes)
{
	struct target_value args[4] = { target_int(number), target_text(id),
					target_int(chunks), target_int(bytes) };

	return err_wrap(target_query(t, journal_sql_of(t)->snapshot_put, args,
				     4, NULL, NULL),
			"keep a snapshot");
}

struct err *journal_snapshot_find(struct target *t, const char *id,
				  int64_t *number)
{
	struct target_value arg = target_text(id);

	*number = 0;
	return err_wrap(target_query(t, journal_sql_of(t)->snapshot_find, &arg,
				     1, take_int, number),
			"read a snapshot");
}

struct page {
	journal_chunk_fn fn;
	void *payload;
	int64_t next; /* position */
	int n;
};

static struct err *take_chunk(void *payload, int n,
			      const struct target_value *cell)
{
	struct page *page = payload;
	const struct journal_chunk c = {
		.path = cell[1].s,
		.id = (const unsigned char *)cell[2].s,
		.id_len = cell[2].len,
		.size = cell[4].s ? cell[3].i : -1,
		.data = cell[4].s,
		.len = cell[4].len,
	};

	(void)n;
	page->next = cell[0].i + 1;
	page->n++;
	return page->fn(page->payload, &c);
}

struct err *journal_chunks_each(struct target *t, int64_t number,
				const char *path, journal_chunk_fn fn,
				void *payload)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct page page = { .fn = fn, .payload = payload, .n = PAGE };
	struct err *err = NULL;

	while (!err && page.n == PAGE) {
		struct target_value args[4] = { target_int(number),
						target_int(page.next),
						target_int(PAGE),
						target_text(path) };

		page.n = 0;
		err = target_query(t, path ? sql->chunks_of : sql->chunks, args,
				   path ? 4 : 3, take_chunk, &page);
	}
	return err;
}
