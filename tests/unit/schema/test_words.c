#include "unit/schema/db.h"

#include "schema/sqlite_table.h"
#include "schema/sqlite_words.h"

static void find__knows_the_keywords_of_sqlite(void **state)
{
	(void)state;
	for (unsigned w = W_NONE + 1; w < W_COUNT; w++) {
		const char *text = sqlite_word_text((enum sqlite_word)w);
		int len = (int)strlen(text);
		char lower[32];
		bool literal = w == W_TRUE || w == W_FALSE;

		assert_int_equal(sqlite_word_find(text, (size_t)len), w);
		for (int i = 0; i <= len; i++)
			lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z'
						  ? text[i] | 0x20
						  : text[i]);
		assert_int_equal(sqlite_word_find(lower, (size_t)len), w);
		assert_int_equal(sqlite_word_find(lower, (size_t)len - 1) == w,
				 false);
		if (!literal)
			assert_true(sqlite3_keyword_check(text, len));
		assert_int_equal(sqlite_is_keyword(text, (size_t)len),
				 !literal);
	}
	for (int i = 0; i < sqlite3_keyword_count(); i++) {
		const char *text = NULL;
		int len = 0;

		sqlite3_keyword_name(i, &text, &len);
		if (!sqlite_word_find(text, (size_t)len))
			print_message("a newer SQLite has %.*s\n", len, text);
	}
}

static void find__knows_nothing_else(void **state)
{
	static const char *const others[] = {
		"",       "a",       "x",
		"selec",  "selects", "s\xc3\xa9lect",
		"_",      "SELECT ", "zzz",
		"yes",    "rowid",   "strict",
		"stored", "within",  "column1",
		"@end",   "[end",    "{",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(sqlite_word_find(others[i], strlen(others[i])),
				 W_NONE);
}

/* SQLite takes a keyword for a bare name exactly where the table says so. */
static void kinds__are_those_of_the_grammar(void **state)
{
	(void)state;
	for (unsigned w = W_NONE + 1; w < W_COUNT; w++) {
		const char *text = sqlite_word_text((enum sqlite_word)w);
		struct sqlite_word_token t = { .text = text,
					       .len = strlen(text),
					       .kind = SQLITE_TK_WORD,
					       .word = (enum sqlite_word)w };
		char *name = xasprintf("CREATE TABLE t (a, %s)", text);
		char *type = xasprintf("CREATE TABLE t (a %s)", text);
		sqlite3 *db = db_open();

		assert_int_equal(db_try(db, name),
				 sqlite_word_token_is_name(&t));
		db_try(db, "DROP TABLE t");
		if (w != W_NULL && w != W_UNIQUE && w != W_DEFERRABLE)
			assert_int_equal(db_try(db, type),
					 sqlite_word_token_is_type(&t));
		sqlite3_close(db);
		free(name);
		free(type);
	}
}

struct name_case {
	const char *token, *printed;
};

static const struct name_case names[] = {
	{ "users", "users" },
	{ "Users_1", "Users_1" },
	{ "\"users\"", "users" },
	{ "[users]", "users" },
	{ "`users`", "users" },
	{ "'users'", "users" },
	{ "\"a b\"", "\"a b\"" },
	{ "[a b]", "\"a b\"" },
	{ "[a\"b]", "\"a\"\"b\"" },
	{ "\"a\"\"b\"", "\"a\"\"b\"" },
	{ "`a``b`", "\"a`b\"" },
	{ "`a\"``b`", "\"a\"\"`b\"" },
	{ "'a''b'", "\"a'b\"" },
	{ "\"\"", "\"\"" },
	{ "[]", "\"\"" },
	{ "\"1a\"", "\"1a\"" },
	{ "\"_\"", "_" },
	{ "\"select\"", "\"select\"" },
	{ "\"SeLect\"", "\"SeLect\"" },
	{ "\"true\"", "\"true\"" },
	{ "key", "\"key\"" },
	{ "na\xc3\xafve", "\"na\xc3\xafve\"" },
	{ "a$", "\"a$\"" },
	{ "\"a\nb\"", "\"a\nb\"" },
	{ "\"a--b\"", "\"a--b\"" },
};

static void name__has_quotes_only_where_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct sqlite_words w;
		struct buf out = BUF_INIT;
		struct arena a = ARENA_INIT;
		struct sqlite_token t;

		assert_true(sqlite_words_read(&w, names[i].token,
					      strlen(names[i].token)));
		assert_int_equal(w.n, 1);
		sqlite_name_add_token(&out, &w.v[0]);
		assert_string_equal(buf_str(&out), names[i].printed);
		t = (struct sqlite_token){ w.v[0].kind, w.v[0].text,
					   w.v[0].len };
		assert_true(sqlite_name_is(&w.v[0], sqlite_token_name(&t, &a)));
		assert_false(sqlite_name_is(&w.v[0], "another"));
		arena_release(&a);
		buf_release(&out);
		sqlite_words_release(&w);
	}
}

static void name__compares_without_ascii_case(void **state)
{
	static const struct {
		const char *token, *name;
		bool same;
	} cases[] = {
		{ "Users", "uSERS", true },
		{ "\"Users\"", "uSERS", true },
		{ "users", "user", false },
		{ "user", "users", false },
		{ "\"a\"\"b\"", "A\"B", true },
		{ "\"a\"\"b\"", "a\"\"b", false },
		{ "[a\"\"b]", "a\"\"b", true },
		{ "\"\xc3\x89\"", "\xc3\xa9", false },
		{ "\"\"", "", true },
		{ "a", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sqlite_words w;

		sqlite_words_read(&w, cases[i].token, strlen(cases[i].token));
		assert_int_equal(sqlite_name_is(&w.v[0], cases[i].name),
				 cases[i].same);
		sqlite_words_release(&w);
	}
}

static void string__is_what_sqlite_reads(void **state)
{
	static const struct name_case cases[] = {
		{ "\"x\"", "'x'" },         { "\"it's\"", "'it''s'" },
		{ "\"a\"\"b\"", "'a\"b'" }, { "`a``b`", "'a`b'" },
		{ "[a]", "'a'" },           { "[a'[b]", "'a''[b'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sqlite_words w;
		struct buf out = BUF_INIT;

		sqlite_words_read(&w, cases[i].token, strlen(cases[i].token));
		sqlite_string_add_token(&out, &w.v[0]);
		assert_string_equal(buf_str(&out), cases[i].printed);
		buf_release(&out);
		sqlite_words_release(&w);
	}
}

static void read__pairs_brackets(void **state)
{
	static const char text[] = "(a (b) ((c)) d)";
	struct sqlite_words w;

	(void)state;
	assert_true(sqlite_words_read(&w, text, strlen(text)));
	assert_int_equal(w.n, 12);
	assert_int_equal(w.v[0].pair, 11);
	assert_int_equal(w.v[2].pair, 4);
	assert_int_equal(w.v[5].pair, 9);
	assert_int_equal(w.v[6].pair, 8);
	for (size_t i = w.n; i < w.n + 3; i++)
		assert_int_equal(w.v[i].kind, SQLITE_TK_END);
	sqlite_words_release(&w);
}

static void read__refuses_what_has_no_meaning(void **state)
{
	static const char *const texts[] = {
		"(", ")",  ")(", "(()", "())", "'a", "\"a",  "[a",   "`a",
		"?", "?1", ":a", "@a",  "$a",  "1a", "x'0'", "\x01", "a ! b",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sqlite_words w;

		assert_false(sqlite_words_read(&w, texts[i], strlen(texts[i])));
		sqlite_words_release(&w);
	}
}

static void table_parse__takes_apart(void **state)
{
	static const char sql[] =
		"CREATE TABLE t(a INTEGER PRIMARY KEY, b VARCHAR(10) NOT NULL "
		"DEFAULT 'x' CONSTRAINT c REFERENCES u(id) DEFERRABLE, "
		"c GENERATED ALWAYS AS (a), CONSTRAINT k UNIQUE (a, b) "
		"CHECK (b > 0)) STRICT";
	static const enum sqlite_rule_kind kinds[] = {
		RULE_PRIMARY_KEY, RULE_NOT_NULL, RULE_DEFAULT, RULE_REFERENCES,
		RULE_GENERATED,   RULE_UNIQUE,   RULE_CHECK,
	};
	struct sqlite_table t;

	(void)state;
	assert_true(sqlite_table_parse(&t, sql, strlen(sql)));
	assert_int_equal(t.n, 3);
	assert_int_equal(t.n_rules, ARRAY_LEN(kinds));
	assert_int_equal(t.table_rules, 5);
	for (size_t i = 0; i < t.n_rules; i++)
		assert_int_equal(t.rules[i].kind, kinds[i]);
	assert_true(sqlite_name_is(&t.words.v[t.rules[3].name], "c"));
	assert_true(sqlite_name_is(&t.words.v[t.rules[5].name], "k"));
	assert_int_equal(t.rules[0].name, 0);
	assert_int_equal(t.columns[1].rules, 1);
	assert_int_equal(t.columns[1].n_rules, 3);
	assert_int_equal(t.columns[1].type_to - t.columns[1].type_from, 4);
	assert_int_equal(t.columns[2].type_to, t.columns[2].type_from);
	assert_true(t.strict);
	assert_false(t.without_rowid);
	sqlite_table_release(&t);
}

/* Any bytes at all, for every kind: no crash, and it ends. */
static void print__survives_any_bytes(void **state)
{
	static const char *const kinds[] = { "table",   "index",   "view",
					     "trigger", "virtual", "pragma" };
	static const char *const heads[] = {
		"CREATE TABLE t(",
		"CREATE INDEX i ON t(",
		"CREATE VIEW v AS ",
		"CREATE TRIGGER g AFTER INSERT ON t ",
		"CREATE VIRTUAL TABLE f ",
		"",
	};
	static const char *const columns[] = { "a", "key", "x y", NULL };
	struct buf sql = BUF_INIT, text = BUF_INIT, shape = BUF_INIT;
	unsigned long long seed = 1;

	(void)state;
	for (unsigned i = 0; i < 30000; i++) {
		unsigned k = i % ARRAY_LEN(kinds);
		unsigned n = next_random(&seed) % 30;

		buf_reset(&sql);
		buf_addstr(&sql, heads[next_random(&seed) % 8 ? k : 5]);
		for (unsigned j = 0; j < n; j++) {
			unsigned w = next_random(&seed) % (W_COUNT + 60);
			static const char marks[] =
				"()()(),,..;'\"[]`*-+=<>|~/?:@$!#\n\t 09ax";

			if (w < W_COUNT)
				buf_addf(&sql, "%s ",
					 sqlite_word_text((enum sqlite_word)w));
			else if (w == W_COUNT)
				buf_addch(&sql,
					  (char)(1 + next_random(&seed) % 255));
			else
				buf_addch(&sql, marks[next_random(&seed) %
						      (sizeof(marks) - 1)]);
		}
		schema_sqlite_print(&text, &shape, kinds[k], buf_str(&sql),
				    next_random(&seed) % 2 ? columns : NULL);
		assert_true(text.len && text.data[text.len - 1] == '\n');
	}
	buf_release(&sql);
	buf_release(&text);
	buf_release(&shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find__knows_the_keywords_of_sqlite),
		cmocka_unit_test(find__knows_nothing_else),
		cmocka_unit_test(kinds__are_those_of_the_grammar),
		cmocka_unit_test(name__has_quotes_only_where_needed),
		cmocka_unit_test(name__compares_without_ascii_case),
		cmocka_unit_test(string__is_what_sqlite_reads),
		cmocka_unit_test(read__pairs_brackets),
		cmocka_unit_test(read__refuses_what_has_no_meaning),
		cmocka_unit_test(table_parse__takes_apart),
		cmocka_unit_test(print__survives_any_bytes),
	};

	return cmocka_run_group_tests_name("schema/words", tests, NULL, NULL);
}
