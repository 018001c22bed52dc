#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/linediff.h"
#include "base/util.h"
#include "engine/impl.h"
#include "engine/rename.h"
#include "schema/pg_table.h"
#include "snapshot/manifest.h"

void engine_show_release(struct engine_show *s)
{
	arena_release(&s->arena);
	memset(s, 0, sizeof(*s));
}

static char *keep(struct engine_show *s, const char *text)
{
	return text ? arena_strdup(&s->arena, text) : NULL;
}

static struct err *show_diff(struct engine *e, struct engine_show *s,
			     const struct journal_event *ev)
{
	struct schema_delta delta;
	struct past past;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err *err;

	if (!ev->delta)
		return NULL;
	err = schema_delta_decode(&delta, &a, ev->delta, ev->delta_len);
	if (err)
		return err;
	err = past_schema(e, ev->seq, &past);
	for (size_t i = 0; i < delta.n && !err; i++) {
		const struct schema_change *c = &delta.changes[i];
		const char *path = (c->before ? c->before : c->after)->path;
		const struct schema_object *old = map_get(&past.by_path, path);
		char *full = xasprintf("schema/%s", path);

		linediff_unified(&b, full, old ? old->text : NULL,
				 c->after ? c->after->text : NULL);
		free(full);
	}
	if (b.len)
		s->schema_diff = keep(s, buf_str(&b));
	buf_release(&b);
	past_release(&past);
	schema_delta_release(&delta);
	arena_release(&a);
	return err;
}

static void summarize(struct buf *out, const struct manifest *m)
{
	for (size_t i = 0; i < m->n_tables; i++) {
		const struct manifest_table *t = &m->tables[i];

		buf_addf(out, "%s: ", t->before);
		if (t->updated)
			buf_addf(out, "%" PRIu64 " changed%s", t->updated,
				 t->deleted || t->inserted ? ", " : "");
		if (t->deleted)
			buf_addf(out, "%" PRIu64 " deleted%s", t->deleted,
				 t->inserted ? ", " : "");
		if (t->inserted)
			buf_addf(out, "%" PRIu64 " inserted", t->inserted);
		buf_addch(out, '\n');
	}
	for (size_t i = 0; i < m->n_sequences; i++)
		buf_addf(out, "%s: counter %" PRId64 " -> %" PRId64 "\n",
			 m->sequences[i].table, m->sequences[i].was,
			 m->sequences[i].is);
}

static struct err *read_summary(struct snapshot_source *source, struct buf *out)
{
	struct manifest m = { 0 };
	struct buf text = BUF_INIT;
	struct snapshot_in in;
	const char *data;
	size_t len;
	struct err *err;

	snapshot_source_in(source, &in);
	err = in.file(in.payload, "manifest");
	while (!err) {
		err = in.chunk(in.payload, &data, &len);
		if (err || !data)
			break;
		buf_add(&text, data, len);
	}
	if (!err)
		err = manifest_decode(&m, buf_str(&text), text.len);
	if (!err)
		summarize(out, &m);
	manifest_release(&m);
	buf_release(&text);
	return err;
}

/* A snapshot that is not here is worth a line, not an error. */
static void show_snapshot(struct engine *e, struct engine_show *s,
			  const struct journal_event *ev)
{
	struct snapshot_source *source = NULL;
	struct buf b = BUF_INIT;
	struct err *err;

	if (!ev->snapshot)
		return;
	err = snapshot_source_open(e, ev->snapshot_store, ev->snapshot,
				   "manifest", &source);
	if (!err)
		err = read_summary(source, &b);
	if (err)
		buf_addf(&b, "cannot be read: %s\n", err_text(err));
	s->snapshot_summary = keep(s, buf_str(&b));
	err_free(err);
	snapshot_source_close(source);
	buf_release(&b);
}

static struct err *text_of(struct engine *e, struct engine_show *s,
			   const char *blob, const char **out)
{
	struct buf b = BUF_INIT;
	struct err *err = journal_text_get(e->target, blob, &b);

	if (!err)
		*out = arena_strndup(&s->arena, buf_str(&b), b.len);
	buf_release(&b);
	return err;
}

/* What the rollback left in another order than the apply had found. */
static void add_reordered(struct buf *out, const struct schema_delta *back,
			  const struct schema_delta *apply)
{
	for (size_t i = 0; i < back->n; i++) {
		const struct schema_object *is = back->changes[i].after;

		for (size_t k = 0; is && k < apply->n; k++) {
			const struct schema_object *was =
				apply->changes[k].before;

			if (was && streq(was->path, is->path) &&
			    !streq(was->sql, is->sql) &&
			    schema_pg_same_shape(was->sql, is->sql))
				buf_addf(out, "%s%s", out->len ? ", " : "",
					 is->name);
		}
	}
}

static struct err *show_reordered(struct engine *e, struct engine_show *s,
				  const struct journal_event *ev)
{
	struct journal_event of = { 0 };
	struct schema_delta back, apply;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err *err;

	if (!ev->reverts || ev->exact || !ev->delta)
		return NULL;
	schema_delta_init(&back);
	schema_delta_init(&apply);
	err = journal_get(e->target, ev->reverts, &a, &of);
	if (!err)
		err = schema_delta_decode(&back, &a, ev->delta, ev->delta_len);
	if (!err && of.delta)
		err = schema_delta_decode(&apply, &a, of.delta, of.delta_len);
	if (!err)
		add_reordered(&b, &back, &apply);
	if (b.len)
		s->reordered = keep(s, buf_str(&b));
	schema_delta_release(&back);
	schema_delta_release(&apply);
	buf_release(&b);
	arena_release(&a);
	return err;
}

static struct err *from_journal(struct engine *e, struct engine_show *s,
				const char *name)
{
	struct journal_event ev = { 0 };
	struct err *err;

	if (!e->target || !e->meta.present)
		return NULL;
	err = journal_current_of(e->target, name, &s->arena, &ev);
	if (err || !ev.seq)
		return err;
	err = journal_get(e->target, ev.seq, &s->arena, &ev);
	if (err)
		return err;
	event_from_journal(&s->last, &ev);
	err = event_changes(&s->arena, &ev, &s->last.changes);
	if (err)
		return err;
	if (ev.blob && !streq(ev.event, "failed")) {
		err = text_of(e, s, ev.blob, &s->sql);
		if (!err && ev.down_blob)
			err = text_of(e, s, ev.down_blob, &s->down_sql);
		s->sql_from = "journal";
	}
	/* what it did stands at the event of the name before */
	if (!err)
		err = rename_origin(e->target, &s->arena, &ev);
	if (!err)
		err = show_diff(e, s, &ev);
	if (!err)
		err = show_reordered(e, s, &ev);
	if (!err)
		show_snapshot(e, s, &ev);
	return err;
}

static void show_depends(struct engine_show *s, const struct migration *m)
{
	size_t n = 0;

	while (m->depends && m->depends[n])
		n++;
	if (!n)
		return;
	s->depends = arena_array(&s->arena, n + 1, sizeof(char *));
	for (size_t i = 0; i < n; i++)
		s->depends[i] = keep(s, m->depends[i]);
}

static struct err *from_tree(struct tree *t, struct engine_show *s,
			     const struct plan_item *item)
{
	struct migration *m = item->migration;
	struct err *err;

	if (!m)
		return NULL;
	s->in_tree = true;
	s->version = keep(s, m->version);
	s->path = keep(s, migration_full_path(&t->set, m->path));
	s->modified = item->state == PLAN_MODIFIED;
	err = migration_load(&t->set, m);
	if (err)
		return err;
	show_depends(s, m);
	if (s->sql)
		return NULL;
	s->sql = arena_strndup(&s->arena, m->file, m->file_len);
	if (m->down_file)
		s->down_sql = arena_strndup(&s->arena, m->down_file,
					    m->down_file_len);
	s->sql_from = "tree";
	return NULL;
}

static const struct plan_item *find_item(const struct plan_view *v,
					 const char *name)
{
	return plan_view_find(v, name);
}

struct err *engine_show(struct engine *e, const char *name, const char *rev,
			struct engine_show *out)
{
	const struct plan_item *item = NULL;
	struct tree tree = { 0 };
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = session_open(e, ENGINE_READS);
	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err)
		err = tree_read(e, rev, false, &tree);
	if (err)
		goto done;
	item = find_item(&tree.view, name);
	out->name = keep(out, item ? item->name : name);
	err = from_journal(e, out,
			   item && item->known ? item->known->name : out->name);
	if (err)
		goto done;
	if (!item && !out->last.seq) {
		struct plan unused = { 0 };
		struct plan_choice choice = { .to = name };

		/* the same words, and the nearest name, as apply --to */
		err = plan_apply(&unused, &tree.view, &choice);
		plan_release(&unused);
		if (!err)
			err = err_new(ERR_INPUT, "no migration '%s'", name);
		goto done;
	}
	if (item) {
		err = from_tree(&tree, out, item);
		out->state = item->state == PLAN_MODIFIED && !item->substance
				     ? "applied"
				     : plan_state_name(item->state);
	} else {
		out->state = out->last.status;
	}
	if (!out->version)
		out->version = out->last.version;
done:
	tree_release(&tree);
	return err;
}
