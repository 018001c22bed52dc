#include "cmd/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/util.h"
#include "engine/stored.h"

const char *render_verb(const char *event)
{
	if (streq(event, "apply"))
		return "applied";
	if (streq(event, "rollback"))
		return "rolled back";
	if (streq(event, "rename"))
		return "renamed";
	return event;
}

void render_store_keys(struct report *r, const char *stored)
{
	size_t len = 0;
	const char *host = stored ? engine_store_host(stored, &len) : NULL;
	char *store = stored ? xstrndup(stored, len) : NULL;

	report_string(r, "snapshot_store", store);
	report_string(r, "snapshot_host", host);
	free(store);
}

void render_event_keys(struct report *r, const struct engine_event *e)
{
	report_string(r, "event", e->event);
	report_string(r, "name", e->name);
	report_id(r, "blob", e->blob);
	report_id(r, "commit", e->commit);
	report_id(r, "source_commit", e->source_commit);
	report_id(r, "snapshot", e->snapshot);
	report_id(r, "schema", e->schema);
	report_id(r, "shape", e->shape);
	report_int(r, "rows", e->rows);
	report_int(r, "duration_ms", e->duration_ms);
	report_bool(r, "exact", e->exact);
	report_int(r, "seq", e->seq);
	report_string(r, "version", e->version);
	report_string(r, "status", e->status);
	report_string(r, "kind", e->kind);
	report_id(r, "parent", e->parent);
	render_store_keys(r, e->snapshot_store);
	report_string(r, "description", e->description);
	report_string(r, "author", e->author);
	report_string(r, "applied_by", e->applied_by);
	report_string(r, "started_at", e->started_at);
	report_string(r, "finished_at", e->finished_at);
	report_int(r, "statements", e->statements);
	report_int(r, "parked", e->parked);
	report_bool(r, "dirty", e->dirty);
	report_bool(r, "out_of_order", e->out_of_order);
	report_bool(r, "irreversible", e->irreversible);
	report_string(r, "changes", e->changes);
	report_string(r, "error", e->error);
}

void render_event(struct report *r, const struct engine_event *e)
{
	report_object(r, NULL);
	render_event_keys(r, e);
	report_end(r);
}

static void add_count(struct buf *b, int64_t n, const char *what)
{
	if (n > 0)
		buf_addf(b, "%s%" PRId64 " %s%s", b->len ? ", " : "", n, what,
			 n == 1 ? "" : "s");
}

void render_counts(struct buf *b, const struct engine_event *e)
{
	add_count(b, e->statements, "statement");
	add_count(b, e->rows, "row");
	if (e->parked > 0)
		buf_addf(b, "%s%" PRId64 " parked", b->len ? ", " : "",
			 e->parked);
	buf_addf(b, "%s%" PRId64 " ms", b->len ? ", " : "", e->duration_ms);
}

const char *render_short(const char *id, char out[RENDER_SHORT])
{
	snprintf(out, RENDER_SHORT, "%s", id ? id : "");
	return out;
}

const char *render_bytes(int64_t n, char out[RENDER_BYTES])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double size = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		snprintf(out, RENDER_BYTES, "%d byte%s", (int)n,
			 n == 1 ? "" : "s");
		return out;
	}
	for (; size >= 1024 && i + 1 < ARRAY_LEN(units); i++)
		size /= 1024;
	snprintf(out, RENDER_BYTES, "%.1f %s", size, units[i]);
	return out;
}

enum tty_color render_color(const char *state)
{
	static const struct {
		const char *name;
		enum tty_color color;
	} colors[] = {
		{ "applied", TTY_GREEN },    { "apply", TTY_GREEN },
		{ "pending", TTY_YELLOW },   { "failed", TTY_RED },
		{ "modified", TTY_RED },     { "foreign", TTY_MAGENTA },
		{ "rolled_back", TTY_CYAN }, { "rollback", TTY_CYAN },
		{ "uncommitted", TTY_DIM },
	};

	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		if (streq(colors[i].name, state))
			return colors[i].color;
	return TTY_RESET;
}
