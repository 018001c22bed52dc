#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/map.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/stored_impl.h"
#include "target/journal_store.h"

/* Which snapshots may go, and the order in which they do. */

void engine_prune_release(struct engine_prune *p)
{
	engine_snapshots_release(&p->gone);
	free(p->lost);
	memset(p, 0, sizeof(*p));
}

struct pruning {
	struct engine *e;
	const struct engine_prune_options *opt;
	struct engine_snapshots all;
	bool *keep; /* by item of all */
	struct engine_prune *out;
	struct store_id *in_clone; /* ids that the clone is to lose */
	size_t n_in_clone;
	const char **in_database;
	size_t n_in_database;
	int64_t freed; /* in the database */
};

static bool may_go(const struct engine_snapshot *s)
{
	return (s->here || snapshot_remote_name(s->store)) && !s->pruned_at;
}

/* What was asked for. */
static void keep_wanted(struct pruning *p)
{
	int64_t since = clock_now() - p->opt->age_s;
	uint64_t n = 0;

	for (size_t i = p->all.n; i-- > 0;) {
		const struct engine_snapshot *s = &p->all.items[i];

		if (!may_go(s))
			p->keep[i] = !s->pruned_at;
		else if (p->opt->by_age)
			p->keep[i] = clock_parse_iso(s->taken_at) >= since;
		else
			p->keep[i] = n++ < p->opt->count;
	}
}

static bool go_together(const struct engine_snapshot *a,
			const struct engine_snapshot *b)
{
	return streq(a->id, b->id) || (a->chain && a->chain == b->chain);
}

/* ... and what that needs: the same snapshot under another event, and the
 * other parts of a migration in several transactions. */
static void keep_needed(struct pruning *p)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < p->all.n; i++) {
			const struct engine_snapshot *s = &p->all.items[i];

			for (size_t k = 0; k < p->all.n && !p->keep[i]; k++) {
				if (!p->keep[k] || !may_go(s) ||
				    !may_go(&p->all.items[k]) ||
				    !go_together(s, &p->all.items[k]))
					continue;
				p->keep[i] = more = true;
			}
		}
	}
}

static void add_lost(struct pruning *p, const char *name)
{
	struct engine_prune *out = p->out;

	for (size_t i = 0; i < out->n_lost; i++)
		if (streq(out->lost[i], name))
			return;
	out->lost =
		xreallocarray(out->lost, out->n_lost + 1, sizeof(*out->lost));
	out->lost[out->n_lost++] = name;
}

static bool is_listed(const struct engine_snapshots *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->items[i].id, id))
			return true;
	return false;
}

static void add_to_clone(struct pruning *p, const char *id)
{
	struct store_id *to = &p->in_clone[p->n_in_clone++];

	snprintf(to->hex, sizeof(to->hex), "%s", id);
}

/* Sort them by where they are. What was to go before and is still here goes
 * along: that run was cut off. */
static void choose(struct pruning *p)
{
	struct engine_snapshots *gone = &p->out->gone;

	for (size_t i = 0; i < p->all.n; i++) {
		const struct engine_snapshot *s = &p->all.items[i];
		bool in_database = streq(s->store, snapshots_in_database.name);

		if (s->here && s->pruned_at && !in_database)
			add_to_clone(p, s->id);
		if (!may_go(s) || p->keep[i])
			continue;
		if (s->needed)
			add_lost(p, s->name);
		if (is_listed(gone, s->id))
			continue;
		VEC_GROW(gone->items, gone->n, gone->cap);
		gone->items[gone->n++] = *s;
		p->out->freed += s->here ? s->alone : 0;
		if (in_database)
			p->in_database[p->n_in_database++] = s->id;
		else if (s->here)
			add_to_clone(p, s->id);
	}
	/* strings go with the list that is told */
	gone->arena = p->all.arena;
	p->all.arena = (struct arena)ARENA_INIT;
}

static struct err *tell_one(struct pruning *p, const struct ident *who,
			    const struct engine_snapshot *s, int64_t *seq)
{
	char now[CLOCK_ISO_SIZE];
	struct journal_event ev = {
		.seq = ++*seq,
		.event = STORED_PRUNED,
		.name = s->name,
		.snapshot = s->id,
		.snapshot_store = s->store,
		.applied_by = who->who,
		.applied_date = who->date,
		.started_at = now,
		.finished_at = now,
		.tool = p->e->cfg.tool,
	};

	clock_iso(clock_now(), now);
	return journal_append(p->e->target, &ev);
}

/* One transaction: what the journal says, and what the database has. */
static struct err *tell(void *payload)
{
	struct pruning *p = payload;
	struct target *t = p->e->target;
	struct ident who = { 0 };
	int64_t seq = 0;
	struct err *err;

	if (!p->out->gone.n)
		return NULL;
	err = ident_now(p->e, &who);
	if (!err)
		err = target_begin(t);
	if (!err)
		err = journal_last_seq(t, &seq);
	for (size_t i = 0; i < p->out->gone.n && !err; i++)
		err = tell_one(p, &who, &p->out->gone.items[i], &seq);
	if (!err && p->n_in_database)
		err = journal_snapshots_drop(t, p->in_database,
					     p->n_in_database, &p->freed);
	crash_point("prune-told");
	if (!err)
		err = target_commit(t);
	if (err)
		target_rollback(t);
	ident_release(&who);
	crash_point("prune-committed");
	return err;
}

struct there {
	struct map ids;
};

static void take_there(void *payload, const struct store_id *id)
{
	struct there *t = payload;

	map_put(&t->ids, id->hex, t);
}

/* What the journal calls pruned, of one remote: those that go now, and those
 * of a run that was cut off. */
static struct err *prune_remote(struct pruning *p, const char *remote)
{
	const struct store_ops *ops = p->e->store->ops;
	struct store_id *ids = xcalloc(p->all.n + 1, sizeof(*ids));
	struct there there = { .ids = MAP_INIT };
	size_t n = 0;
	struct err *err;

	err = ops->snapshots_remote_list(p->e->store, remote, p->e->meta.uuid,
					 take_there, &there);
	for (size_t i = 0; i < p->all.n && !err; i++) {
		const struct engine_snapshot *s = &p->all.items[i];

		if ((s->pruned_at || is_listed(&p->out->gone, s->id)) &&
		    map_remove(&there.ids, s->id))
			snprintf(ids[n++].hex, sizeof(ids->hex), "%s", s->id);
	}
	if (!err && n)
		err = ops->snapshots_remote_drop(p->e->store, remote,
						 p->e->meta.uuid, ids, n);
	map_release(&there.ids);
	free(ids);
	return err;
}

/* Each remote once. */
static struct err *prune_remotes(struct pruning *p)
{
	const struct engine_snapshots *gone = &p->out->gone;
	struct map done = MAP_INIT;
	struct err *err = NULL;

	for (size_t i = 0; i < gone->n && !err; i++) {
		const char *name = snapshot_remote_name(gone->items[i].store);

		if (!name || map_has(&done, name))
			continue;
		map_put(&done, name, p);
		err = prune_remote(p, name);
	}
	map_release(&done);
	return err_hint(err, "they are gone from here; git migrate snapshot "
			     "prune does the rest when it is run again");
}

static struct err *run(struct pruning *p)
{
	struct engine *e = p->e;
	int64_t freed = 0;
	struct err *err;

	err = e->store->ops->snapshots_prune(e->store, e->meta.uuid,
					     p->in_clone, p->n_in_clone, tell,
					     p, &freed);
	p->out->freed = freed + p->freed;
	if (!err)
		err = prune_remotes(p);
	if (err || !p->n_in_database)
		return err;
	err = journal_snapshots_shrink(e->target);
	if (err) /* they are gone, and their room is used for what comes */
		session_note(e, ENGINE_WARNING,
			     "the room stays with the database: %s",
			     err_text(err));
	err_free(err);
	return NULL;
}

static struct err *prune(struct pruning *p)
{
	struct err *err = stored_events(p->e, &p->all);

	if (!err)
		err = stored_weigh(p->e, &p->all);
	if (err)
		return err;
	p->keep = xcalloc(p->all.n + 1, sizeof(*p->keep));
	p->in_clone = xcalloc(p->all.n + 1, sizeof(*p->in_clone));
	p->in_database = xcalloc(p->all.n + 1, sizeof(*p->in_database));
	keep_wanted(p);
	keep_needed(p);
	choose(p);
	return p->opt->dry_run || (!p->out->gone.n && !p->n_in_clone) ? NULL
								      : run(p);
}

struct err *engine_snapshot_prune(struct engine *e,
				  const struct engine_prune_options *opt,
				  struct engine_prune *out)
{
	struct pruning p = { .e = e, .opt = opt, .out = out };
	struct err *err;

	memset(out, 0, sizeof(*out));
	e->will_write = !opt->dry_run;
	err = stored_open(e); /* first without a lock: nothing is made */
	if (!err && !opt->dry_run)
		err = session_open(e, ENGINE_WRITES);
	if (!err && !opt->dry_run)
		err = run_settle(e);
	if (!err)
		err = prune(&p);
	engine_snapshots_release(&p.all);
	free(p.keep);
	free(p.in_clone);
	free(p.in_database);
	return err;
}
