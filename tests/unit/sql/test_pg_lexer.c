#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/util.h"
#include "sql/pg_lexer.h"
#include "support/unit.h"

/* One letter for each kind, and the token: "w:select n:1". */
static void print_tokens(struct buf *out, const char *text, bool escapes)
{
	static const char kinds[] = "esCwNQDnpS.bi";
	struct pg_lexer l;
	struct pg_token t;

	pg_lexer_init(&l, text, strlen(text));
	l.escapes = escapes;
	while ((t = pg_lexer_next(&l)).kind != PG_TK_END) {
		if (t.kind == PG_TK_SPACE)
			continue;
		if (out->len)
			buf_addch(out, ' ');
		buf_addch(out, kinds[t.kind]);
		buf_addch(out, ':');
		buf_add(out, t.text, t.len);
	}
}

struct row {
	const char *text, *tokens;
};

static void check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf got = BUF_INIT;

		print_tokens(&got, rows[i].text, false);
		assert_string_equal(buf_str(&got), rows[i].tokens);
		buf_release(&got);
	}
}

#define CHECK_ALL(rows) check_all(rows, ARRAY_LEN(rows))

static void pg_lexer__knows_words_and_names(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ " \t\n\v\f\r", "" },
		{ "a B_1$ _c", "w:a w:B_1$ w:_c" },
		{ "\xc3\xa9t\xc3\xa9", "w:\xc3\xa9t\xc3\xa9" },
		{ "\"a\" \"b\"\"c\"\"\"\"\"", "N:\"a\" N:\"b\"\"c\"\"\"\"\"" },
		{ "\"\\\" a", "N:\"\\\" w:a" },
		{ "u&\"a\"U&\"b\" u& \"c\"",
		  "N:u&\"a\" N:U&\"b\" w:u .:& N:\"c\"" },
		{ "a\"b\"c", "w:a N:\"b\" w:c" },
		{ "a.b", "w:a .:. w:b" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void pg_lexer__knows_strings(void **state)
{
	static const struct row rows[] = {
		{ "'' 'a' 'b''c'", "Q:'' Q:'a' Q:'b''c'" },
		{ "'a\\'b", "Q:'a\\' w:b" },
		{ "e'a\\'b' E'\\\\'", "Q:e'a\\'b' Q:E'\\\\'" },
		{ "b'1' X'f' n'a' U&'\\'", "Q:b'1' Q:X'f' Q:n'a' Q:U&'\\'" },
		{ "e 'a\\'b", "w:e Q:'a\\' w:b" },
		{ "ee'a\\'b", "w:ee Q:'a\\' w:b" },
		{ "'a' 'b'", "Q:'a' Q:'b'" },
		{ "'a'\n'b'", "Q:'a'\n'b'" },
		{ "'a' \r\n\t 'b' \n\n 'c'd", "Q:'a' \r\n\t 'b' \n\n 'c' w:d" },
		{ "'a' -- x\n --y\n 'b'", "Q:'a' -- x\n --y\n 'b'" },
		{ "'a' -- x\n b", "Q:'a' C:-- x w:b" },
		{ "'a' /* \n */ 'b'", "Q:'a' C:/* \n */ Q:'b'" },
		{ "'a'\ne'b'", "Q:'a' Q:e'b'" },
		{ "'a'\n\"b\"", "Q:'a' N:\"b\"" },
		{ "\"a\"\n\"b\"", "N:\"a\" N:\"b\"" },
		{ "$$a$$ $x$b$$ $y$ $x$", "D:$$a$$ D:$x$b$$ $y$ $x$" },
		{ "$$a$$\n'b'", "D:$$a$$ Q:'b'" },
		{ "$x$$y$$x$", "D:$x$$y$$x$" },
		{ "$X$$x$ $X$", "D:$X$$x$ $X$" },
		{ "$_1$a$_1$", "D:$_1$a$_1$" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void pg_lexer__knows_numbers(void **state)
{
	static const struct row rows[] = {
		{ "1 10 1.5 1. .5", "n:1 n:10 n:1.5 n:1. n:.5" },
		{ "1e5 1E+5 1.5e-5 .5e5", "n:1e5 n:1E+5 n:1.5e-5 n:.5e5" },
		{ "1e 1e+ 1-5", "n:1e n:1e .:+ n:1 .:- n:5" },
		{ "0x1F 0o17 0b1 1_000.0_1",
		  "n:0x1F n:0o17 n:0b1 n:1_000.0_1" },
		{ "0x1e-5", "n:0x1e .:- n:5" },
		{ "1..2", "n:1 .:.. n:2" },
		{ "1.2.3", "n:1.2 n:.3" },
		{ "12ab", "n:12ab" },
		{ "$1 $12 $1a", "p:$1 p:$12 p:$1 w:a" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void pg_lexer__knows_operators(void **state)
{
	static const struct row rows[] = {
		{ "a::b:=c=>d:e", "w:a .::: w:b .::= w:c .:=> w:d .:: w:e" },
		{ "(a,b)[1]", ".:( w:a .:, w:b .:) .:[ n:1 .:]" },
		{ "1+-2", "n:1 .:+ .:- n:2" },
		{ "1*-2", "n:1 .:* .:- n:2" },
		{ "a @- b", "w:a .:@- w:b" },
		{ "a<-b", "w:a .:< .:- w:b" },
		{ "a->>b", "w:a .:->> w:b" },
		{ "a<->b", "w:a .:<-> w:b" },
		{ "a|/b", "w:a .:|/ w:b" },
		{ "a+--b", "w:a .:+ C:--b" },
		{ "a*/*b*/c", "w:a .:* C:/*b*/ w:c" },
		{ "a@--b", "w:a .:@ C:--b" },
		{ ";", "S:;" },
		{ "a\\b", "w:a b:\\ w:b" },
		{ "{}", "i:{ i:}" },
		{ "$ a$", "i:$ w:a$" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void pg_lexer__knows_comments(void **state)
{
	static const struct row rows[] = {
		{ "-- a\nb", "C:-- a w:b" },
		{ "-- a\rb", "C:-- a w:b" },
		{ "--", "C:--" },
		{ "/**/a", "C:/**/ w:a" },
		{ "/*/*/**/*/*/a", "C:/*/*/**/*/*/ w:a" },
		{ "/* ' $$ \" */a", "C:/* ' $$ \" */ w:a" },
		{ "a - - b", "w:a .:- .:- w:b" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void pg_lexer__takes_backslashes_when_told(void **state)
{
	static const struct row rows[] = {
		{ "'a\\'b'", "Q:'a\\'b'" },
		{ "n'a\\'b'", "Q:n'a\\'b'" },
		{ "x'\\' b'\\' u&'\\'", "Q:x'\\' Q:b'\\' Q:u&'\\'" },
		{ "\"\\\"", "N:\"\\\"" },
		{ "'a\\", "i:'a\\" },
		{ "'a'\n'\\''", "Q:'a'\n'\\''" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf got = BUF_INIT;

		print_tokens(&got, rows[i].text, true);
		assert_string_equal(buf_str(&got), rows[i].tokens);
		buf_release(&got);
	}
}

static void pg_token_unterminated__says_what(void **state)
{
	static const struct {
		const char *text, *what;
	} rows[] = {
		{ "'a", "string" },
		{ "e'\\'", "string" },
		{ "b'1", "string" },
		{ "U&'a\"", "string" },
		{ "'a'\n'b", "string" },
		{ "\"a'", "quoted name" },
		{ "u&\"a", "quoted name" },
		{ "/* a", "comment" },
		{ "/*/**/", "comment" },
		{ "$$a$", "dollar quote" },
		{ "$a$b$A$", "dollar quote" },
		{ "$", NULL },
		{ "$ a", NULL },
		{ "{", NULL },
		{ "'a'", NULL },
		{ "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pg_lexer l;
		struct pg_token t;

		pg_lexer_init(&l, rows[i].text, strlen(rows[i].text));
		t = pg_lexer_next(&l);
		assert_true(
			streq_null(pg_token_unterminated(&t), rows[i].what));
	}
}

/* A quote that a NUL byte cuts ends before it; nothing looks beyond. */
static void pg_lexer__stops_before_a_nul_byte(void **state)
{
	static const char text[] = "'a\0'";
	struct pg_lexer l;
	struct pg_token t;

	(void)state;
	pg_lexer_init(&l, text, sizeof(text) - 1);
	t = pg_lexer_next(&l);
	assert_int_equal(t.kind, PG_TK_ILLEGAL);
	assert_int_equal(t.len, 2);
	t = pg_lexer_next(&l);
	assert_int_equal(t.kind, PG_TK_ILLEGAL);
	assert_int_equal(t.len, 1);
	pg_lexer_init(&l, NULL, 0);
	assert_int_equal(pg_lexer_next(&l).kind, PG_TK_END);
}

static void pg_token_value__takes_quotes_off(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{ "'a''b'", "a'b" }, { "''", "" },       { "e'a\\n'", "a\\n" },
		{ "x'f'", "f" },     { "$$a'$$", "a'" }, { "$x$$$$x$", "$$" },
		{ "a", NULL },       { "\"a\"", NULL },  { "1", NULL },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pg_lexer l;
		struct pg_token t;
		const char *value;

		pg_lexer_init(&l, rows[i].text, strlen(rows[i].text));
		t = pg_lexer_next(&l);
		value = pg_token_value(&t, &a);
		if (!streq_null(value, rows[i].value))
			fail_msg("%s: %s", rows[i].text, value);
	}
	arena_release(&a);
}

static void pg_token_is__folds_ascii_only(void **state)
{
	static const struct {
		const char *text, *keyword;
		bool is;
	} rows[] = {
		{ "select", "select", true },
		{ "SeLeCt", "select", true },
		{ "selec", "select", false },
		{ "selects", "select", false },
		{ "\"select\"", "select", false },
		{ "'select'", "select", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pg_lexer l;
		struct pg_token t;

		pg_lexer_init(&l, rows[i].text, strlen(rows[i].text));
		t = pg_lexer_next(&l);
		assert_int_equal(pg_token_is(&t, rows[i].keyword), rows[i].is);
	}
	assert_true(pg_same_word("Off", "oFF"));
	assert_false(pg_same_word("Off", "Of"));
	assert_false(pg_same_word("of", "off"));
}

static void pg_is_keyword__knows_all_versions(void **state)
{
	static const char *const words[] = {
		"abort",  "absent",  "all",         "json_table",
		"period", "select",  "system_user", "uescape",
		"user",   "virtual", "xmltable",    "zone",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_true(pg_is_keyword(words[i], strlen(words[i])));
	assert_false(pg_is_keyword("users", 5));
	assert_true(pg_is_keyword("users", 4));
	assert_false(pg_is_keyword("zones", 5));
	assert_false(pg_is_keyword("aaa", 3));
	assert_false(pg_is_keyword("zzz", 3));
	assert_false(pg_is_keyword("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pg_lexer__knows_words_and_names),
		cmocka_unit_test(pg_lexer__knows_strings),
		cmocka_unit_test(pg_lexer__knows_numbers),
		cmocka_unit_test(pg_lexer__knows_operators),
		cmocka_unit_test(pg_lexer__knows_comments),
		cmocka_unit_test(pg_lexer__takes_backslashes_when_told),
		cmocka_unit_test(pg_token_unterminated__says_what),
		cmocka_unit_test(pg_lexer__stops_before_a_nul_byte),
		cmocka_unit_test(pg_token_value__takes_quotes_off),
		cmocka_unit_test(pg_token_is__folds_ascii_only),
		cmocka_unit_test(pg_is_keyword__knows_all_versions),
	};

	return cmocka_run_group_tests_name("sql/pg_lexer", tests, NULL, NULL);
}
