#ifndef GITSTORE_TREEDIFF_H
#define GITSTORE_TREEDIFF_H

#include "gitstore/treewalk.h"

/** A file that came, went (the other side NULL) or has other content. Links
 * and submodules are no files. Everything is borrowed. */
typedef struct err *(*gs_treediff_fn)(void *payload, const char *path,
				      const git_oid *old_blob,
				      const git_oid *new_blob);

/**
 * Files that differ between two trees, in the order of paths as trees have
 * them. Subtrees of equal id are not opened; the zero id is an empty tree.
 */
MUST_USE struct err *gs_treediff(struct gs *g, const git_oid *from,
				 const git_oid *to, gs_treediff_fn fn,
				 void *payload);

#endif
