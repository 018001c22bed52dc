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
 * `delta` (not its renames). Left out: our own git_migrate_ tables, their
 * indexes and views, sqlite_ internals, shadow tables' statistics
 * (sqlite_stat*). Shadow tables of virtual tables are kept out of the tree
 * (their virtual table stands for them). A `user_version` or `application_id`
 * that is not 0 is an object of kind "pragma".
 *
 * Works inside an open transaction and sees its changes.
 *
 * @param delta may be NULL
 */
MUST_USE struct err *schema_sqlite_refresh(struct schema *s, sqlite3 *db,
					   enum schema_scope scope,
					   struct schema_delta *delta);

/**
 * Canonical text, and shape, of one CREATE statement as sqlite_schema keeps
 * it; an unparsable text is printed as it is. Pure.
 */
void schema_sqlite_print(struct buf *text, struct buf *shape,
			 const char *kind, const char *sql);

/**
 * The same table text but for trailing columns or column order etc. is
 * decided by comparing shapes; this lists the columns of a CREATE TABLE in
 * order, unquoted, NULL-terminated, in arena memory; NULL when it is not a
 * plain CREATE TABLE (virtual, AS SELECT never stays in sqlite_schema).
 */
const char **schema_sqlite_columns(struct arena *a, const char *sql);

#endif
