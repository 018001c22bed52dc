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

/* "insert", "update" or "delete": what it fires for. */
static const char **fires_for(struct fx *fx, const char *text)
{
	struct sqlite_words w = { 0 };
	struct fx_names one = { NULL, 0, 0 };

	if (sqlite_words_read(&w, text, strlen(text)))
		for (size_t i = 2; i < w.n && !one.n; i++) {
			if (w.v[i].word == W_INSERT)
				fx_names_add(fx, &one, "insert");
			else if (w.v[i].word == W_UPDATE)
				fx_names_add(fx, &one, "update");
			else if (w.v[i].word == W_DELETE)
				fx_names_add(fx, &one, "delete");
		}
	sqlite_words_release(&w);
	return one.n ? fx_names_keep(fx, &one) : NULL;
}

/* UPDATE OF these; NULL = any. */
static const char **fires_of(struct fx *fx, const char *text)
{
	struct sqlite_words w = { 0 };
	struct fx_names of = { NULL, 0, 0 };
	bool listed = false;

	if (sqlite_words_read(&w, text, strlen(text)))
		for (size_t i = 2; i < w.n && w.v[i].word != W_ON; i++) {
			if (listed && w.v[i].op != ',')
				fx_names_add(
					fx, &of,
					fx_token_name(&fx->arena, &w.v[i]));
			/* not INSTEAD OF */
			listed |= w.v[i].word == W_OF &&
				  w.v[i - 1].word == W_UPDATE;
		}
	sqlite_words_release(&w);
	return of.n ? fx_names_keep(fx, &of) : NULL;
}

static bool fires_for_delete(const struct effect *e)
{
	return e->columns && e->columns[0] && streq(e->columns[0], "delete");
}

/* WHEN NEW.a = 1: of such rows alone. */
static void keep_when(struct fx *fx, struct effect *e, const char *text)
{
	struct fx_text t = { .arena = &fx->arena };
	struct fx_info row = *fx_info_of(fx, e->table);
	size_t when = 0, begin = 0;

	row.name = fires_for_delete(e) ? "old" : "new";
	if (sqlite_words_read(&t.words, text, strlen(text)))
		for (; begin < t.words.n && t.words.v[begin].word != W_BEGIN;
		     begin++)
			if (t.words.v[begin].word == W_WHEN && !when)
				when = begin;
	if (when && begin < t.words.n)
		fx_text_conditions(&t, when + 1, begin, &row);
	fx_keep_where(fx, e, t.where, t.n_where);
	fx_text_release(&t);
}

void fx_trigger_fires(struct fx *fx, struct effect *e, const char *text)
{
	e->columns = fires_for(fx, text);
	e->reads = fires_of(fx, text);
	keep_when(fx, e, text);
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

/* CREATE INDEX ... (...) WHERE deleted IS NULL: of these rows alone. */
static void keep_condition(struct fx *fx, struct effect *e,
			   const struct fx_info *info, const char *sql)
{
	struct fx_text t = { .arena = &fx->arena };
	size_t at = 0;

	if (sqlite_words_read(&t.words, sql, strlen(sql))) {
		while (at < t.words.n && t.words.v[at].op != '(')
			at++;
		if (at < t.words.n)
			at = t.words.v[at].pair + 1;
		if (at < t.words.n && t.words.v[at].word == W_WHERE)
			fx_text_conditions(&t, at + 1, t.words.n, info);
	}
	fx_keep_where(fx, e, t.where, t.n_where);
	fx_text_release(&t);
}

static bool adds(const struct fx *fx, const char *table, const char *column)
{
	for (size_t i = 0; i < fx->n_targets; i++)
		if (fx->targets[i].verb == SQL_ADD_COLUMN &&
		    streq(fx->targets[i].name, table) &&
		    streq(fx->targets[i].column, column))
			return true;
	return false;
}

/* One of its columns comes with it, and is NULL in the rows of others. */
static bool has_new_column(struct fx *fx, const struct fx_info *info,
			   const char *index)
{
	sqlite3_stmt *stmt = NULL;
	bool plain = true, found = false;

	if (sqlite3_prepare_v2(fx->r->db,
			       "SELECT name FROM pragma_index_info(?1)", -1,
			       &stmt, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_text(stmt, 1, index, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		const char *value = "";

		plain &= name != NULL;
		name = name ? fx_lower(fx, name) : NULL;
		found |= name && adds(fx, info->name, name) &&
			 fx_info_default(fx, info, name, &value) && !value;
	}
	sqlite3_finalize(stmt);
	return plain && found;
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
		e->strict = w.v[1].word == W_UNIQUE &&
			    !has_new_column(fx, i, o->name);
		while (from < w.n && w.v[from].op != '(')
			from++;
		fx_tokens_columns(fx, &w, from, w.n, &i->columns, &columns);
		e->columns = fx_names_keep(fx, &columns);
	}
	sqlite_words_release(&w);
	if (e->strict)
		keep_condition(fx, e, i, o->sql);
	fx_use(fx, statement, EFFECT_TABLE, NULL, table, NULL);
	for (size_t k = 0; k < columns.n; k++)
		fx_use(fx, statement, EFFECT_COLUMN, table, columns.list[k],
		       "type");
}
