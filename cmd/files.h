#ifndef CMD_FILES_H
#define CMD_FILES_H

#include "base/err.h"

/** ERR_REFUSED when there is none (a bare repository): top is NULL. */
MUST_USE struct err *files_need_worktree(const char *top);

/**
 * The migrations folder as an absolute path; it need not exist.
 *
 * @param dir from the top, "." for the top itself
 * @param out free() it
 * @return ERR_INPUT when it leads out of the work tree, by .., an absolute
 *         path or a symbolic link, or lies in .git
 */
MUST_USE struct err *files_folder(const char *top, const char *dir, char **out);

/** An absolute path as it is written from the current folder; free() it. */
char *files_from_here(const char *path);

#endif
