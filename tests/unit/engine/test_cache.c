#include "support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "engine/check_impl.h"

/* How much of what a check has computed is kept. */

static char folder[] = "/tmp/test_cache.XXXXXX";

/* A file of that many bytes that was used so many hours ago. */
static void keep(const char *name, size_t bytes, int hours)
{
	char *path = xasprintf("%s/%s", folder, name), *slash;
	struct timespec times[2] = { { .tv_sec = 1700000000 - hours * 3600 } };
	char *zeros = xcalloc(bytes, 1);
	struct err *err;

	slash = strrchr(path, '/');
	*slash = '\0';
	assert_null(file_mkdirs(path, 0777));
	*slash = '/';
	memset(zeros, 'x', bytes);
	err = file_write(path, zeros, bytes, 0666);
	assert_null(err);
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(zeros);
	free(path);
}

static bool is_kept(const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	bool there = file_exists(path);

	free(path);
	return there;
}

static void prune__takes_what_was_not_used_for_the_longest(void **state)
{
	(void)state;
	keep("image/aa/old", 65536, 30);
	keep("image/aa/new", 65536, 1);
	keep("effects/bb/older", 4096, 40);
	keep("effects/bb/mid", 65536, 10);
	keep("stranger", 65536, 99);
	check_prune(folder, 3 * 65536 + 8192);
	assert_true(is_kept("image/aa/old"));
	assert_true(is_kept("effects/bb/older"));
	check_prune(folder, 3 * 65536);
	assert_false(is_kept("effects/bb/older"));
	assert_false(is_kept("image/aa/old"));
	assert_true(is_kept("effects/bb/mid"));
	assert_true(is_kept("image/aa/new"));
	assert_true(is_kept("stranger"));
}

static void prune__of_no_folder_does_nothing(void **state)
{
	(void)state;
	check_prune("/nonexistent/folder", 1);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
	char *cmd = xasprintf("rm -rf '%s'", folder);
	int rc = system(cmd);

	(void)state;
	free(cmd);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			prune__takes_what_was_not_used_for_the_longest),
		cmocka_unit_test(prune__of_no_folder_does_nothing),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
