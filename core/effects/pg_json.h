#ifndef EFFECTS_PG_JSON_H
#define EFFECTS_PG_JSON_H

#include "base/arena.h"

/*
 * The parser of PL/pgSQL answers in JSON: read into a tree, no more than that
 * needs. docs/decisions.md says why jansson is not used for it.
 */
struct pe_json {
	const char *key;  /**< in an object, else NULL */
	const char *text; /**< of a string, number or word; else NULL */
	struct pe_json *child, *next;
};

/** NULL when it is no JSON, or nested deeper than 1,000. */
struct pe_json *pe_json_read(struct arena *arena, const char *text);

/** A member of an object, or NULL; o may be NULL. */
const struct pe_json *pe_json_get(const struct pe_json *o, const char *key);
const char *pe_json_text(const struct pe_json *o, const char *key);

#endif
