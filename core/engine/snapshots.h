#ifndef ENGINE_SNAPSHOTS_H
#define ENGINE_SNAPSHOTS_H

#include "engine/store.h"
#include "snapshot/port.h"

/*
 * Where snapshots are: places behind one table, chosen by the target's
 * snapshotStore when an event's files are written, and by the event's column
 * snapshot_store when they are read. Nobody outside snapshots*.c asks which
 * place it is.
 */
struct engine;
struct journal_event;
struct snapshot_place;

/** Takes the snapshots of one group of events; a place's own struct begins
 * with it. */
struct snapshot_writer {
	const struct snapshot_place *place;
	struct engine *engine;
	bool parks; /**< for a rollback */
};

/** A snapshot that is being read. */
struct snapshot_source {
	const struct snapshot_place *place;
	struct engine *engine;
};

struct snapshot_place {
	const char *name; /**< in the configuration and in the journal */
	bool is_named;    /**< "remote:<name>": one of several */
	bool in_clone;    /**< whoever has no access to this clone has none */
	bool has_host;    /**< the host that writes it is worth knowing */

	struct err *(*writer_open)(struct engine *e,
				   struct snapshot_writer **out);
	struct err *(*file)(struct snapshot_writer *w, const char *path);
	struct err *(*chunk)(struct snapshot_writer *w, const void *data,
			     size_t len);
	struct err *(*event)(struct snapshot_writer *w, struct store_id *out);
	struct err *(*drop)(struct snapshot_writer *w);
	struct err *(*durable)(struct snapshot_writer *w, const char *key);
	struct err *(*promote)(struct snapshot_writer *w);
	/** After durable(): the database will not commit. NULL = nothing. */
	struct err *(*abandon)(struct snapshot_writer *w);
	void (*writer_close)(struct snapshot_writer *w);

	struct err *(*source_open)(struct engine *e, const struct store_id *id,
				   const char *only,
				   struct snapshot_source **out);
	struct err *(*source_files)(struct snapshot_source *s,
				    void (*fn)(void *payload, const char *path),
				    void *payload);
	struct err *(*source_file)(struct snapshot_source *s, const char *path);
	struct err *(*source_chunk)(struct snapshot_source *s,
				    const char **data, size_t *len);
	void (*source_close)(struct snapshot_source *s);
};

extern const struct snapshot_place snapshots_in_clone;
extern const struct snapshot_place snapshots_in_database;
extern const struct snapshot_place snapshots_in_remote;

/** The git remote of "remote:<name>"; NULL for other places. */
const char *snapshot_remote_name(const char *store);

/**
 * Nothing is made before the first byte.
 *
 * @param parks the events are rollbacks: what they keep is parked
 */
MUST_USE struct err *snapshot_writer_open(struct engine *e, bool parks,
					  struct snapshot_writer **out);

/** What history says of a snapshot that was written here: "database", or a
 * place and the host it was written on, "clone@build-7". */
const char *snapshot_writer_store(const struct snapshot_writer *w);

/**
 * Start a file of the event.
 *
 * @return ERR_REFUSED where this clone is no place to keep it: a protected
 *         target, or a machine that is thrown away (CI)
 */
MUST_USE struct err *snapshot_writer_file(struct snapshot_writer *w,
					  const char *path);

/** A piece of the file begun last; copied. */
MUST_USE struct err *snapshot_writer_chunk(struct snapshot_writer *w,
					   const void *data, size_t len);

/** The event is over: its snapshot's id. In the event's transaction. */
MUST_USE struct err *snapshot_writer_event(struct snapshot_writer *w,
					   struct store_id *out);

/** Forget what was written since the last event ended. */
MUST_USE struct err *snapshot_writer_drop(struct snapshot_writer *w);

/** Right before the database commits: nothing is lost after it. */
MUST_USE struct err *snapshot_writer_durable(struct snapshot_writer *w,
					     const char *key);

/** Right after. An error is worth a note only. */
MUST_USE struct err *snapshot_writer_promote(struct snapshot_writer *w);

/** It was made durable, and the database will not commit: closed. NULL is
 * fine. */
void snapshot_writer_abandon(struct snapshot_writer *w);

/** NULL is fine. */
void snapshot_writer_close(struct snapshot_writer *w);

/**
 * @param store the event's snapshot_store; NULL = the clone
 * @param only  the one file that will be asked for; NULL = any of them, and
 *              all of it must be there
 * @return ERR_STORE when it is not there, or damaged; ERR_REFUSED for a place
 *         that this program does not know
 */
MUST_USE struct err *snapshot_source_open(struct engine *e, const char *store,
					  const char *id, const char *only,
					  struct snapshot_source **out);

/**
 * The snapshot that an event took, all of it.
 *
 * @return ERR_REFUSED when it is not to be had from here: where and when it was
 *         taken, what became of it, and how to get it
 */
MUST_USE struct err *snapshot_source_of(struct engine *e,
					const struct journal_event *ev,
					struct snapshot_source **out);

/** The journal says that what the event kept was pruned since. */
MUST_USE struct err *snapshot_is_pruned(struct engine *e,
					const struct journal_event *ev,
					bool *out);

/** Paths of all its files; it was opened for any of them. */
MUST_USE struct err *snapshot_source_files(struct snapshot_source *s,
					   void (*fn)(void *payload,
						      const char *path),
					   void *payload);

/** For who reads it; `out` borrows from s. Reading asks nothing of the
 * database: it may go on in another thread, and beside other questions. */
void snapshot_source_in(struct snapshot_source *s, struct snapshot_in *out);

/** NULL is fine. */
void snapshot_source_close(struct snapshot_source *s);

#endif
