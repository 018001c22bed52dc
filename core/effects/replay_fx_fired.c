#include <string.h>

#include "base/util.h"
#include "effects/replay_fx_hand.h"

/*
 * What a trigger writes, from the statements of its body: NEW.a is the value
 * that the statement in hand gives, where it fires for nothing but its rows.
 */

struct fired {
	struct hand *outer;
	const char *via;
	const struct fx_info *info; /* of the table that the trigger writes */
	struct sqlite_words body;   /* the whole text */
	bool own; /* it fires for the rows of the statement in hand alone */
};

/* The table's name behind INSERT [OR x] INTO, UPDATE [OR x], DELETE FROM; 0 =
 * no such statement begins here. */
static size_t target_at(const struct sqlite_words *w, size_t i,
			enum sql_verb verb)
{
	const struct sqlite_word_token *v = w->v;
	bool replace = v[i].word == W_REPLACE;

	if (verb == SQL_DELETE)
		return v[i].word == W_DELETE && v[i + 1].word == W_FROM ? i + 2
									: 0;
	if (verb == SQL_INSERT ? v[i].word != W_INSERT && !replace
			       : v[i].word != W_UPDATE)
		return 0;
	i++;
	if (v[i].word == W_OR && i + 2 < w->n)
		i += 2;
	if (verb == SQL_INSERT)
		return v[i].word == W_INTO ? i + 1 : 0;
	return v[i].word == W_OF || v[i].word == W_ON ? 0 : i;
}

static bool writes_here(const struct fired *f, size_t i, enum sql_verb verb)
{
	size_t at = target_at(&f->body, i, verb);

	return at && at < f->body.n &&
	       sqlite_name_is(&f->body.v[at], f->info->name);
}

/* The event, of which BEFORE and AFTER are the same here. */
static bool is_for_insert(const struct sqlite_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].word == W_INSERT || w->v[i].word == W_UPDATE ||
		    w->v[i].word == W_DELETE)
			return w->v[i].word == W_INSERT;
	return false;
}

/* Another trigger puts rows into that table as well. */
static bool has_other_rows(struct fx *fx, const char *table)
{
	for (size_t i = 0; i < fx->n_events; i++)
		if (fx->events[i].via &&
		    fx->events[i].action == SQLITE_INSERT &&
		    streq(fx->events[i].table, table))
			return true;
	return false;
}

static bool is_own(struct fired *f, const char *table)
{
	const struct hand *h = f->outer;

	return h->s->verb == SQL_INSERT && h->info && h->read &&
	       streq_null(table, h->info->name) && !h->text.upserts &&
	       is_for_insert(&f->body) && !has_other_rows(h->fx, table);
}

/* The same after whatever a column's type makes of it. */
static bool is_lasting(const char *value)
{
	size_t digits, n;

	if (!value)
		return true;
	n = strlen(value);
	digits = strspn(value, "0123456789");
	if (digits == n)
		return n > 0 && n < 16 && (n == 1 || *value != '0');
	if (digits > 0)
		return digits < 8 && value[digits] == '.' && n < 16 &&
		       (digits == 1 || *value != '0') &&
		       digits + 1 + strspn(value + digits + 1, "0123456789") ==
			       n &&
		       value[n - 1] != '0' && value[n - 1] != '.';
	return (*value >= 'a' && *value <= 'z') ||
	       (*value >= 'A' && *value <= 'Z');
}

static const struct fx_value *given(const struct fired *f,
				    const struct fx_value *row,
				    const char *column)
{
	const struct hand *h = f->outer;

	for (size_t i = 0; row && column && i < h->text.width; i++)
		if (streq(row[i].column, column))
			return row[i].literal && is_lasting(row[i].value) &&
					       (row[i].value ||
						!streq_null(
							column,
							h->info->rowid_column))
				       ? &row[i]
				       : NULL;
	return NULL;
}

static void add_value(struct buf *out, const char *value)
{
	if (!value || (*value >= '0' && *value <= '9')) {
		buf_addstr(out, value ? value : "NULL");
		return;
	}
	buf_addch(out, '\'');
	for (; *value; value++) {
		if (*value == '\'')
			buf_addch(out, '\'');
		buf_addch(out, *value);
	}
	buf_addch(out, '\'');
}

/* The value of NEW.a at i, when it is known. */
static const struct fx_value *new_at(const struct fired *f, size_t i,
				     const struct fx_value *row)
{
	const struct sqlite_word_token *v = f->body.v;

	if (!sqlite_name_is(&v[i], "new") || v[i + 1].op != '.')
		return NULL;
	return given(f, row, fx_token_name(&f->outer->fx->arena, &v[i + 2]));
}

/* The statement at i as it runs for that row; *known: NEW says something. */
static char *text_of(const struct fired *f, size_t i,
		     const struct fx_value *row, bool *known)
{
	const struct sqlite_word_token *v = f->body.v;
	struct buf text = BUF_INIT;
	char *kept;

	*known = false;
	for (size_t depth = 0;
	     i < f->body.n && (depth || v[i].kind != SQLITE_TK_SEMICOLON);
	     i++) {
		const struct fx_value *value = new_at(f, i, row);

		depth += v[i].op == '(';
		depth -= v[i].op == ')';
		if (value) {
			add_value(&text, value->value);
			*known = true;
			i += 2;
		} else {
			buf_add(&text, v[i].text, v[i].len);
		}
		if (v[i].op != '.' && v[i + 1].op != '.')
			buf_addch(&text, ' ');
	}
	kept = arena_strdup(&f->outer->fx->arena, buf_str(&text));
	buf_release(&text);
	return kept;
}

static void tell_why(struct fx *fx, size_t from, const char *via)
{
	for (size_t i = from; i < fx->out->n; i++) {
		struct effect *e = &fx->out->items[i];

		if (e->implied)
			continue;
		e->implied = true;
		e->digest = NULL;
		fx_because(fx, e,
			   arena_printf(&fx->out->arena, "trigger %s", via));
	}
}

/* One statement of the body, for one row. How the statement in hand takes
 * conflicts holds for all that it fires. */
static bool tell(const struct fired *f, size_t at, enum sql_verb verb,
		 const struct fx_value *row)
{
	struct hand *h = f->outer;
	size_t before = h->fx->out->n;
	bool known;
	const char *text = text_of(f, at, row, &known);
	struct sql_statement s = { .text = text,
				   .len = strlen(text),
				   .verb = verb };
	struct hand sub = {
		.fx = h->fx, .s = &s, .info = f->info, .via = f->via
	};

	sub.read = fx_text_read(&sub.text, h->fx, &s, f->info);
	sub.text.replaces |= h->text.replaces;
	sub.text.ignores |= h->text.ignores;
	fx_hand_writes(&sub);
	fx_text_release(&sub.text);
	tell_why(h->fx, before, f->via);
	return known;
}

static void tell_all(const struct fired *f, size_t at, enum sql_verb verb)
{
	const struct fx_text *t = &f->outer->text;
	size_t n = f->own ? t->n_rows : 0;

	if (!n)
		tell(f, at, verb, NULL);
	for (size_t i = 0; i < n; i++)
		if (!tell(f, at, verb, t->rows + i * t->width))
			break;
}

bool fx_fired(struct hand *h, enum sql_verb verb, const struct fx_info *info,
	      const char *via)
{
	const char *table, *text = fx_trigger_text(h->fx, via, &table);
	struct fired f = { .outer = h, .via = via, .info = info };
	size_t n = 0;

	if (text && h->read && sqlite_words_read(&f.body, text, strlen(text))) {
		f.own = is_own(&f, table);
		for (size_t i = 0; i + 2 < f.body.n; i++)
			if (writes_here(&f, i, verb)) {
				tell_all(&f, i, verb);
				n++;
			}
	}
	sqlite_words_release(&f.body);
	return n > 0;
}
