#ifndef SCHEMA_SCHEMA_SQLITE_H
#define SCHEMA_SCHEMA_SQLITE_H

#include <sqlite3.h>

#include "schema/schema.h"

enum schema_scope {
	SCHEMA_SCOPE_ALL,      /**< read every row of sqlite_schema */
	SCHEMA_SCOPE_APPENDED, /**< only rows behind last_position: right when
				    nothing but CREATE ran */
};

/**
 * Bring `s` up to the database's main schema, and append what changed to
 * `delta` (not its renames), sorted by path. Left out: our own tables, views,
 * indexes and triggers named git_migrate_*, and what hangs on them; sqlite_*
 * internals; shadow tables of virtual tables (their virtual table stands for
 * them), as far as their module is loaded. A `user_version` or
 * `application_id` that is not 0 is an object of kind "pragma"; it is read in
 * either scope.
 *
 * Works inside an open transaction and sees its changes. An object whose row
 * of sqlite_schema is as it was is not looked at again. That a row has only
 * moved (VACUUM) is no change; its position is kept up.
 *
 * @param delta may be NULL
 * @return ERR_TARGET with SQLite's message; `s` and `delta` are then as they
 *         were
 */
MUST_USE struct err *schema_sqlite_refresh(struct schema *s, sqlite3 *db,
					   enum schema_scope scope,
					   struct schema_delta *delta);

/**
 * Canonical text, and shape, of one CREATE statement as sqlite_schema keeps
 * it; an unparsable text is printed as it is, but for white space at its end,
 * with a newline. Pure. docs/schema-tree.md has
 * the rules.
 *
 * @param text emptied first
 * @param shape emptied first; stays empty where it equals the text; may be
 *        NULL
 * @param columns of an index's table, NULL-terminated, to tell the column "x"
 *        from the string "x" in it; NULL = not known. Other kinds need none.
 * @return false when the text was printed as it is
 */
bool schema_sqlite_print(struct buf *text, struct buf *shape, const char *kind,
			 const char *sql, const char *const *columns);

/**
 * The columns of a CREATE TABLE in order, unquoted, NULL-terminated, in arena
 * memory; generated ones too. NULL when it is not a plain CREATE TABLE
 * (virtual; AS SELECT never stays in sqlite_schema) or cannot be parsed.
 */
const char **schema_sqlite_columns(struct arena *a, const char *sql);

/** The declared type of a column, its words joined by spaces ("" = none);
 * NULL where there is no such column. */
const char *schema_sqlite_column_type(struct arena *a, const char *sql,
				      const char *column);

#endif
