#ifndef EFFECTS_EFFECTS_PG_H
#define EFFECTS_EFFECTS_PG_H

#include "effects/effects.h"

/*
 * PostgreSQL's effects, from the parse tree (libpg_query, the grammar of
 * PostgreSQL 15), without a server. Two steps: what a text says by itself,
 * and what that means on a schema. The schema is a symbolic catalog, folded
 * out of the migrations before.
 */

/**
 * What a text says, names as they are written: schema is NULL where none
 * stands there and search_path decides. `SET search_path` in the text is
 * followed. Bodies of functions (SQL, PL/pgSQL) and DO blocks are looked
 * into. Never fails: what does not parse is EFFECT_UNCERTAIN with the
 * parser's words.
 *
 * @param text the up part; first_line = line of its first byte in the file
 */
void effects_pg_parse(struct effects *out, const char *text, size_t len,
		      unsigned first_line);

/** Tables with their columns, what is on what, what uses what. */
struct effects_catalog;

struct effects_catalog *effects_catalog_new(void);
struct effects_catalog *effects_catalog_clone(const struct effects_catalog *c);
void effects_catalog_free(struct effects_catalog *c);

/**
 * What parsed effects mean on that schema: names found along search_path
 * ("$user", public), `*` spread to columns, CASCADE and ownership (a dropped
 * table's indexes, triggers, policies, constraints, the foreign keys that
 * point at it), views and rules, triggers that row writes fire, foreign keys in
 * both directions, functions that defaults and checks call.
 * A name that nothing in the catalog has stays as written, in schema public;
 * a thing made outside of the migrations is no reason for "uncertain".
 *
 * `c` moves to the schema behind the migration.
 *
 * @param out emptied first
 */
void effects_pg_resolve(struct effects *out, struct effects_catalog *c,
			const struct effects *parsed);

/** As text for the cache, and back (NULL when not whole). */
void effects_catalog_encode(struct buf *out, const struct effects_catalog *c);
struct effects_catalog *effects_catalog_decode(const char *data, size_t len);

#endif
