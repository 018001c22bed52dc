#ifndef SNAPSHOT_RESTORE_OPS_H
#define SNAPSHOT_RESTORE_OPS_H

#include "snapshot/restore.h"

/*
 * What a dialect brings to take migrations back; inside this room only.
 * restore.h says what each operation does.
 */
struct restore_ops {
	bool appends; /**< restore_request.append */
	struct err *(*run)(const struct restore_request *req,
			   struct restore_result *out);
	/* optional: NULL = the transaction is all that has to be set */
	struct err *(*session_begin)(struct target *t);
	struct err *(*session_end)(struct target *t);
};

extern const struct restore_ops restore_sqlite_ops;
extern const struct restore_ops restore_pg_ops;

/**
 * A conflict that no choice can settle; the object's name is copied. The
 * restore is blocked.
 */
void restore_result_add(struct restore_result *out, const char *object,
			const char *what, uint64_t rows);

/**
 * A conflict of one row or value, copied.
 *
 * @param can_keep it can be settled by leaving the database as it is
 * @param can_take ... or by putting the snapshot's back
 * @return what to do; RESTORE_ABORT: nothing, the restore is blocked
 */
enum restore_choice restore_result_conflict(const struct restore_request *req,
					    struct restore_result *out,
					    const struct restore_detail *d,
					    bool can_keep, bool can_take);

/**
 * A row or line that cannot be beside what comes back, copied.
 *
 * @param choosable a choice would settle it, and goes before
 * @return whether it is set aside; else it is a conflict
 */
bool restore_result_aside(const struct restore_request *req,
			  struct restore_result *out,
			  const struct restore_detail *d, bool choosable);

/** More details are wanted: their texts are worth making. */
bool restore_result_wants(const struct restore_request *req,
			  const struct restore_result *out);

/** The counts of a table; good until the next call. */
struct restore_tally *restore_result_tally(struct restore_result *out,
					   const char *table);

#endif
