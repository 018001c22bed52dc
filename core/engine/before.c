#include "base/util.h"
#include "engine/impl.h"

/* What the migrations had left of an object before one of them ran. */

struct search {
	const char *path;
	int64_t seq; /* of the event that it is asked for */
	const char *sql;
	struct arena *arena;
};

/* Oldest first: the last word counts. */
static struct err *look(void *payload, const struct journal_event *ev)
{
	struct search *s = payload;
	struct arena a = ARENA_INIT;
	struct schema_delta delta;
	struct err *err;

	if (ev->seq >= s->seq || !ev->delta_len)
		return NULL;
	err = schema_delta_decode(&delta, &a, ev->delta, ev->delta_len);
	for (size_t i = 0; i < delta.n && !err; i++) {
		const struct schema_object *was = delta.changes[i].before;
		const struct schema_object *is = delta.changes[i].after;

		if (is && streq(is->path, s->path))
			s->sql = arena_strdup(s->arena, is->sql);
		else if (was && streq(was->path, s->path))
			s->sql = NULL;
	}
	schema_delta_release(&delta);
	arena_release(&a);
	return err;
}

struct err *before_sql(void *payload, struct arena *a, const char *path,
		       const char **sql)
{
	const struct before *b = payload;
	struct search s = { .path = path, .seq = b->seq, .arena = a };
	struct err *err = journal_replay(b->target, 0, look, &s);

	*sql = s.sql;
	return err;
}
