#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/crash.h"
#include "base/text.h"
#include "base/util.h"
#include "engine/reconcile.h"
#include "snapshot/restore.h"

/* All steps in one transaction, or, where that cannot be, all but the applies. */

/* A migration that is taken back; a repeatable once for each of its runs. */
struct undo {
	struct chain chain;
	struct revert rv;
	bool down; /* its snapshot is elsewhere */
	struct undo *next;
};

static void undo_free(struct undo *u)
{
	while (u) {
		struct undo *next = u->next;

		revert_release(&u->rv);
		chain_release(&u->chain);
		free(u);
		u = next;
	}
}

static struct rollback_how how_of(const struct reconcile *rc)
{
	return (struct rollback_how){
		.choice = rc->opt->on_conflict,
		.max_details = rc->opt->max_details,
		.dry_run = rc->opt->dry_run,
		.aside = true,
	};
}

static void tell_begin(const struct reconcile *rc, size_t i)
{
	const struct engine_observer *obs = &rc->e->obs;

	if (obs->begin)
		obs->begin(obs->payload, rc->out->steps[i].verb,
			   rc->out->steps[i].name, i, rc->out->n_steps);
}

/* --- one transaction --- */

/* A section of SQL is run as any other: with triggers, checks and the guard. */
static struct err *run_down(struct reconcile *rc, struct run *r, size_t i,
			    const struct undo *u)
{
	struct target *t = rc->e->target;
	struct err *err = restore_session_end(t);

	if (!err)
		err = reconcile_run_down(rc, r, rc->plan.steps[i].name,
					 &u->chain, &rc->out->steps[i]);
	return err ? err : restore_session_begin(t);
}

/* Where the run, and what it has told, stood before a step. */
struct mark {
	size_t ledger, n_rows, n_conflicts, n_details, n_impacts;
	struct store_id tip;
	int64_t seq;
};

static struct err *set_mark(const struct run *r, struct mark *m)
{
	*m = (struct mark){
		.ledger = r->e->store->ops->ledger_mark(r->ledger),
		.n_rows = r->n_rows,
		.n_conflicts = r->out->n_conflicts,
		.n_details = r->out->n_details,
		.n_impacts = r->out->n_impacts,
		.tip = r->tip,
		.seq = r->seq,
	};
	return target_savepoint(r->e->target, "git_migrate_step");
}

static struct err *back_to_mark(struct run *r, const struct mark *m)
{
	struct err *err = target_rollback_to(r->e->target, "git_migrate_step");

	err = err_first(err, snapshot_writer_drop(r->snapshots));
	err = err_first(err,
			r->e->store->ops->ledger_rewind(r->ledger, m->ledger));
	r->n_rows = m->n_rows;
	r->tip = m->tip;
	r->seq = m->seq;
	r->out->n_conflicts = m->n_conflicts;
	r->out->n_details = m->n_details;
	r->out->n_impacts = m->n_impacts;
	r->schema_stale = true;
	return err;
}

/*
 * Conflicts that show late are settled by another attempt at this migration
 * alone: what was done before it stays. The first of them does without the
 * savepoint, which is not free.
 */
static struct err *revert_one(struct reconcile *rc, struct run *r, size_t i,
			      struct revert *rv, bool *again)
{
	struct err *err = NULL;
	struct mark mark;

	if (i == rc->n_renames)
		return rollback_in(r, rv, again);
	do {
		err = set_mark(r, &mark);
		if (!err)
			err = rollback_in(r, rv, again);
		if (!err && !*again)
			return target_release(r->e->target, "git_migrate_step");
		if (!err)
			err = back_to_mark(r, &mark);
	} while (!err);
	return err;
}

static struct err *undo_one(struct reconcile *rc, struct run *r, size_t i,
			    struct undo **u, bool *again)
{
	const char *name = rc->plan.steps[i].name;
	struct rollback_how how = how_of(rc);
	struct err *err = NULL;

	if (!*u) {
		*u = xcalloc(1, sizeof(**u));
		err = rollback_chain(r, name, &(*u)->chain);
		if (!err)
			err = reconcile_lacks_snapshot(rc, &(*u)->chain,
						       &(*u)->down);
		if (!err)
			rollback_begin(&(*u)->rv, &(*u)->chain,
				       &rc->out->steps[i], &how);
	}
	if (!err && (*u)->down)
		return run_down(rc, r, i, *u);
	if (!err)
		err = revert_one(rc, r, i, &(*u)->rv, again);
	if (err || *again || !(*u)->chain.previous)
		return err;
	/* a repeatable is back at its run before */
	err = run_flush(r);
	return err ? err : undo_one(rc, r, i, &(*u)->next, again);
}

/* What would be lost if nobody ever came back, before it is done. */
static void tell_parked(const struct reconcile *rc)
{
	const struct engine_run *out = rc->out;

	for (size_t i = 0; i < out->n_steps; i++) {
		const struct engine_step *s = &out->steps[i];
		struct buf b = BUF_INIT;

		if (!s->tried || !s->parked || rc->opt->dry_run)
			continue;
		for (size_t k = 0; k < out->n_impacts; k++) {
			const struct engine_impact *m = &out->impacts[k];

			if (streq(m->migration, s->name) && m->table.removed)
				buf_addf(&b, "%s %s: %llu row%s",
					 b.len ? "," : " (table",
					 m->table.table,
					 (unsigned long long)m->table.removed,
					 m->table.removed == 1 ? "" : "s");
		}
		session_note(rc->e, ENGINE_HINT,
			     "%s: %" PRId64 " %s will be parked%s%s", s->name,
			     s->parked,
			     text_rows_and_values((uint64_t)s->parked),
			     buf_str(&b), b.len ? ")" : "");
		buf_release(&b);
	}
}

static struct err *undo_all(struct reconcile *rc, struct run *r,
			    struct undo **undos, bool *again)
{
	size_t end = rc->n_renames + rc->n_rollbacks;
	struct err *err = NULL;

	for (size_t i = rc->n_renames; i < end && !err && !*again; i++) {
		rc->at = i;
		err = cancel_check();
		if (err)
			break;
		tell_begin(rc, i);
		err = undo_one(rc, r, i, &undos[i], again);
	}
	return err;
}

static struct err *apply_all(struct reconcile *rc, struct run *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < rc->n_applies && !err; i++) {
		rc->at = rc->n_renames + rc->n_rollbacks + i;
		err = cancel_check();
		if (err)
			break;
		tell_begin(rc, rc->at);
		err = apply_group_member(r, &rc->ready[i]);
		err = ready_blame(err, &rc->ready[i]);
	}
	return err;
}

/* Everything, in the transaction that is open. */
static struct err *do_all(struct reconcile *rc, struct run *r,
			  struct undo **undos, bool *again)
{
	struct target *t = rc->e->target;
	struct err *err = reconcile_rename_all(rc, r), *end;

	if (!err && rc->n_renames)
		err = run_flush(r);
	if (!err)
		err = undo_all(rc, r, undos, again);
	/* migrations run with triggers and checks */
	end = restore_session_end(t);
	err = err_first(err, end);
	if (err || *again)
		return err;
	tell_parked(rc);
	if (rc->n_rollbacks)
		err = run_flush(r);
	crash_point("reverted");
	/* what needs a transaction of its own comes behind this one */
	if (!err && !rc->out->stepwise)
		err = apply_all(rc, r);
	return err;
}

/* Conflicts that show late are settled by another attempt, which knows them. */
static struct err *attempt(struct reconcile *rc, struct run *r,
			   struct undo **undos)
{
	bool again = true;
	struct err *err = NULL;

	while (!err && again) {
		again = false;
		rollback_forget(rc->out);
		err = restore_session_begin(rc->e->target);
		if (!err)
			err = run_begin(r);
		if (err)
			return err_first(err,
					 restore_session_end(rc->e->target));
		err = do_all(rc, r, undos, &again);
		if (!err && !again && !rc->opt->dry_run)
			err = run_commit(r);
		run_abort(r);
	}
	return err;
}

struct err *reconcile_at_once(struct reconcile *rc, struct run *r)
{
	size_t n = rc->n_renames + rc->n_rollbacks;
	struct undo **undos = xcalloc(n + 1, sizeof(struct undo *));
	int attempts = 0;
	struct err *err;

	rc->e->target->lock_timeout_ms = run_lock_timeout_ms(rc->e);
	while ((err = attempt(rc, r, undos)) &&
	       run_try_again(r, err, &attempts))
		err_free(err);
	err = target_blame_lock(rc->e->target, err);
	if (!err && !rc->opt->dry_run)
		err = target_reset(rc->e->target);
	for (size_t i = 0; i < n; i++)
		undo_free(undos[i]);
	free(undos);
	return err;
}

/* --- not all of them --- */

struct err *reconcile_stepwise(struct reconcile *rc, struct run *r)
{
	size_t end = rc->n_renames + rc->n_rollbacks;
	struct err *err = end ? reconcile_at_once(rc, r) : NULL;

	if (err)
		return err;
	rc->at = end;
	return apply_ready(r, rc->ready, rc->n_applies);
}
