#include "unit/effects/pg_cases.h"

static const struct pg_case insert_cases[] = {
	{ "INSERT INTO t (a, b) VALUES (1, 'x')", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use column public.t.b\n"
	  "insert rows of public.t (a, b) -> sum where a = 1, b = x\n" },
	{ "INSERT INTO t (a) VALUES (1), (2)", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum where a = 1\n"
	  "insert rows of public.t (a) -> sum where a = 2\n" },
	{ "INSERT INTO t VALUES (1, 'x')", NULL,
	  "use table public.t\n"
	  "insert rows of public.t (*) -> sum\n" },
	{ "INSERT INTO t VALUES (1, NULL)",
	  "CREATE TABLE t (id int PRIMARY KEY, b text)",
	  "use table public.t\n"
	  "insert rows of public.t (*) -> sum by (id) where id = 1, b = "
	  "null\n" },
	{ "INSERT INTO t (b) VALUES ('x')",
	  "CREATE TABLE t (id serial PRIMARY KEY, b text)",
	  "use table public.t\n"
	  "use column public.t.b\n"
	  "insert rows of public.t (b) -> sum by (id) where b = x "
	  "generates-key\n" },
	{ "INSERT INTO t (b) VALUES ('x')",
	  "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT "
	  "gen_random_uuid(), b text)",
	  "use table public.t\n"
	  "use column public.t.b\n"
	  "insert rows of public.t (b) -> sum where b = x\n" },
	{ "INSERT INTO t DEFAULT VALUES", NULL,
	  "use table public.t\n"
	  "insert rows of public.t -> sum\n" },
	{ "INSERT INTO t (a) SELECT b FROM u WHERE c = 1", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use table public.u\n"
	  "select rows of public.u (b, c) where c = 1\n"
	  "use column public.u.b type\n"
	  "use column public.u.c type\n"
	  "insert rows of public.t (a) -> sum\n" },
	{ "INSERT INTO t SELECT * FROM u", NULL,
	  "use table public.t\n"
	  "use table public.u\n"
	  "select rows of public.u (*)\n"
	  "use table public.u columns\n"
	  "insert rows of public.t (*) -> sum\n" },
	{ "INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE "
	  "SET b = excluded.b WHERE t.c > 0",
	  NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use column public.t.b\n"
	  "insert rows of public.t (a, b) on conflict -> sum where a = 1, "
	  "b = 2\n"
	  "use table public.t write rules\n"
	  "update rows of public.t (b) on conflict by (c)\n"
	  "use column public.t.a type\n"
	  "use column public.t.c type\n" },
	{ "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) on conflict -> sum where a = 1\n"
	  "use table public.t write rules\n" },
	{ "INSERT INTO t (a) VALUES (1) ON CONFLICT ON CONSTRAINT k DO "
	  "NOTHING RETURNING id",
	  NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) on conflict -> sum where a = 1\n"
	  "use table public.t write rules\n"
	  "use constraint public.t.k\n"
	  "use column public.t.id type\n" },
	{ "INSERT INTO t (m) VALUES ('ok')",
	  "CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (m mood)",
	  "use table public.t\n"
	  "use column public.t.m\n"
	  "insert rows of public.t (m) -> sum where m = ok\n"
	  "use label public.mood.ok implied\n" },
	{ "INSERT INTO o (u) VALUES (7)",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (u "
	  "int REFERENCES users)",
	  "use table public.o\n"
	  "use column public.o.u\n"
	  "insert rows of public.o (u) -> sum where u = 7\n"
	  "select rows of public.users (id) exists where id = 7 implied: "
	  "foreign key o_u_fkey\n" },
	{ "INSERT INTO o (v) VALUES (7)",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (u "
	  "int REFERENCES users, v int)",
	  "use table public.o\n"
	  "use column public.o.v\n"
	  "insert rows of public.o (v) -> sum where v = 7, u = null\n" },
	{ "INSERT INTO t (a) VALUES (1)",
	  "CREATE FUNCTION f() RETURNS int AS $$ INSERT INTO log (x) "
	  "VALUES (1) RETURNING 1 $$ LANGUAGE sql; CREATE TABLE t (a "
	  "int, b int DEFAULT f())",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum where a = 1\n"
	  "use routine public.f() definition implied\n"
	  "use table public.log implied: f() runs\n"
	  "use column public.log.x implied: f() runs\n"
	  "insert rows of public.log (x) -> sum where x = 1 implied: f() "
	  "runs\n" },
	{ "INSERT INTO t (a) VALUES (1)",
	  "CREATE FUNCTION ok(int) RETURNS bool AS $$ SELECT count(*) > "
	  "0 FROM u $$ LANGUAGE sql; CREATE TABLE t (a int CHECK (ok(a)))",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum where a = 1\n"
	  "use routine public.ok(integer) definition implied\n"
	  "use table public.u implied: ok(integer) runs\n"
	  "select rows of public.u implied: ok(integer) runs\n" },
	{ "INSERT INTO t (a) VALUES (-1)", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum where a = -1\n" },
	{ "COPY t FROM '/tmp/x'", NULL,
	  "use table public.t\n"
	  "use table public.t columns\n"
	  "insert rows of public.t (*)\n" },
};

static const struct pg_case update_cases[] = {
	{ "UPDATE t SET a = 1 WHERE b = 2 AND c IS NULL", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum by (b, c) set a = 1 where b "
	  "= 2, c = null\n"
	  "use column public.t.b type\n"
	  "use column public.t.c type\n" },
	{ "UPDATE t SET a = a + 1", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum by (a)\n"
	  "use column public.t.a type\n" },
	{ "UPDATE t SET a = 1, b = DEFAULT", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use column public.t.b\n"
	  "update rows of public.t (a, b) -> sum set a = 1\n" },
	{ "UPDATE t SET a = u.b FROM u WHERE u.id = t.id AND u.c = 'x'", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum by (id)\n"
	  "use table public.u\n"
	  "select rows of public.u (b, id, c)\n"
	  "use column public.u.b type\n"
	  "use column public.u.id type\n"
	  "use column public.t.id type\n"
	  "use column public.u.c type\n" },
	{ "UPDATE t SET (a, b) = (SELECT c, d FROM u LIMIT 1)", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use column public.t.b\n"
	  "update rows of public.t (a, b) -> sum by (c, d)\n"
	  "use table public.u\n"
	  "select rows of public.u (c, d)\n"
	  "use column public.u.c type conditional\n"
	  "use column public.t.c type conditional\n"
	  "use column public.u.d type conditional\n"
	  "use column public.t.d type conditional\n" },
	{ "UPDATE t SET a = 1 WHERE b = 2 OR c = 3", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum by (b, c) set a = 1\n"
	  "use column public.t.b type\n"
	  "use column public.t.c type\n" },
	{ "UPDATE t SET m = 'ok' WHERE m = 'bad'",
	  "CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TABLE t (m "
	  "mood)",
	  "use table public.t\n"
	  "use column public.t.m\n"
	  "update rows of public.t (m) -> sum by (m) set m = ok where m = "
	  "bad\n"
	  "use table public.t unpublished implied\n"
	  "use label public.mood.bad implied\n"
	  "use label public.mood.ok implied\n"
	  "use column public.t.m type\n" },
	{ "UPDATE users SET id = 5 WHERE id = 4",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (u "
	  "int REFERENCES users ON UPDATE CASCADE)",
	  "use table public.users\n"
	  "use column public.users.id\n"
	  "update rows of public.users (id) -> sum by (id) set id = 5 "
	  "where id = 4\n"
	  "update rows of public.o (u) cascade where u = 4 implied: "
	  "foreign key o_u_fkey\n"
	  "use table public.o unpublished implied\n"
	  "use column public.users.id type\n" },
	{ "UPDATE users SET name = 'x'",
	  "CREATE TABLE users (id int PRIMARY KEY, name text); CREATE "
	  "TABLE o (u int REFERENCES users ON UPDATE CASCADE)",
	  "use table public.users\n"
	  "use column public.users.name\n"
	  "update rows of public.users (name) -> sum set name = x\n" },
};

static const struct pg_case delete_cases[] = {
	{ "DELETE FROM t WHERE id = 3", NULL,
	  "use table public.t\n"
	  "delete rows of public.t -> sum by (id) where id = 3\n"
	  "use column public.t.id type\n" },
	{ "DELETE FROM t USING u WHERE u.id = t.u", NULL,
	  "use table public.t\n"
	  "delete rows of public.t -> sum by (u)\n"
	  "use table public.u\n"
	  "select rows of public.u (id)\n"
	  "use column public.u.id type\n"
	  "use column public.t.u type\n" },
	{ "DELETE FROM users WHERE id = 3",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (u "
	  "int REFERENCES users)",
	  "use table public.users\n"
	  "delete rows of public.users -> sum by (id) where id = 3\n"
	  "select rows of public.o (u) absent where u = 3 implied: foreign key "
	  "o_u_fkey\n"
	  "use column public.users.id type\n" },
	{ "DELETE FROM users",
	  "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE o (id "
	  "int PRIMARY KEY, u int REFERENCES users ON DELETE CASCADE); "
	  "CREATE TABLE p (o int REFERENCES o ON DELETE SET NULL)",
	  "use table public.users\n"
	  "delete rows of public.users -> sum\n"
	  "delete rows of public.o cascade by (u) implied: foreign key "
	  "o_u_fkey\n"
	  "update rows of public.p (o) cascade implied: foreign key "
	  "p_o_fkey\n"
	  "use table public.p unpublished implied\n" },
	{ "TRUNCATE t", NULL,
	  "use table public.t\n"
	  "delete rows of public.t truncate\n" },
	{ "TRUNCATE users RESTART IDENTITY CASCADE",
	  "CREATE TABLE users (id serial PRIMARY KEY); CREATE TABLE o (u "
	  "int REFERENCES users)",
	  "use table public.users\n"
	  "delete rows of public.users truncate\n"
	  "select rows of public.o (u) absent implied: foreign key "
	  "o_u_fkey\n"
	  "alter sequence public.users_id_seq value implied\n"
	  "delete rows of public.o truncate implied\n" },
	{ "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE "
	  "SET a = u.a WHEN NOT MATCHED THEN INSERT (id, a) VALUES "
	  "(u.id, 1)",
	  NULL,
	  "use table public.t\n"
	  "use table public.t rules\n"
	  "select rows of public.t (id)\n"
	  "use table public.u\n"
	  "select rows of public.u (id, a)\n"
	  "use column public.t.id type\n"
	  "use column public.u.id type\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a)\n"
	  "use column public.u.a type\n"
	  "use column public.t.id\n"
	  "insert rows of public.t (id, a)\n" },
};

static void insert__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(insert_cases, ARRAY_LEN(insert_cases));
}

static void update__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(update_cases, ARRAY_LEN(update_cases));
}

static void delete__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(delete_cases, ARRAY_LEN(delete_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(insert__told_line_by_line),
		cmocka_unit_test(update__told_line_by_line),
		cmocka_unit_test(delete__told_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
