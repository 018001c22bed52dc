#include "unit/migration/cases.h"

static const struct folder_case folders[] = {
	{ .about = "versions in parts, repeatables last, undo by version",
	  .files = { "V1__a.sql", "V1.10__c.sql", "V1_2__b.sql", "U1.2__b.sql",
		     "R__view.sql", "R__a_view.sql" },
	  .expect = "layout flyway\n"
		    "V1__a v1 V1__a.sql\n"
		    "V1_2__b v1_2 V1_2__b.sql down U1.2__b.sql\n"
		    "V1.10__c v1.10 V1.10__c.sql\n"
		    "R__a_view v R__a_view.sql repeatable\n"
		    "R__view v R__view.sql repeatable\n" },
	{ .about = "folders are searched",
	  .files = { "2025/", "2025/V1__a.sql", "2026/V2__b.sql" },
	  .expect = "layout flyway\n"
		    "V1__a v1 2025/V1__a.sql\n"
		    "V2__b v2 2026/V2__b.sql\n" },
	{ .about = "the file beside a script",
	  .files = { "V1__a.sql", "V1__a.sql.conf", "V2__b.sql",
		     "flyway.conf" },
	  .expect = "layout flyway\n"
		    "V1__a v1 V1__a.sql side V1__a.sql.conf\n"
		    "V2__b v2 V2__b.sql\n" },
	{ .about = "every way to get a name wrong",
	  .layout = "flyway",
	  .files = { "V1_a.sql", "v2__b.sql", "3__c.sql", "V4__.sql",
		     "V__d.sql", "V5__e.SQL", "R_x.sql", "Z1__f.sql",
		     "U9__z.sql", "V6a__f.sql", "V7__ok.sql" },
	  .expect = "layout flyway\n"
		    "V7__ok v7 V7__ok.sql\n"
		    "stray 3__c.sql: there is no V in front of its version "
		    "number\n"
		    "stray R_x.sql: there is no \"__\" in its name\n"
		    "stray V1_a.sql: there is no \"__\" in its name\n"
		    "stray V4__.sql: there is no description behind its "
		    "\"__\"\n"
		    "stray V5__e.SQL: its ending is not .sql in small "
		    "letters\n"
		    "stray V6a__f.sql: its version number is followed by "
		    "something else than \"__\"\n"
		    "stray V__d.sql: there is no version number behind its "
		    "first letter\n"
		    "stray Z1__f.sql: its name starts with none of V, U, R, "
		    "B\n"
		    "stray v2__b.sql: Flyway wants its first letter in "
		    "capitals\n"
		    "stray U9__z.sql: there is no V file of its version\n" },
	{ .about = "a version twice, written differently",
	  .layout = "flyway",
	  .files = { "V1.0__a.sql", "V01__b.sql" },
	  .expect = "db/V01__b.sql: version 01 is taken already, by "
		    "V1.0__a.sql [give one of the two files another "
		    "number]\n" },
	{ .about = "an undo twice",
	  .layout = "flyway",
	  .files = { "V1__a.sql", "U1__a.sql", "U01__b.sql" },
	  .expect = "db/U1__a.sql: version 1 has an undo file already, "
		    "U01__b.sql\n" },
	{ .about = "a repeatable name twice",
	  .layout = "flyway",
	  .files = { "a/R__v.sql", "b/R__v.sql" },
	  .expect = "db/b/R__v.sql: the name R__v is taken already, by "
		    "a/R__v.sql [rename one of the two files]\n" },
	{ .about = "a baseline does not run where its versions are here",
	  .layout = "flyway",
	  .files = { "V1__a.sql", "V2__b.sql", "B2__all.sql" },
	  .expect = "layout flyway\n"
		    "V1__a v1 V1__a.sql\n"
		    "V2__b v2 V2__b.sql\n"
		    "stray B2__all.sql: a baseline does not run where the "
		    "versions that it stands for are here\n" },
	{ .about = "the highest baseline starts a set that was cut off",
	  .layout = "flyway",
	  .files = { "V9__i.sql", "B5__all.sql", "B8__all.sql" },
	  .expect = "layout flyway\n"
		    "B8__all v8 B8__all.sql\n"
		    "V9__i v9 V9__i.sql\n"
		    "stray B5__all.sql: a baseline does not run where the "
		    "versions that it stands for are here\n" },
};

static const struct file_case files[] = {
	{ .about = "script and undo",
	  .files = { "V1__a.sql\tA;\n", "U1__a.sql\tB;\n" },
	  .expect = "up 1: A;\\n\n"
		    "down 1: B;\\n\n" },
	{ .about = "a transaction mode from the file beside it",
	  .files = { "V1__a.sql\tA;\n",
		     "V1__a.sql.conf\t# why\nexecuteInTransaction = false\n"
		     "shouldExecute=true\nencoding=utf-8\nother=1\nnothing" },
	  .expect = "up 1: A;\\n\n"
		    "no-transaction\n" },
	{ .about = "true is what it is anyway",
	  .files = { "V1__a.sql\tA;\n",
		     "V1__a.sql.conf\texecuteInTransaction=TRUE" },
	  .expect = "up 1: A;\\n\n" },
	{ .about = "a value that is neither",
	  .files = { "V1__a.sql\tA;\n",
		     "V1__a.sql.conf\t\nexecuteInTransaction=\x1bno" },
	  .expect = "db/V1__a.sql.conf:2: executeInTransaction is \"\\x1bno\", "
		    "not true or false\n" },
	{ .about = "scripts that should not run",
	  .files = { "V1__a.sql\tA;\n", "V1__a.sql.conf\tshouldExecute=${x}" },
	  .expect = "db/V1__a.sql.conf:1: shouldExecute is not understood "
		    "[take the file out of the folder instead]\n" },
	{ .about = "another encoding",
	  .files = { "V1__a.sql\tA;\n", "V1__a.sql.conf\tencoding=latin1" },
	  .expect = "db/V1__a.sql.conf:1: the encoding is not UTF-8\n" },
};

static const struct new_case news[] = {
	{ .about = "the first one",
	  .layout = "flyway",
	  .expect = "V1__add_users.sql|\n" },
	{ .about = "the last part counts up",
	  .layout = "flyway",
	  .files = { "V1.9__a.sql", "V1.2__b.sql", "R__v.sql" },
	  .expect = "V1.10__add_users.sql|\n" },
	{ .about = "stamps stay stamps",
	  .layout = "flyway",
	  .files = { "V20260101000000__a.sql" },
	  .expect = "V20261122150405__add_users.sql|\n" },
};

static void flyway_scan__reads_folders(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void flyway_parse__reads_scripts_and_their_conf(void **state)
{
	(void)state;
	check_files("flyway", files, ARRAY_LEN(files));
}

static void flyway_create__counts_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flyway_scan__reads_folders),
		cmocka_unit_test(flyway_parse__reads_scripts_and_their_conf),
		cmocka_unit_test(flyway_create__counts_up),
	};

	return cmocka_run_group_tests_name("migration/layout_flyway", tests,
					   NULL, NULL);
}
