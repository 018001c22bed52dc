#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "sql/sql.h"
#include "support/unit.h"

/* What a statement must be; NULL is no name, false is not said. */
struct row {
	const char *text;
	enum sql_verb verb;
	const char *schema, *object, *detail, *detail2;
};

static void check_name(const char *text, const char *what, const char *got,
		       const char *want)
{
	if (!streq_null(got, want))
		fail_msg("%s: %s is %s", text, what, got ? got : "NULL");
}

static void check(const struct row *row)
{
	const struct sql_statement *st;
	struct sql_script s;

	assert_ok(
		sql_split(&s, SQL_POSTGRESQL, row->text, strlen(row->text), 1));
	assert_int_equal(s.n, 1);
	st = &s.statements[0];
	if (st->verb != row->verb)
		fail_msg("%s: verb is %d", row->text, (int)st->verb);
	check_name(row->text, "schema", st->schema, row->schema);
	check_name(row->text, "object", st->object, row->object);
	check_name(row->text, "detail", st->detail, row->detail);
	check_name(row->text, "detail2", st->detail2, row->detail2);
	sql_script_release(&s);
}

static void check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

#define CHECK_ALL(rows) check_all(rows, ARRAY_LEN(rows))

static void verb__is_told_for_transactions(void **state)
{
	static const struct row rows[] = {
		{ .text = "begin", .verb = SQL_BEGIN },
		{ .text = "BEGIN WORK ISOLATION LEVEL SERIALIZABLE",
		  .verb = SQL_BEGIN,
		  .object = "transaction_isolation",
		  .detail = "serializable" },
		{ .text = "start transaction isolation level REPEATABLE  READ,"
			  " read write",
		  .verb = SQL_BEGIN,
		  .object = "transaction_isolation",
		  .detail = "repeatable read" },
		{ .text = "begin isolation level read committed",
		  .verb = SQL_BEGIN },
		{ .text = "start transaction read only", .verb = SQL_BEGIN },
		{ .text = "start", .verb = SQL_OTHER },
		{ .text = "commit", .verb = SQL_COMMIT },
		{ .text = "commit and chain", .verb = SQL_COMMIT },
		{ .text = "end transaction", .verb = SQL_COMMIT },
		{ .text = "rollback", .verb = SQL_ROLLBACK },
		{ .text = "rollback to savepoint a", .verb = SQL_ROLLBACK },
		{ .text = "abort", .verb = SQL_ROLLBACK },
		{ .text = "savepoint a", .verb = SQL_SAVEPOINT },
		{ .text = "release savepoint a", .verb = SQL_SAVEPOINT },
		{ .text = "prepare transaction 'a''b'",
		  .verb = SQL_TWO_PHASE,
		  .object = "a'b" },
		{ .text = "commit prepared 'a'",
		  .verb = SQL_TWO_PHASE,
		  .object = "a" },
		{ .text = "rollback prepared $$a$$",
		  .verb = SQL_TWO_PHASE,
		  .object = "a" },
		{ .text = "prepare p as select 1", .verb = SQL_OTHER },
		{ .text = "prepare transaction as select 1",
		  .verb = SQL_OTHER },
		{ .text = "prepare transaction (int) as select $1",
		  .verb = SQL_OTHER },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void names__are_as_in_the_catalogs(void **state)
{
#define LONG "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgg"
	static const struct row rows[] = {
		{ "delete from T", SQL_DELETE, NULL, "t", NULL, NULL },
		{ "delete from \"T\"", SQL_DELETE, NULL, "T", NULL, NULL },
		{ "delete from S.\"a\"\"b.c\"", SQL_DELETE, "s", "a\"b.c", NULL,
		  NULL },
		{ "delete from d . s /* */ . t", SQL_DELETE, "s", "t", NULL,
		  NULL },
		{ "delete from \xc3\x89T\xc3\x89$1", SQL_DELETE, NULL,
		  "\xc3\x89t\xc3\x89$1", NULL, NULL },
		{ "delete from U&\"d\\0061t\\+000061\\\\\"", SQL_DELETE, NULL,
		  "data\\", NULL, NULL },
		{ "delete from u&\"\\20ac\\+01f600\"", SQL_DELETE, NULL,
		  "\xe2\x82\xac\xf0\x9f\x98\x80", NULL, NULL },
		{ "delete from u&\"\\00zz\\\"", SQL_DELETE, NULL, "\\00zz\\",
		  NULL, NULL },
		/* 63 bytes, and no half of a character */
		{ "delete from " LONG "hij", SQL_DELETE, NULL, LONG "h", NULL,
		  NULL },
		{ "delete from \"" LONG "\xc3\xa9\"", SQL_DELETE, NULL, LONG,
		  NULL, NULL },
		{ "delete from 'x'", SQL_DELETE, NULL, NULL, NULL, NULL },
		{ "delete from", SQL_DELETE, NULL, NULL, NULL, NULL },
		{ "delete from s.", SQL_DELETE, "s", NULL, NULL, NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void verb__is_told_for_rows(void **state)
{
	static const struct row rows[] = {
		{ "insert into s.t (a) values (1)", SQL_INSERT, "s", "t", NULL,
		  NULL },
		{ "INSERT INTO t AS x DEFAULT VALUES", SQL_INSERT, NULL, "t",
		  NULL, NULL },
		{ "update only t set a = 1", SQL_UPDATE, NULL, "t", NULL,
		  NULL },
		{ "update t * set a = 1", SQL_UPDATE, NULL, "t", NULL, NULL },
		{ "delete from only (s.t) where a", SQL_DELETE, "s", "t", NULL,
		  NULL },
		{ "merge into t using u on true when matched then delete",
		  SQL_MERGE, NULL, "t", NULL, NULL },
		{ "merge into only t using u on true when not matched by "
		  "source then delete returning *",
		  SQL_MERGE, NULL, "t", NULL, NULL },
		{ "select 1", SQL_SELECT, NULL, NULL, NULL, NULL },
		{ "((select 1) union select 2)", SQL_SELECT, NULL, NULL, NULL,
		  NULL },
		{ "values (1)", SQL_SELECT, NULL, NULL, NULL, NULL },
		{ "table t", SQL_SELECT, NULL, NULL, NULL, NULL },
		{ "truncate table only s.t, u", SQL_TRUNCATE, "s", "t", NULL,
		  NULL },
		{ "refresh materialized view concurrently s.m", SQL_OTHER, "s",
		  "m", NULL, NULL },
		{ "do $$begin end$$", SQL_OTHER, NULL, NULL, NULL, NULL },
		{ "call p()", SQL_OTHER, NULL, NULL, NULL, NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void verb__is_told_behind_with(void **state)
{
	static const struct row rows[] = {
		{ "with a as (delete from b) select 1", SQL_SELECT, NULL, NULL,
		  NULL, NULL },
		{ "WITH RECURSIVE a (x, y) AS NOT MATERIALIZED (SELECT 1), "
		  "\"select\" as (values (1)) INSERT INTO s.t SELECT 1",
		  SQL_INSERT, "s", "t", NULL, NULL },
		{ "with insert as (select 1) update t set a = 1", SQL_UPDATE,
		  NULL, "t", NULL, NULL },
		{ "with a as (select 1), delete as (select 2) delete from t",
		  SQL_DELETE, NULL, "t", NULL, NULL },
		{ "with a as (select 1) merge into t using a on true when "
		  "matched then do nothing",
		  SQL_MERGE, NULL, "t", NULL, NULL },
		{ "with a as (select 1) search depth first by x set y cycle z "
		  "set c using p table a",
		  SQL_SELECT, NULL, NULL, NULL, NULL },
		{ "with a as (select 1) (values (1))", SQL_SELECT, NULL, NULL,
		  NULL, NULL },
		{ "with a as (select 1) select * into t from a",
		  SQL_CREATE_TABLE, NULL, "t", NULL, NULL },
		{ "with", SQL_OTHER, NULL, NULL, NULL, NULL },
		{ "with a as (select 1", SQL_OTHER, NULL, NULL, NULL, NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void verb__is_told_for_create(void **state)
{
	static const struct row rows[] = {
		{ "create table t (a int)", SQL_CREATE_TABLE, NULL, "t", NULL,
		  NULL },
		{ "create unlogged table if not exists s.t as select 1",
		  SQL_CREATE_TABLE, "s", "t", NULL, NULL },
		{ "create table t partition of p default", SQL_CREATE_TABLE,
		  NULL, "t", NULL, NULL },
		{ "select a, b as into, t.into into unlogged table s.t from u",
		  SQL_CREATE_TABLE, "s", "t", NULL, NULL },
		{ "(select 1 into t)", SQL_CREATE_TABLE, NULL, "t", NULL,
		  NULL },
		{ "select (select into from x)", SQL_SELECT, NULL, NULL, NULL,
		  NULL },
		{ "create index i on t (a)", SQL_CREATE, NULL, "i", "index",
		  NULL },
		{ "create unique index concurrently if not exists i on t (a)",
		  SQL_CREATE, NULL, "i", "index", NULL },
		{ "create index on t (a)", SQL_CREATE, NULL, NULL, "index",
		  NULL },
		{ "create or replace view s.v as select 1", SQL_CREATE, "s",
		  "v", "view", NULL },
		{ "create recursive view v (a) as select 1", SQL_CREATE, NULL,
		  "v", "view", NULL },
		{ "create materialized view if not exists m as select 1",
		  SQL_CREATE, NULL, "m", "materialized view", NULL },
		{ "create constraint trigger r after insert on t execute "
		  "function f()",
		  SQL_CREATE, NULL, "r", "trigger", NULL },
		{ "create or replace trigger r before insert on t execute "
		  "function f()",
		  SQL_CREATE, NULL, "r", "trigger", NULL },
		{ "create event trigger e on ddl_command_end execute "
		  "function f()",
		  SQL_CREATE, NULL, "e", "event trigger", NULL },
		{ "create or replace function s.f(a int) returns int as 'x'",
		  SQL_CREATE, "s", "f", "function", NULL },
		{ "create procedure p() as 'x'", SQL_CREATE, NULL, "p",
		  "procedure", NULL },
		{ "create schema if not exists s", SQL_CREATE, NULL, "s",
		  "schema", NULL },
		{ "create schema authorization joe", SQL_CREATE, NULL, "joe",
		  "schema", NULL },
		{ "create sequence s.q", SQL_CREATE, "s", "q", "sequence",
		  NULL },
		{ "create type s.t as enum ('a')", SQL_CREATE, "s", "t", "type",
		  NULL },
		{ "create domain d as int", SQL_CREATE, NULL, "d", "domain",
		  NULL },
		{ "create extension if not exists \"uuid-ossp\"", SQL_CREATE,
		  NULL, "uuid-ossp", "extension", NULL },
		{ "create policy p on t", SQL_CREATE, NULL, "p", "policy",
		  NULL },
		{ "create rule r as on insert to t do nothing", SQL_CREATE,
		  NULL, "r", "rule", NULL },
		{ "create foreign table s.t (a int) server x", SQL_CREATE, "s",
		  "t", "foreign table", NULL },
		{ "create foreign data wrapper w", SQL_CREATE, NULL, "w",
		  "foreign data wrapper", NULL },
		{ "create user mapping for x server y", SQL_CREATE, NULL, NULL,
		  "user mapping", NULL },
		{ "create user u", SQL_CREATE, NULL, "u", "user", NULL },
		{ "create text search configuration s.c (parser = default)",
		  SQL_CREATE, "s", "c", "text search configuration", NULL },
		{ "create operator class c for type int using btree as "
		  "storage int",
		  SQL_CREATE, NULL, "c", "operator class", NULL },
		{ "create operator s.+ (leftarg = int)", SQL_CREATE, "s", NULL,
		  "operator", NULL },
		{ "create cast (int as text) without function", SQL_CREATE,
		  NULL, NULL, "cast", NULL },
		{ "create transform for int language l (from sql with "
		  "function f)",
		  SQL_CREATE, NULL, NULL, "transform", NULL },
		{ "create or replace trusted procedural language l", SQL_CREATE,
		  NULL, "l", "language", NULL },
		{ "create default conversion c for 'a' to 'b' from f",
		  SQL_CREATE, NULL, "c", "conversion", NULL },
		{ "create tablespace x location '/'", SQL_CREATE, NULL, "x",
		  "tablespace", NULL },
		{ "create frobnicator f", SQL_CREATE, NULL, NULL, NULL, NULL },
		{ "create", SQL_CREATE, NULL, NULL, NULL, NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void verb__is_told_for_drop_and_alter(void **state)
{
	static const struct row rows[] = {
		{ "drop table if exists s.t, u", SQL_DROP_TABLE, "s", "t", NULL,
		  NULL },
		{ "drop index concurrently if exists s.i", SQL_DROP, "s", "i",
		  "index", NULL },
		{ "drop materialized view m", SQL_DROP, NULL, "m",
		  "materialized view", NULL },
		{ "drop function f(int)", SQL_DROP, NULL, "f", "function",
		  NULL },
		{ "drop owned by joe", SQL_DROP, NULL, "joe", "owned", NULL },
		{ "drop trigger r on t", SQL_DROP, NULL, "r", "trigger", NULL },
		{ "alter table t rename to u", SQL_RENAME_TABLE, NULL, "t", "u",
		  NULL },
		{ "alter table if exists only s.t rename column a to \"B\"",
		  SQL_RENAME_COLUMN, "s", "t", "a", "B" },
		{ "alter table t * rename a to b", SQL_RENAME_COLUMN, NULL, "t",
		  "a", "b" },
		{ "alter table t rename constraint a to b", SQL_ALTER_TABLE,
		  NULL, "t", NULL, NULL },
		{ "alter table t add a int", SQL_ADD_COLUMN, NULL, "t", "a",
		  NULL },
		{ "alter table t add column if not exists a numeric(1, 2)",
		  SQL_ADD_COLUMN, NULL, "t", "a", NULL },
		{ "alter table t add column a int[] default array[1, 2]",
		  SQL_ADD_COLUMN, NULL, "t", "a", NULL },
		{ "alter table t add exclude int", SQL_ADD_COLUMN, NULL, "t",
		  "exclude", NULL },
		{ "alter table t add exclude using gist (a with =)",
		  SQL_ALTER_TABLE, NULL, "t", NULL, NULL },
		{ "alter table t add constraint c check (true)",
		  SQL_ALTER_TABLE, NULL, "t", NULL, NULL },
		{ "alter table t add primary key (a)", SQL_ALTER_TABLE, NULL,
		  "t", NULL, NULL },
		{ "alter table t add a int, add b int", SQL_ALTER_TABLE, NULL,
		  "t", NULL, NULL },
		{ "alter table t drop if exists a cascade", SQL_DROP_COLUMN,
		  NULL, "t", "a", NULL },
		{ "alter table t drop column a", SQL_DROP_COLUMN, NULL, "t",
		  "a", NULL },
		{ "alter table t drop constraint a", SQL_ALTER_TABLE, NULL, "t",
		  NULL, NULL },
		{ "alter table t alter a type int", SQL_ALTER_TABLE, NULL, "t",
		  NULL, NULL },
		{ "alter table all in tablespace a set tablespace b",
		  SQL_ALTER_TABLE, NULL, NULL, NULL, NULL },
		{ "alter view v rename to w", SQL_ALTER, NULL, "v", "view",
		  NULL },
		{ "alter index if exists s.i rename to j", SQL_ALTER, "s", "i",
		  "index", NULL },
		{ "alter type s.e add value 'a'", SQL_ALTER, "s", "e", "type",
		  NULL },
		{ "alter default privileges in schema s grant select on "
		  "tables to joe",
		  SQL_ALTER, NULL, NULL, "default privileges", NULL },
		{ "alter system reset all", SQL_ALTER, NULL, NULL, "system",
		  NULL },
		{ "alter aggregate s.f(int) rename to g", SQL_ALTER, "s", "f",
		  "aggregate", NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void verb__looks_through_explain_that_runs(void **state)
{
	static const struct row rows[] = {
		{ "explain delete from t", SQL_OTHER, NULL, NULL, NULL, NULL },
		{ "explain verbose delete from t", SQL_OTHER, NULL, NULL, NULL,
		  NULL },
		{ "explain (analyze false, verbose) delete from t", SQL_OTHER,
		  NULL, NULL, NULL, NULL },
		{ "explain (format json) delete from t", SQL_OTHER, NULL, NULL,
		  NULL, NULL },
		{ "explain analyze delete from t", SQL_DELETE, NULL, "t", NULL,
		  NULL },
		{ "explain analyze verbose delete from t", SQL_DELETE, NULL,
		  "t", NULL, NULL },
		{ "explain (verbose, analyze on, format json) delete from t",
		  SQL_DELETE, NULL, "t", NULL, NULL },
		{ "explain (analyze, verbose off) create table t as select 1",
		  SQL_CREATE_TABLE, NULL, "t", NULL, NULL },
	};

	(void)state;
	CHECK_ALL(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verb__is_told_for_transactions),
		cmocka_unit_test(names__are_as_in_the_catalogs),
		cmocka_unit_test(verb__is_told_for_rows),
		cmocka_unit_test(verb__is_told_behind_with),
		cmocka_unit_test(verb__is_told_for_create),
		cmocka_unit_test(verb__is_told_for_drop_and_alter),
		cmocka_unit_test(verb__looks_through_explain_that_runs),
	};

	return cmocka_run_group_tests_name("sql/pg_classify", tests, NULL,
					   NULL);
}
