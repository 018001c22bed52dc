#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

static void sql_dialect_parse__takes_names_and_aliases(void **state)
{
	static const struct {
		const char *name;
		enum sql_dialect dialect;
	} rows[] = {
		{ "sqlite", SQL_SQLITE },
		{ "sqlite3", SQL_SQLITE },
		{ "postgresql", SQL_POSTGRESQL },
		{ "postgres", SQL_POSTGRESQL },
	};
	enum sql_dialect d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		d = SQL_DIALECT_COUNT;
		assert_ok(sql_dialect_parse(rows[i].name, &d));
		assert_int_equal(d, rows[i].dialect);
	}
	for (size_t i = 0; i < SQL_DIALECT_COUNT; i++) {
		assert_ok(sql_dialect_parse(
			sql_dialect_name((enum sql_dialect)i), &d));
		assert_int_equal(d, i);
	}
}

static void sql_dialect_parse__refuses_other_names(void **state)
{
	enum sql_dialect d = SQL_DIALECT_COUNT;
	struct err *e = sql_dialect_parse("oracle", &d);

	(void)state;
	assert_int_equal(err_class_of(e), ERR_INPUT);
	assert_string_equal(err_text(e), "unknown dialect 'oracle'");
	assert_non_null(err_hint_of(e));
	assert_int_equal(d, SQL_DIALECT_COUNT);
	err_free(e);
	assert_fails(sql_dialect_parse("", &d), ERR_INPUT);
	assert_fails(sql_dialect_parse("SQLite", &d), ERR_INPUT);
}

static void sql_same_name__compares_as_the_dialect_does(void **state)
{
	static const struct {
		const char *a, *b;
		bool sqlite, postgresql;
	} rows[] = {
		{ "users", "users", true, true },
		{ "Users", "uSERS", true, false },
		{ "users", "user", false, false },
		{ "user", "users", false, false },
		{ "", "", true, true },
		{ "", "a", false, false },
		{ "a_", "A_", true, false },
		/* letters only: these pairs differ in the same bit */
		{ "@", "`", false, false },
		{ "[", "{", false, false },
		/* and of ASCII only */
		{ "\xc3\x89", "\xc3\xa9", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
			sql_same_name(SQL_SQLITE, rows[i].a, rows[i].b),
			rows[i].sqlite);
		assert_int_equal(
			sql_same_name(SQL_POSTGRESQL, rows[i].a, rows[i].b),
			rows[i].postgresql);
	}
}

static void sql_quote__doubles_quotes(void **state)
{
	static const struct {
		const char *text, *name, *string;
	} rows[] = {
		{ "", "\"\"", "''" },
		{ "a", "\"a\"", "'a'" },
		{ "it's", "\"it's\"", "'it''s'" },
		{ "a\"b", "\"a\"\"b\"", "'a\"b'" },
		{ "\"\"", "\"\"\"\"\"\"", "'\"\"'" },
		{ "'", "\"'\"", "''''" },
		{ "a\\\n\xc3\xa9", "\"a\\\n\xc3\xa9\"", "'a\\\n\xc3\xa9'" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		sql_quote_name(&out, rows[i].text);
		assert_string_equal(buf_str(&out), rows[i].name);
		buf_reset(&out);
		sql_quote_string(&out, rows[i].text);
		assert_string_equal(buf_str(&out), rows[i].string);
	}
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_dialect_parse__takes_names_and_aliases),
		cmocka_unit_test(sql_dialect_parse__refuses_other_names),
		cmocka_unit_test(sql_same_name__compares_as_the_dialect_does),
		cmocka_unit_test(sql_quote__doubles_quotes),
	};

	return cmocka_run_group_tests_name("sql/dialect", tests, NULL, NULL);
}
