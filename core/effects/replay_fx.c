#include "effects/replay_fx.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define DIGEST_SHOWN 100
#define USES_SEEN 1000 /* among so many effects one is not told twice */

void fx_names_add(struct fx *fx, struct fx_names *l, const char *name)
{
	const char **longer;

	if (fx_names_has(l, name))
		return;
	if (l->n + 2 > l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		longer = arena_array(&fx->arena, l->cap, sizeof(*longer));
		if (l->n)
			memcpy(longer, l->list, l->n * sizeof(*longer));
		l->list = longer;
	}
	l->list[l->n++] = name;
	l->list[l->n] = NULL;
}

bool fx_names_has(const struct fx_names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->list[i], name))
			return true;
	return false;
}

const char **fx_names_keep(struct fx *fx, const struct fx_names *l)
{
	struct arena *a = &fx->out->arena;
	const char **out = arena_array(a, l->n + 1, sizeof(*out));

	for (size_t i = 0; i < l->n; i++)
		out[i] = arena_strdup(a, l->list[i]);
	return out;
}

const char *fx_lower(struct fx *fx, const char *name)
{
	char *lower = arena_strdup(&fx->arena, name);

	for (char *c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	return lower;
}

const char *fx_digest(struct fx *fx, const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == '\n')
		len--;
	if (len <= DIGEST_SHOWN && !memchr(text, '\n', len))
		return arena_strndup(&fx->out->arena, text, len);
	return arena_printf(&fx->out->arena, "#%016llx",
			    (unsigned long long)replay_hash(text, len));
}

/* What no statement names has changed by the last one on the schema. */
struct effect *fx_add(struct fx *fx, size_t statement,
		      enum effect_action action, enum effect_kind kind,
		      const char *table, const char *name)
{
	struct effect *e =
		effects_add(fx->out, action, kind, NULL, table, name);

	if (statement >= fx->script->n && fx->n_targets)
		statement = fx->targets[fx->n_targets - 1].statement;
	if (statement < fx->script->n) {
		const struct sql_statement *s =
			&fx->script->statements[statement];

		e->statement = statement;
		e->line = s->line;
		e->col = s->col;
	}
	return e;
}

struct effect *fx_add_rows(struct fx *fx, enum effect_action action,
			   const char *table)
{
	struct effect *e =
		fx_add(fx, fx->statement, action, EFFECT_ROWS, NULL, table);

	VEC_GROW(fx->rows, fx->n_rows, fx->cap_rows);
	fx->rows[fx->n_rows].effect = fx->out->n - 1;
	fx->rows[fx->n_rows++].table = fx_table_of(fx, table);
	return e;
}

struct effect *fx_use(struct fx *fx, size_t statement, enum effect_kind kind,
		      const char *table, const char *name, const char *aspect)
{
	struct effect *e;

	for (size_t i = fx->out->n; i > 0 && fx->out->n - i < USES_SEEN; i--) {
		e = &fx->out->items[i - 1];
		if (e->action == EFFECT_USE && e->kind == kind &&
		    e->statement == statement && streq_null(e->table, table) &&
		    streq(e->name, name) && streq_null(e->aspect, aspect))
			return e;
	}
	e = fx_add(fx, statement, EFFECT_USE, kind, table, name);
	e->aspect = aspect;
	return e;
}

void fx_because(struct fx *fx, struct effect *e, const char *why)
{
	if (why && !e->why)
		e->why = arena_strdup(&fx->out->arena, why);
}

size_t fx_table_of(const struct fx *fx, const char *name)
{
	return map_number(&fx->table_at, name);
}

static void add_table(struct fx *fx, const char *name, const char *first)
{
	VEC_GROW(fx->tables, fx->n_tables, fx->cap_tables);
	fx->tables[fx->n_tables++] = (struct fx_table){ name, first, false };
	map_put_number(&fx->table_at, name, fx->n_tables);
	if (first)
		map_put_number(&fx->first_at, first, fx->n_tables);
}

static void drop_table(struct fx *fx, size_t at)
{
	fx->tables[at - 1].gone = true;
	map_remove(&fx->table_at, fx->tables[at - 1].name);
}

static void rename_table(struct fx *fx, size_t at, const char *name)
{
	map_remove(&fx->table_at, fx->tables[at - 1].name);
	fx->tables[at - 1].name = name;
	map_put_number(&fx->table_at, name, at);
}

static bool is_table(const struct schema_object *o)
{
	return streq(o->kind, "table") || streq(o->kind, "virtual");
}

struct err *fx_begin(struct fx *fx, struct replay_sqlite *r,
		     const struct sql_script *script, struct effects *out)
{
	const struct schema *s;
	struct err *e;

	memset(fx, 0, sizeof(*fx));
	fx->r = r;
	fx->out = out;
	fx->script = script;
	e = replay_schema(&r->base, &s);
	if (e)
		return e;
	map_each (&s->by_path, entry) {
		const struct schema_object *o = entry->value;

		VEC_GROW(fx->before, fx->n_before, fx->cap_before);
		fx->before[fx->n_before++] = o;
		if (is_table(o)) {
			const char *name = fx_lower(fx, o->name);

			add_table(fx, name, name);
		}
	}
	return NULL;
}

void fx_hear(void *payload, int action, const char *a, const char *b,
	     const char *db, const char *via)
{
	struct fx *fx = payload;
	struct fx_event *e;

	if (action != SQLITE_READ && action != SQLITE_INSERT &&
	    action != SQLITE_UPDATE && action != SQLITE_DELETE)
		return;
	if (!a || (db && sqlite3_stricmp(db, "main") != 0) ||
	    sqlite3_strnicmp(a, "sqlite_", 7) == 0)
		return;
	VEC_GROW(fx->events, fx->n_events, fx->cap_events);
	e = &fx->events[fx->n_events++];
	e->action = action;
	e->table = fx_lower(fx, a);
	e->column = fx_lower(fx, b ? b : "");
	e->via = via ? fx_lower(fx, via) : NULL;
}

bool fx_probe(struct fx *fx, const char *sql)
{
	struct replay_guard *g = &fx->r->guard;
	sqlite3_stmt *stmt = NULL;
	bool fine;

	fx->n_events = 0;
	replay_guard_reset(g);
	g->seen = fx_hear;
	g->payload = fx;
	g->running = true;
	fine = sqlite3_prepare_v2(fx->r->db, sql, -1, &stmt, NULL) == SQLITE_OK;
	g->running = false;
	g->seen = NULL;
	sqlite3_finalize(stmt);
	replay_guard_reset(g);
	return fine;
}

void fx_before_statement(struct fx *fx, size_t i)
{
	fx->statement = i;
	fx->n_events = 0;
}

static bool is_row_statement(const struct sql_statement *s)
{
	return s->verb == SQL_INSERT || s->verb == SQL_UPDATE ||
	       s->verb == SQL_DELETE;
}

void fx_prepared(struct fx *fx)
{
	const struct sql_statement *s = &fx->script->statements[fx->statement];

	if (is_row_statement(s) || s->verb == SQL_CREATE_TABLE)
		fx_rows(fx, s);
	else if (s->verb == SQL_SELECT)
		fx_uses(fx, fx->statement, NULL, NULL);
	else if (s->verb == SQL_DROP_TABLE && s->object && fx->foreign_keys)
		fx_keys_of_drop(fx, fx_info_of(fx, fx_lower(fx, s->object)));
}

static bool is_soft(const struct sql_statement *s)
{
	struct sqlite_words w = { 0 };
	bool soft = false;

	if (sqlite_words_read(&w, s->text, s->len))
		for (size_t i = 0; i < 6 && i < w.n && !soft; i++)
			soft = w.v[i].word == W_IF;
	sqlite_words_release(&w);
	return soft;
}

/* The table that an index or trigger of this name is on. */
static const char *table_on(struct fx *fx, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	const char *table = NULL;

	if (sqlite3_prepare_v2(fx->r->db,
			       "SELECT tbl_name FROM sqlite_schema WHERE type "
			       "IN ('index', 'trigger') AND name = ?1 COLLATE "
			       "NOCASE",
			       -1, &stmt, NULL) == SQLITE_OK) {
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		if (sqlite3_step(stmt) == SQLITE_ROW)
			table = fx_lower(
				fx, (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return table;
}

static void note_target(struct fx *fx, const struct sql_statement *s,
			const char *kind)
{
	struct fx_target *t;

	VEC_GROW(fx->targets, fx->n_targets, fx->cap_targets);
	t = &fx->targets[fx->n_targets++];
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->name = fx_lower(fx, s->object);
	t->statement = fx->statement;
	t->verb = s->verb;
	t->soft = is_soft(s);
	if (s->verb == SQL_CREATE) {
		t->on = table_on(fx, t->name);
	} else if (s->verb == SQL_RENAME_TABLE) {
		t->to = fx_lower(fx, s->detail);
	} else if (s->verb == SQL_RENAME_COLUMN) {
		t->column = fx_lower(fx, s->detail);
		t->to = fx_lower(fx, s->detail2);
	} else if (s->verb == SQL_ADD_COLUMN || s->verb == SQL_DROP_COLUMN) {
		t->column = fx_lower(fx, s->detail);
	}
}

/* Which statements on the schema there are, and of what. */
static const char *target_kind(const struct sql_statement *s)
{
	switch ((int)s->verb) {
	case SQL_CREATE_TABLE:
	case SQL_DROP_TABLE:
	case SQL_RENAME_TABLE:
	case SQL_RENAME_COLUMN:
	case SQL_ADD_COLUMN:
	case SQL_DROP_COLUMN:
		return "table";
	case SQL_CREATE:
	case SQL_DROP:
		return s->detail;
	default:
		return NULL;
	}
}

/* The schema has changed: what is known of its tables is not so any more. */
static void forget(struct fx *fx)
{
	map_each (&fx->infos, e) {
		struct fx_info *i = e->value;

		free(i->uniques);
		free(i->checks);
		free(i->computed);
		free(i->keys);
		free(i->children);
	}
	map_release(&fx->infos);
}

/* A number that the database keeps; set again, it is the same change. */
static void kept_pragma(struct fx *fx, const struct sql_statement *s)
{
	static const char *const names[] = { "user_version", "application_id" };

	for (size_t i = 0; s->object && s->detail && i < ARRAY_LEN(names); i++)
		if (sql_same_name(SQL_SQLITE, s->object, names[i]))
			fx_add(fx, fx->statement, EFFECT_ALTER, EFFECT_SETTING,
			       NULL, names[i])
				->digest = fx_digest(fx, s->detail);
}

void fx_after_statement(struct fx *fx)
{
	const struct sql_statement *s = &fx->script->statements[fx->statement];
	const char *kind = target_kind(s);
	const char *name;
	size_t at;

	if (s->verb == SQL_PRAGMA)
		kept_pragma(fx, s);
	if (!kind || !s->object || s->temp)
		return;
	forget(fx);
	note_target(fx, s, kind);
	name = fx_lower(fx, s->object);
	at = fx_table_of(fx, name);
	if (s->verb == SQL_CREATE_TABLE && !at)
		add_table(fx, name, NULL);
	else if (s->verb == SQL_DROP_TABLE && at)
		drop_table(fx, at);
	else if (s->verb == SQL_RENAME_TABLE && at)
		rename_table(fx, at, fx_lower(fx, s->detail));
}

struct place {
	struct effect effect;
	size_t at;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->effect.statement != y->effect.statement)
		return x->effect.statement < y->effect.statement ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* Statement order; those of one statement stay in theirs. */
static void sort(struct effects *e)
{
	struct place *places = xcalloc(e->n + 1, sizeof(*places));

	for (size_t i = 0; i < e->n; i++)
		places[i] = (struct place){ e->items[i], i };
	qsort(places, e->n, sizeof(*places), compare_places);
	for (size_t i = 0; i < e->n; i++)
		e->items[i] = places[i].effect;
	free(places);
}

struct err *fx_finish(struct fx *fx)
{
	const struct schema *after;
	struct err *e = replay_schema(&fx->r->base, &after);

	if (e)
		return e;
	forget(fx);
	fx_schema(fx, after);
	sort(fx->out);
	return NULL;
}

void fx_release(struct fx *fx)
{
	forget(fx);
	free(fx->before);
	free(fx->events);
	free(fx->tables);
	map_release(&fx->table_at);
	map_release(&fx->first_at);
	free(fx->copies);
	free(fx->targets);
	free(fx->rows);
	arena_release(&fx->arena);
}
