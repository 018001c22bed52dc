#include <limits.h>
#include <string.h>

#include "base/util.h"
#include "cmd/snapshot.h"

#define AT(member) offsetof(struct snapshot_options, member)

static const struct opt options_table[] = {
	{ OPT_COUNT, 'n', "count", AT(count), "number",
	  "show, diff: rows of each table (default 10)" },
	{ OPT_FLAG, 0, "all", AT(all), NULL, "show, diff: every row" },
	{ OPT_STRING, 0, "keep", AT(keep), "age|number",
	  "prune: what is younger (30d, 12h, 4w), or so many" },
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "prune: tell what would go" },
	{ OPT_STRING, 0, "remote", AT(remote), "name",
	  "push, fetch: the git remote (else the store's)" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[list] [--json]",
	"show [-n <number> | --all] [--json] <name> | <id>",
	"diff [-n <number> | --all] [--json] <first> <second>",
	"verify [--json] [<name> | <id>]",
	"prune --keep <age> | <number> [--dry-run] [--json]",
	"push [--remote <name>] [--json] [<name> | <id>...]",
	"fetch [--remote <name>] [--json] [<name> | <id>...]",
	NULL,
};

struct word {
	const char *name;
	int min, max; /* arguments */
	struct err *(*run)(struct cmd_ctx *ctx,
			   const struct snapshot_options *o, int argc,
			   char **argv);
	bool shows_rows, prunes, moves;
};

static const struct word words[] = {
	{ .name = "list", .run = snapshot_list },
	{ .name = "show",
	  .min = 1,
	  .max = 1,
	  .run = snapshot_show,
	  .shows_rows = true },
	{ .name = "diff",
	  .min = 2,
	  .max = 2,
	  .run = snapshot_diff,
	  .shows_rows = true },
	{ .name = "verify", .max = 1, .run = snapshot_verify },
	{ .name = "prune", .run = snapshot_prune, .prunes = true },
	{ .name = "push", .max = INT_MAX, .run = snapshot_push, .moves = true },
	{ .name = "fetch",
	  .max = INT_MAX,
	  .run = snapshot_fetch,
	  .moves = true },
};

static const struct word *find(int argc, char **argv)
{
	if (!argc)
		return &words[0];
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (streq(words[i].name, argv[0]))
			return &words[i];
	return NULL;
}

static const char *word_at(const void *payload, size_t i)
{
	(void)payload;
	return i < ARRAY_LEN(words) ? words[i].name : NULL;
}

static struct err *unknown(const char *text)
{
	struct err *err = err_new(ERR_USAGE, "unknown word '%s'", text);
	const char *near = opt_nearest(text, word_at, NULL);

	return near ? err_hintf(err, "did you mean '%s'?", near) : err;
}

static struct err *check_keep(const struct word *w,
			      const struct snapshot_options *o)
{
	struct engine_prune_options unused;

	if (!w->prunes)
		return o->keep || o->dry_run
			       ? err_new(ERR_USAGE, "--keep and --dry-run "
						    "belong to prune")
			       : NULL;
	if (!o->keep)
		return err_hint(err_new(ERR_USAGE, "prune needs --keep"),
				"--keep 30d keeps what is younger, --keep 5 "
				"the newest five");
	if (!snapshot_keep_parse(o->keep, &unused))
		return err_hint(err_new(ERR_USAGE,
					"--keep: '%s' is neither an age nor a "
					"number",
					o->keep),
				"write it like 30d, 12h, 4w or 5");
	return NULL;
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct snapshot_options *o = options;
	const struct word *w = find(argc, argv);
	int n = argc ? argc - 1 : 0;

	(void)ctx;
	if (!w)
		return unknown(argv[0]);
	if (n < w->min)
		return err_new(ERR_USAGE, "snapshot %s needs %s", w->name,
			       w->min == 2 ? "two names or ids"
					   : "a name or an id");
	if (n > w->max)
		return err_new(ERR_USAGE, "unexpected argument '%s'",
			       argv[argc - 1]);
	if (!w->shows_rows && (o->count || o->all))
		return err_new(ERR_USAGE, "-n and --all belong to show and "
					  "diff");
	if (o->count && o->all)
		return err_new(ERR_USAGE, "-n and --all exclude each other");
	if (o->remote && !w->moves)
		return err_new(ERR_USAGE, "--remote belongs to push and fetch");
	return check_keep(w, o);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct word *w = find(argc, argv);

	return w->run(ctx, options, argc ? argc - 1 : 0, argv + 1);
}

const struct cmd cmd_snapshot = {
	.name = "snapshot",
	.synopsis = synopsis,
	.summary = "list what was destroyed and kept; look into it, prune it",
	.needs = CMD_NEEDS_TARGET | CMD_WRITES,
	.options = options_table,
	.options_size = sizeof(struct snapshot_options),
	.check = check,
	.run = run,
};
