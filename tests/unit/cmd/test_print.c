#include "cmd/print.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/unit.h"

/* What a call wrote. */
struct sink {
	FILE *f;
	char *text;
	size_t len;
};

static void sink_open(struct sink *s)
{
	s->f = open_memstream(&s->text, &s->len);
	assert_non_null(s->f);
}

static void sink_expect(struct sink *s, const char *want)
{
	fclose(s->f);
	assert_string_equal(s->text, want);
	free(s->text);
}

static void print_safe__steers_no_terminal(void **state)
{
	struct sink s;

	(void)state;
	sink_open(&s);
	print_safe(s.f, "a\033[31m\r\n\t\x7f\xc2\x9b\xff caf\xc3\xa9");
	sink_expect(&s, "a\\x1b[31m\\x0d\\n\\x09\\x7f\\xc2\\x9b\\xff "
			"caf\xc3\xa9");
}

static void print_padded__counts_characters(void **state)
{
	struct sink s;

	(void)state;
	sink_open(&s);
	print_padded(s.f, "caf\xc3\xa9", 6);
	fputc('|', s.f);
	print_padded(s.f, "longer", 3);
	fputc('|', s.f);
	sink_expect(&s, "caf\xc3\xa9  |longer|");
}

static void print_text__keeps_lines_and_tabs(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "a", "> a\n" },
		{ "a\n", "> a\n" },
		{ "a\n\nb", "> a\n\n> b\n" },
		{ "\tx\ty\n", "> \tx\ty\n" },
		{ "a\r\nb\r\n", "> a\n> b\n" },
		{ "a\rb\n", "> a\\x0db\n" },
		{ "\033]0;x\007\n", "> \\x1b]0;x\\x07\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sink s;

		sink_open(&s);
		print_text(s.f, cases[i].in, "> ");
		sink_expect(&s, cases[i].out);
	}
}

static void print_cut__ends_in_an_ellipsis(void **state)
{
	static const struct {
		const char *in, *out;
		size_t width;
	} cases[] = {
		{ "abc", "abc", 3 },
		{ "abcd", "ab\xe2\x80\xa6", 3 },
		{ "\xc3\xa9\xc3\xa9\xc3\xa9", "\xc3\xa9\xe2\x80\xa6", 2 },
		{ "abcd", "\xe2\x80\xa6", 1 },
		{ "abcd", "abcd", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT;

		buf_addstr(&b, cases[i].in);
		print_cut(&b, cases[i].width);
		assert_string_equal(buf_str(&b), cases[i].out);
		buf_release(&b);
	}
}

static void print_err__is_one_line_and_a_hint(void **state)
{
	struct err *e = err_new(ERR_TARGET, "near \"FROM\": syntax\nerror");
	struct sink s;

	(void)state;
	e = err_hint(err_at(e, (struct err_at){ "m/\033.sql", 7, 3 }), "try");
	sink_open(&s);
	print_err(s.f, e);
	sink_expect(&s, "error: m/\\x1b.sql:7:3: near \"FROM\": "
			"syntax\\nerror\nhint: try\n");
	err_free(e);
}

static void print_err__says_fatal_where_git_does(void **state)
{
	static const struct {
		enum err_class cls;
		const char *text;
	} cases[] = {
		{ ERR_USAGE, "error: x\n" },     { ERR_REFUSED, "error: x\n" },
		{ ERR_INPUT, "fatal: x\n" },     { ERR_STORE, "fatal: x\n" },
		{ ERR_TARGET, "error: x\n" },    { ERR_STATE, "fatal: x\n" },
		{ ERR_CANCELLED, "error: x\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err *e = err_new(cases[i].cls, "x");
		struct sink s;

		sink_open(&s);
		print_err(s.f, e);
		sink_expect(&s, cases[i].text);
		err_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_safe__steers_no_terminal),
		cmocka_unit_test(print_padded__counts_characters),
		cmocka_unit_test(print_text__keeps_lines_and_tabs),
		cmocka_unit_test(print_cut__ends_in_an_ellipsis),
		cmocka_unit_test(print_err__is_one_line_and_a_hint),
		cmocka_unit_test(print_err__says_fatal_where_git_does),
	};

	return cmocka_run_group_tests_name("cmd/print", tests, NULL, NULL);
}
