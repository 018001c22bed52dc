#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/context.h"
#include "cmd/files.h"
#include "cmd/print.h"

static const char *const synopsis[] = { "[--json] <name>", NULL };

struct new_view {
	struct cmd_ctx *ctx;
	const char *folder; /* absolute */
	struct report *json;
};

static struct err *write_new(const char *path, const char *shown,
			     const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct err *err;

	if (fd < 0)
		return err_new(ERR_INPUT, "create %s: %s", shown,
			       strerror(errno));
	err = file_write_all(fd, content, strlen(content));
	if (close(fd) && !err)
		err = err_new(ERR_INPUT, "close: %s", strerror(errno));
	if (err)
		unlink(path);
	return err_wrap(err, "create %s", shown);
}

static struct err *make_parent(const char *path)
{
	char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct err *err = file_mkdirs(folder, 0777);

	free(folder);
	return err;
}

static struct err *on_file(void *payload, const char *path, const char *content)
{
	struct new_view *v = payload;
	char *whole = file_join(v->folder, path);
	char *shown = files_from_here(whole);
	struct err *err = make_parent(whole);

	if (!err)
		err = write_new(whole, shown, content);
	if (!err && v->json) {
		report_string(v->json, NULL, shown);
	} else if (!err) {
		print_safe(stdout, shown);
		putchar('\n');
	}
	free(shown);
	free(whole);
	return err;
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	(void)ctx;
	(void)options;
	(void)argv;
	if (argc == 1)
		return NULL;
	return err_hint(err_new(ERR_USAGE, "new takes one name"),
			"git migrate new create_users");
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const char *top = ctx->store->ops->worktree(ctx->store);
	struct new_view v = { .ctx = ctx };
	char *folder = NULL;
	struct err *err;

	(void)options;
	(void)argc;
	err = files_need_worktree(top);
	if (!err)
		err = files_folder(top, ctx->target.dir, &folder);
	if (err)
		return err;
	v.folder = folder;
	if (ctx->common.json) {
		v.json = report_new();
		report_array(v.json, "paths");
	}
	err = engine_new(ctx->engine, argv[0], on_file, &v);
	free(folder);
	if (v.json && !err) {
		report_end(v.json);
		return ctx_print_json(ctx, v.json);
	}
	report_free(v.json);
	return err;
}

const struct cmd cmd_new = {
	.name = "new",
	.synopsis = synopsis,
	.summary = "make the file of a new migration",
	.needs = CMD_NEEDS_FILES,
	.check = check,
	.run = run,
};
