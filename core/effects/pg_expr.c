#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

#define DEPTH_MAX 4000

/* Expressions: columns, routines, sequences and types that they name. */

/* "s", 's."T"' as regclass reads it. */
static struct pe_name name_of_text(struct pe_walk *w, const char *text)
{
	struct pe_name name = { NULL, "" };
	struct buf part = BUF_INIT;
	bool quoted = false;

	for (;; text++) {
		if (*text == '"') {
			quoted = !quoted;
		} else if (!*text || (*text == '.' && !quoted)) {
			name.schema = *name.name ? name.name : NULL;
			name.name = arena_strdup(w->arena, buf_str(&part));
			buf_reset(&part);
			if (!*text)
				break;
		} else if (!quoted && *text >= 'A' && *text <= 'Z') {
			buf_addch(&part, (char)(*text - 'A' + 'a'));
		} else {
			buf_addch(&part, *text);
		}
	}
	buf_release(&part);
	return name;
}

static void use_text(struct pe_walk *w, enum effect_kind kind, const char *text,
		     int location)
{
	struct pe_name name = name_of_text(w, text);

	if (*name.name)
		pe_add(w, EFFECT_USE, kind, name.schema, NULL, name.name,
		       location);
}

static const char *text_argument(const PgQuery__FuncCall *f, size_t i,
				 struct pe_walk *w)
{
	const char *value = NULL;

	return i < f->n_args && pe_literal(w, f->args[i], &value) ? value
								  : NULL;
}

/* nextval() and setval() move a sequence, where they run. */
static void sequence_call(struct pe_walk *w, const PgQuery__FuncCall *f,
			  const char *name)
{
	const char *text = text_argument(f, 0, w);
	struct pe_name seq;
	struct effect *e;

	if (!text)
		return;
	seq = name_of_text(w, text);
	pe_add(w, EFFECT_USE, EFFECT_SEQUENCE, seq.schema, NULL, seq.name,
	       f->location);
	if (w->defines || streq(name, "currval"))
		return;
	e = pe_add(w, EFFECT_ALTER, EFFECT_SEQUENCE, seq.schema, NULL, seq.name,
		   f->location);
	e->aspect = "value";
	if (streq(name, "setval"))
		e->digest = pe_keep(w, text_argument(f, 1, w));
}

/* The sequence of a serial column has the name that the server gives. */
static void serial_call(struct pe_walk *w, const PgQuery__FuncCall *f)
{
	const char *table = text_argument(f, 0, w);
	const char *column = text_argument(f, 1, w);
	struct pe_name t;
	struct effect *e;

	if (!table || !column)
		return;
	t = name_of_text(w, table);
	pe_use_column(w, t.schema, t.name, column, f->location);
	if (w->defines)
		return;
	e = pe_add(w, EFFECT_ALTER, EFFECT_SEQUENCE, t.schema, NULL,
		   pe_printf(w, "%s_%s_seq", t.name, column), f->location);
	e->aspect = "value";
}

static void config_call(struct pe_walk *w, const PgQuery__FuncCall *f)
{
	const char *name = text_argument(f, 0, w);
	struct effect *e;

	if (!name) {
		pe_uncertain(w, "set_config() of a name that is computed",
			     f->location);
		return;
	}
	e = pe_add(w, EFFECT_ALTER, EFFECT_SETTING, NULL, NULL, name,
		   f->location);
	e->digest = pe_keep(w, text_argument(f, 1, w));
}

static bool special_call(struct pe_walk *w, const PgQuery__FuncCall *f,
			 const char *name)
{
	if (streq(name, "nextval") || streq(name, "setval") ||
	    streq(name, "currval"))
		sequence_call(w, f, name);
	else if (streq(name, "pg_get_serial_sequence"))
		serial_call(w, f);
	else if (streq(name, "set_config"))
		config_call(w, f);
	else if (streq(name, "query_to_xml") ||
		 streq(name, "query_to_xmlschema"))
		pe_uncertain(w, "a query in a text", f->location);
	else
		return false;
	return true;
}

/* Constants among the arguments, for what the routine makes of them. */
static void tell_arguments(struct pe_walk *w, struct effect *e,
			   const PgQuery__FuncCall *f)
{
	e->sets = arena_array(&w->out->arena, f->n_args + 1, sizeof(*e->sets));
	for (size_t i = 0; i < f->n_args; i++) {
		const char *value;

		if (!pe_literal(w, f->args[i], &value) || !value)
			continue;
		e->sets[e->n_sets].column = pe_printf(w, "%zu", i);
		e->sets[e->n_sets++].value = value;
	}
}

static void func_call(struct pe_walk *w, const PgQuery__FuncCall *f)
{
	struct pe_name name = pe_name_of(f->funcname, f->n_funcname);
	bool system = name.schema ? streq(name.schema, "pg_catalog")
				  : pe_is_builtin(name.name);
	struct effect *e;

	if (!system || !pe_is_harmless(name.name))
		w->foreign++;
	if (!special_call(w, f, name.name) && !system) {
		e = pe_add(w, EFFECT_USE, EFFECT_ROUTINE, name.schema, NULL,
			   name.name, f->location);
		e->aspect = "signature";
		e->note = PG_NOTE_CALL;
		tell_arguments(w, e, f);
		e->from = pe_printf(w, "%zu", f->n_args);
	}
	pe_exprs(w, f->args, f->n_args);
	pe_exprs(w, f->agg_order, f->n_agg_order);
	pe_expr(w, f->agg_filter);
	if (f->over)
		pe_visit(w, &f->over->base);
}

/* 't'::regclass names a thing; another type is used. */
static void type_cast(struct pe_walk *w, const PgQuery__TypeCast *c)
{
	static const struct {
		const char *type;
		enum effect_kind kind;
	} names[] = {
		{ "regclass", EFFECT_TABLE },
		{ "regtype", EFFECT_TYPE },
	};
	struct pe_name type = { NULL, "" };
	const char *value = NULL;
	size_t before = w->out->n;

	if (c->type_name)
		type = pe_name_of(c->type_name->names, c->type_name->n_names);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (streq(type.name, names[i].type) &&
		    pe_literal(w, c->arg, &value) && value) {
			use_text(w, names[i].kind, value, c->location);
			return;
		}
	pe_use_type(w, c->type_name);
	/* a label of an enum, where the type is one */
	if (w->out->n > before && c->type_name &&
	    w->out->items[before].kind == EFFECT_TYPE &&
	    !pe_literal(w, c->arg, &value))
		w->out->items[before].aspect = "labels";
	else if (w->out->n > before && c->type_name &&
		 !c->type_name->n_array_bounds && value)
		pe_add(w, EFFECT_USE, EFFECT_LABEL, type.schema, type.name,
		       value, c->location)
			->conditional = true;
	pe_expr(w, c->arg);
}

/* A constant that is compared with a column may be a label of its type. */
static void use_compared(struct pe_walk *w, size_t column,
			 const PgQuery__Node *n)
{
	const struct effect *of = &w->out->items[column];
	const char *value;
	struct effect *e;

	if (n->node_case == PG_QUERY__NODE__NODE_LIST ||
	    n->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR) {
		bool list = n->node_case == PG_QUERY__NODE__NODE_LIST;
		PgQuery__Node *const *items =
			list ? n->list->items : n->a_array_expr->elements;
		size_t n_items =
			list ? n->list->n_items : n->a_array_expr->n_elements;

		for (size_t i = 0; i < n_items; i++)
			use_compared(w, column, items[i]);
		return;
	}
	if (n->node_case != PG_QUERY__NODE__NODE_A_CONST ||
	    !pe_literal(w, n, &value) || !value)
		return;
	e = pe_add(w, EFFECT_USE, EFFECT_LABEL, of->schema, of->table, value,
		   -1);
	of = &w->out->items[column]; /* it may have moved */
	e->line = of->line;
	e->col = of->col;
	e->from = of->name;
	e->note = of->note && (starts_with(of->note, PG_NOTE_AMONG) ||
			       streq(of->note, PG_NOTE_ROW))
			  ? of->note
			  : PG_NOTE_COMPARED;
	e->conditional = true;
}

/* Each column among these with each constant. */
static void compare(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = w->out->n;

		if (!items[i])
			continue;
		pe_expr(w, items[i]);
		if (items[i]->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
		    w->out->n == at || w->out->items[at].kind != EFFECT_COLUMN)
			continue;
		for (size_t k = 0; k < n; k++)
			if (k != i && items[k])
				use_compared(w, at, items[k]);
	}
}

static void comparison(struct pe_walk *w, const PgQuery__AExpr *x)
{
	PgQuery__Node *const both[] = { x->lexpr, x->rexpr };

	compare(w, both, ARRAY_LEN(both));
}

/* CASE c WHEN 'x' */
static void case_expr(struct pe_walk *w, const PgQuery__CaseExpr *c)
{
	PgQuery__Node **all = xcalloc(c->n_args + 1, sizeof(PgQuery__Node *));
	size_t n = 0;

	if (c->arg) {
		all[n++] = c->arg;
		for (size_t i = 0; i < c->n_args; i++)
			all[n++] = c->args[i]->case_when->expr;
		compare(w, all, n);
	}
	free(all);
	for (size_t i = 0; i < c->n_args; i++) {
		if (!c->arg)
			pe_expr(w, c->args[i]->case_when->expr);
		pe_expr(w, c->args[i]->case_when->result);
	}
	pe_expr(w, c->defresult);
}

static void coalesce(struct pe_walk *w, const PgQuery__CoalesceExpr *c)
{
	compare(w, c->args, c->n_args);
}

static void sub_select(struct pe_walk *w, const PgQuery__SelectStmt *s)
{
	pe_select(w, s, NULL, NULL);
}

/* Nodes that mean something by themselves; of all others, their parts do. */
static bool visit_known(struct pe_walk *w, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const void *p = m;

	if (d == &pg_query__node__descriptor)
		pe_expr(w, p);
	else if (d == &pg_query__column_ref__descriptor)
		pe_column_ref(w, p);
	else if (d == &pg_query__func_call__descriptor)
		func_call(w, p);
	else if (d == &pg_query__type_cast__descriptor)
		type_cast(w, p);
	else if (d == &pg_query__type_name__descriptor)
		pe_use_type(w, p);
	else if (d == &pg_query__a__expr__descriptor)
		comparison(w, p);
	else if (d == &pg_query__case_expr__descriptor)
		case_expr(w, p);
	else if (d == &pg_query__coalesce_expr__descriptor)
		coalesce(w, p);
	else if (d == &pg_query__select_stmt__descriptor)
		sub_select(w, p);
	else if (d == &pg_query__range_var__descriptor)
		pe_use_relation(w, p);
	else
		return false;
	return true;
}

static void visit_parts(struct pe_walk *w, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const char *base = (const char *)m;

	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		const void *at = base + f->offset;
		size_t n = 1;

		if (f->type != PROTOBUF_C_TYPE_MESSAGE ||
		    (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			n = *(const size_t *)(const void
						      *)(base +
							 f->quantifier_offset);
			at = *(const void *const *)at;
		}
		for (size_t k = 0; k < n; k++) {
			const ProtobufCMessage *part =
				((const ProtobufCMessage *const *)at)[k];

			if (part)
				pe_visit(w, part);
		}
	}
}

void pe_visit(struct pe_walk *w, const ProtobufCMessage *m)
{
	if (w->depth >= DEPTH_MAX) {
		pe_uncertain(w, "nested too deep", -1);
		return;
	}
	w->depth++;
	if (!visit_known(w, m))
		visit_parts(w, m);
	w->depth--;
}

void pe_expr(struct pe_walk *w, const PgQuery__Node *n)
{
	const ProtobufCMessage *m = pe_message(n);

	if (m)
		pe_visit(w, m);
}

void pe_exprs(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pe_expr(w, items[i]);
}
