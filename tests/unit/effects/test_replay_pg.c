#include "replay_cases.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "postgres/conn.h"
#include "support/pg_world.h"

/* Replays in databases of a PostgreSQL server, made by a role without power. */

static char role[64];
static char *uri; /* as that role */

/* Databases take their time: one for all tests that do not need their own. */
static struct replay *shared;

static void admin(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void admin(const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	pg_test_sql(pg_test_url(), buf_str(&text));
	buf_release(&text);
}

static char *uri_as(const char *user)
{
	const char *server = pg_test_url();

	return xasprintf("%s%cuser=%s", server, strchr(server, '?') ? '&' : '?',
			 user);
}

static int setup(void **state)
{
	(void)state;
	snprintf(role, sizeof(role), "replay_%ld", (long)getpid());
	admin("CREATE ROLE %s LOGIN CREATEDB", role);
	uri = uri_as(role);
	return 0;
}

static struct err *take_count(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	*(long *)payload = strtol(cell[0].s, NULL, 10);
	return NULL;
}

static struct err *add_line(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	buf_addf(payload, "%s\n", cell[0].s);
	return NULL;
}

static void ask(const char *question, pg_row_fn row, void *payload)
{
	struct pg_conn_options opt = { .application_name = "test" };
	struct pg_conn *c;

	assert_ok(pg_conn_open(&c, pg_test_url(), &opt));
	assert_ok(pg_query_once(c, question, NULL, 0, row, payload));
	pg_conn_close(c);
}

/* Databases of the role whose name starts so. */
static long count(const char *prefix)
{
	char *question = xasprintf(
		"SELECT count(*) FROM pg_database WHERE datname LIKE '%s%%' "
		"AND datdba = '%s'::regrole",
		prefix, role);
	long n = -1;

	ask(question, take_count, &n);
	free(question);
	return n;
}

static int teardown(void **state)
{
	struct buf names = BUF_INIT;
	char *question = xasprintf("SELECT datname FROM pg_database WHERE "
				   "datdba = '%s'::regrole",
				   role);
	char *save = NULL;

	(void)state;
	replay_close(shared);
	ask(question, add_line, &names);
	for (char *p = strtok_r(names.data, "\n", &save); p;
	     p = strtok_r(NULL, "\n", &save))
		admin("DROP DATABASE \"%s\"", p);
	admin("DROP ROLE %s", role);
	buf_release(&names);
	free(question);
	free(uri);
	return 0;
}

static struct replay *pg_new(const char *text)
{
	struct replay *r = NULL;

	assert_ok(replay_pg_open(&r, uri, NULL, NULL));
	run_fine(r, text);
	return r;
}

static struct replay *pg_anew(const char *text)
{
	if (!shared)
		shared = pg_new("SELECT 1");
	run_fine(shared, "DROP OWNED BY CURRENT_USER CASCADE");
	run_fine(shared, text);
	return shared;
}

static void open__is_refused_for_roles_with_power(void **state)
{
	static const char *const powers[] = {
		"ALTER ROLE %s SUPERUSER",
		"ALTER ROLE %s CREATEROLE",
		"GRANT pg_execute_server_program TO %s",
		"GRANT pg_read_server_files TO %s",
		"GRANT pg_write_server_files TO %s",
	};
	struct replay *r = NULL;

	(void)state;
	assert_fails(replay_pg_open(&r, pg_test_url(), NULL, NULL),
		     ERR_REFUSED);
	for (size_t i = 0; i < ARRAY_LEN(powers); i++) {
		char *name = xasprintf("%s_p%zu", role, i);
		char *as = uri_as(name);
		char *text;

		admin("CREATE ROLE %s LOGIN CREATEDB", name);
		text = xasprintf("%.*s%s%s",
				 (int)(strstr(powers[i], "%s") - powers[i]),
				 powers[i], name, strstr(powers[i], "%s") + 2);
		pg_test_sql(pg_test_url(), text);
		assert_fails(replay_pg_open(&r, as, NULL, NULL), ERR_REFUSED);
		assert_null(r);
		admin("DROP ROLE %s", name);
		free(text);
		free(as);
		free(name);
	}
}

static void open__needs_the_right_to_make_databases(void **state)
{
	char *name = xasprintf("%s_poor", role), *as = uri_as(name);
	struct replay *r = NULL;
	struct err *e;

	(void)state;
	admin("CREATE ROLE %s LOGIN", name);
	e = replay_pg_open(&r, as, NULL, NULL);
	assert_non_null(e);
	assert_int_equal(err_class_of(e), ERR_TARGET);
	assert_non_null(strstr(err_hint_of(e), "CREATEDB"));
	err_free(e);
	admin("DROP ROLE %s", name);
	free(as);
	free(name);
}

static void open__drops_what_others_left(void **state)
{
	static const char old[] = "git_migrate_replay_999999_1000000000_1";
	static const char template[] = "git_migrate_base_0ld";
	struct replay *r;

	(void)state;
	admin("CREATE DATABASE %s OWNER %s", old, role);
	admin("CREATE DATABASE %s OWNER %s", template, role);
	admin("COMMENT ON DATABASE %s IS 'made 1000000000'", template);
	r = pg_new("CREATE TABLE t (a int)");
	assert_int_equal(count("git_migrate_"), 1);
	replay_close(r);
	assert_int_equal(count("git_migrate_"), 0);
}

static const struct {
	const char *sql;
	enum replay_end end;
	const char *message; /* a part of it */
} cases[] = {
	{ "CREATE TABLE t (a int); INSERT INTO t VALUES (1)", REPLAY_FINE,
	  NULL },
	{ "BEGIN; CREATE TABLE t (a int); COMMIT", REPLAY_FINE, NULL },
	{ "COPY kept (a) FROM stdin;\n5\n6\n\\.\n", REPLAY_FINE, NULL },
	{ "SELECT nope", REPLAY_FAILED, "does not exist" },
	{ "SELECT 1; COMMIT; SELECT 2", REPLAY_FAILED, "transaction command" },
	{ "DO $$ BEGIN COMMIT; END $$", REPLAY_FAILED,
	  "invalid transaction termination" },
	{ "CREATE TABLE t (a int); VACUUM", REPLAY_FAILED, "in a transaction" },
	{ "CREATE INDEX CONCURRENTLY i ON kept (a)", REPLAY_FINE, NULL },

	{ "COPY kept FROM '/etc/passwd'", REPLAY_LIMIT, "outside" },
	{ "COPY kept TO PROGRAM 'true'", REPLAY_LIMIT, "outside" },
	{ "DO $$ BEGIN EXECUTE 'COPY kept TO PROGRAM ''true'''; END $$",
	  REPLAY_LIMIT, "external program" },
	{ "SELECT pg_read_file('/etc/passwd')", REPLAY_LIMIT,
	  "permission denied" },
	{ "CREATE ROLE evil", REPLAY_LIMIT, "outside" },
	{ "DO $$ BEGIN EXECUTE 'CREATE ROLE evil'; END $$", REPLAY_LIMIT,
	  "permission denied" },
	{ "DROP DATABASE postgres", REPLAY_LIMIT, "outside" },
	{ "ALTER DATABASE postgres SET search_path = x", REPLAY_LIMIT,
	  "outside" },
	{ "CREATE EXTENSION nope_nope", REPLAY_LIMIT, "" },
	{ "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'",
	  REPLAY_LIMIT, "permission denied" },
};

static void run__each_ends_as_it_should(void **state)
{
	struct replay *r =
		pg_anew("CREATE TABLE kept (a int); INSERT INTO kept VALUES "
			"(1)");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct replay_script script = script_of(cases[i].sql);
		struct replay_result result;

		assert_ok(replay_run(r, &script, NULL, &result));
		if (result.end != cases[i].end ||
		    (cases[i].message &&
		     !strstr(result.message, cases[i].message)))
			fail_msg("%s\nended as %d: %s", cases[i].sql,
				 (int)result.end,
				 result.message ? result.message : "");
		replay_result_release(&result);
		run_fine(r, "DROP TABLE IF EXISTS t; DELETE FROM kept WHERE a "
			    "> 1");
	}
	assert_rows(r, "public.kept (a): 1\n");
}

static void run__time_has_a_limit(void **state)
{
	static const char block[] =
		"DO $$ BEGIN PERFORM set_config('statement_timeout', '0', "
		"false); LOOP END LOOP; END $$";
	static const char *const endless[] = {
		"SELECT pg_sleep(60)",
		"SET statement_timeout = 0; SELECT pg_sleep(60)",
		block,
	};
	struct replay_limits limits = { .deadline_ms = 200 };
	struct replay *r;

	(void)state;
	assert_ok(replay_pg_open(&r, uri, NULL, &limits));
	for (size_t i = 0; i < ARRAY_LEN(endless); i++) {
		struct replay_script script = script_of(endless[i]);
		int64_t start = clock_steady_us();
		struct replay_result result;

		assert_ok(replay_run(r, &script, NULL, &result));
		assert_int_equal(result.end, REPLAY_LIMIT);
		assert_non_null(strstr(result.message, "longer than 200 ms"));
		assert_true(clock_steady_us() - start < 4000000);
		replay_result_release(&result);
	}
	run_fine(r, "CREATE TABLE t (a int)");
	replay_close(r);
}

static void run__a_failure_leaves_nothing(void **state)
{
	struct replay *r = pg_anew("CREATE TABLE t (a int UNIQUE)");
	struct replay_script script =
		script_of("INSERT INTO t VALUES (1);\nVACUUM;\n"
			  "INSERT INTO t VALUES (1)");
	struct replay_result result;

	(void)state;
	run_ends(r, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)",
		 REPLAY_FAILED);
	assert_rows(r, "");
	script.no_transaction = true;
	assert_ok(replay_run(r, &script, NULL, &result));
	assert_int_equal(result.end, REPLAY_FAILED);
	assert_int_equal(result.line, 3);
	replay_result_release(&result);
	assert_rows(r, "");
	assert_int_equal(count("git_migrate_replay_"), 1);
}

static void run__deferred_constraints_are_checked(void **state)
{
	struct replay *r = pg_anew(
		"CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int "
		"REFERENCES p DEFERRABLE INITIALLY DEFERRED)");

	(void)state;
	run_ends(r, "INSERT INTO c VALUES (1)", REPLAY_FAILED);
	run_fine(r, "INSERT INTO c VALUES (1); INSERT INTO p VALUES (1)");
}

static void run__settings_do_not_stay(void **state)
{
	struct replay *r = pg_anew("CREATE SCHEMA s");

	(void)state;
	run_fine(r, "SET search_path = s; CREATE TEMP TABLE x (a int)");
	run_fine(r, "CREATE TABLE t (a int)");
	run_ends(r, "SELECT * FROM x", REPLAY_FAILED);
	assert_rows(r, "");
	run_fine(r, "INSERT INTO public.t VALUES (1)");
	assert_rows(r, "public.t (a): 1\n");
}

static void clone__is_a_copy_of_its_own(void **state)
{
	struct replay *a = pg_new("CREATE TABLE t (a int); INSERT INTO t "
				  "VALUES (1)");
	struct buf diff = BUF_INIT;
	struct replay *b;
	bool same;

	(void)state;
	assert_ok(replay_clone(a, &b));
	run_fine(a, "INSERT INTO t VALUES (2)");
	run_fine(b, "INSERT INTO t VALUES (3)");
	assert_rows(a, "public.t (a): 1\npublic.t (a): 2\n");
	assert_rows(b, "public.t (a): 1\npublic.t (a): 3\n");
	assert_ok(replay_same_shape(a, b, &diff, &same));
	assert_true(same);
	run_fine(a, "ALTER TABLE t ADD b text; ALTER TABLE t ADD c int");
	run_fine(b, "ALTER TABLE t ADD c int");
	assert_ok(replay_same_shape(a, b, &diff, &same));
	assert_false(same);
	assert_non_null(strstr(buf_str(&diff), "-  , b text\n"));
	run_fine(b, "ALTER TABLE t ADD b text");
	assert_ok(replay_same_shape(a, b, NULL, &same));
	assert_true(same);
	buf_release(&diff);
	replay_close(a);
	replay_close(b);
}

static void key__the_base_is_kept_for_the_next_time(void **state)
{
	static const char key[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef01234567";
	struct replay *a;

	(void)state;
	assert_ok(replay_pg_open(&a, uri, key, NULL));
	assert_false(replay_pg_is_kept(a));
	run_fine(a, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
	assert_ok(replay_pg_keep(a));
	run_fine(a, "INSERT INTO t VALUES (2)");
	replay_close(a);
	assert_int_equal(count("git_migrate_base_0123456789abcdef"), 1);
	assert_ok(replay_pg_open(&a, uri, key, NULL));
	assert_true(replay_pg_is_kept(a));
	assert_rows(a, "public.t (a): 1\n");
	replay_close(a);
}

static void rows__moments_and_chance_are_words(void **state)
{
	struct replay *r = pg_anew(
		"CREATE TABLE t (at timestamptz DEFAULT now(), d date DEFAULT "
		"current_date, u uuid DEFAULT md5(random()::text)::uuid, n "
		"timestamp, g int GENERATED ALWAYS AS (1) STORED); INSERT INTO "
		"t (n, u) VALUES ('2020-01-02', "
		"'f47ac10b-58cc-4372-a567-0e02b2c3d479'), (NULL, "
		"'00000000-0000-4000-8000-000000000001')");

	(void)state;
	assert_rows(r, "public.t (at, d, n, u): now\tnow\t2020-01-02 "
		       "00:00:00\trandom\n"
		       "public.t (at, d, n, u): now\tnow\t\\N\t00000000-0000-"
		       "4000-8000-000000000001\n");
}

static const char *const seeded[] = {
	"CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL)",
	"CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b "
	"boolean NOT NULL, r real NOT NULL, n numeric(8, 2) NOT NULL, d date "
	"NOT NULL, at timestamptz NOT NULL, u uuid NOT NULL, j jsonb NOT NULL, "
	"x bytea NOT NULL, a int[] NOT NULL, i inet NOT NULL, v interval NOT "
	"NULL, c char(2) NOT NULL, w varchar(3) NOT NULL UNIQUE)",
	"CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN age AS int "
	"CHECK (VALUE > 17); CREATE TABLE t (m mood NOT NULL, a age NOT NULL)",
	"CREATE TABLE t (s text NOT NULL CHECK (s IN ('open', 'closed')))",
	"CREATE TABLE t (n int NOT NULL CHECK (n BETWEEN 700 AND 800))",
	"CREATE TABLE t (a int NOT NULL, b int NOT NULL, CHECK (a < b))",
	"CREATE TABLE p (id serial PRIMARY KEY); CREATE TABLE t (p int NOT "
	"NULL REFERENCES p)",
	"CREATE SCHEMA s; CREATE TABLE s.g (k text PRIMARY KEY); CREATE TABLE "
	"p (a text REFERENCES s.g, b int, PRIMARY KEY (a, b)); CREATE TABLE t "
	"(x text NOT NULL, y int NOT NULL, FOREIGN KEY (x, y) REFERENCES p)",
	"CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES t)",
	"CREATE TABLE \"t\" (\"a b\" text, \"select\" int, \"it's\" text)",
};

/* Made anew, seeded, and what is in it then. */
static char *seeded_rows(const char *tables_sql, unsigned seed)
{
	static const char *const tables[] = { "t", "nope", NULL };
	struct replay *r = pg_anew(tables_sql);

	assert_ok(replay_seed(r, tables, seed));
	return rows_of(r);
}

static void seed__every_table_gets_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeded); i++) {
		char *rows = seeded_rows(seeded[i], (unsigned)i);
		char *again = seeded_rows(seeded[i], (unsigned)i);
		size_t n = 0;

		for (const char *p = rows; p; p = strstr(p + 1, "\npublic.t ("))
			n += starts_with(p + (*p == '\n'), "public.t (");
		if (n != 3)
			fail_msg("%s\n%s", seeded[i], rows);
		assert_string_equal(again, rows);
		free(rows);
		free(again);
	}
}

static void image__there_is_none(void **state)
{
	struct buf out = BUF_INIT;
	struct replay *r = pg_anew("SELECT 1");

	(void)state;
	assert_fails(replay_image(r, &out), ERR_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__is_refused_for_roles_with_power),
		cmocka_unit_test(open__needs_the_right_to_make_databases),
		cmocka_unit_test(open__drops_what_others_left),
		cmocka_unit_test(run__each_ends_as_it_should),
		cmocka_unit_test(run__time_has_a_limit),
		cmocka_unit_test(run__a_failure_leaves_nothing),
		cmocka_unit_test(run__deferred_constraints_are_checked),
		cmocka_unit_test(run__settings_do_not_stay),
		cmocka_unit_test(clone__is_a_copy_of_its_own),
		cmocka_unit_test(key__the_base_is_kept_for_the_next_time),
		cmocka_unit_test(rows__moments_and_chance_are_words),
		cmocka_unit_test(seed__every_table_gets_rows),
		cmocka_unit_test(image__there_is_none),
	};

	return pg_run_group_tests(tests, setup, teardown);
}
