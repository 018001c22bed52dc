#include "schema/sqlite_scan.h"

static bool is_name_like(const struct sqlite_word_token *t)
{
	return sqlite_word_token_is_name(t);
}

static bool is_join_word(enum sqlite_word w)
{
	return w == W_NATURAL || w == W_LEFT || w == W_RIGHT || w == W_FULL ||
	       w == W_INNER || w == W_OUTER || w == W_CROSS;
}

/* Words of a window's frame: ROWS BETWEEN UNBOUNDED PRECEDING AND ... */
static bool is_frame_word(const struct scan *s)
{
	enum sqlite_word next = s->t[1].word;

	switch ((unsigned)s->t->word) {
	case W_PARTITION:
		return next == W_BY;
	case W_UNBOUNDED:
		return next == W_PRECEDING || next == W_FOLLOWING;
	case W_CURRENT:
		return next == W_ROW;
	case W_ROW:
		return s->word == W_CURRENT || s->word == W_EACH;
	case W_ROWS:
	case W_RANGE:
	case W_GROUPS:
		return next == W_BETWEEN || next == W_UNBOUNDED ||
		       next == W_CURRENT || s->t[1].kind == SQLITE_TK_NUMBER;
	case W_PRECEDING:
	case W_FOLLOWING:
		return s->word == W_UNBOUNDED || s->want == WANT_OPERATOR;
	case W_EXCLUDE:
		return next == W_NO || next == W_CURRENT || next == W_GROUP ||
		       next == W_TIES;
	case W_NO:
	case W_TIES:
		return s->word == W_EXCLUDE;
	case W_OTHERS:
		return s->word == W_NO;
	case W_OVER: /* analyzeOverKeyword() in tokenize.c, and so on */
		return s->t[-1].op == ')' &&
		       (s->t[1].op == '(' || is_name_like(&s->t[1]));
	case W_FILTER:
		return s->t[-1].op == ')' && s->t[1].op == '(';
	case W_WINDOW:
		return is_name_like(&s->t[1]) && s->t[2].word == W_AS;
	default:
		return false;
	}
}

/* Words that say what to do on a conflict, and of upserts. */
static bool is_conflict_word(const struct scan *s)
{
	enum sqlite_word next = s->t[1].word;

	switch ((unsigned)s->t->word) {
	case W_REPLACE:
	case W_IGNORE:
	case W_ABORT:
	case W_FAIL:
	case W_ROLLBACK:
		return (s->t->word == W_REPLACE && next == W_INTO) ||
		       (s->word == W_OR &&
			(s->word2 == W_INSERT || s->word2 == W_UPDATE)) ||
		       (s->top->clause == CLAUSE_RAISE && s->t[-1].op == '(');
	case W_CONFLICT:
		return s->word == W_ON && (s->t[1].op == '(' || next == W_DO);
	case W_DO:
		return next == W_NOTHING || next == W_UPDATE;
	default:
		return false;
	}
}

static bool is_select_word(const struct scan *s)
{
	enum sqlite_word next = s->t[1].word;

	switch ((unsigned)s->t->word) {
	case W_CAST:
	case W_RAISE:
		return s->t[1].op == '(';
	case W_CURRENT_DATE:
	case W_CURRENT_TIME:
	case W_CURRENT_TIMESTAMP:
		return true;
	case W_TRUE:
	case W_FALSE:
		return s->want == WANT_OPERAND &&
		       !sqlite_text_has_column(s->p, s->at);
	case W_WITH:
		return s->want == WANT_OPERAND && is_name_like(&s->t[1]);
	case W_RECURSIVE:
		return s->word == W_WITH && is_name_like(&s->t[1]);
	case W_MATERIALIZED:
		return (s->word == W_AS || s->word == W_NOT) &&
		       s->t[1].op == '(';
	case W_BY:
		return s->word == W_ORDER || s->word == W_GROUP ||
		       s->word == W_PARTITION || s->word == W_INDEXED;
	case W_INDEXED:
		return s->word == W_NOT ||
		       (next == W_BY && s->want == WANT_OPERATOR);
	case W_LIKE:
	case W_GLOB:
	case W_REGEXP:
	case W_MATCH:
		return s->infix ||
		       (s->want == WANT_OPERATOR && next != W_FROM &&
			s->t[1].op != ',' && s->t[1].op != ')' &&
			s->t[1].kind != SQLITE_TK_END);
	case W_NULLS:
		return s->want == WANT_OPERATOR &&
		       (next == W_FIRST || next == W_LAST);
	case W_FIRST:
	case W_LAST:
		return s->word == W_NULLS;
	case W_END:
		return s->want == WANT_OPERATOR && s->top->cases;
	case W_ASC:
	case W_DESC:
	case W_OFFSET: /* or an alias: SELECT a desc FROM t offset */
		return s->want == WANT_OPERATOR &&
		       s->top->clause != CLAUSE_RESULT &&
		       s->top->clause != CLAUSE_FROM;
	default:
		return false;
	}
}

bool scan_is_keyword(const struct scan *s)
{
	enum sqlite_word w = s->t->word;

	if (!w || (s->at > s->from && s->t[-1].op == '.'))
		return false;
	if (sqlite_word_is_reserved(w))
		return true;
	if (s->t[1].op == '.' || s->want == WANT_NAME)
		return (w == W_MATERIALIZED || w == W_RECURSIVE) &&
		       is_select_word(s);
	if (is_join_word(w))
		return s->want == WANT_OPERATOR;
	return is_select_word(s) || is_frame_word(s) || is_conflict_word(s);
}

bool scan_is_lone_term(const struct scan *s)
{
	const struct sqlite_word_token *next = &s->t[1];

	if (s->want != WANT_OPERAND || s->top->clause != CLAUSE_TERMS)
		return false;
	return s->at + 1 == s->to || next->op == ',' || next->op == ')' ||
	       next->word == W_COLLATE || next->word == W_ASC ||
	       next->word == W_DESC || next->word == W_AUTOINCREMENT;
}

bool scan_is_certain(const struct scan *s)
{
	bool word = s->t->kind == SQLITE_TK_WORD;

	if (s->want != WANT_OPERAND || s->t[1].op == '.')
		return true;
	if (s->at > s->from && s->t[-1].op == '.')
		return true;
	if (s->t[1].op == '(' && s->at + 1 < s->to)
		return !word;
	if (s->p->columns && sqlite_text_has_column(s->p, s->at))
		return s->t->kind != SQLITE_TK_STRING || scan_is_lone_term(s);
	if (scan_is_lone_term(s))
		return !s->p->columns;
	return !word && s->t->text[0] != '"' && s->t->text[0] != '\'';
}
