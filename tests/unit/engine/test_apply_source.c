#include "support/unit.h"

#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* Which files a run takes, and what it says of where they came from. */

static void apply__records_where_a_file_came_from(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	eworld_add(w, "1_a", "-- migrate:description the first\nSELECT 1;");
	eworld_add(w, "2_b", "SELECT 2;");
	assert_ok(eworld_apply(w, NULL));
	eworld_ask(w, &b,
		   "SELECT name, author, author_date, applied_by, "
		   "description, dirty, tool, layout, path FROM "
		   "git_migrate_history WHERE name NOT NULL ORDER BY seq");
	assert_string_equal(
		buf_str(&b),
		"1_a|Ann <ann@example.com>|1700000000 +0100|Runner "
		"<run@example.com>|the first|0|git-migrate test|native|"
		"1_a.sql\n"
		"2_b|Bob <bob@example.com>|1700000100 +0100|Runner "
		"<run@example.com>||0|git-migrate test|native|2_b.sql\n");
	assert_string_equal(
		eworld_ask(w, &b,
			   "SELECT DISTINCT source_commit = '' FROM "
			   "git_migrate_history WHERE name NOT NULL"),
		"0\n");
	assert_string_equal(eworld_ask(w, &b,
				       "SELECT bytes FROM git_migrate_texts "
				       "WHERE CAST(bytes AS TEXT) LIKE '%2%'"),
			    "SELECT 2;\n");
	assert_int_equal(
		memory_store_count_refs(&w->store, "refs/migrate/sources/dev"),
		1);
	buf_release(&b);
}

static void apply__falls_back_to_the_source_commits_author(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	eworld_add(w, "1_a", "SELECT 1;");
	eworld_add(w, "2_b", "SELECT 2;");
	w->store.no_authors = true;
	assert_ok(eworld_apply(w, NULL));
	eworld_ask(w, &b,
		   "SELECT DISTINCT author FROM git_migrate_history WHERE "
		   "name NOT NULL");
	assert_string_equal(buf_str(&b), "Bob <bob@example.com>\n");
	eworld_ask(w, &b, "SELECT message FROM git_migrate_ledger");
	eworld_has(&b, "Author-From: source");
	buf_release(&b);
}

static void apply__from_the_work_tree_is_dirty(void **state)
{
	struct eworld *w = *state;
	const struct engine_apply_options opt = { .worktree = true };
	struct buf b = BUF_INIT;

	eworld_add(w, "1_a", "CREATE TABLE a(x);");
	eworld_write(w, "2_b", "CREATE TABLE b(x);");
	assert_ok(eworld_apply(w, &opt));
	assert_false(w->run.steps[0].dirty);
	assert_true(w->run.steps[1].dirty);
	eworld_ask(w, &b,
		   "SELECT name, dirty, source_commit IS NULL FROM "
		   "git_migrate_history WHERE name NOT NULL ORDER BY seq");
	assert_string_equal(buf_str(&b), "1_a|0|0\n2_b|1|1\n");
	eworld_check_ledger(w);
	/* without the file it is foreign; committed it is simply applied */
	assert_ok(eworld_apply(w, NULL));
	eworld_has(&w->notes, "warning: applied here, but not in this "
			      "commit: 2_b");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	assert_string_equal(buf_str(&w->notes), "");
	buf_release(&b);
}

static void apply__works_before_the_first_commit(void **state)
{
	struct eworld *w = *state;
	const struct engine_apply_options opt = { .worktree = true };

	eworld_write(w, "1_a", "CREATE TABLE a(x);");
	eworld_expect(eworld_apply(w, NULL), ERR_INPUT, "no commit yet",
		      "git commit");
	assert_ok(eworld_apply(w, &opt));
	assert_int_equal(eworld_int(w, "SELECT dirty FROM "
				       "git_migrate_history WHERE name = "
				       "'1_a'"),
			 1);
	eworld_check_ledger(w);
}

static void apply__reads_the_commit_it_is_told(void **state)
{
	struct eworld *w = *state;
	char first[41];
	struct engine_apply_options opt = { .rev = first };

	memcpy(first, eworld_add(w, "1_a", "CREATE TABLE a(x);"), 41);
	eworld_add(w, "2_b", "CREATE TABLE b(x);");
	assert_ok(eworld_apply(w, &opt));
	assert_int_equal(w->run.n_done, 1);
	opt.rev = "nowhere";
	eworld_expect(eworld_apply(w, &opt), ERR_INPUT, "no such revision",
		      NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(apply__records_where_a_file_came_from),
		eworld_test(apply__falls_back_to_the_source_commits_author),
		eworld_test(apply__from_the_work_tree_is_dirty),
		eworld_test(apply__works_before_the_first_commit),
		eworld_test(apply__reads_the_commit_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
