#include "cmd/status.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/util.h"
#include "cmd/render.h"

enum engine_state status_shown(enum engine_state s)
{
	return s == STATE_EDITED ? STATE_APPLIED : s;
}

static void json_counts(struct report *r, const struct engine_status *s)
{
	static const enum engine_state order[] = {
		STATE_APPLIED,     STATE_PENDING, STATE_FAILED,
		STATE_ROLLED_BACK, STATE_FOREIGN, STATE_MODIFIED,
		STATE_UNCOMMITTED
	};

	report_object(r, "counts");
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		size_t n = s->counts[order[i]];

		if (order[i] == STATE_APPLIED)
			n += s->counts[STATE_EDITED];
		report_int(r, engine_state_name(order[i]), (int64_t)n);
	}
	report_end(r);
}

char *status_path(const struct cmd_ctx *ctx, const char *path)
{
	if (!path)
		return NULL;
	return streq(ctx->target.dir, ".") ? xstrdup(path)
					   : file_join(ctx->target.dir, path);
}

static void json_item(struct cmd_ctx *ctx, struct report *r,
		      const struct engine_status_item *m)
{
	char *path = status_path(ctx, m->path);

	report_object(r, NULL);
	report_string(r, "name", m->name);
	report_string(r, "version", m->version);
	report_string(r, "state", engine_state_name(m->state));
	report_id(r, "blob", m->blob);
	report_id(r, "commit", m->commit);
	report_id(r, "source_commit", m->source_commit);
	report_id(r, "snapshot", m->snapshot);
	report_string(r, "applied_at", m->applied_at);
	if (m->applied_at)
		report_int(r, "duration_ms", m->duration_ms);
	else
		report_string(r, "duration_ms", NULL);
	report_string(r, "error", m->error);
	report_string(r, "path", path);
	free(path);
	report_id(r, "applied_blob", m->applied_blob);
	report_bool(r, "out_of_order", m->out_of_order);
	report_string(r, "note", m->note);
	render_store_keys(r, m->snapshot_store);
	report_end(r);
}

struct err *status_print_json(struct cmd_ctx *ctx,
			      const struct engine_status *s,
			      const bool wanted[STATE_COUNT])
{
	struct report *r = report_new();

	report_string(r, "target", ctx_target_name(ctx));
	report_string(r, "dialect", sql_dialect_name(ctx->target.dialect));
	report_id(r, "database", s->identity.uuid);
	report_id(r, "head", s->head);
	report_id(r, "ledger", s->identity.ledger);
	report_id(r, "schema", s->identity.schema);
	report_id(r, "shape", s->identity.shape);
	json_counts(r, s);
	report_array(r, "migrations");
	for (size_t i = 0; i < s->n; i++)
		if (wanted[status_shown(s->items[i].state)])
			json_item(ctx, r, &s->items[i]);
	report_end(r);
	report_string(r, "url", ctx->shown_url);
	report_string(r, "branch", ctx->target.own_branch);
	report_bool(r, "protected",
		    s->identity.is_protected || ctx->target.is_protected);
	report_string(r, "layout", s->layout);
	report_array(r, "strays");
	for (size_t i = 0; i < s->n_strays; i++) {
		char *path = status_path(ctx, s->strays[i].path);

		report_object(r, NULL);
		report_string(r, "path", path);
		free(path);
		report_string(r, "reason", s->strays[i].why);
		report_end(r);
	}
	report_end(r);
	report_array(r, "notes");
	if (s->mismatch)
		report_string(r, NULL, s->mismatch);
	for (size_t i = 0; i < s->n_notes; i++)
		report_string(r, NULL, s->notes[i]);
	report_end(r);
	return ctx_print_json(ctx, r);
}
