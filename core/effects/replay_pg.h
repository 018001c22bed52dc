#ifndef EFFECTS_REPLAY_PG_H
#define EFFECTS_REPLAY_PG_H

#include "effects/replay_impl.h"
#include "postgres/conn.h"

/*
 * The PostgreSQL half: what its files share. replay_pg.c opens, copies and
 * drops databases, replay_pg_run.c runs, replay_pg_rows.c and replay_pg_seed.c
 * read and make rows.
 */
struct replay_pg {
	struct replay base;
	struct pg_conn *admin; /**< to the database that the URI names */
	struct pg_conn *c;     /**< to ours; NULL while it is copied */
	char *uri, *name;      /**< name = our database's */
	char *key;             /**< of the template, or NULL */
	bool kept;             /**< it came from the template */
	bool broken;           /**< what is in it is not known */
};

static inline struct replay_pg *replay_pg_of(struct replay *r)
{
	return (struct replay_pg *)(void *)r;
}

/* replay_pg.c */

/** The connection is closed and opened again, when it is needed. */
void replay_pg_disconnect(struct replay_pg *r);
MUST_USE struct err *replay_pg_connect(struct replay_pg *r);

/** A database with what ours has; its name is the caller's. */
MUST_USE struct err *replay_pg_copy(struct replay_pg *r, char **name);

/** Ours becomes that database; the old one is dropped. Takes the name. */
void replay_pg_become(struct replay_pg *r, char *name);
void replay_pg_drop(struct replay_pg *r, const char *name);

/* replay_pg_run.c */
MUST_USE struct err *replay_pg_run(struct replay *base,
				   const struct replay_script *script,
				   struct effects *effects,
				   struct replay_result *result);

/* replay_pg_rows.c */
MUST_USE struct err *replay_pg_rows(struct replay *base, struct buf *out);

/* replay_pg_seed.c */
MUST_USE struct err *replay_pg_seed(struct replay *base,
				    const char *const *tables, unsigned seed);

#endif
