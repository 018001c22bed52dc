#include "engine/impl.h"

#include "base/util.h"

struct log {
	struct target *target;
	size_t n;
	struct err *(*fn)(void *payload, const struct engine_event *ev);
	void *payload;
};

static struct err *tell(void *payload, const struct journal_event *ev)
{
	struct log *l = payload;
	struct engine_event out;
	struct journal_event full;
	struct arena a = ARENA_INIT;
	struct err *err = NULL;

	event_from_journal(&out, ev);
	l->n++;
	if (ev->commit) {
		err = journal_get(l->target, ev->seq, &a, &full);
		if (!err)
			err = event_changes(&a, &full, &out.changes);
	}
	if (!err)
		err = l->fn(l->payload, &out);
	arena_release(&a);
	return err;
}

struct err *engine_log(struct engine *e, const char *name, size_t max,
		       struct err *(*fn)(void *payload,
					 const struct engine_event *ev),
		       void *payload)
{
	struct log l = { .fn = fn, .payload = payload };
	struct tree tree = { 0 };
	const struct plan_item *item = NULL;
	struct err *err = session_open(e, ENGINE_READS);

	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err && e->target && e->meta.present) {
		l.target = e->target;
		if (name)
			err = tree_read_journal(e, &tree);
		if (!err && name)
			item = plan_view_find(&tree.view, name);
		if (!err)
			err = journal_log(e->target,
					  item ? item->known->name : name, max,
					  tell, &l);
	}
	if (!err && name && !l.n)
		err = err_hint(err_new(ERR_INPUT,
				       "nothing was done with a migration "
				       "'%s'",
				       name),
			       "git migrate status lists migrations");
	tree_release(&tree);
	return err;
}
