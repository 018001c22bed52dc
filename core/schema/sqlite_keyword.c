#include "schema/sqlite_scan.h"

bool scan_is_distinct_from(const struct scan *s)
{
	return s->t->word == W_FROM && s->word == W_DISTINCT &&
	       (s->word2 == W_IS || s->word2 == W_NOT);
}

bool scan_breaks_line(const struct scan *s)
{
	enum sqlite_word w = s->t->word;
	bool joins = s->word == W_NATURAL || s->word == W_LEFT ||
		     s->word == W_RIGHT || s->word == W_FULL ||
		     s->word == W_INNER || s->word == W_OUTER ||
		     s->word == W_CROSS;

	if (!s->p->indent || s->n_levels > 1 || s->at == s->from)
		return false;
	switch ((unsigned)w) {
	case W_FROM:
		return s->word != W_DELETE && !scan_is_distinct_from(s);
	case W_JOIN:
	case W_NATURAL:
	case W_LEFT:
	case W_RIGHT:
	case W_FULL:
	case W_INNER:
	case W_OUTER:
	case W_CROSS:
		return !joins;
	case W_VALUES:
		return s->word == W_UNION || s->word == W_ALL ||
		       s->word == W_EXCEPT || s->word == W_INTERSECT;
	case W_SELECT:
	case W_WHERE:
	case W_GROUP:
	case W_HAVING:
	case W_WINDOW:
	case W_ORDER:
	case W_LIMIT:
	case W_UNION:
	case W_EXCEPT:
	case W_INTERSECT:
		return true;
	default:
		return false;
	}
}

enum scan_want scan_want_after_keyword(const struct scan *s)
{
	bool bracket = s->t[1].op == '(';

	switch ((unsigned)s->t->word) {
	case W_FROM:
		return scan_is_distinct_from(s) ? WANT_OPERAND : WANT_NAME;
	case W_JOIN:
	case W_SET:
	case W_WITH:
	case W_RECURSIVE:
	case W_WINDOW:
	case W_INTO:
	case W_UPDATE:
	case W_COLLATE:
		return WANT_NAME;
	case W_IGNORE:
	case W_REPLACE:
	case W_ABORT:
	case W_FAIL:
	case W_ROLLBACK:
		return s->word2 == W_UPDATE ? WANT_NAME : WANT_OPERATOR;
	case W_AS:
	case W_IN:
	case W_OVER:
		return bracket ? WANT_OPERAND : WANT_NAME;
	case W_BY:
		return s->word == W_INDEXED ? WANT_NAME : WANT_OPERAND;
	case W_NULL:
	case W_ISNULL:
	case W_NOTNULL:
	case W_END:
	case W_CURRENT_DATE:
	case W_CURRENT_TIME:
	case W_CURRENT_TIMESTAMP:
	case W_TRUE:
	case W_FALSE:
	case W_ASC:
	case W_DESC:
	case W_FIRST:
	case W_LAST:
	case W_NULLS:
	case W_ROW:
	case W_PRECEDING:
	case W_FOLLOWING:
	case W_INDEXED:
	case W_AUTOINCREMENT:
	case W_NATURAL:
	case W_LEFT:
	case W_RIGHT:
	case W_FULL:
	case W_INNER:
	case W_OUTER:
	case W_CROSS:
		return WANT_OPERATOR;
	default:
		return WANT_OPERAND;
	}
}
