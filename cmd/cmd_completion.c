#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cmd/complete.h"
#include "cmd/context.h"
#include "gitstore/gitstore.h"
#include "hooks/kind.h"
#include "migration/layout.h"
#include "report/finding.h"

static const char *const synopsis[] = { "bash | zsh | fish",
					"words -- <word>...", NULL };

/* The files of contrib/completion, as they are. */
#define SCRIPT(symbol, file)                                         \
	__asm__(".pushsection .rodata\n" symbol ":\n.incbin \"" file \
		"\"\n.byte 0\n.popsection\n")
SCRIPT("completion_bash", "contrib/completion/git-migrate.bash");
SCRIPT("completion_zsh", "contrib/completion/_git-migrate");
SCRIPT("completion_fish", "contrib/completion/git-migrate.fish");
extern const char completion_bash[], completion_zsh[], completion_fish[];

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

static const char *shell_at(const void *payload, size_t i)
{
	(void)payload;
	return i < ARRAY_LEN(scripts) ? scripts[i].shell : NULL;
}

static const char *script_of(const char *shell)
{
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (streq(scripts[i].shell, shell))
			return scripts[i].script;
	return NULL;
}

/* --- words: what the scripts ask. Nothing here is worth a message --- */

/* One line for each, what it is behind a tab; no line break gets out. */
static void print_word(void *payload, const char *word, const char *help)
{
	(void)payload;
	if (strpbrk(word, "\n\t") || *word == ':')
		return;
	printf("%s\t%s\n", word, help ? help : "");
}

static void add(const struct complete *c, const char *word, const char *help)
{
	char *whole = xasprintf("%s%s", c->prefix, word);

	if (starts_with(word, c->word))
		print_word(NULL, whole, help);
	free(whole);
}

static void no_warning(void *payload, const char *text)
{
	(void)payload;
	(void)text;
}

/* Names, as the folder of HEAD or of --rev has them; no file is read. */
static void add_migrations(struct cmd_ctx *ctx, const struct complete *c)
{
	const struct config_wish wish = { .target = NULL };
	struct migration_options opt = { 0 };
	struct engine_config target = { 0 };
	struct migration_set set = { 0 };
	struct source *source = NULL;
	struct store_commit commit = { 0 };
	struct err *err;

	err = config_resolve(&ctx->config, &wish, false, &target);
	if (!err)
		err = ctx->store->ops->resolve(ctx->store, c->rev, &commit);
	if (!err)
		err = ctx->store->ops->source(ctx->store, &commit.id,
					      target.dir, &source);
	if (!err) {
		opt.layout = target.layout;
		opt.pattern = target.pattern;
		opt.dialect = target.dialect;
		err = migration_set_read(&set, source, &opt);
	}
	for (size_t i = 0; !err && i < set.n; i++)
		add(c, set.items[i]->name, NULL);
	migration_set_release(&set);
	store_commit_release(&commit);
	if (source)
		source->ops->close(source);
	err_free(err);
}

static void add_configured(struct cmd_ctx *ctx, const struct complete *c)
{
	struct err *err = gitstore_open(&ctx->store, NULL);

	if (!err)
		err = config_read(&ctx->config, ctx->store, no_warning, NULL);
	for (size_t i = 0; !err && i < ctx->config.n_targets; i++)
		if (c->kinds & COMPLETE_TARGETS)
			add(c, ctx->config.targets[i].name,
			    ctx->config.targets[i].is_protected ? "protected"
								: NULL);
	if (!err && c->kinds & COMPLETE_MIGRATIONS)
		add_migrations(ctx, c);
	err_free(err);
}

static void add_known(const struct complete *c)
{
	if (c->kinds & COMPLETE_LAYOUTS)
		for (size_t i = 0; layouts[i]; i++)
			add(c, layouts[i]->name, NULL);
	if (c->kinds & COMPLETE_HOOKS)
		for (size_t i = 0; i < HOOK_COUNT; i++)
			add(c, hook_kinds[i].name, NULL);
	if (!(c->kinds & COMPLETE_FORMATS))
		return;
	add(c, "human", NULL);
	for (size_t i = 0; finding_formats[i].name; i++)
		add(c, finding_formats[i].name, NULL);
}

/* A line for the shell: list these yourself, each behind the prefix. */
static void ask_shell(const struct complete *c)
{
	static const struct {
		unsigned kind;
		const char *word;
	} asked[] = {
		{ COMPLETE_REVISIONS, ":revisions" },
		{ COMPLETE_REMOTES, ":remotes" },
		{ COMPLETE_FILES, ":files" },
		{ COMPLETE_FOLDERS, ":folders" },
	};

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (c->kinds & asked[i].kind)
			printf("%s\t%s\n", asked[i].word, c->prefix);
}

static void print_words(struct cmd_ctx *ctx, int argc, char **argv)
{
	struct complete c = { .cmds = cmds,
			      .common = cmd_common_options,
			      .add = print_word };

	complete_words(&c, argc, argv);
	if (c.kinds & (COMPLETE_TARGETS | COMPLETE_MIGRATIONS))
		add_configured(ctx, &c);
	add_known(&c);
	if (!strpbrk(c.prefix, "\n\t"))
		ask_shell(&c);
	complete_release(&c);
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const char *near;
	struct err *err;

	(void)options;
	if (!argc)
		return err_new(ERR_USAGE, "completion needs a shell");
	if (streq(argv[0], "words"))
		return ctx->common.json
			       ? err_new(ERR_USAGE,
					 "completion words prints no JSON")
			       : NULL;
	if (!script_of(argv[0])) {
		err = err_new(ERR_USAGE, "no completion for '%s'", argv[0]);
		near = opt_nearest(argv[0], shell_at, NULL);
		return near ? err_hintf(err, "did you mean '%s'?", near) : err;
	}
	if (argc > 1)
		return err_new(ERR_USAGE, "unexpected argument '%s'", argv[1]);
	return NULL;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	struct report *r;

	(void)options;
	if (streq(argv[0], "words")) {
		print_words(ctx, argc - 1, argv + 1);
		return NULL;
	}
	if (!ctx->common.json) {
		fputs(script_of(argv[0]), stdout);
		return NULL;
	}
	r = report_new();
	report_string(r, "shell", argv[0]);
	report_string(r, "script", script_of(argv[0]));
	return ctx_print_json(ctx, r);
}

const struct cmd cmd_completion = {
	.name = "completion",
	.synopsis = synopsis,
	.summary = "print what completes git migrate in a shell",
	.check = check,
	.run = run,
};
