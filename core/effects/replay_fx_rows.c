#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_fx_hand.h"

/* What a statement does to rows. */

/* Columns of the row in hand that triggers look at. */
static void add_looked_at(struct fx *fx, const char *table,
			  struct fx_names *out)
{
	for (size_t i = 0; i < fx->n_events; i++) {
		const struct fx_event *e = &fx->events[i];

		if (e->action == SQLITE_READ && e->via && *e->column &&
		    streq(e->table, table))
			fx_names_add(fx, out, e->column);
	}
}

/* A hidden column of a virtual table (x MATCH 'word') stands for all. */
static void add_hidden(struct fx *fx, const struct fx_info *info,
		       struct fx_names *columns)
{
	bool hidden = false;

	for (size_t i = 0; info->is_virtual && i < columns->n; i++)
		hidden |= !fx_names_has(&info->columns, columns->list[i]);
	for (size_t i = 0; hidden && i < info->columns.n; i++)
		fx_names_add(fx, columns, info->columns.list[i]);
}

/* Columns heard of with that action, table and way; when they are written,
 * with those that are computed from them. */
struct fx_names fx_heard(struct fx *fx, int action, const char *table,
			 const char *via, bool *any)
{
	struct fx_names out = { NULL, 0, 0 };

	*any = false;
	for (size_t i = 0; i < fx->n_events; i++) {
		const struct fx_event *e = &fx->events[i];

		if (e->action != action || !streq(e->table, table) ||
		    !streq_null(e->via, via))
			continue;
		*any = true;
		if (*e->column)
			fx_names_add(fx, &out, e->column);
	}
	if (*any && action == SQLITE_READ)
		add_hidden(fx, fx_info_of(fx, table), &out);
	else if (action == SQLITE_UPDATE)
		fx_info_add_computed(fx, fx_info_of(fx, table), &out);
	return out;
}

void fx_keep_where(struct fx *fx, struct effect *e,
		   const struct effect_literal *where, size_t n)
{
	struct arena *a = &fx->out->arena;

	e->where = arena_array(a, n + 1, sizeof(*e->where));
	for (size_t i = 0; i < n; i++) {
		e->where[i].column = arena_strdup(a, where[i].column);
		e->where[i].value =
			where[i].value ? arena_strdup(a, where[i].value) : NULL;
	}
	e->n_where = n;
}

const char *fx_hand_digest(const struct hand *h)
{
	struct buf text = BUF_INIT;
	const char *digest;

	sql_normal_form(&text, SQL_SQLITE, h->s->text, h->s->len);
	digest = fx_digest(h->fx, buf_str(&text));
	buf_release(&text);
	return digest;
}

struct fx_names fx_unique_columns(struct fx *fx, const struct fx_info *info)
{
	struct fx_names out = { NULL, 0, 0 };

	for (size_t i = 0; i < info->n_uniques; i++)
		for (size_t k = 0; k < info->uniques[i].n; k++)
			fx_names_add(fx, &out, info->uniques[i].list[k]);
	return out;
}

/* Columns that are decided on together with one that is written. */
void fx_add_together(struct fx *fx, const struct fx_names *groups, size_t n,
		     const struct fx_names *written, struct fx_names *out)
{
	for (size_t i = 0; i < n; i++) {
		bool touched = false;

		for (size_t k = 0; k < groups[i].n; k++)
			touched |= fx_names_has(written, groups[i].list[k]);
		for (size_t k = 0; touched && k < groups[i].n; k++)
			fx_names_add(fx, out, groups[i].list[k]);
	}
}

/* The row as far as it is known: given constants, and constant defaults. */
static void keep_row(struct hand *h, struct effect *e,
		     const struct fx_value *row)
{
	const struct fx_info *info = h->info;
	const struct fx_text *t = &h->text;
	struct effect_literal *known =
		xcalloc(t->width + info->columns.n + 1, sizeof(*known));
	size_t n = 0;

	for (size_t i = 0; i < t->width; i++)
		if (row[i].literal)
			known[n++] = (struct effect_literal){ row[i].column,
							      row[i].value };
	for (size_t i = 0; i < info->columns.n; i++) {
		const char *column = info->columns.list[i];
		const char *value;

		if (fx_names_has(&t->columns, column) ||
		    streq_null(column, info->rowid_column) ||
		    !fx_info_default(h->fx, info, column, &value))
			continue;
		known[n++] = (struct effect_literal){ column, value };
	}
	fx_keep_where(h->fx, e, known, n);
	free(known);
}

static bool generates_key(const struct hand *h, const struct fx_value *row)
{
	const struct fx_text *t = &h->text;

	if (!h->info->rowid_column)
		return false;
	if (!fx_names_has(&t->columns, h->info->rowid_column))
		return true;
	for (size_t i = 0; row && i < t->width; i++)
		if (streq(row[i].column, h->info->rowid_column))
			return row[i].literal && !row[i].value;
	return false;
}

static bool all_literal(const struct fx_text *t, const struct fx_value *row)
{
	for (size_t i = 0; i < t->width; i++)
		if (!row[i].literal)
			return false;
	return true;
}

/* A key that is no column, where the row gives it. */
static void add_rowid(struct hand *h, struct fx_names *unique)
{
	static const char *const names[] = { "rowid", "oid", "_rowid_" };

	for (size_t i = 0; !h->info->rowid_column && i < ARRAY_LEN(names); i++)
		if (fx_names_has(&h->text.columns, names[i]))
			fx_names_add(h->fx, unique, names[i]);
}

/* One INSERT effect; row NULL = nothing is known of its values. */
static void add_insert(struct hand *h, const struct fx_value *row)
{
	struct fx *fx = h->fx;
	struct fx_names unique = fx_unique_columns(fx, h->info);
	struct effect *e = fx_add_rows(fx, EFFECT_INSERT, h->info->name);

	e->columns = h->read ? fx_names_keep(fx, &h->text.columns) : NULL;
	e->all_columns = !h->read || !h->text.listed;
	add_rowid(h, &unique);
	e->reads = fx_names_keep(fx, &unique);
	e->generates_key = generates_key(h, row);
	e->conditional = h->text.ignores || h->text.upserts;
	if (row)
		keep_row(h, e, row);
	if (!row || h->text.select || !all_literal(&h->text, row) ||
	    h->text.ignores || h->text.replaces || h->text.upserts)
		e->digest = fx_hand_digest(h);
	fx_keys_of(fx, fx->out->n - 1, h->info);
}

/* What of a unique key the row is known to have. */
static void keep_key(struct hand *h, struct effect *e,
		     const struct fx_value *row, size_t width,
		     const struct fx_names *key)
{
	struct effect_literal *known = xcalloc(width + 1, sizeof(*known));
	size_t n = 0;

	for (size_t i = 0; i < width; i++)
		if (row[i].literal && row[i].value &&
		    fx_names_has(key, row[i].column))
			known[n++] = (struct effect_literal){ row[i].column,
							      row[i].value };
	fx_keep_where(h->fx, e, known, n);
	free(known);
}

/* The rows that have this key already. row NULL = of which nothing is known */
static void add_rival(struct hand *h, enum effect_action action,
		      const struct fx_names *key, const struct fx_value *row,
		      size_t width)
{
	struct fx *fx = h->fx;
	struct effect *e = fx_add_rows(fx, action, h->info->name);

	e->conditional = true;
	if (action == EFFECT_DELETE)
		e->digest = fx_hand_digest(h);
	if (action == EFFECT_DELETE && !fx->recursive_triggers)
		e->aspect = "replaced";
	e->reads = fx_names_keep(fx, key);
	e->columns = action == EFFECT_SELECT ? e->reads
					     : arena_array(&fx->out->arena, 1,
							   sizeof(*e->columns));
	if (row)
		keep_key(h, e, row, width, key);
	if (action == EFFECT_DELETE)
		fx_keys_of(fx, fx->out->n - 1, h->info);
}

/*
 * OR REPLACE deletes the row that is in the way, OR IGNORE and ON CONFLICT
 * look whether there is one: for each key, as far as that is known.
 */
static void add_rivals(struct hand *h, enum effect_action action,
		       const struct fx_value *row)
{
	for (size_t i = 0; i < h->info->n_uniques; i++)
		add_rival(h, action, &h->info->uniques[i], row, h->text.width);
}

/* UPDATE OR REPLACE, OR IGNORE: the keys that it writes a part of. */
static void add_rivals_of_update(struct hand *h, enum effect_action action,
				 const struct fx_names *written)
{
	for (size_t i = 0; i < h->info->n_uniques; i++) {
		const struct fx_names *key = &h->info->uniques[i];
		bool touched = false;

		for (size_t k = 0; k < key->n; k++)
			touched |= fx_names_has(written, key->list[k]);
		if (touched)
			add_rival(h, action, key, h->text.sets, h->text.n_sets);
	}
}

static bool replaces_by_itself(struct fx *fx, const struct fx_info *info)
{
	for (size_t i = 0; i < fx->n_before; i++)
		if (streq(fx->before[i]->kind, "table") &&
		    sqlite3_stricmp(fx->before[i]->name, info->name) == 0)
			return strstr(fx->before[i]->text,
				      "ON CONFLICT REPLACE") ||
			       strstr(fx->before[i]->text,
				      "ON CONFLICT IGNORE");
	return false;
}

static void add_insert_and_rival(struct hand *h, const struct fx_value *row)
{
	bool own = replaces_by_itself(h->fx, h->info);

	if (h->text.replaces || own)
		add_rivals(h, EFFECT_DELETE, row);
	if (h->text.ignores || h->text.upserts || own)
		add_rivals(h, EFFECT_SELECT, row);
	add_insert(h, row);
}

/* INSERT INTO new SELECT ... FROM old may be half of a table's making anew. */
static void note_copy(struct hand *h)
{
	struct fx *fx = h->fx;
	struct fx_copy copy = { .statement = fx->statement };
	const char *from = NULL;

	if (!fx_text_copy(fx, &h->text, &from, &copy))
		return;
	copy.to = fx_table_of(fx, h->info->name);
	copy.from = fx_table_of(fx, from);
	VEC_GROW(fx->copies, fx->n_copies, fx->cap_copies);
	fx->copies[fx->n_copies++] = copy;
}

static void inserts(struct hand *h)
{
	const struct fx_text *t = &h->text;

	if (h->read && h->text.select && !h->via)
		note_copy(h);
	if (!h->read || !t->n_rows) {
		add_insert_and_rival(h, NULL);
		return;
	}
	for (size_t i = 0; i < t->n_rows; i++)
		add_insert_and_rival(h, t->rows + i * t->width);
}

static void keep_sets(struct hand *h, struct effect *e)
{
	const struct fx_text *t = &h->text;
	struct arena *a = &h->fx->out->arena;

	e->sets = arena_array(a, t->n_sets + 1, sizeof(*e->sets));
	e->each_literal = t->n_sets > 0;
	for (size_t i = 0; i < t->n_sets; i++) {
		const struct fx_value *v = &t->sets[i];

		if (!v->literal) {
			e->each_literal = false;
			continue;
		}
		e->sets[e->n_sets].column = arena_strdup(a, v->column);
		e->sets[e->n_sets++].value =
			v->value ? arena_strdup(a, v->value) : NULL;
	}
}

static void updates(struct hand *h, bool upsert)
{
	struct fx *fx = h->fx;
	const struct fx_info *info = h->info;
	bool any, own;
	struct fx_names written =
		fx_heard(fx, SQLITE_UPDATE, info->name, h->via, &any);
	struct fx_names reads =
		fx_heard(fx, SQLITE_READ, info->name, h->via, &any);
	struct effect *e;

	add_looked_at(fx, info->name, &reads);
	fx_add_together(fx, info->uniques, info->n_uniques, &written, &reads);
	fx_add_together(fx, info->checks, info->n_checks, &written, &reads);
	e = fx_add_rows(fx, EFFECT_UPDATE, info->name);
	e->columns = fx_names_keep(fx, &written);
	e->reads = fx_names_keep(fx, &reads);
	e->conditional = upsert;
	e->digest = fx_hand_digest(h);
	if (h->read && !upsert) {
		keep_sets(h, e);
		fx_keep_where(fx, e, h->text.where, h->text.n_where);
	} else if (h->read && h->text.n_rows == 1 && info->n_uniques == 1) {
		keep_key(h, e, h->text.rows, h->text.width, &info->uniques[0]);
	}
	fx_keys_of(fx, fx->out->n - 1, info);
	own = replaces_by_itself(fx, info);
	if (!upsert && (h->text.replaces || own))
		add_rivals_of_update(h, EFFECT_DELETE, &written);
	if (!upsert && (h->text.ignores || own))
		add_rivals_of_update(h, EFFECT_SELECT, &written);
}

static void deletes(struct hand *h)
{
	struct fx *fx = h->fx;
	bool any;
	struct fx_names reads =
		fx_heard(fx, SQLITE_READ, h->info->name, h->via, &any);
	struct effect *e = fx_add_rows(fx, EFFECT_DELETE, h->info->name);

	add_looked_at(fx, h->info->name, &reads);
	e->columns = arena_array(&fx->out->arena, 1, sizeof(*e->columns));
	e->reads = fx_names_keep(fx, &reads);
	e->digest = fx_hand_digest(h);
	if (h->read)
		fx_keep_where(fx, e, h->text.where, h->text.n_where);
	fx_keys_of(fx, fx->out->n - 1, h->info);
}

void fx_hand_writes(struct hand *h)
{
	if (h->s->verb == SQL_INSERT)
		inserts(h);
	else if (h->s->verb == SQL_UPDATE)
		updates(h, false);
	else
		deletes(h);
}

static bool writes(struct fx *fx, int action, const char *table)
{
	bool any;

	fx_heard(fx, action, table, NULL, &any);
	return any;
}

/* What is heard of updates otherwise is a foreign key's SET NULL. */
static bool is_update(const struct hand *h)
{
	return h->s->verb == SQL_UPDATE ||
	       (h->s->verb == SQL_INSERT && (h->text.upserts || !h->read));
}

static void tell_fires(struct fx *fx)
{
	for (size_t i = fx->n_rows; i > 0; i--) {
		struct effect *e = &fx->out->items[fx->rows[i - 1].effect];

		if (e->statement != fx->statement)
			break;
		e->fires = e->action == EFFECT_UPDATE && fx_fires(fx, e->name);
	}
}

void fx_rows(struct fx *fx, const struct sql_statement *s)
{
	struct hand h = { .fx = fx, .s = s };

	fx_forget_subqueries(fx);
	if (s->object && !s->temp && s->verb != SQL_CREATE_TABLE) {
		h.info = fx_info_of(fx, fx_lower(fx, s->object));
		if (!h.info->found)
			h.info = NULL;
	}
	h.read = fx_text_read(&h.text, fx, s, h.info);
	if (h.info && h.info->is_view) {
		fx_use(fx, fx->statement, EFFECT_VIEW, NULL, h.info->name,
		       "definition");
		fx_through_view(&h);
	} else if (h.info) {
		if (s->verb == SQL_INSERT &&
		    writes(fx, SQLITE_INSERT, h.info->name))
			inserts(&h);
		if (is_update(&h) && writes(fx, SQLITE_UPDATE, h.info->name))
			updates(&h, s->verb == SQL_INSERT);
		if (s->verb == SQL_DELETE &&
		    writes(fx, SQLITE_DELETE, h.info->name))
			deletes(&h);
	}
	fx_others(&h);
	tell_fires(fx);
	fx_text_release(&h.text);
}
