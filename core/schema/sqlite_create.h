#ifndef SCHEMA_SQLITE_CREATE_H
#define SCHEMA_SQLITE_CREATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "schema/sqlite_words.h"

/*
 * Printers of one CREATE statement each; docs/schema-tree.md shows what they
 * print. Each gives false, and leaves rubbish in its buffers, for a text that
 * is not of its kind.
 */

/** shape gets the table with its columns sorted; empty where nothing moves. */
bool sqlite_create_table(struct buf *out, struct buf *shape, const char *sql,
			 size_t len);

/** @param columns of the index's table, NULL-terminated; NULL = not known */
bool sqlite_create_index(struct buf *out, const struct sqlite_words *w,
			 const char *const *columns);
bool sqlite_create_view(struct buf *out, const struct sqlite_words *w);
bool sqlite_create_trigger(struct buf *out, const struct sqlite_words *w);
bool sqlite_create_virtual(struct buf *out, const struct sqlite_words *w);

#endif
