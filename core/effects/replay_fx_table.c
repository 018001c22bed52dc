#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"
#include "schema/sqlite_table.h"

/* The parts of a table, and how those of two states of it differ. */

struct rule {
	enum sqlite_rule_kind kind;
	const char *name; /* "" = none */
	const char *text;
	struct fx_names columns;
	const char *parent; /* of a foreign key */
	struct fx_names to;
	bool found; /* has its equal on the other side */
};

struct column {
	const char *name;
	const char *text;       /* all of it behind the name */
	const char *aspects[4]; /* type, default, generated, collation */
	bool not_null, has_default;
};

struct shape {
	struct fx *fx;
	struct sqlite_table t;
	bool known;
	struct fx_names names;
	struct column *columns;
	size_t n;
	struct rule *rules;
	size_t n_rules;
	const char *options;
};

static const char *const aspect_names[] = { "type", "default", "generated",
					    "collation" };

/* A column or table of that name is called so now. */
static const char *now_called(const struct fx *fx, const char *name)
{
	for (size_t i = 0; i < fx->n_targets; i++) {
		const struct fx_target *t = &fx->targets[i];

		if ((t->verb == SQL_RENAME_TABLE && streq(t->name, name)) ||
		    (t->verb == SQL_RENAME_COLUMN && streq(t->column, name)))
			name = t->to;
	}
	return name;
}

/* Tokens as one text, names in lower case, and as they are called now. */
static const char *run(struct shape *s, size_t from, size_t to, bool renamed)
{
	struct fx *fx = s->fx;
	struct buf out = BUF_INIT;
	const char *text;

	for (size_t i = from; i < to; i++) {
		const struct sqlite_word_token *t = &s->t.words.v[i];
		const char *name =
			t->kind == SQLITE_TK_WORD || t->kind == SQLITE_TK_NAME
				? fx_token_name(&fx->arena, t)
				: NULL;

		if (i > from && t->op != ',' && t->op != ')' &&
		    s->t.words.v[i - 1].op != '(')
			buf_addch(&out, ' ');
		if (name)
			buf_addstr(&out, renamed ? now_called(fx, name) : name);
		else
			buf_add(&out, t->text, t->len);
	}
	text = arena_strdup(&fx->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

void fx_tokens_columns(struct fx *fx, const struct sqlite_words *w, size_t from,
		       size_t to, const struct fx_names *columns,
		       struct fx_names *out)
{
	for (size_t i = from; i < to; i++) {
		const char *name;

		if (w->v[i].kind != SQLITE_TK_WORD &&
		    w->v[i].kind != SQLITE_TK_NAME)
			continue;
		name = fx_token_name(&fx->arena, &w->v[i]);
		if (name && fx_names_has(columns, name))
			fx_names_add(fx, out, name);
	}
}

/* REFERENCES p (a, b) */
static void read_parent(struct shape *s, struct rule *r, size_t from, size_t to)
{
	const struct sqlite_word_token *v = s->t.words.v;
	struct fx *fx = s->fx;

	while (from < to && v[from].word != W_REFERENCES)
		from++;
	if (from >= to)
		return;
	r->parent = fx_token_name(&fx->arena, &v[from + 1]);
	if (v[from + 2].op != '(')
		return;
	for (size_t i = from + 3; i < v[from + 2].pair; i++)
		if (v[i].op != ',' && fx_token_name(&fx->arena, &v[i]))
			fx_names_add(fx, &r->to,
				     fx_token_name(&fx->arena, &v[i]));
}

static void add_rule(struct shape *s, const struct sqlite_rule *rule,
		     const char *column, bool renamed)
{
	struct rule *r = &s->rules[s->n_rules++];
	const struct sqlite_word_token *v = s->t.words.v;
	struct fx *fx = s->fx;
	size_t to = rule->to;

	r->kind = rule->kind;
	r->name = rule->name ? fx_token_name(&fx->arena, &v[rule->name]) : "";
	r->text = run(s, rule->from, rule->to, renamed);
	if (column) {
		const char *called = renamed ? now_called(fx, column) : column;

		r->text = arena_printf(&fx->arena, "%s: %s", called, r->text);
		fx_names_add(fx, &r->columns, called);
	}
	read_parent(s, r, rule->from, rule->to);
	if (rule->kind == RULE_FOREIGN_KEY && v[rule->from + 2].op == '(')
		to = v[rule->from + 2].pair;
	if (rule->kind != RULE_REFERENCES)
		fx_tokens_columns(fx, &s->t.words, rule->from, to, &s->names,
				  &r->columns);
}

static void add_aspect(struct shape *s, struct column *c,
		       const struct sqlite_rule *rule)
{
	const char *text = run(s, rule->from, rule->to, false);

	switch ((int)rule->kind) {
	case RULE_NOT_NULL:
		c->not_null = true;
		break;
	case RULE_DEFAULT:
		c->has_default = !streq(text, "default null");
		c->aspects[1] = text + strlen("default ");
		break;
	case RULE_GENERATED:
		c->aspects[2] = text;
		break;
	case RULE_COLLATE:
		c->aspects[3] = text;
		break;
	default:
		break;
	}
}

static bool is_constraint(enum sqlite_rule_kind k)
{
	return k == RULE_PRIMARY_KEY || k == RULE_UNIQUE || k == RULE_CHECK ||
	       k == RULE_REFERENCES || k == RULE_FOREIGN_KEY;
}

static size_t column_end(const struct shape *s, const struct sqlite_column *c)
{
	size_t end = c->type_to;

	if (c->n_rules)
		end = s->t.rules[c->rules + c->n_rules - 1].to;
	return end;
}

static void read_column(struct shape *s, size_t at, bool renamed)
{
	const struct sqlite_column *from = &s->t.columns[at];
	struct column *c = &s->columns[at];

	c->name = s->names.list[at];
	c->text = run(s, from->name + 1, column_end(s, from), false);
	c->aspects[0] = run(s, from->type_from, from->type_to, false);
	for (size_t i = 0; i < from->n_rules; i++) {
		const struct sqlite_rule *rule = &s->t.rules[from->rules + i];

		if (is_constraint(rule->kind))
			add_rule(s, rule, c->name, renamed);
		else
			add_aspect(s, c, rule);
	}
}

/* The canonical text, without its end. */
static bool parse(struct shape *s, const struct schema_object *o)
{
	size_t len = strlen(o->text);

	while (len && (o->text[len - 1] == '\n' || o->text[len - 1] == ';'))
		len--;
	return sqlite_table_parse(&s->t, o->text, len);
}

/* renamed: of the state before, with the names of the one after. */
static void read_shape(struct shape *s, struct fx *fx,
		       const struct schema_object *o, bool renamed)
{
	memset(s, 0, sizeof(*s));
	s->fx = fx;
	s->known = parse(s, o);
	if (!s->known)
		return;
	s->n = s->t.n;
	s->columns = arena_array(&fx->arena, s->n + 1, sizeof(*s->columns));
	s->rules = arena_array(&fx->arena, s->t.n_rules + 1, sizeof(*s->rules));
	for (size_t i = 0; i < s->n; i++) {
		const struct sqlite_word_token *t =
			&s->t.words.v[s->t.columns[i].name];

		fx_names_add(fx, &s->names, fx_token_name(&fx->arena, t));
	}
	for (size_t i = 0; i < s->n; i++)
		read_column(s, i, renamed);
	for (size_t i = s->t.table_rules; i < s->t.n_rules; i++)
		if (is_constraint(s->t.rules[i].kind))
			add_rule(s, &s->t.rules[i], NULL, renamed);
	s->options = s->t.strict ? s->t.without_rowid ? "strict, without rowid"
						      : "strict"
		     : s->t.without_rowid ? "without rowid"
					  : "";
}

static const struct column *find_column(const struct shape *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->columns[i].name, name))
			return &s->columns[i];
	return NULL;
}

static void use_parent(struct fx *fx, size_t statement, const char *table,
		       const struct rule *r)
{
	const char *why;

	if (!r->parent || streq(r->parent, table))
		return;
	why = arena_printf(&fx->arena, "foreign key of %s", table);
	fx_because(fx,
		   fx_use(fx, statement, EFFECT_TABLE, NULL, r->parent, NULL),
		   why);
	for (size_t i = 0; i < r->to.n; i++)
		fx_because(fx,
			   fx_use(fx, statement, EFFECT_COLUMN, r->parent,
				  r->to.list[i], "type"),
			   why);
}

/* The statement that names the column, or the one given. */
static size_t column_statement(const struct fx *fx, const char *table,
			       const char *column, size_t statement)
{
	for (size_t i = fx->n_targets; i > 0; i--) {
		const struct fx_target *t = &fx->targets[i - 1];

		if (t->column && streq(t->name, table) &&
		    (streq(t->column, column) || streq_null(t->to, column)))
			return t->statement;
	}
	return statement;
}

static bool is_strict(const struct column *c)
{
	return c->not_null && !c->has_default && !c->aspects[2];
}

static struct effect *add_column(struct fx *fx, size_t statement,
				 const char *table, const struct column *c)
{
	struct effect *e = fx_add(fx, statement, EFFECT_CREATE, EFFECT_COLUMN,
				  table, c->name);

	e->digest = fx_digest(fx, c->text);
	e->strict = is_strict(c);
	return e;
}

void fx_table_created(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *o)
{
	struct shape s;

	read_shape(&s, fx, o, false);
	for (size_t i = 0; i < s.n; i++)
		add_column(fx, statement, name, &s.columns[i])->implied = true;
	for (size_t i = 0; i < s.n_rules; i++)
		use_parent(fx, statement, name, &s.rules[i]);
	fx_keys_misfit(fx, statement, name);
	sqlite_table_release(&s.t);
}

void fx_table_parents(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *o)
{
	struct shape s;

	read_shape(&s, fx, o, false);
	for (size_t i = 0; i < s.n_rules; i++)
		use_parent(fx, statement, name, &s.rules[i]);
	sqlite_table_release(&s.t);
}

void fx_table_dropped(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *o)
{
	struct shape s;

	read_shape(&s, fx, o, false);
	for (size_t i = 0; i < s.n; i++)
		fx_add(fx, statement, EFFECT_DROP, EFFECT_COLUMN, name,
		       s.columns[i].name)
			->implied = true;
	sqlite_table_release(&s.t);
}

/** Two states of a table. */
struct change {
	struct fx *fx;
	size_t statement;
	const char *name;
	struct shape a, b;
	bool implied, columns_changed, strict;
};

static void alter(struct change *c, const char *column, const char *aspect,
		  const char *digest, bool strict)
{
	struct effect *e = fx_add(c->fx, c->statement, EFFECT_ALTER,
				  EFFECT_COLUMN, c->name, column);

	e->aspect = aspect;
	e->digest = fx_digest(c->fx, digest);
	e->strict = strict;
	e->implied = c->implied;
}

static void aspects(struct change *c, const struct column *x,
		    const struct column *y)
{
	for (size_t i = 0; i < ARRAY_LEN(aspect_names); i++)
		if (!streq_null(x->aspects[i], y->aspects[i]))
			alter(c, y->name, aspect_names[i],
			      y->aspects[i] ? y->aspects[i] : "none",
			      i == 0 && c->b.t.strict);
	if (x->not_null != y->not_null)
		alter(c, y->name, "null", y->not_null ? "not null" : "null",
		      y->not_null);
}

/* What a column of before is called in the end. */
static const char *called(const struct change *c, const char *column)
{
	for (size_t i = 0; i < c->fx->n_targets; i++) {
		const struct fx_target *t = &c->fx->targets[i];

		if (t->verb == SQL_RENAME_COLUMN && streq(t->column, column) &&
		    (streq(t->name, c->name) ||
		     streq(now_called(c->fx, t->name), c->name)))
			column = t->to;
	}
	return column;
}

/* Rows have their values: nothing is asked of them. */
static void renaming(struct change *c, const char *name, const char *from,
		     const struct column *y)
{
	struct fx *fx = c->fx;
	struct effect *e = add_column(
		fx, column_statement(fx, c->name, name, c->statement), c->name,
		y);

	e->from = arena_strdup(&fx->out->arena, from);
	e->strict = false;
}

static void old_columns(struct change *c)
{
	struct fx *fx = c->fx;

	for (size_t i = 0; i < c->a.n; i++) {
		const struct column *x = &c->a.columns[i];
		const char *name = called(c, x->name);
		const struct column *y = find_column(&c->b, name);
		bool renamed = !streq(name, x->name);

		if (y && !renamed) {
			aspects(c, x, y);
			continue;
		}
		c->columns_changed = true;
		fx_add(fx, column_statement(fx, c->name, x->name, c->statement),
		       EFFECT_DROP, EFFECT_COLUMN, c->name, x->name)
			->implied = c->implied;
		if (!y)
			continue;
		renaming(c, name, x->name, y);
		aspects(c, x, y);
	}
}

static bool is_new(const struct change *c, const char *column)
{
	for (size_t i = 0; i < c->a.n; i++)
		if (streq(called(c, c->a.columns[i].name), column))
			return false;
	return true;
}

/* Columns that were there, and that something new is about. */
static void use_columns(struct change *c, size_t statement,
			const struct fx_names *named, const char *why)
{
	for (size_t i = 0; i < named->n; i++)
		if (!is_new(c, named->list[i]))
			fx_because(c->fx,
				   fx_use(c->fx, statement, EFFECT_COLUMN,
					  c->name, named->list[i], "type"),
				   why);
}

static void use_computed(struct change *c, size_t statement,
			 const struct column *y)
{
	struct sqlite_words w = { 0 };
	struct fx_names named = { NULL, 0, 0 };
	const char *text = y->aspects[2];

	if (text && sqlite_words_read(&w, text, strlen(text)))
		fx_tokens_columns(c->fx, &w, 0, w.n, &c->b.names, &named);
	sqlite_words_release(&w);
	use_columns(c, statement, &named,
		    arena_printf(&c->fx->arena, "column %s", y->name));
}

static void new_columns(struct change *c)
{
	struct fx *fx = c->fx;

	for (size_t i = 0; i < c->b.n; i++) {
		const struct column *y = &c->b.columns[i];
		size_t statement;

		if (!is_new(c, y->name))
			continue;
		c->columns_changed = true;
		c->strict |= is_strict(y);
		statement =
			column_statement(fx, c->name, y->name, c->statement);
		add_column(fx, statement, c->name, y)->implied = c->implied;
		use_computed(c, statement, y);
	}
}

static void match_rules(struct change *c)
{
	for (size_t i = 0; i < c->a.n_rules; i++)
		for (size_t k = 0; k < c->b.n_rules; k++) {
			struct rule *x = &c->a.rules[i], *y = &c->b.rules[k];

			if (!x->found && !y->found && streq(x->text, y->text) &&
			    streq(x->name, y->name))
				x->found = y->found = true;
		}
}

/* Rows that others bring have no value in new columns: such a rule says
 * nothing about them, and it stands in the column's definition. */
static bool is_of_new_columns(const struct change *c, const struct rule *r)
{
	if (r->kind == RULE_PRIMARY_KEY || r->kind == RULE_UNIQUE)
		return false;
	for (size_t i = 0; i < r->columns.n; i++)
		if (!is_new(c, r->columns.list[i]))
			return false;
	return r->columns.n > 0;
}

static void rules(struct change *c)
{
	struct fx *fx = c->fx;
	bool any = false;
	struct effect *e;

	match_rules(c);
	for (size_t i = 0; i < c->a.n_rules; i++) {
		const struct rule *r = &c->a.rules[i];

		if (r->found)
			continue;
		e = fx_add(fx, c->statement, EFFECT_DROP, EFFECT_CONSTRAINT,
			   c->name, r->name);
		e->digest = *r->name ? NULL : fx_digest(fx, r->text);
		e->implied = c->implied;
		any = true;
	}
	for (size_t i = 0; i < c->b.n_rules; i++) {
		const struct rule *r = &c->b.rules[i];
		size_t statement = c->statement;

		if (r->found)
			continue;
		if (r->columns.n)
			statement = column_statement(
				fx, c->name, r->columns.list[0], statement);
		use_parent(fx, statement, c->name, r);
		if (is_of_new_columns(c, r))
			continue;
		if (r->kind == RULE_CHECK)
			use_columns(c, statement, &r->columns, "a check");
		e = fx_add(fx, statement, EFFECT_CREATE, EFFECT_CONSTRAINT,
			   c->name, r->name);
		e->digest = fx_digest(fx, r->text);
		e->columns = fx_names_keep(fx, &r->columns);
		e->implied = c->implied;
		any = true;
	}
	if (any)
		fx_add(fx, c->statement, EFFECT_ALTER, EFFECT_TABLE, NULL,
		       c->name)
			->aspect = "constraints";
	fx_keys_misfit(fx, c->statement, c->name);
}

/* A virtual table, or one that cannot be taken apart: all of it. */
static void unknown(struct change *c)
{
	fx_add(c->fx, c->statement, EFFECT_ALTER, EFFECT_TABLE, NULL, c->name)
		->implied = c->implied;
}

void fx_table_changed(struct fx *fx, size_t statement, const char *name,
		      const struct schema_object *before,
		      const struct schema_object *after, bool implied)
{
	struct change c = { .fx = fx,
			    .statement = statement,
			    .name = name,
			    .implied = implied };
	struct effect *e;

	read_shape(&c.a, fx, before, true);
	read_shape(&c.b, fx, after, false);
	if (c.a.known && c.b.known) {
		old_columns(&c);
		new_columns(&c);
		rules(&c);
		if (!streq(c.a.options, c.b.options)) {
			e = fx_add(fx, statement, EFFECT_ALTER, EFFECT_TABLE,
				   NULL, name);
			e->aspect = "options";
			e->digest = fx_digest(fx, c.b.options);
		}
	} else {
		unknown(&c);
	}
	if (c.columns_changed) {
		e = fx_add(fx, statement, EFFECT_ALTER, EFFECT_TABLE, NULL,
			   name);
		e->aspect = "columns";
		e->strict = c.strict;
		e->implied = implied;
	}
	sqlite_table_release(&c.a.t);
	sqlite_table_release(&c.b.t);
}
