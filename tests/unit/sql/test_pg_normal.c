#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

static void normal(struct buf *out, const char *text)
{
	sql_normal_form(out, SQL_POSTGRESQL, text, strlen(text));
}

struct row {
	const char *text, *normal;
};

/* And the normal form is its own. */
static void check_all(const struct row *rows, size_t n)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		normal(&out, rows[i].text);
		assert_string_equal(buf_str(&out), rows[i].normal);
		buf_reset(&out);
		normal(&out, rows[i].normal);
		assert_string_equal(buf_str(&out), rows[i].normal);
	}
	buf_release(&out);
}

#define CHECK_ALL(rows) check_all(rows, ARRAY_LEN(rows))

static void sql_normal_form__drops_space_comments_and_case(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ " -- nothing\n;;", "" },
		{ "SELECT 1", "select 1" },
		{ "SELECT\t1 ;\n\n-- two\nSELECT/**/2;",
		  "select 1;\nselect 2" },
		{ "Select Users.ID From Users",
		  "select users . id from users" },
		{ "select a::INT,b", "select a :: int , b" },
		{ "f(1,-2)", "f ( 1 , - 2 )" },
		{ "create rule r as on insert to t do (A;B;);",
		  "create rule r as on insert to t do ( a ; b ; )" },
		/* folded are letters of ASCII only */
		{ "select \xc3\x89"
		  "A",
		  "select \xc3\x89"
		  "a" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__keeps_literals(void **state)
{
	static const struct row rows[] = {
		{ "SELECT 'A  --b;'", "select 'A  --b;'" },
		{ "select E'\\'A', X'FF', B'1', N'A', U&'\\00C9'",
		  "select E'\\'A' , X'FF' , B'1' , N'A' , U&'\\00C9'" },
		{ "do $Body$ BEGIN  -- x\n\tEND $Body$",
		  "do $Body$ BEGIN  -- x\n\tEND $Body$" },
		{ "select 1E5, 0XFF, 1_000", "select 1E5 , 0XFF , 1_000" },
		{ "select $1,:A,:'B'", "select $1 , : a , : 'B'" },
		{ "select U&\"\\00C9\" UESCAPE '!'",
		  "select U&\"\\00C9\" uescape '!'" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__gives_a_continued_string_a_line_each(void **state)
{
	static const struct row rows[] = {
		{ "select 'a'   \n\n\t'b'", "select 'a'\n'b'" },
		{ "select 'a' -- '\n -- x\n 'b'\r'c', 1",
		  "select 'a'\n'b'\n'c' , 1" },
		{ "select e'\\''\n  'a\\'--b' -- c\n'd'",
		  "select e'\\''\n'a\\'--b'\n'd'" },
		{ "select 'a''b'\n'''c'''", "select 'a''b'\n'''c'''" },
		{ "select 'a\\'\n'b\\'", "select 'a\\'\n'b\\'" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__drops_quotes_that_do_nothing(void **state)
{
	static const struct row rows[] = {
		{ "select \"users\".\"id\"", "select users . id" },
		{ "create table \"t_1$\" (\"a\" int)",
		  "create table t_1$ ( a int )" },
		{ "select \"\xc3\xa9\"", "select \xc3\xa9" },
		/* quotes or not: psql's variables keep theirs */
		{ "select \"e\" 'a'", "select e 'a'" },
		{ "select \"u\" & \"x\"", "select u & x" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__keeps_quotes_that_do_something(void **state)
{
	static const struct row rows[] = {
		{ "select \"Users\"", "select \"Users\"" },
		{ "select \"a b\"", "select \"a b\"" },
		{ "select \"a\"\"b\"", "select \"a\"\"b\"" },
		{ "select \"1a\"", "select \"1a\"" },
		{ "select \"$a\"", "select \"$a\"" },
		{ "select \"\"", "select \"\"" },
		{ "select \"a-b\", \"a--b\", \"a;\"",
		  "select \"a-b\" , \"a--b\" , \"a;\"" },
		{ "select \"user\", \"select\"",
		  "select \"user\" , \"select\"" },
		/* keywords of any kind: an alias is no unit of an interval */
		{ "select interval '1' \"year\"",
		  "select interval '1' \"year\"" },
		{ "select interval '1' YEAR", "select interval '1' year" },
		{ "select \"json_table\"", "select \"json_table\"" },
		/* or it would be a byte order mark */
		{ "\"\xef\xbb\xbf"
		  "a\"",
		  "\"\xef\xbb\xbf"
		  "a\"" },
		{ "select \"e'x'\"", "select \"e'x'\"" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__keeps_copy_data(void **state)
{
	static const struct row rows[] = {
		{ "COPY T FROM STDIN;\n1\tA\n'--;\n\\.\nSELECT  1;\n",
		  "copy t from stdin;\n1\tA\n'--;\n\\.\nselect 1" },
		{ "copy t from stdin ; -- x\n\\.", "copy t from stdin;\n\\." },
		{ "a;copy t from stdin;\n1\n\\.\ncopy u from stdin;\n2\n\\.\n",
		  "a;\ncopy t from stdin;\n1\n\\.\ncopy u from stdin;\n2\n"
		  "\\." },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__follows_the_meaning_of_backslashes(void **state)
{
	static const struct row rows[] = {
		{ "SET standard_conforming_strings = OFF; select 'a\\'' -- '\n"
		  " 'B';\nset standard_conforming_strings to on;select 'a\\' "
		  ",B",
		  "set standard_conforming_strings = off;\nselect 'a\\''\n'B';"
		  "\nset standard_conforming_strings to on;\nselect 'a\\' , "
		  "b" },
		{ "SELECT set_config('standard_conforming_strings','off',"
		  "FALSE); select '\\';'",
		  "select set_config ( 'standard_conforming_strings' , 'off' , "
		  "false );\nselect '\\';'" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__drops_what_psql_reads(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	normal(&out, "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n");
	assert_string_equal(buf_str(&out), "select 1");
	buf_release(&out);
}

static void sql_normal_form__tells_texts_apart_that_differ(void **state)
{
	static const char *const texts[] = {
		"select 1",
		"select 2",
		"select '1'",
		"select ' 1'",
		"select E'1'",
		"select a.b",
		"select \"A\".b",
		"select a b",
		"select 1;select 1",
		"select - -1",
		"select @- 1",
		"select @ - 1",
		"select 'a' 'b'",
		"select 'a'\n'b'",
		"select $$a$$",
		"select $a$a$a$",
		"select \"user\"",
		"select user",
		"copy t from stdin;\n1\n\\.\n",
		"copy t from stdin;\n2\n\\.\n",
		"copy t from stdin;\n\\.\n",
	};
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t k = 0; k < i; k++) {
			buf_reset(&a);
			buf_reset(&b);
			normal(&a, texts[i]);
			normal(&b, texts[k]);
			assert_string_not_equal(buf_str(&a), buf_str(&b));
		}
	}
	buf_release(&a);
	buf_release(&b);
}

static void sql_normal_form__leaves_what_cannot_be_split(void **state)
{
	static const struct row rows[] = {
		{ "SELECT  'a", "SELECT  'a" },
		{ "A ;\n\n\"B", "A ;\n\n\"B" },
		{ "A  /* B", "A  /* B" },
		{ "\\i  X", "\\i  X" },
		{ "COPY  T FROM STDIN;\n1", "COPY  T FROM STDIN;\n1" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__stops_at_the_maximum(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	normal(&out, "SELECT 'a', \"b\", C, 'd'\n'e'");
	assert_true(out.full);
	assert_true(out.len <= 10);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sql_normal_form__drops_space_comments_and_case),
		cmocka_unit_test(sql_normal_form__keeps_literals),
		cmocka_unit_test(
			sql_normal_form__gives_a_continued_string_a_line_each),
		cmocka_unit_test(sql_normal_form__drops_quotes_that_do_nothing),
		cmocka_unit_test(
			sql_normal_form__keeps_quotes_that_do_something),
		cmocka_unit_test(sql_normal_form__keeps_copy_data),
		cmocka_unit_test(
			sql_normal_form__follows_the_meaning_of_backslashes),
		cmocka_unit_test(sql_normal_form__drops_what_psql_reads),
		cmocka_unit_test(
			sql_normal_form__tells_texts_apart_that_differ),
		cmocka_unit_test(sql_normal_form__leaves_what_cannot_be_split),
		cmocka_unit_test(sql_normal_form__stops_at_the_maximum),
	};

	return cmocka_run_group_tests_name("sql/pg_normal", tests, NULL, NULL);
}
