#include "support/unit.h"

#include <stdlib.h>

#include "base/util.h"
#include "decide/order.h"
#include "engine/renumber.h"
#include "support/fake_source.h"

#define STAMP "20260101100000"
#define MAX 6

static const struct {
	const char *about, *layout;
	const char *ours[MAX], *own[MAX], *theirs[MAX];
	const char *expect;
} cases[] = {
	{ .about = "none of its own",
	  .layout = "native",
	  .ours = { "1_a.sql" },
	  .theirs = { "1_a.sql", "2_b.sql" },
	  .expect = "" },
	{ .about = "nothing on the other side",
	  .layout = "native",
	  .ours = { "1_a.sql" },
	  .own = { "1_a" },
	  .expect = "1_a stays\n" },
	{ .about = "the same name on both sides",
	  .layout = "native",
	  .ours = { "2_b.sql" },
	  .own = { "2_b" },
	  .theirs = { "2_b.sql\tSELECT 2;" },
	  .expect = "2_b -> 3_b\nfile 2_b.sql -> 3_b.sql\n" },
	{ .about = "names that one of them leaves are taken by the next",
	  .layout = "native",
	  .ours = { "2_x.sql\tSELECT 2;", "3_x.sql\tSELECT 3;" },
	  .own = { "2_x", "3_x" },
	  .theirs = { "2_z.sql" },
	  .expect = "2_x -> 3_x\n3_x -> 4_x\nfile 2_x.sql -> 3_x.sql\n"
		    "file 3_x.sql -> 4_x.sql\n" },
	{ .about = "only from the first that is too early on",
	  .layout = "native",
	  .ours = { "02_b.sql", "11_c.sql", "12_d.sql" },
	  .own = { "02_b", "11_c", "12_d" },
	  .theirs = { "10_z.sql" },
	  .expect = "02_b -> 11_b\n11_c -> 12_c\n12_d -> 13_d\n"
		    "file 02_b.sql -> 11_b.sql\nfile 11_c.sql -> 12_c.sql\n"
		    "file 12_d.sql -> 13_d.sql\n" },
	{ .about = "a depends line alone",
	  .layout = "native",
	  .ours = { "2_b.sql", "20_c.sql\t-- migrate:depends 2_b\nSELECT 1;" },
	  .own = { "2_b", "20_c" },
	  .theirs = { "10_z.sql" },
	  .expect = "2_b -> 11_b\n20_c stays, rewritten\n"
		    "file 2_b.sql -> 11_b.sql\nfile 20_c.sql -> 20_c.sql: "
		    "-- migrate:depends 11_b\nSELECT 1;\n" },
	{ .about = "a repeatable one has no version",
	  .layout = "flyway",
	  .ours = { "R__v.sql", "V1__a.sql" },
	  .own = { "R__v", "V1__a" },
	  .theirs = { "V1__z.sql" },
	  .expect = "V1__a -> V2__a\nR__v stays\n"
		    "file V1__a.sql -> V2__a.sql\n" },
	{ .about = "other names for versions there",
	  .layout = "flyway",
	  .ours = { "V1__a.sql" },
	  .own = { "V1__a" },
	  .theirs = { "V20250101000000__z.sql" },
	  .expect = "V1__a -> V" STAMP "__a\nfile V1__a.sql -> V" STAMP
		    "__a.sql\n" },
};

static void read_set(struct migration_set *set, struct fake_source *source,
		     const char *layout, const char *const *files)
{
	struct migration_options opt = { .layout = layout,
					 .dialect = SQL_SQLITE };

	fake_source_init(source);
	for (size_t i = 0; i < MAX && files[i]; i++)
		fake_source_add_word(source, files[i]);
	assert_ok(migration_set_read(set, &source->base, &opt));
}

static void add_plan(struct buf *b, const struct renumber *r)
{
	for (size_t i = 0; i < r->n; i++) {
		buf_addf(b, "%s", r->items[i].m->name);
		if (r->items[i].renamed)
			buf_addf(b, " -> %s", r->items[i].name);
		else
			buf_addstr(b, " stays");
		buf_addf(b, "%s\n", r->items[i].rewritten ? ", rewritten" : "");
	}
	for (size_t i = 0; i < r->n_files; i++) {
		buf_addf(b, "file %s -> %s", r->files[i].from, r->files[i].to);
		if (r->files[i].text)
			buf_addf(b, ": %s", r->files[i].text);
		buf_addch(b, '\n');
	}
}

static void plan__gives_versions_behind_the_other_side(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_source a, b;
		struct migration_set ours, theirs;
		struct map own = MAP_INIT;
		struct renumber r;
		struct buf got = BUF_INIT;

		read_set(&ours, &a, cases[i].layout, cases[i].ours);
		read_set(&theirs, &b, cases[i].layout, cases[i].theirs);
		for (size_t k = 0; k < MAX && cases[i].own[k]; k++) {
			struct migration *m =
				migration_find(&ours, cases[i].own[k]);

			assert_non_null(m);
			map_put(&own, m->name, m);
			assert_ok(migration_load(&ours, m));
		}
		assert_ok(decide_order(&ours, NULL, NULL));
		assert_ok(renumber_plan(&r, &ours, &own, &theirs, STAMP));
		add_plan(&got, &r);
		if (!streq(buf_str(&got), cases[i].expect))
			fail_msg("%s:\n%s", cases[i].about, buf_str(&got));
		renumber_release(&r);
		map_release(&own);
		migration_set_release(&ours);
		migration_set_release(&theirs);
		fake_source_release(&a);
		fake_source_release(&b);
		buf_release(&got);
	}
}

static void plan__wants_one_layout(void **state)
{
	static const char *const native[MAX] = { "1_a.sql" };
	static const char *const flyway[MAX] = { "V1__a.sql" };
	struct fake_source a, b;
	struct migration_set ours, theirs;
	struct map own = MAP_INIT;
	struct renumber r;

	(void)state;
	read_set(&ours, &a, "native", native);
	read_set(&theirs, &b, "flyway", flyway);
	map_put(&own, "1_a", migration_find(&ours, "1_a"));
	assert_fails(renumber_plan(&r, &ours, &own, &theirs, STAMP),
		     ERR_REFUSED);
	renumber_release(&r);
	map_release(&own);
	migration_set_release(&ours);
	migration_set_release(&theirs);
	fake_source_release(&a);
	fake_source_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan__gives_versions_behind_the_other_side),
		cmocka_unit_test(plan__wants_one_layout),
	};

	return cmocka_run_group_tests_name("engine/renumber", tests, NULL,
					   NULL);
}
