#include "unit/decide/world.h"

struct view_case {
	const char *about;
	const char *layout;
	const char *files[WORDS_MAX];
	const char *states[WORDS_MAX];
	/* "<name> <state>[ substance][ rerun][ late <name>][ was <name>]" */
	const char *expect;
};

static const struct view_case cases[] = {
	{ .about = "nothing anywhere", .expect = "" },
	{ .about = "nothing applied yet",
	  .files = { "1_a.sql", "2_b.sql" },
	  .expect = "1_a pending\n2_b pending\n" },
	{ .about = "every state that a database has",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql", "4_d.sql", "5_e.sql" },
	  .states = { "1_a applied", "2_b failed", "3_c rolled_back",
		      "4_d applying" },
	  .expect = "1_a applied\n2_b failed\n3_c rolled_back\n4_d applying\n"
		    "5_e pending\n" },
	{ .about = "a file that is not what ran",
	  .files = { "1_a.sql\tSELECT 1;" },
	  .states = { "1_a applied SELECT 2;" },
	  .expect = "1_a modified substance\n" },
	{ .about = "a file that differs in no word that runs",
	  .files = { "1_a.sql\tSELECT 1;" },
	  .states = { "1_a applied select  1" },
	  .expect = "1_a modified\n" },
	{ .about = "what was undone may change freely",
	  .files = { "1_a.sql\tSELECT 1;", "2_b.sql\tSELECT 1;" },
	  .states = { "1_a rolled_back SELECT 2;", "2_b failed SELECT 2;" },
	  .expect = "1_a rolled_back\n2_b failed\n" },
	{ .about = "foreign ones come last, in order of application",
	  .files = { "2_b.sql" },
	  .states = { "9_z applied", "1_y applied", "2_b applied",
		      "3_x applying" },
	  .expect = "2_b applied\n9_z foreign\n1_y foreign\n3_x foreign\n" },
	{ .about = "foreign ones that left nothing behind are not told",
	  .files = { "1_a.sql" },
	  .states = { "8_y failed", "9_z rolled_back" },
	  .expect = "1_a pending\n" },
	{ .about = "pending before an applied one is out of order",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql", "4_d.sql", "5_e.sql" },
	  .states = { "4_d applied", "2_b applied" },
	  .expect = "1_a pending late 4_d\n2_b applied\n"
		    "3_c pending late 4_d\n4_d applied\n5_e pending\n" },
	{ .about = "so are failed ones and those rolled back",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql" },
	  .states = { "1_a failed", "2_b rolled_back", "3_c applied" },
	  .expect = "1_a failed late 3_c\n2_b rolled_back late 3_c\n"
		    "3_c applied\n" },
	{ .about = "a modified one is an applied one",
	  .files = { "1_a.sql", "2_b.sql\tSELECT 1;" },
	  .states = { "2_b applied SELECT 2;" },
	  .expect = "1_a pending late 2_b\n2_b modified substance\n" },
	{ .about = "one that only began is no applied one",
	  .files = { "1_a.sql", "2_b.sql" },
	  .states = { "2_b applying" },
	  .expect = "1_a pending\n2_b applying\n" },
	{ .about = "a foreign one of a later version counts by its version",
	  .files = { "1_a.sql", "3_c.sql", "9_i.sql" },
	  .states = { "5_x applied", "4_y applied" },
	  .expect = "1_a pending late 5_x\n3_c pending late 5_x\n"
		    "9_i pending\n5_x foreign\n4_y foreign\n" },
	{ .about = "the later of a foreign one and one of the tree",
	  .files = { "1_a.sql", "7_g.sql" },
	  .states = { "7_g applied", "5_x applied" },
	  .expect = "1_a pending late 7_g\n7_g applied\n5_x foreign\n" },
	{ .about = "renamed: the same bytes, and the old name is gone",
	  .files = { "2_new.sql\tSELECT 7;", "3_c.sql" },
	  .states = { "1_old applied SELECT 7;" },
	  .expect = "2_new applied was 1_old\n3_c pending\n" },
	{ .about = "copied, not renamed: the old name is still there",
	  .files = { "1_old.sql\tSELECT 7;", "2_new.sql\tSELECT 7;" },
	  .states = { "1_old applied" },
	  .expect = "1_old applied\n2_new pending\n" },
	{ .about = "what was rolled back under the old name has its parked "
		   "data there",
	  .files = { "2_new.sql\tSELECT 7;" },
	  .states = { "1_old rolled_back SELECT 7;" },
	  .expect = "2_new rolled_back was 1_old\n" },
	{ .about = "what does the same behind another version was renamed",
	  .files = { "7_users.sql\tSELECT 1; -- moved", "9_b.sql" },
	  .states = { "2_users applied select  1", "9_b applied" },
	  .expect = "7_users modified was 2_users\n9_b applied\n" },
	{ .about = "not with other words behind it",
	  .files = { "7_people.sql\tSELECT 1;" },
	  .states = { "2_users applied select  1" },
	  .expect = "7_people pending\n2_users foreign\n" },
	{ .about = "two of the same bytes, one renamed: the first in order",
	  .files = { "2_new.sql\tSELECT 7;", "3_new.sql\tSELECT 7;" },
	  .states = { "1_old applied SELECT 7;" },
	  .expect = "2_new applied was 1_old\n3_new pending\n" },
	{ .about = "two of the same bytes, both renamed",
	  .files = { "3_new.sql\tSELECT 7;", "4_new.sql\tSELECT 7;" },
	  .states = { "1_old applied SELECT 7;", "2_old applied SELECT 7;" },
	  .expect = "3_new applied was 1_old\n4_new applied was 2_old\n" },
	{ .about = "the new name is known already: no rename",
	  .files = { "2_new.sql\tSELECT 7;" },
	  .states = { "1_old applied SELECT 7;", "2_new rolled_back" },
	  .expect = "2_new rolled_back\n1_old foreign\n" },
	{ .about = "a repeatable that changed runs again",
	  .layout = "flyway",
	  .files = { "V1__a.sql", "R__v.sql\tSELECT 1;", "R__w.sql" },
	  .states = { "V1__a applied", "R__v applied SELECT 2;",
		      "R__w applied" },
	  .expect = "V1__a applied\nR__v pending rerun\nR__w applied\n" },
	{ .about = "repeatables have no place in the order",
	  .layout = "flyway",
	  .files = { "V1__a.sql", "R__v.sql" },
	  .states = { "R__v applied" },
	  .expect = "V1__a pending\nR__v applied\n" },
	{ .about = "sqitch: what was deployed is now the tag's, the new waits",
	  .layout = "sqitch",
	  .files = { "sqitch.plan\ta t\n@v1 t\na [a@v1] t\n",
		     "deploy/a@v1.sql\tSELECT 1;", "deploy/a.sql\tSELECT 2;" },
	  .states = { "a applied SELECT 1;" },
	  .expect = "a@v1 applied was a\na pending\n" },
	{ .about = "sqitch: reworked, and both deployed",
	  .layout = "sqitch",
	  .files = { "sqitch.plan\ta t\n@v1 t\na [a@v1] t\n",
		     "deploy/a@v1.sql\tSELECT 1;", "deploy/a.sql\tSELECT 2;" },
	  .states = { "a@v1 applied", "a applied" },
	  .expect = "a@v1 applied\na applied\n" },
};

static struct err *by_normal_form(void *payload, const struct migration *m,
				  const struct decide_state *known,
				  bool *differs)
{
	(void)payload;
	(void)m;
	/* stands for reading the journal's text */
	*differs = streq(known->blob, payload);
	return NULL;
}

static void add_item(struct buf *b, const struct plan_item *item)
{
	buf_addf(b, "%s %s", item->name, plan_state_name(item->state));
	buf_addstr(b, item->substance ? " substance" : "");
	buf_addstr(b, item->rerun ? " rerun" : "");
	if (item->out_of_order)
		buf_addf(b, " late %s", item->out_of_order);
	if (item->renamed_from)
		buf_addf(b, " was %s", item->renamed_from);
	buf_addch(b, '\n');
}

static void check_view(const struct view_case *c)
{
	size_t counts[PLAN_STATE_COUNT] = { 0 };
	char changed[41];
	struct world w;
	struct buf got = BUF_INIT;

	world_init(&w, c->layout ? c->layout : "native", c->files, c->states);
	snprintf(changed, sizeof(changed), "%s",
		 world_blob_of_text(&w, "SELECT 2;"));
	assert_ok(plan_view_init(&w.view, &w.set, w.states, w.n_states,
				 by_normal_form, changed));
	for (size_t i = 0; i < w.view.n; i++) {
		const struct plan_item *item = &w.view.items[i];

		add_item(&got, item);
		counts[item->state]++;
		assert_ptr_equal(plan_view_find(&w.view, item->name), item);
		assert_int_equal(item->migration == NULL,
				 item->state == PLAN_FOREIGN);
	}
	same_text(c->about, c->expect, buf_str(&got));
	assert_memory_equal(counts, w.view.counts, sizeof(counts));
	buf_release(&got);
	world_release(&w);
}

static void plan_view_init__puts_both_sides_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_view(&cases[i]);
}

static const char *const tree[WORDS_MAX] = { "1_users.sql\tSELECT 1;",
					     "2_orders.sql\tSELECT 3;" };

static void plan_view_init__counts_every_edit_without_a_judge(void **state)
{
	static const char *const states[WORDS_MAX] = {
		"1_users applied select  1"
	};
	struct world w;

	(void)state;
	world_init(&w, "native", tree, states);
	assert_ok(plan_view_init(&w.view, &w.set, w.states, w.n_states, NULL,
				 NULL));
	assert_int_equal(w.view.items[0].state, PLAN_MODIFIED);
	assert_true(w.view.items[0].substance);
	world_release(&w);
}

static struct err *cannot_judge(void *payload, const struct migration *m,
				const struct decide_state *known, bool *differs)
{
	(void)payload;
	(void)known;
	*differs = true;
	return err_new(ERR_TARGET, "the text of %s cannot be read", m->name);
}

static void plan_view_init__passes_on_the_judge_s_error(void **state)
{
	static const char *const states[WORDS_MAX] = {
		"1_users applied SELECT 2;"
	};
	struct world w;

	(void)state;
	world_init(&w, "native", tree, states);
	assert_fails(plan_view_init(&w.view, &w.set, w.states, w.n_states,
				    cannot_judge, NULL),
		     ERR_TARGET);
	world_release(&w);
}

static void plan_view_find__knows_old_names_versions_and_files(void **state)
{
	static const char *const states[WORDS_MAX] = {
		"0_people applied SELECT 1;", "7_x applied"
	};
	static const struct {
		const char *typed, *expect;
	} rows[] = {
		{ "1_users", "1_users" },
		{ "0_people", "1_users" },
		{ "2", "2_orders" },
		{ "0002", "2_orders" },
		{ "2_orders.sql", "2_orders" },
		{ "db/2_orders.sql", "2_orders" },
		{ "7_x", "7_x" },
		{ "7", "7_x" },
		{ "007", "7_x" },
		{ "orders", "2_orders" },
		{ "rders", NULL },
		{ "8", NULL },
		{ "", NULL },
	};
	struct world w;

	(void)state;
	world_init(&w, "native", tree, states);
	assert_ok(plan_view_init(&w.view, &w.set, w.states, w.n_states, NULL,
				 NULL));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct plan_item *item;

		item = plan_view_find(&w.view, rows[i].typed);
		if (!streq_null(item ? item->name : NULL, rows[i].expect))
			fail_msg("%s: %s", rows[i].typed,
				 item ? item->name : "none");
	}
	world_release(&w);
}

static void plan_state_name__names_all(void **state)
{
	(void)state;
	for (int i = 0; i < PLAN_STATE_COUNT; i++)
		assert_non_null(plan_state_name((enum plan_state)i));
	assert_string_equal(plan_state_name(PLAN_ROLLED_BACK), "rolled_back");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_view_init__puts_both_sides_together),
		cmocka_unit_test(
			plan_view_init__counts_every_edit_without_a_judge),
		cmocka_unit_test(plan_view_init__passes_on_the_judge_s_error),
		cmocka_unit_test(
			plan_view_find__knows_old_names_versions_and_files),
		cmocka_unit_test(plan_state_name__names_all),
	};

	return cmocka_run_group_tests_name("decide/view", tests, NULL, NULL);
}
