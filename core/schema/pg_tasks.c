#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_make.h"
#include "schema/pg_table.h"

/* An object's text as what can be run at once. */

static const struct {
	const char *kind;
	enum pg_phase phase;
	const char *owned; /* what ALTER ... OWNER TO calls it, or NULL */
} kinds[] = {
	{ "schema", PG_PHASE_SCHEMA, "SCHEMA" },
	{ "extension", PG_PHASE_EXTENSION, NULL },
	{ "language", PG_PHASE_HOOK, "LANGUAGE" },
	{ "access_method", PG_PHASE_OPERATOR, NULL },
	{ "collation", PG_PHASE_COLLATION, "COLLATION" },
	{ "type", PG_PHASE_TYPE, "TYPE" },
	{ "function", PG_PHASE_ROUTINE, "FUNCTION" },
	{ "procedure", PG_PHASE_ROUTINE, "PROCEDURE" },
	{ "aggregate", PG_PHASE_OPERATOR, NULL },
	{ "cast", PG_PHASE_OPERATOR, NULL },
	{ "conversion", PG_PHASE_OPERATOR, "CONVERSION" },
	{ "operator", PG_PHASE_OPERATOR, NULL },
	{ "operator_family", PG_PHASE_OPERATOR, NULL },
	{ "operator_class", PG_PHASE_SEARCH, NULL },
	{ "transform", PG_PHASE_SEARCH, NULL },
	{ "text_search_parser", PG_PHASE_OPERATOR, NULL },
	{ "text_search_template", PG_PHASE_OPERATOR, NULL },
	{ "text_search_dictionary", PG_PHASE_SEARCH, "TEXT SEARCH DICTIONARY" },
	{ "text_search_configuration", PG_PHASE_SERVER,
	  "TEXT SEARCH CONFIGURATION" },
	{ "foreign_data_wrapper", PG_PHASE_OPERATOR, "FOREIGN DATA WRAPPER" },
	{ "server", PG_PHASE_SERVER, "SERVER" },
	{ "user_mapping", PG_PHASE_SEQUENCE, NULL },
	{ "sequence", PG_PHASE_SEQUENCE, "SEQUENCE" },
	{ "table", PG_PHASE_TABLE, "TABLE" },
	{ "foreign_table", PG_PHASE_TABLE, "FOREIGN TABLE" },
	{ "index", PG_PHASE_INDEX, NULL },
	{ "view", PG_PHASE_VIEW, "VIEW" },
	{ "materialized_view", PG_PHASE_VIEW, "MATERIALIZED VIEW" },
	{ "statistics", PG_PHASE_ON_VIEW, "STATISTICS" },
	{ "rule", PG_PHASE_ON_VIEW, NULL },
	{ "trigger", PG_PHASE_ON_VIEW, NULL },
	{ "policy", PG_PHASE_ON_VIEW, NULL },
	{ "publication", PG_PHASE_HOOK, "PUBLICATION" },
	{ "subscription", PG_PHASE_HOOK, NULL },
	{ "event_trigger", PG_PHASE_LAST, NULL },
	{ "default_privileges", PG_PHASE_LAST, NULL },
};

static size_t kind_of(const struct schema_object *o)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (streq(kinds[i].kind, o->kind))
			return i;
	return ARRAY_LEN(kinds);
}

static struct pg_task *add(struct pg_tasks *t, const struct schema_object *o,
			   enum pg_phase phase, const char *sql)
{
	struct pg_task *task;

	VEC_GROW(t->items, t->n, t->cap);
	task = &t->items[t->n];
	memset(task, 0, sizeof(*task));
	task->object = o;
	task->phase = phase;
	task->order = t->n++;
	task->sql = sql;
	return task;
}

static const char *keep(struct pg_tasks *t, struct buf *b)
{
	const char *s =
		b->len ? arena_strndup(&t->arena, buf_str(b), b->len) : NULL;

	buf_release(b);
	return s;
}

static void add_statement(struct buf *b, const char *statement)
{
	buf_addf(b, "%s;\n", statement);
}

/* --- owner --- */

/* One part of a display name back, quoted. */
static void add_name_part(struct buf *out, const char *s, size_t len)
{
	struct buf plain = BUF_INIT;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%' && i + 2 < len && s[i + 1] == '2') {
			buf_addch(&plain, s[i + 2] == 'E' ? '.' : '%');
			i += 2;
		} else {
			buf_addch(&plain, s[i]);
		}
	}
	pg_add_name(out, buf_str(&plain));
	buf_release(&plain);
}

/* Where the arguments of a routine begin: the bracket that the last closes. */
static size_t arguments_at(const char *name)
{
	size_t i = strlen(name);
	int depth = 0;

	while (i > 0) {
		i--;
		if (name[i] == ')')
			depth++;
		else if (name[i] == '(' && --depth == 0)
			return i;
	}
	return strlen(name);
}

static void add_qualified(struct buf *out, const struct schema_object *o,
			  bool in_schema)
{
	bool routine =
		streq(o->kind, "function") || streq(o->kind, "procedure");
	size_t len = routine ? arguments_at(o->name) : strlen(o->name);
	const char *dot = memchr(o->name, '.', len);

	if (dot) {
		add_name_part(out, o->name, (size_t)(dot - o->name));
		buf_addch(out, '.');
		dot++;
	} else {
		if (in_schema)
			buf_addstr(out, "public.");
		dot = o->name;
	}
	add_name_part(out, dot, len - (size_t)(dot - o->name));
	buf_addstr(out, o->name + len);
}

static bool is_in_schema(const struct schema_object *o)
{
	return !streq(o->kind, "schema") && !streq(o->kind, "server") &&
	       !streq(o->kind, "language") && !streq(o->kind, "publication") &&
	       !streq(o->kind, "foreign_data_wrapper");
}

/* An object without a line for its owner is the database's owner's. */
static void add_owner(struct pg_tasks *t, const struct schema_object *o,
		      struct buf *b)
{
	size_t kind = kind_of(o);

	if (!t->owner || kind == ARRAY_LEN(kinds) || !kinds[kind].owned ||
	    strstr(o->text, " OWNER TO ") || streq(o->name, "public"))
		return;
	buf_addf(b, "ALTER %s ", kinds[kind].owned);
	add_qualified(b, o, is_in_schema(o));
	buf_addf(b, " OWNER TO %s;\n", t->owner);
}

/* --- tables --- */

static bool is_attach(const char *s)
{
	return starts_with(s, "ALTER TABLE ONLY ") &&
	       strstr(s, " ATTACH PARTITION ");
}

static void add_constraint(struct buf *b, const struct schema_pg_table *t,
			   const struct schema_pg_constraint *c)
{
	buf_addf(b, "ALTER TABLE %s%s ADD %s;\n",
		 c->kind == SCHEMA_PG_FOREIGN_KEY && !c->not_valid ? ""
								   : "ONLY ",
		 t->name, c->text);
}

/* CREATE TABLE; and the same with less, where something it needs needs it. */
static void add_create(struct pg_tasks *tasks, const struct schema_object *o,
		       const struct schema_pg_table *t)
{
	bool *held =
		arena_array(&tasks->arena, t->n_constraints + 1, sizeof(*held));
	struct pg_task *task;
	struct buf sql = BUF_INIT, now = BUF_INIT, later = BUF_INIT;

	for (size_t i = 0; i < t->n_constraints; i++)
		held[i] = t->constraints[i].kind != SCHEMA_PG_FOREIGN_KEY;
	add_statement(&sql,
		      schema_pg_table_create(&tasks->arena, t, held, true));
	for (size_t i = 0; i < t->n_constraints; i++) {
		if (!held[i] || t->constraints[i].kind < SCHEMA_PG_EXCLUDE)
			continue;
		held[i] = false;
		if (!t->constraints[i].not_valid)
			add_constraint(&later, t, &t->constraints[i]);
	}
	add_statement(&now,
		      schema_pg_table_create(&tasks->arena, t, held, false));
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct schema_pg_column *c = &t->columns[i];

		if (!c->default_expr)
			continue;
		buf_addf(&later, "ALTER TABLE ONLY %s ALTER COLUMN ", t->name);
		pg_add_name(&later, c->name);
		buf_addf(&later, " SET DEFAULT %s;\n", c->default_expr);
	}
	task = add(tasks, o, PG_PHASE_TABLE, keep(tasks, &sql));
	task->now = keep(tasks, &now);
	task->later = keep(tasks, &later);
}

/* Foreign keys come last; others that are not valid before any child of the
 * table is made, to which they would have to be added too. */
static void add_keys(struct pg_tasks *tasks, const struct schema_object *o,
		     const struct schema_pg_table *t)
{
	for (size_t i = 0; i < t->n_constraints; i++) {
		const struct schema_pg_constraint *c = &t->constraints[i];
		bool key = c->kind == SCHEMA_PG_FOREIGN_KEY;
		struct buf sql = BUF_INIT;

		if (!key && !c->not_valid)
			continue;
		add_constraint(&sql, t, c);
		add(tasks, o, key ? PG_PHASE_FOREIGN_KEY : PG_PHASE_TABLE,
		    keep(tasks, &sql));
	}
}

static bool add_table(struct pg_tasks *tasks, const struct schema_object *o)
{
	struct schema_pg_table t;
	struct buf attach = BUF_INIT, rest = BUF_INIT, last = BUF_INIT;

	if (!schema_pg_table_parse(&t, &tasks->arena, o->text))
		return false;
	add_create(tasks, o, &t);
	for (size_t i = 0; i < t.n_statements; i++) {
		const char *s = t.statements[i];

		if (is_attach(s))
			add_statement(&attach, s);
		else if (starts_with(s, "COMMENT ON CONSTRAINT "))
			add_statement(&last, s);
		else
			add_statement(&rest, s);
	}
	add_owner(tasks, o, &rest);
	if (attach.len)
		add(tasks, o, PG_PHASE_ATTACH, keep(tasks, &attach));
	if (rest.len)
		add(tasks, o, PG_PHASE_TABLE_REST, keep(tasks, &rest));
	add_keys(tasks, o, &t);
	if (last.len)
		add(tasks, o, PG_PHASE_AFTER_KEYS, keep(tasks, &last));
	return true;
}

/* --- the others --- */

/*
 * The first statement now, the others later: a sequence, which is its owner's
 * before it is a column's; a type that is only named, and what it is.
 */
static void add_in_two(struct pg_tasks *tasks, const struct schema_object *o,
		       enum pg_phase first, enum pg_phase second)
{
	size_t n, i = 1;
	const char **list = schema_pg_statements(&tasks->arena, o->text, &n);
	struct buf sql = BUF_INIT, rest = BUF_INIT;

	if (!n)
		return;
	add_statement(&sql, list[0]);
	if (streq(o->kind, "sequence")) {
		if (i < n && strstr(list[i], " OWNER TO "))
			add_statement(&sql, list[i++]);
		add_owner(tasks, o, &sql);
	}
	for (; i < n; i++)
		add_statement(&rest, list[i]);
	if (!streq(o->kind, "sequence"))
		add_owner(tasks, o, &rest);
	add(tasks, o, first, keep(tasks, &sql));
	if (rest.len)
		add(tasks, o, second, keep(tasks, &rest));
}

static void add_whole(struct pg_tasks *tasks, const struct schema_object *o,
		      enum pg_phase phase)
{
	struct buf sql = BUF_INIT;
	const char *version;
	struct pg_task *task;

	buf_addstr(&sql, o->text);
	add_owner(tasks, o, &sql);
	task = add(tasks, o, phase, keep(tasks, &sql));
	version = strstr(o->text, " VERSION '");
	if (streq(o->kind, "extension") && version) {
		/* another version is better than none */
		buf_add(&sql, o->text, (size_t)(version - o->text));
		buf_addstr(&sql, strchr(version, ';'));
		task->now = keep(tasks, &sql);
	}
}

static bool is_shell_first(const struct schema_object *o)
{
	const char *end = strchr(o->text, '\n');

	return end > o->text && end[-1] == ';' &&
	       starts_with(end + 1, "CREATE TYPE ");
}

void pg_tasks_add(struct pg_tasks *t, const struct schema_object *o)
{
	size_t kind = kind_of(o);

	if (streq(o->kind, "unrepresented"))
		return;
	if ((streq(o->kind, "table") || streq(o->kind, "foreign_table")) &&
	    add_table(t, o))
		return;
	if (streq(o->kind, "sequence"))
		add_in_two(t, o, PG_PHASE_SEQUENCE, PG_PHASE_AFTER_KEYS);
	else if (streq(o->kind, "type") && is_shell_first(o))
		add_in_two(t, o, PG_PHASE_COLLATION, PG_PHASE_OPERATOR);
	else
		add_whole(t, o,
			  kind < ARRAY_LEN(kinds) ? kinds[kind].phase
						  : PG_PHASE_HOOK);
}

static int compare_tasks(const void *a, const void *b)
{
	const struct pg_task *x = a, *y = b;

	if (x->phase != y->phase)
		return x->phase < y->phase ? -1 : 1;
	if (x->object->position != y->object->position)
		return x->object->position < y->object->position ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void pg_tasks_sort(struct pg_tasks *t)
{
	if (t->n > 1)
		qsort(t->items, t->n, sizeof(*t->items), compare_tasks);
}

void pg_tasks_release(struct pg_tasks *t)
{
	free(t->items);
	arena_release(&t->arena);
}
