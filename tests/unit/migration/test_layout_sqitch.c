#include "unit/migration/cases.h"

#define HEAD "sqitch.plan\t%syntax-version=1.0.0\n%project=shop\n%uri=x:y\n\n"
#define WHEN " 2026-01-02T03:04:05Z Ann <ann@example.org>"

static const struct folder_case folders[] = {
	{ .about = "the plan's order, dependencies and scripts",
	  .files = { HEAD "zoo" WHEN " # First\nadd/it [zoo]" WHEN "\n"
			  "last [add/it zoo]" WHEN " # x\n",
		     "deploy/zoo.sql", "revert/zoo.sql", "verify/zoo.sql",
		     "deploy/add/it.sql", "deploy/last.sql", "sqitch.conf" },
	  .expect = "layout sqitch\n"
		    "zoo v deploy/zoo.sql down revert/zoo.sql\n"
		    "add/it v deploy/add/it.sql after zoo\n"
		    "last v deploy/last.sql after add/it,zoo\n" },
	{ .about = "comments, blank lines, spaces, plus signs, windows lines",
	  .files = { HEAD "# word\r\n\r\n  + a" WHEN "\r\n\tb [ a ]" WHEN
			  "\r\n",
		     "deploy/a.sql", "deploy/b.sql" },
	  .expect = "layout sqitch\n"
		    "a v deploy/a.sql\n"
		    "b v deploy/b.sql after a\n" },
	{ .about = "a reworked change: the tag's file, then the new one",
	  .files = { HEAD "a" WHEN "\n@v1" WHEN "\na [a@v1]" WHEN "\n"
			  "b [a]" WHEN "\n",
		     "deploy/a@v1.sql", "revert/a@v1.sql", "deploy/a.sql",
		     "deploy/b.sql" },
	  .expect = "layout sqitch\n"
		    "a@v1 v deploy/a@v1.sql down revert/a@v1.sql\n"
		    "a v deploy/a.sql after a@v1\n"
		    "b v deploy/b.sql after a\n" },
	{ .about = "reworked behind two tags: the one that has a file",
	  .files = { HEAD "a" WHEN "\n@v1" WHEN "\n@v2" WHEN "\na [a@v2]" WHEN
			  "\n",
		     "deploy/a@v2.sql", "deploy/a.sql" },
	  .expect = "layout sqitch\n"
		    "a@v2 v deploy/a@v2.sql\n"
		    "a v deploy/a.sql after a@v2\n" },
	{ .about = "reworked twice",
	  .files = { HEAD "a" WHEN "\n@v1" WHEN "\na [a@v1]" WHEN "\n@v2" WHEN
			  "\na [a@v2]" WHEN "\n",
		     "deploy/a@v1.sql", "deploy/a@v2.sql", "deploy/a.sql" },
	  .expect = "layout sqitch\n"
		    "a@v1 v deploy/a@v1.sql\n"
		    "a@v2 v deploy/a@v2.sql after a@v1\n"
		    "a v deploy/a.sql after a@v2\n" },
	{ .about = "a dependency on whatever was before a tag",
	  .files = { HEAD "a" WHEN "\nb" WHEN "\n@v1" WHEN "\nc [@v1]" WHEN
			  "\n",
		     "deploy/a.sql", "deploy/b.sql", "deploy/c.sql" },
	  .expect = "layout sqitch\n"
		    "a v deploy/a.sql\n"
		    "b v deploy/b.sql\n"
		    "c v deploy/c.sql after b\n" },
	{ .about = "one's own project, and conflicts with what is not there",
	  .files = { HEAD "a" WHEN "\nb [shop:a !later !shop:x]" WHEN "\n",
		     "deploy/a.sql", "deploy/b.sql" },
	  .expect = "layout sqitch\n"
		    "a v deploy/a.sql\n"
		    "b v deploy/b.sql after a\n" },
	{ .about = "a script that the plan does not name",
	  .files = { HEAD "a" WHEN "\n", "deploy/a.sql", "deploy/b.sql",
		     "revert/c.sql" },
	  .expect = "layout sqitch\n"
		    "a v deploy/a.sql\n"
		    "stray deploy/b.sql: no line of sqitch.plan names it\n" },
	{ .about = "a plan without changes",
	  .files = { "sqitch.plan\t%project=x\n" },
	  .expect = "layout sqitch\n" },
};

static const struct folder_case errors[] = {
	{ .about = "no plan",
	  .layout = "sqitch",
	  .files = { "deploy/a.sql" },
	  .expect = "db/sqitch.plan: there is no plan file\n" },
	{ .about = "no script",
	  .files = { HEAD "a" WHEN "\n" },
	  .expect = "db/sqitch.plan:5: there is no file deploy/a.sql\n" },
	{ .about = "a symbolic link for a script",
	  .files = { HEAD "a" WHEN "\n", ">deploy/a.sql" },
	  .expect = "db/deploy/a.sql: a symbolic link stands where a "
		    "migration file is expected [put the file itself "
		    "here]\n" },
	{ .about = "a dependency that comes later",
	  .files = { HEAD "a [b]" WHEN "\nb" WHEN "\n", "deploy/a.sql",
		     "deploy/b.sql" },
	  .expect = "db/sqitch.plan:5: a depends on b, which is not before "
		    "it\n" },
	{ .about = "a dependency on itself",
	  .files = { HEAD "a [a]" WHEN "\n", "deploy/a.sql" },
	  .expect = "db/sqitch.plan:5: a depends on a, which is not before "
		    "it\n" },
	{ .about = "a tag that comes later",
	  .files = { HEAD "a" WHEN "\nb [a@v1]" WHEN "\n@v1" WHEN "\n",
		     "deploy/a.sql", "deploy/b.sql" },
	  .expect = "db/sqitch.plan:6: b depends on a@v1, which is not before "
		    "it\n" },
	{ .about = "a tag that is nowhere",
	  .files = { HEAD "a" WHEN "\nb [@nope]" WHEN "\n", "deploy/a.sql",
		     "deploy/b.sql" },
	  .expect = "db/sqitch.plan:6: b depends on @nope, which is not before "
		    "it\n" },
	{ .about = "a conflict",
	  .files = { HEAD "a" WHEN "\nb [!a]" WHEN "\n", "deploy/a.sql",
		     "deploy/b.sql" },
	  .expect = "db/sqitch.plan:6: b conflicts with a, which is before "
		    "it\n" },
	{ .about = "another project",
	  .files = { HEAD "a [core:users]" WHEN "\n", "deploy/a.sql" },
	  .expect = "db/sqitch.plan:5: a depends on project core, and only one "
		    "project is read [take the dependency out of the "
		    "plan]\n" },
	{ .about = "a change twice without a tag between",
	  .files = { HEAD "a" WHEN "\na" WHEN "\n", "deploy/a.sql" },
	  .expect = "db/sqitch.plan:6: a is there already, in line 5 [a change "
		    "is reworked behind a tag only]\n" },
	{ .about = "a tag twice",
	  .files = { HEAD "a" WHEN "\n@v" WHEN "\na" WHEN "\n@v" WHEN "\n",
		     "deploy/a.sql" },
	  .expect = "db/sqitch.plan:8: the tag is there already\n" },
	{ .about = "a tag without a name",
	  .files = { HEAD "a" WHEN "\n@" WHEN "\n", "deploy/a.sql" },
	  .expect = "db/sqitch.plan:6: a tag has no name\n" },
	{ .about = "a tag before everything",
	  .files = { HEAD "@v1" WHEN "\n" },
	  .expect =
		  "db/sqitch.plan:5: a tag stands before the first change\n" },
	{ .about = "an open bracket",
	  .files = { HEAD "a [b" WHEN "\n" },
	  .expect = "db/sqitch.plan:5: \"[\" has no \"]\"\n" },
	{ .about = "a name that leads elsewhere",
	  .files = { HEAD "../../etc/x" WHEN "\n" },
	  .expect = "db/sqitch.plan:5: this is no name of a change\n" },
	{ .about = "a name with escapes",
	  .files = { HEAD "a\x1b[2J" WHEN "\n" },
	  .expect = "db/sqitch.plan:5: this is no name of a change\n" },
	{ .about = "a revert line of old plans",
	  .files = { HEAD "a" WHEN "\n-a" WHEN "\n" },
	  .expect = "db/sqitch.plan:6: lines that revert a change are not "
		    "understood\n" },
	{ .about = "a later syntax",
	  .files = { "sqitch.plan\t%syntax-version=2.0.0\n" },
	  .expect = "db/sqitch.plan:1: plan syntax 2.0.0 is not understood, "
		    "only 1.0.0\n" },
	{ .about = "a plan that is no text",
	  .files = { "sqitch.plan\ta\xff\n" },
	  .expect = "db/sqitch.plan: the file is not valid UTF-8\n" },
};

static void sqitch_scan__follows_the_plan(void **state)
{
	(void)state;
	check_folders(folders, ARRAY_LEN(folders));
}

static void sqitch_scan__names_line_and_fault(void **state)
{
	(void)state;
	check_folders(errors, ARRAY_LEN(errors));
}

static const struct file_case files[] = {
	{ .about = "the note is the description; scripts keep their BEGIN",
	  .files = { "deploy/a.sql\t-- Deploy a\nBEGIN;\nA;\nCOMMIT;\n",
		     HEAD "a" WHEN " #  A table \n",
		     "revert/a.sql\tBEGIN;\nB;\nCOMMIT;\n" },
	  .expect = "up 1: -- Deploy a\\nBEGIN;\\nA;\\nCOMMIT;\\n\n"
		    "down 1: BEGIN;\\nB;\\nCOMMIT;\\n\n"
		    "description A table\n" },
	{ .about = "a directive is nearer than the note",
	  .files = { "deploy/a.sql\t-- migrate:description B\nA;\n",
		     HEAD "a" WHEN " # A\n" },
	  .expect = "up 1: -- migrate:description B\\nA;\\n\n"
		    "description B\n" },
};

static void sqitch_parse__reads_scripts(void **state)
{
	(void)state;
	check_files("sqitch", files, ARRAY_LEN(files));
}

static void sqitch_scan__cuts_long_notes_between_characters(void **state)
{
	struct migration_options opt = { .layout = "sqitch" };
	struct fake_source s;
	struct migration_set set;
	struct buf plan = BUF_INIT;

	(void)state;
	buf_addstr(&plan, "a" WHEN " # ");
	for (int i = 0; i < 600; i++)
		buf_addstr(&plan, "\xc3\xa9");
	fake_source_init(&s);
	fake_source_add(&s, "sqitch.plan", buf_str(&plan));
	fake_source_add(&s, "deploy/a.sql", "A;");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_int_equal(strlen(set.items[0]->description), 1000);
	migration_set_release(&set);
	fake_source_release(&s);
	buf_release(&plan);
}

static void sqitch_create__leaves_it_to_sqitch(void **state)
{
	static const struct new_case c = {
		.about = "the plan is sqitch's",
		.layout = "sqitch",
		.expect = "sqitch keeps its changes in sqitch.plan, which only "
			  "sqitch writes [sqitch add add_users]\n"
	};

	(void)state;
	check_new(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqitch_scan__follows_the_plan),
		cmocka_unit_test(sqitch_scan__names_line_and_fault),
		cmocka_unit_test(sqitch_parse__reads_scripts),
		cmocka_unit_test(
			sqitch_scan__cuts_long_notes_between_characters),
		cmocka_unit_test(sqitch_create__leaves_it_to_sqitch),
	};

	return cmocka_run_group_tests_name("migration/layout_sqitch", tests,
					   NULL, NULL);
}
