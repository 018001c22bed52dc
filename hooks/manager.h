#ifndef HOOKS_MANAGER_H
#define HOOKS_MANAGER_H

#include <stdbool.h>

#include "base/buf.h"
#include "hooks/kind.h"

/*
 * Programs that make a project's hooks from a versioned file of their own and
 * write over what others put in the hooks folder. They are left alone: a
 * person adds a few lines to that file.
 */
struct hooks_manager {
	const char *name;         /**< "husky" */
	const char *const *files; /**< that tell it is used, from the top;
				       NULL-terminated */
	/** What to add; docs/hooks.md. */
	void (*snippet)(struct buf *out);
};

/** The one that manages the hooks of a work tree; NULL = none. */
const struct hooks_manager *hooks_manager_find(const char *top);

/** Its files run `git migrate hook` for that kind already. */
bool hooks_manager_runs(const struct hooks_manager *m, const char *top,
			enum hook_kind kind);

#endif
