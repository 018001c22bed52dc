#include <string.h>

#include "base/util.h"
#include "sql/dialect.h"
#include "sql/pg_parser.h"

/*
 * Where a statement ends: psql's rules (src/fe_utils/psqlscan.l), over the
 * tokens of the server's scanner. libpg_query has two splitters: its parser's
 * takes nothing that PostgreSQL 15 does not know, and its scanner's cuts a
 * function's BEGIN ATOMIC ... END at every semicolon.
 */

/* On the way into the body of CREATE [OR REPLACE] FUNCTION ... BEGIN ATOMIC */
enum body {
	START,     /* before the first token */
	CREATE,    /* CREATE [OR [REPLACE]] */
	ROUTINE,   /* in a function's head */
	NO_ROUTINE /* BEGIN opens nothing here */
};

/* On the way to COPY ... FROM STDIN */
enum copy {
	COPY_START,
	COPY_HEAD, /* behind COPY */
	COPY_FROM, /* behind FROM */
	COPY_STDIN,
	NO_COPY,
};

struct splitter {
	struct sql_script *out;
	size_t cap;
	struct pg_lexer lexer;
	struct pg_token before, t;
	struct sql_statement now; /* text NULL = no token seen yet */
	const char *counted;      /* line and col are of this byte */
	unsigned line, col;

	/* of the statement now */
	enum body body;
	enum copy copy;
	size_t parens, blocks; /* that are open: (, BEGIN ATOMIC and CASE */
};

/* Go on to p, which is not before the last one. */
static void count_to(struct splitter *s, const char *p)
{
	const char *newline;

	while ((newline = memchr(s->counted, '\n', (size_t)(p - s->counted)))) {
		s->line++;
		s->col = 1;
		s->counted = newline + 1;
	}
	s->col += (unsigned)(p - s->counted);
	s->counted = p;
}

static struct err *at_byte(struct splitter *s, const char *p, struct err *err)
{
	count_to(s, p);
	return err_at(err, (struct err_at){ "", s->line, s->col });
}

static struct err *at_statement(const struct splitter *s, struct err *err)
{
	return err_at(err, (struct err_at){ "", s->now.line, s->now.col });
}

/* Behind the line break that ends p's line, or the end of the text. */
static const char *next_line(const struct splitter *s, const char *p)
{
	const char *end = s->lexer.end;
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline ? newline + 1 : end;
}

/* The line from p to end is \. and nothing else. */
static bool is_end_of_data(const char *p, const char *end)
{
	if (end > p && end[-1] == '\n')
		end--;
	if (end > p && end[-1] == '\r')
		end--;
	return end - p == 2 && p[0] == '\\' && p[1] == '.';
}

/* The rest of a line holds no token. */
static bool is_blank(const char *p, const char *end)
{
	struct pg_lexer line;

	pg_lexer_init(&line, p, (size_t)(end - p));
	return pg_lexer_next_solid(&line).kind == PG_TK_END;
}

/* The lexer stands behind the semicolon of COPY ... FROM STDIN. */
static struct err *take_data(struct splitter *s)
{
	const char *line = next_line(s, s->lexer.pos), *next;
	struct err *err;

	if (!is_blank(s->lexer.pos, line)) {
		err = err_new(ERR_INPUT, "text behind COPY ... FROM STDIN");
		err = err_hint(err, "data starts on the line after the "
				    "semicolon");
		return at_byte(s, s->lexer.pos, err);
	}
	s->now.copy_data = line;
	for (; line < s->lexer.end; line = next) {
		next = next_line(s, line);
		if (!is_end_of_data(line, next))
			continue;
		s->now.copy_len = (size_t)(line - s->now.copy_data);
		s->lexer.pos = next;
		return NULL;
	}
	err = err_new(ERR_INPUT, "COPY ... FROM STDIN without the end of its "
				 "data");
	return at_statement(s, err_hint(err, "data ends with a line \"\\.\""));
}

static struct err *finish(struct splitter *s)
{
	struct sql_script *out = s->out;
	struct err *err = NULL;

	if (!s->now.text)
		return NULL;
	if (s->copy == COPY_STDIN)
		err = take_data(s);
	if (err)
		return err;
	pg_classify(&s->now, s->lexer.escapes, &out->arena);
	VEC_GROW(out->statements, out->n, s->cap);
	out->statements[out->n++] = s->now;
	pg_follow_strings(&s->now, &s->lexer);
	memset(&s->now, 0, sizeof(s->now));
	memset(&s->before, 0, sizeof(s->before));
	s->body = START;
	s->copy = COPY_START;
	s->parens = s->blocks = 0;
	return NULL;
}

/* \restrict and \unrestrict guard a dump against psql; nothing else is read. */
static struct err *psql_command(struct splitter *s)
{
	const char *p = s->t.text + 1, *end = next_line(s, p);
	struct pg_lexer lexer;
	struct pg_token t;
	struct err *err;

	pg_lexer_init(&lexer, p, (size_t)(end - p));
	t = pg_lexer_next(&lexer);
	if (!s->now.text &&
	    (pg_token_is(&t, "restrict") || pg_token_is(&t, "unrestrict"))) {
		s->lexer.pos = end;
		return NULL;
	}
	err = err_new(ERR_INPUT, "psql command \\%.*s",
		      t.kind == PG_TK_SPACE ? 0 : (int)t.len, t.text);
	err = err_hint(err, "only psql reads lines with a backslash; write SQL "
			    "in its place");
	return at_byte(s, s->t.text, err);
}

static struct err *check_token(struct splitter *s)
{
	const char *what = pg_token_unterminated(&s->t);

	if (!what)
		return NULL;
	return at_byte(s, s->t.text,
		       err_new(ERR_INPUT, "unterminated %s", what));
}

static enum body next_body(enum body b, const struct pg_token *t)
{
	switch (b) {
	case START:
		return pg_token_is(t, "create") ? CREATE : NO_ROUTINE;
	case CREATE:
		if (pg_token_is(t, "or") || pg_token_is(t, "replace"))
			return CREATE;
		return pg_token_is(t, "function") || pg_token_is(t, "procedure")
			       ? ROUTINE
			       : NO_ROUTINE;
	case ROUTINE:
	case NO_ROUTINE:
		break;
	}
	return b;
}

/* CASE and END inside a body; behind AS and . they are names. */
static void follow_block(struct splitter *s)
{
	if (!s->blocks) {
		if (!s->parens && pg_token_is(&s->t, "atomic") &&
		    pg_token_is(&s->before, "begin"))
			s->blocks = 1;
		return;
	}
	if (pg_token_is(&s->before, "as") || pg_token_is_op(&s->before, "."))
		return;
	if (pg_token_is(&s->t, "case"))
		s->blocks++;
	else if (pg_token_is(&s->t, "end"))
		s->blocks--;
}

/* COPY t [(columns)] FROM STDIN; STDOUT means the same there (gram.y). */
static enum copy next_copy(const struct splitter *s)
{
	switch (s->copy) {
	case COPY_START:
		return pg_token_is(&s->t, "copy") ? COPY_HEAD : NO_COPY;
	case COPY_HEAD:
		if (s->parens)
			return COPY_HEAD;
		if (pg_token_is(&s->t, "to"))
			return NO_COPY;
		return pg_token_is(&s->t, "from") ? COPY_FROM : COPY_HEAD;
	case COPY_FROM:
		return pg_token_is(&s->t, "stdin") ||
				       pg_token_is(&s->t, "stdout")
			       ? COPY_STDIN
			       : NO_COPY;
	case COPY_STDIN:
	case NO_COPY:
		break;
	}
	return s->copy;
}

static void add_token(struct splitter *s)
{
	const struct pg_token *t = &s->t;

	if (!s->now.text) {
		count_to(s, t->text);
		s->now.text = t->text;
		s->now.line = s->line;
		s->now.col = s->col;
	}
	s->now.len = (size_t)(t->text + t->len - s->now.text);
	if (pg_token_is_op(t, "("))
		s->parens++;
	else if (s->parens && pg_token_is_op(t, ")"))
		s->parens--;
	s->body = next_body(s->body, t);
	s->copy = next_copy(s);
	if (s->body == ROUTINE)
		follow_block(s);
	s->before = *t;
}

/* A byte order mark, which would begin a name; before any statement only. */
static bool skip_mark(struct splitter *s)
{
	if (s->out->n || s->now.text || s->t.kind != PG_TK_WORD ||
	    !pg_token_has_mark(&s->t))
		return false;
	s->lexer.pos = s->t.text + 3;
	return true;
}

static struct err *take(struct splitter *s)
{
	struct err *err = check_token(s);

	if (err || skip_mark(s))
		return err;
	if (s->t.kind == PG_TK_BACKSLASH)
		return psql_command(s);
	if (s->t.kind == PG_TK_SEMICOLON && !s->parens && !s->blocks)
		return finish(s);
	add_token(s);
	return NULL;
}

static struct err *finish_last(struct splitter *s)
{
	struct err *err;

	if (!s->blocks)
		return finish(s);
	err = err_new(ERR_INPUT, "unterminated BEGIN ATOMIC");
	err = err_hint(err, "a function's body in SQL ends with \"END;\"");
	return at_statement(s, err);
}

struct err *pg_split(struct sql_script *out, const char *text, size_t len,
		     unsigned first_line)
{
	struct splitter s = { .out = out, .line = first_line, .col = 1 };
	struct err *err = NULL;
	const char *nul;

	pg_lexer_init(&s.lexer, text, len);
	s.counted = s.lexer.pos;
	nul = memchr(s.lexer.pos, '\0', len);
	if (nul)
		return at_byte(&s, nul,
			       err_new(ERR_INPUT, "a NUL byte in the text"));
	while (!err && (s.t = pg_lexer_next_solid(&s.lexer)).kind != PG_TK_END)
		err = take(&s);
	return err ? err : finish_last(&s);
}
