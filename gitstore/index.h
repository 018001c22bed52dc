#ifndef GITSTORE_INDEX_H
#define GITSTORE_INDEX_H

#include "gitstore/repo.h"

/**
 * The index that git would use: GIT_INDEX_FILE, a relative one from the top
 * of the work tree, else the repository's own. One that is not there is
 * empty. git_index_free() *out.
 */
MUST_USE struct err *gs_index_open(struct gs *g, git_index **out);

#endif
