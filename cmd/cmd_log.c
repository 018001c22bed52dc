#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/util.h"
#include "cmd/print.h"
#include "cmd/render.h"

struct options {
	size_t count;
	bool oneline;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_COUNT, 'n', "max-count", AT(count), "number",
	  "show at most so many events" },
	{ OPT_FLAG, 0, "oneline", AT(oneline), NULL,
	  "one line for each event" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[-n <number>] [--oneline] [--json] [<name>]", NULL
};

struct log_view {
	struct cmd_ctx *ctx;
	struct report *json;
	bool oneline;
	size_t n;
};

/* "apply 20260101120000_users", "init" */
static void print_title(const struct engine_event *e, const struct tty *tty)
{
	printf("%s%s%s", tty_color(tty, render_color(e->event)), e->event,
	       tty_color(tty, TTY_RESET));
	if (e->name) {
		putchar(' ');
		print_safe(stdout, e->name);
	}
	if (streq_null(e->status, "failed") && !streq(e->event, "failed"))
		printf(" %sfailed%s", tty_color(tty, TTY_RED),
		       tty_color(tty, TTY_RESET));
}

static void print_oneline(const struct engine_event *e, const struct tty *tty)
{
	char id[RENDER_SHORT];

	printf("%s%-10s%s ", tty_color(tty, TTY_YELLOW),
	       e->commit ? render_short(e->commit, id) : "-",
	       tty_color(tty, TTY_RESET));
	print_title(e, tty);
	if (e->started_at)
		printf(" (%s)", e->started_at);
	putchar('\n');
}

static void print_field(const char *label, const char *value)
{
	if (!value || !*value)
		return;
	printf("%-10s", label);
	print_safe(stdout, value);
	putchar('\n');
}

static void print_event(struct log_view *v, const struct engine_event *e)
{
	const struct tty *tty = &v->ctx->tty;
	struct buf counts = BUF_INIT;

	if (v->n)
		putchar('\n');
	if (e->commit) /* a failure has none */
		printf("%scommit %s%s\n", tty_color(tty, TTY_YELLOW), e->commit,
		       tty_color(tty, TTY_RESET));
	else
		printf("%sevent %" PRId64 "%s\n", tty_color(tty, TTY_YELLOW),
		       e->seq, tty_color(tty, TTY_RESET));
	print_field("Author:", e->author);
	print_field("By:", e->applied_by);
	print_field("Date:", e->started_at);
	print_field("Source:", e->source_commit);
	print_field("Snapshot:", e->snapshot);
	fputs("\n    ", stdout);
	print_title(e, tty);
	putchar('\n');
	if (e->description)
		print_text(stdout, e->description, "    ");
	if (e->changes) {
		fputs("    ", stdout);
		print_safe(stdout, e->changes);
		putchar('\n');
	}
	if (e->name) {
		render_counts(&counts, e);
		printf("    %s\n", buf_str(&counts));
	}
	if (e->error) {
		fputs("    ", stdout);
		print_safe(stdout, e->error);
		putchar('\n');
	}
	buf_release(&counts);
}

static struct err *on_event(void *payload, const struct engine_event *e)
{
	struct log_view *v = payload;

	if (v->json)
		render_event(v->json, e);
	else if (v->oneline)
		print_oneline(e, &v->ctx->tty);
	else
		print_event(v, e);
	v->n++;
	if (ferror(stdout))
		return err_new(ERR_CANCELLED, "nobody reads");
	return NULL;
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	(void)ctx;
	(void)options;
	(void)argv;
	return argc > 1 ? err_new(ERR_USAGE, "log takes one name") : NULL;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	struct log_view v = { .ctx = ctx, .oneline = o->oneline };
	struct err *err;

	if (ctx->common.json) {
		v.json = report_new();
		report_string(v.json, "target", ctx_target_name(ctx));
		report_array(v.json, "events");
	}
	err = engine_log(ctx->engine, argc ? argv[0] : NULL, o->count, on_event,
			 &v);
	if (err && ferror(stdout)) { /* main tells about that */
		err_free(err);
		err = NULL;
	}
	if (v.json && !err) {
		report_end(v.json);
		return ctx_print_json(ctx, v.json);
	}
	report_free(v.json);
	return err;
}

const struct cmd cmd_log = {
	.name = "log",
	.synopsis = synopsis,
	.summary = "show what was done to the database, newest first",
	.needs = CMD_NEEDS_TARGET,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
