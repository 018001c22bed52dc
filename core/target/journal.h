#ifndef TARGET_JOURNAL_H
#define TARGET_JOURNAL_H

#include "base/arena.h"
#include "target/target.h"

/*
 * The tables we keep inside a database: the truth about it. Documented for
 * people in docs/journal.md; readable with plain SQL. SQLite: names prefixed
 * git_migrate_ (PostgreSQL: a schema git_migrate); this file knows both ways.
 *
 *   meta(key, value)             format, uuid, protected, location, branch
 *   history(seq, event, ...)     append-only, one row per event
 *   ledger(seq, message, delta)  what rebuilds a ledger commit, beside history
 *   current(name, seq)           the history row that gives a migration's state
 *   texts(blob, bytes)           every migration file ever applied, once
 *   dependencies(name, depends_on, inferred)
 *   progress(name, step, state, at)  steps of migrations without transaction
 *   migrations                   view: one row per migration, current state
 */

#define JOURNAL_FORMAT 1

/**
 * One history row. NULL strings are SQL NULL; ids are hex. Strings may hold
 * any bytes but NUL; delta holds any.
 */
struct journal_event {
	int64_t seq;
	const char *event; /**< init apply rollback rename failed drift fork
			 * restored */
	const char *name, *version, *layout;
	const char *path, *blob, *down_path, *down_blob;
	const char *commit, *parent, *source_commit;
	const char *snapshot, *snapshot_store;
	const char *status; /**< applied failed rolled_back applying; NULL for
				 events that are no migration's */
	const char *kind, *description;
	const char *author, *author_date; /**< "Name <mail>", "secs +zone" */
	const char *applied_by, *applied_date;
	const char *started_at, *finished_at;
	int64_t duration_ms, statements, rows, parked;
	const char *tenant;
	const char *schema_id, *shape_id;
	bool dirty, out_of_order, irreversible, exact;
	int printer; /**< SCHEMA_PRINTER_VERSION of schema_id, shape_id */
	int64_t batch_size;
	int64_t reverts; /**< seq that a rollback undid; of a rename the row
			      under the name before; 0 = none */
	const char *error;
	const char *server, *tool;
	/* kept in the table ledger, and only for an event with a commit; not
	 * read unless asked for */
	const char *message;
	const char *delta;
	size_t delta_len;
};

struct journal_meta {
	bool present; /**< the tables exist */
	int format;
	char uuid[37];
	bool is_protected;
	char *location; /**< owned */
	char *branch;   /**< whose own database it is; owned, NULL = no
			     branch's */
};
void journal_meta_release(struct journal_meta *m);

/**
 * Read meta; present = false when there is no journal.
 *
 * @return ERR_REFUSED when the format is newer than this program's (says
 *         both); ERR_STATE when tables named like ours are no whole journal,
 *         or the database stays locked
 */
MUST_USE struct err *journal_meta_read(struct target *t,
				       struct journal_meta *out);

/** Make the tables, with a new random UUID. Inside a transaction. location
 * may be NULL. */
MUST_USE struct err *journal_create(struct target *t, const char *location,
				    char uuid[37]);
MUST_USE struct err *journal_meta_set(struct target *t, const char *key,
				      const char *value);

/** A random UUID (version 4). */
void journal_new_uuid(char out[37]);

/** Last event with a commit (the tip); seq = 0 when there is none. Strings
 * go to the arena. Fences: also use it to see if the tip moved. */
MUST_USE struct err *journal_tip(struct target *t, struct arena *a,
				 struct journal_event *out);

/** Highest seq, commits or not. */
MUST_USE struct err *journal_last_seq(struct target *t, int64_t *out);

/** Append; e->seq is taken as given (last + 1). Updates `current` when
 * e->name and e->status are set; without e->commit the tip stays. Inside a
 * transaction. */
MUST_USE struct err *journal_append(struct target *t,
				    const struct journal_event *e);

typedef struct err *(*journal_event_fn)(void *payload,
					const struct journal_event *e);

/** One row, with message and delta. ERR_STATE when there is none. */
MUST_USE struct err *journal_get(struct target *t, int64_t seq, struct arena *a,
				 struct journal_event *out);

/** Rows with seq > after, oldest first, commits only, with message and
 * delta: what a rebuild of the ledger reads. */
MUST_USE struct err *journal_replay(struct target *t, int64_t after,
				    journal_event_fn fn, void *payload);

/** Newest first; name NULL = all; max 0 = all; no message, no delta. An error
 * of fn ends the list and is returned as it is, here and below. */
MUST_USE struct err *journal_log(struct target *t, const char *name, size_t max,
				 journal_event_fn fn, void *payload);

/**
 * Each migration that the database knows: the row that gives its state,
 * ordered by seq: the rows that `current` names and no other, without
 * message, delta or text.
 */
MUST_USE struct err *journal_current(struct target *t, journal_event_fn fn,
				     void *payload);

/**
 * journal_current() at half the cost: of each event only seq, event, name,
 * version, status, blob, path, commit, source_commit, snapshot,
 * snapshot_store, finished_at, duration_ms, rows, irreversible, dirty,
 * out_of_order, exact, error, layout, down_path and down_blob are filled, the
 * rest is NULL or 0.
 */
MUST_USE struct err *journal_states(struct target *t, journal_event_fn fn,
				    void *payload);

/** The current row of one migration; seq = 0 when unknown. */
MUST_USE struct err *journal_current_of(struct target *t, const char *name,
					struct arena *a,
					struct journal_event *out);

/**
 * A migration whose state row `seq` gives goes by another name from now on:
 * what depends on what follows, and the old name is free, unless another
 * took it meanwhile. Inside a transaction, behind the event.
 */
MUST_USE struct err *journal_rename(struct target *t, const char *from,
				    int64_t seq, const char *to);

/** The row's migration goes by another name since. */
MUST_USE struct err *journal_is_renamed(struct target *t, int64_t seq,
					bool *out);

/** The newest row of that name, older than `before`, whose migration goes by
 * another name since; 0 = none. */
MUST_USE struct err *journal_renamed_before(struct target *t, const char *name,
					    int64_t before, int64_t *out);

/** The row of that commit id; seq = 0 when unknown. */
MUST_USE struct err *journal_by_commit(struct target *t, const char *commit,
				       struct arena *a,
				       struct journal_event *out);

/** Snapshot `id` belongs to some event. */
MUST_USE struct err *journal_has_snapshot(struct target *t, const char *id,
					  bool *out);

/** Keep a file's bytes, once per blob id. */
MUST_USE struct err *journal_text_put(struct target *t, const char *blob,
				      const void *bytes, size_t len);

/** ERR_STATE when the blob is not kept. */
MUST_USE struct err *journal_text_get(struct target *t, const char *blob,
				      struct buf *out);

/** Replace the dependencies of a migration that are of this kind; depends
 * NULL-terminated. What is explicit is not made inferred. */
MUST_USE struct err *journal_depends_set(struct target *t, const char *name,
					 const char *const *depends,
					 bool inferred);
MUST_USE struct err *journal_depends_each(
	struct target *t,
	struct err *(*fn)(void *payload, const char *name,
			  const char *depends_on, bool inferred),
	void *payload);

/** Steps of a migration without a transaction: states "intent", "done". */
MUST_USE struct err *journal_step_set(struct target *t, const char *name,
				      size_t step, const char *state);
MUST_USE struct err *journal_steps(struct target *t, const char *name,
				   size_t *n_done, bool *intent_open);
/** A migration that stopped between an intent and its end; NULL = none. */
MUST_USE struct err *journal_step_open(struct target *t, struct arena *a,
				       const char **name);
MUST_USE struct err *journal_steps_clear(struct target *t, const char *name);

#endif
