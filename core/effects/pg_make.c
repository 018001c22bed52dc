#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"
#include "effects/pg_walk.h"

/* CREATE: what it is on the catalog, and what comes with it. */

static bool aspect_is(const struct effect *e, const char *aspect)
{
	return e->aspect && streq(e->aspect, aspect);
}

static void fill(struct pe_resolve *r, struct pe_object *o,
		 const struct effect *e)
{
	o->digest = pe_store(r->c, e->digest);
	o->note = pe_store(r->c, e->note);
	o->columns = pe_store_list(r->c, e->columns);
	o->reads = pe_store_list(r->c, e->reads);
}

/* It is there: nothing happens, for all that is known. */
static bool is_there(struct pe_resolve *r, struct pe_set *set, size_t i,
		     const char *schema, const char *table)
{
	const struct effect *e = &set->from->items[i];
	struct effect *n;

	if (!aspect_is(e, "if not exists") ||
	    !pe_find(r->c, e->kind, schema, table, e->name))
		return false;
	n = pe_emit(r, e, schema, table, e->name);
	if (n)
		n->conditional = true;
	set->dead[i] = true;
	return true;
}

static void create_relation(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_object *owner = e->of ? set->owners[i - e->of] : NULL;
	const char *schema = owner && owner->kind == EFFECT_COLUMN
				     ? owner->schema
			     : e->schema ? e->schema
					 : pe_current_schema(r);
	const char *name = pe_free_name(r, e, schema, NULL);
	struct pe_object *old = pe_find(r->c, e->kind, schema, NULL, name);
	struct pe_object *o;

	if (is_there(r, set, i, schema, NULL))
		return;
	pe_emit(r, e, schema, NULL, name);
	if (old && aspect_is(e, "or replace"))
		o = old; /* with what is on it, and its columns */
	else
		o = pe_make(r->c, e->kind, schema, NULL, name);
	o->n_uses = 0;
	fill(r, o, e);
	set->owners[i] = o;
	if (!owner || owner->kind != EFFECT_COLUMN)
		return;
	pe_add_use(r->c, o,
		   &(struct pe_use){ EFFECT_COLUMN, owner->schema, owner->table,
				     owner->name, "owner" });
	pe_add_use(
		r->c, owner,
		&(struct pe_use){ EFFECT_SEQUENCE, schema, NULL, name, NULL });
}

/* The relation that this is a part of: the one being made, or by its name. */
static struct pe_place whole_of(struct pe_resolve *r, const struct pe_set *set,
				size_t i)
{
	const struct effect *e = &set->from->items[i];

	for (size_t k = i; set->from->items[k].of;) {
		struct pe_object *o;

		k -= set->from->items[k].of;
		o = set->owners[k];
		if (o && !o->table && streq(o->name, e->table))
			return (struct pe_place){ o->schema, o };
	}
	return pe_lookup(r,
			 e->kind == EFFECT_LABEL ? EFFECT_TYPE : EFFECT_TABLE,
			 e->schema, e->table);
}

/* A key has an index of its name. */
void pe_key_index(struct pe_resolve *r, const struct effect *e,
		  const struct pe_object *k)
{
	struct pe_object *o;
	struct effect *n;

	if (pe_is(k, 'I') ||
	    (!pe_is(k, 'p') && !pe_is(k, 'u') && !pe_is(k, 'x')) ||
	    pe_find(r->c, EFFECT_INDEX, k->schema, NULL, k->name))
		return;
	n = pe_imply(r, e, EFFECT_CREATE, EFFECT_INDEX, k->schema, k->table,
		     k->name);
	if (n) {
		n->strict = true;
		n->columns = pe_own_list(r, e->columns);
		n->digest = pe_own(r, e->digest);
	}
	o = pe_make(r->c, EFFECT_INDEX, k->schema, k->table, k->name);
	o->note = "key";
	o->columns = k->columns;
	pe_add_use(r->c, o,
		   &(struct pe_use){ EFFECT_CONSTRAINT, k->schema, k->table,
				     k->name, "owner" });
}

static void set_letters(struct pe_resolve *r, struct pe_object *o,
			const char *add, const char *take)
{
	const char *note = o->note ? o->note : "\n\n";
	struct buf out = BUF_INIT;
	size_t n = strcspn(note, "\n");

	for (size_t i = 0; i < n; i++)
		if (!strchr(take, note[i]) && !strchr(add, note[i]))
			buf_addch(&out, note[i]);
	buf_addstr(&out, add);
	buf_addstr(&out, note + n);
	o->note = pe_store(r->c, buf_str(&out));
	buf_release(&out);
}

/* The columns of a primary key cannot be NULL. */
static void key_columns(struct pe_resolve *r, const struct effect *e,
			const struct pe_object *k)
{
	for (const char **c = k->columns; pe_is(k, 'p') && c && *c; c++) {
		struct pe_object *column =
			pe_find(r->c, EFFECT_COLUMN, k->schema, k->table, *c);
		struct effect *n;

		if (column && pe_is(column, 'n'))
			continue;
		if (column)
			set_letters(r, column, "n", "");
		n = e->of ? NULL
			  : pe_imply(r, e, EFFECT_ALTER, EFFECT_COLUMN,
				     k->schema, k->table, *c);
		if (n) {
			n->aspect = "null";
			n->digest = "not null";
			n->strict = true;
			pe_each_heir(r,
				     pe_find(r->c, EFFECT_TABLE, k->schema,
					     NULL, k->table),
				     &(struct effect){ .table = k->table,
						       .name = *c,
						       .aspect = n->aspect,
						       .digest = n->digest,
						       .strict = true,
						       .line = e->line,
						       .col = e->col },
				     pe_heir_alter);
		}
	}
}

/* What the body names has to be there when it is called, not now. */
static void name_body(struct pe_resolve *r, const struct pe_object *o)
{
	struct pe_path path = r->path;
	bool late = r->late, conditional = r->conditional;
	const struct pe_object *fired_on = r->fired_on;
	const char *why = r->why;

	if (!o->body)
		return;
	r->late = r->conditional = true;
	r->why = arena_printf(&r->arena, "the body of %s", o->name);
	if (o->kind == EFFECT_RULE)
		r->fired_on =
			pe_find(r->c, EFFECT_TABLE, o->schema, NULL, o->table);
	pe_walk(r, o->body);
	r->fired_on = fired_on;
	r->late = late;
	r->conditional = conditional;
	r->why = why;
	r->path = path;
}

static void create_part(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_place p = whole_of(r, set, i);
	const char *name = pe_free_name(r, e, p.schema, e->table);
	struct pe_object *o;
	struct effect *n;

	if (is_there(r, set, i, p.schema, e->table))
		return;
	if (e->kind == EFFECT_COLUMN && p.object &&
	    p.object->kind == EFFECT_VIEW &&
	    pe_child(p.object, EFFECT_COLUMN, name))
		return; /* CREATE OR REPLACE can only add columns */
	n = pe_emit(r, e, p.schema, e->table, name);
	if (n && e->strict && pe_key_within(r, e, p.object))
		n->strict = false;
	o = pe_make(r->c, e->kind, p.schema, e->table, name);
	fill(r, o, e);
	set->owners[i] = o;
	if (e->kind == EFFECT_CONSTRAINT) {
		pe_key_index(r, e, o);
		key_columns(r, e, o);
	}
	/* of a foreign key, when it is known what it refers to */
	if (e->kind == EFFECT_INDEX ||
	    (e->kind == EFFECT_CONSTRAINT && !pe_is(o, 'f')))
		pe_hand_down(r, e, o, p.object);
	if (e->kind == EFFECT_COLUMN && !e->implied)
		pe_each_heir(r, p.object, e, pe_heir_column);
	if (e->kind == EFFECT_RULE) {
		pe_keep_body(r, o, set->from, i);
		name_body(r, o);
	}
}

static void create_routine(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	const char *schema = e->schema ? e->schema : pe_current_schema(r);
	struct pe_object *o;

	if (aspect_is(e, "or replace") &&
	    pe_find(r->c, EFFECT_ROUTINE, schema, NULL, e->name)) {
		struct effect altered = *e;

		altered.action = EFFECT_ALTER;
		altered.aspect = "definition";
		pe_emit(r, &altered, schema, NULL, e->name);
	} else {
		pe_emit(r, e, schema, NULL, e->name);
	}
	o = pe_make(r->c, EFFECT_ROUTINE, schema, NULL, e->name);
	fill(r, o, e);
	set->owners[i] = o;
	pe_keep_body(r, o, set->from, i);
	name_body(r, o);
}

static void create_other(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_object *o;

	pe_emit(r, e, e->schema, NULL, e->name);
	if (aspect_is(e, "if not exists") &&
	    pe_find(r->c, e->kind, e->schema, NULL, e->name))
		return;
	o = pe_make(r->c, e->kind, e->schema, NULL, e->name);
	fill(r, o, e);
	set->owners[i] = o;
}

void pe_create(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];

	if (e->note && starts_with(e->note, "from\n")) {
		pe_renamed(r, e);
		return;
	}
	switch ((int)e->kind) {
	case EFFECT_TABLE:
	case EFFECT_VIEW:
	case EFFECT_SEQUENCE:
	case EFFECT_TYPE:
		create_relation(r, set, i);
		break;
	case EFFECT_INDEX:
	case EFFECT_COLUMN:
	case EFFECT_CONSTRAINT:
	case EFFECT_TRIGGER:
	case EFFECT_POLICY:
	case EFFECT_RULE:
	case EFFECT_LABEL:
		create_part(r, set, i);
		break;
	case EFFECT_ROUTINE:
		create_routine(r, set, i);
		break;
	default:
		create_other(r, set, i);
		break;
	}
}

static void forget_uses(struct pe_object *o, bool of_type)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_uses; i++)
		if ((o->uses[i].kind == EFFECT_TYPE) != of_type)
			o->uses[n++] = o->uses[i];
	o->n_uses = n;
}

/* The third line of its note; NULL = not known */
static const char *type_name(struct pe_resolve *r,
			     const struct pe_object *column)
{
	const char *name = column->note ? strchr(column->note, '\n') : NULL;

	name = name ? strchr(name + 1, '\n') : NULL;
	if (!name || !name[1] || name[1] == '\n')
		return NULL;
	return arena_strndup(&r->arena, name + 1, strcspn(name + 1, "\n"));
}

/* The fourth line: its default, where that is a constant */
static void set_constant(struct pe_resolve *r, struct pe_object *column,
			 const char *value)
{
	const char *note = column->note ? column->note : "\n\n", *end = note;

	for (int i = 0; i < 2 && end; i++)
		end = strchr(end + (i > 0), '\n');
	if (!end)
		return;
	end += 1 + strcspn(end + 1, "\n");
	column->note = pe_store(r->c, arena_printf(&r->arena, "%.*s%s%s",
						   (int)(end - note), note,
						   value ? "\n" : "",
						   value ? value : ""));
}

static void alter_column(struct pe_resolve *r, struct pe_object *o,
			 const struct effect *e)
{
	if (aspect_is(e, "null")) {
		set_letters(r, o, e->strict ? "n" : "", e->strict ? "" : "n");
	} else if (aspect_is(e, "default")) {
		bool none = e->digest && streq(e->digest, "no default");
		bool next = e->digest && starts_with(e->digest, "nextval(");

		forget_uses(o, false);
		set_constant(r, o, e->note);
		set_letters(r, o, none ? "" : next ? "ds" : "d", "ds");
	} else if (aspect_is(e, "type") && e->note) {
		size_t n = strcspn(o->note ? o->note : "", "\n");

		forget_uses(o, true);
		o->note = pe_store(
			r->c, arena_printf(&r->arena, "%.*s%s", (int)n,
					   o->note ? o->note : "", e->note));
	} else if (aspect_is(e, "generated")) {
		set_letters(r, o, "s", "");
	}
}

static struct pe_place place_of(struct pe_resolve *r, const struct effect *e)
{
	struct pe_object *family = NULL;

	switch ((int)e->kind) {
	case EFFECT_TABLE:
	case EFFECT_VIEW:
	case EFFECT_INDEX:
	case EFFECT_SEQUENCE:
	case EFFECT_TYPE:
		return pe_lookup(r, e->kind, e->schema, e->name);
	case EFFECT_COLUMN:
	case EFFECT_CONSTRAINT:
	case EFFECT_TRIGGER:
	case EFFECT_POLICY:
	case EFFECT_RULE:
	case EFFECT_LABEL:
		return pe_lookup(r, EFFECT_TABLE, e->schema, e->table);
	case EFFECT_ROUTINE:
		for (size_t k = 0; k < r->path.n && !e->schema && !family; k++)
			family = pe_routines(r->c, r->path.schemas[k], e->name);
		return (struct pe_place){ e->schema ? e->schema
					  : family  ? family->schema
						    : pe_current_schema(r),
					  NULL };
	default:
		return (struct pe_place){ e->schema,
					  pe_find(r->c, e->kind, e->schema,
						  NULL, e->name) };
	}
}

#define ALL_OF "privileges of all "

static bool is_granted(const struct pe_object *o, const char *what)
{
	if (streq(what, "tables"))
		return o->kind == EFFECT_TABLE || o->kind == EFFECT_VIEW;
	if (streq(what, "sequences"))
		return o->kind == EFFECT_SEQUENCE;
	return o->kind == EFFECT_ROUTINE;
}

/* ON ALL ... IN SCHEMA: those that are there now */
static void grant_all(struct pe_resolve *r, const struct effect *e)
{
	size_t n_all = r->c->n;

	for (size_t i = 0; i < n_all; i++) {
		const struct pe_object *o = r->c->all[i];
		struct effect *n;

		if (o->gone || o->table || !o->schema ||
		    !streq(o->schema, e->name) ||
		    !is_granted(o, e->aspect + strlen(ALL_OF)))
			continue;
		n = pe_imply(r, e, EFFECT_ALTER, o->kind, o->schema, NULL,
			     o->name);
		if (!n)
			continue;
		n->aspect = "privileges";
		n->digest = pe_own(r, e->digest);
	}
}

/* Sequences that it owns have its owner. */
static void alter_owner(struct pe_resolve *r, const struct pe_object *table,
			const struct effect *e)
{
	for (size_t i = 0; table->kind == EFFECT_TABLE && i < r->c->n; i++) {
		const struct pe_object *s = r->c->all[i];
		struct effect *n;

		if (s->gone || s->kind != EFFECT_SEQUENCE || !s->n_uses ||
		    !s->uses[0].note || !streq(s->uses[0].note, "owner") ||
		    !streq_null(s->uses[0].schema, table->schema) ||
		    !streq_null(s->uses[0].table, table->name))
			continue;
		n = pe_imply(r, e, EFFECT_ALTER, s->kind, s->schema, NULL,
			     s->name);
		n->aspect = "owner";
		n->digest = pe_own(r, e->digest);
	}
}

/* Columns of a domain get its default, or may not be NULL any more, also those
 * that nobody else knows of yet. */
static void alter_domain(struct pe_resolve *r, const struct pe_object *domain,
			 const struct effect *e)
{
	bool null = e->note && streq(e->note, "not null");
	size_t n_all = r->c->n;

	for (size_t i = 0; (null || aspect_is(e, "default")) && i < n_all;
	     i++) {
		const struct pe_object *k = r->c->all[i];
		struct effect *n;

		if (k->gone || k->kind != EFFECT_COLUMN || pe_is(k, 'd') ||
		    pe_domain_of(r->c, k) != domain)
			continue;
		n = pe_imply(r, e, EFFECT_ALTER, EFFECT_COLUMN, k->schema,
			     k->table, k->name);
		n->aspect = null ? "null" : "default";
		n->digest = pe_own(r, e->digest);
		n->strict = null;
	}
}

static void alter_object(struct pe_resolve *r, struct pe_object *o,
			 const struct effect *e)
{
	if (e->kind == EFFECT_COLUMN)
		alter_column(r, o, e);
	else if (e->kind == EFFECT_OTHER)
		pe_alter_publication_kinds(r, e, o);
	else if (e->kind == EFFECT_TYPE && !aspect_is(e, "owner"))
		alter_domain(r, o, e);
	else if (aspect_is(e, "owner"))
		alter_owner(r, o, e);
	else if (aspect_is(e, "published"))
		pe_published(r, e, o);
	else if (aspect_is(e, "replica identity"))
		pe_set_identity(r, o, e);
}

void pe_alter(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_place p = place_of(r, e);
	struct effect named = *e;
	struct pe_object *o;

	if (p.object && !e->table)
		named.kind = p.object->kind;
	o = e->table || e->kind == EFFECT_ROUTINE
		    ? pe_find(r->c, e->kind, p.schema, e->table, e->name)
		    : p.object;
	if (o && e->kind == EFFECT_TRIGGER)
		named.columns = o->columns;
	if (o && e->kind == EFFECT_COLUMN && aspect_is(e, "type"))
		named.from = type_name(r, o);
	pe_emit(r, &named, p.schema, e->table, e->name);
	set->owners[i] = o;
	if (e->kind == EFFECT_SCHEMA && e->aspect &&
	    starts_with(e->aspect, ALL_OF))
		grant_all(r, e);
	if (o)
		alter_object(r, o, e);
	if (e->kind == EFFECT_COLUMN)
		pe_each_heir(r, p.object, &named, pe_heir_alter);
}
