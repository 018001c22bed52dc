#include "unit/migration/cases.h"

#define GOOSE "\t-- +goose Up\nA;\n"
#define DBMATE "\t-- migrate:up\nA;\n"

static const struct folder_case detected[] = {
	{ .about = "an empty folder is ours", .expect = "layout native\n" },
	{ .about = "a folder of other things as well",
	  .files = { "README.md", ".gitkeep" },
	  .expect = "layout native\n" },
	{ .about = "plain names without markers: native, not sqlx",
	  .files = { "1_a.sql", "2_b.sql" },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql\n"
		    "2_b v2 2_b.sql\n" },
	{ .about = "our markers",
	  .files = { "1_a.sql" DBMATE },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql\n" },
	{ .about = "a name without a version is no evidence",
	  .files = { "schema.sql", "1_a.sql" GOOSE },
	  .expect = "layout goose\n"
		    "1_a v1 1_a.sql\n"
		    "stray schema.sql: its name does not start with a version "
		    "number\n" },
	{ .about = "only folders of a tool that is not known",
	  .files = { "sqlite/1_a.sql", "postgres/1_a.sql" },
	  .expect = "layout native\n"
		    "stray postgres/1_a.sql: it is in a folder, and this "
		    "layout reads only the files beside it\n"
		    "stray sqlite/1_a.sql: it is in a folder, and this layout "
		    "reads only the files beside it\n" },
	{ .about = "a plan file decides, whatever else is there",
	  .files = { "sqitch.plan\t%project=x\n", "1_a.sql" },
	  .expect = "layout sqitch\n" },
	{ .about = "a lock file decides",
	  .files = { "migration_lock.toml", "1_a.sql" },
	  .expect = "layout prisma\n"
		    "stray 1_a.sql: it is not in a folder of its own\n" },
	{ .about = "Flyway's numbers with dots are not Rezoom's names",
	  .files = { "V1.2__a.sql" },
	  .expect = "layout flyway\n"
		    "V1.2__a v1.2 V1.2__a.sql\n" },
	{ .about = "a layout that is named is not doubted",
	  .layout = "native",
	  .files = { "1_a.sql" GOOSE, "2_b.sql" DBMATE, "V3__c.sql" },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql\n"
		    "2_b v2 2_b.sql\n"
		    "stray V3__c.sql: its name does not start with a version "
		    "number\n" },
};

#define MIXED "the folder mixes layouts: "
#define CHOOSE " [choose one: git config migrate.layout "

static const struct folder_case ambiguous[] = {
	{ .about = "goose's and our markers",
	  .files = { "1_a.sql" GOOSE, "2_b.sql" DBMATE },
	  .expect = MIXED "2_b.sql looks like native, 1_a.sql like goose" CHOOSE
			  "native]\n" },
	{ .about = "Flyway's and our names",
	  .files = { "1_a.sql", "V2__b.sql" },
	  .expect = MIXED "V2__b.sql looks like flyway, 1_a.sql like "
			  "native" CHOOSE "flyway]\n" },
	{ .about = "pairs and our markers",
	  .files = { "1_a.up.sql", "2_b.sql" DBMATE },
	  .expect = MIXED "2_b.sql looks like native, 1_a.up.sql like "
			  "golang-migrate" CHOOSE "native]\n" },
	{ .about = "goose and sqlx",
	  .files = { "1_a.sql" GOOSE, "2_b.sql\t-- no-transaction\nA;" },
	  .expect = MIXED "1_a.sql looks like goose, 2_b.sql like sqlx" CHOOSE
			  "goose]\n" },
	{ .about = "diesel and Prisma",
	  .files = { "1_a/up.sql", "2_b/migration.sql" },
	  .expect = MIXED "1_a/up.sql looks like diesel, 2_b/migration.sql "
			  "like prisma" CHOOSE "diesel]\n" },
	{ .about = "diesel and ours",
	  .files = { "1_a/up.sql", "2_b.sql" },
	  .expect = MIXED "1_a/up.sql looks like diesel, 2_b.sql like "
			  "native" CHOOSE "diesel]\n" },
	{ .about = "Rezoom and Flyway",
	  .files = { "V1.a.sql", "V2__b.sql" },
	  .expect = MIXED "V2__b.sql looks like flyway, V1.a.sql like "
			  "rezoom" CHOOSE "flyway]\n" },
	{ .about = "two that are sure",
	  .files = { "migration_lock.toml", "sqitch.plan\t" },
	  .expect = MIXED "migration_lock.toml looks like prisma, sqitch.plan "
			  "like sqitch" CHOOSE "prisma]\n" },
	{ .about = "an unknown layout",
	  .layout = "gose",
	  .expect = "unknown layout \"gose\" [did you mean \"goose\"? set it "
		    "with: git config migrate.layout goose]\n" },
	{ .about = "an unknown layout with nothing near, with an escape",
	  .layout = "\x1b[2Jxyzzy-plugh",
	  .expect = "unknown layout \"\\x1b[2Jxyzzy-plugh\" [migrate.layout is "
		    "one of native, dbmate, goose, golang-migrate, sqlx, "
		    "flyway, diesel, prisma, sqitch, rezoom, pattern]\n" },
};

static void layout_detect__knows_each_layout(void **state)
{
	(void)state;
	check_folders(detected, ARRAY_LEN(detected));
}

static void layout_detect__refuses_mixed_folders(void **state)
{
	(void)state;
	check_folders(ambiguous, ARRAY_LEN(ambiguous));
}

static void layout_detect__reads_a_handful_of_files(void **state)
{
	struct migration_options opt = { 0 };
	struct fake_source s;
	struct migration_set set;
	char path[64];

	(void)state;
	fake_source_init(&s);
	for (int i = 1; i <= 2000; i++) {
		snprintf(path, sizeof(path), "%04d_x.sql", i);
		fake_source_add(&s, path,
				i == 2000 ? "-- +goose Up\nA;\n" : "A;\n");
	}
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_in_range(s.reads, 1, 5);
	assert_string_equal(migration_layout_name(&set), "goose");
	migration_set_release(&set);
	fake_source_release(&s);
}

static void layout_detect__reads_nothing_when_it_is_told(void **state)
{
	struct migration_options opt = { .layout = "goose" };
	struct fake_source s;
	struct migration_set set;

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "1_a.sql", "A;");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_int_equal(s.reads, 0);
	migration_set_release(&set);
	fake_source_release(&s);
}

/* A huge file is no evidence, and no error before it is loaded. */
static void layout_detect__passes_over_what_it_cannot_read(void **state)
{
	struct migration_options opt = { 0 };
	struct fake_source s;
	struct migration_set set;
	char *huge = xcalloc(5, (size_t)1 << 20);

	(void)state;
	memset(huge, 'x', (size_t)5 << 20);
	fake_source_init(&s);
	fake_source_add_bytes(&s, "1_a.sql", huge, (size_t)5 << 20);
	fake_source_add(&s, "2_b.sql", "-- +goose Up\nA;\n");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_string_equal(migration_layout_name(&set), "goose");
	migration_set_release(&set);
	fake_source_release(&s);
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_detect__knows_each_layout),
		cmocka_unit_test(layout_detect__refuses_mixed_folders),
		cmocka_unit_test(layout_detect__reads_a_handful_of_files),
		cmocka_unit_test(layout_detect__reads_nothing_when_it_is_told),
		cmocka_unit_test(
			layout_detect__passes_over_what_it_cannot_read),
	};

	return cmocka_run_group_tests_name("migration/detect", tests, NULL,
					   NULL);
}
