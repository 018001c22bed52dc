#ifndef SNAPSHOT_LINEDIFFER_H
#define SNAPSHOT_LINEDIFFER_H

#include "snapshot/linefile.h"
#include "snapshot/lineview.h"

/*
 * Two files of lines of the same table, side by side: by key, where both stand
 * in the order of their keys, else by whole lines. Memory does not grow with
 * the table in the first case, by 12 bytes a row in the second.
 */
struct linediffer_counts {
	uint64_t first, second, differ, same;
};

struct linediffer {
	const struct snapshot_in *in[2];
	const struct manifest_table *table[2]; /**< NULL = it has none */
	enum sql_dialect dialect;
	uint64_t max; /**< rows that line() hears of; 0 = all */
	void *payload;
	struct err *(*line)(void *payload, char side,
			    const struct line_view *line);
	struct linediffer_counts counts; /**< filled */
};

MUST_USE struct err *linediffer_run(struct linediffer *d);

#endif
