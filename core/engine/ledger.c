#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/util.h"
#include "engine/impl.h"

/* "migrations/" and a path, each part a name that git's fsck accepts. */
static char *file_path(const char *path)
{
	struct buf b = BUF_INIT;
	char *part;

	buf_addstr(&b, "migrations");
	while (*path) {
		size_t n = strcspn(path, "/");

		buf_addch(&b, '/');
		part = xstrndup(path, n);
		schema_encode_name(&b, part);
		free(part);
		path += n + (path[n] == '/');
	}
	return buf_detach(&b);
}

/* bytes NULL = the journal has them, should the repository not. */
static struct err *put_file(struct engine *e, struct ledger *l,
			    const char *path, const char *blob,
			    const char *bytes_here, size_t len)
{
	const struct store_ops *ops = e->store->ops;
	struct store_id id;
	struct buf bytes = BUF_INIT;
	struct err *err;
	char *full;

	if (!path)
		return NULL;
	full = file_path(path);
	if (!blob) {
		err = ops->ledger_put(l, full, NULL, 0);
		goto done;
	}
	snprintf(id.hex, sizeof(id.hex), "%s", blob);
	if (ops->has(e->store, &id)) {
		err = ops->ledger_put_blob(l, full, blob);
		goto done;
	}
	if (bytes_here) {
		err = ops->ledger_put(l, full, bytes_here, len);
		goto done;
	}
	err = journal_text_get(e->target, blob, &bytes);
	if (!err)
		err = ops->ledger_put(l, full, buf_str(&bytes), bytes.len);
done:
	buf_release(&bytes);
	free(full);
	return err;
}

/* Its files stood under another name. */
static struct err *take_old_files(struct engine *e, struct ledger *l,
				  const struct journal_event *ev)
{
	struct journal_event was;
	struct arena a = ARENA_INIT;
	struct err *err = journal_get(e->target, ev->reverts, &a, &was);

	if (!err)
		err = put_file(e, l, was.path, NULL, NULL, 0);
	if (!err)
		err = put_file(e, l, was.down_path, NULL, NULL, 0);
	arena_release(&a);
	return err;
}

struct err *ledger_put_event(struct engine *e, struct ledger *l,
			     const struct journal_event *ev,
			     const struct schema_delta *delta,
			     const struct migration *m)
{
	struct err *err = NULL;
	struct buf path = BUF_INIT;

	for (size_t i = 0; i < delta->n && !err; i++) {
		const struct schema_change *c = &delta->changes[i];
		const struct schema_object *o = c->after ? c->after : c->before;

		buf_reset(&path);
		buf_addf(&path, "schema/%s", o->path);
		err = e->store->ops->ledger_put(
			l, buf_str(&path), c->after ? c->after->text : NULL,
			c->after ? strlen(c->after->text) : 0);
	}
	buf_release(&path);
	if (err || !ev->name || !ev->status)
		return err;
	if (streq(ev->event, "rename"))
		err = take_old_files(e, l, ev);
	if (!err && streq(ev->status, "applied")) {
		err = put_file(e, l, ev->path, ev->blob, m ? m->file : NULL,
			       m ? m->file_len : 0);
		if (!err)
			err = put_file(e, l, ev->down_path, ev->down_blob,
				       m ? m->down_file : NULL,
				       m ? m->down_file_len : 0);
	} else if (!err && streq(ev->status, "rolled_back")) {
		err = put_file(e, l, ev->path, NULL, NULL, 0);
		if (!err)
			err = put_file(e, l, ev->down_path, NULL, NULL, 0);
	}
	return err;
}

/* One line, whatever a name holds. */
static void add_line(struct buf *out, const char *s)
{
	for (; *s; s++) {
		char c = *s;

		if (c == '\n')
			c = ' ';
		buf_addch(out, c);
	}
}

static void trailer(struct buf *out, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	buf_addf(out, "%s: ", key);
	add_line(out, value);
	buf_addch(out, '\n');
}

static void number(struct buf *out, const char *key, int64_t n)
{
	buf_addf(out, "%s: %" PRId64 "\n", key, n);
}

void ledger_message(struct buf *out, const struct engine *e,
		    const struct journal_event *ev, bool author_known)
{
	const char *target = *e->cfg.target ? e->cfg.target : "database";

	buf_addstr(out, ev->event);
	if (ev->name) {
		buf_addch(out, ' ');
		add_line(out, ev->name);
	}
	buf_addf(out, "%s %s\n", streq(ev->event, "rollback") ? " from" : " to",
		 target);
	if (ev->description && *ev->description)
		buf_addf(out, "\n%s\n", ev->description);
	buf_addch(out, '\n');
	trailer(out, "Migration", ev->name);
	trailer(out, "Blob", ev->name ? ev->blob : NULL);
	trailer(out, "Source", ev->source_commit);
	trailer(out, "Snapshot", ev->snapshot);
	trailer(out, "Target", target);
	number(out, "Event", ev->seq);
	if (ev->reverts)
		number(out, "Reverts", ev->reverts);
	if (ev->name) {
		number(out, "Statements", ev->statements);
		number(out, "Rows", ev->rows);
		number(out, "Duration-ms", ev->duration_ms);
	}
	if (ev->parked)
		number(out, "Parked", ev->parked);
	trailer(out, "Dirty", ev->dirty ? "true" : NULL);
	trailer(out, "Out-of-order", ev->out_of_order ? "true" : NULL);
	trailer(out, "Schema", ev->schema_id);
	trailer(out, "Shape", ev->shape_id);
	if (!author_known)
		trailer(out, "Author-From", "source");
}

struct err *ledger_commit_event(struct engine *e, struct ledger *l,
				const struct journal_event *ev,
				struct store_id *out)
{
	struct buf author = BUF_INIT, committer = BUF_INIT;
	struct err *err;

	buf_addf(&committer, "%s %s", ev->applied_by, ev->applied_date);
	if (ev->author && ev->author_date)
		buf_addf(&author, "%s %s", ev->author, ev->author_date);
	else
		buf_addstr(&author, buf_str(&committer));
	err = e->store->ops->ledger_commit(
		l, buf_str(&author), buf_str(&committer), ev->message, out);
	buf_release(&author);
	buf_release(&committer);
	return err;
}

const char *ledger_name(const struct engine *e)
{
	return *e->cfg.target ? e->cfg.target : e->meta.uuid;
}

struct replay {
	struct engine *e;
	struct ledger *ledger;
	struct store_id last;
	struct store_id *sources; /* commits that migrations came from */
	size_t n_sources, cap_sources;
};

static void add_source(struct replay *r, const char *commit)
{
	if (!commit ||
	    (r->n_sources && streq(r->sources[r->n_sources - 1].hex, commit)))
		return;
	VEC_GROW(r->sources, r->n_sources, r->cap_sources);
	snprintf(r->sources[r->n_sources++].hex, sizeof(r->sources->hex), "%s",
		 commit);
}

static struct err *replay_event(void *payload, const struct journal_event *ev)
{
	struct replay *r = payload;
	struct schema_delta delta;
	struct arena a = ARENA_INIT;
	struct store_id id;
	struct err *err;

	err = schema_delta_decode(&delta, &a, ev->delta, ev->delta_len);
	if (err)
		return err_wrap(err, "event %" PRId64, ev->seq);
	err = ledger_put_event(r->e, r->ledger, ev, &delta, NULL);
	if (!err)
		err = ledger_commit_event(r->e, r->ledger, ev, &id);
	if (!err && !streq(id.hex, ev->commit))
		err = err_hint(err_new(ERR_STATE,
				       "event %" PRId64
				       " of the journal gives commit "
				       "%s, but was recorded as %s",
				       ev->seq, id.hex, ev->commit),
			       "the journal was edited, or this version writes "
			       "ledgers differently");
	r->last = id;
	add_source(r, ev->source_commit);
	schema_delta_release(&delta);
	arena_release(&a);
	return err;
}

/*
 * Make the commits behind `from` (0: all of them) and move the ref from `old`
 * to the journal's tip.
 */
static struct err *rebuild(struct engine *e, const struct store_id *old,
			   const struct journal_event *from,
			   const struct journal_event *tip)
{
	const struct store_ops *ops = e->store->ops;
	struct replay r = { .e = e };
	struct store_id tip_id, at;
	int64_t after = 0;
	struct err *err = ops->ledger_new(e->store, &r.ledger);

	if (err)
		return err;
	snprintf(tip_id.hex, sizeof(tip_id.hex), "%s", tip->commit);
	if (from && from->seq) {
		snprintf(at.hex, sizeof(at.hex), "%s", from->commit);
		if (ops->has(e->store, &at)) {
			err = ops->ledger_load(r.ledger, &at);
			after = from->seq;
		}
	}
	if (!err)
		err = journal_replay(e->target, after, replay_event, &r);
	if (!err)
		err = ops->ledger_flush(r.ledger);
	crash_point("ledger-rebuilt");
	if (!err && r.n_sources)
		err = ops->ledger_keep_sources(e->store, ledger_name(e),
					       r.sources, r.n_sources);
	if (!err)
		err = ops->ledger_move(e->store, e->meta.uuid, e->cfg.target,
				       old, &tip_id, "rebuilt from journal");
	ops->ledger_close(r.ledger);
	free(r.sources);
	return err;
}

/* One event that changes no schema, outside of a run. */
static struct err *record(struct engine *e, const char *event, const char *text)
{
	struct run run = { 0 };
	struct engine_run out = { 0 };
	struct journal_event ev = { .event = event, .description = text };
	struct schema_delta delta;
	struct err *err = run_open(&run, e, &out);

	schema_delta_init(&delta);
	if (!err)
		err = run_begin(&run);
	if (!err)
		err = run_event(&run, &ev, &delta, NULL, true);
	if (!err)
		err = run_commit(&run);
	schema_delta_release(&delta);
	err = run_close(&run, err);
	engine_run_release(&out);
	return err;
}

/* The ref holds what the journal does not know: the database went back. */
static struct err *restored(struct engine *e, const struct store_id *old,
			    const struct journal_event *tip)
{
	struct store_id tip_id;
	char text[200];
	struct err *err;

	err = e->store->ops->ledger_archive(e->store, e->meta.uuid, old,
					    clock_now());
	if (err)
		return err;
	snprintf(tip_id.hex, sizeof(tip_id.hex), "%s", tip->commit);
	if (e->store->ops->has(e->store, &tip_id))
		err = e->store->ops->ledger_move(e->store, e->meta.uuid,
						 e->cfg.target, old, &tip_id,
						 "database was restored");
	else
		err = rebuild(e, old, NULL, tip);
	if (err)
		return err;
	if (!e->tells_restored)
		session_note(e, ENGINE_WARNING,
			     "the database was restored to an earlier state; "
			     "what the ledger had (%.12s) is kept under "
			     "refs/migrate/archive/%s",
			     old->hex, e->meta.uuid);
	snprintf(text, sizeof(text),
		 "the database was restored: it is at %.40s, the ledger was at "
		 "%.40s",
		 tip->commit, old->hex);
	return record(e, "restored", text);
}

/* A reading command may put things right only where it disturbs nobody. */
static bool may_record(struct engine *e, enum engine_access access)
{
	struct err *err;

	if (access == ENGINE_WRITES)
		return true;
	err = target_lock(e->target, 0, NULL, NULL);
	if (!err) {
		e->locked = true;
		err = target_begin(e->target);
		target_rollback(e->target);
	}
	if (!err)
		return true;
	err_free(err);
	return false;
}

/* The target's name for a ledger, where a process died before it was set. */
static struct err *point_target(struct engine *e, enum engine_access access,
				const struct store_id *tip)
{
	char last[37] = "";
	struct err *err;

	if (!*e->cfg.target || e->is_other || e->is_copy)
		return NULL;
	err = e->store->ops->ledger_of_target(e->store, e->cfg.target, last);
	if (err || streq(last, e->meta.uuid) ||
	    (*last && access == ENGINE_READS))
		return err;
	return e->store->ops->ledger_move(e->store, e->meta.uuid, e->cfg.target,
					  tip, tip, "named");
}

/* A copy's commits stand on those of the one it came from, where they are
 * here. */
static struct err *find_fork(struct engine *e, const struct journal_event *tip,
			     struct arena *a, struct journal_event *at)
{
	struct store_id parent;

	if (!tip->parent || !streq_null(tip->event, "fork"))
		return NULL;
	snprintf(parent.hex, sizeof(parent.hex), "%s", tip->parent);
	if (!e->store->ops->has(e->store, &parent))
		return NULL;
	return journal_by_commit(e->target, parent.hex, a, at);
}

static struct err *sync(struct engine *e, enum engine_access access)
{
	struct journal_event tip, at;
	struct arena a = ARENA_INIT;
	struct store_id ref;
	struct err *err;

	err = journal_tip(e->target, &a, &tip);
	if (err || !tip.seq)
		goto done;
	err = e->store->ops->ledger_tip(e->store, e->meta.uuid, &ref);
	if (!err && streq(ref.hex, tip.commit))
		err = point_target(e, access, &ref);
	if (err || streq(ref.hex, tip.commit) || e->is_other ||
	    (e->is_copy && *ref.hex))
		goto done;
	memset(&at, 0, sizeof(at));
	if (*ref.hex)
		err = journal_by_commit(e->target, ref.hex, &a, &at);
	else
		err = find_fork(e, &tip, &a, &at);
	if (err)
		goto done;
	if (!*ref.hex || at.seq)
		err = rebuild(e, &ref, &at, &tip);
	else if (may_record(e, access))
		err = restored(e, &ref, &tip);
	else
		session_note(e, ENGINE_WARNING,
			     "the ledger has events that this database does "
			     "not know: it was restored; the next apply "
			     "records that");
done:
	arena_release(&a);
	return err;
}

struct err *ledger_sync(struct engine *e, enum engine_access access)
{
	struct err *err = NULL;
	bool locked = e->locked;

	if (!e->target || !e->meta.present)
		return NULL;
	/* a lost compare-and-swap: look again, the journal decides */
	for (int i = 0; i < 5; i++) {
		err = sync(e, access);
		if (!err || err_class_of(err) != ERR_STATE)
			break;
		if (i < 4)
			err_free(err);
	}
	if (e->locked && !locked) {
		target_unlock(e->target);
		e->locked = false;
	}
	if (err && access == ENGINE_READS && err_class_of(err) == ERR_REFUSED) {
		session_note(e, ENGINE_NOTE,
			     "the ledger is not brought up to "
			     "date: %s",
			     err_text(err));
		err_free(err);
		err = NULL;
	}
	return err;
}

static struct err *put_current(void *payload, const struct journal_event *ev)
{
	struct replay *r = payload;
	const struct store_ops *ops = r->e->store->ops;
	char *full;
	struct err *err = NULL;

	if (!ev->status || !streq(ev->status, "applied"))
		return NULL;
	for (int down = 0; down < 2 && !err; down++) {
		const char *path = down ? ev->down_path : ev->path;
		const char *blob = down ? ev->down_blob : ev->blob;

		if (!path || !blob)
			continue;
		full = file_path(path);
		err = ops->ledger_put_blob(r->ledger, full, blob);
		if (err && err_class_of(err) == ERR_STORE) {
			err_free(err); /* another clone applied it */
			err = put_file(r->e, r->ledger, path, blob, NULL, 0);
		}
		free(full);
	}
	return err;
}

struct err *ledger_open_tip(struct engine *e, const struct schema *live,
			    const struct journal_event *tip,
			    struct ledger **out, struct store_id *schema)
{
	const struct store_ops *ops = e->store->ops;
	struct replay r = { .e = e };
	struct buf path = BUF_INIT;
	struct store_id parent, shape;
	struct err *err = ops->ledger_new(e->store, &r.ledger);

	map_each (&live->by_path, entry) {
		const struct schema_object *o = entry->value;

		if (err || !o)
			continue;
		buf_reset(&path);
		buf_addf(&path, "schema/%s", o->path);
		err = ops->ledger_put(r.ledger, buf_str(&path), o->text,
				      strlen(o->text));
		if (!err)
			err = ops->ledger_put_shape(r.ledger, o->path, o->shape,
						    strlen(o->shape));
	}
	buf_release(&path);
	if (!err && e->meta.present)
		err = journal_current(e->target, put_current, &r);
	if (!err)
		err = ops->ledger_ids(r.ledger, schema, &shape);
	if (!err && tip->seq) {
		snprintf(parent.hex, sizeof(parent.hex), "%s", tip->commit);
		err = ops->ledger_set_parent(r.ledger, &parent);
	}
	*out = r.ledger;
	return err;
}
