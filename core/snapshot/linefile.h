#ifndef SNAPSHOT_LINEFILE_H
#define SNAPSHOT_LINEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "snapshot/ahead.h"
#include "snapshot/port.h"

/*
 * Lines into chunks and back. Where a chunk ends depends on the lines' own
 * bytes, so that equal regions of two snapshots cut alike and are stored once.
 * A row that changed stores its chunk again: so a chunk has not many rows,
 * however short they are, and sizes do not differ much.
 */
#define LINES_CHUNK_MEAN 7168 /* bytes, where lines are long */
#define LINES_CHUNK_ROWS 40   /* on average, where they are short */
#define LINES_CHUNK_MAX 65536

struct line_writer {
	const struct snapshot_out *out;
	char path[32]; /**< of a file with nothing in it yet; "" = begun */
	struct buf chunk;
	size_t start;   /**< of the line being written, in chunk */
	size_t rows;    /**< in chunk */
	uint64_t bytes; /**< written in all, before compression */
	uint64_t limit; /**< 0 = none; over it line_writer_end() and add fail */
	struct err *err; /**< sticky; given by line_writer_end() */
};

void line_writer_init(struct line_writer *w, const struct snapshot_out *out,
		      uint64_t limit);
void line_writer_release(struct line_writer *w);

/** Start a file (a short path); it is made when its first line comes. */
void line_writer_file(struct line_writer *w, const char *path);

/** The buffer to append one line to, newline included; then line_writer_add(). */
struct buf *line_writer_begin(struct line_writer *w);

/** The line that started at line_writer_begin() is whole. */
void line_writer_add(struct line_writer *w);

/** Forget the line that was begun. */
void line_writer_drop(struct line_writer *w);

/** End the file; the first error of all calls before. */
MUST_USE struct err *line_writer_end(struct line_writer *w);

struct line_reader {
	const struct snapshot_in *in;
	const char *data;
	size_t len, pos;
	struct buf carry; /**< a line cut by a chunk's end */
	size_t n_chunks;
	struct ahead *ahead; /**< NULL = in is asked for each chunk */
	bool here;           /**< set it after init: no other thread reads in */
};

/** Until it is released, or at the end of its file, nobody else may use in. */
void line_reader_init(struct line_reader *r, const struct snapshot_in *in);
void line_reader_release(struct line_reader *r);

/** Go to the start of a file. */
MUST_USE struct err *line_reader_open(struct line_reader *r, const char *path);

/** The next line without its newline; borrowed until the next call; NULL at
 * the end. */
MUST_USE struct err *line_reader_next(struct line_reader *r, const char **line,
				      size_t *len);

#endif
