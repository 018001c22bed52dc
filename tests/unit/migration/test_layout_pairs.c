#include "unit/migration/cases.h"

/* golang-migrate's and sqlx's pairs, and sqlx's simple files. */

#define WAY_OUT                                                       \
	"[give one of the two another number, or let whole names be " \
	"versions: git config migrate.layout pattern && git config "  \
	"migrate.pattern '{name}.{direction}.sql']\n"

static const struct folder_case folders[] = {
	{ .about = "pairs",
	  .files = { "1_a.up.sql", "1_a.down.sql", "2_b.up.sql" },
	  .expect = "layout golang-migrate\n"
		    "1_a v1 1_a.up.sql down 1_a.down.sql\n"
		    "2_b v2 2_b.up.sql\n" },
	{ .about = "a first line that only sqlx reads",
	  .files = { "1_a.up.sql", "1_a.down.sql",
		     "2_b.up.sql\t-- no-transaction\nA;" },
	  .expect = "layout sqlx\n"
		    "1_a v1 1_a.up.sql down 1_a.down.sql\n"
		    "2_b v2 2_b.up.sql\n" },
	{ .about = "halves belong together by version alone",
	  .layout = "golang-migrate",
	  .files = { "1_a.up.sql", "01_old_name.down.sql" },
	  .expect = "layout golang-migrate\n"
		    "1_a v1 1_a.up.sql down 01_old_name.down.sql\n" },
	{ .about = "the silent trap: an underscore in place of the dot",
	  .files = { "07_x_up.sql", "07_x_down.sql", "08_x.up.sql",
		     "08_x.down.sql" },
	  .expect = "layout golang-migrate\n"
		    "08_x v08 08_x.up.sql down 08_x.down.sql\n"
		    "stray 07_x_down.sql: it ends neither in .up.sql nor in "
		    ".down.sql, and is read by nobody\n"
		    "stray 07_x_up.sql: it ends neither in .up.sql nor in "
		    ".down.sql, and is read by nobody\n" },
	{ .about = "an up without a name, a down without an up",
	  .layout = "golang-migrate",
	  .files = { "1_.up.sql", "2.up.sql", "3_c.down.sql", "x.up.sql",
		     "4_d.UP.SQL", "5_e.up.sql" },
	  .expect = "layout golang-migrate\n"
		    "5_e v5 5_e.up.sql\n"
		    "stray 1_.up.sql: there is no name behind its version "
		    "number\n"
		    "stray 2.up.sql: there is no '_' behind its version "
		    "number\n"
		    "stray 4_d.UP.SQL: its ending is not .sql in small "
		    "letters\n"
		    "stray x.up.sql: its name does not start with a version "
		    "number\n"
		    "stray 3_c.down.sql: there is no up file of its "
		    "version\n" },
	{ .about = "other endings of golang-migrate are no SQL",
	  .layout = "golang-migrate",
	  .files = { "1_a.up.sql", "2_b.up.json", "3_c.up.cql" },
	  .expect = "layout golang-migrate\n"
		    "1_a v1 1_a.up.sql\n" },
	{ .about = "two ups of one version",
	  .layout = "golang-migrate",
	  .files = { "1_a.up.sql", "1_b.up.sql" },
	  .expect = "db/1_b.up.sql: version 1 is taken already, by "
		    "1_a.up.sql " WAY_OUT },
	{ .about = "two downs of one version",
	  .layout = "golang-migrate",
	  .files = { "1_a.up.sql", "1_a.down.sql", "1_b.down.sql" },
	  .expect = "db/1_b.down.sql: version 1 has a down file already, "
		    "1_a.down.sql " WAY_OUT },
	{ .about = "a down file that is not committed makes the pair dirty",
	  .files = { "1_a.up.sql", "*1_a.down.sql" },
	  .expect = "layout golang-migrate\n"
		    "1_a v1 1_a.up.sql down 1_a.down.sql dirty\n" },
	{ .about = "sqlx reads simple files, and both side by side",
	  .layout = "sqlx",
	  .files = { "1_a.sql", "2_b.up.sql", "2_b.down.sql", "3_.sql",
		     "4.sql" },
	  .expect = "layout sqlx\n"
		    "1_a v1 1_a.sql\n"
		    "2_b v2 2_b.up.sql down 2_b.down.sql\n"
		    "stray 3_.sql: there is no name behind its version "
		    "number\n"
		    "stray 4.sql: there is no '_' behind its version "
		    "number\n" },
	{ .about = "simple files with sqlx's mark",
	  .files = { "1_a.sql\t-- no-transaction\nA;", "2_b.sql" },
	  .expect = "layout sqlx\n"
		    "1_a v1 1_a.sql\n"
		    "2_b v2 2_b.sql\n" },
};

static const struct file_case files[] = {
	{ .about = "both halves",
	  .files = { "1_a.up.sql\tA;\n", "1_a.down.sql\tB;\n" },
	  .expect = "up 1: A;\\n\n"
		    "down 1: B;\\n\n" },
	{ .about = "an empty down is none",
	  .files = { "1_a.up.sql\tA;\n", "1_a.down.sql\t\n" },
	  .expect = "up 1: A;\\n\n" },
	/* how other tools say "nothing to do"; met in real repositories */
	{ .about = "an empty up beside a down does nothing",
	  .files = { "1_a.up.sql\t", "1_a.down.sql\tB;" },
	  .expect = "up 1: \ndown 1: B;\n" },
	{ .about = "an empty up alone",
	  .files = { "1_a.up.sql\t" },
	  .expect = "db/1_a.up.sql:1: the migration is empty [write its SQL; "
		    "one that does nothing on purpose says so in a "
		    "comment]\n" },
	{ .about = "a mark at the very start, each half by itself",
	  .files = { "1_a.up.sql\t-- no-transaction\nA;\n",
		     "1_a.down.sql\t-- no-transaction\nB;\n" },
	  .expect = "up 1: -- no-transaction\\nA;\\n\n"
		    "down 1: -- no-transaction\\nB;\\n\n"
		    "no-transaction\n"
		    "no-transaction-down\n" },
	{ .about = "the mark alone is no migration",
	  .files = { "1_a.up.sql\t-- no-transaction\n" },
	  .expect = "db/1_a.up.sql:1: the migration is empty [write its SQL; "
		    "one that does nothing on purpose says so in a "
		    "comment]\n" },
	{ .about = "not in the first line: a comment",
	  .files = { "1_a.up.sql\t\n-- no-transaction\nA;\n" },
	  .expect = "up 1: \\n-- no-transaction\\nA;\\n\n" },
	{ .about = "our directives in both halves",
	  .files = { "1_a.up.sql\t-- migrate:depends 0_x\nA;\n",
		     "1_a.down.sql\t-- migrate:no-transaction\nB;\n" },
	  .expect = "up 1: -- migrate:depends 0_x\\nA;\\n\n"
		    "down 1: -- migrate:no-transaction\\nB;\\n\n"
		    "depends 0_x 1\n"
		    "no-transaction-down\n" },
	{ .about = "an error in the down file names that file",
	  .files = { "1_a.up.sql\tA;\n", "1_a.down.sql\t\n-- migrate:batch 5\n"
					 "B;\n" },
	  .expect = "db/1_a.down.sql:2: \"migrate:batch\" belongs to the up "
		    "part\n" },
	{ .about = "markers have no place here",
	  .files = { "1_a.up.sql\t-- migrate:up\nA;\n" },
	  .expect = "db/1_a.up.sql:1: \"migrate:up\" divides files of layout "
		    "native, this one is read as golang-migrate [git config "
		    "migrate.layout native]\n" },
};

static const struct new_case news[] = {
	{ .about = "two files",
	  .layout = "golang-migrate",
	  .expect = "20261122150405_add_users.up.sql|\n"
		    "20261122150405_add_users.down.sql|\n" },
	{ .about = "small numbers go on",
	  .layout = "golang-migrate",
	  .files = { "000007_a.up.sql" },
	  .expect = "000008_add_users.up.sql|\n"
		    "000008_add_users.down.sql|\n" },
	{ .about = "sqlx makes pairs where there are pairs",
	  .layout = "sqlx",
	  .files = { "1_a.up.sql" },
	  .expect = "2_add_users.up.sql|\n"
		    "2_add_users.down.sql|\n" },
	{ .about = "and simple files elsewhere",
	  .layout = "sqlx",
	  .files = { "1_a.sql" },
	  .expect = "2_add_users.sql|\n" },
};

static void pair_scan__reads_folders(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void pair_parse__reads_both_files(void **state)
{
	(void)state;
	check_files("golang-migrate", files, ARRAY_LEN(files));
}

static void pair_create__makes_two_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

/* Ups of thousands of pairs, the halves not beside each other. */
static void pair_scan__is_quick_for_large_sets(void **state)
{
	struct migration_options opt = { .layout = "golang-migrate" };
	struct fake_source s;
	struct migration_set set;
	char path[64];

	(void)state;
	fake_source_init(&s);
	for (int i = 10000; i > 0; i--) {
		snprintf(path, sizeof(path), "%d_x.up.sql", i);
		fake_source_add(&s, path, "A;");
		snprintf(path, sizeof(path), "%d_x.down.sql", i);
		fake_source_add(&s, path, "B;");
	}
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_int_equal(set.n, 10000);
	assert_int_equal(set.n_strays, 0);
	for (size_t i = 0; i < set.n; i++) {
		assert_int_equal(atoi(set.items[i]->version), (int)i + 1);
		assert_int_equal(set.items[i]->rank, i);
		assert_non_null(set.items[i]->down_path);
	}
	assert_int_equal(s.reads, 0);
	migration_set_release(&set);
	fake_source_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair_scan__reads_folders),
		cmocka_unit_test(pair_parse__reads_both_files),
		cmocka_unit_test(pair_create__makes_two_files),
		cmocka_unit_test(pair_scan__is_quick_for_large_sets),
	};

	return cmocka_run_group_tests_name("migration/layout_pairs", tests,
					   NULL, NULL);
}
