#include <stdio.h>

#include "cmd/context.h"

/* the build says which headers it used (contrib/make/cmd.mk) */
#ifndef SQLITE_BUILD_VERSION
#define SQLITE_BUILD_VERSION "unknown"
#endif
#ifndef LIBGIT2_BUILD_VERSION
#define LIBGIT2_BUILD_VERSION "unknown"
#endif

static const char *const synopsis[] = { "[--json]", NULL };

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	struct report *r;
	bool isal = false;

	(void)options;
	(void)argc;
	(void)argv;
#ifdef HAVE_ISAL
	isal = true;
#endif
	if (!ctx->common.json) {
		puts("git-migrate " GIT_MIGRATE_VERSION);
		puts("sqlite " SQLITE_BUILD_VERSION);
		puts("libgit2 " LIBGIT2_BUILD_VERSION);
		printf("isa-l %s\n", isal ? "yes" : "no");
		return NULL;
	}
	r = report_new();
	report_string(r, "version", GIT_MIGRATE_VERSION);
	report_string(r, "sqlite", SQLITE_BUILD_VERSION);
	report_string(r, "libgit2", LIBGIT2_BUILD_VERSION);
	report_bool(r, "isal", isal);
	return ctx_print_json(ctx, r);
}

const struct cmd cmd_version = {
	.name = "version",
	.synopsis = synopsis,
	.summary = "print the version and what it was built with",
	.run = run,
};
