#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"
#include "schema/schema_sqlite.h"
#include "snapshot/restore.h"

/* Taking one migration back, inside a transaction. */

struct err *revert_refused(const struct journal_event *ev)
{
	if (!ev->irreversible)
		return NULL;
	return err_hint(err_new(ERR_REFUSED, "%s is irreversible", ev->name),
			"it was marked so, or applied with --no-snapshot; "
			"write a new migration that undoes it");
}

static const char *copy(struct engine_run *out, const char *s)
{
	return s ? arena_strdup(&out->arena, s) : NULL;
}

static void take_details(struct engine_run *out, const char *name,
			 const struct restore_result *res)
{
	for (size_t i = 0; i < res->n_details; i++) {
		struct engine_detail *to;

		if (res->details[i].aside && res->blocked)
			continue;
		VEC_GROW(out->details, out->n_details, out->cap_details);
		to = &out->details[out->n_details++];
		to->migration = copy(out, name);
		to->row = restore_detail_copy(&out->arena, &res->details[i]);
	}
}

static void take_tallies(struct engine_run *out, const char *name,
			 const struct restore_result *res)
{
	for (size_t i = 0; i < res->n_tallies; i++) {
		struct engine_impact *to;

		VEC_GROW(out->impacts, out->n_impacts, out->cap_impacts);
		to = &out->impacts[out->n_impacts++];
		to->migration = copy(out, name);
		to->table = res->tallies[i];
		to->table.table = copy(out, res->tallies[i].table);
	}
}

static void take_conflicts(struct engine_run *out, const char *name,
			   const struct restore_result *res)
{
	for (size_t i = 0; i < res->n_conflicts; i++) {
		const struct restore_conflict *from = &res->conflicts[i];
		struct engine_conflict *c;

		if (from->aside && res->blocked)
			continue; /* nothing is */
		VEC_GROW(out->conflicts, out->n_conflicts, out->cap_conflicts);
		c = &out->conflicts[out->n_conflicts++];
		*c = (struct engine_conflict){
			.migration = copy(out, name),
			.table = copy(out, from->object),
			.what = from->what,
			.rows = (int64_t)from->rows,
			.settled = !from->unsettled && !res->blocked,
			.aside = from->aside,
		};
	}
}

/* The command, too: a hook may have begun it. */
static struct err *hint_choices(struct err *err, const struct run *r,
				const struct revert *rv, bool doubt)
{
	const char *target = rv->aside ? r->e->cfg.target : "";

	return err_hintf(err,
			 "nothing was changed; %s%s%s%s--on-conflict=keep "
			 "leaves those as they are now, --on-conflict=restore "
			 "puts the snapshot's back%s",
			 rv->aside ? "git migrate reconcile " : "",
			 *target ? "-t " : "", target, *target ? " " : "",
			 doubt ? "; of KEY_REUSED: restore where the row was "
				 "edited since, it gets back what the "
				 "migration took from it; keep where another "
				 "row was given its key, it stays as it is"
			       : "");
}

/* What has to be decided, or cannot be. */
static struct err *refuse_conflicts(const struct run *r,
				    const struct revert *rv, const char *name,
				    const struct restore_result *res)
{
	bool choosable = rv->choice == RESTORE_ABORT, needs = false;
	bool doubt = false;
	struct buf b = BUF_INIT;
	struct err *err;

	for (size_t i = 0; i < res->n_conflicts; i++) {
		const struct restore_conflict *c = &res->conflicts[i];

		if (c->aside || (rv->choice != RESTORE_ABORT && !c->unsettled))
			continue;
		choosable &= c->rows && !c->unsettled;
		needs |= streq(c->what, RESTORE_NEEDS_IT);
		doubt |= c->doubt;
		buf_addf(&b, "%s%s", b.len ? ", " : "", c->object);
		if (c->rows)
			buf_addf(&b, " (%" PRIu64 " %s %s)", c->rows,
				 c->rows == 1 ? "row" : "rows", c->what);
		else
			buf_addf(&b, " (%s)", c->what);
	}
	err = err_new(ERR_REFUSED,
		      "%s cannot be rolled back: changed since it was applied: "
		      "%s",
		      name, buf_str(&b));
	buf_release(&b);
	if (choosable)
		return hint_choices(err, r, rv, doubt);
	if (needs)
		return err_hint(err, "nothing was changed; no migration has "
				     "made what NEEDS_IT: drop it, or add a "
				     "migration that makes it");
	return err_hint(err, "nothing was changed; put those back as the "
			     "migration left them, or write a migration that "
			     "undoes it");
}

static bool same_object(const struct schema_object *a,
			const struct schema_object *b)
{
	return (!a && !b) || (a && b && streq(a->sql, b->sql));
}

/* But for the order of its columns, which restore_run() has seen to. */
static bool is_reordered(const struct restore_result *res, const char *path)
{
	for (size_t i = 0; i < res->n_reordered; i++)
		if (streq(res->reordered[i], path))
			return true;
	return false;
}

/* The schema is what it was, object by object, and nothing else moved. */
static struct err *verify_schema(struct run *r, const char *name,
				 const struct schema_delta *undone,
				 const struct schema_delta *did,
				 const struct restore_result *res)
{
	for (size_t i = 0; i < undone->n; i++) {
		const struct schema_object *want = undone->changes[i].before;
		const struct schema_object *o =
			want ? want : undone->changes[i].after;
		const struct schema_object *have =
			map_get(&r->schema.by_path, o->path);

		if (!same_object(want, have) && !is_reordered(res, o->path))
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
	return ev->snapshot ? snapshot_source_of(r->e, ev, out) : NULL;
}

/* Its canonical text; a delta keeps only the SQL of what was before. */
const char *revert_text(struct arena *a, enum sql_dialect d,
			const struct schema_object *o)
{
	struct buf b = BUF_INIT;
	const char *out = o->text ? o->text : o->sql;

	if (!o->text && d == SQL_SQLITE &&
	    schema_sqlite_print(&b, NULL, o->kind, o->sql, NULL))
		out = arena_strdup(a, buf_str(&b));
	buf_release(&b);
	return out;
}

/* The SQL that makes it: PostgreSQL's is the text, with its end. */
static const char *sql_of(struct arena *a, enum sql_dialect d, const char *text)
{
	size_t n = strlen(text);

	if (d == SQL_POSTGRESQL)
		return text;
	while (n && strchr(";\n", text[n - 1]))
		n--;
	return arena_strndup(a, text, n);
}

/*
 * A table that others have altered since: what comes back is its text of now,
 * without what the migration did to it.
 */
static void merge_later(struct run *r, struct schema_delta *d, struct arena *a)
{
	enum sql_dialect dialect = r->e->cfg.dialect;

	for (size_t i = 0; i < d->n; i++) {
		struct schema_change *c = &d->changes[i];
		const struct schema_object *live;
		struct schema_object *want;
		const char *text;

		if (!c->before || !c->after || !streq(c->before->kind, "table"))
			continue;
		live = map_get(&r->schema.by_path, c->after->path);
		if (!live || streq(live->sql, c->after->sql) ||
		    streq(live->text, revert_text(a, dialect, c->after)))
			continue;
		text = schema_merge(a, revert_text(a, dialect, c->after),
				    revert_text(a, dialect, c->before),
				    live->text);
		if (!text)
			continue; /* the restore says so */
		want = arena_alloc(a, sizeof(*want));
		*want = *c->before;
		want->text = want->shape = text;
		want->sql = sql_of(a, dialect, text);
		if (dialect == SQL_POSTGRESQL)
			want->text = want->sql;
		c->before = want;
		c->after = live;
	}
}

static void take_result(struct run *r, const struct revert *rv,
			const char *name, const struct restore_result *res)
{
	if ((res->again && !res->blocked) || rv->proves)
		return; /* told by the attempt that follows */
	take_conflicts(r->out, name, res);
	take_details(r->out, name, res);
	if (!res->blocked || rv->dry_run)
		take_tallies(r->out, name, res);
}

/* "public.users, public.tags" */
static void tell_reordered(struct run *r, const struct revert *rv,
			   const char *name, const struct restore_result *res)
{
	struct buf b = BUF_INIT;

	if (rv->step->reordered)
		buf_addf(&b, "%s, ", rv->step->reordered);
	for (size_t i = 0; i < res->n_reordered; i++) {
		const struct schema_object *o =
			map_get(&r->schema.by_path, res->reordered[i]);

		buf_addf(&b, "%s%s", i ? ", " : "",
			 o ? o->name : res->reordered[i]);
	}
	session_note(r->e, ENGINE_HINT,
		     "%s: columns that came back stand behind the others: %s",
		     name, buf_str(&b));
	rv->step->reordered = copy(r->out, buf_str(&b));
	buf_release(&b);
}

/* Where rows alone went back, a look at whether anything else has changed in
 * this transaction: a whole reading is dear. */
static struct err *inspect(struct run *r, const struct schema_delta *undone,
			   struct schema_delta *did)
{
	if (undone->n)
		return run_inspect(r, TARGET_ANYTHING, did);
	return target_inspect(r->e->target, &r->schema, TARGET_CHANGED, did);
}

/* Take one event back; its own event is added by the caller. */
static struct err *revert_event(struct run *r, struct revert *rv, size_t part,
				const struct journal_event *ev,
				struct schema_delta *did,
				struct journal_event *row)
{
	struct snapshot_source *source = NULL;
	struct snapshot_in in;
	struct snapshot_out out;
	struct before before = { r->e->target, ev->seq };
	struct restore_request req = { .target = r->e->target,
				       .now = &r->schema,
				       .park = &out,
				       .limit = r->e->cfg.snapshot_limit,
				       .choice = rv->choice,
				       .max_details = rv->max_details,
				       .append = rv->append,
				       .aside = rv->aside,
				       .sql_before = before_sql,
				       .sql_before_payload = &before,
				       .memory = rv->memories[part] };
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
	if (!err)
		merge_later(r, &undone, &a);
	req.delta = &undone;
	if (source)
		snapshot_source_in(source, &in);
	req.in = source ? &in : NULL;
	if (!err)
		err = restore_run(&req, &res);
	crash_point("restored");
	if (!err)
		take_result(r, rv, ev->name, &res);
	rv->again |= !err && res.again;
	if (!err && !res.again && !res.blocked && res.dangling)
		session_note(r->e, ENGINE_HINT,
			     "%s: %" PRIu64 " row%s that came back refer%s to "
			     "rows that are not there",
			     ev->name, res.dangling,
			     res.dangling == 1 ? "" : "s",
			     res.dangling == 1 ? "s" : "");
	if (!err && !res.again && !res.blocked && res.unnamed)
		session_note(r->e, ENGINE_HINT,
			     "%s: %" PRIu64 " value%s of regclass stand%s for "
			     "nothing; a view or index that came back may have "
			     "been meant",
			     ev->name, res.unnamed, res.unnamed == 1 ? "" : "s",
			     res.unnamed == 1 ? "s" : "");
	if (!err && res.blocked)
		err = refuse_conflicts(r, rv, ev->name, &res);
	if (!err && !res.again) {
		struct schema_delta one;

		schema_delta_init(&one);
		err = inspect(r, &undone, &one);
		if (!err)
			err = verify_schema(r, ev->name, &undone, &one, &res);
		if (!err && res.n_reordered)
			tell_reordered(r, rv, ev->name, &res);
		for (size_t i = 0; i < one.n; i++)
			schema_delta_add(did, one.changes[i].before,
					 one.changes[i].after);
		schema_delta_release(&one);
	}
	row->rows += (int64_t)(res.restored + res.removed);
	row->parked += (int64_t)res.parked;
	row->exact &= !res.kept && !res.n_reordered && !res.unnamed;
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

/* It goes by another name than the one it was applied under. */
static struct err *rename_row(struct run *r, const struct chain *chain,
			      struct journal_event *row)
{
	struct journal_event now;
	struct arena a = ARENA_INIT;
	struct err *err;

	if (!chain->renamed)
		return NULL;
	err = journal_get(r->e->target, chain->renamed, &a, &now);
	if (!err) {
		row->name = keep(r, now.name);
		row->version = keep(r, now.version);
		row->layout = keep(r, now.layout);
		row->path = keep(r, now.path);
		row->down_path = keep(r, now.down_path);
	}
	arena_release(&a);
	return err;
}

static void tell_step(struct run *r, const struct revert *rv,
		      const struct journal_event *row)
{
	struct engine_step *s = rv->step;

	s->tried = true;
	s->exact = row->exact;
	s->rows = row->rows;
	s->parked = row->parked;
	s->changes = copy(r->out, r->rows[r->n_rows - 1].changes);
}

struct err *revert_run(struct run *r, struct revert *rv)
{
	const struct chain *chain = rv->chain;
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
	r->proving = rv->proves;
	rv->step->reordered = NULL;
	if (r->undone) /* what went before the transaction */
		err = run_inspect(r, TARGET_ANYTHING, &did);
	for (size_t i = 0; i < chain->n && !err && !rv->again; i++) {
		err = journal_get(r->e->target, chain->seqs[i], &a, &ev);
		if (!err)
			err = revert_refused(&ev);
		if (!err && !i)
			describe(r, &ev, chain, &row);
		if (!err && !i)
			err = rename_row(r, chain, &row);
		if (i)
			snprintf(r->out_prefix, sizeof(r->out_prefix),
				 "part%zu/", i + 1);
		if (!err)
			err = revert_event(r, rv, i, &ev, &did, &row);
	}
	r->out_prefix[0] = '\0';
	if (err || rv->again || rv->proves)
		goto done;
	schema_delta_join(&all, &did);
	if (r->park_any) {
		err = snapshot_writer_event(r->snapshots, &park);
		row.snapshot = err ? NULL : keep(r, park.hex);
		row.snapshot_store = snapshot_writer_store(r->snapshots);
	}
	row.duration_ms = (clock_steady_us() - r->started_us) / 1000;
	if (!err)
		err = journal_steps_clear(r->e->target, row.name);
	if (!err)
		err = run_event(r, &row, &all, NULL, true);
	if (!err)
		tell_step(r, rv, &row);
done:
	r->proving = false;
	schema_delta_release(&did);
	schema_delta_release(&all);
	arena_release(&a);
	return err;
}

void revert_init(struct revert *rv, const struct chain *chain)
{
	rv->chain = chain;
	rv->memories = xcalloc(chain->n + 1, sizeof(struct restore_memory *));
	for (size_t i = 0; i < chain->n; i++)
		rv->memories[i] = restore_memory_new();
}

void revert_release(struct revert *rv)
{
	for (size_t i = 0; rv->chain && i < rv->chain->n; i++)
		restore_memory_free(rv->memories[i]);
	free(rv->memories);
	memset(rv, 0, sizeof(*rv));
}
