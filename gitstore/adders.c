#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/map.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/folderpath.h"
#include "gitstore/reach.h"
#include "gitstore/treediff.h"

/*
 * Which commit brought each path as it is now. The commits come children
 * before parents; each holds the paths that are in it as at the start. A
 * path goes on to the first parent that has it unchanged, and stays where
 * there is none: that commit brought it.
 */
struct adders {
	struct gs *g;
	const char *dir;
	struct map index;   /* path -> its number + 1; the first of equals */
	git_oid *at;        /* per path: the commit that holds it */
	bool *moves;        /* per path: the parent at hand has it */
	bool *settled;      /* per path: at is the answer, or there is none */
	struct map holders; /* commits that hold paths -> how many */
	size_t n, open;
};

static struct err *folder_at(struct adders *a, const git_oid *tree,
			     git_oid *out)
{
	unsigned mode;
	struct err *err = gs_tree_find(a->g, tree, a->dir, out, &mode);

	if (!err && mode != GIT_FILEMODE_TREE)
		memset(out, 0, sizeof(*out));
	return err;
}

/* The parent has this path otherwise. */
static struct err *differs(void *payload, const char *path,
			   const git_oid *old_blob, const git_oid *new_blob)
{
	struct adders *a = payload;
	size_t i = map_number(&a->index, path);

	(void)old_blob, (void)new_blob;
	if (i)
		a->moves[i - 1] = false;
	return NULL;
}

static void hold(struct adders *a, const git_oid *commit, size_t n)
{
	struct store_id hex;

	gs_id_print(commit, &hex);
	map_put_number(&a->holders, hex.hex,
		       map_number(&a->holders, hex.hex) + n);
}

/* Give a parent those of the commit's paths that it has unchanged. */
static struct err *to_parent(struct adders *a, const git_oid *commit,
			     const git_oid *tree, const git_oid *parent)
{
	struct gs_commit c = GS_COMMIT_INIT;
	size_t moved = 0;
	git_oid before;
	struct err *err = gs_commit_read(a->g, parent, &c);

	if (!err)
		err = folder_at(a, &c.tree, &before);
	memset(a->moves, true, a->n);
	if (!err)
		err = gs_treediff(a->g, &before, tree, differs, a);
	for (size_t i = 0; !err && i < a->n; i++)
		if (!a->settled[i] && a->moves[i] &&
		    git_oid_equal(&a->at[i], commit)) {
			a->at[i] = *parent;
			moved++;
		}
	if (!err && moved)
		hold(a, parent, moved);
	gs_commit_release(&c);
	return err;
}

/* A commit's paths that no parent has as it has them. In a shallow clone the
 * missing parent may have: then nobody knows. */
static void settle(struct adders *a, const git_oid *commit, bool known)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->settled[i] || !git_oid_equal(&a->at[i], commit))
			continue;
		a->settled[i] = true;
		a->open--;
		if (!known)
			memset(&a->at[i], 0, sizeof(a->at[i]));
	}
}

static struct err *visit(struct adders *a, const git_oid *commit)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct store_id hex;
	bool known = true;
	struct err *err;
	git_oid tree;

	gs_id_print(commit, &hex);
	if (!map_number(&a->holders, hex.hex))
		return NULL;
	err = gs_commit_read(a->g, commit, &c);
	if (!err)
		err = folder_at(a, &c.tree, &tree);
	for (size_t i = 0; !err && i < c.n_parents; i++) {
		if (gs_has(a->g, &c.parents[i]))
			err = to_parent(a, commit, &tree, &c.parents[i]);
		else
			known = false;
	}
	if (!err)
		settle(a, commit, known);
	gs_commit_release(&c);
	return err;
}

/* At the start every path that is there is held by the commit itself. */
static struct err *is_here(void *payload, const char *path,
			   const git_oid *old_blob, const git_oid *new_blob)
{
	struct adders *a = payload;
	size_t i = map_number(&a->index, path);

	(void)old_blob, (void)new_blob;
	if (i) {
		a->settled[i - 1] = false;
		a->open++;
	}
	return NULL;
}

static struct err *start(struct adders *a, const git_oid *commit,
			 const char *const *paths)
{
	static const git_oid none;
	struct gs_commit c = GS_COMMIT_INIT;
	git_oid tree;
	struct err *err = gs_commit_read(a->g, commit, &c);

	if (!err)
		err = folder_at(a, &c.tree, &tree);
	for (size_t i = 0; !err && i < a->n; i++) {
		a->settled[i] = true;
		if (!map_has(&a->index, paths[i]))
			map_put_number(&a->index, paths[i], i + 1);
	}
	if (!err)
		err = gs_treediff(a->g, &none, &tree, is_here, a);
	for (size_t i = 0; !err && i < a->n; i++)
		if (!a->settled[i])
			a->at[i] = *commit;
	if (!err && a->open)
		hold(a, commit, a->open);
	gs_commit_release(&c);
	return err;
}

/* What is held by a commit that the walk does not reach was there before. */
static void answer(struct adders *a, const char *const *paths,
		   struct store_id *out)
{
	for (size_t i = 0; i < a->n; i++) {
		size_t first = map_number(&a->index, paths[i]) - 1;

		out[i].hex[0] = '\0';
		if (a->settled[first] && !git_oid_is_zero(&a->at[first]))
			gs_id_print(&a->at[first], &out[i]);
	}
}

static struct err *walk(struct adders *a, const git_oid *from,
			const struct store_id *stop)
{
	struct gs_ids list = { 0 }, hide = { 0 };
	git_oid id;
	struct err *err = NULL;

	if (*stop->hex) {
		err = gs_id_parse(stop->hex, &id);
		if (!err)
			gs_ids_add(&hide, &id);
	}
	if (!err && a->open)
		err = gs_reach(a->g, from, &hide, &list, NULL);
	for (size_t i = 0; !err && a->open && i < list.n; i++) {
		err = visit(a, &list.items[i]);
		if (!err)
			err = cancel_check();
	}
	gs_ids_release(&list);
	gs_ids_release(&hide);
	return err;
}

/* NOLINTNEXTLINE(readability-function-size): as the port has it */
struct err *gs_adders(struct store *s, const struct store_id *commit,
		      const struct store_id *stop, const char *dir,
		      const char *const *paths, size_t n, struct store_id *out)
{
	struct adders a = { .g = gs_of(s), .n = n };
	char *folder = NULL;
	git_oid id;
	struct err *err = gs_folderpath(dir, &folder);

	a.dir = folder;
	a.at = xcalloc(n ? n : 1, sizeof(*a.at));
	a.moves = xcalloc(n ? n : 1, sizeof(*a.moves));
	a.settled = xcalloc(n ? n : 1, sizeof(*a.settled));
	if (!err)
		err = gs_id_parse(commit->hex, &id);
	if (!err && n)
		err = start(&a, &id, paths);
	if (!err && n)
		err = walk(&a, &id, stop);
	for (size_t i = 0; err && i < n; i++)
		out[i].hex[0] = '\0';
	if (!err)
		answer(&a, paths, out);
	map_release(&a.index);
	map_release(&a.holders);
	free(a.at);
	free(a.moves);
	free(a.settled);
	free(folder);
	return err;
}
