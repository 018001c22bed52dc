#include "cmd/units.h"

#include "base/util.h"
#include "support/unit.h"

static void units_duration__reads_every_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "0", 0 },        { "500ms", 500 },
		{ "5s", 5000 },    { "2min", 120000 },
		{ "1h", 3600000 }, { "1d", 86400000 },
		{ "5 s", 5000 },   { "2147483647ms", INT32_MAX },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(units_duration(cases[i].text, &ms));
		assert_int_equal(ms, cases[i].ms);
	}
}

static void units_duration__refuses(void **state)
{
	static const char *const bad[] = {
		"",     "5",   "s",   "-1s",  "5x",
		"1.5s", "5ss", "25d", "1e3s", "99999999999999999999s"
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(units_duration(bad[i], &ms));
}

static void units_size__reads_every_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0 },
		{ "1024", 1024 },
		{ "10b", 10 },
		{ "1k", 1024 },
		{ "500m", (uint64_t)500 << 20 },
		{ "2GiB", (uint64_t)2 << 30 },
		{ "2 gb", (uint64_t)2 << 30 },
		{ "1t", (uint64_t)1 << 40 },
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(units_size(cases[i].text, &bytes));
		assert_int_equal(bytes, cases[i].bytes);
	}
	assert_false(units_size("", &bytes));
	assert_false(units_size("two", &bytes));
	assert_false(units_size("2x", &bytes));
	assert_false(units_size("-2g", &bytes));
	assert_false(units_size("9999999999t", &bytes));
}

static void units_bool__reads_as_git_does(void **state)
{
	bool b;

	(void)state;
	assert_true(units_bool(NULL, &b) && b);
	assert_true(units_bool("Yes", &b) && b);
	assert_true(units_bool("on", &b) && b);
	assert_true(units_bool("1", &b) && b);
	assert_true(units_bool("", &b) && !b);
	assert_true(units_bool("FALSE", &b) && !b);
	assert_true(units_bool("off", &b) && !b);
	assert_false(units_bool("maybe", &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_duration__reads_every_unit),
		cmocka_unit_test(units_duration__refuses),
		cmocka_unit_test(units_size__reads_every_unit),
		cmocka_unit_test(units_bool__reads_as_git_does),
	};

	return cmocka_run_group_tests_name("cmd/units", tests, NULL, NULL);
}
