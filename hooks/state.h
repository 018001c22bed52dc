#ifndef HOOKS_STATE_H
#define HOOKS_STATE_H

#include "engine/store.h"
#include "hooks/policy.h"
#include "hooks/theirs.h"

/*
 * The facts that a policy asks for, read from the git folder as git leaves
 * them there: small files, no objects.
 */
struct hook_state {
	struct hook_facts facts;   /**< borrows from the rest */
	struct hook_theirs theirs; /**< of the merge under way */
	char *git_dir;             /**< of this work tree, absolute */
	char *orig_head, *rebase_origin, *base;
	char **bases;
	size_t cap_bases;
};

/** What configuration says about branches. */
struct hook_branches {
	const char *base;            /**< migrate.base; NULL = unset */
	const char *const *branches; /**< migrate.<target>.branch, n of them */
	size_t n;
};

/**
 * Look. What cannot be read is as if it were not there.
 *
 * @param kind   only what this hook's policy asks for is read
 * @param remote of pre-push: its name, or URL; NULL for other hooks
 */
void hook_state_read(struct hook_state *out, struct store *store,
		     enum hook_kind kind, const struct hook_branches *branches,
		     const char *remote);
void hook_state_release(struct hook_state *s);

/**
 * There is nothing to do, told without a look at the repository: a commit
 * that concludes no merge, a checkout of files. Most calls are these.
 */
bool hook_is_idle(enum hook_kind kind, const char *const *args, size_t n);

/** GIT_MIGRATE_SKIP and CI as the environment has them: set, and neither
 * "0", "false", "no" nor "off". */
bool hook_env_is_on(const char *name);

#endif
