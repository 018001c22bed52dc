#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/reconcile.h"

/* Commit and journal, side by side, into steps; and what speaks against them. */

void reconcile_release(struct reconcile *rc)
{
	for (size_t i = 0; rc->ready && i < rc->n_applies; i++)
		ready_release(&rc->ready[i]);
	free(rc->ready);
	rc->ready = NULL;
	rc->n_renames = rc->n_rollbacks = rc->n_applies = 0;
	plan_release(&rc->plan);
	tree_release(&rc->tree);
}

/* --- which --- */

struct needs {
	struct reconcile *rc;
	struct depend *depend;
	struct late *late; /* opened when it is asked for */
	struct schema live;
	bool inspected;
};

static struct err *needs(void *payload, const char *later, const char *earlier,
			 char **why)
{
	struct needs *n = payload;
	struct err *err = NULL;

	if (!n->inspected)
		err = target_inspect(n->rc->e->target, &n->live,
				     TARGET_ANYTHING, NULL);
	n->inspected = true;
	return err ? err : depend_why(n->depend, &n->live, later, earlier, why);
}

/* The database is to end like one that ran all in order. */
static struct err *passed(void *payload, const char *later, const char *earlier,
			  char **why)
{
	struct needs *n = payload;
	struct err *err = NULL;
	bool commute = false;

	if (!n->late)
		err = late_open(n->rc->e, &n->rc->tree, LATE_STAYING, &n->late);
	if (!err)
		err = late_commute(n->late, later, earlier, &commute);
	if (!err && !commute)
		*why = xasprintf("has to run behind %s", earlier);
	return err;
}

static struct err *find_steps(struct reconcile *rc)
{
	struct needs n = { .rc = rc };
	struct plan_choice ask = { .needs = needs,
				   .passed = passed,
				   .payload = &n };
	struct err *err;

	schema_init(&n.live);
	n.depend = depend_new(rc->e, &rc->tree.rows, &rc->tree.depends);
	err = plan_reconcile(&rc->plan, &rc->tree.view, &ask);
	late_close(n.late);
	depend_free(n.depend);
	schema_release(&n.live);
	for (size_t i = 0; i < rc->plan.n; i++) {
		rc->n_renames += rc->plan.steps[i].kind == PLAN_STEP_RENAME;
		rc->n_rollbacks += rc->plan.steps[i].kind == PLAN_STEP_ROLLBACK;
		rc->n_applies += rc->plan.steps[i].kind == PLAN_STEP_APPLY;
	}
	return err;
}

/* --- what speaks against it --- */

/* A commit without the folder says nothing of what a database should hold. */
static struct err *judge_folder(const struct reconcile *rc)
{
	const struct store_ops *ops = rc->e->store->ops;
	struct store_id folder;
	struct err *err;

	if (rc->tree.set.n || !rc->n_rollbacks)
		return NULL;
	err = ops->folder_id(rc->e->store, &rc->tree.commit.id, rc->e->cfg.dir,
			     &folder);
	if (err || *folder.hex)
		return err;
	return err_hint(err_new(ERR_REFUSED,
				"commit %.12s has no folder '%s': all %zu "
				"applied migrations would be taken back",
				rc->tree.commit.id.hex, rc->e->cfg.dir,
				rc->n_rollbacks),
			"if that is meant: git migrate rollback -n NUMBER");
}

static struct err *refuse_irreversible(const struct engine *e,
				       const char *names)
{
	struct err *err = err_new(ERR_REFUSED,
				  "cannot be taken back, because irreversible: "
				  "%s",
				  names);

	if (e->cfg.own_branch)
		return err_hint(err, "nothing was changed; choose a commit "
				     "that has them, or write a migration that "
				     "undoes them");
	return err_hintf(err,
			 "nothing was changed; choose a commit that has them, "
			 "write a migration that undoes them, or give each "
			 "branch a database of its own: git config "
			 "migrate.%s.reconcile clone",
			 *e->cfg.target ? e->cfg.target : "TARGET");
}

static struct err *judge_irreversible(const struct reconcile *rc)
{
	struct buf names = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; i < rc->plan.n; i++) {
		const struct plan_step *s = &rc->plan.steps[i];
		const struct journal_event *row =
			s->known ? map_get(&rc->tree.rows, s->known->name)
				 : NULL;

		if (s->kind == PLAN_STEP_ROLLBACK && row && row->irreversible)
			buf_addf(&names, "%s%s (%s)", names.len ? ", " : "",
				 s->name, s->why);
	}
	if (names.len)
		err = refuse_irreversible(rc->e, buf_str(&names));
	buf_release(&names);
	return err;
}

/* --- how --- */

/* Behind it in the same transaction something would go wrong, and why. */
static const char *why_last(const struct ready *r)
{
	for (size_t i = 0; i < r->script.n; i++) {
		const struct sql_statement *s = &r->script.statements[i];

		if (s->adds_enum_value)
			return "adds a value to an enum, which cannot be used "
			       "before it is committed";
		if (s->verb == SQL_SET)
			return "makes settings that last until the "
			       "transaction ends";
		if (s->temp)
			return "makes temporary objects";
		if (s->verb == SQL_PRAGMA)
			return "has a PRAGMA";
	}
	return NULL;
}

/* Why they cannot all be one transaction; NULL = they can. */
static const char *why_stepwise(struct reconcile *rc)
{
	for (size_t i = 0; i < rc->n_applies; i++) {
		const struct ready *r = &rc->ready[i];
		bool last = i + 1 == rc->n_applies;
		const char *why = NULL;

		if (r->no_transaction)
			why = "runs without a transaction";
		else if (r->around)
			why = rc->e->cfg.dialect == SQL_SQLITE
				      ? "sets PRAGMA foreign_keys"
				      : "sets an isolation level";
		else if (!last)
			why = why_last(r);
		if (why)
			return arena_printf(&rc->out->arena, "%s %s",
					    r->m->name, why);
	}
	return NULL;
}

static void describe_rename(struct reconcile *rc, const struct plan_step *p)
{
	struct engine_run *out = rc->out;
	struct engine_step *s = &out->steps[out->n_steps++];

	s->verb = "rename";
	s->name = arena_strdup(&out->arena, p->name);
	s->version = arena_strdup(&out->arena, p->migration->version);
	s->blob = arena_strdup(&out->arena, p->migration->blob);
	s->path = arena_strdup(
		&out->arena,
		migration_full_path(&rc->tree.set, p->migration->path));
	s->why = arena_printf(&out->arena, "applied as %s",
			      p->item->renamed_from);
}

static struct err *prepare(struct reconcile *rc, const struct plan_step *p,
			   struct ready *r)
{
	struct err *err = ready_init(r, rc->e, &rc->tree.set, p->migration);

	if (err)
		return err;
	r->out_of_order = p->out_of_order;
	r->known = p->known != NULL;
	if (r->out_of_order)
		session_note(rc->e, ENGINE_HINT,
			     "%s runs after %s, which sorts behind it", p->name,
			     p->after);
	ready_describe(r, &rc->tree.set, true, rc->out);
	return NULL;
}

static struct err *prepare_all(struct reconcile *rc)
{
	struct engine_run *out = rc->out;
	struct err *err = NULL;
	size_t n = 0;

	rc->ready = xcalloc(rc->n_applies + 1, sizeof(*rc->ready));
	out->steps = xcalloc(rc->plan.n + 1, sizeof(*out->steps));
	for (size_t i = 0; i < rc->plan.n && !err; i++) {
		const struct plan_step *p = &rc->plan.steps[i];

		if (p->kind == PLAN_STEP_RENAME)
			describe_rename(rc, p);
		else if (p->kind == PLAN_STEP_ROLLBACK)
			rollback_describe(
				rc->e, p,
				map_get(&rc->tree.rows, p->known->name), out);
		else
			err = prepare(rc, p, &rc->ready[n++]);
	}
	if (!err)
		out->stepwise = why_stepwise(rc);
	return err;
}

struct err *reconcile_plan(struct reconcile *rc)
{
	struct err *err = tree_read(rc->e, rc->opt->rev, false, &rc->tree);

	if (err)
		return err;
	snprintf(rc->out->head, sizeof(rc->out->head), "%s",
		 rc->tree.commit.id.hex);
	err = find_steps(rc);
	if (!err)
		err = judge_folder(rc);
	if (!err)
		err = judge_irreversible(rc);
	return err ? err : prepare_all(rc);
}
