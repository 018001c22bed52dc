#ifndef CMD_SNAPSHOT_H
#define CMD_SNAPSHOT_H

#include "cmd/context.h"
#include "engine/stored.h"

/* What follows `git migrate snapshot`: one function for each word. */

struct snapshot_options {
	size_t count;
	bool all;
	const char *keep;
	bool dry_run;
	const char *remote;
};

/** "30d", "12h", "4w" or a number; false for anything else. */
bool snapshot_keep_parse(const char *text, struct engine_prune_options *out);

struct err *snapshot_list(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv);
struct err *snapshot_show(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv);
struct err *snapshot_verify(struct cmd_ctx *ctx,
			    const struct snapshot_options *o, int argc,
			    char **argv);
struct err *snapshot_prune(struct cmd_ctx *ctx,
			   const struct snapshot_options *o, int argc,
			   char **argv);
struct err *snapshot_push(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv);
struct err *snapshot_fetch(struct cmd_ctx *ctx,
			   const struct snapshot_options *o, int argc,
			   char **argv);

struct err *snapshot_diff(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv);

#define SNAPSHOT_ROWS_SHOWN 10

/** The keys of a row, into the open object; text is for its values. */
void snapshot_row_keys(struct report *r, const struct line_view *line,
		       struct buf *text);

/** The keys of a snapshot, into the open object. */
void snapshot_keys(struct report *r, const struct engine_snapshot *s);

/** Where it is, in words: "clone", "pruned", "not here: clone of build-7". */
void snapshot_where(struct buf *out, const struct engine_snapshot *s);

#endif
