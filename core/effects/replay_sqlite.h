#ifndef EFFECTS_REPLAY_SQLITE_H
#define EFFECTS_REPLAY_SQLITE_H

#include <sqlite3.h>

#include "effects/replay_impl.h"
#include "schema/schema_sqlite.h"
#include "schema/sqlite_heap.h"

/*
 * The SQLite half: what its files share. replay_sqlite.c opens and copies,
 * replay_guard.c says what a migration may do, replay_vfs.c keeps files and
 * the clock away, replay_run.c runs, replay_rows.c and replay_seed.c read and
 * make rows.
 */

/** What the authorizer heard while a statement was prepared. */
typedef void (*replay_seen_fn)(void *payload, int action, const char *a,
			       const char *b, const char *db, const char *via);

struct replay_guard {
	bool running;  /**< a statement of somebody else's */
	bool stepping; /**< it is prepared: SQLite's own statements follow */
	bool touched;  /**< a setting was made, or a temporary object */
	bool refused;  /**< it is not allowed at all */
	char *reason;  /**< why it was stopped, owned; NULL = it was not */
	int64_t deadline_us; /**< 0 = none */
	bool late;
	replay_seen_fn seen; /**< may be NULL */
	void *payload;
};

struct replay_sqlite {
	struct replay base;
	sqlite3 *db;
	struct sqlite_budget budget;
	struct replay_guard guard;
	struct replay_random random;
	bool broken; /**< a rollback failed: what is in it is not known */
};

static inline struct replay_sqlite *replay_sqlite_of(struct replay *r)
{
	return (struct replay_sqlite *)(void *)r;
}

/* replay_sqlite.c */

/** SQLite's message for what failed last. */
MUST_USE struct err *replay_sqlite_error(struct replay_sqlite *r,
					 const char *doing);
MUST_USE struct err *replay_sqlite_exec(struct replay_sqlite *r,
					const char *sql);
MUST_USE struct err *replay_sqlite_prepare(struct replay_sqlite *r,
					   const char *sql, sqlite3_stmt **out);

/** The main database of `to` becomes that of `from`. */
MUST_USE struct err *replay_sqlite_copy(sqlite3 *to, sqlite3 *from);

/** Rollbacks and copies may go a little over what a migration may take. */
void replay_sqlite_relax(struct replay_sqlite *r, bool relaxed);

/* replay_vfs.c */

/** The name of a file system that opens nothing, and whose clock stands. */
const char *replay_vfs(void);

/** random() and randomblob() from r->random. */
void replay_functions(struct replay_sqlite *r);

/* replay_guard.c */
void replay_guard_init(struct replay_sqlite *r);

/** Somebody else's statements follow, until the deadline. */
void replay_guard_start(struct replay_sqlite *r);
void replay_guard_stop(struct replay_sqlite *r);

/** Forget the last statement's reason. */
void replay_guard_reset(struct replay_guard *g);

/* replay_run.c */
MUST_USE struct err *replay_sqlite_run(struct replay *base,
				       const struct replay_script *script,
				       struct effects *effects,
				       struct replay_result *result);

/* replay_rows.c */
MUST_USE struct err *replay_sqlite_rows(struct replay *base, struct buf *out);

/* replay_seed.c */
MUST_USE struct err *replay_sqlite_seed(struct replay *base,
					const char *const *tables,
					unsigned seed);

#endif
