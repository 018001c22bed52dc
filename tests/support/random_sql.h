#ifndef TESTS_RANDOM_SQL_H
#define TESTS_RANDOM_SQL_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/buf.h"

/* Random but valid SQL for SQLite: the same seed gives the same texts. */

struct random_sql {
	uint64_t state;
	sqlite3 *db;      /* what exists is asked here; it runs nothing */
	unsigned n_names; /* so that new names are new */
};

/** A number below n; n > 0. */
unsigned random_below(struct random_sql *r, unsigned n);

/** One statement for a setup: tables first, then what hangs on them. */
void random_setup(struct random_sql *r, struct buf *out, unsigned i);

/**
 * One statement of a migration (a table rebuild is several), made for what
 * the database holds. It may still fail: the caller tries.
 */
void random_statement(struct random_sql *r, struct buf *out);

#endif
