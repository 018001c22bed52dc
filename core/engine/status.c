#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/impl.h"

void engine_status_release(struct engine_status *s)
{
	free(s->items);
	free(s->notes);
	arena_release(&s->arena);
	memset(s, 0, sizeof(*s));
}

static char *keep(struct engine_status *s, const char *text)
{
	return text ? arena_strdup(&s->arena, text) : NULL;
}

static void add_note(struct engine_status *s, const char *text)
{
	s->notes = xreallocarray(s->notes, s->n_notes + 1, sizeof(*s->notes));
	s->notes[s->n_notes++] = keep(s, text);
}

static enum engine_state state_of(const struct plan_item *item)
{
	switch (item->state) {
	case PLAN_APPLIED:
		return STATE_APPLIED;
	case PLAN_PENDING:
		return STATE_PENDING;
	case PLAN_MODIFIED:
		return item->substance ? STATE_MODIFIED : STATE_EDITED;
	case PLAN_APPLYING:
	case PLAN_FAILED:
		return STATE_FAILED;
	case PLAN_ROLLED_BACK:
		return STATE_ROLLED_BACK;
	case PLAN_FOREIGN:
		return STATE_FOREIGN;
	case PLAN_STATE_COUNT:
		break;
	}
	return STATE_PENDING;
}

static void note_item(struct engine_status *s, const struct plan_item *item,
		      struct engine_status_item *out)
{
	struct buf b = BUF_INIT;

	if (item->renamed_from)
		buf_addf(&b, "%s as %s",
			 item->state == PLAN_ROLLED_BACK ? "rolled back"
							 : "applied",
			 item->renamed_from);
	else if (out->state == STATE_MODIFIED)
		buf_addstr(&b, "edited after it was applied");
	else if (out->state == STATE_EDITED)
		buf_addstr(&b, "edited since, but does the same");
	else if (out->state == STATE_FOREIGN)
		buf_addstr(&b, "not in this commit");
	else if (item->state == PLAN_APPLYING && !out->error)
		buf_addstr(&b, "began and did not end; apply resumes it");
	else if (item->rerun)
		buf_addstr(&b, "changed, runs again");
	else if (item->out_of_order)
		buf_addf(&b, "sorts before %s, which is applied",
			 item->out_of_order);
	out->note = b.len ? keep(s, buf_str(&b)) : NULL;
	buf_release(&b);
}

static void add_item(struct engine_status *s, const struct tree *t,
		     const struct plan_item *item)
{
	struct engine_status_item *out = &s->items[s->n++];
	const struct journal_event *row =
		item->known ? map_get(&t->rows, item->known->name) : NULL;

	memset(out, 0, sizeof(*out));
	out->state = state_of(item);
	out->name = keep(s, item->name);
	if (item->migration) {
		out->version = keep(s, item->migration->version);
		out->path = keep(s, item->migration->path);
		out->blob = keep(s, item->migration->blob);
	}
	if (row) {
		if (!out->blob)
			out->blob = keep(s, row->blob);
		if (!out->version)
			out->version = keep(s, row->version);
		out->applied_blob = keep(s, row->blob);
		out->commit = keep(s, row->commit);
		out->source_commit = keep(s, row->source_commit);
		out->snapshot = keep(s, row->snapshot);
		out->snapshot_store = keep(s, row->snapshot_store);
		out->error = keep(s, row->error);
		out->duration_ms = row->duration_ms;
		if (item->state == PLAN_APPLIED ||
		    item->state == PLAN_MODIFIED || item->state == PLAN_FOREIGN)
			out->applied_at = keep(s, row->finished_at);
	}
	out->out_of_order = item->out_of_order != NULL;
	note_item(s, item, out);
	s->counts[out->state]++;
}

static struct err *see_dirty(void *payload, const struct source_entry *entry)
{
	*(bool *)payload |= entry->dirty && entry->kind == SOURCE_FILE;
	return NULL;
}

static bool in_set(const struct migration_set *set, const struct migration *m)
{
	const struct migration *have = migration_find(set, m->name);

	return have && streq_null(have->blob, m->blob);
}

/* Files of the work tree that are migrations and that no commit has yet. */
static struct err *add_uncommitted(struct engine *e, struct engine_status *s,
				   const struct tree *t)
{
	struct migration_options opt = { .layout =
						 migration_layout_name(&t->set),
					 .pattern = e->cfg.pattern,
					 .dialect = e->cfg.dialect };
	struct migration_set set = { 0 };
	struct source *source = NULL;
	bool dirty = false;
	struct err *err;

	if (!t->set.n)
		opt.layout = e->cfg.layout;
	err = e->store->ops->source(e->store, NULL, e->cfg.dir, &source);
	if (!err)
		err = source->ops->list(source, see_dirty, &dirty);
	if (!err && dirty)
		err = migration_set_read(&set, source, &opt);
	for (size_t i = 0; !err && i < set.n; i++) {
		const struct migration *m = set.items[i];
		struct engine_status_item *out;

		if (!m->dirty || in_set(&t->set, m))
			continue;
		s->items = xreallocarray(s->items, s->n + 1, sizeof(*s->items));
		out = &s->items[s->n++];
		memset(out, 0, sizeof(*out));
		out->state = STATE_UNCOMMITTED;
		out->name = keep(s, m->name);
		out->version = keep(s, m->version);
		out->path = keep(s, m->path);
		out->blob = keep(s, m->blob);
		out->note = migration_find(&t->set, m->name)
				    ? "differs from the commit"
				    : "not committed";
		s->counts[STATE_UNCOMMITTED]++;
	}
	migration_set_release(&set);
	if (source)
		source->ops->close(source);
	/* what is half-written in the work tree must not stop status */
	if (err)
		session_note(e, ENGINE_WARNING, "work tree: %s", err_text(err));
	err_free(err);
	return NULL;
}

static struct err *note_restored(struct engine *e, struct engine_status *s)
{
	struct journal_event tip;
	struct arena a = ARENA_INIT;
	struct err *err = NULL;

	if (e->target && e->meta.present)
		err = journal_tip(e->target, &a, &tip);
	if (!err && e->target && e->meta.present && tip.seq &&
	    streq(tip.event, "restored"))
		add_note(s, arena_printf(&s->arena,
					 "%s; what the ledger had is kept "
					 "under refs/migrate/archive/%s",
					 tip.description
						 ? tip.description
						 : "the database was restored",
					 e->meta.uuid));
	arena_release(&a);
	return err;
}

/* The branch was switched, or a file edited, and the database was not told. */
static void note_mismatch(const struct engine *e, struct engine_status *s)
{
	size_t gone = s->counts[STATE_FOREIGN];
	size_t edited = s->counts[STATE_MODIFIED];
	struct buf b = BUF_INIT;

	if (!gone && !edited)
		return;
	buf_addstr(&b, "the database does not match this commit: ");
	if (gone)
		buf_addf(&b, "%zu applied migration%s not in it%s", gone,
			 gone == 1 ? " is" : "s are", edited ? ", " : "");
	if (edited)
		buf_addf(&b, "%zu %s edited since", edited,
			 edited == 1 ? "was" : "were");
	if (!e->cfg.is_protected && !e->meta.is_protected)
		buf_addstr(&b, "; 'git migrate reconcile' makes it follow");
	s->mismatch = keep(s, buf_str(&b));
	buf_release(&b);
}

static void note_missing(const struct engine *e, struct engine_status *s)
{
	if (!e->target && e->cfg.copied)
		add_note(s, arena_printf(&s->arena,
					 "branch '%s' has no database of its "
					 "own yet",
					 e->cfg.own_branch));
}

static void copy_strays(struct engine_status *s, const struct tree *t)
{
	s->n_strays = t->set.n_strays;
	s->strays = arena_array(&s->arena, s->n_strays + 1, sizeof(*s->strays));
	for (size_t i = 0; i < s->n_strays; i++) {
		s->strays[i].path = keep(s, t->set.strays[i].path);
		s->strays[i].why = keep(s, t->set.strays[i].why);
	}
}

static bool wants_uncommitted(const struct engine *e,
			      const struct engine_status_options *opt)
{
	return !opt->worktree && !opt->rev &&
	       e->store->ops->worktree(e->store) != NULL;
}

struct err *engine_status(struct engine *e,
			  const struct engine_status_options *opt,
			  struct engine_status *out)
{
	struct tree tree = { 0 };
	struct err *err;

	memset(out, 0, sizeof(*out));
	e->tells_restored = true;
	if (wants_uncommitted(e, opt))
		e->store->ops->expect_worktree(e->store, e->cfg.dir);
	err = session_open(e, ENGINE_READS);
	if (!err)
		err = ledger_sync(e, ENGINE_READS);
	if (!err)
		err = tree_read(e, opt->rev, opt->worktree, &tree);
	if (err)
		goto done;
	snprintf(out->head, sizeof(out->head), "%s", tree.commit.id.hex);
	out->layout = keep(out, migration_layout_name(&tree.set));
	out->items = xcalloc(tree.view.n + 1, sizeof(*out->items));
	for (size_t i = 0; i < tree.view.n; i++)
		add_item(out, &tree, &tree.view.items[i]);
	copy_strays(out, &tree);
	note_mismatch(e, out);
	note_missing(e, out);
	err = note_restored(e, out);
	if (!err && wants_uncommitted(e, opt))
		err = add_uncommitted(e, out, &tree);
	if (!err)
		err = session_identity(e, &out->identity);
done:
	tree_release(&tree);
	return err;
}
