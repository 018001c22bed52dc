#ifndef GITSTORE_FOLDER_H
#define GITSTORE_FOLDER_H

#include "gitstore/pack.h"
#include "gitstore/repo.h"

/*
 * A git tree that changes by a file at a time. Each folder keeps its tree
 * object as bytes and patches them in place; ids are computed again only
 * along the changed path. Folders that came from the repository are read
 * when something below them is touched.
 */
struct gs_folder;

/** An empty folder. g is borrowed: stored folders are read from it; NULL =
 * nothing comes from anywhere. */
struct gs_folder *gs_folder_new(struct gs *g);

/** The folder that a stored tree is. Nothing is read yet. */
struct gs_folder *gs_folder_stored(struct gs *g, const git_oid *tree);
void gs_folder_free(struct gs_folder *f);

/** What stands at a path. */
struct gs_folder_file {
	unsigned mode; /**< 0 = nothing */
	git_oid id;
};

/**
 * Set the file at path ("a/b/c"), making and removing folders on the way;
 * mode 0 removes, and is fine where nothing is. A whole tree may be set as
 * well (mode 040000).
 *
 * @param[out] old what stood there, for an undo; may be NULL
 * @return ERR_STORE for a path that no tree may hold, or a folder in its way
 */
MUST_USE struct err *gs_folder_put(struct gs_folder *f, const char *path,
				   const struct gs_folder_file *file,
				   struct gs_folder_file *old);

/** Id of the whole; nothing is written. */
MUST_USE struct err *gs_folder_id(struct gs_folder *f, git_oid *out);

/** Id of the tree at path; the empty tree's where there is none. */
MUST_USE struct err *gs_folder_id_at(struct gs_folder *f, const char *path,
				     git_oid *out);

/**
 * Add to the pack each tree changed since the last save, as deltas against
 * their earlier selves. With `look`, those that the repository has are left
 * out; a look costs a system call, so it is for trees that may be old.
 */
MUST_USE struct err *gs_folder_save(struct gs_folder *f, struct gs_pack *p,
				    bool look);

/** Trees saved before may be gone (a pack was cut): save them anew. */
void gs_folder_unsave(struct gs_folder *f);

#endif
