#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"
#include "snapshot/restore.h"

struct rollback {
	struct engine *e;
	const struct engine_rollback_options *opt;
	struct tree tree;
	struct plan plan;
	struct engine_run *out;
};

static struct err *refuse_irreversible(const struct journal_event *ev)
{
	if (!ev->irreversible)
		return NULL;
	return err_hint(err_new(ERR_REFUSED, "%s is irreversible", ev->name),
			"it was marked so, or applied with --no-snapshot; "
			"write a new migration that undoes it");
}

/* Each conflict with the migration and the rows it stands for. */
static struct err *take_conflicts(struct run *r, const char *name,
				  const struct restore_result *res)
{
	struct engine_run *out = r->out;
	struct buf b = BUF_INIT;
	struct err *err;

	out->conflicts = xreallocarray(out->conflicts,
				       out->n_conflicts + res->n_conflicts,
				       sizeof(*out->conflicts));
	for (size_t i = 0; i < res->n_conflicts; i++) {
		struct engine_conflict *c = &out->conflicts[out->n_conflicts++];
		const struct restore_conflict *from = &res->conflicts[i];

		c->migration = arena_strdup(&out->arena, name);
		c->table = arena_strdup(&out->arena, from->object);
		c->what = from->what;
		c->rows = (int64_t)from->rows;
		buf_addf(&b, "%s%s", i ? ", " : "", from->object);
		if (from->rows)
			buf_addf(&b, " (%" PRIu64 " %s %s)", from->rows,
				 from->rows == 1 ? "row" : "rows", from->what);
		else
			buf_addf(&b, " (%s)", from->what);
	}
	err = err_hint(err_new(ERR_REFUSED,
			       "%s cannot be rolled back: changed since it was "
			       "applied: %s",
			       name, buf_str(&b)),
		       "nothing was changed; put those rows back as the "
		       "migration left them, or write a migration that undoes "
		       "it");
	buf_release(&b);
	return err;
}

static bool same_object(const struct schema_object *a,
			const struct schema_object *b)
{
	return (!a && !b) || (a && b && streq(a->sql, b->sql));
}

/* The schema is what it was, object by object, and nothing else moved. */
static struct err *verify_schema(struct run *r, const char *name,
				 const struct schema_delta *undone,
				 const struct schema_delta *did)
{
	for (size_t i = 0; i < undone->n; i++) {
		const struct schema_object *want = undone->changes[i].before;
		const struct schema_object *o =
			want ? want : undone->changes[i].after;
		const struct schema_object *have =
			map_get(&r->schema.by_path, o->path);

		if (!same_object(want, have))
			return err_new(ERR_STATE,
				       "roll back %s: %s would not be what it "
				       "was",
				       name, o->path);
	}
	for (size_t i = 0; i < did->n; i++) {
		const struct schema_object *o =
			did->changes[i].after ? did->changes[i].after
					      : did->changes[i].before;
		bool expected = false;

		for (size_t k = 0; k < undone->n && !expected; k++) {
			const struct schema_change *c = &undone->changes[k];

			expected = (c->before &&
				    streq(c->before->path, o->path)) ||
				   (c->after && streq(c->after->path, o->path));
		}
		if (!expected)
			return err_new(ERR_STATE,
				       "roll back %s: %s would change with it",
				       name, o->path);
	}
	return NULL;
}

/* What the event destroyed; *out NULL: nothing. Says where it was made when it
 * is not to be had. */
static struct err *open_snapshot(struct run *r, const struct journal_event *ev,
				 struct snapshot_source **out)
{
	*out = NULL;
	if (!ev->snapshot)
		return NULL;
	return err_wrap(snapshot_source_open(r->e, ev->snapshot_store,
					     ev->snapshot, NULL, out),
			"the snapshot of %s, taken %s by %s", ev->name,
			ev->finished_at, ev->applied_by);
}

/* Take one event back; its own event is added by the caller. */
static struct err *revert_event(struct run *r, const struct journal_event *ev,
				struct schema_delta *did,
				struct journal_event *row)
{
	struct snapshot_source *source = NULL;
	struct snapshot_in in;
	struct snapshot_out out;
	struct restore_request req = { .target = r->e->target,
				       .now = &r->schema,
				       .park = &out,
				       .limit = r->e->cfg.snapshot_limit };
	struct restore_result res = { 0 };
	struct schema_delta undone;
	struct arena a = ARENA_INIT;
	struct err *err;

	run_snapshot_out(r, &out);
	err = schema_delta_decode(&undone, &a, ev->delta, ev->delta_len);
	if (!err)
		err = open_snapshot(r, ev, &source);
	if (!err && r->undone)
		rollback_leave_out(&undone, r->undone);
	req.delta = &undone;
	if (source)
		snapshot_source_in(source, &in);
	req.in = source ? &in : NULL;
	if (!err)
		err = restore_run(&req, &res);
	crash_point("restored");
	if (!err && res.n_conflicts)
		err = take_conflicts(r, ev->name, &res);
	if (!err) {
		struct schema_delta one;

		schema_delta_init(&one);
		err = run_inspect(r, TARGET_ANYTHING, &one);
		if (!err)
			err = verify_schema(r, ev->name, &undone, &one);
		for (size_t i = 0; i < one.n; i++)
			schema_delta_add(did, one.changes[i].before,
					 one.changes[i].after);
		schema_delta_release(&one);
	}
	row->rows += (int64_t)(res.restored + res.removed);
	row->parked += (int64_t)res.parked;
	snapshot_source_close(source);
	r->park_any |= res.park_any;
	restore_result_release(&res);
	schema_delta_release(&undone);
	arena_release(&a);
	return err;
}

static char *keep(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->group, s) : NULL;
}

static void describe(struct run *r, const struct journal_event *of,
		     const struct chain *chain, struct journal_event *row)
{
	row->event = "rollback";
	row->name = keep(r, of->name);
	row->version = keep(r, of->version);
	row->layout = keep(r, of->layout);
	row->path = keep(r, of->path);
	row->blob = keep(r, of->blob);
	row->down_path = keep(r, of->down_path);
	row->down_blob = keep(r, of->down_blob);
	row->source_commit = keep(r, of->source_commit);
	row->description = of->description;
	row->kind = keep(r, of->kind);
	row->reverts = of->seq;
	row->status = "rolled_back";
	row->exact = true;
	if (chain->previous) {
		/* a repeatable that had run before is back at that text */
		row->status = "applied";
		row->blob = keep(r, chain->previous_blob);
	}
}

static bool is_same(const struct schema_change *c)
{
	if (!c->before || !c->after)
		return c->before == c->after;
	return streq(c->before->sql, c->after->sql);
}

/*
 * Several inspections may have seen one object twice: first and last count.
 * What came and went, as in a migration in steps, is no change.
 */
void rollback_merge(struct schema_delta *out, const struct schema_delta *in)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct schema_change *c = &in->changes[i];
		const char *path = (c->before ? c->before : c->after)->path;
		size_t k = 0;

		while (k < out->n &&
		       !streq((out->changes[k].before ? out->changes[k].before
						      : out->changes[k].after)
				      ->path,
			      path))
			k++;
		if (k == out->n)
			schema_delta_add(out, c->before, c->after);
		else
			out->changes[k].after = c->after;
		if (is_same(&out->changes[k]))
			out->changes[k] = out->changes[--out->n];
	}
	schema_delta_sort(out);
}

static struct err *revert_in_transaction(struct run *r,
					 const struct chain *chain)
{
	struct journal_event ev, row = { 0 };
	struct schema_delta did, all;
	struct store_id park;
	struct arena a = ARENA_INIT;
	char now[CLOCK_ISO_SIZE];
	struct err *err = NULL;

	schema_delta_init(&did);
	schema_delta_init(&all);
	clock_iso(clock_now(), now);
	row.started_at = keep(r, now);
	r->started_us = clock_steady_us();
	r->park_any = false;
	if (r->undone) /* what went before the transaction */
		err = run_inspect(r, TARGET_ANYTHING, &did);
	for (size_t i = 0; i < chain->n && !err; i++) {
		err = journal_get(r->e->target, chain->seqs[i], &a, &ev);
		if (!err)
			err = refuse_irreversible(&ev);
		if (!err && !i)
			describe(r, &ev, chain, &row);
		if (i)
			snprintf(r->out_prefix, sizeof(r->out_prefix),
				 "part%zu/", i + 1);
		if (!err)
			err = revert_event(r, &ev, &did, &row);
	}
	r->out_prefix[0] = '\0';
	if (!err)
		rollback_merge(&all, &did);
	if (!err && r->park_any) {
		err = snapshot_writer_event(r->snapshots, &park);
		row.snapshot = err ? NULL : keep(r, park.hex);
		row.snapshot_store = snapshot_writer_store(r->snapshots);
	}
	row.duration_ms = (clock_steady_us() - r->started_us) / 1000;
	if (!err)
		err = journal_steps_clear(r->e->target, row.name);
	if (!err)
		err = run_event(r, &row, &all, NULL, true);
	schema_delta_release(&did);
	schema_delta_release(&all);
	arena_release(&a);
	return err;
}

static struct err *roll_back_one(struct run *r, const char *name)
{
	struct chain chain;
	struct map undone = MAP_INIT;
	struct err *err, *end;

	err = chain_read(&chain, r->e->target, name);
	if (!err && !chain.n)
		err = err_new(ERR_STATE, "%s has no event to take back", name);
	if (!err)
		err = rollback_indexes(r, &chain, name, &undone);
	r->undone = undone.n ? &undone : NULL;
	if (!err)
		err = restore_session_begin(r->e->target);
	if (!err)
		err = run_begin(r);
	if (!err && r->schema_stale) {
		err = run_inspect(r, TARGET_ANYTHING, NULL);
		r->schema_stale = false;
	}
	if (!err) {
		err = revert_in_transaction(r, &chain);
		if (!err)
			err = run_commit(r);
		else
			run_abort(r);
	}
	end = restore_session_end(r->e->target);
	r->undone = NULL;
	map_release(&undone);
	chain_release(&chain);
	return err_first(err, end);
}

/* A name that the database knows, but that is not in place now. */
static struct err *refuse_open(const struct rollback *b)
{
	for (size_t i = 0; i < b->opt->n_names; i++) {
		const struct journal_event *row =
			map_get(&b->tree.rows, b->opt->names[i]);

		if (!row)
			continue;
		if (streq(row->status, "rolled_back"))
			return err_new(ERR_REFUSED, "%s is rolled back already",
				       row->name);
		if (streq(row->status, "failed"))
			return err_new(ERR_REFUSED,
				       "%s is not applied: it failed",
				       row->name);
	}
	return NULL;
}

static struct err *plan_steps(struct rollback *b)
{
	struct plan_choice choice = { .to = b->opt->to,
				      .count = b->opt->count,
				      .names = b->opt->names,
				      .n_names = b->opt->n_names };
	struct err *err = refuse_open(b);

	if (!err)
		err = plan_rollback(&b->plan, &b->tree.view, &choice);
	if (err)
		return err;
	b->out->steps = xcalloc(b->plan.n + 1, sizeof(*b->out->steps));
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct plan_step *p = &b->plan.steps[i];
		const struct journal_event *row =
			map_get(&b->tree.rows, p->name);
		struct engine_step *s = &b->out->steps[b->out->n_steps++];

		s->verb = "rollback";
		s->name = arena_strdup(&b->out->arena, p->name);
		s->version = arena_strdup(&b->out->arena,
					  p->known ? p->known->version : "");
		if (row && row->blob)
			s->blob = arena_strdup(&b->out->arena, row->blob);
		if (row && row->path)
			s->path = migration_path_in(&b->out->arena,
						    b->e->cfg.dir, row->path);
		s->irreversible = row && row->irreversible;
		if (s->irreversible && !err)
			err = refuse_irreversible(row);
	}
	return err;
}

static struct err *run_all(struct rollback *b)
{
	struct run r = { 0 };
	struct err *err = run_open(&r, b->e, b->out);

	if (!err)
		b->e->target->lock_timeout_ms = run_lock_timeout_ms(b->e);

	for (size_t i = 0; i < b->plan.n && !err; i++) {
		const char *name = b->plan.steps[i].name;
		int attempt = 0;

		err = cancel_check();
		if (err)
			break;
		if (b->e->obs.begin)
			b->e->obs.begin(b->e->obs.payload, "rollback", name, i,
					b->plan.n);
		while ((err = roll_back_one(&r, name)) &&
		       run_try_again(&r, err, &attempt))
			err_free(err);
	}
	return run_close(&r, err);
}

static struct err *no_database(struct engine *e)
{
	return err_hint(err_new(ERR_REFUSED,
				"nothing to roll back: target '%s' has no "
				"journal",
				e->cfg.target),
			"git migrate apply");
}

struct err *engine_rollback(struct engine *e,
			    const struct engine_rollback_options *opt,
			    struct engine_run *out)
{
	enum engine_access access = ENGINE_READS;
	struct rollback b = { .e = e, .opt = opt, .out = out };
	struct err *err;

	memset(out, 0, sizeof(*out));
	e->will_write = !opt->dry_run;
	/* first without a lock, so that nothing is made for nothing */
	err = session_open(e, access);
	if (!err && (!e->target || !e->meta.present))
		err = no_database(e);
	if (!err && !opt->dry_run) {
		access = ENGINE_WRITES;
		err = session_open(e, access);
	}
	if (!err)
		err = ledger_sync(e, access);
	if (!err)
		err = tree_read_journal(e, &b.tree);
	if (!err)
		err = plan_steps(&b);
	if (!err && !opt->dry_run && b.plan.n)
		err = run_all(&b);
	else if (!err)
		err = session_identity(e, &out->identity);
	plan_release(&b.plan);
	tree_release(&b.tree);
	return err;
}
