#include "unit/migration/cases.h"

/*
 * migration_new() again and again, with one stamp and one name, in folders
 * of all sorts: what it makes is read back as one migration more, always.
 */

struct start {
	const char *layout, *pattern;
	const char *files[8];
};

static const struct start starts[] = {
	{ "native", NULL, { NULL } },
	{ "native", NULL, { "1_a.sql", "02_b.sql", "9_c.sql" } },
	{ "native", NULL, { "20261122150405_add.sql" } },
	{ "native", NULL, { "20261231235958_a.sql", "20261231235959_b.sql" } },
	{ "native", NULL, { "1700000000_a.sql" } },
	{ "native", NULL, { "20261122150405000_a.sql" } },
	{ "native", NULL, { "202611221504_a.sql" } },
	{ "native", NULL, { "99999999999999999999_a.sql" } },
	{ "native", NULL, { "0_a.sql", "00000000000001_b.sql" } },
	{ "dbmate", NULL, { "20261122150405_add.sql", "3_x.sql" } },
	{ "goose", NULL, { "00001_a.sql", "00009_add.sql" } },
	{ "goose", NULL, { "20261122150405_add.sql" } },
	{ "golang-migrate", NULL, { "000001_a.up.sql", "000001_a.down.sql" } },
	{ "golang-migrate", NULL, { "9_add.up.sql", "10_add.down.sql" } },
	{ "golang-migrate", NULL, { NULL } },
	{ "sqlx", NULL, { "1_a.up.sql", "1_a.down.sql" } },
	{ "sqlx", NULL, { "20261122150405_add.sql" } },
	{ "flyway", NULL, { "V1__a.sql", "R__add.sql" } },
	{ "flyway", NULL, { "V1.9__a.sql", "V1_10__add.sql" } },
	{ "flyway", NULL, { "B3__a.sql", "U3__x.sql" } },
	{ "flyway", NULL, { "V20261122150405__add.sql" } },
	{ "flyway", NULL, { NULL } },
	{ "diesel", NULL, { "2026-11-22-150405_add/up.sql" } },
	{ "diesel", NULL, { "20261122150405_add/up.sql" } },
	{ "diesel", NULL, { "00000000000000_diesel_initial_setup/up.sql" } },
	{ "prisma", NULL, { "20261122150405_add/migration.sql" } },
	{ "prisma", NULL, { "0_init/migration.sql", "migration_lock.toml" } },
	{ "rezoom", NULL, { "V1.add.sql", "V1.add-b.sql" } },
	{ "rezoom", NULL, { NULL } },
	{ "pattern", "{version}_{name}.sql", { "0099_add.sql" } },
	{ "pattern", "{version}__{name}.sql", { "4.2/03__x.sql" } },
	{ "pattern", "{name}.{direction}.sql", { "0001_a.up.sql" } },
	{ "pattern", "{name}.sql", { "20261122150405_add.sql" } },
	{ "pattern", "{name}.sql", { "abc.sql", "20261122150405_add.sql" } },
	{ "pattern",
	  "{name}.sql",
	  { "20261122150405_add.sql", "20261122150406_add.sql", "x.sql" } },
	{ "pattern", "{name}.sql", { "abc.sql", "20261122150405.sql" } },
	{ "pattern", "{dialect}/{version}.{name}.sql", { "sqlite/7.add.sql" } },
	{ "pattern", "{version}/{direction}.{name}.sql", { "7/up.add.sql" } },
	{ "pattern", "v{version}-{name}.sql", { NULL } },
};

struct collected {
	char *paths[4], *texts[4];
	size_t n;
};

static struct err *collect(void *payload, const char *path, const char *text)
{
	struct collected *c = payload;

	assert_true(c->n < ARRAY_LEN(c->paths));
	c->paths[c->n] = xstrdup(path);
	c->texts[c->n++] = xstrdup(text);
	return NULL;
}

/* New files must not be there yet; they are given something to do. */
static void add_files(struct fake_source *s, struct collected *c,
		      const char *about)
{
	for (size_t i = 0; i < c->n; i++) {
		struct buf text = BUF_INIT;
		const char *line_end = strchr(c->texts[i], '\n');
		size_t head =
			line_end ? (size_t)(line_end - c->texts[i]) + 1 : 0;

		for (size_t k = 0; k < s->n; k++)
			if (streq(s->files[k].path, c->paths[i]))
				fail_msg("%s: %s is there already", about,
					 c->paths[i]);
		buf_add(&text, c->texts[i], head);
		buf_addstr(&text, "SELECT 1;\n");
		buf_addstr(&text, c->texts[i] + head);
		fake_source_add(s, c->paths[i], buf_str(&text));
		buf_release(&text);
		free(c->paths[i]);
		free(c->texts[i]);
	}
}

static const struct migration *by_path(const struct migration_set *set,
				       const char *path)
{
	for (size_t i = 0; i < set->n; i++)
		if (streq(set->items[i]->path, path))
			return set->items[i];
	return NULL;
}

static void read_set(struct migration_set *set, struct fake_source *s,
		     const struct start *start, const char *about)
{
	struct migration_options opt = { .layout = start->layout,
					 .pattern = start->pattern };
	struct err *e = migration_set_read(set, &s->base, &opt);

	if (e)
		fail_msg("%s: %s", about, err_text(e));
}

static void make_some(const struct start *start, const char *stamp,
		      const char *slug)
{
	char *about =
		xasprintf("%s %s '%s'", start->layout,
			  start->files[0] ? start->files[0] : "empty", slug);
	struct migration_set set;
	struct fake_source s;

	fake_source_init(&s);
	for (size_t i = 0; start->files[i]; i++)
		fake_source_add_word(&s, start->files[i]);
	read_set(&set, &s, start, about);
	for (int round = 0; round < 14; round++) {
		struct collected c = { .n = 0 };
		size_t n = set.n, strays = set.n_strays;
		char *path;

		assert_ok(migration_new(&set, stamp, slug, collect, &c));
		assert_true(c.n > 0);
		path = xstrdup(c.paths[0]);
		add_files(&s, &c, about);
		migration_set_release(&set);
		read_set(&set, &s, start, about);
		if (set.n != n + 1 || !by_path(&set, path))
			fail_msg("%s: %s gives %zu and not %zu", about, path,
				 set.n, n + 1);
		assert_true(set.n_strays <= strays);
		for (size_t i = 0; i < set.n; i++)
			if (streq(set.items[i]->path, path))
				assert_ok(migration_load(&set, set.items[i]));
		free(path);
	}
	migration_set_release(&set);
	fake_source_release(&s);
	free(about);
}

static void migration_new__never_takes_what_is_there(void **state)
{
	static const char *const slugs[] = { "add",    "a", "up",
					     "x.down", "7", "1_1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		for (size_t k = 0; k < ARRAY_LEN(slugs); k++)
			make_some(&starts[i], "20261122150405", slugs[k]);
}

/* At the end of a minute, a month, a leap year's February, a year. */
static void migration_new__goes_on_over_the_calendar(void **state)
{
	static const char *const stamps[] = { "20261122150459",
					      "20261130235959",
					      "20280228235959",
					      "20261231235958" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stamps); i++)
		for (size_t k = 0; k < ARRAY_LEN(starts); k++)
			make_some(&starts[k], stamps[i], "add");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_new__never_takes_what_is_there),
		cmocka_unit_test(migration_new__goes_on_over_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
