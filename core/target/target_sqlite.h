#ifndef TARGET_TARGET_SQLITE_H
#define TARGET_TARGET_SQLITE_H

#include <sqlite3.h>

#include "target/target.h"

/** The operations; in target_sqlite.c. */
extern const struct target_ops target_sqlite_ops;

MUST_USE struct err *target_sqlite_open(struct target **out, const char *path,
					const struct target_options *opt);

/** target_copy_clean(); in sqlite_copy.c. */
void target_sqlite_copy_clean(const char *url, const char *base_dir);

/** The connection, for capture and restore; borrowed. */
sqlite3 *target_sqlite_db(struct target *base);

/**
 * SQLite's message for the last failure, "<doing>: <message>"; doing NULL =
 * the message alone. ERR_STATE when another program is in the way, else
 * ERR_TARGET. A full disk, a read-only file, a busy or corrupt database get a
 * hint of their own.
 */
MUST_USE struct err *target_sqlite_error(sqlite3 *db, const char *doing);

/** Turn the guard off, and SQLITE_DBCONFIG_DEFENSIVE with it (restore writes
 * shadow tables, sqlite_schema, ...); t->seen stays still meanwhile. */
void target_sqlite_guard(struct target *base, bool on);

/** Foreign keys are enforced, where nothing says otherwise. */
bool target_sqlite_enforces(struct target *base);

/** PRAGMA foreign_keys, until target_reset(); also in a transaction, where the
 * pragma does nothing. */
MUST_USE struct err *target_sqlite_foreign_keys(struct target *base, bool on);

/** Deferred foreign key violations outstanding in this transaction. */
bool target_sqlite_deferred_violations(struct target *base);

#endif
