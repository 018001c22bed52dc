#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "cmd/context.h"
#include "cmd/print.h"
#include "cmd/url.h"

struct options {
	bool same, fork;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_FLAG, 0, "same", AT(same), NULL,
	  "accept: it is the database, moved or restored" },
	{ OPT_FLAG, 0, "fork", AT(fork), NULL,
	  "accept: it is a copy that goes its own way" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = { "[list] [--json]",
					"show [<name>] [--json]",
					"accept (--same | --fork) [--json]",
					NULL };

/* What is known of a target without opening its database. */
struct known {
	char *url; /* masked; NULL = none */
	char uuid[37];
	bool is_default;
};

static struct err *look_up(struct cmd_ctx *ctx, const struct config_target *t,
			   struct known *out)
{
	*out = (struct known){ .is_default = streq_null(
				       t->name,
				       config_default_target(&ctx->config)) };
	if (t->url)
		out->url = url_masked(t->url);
	return ctx->store->ops->ledger_of_target(ctx->store, t->name,
						 out->uuid);
}

static void json_target(struct report *r, const struct config_target *t,
			const struct known *k)
{
	report_object(r, NULL);
	report_string(r, "name", t->name);
	report_string(r, "url", k->url);
	report_id(r, "database", k->uuid);
	report_bool(r, "default", k->is_default);
	report_bool(r, "protected", t->is_protected);
	report_end(r);
}

static void print_target(const struct config_target *t, const struct known *k,
			 size_t width)
{
	fputs(k->is_default ? "* " : "  ", stdout);
	print_padded(stdout, t->name, width);
	fputs("  ", stdout);
	print_safe(stdout, k->url ? k->url : "(no url)");
	if (*k->uuid)
		printf("  %s", k->uuid);
	puts(t->is_protected ? "  protected" : "");
}

static struct err *list(struct cmd_ctx *ctx)
{
	const struct config *c = &ctx->config;
	struct report *r = ctx->common.json ? report_new() : NULL;
	struct err *err = NULL;
	size_t width = 0;

	for (size_t i = 0; i < c->n_targets; i++)
		if (print_width(c->targets[i].name) > width)
			width = print_width(c->targets[i].name);
	if (r)
		report_array(r, "targets");
	for (size_t i = 0; !err && i < c->n_targets; i++) {
		struct known k;

		err = look_up(ctx, &c->targets[i], &k);
		if (!err && r)
			json_target(r, &c->targets[i], &k);
		else if (!err)
			print_target(&c->targets[i], &k, width);
		free(k.url);
	}
	if (!c->n_targets)
		ctx_hint(ctx, "git migrate init sets a target up");
	if (r && !err) {
		report_end(r);
		return ctx_print_json(ctx, r);
	}
	report_free(r);
	return err;
}

static void print_field(const char *label, const char *value)
{
	printf("%-11s", label);
	print_safe(stdout, value && *value ? value : "none yet");
	putchar('\n');
}

static struct err *print_identity(struct cmd_ctx *ctx,
				  const struct engine_identity *id)
{
	bool is_protected = id->is_protected || ctx->target.is_protected;
	struct report *r;

	if (ctx->common.json) {
		r = report_new();
		report_string(r, "target", ctx_target_name(ctx));
		report_string(r, "url", ctx->shown_url);
		report_id(r, "database", id->uuid);
		report_id(r, "ledger", id->ledger);
		report_id(r, "schema", id->schema);
		report_id(r, "shape", id->shape);
		report_bool(r, "protected", is_protected);
		return ctx_print_json(ctx, r);
	}
	print_field("Target:", ctx_target_name(ctx));
	print_field("URL:", ctx->shown_url);
	print_field("Database:", id->uuid);
	print_field("Ledger:", id->ledger);
	print_field("Schema:", id->schema);
	print_field("Protected:", is_protected ? "yes" : "no");
	return NULL;
}

static struct err *show(struct cmd_ctx *ctx, const char *name)
{
	struct engine_identity id;
	struct err *err = ctx_open_engine(ctx, name, true);

	if (!err)
		err = engine_identify(ctx->engine, &id);
	return err ? err : print_identity(ctx, &id);
}

static struct err *accept(struct cmd_ctx *ctx, const struct options *o)
{
	struct engine_identity id;
	struct err *err;

	err = ctx_open_engine(ctx, NULL, true);
	if (!err)
		err = engine_accept(ctx->engine, o->fork, &id);
	return err ? err : print_identity(ctx, &id);
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;
	const char *what = argc ? argv[0] : "list";
	bool accepts = streq(what, "accept");

	(void)ctx;
	if (!accepts && !streq(what, "list") && !streq(what, "show"))
		return err_hint(err_new(ERR_USAGE, "unknown word '%s'", what),
				"target knows list, show and accept");
	if (argc > (streq(what, "show") ? 2 : 1))
		return err_new(ERR_USAGE, "unexpected argument '%s'",
			       argv[argc - 1]);
	if (!accepts && (o->same || o->fork))
		return err_new(ERR_USAGE, "--same and --fork belong to accept");
	if (accepts && o->same == o->fork)
		return err_hint(err_new(ERR_USAGE, "accept needs --same or "
						   "--fork"),
				"--same: the database was moved or restored; "
				"--fork: it is a copy of its own");
	return NULL;
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	if (argc && streq(argv[0], "show"))
		return show(ctx, argc == 2 ? argv[1] : NULL);
	if (argc && streq(argv[0], "accept"))
		return accept(ctx, options);
	return list(ctx);
}

const struct cmd cmd_target = {
	.name = "target",
	.synopsis = synopsis,
	.summary = "list targets, show one, or accept its database",
	.needs = CMD_NEEDS_CONFIG,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
