#include "effects/pg_object.h"

#include <string.h>

#include "base/util.h"
#include "effects/pg_table.h"

/* Views, triggers, policies, rules, sequences. */

void pe_create_view(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__ViewStmt *s = n->view_stmt;
	const PgQuery__RangeVar *r = s->view;
	struct pe_names columns = { NULL, 0, 0 }, given = { NULL, 0, 0 };
	size_t at = w->out->n;
	struct pe_owner before;
	bool open = false;
	struct effect *e = pe_add(w, EFFECT_CREATE, EFFECT_VIEW, r->schemaname,
				  NULL, r->relname, r->location);

	e->aspect = s->replace ? "or replace" : NULL;
	e->digest = pe_sum(w, &s->base);
	before = pe_owner_set(w);
	if (s->query && s->query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
		pe_select(w, s->query->select_stmt, &columns, &open);
	for (size_t i = 0; i < s->n_aliases; i++)
		pe_names_add(w, &given, pe_string(s->aliases[i]));
	for (size_t i = given.n; i < columns.n; i++)
		pe_names_add(w, &given, columns.items[i]);
	for (size_t i = 0; i < given.n; i++) {
		e = pe_add(w, EFFECT_CREATE, EFFECT_COLUMN, r->schemaname,
			   r->relname, given.items[i], r->location);
		e->implied = true;
		e->note = "x\n\n";
	}
	w->out->items[at].note = open ? "open" : NULL;
	pe_owner_restore(w, before);
}

void pe_refresh(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__RangeVar *r = n->refresh_mat_view_stmt->relation;

	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_VIEW, r->schemaname,
				  NULL, r->relname, r->location);

	e->aspect = "rows";
	e->digest = n->refresh_mat_view_stmt->skip_data ? "none" : "anew";
	/* what it is made of is read: the resolver knows */
	e = pe_add(w, EFFECT_SELECT, EFFECT_ROWS, r->schemaname, NULL,
		   r->relname, r->location);
	e->all_columns = true;
	e->aspect = "refresh";
}

/* TRIGGER_TYPE_*: src/include/catalog/pg_trigger.h */
static struct pe_names events_of(struct pe_walk *w, int events)
{
	static const struct {
		int bit;
		const char *name;
	} bits[] = {
		{ 1 << 2, "insert" },
		{ 1 << 3, "delete" },
		{ 1 << 4, "update" },
		{ 1 << 5, "truncate" },
	};
	struct pe_names names = { NULL, 0, 0 };

	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (events & bits[i].bit)
			pe_names_add(w, &names, bits[i].name);
	return names;
}

static const char *trigger_note(struct pe_walk *w,
				const PgQuery__CreateTrigStmt *s)
{
	const char *when = s->timing & 1 << 1   ? "b"
			   : s->timing & 1 << 6 ? "i"
						: "a";

	return pe_printf(w, "%s%s", when, s->row ? "r" : "");
}

void pe_create_trigger(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateTrigStmt *s = n->create_trig_stmt;
	const PgQuery__RangeVar *r = s->relation;
	struct pe_name fn = pe_name_of(s->funcname, s->n_funcname);
	struct pe_names events = events_of(w, s->events);
	struct pe_names columns = { NULL, 0, 0 };
	struct pe_owner before;
	struct effect *e;
	bool fires = w->fires;

	pe_use_relation(w, r);
	e = pe_add(w, EFFECT_CREATE, EFFECT_TRIGGER, r->schemaname, r->relname,
		   s->trigname, r->location);
	e->aspect = s->replace ? "or replace" : NULL;
	e->digest = pe_sum(w, &s->base);
	e->note = trigger_note(w, s);
	e->columns = pe_names_list(w, &events);
	for (size_t i = 0; i < s->n_columns; i++)
		pe_names_add(w, &columns, pe_string(s->columns[i]));
	if (columns.n)
		e->reads = pe_names_list(w, &columns);
	before = pe_owner_set(w);
	for (size_t i = 0; i < columns.n; i++)
		pe_use_column(w, r->schemaname, r->relname, columns.items[i],
			      r->location);
	e = pe_add(w, EFFECT_USE, EFFECT_ROUTINE, fn.schema, NULL,
		   pe_printf(w, "%s()", fn.name), r->location);
	e->aspect = "signature";
	w->fires = true;
	pe_expr(w, s->when_clause);
	w->fires = fires;
	pe_owner_restore(w, before);
}

static void policy(struct pe_walk *w, const PgQuery__RangeVar *r,
		   const PgQuery__Node *qual, const PgQuery__Node *check)
{
	struct pe_owner before = pe_owner_set(w);
	struct pe_scope scope;

	pe_definition_open(w, &scope, r);
	pe_expr(w, qual);
	pe_expr(w, check);
	pe_definition_close(w);
	pe_owner_restore(w, before);
}

static void use_roles(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pe_word(items[i]->role_spec->rolename))
			pe_add(w, EFFECT_USE, EFFECT_ROLE, NULL, NULL,
			       items[i]->role_spec->rolename, -1);
}

void pe_create_policy(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreatePolicyStmt *s = n->create_policy_stmt;
	const PgQuery__RangeVar *r = s->table;
	struct effect *e;

	pe_use_relation(w, r);
	use_roles(w, s->roles, s->n_roles);
	e = pe_add(w, EFFECT_CREATE, EFFECT_POLICY, r->schemaname, r->relname,
		   s->policy_name, r->location);
	e->digest = pe_sum(w, &s->base);
	policy(w, r, s->qual, s->with_check);
}

void pe_alter_policy(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterPolicyStmt *s = n->alter_policy_stmt;
	const PgQuery__RangeVar *r = s->table;
	struct effect *e;

	use_roles(w, s->roles, s->n_roles);
	e = pe_add(w, EFFECT_ALTER, EFFECT_POLICY, r->schemaname, r->relname,
		   s->policy_name, r->location);
	e->aspect = "definition";
	e->digest = pe_sum(w, &s->base);
	policy(w, r, s->qual, s->with_check);
}

static const char *event_word(int event)
{
	switch (event) {
	case PG_QUERY__CMD_TYPE__CMD_INSERT:
		return "insert";
	case PG_QUERY__CMD_TYPE__CMD_UPDATE:
		return "update";
	case PG_QUERY__CMD_TYPE__CMD_DELETE:
		return "delete";
	default:
		return "select";
	}
}

void pe_create_rule(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__RuleStmt *s = n->rule_stmt;
	const PgQuery__RangeVar *r = s->relation;
	struct pe_names events = { NULL, 0, 0 };
	bool fires = w->fires, conditional = w->conditional;
	struct pe_owner before;
	struct pe_scope scope;
	struct effect *e;
	size_t at;

	pe_use_relation(w, r);
	e = pe_add(w, EFFECT_CREATE, EFFECT_RULE, r->schemaname, r->relname,
		   s->rulename, r->location);
	e->aspect = s->replace ? "or replace" : NULL;
	e->digest = pe_sum(w, &s->base);
	e->note = s->instead ? "instead" : "also";
	pe_names_add(w, &events, event_word((int)s->event));
	e->columns = pe_names_list(w, &events);
	at = w->out->n;
	before = pe_owner_set(w);
	w->defines = false; /* what it does is its body */
	w->fires = true;
	w->conditional = true;
	pe_definition_open(w, &scope, r);
	pe_expr(w, s->where_clause);
	pe_definition_close(w);
	for (size_t i = 0; i < s->n_actions; i++)
		pe_statement(w, s->actions[i]);
	w->out->items[at - 1].body = w->out->n - at;
	w->fires = fires;
	w->conditional = conditional;
	pe_owner_restore(w, before);
}

static const PgQuery__Node *option(PgQuery__Node *const *options, size_t n,
				   const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    streq(options[i]->def_elem->defname, name))
			return options[i];
	return NULL;
}

/* OWNED BY table.column: it goes with the column. */
static void owned_by(struct pe_walk *w, PgQuery__Node *const *options, size_t n)
{
	const PgQuery__Node *o = option(options, n, "owned_by");
	const PgQuery__List *l;
	struct pe_name table;
	struct effect *e;

	if (!o || !o->def_elem->arg ||
	    o->def_elem->arg->node_case != PG_QUERY__NODE__NODE_LIST)
		return;
	l = o->def_elem->arg->list;
	if (l->n_items < 2) /* NONE */
		return;
	table = pe_name_of(l->items, l->n_items - 1);
	e = pe_add(w, EFFECT_USE, EFFECT_COLUMN, table.schema, table.name,
		   pe_string(l->items[l->n_items - 1]), -1);
	e->note = "owner";
	pe_add(w, EFFECT_USE, EFFECT_TABLE, table.schema, NULL, table.name, -1)
		->aspect = "owner"; /* both have one */
}

void pe_create_sequence(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateSeqStmt *s = n->create_seq_stmt;
	const PgQuery__RangeVar *r = s->sequence;
	struct pe_owner before;
	struct effect *e = pe_add(w, EFFECT_CREATE, EFFECT_SEQUENCE,
				  r->schemaname, NULL, r->relname, r->location);

	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_digest(w, pe_list_text(w, s->options, s->n_options));
	before = pe_owner_set(w);
	owned_by(w, s->options, s->n_options);
	pe_owner_restore(w, before);
}

void pe_alter_sequence(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterSeqStmt *s = n->alter_seq_stmt;
	const PgQuery__RangeVar *r = s->sequence;
	bool restarts = option(s->options, s->n_options, "restart") != NULL;
	struct pe_owner before;
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_SEQUENCE,
				  r->schemaname, NULL, r->relname, r->location);

	e->conditional |= s->missing_ok;
	e->aspect = restarts ? "value" : "options";
	if (s->n_options == 1 && option(s->options, 1, "owned_by"))
		e->aspect = "owned by";
	e->digest = pe_digest(w, pe_list_text(w, s->options, s->n_options));
	before = pe_owner_set(w);
	owned_by(w, s->options, s->n_options);
	pe_owner_restore(w, before);
}

void pe_create_statistics(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateStatsStmt *s = n->create_stats_stmt;
	struct pe_name name = pe_name_of(s->defnames, s->n_defnames);
	struct pe_owner before;
	struct pe_scope scope;
	struct effect *e =
		pe_add(w, EFFECT_CREATE, EFFECT_OTHER, name.schema, NULL,
		       pe_printf(w, "statistics %s", name.name), -1);

	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_sum(w, &s->base);
	before = pe_owner_set(w);
	pe_scope_push(w, &scope);
	pe_from(w, s->relations, s->n_relations);
	for (size_t i = 0; i < s->n_exprs; i++) {
		const PgQuery__StatsElem *k = s->exprs[i]->stats_elem;
		const PgQuery__RangeVar *r = s->relations[0]->range_var;

		if (*k->name) {
			pe_use_column(w, r->schemaname, r->relname, k->name,
				      -1);
			w->out->items[w->out->n - 1].aspect = "key";
		}
		pe_expr(w, k->expr);
	}
	pe_scope_pop(w);
	pe_owner_restore(w, before);
	for (size_t i = 0; i < s->n_relations; i++) {
		const PgQuery__RangeVar *r = s->relations[i]->range_var;

		pe_add(w, EFFECT_ALTER, EFFECT_TABLE, r->schemaname, NULL,
		       r->relname, -1)
			->aspect = "extended statistics"; /* for LIKE */
	}
}

void pe_import_schema(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__ImportForeignSchemaStmt *s =
		n->import_foreign_schema_stmt;

	pe_uncertain(w,
		     pe_printf(w, "which tables IMPORT FOREIGN SCHEMA %s makes",
			       s->remote_schema),
		     -1);
}
