#ifndef SNAPSHOT_CAPTURE_SQLITE_H
#define SNAPSHOT_CAPTURE_SQLITE_H

#include "snapshot/capture.h"
#include "snapshot/changelog.h"
#include "snapshot/linefile.h"
#include "snapshot/manifest.h"
#include "snapshot/table_sqlite.h"

/* Shared by capture_sqlite.c (watching) and capture_write.c (writing). */

/** A table that stood there before the migration and was touched by it. */
struct captured {
	struct table_info info; /**< its form before the migration */
	struct table_info form; /**< its form now */
	char *now;              /**< its name now; NULL = dropped */
	char **column_now;      /**< names now of info's columns; NULL = gone */
	int *index_now;         /**< where the pre-update hook has them */
	bool *candidate;        /**< columns the running statement may set */
	struct changelog *log;
	sqlite3_stmt *fetch; /**< a row by key, info's columns in order */
	bool streamed;       /**< dropped: its lines are written already */
	char file[32];       /**< of its lines */
	struct manifest_table lines; /**< counts of the lines written */
};

struct sequence {
	char *table;
	int64_t value;
};

struct capture {
	struct target *target;
	sqlite3 *db;
	struct capture_options opt;
	struct target_watch watch;
	const struct snapshot_out *out;
	const struct sql_script *script;
	struct captured **tables;
	size_t n_tables, cap_tables;
	char **created; /**< tables this migration made, by name now */
	size_t n_created, cap_created;
	struct captured *last; /**< of the last event */
	const char *dropping;  /**< rows of this table are logged already */
	bool creates_virtual;
	bool was_there; /**< the table a CREATE names existed before it */
	struct sequence *sequences;
	size_t n_sequences, cap_sequences;
	bool sequences_read;
	struct line_writer lines;
	size_t n_files;
	struct buf scratch;
	struct err *err; /**< sticky, from inside the hook */
};

/** sqlite_sequence as it stands, into a list. */
MUST_USE struct err *capture_read_sequences(sqlite3 *db, struct sequence **out,
					    size_t *n, size_t *cap);

/** Every row of a table as '-' lines of a new file; counts into *lines. */
MUST_USE struct err *capture_stream(struct capture *c, struct captured *t);

/** The captured table that had this name before, or NULL. */
struct captured *capture_by_name(struct capture *c, const char *now);

#endif
