#ifndef SNAPSHOT_SETTLE_H
#define SNAPSHOT_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "snapshot/restore.h"

/*
 * What was settled about single lines of a table's snapshot. Most lines have
 * no entry: they go back as they are. Lines are counted from 0, in the order
 * of their file.
 */

enum settle_how {
	SETTLE_SKIP,   /**< the line does not go back: its row stays */
	SETTLE_COLUMN, /**< one column of it does not */
	SETTLE_EVICT,  /**< it does; the row that is there is parked first */
	SETTLE_MOVE,   /**< its row comes back under another rowid */
};

struct settled {
	uint64_t line;
	uint32_t column; /**< among the line's columns, of SETTLE_COLUMN */
	enum settle_how how;
};

struct settlement {
	struct settled *list; /**< by line, then column */
	size_t n, cap;
};

/** In any order; settle_sort() comes before the first question. */
void settle_add(struct settlement *s, enum settle_how how, uint64_t line,
		size_t column);
void settle_sort(struct settlement *s);
void settle_release(struct settlement *s);

/** Walks it beside the lines; zeroed = at the start. */
struct settle_cursor {
	size_t at;
};

/** The entries of a line, *n of them. Lines must ascend. */
const struct settled *settle_of(const struct settlement *s,
				struct settle_cursor *c, uint64_t line,
				size_t *n);

/**
 * A conflict that showed only when rows were written: settled, it makes the
 * restore begin anew, in a new transaction, with this known.
 */
struct restore_late {
	struct restore_detail detail; /**< strings are its own */
	const char *table;            /**< before the migration */
	uint64_t line;
	char op; /**< of the line */
	/** Of SETTLE_EVICT: key, as in a line, of the row that has to go, in
	 * the table as it is now. */
	const char *evict;
	/** PostgreSQL, of a row that is set aside: its key's columns by name
	 * now, with tabs between them. */
	const char *columns;
	enum settle_how how;
	bool aside; /**< restore_request.aside: no conflict */
};

struct restore_memory {
	struct restore_late *late;
	size_t n, cap;
	struct map asides; /**< row or line -> the attempt that set it aside */
	uint64_t attempts;
	/* where rows in the way are found by an attempt of their own */
	bool look;       /**< the next one is that */
	size_t looks;    /**< those that were */
	size_t n_looked; /**< what was known when the last one began */
	struct arena arena;
};

/**
 * Remember how a late conflict was settled, and that the restore has to begin
 * anew. Strings are copied; the detail's texts only while they are wanted.
 */
void restore_remember(const struct restore_request *req,
		      struct restore_result *out,
		      const struct restore_late *late);

/**
 * The same of what cannot be beside what comes back: SETTLE_EVICT of a row,
 * SETTLE_SKIP of a line.
 *
 * @return false: it is a conflict, as restore_result_aside() says, or since
 *         an earlier attempt has set it aside in vain
 */
bool restore_set_aside(const struct restore_request *req,
		       struct restore_result *out,
		       const struct restore_late *late, bool choosable);

/** Some row of this table (before the migration; NULL = of any) has to go. */
bool restore_evicts(const struct restore_request *req, const char *table);

/** Report again what earlier attempts have settled. */
void restore_recall(const struct restore_request *req,
		    struct restore_result *out);

#endif
