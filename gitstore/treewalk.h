#ifndef GITSTORE_TREEWALK_H
#define GITSTORE_TREEWALK_H

#include "gitstore/repo.h"

/* Entries of a tree object, in its order, straight from its bytes. */

struct gs_tree_entry {
	unsigned mode;
	const char *name; /**< not NUL-ended at len by contract; borrowed */
	size_t len;
	git_oid id;
};

struct gs_treewalk {
	git_odb_object *obj;
	const char *p, *end;
	bool damaged; /**< ended early */
};

/** The zero id is an empty tree. ERR_STORE when the tree is not here. */
MUST_USE struct err *gs_treewalk_open(struct gs_treewalk *w, struct gs *g,
				      const git_oid *tree);

/** Let go of the large trees that are kept for another look. */
void gs_treewalk_forget(struct gs *g);

/** false at the end. */
bool gs_treewalk_next(struct gs_treewalk *w, struct gs_tree_entry *out);

/** Order of two entries in a tree: as if a folder's name ended in '/'. */
int gs_tree_order(const struct gs_tree_entry *a, const struct gs_tree_entry *b);

void gs_treewalk_close(struct gs_treewalk *w);

/**
 * What stands at "a/b" below a tree; "" is the tree itself.
 *
 * @param[out] id   the zero id where there is nothing
 * @param[out] mode as in the tree, 0 where there is nothing; may be NULL
 */
MUST_USE struct err *gs_tree_find(struct gs *g, const git_oid *tree,
				  const char *path, git_oid *id,
				  unsigned *mode);

#endif
