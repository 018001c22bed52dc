#include "effects/effects.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"

void effects_init(struct effects *e)
{
	*e = (struct effects){ .arena = ARENA_INIT };
}

void effects_release(struct effects *e)
{
	free(e->items);
	arena_release(&e->arena);
	effects_init(e);
}

static const char *keep(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

static struct effect *append(struct effects *e)
{
	VEC_GROW(e->items, e->n, e->cap);
	e->items[e->n] = (struct effect){ 0 };
	return &e->items[e->n++];
}

struct effect *effects_add(struct effects *e, enum effect_action action,
			   enum effect_kind kind, const char *schema,
			   const char *table, const char *name)
{
	struct effect *item = append(e);

	item->action = action;
	item->kind = kind;
	item->schema = keep(&e->arena, schema);
	item->table = keep(&e->arena, table);
	item->name = keep(&e->arena, name);
	return item;
}

static const char **keep_list(struct arena *a, const char *const *list)
{
	const char **copy;
	size_t n = 0;

	if (!list)
		return NULL;
	while (list[n])
		n++;
	copy = arena_array(a, n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(a, list[i]);
	return copy;
}

static struct effect_literal *keep_literals(struct arena *a,
					    const struct effect_literal *from,
					    size_t n)
{
	struct effect_literal *copy;

	if (!n)
		return NULL;
	copy = arena_array(a, n, sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		copy[i].column = keep(a, from[i].column);
		copy[i].value = keep(a, from[i].value);
	}
	return copy;
}

struct effect *effects_copy(struct effects *to, const struct effect *from)
{
	const struct effect f = *from; /* `to` may be where it is */
	struct effect *item = append(to);
	struct arena *a = &to->arena;

	*item = f;
	item->schema = keep(a, f.schema);
	item->table = keep(a, f.table);
	item->name = keep(a, f.name);
	item->aspect = keep(a, f.aspect);
	item->digest = keep(a, f.digest);
	item->from = keep(a, f.from);
	item->why = keep(a, f.why);
	item->note = keep(a, f.note);
	item->columns = keep_list(a, (const char *const *)f.columns);
	item->reads = keep_list(a, (const char *const *)f.reads);
	item->where = keep_literals(a, f.where, f.n_where);
	item->sets = keep_literals(a, f.sets, f.n_sets);
	return item;
}

const char *effect_action_name(enum effect_action a)
{
	static const char *const names[EFFECT_ACTION_COUNT] = {
		[EFFECT_CREATE] = "create",       [EFFECT_DROP] = "drop",
		[EFFECT_ALTER] = "alter",         [EFFECT_USE] = "use",
		[EFFECT_INSERT] = "insert",       [EFFECT_UPDATE] = "update",
		[EFFECT_DELETE] = "delete",       [EFFECT_SELECT] = "select",
		[EFFECT_UNCERTAIN] = "uncertain",
	};

	return names[a];
}

static const struct kind {
	const char *name;
	/* with which one it shares its names, and whether those are its
	 * table's own */
	enum effect_kind space;
	bool of_table;
} kinds[EFFECT_KIND_COUNT] = {
	[EFFECT_TABLE] = { "table", EFFECT_TABLE, false },
	[EFFECT_VIEW] = { "view", EFFECT_TABLE, false },
	[EFFECT_INDEX] = { "index", EFFECT_TABLE, false },
	[EFFECT_SEQUENCE] = { "sequence", EFFECT_TABLE, false },
	/* a table makes a type of its name, a composite type a relation */
	[EFFECT_TYPE] = { "type", EFFECT_TABLE, false },
	[EFFECT_LABEL] = { "label", EFFECT_LABEL, true },
	[EFFECT_COLUMN] = { "column", EFFECT_COLUMN, true },
	[EFFECT_CONSTRAINT] = { "constraint", EFFECT_CONSTRAINT, true },
	[EFFECT_TRIGGER] = { "trigger", EFFECT_TRIGGER, true },
	[EFFECT_POLICY] = { "policy", EFFECT_POLICY, true },
	[EFFECT_RULE] = { "rule", EFFECT_RULE, true },
	[EFFECT_ROUTINE] = { "routine", EFFECT_ROUTINE, false },
	[EFFECT_SCHEMA] = { "schema", EFFECT_SCHEMA, false },
	[EFFECT_EXTENSION] = { "extension", EFFECT_EXTENSION, false },
	[EFFECT_ROLE] = { "role", EFFECT_ROLE, false },
	[EFFECT_SETTING] = { "setting", EFFECT_SETTING, false },
	[EFFECT_ROWS] = { "rows", EFFECT_ROWS, false },
	[EFFECT_OTHER] = { "other", EFFECT_OTHER, false },
};

const char *effect_kind_name(enum effect_kind k)
{
	return kinds[k].name;
}

int effect_space(enum effect_kind k)
{
	return (int)kinds[k].space;
}

/* "f" and "f(integer)" may be the same routine; "f(text)" and "f(integer)"
 * are not. */
static bool same_routine(const char *a, const char *b)
{
	size_t na = strcspn(a, "("), nb = strcspn(b, "(");

	if (na != nb || strncmp(a, b, na) != 0)
		return false;
	return !a[na] || !b[nb] || streq(a, b);
}

bool effect_same_thing(const struct effect *a, const struct effect *b)
{
	if (kinds[a->kind].space != kinds[b->kind].space ||
	    !streq_null(a->schema, b->schema))
		return false;
	if (kinds[a->kind].of_table && !streq_null(a->table, b->table))
		return false;
	if (a->kind == EFFECT_ROUTINE && a->name && b->name)
		return same_routine(a->name, b->name);
	if (!streq_null(a->name, b->name))
		return false;
	return a->kind != EFFECT_CONSTRAINT || (a->name && *a->name) ||
	       streq_null(a->digest, b->digest);
}

static void add_part(struct buf *out, const char *part)
{
	text_add_safe(out, part);
}

static void add_list(struct buf *out, const char *word, const char *const *list)
{
	buf_addf(out, " %s(", word);
	for (size_t i = 0; list[i]; i++) {
		buf_addstr(out, i ? ", " : "");
		add_part(out, list[i]);
	}
	buf_addch(out, ')');
}

static void add_rows(struct buf *out, const struct effect *e)
{
	if (e->all_columns)
		buf_addstr(out, " (*)");
	else if (e->columns && e->columns[0])
		add_list(out, "", (const char *const *)e->columns);
}

void effect_describe_thing(struct buf *out, const struct effect *e)
{
	bool other = e->kind == EFFECT_OTHER && e->name;

	if (!e->name && e->action == EFFECT_UNCERTAIN) {
		buf_addstr(out, "anything");
		return;
	}
	if (!other)
		buf_addstr(out, kinds[e->kind].name);
	if (e->kind == EFFECT_ROWS)
		buf_addstr(out, " of");
	if (!other)
		buf_addch(out, ' ');
	if (e->schema) {
		add_part(out, e->schema);
		buf_addch(out, '.');
	}
	if (e->table && kinds[e->kind].of_table) {
		add_part(out, e->table);
		buf_addch(out, '.');
	}
	add_part(out, e->name && *e->name ? e->name : "(no name)");
	if (e->table && e->kind == EFFECT_INDEX) {
		buf_addstr(out, " on ");
		add_part(out, e->table);
	}
	if (e->kind == EFFECT_ROWS)
		add_rows(out, e);
}

static void add_literals(struct buf *out, const char *word,
			 const struct effect_literal *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%s", i ? ", " : word);
		add_part(out, l[i].column);
		buf_addstr(out, " = ");
		add_part(out, l[i].value ? l[i].value : "null");
	}
}

static bool is_range(const char *value)
{
	size_t n = strspn(value, "<>=");

	return n > 0 && n < 3 && value[n] == ' ' &&
	       strspn(value + n + 1, "-.0123456789") == strlen(value + n + 1);
}

static void add_conditions(struct buf *out, const struct effect *e)
{
	for (size_t i = 0; i < e->n_where; i++) {
		const struct effect_literal *l = &e->where[i];

		buf_addstr(out, i ? ", " : " where ");
		add_part(out, l->column);
		if (l->value && streq(l->value, EFFECT_NOT_NULL)) {
			buf_addstr(out, " is not null");
			continue;
		}
		buf_addstr(out, l->value && is_range(l->value) ? " " : " = ");
		add_part(out, l->value ? l->value : "null");
	}
}

static void add_marks(struct buf *out, const struct effect *e)
{
	if (e->strict)
		buf_addstr(out, " strict");
	if (e->generates_key)
		buf_addstr(out, " generates-key");
	if (e->implied)
		buf_addstr(out, " implied");
	if (e->conditional)
		buf_addstr(out, " conditional");
}

void effect_describe(struct buf *out, const struct effect *e)
{
	buf_addf(out, "%u: %s ", e->line, effect_action_name(e->action));
	effect_describe_thing(out, e);
	if (e->aspect) {
		buf_addch(out, ' ');
		add_part(out, e->aspect);
	}
	if (e->digest) {
		buf_addstr(out, " -> ");
		add_part(out, e->digest);
	}
	if (e->from) {
		buf_addstr(out, " from ");
		add_part(out, e->from);
	}
	if (e->reads && e->reads[0])
		add_list(out, "by ", (const char *const *)e->reads);
	add_literals(out, " set ", e->sets, e->n_sets);
	/* what a check or a partition wants stands in its definition */
	if (e->kind == EFFECT_ROWS)
		add_conditions(out, e);
	add_marks(out, e);
	if (e->why) {
		buf_addstr(out, ": ");
		add_part(out, e->why);
	}
}
