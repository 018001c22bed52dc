#include "base/util.h"
#include "decide/verdict_rules.h"

/* Things that others are parts of. */
static bool holds_parts(enum effect_kind k)
{
	return k == EFFECT_TABLE || k == EFFECT_VIEW || k == EFFECT_TYPE;
}

static bool same_schema(const struct effect *a, const struct effect *b)
{
	return streq_null(a->schema, b->schema);
}

/* In SQLite, triggers of all tables share their names. */
static bool sqlite_triggers(const struct effect *a, const struct effect *b)
{
	return a->kind == EFFECT_TRIGGER && b->kind == EFFECT_TRIGGER &&
	       !a->schema && !b->schema && streq(a->name, b->name);
}

/* A constraint has, or may have, an index of its name. */
static bool constraint_and_index(const struct effect *a, const struct effect *b)
{
	return a->kind == EFFECT_CONSTRAINT && b->kind == EFFECT_INDEX &&
	       *a->name && same_schema(a, b) && streq(a->name, b->name) &&
	       streq_null(a->table, b->table);
}

static bool same_thing(const struct effect *a, const struct effect *b)
{
	return effect_same_thing(a, b) || sqlite_triggers(a, b) ||
	       constraint_and_index(a, b) || constraint_and_index(b, a);
}

/* Of a partition: an index that is there is taken for one of its parent. */
static bool same_indexes(const struct effect *a, const struct effect *b)
{
	return a->kind == EFFECT_INDEX && b->kind == EFFECT_INDEX && a->table &&
	       same_schema(a, b) && streq_null(a->table, b->table) &&
	       a->digest && streq_null(a->digest, b->digest) &&
	       verdict_aspect(a, "numbered") != verdict_aspect(b, "numbered");
}

static bool in_schema(const struct effect *schema, const struct effect *e)
{
	const char *is_in = e->kind == EFFECT_SCHEMA ? e->name : e->schema;

	if (!is_in)
		return false;
	return streq(schema->name, EFFECT_EVERY_SCHEMA) ||
	       (e->kind != EFFECT_SCHEMA && streq(schema->name, is_in));
}

/* b's thing is a part of a's. */
static bool inside(const struct effect *a, const struct effect *b)
{
	if (a->kind == EFFECT_SCHEMA)
		return in_schema(a, b);
	return holds_parts(a->kind) && same_schema(a, b) && b->table &&
	       streq(b->table, a->name);
}

static bool rows_of(const struct effect *rows, const struct effect *thing)
{
	if (!verdict_is_rows(rows) || !same_schema(rows, thing))
		return false;
	if (thing->table)
		return streq(rows->name, thing->table);
	return effect_space(thing->kind) == effect_space(EFFECT_TABLE) &&
	       streq(rows->name, thing->name);
}

enum nearness verdict_near(const struct effect *a, const struct effect *b)
{
	if (!a->name || !b->name)
		return NEAR_NOT;
	if (a->kind == EFFECT_SCHEMA || b->kind == EFFECT_SCHEMA) {
		if (a->kind == b->kind && streq(a->name, b->name))
			return NEAR_SAME;
		if (inside(a, b))
			return NEAR_INSIDE;
		return inside(b, a) ? NEAR_AROUND : NEAR_NOT;
	}
	if (verdict_is_rows(a) && verdict_is_rows(b))
		return same_schema(a, b) && streq(a->name, b->name) ? NEAR_ROWS
								    : NEAR_NOT;
	if (verdict_is_rows(a) || verdict_is_rows(b)) {
		if (rows_of(a, b))
			return NEAR_ROWS_A;
		return rows_of(b, a) ? NEAR_ROWS_B : NEAR_NOT;
	}
	if (same_thing(a, b))
		return NEAR_SAME;
	if (inside(a, b))
		return NEAR_INSIDE;
	if (inside(b, a))
		return NEAR_AROUND;
	if (same_indexes(a, b))
		return NEAR_SIBLING;
	if (a->kind == EFFECT_LABEL && b->kind == EFFECT_LABEL &&
	    same_schema(a, b) && streq_null(a->table, b->table))
		return NEAR_SIBLING;
	return NEAR_NOT;
}
