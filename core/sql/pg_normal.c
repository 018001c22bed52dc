#include <string.h>

#include "base/util.h"
#include "sql/dialect.h"
#include "sql/pg_parser.h"

/*
 * PostgreSQL's names are simple: a bare one is its lower case, and a quoted
 * one is the same if it is a lower-case word that no keyword is. Keywords keep
 * their quotes even where they may be names: interval '1' "year" is no
 * interval '1' year.
 */
static void add_folded(struct buf *out, const char *s, size_t n)
{
	char *to = buf_reserve(out, n);

	buf_add(out, s, n);
	if (out->full)
		return;
	for (size_t i = 0; i < n; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] |= 0x20;
}

/* The quoted word, all of it, means the same without its quotes. */
static bool is_plain_name(const struct pg_token *t)
{
	const char *s = t->text + 1;
	size_t n = t->len - 2;
	struct pg_lexer l;

	if (t->text[0] != '"' || pg_token_has_mark(t))
		return false;
	pg_lexer_init(&l, s, n);
	if (pg_lexer_next(&l).kind != PG_TK_WORD || l.pos != l.end)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return false;
	return !pg_is_keyword(s, n);
}

/* The quote that goes on, behind white space and line comments. */
static const char *continuing_quote(const char *s)
{
	for (; *s != '\''; s++)
		if (*s == '-')
			s += strcspn(s, "\r\n");
	return s;
}

/* Behind the quote that ends what opens before s. */
static const char *piece_end(const char *s, const char *end, bool escapes)
{
	for (; s < end; s++) {
		bool doubled = *s == '\'' && s + 1 < end && s[1] == '\'';

		if (doubled || (escapes && *s == '\\'))
			s++;
		else if (*s == '\'')
			return s + 1;
	}
	return end;
}

/*
 * A string may go on in a later line, with comments before it. Each piece
 * keeps its bytes and gets a line: joined, E'\1' '2' would be E'\12'.
 */
static void add_string(struct buf *out, const struct pg_token *t, bool escapes)
{
	const char *s = t->text, *end = t->text + t->len;
	const char *quote = memchr(s, '\'', t->len);

	for (;;) {
		const char *behind = piece_end(quote + 1, end, escapes);

		buf_add(out, s, (size_t)(behind - s));
		if (behind == end)
			return;
		buf_addch(out, '\n');
		s = quote = continuing_quote(behind);
	}
}

static void add_token(struct buf *out, const struct pg_token *t,
		      const struct pg_lexer *l)
{
	if (t->kind == PG_TK_WORD)
		add_folded(out, t->text, t->len);
	else if (t->kind == PG_TK_STRING)
		add_string(out, t, pg_lexer_escapes(l, t->text));
	else if (t->kind == PG_TK_NAME && is_plain_name(t))
		buf_add(out, t->text + 1, t->len - 2);
	else
		buf_add(out, t->text, t->len);
}

static void add_statement(struct buf *out, const struct sql_statement *s,
			  bool escapes)
{
	struct pg_lexer l;
	struct pg_token t;
	bool first = true;

	pg_lexer_init(&l, s->text, s->len);
	l.escapes = escapes;
	while ((t = pg_lexer_next_solid(&l)).kind != PG_TK_END) {
		if (!first)
			buf_addch(out, ' ');
		add_token(out, &t, &l);
		first = false;
	}
	if (!s->copy_data)
		return;
	buf_add(out, ";\n", 2);
	buf_add(out, s->copy_data, s->copy_len);
	buf_add(out, "\\.", 2);
}

void pg_normal_form(struct buf *out, const struct sql_script *script)
{
	struct pg_lexer settings;

	pg_lexer_init(&settings, NULL, 0);
	for (size_t i = 0; i < script->n; i++) {
		const struct sql_statement *s = &script->statements[i];

		if (i && !script->statements[i - 1].copy_data)
			buf_addch(out, ';');
		if (i)
			buf_addch(out, '\n');
		add_statement(out, s, settings.escapes);
		pg_follow_strings(s, &settings);
	}
}
