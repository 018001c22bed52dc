#include "schema/pg_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/pg_lexer.h"

/* A place in the text, token by token; depth counts open brackets. */
struct scan {
	struct pg_lexer lexer;
	struct arena *arena;
	struct pg_token t;
	int depth; /* in front of t */
};

static void next(struct scan *s)
{
	if (s->t.kind == PG_TK_OPERATOR && s->t.len == 1) {
		if (*s->t.text == '(' || *s->t.text == '[')
			s->depth++;
		else if (*s->t.text == ')' || *s->t.text == ']')
			s->depth--;
	}
	s->t = pg_lexer_next_solid(&s->lexer);
}

static void scan_init(struct scan *s, struct arena *a, const char *text,
		      size_t len)
{
	memset(s, 0, sizeof(*s));
	s->arena = a;
	pg_lexer_init(&s->lexer, text, len);
	s->t = pg_lexer_next_solid(&s->lexer);
}

static bool at_end(const struct scan *s)
{
	return s->t.kind == PG_TK_END;
}

static bool is_word(const struct scan *s, const char *word)
{
	return s->depth == 0 && pg_token_is(&s->t, word);
}

/* From a place up to the token that is next, without white space around. */
static const char *cut(struct arena *a, const char *from, const char *to)
{
	while (from < to && strchr(" \n", *from))
		from++;
	while (to > from && strchr(" \n", to[-1]))
		to--;
	return arena_strndup(a, from, (size_t)(to - from));
}

const char **schema_pg_statements(struct arena *a, const char *text, size_t *n)
{
	struct scan s;
	const char *from = text, **list;
	size_t cap = 1;

	for (const char *p = text; *p; p++)
		cap += *p == ';';
	list = arena_array(a, cap, sizeof(*list));
	*n = 0;
	for (scan_init(&s, a, text, strlen(text)); !at_end(&s); next(&s)) {
		if (s.t.kind != PG_TK_SEMICOLON || s.depth > 0)
			continue;
		list[(*n)++] = cut(a, from, s.t.text);
		from = s.t.text + 1;
	}
	return list;
}

/* --- a column --- */

static bool ends_type(const struct scan *s)
{
	static const char *const words[] = { "options",    "collate",
					     "generated",  "default",
					     "constraint", "not" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is_word(s, words[i]))
			return true;
	return at_end(s);
}

/* NOT NULL, or CONSTRAINT x NOT NULL, is what a column's line ends with. */
static bool is_not_null(const struct scan *s)
{
	struct scan ahead = *s;

	if (is_word(&ahead, "constraint")) {
		next(&ahead);
		next(&ahead);
	}
	if (!is_word(&ahead, "not"))
		return false;
	next(&ahead);
	if (!is_word(&ahead, "null"))
		return false;
	next(&ahead);
	return at_end(&ahead) || is_word(&ahead, "no");
}

/* What stands in the brackets that are next; moves behind them. */
static const char *bracketed(struct scan *s)
{
	const char *from = s->t.text + 1, *to;

	do
		next(s);
	while (!at_end(s) && !(s->depth == 1 && pg_token_is_op(&s->t, ")")));
	to = s->t.text;
	next(s);
	return cut(s->arena, from, to);
}

static const char *up_to_end(struct scan *s)
{
	const char *from = s->t.text;

	while (!at_end(s) && !is_not_null(s))
		next(s);
	return cut(s->arena, from, s->t.text);
}

static void parse_generated(struct scan *s, struct schema_pg_column *c)
{
	bool always;

	next(s);
	always = is_word(s, "always");
	next(s);
	if (!always)
		next(s);
	next(s); /* AS */
	if (is_word(s, "identity")) {
		c->identity = always ? "ALWAYS" : "BY DEFAULT";
		next(s);
		if (pg_token_is_op(&s->t, "("))
			c->identity_options = bracketed(s);
		return;
	}
	c->generated = bracketed(s);
	c->generated_virtual = is_word(s, "virtual");
	next(s);
}

static bool parse_column(struct arena *a, struct schema_pg_column *c,
			 const char *text)
{
	struct scan s;
	const char *from;

	scan_init(&s, a, text, strlen(text));
	c->text = text;
	c->name = pg_token_name(&s.t, a);
	next(&s);
	from = s.t.text;
	while (!ends_type(&s))
		next(&s);
	c->type = cut(a, from, s.t.text);
	if (streq(c->type, "WITH")) {
		c->type = "";
		next(&s);
	} else if (is_word(&s, "options")) {
		next(&s);
		c->options = bracketed(&s);
	}
	if (is_word(&s, "collate")) {
		next(&s);
		from = s.t.text;
		while (!ends_type(&s))
			next(&s);
		c->collation = cut(a, from, s.t.text);
	}
	if (is_word(&s, "generated")) {
		parse_generated(&s, c);
	} else if (is_word(&s, "default")) {
		c->default_at = (size_t)(s.t.text - text);
		next(&s);
		c->default_expr = up_to_end(&s);
	}
	if (is_not_null(&s)) {
		from = s.t.text;
		while (!at_end(&s))
			next(&s);
		c->not_null = cut(a, from, s.t.text);
	}
	return c->name && at_end(&s);
}

/* --- a constraint --- */

static bool parse_constraint(struct arena *a, struct schema_pg_constraint *c,
			     const char *text)
{
	static const char *const words[] = { "primary", "unique",  "exclude",
					     "check",   "foreign", "not" };
	struct scan s;

	scan_init(&s, a, text, strlen(text));
	c->text = text;
	next(&s);
	c->name = pg_token_name(&s.t, a);
	next(&s);
	c->definition = s.t.text;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (is_word(&s, words[i])) {
			c->kind = (enum schema_pg_constraint_kind)i;
			return c->name != NULL;
		}
	}
	return false;
}

/* --- a table --- */

struct table_parse {
	struct arena *arena;
	struct schema_pg_table *t;
	size_t cap_columns, cap_constraints;
};

static bool add_item(struct table_parse *p, const char *text)
{
	struct schema_pg_table *t = p->t;

	if (starts_with(text, "CONSTRAINT "))
		return parse_constraint(
			p->arena, &t->constraints[t->n_constraints++], text);
	return parse_column(p->arena, &t->columns[t->n_columns++], text);
}

/* The lines between the brackets; s is at the first one. */
static bool parse_items(struct table_parse *p, struct scan *s)
{
	const char *from = s->t.text + 1;

	for (next(s); !at_end(s); next(s)) {
		bool last = pg_token_is_op(&s->t, ")");

		if (s->depth != 1 || !(last || pg_token_is_op(&s->t, ",")))
			continue;
		if (*cut(p->arena, from, s->t.text) &&
		    !add_item(p, cut(p->arena, from, s->t.text)))
			return false;
		from = s->t.text + 1;
		if (last) {
			next(s);
			return true;
		}
	}
	return false;
}

/* "CREATE TABLE public.t OF x": the name; and whether OF follows. */
static bool parse_head(struct table_parse *p, struct scan *s)
{
	const char *from = s->t.text, *name;

	if (!is_word(s, "create"))
		return false;
	while (!at_end(s) && !is_word(s, "table"))
		next(s);
	if (at_end(s))
		return false;
	next(s);
	name = s->t.text;
	while (!at_end(s) && !is_word(s, "of") &&
	       s->t.kind != PG_TK_SEMICOLON &&
	       !(s->depth == 0 && pg_token_is_op(&s->t, "(")))
		next(s);
	p->t->name = cut(p->arena, name, s->t.text);
	p->t->typed = is_word(s, "of");
	while (!at_end(s) && s->t.kind != PG_TK_SEMICOLON &&
	       !(s->depth == 0 && pg_token_is_op(&s->t, "(")))
		next(s);
	p->t->head = cut(p->arena, from, s->t.text);
	return true;
}

/* A constraint that is not valid is one all the same. */
static bool add_statement(struct table_parse *p, const char *text)
{
	struct schema_pg_table *t = p->t;
	const char *start =
		arena_printf(p->arena, "ALTER TABLE ONLY %s ADD ", t->name);
	struct schema_pg_constraint *c;

	if (!starts_with(text, start)) {
		t->statements[t->n_statements++] = text;
		return true;
	}
	c = &t->constraints[t->n_constraints++];
	c->not_valid = true;
	return parse_constraint(p->arena, c, text + strlen(start));
}

bool schema_pg_table_parse(struct schema_pg_table *out, struct arena *a,
			   const char *text)
{
	struct table_parse p = { .arena = a, .t = out };
	size_t n, lines = 2;
	const char **statements, *from;
	struct scan s;

	memset(out, 0, sizeof(*out));
	/* each item has a line of its own, or at least a comma before it */
	for (const char *c = text; *c; c++)
		lines += *c == '\n' || *c == ',';
	out->columns = arena_array(a, lines, sizeof(*out->columns));
	out->constraints = arena_array(a, lines, sizeof(*out->constraints));
	statements = schema_pg_statements(a, text, &n);
	if (!n)
		return false;
	scan_init(&s, a, statements[0], strlen(statements[0]));
	if (!parse_head(&p, &s))
		return false;
	if (pg_token_is_op(&s.t, "(") && !parse_items(&p, &s))
		return false;
	from = s.t.text;
	while (!at_end(&s))
		next(&s);
	out->close = cut(a, from, s.t.text);
	if (*out->close)
		out->close = arena_printf(a, " %s", out->close);
	out->statements = arena_array(a, n, sizeof(*out->statements));
	for (size_t i = 1; i < n; i++)
		if (!add_statement(&p, statements[i]))
			return false;
	return true;
}

static bool same_lists(const char *const *x, size_t n, const char *const *y,
		       size_t m)
{
	bool same = n == m;

	for (size_t i = 0; i < n && same; i++)
		same = streq(x[i], y[i]);
	return same;
}

static bool same_columns(const struct schema_pg_table *x,
			 const struct schema_pg_table *y)
{
	bool same = x->n_columns == y->n_columns;

	for (size_t i = 0; i < x->n_columns && same; i++) {
		same = false;
		for (size_t k = 0; k < y->n_columns && !same; k++)
			same = streq(x->columns[i].text, y->columns[k].text);
	}
	return same;
}

static bool same_constraints(const struct schema_pg_table *x,
			     const struct schema_pg_table *y)
{
	bool same = x->n_constraints == y->n_constraints;

	for (size_t i = 0; i < x->n_constraints && same; i++)
		same = streq(x->constraints[i].text, y->constraints[i].text);
	return same;
}

bool schema_pg_same_shape(const char *x, const char *y)
{
	struct schema_pg_table t, u;
	struct arena a = ARENA_INIT;
	bool same = streq(x, y);

	if (!same && schema_pg_table_parse(&t, &a, x) &&
	    schema_pg_table_parse(&u, &a, y))
		same = streq(t.head, u.head) && streq(t.close, u.close) &&
		       same_columns(&t, &u) && same_constraints(&t, &u) &&
		       same_lists(t.statements, t.n_statements, u.statements,
				  u.n_statements);
	arena_release(&a);
	return same;
}

/* A column without its default, which comes later. */
static void add_bare_column(struct buf *out, const struct schema_pg_column *c)
{
	if (!c->default_expr) {
		buf_addstr(out, c->text);
		return;
	}
	buf_add(out, c->text, c->default_at);
	if (c->not_null)
		buf_addstr(out, c->not_null);
}

const char *schema_pg_table_create(struct arena *a,
				   const struct schema_pg_table *t,
				   const bool *keep_constraint,
				   bool keep_defaults)
{
	struct buf b = BUF_INIT;
	const char *comma = "", *made;

	buf_addstr(&b, t->head);
	if (!t->typed || t->n_columns || t->n_constraints)
		buf_addstr(&b, " (");
	for (size_t i = 0; i < t->n_columns; i++) {
		buf_addstr(&b, comma);
		if (keep_defaults)
			buf_addstr(&b, t->columns[i].text);
		else
			add_bare_column(&b, &t->columns[i]);
		comma = ", ";
	}
	for (size_t i = 0; i < t->n_constraints; i++) {
		if (!keep_constraint[i] || t->constraints[i].not_valid)
			continue;
		buf_addf(&b, "%s%s", comma, t->constraints[i].text);
		comma = ", ";
	}
	if (t->typed && !*comma)
		buf_truncate(&b, strlen(t->head));
	else
		buf_addch(&b, ')');
	buf_addstr(&b, t->close);
	made = arena_strndup(a, buf_str(&b), b.len);
	buf_release(&b);
	return made;
}
