#include "sql/sqlite_lexer.h"

#include <assert.h>
#include <string.h>

/* What a byte can be part of; a byte may be several things. */
enum {
	WORD = 1, /* IdChar() in tokenize.c: letters, digits, _ $ and UTF-8 */
	DIGIT = 2,
	HEX = 4,
	SPACE = 8,  /* goes on a run of space */
	START = 16, /* of a bare word */
};

static unsigned class_of(unsigned char c)
{
	if (c >= 0x80 || c == '_')
		return WORD | START;
	if (c >= '0' && c <= '9')
		return WORD | DIGIT | HEX;
	if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
		return WORD | HEX | START;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return WORD | START;
	if (c == '$')
		return WORD;
	return c == ' ' || (c >= '\t' && c <= '\r') ? SPACE : 0;
}

/* The byte at offset i; NUL beyond the end, so that no rule looks further. */
static unsigned char at(const struct sqlite_lexer *l, size_t i)
{
	return i < (size_t)(l->end - l->pos) ? (unsigned char)l->pos[i] : 0;
}

static bool is(const struct sqlite_lexer *l, size_t i, unsigned classes)
{
	return (class_of(at(l, i)) & classes) != 0;
}

static size_t skip(const struct sqlite_lexer *l, size_t i, unsigned classes)
{
	while (is(l, i, classes))
		i++;
	return i;
}

static struct sqlite_token token(const struct sqlite_lexer *l,
				 enum sqlite_token_kind kind, size_t len)
{
	return (struct sqlite_token){ kind, l->pos, len };
}

static struct sqlite_token line_comment(const struct sqlite_lexer *l)
{
	size_t i = 2;

	while (at(l, i) && at(l, i) != '\n')
		i++;
	return token(l, SQLITE_TK_COMMENT, i);
}

/* One without its end runs to the end of the text. */
static struct sqlite_token block_comment(const struct sqlite_lexer *l)
{
	size_t i = 2;

	while (at(l, i) && (at(l, i) != '*' || at(l, i + 1) != '/'))
		i++;
	return token(l, SQLITE_TK_COMMENT, at(l, i) ? i + 2 : i);
}

/* 'x', "x" and `x`, where a doubled quote is one of the content. */
static struct sqlite_token quoted(const struct sqlite_lexer *l)
{
	unsigned char quote = at(l, 0);
	size_t i = 1;

	for (; at(l, i); i++) {
		if (at(l, i) != quote)
			continue;
		if (at(l, i + 1) != quote)
			return token(l,
				     quote == '\'' ? SQLITE_TK_STRING
						   : SQLITE_TK_NAME,
				     i + 1);
		i++;
	}
	return token(l, SQLITE_TK_ILLEGAL, i);
}

/* [x], without any way to write a ] inside. */
static struct sqlite_token bracketed(const struct sqlite_lexer *l)
{
	size_t i = 1;

	while (at(l, i) && at(l, i) != ']')
		i++;
	return at(l, i) ? token(l, SQLITE_TK_NAME, i + 1)
			: token(l, SQLITE_TK_ILLEGAL, i);
}

static struct sqlite_token blob(const struct sqlite_lexer *l)
{
	size_t i = skip(l, 2, HEX);

	if (at(l, i) == '\'' && i % 2 == 0)
		return token(l, SQLITE_TK_BLOB, i + 1);
	while (at(l, i) && at(l, i) != '\'')
		i++;
	return token(l, SQLITE_TK_ILLEGAL, at(l, i) ? i + 1 : i);
}

/*
 * Word bytes right behind a decimal number make it illegal (1a, 1_000), right
 * behind a hexadecimal one they are the next token: SQLite up to 3.45.
 */
static struct sqlite_token number(const struct sqlite_lexer *l)
{
	size_t i, end;

	if (at(l, 0) == '0' && (at(l, 1) | 0x20) == 'x' && is(l, 2, HEX))
		return token(l, SQLITE_TK_NUMBER, skip(l, 3, HEX));
	i = skip(l, 0, DIGIT);
	if (at(l, i) == '.')
		i = skip(l, i + 1, DIGIT);
	if ((at(l, i) | 0x20) == 'e') {
		size_t digits = i + 1;

		if (at(l, digits) == '+' || at(l, digits) == '-')
			digits++;
		if (is(l, digits, DIGIT))
			i = skip(l, digits, DIGIT);
	}
	end = skip(l, i, WORD);
	return token(l, end == i ? SQLITE_TK_NUMBER : SQLITE_TK_ILLEGAL, end);
}

/* $a, @a, :a and #a; with :: inside and (anything but space) at the end. */
static struct sqlite_token variable(const struct sqlite_lexer *l)
{
	enum sqlite_token_kind kind = SQLITE_TK_VARIABLE;
	size_t i = 1;
	bool named = false;

	for (;; i++) {
		if (is(l, i, WORD)) {
			named = true;
		} else if (at(l, i) == ':' && at(l, i + 1) == ':') {
			i++;
		} else {
			break;
		}
	}
	if (at(l, i) == '(' && named) {
		while (at(l, i) && at(l, i) != ')' && !is(l, i, SPACE))
			i++;
		if (at(l, i) == ')')
			i++;
		else
			kind = SQLITE_TK_ILLEGAL;
	}
	return token(l, named ? kind : SQLITE_TK_ILLEGAL, i);
}

static struct sqlite_token operator_of(const struct sqlite_lexer *l)
{
	static const char *const longer[] = {
		"->>", "->", "||", "<=", "<>", "<<", ">=", ">>", "==", "!=",
	};
	size_t left = (size_t)(l->end - l->pos);

	for (size_t i = 0; i < sizeof(longer) / sizeof(*longer); i++) {
		size_t n = strlen(longer[i]);

		if (n <= left && !memcmp(l->pos, longer[i], n))
			return token(l, SQLITE_TK_OPERATOR, n);
	}
	if (at(l, 0) && strchr("-()+*/%=<>|,&~.", at(l, 0)))
		return token(l, SQLITE_TK_OPERATOR, 1);
	return token(l, SQLITE_TK_ILLEGAL, 1);
}

static struct sqlite_token word(const struct sqlite_lexer *l)
{
	/* a byte order mark is space, but not in the middle of a word */
	if (at(l, 0) == 0xef && at(l, 1) == 0xbb && at(l, 2) == 0xbf)
		return token(l, SQLITE_TK_SPACE, 3);
	return token(l, SQLITE_TK_WORD, skip(l, 1, WORD));
}

static struct sqlite_token scan(const struct sqlite_lexer *l)
{
	unsigned char c = at(l, 0), c1 = at(l, 1);

	switch (c) {
	case ' ':
	case '\t':
	case '\n':
	case '\f':
	case '\r': /* a vertical tab goes on a run and cannot start one */
		return token(l, SQLITE_TK_SPACE, skip(l, 1, SPACE));
	case ';':
		return token(l, SQLITE_TK_SEMICOLON, 1);
	case '\'':
	case '"':
	case '`':
		return quoted(l);
	case '[':
		return bracketed(l);
	case '?':
		return token(l, SQLITE_TK_VARIABLE, skip(l, 1, DIGIT));
	case '$':
	case '@':
	case ':':
	case '#':
		return variable(l);
	case 'x':
	case 'X':
		return c1 == '\'' ? blob(l) : word(l);
	default:
		break;
	}
	if (c == '-' && c1 == '-')
		return line_comment(l);
	if (c == '/' && c1 == '*' && at(l, 2))
		return block_comment(l);
	if (is(l, 0, DIGIT) || (c == '.' && is(l, 1, DIGIT)))
		return number(l);
	return is(l, 0, START) ? word(l) : operator_of(l);
}

void sqlite_lexer_init(struct sqlite_lexer *l, const char *text, size_t len)
{
	l->pos = text ? text : "";
	l->end = l->pos + len;
}

struct sqlite_token sqlite_lexer_next(struct sqlite_lexer *l)
{
	struct sqlite_token t;

	if (l->pos == l->end)
		return token(l, SQLITE_TK_END, 0);
	t = scan(l);
	assert(t.len && t.len <= (size_t)(l->end - l->pos));
	l->pos += t.len;
	return t;
}

struct sqlite_token sqlite_lexer_next_solid(struct sqlite_lexer *l)
{
	struct sqlite_token t;

	do
		t = sqlite_lexer_next(l);
	while (t.kind == SQLITE_TK_SPACE || t.kind == SQLITE_TK_COMMENT);
	return t;
}
