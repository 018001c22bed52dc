#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* Migrations that build on each other, in every test's own order. */
static void add_five(struct eworld *w, const char *third)
{
	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "INSERT INTO a VALUES (1), (2);");
	eworld_write(w, "3_c", third);
	eworld_write(w, "4_d", "CREATE INDEX i ON a(x);");
	eworld_write(w, "5_e", "UPDATE a SET x = x + 1;");
	eworld_commit(w);
}

static void expect_history(struct eworld *w, const char *text)
{
	struct buf b = BUF_INIT;

	assert_string_equal(eworld_history(w, &b), text);
	buf_release(&b);
}

static void apply__runs_all_in_order(void **state)
{
	struct eworld *w = *state;

	add_five(w, "CREATE TABLE c(y);");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_steps, 5);
	assert_int_equal(w->run.n_done, 5);
	assert_string_equal(buf_str(&w->events), "init - -\n"
						 "apply 1_a applied +table a\n"
						 "apply 2_b applied\n"
						 "apply 3_c applied +table c\n"
						 "apply 4_d applied +index i\n"
						 "apply 5_e applied\n");
	assert_string_equal(buf_str(&w->begun),
			    "apply 1_a 0/5\napply 2_b 1/5\napply 3_c 2/5\n"
			    "apply 4_d 3/5\napply 5_e 4/5\n");
	assert_int_equal(eworld_int(w, "SELECT sum(x) FROM a"), 5);
	eworld_check_ledger(w);
	assert_int_equal(strlen(w->run.identity.uuid), 36);
	assert_int_equal(strlen(w->run.identity.ledger), 40);
}

static void apply__finds_nothing_to_do_the_second_time(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	add_five(w, "CREATE TABLE c(y);");
	assert_ok(eworld_apply(w, NULL));
	eworld_ask(w, &before, "SELECT * FROM git_migrate_history");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_steps, 0);
	eworld_ask(w, &after, "SELECT * FROM git_migrate_history");
	eworld_same(&before, &after, "history");
	assert_string_equal(buf_str(&w->notes), "");
	buf_release(&before);
	buf_release(&after);
}

static void apply__makes_no_file_for_nothing(void **state)
{
	struct eworld *w = *state;

	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_steps, 0);
	assert_false(eworld_has_database(w));
	assert_string_equal(w->run.identity.uuid, "");
}

static void apply__dry_run_changes_nothing(void **state)
{
	struct eworld *w = *state;
	const struct engine_apply_options dry = { .dry_run = true };
	struct buf before = BUF_INIT, after = BUF_INIT;

	add_five(w, "CREATE TABLE c(y);");
	assert_ok(eworld_apply(w, &dry));
	assert_int_equal(w->run.n_steps, 5);
	assert_int_equal(w->run.n_done, 0);
	assert_string_equal(w->run.steps[1].name, "2_b");
	assert_string_equal(w->run.steps[1].verb, "apply");
	assert_string_equal(w->run.steps[1].path, "migrations/2_b.sql");
	assert_int_equal(w->run.steps[1].statements, 1);
	assert_false(eworld_has_database(w));
	assert_int_equal(memory_store_count_refs(&w->store, "refs/"), 0);

	assert_ok(
		eworld_apply(w, &(struct engine_apply_options){ .count = 2 }));
	eworld_ask(w, &before, "SELECT * FROM git_migrate_history");
	assert_ok(eworld_apply(w, &dry));
	assert_int_equal(w->run.n_steps, 3);
	eworld_ask(w, &after, "SELECT * FROM git_migrate_history");
	eworld_same(&before, &after, "history");
	buf_release(&before);
	buf_release(&after);
}

static void apply__stops_where_it_is_told(void **state)
{
	static const struct {
		const char *to;
		size_t count;
		const char *last; /* NULL: nothing runs */
		size_t n;
	} cases[] = {
		{ "3_c", 0, "3_c", 3 }, { "3", 0, "3_c", 3 },
		{ NULL, 2, "2_b", 2 },  { "4_d", 2, "2_b", 2 },
		{ "2_b", 4, "2_b", 2 }, { NULL, 99, "5_e", 5 },
		{ "c", 0, "3_c", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct engine_apply_options opt = {
			.to = cases[i].to, .count = cases[i].count
		};
		struct eworld w;

		eworld_open(&w);
		add_five(&w, "CREATE TABLE c(y);");
		assert_ok(eworld_apply(&w, &opt));
		assert_int_equal(w.run.n_done, cases[i].n);
		assert_string_equal(w.run.steps[w.run.n_steps - 1].name,
				    cases[i].last);
		/* the rest follows */
		assert_ok(eworld_apply(&w, NULL));
		assert_int_equal(w.run.n_done, 5 - cases[i].n);
		eworld_check_ledger(&w);
		eworld_close(&w);
	}
}

static void apply__knows_no_other_names(void **state)
{
	struct eworld *w = *state;
	struct engine_apply_options opt = { .to = "3_cc" };

	add_five(w, "CREATE TABLE c(y);");
	eworld_expect(eworld_apply(w, &opt), ERR_INPUT, "3_cc", "3_c");
	assert_false(eworld_has_database(w));
	assert_ok(eworld_apply(w, NULL));
	eworld_write(w, "5_e", NULL);
	eworld_commit(w);
	opt.to = "5_e";
	eworld_expect(eworld_apply(w, &opt), ERR_INPUT,
		      "5_e is applied, and is not in this tree", NULL);
}

static void apply__tells_a_template_from_sql(void **state)
{
	static const struct {
		const char *sql, *text;
		bool hint;
	} cases[] = {
		{ "CREATE TABLE ${prefix}a (x);", "unrecognized token", true },
		{ "CREATE TABLE {{.prefix}}a (x);", "unrecognized token",
		  true },
		{ "INSERT INTO b VALUES ('${prefix}{{x}}');", "no such table",
		  false },
		{ "CREATE TABLE TABLE;", "syntax error", false },
	};
	struct eworld *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err *e;

		eworld_write(w, "1_a", cases[i].sql);
		eworld_commit(w);
		e = eworld_apply(w, NULL);
		assert_non_null(strstr(err_text(e), cases[i].text));
		assert_int_equal(err_hint_of(e) &&
					 strstr(err_hint_of(e), "template"),
				 cases[i].hint);
		err_free(e);
	}
}

static void apply__keeps_what_came_before_a_failure(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	add_five(w, "INSERT INTO a VALUES (3);\nINSERT INTO nowhere VALUES "
		    "(1);");
	eworld_expect_at(eworld_apply(w, NULL), ERR_TARGET, "statement 2 of 2",
			 "migrations/3_c.sql", 2);
	assert_int_equal(w->run.n_done, 2);
	expect_history(w, "init||\napply|1_a|applied\napply|2_b|applied\n"
			  "failed|3_c|failed\n");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 2);
	eworld_ask(w, &b,
		   "SELECT error FROM git_migrate_migrations WHERE "
		   "name = '3_c'");
	eworld_has(&b, "line 2: ");
	eworld_has(&b, "no such table");
	eworld_check_ledger(w);

	/* repaired, it goes on */
	eworld_add(w, "3_c", "INSERT INTO a VALUES (3);");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 3);
	assert_int_equal(eworld_int(w, "SELECT sum(x) FROM a"), 9);
	eworld_check_ledger(w);
	buf_release(&b);
}

static void apply__keeps_a_failure_of_the_first(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", "CREATE TABLE t(x);\n\nCREATE TABLE t(x);");
	eworld_expect_at(eworld_apply(w, NULL), ERR_TARGET, "already exists",
			 "migrations/1_a.sql", 3);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE name = 't'"),
			 0);
	expect_history(w, "init||\nfailed|1_a|failed\n");
	eworld_check_ledger(w);
	eworld_add(w, "1_a", "CREATE TABLE t(x);");
	assert_ok(eworld_apply(w, NULL));
	expect_history(w, "init||\nfailed|1_a|failed\napply|1_a|applied\n");
	eworld_check_ledger(w);
}

/* Each in turn fails at the same place; the same two stay. */
static void apply__undoes_only_what_fails(void **state)
{
	static const struct {
		const char *third, *text;
		bool fk;
	} cases[] = {
		{ "SELECT nonsense(1);", "no such function", false },
		{ "INSERT INTO a VALUES (9); SELECT RAISE(FAIL, 'x');", "RAISE",
		  false },
		{ "CREATE TABLE u(x UNIQUE); INSERT INTO u VALUES (1); INSERT "
		  "OR ROLLBACK INTO u VALUES (1);",
		  "UNIQUE constraint failed", false },
		{ "CREATE TABLE u(x); CREATE TRIGGER r BEFORE INSERT ON u "
		  "BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END; INSERT "
		  "INTO u VALUES (1);",
		  "all of it", false },
		{ "CREATE TABLE u(x); CREATE TRIGGER r BEFORE INSERT ON u "
		  "BEGIN SELECT RAISE(ABORT, 'this one'); END; INSERT INTO u "
		  "VALUES (1);",
		  "this one", false },
		{ "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p "
		  "REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO c "
		  "VALUES (7);",
		  "oreign key", true },
		{ "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p "
		  "REFERENCES p); INSERT INTO c VALUES (7);",
		  "FOREIGN KEY constraint failed", true },
		{ "DROP TABLE git_migrate_meta;", "git_migrate", false },
		{ "ATTACH 'x.db' AS x; CREATE TABLE x.t(a);", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf before = BUF_INIT, after = BUF_INIT;
		struct eworld w;

		eworld_open(&w);
		w.cfg.foreign_keys = cases[i].fk;
		add_five(&w, cases[i].third);
		assert_ok(eworld_apply(
			&w, &(struct engine_apply_options){ .count = 2 }));
		eworld_dump(&w, &before);
		assert_ok(eworld_back(&w, 2));
		eworld_expect(eworld_apply(&w, NULL), ERR_TARGET, cases[i].text,
			      NULL);
		eworld_dump(&w, &after);
		eworld_same(&before, &after, cases[i].third);
		assert_int_equal(w.run.n_done, 2);
		assert_int_equal(eworld_int(&w,
					    "SELECT count(*) FROM "
					    "git_migrate_history WHERE event = "
					    "'failed' AND name = '3_c'"),
				 1);
		eworld_check_ledger(&w);
		assert_ok(eworld_back(&w, 2));
		buf_release(&before);
		buf_release(&after);
		eworld_close(&w);
	}
}

static void apply__gives_each_its_transaction_when_told(void **state)
{
	struct eworld *w = *state;
	const struct engine_apply_options opt = { .no_group = true };

	add_five(w, "CREATE TABLE u(x); CREATE TRIGGER r BEFORE INSERT ON u "
		    "BEGIN SELECT RAISE(ROLLBACK, 'all'); END; INSERT INTO u "
		    "VALUES (1);");
	eworld_expect(eworld_apply(w, &opt), ERR_TARGET, "all", NULL);
	assert_int_equal(w->run.n_done, 2);
	expect_history(w, "init||\napply|1_a|applied\napply|2_b|applied\n"
			  "failed|3_c|failed\n");
	eworld_check_ledger(w);
}

static void apply__without_snapshot_cannot_be_taken_back(void **state)
{
	struct eworld *w = *state;
	struct engine_apply_options opt = { .no_snapshot = true };

	eworld_add(w, "1_a", "CREATE TABLE a(x); INSERT INTO a VALUES (1);");
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "2_b", "DELETE FROM a;");
	assert_ok(eworld_apply(w, &opt));
	assert_int_equal(w->store.n_kept, 0);
	assert_int_equal(eworld_int(w, "SELECT irreversible FROM "
				       "git_migrate_history WHERE name = "
				       "'2_b'"),
			 1);
	eworld_expect(eworld_back(w, 1), ERR_REFUSED, "2_b is irreversible",
		      "--no-snapshot");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 0);
}

static void apply__keeps_what_an_irreversible_one_destroys(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", "-- migrate:irreversible\nCREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	assert_true(w->run.steps[0].irreversible);
	eworld_expect(eworld_back(w, 1), ERR_REFUSED, "1_a is irreversible",
		      "new migration that undoes it");
	assert_true(w->run.steps[0].irreversible);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 0);
}

static void apply__stores_dependencies(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	w->cfg.layout = "native"; /* nothing is opened to find out */
	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "-- migrate:depends 3_c\nDROP TABLE c;");
	eworld_write(w, "3_c", "-- migrate:depends 1_a\nCREATE TABLE c(x);");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->begun),
			    "apply 1_a 0/3\napply 3_c 1/3\napply 2_b 2/3\n");
	eworld_ask(w, &b,
		   "SELECT name, depends_on, inferred FROM "
		   "git_migrate_dependencies ORDER BY name");
	assert_string_equal(buf_str(&b), "2_b|3_c|0\n3_c|1_a|0\n");
	/* what is applied is ordered by them without being read */
	memory_store_fail(&w->store, NULL);
	assert_ok(eworld_status(w, NULL, &b));
	assert_string_equal(buf_str(&b),
			    "1_a applied\n3_c applied\n2_b applied\n");
	assert_int_equal(w->store.calls[MEMORY_SOURCE_READ], 0);
	buf_release(&b);
}

static void apply__puts_a_changed_database_down_as_drift(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_sql(w, "CREATE TABLE mine(x); DROP TABLE a; CREATE TABLE a(x, "
		      "y)");
	eworld_add(w, "2_b", "CREATE TABLE b(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "warning: the schema was changed outside of git "
			      "migrate (");
	eworld_has(&w->notes, "recorded as drift");
	assert_string_equal(buf_str(&w->events),
			    "drift - - ~table a, +table mine\n"
			    "apply 2_b applied +table b\n");
	eworld_check_ledger(w);
}

static void apply__begins_with_what_is_there(void **state)
{
	struct eworld *w = *state;

	eworld_sql(w, "CREATE TABLE old(x); CREATE VIEW v AS SELECT * FROM "
		      "old");
	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->events),
			    "init - - +table old, +view v\n"
			    "apply 1_a applied +table a\n");
	eworld_check_ledger(w);
}

/* A hook's run: whoever wrote the migration, git goes on after a while. */
static void apply__takes_no_longer_than_it_may(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a",
		   "-- migrate:statement-timeout 1h\nCREATE TABLE a AS WITH "
		   "RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i) "
		   "SELECT count(*) FROM i;");
	w->cfg.migration_limit_ms = 50;
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "statement timeout",
		      NULL);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE name = 'a'"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(apply__takes_no_longer_than_it_may),
		eworld_test(apply__runs_all_in_order),
		eworld_test(apply__finds_nothing_to_do_the_second_time),
		eworld_test(apply__makes_no_file_for_nothing),
		eworld_test(apply__dry_run_changes_nothing),
		eworld_test(apply__stops_where_it_is_told),
		eworld_test(apply__knows_no_other_names),
		eworld_test(apply__tells_a_template_from_sql),
		eworld_test(apply__keeps_what_came_before_a_failure),
		eworld_test(apply__keeps_a_failure_of_the_first),
		eworld_test(apply__undoes_only_what_fails),
		eworld_test(apply__gives_each_its_transaction_when_told),
		eworld_test(apply__without_snapshot_cannot_be_taken_back),
		eworld_test(apply__keeps_what_an_irreversible_one_destroys),
		eworld_test(apply__stores_dependencies),
		eworld_test(apply__puts_a_changed_database_down_as_drift),
		eworld_test(apply__begins_with_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
