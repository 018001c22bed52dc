#ifndef ENGINE_STORED_H
#define ENGINE_STORED_H

#include "engine/engine.h"
#include "snapshot/lineview.h"
#include "snapshot/manifest.h"

/*
 * Snapshots as things that are kept: what `git migrate snapshot` asks for.
 * The journal says which there are; where they are decides who has them.
 */

/** One event's snapshot. Strings in the list's arena. */
struct engine_snapshot {
	const char *id;
	int64_t seq;       /**< of the event that took it */
	const char *event; /**< "apply", "rollback" */
	const char *name;  /**< of the migration */
	const char *taken_at, *taken_by;
	const char *store;     /**< "clone", "database", "remote:origin" */
	const char *host;      /**< where it was taken; NULL = not known */
	const char *pruned_at; /**< NULL = it was not */
	bool here;             /**< can be read now, from here */
	bool damaged;          /**< here, but not whole */
	bool lost;             /**< was kept in this clone, and is gone */
	bool needed;           /**< a rollback of what is applied reads it */
	size_t chain; /**< the same for events that go back together; 0 = none */
	int64_t bytes; /**< before it was deflated; -1 = not known */
	int64_t alone; /**< on disk, of what no other snapshot has; -1 */
};

struct engine_snapshots {
	struct engine_snapshot *items; /**< oldest first */
	size_t n, cap;
	struct arena arena;
};
void engine_snapshots_release(struct engine_snapshots *s);

/**
 * Cut the journal's "clone@host" in two.
 *
 * @param[out] len of the part in front
 * @return the host, in `stored`; NULL = it does not say
 */
const char *engine_store_host(const char *stored, size_t *len);

/** All that the journal knows of, also those that are pruned or not here. */
MUST_USE struct err *engine_snapshots(struct engine *e,
				      struct engine_snapshots *out);

/** Who looks at a snapshot. Members may be NULL; an error ends it. */
struct engine_snapshot_visitor {
	void *payload;

	/** A part: "" or, where several migrations' events went back at once,
	 * "part2/"; what is in it. */
	struct err *(*part)(void *payload, const char *name,
			    const struct manifest *m);

	/** A table's lines follow. */
	struct err *(*table)(void *payload, const struct manifest_table *t);
	struct err *(*line)(void *payload, const struct line_view *line);
};

/**
 * Look into a snapshot.
 *
 * @param which a migration's name, for the newest it has; or the beginning of
 *              a snapshot's id, at least four digits
 * @param max   lines of each table; 0 = all
 * @param[out] about what the journal knows of it; strings in `arena`
 * @return ERR_INPUT: there is none of that name; ERR_REFUSED: it is not here,
 *         and where it is
 */
MUST_USE struct err *engine_snapshot_show(
	struct engine *e, const char *which, uint64_t max,
	const struct engine_snapshot_visitor *v, struct arena *arena,
	struct engine_snapshot *about);

/** What is wrong with a snapshot. */
struct engine_verdict {
	const struct engine_snapshot *of;
	struct err *broken; /**< NULL = nothing; released after the call */
	int64_t tables, lines;
};

/**
 * Read every chunk of snapshots that are here, compare it with its id, read
 * every line, and count.
 *
 * @param which NULL = all of them
 * @param fn    called for each; also for those that are not here
 */
MUST_USE struct err *engine_snapshot_verify(
	struct engine *e, const char *which,
	struct err *(*fn)(void *payload, const struct engine_verdict *v),
	void *payload);

struct engine_prune_options {
	bool by_age;    /**< else by count */
	int64_t age_s;  /**< what is younger stays */
	uint64_t count; /**< the newest so many stay */
	bool dry_run;
};

struct engine_prune {
	struct engine_snapshots gone; /**< those pruned, oldest first */
	const char **lost; /**< migrations that cannot be rolled back now */
	size_t n_lost;
	int64_t freed; /**< bytes on disk; of a dry run what it would be, without
			    what only those that go share */
};
void engine_prune_release(struct engine_prune *p);

/**
 * Delete snapshots that are here, but for those to keep, the ones that go back
 * together with these, and those of a run that goes on; write to the journal
 * that they are gone, and give the room back.
 */
MUST_USE struct err *engine_snapshot_prune(
	struct engine *e, const struct engine_prune_options *opt,
	struct engine_prune *out);

struct engine_transfer_options {
	const char *remote;       /**< NULL = the store's, else "origin" */
	const char *const *names; /**< n = 0: all that can be */
	size_t n;
};

struct engine_transfer {
	const char *remote;
	struct engine_snapshots moved;
	size_t n_there;   /**< push: those that were there */
	size_t n_missing; /**< fetch: those that are neither here nor there */
	struct engine_snapshots all; /**< owns the strings */
};
void engine_transfer_release(struct engine_transfer *t);

/**
 * Put snapshots of this clone into a git remote, or get those that it lacks
 * from there.
 *
 * @return ERR_INPUT: no snapshot of that name; ERR_REFUSED: there is no such
 *         remote, or one that was named is not to be had; ERR_STORE with what
 *         git says
 */
MUST_USE struct err *engine_snapshot_push(
	struct engine *e, const struct engine_transfer_options *opt,
	struct engine_transfer *out);
MUST_USE struct err *engine_snapshot_fetch(
	struct engine *e, const struct engine_transfer_options *opt,
	struct engine_transfer *out);

struct engine_diff_counts {
	uint64_t first, second; /**< rows that only one of them tells of */
	uint64_t differ;        /**< the same key, and not the same line */
	uint64_t same;
};

/** Who hears how two snapshots differ. An error ends it. */
struct engine_diff_visitor {
	void *payload;
	struct err *(*table)(void *payload, const char *name);

	/** side: '-' for the first, '+' for the second; of a row that differs
	 * both, one after the other. */
	struct err *(*line)(void *payload, char side,
			    const struct line_view *line);
	struct err *(*end)(void *payload, const struct engine_diff_counts *n);
};

/**
 * Compare two snapshots, table by table. Rows without a key, and those whose
 * order is not known, are compared whole, equal ones by count.
 *
 * @param max rows of each table that line() hears of; 0 = all
 * @param[out] about both, in `arena`
 * @return ERR_REFUSED: they have no table in common, or are not here
 */
MUST_USE struct err *engine_snapshot_diff(struct engine *e,
					  const char *const which[2],
					  uint64_t max,
					  const struct engine_diff_visitor *v,
					  struct arena *arena,
					  struct engine_snapshot about[2]);

#endif
