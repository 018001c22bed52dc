#include "snapshot/linefile.h"

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define AHEAD_FROM 8 /* chunks */

void line_writer_init(struct line_writer *w, const struct snapshot_out *out,
		      uint64_t limit)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->limit = limit;
}

void line_writer_release(struct line_writer *w)
{
	buf_release(&w->chunk);
	err_free(w->err);
	w->err = NULL;
}

void line_writer_file(struct line_writer *w, const char *path)
{
	buf_reset(&w->chunk);
	snprintf(w->path, sizeof(w->path), "%s", path);
}

struct buf *line_writer_begin(struct line_writer *w)
{
	w->start = w->chunk.len;
	return &w->chunk;
}

void line_writer_drop(struct line_writer *w)
{
	buf_truncate(&w->chunk, w->start);
}

static void flush(struct line_writer *w)
{
	if (w->chunk.len && *w->path && !w->err) {
		w->err = w->out->file(w->out->payload, w->path);
		w->path[0] = '\0';
	}
	if (w->chunk.len && !w->err)
		w->err = w->out->chunk(w->out->payload, w->chunk.data,
				       w->chunk.len);
	buf_reset(&w->chunk);
	w->rows = 0;
}

/* Half of a chunk has to be there; the lines' own bytes choose the rest. */
static bool is_end(const struct line_writer *w, uint64_t digest, size_t n)
{
	if (w->chunk.len > LINES_CHUNK_MAX)
		return true;
	if (w->rows < LINES_CHUNK_ROWS / 2 &&
	    w->chunk.len < LINES_CHUNK_MEAN / 2)
		return false;
	return digest % (LINES_CHUNK_MEAN / 2) < n ||
	       (digest >> 32) % (LINES_CHUNK_ROWS / 2) == 0;
}

void line_writer_add(struct line_writer *w)
{
	size_t n = w->chunk.len - w->start;
	uint64_t digest = XXH3_64bits(w->chunk.data + w->start, n);

	w->bytes += n;
	if (w->limit && w->bytes > w->limit && !w->err)
		w->err = err_hint(
			err_new(ERR_REFUSED,
				"the snapshot is over its limit of %llu bytes",
				(unsigned long long)w->limit),
			"raise migrate.<target>.snapshotLimit, or "
			"apply --no-snapshot, which makes the migration "
			"irreversible");
	w->rows++;
	if (is_end(w, digest, n))
		flush(w);
}

struct err *line_writer_end(struct line_writer *w)
{
	struct err *err;

	flush(w);
	err = w->err;
	w->err = NULL;
	return err;
}

void line_reader_init(struct line_reader *r, const struct snapshot_in *in)
{
	memset(r, 0, sizeof(*r));
	r->in = in;
}

static void stop_ahead(struct line_reader *r)
{
	ahead_stop(r->ahead);
	r->ahead = NULL;
	r->n_chunks = 0;
}

void line_reader_release(struct line_reader *r)
{
	stop_ahead(r);
	buf_release(&r->carry);
}

/* A file of a few chunks is not worth a thread. */
static struct err *next_chunk(struct line_reader *r)
{
	if (!r->ahead && !r->here && ++r->n_chunks == AHEAD_FROM)
		r->ahead = ahead_start(r->in);
	if (r->ahead)
		return ahead_next(r->ahead, &r->data, &r->len);
	return r->in->chunk(r->in->payload, &r->data, &r->len);
}

struct err *line_reader_open(struct line_reader *r, const char *path)
{
	stop_ahead(r);
	r->data = NULL;
	r->len = r->pos = 0;
	buf_reset(&r->carry);
	return r->in->file(r->in->payload, path);
}

struct err *line_reader_next(struct line_reader *r, const char **line,
			     size_t *len)
{
	buf_reset(&r->carry);
	for (;;) {
		const char *nl, *at;
		struct err *err;

		if (r->pos < r->len) {
			at = r->data + r->pos;
			nl = memchr(at, '\n', r->len - r->pos);
			if (nl && !r->carry.len) {
				*line = at;
				*len = (size_t)(nl - at);
				r->pos += *len + 1;
				return NULL;
			}
			buf_add(&r->carry, at,
				nl ? (size_t)(nl - at) : r->len - r->pos);
			r->pos = nl ? (size_t)(nl + 1 - r->data) : r->len;
			if (nl) {
				*line = buf_str(&r->carry);
				*len = r->carry.len;
				return NULL;
			}
		}
		err = next_chunk(r);
		if (err)
			return err;
		r->pos = 0;
		if (!r->data) {
			r->len = 0;
			*line = NULL;
			*len = 0;
			return r->carry.len
				       ? err_new(ERR_STATE,
						 "a snapshot's last line is "
						 "cut off")
				       : NULL;
		}
	}
}
