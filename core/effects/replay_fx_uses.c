#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"

/*
 * What views, triggers and indexes need. SQLite does not look into them when
 * they are made; it does when a statement uses them, and one that does is
 * prepared here, and never run.
 */

static void probe_quoted(struct fx *fx, const char *before, const char *name,
			 const char *behind)
{
	struct buf sql = BUF_INIT;

	buf_addstr(&sql, before);
	sql_quote_name(&sql, name);
	buf_addstr(&sql, behind);
	fx_probe(fx, buf_str(&sql));
	buf_release(&sql);
}

void fx_view_uses(struct fx *fx, size_t statement, const char *view)
{
	probe_quoted(fx, "SELECT * FROM main.", view, "");
	fx_uses(fx, statement, view, arena_printf(&fx->arena, "view %s", view));
}

static void probe_update(struct fx *fx, const char *table)
{
	const struct fx_info *i = fx_info_of(fx, table);
	struct buf set = BUF_INIT;

	buf_addstr(&set, " SET ");
	for (size_t k = 0; k < i->columns.n; k++) {
		buf_addstr(&set, k ? ", " : "");
		sql_quote_name(&set, i->columns.list[k]);
		buf_addstr(&set, " = ");
		sql_quote_name(&set, i->columns.list[k]);
	}
	probe_quoted(fx, "UPDATE main.", table, buf_str(&set));
	buf_release(&set);
}

void fx_trigger_uses(struct fx *fx, size_t statement, const char *trigger,
		     const char *table)
{
	const char *why = arena_printf(&fx->arena, "trigger %s", trigger);

	if (fx_info_of(fx, table)->is_view)
		fx_use(fx, statement, EFFECT_VIEW, NULL, table, NULL, why);
	else
		fx_use(fx, statement, EFFECT_TABLE, NULL, table, "rebuilt",
		       why);
	probe_quoted(fx, "INSERT INTO main.", table, " DEFAULT VALUES");
	fx_uses(fx, statement, trigger, why);
	probe_quoted(fx, "DELETE FROM main.", table, "");
	fx_uses(fx, statement, trigger, why);
	probe_update(fx, table);
	fx_uses(fx, statement, trigger, why);
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
	fx_use(fx, statement, EFFECT_TABLE, NULL, table, NULL, NULL);
	for (size_t k = 0; k < columns.n; k++)
		fx_use(fx, statement, EFFECT_COLUMN, table, columns.list[k],
		       "type", NULL);
}
