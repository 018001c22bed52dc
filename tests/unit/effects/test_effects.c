#include "base/util.h"
#include "effects/effects.h"
#include "support/unit.h"

static struct effect thing(enum effect_kind kind, const char *schema,
			   const char *table, const char *name)
{
	return (struct effect){ .action = EFFECT_USE,
				.kind = kind,
				.schema = schema,
				.table = table,
				.name = name };
}

static void same_thing__by_space_and_name(void **state)
{
	static const struct {
		enum effect_kind ka, kb;
		const char *sa, *ta, *na, *sb, *tb, *nb;
		bool same;
	} rows[] = {
		{ EFFECT_TABLE, EFFECT_VIEW, "s", NULL, "a", "s", NULL, "a",
		  true },
		{ EFFECT_TABLE, EFFECT_TABLE, "s", NULL, "a", "z", NULL, "a",
		  false },
		{ EFFECT_TABLE, EFFECT_TABLE, NULL, NULL, "a", NULL, NULL, "a",
		  true },
		{ EFFECT_TABLE, EFFECT_TABLE, NULL, NULL, "a", "s", NULL, "a",
		  false },
		{ EFFECT_TABLE, EFFECT_TABLE, "s", NULL, "a", "s", NULL, "b",
		  false },
		{ EFFECT_INDEX, EFFECT_INDEX, "s", "t", "i", "s", "u", "i",
		  true },
		{ EFFECT_INDEX, EFFECT_SEQUENCE, "s", "t", "i", "s", NULL, "i",
		  true },
		{ EFFECT_TYPE, EFFECT_TABLE, "s", NULL, "a", "s", NULL, "a",
		  true },
		{ EFFECT_ROWS, EFFECT_TABLE, "s", NULL, "a", "s", NULL, "a",
		  false },
		{ EFFECT_COLUMN, EFFECT_COLUMN, "s", "t", "c", "s", "t", "c",
		  true },
		{ EFFECT_COLUMN, EFFECT_COLUMN, "s", "t", "c", "s", "u", "c",
		  false },
		{ EFFECT_COLUMN, EFFECT_CONSTRAINT, "s", "t", "c", "s", "t",
		  "c", false },
		{ EFFECT_TRIGGER, EFFECT_TRIGGER, "s", "t", "c", "s", "u", "c",
		  false },
		{ EFFECT_POLICY, EFFECT_POLICY, "s", "t", "c", "s", "t", "c",
		  true },
		{ EFFECT_LABEL, EFFECT_LABEL, "s", "e", "x", "s", "f", "x",
		  false },
		{ EFFECT_ROUTINE, EFFECT_ROUTINE, "s", NULL, "f", "s", NULL,
		  "f(integer)", true },
		{ EFFECT_ROUTINE, EFFECT_ROUTINE, "s", NULL, "f(text)", "s",
		  NULL, "f(integer)", false },
		{ EFFECT_ROUTINE, EFFECT_ROUTINE, "s", NULL, "fg(integer)", "s",
		  NULL, "f", false },
		{ EFFECT_ROUTINE, EFFECT_TABLE, "s", NULL, "f", "s", NULL, "f",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct effect a =
			thing(rows[i].ka, rows[i].sa, rows[i].ta, rows[i].na);
		struct effect b =
			thing(rows[i].kb, rows[i].sb, rows[i].tb, rows[i].nb);

		if (effect_same_thing(&a, &b) != rows[i].same ||
		    effect_same_thing(&b, &a) != rows[i].same)
			fail_msg("row %zu", i);
	}
}

static void same_thing__nameless_constraints_by_digest(void **state)
{
	struct effect a = thing(EFFECT_CONSTRAINT, "s", "t", "");
	struct effect b = a;

	(void)state;
	a.digest = "check a > 0";
	b.digest = "check a > 1";
	assert_false(effect_same_thing(&a, &b));
	b.digest = "check a > 0";
	assert_true(effect_same_thing(&a, &b));
	a.name = b.name = "k";
	b.digest = "other";
	assert_true(effect_same_thing(&a, &b));
}

static void space__names_clash_within(void **state)
{
	(void)state;
	assert_int_equal(effect_space(EFFECT_TABLE), effect_space(EFFECT_VIEW));
	assert_int_equal(effect_space(EFFECT_TABLE),
			 effect_space(EFFECT_INDEX));
	assert_int_not_equal(effect_space(EFFECT_TABLE),
			     effect_space(EFFECT_ROWS));
	for (int a = 0; a < EFFECT_ACTION_COUNT; a++)
		assert_non_null(effect_action_name((enum effect_action)a));
	for (int k = 0; k < EFFECT_KIND_COUNT; k++)
		assert_non_null(effect_kind_name((enum effect_kind)k));
}

static void expect_line(const struct effect *e, const char *line)
{
	struct buf out = BUF_INIT;

	effect_describe(&out, e);
	assert_string_equal(buf_str(&out), line);
	buf_release(&out);
}

/* One that uses every field there is. */
static void fill(struct effects *set)
{
	static const char *columns[] = { "name", "mail", NULL };
	static const char *reads[] = { "id", NULL };
	static struct effect_literal where[] = { { "id", "1" },
						 { "gone", NULL } };
	static struct effect_literal sets[] = { { "name", "'x'" } };
	struct effect *e;

	e = effects_add(set, EFFECT_ALTER, EFFECT_COLUMN, "public", "users",
			"name");
	e->aspect = "type";
	e->digest = "text";
	e->line = 3;
	e = effects_add(set, EFFECT_UPDATE, EFFECT_ROWS, NULL, NULL, "users");
	e->columns = columns;
	e->reads = reads;
	e->where = where;
	e->n_where = 2;
	e->sets = sets;
	e->n_sets = 1;
	e->each_literal = e->fires = true;
	e->line = 400;
	e->col = 7;
	e->statement = 12345;
	e = effects_add(set, EFFECT_INSERT, EFFECT_ROWS, "public", NULL,
			"users");
	e->all_columns = true;
	e->generates_key = e->implied = e->conditional = e->strict = true;
	e = effects_add(set, EFFECT_UNCERTAIN, EFFECT_OTHER, NULL, NULL, NULL);
	e->why = "dynamic SQL in function f";
	e = effects_add(set, EFFECT_CREATE, EFFECT_INDEX, "public", "users",
			"i");
	e->from = "j";
	e = effects_add(set, EFFECT_DROP, EFFECT_OTHER, NULL, NULL,
			"cast (a as b)");
	e->aspect = "if exists";
	effects_add(set, EFFECT_USE, EFFECT_CONSTRAINT, "public", "users", "");
}

static const char *const filled[] = {
	"3: alter column public.users.name type -> text",
	"400: update rows of users (name, mail) by (id) set name = 'x'"
	" where id = 1, gone = null",
	"0: insert rows of public.users (*) strict generates-key implied"
	" conditional",
	"0: uncertain anything: dynamic SQL in function f",
	"0: create index public.i on users from j",
	"0: drop cast (a as b) if exists",
	"0: use constraint public.users.(no name)",
};

static void describe__one_line(void **state)
{
	struct effects set;

	(void)state;
	effects_init(&set);
	fill(&set);
	assert_int_equal(set.n, ARRAY_LEN(filled));
	for (size_t i = 0; i < set.n; i++)
		expect_line(&set.items[i], filled[i]);
	effects_release(&set);
}

static void describe__no_control_characters(void **state)
{
	struct effect e = thing(EFFECT_TABLE, NULL, NULL, "a\033[2J\nb");

	(void)state;
	expect_line(&e, "0: use table a\\x1b[2J\\nb");
}

static void copy__owns_all_of_it(void **state)
{
	struct effects from, to;

	(void)state;
	effects_init(&from);
	effects_init(&to);
	fill(&from);
	for (size_t i = 0; i < from.n; i++)
		effects_copy(&to, &from.items[i]);
	effects_release(&from);
	/* of itself, while it grows */
	for (size_t i = 0; i < 40; i++)
		effects_copy(&to, &to.items[i]);
	assert_int_equal(to.n, ARRAY_LEN(filled) + 40);
	for (size_t i = 0; i < to.n; i++)
		expect_line(&to.items[i], filled[i % ARRAY_LEN(filled)]);
	assert_true(to.items[1].each_literal);
	assert_int_equal(to.items[1].statement, 12345);
	effects_release(&to);
}

static void encode__round_trip(void **state)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	struct effects set, back;

	(void)state;
	effects_init(&set);
	fill(&set);
	effects_encode(&one, &set);
	assert_true(effects_decode(&back, one.data, one.len));
	assert_int_equal(back.n, set.n);
	for (size_t i = 0; i < back.n; i++)
		expect_line(&back.items[i], filled[i]);
	assert_true(back.items[1].each_literal);
	assert_true(back.items[1].fires);
	assert_false(back.items[2].fires);
	assert_int_equal(back.items[1].col, 7);
	assert_int_equal(back.items[1].statement, 12345);
	assert_null(back.items[0].columns);
	effects_encode(&two, &back);
	assert_string_equal(buf_str(&one), buf_str(&two));
	assert_int_equal(one.len, two.len);
	effects_release(&set);
	effects_release(&back);
	buf_release(&one);
	buf_release(&two);
}

static void encode__nothing(void **state)
{
	struct buf out = BUF_INIT;
	struct effects set, back;

	(void)state;
	effects_init(&set);
	effects_encode(&out, &set);
	assert_true(effects_decode(&back, out.data, out.len));
	assert_int_equal(back.n, 0);
	effects_release(&back);
	buf_release(&out);
}

static void decode__only_what_is_whole(void **state)
{
	struct buf out = BUF_INIT;
	struct effects set, back;

	(void)state;
	effects_init(&set);
	fill(&set);
	effects_encode(&out, &set);
	for (size_t len = 0; len < out.len; len++) {
		assert_false(effects_decode(&back, out.data, len));
		assert_int_equal(back.n, 0);
	}
	for (size_t i = 0; i < out.len; i++) {
		out.data[i] ^= 4;
		assert_false(effects_decode(&back, out.data, out.len));
		out.data[i] ^= 4;
	}
	buf_addch(&out, 'x');
	assert_false(effects_decode(&back, out.data, out.len));
	assert_false(effects_decode(&back, NULL, 0));
	effects_release(&set);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_thing__by_space_and_name),
		cmocka_unit_test(same_thing__nameless_constraints_by_digest),
		cmocka_unit_test(space__names_clash_within),
		cmocka_unit_test(describe__one_line),
		cmocka_unit_test(describe__no_control_characters),
		cmocka_unit_test(copy__owns_all_of_it),
		cmocka_unit_test(encode__round_trip),
		cmocka_unit_test(encode__nothing),
		cmocka_unit_test(decode__only_what_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
