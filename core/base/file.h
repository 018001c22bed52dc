#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * Append a whole file to out. ERR_INPUT when it cannot be read or is over max
 * bytes; out is then as before.
 */
MUST_USE struct err *file_read(const char *path, size_t max_bytes,
			       struct buf *out);

/**
 * Replace a file in one step: temporary beside it, fsync, rename, fsync of
 * the folder. The old content stays when anything fails.
 */
MUST_USE struct err *file_write(const char *path, const void *data, size_t n,
				unsigned mode);

/**
 * Replace a file that may be lost, and make its folders; nothing happens when
 * that fails. There is no wait for the disk: who reads it has to see a torn one.
 */
void file_write_cache(const char *path, const void *data, size_t n);

/** Write all bytes to an open descriptor, going on after short writes. */
MUST_USE struct err *file_write_all(int fd, const void *data, size_t n);

/** Read exactly n bytes from a place of an open descriptor; fewer is an
 * error. */
MUST_USE struct err *file_read_at(int fd, size_t at, void *out, size_t n);

/**
 * A file without a name in that folder, for what does not fit in memory; it
 * goes away when it is closed. ERR_STATE; *fd is -1 then.
 */
MUST_USE struct err *file_open_temporary(const char *dir, int *fd);

/** Make entries of a folder durable. */
MUST_USE struct err *file_sync_dir(const char *path);

/** Make a folder and its parents; an existing one is fine. */
MUST_USE struct err *file_mkdirs(const char *path, unsigned mode);

bool file_exists(const char *path);

/** "a/b", or b alone when it is absolute or a is empty; free() it. */
char *file_join(const char *a, const char *b);

#endif
