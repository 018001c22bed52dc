#ifndef GITSTORE_GITSTORE_H
#define GITSTORE_GITSTORE_H

#include "engine/store.h"

/**
 * Open the repository around path.
 *
 * Little is done here: objects, configuration and snapshots are opened when
 * they are first asked for.
 *
 * @param[out] out owned by the caller, NULL on failure; out->ops->close(out)
 * @param path  where to start looking; NULL = as git decides (GIT_DIR and
 *              the like, else the current folder and upward)
 * @return ERR_STORE with a hint: no repository, owned by someone else, or
 *         an extension that libgit2 cannot open
 * @source git2/repository.h, git_repository_open_ext()
 */
MUST_USE struct err *gitstore_open(struct store **out, const char *path);

#endif
