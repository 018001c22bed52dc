#include "hooks/foreign.h"

#include <stdlib.h>

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void take(const char **args, size_t *n, const char *a, const char *b,
		 const char *c)
{
	const char *const list[] = { a, b, c };

	for (size_t i = 0; i < 3 && list[i]; i++)
		args[(*n)++] = env(list[i]);
}

/* The lines are lost: an amend's commit is the one before. */
static void rewritten(const char **args, size_t *n, struct buf *lines)
{
	take(args, n, "PRE_COMMIT_REWRITE_COMMAND", NULL, NULL);
	if (!lines->len)
		buf_addstr(lines, "HEAD@{1} HEAD\n");
}

static void pushed(const char **args, size_t *n, struct buf *lines)
{
	take(args, n, "PRE_COMMIT_REMOTE_NAME", "PRE_COMMIT_REMOTE_URL", NULL);
	if (!lines->len)
		buf_addf(lines, "%s %s %s %s\n", env("PRE_COMMIT_LOCAL_BRANCH"),
			 env("PRE_COMMIT_TO_REF"),
			 env("PRE_COMMIT_REMOTE_BRANCH"),
			 env("PRE_COMMIT_FROM_REF"));
}

void hook_foreign_call(enum hook_kind kind, const char **args, size_t *n,
		       struct buf *lines)
{
	if (*n || !*env("PRE_COMMIT"))
		return;
	if (kind == HOOK_POST_CHECKOUT)
		take(args, n, "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF",
		     "PRE_COMMIT_CHECKOUT_TYPE");
	else if (kind == HOOK_POST_MERGE)
		take(args, n, "PRE_COMMIT_IS_SQUASH_MERGE", NULL, NULL);
	else if (kind == HOOK_POST_REWRITE)
		rewritten(args, n, lines);
	else if (kind == HOOK_PRE_PUSH)
		pushed(args, n, lines);
}
