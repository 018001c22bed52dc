#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/** Offset of the first byte that is not valid UTF-8 (RFC 3629), or n. */
size_t text_utf8_valid(const char *s, size_t n);

/**
 * Append s so that a terminal cannot be steered by it: control characters,
 * DEL, C1 controls and invalid UTF-8 become \xHH, a newline becomes \n.
 */
void text_add_safe(struct buf *b, const char *s);

/** text_add_safe() into a new string; release with free(). */
char *text_safe(const char *s);

/** Edits (insert, delete, replace, swap) between two strings; at most 255. */
unsigned text_distance(const char *a, const char *b);

/** Compare so that runs of digits order by their value: "9" before "10". */
int text_compare_natural(const char *a, const char *b);

/** Line and column (from 1, in bytes) of an offset. */
void text_position(const char *s, size_t offset, unsigned *line, unsigned *col);

/** Bytes as lower-case hex. */
void text_add_hex(struct buf *b, const void *data, size_t n);

/** What a rollback parks, by how many: "row or value", "rows and values". */
const char *text_rows_and_values(unsigned long long n);

/** "512 bytes", "10.0 KiB", "3.1 GiB". */
void text_add_size(struct buf *b, unsigned long long bytes);

#endif
