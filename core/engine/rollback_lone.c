#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"

/*
 * A migration that ran without a transaction has built its indexes beside the
 * work of others; they are taken back the same way, before the transaction
 * that takes back the rest.
 */

static const struct schema_object *object_of(const struct schema_change *c)
{
	return c->before ? c->before : c->after;
}

/* The table itself comes or goes: its indexes do with it. */
static bool table_moves(const struct schema_delta *d,
			const struct schema_object *index)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct schema_object *o = object_of(&d->changes[i]);

		if (streq(o->kind, "table") && streq(o->name, index->table))
			return true;
	}
	return false;
}

static bool same(const struct schema_object *a, const struct schema_object *b)
{
	return (!a && !b) || (a && b && streq(a->sql, b->sql));
}

static struct err *take_back(struct run *r, struct schema_change *c,
			     struct map *done)
{
	struct target *t = r->e->target;
	struct err *err = NULL;

	if (c->after)
		err = target_index_alone(t, c->after, false);
	crash_point("index-alone");
	if (!err && c->before)
		err = target_index_alone(t, c->before, true);
	if (err && target_needs_transaction(t, err)) {
		err_free(err); /* then with the rest */
		return NULL;
	}
	if (!err)
		map_put_number(done, object_of(c)->path, 1);
	return err;
}

/* The intent: what a killed run leaves half done belongs to this migration. */
static struct err *note_intent(struct run *r, const char *name)
{
	struct err *err = run_begin(r);

	if (!err)
		err = journal_step_set(r->e->target, name, 0, "intent");
	if (!err)
		return run_commit(r);
	run_abort(r);
	return err;
}

struct err *rollback_indexes(struct run *r, const struct chain *chain,
			     const char *name, struct map *done)
{
	struct schema_delta net;
	struct arena a = ARENA_INIT;
	bool noted = false;
	struct err *err;

	if (chain->n < 2 || !(r->e->target->ops->caps & TARGET_CAP_LONE_DDL))
		return NULL;
	schema_delta_init(&net);
	err = chain_delta(chain, r->e->target, &a, &net);
	for (size_t i = 0; i < net.n && !err; i++) {
		struct schema_change *c = &net.changes[i];
		const struct schema_object *live =
			map_get(&r->schema.by_path, object_of(c)->path);

		if (!streq(object_of(c)->kind, "index") ||
		    table_moves(&net, object_of(c)))
			continue;
		if (same(live, c->before)) /* a run that was cut off did it */
			map_put_number(done, object_of(c)->path, 1);
		/* else not as the migration left it: refused with the rest */
		if (same(live, c->before) || !same(live, c->after))
			continue;
		if (!noted)
			err = note_intent(r, name);
		noted = true;
		if (!err)
			err = take_back(r, c, done);
	}
	schema_delta_release(&net);
	arena_release(&a);
	return err;
}

void rollback_leave_out(struct schema_delta *d, const struct map *done)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (!map_has(done, object_of(&d->changes[i])->path))
			d->changes[n++] = d->changes[i];
	d->n = n;
}
