#ifndef EFFECTS_PG_CATALOG_H
#define EFFECTS_PG_CATALOG_H

#include "base/map.h"
#include "effects/effects_pg.h"

/*
 * The symbolic catalog: things, what they use, what they do when they are
 * called. Private to effects/pg_*.c. Strings live as long as the catalog.
 */

/** A thing that another one uses, by its whole name. */
struct pe_use {
	enum effect_kind kind;
	const char *schema, *table, *name;
	const char *note; /**< of the parser: "references", "inherits", ... */
};

struct pe_object {
	enum effect_kind kind;
	const char *schema, *table, *name;
	const char *digest, *note;
	const char **columns; /**< of a constraint or index; a trigger's
			       * events */
	const char **reads;   /**< a trigger's UPDATE OF */
	struct pe_use *uses;
	size_t n_uses, cap_uses;
	struct effects *body;        /**< as parsed; NULL = none */
	struct pe_object **children; /**< parts of a relation or type in their
				      * order; routines of one name */
	size_t n, cap;
	bool gone;
};

struct effects_catalog {
	struct arena arena;
	struct map objects;     /**< by key; values struct pe_object */
	struct pe_object **all; /**< and gone ones, in order of creation */
	size_t n, cap;
	bool has_heirs; /**< some table inherits, or is a partition */
};

/** Notes of what a table uses: its parent. */
#define PE_INHERITS "inherits"
#define PE_PARTITION "partition"

/** By space; table is for what belongs to one. NULL when not there. */
struct pe_object *pe_find(const struct effects_catalog *c,
			  enum effect_kind kind, const char *schema,
			  const char *table, const char *name);

/** New and empty; one of that name is gone before. */
struct pe_object *pe_make(struct effects_catalog *c, enum effect_kind kind,
			  const char *schema, const char *table,
			  const char *name);

/** It and its children are gone; what uses it is the caller's to find. */
void pe_remove(struct effects_catalog *c, struct pe_object *o);

/** Another name, also in what uses it. */
void pe_rename_object(struct effects_catalog *c, struct pe_object *o,
		      const char *schema, const char *name);

/** Routines of that name: children of the result. */
struct pe_object *pe_routines(const struct effects_catalog *c,
			      const char *schema, const char *name);

void pe_add_use(struct effects_catalog *c, struct pe_object *o,
		const struct pe_use *use);
struct pe_object *pe_child(const struct pe_object *o, enum effect_kind kind,
			   const char *name);

/** It uses that thing; a column counts for its table with part = false. */
const struct pe_use *pe_uses(const struct pe_object *o,
			     const struct pe_object *thing);
const char *pe_store(struct effects_catalog *c, const char *s);
const char **pe_store_list(struct effects_catalog *c, const char **list);

/** Has this letter in front of its note's first line. */
bool pe_is(const struct pe_object *o, char letter);

#endif
