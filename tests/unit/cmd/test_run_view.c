#include "cmd/run_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "support/unit.h"

static char caught[4096]; /* what the last run wrote to standard output */

/* A run with events and an end, as the engine would call it. */
struct play {
	const char *verb;
	bool json, quiet, verbose, dry_run;
	const struct engine_event *events;
	size_t n_events;
	struct engine_run run;
	struct err *err;
};

static struct err *perform(struct play *p)
{
	struct cmd_ctx ctx = { .target = { .target = "dev" } };
	struct run_view v;

	ctx.common.json = p->json;
	ctx.common.quiet = p->quiet;
	ctx.common.verbose = p->verbose;
	run_view_begin(&v, &ctx, p->verb, p->dry_run);
	for (size_t i = 0; i < p->n_events; i++)
		ctx.on_event(ctx.on_event_payload, &p->events[i]);
	return run_view_end(&v, &p->run, p->err);
}

static struct err *play(struct play *p)
{
	char path[] = "/tmp/test-run-view-XXXXXX";
	int fd = mkstemp(path), kept = dup(STDOUT_FILENO);
	struct err *err;
	ssize_t n;

	assert_true(fd >= 0 && kept >= 0);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	err = perform(p);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	n = pread(fd, caught, sizeof(caught) - 1, 0);
	assert_true(n >= 0);
	caught[n] = '\0';
	close(fd);
	close(kept);
	unlink(path);
	return err;
}

static const struct engine_event events[] = {
	{ .seq = 1, .event = "init" },
	{ .seq = 2,
	  .event = "apply",
	  .name = "1_a",
	  .status = "applied",
	  .statements = 1,
	  .rows = 2,
	  .duration_ms = 3,
	  .changes = "+table a" },
	{ .seq = 3,
	  .event = "apply",
	  .name = "2_\033b",
	  .status = "applied",
	  .duration_ms = 4,
	  .out_of_order = true,
	  .dirty = true,
	  .irreversible = true },
	{ .seq = 4, .event = "apply", .name = "3_c", .status = "failed" },
};

static struct engine_step steps[] = {
	{ .verb = "apply", .name = "1_a", .statements = 1 },
	{ .verb = "apply",
	  .name = "2_\033b",
	  .statements = 2,
	  .no_transaction = true },
};

static void run_view__prints_durable_migrations(void **state)
{
	struct play p = { .verb = "apply",
			  .events = events,
			  .n_events = ARRAY_LEN(events) };

	(void)state;
	p.run.steps = steps;
	p.run.n_steps = 2;
	assert_ok(play(&p));
	assert_string_equal(caught,
			    "applied 1_a (1 statement, 2 rows, 3 ms)\n"
			    "applied 2_\\x1bb (4 ms), out of order, from the "
			    "work tree, irreversible\n"
			    "2 migrations applied to dev\n");
	p.verbose = true;
	p.n_events = 2;
	assert_ok(play(&p));
	assert_string_equal(caught, "applied 1_a (1 statement, 2 rows, 3 ms)\n"
				    "    +table a\n"
				    "1 migration applied to dev\n");
}

static void run_view__says_when_there_is_nothing(void **state)
{
	struct play p = { .verb = "apply" };

	(void)state;
	assert_ok(play(&p));
	assert_string_equal(caught, "nothing to apply: dev is up to date\n");
	p.verb = "rollback";
	assert_ok(play(&p));
	assert_string_equal(caught, "nothing to roll back: dev has no applied "
				    "migration\n");
	p.quiet = true;
	assert_ok(play(&p));
	assert_string_equal(caught, "");
}

static void run_view__prints_a_plan(void **state)
{
	struct play p = { .verb = "apply", .dry_run = true };

	(void)state;
	p.run.steps = steps;
	p.run.n_steps = 2;
	assert_ok(play(&p));
	assert_string_equal(caught,
			    "apply 1_a (1 statement)\n"
			    "apply 2_\\x1bb (2 statements), without a "
			    "transaction\n"
			    "2 migrations would be applied; nothing was "
			    "changed\n");
	p.quiet = true; /* the plan is what was asked for */
	assert_ok(play(&p));
	assert_string_equal(caught, "apply 1_a (1 statement)\n"
				    "apply 2_\\x1bb (2 statements), without a "
				    "transaction\n");
}

static void run_view__counts_what_is_parked(void **state)
{
	struct engine_event back = { .seq = 5,
				     .event = "rollback",
				     .name = "1_a",
				     .status = "rolled_back",
				     .parked = 7,
				     .exact = true,
				     .duration_ms = 1 };
	struct play p = { .verb = "rollback", .events = &back, .n_events = 1 };

	(void)state;
	p.run.steps = steps;
	p.run.n_steps = 1;
	assert_ok(play(&p));
	assert_string_equal(caught,
			    "rolled back 1_a (7 parked, 1 ms)\n"
			    "1 migration rolled back on dev, 7 rows and values "
			    "parked\n");
	back.parked = 1;
	assert_ok(play(&p));
	assert_string_equal(caught,
			    "rolled back 1_a (1 parked, 1 ms)\n"
			    "1 migration rolled back on dev, 1 row or value "
			    "parked\n");
}

static void run_view__keeps_what_was_done_before_a_failure(void **state)
{
	struct play p = { .verb = "apply",
			  .events = events,
			  .n_events = 2,
			  .err = err_new(ERR_TARGET, "no") };

	(void)state;
	p.run.steps = steps;
	p.run.n_steps = 2;
	assert_fails(play(&p), ERR_TARGET);
	assert_string_equal(caught, "applied 1_a (1 statement, 2 rows, 3 ms)\n"
				    "1 migration applied to dev\n");
	p.n_events = 0;
	p.err = err_new(ERR_TARGET, "no");
	assert_fails(play(&p), ERR_TARGET);
	assert_string_equal(caught, "");
}

static void run_view__gathers_one_object(void **state)
{
	static struct engine_conflict conflict = { .migration = "1_a",
						   .table = "users",
						   .what = "CHANGED",
						   .rows = 3 };
	static struct engine_detail detail = { "1_a",
					       { .object = "users",
						 .what = "CHANGED",
						 .key = "id = 1",
						 .column = "name",
						 .before = "'a'",
						 .after = "'b'",
						 .now = "'c'" } };
	static struct engine_impact impact = {
		"1_a", { .table = "users", .restored = 2, .conflicts = 1 }
	};
	struct play p = { .verb = "rollback",
			  .json = true,
			  .err = err_new(ERR_REFUSED, "changed") };

	(void)state;
	p.run.conflicts = &conflict;
	p.run.n_conflicts = 1;
	p.run.details = &detail;
	p.run.n_details = 1;
	p.run.impacts = &impact;
	p.run.n_impacts = 1;
	assert_fails(play(&p), ERR_REFUSED);
	assert_string_equal(caught, "{\n"
				    "  \"format\": 1,\n"
				    "  \"target\": \"dev\",\n"
				    "  \"ok\": false,\n"
				    "  \"events\": [],\n"
				    "  \"conflicts\": [\n"
				    "    {\n"
				    "      \"migration\": \"1_a\",\n"
				    "      \"table\": \"users\",\n"
				    "      \"what\": \"CHANGED\",\n"
				    "      \"rows\": 3,\n"
				    "      \"settled\": false,\n"
				    "      \"aside\": false\n"
				    "    }\n"
				    "  ],\n"
				    "  \"conflict_rows\": [\n"
				    "    {\n"
				    "      \"migration\": \"1_a\",\n"
				    "      \"table\": \"users\",\n"
				    "      \"what\": \"CHANGED\",\n"
				    "      \"key\": \"id = 1\",\n"
				    "      \"column\": \"name\",\n"
				    "      \"constraint\": null,\n"
				    "      \"before\": \"'a'\",\n"
				    "      \"after\": \"'b'\",\n"
				    "      \"now\": \"'c'\"\n"
				    "    }\n"
				    "  ],\n"
				    "  \"error\": {\n"
				    "    \"message\": \"changed\",\n"
				    "    \"path\": null,\n"
				    "    \"line\": null,\n"
				    "    \"column\": null,\n"
				    "    \"hint\": null\n"
				    "  },\n"
				    "  \"dry_run\": false,\n"
				    "  \"steps\": [],\n"
				    "  \"impact\": [\n"
				    "    {\n"
				    "      \"migration\": \"1_a\",\n"
				    "      \"table\": \"users\",\n"
				    "      \"restored\": 2,\n"
				    "      \"removed\": 0,\n"
				    "      \"kept\": 0,\n"
				    "      \"conflicts\": 1\n"
				    "    }\n"
				    "  ],\n"
				    "  \"database\": null,\n"
				    "  \"ledger\": null\n"
				    "}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_view__prints_durable_migrations),
		cmocka_unit_test(run_view__says_when_there_is_nothing),
		cmocka_unit_test(run_view__prints_a_plan),
		cmocka_unit_test(run_view__counts_what_is_parked),
		cmocka_unit_test(
			run_view__keeps_what_was_done_before_a_failure),
		cmocka_unit_test(run_view__gathers_one_object),
	};

	return cmocka_run_group_tests_name("cmd/run_view", tests, NULL, NULL);
}
