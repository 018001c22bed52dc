#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"
#include "unit/sql/split_examples.h"

static struct err *split(struct sql_script *s, const char *text)
{
	return sql_split(s, SQL_POSTGRESQL, text, strlen(text), 1);
}

static void sql_split__cuts_at_semicolons(void **state)
{
	static const struct example examples[] = {
		{ "", { NULL } },
		{ " \n\t\v\f\r", { NULL } },
		{ ";; ; /* ; */ ; -- ;\n;", { NULL } },
		{ "select 1", { "select 1" } },
		{ "select 1;", { "select 1" } },
		{ "a;b;c", { "a", "b", "c" } },
		{ ";;a;;b;;", { "a", "b" } },
		{ " select 1 ;\n\tselect 2\n;\n", { "select 1", "select 2" } },
		{ "\xef\xbb\xbfselect 1", { "select 1" } },
		{ "-- a\n;\xef\xbb\xbf\xef\xbb\xbf \xef\xbb\xbfselect 1",
		  { "select 1" } },
		{ "a; \xef\xbb\xbf"
		  "b",
		  { "a", "\xef\xbb\xbf"
			 "b" } },
		{ "select ';'; x", { "select ';'", "x" } },
		{ "select \";\" ; x", { "select \";\"", "x" } },
		{ "select 'it''s;'; x", { "select 'it''s;'", "x" } },
		/* what 15 does not know, and what nobody does */
		{ "merge into t returning *; graph_table (;); {;}",
		  { "merge into t returning *", "graph_table (;)", "{", "}" } },
		{ "select 0x1F_2e, 1_000; x",
		  { "select 0x1F_2e, 1_000", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__knows_every_quote(void **state)
{
	static const struct example examples[] = {
		{ "select 'a\\'; x", { "select 'a\\'", "x" } },
		{ "select e'a\\';'; x", { "select e'a\\';'", "x" } },
		{ "select E'\\\\'; x", { "select E'\\\\'", "x" } },
		{ "select b'1;', X'f;', n'a\\'; x",
		  { "select b'1;', X'f;', n'a\\'", "x" } },
		{ "select u&'\\0041;\\'; x", { "select u&'\\0041;\\'", "x" } },
		{ "select U&\"a;\"\"\" uescape '!'; x",
		  { "select U&\"a;\"\"\" uescape '!'", "x" } },
		{ "select u & \"a\"; x", { "select u & \"a\"", "x" } },
		{ "select $$a;$$; x", { "select $$a;$$", "x" } },
		{ "select $a$ $$;$b$;$A$; $a$; x",
		  { "select $a$ $$;$b$;$A$; $a$", "x" } },
		{ "select $\xc3\xa9$;$\xc3\xa9$; x",
		  { "select $\xc3\xa9$;$\xc3\xa9$", "x" } },
		/* no dollar quotes */
		{ "select a$b$; x$b$", { "select a$b$", "x$b$" } },
		{ "select $1; x$", { "select $1", "x$" } },
		{ "select $1$$;$$; x", { "select $1$$;$$", "x" } },
		{ "select $ a; x$", { "select $ a", "x$" } },
		/* a string goes on after a line break, and only then */
		{ "select e'a' \n 'b\\';'; x",
		  { "select e'a' \n 'b\\';'", "x" } },
		{ "select e'a' -- c;\n 'b\\';'; x",
		  { "select e'a' -- c;\n 'b\\';'", "x" } },
		{ "select e'a' 'b\\'; x", { "select e'a' 'b\\'", "x" } },
		{ "select e'a' /*\n*/ 'b\\'; x",
		  { "select e'a' /*\n*/ 'b\\'", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__knows_comments(void **state)
{
	static const struct example examples[] = {
		{ "-- only a comment", { NULL } },
		{ "/* a */ select /* b; */ 1 /* c */; -- d",
		  { "select /* b; */ 1" } },
		{ "select /* a /* b; */ c; */ 1; x",
		  { "select /* a /* b; */ c; */ 1", "x" } },
		{ "select /* ' */ 1; /* $$ */ x", { "select /* ' */ 1", "x" } },
		{ "select 1 -- a; b\n, 2; x",
		  { "select 1 -- a; b\n, 2", "x" } },
		{ "select 1 -- a\r, 2; x", { "select 1 -- a\r, 2", "x" } },
		/* an operator ends where a comment begins */
		{ "select 1 +-- ';\n 2; x", { "select 1 +-- ';\n 2", "x" } },
		{ "select 1 */* ' */ 2; x", { "select 1 */* ' */ 2", "x" } },
		{ "select 1 <--';\n 2; x", { "select 1 <--';\n 2", "x" } },
		{ "select a -> 'b'; x", { "select a -> 'b'", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__keeps_groups_together(void **state)
{
	static const struct example examples[] = {
		{ "create rule r as on insert to t do (delete from a; "
		  "delete from b;); x",
		  { "create rule r as on insert to t do (delete from a; "
		    "delete from b;)",
		    "x" } },
		{ "select ((1;)); x", { "select ((1;))", "x" } },
		{ "select 1); x", { "select 1)", "x" } },
		{ "select ')' (; ')' ; \")\"); x",
		  { "select ')' (; ')' ; \")\")", "x" } },
		/* it is for the server to refuse */
		{ "select (1; x", { "select (1; x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

#define HEAD "create function f() returns int begin atomic "

static void sql_split__keeps_a_function_body_together(void **state)
{
	static const struct example examples[] = {
		{ HEAD "select 1; select 2; end; x",
		  { HEAD "select 1; select 2; end", "x" } },
		{ HEAD "end; x", { HEAD "end", "x" } },
		{ HEAD "select case when a then case b when 1 then 2 end end; "
		       "END; x",
		  { HEAD "select case when a then case b when 1 then 2 end "
			 "end; END",
		    "x" } },
		{ HEAD "select (case a when 1 then 2 end); end; x",
		  { HEAD "select (case a when 1 then 2 end); end", "x" } },
		{ HEAD "select t.case, 1 as end, 2 as case; end; x",
		  { HEAD "select t.case, 1 as end, 2 as case; end", "x" } },
		{ HEAD "select '; end;', \"end\", $$end;$$; end; x",
		  { HEAD "select '; end;', \"end\", $$end;$$; end", "x" } },
		{ "Create Or Replace Procedure p() Begin /* */ Atomic a; End;x",
		  { "Create Or Replace Procedure p() Begin /* */ Atomic a; End",
		    "x" } },
		/* these open nothing */
		{ "begin; atomic; end; x", { "begin", "atomic", "end", "x" } },
		{ "begin atomic; x", { "begin atomic", "x" } },
		{ "create table begin (atomic int); x",
		  { "create table begin (atomic int)", "x" } },
		{ "create view v as select begin atomic; x",
		  { "create view v as select begin atomic", "x" } },
		{ "create function f() returns int language sql as 'begin "
		  "atomic'; x",
		  { "create function f() returns int language sql as 'begin "
		    "atomic'",
		    "x" } },
		{ "create function case() returns int as 'x'; end; x",
		  { "create function case() returns int as 'x'", "end", "x" } },
		{ "create function f(begin atomic) as 'x'; x",
		  { "create function f(begin atomic) as 'x'", "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__follows_standard_conforming_strings(void **state)
{
	static const struct example examples[] = {
		{ "set standard_conforming_strings = off; 'a\\';'; x",
		  { "set standard_conforming_strings = off", "'a\\';'", "x" } },
		{ "SET SESSION Standard_Conforming_Strings TO 'False'; n'\\';'",
		  { "SET SESSION Standard_Conforming_Strings TO 'False'",
		    "n'\\';'" } },
		{ "set standard_conforming_strings = on; 'a\\'; x",
		  { "set standard_conforming_strings = on", "'a\\'", "x" } },
		{ "set standard_conforming_strings = 0; '\\';'; "
		  "reset standard_conforming_strings; '\\'; x",
		  { "set standard_conforming_strings = 0", "'\\';'",
		    "reset standard_conforming_strings", "'\\'", "x" } },
		/* hex strings, quoted names and U& have no backslash */
		{ "set standard_conforming_strings = off; x'\\'; \"\\\"; x",
		  { "set standard_conforming_strings = off", "x'\\'", "\"\\\"",
		    "x" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

static void sql_split__leaves_psql_variables_to_the_server(void **state)
{
	static const struct example examples[] = {
		{ "select :a, :'b;', :\"c;\", :{?d}; x",
		  { "select :a, :'b;', :\"c;\", :{?d}", "x" } },
		{ "select a::int, b[1:2]; x",
		  { "select a::int, b[1:2]", "x" } },
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
		{ "  a", 40, 40, 3 },
		{ "a;b", 1, 1, 3 },
		{ "a;\r\n\r\n b", 1, 3, 2 },
		{ "'\xc3\xa9'; b", 1, 1, 7 },
		{ "'x\ny\n';b", 1, 3, 3 },
		{ "$$x\ny\n$$;b", 1, 3, 4 },
		{ "/* x\n\n */ -- y\nb", 1, 4, 1 },
		{ "\xef\xbb\xbfselect", 1, 1, 4 },
		{ "copy t from stdin;\n1\n2\n\\.\n\n b", 7, 12, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sql_statement *last;
		struct sql_script s;

		assert_ok(sql_split(&s, SQL_POSTGRESQL, rows[i].text,
				    strlen(rows[i].text), rows[i].first_line));
		last = &s.statements[s.n - 1];
		assert_int_equal(last->line, rows[i].line);
		assert_int_equal(last->col, rows[i].col);
		sql_script_release(&s);
	}
}

static void sql_split__says_what_is_not_ended(void **state)
{
	static const struct {
		const char *text, *message;
		unsigned line, col;
		bool hint;
	} rows[] = {
		{ "a;\n 'x", "unterminated string", 2, 2, false },
		{ "a;\n e'x\\'", "unterminated string", 2, 2, false },
		{ "a 'x'\n'y", "unterminated string", 1, 3, false },
		{ "select U&'x", "unterminated string", 1, 8, false },
		{ "\"x", "unterminated quoted name", 1, 1, false },
		{ "u&\"x'", "unterminated quoted name", 1, 1, false },
		{ "a /* b /* c */", "unterminated comment", 1, 3, false },
		{ "a\n$$ b", "unterminated dollar quote", 2, 1, false },
		{ "$a$ b $$", "unterminated dollar quote", 1, 1, false },
		{ "x;\n " HEAD "select 1;", "unterminated BEGIN ATOMIC", 2, 2,
		  true },
		{ "x;\n copy t from stdin;\n1\n",
		  "COPY ... FROM STDIN without the end of its data", 2, 2,
		  true },
		{ "copy t from stdin",
		  "COPY ... FROM STDIN without the end of its data", 1, 1,
		  true },
		{ "copy t from stdin; 1\n\\.\n",
		  "text behind COPY ... FROM STDIN", 1, 19, true },
		{ "x;\n\\i f.sql\n", "psql command \\i", 2, 1, true },
		{ "\\set x 1", "psql command \\set", 1, 1, true },
		{ "\\", "psql command \\", 1, 1, true },
		{ "\\.\n", "psql command \\.", 1, 1, true },
		{ "select 1 \\gset\n", "psql command \\gset", 1, 10, true },
		{ "select 1\n\\restrict a\n", "psql command \\restrict", 2, 1,
		  true },
		{ "\\restricted a\n", "psql command \\restricted", 1, 1, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sql_script s;
		struct err *e = split(&s, rows[i].text);

		if (!e)
			fail_msg("%s: taken", rows[i].text);
		assert_int_equal(err_class_of(e), ERR_INPUT);
		assert_string_equal(err_text(e), rows[i].message);
		assert_string_equal(err_at_of(e)->path, "");
		assert_int_equal(err_at_of(e)->line, rows[i].line);
		assert_int_equal(err_at_of(e)->col, rows[i].col);
		assert_int_equal(err_hint_of(e) != NULL, rows[i].hint);
		assert_int_equal(s.n, 0);
		err_free(e);
	}
}

static void sql_split__refuses_a_nul_byte(void **state)
{
	static const char text[] = "a;\nb \0c";
	struct sql_script s;
	struct err *e =
		sql_split(&s, SQL_POSTGRESQL, text, sizeof(text) - 1, 1);

	(void)state;
	assert_string_equal(err_text(e), "a NUL byte in the text");
	assert_int_equal(err_at_of(e)->line, 2);
	assert_int_equal(err_at_of(e)->col, 3);
	err_free(e);
}

static void sql_split__takes_copy_data(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *data; /* of the first; NULL = none */
		const char *last;
	} rows[] = {
		{ "copy t from stdin;\n\\.\nx", 2, "", "x" },
		{ "COPY t (a, \"from\") FROM STDIN;\n1\t'\n\\.\nx", 2, "1\t'\n",
		  "x" },
		{ "copy t from stdin with (format csv) ; -- c\n$$;\n\\.\nx;", 2,
		  "$$;\n", "x" },
		{ "copy t from stdin;\r\n1\r\n\\.\r\nx", 2, "1\r\n", "x" },
		{ "copy s.t from stdout;\n1\n\\.", 1, "1\n",
		  "copy s.t from stdout" },
		{ "copy binary t from stdin;\na\\.\n\\.b\n \\.\n\\.\nx", 2,
		  "a\\.\n\\.b\n \\.\n", "x" },
		{ "copy t from stdin;\n1\n\\.\ncopy u from stdin;\n2\n\\.\n", 2,
		  "1\n", "copy u from stdin" },
		/* no data */
		{ "copy t to stdout;\nx", 2, NULL, "x" },
		{ "copy t to stdin; x", 2, NULL, "x" },
		{ "copy t from 'stdin'; x", 2, NULL, "x" },
		{ "copy t from \"stdin\"; x", 2, NULL, "x" },
		{ "copy t from program 'stdin'; x", 2, NULL, "x" },
		{ "copy (select * from stdin) to stdout; x", 2, NULL, "x" },
		{ "select copy t from stdin; x", 2, NULL, "x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sql_statement *first, *last;
		struct sql_script s;

		assert_ok(split(&s, rows[i].text));
		assert_int_equal(s.n, rows[i].n);
		first = &s.statements[0];
		last = &s.statements[s.n - 1];
		assert_int_equal(last->len, strlen(rows[i].last));
		assert_memory_equal(last->text, rows[i].last, last->len);
		assert_int_equal(first->copy_data != NULL,
				 rows[i].data != NULL);
		if (rows[i].data) {
			assert_int_equal(first->copy_len, strlen(rows[i].data));
			assert_memory_equal(first->copy_data, rows[i].data,
					    first->copy_len);
		}
		sql_script_release(&s);
	}
}

static void sql_split__skips_what_guards_a_dump(void **state)
{
	static const struct example examples[] = {
		{ "\\restrict a;'b\nx;\n\\unrestrict a;'b\n", { "x" } },
		{ "\\restrict a", { NULL } },
		{ "x;\n-- c\n  \\unrestrict a\r\ny", { "x", "y" } },
	};

	(void)state;
	CHECK_ALL(examples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sql_split__cuts_at_semicolons),
		cmocka_unit_test(sql_split__knows_every_quote),
		cmocka_unit_test(sql_split__knows_comments),
		cmocka_unit_test(sql_split__keeps_groups_together),
		cmocka_unit_test(sql_split__keeps_a_function_body_together),
		cmocka_unit_test(
			sql_split__follows_standard_conforming_strings),
		cmocka_unit_test(
			sql_split__leaves_psql_variables_to_the_server),
		cmocka_unit_test(sql_split__counts_lines_and_columns),
		cmocka_unit_test(sql_split__says_what_is_not_ended),
		cmocka_unit_test(sql_split__refuses_a_nul_byte),
		cmocka_unit_test(sql_split__takes_copy_data),
		cmocka_unit_test(sql_split__skips_what_guards_a_dump),
	};

	return cmocka_run_group_tests_name("sql/pg_split", tests, NULL, NULL);
}
