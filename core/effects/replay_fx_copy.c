#include "effects/replay_fx_words.h"

/*
 * INSERT INTO new SELECT ... FROM old, as half of a table's making anew: which
 * columns it takes along as they were.
 */

/* SELECT * FROM t: the columns in their order. */
static void copy_star(struct fx *fx, const struct fx_text *t,
		      const struct fx_info *from, struct fx_copy *copy)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		bool same = i < from->columns.n &&
			    streq(t->columns.list[i], from->columns.list[i]);

		fx_names_add(fx, same ? &copy->same : &copy->changed,
			     t->columns.list[i]);
	}
}

/* [t.]c [AS x], and nothing else */
static const char *plain_item(const struct fx_text *t, struct range r)
{
	const struct sqlite_word_token *v = t->words.v;

	if (r.to - r.from > 2 && v[r.to - 2].word == W_AS)
		r.to -= 2;
	if (r.to - r.from == 3 && v[r.from + 1].op == '.')
		r.from += 2;
	if (r.to - r.from != 1 || v[r.from].kind == SQLITE_TK_STRING)
		return NULL;
	return fx_token_name(t->arena, &v[r.from]);
}

bool fx_text_copy(struct fx *fx, const struct fx_text *t, const char **from,
		  struct fx_copy *copy)
{
	static const enum sqlite_word from_word[] = { W_FROM };
	const struct sqlite_words *w = &t->words;
	struct range list = { t->select + 1, w->n };
	const struct fx_info *source;
	size_t at, column = 0;

	if (!t->select || w->v[t->select].word != W_SELECT)
		return false;
	list.to = find_word(w, list, from_word, 1);
	at = list.to + 1;
	if (at >= w->n || !sqlite_word_token_is_name(&w->v[at]))
		return false;
	if (w->v[at + 1].op == '.')
		at += 2;
	*from = fx_token_name(t->arena, &w->v[at]);
	if (w->v[at + 1].op == ',' || w->v[at + 1].word == W_JOIN)
		return false;
	copy->filtered = (at + 1 < w->n && w->v[at + 1].word != W_ORDER) ||
			 w->v[list.from].word == W_DISTINCT || t->ignores ||
			 t->replaces;
	source = fx_info_of(fx, *from);
	if (list.to == list.from + 1 && w->v[list.from].op == '*') {
		copy_star(fx, t, source, copy);
		return true;
	}
	for (size_t i = list.from; i < list.to && column < t->columns.n;
	     column++) {
		size_t end = find_op(w, (struct range){ i, list.to }, ',');
		const char *name = plain_item(t, (struct range){ i, end });
		bool same = name && streq(name, t->columns.list[column]) &&
			    fx_names_has(&source->columns, name);

		fx_names_add(fx, same ? &copy->same : &copy->changed,
			     t->columns.list[column]);
		i = end + 1;
	}
	return column == t->columns.n;
}
