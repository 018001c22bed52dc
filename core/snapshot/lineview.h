#ifndef SNAPSHOT_LINEVIEW_H
#define SNAPSHOT_LINEVIEW_H

#include <stdbool.h>

#include "base/buf.h"
#include "snapshot/manifest.h"
#include "snapshot/rows.h"
#include "sql/sql.h"

/*
 * A line of a snapshot, cut into its fields (docs/snapshots.md, "Lines"), for
 * those who look at it and do not put anything back.
 */

/** A field as it stands in the line; s NULL = there is none. */
struct line_field {
	const char *s;
	size_t len;
};

struct line_view {
	enum row_op op;
	struct line_field *keys;      /**< n_keys of them */
	struct line_field *old, *now; /**< by column; now only where the line
					   has two fields for it */
	size_t n_keys, n_columns;

	const struct manifest_table *table;
	bool typed; /**< fields say their type, as SQLite's do */
	bool both;  /**< every column of a changed row has two fields */
};

/** Borrows the table. Release with line_view_release(). */
void line_view_init(struct line_view *v, const struct manifest_table *table,
		    enum sql_dialect dialect);
void line_view_release(struct line_view *v);

/**
 * Cut a line; the fields point into it.
 *
 * @return ERR_STATE, with the table, for a line that is none: a sign that is
 *         not known, too few or too many fields, a field of no form
 */
MUST_USE struct err *line_view_cut(struct line_view *v, const char *line,
				   size_t len);

/** The line says something of a column: of a changed row those that changed,
 * of one that came nothing but digests. */
bool line_view_tells(const struct line_view *v, size_t i);

/** What a key's name is: a key column, or "rowid". */
const char *line_view_key_name(const struct line_view *v, size_t i);

/** Rows have a key; else they are told apart by all they hold. */
bool line_view_is_keyed(const struct line_view *v);

/**
 * Append a field for a person: NULL, -12, 1.5, 'text' (escapes stay, so that
 * it is one line), x'C0FFEE', "(unchanged)", "(over 256 bytes)", "(no such
 * column)".
 */
void line_field_print(struct buf *out, const struct line_field *f);

/**
 * Append a line for a person: the sign, the key, and what the line says of
 * the columns; of a changed row those that changed only.
 */
void line_view_print(struct buf *out, const struct line_view *v);

#endif
