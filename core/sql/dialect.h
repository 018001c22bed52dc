#ifndef SQL_DIALECT_H
#define SQL_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/sql.h"

/*
 * What a dialect brings; inside this room only. One row of the table in
 * dialect.c names one of these.
 */
struct sql_dialect_ops {
	const char *name;
	const char *alias; /**< understood as well, or NULL */
	bool folds_case;   /**< names are equal without regard to ASCII case */

	/** sql_split(); *out is empty on entry, and filled on failure too. */
	struct err *(*split)(struct sql_script *out, const char *text,
			     size_t len, unsigned first_line);

	/** sql_normal_form() of a text that split() took. */
	void (*normal_form)(struct buf *out, const struct sql_script *script);
};

/* sqlite_split.c and sqlite_normal.c */
MUST_USE struct err *sqlite_split(struct sql_script *out, const char *text,
				  size_t len, unsigned first_line);
void sqlite_normal_form(struct buf *out, const struct sql_script *script);

/* pg_split.c and pg_normal.c */
MUST_USE struct err *pg_split(struct sql_script *out, const char *text,
			      size_t len, unsigned first_line);
void pg_normal_form(struct buf *out, const struct sql_script *script);

/* sqlite_classify.c: fill verb, temp and names of a statement whose text and
 * len are set. Names are made in the arena. */
void sqlite_classify(struct sql_statement *s, struct arena *a);

/** One more column that an UPDATE sets; NULL is none. */
void sql_add_set(struct sql_statement *s, struct arena *a, const char *column);

#endif
