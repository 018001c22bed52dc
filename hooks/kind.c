#include "hooks/kind.h"

#include "base/util.h"

const struct hook_traits hook_kinds[HOOK_COUNT] = {
	[HOOK_PRE_COMMIT] = { "pre-commit", true, false, false, false },
	[HOOK_PRE_MERGE_COMMIT] = { "pre-merge-commit", true, false, false,
				    false },
	[HOOK_PRE_PUSH] = { "pre-push", true, true, false, false },
	[HOOK_POST_CHECKOUT] = { "post-checkout", false, false, false, false },
	[HOOK_POST_MERGE] = { "post-merge", false, false, false, false },
	[HOOK_POST_REWRITE] = { "post-rewrite", false, true, false, false },
	[HOOK_PRE_RECEIVE] = { "pre-receive", true, true, true, false },
	[HOOK_UPDATE] = { "update", true, false, true, true },
};

bool hook_kind_of(const char *name, enum hook_kind *out)
{
	for (unsigned k = 0; k < HOOK_COUNT; k++) {
		if (!streq(hook_kinds[k].name, name))
			continue;
		*out = (enum hook_kind)k;
		return true;
	}
	return false;
}
