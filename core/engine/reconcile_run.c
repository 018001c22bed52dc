#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/reconcile.h"

/* git migrate reconcile: from the look at the database to the last commit. */

static struct err *refuse_protected(const struct engine *e)
{
	if (!e->cfg.is_protected && !e->meta.is_protected)
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
				"target '%s' is protected: nothing is taken "
				"back there to follow a branch",
				e->cfg.target),
			"git migrate apply, or git migrate rollback, with the "
			"migrations that are meant");
}

static struct err *refuse_other_worktree(const struct reconcile *rc)
{
	/* a branch's own database is where the branch is */
	char *other =
		rc->opt->shared || rc->opt->dry_run || rc->e->cfg.own_branch
			? NULL
			: lastuse_other(rc->e);
	struct err *err;

	if (!other)
		return NULL;
	err = err_hint(
		err_new(ERR_REFUSED,
			"the database of target '%s' is the one that the work "
			"tree %s has run on last",
			rc->e->cfg.target, other),
		"--shared takes it along to this commit; a url such as "
		"sqlite:dev.db is a database of its own in each work tree");
	free(other);
	return err;
}

static void add_other(void *payload, const char *who)
{
	struct buf *b = payload;

	buf_addf(b, "%s%s", b->len ? ", " : "", who);
}

/* They may hold locks, or find the tables gone that they work on. */
static struct err *tell_others(const struct reconcile *rc)
{
	struct buf b = BUF_INIT;
	struct err *err = target_others(rc->e->target, add_other, &b);

	if (!err && b.len)
		session_note(rc->e, ENGINE_HINT, "also connected: %s",
			     buf_str(&b));
	buf_release(&b);
	return err;
}

/* Which step it was, and what is left of those before it. */
static void tell_failure(const struct reconcile *rc, const struct err *err)
{
	const struct engine_run *out = rc->out;
	const struct engine_step *s = &out->steps[rc->at];

	if (rc->opt->dry_run || rc->at >= out->n_steps ||
	    err_class_of(err) == ERR_CANCELLED)
		return;
	if (!out->stepwise || !out->n_done)
		session_note(rc->e, ENGINE_WARNING,
			     "step %zu of %zu, %s %s, failed; nothing was "
			     "changed",
			     rc->at + 1, out->n_steps, s->verb, s->name);
	else
		session_note(rc->e, ENGINE_WARNING,
			     "%zu of %zu steps are done, and stay; the same "
			     "command goes on behind them",
			     out->n_done, out->n_steps);
}

static struct err *run_all(struct reconcile *rc)
{
	struct run r = { 0 };
	struct err *err = rc->opt->dry_run ? run_open_dry(&r, rc->e, rc->out)
					   : run_open(&r, rc->e, rc->out);

	r.commit = &rc->tree.commit;
	r.set = &rc->tree.set;
	r.layout = migration_layout_name(&rc->tree.set);
	if (!err && rc->out->stepwise && !rc->opt->dry_run) {
		if (rc->plan.n > 1) /* one alone is what apply does */
			session_note(rc->e, ENGINE_HINT,
				     "not one transaction, but one for all "
				     "rollbacks and one for each migration "
				     "behind them: %s",
				     rc->out->stepwise);
		err = reconcile_stepwise(rc, &r);
	} else if (!err) {
		err = reconcile_at_once(rc, &r);
	}
	if (err)
		tell_failure(rc, err);
	return run_close(&r, err);
}

static struct err *last_seq(struct engine *e, int64_t *out)
{
	*out = 0;
	if (!e->target || !e->meta.present)
		return NULL;
	return journal_last_seq(e->target, out);
}

/* With the runner lock held: plan again when somebody was faster, then run. */
static struct err *lock_and_run(struct reconcile *rc, int64_t planned)
{
	struct err *err = session_open(rc->e, ENGINE_WRITES);
	int64_t seq;

	if (!err)
		err = ledger_sync(rc->e, rc->opt->dry_run ? ENGINE_READS
							  : ENGINE_WRITES);
	if (!err)
		err = last_seq(rc->e, &seq);
	if (!err && seq != planned) {
		reconcile_release(rc);
		engine_run_release(rc->out);
		err = reconcile_plan(rc);
	}
	if (!err && rc->n_applies)
		err = ready_authors(rc->ready, rc->n_applies, rc->e, &rc->tree);
	if (!err && rc->plan.n)
		err = tell_others(rc);
	if (!err && rc->plan.n)
		return run_all(rc);
	return err ? err : session_identity(rc->e, &rc->out->identity);
}

/* A database that is not there yet is not made to see what would be in it. */
static bool can_try(const struct reconcile *rc)
{
	return !rc->opt->dry_run || (rc->e->target && rc->e->meta.present);
}

struct err *engine_reconcile(struct engine *e,
			     const struct engine_reconcile_options *opt,
			     struct engine_run *out)
{
	struct reconcile rc = { .e = e, .opt = opt, .out = out };
	int64_t planned = 0;
	struct err *err;

	memset(out, 0, sizeof(*out));
	e->will_write = true;
	e->cfg.migration_limit_ms = opt->migration_limit_ms;
	if (opt->dry_run && e->cfg.snapshot_store &&
	    snapshot_remote_name(e->cfg.snapshot_store)) {
		e->cfg.snapshot_store = "clone"; /* nothing is pushed */
		e->cfg.is_ci = false;
	}
	err = session_open(e, ENGINE_READS);
	if (!err)
		err = refuse_protected(e);
	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err)
		err = last_seq(e, &planned);
	if (!err)
		err = reconcile_plan(&rc);
	if (!err && rc.plan.n)
		err = refuse_other_worktree(&rc);
	if (!err && rc.plan.n && can_try(&rc))
		err = lock_and_run(&rc, planned);
	else if (!err)
		err = session_identity(e, &out->identity);
	reconcile_release(&rc);
	return err;
}
