#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/engine_world.h"

/* show, log and new. */

static void start(struct eworld *w)
{
	eworld_write(w, "1_a",
		     "-- migrate:up\nCREATE TABLE a(id INTEGER PRIMARY KEY, "
		     "x);\nINSERT INTO a VALUES (1, 'one'), (2, 'two');\n"
		     "-- migrate:down\nDROP TABLE a;\n");
	eworld_write(w, "2_b",
		     "-- migrate:depends 1_a\nUPDATE a SET x = 'X' WHERE id = "
		     "1;\nDELETE FROM a WHERE id = 2;\nALTER TABLE a ADD "
		     "COLUMN y;");
	eworld_commit(w);
	assert_ok(eworld_apply(w, NULL));
	eworld_add(w, "3_c", "CREATE TABLE c(x);");
}

static void expect_in(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

static void show__tells_what_was_applied(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	start(w);
	assert_ok(eworld_show(w, "2_b", &s));
	assert_string_equal(s.name, "2_b");
	assert_string_equal(s.version, "2");
	assert_string_equal(s.state, "applied");
	assert_string_equal(s.path, "migrations/2_b.sql");
	assert_string_equal(s.sql_from, "journal");
	expect_in(s.sql, "ADD COLUMN y");
	assert_null(s.down_sql);
	assert_true(s.in_tree);
	assert_false(s.modified);
	assert_string_equal(s.depends[0], "1_a");
	assert_null(s.depends[1]);
	assert_int_equal(s.last.seq, 3);
	assert_string_equal(s.last.changes, "~table a");
	expect_in(s.schema_diff, "schema/tables/a.sql");
	expect_in(s.schema_diff, "\n+");
	expect_in(s.snapshot_summary, "a: ");
	expect_in(s.snapshot_summary, "1 deleted");
	engine_show_release(&s);
}

static void show__tells_what_is_pending(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	start(w);
	assert_ok(eworld_show(w, "c", &s));
	assert_string_equal(s.name, "3_c");
	assert_string_equal(s.state, "pending");
	assert_string_equal(s.sql_from, "tree");
	assert_string_equal(s.sql, "CREATE TABLE c(x);");
	assert_int_equal(s.last.seq, 0);
	assert_null(s.schema_diff);
	assert_null(s.snapshot_summary);
	assert_null(s.depends);
	engine_show_release(&s);
}

static void show__keeps_the_text_that_ran(void **state)
{
	static const struct {
		const char *text, *state;
		bool modified;
	} cases[] = {
		{ "CREATE TABLE a(other);", "modified", true },
		{ NULL, "foreign", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct engine_show s;
		struct eworld w;

		eworld_open(&w);
		start(&w);
		eworld_add(&w, "2_b", cases[i].text);
		assert_ok(eworld_show(&w, "2_b", &s));
		assert_string_equal(s.state, cases[i].state);
		assert_int_equal(s.modified, cases[i].modified);
		assert_string_equal(s.sql_from, "journal");
		expect_in(s.sql, "ADD COLUMN y");
		engine_show_release(&s);
		eworld_close(&w);
	}
}

static void show__tells_of_one_rolled_back_and_gone(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	start(w);
	assert_ok(eworld_back(w, 1));
	eworld_add(w, "2_b", NULL);
	assert_ok(eworld_show(w, "2_b", &s));
	assert_string_equal(s.state, "rolled_back");
	assert_false(s.in_tree);
	assert_string_equal(s.version, "2");
	assert_string_equal(s.last.event, "rollback");
	expect_in(s.schema_diff, "\n-");
	engine_show_release(&s);
}

static void show__tells_of_a_failure(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	eworld_add(w, "1_a", "SELECT x FROM nowhere;");
	eworld_expect(eworld_apply(w, NULL), ERR_TARGET, "nowhere", NULL);
	assert_ok(eworld_show(w, "1_a", &s));
	assert_string_equal(s.state, "failed");
	assert_string_equal(s.sql_from, "tree");
	expect_in(s.last.error, "no such table");
	engine_show_release(&s);
}

static void show__says_that_a_snapshot_is_elsewhere(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	start(w);
	for (size_t i = 0; i < w->store.n_kept; i++)
		w->store.kept[i].id[0] = 'x';
	assert_ok(eworld_show(w, "2_b", &s));
	expect_in(s.snapshot_summary, "cannot be read: no snapshot");
	engine_show_release(&s);
}

static void show__knows_no_other_names(void **state)
{
	struct eworld *w = *state;
	struct engine_show s;

	start(w);
	eworld_expect(eworld_show(w, "2_x", &s), ERR_INPUT,
		      "there is no migration 2_x", "did you mean 2_b");
	engine_show_release(&s);
	eworld_expect(eworld_show(w, "zzzzzzzzzzzz", &s), ERR_INPUT,
		      "there is no migration", "status lists them");
	engine_show_release(&s);
}

static void log__is_newest_first(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	start(w);
	assert_ok(eworld_back(w, 1));
	assert_ok(eworld_log(w, NULL, 0, &b));
	assert_string_equal(buf_str(&b), "4 rollback 2_b rolled_back ~table a\n"
					 "3 apply 2_b applied ~table a\n"
					 "2 apply 1_a applied +table a\n"
					 "1 init - -\n");
	assert_ok(eworld_log(w, NULL, 2, &b));
	assert_string_equal(buf_str(&b), "4 rollback 2_b rolled_back ~table a\n"
					 "3 apply 2_b applied ~table a\n");
	assert_ok(eworld_log(w, "1_a", 0, &b));
	assert_string_equal(buf_str(&b), "2 apply 1_a applied +table a\n");
	assert_ok(eworld_log(w, "b", 1, &b));
	assert_string_equal(buf_str(&b),
			    "4 rollback 2_b rolled_back ~table a\n");
	buf_release(&b);
}

static void log__knows_only_what_was_done(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;

	assert_ok(eworld_log(w, NULL, 0, &b));
	assert_string_equal(buf_str(&b), "");
	start(w);
	eworld_expect(eworld_log(w, "3_c", 0, &b), ERR_INPUT,
		      "nothing was done with a migration '3_c'",
		      "git migrate status");
	buf_release(&b);
}

static struct err *refuse_event(void *payload, const struct engine_event *e)
{
	++*(int *)payload;
	(void)e;
	return err_new(ERR_CANCELLED, "enough");
}

static void log__ends_where_its_reader_does(void **state)
{
	struct eworld *w = *state;
	struct engine *e = NULL;
	int n = 0;

	start(w);
	assert_ok(engine_open(&e, &w->store.base, &w->cfg, NULL));
	eworld_expect(engine_log(e, NULL, 0, refuse_event, &n), ERR_CANCELLED,
		      "enough", NULL);
	assert_int_equal(n, 1);
	engine_close(e);
}

static void new__looks_at_commit_and_work_tree(void **state)
{
	struct eworld *w = *state;
	struct buf b = BUF_INIT;
	char year[5];

	assert_ok(eworld_new(w, "Add users!", &b));
	memcpy(year, buf_str(&b), 2);
	assert_memory_equal(year, "20", 2);
	eworld_has(&b, "_Add_users.sql\n");
	eworld_has(&b, "-- migrate:up");
	/* small numbers go on behind the commit's and the work tree's */
	w->cfg.layout = "golang-migrate";
	eworld_write_file(w, "0007_x.up.sql", "SELECT 1;");
	eworld_commit(w);
	eworld_write_file(w, "0007_x.up.sql", NULL);
	assert_ok(eworld_new(w, "next", &b));
	eworld_has(&b, "0008_next.up.sql\n");
	eworld_has(&b, "0008_next.down.sql\n");
	eworld_write_file(w, "0011_y.up.sql", "");
	assert_ok(eworld_new(w, "next", &b));
	eworld_has(&b, "0012_next.up.sql\n");
	eworld_expect(eworld_new(w, "!!", &b), ERR_USAGE,
		      "has no letter and no digit", NULL);
	assert_false(eworld_has_database(w));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		eworld_test(show__tells_what_was_applied),
		eworld_test(show__tells_what_is_pending),
		cmocka_unit_test(show__keeps_the_text_that_ran),
		eworld_test(show__tells_of_one_rolled_back_and_gone),
		eworld_test(show__tells_of_a_failure),
		eworld_test(show__says_that_a_snapshot_is_elsewhere),
		eworld_test(show__knows_no_other_names),
		eworld_test(log__is_newest_first),
		eworld_test(log__knows_only_what_was_done),
		eworld_test(log__ends_where_its_reader_does),
		eworld_test(new__looks_at_commit_and_work_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
