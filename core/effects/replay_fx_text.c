#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_fx_words.h"

/*
 * INSERT, UPDATE and DELETE, as far as their text tells simply: lists of
 * columns, constants, and conditions that are a conjunction of column =
 * constant and the like. Whatever else stands there can only make the rows
 * fewer.
 */

#define ROWS_MAX 100 /* more are told as one */

const char *fx_token_name(struct arena *a, const struct sqlite_word_token *t)
{
	struct sqlite_token token = { t->kind, t->text, t->len };
	const char *name = sqlite_token_name(&token, a);
	char *lower;

	if (!name)
		return NULL;
	lower = arena_strdup(a, name);
	for (char *c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	return lower;
}

bool fx_literal(struct arena *a, const struct sqlite_words *w, size_t from,
		size_t to, const char **value)
{
	struct range r = unwrap(w, (struct range){ from, to });
	const struct sqlite_word_token *t = &w->v[r.from];
	bool minus = t->op == '-';
	struct sqlite_token token;

	if (r.from < r.to && (minus || t->op == '+')) {
		t++;
		r.from++;
		if (r.from < r.to && t->kind != SQLITE_TK_NUMBER)
			return false;
	}
	if (r.to != r.from + 1)
		return false;
	if (t->word == W_NULL) {
		*value = NULL;
		return true;
	}
	if (t->word == W_TRUE || t->word == W_FALSE) {
		*value = t->word == W_TRUE ? "1" : "0";
		return true;
	}
	token = (struct sqlite_token){ t->kind, t->text, t->len };
	if (t->kind == SQLITE_TK_STRING) {
		*value = sqlite_token_name(&token, a);
		return *value != NULL;
	}
	if (t->kind != SQLITE_TK_NUMBER && t->kind != SQLITE_TK_BLOB)
		return false;
	*value = arena_printf(a, "%s%.*s", minus ? "-" : "", (int)t->len,
			      t->text);
	return true;
}

/* (a, b) from the bracket at i. */
static void read_names(struct fx_text *t, struct fx *fx, size_t i)
{
	size_t end = t->words.v[i].pair;

	for (i++; i < end; i++) {
		const char *name = fx_token_name(t->arena, &t->words.v[i]);

		if (name)
			fx_names_add(fx, &t->columns, name);
	}
}

/* One (1, 'a'); the width is that of the columns. */
static bool read_row(struct fx_text *t, size_t i)
{
	const struct sqlite_words *w = &t->words;
	size_t end = w->v[i].pair, column = 0;
	struct fx_value *row = t->rows + t->n_rows * t->width;

	for (i++; i <= end && column < t->width; column++) {
		size_t to = find_op(w, (struct range){ i, end }, ',');

		row[column].column = t->columns.list[column];
		row[column].literal =
			fx_literal(t->arena, w, i, to, &row[column].value);
		i = to + 1;
	}
	t->n_rows++;
	return column == t->width && i == end + 1;
}

static bool read_rows(struct fx_text *t, size_t i)
{
	const struct sqlite_words *w = &t->words;

	t->width = t->columns.n;
	t->rows = arena_array(t->arena, t->width * ROWS_MAX + 1,
			      sizeof(*t->rows));
	for (; w->v[i].op == '('; i = next(w, i) + 1) {
		if (t->n_rows == ROWS_MAX) {
			t->too_many = true;
			t->n_rows = 0;
			return true;
		}
		if (!read_row(t, i))
			return false;
		if (w->v[next(w, i)].op != ',')
			break;
	}
	return true;
}

static void read_or(struct fx_text *t, size_t *i)
{
	const struct sqlite_word_token *v = t->words.v;

	if (v[*i].word == W_REPLACE)
		t->replaces = true;
	(*i)++;
	if (v[*i].word != W_OR)
		return;
	t->replaces |= v[*i + 1].word == W_REPLACE;
	t->ignores |= v[*i + 1].word == W_IGNORE;
	*i += 2;
}

/* ON CONFLICT ... DO NOTHING or DO UPDATE */
static void read_upsert(struct fx_text *t, struct range r)
{
	static const enum sqlite_word conflict[] = { W_CONFLICT };
	const struct sqlite_word_token *v = t->words.v;

	for (size_t i = find_word(&t->words, r, conflict, 1); i < r.to;
	     i = next(&t->words, i)) {
		if (v[i].word != W_DO)
			continue;
		t->ignores |= v[i + 1].word == W_NOTHING;
		t->upserts |= v[i + 1].word == W_UPDATE;
	}
}

static bool skip_name(const struct sqlite_words *w, size_t *i)
{
	if (!sqlite_word_token_is_name(&w->v[*i]))
		return false;
	*i += w->v[*i + 1].op == '.' ? 3 : 1;
	if (w->v[*i].word == W_AS)
		*i += 2;
	return true;
}

static bool is_simple_query(const struct sqlite_words *w, struct range q)
{
	static const enum sqlite_word odd[] = { W_UNION, W_INTERSECT, W_EXCEPT,
						W_JOIN };
	size_t queries = 0;

	for (size_t i = q.from; i < q.to; i++)
		queries += w->v[i].word == W_SELECT ||
			   w->v[i].word == W_VALUES || w->v[i].word == W_WITH;
	return queries == 1 && w->v[q.from].word == W_SELECT &&
	       find_word(w, q, odd, ARRAY_LEN(odd)) == q.to;
}

/* SELECT 1, a, 'x': what is constant is so in each row. */
static void read_items(struct fx_text *t, struct range list)
{
	const struct sqlite_words *w = &t->words;
	size_t column = 0, i = list.from;

	if (w->v[i].word == W_DISTINCT || w->v[i].word == W_ALL)
		i++;
	t->width = t->columns.n;
	t->rows = arena_array(t->arena, t->width + 1, sizeof(*t->rows));
	for (; i < list.to && column < t->width; column++) {
		size_t to = find_op(w, (struct range){ i, list.to }, ',');

		t->rows[column].column = t->columns.list[column];
		t->rows[column].literal =
			fx_literal(t->arena, w, i, to, &t->rows[column].value);
		i = to + 1;
	}
	t->n_rows = column == t->width && i == list.to + 1;
}

/* INSERT ... SELECT from one table. */
static void read_select(struct fx_text *t, struct fx *fx)
{
	static const enum sqlite_word from[] = { W_FROM };
	static const enum sqlite_word stops[] = { W_GROUP, W_ORDER, W_LIMIT,
						  W_HAVING, W_ON };
	static const enum sqlite_word where[] = { W_WHERE };
	const struct sqlite_words *w = &t->words;
	struct range rest = { t->select, w->n }, list = { t->select + 1, 0 };
	size_t at;

	if (!is_simple_query(w, rest))
		return;
	list.to = find_word(w, rest, from, 1);
	read_items(t, list);
	at = list.to + 1;
	if (at >= w->n || !sqlite_word_token_is_name(&w->v[at]))
		return;
	rest.from = at + 1;
	if (rest.from < w->n && w->v[rest.from].word != W_WHERE)
		return;
	t->from = fx_token_name(t->arena, &w->v[at]);
	rest.from = find_word(w, rest, where, 1) + 1;
	rest.to = find_word(w, rest, stops, ARRAY_LEN(stops));
	if (rest.from < rest.to)
		fx_text_conditions(t, rest.from, rest.to,
				   fx_info_of(fx, t->from));
}

static bool read_insert(struct fx_text *t, struct fx *fx,
			const struct fx_info *info)
{
	static const enum sqlite_word queries[] = { W_SELECT, W_WITH };
	const struct sqlite_words *w = &t->words;
	struct range rest = { 0, w->n };
	size_t i = t->at;

	read_or(t, &i);
	i += w->v[i].word == W_INTO;
	if (!skip_name(w, &i))
		return false;
	if (w->v[i].op == '(') {
		t->listed = true;
		read_names(t, fx, i);
		i = next(w, i);
	} else {
		for (size_t k = 0; k < info->columns.n; k++)
			fx_names_add(fx, &t->columns, info->columns.list[k]);
	}
	rest.from = i;
	read_upsert(t, rest);
	if (w->v[i].word == W_DEFAULT) {
		t->columns = (struct fx_names){ NULL, 0, 0 };
		t->listed = true;
		t->rows = arena_array(t->arena, 1, sizeof(*t->rows));
		t->n_rows = 1;
		return true;
	}
	if (w->v[i].word == W_VALUES)
		return read_rows(t, i + 1);
	t->select = find_word(w, rest, queries, ARRAY_LEN(queries));
	if (t->select == w->n)
		t->select = 0;
	else
		read_select(t, fx);
	return true;
}

static const enum sqlite_word ends[] = { W_RETURNING, W_ORDER, W_LIMIT };

static void read_tail(struct fx_text *t, size_t i, const struct fx_info *info)
{
	static const enum sqlite_word where[] = { W_WHERE };
	const struct sqlite_words *w = &t->words;
	struct range rest = { i, w->n };

	rest.from = find_word(w, rest, where, 1);
	if (rest.from == w->n)
		return;
	rest.from++;
	rest.to = find_word(w, rest, ends, ARRAY_LEN(ends));
	fx_text_conditions(t, rest.from, rest.to, info);
}

static void add_set(struct fx_text *t, struct range r)
{
	struct fx_value v = { NULL, false, NULL };
	size_t eq = find_op(&t->words, r, '=');

	if (eq == r.to)
		return;
	if (eq == r.from + 1)
		v.column = fx_token_name(t->arena, &t->words.v[r.from]);
	v.literal = v.column &&
		    fx_literal(t->arena, &t->words, eq + 1, r.to, &v.value);
	VEC_GROW(t->sets, t->n_sets, t->cap_sets);
	t->sets[t->n_sets++] = v;
}

static bool read_update(struct fx_text *t, const struct fx_info *info)
{
	static const enum sqlite_word stops[] = { W_WHERE, W_FROM, W_RETURNING,
						  W_ORDER, W_LIMIT };
	static const enum sqlite_word set[] = { W_SET }, from[] = { W_FROM };
	const struct sqlite_words *w = &t->words;
	struct range rest = { t->at + 1, w->n };
	size_t i = t->at, end;

	read_or(t, &i);
	rest.from = find_word(w, rest, set, 1) + 1;
	end = find_word(w, rest, stops, ARRAY_LEN(stops));
	for (i = rest.from; i < end;) {
		size_t to = find_op(w, (struct range){ i, end }, ',');

		add_set(t, (struct range){ i, to });
		i = to + 1;
	}
	t->qualified = find_word(w, rest, from, 1) != w->n;
	if (!t->qualified || fx_text_count(t, info->name) == 1)
		read_tail(t, end, info);
	return true;
}

/* SELECT *, SELECT t.*, DISTINCT *; not count(*) and a * b */
static bool has_star(const struct sqlite_words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		const struct sqlite_word_token *p = &w->v[i - 1];

		if (w->v[i].op == '*' &&
		    (p->word == W_SELECT || p->word == W_DISTINCT ||
		     p->word == W_ALL || p->op == ',' || p->op == '.'))
			return true;
	}
	return false;
}

bool fx_text_read(struct fx_text *t, struct fx *fx,
		  const struct sql_statement *s, const struct fx_info *info)
{
	static const enum sqlite_word verbs[] = { W_INSERT, W_REPLACE, W_UPDATE,
						  W_DELETE };
	struct range all = { 0, 0 };

	memset(t, 0, sizeof(*t));
	t->arena = &fx->arena;
	if (!sqlite_words_read(&t->words, s->text, s->len))
		return false;
	all.to = t->words.n;
	t->star = has_star(&t->words);
	if (s->verb != SQL_INSERT && s->verb != SQL_UPDATE &&
	    s->verb != SQL_DELETE)
		return true;
	t->at = find_word(&t->words, all, verbs, ARRAY_LEN(verbs));
	if (t->at == all.to || !info)
		return false;
	if (s->verb == SQL_INSERT)
		return read_insert(t, fx, info);
	if (s->verb == SQL_UPDATE)
		return read_update(t, info);
	read_tail(t, t->at + 1, info);
	return true;
}

void fx_text_release(struct fx_text *t)
{
	sqlite_words_release(&t->words);
	free(t->sets);
	free(t->where);
}

size_t fx_text_count(const struct fx_text *t, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < t->words.n; i++)
		n += sqlite_word_token_is_name(&t->words.v[i]) &&
		     t->words.v[i + 1].op != '.' &&
		     sqlite_name_is(&t->words.v[i], name);
	return n;
}
