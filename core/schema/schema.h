#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"

/*
 * The schema of a database as a set of text files, one per object. The text
 * is canonical: the same object, however it was made, prints alike; one
 * column or constraint per line and commas lead the line, so that `git diff`
 * shows one line per change and `git blame` names the migration that brought
 * a column. docs/schema-tree.md specifies the format.
 */

/** Raised when the printer's output changes for some schema. */
#define SCHEMA_PRINTER_VERSION 1

/** One object. Strings live in the arena of the schema or delta. */
struct schema_object {
	const char *path;  /**< "tables/users.sql": kind folder, encoded name */
	const char *kind;  /**< "table", "index", "view", "trigger", ...; the
			       folders in docs/schema-tree.md */
	const char *name;  /**< as the database has it */
	const char *table; /**< the table it belongs to; own name for a table
				or view; "" for a pragma */
	const char *sql;   /**< as the database keeps it; never NULL.
				PostgreSQL keeps none: same pointer as text */
	int64_t position; /**< SQLite: rowid in sqlite_schema; order of making */
	const char *text;  /**< canonical; ends with a newline */
	const char *shape; /**< canonical with a table's columns sorted by name;
				the same pointer as text where nothing moves */
};

/** A row of the database's catalog, with what it was turned into. */
struct schema_row {
	struct schema_object *object; /**< path NULL = not in the tree */
	size_t sql_len;               /**< sql may hold NUL bytes */
	bool shadow;                  /**< belongs to a virtual table */
};

/** All objects, reached by path. Objects stay valid until release. */
struct schema {
	struct map by_path; /* struct schema_object * */
	int64_t last_position;
	struct arena arena;
	bool ignores_case;       /**< names compare without ASCII case */
	struct schema_row *rows; /**< by position; those left out, too */
	size_t n_rows, cap_rows;
	/** Seen and not printed, "operator public.+++"; sorted. PostgreSQL. */
	const char *const *unrepresented;
	size_t n_unrepresented;
	struct schema_pg
		*pg; /**< what schema_pg_refresh() knows; may be NULL */
};

void schema_init(struct schema *s);
void schema_release(struct schema *s);

/**
 * The object of that kind and name, or NULL. A name in another case is found
 * where the database's names ignore case, at the cost of a walk.
 */
const struct schema_object *schema_find(const struct schema *s,
					const char *kind, const char *name);

/**
 * One object that differs between two states; NULL = not there. Both have the
 * same path; a renamed object is one that went and one that came.
 */
struct schema_change {
	const struct schema_object *before, *after;
};

/** Names that one migration changed: which table or column became which. */
struct schema_rename {
	const char *table;  /**< name before the migration */
	const char *column; /**< NULL = the table itself */
	const char *to;     /**< name after it; NULL = column was dropped */
};

/** What one event did to the schema. */
struct schema_delta {
	struct schema_change *changes; /**< sorted by path */
	size_t n, cap;
	struct schema_rename *renames;
	size_t n_renames, cap_renames;
};

void schema_delta_init(struct schema_delta *d);

/** Frees the arrays; objects belong to their schema or arena. */
void schema_delta_release(struct schema_delta *d);

/*
 * Append the delta as text, for the journal. Lossless for any bytes in names
 * and SQL (lengths in front), readable; format in docs/journal.md:
 *
 *   schema-delta 1
 *   rename <table> <column|-> <to|->
 *   - <path> <kind> <name> <table> <position> <sql bytes>\n<sql>\n
 *   + <path> <kind> <name> <table> <position> <sql bytes> <text bytes>\n
 *     <sql>\n<text>\n
 *
 * "=" in place of <text bytes> says that the text is the SQL, and not there.
 * Fields are percent-encoded: bytes up to space, 127 and up, '%', and a lone
 * "-"; an empty field is "%". A - and a + line of the same path that follow
 * each other are one change.
 */
void schema_delta_encode(struct buf *out, const struct schema_delta *d);

/**
 * Back from schema_delta_encode(); strings go to the arena. `text` of a
 * before and `shape` of both are NULL. ERR_STATE when it is damaged.
 */
MUST_USE struct err *schema_delta_decode(struct schema_delta *out,
					 struct arena *arena, const char *data,
					 size_t len);

/** A human's summary of one change: "+table users", "~index i", "-view v". */
void schema_change_describe(struct buf *out, const struct schema_change *c);

/**
 * Append a name as a file name that git's fsck and any file system accept:
 * '%', '/', '\\', '~', control bytes, invalid UTF-8, code points that HFS+
 * ignores and a leading '.' are percent-encoded, which leaves nothing that
 * folds to ".git" (is_ntfs_dotgit() and is_hfs_dotgit() in git's path.c and
 * utf8.c). A result over 200 bytes is cut, and "~" and 16 hex digits of a
 * hash of the whole name follow. An empty name is "%".
 * Different names give different results, but for a clash of that hash.
 */
void schema_encode_name(struct buf *out, const char *name);

/** Append the path of an object: "tables/users.sql". */
void schema_add_path(struct buf *out, const char *kind, const char *name);

/**
 * Merge three canonical texts of a table: `ours` with what led from `base` to
 * `theirs`. Columns and constraints commute, each keeps its place.
 *
 * @return NULL when both changed the same, or they are no such texts
 */
const char *schema_merge(struct arena *a, const char *base, const char *theirs,
			 const char *ours);

/** Append one change to a delta. */
void schema_delta_add(struct schema_delta *d,
		      const struct schema_object *before,
		      const struct schema_object *after);

/**
 * Add a later delta: several readings may have seen one object twice, its first
 * and its last state count. What came and went again is no change.
 */
void schema_delta_join(struct schema_delta *out, const struct schema_delta *in);

/** Sort the changes by path. */
void schema_delta_sort(struct schema_delta *d);

#endif
