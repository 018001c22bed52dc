#ifndef SNAPSHOT_SEQUENCE_SQLITE_H
#define SNAPSHOT_SEQUENCE_SQLITE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* AUTOINCREMENT counters: the rows of sqlite_sequence, but for our own. */

struct sequence {
	char *table;
	int64_t value;
	int64_t position; /**< its rowid: the order of a dump */
};

struct sequences {
	struct sequence *list;
	size_t n, cap;
};

/** Nothing is there until some table has AUTOINCREMENT. */
MUST_USE struct err *sequences_read(struct sequences *s, sqlite3 *db);
void sequences_release(struct sequences *s);

/** The table's counter, or NULL; NULL has none. */
const struct sequence *sequences_find(const struct sequences *s,
				      const char *table);

#endif
