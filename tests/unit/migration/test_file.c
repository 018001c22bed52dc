#include "unit/migration/cases.h"

/* One native migration of these bytes, loaded; what it says, or its error. */
static void check_bytes(const void *bytes, size_t len, const char *expect)
{
	struct migration_options opt = { .layout = "native" };
	struct fake_source s;
	struct migration_set set;
	struct buf got = BUF_INIT;
	struct err *e;

	fake_source_init(&s);
	fake_source_add_bytes(&s, "1_a.sql", bytes, len);
	assert_ok(migration_set_read(&set, &s.base, &opt));
	e = migration_load(&set, set.items[0]);
	if (e) {
		assert_int_equal(err_class_of(e), ERR_INPUT);
		fake_add_err(&got, e);
	} else {
		add_migration(&got, set.items[0]);
	}
	show_difference(expect, expect, buf_str(&got));
	buf_release(&got);
	migration_set_release(&set);
	fake_source_release(&s);
}

#define BYTES(s) s, sizeof(s) - 1

static void migration_load__takes_text_only(void **state)
{
	(void)state;
	check_bytes(BYTES("A;\nB\0C;"),
		    "db/1_a.sql:2:2: a NUL byte is in the file\n");
	check_bytes(BYTES("A;\n \xc3(;"),
		    "db/1_a.sql:2:2: the file is not valid UTF-8 [the byte "
		    "0xc3 starts no character]\n");
	check_bytes(BYTES("\xff\xfe"
			  "A\0;\0"),
		    "db/1_a.sql:1:1: the file is not valid UTF-8 [it looks "
		    "like UTF-16: save it as UTF-8]\n");
	check_bytes(BYTES("\xed\xa0\x80"),
		    "db/1_a.sql:1:1: the file is not valid UTF-8 [the byte "
		    "0xed starts no character]\n");
	check_bytes(BYTES("A\0\xff"),
		    "db/1_a.sql:1:2: a NUL byte is in the file\n");
	check_bytes(BYTES("SELECT '\xf0\x9f\x90\x98';"),
		    "up 1: SELECT '\xf0\x9f\x90\x98';\n");
	check_bytes(BYTES("\xef\xbb\xbf"),
		    "db/1_a.sql:1: the migration is empty [write its SQL; one "
		    "that does nothing on purpose says so in a comment]\n");
	check_bytes(BYTES(" \t\r\n\n"),
		    "db/1_a.sql:1: the migration is empty [write its SQL; one "
		    "that does nothing on purpose says so in a comment]\n");
}

static void migration_load__refuses_what_is_too_large(void **state)
{
	size_t n = MIGRATION_MAX_BYTES + 1;
	char *huge = xcalloc(1, n);

	(void)state;
	memset(huge, 'x', n);
	check_bytes(huge, n,
		    "db/1_a.sql: the file has 67108865 bytes, at most 67108864 "
		    "are read\n");
	free(huge);
}

static void migration_load__reads_once(void **state)
{
	struct migration_options opt = { .layout = "golang-migrate" };
	struct fake_source s;
	struct migration_set set;

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "1_a.up.sql", "A;");
	fake_source_add(&s, "1_a.down.sql", "B;");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	assert_false(set.items[0]->loaded);
	assert_ok(migration_load(&set, set.items[0]));
	assert_ok(migration_load(&set, set.items[0]));
	assert_int_equal(s.reads, 2);
	assert_string_equal(set.items[0]->file, "A;");
	assert_int_equal(set.items[0]->file_len, 2);
	assert_string_equal(set.items[0]->down_file, "B;");
	assert_int_equal(set.items[0]->down_file_len, 2);
	migration_set_release(&set);
	fake_source_release(&s);
}

/* A migration that failed to load says the same again. */
static void migration_load__leaves_it_as_it_was_on_error(void **state)
{
	struct migration_options opt = { .layout = "native" };
	struct fake_source s;
	struct migration_set set;
	struct migration before;

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "1_a.sql",
			"-- migrate:depends x\n-- migrate:batch 5\nA;\n"
			"-- migrate:nope\n");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	before = *set.items[0];
	for (int i = 0; i < 2; i++) {
		assert_fails(migration_load(&set, set.items[0]), ERR_INPUT);
		assert_memory_equal(set.items[0], &before, sizeof(before));
	}
	migration_set_release(&set);
	fake_source_release(&s);
}

static void migration_load__names_a_file_that_is_gone(void **state)
{
	struct migration_options opt = { .layout = "native" };
	struct fake_source s;
	struct migration_set set;
	struct buf got = BUF_INIT;

	(void)state;
	fake_source_init(&s);
	fake_source_add(&s, "1_a.sql", "A;");
	assert_ok(migration_set_read(&set, &s.base, &opt));
	fake_source_release(&s);
	fake_add_err(&got, migration_load(&set, set.items[0]));
	assert_string_equal(buf_str(&got),
			    "db/1_a.sql: no such file: 1_a.sql\n");
	buf_release(&got);
	migration_set_release(&set);
}

static void migration_parse__reads_as_the_layout_would(void **state)
{
	static const struct {
		const char *layout, *text, *expect;
	} rows[] = {
		{ "native", "-- migrate:up\nA;\n-- migrate:down\nB;\n",
		  "up 2: A;\\n\ndown 4: B;\\n\n" },
		{ "goose", "-- +goose Up\nA;\n", "up 2: A;\\n\n" },
		{ "golang-migrate", "A;\n", "up 1: A;\\n\n" },
		{ "sqlx", "-- no-transaction\nA;\n",
		  "up 1: -- no-transaction\\nA;\\n\nno-transaction\n" },
		{ "flyway", "A;", "up 1: A;\n" },
		{ "diesel", "A;", "up 1: A;\n" },
		{ "prisma", "A;", "up 1: A;\n" },
		{ "sqitch", "BEGIN; A; COMMIT;", "up 1: BEGIN; A; COMMIT;\n" },
		{ "rezoom", "A;", "up 1: A;\n" },
		{ "pattern", "A;", "up 1: A;\n" },
		{ "goose", "A;\n",
		  "1_a.sql:1: there is no \"-- +goose Up\" [goose needs one in "
		  "each file; for files without it: git config "
		  "migrate.layout native]\n" },
		{ "native", "\xff",
		  "1_a.sql:1:1: the file is not valid UTF-8 [the byte 0xff "
		  "starts no character]\n" },
		{ "chalk", "A;",
		  "1_a.sql: its layout \"chalk\" is not known\n" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct migration m = { .name = "1_a", .path = "1_a.sql" };
		struct buf got = BUF_INIT;
		struct err *e;

		e = migration_parse(&arena, rows[i].layout, "1_a.sql", &m,
				    rows[i].text, strlen(rows[i].text));
		if (e)
			fake_add_err(&got, e);
		else
			add_migration(&got, &m);
		show_difference(rows[i].layout, rows[i].expect, buf_str(&got));
		assert_int_equal(m.loaded, !e);
		buf_release(&got);
	}
	arena_release(&arena);
}

/* Parse both texts as native and compare what runs. */
static bool same(const char *a, const char *b)
{
	struct migration x = { .name = "a", .path = "a.sql" }, y = x;
	struct arena arena = ARENA_INIT;
	bool result;

	assert_ok(migration_parse(&arena, "native", "a", &x, a, strlen(a)));
	assert_ok(migration_parse(&arena, "native", "b", &y, b, strlen(b)));
	result = migration_same_substance(SQL_SQLITE, &x, &y);
	arena_release(&arena);
	return result;
}

static void migration_same_substance__looks_at_what_runs(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "SELECT 1;", "select   1 -- one\n;", true },
		{ "SELECT 1;", "SELECT 2;", false },
		{ "SELECT 1;", "SELECT 1; SELECT 1;", false },
		{ "SELECT 'a';", "SELECT 'A';", false },
		{ "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n",
		  "SELECT 1;\n", true },
		{ "-- migrate:description x\nSELECT 1;", "SELECT 1;", true },
		{ "-- migrate:no-transaction\nSELECT 1;", "SELECT 1;", false },
		{ "-- migrate:batch 5\nSELECT 1;", "SELECT 1;", false },
		{ "-- migrate:batch 5\nSELECT 1;",
		  "-- migrate:batch 6\nSELECT 1;", true },
		{ "-- migrate:up\nSELECT 1;\n-- migrate:down\nX;\n"
		  "-- migrate:up\nSELECT 2;\n",
		  "SELECT 1; SELECT 2;", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (same(rows[i].a, rows[i].b) != rows[i].same)
			fail_msg("%s | %s", rows[i].a, rows[i].b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_load__takes_text_only),
		cmocka_unit_test(migration_load__refuses_what_is_too_large),
		cmocka_unit_test(migration_load__reads_once),
		cmocka_unit_test(migration_load__leaves_it_as_it_was_on_error),
		cmocka_unit_test(migration_load__names_a_file_that_is_gone),
		cmocka_unit_test(migration_parse__reads_as_the_layout_would),
		cmocka_unit_test(migration_same_substance__looks_at_what_runs),
	};

	return cmocka_run_group_tests_name("migration/file", tests, NULL, NULL);
}
