#include "migration/directives.h"

#include "unit/migration/cases.h"

static const struct file_case files[] = {
	{ .about = "all of them",
	  .files = { "1_a.sql\t-- migrate:description  One line, \xc3\xa9. \n"
		     "-- migrate:depends 0_x  0_y\n"
		     "--migrate:depends 0_z\n"
		     "-- migrate:irreversible\n"
		     "-- migrate:batch 5000\n"
		     "-- migrate:lock-timeout 5s\n"
		     "-- migrate:statement-timeout 10min\n"
		     "-- migrate:allow GM104 the table is small\n"
		     "-- migrate:no-transaction\nA;\n" },
	  .expect = "up 1: -- migrate:description  One line, \xc3\xa9. \\n"
		    "-- migrate:depends 0_x  0_y\\n"
		    "--migrate:depends 0_z\\n"
		    "-- migrate:irreversible\\n"
		    "-- migrate:batch 5000\\n"
		    "-- migrate:lock-timeout 5s\\n"
		    "-- migrate:statement-timeout 10min\\n"
		    "-- migrate:allow GM104 the table is small\\n"
		    "-- migrate:no-transaction\\nA;\\n\n"
		    "description One line, \xc3\xa9.\n"
		    "depends 0_x 2\n"
		    "depends 0_y 2\n"
		    "depends 0_z 3\n"
		    "allow GM104 8: the table is small\n"
		    "no-transaction\n"
		    "irreversible\n"
		    "batch 5000\n"
		    "lock 5000\n"
		    "statement 600000\n" },
	{ .about = "before and behind the marker, between other comments",
	  .files = { "1_a.sql\t-- why\n-- migrate:depends 0_x\n\n"
		     "-- migrate:up\n/* a\nb */\n-- migrate:irreversible\n"
		     "A;\n" },
	  .expect = "up 5: /* a\\nb */\\n-- migrate:irreversible\\nA;\\n\n"
		    "depends 0_x 2\n"
		    "irreversible\n" },
	{ .about = "indented, with tabs",
	  .files = { "1_a.sql\t\t--\tmigrate:irreversible\t\nA;\n" },
	  .expect = "up 1: \\x09--\\x09migrate:irreversible\\x09\\nA;\\n\n"
		    "irreversible\n" },
	{ .about = "windows line ends",
	  .files = { "1_a.sql\t-- migrate:description x\r\n-- migrate:depends "
		     "0_x\r\nA;\r\n" },
	  .expect = "up 1: -- migrate:description x\\x0d\\n-- migrate:depends "
		    "0_x\\x0d\\nA;\\x0d\\n\n"
		    "description x\n"
		    "depends 0_x 2\n" },
	{ .about = "a permission stands where it is needed",
	  .files = { "1_a.sql\tA;\n-- migrate:allow GM104 reason\nB;\n" },
	  .expect = "up 1: A;\\n-- migrate:allow GM104 reason\\nB;\\n\n"
		    "allow GM104 2: reason\n" },
	{ .about = "permissions add up, the same rule again",
	  .files = { "1_a.sql\t-- migrate:allow GM101  said so: \xc3\xa9 \r\n"
		     "-- migrate:up\n--migrate:allow\tGM111\tb\nA;\n"
		     "-- migrate:allow GM101 c\n" },
	  .expect = "up 3: --migrate:allow\\x09GM111\\x09b\\nA;\\n"
		    "-- migrate:allow GM101 c\\n\n"
		    "allow GM101 1: said so: \xc3\xa9\n"
		    "allow GM111 3: b\n"
		    "allow GM101 5: c\n" },
	{ .about = "no transaction for the down part",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\n"
		     "-- migrate:no-transaction\nB;\n" },
	  .expect = "up 2: A;\\n\n"
		    "down 4: -- migrate:no-transaction\\nB;\\n\n"
		    "no-transaction-down\n" },
};

#define AT(line) "db/1_a.sql:" #line ": "

static const struct file_case errors[] = {
	{ .about = "an unknown word",
	  .files = { "1_a.sql\tA;\n\n-- migrate:dependz x\n" },
	  .expect = AT(3) "unknown directive \"migrate:dependz\" [did you mean "
			  "\"migrate:depends\"?]\n" },
	{ .about = "tenants are not known yet",
	  .files = { "1_a.sql\t-- migrate:tenant\nA;\n" },
	  .expect = AT(1) "unknown directive \"migrate:tenant\" [known are up, "
			  "down, description, depends, irreversible, "
			  "no-transaction, batch, lock-timeout, "
			  "statement-timeout, allow]\n" },
	{ .about = "one of another tongue",
	  .files = { "1_a.sql\t-- migrate:timeout 5s\nA;\n" },
	  .expect = AT(1) "unknown directive \"migrate:timeout\" [did you mean "
			  "\"migrate:lock-timeout\"?]\n" },
	{ .about = "behind a statement",
	  .files = { "1_a.sql\tA;\n-- migrate:irreversible\n" },
	  .expect = AT(2) "\"migrate:irreversible\" stands behind a statement, "
			  "directives come first\n" },
	{ .about = "behind a statement on a comment's last line",
	  .files = { "1_a.sql\t/* x\n */ A;\n-- migrate:irreversible\n" },
	  .expect = AT(3) "\"migrate:irreversible\" stands behind a statement, "
			  "directives come first\n" },
	{ .about = "twice",
	  .files = { "1_a.sql\t-- migrate:batch 5\n-- migrate:batch 6\nA;\n" },
	  .expect = AT(2) "\"migrate:batch\" is given twice\n" },
	{ .about = "no value",
	  .files = { "1_a.sql\t-- migrate:depends\nA;\n" },
	  .expect = AT(1) "\"migrate:depends\" needs names of migrations\n" },
	{ .about = "no text",
	  .files = { "1_a.sql\t-- migrate:description   \nA;\n" },
	  .expect =
		  AT(1) "\"migrate:description\" needs a text of one line\n" },
	{ .about = "a value too much",
	  .files = { "1_a.sql\t-- migrate:irreversible because\nA;\n" },
	  .expect = AT(1) "\"migrate:irreversible\" takes no value\n" },
	{ .about = "in the down part",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\n"
		     "-- migrate:depends 0_x\nB;\n" },
	  .expect = AT(4) "\"migrate:depends\" belongs to the up part\n" },
	{ .about = "a batch of nothing",
	  .files = { "1_a.sql\t-- migrate:batch 0\nA;\n" },
	  .expect = AT(1) "batch \"0\" is not a number of rows from 1 to "
			  "100000000\n" },
	{ .about = "a batch of words",
	  .files = { "1_a.sql\t-- migrate:batch 5 rows\nA;\n" },
	  .expect = AT(1) "batch \"5 rows\" is not a number of rows from 1 to "
			  "100000000\n" },
	{ .about = "a batch of less than nothing",
	  .files = { "1_a.sql\t-- migrate:batch -5\nA;\n" },
	  .expect = AT(1) "batch \"-5\" is not a number of rows from 1 to "
			  "100000000\n" },
	{ .about = "a batch beyond all numbers, with an escape",
	  .files = { "1_a.sql\t-- migrate:batch 99999999999999999999\x1b\n"
		     "A;\n" },
	  .expect = AT(1) "batch \"99999999999999999999\\x1b\" is not a number "
			  "of rows from 1 to 100000000\n" },
	{ .about = "a permission for nothing that is known",
	  .files = { "1_a.sql\tA;\n-- migrate:allow GM999 reason\n" },
	  .expect = AT(2) "there is no rule \"GM999\" [docs/rules.md lists "
			  "GM101 to GM111; write it like -- migrate:allow "
			  "GM104 reason]\n" },
	{ .about = "a permission with an escape, in small letters",
	  .files = { "1_a.sql\t-- migrate:allow gm104\x1b reason\nA;\n" },
	  .expect = AT(1) "there is no rule \"gm104\\x1b\" [docs/rules.md "
			  "lists GM101 to GM111; write it like -- "
			  "migrate:allow GM104 reason]\n" },
	{ .about = "a permission without a reason",
	  .files = { "1_a.sql\t-- migrate:allow GM104 \t\nA;\n" },
	  .expect = AT(1) "\"migrate:allow GM104\" needs a reason behind the "
			  "rule\n" },
	{ .about = "a permission without anything",
	  .files = { "1_a.sql\t-- migrate:allow\nA;\n" },
	  .expect = AT(1) "\"migrate:allow\" needs a rule, such as GM104, "
			  "and a reason\n" },
	{ .about = "a permission in the down part",
	  .files = { "1_a.sql\t-- migrate:up\nA;\n-- migrate:down\n"
		     "-- migrate:allow GM104 reason\nB;\n" },
	  .expect = AT(4) "\"migrate:allow\" belongs to the up part\n" },
	{ .about = "a duration without a unit",
	  .files = { "1_a.sql\t\n-- migrate:lock-timeout 5\nA;\n" },
	  .expect = AT(2) "lock-timeout: \"5\" is not a duration [write a "
			  "number and ms, s, min, h or d, such as 500ms or "
			  "10min, below 24 days]\n" },
	{ .about = "a duration of another unit",
	  .files = { "1_a.sql\t-- migrate:statement-timeout 5m\nA;\n" },
	  .expect = AT(1) "statement-timeout: \"5m\" is not a duration [write "
			  "a number and ms, s, min, h or d, such as 500ms or "
			  "10min, below 24 days]\n" },
};

static void directives_read__fills_the_migration(void **state)
{
	(void)state;
	check_files("native", files, ARRAY_LEN(files));
}

static void directives_read__names_line_and_fault(void **state)
{
	(void)state;
	check_files("native", errors, ARRAY_LEN(errors));
}

/* The first of a rule counts; one that is not there is none. */
static void migration_allows__finds_the_first(void **state)
{
	static const char text[] = "-- migrate:allow GM104 a\n"
				   "-- migrate:allow GM105 b\n"
				   "-- migrate:allow GM104 c\nA;\n";
	struct migration m = { .name = "1_a", .path = "1_a.sql" };
	struct arena arena = ARENA_INIT;

	(void)state;
	assert_null(migration_allows(&m, "GM104"));
	assert_ok(migration_parse(&arena, "native", "x", &m, text,
				  sizeof(text) - 1));
	assert_string_equal(migration_allows(&m, "GM104")->reason, "a");
	assert_int_equal(migration_allows(&m, "GM105")->line, 2);
	assert_null(migration_allows(&m, "GM110"));
	arena_release(&arena);
}

/* Characters are counted, not bytes. */
static void directives_read__limits_the_description(void **state)
{
	struct migration m = { .name = "1_a", .path = "1_a.sql" };
	struct arena arena = ARENA_INIT;
	struct buf text = BUF_INIT;

	(void)state;
	buf_addstr(&text, "-- migrate:description ");
	for (int i = 0; i < 500; i++)
		buf_addstr(&text, "\xc3\xa9");
	buf_addstr(&text, "\nA;\n");
	assert_ok(migration_parse(&arena, "native", "x", &m, buf_str(&text),
				  text.len));
	assert_int_equal(strlen(m.description), 1000);
	buf_reset(&text);
	buf_addstr(&text, "-- migrate:description ");
	for (int i = 0; i < 501; i++)
		buf_addstr(&text, "x");
	buf_addstr(&text, "\nA;\n");
	m = (struct migration){ .name = "1_a", .path = "1_a.sql" };
	assert_fails(migration_parse(&arena, "native", "x", &m, buf_str(&text),
				     text.len),
		     ERR_INPUT);
	assert_null(m.description);
	buf_release(&text);
	arena_release(&arena);
}

static void directive_duration__understands_units(void **state)
{
	static const struct {
		const char *text;
		long long ms; /* -1 = refused */
	} rows[] = {
		{ "0", 0 },
		{ "00", 0 },
		{ "0s", 0 },
		{ "500ms", 500 },
		{ "5s", 5000 },
		{ "10min", 600000 },
		{ "2h", 7200000 },
		{ "1d", 86400000 },
		{ "24d", 2073600000 },
		{ "25d", -1 },
		{ "2147483647ms", 2147483647 },
		{ "2147483648ms", -1 },
		{ "99999999999999999999999s", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "5", -1 },
		{ "5 s", -1 },
		{ "5S", -1 },
		{ "5m", -1 },
		{ "-5s", -1 },
		{ "1.5s", -1 },
		{ "5sec", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = -7;
		struct err *e;

		e = directive_duration(rows[i].text, strlen(rows[i].text), &ms);
		if (rows[i].ms < 0 ? !e : e || ms != rows[i].ms)
			fail_msg("%s: %lld", rows[i].text, (long long)ms);
		err_free(e);
	}
}

static void lines_next__takes_every_kind_of_end(void **state)
{
	static const char text[] = "a\nb\r\n\n\rc\nd";
	static const char *const expect[] = { "a", "b", "", "\rc", "d" };
	struct lines l;
	size_t n = 0;

	(void)state;
	lines_init(&l, text, sizeof(text) - 1, 7);
	while (lines_next(&l)) {
		assert_int_equal(l.line, 7 + n);
		assert_int_equal(l.n, strlen(expect[n]));
		assert_memory_equal(l.s, expect[n], l.n);
		n++;
	}
	assert_int_equal(n, ARRAY_LEN(expect));
	lines_init(&l, "", 0, 1);
	assert_false(lines_next(&l));
}

static void directives_first_statement__sees_through_comments(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} rows[] = {
		{ "", 0 },
		{ "\n \n-- x\n", 0 },
		{ "/* a */ -- b\n", 1 }, /* what is behind is not looked at */
		{ "/* a\n b\n*/\n\nA;", 5 },
		{ "/* a */\nA;", 2 },
		{ "/* never ends\nA;", 0 },
		{ " A", 1 },
		{ "/", 1 },
		{ "/*/\nA */\nB", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(directives_first_statement(
					 rows[i].text, strlen(rows[i].text), 1),
				 rows[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directives_read__fills_the_migration),
		cmocka_unit_test(directives_read__names_line_and_fault),
		cmocka_unit_test(migration_allows__finds_the_first),
		cmocka_unit_test(directives_read__limits_the_description),
		cmocka_unit_test(directive_duration__understands_units),
		cmocka_unit_test(lines_next__takes_every_kind_of_end),
		cmocka_unit_test(
			directives_first_statement__sees_through_comments),
	};

	return cmocka_run_group_tests_name("migration/directives", tests, NULL,
					   NULL);
}
