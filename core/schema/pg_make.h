#ifndef SCHEMA_PG_MAKE_H
#define SCHEMA_PG_MAKE_H

#include "base/arena.h"
#include "postgres/conn.h"
#include "schema/schema.h"

/* Objects as tasks, each one text that the server takes at once; inside this
 * room only. */

/** When a task is tried first; the order of the first attempt, no more. */
enum pg_phase {
	PG_PHASE_SCHEMA,
	PG_PHASE_EXTENSION,
	PG_PHASE_COLLATION,
	PG_PHASE_TYPE,
	PG_PHASE_ROUTINE,
	PG_PHASE_OPERATOR,
	PG_PHASE_SEARCH,
	PG_PHASE_SERVER,
	PG_PHASE_SEQUENCE,
	PG_PHASE_TABLE,
	PG_PHASE_ATTACH,
	PG_PHASE_TABLE_REST,
	PG_PHASE_INDEX,
	PG_PHASE_FOREIGN_KEY,
	PG_PHASE_AFTER_KEYS,
	PG_PHASE_VIEW,
	PG_PHASE_ON_VIEW,
	PG_PHASE_HOOK,
	PG_PHASE_LAST,
};

struct pg_task {
	const struct schema_object *object;
	enum pg_phase phase;
	size_t order;    /**< place among those of the same phase */
	const char *sql; /**< one or more statements */
	/** What to do where nothing goes on: less now, the rest later. */
	const char *now, *later;
	bool done;
};

struct pg_tasks {
	struct pg_task *items;
	size_t n, cap;
	struct arena arena;
	const char *owner; /**< quoted; NULL = objects get it by themselves */
};

/** The tasks of one object. */
void pg_tasks_add(struct pg_tasks *t, const struct schema_object *o);
void pg_tasks_sort(struct pg_tasks *t);
void pg_tasks_release(struct pg_tasks *t);

#endif
