#include "unit/migration/cases.h"

static const struct folder_case folders[] = {
	{ .about = "versions order as numbers, not as text",
	  .layout = "native",
	  .files = { "10_b.sql", "9_a.sql", "100_c.sql" },
	  .expect = "layout native\n"
		    "9_a v9 9_a.sql\n"
		    "10_b v10 10_b.sql\n"
		    "100_c v100 100_c.sql\n" },
	{ .about = "dbmate is another name for the same files",
	  .layout = "dbmate",
	  .files = { "20260101120000_users.sql" },
	  .expect = "layout dbmate\n"
		    "20260101120000_users v20260101120000 "
		    "20260101120000_users.sql\n" },
	{ .about = "dbmate's own rule takes any name behind the digits",
	  .layout = "native",
	  .files = { "001.sql", "2-x.sql", "3x.sql", "4_a b'c\".sql" },
	  .expect = "layout native\n"
		    "001 v001 001.sql\n"
		    "2-x v2 2-x.sql\n"
		    "3x v3 3x.sql\n"
		    "4_a b'c\" v4 4_a b'c\".sql\n" },
	{ .about = "other files are nobody's business",
	  .layout = "native",
	  .files = { "README", "README.md", ".gitkeep", "1_a.go", "1_b.sql",
		     "seed/", "seed/data.csv" },
	  .expect = "layout native\n"
		    "1_b v1 1_b.sql\n" },
	{ .about = "what looks like a migration and is none is named",
	  .layout = "native",
	  .files = { "1_a.sql", "2_b.SQL", "schema.sql", "old/3_c.sql",
		     "4_d.up.sql", "old/" },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql\n"
		    "stray 2_b.SQL: its ending is not .sql in small letters\n"
		    "stray 4_d.up.sql: it is half of a pair, which layout "
		    "golang-migrate or sqlx reads\n"
		    "stray old/3_c.sql: it is in a folder, and this layout "
		    "reads only the files beside it\n"
		    "stray schema.sql: its name does not start with a version "
		    "number\n" },
	{ .about = "dirty is kept",
	  .layout = "native",
	  .files = { "*1_a.sql", "2_b.sql" },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql dirty\n"
		    "2_b v2 2_b.sql\n" },
	{ .about = "a version twice",
	  .layout = "native",
	  .files = { "1_a.sql", "2_b.sql", "2_c.sql" },
	  .expect = "db/2_c.sql: version 2 is taken already, by 2_b.sql [give "
		    "one of the two files another number]\n" },
	{ .about = "zeros in front make no other version",
	  .layout = "native",
	  .files = { "007_a.sql", "7_b.sql" },
	  .expect = "db/7_b.sql: version 7 is taken already, by 007_a.sql "
		    "[give one of the two files another number]\n" },
};

static const struct file_case files[] = {
	{ .about = "no marker: the whole file is up",
	  .files = { "1_a.sql\tCREATE TABLE a(x);\n" },
	  .expect = "up 1: CREATE TABLE a(x);\\n\n" },
	{ .about = "a byte order mark is skipped",
	  .files = { "1_a.sql\t\xef\xbb\xbfSELECT 1;" },
	  .expect = "up 1: SELECT 1;\n" },
	{ .about = "a marker behind a byte order mark counts",
	  .files = { "1_a.sql\t\xef\xbb\xbf-- migrate:up\nA;\n"
		     "-- migrate:down\nB;" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\n" },
	{ .about = "up and down",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\\n\n" },
	{ .about = "windows line ends",
	  .files = { "1_a.sql\t-- migrate:up\r\nA;\r\n-- migrate:down\r\n"
		     "B;\r\n" },
	  .expect = "up 2: A;\\x0d\\n\n"
		    "down 4: B;\\x0d\\n\n" },
	{ .about = "no space behind the dashes, as dbmate takes it",
	  .files = { "1_a.sql\t--migrate:up\nA;\n--   migrate:down\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\\n\n" },
	{ .about = "a down part without words is none",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\n\n" },
	  .expect = "up 2: A;\\n\n" },
	{ .about = "no down at all",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n" },
	  .expect = "up 2: A;\\n\n" },
	{ .about = "without a transaction, each way by itself",
	  .files = { "1_a.sql\t-- migrate:up transaction:false\nA;\n"
		     "-- migrate:down transaction:true\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\\n\n"
		    "no-transaction\n" },
	{ .about = "down without a transaction",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n"
		     "-- migrate:down transaction:false\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: B;\\n\n"
		    "no-transaction-down\n" },
	{ .about = "an option that nobody knows",
	  .files = { "1_a.sql\t\n-- migrate:up transaction:no\nA;\n" },
	  .expect = "db/1_a.sql:2: unknown option behind \"migrate:up\": "
		    "transaction:no [the only one is transaction:false]\n" },
	{ .about = "several pairs: up in order with lines kept, down reversed",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\nB;\n"
		     "-- migrate:up\nC;\n-- migrate:down\nD;\n" },
	  .expect = "up 2: A;\\n-- migrate:down\\n  \\n-- migrate:up\\nC;\\n\n"
		    "down 8: D;\\n\\nB;\\n\n" },
	{ .about = "several pairs in two modes",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\nB;\n"
		     "-- migrate:up transaction:false\nC;\n" },
	  .expect = "db/1_a.sql:5: this part and the one in line 1 differ in "
		    "transaction:false, and both belong to one migration\n" },
	{ .about = "down before up",
	  .files = { "1_a.sql\t-- hello\n-- migrate:down\nB;\n"
		     "-- migrate:up\nA;\n" },
	  .expect = "db/1_a.sql:2: \"migrate:down\" stands before "
		    "\"migrate:up\" [put the up part first]\n" },
	{ .about = "down alone",
	  .files = { "1_a.sql\t-- migrate:down\nB;\n" },
	  .expect = "db/1_a.sql:1: \"migrate:down\" stands before "
		    "\"migrate:up\" [put the up part first]\n" },
	{ .about = "down twice",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\nB;\n"
		     "-- migrate:down\nC;\n" },
	  .expect = "db/1_a.sql:5: a second \"migrate:down\" follows the one "
		    "in line 3, with no \"migrate:up\" between\n" },
	{ .about = "SQL before the first marker would never run",
	  .files = { "1_a.sql\t-- note\n/* long\n note */\nDROP TABLE x;\n"
		     "-- migrate:up\nA;\n" },
	  .expect =
		  "db/1_a.sql:4: a statement stands before \"migrate:up\"\n" },
	{ .about = "comments before the first marker are fine",
	  .files = { "1_a.sql\t/* long\n note */\n-- x\n-- migrate:up\nA;\n" },
	  .expect = "up 5: A;\\n\n" },
	{ .about = "an indented marker is one that somebody meant",
	  .files = { "1_a.sql\t  -- migrate:up\nA;\n" },
	  .expect = "db/1_a.sql:1: \"migrate:up\" must start its line\n" },
	{ .about = "goose's markers",
	  .files = { "1_a.sql\tA;\n-- +goose Down\nDROP TABLE a;\n" },
	  .expect = "db/1_a.sql:2: this is a marker of goose, and the folder "
		    "is read as native [git config migrate.layout goose]\n" },
	{ .about = "sqlx's mark in a file without markers",
	  .files = { "1_a.sql\t-- no-transaction\nA;\n" },
	  .expect = "up 1: -- no-transaction\\nA;\\n\n"
		    "no-transaction\n" },
	{ .about = "a typing error in a marker",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:dwon\nB;\n" },
	  .expect = "db/1_a.sql:3: unknown directive \"migrate:dwon\" [did you "
		    "mean \"migrate:down\"?]\n" },
	{ .about = "capital letters are another word, as for dbmate",
	  .files = { "1_a.sql\t-- migrate:UP\nA;\n" },
	  .expect = "db/1_a.sql:1: unknown directive \"migrate:UP\" [did you "
		    "mean \"migrate:up\"?]\n" },
	{ .about = "a sentence is no directive",
	  .files = { "1_a.sql\t-- migrate: the users\n-- migrate:\nA;\n" },
	  .expect = "up 1: -- migrate: the users\\n-- migrate:\\nA;\\n\n" },
	{ .about = "an empty file",
	  .files = { "1_a.sql\t" },
	  .expect = "db/1_a.sql:1: the migration is empty [write its SQL; one "
		    "that does nothing on purpose says so in a comment]\n" },
	{ .about = "the file that `new` made, not yet written",
	  .files = { "1_a.sql\t-- migrate:up\n\n-- migrate:down\n" },
	  .expect = "db/1_a.sql:2: the migration is empty [write its SQL; one "
		    "that does nothing on purpose says so in a comment]\n" },
	{ .about = "directives alone are empty",
	  .files = { "1_a.sql\t-- migrate:irreversible\n-- migrate:up\n \n" },
	  .expect = "db/1_a.sql:3: the migration is empty [write its SQL; one "
		    "that does nothing on purpose says so in a comment]\n" },
	{ .about = "a comment says that nothing is to be done",
	  .files = { "1_a.sql\t-- migrate:up\n-- nothing on SQLite\n" },
	  .expect = "up 2: -- nothing on SQLite\\n\n" },
};

static const struct new_case news[] = {
	{ .about = "the first one",
	  .layout = "native",
	  .expect = "20261122150405_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "a version that is taken: the next second that is free",
	  .layout = "native",
	  .files = { "20261122150405_a.sql", "20261122150406_b.sql" },
	  .expect = "20261122150407_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "over the end of the year",
	  .layout = "native",
	  .stamp = "20261231235959",
	  .files = { "20261231235959_a.sql" },
	  .expect = "20270101000000_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "small numbers go on, as wide as they were",
	  .layout = "native",
	  .files = { "0009_a.sql", "0003_b.sql" },
	  .expect = "0010_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "and grow when they must",
	  .layout = "native",
	  .files = { "99_a.sql" },
	  .expect = "100_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "seconds since 1970 go on as such",
	  .layout = "native",
	  .files = { "1500000000_a.sql" },
	  .expect = "1795359845_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "milliseconds behind the stamp",
	  .layout = "native",
	  .files = { "20260101000000123_a.sql" },
	  .expect = "20261122150405000_add_users.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
};

static void native_scan__reads_folders(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void native_parse__reads_files(void **state)
{
	(void)state;
	check_files("native", files, ARRAY_LEN(files));
}

static void native_create__never_takes_a_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native_scan__reads_folders),
		cmocka_unit_test(native_parse__reads_files),
		cmocka_unit_test(native_create__never_takes_a_version),
	};

	return cmocka_run_group_tests_name("migration/layout_native", tests,
					   NULL, NULL);
}
