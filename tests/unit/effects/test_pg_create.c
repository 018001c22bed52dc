#include "unit/effects/pg_cases.h"

static const struct pg_case create_cases[] = {
	{ "CREATE TABLE t (a int)", NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.a -> integer implied\n" },
	{ "CREATE TABLE IF NOT EXISTS s.t (a int NOT NULL, b text "
	  "DEFAULT 'x' NOT NULL)",
	  NULL,
	  "create table s.t if not exists -> sum\n"
	  "create column s.t.a -> integer not null strict implied\n"
	  "create column s.t.b -> text not null default 'x' implied\n" },
	{ "CREATE TABLE t (id serial PRIMARY KEY)", NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.id -> integer not null sequence implied\n"
	  "create sequence public.t_id_seq implied\n"
	  "create constraint public.t.t_pkey -> primary key (id) strict "
	  "implied\n"
	  "create index public.t_pkey on t -> primary key (id) strict implied\n"
	  "use column public.t.id\n" },
	{ "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, "
	  "full_name text GENERATED ALWAYS AS (lower(first)) STORED, "
	  "first text)",
	  NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.id -> bigint not null sequence "
	  "implied\n"
	  "create sequence public.t_id_seq implied\n"
	  "create column public.t.full_name -> text generated "
	  "lower(first) implied\n"
	  "create column public.t.first -> text implied\n" },
	{ "CREATE TABLE t (a int, b int, CHECK (a > 0), CHECK (a > b), "
	  "UNIQUE (a, b), CONSTRAINT k CHECK (b > 0))",
	  NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.a -> integer implied\n"
	  "create column public.t.b -> integer implied\n"
	  "create constraint public.t.t_a_check -> check (a > 0) implied\n"
	  "use column public.t.a type\n"
	  "create constraint public.t.t_check -> check (a > b) implied\n"
	  "use column public.t.b type\n"
	  "create constraint public.t.t_a_b_key -> unique (a, b) strict "
	  "implied\n"
	  "create index public.t_a_b_key on t -> unique (a, b) strict "
	  "implied\n"
	  "use column public.t.a\n"
	  "use column public.t.b\n"
	  "create constraint public.t.k -> check (b > 0) implied\n" },
	{ "CREATE TABLE t (a int CHECK (a > 0) UNIQUE)", NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.a -> integer implied\n"
	  "create constraint public.t.t_a_check -> check (a > 0) implied\n"
	  "use column public.t.a type\n"
	  "create constraint public.t.t_a_key -> unique (a) strict implied\n"
	  "create index public.t_a_key on t -> unique (a) strict implied\n"
	  "use column public.t.a\n" },
	{ "CREATE TABLE o (u int REFERENCES users ON DELETE CASCADE)",
	  "CREATE TABLE users (id int PRIMARY KEY)",
	  "create table public.o -> sum\n"
	  "create column public.o.u -> integer implied\n"
	  "create constraint public.o.o_u_fkey -> foreign key (u) "
	  "references users () on delete c on update a implied\n"
	  "use table public.users\n"
	  "use constraint public.users.users_pkey implied\n"
	  "use column public.users.id type implied\n"
	  "use column public.o.u type\n" },
	{ "CREATE TABLE o (a int, b int, FOREIGN KEY (a, b) REFERENCES "
	  "s.p (x, y) ON UPDATE SET NULL)",
	  NULL,
	  "create table public.o -> sum\n"
	  "create column public.o.a -> integer implied\n"
	  "create column public.o.b -> integer implied\n"
	  "create constraint public.o.o_a_b_fkey -> foreign key (a, b) "
	  "references s.p (x, y) on delete a on update n implied\n"
	  "use table s.p\n"
	  "use column s.p.x type\n"
	  "use column s.p.y type\n"
	  "use column public.o.a type\n"
	  "use column public.o.b type\n" },
	{ "CREATE TABLE t (id uuid DEFAULT gen_random_uuid(), n int "
	  "DEFAULT my_next())",
	  NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.id -> uuid default gen_random_uuid() "
	  "implied\n"
	  "create column public.t.n -> integer default my_next() "
	  "implied\n"
	  "use routine public.my_next signature\n" },
	{ "CREATE TABLE t (LIKE p INCLUDING ALL)", "CREATE TABLE p (a int)",
	  "create table public.t -> sum\n"
	  "use table public.p nulls\n"
	  "use table public.p columns\n"
	  "use table public.p on it\n" },
	{ "CREATE TABLE c () INHERITS (p)", NULL,
	  "create table public.c -> sum\n"
	  "use table public.p heirs strict\n" },
	{ "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
	  "CREATE TABLE p (a int) PARTITION BY LIST (a)",
	  "create table public.p1 -> sum\n"
	  "use table public.p heirs\n"
	  "alter table public.p partitions -> sum\n" },
	{ "CREATE TEMP TABLE t (a int); INSERT INTO t (a) VALUES (1)", NULL,
	  "create table pg_temp.t -> sum\n"
	  "create column pg_temp.t.a -> integer implied\n"
	  "use table pg_temp.t\n"
	  "use column pg_temp.t.a\n"
	  "insert rows of pg_temp.t (a) -> sum where a = 1\n" },
	{ "CREATE UNLOGGED TABLE t (a mood)", "CREATE TYPE mood AS ENUM ('ok')",
	  "create table public.t -> sum\n"
	  "create column public.t.a -> mood implied\n"
	  "use type public.mood\n" },
	{ "CREATE TABLE t (m mood DEFAULT 'ok')",
	  "CREATE TYPE mood AS ENUM ('ok')",
	  "create table public.t -> sum\n"
	  "create column public.t.m -> mood default 'ok' implied\n"
	  "use type public.mood\n"
	  "use label public.mood.ok conditional\n" },
	{ "CREATE TABLE t AS SELECT a, b AS c FROM s", NULL,
	  "create table public.t -> sum\n"
	  "use table public.s\n"
	  "select rows of public.s (a, b)\n"
	  "use column public.s.a type\n"
	  "use column public.s.b type\n"
	  "create column public.t.a implied\n"
	  "create column public.t.c implied\n" },
	{ "CREATE TABLE t AS SELECT * FROM s", NULL,
	  "create table public.t -> sum\n"
	  "use table public.s\n"
	  "select rows of public.s (*)\n"
	  "use table public.s columns\n" },
	{ "SELECT a INTO t FROM s", NULL,
	  "create table public.t -> sum\n"
	  "use table public.s\n"
	  "select rows of public.s (a)\n"
	  "use column public.s.a type\n"
	  "create column public.t.a implied\n" },
	{ "CREATE TABLE IF NOT EXISTS t (a int, b int)",
	  "CREATE TABLE t (a int)",
	  "create table public.t if not exists -> sum conditional\n" },
	{ "CREATE FOREIGN TABLE t (a int) SERVER far", NULL,
	  "create table public.t -> sum\n"
	  "use server far\n"
	  "create column public.t.a -> integer implied\n" },
	{ "CREATE TABLE t (a int, EXCLUDE USING gist (a WITH =))", NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.a -> integer implied\n"
	  "create constraint public.t.t_a_excl -> exclude (a) "
	  "Constraint(contype=9 exclusions=[a, =] access_method='gist') "
	  "implied\n"
	  "create index public.t_a_excl on t -> exclude (a) "
	  "Constraint(contype=9 exclusions=[a, =] access_method='gist') "
	  "strict implied\n"
	  "use column public.t.a type\n" },
};

static const struct pg_case index_cases[] = {
	{ "CREATE INDEX ON t (a, lower(b))", NULL,
	  "use table public.t\n"
	  "create index public.t_a_lower_idx on t -> btree (a, lower(b))\n"
	  "use column public.t.a key\n"
	  "use column public.t.b type\n" },
	{ "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t USING "
	  "btree (a DESC, f(b)) INCLUDE (c) WHERE d IS NULL",
	  NULL,
	  "use table s.t\n"
	  "create index s.i on t if not exists -> unique btree (a desc, "
	  "f(b)) where NullTest(arg=d nulltesttype=1) strict\n"
	  "use column s.t.a type\n"
	  "use routine public.f signature\n"
	  "use column s.t.b type\n"
	  "use column s.t.c key\n"
	  "use column s.t.d type\n" },
	{ "CREATE INDEX IF NOT EXISTS i ON t (b)",
	  "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a)",
	  "use table public.t\n"
	  "create index public.i on t if not exists -> btree (b) "
	  "conditional\n" },
	{ "CREATE INDEX ON t (a)",
	  "CREATE TABLE t (a int); CREATE INDEX ON t (a)",
	  "use table public.t\n"
	  "use index public.t_a_idx on t implied\n"
	  "create index public.t_a_idx1 on t -> btree (a)\n"
	  "use column public.t.a key\n" },
};

static const struct pg_case search_path_cases[] = {
	{ "SET search_path = app, public; CREATE TABLE t (a int); ALTER "
	  "TABLE u ADD b int",
	  "CREATE TABLE u (a int)",
	  "create table app.t -> sum\n"
	  "create column app.t.a -> integer implied\n"
	  "use table public.u\n"
	  "create column public.u.b -> integer\n"
	  "alter table public.u columns\n" },
	{ "SELECT pg_catalog.set_config('search_path', '', false); "
	  "CREATE TABLE public.t (a int)",
	  NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.a -> integer implied\n" },
	{ "SET search_path TO app; SET search_path TO DEFAULT; CREATE "
	  "TABLE t (a int)",
	  NULL,
	  "create table public.t -> sum\n"
	  "create column public.t.a -> integer implied\n" },
	{ "CREATE SCHEMA app CREATE TABLE t (a int); CREATE TABLE u (a "
	  "int)",
	  NULL,
	  "create schema app -> schema\n"
	  "create table app.t -> sum\n"
	  "create column app.t.a -> integer implied\n"
	  "create table public.u -> sum\n"
	  "create column public.u.a -> integer implied\n" },
};

static void create__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(create_cases, ARRAY_LEN(create_cases));
}

static void index__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(index_cases, ARRAY_LEN(index_cases));
}

static void search_path__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(search_path_cases, ARRAY_LEN(search_path_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create__told_line_by_line),
		cmocka_unit_test(index__told_line_by_line),
		cmocka_unit_test(search_path__told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
