#include "schema/sqlite_rule.h"

/* Words in upper case; there are no names among them. */
static void add_words(const struct sqlite_text *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (i > from)
			buf_addch(p->out, ' ');
		buf_addstr(p->out, sqlite_word_text(p->words->v[i].word));
	}
}

/* Words, a list or expression in brackets, words. */
static bool add_bracketed(const struct sqlite_text *p,
			  enum sqlite_clause clause, size_t from, size_t to)
{
	size_t open = from, close;

	while (p->words->v[open].op != '(')
		open++;
	close = p->words->v[open].pair;
	add_words(p, from, open);
	buf_addstr(p->out, " (");
	if (!sqlite_text_print(p, clause, open + 1, close))
		return false;
	buf_addch(p->out, ')');
	if (close + 1 < to) {
		buf_addch(p->out, ' ');
		add_words(p, close + 1, to);
	}
	return true;
}

/* [from, to) is a literal that DEFAULT takes without brackets. */
static bool is_literal(const struct sqlite_words *w, size_t from, size_t to)
{
	const struct sqlite_word_token *t = &w->v[from];
	bool sign = t->op == '-' || t->op == '+';

	if (to - from != (sign ? 2U : 1U))
		return false;
	if (sign)
		t++;
	switch ((unsigned)t->kind) {
	case SQLITE_TK_NUMBER:
	case SQLITE_TK_STRING:
	case SQLITE_TK_BLOB:
		return true;
	case SQLITE_TK_WORD:
		if (t->word == W_NULL)
			return true;
		return !sign && (t->word == W_TRUE || t->word == W_FALSE ||
				 t->word == W_CURRENT_DATE ||
				 t->word == W_CURRENT_TIME ||
				 t->word == W_CURRENT_TIMESTAMP);
	default:
		return false;
	}
}

/* DEFAULT (5) is DEFAULT 5; a quoted name and a bare one are strings. */
static bool add_default(const struct sqlite_text *p, size_t from, size_t to)
{
	static const char *const none[] = { NULL };
	const struct sqlite_words *w = p->words;
	struct sqlite_text inner = *p;
	bool brackets = false;

	buf_addstr(p->out, "DEFAULT ");
	inner.columns = none; /* it may not name any */
	from++;
	while (w->v[from].op == '(' && w->v[from].pair == to - 1) {
		brackets = true;
		from++;
		to--;
	}
	if (is_literal(w, from, to))
		return sqlite_text_print(&inner, CLAUSE_EXPR, from, to);
	if (brackets) {
		buf_addch(p->out, '(');
		if (!sqlite_text_print(&inner, CLAUSE_EXPR, from, to))
			return false;
		buf_addch(p->out, ')');
		return true;
	}
	if (w->v[from].op)
		buf_addch(p->out, w->v[from++].op);
	if (w->v[from].kind == SQLITE_TK_NAME)
		sqlite_string_add_token(p->out, &w->v[from]);
	else
		buf_add(p->out, w->v[from].text, w->v[from].len);
	return true;
}

/* The end of ON DELETE what or MATCH x that starts at i. */
static size_t end_of_action(const struct sqlite_words *w, size_t i)
{
	if (w->v[i].word == W_MATCH)
		return i + 2;
	return w->v[i + 2].word == W_SET || w->v[i + 2].word == W_NO ? i + 4
								     : i + 3;
}

static bool is_action(const struct sqlite_word_token *t)
{
	return t->word == W_ON || t->word == W_MATCH;
}

/* Of the kind that is printed in this pass: DELETE, UPDATE, the others. */
static bool is_of_pass(const struct sqlite_word_token *t, int pass)
{
	if (t->word == W_ON && t[1].word == W_DELETE)
		return pass == 0;
	if (t->word == W_ON && t[1].word == W_UPDATE)
		return pass == 1;
	return pass == 2;
}

static void add_actions(const struct sqlite_text *p, size_t from, size_t to)
{
	const struct sqlite_word_token *v = p->words->v;
	size_t i = from, end;

	for (int pass = 0; pass < 3; pass++) {
		for (i = from; i < to && is_action(&v[i]); i = end) {
			end = end_of_action(p->words, i);
			if (!is_of_pass(&v[i], pass))
				continue;
			buf_addch(p->out, ' ');
			if (v[i].word == W_MATCH) {
				buf_addstr(p->out, "MATCH ");
				sqlite_name_add_token(p->out, &v[i + 1]);
			} else {
				add_words(p, i, end);
			}
		}
	}
	if (i < to) {
		buf_addch(p->out, ' ');
		add_words(p, i, to);
	}
}

/* REFERENCES t (a, b) ON DELETE ... ON UPDATE ... DEFERRABLE ... */
static bool add_reference(const struct sqlite_text *p, size_t from, size_t to)
{
	size_t i = from + 2;

	buf_addstr(p->out, "REFERENCES ");
	sqlite_name_add_token(p->out, &p->words->v[from + 1]);
	if (p->words->v[i].op == '(') {
		size_t close = p->words->v[i].pair;

		buf_addstr(p->out, " (");
		if (!sqlite_text_print(p, CLAUSE_NAMES, i + 1, close))
			return false;
		buf_addch(p->out, ')');
		i = close + 1;
	}
	add_actions(p, i, to);
	return true;
}

static bool add_foreign_key(const struct sqlite_text *p, size_t from, size_t to)
{
	size_t close = p->words->v[from + 2].pair;

	if (!add_bracketed(p, CLAUSE_NAMES, from, close + 1))
		return false;
	buf_addch(p->out, ' ');
	return add_reference(p, close + 1, to);
}

static bool add_generated(const struct sqlite_text *p, size_t from, size_t to)
{
	const struct sqlite_word_token *last = &p->words->v[to - 1];
	size_t open = from, close;

	while (p->words->v[open].op != '(')
		open++;
	close = p->words->v[open].pair;
	buf_addstr(p->out, "GENERATED ALWAYS AS (");
	if (!sqlite_text_print(p, CLAUSE_EXPR, open + 1, close))
		return false;
	buf_addstr(p->out, ") ");
	buf_addstr(p->out, close + 1 < to && sqlite_name_is(last, "stored")
				   ? "STORED"
				   : "VIRTUAL");
	return true;
}

/* UNIQUE (a, b) of a table, not UNIQUE of a column. */
static bool has_bracket(const struct sqlite_text *p,
			const struct sqlite_rule *r)
{
	for (size_t i = r->from; i < r->to; i++)
		if (p->words->v[i].op == '(')
			return true;
	return false;
}

bool sqlite_rule_print(const struct sqlite_text *p, const struct sqlite_rule *r)
{
	if (r->name) {
		buf_addstr(p->out, "CONSTRAINT ");
		sqlite_name_add_token(p->out, &p->words->v[r->name]);
		if (r->kind != RULE_NAME)
			buf_addch(p->out, ' ');
	}
	switch (r->kind) {
	case RULE_DEFAULT:
		return add_default(p, r->from, r->to);
	case RULE_CHECK:
		return add_bracketed(p, CLAUSE_EXPR, r->from, r->to);
	case RULE_COLLATE:
		buf_addstr(p->out, "COLLATE ");
		sqlite_name_add_token(p->out, &p->words->v[r->from + 1]);
		return true;
	case RULE_REFERENCES:
		return add_reference(p, r->from, r->to);
	case RULE_GENERATED:
		return add_generated(p, r->from, r->to);
	case RULE_FOREIGN_KEY:
		return add_foreign_key(p, r->from, r->to);
	case RULE_PRIMARY_KEY:
	case RULE_UNIQUE:
		if (has_bracket(p, r))
			return add_bracketed(p, CLAUSE_TERMS, r->from, r->to);
		add_words(p, r->from, r->to);
		return true;
	case RULE_NOT_NULL:
	case RULE_NULL:
	case RULE_DEFER:
	case RULE_NAME:
	default:
		add_words(p, r->from, r->to);
		return true;
	}
}
