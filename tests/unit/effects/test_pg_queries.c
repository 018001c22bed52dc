#include "unit/effects/pg_cases.h"

static const struct pg_case queries_cases[] = {
	{ "SELECT * FROM t", NULL,
	  "use table public.t\n"
	  "use table public.t columns\n" },
	{ "SELECT count(*) FROM t", NULL, "use table public.t\n" },
	{ "SELECT setval('t_id_seq', max(id)) FROM t", NULL,
	  "use table public.t\n"
	  "select rows of public.t (id)\n"
	  "use sequence public.t_id_seq\n"
	  "alter sequence public.t_id_seq value\n"
	  "use column public.t.id type\n" },
	{ "SELECT setval(pg_get_serial_sequence('t', 'id'), 100)", NULL,
	  "use column public.t.id type\n"
	  "alter sequence public.t_id_seq value\n" },
	{ "SELECT nextval('public.\"Odd\"')", NULL,
	  "use sequence public.Odd\n"
	  "alter sequence public.Odd value -> next\n" },
	{ "WITH gone AS (DELETE FROM t WHERE a = 1 RETURNING b) INSERT "
	  "INTO u (b) SELECT b FROM gone",
	  NULL,
	  "use table public.t\n"
	  "delete rows of public.t -> sum by (a, b) where a = 1\n"
	  "use column public.t.a type\n"
	  "use column public.t.b type\n"
	  "select rows of public.t (*) where a = 1\n"
	  "use table public.u\n"
	  "use column public.u.b\n"
	  "insert rows of public.u (b) -> sum\n" },
	{ "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 "
	  "FROM r) INSERT INTO t (a) SELECT n FROM r",
	  NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum\n" },
	{ "INSERT INTO t (a) SELECT x.b FROM (SELECT a AS b FROM u) x "
	  "WHERE EXISTS (SELECT 1 FROM v WHERE v.id = x.b)",
	  NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use table public.u\n"
	  "select rows of public.u (a)\n"
	  "use column public.u.a type\n"
	  "use table public.v\n"
	  "select rows of public.v (id)\n"
	  "use column public.v.id type\n"
	  "insert rows of public.t (a) -> sum\n" },
	{ "INSERT INTO t (a) SELECT c FROM u JOIN v ON u.id = v.u",
	  "CREATE TABLE u (id int); CREATE TABLE v (u int, c int)",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use table public.u\n"
	  "select rows of public.u (id)\n"
	  "use table public.v\n"
	  "select rows of public.v (u, c)\n"
	  "use column public.u.id type\n"
	  "use column public.v.u type\n"
	  "use column public.v.c type\n"
	  "insert rows of public.t (a) -> sum\n" },
	{ "INSERT INTO t (a) SELECT id FROM u JOIN v USING (id)", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use table public.u\n"
	  "select rows of public.u (id)\n"
	  "use table public.v\n"
	  "select rows of public.v (id)\n"
	  "use column public.u.id type\n"
	  "use column public.v.id type\n"
	  "insert rows of public.t (a) -> sum\n" },
	{ "UPDATE t SET a = (SELECT max(b) FROM u WHERE u.t = t.id)", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum by (b, id)\n"
	  "use table public.u\n"
	  "select rows of public.u (b, t)\n"
	  "use column public.u.b type conditional\n"
	  "use column public.t.b type conditional\n"
	  "use column public.u.t type\n"
	  "use column public.t.id type\n" },
	{ "INSERT INTO t (a) SELECT relname FROM pg_class", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum\n" },
	{ "INSERT INTO t (a) SELECT row_to_json(u) FROM u", NULL,
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "use table public.u\n"
	  "select rows of public.u (*)\n"
	  "use table public.u columns\n"
	  "insert rows of public.t (a) -> sum\n" },
};

static const struct pg_case views_and_rules_cases[] = {
	{ "INSERT INTO v (a) VALUES (1)",
	  "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t",
	  "use view public.v\n"
	  "use column public.v.a\n"
	  "insert rows of public.v (a) -> sum where a = 1\n"
	  "insert rows of public.t (a) implied\n" },
	{ "INSERT INTO x (a) SELECT a FROM v",
	  "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t",
	  "use table public.x\n"
	  "use column public.x.a\n"
	  "use view public.v\n"
	  "select rows of public.v (a)\n"
	  "select rows of public.t (a) implied\n"
	  "use column public.v.a type\n"
	  "insert rows of public.x (a) -> sum\n" },
	{ "DELETE FROM t",
	  "CREATE TABLE t (a int); CREATE RULE r AS ON DELETE TO t DO "
	  "ALSO INSERT INTO log (x) VALUES (1)",
	  "use table public.t\n"
	  "delete rows of public.t -> sum\n"
	  "use table public.t unpublished implied\n"
	  "use table public.log implied conditional: rule r\n"
	  "use column public.log.x implied conditional: rule r\n"
	  "insert rows of public.log (x) -> sum where x = 1 implied "
	  "conditional: rule r\n" },
	{ "UPDATE p SET b = 1",
	  "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE "
	  "TABLE c PARTITION OF p FOR VALUES IN (1)",
	  "use table public.p\n"
	  "use column public.p.b\n"
	  "update rows of public.p (b) -> sum set b = 1\n"
	  "update rows of public.c (b) -> sum set b = 1 implied: heir of p\n"
	  "use table public.c unpublished implied\n"
	  "use table public.p unpublished implied\n" },
};

static const struct pg_case triggers_cases[] = {
	{ "UPDATE t SET a = 1",
	  "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN INSERT INTO "
	  "log (x) VALUES (NEW.b); RETURN NEW; END $$ LANGUAGE plpgsql; "
	  "CREATE TABLE t (a int, b int); CREATE TRIGGER g AFTER UPDATE "
	  "ON t FOR EACH ROW EXECUTE FUNCTION f()",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum set a = 1\n"
	  "use table public.t unpublished implied\n"
	  "use trigger public.t.g implied\n"
	  "use routine public.f() definition implied\n"
	  "use table public.log implied: f() runs\n"
	  "use column public.log.x implied: f() runs\n"
	  "use column public.t.b type implied: f() runs\n"
	  "insert rows of public.log (x) -> sum implied: f() runs\n" },
	{ "UPDATE t SET b = 1",
	  "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; "
	  "END $$ LANGUAGE plpgsql; CREATE TABLE t (a int, b int); "
	  "CREATE TRIGGER g AFTER UPDATE OF a ON t FOR EACH ROW EXECUTE "
	  "FUNCTION f()",
	  "use table public.t\n"
	  "use column public.t.b\n"
	  "update rows of public.t (b) -> sum set b = 1\n"
	  "use table public.t unpublished implied\n" },
	{ "INSERT INTO t (a) VALUES (1)",
	  "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN NEW.a = 2; "
	  "NEW.up = now(); RETURN NEW; END $$ LANGUAGE plpgsql; CREATE "
	  "TABLE t (a int, up timestamp); CREATE TRIGGER g BEFORE INSERT "
	  "OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "insert rows of public.t (a) -> sum\n"
	  "use trigger public.t.g implied\n"
	  "use routine public.f() definition implied\n" },
	{ "UPDATE t SET a = 1",
	  "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN NEW.a = 2; "
	  "NEW.up = now(); RETURN NEW; END $$ LANGUAGE plpgsql; CREATE "
	  "TABLE t (a int, up timestamp); CREATE TRIGGER g BEFORE INSERT "
	  "OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
	  "use table public.t\n"
	  "use column public.t.a\n"
	  "update rows of public.t (a) -> sum\n"
	  "use table public.t unpublished implied\n"
	  "use trigger public.t.g implied\n"
	  "use routine public.f() definition implied\n"
	  "update rows of public.t (a) set a = 2 implied: f() runs\n"
	  "update rows of public.t (up) set up = now() implied: f() runs\n" },
	{ "DROP TRIGGER g ON t",
	  "CREATE TABLE t (a int); CREATE TRIGGER g AFTER UPDATE ON t "
	  "EXECUTE FUNCTION f()",
	  "drop trigger public.t.g\n" },
};

static void queries__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(queries_cases, ARRAY_LEN(queries_cases));
}

static void views_and_rules__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(views_and_rules_cases, ARRAY_LEN(views_and_rules_cases));
}

static void triggers__told_line_by_line(void **state)
{
	(void)state;
	expect_cases(triggers_cases, ARRAY_LEN(triggers_cases));
}

static size_t that_fire(const char *sql)
{
	static const char base[] =
		"CREATE TABLE t (a int, b int); CREATE TABLE u (a int); CREATE "
		"FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ "
		"LANGUAGE plpgsql; CREATE TRIGGER g AFTER UPDATE OF a ON t FOR "
		"EACH ROW EXECUTE FUNCTION f(); CREATE TRIGGER h AFTER INSERT "
		"ON u FOR EACH ROW EXECUTE FUNCTION f()";
	struct effects_catalog *c = effects_catalog_new();
	struct effects parsed, effects;
	size_t n = 0;

	run_text(c, base, NULL);
	effects_init(&parsed);
	effects_init(&effects);
	effects_pg_parse(&parsed, sql, strlen(sql), 1);
	effects_pg_resolve(&effects, c, &parsed);
	for (size_t i = 0; i < effects.n; i++)
		n += effects.items[i].fires;
	effects_release(&parsed);
	effects_release(&effects);
	effects_catalog_free(c);
	return n;
}

/* What describing leaves out. */
static void triggers__are_told_of_updates(void **state)
{
	(void)state;
	assert_int_equal(that_fire("UPDATE t SET a = 1"), 1);
	assert_int_equal(that_fire("UPDATE t SET b = 1"), 0);
	assert_int_equal(that_fire("UPDATE u SET a = 1"), 0);
	assert_int_equal(that_fire("DELETE FROM t"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries__told_line_by_line),
		cmocka_unit_test(views_and_rules__told_line_by_line),
		cmocka_unit_test(triggers__told_line_by_line),
		cmocka_unit_test(triggers__are_told_of_updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
