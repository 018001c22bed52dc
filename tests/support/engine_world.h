#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "support/memory_store.h"

/*
 * A repository in memory, a SQLite database in a folder of its own, and the
 * engine between them: each call below is one command of a fresh process.
 */
struct eworld {
	char dir[64];
	struct memory_store store;
	struct engine_config cfg; /**< target "dev", "sqlite:dev.db" */
	struct buf notes;         /**< of the last command, a line each */
	struct buf events;     /**< "apply 1_a applied +table t\n", the same */
	struct buf begun;      /**< "apply 1_a 0/2\n", the same */
	struct engine_run run; /**< of the last apply or rollback */
	struct engine_identity id; /**< of the last accept or identify */
	bool keep_notes; /**< commands add to notes, events and begun */
	unsigned commits;
};

/** Where the worlds opened from now on keep snapshots; NULL = the default. */
extern const char *eworld_snapshot_store;

int eworld_setup(void **state);
int eworld_teardown(void **state);

#define eworld_test(fn) \
	cmocka_unit_test_setup_teardown(fn, eworld_setup, eworld_teardown)

/** Everything of it new: folder, repository, database. For loops. */
void eworld_open(struct eworld *w);
void eworld_close(struct eworld *w);

/** Write "migrations/<name>.sql" in the work tree; NULL removes it. */
void eworld_write(struct eworld *w, const char *name, const char *sql);

/** The same with a file's whole name below "migrations/". */
void eworld_write_file(struct eworld *w, const char *file, const char *text);

/** Commit the work tree as one of three authors, in turn. */
const char *eworld_commit(struct eworld *w);

/** Write one migration and commit it. */
const char *eworld_add(struct eworld *w, const char *name, const char *sql);

/* --- commands --- */

MUST_USE struct err *eworld_apply(struct eworld *w,
				  const struct engine_apply_options *opt);
MUST_USE struct err *eworld_rollback(struct eworld *w,
				     const struct engine_rollback_options *o);
/** The newest n; 0 = one. */
MUST_USE struct err *eworld_back(struct eworld *w, size_t n);
MUST_USE struct err *eworld_accept(struct eworld *w, bool fork);
MUST_USE struct err *eworld_identify(struct eworld *w);

/** "1_a applied: note\n" for each item, then "note: ...\n". */
MUST_USE struct err *eworld_status(struct eworld *w,
				   const struct engine_status_options *opt,
				   struct buf *out);
MUST_USE struct err *eworld_show(struct eworld *w, const char *name,
				 struct engine_show *out);
/** "3 apply 1_a applied +table t\n", newest first. */
MUST_USE struct err *eworld_log(struct eworld *w, const char *name, size_t max,
				struct buf *out);
/** "path\ntext" of each file. */
MUST_USE struct err *eworld_new(struct eworld *w, const char *slug,
				struct buf *out);

/* --- the database, past the engine --- */

/** "<folder>/<name>"; borrowed until the next call but three. */
const char *eworld_path(const struct eworld *w, const char *name);
void eworld_sql(struct eworld *w, const char *sql);
/** First cell of the first row; -999 when there is none. */
int64_t eworld_int(struct eworld *w, const char *sql);
/** Cells of all rows, "a|b\n"; emptied first. */
const char *eworld_ask(struct eworld *w, struct buf *out, const char *sql);
/** Everything but the journal: definitions, counters, rows, types. */
void eworld_dump(struct eworld *w, struct buf *out);
bool eworld_has_database(const struct eworld *w);
void eworld_copy_file(const char *from, const char *to);

/** History as "init|||\napply|1_a|applied\n". */
const char *eworld_history(struct eworld *w, struct buf *out);

/** The ledger's ref is at the journal's tip, and nothing is left open. */
void eworld_check_ledger(struct eworld *w);

/* --- what must be --- */

/** Text, and hint unless NULL, hold these; frees the error. */
void eworld_expect(struct err *e, enum err_class cls, const char *part,
		   const char *hint);
void eworld_expect_at(struct err *e, enum err_class cls, const char *part,
		      const char *path, unsigned line);
void eworld_has(const struct buf *b, const char *part);
void eworld_lacks(const struct buf *b, const char *part);
void eworld_same(const struct buf *a, const struct buf *b, const char *what);

#endif
