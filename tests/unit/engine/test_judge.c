#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* What apply says to a tree and a journal that do not agree. */

static void start(struct eworld *w)
{
	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "CREATE TABLE b(x);");
	eworld_write(w, "4_d", "CREATE TABLE d(x);");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
}

static void judge_modified__refuses_what_would_do_something_else(void **state)
{
	static const char *const texts[] = {
		"CREATE TABLE b(x, y);",
		"CREATE TABLE b(x); CREATE TABLE bb(x);",
		"CREATE TABLE b(X TEXT);",
		"-- migrate:no-transaction\nCREATE TABLE b(x);",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = BUF_INIT;
		struct eworld w;

		eworld_open(&w);
		start(&w);
		eworld_write(&w, "5_e", "CREATE TABLE e(x);");
		eworld_add(&w, "2_b", texts[i]);
		eworld_expect(eworld_apply(&w, NULL), ERR_REFUSED,
			      "edited after being applied: 2_b",
			      "git migrate show NAME");
		assert_ok(eworld_status(&w, NULL, &b));
		eworld_has(&b, "2_b modified: edited after it was applied\n");
		assert_int_equal(w.run.n_done, 0);
		/* taken back, it may run again */
		assert_ok(eworld_rollback(
			&w, &(struct engine_rollback_options){ .to = "1_a" }));
		assert_ok(eworld_apply(&w, NULL));
		assert_int_equal(w.run.n_done, 3);
		buf_release(&b);
		eworld_close(&w);
	}
}

static void judge_modified__notes_what_does_the_same(void **state)
{
	static const char *const texts[] = {
		"-- a remark\nCREATE TABLE b(x);",
		"CREATE  TABLE\n\tb(x) ;\n",
		"create table b(x);",
		"/* more */ CREATE TABLE b(x); -- and more",
		"-- migrate:description said later\nCREATE TABLE b(x);",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = BUF_INIT;
		struct eworld w;

		eworld_open(&w);
		start(&w);
		eworld_add(&w, "2_b", texts[i]);
		assert_ok(eworld_apply(&w, NULL));
		eworld_has(&w.notes, "note: 2_b was edited after it was "
				     "applied; what it does is the same");
		assert_ok(eworld_status(&w, NULL, &b));
		eworld_has(&b,
			   "2_b applied: edited since, but does the same\n");
		buf_release(&b);
		eworld_close(&w);
	}
}

static void judge_modified__names_the_first_five(void **state)
{
	struct eworld *w = *state;

	for (char c = '1'; c <= '7'; c++) {
		char name[4] = { c, '_', 'x', '\0' };

		eworld_write(w, name, "SELECT 1;");
	}
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	for (char c = '1'; c <= '7'; c++) {
		char name[4] = { c, '_', 'x', '\0' };

		eworld_write(w, name, "SELECT 2;");
	}
	eworld_commit(w);
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "1_x, 2_x, 3_x, 4_x, 5_x and 2 more", NULL);
}

static void judge_foreign__warns_or_refuses(void **state)
{
	struct eworld *w = *state;
	struct engine_apply_options opt = { 0 };

	start(w);
	eworld_write(w, "4_d", NULL);
	eworld_add(w, "5_e", "CREATE TABLE e(x);");
	opt.dry_run = true;
	assert_ok(eworld_apply(w, &opt));
	eworld_has(&w->notes,
		   "warning: applied here, but not in this commit: 4_d");
	opt.dry_run = false;
	w->cfg.is_protected = true;
	eworld_expect(eworld_apply(w, &opt), ERR_REFUSED,
		      "applied here, but not in this commit: 4_d",
		      "--allow-foreign");
	opt.allow_foreign = true;
	assert_ok(eworld_apply(w, &opt));
	eworld_has(&w->notes, "not in this commit: 4_d");
	assert_int_equal(w->run.n_done, 1);
	assert_true(w->run.identity.is_protected);
}

static void judge_order__runs_what_commutes(void **state)
{
	struct eworld *w = *state;
	struct engine_apply_options opt = { .out_of_order = true };

	start(w);
	/* what it needs was made by the one behind it */
	eworld_add(w, "3_c", "CREATE INDEX c ON d(x);");
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "3_c sorts before 4_d, which is applied already",
		      "--out-of-order");
	assert_ok(eworld_apply(w, &opt));
	assert_string_equal(buf_str(&w->notes), "");
	assert_int_equal(w->run.n_done, 1);
	assert_ok(eworld_back(w, 1));
	/* this one commutes, and runs wherever it is */
	eworld_add(w, "3_c", "CREATE TABLE c(x);");
	w->cfg.is_protected = true;
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "3_c runs after 4_d, which sorts behind it; "
			      "they commute");
	assert_true(w->run.steps[0].out_of_order);
	assert_int_equal(eworld_int(w, "SELECT out_of_order FROM "
				       "git_migrate_history WHERE name = "
				       "'3_c' ORDER BY seq DESC"),
			 1);
	eworld_check_ledger(w);
}

static void judge_protected__takes_only_what_is_committed(void **state)
{
	struct eworld *w = *state;
	const struct engine_apply_options opt = { .worktree = true };

	w->cfg.is_protected = true;
	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	eworld_expect(eworld_apply(w, &opt), ERR_REFUSED,
		      "target 'dev' is protected: only committed migrations "
		      "run there",
		      "commit them first");
	assert_false(eworld_has_database(w));
	assert_ok(eworld_apply(w, NULL));
	/* the database knows it, whatever the configuration says later */
	w->cfg.is_protected = false;
	eworld_expect(eworld_apply(w, &opt), ERR_REFUSED, "is protected", NULL);
	assert_ok(eworld_identify(w));
	assert_true(w->id.is_protected);
}

static void judge_protected__takes_only_its_branch(void **state)
{
	struct eworld *w = *state;
	char main_tip[41];

	w->cfg.is_protected = true;
	w->cfg.branch = "main";
	memcpy(main_tip, eworld_add(w, "1_a", "CREATE TABLE a(x);"), 41);
	eworld_expect(eworld_apply(w, NULL), ERR_INPUT, "refs/heads/main",
		      NULL);
	memory_store_ref(&w->store, "refs/heads/main", main_tip);
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "2_b", "CREATE TABLE b(x);");
	eworld_expect(eworld_apply(w, NULL), ERR_REFUSED,
		      "is not on branch 'main'",
		      "git migrate apply --rev main");
	memory_store_ref(&w->store, "refs/heads/main", w->store.head);
	assert_ok(eworld_apply(w, NULL));
	/* an ancestor of it is fine as well */
	assert_ok(eworld_apply(
		w, &(struct engine_apply_options){ .rev = main_tip,
						   .allow_foreign = true }));
	eworld_check_ledger(w);
}

static void apply__runs_repeatables_again(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	w->cfg.layout = "flyway";
	eworld_write(w, "V1__a", "CREATE TABLE a(x);");
	eworld_write(w, "R__v",
		     "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS n;");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->begun),
			    "apply V1__a 0/2\napply R__v 1/2\n");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_steps, 0);
	eworld_write(w, "R__v",
		     "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 2 AS n;");
	eworld_add(w, "V2__b", "CREATE TABLE b(x);");
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "R__v pending: changed, runs again\n");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_done, 2);
	assert_int_equal(eworld_int(w, "SELECT n FROM v"), 2);
	eworld_check_ledger(w);
	buf_release(&b);
}

static void apply__knows_a_renamed_file(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	start(w);
	eworld_write(w, "4_d", NULL);
	eworld_add(w, "5_d", "CREATE TABLE d(x);");
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "5_d applied: applied as 4_d\n");
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(w->run.n_steps, 0);
	assert_int_equal(w->run.n_done, 0);
	eworld_has(&w->events, "rename 5_d applied");
	buf_reset(&b);
	assert_ok(eworld_status(w, NULL, &b));
	eworld_has(&b, "5_d applied\n");
	eworld_check_ledger(w);
	assert_ok(eworld_rollback(
		w, &(struct engine_rollback_options){
			   .names = (const char *[]){ "4_d" }, .n_names = 1 }));
	eworld_check_ledger(w);
	buf_release(&b);
}

static void apply__refuses_another_dialect(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	w->cfg.dialect = SQL_POSTGRESQL;
	eworld_expect(eworld_apply(w, NULL), ERR_INPUT,
		      "the URL is of a sqlite database, but migrate.dialect "
		      "is postgres",
		      "set migrate.dialect");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			judge_modified__refuses_what_would_do_something_else),
		cmocka_unit_test(judge_modified__notes_what_does_the_same),
		eworld_test(judge_modified__names_the_first_five),
		eworld_test(judge_foreign__warns_or_refuses),
		eworld_test(judge_order__runs_what_commutes),
		eworld_test(judge_protected__takes_only_what_is_committed),
		eworld_test(judge_protected__takes_only_its_branch),
		eworld_test(apply__runs_repeatables_again),
		eworld_test(apply__knows_a_renamed_file),
		eworld_test(apply__refuses_another_dialect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
