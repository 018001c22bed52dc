#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"
#include "effects/pg_walk.h"

/* What tables that inherit, and partitions, have from their parents. */

#define NAME_MAX_BYTES 63
#define OWNER "owner"
#define COPIES "copies" /* of a foreign key for a partition: the partition */

void pe_each_heir(struct pe_resolve *r, const struct pe_object *table,
		  const struct effect *e,
		  void (*fn)(struct pe_resolve *r, struct pe_object *heir,
			     const struct effect *e))
{
	size_t n = r->c->n;

	if (!table || table->kind != EFFECT_TABLE || r->depth > 8 ||
	    !r->c->has_heirs)
		return;
	r->depth++;
	for (size_t i = 0; i < n; i++) {
		struct pe_object *o = r->c->all[i];

		if (pe_heir_of(o, table))
			fn(r, o, e);
	}
	r->depth--;
}

const char *pe_heir_of(const struct pe_object *o, const struct pe_object *table)
{
	const struct pe_use *u;

	if (o->gone || o->kind != EFFECT_TABLE || o == table || !o->n_uses)
		return NULL;
	u = pe_uses(o, table);
	return u && u->note &&
			       (streq(u->note, PE_INHERITS) ||
				streq(u->note, PE_PARTITION))
		       ? u->note
		       : NULL;
}

static const char *heir_of(struct pe_resolve *r, const char *parent)
{
	return arena_printf(&r->out->arena, PE_HEIR_OF "%s", parent);
}

void pe_heir_column(struct pe_resolve *r, struct pe_object *heir,
		    const struct effect *e)
{
	struct pe_object *o;
	struct effect *n;

	if (pe_child(heir, EFFECT_COLUMN, e->name))
		return;
	n = pe_imply(r, e, EFFECT_CREATE, EFFECT_COLUMN, heir->schema,
		     heir->name, e->name);
	if (n) {
		n->strict = e->strict;
		n->digest = pe_own(r, e->digest);
		n->why = heir_of(r, e->table);
	}
	o = pe_make(r->c, EFFECT_COLUMN, heir->schema, heir->name, e->name);
	o->digest = pe_store(r->c, e->digest);
	o->note = pe_store(r->c, e->note);
	pe_each_heir(r, heir, e, pe_heir_column);
}

void pe_heir_alter(struct pe_resolve *r, struct pe_object *heir,
		   const struct effect *e)
{
	struct effect *n = pe_imply(r, e, EFFECT_ALTER, EFFECT_COLUMN,
				    heir->schema, heir->name, e->name);

	if (n) {
		n->aspect = pe_own(r, e->aspect);
		n->digest = pe_own(r, e->digest);
		n->strict = e->strict;
		n->from = pe_own(r, e->from);
		n->why = heir_of(r, e->table);
	}
	pe_each_heir(r, heir, e, pe_heir_alter);
}

/* --- names --- */

static bool is_made_up(const struct effect *e)
{
	const char *note = e->note ? e->note : "";

	if (e->kind == EFFECT_SEQUENCE)
		return streq(note, PG_NOTE_AUTO);
	return (e->kind == EFFECT_CONSTRAINT || e->kind == EFFECT_INDEX) &&
	       strlen(note) > 1 && note[1] == 'a';
}

/* What is in the way may be there because a parent has it. */
static void use_above(struct pe_resolve *r, const struct effect *e,
		      const struct pe_object *taken)
{
	for (size_t i = 0; i < taken->n_uses; i++) {
		const struct pe_use *u = &taken->uses[i];
		struct pe_object above = { .kind = u->kind,
					   .schema = u->schema,
					   .table = u->table,
					   .name = u->name };

		if (u->kind == taken->kind && u->note && streq(u->note, OWNER))
			pe_use_aspect(r, e, &above, NULL);
	}
}

/* Of the kind that e makes; what is in the way has to stay there. */
static const char *next_free(struct pe_resolve *r, const struct effect *e,
			     const char *schema, const char *table,
			     const char *wanted)
{
	const char *name = wanted;
	const struct pe_object *taken;

	for (unsigned n = 1; n < 1000; n++) {
		taken = pe_find(r->c, e->kind, schema, table, name);
		if (!taken)
			break;
		pe_use_aspect(r, e, taken, NULL);
		if (e->action == EFFECT_USE) /* a new heir's, with all others */
			use_above(r, e, taken);
		name = arena_printf(&r->arena, "%.*s%u", NAME_MAX_BYTES - 3,
				    wanted, n);
	}
	return name;
}

const char *pe_free_name(struct pe_resolve *r, const struct effect *e,
			 const char *schema, const char *table)
{
	return is_made_up(e) ? next_free(r, e, schema, table, e->name)
			     : e->name;
}

/* makeObjectName(), where nothing is that long */
static const char *made_up(struct pe_resolve *r, const char *table,
			   const char *middle, const char *label)
{
	return arena_printf(&r->arena, "%s%s%s_%s", table, *middle ? "_" : "",
			    middle, label);
}

static const char *joined(struct pe_resolve *r, const char **columns)
{
	const char *all = "";

	for (const char **c = columns; c && *c; c++)
		all = *all ? arena_printf(&r->arena, "%s_%s", all, *c) : *c;
	return all;
}

/* An index has what stands in its name in the second line of its note. */
static const char *name_below(struct pe_resolve *r,
			      const struct pe_object *part,
			      const struct pe_object *heir)
{
	const char *line = part->note ? strchr(part->note, '\n') : NULL;

	if (part->kind == EFFECT_INDEX)
		return made_up(r, heir->name,
			       line ? line + 1 : joined(r, part->columns),
			       "idx");
	if (pe_is(part, 'p'))
		return made_up(r, heir->name, "", "pkey");
	if (pe_is(part, 'u'))
		return made_up(r, heir->name, joined(r, part->columns), "key");
	return part->name;
}

/* --- constraints and indexes --- */

static void own(struct pe_resolve *r, struct pe_object *o,
		const struct pe_object *owner)
{
	pe_add_use(r->c, o,
		   &(struct pe_use){ owner->kind, owner->schema, owner->table,
				     owner->name, OWNER });
}

/* One that is as good is taken for it. */
static struct pe_object *equal_part(const struct pe_object *heir,
				    const struct pe_object *part)
{
	for (size_t i = 0; i < heir->n; i++) {
		struct pe_object *k = heir->children[i];

		if (k->kind != part->kind || !k->digest ||
		    !streq_null(k->digest, part->digest) ||
		    (part->kind == EFFECT_CONSTRAINT &&
		     (pe_is(part, 'c') || pe_is(part, 'f')) &&
		     !streq(k->name, part->name)))
			continue;
		for (size_t u = 0; u < k->n_uses; u++)
			if (k->uses[u].note && streq(k->uses[u].note, OWNER))
				return NULL; /* it is another one's */
		return k;
	}
	return NULL;
}

static struct pe_object *make_below(struct pe_resolve *r,
				    const struct pe_object *part,
				    const struct pe_object *heir,
				    const char *name)
{
	struct pe_object *o =
		pe_make(r->c, part->kind, heir->schema, heir->name, name);

	o->digest = part->digest;
	o->note = part->note;
	o->columns = pe_store_list(r->c, part->columns);
	o->reads = pe_store_list(r->c, part->reads);
	own(r, o, part);
	for (const char **c = o->columns; c && *c; c++)
		pe_add_use(r->c, o,
			   &(struct pe_use){ EFFECT_COLUMN, heir->schema,
					     heir->name, *c, NULL });
	for (size_t i = 0; i < part->n_uses; i++)
		if (part->uses[i].kind == EFFECT_TABLE && part->uses[i].note)
			pe_add_use(r->c, o, &part->uses[i]);
	return o;
}

/* The names of columns are in a copy's name. */
static void use_columns(struct pe_resolve *r, const struct effect *e,
			const struct pe_object *table, const char **columns)
{
	for (const char **c = columns; c && *c; c++) {
		struct pe_object column = { .kind = EFFECT_COLUMN,
					    .schema = table->schema,
					    .table = table->name,
					    .name = *c };

		pe_use_aspect(r, e, &column, "name");
	}
}

struct below {
	struct pe_resolve *r;
	const struct effect *e;
	const struct pe_object *parent;
	bool quiet; /**< the heir is new */
};

static void hand_down(const struct below *b, struct pe_object *part,
		      struct pe_object *heir, const char *how)
{
	bool check = part->kind == EFFECT_CONSTRAINT && pe_is(part, 'c');
	struct pe_object *o = equal_part(heir, part);
	struct effect down = *b->e;
	const char *name;
	struct effect *n;

	if (pe_is(part, 'N') || pe_is(part, 'O') || pe_is(part, 'k') ||
	    (part->note && streq(part->note, "key")) ||
	    (!check && !streq(how, PE_PARTITION)))
		return;
	if (o) {
		own(b->r, o, part);
		pe_use_aspect(b->r, b->e, o, NULL);
		return;
	}
	down.kind = part->kind;
	name = name_below(b->r, part, heir);
	if (!streq(name, part->name))
		name = next_free(b->r, &down, heir->schema,
				 part->kind == EFFECT_INDEX ? NULL : heir->name,
				 name);
	if (!b->quiet && b->e->action == EFFECT_CREATE) {
		down.why = arena_printf(&b->r->arena, PE_HEIR_OF "%s",
					b->parent->name);
		down.aspect = streq(name, part->name) ? NULL : "numbered";
		n = pe_emit(b->r, &down, heir->schema, heir->name, name);
		n->implied = true;
	}
	o = make_below(b->r, part, heir, name);
	if (o->kind == EFFECT_CONSTRAINT)
		pe_key_index(b->r, &down, o);
	pe_hand_down(b->r, b->e, o, heir);
}

void pe_hand_down(struct pe_resolve *r, const struct effect *e,
		  struct pe_object *part, const struct pe_object *table)
{
	struct below b = { r, e, table, false };
	size_t n = r->c->n;

	if (!table || table->kind != EFFECT_TABLE || !r->c->has_heirs ||
	    r->depth > 8)
		return;
	r->depth++;
	for (size_t i = 0; i < n; i++) {
		const char *how = pe_heir_of(r->c->all[i], table);

		if (how)
			hand_down(&b, part, r->c->all[i], how);
	}
	r->depth--;
}

/* --- copies of foreign keys --- */

static bool refers(const struct pe_object *key, const struct pe_object *table)
{
	for (size_t i = 0; i < key->n_uses; i++)
		if (key->uses[i].note && streq(key->uses[i].note, "references"))
			return streq(key->uses[i].name, table->name) &&
			       streq_null(key->uses[i].schema, table->schema);
	return false;
}

static bool is_handed_down(const struct pe_object *key)
{
	for (size_t i = 0; i < key->n_uses; i++)
		if (key->uses[i].kind == EFFECT_CONSTRAINT &&
		    key->uses[i].note && streq(key->uses[i].note, OWNER))
			return true;
	return false;
}

static void copy_for(struct pe_resolve *r, const struct effect *e,
		     struct pe_object *key, struct pe_object *partition,
		     bool quiet)
{
	struct effect made = { .action = EFFECT_CREATE,
			       .kind = EFFECT_CONSTRAINT,
			       .aspect = "copy",
			       .implied = true,
			       .columns = key->columns,
			       .conditional = e->conditional,
			       .line = e->line,
			       .col = e->col };
	struct pe_object table = { .schema = key->schema, .name = key->table };
	struct pe_object *o;
	const char *name = next_free(
		r, &made, key->schema, key->table,
		made_up(r, key->table, joined(r, key->columns), "fkey"));

	if (!quiet) {
		made.digest = arena_printf(&r->arena, "%s for %s",
					   key->digest ? key->digest : "",
					   partition->name);
		pe_emit(r, &made, key->schema, key->table, name);
		use_columns(r, e, &table, key->columns);
	}
	o = pe_make(r->c, EFFECT_CONSTRAINT, key->schema, key->table, name);
	o->note = "k";
	own(r, o, key);
	pe_add_use(r->c, o,
		   &(struct pe_use){ EFFECT_TABLE, partition->schema, NULL,
				     partition->name, COPIES });
	pe_copy_key(r, e, key, partition, quiet);
}

void pe_copy_key(struct pe_resolve *r, const struct effect *e,
		 struct pe_object *key, const struct pe_object *parent,
		 bool quiet)
{
	size_t n = r->c->n;

	if (!parent || !r->c->has_heirs || r->depth > 8 || is_handed_down(key))
		return;
	r->depth++;
	for (size_t i = 0; i < n; i++) {
		const char *how = pe_heir_of(r->c->all[i], parent);

		if (how && streq(how, PE_PARTITION)) {
			pe_use_aspect(r, e, parent, "partitions");
			copy_for(r, e, key, r->c->all[i], quiet);
		}
	}
	r->depth--;
}

/* --- a table comes to a parent, or leaves it --- */

void pe_new_heir(struct pe_resolve *r, const struct effect *e,
		 struct pe_object *heir, const struct pe_object *parent,
		 bool quiet)
{
	const char *how = parent ? pe_heir_of(heir, parent) : NULL;
	struct below b = { r, e, parent, quiet };
	size_t n = parent ? parent->n : 0, n_all = r->c->n;

	for (size_t i = 0; how && i < n; i++)
		if (parent->children[i]->kind == EFFECT_CONSTRAINT ||
		    parent->children[i]->kind == EFFECT_INDEX)
			hand_down(&b, parent->children[i], heir, how);
	if (!how || !streq(how, PE_PARTITION))
		return;
	for (size_t i = 0; i < n_all; i++) {
		struct pe_object *key = r->c->all[i];

		if (!key->gone && key->kind == EFFECT_CONSTRAINT &&
		    pe_is(key, 'f') && refers(key, parent) &&
		    !is_handed_down(key))
			copy_for(r, e, key, heir, false);
	}
}

static void forget(struct pe_object *o, const struct pe_object *parent,
		   bool parts)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_uses; i++) {
		const struct pe_use *u = &o->uses[i];
		const char *of = parts ? u->table : u->name;

		if (!u->note || !of || !streq(of, parent->name) ||
		    !streq_null(u->schema, parent->schema) ||
		    (parts && !streq(u->note, OWNER)))
			o->uses[n++] = *u;
	}
	o->n_uses = n;
}

static bool copies(const struct pe_object *o, const struct pe_object *table)
{
	const struct pe_use *u =
		o->gone || o->kind != EFFECT_CONSTRAINT || !pe_is(o, 'k')
			? NULL
			: pe_uses(o, table);

	return u && u->note && streq(u->note, COPIES);
}

void pe_leave_parent(struct pe_resolve *r, const struct effect *e,
		     struct pe_object *heir, const struct pe_object *parent)
{
	forget(heir, parent, false);
	for (size_t i = 0; i < heir->n; i++)
		forget(heir->children[i], parent, true);
	for (size_t i = 0; i < r->c->n; i++) {
		struct pe_object *o = r->c->all[i];

		if (!copies(o, heir))
			continue;
		pe_imply(r, e, EFFECT_DROP, EFFECT_CONSTRAINT, o->schema,
			 o->table, o->name);
		pe_remove(r->c, o);
	}
}
