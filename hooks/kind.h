#ifndef HOOKS_KIND_H
#define HOOKS_KIND_H

#include <stdbool.h>

/*
 * The hooks of git that mean something to us (githooks(5)); what each is good
 * for stands in docs/hooks.md.
 */
enum hook_kind {
	HOOK_PRE_COMMIT,
	HOOK_PRE_MERGE_COMMIT,
	HOOK_PRE_PUSH,
	HOOK_POST_CHECKOUT,
	HOOK_POST_MERGE,
	HOOK_POST_REWRITE,
	HOOK_PRE_RECEIVE,
	HOOK_UPDATE,
	HOOK_COUNT,
};

struct hook_traits {
	const char *name;
	bool blocks;  /**< git stops when it fails */
	bool reads;   /**< git writes lines to its standard input */
	bool server;  /**< of the repository that is pushed to */
	bool by_name; /**< installed only where it is asked for */
};

/** One row for each kind. */
extern const struct hook_traits hook_kinds[HOOK_COUNT];

/** The kind that git calls so; false when it is none of them. */
bool hook_kind_of(const char *name, enum hook_kind *out);

#endif
