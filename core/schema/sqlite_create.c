#include "schema/sqlite_create.h"

#include <string.h>

#include "schema/sqlite_text.h"

/* "main." says nothing, but tells a table from a common one of its name. */
static bool has_with(const struct sqlite_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].word == W_WITH)
			return true;
	return false;
}

bool sqlite_create_index(struct buf *out, const struct sqlite_words *w,
			 const char *const *columns)
{
	struct sqlite_text p = { .out = out, .words = w, .columns = columns };
	const struct sqlite_word_token *v = w->v;
	size_t i = 1, close;

	buf_addstr(out, "CREATE ");
	if (v[i].word == W_UNIQUE) {
		buf_addstr(out, "UNIQUE ");
		i++;
	}
	if (v[i].word != W_INDEX)
		return false;
	i = sqlite_words_object(w, i + 1);
	if (!sqlite_word_token_is_name(&v[i]) || v[i + 1].word != W_ON ||
	    !sqlite_word_token_is_name(&v[i + 2]) || v[i + 3].op != '(')
		return false;
	buf_addstr(out, "INDEX ");
	sqlite_name_add_token(out, &v[i]);
	buf_addstr(out, " ON ");
	sqlite_name_add_token(out, &v[i + 2]);
	buf_addstr(out, " (");
	close = w->v[i + 3].pair;
	if (!sqlite_text_print(&p, CLAUSE_TERMS, i + 4, close))
		return false;
	buf_addch(out, ')');
	if (close + 1 < w->n) {
		if (v[close + 1].word != W_WHERE)
			return false;
		buf_addstr(out, " WHERE ");
		if (!sqlite_text_print(&p, CLAUSE_EXPR, close + 2, w->n))
			return false;
	}
	buf_addstr(out, ";\n");
	return true;
}

bool sqlite_create_view(struct buf *out, const struct sqlite_words *w)
{
	struct sqlite_text p = { .out = out,
				 .words = w,
				 .indent = "",
				 .name_results = true,
				 .name_inner = true,
				 .strip_main = !has_with(w) };
	const struct sqlite_word_token *v = w->v;
	size_t i;

	if (v[1].word != W_VIEW)
		return false;
	i = sqlite_words_object(w, 2);
	if (!sqlite_word_token_is_name(&v[i]))
		return false;
	buf_addstr(out, "CREATE VIEW ");
	sqlite_name_add_token(out, &v[i++]);
	if (v[i].op == '(') {
		size_t close = w->v[i].pair;

		buf_addstr(out, " (");
		if (!sqlite_text_print(&p, CLAUSE_NAMES, i + 1, close))
			return false;
		buf_addch(out, ')');
		i = close + 1;
		p.name_results = false;
	}
	if (v[i].word != W_AS || i + 1 >= w->n)
		return false;
	buf_addstr(out, " AS\n");
	if (!sqlite_text_print(&p, CLAUSE_EXPR, i + 1, w->n))
		return false;
	buf_addstr(out, ";\n");
	return true;
}

/* BEFORE UPDATE OF a, b ON t FOR EACH ROW; gives the index behind it, or 0. */
static size_t trigger_event(struct sqlite_text *p, size_t i)
{
	const struct sqlite_word_token *v = p->words->v;

	if (v[i].word == W_BEFORE || v[i].word == W_AFTER) {
		buf_addf(p->out, " %s", sqlite_word_text(v[i++].word));
	} else if (v[i].word == W_INSTEAD && v[i + 1].word == W_OF) {
		buf_addstr(p->out, " INSTEAD OF");
		i += 2;
	}
	if (v[i].word != W_DELETE && v[i].word != W_INSERT &&
	    v[i].word != W_UPDATE)
		return 0;
	buf_addf(p->out, " %s", sqlite_word_text(v[i++].word));
	if (v[i].word == W_OF) {
		size_t from = ++i;

		while (i < p->words->n && v[i].word != W_ON)
			i++;
		buf_addstr(p->out, " OF ");
		if (!sqlite_text_print(p, CLAUSE_NAMES, from, i))
			return 0;
	}
	if (v[i].word != W_ON)
		return 0;
	i = sqlite_words_object(p->words, i + 1);
	if (!sqlite_word_token_is_name(&v[i]))
		return 0;
	buf_addstr(p->out, " ON ");
	sqlite_name_add_token(p->out, &v[i++]);
	if (v[i].word == W_FOR && v[i + 1].word == W_EACH &&
	    v[i + 2].word == W_ROW) {
		buf_addstr(p->out, " FOR EACH ROW");
		i += 3;
	}
	return i;
}

static bool starts_statement(const struct sqlite_word_token *t)
{
	enum sqlite_word w = t->word;

	return w == W_INSERT || w == W_UPDATE || w == W_DELETE ||
	       w == W_SELECT || w == W_REPLACE || w == W_WITH || w == W_VALUES;
}

static bool trigger_body(struct sqlite_text *p, size_t i, size_t end)
{
	const struct sqlite_word_token *v = p->words->v;

	p->indent = "    ";
	while (i < end) {
		size_t from = i;

		while (i < end && v[i].kind != SQLITE_TK_SEMICOLON)
			i++;
		if (i == end || i == from)
			return false;
		buf_addstr(p->out, "  ");
		if (!sqlite_text_print(p, CLAUSE_EXPR, from, i))
			return false;
		buf_addstr(p->out, ";\n");
		i++;
	}
	return true;
}

bool sqlite_create_trigger(struct buf *out, const struct sqlite_words *w)
{
	struct sqlite_text p = { .out = out,
				 .words = w,
				 .strip_main = !has_with(w) };
	const struct sqlite_word_token *v = w->v;
	size_t i, from;

	if (v[1].word != W_TRIGGER)
		return false;
	i = sqlite_words_object(w, 2);
	if (!sqlite_word_token_is_name(&v[i]) || v[w->n - 1].word != W_END)
		return false;
	buf_addstr(out, "CREATE TRIGGER ");
	sqlite_name_add_token(out, &v[i]);
	i = trigger_event(&p, i + 1);
	if (!i)
		return false;
	from = i;
	while (i < w->n &&
	       !(v[i].word == W_BEGIN && starts_statement(&v[i + 1])))
		i++;
	if (i == w->n)
		return false;
	if (i > from) {
		if (v[from].word != W_WHEN)
			return false;
		buf_addstr(out, " WHEN ");
		if (!sqlite_text_print(&p, CLAUSE_EXPR, from + 1, i))
			return false;
	}
	buf_addstr(out, " BEGIN\n");
	if (!trigger_body(&p, i + 1, w->n - 1))
		return false;
	buf_addstr(out, "END;\n");
	return true;
}

/* Arguments go to the module as they were written, without outer space. */
static void module_arguments(struct buf *out, const struct sqlite_words *w,
			     size_t i, size_t end)
{
	const struct sqlite_word_token *v = w->v;
	const char *between = "(";
	bool any = false;

	while (i < end) {
		size_t from = i;

		for (; i < end && v[i].op != ','; i++)
			if (v[i].op == '(')
				i = w->v[i].pair;
		if (i > from) {
			buf_addstr(out, between);
			buf_add(out, v[from].text,
				(size_t)(v[i - 1].text + v[i - 1].len -
					 v[from].text));
			between = ", ";
			any = true;
		}
		i++;
	}
	if (any)
		buf_addch(out, ')');
}

bool sqlite_create_virtual(struct buf *out, const struct sqlite_words *w)
{
	const struct sqlite_word_token *v = w->v;
	size_t i;

	if (v[1].word != W_VIRTUAL || v[2].word != W_TABLE)
		return false;
	i = sqlite_words_object(w, 3);
	if (!sqlite_word_token_is_name(&v[i]) || v[i + 1].word != W_USING ||
	    !sqlite_word_token_is_name(&v[i + 2]))
		return false;
	buf_addstr(out, "CREATE VIRTUAL TABLE ");
	sqlite_name_add_token(out, &v[i]);
	buf_addstr(out, " USING ");
	sqlite_name_add_token(out, &v[i + 2]);
	i += 3;
	if (v[i].op == '(') {
		size_t close = w->v[i].pair;

		module_arguments(out, w, i + 1, close);
		i = close + 1;
	}
	buf_addstr(out, ";\n");
	return i == w->n;
}
