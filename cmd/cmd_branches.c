#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "cmd/branches.h"
#include "cmd/print.h"
#include "cmd/url.h"

struct options {
	bool dry_run;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_FLAG, 0, "dry-run", AT(dry_run), NULL,
	  "prune: tell what would be removed" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = { "[list] [--json]",
					"remove <branch>... [--json]",
					"prune [--dry-run] [--json]",
					"forget <branch>... [--json]", NULL };

/* What a word of the command works on. */
struct work {
	struct cmd_ctx *ctx;
	const char *target;
	const char *current; /* branch that is checked out; NULL = none */
	struct engine_copies list;
	bool dry_run;
	struct report *r; /* --json; the array of branches is open */
};

static void print_place(const struct work *w, const struct engine_copy *c)
{
	char *shown = branch_place_shown(w->ctx, c->place);

	print_safe(stdout, shown);
	free(shown);
}

/* --- what is told of each --- */

enum state {
	STATE_READY,
	STATE_UNFINISHED,
	STATE_MISSING,
	STATE_UNREACHED
};

static const char *const state_names[] = { "ready", "unfinished", "missing",
					   "unreached" };

static enum state state_of(struct work *w, const struct engine_copy *c)
{
	struct engine_config cfg;
	struct engine *e = NULL;
	bool there = false;
	struct err *err = branch_config(w->ctx, w->target, c, &cfg);

	if (!err)
		err = engine_open(&e, w->ctx->store, &cfg, &w->ctx->observer);
	if (!err)
		err = engine_is_there(e, &there);
	engine_close(e);
	if (err) {
		err_free(err);
		return STATE_UNREACHED;
	}
	if (!there)
		return STATE_MISSING;
	return c->made_at ? STATE_READY : STATE_UNFINISHED;
}

static void json_copy(struct report *r, const struct work *w,
		      const struct engine_copy *c, const char *state,
		      const struct branch_fate *fate)
{
	report_object(r, NULL);
	report_string(r, "branch", c->branch);
	report_bool(r, "current", streq_null(w->current, c->branch));
	report_string(r, "url", c->place);
	report_id(r, "database", c->uuid);
	report_string(r, "from", c->from);
	report_string(r, "made_at", c->made_at);
	report_string(r, "state", state);
	report_bool(r, "gone", fate->gone);
	report_string(r, "renamed_to", fate->renamed);
	report_end(r);
}

static void print_copy(const struct work *w, const struct engine_copy *c,
		       enum state state, const struct branch_fate *fate,
		       size_t width)
{
	fputs(streq_null(w->current, c->branch) ? "* " : "  ", stdout);
	print_padded(stdout, c->branch, width);
	fputs("  ", stdout);
	print_place(w, c);
	fputs("  copy of ", stdout);
	print_safe(stdout, c->from);
	if (c->made_at)
		printf(", %s", c->made_at);
	if (state != STATE_READY)
		printf("  %s", state_names[state]);
	if (fate->renamed) {
		fputs("  renamed to ", stdout);
		print_safe(stdout, fate->renamed);
	} else if (fate->gone) {
		fputs("  the branch is gone", stdout);
	}
	putchar('\n');
}

/* The one that the url names. */
static void print_base(const struct work *w, const char *base, size_t width)
{
	const struct config_wish wish = { .target = w->target, .branch = base };
	struct engine_config cfg;
	struct err *err = config_resolve(&w->ctx->config, &wish, true, &cfg);
	char *shown = err ? NULL : url_masked(cfg.url);

	fputs(streq_null(w->current, base) ? "* " : "  ", stdout);
	print_padded(stdout, base, width);
	fputs("  ", stdout);
	print_safe(stdout, shown ? shown : err_text(err));
	puts("  the target's own");
	free(shown);
	err_free(err);
}

static size_t width_of(const struct work *w, const char *base)
{
	size_t width = base ? print_width(base) : 0;

	for (size_t i = 0; i < w->list.n; i++)
		if (print_width(w->list.items[i].branch) > width)
			width = print_width(w->list.items[i].branch);
	return width;
}

static struct err *list(struct work *w, int argc, char **argv)
{
	const char *base = config_base_branch(&w->ctx->config);
	size_t width = width_of(w, base);

	(void)argc;
	(void)argv;
	if (!w->r && base)
		print_base(w, base, width);
	for (size_t i = 0; i < w->list.n; i++) {
		const struct engine_copy *c = &w->list.items[i];
		enum state state = state_of(w, c);
		struct branch_fate fate;

		branch_fate_of(w->ctx, w->target, c, &fate);
		if (w->r)
			json_copy(w->r, w, c, state_names[state], &fate);
		else
			print_copy(w, c, state, &fate, width);
		branch_fate_release(&fate);
	}
	if (!w->list.n && !config_clones(&w->ctx->config, w->target))
		ctx_hint(w->ctx,
			 "git config migrate.%s.reconcile clone gives each "
			 "branch a database of its own",
			 w->target);
	return NULL;
}

/* --- what is done to some --- */

static void tell(struct work *w, const struct engine_copy *c, const char *state)
{
	struct branch_fate fate;

	if (!w->r)
		return;
	branch_fate_of(w->ctx, w->target, c, &fate);
	json_copy(w->r, w, c, state, &fate);
	branch_fate_release(&fate);
}

static struct err *remove_one(struct work *w, const struct engine_copy *c)
{
	struct err *err;

	if (streq_null(w->current, c->branch))
		return err_hint(err_new(ERR_REFUSED,
					"branch '%s' is checked out: its "
					"database stays",
					c->branch),
				"git switch to another branch first");
	err = branch_remove(w->ctx, w->target, c);
	if (!err)
		tell(w, c, "removed");
	return err;
}

static struct err *forget_one(struct work *w, const struct engine_copy *c)
{
	engine_copy_forget(w->ctx->store, c);
	tell(w, c, "forgotten");
	if (!ctx_talks(w->ctx))
		return NULL;
	fputs("forgot ", stdout);
	print_place(w, c);
	puts("; the database itself stays as it is");
	return NULL;
}

static struct err *no_copy(const struct work *w, const char *branch)
{
	const char *base = config_base_branch(&w->ctx->config);

	if (streq_null(base, branch))
		return err_new(ERR_REFUSED,
			       "the database of branch '%s' is the target's "
			       "own: it is never removed",
			       branch);
	return err_hint(err_new(ERR_REFUSED,
				"this clone has made no database for branch "
				"'%s'",
				branch),
			"git migrate branches lists those that it has made");
}

static struct err *each(struct work *w, int argc, char **argv,
			struct err *(*fn)(struct work *w,
					  const struct engine_copy *c))
{
	struct err *err = NULL;

	for (int i = 0; i < argc && !err; i++) {
		size_t n = 0;

		for (size_t k = 0; k < w->list.n && !err; k++) {
			if (!streq(w->list.items[k].branch, argv[i]))
				continue;
			n++;
			err = fn(w, &w->list.items[k]);
		}
		if (!n)
			err = no_copy(w, argv[i]);
	}
	return err;
}

static struct err *remove_some(struct work *w, int argc, char **argv)
{
	return each(w, argc, argv, remove_one);
}

static struct err *forget_some(struct work *w, int argc, char **argv)
{
	return each(w, argc, argv, forget_one);
}

static struct err *prune_one(struct work *w, const struct engine_copy *c)
{
	if (!w->dry_run)
		return remove_one(w, c);
	tell(w, c, "would be removed");
	if (w->r)
		return NULL;
	fputs("would remove ", stdout);
	print_place(w, c);
	fputs(", the database of branch '", stdout);
	print_safe(stdout, c->branch);
	puts("', which is gone");
	return NULL;
}

/* One that cannot be removed does not keep the others; the first error. */
static struct err *prune(struct work *w, int argc, char **argv)
{
	struct err *first = NULL;

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < w->list.n; i++) {
		struct branch_fate fate;
		struct err *err = NULL;

		branch_fate_of(w->ctx, w->target, &w->list.items[i], &fate);
		if (fate.gone && !fate.renamed)
			err = prune_one(w, &w->list.items[i]);
		branch_fate_release(&fate);
		if (first && err) {
			ctx_warn(w->ctx, "%s", err_text(err));
			err_free(err);
		} else if (err) {
			first = err;
		}
	}
	return first;
}

/* --- the words --- */

static const struct word {
	const char *name;
	bool names; /* branches follow */
	struct err *(*run)(struct work *w, int argc, char **argv);
} words[] = {
	{ "list", false, list },
	{ "remove", true, remove_some },
	{ "prune", false, prune },
	{ "forget", true, forget_some },
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

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;
	const struct word *w = find(argc, argv);
	const char *near;
	struct err *err;

	if (!w) {
		err = err_new(ERR_USAGE, "unknown word '%s'", argv[0]);
		near = opt_nearest(argv[0], word_at, NULL);
		if (near)
			return err_hintf(err, "did you mean '%s'?", near);
		return err_hint(err, "branches knows list, remove, prune and "
				     "forget");
	}
	if (w->names && argc < 2)
		return err_new(ERR_USAGE,
			       "branches %s needs the name of a "
			       "branch",
			       w->name);
	if (!w->names && argc > 1)
		return err_new(ERR_USAGE, "unexpected argument '%s'", argv[1]);
	if (o->dry_run && !streq(w->name, "prune"))
		return err_new(ERR_USAGE, "--dry-run belongs to prune");
	if (ctx->common.url)
		return err_new(ERR_USAGE, "--url names one database: branches "
					  "are a target's");
	return NULL;
}

static struct err *open_work(struct work *w)
{
	const struct config_wish wish = { .target = w->ctx->common.target };
	struct err *err =
		config_resolve(&w->ctx->config, &wish, false, &w->ctx->target);

	w->target = w->ctx->target.target;
	if (!err && !*w->target)
		err = err_hint(err_new(ERR_INPUT, "which target?"),
			       "choose one with -t NAME, or set "
			       "migrate.target");
	w->current = w->ctx->target.own_branch;
	return err ? err
		   : engine_copies_read(w->ctx->store, w->target, &w->list);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	struct work w = { .ctx = ctx, .dry_run = o->dry_run };
	char *branch = NULL;
	struct err *err = open_work(&w);

	if (!err && !w.current) {
		err = ctx->store->ops->branch(ctx->store, &branch);
		w.current = branch;
	}
	if (!err && ctx->common.json) {
		w.r = report_new();
		report_string(w.r, "target", w.target);
		report_string(w.r, "base", config_base_branch(&ctx->config));
		report_array(w.r, "branches");
	}
	if (!err)
		err = find(argc, argv)->run(&w, argc ? argc - 1 : 0, argv + 1);
	engine_copies_release(&w.list);
	free(branch);
	if (!w.r)
		return err;
	report_end(w.r);
	if (err)
		report_error(w.r, "error", err);
	return err_first(err, ctx_print_json(ctx, w.r));
}

const struct cmd cmd_branches = {
	.name = "branches",
	.synopsis = synopsis,
	.summary = "list the databases of single branches, or remove them",
	.needs = CMD_NEEDS_CONFIG | CMD_WRITES,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
