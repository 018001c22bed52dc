#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

/* A name in an expression, and what it may be a column of. */

static bool is_system_column(const char *name)
{
	static const char *const names[] = { "ctid", "xmin", "xmax",
					     "cmin", "cmax", "tableoid" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (streq(name, names[i]))
			return true;
	return false;
}

static void use_of(struct pe_walk *w, struct pe_source *s, const char *column,
		   int location)
{
	if (s->derived || is_system_column(column))
		return;
	pe_names_add(w, &s->read, column);
	pe_use_column(w, s->schema, s->table, column, location);
}

static void use_whole(struct pe_walk *w, struct pe_source *s, int location)
{
	if (s->derived)
		return;
	s->whole = true;
	pe_add(w, EFFECT_USE, EFFECT_TABLE, s->schema, NULL, s->table, location)
		->aspect = "columns";
}

static struct pe_source *find_alias(const struct pe_walk *w, const char *schema,
				    const char *alias)
{
	for (const struct pe_scope *scope = w->scope; scope; scope = scope->up)
		for (size_t i = 0; i < scope->n; i++) {
			struct pe_source *s = scope->items[i];

			if (!s->alias || !streq(s->alias, alias))
				continue;
			if (!schema || !s->schema || streq(s->schema, schema))
				return s;
		}
	return NULL;
}

static void among(struct pe_walk *w, const struct buf *note, const char *column,
		  int location)
{
	struct effect *e = pe_add(w, EFFECT_USE, EFFECT_COLUMN, NULL, NULL,
				  column, location);

	e->aspect = "type";
	e->note = arena_strdup(&w->out->arena, buf_str(note));
}

/* Sources of one query that may have it, innermost query first; a derived
 * one that gives this name ends the search. */
static void bare_name(struct pe_walk *w, const char *column, int location)
{
	struct buf note = BUF_INIT;
	size_t n = 0, level = 0;

	buf_addstr(&note, PG_NOTE_AMONG);
	for (const struct pe_scope *scope = w->scope; scope;
	     scope = scope->up, level++)
		for (size_t i = 0; i < scope->n; i++) {
			struct pe_source *s = scope->items[i];

			if (s->derived && pe_names_has(&s->columns, column))
				goto found;
			/* a system catalog, or what cannot be told */
			if (s->derived)
				continue;
			pe_names_add(w, &s->read, column);
			n++;
			buf_addf(&note, "%zu\x1f%s\x1f%s\n", level,
				 s->schema ? s->schema : "", s->table);
		}
found:
	if (n && !is_system_column(column))
		among(w, &note, column, location);
	buf_release(&note);
}

static void one_part(struct pe_walk *w, const char *name, int location)
{
	struct pe_source *s = find_alias(w, NULL, name);

	if (pe_names_has(w->variables, name))
		return;
	if (s && !s->derived) /* the whole row */
		use_whole(w, s, location);
	else if (!s)
		bare_name(w, name, location);
}

static bool is_fired_row(const struct pe_walk *w, const char *name)
{
	return w->fires && (streq(name, "new") || streq(name, "old"));
}

static void dotted(struct pe_walk *w, const char *schema, const char *table,
		   const char *column, int location)
{
	struct pe_source *s = find_alias(w, schema, table);
	struct effect *e;

	if (s) {
		use_of(w, s, column, location);
	} else if (!schema && is_fired_row(w, table)) {
		e = pe_add(w, EFFECT_USE, EFFECT_COLUMN, NULL, NULL, column,
			   location);
		e->note = PG_NOTE_ROW;
		e->aspect = "type";
	}
	/* else a record of PL/pgSQL, or what the server refuses */
}

static void star(struct pe_walk *w, const PgQuery__ColumnRef *c)
{
	struct pe_source *s;

	if (c->n_fields > 1) {
		s = find_alias(w, NULL, pe_string(c->fields[c->n_fields - 2]));
		if (s)
			use_whole(w, s, c->location);
		return;
	}
	for (size_t i = 0; w->scope && i < w->scope->n; i++)
		use_whole(w, w->scope->items[i], c->location);
}

void pe_column_ref(struct pe_walk *w, const PgQuery__ColumnRef *c)
{
	const char *parts[4] = { NULL, NULL, NULL, NULL };
	size_t n = c->n_fields;

	if (!n || n > ARRAY_LEN(parts))
		return;
	if (c->fields[n - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR) {
		star(w, c);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		parts[i] = pe_string(c->fields[i]);
		if (!parts[i])
			return;
	}
	if (n == 1)
		one_part(w, parts[0], c->location);
	else
		dotted(w, n > 2 ? parts[n - 3] : NULL, parts[n - 2],
		       parts[n - 1], c->location);
}

/* col or alias.col of this source */
static const char *column_of(const PgQuery__Node *n,
			     const struct pe_source *source, bool only)
{
	const PgQuery__ColumnRef *c;

	/* no cast: x::date = '2020-01-01' is true of other values of x */
	if (!n || n->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
		return NULL;
	c = n->column_ref;
	if (c->n_fields == 1)
		return only ? pe_string(c->fields[0]) : NULL;
	if (!pe_string(c->fields[c->n_fields - 2]) ||
	    !streq(pe_string(c->fields[c->n_fields - 2]), source->alias))
		return NULL;
	return pe_string(c->fields[c->n_fields - 1]);
}

struct finder {
	struct pe_walk *w;
	const struct pe_source *source;
	bool only;
	struct effect_literal *items;
	size_t n, cap;
};

static void found(struct finder *f, const char *column, const char *value)
{
	if (pe_names_has(f->w->variables, column))
		return;
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 4;
		struct effect_literal *more =
			arena_array(&f->w->out->arena, cap, sizeof(*more));

		if (f->n)
			memcpy(more, f->items, f->n * sizeof(*more));
		f->items = more;
		f->cap = cap;
	}
	f->items[f->n].column = pe_keep(f->w, column);
	f->items[f->n++].value = pe_keep(f->w, value);
}

static void equality(struct finder *f, const PgQuery__AExpr *e)
{
	const char *column = column_of(e->lexpr, f->source, f->only);
	const PgQuery__Node *other = e->rexpr;
	const char *value;

	if (e->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || e->n_name != 1 ||
	    !pe_string(e->name[0]) || !streq(pe_string(e->name[0]), "="))
		return;
	if (!column) {
		column = column_of(e->rexpr, f->source, f->only);
		other = e->lexpr;
	}
	if (column && pe_literal(f->w, other, &value) && value)
		found(f, column, value);
}

static void conjunction(struct finder *f, const PgQuery__Node *n)
{
	const char *column;

	if (!n)
		return;
	switch ((int)n->node_case) {
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		if (n->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
			return;
		for (size_t i = 0; i < n->bool_expr->n_args; i++)
			conjunction(f, n->bool_expr->args[i]);
		break;
	case PG_QUERY__NODE__NODE_A_EXPR:
		equality(f, n->a_expr);
		break;
	case PG_QUERY__NODE__NODE_NULL_TEST:
		column = column_of(n->null_test->arg, f->source, f->only);
		if (column && n->null_test->nulltesttype ==
				      PG_QUERY__NULL_TEST_TYPE__IS_NULL)
			found(f, column, NULL);
		break;
	default:
		break;
	}
}

void pe_conditions(struct pe_walk *w, const PgQuery__Node *where,
		   const struct pe_source *source, bool only,
		   struct effect_literal **out, size_t *n)
{
	struct finder f = { .w = w, .source = source, .only = only };

	conjunction(&f, where);
	*out = f.items;
	*n = f.n;
}
