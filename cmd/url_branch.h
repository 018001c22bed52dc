#ifndef CMD_URL_BRANCH_H
#define CMD_URL_BRANCH_H

#include <stdbool.h>

#include "base/err.h"

/* URLs that are of one branch, or of one work tree: made from another one. */

/** Has ${branch} or ${worktree} in it. */
bool url_has_branch(const char *url);
bool url_has_worktree(const char *url);

/**
 * The URL with ${branch} and ${worktree} replaced by slugs of these names,
 * short enough that the name of a server's database has at most
 * SLUG_DATABASE_MAX bytes.
 *
 * @param branch   may be NULL where the URL does not ask for it
 * @param worktree the same
 * @param[out] out to be freed
 * @return ERR_INPUT: another ${...}; a name that leaves no room
 */
MUST_USE struct err *url_expand(const char *url, const char *branch,
				const char *worktree, char **out);

/** The server's database that the URL names, decoded, to be freed; NULL = it
 * names none. */
char *url_database(const char *url);

/**
 * The URL of a branch's copy beside the database that `url` names: a file
 * "dev.db-feature.db", a server's database "app_feature". To be freed; NULL
 * where `url` names no database.
 */
char *url_of_copy(const char *url, const char *branch);

#endif
