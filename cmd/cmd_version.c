#include <stdio.h>

#include "cmd/context.h"
#include "postgres/conn.h"
#include "sql/sql.h"

/* the build says which headers it used (contrib/make/cmd.mk) */
#ifndef SQLITE_BUILD_VERSION
#define SQLITE_BUILD_VERSION "unknown"
#endif
#ifndef LIBGIT2_BUILD_VERSION
#define LIBGIT2_BUILD_VERSION "unknown"
#endif

static const char *const synopsis[] = { "[--json]", NULL };

/* It is loaded when it is needed: "" where that cannot be done. */
static void libpq_version(char *out, size_t size)
{
	int v = pg_client_version();

	*out = '\0';
	if (v)
		snprintf(out, size, "%d.%d", v / 10000, v % 10000);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	struct report *r;
	bool isal = false;
	char libpq[24];

	(void)options;
	(void)argc;
	(void)argv;
#ifdef HAVE_ISAL
	isal = true;
#endif
	libpq_version(libpq, sizeof(libpq));
	if (!ctx->common.json) {
		puts("git-migrate " GIT_MIGRATE_VERSION);
		puts("sqlite " SQLITE_BUILD_VERSION);
		puts("libgit2 " LIBGIT2_BUILD_VERSION);
		printf("libpq %s\n", *libpq ? libpq : "not installed");
		printf("libpg_query %s\n", sql_pg_grammar());
		printf("isa-l %s\n", isal ? "yes" : "no");
		return NULL;
	}
	r = report_new();
	report_string(r, "version", GIT_MIGRATE_VERSION);
	report_string(r, "sqlite", SQLITE_BUILD_VERSION);
	report_string(r, "libgit2", LIBGIT2_BUILD_VERSION);
	report_bool(r, "isal", isal);
	report_id(r, "libpq", libpq);
	report_string(r, "libpg_query", sql_pg_grammar());
	return ctx_print_json(ctx, r);
}

const struct cmd cmd_version = {
	.name = "version",
	.synopsis = synopsis,
	.summary = "print the version and what it was built with",
	.run = run,
};
