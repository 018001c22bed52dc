#include "base/buf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

static void buf_add__grows_and_ends_with_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		buf_add(&b, "ab", 2);
		buf_addch(&b, 'c');
		assert_int_equal(b.len, (i + 1) * 3);
		assert_int_equal(b.data[b.len], 0);
	}
	assert_memory_equal(b.data + 29997, "abc", 4);
	assert_false(b.full);
	buf_release(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void buf_add__takes_any_bytes_and_none(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, NULL, 0);
	assert_string_equal(b.data, "");
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_release(&b);
}

static void buf_add__stops_at_the_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	buf_addstr(&b, "abc");
	buf_addstr(&b, "de");
	assert_false(b.full);
	buf_addstr(&b, "");
	assert_false(b.full);
	buf_addch(&b, 'f');
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "abcde");

	/* nothing more once something was lost, even if it would fit */
	buf_reset(&b);
	assert_false(b.full);
	buf_addstr(&b, "abcdef");
	buf_addch(&b, 'a');
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "");

	buf_release(&b);
	assert_int_equal(b.max, 5);
}

static void buf_add__refuses_when_reserved_space_passed_the_maximum(
	void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	memcpy(buf_reserve(&b, 8), "abcdefgh", 9);
	b.len += 8;
	buf_addch(&b, 'i');
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "abcdefgh");
	buf_release(&b);
}

static void buf_reserve__keeps_the_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_reserve(&b, 100);
	assert_string_equal(buf_str(&b), "");
	buf_addstr(&b, "abc");
	buf_reserve(&b, 100000);
	assert_string_equal(buf_str(&b), "abc");
	buf_release(&b);
}

static void buf_addf__formats_short_and_long(void **state)
{
	struct buf b = BUF_INIT;
	char filler[600];

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	buf_addf(&b, "%s-%d", "a", -7);
	assert_string_equal(buf_str(&b), "a--7");
	/* around the size of the buffer on the stack */
	for (int n = 250; n < 262; n++) {
		buf_reset(&b);
		buf_addf(&b, "%.*s", n, filler);
		assert_int_equal(b.len, n);
	}
	buf_reset(&b);
	buf_addf(&b, "<%s>", filler);
	assert_int_equal(b.len, 601);
	assert_int_equal(b.data[600], '>');
	buf_reset(&b);
	buf_addf(&b, "%c", 0);
	assert_int_equal(b.len, 1);
	buf_release(&b);
}

static void buf_addint__writes_every_size(void **state)
{
	static const struct {
		long long n;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -7, "-7" },
		{ 1000, "1000" },
		{ LLONG_MAX, "9223372036854775807" },
		{ LLONG_MIN, "-9223372036854775808" },
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		buf_addint(&b, rows[i].n);
		assert_string_equal(buf_str(&b), rows[i].text);
	}
	buf_release(&b);
}

static void buf_truncate__cuts_only(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_truncate(&b, 0);
	buf_addstr(&b, "abcdef");
	buf_truncate(&b, 6);
	assert_string_equal(buf_str(&b), "abcdef");
	buf_truncate(&b, 2);
	assert_string_equal(buf_str(&b), "ab");
	assert_int_equal(b.len, 2);
	buf_truncate(&b, 0);
	assert_string_equal(buf_str(&b), "");
	buf_release(&b);
}

static void buf_detach__hands_the_string_over(void **state)
{
	struct buf b = BUF_INIT;
	char *s = buf_detach(&b);

	(void)state;
	assert_string_equal(s, "");
	free(s);
	buf_addstr(&b, "abc");
	s = buf_detach(&b);
	assert_string_equal(s, "abc");
	assert_string_equal(buf_str(&b), "");
	buf_addstr(&b, "new");
	assert_string_equal(s, "abc");
	free(s);
	buf_release(&b);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_add__grows_and_ends_with_nul),
		cmocka_unit_test(buf_add__takes_any_bytes_and_none),
		cmocka_unit_test(buf_add__stops_at_the_maximum),
		cmocka_unit_test(
			buf_add__refuses_when_reserved_space_passed_the_maximum),
		cmocka_unit_test(buf_reserve__keeps_the_nul),
		cmocka_unit_test(buf_addf__formats_short_and_long),
		cmocka_unit_test(buf_addint__writes_every_size),
		cmocka_unit_test(buf_truncate__cuts_only),
		cmocka_unit_test(buf_detach__hands_the_string_over),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
