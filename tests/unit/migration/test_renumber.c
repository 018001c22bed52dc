#include "support/unit.h"

#include <stdlib.h>

#include "base/util.h"
#include "migration/renumber.h"
#include "support/fake_source.h"

static void read_set(struct migration_set *set, struct fake_source *source,
		     const char *layout, const char *const *files)
{
	struct migration_options opt = { .layout = layout,
					 .dialect = SQL_SQLITE };

	fake_source_init(source);
	for (; *files; files++)
		fake_source_add_word(source, *files);
	assert_ok(migration_set_read(set, &source->base, &opt));
}

static void next__is_behind_all_and_written_like_them(void **state)
{
	static const struct {
		const char *layout, *files[4], *more, *want;
	} cases[] = {
		{ "native",
		  { "20260101000000_a.sql" },
		  NULL,
		  "20261122150405" },
		{ "native",
		  { "20270101000000_a.sql" },
		  NULL,
		  "20270101000001" },
		{ "native",
		  { "20270101000000_a.sql" },
		  "20271231235959",
		  "20280101000000" },
		{ "native", { "0007_a.sql" }, NULL, "0008" },
		{ "native", { "0007_a.sql" }, "0012", "0013" },
		{ "goose", { "1_a.sql" }, "9", "10" },
		{ "native",
		  { "20260101000000123_a.sql" },
		  NULL,
		  "20261122150405000" },
		{ "flyway", { "V1.2__a.sql", "R__b.sql" }, NULL, "1.3" },
		{ "diesel",
		  { "2027-01-01-000059_a/up.sql" },
		  NULL,
		  "20270101000100" },
		{ "prisma",
		  { "20260101000000_a/migration.sql" },
		  NULL,
		  "20261122150405" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_source source;
		struct migration_set set;
		char *next;

		read_set(&set, &source, cases[i].layout, cases[i].files);
		next = migration_next_version(&set, &cases[i].more,
					      cases[i].more != NULL,
					      "20261122150405");
		assert_string_equal(next, cases[i].want);
		free(next);
		migration_set_release(&set);
		fake_source_release(&source);
	}
}

static void path__has_the_other_version(void **state)
{
	static const struct {
		const char *path, *version, *next, *want;
	} cases[] = {
		{ "5_a.sql", "5", "12", "12_a.sql" },
		{ "0005_a5.up.sql", "0005", "0012", "0012_a5.up.sql" },
		{ "05_a.down.sql", "5", "12", "12_a.down.sql" },
		{ "v5/5_a.sql", "5", "6", "v5/6_a.sql" },
		{ "V1.2__a.sql", "1.2", "1.3", "V1.3__a.sql" },
		{ "sub/U1_2__a.sql.conf", "1.2", "1.3",
		  "sub/U1.3__a.sql.conf" },
		{ "2026-01-01-000000_a/up.sql", "20260101000000",
		  "20261122150405", "2026-11-22-150405_a/up.sql" },
		{ "20260101000000_a/up.sql", "20260101000000", "20261122150405",
		  "20261122150405_a/up.sql" },
		{ "4.2/03__x.sql", "4.2/03", "4.2/04", "4.2/04__x.sql" },
		{ "V3.foo-bar.sql", "3", "4", "V4.foo-bar.sql" },
		{ "15_a.sql", "5", "6", NULL },
		{ "a.sql", "5", "6", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got = migration_path_renumbered(
			cases[i].path, cases[i].version, cases[i].next);

		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
		else
			assert_null(got);
		free(got);
	}
}

static void rewritten(const char *text, const char *want)
{
	const char *files[] = { "1_a.sql", "2_b.sql", NULL, NULL };
	struct map names = MAP_INIT;
	struct fake_source source;
	struct migration_set set;
	struct buf out = BUF_INIT, file = BUF_INIT;
	char new_b[] = "7_b";

	buf_addf(&file, "3_c.sql\t%s", text);
	files[2] = buf_str(&file);
	read_set(&set, &source, "native", files);
	map_put(&names, "2_b", new_b);
	assert_ok(migration_load(&set, migration_find(&set, "3_c")));
	assert_int_equal(migration_rename_depends(&set,
						  migration_find(&set, "3_c"),
						  &names, &out),
			 want != NULL);
	assert_string_equal(buf_str(&out), want ? want : "");
	buf_release(&out);
	buf_release(&file);
	map_release(&names);
	migration_set_release(&set);
	fake_source_release(&source);
}

static void depends__say_the_new_names_and_nothing_else_changes(void **state)
{
	(void)state;
	rewritten("-- migrate:depends 1_a 2_b\r\n-- migrate:up\r\nselect "
		  "'2_b';\r\n",
		  "-- migrate:depends 1_a 7_b\r\n-- migrate:up\r\nselect "
		  "'2_b';\r\n");
	rewritten("--  migrate:depends  2_b\t1_a  \n-- migrate:depends 2_b\n"
		  "select 1;",
		  "--  migrate:depends  7_b\t1_a  \n-- migrate:depends 7_b\n"
		  "select 1;");
	rewritten("-- migrate:depends 2\nselect 1;",
		  "-- migrate:depends 7_b\nselect 1;");
	rewritten("-- migrate:depends 1_a\nselect 1; -- 2_b\n", NULL);
	rewritten("select 1;\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next__is_behind_all_and_written_like_them),
		cmocka_unit_test(path__has_the_other_version),
		cmocka_unit_test(
			depends__say_the_new_names_and_nothing_else_changes),
	};

	return cmocka_run_group_tests_name("migration/renumber", tests, NULL,
					   NULL);
}
