#include "unit/effects/pg_cases.h"

static const struct pg_case types_cases[] = {
	{ "CREATE TYPE mood AS ENUM ('ok', 'bad')", NULL,
	  "create type public.mood -> enum (ok, bad)\n"
	  "create label public.mood.ok implied\n"
	  "create label public.mood.bad implied\n" },
	{ "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'great' AFTER 'ok'", NULL,
	  "use type public.mood\n"
	  "create label public.mood.great if not exists -> after ok\n"
	  "use label public.mood.ok\n" },
	{ "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", NULL,
	  "use type public.mood\n"
	  "drop label public.mood.ok\n"
	  "create label public.mood.fine from ok\n" },
	{ "CREATE TYPE pair AS (a int, b text); ALTER TYPE pair ADD "
	  "ATTRIBUTE c int; ALTER TYPE pair RENAME TO duo",
	  NULL,
	  "create type public.pair -> (ColumnDef(colname='a' "
	  "type_name=integer is_local=1), ColumnDef(colname='b' "
	  "type_name=text is_local=1))\n"
	  "create column public.pair.a -> integer implied\n"
	  "create column public.pair.b -> text implied\n"
	  "use type public.pair\n"
	  "create column public.pair.c -> integer\n"
	  "alter type public.pair columns\n"
	  "drop type public.pair\n"
	  "create type public.duo -> (ColumnDef(colname='a' "
	  "type_name=integer is_local=1), ColumnDef(colname='b' "
	  "type_name=text is_local=1)) from pair\n"
	  "drop column public.pair.a implied\n"
	  "create column public.duo.a from a implied\n"
	  "drop column public.pair.b implied\n"
	  "create column public.duo.b from b implied\n"
	  "drop column public.pair.c implied\n"
	  "create column public.duo.c from c implied\n" },
	{ "CREATE DOMAIN mail AS text CHECK (VALUE ~ '@' AND ok(VALUE)); "
	  "ALTER DOMAIN mail SET NOT NULL; DROP DOMAIN mail",
	  NULL,
	  "create type public.mail -> CreateDomainStmt(domainname=[mail] "
	  "type_name=text constraints=[Constraint(contype=6 "
	  "raw_expr=((value ~ '@') and ok(value)) initially_valid=1)])\n"
	  "use routine public.ok signature\n"
	  "alter type public.mail definition -> sum\n"
	  "drop type public.mail\n" },
	{ "CREATE TYPE r AS RANGE (subtype = float8)", NULL,
	  "create type public.r -> range (subtype double precision)\n" },
	{ "DROP TYPE mood CASCADE",
	  "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (a int, m "
	  "mood)",
	  "drop type public.mood\n"
	  "drop column public.t.m implied\n" },
	{ "UPDATE t SET a = 'ok'::mood", "CREATE TYPE mood AS ENUM ('ok')",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum set a = ok\n"
	  "use type public.mood\n"
	  "use label public.mood.ok conditional\n" },
};

static const struct pg_case sequences_cases[] = {
	{ "CREATE SEQUENCE s OWNED BY t.a; ALTER SEQUENCE s RESTART WITH "
	  "5; ALTER SEQUENCE s INCREMENT 2",
	  NULL,
	  "create sequence public.s -> owned_by t, a\n"
	  "use column public.t.a\n"
	  "use table public.t owner\n"
	  "alter sequence public.s value -> restart 5\n"
	  "alter sequence public.s options -> increment 2\n" },
	{ "DROP SEQUENCE s CASCADE",
	  "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'))",
	  "drop sequence public.s\n"
	  "alter column public.t.a default -> no default implied\n" },
};

static const struct pg_case the_rest_cases[] = {
	{ "CREATE SCHEMA IF NOT EXISTS app; DROP SCHEMA app", NULL,
	  "create schema app if not exists -> schema\n"
	  "drop schema app\n" },
	{ "DROP SCHEMA app CASCADE",
	  "CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE "
	  "FUNCTION app.f() RETURNS int LANGUAGE sql RETURN 1",
	  "drop schema app\n"
	  "drop table app.t implied\n"
	  "drop column app.t.a implied\n"
	  "drop routine app.f() implied\n" },
	{ "ALTER SCHEMA a RENAME TO b",
	  "CREATE SCHEMA a; CREATE TABLE a.t (x int)",
	  "drop schema a\n"
	  "create schema b from a\n" },
	{ "CREATE EXTENSION IF NOT EXISTS citext; ALTER EXTENSION citext "
	  "UPDATE; DROP EXTENSION citext",
	  NULL,
	  "create extension citext if not exists -> extension \n"
	  "alter extension citext version -> latest\n"
	  "drop extension citext\n" },
	{ "CREATE ROLE bob LOGIN; ALTER ROLE bob SET search_path = app; "
	  "GRANT admin TO bob; DROP ROLE bob",
	  NULL,
	  "create role bob -> canlogin true\n"
	  "alter setting search_path of role bob -> 'app'\n"
	  "alter role bob privileges -> sum\n"
	  "use role admin\n"
	  "drop role bob\n" },
	{ "GRANT SELECT, UPDATE (a) ON t TO bob; REVOKE ALL ON SCHEMA s "
	  "FROM PUBLIC; GRANT EXECUTE ON FUNCTION f(int) TO bob",
	  NULL,
	  "alter table public.t privileges -> bob: grant select, update "
	  "(a)\n"
	  "use column public.t.a\n"
	  "use role bob\n"
	  "alter schema s privileges -> public: revoke all\n"
	  "alter routine public.f(integer) privileges -> bob: grant "
	  "execute\n"
	  "use role bob\n" },
	{ "GRANT SELECT ON ALL TABLES IN SCHEMA app TO bob, eve",
	  "CREATE TABLE app.t (a int)",
	  "alter schema app privileges of all tables -> bob: grant select\n"
	  "alter table app.t privileges -> bob: grant select implied\n"
	  "alter schema app privileges of all tables -> eve: grant select\n"
	  "alter table app.t privileges -> eve: grant select implied\n"
	  "use role bob\n"
	  "use role eve\n" },
	{ "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES "
	  "TO bob",
	  NULL,
	  "alter schema app default privileges of tables -> bob: grant "
	  "select\n"
	  "use role bob\n" },
	{ "COMMENT ON TABLE t IS 'x'; COMMENT ON COLUMN t.a IS NULL; "
	  "COMMENT ON FUNCTION f(int) IS 'y'; COMMENT ON CONSTRAINT k ON "
	  "t IS 'z'",
	  NULL,
	  "alter table public.t comment -> x\n"
	  "alter column public.t.a comment -> no comment\n"
	  "alter routine public.f(integer) comment -> y\n"
	  "alter constraint public.t.k comment -> z\n" },
	{ "CREATE STATISTICS st ON a, b FROM t", NULL,
	  "create statistics st -> sum\n"
	  "use table public.t\n"
	  "use column public.t.a key\n"
	  "use column public.t.b key\n"
	  "alter table public.t extended statistics\n" },
	{ "CREATE CAST (a AS b) WITH FUNCTION f(a)", NULL,
	  "create cast a, b -> sum\n"
	  "use type public.a\n"
	  "use type public.b\n" },
	{ "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION "
	  "= eq); DROP OPERATOR === (int, int)",
	  NULL,
	  "create operator === -> sum\n"
	  "use routine public.eq signature\n"
	  "drop operator ===\n" },
	{ "CREATE PUBLICATION p FOR TABLE t; ALTER PUBLICATION p ADD "
	  "TABLE u; DROP PUBLICATION p",
	  NULL,
	  "create publication p -> sum\n"
	  "use table public.t\n"
	  "alter table public.t published -> changes of p\n"
	  "alter publication p tables -> sum\n"
	  "use table public.u\n"
	  "alter table public.u published -> changes of p\n"
	  "drop publication p\n" },
	{ "CREATE SERVER far FOREIGN DATA WRAPPER w; DROP SERVER far", NULL,
	  "create server far -> sum\n"
	  "drop server far\n" },
	{ "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple); CREATE "
	  "COLLATION co (locale = 'de')",
	  NULL,
	  "create text search configuration c -> sum\n"
	  "create collation co -> sum\n" },
	{ "SET lock_timeout = '5s'; SHOW x; ANALYZE t; VACUUM t; LOCK "
	  "TABLE t; NOTIFY x; REINDEX TABLE t",
	  NULL, "use table public.t\n" },
	{ "ALTER SYSTEM SET x = 1; ALTER DATABASE d SET y = 2", NULL,
	  "alter setting x of the server -> 1\n"
	  "alter setting y of database d -> 2\n" },
	{ "CREATE DATABASE d", NULL, "create database d -> sum\n" },
	{ "DROP OWNED BY bob", NULL,
	  "uncertain anything: a statement that is not looked into "
	  "(drop_owned_stmt)\n" },
	{ "EXPLAIN ANALYZE DELETE FROM t", NULL,
	  "use table public.t conditional\n"
	  "delete rows of public.t -> sum conditional\n" },
	{ "PREPARE q AS DELETE FROM t; EXECUTE q; DEALLOCATE q", NULL,
	  "use table public.t conditional\n"
	  "delete rows of public.t -> sum conditional\n"
	  "uncertain anything: EXECUTE of the prepared statement q\n" },
	{ "IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z", NULL,
	  "uncertain anything: which tables IMPORT FOREIGN SCHEMA x "
	  "makes\n" },
	{ "BEGIN; DELETE FROM t; COMMIT", NULL,
	  "use table public.t\n"
	  "delete rows of public.t -> sum\n" },
	{ "this is no SQL; DELETE FROM t", NULL,
	  "uncertain anything: a statement that does not parse (syntax error "
	  "at or near \"this\")\n"
	  "use table public.t\n"
	  "delete rows of public.t -> sum\n" },
	{ "SELECT 'not ended", NULL,
	  "uncertain anything: a statement that does not parse "
	  "(unterminated string)\n" },
};

static void types__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(types_cases, ARRAY_LEN(types_cases));
}

static void sequences__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(sequences_cases, ARRAY_LEN(sequences_cases));
}

static void the_rest__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(the_rest_cases, ARRAY_LEN(the_rest_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types__told_line_by_line),
		cmocka_unit_test(sequences__told_line_by_line),
		cmocka_unit_test(the_rest__told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
