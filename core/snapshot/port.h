#ifndef SNAPSHOT_PORT_H
#define SNAPSHOT_PORT_H

#include <stddef.h>

#include "base/err.h"

/*
 * Where a snapshot's files go and come from. The engine fills these in from
 * its store; tests use memory. One file is open at a time, each way.
 */
struct snapshot_out {
	void *payload;

	/** Start a file; chunks follow. */
	struct err *(*file)(void *payload, const char *path);

	/** Bytes that are kept as one object; copied. */
	struct err *(*chunk)(void *payload, const void *data, size_t len);
};

struct snapshot_in {
	void *payload;

	/** Go to the start of a file; ERR_STORE when there is none. */
	struct err *(*file)(void *payload, const char *path);

	/** The next chunk; borrowed until the next call; NULL at the end. */
	struct err *(*chunk)(void *payload, const char **data, size_t *len);
};

#endif
