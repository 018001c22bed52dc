#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/util.h"
#include "cmd/context.h"
#include "cmd/print.h"

#define EXIT_USAGE 129

static void print_synopsis(FILE *f, const struct cmd *c)
{
	const char *lead = "usage:";

	for (const char *const *s = c->synopsis; *s; s++) {
		fprintf(f, "%6s git migrate %s%s%s\n", lead, c->name,
			**s ? " " : "", *s);
		lead = "or:";
	}
}

static void print_usage(FILE *f, const struct cmd *c)
{
	print_synopsis(f, c);
	fprintf(f, "\n    %s\n\n", c->summary);
	if (c->options) {
		opt_print_help(f, c->options);
		fputc('\n', f);
	}
	opt_print_help(f, cmd_common_options);
}

static void print_commands(FILE *f)
{
	fputs("usage: git migrate [<options>] <command> [<args>]\n\n", f);
	for (size_t i = 0; cmds[i]; i++)
		if (!cmds[i]->hidden)
			fprintf(f, "    %-10s %s\n", cmds[i]->name,
				cmds[i]->summary);
	fputc('\n', f);
	opt_print_help(f, cmd_common_options);
	fputs("\n'git migrate <command> -h' tells about a command,\n"
	      "'git help migrate' about everything.\n",
	      f);
}

static const char *cmd_name_at(const void *payload, size_t i)
{
	(void)payload;
	return cmds[i] ? cmds[i]->name : NULL;
}

static struct err *find(const char *name, const struct cmd **out)
{
	const char *near = opt_nearest(name, cmd_name_at, NULL);
	struct err *err;

	for (size_t i = 0; cmds[i]; i++) {
		if (streq(cmds[i]->name, name)) {
			*out = cmds[i];
			return NULL;
		}
	}
	err = err_new(ERR_USAGE, "unknown command '%s'", name);
	if (near)
		return err_hintf(err, "did you mean '%s'?", near);
	return err_hint(err, "git migrate -h lists the commands");
}

/* Options before the command; leaves argv at the command's name. */
static struct err *read_command(struct cmd_ctx *ctx, int *argc, char **argv)
{
	struct opt_set common = { cmd_common_options, &ctx->common };
	struct err *err = opt_parse(&common, 1, true, argc, argv);

	if (err || ctx->common.usage || ctx->common.help)
		return err;
	if (ctx->common.version) {
		ctx->common.version = false;
		ctx->cmd = &cmd_version;
		*argc = 0;
		return NULL;
	}
	if (!*argc)
		return err_new(ERR_USAGE, "need a command");
	return find(argv[0], &ctx->cmd);
}

static struct err *run(struct cmd_ctx *ctx, int argc, char **argv)
{
	const struct cmd *c = ctx->cmd;
	void *options = xcalloc(1, c->options_size ? c->options_size : 1);
	struct opt_set sets[] = { { c->options, options },
				  { cmd_common_options, &ctx->common } };
	struct err *err;

	err = opt_parse(sets, ARRAY_LEN(sets), false, &argc, argv);
	if (!err && (ctx->common.usage || ctx->common.help)) {
		print_usage(stdout, c);
		ctx->status = ctx->common.usage ? EXIT_USAGE : 0;
		free(options);
		return NULL;
	}
	if (!err && c->check)
		err = c->check(ctx, options, argc, argv);
	else if (!err && argc)
		err = err_new(ERR_USAGE, "unexpected argument '%s'", argv[0]);
	if (!err && (c->needs & CMD_WRITES))
		cancel_install();
	if (!err)
		err = ctx_open(ctx);
	if (!err)
		err = c->run(ctx, options, argc, argv);
	free(options);
	return err;
}

/* A JSON reader gets an object even where the command made none. */
static struct err *report_failure(struct cmd_ctx *ctx, struct err *err)
{
	struct report *r;

	if (!err || !ctx->common.json || ctx->printed_json ||
	    err_class_of(err) == ERR_USAGE)
		return err;
	r = report_new();
	report_error(r, "error", err);
	return err_first(err, ctx_print_json(ctx, r));
}

static void tell(struct cmd_ctx *ctx, const struct err *err)
{
	progress_clear(&ctx->progress);
	fflush(stdout);
	print_err(stderr, err);
	if (err_class_of(err) != ERR_USAGE)
		return;
	if (!ctx->cmd && !err_hint_of(err))
		print_commands(stderr);
	else if (ctx->cmd)
		print_synopsis(stderr, ctx->cmd);
}

/* A database must never be opened as descriptor 0, 1 or 2. */
static void open_standard_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct cmd_ctx ctx = { 0 };
	struct err *err, *write_err;
	bool quiet;
	int status;

	open_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	argc--;
	argv++;
	err = read_command(&ctx, &argc, argv);
	if (!err && !ctx.cmd) {
		print_commands(stdout);
		ctx.status = ctx.common.usage ? EXIT_USAGE : 0;
	} else if (!err) {
		err = run(&ctx, argc ? argc - 1 : 0, argv + 1);
	}
	err = report_failure(&ctx, err);
	if (err)
		tell(&ctx, err);
	write_err = print_check_stdout(&quiet);
	if (write_err && !quiet)
		print_err(stderr, write_err);
	status = err ? err_exit_status(err) : ctx.status;
	if (write_err && status < err_exit_status(write_err))
		status = err_exit_status(write_err);
	err_free(err);
	err_free(write_err);
	ctx_release(&ctx);
	return status;
}
