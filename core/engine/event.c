#include "engine/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"

/* One event: the journal's row and the ledger's commit that say the same. */

void event_from_journal(struct engine_event *out,
			const struct journal_event *in)
{
	memset(out, 0, sizeof(*out));
	out->seq = in->seq;
	out->event = in->event;
	out->name = in->name;
	out->version = in->version;
	out->blob = in->blob;
	out->commit = in->commit;
	out->parent = in->parent;
	out->source_commit = in->source_commit;
	out->snapshot = in->snapshot;
	out->snapshot_store = in->snapshot_store;
	out->schema = in->schema_id;
	out->shape = in->shape_id;
	out->status = in->status;
	out->kind = in->kind;
	out->description = in->description;
	out->author = in->author;
	out->applied_by = in->applied_by;
	out->started_at = in->started_at;
	out->finished_at = in->finished_at;
	out->error = in->error;
	out->duration_ms = in->duration_ms;
	out->statements = in->statements;
	out->rows = in->rows;
	out->parked = in->parked;
	out->dirty = in->dirty;
	out->out_of_order = in->out_of_order;
	out->exact = in->exact;
	out->irreversible = in->irreversible;
}

static char *group_copy(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->group, s) : NULL;
}

/* Shapes of what changed; texts go in with ledger_put_event(). */
static struct err *put_shapes(struct run *r, const struct schema_delta *delta)
{
	struct err *err = NULL;

	for (size_t i = 0; i < delta->n && !err; i++) {
		const struct schema_change *c = &delta->changes[i];
		const struct schema_object *o = c->after ? c->after : c->before;

		err = r->e->store->ops->ledger_put_shape(
			r->ledger, o->path, c->after ? c->after->shape : NULL,
			c->after ? strlen(c->after->shape) : 0);
	}
	return err;
}

static void fill_event(struct run *r, struct journal_event *ev)
{
	char now[CLOCK_ISO_SIZE];

	ev->seq = r->seq + 1;
	ev->parent = *r->tip.hex ? group_copy(r, r->tip.hex) : NULL;
	clock_iso(clock_now(), now);
	ev->finished_at = group_copy(r, now);
	if (!ev->started_at)
		ev->started_at = ev->finished_at;
	ev->description = group_copy(r, ev->description);
	ev->applied_by = group_copy(r, r->ident.who);
	ev->applied_date = group_copy(r, r->ident.date);
	ev->printer = SCHEMA_PRINTER_VERSION;
	ev->server = group_copy(r, buf_str(&r->server));
	ev->tool = r->e->cfg.tool;
	ev->schema_id = group_copy(r, r->schema_id.hex);
	ev->shape_id = group_copy(r, r->shape_id.hex);
}

struct err *event_changes(struct arena *a, const struct journal_event *ev,
			  const char **out)
{
	struct schema_delta delta;
	struct buf b = BUF_INIT;
	struct err *err;

	*out = NULL;
	if (!ev->delta)
		return NULL;
	err = schema_delta_decode(&delta, a, ev->delta, ev->delta_len);
	if (err)
		return err;
	for (size_t i = 0; i < delta.n; i++) {
		if (i)
			buf_addstr(&b, ", ");
		schema_change_describe(&b, &delta.changes[i]);
	}
	if (b.len)
		*out = arena_strdup(a, buf_str(&b));
	buf_release(&b);
	schema_delta_release(&delta);
	return NULL;
}

static char *describe_changes(struct run *r, const struct schema_delta *delta)
{
	struct buf b = BUF_INIT;
	char *out;

	for (size_t i = 0; i < delta->n; i++) {
		if (i)
			buf_addstr(&b, ", ");
		schema_change_describe(&b, &delta->changes[i]);
	}
	out = b.len ? group_copy(r, buf_str(&b)) : NULL;
	buf_release(&b);
	return out;
}

struct err *run_event(struct run *r, struct journal_event *ev,
		      struct schema_delta *delta, const struct migration *m,
		      bool author_known)
{
	struct engine *e = r->e;
	struct buf b = BUF_INIT;
	struct run_row *row;
	struct store_id id;
	struct err *err = put_shapes(r, delta);

	/* the files first: the ids are of the tree that they make */
	if (!err)
		err = ledger_put_event(e, r->ledger, ev, delta, m);
	if (!err)
		err = e->store->ops->ledger_ids(r->ledger, &r->schema_id,
						&r->shape_id);
	if (err)
		return err;
	fill_event(r, ev);
	ledger_message(&b, e, ev, author_known);
	ev->message = group_copy(r, buf_str(&b));
	buf_reset(&b);
	schema_delta_encode(&b, delta);
	ev->delta = arena_strndup(&r->group, buf_str(&b), b.len);
	ev->delta_len = b.len;
	buf_release(&b);
	err = ledger_commit_event(e, r->ledger, ev, &id);
	if (err)
		return err;
	ev->commit = group_copy(r, id.hex);
	r->seq = ev->seq;
	r->tip = id;
	VEC_GROW(r->rows, r->n_rows, r->cap_rows);
	row = &r->rows[r->n_rows++];
	row->ev = *ev;
	row->m = m;
	row->changes = describe_changes(r, delta);
	row->forgets = NULL;
	return NULL;
}

struct err *run_record_failure(struct run *r, const struct journal_event *ev,
			       const struct err *why)
{
	const struct err_at *at = err_at_of(why);
	struct journal_event row = *ev;
	struct buf text = BUF_INIT;
	struct err *err;

	if (at && at->line)
		buf_addf(&text, "line %u: ", at->line);
	buf_addstr(&text, err_text(why));
	row.event = "failed";
	row.status = "failed";
	row.error = buf_str(&text);
	row.snapshot = row.snapshot_store = row.commit = NULL;
	err = run_begin(r);
	if (!err) {
		fill_event(r, &row);
		row.schema_id = row.shape_id = NULL;
		row.parent = NULL;
		err = journal_append(r->e->target, &row);
		if (!err)
			r->seq = row.seq;
	}
	if (!err)
		err = run_commit(r);
	else
		run_abort(r);
	buf_release(&text);
	return err;
}
