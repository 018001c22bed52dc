#ifndef TARGET_TARGET_SQLITE_H
#define TARGET_TARGET_SQLITE_H

#include <sqlite3.h>

#include "target/target.h"

MUST_USE struct err *target_sqlite_open(struct target **out, const char *path,
					const struct target_options *opt);

/** The connection, for capture and restore; borrowed. */
sqlite3 *target_sqlite_db(struct target *t);

/** ERR_TARGET with SQLite's message, "<doing>: <message>". A full disk,
 * a read-only file, a busy or corrupt database get a hint of their own. */
MUST_USE struct err *target_sqlite_error(sqlite3 *db, const char *doing);

/** Turn the guard off (restore writes shadow tables, sqlite_schema, ...). */
void target_sqlite_guard(struct target *t, bool on);

/** PRAGMA foreign_keys for the next transaction; outside of one only. */
MUST_USE struct err *target_sqlite_foreign_keys(struct target *t, bool on);

/** Deferred foreign key violations outstanding in this transaction. */
bool target_sqlite_deferred_violations(struct target *t);

#endif
