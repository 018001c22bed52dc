#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"

/* Triggers and views that statements act through. */

struct trigger {
	const char *table, *text; /* in arena memory; NULL = there is none */
};

/* A trigger or view; table is the view's own name. */
static struct trigger find_trigger(struct fx *fx, const char *name)
{
	struct trigger t = { NULL, NULL };
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(fx->r->db,
			       "SELECT tbl_name, sql FROM sqlite_schema WHERE "
			       "type IN ('trigger', 'view') AND name = ?1 "
			       "COLLATE NOCASE ORDER BY type",
			       -1, &stmt, NULL) == SQLITE_OK) {
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		if (sqlite3_step(stmt) == SQLITE_ROW) {
			t.table = fx_lower(
				fx, (const char *)sqlite3_column_text(stmt, 0));
			t.text = arena_strdup(
				&fx->arena,
				(const char *)sqlite3_column_text(stmt, 1));
		}
	}
	sqlite3_finalize(stmt);
	return t;
}

size_t fx_mentions(struct fx *fx, const char *text, const char *table)
{
	struct fx_text t = { .arena = &fx->arena };
	size_t n = 2;

	if (sqlite_words_read(&t.words, text, strlen(text)))
		n = fx_text_count(&t, table);
	fx_text_release(&t);
	return n;
}

void fx_forget_subqueries(struct fx *fx)
{
	for (size_t i = 0; i < fx->n_events; i++) {
		struct fx_event *e = &fx->events[i];

		if (e->via && i && streq_null(fx->events[i - 1].via, e->via))
			e->via = fx->events[i - 1].via;
		else if (e->via && !find_trigger(fx, e->via).text)
			e->via = NULL;
	}
}

static bool writes_in(struct fx *fx, const char *table, const char *via)
{
	for (size_t i = 0; i < fx->n_events; i++)
		if (fx->events[i].action != SQLITE_READ &&
		    streq(fx->events[i].table, table) &&
		    streq_null(fx->events[i].via, via))
			return true;
	return false;
}

bool fx_reads_its_rows(struct fx *fx, const char *trigger, const char *table)
{
	struct trigger found = find_trigger(fx, trigger);
	size_t n = found.text ? fx_mentions(fx, found.text, table) : 2;

	if (streq_null(found.table, table) || writes_in(fx, table, trigger))
		return n < 2;
	return n == 0;
}

const char *fx_trigger_text(struct fx *fx, const char *trigger,
			    const char **table)
{
	struct trigger t = find_trigger(fx, trigger);

	*table = t.table;
	return t.text;
}

bool fx_fires(struct fx *fx, const char *table)
{
	const char *seen = NULL;

	for (size_t i = 0; i < fx->n_events; i++) {
		const char *via = fx->events[i].via;

		if (via && via != seen &&
		    streq_null(find_trigger(fx, via).table, table))
			return true;
		seen = via;
	}
	return false;
}

static void use_heard(struct fx *fx, size_t statement, const struct fx_event *e,
		      const char *via, const char *text, const char *why)
{
	bool view = fx_info_of(fx, e->table)->is_view;

	fx_because(fx,
		   fx_use(fx, statement, view ? EFFECT_VIEW : EFFECT_TABLE,
			  NULL, e->table, via && !view ? "rebuilt" : NULL),
		   why);
	/* what only a * stands for may go */
	if (*e->column && !streq(e->column, "rowid") &&
	    (!text || fx_mentions(fx, text, e->column)))
		fx_because(fx,
			   fx_use(fx, statement, EFFECT_COLUMN, e->table,
				  e->column, "type"),
			   why);
}

void fx_uses(struct fx *fx, size_t statement, const char *via, const char *why)
{
	struct trigger of = { NULL, NULL };
	size_t n = fx->n_events;

	if (via)
		of = find_trigger(fx, via);
	for (size_t i = 0; i < n; i++) {
		const struct fx_event e = fx->events[i];

		if (via && (!streq_null(e.via, via) || !of.text ||
			    !fx_mentions(fx, of.text, e.table)))
			continue;
		use_heard(fx, statement, &e, via, of.text, why);
	}
}
