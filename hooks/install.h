#ifndef HOOKS_INSTALL_H
#define HOOKS_INSTALL_H

#include "hooks/place.h"

/*
 * Putting our hooks into a repository and taking them out again (docs/hooks.md,
 * "Installation"). All or nothing: what cannot be done is found before
 * anything is changed, and what fails half-way is taken back.
 */

enum hooks_state {
	HOOKS_ABSENT,    /**< git runs nothing of ours */
	HOOKS_INSTALLED, /**< as this program would install it */
	HOOKS_STALE,    /**< ours, with another program or of another version */
	HOOKS_BEHIND,   /**< another's hook has ours as <hook>.legacy */
	HOOKS_REPLACED, /**< another's hook stands where ours was */
	HOOKS_MANAGED,  /**< the manager's files name it */
};

/** "absent", "installed", "stale", "behind", "replaced", "managed". */
const char *hooks_state_name(enum hooks_state s);

/** Ways to be run by git. */
enum hooks_way {
	HOOKS_NO_WAY,
	HOOKS_BY_FILE,
	HOOKS_BY_CONFIG,
	HOOKS_BY_MANAGER,
};

/** "file", "config", "manager"; NULL for none. */
const char *hooks_way_name(enum hooks_way w);

/** One hook as it is. Strings owned, NULL where they do not apply. */
struct hooks_row {
	enum hooks_state state;
	enum hooks_way way;
	char *path;     /**< the hook's file */
	char *ours;     /**< the file that is ours: that, or <hook>.legacy */
	char *before;   /**< file that ours runs first */
	char *program;  /**< that ours runs */
	bool lost;      /**< that program is not there */
	bool other;     /**< the hook's file is somebody else's */
	bool fresh;     /**< ours is as this program would write it */
	bool by_config; /**< ours is in the configuration */
};

struct hooks_survey {
	struct hooks_row rows[HOOK_COUNT];
};
void hooks_survey_release(struct hooks_survey *s);

/** What is there now, for every kind that the place takes. */
MUST_USE struct err *hooks_survey(const struct hooks_place *p,
				  struct hooks_survey *out);

/** The way that install takes here. */
enum hooks_way hooks_way_choose(const struct hooks_place *p, bool by_file);

/**
 * Install kinds; those that are as they should be stay untouched.
 *
 * @param by_file files in the hooks folder, whatever git or a manager offers
 * @param[out] changed by kind: something was written
 * @return ERR_REFUSED, nothing changed: a manager makes the hooks; another's
 *         hook stands where ours was and the one from before is still kept;
 *         the folder may not be written to
 */
MUST_USE struct err *hooks_install(const struct hooks_place *p,
				   const bool wanted[HOOK_COUNT], bool by_file,
				   bool changed[HOOK_COUNT]);

/** Remove ours, put back what was there before. */
MUST_USE struct err *hooks_uninstall(const struct hooks_place *p,
				     const bool wanted[HOOK_COUNT],
				     bool changed[HOOK_COUNT]);

#endif
