#ifndef TESTS_UNIT_SNAPSHOT_TRIP_H
#define TESTS_UNIT_SNAPSHOT_TRIP_H

#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "support/snapshot_world.h"

/* There and back: a migration applied and taken back leaves no trace. */
struct trip {
	const char *name; /* "off: ...": with foreign keys off only */
	const char *setup;
	const char *migration;
};

static inline struct err *trip_expect(struct world *w, const char *want,
				      const char *what)
{
	struct buf got = BUF_INIT, text = BUF_INIT;
	struct err *err = world_dump(w, &got);

	if (!err && !streq(want, buf_str(&got))) {
		world_difference(&text, want, buf_str(&got));
		err = err_new(ERR_STATE, "%s: %s", what, buf_str(&text));
	}
	buf_release(&got);
	buf_release(&text);
	return err;
}

static inline struct err *trip_revert(struct world *w, struct world_event *ev)
{
	struct memory_snapshot park;
	struct restore_result res;
	struct err *err;

	memory_snapshot_init(&park);
	err = err_wrap(world_revert(w, ev, &park, &res), "revert");
	if (!err && res.n_conflicts)
		err = err_new(ERR_STATE, "revert: conflict %s on %s",
			      res.conflicts[0].what, res.conflicts[0].object);
	restore_result_release(&res);
	memory_snapshot_release(&park);
	return err;
}

/* Apply and revert; `after` keeps what the migration made of it. */
static inline struct err *trip_once(struct world *w, const char *migration,
				    const char *before, struct buf *after)
{
	struct world_event ev;
	struct err *err = err_wrap(world_apply(w, migration, &ev), "apply");

	if (!err)
		err = world_dump(w, after);
	if (!err)
		err = trip_revert(w, &ev);
	world_event_release(&ev);
	return err ? err : trip_expect(w, before, "not as before");
}

/* Twice, and the second time the migration must do the same again. */
static inline struct err *trip_run(const struct trip *t, bool foreign_keys)
{
	struct buf before = BUF_INIT, after = BUF_INIT, again = BUF_INIT;
	struct world w;
	struct err *err = world_open(&w, foreign_keys);

	if (!err)
		err = world_exec(&w, t->setup);
	if (!err)
		err = world_dump(&w, &before);
	if (!err)
		err = trip_once(&w, t->migration, buf_str(&before), &after);
	if (!err)
		err = err_wrap(
			trip_once(&w, t->migration, buf_str(&before), &again),
			"again");
	if (!err && !streq(buf_str(&after), buf_str(&again)))
		err = err_new(ERR_STATE, "it did something else again");
	world_close(&w);
	buf_release(&before);
	buf_release(&after);
	buf_release(&again);
	return err;
}

/* All of a table, with foreign keys enforced and not; says all that fail. */
static inline void trip_all(const struct trip *trips, size_t n)
{
	const char *only = getenv("TRIP");
	size_t failed = 0;

	for (size_t i = 0; i < n * 2; i++) {
		const struct trip *t = &trips[i / 2];
		struct err *err;

		if ((only && !streq(only, t->name)) ||
		    (i % 2 && starts_with(t->name, "off: ")))
			continue;
		err = trip_run(t, i % 2);
		if (err)
			print_error("%s, foreign keys %s: %s\n", t->name,
				    i % 2 ? "on" : "off", err_text(err));
		failed += err != NULL;
		err_free(err);
	}
	if (failed)
		fail_msg("%zu are not exact", failed);
}

#endif
