#ifndef TARGET_TARGET_PG_H
#define TARGET_TARGET_PG_H

#include "postgres/conn.h"
#include "target/target.h"

/** The operations; in target_pg.c. */
extern const struct target_ops target_pg_ops;

MUST_USE struct err *target_pg_open(struct target **out, const char *url,
				    const struct target_options *opt);

/** The connection that runs migrations, for capture and restore; borrowed. */
struct pg_conn *target_pg_conn(struct target *base);

/**
 * The second connection, opened when it is first asked for: it holds the
 * runner lock in an open READ COMMITTED transaction, and sees what is
 * committed while the first one works (the observer of a capture). Whatever
 * reads on it does so between SAVEPOINT and ROLLBACK TO, so that no lock stays
 * behind. Its settings are our own: values print the same everywhere.
 */
MUST_USE struct err *target_pg_second(struct target *base,
				      struct pg_conn **out);

/**
 * Statements that make or drop temporary tables of ours, in the transaction:
 * target_inspect() of the schema that is followed takes them for no change.
 */
MUST_USE struct err *target_pg_own(struct target *base, const char *const *sql,
				   size_t n);

/** Schema of the journal, unquoted. */
const char *target_pg_journal(struct target *base);

/**
 * Values print the same everywhere from here on to the end of the transaction
 * (ISO dates, hex, UTC, empty search_path, no row security, no timeouts):
 * SET LOCAL on the first connection. What a migration has set is put back by
 * target_pg_plain_end(), when statements of it follow.
 */
MUST_USE struct err *target_pg_plain_begin(struct target *base);
MUST_USE struct err *target_pg_plain_end(struct target *base);

#endif
