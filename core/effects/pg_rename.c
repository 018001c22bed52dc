#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"

/* ALTER ... RENAME and SET SCHEMA: the thing goes and comes, and its parts. */

static void moved_parts(struct pe_resolve *r, const struct effect *e,
			const struct pe_object *o, const char *schema,
			const char *name)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct pe_object *k = o->children[i];
		struct effect *n;

		if (k->kind == EFFECT_INDEX)
			continue; /* its name is its own */
		pe_imply(r, e, EFFECT_DROP, k->kind, o->schema, o->name,
			 k->name);
		n = pe_imply(r, e, EFFECT_CREATE, k->kind, schema, name,
			     k->name);
		if (n)
			n->from = pe_own(r, k->name);
	}
}

/* Indexes, constraints and owned sequences move along. */
static void move_indexes(struct pe_resolve *r, const struct effect *e,
			 struct pe_object *o, const char *schema)
{
	if (streq(schema, o->schema))
		return;
	for (size_t i = 0; i < o->n; i++) {
		const struct pe_object *k = o->children[i];
		struct effect *n;

		if (k->kind != EFFECT_INDEX)
			continue;
		pe_imply(r, e, EFFECT_DROP, EFFECT_INDEX, k->schema, k->table,
			 k->name);
		n = pe_imply(r, e, EFFECT_CREATE, EFFECT_INDEX, schema,
			     k->table, k->name);
		if (n)
			n->from = pe_own(r, k->name);
	}
}

/* What follows from the renaming of another goes and comes by its new name. */
static void imply_rename(struct pe_resolve *r, const struct effect *e,
			 struct pe_object *o, const char *name)
{
	struct effect *n;

	pe_imply(r, e, EFFECT_DROP, o->kind, o->schema, o->table, o->name);
	n = pe_imply(r, e, EFFECT_CREATE, o->kind, o->schema, o->table, name);
	if (n)
		n->from = pe_own(r, o->name);
	pe_rename_object(r->c, o, o->schema, name);
}

/* The constraint of a key and its index have one name. */
static void rename_twin(struct pe_resolve *r, const struct effect *e,
			const struct pe_object *o, const char *name)
{
	enum effect_kind kind =
		o->kind == EFFECT_INDEX ? EFFECT_CONSTRAINT : EFFECT_INDEX;
	struct pe_object *twin =
		pe_find(r->c, kind, o->schema, o->table, o->name);

	if (!twin || (o->kind != EFFECT_INDEX && o->kind != EFFECT_CONSTRAINT))
		return;
	imply_rename(r, e, twin, name);
}

static void heir_renames(struct pe_resolve *r, struct pe_object *heir,
			 const struct effect *e)
{
	struct pe_object *column = pe_child(heir, EFFECT_COLUMN, e->from);

	if (!column)
		return;
	imply_rename(r, e, column, e->name);
	pe_each_heir(r, heir, e, heir_renames);
}

/* The heirs' checks have the names of their parents'. */
static void rename_below(struct pe_resolve *r, const struct effect *e,
			 const struct pe_object *o)
{
	for (size_t i = 0; pe_is(o, 'c') && i < r->c->n; i++) {
		struct pe_object *k = r->c->all[i];
		const struct pe_use *u =
			!k->gone && k->kind == o->kind && k->n_uses
				? pe_uses(k, o)
				: NULL;

		if (u && u->note && streq(u->note, "owner")) {
			imply_rename(r, e, k, e->name);
			rename_below(r, e, k);
		}
	}
}

static void rename_part(struct pe_resolve *r, const struct effect *e)
{
	struct pe_place p = pe_lookup(
		r, e->kind == EFFECT_LABEL ? EFFECT_TYPE : EFFECT_TABLE,
		e->schema, e->table);
	struct pe_object *o =
		pe_find(r->c, e->kind, p.schema, e->table, e->from);
	struct effect named = *e;

	if (o && o->kind == EFFECT_TRIGGER)
		named.columns = o->columns;
	pe_emit(r, &named, p.schema, e->table, e->name);
	if (!o)
		return;
	rename_twin(r, e, o, e->name);
	if (o->kind == EFFECT_CONSTRAINT)
		rename_below(r, e, o);
	pe_rename_object(r->c, o, o->schema, e->name);
	if (e->kind == EFFECT_COLUMN)
		pe_each_heir(r, p.object, e, heir_renames);
}

static struct pe_object *find_routine(struct pe_resolve *r, const char *schema,
				      const char *name)
{
	struct pe_object *family = NULL;

	if (schema)
		family = pe_routines(r->c, schema, name);
	for (size_t i = 0; i < r->path.n && !schema && !family; i++)
		family = pe_routines(r->c, r->path.schemas[i], name);
	for (size_t i = 0; family && i < family->n; i++)
		if (!strchr(name, '(') ||
		    streq(family->children[i]->name, name))
			return family->children[i];
	return NULL;
}

static void rename_whole(struct pe_resolve *r, const struct effect *e)
{
	const char *was = strchr(e->note, '\n') + 1;
	struct pe_place p = pe_lookup(r, e->kind, *was ? was : NULL, e->from);
	struct pe_object *o = p.object;
	const char *schema = e->schema ? e->schema : p.schema;
	struct effect named = *e;
	struct effect *n;

	if (o)
		named.kind = o->kind;
	n = pe_emit(r, &named, schema, o ? o->table : NULL, e->name);
	if (n && o && !n->digest && o->digest)
		n->digest = pe_own(r, o->digest);
	if (!o)
		return;
	moved_parts(r, e, o, schema, e->name);
	move_indexes(r, e, o, schema);
	if (o->kind == EFFECT_INDEX)
		rename_twin(r, e, o, e->name);
	pe_rename_object(r->c, o, schema, e->name);
}

static void rename_routine(struct pe_resolve *r, const struct effect *e)
{
	const char *was = strchr(e->note, '\n') + 1;
	struct pe_object *o = find_routine(r, *was ? was : NULL, e->from);
	const char *schema = e->schema ? e->schema
			     : o       ? o->schema
			     : *was    ? was
				       : pe_current_schema(r);

	pe_emit(r, e, schema, NULL, e->name);
	if (o)
		pe_rename_object(r->c, o, schema, e->name);
}

static void rename_schema(struct pe_resolve *r, const struct effect *e)
{
	struct pe_object *o = pe_find(r->c, EFFECT_SCHEMA, NULL, NULL, e->from);

	pe_emit(r, e, NULL, NULL, e->name);
	if (o)
		pe_rename_object(r->c, o, NULL, e->name);
	for (size_t i = 0; i < r->c->n; i++) {
		struct pe_object *k = r->c->all[i];

		if (!k->gone && !k->table && k->schema &&
		    k->kind != EFFECT_KIND_COUNT && streq(k->schema, e->from))
			pe_rename_object(r->c, k, e->name, k->name);
	}
}

void pe_renamed(struct pe_resolve *r, const struct effect *e)
{
	switch ((int)e->kind) {
	case EFFECT_COLUMN:
	case EFFECT_CONSTRAINT:
	case EFFECT_TRIGGER:
	case EFFECT_POLICY:
	case EFFECT_RULE:
	case EFFECT_LABEL:
		rename_part(r, e);
		break;
	case EFFECT_ROUTINE:
		rename_routine(r, e);
		break;
	case EFFECT_SCHEMA:
		rename_schema(r, e);
		break;
	case EFFECT_TABLE:
	case EFFECT_VIEW:
	case EFFECT_INDEX:
	case EFFECT_SEQUENCE:
	case EFFECT_TYPE:
		rename_whole(r, e);
		break;
	default:
		pe_emit(r, e, e->schema, e->table, e->name);
		break;
	}
}

void pe_adopt_index(struct pe_resolve *r, const struct effect *e,
		    struct pe_object *constraint, struct pe_object *index)
{
	if (!index || index->kind != EFFECT_INDEX) {
		pe_emit(r, e, constraint->schema, constraint->table, e->name);
		return;
	}
	constraint->columns = index->columns;
	pe_add_use(r->c, index,
		   &(struct pe_use){ EFFECT_CONSTRAINT, constraint->schema,
				     constraint->table, constraint->name,
				     "owner" });
	if (streq(index->name, constraint->name)) {
		pe_emit(r, e, index->schema, index->table, index->name);
		return;
	}
	imply_rename(r, e, index, constraint->name);
}
