#include <string.h>

#include "base/util.h"
#include "sql/dialect.h"
#include "sql/sqlite_lexer.h"

/*
 * Where a statement may end: sqlite3_complete()'s states
 * (https://sqlite.org/c3ref/complete.html), over the tokens that the parser
 * sees. Only a trigger has semicolons that do not end it: it ends at the one
 * behind "; END".
 */
enum state {
	START,       /* before the first token */
	NORMAL,      /* the next semicolon is the end */
	EXPLAIN,     /* EXPLAIN, or EXPLAIN QUERY PLAN */
	CREATE,      /* [EXPLAIN] CREATE [TEMP] */
	TRIGGER,     /* in a trigger, inside one of its statements */
	TRIGGER_GAP, /* in a trigger, behind a semicolon */
	TRIGGER_END, /* behind "; END" */
};

static enum state step(enum state s, const struct sqlite_token *t)
{
	switch (s) {
	case START:
		if (sqlite_token_is(t, "explain"))
			return EXPLAIN;
		return sqlite_token_is(t, "create") ? CREATE : NORMAL;
	case EXPLAIN:
		if (sqlite_token_is(t, "query") || sqlite_token_is(t, "plan"))
			return EXPLAIN;
		return sqlite_token_is(t, "create") ? CREATE : NORMAL;
	case CREATE:
		if (sqlite_token_is(t, "temp") ||
		    sqlite_token_is(t, "temporary"))
			return CREATE;
		return sqlite_token_is(t, "trigger") ? TRIGGER : NORMAL;
	case TRIGGER_GAP:
		if (t->kind == SQLITE_TK_SEMICOLON)
			return TRIGGER_GAP;
		return sqlite_token_is(t, "end") ? TRIGGER_END : TRIGGER;
	case TRIGGER:
	case TRIGGER_END:
		return t->kind == SQLITE_TK_SEMICOLON ? TRIGGER_GAP : TRIGGER;
	case NORMAL:
		break;
	}
	return NORMAL;
}

static bool ends_at_semicolon(enum state s)
{
	return s != TRIGGER && s != TRIGGER_GAP;
}

struct splitter {
	struct sql_script *out;
	size_t cap;
	struct sql_statement now; /* text NULL = no token seen yet */
	const char *counted;      /* line and col are of this byte */
	unsigned line, col;
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

static void finish(struct splitter *s)
{
	struct sql_script *out = s->out;

	if (!s->now.text)
		return;
	sqlite_classify(&s->now, &out->arena);
	VEC_GROW(out->statements, out->n, s->cap);
	out->statements[out->n++] = s->now;
	memset(&s->now, 0, sizeof(s->now));
}

static struct err *unterminated_token(struct splitter *s,
				      const struct sqlite_token *t)
{
	const char *what = "string";

	if (t->text[0] == 'x' || t->text[0] == 'X')
		what = "blob";
	else if (t->text[0] != '\'')
		what = "quoted name";
	count_to(s, t->text);
	return err_at(err_new(ERR_INPUT, "unterminated %s", what),
		      (struct err_at){ "", s->line, s->col });
}

static struct err *check_token(struct splitter *s, const struct sqlite_token *t)
{
	if (t->kind != SQLITE_TK_ILLEGAL)
		return NULL;
	if (sqlite_token_is_unterminated(t))
		return unterminated_token(s, t);
	if (t->text[0])
		return NULL; /* the database says best what is wrong */
	count_to(s, t->text);
	return err_at(err_new(ERR_INPUT, "a NUL byte in the text"),
		      (struct err_at){ "", s->line, s->col });
}

static struct err *unterminated_trigger(const struct sql_statement *trigger)
{
	struct err *err = err_new(ERR_INPUT, "unterminated trigger");

	err = err_hint(err, "a trigger ends with \"; END;\"");
	return err_at(err, (struct err_at){ "", trigger->line, trigger->col });
}

struct err *sqlite_split(struct sql_script *out, const char *text, size_t len,
			 unsigned first_line)
{
	struct splitter s = { .out = out, .line = first_line, .col = 1 };
	enum state state = START;
	struct sqlite_lexer lexer;
	struct sqlite_token t;
	struct err *err;

	sqlite_lexer_init(&lexer, text, len);
	s.counted = lexer.pos;
	while ((t = sqlite_lexer_next_solid(&lexer)).kind != SQLITE_TK_END) {
		err = check_token(&s, &t);
		if (err)
			return err;
		if (t.kind == SQLITE_TK_SEMICOLON && ends_at_semicolon(state)) {
			finish(&s);
			state = START;
			continue;
		}
		if (!s.now.text) {
			count_to(&s, t.text);
			s.now.text = t.text;
			s.now.line = s.line;
			s.now.col = s.col;
		}
		s.now.len = (size_t)(t.text + t.len - s.now.text);
		state = step(state, &t);
	}
	if (!ends_at_semicolon(state))
		return unterminated_trigger(&s.now);
	finish(&s);
	return NULL;
}
