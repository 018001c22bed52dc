#ifndef SNAPSHOT_CAPTURE_H
#define SNAPSHOT_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/schema.h"
#include "snapshot/port.h"
#include "sql/sql.h"
#include "target/target.h"

/*
 * Keeps what a migration destroys while it runs: the values before it of the
 * rows and columns it changes or drops, by key, and the keys it inserts. What
 * a migration created itself is not kept. One capture serves a connection;
 * begin and finish enclose each migration, inside its transaction.
 *
 * Seen: every change of a row of the main database (cascades and triggers
 * too), DROP TABLE, DROP COLUMN, renames, AUTOINCREMENT counters, shadow
 * tables of virtual tables. Not seen: temporary tables, sqlite_stat tables.
 */
struct capture;

struct capture_options {
	const char *scratch_dir; /**< for what does not fit in memory */
	uint64_t limit;          /**< bytes of lines per migration; 0 = none */
};

/** What a migration left to be kept. */
struct capture_result {
	bool any;      /**< files were written, manifest included */
	uint64_t rows; /**< lines */
	uint64_t bytes;
	uint64_t collateral; /**< rows of other tables that a DROP TABLE took
				  or changed, by foreign keys */
};

MUST_USE struct err *capture_open(struct capture **out, struct target *t,
				  const struct capture_options *opt);
void capture_close(struct capture *c);

/** A migration starts. The script is borrowed until finish or abort. */
void capture_begin(struct capture *c, const struct snapshot_out *out,
		   const struct sql_script *script);

/** Statement i of the script is about to run. */
MUST_USE struct err *capture_before(struct capture *c, size_t i);

/** It ran. An error of capture itself: the migration must be undone. */
MUST_USE struct err *capture_after(struct capture *c, size_t i);

/** What is done behind the statements that none of them says. */
enum capture_aside {
	CAPTURE_ASIDE_EXPECT, /**< right behind capture_begin(): it may come */
	CAPTURE_ASIDE_BEHIND, /**< behind those: the transaction has done other
			       * work before, which is nobody's loss now */
	CAPTURE_ASIDE_ALTER, /**< tables may be altered now, but not their rows */
	CAPTURE_ASIDE_WRITE, /**< rows may be written now */
	CAPTURE_ASIDE_END,   /**< it is over; tables may be altered again */
};
MUST_USE struct err *capture_aside(struct capture *c, enum capture_aside what);

/** The error that made capture stop a statement, or NULL; yours. */
struct err *capture_take_error(struct capture *c);

/**
 * The migration is over: write its files and add its renames to the delta.
 * Nothing is written when nothing was destroyed.
 */
MUST_USE struct err *capture_finish(struct capture *c,
				    struct schema_delta *delta,
				    struct arena *arena,
				    struct capture_result *out);

/** The migration was undone: forget it. */
void capture_abort(struct capture *c);

#endif
