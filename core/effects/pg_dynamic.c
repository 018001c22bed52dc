#include "effects/pg_dynamic.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_tree.h"
#include "sql/sql.h"

#define TEXT_MAX 60 /* shown of what is not known whole */

/* How what stands at a place of the text is written there. */
enum quoting {
	BARE,
	IDENTIFIER,
	LITERAL
};

static bool add_value(struct pe_walk *w, struct buf *out,
		      const PgQuery__Node *n, enum quoting q);

static bool add_text(struct buf *out, const char *s, enum quoting q)
{
	if (q == IDENTIFIER)
		sql_quote_name(out, s);
	else if (q == LITERAL)
		sql_quote_string(out, s);
	else
		buf_addstr(out, s);
	return true;
}

/* A whole name or value that is not known leaves the statement as it is. */
static bool add_unknown(struct buf *out, enum quoting q)
{
	if (q == IDENTIFIER)
		sql_quote_name(out, PG_UNKNOWN);
	else if (q == LITERAL)
		buf_addstr(out, "(SELECT NULL)");
	return q != BARE;
}

static bool add_format(struct pe_walk *w, struct buf *out,
		       const PgQuery__FuncCall *f)
{
	size_t next = 1;
	const char *s;

	if (!f->n_args || !pe_literal(w, f->args[0], &s) || !s)
		return false;
	for (; *s; s++) {
		enum quoting q;
		char *end;
		size_t which;

		if (*s != '%' || *++s == '%') {
			buf_addch(out, *s);
			continue;
		}
		which = strtoul(s, &end, 10);
		if (end != s && *end == '$') {
			next = which;
			s = end + 1;
		}
		q = *s == 'I' ? IDENTIFIER : *s == 'L' ? LITERAL : BARE;
		if (!*s || !strchr("sIL", *s) || next >= f->n_args || !next ||
		    !add_value(w, out, f->args[next++], q))
			return false;
	}
	return true;
}

static bool add_concat(struct pe_walk *w, struct buf *out,
		       const PgQuery__FuncCall *f)
{
	for (size_t i = 0; i < f->n_args; i++)
		if (!add_value(w, out, f->args[i], BARE))
			return false;
	return true;
}

static bool add_call(struct pe_walk *w, struct buf *out,
		     const PgQuery__FuncCall *f)
{
	const char *name = pe_name_of(f->funcname, f->n_funcname).name;

	if (streq(name, "format"))
		return add_format(w, out, f);
	if (streq(name, "concat"))
		return add_concat(w, out, f);
	if (f->n_args == 1 && streq(name, "quote_ident"))
		return add_value(w, out, f->args[0], IDENTIFIER);
	if (f->n_args == 1 &&
	    (streq(name, "quote_literal") || streq(name, "quote_nullable")))
		return add_value(w, out, f->args[0], LITERAL);
	return false;
}

static bool add_argument(struct pe_walk *w, struct buf *out,
			 const PgQuery__ColumnRef *c, enum quoting q)
{
	const char *name =
		c->n_fields ? pe_string(c->fields[c->n_fields - 1]) : NULL;

	for (size_t i = 0; name && i < w->n_bound; i++)
		if (w->bound[i].value && streq(w->bound[i].column, name))
			return add_text(out, w->bound[i].value, q);
	return add_unknown(out, q);
}

static bool add_joined(struct pe_walk *w, struct buf *out,
		       const PgQuery__AExpr *e)
{
	if (e->n_name != 1 || !pe_string(e->name[0]) ||
	    !streq(pe_string(e->name[0]), "||"))
		return false;
	return add_value(w, out, e->lexpr, BARE) &&
	       add_value(w, out, e->rexpr, BARE);
}

static bool add_value(struct pe_walk *w, struct buf *out,
		      const PgQuery__Node *n, enum quoting q)
{
	const char *value;

	while (n && n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
		n = n->type_cast->arg;
	if (!n)
		return false;
	if (n->node_case == PG_QUERY__NODE__NODE_A_CONST &&
	    n->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL)
		return add_text(out, n->a_const->sval->sval, q);
	if (pe_literal(w, n, &value) && value)
		return add_text(out, value, q);
	if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
		return add_argument(w, out, n->column_ref, q);
	if (q != BARE)
		return add_unknown(out, q);
	if (n->node_case == PG_QUERY__NODE__NODE_A_EXPR)
		return add_joined(w, out, n->a_expr);
	if (n->node_case == PG_QUERY__NODE__NODE_FUNC_CALL)
		return add_call(w, out, n->func_call);
	return false;
}

static bool is_unknown(const char *name)
{
	return name && strstr(name, PG_UNKNOWN);
}

/* What is done to a thing whose name is computed may be done to any; a part of
 * a known table is near that. */
static void doubt(struct pe_walk *w, size_t from)
{
	for (size_t i = from; i < w->out->n; i++) {
		struct effect *e = &w->out->items[i];
		const char *near = NULL;

		if (!is_unknown(e->schema) && !is_unknown(e->table) &&
		    !is_unknown(e->name))
			continue;
		if (e->table && !is_unknown(e->table) && !is_unknown(e->schema))
			near = e->table;
		e->action = EFFECT_UNCERTAIN;
		e->why = pe_printf(w, "a computed name in %s",
				   w->where_from ? w->where_from
						 : "dynamic SQL");
		e->kind = near ? EFFECT_TABLE : EFFECT_OTHER;
		e->schema = near ? e->schema : NULL;
		e->name = near;
		e->table = e->aspect = e->digest = e->from = e->note = NULL;
		e->columns = e->reads = NULL;
		e->n_where = e->n_sets = 0;
	}
}

static void not_told(struct pe_walk *w, const char *expression,
		     const char *begins, unsigned line)
{
	struct effect *e;
	const char *from = w->where_from ? w->where_from : "";

	e = pe_uncertain(w, "dynamic SQL", -1);
	e->line = line;
	e->why = pe_printf(w, "dynamic SQL in %s: %.*s%s", from, TEXT_MAX,
			   *begins ? begins : expression, *begins ? "..." : "");
	/* for a call with constants: what it is put together from */
	e->note = pe_printf(w, "dynamic\n%u\n%s\n%s", line, from, expression);
}

/* Of "SELECT <expression>": what is selected; NULL when it is not just that */
static const PgQuery__Node *selected(struct pe_tree *tree)
{
	const PgQuery__SelectStmt *s;

	if (tree->result->n_stmts != 1 ||
	    tree->result->stmts[0]->stmt->node_case !=
		    PG_QUERY__NODE__NODE_SELECT_STMT)
		return NULL;
	s = tree->result->stmts[0]->stmt->select_stmt;
	return s->n_target_list == 1 ? s->target_list[0]->res_target->val
				     : NULL;
}

bool pe_constant(struct pe_walk *w, const char *expression, const char **value)
{
	struct pe_tree tree;
	bool known =
		pe_tree_parse(&tree, pe_printf(w, "SELECT %s", expression)) &&
		pe_literal(w, selected(&tree), value);

	pe_tree_release(&tree);
	return known;
}

void pe_dynamic(struct pe_walk *w, const char *expression, unsigned line)
{
	const char *sql = pe_printf(w, "SELECT %s", expression);
	struct pe_tree tree;
	struct buf out = BUF_INIT;
	size_t from = w->out->n;

	if (pe_tree_parse(&tree, sql) &&
	    add_value(w, &out, selected(&tree), BARE))
		pe_nested(w, buf_str(&out), line);
	else
		not_told(w, expression, buf_str(&out), line);
	doubt(w, from);
	buf_release(&out);
	pe_tree_release(&tree);
}
