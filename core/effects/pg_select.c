#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

/* Queries: which relations, which of their columns. */

void pe_scope_push(struct pe_walk *w, struct pe_scope *scope)
{
	*scope = (struct pe_scope){ .up = w->scope };
	w->scope = scope;
}

/* What was read of it goes to its EFFECT_ROWS. */
static void flush(struct pe_walk *w, const struct pe_source *s)
{
	struct effect *e;

	if (!s->rows)
		return;
	e = &w->out->items[s->rows - 1];
	e->all_columns |= s->whole;
	if (e->action == EFFECT_SELECT)
		e->columns = pe_names_list(w, &s->read);
	else if (e->action != EFFECT_INSERT)
		e->reads = pe_names_list(w, &s->read);
}

void pe_scope_pop(struct pe_walk *w)
{
	struct pe_scope *scope = w->scope;

	for (size_t i = 0; i < scope->n; i++)
		flush(w, scope->items[i]);
	w->scope = scope->up;
}

struct pe_source *pe_source_add(struct pe_walk *w, const char *schema,
				const char *table, const char *alias)
{
	struct pe_scope *scope = w->scope;
	struct pe_source *s = arena_alloc(w->arena, sizeof(*s));

	if (scope->n == scope->cap) {
		size_t cap = scope->cap ? scope->cap * 2 : 4;
		struct pe_source **more =
			arena_array(w->arena, cap, sizeof(struct pe_source *));

		if (scope->n)
			memcpy(more, scope->items,
			       scope->n * sizeof(struct pe_source *));
		scope->items = more;
		scope->cap = cap;
	}
	s->schema = pe_word(schema);
	s->table = table;
	s->alias = alias;
	scope->items[scope->n++] = s;
	return s;
}

static const struct pe_cte *find_cte(const struct pe_walk *w, const char *name)
{
	for (const struct pe_scope *s = w->scope; s; s = s->up)
		for (const struct pe_cte *c = s->ctes; c; c = c->below)
			if (streq(c->name, name))
				return c;
	return NULL;
}

static bool is_system(const PgQuery__RangeVar *r)
{
	if (*r->schemaname)
		return streq(r->schemaname, "pg_catalog") ||
		       streq(r->schemaname, "information_schema");
	return starts_with(r->relname, "pg_");
}

static void name_columns(struct pe_walk *w, struct pe_source *s,
			 const PgQuery__Alias *alias)
{
	for (size_t i = 0; alias && i < alias->n_colnames; i++)
		pe_names_add(w, &s->columns, pe_string(alias->colnames[i]));
}

static void from_table(struct pe_walk *w, const PgQuery__RangeVar *r)
{
	const char *alias = r->alias ? r->alias->aliasname : r->relname;
	const struct pe_cte *cte =
		*r->schemaname ? NULL : find_cte(w, r->relname);
	struct pe_source *s =
		pe_source_add(w, r->schemaname, r->relname, alias);

	name_columns(w, s, r->alias);
	if (cte || is_system(r)) {
		s->derived = true;
		s->open = cte ? cte->open : true;
		for (size_t i = 0; cte && i < cte->columns.n; i++)
			pe_names_add(w, &s->columns, cte->columns.items[i]);
		return;
	}
	pe_use_relation(w, r);
	/* renamed columns: which is which is not told */
	s->whole = s->columns.n > 0;
	if (s->whole)
		w->out->items[w->out->n - 1].aspect = "columns";
	if (w->defines)
		return;
	pe_add(w, EFFECT_SELECT, EFFECT_ROWS, r->schemaname, NULL, r->relname,
	       r->location);
	s->rows = w->out->n;
}

static void from_query(struct pe_walk *w, const PgQuery__RangeSubselect *r)
{
	struct pe_names columns = { NULL, 0, 0 };
	bool open = false;
	struct pe_source *s;

	if (r->subquery &&
	    r->subquery->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
		pe_select(w, r->subquery->select_stmt, &columns, &open);
	s = pe_source_add(w, NULL, NULL, r->alias ? r->alias->aliasname : "");
	s->derived = true;
	s->open = open;
	s->columns = columns;
	name_columns(w, s, r->alias);
}

static void derived(struct pe_walk *w, const PgQuery__Alias *alias)
{
	struct pe_source *s =
		pe_source_add(w, NULL, NULL, alias ? alias->aliasname : "");

	s->derived = true;
	s->open = !alias || !alias->n_colnames;
	name_columns(w, s, alias);
	if (alias)
		pe_names_add(w, &s->columns, alias->aliasname);
}

/* The set of columns of what was found last is relied on. */
static void use_all(struct pe_walk *w, struct pe_source *s, int location)
{
	if (s->derived || s->whole)
		return;
	s->whole = true;
	pe_add(w, EFFECT_USE, EFFECT_TABLE, s->schema, NULL, s->table, location)
		->aspect = "columns";
}

static void from_item(struct pe_walk *w, const PgQuery__Node *n);

static void from_join(struct pe_walk *w, const PgQuery__JoinExpr *j)
{
	size_t before = w->scope->n;

	from_item(w, j->larg);
	from_item(w, j->rarg);
	for (size_t i = before; i < w->scope->n; i++) {
		struct pe_source *s = w->scope->items[i];

		if (j->is_natural)
			use_all(w, s, -1);
		for (size_t k = 0; k < j->n_using_clause && !s->derived; k++) {
			const char *c = pe_string(j->using_clause[k]);

			pe_names_add(w, &s->read, c);
			pe_use_column(w, s->schema, s->table, c, -1);
			/* of three tables, not all need to have it */
			w->out->items[w->out->n - 1].conditional = true;
		}
	}
	pe_expr(w, j->quals);
	if (j->alias)
		derived(w, j->alias);
}

static void from_item(struct pe_walk *w, const PgQuery__Node *n)
{
	if (!n)
		return;
	switch ((int)n->node_case) {
	case PG_QUERY__NODE__NODE_RANGE_VAR:
		from_table(w, n->range_var);
		break;
	case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
		from_query(w, n->range_subselect);
		break;
	case PG_QUERY__NODE__NODE_JOIN_EXPR:
		w->depth++;
		from_join(w, n->join_expr);
		w->depth--;
		break;
	case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
		pe_exprs(w, n->range_function->functions,
			 n->range_function->n_functions);
		derived(w, n->range_function->alias);
		break;
	case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
		from_item(w, n->range_table_sample->relation);
		pe_exprs(w, n->range_table_sample->args,
			 n->range_table_sample->n_args);
		break;
	case PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC:
		pe_expr(w, n->range_table_func->docexpr);
		pe_expr(w, n->range_table_func->rowexpr);
		derived(w, n->range_table_func->alias);
		break;
	default:
		pe_expr(w, n);
		derived(w, NULL);
		break;
	}
}

void pe_from(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		from_item(w, items[i]);
}

static const PgQuery__RangeVar *written_by(const PgQuery__Node *n)
{
	switch ((int)n->node_case) {
	case PG_QUERY__NODE__NODE_INSERT_STMT:
		return n->insert_stmt->relation;
	case PG_QUERY__NODE__NODE_UPDATE_STMT:
		return n->update_stmt->relation;
	case PG_QUERY__NODE__NODE_DELETE_STMT:
		return n->delete_stmt->relation;
	default:
		return NULL;
	}
}

static void push_cte(struct pe_walk *w, struct pe_cte *cte)
{
	cte->below = w->scope->ctes;
	w->scope->ctes = cte;
}

static void with_one(struct pe_walk *w, const PgQuery__CommonTableExpr *c,
		     bool recursive)
{
	struct pe_cte *cte = arena_alloc(w->arena, sizeof(*cte));
	const PgQuery__Node *q = c->ctequery;

	cte->name = c->ctename;
	cte->open = recursive;
	for (size_t i = 0; i < c->n_aliascolnames; i++)
		pe_names_add(w, &cte->columns, pe_string(c->aliascolnames[i]));
	if (recursive)
		push_cte(w, cte);
	if (q && q->node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
		pe_select(w, q->select_stmt, &cte->columns, &cte->open);
	} else if (q) {
		cte->open = written_by(q) != NULL;
		pe_statement(w, q);
	}
	if (!recursive)
		push_cte(w, cte);
}

void pe_with(struct pe_walk *w, const PgQuery__WithClause *with)
{
	for (size_t i = 0; with && i < with->n_ctes; i++)
		with_one(w, with->ctes[i]->common_table_expr, with->recursive);
}

/* The name of an output column, as the server gives it */
static const char *output_name(const PgQuery__Node *n)
{
	for (unsigned i = 0; n && i < 100; i++) {
		const PgQuery__ColumnRef *c = n->column_ref;

		switch ((int)n->node_case) {
		case PG_QUERY__NODE__NODE_COLUMN_REF:
			return pe_string(c->fields[c->n_fields - 1]);
		case PG_QUERY__NODE__NODE_FUNC_CALL:
			return pe_name_of(n->func_call->funcname,
					  n->func_call->n_funcname)
				.name;
		case PG_QUERY__NODE__NODE_COALESCE_EXPR:
			return "coalesce";
		case PG_QUERY__NODE__NODE_CASE_EXPR:
			return "case";
		case PG_QUERY__NODE__NODE_TYPE_CAST:
			n = n->type_cast->arg;
			break;
		default:
			return NULL;
		}
	}
	return NULL;
}

static bool is_star(const PgQuery__Node *n)
{
	const PgQuery__ColumnRef *c;

	if (!n || n->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
		return false;
	c = n->column_ref;
	return c->fields[c->n_fields - 1]->node_case ==
	       PG_QUERY__NODE__NODE_A_STAR;
}

static void give_star(struct pe_walk *w, struct pe_names *columns, bool *open)
{
	for (size_t i = 0; i < w->scope->n; i++) {
		const struct pe_source *s = w->scope->items[i];

		if (!s->derived || s->open)
			*open = true;
		for (size_t k = 0; s->derived && k < s->columns.n; k++)
			pe_names_add(w, columns, s->columns.items[k]);
	}
}

static void targets(struct pe_walk *w, PgQuery__Node *const *items, size_t n,
		    struct pe_names *columns, bool *open)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__ResTarget *t = items[i]->res_target;

		if (items[i]->node_case != PG_QUERY__NODE__NODE_RES_TARGET)
			continue;
		if (is_star(t->val))
			give_star(w, columns, open);
		else
			pe_names_add(w, columns,
				     *t->name ? t->name : output_name(t->val));
		pe_expr(w, t->val);
	}
}

/* ORDER BY and GROUP BY may name what the query gives. */
static void by_output(struct pe_walk *w, PgQuery__Node *const *items, size_t n,
		      const struct pe_names *given)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__Node *k = items[i];

		if (k->node_case == PG_QUERY__NODE__NODE_SORT_BY)
			k = k->sort_by->node;
		if (k && k->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
		    k->column_ref->n_fields == 1 &&
		    pe_string(k->column_ref->fields[0]) &&
		    pe_names_has(given, pe_string(k->column_ref->fields[0])))
			continue;
		pe_expr(w, k);
	}
}

static void conditions_of(struct pe_walk *w, const PgQuery__SelectStmt *s)
{
	for (size_t i = 0; s->where_clause && i < w->scope->n; i++) {
		const struct pe_source *source = w->scope->items[i];
		struct effect_literal *where;
		size_t n;

		if (!source->rows)
			continue;
		pe_conditions(w, s->where_clause, source, w->scope->n == 1,
			      &where, &n);
		w->out->items[source->rows - 1].where = where;
		w->out->items[source->rows - 1].n_where = n;
	}
}

static void simple_select(struct pe_walk *w, const PgQuery__SelectStmt *s,
			  struct pe_names *columns, bool *open)
{
	pe_from(w, s->from_clause, s->n_from_clause);
	conditions_of(w, s);
	targets(w, s->target_list, s->n_target_list, columns, open);
	for (size_t i = 0; i < s->n_values_lists; i++)
		pe_expr(w, s->values_lists[i]);
	*open |= s->n_values_lists > 0;
	pe_expr(w, s->where_clause);
	by_output(w, s->group_clause, s->n_group_clause, columns);
	pe_expr(w, s->having_clause);
	pe_exprs(w, s->window_clause, s->n_window_clause);
	by_output(w, s->distinct_clause, s->n_distinct_clause, columns);
	by_output(w, s->sort_clause, s->n_sort_clause, columns);
}

void pe_select(struct pe_walk *w, const PgQuery__SelectStmt *s,
	       struct pe_names *columns, bool *open)
{
	struct pe_names own = { NULL, 0, 0 };
	struct pe_scope scope;
	bool own_open = false;

	if (!s)
		return;
	columns = columns ? columns : &own;
	open = open ? open : &own_open;
	pe_scope_push(w, &scope);
	pe_with(w, s->with_clause);
	w->depth++;
	if (s->larg || s->rarg) {
		pe_select(w, s->larg, columns, open);
		pe_select(w, s->rarg, NULL, NULL);
	} else {
		simple_select(w, s, columns, open);
	}
	w->depth--;
	pe_expr(w, s->limit_count);
	pe_expr(w, s->limit_offset);
	pe_scope_pop(w);
}
