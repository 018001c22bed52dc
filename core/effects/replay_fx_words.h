#ifndef EFFECTS_REPLAY_FX_WORDS_H
#define EFFECTS_REPLAY_FX_WORDS_H

#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"

/*
 * Looking for words in a statement's tokens; for replay_fx_text.c and
 * replay_fx_copy.c.
 */

/** Tokens, the last one excluded. */
struct range {
	size_t from, to;
};

static inline bool is_op(const struct sqlite_word_token *t, const char *op)
{
	return t->kind == SQLITE_TK_OPERATOR && t->len == strlen(op) &&
	       !memcmp(t->text, op, t->len);
}

/* Over a group in brackets. */
static inline size_t next(const struct sqlite_words *w, size_t i)
{
	return w->v[i].op == '(' ? w->v[i].pair + 1 : i + 1;
}

/* The first of these words outside of brackets, or `to`. */
static inline size_t find_word(const struct sqlite_words *w, struct range in,
			       const enum sqlite_word *words, size_t n)
{
	for (size_t i = in.from; i < in.to; i = next(w, i))
		for (size_t k = 0; k < n; k++)
			if (w->v[i].word == words[k])
				return i;
	return in.to;
}

static inline size_t find_op(const struct sqlite_words *w, struct range in,
			     char op)
{
	for (size_t i = in.from; i < in.to; i = next(w, i))
		if (w->v[i].op == op)
			return i;
	return in.to;
}

/* (1), ((1)) */
static inline struct range unwrap(const struct sqlite_words *w, struct range r)
{
	while (r.to - r.from > 2 && w->v[r.from].op == '(' &&
	       w->v[r.from].pair == r.to - 1) {
		r.from++;
		r.to--;
	}
	return r;
}

#endif
