#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cmd/context.h"
#include "cmd/print.h"
#include "engine/check.h"

struct check_options {
	const char *base, *ours, *theirs, *scratch, *format;
	bool merge, all_branches, remotes, strict, no_replay;
};

#define AT(member) offsetof(struct check_options, member)

static const struct opt options_table[] = {
	{ OPT_STRING, 0, "base", AT(base), "revision",
	  "the common ancestor, not the merge base" },
	{ OPT_STRING, 0, "ours", AT(ours), "revision", "one side, not HEAD" },
	{ OPT_STRING, 0, "theirs", AT(theirs), "revision", "the other side" },
	{ OPT_FLAG, 0, "merge", AT(merge), NULL,
	  "check the merge that is under way" },
	{ OPT_FLAG, 0, "all-branches", AT(all_branches), NULL,
	  "check each branch against the base, and against each other" },
	{ OPT_FLAG, 0, "remotes", AT(remotes), NULL,
	  "with --all-branches: the branches of the remotes" },
	{ OPT_FLAG, 0, "strict", AT(strict), NULL,
	  "what cannot be analysed is an error" },
	{ OPT_FLAG, 0, "no-replay", AT(no_replay), NULL,
	  "judge by what the statements say, run none" },
	{ OPT_STRING, 0, "scratch", AT(scratch), "url",
	  "PostgreSQL server to replay on, in a database of its own" },
	{ OPT_STRING, 0, "format", AT(format), "name",
	  "human, json, sarif, junit, github or gitlab" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[<branch> | <ours> <theirs> | <old>..<new>] [<options>]",
	"--merge [<options>]",
	"--all-branches [--remotes] [<options>]",
	NULL,
};

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct check_options *o = options;
	bool sides = o->base || o->ours || o->theirs;

	if (argc > 2)
		return err_new(ERR_USAGE, "unexpected argument '%s'", argv[2]);
	if (o->merge && (argc || sides || o->all_branches))
		return err_new(ERR_USAGE, "--merge takes its sides from the "
					  "merge that is under way");
	if (o->all_branches && (argc || o->ours || o->theirs))
		return err_new(ERR_USAGE,
			       "--all-branches takes no other revision than "
			       "--base");
	if (o->remotes && !o->all_branches)
		return err_new(ERR_USAGE, "--remotes needs --all-branches");
	if (argc && (o->ours || o->theirs))
		return err_new(ERR_USAGE, "give the sides as arguments, or "
					  "with --ours and --theirs");
	if (o->base && !o->theirs && !argc && !o->all_branches)
		return err_new(ERR_USAGE, "--base needs --theirs");
	if (ctx->common.rev)
		return err_new(ERR_USAGE, "check reads the revisions that it "
					  "compares: --rev has no meaning");
	if (!o->format || streq(o->format, "human"))
		return NULL;
	if (!finding_format_find(o->format))
		return err_hint(err_new(ERR_USAGE, "no format '%s'", o->format),
				"the formats are human, json, sarif, junit, "
				"github and gitlab");
	if (ctx->common.json && !streq(o->format, "json"))
		return err_new(ERR_USAGE,
			       "--json and --format %s exclude each "
			       "other",
			       o->format);
	return NULL;
}

/* "a..b" and "a...b"; the missing end is HEAD. Strings in *copy. */
static void split_range(char **copy, const char *arg,
			struct engine_check_options *out)
{
	char *dots = strstr(arg, "..");

	if (!dots) {
		out->theirs = arg;
		return;
	}
	*copy = xstrdup(arg);
	dots = *copy + (dots - arg);
	*dots = '\0';
	dots += 2;
	if (*dots == '.') {
		out->ours = **copy ? *copy : "HEAD";
		out->theirs = dots[1] ? dots + 1 : "HEAD";
		return;
	}
	out->from = **copy ? *copy : "HEAD";
	out->to = *dots ? dots : "HEAD";
}

static struct finding_style style_of(const struct tty *tty)
{
	return (struct finding_style){
		.error = tty_color(tty, TTY_RED),
		.warning = tty_color(tty, TTY_YELLOW),
		.note = tty_color(tty, TTY_CYAN),
		.bold = tty_color(tty, TTY_BOLD),
		.dim = tty_color(tty, TTY_DIM),
		.added = tty_color(tty, TTY_GREEN),
		.removed = tty_color(tty, TTY_RED),
		.reset = tty_color(tty, TTY_RESET),
	};
}

static struct err *show(struct cmd_ctx *ctx, const char *format,
			const struct engine_check *result)
{
	const struct finding_format *f =
		finding_format_find(ctx->common.json ? "json"
				    : format         ? format
						     : "human");
	struct finding_style style = style_of(&ctx->tty);
	struct buf out = BUF_INIT;
	struct err *err = NULL;

	if (f)
		err = f->write(&out, &result->report, check_rules,
			       check_rules_n);
	else if (!ctx->common.quiet || result->errors || result->warnings)
		finding_write_human(&out, &result->report, &style,
				    ctx->common.verbose);
	if (!err && out.len) {
		ctx->printed_json = true;
		fwrite(out.data, 1, out.len, stdout);
	}
	buf_release(&out);
	return err;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct check_options *o = options;
	struct engine_check_options opt = {
		.base = o->base,
		.ours = o->ours,
		.theirs = o->theirs,
		.merge = o->merge,
		.all_branches = o->all_branches,
		.remote = o->remotes,
		.strict = o->strict,
		.no_replay = o->no_replay,
		.with_target = ctx->common.target || ctx->common.url,
		.scratch = o->scratch,
	};
	struct engine_check result;
	char *copy = NULL, *scratch = NULL;
	bool versioned = false;
	struct err *err = NULL;

	if (argc == 2) {
		opt.ours = argv[0];
		opt.theirs = argv[1];
	} else if (argc) {
		split_range(&copy, argv[0], &opt);
	}
	if (!opt.scratch)
		err = ctx->store->ops->config(ctx->store, "migrate.scratch",
					      &scratch, &versioned);
	/* whoever's branch this is: no server of their choice */
	if (!opt.scratch && !versioned)
		opt.scratch = scratch;
	if (versioned)
		ctx_warn(ctx, "migrate.scratch of .gitmigrate is not used: set "
			      "it in git's own configuration");
	if (!err && opt.with_target)
		err = ctx_open_engine(ctx, NULL, true);
	if (!err) {
		err = engine_check(ctx->engine, &opt, &result);
		if (!err)
			err = show(ctx, o->format, &result);
		for (size_t i = 0; !err && i < result.n_notes; i++)
			if (!ctx->common.quiet)
				print_line(stderr, "note",
					   result.notes_text[i]);
		if (!err && result.errors)
			ctx->status = 1;
		engine_check_release(&result);
	}
	free(copy);
	free(scratch);
	return err;
}

const struct cmd cmd_check = {
	.name = "check",
	.synopsis = synopsis,
	.summary = "check branches for migrations that do not go together",
	.needs = CMD_NEEDS_FILES,
	.options = options_table,
	.options_size = sizeof(struct check_options),
	.check = check,
	.run = run,
};
