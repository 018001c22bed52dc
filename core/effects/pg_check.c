#include <string.h>

#include "base/util.h"
#include "effects/pg_table.h"

/* What a CHECK wants of single columns, where that is all it wants:
 * "< 4", "= 'x'", "in 1 2", "not null". */

struct terms {
	struct pe_walk *w;
	struct effect_literal *items;
	size_t n, cap;
};

static void add_term(struct terms *t, const char *column, const char *wants)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 4;
		struct effect_literal *more =
			arena_array(&t->w->out->arena, cap, sizeof(*more));

		if (t->n)
			memcpy(more, t->items, t->n * sizeof(*more));
		t->items = more;
		t->cap = cap;
	}
	t->items[t->n].column = pe_keep(t->w, column);
	t->items[t->n++].value = pe_keep(t->w, wants);
}

/* col, or length(col) */
static const char *subject(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__FuncCall *f;
	const char *name, *of;

	if (!n)
		return NULL;
	if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
		return n->column_ref->n_fields == 1
			       ? pe_string(n->column_ref->fields[0])
			       : NULL;
	if (n->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
		return NULL;
	f = n->func_call;
	name = pe_name_of(f->funcname, f->n_funcname).name;
	if (f->n_args != 1 ||
	    f->args[0]->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
	    !(streq(name, "length") || streq(name, "char_length") ||
	      streq(name, "character_length")))
		return NULL;
	of = subject(w, f->args[0]);
	return of ? pe_printf(w, "length(%s)", of) : NULL;
}

/* 4 or 'x', as a comparison has it; NULL for anything else */
static const char *constant(struct pe_walk *w, const PgQuery__Node *n)
{
	const char *value;
	bool quoted;

	while (n && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		n = n->type_cast->arg;
	if (!n || !pe_literal(w, n, &value) || !value || strchr(value, '\''))
		return NULL;
	quoted = n->node_case == PG_QUERY__NODE__NODE_A_CONST &&
		 n->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
	return pe_printf(w, quoted ? "'%s'" : "%s", value);
}

static const char *turned(const char *op)
{
	static const char *const pairs[][2] = {
		{ "<", ">" },   { ">", "<" }, { "<=", ">=" },
		{ ">=", "<=" }, { "=", "=" }, { "<>", "<>" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (streq(op, pairs[i][0]))
			return pairs[i][1];
	return NULL;
}

static bool comparison(struct terms *t, const PgQuery__AExpr *e, const char *op)
{
	const char *column = subject(t->w, e->lexpr);
	const char *value = constant(t->w, e->rexpr);

	if (!column || !value) {
		column = subject(t->w, e->rexpr);
		value = constant(t->w, e->lexpr);
		op = turned(op);
	}
	if (!column || !value || !op || !turned(op))
		return false;
	add_term(t, column, pe_printf(t->w, "%s %s", op, value));
	return true;
}

static bool one_of(struct terms *t, const char *column,
		   PgQuery__Node *const *items, size_t n)
{
	const char *wants = "in";

	for (size_t i = 0; i < n; i++) {
		const char *value = constant(t->w, items[i]);

		if (!value)
			return false;
		wants = pe_printf(t->w, "%s %s", wants, value);
	}
	if (!column)
		return false;
	add_term(t, column, wants);
	return true;
}

static bool between(struct terms *t, const PgQuery__AExpr *e)
{
	const char *column = subject(t->w, e->lexpr), *low, *high;

	if (!column || e->rexpr->node_case != PG_QUERY__NODE__NODE_LIST ||
	    e->rexpr->list->n_items != 2)
		return false;
	low = constant(t->w, e->rexpr->list->items[0]);
	high = constant(t->w, e->rexpr->list->items[1]);
	if (!low || !high)
		return false;
	add_term(t, column, pe_printf(t->w, ">= %s", low));
	add_term(t, column, pe_printf(t->w, "<= %s", high));
	return true;
}

static bool expression(struct terms *t, const PgQuery__AExpr *e)
{
	const char *op = e->n_name == 1 ? pe_string(e->name[0]) : NULL;

	if (!op || !e->rexpr)
		return false;
	switch ((int)e->kind) {
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
		return comparison(t, e, op);
	case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
		return streq(op, "=") &&
		       e->rexpr->node_case == PG_QUERY__NODE__NODE_LIST &&
		       one_of(t, subject(t->w, e->lexpr), e->rexpr->list->items,
			      e->rexpr->list->n_items);
	case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
		return streq(op, "=") &&
		       e->rexpr->node_case ==
			       PG_QUERY__NODE__NODE_A_ARRAY_EXPR &&
		       one_of(t, subject(t->w, e->lexpr),
			      e->rexpr->a_array_expr->elements,
			      e->rexpr->a_array_expr->n_elements);
	case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
		return between(t, e);
	default:
		return false;
	}
}

static bool all_terms(struct terms *t, const PgQuery__Node *n)
{
	const char *column;

	if (!n)
		return false;
	switch ((int)n->node_case) {
	case PG_QUERY__NODE__NODE_BOOL_EXPR:
		if (n->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
			return false;
		for (size_t i = 0; i < n->bool_expr->n_args; i++)
			if (!all_terms(t, n->bool_expr->args[i]))
				return false;
		return true;
	case PG_QUERY__NODE__NODE_A_EXPR:
		return expression(t, n->a_expr);
	case PG_QUERY__NODE__NODE_NULL_TEST:
		column = subject(t->w, n->null_test->arg);
		if (!column || n->null_test->nulltesttype !=
				       PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL)
			return false;
		add_term(t, column, "not null");
		return true;
	default:
		return false;
	}
}

void pe_check_terms(struct pe_walk *w, const PgQuery__Node *check,
		    struct effect *e)
{
	struct terms t = { .w = w };

	if (!all_terms(&t, check))
		return;
	e->where = t.items;
	e->n_where = t.n;
}
