#ifndef GITSTORE_FOLDERPATH_H
#define GITSTORE_FOLDERPATH_H

#include "base/err.h"

/**
 * The migrations folder as git writes paths: from the top, no "./", no
 * slash at either end, "" for the top itself. free() *out.
 *
 * @return ERR_INPUT for an absolute path or one that goes above the top
 */
MUST_USE struct err *gs_folderpath(const char *dir, char **out);

#endif
