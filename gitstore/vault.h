#ifndef GITSTORE_VAULT_H
#define GITSTORE_VAULT_H

#include "gitstore/packset.h"
#include "gitstore/repo.h"

/*
 * The bare repository <common dir>/migrate/snapshots.git, where rows are
 * kept: docs/snapshots.md. It is nobody's alternate and nobody's remote, so
 * that no clone, push or bundle of the project carries one.
 */
struct gs_vault {
	struct gs in;           /**< for the functions that take a repository */
	char *packs;            /**< its objects/pack folder */
	struct gs_packset *set; /**< for readers; NULL until there is one */
};

/**
 * The snapshots of g, opened at the first call; borrowed from g.
 *
 * @param make make the repository when there is none
 * @param[out] out NULL when there is none
 * @return ERR_REFUSED where it may not be made, ERR_STORE when it is damaged
 */
MUST_USE struct err *gs_vault(struct gs *g, bool make, struct gs_vault **out);
void gs_vault_free(struct gs_vault *v);

/** refs/<folder>/<key>: read, set and remove it. ERR_STORE. */
MUST_USE struct err *gs_vault_ref(struct gs_vault *v, const char *folder,
				  const char *key, git_oid *out);
MUST_USE struct err *gs_vault_set_ref(struct gs_vault *v, const char *folder,
				      const char *key, const git_oid *id);
MUST_USE struct err *gs_vault_drop_ref(struct gs_vault *v, const char *folder,
				       const char *key);

/** Each event of each ref; its commit's tree lists them. folder: "pending" or
 * "snapshots". Refs may be changed meanwhile. */
typedef struct err *(*gs_vault_fn)(void *payload, const char *folder,
				   const char *key, const git_oid *event);
MUST_USE struct err *gs_vault_each(struct gs_vault *v, gs_vault_fn fn,
				   void *payload);

/**
 * Writers of snapshots rely on what is there, so that they need not store it
 * again: who removes something waits for them, and they for him.
 *
 * @param alone to remove; ERR_STATE after 30 seconds
 * @return a descriptor to close, in *fd
 */
MUST_USE struct err *gs_vault_lock(struct gs_vault *v, bool alone, int *fd);

/** Something was added behind libgit2's back. */
MUST_USE struct err *gs_vault_refresh(struct gs_vault *v);

#endif
