#include "unit/migration/cases.h"

static const struct folder_case folders[] = {
	{ .about = "depth first, children by name, major versions as numbers",
	  .files = { "V2.foo.sql", "V2.foo-b.sql", "V2.foo-a.sql", "V2.b-z.sql",
		     "V2.b-y.sql", "V10.last.sql", "V1.start.sql",
		     "README.md" },
	  .expect = "layout rezoom\n"
		    "V1.start v1 V1.start.sql\n"
		    "V2.foo v2 V2.foo.sql\n"
		    "V2.foo-a v2 V2.foo-a.sql after V2.foo\n"
		    "V2.foo-b v2 V2.foo-b.sql after V2.foo\n"
		    "V2.b-y v2 V2.b-y.sql after V2.foo-b\n"
		    "V2.b-z v2 V2.b-z.sql after V2.foo-b\n"
		    "V10.last v10 V10.last.sql\n" },
	{ .about = "a subtree ends before the next child begins",
	  .files = { "V1.r.sql", "V1.r-a.sql", "V1.r-c.sql", "V1.a-z.sql",
		     "V1.z-q.sql", "V1.c-b.sql" },
	  .expect = "layout rezoom\n"
		    "V1.r v1 V1.r.sql\n"
		    "V1.r-a v1 V1.r-a.sql after V1.r\n"
		    "V1.a-z v1 V1.a-z.sql after V1.r-a\n"
		    "V1.z-q v1 V1.z-q.sql after V1.a-z\n"
		    "V1.r-c v1 V1.r-c.sql after V1.r\n"
		    "V1.c-b v1 V1.c-b.sql after V1.r-c\n" },
	{ .about = "names do not mind capitals",
	  .files = { "V1.Root.sql", "V1.ROOT-Child.sql" },
	  .expect = "layout rezoom\n"
		    "V1.Root v1 V1.Root.sql\n"
		    "V1.ROOT-Child v1 V1.ROOT-Child.sql after V1.Root\n" },
	{ .about = "one name in two versions is fine",
	  .files = { "V1.a.sql", "V2.a.sql", "V2.a-x.sql", "V1.a-x.sql" },
	  .expect = "layout rezoom\n"
		    "V1.a v1 V1.a.sql\n"
		    "V1.a-x v1 V1.a-x.sql after V1.a\n"
		    "V2.a v2 V2.a.sql\n"
		    "V2.a-x v2 V2.a-x.sql after V2.a\n" },
	{ .about = "one name twice in a version",
	  .files = { "V1.a.sql", "V1.a-x.sql", "V1.x-A.sql" },
	  .expect = "db/V1.x-A.sql: the name a is taken already in version 1, "
		    "by V1.a.sql [names are unique within a major "
		    "version]\n" },
	{ .about = "two roots in one version",
	  .files = { "V3.favorites.sql", "V03.tags.sql" },
	  .expect = "db/V03.tags.sql: version 03 has a root already, "
		    "V3.favorites.sql [make it a child: "
		    "V03.favorites-tags.sql]\n" },
	{ .about = "no parent",
	  .files = { "V1.a.sql", "V1.b-c.sql" },
	  .expect = "db/V1.b-c.sql: its parent b is not in version 1\n" },
	{ .about = "a ring of parents",
	  .files = { "V1.a.sql", "V1.x-y.sql", "V1.y-x.sql", "V1.y-z.sql" },
	  .expect = "db/V1.y-x.sql: dependencies go in a circle: V1.y-x -> "
		    "V1.x-y -> V1.y-x\n" },
	{ .about = "a child that is its own parent",
	  .files = { "V1.a.sql", "V1.b-b.sql" },
	  .expect = "db/V1.b-b.sql: dependencies go in a circle: V1.b-b -> "
		    "V1.b-b\n" },
	{ .about = "what Rezoom does not read",
	  .layout = "rezoom",
	  .files = { "V1.a.sql", "V1.a-b-c.sql", "V1.a-.sql", "V.a.sql",
		     "V2_x.sql", "V1.b.SQL", "x/V1.c.sql", "v1.d.sql" },
	  .expect = "layout rezoom\n"
		    "V1.a v1 V1.a.sql\n"
		    "stray V.a.sql: Rezoom wants V<number>.<name>.sql or "
		    "V<number>.<parent>-<name>.sql\n"
		    "stray V1.a-.sql: Rezoom wants V<number>.<name>.sql or "
		    "V<number>.<parent>-<name>.sql\n"
		    "stray V1.a-b-c.sql: Rezoom wants V<number>.<name>.sql or "
		    "V<number>.<parent>-<name>.sql\n"
		    "stray V1.b.SQL: its ending is not .sql in small "
		    "letters\n"
		    "stray V2_x.sql: Rezoom wants V<number>.<name>.sql or "
		    "V<number>.<parent>-<name>.sql\n"
		    "stray v1.d.sql: Rezoom wants V<number>.<name>.sql or "
		    "V<number>.<parent>-<name>.sql\n"
		    "stray x/V1.c.sql: it is in a folder, and Rezoom reads "
		    "only the files beside it\n" },
};

static const struct file_case files[] = {
	{ .about = "all is up",
	  .files = { "V1.a.sql\tA;\n" },
	  .expect = "up 1: A;\\n\n" },
	{ .about = "directives add to the parent",
	  .files = { "V1.a.sql\t-- migrate:depends V0.x\nA;\n" },
	  .expect = "up 1: -- migrate:depends V0.x\\nA;\\n\n"
		    "depends V0.x 1\n" },
};

static const struct new_case news[] = {
	{ .about = "the first root",
	  .layout = "rezoom",
	  .expect = "V1.add_users.sql|\n" },
	{ .about = "the next root; a dash would make it a child",
	  .layout = "rezoom",
	  .slug = "add-users",
	  .files = { "V9.a.sql", "V2.b.sql" },
	  .expect = "V10.add_users.sql|\n" },
};

static void rezoom_scan__walks_trees(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void rezoom_parse__reads_files(void **state)
{
	(void)state;
	check_files("rezoom", files, ARRAY_LEN(files));
}

static void rezoom_create__makes_a_root(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

/* A chain as deep as there are files: no recursion, no quadratic walk. */
static void rezoom_scan__takes_deep_trees(void **state)
{
	struct migration_options opt = { .layout = "rezoom" };
	struct fake_source s;
	struct migration_set set;
	char path[64];

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "V1.n0.sql", "A;");
	for (int i = 1; i < 20000; i++) {
		snprintf(path, sizeof(path), "V1.n%d-n%d.sql", i - 1, i);
		fake_source_add(&s, path, "A;");
	}
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_int_equal(set.n, 20000);
	assert_string_equal(set.items[19999]->name, "V1.n19998-n19999");
	migration_set_release(&set);
	fake_source_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rezoom_scan__walks_trees),
		cmocka_unit_test(rezoom_parse__reads_files),
		cmocka_unit_test(rezoom_create__makes_a_root),
		cmocka_unit_test(rezoom_scan__takes_deep_trees),
	};

	return cmocka_run_group_tests_name("migration/layout_rezoom", tests,
					   NULL, NULL);
}
