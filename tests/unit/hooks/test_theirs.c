#include "hooks/theirs.h"

#include <stdint.h>

#include "base/util.h"
#include "support/unit.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct hook_theirs of_env(const char *const *env)
{
	struct hook_theirs t;

	hook_theirs_of_env(&t, (char *const *)(uintptr_t)env);
	return t;
}

static void env__tells_ids_and_names_in_order(void **state)
{
	static const char *const env[] = { "PATH=/bin", "GITHEAD_" B "=two",
					   "GITHEAD_" A "=origin/one", "HOME=/",
					   NULL };
	struct hook_theirs t = of_env(env);

	(void)state;
	assert_int_equal(t.n, 2);
	assert_string_equal(t.sides[0].id, A);
	assert_string_equal(t.sides[0].name, "origin/one");
	assert_string_equal(t.sides[1].id, B);
	assert_string_equal(t.sides[1].name, "two");
	hook_theirs_release(&t);
	assert_int_equal(t.n, 0);
}

static void env__takes_whole_ids_only(void **state)
{
	static const char *const env[] = {
		"GITHEAD_=x", "GITHEAD_abc=x",  "GITHEAD_" A "b=x",
		"GITHEAD_" A, "GITHEAD_main=x", "XGITHEAD_" A "=x",
		NULL
	};
	static const char *const sha256[] = { "GITHEAD_" A
					      "bbbbbbbbbbbbbbbbbbbbbbbb=x",
					      "GITHEAD_" B "=", NULL };
	struct hook_theirs t = of_env(env);

	(void)state;
	assert_int_equal(t.n, 0);
	t = of_env(sha256);
	assert_int_equal(t.n, 2);
	assert_int_equal(strlen(t.sides[0].id), 64);
	assert_null(t.sides[1].name);
	hook_theirs_release(&t);
}

static void file__has_a_line_for_each(void **state)
{
	struct hook_theirs t;

	(void)state;
	hook_theirs_of_file(&t, B "\n" A "\nnonsense\n" A "x\n");
	assert_int_equal(t.n, 2);
	assert_string_equal(t.sides[0].id, B);
	assert_string_equal(t.sides[1].id, A);
	assert_null(t.sides[0].name);
	hook_theirs_release(&t);
	hook_theirs_of_file(&t, "");
	assert_int_equal(t.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(env__tells_ids_and_names_in_order),
		cmocka_unit_test(env__takes_whole_ids_only),
		cmocka_unit_test(file__has_a_line_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
