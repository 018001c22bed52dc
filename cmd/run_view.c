#include "cmd/run_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
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
	printf(" (%s)%s%s%s%s\n", buf_str(&b),
	       streq(e->event, "rollback") && !e->exact ? ", not exact" : "",
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

static bool concerns(const struct run_view *v, const struct engine_event *e)
{
	if (streq(e->event, "rename"))
		return true;
	if (!streq(v->verb, "reconcile"))
		return streq(e->event, v->verb);
	return streq(e->event, "apply") || streq(e->event, "rollback");
}

static void on_event(void *payload, const struct engine_event *e)
{
	struct run_view *v = payload;
	struct engine_event whole;

	if (v->json)
		render_event(v->json, e);
	if (!e->name || !concerns(v, e) || streq_null(e->status, "failed"))
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
	v->done += !streq(e->event, "rename");
	v->undone += streq(e->event, "rollback");
	v->renamed += streq(e->event, "rename");
	if (streq(e->event, "rollback"))
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

static void json_estimate(struct report *r, const struct engine_step *s)
{
	if (!s->keeps_table) {
		report_string(r, "snapshot_estimate", NULL);
		return;
	}
	report_object(r, "snapshot_estimate");
	report_int(r, "bytes", (int64_t)s->keeps_bytes);
	report_int(r, "rows", (int64_t)s->keeps_rows);
	report_string(r, "table", s->keeps_table);
	report_bool(r, "at_most", s->keeps_at_most);
	report_end(r);
}

static void json_cascades(struct report *r, const struct engine_step *s)
{
	report_array(r, "cascades");
	for (size_t i = 0; i < s->n_cascades; i++)
		report_string(r, NULL, s->cascades[i]);
	report_end(r);
}

static void json_step(struct report *r, const struct engine_step *s,
		      bool reconciles)
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
	json_estimate(r, s);
	json_cascades(r, s);
	if (s->tried) {
		report_bool(r, "exact", s->exact);
		report_string(r, "reordered", s->reordered);
		report_string(r, "changes", s->changes);
		report_int(r, "rows", s->rows);
		report_int(r, "parked", s->parked);
	}
	if (reconciles)
		report_string(r, "why", s->why);
	report_end(r);
}

static void json_conflicts(struct report *r, const struct engine_run *run)
{
	report_array(r, "conflicts");
	for (size_t i = 0; i < run->n_conflicts; i++) {
		const struct engine_conflict *c = &run->conflicts[i];

		report_object(r, NULL);
		report_string(r, "migration", c->migration);
		report_string(r, "table", c->table);
		report_string(r, "what", c->what);
		report_int(r, "rows", c->rows);
		report_bool(r, "settled", c->settled);
		report_bool(r, "aside", c->aside);
		report_end(r);
	}
	report_end(r);
	report_array(r, "conflict_rows");
	for (size_t i = 0; i < run->n_details; i++) {
		const struct restore_detail *d = &run->details[i].row;

		report_object(r, NULL);
		report_string(r, "migration", run->details[i].migration);
		report_string(r, "table", d->object);
		report_string(r, "what", d->what);
		report_string(r, "key", d->key);
		report_string(r, "column", d->column);
		report_string(r, "constraint", d->constraint);
		report_string(r, "before", d->before);
		report_string(r, "after", d->after);
		report_string(r, "now", d->now);
		report_end(r);
	}
	report_end(r);
}

static void json_impacts(struct report *r, const struct engine_run *run)
{
	report_array(r, "impact");
	for (size_t i = 0; i < run->n_impacts; i++) {
		const struct restore_tally *t = &run->impacts[i].table;

		report_object(r, NULL);
		report_string(r, "migration", run->impacts[i].migration);
		report_string(r, "table", t->table);
		report_int(r, "restored", (int64_t)t->restored);
		report_int(r, "removed", (int64_t)t->removed);
		report_int(r, "kept", (int64_t)t->kept);
		report_int(r, "conflicts", (int64_t)t->conflicts);
		report_end(r);
	}
	report_end(r);
}

static struct err *json_end(struct run_view *v, const struct engine_run *run,
			    const struct err *err)
{
	struct report *r = v->json;
	bool reconciles = streq(v->verb, "reconcile");

	report_end(r); /* events */
	report_bool(r, "ok", !err);
	json_conflicts(r, run);
	report_error(r, "error", err);
	report_bool(r, "dry_run", v->dry_run);
	report_array(r, "steps");
	for (size_t i = 0; i < run->n_steps; i++)
		json_step(r, &run->steps[i], reconciles);
	report_end(r);
	json_impacts(r, run);
	if (reconciles) {
		report_id(r, "head", run->head);
		report_string(r, "stepwise", run->stepwise);
	}
	report_id(r, "database", run->identity.uuid);
	report_id(r, "ledger", run->identity.ledger);
	return ctx_print_json(v->ctx, r);
}

static void print_count(uint64_t n, const char *what, const char **comma)
{
	if (!n)
		return;
	printf("%s%" PRIu64 " %s", *comma, n, what);
	*comma = ", ";
}

/* "    table users: 3 rows restored, 1 kept" */
static void print_impacts(const struct engine_run *run, const char *name)
{
	for (size_t i = 0; i < run->n_impacts; i++) {
		const struct restore_tally *t = &run->impacts[i].table;
		const char *comma = ": ";

		if (!streq(run->impacts[i].migration, name))
			continue;
		fputs("    table ", stdout);
		print_safe(stdout, t->table);
		print_count(t->restored, "restored", &comma);
		print_count(t->removed, "removed", &comma);
		print_count(t->conflicts, "in conflict", &comma);
		print_count(t->kept, "kept", &comma);
		putchar('\n');
	}
}

static void print_estimate(const struct engine_step *s)
{
	struct buf size = BUF_INIT;

	if (!s->keeps_table)
		return;
	text_add_size(&size, s->keeps_bytes);
	printf(", keeps %s %s of ", s->keeps_at_most ? "at most" : "about",
	       buf_str(&size));
	print_safe(stdout, s->keeps_table);
	if (s->keeps_others)
		fputs(" and others", stdout);
	buf_release(&size);
}

#define CASCADES 5

/* ", drops by CASCADE: view v, view w and 3 more" */
static void print_cascades(const struct engine_step *s)
{
	size_t n = s->n_cascades;

	for (size_t i = 0; i < n && i < CASCADES; i++) {
		fputs(i ? ", " : ", drops by CASCADE: ", stdout);
		print_safe(stdout, s->cascades[i]);
	}
	if (n > CASCADES)
		printf(" and %zu more", n - CASCADES);
}

/* "7 rows and values parked" */
static void print_parked(const char *before, int64_t n)
{
	if (n)
		printf("%s%" PRId64 " %s parked", before, n,
		       text_rows_and_values((uint64_t)n));
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
		print_estimate(s);
		print_cascades(s);
		if (s->locks) {
			fputs(", locks ", stdout);
			print_safe(stdout, s->locks);
		}
		if (s->why) {
			fputs(", ", stdout);
			print_safe(stdout, s->why);
		}
		if (s->tried)
			fputs(s->exact ? ", exact" : ", not exact", stdout);
		if (s->reordered) {
			fputs(", columns in another order: ", stdout);
			print_safe(stdout, s->reordered);
		}
		putchar('\n');
		if (s->changes) {
			fputs("    ", stdout);
			print_safe(stdout, s->changes);
			putchar('\n');
		}
		print_impacts(run, s->name);
		print_parked("    ", s->parked);
		if (s->parked)
			putchar('\n');
	}
}

static void print_value(const char *before, const char *value)
{
	if (!value)
		return;
	fputs(before, stderr);
	print_safe(stderr, value);
}

static void print_detail(const struct restore_detail *d)
{
	fputs("    ", stderr);
	print_safe(stderr, d->object);
	print_value(" ", d->key);
	print_value(" ", d->column);
	print_value(" ", d->constraint);
	print_value(": before ", d->before);
	print_value(d->before ? ", after " : ": after ", d->after);
	print_value(d->before || d->after ? ", now " : ": now ", d->now);
	fprintf(stderr, " (%s)\n", d->what);
}

static void print_conflicts(const struct engine_run *run)
{
	int64_t rows = 0;

	for (size_t i = 0; i < run->n_conflicts; i++) {
		const struct engine_conflict *c = &run->conflicts[i];

		fputs(c->aside     ? "set aside: "
		      : c->settled ? "settled: "
				   : "conflict: ",
		      stderr);
		print_safe(stderr, c->migration);
		fputs(c->rows ? ": table " : ": ", stderr);
		print_safe(stderr, c->table);
		if (c->rows)
			fprintf(stderr, ": %" PRId64 " row%s %s\n", c->rows,
				c->rows == 1 ? "" : "s", c->what);
		else
			fprintf(stderr, ": %s\n", c->what);
		rows += c->rows;
	}
	for (size_t i = 0; i < run->n_details; i++)
		print_detail(&run->details[i].row);
	if (run->n_details && rows > (int64_t)run->n_details)
		fprintf(stderr,
			"    ... and %" PRId64 " more; --json has "
			"all\n",
			rows - (int64_t)run->n_details);
}

/* "dev holds what 1a2b3c4d5e6f has: 1 rolled back, 2 applied" */
static void print_reconciled(const struct run_view *v,
			     const struct engine_run *run, bool failed)
{
	const char *comma = ": ";

	if (v->dry_run) {
		if (run->stepwise && run->n_steps > 1) {
			fputs("rollbacks would be one transaction, each "
			      "migration behind them another: ",
			      stdout);
			print_safe(stdout, run->stepwise);
			putchar('\n');
		}
		printf("%zu step%s to the migrations of %.12s; nothing was "
		       "changed\n",
		       run->n_steps, run->n_steps == 1 ? "" : "s", run->head);
		return;
	}
	print_safe(stdout, ctx_target_name(v->ctx));
	printf(" %s the migrations of %.12s",
	       failed ? "is on the way to" : "has", run->head);
	print_count(v->undone, "rolled back", &comma);
	print_count(v->renamed, "renamed", &comma);
	print_count(v->done - v->undone, "applied", &comma);
	print_parked(comma, v->parked);
	putchar('\n');
}

static void print_nothing(const struct run_view *v,
			  const struct engine_run *run)
{
	const char *target = ctx_target_name(v->ctx);

	if (streq(v->verb, "reconcile")) {
		print_safe(stdout, target);
		printf(" has the migrations of %.12s already\n", run->head);
		return;
	}
	printf("nothing to %s: ",
	       streq(v->verb, "apply") ? "apply" : "roll back");
	print_safe(stdout, target);
	puts(streq(v->verb, "apply") ? " is up to date"
				     : " has no applied migration");
}

static void print_end(struct run_view *v, const struct engine_run *run,
		      bool failed)
{
	if (v->dry_run && !failed)
		print_plan(run);
	if (!run->n_steps && !failed) {
		print_nothing(v, run);
		return;
	}
	if (streq(v->verb, "reconcile")) {
		print_reconciled(v, run, failed);
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
	print_parked(", ", v->parked);
	putchar('\n');
}

struct err *run_view_choice(const char *name, enum restore_choice *out)
{
	static const char *const choices[] = {
		[RESTORE_ABORT] = "abort",
		[RESTORE_KEEP] = "keep",
		[RESTORE_TAKE] = "restore",
	};

	*out = RESTORE_ABORT;
	for (size_t i = 0; name && i < ARRAY_LEN(choices); i++) {
		if (!streq(name, choices[i]))
			continue;
		*out = (enum restore_choice)i;
		return NULL;
	}
	return name ? err_new(ERR_USAGE, "--on-conflict is abort, keep or "
					 "restore")
		    : NULL;
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
