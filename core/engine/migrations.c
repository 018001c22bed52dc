#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "decide/order.h"
#include "engine/impl.h"
#include "engine/rename.h"
#include "migration/layout.h"

/* The tree of a commit and the journal of a database, side by side. */

static struct journal_event *copy_event(struct arena *a,
					const struct journal_event *in)
{
	struct journal_event *out = arena_alloc(a, sizeof(*out));

#define COPY(field) out->field = in->field ? arena_strdup(a, in->field) : NULL
	*out = *in;
	COPY(event);
	COPY(name);
	COPY(version);
	COPY(layout);
	COPY(path);
	COPY(blob);
	COPY(down_path);
	COPY(down_blob);
	COPY(commit);
	COPY(source_commit);
	COPY(snapshot);
	COPY(snapshot_store);
	COPY(status);
	COPY(kind);
	COPY(description);
	COPY(finished_at);
	COPY(error);
#undef COPY
	out->parent = out->author = out->author_date = NULL;
	out->applied_by = out->applied_date = out->started_at = NULL;
	out->tenant = out->schema_id = out->shape_id = NULL;
	out->server = out->tool = out->message = out->delta = NULL;
	return out;
}

static struct err *add_state(void *payload, const struct journal_event *ev)
{
	struct tree *t = payload;
	struct journal_event *row = copy_event(&t->arena, ev);
	struct decide_state *s;

	if (!row->name || !row->status)
		return NULL;
	VEC_GROW(t->states, t->n_states, t->cap_states);
	s = &t->states[t->n_states++];
	s->name = row->name;
	s->version = row->version ? row->version : "";
	s->blob = row->blob ? row->blob : "";
	s->status = row->status;
	s->dirty = row->dirty;
	s->applied_rank = (size_t)row->seq;
	map_put(&t->rows, row->name, row);
	return NULL;
}

static struct err *add_depends(void *payload, const char *name,
			       const char *depends_on, bool inferred)
{
	struct tree *t = payload;
	const char **old = map_get(&t->depends, name), **list;
	size_t n = 0;

	if (inferred)
		return NULL; /* for people; nothing is decided by them */
	while (old && old[n])
		n++;
	list = arena_array(&t->arena, n + 2, sizeof(*list));
	if (n)
		memcpy(list, old, n * sizeof(*list));
	list[n] = arena_strdup(&t->arena, depends_on);
	map_put(&t->depends, name, list);
	return NULL;
}

static const char *const *known_depends(void *payload, const char *name)
{
	struct tree *t = payload;

	return map_get(&t->depends, name);
}

/* Applied files that were not edited need not be read again. */
static struct err *load_open(struct tree *t)
{
	struct err *err = NULL;

	for (size_t i = 0; i < t->set.n && !err; i++) {
		struct migration *m = t->set.items[i];
		const struct journal_event *row = map_get(&t->rows, m->name);

		if (row && streq_null(row->blob, m->blob))
			continue;
		err = migration_load(&t->set, m);
	}
	return err;
}

/* The text that ran, from the journal, against the tree's. */
static struct err *substance(void *payload, const struct migration *m,
			     const struct decide_state *known, bool *differs)
{
	struct tree *t = payload;
	const struct journal_event *row = map_get(&t->rows, known->name);
	struct migration old = { .name = m->name,
				 .version = m->version,
				 .path = m->path };
	struct buf bytes = BUF_INIT;
	struct err *err;

	*differs = true;
	err = journal_text_get(t->engine->target, row->blob, &bytes);
	if (!err)
		err = migration_parse(
			&t->arena,
			row->layout ? row->layout
				    : migration_layout_name(&t->set),
			m->path, &old, buf_str(&bytes), bytes.len);
	if (!err) {
		/* a file beside it decides the mode: that is not in the text */
		old.no_transaction |= m->side_path && m->no_transaction;
		*differs = !migration_same_substance(t->set.dialect, m, &old);
	}
	/* what cannot be read counts as changed */
	err_free(err);
	buf_release(&bytes);
	return NULL;
}

/* A new name does not make it newer than it is, nor takes its snapshot. */
static struct err *rank_renamed(struct engine *e, struct tree *t)
{
	struct err *err = NULL;

	for (size_t i = 0; i < t->n_states && !err; i++) {
		struct decide_state *s = &t->states[i];
		struct journal_event *row = map_get(&t->rows, s->name), was;

		if (!streq(row->event, "rename"))
			continue;
		err = journal_get(e->target, row->seq, &t->arena, &was);
		if (!err)
			err = rename_origin(e->target, &t->arena, &was);
		if (err)
			break;
		s->applied_rank = (size_t)was.seq;
		row->snapshot = was.snapshot;
		row->snapshot_store = was.snapshot_store;
		row->finished_at = was.finished_at;
		row->duration_ms = was.duration_ms;
	}
	return err;
}

/* A failure behind steps that stay: it began, and did not end. */
static struct err *find_half_done(struct engine *e, struct tree *t)
{
	struct err *err = NULL;

	for (size_t i = 0; i < t->n_states && !err; i++) {
		struct decide_state *s = &t->states[i];
		size_t done = 0;
		bool intent = false;

		if (!streq(s->status, "failed"))
			continue;
		err = journal_steps(e->target, s->name, &done, &intent);
		if (!err && (done || intent))
			s->status = "applying";
	}
	return err;
}

static struct err *read_journal(struct engine *e, struct tree *t)
{
	struct err *err;

	if (!e->target || !e->meta.present)
		return NULL;
	err = journal_states(e->target, add_state, t);
	if (!err)
		err = rank_renamed(e, t);
	if (!err)
		err = find_half_done(e, t);
	return err ? err : journal_depends_each(e->target, add_depends, t);
}

struct err *tree_read_journal(struct engine *e, struct tree *out)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	out->engine = e;
	out->set.dialect = e->cfg.dialect;
	out->set.layout = layout_find("native");
	err = read_journal(e, out);
	if (err)
		return err;
	out->has_view = true;
	return plan_view_init(&out->view, &out->set, out->states, out->n_states,
			      NULL, NULL);
}

struct err *tree_read(struct engine *e, const char *rev, bool worktree,
		      struct tree *out)
{
	struct migration_options opt = {
		.layout = e->cfg.layout,
		.pattern = e->cfg.pattern,
		.dialect = e->cfg.dialect,
	};
	struct err *err;

	memset(out, 0, sizeof(*out));
	out->engine = e;
	err = e->store->ops->resolve(e->store, rev, &out->commit);
	if (err && worktree && !rev) {
		/* before the first commit the work tree is all there is */
		err_free(err);
		err = NULL;
		out->commit.id.hex[0] = '\0';
	}
	if (!err)
		err = e->store->ops->source(e->store,
					    worktree ? NULL : &out->commit.id,
					    e->cfg.dir, &out->source);
	if (!err)
		err = migration_set_read(&out->set, out->source, &opt);
	if (!err)
		err = read_journal(e, out);
	if (!err)
		err = load_open(out);
	if (!err)
		err = decide_order(&out->set, known_depends, out);
	if (!err) {
		out->has_view = true;
		err = plan_view_init(&out->view, &out->set, out->states,
				     out->n_states, substance, out);
	}
	return err;
}

void tree_release(struct tree *t)
{
	if (t->has_view)
		plan_view_release(&t->view);
	migration_set_release(&t->set);
	if (t->source)
		t->source->ops->close(t->source);
	store_commit_release(&t->commit);
	map_release(&t->rows);
	map_release(&t->depends);
	free(t->states);
	arena_release(&t->arena);
	memset(t, 0, sizeof(*t));
}
