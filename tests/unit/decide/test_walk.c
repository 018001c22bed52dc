#include "unit/decide/world.h"

/*
 * A database that follows plans: whatever is applied and rolled back in
 * whatever portions, the plans stay true to what the database holds.
 */
#define NODES 12

struct database {
	struct decide_state states[NODES];
	char name[NODES][16];
	size_t n, clock;
};

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

static struct decide_state *known(struct database *db, const char *name)
{
	for (size_t i = 0; i < db->n; i++)
		if (streq(db->states[i].name, name))
			return &db->states[i];
	return NULL;
}

/* What the journal would hold after a step. */
static void obey(struct database *db, const struct plan_step *step)
{
	struct decide_state *s = known(db, step->name);

	if (step->kind == PLAN_STEP_ROLLBACK) {
		assert_non_null(s);
		assert_string_equal(s->status, "applied");
		/* nothing newer may be left */
		for (size_t i = 0; i < db->n; i++)
			if (streq(db->states[i].status, "applied"))
				assert_true(db->states[i].applied_rank <=
					    s->applied_rank);
		s->status = "rolled_back";
		return;
	}
	if (!s) {
		s = &db->states[db->n];
		snprintf(db->name[db->n], sizeof(db->name[0]), "%s",
			 step->name);
		s->name = db->name[db->n++];
	}
	assert_true(!s->status || !streq(s->status, "applied"));
	s->version = step->migration->version;
	s->blob = step->migration->blob;
	s->status = "applied";
	s->applied_rank = ++db->clock;
}

static size_t count_applied(const struct database *db)
{
	size_t n = 0;

	for (size_t i = 0; i < db->n; i++)
		n += streq(db->states[i].status, "applied");
	return n;
}

static void view_of(struct world *w, const struct database *db)
{
	plan_view_release(&w->view);
	assert_ok(plan_view_init(&w->view, &w->set, db->states, db->n, NULL,
				 NULL));
}

/* Late steps, and only those, have something applied behind them. */
static void check_late(const struct plan_view *v)
{
	bool applied_behind = false;

	for (size_t i = v->n; i-- > 0;) {
		const struct plan_item *item = &v->items[i];

		if (plan_item_is_open(item))
			assert_int_equal(item->out_of_order != NULL,
					 applied_behind);
		applied_behind |= plan_item_is_done(item);
	}
}

static void some_apply(struct world *w, struct database *db, unsigned *seed)
{
	struct plan_choice choice = { .count = next_random(seed) % 4 };
	size_t before = count_applied(db);
	struct plan plan;

	if (next_random(seed) % 3 == 0)
		choice.to = w->set.items[next_random(seed) % w->set.n]->name;
	assert_ok(plan_apply(&plan, &w->view, &choice));
	for (size_t i = 0; i < plan.n; i++) {
		if (i)
			assert_true(plan.steps[i - 1].migration->rank <
				    plan.steps[i].migration->rank);
		obey(db, &plan.steps[i]);
	}
	assert_int_equal(count_applied(db), before + plan.n);
	if (!choice.to && !choice.count)
		assert_int_equal(count_applied(db), w->set.n);
	plan_release(&plan);
}

static void some_rollback(struct world *w, struct database *db, unsigned *seed)
{
	struct plan_choice choice = { .count = next_random(seed) % 4 };
	size_t before = count_applied(db), expect;
	struct plan plan;

	expect = choice.count ? choice.count : 1;
	assert_ok(plan_rollback(&plan, &w->view, &choice));
	assert_int_equal(plan.n, expect < before ? expect : before);
	for (size_t i = 0; i < plan.n; i++)
		obey(db, &plan.steps[i]);
	plan_release(&plan);
}

/* The hint of a refusal is a command that works and takes the name along. */
static void some_name(struct world *w, struct database *db, unsigned *seed)
{
	const char *name = w->set.items[next_random(seed) % w->set.n]->name;
	struct plan_choice choice = { .names = &name, .n_names = 1 };
	const struct decide_state *s = known(db, name);
	struct plan_choice hinted = { 0 };
	struct plan plan;
	const char *hint, *to;
	struct err *e = plan_rollback(&plan, &w->view, &choice);

	if (!e || !s || !streq(s->status, "applied")) {
		assert_int_equal(!e, plan.n == 1);
		if (e)
			assert_int_equal(err_class_of(e), ERR_REFUSED);
		plan_release(&plan);
		err_free(e);
		return;
	}
	hint = err_hint_of(e);
	assert_non_null(hint);
	to = strstr(hint, " --to ");
	if (to)
		hinted.to = to + 6;
	else
		hinted.count = (size_t)atoi(strstr(hint, " -n ") + 4);
	assert_ok(plan_rollback(&plan, &w->view, &hinted));
	assert_true(plan.n > 1);
	assert_string_equal(plan.steps[plan.n - 1].name, name);
	plan_release(&plan);
	err_free(e);
}

static void plans__stay_true_over_any_walk(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 300; round++) {
		struct database db = { 0 };
		struct world w = { 0 };
		struct migration_options opt = { .layout = "native" };
		unsigned seed = round;
		char path[32];

		fake_source_init(&w.source);
		for (int i = 1; i <= NODES; i++) {
			snprintf(path, sizeof(path), "%d_x.sql", i);
			/* every text differs, or a rename would be seen */
			fake_source_add(&w.source, path, path);
		}
		assert_ok(migration_set_read(&w.set, &w.source.base, &opt));
		for (int step = 0; step < 30; step++) {
			view_of(&w, &db);
			check_late(&w.view);
			if (next_random(&seed) % 3)
				some_apply(&w, &db, &seed);
			else
				some_rollback(&w, &db, &seed);
			view_of(&w, &db);
			some_name(&w, &db, &seed);
		}
		world_release(&w);
	}
}

/* Ten thousand of each take no time worth measuring. */
static void plan_view_init__is_quick_for_large_sets(void **state)
{
	enum {
		MANY = 10000
	};
	struct migration_options opt = { .layout = "native" };
	struct decide_state *states = xcalloc(MANY, sizeof(*states));
	struct plan_choice all = { .count = MANY };
	struct world w = { 0 };
	struct plan plan;
	char path[32];

	(void)state;
	fake_source_init(&w.source);
	for (int i = 1; i <= MANY; i++) {
		snprintf(path, sizeof(path), "%d_x.sql", i);
		fake_source_add(&w.source, path, path);
	}
	assert_ok(migration_set_read(&w.set, &w.source.base, &opt));
	for (size_t i = 0; i < MANY / 2; i++) {
		const struct migration *m = w.set.items[i * 2 + 1];

		states[i].name = m->name;
		states[i].version = m->version;
		states[i].blob = m->blob;
		states[i].status = "applied";
		states[i].applied_rank = i;
	}
	assert_ok(
		plan_view_init(&w.view, &w.set, states, MANY / 2, NULL, NULL));
	assert_int_equal(w.view.counts[PLAN_APPLIED], MANY / 2);
	assert_int_equal(w.view.counts[PLAN_PENDING], MANY / 2);
	assert_string_equal(w.view.items[0].out_of_order, "10000_x");
	assert_ok(plan_rollback(&plan, &w.view, &all));
	assert_int_equal(plan.n, MANY / 2);
	assert_string_equal(plan.steps[0].name, "10000_x");
	plan_release(&plan);
	assert_ok(plan_apply(&plan, &w.view, &all));
	assert_int_equal(plan.n, MANY / 2);
	plan_release(&plan);
	world_release(&w);
	free(states);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans__stay_true_over_any_walk),
		cmocka_unit_test(plan_view_init__is_quick_for_large_sets),
	};

	return cmocka_run_group_tests_name("decide/walk", tests, NULL, NULL);
}
