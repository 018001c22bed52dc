#include "fixture.h"

#include <signal.h>
#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"

/* What target_run() tells: the place of an error, what was seen, who writes */

static void target_run__places_errors(void **state)
{
	static const struct {
		const char *sql;
		unsigned line, col;
		const char *text;
	} rows[] = {
		{ "SELECT FROM t", 1, 8, "near \"FROM\": syntax error" },
		{ "SELECT 1;\n\n  SELECT\n\t*\n FRM t", 5, 2, "near \"FRM\"" },
		{ "SELECT 1; SELECT nope", 1, 18, "no such column: nope" },
		{ "SELECT 1,\n  nope,\n  2", 2, 3, "no such column: nope" },
		{ "  INSERT INTO nope VALUES (1)", 1, 3,
		  "no such table: nope" },
		{ "CREATE TABLE t (a)", 1, 14, "table t already exists" },
		{ "CREATE TABLE", 1, 1, "incomplete input" },
		{ "SELECT 'a\nb', nope\n", 2, 5, "no such column: nope" },
		{ "SELECT\n *", 1, 1, "no tables specified" },
		{ "-- x\nSELECT f(1)", 2, 8, "no such function: f" },
		{ "/* \303\274 */ SELECT '\303\274', nope", 1, 23,
		  "no such column" },
		{ "SELECT 1;\n INSERT INTO t VALUES (1);\n"
		  " INSERT INTO t VALUES (1)",
		  3, 2, "UNIQUE constraint failed: t.a" },
		{ "CREATE VIEW v AS SELECT b FROM t; "
		  "ALTER TABLE t RENAME COLUMN a TO c",
		  1, 35, "error in view v" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err *e;

		assert_ok(open_url(f, "sqlite::memory:", true, &f->t));
		assert_ok(target_exec(f->t, "CREATE TABLE t (a UNIQUE)"));
		e = run_text(f->t, rows[i].sql);
		if (!e)
			fail_msg("ran: %s", rows[i].sql);
		assert_non_null(err_at_of(e));
		if (err_at_of(e)->line != rows[i].line ||
		    err_at_of(e)->col != rows[i].col)
			fail_msg("%s: at %u:%u", rows[i].sql,
				 err_at_of(e)->line, err_at_of(e)->col);
		assert_string_equal(err_at_of(e)->path, "");
		expect_error(e, ERR_TARGET, rows[i].text, NULL);
		target_close(f->t);
		f->t = NULL;
	}
}

enum {
	CREATED = 1,
	CHANGED = 2,
	WROTE = 4,
	PRAGMA = 8,
	TEMP = 16,
};

static int seen_flags(const struct target_seen *s)
{
	return (s->created ? CREATED : 0) | (s->changed ? CHANGED : 0) |
	       (s->wrote ? WROTE : 0) | (s->pragma ? PRAGMA : 0) |
	       (s->temporary ? TEMP : 0);
}

static void target_run__sees_what_a_statement_did(void **state)
{
	static const struct {
		const char *sql;
		int flags;
		int64_t rows;
	} rows[] = {
		{ "CREATE TABLE a (x)", CREATED, 0 },
		{ "CREATE INDEX i ON t (b)", CREATED, 0 },
		{ "CREATE UNIQUE INDEX i ON t (b)", CREATED, 0 },
		{ "CREATE VIEW w AS SELECT 1", CREATED, 0 },
		{ "CREATE TRIGGER x AFTER DELETE ON t BEGIN "
		  "DELETE FROM t; END",
		  CREATED, 0 },
		{ "CREATE TABLE a AS SELECT * FROM t", CREATED, 0 },
		{ "CREATE TABLE a (x INTEGER PRIMARY KEY AUTOINCREMENT)",
		  CREATED, 0 },
		{ "CREATE VIRTUAL TABLE a USING fts5 (x)", CREATED, 0 },
		{ "CREATE TABLE IF NOT EXISTS t (x)", CREATED, 0 },
		{ "CREATE TEMP TABLE a (x)", TEMP, 0 },
		{ "CREATE TABLE temp.a (x)", TEMP, 0 },
		{ "CREATE TEMP VIEW a AS SELECT 1", TEMP, 0 },
		{ "CREATE TEMP TABLE a (x); DROP TABLE a", TEMP, 0 },
		{ "CREATE TEMP TABLE a (x); ALTER TABLE a ADD COLUMN y", TEMP,
		  0 },
		{ "CREATE TEMP TABLE a (x); CREATE INDEX temp.i ON a (x)", TEMP,
		  0 },
		{ "CREATE TEMP TRIGGER x AFTER DELETE ON t BEGIN "
		  "SELECT 1; END",
		  TEMP, 0 },
		{ "DROP TABLE t", CHANGED, 0 },
		{ "DROP TABLE IF EXISTS nope", 0, 0 },
		{ "DROP TABLE seqd", CHANGED, 0 },
		{ "DROP VIEW v", CHANGED, 0 },
		{ "DROP TRIGGER ins", CHANGED, 0 },
		{ "ALTER TABLE t ADD COLUMN c", CHANGED, 0 },
		{ "ALTER TABLE t RENAME TO a", CHANGED, 0 },
		{ "ALTER TABLE seqd RENAME TO a", CHANGED, 0 },
		{ "ALTER TABLE t RENAME COLUMN b TO c", CHANGED, 0 },
		{ "ALTER TABLE seqd DROP COLUMN y", CHANGED, 0 },
		{ "PRAGMA user_version = 3", CHANGED, 0 },
		{ "PRAGMA user_version", 0, 0 },
		{ "PRAGMA foreign_keys = ON", PRAGMA, 0 },
		{ "EXPLAIN PRAGMA foreign_keys = ON", PRAGMA, 0 },
		{ "PRAGMA legacy_alter_table = ON", PRAGMA, 0 },
		{ "PRAGMA case_sensitive_like = ON", PRAGMA, 0 },
		{ "PRAGMA foreign_key_check", 0, 0 },
		{ "PRAGMA foreign_key_check(t)", 0, 0 },
		{ "SELECT * FROM t", 0, 0 },
		{ "INSERT INTO t VALUES (8, 'x'), (9, 'y')", WROTE, 2 },
		{ "INSERT INTO seqd (y) VALUES (1)", WROTE, 2 },
		{ "UPDATE t SET b = 'z'", WROTE, 2 },
		{ "UPDATE t SET b = 'z' WHERE 0", WROTE, 0 },
		{ "DELETE FROM t", WROTE, 2 },
		{ "REPLACE INTO t VALUES (1, 'x')", WROTE, 1 },
		{ "UPDATE sqlite_sequence SET seq = 9", WROTE, 1 },
		{ "INSERT INTO t VALUES (1, 'x') ON CONFLICT DO NOTHING", WROTE,
		  0 },
		{ "EXPLAIN DELETE FROM t", 0, 0 },
		{ "EXPLAIN DROP TABLE t", 0, 0 },
		{ "ANALYZE", 0, 0 },
		{ "REINDEX", 0, 0 },
		{ "VACUUM", 0, 0 },
		{ "CREATE TABLE a (x); INSERT INTO a VALUES (1);"
		  "DROP TABLE a",
		  CREATED | WROTE | CHANGED, 1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(open_url(f, "sqlite::memory:", true, &f->t));
		assert_ok(target_exec(
			f->t, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);"
			      "CREATE TABLE log (x);"
			      "CREATE TABLE seqd (x INTEGER PRIMARY KEY "
			      "AUTOINCREMENT, y);"
			      "CREATE VIEW v AS SELECT 1;"
			      "CREATE TRIGGER ins AFTER INSERT ON seqd BEGIN "
			      "INSERT INTO log VALUES (new.x); END;"
			      "INSERT INTO seqd (y) VALUES (1);"
			      "INSERT INTO t VALUES (1, 'a'), (2, 'b')"));
		assert_ok(run_text(f->t, rows[i].sql));
		if (seen_flags(&f->t->seen) != rows[i].flags ||
		    f->t->seen.rows != rows[i].rows)
			fail_msg("%s: flags %d, rows %lld", rows[i].sql,
				 seen_flags(&f->t->seen),
				 (long long)f->t->seen.rows);
		target_seen_reset(f->t);
		assert_int_equal(seen_flags(&f->t->seen), 0);
		target_close(f->t);
		f->t = NULL;
	}
}

static void target_run__a_statement_that_did_not_run_is_not_seen(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);

	err_free(run_text(t, "INSERT INTO t (nope) VALUES (1)"));
	err_free(run_text(t, "CREATE TABLE git_migrate_x (a)"));
	assert_int_equal(seen_flags(&t->seen), 0);
}

static void note_write(void *payload, const char *table, const char *column)
{
	struct buf *out = payload;

	buf_addf(out, "%s.%s ", table, column ? column : "*");
}

static void may_write__hears_every_table_before_it_is_written(void **state)
{
	static const struct {
		const char *sql, *tables;
	} rows[] = {
		{ "SELECT * FROM p", "" },
		{ "INSERT INTO c VALUES (5, 1)", "c.* log.* " },
		{ "UPDATE p SET a = a, b = b", "p.a p.b c.p " },
		{ "UPDATE p SET b = 1", "p.b " },
		{ "DELETE FROM p", "p.* c.* log.n " },
		{ "REPLACE INTO p VALUES (1, 2)", "p.* c.* log.n " },
		{ "INSERT INTO p VALUES (1, 2) ON CONFLICT (a) DO UPDATE "
		  "SET b = 3",
		  "p.* p.b " },
		{ "INSERT INTO v VALUES (1)", "v.* log.* " },
		{ "EXPLAIN DELETE FROM p", "" },
		{ "CREATE TABLE a (x)", "" },
		{ "ALTER TABLE p ADD COLUMN c", "" },
		{ "DROP TABLE log", "log.* " },
		{ "DROP TABLE p", "p.* c.* log.n " },
		{ "CREATE TEMP TABLE x (a); INSERT INTO x VALUES (1)", "" },
		{ "UPDATE sqlite_sequence SET seq = 1",
		  "sqlite_sequence.seq " },
		{ "DELETE FROM git_migrate_x", "" },
		{ "INSERT INTO nope VALUES (1)", "" },
	};
	struct fixture *f = *state;
	struct buf heard = BUF_INIT;
	const struct target_watch watch = { &heard, note_write };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(open_url(f, "sqlite::memory:", true, &f->t));
		assert_ok(target_sqlite_foreign_keys(f->t, true));
		assert_ok(target_exec(
			f->t, "CREATE TABLE git_migrate_x (a);"
			      "CREATE TABLE s (x INTEGER PRIMARY KEY "
			      "AUTOINCREMENT);"
			      "CREATE TABLE p (a INTEGER PRIMARY KEY, b);"
			      "CREATE TABLE log (n);"
			      "CREATE TABLE c (i, p REFERENCES p (a) "
			      "ON DELETE CASCADE ON UPDATE CASCADE);"
			      "CREATE TRIGGER ci AFTER INSERT ON c BEGIN "
			      "INSERT INTO log VALUES (1); END;"
			      "CREATE TRIGGER cd AFTER DELETE ON c BEGIN "
			      "UPDATE log SET n = n + 1; END;"
			      "CREATE VIEW v AS SELECT n FROM log;"
			      "CREATE TRIGGER vi INSTEAD OF INSERT ON v BEGIN "
			      "INSERT INTO log VALUES (new.n); END;"
			      "INSERT INTO p VALUES (1, 1)"));
		buf_reset(&heard);
		f->t->watch = &watch;
		err_free(run_text(f->t, rows[i].sql));
		if (!streq(buf_str(&heard), rows[i].tables))
			fail_msg("%s: %s", rows[i].sql, buf_str(&heard));
		target_close(f->t);
		f->t = NULL;
	}
	buf_release(&heard);
}

/* Asks the database, as capture does, while a migration waits to run. */
static void ask_about(void *payload, const char *table, const char *column)
{
	struct target *t = payload;

	(void)column;
	assert_string_equal(table, "a");
	assert_int_equal(ask(t, "SELECT count(*) FROM a"), 1);
	assert_ok(target_exec(t, "CREATE TABLE IF NOT EXISTS git_migrate_k (x);"
				 "INSERT INTO git_migrate_k VALUES (1)"));
}

static void may_write__may_ask_the_database(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	const struct target_watch watch = { t, ask_about };

	assert_ok(target_exec(t, "CREATE TABLE a (x);"
				 "INSERT INTO a VALUES (1)"));
	t->watch = &watch;
	assert_ok(target_begin(t));
	assert_ok(run_text(t, "DELETE FROM a"));
	t->watch = NULL;
	assert_ok(target_commit(t));
	assert_int_equal(ask(t, "SELECT count(*) FROM git_migrate_k"), 1);
}

static const char endless[] =
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
	"INSERT INTO a SELECT i FROM n WHERE i < 0";

static int cut_by_signal(struct fixture *f)
{
	const struct itimerspec when = { .it_value = { 0, 100000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGINT };
	struct target *t;
	struct err *e = open_url(f, "sqlite:dev.db", false, &t);
	timer_t timer;
	int bad;

	if (e)
		return compare_error(e, ERR_TARGET, "?", NULL);
	cancel_install();
	e = target_begin(t);
	if (e || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &when, NULL) != 0)
		return 2;
	bad = compare_error(run_text(t, endless), ERR_CANCELLED, "interrupted",
			    NULL);
	/* SQLite undoes the transaction of a write that was cut */
	bad |= target_in_transaction(t) ? 4 : 0;
	target_rollback(t);
	/* nothing more runs, but our own SQL does */
	bad |= compare_error(run_text(t, "SELECT 1"), ERR_CANCELLED,
			     "interrupted", NULL);
	bad |= ask(t, "SELECT count(*) FROM a") == 1 ? 0 : 8;
	bad |= compare_error(target_lock(t, 0, NULL, NULL), ERR_CANCELLED,
			     "interrupted", NULL);
	target_close(t);
	return bad;
}

static void target_run__stops_on_a_signal(void **state)
{
	struct fixture *f = *state;

	assert_ok(target_exec(open_dev(f), "CREATE TABLE a (x);"
					   "INSERT INTO a VALUES (1)"));
	assert_int_equal(in_child(cut_by_signal, f, false), 0);
	assert_int_equal(ask(f->t, "SELECT count(*) FROM a"), 1);
}

static void target_run__stops_at_the_deadline(void **state)
{
	struct fixture *f = *state;
	struct target *t = open_dev(f);
	struct err *e;

	assert_ok(target_exec(t, "CREATE TABLE a (x)"));
	t->deadline_us = clock_steady_us() + 50000;
	e = run_text(t, endless);
	assert_non_null(e);
	assert_int_equal(err_at_of(e)->line, 1);
	expect_error(e, ERR_TARGET, "statement timeout", NULL);
	/* our own SQL goes on */
	assert_int_equal(ask(t, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL "
				"SELECT i + 1 FROM n WHERE i < 5000) "
				"SELECT count(*) FROM n"),
			 5000);
	t->deadline_us = 0;
	assert_ok(run_text(t, "INSERT INTO a VALUES (1)"));
}

static int wait_cut_by_signal(struct fixture *f)
{
	const struct target_options opt = { .base_dir = f->dir,
					    .lock_timeout_ms = 60000 };
	const struct itimerspec when = { .it_value = { 0, 100000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGTERM };
	struct target *t;
	struct err *e = target_open(&t, "sqlite:dev.db", &opt);
	timer_t timer;
	int bad;

	if (e)
		return compare_error(e, ERR_TARGET, "?", NULL);
	cancel_install();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &when, NULL) != 0)
		return 2;
	bad = compare_error(target_begin(t), ERR_CANCELLED, "interrupted",
			    NULL);
	target_close(t);
	return bad;
}

static void target_begin__waiting_stops_on_a_signal(void **state)
{
	struct fixture *f = *state;

	assert_ok(target_exec(open_dev(f), "CREATE TABLE a (x)"));
	assert_ok(target_begin(f->t));
	assert_int_equal(in_child(wait_cut_by_signal, f, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(target_run__places_errors),
		fixture_test(target_run__sees_what_a_statement_did),
		fixture_test(
			target_run__a_statement_that_did_not_run_is_not_seen),
		fixture_test(may_write__hears_every_table_before_it_is_written),
		fixture_test(may_write__may_ask_the_database),
		fixture_test(target_run__stops_on_a_signal),
		fixture_test(target_run__stops_at_the_deadline),
		fixture_test(target_begin__waiting_stops_on_a_signal),
	};

	return cmocka_run_group_tests_name("target/sqlite_run", tests, NULL,
					   NULL);
}
