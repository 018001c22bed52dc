#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/rename.h"
#include "snapshot/restore.h"

struct rollback {
	struct engine *e;
	const struct engine_rollback_options *opt;
	struct tree tree;
	struct plan plan;
	struct engine_run *out;
};

void rollback_forget(struct engine_run *out)
{
	out->n_conflicts = out->n_details = out->n_impacts = 0;
}

struct err *rollback_in(struct run *r, struct revert *rv, bool *again)
{
	struct err *err = NULL;

	if (r->schema_stale)
		err = run_inspect(r, TARGET_ANYTHING, NULL);
	r->schema_stale = r->schema_stale && err;
	rv->again = false;
	if (!err)
		err = revert_run(r, rv);
	*again = !err && rv->again;
	return err;
}

/* Conflicts that show late are settled by another attempt, which knows them. */
static struct err *attempt(struct run *r, struct revert *rv)
{
	bool again = true;
	struct err *err = NULL;

	while (!err && again) {
		err = run_begin(r);
		if (!err)
			err = rollback_in(r, rv, &again);
		if (!err && !again)
			return run_commit(r);
		run_abort(r);
	}
	return err;
}

void rollback_begin(struct revert *rv, const struct chain *chain,
		    struct engine_step *step, const struct rollback_how *how)
{
	revert_init(rv, chain);
	rv->step = step;
	rv->choice = how->choice;
	rv->max_details = how->max_details;
	rv->dry_run = how->dry_run;
	rv->append = how->append;
	rv->aside = how->aside;
}

static struct rollback_how how_of(const struct engine_rollback_options *opt)
{
	return (struct rollback_how){
		.choice = opt->on_conflict,
		.max_details = opt->max_details,
		.dry_run = opt->dry_run,
		.append = opt->append,
	};
}

struct err *rollback_chain(struct run *r, const char *name, struct chain *out)
{
	struct err *err = chain_read(out, r->e->target, name);

	if (!err && !out->n)
		err = err_new(ERR_STATE, "%s has no event to take back", name);
	return err;
}

static struct err *rollback_one(struct run *r, const char *name,
				struct engine_step *step,
				const struct rollback_how *how)
{
	struct chain chain;
	struct map undone = MAP_INIT;
	struct revert rv = { 0 };
	struct err *err, *end;

	err = rollback_chain(r, name, &chain);
	if (!err)
		err = rollback_indexes(r, &chain, name, &undone);
	r->undone = undone.n ? &undone : NULL;
	if (!err)
		err = restore_session_begin(r->e->target);
	if (!err) {
		rollback_begin(&rv, &chain, step, how);
		err = attempt(r, &rv);
	}
	end = restore_session_end(r->e->target);
	r->undone = NULL;
	revert_release(&rv);
	map_release(&undone);
	chain_release(&chain);
	return err_first(err, end);
}

/* All of them, newest first, in one transaction. */
static struct err *try_steps(const struct rollback *b, struct run *r,
			     struct revert *reverts, bool *again)
{
	struct err *err = run_begin(r);

	*again = false;
	for (size_t i = 0; i < b->plan.n && !err && !*again; i++) {
		err = cancel_check();
		if (!err)
			err = rollback_in(r, &reverts[i], again);
	}
	run_abort(r);
	return err;
}

/* What would come of it: done, told and undone. */
static struct err *try_all(struct rollback *b)
{
	struct run r = { 0 };
	struct revert *reverts = xcalloc(b->plan.n + 1, sizeof(*reverts));
	struct chain *chains = xcalloc(b->plan.n + 1, sizeof(*chains));
	struct rollback_how how = how_of(b->opt);
	struct err *err = run_open_dry(&r, b->e, b->out);
	bool again = true;

	if (!err)
		b->e->target->lock_timeout_ms = run_lock_timeout_ms(b->e);
	for (size_t i = 0; i < b->plan.n && !err; i++) {
		err = rollback_chain(&r, b->plan.steps[i].name, &chains[i]);
		rollback_begin(&reverts[i], &chains[i], &b->out->steps[i],
			       &how);
	}
	if (!err)
		err = restore_session_begin(b->e->target);
	while (!err && again) {
		rollback_forget(b->out);
		err = try_steps(b, &r, reverts, &again);
	}
	if (b->e->target)
		err = err_first(err, restore_session_end(b->e->target));
	for (size_t i = 0; i < b->plan.n; i++) {
		revert_release(&reverts[i]);
		chain_release(&chains[i]);
	}
	free(reverts);
	free(chains);
	return run_close(&r, err);
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

/* What has to go first is asked for names alone: they may leave gaps. */
struct needs {
	struct rollback *b;
	struct depend *depend;
	struct schema live;
	bool inspected;
};

static struct err *needs(void *payload, const char *later, const char *earlier,
			 char **why)
{
	struct needs *n = payload;
	struct err *err = NULL;

	if (!n->inspected)
		err = target_inspect(n->b->e->target, &n->live, TARGET_ANYTHING,
				     NULL);
	n->inspected = true;
	return err ? err : depend_why(n->depend, &n->live, later, earlier, why);
}

/* The commit that is meant, also one that this clone no longer has. */
static struct err *commit_meant(struct rollback *b, struct store_id *out)
{
	const struct store_ops *ops = b->e->store->ops;
	struct store_commit c;
	struct err *err;

	memset(&c, 0, sizeof(c));
	err = ops->resolve(b->e->store, b->opt->commit, &c);

	if (!err) {
		*out = c.id;
		store_commit_release(&c);
	} else if (strlen(b->opt->commit) >= 4 &&
		   strspn(b->opt->commit, "0123456789abcdef") ==
			   strlen(b->opt->commit)) {
		err_free(err);
		err = NULL;
		snprintf(out->hex, sizeof(out->hex), "%s", b->opt->commit);
	}
	return err;
}

/* Names by when they were applied, or from which commit. */
static struct err *names_by_event(struct rollback *b, const char ***names,
				  size_t *n)
{
	struct store_id commit = { "" };
	struct err *err = NULL;

	*n = 0;
	*names = arena_array(&b->out->arena, b->tree.n_states + 1,
			     sizeof(**names));
	if (b->opt->commit)
		err = commit_meant(b, &commit);
	for (size_t i = 0; i < b->tree.n_states && !err; i++) {
		const struct journal_event *row =
			map_get(&b->tree.rows, b->tree.states[i].name);

		if (!row || !streq(row->status, "applied") ||
		    (b->opt->since &&
		     strcmp(row->finished_at, b->opt->since) < 0) ||
		    (b->opt->commit &&
		     !(row->source_commit &&
		       !strncmp(row->source_commit, commit.hex,
				strlen(commit.hex)))))
			continue;
		(*names)[(*n)++] = row->name;
	}
	return err;
}

static struct err *make_plan(struct rollback *b)
{
	struct needs n = { .b = b };
	struct plan_choice choice = { .to = b->opt->to,
				      .count = b->opt->count,
				      .names = b->opt->names,
				      .n_names = b->opt->n_names,
				      .needs = needs,
				      .payload = &n };
	bool by_event = b->opt->since || b->opt->commit;
	struct err *err = refuse_open(b);
	const char **names = NULL;

	if (!err && by_event) {
		err = names_by_event(b, &names, &choice.n_names);
		choice.names = names;
		if (!err && !choice.n_names)
			return NULL;
	}
	schema_init(&n.live);
	n.depend = depend_new(b->e, &b->tree.rows, &b->tree.depends);
	if (!err)
		err = plan_rollback(&b->plan, &b->tree.view, &choice);
	depend_free(n.depend);
	schema_release(&n.live);
	return err;
}

void rollback_describe(const struct engine *e, const struct plan_step *p,
		       const struct journal_event *row, struct engine_run *out)
{
	struct engine_step *s = &out->steps[out->n_steps++];

	s->verb = "rollback";
	s->name = arena_strdup(&out->arena, p->name);
	s->version =
		arena_strdup(&out->arena, p->known ? p->known->version : "");
	if (row && row->blob)
		s->blob = arena_strdup(&out->arena, row->blob);
	if (row && row->path)
		s->path = migration_path_in(&out->arena, e->cfg.dir, row->path);
	s->irreversible = row && row->irreversible;
	if (p->why)
		s->why = arena_strdup(&out->arena, p->why);
}

static struct err *plan_steps(struct rollback *b)
{
	struct err *err = make_plan(b);

	if (err)
		return err;
	b->out->steps = xcalloc(b->plan.n + 1, sizeof(*b->out->steps));
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct plan_step *p = &b->plan.steps[i];
		const struct journal_event *row =
			map_get(&b->tree.rows, p->name);

		rollback_describe(b->e, p, row, b->out);
		if (row && row->irreversible && !err)
			err = revert_refused(row);
	}
	return err;
}

static struct err *run_all(struct rollback *b)
{
	struct run r = { 0 };
	struct rollback_how how = how_of(b->opt);
	struct err *err = run_open(&r, b->e, b->out);

	if (!err)
		b->e->target->lock_timeout_ms = run_lock_timeout_ms(b->e);

	for (size_t i = 0; i < b->plan.n && !err; i++) {
		const char *name = b->plan.steps[i].name;
		int attempts = 0;

		err = cancel_check();
		if (err)
			break;
		if (b->e->obs.begin)
			b->e->obs.begin(b->e->obs.payload, "rollback", name, i,
					b->plan.n);
		while ((err = rollback_one(&r, name, &b->out->steps[i],
					   &how)) &&
		       run_try_again(&r, err, &attempts))
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

static struct err *cannot_append(const struct engine *e)
{
	return err_hint(err_new(ERR_REFUSED,
				"--append: %s gives columns their old place "
				"back in any case",
				e->target->ops->name),
			"roll back without --append");
}

/* The commit may have other names for what is applied. */
static struct err *learn_names(struct rollback *b,
			       struct engine_rollback_options *mine)
{
	const char **names = arena_array(&b->out->arena, b->opt->n_names + 1,
					 sizeof(*names));

	for (size_t i = 0; i < b->opt->n_names; i++)
		names[i] = b->opt->names[i];
	*mine = *b->opt;
	mine->names = names;
	b->opt = mine;
	return rename_learn(b->e, mine->dry_run, &b->out->arena, names,
			    mine->n_names);
}

struct err *engine_rollback(struct engine *e,
			    const struct engine_rollback_options *opt,
			    struct engine_run *out)
{
	struct rollback b = { .e = e, .opt = opt, .out = out };
	struct engine_rollback_options mine;
	struct err *err;

	memset(out, 0, sizeof(*out));
	e->will_write = true;
	/* first without a lock, so that nothing is made for nothing */
	err = session_open(e, ENGINE_READS);
	if (!err && (!e->target || !e->meta.present))
		err = no_database(e);
	else if (!err && opt->append && !restore_can_append(e->target))
		err = cannot_append(e);
	if (!err)
		err = session_open(e, ENGINE_WRITES);
	if (!err)
		err = ledger_sync(e,
				  opt->dry_run ? ENGINE_READS : ENGINE_WRITES);
	if (!err)
		err = learn_names(&b, &mine);
	if (!err)
		err = tree_read_journal(e, &b.tree);
	if (!err)
		err = plan_steps(&b);
	if (!err && b.plan.n)
		err = opt->dry_run ? try_all(&b) : run_all(&b);
	else if (!err)
		err = session_identity(e, &out->identity);
	plan_release(&b.plan);
	tree_release(&b.tree);
	return err;
}
