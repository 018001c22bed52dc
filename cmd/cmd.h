#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cmd/options.h"

struct cmd_ctx;

/** What a command needs before it runs; main.c provides exactly that. */
enum cmd_needs {
	CMD_NEEDS_STORE = 1 << 0,  /**< a repository */
	CMD_NEEDS_CONFIG = 1 << 1, /**< its configuration, read */
	CMD_NEEDS_FILES = 1 << 2,  /**< an engine; a URL may be missing */
	CMD_NEEDS_TARGET = 1 << 3, /**< an engine with a database to go to */
	CMD_WRITES = 1 << 4,       /**< Ctrl-C is a clean stop */
};

/** One subcommand; each cmd_*.c defines exactly one of these. */
struct cmd {
	const char *name;
	const char *const
		*synopsis;         /**< each shown after the name, NULL ends */
	const char *summary;       /**< one line, imperative, no full stop */
	unsigned needs;            /**< enum cmd_needs bits */
	const struct opt *options; /**< its own; NULL = only the common ones */
	size_t options_size;       /**< of the struct that run() receives */
	bool hidden;               /**< not for people: usage leaves it out */

	/**
	 * The command line by itself, before anything is opened: ERR_USAGE
	 * for what cannot be meant. NULL = no arguments are taken.
	 */
	struct err *(*check)(const struct cmd_ctx *ctx, const void *options,
			     int argc, char **argv);

	/**
	 * @param options struct filled from the table, zero where not given
	 * @param argv    the arguments, without the command's name
	 */
	struct err *(*run)(struct cmd_ctx *ctx, const void *options, int argc,
			   char **argv);
};

extern const struct cmd cmd_apply;
extern const struct cmd cmd_branches;
extern const struct cmd cmd_check;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_hook;
extern const struct cmd cmd_hooks;
extern const struct cmd cmd_init;
extern const struct cmd cmd_log;
extern const struct cmd cmd_new;
extern const struct cmd cmd_plan;
extern const struct cmd cmd_rebase;
extern const struct cmd cmd_reconcile;
extern const struct cmd cmd_rollback;
extern const struct cmd cmd_show;
extern const struct cmd cmd_snapshot;
extern const struct cmd cmd_status;
extern const struct cmd cmd_target;
extern const struct cmd cmd_version;

/** All of them in the order of usage; NULL-terminated. */
extern const struct cmd *const cmds[];

#endif
