#ifndef TESTS_RANDOM_ROWS_H
#define TESTS_RANDOM_ROWS_H

#include <stdbool.h>

#include "support/random_sql.h"

/* The dice of random_sql.c, and its statements that write rows. */

#define PICK(r, list) (list)[random_below(r, (unsigned)ARRAY_LEN(list))]

/** True once in n times. */
bool random_one_in(struct random_sql *r, unsigned n);

/** A name from the answer to a question; false when there is none. */
bool random_ask(struct random_sql *r, struct buf *out, const char *sql,
		const char *arg);

/** A column of the table that is not hidden; false when there is none. */
bool random_column(struct random_sql *r, struct buf *out, const char *table);

/** Append an INSERT of some rows. */
void random_insert(struct random_sql *r, struct buf *out, const char *table);

/** Append an INSERT, an upsert, an UPDATE or a DELETE. */
void random_write(struct random_sql *r, struct buf *out, const char *table);

#endif
