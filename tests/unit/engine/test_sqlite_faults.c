#include "chaos.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* The database itself fails: no room, a commit that is refused, a lock. */

static int max_pages;    /* of each connection that is opened; 0 = no limit */
static int commits_left; /* until one is refused; 0 = never */

static int refuse_commit(void *unused)
{
	(void)unused;
	return commits_left && --commits_left == 0;
}

static int prepare_connection(sqlite3 *db, const char **message,
			      const struct sqlite3_api_routines *api)
{
	char sql[60];

	(void)message, (void)api;
	if (max_pages) {
		snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %d",
			 max_pages);
		sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	if (commits_left)
		sqlite3_commit_hook(db, refuse_commit, NULL);
	return SQLITE_OK;
}

static int group_setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	return sqlite3_auto_extension((void (*)(void))prepare_connection) !=
	       SQLITE_OK;
}

static int group_teardown(void **state)
{
	(void)state;
	sqlite3_cancel_auto_extension((void (*)(void))prepare_connection);
	return 0;
}

static struct err *roll_back(struct eworld *w)
{
	return eworld_rollback(
		w, &(struct engine_rollback_options){ .to = "1_a" });
}

static int64_t pages_of(struct eworld *w)
{
	return eworld_int(w, "PRAGMA page_count");
}

static void apply__survives_a_database_that_may_not_grow(void **state)
{
	struct chaos c;
	size_t refused = 0;

	(void)state;
	chaos_init(&c);
	for (int pages = 1; pages < 60; pages++) {
		char what[40];
		struct eworld w;
		struct err *err;

		snprintf(what, sizeof(what), "%d pages", pages);
		chaos_start(&w, 0);
		max_pages = pages;
		err = eworld_apply(&w, NULL);
		max_pages = 0;
		refused += err != NULL;
		if (err && !strstr(err_text(err), "full"))
			fail_msg("%s: %s", what, err_text(err));
		err_free(err);
		chaos_after_apply(&c, &w, what);
		eworld_close(&w);
	}
	chaos_release(&c);
	assert_true(refused > 10);
	assert_true(refused < 59);
}

static void rollback__survives_a_database_that_may_not_grow(void **state)
{
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (int more = 0; more < 8; more++) {
		char what[40];
		struct eworld w;
		struct err *err;

		snprintf(what, sizeof(what), "%d more pages", more);
		chaos_start(&w, CHAOS_N);
		max_pages = (int)pages_of(&w) + more;
		err = roll_back(&w);
		max_pages = 0;
		err_free(err);
		chaos_after_rollback(&c, &w, what);
		eworld_close(&w);
	}
	chaos_release(&c);
}

/* Each commit in turn is refused, after everything in it has been done. */
static void apply__survives_a_commit_that_fails(void **state)
{
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (int group = 0; group < 2; group++)
		for (int n = 1; n < 9; n++) {
			const struct engine_apply_options opt = {
				.no_group = !group
			};
			char what[40];
			struct eworld w;

			snprintf(what, sizeof(what), "commit %d", n);
			chaos_start(&w, 0);
			commits_left = n;
			err_free(eworld_apply(&w, &opt));
			commits_left = 0;
			chaos_after_apply(&c, &w, what);
			eworld_close(&w);
		}
	chaos_release(&c);
}

static void rollback__survives_a_commit_that_fails(void **state)
{
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (int n = 1; n < 8; n++) {
		char what[40];
		struct eworld w;

		snprintf(what, sizeof(what), "commit %d", n);
		chaos_start(&w, CHAOS_N);
		commits_left = n;
		err_free(roll_back(&w));
		commits_left = 0;
		chaos_after_rollback(&c, &w, what);
		eworld_close(&w);
	}
	chaos_release(&c);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes ? bytes : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* Writes end at some byte, of the database or of its rollback journal. */
static void apply__survives_a_full_disk(void **state)
{
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (rlim_t k = 0; k < 50; k++) {
		char what[40];
		struct eworld w;
		struct err *err;

		snprintf(what, sizeof(what), "%lu bytes",
			 (unsigned long)(k * 4000 + 600));
		chaos_start(&w, k % 2 ? 2 : 0);
		limit_files(k * 4000 + 600);
		err = eworld_apply(&w, NULL);
		limit_files(0);
		err_free(err);
		chaos_after_apply(&c, &w, what);
		eworld_close(&w);
	}
	chaos_release(&c);
}

static void rollback__survives_a_full_disk(void **state)
{
	struct chaos c;

	(void)state;
	chaos_init(&c);
	for (rlim_t k = 0; k < 40; k++) {
		char what[40];
		struct eworld w;

		snprintf(what, sizeof(what), "%lu bytes",
			 (unsigned long)(k * 4000 + 600));
		chaos_start(&w, CHAOS_N);
		limit_files(k * 4000 + 600);
		err_free(roll_back(&w));
		limit_files(0);
		chaos_after_rollback(&c, &w, what);
		eworld_close(&w);
	}
	chaos_release(&c);
}

static void apply__waits_for_nobody_for_ever(void **state)
{
	struct eworld *w = *state;
	struct chaos c;
	sqlite3 *other = NULL;
	struct buf b = BUF_INIT;

	chaos_init(&c);
	chaos_files(w);
	assert_ok(
		eworld_apply(w, &(struct engine_apply_options){ .count = 2 }));
	assert_int_equal(sqlite3_open(eworld_path(w, "dev.db"), &other),
			 SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
		SQLITE_OK);
	eworld_expect(eworld_apply(w, NULL), ERR_STATE,
		      "another program is writing", NULL);
	eworld_expect(eworld_back(w, 1), ERR_STATE,
		      "another program is writing", NULL);
	assert_ok(eworld_status(w, NULL, &b));
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	assert_int_equal(chaos_state(&c, w, "locked"), 2);
	chaos_after_apply(&c, w, "locked");
	chaos_release(&c);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apply__survives_a_database_that_may_not_grow),
		cmocka_unit_test(
			rollback__survives_a_database_that_may_not_grow),
		cmocka_unit_test(apply__survives_a_commit_that_fails),
		cmocka_unit_test(rollback__survives_a_commit_that_fails),
		cmocka_unit_test(apply__survives_a_full_disk),
		cmocka_unit_test(rollback__survives_a_full_disk),
		eworld_test(apply__waits_for_nobody_for_ever),
	};

	int failed = cmocka_run_group_tests(tests, group_setup, group_teardown);

	eworld_snapshot_store = "database";
	return failed + cmocka_run_group_tests_name("in the database", tests,
						    group_setup,
						    group_teardown);
}
