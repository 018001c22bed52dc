#include "sql/pg_parser.h"

#include <stdlib.h>

#include "base/util.h"

void pg_advance(struct pg_parser *p)
{
	p->t = pg_lexer_next_solid(&p->lexer);
}

bool pg_at(const struct pg_parser *p, const char *keyword)
{
	return pg_token_is(&p->t, keyword);
}

bool pg_at_one_of(const struct pg_parser *p, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pg_at(p, words[i]))
			return true;
	return false;
}

bool pg_accept(struct pg_parser *p, const char *keyword)
{
	if (!pg_at(p, keyword))
		return false;
	pg_advance(p);
	return true;
}

bool pg_accept_op(struct pg_parser *p, const char *op)
{
	if (!pg_token_is_op(&p->t, op))
		return false;
	pg_advance(p);
	return true;
}

/* The token is the word that ends at a space or NUL. */
static bool at_word(const struct pg_parser *p, const char *word, size_t len)
{
	struct pg_token t = p->t;
	char copy[32];

	if (t.kind != PG_TK_WORD || t.len != len || len >= sizeof(copy))
		return false;
	memcpy(copy, word, len);
	copy[len] = '\0';
	return pg_token_is(&t, copy);
}

bool pg_accept_words(struct pg_parser *p, const char *words)
{
	struct pg_parser ahead = *p;

	for (;;) {
		size_t len = strcspn(words, " ");

		if (!at_word(&ahead, words, len))
			return false;
		pg_advance(&ahead);
		if (!words[len])
			break;
		words += len + 1;
	}
	*p = ahead;
	return true;
}

bool pg_at_words(const struct pg_parser *p, const char *words)
{
	struct pg_parser ahead = *p;

	return pg_accept_words(&ahead, words);
}

const char *pg_text(const struct pg_parser *p)
{
	return arena_strndup(p->arena, p->s->text, p->s->len);
}

const char *pg_name(struct pg_parser *p)
{
	const char *text = pg_token_name(&p->t, p->arena);

	if (text)
		pg_advance(p);
	return text;
}

void pg_object(struct pg_parser *p)
{
	struct sql_statement *s = p->s;

	s->schema = NULL;
	s->object = pg_name(p);
	while (s->object && pg_accept_op(p, ".")) {
		s->schema = s->object;
		s->object = pg_name(p);
	}
	if (s->schema &&
	    (streq(s->schema, "pg_temp") || starts_with(s->schema, "pg_temp_")))
		s->temp = true;
}

void pg_if_exists(struct pg_parser *p)
{
	if (!pg_accept_words(p, "if not exists"))
		pg_accept_words(p, "if exists");
}

void pg_relation(struct pg_parser *p)
{
	bool group;

	pg_if_exists(p);
	group = pg_accept(p, "only") && pg_accept_op(p, "(");
	pg_object(p);
	if (group)
		pg_accept_op(p, ")");
	else
		pg_accept_op(p, "*");
}

static bool opens(const struct pg_token *t)
{
	return pg_token_is_op(t, "(") || pg_token_is_op(t, "[");
}

static bool closes(const struct pg_token *t)
{
	return pg_token_is_op(t, ")") || pg_token_is_op(t, "]");
}

size_t pg_step(struct pg_parser *p, size_t depth)
{
	if (opens(&p->t))
		depth++;
	else if (depth && closes(&p->t))
		depth--;
	pg_advance(p);
	return depth;
}

void pg_skip_group(struct pg_parser *p)
{
	size_t depth;

	if (!opens(&p->t))
		return;
	depth = pg_step(p, 0);
	while (depth && p->t.kind != PG_TK_END)
		depth = pg_step(p, depth);
}

static bool at_option_end(const struct pg_parser *p)
{
	return p->t.kind == PG_TK_END || pg_token_is_op(&p->t, ",") ||
	       pg_token_is_op(&p->t, ")");
}

/* false, off and 0, also in quotes, are off (defGetBoolean()) */
static enum pg_option option_value(struct pg_parser *p)
{
	static const char *const off[] = { "false", "off", "0", "none" };
	const char *value = pg_token_name(&p->t, p->arena);

	if (!value)
		value = pg_token_value(&p->t, p->arena);
	if (!value)
		value = arena_strndup(p->arena, p->t.text, p->t.len);
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		if (streq(value, off[i]))
			return PG_OPTION_OFF;
	return PG_OPTION_ON;
}

enum pg_option pg_option(struct pg_parser p, const char *name)
{
	if (!pg_token_is_op(&p.t, "("))
		return PG_OPTION_ABSENT;
	do {
		const char *option;

		pg_advance(&p);
		option = pg_name(&p);
		pg_accept_op(&p, "=");
		if (option && streq(option, name))
			return at_option_end(&p) ? PG_OPTION_ON
						 : option_value(&p);
		while (!at_option_end(&p))
			pg_advance(&p);
	} while (pg_token_is_op(&p.t, ","));
	return PG_OPTION_ABSENT;
}
