#include <string.h>

#include "base/util.h"
#include "effects/pg_object.h"

/* Schemas, extensions, roles, settings. */

void pe_create_schema(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateSchemaStmt *s = n->create_schema_stmt;
	const char *name = pe_word(s->schemaname);
	struct effect *e;

	if (!name)
		name = pe_role_name(w, s->authrole);
	e = pe_add(w, EFFECT_CREATE, EFFECT_SCHEMA, NULL, NULL, name, -1);
	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_keep(w, s->authrole ? pe_role_name(w, s->authrole)
					   : "schema");
	if (!s->n_schema_elts)
		return;
	e = pe_add(w, EFFECT_ALTER, EFFECT_SETTING, NULL, NULL, "search_path",
		   -1);
	e->note = "push";
	e->digest = pe_keep(w, name);
	for (size_t i = 0; i < s->n_schema_elts; i++)
		pe_statement(w, s->schema_elts[i]);
	pe_add(w, EFFECT_ALTER, EFFECT_SETTING, NULL, NULL, "search_path", -1)
		->note = "pop";
}

void pe_create_extension(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateExtensionStmt *s = n->create_extension_stmt;
	struct effect *e = pe_add(w, EFFECT_CREATE, EFFECT_EXTENSION, NULL,
				  NULL, s->extname, -1);

	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_digest(
		w, pe_printf(w, "extension %s",
			     pe_list_text(w, s->options, s->n_options)));
}

void pe_alter_extension(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterExtensionStmt *s = n->alter_extension_stmt;
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_EXTENSION, NULL, NULL,
				  s->extname, -1);

	e->aspect = "version";
	e->digest = s->n_options ? pe_digest(w, pe_list_text(w, s->options,
							     s->n_options))
				 : "latest";
}

void pe_extension_contents(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterExtensionContentsStmt *s =
		n->alter_extension_contents_stmt;
	struct pe_thing t = pe_thing_of(w, (int)s->objtype, NULL, s->object);

	pe_add(w, EFFECT_ALTER, EFFECT_EXTENSION, NULL, NULL, s->extname, -1)
		->aspect = "contents";
	pe_add_thing(w, EFFECT_ALTER, &t)->aspect = "options";
}

void pe_create_role(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateRoleStmt *s = n->create_role_stmt;

	pe_add(w, EFFECT_CREATE, EFFECT_ROLE, NULL, NULL, s->role, -1)->digest =
		pe_digest(w, pe_list_text(w, s->options, s->n_options));
}

void pe_alter_role(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterRoleStmt *s = n->alter_role_stmt;
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_ROLE, NULL, NULL,
				  pe_role_name(w, s->role), -1);

	e->aspect = "options";
	e->digest = pe_digest(w, pe_list_text(w, s->options, s->n_options));
}

void pe_drop_role(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__DropRoleStmt *s = n->drop_role_stmt;

	for (size_t i = 0; i < s->n_roles; i++) {
		struct effect *e =
			pe_add(w, EFFECT_DROP, EFFECT_ROLE, NULL, NULL,
			       pe_role_name(w, s->roles[i]->role_spec), -1);

		e->aspect = s->missing_ok ? "if exists" : NULL;
		e->conditional |= s->missing_ok;
	}
}

void pe_grant_role(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__GrantRoleStmt *s = n->grant_role_stmt;

	for (size_t i = 0; i < s->n_grantee_roles; i++) {
		struct effect *e = pe_add(
			w, EFFECT_ALTER, EFFECT_ROLE, NULL, NULL,
			pe_role_name(w, s->grantee_roles[i]->role_spec), -1);

		e->aspect = "privileges";
		e->digest = pe_sum(w, &s->base);
	}
	for (size_t i = 0; i < s->n_granted_roles; i++)
		if (s->granted_roles[i]->node_case ==
		    PG_QUERY__NODE__NODE_ACCESS_PRIV)
			pe_add(w, EFFECT_USE, EFFECT_ROLE, NULL, NULL,
			       s->granted_roles[i]->access_priv->priv_name, -1);
}

static void lasting(struct pe_walk *w, const char *of,
		    const PgQuery__VariableSetStmt *set)
{
	struct effect *e;

	if (!set)
		return;
	e = pe_add(w, EFFECT_ALTER, EFFECT_SETTING, NULL, NULL,
		   pe_printf(w, "%s of %s", *set->name ? set->name : "all", of),
		   -1);
	e->digest = pe_digest(w, pe_list_text(w, set->args, set->n_args));
	e->note = "lasting";
}

void pe_role_set(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterRoleSetStmt *s = n->alter_role_set_stmt;

	lasting(w,
		pe_printf(w, "role %s",
			  s->role ? pe_role_name(w, s->role) : "all"),
		s->setstmt);
}

void pe_database_set(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterDatabaseSetStmt *s = n->alter_database_set_stmt;

	lasting(w, pe_printf(w, "database %s", s->dbname), s->setstmt);
}

void pe_system_set(struct pe_walk *w, const PgQuery__Node *n)
{
	lasting(w, "the server", n->alter_system_stmt->setstmt);
}

/* Of the session: only search_path means anything for what follows. */
void pe_set(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__VariableSetStmt *s = n->variable_set_stmt;
	struct buf value = BUF_INIT;
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_SETTING, NULL, NULL,
				  pe_word(s->name) ? s->name : "all", -1);

	for (size_t i = 0; i < s->n_args; i++) {
		const char *arg = NULL;

		pe_literal(w, s->args[i], &arg);
		buf_addf(&value, "%s%s", i ? ", " : "", arg ? arg : "");
	}
	if (s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE)
		e->digest = pe_keep(w, buf_str(&value));
	buf_release(&value);
}
