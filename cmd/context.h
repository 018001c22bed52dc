#ifndef CMD_CONTEXT_H
#define CMD_CONTEXT_H

#include "cmd/cmd.h"
#include "cmd/config.h"
#include "cmd/progress.h"
#include "cmd/tty.h"
#include "engine/engine.h"
#include "report/json.h"

/** Options that every command takes, before or after its own. */
struct cmd_common {
	const char *target, *url, *rev;
	bool json, quiet, verbose, no_color, no_progress;
	bool usage; /**< -h */
	bool help;  /**< --help */
	bool version;
};
extern const struct opt cmd_common_options[];

/** Handed to every command: what main.c opened on its behalf. */
struct cmd_ctx {
	const struct cmd *cmd;
	struct cmd_common common;
	struct store *store; /**< NULL unless CMD_NEEDS_STORE and above */
	struct config config;
	struct engine_config target;     /**< from CMD_NEEDS_FILES on */
	char *shown_url;                 /**< of target, without passwords */
	struct engine *engine;           /**< from CMD_NEEDS_FILES on */
	struct engine_observer observer; /**< calls this context */
	void (*on_event)(void *payload, const struct engine_event *e);
	void *on_event_payload; /**< of the command that wants events */
	struct tty tty;
	struct progress progress;
	bool printed_json; /**< the one object is out */
	int status;        /**< exit status where there is no error */
};

/** Open what cmd->needs says. Release with ctx_release(), always. */
MUST_USE struct err *ctx_open(struct cmd_ctx *ctx);
void ctx_release(struct cmd_ctx *ctx);

/**
 * Open the engine of a target (NULL = as the options say), closing what was
 * open.
 */
MUST_USE struct err *ctx_open_engine(struct cmd_ctx *ctx, const char *target,
				     bool need_url);

/** Wait so long for another run, whatever the configuration says. */
MUST_USE struct err *ctx_set_lock_timeout(struct cmd_ctx *ctx, int64_t ms);

/** The target as a person knows it: its name, else its URL without
 * passwords. Not made safe. */
const char *ctx_target_name(const struct cmd_ctx *ctx);

/** On standard error, clear of the progress line. */
void ctx_warn(struct cmd_ctx *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** A suggestion; not with -q or --json. */
void ctx_hint(struct cmd_ctx *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Feedback on standard output is wanted: neither -q nor --json. */
bool ctx_talks(const struct cmd_ctx *ctx);

/** Put the object on standard output and free the writer. */
MUST_USE struct err *ctx_print_json(struct cmd_ctx *ctx, struct report *r);

#endif
