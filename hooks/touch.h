#ifndef HOOKS_TOUCH_H
#define HOOKS_TOUCH_H

#include "engine/store.h"
#include "hooks/policy.h"
#include "hooks/theirs.h"

/**
 * A step concerns migrations: told by the ids of the folder's trees, so that
 * the many that do not cost next to nothing. In doubt it does.
 *
 * @param dir    migrations folder as the work tree's configuration has it
 * @param theirs of HOOK_CHECK_MERGE
 */
bool hook_touches(struct store *store, const char *dir,
		  const struct hook_step *step,
		  const struct hook_theirs *theirs);

#endif
