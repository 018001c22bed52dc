#include "cmd/context.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "cmd/print.h"
#include "cmd/url.h"
#include "gitstore/gitstore.h"

#define AT(member) offsetof(struct cmd_common, member)

const struct opt cmd_common_options[] = {
	{ OPT_STRING, 't', "target", AT(target), "name",
	  "the target to work on" },
	{ OPT_STRING, 0, "url", AT(url), "url",
	  "the database: sqlite:PATH or postgresql://..." },
	{ OPT_STRING, 0, "rev", AT(rev), "revision",
	  "read migrations from this commit, not HEAD" },
	{ OPT_FLAG, 0, "json", AT(json), NULL, "print one JSON object" },
	{ OPT_FLAG, 'q', "quiet", AT(quiet), NULL,
	  "print errors and warnings only" },
	{ OPT_FLAG, 'v', "verbose", AT(verbose), NULL, "say more" },
	{ OPT_FLAG, 0, "no-color", AT(no_color), NULL, "print without colour" },
	{ OPT_FLAG, 0, "no-progress", AT(no_progress), NULL,
	  "show no progress line" },
	{ OPT_FLAG, 'h', NULL, AT(usage), NULL, NULL },
	{ OPT_FLAG, 0, "help", AT(help), NULL, NULL },
	{ OPT_FLAG, 0, "version", AT(version), NULL, NULL },
	OPT_TABLE_END,
};

static void on_begin(void *payload, const char *verb, const char *name,
		     size_t i, size_t n)
{
	struct cmd_ctx *ctx = payload;

	progress_step(&ctx->progress, verb, name, i, n);
}

static void on_note(void *payload, enum engine_note_level level,
		    const char *text)
{
	struct cmd_ctx *ctx = payload;

	switch (level) {
	case ENGINE_WARNING:
		ctx_warn(ctx, "%s", text);
		break;
	case ENGINE_HINT:
		ctx_hint(ctx, "%s", text);
		break;
	case ENGINE_NOTE:
		if (!ctx->common.verbose)
			break;
		progress_clear(&ctx->progress);
		print_line(stderr, "note", text);
		break;
	}
}

static void on_event(void *payload, const struct engine_event *e)
{
	struct cmd_ctx *ctx = payload;

	if (ctx->on_event)
		ctx->on_event(ctx->on_event_payload, e);
}

static void on_config_warning(void *payload, const char *text)
{
	ctx_warn(payload, "%s", text);
}

struct err *ctx_open(struct cmd_ctx *ctx)
{
	const struct cmd_common *c = &ctx->common;
	unsigned needs = ctx->cmd->needs;
	struct err *err;

	tty_init(&ctx->tty, NULL, c->no_color);
	progress_init(&ctx->progress,
		      ctx->tty.progress && !c->quiet && !c->no_progress,
		      ctx->tty.err_width);
	ctx->observer = (struct engine_observer){ .payload = ctx,
						  .begin = on_begin,
						  .event = on_event,
						  .note = on_note };
	if (!needs)
		return NULL;
	err = gitstore_open(&ctx->store, NULL);
	if (err)
		return err;
	tty_init(&ctx->tty, ctx->store, c->no_color);
	if (!(needs & ~(unsigned)CMD_NEEDS_STORE))
		return NULL;
	err = config_read(&ctx->config, ctx->store, on_config_warning, ctx);
	if (err || !(needs & (CMD_NEEDS_FILES | CMD_NEEDS_TARGET)))
		return err;
	return ctx_open_engine(ctx, NULL, needs & CMD_NEEDS_TARGET);
}

struct err *ctx_open_engine(struct cmd_ctx *ctx, const char *target,
			    bool need_url)
{
	struct config_wish wish = { .target = ctx->common.target,
				    .url = ctx->common.url };
	struct err *err;

	engine_close(ctx->engine);
	ctx->engine = NULL;
	free(ctx->shown_url);
	ctx->shown_url = NULL;
	if (target)
		wish = (struct config_wish){ .target = target };
	err = config_resolve(&ctx->config, &wish, need_url, &ctx->target);
	if (err)
		return err;
	if (ctx->target.url)
		ctx->shown_url = url_masked(ctx->target.url);
	return engine_open(&ctx->engine, ctx->store, &ctx->target,
			   &ctx->observer);
}

struct err *ctx_set_lock_timeout(struct cmd_ctx *ctx, int64_t ms)
{
	engine_close(ctx->engine);
	ctx->engine = NULL;
	ctx->target.lock_timeout_ms = ms;
	ctx->target.lock_timeout_given = true;
	return engine_open(&ctx->engine, ctx->store, &ctx->target,
			   &ctx->observer);
}

void ctx_release(struct cmd_ctx *ctx)
{
	progress_clear(&ctx->progress);
	engine_close(ctx->engine);
	free(ctx->shown_url);
	config_release(&ctx->config);
	if (ctx->store)
		ctx->store->ops->close(ctx->store);
	ctx->engine = NULL;
	ctx->shown_url = NULL;
	ctx->store = NULL;
}

const char *ctx_target_name(const struct cmd_ctx *ctx)
{
	if (*ctx->target.target)
		return ctx->target.target;
	return ctx->shown_url ? ctx->shown_url : "";
}

bool ctx_talks(const struct cmd_ctx *ctx)
{
	return !ctx->common.quiet && !ctx->common.json;
}

PRINTF_LIKE(3, 0)
static void say(struct cmd_ctx *ctx, const char *level, const char *fmt,
		va_list ap)
{
	struct buf b = BUF_INIT;

	buf_vaddf(&b, fmt, ap);
	progress_clear(&ctx->progress);
	fflush(stdout);
	print_line(stderr, level, buf_str(&b));
	buf_release(&b);
}

void ctx_warn(struct cmd_ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctx, "warning", fmt, ap);
	va_end(ap);
}

void ctx_hint(struct cmd_ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	if (!ctx_talks(ctx))
		return;
	va_start(ap, fmt);
	say(ctx, "hint", fmt, ap);
	va_end(ap);
}

struct err *ctx_print_json(struct cmd_ctx *ctx, struct report *r)
{
	char *text;
	struct err *err = report_finish(r, &text);

	report_free(r);
	if (!err) {
		ctx->printed_json = true;
		fputs(text, stdout);
		fputc('\n', stdout);
	}
	free(text);
	return err;
}
