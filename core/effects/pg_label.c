#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_resolve.h"
#include "effects/pg_walk.h"

/* USE of a label: of which enum it is one, if of any. */

bool pe_next_candidate(char **at, struct pe_candidate *k)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return false;
	*end = '\0';
	*at = end + 1;
	k->level = line;
	k->schema = strchr(line, '\x1f');
	if (!k->schema)
		return false;
	*k->schema++ = '\0';
	k->table = strchr(k->schema, '\x1f');
	if (!k->table)
		return false;
	*k->table++ = '\0';
	return true;
}

/* That of a column; or what a domain is made of */
static const struct pe_object *type_of(const struct pe_resolve *r,
				       const struct pe_object *column)
{
	const struct pe_use *type = NULL;
	const struct pe_object *o;

	for (size_t k = 0; column && k < column->n_uses; k++)
		if (column->uses[k].kind == EFFECT_TYPE)
			type = &column->uses[k];
	o = type ? pe_find(r->c, EFFECT_TYPE, type->schema, NULL, type->name)
		 : NULL;
	return o && o != column && o->note && streq(o->note, "domain")
		       ? type_of(r, o)
		       : o;
}

/* The column's type; a view's is that of a column that it is made of. */
static const struct pe_object *type_in(const struct pe_resolve *r,
				       const struct pe_object *table,
				       const char *name)
{
	const struct pe_object *type;

	if (table && name[0] == '#')
		name = pe_nth_column(table, strtoul(name + 1, NULL, 10));
	if (!name)
		return NULL;
	type = type_of(r, pe_child(table, EFFECT_COLUMN, name));
	for (size_t i = 0;
	     table && !type && table->kind == EFFECT_VIEW && i < table->n_uses;
	     i++) {
		const struct pe_use *u = &table->uses[i];

		if (u->kind == EFFECT_COLUMN && streq(u->name, name))
			type = type_of(r, pe_find(r->c, EFFECT_COLUMN,
						  u->schema, u->table, name));
	}
	return type;
}

/* The innermost table that has the column, as for the column itself */
static const struct pe_object *type_among(struct pe_resolve *r,
					  const struct effect *e)
{
	char *list = xstrdup(e->note + strlen(PG_NOTE_AMONG)), *at = list;
	const struct pe_object *table = NULL;
	struct pe_candidate k;

	while (!table && pe_next_candidate(&at, &k)) {
		table = pe_lookup(r, EFFECT_TABLE, *k.schema ? k.schema : NULL,
				  k.table)
				.object;
		if (table && !pe_child(table, EFFECT_COLUMN, e->from))
			table = NULL;
	}
	free(list);
	return type_in(r, table, e->from);
}

/* Of the row that fires a trigger or rule, or that it is made for */
static const struct pe_object *type_in_row(struct pe_resolve *r,
					   const struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	const struct effect *owner = e->of ? e - e->of : NULL;

	if (r->fired_on)
		return type_in(r, r->fired_on, e->from);
	if (!owner || !owner->table)
		return NULL;
	return type_in(
		r,
		pe_lookup(r, EFFECT_TABLE, owner->schema, owner->table).object,
		e->from);
}

static bool is_enum(const struct pe_object *type)
{
	return type && type->kind == EFFECT_TYPE && type->note &&
	       streq(type->note, "enum");
}

void pe_use_label(struct pe_resolve *r, const struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	const char *note = e->note ? e->note : "";
	const struct pe_object *type;
	struct pe_place p;
	struct effect *n;

	if (starts_with(note, PG_NOTE_AMONG)) {
		type = type_among(r, e);
	} else if (streq(note, PG_NOTE_ROW)) {
		type = type_in_row(r, set, i);
	} else {
		p = pe_lookup(r, EFFECT_TYPE, e->schema, e->table);
		if (streq(note, "sure")) {
			pe_emit(r, e, p.schema, e->table, e->name);
			return;
		}
		/* of that column of the table */
		type = e->from ? type_in(r, p.object, e->from) : p.object;
	}
	if (type && type->note && streq(type->note, "domain"))
		type = type_of(r, type);
	if (!is_enum(type))
		return;
	n = pe_emit(r, e, type->schema, type->name, e->name);
	if (n)
		n->from = NULL;
}

static void use_values(struct pe_resolve *r, const struct effect *rows,
		       const struct pe_object *table,
		       const struct effect_literal *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct pe_object *type = type_in(r, table, l[i].column);
		struct effect *e;

		if (!l[i].value || !is_enum(type))
			continue;
		e = pe_imply(r, rows, EFFECT_USE, EFFECT_LABEL, type->schema,
			     type->name, l[i].value);
		if (e)
			e->conditional |= r->late;
	}
}

void pe_use_row_labels(struct pe_resolve *r, const struct effect *rows,
		       const struct pe_object *table)
{
	if (!table || rows->action == EFFECT_SELECT)
		return;
	use_values(r, rows, table, rows->where, rows->n_where);
	use_values(r, rows, table, rows->sets, rows->n_sets);
}
