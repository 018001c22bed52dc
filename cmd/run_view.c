#include "cmd/run_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "cmd/print.h"
#include "cmd/render.h"

static void print_event(struct run_view *v, const struct engine_event *e)
{
	const struct tty *tty = &v->ctx->tty;
	struct buf b = BUF_INIT;

	progress_clear(&v->ctx->progress);
	render_counts(&b, e);
	printf("%s%s%s ", tty_color(tty, render_color(e->event)),
	       render_verb(e->event), tty_color(tty, TTY_RESET));
	print_safe(stdout, e->name);
	printf(" (%s)%s%s%s\n", buf_str(&b),
	       e->out_of_order ? ", out of order" : "",
	       e->dirty ? ", from the work tree" : "",
	       e->irreversible ? ", irreversible" : "");
	if (v->ctx->common.verbose && e->changes) {
		fputs("    ", stdout);
		print_safe(stdout, e->changes);
		putchar('\n');
	}
	fflush(stdout);
	buf_release(&b);
}

static void on_event(void *payload, const struct engine_event *e)
{
	struct run_view *v = payload;
	struct engine_event whole;

	if (v->json)
		render_event(v->json, e);
	if (!e->name || !streq(e->event, v->verb) ||
	    streq_null(e->status, "failed"))
		return;
	whole = *e;
	whole.rows += v->part_rows;
	whole.duration_ms += v->part_ms;
	if (streq_null(e->status, "applying")) {
		/* the first parts of one without a transaction */
		v->part_rows = whole.rows;
		v->part_ms = whole.duration_ms;
		return;
	}
	v->part_rows = v->part_ms = 0;
	v->done++;
	v->parked += e->parked;
	if (ctx_talks(v->ctx))
		print_event(v, &whole);
}

void run_view_begin(struct run_view *v, struct cmd_ctx *ctx, const char *verb,
		    bool dry_run)
{
	*v = (struct run_view){ .ctx = ctx, .verb = verb, .dry_run = dry_run };
	ctx->on_event = on_event;
	ctx->on_event_payload = v;
	if (!ctx->common.json)
		return;
	v->json = report_new();
	report_string(v->json, "target", ctx_target_name(ctx));
	report_bool(v->json, "ok", false);
	report_array(v->json, "events");
}

static void json_step(struct report *r, const struct engine_step *s)
{
	report_object(r, NULL);
	report_string(r, "verb", s->verb);
	report_string(r, "name", s->name);
	report_string(r, "version", s->version);
	report_id(r, "blob", s->blob);
	report_string(r, "path", s->path);
	report_int(r, "statements", (int64_t)s->statements);
	report_bool(r, "out_of_order", s->out_of_order);
	report_bool(r, "irreversible", s->irreversible);
	report_bool(r, "no_transaction", s->no_transaction);
	report_bool(r, "dirty", s->dirty);
	report_string(r, "locks", s->locks);
	report_end(r);
}

static struct err *json_end(struct run_view *v, const struct engine_run *run,
			    const struct err *err)
{
	struct report *r = v->json;

	report_end(r); /* events */
	report_bool(r, "ok", !err);
	report_array(r, "conflicts");
	for (size_t i = 0; i < run->n_conflicts; i++) {
		const struct engine_conflict *c = &run->conflicts[i];

		report_object(r, NULL);
		report_string(r, "migration", c->migration);
		report_string(r, "table", c->table);
		report_string(r, "what", c->what);
		report_int(r, "rows", c->rows);
		report_end(r);
	}
	report_end(r);
	report_error(r, "error", err);
	report_bool(r, "dry_run", v->dry_run);
	report_array(r, "steps");
	for (size_t i = 0; i < run->n_steps; i++)
		json_step(r, &run->steps[i]);
	report_end(r);
	report_id(r, "database", run->identity.uuid);
	report_id(r, "ledger", run->identity.ledger);
	return ctx_print_json(v->ctx, r);
}

static void print_plan(const struct engine_run *run)
{
	for (size_t i = 0; i < run->n_steps; i++) {
		const struct engine_step *s = &run->steps[i];

		printf("%s ", s->verb);
		print_safe(stdout, s->name);
		if (s->statements)
			printf(" (%zu statement%s)", s->statements,
			       s->statements == 1 ? "" : "s");
		printf("%s%s%s%s", s->out_of_order ? ", out of order" : "",
		       s->no_transaction ? ", without a transaction" : "",
		       s->dirty ? ", from the work tree" : "",
		       s->irreversible ? ", irreversible" : "");
		if (s->locks) {
			fputs(", locks ", stdout);
			print_safe(stdout, s->locks);
		}
		putchar('\n');
	}
}

static void print_conflicts(const struct engine_run *run)
{
	for (size_t i = 0; i < run->n_conflicts; i++) {
		const struct engine_conflict *c = &run->conflicts[i];

		fputs("conflict: ", stderr);
		print_safe(stderr, c->migration);
		fputs(": table ", stderr);
		print_safe(stderr, c->table);
		fprintf(stderr, ": %" PRId64 " row%s ", c->rows,
			c->rows == 1 ? "" : "s");
		print_safe(stderr, c->what);
		fputc('\n', stderr);
	}
}

static void print_end(struct run_view *v, const struct engine_run *run,
		      bool failed)
{
	if (v->dry_run && !failed)
		print_plan(run);
	if (!run->n_steps && !failed) {
		printf("nothing to %s: ",
		       streq(v->verb, "apply") ? "apply" : "roll back");
		print_safe(stdout, ctx_target_name(v->ctx));
		puts(streq(v->verb, "apply") ? " is up to date"
					     : " has no applied migration");
		return;
	}
	if (v->dry_run) {
		if (!failed)
			printf("%zu migration%s would be %s; nothing was "
			       "changed\n",
			       run->n_steps, run->n_steps == 1 ? "" : "s",
			       render_verb(v->verb));
		return;
	}
	printf("%zu migration%s %s%s ", v->done, v->done == 1 ? "" : "s",
	       render_verb(v->verb), streq(v->verb, "apply") ? " to" : " on");
	print_safe(stdout, ctx_target_name(v->ctx));
	if (v->parked)
		printf(", %" PRId64 " rows and values parked", v->parked);
	putchar('\n');
}

struct err *run_view_end(struct run_view *v, const struct engine_run *run,
			 struct err *err)
{
	progress_clear(&v->ctx->progress);
	v->ctx->on_event = NULL;
	if (v->json)
		return err_first(err, json_end(v, run, err));
	if (ctx_talks(v->ctx) && (!err || v->done))
		print_end(v, run, err);
	else if (v->dry_run && !err)
		print_plan(run);
	fflush(stdout);
	print_conflicts(run);
	return err;
}
