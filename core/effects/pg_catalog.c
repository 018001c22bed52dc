#include "effects/pg_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

struct effects_catalog *effects_catalog_new(void)
{
	return xcalloc(1, sizeof(struct effects_catalog));
}

void effects_catalog_free(struct effects_catalog *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		struct pe_object *o = c->all[i];

		free(o->uses);
		free(o->children);
		if (o->body)
			effects_release(o->body);
		free(o->body);
	}
	free(c->all);
	map_release(&c->objects);
	arena_release(&c->arena);
	free(c);
}

const char *pe_store(struct effects_catalog *c, const char *s)
{
	return s ? arena_strdup(&c->arena, s) : NULL;
}

const char **pe_store_list(struct effects_catalog *c, const char **list)
{
	const char **copy;
	size_t n = 0;

	if (!list)
		return NULL;
	while (list[n])
		n++;
	copy = arena_array(&c->arena, n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = pe_store(c, list[i]);
	return copy;
}

static bool is_part(enum effect_kind kind)
{
	switch (kind) {
	case EFFECT_LABEL:
	case EFFECT_COLUMN:
	case EFFECT_CONSTRAINT:
	case EFFECT_TRIGGER:
	case EFFECT_POLICY:
	case EFFECT_RULE:
		return true;
	case EFFECT_TABLE:
	case EFFECT_VIEW:
	case EFFECT_INDEX:
	case EFFECT_SEQUENCE:
	case EFFECT_TYPE:
	case EFFECT_ROUTINE:
	case EFFECT_SCHEMA:
	case EFFECT_EXTENSION:
	case EFFECT_ROLE:
	case EFFECT_SETTING:
	case EFFECT_ROWS:
	case EFFECT_OTHER:
	case EFFECT_KIND_COUNT:
		break;
	}
	return false;
}

static void set_key(struct buf *key, int space, const char *schema,
		    const char *table, const char *name)
{
	buf_addf(key, "%d\x1f%s\x1f%s\x1f%s", space, schema ? schema : "",
		 table ? table : "", name ? name : "");
}

static void key_of(struct buf *key, enum effect_kind kind, const char *schema,
		   const char *table, const char *name)
{
	set_key(key, effect_space(kind), schema, is_part(kind) ? table : NULL,
		name);
}

static struct pe_object *get(const struct effects_catalog *c, struct buf *key)
{
	struct pe_object *o = map_get(&c->objects, buf_str(key));

	buf_release(key);
	return o;
}

struct pe_object *pe_find(const struct effects_catalog *c,
			  enum effect_kind kind, const char *schema,
			  const char *table, const char *name)
{
	struct buf key = BUF_INIT;

	key_of(&key, kind, schema, table, name);
	return get(c, &key);
}

/* "f" of "f(integer)" */
static void family_key(struct buf *key, const char *schema, const char *name)
{
	char *bare = xstrndup(name, strcspn(name, "("));

	set_key(key, EFFECT_KIND_COUNT, schema, NULL, bare);
	free(bare);
}

struct pe_object *pe_routines(const struct effects_catalog *c,
			      const char *schema, const char *name)
{
	struct buf key = BUF_INIT;

	family_key(&key, schema, name);
	return get(c, &key);
}

static struct pe_object *new_object(struct effects_catalog *c)
{
	struct pe_object *o = arena_alloc(&c->arena, sizeof(*o));

	VEC_GROW(c->all, c->n, c->cap);
	c->all[c->n++] = o;
	return o;
}

static struct pe_object *family(struct effects_catalog *c, const char *schema,
				const char *name)
{
	struct buf key = BUF_INIT;
	struct pe_object *o;

	family_key(&key, schema, name);
	o = map_get(&c->objects, buf_str(&key));
	if (!o) {
		o = new_object(c);
		o->kind = EFFECT_KIND_COUNT;
		o->schema = pe_store(c, schema);
		o->name = arena_strndup(&c->arena, name, strcspn(name, "("));
		map_put(&c->objects, buf_str(&key), o);
	}
	buf_release(&key);
	return o;
}

static struct pe_object *parent_of(struct effects_catalog *c,
				   const struct pe_object *o)
{
	if (o->kind == EFFECT_ROUTINE)
		return family(c, o->schema, o->name);
	if (is_part(o->kind) || o->kind == EFFECT_INDEX)
		return pe_find(c, EFFECT_TABLE, o->schema, NULL, o->table);
	return NULL;
}

static void attach(struct effects_catalog *c, struct pe_object *o)
{
	struct pe_object *parent = parent_of(c, o);
	struct buf key = BUF_INIT;

	key_of(&key, o->kind, o->schema, o->table, o->name);
	map_put(&c->objects, buf_str(&key), o);
	buf_release(&key);
	if (!parent)
		return;
	for (size_t i = 0; i < parent->n; i++)
		if (parent->children[i] == o)
			return;
	VEC_GROW(parent->children, parent->n, parent->cap);
	parent->children[parent->n++] = o;
}

static void leave_map(struct effects_catalog *c, const struct pe_object *o)
{
	struct buf key = BUF_INIT;

	key_of(&key, o->kind, o->schema, o->table, o->name);
	if (map_get(&c->objects, buf_str(&key)) == o)
		map_remove(&c->objects, buf_str(&key));
	buf_release(&key);
}

static void detach(struct effects_catalog *c, struct pe_object *o)
{
	struct pe_object *parent = parent_of(c, o);
	size_t n = 0;

	leave_map(c, o);
	for (size_t i = 0; parent && i < parent->n; i++)
		if (parent->children[i] != o)
			parent->children[n++] = parent->children[i];
	if (parent)
		parent->n = n;
}

struct pe_object *pe_make(struct effects_catalog *c, enum effect_kind kind,
			  const char *schema, const char *table,
			  const char *name)
{
	struct pe_object *old = pe_find(c, kind, schema, table, name);
	struct pe_object *o;

	if (old)
		pe_remove(c, old);
	o = new_object(c);
	o->kind = kind;
	o->schema = pe_store(c, schema);
	o->table = pe_store(c, table);
	o->name = pe_store(c, name);
	attach(c, o);
	return o;
}

void pe_remove(struct effects_catalog *c, struct pe_object *o)
{
	if (o->gone)
		return;
	detach(c, o);
	o->gone = true;
	for (size_t i = o->n; i-- > 0;) {
		struct pe_object *child = o->children[i];

		child->gone = true;
		leave_map(c, child);
	}
	o->n = 0;
}

static bool is_relation(enum effect_kind kind)
{
	return effect_space(kind) == effect_space(EFFECT_TABLE);
}

static void follow(struct pe_use *u, const struct pe_object *o,
		   const char *schema, const char *name)
{
	bool same = streq_null(u->schema, o->schema);

	if (is_relation(o->kind)) {
		if (same && is_relation(u->kind) && streq(u->name, o->name)) {
			u->schema = schema;
			u->name = name;
		} else if (same && u->table && streq(u->table, o->name)) {
			u->schema = schema;
			u->table = name;
		}
	} else if (u->kind == o->kind && same &&
		   streq_null(u->table, o->table) && streq(u->name, o->name)) {
		u->schema = schema;
		u->name = name;
	}
}

static void rename_in(const char **list, const char *from, const char *to)
{
	for (; list && *list; list++)
		if (streq(*list, from))
			*list = to;
}

static void rename_column(struct effects_catalog *c, const struct pe_object *o,
			  const char *name)
{
	const struct pe_object *table =
		pe_find(c, EFFECT_TABLE, o->schema, NULL, o->table);

	for (size_t i = 0; table && i < table->n; i++) {
		struct pe_object *k = table->children[i];

		if (k->kind == EFFECT_CONSTRAINT || k->kind == EFFECT_INDEX)
			rename_in(k->columns, o->name, name);
		rename_in(k->reads, o->name, name);
	}
}

void pe_rename_object(struct effects_catalog *c, struct pe_object *o,
		      const char *schema, const char *name)
{
	struct pe_object *there = pe_find(c, o->kind, schema, o->table, name);

	if (there && there != o) /* the server would refuse */
		pe_remove(c, there);
	schema = pe_store(c, schema);
	name = pe_store(c, name);
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; !c->all[i]->gone && k < c->all[i]->n_uses;
		     k++)
			follow(&c->all[i]->uses[k], o, schema, name);
	if (o->kind == EFFECT_COLUMN)
		rename_column(c, o, name);
	leave_map(c, o);
	if (o->kind == EFFECT_ROUTINE)
		detach(c, o);
	for (size_t i = 0; i < o->n; i++) {
		struct pe_object *child = o->children[i];

		leave_map(c, child);
		child->schema = schema;
		child->table = name;
	}
	o->schema = schema;
	o->name = name;
	attach(c, o);
	for (size_t i = 0; i < o->n; i++)
		attach(c, o->children[i]);
}

void pe_add_use(struct effects_catalog *c, struct pe_object *o,
		const struct pe_use *use)
{
	VEC_GROW(o->uses, o->n_uses, o->cap_uses);
	o->uses[o->n_uses++] = (struct pe_use){
		.kind = use->kind,
		.schema = pe_store(c, use->schema),
		.table = pe_store(c, use->table),
		.name = pe_store(c, use->name),
		.note = pe_store(c, use->note),
	};
	c->has_heirs |= o->kind == EFFECT_TABLE && use->note &&
			(streq(use->note, PE_INHERITS) ||
			 streq(use->note, PE_PARTITION));
}

struct pe_object *pe_child(const struct pe_object *o, enum effect_kind kind,
			   const char *name)
{
	for (size_t i = 0; o && i < o->n; i++)
		if (o->children[i]->kind == kind &&
		    streq(o->children[i]->name, name))
			return o->children[i];
	return NULL;
}

static bool same_routine(const char *use, const char *name)
{
	size_t n = strcspn(use, "(");

	if (use[n])
		return streq(use, name);
	return strncmp(use, name, n) == 0 && name[n] == '(';
}

const struct pe_use *pe_uses(const struct pe_object *o,
			     const struct pe_object *thing)
{
	for (size_t i = 0; i < o->n_uses; i++) {
		const struct pe_use *u = &o->uses[i];

		if (!streq_null(u->schema, thing->schema))
			continue;
		if (is_relation(u->kind) && is_relation(thing->kind)) {
			if (streq(u->name, thing->name))
				return u;
		} else if (u->kind == EFFECT_ROUTINE &&
			   thing->kind == EFFECT_ROUTINE) {
			if (same_routine(u->name, thing->name))
				return u;
		} else if (u->kind == thing->kind &&
			   streq_null(u->table, thing->table) &&
			   streq(u->name, thing->name)) {
			return u;
		}
	}
	return NULL;
}

bool pe_is(const struct pe_object *o, char letter)
{
	const char *note = o->note ? o->note : "";

	return memchr(note, letter, strcspn(note, "\n")) != NULL;
}
