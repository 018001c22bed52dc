#include <string.h>

#include "base/util.h"
#include "effects/pg_object.h"
#include "effects/pg_table.h"

/* ALTER TABLE and its like, one action after the other. */

#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name

struct action {
	const PgQuery__RangeVar *of;
	const PgQuery__AlterTableCmd *cmd;
	enum effect_kind kind; /**< of what is altered */
};

static struct effect *on_whole(struct pe_walk *w, const struct action *a,
			       const char *aspect)
{
	struct effect *e = pe_add(w, EFFECT_ALTER, a->kind, a->of->schemaname,
				  NULL, a->of->relname, a->of->location);

	e->aspect = aspect;
	return e;
}

static struct effect *on_part(struct pe_walk *w, const struct action *a,
			      enum effect_action action, enum effect_kind kind,
			      const char *aspect)
{
	struct effect *e =
		pe_add(w, action, kind, a->of->schemaname, a->of->relname,
		       a->cmd->name, a->of->location);

	e->aspect = aspect;
	return e;
}

static struct effect *on_column(struct pe_walk *w, const struct action *a,
				const char *aspect)
{
	return on_part(w, a, EFFECT_ALTER, EFFECT_COLUMN, aspect);
}

/* "SetTableSpace x" */
static const char *action_text(struct pe_walk *w, const struct action *a)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(
		&pg_query__alter_table_type__descriptor, (int)a->cmd->subtype);
	const char *word = v ? v->name : "";
	const char *name = a->cmd->name;

	if (starts_with(word, "AT_"))
		word += 3;
	return pe_digest(w, pe_printf(w, "%s%s%s%s%s", word, *name ? " " : "",
				      name, a->cmd->def ? " " : "",
				      pe_node_text(w, a->cmd->def)));
}

/* A default is called for the rows that are there. */
static void call_default(struct pe_walk *w, const struct action *a)
{
	const PgQuery__ColumnDef *c = a->cmd->def->column_def;
	struct pe_scope scope;

	pe_definition_open(w, &scope, a->of);
	pe_expr(w, c->raw_default);
	for (size_t i = 0; i < c->n_constraints; i++)
		pe_expr(w, c->constraints[i]->constraint->raw_expr);
	pe_definition_close(w);
}

static void add_column(struct pe_walk *w, const struct action *a)
{
	size_t at = w->out->n;
	bool strict;

	pe_column_def(w, a->of, a->cmd->def->column_def, true);
	call_default(w, a);
	w->out->items[at].aspect = a->cmd->missing_ok ? "if not exists" : NULL;
	strict = w->out->items[at].strict;
	on_whole(w, a, "columns")->strict = strict;
}

static const char *drop_note(const PgQuery__AlterTableCmd *c)
{
	return c->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE ? "cascade"
								    : NULL;
}

static void drop_part(struct pe_walk *w, const struct action *a,
		      enum effect_kind kind)
{
	const char *aspect = a->cmd->missing_ok ? "if exists" : NULL;
	struct effect *e = on_part(w, a, EFFECT_DROP, kind, aspect);

	e->note = drop_note(a->cmd);
}

static void drop_column(struct pe_walk *w, const struct action *a)
{
	drop_part(w, a, EFFECT_COLUMN);
	on_whole(w, a, "columns");
}

static void drop_constraint(struct pe_walk *w, const struct action *a)
{
	drop_part(w, a, EFFECT_CONSTRAINT);
	on_whole(w, a, "constraints")->implied = true;
}

static void add_constraint(struct pe_walk *w, const struct action *a)
{
	pe_constraint(w, a->of, a->cmd->def->constraint, NULL);
	on_whole(w, a, "constraints")->implied = true;
}

static void column_type(struct pe_walk *w, const struct action *a)
{
	const PgQuery__ColumnDef *def = a->cmd->def->column_def;
	struct effect *e = on_column(w, a, "type");
	struct pe_owner before;
	struct pe_scope scope;

	e->digest = pe_digest(
		w,
		pe_printf(w, "%s%s%s", pe_type_text(w, def->type_name),
			  def->coll_clause ? " collate " : "",
			  def->coll_clause ? pe_text(w, &def->coll_clause->base)
					   : ""));
	e->note = pe_printf(
		w, "\n%s\n%s",
		pe_name_of(def->type_name->names, def->type_name->n_names)
				.schema
			? pe_name_of(def->type_name->names,
				     def->type_name->n_names)
				  .schema
			: "",
		pe_name_of(def->type_name->names, def->type_name->n_names)
			.name);
	if (def->raw_default)
		e->digest = pe_digest(
			w, pe_printf(w, "%s using %s", e->digest,
				     pe_node_text(w, def->raw_default)));
	before = pe_owner_set(w);
	pe_use_type(w, def->type_name);
	pe_owner_restore(w, before);
	pe_definition_open(w, &scope, a->of);
	pe_expr(w, def->raw_default);
	pe_definition_close(w);
}

static void column_default(struct pe_walk *w, const struct action *a)
{
	struct effect *e = on_column(w, a, "default");
	const char *value;
	struct pe_owner before;

	e->digest = a->cmd->def ? pe_digest(w, pe_node_text(w, a->cmd->def))
				: "no default";
	e->note = pe_constant_note(w, a->cmd->def);
	before = pe_owner_set(w);
	pe_expr(w, a->cmd->def);
	/* a label, where the column's type has some */
	if (pe_literal(w, a->cmd->def, &value) && value) {
		e = pe_add(w, EFFECT_USE, EFFECT_LABEL, a->of->schemaname,
			   a->of->relname, value, a->of->location);
		e->from = pe_keep(w, a->cmd->name);
		e->conditional = true;
	}
	pe_owner_restore(w, before);
}

static void column_null(struct pe_walk *w, const struct action *a)
{
	bool set = a->cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull;
	struct effect *e = on_column(w, a, "null");

	e->digest = set ? "not null" : "null";
	e->strict = set;
}

static void column_option(struct pe_walk *w, const struct action *a)
{
	bool storage =
		a->cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage ||
		a->cmd->subtype ==
			PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression;

	on_column(w, a, storage ? "storage" : "statistics")->digest =
		pe_digest(w, pe_node_text(w, a->cmd->def));
}

static void column_identity(struct pe_walk *w, const struct action *a)
{
	int type = (int)a->cmd->subtype;
	const char *name = pe_auto_name(w, a->of->relname, a->cmd->name, "seq");
	struct effect *e = on_column(w, a, "generated");

	e->digest = action_text(w, a);
	if (type == PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity) {
		e = pe_add(w, EFFECT_ALTER, EFFECT_SEQUENCE, a->of->schemaname,
			   NULL, name, a->of->location);
		e->aspect = "options";
	} else if (type == PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity) {
		struct pe_owner before = pe_owner_set(w);

		e = pe_add(w, EFFECT_CREATE, EFFECT_SEQUENCE, a->of->schemaname,
			   NULL, name, a->of->location);
		e->note = PG_NOTE_AUTO;
		pe_owner_restore(w, before);
	} else if (type == PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity) {
		e = pe_add(w, EFFECT_DROP, EFFECT_SEQUENCE, a->of->schemaname,
			   NULL, name, a->of->location);
	}
	e->implied = true;
}

static void on_constraint(struct pe_walk *w, const struct action *a)
{
	struct effect *e =
		on_part(w, a, EFFECT_ALTER, EFFECT_CONSTRAINT, "validation");

	if (a->cmd->def &&
	    a->cmd->def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
		e->name = pe_keep(w, a->cmd->def->constraint->conname);
		e->aspect = "options";
	}
	e->digest = action_text(w, a);
}

static void owner(struct pe_walk *w, const struct action *a)
{
	on_whole(w, a, "owner")->digest = pe_role_name(w, a->cmd->newowner);
	pe_use_role(w, a->cmd->newowner);
}

static void option(struct pe_walk *w, const struct action *a)
{
	on_whole(w, a, "options")->digest = action_text(w, a);
}

static void persistence(struct pe_walk *w, const struct action *a)
{
	on_whole(w, a, "persistence")->digest = action_text(w, a);
}

static void row_security(struct pe_walk *w, const struct action *a)
{
	on_whole(w, a, "row security")->digest = action_text(w, a);
}

static void replica_identity(struct pe_walk *w, const struct action *a)
{
	const PgQuery__ReplicaIdentityStmt *s =
		a->cmd->def->replica_identity_stmt;
	struct effect *e = on_whole(w, a, "replica identity");

	e->digest = pe_digest(w, pe_node_text(w, a->cmd->def));
	e->note = pe_printf(w, "replica identity %s", s->identity_type);
	if (pe_word(s->name))
		pe_add(w, EFFECT_USE, EFFECT_INDEX, a->of->schemaname,
		       a->of->relname, s->name, a->of->location);
}

static void triggers(struct pe_walk *w, const struct action *a)
{
	struct effect *e;

	if (pe_word(a->cmd->name))
		e = on_part(w, a, EFFECT_ALTER, EFFECT_TRIGGER, "enabled");
	else
		e = on_whole(w, a, "triggers");
	e->digest = action_text(w, a);
}

static void rules(struct pe_walk *w, const struct action *a)
{
	on_part(w, a, EFFECT_ALTER, EFFECT_RULE, "enabled")->digest =
		action_text(w, a);
}

static void parent(struct pe_walk *w, const PgQuery__RangeVar *r,
		   const char *note)
{
	struct effect *e = pe_add(w, EFFECT_USE, EFFECT_TABLE, r->schemaname,
				  NULL, r->relname, r->location);

	e->aspect = "columns";
	e->note = note;
}

/* Its rows and parts are the parent's, too, or no more. */
static void heirs(struct pe_walk *w, const PgQuery__RangeVar *r,
		  const char *aspect, const struct action *a)
{
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_TABLE, r->schemaname,
				  NULL, r->relname, r->location);

	e->aspect = aspect;
	e->digest = action_text(w, a);
}

static void inheritance(struct pe_walk *w, const struct action *a)
{
	bool adds = a->cmd->subtype == AT(AddInherit);
	struct effect *e = on_whole(w, a, "inheritance");
	struct pe_owner before;

	e->digest = action_text(w, a);
	if (!a->cmd->def ||
	    a->cmd->def->node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
		return;
	heirs(w, a->cmd->def->range_var, adds ? "heir" : "heir less", a);
	before = pe_owner_set(w);
	parent(w, a->cmd->def->range_var, adds ? "inherits" : "leaves");
	pe_owner_restore(w, before);
}

/* It is the partition that changes; its parent has to be there. */
static void partition(struct pe_walk *w, const struct action *a)
{
	const PgQuery__RangeVar *child = a->cmd->def->partition_cmd->name;
	bool adds = a->cmd->subtype == AT(AttachPartition);
	struct effect *e;
	struct pe_owner before;

	if (adds)
		pe_new_partition(w, a->of, a->cmd->def->partition_cmd->bound)
			->strict = true;
	else
		heirs(w, a->of, "heir less", a);
	e = pe_add(w, EFFECT_ALTER, EFFECT_TABLE, child->schemaname, NULL,
		   child->relname, child->location);
	e->aspect = "inheritance";
	e->digest = action_text(w, a);
	before = pe_owner_set(w);
	parent(w, a->of, adds ? "partition" : "leaves");
	pe_owner_restore(w, before);
}

static const struct {
	int subtype;
	void (*fn)(struct pe_walk *w, const struct action *a);
} actions[] = {
	{ AT(AddColumn), add_column },
	{ AT(AddColumnToView), add_column },
	{ AT(ColumnDefault), column_default },
	{ AT(DropNotNull), column_null },
	{ AT(SetNotNull), column_null },
	{ AT(DropExpression), column_identity },
	{ AT(SetStatistics), column_option },
	{ AT(SetOptions), column_option },
	{ AT(ResetOptions), column_option },
	{ AT(SetStorage), column_option },
	{ AT(SetCompression), column_option },
	{ AT(AlterColumnGenericOptions), column_option },
	{ AT(DropColumn), drop_column },
	{ AT(AddConstraint), add_constraint },
	{ AT(AlterConstraint), on_constraint },
	{ AT(ValidateConstraint), on_constraint },
	{ AT(DropConstraint), drop_constraint },
	{ AT(AlterColumnType), column_type },
	{ AT(ChangeOwner), owner },
	{ AT(ClusterOn), option },
	{ AT(DropCluster), option },
	{ AT(SetLogged), persistence },
	{ AT(SetUnLogged), persistence },
	{ AT(DropOids), option },
	{ AT(SetAccessMethod), option },
	{ AT(SetTableSpace), option },
	{ AT(SetRelOptions), option },
	{ AT(ResetRelOptions), option },
	{ AT(ReplaceRelOptions), option },
	{ AT(EnableTrig), triggers },
	{ AT(EnableAlwaysTrig), triggers },
	{ AT(EnableReplicaTrig), triggers },
	{ AT(DisableTrig), triggers },
	{ AT(EnableTrigAll), triggers },
	{ AT(DisableTrigAll), triggers },
	{ AT(EnableTrigUser), triggers },
	{ AT(DisableTrigUser), triggers },
	{ AT(EnableRule), rules },
	{ AT(EnableAlwaysRule), rules },
	{ AT(EnableReplicaRule), rules },
	{ AT(DisableRule), rules },
	{ AT(AddInherit), inheritance },
	{ AT(DropInherit), inheritance },
	{ AT(AddOf), inheritance },
	{ AT(DropOf), inheritance },
	{ AT(ReplicaIdentity), replica_identity },
	{ AT(EnableRowSecurity), row_security },
	{ AT(DisableRowSecurity), row_security },
	{ AT(ForceRowSecurity), row_security },
	{ AT(NoForceRowSecurity), row_security },
	{ AT(GenericOptions), option },
	{ AT(AttachPartition), partition },
	{ AT(DetachPartition), partition },
	{ AT(DetachPartitionFinalize), partition },
	{ AT(AddIdentity), column_identity },
	{ AT(SetIdentity), column_identity },
	{ AT(DropIdentity), column_identity },
};

static enum effect_kind kind_of(int objtype)
{
	switch (objtype) {
	case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
	case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
		return EFFECT_VIEW;
	case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
		return EFFECT_INDEX;
	case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
		return EFFECT_SEQUENCE;
	case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
		return EFFECT_TYPE;
	default:
		return EFFECT_TABLE;
	}
}

static void one_action(struct pe_walk *w, const struct action *a)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (actions[i].subtype == (int)a->cmd->subtype) {
			actions[i].fn(w, a);
			return;
		}
	pe_uncertain(w,
		     pe_printf(w,
			       "an action of ALTER TABLE %s that is not known",
			       a->of->relname),
		     a->of->location);
}

void pe_alter_table(struct pe_walk *w, const PgQuery__AlterTableStmt *s)
{
	struct action a = { s->relation, NULL, kind_of((int)s->objtype) };
	bool before = w->conditional;

	w->conditional |= s->missing_ok;
	pe_add(w, EFFECT_USE, a.kind, a.of->schemaname, NULL, a.of->relname,
	       a.of->location);
	for (size_t i = 0; i < s->n_cmds; i++) {
		a.cmd = s->cmds[i]->alter_table_cmd;
		one_action(w, &a);
	}
	w->conditional = before;
}
