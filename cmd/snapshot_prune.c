#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "cmd/print.h"
#include "cmd/render.h"
#include "cmd/snapshot.h"

bool snapshot_keep_parse(const char *text, struct engine_prune_options *out)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "h", 3600 }, { "d", 86400 }, { "w", 604800 } };
	char *end;
	unsigned long long n;

	*out = (struct engine_prune_options){ .by_age = false };
	if (*text < '0' || *text > '9')
		return false;
	n = strtoull(text, &end, 10);
	if (n > 1000000000)
		return false;
	out->count = n;
	if (!*end)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (!streq(units[i].unit, end))
			continue;
		out->by_age = true;
		out->age_s = (int64_t)n * units[i].seconds;
		return true;
	}
	return false;
}

static struct err *print_json(struct cmd_ctx *ctx, const struct engine_prune *p,
			      bool dry_run)
{
	struct report *r = report_new();

	report_string(r, "target", ctx_target_name(ctx));
	report_bool(r, "dry_run", dry_run);
	report_array(r, "snapshots");
	for (size_t i = 0; i < p->gone.n; i++) {
		report_object(r, NULL);
		snapshot_keys(r, &p->gone.items[i]);
		report_end(r);
	}
	report_end(r);
	report_array(r, "lost");
	for (size_t i = 0; i < p->n_lost; i++)
		report_string(r, NULL, p->lost[i]);
	report_end(r);
	report_int(r, "freed", p->freed);
	return ctx_print_json(ctx, r);
}

static void print_human(struct cmd_ctx *ctx, const struct engine_prune *p,
			bool dry_run)
{
	char freed[RENDER_BYTES], id[RENDER_SHORT];

	if (!ctx_talks(ctx) && !dry_run)
		return;
	for (size_t i = 0; i < p->gone.n; i++) {
		const struct engine_snapshot *s = &p->gone.items[i];

		printf("%s %s  %s  %s ", dry_run ? "would prune" : "pruned",
		       render_short(s->id, id), s->taken_at, s->event);
		print_safe(stdout, s->name ? s->name : "");
		putchar('\n');
	}
	for (size_t i = 0; i < p->n_lost; i++) {
		print_safe(stdout, p->lost[i]);
		puts(dry_run ? " could no longer be rolled back"
			     : " can no longer be rolled back");
	}
	if (ctx_talks(ctx))
		printf("%zu snapshot%s, %s %s\n", p->gone.n,
		       p->gone.n == 1 ? "" : "s",
		       render_bytes(p->freed > 0 ? p->freed : 0, freed),
		       dry_run ? "or more" : "freed");
}

struct err *snapshot_prune(struct cmd_ctx *ctx,
			   const struct snapshot_options *o, int argc,
			   char **argv)
{
	struct engine_prune_options opt;
	struct engine_prune p = { 0 };
	struct err *err;

	(void)argc, (void)argv;
	snapshot_keep_parse(o->keep, &opt);
	opt.dry_run = o->dry_run;
	err = engine_snapshot_prune(ctx->engine, &opt, &p);
	if (!err && ctx->common.json)
		err = print_json(ctx, &p, o->dry_run);
	else if (!err)
		print_human(ctx, &p, o->dry_run);
	engine_prune_release(&p);
	return err;
}
