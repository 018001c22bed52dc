#ifndef SNAPSHOT_CHECKS_SQLITE_H
#define SNAPSHOT_CHECKS_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * CHECK constraints of a table, out of its text: SQLite tells which one a row
 * breaks only while the row is written.
 */

struct checks_one {
	const char *name;      /**< or its text, "CHECK (n > 0)" */
	const char *condition; /**< "(n > 0)" */
};

struct checks {
	struct checks_one *list;
	size_t n;
};

/** Of a CREATE TABLE; none of anything else. In the arena. */
void checks_read(struct checks *out, struct arena *a, const char *sql);

/** Take out those that `other` has, too. */
void checks_subtract(struct checks *c, const struct checks *other);

/**
 * A row of the main database's table breaks one of them. What cannot be asked,
 * for lack of a function, counts as broken.
 *
 * @param sql of the table
 */
MUST_USE struct err *checks_are_broken(sqlite3 *db, const char *table,
				       const char *sql, bool *out);

#endif
