#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

static void start(struct eworld *w)
{
	eworld_write(w, "1_a",
		     "CREATE TABLE a(id INTEGER PRIMARY KEY, x);\n"
		     "INSERT INTO a VALUES (1, 'one'), (2, 'two');");
	eworld_write(w, "2_b", "UPDATE a SET x = upper(x);");
	eworld_write(w, "3_c", "ALTER TABLE a ADD COLUMN y DEFAULT 7;");
	eworld_write(w, "4_d", "DELETE FROM a WHERE id = 2;");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
}

static struct err *back_names(struct eworld *w, const char *a, const char *b)
{
	const char *names[] = { a, b };

	return eworld_rollback(
		w, &(struct engine_rollback_options){ .names = names,
						      .n_names = b ? 2 : 1 });
}

static void rollback__takes_the_newest(void **state)
{
	struct eworld *w = *state;

	start(w);
	assert_ok(eworld_rollback(w, &(struct engine_rollback_options){ 0 }));
	assert_int_equal(w->run.n_done, 1);
	assert_string_equal(w->run.steps[0].name, "4_d");
	assert_string_equal(w->run.steps[0].verb, "rollback");
	assert_string_equal(w->run.steps[0].path, "migrations/4_d.sql");
	assert_string_equal(buf_str(&w->begun), "rollback 4_d 0/1\n");
	assert_string_equal(buf_str(&w->events), "rollback 4_d rolled_back\n");
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 2);
	eworld_check_ledger(w);
}

static void rollback__takes_what_is_chosen(void **state)
{
	static const struct {
		size_t count;
		const char *to, *name, *second;
		const char *begun;
	} cases[] = {
		{ .count = 2, .begun = "rollback 4_d 0/2\nrollback 3_c 1/2\n" },
		{ .to = "2_b",
		  .begun = "rollback 4_d 0/2\nrollback 3_c 1/2\n" },
		{ .to = "2", .begun = "rollback 4_d 0/2\nrollback 3_c 1/2\n" },
		{ .to = "4_d", .begun = "" },
		{ .name = "4_d", .begun = "rollback 4_d 0/1\n" },
		{ .name = "d", .begun = "rollback 4_d 0/1\n" },
		{ .name = "3_c",
		  .second = "4_d",
		  .begun = "rollback 4_d 0/2\nrollback 3_c 1/2\n" },
		{ .name = "4_d",
		  .second = "4_d",
		  .begun = "rollback 4_d 0/1\n" },
		{ .count = 99,
		  .begun = "rollback 4_d 0/4\nrollback 3_c 1/4\nrollback 2_b "
			   "2/4\nrollback 1_a 3/4\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *names[] = { cases[i].name, cases[i].second };
		const struct engine_rollback_options opt = {
			.count = cases[i].count,
			.to = cases[i].to,
			.names = names,
			.n_names = (size_t)(cases[i].name != NULL) +
				   (cases[i].second != NULL),
		};
		struct eworld w;

		eworld_open(&w);
		start(&w);
		assert_ok(eworld_rollback(&w, &opt));
		assert_string_equal(buf_str(&w.begun), cases[i].begun);
		assert_int_equal(w.run.n_done, w.run.n_steps);
		eworld_check_ledger(&w);
		/* and forward again */
		assert_ok(eworld_apply(&w, NULL));
		eworld_check_ledger(&w);
		eworld_close(&w);
	}
}

static void rollback__refuses_what_would_tear_the_order(void **state)
{
	struct eworld *w = *state;
	const char *both[] = { "4_d" };

	start(w);
	eworld_expect(back_names(w, "2_b", NULL), ERR_REFUSED,
		      "2_b cannot be rolled back before what was applied "
		      "after it: 4_d (uses rows of a), 3_c (uses rows of a)",
		      "git migrate rollback --to 1_a");
	eworld_expect(back_names(w, "1_a", "4_d"), ERR_REFUSED,
		      "1_a cannot be rolled back before what was applied "
		      "after it: 3_c (uses a), 2_b (uses a)",
		      "git migrate rollback -n 4");
	eworld_expect(back_names(w, "9_z", NULL), ERR_INPUT,
		      "there is no migration 9_z", NULL);
	eworld_expect(
		eworld_rollback(
			w, &(struct engine_rollback_options){ .names = both,
							      .n_names = 1,
							      .count = 2 }),
		ERR_USAGE, "cannot be used together", NULL);
	assert_int_equal(w->run.n_done, 0);
	assert_ok(back_names(w, "4_d", NULL));
	eworld_expect(back_names(w, "4_d", NULL), ERR_REFUSED,
		      "4_d is rolled back already", NULL);
	eworld_check_ledger(w);
}

static void rollback__needs_a_journal(void **state)
{
	struct eworld *w = *state;

	eworld_expect(eworld_back(w, 1), ERR_REFUSED,
		      "nothing to roll back: target 'dev' has no journal",
		      "git migrate apply");
	assert_false(eworld_has_database(w));
	eworld_sql(w, "CREATE TABLE mine(x)");
	eworld_expect(eworld_back(w, 1), ERR_REFUSED, "has no journal", NULL);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema"),
			 1);
}

static void rollback__dry_run_changes_nothing(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	start(w);
	eworld_ask(w, &before, "SELECT * FROM git_migrate_history");
	assert_ok(eworld_rollback(w, &(struct engine_rollback_options){
					     .count = 3, .dry_run = true }));
	assert_int_equal(w->run.n_steps, 3);
	assert_int_equal(w->run.n_done, 0);
	assert_string_equal(w->run.steps[2].name, "2_b");
	eworld_ask(w, &after, "SELECT * FROM git_migrate_history");
	eworld_same(&before, &after, "history");
	buf_release(&before);
	buf_release(&after);
}

static void rollback__needs_neither_files_nor_commit(void **state)
{
	struct eworld *w = *state;

	start(w);
	for (char c = '1'; c <= '4'; c++) {
		char name[4] = { c, '_', (char)('a' + c - '1'), '\0' };

		eworld_write(w, name, NULL);
	}
	w->store.head[0] = '\0';
	assert_ok(eworld_back(w, 4));
	assert_int_equal(w->run.n_done, 4);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM sqlite_schema "
				       "WHERE tbl_name NOT LIKE 'git%'"),
			 0);
	eworld_check_ledger(w);
}

/* Somebody changed the very rows: nothing moves, and each is counted. */
static void rollback__stops_at_rows_that_changed(void **state)
{
	static const struct {
		const char *sql, *what;
		int64_t rows;
	} cases[] = {
		{ "UPDATE a SET x = 'mine' WHERE id = 1", "CHANGED", 1 },
		{ "UPDATE a SET x = 'mine'", "CHANGED", 2 },
		{ "DELETE FROM a WHERE id = 1", "DELETED", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf before = BUF_INIT, after = BUF_INIT, b = BUF_INIT;
		struct eworld w;

		eworld_open(&w);
		start(&w);
		assert_ok(eworld_back(&w, 2));
		eworld_sql(&w, cases[i].sql);
		eworld_dump(&w, &before);
		eworld_expect(eworld_back(&w, 1), ERR_REFUSED,
			      "2_b cannot be rolled back: changed since it was "
			      "applied: a (",
			      "nothing was changed");
		assert_int_equal(w.run.n_conflicts, 1);
		assert_string_equal(w.run.conflicts[0].migration, "2_b");
		assert_string_equal(w.run.conflicts[0].table, "a");
		assert_string_equal(w.run.conflicts[0].what, cases[i].what);
		assert_int_equal(w.run.conflicts[0].rows, cases[i].rows);
		assert_int_equal(w.run.n_done, 0);
		eworld_dump(&w, &after);
		eworld_same(&before, &after, cases[i].sql);
		assert_ok(eworld_status(&w, NULL, &b));
		eworld_has(&b, "2_b applied\n");
		eworld_check_ledger(&w);
		buf_release(&before);
		buf_release(&after);
		buf_release(&b);
		eworld_close(&w);
	}
}

static void rollback__keeps_what_it_had_done_before_a_conflict(void **state)
{
	struct eworld *w = *state;

	start(w);
	assert_ok(eworld_back(w, 1));
	eworld_sql(w, "UPDATE a SET x = 'mine' WHERE id = 1");
	eworld_expect(eworld_back(w, 3), ERR_REFUSED, "2_b cannot", NULL);
	assert_int_equal(w->run.n_done, 1);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM "
				       "pragma_table_info('a')"),
			 2);
	eworld_check_ledger(w);
	/* put right, it goes on */
	eworld_sql(w, "UPDATE a SET x = 'ONE' WHERE id = 1");
	assert_ok(eworld_back(w, 1));
	assert_int_equal(eworld_int(w, "SELECT x = 'one' FROM a WHERE id = 1"),
			 1);
	eworld_check_ledger(w);
}

static void rollback__parks_what_others_wrote_there(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	start(w);
	assert_ok(eworld_back(w, 1));
	eworld_sql(w, "UPDATE a SET y = 'kept aside' WHERE id = 1");
	assert_ok(eworld_back(w, 1));
	assert_int_equal(eworld_int(w, "SELECT parked FROM "
				       "git_migrate_history ORDER BY seq "
				       "DESC LIMIT 1"),
			 2); /* each value of a column that others wrote to */
	eworld_ask(w, &b,
		   "SELECT message FROM git_migrate_ledger ORDER BY seq DESC "
		   "LIMIT 1");
	eworld_has(&b, "Parked: 2\n");
	eworld_has(&b, "Snapshot: ");
	eworld_check_ledger(w);
	buf_release(&b);
}

static void rollback__counts_what_it_sets_aside(void **state)
{
	struct eworld *w = *state;

	start(w);
	assert_ok(eworld_back(w, 4));
	assert_int_equal(eworld_int(w, "SELECT sum(parked) FROM "
				       "git_migrate_history"),
			 4); /* two values of column y, two rows of table a */
}

static void rollback__puts_drift_down_first(void **state)
{
	struct eworld *w = *state;

	start(w);
	eworld_sql(w, "CREATE TABLE mine(x); INSERT INTO mine VALUES (1)");
	assert_ok(eworld_back(w, 1));
	assert_string_equal(buf_str(&w->events),
			    "drift - - +table mine\nrollback 4_d "
			    "rolled_back\n");
	eworld_has(&w->notes, "changed outside of git migrate (+table mine)");
	assert_int_equal(eworld_int(w, "SELECT x FROM mine"), 1);
	eworld_check_ledger(w);
}

static void rollback__refuses_a_table_that_is_not_what_it_was(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	start(w);
	assert_ok(eworld_back(w, 1));
	eworld_sql(w, "ALTER TABLE a RENAME COLUMN y TO z");
	eworld_dump(w, &before);
	eworld_expect(eworld_back(w, 1), ERR_REFUSED,
		      "3_c cannot be rolled "
		      "back",
		      NULL);
	assert_true(w->run.n_conflicts > 0);
	eworld_dump(w, &after);
	eworld_same(&before, &after, "a renamed column");
	eworld_check_ledger(w);
	buf_release(&before);
	buf_release(&after);
}

static void rollback__says_which_snapshot_is_missing(void **state)
{
	struct eworld *w = *state;

	start(w);
	for (size_t i = 0; i < w->store.n_kept; i++)
		w->store.kept[i].id[0] = 'x';
	eworld_expect(eworld_back(w, 1), ERR_STORE,
		      "the snapshot of 4_d, taken ", NULL);
	assert_int_equal(eworld_int(w, "SELECT count(*) FROM a"), 1);
	eworld_check_ledger(w);
}

static void rollback__brings_a_repeatable_to_its_text_before(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	w->cfg.layout = "flyway";
	for (char c = '1'; c <= '3'; c++) {
		char *text = xasprintf("DROP VIEW IF EXISTS v;\nCREATE VIEW v "
				       "AS SELECT %c AS n;",
				       c);

		eworld_add(w, "R__v", text);
		assert_ok(eworld_apply(w, NULL));
		free(text);
	}
	assert_int_equal(eworld_int(w, "SELECT n FROM v"), 3);
	for (int n = 2; n > 0; n--) {
		assert_ok(eworld_back(w, 1));
		assert_string_equal(buf_str(&w->events),
				    "rollback R__v applied ~view v\n");
		assert_int_equal(eworld_int(w, "SELECT n FROM v"), n);
		eworld_check_ledger(w);
		assert_ok(eworld_status(w, NULL, &b));
		eworld_has(&b, "changed, runs again");
	}
	assert_ok(eworld_back(w, 1));
	assert_string_equal(buf_str(&w->events),
			    "rollback R__v rolled_back -view v\n");
	eworld_expect(back_names(w, "R__v", NULL), ERR_REFUSED,
		      "R__v is rolled back already", NULL);
	/* up once more, and back to nothing: no older run counts */
	assert_ok(eworld_apply(w, NULL));
	assert_int_equal(eworld_int(w, "SELECT n FROM v"), 3);
	assert_ok(eworld_back(w, 1));
	assert_string_equal(buf_str(&w->events),
			    "rollback R__v rolled_back -view v\n");
	eworld_check_ledger(w);
	buf_release(&b);
}

static void rollback__stays_exact_over_many_rounds(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT, top = BUF_INIT;

	start(w);
	eworld_dump(w, &top);
	assert_ok(eworld_back(w, 3));
	eworld_dump(w, &before);
	for (int i = 0; i < 4; i++) {
		assert_ok(eworld_apply(w, NULL));
		eworld_dump(w, &after);
		eworld_same(&top, &after, "up");
		assert_ok(eworld_back(w, 3));
		eworld_dump(w, &after);
		eworld_same(&before, &after, "down");
		assert_int_equal(eworld_int(w, "SELECT min(exact) FROM "
					       "git_migrate_history WHERE "
					       "event = 'rollback'"),
				 1);
	}
	eworld_check_ledger(w);
	buf_release(&before);
	buf_release(&after);
	buf_release(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(rollback__takes_the_newest),
		cmocka_unit_test(rollback__takes_what_is_chosen),
		eworld_test(rollback__refuses_what_would_tear_the_order),
		eworld_test(rollback__needs_a_journal),
		eworld_test(rollback__dry_run_changes_nothing),
		eworld_test(rollback__needs_neither_files_nor_commit),
		cmocka_unit_test(rollback__stops_at_rows_that_changed),
		eworld_test(rollback__keeps_what_it_had_done_before_a_conflict),
		eworld_test(rollback__parks_what_others_wrote_there),
		eworld_test(rollback__counts_what_it_sets_aside),
		eworld_test(rollback__puts_drift_down_first),
		eworld_test(rollback__refuses_a_table_that_is_not_what_it_was),
		eworld_test(rollback__says_which_snapshot_is_missing),
		eworld_test(rollback__brings_a_repeatable_to_its_text_before),
		eworld_test(rollback__stays_exact_over_many_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
