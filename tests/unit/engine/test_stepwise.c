#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* Migrations without a transaction: several events, one migration. */

static const char *const steps = "-- migrate:no-transaction\n"
				 "CREATE TABLE s(id INTEGER PRIMARY KEY, x);\n"
				 "INSERT INTO s VALUES (1, 'one');\n"
				 "VACUUM;\n"
				 "UPDATE a SET x = x * 10;\n"
				 "VACUUM;\n"
				 "INSERT INTO s VALUES (2, 'two');\n"
				 "DELETE FROM a WHERE x = 20;";

static void start(struct eworld *w)
{
	eworld_add(w, "1_a",
		   "CREATE TABLE a(x); INSERT INTO a VALUES (1), (2), (3);");
	assert_ok(eworld_apply(w, NULL));
}

static void apply_stepwise__is_a_chain_of_events(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT, before = BUF_INIT, after = BUF_INIT;

	start(w);
	eworld_dump(w, &before);
	eworld_add(w, "2_b", steps);
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 1);
	assert_string_equal(buf_str(&w->events),
			    "apply 2_b applying +table s\napply 2_b "
			    "applying\napply 2_b applied\n");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "git_migrate_progress"),
			 0);
	assert_int_equal(eworld_int(w, "SELECT sum(x) FROM a"), 40);
	eworld_check_ledger(w);

	/* and goes back as one */
	assert_ok(eworld_back(w, 1));
	assert_int_equal(w->run.n_done, 1);
	eworld_dump(w, &after);
	eworld_same(&before, &after, "steps");
	assert_string_equal(eworld_history(w, &b),
			    "init||\napply|1_a|applied\napply|2_b|applying\n"
			    "apply|2_b|applying\napply|2_b|applied\n"
			    "rollback|2_b|rolled_back\n");
	eworld_check_ledger(w);

	/* and once more, there and back */
	assert_ok(eworld_apply(w, NULL));
	assert_ok(eworld_back(w, 1));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "steps, the second time");
	buf_release(&b);
	buf_release(&before);
	buf_release(&after);
}

static const char *const breaks = "-- migrate:no-transaction\n"
				  "CREATE TABLE s(x);\n"
				  "VACUUM;\n"
				  "INSERT INTO s VALUES (1);\n"
				  "INSERT INTO later VALUES (1);\n"
				  "VACUUM;\n"
				  "INSERT INTO s VALUES (2);";

static void apply_stepwise__goes_on_where_it_broke(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT, before = BUF_INIT, after = BUF_INIT;

	start(w);
	eworld_dump(w, &before);
	eworld_add(w, "2_b", breaks);
	eworld_expect_at(eworld_apply(w, NULL), ERR_TARGET, "statement 4 of 6",
			 "migrations/2_b.sql", 5);
	/* the first steps stay: the second part is undone */
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM s"), 0);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "git_migrate_progress"),
			 2);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "2_b failed");
	eworld_check_ledger(w);

	eworld_sql(w, "CREATE TABLE later(x)");
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "hint: 2_b goes on at statement 3 of 6");
	assert_int_equal(eworld_int(w, "SELECT sum(x) FROM s"), 3);
	assert_string_equal(eworld_history(w, &b),
			    "init||\napply|1_a|applied\napply|2_b|applying\n"
			    "failed|2_b|failed\ndrift||\n"
			    "apply|2_b|applying\napply|2_b|applied\n");
	eworld_check_ledger(w);

	assert_ok(eworld_back(w, 1));
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM later"), 0);
	eworld_sql(w, "DROP TABLE later");
	eworld_dump(w, &after);
	eworld_same(&before, &after, "what broke and went on");
	buf_release(&b);
	buf_release(&before);
	buf_release(&after);
}

static void apply_stepwise__cannot_go_back_half_way(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_add(w, "2_b", breaks);
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "no such table", NULL);
	eworld_expect(
		eworld_rollback(w,
				&(struct engine_rollback_options){
					.names = (const char *[]){ "2_b" },
					.n_names = 1 }),
		ERR_REFUSED, "2_b is not applied: it failed", NULL);
}

/* A process that died behind a step leaves `applying` without a failure. */
static void apply_stepwise__resumes_what_died(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	struct memory_fault fault = {
		.op = MEMORY_SINK_OPEN, .first = 3, .n = 99, .cls = ERR_STORE
	};

	start(w);
	eworld_add(w, "2_b", steps);
	memory_store_fail(&w->store, &fault);
	eworld_expect(eworld_apply(w, NULL), ERR_STORE, "sink_open", NULL);
	memory_store_fail(&w->store, NULL);
	assert_string_equal(eworld_history(w, &b),
			    "init||\napply|1_a|applied\napply|2_b|applying\n");
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "2_b failed: began and did not end; apply resumes it");
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "2_b goes on at statement");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM s"), 2);
	assert_int_equal(eworld_int(w, "SELECT sum(x) FROM a"), 40);
	eworld_check_ledger(w);
	assert_ok(eworld_back(w, 1));
	assert_int_equal(eworld_int(w, "SELECT sum(x) FROM a"), 6);
	eworld_check_ledger(w);
	buf_release(&b);
}

static void apply_stepwise__alone_may_be_all(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	start(w);
	eworld_dump(w, &before);
	eworld_add(w, "2_b", "VACUUM;\nVACUUM;");
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->events), "apply 2_b applied\n");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "git_migrate_progress"),
			 0);
	assert_ok(eworld_back(w, 1));
	eworld_dump(w, &after);
	eworld_same(&before, &after, "nothing but VACUUM");
	eworld_check_ledger(w);
	buf_release(&before);
	buf_release(&after);
}

static void apply_stepwise__needs_no_lone_statement(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_add(w, "2_b",
		   "-- migrate:up transaction:false\nCREATE TABLE s(x);\n"
		   "INSERT INTO s VALUES (1);");
	assert_ok(eworld_apply(w, NULL));
	assert_true(w->run.steps[0].no_transaction);
	assert_string_equal(buf_str(&w->events),
			    "apply 2_b applied +table s\n");
	eworld_check_ledger(w);
	assert_ok(eworld_back(w, 1));
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE name = 's'"),
			 0);
}

static void apply_stepwise__fails_alone(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_add(w, "2_b",
		   "-- migrate:no-transaction\nCREATE TABLE s(x);\n"
		   "VACUUM INTO '/nowhere/at/all';\nDROP TABLE s;");
	eworld_expect_at(eworld_apply(w, NULL), ERR_TARGET, "statement 2 of 3",
			 "migrations/2_b.sql", 3);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "git_migrate_progress WHERE state = "
				       "'intent'"),
			 1);
	eworld_check_ledger(w);
	/* the rest of the file may be mended */
	eworld_add(w, "2_b",
		   "-- migrate:no-transaction\nCREATE TABLE s(x);\n"
		   "VACUUM;\nDROP TABLE s;");
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "goes on at statement 2 of 3");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE name = 's'"),
			 0);
	eworld_check_ledger(w);
	assert_ok(eworld_back(w, 1));
	eworld_check_ledger(w);
}

static void apply_stepwise__starts_again_after_a_rollback(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	start(w);
	eworld_add(w, "2_b", steps);
	eworld_dump(w, &before);
	for (int i = 0; i < 3; i++) {
		assert_ok(eworld_apply(w, NULL));
		eworld_lacks(&w->notes, "goes on");
		assert_int_equal(eworld_int(w, "SELECT count(*) FROM s"), 2);
		assert_ok(eworld_back(w, 1));
		eworld_dump(w, &after);
		eworld_same(&before, &after, "again");
	}
	buf_release(&before);
	buf_release(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(apply_stepwise__is_a_chain_of_events),
		eworld_test(apply_stepwise__goes_on_where_it_broke),
		eworld_test(apply_stepwise__cannot_go_back_half_way),
		eworld_test(apply_stepwise__resumes_what_died),
		eworld_test(apply_stepwise__alone_may_be_all),
		eworld_test(apply_stepwise__needs_no_lone_statement),
		eworld_test(apply_stepwise__fails_alone),
		eworld_test(apply_stepwise__starts_again_after_a_rollback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
