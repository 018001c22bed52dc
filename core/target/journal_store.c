#include "target/journal_store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/util.h"
#include "target/journal_sql.h"

struct events {
	const struct target *target;
	journal_event_fn fn;
	void *payload;
};

static struct err *take_event(void *payload, int n,
			      const struct target_value *cell)
{
	struct events *s = payload;
	struct journal_event e;
	struct arena odd = ARENA_INIT;
	struct err *err;

	journal_decode(s->target, &e, n, cell, NULL, &odd);
	err = s->fn(s->payload, &e);
	arena_release(&odd);
	return err;
}

struct err *journal_snapshot_events(struct target *t, journal_event_fn fn,
				    void *payload)
{
	struct events s = { t, fn, payload };

	return target_query(t, journal_sql_of(t)->snapshot_events, NULL, 0,
			    take_event, &s);
}

struct weights {
	struct map alone; /* id -> int64_t */
	struct arena arena;
	journal_weight_fn fn;
	void *payload;
};

static struct err *take_alone(void *payload, int n,
			      const struct target_value *cell)
{
	struct weights *w = payload;
	int64_t *bytes = arena_alloc(&w->arena, sizeof(*bytes));

	(void)n;
	*bytes = cell[1].i;
	map_put(&w->alone, cell[0].s, bytes);
	return NULL;
}

static struct err *take_weight(void *payload, int n,
			       const struct target_value *cell)
{
	struct weights *w = payload;
	const int64_t *alone = map_get(&w->alone, cell[0].s);
	struct journal_weight out = { .id = cell[0].s,
				      .chunks = cell[1].i,
				      .bytes = cell[2].i,
				      .alone = alone ? *alone : 0 };

	(void)n;
	return w->fn(w->payload, &out);
}

struct err *journal_snapshot_weights(struct target *t, journal_weight_fn fn,
				     void *payload)
{
	const struct journal_sql *sql = journal_sql_of(t);
	struct weights w = { .fn = fn, .payload = payload };
	struct err *err;

	err = target_query(t, sql->snapshot_alone, NULL, 0, take_alone, &w);
	if (!err)
		err = target_query(t, sql->snapshot_weights, NULL, 0,
				   take_weight, &w);
	map_release(&w.alone);
	arena_release(&w.arena);
	return err;
}

static struct err *take_int(void *payload, int n,
			    const struct target_value *cell)
{
	int64_t *out = payload;

	(void)n;
	*out = cell[0].i;
	return NULL;
}

static struct err *ask_int(struct target *t, const char *sql, int64_t *out)
{
	*out = 0;
	return target_query(t, sql, NULL, 0, take_int, out);
}

struct err *journal_snapshots_drop(struct target *t, const char *const *ids,
				   size_t n, int64_t *freed)
{
	const struct journal_sql *sql = journal_sql_of(t);
	int64_t before = 0, after = 0;
	struct err *err;

	assert(target_in_transaction(t));
	err = ask_int(t, sql->chunks_bytes, &before);
	if (!err)
		err = target_exec(t, sql->unprotect);
	for (size_t i = 0; i < n && !err; i++) {
		struct target_value id = target_text(ids[i]);

		err = target_query(t, sql->snapshot_drop_files, &id, 1, NULL,
				   NULL);
		if (!err)
			err = target_query(t, sql->snapshot_drop, &id, 1, NULL,
					   NULL);
	}
	if (!err)
		err = target_exec(t, sql->chunks_sweep);
	if (!err)
		err = target_exec(t, sql->protect);
	if (!err)
		err = ask_int(t, sql->chunks_bytes, &after);
	*freed = before - after;
	return err_wrap(err, "take snapshots out of the database");
}

struct err *journal_snapshots_shrink(struct target *t)
{
	const struct journal_sql *sql = journal_sql_of(t);
	const char *const *list;
	int64_t worth = 0;
	struct err *err = ask_int(t, sql->shrink_worth, &worth);

	list = worth ? sql->shrink : sql->shrink_always;
	if (!err)
		err = target_let_go(t);
	for (; !err && *list; list++)
		err = target_exec(t, *list);
	return err;
}
