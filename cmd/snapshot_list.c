#include <inttypes.h>
#include <stdio.h>

#include "base/util.h"
#include "cmd/print.h"
#include "cmd/render.h"
#include "cmd/snapshot.h"

void snapshot_keys(struct report *r, const struct engine_snapshot *s)
{
	report_id(r, "id", s->id);
	report_int(r, "seq", s->seq);
	report_string(r, "event", s->event);
	report_string(r, "name", s->name);
	report_string(r, "taken_at", s->taken_at);
	report_string(r, "taken_by", s->taken_by);
	report_string(r, "store", s->store);
	report_string(r, "host", s->host);
	report_bool(r, "here", s->here);
	report_bool(r, "damaged", s->damaged || s->lost);
	report_bool(r, "needed", s->needed);
	report_string(r, "pruned_at", s->pruned_at);
	if (s->bytes < 0) {
		report_string(r, "bytes", NULL);
		report_string(r, "frees", NULL);
		return;
	}
	report_int(r, "bytes", s->bytes);
	report_int(r, "frees", s->alone);
}

void snapshot_where(struct buf *out, const struct engine_snapshot *s)
{
	if (s->here) {
		buf_addf(out, "%s%s", s->store, s->damaged ? ", damaged" : "");
		return;
	}
	if (s->pruned_at)
		buf_addf(out, "pruned %s", s->pruned_at);
	else if (s->lost)
		buf_addf(out, "lost from this clone");
	else
		buf_addf(out, "not here: %s%s%s", s->store,
			 s->host ? " of " : "", s->host ? s->host : "");
}

static void print_one(struct cmd_ctx *ctx, const struct engine_snapshot *s,
		      size_t width)
{
	const struct tty *tty = &ctx->tty;
	char id[RENDER_SHORT], bytes[RENDER_BYTES], alone[RENDER_BYTES];
	struct buf where = BUF_INIT;

	snapshot_where(&where, s);
	printf("%s%-10s%s  %s  %s%-8s%s  ", tty_color(tty, TTY_YELLOW),
	       render_short(s->id, id), tty_color(tty, TTY_RESET), s->taken_at,
	       tty_color(tty, render_color(s->event)), s->event,
	       tty_color(tty, TTY_RESET));
	print_padded(stdout, s->name ? s->name : "", width);
	fputs("  ", stdout);
	print_safe(stdout, buf_str(&where));
	if (s->here)
		printf("  %s, frees %s", render_bytes(s->bytes, bytes),
		       render_bytes(s->alone, alone));
	putchar('\n');
	buf_release(&where);
}

static void print_all(struct cmd_ctx *ctx, const struct engine_snapshots *s)
{
	size_t width = 0, here = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t w = s->items[i].name ? print_width(s->items[i].name) : 0;

		width = w > width ? w : width;
		here += s->items[i].here;
	}
	for (size_t i = s->n; i-- > 0;) /* newest first, as log */
		print_one(ctx, &s->items[i], width);
	if (!ctx_talks(ctx))
		return;
	if (here == s->n)
		printf("%zu snapshot%s\n", s->n, s->n == 1 ? "" : "s");
	else
		printf("%zu snapshot%s, %zu of them here\n", s->n,
		       s->n == 1 ? "" : "s", here);
}

static struct err *print_json(struct cmd_ctx *ctx,
			      const struct engine_snapshots *s)
{
	struct report *r = report_new();

	report_string(r, "target", ctx_target_name(ctx));
	report_array(r, "snapshots");
	for (size_t i = s->n; i-- > 0;) {
		report_object(r, NULL);
		snapshot_keys(r, &s->items[i]);
		report_end(r);
	}
	report_end(r);
	return ctx_print_json(ctx, r);
}

struct err *snapshot_list(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv)
{
	struct engine_snapshots s = { 0 };
	struct err *err = engine_snapshots(ctx->engine, &s);

	(void)o, (void)argc, (void)argv;
	if (!err && ctx->common.json)
		err = print_json(ctx, &s);
	else if (!err)
		print_all(ctx, &s);
	engine_snapshots_release(&s);
	return err;
}

struct verify_view {
	struct cmd_ctx *ctx;
	struct report *json;
	size_t whole, broken, elsewhere;
};

static void verdict_json(struct report *r, const struct engine_verdict *v)
{
	report_object(r, NULL);
	snapshot_keys(r, v->of);
	report_string(r, "verdict",
		      v->broken     ? "broken"
		      : v->of->here ? "whole"
				    : "elsewhere");
	report_int(r, "tables", v->tables);
	report_int(r, "rows", v->lines);
	report_error(r, "error", v->broken);
	report_end(r);
}

static void verdict_human(struct cmd_ctx *ctx, const struct engine_verdict *v)
{
	const struct tty *tty = &ctx->tty;
	char id[RENDER_SHORT];

	if (!v->broken && (!v->of->here || !ctx->common.verbose))
		return;
	printf("%s%s%s %s ", tty_color(tty, v->broken ? TTY_RED : TTY_GREEN),
	       v->broken ? "broken" : "whole", tty_color(tty, TTY_RESET),
	       render_short(v->of->id, id));
	print_safe(stdout, v->of->name ? v->of->name : v->of->event);
	if (v->broken) {
		fputs(": ", stdout);
		print_safe(stdout, err_text(v->broken));
	} else {
		printf(": %" PRId64 " row%s of %" PRId64 " table%s", v->lines,
		       v->lines == 1 ? "" : "s", v->tables,
		       v->tables == 1 ? "" : "s");
	}
	putchar('\n');
}

static struct err *take_verdict(void *payload, const struct engine_verdict *v)
{
	struct verify_view *view = payload;

	view->broken += v->broken != NULL;
	view->whole += !v->broken && v->of->here;
	view->elsewhere += !v->broken && !v->of->here;
	if (view->json)
		verdict_json(view->json, v);
	else
		verdict_human(view->ctx, v);
	return NULL;
}

struct err *snapshot_verify(struct cmd_ctx *ctx,
			    const struct snapshot_options *o, int argc,
			    char **argv)
{
	struct verify_view view = { .ctx = ctx };
	struct err *err;

	(void)o;
	if (ctx->common.json) {
		view.json = report_new();
		report_string(view.json, "target", ctx_target_name(ctx));
		report_array(view.json, "snapshots");
	}
	err = engine_snapshot_verify(ctx->engine, argc ? argv[0] : NULL,
				     take_verdict, &view);
	if (!err)
		ctx->status = view.broken > 0;
	if (!err && view.json) {
		report_end(view.json);
		report_bool(view.json, "ok", !view.broken);
		return ctx_print_json(ctx, view.json);
	}
	report_free(view.json);
	if (!err && ctx_talks(ctx))
		printf("%zu whole, %zu broken, %zu elsewhere or pruned\n",
		       view.whole, view.broken, view.elsewhere);
	return err;
}
