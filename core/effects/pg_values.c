#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"

/* What is known of the values that rows get, and of the keys among them. */

bool pe_listed(const char **list, const char *name)
{
	for (; list && *list; list++)
		if (streq(*list, name))
			return true;
	return false;
}

static bool is_open(const struct pe_object *o)
{
	return !o || (o->note && streq(o->note, "open"));
}

const char *pe_nth_column(const struct pe_object *table, size_t nth)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->children[i]->kind == EFFECT_COLUMN && !--nth)
			return table->children[i]->name;
	return NULL;
}

/* "#2" is the second column, where the table is known. */
static void name_values(struct pe_resolve *r, struct effect *e,
			const struct pe_object *table)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_where; i++) {
		struct effect_literal l = e->where[i];

		if (l.column[0] == '#') {
			size_t nth = strtoul(l.column + 1, NULL, 10);

			if (is_open(table))
				continue;
			l.column = pe_own(r, pe_nth_column(table, nth));
			if (!l.column)
				continue;
		}
		e->where[n++] = l;
	}
	e->n_where = n;
}

bool pe_gives(const struct effect *e, const char *column)
{
	return e->all_columns || !e->columns || pe_listed(e->columns, column);
}

const struct pe_object *pe_domain_of(const struct effects_catalog *c,
				     const struct pe_object *column)
{
	for (size_t i = 0; i < column->n_uses; i++) {
		const struct pe_use *u = &column->uses[i];
		const struct pe_object *type;

		if (u->kind != EFFECT_TYPE)
			continue;
		type = pe_find(c, u->kind, u->schema, NULL, u->name);
		if (type && type->note && streq(type->note, "domain"))
			return type;
	}
	return NULL;
}

/* What it gets where nothing is given; false when that is not known. */
static bool default_of(struct pe_resolve *r, const struct pe_object *column,
		       const char **value)
{
	const char *note = column->note ? column->note : "";

	for (int i = 0; i < 3 && note; i++)
		note = strchr(note + (i > 0), '\n');
	*value = note && note[1] == '=' ? pe_own(r, note + 2) : NULL;
	if (pe_is(column, 's') || pe_is(column, 'g') || pe_is(column, 'x'))
		return false;
	if (pe_is(column, 'd'))
		return *value != NULL;
	return !pe_is(column, 'n') && !pe_domain_of(r->c, column);
}

/* A row gets the default where nothing is given, or NULL. */
static void add_defaults(struct pe_resolve *r, struct effect *e,
			 const struct pe_object *table)
{
	struct effect_literal *where;

	if (is_open(table) || table->kind != EFFECT_TABLE || e->all_columns ||
	    !e->columns)
		return;
	where = arena_array(&r->out->arena, e->n_where + table->n + 1,
			    sizeof(*where));
	for (size_t i = 0; i < e->n_where; i++)
		where[i] = e->where[i];
	for (size_t i = 0; i < table->n; i++) {
		const struct pe_object *c = table->children[i];
		const char *value;

		if (c->kind != EFFECT_COLUMN ||
		    pe_listed(e->columns, c->name) || !default_of(r, c, &value))
			continue;
		where[e->n_where].column = pe_own(r, c->name);
		where[e->n_where++].value = value;
	}
	e->where = where;
}

/* What a trigger's routine puts into NEW; false when that cannot be told. */
static bool routine_writes(const struct pe_resolve *r, const struct pe_use *u,
			   const char *column, bool *writes)
{
	const struct pe_object *family = pe_routines(r->c, u->schema, u->name);
	const struct effects *body;

	if (!family || family->n != 1)
		return false;
	body = family->children[0]->body;
	for (size_t i = 0; body && i < body->n; i++) {
		const struct effect *e = &body->items[i];

		if (e->action == EFFECT_UNCERTAIN)
			return false;
		if (e->note && streq(e->note, "new") &&
		    (streq(e->columns[0], "*") || streq(e->columns[0], column)))
			*writes = true;
	}
	return true;
}

/* A trigger that runs before may give the column another value. */
static bool is_rewritten(const struct pe_resolve *r, const struct effect *e,
			 const struct pe_object *table, const char *column)
{
	bool writes = false;

	for (size_t i = 0; table && i < table->n; i++) {
		const struct pe_object *t = table->children[i];

		if (t->kind != EFFECT_TRIGGER || !pe_is(t, 'b') ||
		    !pe_is(t, 'r') ||
		    !pe_listed(t->columns, effect_action_name(e->action)))
			continue;
		for (size_t k = 0; k < t->n_uses; k++)
			if (t->uses[k].kind == EFFECT_ROUTINE &&
			    !routine_writes(r, &t->uses[k], column, &writes))
				writes = true;
	}
	return writes;
}

static size_t keep_values(const struct pe_resolve *r, const struct effect *e,
			  const struct pe_object *table,
			  struct effect_literal *l, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_rewritten(r, e, table, l[i].column))
			l[kept++] = l[i];
	return kept;
}

static bool is_unique(const struct pe_object *k)
{
	if (k->kind == EFFECT_CONSTRAINT)
		return pe_is(k, 'p') || pe_is(k, 'u') || pe_is(k, 'x');
	return k->kind == EFFECT_INDEX && k->note && k->note[0] == 'u';
}

/* Of an expression, other than a column in one case: constants that are apart
 * may be one key. */
static bool is_computed(const struct pe_object *k)
{
	char plain[160];
	const char *fn;

	if (k->kind != EFFECT_INDEX || !is_unique(k) ||
	    !memchr(k->note, 'e', strcspn(k->note, "\n")))
		return false;
	fn = strchr(k->note, '\n');
	if (!fn || !k->digest || !k->columns || !k->columns[0] ||
	    (!streq(fn + 1, "lower") && !streq(fn + 1, "upper")))
		return true;
	snprintf(plain, sizeof(plain), "unique btree (%s(%s))", fn + 1,
		 k->columns[0]);
	return !streq(k->digest, plain);
}

/* It stands for a column that nobody gives a value. */
static const char *computed_name(struct pe_resolve *r,
				 const struct pe_object *k)
{
	return arena_printf(&r->out->arena, "expression of %s", k->name);
}

static bool is_subset(const char **part, const char **whole)
{
	for (; part && *part; part++)
		if (!pe_listed(whole, *part))
			return false;
	return true;
}

bool pe_key_within(struct pe_resolve *r, const struct effect *e,
		   const struct pe_object *table)
{
	if ((e->kind != EFFECT_INDEX && e->kind != EFFECT_CONSTRAINT) ||
	    (e->kind == EFFECT_INDEX && e->note &&
	     memchr(e->note, 'e', strcspn(e->note, "\n"))) ||
	    (e->digest && starts_with(e->digest, "primary key")))
		return false;
	for (size_t i = 0; table && e->columns && i < table->n; i++) {
		const struct pe_object *k = table->children[i];

		/* no value of a primary key is NULL */
		if (k->kind != EFFECT_CONSTRAINT || !pe_is(k, 'p') ||
		    !k->columns || !k->columns[0] ||
		    !is_subset(k->columns, e->columns))
			continue;
		pe_imply(r, e, EFFECT_USE, k->kind, k->schema, k->table,
			 k->name);
		return true;
	}
	return false;
}

/* Random keys never meet. */
static bool is_random(const struct pe_object *table, const struct effect *e,
		      const char *column)
{
	const struct pe_object *c = pe_child(table, EFFECT_COLUMN, column);

	return c && !pe_gives(e, column) && c->digest && !pe_is(c, 's') &&
	       strstr(c->digest, "uuid") && strstr(c->digest, "(");
}

static void tell_keys(struct pe_resolve *r, struct effect *e,
		      const struct pe_object *table)
{
	const char **keys;
	size_t n = 0, most = 0;

	if (is_open(table))
		return;
	for (size_t i = 0; i < table->n; i++) {
		const struct pe_object *k = table->children[i];

		most++;
		for (const char **c = k->columns; c && *c; c++)
			most++;
		if (k->kind == EFFECT_COLUMN && pe_is(k, 's') &&
		    (!pe_gives(e, k->name)))
			e->generates_key = true;
	}
	keys = arena_array(&r->out->arena, most + 1, sizeof(*keys));
	for (size_t i = 0; i < table->n; i++) {
		const struct pe_object *k = table->children[i];

		for (const char **c = k->columns; is_unique(k) && c && *c; c++)
			if (!pe_listed(keys, *c) && !is_random(table, e, *c))
				keys[n++] = pe_own(r, *c);
		if (is_computed(k))
			keys[n++] = computed_name(r, k);
	}
	e->reads = keys;
}

/* Names that the parser could only guess to be columns of this table */
static void keep_known(const char **list, const struct pe_object *table)
{
	size_t n = 0;

	if (!list || is_open(table) || table->kind != EFFECT_TABLE)
		return;
	for (size_t i = 0; list[i]; i++)
		if (pe_child(table, EFFECT_COLUMN, list[i]))
			list[n++] = list[i];
	list[n] = NULL;
}

/* The columns of k have to fit together, and one of them is written. */
static bool is_touched(const struct pe_object *k, const struct effect *e)
{
	bool touched = e->all_columns || !e->columns;

	if (!is_unique(k) && (k->kind != EFFECT_CONSTRAINT || !pe_is(k, 'c')))
		return false;
	for (const char **c = k->columns; c && *c && !touched; c++)
		touched = pe_listed(e->columns, *c);
	return touched;
}

/* An update looks at what a key or a check has besides. */
static void tell_together(struct pe_resolve *r, struct effect *e,
			  const struct pe_object *table)
{
	const char **reads;
	size_t n = 0, most = 0;

	if (is_open(table))
		return;
	for (const char **c = e->reads; c && *c; c++)
		most++;
	for (size_t i = 0; i < table->n; i++)
		for (const char **c = table->children[i]->columns; c && *c; c++)
			most++;
	reads = arena_array(&r->out->arena, most + 1, sizeof(*reads));
	for (const char **c = e->reads; c && *c; c++)
		reads[n++] = *c;
	for (size_t i = 0; i < table->n; i++) {
		const struct pe_object *k = table->children[i];

		for (const char **c = k->columns; is_touched(k, e) && c && *c;
		     c++)
			if (!pe_listed(reads, *c) &&
			    (is_unique(k) || !pe_listed(e->columns, *c)))
				reads[n++] = pe_own(r, *c);
	}
	e->reads = reads;
}

static const char **with_name(struct pe_resolve *r, const char **list,
			      const char *name)
{
	const char **out;
	size_t n = 0;

	while (list && list[n])
		n++;
	out = arena_array(&r->out->arena, n + 2, sizeof(*out));
	for (size_t i = 0; i < n; i++)
		out[i] = list[i];
	out[n] = name;
	return out;
}

/* What is computed from a written column is written. */
static void tell_computed(struct pe_resolve *r, struct effect *e,
			  const struct pe_object *table)
{
	for (size_t i = 0; !is_open(table) && i < table->n; i++) {
		const struct pe_object *k = table->children[i];

		if (e->all_columns || !e->columns || !is_computed(k) ||
		    !is_touched(k, e))
			continue;
		e->columns = with_name(r, e->columns, computed_name(r, k));
		e->reads = with_name(r, e->reads, computed_name(r, k));
	}
}

void pe_tell_values(struct pe_resolve *r, struct effect *e,
		    const struct pe_object *table)
{
	size_t n = e->n_sets;

	if (e->action == EFFECT_SELECT) {
		keep_known(e->columns, table);
	} else if (e->action != EFFECT_INSERT) {
		keep_known(e->reads, table);
		if (e->action == EFFECT_UPDATE)
			tell_together(r, e, table);
		if (e->action == EFFECT_UPDATE)
			tell_computed(r, e, table);
	} else {
		name_values(r, e, table);
		add_defaults(r, e, table);
		tell_keys(r, e, table);
		e->n_where = keep_values(r, e, table, e->where, e->n_where);
	}
	if (e->action == EFFECT_UPDATE)
		e->n_sets = keep_values(r, e, table, e->sets, n);
	e->each_literal &= e->n_sets == n;
}
