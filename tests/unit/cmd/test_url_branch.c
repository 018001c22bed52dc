#include "cmd/url_branch.h"

#include <stdlib.h>

#include "base/util.h"
#include "cmd/slug.h"
#include "support/unit.h"

static void url_database__reads_what_libpq_reads(void **state)
{
	static const struct {
		const char *url, *name;
	} cases[] = {
		{ "postgresql://h/app", "app" },
		{ "postgres://u:p@h:5432/app?sslmode=require", "app" },
		{ "postgresql:///app?host=/run/postgresql", "app" },
		{ "postgresql://h/my%20app%2Fx", "my app/x" },
		{ "postgresql://h/app?dbname=other", "other" },
		{ "postgresql://?host=/tmp/x/y", NULL },
		{ "postgresql://h/", NULL },
		{ "postgresql://h", NULL },
		{ "service=x", NULL },
		{ "service=x dbname=app", "app" },
		{ "service=x dbname='my \\'app' user=u", "my 'app" },
		{ "sqlite:dev.db", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *name = url_database(cases[i].url);

		assert_true(streq_null(name, cases[i].name));
		free(name);
	}
}

static void url_of_copy__lies_beside_it(void **state)
{
	static const struct {
		const char *url, *branch, *copy;
	} cases[] = {
		{ "sqlite:dev.db", "feature", "sqlite:dev.db-feature.db" },
		{ "sqlite:/a b/data", "x", "sqlite:/a b/data-x.db" },
		{ "postgresql://u:p@h:1/app?x=y", "feature",
		  "postgresql://u:p@h:1/app_feature?x=y" },
		{ "postgresql:///my%20app", "x", "postgresql:///my%20app_x" },
		{ "postgresql://h/a?dbname=b&x=1", "x",
		  "postgresql://h/a?dbname=b_x&x=1" },
		{ "service=s dbname=app user=u", "x",
		  "service=s dbname='app_x' user=u" },
		{ "postgresql://h", "x", NULL },
		{ "service=s", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *copy = url_of_copy(cases[i].url, cases[i].branch);

		assert_true(streq_null(copy, cases[i].copy));
		free(copy);
	}
}

static void url_of_copy__is_never_longer_than_a_server_takes(void **state)
{
	const char *url = "postgresql://h/"
			  "a_database_whose_name_has_sixty_three_bytes_which_"
			  "is_all_it_may";
	char *one = url_of_copy(url, "feature/one");
	char *two = url_of_copy(url, "feature/two");
	char *name = url_database(one);

	(void)state;
	assert_true(strlen(name) <= SLUG_DATABASE_MAX);
	assert_string_not_equal(one, two);
	free(name);
	free(two);
	free(one);
}

static void url_expand__fills_in_both(void **state)
{
	static const struct {
		const char *url, *out;
	} cases[] = {
		{ "sqlite:dev.db", "sqlite:dev.db" },
		{ "sqlite:${worktree}/${branch}.db", "sqlite:side/topic.db" },
		{ "postgresql://h/app_${branch}", "postgresql://h/app_topic" },
		{ "postgresql://h/a?application_name=${worktree}",
		  "postgresql://h/a?application_name=side" },
		{ "service=s dbname=app_${branch}",
		  "service=s dbname=app_topic" },
		{ "sqlite:a$b{c}.db", "sqlite:a$b{c}.db" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *out;

		assert_ok(url_expand(cases[i].url, "topic", "side", &out));
		assert_string_equal(out, cases[i].out);
		free(out);
	}
}

static void url_expand__keeps_to_the_limit(void **state)
{
	const char *branch = "a-branch-with-a-name-of-some-length-as-they-come";
	char *out, *name;
	struct err *err;

	(void)state;
	assert_ok(
		url_expand("postgresql://h/my_application_${branch}_${branch}",
			   branch, NULL, &out));
	name = url_database(out);
	assert_true(strlen(name) <= SLUG_DATABASE_MAX);
	free(name);
	free(out);
	err = url_expand("postgresql://h/a_name_that_is_so_long_that_there_is_"
			 "no_room_for_it_at_all_${branch}",
			 branch, NULL, &out);
	assert_int_equal(err_class_of(err), ERR_INPUT);
	assert_null(out);
	err_free(err);
}

static void url_expand__knows_no_other(void **state)
{
	static const char *const urls[] = { "sqlite:${brnach}.db",
					    "sqlite:x${.db",
					    "postgresql://h/${user}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		char *out;
		struct err *err = url_expand(urls[i], "b", "w", &out);

		assert_int_equal(err_class_of(err), ERR_INPUT);
		assert_non_null(err_hint_of(err));
		assert_null(out);
		err_free(err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_database__reads_what_libpq_reads),
		cmocka_unit_test(url_of_copy__lies_beside_it),
		cmocka_unit_test(
			url_of_copy__is_never_longer_than_a_server_takes),
		cmocka_unit_test(url_expand__fills_in_both),
		cmocka_unit_test(url_expand__keeps_to_the_limit),
		cmocka_unit_test(url_expand__knows_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
