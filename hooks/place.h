#ifndef HOOKS_PLACE_H
#define HOOKS_PLACE_H

#include <stdbool.h>

#include "engine/store.h"
#include "hooks/manager.h"

/** Where git looks for the hooks of a repository, and who makes them. */
struct hooks_place {
	char *dir;       /**< absolute, as git answers; need not exist */
	char *git_dir;   /**< absolute, that all work trees share */
	char *top;       /**< of the work tree; NULL = bare */
	char *program;   /**< absolute path of this program */
	bool configured; /**< git runs hooks of its configuration: 2.54 */
	bool shared;     /**< the folder is outside of this repository: other
			      repositories run these hooks as well */
	const struct hooks_manager *manager; /**< NULL = none */
};

/**
 * Ask git and look around. Writes nothing.
 *
 * @return ERR_STORE: git cannot be asked; ERR_REFUSED: hooks are switched off
 *         (core.hooksPath is no folder)
 */
MUST_USE struct err *hooks_place_find(struct hooks_place *out,
				      struct store *store);
void hooks_place_release(struct hooks_place *p);

/** "git version 2.54.0.rc1": runs hook.<name>.command of the configuration. */
bool hooks_git_is_new(const char *version);

/** Kinds that belong into this place. */
bool hooks_place_takes(const struct hooks_place *p, enum hook_kind kind);

#endif
