#include "pg_trip.h"

/* What is there besides the migration: roles, later rows, the park. */

#define T                                                                 \
	"CREATE TABLE t (id int PRIMARY KEY, a text, b int DEFAULT 5, c " \
	"text NOT NULL DEFAULT 'x');"                                     \
	"INSERT INTO t SELECT i, 'a' || i, i * 10, 'c' || i FROM "        \
	"generate_series(1, 20) i;"

static struct err *take_text(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *out = payload;

	for (int i = 0; i < n; i++)
		buf_addf(out, "%s%s", i ? " " : "",
			 cell[i].s ? cell[i].s : "NULL");
	buf_addch(out, '|');
	return NULL;
}

static void one_text(struct world *w, const char *sql, struct buf *out)
{
	buf_reset(out);
	assert_ok(pg_query_once(w->other, sql, NULL, 0, take_text, out));
}

/* There, something else, and back: what a question says then. */
struct later {
	const char *before, *migration, *later, *question, *answer;
	const char *park; /* lines of it, or NULL */
};

static void park_text(struct memory_snapshot *park, struct buf *out)
{
	struct buf file = BUF_INIT;

	buf_reset(out);
	for (size_t i = 0; i < park->n; i++) {
		if (streq(park->files[i].path, "manifest"))
			continue;
		memory_snapshot_text(park, park->files[i].path, &file);
		for (const char *p = buf_str(&file); *p; p++) {
			buf_addch(out, *p == '\n'   ? '|'
				       : *p == '\t' ? ' '
						    : *p);
			if (*p == '=')
				p += 3;
		}
	}
	buf_release(&file);
}

static void expect_later(struct world *w, const struct later *s)
{
	struct buf text = BUF_INIT;
	struct memory_snapshot park;
	struct restore_result res = { 0 };
	struct world_event ev;
	struct err *e;

	trip_start(w, s->before);
	assert_ok(world_apply(w, s->migration, &ev));
	assert_ok(world_exec(w, s->later));
	memory_snapshot_init(&park);
	e = world_revert(w, &ev, &park, &res);
	if (e)
		fail_msg("%s: %s", s->migration, err_text(e));
	describe_conflicts(&res, &text);
	assert_string_equal(buf_str(&text), "");
	one_text(w, s->question, &text);
	assert_string_equal(buf_str(&text), s->answer);
	if (s->park) {
		park_text(&park, &text);
		assert_string_equal(buf_str(&text), s->park);
	}
	restore_result_release(&res);
	memory_snapshot_release(&park);
	world_event_release(&ev);
	buf_release(&text);
}

static void later_rows__stay(void **state)
{
	static const struct later samples[] = {
		{ T, "UPDATE t SET b = 0 WHERE id = 2",
		  "INSERT INTO t VALUES (30, 'n'); UPDATE t SET a = 'later' "
		  "WHERE id = 2",
		  "SELECT id, a, b FROM t WHERE id IN (2, 30) ORDER BY id",
		  "2 later 20|30 n 5|", NULL },
		{ T, "ALTER TABLE t DROP COLUMN c",
		  "INSERT INTO t VALUES (30, 'n'); UPDATE t SET b = 7 WHERE id "
		  "= 2",
		  "SELECT id, a, b, c FROM t WHERE id IN (2, 30) ORDER BY id",
		  "2 a2 7 c2|30 n 5 x|", NULL },
		{ T, "ALTER TABLE t ALTER b TYPE text",
		  "INSERT INTO t VALUES (30, 'n', '17')",
		  "SELECT id, b + 1 FROM t WHERE id IN (2, 30) ORDER BY id",
		  "2 21|30 18|", NULL },
		{ T, "ALTER TABLE t DROP COLUMN a",
		  "DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (3, 1, "
		  "'c3')",
		  "SELECT count(a), count(*) FROM t", "20 20|", NULL },
		{ "CREATE SEQUENCE q;", "SELECT setval('q', 5)",
		  "SELECT nextval('q')", "SELECT last_value FROM q", "6|",
		  NULL },
		{ "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int, "
		  "b int); INSERT INTO t (a) VALUES (1);",
		  "ALTER TABLE t DROP COLUMN a",
		  "INSERT INTO t (b) VALUES (9), (9)",
		  "SELECT last_value, (SELECT count(*) FROM t) FROM t_id_seq",
		  "3 3|", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		expect_later(*state, &samples[i]);
}

static void made_things__are_parked(void **state)
{
	static const struct later samples[] = {
		{ T, "CREATE TABLE n (a int, b text)",
		  "INSERT INTO n VALUES (1, E'x\\ty'), (2, NULL), (3, '')",
		  "SELECT to_regclass('n')", "NULL|",
		  "- '1 'x\\ty|- '2 \\N|- '3 '|" },
		{ T, "ALTER TABLE t ADD COLUMN z int, ADD COLUMN y text",
		  "UPDATE t SET z = id WHERE id IN (3, 10); UPDATE t SET y = "
		  "'q' WHERE id = 10",
		  "SELECT count(*) FROM t", "20|",
		  "~ '3 = = = '3 ! \\N !|~ '10 = = = '10 ! 'q !|" },
		{ "CREATE TABLE k (a text); INSERT INTO k VALUES ('x');",
		  "ALTER TABLE k ADD COLUMN z int", "UPDATE k SET z = 5",
		  "SELECT * FROM k", "x|", "~ 'x 'x '5 !|" },
		{ "CREATE TABLE i (id int PRIMARY KEY); CREATE TABLE j (c int) "
		  "INHERITS (i);",
		  "ALTER TABLE i ADD COLUMN z int",
		  "INSERT INTO j VALUES (1, 2, 3)", "SELECT * FROM j", "1 2|",
		  "~ '1 '1 '2 '2 '3 !|" },
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		expect_later(*state, &samples[i]);
}

static void triggers__do_not_fire(void **state)
{
#define TRIGGERS                                                              \
	T "CREATE TABLE log (x text); CREATE FUNCTION l() RETURNS trigger "   \
	  "LANGUAGE plpgsql AS $$ BEGIN INSERT INTO s.log VALUES (TG_NAME); " \
	  "RETURN NEW; END $$; CREATE TRIGGER tr AFTER INSERT OR UPDATE OR "  \
	  "DELETE ON t FOR EACH ROW EXECUTE FUNCTION l(); CREATE TRIGGER al " \
	  "AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE "       \
	  "FUNCTION l(); ALTER TABLE t ENABLE ALWAYS TRIGGER al; CREATE "     \
	  "TRIGGER re AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION l(); "  \
	  "ALTER TABLE t ENABLE REPLICA TRIGGER re; CREATE TRIGGER of AFTER " \
	  "UPDATE ON t FOR EACH ROW EXECUTE FUNCTION l(); ALTER TABLE t "     \
	  "DISABLE TRIGGER of; CREATE TABLE f (id int PRIMARY KEY, t int "    \
	  "REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO f " \
	  "SELECT i, i FROM generate_series(1, 5) i;"
	static const struct later samples[] = {
		{ TRIGGERS, "UPDATE t SET b = 0; DELETE FROM t WHERE id = 10",
		  "SELECT 1",
		  "SELECT (SELECT count(*) FROM log), string_agg(tgname || "
		  "tgenabled::text, ',' ORDER BY tgname) FROM pg_trigger WHERE "
		  "tgrelid = 't'::regclass AND NOT tgisinternal",
		  "0 alA,ofD,reR,trO|", NULL },
		{ TRIGGERS, "UPDATE t SET id = id + 100", "SELECT 1",
		  "SELECT (SELECT count(*) FROM log), count(*), min(f.t) FROM "
		  "f JOIN t ON f.t = t.id",
		  "0 5 1|", NULL },
		{ TRIGGERS, "DELETE FROM t WHERE id < 3", "SELECT 1",
		  "SELECT (SELECT count(*) FROM log), count(*) FROM f", "0 5|",
		  NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		expect_later(*state, &samples[i]);
}

/* A migrator that owns its tables and is nothing else. */
static void owners__need_no_more_rights(void **state)
{
	static const struct sample samples[] = {
		{ T, "UPDATE t SET b = 0; DELETE FROM t WHERE id = 10" },
		{ T "CREATE TABLE f (id int PRIMARY KEY, t int REFERENCES t ON "
		    "DELETE CASCADE ON UPDATE CASCADE); INSERT INTO f SELECT "
		    "i, i FROM generate_series(1, 5) i; CREATE FUNCTION l() "
		    "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
		    "'fired'; END $$; ",
		  "UPDATE t SET id = id + 100; DELETE FROM t WHERE id = 102" },
		{ T "CREATE FUNCTION l() RETURNS trigger LANGUAGE plpgsql AS "
		    "$$ BEGIN IF current_setting('s.x', true) IS NULL THEN "
		    "RAISE 'fired'; END IF; RETURN NEW; END $$; CREATE TRIGGER "
		    "tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION l(); "
		    "CREATE TRIGGER of BEFORE UPDATE ON t FOR EACH ROW EXECUTE "
		    "FUNCTION l(); ALTER TABLE t DISABLE TRIGGER of; CREATE "
		    "RULE r AS ON INSERT TO t DO INSTEAD NOTHING;",
		  "SET LOCAL s.x = 1; UPDATE t SET b = 0; DELETE FROM t WHERE "
		  "id = 10; RESET s.x" },
		{ T, "ALTER TABLE t DROP COLUMN a" },
		{ T, "DROP TABLE t" },
		{ T "CREATE POLICY p ON t USING (b > 50); ALTER TABLE t ENABLE "
		    "ROW LEVEL SECURITY;",
		  "UPDATE t SET b = b + 1" },
		{ T "CREATE POLICY p ON t USING (b > 0); ALTER TABLE t ENABLE "
		    "ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
		  "ALTER TABLE t NO FORCE ROW LEVEL SECURITY; UPDATE t SET b = "
		  "b + 1; DELETE FROM t WHERE id < 5" },
	};
	struct world *w = *state;

	assert_ok(world_exec(w, "DROP ROLE IF EXISTS git_migrate_owner; CREATE "
				"ROLE git_migrate_owner LOGIN; DO $$ BEGIN "
				"EXECUTE 'GRANT ALL ON DATABASE ' || "
				"current_database() || ' TO "
				"git_migrate_owner'; END $$"));
	trip_become(w, "git_migrate_owner");
	expect_all(w, samples, ARRAY_LEN(samples));
	trip_become(w, "tester");
	assert_ok(world_exec(w, "DROP OWNED BY git_migrate_owner CASCADE; DROP "
				"ROLE git_migrate_owner"));
}

static void publications__and_row_security(void **state)
{
	static const struct sample samples[] = {
		{ T, "CREATE PUBLICATION p FOR TABLE t" },
		{ T "CREATE PUBLICATION p FOR TABLE t WITH (publish = "
		    "'insert');",
		  "ALTER PUBLICATION p SET (publish = 'update'); ALTER "
		  "PUBLICATION p DROP TABLE t; DROP PUBLICATION p" },
		{ "DROP PUBLICATION IF EXISTS p;" T
		  "CREATE PUBLICATION p FOR TABLE t;",
		  "ALTER TABLE t DROP COLUMN a" },
		{ "DROP PUBLICATION IF EXISTS p;" T
		  "CREATE TABLE u (a int); CREATE PUBLICATION p FOR TABLE t;",
		  "ALTER PUBLICATION p SET TABLE u; COMMENT ON PUBLICATION p "
		  "IS 'x'" },
		{ "DROP PUBLICATION IF EXISTS p;" T
		  "CREATE POLICY p ON t USING (b > 50); ALTER TABLE t ENABLE "
		  "ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
		  "UPDATE t SET b = b + 1; DELETE FROM t WHERE id < 4" },
		{ T "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE "
		    "MATERIALIZED VIEW m2 AS SELECT a FROM m;",
		  "ALTER TABLE t DROP COLUMN a CASCADE" },
		{ T "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE "
		    "MATERIALIZED VIEW m2 AS SELECT a FROM m; CREATE "
		    "MATERIALIZED VIEW m3 AS SELECT a FROM t WITH NO DATA;",
		  "ALTER TABLE t DROP COLUMN b" },
	};

	expect_all(*state, samples, ARRAY_LEN(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(later_rows__stay, trip_setup,
						trip_teardown),
		cmocka_unit_test_setup_teardown(made_things__are_parked,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(triggers__do_not_fire,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(owners__need_no_more_rights,
						trip_setup, trip_teardown),
		cmocka_unit_test_setup_teardown(publications__and_row_security,
						trip_setup, trip_teardown),
	};

	return pg_run_group_tests(tests, NULL, NULL);
}
