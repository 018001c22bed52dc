#include "unit/migration/cases.h"

#define UP "\t-- +goose Up\nA;\n"

static const struct folder_case folders[] = {
	{ .about = "a marker inside tells goose from native",
	  .files = { "1_a.sql" UP, "2_b.sql" UP, "3_c.go" },
	  .expect = "layout goose\n"
		    "1_a v1 1_a.sql\n"
		    "2_b v2 2_b.sql\n" },
	{ .about = "names that goose does not read",
	  .layout = "goose",
	  .files = { "0_zero.sql", "00_zero.sql", "1_.sql", "2.sql", "3-x.sql",
		     "004_ok.sql" },
	  .expect = "layout goose\n"
		    "004_ok v004 004_ok.sql\n"
		    "stray 00_zero.sql: goose versions are greater than 0\n"
		    "stray 0_zero.sql: goose versions are greater than 0\n"
		    "stray 1_.sql: goose wants <version>_<name>.sql\n"
		    "stray 2.sql: goose wants <version>_<name>.sql\n"
		    "stray 3-x.sql: goose wants <version>_<name>.sql\n" },
	{ .about = "a version twice",
	  .layout = "goose",
	  .files = { "1_a.sql", "00001_b.sql" },
	  .expect = "db/00001_b.sql: version 00001 is taken already, by "
		    "1_a.sql [give one of the two files another number]\n" },
};

static const struct file_case files[] = {
	{ .about = "up and down",
	  .files = { "1_a.sql\t-- +goose Up\nA;\n-- +goose Down\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\\n\n" },
	{ .about = "words in any case, spaces as they come",
	  .files = { "1_a.sql\t--  +goose  up \nA;\n--+goose DOWN\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\\n\n" },
	{ .about = "up alone",
	  .files = { "1_a.sql\t-- a word\n\n-- +goose Up\nA;\n" },
	  .expect = "up 4: A;\\n\n" },
	{ .about = "a whole statement is ended where it is said to end",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose StatementBegin\n"
		     "A; B END\n-- +goose StatementEnd\nC;\n" },
	  .expect = "up 2: -- +goose StatementBegin\\nA; B END\\n;"
		    "                     \\nC;\\n\n" },
	{ .about = "without a transaction, both ways",
	  .files = { "1_a.sql\t-- +goose NO TRANSACTION\n-- +goose Up\nA;\n"
		     "-- +goose Down\nB;\n" },
	  .expect = "up 3: A;\\n\n"
		    "down 5: B;\\n\n"
		    "no-transaction\n"
		    "no-transaction-down\n" },
	{ .about = "our own directives are read here too",
	  .files = { "1_a.sql\t-- migrate:description A table\n-- +goose Up\n"
		     "-- migrate:irreversible\nA;\n-- +goose Down\n"
		     "-- migrate:no-transaction\nB;\n" },
	  .expect = "up 3: -- migrate:irreversible\\nA;\\n\n"
		    "down 6: -- migrate:no-transaction\\nB;\\n\n"
		    "description A table\n"
		    "no-transaction-down\n"
		    "irreversible\n" },
	{ .about = "no marker at all",
	  .files = { "1_a.sql\tA;\n" },
	  .expect = "db/1_a.sql:1: there is no \"-- +goose Up\" [goose needs "
		    "one in each file; for files without it: git config "
		    "migrate.layout native]\n" },
	{ .about = "dbmate's marker",
	  .files = { "1_a.sql\t\n-- migrate:up\nA;\n" },
	  .expect = "db/1_a.sql:2: \"migrate:up\" divides files of layout "
		    "native, this one is read as goose [git config "
		    "migrate.layout native]\n" },
	{ .about = "down before up",
	  .files = { "1_a.sql\t-- +goose Down\nB;\n-- +goose Up\nA;\n" },
	  .expect = "db/1_a.sql:1: \"+goose Down\" stands before \"+goose "
		    "Up\"\n" },
	{ .about = "up twice",
	  .files = { "1_a.sql\t-- +goose Up\nA;\n-- +goose Up\nB;\n" },
	  .expect = "db/1_a.sql:3: \"+goose Up\" is there already, in line "
		    "1\n" },
	{ .about = "down twice",
	  .files = { "1_a.sql\t-- +goose Up\nA;\n-- +goose Down\n"
		     "-- +goose Down\nB;\n" },
	  .expect = "db/1_a.sql:4: \"+goose Down\" is there already, in line "
		    "3\n" },
	{ .about = "SQL before up",
	  .files = { "1_a.sql\tDROP TABLE x;\n-- +goose Up\nA;\n" },
	  .expect = "db/1_a.sql:1: a statement stands before \"+goose Up\"\n" },
	{ .about = "a statement that does not end",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose StatementBegin\nA;\n" },
	  .expect = "db/1_a.sql:2: StatementBegin has no StatementEnd\n" },
	{ .about = "nor before the down part",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose StatementBegin\nA;\n"
		     "-- +goose Down\nB;\n" },
	  .expect = "db/1_a.sql:2: StatementBegin has no StatementEnd\n" },
	{ .about = "a statement in a statement",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose StatementBegin\n"
		     "-- +goose StatementBegin\nA;\n" },
	  .expect = "db/1_a.sql:3: StatementBegin inside another\n" },
	{ .about = "an end without a beginning",
	  .files = { "1_a.sql\t-- +goose Up\nA;\n-- +goose StatementEnd\n" },
	  .expect = "db/1_a.sql:3: StatementEnd has no StatementBegin\n" },
	{ .about = "a statement before up",
	  .files = { "1_a.sql\t-- +goose StatementBegin\nA;\n" },
	  .expect = "db/1_a.sql:1: \"+goose StatementBegin\" stands before "
		    "\"+goose Up\"\n" },
	{ .about = "environment variables",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose ENVSUB ON\nA;\n" },
	  .expect = "db/1_a.sql:2: \"+goose ENVSUB\" puts environment "
		    "variables into SQL, which is not done here [write the "
		    "value into the file]\n" },
	{ .about = "environment variables that are off",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose ENVSUB OFF\nA;\n" },
	  .expect = "up 2: -- +goose ENVSUB OFF\\nA;\\n\n" },
	{ .about = "a word that goose does not know",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose Sideways\nA;\n" },
	  .expect = "db/1_a.sql:2: unknown directive \"+goose SIDEWAYS\" "
		    "[known are Up, Down, StatementBegin, StatementEnd, NO "
		    "TRANSACTION]\n" },
	{ .about = "escapes in it are not printed",
	  .files = { "1_a.sql\t-- +goose Up\n-- +goose \x1b[2J\nA;\n" },
	  .expect = "db/1_a.sql:2: unknown directive \"+goose \\x1b[2J\" "
		    "[known are Up, Down, StatementBegin, StatementEnd, NO "
		    "TRANSACTION]\n" },
	{ .about = "nothing between the markers",
	  .files = { "1_a.sql\t-- +goose Up\n\n-- +goose Down\nB;\n" },
	  .expect = "db/1_a.sql:2: the migration is empty [write its SQL; one "
		    "that does nothing on purpose says so in a comment]\n" },
};

static const struct new_case news[] = {
	{ .about = "the first one",
	  .layout = "goose",
	  .expect = "20261122150405_add_users.sql|-- +goose Up\\n\\n-- +goose "
		    "Down\\n\n" },
	{ .about = "goose's own five digits go on",
	  .layout = "goose",
	  .files = { "00001_a.sql", "00002_b.sql" },
	  .expect = "00003_add_users.sql|-- +goose Up\\n\\n-- +goose "
		    "Down\\n\n" },
};

static void goose_scan__reads_folders(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void goose_parse__reads_files(void **state)
{
	(void)state;
	check_files("goose", files, ARRAY_LEN(files));
}

static void goose_create__goes_on_counting(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goose_scan__reads_folders),
		cmocka_unit_test(goose_parse__reads_files),
		cmocka_unit_test(goose_create__goes_on_counting),
	};

	return cmocka_run_group_tests_name("migration/layout_goose", tests,
					   NULL, NULL);
}
