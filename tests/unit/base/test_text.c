#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

static void text_utf8_valid__finds_the_first_bad_byte(void **state)
{
	static const struct {
		const char *text;
		size_t offset; /* of the bad byte, or the length */
	} rows[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "\xc3\xa9", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },         /* U+10FFFF */
		{ "\xed\x9f\xbf\xee\x80\x80", 6 }, /* around the surrogates */
		{ "a\x80", 1 },                    /* continuation alone */
		{ "a\xc3", 1 },                    /* cut short */
		{ "a\xe2\x82", 1 },
		{ "a\xf0\x9f\x98", 1 },
		{ "a\xc3\x28", 1 },
		{ "\xc0\x80", 0 }, /* overlong */
		{ "\xc1\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xed\xa0\x80", 0 },     /* surrogate */
		{ "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "ab\xff", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
			text_utf8_valid(rows[i].text, strlen(rows[i].text)),
			rows[i].offset);
	assert_int_equal(text_utf8_valid("a\0b", 3), 3);
	/* not a byte past the length */
	assert_int_equal(text_utf8_valid("\xe2\x82\xac", 2), 0);
}

static void text_safe__leaves_a_terminal_nothing_to_obey(void **state)
{
	static const struct {
		const char *text, *safe;
	} rows[] = {
		{ "", "" },
		{ "plain \\ text", "plain \\ text" },
		{ "a\nb", "a\\nb" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "\t\r\x7f\x01", "\\x09\\x0d\\x7f\\x01" },
		{ "\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* C1: CSI */
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "a\xff\xc3", "a\\xff\\xc3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *safe = text_safe(rows[i].text);

		assert_string_equal(safe, rows[i].safe);
		free(safe);
	}
}

static void text_distance__counts_edits(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "abc", "abc", 0 },
		{ "status", "statsu", 1 },
		{ "apply", "aply", 1 },
		{ "kitten", "sitting", 3 },
		{ "ab", "ba", 1 },
		{ "abcdef", "badcfe", 3 },
		{ "a", "b", 1 },
	};
	char longer[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(text_distance(rows[i].a, rows[i].b),
				 rows[i].distance);
		assert_int_equal(text_distance(rows[i].b, rows[i].a),
				 rows[i].distance);
	}
	memset(longer, 'a', sizeof(longer));
	longer[299] = '\0';
	assert_int_equal(text_distance(longer, "a"), 255);
	assert_int_equal(text_distance("a", longer), 255);
	longer[254] = '\0';
	assert_int_equal(text_distance(longer, ""), 254);
	assert_int_equal(text_distance(longer, longer), 0);
}

static void text_compare_natural__orders_numbers_by_value(void **state)
{
	/* each before all those behind it */
	static const char *const sorted[] = {
		"",
		"0",
		"00",
		"01",
		"1",
		"2_a",
		"2_b",
		"9",
		"0010",
		"10",
		"100",
		"20260101000000",
		"99999999999999999999999999999",
		"a",
		"a1",
		"a1b",
		"a2",
		"a10",
		"b",
		"\xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		for (size_t k = 0; k < ARRAY_LEN(sorted); k++) {
			int order = text_compare_natural(sorted[i], sorted[k]);

			if ((order > 0) != (i > k) || (order < 0) != (i < k))
				fail_msg("'%s' and '%s': %d", sorted[i],
					 sorted[k], order);
		}
	}
}

static void text_position__counts_from_one(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		unsigned line, col;
	} rows[] = {
		{ "", 0, 1, 1 },          { "abc", 2, 1, 3 },
		{ "a\nb", 1, 1, 2 },      { "a\nb", 2, 2, 1 },
		{ "a\r\nb", 3, 2, 1 },    { "\n\n\n", 3, 4, 1 },
		{ "\xc3\xa9x", 2, 1, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned line, col;

		text_position(rows[i].text, rows[i].offset, &line, &col);
		assert_int_equal(line, rows[i].line);
		assert_int_equal(col, rows[i].col);
	}
}

static void text_add_hex__is_lower_case(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	text_add_hex(&b, "\x00\x0f\xa5\xff", 4);
	text_add_hex(&b, "", 0);
	assert_string_equal(buf_str(&b), "000fa5ff");
	buf_release(&b);
}

static void text_add_size__has_one_decimal(void **state)
{
	static const struct {
		unsigned long long bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 bytes" },
		{ 1, "1 byte" },
		{ 1023, "1023 bytes" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 1048524, "1023.9 KiB" },
		{ 1048575, "1.0 MiB" },
		{ 2147483648ULL, "2.0 GiB" },
		{ 1ULL << 52, "4096.0 TiB" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b = BUF_INIT;

		text_add_size(&b, rows[i].bytes);
		assert_string_equal(buf_str(&b), rows[i].text);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_utf8_valid__finds_the_first_bad_byte),
		cmocka_unit_test(text_safe__leaves_a_terminal_nothing_to_obey),
		cmocka_unit_test(text_distance__counts_edits),
		cmocka_unit_test(text_compare_natural__orders_numbers_by_value),
		cmocka_unit_test(text_position__counts_from_one),
		cmocka_unit_test(text_add_hex__is_lower_case),
		cmocka_unit_test(text_add_size__has_one_decimal),
	};

	return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
