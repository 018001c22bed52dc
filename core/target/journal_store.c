#include "target/journal_store.h"

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
