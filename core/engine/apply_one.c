#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"

/* One migration: its statements, what they destroyed, its journal row. */

static char *keep(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->group, s) : NULL;
}

void apply_describe(struct run *r, const struct ready *m,
		    struct journal_event *ev)
{
	const struct migration *f = m->m;

	ev->event = "apply";
	ev->name = keep(r, f->name);
	ev->version = keep(r, f->version);
	ev->layout = keep(r, r->layout);
	ev->path = keep(r, f->path);
	ev->blob = keep(r, f->blob);
	ev->down_path = keep(r, f->down_path);
	ev->down_blob = keep(r, f->down_blob);
	ev->description = keep(r, f->description);
	ev->dirty = f->dirty;
	ev->out_of_order = m->out_of_order;
	ev->irreversible = f->irreversible || r->no_snapshot;
	ev->batch_size = f->batch;
	if (r->commit && *r->commit->id.hex && !f->dirty)
		ev->source_commit = keep(r, r->commit->id.hex);
	if (m->author)
		ident_split(&r->group, m->author, &ev->author,
			    &ev->author_date);
	else if (r->commit && r->commit->author)
		ident_split(&r->group, r->commit->author, &ev->author,
			    &ev->author_date);
}

static bool is_template(const struct sql_statement *s)
{
	return memmem(s->text, s->len, "${", 2) ||
	       memmem(s->text, s->len, "{{", 2);
}

static bool is_no_sql(const struct err *err)
{
	return strstr(err_text(err), "syntax error") ||
	       strstr(err_text(err), "unrecognized token");
}

/* Say which statement it was, and where it stands. */
struct err *apply_statement_error(struct err *err, const struct run *r,
				  const struct ready *m, size_t i)
{
	const struct sql_statement *s = &m->script.statements[i];

	if (err_class_of(err) == ERR_CANCELLED)
		return err;
	if (!err_hint_of(err) && is_no_sql(err) && is_template(s))
		err = err_hint(err, "the file is a template: what stands in "
				    "${...} or {{...}} is not replaced here");
	err = err_wrap(err, "statement %zu of %zu", i + 1, m->script.n);
	return err_at(err,
		      (struct err_at){ migration_full_path(r->set, m->m->path),
				       s->line, s->col });
}

/* Statement i, with capture around it; or, `later`, sent with others. */
static struct err *run_statement(struct run *r, struct ready *m, size_t i,
				 bool later)
{
	const struct sql_statement *s = &m->script.statements[i];
	struct err *err = cancel_check(), *why;

	if (err)
		return err;
	if (!r->no_snapshot)
		err = capture_before(r->capture, i);
	if (!err) {
		err = later ? target_run_later(r->e->target, s)
			    : target_run(r->e->target, s);
		/* capture stops a statement: its reason is the one to tell */
		why = err && !r->no_snapshot ? capture_take_error(r->capture)
					     : NULL;
		if (why) {
			err_free(err);
			err = why;
		}
	}
	if (!err && !r->no_snapshot)
		err = capture_after(r->capture, i);
	crash_point("statement");
	return err ? apply_statement_error(err, r, m, i) : NULL;
}

struct err *apply_statement(struct run *r, struct ready *m, size_t i)
{
	return run_statement(r, m, i, false);
}

/* An error that one of those sent together has brought. */
static struct err *later_error(struct err *err, const struct run *r,
			       const struct ready *m)
{
	const struct err_at *at = err ? err_at_of(err) : NULL;
	size_t i = 0;

	if (!at || at->path[0] || !at->line)
		return err;
	while (i + 1 < m->script.n &&
	       (m->script.statements[i + 1].line < at->line ||
		(m->script.statements[i + 1].line == at->line &&
		 m->script.statements[i + 1].col <= at->col)))
		i++;
	return apply_statement_error(err, r, m, i);
}

static const char *kind_of(const struct schema_delta *delta, bool wrote)
{
	if (delta->n)
		return wrote ? "mixed" : "schema";
	return "data";
}

/*
 * What the statements since capture_begin() left: snapshot, schema, journal
 * row. status "applied", or "applying" when more statements follow.
 */
struct err *apply_finish(struct run *r, struct ready *m,
			 struct journal_event *ev, const char *status)
{
	const struct target_seen *seen = &r->e->target->seen;
	struct capture_result kept = { 0 };
	struct schema_delta delta;
	struct store_id snapshot;
	struct err *err = NULL;

	schema_delta_init(&delta);
	if (!r->no_snapshot)
		err = capture_finish(r->capture, &delta, &r->group, &kept);
	capture_abort(r->capture);
	if (!err && r->parked)
		err = parked_end(r, r->parked, ev);
	if (!err && kept.any) {
		err = snapshot_writer_event(r->snapshots, &snapshot);
		ev->snapshot = err ? NULL : keep(r, snapshot.hex);
		ev->snapshot_store = snapshot_writer_store(r->snapshots);
	}
	crash_point("captured");
	if (!err && kept.collateral)
		session_note(r->e, ENGINE_WARNING,
			     "%s: DROP TABLE also changed %llu row%s of other "
			     "tables through foreign keys; 'PRAGMA "
			     "foreign_keys = OFF;' in the file prevents that",
			     ev->name, (unsigned long long)kept.collateral,
			     kept.collateral == 1 ? "" : "s");
	if (!err &&
	    (seen->created || seen->changed || seen->pragma || r->schema_stale))
		err = run_inspect(r,
				  r->schema_stale ? TARGET_ANYTHING
				  : seen->changed ? TARGET_CHANGED
						  : TARGET_APPENDED,
				  &delta);
	r->schema_stale = r->schema_stale && err;
	ev->status = status;
	ev->kind = kind_of(&delta, seen->wrote);
	ev->rows = seen->rows;
	ev->exact = !ev->irreversible;
	if (streq(ev->event, "rollback")) { /* by its down section */
		ev->exact = false;
		ev->parked = (int64_t)kept.rows;
	}
	ev->duration_ms = (clock_steady_us() - r->started_us) / 1000;
	if (!err)
		err = run_event(r, ev, &delta, m->m, m->author != NULL);
	schema_delta_release(&delta);
	return err;
}

/* Its own, and where nobody asked for it, no more than is waited for. */
static int64_t time_limit_ms(const struct run *r, const struct migration *m)
{
	int64_t own = m->statement_timeout_ms > 0 ? m->statement_timeout_ms : 0;
	int64_t most = r->e->cfg.migration_limit_ms;

	return most && (!own || most < own) ? most : own;
}

void apply_start(struct run *r, struct ready *m, struct journal_event *ev)
{
	char now[CLOCK_ISO_SIZE];
	int64_t limit_ms;

	memset(ev, 0, sizeof(*ev));
	clock_iso(clock_now(), now);
	r->started_us = clock_steady_us();
	apply_describe(r, m, ev);
	ev->started_at = keep(r, now);
	ev->statements = (int64_t)m->script.n;
	target_seen_reset(r->e->target);
	r->e->target->deadline_us = 0;
	limit_ms = time_limit_ms(r, m->m);
	if (limit_ms)
		r->e->target->deadline_us = r->started_us + limit_ms * 1000;
}

/* Nothing of the group would be lost with the transaction. */
static bool is_first(const struct run *r)
{
	return r->n_rows == (size_t)r->creating;
}

struct err *apply_begin_capture(struct run *r, struct ready *m)
{
	struct snapshot_out out;
	struct err *err = NULL;

	if (r->no_snapshot)
		return NULL;
	run_snapshot_out(r, &out);
	r->capture_out = out;
	capture_begin(r->capture, &r->capture_out, &m->script);
	/* what was parked may come back */
	if (m->known && !r->no_restore)
		err = capture_aside(r->capture, CAPTURE_ASIDE_EXPECT);
	if (!err && !is_first(r) && (m->known || !m->only_creates))
		err = capture_aside(r->capture, CAPTURE_ASIDE_BEHIND);
	return err;
}

/* A file that sets PRAGMA foreign_keys leaves no more violations behind. */
static struct err *check_violations(struct run *r, const struct ready *m,
				    int64_t before)
{
	int64_t after = 0;
	struct err *err =
		m->around ? target_violations(r->e->target, &after) : NULL;

	if (err || after <= before)
		return err;
	return err_hint(err_new(ERR_TARGET,
				"%lld row%s foreign keys after the migration, "
				"%lld did before",
				(long long)after,
				after == 1 ? " violates" : "s violate",
				(long long)before),
			"PRAGMA foreign_key_check lists them");
}

static struct err *apply_member(struct run *r, struct ready *m)
{
	struct target *t = r->e->target;
	int64_t before = 0;
	bool late, later = m->only_creates && !m->known;
	struct journal_event ev;
	struct err *err = NULL;

	apply_start(r, m, &ev);
	if (m->known)
		err = parked_open(r, m->m->name, &r->parked);
	if (!err && m->around)
		err = target_violations(t, &before);
	if (!err)
		err = apply_begin_capture(r, m);
	for (size_t i = 0; i < m->script.n && !err; i++)
		if (target_statement_place(r->e->cfg.dialect,
					   &m->script.statements[i]) !=
		    TARGET_AROUND)
			err = run_statement(r, m, i, later);
	if (!err)
		err = parked_give(r, r->parked);
	late = parked_is_late(r->parked);
	if (!err)
		err = later_error(target_check_deferred(t), r, m);
	if (!err && !late)
		err = check_violations(r, m, before);
	t->deadline_us = 0;
	if (!err)
		err = apply_finish(r, m, &ev, "applied");
	if (!err && late)
		err = check_violations(r, m, before);
	parked_close(r->parked);
	r->parked = NULL;
	return err;
}

struct err *apply_group_member(struct run *r, struct ready *m)
{
	const struct store_ops *ops = r->e->store->ops;
	size_t mark = ops->ledger_mark(r->ledger), n_rows = r->n_rows;
	struct store_id tip = r->tip;
	bool first = is_first(r);
	int64_t seq = r->seq;
	struct err *err = NULL, *undo;

	/* a savepoint keeps a copy of each page that is written after it */
	if (!first)
		err = target_savepoint(r->e->target, "git_migrate_one");
	if (err)
		return err;
	err = apply_member(r, m);
	if (!err && !first)
		err = target_release(r->e->target, "git_migrate_one");
	if (!err)
		return NULL;
	if (first)
		target_rollback(r->e->target);
	capture_abort(r->capture);
	r->e->target->deadline_us = 0;
	r->schema_stale = true;
	r->n_rows = n_rows;
	r->seq = seq;
	r->tip = tip;
	if (!target_in_transaction(r->e->target))
		return err; /* RAISE(ROLLBACK) and the like: all is gone */
	undo = target_rollback_to(r->e->target, "git_migrate_one");
	undo = err_first(undo, snapshot_writer_drop(r->snapshots));
	undo = err_first(undo, ops->ledger_rewind(r->ledger, mark));
	return err_first(err, undo);
}
