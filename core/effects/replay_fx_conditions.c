#include <string.h>

#include "base/util.h"
#include "effects/replay_fx_words.h"

/*
 * WHERE, WHEN and the like, as far as they are a conjunction of conditions on
 * single columns. Whatever else stands there can only make the rows fewer.
 */

/* [t.]column, of the table that is written. */
static const char *column_at(const struct fx_text *t, struct range r,
			     const struct fx_info *info)
{
	const struct sqlite_word_token *v = t->words.v;
	const char *name;

	r = unwrap(&t->words, r);
	if (r.to == r.from + 3 && v[r.from + 1].op == '.') {
		name = fx_token_name(t->arena, &v[r.from]);
		if (!name || !streq(name, info->name))
			return NULL;
		r.from += 2;
	} else if (t->qualified) {
		return NULL;
	}
	if (r.to != r.from + 1 || v[r.from].kind == SQLITE_TK_STRING)
		return NULL;
	name = fx_token_name(t->arena, &v[r.from]);
	return name && fx_names_has(&info->columns, name) ? name : NULL;
}

static void add_where(struct fx_text *t, const char *column, const char *value)
{
	VEC_GROW(t->where, t->n_where, t->cap_where);
	t->where[t->n_where++] = (struct effect_literal){ column, value };
}

static bool is_comparison(const struct sqlite_word_token *t)
{
	static const char *const ops[] = { "=",  "==", "<",  ">",
					   "<=", ">=", "<>", "!=" };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (is_op(t, ops[i]))
			return true;
	return false;
}

/* What is compared on goes on: a = b IS NULL. */
static bool compares_on(const struct sqlite_words *w, struct range r)
{
	static const enum sqlite_word words[] = {
		W_IS,     W_IN,     W_LIKE, W_GLOB,    W_MATCH,
		W_REGEXP, W_ISNULL, W_NOT,  W_NOTNULL, W_BETWEEN,
	};

	for (size_t i = r.from; i < r.to; i = next(w, i))
		if (is_comparison(&w->v[i]))
			return true;
	return find_word(w, r, words, ARRAY_LEN(words)) != r.to;
}

/* column > 3: of a column in which texts of numbers are numbers. */
static const char *range_of(struct fx_text *t, size_t op, struct range right,
			    const struct fx_info *info, const char *column)
{
	const struct sqlite_word_token *v = &t->words.v[op];
	const char *value;

	if ((*v->text != '<' && *v->text != '>') || is_op(v, "<>") ||
	    !fx_names_has(&info->numbers, column) ||
	    !fx_literal(t->arena, &t->words, right.from, right.to, &value) ||
	    !value || strspn(value, "-.0123456789") != strlen(value))
		return EFFECT_NOT_NULL;
	return arena_printf(t->arena, "%.*s %s", (int)v->len, v->text, value);
}

/* column = 1, 1 = column, column > 1, column = other */
static void read_comparison(struct fx_text *t, struct range r, size_t op,
			    const struct fx_info *info)
{
	const struct sqlite_words *w = &t->words;
	struct range left = { r.from, op }, right = { op + 1, r.to };
	const char *column = column_at(t, left, info), *value;
	bool turned = !column;

	if (turned) {
		column = column_at(t, right, info);
		right = left;
	}
	if (!column || compares_on(w, right))
		return;
	if (!is_op(&w->v[op], "=") && !is_op(&w->v[op], "==")) {
		add_where(t, column,
			  turned ? EFFECT_NOT_NULL
				 : range_of(t, op, right, info, column));
		return;
	}
	if (!fx_literal(t->arena, w, right.from, right.to, &value))
		value = EFFECT_NOT_NULL;
	/* = NULL is true of no row */
	if (value)
		add_where(t, column, value);
}

/* column IS 1, IS NULL, IS NOT NULL, NOTNULL, NOT NULL; IN (...) */
static void read_word(struct fx_text *t, struct range r, size_t at,
		      const struct fx_info *info)
{
	const struct sqlite_words *w = &t->words;
	const struct sqlite_word_token *v = &w->v[at];
	struct range left = { r.from, at };
	const char *column = column_at(t, left, info), *value;
	bool is = v->word == W_IS;

	if (!column)
		return;
	if (is && fx_literal(t->arena, w, at + 1, r.to, &value))
		add_where(t, column, value);
	else if ((v->word == W_NOTNULL && r.to == at + 1) ||
		 (v[is].word == W_NOT && v[is + 1].word == W_NULL &&
		  r.to == at + is + 2) ||
		 (v->word == W_IN && next(w, at + 1) == r.to))
		add_where(t, column, EFFECT_NOT_NULL);
}

static void read_condition(struct fx_text *t, struct range r,
			   const struct fx_info *info)
{
	const struct sqlite_words *w = &t->words;

	r = unwrap(w, r);
	for (size_t i = r.from; i < r.to; i = next(w, i)) {
		enum sqlite_word word = w->v[i].word;

		if (is_comparison(&w->v[i])) {
			read_comparison(t, r, i, info);
			return;
		}
		if (word == W_IS || word == W_NOTNULL || word == W_IN ||
		    (word == W_NOT && i > r.from)) {
			read_word(t, r, i, info);
			return;
		}
	}
}

static void read_where(struct fx_text *t, struct range r,
		       const struct fx_info *info)
{
	static const enum sqlite_word either[] = { W_OR };
	const struct sqlite_words *w = &t->words;
	size_t from;

	r = unwrap(w, r);
	from = r.from;
	if (find_word(w, r, either, 1) != r.to)
		return;
	for (size_t i = r.from; i <= r.to; i = i < r.to ? next(w, i) : i + 1) {
		bool between = false;

		if (i < r.to && w->v[i].word != W_AND)
			continue;
		for (size_t k = from; k < i; k = next(w, k))
			between |= w->v[k].word == W_BETWEEN;
		if (!between)
			read_condition(t, (struct range){ from, i }, info);
		from = i + 1;
	}
}

/* Behind FROM table [AS x]: the token of WHERE, and the table's name there;
 * 0 where more tables follow, or no condition does. */
static size_t subquery_where(const struct fx_text *t,
			     const struct fx_info *info, const char **called)
{
	const struct sqlite_word_token *v = t->words.v;

	for (size_t i = 0; i + 3 < t->words.n; i++) {
		const char *name = v[i].word == W_FROM
					   ? fx_token_name(t->arena, &v[i + 1])
					   : NULL;

		if (!name || !streq(name, info->name))
			continue;
		i += 2;
		*called = name;
		if (v[i].word != W_WHERE) {
			i += v[i].word == W_AS;
			*called = fx_token_name(t->arena, &v[i++]);
		}
		return *called && i < t->words.n && v[i].word == W_WHERE ? i
									 : 0;
	}
	return 0;
}

void fx_text_subquery(struct fx_text *t, const struct fx_info *info)
{
	static const enum sqlite_word stops[] = { W_GROUP,     W_ORDER,
						  W_LIMIT,     W_HAVING,
						  W_WINDOW,    W_UNION,
						  W_INTERSECT, W_EXCEPT };
	const struct sqlite_words *w = &t->words;
	struct fx_info there = *info;
	size_t where = subquery_where(t, info, &there.name), end = 0;

	if (!where)
		return;
	/* the bracket around it */
	for (size_t i = 0; i < where; i++)
		if (w->v[i].op == '(' && w->v[i].pair > where)
			end = w->v[i].pair;
	if (!end)
		return;
	end = find_word(w, (struct range){ where + 1, end }, stops,
			ARRAY_LEN(stops));
	/* of a UNION only one half is this one */
	if (w->v[end].word != W_UNION)
		read_where(t, (struct range){ where + 1, end }, &there);
}

void fx_text_conditions(struct fx_text *t, size_t from, size_t to,
			const struct fx_info *info)
{
	read_where(t, (struct range){ from, to }, info);
}
