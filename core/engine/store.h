#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "migration/source.h"

/*
 * What the engine asks of "the place that remembers": a repository. gitstore
 * answers with git objects and refs; tests answer with memory. The engine
 * never learns which, so core builds and is tested without libgit2.
 */

/** Id of something the store keeps: lower-case hex, NUL-terminated. */
struct store_id {
	char hex[65];
};

/** A commit that migrations are read from. */
struct store_commit {
	struct store_id id;
	char *author; /**< raw line "Name <mail> seconds +zone"; owned */
};
void store_commit_release(struct store_commit *c);

struct store;
struct ledger;
struct snapshot_sink;
struct snapshot_reader;

/** One commit of a ledger, newest first. */
struct store_ledger_entry {
	struct store_id id, parent; /**< parent.hex "" for the root */
	const char *author, *committer, *message; /**< borrowed, NUL-ended */
};
typedef struct err *(*store_ledger_fn)(void *payload,
				       const struct store_ledger_entry *e);

/** What a snapshot weighs. */
struct store_weight {
	struct store_id id; /**< given */
	bool here;          /**< the rest means something */
	bool damaged;       /**< something of it is missing */
	int64_t bytes;      /**< before deflating */
	int64_t alone;      /**< on disk, of what no other leads to */
};

/** A file that gets another name, other content, or both. */
struct store_move {
	const char *from, *to; /**< from the top; may be equal */
	const void *data;      /**< new content as git keeps it, or NULL */
	size_t len;
};

/** What becomes of a pending snapshot, whose database may have committed. */
enum store_pending {
	STORE_PENDING_DROP,  /**< it has not */
	STORE_PENDING_KEEP,  /**< it has */
	STORE_PENDING_LEAVE, /**< who asks cannot know */
};
typedef enum store_pending (*store_pending_fn)(void *payload, const char *key,
					       const struct store_id *event);

struct store_ops {
	/* --- the project's history --- */

	/**
	 * What a revision names, peeled to a commit. NULL = HEAD.
	 * ERR_INPUT: no such revision, or HEAD has no commit yet (hint).
	 */
	struct err *(*resolve)(struct store *s, const char *rev,
			       struct store_commit *out);

	/**
	 * The migrations folder. commit NULL = the work tree (ERR_REFUSED in
	 * a bare repository), where entries that differ from HEAD, or that
	 * HEAD lacks, are dirty. ignored files are not listed. A missing
	 * folder lists nothing.
	 */
	struct err *(*source)(struct store *s, const struct store_id *commit,
			      const char *dir, struct source **out);

	/**
	 * The work tree's folder will be asked for soon: a hint that lets the
	 * store look at it beside other work. Never fails.
	 */
	void (*expect_worktree)(struct store *s, const char *dir);

	/**
	 * Author of the commit that added each path (below dir), looking from
	 * `commit` back along first-met history, one walk for all.
	 * out[i] = raw author line, owned by the caller, NULL where not found
	 * (or the history is cut off there).
	 */
	struct err *(*authors)(struct store *s, const struct store_id *commit,
			       const char *dir, const char *const *paths,
			       size_t n, char **out);

	/**
	 * "Name <mail> seconds +zone" of whoever runs this, as git would
	 * decide it (environment, configuration). ERR_INPUT with git's hint
	 * when git would ask "please tell me who you are".
	 */
	struct err *(*ident)(struct store *s, int64_t seconds, struct buf *out);

	/* --- branches and merges --- */

	/**
	 * The best common ancestors of two commits; several after criss-cross
	 * merges. ERR_INPUT: unrelated histories; a shallow clone that ends
	 * before one (the hint is the git fetch that gets it).
	 */
	struct err *(*merge_bases)(struct store *s, const struct store_id *a,
				   const struct store_id *b,
				   struct store_id **out, size_t *n);

	/** Parents of a commit, owned by the caller. ERR_INPUT where a shallow
	 * clone lacks them. */
	struct err *(*parents)(struct store *s, const struct store_id *commit,
			       struct store_id **out, size_t *n);

	/** "origin/main" of the branch that is checked out; *out NULL: none,
	 * or detached. Owned. */
	struct err *(*upstream)(struct store *s, char **out);

	/** Short name of the branch that is checked out ("feature"), owned;
	 * NULL when detached. */
	struct err *(*branch)(struct store *s, char **out);

	/** Each branch, local or of a remote ("origin/x"; not origin/HEAD). */
	struct err *(*branches)(struct store *s, bool remote,
				struct err *(*fn)(void *payload,
						  const char *name,
						  const struct store_id *id),
				void *payload);

	/**
	 * Each merge commit that `to` reaches and `from` does not, oldest
	 * first. from hex "" (a ref that is made): all that `to` reaches and
	 * no branch or tag of the repository does.
	 */
	struct err *(*merges_between)(
		struct store *s, const struct store_id *from,
		const struct store_id *to,
		struct err *(*fn)(void *payload, const struct store_id *merge),
		void *payload);

	/** Id of the folder's tree in a commit; hex "" when it is missing. */
	struct err *(*folder_id)(struct store *s, const struct store_id *commit,
				 const char *dir, struct store_id *out);

	/**
	 * Files (paths below dir) that differ between the folder of two
	 * commits; from hex "" = an empty folder. One side's blob is NULL for
	 * a file that came or went. Trees of equal id are not opened.
	 */
	struct err *(*folder_changes)(
		struct store *s, const struct store_id *from,
		const struct store_id *to, const char *dir,
		struct err *(*fn)(void *payload, const char *path,
				  const char *old_blob, const char *new_blob),
		void *payload);

	/**
	 * The commit that brought each path (below dir) as `commit` has it,
	 * looking back along all parents but not into what `stop` (hex "" =
	 * nothing) reaches. out[i].hex "" where not found.
	 */
	struct err *(*adders)(struct store *s, const struct store_id *commit,
			      const struct store_id *stop, const char *dir,
			      const char *const *paths, size_t n,
			      struct store_id *out);

	/**
	 * As config(), with .gitmigrate read from that commit's tree where it
	 * has one.
	 */
	struct err *(*config_at)(struct store *s, const struct store_id *commit,
				 const char *key, char **out,
				 bool *from_versioned);

	/**
	 * The migrations folder of the index (GIT_INDEX_FILE is honoured):
	 * what a commit would have. Files in conflict are not in it; unmerged
	 * is set when there are some.
	 */
	struct err *(*index_source)(struct store *s, const char *dir,
				    struct source **out, bool *unmerged);

	/**
	 * The other side of the merge under way: MERGE_HEAD, or, inside
	 * pre-merge-commit, GITHEAD_<id> of the environment (the first by
	 * id; *n tells how many: an octopus). *n 0: no merge.
	 */
	struct err *(*merge_heads)(struct store *s, struct store_id **out,
				   size_t *n);

	/**
	 * Move files in the work tree and the index, all or none; nothing is
	 * committed, and nothing else is touched. A name that one of them
	 * leaves may be another's new one.
	 *
	 * @return ERR_REFUSED: a bare repository, a file that is not as HEAD
	 *         has it, or something stands where one is to go; then, and
	 *         after any error, work tree and index are as they were
	 */
	struct err *(*move_files)(struct store *s,
				  const struct store_move *moves, size_t n);

	/* --- ledgers --- */

	/** Tip of refs/migrate/db/<uuid>/ledger; hex "" when there is none. */
	struct err *(*ledger_tip)(struct store *s, const char *uuid,
				  struct store_id *out);

	/** The ledger's id this clone last used under a target's name: uuid
	 * out of the symbolic ref, "" when none. out holds 37 bytes. */
	struct err *(*ledger_of_target)(struct store *s, const char *target,
					char out[37]);

	/** Drop that symbolic ref: the name is free for another database. */
	struct err *(*ledger_forget)(struct store *s, const char *target);

	/** A new, empty builder of ledger commits; close with ledger_close. */
	struct err *(*ledger_new)(struct store *s, struct ledger **out);

	/**
	 * Continue from a commit: its tree becomes the builder's and it is
	 * the parent of the next. ERR_STORE when the commit is not here.
	 */
	struct err *(*ledger_load)(struct ledger *l, const struct store_id *id);

	/** Set a file of the tree ("schema/tables/x.sql"); NULL removes. */
	struct err *(*ledger_put)(struct ledger *l, const char *path,
				  const void *data, size_t len);

	/** Set a file whose blob is here already, or was put before; fetches
	 * nothing. ERR_STORE when it is not: then put its bytes. */
	struct err *(*ledger_put_blob)(struct ledger *l, const char *path,
				       const char *blob);

	/** The same for the second, unstored tree that gives `shape`. */
	struct err *(*ledger_put_shape)(struct ledger *l, const char *path,
					const void *data, size_t len);

	/** Ids of the tree "schema" and of the shape tree, as they stand. */
	struct err *(*ledger_ids)(struct ledger *l, struct store_id *schema,
				  struct store_id *shape);

	/**
	 * Id of the commit that the tree and these lines make; it becomes the
	 * parent of the next. Nothing is written before ledger_flush().
	 */
	struct err *(*ledger_commit)(struct ledger *l, const char *author,
				     const char *committer, const char *message,
				     struct store_id *out);

	/** The parent of the next commit; NULL = none (a root follows). */
	struct err *(*ledger_set_parent)(struct ledger *l,
					 const struct store_id *parent);

	/** Marks and goes back to a mark: a savepoint that was rolled back.
	 * Files, shape, parent and objects are as they were. A mark lasts
	 * until it is behind a rewind, ledger_load() or ledger_flush(). */
	size_t (*ledger_mark)(struct ledger *l);
	struct err *(*ledger_rewind)(struct ledger *l, size_t mark);

	/**
	 * Write every object made since the last flush that the repository
	 * lacks, as one pack, durable. ERR_REFUSED where the repository may
	 * not be written to: the objects wait for another try. After any
	 * other error only ledger_close() may follow.
	 */
	struct err *(*ledger_flush)(struct ledger *l);
	void (*ledger_close)(struct ledger *l);

	/**
	 * Move refs/migrate/db/<uuid>/ledger from `prev` (hex "" = must not
	 * exist) to `next`, with a reflog entry. ERR_STATE when it is not at
	 * prev. Also points refs/migrate/ledger/<target> at it.
	 */
	struct err *(*ledger_move)(struct store *s, const char *uuid,
				   const char *target,
				   const struct store_id *prev,
				   const struct store_id *next,
				   const char *why);

	/**
	 * Add sources (commit ids, n may be 0) to those that
	 * refs/migrate/sources/<target> keeps; ones this clone lacks are
	 * passed over.
	 */
	struct err *(*ledger_keep_sources)(struct store *s, const char *target,
					   const struct store_id *sources,
					   size_t n);

	/** Keep a tip under refs/migrate/archive/<uuid>/<time>. */
	struct err *(*ledger_archive)(struct store *s, const char *uuid,
				      const struct store_id *id,
				      int64_t seconds);

	/** The object is in the repository. */
	bool (*has)(struct store *s, const struct store_id *id);

	/** `a` is `b` or one of b's ancestors (both must be here). */
	struct err *(*is_ancestor)(struct store *s, const struct store_id *a,
				   const struct store_id *b, bool *out);

	/** Call back for each commit from `tip` back along first parents, at
	 * most max (0 = all). Ends without error where a shallow clone does. */
	struct err *(*ledger_walk)(struct store *s, const struct store_id *tip,
				   size_t max, store_ledger_fn fn,
				   void *payload);

	/** Read any blob of the project's repository. ERR_STORE when absent. */
	struct err *(*read_blob)(struct store *s, const char *blob,
				 size_t max_bytes, struct buf *out);

	/* --- snapshots: a repository of their own, never cloned --- */

	/**
	 * A place to write the snapshots of one group of events. Nothing is
	 * made on disk before the first byte.
	 */
	struct err *(*sink_open)(struct store *s, struct snapshot_sink **out);

	/** Start a file of the event's tree ("rows/users"); chunks follow. */
	struct err *(*sink_file)(struct snapshot_sink *k, const char *path);

	/** One chunk of the file begun last, kept as one object; copied.
	 * An error may be that of an earlier chunk; an empty one is nothing. */
	struct err *(*sink_chunk)(struct snapshot_sink *k, const void *data,
				  size_t len);

	/** End the event: id of the tree of everything since the last end. */
	struct err *(*sink_event)(struct snapshot_sink *k,
				  struct store_id *out);

	/** Forget what was written since the last sink_event(). */
	struct err *(*sink_drop)(struct snapshot_sink *k);

	/**
	 * Pack and index written and fsynced, refs/pending/<key> made. Does
	 * nothing, and gives false, when no event was ended. The last call
	 * but sink_promote() and sink_close(); key is part of a ref's name.
	 */
	struct err *(*sink_durable)(struct snapshot_sink *k, const char *key,
				    bool *written);

	/** After the database's commit: refs/pending/<key> becomes
	 * refs/snapshots/<key>. */
	struct err *(*sink_promote)(struct snapshot_sink *k);

	/** The database will not commit: drop what sink_durable() made. */
	struct err *(*sink_abandon)(struct snapshot_sink *k);

	/** Close; what was not made durable is gone, a pending ref stays. */
	void (*sink_close)(struct snapshot_sink *k);

	/**
	 * Ask about each pending ref what becomes of it. The id is an event's
	 * tree in it, one call per event; the largest answer counts.
	 */
	struct err *(*pending_settle)(struct store *s, store_pending_fn ask,
				      void *payload);

	/** Open a snapshot by its id. ERR_REFUSED when it is not here. */
	struct err *(*reader_open)(struct store *s, const struct store_id *id,
				   struct snapshot_reader **out);

	/** Paths of all its files, in the order of its trees. */
	struct err *(*reader_files)(struct snapshot_reader *r,
				    void (*fn)(void *payload, const char *path),
				    void *payload);

	/** Go to the start of a file; ERR_STORE when there is none. */
	struct err *(*reader_file)(struct snapshot_reader *r, const char *path);

	/**
	 * The file's next chunk, in the order written; borrowed until the
	 * next call. *data = NULL at the end. Memory stays bounded by one
	 * chunk and the lists of chunk ids.
	 */
	struct err *(*reader_chunk)(struct snapshot_reader *r,
				    const char **data, size_t *len);
	void (*reader_close)(struct snapshot_reader *r);

	/**
	 * A database is a copy of another one: what is kept here for that is
	 * kept for the copy, too, until both let go. Once more does no harm.
	 */
	struct err *(*snapshots_share)(struct store *s, const char *from,
				       const char *to);

	/** A database is gone: nothing is kept here for it any more. The room
	 * comes back with the next snapshots_prune(). */
	struct err *(*snapshots_let_go)(struct store *s, const char *uuid);

	/**
	 * What snapshots weigh here; each id once.
	 *
	 * @param uuid of the database: what others' snapshots lead to as well
	 *        is nobody's alone
	 */
	struct err *(*snapshots_weigh)(struct store *s, const char *uuid,
				       struct store_weight *list, size_t n);

	/** Keys under which snapshots are kept here (not pending ones), also
	 * where what they name is lost. */
	struct err *(*snapshots_keys)(struct store *s,
				      void (*fn)(void *payload,
						 const char *key),
				      void *payload);

	/**
	 * Get rid of snapshots that a database has here, and give the room
	 * back: packs are written anew. Others' and pending ones stay.
	 *
	 * @param first called when nobody else writes snapshots, nor can until
	 *        the end; when it fails, nothing is removed. Called in any case
	 * @param[out] freed bytes
	 * @return ERR_STATE: somebody else writes, for too long
	 */
	struct err *(*snapshots_prune)(struct store *s, const char *uuid,
				       const struct store_id *ids, size_t n,
				       struct err *(*first)(void *payload),
				       void *payload, int64_t *freed);

	/* --- snapshots in a git remote of the project, under
	 * refs/migrate/snapshots/<uuid>/<id>; git itself goes there, with the
	 * person's credentials. ERR_REFUSED: there is no remote of that name;
	 * ERR_STORE: git's own words --- */

	/** Ids that a remote has of a database. */
	struct err *(*snapshots_remote_list)(
		struct store *s, const char *remote, const char *uuid,
		void (*fn)(void *payload, const struct store_id *id),
		void *payload);

	/** Put snapshots there that are here. What is there stays. */
	struct err *(*snapshots_push)(struct store *s, const char *remote,
				      const char *uuid,
				      const struct store_id *ids, size_t n);

	/** Get snapshots that are there; they are kept as if made here. */
	struct err *(*snapshots_fetch)(struct store *s, const char *remote,
				       const char *uuid,
				       const struct store_id *ids, size_t n);

	/** Remove snapshots that are there. */
	struct err *(*snapshots_remote_drop)(struct store *s,
					     const char *remote,
					     const char *uuid,
					     const struct store_id *ids,
					     size_t n);

	/* --- chunks of snapshots that are kept elsewhere. These three ask
	 * nothing of the repository; several threads may use the first and the last --- */

	/** The id these bytes would have as an object of their own. */
	void (*chunk_id)(struct store *s, const void *data, size_t len,
			 struct store_id *out);

	/** Append them to out, deflated (zlib's format). len is below 1 GiB. */
	void (*chunk_deflate)(struct store *s, const void *data, size_t len,
			      struct buf *out);

	/** Back: exactly `size` bytes, appended to out. ERR_STORE when they are
	 * damaged, or others. */
	struct err *(*chunk_inflate)(struct store *s, const void *data,
				     size_t len, size_t size, struct buf *out);

	/* --- configuration --- */

	/**
	 * A value: -c and GIT_CONFIG_*, git's own files, then .gitmigrate of
	 * the work tree (in a bare repository: of HEAD's tree). *out is owned
	 * by the caller, NULL when unset. `from_versioned`, when not NULL, is
	 * set to true where the value came from .gitmigrate. Only "migrate."
	 * keys are taken from there; any key of git's may be asked for.
	 */
	struct err *(*config)(struct store *s, const char *key, char **out,
			      bool *from_versioned);

	/** Each key that starts with "migrate.", section and name in lower
	 * case, once, with the value that wins. */
	struct err *(*config_each)(struct store *s,
				   struct err *(*fn)(void *payload,
						     const char *key,
						     const char *value),
				   void *payload);

	/** Absolute path of the work tree, NULL when bare; borrowed. */
	const char *(*worktree)(struct store *s);

	/** Absolute path of the common git folder; borrowed. */
	const char *(*common_dir)(struct store *s);

	void (*close)(struct store *s);
};

/** First member of every implementation. */
struct store {
	const struct store_ops *ops;
};

#endif
