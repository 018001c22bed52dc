#include "trip.h"

#include <inttypes.h>

#include "support/random_sql.h"

/*
 * Whatever a migration does, taking it back leaves no trace: random schemas,
 * rows and migrations. CASES=n runs so many, SEED=n starts there; a failure
 * prints the seed and the fewest statements that still show it.
 */

#define MAX_STATEMENTS 48

struct story {
	bool foreign_keys;
	char *setup[MAX_STATEMENTS], *migration[MAX_STATEMENTS];
	size_t n_setup, n_migration;
};

static void story_release(struct story *s)
{
	for (size_t i = 0; i < s->n_setup; i++)
		free(s->setup[i]);
	for (size_t i = 0; i < s->n_migration; i++)
		free(s->migration[i]);
}

static void join(struct buf *out, char *const *texts, size_t n)
{
	buf_reset(out);
	for (size_t i = 0; i < n; i++)
		if (texts[i])
			buf_addf(out, "%s;\n", texts[i]);
}

/* Keep what the database accepts: all of it or nothing. */
static bool accepted(struct world *w, const char *sql)
{
	struct err *err;

	if (!*sql)
		return false;
	err = world_exec(w, "SAVEPOINT try");
	if (!err)
		err = world_exec(w, sql);
	if (err && !sqlite3_get_autocommit(w->db)) {
		err_free(world_exec(w, "ROLLBACK TO try"));
		err_free(world_exec(w, "RELEASE try"));
	} else if (!err) {
		err = world_exec(w, "RELEASE try");
		if (err)
			err_free(world_exec(w, "ROLLBACK"));
	}
	err_free(err);
	return !err;
}

static void write_story(struct story *s, uint64_t seed)
{
	struct random_sql r = { .state = seed * 0x2545f4914f6cdd1d + 1 };
	struct buf sql = BUF_INIT;
	struct world w;
	unsigned n;

	memset(s, 0, sizeof(*s));
	s->foreign_keys = random_below(&r, 2);
	assert_ok(world_open(&w, s->foreign_keys));
	/* a trigger may feed the very table that is scanned, without end */
	assert_ok(world_exec(&w, "PRAGMA max_page_count = 2000"));
	r.db = w.db;
	n = 4 + random_below(&r, 20);
	for (unsigned i = 0; i < n; i++) {
		random_setup(&r, &sql, i);
		if (accepted(&w, buf_str(&sql)))
			s->setup[s->n_setup++] = xstrdup(buf_str(&sql));
	}
	n = 1 + random_below(&r, 8);
	for (unsigned i = 0; s->n_migration < n && i < 60; i++) {
		random_statement(&r, &sql);
		if (accepted(&w, buf_str(&sql)))
			s->migration[s->n_migration++] = xstrdup(buf_str(&sql));
	}
	buf_release(&sql);
	world_close(&w);
}

/* NULL when it is exact, or when the story cannot be told at all. */
static struct err *tell(const struct story *s, unsigned *applied)
{
	struct buf setup = BUF_INIT, text = BUF_INIT;
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct world w;
	struct err *err = world_open(&w, s->foreign_keys);

	join(&setup, s->setup, s->n_setup);
	join(&text, s->migration, s->n_migration);
	if (!err)
		err = world_exec(&w, buf_str(&setup));
	if (!err)
		err = world_dump(&w, &before);
	if (!err) {
		struct world_event ev;

		err = world_apply(&w, buf_str(&text), &ev);
		if (err && err_class_of(err) == ERR_TARGET) {
			/* the database's own no */
			err_free(err);
			err = NULL;
		} else if (!err) {
			*applied += 1;
			err = world_dump(&w, &after);
			if (!err)
				err = trip_revert(&w, &ev);
		}
		world_event_release(&ev);
	} else {
		err_free(err);
		err = NULL;
		goto done;
	}
	if (!err)
		err = trip_expect(&w, buf_str(&before), "not as before");
done:
	world_close(&w);
	buf_release(&setup);
	buf_release(&text);
	buf_release(&before);
	buf_release(&after);
	return err;
}

/* Leave out what the failure does not need. */
static bool shrink_list(struct story *s, char **list, size_t n)
{
	bool any = false;

	for (size_t i = n; i-- > 0;) {
		char *kept = list[i];
		unsigned applied = 0;
		struct err *err;

		if (!kept)
			continue;
		list[i] = NULL;
		err = tell(s, &applied);
		if (err) {
			free(kept);
			any = true;
		} else {
			list[i] = kept;
		}
		err_free(err);
	}
	return any;
}

static void shrink(struct story *s)
{
	while (shrink_list(s, s->migration, s->n_migration) ||
	       shrink_list(s, s->setup, s->n_setup))
		;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void rollback__leaves_no_trace(void **state)
{
	uint64_t seed = from_environment("SEED", 1);
	uint64_t cases = from_environment("CASES", 500);
	uint64_t stop = from_environment("STOP", 1), failed = 0;
	unsigned applied = 0;

	(void)state;
	for (uint64_t i = 0; i < cases && failed < stop; i++, seed++) {
		struct buf setup = BUF_INIT, text = BUF_INIT;
		struct story s;
		struct err *err;

		write_story(&s, seed);
		err = tell(&s, &applied);
		if (err) {
			err_free(err);
			shrink(&s);
			err = tell(&s, &applied);
			join(&setup, s.setup, s.n_setup);
			join(&text, s.migration, s.n_migration);
			print_error("SEED=%" PRIu64 ": %s\nforeign keys: %d\n"
				    "setup:\n%smigration:\n%s\n",
				    seed, err ? err_text(err) : "?",
				    s.foreign_keys, buf_str(&setup),
				    buf_str(&text));
			failed++;
		}
		err_free(err);
		story_release(&s);
		buf_release(&setup);
		buf_release(&text);
	}
	print_message("%u migrations ran\n", applied);
	assert_int_equal(failed, 0);
	/* the database accepted each: a refusal would be capture's own */
	assert_int_equal(applied, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rollback__leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
