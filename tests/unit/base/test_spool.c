#include "base/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "support/unit.h"

/* Byte i of what is written below. */
static char byte_at(size_t i)
{
	return (char)(i * 7 + (i >> 8) * 13 + (i >> 16));
}

static void add(struct spool *s, size_t n)
{
	char *data = xmalloc(n + 1);
	size_t at = spool_len(s);

	for (size_t i = 0; i < n; i++)
		data[i] = byte_at(at + i);
	assert_ok(spool_add(s, data, n));
	assert_int_equal(spool_len(s), at + n);
	free(data);
}

static void check(struct spool *s, size_t at, size_t n)
{
	const char *data;

	assert_ok(spool_at(s, at, n, &data));
	assert_non_null(data);
	for (size_t i = 0; i < n; i++)
		if (data[i] != byte_at(at + i))
			fail_msg("%zu bytes at %zu: byte %zu is another", n, at,
				 i);
}

static void spool__stays_in_memory_while_it_is_small(void **state)
{
	struct spool s;

	(void)state;
	spool_init(&s, "/nowhere", 1000);
	assert_int_equal(spool_len(&s), 0);
	add(&s, 0);
	add(&s, 300);
	add(&s, 700);
	check(&s, 0, 1000);
	check(&s, 999, 1);
	check(&s, 1000, 0);
	assert_int_equal(s.fd, -1);
	spool_release(&s);
}

static void spool__goes_on_in_a_file(void **state)
{
	static const size_t limits[] = { 0, 1, 1000, 100000 };
	struct spool s;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(limits); k++) {
		spool_init(&s, "/tmp", limits[k]);
		for (size_t n = 1; n < 400; n++)
			add(&s, n * 5);
		add(&s, 600000);
		add(&s, 3);
		assert_true(s.fd >= 0);
		assert_true(s.tail.len <= limits[k]);
		for (size_t at = 0; at < spool_len(&s); at += 40001)
			check(&s, at, 1);
		check(&s, 17, 300000);
		check(&s, 0, spool_len(&s));
		check(&s, spool_len(&s) - 3, 3);
		spool_release(&s);
	}
}

static void spool_at__takes_what_lies_on_both_sides(void **state)
{
	struct spool s;

	(void)state;
	spool_init(&s, "/tmp", 100);
	add(&s, 200);
	add(&s, 50);
	assert_int_equal(s.in_file, 200);
	assert_int_equal(s.tail.len, 50);
	check(&s, 190, 20);
	add(&s, 60);
	check(&s, 100, 210);
	spool_release(&s);
}

static void spool_truncate__forgets_the_end(void **state)
{
	static const size_t at[] = { 0, 100, 150, 200, 230, 250 };
	struct spool s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		spool_init(&s, "/tmp", 100);
		add(&s, 200);
		add(&s, 50);
		check(&s, 0, 200);
		spool_truncate(&s, at[i]);
		assert_int_equal(spool_len(&s), at[i]);
		check(&s, 0, at[i]);
		add(&s, 400);
		check(&s, 0, at[i] + 400);
		spool_release(&s);
	}
}

static void spool_add__says_where_it_cannot_write(void **state)
{
	struct spool s;
	struct err *err;

	(void)state;
	spool_init(&s, "/nowhere/at/all", 10);
	err = spool_add(&s, "0123456789a", 11);
	assert_non_null(err);
	assert_int_equal(err_class_of(err), ERR_STATE);
	assert_non_null(strstr(err_text(err), "/nowhere/at/all"));
	err_free(err);
	spool_release(&s);
}

static void spool_at__tells_of_a_file_that_was_cut(void **state)
{
	const char *data;
	struct spool s;

	(void)state;
	spool_init(&s, "/tmp", 10);
	add(&s, 100);
	assert_int_equal(ftruncate(s.fd, 40), 0);
	assert_fails(spool_at(&s, 0, 100, &data), ERR_INPUT);
	spool_release(&s);
}

static void file_open_temporary__leaves_no_name(void **state)
{
	char dir[] = "/tmp/test_spool-XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_ok(file_open_temporary(dir, &fd));
	assert_true(fd >= 0);
	assert_int_equal(rmdir(dir), 0); /* it is empty */
	close(fd);
	assert_fails(file_open_temporary(dir, &fd), ERR_STATE);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spool__stays_in_memory_while_it_is_small),
		cmocka_unit_test(spool__goes_on_in_a_file),
		cmocka_unit_test(spool_at__takes_what_lies_on_both_sides),
		cmocka_unit_test(spool_truncate__forgets_the_end),
		cmocka_unit_test(spool_add__says_where_it_cannot_write),
		cmocka_unit_test(spool_at__tells_of_a_file_that_was_cut),
		cmocka_unit_test(file_open_temporary__leaves_no_name),
	};

	return cmocka_run_group_tests_name("base/spool", tests, NULL, NULL);
}
