#ifndef HOOKS_FOREIGN_H
#define HOOKS_FOREIGN_H

#include "base/buf.h"
#include "hooks/policy.h"

#define HOOK_ARGS 4

/**
 * The call that a hook manager tells about in its environment where git gives
 * arguments and lines: pre-commit's PRE_COMMIT_FROM_REF and the like.
 *
 * @param[in,out] args room for HOOK_ARGS; those given stay
 * @param[in,out] n    of them
 * @param[in,out] lines likewise
 * @source https://pre-commit.com, "Supported git hooks"
 */
void hook_foreign_call(enum hook_kind kind, const char **args, size_t *n,
		       struct buf *lines);

#endif
