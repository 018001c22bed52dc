#include "trip.h"

/* A snapshot that is damaged: an error, and nothing has changed. */

#define SETUP                                                             \
	"CREATE TABLE u(id INTEGER PRIMARY KEY, name TEXT, n INT);"       \
	"INSERT INTO u VALUES (1,'ann',10),(2,'b\tb',20),(3,x'0102',30);" \
	"CREATE TABLE k(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"            \
	"INSERT INTO k VALUES ('a',1.5),('b',NULL),('c',3);"              \
	"CREATE TABLE d(x); INSERT INTO d VALUES (1),(2);"

#define MIGRATION                                                       \
	"UPDATE u SET n = 0 WHERE id < 3; DELETE FROM u WHERE id = 3;"  \
	"INSERT INTO u VALUES (9,'new',1); UPDATE k SET v = 'w' WHERE " \
	"k < 'c'; DELETE FROM k WHERE k = 'c'; DROP TABLE d"

struct damaged {
	struct world w;
	struct world_event ev;
	struct buf after;
};

static int setup(void **state)
{
	struct damaged *d = xcalloc(1, sizeof(*d));

	*state = d;
	assert_ok(world_open(&d->w, true));
	assert_ok(world_exec(&d->w, SETUP));
	assert_ok(world_apply(&d->w, MIGRATION, &d->ev));
	assert_ok(world_dump(&d->w, &d->after));
	return 0;
}

static int teardown(void **state)
{
	struct damaged *d = *state;

	world_event_release(&d->ev);
	world_close(&d->w);
	buf_release(&d->after);
	free(d);
	return 0;
}

/* True when it was taken back after all; then nothing more can be tried. */
static bool try_revert(struct damaged *d)
{
	struct memory_snapshot park;
	struct restore_result res;
	struct err *err;
	bool worked;

	memory_snapshot_init(&park);
	err = world_revert(&d->w, &d->ev, &park, &res);
	worked = !err && !res.n_conflicts;
	if (!worked)
		assert_ok(trip_expect(&d->w, buf_str(&d->after),
				      "a failed rollback changed"));
	err_free(err);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	return worked;
}

/* Put the database back to right after the migration. */
static void again(struct damaged *d)
{
	world_event_release(&d->ev);
	world_close(&d->w);
	assert_ok(world_open(&d->w, true));
	assert_ok(world_exec(&d->w, SETUP));
	assert_ok(world_apply(&d->w, MIGRATION, &d->ev));
}

static void restore__survives_any_damage(void **state)
{
	struct damaged *d = *state;
	size_t n_files = d->ev.files.n, worked = 0;

	for (size_t f = 0; f < n_files; f++) {
		struct buf text = BUF_INIT;
		char path[64];
		size_t len;

		snprintf(path, sizeof(path), "%s", d->ev.files.files[f].path);
		memory_snapshot_text(&d->ev.files, path, &text);
		len = text.len;
		for (size_t i = 0; i < len * 3; i++) {
			char *copy = xcalloc(len, 1);
			size_t n = i % 3 == 2 ? i / 3 : len;

			memcpy(copy, text.data, len);
			if (i % 3 == 0)
				copy[i / 3] ^= (char)(1 << i % 8);
			if (i % 3 == 1)
				copy[i / 3] = '\t';
			memory_snapshot_put(&d->ev.files, path, copy, n);
			free(copy);
			if (try_revert(d)) {
				worked++;
				again(d);
			}
		}
		memory_snapshot_put(&d->ev.files, path, text.data, len);
		buf_release(&text);
	}
	/* only what nobody can know: an old value that is another one */
	assert_true(worked > 0);
	assert_true(try_revert(d));
}

static void restore__says_what_is_missing(void **state)
{
	struct damaged *d = *state;
	struct memory_snapshot park;
	struct restore_result res;
	char *path = d->ev.files.files[0].path;

	memory_snapshot_init(&park);
	d->ev.files.files[0].path = xstrdup("elsewhere");
	assert_fails(world_revert(&d->w, &d->ev, &park, &res), ERR_STORE);
	free(d->ev.files.files[0].path);
	d->ev.files.files[0].path = path;
	restore_result_release(&res);
	memory_snapshot_release(&park);
	assert_true(try_revert(d));
}

/* Several migrations, taken back newest first. */
static void restore__goes_back_step_by_step(void **state)
{
	static const char *const steps[] = {
		"ALTER TABLE u ADD COLUMN x DEFAULT 5; UPDATE u SET x = n",
		"CREATE TABLE p(id INTEGER PRIMARY KEY AUTOINCREMENT, u INT "
		"REFERENCES u); INSERT INTO p(u) SELECT id FROM u",
		"ALTER TABLE u RENAME COLUMN name TO title; ALTER TABLE k "
		"RENAME TO keys",
		"CREATE TABLE n(id INTEGER PRIMARY KEY, title TEXT, n TEXT); "
		"INSERT INTO n SELECT id, title, n FROM u; DROP TABLE u; "
		"ALTER TABLE n RENAME TO u",
		"UPDATE u SET title = title || '!'; DELETE FROM keys",
		"ALTER TABLE u DROP COLUMN n; DROP TABLE keys; DROP TABLE p",
	};
	struct world_event ev[ARRAY_LEN(steps)];
	struct buf dumps[ARRAY_LEN(steps)];
	struct world w;

	(void)state;
	memset(dumps, 0, sizeof(dumps));
	assert_ok(world_open(&w, false));
	assert_ok(world_exec(&w, SETUP));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		assert_ok(world_dump(&w, &dumps[i]));
		assert_ok(world_apply(&w, steps[i], &ev[i]));
	}
	for (size_t i = ARRAY_LEN(steps); i-- > 0;) {
		assert_ok(trip_revert(&w, &ev[i]));
		assert_ok(trip_expect(&w, buf_str(&dumps[i]), steps[i]));
		world_event_release(&ev[i]);
		buf_release(&dumps[i]);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(restore__survives_any_damage,
						setup, teardown),
		cmocka_unit_test_setup_teardown(restore__says_what_is_missing,
						setup, teardown),
		cmocka_unit_test(restore__goes_back_step_by_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
