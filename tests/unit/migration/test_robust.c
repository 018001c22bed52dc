#include "migration/layout.h"

#include "unit/migration/cases.h"

/*
 * Whatever a folder holds, every layout either reads it or says why not: no
 * file gets lost, nothing unprintable comes out. Names and texts are put
 * together at random from pieces that mean something to some layout.
 */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

#define PICK(list, seed) (list)[next_random(seed) % ARRAY_LEN(list)]

static void random_path(struct buf *b, unsigned *seed)
{
	static const char *const pieces[] = {
		"1",
		"2",
		"07",
		"10",
		"2026-01-02",
		"V1",
		"V2.3",
		"U1",
		"R",
		"B2",
		"_",
		"__",
		"-",
		".",
		"a",
		"users",
		"up",
		"down",
		".up",
		".down",
		"/",
		"up.sql",
		"migration.sql",
		"sqlite",
		"deploy/",
		" ",
		"'",
		"\"",
		"\xc3\xa9",
		"@v1",
		"..",
		"0",
	};
	unsigned n = 1 + next_random(seed) % 5;

	buf_reset(b);
	while (n-- > 0)
		buf_addstr(b, PICK(pieces, seed));
	if (next_random(seed) % 8)
		buf_addstr(b, ".sql");
}

static void random_text(struct buf *b, unsigned *seed)
{
	static const char *const pieces[] = {
		"-- migrate:up\n",
		"-- migrate:up transaction:false\n",
		"-- migrate:down\n",
		"-- migrate:depends 1_a\n",
		"-- migrate:description x\n",
		"-- migrate:irreversible\n",
		"-- migrate:batch 7\n",
		"-- migrate:lock-timeout 5s\n",
		"-- migrate:nope\n",
		"-- migrate:",
		"-- +goose Up\n",
		"-- +goose Down\n",
		"-- +goose StatementBegin\n",
		"-- +goose StatementEnd\n",
		"-- +goose NO TRANSACTION\n",
		"-- +goose",
		"-- no-transaction\n",
		"SELECT 1;\n",
		"/* ",
		" */",
		"\n",
		"\r\n",
		"'",
		"--",
		" ",
		"\xef\xbb\xbf",
		"\xc3\xa9",
		"\xff",
		"executeInTransaction=false\n",
		"run_in_transaction = maybe\n",
		"a t p\n",
		"@v1 t\n",
		"a [a@v1 !b x:y] t # n\n",
		"%project=x\n",
		"[",
	};
	unsigned n = next_random(seed) % 8;

	buf_reset(b);
	while (n-- > 0)
		buf_addstr(b, PICK(pieces, seed));
	if (next_random(seed) % 50 == 0)
		buf_addch(b, '\0');
}

static bool already_there(const struct fake_source *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->files[i].path, path))
			return true;
	return false;
}

static void random_folder(struct fake_source *s, unsigned *seed)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	unsigned n = next_random(seed) % 7;

	fake_source_init(s);
	if (next_random(seed) % 6 == 0) {
		random_text(&text, seed);
		fake_source_add_bytes(s, "sqitch.plan", buf_str(&text),
				      text.len);
		fake_source_add(s, "deploy/a.sql", "A;");
		fake_source_add(s, "deploy/a@v1.sql", "A;");
	}
	while (n-- > 0) {
		random_path(&path, seed);
		random_text(&text, seed);
		if (already_there(s, buf_str(&path)))
			continue;
		fake_source_add_bytes(s, buf_str(&path), buf_str(&text),
				      text.len);
		if (next_random(seed) % 30 == 0)
			s->files[s->n - 1].kind = SOURCE_SYMLINK;
	}
	buf_release(&path);
	buf_release(&text);
}

/* Nothing that steers a terminal is in an error. */
static void check_error(struct err *e)
{
	struct buf line = BUF_INIT;
	char *safe;

	assert_int_equal(err_class_of(e), ERR_INPUT);
	fake_add_err(&line, e);
	assert_int_equal(line.data[line.len - 1], '\n');
	buf_truncate(&line, line.len - 1);
	safe = text_safe(buf_str(&line));
	assert_string_equal(safe, buf_str(&line));
	free(safe);
	buf_release(&line);
}

static bool is_used(const struct migration_set *set, const char *path)
{
	for (size_t i = 0; i < set->n; i++)
		if (streq(set->items[i]->path, path) ||
		    streq_null(set->items[i]->down_path, path) ||
		    streq_null(set->items[i]->side_path, path))
			return true;
	for (size_t i = 0; i < set->n_strays; i++)
		if (streq(set->strays[i].path, path))
			return true;
	return false;
}

/* Sections lie where they say, and end where their text ends. */
static void check_loaded(const struct migration *m)
{
	assert_true(m->loaded);
	assert_non_null(m->up.text);
	assert_in_range(m->up.line, 1, 100);
	assert_int_equal(m->up.text[m->up.len] == '\0' ||
				 m->up.text + m->up.len !=
					 m->file + m->file_len,
			 true);
	if (m->down.text)
		assert_in_range(m->down.line, 1, 100);
	for (size_t i = 0; m->depends && m->depends[i]; i++)
		assert_true(*m->depends[i]);
}

static void check_set(struct migration_set *set, const struct fake_source *s)
{
	bool finds_all = !streq(migration_layout_name(set), "sqitch");

	for (size_t i = 0; i < set->n; i++) {
		struct migration *m = set->items[i];
		struct err *e;

		assert_int_equal(m->rank, i);
		assert_ptr_equal(migration_find(set, m->name), m);
		e = migration_load(set, m);
		if (e)
			check_error(e);
		else
			check_loaded(m);
	}
	for (size_t i = 0; finds_all && i < s->n; i++)
		if (s->files[i].kind == SOURCE_FILE &&
		    ends_with(s->files[i].path, ".sql"))
			assert_true(is_used(set, s->files[i].path));
}

static void try_layout(struct fake_source *s, const char *layout,
		       const char *pattern)
{
	struct migration_options opt = { .layout = layout, .pattern = pattern };
	struct migration_set set;
	struct err *e = migration_set_read(&set, &s->base, &opt);

	if (e)
		check_error(e);
	else
		check_set(&set, s);
	migration_set_release(&set);
}

static void migration_set_read__loses_no_file(void **state)
{
	static const char *const patterns[] = {
		"{version}_{name}.sql",
		"{version}__{name}.{direction}.sql",
		"{direction}/{version}_{name}.sql",
	};

	(void)state;
	for (unsigned round = 1; round <= 4000; round++) {
		unsigned seed = round;
		struct fake_source s;

		random_folder(&s, &seed);
		try_layout(&s, NULL, NULL);
		for (size_t i = 0; layouts[i]; i++)
			try_layout(&s, layouts[i]->name, PICK(patterns, &seed));
		fake_source_release(&s);
	}
}

/* Reading the same folder in another order of listing changes nothing. */
static void migration_set_read__does_not_depend_on_the_listing(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 1000; round++) {
		struct migration_options opt = { 0 };
		struct buf first = BUF_INIT, second = BUF_INIT;
		unsigned seed = round;
		struct fake_source s;

		random_folder(&s, &seed);
		for (int turn = 0; turn < 2; turn++) {
			struct buf *out = turn ? &second : &first;
			struct migration_set set;
			struct err *e;

			e = migration_set_read(&set, &s.base, &opt);
			if (!e)
				fake_add_set(out, &set);
			else
				fake_add_err(out, e);
			migration_set_release(&set);
			for (size_t i = 0; i < s.n / 2; i++) {
				struct fake_file swap = s.files[i];

				s.files[i] = s.files[s.n - 1 - i];
				s.files[s.n - 1 - i] = swap;
			}
		}
		assert_string_equal(buf_str(&first), buf_str(&second));
		buf_release(&first);
		buf_release(&second);
		fake_source_release(&s);
	}
}

static void layouts__are_complete_and_found_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; layouts[i]; i++) {
		assert_ptr_equal(layout_find(layouts[i]->name), layouts[i]);
		assert_non_null(layouts[i]->scan);
		assert_non_null(layouts[i]->parse);
		assert_non_null(layouts[i]->create);
	}
	assert_null(layout_find("nope"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(migration_set_read__loses_no_file),
		cmocka_unit_test(
			migration_set_read__does_not_depend_on_the_listing),
		cmocka_unit_test(layouts__are_complete_and_found_by_name),
	};

	return cmocka_run_group_tests_name("migration/robust", tests, NULL,
					   NULL);
}
