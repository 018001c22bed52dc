#ifndef GITSTORE_REPO_H
#define GITSTORE_REPO_H

#include <git2.h>

#include "engine/store.h"

/*
 * The open repository, shared by the files of this room and seen by nobody
 * else. What a command may not need is NULL until it is asked for.
 */
struct gs {
	struct store base; /* must be first */
	git_repository *repo;
	git_odb *odb;               /* see gs_odb() */
	struct gs_config *config;   /* see gs_config() */
	struct gs_vault *vault;     /* the snapshots; see gs_vault() */
	struct gs_ahead *ahead;     /* see gs_expect_worktree() */
	struct gs_deflate *deflate; /* see gs_chunk_deflate() */
	char *common;               /* absolute, no slash at the end */
	char *work;                 /* the same; NULL when bare */
	git_odb_object *trees[4];   /* large ones read last; treewalk.c */
	unsigned next_tree;         /* the one that goes next */
	bool refreshed;             /* packs were looked for once more */
	bool fsync;                 /* libgit2 was told to sync */
};

static inline struct gs *gs_of(struct store *s)
{
	return (struct gs *)s;
}

/** An error whose text ends in what libgit2 said last. */
MUST_USE struct err *gs_fault(enum err_class cls, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/** The object database, opened at the first call; borrowed from g. */
MUST_USE struct err *gs_odb(struct gs *g, git_odb **out);

/** Parse and print ids. ERR_INPUT when `in` is no full id. */
MUST_USE struct err *gs_id_parse(const char *hex, git_oid *out);
void gs_id_print(const git_oid *id, struct store_id *out);

/** The object is here; a miss looks for new packs once per process only. */
bool gs_has(struct gs *g, const git_oid *id);

/**
 * Call before anything is written: syncing is switched on.
 * ERR_REFUSED where the repository may not be written to.
 */
MUST_USE struct err *gs_writable(struct gs *g);

/** The folder new objects go to (GIT_OBJECT_DIRECTORY counts); free() it. */
char *gs_objects_dir(struct gs *g);

/** The repository has no full history: a missing parent is not damage. */
bool gs_is_shallow(struct gs *g);

/* store_ops, by file; the contracts are in engine/store.h */

/* history.c */
struct err *gs_resolve(struct store *s, const char *rev,
		       struct store_commit *out);
struct err *gs_read_blob(struct store *s, const char *blob, size_t max_bytes,
			 struct buf *out);
bool gs_has_id(struct store *s, const struct store_id *id);
struct err *gs_is_ancestor(struct store *s, const struct store_id *a,
			   const struct store_id *b, bool *out);
struct err *gs_ledger_walk(struct store *s, const struct store_id *tip,
			   size_t max, store_ledger_fn fn, void *payload);

/* trees.c, worktree.c, authors.c, ident.c */
struct err *gs_source(struct store *s, const struct store_id *commit,
		      const char *dir, struct source **out);
struct err *gs_worktree_source(struct gs *g, const char *dir,
			       struct source **out);
struct err *gs_authors(struct store *s, const struct store_id *commit,
		       const char *dir, const char *const *paths, size_t n,
		       char **out);
struct err *gs_ident(struct store *s, int64_t seconds, struct buf *out);

/* branches.c, merges.c */
struct err *gs_upstream(struct store *s, char **out);
struct err *gs_branch(struct store *s, char **out);
struct err *gs_branches(struct store *s, bool remote,
			struct err *(*fn)(void *payload, const char *name,
					  const struct store_id *id),
			void *payload);
struct err *gs_merge_bases(struct store *s, const struct store_id *a,
			   const struct store_id *b, struct store_id **out,
			   size_t *n);
struct err *gs_parents(struct store *s, const struct store_id *commit,
		       struct store_id **out, size_t *n);
struct err *gs_merges_between(struct store *s, const struct store_id *from,
			      const struct store_id *to,
			      struct err *(*fn)(void *payload,
						const struct store_id *merge),
			      void *payload);
struct err *gs_merge_heads(struct store *s, struct store_id **out, size_t *n);

/* changes.c, adders.c, index.c */
/** The folder's tree in a commit, the zero id where it has none. */
MUST_USE struct err *gs_folder_of(struct gs *g, const struct store_id *commit,
				  const char *dir, git_oid *out);
struct err *gs_folder_id_of(struct store *s, const struct store_id *commit,
			    const char *dir, struct store_id *out);
struct err *gs_folder_changes(struct store *s, const struct store_id *from,
			      const struct store_id *to, const char *dir,
			      struct err *(*fn)(void *payload, const char *path,
						const char *old_blob,
						const char *new_blob),
			      void *payload);
struct err *gs_adders(struct store *s, const struct store_id *commit,
		      const struct store_id *stop, const char *dir,
		      const char *const *paths, size_t n, struct store_id *out);
struct err *gs_index_source(struct store *s, const char *dir,
			    struct source **out, bool *unmerged);

/* move.c */
struct err *gs_move_files(struct store *s, const struct store_move *moves,
			  size_t n);

/* ledger.c */
struct err *gs_ledger_new(struct store *s, struct ledger **out);
struct err *gs_ledger_load(struct ledger *l, const struct store_id *id);
struct err *gs_ledger_put(struct ledger *l, const char *path, const void *data,
			  size_t len);
struct err *gs_ledger_put_blob(struct ledger *l, const char *path,
			       const char *blob);
struct err *gs_ledger_put_shape(struct ledger *l, const char *path,
				const void *data, size_t len);
struct err *gs_ledger_ids(struct ledger *l, struct store_id *schema,
			  struct store_id *shape);
struct err *gs_ledger_commit(struct ledger *l, const char *author,
			     const char *committer, const char *message,
			     struct store_id *out);
struct err *gs_ledger_set_parent(struct ledger *l,
				 const struct store_id *parent);
size_t gs_ledger_mark(struct ledger *l);
struct err *gs_ledger_rewind(struct ledger *l, size_t mark);
struct err *gs_ledger_flush(struct ledger *l);
void gs_ledger_close(struct ledger *l);

/* refs.c */
struct err *gs_ledger_tip(struct store *s, const char *uuid,
			  struct store_id *out);
/* worktree.c */
int gs_worktree_status(git_repository *repo, char *dir, git_status_list **out);

/* ahead.c: the status of a folder, looked up beside other work */
struct gs_ahead;
void gs_expect_worktree(struct store *s, const char *dir);

/** The list, when it was asked for and could be made; wait for it. */
bool gs_ahead_take(struct gs *g, const char *dir, git_status_list **out);
void gs_ahead_free(struct gs *g);

struct err *gs_ledger_forget(struct store *s, const char *target);
struct err *gs_ledger_of_target(struct store *s, const char *target,
				char out[37]);
struct err *gs_ledger_move(struct store *s, const char *uuid,
			   const char *target, const struct store_id *prev,
			   const struct store_id *next, const char *why);
struct err *gs_ledger_keep_sources(struct store *s, const char *target,
				   const struct store_id *sources, size_t n);
struct err *gs_ledger_archive(struct store *s, const char *uuid,
			      const struct store_id *id, int64_t seconds);

/* sink.c, pending.c, reader.c */
struct err *gs_sink_open(struct store *s, struct snapshot_sink **out);
struct err *gs_sink_file(struct snapshot_sink *k, const char *path);
struct err *gs_sink_chunk(struct snapshot_sink *k, const void *data,
			  size_t len);
struct err *gs_sink_event(struct snapshot_sink *k, struct store_id *out);
struct err *gs_sink_drop(struct snapshot_sink *k);
struct err *gs_sink_durable(struct snapshot_sink *k, const char *key,
			    bool *written);
struct err *gs_sink_promote(struct snapshot_sink *k);
struct err *gs_sink_abandon(struct snapshot_sink *k);
void gs_sink_close(struct snapshot_sink *k);
struct err *gs_pending_settle(struct store *s, store_pending_fn ask,
			      void *payload);
struct err *gs_reader_open(struct store *s, const struct store_id *id,
			   struct snapshot_reader **out);
struct err *gs_reader_file(struct snapshot_reader *r, const char *path);
struct err *gs_reader_chunk(struct snapshot_reader *r, const char **data,
			    size_t *len);
void gs_reader_close(struct snapshot_reader *r);
struct err *gs_reader_files(struct snapshot_reader *r,
			    void (*fn)(void *payload, const char *path),
			    void *payload);

/* vault_share.c */
struct err *gs_snapshots_share(struct store *s, const char *from,
			       const char *to);
struct err *gs_snapshots_let_go(struct store *s, const char *uuid);

/* vault_size.c */
struct err *gs_snapshots_weigh(struct store *s, const char *uuid,
			       struct store_weight *list, size_t n);

/* vault_prune.c */
struct err *gs_snapshots_prune(struct store *s, const char *uuid,
			       const struct store_id *ids, size_t n,
			       struct err *(*first)(void *payload),
			       void *payload, int64_t *freed);

/* vault_remote.c */
struct err *gs_snapshots_remote_list(
	struct store *s, const char *remote, const char *uuid,
	void (*fn)(void *payload, const struct store_id *id), void *payload);
struct err *gs_snapshots_push(struct store *s, const char *remote,
			      const char *uuid, const struct store_id *ids,
			      size_t n);
struct err *gs_snapshots_fetch(struct store *s, const char *remote,
			       const char *uuid, const struct store_id *ids,
			       size_t n);
struct err *gs_snapshots_remote_drop(struct store *s, const char *remote,
				     const char *uuid,
				     const struct store_id *ids, size_t n);

/* vault_ref.c */
struct err *gs_snapshots_keys(struct store *s,
			      void (*fn)(void *payload, const char *key),
			      void *payload);

/* chunk.c */
void gs_chunk_id(struct store *s, const void *data, size_t len,
		 struct store_id *out);
void gs_chunk_deflate(struct store *s, const void *data, size_t len,
		      struct buf *out);
struct err *gs_chunk_inflate(struct store *s, const void *data, size_t len,
			     size_t size, struct buf *out);

/* config.c */
struct err *gs_config_get(struct store *s, const char *key, char **out,
			  bool *from_versioned);
struct err *gs_config_at(struct store *s, const struct store_id *commit,
			 const char *key, char **out, bool *from_versioned);
struct err *gs_config_each(struct store *s,
			   struct err *(*fn)(void *payload, const char *key,
					     const char *value),
			   void *payload);
void gs_config_free(struct gs_config *c);

#endif
