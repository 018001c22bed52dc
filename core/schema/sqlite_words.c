#include "schema/sqlite_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum word_kind {
	NEVER,
	MAYBE,
	JOINS,
	SOME
};

struct word {
	const char *text;
	unsigned char len;
	unsigned char kind;
};

#define SQLITE_WORD_ROW(word, kind) { #word, sizeof(#word) - 1, kind },
static const struct word words[W_COUNT] = { { "", 0, MAYBE },
					    SQLITE_WORDS(SQLITE_WORD_ROW) };

/* The words that start with a letter; [26] is one behind the last. */
static const unsigned char first_of[27] = {
	W_ABORT,     W_BEFORE,  W_CASCADE,   W_DATABASE,  W_EACH,  W_FAIL,
	W_GENERATED, W_HAVING,  W_IF,        W_JOIN,      W_KEY,   W_LAST,
	W_MATCH,     W_NATURAL, W_OF,        W_PARTITION, W_QUERY, W_RAISE,
	W_SAVEPOINT, W_TABLE,   W_UNBOUNDED, W_VACUUM,    W_WHEN,  W_COUNT,
	W_COUNT,     W_COUNT,   W_COUNT,
};

static char upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

static bool same_upper(const char *s, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (upper(s[i]) != word[i])
			return false;
	return true;
}

enum sqlite_word sqlite_word_find(const char *s, size_t len)
{
	char c;

	if (len < 2)
		return W_NONE;
	c = upper(s[0]);
	if (c < 'A' || c > 'Z')
		return W_NONE;
	for (unsigned i = first_of[c - 'A']; i < first_of[c - 'A' + 1]; i++)
		if (words[i].len == len &&
		    same_upper(s + 1, words[i].text + 1, len - 1))
			return (enum sqlite_word)i;
	return W_NONE;
}

const char *sqlite_word_text(enum sqlite_word w)
{
	return words[w].text;
}

bool sqlite_word_is_reserved(enum sqlite_word w)
{
	return words[w].kind == NEVER;
}

bool sqlite_word_token_is_name(const struct sqlite_word_token *t)
{
	return t->kind == SQLITE_TK_NAME || t->kind == SQLITE_TK_STRING ||
	       (t->kind == SQLITE_TK_WORD && words[t->word].kind != NEVER);
}

bool sqlite_word_token_is_type(const struct sqlite_word_token *t)
{
	return t->kind == SQLITE_TK_NAME || t->kind == SQLITE_TK_STRING ||
	       (t->kind == SQLITE_TK_WORD && words[t->word].kind == MAYBE);
}

static void push(struct sqlite_words *w, const struct sqlite_token *t)
{
	struct sqlite_word_token *to;

	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 128;
		w->v = xreallocarray(w->v, w->cap, sizeof(*w->v));
	}
	to = &w->v[w->n++];
	to->text = t->text;
	to->len = t->len;
	to->kind = t->kind;
	to->word = t->kind == SQLITE_TK_WORD ? sqlite_word_find(t->text, t->len)
					     : W_NONE;
	to->op = '\0';
	to->pair = 0;
	if (t->kind == SQLITE_TK_OPERATOR && t->len == 1)
		to->op = t->text[0];
}

/* Brackets that are open form a list through `pair`; none = NONE. */
#define NONE SIZE_MAX

static bool pair_brackets(struct sqlite_words *w, size_t *open)
{
	size_t last = w->n - 1;

	if (w->v[last].op == '(') {
		w->v[last].pair = *open;
		*open = last;
	} else if (w->v[last].op == ')') {
		size_t opening = *open;

		if (opening == NONE)
			return false;
		*open = w->v[opening].pair;
		w->v[opening].pair = last;
	}
	return true;
}

bool sqlite_words_read(struct sqlite_words *w, const char *sql, size_t len)
{
	struct sqlite_lexer l;
	struct sqlite_token t;
	size_t open = NONE;
	bool fine;

	memset(w, 0, sizeof(*w));
	sqlite_lexer_init(&l, sql, len);
	do {
		t = sqlite_lexer_next_solid(&l);
		push(w, &t);
		fine = t.kind != SQLITE_TK_ILLEGAL &&
		       t.kind != SQLITE_TK_VARIABLE && pair_brackets(w, &open);
	} while (t.kind != SQLITE_TK_END && fine);
	push(w, &t);
	push(w, &t);
	w->n -= 3;
	return fine && open == NONE;
}

void sqlite_words_release(struct sqlite_words *w)
{
	free(w->v);
	memset(w, 0, sizeof(*w));
}

size_t sqlite_words_object(const struct sqlite_words *w, size_t i)
{
	const struct sqlite_word_token *v = w->v;

	if (v[i].word == W_IF && v[i + 1].word == W_NOT &&
	    v[i + 2].word == W_EXISTS)
		i += 3;
	if (v[i + 1].op == '.' && sqlite_word_token_is_name(&v[i]) &&
	    sqlite_name_is(&v[i], "main"))
		i += 2;
	return i;
}

static bool is_plain(const char *s, size_t len)
{
	if (!len || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return !sqlite_word_find(s, len);
}

void sqlite_name_add(struct buf *out, const char *name, size_t len)
{
	if (is_plain(name, len)) {
		buf_add(out, name, len);
		return;
	}
	buf_addch(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '"')
			buf_addch(out, '"');
		buf_addch(out, name[i]);
	}
	buf_addch(out, '"');
}

/* The content of a quoted token between other quotes. */
static void requote(struct buf *out, const struct sqlite_word_token *t,
		    char quote)
{
	buf_addch(out, quote);
	for (size_t i = 1; i < t->len - 1; i++) {
		char c = t->text[i];

		if (c == quote)
			buf_addch(out, quote);
		buf_addch(out, c);
		if (c == t->text[0] && c != '[')
			i++;
	}
	buf_addch(out, quote);
}

void sqlite_string_add_token(struct buf *out, const struct sqlite_word_token *t)
{
	requote(out, t, '\'');
}

void sqlite_name_add_token(struct buf *out, const struct sqlite_word_token *t)
{
	char quote = t->text[0];

	if (t->kind == SQLITE_TK_WORD) {
		sqlite_name_add(out, t->text, t->len);
	} else if (quote == '[' || !memchr(t->text + 1, quote, t->len - 2)) {
		sqlite_name_add(out, t->text + 1, t->len - 2);
	} else if (quote == '"') {
		buf_add(out, t->text, t->len);
	} else {
		requote(out, t, '"');
	}
}

bool sqlite_name_is(const struct sqlite_word_token *t, const char *name)
{
	size_t i = 0, end = t->len;
	char quote = '\0';

	if (t->kind != SQLITE_TK_WORD) {
		quote = t->text[0];
		i = 1;
		end--;
	}
	for (; i < end; i++, name++) {
		if (!*name || upper(t->text[i]) != upper(*name))
			return false;
		if (quote && quote != '[' && t->text[i] == quote)
			i++;
	}
	return !*name;
}
