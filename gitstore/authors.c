#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/map.h"
#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/folderpath.h"
#include "gitstore/treewalk.h"

/*
 * Who added each path: one walk back in which only the folder's tree ids
 * are compared. Where history splits, each path goes to the first parent
 * that has it, so a walk is a set of lines, each with the paths it carries;
 * lines that meet are one again.
 */
struct line {
	git_oid commit, tree; /* tree of the folder; zero = none */
	int64_t time;
	size_t carries;
};

struct walk {
	struct gs *g;
	const char *dir;
	const char *const *paths;
	size_t n;
	char **out;
	struct map index;   /* path -> &line_of[i] */
	size_t *line_of;    /* per path: its line + 1; 0 = settled */
	struct line *lines; /* carries == 0: free for use again */
	size_t n_lines, cap_lines;
	size_t open; /* paths not settled */
	bool starting;
};

static struct err *folder_of(struct walk *w, const git_oid *root, git_oid *out)
{
	unsigned mode;
	struct err *err = gs_tree_find(w->g, root, w->dir, out, &mode);

	if (!err && mode != GIT_FILEMODE_TREE)
		memset(out, 0, sizeof(*out));
	return err;
}

/* The path's line ends: added by `author`, or unknown (NULL). */
static void settle(struct walk *w, size_t path, const char *author)
{
	w->lines[w->line_of[path] - 1].carries--;
	w->line_of[path] = 0;
	w->open--;
	if (author)
		w->out[path] = xstrdup(author);
}

static void settle_line(struct walk *w, size_t line, const char *author)
{
	for (size_t i = 0; i < w->n && w->lines[line].carries; i++)
		if (w->line_of[i] == line + 1)
			settle(w, i, author);
}

/* A path is in `now` and not in the parent's folder; at the start of the
 * walk: it is there, and the line carries it. */
static void found(struct walk *w, size_t line, const char *path,
		  const char *author)
{
	const size_t *at = map_get(&w->index, path);
	size_t i = at ? (size_t)(at - w->line_of) : 0;

	if (at && w->starting) {
		w->line_of[i] = line + 1;
		w->lines[line].carries++;
		w->open++;
	} else if (at && w->line_of[i] == line + 1) {
		settle(w, i, author);
	}
}

static struct err *added(struct walk *w, size_t line, struct buf *path,
			 const git_oid *now, const git_oid *before,
			 const char *author);

/* An entry of `now`; `same` is the parent's of that name and kind or NULL. */
static struct err *step(struct walk *w, size_t line, struct buf *path,
			const struct gs_tree_entry *now,
			const struct gs_tree_entry *same, const char *author)
{
	static const git_oid none;
	size_t before = path->len;
	struct err *err = NULL;

	if (same && git_oid_equal(&now->id, &same->id))
		return NULL;
	if (before)
		buf_addch(path, '/');
	buf_add(path, now->name, now->len);
	if (now->mode == GIT_FILEMODE_TREE)
		err = added(w, line, path, &now->id, same ? &same->id : &none,
			    author);
	else if (!same)
		found(w, line, buf_str(path), author);
	buf_truncate(path, before);
	return err;
}

/* Settle what stands in the tree `now` and not in `before`. */
static struct err *added(struct walk *w, size_t line, struct buf *path,
			 const git_oid *now, const git_oid *before,
			 const char *author)
{
	struct gs_treewalk a = { 0 }, b = { 0 };
	struct gs_tree_entry x, y;
	bool more_a, more_b;
	struct err *err = gs_treewalk_open(&a, w->g, now);

	if (!err)
		err = gs_treewalk_open(&b, w->g, before);
	more_a = !err && gs_treewalk_next(&a, &x);
	more_b = !err && gs_treewalk_next(&b, &y);
	while (!err && more_a) {
		int rc = more_b ? gs_tree_order(&x, &y) : -1;

		if (rc <= 0) {
			err = step(w, line, path, &x, rc ? NULL : &y, author);
			more_a = gs_treewalk_next(&a, &x);
		}
		if (rc >= 0)
			more_b = gs_treewalk_next(&b, &y);
	}
	gs_treewalk_close(&a);
	gs_treewalk_close(&b);
	return err;
}

/* The line that stands at a commit; n_lines when there is none. */
static size_t find_line(const struct walk *w, const git_oid *commit)
{
	size_t i = 0;

	while (i < w->n_lines && !(w->lines[i].carries &&
				   git_oid_equal(&w->lines[i].commit, commit)))
		i++;
	return i;
}

/* The same, made when there is none. */
static size_t line_at(struct walk *w, const git_oid *commit,
		      const git_oid *tree, int64_t time)
{
	struct line made = { *commit, *tree, time, 0 };
	size_t i = find_line(w, commit);

	if (i < w->n_lines)
		return i;
	for (i = 0; i < w->n_lines && w->lines[i].carries; i++)
		;
	if (i == w->n_lines) {
		VEC_GROW(w->lines, w->n_lines, w->cap_lines);
		w->n_lines++;
	}
	w->lines[i] = made;
	return i;
}

static void move_path(struct walk *w, size_t path, size_t to)
{
	w->lines[w->line_of[path] - 1].carries--;
	w->lines[to].carries++;
	w->line_of[path] = to + 1;
}

/* The whole line goes to a parent, where it may meet another. */
static void step_back(struct walk *w, size_t line, const git_oid *commit,
		      const git_oid *tree, int64_t time)
{
	size_t to = find_line(w, commit);

	if (to == w->n_lines) {
		w->lines[line].commit = *commit;
		w->lines[line].tree = *tree;
		w->lines[line].time = time;
		return;
	}
	for (size_t i = 0; i < w->n; i++)
		if (w->line_of[i] == line + 1)
			move_path(w, i, to);
}

/* Hand each path that this parent has over to it. */
static struct err *follow(struct walk *w, size_t line, const git_oid *parent)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct err *err = gs_commit_read(w->g, parent, &c);
	bool same;
	git_oid tree, id;

	if (!err)
		err = folder_of(w, &c.tree, &tree);
	same = !err && git_oid_equal(&tree, &w->lines[line].tree);
	for (size_t i = 0; !err && i < w->n; i++) {
		if (w->line_of[i] != line + 1)
			continue;
		if (!same)
			err = gs_tree_find(w->g, &tree, w->paths[i], &id, NULL);
		if (!err && (same || !git_oid_is_zero(&id)))
			move_path(w, i, line_at(w, parent, &tree, c.time));
	}
	gs_commit_release(&c);
	return err;
}

/* One parent: settle what it lacks, go on with the rest. */
static struct err *follow_only(struct walk *w, size_t line,
			       const struct gs_commit *c)
{
	struct gs_commit parent = GS_COMMIT_INIT;
	struct buf path = BUF_INIT;
	git_oid tree;
	struct err *err = gs_commit_read(w->g, &c->parents[0], &parent);

	if (!err)
		err = folder_of(w, &parent.tree, &tree);
	if (!err && !git_oid_equal(&tree, &w->lines[line].tree))
		err = added(w, line, &path, &w->lines[line].tree, &tree,
			    c->author);
	if (!err && w->lines[line].carries)
		step_back(w, line, &c->parents[0], &tree, parent.time);
	buf_release(&path);
	gs_commit_release(&parent);
	return err;
}

static struct err *advance(struct walk *w, size_t line)
{
	struct gs_commit c = GS_COMMIT_INIT;
	struct err *err = gs_commit_read(w->g, &w->lines[line].commit, &c);

	if (err)
		goto done;
	if (c.n_parents == 1 && gs_has(w->g, &c.parents[0])) {
		err = follow_only(w, line, &c);
	} else if (c.n_parents && !gs_has(w->g, &c.parents[0])) {
		settle_line(w, line, NULL); /* the history is cut off */
	} else {
		for (size_t i = 0; !err && i < c.n_parents; i++)
			if (w->lines[line].carries)
				err = follow(w, line, &c.parents[i]);
		if (!err) /* a root, or a merge that added them itself */
			settle_line(w, line, c.author);
	}
done:
	gs_commit_release(&c);
	return err;
}

/* The newest first, so that lines meet where history does. */
static size_t newest(const struct walk *w)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < w->n_lines; i++)
		if (w->lines[i].carries &&
		    (best == SIZE_MAX ||
		     w->lines[i].time > w->lines[best].time))
			best = i;
	return best;
}

static struct err *start(struct walk *w, const struct store_id *commit)
{
	struct gs_commit c = GS_COMMIT_INIT;
	static const git_oid none;
	struct buf path = BUF_INIT;
	git_oid id, tree;
	struct err *err = gs_id_parse(commit->hex, &id);

	if (!err)
		err = gs_commit_read(w->g, &id, &c);
	if (!err)
		err = folder_of(w, &c.tree, &tree);
	for (size_t i = 0; !err && i < w->n; i++)
		if (!map_has(&w->index, w->paths[i]))
			map_put(&w->index, w->paths[i], &w->line_of[i]);
	w->starting = true;
	if (!err)
		err = added(w, line_at(w, &id, &tree, c.time), &path, &tree,
			    &none, NULL);
	w->starting = false;
	buf_release(&path);
	gs_commit_release(&c);
	return err;
}

struct err *gs_authors(struct store *s, const struct store_id *commit,
		       const char *dir, const char *const *paths, size_t n,
		       char **out)
{
	struct walk w = { .g = gs_of(s), .paths = paths, .n = n, .out = out };
	char *folder = NULL;
	struct err *err = gs_folderpath(dir, &folder);

	memset(out, 0, n * sizeof(*out));
	w.dir = folder;
	w.line_of = xcalloc(n ? n : 1, sizeof(*w.line_of));
	if (!err)
		err = start(&w, commit);
	while (!err && w.open) {
		err = cancel_check();
		if (!err)
			err = advance(&w, newest(&w));
	}
	for (size_t i = 0; err && i < n; i++) {
		free(out[i]);
		out[i] = NULL;
	}
	map_release(&w.index);
	free(w.line_of);
	free(w.lines);
	free(folder);
	return err;
}
