#ifndef GITSTORE_GIT_H
#define GITSTORE_GIT_H

#include <stddef.h>

#include "base/err.h"

/*
 * git itself, for what libgit2 does not do: other transports with the
 * person's credentials, and rewriting packs.
 */
struct gs_git {
	const char *dir;     /**< run there; NULL = here */
	const char *git_dir; /**< the repository, whatever the environment
				  says; never NULL */
	const char *in;      /**< its standard input; NULL = empty */
	size_t in_len;
	/** Each line of its output, without the newline; NULL = dropped. An
	 * error ends the reading and is returned. */
	struct err *(*line)(void *payload, char *line);
	void *payload;
};

/**
 * Run it to its end. Variables that would lead it to another repository are
 * taken out of its environment; configuration given by `git -c` stays.
 *
 * @param args NULL-ended, without "git" and --git-dir
 * @return ERR_STORE with what it said on standard error, passwords of URLs
 *         hidden, when it ends with another status than 0; ERR_CANCELLED
 *         when Ctrl-C ended it
 */
MUST_USE struct err *gs_git(const struct gs_git *g, const char *const *args);

#endif
