#include <stdio.h>

#include "cmd/print.h"
#include "cmd/render.h"
#include "cmd/snapshot.h"

typedef struct err *(*transfer_fn)(struct engine *e,
				   const struct engine_transfer_options *opt,
				   struct engine_transfer *out);

static struct err *print_json(struct cmd_ctx *ctx,
			      const struct engine_transfer *t)
{
	struct report *r = report_new();

	report_string(r, "target", ctx_target_name(ctx));
	report_string(r, "remote", t->remote);
	report_array(r, "snapshots");
	for (size_t i = 0; i < t->moved.n; i++) {
		report_object(r, NULL);
		snapshot_keys(r, &t->moved.items[i]);
		report_end(r);
	}
	report_end(r);
	report_int(r, "there", (int64_t)t->n_there);
	report_int(r, "missing", (int64_t)t->n_missing);
	return ctx_print_json(ctx, r);
}

static void print_human(struct cmd_ctx *ctx, const struct engine_transfer *t,
			const char *done, const char *way)
{
	char id[RENDER_SHORT];

	if (!ctx_talks(ctx))
		return;
	for (size_t i = 0; i < t->moved.n; i++) {
		const struct engine_snapshot *s = &t->moved.items[i];

		printf("%s %s  %s ", done, render_short(s->id, id), s->event);
		print_safe(stdout, s->name ? s->name : "");
		putchar('\n');
	}
	printf("%zu snapshot%s %s %s ", t->moved.n, t->moved.n == 1 ? "" : "s",
	       done, way);
	print_safe(stdout, t->remote);
	if (t->n_missing)
		printf(", %zu not there", t->n_missing);
	if (t->n_there)
		printf(", %zu there already", t->n_there);
	putchar('\n');
}

/* One way, and how to say it. */
struct way {
	transfer_fn fn;
	const char *done, *preposition;
};

static struct err *move(struct cmd_ctx *ctx, const struct snapshot_options *o,
			int argc, char **argv, const struct way *way)
{
	const struct engine_transfer_options opt = {
		.remote = o->remote,
		.names = (const char *const *)argv,
		.n = (size_t)argc,
	};
	struct engine_transfer t = { 0 };
	struct err *err = way->fn(ctx->engine, &opt, &t);

	if (!err && ctx->common.json)
		err = print_json(ctx, &t);
	else if (!err)
		print_human(ctx, &t, way->done, way->preposition);
	engine_transfer_release(&t);
	return err;
}

struct err *snapshot_push(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv)
{
	static const struct way way = { engine_snapshot_push, "pushed", "to" };

	return move(ctx, o, argc, argv, &way);
}

struct err *snapshot_fetch(struct cmd_ctx *ctx,
			   const struct snapshot_options *o, int argc,
			   char **argv)
{
	static const struct way way = { engine_snapshot_fetch, "fetched",
					"from" };

	return move(ctx, o, argc, argv, &way);
}
