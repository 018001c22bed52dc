#include "cmd/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "support/unit.h"

static void files_folder__stays_in_the_work_tree(void **state)
{
	static const char *const bad[] = { "",       "/tmp",      "..",
					   "a/..",   "../x",      ".git",
					   ".git/x", "a/../../b", "link",
					   "link/x" };
	char top[] = "/tmp/test-files-XXXXXX";
	char *link, *out, *want;

	(void)state;
	assert_non_null(mkdtemp(top));
	link = file_join(top, "link");
	assert_int_equal(symlink("/usr", link), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_fails(files_folder(top, bad[i], &out), ERR_INPUT);
		assert_null(out);
	}
	assert_ok(files_folder(top, "db/migrate", &out));
	want = file_join(top, "db/migrate");
	assert_string_equal(out, want);
	free(want);
	free(out);
	assert_ok(files_folder(top, ".", &out));
	assert_string_equal(out, top);
	free(out);
	assert_ok(files_folder(top, ".gitlab/sql", &out));
	free(out);
	unlink(link);
	free(link);
	rmdir(top);
}

static void files_from_here__is_the_shortest_way(void **state)
{
	static const struct {
		const char *cwd, *path, *want;
	} cases[] = {
		{ "/usr", "/usr/none.sql", "none.sql" },
		{ "/usr", "/usr/lib/none.sql", "lib/none.sql" },
		{ "/usr/lib", "/usr/none.sql", "../none.sql" },
		{ "/usr/lib", "/usr/libnone/x.sql", "../libnone/x.sql" },
		{ "/usr/lib", "/etc/none.sql", "../../etc/none.sql" },
		{ "/", "/usr/none.sql", "usr/none.sql" },
	};
	char *was = getcwd(NULL, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got;

		assert_int_equal(chdir(cases[i].cwd), 0);
		got = files_from_here(cases[i].path);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
	assert_int_equal(chdir(was), 0);
	free(was);
}

static void files_need_worktree__refuses_a_bare_repository(void **state)
{
	(void)state;
	assert_ok(files_need_worktree("/x"));
	assert_fails(files_need_worktree(NULL), ERR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_folder__stays_in_the_work_tree),
		cmocka_unit_test(files_from_here__is_the_shortest_way),
		cmocka_unit_test(
			files_need_worktree__refuses_a_bare_repository),
	};

	return cmocka_run_group_tests_name("cmd/files", tests, NULL, NULL);
}
