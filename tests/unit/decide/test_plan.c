#include "unit/decide/world.h"

struct plan_case {
	const char *about;
	const char *layout;
	const char *files[WORDS_MAX];
	const char *states[WORDS_MAX];
	struct plan_choice choice;
	const char *names[4]; /* of the choice */
	enum err_class fails; /* 0 = it does not */
	const char *expect;   /* names with spaces, '!' = out of order */
};

#define FIVE                                                          \
	{                                                             \
		"1_a.sql", "2_b.sql", "3_c.sql", "4_d.sql", "5_e.sql" \
	}

static const struct plan_case applies[] = {
	{ .about = "nothing to do", .expect = "" },
	{ .about = "everything",
	  .files = FIVE,
	  .expect = "1_a 2_b 3_c 4_d 5_e " },
	{ .about = "only what is open",
	  .files = FIVE,
	  .states = { "1_a applied", "2_b failed", "3_c rolled_back",
		      "4_d applying" },
	  .expect = "2_b 3_c 4_d 5_e " },
	{ .about = "late ones are marked",
	  .files = FIVE,
	  .states = { "1_a applied", "3_c applied" },
	  .expect = "2_b! 4_d 5_e " },
	{ .about = "up to a name, and with it",
	  .files = FIVE,
	  .choice = { .to = "3_c" },
	  .expect = "1_a 2_b 3_c " },
	{ .about = "up to a version",
	  .files = FIVE,
	  .choice = { .to = "0003" },
	  .expect = "1_a 2_b 3_c " },
	{ .about = "up to one that is applied: what is open before it",
	  .files = FIVE,
	  .states = { "1_a applied", "3_c applied" },
	  .choice = { .to = "3_c" },
	  .expect = "2_b! " },
	{ .about = "up to an old name",
	  .files = { "1_a.sql", "2_new.sql\tSELECT 7;", "3_c.sql" },
	  .states = { "2_old applied SELECT 7;" },
	  .choice = { .to = "2_old" },
	  .expect = "1_a! " },
	{ .about = "a number of steps",
	  .files = FIVE,
	  .states = { "1_a applied" },
	  .choice = { .count = 2 },
	  .expect = "2_b 3_c " },
	{ .about = "more than there are",
	  .files = FIVE,
	  .states = { "1_a applied", "2_b applied", "3_c applied" },
	  .choice = { .count = 9 },
	  .expect = "4_d 5_e " },
	{ .about = "a number and a name: whichever comes first",
	  .files = FIVE,
	  .choice = { .to = "3_c", .count = 2 },
	  .expect = "1_a 2_b " },
	{ .about = "a modified one is not applied again",
	  .files = { "1_a.sql\tSELECT 1;", "2_b.sql" },
	  .states = { "1_a applied SELECT 2;" },
	  .expect = "2_b " },
	{ .about = "a foreign one is left alone",
	  .files = { "1_a.sql" },
	  .states = { "0_x applied", "2_y applying" },
	  .expect = "1_a " },
	{ .about = "a repeatable that changed, last",
	  .layout = "flyway",
	  .files = { "R__v.sql\tSELECT 1;", "V1__a.sql", "R__w.sql" },
	  .states = { "R__v applied SELECT 2;", "R__w applied" },
	  .expect = "V1__a R__v " },
	{ .about = "a name that is nearly there",
	  .files = { "1_users.sql", "2_orders.sql" },
	  .choice = { .to = "1_user" },
	  .fails = ERR_INPUT,
	  .expect = "there is no migration 1_user [did you mean 1_users?]\n" },
	{ .about = "the slug alone",
	  .files = { "20260101120000_users.sql", "2_orders.sql" },
	  .choice = { .to = "users" },
	  .expect = "2_orders 20260101120000_users " },
	{ .about = "a name far from all, with an escape",
	  .files = { "1_users.sql" },
	  .choice = { .to = "\x1b[2Jxyzzy" },
	  .fails = ERR_INPUT,
	  .expect = "there is no migration \\x1b[2Jxyzzy [git migrate status "
		    "lists them]\n" },
	{ .about = "a foreign name",
	  .files = { "1_users.sql" },
	  .states = { "0_x applied" },
	  .choice = { .to = "0_x" },
	  .fails = ERR_INPUT,
	  .expect = "0_x is applied, and is not in this tree\n" },
};

#define ALL_APPLIED                                                         \
	{                                                                   \
		"1_a applied", "2_b applied", "3_c applied", "5_e applied", \
			"4_d applied"                                       \
	}

static const struct plan_case rollbacks[] = {
	{ .about = "nothing is applied", .files = FIVE, .expect = "" },
	{ .about = "the one applied last, not the one that sorts last",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .expect = "4_d " },
	{ .about = "a number of them",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .choice = { .count = 3 },
	  .expect = "4_d 5_e 3_c " },
	{ .about = "more than there are",
	  .files = FIVE,
	  .states = { "1_a applied", "2_b rolled_back", "3_c failed" },
	  .choice = { .count = 3 },
	  .expect = "1_a " },
	{ .about = "down to a name, which stays",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .choice = { .to = "3_c" },
	  .expect = "4_d 5_e " },
	{ .about = "down to the newest: nothing to do",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .choice = { .to = "4_d" },
	  .expect = "" },
	{ .about = "by names, in any order, twice",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .names = { "5_e", "3", "4_d", "5_e.sql" },
	  .expect = "4_d 5_e 3_c " },
	{ .about = "foreign, modified and renamed ones roll back too",
	  .files = { "1_a.sql\tSELECT 1;", "3_new.sql\tSELECT 7;" },
	  .states = { "1_a applied SELECT 2;", "9_gone applied",
		      "2_old applied SELECT 7;" },
	  .choice = { .count = 3 },
	  .expect = "2_old 9_gone 1_a " },
	{ .about = "a renamed one by its new name",
	  .files = { "3_new.sql\tSELECT 7;" },
	  .states = { "2_old applied SELECT 7;" },
	  .names = { "3_new" },
	  .expect = "2_old " },
	{ .about = "a repeatable that changed is still applied",
	  .layout = "flyway",
	  .files = { "R__v.sql\tSELECT 1;" },
	  .states = { "R__v applied SELECT 2;" },
	  .expect = "R__v " },
	{ .about = "something was applied after it",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .names = { "3_c" },
	  .fails = ERR_REFUSED,
	  .expect = "3_c cannot be rolled back before what was applied after "
		    "it: 4_d, 5_e [git migrate rollback --to 2_b]\n" },
	{ .about = "a gap between the names",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .names = { "3_c", "4_d" },
	  .fails = ERR_REFUSED,
	  .expect = "3_c cannot be rolled back before what was applied after "
		    "it: 5_e [git migrate rollback --to 2_b]\n" },
	{ .about = "the very first has nothing to go back to",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .names = { "1_a" },
	  .fails = ERR_REFUSED,
	  .expect = "1_a cannot be rolled back before what was applied after "
		    "it: 4_d, 5_e, 3_c, 2_b [git migrate rollback -n 5]\n" },
	{ .about = "one that is not applied",
	  .files = FIVE,
	  .states = { "1_a applied" },
	  .names = { "2_b" },
	  .fails = ERR_REFUSED,
	  .expect = "2_b is not applied\n" },
	{ .about = "down to one that was rolled back",
	  .files = FIVE,
	  .states = { "1_a rolled_back", "2_b applied" },
	  .choice = { .to = "1_a" },
	  .fails = ERR_REFUSED,
	  .expect = "1_a is not applied\n" },
	{ .about = "a name that is nearly there",
	  .files = FIVE,
	  .states = { "9_foreign applied" },
	  .names = { "9_foriegn" },
	  .fails = ERR_INPUT,
	  .expect = "there is no migration 9_foriegn [did you mean "
		    "9_foreign?]\n" },
	{ .about = "two ways of choosing",
	  .files = FIVE,
	  .states = ALL_APPLIED,
	  .choice = { .to = "1_a", .count = 1 },
	  .fails = ERR_USAGE,
	  .expect = "names, -n and --to cannot be used together\n" },
};

typedef struct err *(*plan_fn)(struct plan *out, const struct plan_view *v,
			       const struct plan_choice *choice);

static void check_steps(const struct plan *p, enum plan_step_kind kind,
			struct buf *got)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_step *s = &p->steps[i];

		assert_int_equal(s->kind, kind);
		assert_ptr_equal(s->migration, s->item->migration);
		assert_ptr_equal(s->known, s->item->known);
		if (kind == PLAN_STEP_APPLY)
			assert_non_null(s->migration);
		else
			assert_non_null(s->known);
		buf_addf(got, "%s%s ", s->name, s->out_of_order ? "!" : "");
	}
}

static void check_plan(const struct plan_case *c, plan_fn make,
		       enum plan_step_kind kind)
{
	struct plan_choice choice = c->choice;
	struct plan plan;
	struct world w;
	struct buf got = BUF_INIT;
	struct err *e;

	while (choice.n_names < 4 && c->names[choice.n_names])
		choice.n_names++;
	choice.names = c->names;
	world_init(&w, c->layout ? c->layout : "native", c->files, c->states);
	assert_ok(plan_view_init(&w.view, &w.set, w.states, w.n_states, NULL,
				 NULL));
	e = make(&plan, &w.view, &choice);
	if (e) {
		assert_int_equal(plan.n, 0);
		assert_int_equal(err_class_of(e), c->fails);
		fake_add_err(&got, e);
	} else {
		assert_int_equal(c->fails, 0);
		check_steps(&plan, kind, &got);
	}
	same_text(c->about, c->expect, buf_str(&got));
	buf_release(&got);
	plan_release(&plan);
	world_release(&w);
}

static void plan_apply__takes_what_is_open_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(applies); i++)
		check_plan(&applies[i], plan_apply, PLAN_STEP_APPLY);
}

static void plan_rollback__takes_the_newest_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rollbacks); i++)
		check_plan(&rollbacks[i], plan_rollback, PLAN_STEP_ROLLBACK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_apply__takes_what_is_open_in_order),
		cmocka_unit_test(plan_rollback__takes_the_newest_first),
	};

	return cmocka_run_group_tests_name("decide/plan", tests, NULL, NULL);
}
