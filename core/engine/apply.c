#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/rename.h"

/* A group is made durable when it has been open this long. */
#define GROUP_US 500000

/* Migrations of one run whose dependencies are inferred from effects. */
#define INFER_MAX 32

struct apply {
	struct engine *e;
	const struct engine_apply_options *opt;
	struct tree tree;
	struct plan plan;
	struct ready *ready; /* one for each step */
	struct engine_run *out;
};

static void apply_release(struct apply *a)
{
	for (size_t i = 0; a->ready && i < a->plan.n; i++)
		ready_release(&a->ready[i]);
	free(a->ready);
	a->ready = NULL;
	plan_release(&a->plan);
	tree_release(&a->tree);
}

/* Names for a message: the first few of them, and how many more. */
static void list_names(struct buf *out, const struct plan_view *v,
		       enum plan_state state, bool substance_only)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct plan_item *item = &v->items[i];

		if (item->state != state ||
		    (substance_only && !item->substance))
			continue;
		if (n++ < 5)
			buf_addf(out, "%s%s", n > 1 ? ", " : "", item->name);
	}
	if (n > 5)
		buf_addf(out, " and %zu more", n - 5);
}

static struct err *judge_modified(struct apply *a)
{
	const struct plan_view *v = &a->tree.view;
	struct err *err = NULL;
	struct buf names = BUF_INIT;
	bool substance = false;

	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i].state != PLAN_MODIFIED)
			continue;
		substance |= v->items[i].substance;
		if (!v->items[i].substance)
			session_note(a->e, ENGINE_NOTE,
				     "%s was edited after it was applied; what "
				     "it does is the same",
				     v->items[i].name);
	}
	if (substance) {
		list_names(&names, v, PLAN_MODIFIED, true);
		err = err_hint(
			err_new(ERR_REFUSED, "edited after being applied: %s",
				buf_str(&names)),
			"git migrate show NAME tells what ran; restore the "
			"file, or roll back first and apply again");
	}
	buf_release(&names);
	return err;
}

static bool is_protected(const struct apply *a)
{
	return a->e->cfg.is_protected || a->e->meta.is_protected;
}

static struct err *judge_foreign(struct apply *a)
{
	const struct plan_view *v = &a->tree.view;
	struct buf names = BUF_INIT;
	struct err *err = NULL;

	if (!v->counts[PLAN_FOREIGN])
		return NULL;
	list_names(&names, v, PLAN_FOREIGN, false);
	if (is_protected(a) && !a->opt->allow_foreign)
		err = err_hint(err_new(ERR_REFUSED,
				       "applied here, but not in this commit: "
				       "%s",
				       buf_str(&names)),
			       "apply a commit that has them, or use "
			       "--allow-foreign");
	else
		session_note(a->e, ENGINE_WARNING,
			     "applied here, but not in this commit: %s",
			     buf_str(&names));
	buf_release(&names);
	return err;
}

static struct err *judge_order(struct apply *a)
{
	struct late *late = NULL;
	struct err *err = NULL;

	for (size_t i = 0; i < a->plan.n && !err; i++) {
		const struct plan_item *item = a->plan.steps[i].item;
		const char *with = NULL;

		if (!item->out_of_order || a->opt->out_of_order)
			continue;
		if (!late)
			err = late_open(a->e, &a->tree,
					a->opt->worktree ? LATE_WORKTREE : 0,
					&late);
		if (!err)
			err = late_judge(late, item->migration, &with);
		if (!err && with)
			err = err_hint(
				err_new(ERR_REFUSED,
					"%s sorts before %s, which is applied "
					"already, and it is not proved that "
					"the two commute",
					item->name, with),
				"git migrate rebase gives it a later version; "
				"--out-of-order runs it as it is");
		else if (!err)
			session_note(a->e, ENGINE_HINT,
				     "%s runs after %s, which sorts behind it; "
				     "they commute",
				     item->name, item->out_of_order);
	}
	late_close(late);
	return err;
}

static struct err *judge_protected(struct apply *a)
{
	const struct store_ops *ops = a->e->store->ops;
	struct store_commit tip = { 0 };
	struct err *err;
	bool on_branch = true;
	char *ref;

	if (!is_protected(a))
		return NULL;
	if (a->opt->worktree)
		return err_hint(err_new(ERR_REFUSED,
					"target '%s' is protected: only "
					"committed migrations run there",
					a->e->cfg.target),
				"commit them first");
	if (!a->e->cfg.branch)
		return NULL;
	ref = xasprintf("refs/heads/%s", a->e->cfg.branch);
	err = ops->resolve(a->e->store, ref, &tip);
	if (!err)
		err = ops->is_ancestor(a->e->store, &a->tree.commit.id, &tip.id,
				       &on_branch);
	if (!err && !on_branch)
		err = err_hintf(
			err_new(ERR_REFUSED,
				"target '%s' is protected: commit %.12s is not "
				"on branch '%s'",
				a->e->cfg.target, a->tree.commit.id.hex,
				a->e->cfg.branch),
			"git migrate apply --rev %s", a->e->cfg.branch);
	store_commit_release(&tip);
	free(ref);
	return err;
}

static struct err *plan_steps(struct apply *a)
{
	struct plan_choice choice = { .to = a->opt->to,
				      .count = a->opt->count };
	struct err *err = plan_apply(&a->plan, &a->tree.view, &choice);

	if (err)
		return err;
	err = judge_protected(a);
	if (!err)
		err = judge_modified(a);
	if (!err)
		err = judge_foreign(a);
	if (!err)
		err = judge_order(a);
	return err;
}

static bool proves(const struct apply *a)
{
	return a->opt->prove || a->e->cfg.prove;
}

/* What can never be taken back, or not in one transaction. */
static struct err *refuse_unproved(const struct apply *a, const struct ready *r)
{
	const char *why = NULL;

	if (!proves(a))
		return NULL;
	if (a->opt->no_snapshot)
		why = "no snapshot is kept";
	else if (r->m->irreversible)
		why = "it is marked irreversible";
	else if (r->no_transaction)
		why = "it runs without a transaction";
	if (!why)
		return NULL;
	return err_hint(err_new(ERR_REFUSED,
				"%s: its rollback cannot be proved: %s",
				r->m->name, why),
			"apply it without --prove and migrate.<target>.prove");
}

/* Whether a file is there that could be read as a statement of intent. */
static struct err *prepare_all(struct apply *a)
{
	struct err *err = NULL;

	a->ready = xcalloc(a->plan.n + 1, sizeof(*a->ready));
	a->out->steps = xcalloc(a->plan.n + 1, sizeof(*a->out->steps));
	for (size_t i = 0; i < a->plan.n && !err; i++) {
		struct migration *m = a->plan.steps[i].migration;
		struct ready *r = &a->ready[i];

		err = ready_init(r, a->e, &a->tree.set, m);
		if (!err)
			err = refuse_unproved(a, r);
		if (err)
			break;
		r->out_of_order = a->plan.steps[i].item->out_of_order != NULL;
		r->known = a->plan.steps[i].known != NULL;
		if (m->batch)
			session_note(a->e, ENGINE_HINT,
				     "%s is a batch migration; it runs as one "
				     "transaction",
				     m->name);
		ready_describe(r, &a->tree.set, !a->opt->no_snapshot, a->out);
	}
	if (!err && !a->opt->no_snapshot)
		err = ready_estimate(a->ready, a->plan.n, a->e, &a->tree.set,
				     a->out);
	return err;
}

/* A failed migration leaves a row that says so, and nothing else. */
static struct err *fail_step(struct run *r, struct ready *m, struct err *err)
{
	struct journal_event ev = { 0 };
	struct err *second;

	if (err_class_of(err) != ERR_TARGET)
		return ready_blame(err, m);
	apply_describe(r, m, &ev);
	ev.statements = (int64_t)m->script.n;
	second = run_record_failure(r, &ev, err);
	if (second)
		session_note(r->e, ENGINE_WARNING,
			     "the failure could not be recorded: %s",
			     err_text(second));
	err_free(second);
	return ready_blame(err, m);
}

static void tell_begin(struct apply *a, size_t i)
{
	if (a->e->obs.begin)
		a->e->obs.begin(a->e->obs.payload, "apply", a->ready[i].m->name,
				i, a->plan.n);
}

/* The first of the settings that only count before BEGIN decides. */
static struct err *make_settings(struct apply *a, const struct ready *m)
{
	for (size_t i = 0; i < m->script.n; i++)
		if (target_statement_place(a->e->cfg.dialect,
					   &m->script.statements[i]) ==
		    TARGET_AROUND)
			return target_run(a->e->target,
					  &m->script.statements[i]);
	return NULL;
}

/*
 * A statement that is interrupted, or that says ROLLBACK, takes the whole
 * transaction along. What was finished in it is done again, up to `end`.
 */
static struct err *redo(struct apply *a, struct run *r, size_t *next,
			size_t end)
{
	struct err *err = NULL;

	cancel_hold(true);
	while (*next < end && !err) {
		err = run_begin(r);
		if (!err)
			err = apply_group_member(r, &a->ready[*next]);
		if (!err)
			err = run_commit(r);
		if (!err)
			++*next;
	}
	run_abort(r);
	cancel_hold(false);
	return err ? ready_blame(err, &a->ready[*next]) : NULL;
}

/* Members up to the end of the group; *end moves behind what is done. */
static struct err *run_members(struct apply *a, struct run *r, size_t *end,
			       bool alone)
{
	size_t first = *end;
	struct err *err = NULL;

	while (*end < a->plan.n && !err) {
		struct ready *m = &a->ready[*end];

		if (m->own_group && *end > first)
			break;
		err = cancel_check();
		if (err)
			break;
		tell_begin(a, *end);
		err = apply_group_member(r, m);
		if (!err)
			++*end;
		if (alone || m->own_group ||
		    clock_steady_us() - r->group_start_us > GROUP_US)
			break;
	}
	return err;
}

/*
 * Steps from *next on, up to the end of a group: one that wants a transaction
 * of its own, time, or the end. *next moves behind what is durable.
 */
static struct err *run_group(struct apply *a, struct run *r, size_t *next,
			     bool alone)
{
	size_t end = *next;
	struct err *err = NULL, *failed;

	if (a->ready[end].around)
		err = make_settings(a, &a->ready[end]);
	if (!err)
		err = run_begin(r);
	if (err)
		return err;
	failed =
		target_blame_lock(a->e->target, run_members(a, r, &end, alone));
	if (failed && !target_in_transaction(a->e->target)) {
		run_abort(r);
		err = redo(a, r, next, end);
		if (err) {
			err_free(failed);
			return err;
		}
		return fail_step(r, &a->ready[end], failed);
	}
	if (end > *next || r->n_rows)
		err = run_commit(r);
	else
		run_abort(r);
	if (err && end - *next > 1 && !failed) {
		/* whichever it is, the others need not suffer */
		err_free(err);
		return run_group(a, r, next, true);
	}
	if (err) {
		err_free(failed);
		return ready_blame(err, &a->ready[*next]);
	}
	*next = end;
	return failed ? fail_step(r, &a->ready[end], failed) : NULL;
}

static struct err *run_steps(struct apply *a, struct run *r)
{
	struct target *t = a->e->target;
	bool alone = !a->opt->group &&
		     (a->opt->no_group || !(t->ops->caps & TARGET_CAP_GROUP));
	size_t next = 0;
	struct err *err = NULL;

	while (next < a->plan.n && !err) {
		struct ready *m = &a->ready[next];

		t->lock_timeout_ms = m->m->lock_timeout_ms >= 0
					     ? m->m->lock_timeout_ms
					     : run_lock_timeout_ms(a->e);
		if (m->no_transaction) {
			tell_begin(a, next);
			err = apply_stepwise(r, m);
			if (err)
				err = fail_step(r, m, err);
			else
				next++;
		} else {
			int attempt = 0;

			while ((err = run_group(a, r, &next, alone)) &&
			       run_try_again(r, err, &attempt))
				err_free(err);
		}
		err = err_first(err, target_reset(t));
	}
	return err;
}

struct err *apply_ready(struct run *r, struct ready *ready, size_t n)
{
	struct engine_apply_options opt = { 0 };
	struct apply a = { .e = r->e, .opt = &opt, .ready = ready };

	a.plan.n = n; /* the steps are not looked at any more */
	return run_steps(&a, r);
}

/*
 * What they depend on, though no file says so: for the journal, and nobody is
 * refused for want of it. A first installation of many is not analysed.
 */
static void infer(struct apply *a, struct late **late, struct map *out)
{
	const char **names;
	struct err *err = NULL;

	if (a->plan.n > INFER_MAX)
		return;
	err = late_open(a->e, &a->tree,
			LATE_HURRY | (a->opt->worktree ? LATE_WORKTREE : 0),
			late);
	for (size_t i = 0; i < a->plan.n && !err; i++) {
		const struct migration *m = a->plan.steps[i].migration;

		err = late_infer(*late, m, &names);
		if (!err && names)
			map_put(out, m->name, names);
	}
	if (err)
		session_note(a->e, ENGINE_NOTE,
			     "dependencies are not inferred: %s",
			     err_text(err));
	err_free(err);
}

static struct err *run_all(struct apply *a)
{
	struct run r = { 0 };
	struct map inferred = MAP_INIT;
	struct late *late = NULL;
	struct err *err;

	infer(a, &late, &inferred);
	err = run_open(&r, a->e, a->out);
	r.inferred = &inferred;

	r.commit = &a->tree.commit;
	r.set = &a->tree.set;
	r.layout = migration_layout_name(&a->tree.set);
	r.no_snapshot = a->opt->no_snapshot;
	r.no_restore = a->opt->no_restore;
	r.step = a->opt->step;
	if (!err)
		err = rename_all(&r, &a->tree);
	r.prove = proves(a);
	if (!err)
		err = run_steps(a, &r);
	err = run_close(&r, err);
	late_close(late);
	map_release(&inferred);
	return err;
}

/* What is to be done, from what can be read without changing anything. */
static struct err *plan_all(struct apply *a)
{
	const struct engine_apply_options *opt = a->opt;
	struct err *err;

	err = tree_read(a->e, opt->rev, opt->worktree, &a->tree);
	if (!err)
		err = plan_steps(a);
	return err ? err : prepare_all(a);
}

static struct err *last_seq(struct engine *e, int64_t *out)
{
	*out = 0;
	if (!e->target || !e->meta.present)
		return NULL;
	return journal_last_seq(e->target, out);
}

/*
 * With the runner lock held: plan again when somebody was faster, then run.
 * Notes of the first planning are not said twice.
 */
static struct err *lock_and_run(struct apply *a, int64_t planned)
{
	struct err *err = session_open(a->e, ENGINE_WRITES);
	int64_t seq;

	if (!err)
		err = ledger_sync(a->e, ENGINE_WRITES);
	if (!err)
		err = last_seq(a->e, &seq);
	if (!err && seq != planned) {
		apply_release(a);
		engine_run_release(a->out);
		memset(&a->plan, 0, sizeof(a->plan));
		err = plan_all(a);
	}
	if (!err && a->plan.n)
		err = ready_authors(a->ready, a->plan.n, a->e, &a->tree);
	if (!err && (a->plan.n || rename_is_due(&a->tree)))
		return run_all(a);
	return err ? err : session_identity(a->e, &a->out->identity);
}

struct err *engine_apply(struct engine *e,
			 const struct engine_apply_options *opt,
			 struct engine_run *out)
{
	struct apply a = { .e = e, .opt = opt, .out = out };
	int64_t planned = 0;
	struct err *err;

	memset(out, 0, sizeof(*out));
	e->will_write = !opt->dry_run;
	err = session_open(e, ENGINE_READS);
	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err)
		err = last_seq(e, &planned);
	if (!err)
		err = plan_all(&a);
	if (!err && !opt->dry_run && (a.plan.n || rename_is_due(&a.tree)))
		err = lock_and_run(&a, planned);
	else if (!err)
		err = session_identity(e, &out->identity);
	apply_release(&a);
	return err;
}
