#ifndef GITSTORE_REFLOCK_H
#define GITSTORE_REFLOCK_H

#include <stdbool.h>

/**
 * Whether to try a change of a ref once more: for loops around libgit2's
 * calls. When rc says that "<ref>.lock" is there, waits a little. Our refs
 * are locked for milliseconds, so a lock of three seconds is that of a
 * process that died with it, and is removed.
 *
 * @param common the repository the ref is in
 * @param rc     what the change gave
 * @param tries  0 at first; counts, and ends it after five seconds
 */
bool gs_ref_try_again(const char *common, const char *ref, int rc,
		      unsigned *tries);

#endif
