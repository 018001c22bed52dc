#include <stdint.h>
#include <string.h>

#include "engine/impl.h"

static struct err *add_event(void *payload, const struct journal_event *ev)
{
	struct past *p = payload;
	struct schema_delta d;
	struct err *err;

	if (ev->seq >= p->before)
		return NULL;
	err = schema_delta_decode(&d, &p->arena, ev->delta, ev->delta_len);
	for (size_t i = 0; !err && i < d.n; i++) {
		const struct schema_object *o = d.changes[i].after;

		if (o) /* NOLINTNEXTLINE(performance-no-int-to-ptr): read only */
			map_put(&p->by_path, o->path, (void *)(uintptr_t)o);
		else
			map_remove(&p->by_path, d.changes[i].before->path);
	}
	schema_delta_release(&d);
	return err;
}

struct err *past_schema(struct engine *e, int64_t before, struct past *out)
{
	memset(out, 0, sizeof(*out));
	out->before = before;
	return journal_replay(e->target, 0, add_event, out);
}

void past_release(struct past *p)
{
	map_release(&p->by_path);
	arena_release(&p->arena);
}
