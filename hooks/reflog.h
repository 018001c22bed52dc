#ifndef HOOKS_REFLOG_H
#define HOOKS_REFLOG_H

#include "engine/store.h"

/* What git's reflogs tell of branches, read as it leaves them in the git
 * folder. Where there are none, nothing is told. */

/** The branch that was checked out before this one; free() it, NULL = not
 * known. */
char *hook_branch_before(struct store *store);

/** What the branch was made from, as it was said ("main"); free() it, NULL =
 * not known, or what was checked out. */
char *hook_branch_origin(struct store *store, const char *name);

/** The branch that this one was renamed to, which is there; free() it, NULL =
 * none. */
char *hook_branch_renamed(struct store *store, const char *name);

#endif
