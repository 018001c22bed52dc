#include "base/util.h"
#include "decide/verdict_rules.h"

/* Rows and rows of one table. Conditions look at one row at a time: what is
 * read elsewhere, in a subquery, is a SELECT of its own. */

/* Not known which: as good as all. */
static bool any_column(const struct effect *e)
{
	return e->all_columns || !e->columns;
}

static bool writes(const struct effect *update, const char *column)
{
	return any_column(update) || verdict_listed(update->columns, column);
}

static bool decided_by(const struct effect *e, const char *column)
{
	if (verdict_listed(e->reads, column) ||
	    verdict_literal(e->where, e->n_where, column))
		return true;
	return e->action == EFFECT_SELECT &&
	       (e->all_columns || verdict_listed(e->columns, column));
}

/* A column that u writes decides what e does. */
static bool disturbs(const struct effect *u, const struct effect *e)
{
	if (any_column(u))
		return true;
	for (const char **c = u->columns; *c; c++)
		if (decided_by(e, *c))
			return true;
	return e->action == EFFECT_SELECT && e->all_columns;
}

/* It moves no rows into the other's reach by writing that column. */
static bool stays(const struct effect *e, const char *column,
		  const struct effect_literal *other)
{
	const struct effect_literal *set =
		verdict_literal(e->sets, e->n_sets, column);

	if (e->action != EFFECT_UPDATE || !writes(e, column))
		return true;
	return set && verdict_values_apart(set->value, other->value);
}

bool verdict_literals_apart(const struct effect *a, const struct effect *b)
{
	for (size_t i = 0; i < a->n_where; i++) {
		const struct effect_literal *la = &a->where[i], *lb;

		lb = verdict_literal(b->where, b->n_where, la->column);
		if (lb && (la->value || lb->value) &&
		    verdict_values_apart(la->value, lb->value) &&
		    (b->action == EFFECT_INSERT || stays(a, la->column, lb)) &&
		    (a->action == EFFECT_INSERT || stays(b, la->column, la)))
			return true;
	}
	return false;
}

/* Of a column that is in a unique key: the two rows' values. */
static enum verdict keys(const struct effect_literal *a,
			 const struct effect_literal *b)
{
	if (!a || !b)
		return VERDICT_ORDER;
	if (verdict_values_apart(a->value, b->value))
		return VERDICT_INDEPENDENT;
	return VERDICT_CONFLICT;
}

static enum verdict graver(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

static enum verdict keys_of(const char **columns, const struct effect *a,
			    const struct effect *b)
{
	enum verdict v = VERDICT_INDEPENDENT;

	for (const char **c = columns; c && *c; c++)
		v = graver(v, keys(verdict_literal(a->where, a->n_where, *c),
				   verdict_literal(b->where, b->n_where, *c)));
	return v;
}

/* Which columns are keys is not known: each may be one. */
static enum verdict any_keys(const struct effect *a, const struct effect *b)
{
	enum verdict v = VERDICT_INDEPENDENT;
	bool met = false;

	for (size_t i = 0; i < a->n_where; i++) {
		const struct effect_literal *l = verdict_literal(
			b->where, b->n_where, a->where[i].column);

		if (l) {
			met = true;
			v = graver(v, keys(&a->where[i], l));
		}
	}
	return met ? v : VERDICT_ORDER;
}

static enum verdict insert_insert(const struct effect *a,
				  const struct effect *b)
{
	if (a->generates_key || b->generates_key)
		return VERDICT_ORDER;
	if (!a->reads || !b->reads)
		return any_keys(a, b);
	return graver(keys_of(a->reads, a, b), keys_of(b->reads, a, b));
}

/* The update gives a value of a unique key that the new row may have. */
static bool takes_key(const struct effect *update, const struct effect *insert)
{
	if (!insert->reads || any_column(update))
		return true;
	for (const char **c = update->columns; *c; c++) {
		const struct effect_literal *set, *given;

		if (!verdict_listed(insert->reads, *c))
			continue;
		set = verdict_literal(update->sets, update->n_sets, *c);
		given = verdict_literal(insert->where, insert->n_where, *c);
		if (!set || !given ||
		    !verdict_values_apart(set->value, given->value))
			return true;
	}
	return false;
}

/* The new row has what the update would give it, and nobody hears of that. */
static bool has_already(const struct effect *insert,
			const struct effect *update)
{
	if (any_column(update) || update->fires)
		return false;
	for (const char **c = update->columns; *c; c++) {
		const struct effect_literal *set, *given;

		set = verdict_literal(update->sets, update->n_sets, *c);
		given = verdict_literal(insert->where, insert->n_where, *c);
		if (!set || !given || !streq_null(set->value, given->value))
			return false;
	}
	return true;
}

/* An upsert looks whether a row has its key: rows apart by that, all of it. */
static bool keys_apart(const struct effect *upsert, const struct effect *other)
{
	bool apart = upsert->reads && upsert->reads[0];

	for (const char **c = upsert->reads; apart && *c; c++) {
		const struct effect_literal *mine, *theirs;

		mine = verdict_literal(upsert->where, upsert->n_where, *c);
		theirs = verdict_literal(other->where, other->n_where, *c);
		apart = mine && theirs && mine->value && theirs->value &&
			verdict_values_apart(mine->value, theirs->value);
	}
	return apart;
}

/* Another row may have the upsert's key from now on, or no more. */
static bool moves_key(const struct effect *update, const struct effect *upsert)
{
	if (!verdict_aspect(upsert, "on conflict"))
		return false;
	if (any_column(update) || !upsert->reads)
		return true;
	for (const char **c = update->columns; *c; c++)
		if (verdict_listed(upsert->reads, *c))
			return !keys_apart(upsert, update);
	return false;
}

static enum verdict insert_update(const struct effect *insert,
				  const struct effect *update)
{
	if (moves_key(update, insert))
		return VERDICT_ORDER;
	return (verdict_literals_apart(insert, update) ||
		has_already(insert, update)) &&
			       !takes_key(update, insert)
		       ? VERDICT_INDEPENDENT
		       : VERDICT_ORDER;
}

/* SQLite gives the largest key anew when its row is gone. */
static enum verdict insert_delete(const struct effect *insert,
				  const struct effect *delete)
{
	if (insert->generates_key && !insert->schema)
		return VERDICT_ORDER;
	if (verdict_aspect(insert, "on conflict") &&
	    !keys_apart(insert, delete))
		return VERDICT_ORDER;
	return verdict_literals_apart(insert, delete) ? VERDICT_INDEPENDENT
						      : VERDICT_ORDER;
}

static enum verdict insert_select(const struct effect *insert,
				  const struct effect *select)
{
	return verdict_aspect(select, "exists") ||
			       verdict_literals_apart(insert, select)
		       ? VERDICT_INDEPENDENT
		       : VERDICT_ORDER;
}

/* The columns that both set get the same values; a trigger may look at what
 * they were before. */
static bool same_constants(const struct effect *a, const struct effect *b)
{
	if (any_column(a) || any_column(b))
		return false;
	for (const char **c = a->columns; *c; c++) {
		const struct effect_literal *la, *lb;

		if (!verdict_listed(b->columns, *c))
			continue;
		la = verdict_literal(a->sets, a->n_sets, *c);
		lb = verdict_literal(b->sets, b->n_sets, *c);
		if (!la || !lb || a->fires || b->fires ||
		    !streq_null(la->value, lb->value))
			return false;
	}
	return true;
}

/* Other rows, but of a unique key that both have to keep: a writes a part of
 * it that is read as well. */
static bool writes_key(const struct effect *a, const struct effect *b)
{
	if (any_column(a))
		return true;
	for (const char **c = a->columns; *c; c++) {
		const struct effect_literal *la, *lb;

		if (!verdict_listed(a->reads, *c) ||
		    !verdict_listed(b->reads, *c))
			continue;
		la = verdict_literal(a->sets, a->n_sets, *c);
		lb = verdict_literal(b->sets, b->n_sets, *c);
		if (!la || !lb || !verdict_values_apart(la->value, lb->value))
			return true;
	}
	return false;
}

/* The last gives what the first has given its columns constants of its own,
 * of which the first then finds none. */
static bool overwrites(const struct effect *last, const struct effect *first)
{
	const struct effect_literal *set;
	bool leaves = false;

	if (any_column(first) || any_column(last) || first->fires ||
	    last->fires || disturbs(first, last))
		return false;
	for (const char **c = first->columns; *c; c++)
		if (!verdict_literal(last->sets, last->n_sets, *c))
			return false;
	for (size_t i = 0; i < first->n_where && !leaves; i++) {
		const struct effect_literal *l = &first->where[i];

		set = verdict_literal(last->sets, last->n_sets, l->column);
		leaves = set && (set->value || l->value) &&
			 verdict_values_apart(set->value, l->value);
	}
	return leaves;
}

static enum verdict update_update(const struct effect *a,
				  const struct effect *b)
{
	if (verdict_literals_apart(a, b))
		return writes_key(a, b) || writes_key(b, a)
			       ? VERDICT_ORDER
			       : VERDICT_INDEPENDENT;
	if (overwrites(a, b) || overwrites(b, a))
		return VERDICT_INDEPENDENT;
	if (disturbs(a, b) || disturbs(b, a) || !same_constants(a, b))
		return VERDICT_ORDER;
	return VERDICT_INDEPENDENT;
}

/* For rows that are gone no trigger runs. */
static bool misses_rows(const struct effect *update, const struct effect *other)
{
	return update->fires && other->action == EFFECT_DELETE;
}

static enum verdict update_other(const struct effect *update,
				 const struct effect *other)
{
	return (disturbs(update, other) || misses_rows(update, other)) &&
			       !verdict_literals_apart(update, other)
		       ? VERDICT_ORDER
		       : VERDICT_INDEPENDENT;
}

static enum verdict delete_select(const struct effect *delete,
				  const struct effect *select)
{
	return verdict_aspect(select, "absent") ||
			       verdict_literals_apart(delete, select)
		       ? VERDICT_INDEPENDENT
		       : VERDICT_ORDER;
}

/* TRUNCATE takes rows away for which nothing is done then. */
static bool is_cut_off(const struct effect *a, const struct effect *b)
{
	return a->fires && !verdict_aspect(a, "truncate") &&
	       verdict_aspect(b, "truncate");
}

static enum verdict delete_delete(const struct effect *a,
				  const struct effect *b)
{
	return is_cut_off(a, b) || is_cut_off(b, a) ? VERDICT_ORDER
						    : VERDICT_INDEPENDENT;
}

typedef enum verdict (*rows_fn)(const struct effect *, const struct effect *);

/* By the two actions, the lesser first; NULL = nothing to say. */
static rows_fn rule(enum effect_action a, enum effect_action b)
{
	static const struct {
		enum effect_action a, b;
		rows_fn fn;
	} rules[] = {
		{ EFFECT_INSERT, EFFECT_INSERT, insert_insert },
		{ EFFECT_INSERT, EFFECT_UPDATE, insert_update },
		{ EFFECT_INSERT, EFFECT_DELETE, insert_delete },
		{ EFFECT_INSERT, EFFECT_SELECT, insert_select },
		{ EFFECT_UPDATE, EFFECT_UPDATE, update_update },
		{ EFFECT_UPDATE, EFFECT_DELETE, update_other },
		{ EFFECT_UPDATE, EFFECT_SELECT, update_other },
		{ EFFECT_DELETE, EFFECT_DELETE, delete_delete },
		{ EFFECT_DELETE, EFFECT_SELECT, delete_select },
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].a == a && rules[i].b == b)
			return rules[i].fn;
	return NULL;
}

enum verdict verdict_rows(const struct effect *a, const struct effect *b)
{
	bool turned = a->action > b->action;
	rows_fn fn = turned ? rule(b->action, a->action)
			    : rule(a->action, b->action);

	if (!fn)
		return VERDICT_INDEPENDENT;
	return turned ? fn(b, a) : fn(a, b);
}
