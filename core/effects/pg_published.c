#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"

/* Publications on the catalog. Their note: 'c' = changes of rows that are
 * there are published, '*' = of all tables. Such changes need a replica
 * identity of the table. */

#define IDENTITY "replica identity "

static bool is_identity(const struct pe_use *u)
{
	return u->kind == EFFECT_OTHER && starts_with(u->name, IDENTITY);
}

/* As in pg_class: d, f, i or n */
static char identity_of(const struct pe_object *table)
{
	char identity = 'd';

	for (size_t i = 0; i < table->n_uses; i++)
		if (is_identity(&table->uses[i]))
			identity = table->uses[i].name[strlen(IDENTITY)];
	return identity;
}

void pe_set_identity(struct pe_resolve *r, struct pe_object *table,
		     const struct effect *e)
{
	size_t n = 0;

	if (!e->note)
		return;
	for (size_t i = 0; i < table->n_uses; i++)
		if (!is_identity(&table->uses[i]))
			table->uses[n++] = table->uses[i];
	table->n_uses = n;
	pe_add_use(r->c, table,
		   &(struct pe_use){ EFFECT_OTHER, NULL, NULL, e->note, NULL });
}

static bool is_publication(const struct pe_object *o)
{
	return !o->gone && o->kind == EFFECT_OTHER &&
	       starts_with(o->name, "publication ");
}

/* The table, its schema, or what it inherits from */
static bool is_in(const struct effects_catalog *c,
		  const struct pe_object *publication,
		  const struct pe_object *table)
{
	struct pe_object schema = { .kind = EFFECT_SCHEMA,
				    .name = table->schema };

	if (pe_is(publication, '*') || pe_uses(publication, table) ||
	    pe_uses(publication, &schema))
		return true;
	for (size_t i = 0; i < table->n_uses; i++) {
		const struct pe_use *u = &table->uses[i];
		const struct pe_object *parent;

		if (!u->note || (!streq(u->note, "inherits") &&
				 !streq(u->note, "partition")))
			continue;
		parent = pe_find(c, EFFECT_TABLE, u->schema, NULL, u->name);
		if (parent && parent != table && is_in(c, publication, parent))
			return true;
	}
	return false;
}

static bool is_published(const struct effects_catalog *c,
			 const struct pe_object *table)
{
	for (size_t i = 0; i < c->n; i++)
		if (is_publication(c->all[i]) && pe_is(c->all[i], 'c') &&
		    is_in(c, c->all[i], table))
			return true;
	return false;
}

static const struct pe_object *primary_key(const struct pe_object *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->children[i]->kind == EFFECT_CONSTRAINT &&
		    pe_is(table->children[i], 'p'))
			return table->children[i];
	return NULL;
}

void pe_use_identity(struct pe_resolve *r, const struct effect *e,
		     const struct pe_object *table)
{
	char identity = identity_of(table);
	const struct pe_object *key =
		identity == 'd' ? primary_key(table) : NULL;

	if (table->kind != EFFECT_TABLE ||
	    (e->action != EFFECT_UPDATE && e->action != EFFECT_DELETE) ||
	    (e->aspect && streq(e->aspect, "truncate")) ||
	    streq_null(table->schema, "pg_temp"))
		return;
	if (identity != 'f' && identity != 'i' && !key) {
		pe_use_aspect(r, e, table, "unpublished");
		return;
	}
	if (!is_published(r->c, table))
		return;
	pe_use_aspect(r, e, table, "replica identity");
	if (key)
		pe_use_aspect(r, e, key, NULL);
}

static void heir_published(struct pe_resolve *r, struct pe_object *heir,
			   const struct effect *e)
{
	struct effect *n = pe_imply(r, e, EFFECT_ALTER, EFFECT_TABLE,
				    heir->schema, NULL, heir->name);

	n->aspect = "published";
	n->digest = pe_own(r, e->digest);
	n->strict = e->strict;
	n->why = arena_printf(&r->out->arena, PE_HEIR_OF "%s", e->name);
	pe_each_heir(r, heir, e, heir_published);
}

void pe_published(struct pe_resolve *r, const struct effect *e,
		  const struct pe_object *table)
{
	if (!e->note || !streq(e->note, "only"))
		pe_each_heir(r, table, e, heir_published);
}

void pe_alter_publication_kinds(struct pe_resolve *r, const struct effect *e,
				struct pe_object *publication)
{
	bool all = pe_is(publication, '*');

	if (!e->note || !starts_with(e->name, "publication "))
		return;
	publication->note = pe_store(
		r->c, arena_printf(&r->arena, "%s%s", e->note, all ? "*" : ""));
	for (size_t i = 0; i < publication->n_uses; i++) {
		const struct pe_use *u = &publication->uses[i];
		struct effect *n;

		if (u->kind != EFFECT_TABLE && u->kind != EFFECT_SCHEMA)
			continue;
		n = pe_imply(r, e, EFFECT_ALTER, u->kind, u->schema, NULL,
			     u->name);
		n->aspect = "published";
		n->digest = arena_printf(&r->out->arena, "%s of %s",
					 streq(e->note, "c") ? "changes"
							     : "new rows",
					 e->name + strlen("publication "));
	}
	if (all) {
		struct effect *n = pe_imply(r, e, EFFECT_ALTER, EFFECT_SCHEMA,
					    NULL, NULL, EFFECT_EVERY_SCHEMA);

		n->aspect = "published";
		n->digest = streq(e->note, "c") ? "changes" : "new rows";
	}
}
