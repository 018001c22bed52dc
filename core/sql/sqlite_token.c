#include <stdlib.h>
#include <string.h>

#include "sql/sqlite_lexer.h"

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Order of a counted word, folded, against a lower-case NUL-ended one. */
static int compare(const char *word, size_t len, const char *lower)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char a = fold(word[i]), b = (unsigned char)lower[i];

		if (a != b || !b)
			return a < b ? -1 : 1;
	}
	return lower[len] ? -1 : 0;
}

bool sqlite_token_is(const struct sqlite_token *t, const char *keyword)
{
	if (t->kind != SQLITE_TK_WORD || strlen(keyword) != t->len)
		return false;
	for (size_t i = 0; i < t->len; i++)
		if (fold(t->text[i]) != fold(keyword[i]))
			return false;
	return true;
}

bool sqlite_token_is_op(const struct sqlite_token *t, const char *op)
{
	return t->kind == SQLITE_TK_OPERATOR && strlen(op) == t->len &&
	       !memcmp(t->text, op, t->len);
}

bool sqlite_token_is_unterminated(const struct sqlite_token *t)
{
	if (t->kind != SQLITE_TK_ILLEGAL)
		return false;
	switch (t->text[0]) {
	case '\'':
	case '"':
	case '`':
	case '[':
		return true;
	case 'x':
	case 'X': /* x'0' is whole and illegal all the same */
		return t->len < 3 || t->text[t->len - 1] != '\'';
	default:
		return false;
	}
}

const char *sqlite_token_name(const struct sqlite_token *t, struct arena *a)
{
	char *name, *to;
	char quote;

	if (t->kind == SQLITE_TK_WORD)
		return arena_strndup(a, t->text, t->len);
	if (t->kind != SQLITE_TK_NAME && t->kind != SQLITE_TK_STRING)
		return NULL;
	quote = t->text[0];
	if (quote == '[')
		return arena_strndup(a, t->text + 1, t->len - 2);
	name = to = arena_alloc(a, t->len - 1);
	for (size_t i = 1; i < t->len - 1; i++) {
		*to++ = t->text[i];
		if (t->text[i] == quote)
			i++;
	}
	*to = '\0';
	return name;
}

struct word {
	const char *text;
	size_t len;
};

static int compare_keyword(const void *key, const void *item)
{
	const struct word *w = key;
	const char *const *keyword = item;

	return compare(w->text, w->len, *keyword);
}

bool sqlite_is_keyword(const char *word, size_t len)
{
	/* tool/mkkeywordhash.c of SQLite 3.40, sorted */
	/* clang-format off */
	static const char *const keywords[] = {
		"abort", "action", "add", "after", "all", "alter", "always",
		"analyze", "and", "as", "asc", "attach", "autoincrement",
		"before", "begin", "between", "by", "cascade", "case", "cast",
		"check", "collate", "column", "commit", "conflict",
		"constraint", "create", "cross", "current", "current_date",
		"current_time", "current_timestamp", "database", "default",
		"deferrable", "deferred", "delete", "desc", "detach",
		"distinct", "do", "drop", "each", "else", "end", "escape",
		"except", "exclude", "exclusive", "exists", "explain", "fail",
		"filter", "first", "following", "for", "foreign", "from",
		"full", "generated", "glob", "group", "groups", "having", "if",
		"ignore", "immediate", "in", "index", "indexed", "initially",
		"inner", "insert", "instead", "intersect", "into", "is",
		"isnull", "join", "key", "last", "left", "like", "limit",
		"match", "materialized", "natural", "no", "not", "nothing",
		"notnull", "null", "nulls", "of", "offset", "on", "or",
		"order", "others", "outer", "over", "partition", "plan",
		"pragma", "preceding", "primary", "query", "raise", "range",
		"recursive", "references", "regexp", "reindex", "release",
		"rename", "replace", "restrict", "returning", "right",
		"rollback", "row", "rows", "savepoint", "select", "set",
		"table", "temp", "temporary", "then", "ties", "to",
		"transaction", "trigger", "unbounded", "union", "unique",
		"update", "using", "vacuum", "values", "view", "virtual",
		"when", "where", "window", "with", "without"
	};
	/* clang-format on */
	struct word w = { word, len };

	return bsearch(&w, keywords, sizeof(keywords) / sizeof(*keywords),
		       sizeof(*keywords), compare_keyword) != NULL;
}
