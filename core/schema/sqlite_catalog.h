#ifndef SCHEMA_SQLITE_CATALOG_H
#define SCHEMA_SQLITE_CATALOG_H

#include <sqlite3.h>

#include "schema/schema_sqlite.h"
#include "sql/sqlite_lexer.h"

/*
 * Reading half of schema_sqlite_refresh(): what the database has, against
 * what the schema knows. Nothing in the schema changes but that its arena
 * grows, so a failure leaves it as it was.
 */

/** `kind` of objects from SQLite is one of these pointers, or of no tree. */
extern const char sqlite_kind_table[], sqlite_kind_virtual[],
	sqlite_kind_index[], sqlite_kind_view[], sqlite_kind_trigger[],
	sqlite_kind_pragma[];

#define SQLITE_CATALOG_PRAGMAS 2

/** What one reading found. */
struct sqlite_catalog {
	struct schema_row *rows; /**< the rows as they are now, by position */
	size_t n, cap;
	size_t *fresh; /**< indexes of rows whose object is new */
	size_t n_fresh, cap_fresh;
	const struct schema_object **gone; /**< in the tree, and no longer */
	size_t n_gone, cap_gone;
	int pragmas[SQLITE_CATALOG_PRAGMAS];
};

/** "user_version", "application_id" */
extern const char *const sqlite_catalog_pragma[SQLITE_CATALOG_PRAGMAS];

/**
 * Read. A fresh object has everything but path, text and shape; fresh ones
 * that do not belong into the tree have no kind but "".
 *
 * @return ERR_TARGET; c is to be released in any case
 */
MUST_USE struct err *sqlite_catalog_read(struct sqlite_catalog *c,
					 struct schema *s, sqlite3 *db,
					 enum schema_scope scope);
void sqlite_catalog_release(struct sqlite_catalog *c);

#endif
