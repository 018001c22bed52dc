#ifndef SNAPSHOT_ESTIMATE_H
#define SNAPSHOT_ESTIMATE_H

#include <stdint.h>

#include "base/arena.h"
#include "sql/sql.h"
#include "target/target.h"

/*
 * How large the snapshots of migrations will be, told before any of them runs:
 * from their text, and from a look at a few pages of the tables that they name
 * (docs/snapshots.md, "Before a run"). Nothing is locked for longer than that
 * look, and nothing is changed.
 *
 * Counted: DROP TABLE, TRUNCATE, DROP COLUMN, changes of type, UPDATE and
 * DELETE of every row, tables and columns that go by CASCADE. Not counted: anything else, tables that a statement
 * before has made, renamed or emptied, and what cannot be looked at. So it is
 * low rather than high, and the limit still holds while a migration runs.
 */
struct estimate {
	uint64_t bytes;    /**< of lines; 0 with rows 0 = nothing is known */
	uint64_t perhaps;  /**< more of them, if every value that is converted,
			       or put back by a later statement, is another
			       one in the end */
	uint64_t rows;     /**< that either is of */
	const char *table; /**< what has the most bytes; NULL = none */
	uint64_t table_bytes;
	size_t statement; /**< of that, in its script */
	/** PostgreSQL: what goes by CASCADE: "view v"; sorted, at most 1,000. */
	const char **cascades;
	size_t n_cascades;
};

/**
 * @param scripts in the order in which they will run
 * @param a       receives names
 * @param out     one for each script
 * @return ERR_CANCELLED only: what fails otherwise is not known
 */
MUST_USE struct err *estimate_scripts(struct target *t,
				      const struct sql_script *const *scripts,
				      size_t n, struct arena *a,
				      struct estimate *out);

#endif
