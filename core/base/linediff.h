#ifndef BASE_LINEDIFF_H
#define BASE_LINEDIFF_H

#include "base/buf.h"

/**
 * Append the difference of two texts as a unified diff with three lines of
 * context: "--- a/path", "+++ b/path", hunks. Nothing when they are equal.
 *
 * @param before NULL = the file is new ("/dev/null")
 * @param after  NULL = the file is gone
 */
void linediff_unified(struct buf *out, const char *path, const char *before,
		      const char *after);

#endif
