#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Bytes that are written now and read later, from any place: in memory while
 * they are few, in a file without a name when they are many. Nothing of it is
 * durable, and nothing is left of it when the process ends.
 */
struct spool {
	const char *dir;   /**< where the file is made; borrowed */
	size_t max_memory; /**< bytes; twice as much while it is read */
	struct buf tail;   /**< what the file does not have yet */
	size_t in_file;
	int fd;
	struct buf window; /**< a part of the file, for reading */
	size_t window_at;
};

void spool_init(struct spool *s, const char *dir, size_t max_memory);
void spool_release(struct spool *s);

/** Bytes added so far: the offset of what is added next. */
size_t spool_len(const struct spool *s);

/** ERR_STATE when the file cannot be made or written. */
MUST_USE struct err *spool_add(struct spool *s, const void *data, size_t n);

/**
 * n bytes at an offset, which must be there.
 *
 * @param[out] out borrowed until the next call of any of these
 */
MUST_USE struct err *spool_at(struct spool *s, size_t at, size_t n,
			      const char **out);

/** Cut to a length it had before. */
void spool_truncate(struct spool *s, size_t len);

#endif
