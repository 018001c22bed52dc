#ifndef TESTS_UNIT_DECIDE_VERDICT_WORLD_H
#define TESTS_UNIT_DECIDE_VERDICT_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "decide/verdict.h"
#include "support/unit.h"

/*
 * Effects, written as words; several are parted by ";":
 *
 *   <action> [kind] <name or table.name> [word ...]
 *
 * Rows have no kind. Words: @aspect (_ for a blank), #digest, !strict,
 * !implied, !all (columns), !gen (key), !lit (each_literal), !fires, cols=a,b
 * reads=a,b ("reads=" = an empty list), where=a:1,b:2, sets=a:1 ("NULL" is
 * NULL), from=x, why=x, in=schema ("in=" = none, as in SQLite). "unknown" alone is
 * an uncertain effect without a name.
 */

static inline enum effect_action world_action(const char *word)
{
	for (int i = 0; i < EFFECT_ACTION_COUNT; i++)
		if (streq(word, effect_action_name((enum effect_action)i)))
			return (enum effect_action)i;
	fail_msg("no action: %s", word);
	return EFFECT_ACTION_COUNT;
}

static inline enum effect_kind world_kind(const char *word)
{
	for (int i = 0; i < EFFECT_KIND_COUNT; i++)
		if (streq(word, effect_kind_name((enum effect_kind)i)))
			return (enum effect_kind)i;
	fail_msg("no kind: %s", word);
	return EFFECT_KIND_COUNT;
}

static inline const char **world_list(struct arena *a, char *text)
{
	const char **list = arena_array(a, 16, sizeof(*list));
	size_t n = 0;
	char *at, *save = NULL;

	for (at = strtok_r(text, ",", &save); at;
	     at = strtok_r(NULL, ",", &save))
		list[n++] = arena_strdup(a, at);
	return list;
}

static inline char *world_blanks(struct arena *a, const char *word)
{
	char *copy = arena_strdup(a, word);

	for (char *c = copy; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	return copy;
}

static inline size_t world_literals(struct arena *a, char *text,
				    struct effect_literal **out)
{
	const char **list = world_list(a, text);
	size_t n = 0;

	*out = arena_array(a, 16, sizeof(**out));
	for (; list[n]; n++) {
		char *value = strchr(list[n], ':');

		assert_non_null(value);
		*value++ = '\0';
		(*out)[n].column = list[n];
		(*out)[n].value =
			streq(value, "NULL") ? NULL : world_blanks(a, value);
	}
	return n;
}

static inline void world_mark(struct effect *e, const char *mark)
{
	if (streq(mark, "strict"))
		e->strict = true;
	else if (streq(mark, "implied"))
		e->implied = true;
	else if (streq(mark, "all"))
		e->all_columns = true;
	else if (streq(mark, "gen"))
		e->generates_key = true;
	else if (streq(mark, "lit"))
		e->each_literal = true;
	else if (streq(mark, "fires"))
		e->fires = true;
	else
		fail_msg("no mark: %s", mark);
}

static inline void world_word(struct effect *e, struct arena *a, char *word)
{
	char *value = strchr(word, '=');

	if (*word == '@') {
		e->aspect = world_blanks(a, word + 1);
	} else if (*word == '#') {
		e->digest = world_blanks(a, word + 1);
	} else if (*word == '!') {
		world_mark(e, word + 1);
	} else if (!value) {
		fail_msg("no word: %s", word);
	} else if (starts_with(word, "cols=")) {
		e->columns = world_list(a, value + 1);
	} else if (starts_with(word, "reads=")) {
		e->reads = world_list(a, value + 1);
	} else if (starts_with(word, "where=")) {
		e->n_where = world_literals(a, value + 1, &e->where);
	} else if (starts_with(word, "sets=")) {
		e->n_sets = world_literals(a, value + 1, &e->sets);
	} else if (starts_with(word, "from=")) {
		e->from = arena_strdup(a, value + 1);
	} else if (starts_with(word, "why=")) {
		e->why = world_blanks(a, value + 1);
	} else if (starts_with(word, "in=")) {
		e->schema = value[1] ? arena_strdup(a, value + 1) : NULL;
	} else {
		fail_msg("no word: %s", word);
	}
}

static inline void world_effect(struct effects *out, char *text)
{
	char *save = NULL, *word = strtok_r(text, " ", &save), *dot;
	enum effect_action action;
	enum effect_kind kind = EFFECT_ROWS;
	struct effect *e;

	if (streq(word, "unknown")) {
		e = effects_add(out, EFFECT_UNCERTAIN, EFFECT_OTHER, NULL, NULL,
				NULL);
		e->why = "dynamic SQL";
		e->statement = out->n - 1;
		return;
	}
	action = world_action(word);
	if (action < EFFECT_INSERT || action == EFFECT_UNCERTAIN)
		kind = world_kind(strtok_r(NULL, " ", &save));
	word = strtok_r(NULL, " ", &save);
	dot = strchr(word, '.');
	if (dot)
		*dot++ = '\0';
	e = effects_add(out, action, kind, "public", dot ? word : NULL,
			dot ? dot : word);
	e->statement = out->n - 1;
	e->line = (unsigned)out->n;
	while ((word = strtok_r(NULL, " ", &save)))
		world_word(e, &out->arena, word);
}

static inline void world_effects(struct effects *out, const char *text)
{
	char *copy = xstrdup(text), *save = NULL, *at;

	effects_init(out);
	for (at = strtok_r(copy, ";", &save); at;
	     at = strtok_r(NULL, ";", &save))
		world_effect(out, at);
	free(copy);
}

struct verdict_case {
	const char *a, *b;
	enum verdict verdict;
	char needs; /**< 'a': a needs b; 'b': b needs a; 0 */
};

/* The same from the other side, pointers and words too. */
static inline void assert_mirrored(const struct verdict_pair *x,
				   const struct verdict_pair *y)
{
	assert_int_equal(x->verdict, y->verdict);
	assert_int_equal(x->n, y->n);
	assert_int_equal(x->a_needs_b, y->b_needs_a);
	assert_int_equal(x->b_needs_a, y->a_needs_b);
	for (size_t i = 0; i < x->n; i++) {
		assert_int_equal(x->meetings[i].verdict,
				 y->meetings[i].verdict);
		assert_string_equal(x->meetings[i].why, y->meetings[i].why);
	}
}

static inline void assert_verdict(const struct verdict_case *c)
{
	struct arena arena = ARENA_INIT;
	struct effects a, b;
	struct verdict_pair p, q;

	world_effects(&a, c->a);
	world_effects(&b, c->b);
	verdict_pair(&p, &arena, &a, &b);
	if (p.verdict != c->verdict)
		fail_msg("%s | %s: %s, not %s (%s)", c->a, c->b,
			 verdict_name(p.verdict), verdict_name(c->verdict),
			 p.n ? p.meetings[0].why : "no meeting");
	if (p.b_needs_a != (c->needs == 'b') ||
	    p.a_needs_b != (c->needs == 'a'))
		fail_msg("%s | %s: b needs a %d, a needs b %d", c->a, c->b,
			 p.b_needs_a, p.a_needs_b);
	assert_int_equal(p.n > 0, p.verdict != VERDICT_INDEPENDENT);
	verdict_pair(&q, &arena, &b, &a);
	assert_mirrored(&p, &q);
	if (p.verdict != VERDICT_IDENTICAL)
		assert_int_equal(verdict_commute(&a, &b),
				 p.verdict == VERDICT_INDEPENDENT);
	assert_int_equal(verdict_commute(&a, &b), verdict_commute(&b, &a));
	effects_release(&a);
	effects_release(&b);
	arena_release(&arena);
}

static inline void assert_verdicts(const struct verdict_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_verdict(&cases[i]);
}

#define assert_all(cases) assert_verdicts(cases, ARRAY_LEN(cases))

#endif
