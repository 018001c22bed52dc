#ifndef SNAPSHOT_CAPTURE_OPS_H
#define SNAPSHOT_CAPTURE_OPS_H

#include "snapshot/capture.h"

/*
 * What a dialect brings to keep what its migrations destroy; inside this room
 * only. capture.h says what each operation does.
 */
struct capture_ops {
	void (*begin)(struct capture *c, const struct snapshot_out *out,
		      const struct sql_script *script);
	struct err *(*before)(struct capture *c, size_t i);
	struct err *(*after)(struct capture *c, size_t i);
	struct err *(*finish)(struct capture *c, struct schema_delta *delta,
			      struct arena *arena, struct capture_result *out);
	void (*abort)(struct capture *c);
	void (*close)(struct capture *c);
	/* optional: NULL = whatever is written is seen */
	struct err *(*aside)(struct capture *c, enum capture_aside what);
	/* optional: NULL = errors are returned where they happen */
	struct err *(*take_error)(struct capture *c);
};

/** First member of every dialect's own struct. */
struct capture {
	const struct capture_ops *ops;
	struct target *target;
	struct capture_options opt;
};

/** capture_open() fills in the rest of the base. */
struct capture *capture_sqlite_new(struct target *t);
struct capture *capture_pg_new(struct target *t);

#endif
