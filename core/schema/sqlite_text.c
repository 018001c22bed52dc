#include "schema/sqlite_text.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/sqlite_scan.h"

bool sqlite_text_has_column(const struct sqlite_text *p, size_t token)
{
	if (!p->columns)
		return false;
	for (size_t i = 0; p->columns[i]; i++)
		if (sqlite_name_is(&p->words->v[token], p->columns[i]))
			return true;
	return false;
}

static void add_upper(struct buf *out, const struct sqlite_word_token *t)
{
	char *to = buf_reserve(out, t->len);

	if (out->full || (out->max && t->len > out->max - out->len)) {
		out->full = true;
		return;
	}
	for (size_t i = 0; i < t->len; i++) {
		char c = t->text[i];

		to[i] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
	}
	out->len += t->len;
	out->data[out->len] = '\0';
}

void sqlite_text_type(const struct sqlite_text *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct sqlite_word_token *t = &p->words->v[i];
		bool word = t->kind == SQLITE_TK_WORD;

		if (i > from && t->kind != SQLITE_TK_OPERATOR && !t[-1].op)
			buf_addch(p->out, ' ');
		if (word)
			add_upper(p->out, t);
		else
			buf_add(p->out, t->text, t->len);
		if (t->op == ',')
			buf_addch(p->out, ' ');
	}
}

static struct scan_level *push(struct scan *s, enum sqlite_clause clause)
{
	if (s->n_levels == s->cap_levels) {
		struct scan_level *more;

		s->cap_levels *= 2;
		more = xreallocarray(NULL, s->cap_levels, sizeof(*more));
		memcpy(more, s->levels, s->n_levels * sizeof(*more));
		if (s->levels != s->few)
			free(s->levels);
		s->levels = more;
	}
	s->top = &s->levels[s->n_levels++];
	memset(s->top, 0, sizeof(*s->top));
	s->top->clause = clause;
	s->top->item_out = SIZE_MAX;
	return s->top;
}

static enum scan_want want_at_start(enum sqlite_clause clause)
{
	return clause == CLAUSE_FROM || clause == CLAUSE_SET ||
			       clause == CLAUSE_NAMES || clause == CLAUSE_WITH
		       ? WANT_NAME
		       : WANT_OPERAND;
}

/* Space before the token in hand, and the start of a result column. */
static void begin_token(struct scan *s, bool space)
{
	if (space && !s->glue)
		buf_addch(s->p->out, ' ');
	if (s->top->clause == CLAUSE_RESULT && s->top->item_out == SIZE_MAX) {
		s->top->item = s->at;
		s->top->item_out = s->p->out->len;
	}
}

static void end_token(struct scan *s, enum sqlite_word word,
		      enum scan_want want)
{
	s->word2 = s->word;
	s->word = word;
	s->want = want;
	s->glue = s->call = s->infix = s->minus = false;
}

static enum sqlite_clause clause_in_brackets(const struct scan *s)
{
	enum sqlite_word next = s->t[1].word;

	if (next == W_SELECT || next == W_VALUES)
		return CLAUSE_EXPR;
	if (s->top->into || s->word == W_USING)
		return CLAUSE_NAMES;
	if (s->word == W_CONFLICT)
		return CLAUSE_TERMS;
	if (s->word == W_CAST)
		return CLAUSE_CAST;
	if (s->word == W_RAISE)
		return CLAUSE_RAISE;
	if (s->want == WANT_NAME && s->top->clause == CLAUSE_SET)
		return CLAUSE_NAMES;
	if (s->want == WANT_NAME && s->top->clause == CLAUSE_FROM)
		return next == W_WITH ? CLAUSE_EXPR : CLAUSE_FROM;
	if (s->call && s->top->clause == CLAUSE_WITH)
		return CLAUSE_NAMES;
	return CLAUSE_EXPR;
}

/* The SELECT in the brackets is a table with columns of its own. */
static bool is_named_in_brackets(const struct scan *s)
{
	if (!s->p->name_inner)
		return false;
	if (s->top->clause == CLAUSE_WITH)
		return !s->top->listed;
	return s->top->clause == CLAUSE_FROM && s->want == WANT_NAME;
}

static void open_bracket(struct scan *s)
{
	enum sqlite_clause clause = clause_in_brackets(s);
	bool named = is_named_in_brackets(s);
	bool close_up = s->call || s->word == W_CAST || s->word == W_RAISE;

	if (s->top->into || s->top->clause == CLAUSE_WITH)
		close_up = false;
	begin_token(s, !close_up);
	buf_addch(s->p->out, '(');
	s->top->into = false;
	s->top->listed = clause == CLAUSE_NAMES;
	end_token(s, W_NONE, want_at_start(clause));
	s->glue = true;
	push(s, clause)->named = named;
}

static void close_bracket(struct scan *s)
{
	scan_end_item(s);
	buf_addch(s->p->out, ')');
	s->top = &s->levels[--s->n_levels - 1];
	end_token(s, W_NONE, WANT_OPERATOR);
}

static void comma(struct scan *s)
{
	if (s->top->clause == CLAUSE_RESULT) {
		scan_end_item(s);
		s->top->clause = CLAUSE_RESULT;
		s->top->item_out = SIZE_MAX;
		s->top->aliased = false;
	}
	buf_addch(s->p->out, ',');
	end_token(s, W_NONE, want_at_start(s->top->clause));
}

static void operator_token(struct scan *s)
{
	bool sign = s->want == WANT_OPERAND && s->t->op != '*';
	bool star = s->want == WANT_OPERAND && s->t->op == '*';
	bool after_dot = s->at > s->from && s->t[-1].op == '.';

	if (s->t->op == '.') {
		buf_addch(s->p->out, '.');
		end_token(s, W_NONE, WANT_NAME);
		s->glue = true;
		return;
	}
	if (s->minus && s->t->op == '-')
		s->glue = false; /* two signs must not become a comment */
	begin_token(s, true);
	buf_add(s->p->out, s->t->text, s->t->len);
	if (star || after_dot) {
		end_token(s, W_NONE, WANT_OPERATOR);
		return;
	}
	end_token(s, W_NONE, WANT_OPERAND);
	s->glue = sign;
	s->minus = sign && s->t->op == '-';
}

/* "main." in front of a table, which the token in hand starts. */
static bool is_main(const struct scan *s)
{
	return s->p->strip_main && s->want == WANT_NAME &&
	       (s->word == W_FROM || s->word == W_JOIN || s->word == W_IN ||
		(s->top->clause == CLAUSE_FROM && !s->word)) &&
	       s->t[1].op == '.' && s->at > s->from && s->t[-1].op != '.' &&
	       sqlite_name_is(s->t, "main");
}

/* "x" where no column has this name: SQLite reads it as a string. */
static bool is_string(const struct scan *s)
{
	return s->p->columns && s->t->kind == SQLITE_TK_NAME &&
	       s->t->text[0] == '"' && !scan_is_lone_term(s) &&
	       !sqlite_name_is(s->t, "rowid") && !sqlite_name_is(s->t, "oid") &&
	       !sqlite_name_is(s->t, "_rowid_");
}

static void name_token(struct scan *s)
{
	bool certain = scan_is_certain(s);

	if (is_main(s)) {
		s->at++; /* with its dot; still a name is wanted */
		return;
	}
	if (s->want == WANT_OPERATOR)
		s->top->aliased = true;
	begin_token(s, true);
	if (certain)
		sqlite_name_add_token(s->p->out, s->t);
	else if (is_string(s))
		sqlite_string_add_token(s->p->out, s->t);
	else
		buf_add(s->p->out, s->t->text, s->t->len);
	end_token(s, W_NONE, WANT_OPERATOR);
	s->call = s->t[1].op == '(';
}

static void enter_clause(struct scan *s, enum sqlite_clause clause)
{
	scan_end_item(s);
	s->top->clause = clause;
	s->top->item_out = SIZE_MAX;
	s->top->aliased = false;
}

/* What a keyword opens at its level, before it is printed. */
static void clause_of_keyword(struct scan *s)
{
	switch ((unsigned)s->t->word) {
	case W_FROM:
		if (!scan_is_distinct_from(s))
			enter_clause(s, CLAUSE_FROM);
		break;
	case W_UNION:
	case W_EXCEPT:
	case W_INTERSECT:
		enter_clause(s, CLAUSE_EXPR);
		s->top->named = false; /* the first SELECT gave the names */
		break;
	case W_WHERE:
	case W_GROUP:
	case W_HAVING:
	case W_ORDER:
	case W_LIMIT:
	case W_VALUES:
	case W_RETURNING:
	case W_SELECT:
	case W_INSERT:
	case W_UPDATE:
	case W_DELETE:
	case W_REPLACE:
		if (s->top->clause != CLAUSE_TERMS)
			enter_clause(s, CLAUSE_EXPR);
		s->top->into = false;
		break;
	case W_WITH:
	case W_WINDOW:
		enter_clause(s, CLAUSE_WITH);
		break;
	case W_SET:
		enter_clause(s, CLAUSE_SET);
		break;
	default:
		break;
	}
}

static void keyword_token(struct scan *s)
{
	enum sqlite_word w = s->t->word;
	bool infix = w == W_NOT && s->want == WANT_OPERATOR;
	enum scan_want want = scan_want_after_keyword(s);
	bool breaks = scan_breaks_line(s);

	clause_of_keyword(s);
	if (breaks) {
		buf_addch(s->p->out, '\n');
		buf_addstr(s->p->out, s->p->indent);
		s->glue = true;
	}
	begin_token(s, true);
	buf_addstr(s->p->out, sqlite_word_text(w));
	if (w == W_AS && s->top->clause == CLAUSE_RESULT)
		s->top->aliased = true;
	if (w == W_AS && s->top->clause == CLAUSE_CAST)
		s->top->type = true;
	if (w == W_INTO)
		s->top->into = true;
	if (w == W_CASE)
		s->top->cases++;
	if (w == W_END)
		s->top->cases--;
	end_token(s, w, want);
	s->infix = infix;
	if (w == W_SELECT) {
		enum sqlite_word next = s->t[1].word;

		s->top->clause = CLAUSE_RESULT;
		s->top->item_out = SIZE_MAX;
		s->top->aliased = false;
		if (next == W_DISTINCT || next == W_ALL) {
			buf_addch(s->p->out, ' ');
			buf_addstr(s->p->out, sqlite_word_text(next));
			s->at++;
			end_token(s, W_NONE, WANT_OPERAND);
		}
	}
}

/* CAST(x AS type): to the closing bracket. */
static void cast_type(struct scan *s)
{
	size_t end = s->at, depth = 0;

	for (; end < s->to; end++) {
		if (s->p->words->v[end].op == '(')
			depth++;
		if (s->p->words->v[end].op == ')' && !depth--)
			break;
	}
	begin_token(s, true);
	sqlite_text_type(s->p, s->at, end);
	s->at = end - 1;
	s->top->type = false;
	end_token(s, W_NONE, WANT_OPERATOR);
}

static void literal_token(struct scan *s)
{
	begin_token(s, true);
	buf_add(s->p->out, s->t->text, s->t->len);
	end_token(s, W_NONE, WANT_OPERATOR);
}

static bool step(struct scan *s)
{
	const struct sqlite_word_token *t = s->t;

	if (s->top->type && t->op != ')') {
		cast_type(s);
		return true;
	}
	switch (t->kind) {
	case SQLITE_TK_WORD:
		if (scan_is_keyword(s))
			keyword_token(s);
		else
			name_token(s);
		return true;
	case SQLITE_TK_NAME:
		name_token(s);
		return true;
	case SQLITE_TK_STRING:
		if (scan_is_certain(s))
			name_token(s);
		else
			literal_token(s);
		return true;
	case SQLITE_TK_NUMBER:
	case SQLITE_TK_BLOB:
		literal_token(s);
		return true;
	case SQLITE_TK_OPERATOR:
		if (t->op == '(')
			open_bracket(s);
		else if (t->op == ')')
			close_bracket(s);
		else if (t->op == ',')
			comma(s);
		else
			operator_token(s);
		return true;
	case SQLITE_TK_END:
	case SQLITE_TK_SPACE:
	case SQLITE_TK_COMMENT:
	case SQLITE_TK_VARIABLE:
	case SQLITE_TK_SEMICOLON:
	case SQLITE_TK_ILLEGAL:
	default:
		return false;
	}
}

bool sqlite_text_print(const struct sqlite_text *p, enum sqlite_clause clause,
		       size_t from, size_t to)
{
	struct scan s = { .p = p, .from = from, .to = to, .glue = true };
	bool fine = true;

	assert(from > 0); /* the token before is looked at */
	s.levels = s.few;
	s.cap_levels = ARRAY_LEN(s.few);
	push(&s, clause)->named = p->name_results;
	s.want = want_at_start(clause);
	for (s.at = from; s.at < to && fine; s.at++) {
		s.t = &p->words->v[s.at];
		fine = s.t->op == ')' && s.n_levels == 1 ? false : step(&s);
	}
	s.t = &p->words->v[s.at];
	if (fine)
		scan_end_item(&s);
	if (s.levels != s.few)
		free(s.levels);
	return fine && s.n_levels == 1;
}
