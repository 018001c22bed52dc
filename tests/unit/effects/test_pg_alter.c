#include "unit/effects/pg_cases.h"

static const struct pg_case alter_cases[] = {
	{ "ALTER TABLE t ADD COLUMN b text", NULL,
	  "use table public.t\n"
	  "create column public.t.b -> text\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t ADD COLUMN b text NOT NULL", NULL,
	  "use table public.t\n"
	  "create column public.t.b -> text not null strict\n"
	  "alter table public.t columns strict\n" },
	{ "ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 1, ADD COLUMN "
	  "IF NOT EXISTS c int",
	  NULL,
	  "use table public.t\n"
	  "create column public.t.b -> integer not null default 1\n"
	  "alter table public.t columns\n"
	  "create column public.t.c if not exists -> integer\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t ADD b bigserial", NULL,
	  "use table public.t\n"
	  "create column public.t.b -> bigint not null sequence generates-key\n"
	  "create sequence public.t_b_seq implied\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t ADD b int REFERENCES u (id)", NULL,
	  "use table public.t\n"
	  "create column public.t.b -> integer\n"
	  "create constraint public.t.t_b_fkey -> foreign key (b) "
	  "references u (id) on delete a on update a\n"
	  "use table public.u\n"
	  "select rows of public.u (id) exists implied\n"
	  "use column public.u.id type\n"
	  "use column public.t.b type\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t ADD b int DEFAULT f()",
	  "CREATE FUNCTION f() RETURNS int AS $$ INSERT INTO log (x) "
	  "VALUES (1) RETURNING 1 $$ LANGUAGE sql",
	  "use table public.t\n"
	  "create column public.t.b -> integer default f()\n"
	  "use routine public.f signature\n"
	  "use routine public.f() definition implied\n"
	  "use table public.log implied: f() runs\n"
	  "use column public.log.x implied: f() runs\n"
	  "insert rows of public.log (x) -> sum where x = 1 implied: f() "
	  "runs\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t ADD b int DEFAULT nextval('s')", NULL,
	  "use table public.t\n"
	  "create column public.t.b -> integer default nextval('s') "
	  "generates-key\n"
	  "use sequence public.s\n"
	  "alter sequence public.s value\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t DROP COLUMN b", NULL,
	  "use table public.t\n"
	  "drop column public.t.b\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t DROP COLUMN IF EXISTS b", NULL,
	  "use table public.t\n"
	  "drop column public.t.b if exists conditional\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t DROP COLUMN b",
	  "CREATE TABLE t (a int, b int CHECK (b > 0)); CREATE INDEX i "
	  "ON t (a, b); CREATE INDEX j ON t (a)",
	  "use table public.t\n"
	  "drop column public.t.b\n"
	  "drop constraint public.t.t_b_check implied\n"
	  "drop index public.i on t implied\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t DROP COLUMN b CASCADE",
	  "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT b FROM "
	  "t; CREATE VIEW w AS SELECT a FROM t",
	  "use table public.t\n"
	  "drop column public.t.b\n"
	  "drop view public.v implied\n"
	  "drop column public.v.b implied\n"
	  "alter table public.t columns\n" },
	{ "ALTER TABLE t ALTER b TYPE bigint", NULL,
	  "use table public.t\n"
	  "alter column public.t.b type -> bigint\n" },
	{ "ALTER TABLE t ALTER b TYPE int USING b::int", NULL,
	  "use table public.t\n"
	  "alter column public.t.b type -> integer using b::integer\n"
	  "use column public.t.b type\n" },
	{ "ALTER TABLE t ALTER b SET DEFAULT 'x', ALTER b DROP DEFAULT", NULL,
	  "use table public.t\n"
	  "alter column public.t.b default -> 'x'\n"
	  "alter column public.t.b default -> no default\n" },
	{ "ALTER TABLE t ALTER m SET DEFAULT 'ok'",
	  "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (m mood)",
	  "use table public.t\n"
	  "alter column public.t.m default -> 'ok'\n"
	  "use label public.mood.ok conditional\n" },
	{ "ALTER TABLE t ALTER b SET NOT NULL, ALTER c DROP NOT NULL", NULL,
	  "use table public.t\n"
	  "alter column public.t.b null -> not null strict\n"
	  "alter column public.t.c null -> null\n" },
	{ "ALTER TABLE t ALTER b SET STATISTICS 100, ALTER b SET STORAGE "
	  "EXTERNAL",
	  NULL,
	  "use table public.t\n"
	  "alter column public.t.b statistics -> 100\n"
	  "alter column public.t.b storage -> external\n" },
	{ "ALTER TABLE t ALTER b ADD GENERATED ALWAYS AS IDENTITY", NULL,
	  "use table public.t\n"
	  "alter column public.t.b generated -> AddIdentity b "
	  "Constraint(contype=4 generated_when='a')\n"
	  "create sequence public.t_b_seq implied\n" },
	{ "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER "
	  "TABLE t VALIDATE CONSTRAINT k",
	  NULL,
	  "use table public.t\n"
	  "create constraint public.t.k -> check (a > 0) not valid\n"
	  "use column public.t.a type\n"
	  "alter table public.t constraints implied\n"
	  "use table public.t\n"
	  "alter constraint public.t.k validation -> ValidateConstraint k\n" },
	{ "ALTER TABLE t ADD UNIQUE (a)", NULL,
	  "use table public.t\n"
	  "create constraint public.t.t_a_key -> unique (a) strict\n"
	  "create index public.t_a_key on t -> unique (a) strict implied\n"
	  "use column public.t.a\n"
	  "alter table public.t constraints implied\n" },
	{ "ALTER TABLE t ADD PRIMARY KEY (a)", "CREATE TABLE t (a int)",
	  "use table public.t\n"
	  "create constraint public.t.t_pkey -> primary key (a) strict\n"
	  "create index public.t_pkey on t -> primary key (a) strict implied\n"
	  "alter column public.t.a null -> not null strict implied\n"
	  "use column public.t.a\n"
	  "alter table public.t constraints implied\n" },
	{ "ALTER TABLE t ADD CHECK (a > 1)",
	  "CREATE TABLE t (a int CHECK (a > 0))",
	  "use table public.t\n"
	  "use constraint public.t.t_a_check implied\n"
	  "create constraint public.t.t_a_check1 -> check (a > 1)\n"
	  "use column public.t.a type\n"
	  "alter table public.t constraints implied\n" },
	{ "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
	  "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a)",
	  "use table public.t\n"
	  "create constraint public.t.k -> unique () strict\n"
	  "drop index public.i on t implied\n"
	  "create index public.k on t from i implied\n"
	  "alter table public.t constraints implied\n" },
	{ "ALTER TABLE o ADD FOREIGN KEY (u) REFERENCES users (id)",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (u "
	  "int)",
	  "use table public.o\n"
	  "create constraint public.o.o_u_fkey -> foreign key (u) "
	  "references users (id) on delete a on update a\n"
	  "use table public.users\n"
	  "use constraint public.users.users_pkey implied\n"
	  "select rows of public.users (id) exists implied\n"
	  "use column public.users.id type\n"
	  "use column public.o.u type\n"
	  "alter table public.o constraints implied\n" },
	{ "ALTER TABLE t DROP CONSTRAINT k", NULL,
	  "use table public.t\n"
	  "drop constraint public.t.k\n"
	  "alter table public.t constraints implied\n" },
	{ "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE",
	  "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE o (t int "
	  "REFERENCES t)",
	  "use table public.t\n"
	  "drop constraint public.t.t_pkey\n"
	  "drop index public.t_pkey on t implied\n"
	  "drop constraint public.o.o_t_fkey implied\n"
	  "alter table public.t constraints implied\n" },
	{ "ALTER TABLE t OWNER TO bob, SET TABLESPACE x, SET (fillfactor "
	  "= 70), SET UNLOGGED",
	  NULL,
	  "use table public.t\n"
	  "alter table public.t owner -> bob\n"
	  "use role bob\n"
	  "alter table public.t options -> SetTableSpace x\n"
	  "alter table public.t options -> SetRelOptions fillfactor 70\n"
	  "alter table public.t persistence -> SetUnLogged\n" },
	{ "ALTER TABLE t ENABLE ROW LEVEL SECURITY", NULL,
	  "use table public.t\n"
	  "alter table public.t row security -> EnableRowSecurity\n" },
	{ "ALTER TABLE t DISABLE TRIGGER g, ENABLE TRIGGER ALL", NULL,
	  "use table public.t\n"
	  "alter trigger public.t.g enabled -> DisableTrig g\n"
	  "alter table public.t triggers -> EnableTrigAll\n" },
	{ "ALTER TABLE t REPLICA IDENTITY FULL, CLUSTER ON i", NULL,
	  "use table public.t\n"
	  "alter table public.t replica identity -> "
	  "ReplicaIdentityStmt(identity_type='f')\n"
	  "alter table public.t options -> ClusterOn i\n" },
	{ "ALTER TABLE c INHERIT p", NULL,
	  "use table public.c\n"
	  "alter table public.c inheritance -> AddInherit "
	  "RangeVar(relname='p' inh=1 relpersistence='p')\n"
	  "alter table public.p heir -> AddInherit RangeVar(relname='p' "
	  "inh=1 relpersistence='p')\n"
	  "use table public.p columns\n" },
	{ "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (2)", NULL,
	  "use table public.p\n"
	  "alter table public.p partitions -> sum strict\n"
	  "alter table public.c inheritance -> AttachPartition "
	  "PartitionCmd(name=RangeVar(relname='c' inh=1 "
	  "relpersistence='p') bound=PartitionBoundSpec(strategy='l' "
	  "listdatums=[2]))\n"
	  "use table public.p columns\n" },
	{ "ALTER TABLE p ADD COLUMN b int",
	  "CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p)",
	  "use table public.p\n"
	  "create column public.p.b -> integer\n"
	  "create column public.c.b -> integer implied: heir of p\n"
	  "alter table public.p columns\n" },
	{ "ALTER TABLE IF EXISTS t ADD b int", NULL,
	  "use table public.t conditional\n"
	  "create column public.t.b -> integer conditional\n"
	  "alter table public.t columns conditional\n" },
	{ "ALTER TABLE t RENAME TO u; ALTER TABLE u ADD b int",
	  "CREATE TABLE t (a int CONSTRAINT k CHECK (a > 0)); CREATE "
	  "INDEX i ON t (a)",
	  "drop table public.t\n"
	  "create table public.u -> sum from t\n"
	  "drop column public.t.a implied\n"
	  "create column public.u.a from a implied\n"
	  "drop constraint public.t.k implied\n"
	  "create constraint public.u.k from k implied\n"
	  "use table public.u\n"
	  "create column public.u.b -> integer\n"
	  "alter table public.u columns\n" },
	{ "ALTER TABLE t RENAME COLUMN a TO b; UPDATE t SET b = 1",
	  "CREATE TABLE t (a int)",
	  "drop column public.t.a\n"
	  "create column public.t.b from a\n"
	  "alter table public.t columns\n"
	  "use table public.t\n"
	  "use column public.t.b\n"
	  "update rows of public.t (b) -> sum set b = 1\n"
	  "use table public.t unpublished implied\n" },
	{ "ALTER TABLE t RENAME CONSTRAINT k TO l",
	  "CREATE TABLE t (a int CONSTRAINT k UNIQUE)",
	  "drop constraint public.t.k\n"
	  "create constraint public.t.l from k\n"
	  "drop index public.k on t implied\n"
	  "create index public.l on t from k implied\n" },
	{ "ALTER TABLE t SET SCHEMA s", "CREATE TABLE t (a int)",
	  "use schema s\n"
	  "drop table public.t\n"
	  "create table s.t -> sum from t\n"
	  "drop column public.t.a implied\n"
	  "create column s.t.a from a implied\n" },
	{ "ALTER INDEX i RENAME TO j",
	  "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
	  "drop index public.i on t\n"
	  "create index public.j on t -> btree (a) from i\n" },
};

static const struct pg_case drop_cases[] = {
	{ "DROP TABLE t", NULL, "drop table public.t\n" },
	{ "DROP TABLE IF EXISTS t", NULL,
	  "drop table public.t if exists conditional\n" },
	{ "DROP TABLE IF EXISTS t", "CREATE TABLE t (a int)",
	  "drop table public.t if exists\n"
	  "drop column public.t.a implied\n" },
	{ "DROP TABLE users",
	  "CREATE TABLE users (id serial PRIMARY KEY, a int); CREATE "
	  "INDEX i ON users (a); CREATE POLICY p ON users USING (true); "
	  "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; "
	  "END $$ LANGUAGE plpgsql; CREATE TRIGGER g AFTER INSERT ON "
	  "users EXECUTE FUNCTION f()",
	  "drop table public.users\n"
	  "drop column public.users.id implied\n"
	  "drop constraint public.users.users_pkey implied\n"
	  "drop index public.users_pkey on users implied\n"
	  "drop column public.users.a implied\n"
	  "drop index public.i on users implied\n"
	  "drop policy public.users.p implied\n"
	  "drop trigger public.users.g implied\n"
	  "drop sequence public.users_id_seq implied\n" },
	{ "DROP TABLE users CASCADE",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (u "
	  "int REFERENCES users); CREATE VIEW v AS SELECT id FROM users; "
	  "CREATE VIEW w AS SELECT id FROM v",
	  "drop table public.users\n"
	  "drop column public.users.id implied\n"
	  "drop constraint public.users.users_pkey implied\n"
	  "drop index public.users_pkey on users implied\n"
	  "drop constraint public.o.o_u_fkey implied\n"
	  "drop view public.v implied\n"
	  "drop column public.v.id implied\n"
	  "drop view public.w implied\n"
	  "drop column public.w.id implied\n" },
	{ "DROP TABLE p",
	  "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c "
	  "PARTITION OF p FOR VALUES IN (1)",
	  "drop table public.p\n"
	  "drop column public.p.a implied\n"
	  "drop table public.c implied\n"
	  "drop column public.c.a implied\n" },
	{ "DROP INDEX i", "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
	  "drop index public.i on t\n" },
	{ "DROP INDEX CONCURRENTLY IF EXISTS s.i", NULL,
	  "drop index s.i if exists conditional\n" },
};

static void alter__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(alter_cases, ARRAY_LEN(alter_cases));
}

static void drop__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(drop_cases, ARRAY_LEN(drop_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alter__told_line_by_line),
		cmocka_unit_test(drop__told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
