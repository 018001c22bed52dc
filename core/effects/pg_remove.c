#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"

/* DROP: what goes with a thing by itself, and what CASCADE takes along. */

struct removal {
	struct pe_resolve *r;
	const struct effect *e;
	bool cascade;
};

static void go(struct removal *m, struct pe_object *o);

static bool is_relation(const struct pe_object *o)
{
	return effect_space(o->kind) == effect_space(EFFECT_TABLE);
}

/* It uses the thing, or a part of it */
static const struct pe_use *hangs_on(const struct pe_object *q,
				     const struct pe_object *o)
{
	const struct pe_use *u = pe_uses(q, o);

	if (u || !is_relation(o))
		return u;
	for (size_t i = 0; i < q->n_uses; i++)
		if (q->uses[i].table && streq(q->uses[i].table, o->name) &&
		    streq_null(q->uses[i].schema, o->schema))
			return &q->uses[i];
	return NULL;
}

static bool noted(const struct pe_use *u, const char *note)
{
	return u->note && streq(u->note, note);
}

static bool same_table(const struct pe_object *a, const struct pe_object *b)
{
	return a->table && b->table && streq(a->table, b->table) &&
	       streq_null(a->schema, b->schema);
}

/* Goes without being asked: pg_depend's automatic and internal ones */
static bool is_automatic(const struct pe_object *q, const struct pe_object *o,
			 const struct pe_use *u)
{
	if (noted(u, "owner") || noted(u, "partition") || noted(u, "copies"))
		return true;
	if (q->kind == EFFECT_OTHER && starts_with(q->name, "statistics "))
		return true;
	return o->kind == EFFECT_COLUMN && same_table(q, o) &&
	       (q->kind == EFFECT_INDEX || q->kind == EFFECT_CONSTRAINT);
}

static void lose_default(struct removal *m, struct pe_object *column)
{
	struct effect *n =
		pe_imply(m->r, m->e, EFFECT_ALTER, EFFECT_COLUMN,
			 column->schema, column->table, column->name);

	if (!n)
		return;
	n->aspect = "default";
	n->digest = "no default";
}

static void dependent(struct removal *m, struct pe_object *q,
		      const struct pe_object *o, const struct pe_use *u)
{
	if (!is_automatic(q, o, u) && !m->cascade)
		return;
	/* it only publishes less */
	if (q->kind == EFFECT_OTHER && starts_with(q->name, "publication "))
		return;
	if (q->kind == EFFECT_COLUMN &&
	    (o->kind == EFFECT_SEQUENCE || o->kind == EFFECT_ROUTINE)) {
		lose_default(m, q);
		return;
	}
	pe_imply(m->r, m->e, EFFECT_DROP, q->kind, q->schema, q->table,
		 q->name);
	go(m, q);
}

static void parts(struct removal *m, const struct pe_object *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct pe_object *k = o->children[i];

		if (k->kind != EFFECT_LABEL)
			pe_imply(m->r, m->e, EFFECT_DROP, k->kind, k->schema,
				 k->table, k->name);
	}
}

static bool same_list(const char **a, const char **b)
{
	size_t i = 0;

	for (; a && b && a[i] && b[i]; i++)
		if (!streq(a[i], b[i]))
			return false;
	return a && b && !a[i] && !b[i];
}

/* Foreign keys that point at a key that goes */
static void referrers(struct removal *m, const struct pe_object *key)
{
	size_t n = m->r->c->n;

	for (size_t i = 0; m->cascade && i < n; i++) {
		struct pe_object *q = m->r->c->all[i];

		if (q->gone || q->kind != EFFECT_CONSTRAINT || !pe_is(q, 'f'))
			continue;
		for (size_t k = 0; k < q->n_uses; k++) {
			const struct pe_use *u = &q->uses[k];
			bool to_key =
				!q->reads || !q->reads[0]
					? pe_is(key, 'p')
					: same_list(q->reads, key->columns);

			if (!noted(u, "references") || !to_key ||
			    !streq(u->name, key->table) ||
			    !streq_null(u->schema, key->schema))
				continue;
			pe_imply(m->r, m->e, EFFECT_DROP, EFFECT_CONSTRAINT,
				 q->schema, q->table, q->name);
			pe_remove(m->r->c, q);
			break;
		}
	}
}

static void go(struct removal *m, struct pe_object *o)
{
	size_t n = m->r->c->n;

	if (o->gone || m->r->depth > 64)
		return;
	m->r->depth++;
	parts(m, o);
	pe_remove(m->r->c, o);
	for (size_t i = 0; i < n; i++) {
		struct pe_object *q = m->r->c->all[i];
		const struct pe_use *u;

		if (q->gone || !q->n_uses)
			continue;
		u = hangs_on(q, o);
		if (u)
			dependent(m, q, o, u);
	}
	if (o->kind == EFFECT_CONSTRAINT)
		referrers(m, o);
	m->r->depth--;
}

static void schema_goes(struct removal *m, const char *schema)
{
	size_t n = m->r->c->n;

	for (size_t i = 0; m->cascade && i < n; i++) {
		struct pe_object *o = m->r->c->all[i];

		if (o->gone || o->table || !o->schema ||
		    o->kind == EFFECT_KIND_COUNT || !streq(o->schema, schema))
			continue;
		pe_imply(m->r, m->e, EFFECT_DROP, o->kind, o->schema, NULL,
			 o->name);
		go(m, o);
	}
}

static struct pe_object *find_routine(struct pe_resolve *r,
				      const struct effect *e,
				      const char **schema)
{
	struct pe_object *family = NULL;

	if (e->schema)
		family = pe_routines(r->c, e->schema, e->name);
	for (size_t i = 0; i < r->path.n && !e->schema && !family; i++) {
		family = pe_routines(r->c, r->path.schemas[i], e->name);
		if (family && !family->n)
			family = NULL;
	}
	*schema = e->schema ? e->schema
		  : family  ? family->schema
			    : pe_current_schema(r);
	for (size_t i = 0; family && i < family->n; i++)
		if (!strchr(e->name, '(') ||
		    streq(family->children[i]->name, e->name))
			return family->children[i];
	return NULL;
}

static struct pe_object *find(struct pe_resolve *r, const struct effect *e,
			      const char **schema)
{
	struct pe_place p = { e->schema, NULL };

	switch ((int)e->kind) {
	case EFFECT_TABLE:
	case EFFECT_VIEW:
	case EFFECT_INDEX:
	case EFFECT_SEQUENCE:
	case EFFECT_TYPE:
		p = pe_lookup(r, e->kind, e->schema, e->name);
		break;
	case EFFECT_COLUMN:
	case EFFECT_CONSTRAINT:
	case EFFECT_TRIGGER:
	case EFFECT_POLICY:
	case EFFECT_RULE:
	case EFFECT_LABEL:
		p = pe_lookup(r, EFFECT_TABLE, e->schema, e->table);
		p.object = pe_find(r->c, e->kind, p.schema, e->table, e->name);
		break;
	case EFFECT_ROUTINE:
		p.object = find_routine(r, e, &p.schema);
		break;
	default:
		p.object = pe_find(r->c, e->kind, e->schema, NULL, e->name);
		break;
	}
	*schema = p.schema;
	return p.object;
}

static void heir_loses(struct pe_resolve *r, struct pe_object *heir,
		       const struct effect *e)
{
	struct removal m = { r, e, e->note && streq(e->note, "cascade") };
	struct pe_object *column = pe_child(heir, EFFECT_COLUMN, e->name);

	if (!column)
		return;
	pe_imply(r, e, EFFECT_DROP, EFFECT_COLUMN, heir->schema, heir->name,
		 e->name);
	go(&m, column);
	pe_each_heir(r, heir, e, heir_loses);
}

/* Of these tables, LIKE does not copy them any more. */
static void lose_statistics(struct pe_resolve *r, const struct effect *e,
			    const struct pe_object *o)
{
	if (!starts_with(o->name, "statistics "))
		return;
	for (size_t i = 0; i < o->n_uses; i++)
		if (o->uses[i].kind == EFFECT_TABLE)
			pe_imply(r, e, EFFECT_ALTER, EFFECT_TABLE,
				 o->uses[i].schema, NULL, o->uses[i].name)
				->aspect = "extended statistics";
}

void pe_dropped(struct pe_resolve *r, const struct effect *e)
{
	const char *note = e->note ? e->note : "", *schema;
	struct pe_object *o = find(r, e, &schema);
	struct removal m = { r, e, streq(note, "cascade") };
	struct effect named = *e;

	if (o)
		named.kind = o->kind;
	if (o && o->kind == EFFECT_TRIGGER)
		named.columns = o->columns;
	if (!o && e->aspect && streq(e->aspect, "if exists"))
		named.conditional = true;
	pe_emit(r, &named, schema,
		o && o->kind == EFFECT_INDEX ? o->table : e->table,
		o && e->kind == EFFECT_ROUTINE ? o->name : e->name);
	if (streq(note, "rename"))
		return;
	if (o && o->kind == EFFECT_OTHER)
		lose_statistics(r, e, o);
	if (o)
		go(&m, o);
	if (e->kind == EFFECT_COLUMN)
		pe_each_heir(
			r, pe_find(r->c, EFFECT_TABLE, schema, NULL, e->table),
			e, heir_loses);
	if (e->kind == EFFECT_SCHEMA)
		schema_goes(&m, e->name);
}
