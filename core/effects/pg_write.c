#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

#define ROWS_TOLD 32 /* of one INSERT, each with its values */

/* INSERT, UPDATE, DELETE, MERGE, COPY, TRUNCATE. */

static const char *alias_of(const PgQuery__RangeVar *r)
{
	return r->alias ? r->alias->aliasname : r->relname;
}

static struct effect *add_rows(struct pe_walk *w, enum effect_action action,
			       const PgQuery__RangeVar *r)
{
	return pe_add(w, action, EFFECT_ROWS, r->schemaname, NULL, r->relname,
		      r->location);
}

/* The table that is written, as a source of columns; its rows effect is the
 * last that was added. */
static struct pe_source *target(struct pe_walk *w, const PgQuery__RangeVar *r)
{
	struct pe_source *s =
		pe_source_add(w, r->schemaname, r->relname, alias_of(r));

	s->rows = w->out->n;
	return s;
}

static struct pe_names target_columns(struct pe_walk *w,
				      const PgQuery__RangeVar *r,
				      PgQuery__Node *const *items, size_t n)
{
	struct pe_names names = { NULL, 0, 0 };

	for (size_t i = 0; i < n; i++) {
		const PgQuery__ResTarget *t = items[i]->res_target;

		if (items[i]->node_case != PG_QUERY__NODE__NODE_RES_TARGET)
			continue;
		pe_names_add(w, &names, t->name);
		pe_use_column(w, r->schemaname, r->relname, t->name,
			      t->location);
		w->out->items[w->out->n - 1].note = PG_NOTE_TARGET;
		pe_exprs(w, t->indirection, t->n_indirection);
	}
	return names;
}

static PgQuery__Node *const *values_of(const PgQuery__Node *n, size_t *rows)
{
	*rows = 0;
	if (!n || n->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return NULL;
	*rows = n->select_stmt->n_values_lists;
	return n->select_stmt->values_lists;
}

/* The row's values; "#2" stands for the second column of the table. */
static void tell_row(struct pe_walk *w, struct effect *e,
		     PgQuery__Node *const *values, size_t n,
		     const struct pe_names *columns)
{
	struct effect_literal *where =
		arena_array(&w->out->arena, n + 1, sizeof(*where));
	size_t told = 0;

	for (size_t i = 0; i < n; i++) {
		const char *value;

		if (!pe_literal(w, values[i], &value) ||
		    (columns->n && i >= columns->n))
			continue;
		where[told].column = columns->n ? pe_keep(w, columns->items[i])
						: pe_printf(w, "#%zu", i + 1);
		where[told++].value = value;
	}
	e->where = where;
	e->n_where = told;
}

static void insert_rows(struct pe_walk *w, const PgQuery__InsertStmt *s,
			const struct pe_names *columns)
{
	size_t n;
	PgQuery__Node *const *rows = values_of(s->select_stmt, &n);
	size_t each = n && n <= ROWS_TOLD ? n : 1;

	for (size_t i = 0; i < each; i++) {
		struct effect *e = add_rows(w, EFFECT_INSERT, s->relation);

		e->columns = pe_names_list(w, columns);
		e->all_columns = !columns->n && s->select_stmt;
		e->aspect = s->on_conflict_clause ? "on conflict" : NULL;
		e->digest = pe_sum(w, &s->base);
		if (n && each == n &&
		    rows[i]->node_case == PG_QUERY__NODE__NODE_LIST)
			tell_row(w, e, rows[i]->list->items,
				 rows[i]->list->n_items, columns);
	}
}

/* SET a = 1, b = c: columns, and the values where all are constants. */
static void tell_sets(struct pe_walk *w, struct effect *e,
		      PgQuery__Node *const *items, size_t n)
{
	struct effect_literal *sets =
		arena_array(&w->out->arena, n + 1, sizeof(*sets));
	struct pe_names names = { NULL, 0, 0 };
	size_t told = 0;

	e->each_literal = true;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__ResTarget *t = items[i]->res_target;
		const char *value;

		pe_names_add(w, &names, t->name);
		if (t->n_indirection || !pe_literal(w, t->val, &value)) {
			e->each_literal = false;
			continue;
		}
		sets[told].column = pe_keep(w, t->name);
		sets[told++].value = value;
	}
	e->columns = pe_names_list(w, &names);
	e->sets = sets;
	e->n_sets = told;
}

static void set_values(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__Node *v = items[i]->res_target->val;

		/* (a, b) = (...) has its source in each of the two */
		if (v &&
		    v->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF &&
		    v->multi_assign_ref->colno > 1)
			continue;
		pe_expr(w, v);
	}
}

static void returning(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	pe_exprs(w, items, n);
}

/* What is returned is looked at: in another query, or in code. */
static void returning_read(struct pe_walk *w, PgQuery__Node *const *items,
			   size_t n, const struct pe_source *t)
{
	struct effect *e;

	returning(w, items, n);
	if (!n || (!w->scope->up && !w->where_from))
		return;
	e = pe_add(w, EFFECT_SELECT, EFFECT_ROWS, t->schema, NULL, t->table,
		   -1);
	e->all_columns = true;
	e->where = w->out->items[t->rows - 1].where;
	e->n_where = w->out->items[t->rows - 1].n_where;
}

/* Refused where the table has some. */
static void no_rules(struct pe_walk *w, const PgQuery__RangeVar *r,
		     const char *which)
{
	pe_add(w, EFFECT_USE, EFFECT_TABLE, r->schemaname, NULL, r->relname,
	       r->location)
		->aspect = which;
}

static void on_conflict(struct pe_walk *w, const PgQuery__RangeVar *r,
			const PgQuery__OnConflictClause *c)
{
	struct pe_scope scope;
	struct pe_source *excluded;

	no_rules(w, r, "write rules");
	pe_scope_push(w, &scope);
	if (c->n_target_list) {
		struct effect *e;

		target_columns(w, r, c->target_list, c->n_target_list);
		e = add_rows(w, EFFECT_UPDATE, r);
		e->aspect = "on conflict";
		tell_sets(w, e, c->target_list, c->n_target_list);
		target(w, r);
	} else {
		pe_source_add(w, r->schemaname, r->relname, alias_of(r));
	}
	if (c->infer) {
		pe_visit(w, &c->infer->base);
		for (size_t i = 0; i < c->infer->n_index_elems; i++) {
			const PgQuery__IndexElem *k =
				c->infer->index_elems[i]->index_elem;

			if (*k->name)
				pe_use_column(w, r->schemaname, r->relname,
					      k->name, c->location);
		}
		if (*c->infer->conname)
			pe_add(w, EFFECT_USE, EFFECT_CONSTRAINT, r->schemaname,
			       r->relname, c->infer->conname, c->location);
	}
	excluded = pe_source_add(w, r->schemaname, r->relname, "excluded");
	excluded->derived = true;
	excluded->open = true;
	set_values(w, c->target_list, c->n_target_list);
	pe_expr(w, c->where_clause);
	pe_scope_pop(w);
}

/* INSERT (c) SELECT 'x': a constant for a column may be a label. */
static void selected_labels(struct pe_walk *w, const PgQuery__InsertStmt *s,
			    const struct pe_names *columns)
{
	const PgQuery__RangeVar *r = s->relation;
	const PgQuery__SelectStmt *q = s->select_stmt->select_stmt;

	for (size_t i = 0; i < q->n_target_list; i++) {
		const PgQuery__Node *t = q->target_list[i];
		const char *value;
		struct effect *e;

		if (t->node_case != PG_QUERY__NODE__NODE_RES_TARGET ||
		    !pe_literal(w, t->res_target->val, &value) || !value ||
		    (columns->n && i >= columns->n))
			continue;
		e = pe_add(w, EFFECT_USE, EFFECT_LABEL, r->schemaname,
			   r->relname, value, t->res_target->location);
		e->from = columns->n ? pe_keep(w, columns->items[i])
				     : pe_printf(w, "#%zu", i + 1);
		e->note = PG_NOTE_COMPARED;
		e->conditional = true;
	}
}

void pe_insert(struct pe_walk *w, const PgQuery__InsertStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	struct pe_scope scope;
	struct pe_names columns;

	pe_scope_push(w, &scope);
	pe_with(w, s->with_clause);
	pe_use_relation(w, r);
	columns = target_columns(w, r, s->cols, s->n_cols);
	if (s->select_stmt &&
	    s->select_stmt->node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
		pe_select(w, s->select_stmt->select_stmt, NULL, NULL);
		selected_labels(w, s, &columns);
	}
	insert_rows(w, s, &columns);
	if (s->on_conflict_clause)
		on_conflict(w, r, s->on_conflict_clause);
	if (s->n_returning_list)
		pe_source_add(w, r->schemaname, r->relname, alias_of(r));
	returning(w, s->returning_list, s->n_returning_list);
	pe_scope_pop(w);
}

static void set_where(struct pe_walk *w, const PgQuery__Node *where,
		      const struct pe_source *s, bool only)
{
	struct effect_literal *found;
	size_t n;

	pe_conditions(w, where, s, only, &found, &n);
	w->out->items[s->rows - 1].where = found;
	w->out->items[s->rows - 1].n_where = n;
}

void pe_update(struct pe_walk *w, const PgQuery__UpdateStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	struct pe_scope scope;
	struct pe_source *t;
	struct effect *e;

	pe_scope_push(w, &scope);
	pe_with(w, s->with_clause);
	pe_use_relation(w, r);
	target_columns(w, r, s->target_list, s->n_target_list);
	e = add_rows(w, EFFECT_UPDATE, r);
	e->digest = pe_sum(w, &s->base);
	tell_sets(w, e, s->target_list, s->n_target_list);
	t = target(w, r);
	pe_from(w, s->from_clause, s->n_from_clause);
	set_where(w, s->where_clause, t, !s->n_from_clause);
	set_values(w, s->target_list, s->n_target_list);
	pe_expr(w, s->where_clause);
	returning_read(w, s->returning_list, s->n_returning_list, t);
	pe_scope_pop(w);
}

void pe_delete(struct pe_walk *w, const PgQuery__DeleteStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	struct pe_scope scope;
	struct pe_source *t;

	pe_scope_push(w, &scope);
	pe_with(w, s->with_clause);
	pe_use_relation(w, r);
	add_rows(w, EFFECT_DELETE, r)->digest = pe_sum(w, &s->base);
	t = target(w, r);
	pe_from(w, s->using_clause, s->n_using_clause);
	set_where(w, s->where_clause, t, !s->n_using_clause);
	pe_expr(w, s->where_clause);
	returning_read(w, s->returning_list, s->n_returning_list, t);
	pe_scope_pop(w);
}

static void merge_insert(struct pe_walk *w, const PgQuery__RangeVar *r,
			 const PgQuery__MergeWhenClause *c)
{
	struct pe_names columns =
		target_columns(w, r, c->target_list, c->n_target_list);
	struct effect *e = add_rows(w, EFFECT_INSERT, r);

	e->columns = pe_names_list(w, &columns);
	e->all_columns = !columns.n;
	pe_exprs(w, c->values, c->n_values);
}

static void merge_when(struct pe_walk *w, const PgQuery__RangeVar *r,
		       const PgQuery__MergeWhenClause *c)
{
	switch ((int)c->command_type) {
	case PG_QUERY__CMD_TYPE__CMD_INSERT:
		merge_insert(w, r, c);
		break;
	case PG_QUERY__CMD_TYPE__CMD_UPDATE:
		target_columns(w, r, c->target_list, c->n_target_list);
		tell_sets(w, add_rows(w, EFFECT_UPDATE, r), c->target_list,
			  c->n_target_list);
		target(w, r);
		set_values(w, c->target_list, c->n_target_list);
		break;
	case PG_QUERY__CMD_TYPE__CMD_DELETE:
		add_rows(w, EFFECT_DELETE, r);
		target(w, r);
		break;
	default:
		break;
	}
	pe_expr(w, c->condition);
}

/* UPDATE ... FROM or DELETE ... USING: what is there besides does not show */
static bool is_plain(const PgQuery__MergeStmt *s)
{
	const PgQuery__MergeWhenClause *c =
		s->merge_when_clauses[0]->merge_when_clause;

	return s->n_merge_when_clauses == 1 &&
	       (c->command_type == PG_QUERY__CMD_TYPE__CMD_UPDATE ||
		c->command_type == PG_QUERY__CMD_TYPE__CMD_DELETE);
}

static void merge_on(struct pe_walk *w, const PgQuery__MergeStmt *s)
{
	target(w, s->relation);
	pe_from(w, &s->source_relation, s->source_relation ? 1 : 0);
	pe_expr(w, s->join_condition);
}

static void merge_plain(struct pe_walk *w, const PgQuery__MergeStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	const PgQuery__MergeWhenClause *c =
		s->merge_when_clauses[0]->merge_when_clause;

	target_columns(w, r, c->target_list, c->n_target_list);
	if (c->command_type == PG_QUERY__CMD_TYPE__CMD_DELETE)
		add_rows(w, EFFECT_DELETE, r);
	else
		tell_sets(w, add_rows(w, EFFECT_UPDATE, r), c->target_list,
			  c->n_target_list);
	merge_on(w, s);
	set_values(w, c->target_list, c->n_target_list);
	pe_expr(w, c->condition);
}

void pe_merge(struct pe_walk *w, const PgQuery__MergeStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	struct pe_scope scope;

	pe_scope_push(w, &scope);
	pe_with(w, s->with_clause);
	pe_use_relation(w, r);
	no_rules(w, r, "rules");
	if (is_plain(s)) {
		merge_plain(w, s);
		pe_scope_pop(w);
		return;
	}
	add_rows(w, EFFECT_SELECT, r);
	merge_on(w, s);
	for (size_t i = 0; i < s->n_merge_when_clauses; i++)
		merge_when(w, r, s->merge_when_clauses[i]->merge_when_clause);
	pe_scope_pop(w);
}

static void copy_from(struct pe_walk *w, const PgQuery__CopyStmt *s)
{
	const PgQuery__RangeVar *r = s->relation;
	struct pe_names columns = { NULL, 0, 0 };
	struct effect *e;

	pe_use_relation(w, r);
	for (size_t i = 0; i < s->n_attlist; i++) {
		pe_names_add(w, &columns, pe_string(s->attlist[i]));
		pe_use_column(w, r->schemaname, r->relname,
			      pe_string(s->attlist[i]), r->location);
		w->out->items[w->out->n - 1].note = PG_NOTE_TARGET;
	}
	if (!columns.n)
		pe_add(w, EFFECT_USE, EFFECT_TABLE, r->schemaname, NULL,
		       r->relname, r->location)
			->aspect = "columns";
	e = add_rows(w, EFFECT_INSERT, r);
	e->columns = pe_names_list(w, &columns);
	e->all_columns = !columns.n;
}

void pe_copy(struct pe_walk *w, const PgQuery__CopyStmt *s)
{
	if (s->is_program || (*s->filename && !s->is_from))
		pe_uncertain(w, "COPY with the server's files or programs", -1);
	if (s->relation && s->is_from)
		copy_from(w, s);
	else if (s->relation)
		pe_use_relation(w, s->relation);
	if (s->query)
		pe_statement(w, s->query);
}

void pe_truncate(struct pe_walk *w, const PgQuery__TruncateStmt *s)
{
	for (size_t i = 0; i < s->n_relations; i++) {
		const PgQuery__RangeVar *r = s->relations[i]->range_var;
		bool cascade =
			s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
		struct effect *e;

		pe_use_relation(w, r);
		e = add_rows(w, EFFECT_DELETE, r);
		e->aspect = "truncate";
		e->note = cascade && s->restart_seqs ? "cascade restart"
			  : cascade                  ? "cascade"
			  : s->restart_seqs          ? "restart"
						     : NULL;
	}
}
