#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "support/unit.h"

/* Every byte, and every short sequence, beside the C library's opinion. */

/* iconv takes it as UTF-8, whole. */
static bool is_utf8(iconv_t cd, const char *s, size_t n)
{
	char out[64], *to = out, copy[8], *from = copy;
	size_t left = sizeof(out);

	memcpy(copy, s, n);
	iconv(cd, NULL, NULL, NULL, NULL);
	return iconv(cd, &from, &n, &to, &left) == 0 && !n;
}

static void compare(iconv_t cd, const unsigned char *s, size_t n)
{
	const char *p = (const char *)s;
	bool ours = text_utf8_valid(p, n) == n;

	if (ours != is_utf8(cd, p, n))
		fail_msg("%02x %02x %02x %02x (%zu): we say %d", s[0], s[1],
			 s[2], s[3], n, ours);
}

static void text_utf8_valid__agrees_with_the_c_library(void **state)
{
	static const unsigned char edges[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f,
					       0x90, 0x9f, 0xa0, 0xbf, 0xc0,
					       0xc2, 0xe0, 0xff };
	iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
	unsigned char s[4] = { 0 };

	(void)state;
	assert_true(cd != (iconv_t)-1);
	for (unsigned a = 0; a < 256; a++) {
		s[0] = (unsigned char)a;
		compare(cd, s, 1);
		for (unsigned b = 0; b < 256; b++) {
			s[1] = (unsigned char)b;
			compare(cd, s, 2);
			for (size_t c = 0; c < ARRAY_LEN(edges); c++) {
				s[2] = edges[c];
				compare(cd, s, 3);
				for (size_t d = 0; d < ARRAY_LEN(edges); d++) {
					s[3] = edges[d];
					compare(cd, s, 4);
				}
			}
		}
	}
	iconv_close(cd);
}

static void text_safe__of_every_byte(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		const char in[] = { 'a', (char)c, 'z', '\0' };
		char want[16], *got = text_safe(in);

		if (c == '\n')
			strcpy(want, "a\\nz");
		else if (c >= 0x20 && c < 0x7f)
			snprintf(want, sizeof(want), "a%cz", (int)c);
		else /* no byte above is UTF-8 by itself */
			snprintf(want, sizeof(want), "a\\x%02xz", c);
		assert_string_equal(got, want);
		free(got);
	}
}

/* Every character of two bytes; those up to U+9F steer (C1). */
static void text_safe__of_every_character_of_two_bytes(void **state)
{
	(void)state;
	for (unsigned code = 0x80; code < 0x800; code++) {
		const char in[] = { (char)(0xc0 | code >> 6),
				    (char)(0x80 | (code & 0x3f)), '\0' };
		char want[16], *got = text_safe(in);

		snprintf(want, sizeof(want), "\\xc2\\x%02x", code);
		assert_string_equal(got, code < 0xa0 ? want : in);
		free(got);
	}
}

/* Whatever goes in: what comes out is UTF-8, without anything that steers. */
static void text_safe__of_anything_steers_nothing(void **state)
{
	unsigned long seed = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char in[24], *out;
		size_t n, len = 1 + (size_t)i % (sizeof(in) - 1);

		for (size_t k = 0; k < len; k++) {
			seed = seed * 6364136223846793005UL +
			       1442695040888963UL;
			in[k] = (char)(1 + (seed >> 33) % 255);
			if (seed >> 60 < 6) /* near the rules' borders */
				in[k] = "\xc2\x9b\xe2\x80\xf0\x1b"[seed >> 60];
		}
		in[len] = '\0';
		out = text_safe(in);
		n = strlen(out);
		assert_int_equal(text_utf8_valid(out, n), n);
		for (const unsigned char *p = (unsigned char *)out; *p; p++) {
			assert_true(*p >= 0x20 && *p != 0x7f);
			assert_false(p[0] == 0xc2 && p[1] < 0xa0);
		}
		free(out);
	}
}

/* --- the calendar, by counting days --- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static void clock__agrees_with_a_calendar(void **state)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30,
					  31, 31, 30, 31, 30, 31 };
	int64_t day = 0;
	int n = 0;

	(void)state;
	for (int y = 1970; y < 2110; y++)
		for (int m = 1; m <= 12; m++) {
			int last = month_days[m - 1] + (m == 2 && is_leap(y));

			for (int d = 1; d <= last; d++, day++, n++) {
				int s = n * 7919 % 86400;
				char iso[CLOCK_ISO_SIZE], want[64];
				char stamp[CLOCK_STAMP_SIZE];

				clock_iso(day * 86400 + s, iso);
				clock_stamp(day * 86400 + s, stamp);
				snprintf(want, sizeof(want),
					 "%04d-%02d-%02dT%02d:%02d:%02dZ", y, m,
					 d, s / 3600, s / 60 % 60, s % 60);
				assert_string_equal(iso, want);
				assert_true(clock_parse_iso(iso) ==
					    day * 86400 + s);
				snprintf(want, sizeof(want),
					 "%04d%02d%02d%02d%02d%02d", y, m, d,
					 s / 3600, s / 60 % 60, s % 60);
				assert_string_equal(stamp, want);
			}
		}
}

/* One character changed, dropped or doubled is another time or none. */
static void clock_parse_iso__takes_its_own_form_only(void **state)
{
	static const char good[] = "2026-11-22T15:04:05Z";
	static const char others[] = "0159-:TZtz +.,x";

	(void)state;
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		for (const char *c = others; *c; c++) {
			char text[sizeof(good)], back[CLOCK_ISO_SIZE];
			int64_t t;

			memcpy(text, good, sizeof(good));
			text[i] = *c;
			t = clock_parse_iso(text);
			if (t < 0)
				continue;
			clock_iso(t, back);
			assert_string_equal(back, text);
		}
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		char *less = xasprintf("%.*s%s", (int)i, good, good + i + 1);
		char *more = xasprintf("%.*s%s", (int)i + 1, good, good + i);

		assert_true(clock_parse_iso(less) == -1);
		assert_true(clock_parse_iso(more) == -1);
		free(less);
		free(more);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_utf8_valid__agrees_with_the_c_library),
		cmocka_unit_test(text_safe__of_every_byte),
		cmocka_unit_test(text_safe__of_every_character_of_two_bytes),
		cmocka_unit_test(text_safe__of_anything_steers_nothing),
		cmocka_unit_test(clock__agrees_with_a_calendar),
		cmocka_unit_test(clock_parse_iso__takes_its_own_form_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
