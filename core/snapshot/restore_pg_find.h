#ifndef SNAPSHOT_RESTORE_PG_FIND_H
#define SNAPSHOT_RESTORE_PG_FIND_H

#include "snapshot/restore_pg.h"

/* Shared by restore_pg_find.c and those who ask for rows in conflict. */

struct restore_pg_find {
	struct restore_pg *r;
	const char *table;                /* in its old form */
	const struct restore_pg_table *t; /* NULL = it has no lines */
	struct restore_pg_relation rel;
	struct restore_pg_keys keys;
	bool copied; /* its rows are its lines, in their order */
	const char *what, *constraint, *column;
	/* what a foreign key refers to, and rows of which go: one table, or
	 * partitions of one */
	const struct restore_pg_table **parents;
	size_t n_parents;
	bool unique;
};

/** Of f->r and f->table. */
MUST_USE struct err *restore_pg_find_open(struct restore_pg_find *f);

/** The table that was called so, if it has lines; or NULL. */
const struct restore_pg_table *restore_pg_find_table(const struct restore_pg *r,
						     const char *name);

/*
 * Pieces of a question. Rows are "t", their lines "l". An answer's rows have
 * the line's number (-1: none), whether the line put it there, its operation,
 * the key, and behind it: of `unique`, whether a row of later has the value,
 * and its key; of `parents`, number and operation of its line, and which.
 */

/** Append ", concat(t.id) AS k0". */
void restore_pg_find_add_keys(struct buf *sql, const struct restore_pg_find *f);

/** Append the join with the lines. */
void restore_pg_find_add_lines(struct buf *sql,
			       const struct restore_pg_find *f);

/** Append: the line put these columns there. */
void restore_pg_find_add_restored(struct buf *sql,
				  const struct restore_pg_find *f,
				  const char *const *columns, size_t n);

/** Append "COPY (SELECT" and what every answer begins with. */
void restore_pg_find_add_begin(struct buf *sql, const struct restore_pg_find *f,
			       const char *const *columns, size_t n);

/** Append "FROM": the table and its lines.
 * @param where of the rows, where only their own columns are known; or NULL */
void restore_pg_find_add_rows(struct buf *sql, const struct restore_pg_find *f,
			      const char *where);

/**
 * restore_pg_excluded.c: rows that an exclusion constraint keeps apart; `sql`
 * makes it. Those of the snapshot are not among them unless they cannot be
 * beside each other.
 */
MUST_USE struct err *restore_pg_find_excluded(struct restore_pg_find *f,
					      const char *sql);

/** Ask it, and report each row as a conflict. */
MUST_USE struct err *restore_pg_find_ask(struct restore_pg_find *f,
					 const char *sql);

#endif
