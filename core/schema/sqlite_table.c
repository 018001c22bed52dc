#include "schema/sqlite_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

/* The tokens and the place where the parser stands in them. */
struct parser {
	struct sqlite_table *t;
	const struct sqlite_word_token *v;
	size_t i;
};

static bool take(struct parser *p, enum sqlite_word w)
{
	if (p->v[p->i].word != w)
		return false;
	p->i++;
	return true;
}

static bool take_op(struct parser *p, char op)
{
	if (p->v[p->i].op != op)
		return false;
	p->i++;
	return true;
}

static bool take_name(struct parser *p)
{
	if (!sqlite_word_token_is_name(&p->v[p->i]))
		return false;
	p->i++;
	return true;
}

/* ( anything ) */
static bool take_brackets(struct parser *p)
{
	if (p->v[p->i].op != '(')
		return false;
	p->i = p->v[p->i].pair + 1;
	return true;
}

/* ON CONFLICT what; may be absent. */
static bool take_conflict(struct parser *p)
{
	if (p->v[p->i].word != W_ON || p->v[p->i + 1].word != W_CONFLICT)
		return true;
	p->i += 2;
	return take(p, W_ROLLBACK) || take(p, W_ABORT) || take(p, W_FAIL) ||
	       take(p, W_IGNORE) || take(p, W_REPLACE);
}

/* [NOT] DEFERRABLE [INITIALLY what]; false when there is none. */
static bool take_defer(struct parser *p)
{
	size_t at = p->i;

	take(p, W_NOT);
	if (!take(p, W_DEFERRABLE)) {
		p->i = at;
		return false;
	}
	if (take(p, W_INITIALLY) && !take(p, W_DEFERRED))
		take(p, W_IMMEDIATE);
	return true;
}

static bool take_action(struct parser *p)
{
	if (take(p, W_SET))
		return take(p, W_NULL) || take(p, W_DEFAULT);
	if (take(p, W_NO))
		return take(p, W_ACTION);
	return take(p, W_CASCADE) || take(p, W_RESTRICT);
}

/* Behind REFERENCES: t (a, b) ON DELETE CASCADE MATCH x DEFERRABLE ... */
static bool take_reference(struct parser *p)
{
	if (!take_name(p))
		return false;
	take_brackets(p);
	for (;;) {
		if (take(p, W_MATCH)) {
			if (!take_name(p))
				return false;
		} else if (take(p, W_ON)) {
			if (!take(p, W_DELETE) && !take(p, W_UPDATE) &&
			    !take(p, W_INSERT))
				return false;
			if (!take_action(p))
				return false;
		} else {
			break;
		}
	}
	take_defer(p);
	return true;
}

static bool take_primary_key(struct parser *p)
{
	if (!take(p, W_KEY))
		return false;
	if (!take(p, W_ASC))
		take(p, W_DESC);
	if (!take_conflict(p))
		return false;
	take(p, W_AUTOINCREMENT);
	return true;
}

static bool take_generated(struct parser *p)
{
	if (!take_brackets(p))
		return false;
	if (p->v[p->i].kind == SQLITE_TK_WORD &&
	    (sqlite_name_is(&p->v[p->i], "virtual") ||
	     sqlite_name_is(&p->v[p->i], "stored")))
		p->i++;
	return true;
}

static bool take_default(struct parser *p)
{
	const struct sqlite_word_token *t;

	if (take_brackets(p))
		return true;
	if (!take_op(p, '-'))
		take_op(p, '+');
	t = &p->v[p->i];
	if (t->kind != SQLITE_TK_NUMBER && t->kind != SQLITE_TK_BLOB &&
	    t->word != W_NULL && !sqlite_word_token_is_name(t))
		return false;
	p->i++;
	return true;
}

static void add_rule(struct parser *p, enum sqlite_rule_kind kind, size_t name,
		     size_t from)
{
	struct sqlite_table *t = p->t;

	VEC_GROW(t->rules, t->n_rules, t->cap_rules);
	t->rules[t->n_rules++] = (struct sqlite_rule){ kind, name, from, p->i };
}

/* One column constraint behind its name, if the tokens start one. */
static bool take_column_rule(struct parser *p, enum sqlite_rule_kind *kind)
{
	switch ((unsigned)p->v[p->i++].word) {
	case W_PRIMARY:
		*kind = RULE_PRIMARY_KEY;
		return take_primary_key(p);
	case W_NOT:
		*kind = RULE_NOT_NULL;
		if (take(p, W_NULL))
			return take_conflict(p);
		*kind = RULE_DEFER;
		p->i--;
		return take_defer(p);
	case W_DEFERRABLE:
		*kind = RULE_DEFER;
		p->i--;
		return take_defer(p);
	case W_NULL:
		*kind = RULE_NULL;
		return take_conflict(p);
	case W_UNIQUE:
		*kind = RULE_UNIQUE;
		return take_conflict(p);
	case W_CHECK:
		*kind = RULE_CHECK;
		return take_brackets(p) && take_conflict(p);
	case W_DEFAULT:
		*kind = RULE_DEFAULT;
		return take_default(p);
	case W_COLLATE:
		*kind = RULE_COLLATE;
		return take_name(p);
	case W_REFERENCES:
		*kind = RULE_REFERENCES;
		return take_reference(p);
	case W_GENERATED:
		*kind = RULE_GENERATED;
		return take(p, W_ALWAYS) && take(p, W_AS) && take_generated(p);
	case W_AS:
		*kind = RULE_GENERATED;
		return take_generated(p);
	default:
		return false;
	}
}

static bool ends_column(const struct parser *p)
{
	return p->v[p->i].op == ',' || p->v[p->i].op == ')';
}

static bool take_column_rules(struct parser *p, struct sqlite_column *c)
{
	while (!ends_column(p)) {
		enum sqlite_rule_kind kind = RULE_NAME;
		size_t name = 0, from;

		if (take(p, W_CONSTRAINT)) {
			name = p->i;
			if (!take_name(p))
				return false;
		}
		from = p->i;
		if (name && (ends_column(p) || p->v[from].word == W_CONSTRAINT))
			c->keep_order = true;
		else if (!take_column_rule(p, &kind))
			return false;
		if (kind == RULE_DEFER)
			c->keep_order = true;
		add_rule(p, kind, name, from);
	}
	return true;
}

/*
 * SQLite looks for these in the type as it was written, comments between its
 * words too (sqlite3AffinityType()): such a comment cannot be left out.
 */
static bool has_affinity(const char *s, const char *end)
{
	static const char *const parts[] = { "int",  "char", "clob", "text",
					     "blob", "real", "floa", "doub" };

	for (; s < end; s++)
		for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
			size_t n = strlen(parts[i]);

			if (n <= (size_t)(end - s) &&
			    !strncasecmp(s, parts[i], n))
				return true;
		}
	return false;
}

static bool has_telling_comment(const struct parser *p, size_t from, size_t to)
{
	for (size_t i = from; i + 1 < to; i++)
		if (has_affinity(p->v[i].text + p->v[i].len, p->v[i + 1].text))
			return true;
	return false;
}

/* Words of the type, then VARCHAR's (10); GENERATED ALWAYS is none of it. */
static bool take_type(struct parser *p, struct sqlite_column *c)
{
	c->type_from = p->i;
	while (sqlite_word_token_is_type(&p->v[p->i])) {
		if (p->v[p->i].word == W_GENERATED &&
		    p->v[p->i + 1].word == W_ALWAYS &&
		    p->v[p->i + 2].word == W_AS)
			break;
		p->i++;
	}
	if (p->i > c->type_from && p->v[p->i].op == '(') {
		for (p->i++; p->v[p->i].op != ')'; p->i++)
			if (p->v[p->i].kind != SQLITE_TK_NUMBER &&
			    !(p->v[p->i].op && strchr("+-,", p->v[p->i].op)))
				return false;
		p->i++;
	}
	c->type_to = p->i;
	return !has_telling_comment(p, c->type_from, c->type_to);
}

static bool take_column(struct parser *p)
{
	struct sqlite_table *t = p->t;
	struct sqlite_column c = { .name = p->i, .rules = t->n_rules };

	if (!take_name(p) || !take_type(p, &c) || !take_column_rules(p, &c))
		return false;
	c.n_rules = t->n_rules - c.rules;
	VEC_GROW(t->columns, t->n, t->cap);
	t->columns[t->n++] = c;
	return true;
}

static bool starts_table_rule(const struct parser *p)
{
	enum sqlite_word w = p->v[p->i].word;

	return w == W_CONSTRAINT || w == W_PRIMARY || w == W_UNIQUE ||
	       w == W_CHECK || w == W_FOREIGN;
}

static bool take_table_rule(struct parser *p)
{
	enum sqlite_rule_kind kind;
	size_t name = 0, from;
	bool fine;

	if (take(p, W_CONSTRAINT)) {
		name = p->i;
		if (!take_name(p))
			return false;
	}
	from = p->i;
	if (take(p, W_PRIMARY)) {
		kind = RULE_PRIMARY_KEY;
		fine = take(p, W_KEY) && take_brackets(p) && take_conflict(p);
	} else if (take(p, W_UNIQUE)) {
		kind = RULE_UNIQUE;
		fine = take_brackets(p) && take_conflict(p);
	} else if (take(p, W_CHECK)) {
		kind = RULE_CHECK;
		fine = take_brackets(p) && take_conflict(p);
	} else if (take(p, W_FOREIGN)) {
		kind = RULE_FOREIGN_KEY;
		fine = take(p, W_KEY) && take_brackets(p) &&
		       take(p, W_REFERENCES) && take_reference(p);
	} else {
		kind = RULE_NAME;
		fine = name != 0;
	}
	add_rule(p, kind, name, from);
	return fine;
}

static bool take_options(struct parser *p)
{
	struct sqlite_table *t = p->t;

	if (p->i == t->words.n)
		return true;
	take_op(p, ','); /* the grammar lets the first one be empty */
	do {
		const struct sqlite_word_token *o = &p->v[p->i];

		if (take(p, W_WITHOUT)) {
			if (!sqlite_word_token_is_name(&p->v[p->i]) ||
			    !sqlite_name_is(&p->v[p->i], "rowid"))
				return false;
			t->without_rowid = true;
		} else if (sqlite_word_token_is_name(o) &&
			   sqlite_name_is(o, "strict")) {
			t->strict = true;
		} else {
			return false;
		}
		p->i++;
	} while (take_op(p, ','));
	return p->i == t->words.n;
}

bool sqlite_table_parse(struct sqlite_table *t, const char *sql, size_t len)
{
	struct parser p = { .t = t };

	memset(t, 0, sizeof(*t));
	if (!sqlite_words_read(&t->words, sql, len))
		return false;
	p.v = t->words.v;
	if (!take(&p, W_CREATE) || !take(&p, W_TABLE))
		return false;
	t->name = sqlite_words_object(&t->words, p.i);
	p.i = t->name;
	if (!take_name(&p) || !take_op(&p, '('))
		return false;
	do {
		if (t->n && starts_table_rule(&p))
			break;
		if (!take_column(&p))
			return false;
	} while (take_op(&p, ','));
	t->table_rules = t->n_rules;
	while (p.v[p.i].op != ')') {
		if (!take_table_rule(&p))
			return false;
		take_op(&p, ',');
	}
	p.i++;
	return take_options(&p);
}

void sqlite_table_release(struct sqlite_table *t)
{
	sqlite_words_release(&t->words);
	free(t->columns);
	free(t->rules);
	memset(t, 0, sizeof(*t));
}
