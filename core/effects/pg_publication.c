#include <string.h>

#include "base/util.h"
#include "effects/pg_object.h"
#include "effects/pg_table.h"

#define DROPS PG_QUERY__ALTER_PUBLICATION_ACTION__AP_DropObjects

/* CREATE and ALTER PUBLICATION: what is published of which tables. */

static const char *publishes(PgQuery__Node *const *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *o = options[i]->def_elem;
		const char *text =
			streq(o->defname, "publish") ? pe_string(o->arg) : NULL;

		if (text)
			return text;
	}
	return NULL;
}

/* Also changes of rows that are there; those not told are published. */
static bool has_changes(const char *publish)
{
	return !publish || strstr(publish, "update") ||
	       strstr(publish, "delete");
}

static struct effect *published(struct pe_walk *w, enum effect_kind kind,
				const char *schema, const char *name,
				const char *digest)
{
	struct effect *e =
		pe_add(w, EFFECT_ALTER, kind, schema, NULL, name, -1);

	e->aspect = "published";
	e->digest = digest;
	return e;
}

/* A part of its columns or rows: that needs a key that has all of these. */
static void part_of_table(struct pe_walk *w, const PgQuery__PublicationTable *t)
{
	const PgQuery__RangeVar *r = t->relation;
	struct pe_scope scope;

	for (size_t i = 0; i < t->n_columns; i++)
		pe_use_column(w, r->schemaname, r->relname,
			      pe_string(t->columns[i]), r->location);
	pe_definition_open(w, &scope, r);
	pe_expr(w, t->where_clause);
	pe_definition_close(w);
}

static void table(struct pe_walk *w, const PgQuery__PublicationTable *t,
		  struct pe_owner owner, const char *digest)
{
	const PgQuery__RangeVar *r = t->relation;
	struct pe_owner of = { w->owner, w->defines };
	struct effect *e;

	pe_use_relation(w, r);
	part_of_table(w, t);
	pe_owner_restore(w, owner);
	e = published(w, EFFECT_TABLE, r->schemaname, r->relname, digest);
	e->strict = t->n_columns || t->where_clause;
	e->note = r->inh ? NULL : "only";
	pe_owner_restore(w, of);
}

static void schema(struct pe_walk *w, const PgQuery__PublicationObjSpec *o,
		   struct pe_owner owner, const char *digest)
{
	struct pe_owner of = { w->owner, w->defines };
	const char *name = pe_word(o->name);

	if (name)
		pe_add(w, EFFECT_USE, EFFECT_SCHEMA, NULL, NULL, name,
		       o->location);
	pe_owner_restore(w, owner);
	published(w, EFFECT_SCHEMA, NULL, name ? name : EFFECT_EVERY_SCHEMA,
		  digest);
	pe_owner_restore(w, of);
}

static void objects(struct pe_walk *w, PgQuery__Node *const *items, size_t n,
		    const char *digest)
{
	struct pe_owner before = pe_owner_set(w);

	for (size_t i = 0; i < n; i++) {
		const PgQuery__PublicationObjSpec *o =
			items[i]->publication_obj_spec;

		if (o->pubtable)
			table(w, o->pubtable, before, digest);
		else
			schema(w, o, before, digest);
	}
	pe_owner_restore(w, before);
}

/* "changes of p", or "new rows of p" */
static const char *digest_of(struct pe_walk *w, const char *name, bool changes)
{
	return pe_printf(w, "%s of %s", changes ? "changes" : "new rows", name);
}

void pe_create_publication(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreatePublicationStmt *s = n->create_publication_stmt;
	bool changes = has_changes(publishes(s->options, s->n_options));
	const char *digest = digest_of(w, s->pubname, changes);
	struct effect *e =
		pe_add(w, EFFECT_CREATE, EFFECT_OTHER, NULL, NULL,
		       pe_printf(w, "publication %s", s->pubname), -1);

	e->digest = pe_sum(w, &s->base);
	e->note = pe_printf(w, "%s%s", changes ? "c" : "-",
			    s->for_all_tables ? "*" : "");
	objects(w, s->pubobjects, s->n_pubobjects, digest);
	if (s->for_all_tables)
		published(w, EFFECT_SCHEMA, NULL, EFFECT_EVERY_SCHEMA, digest);
}

void pe_alter_publication(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterPublicationStmt *s = n->alter_publication_stmt;
	const char *publish = publishes(s->options, s->n_options);
	struct effect *e =
		pe_add(w, EFFECT_ALTER, EFFECT_OTHER, NULL, NULL,
		       pe_printf(w, "publication %s", s->pubname), -1);

	e->digest = pe_sum(w, &s->base);
	e->aspect = s->n_pubobjects ? "tables" : "options";
	if (publish)
		e->note = has_changes(publish) ? "c" : "-";
	/* what the publication publishes may be told elsewhere */
	objects(w, s->pubobjects, s->n_pubobjects,
		s->action == DROPS ? pe_printf(w, "no more of %s", s->pubname)
				   : digest_of(w, s->pubname, true));
}
