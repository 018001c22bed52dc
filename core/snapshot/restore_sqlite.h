#ifndef SNAPSHOT_RESTORE_SQLITE_H
#define SNAPSHOT_RESTORE_SQLITE_H

#include "base/map.h"
#include "snapshot/linefile.h"
#include "snapshot/manifest.h"
#include "snapshot/restore_ops.h"
#include "snapshot/sequence_sqlite.h"
#include "snapshot/settle.h"
#include "snapshot/table_sqlite.h"

/* Shared by the restore_*.c files of SQLite. */

/** How a table gets its old form back. */
enum restore_way {
	RESTORE_ROWS,    /**< its form did not change: rows in place */
	RESTORE_TEXT,    /**< only names changed: its text is set back */
	RESTORE_SHRINK,  /**< only columns were added: they are dropped */
	RESTORE_REBUILD, /**< made anew and filled from what is there */
	RESTORE_REMAKE,  /**< it was dropped: made anew from the snapshot */
	RESTORE_REMOVE,  /**< the migration made it: parked and dropped */
	RESTORE_VIRTUAL, /**< virtual table: made anew, or renamed back */
};

/** One table that the migration touched. */
struct restore_table {
	enum restore_way way;
	const char *before, *after;         /**< names; NULL = not there */
	const struct schema_object *old;    /**< definition to come back */
	const struct schema_object *cur;    /**< definition now */
	const struct manifest_table *lines; /**< NULL = no rows to restore */
	const char *aside;         /**< name while it is being rebuilt */
	struct settlement settled; /**< about single lines */
};

struct restore {
	const struct restore_request *req;
	struct restore_result *out;
	sqlite3 *db;
	struct manifest manifest;
	struct restore_table *tables;
	size_t n_tables, cap_tables;
	/* definitions to run again once the tables stand, in this order */
	const struct schema_object **remake;
	size_t n_remake, cap_remake;
	struct sequences sequences; /**< as they stand before the restore */
	struct line_writer park;
	struct manifest park_manifest;
	size_t n_park_files;
	struct restore_child *children; /**< of tables that lose rows */
	size_t n_children, cap_children;
	struct restore_dependent *dependents; /**< views, triggers of others */
	size_t n_dependents, cap_dependents;
	struct map dependent_keys; /**< foreign keys that found their columns */
	bool stale_virtual;        /**< shadow tables were written */
	bool altered; /**< ALTER TABLE ran, which edits other texts */
	struct buf scratch;
	struct arena arena;
};

/** A table with a foreign key to one that loses rows. */
struct restore_child {
	const char *name, *parent;
	uint64_t n_keys;    /**< foreign keys from the one to the other */
	int64_t violations; /**< before the restore; -1 = cannot be told */
};

/** A line of a table, cut into its parts; borrowed from its reader. */
struct restore_line {
	char op;
	uint64_t number; /**< in the file, from 0 */
	struct change_key key;
	const char *fields, *end;
};

/** A table's lines, read one by one, without what was settled otherwise. */
struct restore_lines {
	struct line_reader reader;
	const struct restore_table *table;
	/* to be set once it is open */
	bool all;   /**< every line as it stands */
	bool moved; /**< only those whose rows get another rowid */
	uint64_t next;
	struct settle_cursor cursor;
	const struct settled *settled; /**< of the line read last */
	size_t n_settled;
	struct buf text; /**< of a line with columns taken out */
};
MUST_USE struct err *restore_lines_open(struct restore_lines *l,
					struct restore *r,
					const struct restore_table *t);
void restore_lines_close(struct restore_lines *l);

/** The line's row was settled so. */
bool restore_lines_has(const struct restore_lines *l, enum settle_how how);

/** op = 0 at the end. */
MUST_USE struct err *restore_lines_next(struct restore_lines *l,
					struct restore_line *out);

/** Field of one column: what it held, and what the migration left there. */
struct restore_field {
	struct row_value old; /**< ROW_SAME: unchanged, its digest */
	struct row_value now; /**< of '~' and a changed column */
	bool changed;
};

/** The next column's field of a line; scratch as in row_parse(). */
MUST_USE struct err *restore_field_next(const char **pos, const char *end,
					char op, struct restore_field *out,
					struct buf *scratch);

MUST_USE struct err *restore_exec(struct restore *r, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
void restore_conflict_add(struct restore *r, const char *object,
			  const char *what, uint64_t rows);

/* restore_plan.c */
MUST_USE struct err *restore_plan(struct restore *r);

/* restore_check.c: before and after */
MUST_USE struct err *restore_check(struct restore *r);
MUST_USE struct err *restore_verify(struct restore *r);

/** Quoted names of a line's columns in a form of the table; "NULL" = none. */
const char *const *restore_expressions(struct restore *r,
				       const struct table_info *info,
				       const struct manifest_table *m,
				       bool after);

/** A line less that goes back. */
void restore_count_out(struct restore *r, const struct restore_table *t,
		       char op);

/* restore_judge.c: a line and the row that has its key */
struct restore_judge {
	struct restore *r;
	struct restore_table *t;
	const char *table;      /**< as conflicts name it */
	struct table_info info; /**< as it is now */
	/* by column of the lines */
	bool *known;   /**< it is there now */
	bool *unique;  /**< by itself */
	bool *retyped; /**< another type comes back */
	bool *tells;   /**< the migration wrote many values; once sampled */
};
MUST_USE struct err *restore_judge_open(struct restore_judge *j,
					struct restore *r,
					struct restore_table *t);
void restore_judge_close(struct restore_judge *j);

/** Settle the line, or report its conflict. row NULL = there is none. */
MUST_USE struct err *restore_judge(struct restore_judge *j,
				   const struct restore_line *line,
				   sqlite3_stmt *row);

/** "id = 5", in the arena. */
const char *restore_key_text(struct restore *r, const struct table_info *t,
			     const struct change_key *key);

/* restore_evict.c: rows that make room are parked */
MUST_USE struct err *restore_evict(struct restore *r);

/* restore_unfit.c: rows written since that the old form does not take */

/** A row as the table has it now. */
struct restore_unfit {
	const char *table; /**< before the migration */
	const struct table_info *info;
	const struct change_key *key;
	const char *constraint; /**< that it breaks */
	const char *what;
};

/**
 * It goes, and is parked; the restore begins anew.
 *
 * @param choosable a choice would settle it, and goes before
 * @return false: it is a conflict
 */
bool restore_unfit(struct restore *r, const struct restore_unfit *u,
		   bool choosable);

/** The same of a row whose line cannot go back: that is left out, too. */
bool restore_unfit_line(struct restore *r, const struct restore_unfit *u,
			const struct restore_line *line);

/** A line cannot go back, and is left out. */
bool restore_aside_line(struct restore *r, const struct restore_late *late);

/** RESTORE_NO_VALUE and the like, of SQLite's extended code. */
const char *restore_what_of(int code);

/* restore_twins.c */

/** A unique index cannot be made: the rows that have a value twice. *found
 * false when none of them can go. */
MUST_USE struct err *restore_twins(struct restore *r,
				   const struct schema_object *index,
				   bool *found);

/* restore_checks.c: rows that break a CHECK that comes back */
MUST_USE struct err *restore_checks(struct restore *r);

/* restore_children.c: rows that refer to one that goes */

/** Remember which refer to nothing already. */
MUST_USE struct err *restore_children_before(struct restore *r);

/** Those that do now: they go. *found false: none of them can. */
MUST_USE struct err *restore_children_after(struct restore *r,
					    const struct restore_child *c,
					    bool *found);

/* restore_orphans.c: rows that would refer to one that is gone */
MUST_USE struct err *restore_orphans_before(struct restore *r);
MUST_USE struct err *restore_orphans_after(struct restore *r);

/* restore_parents.c: rows that come back and refer to one that is gone */
MUST_USE struct err *restore_parents(struct restore *r);

/* restore_sequence.c */
MUST_USE struct err *restore_sequences(struct restore *r);

/* restore_park.c */
MUST_USE struct err *restore_park(struct restore *r);

/** A table of the park, whose lines come next.
 * @param file "rows" or "aside": manifest_is_aside() */
struct manifest_table *restore_park_table(struct restore *r, const char *name,
					  const struct table_info *info,
					  const char *file);

/** Nothing more is parked: its manifest. */
MUST_USE struct err *restore_park_end(struct restore *r);

/* restore_rows.c: rows in place, by key */
MUST_USE struct err *restore_rows(struct restore *r,
				  const struct restore_table *t);

/** Writes rows of one table in its old form. */
struct restore_writer {
	struct restore *r;
	const struct restore_table *t;
	struct table_info info;
	sqlite3_stmt *remove, *insert;
	sqlite3_stmt *replace;          /**< the insert, OR REPLACE */
	sqlite3_stmt *back, *back_over; /**< of a row that was set apart */
	struct map updates;             /**< mask of columns -> sqlite3_stmt */
	bool apart;         /**< updates go to the temporary table */
	bool moved;         /**< rows get a new rowid ... */
	int64_t free_rowid; /**< ... from this one on, if not 0 */
	struct buf bulk;    /**< mask of the lines that are written already */
	struct buf mask, values, key;
};
MUST_USE struct err *restore_writer_open(struct restore_writer *w,
					 struct restore *r,
					 const struct restore_table *t);
void restore_writer_close(struct restore_writer *w);

/**
 * Insert a line's row with its old values; what the line does not have comes
 * from result columns 1.. of `row`, one for each of the line's columns.
 */
MUST_USE struct err *restore_writer_insert(struct restore_writer *w,
					   const struct restore_line *line,
					   sqlite3_stmt *row);

/** The line changes the columns of w's mask and no others. */
bool restore_writer_sets(const struct restore_writer *w,
			 const struct restore_line *line);

/* restore_rows.c, for restore_apart.c */
typedef struct err *(*restore_row_fn)(struct restore_writer *w,
				      const struct restore_line *line);

/** Call fn for the lines of one kind. */
MUST_USE struct err *restore_each_line(struct restore_writer *w, char op,
				       restore_row_fn fn);

/** Run a statement of one row, and reset it. */
MUST_USE struct err *restore_run_one(struct restore_writer *w,
				     sqlite3_stmt *stmt);
MUST_USE struct err *restore_remove_row(struct restore_writer *w,
					const struct restore_line *line);
MUST_USE struct err *restore_update_row(struct restore_writer *w,
					const struct restore_line *line);
void restore_forget_updates(struct restore_writer *w);

/** Append the table's name for SQL. */
void restore_add_target(struct buf *sql, const struct restore_writer *w);

/** Where rows lie that are set apart. */
#define RESTORE_SAVED "temp.git_migrate_saved"

/** restore_apart.c: rows of '~' whose unique values change places. */
MUST_USE struct err *restore_apart(struct restore_writer *w);

/**
 * restore_update.c: give the rows whose lines have w's mask their old values,
 * in one statement. Rowid tables only; cheap where most rows have a line.
 *
 * @param done how many rows had one
 * @param code SQLite's, of the failure
 */
MUST_USE struct err *restore_update(struct restore_writer *w, uint64_t *done,
				    int *code);

/** A constraint that a row of later breaks is a conflict, not a failure: of
 * the table, which nothing settles. */
MUST_USE struct err *restore_writer_taken(struct restore_writer *w,
					  struct err *err);

/** Rows that get a new rowid, once all others are there. */
MUST_USE struct err *restore_writer_moved(struct restore_writer *w);

/* restore_taken.c: rows that a constraint keeps out */
struct restore_broken {
	int code; /**< SQLite's, extended */
	char *constraint;
};

/** "users.email", of SQLite's message. */
const char *restore_constraint_of(sqlite3 *db);

/** Of the statement that has just failed; false = it was something else. */
bool restore_broken_read(struct restore_broken *out,
			 const struct restore_writer *w);

/**
 * The conflict of a line whose row could not be put back.
 *
 * @param replace the statement again, as INSERT OR REPLACE; bound, and is
 *        run and reset
 */
void restore_taken(struct restore_writer *w, const struct restore_line *line,
		   const struct restore_broken *broken, sqlite3_stmt *replace);

/**
 * The same of a row that has no line, when a table is made anew.
 *
 * @param in_the_way keys of the rows that have its values, for
 *        restore_leave_out()
 */
void restore_kept_out(struct restore_writer *w, int64_t rowid,
		      const struct restore_broken *broken,
		      sqlite3_stmt *replace, struct map *in_the_way);

/** The lines of those keys do not go back: a conflict each. */
MUST_USE struct err *restore_leave_out(struct restore_writer *w,
				       const struct map *in_the_way);

/* restore_fill.c */
MUST_USE struct err *restore_fill(struct restore *r,
				  const struct restore_table *t);

/** Rows for one INSERT ... SELECT; restore_feed.c. */
struct restore_feed {
	size_t n_fields;
	struct row_value *values; /**< of the row; good until the next */
	bool at_end;
	struct err *(*start)(struct restore_feed *f); /**< to the first row */
	struct err *(*next)(struct restore_feed *f);
	struct err *err; /**< why a row could not be read */
};

/**
 * Run a statement that reads fields f0, f1... of the rows, in their order,
 * from git_migrate_lines.
 *
 * @param code SQLite's extended code, of the failure
 */
MUST_USE struct err *restore_feed_run(struct restore *r, struct restore_feed *f,
				      const char *sql, int *code);

/* restore_bulk.c: all lines of a table that was dropped */
MUST_USE struct err *restore_bulk(struct restore *r,
				  const struct restore_table *t,
				  const struct table_info *info);

/** Columns that both forms of a table have: names now, and names then. */
struct restore_kept {
	const char **now, **then;
	size_t n;
};

/* restore_merge.c: a table and its lines in one pass, by rowid */
bool restore_can_merge(const struct table_info *old,
		       const struct table_info *aside,
		       const struct restore_table *t);
MUST_USE struct err *restore_merge(struct restore *r,
				   const struct restore_table *t,
				   const struct table_info *old,
				   const struct table_info *aside,
				   const struct restore_kept *kept);

/* restore_schema.c */
MUST_USE struct err *restore_schema_before(struct restore *r);
MUST_USE struct err *restore_schema_after(struct restore *r);

/** The migration made, changed or dropped it. */
bool restore_is_undone(const struct restore *r, const struct schema_object *o);
MUST_USE struct err *restore_drop(struct restore *r,
				  const struct schema_object *o);

/* restore_dependents.c: what others have made on what goes */

/** Remember which views, triggers and foreign keys can be used. */
MUST_USE struct err *restore_dependents_before(struct restore *r);

/** Those that no longer can are conflicts. */
MUST_USE struct err *restore_dependents_after(struct restore *r);

/* restore_place.c */
MUST_USE struct err *restore_places(struct restore *r);

/** Current name of a column of the table before the migration, or NULL. */
const char *restore_column_now(const struct restore *r,
			       const struct restore_table *t,
			       const char *before);

#endif
