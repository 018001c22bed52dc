#ifndef HOOKS_THEIRS_H
#define HOOKS_THEIRS_H

#include <stddef.h>

/** A commit that is being merged. */
struct hook_side {
	char id[65];
	char *name; /**< as the person called it: "feature"; NULL = unknown */
};

/** Those of one merge; more than one is an octopus. */
struct hook_theirs {
	struct hook_side *sides;
	size_t n;
};
void hook_theirs_release(struct hook_theirs *t);

/**
 * GITHEAD_<id>=<name> of an environment, which is all that git tells a hook
 * while a merge is made: MERGE_HEAD does not exist yet (tried with git 2.39).
 * In the order of ids.
 *
 * @param env NULL-ended, "key=value"
 */
void hook_theirs_of_env(struct hook_theirs *out, char *const *env);

/** The lines of MERGE_HEAD: an id each, nobody knows their names. */
void hook_theirs_of_file(struct hook_theirs *out, const char *text);

#endif
