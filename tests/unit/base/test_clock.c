#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "support/unit.h"

static const struct {
	int64_t seconds;
	const char *iso, *stamp;
} times[] = {
	{ 0, "1970-01-01T00:00:00Z", "19700101000000" },
	{ 951782400, "2000-02-29T00:00:00Z", "20000229000000" },
	{ 1795359845, "2026-11-22T15:04:05Z", "20261122150405" },
	{ 4102444800, "2100-01-01T00:00:00Z", "21000101000000" },
	{ 253402300799, "9999-12-31T23:59:59Z", "99991231235959" },
};

static void clock_iso__and_stamp_are_utc(void **state)
{
	char iso[CLOCK_ISO_SIZE], stamp[CLOCK_STAMP_SIZE];

	(void)state;
	setenv("TZ", "Asia/Kolkata", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		clock_iso(times[i].seconds, iso);
		assert_string_equal(iso, times[i].iso);
		clock_stamp(times[i].seconds, stamp);
		assert_string_equal(stamp, times[i].stamp);
		assert_int_equal(clock_parse_iso(times[i].iso),
				 times[i].seconds);
	}
	unsetenv("TZ");
	tzset();
}

static void clock_iso__of_a_year_of_five_digits_is_empty(void **state)
{
	char iso[CLOCK_ISO_SIZE], stamp[CLOCK_STAMP_SIZE];

	(void)state;
	memset(iso, 'x', sizeof(iso));
	memset(stamp, 'x', sizeof(stamp));
	clock_iso(253402300800, iso);
	clock_stamp(253402300800, stamp);
	assert_string_equal(iso, "");
	assert_string_equal(stamp, "");
}

static void clock_parse_iso__refuses_other_forms(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-11-22",
		"2026-11-22 15:04:05Z",
		"2026-11-22T15:04:05",
		"2026-11-22T15:04:05+",
		"2026-13-22T15:04:05Z",
		"2026-02-29T15:04:05Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T15:04:60Z",
		"2026-11-22T15:04:05ZZ",
		"2026-1-022T15:04:05Z",
		" 2026-11-2T15:04:05Z",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (clock_parse_iso(texts[i]) != -1)
			fail_msg("%s", texts[i]);
}

static void clock_now__can_be_fixed_for_tests(void **state)
{
	int64_t before = (int64_t)time(NULL), now;

	(void)state;
	unsetenv("GIT_MIGRATE_TEST_NOW");
	now = clock_now();
	assert_true(now >= before && now <= (int64_t)time(NULL));
	setenv("GIT_MIGRATE_TEST_NOW", "1795359845", 1);
	assert_int_equal(clock_now(), 1795359845);
	setenv("GIT_MIGRATE_TEST_NOW", "", 1);
	assert_true(clock_now() >= before);
	unsetenv("GIT_MIGRATE_TEST_NOW");
}

static void clock_steady_us__does_not_go_back(void **state)
{
	int64_t last = clock_steady_us();

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		int64_t now = clock_steady_us();

		assert_true(now >= last);
		last = now;
	}
}

static void clock_zone_minutes__counts_east(void **state)
{
	static const struct {
		const char *zone;
		int minutes;
	} rows[] = {
		{ "UTC0", 0 },
		{ "XXX-5:30", 330 }, /* POSIX counts west */
		{ "XXX+8", -480 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		setenv("TZ", rows[i].zone, 1);
		tzset();
		assert_int_equal(clock_zone_minutes(1795359845),
				 rows[i].minutes);
	}
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_iso__and_stamp_are_utc),
		cmocka_unit_test(clock_iso__of_a_year_of_five_digits_is_empty),
		cmocka_unit_test(clock_parse_iso__refuses_other_forms),
		cmocka_unit_test(clock_now__can_be_fixed_for_tests),
		cmocka_unit_test(clock_steady_us__does_not_go_back),
		cmocka_unit_test(clock_zone_minutes__counts_east),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
