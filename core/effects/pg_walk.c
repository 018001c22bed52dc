#include "effects/pg_walk.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"

void pe_names_add(struct pe_walk *w, struct pe_names *names, const char *s)
{
	if (!s || pe_names_has(names, s))
		return;
	if (names->n == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 8;
		const char **more = arena_array(w->arena, cap, sizeof(*more));

		if (names->n)
			memcpy(more, names->items, names->n * sizeof(*more));
		names->items = more;
		names->cap = cap;
	}
	names->items[names->n++] = s;
}

bool pe_names_has(const struct pe_names *names, const char *s)
{
	for (size_t i = 0; names && i < names->n; i++)
		if (streq(names->items[i], s))
			return true;
	return false;
}

const char **pe_names_list(struct pe_walk *w, const struct pe_names *names)
{
	const char **list =
		arena_array(&w->out->arena, names->n + 1, sizeof(*list));

	for (size_t i = 0; i < names->n; i++)
		list[i] = arena_strdup(&w->out->arena, names->items[i]);
	return list;
}

/* Line and column of a location in the text that is parsed now. */
static void set_place(const struct pe_walk *w, struct effect *e, int location)
{
	unsigned line, col;

	e->line = w->line;
	e->col = w->col;
	if (!w->text || location <= 0 || (size_t)location > strlen(w->text))
		return;
	text_position(w->text, (size_t)location, &line, &col);
	e->line = w->line + line - 1;
	e->col = line > 1 || !w->col ? col : w->col + col - 1;
	if (!w->col)
		e->col = 0;
}

/* a thing has four words */
/* NOLINTNEXTLINE(readability-function-size) */
struct effect *pe_add(struct pe_walk *w, enum effect_action action,
		      enum effect_kind kind, const char *schema,
		      const char *table, const char *name, int location)
{
	struct effect *e =
		effects_add(w->out, action, kind, pe_word(schema), table, name);

	set_place(w, e, location);
	e->statement = w->statement;
	e->conditional = w->conditional;
	if (w->owner)
		e->of = w->out->n - w->owner;
	return e;
}

const char *pe_keep(struct pe_walk *w, const char *s)
{
	return s ? arena_strdup(&w->out->arena, s) : NULL;
}

const char *pe_printf(struct pe_walk *w, const char *fmt, ...)
{
	struct buf out = BUF_INIT;
	const char *kept;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&out, fmt, ap);
	va_end(ap);
	kept = arena_strdup(&w->out->arena, buf_str(&out));
	buf_release(&out);
	return kept;
}

struct effect *pe_uncertain(struct pe_walk *w, const char *why, int location)
{
	struct effect *e = pe_add(w, EFFECT_UNCERTAIN, EFFECT_OTHER, NULL, NULL,
				  NULL, location);

	if (w->where_from)
		e->why = pe_printf(w, "%s in %s", why, w->where_from);
	else
		e->why = pe_keep(w, why);
	return e;
}

const char *pe_word(const char *s)
{
	return s && *s ? s : NULL;
}

const char *pe_string(const PgQuery__Node *node)
{
	return node && node->node_case == PG_QUERY__NODE__NODE_STRING
		       ? node->string->sval
		       : NULL;
}

struct pe_name pe_name_of(PgQuery__Node *const *parts, size_t n)
{
	struct pe_name name = { NULL, NULL };

	if (n)
		name.name = pe_string(parts[n - 1]);
	if (n > 1)
		name.schema = pe_string(parts[n - 2]);
	if (!name.name)
		name.name = "";
	return name;
}

struct pe_name pe_name_of_node(const PgQuery__Node *node)
{
	struct pe_name name = { NULL, "" };

	if (!node)
		return name;
	switch ((int)node->node_case) {
	case PG_QUERY__NODE__NODE_LIST:
		return pe_name_of(node->list->items, node->list->n_items);
	case PG_QUERY__NODE__NODE_TYPE_NAME:
		return pe_name_of(node->type_name->names,
				  node->type_name->n_names);
	case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
		return pe_name_of(node->object_with_args->objname,
				  node->object_with_args->n_objname);
	case PG_QUERY__NODE__NODE_STRING:
		name.name = node->string->sval;
		break;
	default:
		break;
	}
	return name;
}

/* All members of the node's union are pointers to messages. */
const ProtobufCMessage *pe_message(const PgQuery__Node *node)
{
	if (!node || node->node_case == PG_QUERY__NODE__NODE__NOT_SET)
		return NULL;
	return (const ProtobufCMessage *)(const void *)node->alias;
}

void pe_use_relation(struct pe_walk *w, const PgQuery__RangeVar *r)
{
	pe_add(w, EFFECT_USE, EFFECT_TABLE, r->schemaname, NULL, r->relname,
	       r->location);
}

void pe_use_column(struct pe_walk *w, const char *schema, const char *table,
		   const char *column, int location)
{
	struct effect *e = pe_add(w, EFFECT_USE, EFFECT_COLUMN, schema, table,
				  column, location);

	e->aspect = "type";
}

void pe_use_type(struct pe_walk *w, const PgQuery__TypeName *t)
{
	struct pe_name name;

	if (!t)
		return;
	name = pe_name_of(t->names, t->n_names);
	if (t->pct_type && t->n_names > 1) { /* table.column%TYPE */
		struct pe_name table = pe_name_of(t->names, t->n_names - 1);

		pe_use_column(w, table.schema, table.name, name.name,
			      t->location);
		return;
	}
	if (!*name.name || (name.schema && streq(name.schema, "pg_catalog")))
		return;
	pe_add(w, EFFECT_USE, EFFECT_TYPE, name.schema, NULL, name.name,
	       t->location);
}
