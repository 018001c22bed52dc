#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "support/unit.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_file-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char *command = xasprintf("rm -rf %s", folder);
	int rc = system(command); /* NOLINT: a path that mkdtemp() made */

	(void)state;
	free(command);
	return rc;
}

static void file_write__can_be_read_back(void **state)
{
	char *path = file_join(folder, "a");
	struct buf b = BUF_INIT;
	struct stat st;

	(void)state;
	assert_false(file_exists(path));
	assert_ok(file_write(path, "a\0b\n", 4, 0640));
	assert_true(file_exists(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_ok(file_read(path, 4, &b));
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\n", 5);
	/* a second one replaces the first */
	assert_ok(file_write(path, "", 0, 0600));
	buf_reset(&b);
	assert_ok(file_read(path, 0, &b));
	assert_int_equal(b.len, 0);
	buf_release(&b);
	free(path);
}

static void file_write__leaves_nothing_behind_when_it_fails(void **state)
{
	char *path = file_join(folder, "sub"), *in = file_join(path, "none/a");
	char *list = xasprintf("ls -A %s/sub | grep -q .", folder);

	(void)state;
	assert_ok(file_mkdirs(path, 0700));
	assert_fails(file_write(in, "x", 1, 0600), ERR_INPUT);
	assert_false(file_exists(in));
	free(in);
	/* a folder cannot be replaced by a file: the rename fails */
	in = file_join(path, "b");
	assert_ok(file_mkdirs(in, 0700));
	assert_fails(file_write(in, "x", 1, 0600), ERR_INPUT);
	assert_int_equal(rmdir(in), 0);
	assert_int_not_equal(system(list), 0); /* NOLINT: as above */
	free(list);
	free(in);
	free(path);
}

static void file_read__of_an_empty_file_is_an_empty_string(void **state)
{
	char *path = file_join(folder, "empty");
	struct buf b = BUF_INIT;

	(void)state;
	assert_ok(file_write(path, NULL, 0, 0600));
	assert_ok(file_read(path, 10, &b));
	assert_string_equal(buf_str(&b), "");
	buf_release(&b);
	free(path);
}

static void file_read__keeps_the_maximum(void **state)
{
	char *path = file_join(folder, "large"), *data = xmalloc(200000);
	struct buf b = BUF_INIT;
	struct err *e;

	(void)state;
	memset(data, 'x', 200000);
	assert_ok(file_write(path, data, 200000, 0600));
	e = file_read(path, 199999, &b);
	assert_non_null(e);
	assert_int_equal(err_class_of(e), ERR_INPUT);
	assert_non_null(strstr(err_text(e), "over 199999 bytes"));
	err_free(e);
	assert_int_equal(b.len, 0);
	/* the maximum is the file's, whatever is in the buffer already */
	buf_addstr(&b, "before ");
	assert_ok(file_read(path, 200000, &b));
	assert_int_equal(b.len, 200007);
	assert_memory_equal(b.data, "before xxx", 10);
	assert_fails(file_read(path, 3, &b), ERR_INPUT);
	assert_int_equal(b.len, 200007);
	buf_release(&b);
	free(data);
	free(path);
}

static void file_read__names_what_cannot_be_read(void **state)
{
	char *path = file_join(folder, "none");
	struct buf b = BUF_INIT;
	struct err *e = file_read(path, 10, &b);

	(void)state;
	assert_non_null(e);
	assert_int_equal(err_class_of(e), ERR_INPUT);
	assert_non_null(strstr(err_text(e), path));
	assert_non_null(strstr(err_text(e), strerror(ENOENT)));
	err_free(e);
	assert_fails(file_read(folder, 10, &b), ERR_INPUT);
	buf_release(&b);
	free(path);
}

static void file_write_all__goes_on_after_short_writes(void **state)
{
	int fds[2];
	char text[8] = "";

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_ok(file_write_all(fds[1], "abc", 3));
	assert_ok(file_write_all(fds[1], "", 0));
	assert_int_equal(read(fds[0], text, 8), 3);
	assert_string_equal(text, "abc");
	close(fds[1]);
	assert_fails(file_write_all(fds[0], "abc", 3), ERR_INPUT);
	close(fds[0]);
}

static void file_mkdirs__makes_parents(void **state)
{
	static const char *const paths[] = { "p/q/r", "p/q/r", "p/q/r/",
					     "p//q/s", "p" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char *path = file_join(folder, paths[i]);

		assert_ok(file_mkdirs(path, 0700));
		assert_ok(file_sync_dir(path));
		free(path);
	}
	assert_ok(file_mkdirs("/", 0700));
}

static void file_mkdirs__refuses_a_file_in_the_way(void **state)
{
	char *file = file_join(folder, "file"), *below = file_join(file, "a");

	(void)state;
	assert_ok(file_write(file, "x", 1, 0600));
	assert_fails(file_mkdirs(file, 0700), ERR_INPUT);
	assert_fails(file_mkdirs(below, 0700), ERR_INPUT);
	assert_fails(file_mkdirs("", 0700), ERR_INPUT);
	assert_fails(file_sync_dir(file), ERR_INPUT);
	free(below);
	free(file);
}

static void file_join__puts_one_slash_between(void **state)
{
	static const struct {
		const char *a, *b, *joined;
	} rows[] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" },
		{ "", "b", "b" },    { "a", "/b", "/b" },
		{ "/", "b", "/b" },  { "a/b", "c/d", "a/b/c/d" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *joined = file_join(rows[i].a, rows[i].b);

		assert_string_equal(joined, rows[i].joined);
		free(joined);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_write__can_be_read_back),
		cmocka_unit_test(
			file_write__leaves_nothing_behind_when_it_fails),
		cmocka_unit_test(
			file_read__of_an_empty_file_is_an_empty_string),
		cmocka_unit_test(file_read__keeps_the_maximum),
		cmocka_unit_test(file_read__names_what_cannot_be_read),
		cmocka_unit_test(file_write_all__goes_on_after_short_writes),
		cmocka_unit_test(file_mkdirs__makes_parents),
		cmocka_unit_test(file_mkdirs__refuses_a_file_in_the_way),
		cmocka_unit_test(file_join__puts_one_slash_between),
	};

	return cmocka_run_group_tests_name("base/file", tests, make_folder,
					   remove_folder);
}
