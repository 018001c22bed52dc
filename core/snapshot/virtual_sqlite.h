#ifndef SNAPSHOT_VIRTUAL_SQLITE_H
#define SNAPSHOT_VIRTUAL_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Virtual tables and the shadow tables in which they keep their data,
 * https://sqlite.org/vtab.html#the_xshadowname_method
 */

/** The main database has a virtual table of that name. */
bool virtual_exists(sqlite3 *db, const char *name);

/** Names of the shadow tables of a virtual table, in order. */
struct virtual_shadows {
	char **names;
	size_t n, cap;
};
MUST_USE struct err *virtual_shadows_read(struct virtual_shadows *out,
					  sqlite3 *db, const char *name);
void virtual_shadows_release(struct virtual_shadows *s);

/** What the shadow tables of a virtual table hold. */
struct virtual_state {
	uint64_t rows;
	uint64_t digest; /**< of their names, keys and values */
};

/**
 * Read every row of a virtual table's shadow tables. What the table has not
 * written there yet is not seen. ERR_TARGET when a row cannot be read.
 */
MUST_USE struct err *virtual_state_read(struct virtual_state *out, sqlite3 *db,
					const char *name);

#endif
