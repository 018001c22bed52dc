#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"

/*
 * A migration without a transaction, a step at a time: what can be undone is
 * an event with its step's row, what cannot be has an intent before and the
 * event behind it. Killed anywhere, it resumes behind its last step.
 */

/* The last statement has run: what was parked fits now, or never. */
static struct err *give_parked(struct run *r, struct ready *m)
{
	struct err *err = NULL;

	if (m->known)
		err = parked_open(r, m->m->name, &r->parked);
	return err ? err : parked_give(r, r->parked);
}

/* apply_finish() is through, or is not reached. */
static void forget_parked(struct run *r)
{
	parked_close(r->parked);
	r->parked = NULL;
}

/* Statements up to one that must stand alone, in one transaction. */
static struct err *step_together(struct run *r, struct ready *m, size_t from,
				 size_t to, bool last)
{
	struct journal_event ev;
	struct err *err = run_begin(r);

	if (err)
		return err;
	apply_start(r, m, &ev);
	ev.statements = (int64_t)(last ? m->script.n : to - from);
	err = apply_begin_capture(r, m);
	for (size_t i = from; i < to && !err; i++)
		err = apply_statement(r, m, i);
	if (!err && last)
		err = give_parked(r, m);
	if (!err)
		err = target_check_deferred(r->e->target);
	for (size_t i = from; i < to && !err && !last; i++)
		err = journal_step_set(r->e->target, m->m->name, i, "done");
	if (!err && last)
		err = journal_steps_clear(r->e->target, m->m->name);
	if (!err)
		err = apply_finish(r, m, &ev, last ? "applied" : "applying");
	forget_parked(r);
	if (!err)
		err = run_commit(r);
	if (err) {
		capture_abort(r->capture);
		run_abort(r);
	}
	return err;
}

static struct err *note_step(struct run *r, struct ready *m, size_t i,
			     const char *state)
{
	struct err *err = run_begin(r);

	if (!err)
		err = journal_step_set(r->e->target, m->m->name, i, state);
	if (!err)
		err = run_commit(r);
	else
		run_abort(r);
	return err;
}

/* --- statements that leave the schema as it is (SQLite) --- */

/* They may run twice without harm. */
static struct err *step_harmless(struct run *r, struct ready *m, size_t i)
{
	struct err *err = note_step(r, m, i, "intent");

	crash_point("intent");
	if (!err)
		err = target_run(r->e->target, &m->script.statements[i]);
	r->schema_stale = true; /* VACUUM gives sqlite_schema new rowids */
	if (err)
		return apply_statement_error(err, r, m, i);
	crash_point("alone");
	return note_step(r, m, i, "done");
}

/* --- statements that change it --- */

/*
 * The intent. With it the journal knows the migration and its text, so that
 * whatever the statement leaves behind belongs to somebody (run_record_drift).
 */
static struct err *note_intent(struct run *r, struct ready *m, size_t i)
{
	struct journal_event ev;
	struct err *err = run_begin(r);

	if (err)
		return err;
	apply_start(r, m, &ev);
	ev.statements = 0;
	err = journal_step_set(r->e->target, m->m->name, i, "intent");
	if (!err && i == 0)
		err = apply_finish(r, m, &ev, "applying");
	if (!err)
		return run_commit(r);
	run_abort(r);
	return err;
}

/* It has run: the step's row, and the event with what it did. */
static struct err *note_done(struct run *r, struct ready *m, size_t i)
{
	bool last = i + 1 == m->script.n;
	struct journal_event ev;
	struct err *err = run_begin(r);

	if (err)
		return err;
	apply_start(r, m, &ev);
	ev.statements = (int64_t)(last ? m->script.n : 1);
	r->schema_stale = true; /* it is no part of this transaction */
	if (last) {
		err = apply_begin_capture(r, m);
		if (!err)
			err = give_parked(r, m);
	}
	if (err)
		goto failed;
	err = last ? journal_steps_clear(r->e->target, m->m->name)
		   : journal_step_set(r->e->target, m->m->name, i, "done");
	if (!err)
		err = apply_finish(r, m, &ev, last ? "applied" : "applying");
	forget_parked(r);
	if (!err)
		return run_commit(r);
failed:
	forget_parked(r);
	capture_abort(r->capture);
	run_abort(r);
	return err;
}

/* What an earlier attempt left is cleared; whether it had succeeded? */
static struct err *resume(struct run *r, struct ready *m, size_t i, bool begun,
			  enum target_resume *how)
{
	const struct sql_statement *s = &m->script.statements[i];
	struct err *err = target_resume(r->e->target, s, begun, how);

	if (err)
		return apply_statement_error(err, r, m, i);
	if (*how == TARGET_RESUME_UNKNOWN && r->step != ENGINE_STEP_ASK)
		*how = r->step == ENGINE_STEP_DONE ? TARGET_RESUME_DONE
						   : TARGET_RESUME_RUN;
	if (*how != TARGET_RESUME_UNKNOWN)
		return NULL;
	err = err_hint(err_new(ERR_TARGET,
			       "it was begun before, and whether it took "
			       "effect cannot be told"),
		       "look at the database, then: git migrate apply "
		       "--step-done, or --step-redo");
	return apply_statement_error(err, r, m, i);
}

static struct err *step_alone(struct run *r, struct ready *m, size_t i,
			      bool begun)
{
	enum target_resume how = TARGET_RESUME_RUN;
	struct err *err;

	if (!(r->e->target->ops->caps & TARGET_CAP_LONE_DDL))
		return step_harmless(r, m, i);
	err = begun ? NULL : note_intent(r, m, i);
	crash_point("intent");
	if (!err)
		err = resume(r, m, i, begun, &how);
	if (err || how == TARGET_RESUME_DONE)
		return err ? err : note_done(r, m, i);
	target_seen_reset(r->e->target);
	err = target_run(r->e->target, &m->script.statements[i]);
	r->schema_stale = err != NULL; /* an INVALID index may be left */
	if (err)
		return apply_statement_error(err, r, m, i);
	crash_point("alone");
	return note_done(r, m, i);
}

static bool stands_alone(const struct run *r, const struct ready *m, size_t i)
{
	return target_statement_place(r->e->cfg.dialect,
				      &m->script.statements[i]) !=
	       TARGET_INSIDE;
}

struct err *apply_stepwise(struct run *r, struct ready *m)
{
	bool single = r->e->target->ops->caps & TARGET_CAP_LONE_DDL;
	size_t n = m->script.n, done = 0;
	bool intent = false;
	struct err *err = NULL;

	if (r->e->meta.present)
		err = journal_steps(r->e->target, m->m->name, &done, &intent);
	if (done || intent)
		session_note(r->e, ENGINE_HINT,
			     "%s goes on at statement %zu of %zu", m->m->name,
			     done + 1, n);
	for (size_t i = done, to; i < n && !err; i = to) {
		to = i;
		while (to < n && !stands_alone(r, m, to) && !(single && to > i))
			to++;
		err = cancel_check();
		if (!err && to == i) {
			to = i + 1;
			err = step_alone(r, m, i, intent && i == done);
			if (!err && single && to == n)
				return NULL;
		} else if (!err) {
			err = step_together(r, m, i, to, to == n);
			if (!err && to == n)
				return NULL;
		}
	}
	return err ? err : step_together(r, m, n, n, true);
}
