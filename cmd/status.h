#ifndef CMD_STATUS_H
#define CMD_STATUS_H

#include "cmd/context.h"

/** A file edited without effect counts and prints as applied. */
enum engine_state status_shown(enum engine_state s);

/**
 * A path from the top of the work tree: those of a set of migrations are
 * below its folder. NULL stays NULL; free() it.
 */
char *status_path(const struct cmd_ctx *ctx, const char *path);

/** The object of docs/json.md, "status", with the wanted states only. */
MUST_USE struct err *status_print_json(struct cmd_ctx *ctx,
				       const struct engine_status *s,
				       const bool wanted[STATE_COUNT]);

#endif
