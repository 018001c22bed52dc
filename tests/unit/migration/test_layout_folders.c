#include "unit/migration/cases.h"

/* diesel and Prisma: a folder for each migration. */

static const struct folder_case folders[] = {
	{ .about = "diesel",
	  .files = { "2024-01-02-030405_a/", "2024-01-02-030405_a/up.sql",
		     "2024-01-02-030405_a/down.sql",
		     "2024-01-02-030405_a/metadata.toml",
		     "00000000000000_diesel_initial_setup/up.sql" },
	  .expect = "layout diesel\n"
		    "00000000000000_diesel_initial_setup v00000000000000 "
		    "00000000000000_diesel_initial_setup/up.sql\n"
		    "2024-01-02-030405_a v20240102030405 "
		    "2024-01-02-030405_a/up.sql down "
		    "2024-01-02-030405_a/down.sql side "
		    "2024-01-02-030405_a/metadata.toml\n" },
	{ .about = "diesel's dashes are for the eye",
	  .layout = "diesel",
	  .files = { "2024-01-02-030405_a/up.sql", "20240102030405_b/up.sql" },
	  .expect = "db/20240102030405_b/up.sql: version 20240102030405 is "
		    "taken already, by 2024-01-02-030405_a/up.sql [give one "
		    "of the two files another number]\n" },
	{ .about = "diesel's versions sort as text; one of them ends early",
	  .layout = "diesel",
	  .files = { "2024-03-13_170000_sso/up.sql",
		     "2024-02-28-120000_a/up.sql", "2024-04-01-120000_b/up.sql",
		     "10_d/up.sql", "9_c/up.sql" },
	  .expect = "layout diesel\n"
		    "10_d v10 10_d/up.sql\n"
		    "2024-02-28-120000_a v20240228120000 "
		    "2024-02-28-120000_a/up.sql\n"
		    "2024-03-13_170000_sso v20240313 "
		    "2024-03-13_170000_sso/up.sql\n"
		    "2024-04-01-120000_b v20240401120000 "
		    "2024-04-01-120000_b/up.sql\n"
		    "9_c v9 9_c/up.sql\n" },
	{ .about = "what diesel does not read",
	  .layout = "diesel",
	  .files = { "1_a/up.sql", "2_b/down.sql", "3/up.sql", "4_/up.sql",
		     "x_y/up.sql", "5_e/sub/up.sql", "6_f/Up.sql", "7_g.sql" },
	  .expect = "layout diesel\n"
		    "1_a v1 1_a/up.sql\n"
		    "stray 2_b/down.sql: there is no up file beside it\n"
		    "stray 3/up.sql: its folder has no name behind the "
		    "version\n"
		    "stray 4_/up.sql: its folder has no name behind the "
		    "version\n"
		    "stray 5_e/sub/up.sql: it lies deeper than one folder\n"
		    "stray 6_f/Up.sql: this layout reads no file of that "
		    "name\n"
		    "stray 7_g.sql: it is not in a folder of its own\n"
		    "stray x_y/up.sql: its folder does not start with a "
		    "version number\n" },
	{ .about = "a symbolic link in place of a migration's folder",
	  .layout = "diesel",
	  .files = { "1_a/up.sql", ">2_b" },
	  .expect = "db/2_b: a symbolic link stands where a migration file is "
		    "expected [put the file itself here]\n" },
	{ .about = "a folder may be named like a file",
	  .layout = "prisma",
	  .files = { "1_a.sql/", "1_a.sql/migration.sql" },
	  .expect = "layout prisma\n1_a.sql v1 1_a.sql/migration.sql\n" },
	{ .about = "Prisma, by its lock file",
	  .files = { "migration_lock.toml", "20260101000000_init/",
		     "20260101000000_init/migration.sql",
		     "0_baseline/migration.sql" },
	  .expect = "layout prisma\n"
		    "0_baseline v0 0_baseline/migration.sql\n"
		    "20260101000000_init v20260101000000 "
		    "20260101000000_init/migration.sql\n" },
	{ .about = "Prisma, by its files",
	  .files = { "20260101000000_init/migration.sql" },
	  .expect = "layout prisma\n"
		    "20260101000000_init v20260101000000 "
		    "20260101000000_init/migration.sql\n" },
	{ .about = "Prisma tells migrations of one second by their names",
	  .files = { "1_b/migration.sql", "1_a/migration.sql" },
	  .expect = "layout prisma\n"
		    "1_a v1 1_a/migration.sql\n"
		    "1_b v1 1_b/migration.sql\n" },
	{ .about = "Prisma has no down",
	  .layout = "prisma",
	  .files = { "1_a/migration.sql", "1_a/down.sql",
		     "init/migration.sql" },
	  .expect = "layout prisma\n"
		    "1_a v1 1_a/migration.sql\n"
		    "stray 1_a/down.sql: this layout reads no file of that "
		    "name\n"
		    "stray init/migration.sql: its folder does not start with "
		    "a version number\n" },
};

static const struct file_case diesel_files[] = {
	{ .about = "up and down",
	  .files = { "1_a/up.sql\tA;\n", "1_a/down.sql\tB;\n" },
	  .expect = "up 1: A;\\n\n"
		    "down 1: B;\\n\n" },
	{ .about = "without a transaction",
	  .files = { "1_a/up.sql\tA;\n", "1_a/down.sql\tB;\n",
		     "1_a/metadata.toml\trun_in_transaction = false # why\n" },
	  .expect = "up 1: A;\\n\n"
		    "down 1: B;\\n\n"
		    "no-transaction\n"
		    "no-transaction-down\n" },
	{ .about = "metadata that says nothing else",
	  .files = { "1_a/up.sql\tA;\n",
		     "1_a/metadata.toml\t[x]\nrun_in_transaction = true\n"
		     "z = \"run_in_transaction = false\"\n" },
	  .expect = "up 1: A;\\n\n" },
	{ .about = "metadata that is wrong",
	  .files = { "1_a/up.sql\tA;\n",
		     "1_a/metadata.toml\trun_in_transaction = no\n" },
	  .expect = "db/1_a/metadata.toml:1: run_in_transaction is \"no\", not "
		    "true or false\n" },
	{ .about = "metadata that is no text",
	  .files = { "1_a/up.sql\tA;\n", "1_a/metadata.toml\t\xff" },
	  .expect = "db/1_a/metadata.toml:1:1: the file is not valid UTF-8 "
		    "[the byte 0xff starts no character]\n" },
	{ .about = "a comment says that there is nothing to do",
	  .files = { "1_a/up.sql\t-- integers are wide enough here\n" },
	  .expect = "up 1: -- integers are wide enough here\\n\n" },
};

static const struct file_case prisma_files[] = {
	{ .about = "all is up",
	  .files = { "1_a/migration.sql\t-- CreateTable\nA;\n" },
	  .expect = "up 1: -- CreateTable\\nA;\\n\n" },
	{ .about = "Prisma's own empty migration",
	  .files = { "1_a/migration.sql\t-- This is an empty migration." },
	  .expect = "up 1: -- This is an empty migration.\n" },
};

static const struct new_case news[] = {
	{ .about = "diesel",
	  .layout = "diesel",
	  .expect = "2026-11-22-150405_add_users/up.sql|\n"
		    "2026-11-22-150405_add_users/down.sql|\n" },
	{ .about = "diesel, the second is taken",
	  .layout = "diesel",
	  .files = { "20261122150405_x/up.sql" },
	  .expect = "2026-11-22-150406_add_users/up.sql|\n"
		    "2026-11-22-150406_add_users/down.sql|\n" },
	{ .about = "Prisma",
	  .layout = "prisma",
	  .expect = "20261122150405_add_users/migration.sql|\n" },
};

static void folders_scan__reads_folders(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void diesel_parse__reads_files_and_metadata(void **state)
{
	(void)state;
	check_files("diesel", diesel_files, ARRAY_LEN(diesel_files));
}

static void prisma_parse__reads_files(void **state)
{
	(void)state;
	check_files("prisma", prisma_files, ARRAY_LEN(prisma_files));
}

static void folders_create__makes_a_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		check_new(&news[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_scan__reads_folders),
		cmocka_unit_test(diesel_parse__reads_files_and_metadata),
		cmocka_unit_test(prisma_parse__reads_files),
		cmocka_unit_test(folders_create__makes_a_folder),
	};

	return cmocka_run_group_tests_name("migration/layout_folders", tests,
					   NULL, NULL);
}
