#include "unit/migration/cases.h"

static const struct folder_case hostile[] = {
	{ .about = "a symbolic link",
	  .files = { "1_a.sql", ">2_b.sql" },
	  .expect = "db/2_b.sql: a symbolic link stands where a migration file "
		    "is expected [put the file itself here]\n" },
	{ .about = "a submodule",
	  .files = { "+2_b.sql" },
	  .expect = "db/2_b.sql: a submodule stands where a migration file is "
		    "expected [put the file itself here]\n" },
	{ .about = "a folder with a file's name",
	  .files = { "2_b.sql/" },
	  .expect = "db/2_b.sql: a folder stands where a migration file is "
		    "expected [put the file itself here]\n" },
	{ .about = "links to other things are left alone",
	  .files = { ">README.md", "+vendor", "1_a.sql" },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql\n" },
	{ .about = "a name that leads up",
	  .files = { "../1_a.sql" },
	  .expect = "db/../1_a.sql: the name leads out of the folder\n" },
	{ .about = "a name that leads up further in",
	  .files = { "x/../../1_a.sql" },
	  .expect = "db/x/../../1_a.sql: the name leads out of the folder\n" },
	{ .about = "a name that ends in two dots",
	  .files = { "x/.." },
	  .expect = "db/x/..: the name leads out of the folder\n" },
	{ .about = "an absolute name",
	  .files = { "/etc/1_a.sql" },
	  .expect = "db//etc/1_a.sql: the name leads out of the folder\n" },
	{ .about = "two dots inside a name are only dots",
	  .files = { "1_a..b.sql", "2_..sql" },
	  .expect = "layout native\n"
		    "1_a..b v1 1_a..b.sql\n"
		    "2_. v2 2_..sql\n" },
	{ .about = "a newline in a name is never printed",
	  .files = { "1_a\nb.sql" },
	  .expect = "db/1_a\\nb.sql: the file name has control characters or "
		    "is not UTF-8 [rename the file]\n" },
	{ .about = "nor is a terminal escape",
	  .files = { "1_\x1b[31mred.sql" },
	  .expect = "db/1_\\x1b[31mred.sql: the file name has control "
		    "characters or is not UTF-8 [rename the file]\n" },
	{ .about = "nor its eight-bit form",
	  .files = { "1_\xc2\x9b"
		     "31m.sql" },
	  .expect = "db/1_\\xc2\\x9b31m.sql: the file name has control "
		    "characters or is not UTF-8 [rename the file]\n" },
	{ .about = "a name in another encoding",
	  .files = { "1_caf\xe9.sql" },
	  .expect = "db/1_caf\\xe9.sql: the file name has control characters "
		    "or is not UTF-8 [rename the file]\n" },
	{ .about = "an escape in a folder's name",
	  .files = { "\x1b[2J/1_a.sql" },
	  .expect = "db/\\x1b[2J/1_a.sql: the file name has control characters "
		    "or is not UTF-8 [rename the file]\n" },
	{ .about = "letters of the world, spaces and quotes are fine",
	  .files = { "1_\xc3\xa9t\xc3\xa9 d'or \"x\".sql" },
	  .expect = "layout native\n"
		    "1_\xc3\xa9t\xc3\xa9 d'or \"x\" v1 "
		    "1_\xc3\xa9t\xc3\xa9 d'or \"x\".sql\n" },
	{ .about = "escapes in names of other things do not matter",
	  .files = { "\x1b[2J.md", "1_a.sql" },
	  .expect = "layout native\n"
		    "1_a v1 1_a.sql\n" },
};

static void migration_set_read__refuses_hostile_names(void **state)
{
	(void)state;
	check_folders(hostile, ARRAY_LEN(hostile));
}

static struct err *broken_list(struct source *s, source_entry_fn fn,
			       void *payload)
{
	(void)s;
	(void)fn;
	(void)payload;
	return err_new(ERR_STORE, "the tree cannot be read");
}

static void migration_set_read__passes_on_errors_of_the_source(void **state)
{
	static const struct source_ops broken = { .list = broken_list };
	struct source s = { .ops = &broken, .dir = "db" };
	struct migration_options opt = { 0 };
	struct migration_set set;

	(void)state;
	assert_fails(migration_set_read(&set, &s, &opt), ERR_STORE);
	assert_int_equal(set.n, 0);
	assert_string_equal(migration_layout_name(&set), "native");
	migration_set_release(&set);
}

/** Paths of errors begin with the folder, whatever it is called. */
static void scan_error__knows_the_folder(void **state)
{
	static const struct {
		const char *dir, *expect;
	} rows[] = {
		{ "", "1_a.sql" },
		{ ".", "1_a.sql" },
		{ "db/migrations", "db/migrations/1_a.sql" },
		{ "d\x1b[2J", "d\\x1b[2J/1_a.sql" },
		{ NULL, "1_a.sql" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct migration_options opt = { 0 };
		struct fake_source s;
		struct migration_set set;
		struct err *e;

		fake_source_init(&s);
		s.base.dir = rows[i].dir;
		fake_source_add_word(&s, ">1_a.sql");
		e = migration_set_read(&set, &s.base, &opt);
		assert_non_null(e);
		assert_int_equal(err_class_of(e), ERR_INPUT);
		assert_string_equal(err_at_of(e)->path, rows[i].expect);
		err_free(e);
		migration_set_release(&set);
		fake_source_release(&s);
	}
}

static void migration_full_path__puts_the_folder_in_front(void **state)
{
	static const struct {
		const char *dir, *expect;
	} rows[] = { { "", "a.sql" },
		     { ".", "a.sql" },
		     { "x/y", "x/y/a.sql" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct migration_options opt = { 0 };
		struct fake_source s;
		struct migration_set set;

		fake_source_init(&s);
		s.base.dir = rows[i].dir;
		assert_ok(migration_set_read(&set, &s.base, &opt));
		assert_string_equal(migration_full_path(&set, "a.sql"),
				    rows[i].expect);
		migration_set_release(&set);
		fake_source_release(&s);
	}
}

static void migration_resolve__takes_what_people_type(void **state)
{
	static const char *const files[] = { "1_users.up.sql",
					     "1_users.down.sql",
					     "02_orders.up.sql",
					     "2026_x.up.sql" };
	static const struct {
		const char *typed, *expect;
	} rows[] = {
		{ "1_users", "1_users" },
		{ "1", "1_users" },
		{ "0001", "1_users" },
		{ "2", "02_orders" },
		{ "2026", "2026_x" },
		{ "1_users.sql", "1_users" },
		{ "1_users.up.sql", "1_users" },
		{ "1_users.down.sql", "1_users" },
		{ "db/1_users.up.sql", "1_users" },
		{ "db/1_users.down.sql", "1_users" },
		{ "users", NULL },
		{ "3", NULL },
		{ "", NULL },
		{ "other/1_users.up.sql", NULL },
	};
	struct migration_options opt = { .layout = "golang-migrate" };
	struct fake_source s;
	struct migration_set set;

	(void)state;
	fake_source_init(&s);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		fake_source_add(&s, files[i], "A;");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct migration *m;

		m = migration_resolve(&set, rows[i].typed);
		if (rows[i].expect) {
			assert_non_null(m);
			assert_string_equal(m->name, rows[i].expect);
		} else {
			assert_null(m);
		}
	}
	assert_null(migration_find(&set, "1"));
	assert_non_null(migration_find(&set, "02_orders"));
	migration_set_release(&set);
	fake_source_release(&s);
}

static void migration_resolve__does_not_guess_between_two(void **state)
{
	struct migration_options opt = { .layout = "rezoom" };
	struct fake_source s;
	struct migration_set set;

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "V1.a.sql", "A;");
	fake_source_add(&s, "V1.a-b.sql", "A;");
	fake_source_add(&s, "V2.c.sql", "A;");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_null(migration_resolve(&set, "1"));
	assert_string_equal(migration_resolve(&set, "2")->name, "V2.c");
	migration_set_release(&set);
	fake_source_release(&s);
}

static const struct new_case slugs[] = {
	{ .about = "spaces, quotes and letters of the world are cleaned",
	  .slug = "  \xc3\x89t\xc3\xa9: \"drop\" it's/now; ",
	  .expect = "20261122150405_t_drop_it_s_now.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "dashes and underscores stay, at the ends they go",
	  .slug = "--a-b__c--",
	  .expect = "20261122150405_a-b_c.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "a path is only a name",
	  .slug = "../../etc/passwd",
	  .expect = "20261122150405_etc_passwd.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
	{ .about = "nothing is left",
	  .slug = "\x1b\xc3\xa9 _-_",
	  .expect = "the name \"\\x1b\xc3\xa9 _-_\" has no letter and no "
		    "digit\n" },
	{ .about = "nothing was given",
	  .slug = "",
	  .expect = "the name \"\" has no letter and no digit\n" },
	{ .about = "as long as a file system takes it",
	  .slug = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
		  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
		  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee",
	  .expect = "20261122150405_"
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
		    "aaaaaaaaaabbbbbbbbbb.sql|-- migrate:up\\n\\n-- "
		    "migrate:down\\n\n" },
};

static void migration_new__cleans_what_was_typed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(slugs); i++)
		check_new(&slugs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_set_read__refuses_hostile_names),
		cmocka_unit_test(
			migration_set_read__passes_on_errors_of_the_source),
		cmocka_unit_test(scan_error__knows_the_folder),
		cmocka_unit_test(migration_full_path__puts_the_folder_in_front),
		cmocka_unit_test(migration_resolve__takes_what_people_type),
		cmocka_unit_test(migration_resolve__does_not_guess_between_two),
		cmocka_unit_test(migration_new__cleans_what_was_typed),
	};

	return cmocka_run_group_tests_name("migration/set", tests, NULL, NULL);
}
