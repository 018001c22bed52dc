#include "engine/impl.h"

#include "base/util.h"

struct log {
	struct err *(*fn)(void *payload, const struct engine_event *ev);
	void *payload;
};

static struct err *tell(void *payload, const struct journal_event *ev)
{
	struct log *l = payload;
	struct engine_event out;

	event_from_journal(&out, ev);
	return l->fn(l->payload, &out);
}

struct err *engine_log(struct engine *e, const char *name, size_t max,
		       struct err *(*fn)(void *payload,
					 const struct engine_event *ev),
		       void *payload)
{
	struct log l = { fn, payload };
	struct err *err = session_open(e, ENGINE_READS);

	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (err || !e->target || !e->meta.present)
		return err;
	return journal_log(e->target, name, max, tell, &l);
}
