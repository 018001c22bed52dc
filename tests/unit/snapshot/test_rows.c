#include "support/unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/rows.h"

/* Values as fields of a line, and back. */

#define INT(n)                            \
	{                                 \
		.type = ROW_INT, .i = (n) \
	}
#define REAL(r)                               \
	{                                     \
		.type = ROW_REAL, .real = (r) \
	}
#define TEXT(t)                                                  \
	{                                                        \
		.type = ROW_TEXT, .s = (t), .len = sizeof(t) - 1 \
	}
#define BLOB(t)                                                  \
	{                                                        \
		.type = ROW_BLOB, .s = (t), .len = sizeof(t) - 1 \
	}

static const struct {
	struct row_value value;
	const char *field;
} fields[] = {
	{ { .type = ROW_NULL }, "\\N" },
	{ { .type = ROW_ABSENT }, "!" },
	{ INT(0), "0" },
	{ INT(-12), "-12" },
	{ INT(INT64_MAX), "9223372036854775807" },
	{ INT(INT64_MIN), "-9223372036854775808" },
	{ REAL(1.0), "1.0" },
	{ REAL(-0.0), "-0" },
	{ REAL(0.0), "0.0" },
	{ REAL(0.1), "0.1" },
	{ REAL(-2.5), "-2.5" },
	{ REAL(1e300), "1e+300" },
	{ REAL(-1e-300), "-1e-300" },
	{ REAL(5e-324), NULL },
	{ REAL(DBL_MIN), NULL },
	{ REAL(DBL_MAX), NULL },
	{ REAL(DBL_MIN / 3), NULL },
	{ REAL(INFINITY), "inf" },
	{ REAL(-INFINITY), "-inf" },
	{ REAL(1e15), NULL },
	{ REAL(999999999999999.0), "999999999999999.0" },
	{ REAL(1e16), NULL },
	{ REAL(123456789012345678.0), NULL },
	{ REAL(0.30000000000000004), "0.30000000000000004" },
	{ REAL(100.25), "100.25" },
	{ REAL(0.000001), "0.000001" },
	{ REAL(0.0000001), NULL },
	{ REAL(3.141592653589793), "3.141592653589793" },
	{ REAL(9007199254740993.0), NULL },
	{ TEXT(""), "'" },
	{ TEXT("abc"), "'abc" },
	{ TEXT("a\tb\nc\rd\\e"), "'a\\tb\\nc\\rd\\\\e" },
	{ TEXT("\0"), "'\\0" },
	{ TEXT("a\0b"), "'a\\0b" },
	{ TEXT("\\N"), "'\\\\N" },
	{ TEXT("'"), "''" },
	{ TEXT("\xff\xfe\x80"), "'\xff\xfe\x80" },
	{ TEXT("gr\xc3\xbc\xc3\x9f"), "'gr\xc3\xbc\xc3\x9f" },
	{ TEXT("12"), "'12" },
	{ BLOB(""), "x" },
	{ BLOB("\0\xc0\xff\xee"), "x00C0FFEE" },
	{ BLOB("abc"), "x616263" },
};

static void assert_same_value(const struct row_value *a,
			      const struct row_value *b, const char *field)
{
	bool same = a->type == b->type;

	if (same && a->type == ROW_INT)
		same = a->i == b->i;
	if (same && a->type == ROW_REAL)
		same = !memcmp(&a->real, &b->real, sizeof(a->real));
	if (same && (a->type == ROW_TEXT || a->type == ROW_BLOB))
		same = a->len == b->len && !memcmp(a->s, b->s, a->len);
	if (!same || !row_matches(a, b))
		fail_msg("'%s' reads back as something else", field);
}

static void row_parse__reads_what_was_written(void **state)
{
	struct buf line = BUF_INIT, scratch = BUF_INIT;
	const char *pos, *end;

	(void)state;
	/* all in one line, so that each has a neighbour */
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		size_t at;

		if (i)
			buf_addch(&line, '\t');
		at = line.len;
		row_add_value(&line, &fields[i].value);
		if (fields[i].field && fields[i].value.type != ROW_REAL)
			assert_string_equal(buf_str(&line) + at,
					    fields[i].field);
	}
	assert_null(strchr(buf_str(&line), '\n'));
	pos = buf_str(&line);
	end = pos + line.len;
	buf_reserve(&scratch, line.len);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct row_value v;

		assert_ok(row_parse(&pos, end, &v, &scratch));
		assert_same_value(&fields[i].value, &v,
				  fields[i].field ? fields[i].field : "?");
	}
	assert_ptr_equal(pos, end + 1);
	buf_release(&line);
	buf_release(&scratch);
}

/* A real never looks like an integer, and is readable where it can be. */
static void row_add_value__marks_reals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct buf b = BUF_INIT;

		if (fields[i].value.type != ROW_REAL)
			continue;
		row_add_value(&b, &fields[i].value);
		if (!strpbrk(buf_str(&b), ".en"))
			fail_msg("%s looks like an integer", buf_str(&b));
		if (fields[i].field && fields[i].value.real != 0)
			assert_string_equal(buf_str(&b), fields[i].field);
		buf_release(&b);
	}
}

/* Any bits that are a number come back bit for bit. */
static void row_parse__reads_any_real(void **state)
{
	struct buf b = BUF_INIT, scratch = BUF_INIT;
	uint64_t bits = 88172645463325252;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct row_value v = { .type = ROW_REAL }, back;
		const char *pos;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		if (i % 2)
			memcpy(&v.real, &bits, sizeof(v.real));
		else
			v.real = (double)(int64_t)(bits >> 20) /
				 (double)(1 + (bits & 0xfffff));
		if (isnan(v.real))
			continue;
		buf_reset(&b);
		row_add_value(&b, &v);
		pos = buf_str(&b);
		assert_ok(row_parse(&pos, pos + b.len, &back, &scratch));
		assert_same_value(&v, &back, buf_str(&b));
	}
	buf_release(&b);
	buf_release(&scratch);
}

static void row_parse__refuses_damage(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		"12a",
		"1.5x",
		"\\",
		"\\X",
		"'a\\",
		"'a\\x",
		"xA",
		"xAG",
		"=",
		"=ab",
		"=abcd",
		"=ab*",
		"#12",
		"#0123456789abcdeg",
		"!!",
		"99999999999999999999",
		"9223372036854775808x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf scratch = BUF_INIT;
		const char *pos = bad[i];
		struct row_value v;
		struct err *err;

		buf_reserve(&scratch, 64);
		err = row_parse(&pos, pos + strlen(pos), &v, &scratch);
		if (!err)
			fail_msg("'%s' was read", bad[i]);
		assert_int_equal(err_class_of(err), ERR_STATE);
		err_free(err);
		buf_release(&scratch);
	}
}

static void row_parse__ends_with_the_line(void **state)
{
	struct buf scratch = BUF_INIT;
	const char *line = "1\t2", *pos = line, *end = line + 3;
	struct row_value v;

	(void)state;
	assert_ok(row_parse(&pos, end, &v, &scratch));
	assert_ok(row_parse(&pos, end, &v, &scratch));
	assert_int_equal(v.i, 2);
	assert_fails(row_parse(&pos, end, &v, &scratch), ERR_STATE);
	buf_release(&scratch);
}

/* Digests tell types and values apart, and match their own. */
static void row_matches__knows_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct buf b = BUF_INIT, scratch = BUF_INIT;
		const struct row_value *v = &fields[i].value;
		struct row_value same;
		const char *pos;

		if (v->type == ROW_ABSENT)
			continue;
		row_add_same(&b, v);
		assert_int_equal(b.len, 4);
		pos = buf_str(&b);
		assert_ok(row_parse(&pos, pos + b.len, &same, &scratch));
		assert_int_equal(same.type, ROW_SAME);
		for (size_t k = 0; k < ARRAY_LEN(fields); k++)
			if (fields[k].value.type != ROW_ABSENT)
				assert_int_equal(
					row_matches(&same, &fields[k].value),
					i == k);
		buf_release(&b);
		buf_release(&scratch);
	}
}

static void row_add_new__keeps_short_values(void **state)
{
	char bytes[ROW_NEW_MAX + 1];
	struct row_value v = { .type = ROW_TEXT, .s = bytes }, back;
	struct buf b = BUF_INIT, scratch = BUF_INIT;
	const char *pos;

	(void)state;
	memset(bytes, 'q', sizeof(bytes));
	v.len = ROW_NEW_MAX;
	row_add_new(&b, &v);
	assert_int_equal(b.data[0], '\'');
	assert_int_equal(b.len, ROW_NEW_MAX + 1);
	buf_reset(&b);
	v.len = ROW_NEW_MAX + 1;
	row_add_new(&b, &v);
	assert_int_equal(b.len, 17);
	pos = buf_str(&b);
	assert_ok(row_parse(&pos, pos + b.len, &back, &scratch));
	assert_int_equal(back.type, ROW_DIGEST);
	assert_true(row_matches(&back, &v));
	bytes[9] = 'p';
	assert_false(row_matches(&back, &v));
	bytes[9] = 'q';
	v.type = ROW_BLOB;
	assert_false(row_matches(&back, &v));
	buf_release(&b);
	buf_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_parse__reads_what_was_written),
		cmocka_unit_test(row_add_value__marks_reals),
		cmocka_unit_test(row_parse__reads_any_real),
		cmocka_unit_test(row_parse__refuses_damage),
		cmocka_unit_test(row_parse__ends_with_the_line),
		cmocka_unit_test(row_matches__knows_digests),
		cmocka_unit_test(row_add_new__keeps_short_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
