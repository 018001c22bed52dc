#include "engine/rename.h"

#include "base/util.h"

struct log {
	struct target *target;
	size_t n, max;
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

	if (l->max && l->n == l->max)
		return NULL;
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

static struct err *count_and_tell(void *payload, const struct engine_event *ev)
{
	struct log *l = payload;

	l->n++;
	return l->fn(l->payload, ev);
}

/* The name in the journal of what was typed, also of one rolled back. */
static struct err *full_name(struct engine *e, const char *typed,
			     struct tree *tree, const char **out)
{
	const struct plan_item *item;
	const char *found = NULL;
	struct err *err = tree_read_journal(e, tree);

	*out = typed;
	if (err || map_get(&tree->rows, typed))
		return err;
	item = plan_view_find(&tree->view, typed);
	if (item)
		found = item->known->name;
	for (size_t i = 0; !item && i < tree->n_states; i++) {
		if (!plan_is_called(tree->states[i].name, typed))
			continue;
		if (found)
			return NULL;
		found = tree->states[i].name;
	}
	*out = found ? found : typed;
	return NULL;
}

struct err *engine_log(struct engine *e, const char *name, size_t max,
		       struct err *(*fn)(void *payload,
					 const struct engine_event *ev),
		       void *payload)
{
	struct log l = { .fn = fn, .payload = payload };
	struct tree tree = { 0 };
	const char *full = NULL;
	struct err *err = session_open(e, ENGINE_READS);

	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err && e->target && e->meta.present) {
		l.target = e->target;
		if (name)
			err = full_name(e, name, &tree, &full);
		l.max = max;
		if (!err && name)
			err = rename_history(e->target, full, true, tell, &l);
		else if (!err)
			err = journal_log(e->target, NULL, max, tell, &l);
	} else if (!err) {
		err = log_from_ledger(e, name, max, count_and_tell, &l);
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
