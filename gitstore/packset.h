#ifndef GITSTORE_PACKSET_H
#define GITSTORE_PACKSET_H

#include <git2.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * The packs of a folder, read through their indexes (version 2) without
 * libgit2: a miss costs no look at the folder, and whole objects inflate
 * through deflate.h. Only what was there when it was opened is seen.
 */
struct gs_packset;

/** A folder that is not there is an empty set. Not for two threads. */
struct gs_packset *gs_packset_open(const char *dir);

/** One more owner; each of them frees it. */
struct gs_packset *gs_packset_share(struct gs_packset *s);
void gs_packset_free(struct gs_packset *s);

/** The object is in one of the 32 newest packs: enough to find what the
 * snapshots before stored, and bounded however many packs there are. */
bool gs_packset_has(struct gs_packset *s, const git_oid *id);

/**
 * Append a blob that is stored whole, and check its id. false when it is
 * not here, a delta (git repacked it), damaged, or over max bytes: then ask
 * libgit2, which also says why.
 */
bool gs_packset_read_blob(struct gs_packset *s, const git_oid *id, size_t max,
			  struct buf *out);

#endif
