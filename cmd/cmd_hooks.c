#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "cmd/context.h"
#include "cmd/files.h"
#include "cmd/print.h"
#include "hooks/install.h"

struct options {
	bool files;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_FLAG, 0, "files", AT(files), NULL,
	  "install: files in the hooks folder, in any case" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = { "[status] [--json]",
					"install [--files] [<hook>...]",
					"uninstall [<hook>...]", NULL };

#define STATE_WIDTH 16

static const char *name_at(const void *payload, size_t i)
{
	(void)payload;
	return i < HOOK_COUNT ? hook_kinds[i].name : NULL;
}

static struct err *unknown_hook(const char *name)
{
	const char *near = opt_nearest(name, name_at, NULL);
	struct err *err = err_new(ERR_USAGE, "'%s' is no hook of ours", name);

	if (near)
		return err_hintf(err, "did you mean '%s'?", near);
	return err_hint(err, "git migrate hooks lists them");
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;
	const char *what = argc ? argv[0] : "status";
	enum hook_kind kind;
	struct err *err = NULL;

	(void)ctx;
	if (!streq(what, "status") && !streq(what, "install") &&
	    !streq(what, "uninstall"))
		return err_hint(err_new(ERR_USAGE, "unknown word '%s'", what),
				"hooks knows status, install and uninstall");
	if (o->files && !streq(what, "install"))
		return err_new(ERR_USAGE, "--files belongs to install");
	if (streq(what, "status") && argc > 1)
		return err_new(ERR_USAGE, "unexpected argument '%s'", argv[1]);
	for (int i = 1; i < argc && !err; i++)
		if (!hook_kind_of(argv[i], &kind))
			err = unknown_hook(argv[i]);
	return err;
}

/* Hooks that are named, else all that are installed unasked. */
static struct err *choose(const struct hooks_place *p, bool all, int argc,
			  char **argv, bool wanted[HOOK_COUNT])
{
	enum hook_kind kind;

	for (unsigned k = 0; k < HOOK_COUNT; k++)
		wanted[k] = !argc && hooks_place_takes(p, (enum hook_kind)k) &&
			    (all || !hook_kinds[k].by_name);
	for (int i = 0; i < argc; i++) {
		if (!hook_kind_of(argv[i], &kind))
			return unknown_hook(argv[i]);
		if (!hooks_place_takes(p, kind))
			return err_new(ERR_REFUSED, "git runs %s in %s",
				       argv[i],
				       p->top ? "the bare repository that is "
						"pushed to"
					      : "a repository with a work "
						"tree");
		wanted[kind] = true;
	}
	return NULL;
}

static void json_row(struct report *r, enum hook_kind kind,
		     const struct hooks_row *row, const bool *changed)
{
	report_object(r, NULL);
	report_string(r, "hook", hook_kinds[kind].name);
	report_string(r, "state", hooks_state_name(row->state));
	report_string(r, "way", hooks_way_name(row->way));
	report_string(r, "path", row->path);
	report_string(r, "before", row->before);
	report_string(r, "program", row->program);
	report_bool(r, "program_found", row->program && !row->lost);
	if (changed)
		report_bool(r, "changed", changed[kind]);
	report_end(r);
}

static struct err *print_json(struct cmd_ctx *ctx, const struct hooks_place *p,
			      const struct hooks_survey *s, const bool *changed,
			      const char *snippet, const struct err *err)
{
	struct report *r = report_new();

	report_string(r, "folder", p->dir);
	report_bool(r, "shared", p->shared);
	report_string(r, "manager", p->manager ? p->manager->name : NULL);
	report_array(r, "hooks");
	for (unsigned k = 0; k < HOOK_COUNT; k++)
		if (hooks_place_takes(p, (enum hook_kind)k))
			json_row(r, (enum hook_kind)k, &s->rows[k], changed);
	report_end(r);
	report_string(r, "snippet", snippet);
	report_error(r, "error", err);
	return ctx_print_json(ctx, r);
}

static void print_path(const char *lead, const char *path, const char *end)
{
	char *shown = files_from_here(path);

	fputs(lead, stdout);
	print_safe(stdout, shown);
	fputs(end, stdout);
	free(shown);
}

static void print_row(struct cmd_ctx *ctx, enum hook_kind kind,
		      const struct hooks_row *row)
{
	enum tty_color color = row->state == HOOKS_INSTALLED ||
					       row->state == HOOKS_BEHIND ||
					       row->state == HOOKS_MANAGED
				       ? TTY_GREEN
				       : TTY_YELLOW;
	const char *state = hooks_state_name(row->state);

	print_padded(stdout, hook_kinds[kind].name, STATE_WIDTH);
	printf("  %s%s%s", row->state ? tty_color(&ctx->tty, color) : "", state,
	       row->state ? tty_color(&ctx->tty, TTY_RESET) : "");
	if (row->by_config)
		fputs(", in git's configuration", stdout);
	if (row->before && row->state != HOOKS_REPLACED)
		print_path(", after ", row->before, "");
	else if (row->before)
		print_path(", and ", row->before, " is left");
	else if (row->state == HOOKS_ABSENT && row->other)
		fputs(", there is another", stdout);
	if (row->state == HOOKS_BEHIND)
		print_path(", run by ", row->path, "");
	if (row->program && row->lost)
		print_path("; ", row->program, " is gone");
	putchar('\n');
}

static void warn_about(struct cmd_ctx *ctx, const struct hooks_place *p)
{
	if (p->shared && !p->configured)
		ctx_warn(ctx,
			 "%s is outside of this repository: every repository "
			 "with that core.hooksPath runs these hooks",
			 p->dir);
}

static struct err *status(struct cmd_ctx *ctx, const struct hooks_place *p)
{
	struct hooks_survey s;
	bool missing = false;
	struct err *err = hooks_survey(p, &s);

	if (err)
		return err;
	if (ctx->common.json) {
		err = print_json(ctx, p, &s, NULL, NULL, NULL);
		hooks_survey_release(&s);
		return err;
	}
	print_path("hooks folder: ", p->dir, "\n");
	if (p->manager)
		printf("made by: %s\n", p->manager->name);
	for (unsigned k = 0; k < HOOK_COUNT; k++) {
		if (!hooks_place_takes(p, (enum hook_kind)k))
			continue;
		print_row(ctx, (enum hook_kind)k, &s.rows[k]);
		missing |= !hook_kinds[k].by_name &&
			   (s.rows[k].state == HOOKS_ABSENT ||
			    s.rows[k].state == HOOKS_STALE);
	}
	if (missing)
		ctx_hint(ctx, "git migrate hooks install");
	hooks_survey_release(&s);
	return NULL;
}

static void print_changes(struct cmd_ctx *ctx, const struct hooks_survey *s,
			  const bool changed[HOOK_COUNT], const char *verb)
{
	bool any = false;

	for (unsigned k = 0; k < HOOK_COUNT && ctx_talks(ctx); k++) {
		if (!changed[k])
			continue;
		any = true;
		printf("%s %s", verb, hook_kinds[k].name);
		if (s->rows[k].by_config)
			fputs(" (git's configuration)", stdout);
		if (s->rows[k].ours && s->rows[k].before)
			print_path(", which runs ", s->rows[k].before,
				   " first");
		putchar('\n');
	}
	if (!any && ctx_talks(ctx))
		puts("nothing to do");
}

/* Say how it went; err is consumed. refused: a manager is in the way. */
static struct err *finish(struct cmd_ctx *ctx, const struct hooks_place *p,
			  const bool changed[HOOK_COUNT], const char *verb,
			  bool refused, struct err *err)
{
	struct buf snippet = BUF_INIT;
	struct hooks_survey s;
	struct err *failed = hooks_survey(p, &s);

	if (failed)
		return err_first(err, failed);
	if (refused)
		p->manager->snippet(&snippet);
	if (ctx->common.json)
		failed = print_json(ctx, p, &s, changed,
				    snippet.len ? snippet.data : NULL, err);
	else if (snippet.len)
		fputs(snippet.data, stdout);
	else if (!err)
		print_changes(ctx, &s, changed, verb);
	buf_release(&snippet);
	hooks_survey_release(&s);
	return err_first(err, failed);
}

static struct err *run_in(struct cmd_ctx *ctx, const struct hooks_place *p,
			  const struct options *o, int argc, char **argv)
{
	bool wanted[HOOK_COUNT], changed[HOOK_COUNT] = { false };
	bool installs = argc && streq(argv[0], "install"), refused;
	struct err *err;

	if (!argc || streq(argv[0], "status"))
		return status(ctx, p);
	err = choose(p, !installs, argc - 1, argv + 1, wanted);
	if (err)
		return err;
	if (installs) {
		err = hooks_install(p, wanted, o->files, changed);
		if (!err)
			warn_about(ctx, p);
		refused = err && err_class_of(err) == ERR_REFUSED &&
			  hooks_way_choose(p, o->files) == HOOKS_BY_MANAGER;
		return finish(ctx, p, changed, "installed", refused, err);
	}
	err = hooks_uninstall(p, wanted, changed);
	return finish(ctx, p, changed, "removed", false, err);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	struct hooks_place place;
	struct err *err = hooks_place_find(&place, ctx->store);

	if (err)
		return err;
	err = run_in(ctx, &place, options, argc, argv);
	hooks_place_release(&place);
	return err;
}

const struct cmd cmd_hooks = {
	.name = "hooks",
	.synopsis = synopsis,
	.summary = "let git check merges and bring the database along",
	.needs = CMD_NEEDS_STORE,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
