#include "sql/sqlite_lexer.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "support/unit.h"

/* A letter for each kind, in the order of the enum. */
static const char letters[] = "$_-wnsb0v;o!";

/* Kinds and tokens, like "w<select>_< >o<*>". */
static void describe(struct buf *out, const char *text, size_t len)
{
	struct sqlite_lexer l;
	struct sqlite_token t;

	sqlite_lexer_init(&l, text, len);
	while ((t = sqlite_lexer_next(&l)).kind != SQLITE_TK_END) {
		buf_addch(out, letters[t.kind]);
		buf_addch(out, '<');
		buf_add(out, t.text, t.len);
		buf_addch(out, '>');
	}
	assert_int_equal(t.len, 0);
	assert_ptr_equal(t.text, l.end);
}

struct example {
	const char *text, *tokens;
};

static void check_all(const struct example *examples, size_t n)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		describe(&out, examples[i].text, strlen(examples[i].text));
		assert_string_equal(buf_str(&out), examples[i].tokens);
	}
	buf_release(&out);
}

#define CHECK_ALL(examples) check_all(examples, ARRAY_LEN(examples))

static void sqlite_lexer_next__cuts_words_and_space(void **state)
{
	static const struct example examples[] = {
		{ "", "" },
		{ "a", "w<a>" },
		{ "select a", "w<select>_< >w<a>" },
		{ " \t\r\n\fa", "_< \t\r\n\f>w<a>" },
		{ "a$b_1", "w<a$b_1>" },
		{ "_a", "w<_a>" },
		{ "h\xc3\xa9llo\xe2\x82\xac x",
		  "w<h\xc3\xa9llo\xe2\x82\xac>_< >w<x>" },
		{ "\xff\x80", "w<\xff\x80>" },
		/* a byte order mark is space unless inside a word */
		{ "\xef\xbb\xbf"
		  "a",
		  "_<\xef\xbb\xbf>w<a>" },
		{ "a\xef\xbb\xbf", "w<a\xef\xbb\xbf>" },
		{ "\xef\xbb"
		  "a",
		  "w<\xef\xbb"
		  "a>" },
		{ "a;b;", "w<a>;<;>w<b>;<;>" },
		/* a vertical tab only goes on a run of space */
		{ "\v", "!<\v>" },
		{ " \v\n", "_< \v\n>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__cuts_comments(void **state)
{
	static const struct example examples[] = {
		{ "a--b;'\nc", "w<a>-<--b;'>_<\n>w<c>" },
		{ "--", "-<-->" },
		/* the carriage return is the comment's, the newline is not */
		{ "--a\r\nb", "-<--a\r>_<\n>w<b>" },
		{ "/* a;'b */c", "-</* a;'b */>w<c>" },
		{ "/**/a", "-</**/>w<a>" },
		{ "/*/a*/b", "-</*/a*/>w<b>" },
		{ "/***/a", "-</***/>w<a>" },
		{ "/* /* */ */", "-</* /* */>_< >o<*>o</>" },
		{ "/* open", "-</* open>" },
		{ "/* open *", "-</* open *>" },
		{ "a /*", "w<a>_< >o</>o<*>" }, /* as tokenize.c */
		{ "- -", "o<->_< >o<->" },
		{ "1--1\n+1", "0<1>-<--1>_<\n>o<+>0<1>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__cuts_quotes(void **state)
{
	static const struct example examples[] = {
		{ "'a'", "s<'a'>" },
		{ "''", "s<''>" },
		{ "'it''s'", "s<'it''s'>" },
		{ "'a' 'b'", "s<'a'>_< >s<'b'>" },
		{ "'a;--b/*'", "s<'a;--b/*'>" },
		{ "'a\\'", "s<'a\\'>" },
		{ "'a\nb'", "s<'a\nb'>" },
		{ "\"a\"", "n<\"a\">" },
		{ "\"a\"\"b\"", "n<\"a\"\"b\">" },
		{ "\"\"", "n<\"\">" },
		{ "`a``b`", "n<`a``b`>" },
		{ "[a b]", "n<[a b]>" },
		{ "[a]]", "n<[a]>!<]>" },
		{ "[]", "n<[]>" },
		{ "['\"`;]", "n<['\"`;]>" },
		{ "\"it's\"", "n<\"it's\">" },
		/* without an end */
		{ "'a", "!<'a>" },
		{ "'a''", "!<'a''>" },
		{ "'", "!<'>" },
		{ "\"a;b", "!<\"a;b>" },
		{ "`a", "!<`a>" },
		{ "[a", "!<[a>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__cuts_blobs(void **state)
{
	static const struct example examples[] = {
		{ "x'00fF'", "b<x'00fF'>" },
		{ "X''", "b<X''>" },
		{ "x'0'", "!<x'0'>" },
		{ "x'0g' a", "!<x'0g'>_< >w<a>" },
		{ "x'00", "!<x'00>" },
		{ "x'", "!<x'>" },
		{ "x '00'", "w<x>_< >s<'00'>" },
		{ "ax'00'", "w<ax>s<'00'>" },
		{ "xa", "w<xa>" },
		{ "x", "w<x>" },
		{ "x'00''00'", "b<x'00'>s<'00'>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__cuts_numbers(void **state)
{
	static const struct example examples[] = {
		{ "1", "0<1>" },
		{ "123.45", "0<123.45>" },
		{ "1.", "0<1.>" },
		{ ".5", "0<.5>" },
		{ "1.e5", "0<1.e5>" },
		{ "1e5 1E+5 1e-5", "0<1e5>_< >0<1E+5>_< >0<1e-5>" },
		{ "1e", "!<1e>" },
		{ "1e+", "!<1e>o<+>" },
		{ "1.5.5", "0<1.5>0<.5>" },
		{ "0x1F", "0<0x1F>" },
		{ "0XaB", "0<0XaB>" },
		{ "0x", "!<0x>" },
		{ "0xg", "!<0xg>" },
		/* SQLite 3.40 does not look behind a hexadecimal number */
		{ "0x1fg", "0<0x1f>w<g>" },
		{ "1a", "!<1a>" },
		{ "1_000", "!<1_000>" },
		{ "1$", "!<1$>" },
		{ "1\xc3\xa9", "!<1\xc3\xa9>" },
		{ "1.a", "!<1.a>" },
		{ ".a", "o<.>w<a>" },
		{ "t.5", "w<t>0<.5>" },
		{ "1+2", "0<1>o<+>0<2>" },
		{ "-1", "o<->0<1>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__cuts_variables(void **state)
{
	static const struct example examples[] = {
		{ "?", "v<?>" },
		{ "?12a", "v<?12>w<a>" },
		{ ":a @b $c #d", "v<:a>_< >v<@b>_< >v<$c>_< >v<#d>" },
		{ ":1", "v<:1>" },
		{ "$a::b::c", "v<$a::b::c>" },
		{ "$::a", "v<$::a>" },
		{ "$a(b)c", "v<$a(b)>w<c>" },
		{ "$a::b(c;')", "v<$a::b(c;')>" },
		{ "$a:b", "v<$a>v<:b>" },
		{ ":a=1", "v<:a>o<=>0<1>" },
		{ "$a(b c)", "!<$a(b>_< >w<c>o<)>" },
		{ "$a(b", "!<$a(b>" },
		{ "@", "!<@>" },
		{ ":", "!<:>" },
		{ "::", "!<:>!<:>" },
		{ "$(a)", "!<$>o<(>w<a>o<)>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__takes_the_longest_operator(void **state)
{
	static const struct example examples[] = {
		{ "a||b|c", "w<a>o<||>w<b>o<|>w<c>" },
		{ "<=<><<<", "o<<=>o<<>>o<<<>o<<>" },
		{ ">=>>>", "o<>=>o<>>>o<>>" },
		{ "===", "o<==>o<=>" },
		{ "!=", "o<!=>" },
		{ "->>->", "o<->>>o<->>" },
		{ "a->'b'", "w<a>o<->>s<'b'>" },
		{ "-->", "-<-->>" },
		{ "(),+*/%&~.", "o<(>o<)>o<,>o<+>o<*>o</>o<%>o<&>o<~>o<.>" },
		{ "!", "!<!>" },
		{ "\\", "!<\\>" },
		{ "^{}]", "!<^>!<{>!<}>!<]>" },
		{ "\x7f\x01", "!<\x7f>!<\x01>" },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sqlite_lexer_next__takes_nul_for_an_illegal_token(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		enum sqlite_token_kind kinds[6];
	} rows[] = {
		{ "a\0b",
		  3,
		  { SQLITE_TK_WORD, SQLITE_TK_ILLEGAL, SQLITE_TK_WORD } },
		{ "\0\0", 2, { SQLITE_TK_ILLEGAL, SQLITE_TK_ILLEGAL } },
		{ "'a\0b'",
		  5,
		  { SQLITE_TK_ILLEGAL, SQLITE_TK_ILLEGAL, SQLITE_TK_WORD,
		    SQLITE_TK_ILLEGAL } },
		{ "--\0a",
		  4,
		  { SQLITE_TK_COMMENT, SQLITE_TK_ILLEGAL, SQLITE_TK_WORD } },
		{ "1\0", 2, { SQLITE_TK_NUMBER, SQLITE_TK_ILLEGAL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sqlite_lexer l;
		struct sqlite_token t;

		sqlite_lexer_init(&l, rows[i].text, rows[i].len);
		for (size_t k = 0; k < 6; k++) {
			t = sqlite_lexer_next(&l);
			assert_int_equal(t.kind, rows[i].kinds[k]);
			if (t.kind == SQLITE_TK_END)
				break;
		}
		assert_int_equal(t.kind, SQLITE_TK_END);
	}
}

static void sqlite_lexer_next__joined_is_the_text(void **state)
{
	static const char bytes[] =
		"axe01 \n'\"`[];-/*.?$@:()|<>=!_\xc3\xa9\xef"
		"\xbb\xbf\0";
	unsigned long long seed = 20260101;
	char text[48];

	(void)state;
	for (size_t round = 0; round < 50000; round++) {
		size_t len = 0, seen = 0;
		struct sqlite_lexer l;
		struct sqlite_token t;

		while (len < round % sizeof(text)) {
			seed = seed * 6364136223846793005ULL + 1;
			text[len++] = bytes[(seed >> 33) % sizeof(bytes)];
		}
		sqlite_lexer_init(&l, text, len);
		while ((t = sqlite_lexer_next(&l)).kind != SQLITE_TK_END) {
			assert_ptr_equal(t.text, text + seen);
			assert_true(t.len > 0);
			seen += t.len;
		}
		assert_int_equal(seen, len);
	}
}

static void sqlite_lexer_next__never_reads_past_the_length(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *tokens;
	} rows[] = {
		{ "select", 3, "w<sel>" }, { "'a'", 2, "!<'a>" },
		{ "->>", 2, "o<->>" },     { "->>", 1, "o<->" },
		{ "/*/", 2, "o</>o<*>" },  { "1e5", 2, "!<1e>" },
		{ "0x1", 2, "!<0x>" },     { "''''", 3, "!<'''>" },
		{ "x'00'", 4, "!<x'00>" }, { "$a(b)", 4, "!<$a(b>" },
		{ "||", 1, "o<|>" },       { "--", 1, "o<->" },
		{ ".5", 1, "o<.>" },       { "[a]", 2, "!<[a>" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		describe(&out, rows[i].text, rows[i].len);
		assert_string_equal(buf_str(&out), rows[i].tokens);
	}
	buf_release(&out);
}

static void sqlite_lexer_next_solid__skips_space_and_comments(void **state)
{
	static const char text[] = " /* x */ a -- y\n\t; --";
	struct sqlite_lexer l;
	struct sqlite_token t;

	(void)state;
	sqlite_lexer_init(&l, text, strlen(text));
	t = sqlite_lexer_next_solid(&l);
	assert_true(sqlite_token_is(&t, "A"));
	assert_int_equal(sqlite_lexer_next_solid(&l).kind, SQLITE_TK_SEMICOLON);
	assert_int_equal(sqlite_lexer_next_solid(&l).kind, SQLITE_TK_END);
	assert_int_equal(sqlite_lexer_next_solid(&l).kind, SQLITE_TK_END);
}

static void sqlite_lexer_init__takes_no_text(void **state)
{
	struct sqlite_lexer l;

	(void)state;
	sqlite_lexer_init(&l, NULL, 0);
	assert_int_equal(sqlite_lexer_next(&l).kind, SQLITE_TK_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqlite_lexer_next__cuts_words_and_space),
		cmocka_unit_test(sqlite_lexer_next__cuts_comments),
		cmocka_unit_test(sqlite_lexer_next__cuts_quotes),
		cmocka_unit_test(sqlite_lexer_next__cuts_blobs),
		cmocka_unit_test(sqlite_lexer_next__cuts_numbers),
		cmocka_unit_test(sqlite_lexer_next__cuts_variables),
		cmocka_unit_test(sqlite_lexer_next__takes_the_longest_operator),
		cmocka_unit_test(
			sqlite_lexer_next__takes_nul_for_an_illegal_token),
		cmocka_unit_test(sqlite_lexer_next__joined_is_the_text),
		cmocka_unit_test(
			sqlite_lexer_next__never_reads_past_the_length),
		cmocka_unit_test(
			sqlite_lexer_next_solid__skips_space_and_comments),
		cmocka_unit_test(sqlite_lexer_init__takes_no_text),
	};

	return cmocka_run_group_tests_name("sql/sqlite_lexer", tests, NULL,
					   NULL);
}
