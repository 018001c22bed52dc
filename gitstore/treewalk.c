#include "gitstore/treewalk.h"

#include <string.h>

#include "base/util.h"
#include "gitstore/missing.h"

/* libgit2 keeps small trees. A folder of thousands of files is wanted a few
 * times over: by the list of its files, and by each difference to it. */
#define LARGE 4096

static git_odb_object *kept(struct gs *g, const git_oid *tree)
{
	git_odb_object *copy = NULL;

	for (size_t i = 0; i < ARRAY_LEN(g->trees); i++)
		if (g->trees[i] &&
		    git_oid_equal(git_odb_object_id(g->trees[i]), tree) &&
		    !git_odb_object_dup(&copy, g->trees[i]))
			return copy;
	return NULL;
}

static void keep(struct gs *g, git_odb_object *obj)
{
	git_odb_object **slot = &g->trees[g->next_tree];

	if (git_odb_object_size(obj) < LARGE)
		return;
	git_odb_object_free(*slot);
	if (git_odb_object_dup(slot, obj))
		*slot = NULL;
	g->next_tree = (g->next_tree + 1) % ARRAY_LEN(g->trees);
}

void gs_treewalk_forget(struct gs *g)
{
	for (size_t i = 0; i < ARRAY_LEN(g->trees); i++) {
		git_odb_object_free(g->trees[i]);
		g->trees[i] = NULL;
	}
}

static struct err *read_tree(struct gs *g, const git_oid *tree,
			     git_odb_object **out)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_odb *odb;
	struct err *err = gs_odb(g, &odb);

	*out = err ? NULL : kept(g, tree);
	if (err || *out)
		return err;
	git_oid_tostr(hex, sizeof(hex), tree);
	if (git_odb_read(out, odb, tree) < 0)
		return gs_hint_object(g, tree,
				      err_new(ERR_STORE,
					      "tree %s is not in this "
					      "repository",
					      hex));
	if (git_odb_object_type(*out) != GIT_OBJECT_TREE)
		return err_new(ERR_STORE, "object %s is not a tree", hex);
	keep(g, *out);
	return NULL;
}

struct err *gs_treewalk_open(struct gs_treewalk *w, struct gs *g,
			     const git_oid *tree)
{
	struct err *err;

	memset(w, 0, sizeof(*w));
	if (git_oid_is_zero(tree))
		return NULL;
	err = read_tree(g, tree, &w->obj);
	if (err)
		return err;
	w->p = git_odb_object_data(w->obj);
	w->end = w->p + git_odb_object_size(w->obj);
	return NULL;
}

bool gs_treewalk_next(struct gs_treewalk *w, struct gs_tree_entry *out)
{
	const char *p = w->p, *nul;

	if (p == w->end || w->damaged)
		return false;
	out->mode = 0;
	while (p < w->end && *p >= '0' && *p <= '7')
		out->mode = out->mode << 3 | (unsigned)(*p++ - '0');
	nul = p < w->end && *p == ' ' ? memchr(p, '\0', (size_t)(w->end - p))
				      : NULL;
	if (!nul || w->end - nul < 1 + GIT_OID_RAWSZ) {
		w->damaged = true;
		return false;
	}
	out->name = p + 1;
	out->len = (size_t)(nul - p - 1);
	memcpy(out->id.id, nul + 1, GIT_OID_RAWSZ);
	w->p = nul + 1 + GIT_OID_RAWSZ;
	return true;
}

void gs_treewalk_close(struct gs_treewalk *w)
{
	git_odb_object_free(w->obj);
	w->obj = NULL;
}

int gs_tree_order(const struct gs_tree_entry *a, const struct gs_tree_entry *b)
{
	size_t least = a->len < b->len ? a->len : b->len;
	int rc = memcmp(a->name, b->name, least), x, y;

	if (rc)
		return rc;
	x = a->len > least                 ? (unsigned char)a->name[least]
	    : a->mode == GIT_FILEMODE_TREE ? '/'
					   : 0;
	y = b->len > least                 ? (unsigned char)b->name[least]
	    : b->mode == GIT_FILEMODE_TREE ? '/'
					   : 0;
	return x - y;
}

static struct err *find_entry(struct gs *g, const git_oid *tree,
			      const char *name, size_t len,
			      struct gs_tree_entry *out)
{
	struct gs_treewalk w;
	struct err *err = gs_treewalk_open(&w, g, tree);
	bool found = false;

	while (!err && !found && gs_treewalk_next(&w, out))
		found = out->len == len && !memcmp(out->name, name, len);
	if (!found)
		memset(out, 0, sizeof(*out));
	gs_treewalk_close(&w);
	return err;
}

struct err *gs_tree_find(struct gs *g, const git_oid *tree, const char *path,
			 git_oid *id, unsigned *mode)
{
	struct gs_tree_entry e = { .mode = GIT_FILEMODE_TREE, .id = *tree };
	const char *p = path;

	while (*p) {
		size_t n = strcspn(p, "/");
		git_oid below = e.id;
		struct err *err = NULL;

		if (e.mode == GIT_FILEMODE_TREE)
			err = find_entry(g, &below, p, n, &e);
		else
			memset(&e, 0, sizeof(e));
		if (err)
			return err;
		p += n;
		p += *p == '/';
	}
	*id = e.id;
	if (mode)
		*mode = e.mode;
	return NULL;
}
