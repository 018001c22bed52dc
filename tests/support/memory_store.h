#ifndef TESTS_MEMORY_STORE_H
#define TESTS_MEMORY_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "engine/store.h"
#include "support/memory_snapshot.h"

/*
 * A repository that is only in memory: struct store_ops over lists. Ids are a
 * hash of the content, so equal trees have equal ids and a commit's id is
 * made from its tree, parent, author, committer and message, as in git.
 */

/** Operations that can be told to fail. */
enum memory_op {
	MEMORY_RESOLVE,
	MEMORY_SOURCE,
	MEMORY_SOURCE_LIST,
	MEMORY_SOURCE_READ,
	MEMORY_AUTHORS,
	MEMORY_IDENT,
	MEMORY_LEDGER_TIP,
	MEMORY_LEDGER_OF_TARGET,
	MEMORY_LEDGER_FORGET,
	MEMORY_LEDGER_NEW,
	MEMORY_LEDGER_LOAD,
	MEMORY_LEDGER_PUT,
	MEMORY_LEDGER_PUT_BLOB,
	MEMORY_LEDGER_PUT_SHAPE,
	MEMORY_LEDGER_IDS,
	MEMORY_LEDGER_COMMIT,
	MEMORY_LEDGER_SET_PARENT,
	MEMORY_LEDGER_REWIND,
	MEMORY_LEDGER_FLUSH,
	MEMORY_LEDGER_MOVE,
	MEMORY_LEDGER_KEEP_SOURCES,
	MEMORY_LEDGER_ARCHIVE,
	MEMORY_IS_ANCESTOR,
	MEMORY_SINK_OPEN,
	MEMORY_SINK_FILE,
	MEMORY_SINK_CHUNK,
	MEMORY_SINK_EVENT,
	MEMORY_SINK_DROP,
	MEMORY_SINK_DURABLE,
	MEMORY_SINK_PROMOTE,
	MEMORY_PENDING_SETTLE,
	MEMORY_READER_OPEN,
	MEMORY_READER_FILE,
	MEMORY_READER_CHUNK,
	MEMORY_OP_COUNT,
};

const char *memory_op_name(enum memory_op op);

/** Calls `first` to `first + n - 1` (from 1) of an operation fail. */
struct memory_fault {
	enum memory_op op;
	size_t first; /**< 0 = no fault */
	size_t n;
	enum err_class cls;
	bool after; /**< it does its work, and then says that it failed */
};

/** path -> blob, ordered by path. */
struct memory_tree {
	struct memory_entry {
		char *path;
		char blob[41];
	} * items;
	size_t n, cap;
};

/** A blob or a commit. */
struct memory_object {
	char id[41], parent[41];
	char *data; /**< of a blob; NULL for a commit */
	size_t len;
	struct memory_tree tree;
	char *author, *committer, *message;
};

/** What one event of a sink left. */
struct memory_kept {
	char id[41];
	char key[80];
	bool pending;
	struct memory_snapshot *files;
};

struct memory_store {
	struct store base;
	struct memory_object **objects; /**< stored ones */
	size_t n_objects, cap_objects;
	struct memory_tree worktree;
	char head[41];     /**< "" = no commit yet */
	struct map refs;   /**< name -> id or uuid; owned strings */
	struct map config; /**< key -> value; owned strings */
	struct memory_kept *kept;
	size_t n_kept, cap_kept;
	char *common_dir;  /**< owned */
	const char *ident; /**< "Name <mail>" */
	bool bare;
	bool no_authors; /**< the history is cut off: none is found */
	size_t open;     /**< builders, sinks, readers and sources not closed */
	size_t calls[MEMORY_OP_COUNT];
	struct memory_fault fault;
	size_t failed;                      /**< calls that did */
	void (*before_move)(void *payload); /**< once, before a ref moves */
	void *payload;
	void (*on_call)(void *payload); /**< once, at a call of on_op */
	enum memory_op on_op;
};

void memory_store_init(struct memory_store *s, const char *common_dir);
void memory_store_release(struct memory_store *s);

/** Write a file of the work tree; NULL removes it. */
void memory_store_write(struct memory_store *s, const char *path,
			const char *text);

/** Commit the work tree on HEAD; the id, borrowed. */
const char *memory_store_commit(struct memory_store *s, const char *author);

/** Point a ref (full name) at an id; NULL removes it. */
void memory_store_ref(struct memory_store *s, const char *name, const char *id);

/** A ref's id, "" when there is none. */
const char *memory_store_get_ref(const struct memory_store *s,
				 const char *name);

/** Refs whose name starts so. */
size_t memory_store_count_refs(const struct memory_store *s,
			       const char *prefix);

/** Snapshots that are pending, or that are not. */
size_t memory_store_count_kept(const struct memory_store *s, bool pending);

/** Forget every object of ledgers (commits with a committer). */
void memory_store_forget_ledgers(struct memory_store *s);

/** Counts of calls to 0, and this fault from now on. */
void memory_store_fail(struct memory_store *s, const struct memory_fault *f);

/* --- shared by the files of the double --- */

void memory_hash(const void *data, size_t len, char out[41]);
void memory_tree_set(struct memory_tree *t, const char *path, const char *blob);
const char *memory_tree_get(const struct memory_tree *t, const char *path);
void memory_tree_copy(struct memory_tree *out, const struct memory_tree *in);
void memory_tree_release(struct memory_tree *t);
/** Id of what is below a prefix. */
void memory_tree_id(const struct memory_tree *t, const char *prefix,
		    char out[41]);
struct memory_object *memory_object_find(const struct memory_store *s,
					 const char *id);
struct memory_object *memory_object_blob(const void *data, size_t len);
void memory_object_add(struct memory_store *s, struct memory_object *o);
void memory_object_free(struct memory_object *o);
/** Count a call; the error of a fault that is due, before or after. */
struct err *memory_before(struct memory_store *s, enum memory_op op);
struct err *memory_after(struct memory_store *s, enum memory_op op);

struct err *memory_resolve(struct store *s, const char *rev,
			   struct store_commit *out);
struct err *memory_open_source(struct store *s, const struct store_id *commit,
			       const char *dir, struct source **out);
struct err *memory_authors(struct store *s, const struct store_id *commit,
			   const char *dir, const char *const *paths, size_t n,
			   char **out);
/* memory_store_merge.c: branches are refs/heads/...; the settings
 * memory.upstream and memory.branch, and the ref MERGE_HEAD, say the rest */
struct err *memory_merge_bases(struct store *store, const struct store_id *a,
			       const struct store_id *b, struct store_id **out,
			       size_t *n);
struct err *memory_parents(struct store *store, const struct store_id *commit,
			   struct store_id **out, size_t *n);
struct err *memory_upstream(struct store *store, char **out);
struct err *memory_branch(struct store *store, char **out);
struct err *memory_branches(struct store *store, bool remote,
			    struct err *(*fn)(void *payload, const char *name,
					      const struct store_id *id),
			    void *payload);
struct err *memory_merges_between(
	struct store *store, const struct store_id *from,
	const struct store_id *to,
	struct err *(*fn)(void *payload, const struct store_id *merge),
	void *payload);
struct err *memory_folder_id(struct store *store, const struct store_id *commit,
			     const char *dir, struct store_id *out);
struct err *memory_folder_changes(
	struct store *store, const struct store_id *from,
	const struct store_id *to, const char *dir,
	struct err *(*fn)(void *payload, const char *path, const char *old_blob,
			  const char *new_blob),
	void *payload);
struct err *memory_adders(struct store *store, const struct store_id *commit,
			  const struct store_id *stop, const char *dir,
			  const char *const *paths, size_t n,
			  struct store_id *out);
struct err *memory_config_at(struct store *store, const struct store_id *commit,
			     const char *key, char **out, bool *from_versioned);
struct err *memory_index_source(struct store *store, const char *dir,
				struct source **out, bool *unmerged);
struct err *memory_merge_heads(struct store *store, struct store_id **out,
			       size_t *n);

struct err *memory_ledger_tip(struct store *s, const char *uuid,
			      struct store_id *out);
struct err *memory_ledger_of_target(struct store *s, const char *target,
				    char out[37]);
struct err *memory_ledger_forget(struct store *s, const char *target);
struct err *memory_ledger_move(struct store *s, const char *uuid,
			       const char *target, const struct store_id *prev,
			       const struct store_id *next, const char *why);
struct err *memory_ledger_keep_sources(struct store *s, const char *target,
				       const struct store_id *sources,
				       size_t n);
struct err *memory_ledger_archive(struct store *s, const char *uuid,
				  const struct store_id *id, int64_t seconds);

struct err *memory_ledger_new(struct store *s, struct ledger **out);
struct err *memory_ledger_load(struct ledger *l, const struct store_id *id);
struct err *memory_ledger_put(struct ledger *l, const char *path,
			      const void *data, size_t len);
struct err *memory_ledger_put_blob(struct ledger *l, const char *path,
				   const char *blob);
struct err *memory_ledger_put_shape(struct ledger *l, const char *path,
				    const void *data, size_t len);
struct err *memory_ledger_ids(struct ledger *l, struct store_id *schema,
			      struct store_id *shape);
struct err *memory_ledger_commit(struct ledger *l, const char *author,
				 const char *committer, const char *message,
				 struct store_id *out);
struct err *memory_ledger_set_parent(struct ledger *l,
				     const struct store_id *parent);
size_t memory_ledger_mark(struct ledger *l);
struct err *memory_ledger_rewind(struct ledger *l, size_t mark);
struct err *memory_ledger_flush(struct ledger *l);
void memory_ledger_close(struct ledger *l);

struct err *memory_sink_open(struct store *s, struct snapshot_sink **out);
struct err *memory_sink_file(struct snapshot_sink *k, const char *path);
struct err *memory_sink_chunk(struct snapshot_sink *k, const void *data,
			      size_t len);
struct err *memory_sink_event(struct snapshot_sink *k, struct store_id *out);
struct err *memory_sink_drop(struct snapshot_sink *k);
struct err *memory_sink_durable(struct snapshot_sink *k, const char *key,
				bool *written);
struct err *memory_sink_promote(struct snapshot_sink *k);
void memory_sink_close(struct snapshot_sink *k);
struct err *memory_snapshots_share(struct store *s, const char *from,
				   const char *to);
struct err *memory_pending_settle(struct store *s, store_pending_fn ask,
				  void *payload);
struct err *memory_reader_open(struct store *s, const struct store_id *id,
			       struct snapshot_reader **out);
struct err *memory_reader_file(struct snapshot_reader *r, const char *path);
struct err *memory_reader_chunk(struct snapshot_reader *r, const char **data,
				size_t *len);
void memory_reader_close(struct snapshot_reader *r);
void memory_chunk_id(struct store *store, const void *data, size_t len,
		     struct store_id *out);
void memory_chunk_deflate(struct store *store, const void *data, size_t len,
			  struct buf *out);
struct err *memory_chunk_inflate(struct store *store, const void *data,
				 size_t len, size_t size, struct buf *out);

#endif
