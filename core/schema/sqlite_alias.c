#include <stdint.h>
#include <string.h>

#include "schema/sqlite_scan.h"

/*
 * SQLite names a column of a view that is neither a plain column nor has an
 * alias by the text of its expression, as it was written, spaces and comments
 * too (sqlite3ColumnsFromExprList() in src/select.c). Printed another way it
 * would get another name, so the old one becomes an alias.
 */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_likely(const struct sqlite_word_token *t)
{
	static const char *const names[] = { "likely", "unlikely",
					     "likelihood" };

	for (size_t i = 0; i < 3; i++)
		if (t->kind == SQLITE_TK_WORD && sqlite_name_is(t, names[i]))
			return true;
	return false;
}

/* Words that look like a column and are none. */
static bool is_literal_word(enum sqlite_word w)
{
	return w == W_CURRENT_DATE || w == W_CURRENT_TIME ||
	       w == W_CURRENT_TIMESTAMP || w == W_TRUE || w == W_FALSE;
}

/* First comma outside inner brackets, or end. */
static size_t end_of_argument(const struct sqlite_words *w, size_t i,
			      size_t end)
{
	for (; i < end && w->v[i].op != ','; i++)
		if (w->v[i].op == '(')
			i = w->v[i].pair;
	return i;
}

/*
 * A plain column, also in brackets, with COLLATE or inside likely(): it keeps
 * the column's name. Brackets are taken off from the outside in.
 */
static bool is_plain_column(const struct sqlite_words *w, size_t i, size_t end)
{
	for (;;) {
		if (end - i > 2 && w->v[end - 2].word == W_COLLATE) {
			end -= 2;
		} else if (w->v[i].op == '(' && w->v[i].pair == end - 1) {
			i++;
			end--;
		} else if (end - i > 3 && is_likely(&w->v[i]) &&
			   w->v[i + 1].op == '(' &&
			   w->v[i + 1].pair == end - 1) {
			i += 2;
			end = end_of_argument(w, i, end - 1);
		} else {
			break;
		}
	}
	if (end <= i || end - i > 5 || (end - i) % 2 == 0)
		return false;
	if (is_literal_word(w->v[i].word))
		return false;
	for (size_t k = i; k < end; k++) {
		if ((k - i) % 2 ? w->v[k].op != '.'
				: !sqlite_word_token_is_name(&w->v[k]) &&
					  w->v[k].op != '*')
			return false;
	}
	return w->v[i].kind != SQLITE_TK_STRING || end - i > 1;
}

void scan_end_item(struct scan *s)
{
	struct scan_level *l = s->top;
	const struct sqlite_word_token *first = &s->p->words->v[l->item];
	const char *end = s->t->text;
	struct buf *out = s->p->out;

	if (l->clause != CLAUSE_RESULT)
		return;
	l->clause = CLAUSE_EXPR;
	if (l->item_out == SIZE_MAX || l->aliased || !l->named)
		return;
	/* the name runs to the next token: a comment before it belongs */
	while (end > first->text && is_space(end[-1]))
		end--;
	if ((size_t)(end - first->text) == out->len - l->item_out &&
	    !memcmp(first->text, out->data + l->item_out,
		    out->len - l->item_out))
		return;
	if (is_plain_column(s->p->words, l->item, s->at))
		return;
	buf_addstr(out, " AS ");
	sqlite_name_add(out, first->text, (size_t)(end - first->text));
}
