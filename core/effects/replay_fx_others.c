#include "effects/replay_fx_hand.h"

#include "base/util.h"

/* What a statement reads, and what triggers write because of it. */

static bool is_target(const struct hand *h, const char *table)
{
	return h->info && streq(h->info->name, table);
}

/* ... IN (SELECT id FROM roles WHERE name = 'admin') */
static void keep_subquery(struct hand *h, struct effect *e,
			  const struct fx_info *info)
{
	struct fx_text sub = { .arena = &h->fx->arena };

	if (h->read && !is_target(h, info->name) &&
	    sqlite_words_read(&sub.words, h->s->text, h->s->len) &&
	    fx_text_count(&sub, info->name) == 1) {
		fx_text_subquery(&sub, info);
		fx_keep_where(h->fx, e, sub.where, sub.n_where);
	}
	fx_text_release(&sub);
}

/* Rows that what is done depends on. */
static void selects(struct hand *h, const char *table, const char *via)
{
	struct fx *fx = h->fx;
	bool any;
	struct fx_names columns = fx_heard(fx, SQLITE_READ, table, via, &any);
	struct effect *e;

	if (!any)
		return;
	if (fx_info_of(fx, table)->is_view) {
		fx_use(fx, fx->statement, EFFECT_VIEW, NULL, table,
		       "definition");
		return;
	}
	e = fx_add_rows(fx, EFFECT_SELECT, table);
	e->columns = fx_names_keep(fx, &columns);
	e->implied = via != NULL;
	e->why = via ? arena_strdup(&fx->out->arena, via) : NULL;
	e->all_columns = !via && h->text.star;
	if (!via && streq_null(h->text.from, table))
		fx_keep_where(fx, e, h->text.where, h->text.n_where);
	else if (!via)
		keep_subquery(h, e, fx_info_of(fx, table));
	if (e->all_columns)
		fx_use(fx, fx->statement, EFFECT_TABLE, NULL, table, "columns");
}

static const struct {
	int heard;
	enum sql_verb verb;
	enum effect_action action;
} writing[] = {
	{ SQLITE_INSERT, SQL_INSERT, EFFECT_INSERT },
	{ SQLITE_UPDATE, SQL_UPDATE, EFFECT_UPDATE },
	{ SQLITE_DELETE, SQL_DELETE, EFFECT_DELETE },
};

/* A trigger's text does not tell: any rows and values. */
static void writes_any(struct hand *h, enum effect_action action, int heard,
		       const struct fx_info *info, const char *via)
{
	struct fx *fx = h->fx;
	struct fx_names unique = fx_unique_columns(fx, info);
	bool any, insert = action == EFFECT_INSERT;
	struct fx_names columns = fx_heard(fx, heard, info->name, via, &any);
	struct fx_names reads =
		fx_heard(fx, SQLITE_READ, info->name, via, &any);
	struct effect *e = fx_add_rows(fx, action, info->name);

	e->implied = true;
	e->why = arena_printf(&fx->out->arena, "trigger %s", via);
	if (action == EFFECT_UPDATE)
		fx_add_together(fx, info->uniques, info->n_uniques, &columns,
				&reads);
	e->all_columns = insert;
	e->columns = insert ? NULL : fx_names_keep(fx, &columns);
	e->reads = fx_names_keep(fx, insert ? &unique : &reads);
	e->generates_key = insert && info->rowid_column;
	fx_keys_of(fx, fx->out->n - 1, info);
}

/* What a trigger writes. */
static void fires(struct hand *h, int action, const char *table,
		  const char *via)
{
	const struct fx_info *info = fx_info_of(h->fx, table);

	for (size_t i = 0; i < ARRAY_LEN(writing); i++) {
		if (writing[i].heard != action || info->is_view ||
		    fx_fired(h, writing[i].verb, info, via))
			continue;
		writes_any(h, writing[i].action, action, info, via);
		/* what is in the way of OR REPLACE goes */
		if (action != SQLITE_DELETE &&
		    (h->text.replaces || h->text.ignores || !h->read))
			writes_any(h, EFFECT_DELETE, SQLITE_DELETE, info, via);
	}
}

/* The event has not been looked at with an earlier one of its kind. */
static bool is_first(struct fx *fx, size_t at)
{
	const struct fx_event *e = &fx->events[at];

	for (size_t i = 0; i < at; i++)
		if (fx->events[i].action == e->action &&
		    streq(fx->events[i].table, e->table) &&
		    streq_null(fx->events[i].via, e->via))
			return false;
	return true;
}

/* table MATCH 'word': its name is that of a hidden column. */
static bool matches(struct fx *fx, const char *table)
{
	for (size_t i = 0; i < fx->n_events; i++)
		if (fx->events[i].action == SQLITE_READ &&
		    streq(fx->events[i].table, table) &&
		    streq(fx->events[i].column, table))
			return true;
	return false;
}

/*
 * A table that is read without its name in the text is a parent or child of a
 * foreign key: fx_keys_of() has told it.
 */
static bool is_read_by_text(const struct hand *h, const char *table)
{
	size_t n;

	if (!h->read)
		return !is_target(h, table);
	/* the keys of a table that is made */
	if (h->s->verb == SQL_CREATE_TABLE && h->s->object &&
	    sql_same_name(SQL_SQLITE, h->s->object, table))
		return false;
	n = fx_text_count(&h->text, table);
	if (is_target(h, table) && matches(h->fx, table))
		n--;
	return n > (is_target(h, table) ? 1 : 0);
}

void fx_others(struct hand *h)
{
	struct fx *fx = h->fx;
	size_t n = fx->n_events;

	for (size_t i = 0; i < n; i++) {
		const struct fx_event e = fx->events[i];

		if (!is_first(fx, i))
			continue;
		if (e.via && e.action != SQLITE_READ)
			fires(h, e.action, e.table, e.via);
		else if (e.via && !fx_reads_its_rows(fx, e.via, e.table))
			selects(h, e.table, e.via);
		else if (!e.via && e.action == SQLITE_READ &&
			 is_read_by_text(h, e.table))
			selects(h, e.table, NULL);
	}
}

/* What its triggers do with it is heard of; here only that they run. */
void fx_through_view(struct hand *h)
{
	struct fx_names columns;
	struct effect *e;
	bool any;

	for (size_t i = 0; i < ARRAY_LEN(writing); i++) {
		if (writing[i].verb != h->s->verb)
			continue;
		columns = fx_heard(h->fx, writing[i].heard, h->info->name, NULL,
				   &any);
		e = fx_add_rows(h->fx, writing[i].action, h->info->name);
		e->columns = fx_names_keep(h->fx, h->s->verb == SQL_INSERT
							  ? &h->text.columns
							  : &columns);
		e->reads =
			arena_array(&h->fx->out->arena, 1, sizeof(*e->reads));
		e->digest = fx_hand_digest(h);
	}
}
