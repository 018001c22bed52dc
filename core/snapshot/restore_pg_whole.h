#ifndef SNAPSHOT_RESTORE_PG_WHOLE_H
#define SNAPSHOT_RESTORE_PG_WHOLE_H

#include "snapshot/restore_pg.h"

/* Rows without a key: they are told by all they hold. */

/** All columns of a table without a key. */
void restore_pg_names_of_whole(struct restore_pg *r,
			       const struct restore_pg_relation *rel,
			       struct restore_pg_keys *out);

static inline size_t restore_pg_key_fields(const struct restore_pg_keys *keys)
{
	return keys->n + keys->whole;
}

/** Append "t.a" as a question asks for it; of a whole row its text, or NULL.
 * @param k the one behind the last: `at` */
void restore_pg_add_key_field(struct buf *out,
			      const struct restore_pg_keys *keys, size_t k,
			      const char *at);

/**
 * Key and its columns as restore_late has them; the caller's. Equal rows of a
 * table without a key are as good as each other: they are numbered as they are
 * met, and the last column is "#".
 */
void restore_pg_key_strings(struct restore_pg *r, const char *table,
			    const struct restore_pg_keys *keys,
			    const struct restore_pg_field *values,
			    struct buf *key, struct buf *columns);

/** Add to our table `at` the ctids of those that our table `keys` names, in
 * fields k0 and so on of these columns. */
MUST_USE struct err *restore_pg_find_wholes(struct restore_pg *r,
					    const char *keys,
					    const char *columns,
					    const char *table, const char *at);

#endif
