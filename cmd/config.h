#ifndef CMD_CONFIG_H
#define CMD_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "engine/engine.h"

/** What the command line and the environment say about the target. */
struct config_wish {
	const char *target; /**< -t; NULL = not given */
	const char *url;    /**< --url; NULL = not given */
	const char *branch; /**< whose database, where each has its own; NULL =
				 that of the one that is checked out */
	bool clones; /**< as if migrate.<target>.reconcile were "clone" */
};

/** A configured target. Strings in the arena of its config. */
struct config_target {
	const char *name;
	const char *url; /**< NULL = none (DATABASE_URL may fill it) */
	bool is_protected;
};

/** Everything under "migrate." in the configuration, read once. */
struct config {
	struct store *store; /**< borrowed */
	struct map values;   /**< "migrate.dev.url" -> text */
	struct config_target *targets;
	size_t n_targets;
	struct arena arena;
};

/**
 * Read git's configuration and .gitmigrate (docs/configuration.md).
 *
 * @param warn called with one line for each unknown key of .gitmigrate
 * @return ERR_INPUT: a bad target name, a password in .gitmigrate
 */
MUST_USE struct err *config_read(struct config *c, struct store *store,
				 void (*warn)(void *payload, const char *text),
				 void *payload);
void config_release(struct config *c);

/** The target of that name, NULL when nothing configures it. */
struct config_target *config_target(const struct config *c, const char *name);

/** Name of the target that is used without -t; NULL = cannot tell. */
const char *config_default_target(const struct config *c);

/**
 * Settle on one database: --url, -t, GIT_MIGRATE_URL, migrate.target,
 * DATABASE_URL, in the order of docs/configuration.md. out borrows from c.
 *
 * @param need_url false: a command that only reads files; out->url may be
 *        NULL then
 * @return ERR_INPUT: nothing configured (hint: git migrate init), no such
 *         target (hint: the nearest), a value that cannot be read
 */
MUST_USE struct err *config_resolve(struct config *c,
				    const struct config_wish *wish,
				    bool need_url, struct engine_config *out);

/**
 * The URL of out, which was not given by hand, as it is for one branch and
 * this work tree: placeholders are filled in, and where
 * migrate.<target>.reconcile is "clone", a branch has a copy (out->copied).
 *
 * @param wish its branch NULL = the one that is checked out, or under way in a
 *        rebase or bisect
 * @return ERR_REFUSED: HEAD is detached, so there is no such database
 */
MUST_USE struct err *config_place_branch(struct config *c,
					 const struct config_wish *wish,
					 struct engine_config *out);

/** The branch whose database the target's url names, where the others have
 * copies; NULL = cannot tell. In memory of c. */
const char *config_base_branch(struct config *c);

/** A database for each branch: reconcile = clone. */
bool config_clones(const struct config *c, const char *target);

/** May stand in a ref and in a config section: letters, digits, '.', '_', '-',
 * and begins and ends with none of the last three. */
bool config_target_name_ok(const char *name);

/** A value, NULL when unset: name NULL = migrate.<key>. */
const char *config_get(const struct config *c, const char *target,
		       const char *key);

#endif
