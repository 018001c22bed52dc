#include <sqlite3.h>
#include <string.h>

#include "base/util.h"
#include "sql/sqlite_lexer.h"
#include "support/unit.h"

static struct sqlite_token first(const char *text)
{
	struct sqlite_lexer l;

	sqlite_lexer_init(&l, text, strlen(text));
	return sqlite_lexer_next(&l);
}

static void sqlite_token_is__compares_words_without_case(void **state)
{
	static const struct {
		const char *text, *keyword;
		bool same;
	} rows[] = {
		{ "select", "select", true },
		{ "SeLeCt", "select", true },
		{ "select", "SELECT", true },
		{ "selec", "select", false },
		{ "selects", "select", false },
		{ "\"select\"", "select", false },
		{ "[select]", "select", false },
		{ "'select'", "select", false },
		{ "@select", "select", false },
		{ "", "", false },
		/* only letters have a case */
		{ "_a",
		  "\x7f"
		  "a",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sqlite_token t = first(rows[i].text);

		assert_int_equal(sqlite_token_is(&t, rows[i].keyword),
				 rows[i].same);
	}
}

static void sqlite_token_is_op__compares_whole_operators(void **state)
{
	struct sqlite_token t = first("->>");

	(void)state;
	assert_true(sqlite_token_is_op(&t, "->>"));
	assert_false(sqlite_token_is_op(&t, "->"));
	t = first("'->'");
	assert_false(sqlite_token_is_op(&t, "->"));
	t = first(".");
	assert_true(sqlite_token_is_op(&t, "."));
}

static void sqlite_token_is_unterminated__needs_a_missing_end(void **state)
{
	static const struct {
		const char *text;
		bool unterminated;
	} rows[] = {
		{ "'", true },       { "'a", true },    { "'a''", true },
		{ "\"a", true },     { "`a", true },    { "[a", true },
		{ "x'", true },      { "x'0", true },   { "X'zz", true },
		{ "x'0'", false },   { "x'g'", false }, { "1a", false },
		{ "@", false },      { "\\", false },   { "'a'", false },
		{ "$a(b c", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sqlite_token t = first(rows[i].text);

		assert_int_equal(sqlite_token_is_unterminated(&t),
				 rows[i].unterminated);
	}
}

static void sqlite_token_name__resolves_quotes(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "Users", "Users" },
		{ "\"Users\"", "Users" },
		{ "\"a\"\"b\"", "a\"b" },
		{ "\"\"\"\"", "\"" },
		{ "\"\"", "" },
		{ "`a``b\"\"`", "a`b\"\"" },
		{ "[a \"\" b]", "a \"\" b" },
		{ "[]", "" },
		{ "'it''s'", "it's" },
		{ "\"\xc3\xa9\"", "\xc3\xa9" },
		{ "1", NULL },
		{ "x'00'", NULL },
		{ "?1", NULL },
		{ ";", NULL },
		{ "(", NULL },
		{ "'open", NULL },
		{ "", NULL },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sqlite_token t = first(rows[i].text);
		const char *name = sqlite_token_name(&t, &a);

		if (rows[i].name)
			assert_string_equal(name, rows[i].name);
		else
			assert_null(name);
	}
	arena_release(&a);
}

static void sqlite_is_keyword__knows_what_sqlite_knows(void **state)
{
	(void)state;
	assert_true(sqlite3_keyword_count() > 100);
	for (int i = 0; i < sqlite3_keyword_count(); i++) {
		const char *word;
		char lower[32] = "";
		int len;

		assert_int_equal(sqlite3_keyword_name(i, &word, &len), 0);
		assert_true((size_t)len < sizeof(lower));
		for (int k = 0; k < len; k++)
			lower[k] = (char)(word[k] | (word[k] != '_' ? 32 : 0));
		assert_true(sqlite_is_keyword(word, (size_t)len));
		assert_true(sqlite_is_keyword(lower, (size_t)len));
		/* neither a shorter word nor a longer one */
		assert_int_equal(sqlite_is_keyword(lower, (size_t)len - 1),
				 sqlite3_keyword_check(lower, len - 1));
		lower[len] = 's';
		assert_int_equal(sqlite_is_keyword(lower, (size_t)len + 1),
				 sqlite3_keyword_check(lower, len + 1));
	}
}

static void sqlite_is_keyword__leaves_names_alone(void **state)
{
	static const char *const names[] = { "",         "users", "a",
					     "true",     "oid",   "zzz",
					     "current_", "_",     "\xc3\xa9",
					     "abor",     "strict" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_false(sqlite_is_keyword(names[i], strlen(names[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqlite_token_is__compares_words_without_case),
		cmocka_unit_test(sqlite_token_is_op__compares_whole_operators),
		cmocka_unit_test(
			sqlite_token_is_unterminated__needs_a_missing_end),
		cmocka_unit_test(sqlite_token_name__resolves_quotes),
		cmocka_unit_test(sqlite_is_keyword__knows_what_sqlite_knows),
		cmocka_unit_test(sqlite_is_keyword__leaves_names_alone),
	};

	return cmocka_run_group_tests_name("sql/sqlite_token", tests, NULL,
					   NULL);
}
