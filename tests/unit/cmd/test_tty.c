#include "cmd/tty.h"

#include <stdlib.h>

#include "base/util.h"
#include "support/unit.h"

/* A store whose configuration has two keys. */
struct fake {
	struct store base;
	const char *ui, *migrate;
};

static struct err *fake_config(struct store *s, const char *key, char **out,
			       bool *versioned)
{
	const struct fake *f = (const struct fake *)s;
	const char *v = streq(key, "color.ui") ? f->ui : f->migrate;

	(void)versioned;
	*out = v ? xstrdup(v) : NULL;
	return NULL;
}

static const struct store_ops fake_ops = { .config = fake_config };

/* Tests run without a terminal: only "always" can switch colour on. */
static void tty_init__weighs_what_speaks_for_colour(void **state)
{
	static const struct {
		const char *ui, *migrate, *no_color;
		bool option, want;
	} cases[] = {
		{ NULL, NULL, NULL, false, false },
		{ "auto", NULL, NULL, false, false },
		{ "true", NULL, NULL, false, false },
		{ "always", NULL, NULL, false, true },
		{ "ALWAYS", NULL, NULL, false, true },
		{ "always", "never", NULL, false, false },
		{ "never", "always", NULL, false, true },
		{ "always", "false", NULL, false, false },
		{ "always", NULL, "1", false, false },
		{ "always", NULL, "", false, true },
		{ "always", NULL, NULL, true, false },
		{ "always", "nonsense", NULL, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f = { { &fake_ops },
				  cases[i].ui,
				  cases[i].migrate };
		struct tty t;

		unsetenv("NO_COLOR");
		if (cases[i].no_color)
			setenv("NO_COLOR", cases[i].no_color, 1);
		tty_init(&t, &f.base, cases[i].option);
		assert_int_equal(t.color, cases[i].want);
	}
	unsetenv("NO_COLOR");
}

static void tty_color__is_empty_when_off(void **state)
{
	struct tty t = { .color = false };

	(void)state;
	for (int c = 0; c < TTY_COLOR_COUNT; c++)
		assert_string_equal(tty_color(&t, (enum tty_color)c), "");
	t.color = true;
	for (int c = 0; c < TTY_COLOR_COUNT; c++)
		assert_int_equal(tty_color(&t, (enum tty_color)c)[0], 033);
}

static void tty_init__takes_the_width_from_columns(void **state)
{
	struct tty t;

	(void)state;
	setenv("COLUMNS", "123", 1);
	tty_init(&t, NULL, false);
	assert_int_equal(t.err_width, 123);
	setenv("COLUMNS", "none", 1);
	tty_init(&t, NULL, false);
	assert_true(t.err_width > 0);
	unsetenv("COLUMNS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tty_init__weighs_what_speaks_for_colour),
		cmocka_unit_test(tty_color__is_empty_when_off),
		cmocka_unit_test(tty_init__takes_the_width_from_columns),
	};

	return cmocka_run_group_tests_name("cmd/tty", tests, NULL, NULL);
}
