#include "engine/impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"

/*
 * The executor: groups of events, each made durable in one database
 * transaction, with its snapshots on disk before and the ledger's ref after.
 */

void engine_run_release(struct engine_run *r)
{
	free(r->steps);
	free(r->conflicts);
	free(r->details);
	free(r->impacts);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

struct settle {
	struct engine *e;
	struct err *err;
};

static enum store_pending ask_pending(void *payload, const char *key,
				      const struct store_id *event)
{
	struct settle *s = payload;
	bool known = false;

	/* another database's, which may never have come to be: kept, since it
	 * cannot be told from here */
	if (!starts_with(key, s->e->meta.uuid))
		return STORE_PENDING_KEEP;
	if (!s->err)
		s->err = journal_has_snapshot(s->e->target, event->hex, &known);
	if (s->err)
		return STORE_PENDING_LEAVE;
	return known ? STORE_PENDING_KEEP : STORE_PENDING_DROP;
}

/* Snapshots of a run that died: kept when their event is in the journal. */
struct err *run_settle(struct engine *e)
{
	struct settle s = { .e = e };
	struct err *err;

	if (!e->meta.present)
		return NULL;
	err = e->store->ops->pending_settle(e->store, ask_pending, &s);
	return err_first(s.err, err);
}

static struct err *ensure_journal(struct run *r)
{
	struct engine *e = r->e;
	struct err *err;

	if (e->meta.present)
		return NULL;
	err = journal_create(e->target, e->location, e->meta.uuid);
	if (!err && e->cfg.own_branch)
		err = journal_meta_set(e->target, "branch", e->cfg.own_branch);
	if (err)
		return err;
	e->meta.present = true;
	e->meta.format = JOURNAL_FORMAT;
	r->creating = true;
	return run_record_init(r);
}

/* It holds from now on, under whatever name the database is reached. */
static struct err *ensure_protected(struct run *r)
{
	struct engine *e = r->e;

	if (!e->cfg.is_protected || e->meta.is_protected)
		return NULL;
	return journal_meta_set(e->target, "protected", "1");
}

static struct err *open_run(struct run *r, struct engine *e,
			    struct engine_run *out, bool dry)
{
	struct journal_event tip = { 0 };
	struct capture_options opt = {
		.scratch_dir = e->store->ops->common_dir(e->store),
		.limit = e->cfg.snapshot_limit,
	};
	struct arena a = ARENA_INIT;
	struct err *err;

	memset(r, 0, sizeof(*r));
	r->e = e;
	r->out = out;
	schema_init(&r->schema);
	err = ident_now(e, &r->ident);
	if (!err && !dry)
		err = run_settle(e);
	if (!err && e->meta.present)
		err = journal_tip(e->target, &a, &tip);
	if (!err && e->meta.present)
		err = journal_last_seq(e->target, &r->seq);
	if (!err)
		err = schema_cache_inspect(e, tip.seq ? tip.commit : "",
					   &r->schema);
	if (!err)
		err = ledger_open_tip(e, &r->schema, &tip, &r->ledger,
				      &r->schema_id);
	if (!err)
		err = capture_open(&r->capture, e->target, &opt);
	target_server(e->target, &r->server);
	target_follow_schema(e->target, &r->schema);
	if (!err && tip.seq) {
		snprintf(r->tip.hex, sizeof(r->tip.hex), "%s", tip.commit);
		r->start = r->tip;
		if (tip.schema_id && !streq(tip.schema_id, r->schema_id.hex)) {
			r->unrecorded = dry;
			err = dry ? NULL : run_record_drift(r);
		}
	}
	arena_release(&a);
	return err;
}

struct err *run_open(struct run *r, struct engine *e, struct engine_run *out)
{
	return open_run(r, e, out, false);
}

struct err *run_open_dry(struct run *r, struct engine *e,
			 struct engine_run *out)
{
	return open_run(r, e, out, true);
}

/* The ledger follows the journal, once for all events of the run. */
static struct err *move_ledger(struct run *r)
{
	const struct store_ops *ops = r->e->store->ops;
	struct err *err;
	char why[64];

	if (!r->ledger || !r->moved)
		return NULL;
	crash_point("before-ledger");
	err = ops->ledger_flush(r->ledger);
	crash_point("ledger-written");
	if (!err && r->commit && *r->commit->id.hex)
		err = ops->ledger_keep_sources(r->e->store, ledger_name(r->e),
					       &r->commit->id, 1);
	crash_point("sources-kept");
	if (!err) {
		snprintf(why, sizeof(why), "migrate: %zu event%s", r->moved,
			 r->moved == 1 ? "" : "s");
		err = ops->ledger_move(r->e->store, r->e->meta.uuid,
				       r->e->cfg.target, &r->start, &r->tip,
				       why);
	}
	crash_point("ledger-named");
	if (err && (err_class_of(err) == ERR_STATE ||
		    err_class_of(err) == ERR_REFUSED)) {
		/* the journal has it all: the next command moves the ref */
		session_note(r->e, ENGINE_WARNING,
			     "the ledger will follow later: %s", err_text(err));
		err_free(err);
		err = NULL;
	}
	return err;
}

/*
 * Parts of the schema were read, whole readings are dear: one at the end says
 * whether anything was missed, or was changed by others meanwhile.
 */
static struct err *check_schema(struct run *r)
{
	struct schema_delta delta;
	struct buf b = BUF_INIT;
	struct err *err;

	if (!target_follow_schema(r->e->target, NULL) || !r->check_schema ||
	    r->schema_stale)
		return NULL;
	schema_delta_init(&delta);
	err = target_inspect(r->e->target, &r->schema, TARGET_ANYTHING, &delta);
	r->unrecorded |= delta.n > 0;
	for (size_t i = 0; i < delta.n && i < 5 && !err; i++) {
		buf_addstr(&b, i ? ", " : "");
		schema_change_describe(&b, &delta.changes[i]);
	}
	if (b.len)
		session_note(r->e, ENGINE_WARNING,
			     "the schema is not what this run has recorded "
			     "(%s): it was changed by others meanwhile, or is "
			     "a bug of git migrate; the next run records it",
			     buf_str(&b));
	buf_release(&b);
	schema_delta_release(&delta);
	return err;
}

/* Kept: their events are committed. */
static void promote(struct run *r, struct snapshot_writer *w)
{
	struct err *err = w ? snapshot_writer_promote(w) : NULL;

	if (err) /* it is committed, whatever the ref is called */
		session_note(r->e, ENGINE_WARNING,
			     "the snapshot's ref stays pending: %s",
			     err_text(err));
	err_free(err);
	snapshot_writer_close(w);
}

/* They are not. */
static void forget_flushed(struct run *r)
{
	for (size_t i = 0; i < r->n_flushed; i++)
		snapshot_writer_abandon(r->flushed[i]);
	r->n_flushed = r->n_written = 0;
}

struct err *run_close(struct run *r, struct err *err)
{
	assert(r->e); /* run_open() sets it, also when it fails */
	if (r->e->target) {
		run_abort(r);
		err = err_first(err, check_schema(r));
		if (!err && !r->schema_stale && !r->unrecorded)
			schema_cache_keep(r->e, r->tip.hex, &r->schema);
	}
	if (r->moved)
		lastuse_record(r->e);
	err = err_first(err, move_ledger(r));
	if (r->out)
		err = err_first(err, session_identity(r->e, &r->out->identity));
	capture_close(r->capture);
	snapshot_writer_close(r->snapshots);
	forget_flushed(r);
	free(r->flushed);
	if (r->ledger)
		r->e->store->ops->ledger_close(r->ledger);
	schema_release(&r->schema);
	ident_release(&r->ident);
	buf_release(&r->server);
	free(r->rows);
	arena_release(&r->group);
	memset(r, 0, sizeof(*r));
	return err;
}

/* The journal is where this run left it: nobody else has written. Asking for
 * one number is cheap, and every event has one. */
static struct err *fence(struct run *r)
{
	int64_t seq = 0;
	struct err *err;

	if (!r->e->meta.present)
		return NULL;
	err = journal_last_seq(r->e->target, &seq);
	if (!err && seq != r->seq)
		err = err_hint(err_new(ERR_STATE,
				       "another run changed the database while "
				       "this one was planned"),
			       "run the command again");
	return err;
}

struct err *run_begin(struct run *r)
{
	struct err *err = target_begin(r->e->target);

	if (err)
		return err;
	r->open = true;
	r->n_rows = 0;
	r->group_start_us = clock_steady_us();
	r->ledger_mark = r->e->store->ops->ledger_mark(r->ledger);
	r->group_seq = r->seq;
	r->group_tip = r->tip;
	crash_point("begun");
	err = fence(r);
	/* what was undone is not there: it would be missing from a delta */
	if (!err && r->schema_stale)
		err = run_inspect(r, TARGET_ANYTHING, NULL);
	r->schema_stale = r->schema_stale && err;
	if (!err && !r->snapshots)
		err = snapshot_writer_open(r->e, !r->set, &r->snapshots);
	if (!err)
		err = ensure_journal(r);
	if (!err)
		err = ensure_protected(r);
	if (err)
		run_abort(r);
	return err;
}

void run_abort(struct run *r)
{
	struct err *err = NULL;

	if (!r->open)
		return;
	r->open = false;
	target_rollback(r->e->target);
	if (r->creating) {
		r->e->meta.present = false;
		r->e->meta.uuid[0] = '\0';
		r->creating = false;
	}
	err = r->e->store->ops->ledger_rewind(r->ledger, r->ledger_mark);
	err_free(err); /* a mark of our own: cannot fail */
	snapshot_writer_close(r->snapshots);
	r->snapshots = NULL;
	forget_flushed(r);
	r->seq = r->group_seq;
	r->tip = r->group_tip;
	r->n_rows = 0;
	r->schema_stale = true;
	arena_release(&r->group);
}

static struct err *out_file(void *payload, const char *path)
{
	struct run *r = payload;
	char full[64];

	if (r->proving)
		return NULL;
	snprintf(full, sizeof(full), "%s%s", r->out_prefix, path);
	return snapshot_writer_file(r->snapshots, full);
}

static struct err *out_chunk(void *payload, const void *data, size_t len)
{
	struct run *r = payload;

	if (r->proving)
		return NULL;
	return snapshot_writer_chunk(r->snapshots, data, len);
}

void run_snapshot_out(struct run *r, struct snapshot_out *out)
{
	out->payload = r;
	out->file = out_file;
	out->chunk = out_chunk;
}

/* The journal's rows of the group, now that no more DDL follows. */
static struct err *write_rows(struct run *r)
{
	struct target *t = r->e->target;
	struct err *err = NULL;

	for (; r->n_written < r->n_rows && !err; r->n_written++) {
		const struct run_row *row = &r->rows[r->n_written];
		const struct migration *m = row->m;

		err = journal_append(t, &row->ev);
		if (!err && m)
			err = journal_text_put(t, m->blob, m->file,
					       m->file_len);
		if (!err && m && m->down_blob)
			err = journal_text_put(t, m->down_blob, m->down_file,
					       m->down_file_len);
		if (!err && row->forgets)
			err = journal_rename(t, row->forgets, row->ev.reverts,
					     row->ev.name);
		if (!err && m && m->depends)
			err = journal_depends_set(t, m->name, m->depends,
						  false);
		if (!err && m && r->inferred && map_get(r->inferred, m->name))
			err = journal_depends_set(t, m->name,
						  map_get(r->inferred, m->name),
						  true);
	}
	return err_wrap(err, "write the journal");
}

/* The rows and snapshots since the last of these, or the group's start. */
static struct err *write_out(struct run *r)
{
	size_t first = r->n_written;
	struct err *err = write_rows(r);
	char key[80];

	crash_point("before-durable");
	if (err || !r->snapshots)
		return err;
	snprintf(key, sizeof(key), "%s/%lld-%lld", r->e->meta.uuid,
		 (long long)r->group_seq + 1 + (long long)first,
		 (long long)r->seq);
	return snapshot_writer_durable(r->snapshots, key);
}

struct err *run_flush(struct run *r)
{
	struct err *err = write_out(r);

	if (err || !r->snapshots)
		return err;
	VEC_GROW(r->flushed, r->n_flushed, r->cap_flushed);
	r->flushed[r->n_flushed++] = r->snapshots;
	r->snapshots = NULL;
	return snapshot_writer_open(r->e, false, &r->snapshots);
}

struct err *run_commit(struct run *r)
{
	struct err *err;

	target_batch(r->e->target);
	err = write_out(r);
	crash_point("snapshot-durable");
	if (!err)
		err = prove_group(r);
	if (!err)
		err = target_commit(r->e->target);
	if (err) {
		run_abort(r);
		return err;
	}
	crash_point("committed");
	r->open = false;
	r->creating = false;
	r->moved += r->n_rows;
	for (size_t i = 0; i < r->n_flushed; i++)
		promote(r, r->flushed[i]);
	promote(r, r->snapshots);
	crash_point("promoted");
	r->snapshots = NULL;
	r->n_flushed = r->n_written = 0;
	for (size_t i = 0; i < r->n_rows; i++) {
		struct engine_event ev;

		event_from_journal(&ev, &r->rows[i].ev);
		ev.changes = r->rows[i].changes;
		if (ev.name)
			r->out->n_done += !streq_null(ev.status, "applying");
		if (r->e->obs.event)
			r->e->obs.event(r->e->obs.payload, &ev);
	}
	r->n_rows = 0;
	arena_release(&r->group);
	return NULL;
}

/* Long enough for a short transaction, too short for a queue behind ours. */
#define BUSY_LOCK_TIMEOUT_MS 5000
#define ATTEMPTS 6
#define PAUSE_MS 250

int64_t run_lock_timeout_ms(const struct engine *e)
{
	if (e->cfg.lock_timeout_given || !e->target ||
	    !(e->target->ops->caps & TARGET_CAP_BUSY))
		return e->cfg.lock_timeout_ms;
	return BUSY_LOCK_TIMEOUT_MS;
}

/* Twice as long each time, and up to half of it by chance, so that two who
 * met do not meet again. */
static void pause_before(int attempt)
{
	int64_t ms = (int64_t)PAUSE_MS << attempt;
	uint32_t chance = 0;
	struct timespec t;

	(void)!getrandom(&chance, sizeof(chance), 0);
	ms += ms / 2 * (chance % 1024) / 1024;
	t = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL); /* Ctrl-C ends it */
}

bool run_try_again(struct run *r, const struct err *err, int *attempt)
{
	const struct err_at *at = err_at_of(err);

	if (*attempt + 1 >= ATTEMPTS || cancel_requested() ||
	    !target_is_transient(r->e->target, err))
		return false;
	if (at && at->path && at->line)
		session_note(r->e, ENGINE_HINT, "%s:%u: %s; trying again",
			     at->path, at->line, err_text(err));
	else
		session_note(r->e, ENGINE_HINT, "%s; trying again",
			     err_text(err));
	pause_before((*attempt)++);
	return !cancel_requested();
}

struct err *run_inspect(struct run *r, enum target_scope scope,
			struct schema_delta *delta)
{
	struct err *err =
		target_inspect(r->e->target, &r->schema, scope, delta);

	/* where nothing has changed there is nothing to get wrong */
	r->check_schema |=
		scope != TARGET_ANYTHING && (err || !delta || delta->n);
	return err;
}
