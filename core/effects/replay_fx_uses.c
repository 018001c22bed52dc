#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"

/*
 * What views, triggers and indexes need. SQLite does not look into them when
 * they are made; it does when a statement uses them, and one that does is
 * prepared here, and never run.
 */

static bool probe_quoted(struct fx *fx, const char *before, const char *name,
			 const char *behind)
{
	struct buf sql = BUF_INIT;
	bool fine;

	buf_addstr(&sql, before);
	sql_quote_name(&sql, name);
	buf_addstr(&sql, behind);
	fine = fx_probe(fx, buf_str(&sql));
	buf_release(&sql);
	return fine;
}

bool fx_view_is_whole(struct fx *fx, const char *view)
{
	return probe_quoted(fx, "SELECT * FROM main.", view, "");
}

void fx_view_uses(struct fx *fx, size_t statement, const char *view)
{
	probe_quoted(fx, "SELECT * FROM main.", view, "");
	fx_uses(fx, statement, view, arena_printf(&fx->arena, "view %s", view));
}

static bool probe_update(struct fx *fx, const char *table)
{
	const struct fx_info *i = fx_info_of(fx, table);
	struct buf set = BUF_INIT;
	bool fine;

	buf_addstr(&set, " SET ");
	for (size_t k = 0; k < i->columns.n; k++) {
		buf_addstr(&set, k ? ", " : "");
		sql_quote_name(&set, i->columns.list[k]);
		buf_addstr(&set, " = ");
		sql_quote_name(&set, i->columns.list[k]);
	}
	fine = probe_quoted(fx, "UPDATE main.", table, buf_str(&set));
	buf_release(&set);
	return fine;
}

static void use_columns(struct fx *fx, size_t statement, const char *table,
			const struct fx_names *named, const char *why)
{
	for (size_t i = 0; i < named->n; i++)
		fx_because(fx,
			   fx_use(fx, statement, EFFECT_COLUMN, table,
				  named->list[i], "type"),
			   why);
}

static struct fx_names named_in(struct fx *fx, const struct sqlite_words *w,
				size_t from, size_t to, const char *table)
{
	struct fx_names named = { NULL, 0, 0 };

	fx_tokens_columns(fx, w, from, to, &fx_info_of(fx, table)->columns,
			  &named);
	return named;
}

/* What the authorizer does not tell: lists of columns of INSERT, and those
 * behind UPDATE OF. */
static void use_listed(struct fx *fx, size_t statement, const char *trigger,
		       const char *text, const char *table, const char *why)
{
	struct sqlite_words w = { 0 };
	struct fx_names named;
	size_t of = 0, on = 0;

	if (sqlite_words_read(&w, text, strlen(text))) {
		while (on < w.n && w.v[on].word != W_ON) {
			if (w.v[on].word == W_OF)
				of = on;
			on++;
		}
		if (of) {
			named = named_in(fx, &w, of, on, table);
			use_columns(fx, statement, table, &named, why);
		}
		for (size_t i = 0; i < fx->n_events; i++) {
			const struct fx_event *e = &fx->events[i];

			if (!streq_null(e->via, trigger) ||
			    e->action != SQLITE_INSERT)
				continue;
			named = named_in(fx, &w, on, w.n, e->table);
			use_columns(fx, statement, e->table, &named, why);
		}
	}
	sqlite_words_release(&w);
}

bool fx_trigger_uses(struct fx *fx, size_t statement, const char *trigger,
		     const char *text, const char *table)
{
	const char *why = arena_printf(&fx->arena, "trigger %s", trigger);
	bool whole;

	if (fx_info_of(fx, table)->is_view)
		fx_because(
			fx,
			fx_use(fx, statement, EFFECT_VIEW, NULL, table, NULL),
			why);
	else
		fx_because(fx,
			   fx_use(fx, statement, EFFECT_TABLE, NULL, table,
				  "rebuilt"),
			   why);
	whole = probe_quoted(fx, "INSERT INTO main.", table, " DEFAULT VALUES");
	fx_uses(fx, statement, trigger, why);
	use_listed(fx, statement, trigger, text, table, why);
	whole &= probe_quoted(fx, "DELETE FROM main.", table, "");
	fx_uses(fx, statement, trigger, why);
	use_listed(fx, statement, trigger, text, table, why);
	whole &= probe_update(fx, table);
	fx_uses(fx, statement, trigger, why);
	use_listed(fx, statement, trigger, text, table, why);
	/* a view only takes what it has a trigger for */
	return whole || fx_info_of(fx, table)->is_view;
}

void fx_index(struct fx *fx, size_t statement, struct effect *e,
	      const struct schema_object *o)
{
	const char *table = fx_lower(fx, o->table);
	const struct fx_info *i = fx_info_of(fx, table);
	struct fx_names columns = { NULL, 0, 0 };
	struct sqlite_words w = { 0 };
	size_t from = 0;

	if (sqlite_words_read(&w, o->sql, strlen(o->sql))) {
		e->strict = w.v[1].word == W_UNIQUE;
		while (from < w.n && w.v[from].op != '(')
			from++;
		fx_tokens_columns(fx, &w, from, w.n, &i->columns, &columns);
		e->columns = fx_names_keep(fx, &columns);
	}
	sqlite_words_release(&w);
	fx_use(fx, statement, EFFECT_TABLE, NULL, table, NULL);
	for (size_t k = 0; k < columns.n; k++)
		fx_use(fx, statement, EFFECT_COLUMN, table, columns.list[k],
		       "type");
}
