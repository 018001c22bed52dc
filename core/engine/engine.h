#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/store.h"
#include "migration/migration.h"
#include "snapshot/restore.h"
#include "sql/sql.h"

/*
 * What a command asks for: one call per command, results as plain structs,
 * progress through callbacks. The engine never prints and never exits.
 *
 * Order of a run: runner lock, journal, identity, ledger repair, plan, steps,
 * ledger. Every change of the database is one transaction with its journal
 * row; the ledger follows it (docs/architecture.md).
 */

/** How to reach a database and what may be done to it. Strings borrowed. */
struct engine_config {
	const char
		*target; /**< name, e.g. "dev"; "" when only a URL is given */
	const char *url; /**< "sqlite:path" (relative to base_dir) */
	const char *base_dir; /**< where relative paths start; absolute */
	const char *dir; /**< migrations folder from the top, "migrations" */
	const char *layout, *pattern; /**< NULL = detect */
	enum sql_dialect dialect;
	bool is_protected;  /**< refuses --worktree and other branches */
	const char *branch; /**< commits must be on it; NULL = any */
	bool foreign_keys;  /**< SQLite: enforce foreign keys in migrations */
	int64_t lock_timeout_ms; /**< waiting for the runner lock and writers */
	bool lock_timeout_given; /**< somebody has said so; else a busy server's
				      locks are waited for 5 s at a time */
	const char *journal;     /**< PostgreSQL: schema of the journal */
	uint64_t snapshot_limit; /**< bytes; 0 = none */
	const char *snapshot_store; /**< "clone", "database"; NULL = "database"
					 for a protected target, else "clone" */
	bool is_ci; /**< a machine that is thrown away: what only this clone
			 has is lost */
	bool url_is_per_tree;   /**< the URL names several databases: a file in
				   the work tree, ${branch}, ${worktree} */
	const char *own_branch; /**< the URL is of this branch's own database,
				     which bears its name; NULL = of no one
				     branch's */
	bool copied; /**< ... which begins as a copy: nothing else makes it */
	bool prove;  /**< as engine_apply_options.prove, always */
	/** A migration may take so long, whatever it says itself: where nobody
	 * has asked for it. 0 = as long as it takes */
	int64_t migration_limit_ms;
	const char *tool; /**< "git-migrate 0.1.0", for the journal */
};

/** A place for snapshots of that name exists. */
bool engine_has_snapshot_store(const char *name);

/** One row of the history; strings NULL where they do not apply. */
struct engine_event {
	int64_t seq;
	const char *event; /**< "init", "apply", "rollback", "drift", "fork",
				"restored" */
	const char *name, *version;
	const char *blob, *commit, *parent, *source_commit;
	const char *snapshot, *snapshot_store; /**< "clone@host", "database" */
	const char *schema, *shape;
	const char *status; /**< "applied", "rolled_back", "failed", "applying";
				NULL: of no migration */
	const char *kind;   /**< "schema", "data", "mixed" */
	const char *description, *author, *applied_by;
	const char *started_at, *finished_at; /**< ISO 8601 UTC */
	const char *error;
	int64_t duration_ms, statements, rows;
	int64_t parked; /**< rows and values a rollback set aside */
	bool dirty, out_of_order, exact, irreversible;
	const char *changes; /**< "+table users, ~index i"; or NULL */
};

enum engine_note_level {
	ENGINE_NOTE,    /**< -v: shown on request */
	ENGINE_HINT,    /**< said */
	ENGINE_WARNING, /**< said, as a warning */
};

/** What happens while a run goes on. Members may be NULL. */
struct engine_observer {
	void *payload;

	/** A migration starts: the i-th (from 0) of n. */
	void (*begin)(void *payload, const char *verb, const char *name,
		      size_t i, size_t n);

	/** An event is durable in the database. Borrowed for the call. */
	void (*event)(void *payload, const struct engine_event *e);

	/** Something a person should know; one line. */
	void (*note)(void *payload, enum engine_note_level level,
		     const char *text);
};

/** Which database answered, and what its journal says. */
struct engine_identity {
	char uuid[37];   /**< "" = no journal yet */
	char ledger[65]; /**< tip of the journal; "" = none */
	char schema[65], shape[65];
	bool is_protected;
};

enum engine_state {
	STATE_APPLIED,
	STATE_PENDING,
	STATE_FAILED,
	STATE_ROLLED_BACK,
	STATE_FOREIGN,     /**< applied, not in this tree */
	STATE_MODIFIED,    /**< applied with another blob, in substance */
	STATE_EDITED,      /**< applied with another blob that does the same;
				counts and prints as applied, with a note */
	STATE_UNCOMMITTED, /**< only in the work tree */
	STATE_COUNT,
};

/** "applied", "pending", ...; STATE_EDITED gives "applied". */
const char *engine_state_name(enum engine_state s);

struct engine_status_item {
	const char *name, *version, *path;
	enum engine_state state;
	const char *blob; /**< in the tree; of the journal when foreign */
	const char *applied_blob; /**< in the journal, NULL = never applied */
	const char *commit, *source_commit, *snapshot, *snapshot_store;
	const char *applied_at, *error, *note;
	int64_t duration_ms;
	bool out_of_order; /**< pending, sorts before an applied one */
};

struct engine_status {
	struct engine_identity identity;
	char head[65]; /**< commit that was read; "" = the work tree alone */
	const char *layout;
	struct engine_status_item *items; /**< in order of the set, foreign
						ones after */
	size_t n;
	size_t counts[STATE_COUNT];
	struct migration_stray *strays;
	size_t n_strays;
	const char *mismatch; /**< how the database differs from the commit but
				   for what is open; or NULL */
	char **notes; /**< what status says first: "restored", wrong ref, ... */
	size_t n_notes;
	struct arena arena;
};
void engine_status_release(struct engine_status *s);

struct engine;

/**
 * Prepare; the database is not opened before it is needed.
 *
 * @param store borrowed, must outlive the engine
 * @param cfg   copied by pointer: strings must outlive the engine
 */
MUST_USE struct err *engine_open(struct engine **out, struct store *store,
				 const struct engine_config *cfg,
				 const struct engine_observer *observer);
void engine_close(struct engine *e);

struct engine_status_options {
	const char *rev; /**< NULL = HEAD */
	bool worktree;   /**< read uncommitted files as well, as apply would */
};

/** Never writes to the database; repairs the ledger's ref where it may. */
MUST_USE struct err *engine_status(struct engine *e,
				   const struct engine_status_options *opt,
				   struct engine_status *out);

/** A statement without a transaction that may have taken effect, or not. */
enum engine_step_choice {
	ENGINE_STEP_ASK,  /**< stop */
	ENGINE_STEP_DONE, /**< it did: go on behind it */
	ENGINE_STEP_REDO, /**< it did not: run it */
};

struct engine_apply_options {
	const char *rev;
	bool worktree;
	const char *to;    /**< up to this one, inclusive; NULL = all */
	size_t count;      /**< at most so many; 0 = all */
	bool dry_run;      /**< plan only */
	bool out_of_order; /**< run migrations that sort before applied ones */
	bool allow_foreign;
	bool no_group; /**< a transaction for each migration */
	bool group;    /**< many in one, also where that is not the default */
	bool no_snapshot;
	bool prove;      /**< refuse what a rollback would not bring back */
	bool no_restore; /**< run the SQL only: parked data stays parked */
	enum engine_step_choice step;
};

/** What would run, or ran, in order. */
struct engine_step {
	const char *verb; /**< "apply", "rollback", "rename" */
	const char *name, *version, *blob, *path;
	const char *why;   /**< reconcile: why it is taken back; else NULL */
	const char *locks; /**< tables that are locked against everybody while
				what is dropped is copied, "a, b"; NULL =
				none that the text names */
	bool out_of_order, irreversible, no_transaction, dirty;
	size_t statements;
	/* a rollback's, once it was done or tried */
	bool tried, exact;
	const char *reordered; /**< tables whose columns have another order than
				    before, "a, b"; NULL = none */
	const char *changes;   /**< of the schema: "+table t"; or NULL */
	int64_t rows, parked;

	/* an apply's snapshot, estimated */
	uint64_t keeps_bytes, keeps_rows; /**< 0 = none is known */
	const char *keeps_table; /**< what has the most of it; NULL = none */
	bool keeps_at_most;      /**< it may come to less */
	bool keeps_others;       /**< it is not all of that table */
	const char **cascades;   /**< what goes by CASCADE: "view v" */
	size_t n_cascades;
};

/** Rows of one table that both the migration and later writes changed. */
struct engine_conflict {
	const char *migration, *table;
	const char *what; /**< "CHANGED", "KEY_REUSED", "DELETED", ... */
	int64_t rows;
	bool settled; /**< as --on-conflict said */
	bool aside;   /**< no conflict: set aside, since it cannot be there */
};

/** One of those rows or values. */
struct engine_detail {
	const char *migration;
	struct restore_detail row;
};

/** What a rollback did, or would do, to one table. */
struct engine_impact {
	const char *migration;
	struct restore_tally table;
};

struct engine_run {
	struct engine_identity identity; /**< after the run */
	struct engine_step *steps;       /**< the plan */
	size_t n_steps;
	size_t n_done;                     /**< durable ones */
	struct engine_conflict *conflicts; /**< of a rollback */
	size_t n_conflicts, cap_conflicts;
	struct engine_detail *details; /**< the first of those, one by one */
	size_t n_details, cap_details;
	struct engine_impact *impacts; /**< of a rollback, by table */
	size_t n_impacts, cap_impacts;
	char head[65];        /**< reconcile: the commit that is meant */
	const char *stepwise; /**< reconcile: why one transaction is not
				   enough; NULL = it is */
	struct arena arena;
};
void engine_run_release(struct engine_run *r);

/**
 * Bring the database up to the migrations of a commit.
 *
 * @param out filled as far as the run came, also on failure; release it
 * @return ERR_REFUSED: edited after apply, out of order, foreign, protected;
 *         ERR_TARGET with file and line: a statement failed (its migration
 *         is undone and recorded as failed, earlier ones stay)
 */
MUST_USE struct err *engine_apply(struct engine *e,
				  const struct engine_apply_options *opt,
				  struct engine_run *out);

struct engine_rollback_options {
	const char *const *names; /**< n_names may be 0 */
	size_t n_names;
	size_t count;   /**< newest so many; 0 = not given; default 1 */
	const char *to; /**< everything after this one; it stays */
	/** Everything applied at or after this time, "2026-11-22T15:04:05Z";
	 * NULL = not given. */
	const char *since;
	const char *commit; /**< all that was applied from this revision */
	bool dry_run;       /**< do it all, then undo it */
	bool append;        /**< columns come back behind the others */
	enum restore_choice on_conflict;
	size_t max_details; /**< conflicts to list one by one */
};

/** Revert; one transaction for each migration. See engine_apply(). */
MUST_USE struct err *engine_rollback(struct engine *e,
				     const struct engine_rollback_options *opt,
				     struct engine_run *out);

struct engine_reconcile_options {
	const char *rev; /**< NULL = HEAD */
	bool dry_run;    /**< do it all, then undo it */
	bool shared;     /**< another work tree's database as well */
	bool force_down; /**< where a snapshot is not to be had: its down
			      section */
	enum restore_choice on_conflict;
	size_t max_details;
	int64_t migration_limit_ms; /**< as of engine_config; 0 = none */
};

/**
 * Make the database hold exactly the migrations of a commit: what the commit
 * lacks, or has with another text, is taken back, newest first, its data
 * parked; what is renamed is recorded; what is open is applied, and its parked
 * data comes back. One transaction where the steps allow that.
 *
 * @param out as of engine_apply(); where one transaction was enough, a
 *        failure leaves the database as it was
 * @return ERR_REFUSED: protected, irreversible, a conflict, another work
 *         tree's database; ERR_TARGET: a statement failed
 */
MUST_USE struct err *engine_reconcile(
	struct engine *e, const struct engine_reconcile_options *opt,
	struct engine_run *out);

/** The journal's events, newest first; at most max (0 = all). */
MUST_USE struct err *engine_log(
	struct engine *e, const char *name, size_t max,
	struct err *(*fn)(void *payload, const struct engine_event *ev),
	void *payload);

/** Everything known about one migration. Strings in the arena. */
struct engine_show {
	const char *name, *version, *path, *state;
	const char *sql, *down_sql; /**< whole files; down NULL = none */
	const char *sql_from;       /**< "journal" or "tree" */
	bool in_tree, modified;
	struct engine_event last; /**< newest event of it; seq 0 = none */
	const char *schema_diff;  /**< unified diff of that event; or NULL */
	const char *reordered;    /**< tables whose columns that rollback left
				       in another order, "a, b"; or NULL */
	const char *snapshot_summary; /**< lines; or NULL */
	const char **depends;         /**< NULL-terminated, or NULL */
	struct arena arena;
};
void engine_show_release(struct engine_show *s);
MUST_USE struct err *engine_show(struct engine *e, const char *name,
				 const char *rev, struct engine_show *out);

/** uuid, tip and ids, without a look at any migration. */
MUST_USE struct err *engine_identify(struct engine *e,
				     struct engine_identity *out);

/**
 * Accept the database that a target's URL reaches now.
 *
 * @param fork it is a copy that goes its own way: new uuid, `fork` event
 */
MUST_USE struct err *engine_accept(struct engine *e, bool fork,
				   struct engine_identity *out);

/** Files as migration_new() would make them, against HEAD and work tree. */
MUST_USE struct err *engine_new(struct engine *e, const char *slug,
				migration_new_file_fn fn, void *payload);

#endif
