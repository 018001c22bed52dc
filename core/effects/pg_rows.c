#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"

#define DEPTH_MAX 12

/* Rows: keys, foreign keys in both directions, triggers, rules, views. */

struct rows {
	struct pe_resolve *r;
	const struct effect *e; /**< as it is now, strings of the result */
	struct pe_object *table;
};

static void act(struct pe_resolve *r, const struct effect *e,
		struct pe_object *table);

static bool writes(const struct effect *e, const char **columns)
{
	if (e->action == EFFECT_INSERT && !e->columns)
		return true;
	if (e->all_columns || !e->columns)
		return true;
	for (; columns && *columns; columns++)
		if (pe_listed(e->columns, *columns))
			return true;
	return false;
}

static const struct pe_use *references(const struct pe_object *k)
{
	for (size_t i = 0; i < k->n_uses; i++)
		if (k->uses[i].note && streq(k->uses[i].note, "references"))
			return &k->uses[i];
	return NULL;
}

/* Columns that a foreign key points at */
static const char **pointed(const struct pe_object *k,
			    const struct pe_object *parent)
{
	if (k->reads && k->reads[0])
		return k->reads;
	for (size_t i = 0; parent && i < parent->n; i++)
		if (parent->children[i]->kind == EFFECT_CONSTRAINT &&
		    pe_is(parent->children[i], 'p'))
			return parent->children[i]->columns;
	return NULL;
}

/* Values of some columns, under the names of those that pair with them */
static void pair_values(struct pe_resolve *r, struct effect *n,
			const struct effect_literal *l, size_t n_l,
			const char **from, const char **to)
{
	n->where = arena_array(&r->out->arena, n_l + 1, sizeof(*n->where));
	for (size_t i = 0; from && to && from[i] && to[i]; i++)
		for (size_t k = 0; k < n_l; k++)
			if (streq(l[k].column, from[i]) && l[k].value &&
			    n->n_where < n_l) {
				n->where[n->n_where].column = pe_own(r, to[i]);
				n->where[n->n_where++].value =
					pe_own(r, l[k].value);
			}
}

/* The parent's row is in one of its partitions. */
static void in_partitions(struct rows *w, const struct effect *rows,
			  const struct pe_object *table)
{
	struct effect copy = *rows;

	for (size_t i = 0; table && w->r->c->has_heirs && i < w->r->c->n; i++) {
		const struct pe_object *o = w->r->c->all[i];
		const char *how = pe_heir_of(o, table);

		if (!how || !streq(how, PE_PARTITION))
			continue;
		copy.why = arena_printf(&w->r->arena, PE_HEIR_OF "%s",
					table->name);
		pe_emit(w->r, &copy, o->schema, NULL, o->name);
		in_partitions(w, rows, o);
	}
}

static void need_parent(struct rows *w, const struct pe_object *k)
{
	const struct pe_use *u = references(k);
	bool insert = w->e->action == EFFECT_INSERT;
	const struct effect_literal *l = insert ? w->e->where : w->e->sets;
	size_t n_l = insert ? w->e->n_where : w->e->n_sets;
	const struct pe_object *parent;
	const char **to;
	struct effect *n;

	if (!u || !writes(w->e, k->columns))
		return;
	/* what a key has done to its own children keeps it */
	if (w->e->aspect && streq(w->e->aspect, "cascade"))
		return;
	parent = pe_find(w->r->c, EFFECT_TABLE, u->schema, NULL, u->name);
	to = pointed(k, parent);
	n = pe_imply(w->r, w->e, EFFECT_SELECT, EFFECT_ROWS, u->schema, NULL,
		     u->name);
	if (!n)
		return;
	n->aspect = "exists";
	n->columns = to ? pe_own_list(w->r, to) : NULL;
	pair_values(w->r, n, l, n_l, k->columns, to);
	n->why = arena_printf(&w->r->out->arena, "foreign key %s", k->name);
	in_partitions(w, n, parent);
}

static const char *event_of(const struct effect *e)
{
	if (e->aspect && streq(e->aspect, "truncate"))
		return "truncate";
	return effect_action_name(e->action);
}

static bool runs_for(const struct pe_object *trigger, const struct effect *e)
{
	return pe_listed(trigger->columns, event_of(e)) &&
	       (e->action != EFFECT_UPDATE || !trigger->reads ||
		!trigger->reads[0] || writes(e, trigger->reads));
}

/* A rule does something for the rows that are met. */
static bool rule_runs(const struct pe_object *rule, const struct effect *e)
{
	return rule->kind == EFFECT_RULE && rule->body && rule->body->n &&
	       pe_listed(rule->columns, event_of(e));
}

static void tell_fires(struct effect *e, const struct pe_object *table)
{
	if (e->action != EFFECT_UPDATE && e->action != EFFECT_DELETE)
		return;
	for (size_t i = 0; table && i < table->n; i++) {
		const struct pe_object *k = table->children[i];

		e->fires |= rule_runs(k, e) ||
			    (k->kind == EFFECT_TRIGGER && runs_for(k, e));
	}
}

static void on_children(struct rows *w, const struct pe_object *k)
{
	bool update = w->e->action == EFFECT_UPDATE;
	const char *note = k->note && strlen(k->note) > 3 ? k->note : "aaaa";
	char action = note[update ? 3 : 2];
	const char **to = pointed(k, w->table);
	enum effect_action does = EFFECT_SELECT;
	struct pe_object *child =
		pe_find(w->r->c, EFFECT_TABLE, k->schema, NULL, k->table);
	struct effect *n, copy;

	if (update && to && !writes(w->e, to))
		return;
	if (action == 'c' && !update)
		does = EFFECT_DELETE;
	else if (action == 'c' || action == 'n' || action == 'd')
		does = EFFECT_UPDATE;
	n = pe_imply(w->r, w->e, does, EFFECT_ROWS, k->schema, NULL, k->table);
	if (!n)
		return;
	n->aspect = does == EFFECT_SELECT ? "absent" : "cascade";
	if (does == EFFECT_DELETE)
		n->reads = pe_own_list(w->r, k->columns);
	else
		n->columns = pe_own_list(w->r, k->columns);
	pair_values(w->r, n, w->e->where, w->e->n_where, to, k->columns);
	n->why = arena_printf(&w->r->out->arena, "foreign key %s", k->name);
	tell_fires(n, child);
	copy = *n;
	if (does != EFFECT_SELECT && pe_first_call(w->r, "key", k))
		act(w->r, &copy, child);
}

/* It is the table, or a partition of it. */
static bool is_in(const struct effects_catalog *c,
		  const struct pe_object *table, const struct pe_use *of)
{
	const struct pe_object *parent;

	if (streq(of->name, table->name) &&
	    streq_null(of->schema, table->schema))
		return true;
	if (!c->has_heirs)
		return false;
	parent = pe_find(c, EFFECT_TABLE, of->schema, NULL, of->name);
	for (size_t i = 0; parent && i < table->n_uses; i++) {
		const struct pe_use *u = &table->uses[i];
		const struct pe_object *above =
			u->note && streq(u->note, PE_PARTITION)
				? pe_find(c, EFFECT_TABLE, u->schema, NULL,
					  u->name)
				: NULL;

		if (above && above != table && is_in(c, above, of))
			return true;
	}
	return false;
}

static void referrers(struct rows *w)
{
	size_t n = w->r->c->n;

	for (size_t i = 0; i < n; i++) {
		const struct pe_object *k = w->r->c->all[i];
		const struct pe_use *u;

		if (k->gone || k->kind != EFFECT_CONSTRAINT || !pe_is(k, 'f'))
			continue;
		u = references(k);
		if (u && is_in(w->r->c, w->table, u))
			on_children(w, k);
	}
}

static void call_uses(struct rows *w, const struct pe_object *o)
{
	for (size_t i = 0; i < o->n_uses; i++)
		if (o->uses[i].kind == EFFECT_ROUTINE)
			pe_call(w->r, w->e, o->uses[i].schema, o->uses[i].name);
}

static void fire(struct rows *w, const struct pe_object *t)
{
	if (!runs_for(t, w->e))
		return;
	pe_imply(w->r, w->e, EFFECT_USE, EFFECT_TRIGGER, t->schema, t->table,
		 t->name);
	for (size_t i = 0; i < t->n_uses; i++) {
		const struct pe_use *u = &t->uses[i];
		const struct pe_object *before = w->r->fired_on;
		const struct effect *by = w->r->fired_by;

		if (u->kind != EFFECT_ROUTINE)
			continue;
		w->r->fired_on = w->table;
		w->r->fired_by = w->e;
		pe_call(w->r, w->e, u->schema, u->name);
		w->r->fired_on = before;
		w->r->fired_by = by;
	}
}

/* Its values are as the domain wants them, or the domain's own. */
static void use_domain(struct rows *w, const struct pe_object *column)
{
	bool gives = pe_gives(w->e, column->name);
	const struct pe_object *d = pe_domain_of(w->r->c, column);

	if (!d || (w->e->action == EFFECT_UPDATE && !gives))
		return;
	pe_use_aspect(w->r, w->e, d, "definition");
	if (!gives && !pe_is(column, 'd'))
		pe_use_aspect(w->r, w->e, d, "default");
}

static void part(struct rows *w, const struct pe_object *k)
{
	bool adds =
		w->e->action == EFFECT_INSERT || w->e->action == EFFECT_UPDATE;

	switch ((int)k->kind) {
	case EFFECT_COLUMN:
		if (w->e->action == EFFECT_INSERT && !pe_gives(w->e, k->name))
			call_uses(w, k);
		if (adds)
			use_domain(w, k);
		break;
	case EFFECT_CONSTRAINT:
		if (adds && pe_is(k, 'f'))
			need_parent(w, k);
		else if (adds)
			call_uses(w, k);
		break;
	case EFFECT_INDEX:
		if (adds)
			call_uses(w, k);
		break;
	case EFFECT_TRIGGER:
		fire(w, k);
		break;
	case EFFECT_RULE:
		if (pe_listed(k->columns, event_of(w->e)) &&
		    pe_first_call(w->r, "rule", k))
			pe_run(w->r, k, w->e, w->table,
			       arena_printf(&w->r->arena, "rule %s", k->name));
		break;
	default:
		break;
	}
}

/* Columns of that table that the view is made of; NULL = not told. */
static const char **seen_through(struct rows *w, const struct pe_use *of)
{
	const struct pe_object *view = w->table;
	const char **list =
		arena_array(&w->r->out->arena, view->n_uses + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < view->n_uses; i++) {
		const struct pe_use *u = &view->uses[i];

		if (u->note && streq(u->note, "star") &&
		    streq(u->name, of->name))
			return NULL;
		if (u->kind == EFFECT_COLUMN && streq(u->table, of->name) &&
		    streq_null(u->schema, of->schema))
			list[n++] = pe_own(w->r, u->name);
	}
	return list;
}

/* Written under the names of the view, which may be others below. */
static bool same_names(const struct effect *e, const char **below)
{
	for (const char **c = e->columns; c && *c; c++)
		if (!pe_listed(below, *c))
			return false;
	return e->columns && below;
}

static bool came_before(const struct pe_object *view, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (view->uses[k].kind != EFFECT_COLUMN &&
		    streq(view->uses[k].name, view->uses[i].name) &&
		    streq_null(view->uses[k].schema, view->uses[i].schema))
			return true;
	return false;
}

/* Rows of a view are those of what it is made of. */
static void through_view(struct rows *w)
{
	bool select = w->e->action == EFFECT_SELECT;

	for (size_t i = 0; i < w->table->n_uses; i++) {
		const struct pe_use u = w->table->uses[i];
		const char **below;
		struct pe_object *of;
		struct effect *n, copy;

		if ((u.kind != EFFECT_TABLE && u.kind != EFFECT_VIEW) ||
		    came_before(w->table, i))
			continue;
		below = seen_through(w, &u);
		n = pe_imply(w->r, w->e, w->e->action, EFFECT_ROWS, u.schema,
			     NULL, u.name);
		if (!n)
			continue;
		if (select)
			n->columns = below;
		else if (same_names(w->e, below))
			n->columns = pe_own_list(w->r, w->e->columns);
		of = pe_find(w->r->c, EFFECT_TABLE, u.schema, NULL, u.name);
		n->all_columns = !n->columns;
		if (w->e->action == EFFECT_INSERT)
			pe_tell_values(w->r, n, of);
		else if (!select)
			n->reads = below;
		tell_fires(n, of);
		copy = *n;
		if (pe_first_call(w->r, effect_action_name(w->e->action), of))
			act(w->r, &copy, of);
	}
}

/* Rows of a table are those of its partitions and children, too. */
static void heirs(struct rows *w)
{
	size_t n_all = w->r->c->n;

	for (size_t i = 0; i < n_all; i++) {
		struct pe_object *o = w->r->c->all[i];
		const struct pe_use *u;
		struct effect heir;

		if (o->gone || o->kind != EFFECT_TABLE || o == w->table ||
		    !o->n_uses)
			continue;
		u = pe_uses(o, w->table);
		if (!u || !u->note || streq(u->note, "references"))
			continue;
		heir = *w->e;
		heir.implied = true;
		heir.why = arena_printf(&w->r->arena, PE_HEIR_OF "%s",
					w->table->name);
		tell_fires(&heir, o);
		pe_emit(w->r, &heir, o->schema, NULL, o->name)->implied = true;
		pe_use_identity(w->r, &heir, o);
	}
}

static void act(struct pe_resolve *r, const struct effect *e,
		struct pe_object *table)
{
	struct rows w = { r, e, table };
	bool conditional = r->conditional;

	if (!table || r->depth > DEPTH_MAX)
		return;
	r->depth++;
	r->conditional |= e->conditional;
	if (table->kind == EFFECT_TABLE)
		heirs(&w);
	if (table->kind == EFFECT_VIEW)
		through_view(&w);
	if (e->action != EFFECT_SELECT) {
		pe_use_identity(r, e, table);
		pe_use_row_labels(r, e, table);
		for (size_t i = 0; i < table->n; i++)
			part(&w, table->children[i]);
		if (e->action != EFFECT_INSERT)
			referrers(&w);
	}
	r->conditional = conditional;
	r->depth--;
}

/* TRUNCATE ... CASCADE empties what points here. */
static void truncate_more(struct pe_resolve *r, const struct effect *e,
			  const struct pe_object *table)
{
	size_t n_all = r->c->n;

	for (size_t i = 0; table && i < n_all; i++) {
		struct pe_object *k = r->c->all[i];
		const struct pe_use *u;
		struct effect *n, copy;

		if (k->gone)
			continue;
		u = pe_uses(k, table);
		if (strstr(e->note, "restart") && k->kind == EFFECT_SEQUENCE) {
			for (size_t q = 0; q < k->n_uses; q++)
				if (k->uses[q].note && k->uses[q].table &&
				    streq(k->uses[q].table, table->name)) {
					n = pe_imply(r, e, EFFECT_ALTER,
						     EFFECT_SEQUENCE, k->schema,
						     NULL, k->name);
					n->aspect = "value";
				}
			continue;
		}
		if (!strstr(e->note, "cascade") || !u || !u->note ||
		    !streq(u->note, "references") ||
		    !pe_first_call(r, "truncate", k))
			continue;
		n = pe_imply(r, e, EFFECT_DELETE, EFFECT_ROWS, k->schema, NULL,
			     k->table);
		n->aspect = "truncate";
		copy = *n;
		copy.note = e->note;
		truncate_more(
			r, &copy,
			pe_find(r->c, EFFECT_TABLE, k->schema, NULL, k->table));
	}
}

/* Columns that a trigger writes into rows that are being updated */
static void written_before(struct pe_resolve *r, const struct effect *e)
{
	const struct effect *by = r->fired_by;
	struct effect rows = *e;

	if (!by || !r->fired_on || by->action != EFFECT_UPDATE)
		return;
	if (streq(e->columns[0], "*")) {
		rows.columns = NULL;
		rows.all_columns = true;
	}
	rows.where = by->where;
	rows.n_where = by->n_where;
	tell_fires(&rows, r->fired_on);
	pe_emit(r, &rows, r->fired_on->schema, NULL, r->fired_on->name);
}

void pe_rows(struct pe_resolve *r, const struct effect *e)
{
	struct pe_place p = pe_lookup(r, EFFECT_TABLE, e->schema, e->name);
	struct effect *n, copy;

	if (e->note && streq(e->note, "idle"))
		return;
	if (e->note && streq(e->note, "new")) {
		written_before(r, e);
		return;
	}
	n = pe_emit(r, e, p.schema, NULL, e->name);
	pe_tell_values(r, n, p.object);
	tell_fires(n, p.object);
	copy = *n;
	act(r, &copy, p.object);
	if (e->note)
		truncate_more(r, e, p.object);
}
