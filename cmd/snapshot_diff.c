#include <inttypes.h>
#include <stdio.h>

#include "cmd/print.h"
#include "cmd/render.h"
#include "cmd/snapshot.h"

struct diff_view {
	struct cmd_ctx *ctx;
	struct report *json;
	const struct engine_snapshot *about;
	bool begun; /* both are named */
	struct buf text;
};

static void print_about(char sign, const struct engine_snapshot *s)
{
	printf("%c%c%c %s  %s %s ", sign, sign, sign, s->id, s->taken_at,
	       s->event);
	print_safe(stdout, s->name ? s->name : "");
	putchar('\n');
}

static struct err *on_table(void *payload, const char *name)
{
	struct diff_view *v = payload;

	if (v->json) {
		report_object(v->json, NULL);
		report_string(v->json, "name", name);
		report_array(v->json, "rows");
		return NULL;
	}
	if (!v->begun) {
		print_about('-', &v->about[0]);
		print_about('+', &v->about[1]);
	}
	v->begun = true;
	putchar('\n');
	print_safe(stdout, name);
	putchar('\n');
	return NULL;
}

static struct err *on_line(void *payload, char side,
			   const struct line_view *line)
{
	struct diff_view *v = payload;
	const struct tty *tty = &v->ctx->tty;

	if (v->json) {
		report_object(v->json, NULL);
		report_string(v->json, "side",
			      side == '-' ? "first" : "second");
		snapshot_row_keys(v->json, line, &v->text);
		report_end(v->json);
		return NULL;
	}
	buf_reset(&v->text);
	line_view_print(&v->text, line);
	printf("%s%c ", tty_color(tty, side == '-' ? TTY_RED : TTY_GREEN),
	       side);
	print_safe(stdout, buf_str(&v->text));
	puts(tty_color(tty, TTY_RESET));
	return ferror(stdout) ? err_new(ERR_CANCELLED, "nobody reads") : NULL;
}

static struct err *on_end(void *payload, const struct engine_diff_counts *n)
{
	struct diff_view *v = payload;

	if (!v->json) {
		printf("  %" PRIu64 " only in the first, %" PRIu64
		       " only in the second, %" PRIu64 " differ, %" PRIu64
		       " alike\n",
		       n->first, n->second, n->differ, n->same);
		return NULL;
	}
	report_end(v->json);
	report_int(v->json, "first", (int64_t)n->first);
	report_int(v->json, "second", (int64_t)n->second);
	report_int(v->json, "differ", (int64_t)n->differ);
	report_int(v->json, "same", (int64_t)n->same);
	report_end(v->json);
	return NULL;
}

static struct err *finish_json(struct diff_view *v)
{
	struct report *r = v->json;

	report_end(r);
	report_array(r, "snapshots");
	for (size_t i = 0; i < 2; i++) {
		report_object(r, NULL);
		snapshot_keys(r, &v->about[i]);
		report_end(r);
	}
	report_end(r);
	return ctx_print_json(v->ctx, r);
}

struct err *snapshot_diff(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv)
{
	const char *const which[2] = { argv[0], argv[1] };
	uint64_t max = o->all ? 0 : o->count ? o->count : SNAPSHOT_ROWS_SHOWN;
	struct engine_snapshot about[2] = { { 0 }, { 0 } };
	struct diff_view v = { .ctx = ctx, .about = about };
	const struct engine_diff_visitor visitor = { &v, on_table, on_line,
						     on_end };
	struct arena a = ARENA_INIT;
	struct err *err;

	(void)argc;
	if (ctx->common.json) {
		v.json = report_new();
		report_string(v.json, "target", ctx_target_name(ctx));
		report_array(v.json, "tables");
	}
	err = engine_snapshot_diff(ctx->engine, which, max, &visitor, &a,
				   about);
	if (!err && v.json)
		err = finish_json(&v);
	else
		report_free(v.json);
	if (err && ferror(stdout)) { /* main tells about that */
		err_free(err);
		err = NULL;
	}
	buf_release(&v.text);
	arena_release(&a);
	return err;
}
