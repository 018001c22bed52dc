#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "cmd/print.h"
#include "cmd/render.h"
#include "cmd/snapshot.h"

struct show_view {
	struct cmd_ctx *ctx;
	struct report *json;
	const struct engine_snapshot *about;
	bool begun;    /* what the journal knows is told */
	bool in_part;  /* JSON: its tables are open */
	bool in_table; /* JSON: its rows are open */
	uint64_t lines, shown;
	struct buf text;
};

static void print_about(const struct engine_snapshot *s, const struct tty *tty)
{
	char bytes[RENDER_BYTES], alone[RENDER_BYTES];

	printf("%ssnapshot %s%s\n", tty_color(tty, TTY_YELLOW), s->id,
	       tty_color(tty, TTY_RESET));
	printf("Of:     %s ", s->event);
	print_safe(stdout, s->name ? s->name : "");
	printf("\nTaken:  %s by ", s->taken_at);
	print_safe(stdout, s->taken_by ? s->taken_by : "");
	if (s->host) {
		fputs(" on ", stdout);
		print_safe(stdout, s->host);
	}
	fputs("\nStore:  ", stdout);
	print_safe(stdout, s->store);
	printf("\nSize:   %s, frees %s\n", render_bytes(s->bytes, bytes),
	       render_bytes(s->alone, alone));
}

static void end_table(struct show_view *v)
{
	if (v->json && v->in_table) {
		report_end(v->json);
		report_end(v->json);
	} else if (v->in_table && v->lines > v->shown && v->shown) {
		printf("  ... %" PRIu64 " more row%s (--all shows all)\n",
		       v->lines - v->shown,
		       v->lines - v->shown == 1 ? "" : "s");
	}
	v->in_table = false;
}

static void end_part(struct show_view *v)
{
	end_table(v);
	if (v->json && v->in_part) {
		report_end(v->json);
		report_end(v->json);
	}
	v->in_part = false;
}

static void print_sequences(const struct manifest *m)
{
	for (size_t i = 0; i < m->n_sequences; i++) {
		const struct manifest_sequence *s = &m->sequences[i];

		fputs("\ncounter ", stdout);
		print_safe(stdout, s->table);
		printf(": %" PRId64 " -> %" PRId64, s->was, s->is);
	}
	if (m->n_sequences)
		putchar('\n');
}

static void json_sequences(struct report *r, const struct manifest *m)
{
	report_array(r, "sequences");
	for (size_t i = 0; i < m->n_sequences; i++) {
		report_object(r, NULL);
		report_string(r, "name", m->sequences[i].table);
		report_string(r, "after", m->sequences[i].after);
		report_int(r, "was", m->sequences[i].was);
		report_int(r, "is", m->sequences[i].is);
		report_end(r);
	}
	report_end(r);
}

static struct err *on_part(void *payload, const char *name,
			   const struct manifest *m)
{
	struct show_view *v = payload;

	if (!v->json) {
		if (!v->begun)
			print_about(v->about, &v->ctx->tty);
		v->begun = true;
		end_table(v);
		print_sequences(m);
		return NULL;
	}
	end_part(v);
	report_object(v->json, NULL);
	report_string(v->json, "part", name);
	json_sequences(v->json, m);
	report_array(v->json, "tables");
	v->in_part = true;
	return NULL;
}

static void add_count(struct buf *b, uint64_t n, const char *what)
{
	if (n)
		buf_addf(b, "%s%" PRIu64 " %s", b->len ? ", " : "", n, what);
}

static void print_table(struct show_view *v, const struct manifest_table *t)
{
	struct buf *b = &v->text;

	buf_reset(b);
	add_count(b, t->updated, "changed");
	add_count(b, t->deleted, "went");
	add_count(b, t->inserted, "came");
	putchar('\n');
	print_safe(stdout, t->before);
	if (t->after && !streq(t->after, t->before)) {
		fputs(" (now ", stdout);
		print_safe(stdout, t->after);
		putchar(')');
	}
	printf("%s: %s\n", t->after ? "" : " (dropped)", buf_str(b));
}

static void json_table(struct report *r, const struct manifest_table *t)
{
	report_object(r, NULL);
	report_string(r, "name", t->before);
	report_string(r, "after", t->after);
	report_int(r, "came", (int64_t)t->inserted);
	report_int(r, "changed", (int64_t)t->updated);
	report_int(r, "went", (int64_t)t->deleted);
	report_array(r, "key");
	for (size_t i = 0; i < t->n_keys; i++)
		report_string(r, NULL, t->keys[i]);
	report_end(r);
	report_array(r, "columns");
	for (size_t i = 0; i < t->n_columns; i++)
		report_string(r, NULL, t->columns[i].before);
	report_end(r);
	report_array(r, "rows");
}

static struct err *on_table(void *payload, const struct manifest_table *t)
{
	struct show_view *v = payload;

	end_table(v);
	v->lines = manifest_lines(t);
	v->shown = 0;
	v->in_table = true;
	if (v->json)
		json_table(v->json, t);
	else
		print_table(v, t);
	return NULL;
}

static void json_field(struct report *r, struct buf *text, const char *name,
		       const struct line_field *f)
{
	buf_reset(text);
	line_field_print(text, f);
	report_string(r, name, buf_str(text));
}

/* Values as they are printed: 'text', 12, NULL. */
void snapshot_row_keys(struct report *r, const struct line_view *line,
		       struct buf *text)
{
	report_string(r, "what",
		      line->op == ROW_INSERTED  ? "came"
		      : line->op == ROW_UPDATED ? "changed"
						: "went");
	report_object(r, "key");
	for (size_t i = 0; i < line->n_keys; i++)
		json_field(r, text, line_view_key_name(line, i),
			   &line->keys[i]);
	report_end(r);
	report_object(r, "was");
	for (size_t i = 0; i < line->n_columns; i++)
		if (line_view_tells(line, i))
			json_field(r, text, line->table->columns[i].before,
				   &line->old[i]);
	report_end(r);
	report_object(r, "is");
	for (size_t i = 0; i < line->n_columns; i++)
		if (line_view_tells(line, i) && line->now[i].s)
			json_field(r, text, line->table->columns[i].before,
				   &line->now[i]);
	report_end(r);
}

static struct err *on_line(void *payload, const struct line_view *line)
{
	struct show_view *v = payload;

	v->shown++;
	if (v->json) {
		report_object(v->json, NULL);
		snapshot_row_keys(v->json, line, &v->text);
		report_end(v->json);
		return NULL;
	}
	buf_reset(&v->text);
	line_view_print(&v->text, line);
	fputs("  ", stdout);
	print_safe(stdout, buf_str(&v->text));
	putchar('\n');
	return ferror(stdout) ? err_new(ERR_CANCELLED, "nobody reads") : NULL;
}

static struct err *show_json(struct show_view *v, const char *which,
			     uint64_t max,
			     const struct engine_snapshot_visitor *visitor,
			     struct arena *a, struct engine_snapshot *about)
{
	struct report *r = report_new();
	struct err *err;

	v->json = r;
	report_string(r, "target", ctx_target_name(v->ctx));
	report_string(r, "snapshot", NULL); /* its place among the keys */
	report_array(r, "parts");
	err = engine_snapshot_show(v->ctx->engine, which, max, visitor, a,
				   about);
	if (err) {
		report_free(r);
		return err;
	}
	end_part(v);
	report_end(r);
	report_object(r, "snapshot");
	snapshot_keys(r, about);
	report_end(r);
	return ctx_print_json(v->ctx, r);
}

struct err *snapshot_show(struct cmd_ctx *ctx, const struct snapshot_options *o,
			  int argc, char **argv)
{
	uint64_t max = o->all ? 0 : o->count ? o->count : SNAPSHOT_ROWS_SHOWN;
	struct engine_snapshot about = { 0 };
	struct show_view v = { .ctx = ctx, .about = &about };
	const struct engine_snapshot_visitor visitor = { &v, on_part, on_table,
							 on_line };
	struct arena a = ARENA_INIT;
	struct err *err;

	(void)argc;
	if (ctx->common.json) {
		err = show_json(&v, argv[0], max, &visitor, &a, &about);
	} else {
		err = engine_snapshot_show(ctx->engine, argv[0], max, &visitor,
					   &a, &about);
		if (!err)
			end_table(&v);
		if (err && ferror(stdout)) { /* main tells about that */
			err_free(err);
			err = NULL;
		}
	}
	buf_release(&v.text);
	arena_release(&a);
	return err;
}
