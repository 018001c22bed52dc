#ifndef SNAPSHOT_REDO_SQLITE_H
#define SNAPSHOT_REDO_SQLITE_H

#include "snapshot/redo_ops.h"
#include "snapshot/restore_sqlite.h"

/* Shared by the redo_sqlite*.c files. */

/** One park, read as any snapshot is: the restore's readers do it, with
 * nothing else of it. */
struct redo_sqlite {
	struct restore_request req;
	struct restore r;             /**< for the readers */
	struct restore_table *tables; /**< by table of the manifest */
};

/** "integer", "text", "blob", "real", "numeric" */
const char *redo_sqlite_affinity(const char *type);

/** SELECT by key: 0, then the columns of the lines, by a form of the table. */
MUST_USE struct err *redo_sqlite_row(struct redo_sqlite *p,
				     const struct table_info *info,
				     const struct manifest_table *m, bool after,
				     sqlite3_stmt **out);

/** redo_sqlite_back.c: rows and values of one table go back. */
MUST_USE struct err *redo_sqlite_back(struct redo *redo, size_t park,
				      struct restore_table *t,
				      struct redo_result *out);

#endif
