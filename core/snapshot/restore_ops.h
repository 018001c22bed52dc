#ifndef SNAPSHOT_RESTORE_OPS_H
#define SNAPSHOT_RESTORE_OPS_H

#include "snapshot/restore.h"

/*
 * What a dialect brings to take migrations back; inside this room only.
 * restore.h says what each operation does.
 */
struct restore_ops {
	struct err *(*run)(const struct restore_request *req,
			   struct restore_result *out);
	/* optional: NULL = the transaction is all that has to be set */
	struct err *(*session_begin)(struct target *t);
	struct err *(*session_end)(struct target *t);
};

extern const struct restore_ops restore_sqlite_ops;
extern const struct restore_ops restore_pg_ops;

/** Add a conflict; the object's name is copied. */
void restore_result_add(struct restore_result *out, const char *object,
			const char *what, uint64_t rows);

#endif
