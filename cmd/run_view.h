#ifndef CMD_RUN_VIEW_H
#define CMD_RUN_VIEW_H

#include "cmd/context.h"

/*
 * What apply, rollback, reconcile and plan show alike: the plan before, each event once
 * it is durable, the end, and the one JSON object.
 */
struct run_view {
	struct cmd_ctx *ctx;
	struct report *json; /**< NULL unless --json */
	const char *verb;    /**< "apply", "rollback" or "reconcile" */
	bool dry_run;
	size_t done;                /**< migrations so far */
	size_t undone, renamed;     /**< of them, by reconcile */
	int64_t parked;             /**< by rollbacks so far */
	int64_t part_rows, part_ms; /**< of a migration that is under way */
};

/** Listen to the context's events. Call before the engine runs. */
void run_view_begin(struct run_view *v, struct cmd_ctx *ctx, const char *verb,
		    bool dry_run);

/**
 * Say how it ended, and stop listening.
 *
 * @param err what the run returned; consumed
 * @return err, or what went wrong in printing
 */
MUST_USE struct err *run_view_end(struct run_view *v,
				  const struct engine_run *run,
				  struct err *err);

/** Conflicts that are listed one by one where a person reads them. */
#define RUN_VIEW_CONFLICTS 20

/** What --on-conflict takes: "abort" (also for NULL), "keep", "restore"; else
 * ERR_USAGE. */
MUST_USE struct err *run_view_choice(const char *name,
				     enum restore_choice *out);

#endif
