#ifndef SNAPSHOT_RESTORE_PG_FORM_H
#define SNAPSHOT_RESTORE_PG_FORM_H

#include "base/buf.h"
#include "base/err.h"
#include "schema/pg_table.h"
#include "schema/schema.h"

/*
 * Definitions as text, and what leads from one to another. Texts are those of
 * docs/schema-tree.md; names are as they stand there, quoted where SQL needs
 * it. Everything read is in the arena.
 */

/** The text of a table taken apart, with its names. */
struct pg_form {
	struct schema_pg_table t;
	const char **columns;     /**< names of t.columns */
	const char **constraints; /**< names of t.constraints */
	bool is_partition;
};
MUST_USE struct err *pg_form_read(struct pg_form *out, struct arena *a,
				  const struct schema_object *o);

/** The column or constraint of that name, or NULL. */
const struct schema_pg_column *pg_form_column(const struct pg_form *f,
					      const char *name);
const struct schema_pg_constraint *pg_form_constraint(const struct pg_form *f,
						      const char *name);

/** Name of a table, as SQL needs it, out of its text; NULL = it is none. */
const char *pg_form_name(struct arena *a, const struct schema_object *o);

bool pg_form_is_table(const struct schema_object *o);

/**
 * No ALTER leads from one to the other: columns in another order, a value
 * that would have to be found for a column in the middle, another type or
 * generated value, another parent or partition key.
 *
 * @param values rows have values for columns that come back
 * @param append columns may stand in another order, so that those come last
 */
bool pg_form_needs_rebuild(const struct pg_form *from, const struct pg_form *to,
			   bool values, bool append);

/** Append what has to be done before rows go back: constraints that are in the
 * way and new columns go, old ones come, still without NOT NULL and identity,
 * those that are computed from others behind them. */
void pg_form_loosen(struct buf *sql, const struct pg_form *from,
		    const struct pg_form *to);

/** Append the rest, once rows are in place; keys to other tables go to `keys`,
 * which are run behind all tables. */
void pg_form_tighten(struct buf *sql, struct buf *keys,
		     const struct pg_form *from, const struct pg_form *to);

/**
 * Append what undoes a statement that follows an object's own: a comment, a
 * grant, a flag, an option.
 *
 * @return false when nothing is known to undo it
 */
bool pg_form_undo(struct buf *sql, const char *statement);

/** Append statements that make `to` of `from`, lists of such statements.
 * False: one cannot be undone; sql is then of no use. */
bool pg_form_add_difference(struct buf *sql, const char *const *from,
			    size_t n_from, const char *const *to, size_t n_to);

#endif
