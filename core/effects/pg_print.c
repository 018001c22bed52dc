#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

#define DEPTH_MAX 3000 /* of nodes: the parser stops before */
#define NICE 160       /* bytes of a digest */

static void add_message(struct buf *out, const ProtobufCMessage *m);

static void add_node(struct buf *out, const PgQuery__Node *n)
{
	const ProtobufCMessage *m = pe_message(n);

	if (m)
		add_message(out, m);
}

static void add_nodes(struct buf *out, PgQuery__Node *const *items, size_t n,
		      const char *between)
{
	for (size_t i = 0; i < n; i++) {
		buf_addstr(out, i ? between : "");
		add_node(out, items[i]);
	}
}

static void add_dotted(struct buf *out, PgQuery__Node *const *items, size_t n)
{
	if (n == 2 && pe_string(items[0]) &&
	    streq(pe_string(items[0]), "pg_catalog")) {
		items++;
		n--;
	}
	add_nodes(out, items, n, ".");
}

/* As format_type() has them, however they are written. */
static const char *type_name(const char *name)
{
	static const char *const names[][2] = {
		{ "int2", "smallint" },
		{ "int4", "integer" },
		{ "int8", "bigint" },
		{ "float4", "real" },
		{ "float8", "double precision" },
		{ "bool", "boolean" },
		{ "varchar", "character varying" },
		{ "bpchar", "character" },
		{ "timestamptz", "timestamp with time zone" },
		{ "timestamp", "timestamp without time zone" },
		{ "timetz", "time with time zone" },
		{ "time", "time without time zone" },
		{ "varbit", "bit varying" },
		{ "decimal", "numeric" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (streq(name, names[i][0]))
			return names[i][1];
	return name;
}

static void add_type_name(struct buf *out, PgQuery__Node *const *names,
			  size_t n)
{
	struct pe_name name = pe_name_of(names, n);

	if (!name.schema || streq(name.schema, "pg_catalog"))
		buf_addstr(out, type_name(name.name));
	else
		add_dotted(out, names, n);
}

static void add_type(struct buf *out, const PgQuery__TypeName *t)
{
	buf_addstr(out, t->setof ? "setof " : "");
	add_type_name(out, t->names, t->n_names);
	buf_addstr(out, t->pct_type ? "%type" : "");
	if (t->n_typmods) {
		buf_addch(out, '(');
		add_nodes(out, t->typmods, t->n_typmods, ",");
		buf_addch(out, ')');
	}
	for (size_t i = 0; i < t->n_array_bounds; i++)
		buf_addstr(out, "[]");
}

static void add_quoted(struct buf *out, const char *s)
{
	buf_addch(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_addch(out, '\'');
		buf_addch(out, *s);
	}
	buf_addch(out, '\'');
}

static void add_const(struct buf *out, const PgQuery__AConst *c)
{
	if (c->isnull) {
		buf_addstr(out, "null");
		return;
	}
	switch ((int)c->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		buf_addint(out, c->ival->ival);
		break;
	case PG_QUERY__A__CONST__VAL_FVAL:
		buf_addstr(out, c->fval->fval);
		break;
	case PG_QUERY__A__CONST__VAL_BOOLVAL:
		buf_addstr(out, c->boolval->boolval ? "true" : "false");
		break;
	case PG_QUERY__A__CONST__VAL_SVAL:
		add_quoted(out, c->sval->sval);
		break;
	case PG_QUERY__A__CONST__VAL_BSVAL:
		buf_addstr(out, c->bsval->bsval);
		break;
	default:
		buf_addstr(out, "0"); /* ival 0 comes without a value */
		break;
	}
}

static void add_call(struct buf *out, const PgQuery__FuncCall *f)
{
	add_dotted(out, f->funcname, f->n_funcname);
	buf_addch(out, '(');
	buf_addstr(out, f->agg_distinct ? "distinct " : "");
	buf_addstr(out, f->agg_star ? "*" : "");
	add_nodes(out, f->args, f->n_args, ", ");
	buf_addch(out, ')');
}

static void add_operator(struct buf *out, const PgQuery__AExpr *e)
{
	buf_addch(out, '(');
	if (e->lexpr) {
		add_node(out, e->lexpr);
		buf_addch(out, ' ');
	}
	if (e->kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP)
		buf_addf(out, "<%d>", (int)e->kind);
	add_dotted(out, e->name, e->n_name);
	buf_addch(out, ' ');
	add_node(out, e->rexpr);
	buf_addch(out, ')');
}

static void add_bool(struct buf *out, const PgQuery__BoolExpr *e)
{
	static const char *const words[] = { "", " and ", " or ", "" };
	bool not = e->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR;

	buf_addstr(out, not ? "(not " : "(");
	add_nodes(out, e->args, e->n_args,
		  (unsigned)e->boolop < 4 ? words[e->boolop] : "");
	buf_addch(out, ')');
}

/* Where it stands says nothing, and neither does where it was before. */
static bool is_place(const ProtobufCFieldDescriptor *f)
{
	return strstr(f->name, "location") || streq(f->name, "stmt_len");
}

static void add_value(struct buf *out, const ProtobufCFieldDescriptor *f,
		      const void *at)
{
	switch ((int)f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		add_message(out, *(const ProtobufCMessage *const *)at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		add_quoted(out, *(const char *const *)at);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		buf_addint(out, *(const int64_t *)at);
		break;
	default:
		buf_addint(out, *(const int32_t *)at);
		break;
	}
}

static bool is_unset(const ProtobufCFieldDescriptor *f, const void *at)
{
	switch ((int)f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(const ProtobufCMessage *const *)at;
	case PROTOBUF_C_TYPE_STRING:
		return !*(const char *const *)at || !**(const char *const *)at;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		return !*(const int64_t *)at;
	default:
		return !*(const int32_t *)at;
	}
}

static void add_repeated(struct buf *out, const ProtobufCMessage *m,
			 const ProtobufCFieldDescriptor *f)
{
	const char *base = (const char *)m;
	size_t n = *(const size_t *)(const void *)(base + f->quantifier_offset);
	const char *items =
		*(const char *const *)(const void *)(base + f->offset);
	size_t size = f->type == PROTOBUF_C_TYPE_MESSAGE ||
				      f->type == PROTOBUF_C_TYPE_STRING
			      ? sizeof(void *)
			      : sizeof(int32_t);

	buf_addch(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_addstr(out, i ? " " : "");
		add_value(out, f, items + i * size);
	}
	buf_addch(out, ']');
}

static bool has_items(const ProtobufCMessage *m,
		      const ProtobufCFieldDescriptor *f)
{
	const char *base = (const char *)m;

	return *(const size_t *)(const void *)(base + f->quantifier_offset);
}

/* "SelectStmt(target_list=[...] ...)": the same for the same tree. */
static void add_dump(struct buf *out, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const char *base = (const char *)m, *between = "";

	buf_addstr(out, d->short_name);
	buf_addch(out, '(');
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		bool many = f->label == PROTOBUF_C_LABEL_REPEATED;

		if (is_place(f) ||
		    (many ? !has_items(m, f) : is_unset(f, base + f->offset)))
			continue;
		buf_addf(out, "%s%s=", between, f->name);
		between = " ";
		if (many)
			add_repeated(out, m, f);
		else
			add_value(out, f, base + f->offset);
	}
	buf_addch(out, ')');
}

static void add_role(struct buf *out, const PgQuery__RoleSpec *r)
{
	static const char *const words[] = {
		"", "", "current_role", "current_user", "session_user", "public"
	};
	unsigned type = (unsigned)r->roletype;

	buf_addstr(out, type < ARRAY_LEN(words) ? words[type] : "");
	buf_addstr(out, r->rolename);
}

static void add_privilege(struct buf *out, const PgQuery__AccessPriv *p)
{
	buf_addstr(out, *p->priv_name ? p->priv_name : "all");
	if (!p->n_cols)
		return;
	buf_addstr(out, " (");
	add_nodes(out, p->cols, p->n_cols, ", ");
	buf_addch(out, ')');
}

static void add_option(struct buf *out, const PgQuery__DefElem *e)
{
	buf_addf(out, "%s%s%s", e->defnamespace, *e->defnamespace ? "." : "",
		 e->defname);
	if (e->defaction > PG_QUERY__DEF_ELEM_ACTION__DEFELEM_UNSPEC)
		buf_addf(out, " %d", (int)e->defaction);
	if (!e->arg)
		return;
	buf_addch(out, ' ');
	add_node(out, e->arg);
}

static void add_index_part(struct buf *out, const PgQuery__IndexElem *e)
{
	buf_addstr(out, e->name);
	if (e->expr)
		add_node(out, e->expr);
	for (size_t i = 0; i < e->n_collation; i++) {
		buf_addstr(out, " collate ");
		add_node(out, e->collation[i]);
	}
	if (e->n_opclass) {
		buf_addch(out, ' ');
		add_dotted(out, e->opclass, e->n_opclass);
	}
	if (e->ordering > PG_QUERY__SORT_BY_DIR__SORTBY_ASC)
		buf_addstr(out, " desc");
	if (e->nulls_ordering > PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT)
		buf_addf(out, " nulls %d", (int)e->nulls_ordering);
}

static void add_small(struct buf *out, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const void *p = m;

	if (d == &pg_query__role_spec__descriptor) {
		add_role(out, p);
	} else if (d == &pg_query__access_priv__descriptor) {
		add_privilege(out, p);
	} else if (d == &pg_query__def_elem__descriptor) {
		add_option(out, p);
	} else if (d == &pg_query__index_elem__descriptor) {
		add_index_part(out, p);
	} else if (d == &pg_query__integer__descriptor) {
		buf_addint(out, ((const PgQuery__Integer *)p)->ival);
	} else if (d == &pg_query__float__descriptor) {
		buf_addstr(out, ((const PgQuery__Float *)p)->fval);
	} else if (d == &pg_query__boolean__descriptor) {
		buf_addstr(out, ((const PgQuery__Boolean *)p)->boolval
					? "true"
					: "false");
	} else if (d == &pg_query__list__descriptor) {
		const PgQuery__List *l = p;

		add_nodes(out, l->items, l->n_items, ", ");
	} else {
		add_dump(out, m);
	}
}

static void add_message(struct buf *out, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const void *p = m;

	if (d == &pg_query__node__descriptor) {
		add_node(out, p);
	} else if (d == &pg_query__string__descriptor) {
		buf_addstr(out, ((const PgQuery__String *)p)->sval);
	} else if (d == &pg_query__a__const__descriptor) {
		add_const(out, p);
	} else if (d == &pg_query__type_name__descriptor) {
		add_type(out, p);
	} else if (d == &pg_query__func_call__descriptor) {
		const PgQuery__FuncCall *f = p;

		if (f->agg_filter || f->over || f->n_agg_order)
			add_dump(out, m);
		else
			add_call(out, f);
	} else if (d == &pg_query__a__expr__descriptor) {
		add_operator(out, p);
	} else if (d == &pg_query__bool_expr__descriptor) {
		add_bool(out, p);
	} else if (d == &pg_query__column_ref__descriptor) {
		const PgQuery__ColumnRef *c = p;

		add_nodes(out, c->fields, c->n_fields, ".");
	} else if (d == &pg_query__a__star__descriptor) {
		buf_addch(out, '*');
	} else if (d == &pg_query__type_cast__descriptor) {
		const PgQuery__TypeCast *c = p;

		add_node(out, c->arg);
		buf_addstr(out, "::");
		if (c->type_name)
			add_type(out, c->type_name);
	} else {
		add_small(out, m);
	}
}

static const char *finish(struct pe_walk *w, struct buf *out)
{
	const char *text = arena_strdup(w->arena, buf_str(out));

	buf_release(out);
	return text;
}

const char *pe_type_text(struct pe_walk *w, const PgQuery__TypeName *t)
{
	struct buf out = BUF_INIT;

	if (t)
		add_type(&out, t);
	return finish(w, &out);
}

const char *pe_text(struct pe_walk *w, const ProtobufCMessage *m)
{
	struct buf out = BUF_INIT;

	if (m)
		add_message(&out, m);
	return finish(w, &out);
}

const char *pe_node_text(struct pe_walk *w, const PgQuery__Node *n)
{
	return pe_text(w, pe_message(n));
}

const char *pe_list_text(struct pe_walk *w, PgQuery__Node *const *items,
			 size_t n)
{
	struct buf out = BUF_INIT;

	add_nodes(&out, items, n, ", ");
	return finish(w, &out);
}

/* FNV-1a */
static uint64_t sum_of(const char *text)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211ULL;
	return h;
}

const char *pe_sum(struct pe_walk *w, const ProtobufCMessage *m)
{
	return pe_printf(w, "sum %016" PRIx64, sum_of(pe_text(w, m)));
}

const char *pe_digest(struct pe_walk *w, const char *text)
{
	uint64_t h = sum_of(text);
	size_t len = strlen(text), cut = NICE;

	if (len <= NICE)
		return pe_keep(w, text);
	while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	return pe_printf(w, "%.*s... %016" PRIx64, (int)cut, text, h);
}

/* -1 is an operator before a constant */
static bool negative(struct pe_walk *w, const PgQuery__AExpr *e,
		     const char **value)
{
	const char *inner;

	if (e->lexpr || e->n_name != 1 || !pe_string(e->name[0]) ||
	    !streq(pe_string(e->name[0]), "-") ||
	    !pe_literal(w, e->rexpr, &inner) || !inner)
		return false;
	*value = *inner == '-' ? inner + 1 : pe_printf(w, "-%s", inner);
	return true;
}

/* Text of a string as it is: values are compared without their types */
bool pe_literal(struct pe_walk *w, const PgQuery__Node *n, const char **value)
{
	struct buf out = BUF_INIT;

	*value = NULL;
	while (n && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		n = n->type_cast->arg;
	if (!n)
		return false;
	if (n->node_case == PG_QUERY__NODE__NODE_A_EXPR)
		return negative(w, n->a_expr, value);
	if (n->node_case != PG_QUERY__NODE__NODE_A_CONST)
		return false;
	if (n->a_const->isnull)
		return true;
	if (n->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
		*value = pe_digest(w, n->a_const->sval->sval);
		return true;
	}
	add_const(&out, n->a_const);
	*value = pe_keep(w, buf_str(&out));
	buf_release(&out);
	return true;
}
