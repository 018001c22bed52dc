#include "sql/pg_lexer.h"

#include <assert.h>
#include <string.h>

/* What a byte can be part of; a byte may be several things. */
enum {
	WORD = 1, /* goes on a name: letters, digits, _ $ and UTF-8 */
	DIGIT = 2,
	SPACE = 4,
	START = 8, /* of a bare name, or of a dollar quote's tag */
	OP = 16,   /* goes on an operator */
};

static unsigned class_of(unsigned char c)
{
	if (c >= 0x80 || c == '_' || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'))
		return WORD | START;
	if (c >= '0' && c <= '9')
		return WORD | DIGIT;
	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return SPACE;
	if (c == '$')
		return WORD;
	return c && strchr("~!@#^&|`?+-*/%<>=", c) ? OP : 0;
}

/* The byte at offset i; NUL beyond the end, so that no rule looks further. */
static unsigned char at(const struct pg_lexer *l, size_t i)
{
	return i < (size_t)(l->end - l->pos) ? (unsigned char)l->pos[i] : 0;
}

static bool is(const struct pg_lexer *l, size_t i, unsigned classes)
{
	return (class_of(at(l, i)) & classes) != 0;
}

static size_t skip(const struct pg_lexer *l, size_t i, unsigned classes)
{
	while (is(l, i, classes))
		i++;
	return i;
}

static struct pg_token token(const struct pg_lexer *l, enum pg_token_kind kind,
			     size_t len)
{
	return (struct pg_token){ kind, l->pos, len };
}

/* Behind the line's last byte, from i. */
static size_t to_line_end(const struct pg_lexer *l, size_t i)
{
	while (at(l, i) && at(l, i) != '\n' && at(l, i) != '\r')
		i++;
	return i;
}

static struct pg_token block_comment(const struct pg_lexer *l)
{
	size_t i = 2, depth = 1;

	while (at(l, i) && depth) {
		if (at(l, i) == '*' && at(l, i + 1) == '/') {
			depth--;
			i++;
		} else if (at(l, i) == '/' && at(l, i + 1) == '*') {
			depth++;
			i++;
		}
		i++;
	}
	return token(l, depth ? PG_TK_ILLEGAL : PG_TK_COMMENT, i);
}

/* Behind the closing quote of what opens at i; 0 when there is none. */
static size_t quoted_end(const struct pg_lexer *l, size_t i, bool escapes)
{
	unsigned char quote = at(l, i++);

	for (; at(l, i); i++) {
		bool escaped = escapes && at(l, i) == '\\' && at(l, i + 1);

		if (escaped || (at(l, i) == quote && at(l, i + 1) == quote))
			i++;
		else if (at(l, i) == quote)
			return i + 1;
	}
	return 0;
}

/* Up to the first byte that is no part of the text: a NUL, or the end. */
static struct pg_token unterminated(const struct pg_lexer *l)
{
	return token(l, PG_TK_ILLEGAL,
		     strnlen(l->pos, (size_t)(l->end - l->pos)));
}

/*
 * A string goes on after white space with a line break and, before it, line
 * comments (scan.l, quotecontinue). The offset of the quote that goes on; 0
 * when nothing does.
 */
static size_t continuation(const struct pg_lexer *l, size_t i)
{
	bool newline = false;

	for (;;) {
		if (at(l, i) == '\n' || at(l, i) == '\r')
			newline = true;
		if (is(l, i, SPACE))
			i++;
		else if (at(l, i) == '-' && at(l, i + 1) == '-')
			i = to_line_end(l, i);
		else
			return newline && at(l, i) == '\'' ? i : 0;
	}
}

bool pg_lexer_escapes(const struct pg_lexer *l, const char *string)
{
	switch (*string) {
	case 'e':
	case 'E':
		return true;
	case '\'':
	case 'n':
	case 'N':
		return l->escapes;
	default:
		return false;
	}
}

/* prefix bytes (E, B, U&, ...) stand before the quote */
static struct pg_token string(const struct pg_lexer *l, size_t prefix)
{
	bool escapes = pg_lexer_escapes(l, l->pos);
	size_t end = quoted_end(l, prefix, escapes), more;

	while (end && (more = continuation(l, end)))
		end = quoted_end(l, more, escapes);
	return end ? token(l, PG_TK_STRING, end) : unterminated(l);
}

static struct pg_token name(const struct pg_lexer *l, size_t prefix)
{
	size_t end = quoted_end(l, prefix, false);

	return end ? token(l, PG_TK_NAME, end) : unterminated(l);
}

static struct pg_token word(const struct pg_lexer *l)
{
	unsigned char c = at(l, 0) | 0x20;

	if (at(l, 1) == '\'' && strchr("bxne", c))
		return string(l, 1);
	if (c == 'u' && at(l, 1) == '&') {
		if (at(l, 2) == '\'')
			return string(l, 2);
		if (at(l, 2) == '"')
			return name(l, 2);
	}
	return token(l, PG_TK_WORD, skip(l, 1, WORD));
}

static struct pg_token dollar(const struct pg_lexer *l)
{
	size_t tag, i;

	if (is(l, 1, DIGIT))
		return token(l, PG_TK_PARAM, skip(l, 1, DIGIT));
	tag = 1;
	if (is(l, 1, START))
		while (is(l, tag, START | DIGIT))
			tag++;
	if (at(l, tag++) != '$')
		return token(l, PG_TK_ILLEGAL, 1);
	for (i = tag; at(l, i); i++) {
		if (at(l, i) == '$' && at(l, i + tag - 1) == '$' &&
		    !memcmp(l->pos + i, l->pos, tag))
			return token(l, PG_TK_DOLLAR, i + tag);
	}
	return unterminated(l);
}

/* What sticks to a number belongs to it: 0x1f, 1_000, 1e5, and nonsense. */
static struct pg_token number(const struct pg_lexer *l)
{
	size_t i = skip(l, 0, DIGIT | START);
	unsigned char last;

	/* 1..2 is a range, not 1. and .2 */
	if (at(l, i) == '.' && at(l, i + 1) != '.')
		i = skip(l, i + 1, DIGIT | START);
	last = at(l, i - 1) | 0x20;
	if (last == 'e' && at(l, 1) != 'x' && at(l, 1) != 'X' &&
	    (at(l, i) == '+' || at(l, i) == '-') && is(l, i + 1, DIGIT))
		i = skip(l, i + 1, DIGIT | START);
	return token(l, PG_TK_NUMBER, i);
}

/* A comment ends it, and + or - only if there is one of ~!@#^&|`?% in it. */
static struct pg_token operator_of(const struct pg_lexer *l)
{
	size_t n, i;

	for (n = 0; is(l, n, OP); n++) {
		if (at(l, n) == '-' && at(l, n + 1) == '-')
			break;
		if (at(l, n) == '/' && at(l, n + 1) == '*')
			break;
	}
	while (n > 1 && (at(l, n - 1) == '+' || at(l, n - 1) == '-')) {
		for (i = 0; i < n && !strchr("~!@#^&|`?%", at(l, i)); i++)
			;
		if (i < n)
			break;
		n--;
	}
	return token(l, PG_TK_OPERATOR, n);
}

static struct pg_token punctuation(const struct pg_lexer *l)
{
	unsigned char c = at(l, 0), c1 = at(l, 1);

	if (c == '\\')
		return token(l, PG_TK_BACKSLASH, 1);
	if (c == ';')
		return token(l, PG_TK_SEMICOLON, 1);
	if ((c == ':' && (c1 == ':' || c1 == '=')) || (c == '.' && c1 == '.'))
		return token(l, PG_TK_OPERATOR, 2);
	if (c && strchr("(),.[]:", c))
		return token(l, PG_TK_OPERATOR, 1);
	return token(l, PG_TK_ILLEGAL, 1);
}

static struct pg_token scan(const struct pg_lexer *l)
{
	unsigned char c = at(l, 0), c1 = at(l, 1);

	if (is(l, 0, SPACE))
		return token(l, PG_TK_SPACE, skip(l, 1, SPACE));
	if (c == '-' && c1 == '-')
		return token(l, PG_TK_COMMENT, to_line_end(l, 2));
	if (c == '/' && c1 == '*')
		return block_comment(l);
	if (c == '\'')
		return string(l, 0);
	if (c == '"')
		return name(l, 0);
	if (is(l, 0, START))
		return word(l);
	if (c == '$')
		return dollar(l);
	if (is(l, 0, DIGIT) || (c == '.' && is(l, 1, DIGIT)))
		return number(l);
	return is(l, 0, OP) ? operator_of(l) : punctuation(l);
}

void pg_lexer_init(struct pg_lexer *l, const char *text, size_t len)
{
	l->pos = text ? text : "";
	l->end = l->pos + len;
	l->escapes = false;
}

struct pg_token pg_lexer_next(struct pg_lexer *l)
{
	struct pg_token t;

	if (l->pos == l->end)
		return token(l, PG_TK_END, 0);
	t = scan(l);
	assert(t.len && t.len <= (size_t)(l->end - l->pos));
	l->pos += t.len;
	return t;
}

struct pg_token pg_lexer_next_solid(struct pg_lexer *l)
{
	struct pg_token t;

	do
		t = pg_lexer_next(l);
	while (t.kind == PG_TK_SPACE || t.kind == PG_TK_COMMENT);
	return t;
}
