#include <stdio.h>

#include "unit/decide/verdict_world.h"

/* Random effects on few things: what is said of a pair is said of its mirror,
 * and about a migration and itself, whatever the table says. */

#define PAIRS 4000

static unsigned next(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

#define PICK(seed, words) ((words)[next(seed, ARRAY_LEN(words))])

static void add_thing(struct buf *out, unsigned *seed)
{
	static const char *const actions[] = { "create", "drop", "alter", "use",
					       "uncertain" };
	static const char *const things[] = {
		"table t",       "table u",        "view t",
		"index t.i",     "index u.i",      "column t.a",
		"column t.b",    "column u.a",     "constraint t.k",
		"constraint t.", "trigger t.x",    "trigger t.x in=",
		"routine f",     "routine f(int)", "schema public",
		"label e.x",     "label e.y",      "type e",
		"sequence i",    "role app",       "rule t.r"
	};
	static const char *const words[] = { "",
					     "",
					     " @type",
					     " @default",
					     " @columns",
					     " @if_exists",
					     " @or_replace",
					     " @null",
					     " @schema",
					     " @definition" };
	static const char *const marks[] = {
		"", "", "", " !implied", " !strict", " cols=a", " cols=insert"
	};
	static const char *const digests[] = { "", " #1", " #2" };

	buf_addf(out, "%s %s%s%s%s;", PICK(seed, actions), PICK(seed, things),
		 PICK(seed, words), PICK(seed, digests), PICK(seed, marks));
}

static void add_rows(struct buf *out, unsigned *seed)
{
	static const char *const actions[] = { "insert", "update", "delete",
					       "select" };
	static const char *const columns[] = { "", " cols=a", " cols=b",
					       " cols=a,b", " !all" };
	static const char *const reads[] = { "", " reads=", " reads=a",
					     " reads=b" };
	static const char *const wheres[] = {
		"",           " where=a:1",     " where=a:2",
		" where=b:1", " where=a:1,b:2", " where=a:NULL"
	};
	static const char *const sets[] = { "", " sets=a:1", " sets=a:2" };
	static const char *const marks[] = {
		"", "", " !gen", " !implied", " @exists", " @absent"
	};

	buf_addf(out, "%s %s%s%s%s%s%s;", PICK(seed, actions),
		 next(seed, 4) ? "t" : "u", PICK(seed, columns),
		 PICK(seed, reads), PICK(seed, wheres), PICK(seed, sets),
		 PICK(seed, marks));
}

static void random_effects(struct effects *out, unsigned *seed)
{
	struct buf text = BUF_INIT;

	for (unsigned n = 1 + next(seed, 5); n > 0; n--) {
		if (next(seed, 3))
			add_thing(&text, seed);
		else
			add_rows(&text, seed);
	}
	if (!next(seed, 20))
		buf_addstr(&text, "unknown;");
	world_effects(out, buf_str(&text));
	buf_release(&text);
}

static void pair__and_its_mirror_say_the_same(void **state)
{
	size_t seen[VERDICT_COUNT] = { 0 };
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		struct arena arena = ARENA_INIT;
		struct effects a, b;
		struct verdict_pair p, q;

		random_effects(&a, &seed);
		random_effects(&b, &seed);
		verdict_pair(&p, &arena, &a, &b);
		verdict_pair(&q, &arena, &b, &a);
		assert_mirrored(&p, &q);
		assert_int_equal(verdict_commute(&a, &b),
				 verdict_commute(&b, &a));
		if (p.verdict != VERDICT_IDENTICAL)
			assert_int_equal(verdict_commute(&a, &b),
					 p.verdict == VERDICT_INDEPENDENT);
		seen[p.verdict]++;
		effects_release(&a);
		effects_release(&b);
		arena_release(&arena);
	}
	assert_true(seen[VERDICT_INDEPENDENT] > 0);
	assert_true(seen[VERDICT_UNCERTAIN] > 0);
	assert_true(seen[VERDICT_ORDER] > 0);
	assert_true(seen[VERDICT_CONFLICT] > 0);
}

/* Each effect on its own: then nothing but it can be the reason. */
static void pair__of_one_and_itself_is_the_same(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		struct arena arena = ARENA_INIT;
		struct effects a, b;
		struct verdict_pair p;

		random_effects(&a, &seed);
		effects_init(&b);
		for (size_t k = 0; k < a.n; k++)
			effects_copy(&b, &a.items[k]);
		verdict_pair(&p, &arena, &a, &b);
		if (p.verdict == VERDICT_IDENTICAL)
			for (size_t k = 0; k < p.n; k++)
				assert_int_equal(p.meetings[k].verdict,
						 VERDICT_IDENTICAL);
		effects_release(&a);
		effects_release(&b);
		arena_release(&arena);
	}
}

/* 20,000 things on each side that do not meet: each is looked up once. */
static void pair__many_that_do_not_meet_are_quick(void **state)
{
	struct arena arena = ARENA_INIT;
	struct effects a, b;
	struct verdict_pair p;

	(void)state;
	effects_init(&a);
	effects_init(&b);
	for (int i = 0; i < 20000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "t%d", i);
		effects_add(&a, EFFECT_ALTER, EFFECT_COLUMN, "s", name, "c");
		effects_add(&b, EFFECT_ALTER, EFFECT_COLUMN, "z", name, "c");
	}
	verdict_pair(&p, &arena, &a, &b);
	assert_int_equal(p.verdict, VERDICT_INDEPENDENT);
	effects_release(&a);
	effects_release(&b);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair__and_its_mirror_say_the_same),
		cmocka_unit_test(pair__of_one_and_itself_is_the_same),
		cmocka_unit_test(pair__many_that_do_not_meet_are_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
