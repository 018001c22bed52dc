#ifndef SNAPSHOT_CAPTURE_PG_H
#define SNAPSHOT_CAPTURE_PG_H

#include "snapshot/capture_ops.h"
#include "snapshot/changelog.h"
#include "snapshot/linefile.h"
#include "snapshot/manifest.h"
#include "snapshot/pg_table.h"

/*
 * How PostgreSQL's rows are kept. The second connection (the observer) still
 * sees the version that each uncommitted write of the first has superseded, so
 * plain writes need nothing before they run and are read at the end, or before
 * the first statement that locks their table away from the observer. Behind
 * such a lock a cursor that was opened before the statement gives the old
 * versions. What DDL destroys is copied before it, behind a lock. What cannot
 * be told beforehand (DO, functions, DROP ... CASCADE) runs behind a savepoint
 * and, when it destroyed something, once more with a copy in front.
 *
 * Shared by capture_pg.c (statement by statement), capture_pg_tables.c (what
 * is touched), capture_pg_tell.c (what tells rows apart), capture_pg_copy.c (old
 * rows into logs), capture_pg_merge.c (the lines), capture_pg_sequence.c and
 * capture_pg_finish.c (the manifest).
 */

/** A table that was there before the migration. */
struct pg_captured {
	struct pg_table was; /**< as the observer sees it; of one that the
			       * transaction had worked on, as it was then */
	struct pg_table now; /**< read at the end; oid 0 = gone */
	bool concerns; /**< it has rows of the user: kind 'r', not temporary */
	bool *matched; /**< of was.columns: told apart by, without a key */
	bool *taken;   /**< of was.columns: the log has values of them */
	bool *told;    /**< of was.columns: the lines of '~' have digests of
			    them, and the log may have nothing */
	bool whole;    /**< the log has whole rows */
	bool complete; /**< every row that was there is in the log ... */
	bool complete_whole; /**< ... in all its columns */
	bool direct;         /**< its lines are written already */
	bool observed;       /**< old rows are to be read from the observer */
	bool covered;        /**< writes behind a lock were seen to */
	bool behind;         /**< ... by a cursor */
	bool behind_us; /**< what the transaction wrote before is no part of it */
	bool reshaped; /**< a type of its values got or lost attributes: from
			    then on they print in another way */
	int64_t n_written; /**< rows of it that we had written by then */
	struct changelog *log;
	unsigned n_logged; /**< rows, for keys of tables without one */
	char file[32];
	struct manifest_table lines;
};

/** A relation that our transaction has locked. */
struct pg_held {
	unsigned oid;
	bool wrote;     /**< ROW EXCLUSIVE or more: rows may have changed */
	bool exclusive; /**< ACCESS EXCLUSIVE: the observer cannot read it */
};

struct pg_sequence_state {
	unsigned oid;
	char *name;
	int64_t value;
	bool called;
};

/** A label of an enum. */
struct pg_label {
	unsigned oid, type_oid;
	char *word; /**< a literal */
	char *type; /**< its type's name */
};

struct pg_labels {
	struct pg_label *v;
	size_t n, cap;
};

struct pg_cursor {
	struct pg_captured *table;
	struct pg_table form; /**< of the table when it was opened */
	char name[24];
};

struct pg_capture {
	struct capture base;
	struct pg_conn *c,
		*second; /**< borrowed; second NULL = not asked for */
	const struct snapshot_out *out;
	const struct sql_script *script;
	struct pg_captured **tables;
	size_t n_tables, cap_tables;
	unsigned *created; /**< relations that were not there before */
	size_t n_created, cap_created;
	struct pg_held *held;
	size_t n_held, cap_held;
	struct pg_cursor *cursors;
	size_t n_cursors, cap_cursors;
	struct pg_sequence_state *sequences;
	size_t n_sequences, cap_sequences;
	struct pg_labels labels; /**< some, as they were */
	bool sequences_read;
	bool begun;            /**< the first statement was looked at */
	bool knows_multis;     /**< multis was read before anything ran */
	int64_t multis;        /**< the cluster's counter of multixacts */
	uint64_t ran;          /**< statements that were looked at so far */
	bool asked;            /**< once, whether there may be strays ... */
	uint64_t asked_at;     /**< ... behind so many ... */
	bool may_stray;        /**< ... and the answer */
	int64_t large_objects; /**< rows of theirs written until then */
	bool wrote;            /**< rows were written since the last flush */
	bool wrote_any;        /**< ... at all */
	bool altered;          /**< a statement that is no DML has run */
	bool aside;            /**< rows are written that no statement says */
	bool trying;           /**< behind the savepoint */
	struct buf xids;       /**< our transaction ids: ",1,2," */
	struct buf ours;       /**< the same for SQL: an array */
	struct line_writer lines;
	size_t n_files;
	struct buf key, sql;
};

static inline struct pg_capture *pg_capture_of(struct capture *base)
{
	return (struct pg_capture *)(void *)base;
}

/* --- capture_pg_tables.c --- */

/** The record of a relation; *out NULL when it was not there before, or is not
 * the user's. */
MUST_USE struct err *pg_capture_table(struct pg_capture *c, unsigned oid,
				      struct pg_captured **out);

/**
 * The migration is not the first work of its transaction: what that has touched
 * so far is taken as it is now, because the observer sees it as it was before.
 *
 * @param copy rows, too: they may be written
 */
MUST_USE struct err *pg_capture_baseline(struct pg_capture *c, bool copy);

/** A relation as our own transaction sees it now; oid 0 = it is gone. */
MUST_USE struct err *pg_capture_now(struct pg_capture *c, unsigned oid,
				    struct pg_table *out);

/** Read c->held and c->ours. */
MUST_USE struct err *pg_capture_held(struct pg_capture *c);

/**
 * Append a condition on a column of transaction ids (xmin of rows that we can
 * see): it is ours. A savepoint's that was released is newer than our own and
 * in progress, and nobody sees others that are.
 */
void pg_capture_add_is_ours(struct buf *out, const struct pg_capture *c,
			    const char *column);
const struct pg_held *pg_capture_is_held(const struct pg_capture *c,
					 unsigned oid);

/** Relations that a name stands for now, and those that inherit from it. */
MUST_USE struct err *pg_capture_resolve(struct pg_capture *c,
					const struct sql_loss *loss,
					unsigned **oids, size_t *n);
MUST_USE struct err *pg_capture_second(struct pg_capture *c);
void pg_captured_free(struct pg_captured *t);

/** A key that goes cannot pair rows: they are told apart by the rest. */
void pg_capture_forget_keys(struct pg_captured *t);
MUST_USE struct err *pg_capture_lock(struct pg_capture *c,
				     struct pg_captured **list, size_t n);

/* --- capture_pg_tell.c --- */

/** Choose the columns that are told, once it is known which are taken. */
MUST_USE struct err *pg_capture_tell(struct pg_capture *c,
				     struct pg_captured *t);

/** Columns of `was` that are fields behind the key. */
bool pg_captured_is_field(const struct pg_captured *t, size_t column);
size_t pg_captured_fields(const struct pg_captured *t);

/** The table's lines have that column of `was`. */
bool pg_captured_is_listed(const struct pg_captured *t, size_t column);

/* --- capture_pg_values.c --- */

/**
 * Values that the statement takes something from in tables that it does not
 * name: attributes of a type, the name behind a regclass.
 */
MUST_USE struct err *pg_capture_values(struct pg_capture *c,
				       const struct sql_statement *s);

/** ERR_STATE when rows of a table that is `reshaped` were written since. */
MUST_USE struct err *pg_capture_check_shapes(struct pg_capture *c,
					     const struct pg_captured *t);

/* --- capture_pg_copy.c --- */

/** A reading of one table's rows. */
struct pg_reading {
	const struct pg_captured *table;
	const struct pg_table *as; /**< names and columns at this moment */
	const char *where;         /**< or NULL */
	bool flag;       /**< first field: the row is a version of ours */
	bool ordered;    /**< by key */
	bool only_taken; /**< columns that are taken, else all */
	bool told;       /**< ... and those that are told */
	bool plain;      /**< every column in its order, no key apart */
	bool only_keys;  /**< no columns but those of the key */
};

/** Append SELECT ... FROM ONLY ...; one field per key column (or one for a
 * table without), then one per column of was that is neither in the key nor
 * generated; of a column that is gone, NULL. */
void pg_reading_sql(struct buf *out, const struct pg_reading *r,
		    const struct pg_capture *c);

/** Old rows of a table that the observer can read, into its log. */
MUST_USE struct err *pg_capture_flush(struct pg_capture *c,
				      struct pg_captured *t);

/** Keys of rows that the migration has put there, before the log learns of
 * rows that were there. */
MUST_USE struct err *pg_capture_mark_inserted(struct pg_capture *c,
					      struct pg_captured *t);

/**
 * After a statement that may rewrite tables: in one that was rewritten every
 * row looks like ours. Its keys are noted now, so that later ones are new.
 */
MUST_USE struct err *pg_capture_note_rewrites(struct pg_capture *c);

/** Every row into the log: the columns taken so far, or all. */
MUST_USE struct err *pg_capture_copy(struct pg_capture *c,
				     struct pg_captured *t, bool whole);

/** Straight into a file, because nothing else can touch it. */
MUST_USE struct err *pg_capture_direct(struct pg_capture *c,
				       struct pg_captured *t, bool dropped,
				       bool emptied);

/** Cursors on what is locked away from the observer, and their rows. */
MUST_USE struct err *pg_capture_cursors(struct pg_capture *c);
MUST_USE struct err *pg_capture_fetch(struct pg_capture *c);
void pg_capture_forget_cursors(struct pg_capture *c);

/** Before the first statement: whether groups of lockers come to be. */
MUST_USE struct err *pg_capture_count_multis(struct pg_capture *c);

/**
 * Append the condition that is true, for the observer, of the versions that we
 * have superseded (or locked only). Between observe and observed.
 *
 * @param now the table as it is now for us
 */
MUST_USE struct err *pg_capture_superseded(struct pg_capture *c,
					   const struct pg_captured *t,
					   const struct pg_table *now,
					   struct buf *out);

/** COPY from the observer: between these two. */
MUST_USE struct err *pg_capture_observe(struct pg_capture *c);
MUST_USE struct err *pg_capture_observed(struct pg_capture *c, struct err *e);

/* --- capture_pg_merge.c --- */

/** Old and new rows side by side: the lines of one table. */
MUST_USE struct err *pg_capture_merge(struct pg_capture *c,
				      struct pg_captured *t);

/** Names a new file for the table's lines. */
void pg_capture_file(struct pg_capture *c, struct pg_captured *t);

/* --- capture_pg_sequence.c --- */
MUST_USE struct err *pg_capture_sequences(struct pg_capture *c);

/** Large objects were written by the migration. */
MUST_USE struct err *pg_capture_check_objects(struct pg_capture *c);
MUST_USE struct err *pg_capture_write_sequences(struct pg_capture *c,
						struct manifest *m);

/* --- capture_pg_label.c --- */

/** Those that the transaction has made or renamed so far. */
MUST_USE struct err *pg_capture_labels(struct pg_capture *c);

/** Add those that the migration has renamed.
 * @param rows some are kept: ERR_STATE where one has the word of another */
MUST_USE struct err *pg_capture_renamed_labels(struct pg_capture *c, bool rows,
					       struct schema_delta *d,
					       struct arena *a);
void pg_labels_release(struct pg_labels *list);

/* --- capture_pg_finish.c --- */
void pg_capture_add_rename(struct schema_delta *d, struct arena *a,
			   const char *table, const char *column,
			   const char *to);
MUST_USE struct err *pg_capture_finish(struct capture *base,
				       struct schema_delta *delta,
				       struct arena *arena,
				       struct capture_result *out);

/** capture_pg_copy.c: one row, all its columns; as: which of them exist in
 * what was read. */
MUST_USE struct err *pg_capture_log_whole(struct pg_capture *c,
					  struct pg_captured *t,
					  const struct pg_table *as,
					  const struct pg_field *fields);

/** capture_pg_merge.c: a key can only pair rows while its columns are there. */
MUST_USE struct err *pg_capture_check_key(const struct pg_captured *t,
					  const struct pg_table *now);

#endif
