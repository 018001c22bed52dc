#ifndef SCHEMA_PG_TABLE_H
#define SCHEMA_PG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * The text of a PostgreSQL object, our own form (docs/schema-tree.md), taken
 * apart. Two parsed texts side by side tell which ALTERs lead from one to the
 * other. Strings live in the arena given; texts have no newline at the end,
 * statements no semicolon either.
 */

struct schema_pg_column {
	const char *name;         /**< unquoted */
	const char *text;         /**< the whole line: "id integer NOT NULL" */
	const char *type;         /**< "integer"; "" in a table of a type */
	const char *options;      /**< "a 'b'", of a foreign table; or NULL */
	const char *collation;    /**< "pg_catalog.\"C\"", or NULL */
	const char *default_expr; /**< NULL = none */
	size_t default_at;        /**< where DEFAULT stands in text */
	const char *generated;    /**< expression, without brackets; or NULL */
	bool generated_virtual;   /**< else stored */
	const char *identity;     /**< "ALWAYS", "BY DEFAULT", or NULL */
	const char *identity_options; /**< "START WITH 5", or NULL */
	const char *not_null; /**< "NOT NULL" with what belongs to it, from
				      "CONSTRAINT" on where it is named; or
				      NULL */
};

enum schema_pg_constraint_kind {
	SCHEMA_PG_PRIMARY_KEY,
	SCHEMA_PG_UNIQUE,
	SCHEMA_PG_EXCLUDE,
	SCHEMA_PG_CHECK,
	SCHEMA_PG_FOREIGN_KEY,
	SCHEMA_PG_NOT_NULL,
};

struct schema_pg_constraint {
	enum schema_pg_constraint_kind kind;
	const char *name;       /**< unquoted */
	const char *text;       /**< "CONSTRAINT name CHECK (...)" */
	const char *definition; /**< behind the name */
	bool not_valid; /**< a statement of its own behind the table's: it
			     says NOT VALID, which CREATE TABLE ignores */
};

struct schema_pg_table {
	const char *head;  /**< "CREATE UNLOGGED TABLE public.t"; with
			        " OF type" for a table of a type */
	const char *name;  /**< "public.t", quoted as in the text */
	const char *close; /**< what follows the bracket: "" or
			        " PARTITION BY RANGE (at)" */
	bool typed;        /**< of a type */
	struct schema_pg_column *columns;
	size_t n_columns;
	struct schema_pg_constraint *constraints;
	size_t n_constraints;
	const char **statements; /**< the others behind the table's */
	size_t n_statements;
};

/**
 * Take the text of an object of kind "table" or "foreign_table" apart.
 *
 * @return false when it has not the form that schema_pg_refresh() prints;
 *         `out` is then of no use
 */
bool schema_pg_table_parse(struct schema_pg_table *out, struct arena *a,
			   const char *text);

/**
 * Cut a text into its statements; comments in front stay with theirs. Works
 * on any text of ours but functions with a body of BEGIN ATOMIC.
 */
const char **schema_pg_statements(struct arena *a, const char *text, size_t *n);

/** Two tables' texts that differ in the order of columns at most. */
bool schema_pg_same_shape(const char *x, const char *y);

/** The same table, made by other means: CREATE TABLE with the columns and
 * those constraints for which `keep` is true. No semicolon. */
const char *schema_pg_table_create(struct arena *a,
				   const struct schema_pg_table *t,
				   const bool *keep_constraint,
				   bool keep_defaults);

#endif
