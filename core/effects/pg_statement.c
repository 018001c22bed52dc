#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_object.h"
#include "effects/pg_table.h"

/* One function for each kind of statement. */

static void select_stmt(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__SelectStmt *s = n->select_stmt;
	PgQuery__CreateTableAsStmt into = PG_QUERY__CREATE_TABLE_AS_STMT__INIT;
	PgQuery__Node query = PG_QUERY__NODE__INIT;
	PgQuery__SelectStmt plain = *s;

	if (!s->into_clause) {
		pe_select(w, s, NULL, NULL);
		return;
	}
	plain.into_clause = NULL;
	query.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
	query.select_stmt = &plain;
	into.query = &query;
	into.into = s->into_clause;
	into.objtype = PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;
	pe_create_table_as(w, &into);
}

/* SELECT nextval('s'): nobody looks at the number, each step is like another */
static bool is_step(const PgQuery__SelectStmt *s)
{
	const PgQuery__Node *n =
		s->n_target_list == 1 && !s->n_from_clause && !s->into_clause
			? s->target_list[0]->res_target->val
			: NULL;

	return n && n->node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
	       streq(pe_name_of(n->func_call->funcname,
				n->func_call->n_funcname)
			     .name,
		     "nextval");
}

/* Reading alone leaves nothing behind: what a query reads counts where its
 * calls may do something with it. */
static void query_alone(struct pe_walk *w, const PgQuery__Node *n)
{
	size_t before = w->out->n, calls = w->foreign;

	select_stmt(w, n);
	if (!w->nesting && is_step(n->select_stmt) &&
	    w->out->items[w->out->n - 1].kind == EFFECT_SEQUENCE)
		w->out->items[w->out->n - 1].digest = "next";
	if (w->nesting || w->foreign != calls || n->select_stmt->into_clause)
		return;
	for (size_t i = before; i < w->out->n; i++)
		if (w->out->items[i].action == EFFECT_SELECT)
			w->out->items[i].note = "idle";
}

static void explain(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__ExplainStmt *s = n->explain_stmt;
	bool before = w->conditional;

	w->conditional = true;
	if (s->query)
		pe_statement(w, s->query);
	w->conditional = before;
}

static void call(struct pe_walk *w, const PgQuery__Node *n)
{
	if (n->call_stmt->funccall)
		pe_visit(w, &n->call_stmt->funccall->base);
}

static void execute(struct pe_walk *w, const PgQuery__Node *n)
{
	pe_uncertain(w,
		     pe_printf(w, "EXECUTE of the prepared statement %s",
			       n->execute_stmt->name),
		     -1);
	pe_exprs(w, n->execute_stmt->params, n->execute_stmt->n_params);
}

/* What is prepared may run later */
static void prepare(struct pe_walk *w, const PgQuery__Node *n)
{
	bool before = w->conditional;

	w->conditional = true;
	if (n->prepare_stmt->query)
		pe_statement(w, n->prepare_stmt->query);
	w->conditional = before;
}

static void cursor(struct pe_walk *w, const PgQuery__Node *n)
{
	if (n->declare_cursor_stmt->query)
		pe_statement(w, n->declare_cursor_stmt->query);
}

static void lock(struct pe_walk *w, const PgQuery__Node *n)
{
	for (size_t i = 0; i < n->lock_stmt->n_relations; i++)
		pe_use_relation(w, n->lock_stmt->relations[i]->range_var);
}

static void nothing(struct pe_walk *w, const PgQuery__Node *n)
{
	(void)w;
	(void)n;
}

static void transaction(struct pe_walk *w, const PgQuery__Node *n)
{
	if (n->transaction_stmt->kind ==
	    PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO)
		pe_uncertain(w, "ROLLBACK TO a savepoint", -1);
}

#define ROW(type, field, fn)                                              \
	static void on_##field(struct pe_walk *w, const PgQuery__Node *n) \
	{                                                                 \
		fn(w, n->field);                                          \
	}
ROW(INSERT, insert_stmt, pe_insert)
ROW(UPDATE, update_stmt, pe_update)
ROW(DELETE, delete_stmt, pe_delete)
ROW(MERGE, merge_stmt, pe_merge)
ROW(COPY, copy_stmt, pe_copy)
ROW(TRUNCATE, truncate_stmt, pe_truncate)
ROW(INDEX, index_stmt, pe_create_index)
ROW(ALTER_TABLE, alter_table_stmt, pe_alter_table)
ROW(CTAS, create_table_as_stmt, pe_create_table_as)
ROW(FUNCTION, create_function_stmt, pe_create_function)
ROW(DO, do_stmt, pe_do)
#undef ROW

static void on_create_stmt(struct pe_walk *w, const PgQuery__Node *n)
{
	pe_create_table(w, n->create_stmt, NULL);
}

static void foreign_table(struct pe_walk *w, const PgQuery__Node *n)
{
	pe_create_table(w, n->create_foreign_table_stmt->base_stmt,
			n->create_foreign_table_stmt->servername);
}

static void merely_uncertain(struct pe_walk *w, const PgQuery__Node *n)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field(
			&pg_query__node__descriptor, (unsigned)n->node_case);

	pe_uncertain(w,
		     pe_printf(w, "a statement that is not looked into (%s)",
			       f ? f->name : "?"),
		     -1);
}

#define ON(name) PG_QUERY__NODE__NODE_##name##_STMT

typedef void (*statement_fn)(struct pe_walk *w, const PgQuery__Node *n);

static const struct {
	int node;
	statement_fn fn;
} statements[] = {
	/* rows */
	{ ON(SELECT), query_alone },
	{ ON(INSERT), on_insert_stmt },
	{ ON(UPDATE), on_update_stmt },
	{ ON(DELETE), on_delete_stmt },
	{ ON(MERGE), on_merge_stmt },
	{ ON(COPY), on_copy_stmt },
	{ ON(TRUNCATE), on_truncate_stmt },
	/* tables */
	{ ON(CREATE), on_create_stmt },
	{ ON(CREATE_FOREIGN_TABLE), foreign_table },
	{ ON(CREATE_TABLE_AS), on_create_table_as_stmt },
	{ ON(INDEX), on_index_stmt },
	{ ON(ALTER_TABLE), on_alter_table_stmt },
	{ ON(VIEW), pe_create_view },
	{ ON(REFRESH_MAT_VIEW), pe_refresh },
	{ ON(CREATE_TRIG), pe_create_trigger },
	{ ON(CREATE_POLICY), pe_create_policy },
	{ ON(ALTER_POLICY), pe_alter_policy },
	{ ON(RULE), pe_create_rule },
	{ ON(CREATE_SEQ), pe_create_sequence },
	{ ON(ALTER_SEQ), pe_alter_sequence },
	{ ON(CREATE_STATS), pe_create_statistics },
	{ ON(IMPORT_FOREIGN_SCHEMA), pe_import_schema },
	/* types */
	{ ON(CREATE_ENUM), pe_create_enum },
	{ ON(ALTER_ENUM), pe_alter_enum },
	{ ON(COMPOSITE_TYPE), pe_create_composite },
	{ ON(CREATE_RANGE), pe_create_range },
	{ ON(CREATE_DOMAIN), pe_create_domain },
	{ ON(ALTER_DOMAIN), pe_alter_domain },
	{ ON(ALTER_TYPE), pe_alter_type },
	/* code */
	{ ON(CREATE_FUNCTION), on_create_function_stmt },
	{ ON(ALTER_FUNCTION), pe_alter_function },
	{ ON(DO), on_do_stmt },
	{ ON(CALL), call },
	{ ON(DEFINE), pe_define },
	/* things of any kind */
	{ ON(DROP), pe_drop },
	{ ON(RENAME), pe_rename },
	{ ON(ALTER_OBJECT_SCHEMA), pe_move },
	{ ON(ALTER_OWNER), pe_alter_owner },
	{ ON(ALTER_OBJECT_DEPENDS), pe_depends },
	{ ON(COMMENT), pe_comment },
	{ ON(SEC_LABEL), pe_sec_label },
	{ ON(GRANT), pe_grant },
	{ ON(ALTER_DEFAULT_PRIVILEGES), pe_default_privileges },
	{ ON(CREATE_PUBLICATION), pe_create_publication },
	{ ON(ALTER_PUBLICATION), pe_alter_publication },
	/* schemas, extensions, roles, settings */
	{ ON(CREATE_SCHEMA), pe_create_schema },
	{ ON(CREATE_EXTENSION), pe_create_extension },
	{ ON(ALTER_EXTENSION), pe_alter_extension },
	{ ON(ALTER_EXTENSION_CONTENTS), pe_extension_contents },
	{ ON(CREATE_ROLE), pe_create_role },
	{ ON(ALTER_ROLE), pe_alter_role },
	{ ON(DROP_ROLE), pe_drop_role },
	{ ON(GRANT_ROLE), pe_grant_role },
	{ ON(ALTER_ROLE_SET), pe_role_set },
	{ ON(ALTER_DATABASE_SET), pe_database_set },
	{ ON(ALTER_SYSTEM), pe_system_set },
	{ ON(VARIABLE_SET), pe_set },
	{ ON(DISCARD), nothing },
	{ ON(VARIABLE_SHOW), nothing },
	/* run, and leave nothing of their own */
	{ ON(EXPLAIN), explain },
	{ ON(PREPARE), prepare },
	{ ON(EXECUTE), execute },
	{ ON(DEALLOCATE), nothing },
	{ ON(DECLARE_CURSOR), cursor },
	{ ON(FETCH), nothing },
	{ ON(CLOSE_PORTAL), nothing },
	{ ON(TRANSACTION), transaction },
	{ ON(CONSTRAINTS_SET), nothing },
	{ ON(LOCK), lock },
	{ ON(NOTIFY), nothing },
	{ ON(LISTEN), nothing },
	{ ON(UNLISTEN), nothing },
	{ ON(CHECK_POINT), nothing },
	{ ON(LOAD), nothing },
	{ ON(VACUUM), nothing },
	{ ON(CLUSTER), nothing },
	{ ON(REINDEX), nothing },
	/* of the server, or of this database alone */
	{ ON(ALTER_DATABASE_REFRESH_COLL), nothing },
	{ ON(DROP_OWNED), merely_uncertain },
	{ ON(REASSIGN_OWNED), merely_uncertain },
	{ ON(ALTER_TABLE_MOVE_ALL), merely_uncertain },
};

void pe_statement(struct pe_walk *w, const PgQuery__Node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		if (statements[i].node == (int)n->node_case) {
			statements[i].fn(w, n);
			return;
		}
	if (!pe_catalog_object(w, n))
		merely_uncertain(w, n);
}
