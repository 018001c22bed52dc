#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/stored_impl.h"

/* Between the clone and a git remote, by hand. */

void engine_transfer_release(struct engine_transfer *t)
{
	free(t->moved.items);
	engine_snapshots_release(&t->all);
	memset(t, 0, sizeof(*t));
}

struct transfer {
	struct engine *e;
	const struct engine_transfer_options *opt;
	struct engine_transfer *out;
	struct map there;  /* ids that the remote has */
	struct map chosen; /* ids */
	struct store_id *ids;
	size_t n_ids;
};

static void take_there(void *payload, const struct store_id *id)
{
	struct transfer *t = payload;

	map_put(&t->there, id->hex, t);
}

static bool in_clone(const struct engine_snapshot *s)
{
	return !streq(s->store, snapshots_in_database.name) && !s->pruned_at;
}

static const char *default_remote(struct engine *e)
{
	const char *name = snapshot_remote_name(e->cfg.snapshot_store);

	return name ? name : "origin";
}

static void add(struct transfer *t, const struct engine_snapshot *s)
{
	struct engine_snapshots *moved = &t->out->moved;

	VEC_GROW(moved->items, moved->n, moved->cap);
	moved->items[moved->n++] = *s;
	snprintf(t->ids[t->n_ids].hex, sizeof(t->ids[t->n_ids].hex), "%s",
		 s->id);
	map_put(&t->chosen, s->id, t);
	t->n_ids++;
}

/* By itself, or because it was not said which. */
static struct err *offer(struct transfer *t, const struct engine_snapshot *s,
			 bool push)
{
	bool there = map_has(&t->there, s->id);

	if (map_has(&t->chosen, s->id) || !in_clone(s))
		return NULL;
	if (push && !s->here)
		return NULL;
	if (push && there)
		t->out->n_there++;
	else if (push || (!s->here && there))
		add(t, s);
	else if (!s->here)
		t->out->n_missing++;
	return NULL;
}

static struct err *not_there(const struct transfer *t,
			     const struct engine_snapshot *s)
{
	return err_hintf(err_new(ERR_REFUSED,
				 "remote '%s' has no snapshot %s of %s, taken "
				 "%s by %s%s%s",
				 t->out->remote, s->id, s->name, s->taken_at,
				 s->taken_by, s->host ? " on " : "",
				 s->host ? s->host : ""),
			 "there: git migrate snapshot push --remote %s %s",
			 t->out->remote, s->name);
}

/* One that was named has to go. */
static struct err *demand(struct transfer *t, const char *name, bool push)
{
	const struct engine_snapshot *s;
	struct journal_event ev;
	struct snapshot_source *source = NULL;
	struct arena a = ARENA_INIT;
	struct err *err = stored_find(&t->out->all, name, &s);

	if (err)
		return err;
	if (streq(s->store, snapshots_in_database.name))
		return err_new(ERR_REFUSED,
			       "the snapshot of %s is in the database, which "
			       "every clone reaches",
			       s->name);
	if (!push && !s->pruned_at && !s->here && !map_has(&t->there, s->id))
		return not_there(t, s);
	if (s->pruned_at || (push && !s->here)) {
		/* the words of a rollback */
		err = journal_get(t->e->target, s->seq, &a, &ev);
		if (!err)
			err = snapshot_source_of(t->e, &ev, &source);
		snapshot_source_close(source);
		arena_release(&a);
		return err;
	}
	return offer(t, s, push);
}

static struct err *choose(struct transfer *t, bool push)
{
	const struct engine_snapshots *all = &t->out->all;
	struct err *err = NULL;

	t->ids = xcalloc(all->n + 1, sizeof(*t->ids));
	for (size_t i = 0; i < t->opt->n && !err; i++)
		err = demand(t, t->opt->names[i], push);
	for (size_t i = 0; !t->opt->n && i < all->n && !err; i++)
		err = offer(t, &all->items[i], push);
	return err;
}

static struct err *transfer(struct transfer *t, bool push)
{
	const struct store_ops *ops = t->e->store->ops;
	struct engine *e = t->e;
	struct err *err;

	t->out->remote = t->opt->remote ? t->opt->remote : default_remote(e);
	err = stored_open(e);
	if (!err)
		err = stored_events(e, &t->out->all);
	if (!err)
		err = stored_weigh(e, &t->out->all);
	if (!err)
		err = ops->snapshots_remote_list(e->store, t->out->remote,
						 e->meta.uuid, take_there, t);
	if (!err)
		err = choose(t, push);
	if (err || !t->n_ids)
		return err;
	return push ? ops->snapshots_push(e->store, t->out->remote,
					  e->meta.uuid, t->ids, t->n_ids)
		    : ops->snapshots_fetch(e->store, t->out->remote,
					   e->meta.uuid, t->ids, t->n_ids);
}

static struct err *move(struct engine *e,
			const struct engine_transfer_options *opt, bool push,
			struct engine_transfer *out)
{
	struct transfer t = { .e = e, .opt = opt, .out = out };
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = transfer(&t, push);
	map_release(&t.there);
	map_release(&t.chosen);
	free(t.ids);
	return err;
}

struct err *engine_snapshot_push(struct engine *e,
				 const struct engine_transfer_options *opt,
				 struct engine_transfer *out)
{
	return move(e, opt, true, out);
}

struct err *engine_snapshot_fetch(struct engine *e,
				  const struct engine_transfer_options *opt,
				  struct engine_transfer *out)
{
	return move(e, opt, false, out);
}
