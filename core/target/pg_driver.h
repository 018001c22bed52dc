#ifndef TARGET_PG_DRIVER_H
#define TARGET_PG_DRIVER_H

#include "base/map.h"
#include "target/target_pg.h"

/*
 * What the files of the PostgreSQL driver share; nobody outside core/target
 * includes it. One file per concern: pg_open.c (opening), pg_query.c (our own
 * SQL), pg_run.c (statements of migrations), pg_resume.c (those that stand
 * alone and were begun before), pg_session.c (what they leave behind),
 * pg_guard.c (what they may not touch),
 * pg_lock.c (the one runner, and who is in the way), target_pg.c (transactions
 * and the operations table).
 */
struct pg_target {
	struct target base;
	struct pg_conn *c;
	struct pg_conn *second; /**< NULL = not needed yet */
	char *journal;          /**< schema */
	struct map renamed; /**< our SQL -> the same for that schema, owned */
	char *location;
	bool locked;
	bool has_meta;         /**< the journal was there at the last look */
	struct schema *schema; /**< read in parts, or NULL */
	bool batching;     /**< target_batch(): what gives no rows is queued */
	const char *begin; /**< of the next transaction, where a migration has
				set its level; NULL = as always */
	bool touched;      /**< statements may have left settings behind */
	bool later;        /**< statements of a migration are queued */
	bool running;      /**< a migration's statement: its notices count */
	bool wrote;        /**< this transaction's journal, by ourselves */
	char *before;      /**< what the journal was like then */
	bool opaque;       /**< a statement of this transaction may have changed
			       catalogs in ways that its locks do not tell */
	bool prepared;    /**< a migration has prepared statements of its own */
	char *blocker;    /**< who was in the way of the statement that runs */
	struct buf saved; /**< SQL that puts a migration's settings back */
	void (*notice)(void *payload, const char *severity, const char *text);
	void *notice_payload;
};

static inline struct pg_target *pg_target_of(struct target *base)
{
	return (struct pg_target *)(void *)base;
}

/* pg_query.c */
MUST_USE struct err *pg_target_query(struct target *base, const char *sql,
				     const struct target_value *args,
				     int n_args, target_row_fn row,
				     void *payload);

/** The hint of an error for want of a right to the journal, by SQL of ours. */
MUST_USE struct err *pg_target_explain(struct pg_target *t, const char *sql,
				       struct err *e);

/* pg_run.c */
MUST_USE struct err *pg_target_run(struct target *base,
				   const struct sql_statement *s);
MUST_USE struct err *pg_target_run_later(struct target *base,
					 const struct sql_statement *s);

/** Send what is queued; statements of a migration may be among it. */
MUST_USE struct err *pg_target_flush(struct pg_target *t);
enum target_place pg_target_place(const struct sql_statement *s);

/* pg_session.c */

/** In the transaction, behind a migration's statements: what waits for the
 * commit is checked now, and our own settings count again. */
MUST_USE struct err *pg_target_check_deferred(struct target *base);
MUST_USE struct err *pg_target_reset(struct target *base);

/* pg_guard.c */

/** A transaction begins. */
void pg_target_guard_begin(struct pg_target *t);

/** SQL of our own runs. */
void pg_target_guard_wrote(struct pg_target *t, const char *sql);

/** A migration's statement is about to run. */
MUST_USE struct err *pg_target_guard_run(struct pg_target *t);

/**
 * Send what is queued, and ask whether the statements since the transaction
 * began have changed the journal: ERR_TARGET. Rows of our own come after it.
 */
MUST_USE struct err *pg_target_guard_check(struct pg_target *t);

/* pg_resume.c */
MUST_USE struct err *pg_target_resume(struct target *base,
				      const struct sql_statement *s, bool begun,
				      enum target_resume *out);

/* pg_index.c */
MUST_USE struct err *pg_target_index_alone(struct target *base,
					   const struct schema_object *o,
					   bool make);

/* pg_lock.c */
MUST_USE struct err *pg_target_let_go(struct target *base);

/* --- pg_copy.c --- */
MUST_USE struct err *pg_target_copy(struct target *base,
				    const struct target_copy *opt, char **work);
MUST_USE struct err *pg_target_copy_adopt(struct target *base, const char *from,
					  void (*told)(void *payload,
						       const char *text),
					  void *payload);
MUST_USE struct err *pg_target_remove(struct target *base, const char *url);

/* --- pg_others.c --- */
MUST_USE struct err *pg_target_others(struct target *base,
				      void (*fn)(void *payload,
						 const char *who),
				      void *payload);

/** Who is connected to a database of that name, beside c and process `pid`. */
MUST_USE struct err *pg_target_name_others(
	struct pg_conn *c, const char *name, int64_t pid,
	void (*fn)(void *payload, const char *who), void *payload);

/* --- pg_lock.c --- */
MUST_USE struct err *pg_target_lock(struct target *base, int64_t timeout_ms,
				    void (*waiting)(void *payload,
						    const char *who),
				    void *payload);
void pg_target_unlock(struct target *base);

/**
 * Become the runner on the first connection alone, for as long as it is open:
 * for what a second one would be in the way of.
 */
MUST_USE struct err *pg_target_lock_alone(
	struct target *base, int64_t timeout_ms,
	void (*waiting)(void *payload, const char *who), void *payload);

/** The lock is still ours; asks the server only when `surely`. */
MUST_USE struct err *pg_target_check_lock(struct pg_target *t, bool surely);

/** The lock was ours, its connection is gone, and the other one is not. Asks
 * the server: for when something has failed. */
bool pg_target_has_lost_lock(struct target *base);

/** Watch for who is in the way of the first connection's next statements, in
 * a transaction. (The question has a snapshot, for which a statement that runs
 * CONCURRENTLY might wait for ever.) */
void pg_target_watch(struct pg_target *t);

/** Add who was in the way to a failure to get a lock. */
MUST_USE struct err *pg_target_blame(struct pg_target *t, struct err *e);

#endif
