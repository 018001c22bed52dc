#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cmd/files.h"
#include "cmd/print.h"
#include "cmd/setup.h"
#include "cmd/url.h"
#include "migration/layout.h"

struct options {
	const char *dir, *layout;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_STRING, 0, "dir", AT(dir), "folder",
	  "where migrations are, from the top" },
	{ OPT_STRING, 0, "layout", AT(layout), "name",
	  "how migration files are named and divided" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[--target <name>] [--url <url>] [--dir <folder>]\n"
	"                        [--layout <name>]",
	NULL
};

static const char *layout_at(const void *payload, size_t i)
{
	(void)payload;
	return layouts[i] ? layouts[i]->name : NULL;
}

static struct err *check_layout(const char *name)
{
	const char *near;

	if (!name || layout_find(name))
		return NULL;
	near = opt_nearest(name, layout_at, NULL);
	if (near)
		return err_hintf(err_new(ERR_USAGE, "no layout '%s'", name),
				 "did you mean '%s'?", near);
	return err_hint(err_new(ERR_USAGE, "no layout '%s'", name),
			"git help migrate lists them under LAYOUTS");
}

/* What may be written into a versioned file. */
static struct err *check_url(const char *target, const char *url)
{
	const char *path = url_sqlite_path(url);
	enum sql_dialect dialect;

	if (url_has_password(url))
		return err_hintf(err_new(ERR_REFUSED,
					 "the url holds a password, and "
					 ".gitmigrate is versioned"),
				 "keep it to yourself: git config "
				 "migrate.%s.url URL",
				 target);
	if (url_dialect(url, &dialect) && !strchr(url, '\n') &&
	    (!path || *path))
		return NULL;
	return err_hint(err_new(ERR_USAGE, "the url is of no database that is "
					   "known"),
			"write sqlite:PATH or postgresql://USER@HOST/DATABASE");
}

/* An option that would be lost, because what is configured is kept. */
static struct err *check_kept(const struct cmd_ctx *ctx, const char *key,
			      const char *wish)
{
	const char *is = config_get(&ctx->config, NULL, key);

	if (!wish || !is || streq(is, wish))
		return NULL;
	return err_hintf(
		err_new(ERR_REFUSED, "migrate.%s is '%s' already", key, is),
		"git config -f .gitmigrate migrate.%s changes it", key);
}

static struct err *check(struct cmd_ctx *ctx, const struct options *o,
			 struct setup *s)
{
	const struct config_target *t;
	const char *name = ctx->common.target, *url = ctx->common.url;
	struct err *err = files_need_worktree(s->top);

	if (!err)
		err = check_layout(o->layout);
	if (!err)
		err = check_kept(ctx, "dir", o->dir);
	if (!err)
		err = check_kept(ctx, "layout", o->layout);
	if (err)
		return err;
	if (!name)
		name = config_default_target(&ctx->config);
	s->target = name ? name : "dev";
	t = config_target(&ctx->config, s->target);
	if (!config_target_name_ok(s->target))
		return err_hint(err_new(ERR_USAGE,
					"'%s' cannot be the name "
					"of a target",
					s->target),
				"use letters, digits, '.', '_' and '-'");
	if (t && t->url && url && !streq(t->url, url))
		return err_hintf(err_new(ERR_REFUSED,
					 "target '%s' has a url already",
					 s->target),
				 "git config -f .gitmigrate migrate.%s.url "
				 "changes it",
				 s->target);
	if (t && t->url)
		s->url = xstrdup(t->url);
	else if (url)
		s->url = xstrdup(url);
	else
		s->url = xasprintf("sqlite:%s.db", s->target);
	return t && t->url ? NULL : check_url(s->target, s->url);
}

/* The folder: as wished, as configured, as found, or "migrations". */
static struct err *choose_dir(struct cmd_ctx *ctx, const struct options *o,
			      struct setup *s)
{
	const char *dir = config_get(&ctx->config, NULL, "dir");
	const char *layout = config_get(&ctx->config, NULL, "layout");
	struct err *err = NULL;
	char *path = NULL;

	if (o->layout || layout)
		s->layout = xstrdup(o->layout ? o->layout : layout);
	if (o->dir)
		dir = o->dir;
	if (dir) {
		s->dir = xstrdup(dir);
		err = files_folder(s->top, dir, &path);
		free(path);
		if (!err)
			err = setup_count(ctx->store, dir, &s->layout,
					  &s->n_found);
	} else {
		err = setup_find(s, ctx);
	}
	if (err)
		return err;
	if (!s->dir) {
		s->dir = xstrdup("migrations");
		if (!s->layout)
			s->layout = xstrdup("native");
	}
	return NULL;
}

static struct err *print_json(struct cmd_ctx *ctx, const struct setup *s)
{
	char *url = url_masked(s->url);
	struct report *r = report_new();

	report_string(r, "target", s->target);
	report_string(r, "url", url);
	report_string(r, "dir", s->dir);
	report_string(r, "layout", s->layout);
	report_int(r, "migrations", (int64_t)s->n_found);
	report_array(r, "created");
	if (s->made_config)
		report_string(r, NULL, ".gitmigrate");
	if (s->made_dir)
		report_string(r, NULL, s->dir);
	report_end(r);
	report_array(r, "changed");
	if (s->added_target)
		report_string(r, NULL, ".gitmigrate");
	if (s->ignored)
		report_string(r, NULL, ".gitignore");
	report_end(r);
	free(url);
	return ctx_print_json(ctx, r);
}

static void print_human(struct cmd_ctx *ctx, const struct setup *s)
{
	char *url = url_masked(s->url);

	if (s->made_config || s->added_target)
		printf("%s .gitmigrate: target %s, ",
		       s->made_config ? "created" : "extended", s->target);
	else
		printf("kept .gitmigrate: target %s, ", s->target);
	print_safe(stdout, url);
	fputs("\nmigrations are in ", stdout);
	print_safe(stdout, s->dir);
	if (s->layout)
		printf(" (layout %s)", s->layout);
	if (s->n_found)
		printf(": %zu found", s->n_found);
	puts(s->made_dir ? ", a new folder" : "");
	if (s->ignored) {
		fputs("added ", stdout);
		print_safe(stdout, s->ignored);
		puts(" to .gitignore");
	}
	ctx_hint(ctx, s->n_found ? "next: git migrate status"
				 : "next: git migrate new create_users");
	free(url);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	struct setup s = { 0 };
	const struct config_target *t;
	struct err *err;

	(void)argc;
	(void)argv;
	s.top = ctx->store->ops->worktree(ctx->store);
	err = check(ctx, o, &s);
	if (!err)
		err = choose_dir(ctx, o, &s);
	if (err)
		goto done;
	t = config_target(&ctx->config, s.target);
	err = setup_make_dir(&s);
	if (!err)
		err = setup_write_config(&s, t && t->url);
	if (!err)
		err = setup_ignore(&s);
	if (!err && ctx->common.json)
		err = print_json(ctx, &s);
	else if (!err && !ctx->common.quiet)
		print_human(ctx, &s);
done:
	setup_release(&s);
	return err;
}

const struct cmd cmd_init = {
	.name = "init",
	.synopsis = synopsis,
	.summary = "set a repository up for migrations",
	.needs = CMD_NEEDS_CONFIG,
	.options = options_table,
	.options_size = sizeof(struct options),
	.run = run,
};
