#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "effects/pg_dynamic.h"
#include "effects/pg_json.h"
#include "effects/pg_tree.h"

/* Bodies in PL/pgSQL: every statement and expression that the parser's JSON
 * holds, in its order. */

#define NAME_LENGTH 64 /* values that are longer may be cut */

struct code {
	struct pe_walk *w;
	unsigned first_line; /**< of the body in the file */
	unsigned line;       /**< of the statement */
	bool left;           /**< perhaps returned already */
};

static void walk(struct code *c, const char *statement,
		 const struct pe_json *node);

/* A query, where the server takes a statement; elsewhere an expression. */
static bool is_statement(const char *statement, const char *key)
{
	static const char *const rows[][2] = {
		{ "PLpgSQL_stmt_execsql", "sqlstmt" },
		{ "PLpgSQL_stmt_perform", "expr" },
		{ "PLpgSQL_stmt_call", "expr" },
		{ "PLpgSQL_stmt_fors", "query" },
		{ "PLpgSQL_stmt_return_query", "query" },
		{ "PLpgSQL_stmt_open", "query" },
		{ "PLpgSQL_var", "cursor_explicit_expr" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (streq(statement, rows[i][0]) && streq(key, rows[i][1]))
			return true;
	return false;
}

static bool is_dynamic(const char *statement, const char *key)
{
	return streq(key, "dynquery") ||
	       (streq(key, "query") &&
		(streq(statement, "PLpgSQL_stmt_dynexecute") ||
		 streq(statement, "PLpgSQL_stmt_dynfors")));
}

/* "a.b[1] := value": the value */
static const char *assigned(const char *query)
{
	const char *p = query;

	p += strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		       "0123456789_$.\" []");
	if (p[0] == ':' && p[1] == '=')
		return p + 2;
	return p[0] == '=' ? p + 1 : query;
}

/* "NEW.a": the column, "*" for the whole row, NULL for anything else. */
static const char *row_column(struct pe_walk *w, const char *query)
{
	char *name;
	size_t n;

	if (!w->fires || strncasecmp(query, "new", 3) != 0)
		return NULL;
	query += 3;
	if (*query != '.')
		return strchr(" :=", *query) ? "*" : NULL;
	query++;
	query += *query == '"';
	n = strspn(query, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_$");
	name = arena_strndup(w->arena, query, n);
	for (char *p = name; *p && query[-1] != '"'; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

/* A value that is the same for every row: the time, or a plain constant */
static bool is_constant(const char *value)
{
	static const char *const words[] = { "now()",
					     "current_timestamp",
					     "clock_timestamp()",
					     "transaction_timestamp()",
					     "localtimestamp",
					     "true",
					     "false",
					     "null" };
	size_t n = strlen(value);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	if (n && strspn(value, "0123456789") == n)
		return true;
	return n > 1 && *value == '\'' && strcspn(value + 1, "'") == n - 2;
}

/* A trigger that runs before gives the row another value. */
static void row_assigned(struct code *c, const char *query, const char *value)
{
	const char *column = row_column(c->w, query);
	struct pe_names names = { NULL, 0, 0 };
	struct effect *e;
	char *plain;
	size_t n;

	if (!column)
		return;
	value += strspn(value, " \t\n");
	n = strlen(value);
	while (n && strchr(" \t\n", value[n - 1]))
		n--;
	plain = arena_strndup(c->w->arena, value, n);
	pe_names_add(c->w, &names, column);
	e = pe_add(c->w, EFFECT_UPDATE, EFFECT_ROWS, NULL, NULL, "new", -1);
	e->line = c->line;
	e->note = PG_NOTE_NEW;
	e->columns = pe_names_list(c->w, &names);
	e->sets = arena_array(&c->w->out->arena, 1, sizeof(*e->sets));
	if (!is_constant(plain))
		return;
	e->each_literal = true;
	e->sets[0].column = e->columns[0];
	e->sets[0].value = pe_keep(c->w, plain);
	e->n_sets = 1;
}

static void expression(struct code *c, const char *statement, const char *key,
		       const char *query)
{
	char *select;

	if (is_dynamic(statement, key)) {
		pe_dynamic(c->w, query, c->line);
		return;
	}
	if (is_statement(statement, key)) {
		pe_nested(c->w, query, c->line);
		return;
	}
	if (streq(statement, "PLpgSQL_stmt_assign")) {
		const char *value = assigned(query);

		row_assigned(c, query, value);
		query = value;
	}
	select = xasprintf("SELECT %s", query);
	pe_nested(c->w, select, c->line);
	free(select);
}

/* What stands there is perhaps not done. */
static bool is_branch(const char *statement, const char *key)
{
	static const char *const keys[] = { "then_body",  "elsif_list",
					    "else_body",  "case_when_list",
					    "else_stmts", "exceptions" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (streq(key, keys[i]))
			return true;
	return streq(key, "body") && !streq(statement, "PLpgSQL_stmt_block") &&
	       !streq(statement, "PLpgSQL_stmt_loop") &&
	       !streq(statement, "PLpgSQL_function");
}

static bool leaves(const char *statement)
{
	return streq(statement, "PLpgSQL_stmt_return") ||
	       streq(statement, "PLpgSQL_stmt_exit");
}

static void walk_members(struct code *c, const char *statement,
			 const struct pe_json *object)
{
	/* with a handler, any of it may be undone */
	bool handled = pe_json_get(object, "exceptions") != NULL;
	const char *number = pe_json_text(object, "lineno");

	if (number && strtoul(number, NULL, 10))
		c->line =
			c->first_line - 1 + (unsigned)strtoul(number, NULL, 10);
	for (const struct pe_json *m = object->child; m; m = m->next) {
		bool before = c->w->conditional;

		c->w->conditional |= handled || c->left ||
				     is_branch(statement, m->key ? m->key : "");
		walk(c, statement, m);
		c->w->conditional = before;
	}
	if (leaves(statement) && c->w->conditional)
		c->left = true;
}

static void walk(struct code *c, const char *statement,
		 const struct pe_json *node)
{
	const struct pe_json *expr = pe_json_get(node, "PLpgSQL_expr");
	const char *query = pe_json_text(expr, "query");

	if (query) {
		expression(c, statement, node->key ? node->key : "", query);
		return;
	}
	for (const struct pe_json *m = node->child; m; m = m->next) {
		if (m->key && starts_with(m->key, "PLpgSQL_")) {
			walk_members(c, m->key, m);
		} else if (m->child) {
			bool before = c->w->conditional;

			c->w->conditional |=
				is_branch(statement, m->key ? m->key : "");
			walk(c, statement, m);
			c->w->conditional = before;
		}
	}
}

static void collect(struct pe_walk *w, struct pe_names *names,
		    const struct pe_json *datums)
{
	static const char *const more[] = {
		"new",        "old",           "found",
		"sqlstate",   "sqlerrm",       "tg_op",
		"tg_name",    "tg_table_name", "tg_table_schema",
		"tg_relname", "tg_when",       "tg_level",
		"tg_relid",   "tg_argv",       "tg_nargs"
	};

	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		pe_names_add(w, names, more[i]);
	for (const struct pe_json *d = datums ? datums->child : NULL; d;
	     d = d->next)
		pe_names_add(w, names, pe_json_text(d->child, "refname"));
}

/* It is given another value somewhere. */
static bool is_assigned(const struct pe_json *node, size_t variable)
{
	for (const struct pe_json *m = node ? node->child : NULL; m;
	     m = m->next) {
		bool names =
			m->key && m->text &&
			(streq(m->key, "varno") || streq(m->key, "target"));

		if (names ? strtoul(m->text, NULL, 10) == variable
			  : is_assigned(m, variable))
			return true;
	}
	return false;
}

static bool is_only_one(const struct pe_json *datums, const char *name)
{
	size_t n = 0;

	for (const struct pe_json *d = datums->child; d; d = d->next) {
		const char *other = pe_json_text(d->child, "refname");

		n += other && streq(other, name);
	}
	return n == 1;
}

/* n text := 't', and that for good */
static bool is_fixed(struct pe_walk *w, const struct pe_json *body,
		     const struct pe_json *datum, size_t i,
		     struct effect_literal *l)
{
	const struct pe_json *var = pe_json_get(datum, "PLpgSQL_var");
	const char *query = pe_json_text(
		pe_json_get(pe_json_get(var, "default_val"), "PLpgSQL_expr"),
		"query");

	l->column = pe_json_text(var, "refname");
	return query && l->column && pe_constant(w, query, &l->value) &&
	       l->value && strlen(l->value) < NAME_LENGTH &&
	       is_only_one(pe_json_get(body, "datums"), l->column) &&
	       !is_assigned(body, i);
}

/* Variables that are as good as constants are known where they are used. */
static void bind_fixed(struct pe_walk *w, const struct pe_json *body)
{
	const struct pe_json *datums = pe_json_get(body, "datums");
	struct effect_literal *bound;
	size_t most = w->n_bound, n = 0, i = 0;

	for (const struct pe_json *d = datums ? datums->child : NULL; d;
	     d = d->next)
		most++;
	bound = arena_array(w->arena, most + 1, sizeof(*bound));
	for (const struct pe_json *d = datums ? datums->child : NULL; d;
	     d = d->next)
		n += is_fixed(w, body, d, i++, &bound[n]);
	for (i = 0; i < w->n_bound; i++)
		bound[n++] = w->bound[i];
	w->bound = bound;
	w->n_bound = n;
}

static void function(struct pe_walk *w, const struct pe_json *f, unsigned line)
{
	const struct effect_literal *bound = w->bound;
	size_t n_bound = w->n_bound;
	struct code c = { .w = w, .first_line = line, .line = line };
	const struct pe_json *body = pe_json_get(f, "PLpgSQL_function");
	const struct pe_names *before = w->variables;
	struct pe_names names = { NULL, 0, 0 };
	bool conditional = w->conditional;

	collect(w, &names, pe_json_get(body, "datums"));
	w->variables = &names;
	bind_fixed(w, body);
	for (const struct pe_json *m = body ? body->child : NULL; m;
	     m = m->next)
		walk(&c, "PLpgSQL_function", m);
	w->variables = before;
	w->bound = bound;
	w->n_bound = n_bound;
	w->conditional = conditional;
}

void pe_plpgsql(struct pe_walk *w, const char *text, const char *body,
		unsigned line)
{
	char *error, *json = pe_tree_plpgsql(text, body, &error);
	const struct pe_json *all = NULL;

	if (json)
		all = pe_json_read(w->arena, json);
	if (error)
		pe_uncertain(w,
			     pe_printf(w, "PL/pgSQL that does not parse (%s)",
				       error),
			     -1);
	else if (!all || !all->child)
		pe_uncertain(w, "PL/pgSQL whose tree cannot be read", -1);
	for (const struct pe_json *f = all ? all->child : NULL; f; f = f->next)
		function(w, f, line);
	free(error);
	free(json);
}
