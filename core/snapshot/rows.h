#ifndef SNAPSHOT_ROWS_H
#define SNAPSHOT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * How a row stands in a snapshot: one line of text, fields separated by a
 * tab, each field typed by its first bytes and lossless. Specified in
 * docs/snapshots.md:
 *
 *   \N          NULL
 *   -12         integer
 *   1.5 inf     real: always has one of . e n (shortest text that reads back)
 *   'abc        text; \\ \t \n \r \0 escaped, no closing quote
 *   xC0FFEE     blob in hex
 *   =AbC        unchanged: 18-bit digest of the value
 *   #<16 hex>   only the digest of a value over ROW_NEW_MAX bytes
 *   !           there is no such column any more
 */

/** A new value over this many bytes is kept as its digest. */
#define ROW_NEW_MAX 256

enum row_type {
	ROW_NULL,
	ROW_INT,
	ROW_REAL,
	ROW_TEXT,
	ROW_BLOB,
	ROW_SAME,   /**< "=": digest in i */
	ROW_DIGEST, /**< "#": digest in i */
	ROW_ABSENT,
};

struct row_value {
	enum row_type type;
	int64_t i;
	double real;
	const char *s;
	size_t len;
};

/** What a line of a table says about one key. */
enum row_op {
	ROW_INSERTED = '+', /**< the migration put it there */
	ROW_UPDATED = '~',
	ROW_DELETED = '-', /**< it was there before, and is gone */
};

/** Append a value as a field, without a separator. */
void row_add_value(struct buf *out, const struct row_value *v);

/** Append "=" and the short digest of a value. */
void row_add_same(struct buf *out, const struct row_value *v);

/** Append a new value, or its digest when it is long. */
void row_add_new(struct buf *out, const struct row_value *v);

/** 64-bit digest of type and bytes (XXH3); the short one is its low 18 bits. */
uint64_t row_digest(const struct row_value *v);

/** The same of a field that may be "#", a digest already. */
uint64_t row_field_digest(const struct row_value *field);

#define ROW_SHORT_DIGEST(d) ((d)&0x3ffff)

/** The value is the one that a "=", "#" or plain field stands for. */
bool row_matches(const struct row_value *field, const struct row_value *now);

/**
 * Read one field.
 *
 * @param[in,out] pos start of a field; moves behind it and its separator
 * @param end end of the line, without the newline
 * @param out text and blobs point into `scratch` or the line; valid until
 *        scratch grows: the caller resets it and reserves the line's length
 *        before a line's first field, which is never exceeded
 * @return ERR_STATE when the field is damaged or missing
 */
MUST_USE struct err *row_parse(const char **pos, const char *end,
			       struct row_value *out, struct buf *scratch);

/** Move over a "=" field; false where another one stands. */
static inline bool row_skip_same(const char **pos, const char *end)
{
	if (end - *pos < 4 || **pos != '=' ||
	    (end - *pos > 4 && (*pos)[4] != '\t'))
		return false;
	*pos += 5;
	return true;
}

/** Length of the field at pos, without its separator. */
size_t row_field_length(const char *pos, const char *end);

#endif
