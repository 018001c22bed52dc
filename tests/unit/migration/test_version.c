#include <limits.h>

#include "unit/migration/cases.h"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void migration_compare_versions__goes_by_value(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "1", "1", 0 },
		{ "1", "2", -1 },
		{ "9", "10", -1 },
		{ "007", "7", 0 },
		{ "0", "000", 0 },
		{ "1.2", "1.10", -1 },
		{ "1.2", "1_2", 0 },
		{ "1-2", "1.2", 0 },
		{ "1", "1.0", 0 },
		{ "1", "1.0.0", 0 },
		{ "1", "1.0.1", -1 },
		{ "1.1", "1", 1 },
		{ "4.2/03", "4.10/01", -1 },
		{ "4.2/03", "4.2/3", 0 },
		{ "4.2/10", "4.2/9", 1 },
		{ "4", "4/1", -1 },
		{ "4/1", "4.2", -1 },
		{ "4.0/1", "4/1", 0 },
		{ "1a", "1b", -1 },
		{ "1a2", "1a10", -1 },
		{ "1a", "1", 1 },
		{ "", "", 0 },
		{ "", "1", -1 },
		{ "2024-01-02", "2024-01-10", -1 },
		{ "20260101120000", "20251231235959", 1 },
		{ "99999999999999999999999", "100000000000000000000000", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int there, back;

		there = migration_compare_versions(rows[i].a, rows[i].b);
		back = migration_compare_versions(rows[i].b, rows[i].a);
		if (sign(there) != rows[i].order || sign(back) != -sign(there))
			fail_msg("%s and %s: %d and %d", rows[i].a, rows[i].b,
				 there, back);
	}
}

/* A total order: sorting never sees a < b < c < a. */
static void migration_compare_versions__is_transitive(void **state)
{
	static const char *const all[] = {
		"",    "0",     "1",  "1.0", "1.0.1", "1.1",  "1.2/3", "1/2",
		"1_2", "1-a",   "1a", "1b",  "01",    "10",   "2",     "2.0/1",
		"2/1", "2/1.5", "20", "a",   "a1",    "a01b", "1.a",   "1..2",
	};
	const size_t n = ARRAY_LEN(all);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			for (size_t k = 0; k < n; k++) {
				int ab = migration_compare_versions(all[i],
								    all[j]);
				int bc = migration_compare_versions(all[j],
								    all[k]);
				int ac = migration_compare_versions(all[i],
								    all[k]);

				if (ab <= 0 && bc <= 0 && ac > 0)
					fail_msg("%s %s %s", all[i], all[j],
						 all[k]);
			}
}

static void migration_is_nearer__names_only_what_is_near(void **state)
{
	static const struct {
		const char *typed, *candidate;
		bool near;
	} rows[] = {
		{ "goose", "goose", true },
		{ "gose", "goose", true },
		{ "ab", "xyz", false },
		{ "20260101120000_user", "20260101120000_users", true },
		{ "20260101120000_users", "20270202120000_orders", false },
		{ "users", "20260101120000_users", true },
		{ "us", "20260101120000_users", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned best = UINT_MAX;

		assert_int_equal(migration_is_nearer(rows[i].typed,
						     rows[i].candidate, &best),
				 rows[i].near);
	}
}

static void migration_is_nearer__keeps_the_best(void **state)
{
	unsigned best = UINT_MAX;

	(void)state;
	assert_true(migration_is_nearer("orders", "order", &best));
	assert_false(migration_is_nearer("orders", "border", &best));
	assert_true(migration_is_nearer("orders", "orders", &best));
	assert_int_equal(best, 0);
	assert_false(migration_is_nearer("orders", "orders", &best));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_compare_versions__goes_by_value),
		cmocka_unit_test(migration_compare_versions__is_transitive),
		cmocka_unit_test(migration_is_nearer__names_only_what_is_near),
		cmocka_unit_test(migration_is_nearer__keeps_the_best),
	};

	return cmocka_run_group_tests_name("migration/version", tests, NULL,
					   NULL);
}
