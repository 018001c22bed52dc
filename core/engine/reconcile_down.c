#include <inttypes.h>
#include <stdlib.h>

#include "base/util.h"
#include "engine/reconcile.h"
#include "snapshot/restore.h"

/*
 * A migration whose snapshot is not to be had here, taken back by its down
 * section all the same, because somebody said so. What it creates is parked;
 * what it had changed or removed is not brought back.
 */

static struct err *offer_down(struct err *err)
{
	const char *hint = err_hint_of(err);
	char *more = xasprintf("%s%s--force-down runs its down section "
			       "instead, which does not bring back what it had "
			       "changed or removed",
			       hint ? hint : "", hint ? "; or " : "");

	struct err *out =
		err_hint(err_new(ERR_REFUSED, "%s", err_text(err)), more);

	err_free(err);
	free(more);
	return out;
}

struct err *reconcile_lacks_snapshot(struct reconcile *rc,
				     const struct chain *chain, bool *lacks)
{
	struct arena a = ARENA_INIT;
	struct err *err = NULL;

	*lacks = false;
	for (size_t i = 0; i < chain->n && !err && !*lacks; i++) {
		struct snapshot_source *source = NULL;
		struct journal_event ev;

		err = journal_get(rc->e->target, chain->seqs[i], &a, &ev);
		if (!err && ev.snapshot)
			err = snapshot_source_of(rc->e, &ev, &source);
		snapshot_source_close(source);
		if (!err || err_class_of(err) != ERR_REFUSED)
			continue;
		*lacks = rc->opt->force_down;
		if (!*lacks)
			err = offer_down(err);
		else
			err_free(err);
		err = *lacks ? NULL : err;
	}
	arena_release(&a);
	return err;
}

struct down {
	struct migration m; /* its up section is the down section */
	struct ready ready;
	struct journal_event row; /* gives the migration its state now */
	struct arena arena;
};

/* A section of the file, or a file beside it. */
static struct err *read_down(struct reconcile *rc, const char *name,
			     struct down *d)
{
	struct journal_event *row = &d->row;
	struct buf bytes = BUF_INIT;
	struct err *err =
		journal_current_of(rc->e->target, name, &d->arena, row);

	d->m.name = row->name;
	d->m.version = row->version ? row->version : "";
	d->m.path = row->path ? row->path : "";
	d->m.lock_timeout_ms = d->m.statement_timeout_ms = -1;
	if (!err)
		err = journal_text_get(
			rc->e->target,
			row->down_blob ? row->down_blob : row->blob, &bytes);
	if (!err && row->down_blob) {
		d->m.up.text =
			arena_strndup(&d->arena, buf_str(&bytes), bytes.len);
		d->m.up.len = bytes.len;
		d->m.up.line = 1;
		d->m.path = row->down_path ? row->down_path : d->m.path;
	} else if (!err) {
		err = migration_parse(
			&d->arena, row->layout ? row->layout : "native",
			d->m.path, &d->m, buf_str(&bytes), bytes.len);
		d->m.up = d->m.down;
	}
	d->m.depends = NULL;
	buf_release(&bytes);
	return err;
}

static struct err *prepare(struct reconcile *rc, const char *name,
			   const struct chain *chain, struct down *d)
{
	struct err *err = read_down(rc, name, d);

	if (err)
		return err;
	if (!d->m.up.text || chain->previous)
		return err_hint(err_new(ERR_REFUSED,
					"%s has no down section to run", name),
				"get its snapshot, or choose a commit that has "
				"the migration");
	err = ready_init_text(&d->ready, rc->e, &d->m,
			      migration_full_path(&rc->tree.set, d->m.path));
	if (!err && (d->ready.no_transaction || d->ready.around))
		err = err_new(ERR_REFUSED,
			      "the down section of %s cannot run in a "
			      "transaction",
			      name);
	return err;
}

static struct err *run_statements(struct run *r, struct down *d)
{
	struct err *err = apply_begin_capture(r, &d->ready);

	for (size_t i = 0; i < d->ready.script.n && !err; i++)
		err = apply_statement(r, &d->ready, i);
	return err ? err : target_check_deferred(r->e->target);
}

static struct err *rows_lost(struct reconcile *rc, const struct chain *chain,
			     int64_t *out)
{
	struct arena a = ARENA_INIT;
	struct err *err = NULL;

	*out = 0;
	for (size_t i = 0; i < chain->n && !err; i++) {
		struct journal_event ev;

		err = journal_get(rc->e->target, chain->seqs[i], &a, &ev);
		*out += err ? 0 : ev.rows;
	}
	arena_release(&a);
	return err;
}

static char *keep(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->group, s) : NULL;
}

static void describe(struct run *r, const struct chain *chain,
		     const struct down *d, struct journal_event *ev)
{
	ev->event = "rollback";
	ev->reverts = chain->seqs[0];
	ev->layout = keep(r, d->row.layout);
	ev->blob = keep(r, d->row.blob);
	ev->path = keep(r, d->row.path);
	ev->down_path = keep(r, d->row.down_path);
	ev->down_blob = keep(r, d->row.down_blob);
	ev->source_commit = keep(r, d->row.source_commit);
	ev->irreversible = false;
}

static void tell(struct reconcile *rc, struct run *r, const char *name,
		 int64_t rows, struct engine_step *step,
		 const struct journal_event *ev)
{
	const char *changes = r->rows[r->n_rows - 1].changes;

	session_note(rc->e, ENGINE_WARNING,
		     "%s: taken back by its down section: what it had changed "
		     "or removed (%" PRId64 " row%s) does not come back",
		     name, rows, rows == 1 ? "" : "s");
	step->tried = true;
	step->exact = false;
	step->rows = ev->rows;
	step->parked = ev->parked;
	step->changes = changes ? arena_strdup(&rc->out->arena, changes) : NULL;
}

struct err *reconcile_run_down(struct reconcile *rc, struct run *r,
			       const char *name, const struct chain *chain,
			       struct engine_step *step)
{
	struct down *d = xcalloc(1, sizeof(*d));
	struct journal_event ev;
	int64_t rows;
	struct err *err = rows_lost(rc, chain, &rows);

	if (!err)
		err = prepare(rc, name, chain, d);
	if (err)
		goto done;
	apply_start(r, &d->ready, &ev);
	describe(r, chain, d, &ev);
	err = run_statements(r, d);
	if (!err)
		err = apply_finish(r, &d->ready, &ev, "rolled_back");
	if (err) {
		capture_abort(r->capture);
		goto done;
	}
	r->rows[r->n_rows - 1].m = NULL; /* the journal has its text */
	tell(rc, r, name, rows, step, &ev);
done:
	ready_release(&d->ready);
	arena_release(&d->arena);
	free(d);
	return err;
}
