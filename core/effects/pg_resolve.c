#include "effects/pg_resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

const char *pe_current_schema(const struct pe_resolve *r)
{
	return r->path.n ? r->path.schemas[0] : "public";
}

struct pe_place pe_lookup(struct pe_resolve *r, enum effect_kind kind,
			  const char *schema, const char *name)
{
	struct pe_place p = { schema, NULL };

	if (schema) {
		p.object = pe_find(r->c, kind, schema, NULL, name);
		return p;
	}
	p.object = pe_find(r->c, kind, "pg_temp", NULL, name);
	p.schema = "pg_temp";
	for (size_t i = 0; i < r->path.n && !p.object; i++) {
		p.schema = r->path.schemas[i];
		p.object = pe_find(r->c, kind, p.schema, NULL, name);
	}
	if (!p.object)
		p.schema = pe_current_schema(r);
	return p;
}

bool pe_first_call(struct pe_resolve *r, const char *what, const void *thing)
{
	char key[64];

	snprintf(key, sizeof(key), "%s %p", what, thing);
	return !map_put_number(&r->called, key, 1);
}

static const char *text(const char *s)
{
	return s ? s : "\x01";
}

/* The same use again says nothing; what is certain replaces a perhaps. */
static bool said_before(struct pe_resolve *r, const struct effect *e)
{
	struct buf key = BUF_INIT;
	size_t before;

	buf_addf(&key, "%d\x1f%d\x1f%s\x1f%s\x1f%s\x1f%s", (int)e->action,
		 (int)e->kind, text(e->schema), text(e->table), text(e->name),
		 text(e->aspect));
	if (e->action == EFFECT_UNCERTAIN)
		buf_addf(&key, "\x1f%s", text(e->why));
	before = map_number(&r->said, buf_str(&key));
	if (!before)
		map_put_number(&r->said, buf_str(&key), r->out->n);
	buf_release(&key);
	if (!before)
		return false;
	if (!e->conditional)
		r->out->items[before - 1].conditional = false;
	return true;
}

static struct effect *finish(struct pe_resolve *r, struct effect *e)
{
	e->of = e->body = 0;
	e->note = NULL;
	if (r->call) {
		e->line = r->call->line;
		e->col = r->call->col;
		e->implied = true;
		if (!e->why && r->why)
			e->why = arena_strdup(&r->out->arena, r->why);
	}
	e->statement = r->statement;
	e->conditional |= r->conditional;
	e->implied |= r->late;
	if ((e->action == EFFECT_USE || e->action == EFFECT_UNCERTAIN) &&
	    said_before(r, e)) {
		r->out->n--;
		return NULL;
	}
	return e;
}

const char *pe_own(struct pe_resolve *r, const char *s)
{
	return s ? arena_strdup(&r->out->arena, s) : NULL;
}

const char **pe_own_list(struct pe_resolve *r, const char **list)
{
	const char **copy;
	size_t n = 0;

	while (list && list[n])
		n++;
	copy = arena_array(&r->out->arena, n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = pe_own(r, list[i]);
	return copy;
}

struct effect *pe_emit(struct pe_resolve *r, const struct effect *e,
		       const char *schema, const char *table, const char *name)
{
	struct effect named = *e;

	named.schema = schema;
	named.table = table;
	named.name = name;
	return finish(r, effects_copy(r->out, &named));
}

/* a thing has four words */
/* NOLINTNEXTLINE(readability-function-size) */
struct effect *pe_imply(struct pe_resolve *r, const struct effect *e,
			enum effect_action action, enum effect_kind kind,
			const char *schema, const char *table, const char *name)
{
	struct effect *n =
		effects_add(r->out, action, kind, schema, table, name);

	n->implied = true;
	n->conditional = e->conditional;
	n->line = e->line;
	n->col = e->col;
	return finish(r, n);
}

/* "a, b": what is not there counts, too: it may be outside of the files. */
static void set_path(struct pe_resolve *r, const char *list)
{
	const char *p = list ? list : "public";

	r->path.n = 0;
	while (*p && r->path.n < PE_PATH_MAX) {
		size_t n;
		const char *word;

		p += strspn(p, " ,\"'");
		n = strcspn(p, ",\"'");
		while (n && p[n - 1] == ' ')
			n--;
		word = arena_strndup(&r->arena, p, n);
		p += n;
		p += strspn(p, " \"'");
		if (*word && !streq(word, "$user") &&
		    !streq(word, "pg_catalog"))
			r->path.schemas[r->path.n++] = word;
	}
}

static void setting(struct pe_resolve *r, const struct effect *e)
{
	const char *note = e->note ? e->note : "";

	if (streq(note, "lasting")) {
		pe_emit(r, e, NULL, NULL, e->name);
		return;
	}
	if (streq(e->name, "all"))
		set_path(r, NULL);
	if (!streq(e->name, "search_path"))
		return;
	if (streq(note, "pop")) {
		r->path = r->pushed;
		return;
	}
	if (streq(note, "push"))
		r->pushed = r->path;
	set_path(r, e->digest);
}

static void uncertain(struct pe_resolve *r, const struct effect *e)
{
	struct pe_place p = { e->schema, NULL };

	if (r->late)
		return;
	if (e->note && starts_with(e->note, "dynamic\n") &&
	    pe_run_dynamic(r, e))
		return;
	if (e->name)
		p = pe_lookup(r, e->kind, e->schema, e->name);
	pe_emit(r, e, p.schema, e->table, e->name);
}

static void one(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];

	switch (e->action) {
	case EFFECT_CREATE:
		pe_create(r, set, i);
		break;
	case EFFECT_DROP:
		pe_dropped(r, e);
		break;
	case EFFECT_ALTER:
		if (e->kind == EFFECT_SETTING)
			setting(r, e);
		else
			pe_alter(r, set, i);
		break;
	case EFFECT_USE:
		pe_use_thing(r, set, i);
		break;
	case EFFECT_INSERT:
	case EFFECT_UPDATE:
	case EFFECT_DELETE:
	case EFFECT_SELECT:
		pe_rows(r, e);
		break;
	case EFFECT_UNCERTAIN:
		uncertain(r, e);
		break;
	case EFFECT_ACTION_COUNT:
		break;
	}
}

/* Of a body that does not run: that what it names is there. */
static void name_only(struct pe_resolve *r, struct pe_set *set, size_t i)
{
	const struct effect *e = &set->from->items[i];
	struct pe_place p;
	struct effect plain;

	if (e->action == EFFECT_USE) {
		pe_use_thing(r, set, i);
	} else if (e->kind == EFFECT_SETTING) {
		setting(r, e);
	} else if (e->kind == EFFECT_ROWS && e->name &&
		   e->action != EFFECT_SELECT && !e->note) {
		p = pe_lookup(r, EFFECT_TABLE, e->schema, e->name);
		plain = (struct effect){ .action = EFFECT_USE,
					 .kind = EFFECT_TABLE,
					 .line = e->line,
					 .conditional = true };
		if (p.object)
			plain.kind = p.object->kind;
		pe_emit(r, &plain, p.schema, NULL, e->name);
		pe_use_row_labels(r, e, p.object);
	}
}

void pe_walk(struct pe_resolve *r, const struct effects *from)
{
	struct pe_set set = { .from = from };

	set.owners = xcalloc(from->n + 1, sizeof(struct pe_object *));
	set.dead = xcalloc(from->n + 1, sizeof(*set.dead));
	for (size_t i = 0; i < from->n; i++) {
		const struct effect *e = &from->items[i];

		if (!r->call && !r->late && e->statement != r->statement) {
			r->statement = e->statement;
			map_release(&r->said);
			r->said = (struct map)MAP_INIT;
			map_release(&r->called);
			r->called = (struct map)MAP_INIT;
		}
		set.dead[i] = e->of && set.dead[i - e->of];
		if (set.dead[i]) {
			set.owners[i] = NULL;
			continue;
		}
		if (r->late)
			name_only(r, &set, i);
		else
			one(r, &set, i);
		i += e->body;
	}
	free(set.owners);
	free(set.dead);
}

void effects_pg_resolve(struct effects *out, struct effects_catalog *c,
			const struct effects *parsed)
{
	struct pe_resolve r = { .out = out, .c = c, .arena = ARENA_INIT };

	effects_release(out);
	set_path(&r, NULL);
	r.statement = (size_t)-1;
	pe_walk(&r, parsed);
	map_release(&r.said);
	map_release(&r.called);
	arena_release(&r.arena);
}
