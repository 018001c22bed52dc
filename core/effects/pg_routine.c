#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "effects/pg_object.h"
#include "effects/pg_table.h"

/* Routines and DO. */

static const PgQuery__DefElem *option(PgQuery__Node *const *options, size_t n,
				      const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    streq(options[i]->def_elem->defname, name))
			return options[i]->def_elem;
	return NULL;
}

/* The text, or the first of a list */
static const char *option_text(const PgQuery__DefElem *o)
{
	const PgQuery__Node *arg = o ? o->arg : NULL;

	if (arg && arg->node_case == PG_QUERY__NODE__NODE_LIST &&
	    arg->list->n_items)
		arg = arg->list->items[0];
	return pe_string(arg);
}

static bool is_argument(const PgQuery__Node *n)
{
	int mode;

	if (n->node_case != PG_QUERY__NODE__NODE_FUNCTION_PARAMETER)
		return n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME;
	mode = (int)n->function_parameter->mode;
	return mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT &&
	       mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE;
}

/* Types are told by their last name: their schema is seldom written. */
static void add_argument(struct pe_walk *w, struct buf *out,
			 const PgQuery__TypeName *t)
{
	PgQuery__TypeName plain;

	if (!t || !t->n_names)
		return;
	plain = *t;
	plain.n_typmods = 0;
	plain.setof = false;
	if (plain.n_names > 1 && !t->pct_type) {
		plain.names += plain.n_names - 1;
		plain.n_names = 1;
	}
	buf_addstr(out, pe_type_text(w, &plain));
}

const char *pe_signature(struct pe_walk *w, const char *name,
			 PgQuery__Node *const *args, size_t n)
{
	struct buf out = BUF_INIT;
	const char *between = "(", *text;

	buf_addstr(&out, name);
	for (size_t i = 0; i < n; i++) {
		if (!is_argument(args[i]))
			continue;
		buf_addstr(&out, between);
		between = ",";
		if (args[i]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
			add_argument(w, &out, args[i]->type_name);
		else
			add_argument(w, &out,
				     args[i]->function_parameter->arg_type);
	}
	buf_addstr(&out, *between == '(' ? "()" : ")");
	text = pe_keep(w, buf_str(&out));
	buf_release(&out);
	return text;
}

static unsigned line_of(const struct pe_walk *w, int location)
{
	unsigned line, col;

	if (!w->text || location <= 0 || (size_t)location > strlen(w->text))
		return w->line;
	text_position(w->text, (size_t)location, &line, &col);
	return w->line + line - 1;
}

static void atomic(struct pe_walk *w, const PgQuery__Node *n)
{
	if (!n)
		return;
	if (n->node_case == PG_QUERY__NODE__NODE_RETURN_STMT) {
		pe_expr(w, n->return_stmt->returnval);
		return;
	}
	if (n->node_case != PG_QUERY__NODE__NODE_LIST) {
		pe_statement(w, n);
		return;
	}
	for (size_t i = 0; i < n->list->n_items; i++)
		atomic(w, n->list->items[i]);
}

static void body(struct pe_walk *w, const PgQuery__CreateFunctionStmt *s)
{
	const PgQuery__DefElem *as = option(s->options, s->n_options, "as");
	const char *language =
		option_text(option(s->options, s->n_options, "language"));
	unsigned line = line_of(w, as ? as->location : -1);

	if (s->sql_body) {
		atomic(w, s->sql_body);
	} else if (!option_text(as)) {
		pe_uncertain(w, "a body that is not there", -1);
	} else if (language && streq(language, "plpgsql")) {
		pe_plpgsql(w, w->text, option_text(as), line);
	} else if (language && streq(language, "sql")) {
		pe_nested(w, option_text(as), line);
	} else if (!language || !streq(language, "internal")) {
		pe_uncertain(w,
			     pe_printf(w, "code in the language %s",
				       language ? language : "(none)"),
			     -1);
	}
}

/* SET search_path of the function holds inside only. */
static void body_settings(struct pe_walk *w,
			  const PgQuery__CreateFunctionStmt *s)
{
	for (size_t i = 0; i < s->n_options; i++) {
		const PgQuery__DefElem *o = s->options[i]->def_elem;

		if (streq(o->defname, "set") && o->arg &&
		    o->arg->node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT)
			pe_statement(w, o->arg);
	}
}

static bool is_trigger(const PgQuery__CreateFunctionStmt *s)
{
	const PgQuery__TypeName *t = s->return_type;

	return t && streq(pe_name_of(t->names, t->n_names).name, "trigger");
}

static const char *argument_names(struct pe_walk *w,
				  const PgQuery__CreateFunctionStmt *s)
{
	const char *all = "args";

	for (size_t i = 0; i < s->n_parameters; i++) {
		const PgQuery__FunctionParameter *p =
			s->parameters[i]->function_parameter;

		if (is_argument(s->parameters[i]))
			all = pe_printf(w, "%s\n%s%s", all,
					p->defexpr ? "=" : "", p->name);
	}
	return all;
}

static void signature_types(struct pe_walk *w,
			    const PgQuery__CreateFunctionStmt *s)
{
	for (size_t i = 0; i < s->n_parameters; i++) {
		pe_use_type(w, s->parameters[i]->function_parameter->arg_type);
		pe_expr(w, s->parameters[i]->function_parameter->defexpr);
	}
	if (!is_trigger(s))
		pe_use_type(w, s->return_type);
}

static struct effect *create_routine(struct pe_walk *w,
				     const PgQuery__CreateFunctionStmt *s)
{
	struct pe_name name = pe_name_of(s->funcname, s->n_funcname);
	struct effect *e = pe_add(
		w, EFFECT_CREATE, EFFECT_ROUTINE, name.schema, NULL,
		pe_signature(w, name.name, s->parameters, s->n_parameters), -1);

	e->aspect = s->replace ? "or replace" : NULL;
	e->digest = pe_sum(w, &s->base);
	e->note = argument_names(w, s);
	return e;
}

void pe_create_function(struct pe_walk *w, const PgQuery__CreateFunctionStmt *s)
{
	struct pe_walk before = *w;
	struct pe_owner owner = { w->owner, w->defines };
	size_t at = w->out->n + 1;

	w->where_from = pe_printf(w, "function %s", create_routine(w, s)->name);
	pe_owner_set(w);
	w->defines = false;
	w->conditional = false;
	w->scope = NULL;
	w->variables = NULL;
	w->fires = is_trigger(s);
	body_settings(w, s);
	body(w, s);
	w->out->items[at - 1].body = w->out->n - at;
	w->where_from = before.where_from;
	w->scope = before.scope;
	w->variables = before.variables;
	w->fires = before.fires;
	w->foreign = before.foreign;
	w->conditional = before.conditional;
	w->defines = true;
	signature_types(w, s);
	pe_owner_restore(w, owner);
}

void pe_do(struct pe_walk *w, const PgQuery__DoStmt *s)
{
	const PgQuery__DefElem *as = option(s->args, s->n_args, "as");
	const char *language =
		option_text(option(s->args, s->n_args, "language"));
	struct pe_walk before = *w;

	w->where_from = "DO";
	w->scope = NULL;
	w->variables = NULL;
	if (language && !streq(language, "plpgsql"))
		pe_uncertain(w,
			     pe_printf(w, "code in the language %s", language),
			     -1);
	else if (option_text(as))
		pe_plpgsql(w, w->text, option_text(as),
			   line_of(w, as->location));
	w->where_from = before.where_from;
	w->scope = before.scope;
	w->variables = before.variables;
	w->conditional = before.conditional;
}

void pe_alter_function(struct pe_walk *w, const PgQuery__Node *n)
{
	const PgQuery__AlterFunctionStmt *s = n->alter_function_stmt;
	PgQuery__Node object = PG_QUERY__NODE__INIT;
	struct pe_thing t;
	struct effect *e;

	object.node_case = PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS;
	object.object_with_args = s->func;
	t = pe_thing_of(w, PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, NULL,
			&object);
	e = pe_add_thing(w, EFFECT_ALTER, &t);
	e->aspect = "definition";
	e->digest = pe_digest(w, pe_list_text(w, s->actions, s->n_actions));
}
