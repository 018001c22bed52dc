#ifndef SNAPSHOT_TABLE_SQLITE_H
#define SNAPSHOT_TABLE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "snapshot/changelog.h"
#include "snapshot/linefile.h"
#include "snapshot/manifest.h"
#include "snapshot/rows.h"

/*
 * What capture and restore need to know of one table of a SQLite database:
 * how its rows are addressed and which of its columns hold data of their own.
 */

/**
 * A column with data of its own: not generated. Of a key only a column that
 * keeps 1 and 1.0 apart, which are one key to SQLite.
 */
struct table_column {
	const char *name;
	bool is_key;
	int index;        /**< as sqlite3_preupdate_old() counts */
	bool has_default; /**< a default that is not NULL */
};

struct table_info {
	const char *name;
	bool without_rowid;
	/** Rowid tables: the expression that gives the rowid, quoted. */
	const char *rowid;
	/** The INTEGER PRIMARY KEY that is the rowid, or NULL. */
	const char *rowid_column;
	/** WITHOUT ROWID: names of the key columns, in key order. */
	const char **keys;
	const char *key_quoted; /**< the index that the rows are in */
	int *key_index;         /**< among all columns */
	int *key_stored;        /**< among those that are stored */
	size_t n_keys;
	struct table_column *columns;
	size_t n_columns;
	const char **all; /**< every column, with key and generated ones */
	size_t n_all;
	bool is_virtual;  /**< a virtual table */
	bool is_shadow;   /**< a virtual table keeps its data there */
	bool any_virtual; /**< it has virtual generated columns */
	bool select_only; /**< sqlite3_preupdate_old() cannot be trusted */
	struct arena arena;
};

/**
 * Look a table of the main database up. *found = false when there is none.
 * ERR_REFUSED when its rows cannot be addressed (a rowid table whose columns
 * shadow rowid, _rowid_ and oid).
 */
MUST_USE struct err *table_info_read(struct table_info *out, sqlite3 *db,
				     const char *name, bool *found);
void table_info_release(struct table_info *t);

/** Position of a data column by name (ASCII, no case), or -1. */
int table_info_column(const struct table_info *t, const char *name);

/** The text of a table's CREATE, in the arena; *out NULL = it is not there. */
MUST_USE struct err *table_sql(sqlite3 *db, struct arena *a, const char *table,
			       const char **out);

/** Which of n names (NULL: of none) are columns that are unique by themselves. */
MUST_USE struct err *table_find_unique(sqlite3 *db, const char *table,
				       const char *const *names, size_t n,
				       bool *unique);

/** Append key and data columns, each once, as INSERT and SELECT list them. */
void table_add_columns(struct buf *sql, const struct table_info *t);

/** There is a column of that name, of any sort. */
bool table_info_has(const struct table_info *t, const char *name);

/** Value of a result column or of the pre-update hook as a row_value. */
void table_value(struct row_value *out, sqlite3_value *v);

/** Bind a parsed value. Text and blobs must stay until the statement ran. */
int table_bind(sqlite3_stmt *stmt, int i, const struct row_value *v);

/** The same as a function's result or a virtual table's column. */
void table_result(sqlite3_context *out, const struct row_value *v);

/** Append the key's SQL condition: "id" = ?1, or "a" = ?1 AND "b" = ?2.
 * @return the number of parameters */
int table_where_key(struct buf *sql, const struct table_info *t, int first);

/**
 * Append field k of a WITHOUT ROWID key. 1.0 and 1 are one key to SQLite, so
 * a whole real prints as an integer.
 */
void table_add_key(struct buf *out, size_t k, const struct row_value *v);

/** Bind a key from i on; returns the next free parameter. */
int table_bind_key(sqlite3_stmt *stmt, int i, const struct table_info *t,
		   const struct change_key *key, struct buf *scratch,
		   struct err **err);

/** So many keys between min and max are found sooner by a scan. */
bool table_is_dense(const struct table_info *t, uint64_t n_keys, int64_t min,
		    int64_t max);

/** What is read of each row. */
struct table_fields {
	const struct table_info *table;
	const char *name; /**< now (table may be an earlier form of it) */
	const char *const *columns;
	size_t n;
};

/**
 * Rows of a table by ascending key, or one by one: whichever the number of
 * keys asked for makes cheaper.
 */
struct table_cursor {
	sqlite3 *db;
	const struct table_info *table;
	sqlite3_stmt *stmt;
	bool scanning;
	bool on_row, at_end;
	int64_t at; /**< rowid of the row the scan stands on */
	struct buf scratch;
};

/**
 * Open a cursor over these result columns (SQL expressions).
 *
 * @param n_keys how many integer keys will be asked for
 * @param min the lowest of them
 * @param max the highest
 */
MUST_USE struct err *table_cursor_open(struct table_cursor *c, sqlite3 *db,
				       const struct table_fields *f,
				       uint64_t n_keys, int64_t min,
				       int64_t max);
void table_cursor_close(struct table_cursor *c);

/**
 * Go to a key. Integer keys must ascend. *found tells whether the row is
 * there; its values are then columns 1.. of c->stmt (0 is the rowid).
 */
MUST_USE struct err *table_cursor_seek(struct table_cursor *c,
				       const struct change_key *key,
				       bool *found);

/** Append a key as it stands in a line. */
void table_add_line_key(struct buf *out, const struct change_key *key);

/**
 * SELECT of the key's fields, then of the columns: names, NULL for the value
 * NULL.
 */
void table_add_select(struct buf *sql, const struct table_fields *f);

/** All rows of a table, by ascending key where that is the rowid. */
struct table_scan {
	sqlite3 *db;
	const struct table_info *table;
	sqlite3_stmt *stmt;
	int first;             /**< result column of columns[0] */
	struct change_key key; /**< of the row; borrowed until the next */
	struct buf key_text;
};

/**
 * Columns as table_add_select() takes them.
 *
 * @param where a condition, or NULL for all rows
 */
MUST_USE struct err *table_scan_open(struct table_scan *s, sqlite3 *db,
				     const struct table_fields *f,
				     const char *where);
MUST_USE struct err *table_scan_next(struct table_scan *s, bool *row);

/** Value of columns[i]. */
void table_scan_value(const struct table_scan *s, size_t i,
		      struct row_value *out);
void table_scan_close(struct table_scan *s);

/**
 * Write every row of a table as '-' lines (deleted: it was there, whole).
 *
 * @param f the columns to write, by name, in order
 * @param lines a file was begun; it is ended
 * @param count deleted, min and max are counted up
 */
MUST_USE struct err *table_stream(sqlite3 *db, const struct table_fields *f,
				  struct line_writer *lines,
				  struct manifest_table *count);

/** Prepare, with the error naming what was prepared. */
MUST_USE struct err *table_prepare(sqlite3 *db, const char *sql,
				   sqlite3_stmt **out);

#endif
