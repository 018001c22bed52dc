#ifndef EFFECTS_PG_TABLE_H
#define EFFECTS_PG_TABLE_H

#include "effects/pg_walk.h"

/*
 * Notes of what tables are made of; private to effects/pg_*.c.
 *
 * column      letters: n NOT NULL, d has a default, s its value comes from a
 *             sequence, g generated, x not told; then "\n<schema>\n<type>",
 *             and "\n=<value>" when the default is a constant
 * constraint  letter of its type (p u f c x), 'a' when the name was made up,
 *             ON DELETE and ON UPDATE as in pg_constraint, 'I' over an index,
 *             'N' not for heirs; "k" alone: of a foreign key for a partition
 * index       'u' unique or '-', 'a' when the name was made up, 'e' of an
 *             expression, 'O' not for partitions; "\n" and what stands for its
 *             columns in such a name
 * trigger     'b' before, 'a' after, 'i' instead; 'r' for each row
 */

/** As the server names what has no name: table_column_key, at most 63 bytes. */
const char *pe_auto_name(struct pe_walk *w, const char *table,
			 const char *columns, const char *label);

/** "=<value>" of a constant that is no secret of its length; else NULL. */
const char *pe_constant_note(struct pe_walk *w, const PgQuery__Node *n);

/** Where expressions of a definition find the columns of its table. */
void pe_definition_open(struct pe_walk *w, struct pe_scope *scope,
			const PgQuery__RangeVar *of);
void pe_definition_close(struct pe_walk *w);

/** What is added from here on belongs to the last effect; returns what it
 * belonged to, for pe_owner_restore(). */
struct pe_owner {
	size_t owner;
	bool defines;
};
struct pe_owner pe_owner_set(struct pe_walk *w);
void pe_owner_restore(struct pe_walk *w, struct pe_owner before);

/** The parent gets a partition: where = its bounds, as far as they are told:
 * "from" and "to" of one column, or "in" for each value, or "default". */
struct effect *pe_new_partition(struct pe_walk *w,
				const PgQuery__RangeVar *parent,
				const PgQuery__PartitionBoundSpec *bound);

/** Of CREATE constraint: where = what it wants of each column, when that is
 * all that the check says. */
void pe_check_terms(struct pe_walk *w, const PgQuery__Node *check,
		    struct effect *e);

#endif
