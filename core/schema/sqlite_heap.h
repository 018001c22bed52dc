#ifndef SCHEMA_SQLITE_HEAP_H
#define SCHEMA_SQLITE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * SQLite's memory with a budget for one thread at a time. SQLite's own limit
 * (sqlite3_hard_heap_limit64()) is one for the whole process, and stops
 * whoever asks next; here only who has taken a budget meets it, and gets
 * SQLITE_NOMEM.
 */
struct sqlite_budget {
	int64_t used, max;
	bool exceeded; /**< something was refused */
};

/**
 * Put the counting allocator into SQLite: before SQLite is used for the first
 * time in the process. Later it does nothing, and budgets do not bind.
 */
void sqlite_heap_install(void);

/**
 * What this thread's calls of SQLite allocate and free counts on b from now
 * on; NULL = nobody counts.
 *
 * @return the budget before, to be put back
 */
struct sqlite_budget *sqlite_heap_use(struct sqlite_budget *b);

#endif
