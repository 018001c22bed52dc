#include "base/util.h"
#include "decide/verdict_rules.h"

/* What does not mind that a thing goes, because it only has another name. */

/* The table or column that is dropped is there under another name. */
static bool is_renamed(const struct effects *side, const struct effect *dropped)
{
	for (size_t i = 0; i < side->n; i++) {
		const struct effect *e = &side->items[i];

		if (e->action == EFFECT_CREATE && e->kind == dropped->kind &&
		    streq_null(e->from, dropped->name) &&
		    streq_null(e->table, dropped->table) &&
		    streq_null(e->schema, dropped->schema))
			return true;
	}
	return false;
}

bool verdict_is_moved(const struct effects *side, const struct effect *dropped)
{
	for (size_t i = 0; i < side->n; i++) {
		const struct effect *e = &side->items[i];

		if (e->action == EFFECT_CREATE && e->kind == dropped->kind &&
		    e->from && streq(e->from, dropped->name) &&
		    !streq_null(e->schema, dropped->schema))
			return true;
	}
	return false;
}

/* What does not know a table or column by its name, or is told of the new one: SQLite
 * writes triggers and views anew. */
static bool follows_rename(const struct effect *dropped, const struct effect *e)
{
	if (e->action == EFFECT_INSERT && e->all_columns && !e->conditional &&
	    !verdict_aspect(e, "on conflict"))
		return dropped->kind == EFFECT_COLUMN;
	if (verdict_is_rows(e))
		return (e->why && starts_with(e->why, "heir of ")) ||
		       verdict_aspect(e, "exists") ||
		       verdict_aspect(e, "absent") ||
		       (e->implied && !e->schema);
	/* a key that is there, whose rows are written; not one that is made */
	if (e->action == EFFECT_USE && e->kind == EFFECT_TABLE && e->why)
		return starts_with(e->why, "foreign key ") &&
		       !starts_with(e->why, "foreign key of ");
	return e->kind == EFFECT_INDEX &&
	       (e->action == EFFECT_DROP || e->action == EFFECT_ALTER);
}

/* ON ALL TABLES takes those that are there, under the names that they have. */
static bool of_all(const struct effects *side, const struct effect *dropped,
		   const struct effect *granted)
{
	if (granted->table || granted->action != EFFECT_ALTER ||
	    !granted->implied || granted->why ||
	    !verdict_aspect(granted, "privileges"))
		return false;
	return !verdict_is_moved(side, dropped);
}

/* A label of a type that gets another name: who gives the value says nothing of
 * the type. */
static bool keeps_label(const struct effects *side,
			const struct effect *dropped,
			const struct effect *other)
{
	if (other->kind != EFFECT_LABEL || other->action != EFFECT_USE)
		return false;
	if (dropped->kind == EFFECT_TYPE)
		return is_renamed(side, dropped);
	if (dropped->kind != EFFECT_LABEL)
		return false;
	for (size_t i = 0; i < side->n; i++) {
		const struct effect *e = &side->items[i];

		if (e->action == EFFECT_CREATE && e->kind == EFFECT_LABEL &&
		    streq_null(e->from, dropped->name) &&
		    streq(e->name, dropped->name))
			return true;
	}
	return false;
}

/* Rows of a table that are written through another one, whatever its name. */
static bool through_parent(const struct effects *side,
			   const struct effect *dropped,
			   const struct effect *rows)
{
	struct effect table = { .kind = EFFECT_TABLE,
				.schema = dropped->schema,
				.name = dropped->table };

	if (!rows->why || !starts_with(rows->why, "heir of "))
		return false;
	return dropped->table ? dropped->implied && is_renamed(side, &table)
			      : is_renamed(side, dropped);
}

/* What a table gets with its parent, it gets under any name, and not when it
 * is gone. Names that are made up from its own are others then. */
static bool follows_parent(const struct effects *side,
			   const struct effect *dropped,
			   const struct effect *other)
{
	if (other->kind == EFFECT_COLUMN && verdict_aspect(other, "name"))
		return !is_renamed(side, dropped);
	if ((dropped->kind != EFFECT_TABLE &&
	     !(dropped->kind == EFFECT_COLUMN && dropped->implied)) ||
	    verdict_is_rows(other) || other->action == EFFECT_USE)
		return false;
	if (verdict_aspect(other, "numbered") || verdict_aspect(other, "copy"))
		return !is_renamed(side, dropped);
	return other->why && starts_with(other->why, "heir of ");
}

bool verdict_outlives(const struct effects *side, const struct effect *dropped,
		      const struct effect *other)
{
	if (dropped->action != EFFECT_DROP)
		return false;
	if (follows_parent(side, dropped, other))
		return true;
	if (keeps_label(side, dropped, other) || of_all(side, dropped, other) ||
	    (verdict_is_rows(other) && through_parent(side, dropped, other)))
		return true;
	if (dropped->kind == EFFECT_CONSTRAINT && verdict_is_rows(other))
		return is_renamed(side, dropped);
	return (dropped->kind == EFFECT_TABLE ||
		dropped->kind == EFFECT_COLUMN) &&
	       follows_rename(dropped, other) && is_renamed(side, dropped);
}
