#ifndef GITSTORE_REACH_H
#define GITSTORE_REACH_H

#include "gitstore/repo.h"

/*
 * Commits that some reach and others do not. libgit2 answers, except in a
 * shallow clone, where its walks fail at the first missing parent: there the
 * history that is here is looked at whole, as git does.
 */

struct gs_ids {
	git_oid *items;
	size_t n, cap;
};
void gs_ids_add(struct gs_ids *l, const git_oid *id);
void gs_ids_release(struct gs_ids *l);

/**
 * Append what `to` reaches and none of `hide` does, children before parents.
 * Ends without error where a shallow clone does.
 *
 * @param[out] cut a commit that is missing there, the zero id when none is;
 *             may be NULL
 */
MUST_USE struct err *gs_reach(struct gs *g, const git_oid *to,
			      const struct gs_ids *hide, struct gs_ids *out,
			      git_oid *cut);

/** The best common ancestors. None: n stays 0. cut as above. */
MUST_USE struct err *gs_common(struct gs *g, const git_oid *a, const git_oid *b,
			       struct gs_ids *out, git_oid *cut);

#endif
