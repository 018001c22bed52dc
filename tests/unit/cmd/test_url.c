#include "cmd/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "support/unit.h"

static void url_masked__hides_every_password(void **state)
{
	static const struct {
		const char *url, *masked;
		bool has;
	} cases[] = {
		{ "sqlite:dev.db", "sqlite:dev.db", false },
		{ "sqlite:a:b@c.db", "sqlite:a:b@c.db", false },
		{ "postgres://h/db", "postgres://h/db", false },
		{ "postgres://u@h:5432/db", "postgres://u@h:5432/db", false },
		{ "postgres://u:pw@h/db", "postgres://u:***@h/db", true },
		{ "postgres://u:p@w@h/db", "postgres://u:***@h/db", true },
		{ "postgres://u:p:w@h:1/db?x=a@b:c",
		  "postgres://u:***@h:1/db?x=a@b:c", true },
		{ "postgres://h/db?password=pw&x=1",
		  "postgres://h/db?password=***&x=1", true },
		{ "postgres://u:a@h/db?password=b",
		  "postgres://u:***@h/db?password=***", true },
		{ "host=h password=pw dbname=d", "host=h password=*** dbname=d",
		  true },
		{ "host=h password='p w' dbname=d",
		  "host=h password=*** dbname=d", true },
		{ "x?PASSWORD=pw&sslpassword=s",
		  "x?PASSWORD=***&sslpassword=***", true },
		{ "postgres://u:@h/db", "postgres://u:***@h/db", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *masked = url_masked(cases[i].url);

		assert_string_equal(masked, cases[i].masked);
		assert_int_equal(url_has_password(cases[i].url), cases[i].has);
		free(masked);
	}
}

static void url_sqlite_path__knows_one_scheme(void **state)
{
	(void)state;
	assert_string_equal(url_sqlite_path("sqlite:a/b.db"), "a/b.db");
	assert_string_equal(url_sqlite_path("sqlite:"), "");
	assert_null(url_sqlite_path("postgresql://h/d"));
	assert_null(url_sqlite_path("dev.db"));
}

/* $top/tree, $top/out, $top/tree/link -> ../out, $top/alias -> tree */
static void make_folders(char *top)
{
	char path[128];

	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/tree", top);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/out", top);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/tree/link", top);
	assert_int_equal(symlink("../out", path), 0);
	snprintf(path, sizeof(path), "%s/alias", top);
	assert_int_equal(symlink("tree", path), 0);
}

static void remove_folders(const char *top)
{
	static const char *const files[] = { "alias", "tree/link" };
	static const char *const folders[] = { "tree", "out", "." };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = file_join(top, files[i]);

		unlink(path);
		free(path);
	}
	for (size_t i = 0; i + 1 < ARRAY_LEN(folders); i++) {
		char *path = file_join(top, folders[i]);

		rmdir(path);
		free(path);
	}
	rmdir(top);
}

static void url_is_inside__follows_links(void **state)
{
	static const struct {
		const char *url;
		bool inside;
	} cases[] = {
		{ "sqlite:dev.db", true },
		{ "sqlite:not/there/dev.db", true },
		{ "sqlite:../tree/dev.db", true },
		{ "sqlite:../alias/dev.db", true },
		{ "sqlite:../out/dev.db", false },
		{ "sqlite:link/dev.db", false },
		{ "sqlite:../treeline/dev.db", false },
		{ "sqlite:not/../../out/dev.db", false },
		{ "sqlite:/tmp/dev.db", false },
		{ "postgresql://h/d", false },
	};
	char top[] = "/tmp/test-url-XXXXXX";
	char tree[64], alias[64];

	(void)state;
	make_folders(top);
	snprintf(tree, sizeof(tree), "%s/tree", top);
	snprintf(alias, sizeof(alias), "%s/alias", top);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(url_is_inside(cases[i].url, tree, tree),
				 cases[i].inside);
		assert_int_equal(url_is_inside(cases[i].url, alias, tree),
				 cases[i].inside);
	}
	assert_false(url_is_inside("sqlite:dev.db", tree, NULL));
	remove_folders(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_masked__hides_every_password),
		cmocka_unit_test(url_sqlite_path__knows_one_scheme),
		cmocka_unit_test(url_is_inside__follows_links),
	};

	return cmocka_run_group_tests_name("cmd/url", tests, NULL, NULL);
}
