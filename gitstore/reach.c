#include "gitstore/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/map.h"
#include "base/util.h"
#include "gitstore/commit.h"

void gs_ids_add(struct gs_ids *l, const git_oid *id)
{
	VEC_GROW(l->items, l->n, l->cap);
	l->items[l->n++] = *id;
}

void gs_ids_release(struct gs_ids *l)
{
	free(l->items);
	memset(l, 0, sizeof(*l));
}

/* --- with libgit2 --- */

static struct err *reach_whole(struct gs *g, const git_oid *to,
			       const struct gs_ids *hide, struct gs_ids *out)
{
	git_revwalk *walk = NULL;
	int rc = git_revwalk_new(&walk, g->repo);
	struct err *err = NULL;
	git_oid id;

	if (!rc)
		rc = git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL);
	if (!rc)
		rc = git_revwalk_push(walk, to);
	for (size_t i = 0; !rc && i < hide->n; i++)
		rc = git_revwalk_hide(walk, &hide->items[i]);
	while (!rc && !err && !(rc = git_revwalk_next(&id, walk))) {
		gs_ids_add(out, &id);
		err = cancel_check();
	}
	if (!err && rc != GIT_ITEROVER)
		err = gs_fault(ERR_STORE, "walk the history");
	git_revwalk_free(walk);
	return err;
}

static struct err *common_whole(struct gs *g, const git_oid *a,
				const git_oid *b, struct gs_ids *out)
{
	git_oidarray found = { NULL, 0 };
	struct err *err = NULL;
	int rc = git_merge_bases(&found, g->repo, a, b);

	if (rc < 0 && rc != GIT_ENOTFOUND)
		err = gs_fault(ERR_STORE, "find the merge base");
	for (size_t i = 0; !rc && i < found.count; i++)
		gs_ids_add(out, &found.ids[i]);
	git_oidarray_dispose(&found);
	return err;
}

/* --- in a shallow clone --- */

/* A walk over all that is here; `order` has each commit once, after all of
 * its parents. */
struct cut_walk {
	struct gs *g;
	struct map seen;
	struct gs_ids order;
	git_oid missing; /* the last one, or zero */
};

/* A commit on the stack; below it, once opened, wait its parents. */
struct step {
	git_oid id;
	bool opened;
};

struct stack {
	struct step *items;
	size_t n, cap;
};

static void push(struct stack *s, const git_oid *id, bool opened)
{
	VEC_GROW(s->items, s->n, s->cap);
	s->items[s->n++] = (struct step){ *id, opened };
}

/* False when it was seen before. */
static bool see(struct map *seen, const git_oid *id)
{
	struct store_id hex;

	gs_id_print(id, &hex);
	return !map_put_number(seen, hex.hex, 1);
}

static bool is_seen(const struct map *seen, const git_oid *id)
{
	struct store_id hex;

	gs_id_print(id, &hex);
	return map_has(seen, hex.hex);
}

static struct err *open_step(struct cut_walk *w, struct stack *s,
			     const git_oid *id, struct gs_commit *c)
{
	struct err *err = gs_commit_read(w->g, id, c);

	push(s, id, true);
	for (size_t i = 0; !err && i < c->n_parents; i++) {
		if (!gs_has(w->g, &c->parents[i]))
			w->missing = c->parents[i];
		else if (!is_seen(&w->seen, &c->parents[i]))
			push(s, &c->parents[i], false);
	}
	return err;
}

static struct err *walk_from(struct cut_walk *w, const git_oid *tip)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct stack s = { 0 };
	struct err *err = NULL;

	push(&s, tip, false);
	while (!err && s.n) {
		struct step at = s.items[--s.n];

		if (at.opened)
			gs_ids_add(&w->order, &at.id);
		else if (see(&w->seen, &at.id))
			err = open_step(w, &s, &at.id, &c);
		if (!err)
			err = cancel_check();
	}
	free(s.items);
	gs_commit_release(&c);
	return err;
}

static void cut_walk_release(struct cut_walk *w)
{
	map_release(&w->seen);
	gs_ids_release(&w->order);
}

static struct err *reach_cut(struct gs *g, const git_oid *to,
			     const struct gs_ids *hide, struct gs_ids *out,
			     git_oid *cut)
{
	struct cut_walk w = { .g = g };
	struct err *err = NULL;

	for (size_t i = 0; !err && i < hide->n; i++)
		err = walk_from(&w, &hide->items[i]);
	w.order.n = 0;
	memset(&w.missing, 0, sizeof(w.missing));
	if (!err)
		err = walk_from(&w, to);
	for (size_t i = w.order.n; !err && i-- > 0;)
		gs_ids_add(out, &w.order.items[i]);
	if (cut)
		*cut = w.missing;
	cut_walk_release(&w);
	return err;
}

/* Every ancestor of a common ancestor is one, too: the best are those that
 * are no parent of another. */
static struct err *best_of(struct gs *g, const struct gs_ids *common,
			   struct gs_ids *out)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct map parents = MAP_INIT;
	struct err *err = NULL;

	for (size_t i = 0; !err && i < common->n; i++) {
		err = gs_commit_read(g, &common->items[i], &c);
		for (size_t k = 0; !err && k < c.n_parents; k++)
			see(&parents, &c.parents[k]);
	}
	for (size_t i = common->n; !err && i-- > 0;)
		if (!is_seen(&parents, &common->items[i]))
			gs_ids_add(out, &common->items[i]);
	map_release(&parents);
	gs_commit_release(&c);
	return err;
}

static struct err *common_cut(struct gs *g, const git_oid *a, const git_oid *b,
			      struct gs_ids *out, git_oid *cut)
{
	struct cut_walk x = { .g = g }, y = { .g = g };
	struct gs_ids common = { 0 };
	struct err *err = walk_from(&x, a);

	if (!err)
		err = walk_from(&y, b);
	for (size_t i = 0; !err && i < y.order.n; i++)
		if (is_seen(&x.seen, &y.order.items[i]))
			gs_ids_add(&common, &y.order.items[i]);
	if (!err)
		err = best_of(g, &common, out);
	*cut = git_oid_is_zero(&x.missing) ? y.missing : x.missing;
	gs_ids_release(&common);
	cut_walk_release(&x);
	cut_walk_release(&y);
	return err;
}

struct err *gs_reach(struct gs *g, const git_oid *to, const struct gs_ids *hide,
		     struct gs_ids *out, git_oid *cut)
{
	if (cut)
		memset(cut, 0, sizeof(*cut));
	return gs_is_shallow(g) ? reach_cut(g, to, hide, out, cut)
				: reach_whole(g, to, hide, out);
}

struct err *gs_common(struct gs *g, const git_oid *a, const git_oid *b,
		      struct gs_ids *out, git_oid *cut)
{
	memset(cut, 0, sizeof(*cut));
	return gs_is_shallow(g) ? common_cut(g, a, b, out, cut)
				: common_whole(g, a, b, out);
}
