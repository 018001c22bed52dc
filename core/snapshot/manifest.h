#ifndef SNAPSHOT_MANIFEST_H
#define SNAPSHOT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "snapshot/port.h"

/*
 * The file "manifest" of a snapshot: which tables have lines, where they are
 * and what their fields mean. Specified in docs/snapshots.md.
 */

struct manifest_column {
	const char *before; /**< name before the migration */
	const char *after; /**< name after it; NULL = no such column any more */
};

struct manifest_table {
	const char *before; /**< name before the migration */
	const char *after;  /**< name after it; NULL = no such table any more */
	const char *file;   /**< "rows/1" */
	size_t n_keys;      /**< fields of a key; 0 = one integer, the rowid */
	const char **keys;  /**< names of the key columns before it */
	struct manifest_column *columns; /**< fields of a row, in order */
	size_t n_columns;
	uint64_t inserted, updated, deleted; /**< lines of each kind */
	int64_t min, max;   /**< smallest and largest integer key */
	uint64_t referrers; /**< rows that refer to inserted ones; 0 where
			       foreign keys were enforced */
	bool any_key;       /**< manifest_count_key() was called; not kept */
};

/** Widen min and max; call it once for each line. */
void manifest_count_key(struct manifest_table *t, int64_t key);

/** Lines of all kinds. */
uint64_t manifest_lines(const struct manifest_table *t);

/** AUTOINCREMENT counters; -1 = no row in sqlite_sequence. */
struct manifest_sequence {
	const char *table; /**< name before the migration */
	const char *after; /**< name after it */
	int64_t was, is;
	int64_t position; /**< rowid of its row before: the order of a dump */
};

/**
 * Where an object of sqlite_schema stood that the schema delta does not place:
 * it came back with the text it had, or is a virtual table's shadow.
 */
struct manifest_object {
	const char *type, *name;
	int64_t position;
	const char *sql; /**< its text, or NULL where that is known */
};

/**
 * A virtual table that the migration made when it had dropped another one: the
 * rows in its shadow tables and a digest of them, as the migration left them.
 */
struct manifest_virtual {
	const char *name;
	uint64_t rows, digest;
};

struct manifest {
	struct manifest_table *tables;
	size_t n_tables, cap_tables;
	struct manifest_sequence *sequences;
	size_t n_sequences, cap_sequences;
	struct manifest_object *objects;
	size_t n_objects, cap_objects;
	struct manifest_virtual *virtuals;
	size_t n_virtuals, cap_virtuals;
	/** SQLite: tables with rows that broke a CHECK before the migration. */
	const char **unchecked;
	size_t n_unchecked, cap_unchecked;
	struct arena arena;
};

/** Of a park: rows that had no place, and are not the migration's. */
bool manifest_is_aside(const struct manifest_table *t);

/** Whole ones of them are in it. */
bool manifest_has_rows(const struct manifest *m);

void manifest_release(struct manifest *m);
struct manifest_table *manifest_add_table(struct manifest *m);
struct manifest_sequence *manifest_add_sequence(struct manifest *m);

/** Strings are copied. */
void manifest_add_object(struct manifest *m, const struct manifest_object *o);
void manifest_add_virtual(struct manifest *m, const char *name, uint64_t rows,
			  uint64_t digest);

void manifest_add_unchecked(struct manifest *m, const char *table);

void manifest_encode(struct buf *out, const struct manifest *m);

/** ERR_STATE when damaged, or of a format this program does not know. */
MUST_USE struct err *manifest_decode(struct manifest *out, const char *data,
				     size_t len);

/** Decode the file of a snapshot. */
MUST_USE struct err *manifest_read(struct manifest *out,
				   const struct snapshot_in *in);

/** Encode it into the file of a snapshot. */
MUST_USE struct err *manifest_write(const struct manifest *m,
				    const struct snapshot_out *out);

/** The table that had this name before the migration, or NULL. */
const struct manifest_table *manifest_find(const struct manifest *m,
					   const char *before);

#endif
