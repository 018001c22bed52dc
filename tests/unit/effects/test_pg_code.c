#include "unit/effects/pg_cases.h"

static const struct pg_case functions_cases[] = {
	{ "CREATE FUNCTION f(a integer, b text DEFAULT 'x') RETURNS int "
	  "LANGUAGE sql AS $$ SELECT c FROM t WHERE d = a $$",
	  NULL,
	  "create routine public.f(integer,text) -> sum\n"
	  "use table public.t implied conditional\n"
	  "use column public.t.c type implied conditional\n"
	  "use column public.t.d type implied conditional\n"
	  "use column public.t.a type implied conditional\n" },
	{ "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN "
	  "NEW.updated = now(); RETURN NEW; END $$ LANGUAGE plpgsql",
	  NULL, "create routine public.f() or replace -> sum\n" },
	{ "CREATE FUNCTION f(x int) RETURNS int BEGIN ATOMIC SELECT a "
	  "FROM t; SELECT x + 1; END",
	  NULL,
	  "create routine public.f(integer) -> sum\n"
	  "use table public.t implied conditional\n"
	  "use column public.t.a type implied conditional\n" },
	{ "CREATE FUNCTION f(OUT a int, VARIADIC b text[]) RETURNS int "
	  "LANGUAGE sql RETURN 1",
	  NULL, "create routine public.f(text[]) -> sum\n" },
	{ "CREATE FUNCTION f() RETURNS void AS $$ print(1) $$ LANGUAGE "
	  "plpython3u; SELECT f()",
	  NULL,
	  "create routine public.f() -> sum\n"
	  "use routine public.f signature\n"
	  "use routine public.f() definition implied\n"
	  "uncertain anything implied: code in the language plpython3u "
	  "in function f()\n" },
	{ "CREATE PROCEDURE p(int) AS $$ INSERT INTO t (a) VALUES ($1) "
	  "$$ LANGUAGE sql; CALL p(1)",
	  NULL,
	  "create routine public.p(integer) -> sum\n"
	  "use table public.t implied conditional\n"
	  "use column public.t.a type implied conditional\n"
	  "use routine public.p signature\n"
	  "use routine public.p(integer) definition implied\n"
	  "use table public.t implied: p(integer) runs\n"
	  "use column public.t.a implied: p(integer) runs\n"
	  "insert rows of public.t (a) -> sum implied: p(integer) runs\n" },
	{ "SELECT f(1)",
	  "CREATE FUNCTION f(int) RETURNS void AS $$ DELETE FROM t $$ "
	  "LANGUAGE sql; CREATE FUNCTION f(text) RETURNS void AS $$ "
	  "DELETE FROM u $$ LANGUAGE sql",
	  "use routine public.f signature\n"
	  "use routine public.f(integer) definition implied\n"
	  "use table public.t implied: f(integer) runs\n"
	  "delete rows of public.t -> sum implied: f(integer) runs\n"
	  "use routine public.f(text) definition implied\n" },
	{ "SELECT g(1, 2)",
	  "CREATE FUNCTION g(int) RETURNS void AS $$ DELETE FROM t $$ "
	  "LANGUAGE sql; CREATE FUNCTION g(int, int) RETURNS void AS $$ "
	  "DELETE FROM u $$ LANGUAGE sql",
	  "use routine public.g signature\n"
	  "use routine public.g(integer,integer) definition implied\n"
	  "use table public.u implied: g(integer,integer) runs\n"
	  "delete rows of public.u -> sum implied: g(integer,integer) runs\n" },
	{ "SELECT f()",
	  "CREATE FUNCTION g() RETURNS void AS $$ DELETE FROM t $$ "
	  "LANGUAGE sql; CREATE FUNCTION f() RETURNS void AS $$ SELECT "
	  "g() $$ LANGUAGE sql",
	  "use routine public.f signature\n"
	  "use routine public.f() definition implied\n"
	  "use routine public.g signature implied: f() runs\n"
	  "use routine public.g() definition implied: f() runs\n"
	  "use table public.t implied: g() runs\n"
	  "delete rows of public.t -> sum implied: g() runs\n" },
	{ "SELECT f()",
	  "CREATE FUNCTION f() RETURNS void AS $$ SELECT f(); DELETE "
	  "FROM t $$ LANGUAGE sql",
	  "use routine public.f signature\n"
	  "use routine public.f() definition implied\n"
	  "use table public.t implied: f() runs\n"
	  "delete rows of public.t -> sum implied: f() runs\n" },
	{ "SELECT f()",
	  "CREATE FUNCTION f() RETURNS void SET search_path = app AS $$ "
	  "DELETE FROM t $$ LANGUAGE sql",
	  "use routine public.f signature\n"
	  "use routine public.f() definition implied\n"
	  "use table app.t implied: f() runs\n"
	  "delete rows of app.t -> sum implied: f() runs\n" },
	{ "ALTER FUNCTION f(int) OWNER TO bob; ALTER FUNCTION f(int) "
	  "STABLE; ALTER FUNCTION f(int) RENAME TO g",
	  NULL,
	  "alter routine public.f(integer) owner -> bob\n"
	  "use role bob\n"
	  "alter routine public.f(integer) definition -> volatility "
	  "stable\n"
	  "drop routine public.f(integer)\n"
	  "create routine public.g(integer) from f(integer)\n" },
	{ "DROP FUNCTION f(int)", NULL, "drop routine public.f(integer)\n" },
	{ "DROP FUNCTION IF EXISTS f CASCADE",
	  "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; "
	  "END $$ LANGUAGE plpgsql; CREATE TABLE t (a int); CREATE "
	  "TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()",
	  "drop routine public.f() if exists\n"
	  "drop trigger public.t.g implied\n" },
	{ "CREATE AGGREGATE sum2(int) (SFUNC = int4pl, STYPE = int)", NULL,
	  "create routine public.sum2 -> sum\n"
	  "use routine public.int4pl signature\n" },
};

static const struct pg_case do_cases[] = {
	{ "DO $$ BEGIN CREATE TYPE mood AS ENUM ('ok'); EXCEPTION WHEN "
	  "duplicate_object THEN NULL; END $$",
	  NULL,
	  "create type public.mood -> enum (ok) conditional\n"
	  "create label public.mood.ok implied conditional\n" },
	{ "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE "
	  "relname = 'x') THEN CREATE TABLE x (a int); END IF; END $$",
	  NULL,
	  "create table public.x -> sum conditional\n"
	  "create column public.x.a -> integer implied conditional\n" },
	{ "DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM t LOOP "
	  "UPDATE u SET a = 1 WHERE id = r.id; END LOOP; END $$",
	  NULL,
	  "use table public.u conditional\n"
	  "use column public.u.a conditional\n"
	  "update rows of public.u (a) -> sum by (id) set a = 1 conditional\n"
	  "use column public.u.id type conditional\n"
	  "use table public.t\n"
	  "select rows of public.t (id)\n"
	  "use column public.t.id type\n" },
	{ "DO $$ DECLARE n int := 0; BEGIN SELECT count(*) INTO n FROM "
	  "t; IF n = 0 THEN RETURN; END IF; DELETE FROM u; END $$",
	  NULL,
	  "use table public.t\n"
	  "select rows of public.t\n"
	  "use table public.u conditional\n"
	  "delete rows of public.u -> sum conditional\n" },
	{ "DO $$ BEGIN PERFORM f(); WHILE (SELECT true FROM w) LOOP "
	  "DELETE FROM t; END LOOP; END $$",
	  NULL,
	  "use routine public.f signature\n"
	  "use table public.w\n"
	  "select rows of public.w\n"
	  "use table public.t conditional\n"
	  "delete rows of public.t -> sum conditional\n" },
	{ "DO $$ BEGIN EXECUTE 'DROP TABLE x'; EXECUTE 'DELETE FROM ' || "
	  "quote_ident('t'); END $$",
	  NULL,
	  "drop table public.x\n"
	  "use table public.t\n"
	  "delete rows of public.t -> sum\n" },
	{ "DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN b int', "
	  "'t'); EXECUTE format('UPDATE t SET a = %L', current_user); "
	  "END $$",
	  NULL,
	  "use table public.t\n"
	  "create column public.t.b -> integer\n"
	  "alter table public.t columns\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum\n" },
	{ "DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE "
	  "format('ALTER TABLE t DROP CONSTRAINT %I', r.x); EXECUTE "
	  "format('DROP TABLE %I', r.x); EXECUTE 'DROP VIEW ' || r.x; "
	  "END LOOP; END $$",
	  NULL,
	  "use table public.t conditional\n"
	  "uncertain table public.t conditional: a computed name in DO\n"
	  "alter table public.t constraints implied conditional\n"
	  "uncertain anything conditional: a computed name in DO\n"
	  "uncertain anything conditional: dynamic SQL in DO: DROP VIEW "
	  "...\n" },
	{ "DO $$ BEGIN CASE WHEN true THEN DELETE FROM t; ELSE DELETE "
	  "FROM u; END CASE; END $$",
	  NULL,
	  "use table public.t conditional\n"
	  "delete rows of public.t -> sum conditional\n"
	  "use table public.u conditional\n"
	  "delete rows of public.u -> sum conditional\n" },
	{ "DO LANGUAGE plperl 'x'", NULL,
	  "uncertain anything: code in the language plperl in DO\n" },
	{ "DO $$ BEGIN not sql at all; END $$", NULL,
	  "uncertain anything: PL/pgSQL that does not parse (syntax "
	  "error at or near \"not\") in DO\n" },
	{ "SELECT watch('t')",
	  "CREATE FUNCTION watch(tbl regclass) RETURNS void AS $$ BEGIN "
	  "EXECUTE format('CREATE TRIGGER w BEFORE UPDATE ON %s FOR EACH "
	  "ROW EXECUTE FUNCTION touch()', tbl); END $$ LANGUAGE plpgsql",
	  "use routine public.watch signature\n"
	  "use routine public.watch(regclass) definition implied\n"
	  "use table public.t implied: watch(regclass) runs\n"
	  "create trigger public.t.w -> sum implied: watch(regclass) "
	  "runs\n"
	  "use routine public.touch() signature implied: watch(regclass) "
	  "runs\n" },
	{ "SELECT watch(x) FROM y",
	  "CREATE FUNCTION watch(tbl regclass) RETURNS void AS $$ BEGIN "
	  "EXECUTE format('CREATE TRIGGER w BEFORE UPDATE ON %s FOR EACH "
	  "ROW EXECUTE FUNCTION touch()', tbl); END $$ LANGUAGE plpgsql",
	  "use table public.y\n"
	  "select rows of public.y (x)\n"
	  "use routine public.watch signature\n"
	  "use routine public.watch(regclass) definition implied\n"
	  "uncertain anything implied: dynamic SQL in function "
	  "watch(regclass): CREATE TRIGGER w BEFORE UPDATE ON ...\n"
	  "use column public.y.x type\n" },
};

static const struct pg_case views_cases[] = {
	{ "CREATE VIEW v AS SELECT a, b AS c FROM t WHERE d > 0", NULL,
	  "create view public.v -> sum\n"
	  "use table public.t\n"
	  "use column public.t.a type\n"
	  "use column public.t.b type\n"
	  "use column public.t.d type\n"
	  "create column public.v.a implied\n"
	  "create column public.v.c implied\n" },
	{ "CREATE OR REPLACE VIEW v (x) AS SELECT * FROM t", NULL,
	  "create view public.v or replace -> sum\n"
	  "use table public.t\n"
	  "use table public.t columns\n"
	  "create column public.v.x implied\n" },
	{ "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; REFRESH "
	  "MATERIALIZED VIEW m",
	  NULL,
	  "create view public.m -> sum\n"
	  "use table public.t\n"
	  "select rows of public.t (a)\n"
	  "use column public.t.a type\n"
	  "create column public.m.a implied\n"
	  "alter view public.m rows -> anew\n"
	  "select rows of public.m (*) refresh\n"
	  "select rows of public.t (a) implied\n" },
	{ "CREATE VIEW v AS SELECT t.a, u.b, f(u.c) FROM t LEFT JOIN u "
	  "ON u.id = t.id",
	  NULL,
	  "create view public.v -> sum\n"
	  "use table public.t\n"
	  "use table public.u\n"
	  "use column public.u.id type\n"
	  "use column public.t.id type\n"
	  "use column public.t.a type\n"
	  "use column public.u.b type\n"
	  "use routine public.f signature\n"
	  "use column public.u.c type\n"
	  "create column public.v.a implied\n"
	  "create column public.v.b implied\n"
	  "create column public.v.f implied\n" },
	{ "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t",
	  "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM "
	  "t",
	  "create view public.v or replace -> sum\n"
	  "use table public.t\n"
	  "use column public.t.a type\n"
	  "use column public.t.b type\n"
	  "create column public.v.b implied\n" },
	{ "SELECT a INTO u FROM v",
	  "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT * FROM "
	  "t",
	  "create table public.u -> sum\n"
	  "use view public.v\n"
	  "select rows of public.v (a)\n"
	  "select rows of public.t (a, b) implied\n"
	  "use column public.v.a type\n"
	  "create column public.u.a implied\n" },
	{ "UPDATE v SET a = 1",
	  "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT * FROM "
	  "t",
	  "use view public.v\n"
	  "use column public.v.a\n"
	  "update rows of public.v (a) -> sum set a = 1\n"
	  "update rows of public.t (a) by (a, b) implied\n"
	  "use table public.t unpublished implied\n" },
	{ "DROP VIEW v; DROP MATERIALIZED VIEW IF EXISTS m", NULL,
	  "drop view public.v\n"
	  "drop view public.m if exists conditional\n" },
	{ "ALTER VIEW v RENAME TO w; ALTER VIEW w ALTER a SET DEFAULT 1", NULL,
	  "drop view public.v\n"
	  "create view public.w from v\n"
	  "use view public.w\n"
	  "alter column public.w.a default -> 1\n" },
};

static const struct pg_case triggers_policies_rules_cases[] = {
	{ "CREATE TRIGGER g BEFORE INSERT OR UPDATE OF a ON t FOR EACH "
	  "ROW WHEN (NEW.b > 0) EXECUTE FUNCTION f()",
	  NULL,
	  "use table public.t\n"
	  "create trigger public.t.g -> sum by (a)\n"
	  "use column public.t.a type\n"
	  "use routine public.f() signature\n"
	  "use column public.t.b type\n" },
	{ "CREATE OR REPLACE TRIGGER g AFTER TRUNCATE ON s.t EXECUTE "
	  "FUNCTION s.f()",
	  NULL,
	  "use table s.t\n"
	  "create trigger s.t.g or replace -> sum\n"
	  "use routine s.f() signature\n" },
	{ "DROP TRIGGER g ON t; ALTER TRIGGER h ON t RENAME TO i", NULL,
	  "drop trigger public.t.g\n"
	  "drop trigger public.t.h\n"
	  "create trigger public.t.i from h\n" },
	{ "CREATE POLICY p ON t FOR SELECT TO bob USING (owner = "
	  "current_user); ALTER POLICY p ON t USING (a > 0); DROP POLICY "
	  "p ON t",
	  NULL,
	  "use table public.t\n"
	  "use role bob\n"
	  "create policy public.t.p -> sum\n"
	  "use column public.t.owner type\n"
	  "alter policy public.t.p definition -> sum\n"
	  "use column public.t.a type\n"
	  "drop policy public.t.p\n" },
	{ "CREATE RULE r AS ON INSERT TO t DO INSTEAD UPDATE u SET a = "
	  "NEW.a",
	  NULL,
	  "use table public.t\n"
	  "create rule public.t.r -> sum\n"
	  "use table public.u implied conditional\n"
	  "use column public.u.a type implied conditional\n" },
	{ "DROP RULE r ON t", NULL, "drop rule public.t.r\n" },
	{ "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
	  NULL,
	  "create event trigger e -> sum\n"
	  "use routine public.f signature\n" },
};

static void functions__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(functions_cases, ARRAY_LEN(functions_cases));
}

static void do__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(do_cases, ARRAY_LEN(do_cases));
}

static void views__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(views_cases, ARRAY_LEN(views_cases));
}

static void triggers_policies_rules__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(triggers_policies_rules_cases,
		     ARRAY_LEN(triggers_policies_rules_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions__told_line_by_line),
		cmocka_unit_test(do__told_line_by_line),
		cmocka_unit_test(views__told_line_by_line),
		cmocka_unit_test(triggers_policies_rules__told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
