#include "cmd/slug.h"

#include <stdlib.h>

#include "base/util.h"
#include "support/unit.h"

static char *slug(const char *name, size_t max)
{
	struct buf b = BUF_INIT;

	slug_add(&b, name, max);
	return buf_detach(&b);
}

static void slug_add__leaves_a_plain_name_alone(void **state)
{
	static const char *const names[] = { "main", "fix-login", "v1.2",
					     "a_b",  "2026",      "x-wal2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *s = slug(names[i], 63);

		assert_string_equal(s, names[i]);
		free(s);
	}
}

static void slug_add__marks_what_it_changes(void **state)
{
	static const struct {
		const char *name, *front;
	} cases[] = {
		{ "feature/login", "feature_login_" },
		{ "Feature", "feature_" },
		{ "a/b//c", "a_b_c_" },
		{ "gr\xc3\xbc\xc3\x9f", "gr__" },
		{ "100%", "100__" },
		{ "a'b\"c;d", "a_b_c_d_" },
		{ "a-wal", "a-wal_" },
		{ "x-migrate-copy", "x-migrate-copy_" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *s = slug(cases[i].name, 63);

		assert_int_equal(strlen(s), strlen(cases[i].front) + 8);
		assert_true(starts_with(s, cases[i].front));
		free(s);
	}
}

/* Different names, different slugs; also those that read alike. */
static void slug_add__tells_names_apart(void **state)
{
	static const char *const names[] = {
		"feature/login",
		"feature-login",
		"feature_login",
		"Feature/login",
		"feature//login",
		"feature/Login",
		"feature.login",
		"a-long-name-that-does-not-fit-where-it-has-to-go-1",
		"a-long-name-that-does-not-fit-where-it-has-to-go-2",
	};
	char *slugs[ARRAY_LEN(names)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		slugs[i] = slug(names[i], 24);
		assert_true(strlen(slugs[i]) <= 24);
		for (const char *p = slugs[i]; *p; p++)
			assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz"
					       "0123456789._-",
					       *p));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(slugs[i], slugs[k]);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		free(slugs[i]);
}

static void slug_add__fits_the_smallest_room(void **state)
{
	char *s = slug("something", SLUG_MIN);

	(void)state;
	assert_string_equal(s, "something");
	free(s);
	s = slug("something-long", SLUG_MIN);
	assert_int_equal(strlen(s), SLUG_MIN);
	assert_int_equal(*s, '_');
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slug_add__leaves_a_plain_name_alone),
		cmocka_unit_test(slug_add__marks_what_it_changes),
		cmocka_unit_test(slug_add__tells_names_apart),
		cmocka_unit_test(slug_add__fits_the_smallest_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
