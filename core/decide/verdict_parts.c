#include <string.h>

#include "base/util.h"
#include "decide/verdict_rules.h"

/* Rows of a table, and the table, its columns, constraints, triggers. */

static bool writes(const struct effect *rows)
{
	return rows->action == EFFECT_INSERT || rows->action == EFFECT_UPDATE ||
	       rows->action == EFFECT_DELETE;
}

static bool adds_values(const struct effect *rows)
{
	return rows->action == EFFECT_INSERT || rows->action == EFFECT_UPDATE;
}

static bool mentions(const struct effect *rows, const char *column)
{
	/* of the others, it is known what they are by default */
	if (rows->action == EFFECT_INSERT && rows->columns)
		return verdict_listed(rows->columns, column);
	return verdict_listed(rows->columns, column) ||
	       verdict_listed(rows->reads, column) ||
	       verdict_literal(rows->where, rows->n_where, column) ||
	       verdict_literal(rows->sets, rows->n_sets, column);
}

/* The new row has a value of its own for the column. */
static bool gives(const struct effect *insert, const char *column)
{
	if (insert->columns && insert->columns[0])
		return verdict_listed(insert->columns, column);
	return insert->all_columns;
}

/* An INSERT without a list has fewer values than columns afterwards: fine in
 * PostgreSQL, an error in SQLite. */
static enum verdict column_added(const struct effect *rows,
				 const struct effect *column)
{
	if (rows->action == EFFECT_SELECT)
		return rows->all_columns ? VERDICT_ORDER : VERDICT_INDEPENDENT;
	/* numbered in the order in which they lie: an update moves them */
	if (column->generates_key)
		return VERDICT_ORDER;
	if (rows->action != EFFECT_INSERT || column->from)
		return VERDICT_INDEPENDENT;
	if (column->strict || (rows->all_columns && !rows->schema))
		return VERDICT_CONFLICT;
	return VERDICT_INDEPENDENT;
}

static enum verdict column_dropped(const struct effect *rows,
				   const struct effect *column)
{
	if (mentions(rows, column->name))
		return VERDICT_CONFLICT;
	if (!rows->all_columns)
		return VERDICT_INDEPENDENT;
	return rows->action == EFFECT_INSERT ? VERDICT_CONFLICT : VERDICT_ORDER;
}

/* A known value that is not NULL. */
static bool not_null(const struct effect *rows, const char *column)
{
	const struct effect_literal *l =
		rows->action == EFFECT_INSERT
			? verdict_literal(rows->where, rows->n_where, column)
			: verdict_literal(rows->sets, rows->n_sets, column);

	return l && l->value;
}

static enum verdict column_null(const struct effect *rows,
				const struct effect *column)
{
	if (!column->strict || not_null(rows, column->name))
		return VERDICT_INDEPENDENT;
	if (rows->action == EFFECT_INSERT)
		return VERDICT_CONFLICT;
	return rows->action == EFFECT_UPDATE &&
			       (!rows->columns ||
				verdict_listed(rows->columns, column->name))
		       ? VERDICT_CONFLICT
		       : VERDICT_INDEPENDENT;
}

/* SQLite converts values as they come, and again when the table is copied: no
 * statement fails, and the values may be others. */
static enum verdict loose_type(const struct effect *rows,
			       const struct effect *column)
{
	const struct effect_literal *given =
		verdict_literal(rows->where, rows->n_where, column->name);

	if (rows->action == EFFECT_INSERT && given && !given->value &&
	    !verdict_listed(rows->reads, column->name))
		return VERDICT_INDEPENDENT;
	return rows->all_columns || mentions(rows, column->name)
		       ? VERDICT_ORDER
		       : VERDICT_INDEPENDENT;
}

static enum verdict column_altered(const struct effect *rows,
				   const struct effect *column)
{
	bool insert = rows->action == EFFECT_INSERT;

	if (verdict_aspect(column, "null"))
		return column_null(rows, column);
	if (verdict_aspect(column, "default"))
		return insert && !gives(rows, column->name)
			       ? VERDICT_ORDER
			       : VERDICT_INDEPENDENT;
	if (verdict_aspect(column, "generated") && column->schema)
		return adds_values(rows) &&
				       (insert || mentions(rows, column->name))
			       ? VERDICT_ORDER
			       : VERDICT_INDEPENDENT;
	if (verdict_aspect(column, "generated"))
		return insert || mentions(rows, column->name)
			       ? VERDICT_ORDER
			       : VERDICT_INDEPENDENT;
	if (verdict_aspect(column, "type") && !column->schema &&
	    !column->strict)
		return loose_type(rows, column);
	if (column->aspect && !verdict_aspect(column, "type") &&
	    !verdict_aspect(column, "collation"))
		return VERDICT_INDEPENDENT;
	if (verdict_aspect(column, "type") &&
	    verdict_same_in_types(rows, column))
		return VERDICT_INDEPENDENT;
	if (mentions(rows, column->name))
		return VERDICT_CONFLICT;
	return rows->all_columns ? VERDICT_ORDER : VERDICT_INDEPENDENT;
}

static struct meet column(const struct effect *rows, const struct effect *c)
{
	struct meet m = { .verdict = VERDICT_INDEPENDENT };

	if (c->action == EFFECT_CREATE && mentions(rows, c->name)) {
		m.verdict = VERDICT_CONFLICT;
		m.b_needs_a = true;
	} else if (c->action == EFFECT_CREATE) {
		m.verdict = column_added(rows, c);
	} else if (c->action == EFFECT_DROP) {
		m.verdict = column_dropped(rows, c);
	} else if (c->action == EFFECT_ALTER) {
		m.verdict = column_altered(rows, c);
	}
	return m;
}

/* Values that are written, and what they have to keep from now on. */
static bool touches(const struct effect *rows, const struct effect *rule)
{
	/* a row that breaks it already can no more be changed at all */
	if (rule->digest && starts_with(rule->digest, "check ") &&
	    ends_with(rule->digest, " not valid"))
		return true;
	if (rows->action == EFFECT_INSERT || !rule->columns || !rows->columns)
		return true;
	for (const char **c = rule->columns; *c; c++)
		if (verdict_listed(rows->columns, *c))
			return true;
	return false;
}

/* NULL is equal to no other value, and refers to nothing. */
static bool is_null(const struct effect *rows, const struct effect *rule)
{
	static const char *const kinds[] = { "unique", "UNIQUE",
					     "CREATE UNIQUE", "foreign key",
					     "FOREIGN KEY" };
	bool unequal = false, insert = rows->action == EFFECT_INSERT;

	if (!rule->digest || !rule->columns ||
	    strstr(rule->digest, "nulls not distinct"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		unequal |= starts_with(rule->digest, kinds[i]);
	for (const char **c = rule->columns; unequal && *c; c++) {
		const struct effect_literal *l =
			insert ? verdict_literal(rows->where, rows->n_where, *c)
			       : verdict_literal(rows->sets, rows->n_sets, *c);

		if (l && !l->value)
			return true;
	}
	return false;
}

/* Where a foreign key is named, it is the one that is dropped, or not. */
static bool may_be_its(const struct effect *rows, const struct effect *c)
{
	const char *why = rows->why;

	if (!why || !starts_with(why, "foreign key ") || !c->schema)
		return true;
	return ends_with(why, c->name);
}

static enum verdict constraint(const struct effect *rows,
			       const struct effect *c)
{
	/* PostgreSQL truncates no table that a foreign key refers to */
	if (c->action == EFFECT_USE && verdict_aspect(rows, "truncate"))
		return VERDICT_CONFLICT;
	/* only another name; or it is there already, as a whole */
	if (c->action == EFFECT_CREATE &&
	    (c->from || verdict_aspect(c, "copy")))
		return VERDICT_INDEPENDENT;
	/* a key is in it, or it is one of two that are the same */
	if (c->action == EFFECT_CREATE && c->kind == EFFECT_CONSTRAINT &&
	    !c->strict && c->digest && starts_with(c->digest, "unique ("))
		return VERDICT_INDEPENDENT;
	if (c->action == EFFECT_CREATE && adds_values(rows) &&
	    touches(rows, c) && !is_null(rows, c) && !verdict_keeps(rows, c))
		return VERDICT_CONFLICT;
	/* the rows that go with a parent's go because of it */
	if (c->action == EFFECT_DROP && writes(rows) && rows->implied &&
	    (!c->schema || verdict_aspect(rows, "cascade")) &&
	    may_be_its(rows, c))
		return VERDICT_ORDER;
	return VERDICT_INDEPENDENT;
}

/* The rows that are written are none of those that a partial index has, or
 * that a trigger fires for. */
static bool stays_outside(const struct effect *rows, const struct effect *index)
{
	for (size_t i = 0; i < index->n_where; i++) {
		const struct effect_literal *in = &index->where[i], *now;

		now = verdict_literal(rows->sets, rows->n_sets, in->column);
		if (!now && (rows->action == EFFECT_INSERT ||
			     (rows->columns &&
			      !verdict_listed(rows->columns, in->column))))
			now = verdict_literal(rows->where, rows->n_where,
					      in->column);
		if (now && (now->value || in->value) &&
		    verdict_values_apart(now->value, in->value))
			return true;
	}
	return false;
}

static enum verdict unique_index(const struct effect *rows,
				 const struct effect *index)
{
	if (index->action != EFFECT_CREATE || !index->strict ||
	    stays_outside(rows, index))
		return VERDICT_INDEPENDENT;
	return constraint(rows, index);
}

static bool share(const char **a, const char **b)
{
	for (; *a; a++)
		if (verdict_listed(b, *a))
			return true;
	return false;
}

static enum verdict trigger(const struct effect *rows, const struct effect *t)
{
	if (!writes(rows) || t->action == EFFECT_USE ||
	    verdict_aspect(rows, "replaced"))
		return VERDICT_INDEPENDENT;
	if (t->columns &&
	    !verdict_listed(t->columns, effect_action_name(rows->action)))
		return VERDICT_INDEPENDENT;
	if (rows->action == EFFECT_DELETE ? verdict_literals_apart(rows, t)
					  : stays_outside(rows, t))
		return VERDICT_INDEPENDENT;
	if (rows->action == EFFECT_UPDATE && t->reads && rows->columns &&
	    !rows->all_columns && !share(t->reads, rows->columns))
		return VERDICT_INDEPENDENT;
	if (verdict_aspect(t, "comment"))
		return VERDICT_INDEPENDENT;
	return VERDICT_ORDER;
}

/* A rule on SELECT makes a view; an upsert is refused where any is. */
static enum verdict rule(const struct effect *rows, const struct effect *r)
{
	if (r->action == EFFECT_USE ||
	    (r->columns && !verdict_listed(r->columns, "select") &&
	     !verdict_listed(r->columns, effect_action_name(rows->action))))
		return VERDICT_INDEPENDENT;
	return VERDICT_ORDER;
}

static bool is_of_heirs(const struct effect *table)
{
	return verdict_aspect(table, "partitions") ||
	       verdict_aspect(table, "heir") ||
	       verdict_aspect(table, "heir less") ||
	       verdict_aspect(table, "inheritance");
}

/* Rows of a parent that gets or loses heirs, or of such an heir. A new
 * partition takes rows that would come into another one, and is refused where
 * they have. */
static bool misses_heirs(const struct effect *rows, const struct effect *table)
{
	const char *does = table->digest ? table->digest : "";

	if (verdict_aspect(table, "partitions"))
		return table->strict || adds_values(rows);
	if (verdict_aspect(table, "heir"))
		return rows->action != EFFECT_INSERT;
	if (verdict_aspect(table, "heir less"))
		return true;
	/* those that come through the parent */
	return rows->implied || !(starts_with(does, "DetachPartition") ||
				  starts_with(does, "DropInherit") ||
				  starts_with(does, "AddInherit"));
}

static enum verdict table_altered(const struct effect *rows,
				  const struct effect *table)
{
	static const char *const harmless[] = { "columns",
						"constraints",
						"comment",
						"privileges",
						"owner",
						"options",
						"replica identity",
						"persistence",
						"row security",
						"rebuilt",
						"extended statistics",
						"identity" };

	if (verdict_aspect(table, "schema"))
		return VERDICT_CONFLICT;
	/* a key may not have all columns that are told apart there */
	if (verdict_aspect(table, "published"))
		return table->strict && !verdict_aspect(rows, "truncate") &&
				       (rows->action == EFFECT_UPDATE ||
					rows->action == EFFECT_DELETE)
			       ? VERDICT_CONFLICT
			       : VERDICT_INDEPENDENT;
	if (verdict_aspect(table, "rows") && verdict_aspect(rows, "refresh"))
		return VERDICT_INDEPENDENT;
	if (is_of_heirs(table))
		return misses_heirs(rows, table) ? VERDICT_ORDER
						 : VERDICT_INDEPENDENT;
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (verdict_aspect(table, harmless[i]))
			return VERDICT_INDEPENDENT;
	if (verdict_aspect(table, "triggers") && !writes(rows))
		return VERDICT_INDEPENDENT;
	return VERDICT_ORDER;
}

static struct meet whole(const struct effect *rows, const struct effect *t)
{
	struct meet m = { .verdict = VERDICT_INDEPENDENT };

	if (t->action == EFFECT_CREATE) {
		m.verdict = VERDICT_CONFLICT;
		m.b_needs_a = true;
	} else if (t->action == EFFECT_DROP) {
		m.verdict = VERDICT_CONFLICT;
	} else if (t->action == EFFECT_ALTER) {
		m.verdict = table_altered(rows, t);
	}
	return m;
}

/* Children of a foreign key: where there are none, none are in the way. */
static bool goes_with_parent(const struct effect *rows)
{
	return verdict_aspect(rows, "absent") ||
	       verdict_aspect(rows, "cascade");
}

struct meet verdict_rows_thing(const struct effect *rows,
			       const struct effect *thing)
{
	struct meet m = { .verdict = VERDICT_INDEPENDENT };

	if (thing->action == EFFECT_DROP && goes_with_parent(rows) &&
	    (thing->kind == EFFECT_TABLE ||
	     (thing->kind == EFFECT_COLUMN && thing->implied)))
		return m;
	switch ((int)thing->kind) {
	case EFFECT_TABLE:
	case EFFECT_VIEW:
		return whole(rows, thing);
	case EFFECT_COLUMN:
		return column(rows, thing);
	case EFFECT_CONSTRAINT:
		m.verdict = constraint(rows, thing);
		break;
	case EFFECT_INDEX:
		m.verdict = unique_index(rows, thing);
		break;
	case EFFECT_TRIGGER:
		m.verdict = trigger(rows, thing);
		break;
	case EFFECT_RULE:
		m.verdict = rule(rows, thing);
		break;
	default:
		break;
	}
	return m;
}
