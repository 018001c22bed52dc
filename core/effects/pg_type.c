#include <string.h>

#include "base/util.h"
#include "effects/pg_object.h"
#include "effects/pg_table.h"

/* Types; and what has only a name and a definition. */

static struct effect *make_type(struct pe_walk *w, struct pe_name name,
				const char *digest, const char *note)
{
	struct effect *e = pe_add(w, EFFECT_CREATE, EFFECT_TYPE, name.schema,
				  NULL, name.name, -1);

	e->digest = pe_digest(w, digest);
	e->note = note;
	return e;
}

static void add_label(struct pe_walk *w, struct pe_name type, const char *label)
{
	pe_add(w, EFFECT_CREATE, EFFECT_LABEL, type.schema, type.name, label,
	       -1)
		->implied = true;
}

void pe_create_enum(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateEnumStmt *s = n->create_enum_stmt;
	struct pe_name name = pe_name_of(s->type_name, s->n_type_name);
	struct pe_owner before;

	make_type(
		w, name,
		pe_printf(w, "enum (%s)", pe_list_text(w, s->vals, s->n_vals)),
		"enum");
	before = pe_owner_set(w);
	for (size_t i = 0; i < s->n_vals; i++)
		add_label(w, name, pe_string(s->vals[i]));
	pe_owner_restore(w, before);
}

static void rename_label(struct pe_walk *w, const PgQuery__AlterEnumStmt *s,
			 struct pe_name type)
{
	struct effect *e = pe_add(w, EFFECT_DROP, EFFECT_LABEL, type.schema,
				  type.name, s->old_val, -1);

	e->note = "rename";
	e = pe_add(w, EFFECT_CREATE, EFFECT_LABEL, type.schema, type.name,
		   s->new_val, -1);
	e->from = pe_keep(w, s->old_val);
	e->note = "from\n";
}

void pe_alter_enum(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterEnumStmt *s = n->alter_enum_stmt;
	struct pe_name type = pe_name_of(s->type_name, s->n_type_name);
	struct effect *e;

	pe_add(w, EFFECT_USE, EFFECT_TYPE, type.schema, NULL, type.name, -1);
	if (pe_word(s->old_val)) {
		rename_label(w, s, type);
		return;
	}
	e = pe_add(w, EFFECT_CREATE, EFFECT_LABEL, type.schema, type.name,
		   s->new_val, -1);
	e->aspect = s->skip_if_new_val_exists ? "if not exists" : NULL;
	if (!pe_word(s->new_val_neighbor))
		return;
	e->digest =
		pe_printf(w, "%s %s", s->new_val_is_after ? "after" : "before",
			  s->new_val_neighbor);
	pe_add(w, EFFECT_USE, EFFECT_LABEL, type.schema, type.name,
	       s->new_val_neighbor, -1)
		->note = "sure";
}

void pe_create_composite(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CompositeTypeStmt *s = n->composite_type_stmt;
	const PgQuery__RangeVar *r = s->typevar;
	struct pe_name name = { pe_word(r->schemaname), r->relname };
	struct pe_owner before;

	make_type(w, name,
		  pe_printf(w, "(%s)",
			    pe_list_text(w, s->coldeflist, s->n_coldeflist)),
		  "composite");
	before = pe_owner_set(w);
	for (size_t i = 0; i < s->n_coldeflist; i++)
		pe_column_def(w, r, s->coldeflist[i]->column_def, false);
	pe_owner_restore(w, before);
}

static bool is_among(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(name, list[i]))
			return true;
	return false;
}

/* In "name = value" a type may be a type, a function, or any other name. */
static void definition(struct pe_walk *w, PgQuery__Node *const *items, size_t n)
{
	static const char *const types[] = { "stype",   "mstype",   "basetype",
					     "leftarg", "rightarg", "subtype",
					     "element", "like" };
	static const char *const routines[] = {
		"sfunc",        "finalfunc",    "combinefunc", "serialfunc",
		"deserialfunc", "msfunc",       "minvfunc",    "mfinalfunc",
		"function",     "procedure",    "restrict",    "join",
		"input",        "output",       "receive",     "send",
		"canonical",    "subtype_diff", "analyze",     "subscript",
		"typmod_in",    "typmod_out"
	};

	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *o = items[i]->def_elem;
		struct pe_name name;

		if (items[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM ||
		    !o->arg)
			continue;
		name = pe_name_of_node(o->arg);
		if (is_among(o->defname, types, ARRAY_LEN(types)))
			pe_expr(w, o->arg);
		else if (is_among(o->defname, routines, ARRAY_LEN(routines)) &&
			 *name.name && !pe_is_builtin(name.name))
			pe_add(w, EFFECT_USE, EFFECT_ROUTINE, name.schema, NULL,
			       name.name, -1)
				->aspect = "signature";
	}
}

void pe_create_range(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateRangeStmt *s = n->create_range_stmt;
	struct pe_owner before;

	make_type(w, pe_name_of(s->type_name, s->n_type_name),
		  pe_printf(w, "range (%s)",
			    pe_list_text(w, s->params, s->n_params)),
		  NULL);
	before = pe_owner_set(w);
	definition(w, s->params, s->n_params);
	pe_owner_restore(w, before);
}

/* A constant default may be a label of the type, or of a domain's. */
static void use_default_label(struct pe_walk *w, struct pe_name type,
			      const PgQuery__Node *n)
{
	const char *value;

	if (pe_literal(w, n, &value) && value && *type.name &&
	    !(type.schema && streq(type.schema, "pg_catalog")))
		pe_add(w, EFFECT_USE, EFFECT_LABEL, type.schema, type.name,
		       value, -1)
			->conditional = true;
}

void pe_create_domain(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__CreateDomainStmt *s = n->create_domain_stmt;
	struct pe_owner before;

	make_type(w, pe_name_of(s->domainname, s->n_domainname),
		  pe_text(w, &s->base), "domain");
	before = pe_owner_set(w);
	pe_use_type(w, s->type_name);
	for (size_t i = 0; i < s->n_constraints; i++) {
		const PgQuery__Constraint *c = s->constraints[i]->constraint;

		pe_expr(w, c->raw_expr);
		if (c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT)
			use_default_label(w,
					  pe_name_of(s->type_name->names,
						     s->type_name->n_names),
					  c->raw_expr);
	}
	pe_owner_restore(w, before);
}

void pe_alter_domain(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterDomainStmt *s = n->alter_domain_stmt;
	struct pe_name name = pe_name_of(s->type_name, s->n_type_name);
	struct pe_owner before;
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_TYPE, name.schema,
				  NULL, name.name, -1);

	/* T default, N and O NULL, C, X and V constraints */
	e->aspect = *s->subtype == 'T' ? "default" : "definition";
	e->note = *s->subtype == 'O' ? "not null" : NULL;
	e->digest = pe_sum(w, &s->base);
	before = pe_owner_set(w);
	pe_expr(w, s->def);
	if (*s->subtype == 'T')
		use_default_label(w, name, s->def);
	pe_owner_restore(w, before);
}

void pe_alter_type(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterTypeStmt *s = n->alter_type_stmt;
	struct pe_name name = pe_name_of(s->type_name, s->n_type_name);
	struct effect *e = pe_add(w, EFFECT_ALTER, EFFECT_TYPE, name.schema,
				  NULL, name.name, -1);

	e->aspect = "options";
	e->digest = pe_digest(w, pe_list_text(w, s->options, s->n_options));
}

/* Aggregates, operators, base types, text search, collations. */
void pe_define(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__DefineStmt *s = n->define_stmt;
	struct pe_name name = pe_name_of(s->defnames, s->n_defnames);
	struct pe_owner before;
	struct pe_thing t = { .kind = EFFECT_OTHER };
	PgQuery__List list = PG_QUERY__LIST__INIT;
	PgQuery__Node object = PG_QUERY__NODE__INIT;
	struct effect *e;

	list.items = s->defnames;
	list.n_items = s->n_defnames;
	object.node_case = PG_QUERY__NODE__NODE_LIST;
	object.list = &list;
	if (s->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE)
		t = (struct pe_thing){ EFFECT_ROUTINE, name.schema, NULL,
				       name.name };
	else
		t = pe_thing_of(w, (int)s->kind, NULL, &object);
	e = pe_add_thing(w, EFFECT_CREATE, &t);
	e->aspect = s->replace         ? "or replace"
		    : s->if_not_exists ? "if not exists"
				       : NULL;
	e->digest = pe_sum(w, &s->base);
	before = pe_owner_set(w);
	pe_exprs(w, s->args, s->n_args);
	definition(w, s->definition, s->n_definition);
	pe_owner_restore(w, before);
}

/* Its name is a field, or a list of strings; the rest is its definition. */
static const char *named_by(struct pe_walk *w, const ProtobufCMessage *m,
			    const char *field, const char **schema)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field_by_name(m->descriptor,
								field);
	const char *base = (const char *)m;
	struct pe_name name;
	size_t n;

	if (!f)
		return "";
	if (f->label != PROTOBUF_C_LABEL_REPEATED &&
	    f->type == PROTOBUF_C_TYPE_STRING)
		return *(const char *const *)(const void *)(base + f->offset);
	if (f->label != PROTOBUF_C_LABEL_REPEATED)
		return pe_text(w, *(const ProtobufCMessage *const
					    *)(const void *)(base + f->offset));
	n = *(const size_t *)(const void *)(base + f->quantifier_offset);
	name = pe_name_of(
		*(PgQuery__Node *const *const *)(const void *)(base +
							       f->offset),
		n);
	*schema = name.schema;
	return name.name;
}

#define ON(name) PG_QUERY__NODE__NODE_##name##_STMT

static const struct {
	int node;
	enum effect_action action;
	const char *word, *field, *second;
} catalog_objects[] = {
	{ ON(CREATE_CAST), EFFECT_CREATE, "cast", "sourcetype", "targettype" },
	{ ON(CREATE_TRANSFORM), EFFECT_CREATE, "transform", "type_name",
	  "lang" },
	{ ON(CREATE_OP_CLASS), EFFECT_CREATE, "operator class", "opclassname",
	  "amname" },
	{ ON(CREATE_OP_FAMILY), EFFECT_CREATE, "operator family",
	  "opfamilyname", "amname" },
	{ ON(ALTER_OP_FAMILY), EFFECT_ALTER, "operator family", "opfamilyname",
	  "amname" },
	{ ON(ALTER_OPERATOR), EFFECT_ALTER, "operator", "opername", NULL },
	{ ON(CREATE_CONVERSION), EFFECT_CREATE, "conversion", "conversion_name",
	  NULL },
	{ ON(ALTER_TSDICTIONARY), EFFECT_ALTER, "text search dictionary",
	  "dictname", NULL },
	{ ON(ALTER_TSCONFIGURATION), EFFECT_ALTER, "text search configuration",
	  "cfgname", NULL },
	{ ON(ALTER_COLLATION), EFFECT_ALTER, "collation", "collname", NULL },
	{ ON(ALTER_STATS), EFFECT_ALTER, "statistics", "defnames", NULL },
	{ ON(CREATE_FDW), EFFECT_CREATE, "foreign data wrapper", "fdwname",
	  NULL },
	{ ON(ALTER_FDW), EFFECT_ALTER, "foreign data wrapper", "fdwname",
	  NULL },
	{ ON(CREATE_FOREIGN_SERVER), EFFECT_CREATE, "server", "servername",
	  NULL },
	{ ON(ALTER_FOREIGN_SERVER), EFFECT_ALTER, "server", "servername",
	  NULL },
	{ ON(CREATE_USER_MAPPING), EFFECT_CREATE, "user mapping", "user",
	  "servername" },
	{ ON(ALTER_USER_MAPPING), EFFECT_ALTER, "user mapping", "user",
	  "servername" },
	{ ON(DROP_USER_MAPPING), EFFECT_DROP, "user mapping", "user",
	  "servername" },
	{ ON(CREATE_EVENT_TRIG), EFFECT_CREATE, "event trigger", "trigname",
	  NULL },
	{ ON(ALTER_EVENT_TRIG), EFFECT_ALTER, "event trigger", "trigname",
	  NULL },
	{ ON(CREATE_SUBSCRIPTION), EFFECT_CREATE, "subscription", "subname",
	  NULL },
	{ ON(ALTER_SUBSCRIPTION), EFFECT_ALTER, "subscription", "subname",
	  NULL },
	{ ON(DROP_SUBSCRIPTION), EFFECT_DROP, "subscription", "subname", NULL },
	{ ON(CREATEDB), EFFECT_CREATE, "database", "dbname", NULL },
	{ ON(DROPDB), EFFECT_DROP, "database", "dbname", NULL },
	{ ON(ALTER_DATABASE), EFFECT_ALTER, "database", "dbname", NULL },
	{ ON(CREATE_PLANG), EFFECT_CREATE, "language", "plname", NULL },
	{ ON(CREATE_AM), EFFECT_CREATE, "access method", "amname", NULL },
	{ ON(CREATE_TABLE_SPACE), EFFECT_CREATE, "tablespace", "tablespacename",
	  NULL },
	{ ON(DROP_TABLE_SPACE), EFFECT_DROP, "tablespace", "tablespacename",
	  NULL },
	{ ON(ALTER_TABLE_SPACE_OPTIONS), EFFECT_ALTER, "tablespace",
	  "tablespacename", NULL },
};

/* Functions that it calls when it is used */
static void use_function(struct pe_walk *w, const ProtobufCMessage *m)
{
	static const char *const fields[] = { "funcname", "func_name",
					      "handler_name", "plhandler" };
	const char *schema = NULL;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *name = named_by(w, m, fields[i], &schema);

		if (*name && !pe_is_builtin(name))
			pe_add(w, EFFECT_USE, EFFECT_ROUTINE, schema, NULL,
			       name, -1)
				->aspect = "signature";
	}
}

bool pe_catalog_object(struct pe_walk *w, const PgQuery__Node *n)
{
	const ProtobufCMessage *m = pe_message(n);
	const char *schema = NULL, *name, *second = "", *ignored;
	struct pe_owner before;
	struct effect *e;
	size_t i = 0;

	while (i < ARRAY_LEN(catalog_objects) &&
	       catalog_objects[i].node != (int)n->node_case)
		i++;
	if (i == ARRAY_LEN(catalog_objects))
		return false;
	name = named_by(w, m, catalog_objects[i].field, &schema);
	if (catalog_objects[i].second)
		second = named_by(w, m, catalog_objects[i].second, &ignored);
	e = pe_add(w, catalog_objects[i].action, EFFECT_OTHER, schema, NULL,
		   pe_printf(w, "%s %s%s%s", catalog_objects[i].word, name,
			     *second ? ", " : "", second),
		   -1);
	e->digest = pe_sum(w, m);
	e->aspect =
		catalog_objects[i].action == EFFECT_ALTER ? "options" : NULL;
	before = pe_owner_set(w);
	pe_visit(w, m);
	use_function(w, m);
	pe_owner_restore(w, before);
	return true;
}
