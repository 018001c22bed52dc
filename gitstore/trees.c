#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gitstore/commit.h"
#include "gitstore/folderpath.h"
#include "gitstore/missing.h"
#include "gitstore/repo.h"
#include "gitstore/treewalk.h"

/* A folder of a commit's tree; an absent one has the zero id. */
struct tree_source {
	struct source base; /* must be first */
	struct gs *g;
	git_oid tree;
	char *dir;
};

struct listing {
	struct tree_source *t;
	source_entry_fn fn;
	void *payload;
	struct buf path;
	unsigned depth;
};

static enum source_kind kind_of(unsigned mode)
{
	switch (mode) {
	case GIT_FILEMODE_TREE:
		return SOURCE_FOLDER;
	case GIT_FILEMODE_LINK:
		return SOURCE_SYMLINK;
	case GIT_FILEMODE_COMMIT:
		return SOURCE_SUBMODULE;
	default:
		return SOURCE_FILE;
	}
}

static struct err *list_tree(struct listing *l, const git_oid *tree);

static struct err *list_entry(struct listing *l, const struct gs_tree_entry *t)
{
	struct store_id id;
	struct source_entry e = { .kind = kind_of(t->mode) };
	size_t before = l->path.len;
	struct err *err;

	if (before)
		buf_addch(&l->path, '/');
	buf_add(&l->path, t->name, t->len);
	gs_id_print(&t->id, &id);
	e.path = buf_str(&l->path);
	e.blob = e.kind == SOURCE_FILE ? id.hex : NULL;
	err = l->fn(l->payload, &e);
	if (!err && e.kind == SOURCE_FOLDER)
		err = list_tree(l, &t->id);
	buf_truncate(&l->path, before);
	return err;
}

static struct err *list_tree(struct listing *l, const git_oid *tree)
{
	struct gs_treewalk w;
	struct gs_tree_entry t;
	struct err *err;

	if (l->depth == 64)
		return err_new(ERR_INPUT,
			       "folders below %s are nested deeper "
			       "than 64",
			       l->t->dir);
	l->depth++;
	err = gs_treewalk_open(&w, l->t->g, tree);
	while (!err && gs_treewalk_next(&w, &t))
		err = list_entry(l, &t);
	if (!err && w.damaged)
		err = err_new(ERR_STORE, "a tree below %s is damaged",
			      l->t->dir);
	gs_treewalk_close(&w);
	l->depth--;
	return err;
}

static struct err *tree_list(struct source *s, source_entry_fn fn,
			     void *payload)
{
	struct tree_source *t = (struct tree_source *)s;
	struct listing l = { t, fn, payload, BUF_INIT, 0 };
	struct err *err = NULL;

	if (!git_oid_is_zero(&t->tree))
		err = list_tree(&l, &t->tree);
	buf_release(&l.path);
	return err;
}

static struct err *tree_read(struct source *s, const char *path,
			     const char *blob, size_t max_bytes,
			     struct buf *out)
{
	struct tree_source *t = (struct tree_source *)s;
	git_odb_object *obj = NULL;
	struct err *err;
	git_odb *odb;
	git_oid id;

	err = gs_id_parse(blob, &id);
	if (!err)
		err = gs_odb(t->g, &odb);
	if (err)
		return err;
	if (git_odb_read(&obj, odb, &id) < 0)
		return gs_hint_object(t->g, &id,
				      err_new(ERR_INPUT,
					      "%s/%s is not in this clone "
					      "(blob %s)",
					      t->dir, path, blob));
	if (git_odb_object_type(obj) != GIT_OBJECT_BLOB)
		err = err_new(ERR_INPUT, "%s/%s is not a file", t->dir, path);
	else if (git_odb_object_size(obj) > max_bytes)
		err = err_new(ERR_INPUT,
			      "the file has %zu bytes, the most is %zu",
			      git_odb_object_size(obj), max_bytes);
	else
		buf_add(out, git_odb_object_data(obj),
			git_odb_object_size(obj));
	git_odb_object_free(obj);
	return err;
}

static void tree_close(struct source *s)
{
	struct tree_source *t = (struct tree_source *)s;

	if (!t)
		return;
	free(t->dir);
	free(t);
}

static const struct source_ops tree_ops = {
	.list = tree_list,
	.read = tree_read,
	.close = tree_close,
};

struct err *gs_source(struct store *s, const struct store_id *commit,
		      const char *dir, struct source **out)
{
	struct gs *g = gs_of(s);
	struct gs_commit c = GS_COMMIT_INIT;
	struct tree_source *t = NULL;
	unsigned mode = 0;
	struct err *err;
	git_oid id;

	*out = NULL;
	if (!commit)
		return gs_worktree_source(g, dir, out);
	t = xcalloc(1, sizeof(*t));
	t->g = g;
	t->base.ops = &tree_ops;
	err = gs_folderpath(dir, &t->dir);
	t->base.dir = t->dir;
	if (!err)
		err = gs_id_parse(commit->hex, &id);
	if (!err)
		err = gs_commit_read(g, &id, &c);
	if (!err)
		err = gs_tree_find(g, &c.tree, t->dir, &t->tree, &mode);
	if (!err && mode && mode != GIT_FILEMODE_TREE)
		err = err_new(ERR_INPUT, "%s is not a folder", t->dir);
	gs_commit_release(&c);
	if (err)
		tree_close(&t->base);
	else
		*out = &t->base;
	return err;
}
