#ifndef TESTS_SNAPSHOT_WORLD_H
#define TESTS_SNAPSHOT_WORLD_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "postgres/conn.h"
#include "schema/schema.h"
#include "snapshot/capture.h"
#include "snapshot/restore.h"
#include "support/memory_snapshot.h"
#include "target/target.h"

/*
 * A database in memory to which migrations are applied and from which they
 * are taken back, step by step as the engine does it, without journal and
 * ledger.
 */
struct world {
	struct target *t;
	sqlite3 *db;           /* SQLite */
	char *url;             /* PostgreSQL: a database of the test's own */
	struct pg_conn *other; /* somebody else's connection to it */
	enum restore_choice on_conflict;
	size_t max_details;
	bool append;
	struct schema schema;
	struct capture *capture;
};

/** What one migration left: what a rollback is made from. */
struct world_event {
	struct schema_delta delta; /* encoded and decoded, as in the journal */
	struct memory_snapshot files;
	struct capture_result kept;
	struct arena arena;
	struct map before; /**< path -> SQL of all that stood there */
};

MUST_USE struct err *world_open(struct world *w, bool foreign_keys);

/** The same in a new PostgreSQL database, dropped by world_close(). */
MUST_USE struct err *world_open_pg(struct world *w);
void world_close(struct world *w);

/** Somebody else's writes: no capture, no guard. */
MUST_USE struct err *world_exec(struct world *w, const char *sql);

/**
 * Run a migration with capture. On failure nothing of it stays.
 *
 * @param ev release it, also on failure
 */
MUST_USE struct err *world_apply(struct world *w, const char *sql,
				 struct world_event *ev);
void world_event_release(struct world_event *ev);

/**
 * Take it back, settling conflicts by w->on_conflict. When it is blocked, or on
 * failure, nothing has changed.
 *
 * @param park receives what is parked
 * @param out release it, also on failure
 */
MUST_USE struct err *world_revert(struct world *w, const struct world_event *ev,
				  struct memory_snapshot *park,
				  struct restore_result *out);

/**
 * Everything a rollback must bring back, as text: sqlite_schema in order,
 * counters, user_version, and each row of each table with its rowid and the
 * type and bytes of each value. Left out: the definition of sqlite_sequence,
 * which SQLite makes and never takes away. PostgreSQL: the sorted lines of
 * pg_dump, but for our own schema.
 */
MUST_USE struct err *world_dump(struct world *w, struct buf *out);

/** First line that differs, both sides, for a message; emptied first. */
void world_difference(struct buf *out, const char *before, const char *after);

#endif
