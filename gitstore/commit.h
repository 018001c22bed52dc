#ifndef GITSTORE_COMMIT_H
#define GITSTORE_COMMIT_H

#include "gitstore/repo.h"

/*
 * A commit as its bytes say, cut into lines. git_commit would parse names
 * and times that we only pass on, and refuses some that git accepts.
 */
struct gs_commit {
	git_oid tree;
	git_oid *parents;
	size_t n_parents, cap_parents;
	const char *author, *committer; /**< raw lines, in text */
	const char *message;            /**< after the empty line, in text */
	int64_t time;                   /**< of the committer, 0 unreadable */
	struct buf text;
};

#define GS_COMMIT_INIT                                               \
	{                                                            \
		{ { 0 } }, NULL, 0, 0, NULL, NULL, NULL, 0, BUF_INIT \
	}

/** Fill c, releasing nothing but reusing its memory. ERR_STORE when the
 * commit is not here or is not one. */
MUST_USE struct err *gs_commit_read(struct gs *g, const git_oid *id,
				    struct gs_commit *c);
void gs_commit_release(struct gs_commit *c);

/** Append the bytes of a commit object: tree, parents, author, committer
 * and message of c. */
void gs_commit_format(struct buf *out, const struct gs_commit *c);

#endif
