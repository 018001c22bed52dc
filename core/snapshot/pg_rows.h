#ifndef SNAPSHOT_PG_ROWS_H
#define SNAPSHOT_PG_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "snapshot/changelog.h"

/*
 * Between a line of COPY ... TO STDOUT (text format) and a line of a snapshot:
 * fields are cut at tabs, typed by a first byte, told apart by digests.
 * docs/snapshots.md, "PostgreSQL".
 */

/** A field as COPY writes it: "\N", or text with backslash escapes. */
struct pg_field {
	const char *s;
	size_t len;
};

static inline bool pg_field_is_null(const struct pg_field *f)
{
	return f->len == 2 && f->s[0] == '\\' && f->s[1] == 'N';
}

/** Cut a line (without newline) into at most n fields; the number found. */
size_t pg_cut(const char *line, size_t len, struct pg_field *out, size_t n);

/** Append as a snapshot's field: \N or 'text. */
void pg_add_field(struct buf *out, const struct pg_field *f);

/** Append a new value: the field, or its digest when it is long. f is a
 * snapshot's field. */
void pg_add_new(struct buf *out, const struct pg_field *f);

/** Append "=" and the short digest of a snapshot's field. */
void pg_add_same(struct buf *out, const struct pg_field *f);

/** XXH3 of a snapshot's field as it stands in the line. */
uint64_t pg_digest(const struct pg_field *f);

/** Append what a field of COPY stands for, escapes resolved. */
void pg_unescape(struct buf *out, const struct pg_field *f);

/** Append bytes the way COPY would write them. */
void pg_escape(struct buf *out, const char *s, size_t len);

#endif
