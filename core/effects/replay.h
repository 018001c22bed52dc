#ifndef EFFECTS_REPLAY_H
#define EFFECTS_REPLAY_H

#include "base/err.h"
#include "effects/effects.h"
#include "schema/schema.h"

/*
 * Running migrations where they can do no harm: a SQLite database in memory,
 * or a scratch database of a PostgreSQL server. All of it is hostile input
 * (docs/decisions.md): no file, no extension, a deadline, a limit of memory.
 */

/** One migration's text. Borrowed. */
struct replay_script {
	const char *name; /**< for messages */
	const char *path; /**< the file, for messages */
	const char *text; /**< the up part */
	size_t len;
	unsigned first_line; /**< of text in its file */
	bool no_transaction;
	bool blocks; /**< as of struct migration */
};

enum replay_end {
	REPLAY_FINE,
	REPLAY_FAILED, /**< the database refused a statement */
	REPLAY_LIMIT,  /**< deadline, memory, or something that is not allowed:
			     nothing is known */
};

struct replay_result {
	enum replay_end end;
	char *message; /**< the database's, or which limit; owned; NULL = fine */
	unsigned line, col; /**< of the statement in its file */
	char *statement;    /**< the first bytes of it; owned */
};
void replay_result_release(struct replay_result *r);

struct replay_limits {
	int64_t deadline_ms;  /**< for one replay_run(); 0 = 10 s */
	int64_t memory_bytes; /**< SQLite: of the database; 0 = 256 MiB */
};

/** A database with some migrations in it. */
struct replay;

/** Empty, in memory. */
MUST_USE struct err *replay_sqlite_open(struct replay **out,
					const struct replay_limits *limits);

/** From replay_image(); ERR_STATE when the bytes are no image. */
MUST_USE struct err *replay_sqlite_load(struct replay **out, const void *image,
					size_t len,
					const struct replay_limits *limits);

/**
 * A PostgreSQL database made for the purpose on the server that uri names, and
 * dropped by replay_close(). ERR_REFUSED: the role is a superuser or may read
 * files or run programs there; ERR_TARGET: cannot create a database (hint).
 *
 * @param key NULL, or names a template of the base ("git_migrate_base_<key>")
 *        that is kept for the next time
 */
MUST_USE struct err *replay_pg_open(struct replay **out, const char *uri,
				    const char *key,
				    const struct replay_limits *limits);

/** It came from the template of its key, and has the base in it. */
bool replay_pg_is_kept(const struct replay *r);

/** The base is in it: keep it as the template of its key. */
MUST_USE struct err *replay_pg_keep(struct replay *r);
void replay_close(struct replay *r);

/** A second one with the same contents: its own copy. */
MUST_USE struct err *replay_clone(struct replay *r, struct replay **out);

/** The database as bytes for the cache; SQLite. */
MUST_USE struct err *replay_image(struct replay *r, struct buf *out);

/**
 * Run one migration as apply would: in a transaction, `PRAGMA foreign_keys`
 * lifted out of it, foreign keys enforced. A failure undoes it.
 *
 * @param effects NULL, or emptied and filled with what it touched: every
 *        object, column and table's rows that the authorizer saw, and the
 *        schema difference (SQLite only)
 * @return only what is no fault of the migration
 */
MUST_USE struct err *replay_run(struct replay *r,
				const struct replay_script *script,
				struct effects *effects,
				struct replay_result *result);

/**
 * Put a few rows into each of these tables (NULL-terminated; parents of
 * foreign keys first, theirs as well), as far as types and constraints let it;
 * the same rows for the same schema and seed. Tables that have rows are left.
 * An odd seed leaves no column NULL that could have a value.
 */
MUST_USE struct err *replay_seed(struct replay *r, const char *const *tables,
				 unsigned seed);

/** The schema as files; borrowed, until the next call with r. */
MUST_USE struct err *replay_schema(struct replay *r, const struct schema **out);

/**
 * Append one line for each row of all user tables, tables by name, rows sorted
 * by content, columns by name: equal data is equal text.
 */
MUST_USE struct err *replay_rows(struct replay *r, struct buf *out);

/** Shapes of two are equal; else a unified difference of the schema trees
 * (`a` to `b`) is appended to diff, columns of a table by name. */
MUST_USE struct err *replay_same_shape(struct replay *a, struct replay *b,
				       struct buf *diff, bool *same);

#endif
