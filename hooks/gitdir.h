#ifndef HOOKS_GITDIR_H
#define HOOKS_GITDIR_H

#include "engine/store.h"

/**
 * The git folder of this work tree, where MERGE_HEAD and the like are: not
 * the common one in a linked work tree. GIT_DIR counts, as git sets it for
 * hooks there. Absolute; free() it.
 */
char *hook_git_dir(struct store *store);

/**
 * The same from where git runs hooks of a work tree, its top, without a look
 * at the repository. NULL where that is not clear; free() it.
 */
char *hook_git_dir_here(void);

#endif
