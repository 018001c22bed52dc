#include "unit/decide/world.h"

/* What later ones need: "3_c>1_a" in the list says that 3_c needs 1_a. */
struct reconcile_case {
	const char *about;
	const char *layout;
	const char *files[WORDS_MAX];
	const char *states[WORDS_MAX];
	const char *needs[4];
	const char *passed[4]; /* "3_c>1_a": 1_a may not run behind 3_c */
	/* one word for each step: "-" taken back, "=" renamed, "+" applied;
	 * "~" behind it: it returns; "!" it is out of order */
	const char *expect;
	const char *why; /* of each that is taken back, "; " between; or NULL */
};

static const struct reconcile_case cases[] = {
	{ .about = "nothing to do",
	  .files = { "1_a.sql", "2_b.sql" },
	  .states = { "1_a applied", "2_b applied" },
	  .expect = "" },
	{ .about = "an empty database",
	  .files = { "1_a.sql", "2_b.sql" },
	  .expect = "+1_a +2_b " },
	{ .about = "the other branch's go, newest first; ours come",
	  .files = { "1_a.sql", "4_d.sql" },
	  .states = { "1_a applied", "2_b applied", "3_c applied" },
	  .expect = "-3_c -2_b +4_d ",
	  .why = "not in this commit; not in this commit" },
	{ .about = "what is applied and goes is nothing to sort before",
	  .files = { "1_a.sql", "2_b.sql" },
	  .states = { "1_a applied", "3_c applied" },
	  .expect = "-3_c +2_b " },
	{ .about = "what stays is",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql" },
	  .states = { "1_a applied", "3_c applied" },
	  .expect = "+2_b! " },
	{ .about = "... but what may not be passed goes and returns",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql" },
	  .states = { "1_a applied", "3_c applied" },
	  .passed = { "3_c>2_b", "1_a>2_b" },
	  .expect = "-3_c~ +2_b +3_c~ ",
	  .why = "not behind it" },
	{ .about = "... with what needs it",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql", "4_d.sql", "5_e.sql" },
	  .states = { "1_a applied", "3_c applied", "4_d applied",
		      "5_e applied" },
	  .needs = { "4_d>3_c" },
	  .passed = { "3_c>2_b" },
	  .expect = "-4_d~ -3_c~ +2_b! +3_c!~ +4_d!~ ",
	  .why = "goes with 3_c (it says so); not behind it" },
	{ .about = "... and what may not be passed by one that returns",
	  .files = { "1_a.sql", "2_b.sql", "3_c.sql", "4_d.sql" },
	  .states = { "1_a applied", "4_d applied", "3_c applied" },
	  .passed = { "3_c>2_b", "4_d>3_c" },
	  .expect = "-3_c~ -4_d~ +2_b +3_c~ +4_d~ " },
	{ .about = "a repeatable has no place to keep",
	  .layout = "flyway",
	  .files = { "R__v.sql\tSELECT 1;", "V1__a.sql" },
	  .states = { "R__v applied" },
	  .passed = { "R__v>V1__a" },
	  .expect = "+V1__a " },
	{ .about = "an edited one goes and returns",
	  .files = { "1_a.sql", "2_b.sql\tSELECT 1;" },
	  .states = { "1_a applied", "2_b applied SELECT 2;" },
	  .expect = "-2_b~ +2_b~ ",
	  .why = "its file was edited" },
	{ .about = "and whatever needs it",
	  .files = { "1_a.sql\tSELECT 1;", "2_b.sql", "3_c.sql" },
	  .states = { "1_a applied SELECT 2;", "2_b applied", "3_c applied" },
	  .needs = { "3_c>1_a" },
	  .expect = "-3_c~ -1_a~ +1_a!~ +3_c~ ",
	  .why = "goes with 1_a (it says so); its file was edited" },
	{ .about = "also by way of another",
	  .files = { "1_a.sql", "3_c.sql", "4_d.sql" },
	  .states = { "1_a applied", "2_b applied", "3_c applied",
		      "4_d applied" },
	  .needs = { "3_c>2_b", "4_d>3_c" },
	  .expect = "-4_d~ -3_c~ -2_b +3_c~ +4_d~ ",
	  .why = "goes with 3_c (it says so); goes with 2_b (it says so); "
		 "not in this commit" },
	{ .about = "only what is later can need something",
	  .files = { "1_a.sql", "3_c.sql" },
	  .states = { "1_a applied", "3_c applied", "2_b applied" },
	  .needs = { "1_a>2_b", "3_c>2_b" },
	  .expect = "-2_b " },
	{ .about = "another name is recorded, and nothing is run",
	  .files = { "1_a.sql", "5_b.sql\tSELECT 7;" },
	  .states = { "1_a applied", "2_b applied SELECT 7;" },
	  .expect = "=5_b " },
	{ .about = "one that was renamed goes by its new name",
	  .files = { "1_a.sql\tSELECT 1;", "5_b.sql\tSELECT 7;" },
	  .states = { "1_a applied SELECT 2;", "2_b applied SELECT 7;" },
	  .needs = { "2_b>1_a" },
	  .expect = "=5_b -5_b~ -1_a~ +1_a~ +5_b~ " },
	{ .about = "what began and did not end goes with its branch",
	  .files = { "1_a.sql" },
	  .states = { "1_a applied", "2_b applying" },
	  .expect = "-2_b " },
	{ .about = "... resumes on its own",
	  .files = { "1_a.sql", "2_b.sql" },
	  .states = { "1_a applied", "2_b applying" },
	  .expect = "+2_b " },
	{ .about = "... and starts anew with another text",
	  .files = { "1_a.sql", "2_b.sql\tSELECT 1;" },
	  .states = { "1_a applied", "2_b applying SELECT 2;" },
	  .expect = "-2_b~ +2_b~ " },
	{ .about = "failed and rolled back ones are tried again",
	  .files = { "1_a.sql", "2_b.sql" },
	  .states = { "1_a failed", "2_b rolled_back", "9_x rolled_back" },
	  .expect = "+1_a +2_b " },
	{ .about = "a repeatable that changed runs again, nothing is undone",
	  .layout = "flyway",
	  .files = { "R__v.sql\tSELECT 1;", "V1__a.sql" },
	  .states = { "V1__a applied", "R__v applied SELECT 2;" },
	  .expect = "+R__v " },
};

static char *find_pair(const char *const list[4], const char *later,
		       const char *earlier, const char *why)
{
	char pair[64];

	snprintf(pair, sizeof(pair), "%s>%s", later, earlier);
	for (size_t i = 0; i < 4 && list[i]; i++)
		if (streq(list[i], pair))
			return xstrdup(why);
	return NULL;
}

static struct err *needs(void *payload, const char *later, const char *earlier,
			 char **why)
{
	const struct reconcile_case *c =
		*(const struct reconcile_case **)payload;

	*why = find_pair(c->needs, later, earlier, "it says so");
	return NULL;
}

static struct err *passed(void *payload, const char *later, const char *earlier,
			  char **why)
{
	const struct reconcile_case *c =
		*(const struct reconcile_case **)payload;

	*why = find_pair(c->passed, later, earlier, "not behind it");
	return NULL;
}

static void check_case(const struct reconcile_case *c)
{
	static const char sign[] = { [PLAN_STEP_APPLY] = '+',
				     [PLAN_STEP_ROLLBACK] = '-',
				     [PLAN_STEP_RENAME] = '=' };
	struct buf got = BUF_INIT, why = BUF_INIT;
	struct world w;
	struct plan plan;

	world_init(&w, c->layout ? c->layout : "native", c->files, c->states);
	world_load_all(&w);
	assert_ok(decide_order(&w.set, NULL, NULL));
	assert_ok(plan_view_init(&w.view, &w.set, w.states, w.n_states, NULL,
				 NULL));
	assert_ok(plan_reconcile(&plan, &w.view,
				 &(struct plan_choice){ .needs = needs,
							.passed = passed,
							.payload = &c }));
	for (size_t i = 0; i < plan.n; i++) {
		const struct plan_step *s = &plan.steps[i];

		buf_addf(&got, "%c%s%s%s ", sign[s->kind], s->name,
			 s->out_of_order ? "!" : "", s->returns ? "~" : "");
		assert_int_equal(s->out_of_order, s->after != NULL);
		if (s->why)
			buf_addf(&why, "%s%s", why.len ? "; " : "", s->why);
	}
	same_text(c->about, c->expect, buf_str(&got));
	if (c->why)
		same_text(c->about, c->why, buf_str(&why));
	buf_release(&got);
	buf_release(&why);
	plan_release(&plan);
	world_release(&w);
}

static void plan_reconcile__leaves_what_the_set_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_case(&cases[i]);
}

static struct err *says_no(void *payload, const char *later,
			   const char *earlier, char **why)
{
	(void)payload;
	(void)later;
	(void)earlier;
	*why = NULL;
	return err_new(ERR_TARGET, "no");
}

static void plan_reconcile__ends_with_the_first_error(void **state)
{
	static const char *const files[WORDS_MAX] = { "1_a.sql\tSELECT 1;",
						      "2_b.sql" };
	static const char *const states[WORDS_MAX] = { "1_a applied SELECT 2;",
						       "2_b applied" };
	struct world w;
	struct plan plan;

	(void)state;
	world_init(&w, "native", files, states);
	assert_ok(plan_view_init(&w.view, &w.set, w.states, w.n_states, NULL,
				 NULL));
	assert_fails(plan_reconcile(&plan, &w.view,
				    &(struct plan_choice){ .needs = says_no }),
		     ERR_TARGET);
	assert_int_equal(plan.n, 0);
	plan_release(&plan);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_reconcile__leaves_what_the_set_has),
		cmocka_unit_test(plan_reconcile__ends_with_the_first_error),
	};

	return cmocka_run_group_tests_name("decide/plan_reconcile", tests, NULL,
					   NULL);
}
