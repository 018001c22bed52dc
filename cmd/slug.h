#ifndef CMD_SLUG_H
#define CMD_SLUG_H

#include <stddef.h>

#include "base/buf.h"

/** The shortest that a name can be cut to and still be told from others. */
#define SLUG_MIN 9

/** Longest name of a database (PostgreSQL: NAMEDATALEN - 1). */
#define SLUG_DATABASE_MAX 63

/**
 * The name of a branch as a part of a file's or a database's name, at most
 * max bytes: lower-case letters, digits, '.', '_' and '-', so that it needs no
 * quotes in a URI. Where that is not the name itself, or is cut, "_" and eight
 * hex digits of a hash of the name follow; so they do where it would end like
 * the files that SQLite and git migrate keep beside a database ("-wal").
 *
 * @param max at least SLUG_MIN
 */
void slug_add(struct buf *out, const char *name, size_t max);

/** Eight hex digits of a hash of s. */
void slug_add_hash(struct buf *out, const char *s);

#endif
