#include "unit/migration/cases.h"

#define HINT                                     \
	" [such as: git config migrate.pattern " \
	"\"{version}_{name}.{direction}.sql\"]\n"

static const struct folder_case folders[] = {
	{ .about = "a pattern without a layout chooses it",
	  .pattern = "{version}__{name}.sql",
	  .files = { "1__a.sql", "10__c.sql", "2__b_c__d.sql" },
	  .expect = "layout pattern\n"
		    "1__a v1 1__a.sql\n"
		    "2__b_c__d v2 2__b_c__d.sql\n"
		    "10__c v10 10__c.sql\n" },
	{ .about = "release folders are part of the version",
	  .pattern = "{version}__{name}.sql",
	  .files = { "4.2/03__x.sql", "4.10/01__x.sql", "4.2/1__y.sql",
		     "4/9__z.sql", "README.md" },
	  .expect = "layout pattern\n"
		    "4/9__z v4/9 4/9__z.sql\n"
		    "4.2/1__y v4.2/1 4.2/1__y.sql\n"
		    "4.2/03__x v4.2/03 4.2/03__x.sql\n"
		    "4.10/01__x v4.10/01 4.10/01__x.sql\n" },
	{ .about = "a folder per dialect, pairs in it",
	  .pattern = "{dialect}/{version}_{name}.{direction}.sql",
	  .files = { "sqlite/1_a.up.sql", "sqlite/1_a.down.sql",
		     "postgres/1_a.up.sql", "postgres/2_b.up.sql",
		     "mysql/1_a.up.sql" },
	  .expect = "layout pattern\n"
		    "1_a v1 sqlite/1_a.up.sql down sqlite/1_a.down.sql\n" },
	{ .about = "the same for the other dialect: the same names",
	  .pattern = "{dialect}/{version}_{name}.{direction}.sql",
	  .dialect = SQL_POSTGRESQL,
	  .files = { "sqlite/1_a.up.sql", "sqlite/1_a.down.sql",
		     "postgres/1_a.up.sql", "pg/2_b.up.sql" },
	  .expect = "layout pattern\n"
		    "1_a v1 postgres/1_a.up.sql\n"
		    "2_b v2 pg/2_b.up.sql\n" },
	{ .about = "a dialect behind the name; names with dots",
	  .pattern = "{version}_{name}.{dialect}.{direction}.sql",
	  .files = { "1_a.sqlite.up.sql", "1_a.postgres.up.sql",
		     "2_b.v2.sqlite3.up.sql", "2_b.v2.sqlite3.down.sql" },
	  .expect = "layout pattern\n"
		    "1_a v1 1_a.sqlite.up.sql\n"
		    "2_b.v2 v2 2_b.v2.sqlite3.up.sql down "
		    "2_b.v2.sqlite3.down.sql\n" },
	{ .about = "folders that say nothing are no part of the name",
	  .pattern = "changes/{dialect}/v{version}-{name}.sql",
	  .files = { "changes/sqlite/v1-a.sql", "changes/sqlite/v2-b-c.sql",
		     "changes/pg/v1-a.sql" },
	  .expect = "layout pattern\n"
		    "v1-a v1 changes/sqlite/v1-a.sql\n"
		    "v2-b-c v2 changes/sqlite/v2-b-c.sql\n" },
	{ .about = "the words of other tools for a direction",
	  .pattern = "{version}.{direction}.{name}.sql",
	  .files = { "001.do.a.sql", "001.undo.a.sql", "002.deploy.b.sql",
		     "002.revert.b.sql", "003.sideways.c.sql" },
	  .expect = "layout pattern\n"
		    "001.a v001 001.do.a.sql down 001.undo.a.sql\n"
		    "002.b v002 002.deploy.b.sql down 002.revert.b.sql\n"
		    "stray 003.sideways.c.sql: it does not fit the pattern "
		    "{version}.{direction}.{name}.sql\n" },
	{ .about = "directions as folders",
	  .pattern = "{direction}/{version}_{name}.sql",
	  .files = { "up/1_a.sql", "down/1_a.sql", "down/2_b.sql" },
	  .expect = "layout pattern\n"
		    "1_a v1 up/1_a.sql down down/1_a.sql\n"
		    "stray down/2_b.sql: there is no up file of its name\n" },
	{ .about = "a direction in front of the name in the same folder",
	  .pattern = "{direction}_{version}.sql",
	  .files = { "up_1.sql", "down_1.sql" },
	  .expect = "layout pattern\n"
		    "1 v1 up_1.sql down down_1.sql\n" },
	{ .about = "versions of several parts, the shortest that fits",
	  .pattern = "{version}_{name}.sql",
	  .files = { "1.2_2fa.sql", "1.10_b.sql", "20260101_2_factor.sql",
		     "2026-01-02_c.sql" },
	  .expect = "layout pattern\n"
		    "1.2_2fa v1.2 1.2_2fa.sql\n"
		    "1.10_b v1.10 1.10_b.sql\n"
		    "2026-01-02_c v2026-01-02 2026-01-02_c.sql\n"
		    "20260101_2_factor v20260101 20260101_2_factor.sql\n" },
	{ .about = "without {version} the whole name is one",
	  .pattern = "{name}.{direction}.sql",
	  .files = { "0001_create_table_b_spaces.up.sql",
		     "0001_create_table_a_principals.up.sql",
		     "0001_create_table_a_principals.down.sql", "0002_x.up.sql",
		     "0002_y_up.sql" },
	  .expect = "layout pattern\n"
		    "0001_create_table_a_principals "
		    "v0001_create_table_a_principals "
		    "0001_create_table_a_principals.up.sql down "
		    "0001_create_table_a_principals.down.sql\n"
		    "0001_create_table_b_spaces v0001_create_table_b_spaces "
		    "0001_create_table_b_spaces.up.sql\n"
		    "0002_x v0002_x 0002_x.up.sql\n"
		    "stray 0002_y_up.sql: it does not fit the pattern "
		    "{name}.{direction}.sql\n" },
	{ .about = "the silent trap is seen here as well",
	  .pattern = "{version}_{name}.{direction}.sql",
	  .files = { "07_x_up.sql", "08_x.up.sql", "x.up.sql", "9_.up.sql",
		     "10_y.UP.sql", "11_z.up.SQL" },
	  .expect = "layout pattern\n"
		    "08_x v08 08_x.up.sql\n"
		    "stray 07_x_up.sql: it does not fit the pattern "
		    "{version}_{name}.{direction}.sql\n"
		    "stray 10_y.UP.sql: it does not fit the pattern "
		    "{version}_{name}.{direction}.sql\n"
		    "stray 11_z.up.SQL: it does not fit the pattern "
		    "{version}_{name}.{direction}.sql\n"
		    "stray 9_.up.sql: it does not fit the pattern "
		    "{version}_{name}.{direction}.sql\n"
		    "stray x.up.sql: it does not fit the pattern "
		    "{version}_{name}.{direction}.sql\n" },
};

static const struct folder_case errors[] = {
	{ .about = "no pattern",
	  .layout = "pattern",
	  .files = { "1_a.sql" },
	  .expect = "layout pattern needs a pattern [git config "
		    "migrate.pattern \"{version}_{name}.sql\"]\n" },
	{ .about = "no version and no name",
	  .pattern = "{direction}.sql",
	  .expect = "pattern \"{direction}.sql\": it has no {version} and no "
		    "{name}" HINT },
	{ .about = "an unknown placeholder",
	  .pattern = "{version}_{slug}.sql",
	  .expect = "pattern \"{version}_{slug}.sql\": its placeholders are "
		    "{version}, {name}, {direction}, {dialect}" HINT },
	{ .about = "a placeholder twice",
	  .pattern = "{version}/{version}_{name}.sql",
	  .expect = "pattern \"{version}/{version}_{name}.sql\": a "
		    "placeholder is there twice" HINT },
	{ .about = "another ending",
	  .pattern = "{version}_{name}.ddl",
	  .expect = "pattern \"{version}_{name}.ddl\": it does not end in "
		    ".sql" HINT },
	{ .about = "out of the folder",
	  .pattern = "../{version}_{name}.sql",
	  .expect = "pattern \"../{version}_{name}.sql\": it leads out of the "
		    "folder" HINT },
	{ .about = "absolute, with an escape",
	  .pattern = "/\x1b[2J{version}.sql",
	  .expect = "pattern \"/\\x1b[2J{version}.sql\": it leads out of the "
		    "folder" HINT },
	{ .about = "a version twice",
	  .pattern = "{version}_{name}.sql",
	  .files = { "1_a.sql", "01_b.sql" },
	  .expect = "db/01_b.sql: version 01 is taken already, by 1_a.sql "
		    "[give one of the two files another number]\n" },
	{ .about = "two downs for one name",
	  .pattern = "{version}_{name}.{direction}.sql",
	  .files = { "1_a.up.sql", "1_a.down.sql", "1_a.undo.sql" },
	  .expect = "db/1_a.undo.sql: 1_a has a down file already, "
		    "1_a.down.sql\n" },
};

static const struct new_case news[] = {
	{ .about = "one file with markers",
	  .pattern = "{version}_{name}.sql",
	  .expect = "20261122150405_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "two files in the dialect's folder",
	  .pattern = "{dialect}/{version}_{name}.{direction}.sql",
	  .files = { "sqlite/0041_a.up.sql" },
	  .expect = "sqlite/0042_add_users.up.sql|\n"
		    "sqlite/0042_add_users.down.sql|\n" },
	{ .about = "a number in front of the name, where that is the version",
	  .pattern = "{name}.{direction}.sql",
	  .files = { "0009_b.up.sql", "0009_a.up.sql" },
	  .expect = "0010_add_users.up.sql|\n"
		    "0010_add_users.down.sql|\n" },
	{ .about = "a stamp in front of it",
	  .pattern = "{name}.sql",
	  .files = { "20260101000000_b.sql" },
	  .expect = "20261122150405_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "the newest release goes on",
	  .pattern = "{version}__{name}.sql",
	  .files = { "4.2/03__x.sql", "4.10/09__y.sql" },
	  .expect = "4.10/10__add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
};

static void pattern_scan__reads_folders(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void pattern_scan__refuses_what_is_no_template(void **state)
{
	(void)state;
	check_folders(errors, ARRAY_LEN(errors));
}

static void pattern_create__fills_the_template(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

static void pattern_parse__takes_markers_or_two_files(void **state)
{
	struct migration_options opt = {
		.pattern = "{version}_{name}.{direction}.sql"
	};
	struct fake_source s;
	struct migration_set set;
	struct buf got = BUF_INIT;

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "1_a.up.sql", "A;");
	fake_source_add(&s, "1_a.down.sql", "B;");
	fake_source_add(&s, "2_b.up.sql",
			"-- migrate:up\nC;\n-- migrate:down\nD;\n");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_ok(migration_load(&set, set.items[0]));
	assert_ok(migration_load(&set, set.items[1]));
	add_migration(&got, set.items[0]);
	add_migration(&got, set.items[1]);
	assert_string_equal(buf_str(&got), "up 1: A;\n"
					   "down 1: B;\n"
					   "up 2: C;\\n\n"
					   "down 4: D;\\n\n");
	buf_release(&got);
	migration_set_release(&set);
	fake_source_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pattern_scan__reads_folders),
		cmocka_unit_test(pattern_scan__refuses_what_is_no_template),
		cmocka_unit_test(pattern_create__fills_the_template),
		cmocka_unit_test(pattern_parse__takes_markers_or_two_files),
	};

	return cmocka_run_group_tests_name("migration/layout_pattern", tests,
					   NULL, NULL);
}
