#ifndef GITSTORE_CHILD_H
#define GITSTORE_CHILD_H

#include "base/buf.h"
#include "base/err.h"

/**
 * Run a program without a shell and take its standard output.
 *
 * @param argv NULL-ended; argv[0] is looked for in PATH
 * @return ERR_STORE when it cannot be run or ends with another status than 0
 */
MUST_USE struct err *gs_child_output(const char *const *argv, struct buf *out);

#endif
