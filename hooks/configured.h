#ifndef HOOKS_CONFIGURED_H
#define HOOKS_CONFIGURED_H

#include "hooks/install.h"

/*
 * Hooks as git's configuration has them from 2.54 on: hook.git-migrate-<hook>
 * with a command and an event. No file is touched, and hooks of others stay
 * what they are.
 */

/** Fill rows with what the repository's configuration has. */
MUST_USE struct err *hooks_configured_look(const struct hooks_place *p,
					   struct hooks_survey *s);

MUST_USE struct err *hooks_configured_put(const struct hooks_place *p,
					  enum hook_kind kind);
MUST_USE struct err *hooks_configured_remove(const struct hooks_place *p,
					     enum hook_kind kind);

#endif
