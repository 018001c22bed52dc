#ifndef SNAPSHOT_REDO_PG_H
#define SNAPSHOT_REDO_PG_H

#include "snapshot/redo_ops.h"
#include "snapshot/restore_pg.h"

/*
 * Shared by the redo_pg*.c files. Lines of a park lie in a temporary table,
 * one for each table of the park, and leave it when their row has its values:
 * what is left in the end does not fit.
 */

/** Where a column of the lines goes: one of the table's, or ... */
enum redo_pg_to {
	REDO_PG_NONE = -1,     /**< there is no such column */
	REDO_PG_RETYPED = -2,  /**< it has another type */
	REDO_PG_COMPUTED = -3, /**< it is generated now */
};

/** A foreign key of the table, as a condition that a line meets. */
struct redo_pg_key {
	const char *met;     /**< SQL, of the line l */
	size_t column;       /**< of one column: its number in the lines */
	bool single, insert; /**< it says something of '~', of '-' */
};

struct redo_pg_table {
	struct restore_pg_table t;      /**< for the readers of lines */
	struct restore_pg_relation rel; /**< as it is now */
	int *to;                        /**< by column of the lines */
	const char **type;              /**< it had, or NULL */
	bool *any;                      /**< some line has a value for it */
	int64_t *low,
		*high; /**< by column: of whole numbers; none: low > high */
	int64_t key_low, key_high; /**< of a key that stands apart */
	size_t *key_at;   /**< by key: its column in lines without keys */
	bool keyed;       /**< rows are found by a key, else by content */
	bool older;       /**< a newer park was given back: it counts */
	const char *temp; /**< NULL = nothing is left to be given */
	const char *join; /**< the line l and its row t */
	struct redo_pg_key *keys;
	size_t n_keys, cap_keys;
};

/** One park. */
struct redo_pg {
	struct restore_request req;
	struct restore_pg r;          /**< for the readers, and for its arena */
	struct redo_pg_table *tables; /**< by table of the manifest */
	size_t number;
	struct buf loud; /**< of the first: statements that end the quiet */
};

/** Made by the migration as a whole. */
static inline bool redo_pg_is_made(const struct manifest_table *m)
{
	return !m->after;
}

/** Whether it is a column whose values the table's rows have. */
static inline bool redo_pg_has(const struct redo_pg_table *b, size_t i)
{
	return b->to[i] >= 0;
}
static inline const struct restore_pg_column *redo_pg_column(
	const struct redo_pg_table *b, size_t i)
{
	return &b->rel.columns[b->to[i]];
}

/* redo_pg_look.c */
MUST_USE struct err *redo_pg_look(struct redo_pg *p, struct redo_pg_table *b);

/* redo_pg_load.c */

/** Columns by name and type, the key, the lines: into b->temp. Counts values
 * that have no place. */
MUST_USE struct err *redo_pg_load(struct redo *redo, struct redo_pg *p,
				  struct redo_pg_table *b,
				  struct redo_result *out);

/** Start a temporary table of that name: the columns n, op and those of the
 * key, by the form of rel. */
void redo_pg_add_temp(struct buf *sql, const char *name,
		      const struct restore_pg_relation *rel);

/** Append a field as COPY reads it, behind a tab. */
void redo_pg_add_value(struct buf *out, const struct restore_pg_field *f);

/** Append "t.id = l.k0 AND ..." */
void redo_pg_add_join(struct buf *out, const struct restore_pg_relation *rel);

/* redo_pg_set.c: many lines at once, or those of them that can be */

/** A statement: its WHERE goes on with the lines concerned between the two. */
struct redo_pg_set {
	const char *head, *tail;
	uint64_t n; /**< sum of what it answered */
};

/** Run it for all lines; where that is refused for halves, down to single
 * lines, which are handed to `refused` (NULL: nothing is done). */
MUST_USE struct err *redo_pg_run(
	struct redo_pg *p, struct redo_pg_table *b, struct redo_pg_set *set,
	struct err *(*refused)(void *payload, int64_t line), void *payload);

/** One statement that gives a number. False *done: refused, and undone. */
MUST_USE struct err *redo_pg_try(struct redo_pg *p, const char *sql,
				 uint64_t *n, bool *done);

/* redo_pg_sift.c: which lines can go back, before any does */
MUST_USE struct err *redo_pg_sift(struct redo_pg *p, struct redo_pg_table *b,
				  struct redo_result *out);

/** Lines leave the table as misfits: rows, and values by column.
 * @param which condition of l, and of the row t when `with_row` */
MUST_USE struct err *redo_pg_drop(struct redo_pg *p, struct redo_pg_table *b,
				  struct redo_result *out, const char *which,
				  const char *why);

/** Append "ROW(t.a, ...)::text" of the columns that lines change, with the
 * values of the lines where `lines`. */
void redo_pg_add_row(struct buf *out, const struct redo_pg_table *b,
		     bool lines);

/* redo_pg_back.c: rows and values go back */

/** What fits leaves b->temp. */
MUST_USE struct err *redo_pg_put(struct redo_pg *p, struct redo_pg_table *b,
				 struct redo_result *out);

/** What is left fits in part, or not. */
MUST_USE struct err *redo_pg_put_rest(struct redo_pg *p,
				      struct redo_pg_table *b,
				      struct redo_result *out);

/* redo_pg_parents.c: foreign keys that rows of the table have */
MUST_USE struct err *redo_pg_keys(struct redo_pg *p, struct redo_pg_table *b);

/* redo_pg_quiet.c */

/** Nothing fires on the table until redo_pg_loud().
 * @param values columns of rows that are there get values, too */
MUST_USE struct err *redo_pg_quiet(struct redo_pg *p, const char *table,
				   bool values);
MUST_USE struct err *redo_pg_loud(struct redo_pg *p);

/** Sequences of the table's columns stand behind the values that came. */
MUST_USE struct err *redo_pg_sequences(struct redo_pg *p,
				       struct redo_pg_table *b);

#endif
