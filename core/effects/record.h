#ifndef EFFECTS_RECORD_H
#define EFFECTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/*
 * Strings and numbers one behind the other, for the caches: a head that says
 * what it is, in which version, and the sum of what follows. A damaged one is
 * never read half.
 */

/** Append; NULL stays NULL. */
void record_add(struct buf *out, const char *s);
void record_add_number(struct buf *out, uint64_t n);

/** Strings, ended by NULL; no list is not an empty one. */
void record_add_list(struct buf *out, const char **list);

/** Any bytes. */
void record_add_bytes(struct buf *out, const void *data, size_t len);

/** Put the head in front of body: "<what> <version> <bytes> <sum>\n". */
void record_seal(struct buf *out, const char *what, unsigned version,
		 const struct buf *body);

struct record_reader {
	const char *at, *end;
	bool bad; /**< sticky; what is read then is NULL or 0 */
};

/** Whether data is one record of that kind and version, whole. */
bool record_open(struct record_reader *r, const char *what, unsigned version,
		 const char *data, size_t len);

/** Into the arena; NULL when NULL was added. */
const char *record_get(struct record_reader *r, struct arena *arena);

/** NULL where no list was added, or when bad. */
const char **record_get_list(struct record_reader *r, struct arena *arena);
uint64_t record_get_number(struct record_reader *r);

/** Borrowed from what is read; NULL when bad. */
const char *record_get_bytes(struct record_reader *r, size_t *len);

/** A count of things that take a byte each at least: more is bad. */
size_t record_get_count(struct record_reader *r);

#endif
