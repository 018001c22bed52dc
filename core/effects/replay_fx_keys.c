#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"

/*
 * Foreign keys of rows that are written, from both ends. Cascades go on from
 * table to table; the depth has a limit, behind which anything may happen to
 * the rows that hang on the last one.
 */

#define DEPTH_MAX 6

static struct effect *effect_at(struct fx *fx, size_t i)
{
	return &fx->out->items[i];
}

static bool is_listed(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (streq(*list, name))
			return true;
	return false;
}

/* The value that a column of the rows surely has, or gets. */
static const struct effect_literal *value_of(const struct effect *e,
					     const char *column, bool *known)
{
	*known = true;
	for (size_t i = 0; e->action == EFFECT_UPDATE && i < e->n_sets; i++)
		if (streq(e->sets[i].column, column))
			return &e->sets[i];
	if (e->action == EFFECT_UPDATE &&
	    is_listed((const char *const *)e->columns, column)) {
		*known = false;
		return NULL;
	}
	for (size_t i = 0; i < e->n_where; i++)
		if (streq(e->where[i].column, column))
			return &e->where[i];
	*known = false;
	return NULL;
}

static void keep_where(struct fx *fx, struct effect *e, const char *column,
		       const char *value)
{
	struct arena *a = &fx->out->arena;

	e->where = arena_array(a, 1, sizeof(*e->where));
	e->where[0].column = arena_strdup(a, column);
	e->where[0].value = arena_strdup(a, value);
	e->n_where = 1;
}

static const char *why_of(struct fx *fx, const struct fx_key *k)
{
	return arena_printf(&fx->out->arena, "foreign key %s.%s", k->child,
			    k->from.list[0]);
}

/* The new row has no value for one of the columns, and gets none. */
static bool stays_null(struct fx *fx, const struct effect *e,
		       const struct fx_info *info, const struct fx_key *k)
{
	const char *value;

	if (e->action != EFFECT_INSERT || e->all_columns || !e->columns)
		return false;
	for (size_t i = 0; i < k->from.n; i++)
		if (!is_listed((const char *const *)e->columns,
			       k->from.list[i]) &&
		    fx_info_default(fx, info, k->from.list[i], &value) &&
		    !value)
			return true;
	return false;
}

/* The rows must have their parents. */
static void parent(struct fx *fx, size_t effect, const struct fx_info *info,
		   const struct fx_key *k)
{
	const struct effect *of = effect_at(fx, effect);
	const struct effect_literal *value;
	const char *literal = NULL;
	struct effect *e;
	bool known;

	value = value_of(of, k->from.list[0], &known);
	if ((known && !value->value) || stays_null(fx, of, info, k))
		return; /* NULL has no parent */
	if (known && k->from.n == 1)
		literal = value->value;
	e = fx_add_rows(fx, EFFECT_SELECT, k->parent);
	e->aspect = "exists";
	e->implied = true;
	e->why = why_of(fx, k);
	e->columns = fx_names_keep(fx, &k->to);
	if (literal)
		keep_where(fx, e, k->to.list[0], literal);
}

static bool same_names(const struct fx_names *a, const struct fx_names *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++)
		if (!streq(a->list[i], b->list[i]))
			return false;
	return a->n == b->n;
}

/* Copied out of a table that has the same key: their parents are there. */
static bool had_parents(struct fx *fx, size_t effect, const struct fx_key *k)
{
	const struct fx_copy *copy =
		fx->n_copies ? &fx->copies[fx->n_copies - 1] : NULL;
	const struct fx_info *from;

	if (!copy || copy->statement != fx->statement || !copy->from ||
	    effect_at(fx, effect)->implied)
		return false;
	for (size_t i = 0; i < k->from.n; i++)
		if (!fx_names_has(&copy->same, k->from.list[i]))
			return false;
	from = fx_info_of(fx, fx->tables[copy->from - 1].name);
	for (size_t i = 0; i < from->n_keys; i++)
		if (streq(from->keys[i].parent, k->parent) &&
		    same_names(&from->keys[i].from, &k->from) &&
		    same_names(&from->keys[i].to, &k->to))
			return true;
	return false;
}

static bool writes_any(const struct effect *e, const struct fx_names *columns)
{
	if (e->action != EFFECT_UPDATE || !e->columns)
		return true;
	for (size_t i = 0; i < columns->n; i++)
		if (is_listed((const char *const *)e->columns,
			      columns->list[i]))
			return true;
	return false;
}

static void keys_of(struct fx *fx, size_t effect, const struct fx_info *info,
		    unsigned depth);

/* The same was told of this statement: cascades in a circle. */
static bool is_told(struct fx *fx, enum effect_action action,
		    const struct fx_key *k)
{
	const char *why = why_of(fx, k);

	for (size_t i = fx->n_rows; i > 0; i--) {
		const struct effect *e = effect_at(fx, fx->rows[i - 1].effect);

		if (e->statement != fx->statement)
			break;
		if (e->action == action && e->why && streq(e->why, why) &&
		    streq(e->name, k->child) && e->n_where == 0)
			return true;
	}
	return false;
}

/* What becomes of the rows that point at these. */
static void child(struct fx *fx, size_t effect, const struct fx_key *k,
		  unsigned depth)
{
	const struct effect *of = effect_at(fx, effect);
	bool deleted = of->action == EFFECT_DELETE;
	const char *rule = deleted ? k->on_delete : k->on_update;
	const char *literal = NULL;
	struct fx_names columns = { NULL, 0, 0 };
	struct effect *e;
	enum effect_action action = EFFECT_SELECT;

	if (streq(rule, "cascade"))
		action = deleted ? EFFECT_DELETE : EFFECT_UPDATE;
	else if (starts_with(rule, "set "))
		action = EFFECT_UPDATE;
	if (is_told(fx, action, k))
		return;
	for (size_t i = 0; k->from.n == 1 && i < of->n_where; i++)
		if (streq(of->where[i].column, k->to.list[0]))
			literal = of->where[i].value;
	for (size_t i = 0; i < k->from.n; i++)
		fx_names_add(fx, &columns, k->from.list[i]);
	e = fx_add_rows(fx, action, k->child);
	e->implied = true;
	e->why = why_of(fx, k);
	e->aspect = action == EFFECT_SELECT ? "absent" : "cascade";
	if (action == EFFECT_UPDATE)
		fx_info_add_computed(fx, fx_info_of(fx, k->child), &columns);
	e->columns = action == EFFECT_DELETE ? arena_array(&fx->out->arena, 1,
							   sizeof(*e->columns))
					     : fx_names_keep(fx, &columns);
	e->reads = fx_names_keep(fx, &k->from);
	if (literal)
		keep_where(fx, e, k->from.list[0], literal);
	if (action != EFFECT_SELECT)
		keys_of(fx, fx->out->n - 1, fx_info_of(fx, k->child),
			depth + 1);
}

static void keys_of(struct fx *fx, size_t effect, const struct fx_info *info,
		    unsigned depth)
{
	enum effect_action action = effect_at(fx, effect)->action;

	if (depth > DEPTH_MAX) {
		struct effect *e = fx_add(fx, fx->statement, EFFECT_UNCERTAIN,
					  EFFECT_TABLE, NULL, info->name);

		e->why = "foreign keys that cascade through many tables";
		return;
	}
	for (size_t i = 0; i < info->n_keys; i++) {
		if (action == EFFECT_UPDATE &&
		    !writes_any(effect_at(fx, effect), &info->keys[i].from))
			continue;
		/* SQLite wants it to be there whatever becomes of the row */
		fx_because(fx,
			   fx_use(fx, fx->statement, EFFECT_TABLE, NULL,
				  info->keys[i].parent, NULL),
			   why_of(fx, &info->keys[i]));
		/* by a cascade a row gets what its parent has */
		if (action != EFFECT_DELETE && !depth &&
		    !had_parents(fx, effect, &info->keys[i]))
			parent(fx, effect, info, &info->keys[i]);
	}
	for (size_t i = 0; i < info->n_children; i++)
		if (action == EFFECT_DELETE ||
		    (action == EFFECT_UPDATE &&
		     writes_any(effect_at(fx, effect), &info->children[i].to)))
			child(fx, effect, &info->children[i], depth);
}

void fx_keys_of(struct fx *fx, size_t effect, const struct fx_info *info)
{
	if (fx->foreign_keys)
		keys_of(fx, effect, info, 0);
}

void fx_keys_of_drop(struct fx *fx, const struct fx_info *info)
{
	struct effect *e;

	if (!info->found || info->is_view || !info->n_children)
		return;
	e = fx_add_rows(fx, EFFECT_DELETE, info->name);
	e->implied = true;
	e->columns = arena_array(&fx->out->arena, 1, sizeof(*e->columns));
	e->reads = e->columns;
	keys_of(fx, fx->out->n - 1, info, 0);
}

static bool is_unique(const struct fx_info *parent, const struct fx_names *of)
{
	for (size_t i = 0; i < parent->n_uniques; i++) {
		const struct fx_names *u = &parent->uniques[i];
		size_t found = 0;

		for (size_t k = 0; k < of->n; k++)
			found += fx_names_has(u, of->list[k]);
		if (found == of->n && u->n == of->n)
			return true;
	}
	return false;
}

void fx_keys_misfit(struct fx *fx, size_t statement, const char *name)
{
	const struct fx_info *info = fx_info_of(fx, name);

	for (size_t i = 0; i < info->n_keys; i++) {
		const struct fx_key *k = &info->keys[i];
		struct effect *e;

		if (!fx_info_of(fx, k->parent)->found ||
		    is_unique(fx_info_of(fx, k->parent), &k->to))
			continue;
		e = fx_add(fx, statement, EFFECT_ALTER, EFFECT_TABLE, NULL,
			   k->parent);
		e->aspect = "triggers";
		e->implied = true;
		e->why = arena_printf(&fx->out->arena,
				      "foreign key of %s without a key", name);
	}
}
