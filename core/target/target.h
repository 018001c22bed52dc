#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "schema/schema.h"
#include "sql/sql.h"

/*
 * A database that answers, behind one operations table per driver. Nothing
 * here knows migrations; the journal (journal.h) is written through it.
 */

struct target;

/** What a database can do beyond the required calls. */
enum target_caps {
	TARGET_CAP_DDL_TXN = 1 << 0,   /**< DDL rolls back with the rest */
	TARGET_CAP_FILE_LOCK = 1 << 1, /**< the runner lock is a file */
	TARGET_CAP_GROUP = 1 << 2, /**< many migrations in one transaction is
					the default */
	TARGET_CAP_BUSY = 1 << 3,  /**< others work in it all the time: a lock
					is waited for briefly, and the
					transaction tried again */
	TARGET_CAP_LONE_DDL = 1 << 4, /**< statements that stand alone may
					   change the schema */
};

enum target_type {
	TARGET_NULL,
	TARGET_INT,
	TARGET_REAL,
	TARGET_TEXT,
	TARGET_BLOB,
};

/** One value going in or out; bytes borrowed for the call. */
struct target_value {
	enum target_type type;
	int64_t i;
	double real;
	const char *s; /**< coming out: NUL after len bytes of a TEXT, not of a
			    BLOB; never NULL for either */
	size_t len;
};

static inline struct target_value target_int(int64_t i)
{
	return (struct target_value){ .type = TARGET_INT, .i = i };
}

/** NULL gives SQL NULL. */
static inline struct target_value target_text(const char *s)
{
	return (struct target_value){ .type = s ? TARGET_TEXT : TARGET_NULL,
				      .s = s,
				      .len = s ? strlen(s) : 0 };
}

static inline struct target_value target_blob(const void *s, size_t len)
{
	return (struct target_value){ .type = s ? TARGET_BLOB : TARGET_NULL,
				      .s = s,
				      .len = len };
}

/** One row. Borrowed for the call only. */
typedef struct err *(*target_row_fn)(void *payload, int n,
				     const struct target_value *cell);

/** How a target is opened. Strings borrowed. */
struct target_options {
	const char *base_dir;    /**< where a relative path starts */
	bool create;             /**< make the database when it is missing */
	bool foreign_keys;       /**< SQLite: enforce them in migrations */
	int64_t lock_timeout_ms; /**< waiting for other writers */
	const char *journal;     /**< PostgreSQL: schema of the journal; NULL =
				  git_migrate */
	void (*notice)(void *payload, const char *severity, const char *text);
	void *notice_payload; /**< what the server says aside while migrations'
				   statements run; notice may be NULL */
	bool missing_ok; /**< PostgreSQL: a database that is not there is as a
			      file that is not */
};

/** Where a copy goes. Strings borrowed. */
struct target_copy {
	const char *url;      /**< of the copy; of the same kind */
	const char *base_dir; /**< where a relative path starts */
	int64_t timeout_ms;   /**< waiting for another run */
	void (*waiting)(void *payload, const char *who);
	/** It is sure that nothing is there, and nothing is made yet. */
	struct err *(*begins)(void *payload);
	void *payload;
};

/** What running migration statements did, gathered since target_seen_reset */
struct target_seen {
	bool created;   /**< CREATE of a persistent object; PostgreSQL: a
			     statement that is there to change the schema */
	bool changed;   /**< ALTER, DROP, or anything else in the schema
			     (user_version and application_id too) */
	bool wrote;     /**< rows of some table; of a DROP TABLE only those
			     it deletes elsewhere. Not statistics. */
	bool pragma;    /**< a setting that outlives the statement: a group
			     has to end here, so that target_reset() can run */
	bool temporary; /**< temporary objects were made; ends a group too */
	int64_t rows;   /**< changed, as the database counts them: triggers
			     and cascades too; not by DDL */
};

/** How much of the schema may be another one now. */
enum target_scope {
	TARGET_APPENDED, /**< objects were made in this transaction, no other
			      change */
	TARGET_CHANGED,  /**< anything, but in this transaction */
	TARGET_ANYTHING, /**< read all of it */
};

/** How a statement of a migration stands to its transaction. */
enum target_place {
	TARGET_INSIDE, /**< runs in it */
	TARGET_ALONE,  /**< cannot run in one (VACUUM, CREATE INDEX
			    CONCURRENTLY) */
	TARGET_AROUND, /**< a setting that is made before it begins (SQLite:
			    PRAGMA foreign_keys, a silent no-op inside;
			    PostgreSQL: the isolation level) */
};

/** What is to be done with a statement that stands alone. */
enum target_resume {
	TARGET_RESUME_RUN,     /**< run it */
	TARGET_RESUME_DONE,    /**< it took effect when it was begun before */
	TARGET_RESUME_UNKNOWN, /**< cannot be told */
};

/** A hook around the statements of migrations, for capture. */
struct target_watch {
	void *payload;

	/**
	 * The statement is prepared and may write these tables (from the
	 * authorizer), through triggers and cascades too: called before it
	 * runs, once per table and column. column NULL = rows are inserted
	 * or deleted; UPDATE OR REPLACE, which can delete as well, names its
	 * columns only. DROP TABLE names its table. A view with INSTEAD OF
	 * triggers is named like a table. Not named: temporary tables, and
	 * the shadow tables that a virtual table writes behind its own name.
	 * May use target_query().
	 */
	void (*may_write)(void *payload, const char *table, const char *column);
};

/** Required calls first; the wrappers in target.c are the only callers. */
struct target_ops {
	const char *name; /**< "sqlite" */
	enum sql_dialect dialect;
	uint32_t caps;

	struct err *(*begin)(struct target *t);
	struct err *(*commit)(struct target *t);
	void (*rollback)(struct target *t);
	bool (*in_transaction)(struct target *t);
	struct err *(*query)(struct target *t, const char *sql,
			     const struct target_value *args, int n_args,
			     target_row_fn row, void *payload);
	struct err *(*run)(struct target *t, const struct sql_statement *s);
	struct err *(*inspect)(struct target *t, struct schema *s,
			       enum target_scope scope,
			       struct schema_delta *delta);
	/* optional; NULL: run */
	struct err *(*run_later)(struct target *t,
				 const struct sql_statement *s);
	struct err *(*reset)(struct target *t);
	struct err *(*lock)(struct target *t, int64_t timeout_ms,
			    void (*waiting)(void *payload, const char *who),
			    void *payload);
	void (*unlock)(struct target *t);
	void (*location)(struct target *t, struct buf *out);
	void (*server)(struct target *t, struct buf *out);
	void (*close)(struct target *t);

	/* optional: NULL = every statement is INSIDE, nothing is deferred */
	enum target_place (*place)(const struct sql_statement *s);
	struct err *(*check_deferred)(struct target *t);
	struct err *(*violations)(struct target *t, int64_t *out);
	/* optional: NULL = no error passes by itself */
	bool (*is_transient)(const struct err *e);
	/* optional: NULL = always TARGET_RESUME_RUN */
	struct err *(*resume)(struct target *t, const struct sql_statement *s,
			      bool begun, enum target_resume *out);
	/* optional: NULL = cannot */
	struct err *(*index_alone)(struct target *t,
				   const struct schema_object *o, bool make);
	bool (*needs_transaction)(const struct err *e);
	/* optional: NULL = readings of a part miss nothing */
	void (*follow_schema)(struct target *t, struct schema *s);
	/* optional: NULL = nothing of ours sees rows that are gone */
	struct err *(*let_go)(struct target *t);
	/* optional: NULL = every question is answered at once */
	void (*batch)(struct target *t);
	/* optional: NULL = nobody else is known */
	struct err *(*others)(struct target *t,
			      void (*fn)(void *payload, const char *who),
			      void *payload);
	/* optional: NULL = cannot be copied */
	struct err *(*copy)(struct target *t, const struct target_copy *opt,
			    char **work);
	struct err *(*copy_end)(struct target *t,
				const struct target_copy *opt);
	struct err *(*copy_adopt)(struct target *t, const char *from,
				  void (*told)(void *payload, const char *text),
				  void *payload);
	struct err *(*remove)(struct target *t, const char *url);
	/* optional: NULL = a reading of the schema is quick enough */
	bool (*save_schema)(struct target *t, const struct schema *s,
			    struct buf *out);
	struct err *(*load_schema)(struct target *t, struct schema *s,
				   const char *data, size_t len, bool *taken);
	/* optional: NULL = the runner lock cannot be lost */
	bool (*has_lost_lock)(struct target *t);
};

/** First member of every driver's own struct. */
struct target {
	const struct target_ops *ops;
	int64_t deadline_us; /**< clock_steady_us() at which target_run() stops
				  with "statement timeout"; 0 = never */
	struct target_seen seen;
	int64_t lock_timeout_ms; /**< waiting for other writers; begins with
				      options.lock_timeout_ms, may be changed
				      between transactions */
	const struct target_watch *watch; /**< NULL = nobody looks */
};

/**
 * Open a database by URL: "sqlite:PATH", any libpq URI ("postgresql://...") or
 * "service=NAME". The file of an SQLite database is made only with options.create;
 * SQLITE_OPEN_NOFOLLOW is not used. Opening reads the header, so that "not a
 * database", a missing folder, a folder in place of a file and missing rights
 * are told here, each with a hint. "sqlite://PATH" is read as "sqlite:PATH";
 * a path is never taken for an SQLite URI. ":memory:" is a database in memory.
 *
 * @param[out] out owned by the caller; NULL on failure; target_close() it
 * @return ERR_USAGE for an unknown scheme; ERR_TARGET when it will not open;
 *         ERR_STATE when it stays locked for lock_timeout_ms;
 *         with create = false and no file in an existing folder:
 *         *out = NULL and no error
 */
MUST_USE struct err *target_open(struct target **out, const char *url,
				 const struct target_options *opt);
void target_close(struct target *t);

/**
 * Transactions. begin takes the write lock at once (BEGIN IMMEDIATE), waiting
 * lock_timeout_ms; commit is durable when it returns (synchronous=FULL).
 * rollback never fails and may be called when none is open.
 *
 * begin: ERR_STATE when another program writes, ERR_TARGET when the database
 * is read-only, ERR_CANCELLED on Ctrl-C while it waits. commit: ERR_TARGET
 * for a deferred constraint, ERR_STATE when readers stay; the transaction is
 * then still open. ERR_STATE too when it was ended by a statement.
 */
MUST_USE struct err *target_begin(struct target *t);
MUST_USE struct err *target_commit(struct target *t);
void target_rollback(struct target *t);

/** False after a statement ended the transaction on its own. */
bool target_in_transaction(struct target *t);

/** Nested: SAVEPOINT, RELEASE, and ROLLBACK TO with RELEASE. Names are
 * letters, digits and underscores. */
MUST_USE struct err *target_savepoint(struct target *t, const char *name);
MUST_USE struct err *target_release(struct target *t, const char *name);
MUST_USE struct err *target_rollback_to(struct target *t, const char *name);

/**
 * Our own SQL, not a migration's: parameters are $1..$n in every dialect; no
 * guard applies. Statements are prepared once per text and kept. row may be
 * NULL; it may ask further questions, and an error of it ends the query and is
 * returned as it is. n_args is the highest number in the text.
 */
MUST_USE struct err *target_query(struct target *t, const char *sql,
				  const struct target_value *args, int n_args,
				  target_row_fn row, void *payload);

/**
 * From here to the commit, questions without rows may be answered together
 * with it: their errors are then the commit's.
 */
void target_batch(struct target *t);

/** Connections that stay open beside the one that works see nothing any more,
 * so that rows that are gone can be cleared away. Outside a transaction. */
MUST_USE struct err *target_let_go(struct target *t);

/** target_query() without parameters and rows; several statements allowed. */
MUST_USE struct err *target_exec(struct target *t, const char *sql);

/**
 * Run one statement of a migration under the guard, throwing its rows away,
 * stopping on Ctrl-C (ERR_CANCELLED). Counts into t->seen.
 *
 * The guard refuses, as ERR_TARGET with the statement's place: ATTACH and
 * DETACH, VACUUM INTO, load_extension(), pragmas that name files or write the
 * schema (writable_schema, temp_store_directory, data_store_directory...),
 * transaction commands, journal_mode OFF and MEMORY, and any change to the
 * journal's own tables, or making of something with a name like theirs.
 * The error carries line and column (err_at with path "") of the statement,
 * or of the token SQLite points at (sqlite3_error_offset).
 *
 * ERR_CANCELLED: a write that was cut has taken the whole transaction along,
 * with all its savepoints (https://sqlite.org/c3ref/interrupt.html). Ask
 * target_in_transaction() after any error.
 */
MUST_USE struct err *target_run(struct target *t,
				const struct sql_statement *s);

/**
 * target_run() of a statement that only makes something, at the latest with
 * target_check_deferred(), which has to follow and gives its error then, with
 * the place of the statement: several of them are one way to a server.
 */
MUST_USE struct err *target_run_later(struct target *t,
				      const struct sql_statement *s);

/** Where the statement may run. Decided from its text alone. */
enum target_place target_statement_place(enum sql_dialect d,
					 const struct sql_statement *s);

/**
 * ERR_TARGET when a deferred constraint is violated that only the commit
 * would check, with the tables and counts.
 */
MUST_USE struct err *target_check_deferred(struct target *t);

/**
 * A statement that stands alone is about to run: clear away what an attempt
 * before has left (PostgreSQL: an INVALID index of that name is dropped, also
 * under IF NOT EXISTS, which would take it for the index that is wanted).
 *
 * @param begun it was started before and its end is not known: the catalog
 *              decides
 */
MUST_USE struct err *target_resume(struct target *t,
				   const struct sql_statement *s, bool begun,
				   enum target_resume *out);

/**
 * Make or drop an index beside the work of others, outside a transaction
 * (PostgreSQL: CONCURRENTLY). Once more does no harm.
 */
MUST_USE struct err *target_index_alone(struct target *t,
					const struct schema_object *o,
					bool make);

/** ... which this one cannot: it has to be done in a transaction. */
bool target_needs_transaction(const struct target *t, const struct err *e);

/** The failure was of the moment (a lock not had in time, a deadlock): the
 * same transaction may succeed when it is tried again. */
bool target_is_transient(const struct target *t, const struct err *e);

/** Rows that violate some foreign key, in the whole database (a scan). */
MUST_USE struct err *target_violations(struct target *t, int64_t *out);

/**
 * From now on `s` is kept up to date by readings of a part: the driver may
 * note, where transactions begin, what is not theirs. It stays where it is
 * until another call; NULL ends it.
 *
 * @return readings of a part should be checked by a whole one at the end
 */
bool target_follow_schema(struct target *t, struct schema *s);

/** Bring `s` up to date; see schema_sqlite_refresh(), schema_pg_refresh(). */
MUST_USE struct err *target_inspect(struct target *t, struct schema *s,
				    enum target_scope scope,
				    struct schema_delta *delta);
void target_seen_reset(struct target *t);

/**
 * What target_inspect() has read of all, as bytes to be kept; and back, into
 * an empty schema, where the database has not changed since. See
 * schema_pg_save() and schema_pg_load(). SQLite: never.
 */
bool target_save_schema(struct target *t, const struct schema *s,
			struct buf *out);
MUST_USE struct err *target_load_schema(struct target *t, struct schema *s,
					const char *data, size_t len,
					bool *taken);

/**
 * Undo what a migration left in the session: temporary objects, connection
 * settings (SQLite: foreign_keys, legacy_alter_table, recursive_triggers,
 * defer_foreign_keys, ignore_check_constraints, case_sensitive_like, ...).
 * Outside a transaction. Cheap when nothing was touched since the last one,
 * which is remembered apart from t->seen.
 */
MUST_USE struct err *target_reset(struct target *t);

/**
 * Become the one runner. SQLite: an exclusive OS lock on "<db>-migrate-lock",
 * which holds pid, host and command of its owner for messages; polled.
 *
 * @param waiting called once when another holds it, with who; may be NULL
 * The file is removed by target_unlock(); one that a killed process left over
 * means nothing. A database in memory needs no lock.
 *
 * @return ERR_STATE when the time is over (text names the holder, hint names
 *         --lock-timeout); ERR_CANCELLED on Ctrl-C; ERR_REFUSED when the
 *         folder is read-only
 */
MUST_USE struct err *target_lock(struct target *t, int64_t timeout_ms,
				 void (*waiting)(void *payload,
						 const char *who),
				 void *payload);
void target_unlock(struct target *t);

/**
 * What failed in a transaction, which is undone or will be: when the runner
 * lock was lost meanwhile, that is what is to be told. Consumes e, NULL stays
 * NULL; ERR_STATE for a lock that was lost.
 */
MUST_USE struct err *target_blame_lock(struct target *t, struct err *e);

/**
 * Who else is connected, as far as can be known: "psql of ann (pid 123)".
 * SQLite: processes of this machine that hold a lock of the file just now, as
 * every connection of a database in WAL mode does.
 */
MUST_USE struct err *target_others(struct target *t,
				   void (*fn)(void *payload, const char *who),
				   void *payload);

/**
 * Begin a copy of the whole database, as it is at one moment. The caller has
 * not locked it: it becomes the one runner until it is closed, and what others
 * commit meanwhile is not in the copy. SQLite: the backup API, into a file
 * that has another name until target_copy_end(). PostgreSQL: CREATE DATABASE
 * ... TEMPLATE, for which nobody else may be connected.
 *
 * @param[out] work URL at which the copy is made somebody of its own, to be
 *             freed; NULL: there is something at opt->url already
 * @return ERR_REFUSED: others are connected (named), a right is missing, a
 *         pooler; ERR_TARGET: no room, ...; nothing is left then
 */
MUST_USE struct err *target_copy(struct target *t,
				 const struct target_copy *opt, char **work);

/**
 * What was made of it is whole, and closed: from now on it is at opt->url.
 *
 * @return ERR_STATE: somebody else put something there meanwhile
 */
MUST_USE struct err *target_copy_end(struct target *t,
				     const struct target_copy *opt);

/**
 * On the copy, outside a transaction: what is kept beside a database, and was
 * not copied with it (PostgreSQL: its settings and grants). Once more does no
 * harm.
 *
 * @param from the URL of the one that it came from
 * @param told what the server does not let us do
 */
MUST_USE struct err *target_copy_adopt(struct target *t, const char *from,
				       void (*told)(void *payload,
						    const char *text),
				       void *payload);

/** Remove what a copy or its removal has left that was killed. */
void target_copy_clean(const char *url, const char *base_dir);

/**
 * Remove the database that t is, of which nothing can be got back. t is the
 * runner, and is closed, also when this fails.
 *
 * @param url what t was opened with
 * @return ERR_REFUSED: others are connected (named)
 */
MUST_USE struct err *target_remove(struct target *t, const char *url);

/** Where it is, for telling a copy: "file <device>:<inode> <host> <path>", or
 * "memory". */
void target_location(struct target *t, struct buf *out);

/** "SQLite 3.40.1". */
void target_server(struct target *t, struct buf *out);

#endif
