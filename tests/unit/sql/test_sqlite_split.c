#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"
#include "unit/sql/split_examples.h"

static struct err *split(struct sql_script *s, const char *text)
{
	return sql_split(s, SQL_SQLITE, text, strlen(text), 1);
}

static void sql_split__cuts_at_semicolons(void **state)
{
	static const struct example examples[] = {
		{ "", { NULL } },
		{ "select 1", { "select 1" } },
		{ "select 1;", { "select 1" } },
		{ "select 1; select 2", { "select 1", "select 2" } },
		{ " select 1 ;\n\tselect 2\n;\n", { "select 1", "select 2" } },
		{ "a;b;c", { "a", "b", "c" } },
		{ "select ';'; select 2", { "select ';'", "select 2" } },
		{ "select \";\", `;`, [;];x",
		  { "select \";\", `;`, [;]", "x" } },
		{ "select 'it''s;'; x", { "select 'it''s;'", "x" } },
		{ "select $a(;) ; x", { "select $a(;)", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__leaves_out_what_is_empty(void **state)
{
	static const struct example examples[] = {
		{ " \n\t", { NULL } },
		{ ";", { NULL } },
		{ ";;; ; /* ; */ ; -- ;\n;", { NULL } },
		{ "-- only a comment", { NULL } },
		{ "/* without end ; select 1;", { NULL } },
		{ ";;a;;b;;", { "a", "b" } },
		{ "\xef\xbb\xbfselect 1", { "select 1" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__keeps_comments_inside_only(void **state)
{
	static const struct example examples[] = {
		{ "/* a */ select /* b; */ 1 /* c */; -- d",
		  { "select /* b; */ 1" } },
		{ "select 1 -- a; b\n, 2; x",
		  { "select 1 -- a; b\n, 2", "x" } },
		{ "select 1 -- a; b", { "select 1" } },
		{ "select 1 /* open; x", { "select 1" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

#define BODY "after insert on t begin select 1; end"

static void sql_split__keeps_a_trigger_together(void **state)
{
	static const struct example examples[] = {
		{ "create trigger r " BODY "; x",
		  { "create trigger r " BODY, "x" } },
		{ "create trigger r " BODY, { "create trigger r " BODY } },
		{ "CREATE TEMP TRIGGER r " BODY ";x",
		  { "CREATE TEMP TRIGGER r " BODY, "x" } },
		{ "Create Temporary Trigger if not exists r " BODY ";x",
		  { "Create Temporary Trigger if not exists r " BODY, "x" } },
		{ "explain create trigger r " BODY ";x",
		  { "explain create trigger r " BODY, "x" } },
		{ "explain query plan create temp trigger r " BODY ";x",
		  { "explain query plan create temp trigger r " BODY, "x" } },
		{ "create/**/trigger--\nr " BODY ";x",
		  { "create/**/trigger--\nr " BODY, "x" } },
		{ "create trigger a " BODY ";create trigger b " BODY ";",
		  { "create trigger a " BODY, "create trigger b " BODY } },
	};

	(void)state;
	CHECK_ALL(examples);
}

#define OPEN "create trigger r after insert on t begin "

static void sql_split__finds_the_end_of_a_trigger(void **state)
{
	static const struct example examples[] = {
		{ OPEN "update t set a = case when 1 then 2 else 3 end; end; x",
		  { OPEN "update t set a = case when 1 then 2 else 3 end; end",
		    "x" } },
		{ OPEN "select case case 1 when 1 then 2 end when 2 then 3 end;"
		       " end;x",
		  { OPEN "select case case 1 when 1 then 2 end when 2 then 3 "
			 "end; end",
		    "x" } },
		{ OPEN "select 1; select 2; end; x",
		  { OPEN "select 1; select 2; end", "x" } },
		{ OPEN "select '; end;'; end; x",
		  { OPEN "select '; end;'; end", "x" } },
		{ OPEN "select \"; end;\", `;end;`, [;end;]; end; x",
		  { OPEN "select \"; end;\", `;end;`, [;end;]; end", "x" } },
		{ OPEN "select 1; -- ; end;\n/* ; end; */ end; x",
		  { OPEN "select 1; -- ; end;\n/* ; end; */ end", "x" } },
		{ OPEN "select 1; /* */ END /* */ ; x",
		  { OPEN "select 1; /* */ END", "x" } },
		{ OPEN "select 1;; end; x", { OPEN "select 1;; end", "x" } },
		{ OPEN "select 1; \"end\"; end; x",
		  { OPEN "select 1; \"end\"; end", "x" } },
		{ OPEN "select 1; $end; end; x",
		  { OPEN "select 1; $end; end", "x" } },
		{ OPEN "select 1; endless; end; x",
		  { OPEN "select 1; endless; end", "x" } },
		/* END with anything but a semicolon behind it is no end */
		{ OPEN "select 1; end a; end; x",
		  { OPEN "select 1; end a; end", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__takes_other_statements_for_no_trigger(void **state)
{
	static const struct example examples[] = {
		{ "create table trigger(a); x",
		  { "create table trigger(a)", "x" } },
		{ "create index trigger on t(a); x",
		  { "create index trigger on t(a)", "x" } },
		{ "create unique index trigger on t(a); x",
		  { "create unique index trigger on t(a)", "x" } },
		{ "create \"trigger\" r; x", { "create \"trigger\" r", "x" } },
		{ "drop trigger r; x", { "drop trigger r", "x" } },
		{ "begin; end; x", { "begin", "end", "x" } },
		{ "explain select create trigger; x",
		  { "explain select create trigger", "x" } },
		{ "create; trigger; x", { "create", "trigger", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__counts_lines_and_columns(void **state)
{
	static const struct {
		const char *text;
		unsigned first_line, line, col; /* of the last statement */
	} rows[] = {
		{ "a", 1, 1, 1 },
		{ "a", 40, 40, 1 },
		{ "  a", 1, 1, 3 },
		{ "a;b", 1, 1, 3 },
		{ "a;\nb", 1, 2, 1 },
		{ "a;\n  b", 7, 8, 3 },
		{ "a;\r\n\r\n b", 1, 3, 2 },
		{ "a;\t\tb", 1, 1, 5 },
		{ "'\xc3\xa9'; b", 1, 1, 7 },
		{ "'x\ny\n';b", 1, 3, 3 },
		{ "/* x\n\n */ -- y\nb", 1, 4, 1 },
		{ "a;\rb", 1, 1, 4 }, /* a lone one ends no line */
		{ "\xef\xbb\xbf"
		  "b",
		  1, 1, 4 },
		{ "\n\n\n;;;\n;b\n\n\n", 10, 14, 2 },
		{ "create trigger r after insert on t begin\nselect "
		  "1;\nend;\nb",
		  1, 4, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_SQLITE, rows[i].text,
				    strlen(rows[i].text), rows[i].first_line));
		assert_true(s.n > 0);
		assert_int_equal(s.statements[s.n - 1].line, rows[i].line);
		assert_int_equal(s.statements[s.n - 1].col, rows[i].col);
		sql_script_release(&s);
	}
}

static void sql_split__names_the_place_of_what_has_no_end(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0 = of the string */
		const char *message;
		unsigned line, col;
	} rows[] = {
		{ "select 'a", 0, "unterminated string", 1, 8 },
		{ "a;\n\n select 'b;\nc;", 0, "unterminated string", 3, 9 },
		{ "select \"a", 0, "unterminated quoted name", 1, 8 },
		{ "a;\r\nselect `a", 0, "unterminated quoted name", 2, 8 },
		{ "select [a", 0, "unterminated quoted name", 1, 8 },
		{ "select x'00", 0, "unterminated blob", 1, 8 },
		{ "select X'zz", 0, "unterminated blob", 1, 8 },
		{ "a;\n create trigger r begin select 1;", 0,
		  "unterminated trigger", 2, 2 },
		{ "create trigger r begin select 1; end a;", 0,
		  "unterminated trigger", 1, 1 },
		{ "create trigger r", 0, "unterminated trigger", 1, 1 },
		{ "a;\nb\0c", 6, "a NUL byte in the text", 2, 2 },
		{ "'a\0'", 4, "unterminated string", 1, 1 },
		{ "-- \0", 4, "a NUL byte in the text", 1, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);
		struct sql_script s;
		struct err *e = sql_split(&s, SQL_SQLITE, rows[i].text, len, 1);

		assert_non_null(e);
		assert_int_equal(err_class_of(e), ERR_INPUT);
		assert_string_equal(err_text(e), rows[i].message);
		assert_string_equal(err_at_of(e)->path, "");
		assert_int_equal(err_at_of(e)->line, rows[i].line);
		assert_int_equal(err_at_of(e)->col, rows[i].col);
		assert_null(s.statements);
		assert_int_equal(s.n, 0);
		err_free(e);
		sql_script_release(&s);
	}
}

static void sql_split__leaves_wrong_sql_to_the_database(void **state)
{
	static const struct example examples[] = {
		{ "select 1a; x", { "select 1a", "x" } },
		{ "select x'0'; x", { "select x'0'", "x" } },
		{ "\\d users; x", { "\\d users", "x" } },
		{ "select @; x", { "select @", "x" } },
		{ "no sql at all }{; x", { "no sql at all }{", "x" } },
		{ "select ((; x", { "select ((", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__is_linear(void **state)
{
	static const char *const pieces[] = {
		"insert into t values (1, 'it''s', x'00');\n",
		";",
		"/* */",
		"((((",
		"with a as (select 1), ",
		"\n",
		"$a::",
		"create trigger r begin select 1; end; ",
		"-- x\n",
		"$a(",
		"x'0 ",
		"'' ",
	};

	/* a rule that looks back or ahead each time would take hours here */
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct buf text = BUF_INIT;
		struct sql_script s;

		while (text.len < (1 << 20))
			buf_addstr(&text, pieces[i]);
		err_free(sql_split(&s, SQL_SQLITE, text.data, text.len, 1));
		sql_script_release(&s);
		buf_release(&text);
	}
}

static void sql_split__takes_no_text(void **state)
{
	struct sql_script s;

	(void)state;
	assert_ok(sql_split(&s, SQL_SQLITE, NULL, 0, 1));
	assert_int_equal(s.n, 0);
	sql_script_release(&s);
	sql_script_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_split__cuts_at_semicolons),
		cmocka_unit_test(sql_split__leaves_out_what_is_empty),
		cmocka_unit_test(sql_split__keeps_comments_inside_only),
		cmocka_unit_test(sql_split__keeps_a_trigger_together),
		cmocka_unit_test(sql_split__finds_the_end_of_a_trigger),
		cmocka_unit_test(
			sql_split__takes_other_statements_for_no_trigger),
		cmocka_unit_test(sql_split__counts_lines_and_columns),
		cmocka_unit_test(sql_split__names_the_place_of_what_has_no_end),
		cmocka_unit_test(sql_split__leaves_wrong_sql_to_the_database),
		cmocka_unit_test(sql_split__is_linear),
		cmocka_unit_test(sql_split__takes_no_text),
	};

	return cmocka_run_group_tests_name("sql/sqlite_split", tests, NULL,
					   NULL);
}
