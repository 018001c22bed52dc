#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

struct row {
	const char *text, *normal;
};

static void check_all(const struct row *rows, size_t n)
{
	struct buf out = BUF_INIT, again = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		sql_normal_form(&out, SQL_SQLITE, rows[i].text,
				strlen(rows[i].text));
		assert_string_equal(buf_str(&out), rows[i].normal);
		/* the normal form of a normal form is itself */
		buf_reset(&again);
		sql_normal_form(&again, SQL_SQLITE, buf_str(&out), out.len);
		assert_string_equal(buf_str(&again), rows[i].normal);
	}
	buf_release(&again);
	buf_release(&out);
}

#define CHECK_ALL(rows) check_all(rows, ARRAY_LEN(rows))

static void sql_normal_form__drops_space_comments_and_case(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ " -- nothing\n;;", "" },
		{ "SELECT  A,B\nFROM\tT ;", "select a , b from t" },
		{ "select/**/a -- b\r\n,b/* c */from T;",
		  "select a , b from t" },
		{ "A;\n\n;B;", "a;\nb" },
		{ "create table T(a);drop table T", "create table t ( a );\n"
						    "drop table t" },
		{ "CREATE TRIGGER R AFTER INSERT ON T BEGIN SELECT 1;END;X",
		  "create trigger r after insert on t begin select 1 ; end;\n"
		  "x" },
		{ "a.b||c->>'$.D'", "a . b || c ->> '$.D'" },
		{ "\xc3\x89T\xc3\xa9", "\xc3\x89t\xc3\xa9" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__keeps_literals(void **state)
{
	static const struct row rows[] = {
		{ "VALUES('It''s  A -- /* */')",
		  "values ( 'It''s  A -- /* */' )" },
		{ "VALUES(X'aB', 1E5, 0XFF, .5, 1.)",
		  "values ( X'aB' , 1E5 , 0XFF , .5 , 1. )" },
		{ "VALUES(?1, :A, @B, $C::D(E))",
		  "values ( ?1 , :A , @B , $C::D(E) )" },
		{ "SELECT 1A", "select 1A" },
		{ "CREATE TABLE 'Users'(a)", "create table 'Users' ( a )" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__drops_quotes_that_do_nothing(void **state)
{
	static const struct row rows[] = {
		{ "CREATE TABLE \"Users\"(`Id`,[Name], \"mail\")",
		  "create table users ( id , name , mail )" },
		{ "CREATE TABLE IF NOT EXISTS \"users\"(a)",
		  "create table if not exists users ( a )" },
		{ "INSERT INTO \"Users\" SELECT \"T\".\"Id\" FROM \"T\"",
		  "insert into users select t . id from t" },
		{ "UPDATE \"Users\" SET `A`=1", "update users set a = 1" },
		{ "CREATE TABLE IF NOT EXISTS main.\"T\"(\"A\" int, \"B\")",
		  "create table if not exists main . t ( a int , b )" },
		{ "INSERT OR IGNORE INTO \"A\".\"T\"(\"B\")VALUES(1)",
		  "insert or ignore into a . t ( b ) values ( 1 )" },
		{ "UPDATE t SET \"A\" = 1", "update t set a = 1" },
		{ "DROP TABLE IF EXISTS \"T\"", "drop table if exists t" },
		{ "ALTER TABLE \"T\" ADD COLUMN \"C\"",
		  "alter table t add column c" },
		{ "ALTER TABLE \"new_User\" RENAME TO \"User\"",
		  "alter table new_user rename to user" },
		{ "a REFERENCES \"T\"(b)", "a references t ( b )" },
		{ "SELECT 1 AS \"One\"", "select 1 as one" },
		{ "SELECT * FROM a JOIN \"B\"", "select * from a join b" },
		{ "select `a$b`, [_], [\xc3\x89]",
		  "select a$b , _ , \xc3\x89" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__keeps_quotes_that_do_something(void **state)
{
	static const struct row rows[] = {
		{ "select * from \"Order\"", "select * from \"order\"" },
		{ "select * from [key]", "select * from \"key\"" },
		{ "select * from `A b`", "select * from \"a b\"" },
		{ "select * from [A\"b]", "select * from \"a\"\"b\"" },
		{ "select * from `a``b`", "select * from \"a`b\"" },
		{ "select * from \"1a\"", "select * from \"1a\"" },
		{ "select * from \"\"", "select * from \"\"" },
		{ "select * from []", "select * from \"\"" },
		{ "select * from [$a]", "select * from \"$a\"" },
		{ "select * from [a-b]", "select * from \"a-b\"" },
		{ "select * from [\xef\xbb\xbf]",
		  "select * from \"\xef\xbb\xbf\"" },
		/* no keywords, but the bare word is another thing */
		{ "select \"true\", [False], [rowid]",
		  "select \"true\" , `false` , `rowid`" },
		{ "select * from \"x'00'\"", "select * from \"x'00'\"" },
	};

	(void)state;
	CHECK_ALL(rows);
}

/* A word in double quotes that names no column is a string. */
static void sql_normal_form__keeps_what_may_be_a_string(void **state)
{
	static const struct row rows[] = {
		{ "insert into t(\"A\", \"b\") values (\"A\", \"a\")",
		  "insert into t ( a , b ) values ( \"A\" , \"a\" )" },
		{ "select \"A\", [A], `a b`, [a`b]",
		  "select \"A\" , a , `a b` , `a``b`" },
		{ "select a is distinct from \"A\"",
		  "select a is distinct from \"A\"" },
		{ "create table t(\"A\" check (a in (\"X\", \"y\")), \"B\")",
		  "create table t ( a check ( a in ( \"X\" , \"y\" ) ) , b )" },
		{ "create table t as select (\"A\"), max(\"B\")",
		  "create table t as select ( \"A\" ) , max ( \"B\" )" },
		{ "insert into t select max(\"A\")",
		  "insert into t select max ( \"A\" )" },
		{ "insert into t values (\"A\")",
		  "insert into t values ( \"A\" )" },
		{ "with w(\"A\") as (select \"B\") insert into t(\"C\") "
		  "values (\"D\")",
		  "with w ( \"A\" ) as ( select \"B\" ) insert into t ( c ) "
		  "values ( \"D\" )" },
		{ "create view \"V\" as select \"a\", A, [B] from \"T\"",
		  "create view v as select \"a\" , a , b from t" },
		{ "create temp trigger \"R\" after insert on \"T\" begin "
		  "insert into \"U\" values (\"a\"); select 1 from a join b "
		  "on \"C\"; end",
		  "create temp trigger r after insert on t begin "
		  "insert into u values ( \"a\" ) ; select 1 from a join b "
		  "on \"C\" ; end" },
		{ "create index \"I\" on \"T\"(\"A\")",
		  "create index i on t ( \"A\" )" },
		{ "select 1 from a join b on \"C\"",
		  "select 1 from a join b on \"C\"" },
		/* bare words that are strings */
		{ "create table t(a default Foo, b default \"Foo\")",
		  "create table t ( a default Foo , b default \"Foo\" )" },
		{ "create table t(a default [foo], b default Key)",
		  "create table t ( a default [foo] , b default Key )" },
		{ "create table t(a default NULL, b DEFAULT Current_Date)",
		  "create table t ( a default null , b default current_date "
		  ")" },
		{ "INSERT INTO t DEFAULT VALUES",
		  "insert into t default values" },
		{ "ATTACH Foo AS \"Bar\"", "attach Foo AS \"Bar\"" },
		{ "VACUUM INTO \"Copy\"", "vacuum into \"Copy\"" },
		{ "PRAGMA Main.Encoding = \"UTF-8\"",
		  "pragma main . encoding = \"UTF-8\"" },
		{ "CREATE VIRTUAL TABLE \"F\" USING Fts5(A, tokenize = "
		  "\"Porter\")",
		  "create virtual table f using Fts5 ( A , tokenize = "
		  "\"Porter\" )" },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void sql_normal_form__tells_texts_apart_that_differ(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "select 1", "SELECT /* one */ 1;", true },
		{ "create table [T](a)", "CREATE TABLE \"t\" ( `a` ) ;", true },
		{ "select 'a'", "select 'A'", false },
		{ "select 'a'", "select \"a\"", false },
		{ "select a", "select \"a\"", false },
		{ "select [a]", "select a", true },
		{ "select [a b]", "select `A B`", true },
		{ "select [a b]", "select \"a b\"", false },
		{ "values (\"A\")", "values (\"a\")", false },
		{ "select a b", "select ab", false },
		{ "select a.b", "select \"a.b\"", false },
		{ "select 1 - -1", "select 1 --1", false },
		{ "select key", "select \"key\"", false },
		{ "a;b", "a b", false },
		{ "select 1.0", "select 1.00", false },
		{ "select \"a\"\"b\"", "select \"a\" \"b\"", false },
	};
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&a);
		buf_reset(&b);
		sql_normal_form(&a, SQL_SQLITE, rows[i].a, strlen(rows[i].a));
		sql_normal_form(&b, SQL_SQLITE, rows[i].b, strlen(rows[i].b));
		if (streq(a.data, b.data) != rows[i].same)
			fail_msg("'%s' and '%s'", a.data, b.data);
	}
	buf_release(&a);
	buf_release(&b);
}

static void sql_normal_form__leaves_what_cannot_be_split(void **state)
{
	static const struct row rows[] = {
		{ "SELECT  'a", "SELECT  'a" },
		{ "A ;\n\n\"B", "A ;\n\n\"B" },
		{ "CREATE TRIGGER  R", "CREATE TRIGGER  R" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	CHECK_ALL(rows);
	sql_normal_form(&out, SQL_SQLITE, "A  \0B", 5);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "A  \0B", 5);
	buf_release(&out);
}

static void sql_normal_form__appends_and_stops_at_the_maximum(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	buf_addstr(&out, "x:");
	sql_normal_form(&out, SQL_SQLITE, "SELECT 1", 8);
	assert_string_equal(buf_str(&out), "x:select 1");
	buf_release(&out);

	buf_init(&out, 8);
	sql_normal_form(&out, SQL_SQLITE, "SELECT \"Abc\".\"D E\", ABC", 23);
	assert_true(out.full);
	assert_true(out.len <= 8);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			sql_normal_form__drops_space_comments_and_case),
		cmocka_unit_test(sql_normal_form__keeps_literals),
		cmocka_unit_test(sql_normal_form__drops_quotes_that_do_nothing),
		cmocka_unit_test(
			sql_normal_form__keeps_quotes_that_do_something),
		cmocka_unit_test(sql_normal_form__keeps_what_may_be_a_string),
		cmocka_unit_test(
			sql_normal_form__tells_texts_apart_that_differ),
		cmocka_unit_test(sql_normal_form__leaves_what_cannot_be_split),
		cmocka_unit_test(
			sql_normal_form__appends_and_stops_at_the_maximum),
	};

	return cmocka_run_group_tests_name("sql/sqlite_normal", tests, NULL,
					   NULL);
}
