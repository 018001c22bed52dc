#include "unit/decide/world.h"

struct order_case {
	const char *about;
	const char *layout;
	const char *files[WORDS_MAX];
	const char *expect; /* names with spaces between, or the error */
};

#define ON(name, deps) name ".sql\t-- migrate:depends " deps "\nA;\n"

static const struct order_case cases[] = {
	{ .about = "nothing to sort", .expect = "" },
	{ .about = "without dependencies all stays",
	  .files = { "10_c.sql", "9_b.sql", "1_a.sql" },
	  .expect = "1_a 9_b 10_c " },
	{ .about = "what is there already in order stays",
	  .files = { "1_a.sql", ON("2_b", "1_a"), ON("3_c", "2_b 1_a") },
	  .expect = "1_a 2_b 3_c " },
	{ .about = "one waits for a later one, the rest keep their places",
	  .files = { "1_a.sql", ON("2_b", "4_d"), "3_c.sql", "4_d.sql",
		     "5_e.sql" },
	  .expect = "1_a 3_c 4_d 2_b 5_e " },
	{ .about = "a whole chain turned round",
	  .files = { ON("1_a", "2_b"), ON("2_b", "3_c"), ON("3_c", "4_d"),
		     "4_d.sql" },
	  .expect = "4_d 3_c 2_b 1_a " },
	{ .about = "a diamond",
	  .files = { ON("1_a", "2_b 3_c"), ON("2_b", "4_d"), ON("3_c", "4_d"),
		     "4_d.sql" },
	  .expect = "4_d 2_b 3_c 1_a " },
	{ .about = "a dependency given twice counts once and again",
	  .files = { ON("1_a", "2_b 2_b"), "2_b.sql" },
	  .expect = "2_b 1_a " },
	{ .about = "numbers break ties as numbers",
	  .files = { ON("1_a", "100_z"), "9_b.sql", "10_c.sql", "100_z.sql" },
	  .expect = "9_b 10_c 100_z 1_a " },
	{ .about = "a tree's own order is kept",
	  .layout = "rezoom",
	  .files = { "V1.r.sql", "V1.r-b.sql", "V1.r-a.sql", "V1.b-z.sql",
		     "V2.a.sql" },
	  .expect = "V1.r V1.r-a V1.r-b V1.b-z V2.a " },
	{ .about = "and a directive moves no more than it has to",
	  .layout = "rezoom",
	  .files = { "V1.r.sql", "V1.r-a.sql\t-- migrate:depends V1.r-b\nA;",
		     "V1.r-b.sql", "V1.b-z.sql" },
	  .expect = "V1.r V1.r-b V1.r-a V1.b-z " },
	{ .about = "repeatables stay last",
	  .layout = "flyway",
	  .files = { "R__v.sql", "V2__b.sql",
		     "V1__a.sql\t-- migrate:depends V2__b\nA;" },
	  .expect = "V2__b V1__a R__v " },
};

static const struct order_case errors[] = {
	{ .about = "a name that is nearly there",
	  .files = { "1_users.sql",
		     "2_b.sql\t-- x\n-- migrate:depends 1_user\nA;" },
	  .expect = "db/2_b.sql:2: 2_b depends on 1_user, which is not there "
		    "[did you mean 1_users?]\n" },
	{ .about = "the second of several, with the line that names it",
	  .files = { "1_users.sql", "2_b.sql\t-- migrate:depends 1_users\n"
				    "-- migrate:depends zzz_zzz\nA;" },
	  .expect = "db/2_b.sql:2: 2_b depends on zzz_zzz, which is not "
		    "there\n" },
	{ .about = "a version in place of a name",
	  .files = { "1_users.sql", ON("2_b", "1") },
	  .expect = "db/2_b.sql:1: 2_b depends on 1, which is not there [did "
		    "you mean 1_users?]\n" },
	{ .about = "a file name in place of a name",
	  .files = { "1_users.sql", ON("2_b", "1_users.sql") },
	  .expect = "db/2_b.sql:1: 2_b depends on 1_users.sql, which is not "
		    "there [did you mean 1_users?]\n" },
	{ .about = "an escape in a name",
	  .files = { ON("2_b", "\x1b[2J") },
	  .expect = "db/2_b.sql:1: 2_b depends on \\x1b[2J, which is not "
		    "there\n" },
	{ .about = "itself",
	  .files = { ON("1_a", "1_a") },
	  .expect = "dependencies go in a circle: 1_a -> 1_a [each one waits "
		    "for the next: take one of these dependencies out]\n" },
	{ .about = "two",
	  .files = { ON("1_a", "2_b"), ON("2_b", "1_a"), "3_c.sql" },
	  .expect = "dependencies go in a circle: 1_a -> 2_b -> 1_a [each one "
		    "waits for the next: take one of these dependencies "
		    "out]\n" },
	{ .about = "three, with one that waits for the ring and one before it",
	  .files = { ON("1_w", "3_b"), ON("2_a", "3_b 5_z"), ON("3_b", "4_c"),
		     ON("4_c", "2_a"), "5_z.sql" },
	  .expect = "dependencies go in a circle: 3_b -> 4_c -> 2_a -> 3_b "
		    "[each one waits for the next: take one of these "
		    "dependencies out]\n" },
};

static void check_order(const struct order_case *c)
{
	struct world w;
	struct buf got = BUF_INIT;
	struct err *e;

	world_init(&w, c->layout ? c->layout : "native", c->files, NULL);
	world_load_all(&w);
	e = decide_order(&w.set, NULL, NULL);
	for (size_t i = 0; !e && i < w.set.n; i++) {
		assert_int_equal(w.set.items[i]->rank, i);
		buf_addf(&got, "%s ", w.set.items[i]->name);
	}
	if (e) {
		assert_int_equal(err_class_of(e), ERR_INPUT);
		fake_add_err(&got, e);
	}
	same_text(c->about, c->expect, buf_str(&got));
	buf_release(&got);
	world_release(&w);
}

static void decide_order__puts_dependencies_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_order(&cases[i]);
}

static void decide_order__names_what_is_missing_or_circular(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		check_order(&errors[i]);
}

/* A journal: "name dependency" pairs. */
struct memory {
	const char *pairs[8];
	const char *answer[8];
	size_t asked;
};

static const char *const *remember(void *payload, const char *name)
{
	struct memory *m = payload;
	size_t n = 0;

	m->asked++;
	for (size_t i = 0; m->pairs[i]; i += 2)
		if (streq(m->pairs[i], name))
			m->answer[n++] = m->pairs[i + 1];
	m->answer[n] = NULL;
	return n ? m->answer : NULL;
}

static void order_of(const struct world *w, const char *expect)
{
	struct buf got = BUF_INIT;

	for (size_t i = 0; i < w->set.n; i++)
		buf_addf(&got, "%s ", w->set.items[i]->name);
	assert_string_equal(buf_str(&got), expect);
	buf_release(&got);
}

static void decide_order__asks_the_journal_about_applied_ones(void **state)
{
	static const char *const files[WORDS_MAX] = { "1_a.sql", "2_b.sql",
						      "3_c.sql" };
	struct memory memory = { .pairs = { "1_a", "2_b", "2_b", "0_gone" } };
	struct world w;

	(void)state;
	world_init(&w, "native", files, NULL);
	assert_ok(decide_order(&w.set, remember, &memory));
	assert_int_equal(memory.asked, 3);
	order_of(&w, "2_b 1_a 3_c ");
	world_release(&w);
}

static void decide_order__believes_a_loaded_file_over_the_journal(void **state)
{
	static const char *const files[WORDS_MAX] = { "1_a.sql", "2_b.sql" };
	struct memory memory = { .pairs = { "1_a", "2_b" } };
	struct world w;

	(void)state;
	world_init(&w, "native", files, NULL);
	world_load_all(&w);
	assert_ok(decide_order(&w.set, remember, &memory));
	assert_int_equal(memory.asked, 0);
	order_of(&w, "1_a 2_b ");
	world_release(&w);
}

static void decide_order__finds_circles_through_the_journal(void **state)
{
	static const char *const files[WORDS_MAX] = { "1_a.sql",
						      ON("2_b", "1_a") };
	struct memory memory = { .pairs = { "1_a", "2_b" } };
	struct world w;

	(void)state;
	world_init(&w, "native", files, NULL);
	assert_ok(migration_load(&w.set, w.set.items[1]));
	assert_fails(decide_order(&w.set, remember, &memory), ERR_INPUT);
	order_of(&w, "1_a 2_b ");
	world_release(&w);
}

/*
 * Random graphs against the definition: each stands behind its dependencies,
 * and of those that could stand at a place, the smallest does.
 */
#define NODES 40

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

static void random_world(unsigned seed, bool on[NODES][NODES], struct world *w)
{
	struct migration_options opt = { .layout = "native" };
	int place[NODES];

	memset(w, 0, sizeof(*w));
	memset(on, 0, sizeof(bool[NODES][NODES]));
	for (int i = 0; i < NODES; i++)
		place[i] = i;
	for (int i = NODES - 1; i > 0; i--) {
		int j = (int)(next_random(&seed) % (unsigned)(i + 1));
		int swap = place[i];

		place[i] = place[j];
		place[j] = swap;
	}
	fake_source_init(&w->source);
	for (int i = 0; i < NODES; i++) {
		struct buf text = BUF_INIT;
		char path[32];

		for (int j = 0; j < NODES; j++)
			if (place[j] < place[i] &&
			    next_random(&seed) % 12 == 0) {
				on[i][j] = true;
				buf_addf(&text, "-- migrate:depends %d_x\n",
					 j + 1);
			}
		buf_addstr(&text, "A;\n");
		snprintf(path, sizeof(path), "%d_x.sql", i + 1);
		fake_source_add(&w->source, path, buf_str(&text));
		buf_release(&text);
	}
	assert_ok(migration_set_read(&w->set, &w->source.base, &opt));
	world_load_all(w);
}

static void decide_order__is_the_least_order_there_is(void **state)
{
	static bool on[NODES][NODES];

	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		bool placed[NODES] = { false };
		struct world w;

		random_world(seed, on, &w);
		assert_ok(decide_order(&w.set, NULL, NULL));
		for (size_t at = 0; at < NODES; at++) {
			int least = -1, got = atoi(w.set.items[at]->name) - 1;

			for (int i = 0; i < NODES && least < 0; i++) {
				bool ready = !placed[i];

				for (int j = 0; j < NODES; j++)
					ready &= !on[i][j] || placed[j];
				if (ready)
					least = i;
			}
			assert_int_equal(got, least);
			placed[got] = true;
		}
		world_release(&w);
	}
}

static void decide_order__is_quick_for_long_chains(void **state)
{
	struct migration_options opt = { .layout = "native" };
	struct world w = { 0 };
	char path[64], text[64];

	(void)state;
	fake_source_init(&w.source);
	for (int i = 1; i <= 5000; i++) {
		snprintf(path, sizeof(path), "%d_x.sql", i);
		snprintf(text, sizeof(text), "-- migrate:depends %d_x\nA;\n",
			 i + 1);
		fake_source_add(&w.source, path, i == 5000 ? "A;" : text);
	}
	assert_ok(migration_set_read(&w.set, &w.source.base, &opt));
	world_load_all(&w);
	assert_ok(decide_order(&w.set, NULL, NULL));
	assert_string_equal(w.set.items[0]->name, "5000_x");
	assert_string_equal(w.set.items[4999]->name, "1_x");
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decide_order__puts_dependencies_first),
		cmocka_unit_test(
			decide_order__names_what_is_missing_or_circular),
		cmocka_unit_test(
			decide_order__asks_the_journal_about_applied_ones),
		cmocka_unit_test(
			decide_order__believes_a_loaded_file_over_the_journal),
		cmocka_unit_test(
			decide_order__finds_circles_through_the_journal),
		cmocka_unit_test(decide_order__is_the_least_order_there_is),
		cmocka_unit_test(decide_order__is_quick_for_long_chains),
	};

	return cmocka_run_group_tests_name("decide/order", tests, NULL, NULL);
}
