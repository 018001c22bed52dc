#ifndef SCHEMA_SCHEMA_PG_H
#define SCHEMA_SCHEMA_PG_H

#include "postgres/conn.h"
#include "schema/schema.h"

/** How much schema_pg_refresh() reads. */
enum schema_pg_scope {
	SCHEMA_PG_ALL,
	SCHEMA_PG_CHANGED,  /**< what the open transaction has changed since the
				 last reading */
	SCHEMA_PG_UNLIKELY, /**< the same, and probably that is nothing: it is
				 asked first */
};

/**
 * Bring `s` up to the schema of the database behind c, and append what
 * changed to `delta` (not its renames), sorted by path. Left out: pg_catalog,
 * information_schema, pg_toast, temporary objects, the journal's schema and
 * what is in it; members of extensions. What is seen and cannot be printed is
 * in s->unrepresented, and in an object of kind "unrepresented".
 *
 * Works inside the session's open transaction and sees its changes; search
 * path and other settings are as before when it returns. Without one, it opens
 * a transaction of its own, so that all it reads is of one moment. In one that
 * has failed nothing can be read.
 *
 * Of an object `text` is SQL that makes it, by the rules of
 * docs/schema-tree.md, and `sql` is the same pointer; `position` is its oid,
 * an order in which it may have been made.
 *
 * @param scope the first reading of `s`, and one outside of a transaction,
 *        always read everything; so must the one after a rollback of what a
 *        reading has seen
 * @param delta may be NULL
 * @return ERR_TARGET with the server's message; `s` and `delta` are then as
 *         they were
 */
MUST_USE struct err *schema_pg_refresh(struct schema *s, struct pg_conn *c,
				       const char *journal_schema,
				       enum schema_pg_scope scope,
				       struct schema_delta *delta);

/**
 * A transaction begins (behind its BEGIN, in the same pipeline or later,
 * before it has changed anything): queues a question whose answer, with the
 * next pg_flush(), tells schema_pg_refresh() what is not of this transaction.
 * Need not be called; readings of a part are slower then, since the server's
 * counts of changed rows go on from one transaction to the next. `s` stays
 * where it is until then.
 */
MUST_USE struct err *schema_pg_begin(struct schema *s, struct pg_conn *c);

/**
 * Run statements that make or drop temporary tables of ours, inside the open
 * transaction. What the server counts of their changes is no change to
 * schema_pg_refresh(): where there is nothing else, it reads nothing. (Where
 * event triggers may have done more, everything counts.)
 */
MUST_USE struct err *schema_pg_own(struct schema *s, struct pg_conn *c,
				   const char *const *sql, size_t n);

/**
 * Make objects from their texts, in an order that works: whatever one needs
 * of the others, foreign keys in circles, functions that need tables that
 * need functions. What is there already stays and may be needed. Bodies of
 * functions are not checked; materialized views are not filled. What default
 * privileges would add is not added. Where a text has no owner, the object
 * gets the database's.
 *
 * Works inside the session's open transaction; without one it is a
 * transaction of its own. Masked options stay masked, see
 * schema_pg_is_masked().
 *
 * @return ERR_TARGET that names the first object that cannot be made, with
 *         the server's message; nothing has been made then
 */
MUST_USE struct err *schema_pg_make(struct pg_conn *c,
				    const struct schema_object *const *objects,
				    size_t n);

/**
 * What schema_pg_refresh() knows, as bytes, to go on from another time.
 *
 * @return false: `s` was not read as a whole outside of a transaction, or
 *         something has changed since, or this server cannot tell later
 */
bool schema_pg_save(const struct schema *s, const char *journal_schema,
		    struct buf *out);

/**
 * Take it over into an empty `s`, if the database is as it was then: no
 * catalog has a row that was written since, or lacks one. Outside of a
 * transaction.
 *
 * @param[out] taken otherwise `s` is empty; bytes that are damaged are not
 *             taken, but those that somebody has forged are
 */
MUST_USE struct err *schema_pg_load(struct schema *s, struct pg_conn *c,
				    const char *journal_schema,
				    const char *data, size_t len, bool *taken);

/** A password or something like it is not in the text, but "********". */
bool schema_pg_is_masked(const struct schema_object *o);

#endif
