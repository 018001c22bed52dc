#ifndef ENGINE_IMPL_H
#define ENGINE_IMPL_H

#include "base/map.h"
#include "decide/plan.h"
#include "engine/engine.h"
#include "engine/snapshots.h"
#include "snapshot/capture.h"
#include "target/journal.h"
#include "target/target.h"

/* Shared by the files of this room; nobody outside includes it. */

struct engine {
	struct store *store;
	struct engine_config cfg;
	struct engine_observer obs;
	struct target *target; /**< NULL = not opened, or there is no file */
	struct journal_meta meta;
	bool locked;
	bool is_copy;    /**< not accepted yet: nothing is put right for it */
	bool is_other;   /**< than the target's: the same */
	bool will_write; /**< it is opened for reading first only */
	bool tells_restored; /**< the command says so itself */
	char *location;
	const char *stored_as; /**< what history says of snapshots; NULL = not
				    asked yet */
	struct arena arena;
};

/* --- session.c: the database, and whether it is the right one --- */

/** What a command is about to do with the database. */
enum engine_access {
	ENGINE_READS,
	ENGINE_WRITES, /**< creates the file, takes the runner lock */
};

/**
 * Open the database, read meta, check whose it is. e->target stays NULL when
 * a reading command finds no database. Problems that a reading command can
 * live with are notes.
 */
MUST_USE struct err *session_open(struct engine *e, enum engine_access access);

/** The same without asking whether it is the right one. */
MUST_USE struct err *session_open_unchecked(struct engine *e,
					    enum engine_access access);

/** The journal says that it lives elsewhere: nobody has accepted it yet. */
bool session_is_copy(const struct engine *e);
void session_close(struct engine *e);
void session_note(struct engine *e, enum engine_note_level level,
		  const char *fmt, ...) PRINTF_LIKE(3, 4);
MUST_USE struct err *session_identity(struct engine *e,
				      struct engine_identity *out);

/* --- lastuse.c: which work tree has run last on a database --- */

/** This one; a folder that may not be written to is a note. */
void lastuse_record(struct engine *e);

/** Path of another one that is still there, to be freed; or NULL. */
char *lastuse_other(struct engine *e);

/** The database has gone: nobody uses it. */
void lastuse_forget(struct store *store, const char *uuid);

/* --- accept.c --- */

/**
 * A new identity, and the event that says where the database came from. It is
 * open for writing.
 *
 * @param uuid   NULL = a new one
 * @param branch whose own it is from now on; NULL = as before
 */
MUST_USE struct err *fork_identity(struct engine *e, const char *uuid,
				   const char *branch, struct engine_run *out);

/* --- ident.c: who runs this, in the words of a commit --- */

struct ident {
	char *line; /**< "Name <mail> seconds +zone" */
	char *who;  /**< "Name <mail>" */
	char *date; /**< "seconds +zone" */
};
MUST_USE struct err *ident_now(struct engine *e, struct ident *out);
void ident_release(struct ident *i);

/** Cut a raw line in two; NULL gives NULLs. Strings go to the arena. */
void ident_split(struct arena *a, const char *line, const char **who,
		 const char **date);

/* --- ledger.c: the commits that follow the journal --- */

/**
 * Bring the ledger's ref to the journal's tip: forward, or, when the database
 * was restored or copied, by archiving what the ref had (ENGINE_WRITES: with
 * a `restored` event). A repository that may not be written to is a note.
 */
MUST_USE struct err *ledger_sync(struct engine *e, enum engine_access access);

/** What its sources are kept under: the target, else the database's uuid. */
const char *ledger_name(const struct engine *e);

/** The files of one event's commit, given the one before it. m: where the
 * bytes of its files are; NULL = in the journal. */
MUST_USE struct err *ledger_put_event(struct engine *e, struct ledger *l,
				      const struct journal_event *ev,
				      const struct schema_delta *delta,
				      const struct migration *m);

/** The commit of an event whose fields are complete but for its id. */
MUST_USE struct err *ledger_commit_event(struct engine *e, struct ledger *l,
					 const struct journal_event *ev,
					 struct store_id *out);

/** Message of an event's commit; author_known = false says that the author
 * is the source commit's. */
void ledger_message(struct buf *out, const struct engine *e,
		    const struct journal_event *ev, bool author_known);

/** A builder that stands at the journal's tip, from the live schema. */
MUST_USE struct err *ledger_open_tip(struct engine *e,
				     const struct schema *live,
				     const struct journal_event *tip,
				     struct ledger **out,
				     struct store_id *schema);

/* --- migrations.c: the tree, the journal and both together --- */

struct tree {
	struct engine *engine;      /**< borrowed */
	struct store_commit commit; /**< id "" = the work tree alone */
	struct source *source;
	struct migration_set set;
	struct decide_state *states;
	size_t n_states, cap_states;
	struct map rows;    /**< name -> struct journal_event * */
	struct map depends; /**< name -> const char *[] from the journal */
	struct plan_view view;
	bool has_view;
	struct arena arena;
};
MUST_USE struct err *tree_read(struct engine *e, const char *rev, bool worktree,
			       struct tree *out);

/** The journal alone: no commit is looked at, everything is foreign. */
MUST_USE struct err *tree_read_journal(struct engine *e, struct tree *out);
void tree_release(struct tree *t);

/* --- prepare.c: a migration made ready to run --- */

struct ready {
	struct migration *m;
	struct sql_script script; /**< without a BEGIN and COMMIT around it */
	bool no_transaction;
	bool own_group;    /**< may not share a transaction with others */
	bool around;       /**< settings to be made before it begins */
	bool only_creates; /**< takes nothing, changes nothing that is there */
	bool out_of_order;
	bool known;         /**< the database has met it before */
	const char *author; /**< raw line; NULL = not found */
};

/** Read, split and judge a migration before anything runs. */
MUST_USE struct err *ready_init(struct ready *r, struct engine *e,
				struct migration_set *set, struct migration *m);

/** The same for a migration that is not of a set: its up section, as it
 * stands. path is for messages. */
MUST_USE struct err *ready_init_text(struct ready *r, struct engine *e,
				     struct migration *m, const char *path);
void ready_release(struct ready *r);

/** Tables that its statements take something from, by name; or NULL. */
char *ready_locks(const struct ready *r, struct arena *a);

/* --- estimate.c --- */

/**
 * What they will keep, into the steps of out, of which there are n.
 *
 * @return ERR_REFUSED when it is more than the snapshots' limit
 */
MUST_USE struct err *ready_estimate(const struct ready *ready, size_t n,
				    struct engine *e, struct migration_set *set,
				    struct engine_run *out);

/* --- run.c: the one executor --- */

/** An event of the group that is open, and what goes with it. */
struct run_row {
	struct journal_event ev;
	const struct migration *m; /**< texts and dependencies; or NULL */
	const char *changes;       /**< "+table t"; or NULL */
	const char *forgets;       /**< the name before; or NULL */
};

struct run {
	struct engine *e;
	struct ledger *ledger;
	struct schema schema; /**< live */
	struct capture *capture;
	struct snapshot_writer *snapshots; /**< of the group */
	int64_t seq;                       /**< of the journal's last row */
	struct store_id start; /**< tip of the ledger's ref before the run */
	struct store_id tip;   /**< commit of the last event */
	struct store_id schema_id, shape_id;
	struct ident ident;
	struct buf server;
	struct store_commit *commit;  /**< borrowed; NULL for a rollback */
	struct migration_set *set;    /**< borrowed; NULL for a rollback */
	const char *layout;           /**< of the set */
	enum engine_step_choice step; /**< of a step that is in doubt */
	bool schema_stale;
	bool unrecorded;   /**< no event has the schema as it is */
	bool check_schema; /**< parts of it were read: check at the end */
	bool no_snapshot;
	bool prove; /**< take each group back before it is committed */
	bool proving;
	bool no_restore;            /**< parked data stays where it is */
	struct parked *parked;      /**< of the migration under way; or NULL */
	const struct map *inferred; /**< name -> const char *const *, of what
					 is applied; or NULL */
	bool park_any;
	int64_t started_us; /**< of the migration that runs */
	struct snapshot_out capture_out;
	char out_prefix[32]; /**< of files in the snapshot, "" or "part2/" */
	const struct map *undone; /**< paths taken back already, or NULL */

	/* the group that is open: a transaction is, which makes the journal */
	bool open, creating;
	size_t moved;         /**< durable events that the ledger's ref lacks */
	struct run_row *rows; /**< done, written by run_commit() */
	size_t n_rows, cap_rows;
	size_t n_written;                 /**< of them, by run_flush() */
	struct snapshot_writer **flushed; /**< theirs: durable, kept with the
					       commit */
	size_t n_flushed, cap_flushed;
	struct arena group; /**< strings of those */
	size_t ledger_mark;
	int64_t group_seq;
	struct store_id group_tip;
	int64_t group_start_us;
	struct engine_run *out;
};

MUST_USE struct err *run_open(struct run *r, struct engine *e,
			      struct engine_run *out);

/** For what is undone in any case: nothing is recorded, nothing put right. */
MUST_USE struct err *run_open_dry(struct run *r, struct engine *e,
				  struct engine_run *out);

/** Moves the ledger; the first error of the run and of that wins. */
MUST_USE struct err *run_close(struct run *r, struct err *err);

/* schema_cache.c */

/** target_inspect() of everything, into an empty schema; taken over from the
 * last time where the database has not changed since.
 * @param tip commit of the journal's last event, "" = it has none */
MUST_USE struct err *schema_cache_inspect(struct engine *e, const char *tip,
					  struct schema *s);

/** What is known of it now, for next time. */
void schema_cache_keep(struct engine *e, const char *tip,
		       const struct schema *s);

/** Snapshots of a run that died: kept when the journal has their event. */
MUST_USE struct err *run_settle(struct engine *e);

/** Begin a group: transaction, fence, sink. */
MUST_USE struct err *run_begin(struct run *r);

/** Make it durable and tell about its events. On failure it is undone. */
MUST_USE struct err *run_commit(struct run *r);

/**
 * What the group has so far goes to the journal and to the snapshots, so that
 * the rest of it can read it; durable with the group, undone with it.
 */
MUST_USE struct err *run_flush(struct run *r);

/** Undo everything since run_begin(). */
void run_abort(struct run *r);

/** How long a statement waits for a lock, where a migration says nothing. */
int64_t run_lock_timeout_ms(const struct engine *e);

/**
 * Whether a transaction that failed is worth another try; waits before it says
 * so, longer each time.
 *
 * @param[in,out] attempt 0 before the first
 */
bool run_try_again(struct run *r, const struct err *err, int *attempt);

/** The snapshot's output, into the group's snapshots. */
void run_snapshot_out(struct run *r, struct snapshot_out *out);

/** Schema as it is now, what changed since, and both ids. */
MUST_USE struct err *run_inspect(struct run *r, enum target_scope scope,
				 struct schema_delta *delta);

/**
 * Add an event to the group: ids and commit now, the journal's rows all
 * together in run_commit() (a change of schema makes SQLite compile every
 * statement again). ev->seq, parent, commit, ids and the run's own fields are
 * filled in here; strings must live as long as the group (r->group).
 *
 * @param m the migration that was applied, with its files; NULL for others
 */
MUST_USE struct err *run_event(struct run *r, struct journal_event *ev,
			       struct schema_delta *delta,
			       const struct migration *m, bool author_known);

/* --- record.c --- */

/** The first event: the schema that was there. In an open group. */
MUST_USE struct err *run_record_init(struct run *r);

/** What was changed in the database without us, as an event of its own. */
MUST_USE struct err *run_record_drift(struct run *r);

/* --- event.c, too --- */

/** A row without commit, in a transaction of its own: status "failed". */
MUST_USE struct err *run_record_failure(struct run *r,
					const struct journal_event *ev,
					const struct err *why);

/** The journal's row as commands see it; borrows. */
void event_from_journal(struct engine_event *out,
			const struct journal_event *in);

/** "+table t, ~index i" of a row that was read with its delta; or NULL. */
MUST_USE struct err *event_changes(struct arena *a,
				   const struct journal_event *ev,
				   const char **out);

/* --- log_ledger.c --- */

/** Events from the ledger this clone has for the target, newest first. */
MUST_USE struct err *log_from_ledger(
	struct engine *e, const char *name, size_t max,
	struct err *(*fn)(void *payload, const struct engine_event *ev),
	void *payload);

/* --- past.c: the schema as it was --- */

struct past {
	struct map by_path; /**< path -> struct schema_object * */
	int64_t before;
	struct arena arena;
};

/** The recorded schema before event `before`, from the deltas. */
MUST_USE struct err *past_schema(struct engine *e, int64_t before,
				 struct past *out);
void past_release(struct past *p);

/* --- chain.c: what a rollback takes back --- */

/** The events that made up a migration as it stands, newest first. */
struct chain {
	int64_t *seqs;
	size_t n, cap;
	int64_t renamed;  /**< the row with its name, where that is not the
			       one it was applied under; 0 = it is */
	int64_t previous; /**< a repeatable's run before this one; 0 = none */
	const char *previous_blob; /**< what it ran then; NULL = none */
	struct arena arena;
};

/** n stays 0 when nothing of that name is in place. Released either way. */
MUST_USE struct err *chain_read(struct chain *out, struct target *target,
				const char *name);
void chain_release(struct chain *c);

/** What they did to the schema together; objects in the arena. */
MUST_USE struct err *chain_delta(const struct chain *c, struct target *target,
				 struct arena *a, struct schema_delta *out);

/* --- prove.c: rollbacks, tried before the commit --- */

/**
 * The open group, its journal and its snapshot are written: take it back in a
 * savepoint, which is undone. ERR_REFUSED when that would not be exact.
 */
MUST_USE struct err *prove_group(struct run *r);

/* --- depend.c: what has to go first --- */

struct depend;

/** rows and depends as in struct tree; borrowed. */
struct depend *depend_new(struct engine *e, const struct map *rows,
			  const struct map *depends);
void depend_free(struct depend *d);

/**
 * Why `later`, which was applied after `earlier`, may not stay without it:
 * "uses users", to be freed; NULL = it may.
 *
 * @param live the schema as it is now
 */
MUST_USE struct err *depend_why(struct depend *d, const struct schema *live,
				const char *later, const char *earlier,
				char **why);

/* --- late.c: migrations that sort before applied ones --- */

struct late;

enum late_use {
	LATE_WORKTREE = 1, /**< uncommitted files, too */
	LATE_HURRY = 2,    /**< what takes long to run is not looked at */
	LATE_STAYING = 4,  /**< what reconcile takes back is not applied */
};

/** What was applied, with its effects; to be closed. */
MUST_USE struct err *late_open(struct engine *e, const struct tree *tree,
			       enum late_use use, struct late **out);
void late_close(struct late *l);

/** *with = the last applied one behind m that m is not proved to commute
 * with, NULL = it may run; in memory of l's tree. */
MUST_USE struct err *late_judge(struct late *l, const struct migration *m,
				const char **with);

/** Whether two are proved to commute, both of the tree. */
MUST_USE struct err *late_commute(struct late *l, const char *a, const char *b,
				  bool *out);

/**
 * What a migration that is to be applied needs of those that are, and of those
 * applied before it in this run: names it does not commute with, but for what
 * its file says; NULL = none. In memory of l.
 */
MUST_USE struct err *late_infer(struct late *l, const struct migration *m,
				const char ***out);

/* --- before.c: what was there before a migration --- */

struct before {
	struct target *target;
	int64_t seq; /**< of the migration's event */
};

/** restore_request.sql_before; the payload is a struct before. */
MUST_USE struct err *before_sql(void *payload, struct arena *a,
				const char *path, const char **sql);

/* --- revert.c: one migration taken back --- */

struct revert {
	const struct chain *chain; /**< borrowed */
	struct engine_step *step;  /**< receives what it came to */
	enum restore_choice choice;
	size_t max_details;
	bool dry_run;
	bool append;
	bool aside;                       /**< restore_request.aside */
	bool proves;                      /**< nothing is parked or recorded */
	struct restore_memory **memories; /**< by event of the chain */
	bool again; /**< undo the transaction, and begin it anew */
};
void revert_init(struct revert *rv, const struct chain *chain);
void revert_release(struct revert *rv);

/** Canonical text of an object of a delta. */
const char *revert_text(struct arena *a, enum sql_dialect d,
			const struct schema_object *o);

/** In an open group, which the caller commits or undoes. */
MUST_USE struct err *revert_run(struct run *r, struct revert *rv);

/** ERR_REFUSED when the event can never be taken back. */
MUST_USE struct err *revert_refused(const struct journal_event *ev);

/* --- rollback.c --- */

struct rollback_how {
	enum restore_choice choice;
	size_t max_details;
	bool dry_run, append;
	bool aside; /**< restore_request.aside */
};

/** The next of out's steps. row = the journal's, may be NULL. */
void rollback_describe(const struct engine *e, const struct plan_step *p,
		       const struct journal_event *row, struct engine_run *out);

/** As chain_read(); ERR_STATE when there is nothing to take back. */
MUST_USE struct err *rollback_chain(struct run *r, const char *name,
				    struct chain *out);
void rollback_begin(struct revert *rv, const struct chain *chain,
		    struct engine_step *step, const struct rollback_how *how);

/** Taken back in the transaction that is open; *again: undo it, start anew. */
MUST_USE struct err *rollback_in(struct run *r, struct revert *rv, bool *again);

/** What an attempt has told. */
void rollback_forget(struct engine_run *out);

/* --- rollback_lone.c --- */

/**
 * Take back the indexes of a migration that ran without a transaction, beside
 * the work of others. Outside a transaction.
 *
 * @param done receives the paths of those that need nothing more
 */
MUST_USE struct err *rollback_indexes(struct run *r, const struct chain *chain,
				      const char *name, struct map *done);

/** Take them out of an event's delta. */
void rollback_leave_out(struct schema_delta *d, const struct map *done);

/* --- parked.c: data of earlier rollbacks goes back --- */

struct parked;

/**
 * What the rollbacks of this migration have parked; before its statements run.
 * *out NULL = nothing; close it, also on failure.
 */
MUST_USE struct err *parked_open(struct run *r, const char *name,
				 struct parked **out);

/** Behind the statements, with capture on. */
MUST_USE struct err *parked_give(struct run *r, struct parked *p);

/** Some of it waits for the end of the capture. */
bool parked_is_late(const struct parked *p);

/** Behind the capture: the rest; tells what was given back, and sets
 * ev->parked to what was not. */
MUST_USE struct err *parked_end(struct run *r, struct parked *p,
				struct journal_event *ev);

/** NULL is fine. */
void parked_close(struct parked *p);

/* --- apply_ready.c: files made ready, what is told of them, how they fail --- */

/**
 * The next of out's steps: a file to be applied.
 *
 * @param losses tables that are locked are worth telling
 */
void ready_describe(const struct ready *r, struct migration_set *set,
		    bool losses, struct engine_run *out);

/** Who wrote them, from the history of the tree's commit. */
MUST_USE struct err *ready_authors(struct ready *ready, size_t n,
				   struct engine *e, struct tree *t);

/** Say whose error it is, where it does not by itself. NULL stays NULL. */
MUST_USE struct err *ready_blame(struct err *err, const struct ready *m);

/* --- apply.c --- */

/** Files one after the other, each group of them durable by itself. */
MUST_USE struct err *apply_ready(struct run *r, struct ready *ready, size_t n);

/* --- apply_one.c --- */
MUST_USE struct err *apply_group_member(struct run *r, struct ready *m);

/** Say which statement it was, and where it stands. */
MUST_USE struct err *apply_statement_error(struct err *err, const struct run *r,
					   const struct ready *m, size_t i);

/** The event of a migration's statements, begun now. */
void apply_start(struct run *r, struct ready *m, struct journal_event *ev);
MUST_USE struct err *apply_begin_capture(struct run *r, struct ready *m);

/** Statement i, with capture around it. */
MUST_USE struct err *apply_statement(struct run *r, struct ready *m, size_t i);

/**
 * What the statements since apply_begin_capture() left: snapshot, schema,
 * journal row. status "applied", or "applying" when more statements follow.
 */
MUST_USE struct err *apply_finish(struct run *r, struct ready *m,
				  struct journal_event *ev, const char *status);

/* --- apply_steps.c --- */
MUST_USE struct err *apply_stepwise(struct run *r, struct ready *m);

/** Fields of the journal that come from a migration's file. */
void apply_describe(struct run *r, const struct ready *m,
		    struct journal_event *ev);

#endif
