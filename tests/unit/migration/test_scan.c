#include "migration/scan.h"

#include "migration/sections.h"
#include "unit/migration/cases.h"

static void scan_base__is_behind_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(scan_base("a.sql"), "a.sql");
	assert_string_equal(scan_base("x/y/a.sql"), "a.sql");
	assert_string_equal(scan_base("x/"), "");
	assert_string_equal(scan_base(""), "");
}

static void scan_half__tells_the_two_apart(void **state)
{
	static const struct {
		const char *path;
		char half;
	} rows[] = {
		{ "1_a.up.sql", 'u' },
		{ "1_a.down.sql", 'd' },
		{ "1_a.sql", 0 },
		{ "1_a_up.sql", 0 },
		{ "1_a.UP.sql", 0 },
		{ ".up.sql", 'u' },
		{ "up.sql", 0 },
		{ "1_a.up.sql.bak", 0 },
		{ "1_a.up.down.sql", 'd' },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(scan_half(rows[i].path), rows[i].half);
}

static void scan_looks_sql__takes_capitals(void **state)
{
	(void)state;
	assert_true(scan_looks_sql("a.sql"));
	assert_true(scan_looks_sql("a.SQL"));
	assert_true(scan_looks_sql("a.Sql"));
	assert_true(scan_looks_sql(".sql"));
	assert_false(scan_looks_sql("sql"));
	assert_false(scan_looks_sql("a.sql.conf"));
	assert_false(scan_looks_sql("a.pgsql"));
	assert_false(scan_looks_sql(""));
}

static void scan_find__searches_by_path(void **state)
{
	struct source_entry entries[] = { { .path = "a" },
					  { .path = "b/c" },
					  { .path = "d" } };
	struct layout_listing files = { .entries = entries, .n = 3 };

	(void)state;
	assert_ptr_equal(scan_find(&files, "a"), &entries[0]);
	assert_ptr_equal(scan_find(&files, "b/c"), &entries[1]);
	assert_ptr_equal(scan_find(&files, "d"), &entries[2]);
	assert_null(scan_find(&files, "b"));
	assert_null(scan_find(&files, ""));
	files.n = 0;
	assert_null(scan_find(&files, "a"));
}

static bool has_digit(const char *path)
{
	return scan_digits(path) > 0;
}

static void scan_first__looks_at_files_only(void **state)
{
	struct source_entry entries[] = {
		{ .path = "1", .kind = SOURCE_FOLDER },
		{ .path = "2", .kind = SOURCE_SYMLINK },
		{ .path = "a", .kind = SOURCE_FILE },
		{ .path = "3", .kind = SOURCE_FILE },
		{ .path = "4", .kind = SOURCE_FILE },
	};
	struct layout_listing files = { .entries = entries, .n = 5 };

	(void)state;
	assert_string_equal(scan_first(&files, has_digit), "3");
	files.n = 3;
	assert_null(scan_first(&files, has_digit));
}

static void scan_depends__keeps_what_is_there(void **state)
{
	struct arena arena = ARENA_INIT;
	struct migration m = { 0 };
	const char **before;

	(void)state;
	scan_depends(&arena, &m, "one two", 3, 7);
	before = m.depends;
	scan_depends(&arena, &m, "two", 3, 8);
	assert_string_equal(m.depends[0], "one");
	assert_string_equal(m.depends[1], "two");
	assert_null(m.depends[2]);
	assert_int_equal(m.depends_line[0], 7);
	assert_int_equal(m.depends_line[1], 8);
	/* a copy of the migration taken before still has its own list */
	assert_string_equal(before[0], "one");
	assert_null(before[1]);
	arena_release(&arena);
}

static void scan_count_up__keeps_the_width(void **state)
{
	static const struct {
		const char *number, *next;
	} rows[] = {
		{ "0", "1" },
		{ "9", "10" },
		{ "09", "10" },
		{ "0099", "0100" },
		{ "999", "1000" },
		{ "1", "2" },
		{ "00000", "00001" },
		{ "18446744073709551615", "18446744073709551616" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *next = scan_count_up(rows[i].number);

		assert_string_equal(next, rows[i].next);
		free(next);
	}
}

static void section_blank__keeps_lines(void **state)
{
	char text[] = "one\r\ntwo\nthree";

	(void)state;
	section_blank(text, 1, 10);
	assert_string_equal(text, "o  \r\n   \n hree");
	section_blank(text, 3, 3);
	assert_string_equal(text, "o  \r\n   \n hree");
}

static struct err *collect_pair(struct parse *p, const char *shown,
				unsigned line, const char *key,
				const char *value)
{
	struct buf *out = (struct buf *)(void *)p->m;

	buf_addf(out, "%s:%u %s=%s\n", shown, line, key, value);
	return streq(key, "stop") ? err_new(ERR_INPUT, "stopped") : NULL;
}

static void side_each__reads_keys_and_values(void **state)
{
	static const char text[] = "# word\n"
				   "a=1\r\n"
				   "  b \t=  two words # why\n"
				   "[section]\n"
				   "c = \"quoted\"\n"
				   "d = 'single'\n"
				   "e=\n"
				   "=f\n"
				   "g=h=i";
	struct buf got = BUF_INIT;
	struct parse p = { .m = (struct migration *)(void *)&got };

	(void)state;
	assert_ok(side_each(&p, "x", text, sizeof(text) - 1, collect_pair));
	assert_string_equal(buf_str(&got), "x:2 a=1\n"
					   "x:3 b=two words\n"
					   "x:5 c=quoted\n"
					   "x:6 d=single\n"
					   "x:7 e=\n"
					   "x:8 =f\n"
					   "x:9 g=h=i\n");
	buf_reset(&got);
	assert_fails(side_each(&p, "x", "stop=1\nb=2\n", 11, collect_pair),
		     ERR_INPUT);
	assert_string_equal(buf_str(&got), "x:1 stop=1\n");
	buf_release(&got);
}

static void side_bool__is_strict(void **state)
{
	bool value = false;

	(void)state;
	assert_ok(side_bool("x", 1, "k", "true", &value));
	assert_true(value);
	assert_ok(side_bool("x", 1, "k", "FALSE", &value));
	assert_false(value);
	assert_fails(side_bool("x", 1, "k", "", &value), ERR_INPUT);
	assert_fails(side_bool("x", 1, "k", "1", &value), ERR_INPUT);
	assert_fails(side_bool("x", 1, "k", "truely", &value), ERR_INPUT);
}

static void scan_free_stamp__goes_on_by_the_calendar(void **state)
{
	static const struct {
		const char *taken[3], *stamp, *expect;
	} rows[] = {
		{ { NULL }, "20260228235959", "20260228235959" },
		{ { "20260228235959_a.sql" },
		  "20260228235959",
		  "20260301000000" },
		{ { "20240228235959_a.sql" },
		  "20240228235959",
		  "20240229000000" },
		{ { "20261122150405_a.sql", "20261122150407_b.sql" },
		  "20261122150405",
		  "20261122150406" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct migration_options opt = { .layout = "native" };
		struct fake_source s;
		struct migration_set set;
		char *got;

		fake_source_init(&s);
		for (size_t k = 0; k < 3 && rows[i].taken[k]; k++)
			fake_source_add(&s, rows[i].taken[k], "A;");
		assert_ok(migration_set_read(&set, &s.base, &opt));
		got = scan_free_stamp(&set, rows[i].stamp);
		assert_string_equal(got, rows[i].expect);
		free(got);
		migration_set_release(&set);
		fake_source_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_base__is_behind_the_last_slash),
		cmocka_unit_test(scan_half__tells_the_two_apart),
		cmocka_unit_test(scan_looks_sql__takes_capitals),
		cmocka_unit_test(scan_find__searches_by_path),
		cmocka_unit_test(scan_first__looks_at_files_only),
		cmocka_unit_test(scan_depends__keeps_what_is_there),
		cmocka_unit_test(scan_count_up__keeps_the_width),
		cmocka_unit_test(section_blank__keeps_lines),
		cmocka_unit_test(side_each__reads_keys_and_values),
		cmocka_unit_test(side_bool__is_strict),
		cmocka_unit_test(scan_free_stamp__goes_on_by_the_calendar),
	};

	return cmocka_run_group_tests_name("migration/scan", tests, NULL, NULL);
}
