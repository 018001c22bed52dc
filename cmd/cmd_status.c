#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "cmd/branches.h"
#include "cmd/print.h"
#include "cmd/render.h"
#include "cmd/status.h"

struct options {
	const char *state;
	bool exit_code, worktree;
};

#define AT(member) offsetof(struct options, member)

static const struct opt options_table[] = {
	{ OPT_STRING, 0, "state", AT(state), "state,...",
	  "list only migrations in these states" },
	{ OPT_FLAG, 0, "exit-code", AT(exit_code), NULL,
	  "exit with 1 when anything is not applied" },
	{ OPT_FLAG, 0, "worktree", AT(worktree), NULL,
	  "count uncommitted files as pending" },
	OPT_TABLE_END,
};

static const char *const synopsis[] = {
	"[--state <state>[,<state>]] [--exit-code] [--worktree]", NULL
};

static const char *state_at(const void *payload, size_t i)
{
	(void)payload;
	if (i >= STATE_COUNT)
		return NULL;
	return engine_state_name((enum engine_state)i);
}

/* "pending,rolled-back" into a set; NULL is all of them. */
static struct err *parse_states(const char *text, bool wanted[STATE_COUNT])
{
	for (size_t i = 0; i < STATE_COUNT; i++)
		wanted[i] = !text;
	while (text && *text) {
		size_t len = strcspn(text, ","), i;
		char *name = xstrndup(text, len);
		struct err *err = NULL;
		const char *near;

		for (char *p = name; *p; p++)
			if (*p == '-')
				*p = '_';
		for (i = 0; i < STATE_COUNT; i++)
			if (streq(state_at(NULL, i), name))
				break;
		if (i < STATE_COUNT) {
			wanted[status_shown((enum engine_state)i)] = true;
		} else {
			err = err_new(ERR_USAGE, "--state: no state '%s'",
				      name);
			near = opt_nearest(name, state_at, NULL);
			err = near ? err_hintf(err, "did you mean '%s'?", near)
				   : err_hint(err, "states are applied, "
						   "pending, failed, "
						   "rolled_back, foreign, "
						   "modified, uncommitted");
		}
		free(name);
		if (err)
			return err;
		text += len + (text[len] == ',');
	}
	return NULL;
}

/* What stands in the last column: order, then the note, then the error. */
static void add_note(struct buf *b, const struct engine_status_item *m)
{
	if (m->out_of_order)
		buf_addstr(b, "out of order");
	if (m->note)
		buf_addf(b, "%s%s", b->len ? "; " : "", m->note);
	if (m->error)
		buf_addf(b, "%s%s", b->len ? "; " : "", m->error);
}

static void print_items(struct cmd_ctx *ctx, const struct engine_status *s,
			const bool wanted[STATE_COUNT])
{
	const struct tty *tty = &ctx->tty;
	struct buf note = BUF_INIT;
	size_t width = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t w = print_width(s->items[i].name);

		if (w > width && wanted[status_shown(s->items[i].state)])
			width = w;
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct engine_status_item *m = &s->items[i];
		const char *state = engine_state_name(m->state);

		if (!wanted[status_shown(m->state)])
			continue;
		buf_reset(&note);
		add_note(&note, m);
		printf("%s%-11s%s  ", tty_color(tty, render_color(state)),
		       state, tty_color(tty, TTY_RESET));
		if (note.len) {
			print_padded(stdout, m->name, width);
			printf("  %-20s  ", m->applied_at ? m->applied_at : "");
			print_safe(stdout, buf_str(&note));
		} else if (m->applied_at) {
			print_padded(stdout, m->name, width);
			printf("  %s", m->applied_at);
		} else {
			print_safe(stdout, m->name);
		}
		putchar('\n');
	}
	buf_release(&note);
}

static void print_summary(const struct engine_status *s)
{
	const char *sep = "";

	if (!s->n) {
		puts("no migrations");
		return;
	}
	for (size_t i = 0; i < STATE_COUNT; i++) {
		size_t n = s->counts[i];
		const char *name = engine_state_name((enum engine_state)i);

		if (i == STATE_EDITED)
			continue;
		if (i == STATE_APPLIED)
			n += s->counts[STATE_EDITED];
		if (!n)
			continue;
		printf("%s%zu %s", sep, n,
		       i == STATE_ROLLED_BACK ? "rolled back" : name);
		sep = ", ";
	}
	putchar('\n');
}

/* A wrong folder or layout makes many of them: a few tell it as well. */
static void print_strays(struct cmd_ctx *ctx, const struct engine_status *s)
{
	size_t n = s->n_strays, most = ctx->common.verbose || n <= 6 ? n : 5;

	for (size_t i = 0; i < most; i++) {
		char *path = status_path(ctx, s->strays[i].path);

		ctx_warn(ctx, "%s: %s", path, s->strays[i].why);
		free(path);
	}
	if (most < n)
		ctx_warn(ctx, "and %zu more file%s like these (-v lists all)",
			 n - most, n - most == 1 ? "" : "s");
}

static void print_human(struct cmd_ctx *ctx, const struct engine_status *s,
			const bool wanted[STATE_COUNT])
{
	char head[RENDER_SHORT];

	for (size_t i = 0; i < s->n_notes; i++)
		ctx_warn(ctx, "%s", s->notes[i]);
	if (s->mismatch)
		ctx_hint(ctx, "%s", s->mismatch);
	if (!ctx->common.quiet) {
		fputs("On target ", stdout);
		print_safe(stdout, ctx_target_name(ctx));
		if (*ctx->target.target) {
			fputs(" (", stdout);
			print_safe(stdout, ctx->shown_url);
			if (ctx->target.own_branch) {
				fputs(", of branch ", stdout);
				print_safe(stdout, ctx->target.own_branch);
			}
			putchar(')');
		}
		if (*s->head)
			printf(", commit %s", render_short(s->head, head));
		putchar('\n');
		if (ctx->common.verbose && *s->identity.uuid)
			printf("Database %s, ledger %s\n", s->identity.uuid,
			       s->identity.ledger);
	}
	print_items(ctx, s, wanted);
	if (!ctx->common.quiet)
		print_summary(s);
	print_strays(ctx, s);
}

static void hints(struct cmd_ctx *ctx, const struct engine_status *s)
{
	bool is_protected =
		s->identity.is_protected || ctx->target.is_protected;
	bool missing = ctx->target.copied && !*s->identity.uuid;
	bool late = false;

	for (size_t i = 0; i < s->n; i++)
		late |= s->items[i].out_of_order;
	if (!s->n)
		ctx_hint(ctx, "git migrate new <name> makes the first one");
	if (s->counts[STATE_UNCOMMITTED])
		ctx_hint(ctx, "uncommitted files are not applied: commit "
			      "them, or use --worktree");
	if (missing)
		ctx_hint(ctx, "git migrate reconcile makes it, a copy of that "
			      "of the branch that this one forked from");
	else if (s->counts[STATE_PENDING] || s->counts[STATE_FAILED] ||
		 s->counts[STATE_ROLLED_BACK])
		ctx_hint(ctx, "git migrate apply%s runs what is not applied",
			 late && is_protected ? " --out-of-order" : "");
	if (*ctx->target.target &&
	    config_clones(&ctx->config, ctx->target.target))
		branches_tell_gone(ctx, ctx->target.target);
}

static struct err *check(const struct cmd_ctx *ctx, const void *options,
			 int argc, char **argv)
{
	const struct options *o = options;
	bool wanted[STATE_COUNT];

	if (argc)
		return err_new(ERR_USAGE, "unexpected argument '%s'", argv[0]);
	if (o->worktree && ctx->common.rev)
		return err_new(ERR_USAGE, "--worktree and --rev cannot be "
					  "used together");
	return parse_states(o->state, wanted);
}

static struct err *run(struct cmd_ctx *ctx, const void *options, int argc,
		       char **argv)
{
	const struct options *o = options;
	struct engine_status_options opt = { .rev = ctx->common.rev,
					     .worktree = o->worktree };
	struct engine_status s = { 0 };
	bool wanted[STATE_COUNT];
	size_t applied;
	struct err *err;

	(void)argc;
	(void)argv;
	err = parse_states(o->state, wanted);
	if (!err)
		err = engine_status(ctx->engine, &opt, &s);
	if (!err && ctx->common.json) {
		err = status_print_json(ctx, &s, wanted);
	} else if (!err) {
		print_human(ctx, &s, wanted);
		hints(ctx, &s);
	}
	applied = s.counts[STATE_APPLIED] + s.counts[STATE_EDITED];
	if (!err && o->exit_code && applied != s.n)
		ctx->status = 1;
	engine_status_release(&s);
	return err;
}

const struct cmd cmd_status = {
	.name = "status",
	.synopsis = synopsis,
	.summary = "show which migrations are applied and which are not",
	.needs = CMD_NEEDS_TARGET,
	.options = options_table,
	.options_size = sizeof(struct options),
	.check = check,
	.run = run,
};
