#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "engine/rename.h"

/*
 * A migration that goes by another name: an event of its own says so. What
 * asks for its events finds those under the names before through that.
 */

static char *keep(struct run *r, const char *s)
{
	return s ? arena_strdup(&r->group, s) : NULL;
}

static void describe(struct run *r, const struct tree *t,
		     const struct migration *m, const struct journal_event *was,
		     struct journal_event *ev)
{
	*ev = (struct journal_event){
		.event = "rename",
		.name = keep(r, m->name),
		.version = keep(r, m->version),
		.layout = keep(r, migration_layout_name(&t->set)),
		.path = keep(r, m->path),
		.blob = keep(r, m->blob),
		.down_path = keep(r, m->down_path),
		.down_blob = keep(r, m->down_blob),
		.source_commit = keep(r, t->commit.id.hex),
		.status = keep(r, was->status),
		.kind = keep(r, was->kind),
		.description = arena_printf(&r->group, "was %s", was->name),
		.author = keep(r, was->author),
		.author_date = keep(r, was->author_date),
		.rows = was->rows,
		.irreversible = was->irreversible,
		.exact = was->exact,
		.reverts = was->seq,
		.batch_size = was->batch_size,
	};
}

struct err *rename_record(struct run *r, struct tree *t,
			  const struct plan_item *item)
{
	struct journal_event was, ev;
	struct schema_delta none;
	struct err *err;

	schema_delta_init(&none);
	err = migration_load(&t->set, item->migration);
	if (!err)
		err = journal_current_of(r->e->target, item->renamed_from,
					 &r->group, &was);
	if (!err && !was.seq)
		err = err_new(ERR_STATE, "the journal does not know %s",
			      item->renamed_from);
	if (!err) {
		describe(r, t, item->migration, &was, &ev);
		err = run_event(r, &ev, &none, item->migration, true);
	}
	if (!err)
		r->rows[r->n_rows - 1].forgets = keep(r, was.name);
	schema_delta_release(&none);
	return err;
}

/* A file that is not committed may get yet another name. */
static bool is_new_name(const struct plan_item *item)
{
	return item->renamed_from && !item->migration->dirty;
}

bool rename_is_due(const struct tree *t)
{
	for (size_t i = 0; i < t->view.n; i++)
		if (is_new_name(&t->view.items[i]))
			return true;
	return false;
}

struct err *rename_all(struct run *r, struct tree *t)
{
	struct err *err;
	size_t done;

	if (!rename_is_due(t))
		return NULL;
	done = r->out->n_done;
	err = run_begin(r);
	for (size_t i = 0; i < t->view.n && !err; i++)
		if (is_new_name(&t->view.items[i]))
			err = rename_record(r, t, &t->view.items[i]);
	if (!err)
		err = run_commit(r);
	else
		run_abort(r);
	r->out->n_done = done; /* they are no steps of the plan */
	return err;
}

/* The row is of a migration that was of this name once. */
static struct err *was_called(struct engine *e, struct arena *a,
			      const struct journal_event *row, const char *name,
			      bool *out)
{
	struct journal_event ev;
	struct err *err = journal_get(e->target, row->seq, a, &ev);

	*out = false;
	while (!err && !*out && streq(ev.event, "rename") && ev.reverts) {
		err = journal_get(e->target, ev.reverts, a, &ev);
		*out = !err && streq_null(ev.name, name);
	}
	return err;
}

/* A name that the journal had before, of what goes by another one now. */
static struct err *translate_old(struct engine *e, const struct tree *t,
				 struct arena *a, const char **name)
{
	bool found = map_has(&t->rows, *name);
	struct err *err = NULL;

	map_each (&t->rows, entry) {
		const struct journal_event *row = entry->value;

		if (err || found || !streq(row->event, "rename"))
			continue;
		err = was_called(e, a, row, *name, &found);
		if (found)
			*name = arena_strdup(a, row->name);
	}
	return err;
}

/* The name that the database will know, whichever was typed. */
static struct err *translate(struct engine *e, const struct tree *t,
			     bool learnt, struct arena *a, const char **names,
			     size_t n)
{
	struct err *err = NULL;

	for (size_t k = 0; k < n && !err; k++) {
		const struct plan_item *item =
			plan_view_find(&t->view, names[k]);

		if (item && item->renamed_from)
			names[k] =
				arena_strdup(a, learnt && is_new_name(item)
							? item->name
							: item->renamed_from);
		else if (!item)
			err = translate_old(e, t, a, &names[k]);
	}
	return err;
}

static struct err *learn(struct engine *e, struct tree *t)
{
	struct engine_run out = { 0 };
	struct run r = { 0 };
	struct err *err = run_open(&r, e, &out);

	r.commit = &t->commit;
	r.set = &t->set;
	r.layout = migration_layout_name(&t->set);
	if (!err)
		err = rename_all(&r, t);
	err = run_close(&r, err);
	engine_run_release(&out);
	return err;
}

struct err *rename_learn(struct engine *e, bool dry_run, struct arena *a,
			 const char **names, size_t n)
{
	struct tree tree = { 0 };
	struct err *err = tree_read(e, NULL, false, &tree);

	if (err) { /* no commit, or one whose files are no migrations */
		err_free(err);
		err = NULL;
	} else {
		err = translate(e, &tree, !dry_run, a, names, n);
		if (!err && !dry_run && rename_is_due(&tree))
			err = learn(e, &tree);
	}
	tree_release(&tree);
	return err;
}

/* --- reading --- */

struct history {
	struct target *target;
	journal_event_fn fn;
	void *payload;
	int64_t until;  /* later events of that name are another one's */
	int64_t follow; /* its row under the name before; 0 = none */
	int64_t end;    /* from there back it goes by another name since */
	bool over;
	bool whole;
};

static struct err *pass_on(void *payload, const struct journal_event *ev)
{
	struct history *h = payload;

	if (ev->seq > h->until || h->follow || h->over)
		return NULL;
	h->over = ev->seq <= h->end;
	if (h->over)
		return NULL;
	if (streq(ev->event, "rename"))
		h->follow = ev->reverts;
	return h->fn(h->payload, ev);
}

/* Events under one of its names. The row that a rename led to was renamed, of
 * course. */
static struct err *read_name(struct history *h, const char *name)
{
	struct err *err = NULL;

	h->end = 0;
	if (!h->whole)
		err = journal_renamed_before(h->target, name, h->until,
					     &h->end);
	return err ? err : journal_log(h->target, name, 0, pass_on, h);
}

struct err *rename_history(struct target *t, const char *name, bool whole,
			   journal_event_fn fn, void *payload)
{
	struct history h = { .target = t,
			     .fn = fn,
			     .payload = payload,
			     .until = INT64_MAX,
			     .whole = whole };
	struct arena a = ARENA_INIT;
	struct err *err = read_name(&h, name);

	while (!err && h.follow && !h.over) {
		struct journal_event before;

		h.until = h.follow;
		h.follow = 0;
		err = journal_get(t, h.until, &a, &before);
		if (!err)
			err = read_name(&h, before.name);
	}
	arena_release(&a);
	return err;
}

struct err *rename_origin(struct target *t, struct arena *a,
			  struct journal_event *ev)
{
	struct err *err = NULL;

	while (!err && ev->event && streq(ev->event, "rename") && ev->reverts)
		err = journal_get(t, ev->reverts, a, ev);
	return err;
}

/* --- all of them --- */

static struct err *take_rename(void *payload, const struct journal_event *ev)
{
	struct rename_list *l = payload;

	if (!streq(ev->event, "rename") || !ev->reverts)
		return NULL;
	VEC_GROW(l->items, l->n, l->cap);
	l->items[l->n++] = (struct rename_entry){
		.to = arena_strdup(&l->arena, ev->name),
		.row = ev->reverts,
		.seq = ev->seq,
	};
	return NULL;
}

struct err *rename_list_read(struct rename_list *out, struct target *t)
{
	struct err *err;

	memset(out, 0, sizeof(*out));
	err = journal_log(t, NULL, 0, take_rename, out);
	for (size_t i = 0; i < out->n && !err; i++) {
		struct journal_event was;

		err = journal_get(t, out->items[i].row, &out->arena, &was);
		out->items[i].from = err ? NULL : was.name;
	}
	return err;
}

void rename_list_release(struct rename_list *l)
{
	free(l->items);
	arena_release(&l->arena);
	memset(l, 0, sizeof(*l));
}

const char *rename_list_now(const struct rename_list *l, const char *name,
			    int64_t seq)
{
	for (size_t i = l->n; i-- > 0;) {
		const struct rename_entry *r = &l->items[i];

		if (r->row < seq || !streq_null(r->from, name))
			continue;
		name = r->to;
		seq = r->seq;
	}
	return name;
}
