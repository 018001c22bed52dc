#ifndef TESTS_MEMORY_SNAPSHOT_H
#define TESTS_MEMORY_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "snapshot/port.h"

/* A store of snapshots that keeps files and chunks in memory, in order. */

struct memory_chunk {
	char *data;
	size_t len;
};

struct memory_file {
	char *path;
	struct memory_chunk *chunks;
	size_t n, cap;
};

struct memory_snapshot {
	struct memory_file *files;
	size_t n, cap;
	const struct memory_file *open; /* being read */
	size_t next;
	size_t fail_after; /* chunks until writing fails; 0 = never */
	struct snapshot_out out;
	struct snapshot_in in;
};

void memory_snapshot_init(struct memory_snapshot *m);
void memory_snapshot_release(struct memory_snapshot *m);

/** The file of that path, or NULL. */
struct memory_file *memory_snapshot_find(struct memory_snapshot *m,
					 const char *path);

/** All chunks of a file in one; emptied first. False: no such file. */
bool memory_snapshot_text(struct memory_snapshot *m, const char *path,
			  struct buf *out);

/** Put a file of one chunk there, in the place of one of the same path. */
void memory_snapshot_put(struct memory_snapshot *m, const char *path,
			 const void *data, size_t len);

#endif
