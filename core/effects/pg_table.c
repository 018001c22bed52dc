#include "effects/pg_table.h"

#include <string.h>

#include "base/util.h"

#define NAME_MAX_BYTES 63
#define CONSTANT_MAX 40            /* longer ones may be cut */
#define INCLUDING_INDEXES (1 << 6) /* CREATE_TABLE_LIKE_INDEXES */

/* CREATE TABLE: its columns and what it is made after. */

struct pe_owner pe_owner_set(struct pe_walk *w)
{
	struct pe_owner before = { w->owner, w->defines };

	w->owner = w->out->n;
	w->defines = true;
	return before;
}

void pe_owner_restore(struct pe_walk *w, struct pe_owner before)
{
	w->owner = before.owner;
	w->defines = before.defines;
}

void pe_definition_open(struct pe_walk *w, struct pe_scope *scope,
			const PgQuery__RangeVar *of)
{
	pe_scope_push(w, scope);
	pe_source_add(w, of->schemaname, of->relname, of->relname);
}

void pe_definition_close(struct pe_walk *w)
{
	pe_scope_pop(w);
}

/* makeObjectName(): the longer of the two gives way */
const char *pe_auto_name(struct pe_walk *w, const char *table,
			 const char *columns, const char *label)
{
	size_t a = strlen(table), b = columns ? strlen(columns) : 0;
	size_t over = strlen(label) + 1 + (columns ? 1 : 0);

	while (a + b + over > NAME_MAX_BYTES) {
		if (a > b)
			a--;
		else
			b--;
	}
	if (!columns)
		return pe_printf(w, "%.*s_%s", (int)a, table, label);
	return pe_printf(w, "%.*s_%.*s_%s", (int)a, table, (int)b, columns,
			 label);
}

struct traits {
	const PgQuery__Node *value; /**< default or generated */
	bool not_null, generated, sequence, identity;
};

static bool is_nextval(const PgQuery__Node *n)
{
	while (n && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		n = n->type_cast->arg;
	return n && n->node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
	       streq(pe_name_of(n->func_call->funcname,
				n->func_call->n_funcname)
			     .name,
		     "nextval");
}

/* serial and its like are integers with a sequence: the integer's name */
static const char *serial_of(const PgQuery__TypeName *t)
{
	static const char *const names[][2] = {
		{ "serial", "integer" },       { "serial4", "integer" },
		{ "bigserial", "bigint" },     { "serial8", "bigint" },
		{ "smallserial", "smallint" }, { "serial2", "smallint" },
	};
	const char *name;

	if (!t || t->n_names != 1)
		return NULL;
	name = pe_string(t->names[0]);
	for (size_t i = 0; name && i < ARRAY_LEN(names); i++)
		if (streq(name, names[i][0]))
			return names[i][1];
	return NULL;
}

static struct traits traits_of(const PgQuery__ColumnDef *c)
{
	struct traits t = { .value = c->raw_default,
			    .not_null = c->is_not_null };

	for (size_t i = 0; i < c->n_constraints; i++) {
		const PgQuery__Constraint *k = c->constraints[i]->constraint;

		switch ((int)k->contype) {
		case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
		case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
			t.not_null = true;
			break;
		case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
			t.value = k->raw_expr;
			break;
		case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
			t.value = k->raw_expr;
			t.generated = true;
			break;
		case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
			t.identity = t.not_null = true;
			break;
		default:
			break;
		}
	}
	t.sequence =
		t.identity || serial_of(c->type_name) || is_nextval(t.value);
	t.not_null |= serial_of(c->type_name) != NULL;
	return t;
}

/* DEFAULT NULL is none */
static bool is_null(const PgQuery__Node *n)
{
	while (n && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		n = n->type_cast->arg;
	return n && n->node_case == PG_QUERY__NODE__NODE_A_CONST &&
	       n->a_const->isnull;
}

static const char *definition(struct pe_walk *w, const PgQuery__ColumnDef *c,
			      const struct traits *t)
{
	const char *serial = serial_of(c->type_name);
	const char *type = serial ? serial : pe_type_text(w, c->type_name);
	const char *word = t->generated ? " generated " : " default ";

	return pe_digest(
		w, pe_printf(w, "%s%s%s%s%s%s", type,
			     c->coll_clause ? pe_text(w, &c->coll_clause->base)
					    : "",
			     t->not_null ? " not null" : "",
			     t->identity || serial ? " sequence" : "",
			     t->value ? word : "",
			     t->value ? pe_node_text(w, t->value) : ""));
}

const char *pe_constant_note(struct pe_walk *w, const PgQuery__Node *n)
{
	const char *value;

	if (!n || !pe_literal(w, n, &value) || !value ||
	    strlen(value) > CONSTANT_MAX || strchr(value, '\n'))
		return NULL;
	return pe_printf(w, "=%s", value);
}

static const char *column_note(struct pe_walk *w, const PgQuery__ColumnDef *c,
			       const struct traits *t)
{
	const char *serial = serial_of(c->type_name), *value;
	struct pe_name type = { NULL, "" };

	if (c->type_name)
		type = pe_name_of(c->type_name->names, c->type_name->n_names);
	if (serial)
		type = (struct pe_name){ "pg_catalog", serial };
	value = t->generated ? NULL : pe_constant_note(w, t->value);
	return pe_printf(w, "%s%s%s%s\n%s\n%s%s%s", t->not_null ? "n" : "",
			 t->value ? "d" : "", t->sequence ? "s" : "",
			 t->generated ? "g" : "",
			 type.schema ? type.schema : "", type.name,
			 value ? "\n" : "", value ? value : "");
}

/* The value's constant may be a label of the column's type. */
static void use_label(struct pe_walk *w, const PgQuery__ColumnDef *c,
		      const PgQuery__Node *n)
{
	struct pe_name type = { NULL, "" };
	const char *value;

	if (!c->type_name || c->type_name->n_array_bounds ||
	    !pe_literal(w, n, &value) || !value)
		return;
	type = pe_name_of(c->type_name->names, c->type_name->n_names);
	if (type.schema && streq(type.schema, "pg_catalog"))
		return;
	pe_add(w, EFFECT_USE, EFFECT_LABEL, type.schema, type.name, value,
	       c->location)
		->conditional = true;
}

static void owned_sequence(struct pe_walk *w, const PgQuery__RangeVar *of,
			   const PgQuery__ColumnDef *c)
{
	struct effect *e = pe_add(
		w, EFFECT_CREATE, EFFECT_SEQUENCE, of->schemaname, NULL,
		pe_auto_name(w, of->relname, c->colname, "seq"), c->location);

	e->implied = true;
	e->note = PG_NOTE_AUTO;
}

static void column_constraints(struct pe_walk *w, const PgQuery__RangeVar *of,
			       const PgQuery__ColumnDef *c)
{
	for (size_t i = 0; i < c->n_constraints; i++)
		pe_constraint(w, of, c->constraints[i]->constraint, c->colname);
}

void pe_column_def(struct pe_walk *w, const PgQuery__RangeVar *of,
		   const PgQuery__ColumnDef *c, bool added)
{
	struct traits t = traits_of(c);
	struct pe_owner before;
	struct pe_scope scope;
	struct effect *e =
		pe_add(w, EFFECT_CREATE, EFFECT_COLUMN, of->schemaname,
		       of->relname, c->colname, c->location);

	e->implied = !added;
	e->digest = definition(w, c, &t);
	e->generates_key = added && t.sequence;
	e->note = column_note(w, c, &t);
	e->strict = t.not_null && !t.sequence && (!t.value || is_null(t.value));
	before = pe_owner_set(w);
	if (!serial_of(c->type_name))
		pe_use_type(w, c->type_name);
	pe_definition_open(w, &scope, of);
	pe_expr(w, t.value);
	pe_definition_close(w);
	use_label(w, c, t.value);
	if (t.identity || serial_of(c->type_name))
		owned_sequence(w, of, c);
	pe_owner_restore(w, before);
	column_constraints(w, of, c);
	if (added && t.identity) /* refused where heirs would have it, too */
		pe_add(w, EFFECT_ALTER, EFFECT_TABLE, of->schemaname, NULL,
		       of->relname, c->location)
			->aspect = "identity";
}

static void made_after(struct pe_walk *w, const PgQuery__RangeVar *r,
		       const char *aspect, const char *note)
{
	struct effect *e = pe_add(w, EFFECT_USE, EFFECT_TABLE, r->schemaname,
				  NULL, r->relname, r->location);

	e->aspect = aspect;
	e->note = note;
}

/* What changes in the parent changes here as well; a column that is there, too,
 * has to be the same. */
static void inherits(struct pe_walk *w, const PgQuery__CreateStmt *s,
		     const PgQuery__RangeVar *parent)
{
	size_t owner = w->owner;

	made_after(w, parent, "heirs", s->partbound ? "partition" : "inherits");
	w->out->items[w->out->n - 1].strict = !s->partbound;
	w->owner = 0; /* it does not hang on them */
	if (s->partbound)
		pe_new_partition(w, parent, s->partbound);
	for (size_t i = 0; i < s->n_table_elts; i++)
		if (s->table_elts[i]->node_case ==
		    PG_QUERY__NODE__NODE_COLUMN_DEF)
			pe_use_column(w, parent->schemaname, parent->relname,
				      s->table_elts[i]->column_def->colname,
				      parent->location);
	w->owner = owner;
}

/* INCLUDING: indexes, constraints and more, as they are at that moment. The
 * sequence of an identity column is one of its own. */
static void made_like(struct pe_walk *w, const PgQuery__TableLikeClause *l)
{
	const PgQuery__RangeVar *r = l->relation;
	struct effect *e;

	made_after(w, r, "nulls", "like");
	made_after(w, r, "columns",
		   l->options & INCLUDING_INDEXES ? "like keys" : "like");
	if (!l->options)
		return;
	e = pe_add(w, EFFECT_USE, EFFECT_TABLE, r->schemaname, NULL, r->relname,
		   r->location);
	e->aspect = "on it";
}

static void element(struct pe_walk *w, const PgQuery__RangeVar *of,
		    const PgQuery__Node *n)
{
	switch ((int)n->node_case) {
	case PG_QUERY__NODE__NODE_COLUMN_DEF:
		pe_column_def(w, of, n->column_def, false);
		break;
	case PG_QUERY__NODE__NODE_CONSTRAINT:
		pe_constraint(w, of, n->constraint, NULL);
		break;
	case PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE:
		made_like(w, n->table_like_clause);
		break;
	default:
		pe_uncertain(w, "a part of CREATE TABLE that is not known", -1);
		break;
	}
}

static bool is_temporary(const PgQuery__RangeVar *r)
{
	return r->relpersistence && *r->relpersistence == 't';
}

void pe_create_table(struct pe_walk *w, const PgQuery__CreateStmt *s,
		     const char *server)
{
	const PgQuery__RangeVar *r = s->relation;
	const char *schema = is_temporary(r) ? "pg_temp" : r->schemaname;
	struct effect *e = pe_add(w, EFFECT_CREATE, EFFECT_TABLE, schema, NULL,
				  r->relname, r->location);
	struct pe_owner before;

	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_sum(w, &s->base);
	before = pe_owner_set(w);
	if (server)
		pe_add(w, EFFECT_USE, EFFECT_OTHER, NULL, NULL,
		       pe_printf(w, "server %s", server), r->location);
	if (s->of_typename)
		pe_use_type(w, s->of_typename);
	for (size_t i = 0; i < s->n_inh_relations; i++)
		inherits(w, s, s->inh_relations[i]->range_var);
	for (size_t i = 0; i < s->n_table_elts; i++)
		element(w, r, s->table_elts[i]);
	for (size_t i = 0; i < s->n_constraints; i++)
		element(w, r, s->constraints[i]);
	if (s->partspec) {
		struct pe_scope scope;

		pe_definition_open(w, &scope, r);
		pe_visit(w, &s->partspec->base);
		pe_definition_close(w);
	}
	pe_owner_restore(w, before);
}

static void given_columns(struct pe_walk *w, const PgQuery__RangeVar *of,
			  const struct pe_names *columns)
{
	for (size_t i = 0; i < columns->n; i++) {
		struct effect *e =
			pe_add(w, EFFECT_CREATE, EFFECT_COLUMN, of->schemaname,
			       of->relname, columns->items[i], of->location);

		e->implied = true;
		e->note = "x\n\n";
	}
}

/* The columns that a query gives, renamed by a list. */
static void rename_given(struct pe_walk *w, struct pe_names *columns,
			 PgQuery__Node *const *names, size_t n)
{
	struct pe_names given = { NULL, 0, 0 };

	for (size_t i = 0; i < n; i++)
		pe_names_add(w, &given, pe_string(names[i]));
	for (size_t i = n; i < columns->n; i++)
		pe_names_add(w, &given, columns->items[i]);
	*columns = given;
}

void pe_create_table_as(struct pe_walk *w, const PgQuery__CreateTableAsStmt *s)
{
	const PgQuery__IntoClause *into = s->into;
	bool view = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
	const PgQuery__RangeVar *r = into->rel;
	struct pe_names columns = { NULL, 0, 0 };
	bool open = false;
	size_t at = w->out->n + 1;
	struct pe_owner before = { w->owner, w->defines };
	struct effect *e =
		pe_add(w, EFFECT_CREATE, view ? EFFECT_VIEW : EFFECT_TABLE,
		       is_temporary(r) ? "pg_temp" : r->schemaname, NULL,
		       r->relname, r->location);

	e->aspect = s->if_not_exists ? "if not exists" : NULL;
	e->digest = pe_sum(w, &s->base);
	/* of a table, nothing hangs on what it was made from */
	w->owner = view ? at : before.owner;
	if (s->query && s->query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
		pe_select(w, s->query->select_stmt, &columns, &open);
	else if (s->query)
		pe_statement(w, s->query);
	rename_given(w, &columns, into->col_names, into->n_col_names);
	w->owner = at;
	given_columns(w, r, &columns);
	w->out->items[at - 1].note = open ? "open" : NULL;
	pe_owner_restore(w, before);
}
