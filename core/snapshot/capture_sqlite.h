#ifndef SNAPSHOT_CAPTURE_SQLITE_H
#define SNAPSHOT_CAPTURE_SQLITE_H

#include "snapshot/capture_ops.h"
#include "snapshot/changelog.h"
#include "snapshot/linefile.h"
#include "snapshot/manifest.h"
#include "snapshot/sequence_sqlite.h"
#include "snapshot/table_sqlite.h"

/*
 * Shared by capture_sqlite.c (which tables), capture_hook.c (rows as they
 * change), capture_ddl.c (statements that make, drop and alter tables),
 * capture_write.c (the lines) and capture_finish.c (the manifest).
 */

/** A table that stood there before the migration and was touched by it. */
struct captured {
	struct table_info info; /**< its form before the migration */
	struct table_info form; /**< its form now */
	char *now;              /**< its name now; NULL = dropped */
	char **column_now;      /**< names now of info's columns; NULL = gone */
	char **all_now;         /**< the same of every column */
	int *index_now;         /**< where the pre-update hook has them */
	bool *candidate;        /**< columns the running statement may set */
	bool named; /**< by the running statement; else any may be set */
	struct changelog *log;
	sqlite3_stmt *fetch; /**< a row by key: its key, info's columns */
	int fetch_first;     /**< result column of the first */
	bool unchecked; /**< rows of it broke a CHECK when it was dropped */
	bool streamed;  /**< dropped: its lines are written already */
	char file[32];  /**< of its lines */
	struct manifest_table lines; /**< counts of the lines written */
};

/** An object of sqlite_schema that was dropped, and may have come back. */
struct placed {
	char *type, *name;
	int64_t position;
	char *sql; /**< of what no schema delta has: shadow tables */
};

struct sqlite_capture {
	struct capture base;
	sqlite3 *db;
	struct target_watch watch;
	const struct snapshot_out *out;
	const struct sql_script *script;
	struct captured **tables;
	size_t n_tables, cap_tables;
	char **created; /**< tables this migration made, by name now */
	size_t n_created, cap_created;
	struct captured *last; /**< of the last event */
	const char *dropping;  /**< rows of this table are logged already */
	uint64_t collateral;   /**< rows changed while it is dropped */
	const char *creating;  /**< a virtual table, with <creating>_<suffix> */
	bool concerned;   /**< the running statement is about main's tables */
	bool was_there;   /**< the table a CREATE names existed before it */
	bool any_virtual; /**< virtual tables may hold writes back */
	bool dropped_virtual; /**< one that the migration did not make */
	int new_as_stored; /**< how the hook counts new values; -1 = unknown */
	int64_t read_to;   /**< no table up to here in sqlite_schema refers */
	struct placed *placed;
	size_t n_placed, cap_placed;
	struct sequences sequences; /**< before the migration */
	bool sequences_read;
	struct line_writer lines;
	size_t n_files;
	struct buf scratch; /**< the hook's key */
	struct buf bind;
	struct err *err; /**< sticky, from inside the hook */
};

static inline struct sqlite_capture *sqlite_capture_of(struct capture *base)
{
	return (struct sqlite_capture *)(void *)base;
}

/* capture_ddl.c and capture_finish.c: the operations */
MUST_USE struct err *sqlite_capture_before(struct capture *base, size_t i);
MUST_USE struct err *sqlite_capture_after(struct capture *base, size_t i);
MUST_USE struct err *sqlite_capture_finish(struct capture *base,
					   struct schema_delta *delta,
					   struct arena *arena,
					   struct capture_result *out);

/** The error that stopped the hook, or NULL; the caller's. */
struct err *sqlite_capture_take(struct sqlite_capture *c);

/** The captured table that has this name now, or NULL. */
struct captured *capture_by_name(struct sqlite_capture *c, const char *now);

/**
 * The record of a table that existed before the migration, made when it is
 * first met; *out NULL for one that the migration made, or that is not ours.
 */
MUST_USE struct err *capture_ensure(struct sqlite_capture *c, const char *name,
				    struct captured **out);

/** Where each column is to be found, after the table's form changed. */
MUST_USE struct err *capture_map_columns(struct sqlite_capture *c,
					 struct captured *t);

/** Make virtual tables write what they hold back to their shadow tables. */
MUST_USE struct err *capture_flush(struct sqlite_capture *c);

/** Tables that the migration made. */
bool capture_is_created(const struct sqlite_capture *c, const char *name);
void capture_add_created(struct sqlite_capture *c, const char *name);

/** Tables whose rows are not the user's: sqlite_sequence is read apart. */
bool capture_is_internal(const char *name);

/** The pre-update hook; payload is the capture. */
void capture_on_change(void *payload, sqlite3 *db, int op, const char *schema,
		       const char *name, sqlite3_int64 old_rowid,
		       sqlite3_int64 new_rowid);

/** Every row of a table as '-' lines of a new file; counts into *lines. */
MUST_USE struct err *capture_stream(struct sqlite_capture *c,
				    struct captured *t);

/** Counts rows that refer to inserted ones; capture_referrers.c. */
struct referrers {
	sqlite3 *db;
	int64_t *read_to;               /**< of the capture */
	const struct table_info *table; /**< as it is now */
	sqlite3_stmt *add;
	struct buf bind;
	size_t n;
	bool asked;
};

/** The migration inserted this row, or changed it. */
MUST_USE struct err *referrers_add(struct referrers *r,
				   const struct change_key *key);

/** Count them, unless there was an error or out is NULL; release. */
MUST_USE struct err *referrers_end(struct referrers *r, struct err *err,
				   uint64_t *out);

/** The lines of one table, and its part of the manifest. */
MUST_USE struct err *capture_write_table(struct sqlite_capture *c,
					 struct captured *t,
					 struct manifest *m);

#endif
