#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

static void expect_status(struct eworld *w, const char *text)
{
	struct buf b = BUF_INIT;

	assert_ok(eworld_status(w, NULL, &b));
	assert_string_equal(buf_str(&b), text);
	buf_release(&b);
}

static void status__names_every_state(void **state)
{
	struct eworld *w = *state;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "CREATE TABLE b(x);");
	eworld_write(w, "3_c", "CREATE TABLE c(x);");
	eworld_write(w, "4_d", "CREATE TABLE d(x);");
	eworld_commit(w);
	expect_status(w, "1_a pending\n2_b pending\n3_c pending\n4_d "
			 "pending\n");
	assert_false(eworld_has_database(w));
	assert_ok(eworld_apply(w, NULL));
	assert_ok(eworld_back(w, 1));
	eworld_write(w, "1_a", "-- why\nCREATE TABLE a(x);");
	eworld_write(w, "2_b", "CREATE TABLE b(x, y);");
	eworld_write(w, "3_c", NULL);
	eworld_write(w, "10_z", "SELECT 1;");
	eworld_write_file(w, "notes.sql", "-- nobody's\n");
	eworld_commit(w);
	eworld_write(w, "4_d", "CREATE TABLE d(x, y);");
	eworld_write(w, "11_n", "SELECT 2;");
	expect_status(w,
		      "1_a applied: edited since, but does the same\n"
		      "2_b modified: edited after it was applied\n"
		      "4_d rolled_back\n"
		      "10_z pending\n"
		      "3_c foreign: not in this commit\n"
		      "4_d uncommitted: differs from the commit\n"
		      "11_n uncommitted: not committed\n"
		      "stray notes.sql: its name does not start with a version "
		      "number\n");
}

static void status__counts_what_it_shows(void **state)
{
	struct eworld *w = *state;
	const struct engine_status_options none = { 0 };
	struct engine_status s;
	struct engine *e = NULL;

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "SELECT x FROM nowhere;");
	eworld_write(w, "3_c", "SELECT 1;");
	eworld_commit(w);
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "nowhere", NULL);
	assert_ok(engine_open(&e, &w->store.base, &w->cfg, NULL));
	assert_ok(engine_status(e, &none, &s));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.counts[STATE_APPLIED], 1);
	assert_int_equal(s.counts[STATE_FAILED], 1);
	assert_int_equal(s.counts[STATE_PENDING], 1);
	assert_string_equal(s.layout, "native");
	assert_string_equal(s.head, w->store.head);
	assert_string_equal(s.items[0].path, "1_a.sql");
	assert_string_equal(s.items[0].version, "1");
	assert_string_equal(s.items[0].source_commit, w->store.head);
	assert_string_equal(s.items[0].blob, s.items[0].applied_blob);
	assert_non_null(s.items[0].applied_at);
	assert_non_null(s.items[0].commit);
	assert_null(s.items[1].applied_at);
	assert_string_equal(s.items[1].error,
			    "line 1: statement 1 of 1: no such "
			    "table: nowhere");
	assert_null(s.items[2].applied_blob);
	assert_string_equal(s.identity.uuid, w->run.identity.uuid);
	engine_status_release(&s);
	engine_close(e);
}

static void status__has_a_word_for_each_state(void **state)
{
	static const char *const words[] = {
		[STATE_APPLIED] = "applied",
		[STATE_PENDING] = "pending",
		[STATE_FAILED] = "failed",
		[STATE_ROLLED_BACK] = "rolled_back",
		[STATE_FOREIGN] = "foreign",
		[STATE_MODIFIED] = "modified",
		[STATE_EDITED] = "applied",
		[STATE_UNCOMMITTED] = "uncommitted",
		[STATE_COUNT] = "unknown",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_string_equal(engine_state_name((enum engine_state)i),
				    words[i]);
}

static void status__says_what_sorts_before(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "2_b", "CREATE TABLE b(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	expect_status(w, "1_a pending: sorts before 2_b, which is applied\n"
			 "2_b applied\n");
}

static void status__reads_the_work_tree_when_told(void **state)
{
	struct eworld *w = *state;
	const struct engine_status_options opt = { .worktree = true };
	struct buf b = BUF_INIT;

	eworld_write(w, "1_a", "SELECT 1;");
	assert_ok(eworld_status(w, &opt, &b));
	assert_string_equal(buf_str(&b), "1_a pending\n");
	eworld_expect(eworld_status(w, NULL, &b), ERR_INPUT, "no commit yet",
		      NULL);
	eworld_commit(w);
	eworld_write(w, "2_b", "SELECT 2;");
	assert_ok(eworld_status(w, &opt, &b));
	assert_string_equal(buf_str(&b), "1_a pending\n2_b pending\n");
	buf_release(&b);
}

static void status__reads_another_commit(void **state)
{
	struct eworld *w = *state;
	struct engine_status_options opt = { 0 };
	struct buf b = BUF_INIT;
	char first[41];

	memcpy(first, eworld_add(w, "1_a", "SELECT 1;"), 41);
	eworld_add(w, "2_b", "SELECT 2;");
	assert_ok(eworld_apply(w, NULL));
	eworld_write(w, "3_c", "SELECT 3;");
	opt.rev = first;
	assert_ok(eworld_status(w, &opt, &b));
	assert_string_equal(buf_str(&b), "1_a applied\n2_b foreign: not in "
					 "this commit\n");
	opt.rev = "nowhere";
	eworld_expect(eworld_status(w, &opt, &b), ERR_INPUT, "no such revision",
		      NULL);
	buf_release(&b);
}

static void status__passes_over_a_broken_work_tree(void **state)
{
	struct eworld *w = *state;

	eworld_add(w, "1_a", "SELECT 1;");
	eworld_write(w, "1_b", "SELECT 1;");
	expect_status(w, "1_a pending\n");
	eworld_has(&w->notes, "warning: work tree: ");
	w->store.bare = true;
	expect_status(w, "1_a pending\n");
	assert_string_equal(buf_str(&w->notes), "");
}

static void status__writes_nothing(void **state)
{
	struct eworld *w = *state;
	struct buf before = BUF_INIT, after = BUF_INIT;

	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	assert_ok(eworld_apply(w, NULL));
	eworld_sql(w, "CREATE TABLE drifted(x)");
	eworld_ask(w, &before, "SELECT * FROM git_migrate_history");
	expect_status(w, "1_a applied\n");
	eworld_ask(w, &after, "SELECT * FROM git_migrate_history");
	eworld_same(&before, &after, "history");
	buf_release(&before);
	buf_release(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(status__names_every_state),
		eworld_test(status__counts_what_it_shows),
		eworld_test(status__has_a_word_for_each_state),
		eworld_test(status__says_what_sorts_before),
		eworld_test(status__reads_the_work_tree_when_told),
		eworld_test(status__reads_another_commit),
		eworld_test(status__passes_over_a_broken_work_tree),
		eworld_test(status__writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
