#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"
#include "effects/pg_walk.h"

/* USE: which thing it is, on the catalog; and what hangs on it from now on. */

static bool is_builtin_type(const char *name)
{
	static const char names[] =
		" text uuid json jsonb bytea date time timetz timestamp "
		"timestamptz interval inet cidr macaddr macaddr8 money xml "
		"tsvector tsquery point line lseg box path polygon circle name "
		"regclass regtype regproc regprocedure regnamespace regrole "
		"oid record trigger void anyelement anyarray anynonarray "
		"anyenum anyrange anycompatible int2 int4 int8 float4 float8 "
		"bool varchar bpchar char numeric bit varbit int4range "
		"int8range numrange tsrange tstzrange daterange xid xid8 tid "
		"cid pg_lsn txid_snapshot event_trigger language_handler "
		"fdw_handler internal cstring unknown jsonpath refcursor "
		"int4multirange int8multirange nummultirange tsmultirange "
		"tstzmultirange datemultirange anymultirange regconfig "
		"regdictionary regoper regoperator regcollation aclitem ";
	char word[70];

	if (strlen(name) > 63)
		return false;
	snprintf(word, sizeof(word), " %s ", name);
	return strstr(names, word) != NULL;
}

static void remember(struct pe_resolve *r, const struct pe_set *set, size_t i,
		     const struct pe_use *use)
{
	const struct effect *e = &set->from->items[i];
	struct pe_object *owner = e->of ? set->owners[i - e->of] : NULL;

	if (owner && !r->late)
		pe_add_use(r->c, owner, use);
}

static bool is_open(const struct pe_object *o)
{
	return !o || o->kind == EFFECT_TYPE || o->kind == EFFECT_SEQUENCE ||
	       (o->note && streq(o->note, "open"));
}

static bool use_column_of(struct pe_resolve *r, const struct pe_set *set,
			  size_t i, const struct pe_candidate *k, bool certain)
{
	const struct effect *e = &set->from->items[i];
	struct pe_place p = pe_lookup(r, EFFECT_TABLE,
				      *k->schema ? k->schema : NULL, k->table);
	struct effect *n;

	if (p.object && !is_open(p.object) &&
	    !pe_child(p.object, EFFECT_COLUMN, e->name))
		return false;
	n = pe_emit(r, e, p.schema, k->table, e->name);
	if (n && !certain && is_open(p.object))
		n->conditional = true;
	remember(r, set, i,
		 &(struct pe_use){ EFFECT_COLUMN, p.schema, k->table, e->name,
				   e->note && streq(e->note, "owner") ? "owner"
								      : NULL });
	return !is_open(p.object);
}

/* The innermost table that is known to have it; else any that may. */
static void use_among(struct pe_resolve *r, const struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	char *list = xstrdup(e->note + strlen(PG_NOTE_AMONG)), *at = list;
	struct pe_candidate k;
	size_t n = 0;

	for (const char *p = list; *p; p++)
		n += *p == '\n';
	while (pe_next_candidate(&at, &k))
		if (use_column_of(r, set, i, &k, n == 1))
			break;
	free(list);
}

static void use_column(struct pe_resolve *r, const struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	const char *note = e->note ? e->note : "";
	struct effect named = *e;
	struct pe_place p;

	if (starts_with(note, PG_NOTE_AMONG)) {
		use_among(r, set, i);
		return;
	}
	if (streq(note, PG_NOTE_ROW)) {
		const struct pe_object *on = r->fired_on;
		const struct effect *owner =
			e->of ? &set->from->items[i - e->of] : NULL;

		if (on)
			pe_emit(r, e, on->schema, on->name, e->name);
		else if (owner && owner->kind == EFFECT_TRIGGER) {
			p = pe_lookup(r, EFFECT_TABLE, owner->schema,
				      owner->table);
			pe_emit(r, e, p.schema, owner->table, e->name);
			remember(r, set, i,
				 &(struct pe_use){ EFFECT_COLUMN, p.schema,
						   owner->table, e->name,
						   NULL });
		}
		return;
	}
	p = pe_lookup(r, EFFECT_TABLE, e->schema, e->table);
	if (streq(note, PG_NOTE_TARGET)) {
		if (!r->late)
			named.aspect = NULL;
		note = "";
	}
	pe_emit(r, &named, p.schema, e->table, e->name);
	remember(r, set, i,
		 &(struct pe_use){ EFFECT_COLUMN, p.schema, e->table, e->name,
				   *note ? note : NULL });
}

void pe_use_aspect(struct pe_resolve *r, const struct effect *e,
		   const struct pe_object *thing, const char *aspect)
{
	struct effect use = { .action = EFFECT_USE,
			      .kind = thing->kind,
			      .aspect = aspect,
			      .implied = true,
			      .conditional = e->conditional,
			      .line = e->line,
			      .col = e->col };

	pe_emit(r, &use, thing->schema, thing->table, thing->name);
}

/* Rows that are there get the domain's default in a new column. */
static void use_for_rows(struct pe_resolve *r, const struct pe_set *set,
			 size_t i, const struct pe_object *type)
{
	const struct effect *e = &set->from->items[i];
	const struct effect *column = e->of ? e - e->of : NULL;

	if (!type || !type->note || !streq(type->note, "domain") || !column ||
	    column->action != EFFECT_CREATE || column->kind != EFFECT_COLUMN ||
	    column->implied)
		return;
	pe_use_aspect(r, e, type, "definition");
	pe_use_aspect(r, e, type, "default");
}

static void use_type(struct pe_resolve *r, const struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_place p = pe_lookup(r, EFFECT_TYPE, e->schema, e->name);

	if (!p.object && !e->schema && is_builtin_type(e->name))
		return;
	pe_emit(r, e, p.schema, NULL, e->name);
	remember(
		r, set, i,
		&(struct pe_use){ EFFECT_TYPE, p.schema, NULL, e->name, NULL });
	use_for_rows(r, set, i, p.object);
}

/* The key of the table that a foreign key points at: it has to stay. */
static void use_key(struct pe_resolve *r, const struct effect *e,
		    const struct pe_object *table)
{
	for (size_t i = 0; table && i < table->n; i++) {
		const struct pe_object *k = table->children[i];
		size_t n = 0;
		bool all = true;

		if (k->kind != EFFECT_CONSTRAINT ||
		    (!pe_is(k, 'p') && !pe_is(k, 'u')))
			continue;
		for (; e->columns && e->columns[n]; n++) {
			bool found = false;

			for (const char **c = k->columns; c && *c; c++)
				found |= streq(*c, e->columns[n]);
			all &= found;
		}
		if (n ? all : pe_is(k, 'p'))
			pe_imply(r, e, EFFECT_USE, EFFECT_CONSTRAINT, k->schema,
				 k->table, k->name);
		for (const char **c = k->columns;
		     !n && pe_is(k, 'p') && c && *c; c++) {
			struct pe_object column = { .kind = EFFECT_COLUMN,
						    .schema = k->schema,
						    .table = k->table,
						    .name = *c };

			pe_use_aspect(r, e, &column, "type");
		}
	}
}

/* The rows that are there have to have their parents. */
static void check_parents(struct pe_resolve *r, const struct pe_set *set,
			  size_t i, const char *schema)
{
	const struct effect *e = &set->from->items[i];
	const struct effect *key = &set->from->items[i - e->of];
	struct effect *n;

	if (key->of) /* a new table's: it has none */
		return;
	n = pe_imply(r, e, EFFECT_SELECT, EFFECT_ROWS, schema, NULL, e->name);
	if (!n)
		return;
	n->aspect = "exists";
	n->columns = pe_own_list(r, e->columns);
}

/* LIKE leaves defaults out, if it is not told otherwise. */
static const char *without_constant(struct pe_resolve *r, const char *note)
{
	const char *value = note ? strstr(note, "\n=") : NULL;

	if (!value)
		return note;
	return pe_store(r->c,
			arena_strndup(&r->arena, note, (size_t)(value - note)));
}

/* Columns of the parent come with it. */
static void inherit(struct pe_resolve *r, struct pe_object *child,
		    const struct pe_object *parent, bool copy)
{
	for (size_t i = 0; parent && child && i < parent->n; i++) {
		const struct pe_object *p = parent->children[i];
		struct pe_object *o;

		if (p->kind != EFFECT_COLUMN ||
		    pe_child(child, EFFECT_COLUMN, p->name))
			continue;
		o = pe_make(r->c, EFFECT_COLUMN, child->schema, child->name,
			    p->name);
		o->note = copy ? without_constant(r, p->note) : p->note;
		o->digest = p->digest;
		for (size_t k = 0; k < p->n_uses; k++)
			if (p->uses[k].kind == EFFECT_TYPE)
				pe_add_use(r->c, o, &p->uses[k]);
	}
	if (!parent && child)
		child->note = "open";
}

static const char *copied_name(struct pe_resolve *r, const char *table,
			       const struct pe_object *key)
{
	struct buf out = BUF_INIT;
	const char *name;

	buf_addstr(&out, table);
	for (const char **c = key->columns; !pe_is(key, 'p') && c && *c; c++)
		buf_addf(&out, "_%s", *c);
	buf_addstr(&out, pe_is(key, 'p')                  ? "_pkey"
			 : key->kind == EFFECT_CONSTRAINT ? "_key"
							  : "_idx");
	name = arena_strdup(&r->arena, buf_str(&out));
	buf_release(&out);
	return name;
}

/* LIKE ... INCLUDING INDEXES: the keys, too, under names of their own */
static void copy_keys(struct pe_resolve *r, const struct pe_object *copy,
		      const struct pe_object *of)
{
	for (size_t i = 0; copy && of && i < of->n; i++) {
		const struct pe_object *k = of->children[i];
		bool key = k->kind == EFFECT_CONSTRAINT &&
			   (pe_is(k, 'p') || pe_is(k, 'u') || pe_is(k, 'x'));
		struct pe_object *o;

		if (!key &&
		    (k->kind != EFFECT_INDEX || !k->note || k->note[0] != 'u'))
			continue;
		o = pe_make(r->c, k->kind, copy->schema, copy->name,
			    copied_name(r, copy->name, k));
		o->note = k->note;
		o->columns = k->columns;
		o->digest = k->digest;
	}
}

/* A view keeps the columns that there were when it was made. */
static void use_star(struct pe_resolve *r, const struct pe_set *set, size_t i,
		     const struct pe_place *p)
{
	const struct effect *e = &set->from->items[i];

	if (is_open(p->object))
		remember(r, set, i,
			 &(struct pe_use){ EFFECT_TABLE, p->schema, NULL,
					   e->name, "star" });
	for (size_t k = 0; p->object && k < p->object->n; k++)
		if (p->object->children[k]->kind == EFFECT_COLUMN)
			remember(r, set, i,
				 &(struct pe_use){
					 EFFECT_COLUMN, p->schema, e->name,
					 p->object->children[k]->name, NULL });
}

/* What follows from a new parent, or from what a foreign key refers to. */
static void relate(struct pe_resolve *r, const struct effect *e,
		   struct pe_object *owner, const struct pe_object *table)
{
	const struct effect *of = e - e->of;

	if (owner->kind == EFFECT_TABLE)
		pe_new_heir(r, e, owner, table, of->action == EFFECT_CREATE);
	if (owner->kind != EFFECT_CONSTRAINT || !pe_is(owner, 'f'))
		return;
	pe_hand_down(
		r, of, owner,
		pe_find(r->c, EFFECT_TABLE, owner->schema, NULL, owner->table));
	pe_copy_key(r, e, owner, table, of->of != 0);
}

static void use_relation(struct pe_resolve *r, const struct pe_set *set,
			 size_t i)
{
	const struct effect *e = &set->from->items[i];
	const char *note = e->note ? e->note : "";
	struct pe_place p = pe_lookup(r, e->kind, e->schema, e->name);
	struct effect named = *e;
	struct pe_object *owner = e->of ? set->owners[i - e->of] : NULL;

	named.columns = NULL;
	if (owner && owner->kind == EFFECT_CONSTRAINT &&
	    e->kind == EFFECT_INDEX) {
		pe_adopt_index(r, e, owner, p.object);
		return;
	}
	if (p.object)
		named.kind = p.object->kind;
	pe_emit(r, &named, p.schema, NULL, e->name);
	if (r->late)
		return;
	if (streq(note, "references")) {
		use_key(r, e, p.object);
		check_parents(r, set, i, p.schema);
		if (owner)
			owner->reads = pe_store_list(r->c, e->columns);
	}
	if (streq(note, PE_INHERITS) || streq(note, PE_PARTITION) ||
	    starts_with(note, "like"))
		inherit(r, owner, p.object, starts_with(note, "like"));
	if (streq(note, "like keys"))
		copy_keys(r, owner, p.object);
	if (owner && owner->kind == EFFECT_VIEW && e->aspect &&
	    streq(e->aspect, "columns")) {
		use_star(r, set, i, &p);
		return;
	}
	if (streq(note, "leaves") && owner && p.object)
		pe_leave_parent(r, e, owner, p.object);
	if (starts_with(note, "like") || streq(note, "leaves"))
		return;
	remember(r, set, i,
		 &(struct pe_use){ named.kind, p.schema, NULL, e->name,
				   *note ? note : NULL });
	if (owner)
		relate(r, e, owner, p.object);
}

static void use_routine(struct pe_resolve *r, const struct pe_set *set,
			size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_object *family = NULL;
	struct effect named = *e;
	const char *schema = e->schema;

	for (size_t k = 0; k < r->path.n && !schema && !family; k++)
		family = pe_routines(r->c, r->path.schemas[k], e->name);
	if (family && !family->n)
		family = NULL;
	if (!schema)
		schema = family ? family->schema : pe_current_schema(r);
	named.from = NULL;
	named.n_sets = 0;
	pe_emit(r, &named, schema, NULL, e->name);
	remember(r, set, i,
		 &(struct pe_use){ EFFECT_ROUTINE, schema, NULL, e->name,
				   NULL });
	if (e->note && streq(e->note, PG_NOTE_CALL) && !e->of && !r->late)
		pe_call(r, e, schema, e->name);
}

void pe_use_thing(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_place p;

	switch ((int)e->kind) {
	case EFFECT_COLUMN:
		use_column(r, set, i);
		break;
	case EFFECT_TYPE:
		use_type(r, set, i);
		break;
	case EFFECT_LABEL:
		pe_use_label(r, set, i);
		break;
	case EFFECT_TABLE:
	case EFFECT_VIEW:
	case EFFECT_INDEX:
	case EFFECT_SEQUENCE:
		use_relation(r, set, i);
		break;
	case EFFECT_ROUTINE:
		use_routine(r, set, i);
		break;
	case EFFECT_CONSTRAINT:
	case EFFECT_TRIGGER:
		p = pe_lookup(r, EFFECT_TABLE, e->schema, e->table);
		pe_emit(r, e, p.schema, e->table, e->name);
		break;
	default:
		pe_emit(r, e, e->schema, e->table, e->name);
		remember(r, set, i,
			 &(struct pe_use){ e->kind, e->schema, e->table,
					   e->name, NULL });
		break;
	}
}
