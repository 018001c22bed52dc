#ifndef GITSTORE_MISSING_H
#define GITSTORE_MISSING_H

#include "gitstore/repo.h"

/*
 * Clones that are not whole: shallow ones lack commits, partial ones blobs
 * and trees. libgit2 fetches nothing by itself, so the error says what would.
 */

/** Add the git fetch that gets a commit which a shallow clone lacks. Nothing
 * is added where the clone is not shallow. Consumes and returns e. */
MUST_USE struct err *gs_hint_commit(struct gs *g, struct err *e);

/** Add the git fetch that gets a blob or tree. Nothing is added where the
 * clone is not partial. Consumes and returns e. */
MUST_USE struct err *gs_hint_object(struct gs *g, const git_oid *id,
				    struct err *e);

#endif
