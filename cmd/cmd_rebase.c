#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "cmd/context.h"
#include "cmd/print.h"
#include "engine/rebase.h"

struct options {
	const char *onto;
	bool dry_run, force;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_STRING, 0, "onto", AT(onto), "revision",
	  "the other side, e.g. main or origin/main" },
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "say what would be renamed, change nothing" },
	{ OPT_FLAG, 0, "force", AT(force), NULL,
	  "rename what others may have applied as well" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = { "[--onto <revision>] [<options>]",
					NULL };

static void print_item(const struct renumber_item *item)
{
	print_safe(stdout, item->m->name);
	if (item->renamed) {
		fputs(" -> ", stdout);
		print_safe(stdout, item->name);
	}
	if (item->rewritten)
		fputs(" (depends rewritten)", stdout);
	putchar('\n');
}

static void print_run(struct cmd_ctx *ctx, const struct engine_rebase *r,
		      bool dry_run)
{
	for (size_t i = 0; i < r->plan.n; i++)
		if (r->plan.items[i].renamed || r->plan.items[i].rewritten)
			print_item(&r->plan.items[i]);
	if (!r->plan.n)
		ctx_hint(ctx, "nothing to renumber: this branch has no "
			      "migrations of its own");
	else if (!r->plan.n_files)
		ctx_hint(ctx,
			 "nothing to renumber: all of this branch's migrations "
			 "sort behind those of %s",
			 r->onto);
	else if (!dry_run)
		ctx_hint(ctx, "staged; git commit records it");
}

static struct err *print_json(struct cmd_ctx *ctx,
			      const struct engine_rebase *r, bool dry_run)
{
	struct report *out = report_new();

	report_string(out, "onto", r->onto);
	report_id(out, "onto_commit", r->onto_id.hex);
	report_id(out, "base", r->base.hex);
	report_bool(out, "dry_run", dry_run);
	report_array(out, "migrations");
	for (size_t i = 0; i < r->plan.n; i++) {
		const struct renumber_item *item = &r->plan.items[i];

		report_object(out, NULL);
		report_string(out, "name", item->m->name);
		report_string(out, "new_name", item->name);
		report_string(out, "version", item->m->version);
		report_string(out, "new_version", item->version);
		report_string(out, "path", item->m->path);
		report_string(out, "new_path", item->path);
		report_bool(out, "renamed", item->renamed);
		report_bool(out, "rewritten", item->rewritten);
		report_end(out);
	}
	report_end(out);
	return ctx_print_json(ctx, out);
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	(void)ctx;
	(void)options;
	if (!argc)
		return NULL;
	return err_hintf(err_new(ERR_USAGE, "rebase takes no argument"),
			 "git migrate rebase --onto %s", argv[0]);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	const struct config *c = &ctx->config;
	struct engine_rebase_target *targets =
		xcalloc(c->n_targets + 1, sizeof(*targets));
	struct engine_rebase_options opt = { .onto = o->onto,
					     .dry_run = o->dry_run,
					     .force = o->force,
					     .targets = targets,
					     .n_targets = c->n_targets };
	struct engine_rebase r;
	struct err *err;

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < c->n_targets; i++) {
		targets[i].name = c->targets[i].name;
		targets[i].is_protected = c->targets[i].is_protected;
	}
	err = engine_rebase(ctx->engine, &opt, &r);
	if (!err && ctx->common.json)
		err = print_json(ctx, &r, o->dry_run);
	else if (!err)
		print_run(ctx, &r, o->dry_run);
	engine_rebase_release(&r);
	free(targets);
	return err;
}

const struct cmd cmd_rebase = {
	.name = "rebase",
	.synopsis = synopsis,
	.summary = "put the branch's own migrations behind the other side's",
	.needs = CMD_NEEDS_FILES,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
