#include <stdio.h>

#include "base/buf.h"
#include "base/util.h"
#include "cmd/print.h"
#include "cmd/render.h"
#include "engine/check.h"

struct show_options {
	bool effects;
};

static const struct opt options_table[] = {
	{ OPT_FLAG, 0, "effects", offsetof(struct show_options, effects), NULL,
	  "show what each statement touches" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[--effects] [--rev <revision>] [--json] <name>", NULL
};

static void print_field(const char *label, const char *value)
{
	if (!value || !*value)
		return;
	printf("%-12s", label);
	print_safe(stdout, value);
	putchar('\n');
}

static void print_state(const struct cmd_ctx *ctx, const struct engine_show *s)
{
	printf("%-12s%s%s%s%s%s\n",
	       "State:", tty_color(&ctx->tty, render_color(s->state)), s->state,
	       tty_color(&ctx->tty, TTY_RESET),
	       s->modified ? ", modified since" : "",
	       s->in_tree ? "" : ", not in this tree");
}

static void print_depends(const struct engine_show *s)
{
	if (!s->depends || !s->depends[0])
		return;
	printf("%-12s", "Depends:");
	for (size_t i = 0; s->depends[i]; i++) {
		fputs(i ? ", " : "", stdout);
		print_safe(stdout, s->depends[i]);
	}
	putchar('\n');
}

static void print_event(const struct engine_event *e)
{
	struct buf counts = BUF_INIT;

	if (!e->seq)
		return;
	render_counts(&counts, e);
	print_field("Event:", e->event);
	print_field("Commit:", e->commit);
	print_field("Source:", e->source_commit);
	print_field("Author:", e->author);
	print_field("By:", e->applied_by);
	print_field("Date:", e->started_at);
	print_field("Work:", buf_str(&counts));
	print_field("Changes:", e->changes);
	print_field("Snapshot:", e->snapshot);
	print_field("Error:", e->error);
	buf_release(&counts);
}

static void print_part(const struct cmd_ctx *ctx, const char *title,
		       const char *text)
{
	if (!text || !*text)
		return;
	printf("\n%s%s%s\n", tty_color(&ctx->tty, TTY_BOLD), title,
	       tty_color(&ctx->tty, TTY_RESET));
	print_text(stdout, text, "    ");
}

static void print_human(const struct cmd_ctx *ctx, const struct engine_show *s)
{
	printf("%smigration ", tty_color(&ctx->tty, TTY_YELLOW));
	print_safe(stdout, s->name);
	printf("%s\n", tty_color(&ctx->tty, TTY_RESET));
	print_field("Path:", s->path);
	print_state(ctx, s);
	print_field("About:", s->last.description);
	print_depends(s);
	print_event(&s->last);
	if (s->last.seq && streq(s->last.event, "rollback") && !s->last.exact)
		print_field("Exact:", "no");
	print_field("Reordered:", s->reordered);
	print_part(ctx,
		   streq_null(s->sql_from, "journal") ? "SQL, as applied:"
						      : "SQL, in the tree:",
		   s->sql);
	print_part(ctx, "Down file:", s->down_sql);
	print_part(ctx, "Schema:", s->schema_diff);
	print_part(ctx, "Snapshot:", s->snapshot_summary);
}

static struct err *print_json(struct cmd_ctx *ctx, const struct engine_show *s)
{
	struct report *r = report_new();

	report_string(r, "target", ctx_target_name(ctx));
	report_string(r, "name", s->name);
	report_string(r, "version", s->version);
	report_string(r, "state", s->state);
	report_string(r, "path", s->path);
	report_bool(r, "in_tree", s->in_tree);
	report_bool(r, "modified", s->modified);
	report_array(r, "depends");
	for (size_t i = 0; s->depends && s->depends[i]; i++)
		report_string(r, NULL, s->depends[i]);
	report_end(r);
	report_string(r, "sql", s->sql);
	report_string(r, "down_sql", s->down_sql);
	report_string(r, "sql_from", s->sql_from);
	report_string(r, "schema_diff", s->schema_diff);
	report_string(r, "reordered", s->reordered);
	report_string(r, "snapshot_summary", s->snapshot_summary);
	if (s->last.seq) {
		report_object(r, "last");
		render_event_keys(r, &s->last);
		report_end(r);
	} else {
		report_string(r, "last", NULL);
	}
	return ctx_print_json(ctx, r);
}

static struct err *print_effects_json(struct cmd_ctx *ctx,
				      const struct engine_effects *es)
{
	struct report *r = report_new();

	report_string(r, "name", es->name);
	report_string(r, "path", es->path);
	report_array(r, "effects");
	for (size_t i = 0; i < es->n; i++) {
		const struct engine_effect *e = &es->items[i];

		report_object(r, NULL);
		report_int(r, "line", e->line);
		report_int(r, "statement", (int64_t)e->statement);
		report_string(r, "action", e->action);
		report_string(r, "kind", e->kind);
		report_string(r, "object", e->object);
		report_string(r, "aspect", e->aspect);
		report_string(r, "why", e->why);
		report_bool(r, "implied", e->implied);
		report_bool(r, "conditional", e->conditional);
		report_end(r);
	}
	report_end(r);
	return ctx_print_json(ctx, r);
}

static struct err *show_effects(struct cmd_ctx *ctx, const char *name)
{
	struct engine_effects es;
	struct err *err =
		engine_effects(ctx->engine, name, ctx->common.rev, &es);

	if (!err && ctx->common.json)
		err = print_effects_json(ctx, &es);
	for (size_t i = 0; !err && !ctx->common.json && i < es.n; i++) {
		print_safe(stdout, es.items[i].text);
		putchar('\n');
	}
	engine_effects_release(&es);
	return err;
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	(void)ctx;
	(void)options;
	(void)argv;
	return argc == 1 ? NULL : err_new(ERR_USAGE, "show takes one name");
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct show_options *o = options;
	struct engine_show s = { 0 };
	struct err *err;

	(void)argc;
	if (o->effects)
		return show_effects(ctx, argv[0]);
	err = engine_show(ctx->engine, argv[0], ctx->common.rev, &s);
	if (!err && ctx->common.json)
		err = print_json(ctx, &s);
	else if (!err)
		print_human(ctx, &s);
	engine_show_release(&s);
	return err;
}

const struct cmd cmd_show = {
	.name = "show",
	.synopsis = synopsis,
	.summary = "show a migration: SQL, state, schema change, snapshot",
	.needs = CMD_NEEDS_TARGET,
	.options = options_table,
	.options_size = sizeof(struct show_options),
	.check = check,
	.run = run,
};
