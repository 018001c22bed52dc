#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_fx.h"

/*
 * What has become of the schema, from its difference; the statements tell
 * what was meant: a rename, or a table that was made anew (a new one, a copy
 * of the rows, the old one dropped, the name taken over).
 */

#define REBUILT "rebuilt"

/*
 * SQLite reads all views and triggers again when a table or column is renamed
 * or a column dropped; one that has lost what it names stops that.
 */
#define ALL_BODIES "views and triggers"
#define BODIES "definition"

static void bodies_broken(struct fx *fx, size_t statement, const char *by)
{
	struct effect *e = fx_add(fx, statement, EFFECT_ALTER, EFFECT_OTHER,
				  NULL, ALL_BODIES);

	e->aspect = BODIES;
	e->implied = true;
	e->digest = fx_digest(fx, by);
}

struct pair {
	const struct schema_object *before, *after;
	const char *kind, *name;
};

struct pairs {
	struct fx *fx;
	struct pair *items;
	size_t n, cap;
	struct map by_name; /* kind and name -> index + 1 */
};

static const char *kind_of(const struct schema_object *o)
{
	return streq(o->kind, "virtual") ? "table" : o->kind;
}

static struct pair *pair_of(struct pairs *p, const char *kind, const char *name)
{
	const char *key = arena_printf(&p->fx->arena, "%s %s", kind, name);
	size_t at = map_number(&p->by_name, key);

	if (!at) {
		VEC_GROW(p->items, p->n, p->cap);
		p->items[p->n] = (struct pair){ NULL, NULL, kind, name };
		at = ++p->n;
		map_put_number(&p->by_name, key, at);
	}
	return &p->items[at - 1];
}

static const struct pair *find_pair(const struct pairs *p, const char *kind,
				    const char *name)
{
	const char *key = arena_printf(&p->fx->arena, "%s %s", kind, name);
	size_t at = map_number(&p->by_name, key);

	return at ? &p->items[at - 1] : NULL;
}

size_t fx_target_of(const struct fx *fx, const char *kind, const char *name)
{
	for (size_t i = fx->n_targets; i > 0; i--) {
		const struct fx_target *t = &fx->targets[i - 1];

		if (streq(t->kind, kind) &&
		    (streq(t->name, name) || streq_null(t->to, name)))
			return t->statement;
	}
	return SIZE_MAX;
}

/* The last statement with that verb. */
static const struct fx_target *find_target(const struct fx *fx,
					   const char *kind, const char *name,
					   enum sql_verb verb)
{
	for (size_t i = fx->n_targets; i > 0; i--) {
		const struct fx_target *t = &fx->targets[i - 1];

		if (t->verb == verb && streq(t->kind, kind) &&
		    streq(t->name, name))
			return t;
	}
	return NULL;
}

/* The one that had this name before the migration. */
static const struct fx_table *first_of(const struct fx *fx, const char *name)
{
	size_t at = map_number(&fx->first_at, name);

	return at ? &fx->tables[at - 1] : NULL;
}

/* Another one has the name now. */
static bool is_rebuilt(const struct fx *fx, const char *name)
{
	const struct fx_table *t = first_of(fx, name);
	size_t now = fx_table_of(fx, name);

	return t && now && &fx->tables[now - 1] != t;
}

/* What an earlier table of another name has become. */
static const struct fx_table *renamed_to(const struct fx *fx, const char *name)
{
	size_t now = fx_table_of(fx, name);
	const struct fx_table *t = now ? &fx->tables[now - 1] : NULL;

	return t && t->first && !streq(t->first, name) ? t : NULL;
}

static struct effect *add_create(struct fx *fx, const struct pair *p,
				 enum effect_kind kind, const char *table,
				 enum sql_verb verb)
{
	size_t statement = fx_target_of(fx, p->kind, p->name);
	const struct fx_target *t = find_target(fx, p->kind, p->name, verb);
	struct effect *e =
		fx_add(fx, statement, EFFECT_CREATE, kind, table, p->name);

	e->digest = fx_digest(fx, p->after->text);
	e->aspect = t && t->soft ? "if not exists" : NULL;
	e->implied = statement == SIZE_MAX;
	return e;
}

static void add_drop(struct fx *fx, const struct pair *p, enum effect_kind kind,
		     const char *table, enum sql_verb verb)
{
	const struct fx_target *t = find_target(fx, p->kind, p->name, verb);
	size_t statement = t ? t->statement : SIZE_MAX;
	struct effect *e;

	if (!t && table) /* it goes with its table */
		statement = fx_target_of(fx, "table", table);
	e = fx_add(fx, statement, EFFECT_DROP, kind, table, p->name);
	e->aspect = t && t->soft ? "if exists" : NULL;
	e->implied = !t;
}

static void table_renamed(struct fx *fx, const struct pairs *all,
			  const struct pair *p, const char *from)
{
	const struct pair *old = find_pair(all, "table", from);
	size_t statement = fx_target_of(fx, "table", p->name);
	struct effect *e;

	fx_add(fx, statement, EFFECT_DROP, EFFECT_TABLE, NULL, from);
	e = fx_add(fx, statement, EFFECT_CREATE, EFFECT_TABLE, NULL, p->name);
	e->from = arena_strdup(&fx->out->arena, from);
	e->digest = fx_digest(fx, p->after->text);
	if (old && old->before)
		fx_table_changed(fx, statement, p->name, old->before, p->after,
				 false);
}

/* CREATE TABLE IF NOT EXISTS of one that is there. */
static void wanted_softly(struct fx *fx, const struct pair *p)
{
	const struct fx_target *t =
		find_target(fx, "table", p->name, SQL_CREATE_TABLE);

	if (t && t->soft)
		fx_because(fx,
			   fx_use(fx, t->statement, EFFECT_TABLE, NULL, p->name,
				  NULL),
			   "create table if not exists");
}

static void rebuilt(struct fx *fx, const struct pair *p)
{
	const struct fx_info *info = fx_info_of(fx, p->name);
	size_t statement = fx_target_of(fx, "table", p->name);
	struct effect *e = fx_add(fx, statement, EFFECT_ALTER, EFFECT_TABLE,
				  NULL, p->name);

	e->aspect = REBUILT;
	e->digest = fx_digest(fx, p->after->text);
	fx_use(fx, statement, EFFECT_TABLE, NULL, p->name, "columns");
	fx_table_changed(fx, statement, p->name, p->before, p->after, false);
	/* those that it has had before are named anew */
	for (size_t i = 0; i < info->n_keys; i++)
		fx_because(
			fx,
			fx_use(fx, statement, EFFECT_TABLE, NULL,
			       info->keys[i].parent, NULL),
			arena_printf(&fx->arena, "foreign key of %s", p->name));
}

static void table(struct pairs *all, const struct pair *p)
{
	struct fx *fx = all->fx;
	const struct fx_table *old = renamed_to(fx, p->name);
	size_t statement = fx_target_of(fx, "table", p->name);

	if (p->before && p->after && is_rebuilt(fx, p->name)) {
		rebuilt(fx, p);
	} else if (p->before && p->after) {
		if (!streq(p->before->text, p->after->text))
			fx_table_changed(fx, statement, p->name, p->before,
					 p->after, statement == SIZE_MAX);
		wanted_softly(fx, p);
	} else if (p->after && old) {
		table_renamed(fx, all, p, old->first);
	} else if (p->after) {
		add_create(fx, p, EFFECT_TABLE, NULL, SQL_CREATE_TABLE);
		fx_table_created(fx, statement, p->name, p->after);
	} else if (first_of(fx, p->name) && first_of(fx, p->name)->gone) {
		add_drop(fx, p, EFFECT_TABLE, NULL, SQL_DROP_TABLE);
		fx_table_dropped(fx, statement, p->name, p->before);
	}
}

static void view(struct fx *fx, const struct pair *p)
{
	size_t statement = fx_target_of(fx, "view", p->name);
	bool named = statement != SIZE_MAX;
	struct effect *e;

	if (p->before && p->after) {
		if (!named && streq(p->before->text, p->after->text))
			return;
		e = fx_add(fx, statement, EFFECT_ALTER, EFFECT_VIEW, NULL,
			   p->name);
		e->aspect = "definition";
		e->digest = fx_digest(fx, p->after->text);
		e->implied = !named;
	} else if (p->after) {
		add_create(fx, p, EFFECT_VIEW, NULL, SQL_CREATE);
	} else {
		add_drop(fx, p, EFFECT_VIEW, NULL, SQL_DROP);
	}
	if (p->after && named)
		fx_view_uses(fx, statement, p->name);
}

static void part_created(struct fx *fx, const struct pair *p)
{
	const char *table = fx_lower(fx, p->after->table);
	size_t statement = fx_target_of(fx, p->kind, p->name);
	bool trigger = streq(p->kind, "trigger");
	struct effect *e =
		add_create(fx, p, trigger ? EFFECT_TRIGGER : EFFECT_INDEX,
			   table, SQL_CREATE);

	if (trigger) {
		fx_trigger_fires(fx, e, p->after->sql);
		if (!fx_trigger_uses(fx, statement, p->name, p->after->sql,
				     table))
			bodies_broken(fx, statement, p->name);
	} else {
		fx_index(fx, statement, e, p->after);
	}
}

static void part_dropped(struct fx *fx, const struct pair *p)
{
	bool trigger = streq(p->kind, "trigger");

	add_drop(fx, p, trigger ? EFFECT_TRIGGER : EFFECT_INDEX,
		 fx_lower(fx, p->before->table), SQL_DROP);
	if (trigger)
		fx_trigger_fires(fx, &fx->out->items[fx->out->n - 1],
				 p->before->sql);
}

/* An index or a trigger. What changes by a rename, or comes back with a table
 * that is made anew, is no change. */
static void part(struct fx *fx, const struct pair *p)
{
	bool named = fx_target_of(fx, p->kind, p->name) != SIZE_MAX;

	if (p->before && p->after) {
		const char *table = fx_lower(fx, p->after->table);

		if (!named || (is_rebuilt(fx, table) &&
			       streq(p->before->text, p->after->text)))
			return;
		part_dropped(fx, p);
		part_created(fx, p);
	} else if (p->after) {
		part_created(fx, p);
	} else {
		part_dropped(fx, p);
	}
}

static bool has_body(const struct pair *p)
{
	return p->after &&
	       (streq(p->kind, "view") || streq(p->kind, "trigger"));
}

static void bodies(const struct pairs *all)
{
	struct fx *fx = all->fx;

	for (size_t i = 0; i < fx->n_targets; i++) {
		const struct fx_target *t = &fx->targets[i];
		const struct pair *gone = find_pair(all, t->kind, t->name);

		if (t->verb == SQL_RENAME_TABLE ||
		    t->verb == SQL_RENAME_COLUMN || t->verb == SQL_DROP_COLUMN)
			fx_use(fx, t->statement, EFFECT_OTHER, NULL, ALL_BODIES,
			       BODIES);
		if ((t->verb != SQL_DROP_TABLE && t->verb != SQL_DROP) ||
		    !gone || gone->after)
			continue;
		for (size_t k = 0; k < all->n; k++)
			if (has_body(&all->items[k]) &&
			    fx_mentions(fx, all->items[k].after->sql, t->name))
				bodies_broken(fx, t->statement, t->name);
	}
	for (size_t k = 0; k < all->n; k++)
		if (has_body(&all->items[k]) && !all->items[k].before &&
		    streq(all->items[k].kind, "view") &&
		    !fx_view_is_whole(fx, all->items[k].name))
			bodies_broken(
				fx,
				fx_target_of(fx, "view", all->items[k].name),
				all->items[k].name);
}

static bool is_lasting(const struct pairs *all, const char *name)
{
	const struct pair *p = find_pair(all, "table", name);

	return p && (p->before || p->after);
}

static void dropped_softly(struct fx *fx, const struct fx_target *t)
{
	struct effect *e;

	if (!t->soft || find_target(fx, "table", t->name, SQL_CREATE_TABLE))
		return;
	e = fx_add(fx, t->statement, EFFECT_DROP, EFFECT_TABLE, NULL, t->name);
	e->aspect = "if exists";
	e->conditional = true;
}

static bool has_effect(const struct fx *fx, size_t statement)
{
	for (size_t i = 0; i < fx->out->n; i++)
		if (fx->out->items[i].statement == statement &&
		    fx->out->items[i].action != EFFECT_ACTION_COUNT)
			return true;
	return false;
}

/* Of a table that lasts. */
static bool passing_part(const struct pairs *all, const struct fx_target *t)
{
	const char *table = t->on ? t->on : t->column ? t->name : NULL;

	if (t->on && find_pair(all, t->kind, t->name))
		return false;
	return table && is_lasting(all, table) &&
	       !has_effect(all->fx, t->statement);
}

/* Names that are used for a while only have to be free. */
static void passing_names(const struct pairs *all)
{
	struct fx *fx = all->fx;

	for (size_t i = 0; i < fx->n_targets; i++) {
		const struct fx_target *t = &fx->targets[i];
		const char *made = t->verb == SQL_RENAME_TABLE   ? t->to
				   : t->verb == SQL_CREATE_TABLE ? t->name
								 : NULL;

		if (made && !is_lasting(all, made))
			fx_because(fx,
				   fx_use(fx, t->statement, EFFECT_TABLE, NULL,
					  made, NULL),
				   "made and dropped again");
		else if (t->verb == SQL_DROP_TABLE && !is_lasting(all, t->name))
			dropped_softly(fx, t);
		else if (passing_part(all, t))
			fx_because(fx,
				   fx_use(fx, t->statement, EFFECT_TABLE, NULL,
					  t->on ? t->on : t->name,
					  t->on ? "columns" : NULL),
				   "for a part made and dropped again");
	}
}

/* What relies on the columns of such a table relies on nothing. */
static void forget_passing_uses(const struct pairs *all)
{
	struct effects *out = all->fx->out;

	for (size_t i = 0; i < out->n; i++) {
		struct effect *e = &out->items[i];
		const char *table = e->table ? e->table : e->name;

		if (e->action == EFFECT_USE &&
		    (e->kind == EFFECT_TABLE || e->kind == EFFECT_COLUMN) &&
		    !is_lasting(all, table) && !find_pair(all, "view", table))
			e->action = EFFECT_ACTION_COUNT;
	}
}

/* The rows of a table that is made anew: where they are copied from it. */
static struct fx_copy *copy_of(struct fx *fx, const char *name)
{
	for (size_t i = 0; i < fx->n_copies; i++) {
		struct fx_copy *c = &fx->copies[i];

		if (c->to && c->from &&
		    streq(fx->tables[c->to - 1].name, name) &&
		    !fx->tables[c->to - 1].gone &&
		    streq_null(fx->tables[c->from - 1].first, name))
			return c;
	}
	return NULL;
}

static void take_out(struct fx *fx, size_t effect)
{
	fx->out->items[effect].action = EFFECT_ACTION_COUNT;
}

/* What a copy does to rows; that their parents have to be there stays. */
static void take_out_statement(struct fx *fx, size_t statement)
{
	for (size_t i = 0; i < fx->n_rows; i++) {
		const struct effect *e = &fx->out->items[fx->rows[i].effect];

		if (e->statement == statement &&
		    !(e->aspect && streq(e->aspect, "exists")))
			take_out(fx, fx->rows[i].effect);
	}
}

/* What the copy does not take along as it was is a change of rows. */
static void copied(struct fx *fx, const struct pair *p, const struct fx_copy *c,
		   const struct fx_names *before, const struct fx_names *after)
{
	struct fx_names changed = { NULL, 0, 0 };
	struct effect *e;

	for (size_t i = 0; i < before->n; i++)
		if (fx_names_has(after, before->list[i]) &&
		    !(c && fx_names_has(&c->same, before->list[i])))
			fx_names_add(fx, &changed, before->list[i]);
	if (!c || c->filtered) {
		e = fx_add(fx, fx_target_of(fx, "table", p->name),
			   EFFECT_DELETE, EFFECT_ROWS, NULL, p->name);
		e->columns =
			arena_array(&fx->out->arena, 1, sizeof(*e->columns));
		e->reads = fx_names_keep(fx, before);
	}
	if (!c || !changed.n)
		return;
	e = fx_add(fx, c->statement, EFFECT_UPDATE, EFFECT_ROWS, NULL, p->name);
	e->columns = fx_names_keep(fx, &changed);
	e->reads = fx_names_keep(fx, before);
}

static struct fx_names columns_of(struct fx *fx, const struct schema_object *o)
{
	const char **list = schema_sqlite_columns(&fx->arena, o->sql);
	struct fx_names out = { NULL, 0, 0 };

	for (; list && *list; list++)
		fx_names_add(fx, &out, fx_lower(fx, *list));
	return out;
}

static void rebuilt_rows(struct fx *fx, const struct pair *p)
{
	const struct fx_copy *c = copy_of(fx, p->name);
	const struct fx_target *drop =
		find_target(fx, "table", p->name, SQL_DROP_TABLE);
	struct fx_names before = columns_of(fx, p->before);
	struct fx_names after = columns_of(fx, p->after);

	if (c)
		take_out_statement(fx, c->statement);
	for (size_t i = 0; drop && i < fx->n_rows; i++) {
		const struct effect *e = &fx->out->items[fx->rows[i].effect];

		/* its rows go with the table; they have been copied */
		if (e->statement == drop->statement &&
		    e->action == EFFECT_DELETE && streq(e->name, p->name))
			take_out(fx, fx->rows[i].effect);
	}
	copied(fx, p, c, &before, &after);
}

/* Rows are told under the name that their table has in the end. */
static void name_rows(struct fx *fx)
{
	for (size_t i = 0; i < fx->n_rows; i++) {
		struct effect *e = &fx->out->items[fx->rows[i].effect];
		const struct fx_table *t;

		if (!fx->rows[i].table)
			continue;
		t = &fx->tables[fx->rows[i].table - 1];
		if (t->gone && !t->first)
			take_out(fx, fx->rows[i].effect);
		else
			e->name = arena_strdup(&fx->out->arena,
					       t->gone ? t->first : t->name);
	}
}

static void compact(struct effects *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->items[i].action != EFFECT_ACTION_COUNT)
			e->items[n++] = e->items[i];
	e->n = n;
}

static void one(struct pairs *all, const struct pair *p)
{
	struct fx *fx = all->fx;

	if (streq(p->kind, "table"))
		table(all, p);
	else if (streq(p->kind, "view"))
		view(fx, p);
	else if (streq(p->kind, "index") || streq(p->kind, "trigger"))
		part(fx, p);
}

void fx_schema(struct fx *fx, const struct schema *after)
{
	struct pairs all = { .fx = fx };

	for (size_t i = 0; i < fx->n_before; i++)
		pair_of(&all, kind_of(fx->before[i]),
			fx_lower(fx, fx->before[i]->name))
			->before = fx->before[i];
	map_each (&after->by_path, entry) {
		const struct schema_object *o = entry->value;

		pair_of(&all, kind_of(o), fx_lower(fx, o->name))->after = o;
	}
	name_rows(fx);
	forget_passing_uses(&all);
	for (size_t i = 0; i < all.n; i++)
		if (streq(all.items[i].kind, "table") && all.items[i].before &&
		    all.items[i].after && is_rebuilt(fx, all.items[i].name))
			rebuilt_rows(fx, &all.items[i]);
	for (size_t i = 0; i < all.n; i++)
		one(&all, &all.items[i]);
	passing_names(&all);
	bodies(&all);
	compact(fx->out);
	map_release(&all.by_name);
	free(all.items);
}
