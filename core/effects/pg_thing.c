#include <ctype.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_object.h"

/* Statements about a thing of any kind: its kind and name first. */

#define OBJ(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

/** What an object's name looks like in the tree. */
enum shape {
	PLAIN,    /**< [schema.]name */
	PART,     /**< [[schema.]table.]name */
	ROUTINE,  /**< with argument types */
	GLOBAL,   /**< in no schema */
	DESCRIBED /**< by its whole text */
};

static const struct object_kind {
	int type;
	enum effect_kind kind;
	enum shape shape;
	const char *word; /**< EFFECT_OTHER */
} object_kinds[] = {
	{ OBJ(TABLE), EFFECT_TABLE, PLAIN, NULL },
	{ OBJ(FOREIGN_TABLE), EFFECT_TABLE, PLAIN, NULL },
	{ OBJ(VIEW), EFFECT_VIEW, PLAIN, NULL },
	{ OBJ(MATVIEW), EFFECT_VIEW, PLAIN, NULL },
	{ OBJ(INDEX), EFFECT_INDEX, PLAIN, NULL },
	{ OBJ(SEQUENCE), EFFECT_SEQUENCE, PLAIN, NULL },
	{ OBJ(TYPE), EFFECT_TYPE, PLAIN, NULL },
	{ OBJ(DOMAIN), EFFECT_TYPE, PLAIN, NULL },
	{ OBJ(COLUMN), EFFECT_COLUMN, PART, NULL },
	{ OBJ(ATTRIBUTE), EFFECT_COLUMN, PART, NULL },
	{ OBJ(TABCONSTRAINT), EFFECT_CONSTRAINT, PART, NULL },
	{ OBJ(DOMCONSTRAINT), EFFECT_CONSTRAINT, PART, NULL },
	{ OBJ(TRIGGER), EFFECT_TRIGGER, PART, NULL },
	{ OBJ(POLICY), EFFECT_POLICY, PART, NULL },
	{ OBJ(RULE), EFFECT_RULE, PART, NULL },
	{ OBJ(FUNCTION), EFFECT_ROUTINE, ROUTINE, NULL },
	{ OBJ(PROCEDURE), EFFECT_ROUTINE, ROUTINE, NULL },
	{ OBJ(ROUTINE), EFFECT_ROUTINE, ROUTINE, NULL },
	{ OBJ(AGGREGATE), EFFECT_ROUTINE, ROUTINE, NULL },
	{ OBJ(SCHEMA), EFFECT_SCHEMA, GLOBAL, NULL },
	{ OBJ(EXTENSION), EFFECT_EXTENSION, GLOBAL, NULL },
	{ OBJ(ROLE), EFFECT_ROLE, GLOBAL, NULL },
	{ OBJ(DATABASE), EFFECT_OTHER, GLOBAL, "database" },
	{ OBJ(TABLESPACE), EFFECT_OTHER, GLOBAL, "tablespace" },
	{ OBJ(LANGUAGE), EFFECT_OTHER, GLOBAL, "language" },
	{ OBJ(FDW), EFFECT_OTHER, GLOBAL, "foreign data wrapper" },
	{ OBJ(FOREIGN_SERVER), EFFECT_OTHER, GLOBAL, "server" },
	{ OBJ(USER_MAPPING), EFFECT_OTHER, DESCRIBED, "user mapping" },
	{ OBJ(EVENT_TRIGGER), EFFECT_OTHER, GLOBAL, "event trigger" },
	{ OBJ(PUBLICATION), EFFECT_OTHER, GLOBAL, "publication" },
	{ OBJ(SUBSCRIPTION), EFFECT_OTHER, GLOBAL, "subscription" },
	{ OBJ(ACCESS_METHOD), EFFECT_OTHER, GLOBAL, "access method" },
	{ OBJ(PARAMETER_ACL), EFFECT_OTHER, GLOBAL, "parameter" },
	{ OBJ(COLLATION), EFFECT_OTHER, PLAIN, "collation" },
	{ OBJ(CONVERSION), EFFECT_OTHER, PLAIN, "conversion" },
	{ OBJ(STATISTIC_EXT), EFFECT_OTHER, PLAIN, "statistics" },
	{ OBJ(TSCONFIGURATION), EFFECT_OTHER, PLAIN,
	  "text search configuration" },
	{ OBJ(TSDICTIONARY), EFFECT_OTHER, PLAIN, "text search dictionary" },
	{ OBJ(TSPARSER), EFFECT_OTHER, PLAIN, "text search parser" },
	{ OBJ(TSTEMPLATE), EFFECT_OTHER, PLAIN, "text search template" },
	{ OBJ(OPERATOR), EFFECT_OTHER, DESCRIBED, "operator" },
	{ OBJ(OPCLASS), EFFECT_OTHER, DESCRIBED, "operator class" },
	{ OBJ(OPFAMILY), EFFECT_OTHER, DESCRIBED, "operator family" },
	{ OBJ(CAST), EFFECT_OTHER, DESCRIBED, "cast" },
	{ OBJ(TRANSFORM), EFFECT_OTHER, DESCRIBED, "transform" },
	{ OBJ(LARGEOBJECT), EFFECT_OTHER, DESCRIBED, "large object" },
};

static const struct object_kind *find_kind(int objtype)
{
	static const struct object_kind unknown = { 0, EFFECT_OTHER, DESCRIBED,
						    "object" };

	for (size_t i = 0; i < ARRAY_LEN(object_kinds); i++)
		if (object_kinds[i].type == objtype)
			return &object_kinds[i];
	return &unknown;
}

static const char *described(struct pe_walk *w, const PgQuery__Node *object)
{
	const PgQuery__ObjectWithArgs *o;

	if (object &&
	    object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
		o = object->object_with_args;
		if (*pe_name_of(o->objname, o->n_objname).name != '_' &&
		    !isalpha(
			    (unsigned char)*pe_name_of(o->objname, o->n_objname)
				    .name))
			return pe_name_of(o->objname, o->n_objname).name;
		return pe_signature(w,
				    pe_name_of(o->objname, o->n_objname).name,
				    o->objargs, o->n_objargs);
	}
	if (object && object->node_case == PG_QUERY__NODE__NODE_LIST)
		return pe_list_text(w, object->list->items,
				    object->list->n_items);
	return pe_node_text(w, object);
}

static void set_part(struct pe_thing *t, const PgQuery__RangeVar *relation,
		     const PgQuery__Node *object)
{
	struct pe_name owner;
	size_t n;

	if (relation) {
		t->schema = pe_word(relation->schemaname);
		t->table = relation->relname;
		t->name = pe_name_of_node(object).name;
		return;
	}
	if (!object || object->node_case != PG_QUERY__NODE__NODE_LIST)
		return;
	n = object->list->n_items;
	t->name = pe_name_of_node(object->list->items[n - 1]).name;
	if (n > 1 &&
	    object->list->items[0]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
		owner = pe_name_of_node(object->list->items[0]);
	else
		owner = pe_name_of(object->list->items, n - 1);
	t->schema = owner.schema;
	t->table = owner.name;
}

static void set_routine(struct pe_walk *w, struct pe_thing *t,
			const PgQuery__Node *object)
{
	const PgQuery__ObjectWithArgs *o = object->object_with_args;
	struct pe_name name;

	if (object->node_case != PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS)
		return;
	name = pe_name_of(o->objname, o->n_objname);
	t->schema = name.schema;
	t->name = o->args_unspecified ? name.name
				      : pe_signature(w, name.name, o->objargs,
						     o->n_objargs);
}

static void set_plain(struct pe_thing *t, const PgQuery__RangeVar *relation,
		      const PgQuery__Node *object)
{
	struct pe_name name = pe_name_of_node(object);

	t->schema = name.schema;
	t->name = name.name;
	if (relation) {
		t->schema = pe_word(relation->schemaname);
		t->name = relation->relname;
	}
}

struct pe_thing pe_thing_of(struct pe_walk *w, int objtype,
			    const PgQuery__RangeVar *relation,
			    const PgQuery__Node *object)
{
	const struct object_kind *k = find_kind(objtype);
	struct pe_thing t = { .kind = k->kind, .name = "" };

	switch (k->shape) {
	case PLAIN:
	case GLOBAL:
		set_plain(&t, relation, object);
		break;
	case PART:
		set_part(&t, relation, object);
		break;
	case ROUTINE:
		if (object)
			set_routine(w, &t, object);
		break;
	case DESCRIBED:
		t.name = described(w, object);
		break;
	}
	if (k->kind == EFFECT_OTHER)
		t.name = pe_printf(w, "%s %s", k->word, t.name);
	return t;
}

struct effect *pe_add_thing(struct pe_walk *w, enum effect_action action,
			    const struct pe_thing *t)
{
	return pe_add(w, action, t->kind, t->schema, t->table, t->name, -1);
}

static void columns_changed(struct pe_walk *w, const struct pe_thing *part)
{
	pe_add(w, EFFECT_ALTER, EFFECT_TABLE, part->schema, NULL, part->table,
	       -1)
		->aspect = "columns";
}

void pe_drop(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__DropStmt *s = n->drop_stmt;

	for (size_t i = 0; i < s->n_objects; i++) {
		struct pe_thing t = pe_thing_of(w, (int)s->remove_type, NULL,
						s->objects[i]);
		struct effect *e = pe_add_thing(w, EFFECT_DROP, &t);

		e->aspect = s->missing_ok ? "if exists" : NULL;
		if (s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
			e->note = "cascade";
	}
}

/* The new name of a routine keeps its arguments. */
static const char *renamed(struct pe_walk *w, const struct pe_thing *t,
			   const char *newname)
{
	const char *arguments = strchr(t->name, '(');
	const char *word = strrchr(t->name, ' ');

	if (t->kind == EFFECT_ROUTINE)
		return pe_printf(w, "%s%s", newname,
				 arguments ? arguments : "");
	if (t->kind == EFFECT_OTHER && word)
		return pe_printf(w, "%.*s %s", (int)(word - t->name), t->name,
				 newname);
	return newname;
}

static void move_thing(struct pe_walk *w, const struct pe_thing *t,
		       const char *schema, const char *name, bool missing_ok)
{
	struct effect *e = pe_add_thing(w, EFFECT_DROP, t);

	e->note = "rename";
	e->aspect = missing_ok ? "if exists" : NULL;
	e->conditional |= missing_ok;
	e = pe_add(w, EFFECT_CREATE, t->kind, schema, t->table, name, -1);
	e->from = pe_keep(w, t->name);
	/* where it was, as it is written */
	e->note = pe_printf(w, "from\n%s", t->schema ? t->schema : "");
	e->conditional |= missing_ok;
}

void pe_rename(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__RenameStmt *s = n->rename_stmt;
	struct pe_thing t =
		pe_thing_of(w, (int)s->rename_type, s->relation, s->object);

	if (t.table ||
	    (t.kind == EFFECT_COLUMN || t.kind == EFFECT_CONSTRAINT)) {
		struct pe_name owner = pe_name_of_node(s->object);

		t.name = s->subname;
		if (!s->relation) { /* of a domain */
			t.schema = owner.schema;
			t.table = owner.name;
		}
	} else if (t.kind != EFFECT_ROUTINE && pe_word(s->subname) &&
		   !*t.name) {
		t.name = s->subname;
	}
	if (pe_word(s->subname) && !s->relation && !s->object) {
		t.name = s->subname;
		if (t.kind == EFFECT_OTHER)
			t.name = pe_printf(w, "%s %s",
					   find_kind((int)s->rename_type)->word,
					   s->subname);
	}
	move_thing(w, &t, t.schema, renamed(w, &t, s->newname), s->missing_ok);
	if (t.kind == EFFECT_COLUMN)
		columns_changed(w, &t);
}

void pe_move(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterObjectSchemaStmt *s = n->alter_object_schema_stmt;
	struct pe_thing t =
		pe_thing_of(w, (int)s->object_type, s->relation, s->object);

	pe_add(w, EFFECT_USE, EFFECT_SCHEMA, NULL, NULL, s->newschema, -1);
	if (t.kind == EFFECT_EXTENSION) {
		pe_add_thing(w, EFFECT_ALTER, &t)->aspect = "schema";
		return;
	}
	move_thing(w, &t, s->newschema, t.name, s->missing_ok);
}

const char *pe_role_name(struct pe_walk *w, const PgQuery__RoleSpec *role)
{
	static const char *const words[] = {
		"", "", "current_role", "current_user", "session_user", "public"
	};
	unsigned type = role ? (unsigned)role->roletype : 0;

	if (!role)
		return "";
	if (type < ARRAY_LEN(words) && *words[type])
		return words[type];
	return pe_keep(w, role->rolename);
}

void pe_use_role(struct pe_walk *w, const PgQuery__RoleSpec *role)
{
	if (role && pe_word(role->rolename))
		pe_add(w, EFFECT_USE, EFFECT_ROLE, NULL, NULL, role->rolename,
		       -1);
}

void pe_alter_owner(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterOwnerStmt *s = n->alter_owner_stmt;
	struct pe_thing t =
		pe_thing_of(w, (int)s->object_type, s->relation, s->object);
	struct effect *e = pe_add_thing(w, EFFECT_ALTER, &t);

	e->aspect = "owner";
	e->digest = pe_role_name(w, s->newowner);
	pe_use_role(w, s->newowner);
}

void pe_depends(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterObjectDependsStmt *s = n->alter_object_depends_stmt;
	struct pe_thing t =
		pe_thing_of(w, (int)s->object_type, s->relation, s->object);

	pe_add_thing(w, EFFECT_ALTER, &t)->aspect = "options";
	if (s->extname)
		pe_add(w, EFFECT_USE, EFFECT_EXTENSION, NULL, NULL,
		       s->extname->sval, -1);
}

static void say(struct pe_walk *w, int objtype, const PgQuery__Node *object,
		const char *aspect, const char *text)
{
	struct pe_thing t = pe_thing_of(w, objtype, NULL, object);
	struct effect *e = pe_add_thing(w, EFFECT_ALTER, &t);

	e->aspect = aspect;
	e->digest = pe_digest(w, text);
}

void pe_comment(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CommentStmt *s = n->comment_stmt;

	say(w, (int)s->objtype, s->object, "comment",
	    *s->comment ? s->comment : "no comment");
}

void pe_sec_label(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__SecLabelStmt *s = n->sec_label_stmt;

	say(w, (int)s->objtype, s->object, "security label", s->label);
}

/* "bob: grant select": of each role by itself */
static const char *grant_text(struct pe_walk *w, const PgQuery__GrantStmt *s,
			      const PgQuery__RoleSpec *role)
{
	const char *what = s->n_privileges ? pe_list_text(w, s->privileges,
							  s->n_privileges)
					   : "all";

	return pe_digest(
		w, pe_printf(w, "%s: %s %s%s", pe_role_name(w, role),
			     s->is_grant ? "grant" : "revoke", what,
			     s->grant_option ? " with grant option" : ""));
}

static void grant_columns(struct pe_walk *w, const PgQuery__GrantStmt *s,
			  const PgQuery__RangeVar *r)
{
	for (size_t i = 0; i < s->n_privileges; i++) {
		const PgQuery__AccessPriv *p = s->privileges[i]->access_priv;

		for (size_t k = 0; k < p->n_cols; k++)
			pe_add(w, EFFECT_USE, EFFECT_COLUMN, r->schemaname,
			       r->relname, pe_string(p->cols[k]), r->location);
	}
}

/* What ALL TABLES IN SCHEMA, or ON TABLES by default, are to effects */
static const char *grant_kind(int objtype)
{
	switch (objtype) {
	case OBJ(TABLE):
		return "tables";
	case OBJ(SEQUENCE):
		return "sequences";
	case OBJ(TYPE):
		return "types";
	case OBJ(SCHEMA):
		return "schemas";
	default:
		return "routines";
	}
}

static void grant_on(struct pe_walk *w, const PgQuery__GrantStmt *s,
		     const PgQuery__Node *object)
{
	bool all = s->targtype ==
		   PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
	int type = all ? OBJ(SCHEMA) : (int)s->objtype;
	const PgQuery__RangeVar *r = NULL;
	struct pe_thing t;

	if (object->node_case == PG_QUERY__NODE__NODE_RANGE_VAR)
		r = object->range_var;
	t = pe_thing_of(w, type, r, object);
	for (size_t i = 0; i < s->n_grantees; i++) {
		struct effect *e = pe_add_thing(w, EFFECT_ALTER, &t);

		e->aspect = all ? pe_printf(w, "privileges of all %s",
					    grant_kind((int)s->objtype))
				: "privileges";
		e->digest = grant_text(w, s, s->grantees[i]->role_spec);
	}
	if (r)
		grant_columns(w, s, r);
}

void pe_grant(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__GrantStmt *s = n->grant_stmt;

	for (size_t i = 0; i < s->n_objects; i++)
		grant_on(w, s, s->objects[i]);
	for (size_t i = 0; i < s->n_grantees; i++)
		pe_use_role(w, s->grantees[i]->role_spec);
}

/* In every schema, where none is named */
static void default_in(struct pe_walk *w, const char *schema,
		       const PgQuery__GrantStmt *action)
{
	for (size_t i = 0; i < action->n_grantees; i++) {
		const PgQuery__RoleSpec *role = action->grantees[i]->role_spec;
		struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_SCHEMA, NULL,
					  NULL, schema, -1);

		e->aspect = pe_printf(w, "default privileges of %s",
				      grant_kind((int)action->objtype));
		e->digest = grant_text(w, action, role);
		pe_use_role(w, role);
	}
}

static void default_option(struct pe_walk *w, const PgQuery__DefElem *o,
			   const PgQuery__GrantStmt *action, bool *named)
{
	const PgQuery__List *list = NULL;

	if (o->arg && o->arg->node_case == PG_QUERY__NODE__NODE_LIST)
		list = o->arg->list;
	for (size_t i = 0; list && i < list->n_items; i++) {
		if (streq(o->defname, "schemas")) {
			*named = true;
			default_in(w, pe_string(list->items[i]), action);
		} else if (list->items[i]->node_case ==
			   PG_QUERY__NODE__NODE_ROLE_SPEC) {
			pe_use_role(w, list->items[i]->role_spec);
		}
	}
}

void pe_default_privileges(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterDefaultPrivilegesStmt *s =
		n->alter_default_privileges_stmt;
	bool named = false;

	for (size_t i = 0; s->action && i < s->n_options; i++)
		default_option(w, s->options[i]->def_elem, s->action, &named);
	if (s->action && !named)
		default_in(w, EFFECT_EVERY_SCHEMA, s->action);
}
