#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_stamp.h"
#include "schema/pg_state.h"
#include "schema/schema_pg.h"

/*
 * A reading as bytes: numbers in decimal with a space behind them, texts with
 * their length before them. Read by the program that has written it.
 */

/* Of these bytes, and of what the questions ask. */
#define FORMAT 1

/* --- out --- */

static void add_number(struct buf *out, int64_t n)
{
	buf_addint(out, n);
	buf_addch(out, ' ');
}

static void add_text(struct buf *out, const char *s)
{
	size_t n = strlen(s);

	add_number(out, (int64_t)n);
	buf_add(out, s, n);
}

static void add_known(struct buf *out, const struct pg_known *k)
{
	const struct schema_object *o = k->object;

	add_number(out, k->class_oid);
	add_number(out, k->oid);
	add_number(out, k->rel);
	add_number(out, k->columns);
	add_number(out, o->position);
	add_text(out, o->path);
	add_text(out, o->kind);
	add_text(out, o->name);
	add_text(out, o->table);
	add_text(out, o->text);
	add_text(out, o->shape == o->text ? "" : o->shape);
}

bool schema_pg_save(const struct schema *s, const char *journal_schema,
		    struct buf *out)
{
	const struct schema_pg *pg = s->pg;
	int64_t n = 0;

	if (!pg || !*pg->stamp)
		return false;
	add_number(out, FORMAT);
	add_number(out, SCHEMA_PRINTER_VERSION);
	add_text(out, journal_schema);
	add_text(out, pg->stamp);
	add_number(out, pg->max_relation);
	add_number(out, pg->max_type);
	add_number(out, pg->max_routine);
	add_number(out, pg->has_unrepresented);
	add_number(out, pg->has_default_privileges);
	add_number(out, pg->has_extension);
	add_number(out, (int64_t)s->n_unrepresented);
	for (size_t i = 0; i < s->n_unrepresented; i++)
		add_text(out, s->unrepresented[i]);
	for (size_t i = 0; i < pg->n; i++)
		n += pg->known[i].object != NULL;
	add_number(out, n);
	for (size_t i = 0; i < pg->n; i++)
		if (pg->known[i].object)
			add_known(out, &pg->known[i]);
	return true;
}

/* --- in --- */

struct source {
	const char *at, *end;
	struct arena *arena;
	bool bad;
};

static int64_t number(struct source *s)
{
	const char *end = memchr(s->at, ' ', (size_t)(s->end - s->at));
	int64_t n;

	if (s->bad || !end) {
		s->bad = true;
		return 0;
	}
	n = strtoll(s->at, NULL, 10);
	s->at = end + 1;
	return n;
}

static const char *text(struct source *s)
{
	int64_t n = number(s);
	const char *out;

	if (s->bad || n < 0 || n > s->end - s->at) {
		s->bad = true;
		return "";
	}
	out = arena_strndup(s->arena, s->at, (size_t)n);
	s->at += n;
	return out;
}

static void take_object(struct source *in, struct schema *s)
{
	struct schema_object *o = arena_alloc(&s->arena, sizeof(*o));
	struct schema_pg *pg = s->pg;
	struct pg_known k = { .object = o };
	char key[32];

	k.class_oid = (unsigned)number(in);
	k.oid = (unsigned)number(in);
	k.rel = (unsigned)number(in);
	k.columns = (unsigned)number(in);
	o->position = number(in);
	o->path = text(in);
	o->kind = text(in);
	o->name = text(in);
	o->table = text(in);
	o->text = o->sql = text(in);
	o->shape = text(in);
	if (!*o->shape)
		o->shape = o->text;
	if (in->bad)
		return;
	VEC_GROW(pg->known, pg->n, pg->cap);
	pg->known[pg->n++] = k;
	snprintf(key, sizeof(key), "%u/%u", k.class_oid, k.oid);
	map_put_number(&pg->by_oid, key, pg->n);
	map_put(&s->by_path, o->path, o);
}

static void take_all(struct source *in, struct schema *s)
{
	struct schema_pg *pg = s->pg;
	const char **list;
	int64_t n;

	pg->max_relation = (unsigned)number(in);
	pg->max_type = (unsigned)number(in);
	pg->max_routine = (unsigned)number(in);
	pg->has_unrepresented = number(in);
	pg->has_default_privileges = number(in);
	pg->has_extension = number(in);
	n = number(in);
	if (in->bad || n < 0 || n > in->end - in->at) {
		in->bad = true;
		return;
	}
	list = arena_array(&s->arena, (size_t)n + 1, sizeof(*list));
	for (int64_t i = 0; i < n; i++)
		list[i] = text(in);
	s->unrepresented = list;
	s->n_unrepresented = (size_t)n;
	n = number(in);
	for (int64_t i = 0; i < n && !in->bad; i++)
		take_object(in, s);
	in->bad |= in->at != in->end;
}

static bool is_ours(struct source *in, const char *journal_schema)
{
	return number(in) == FORMAT && number(in) == SCHEMA_PRINTER_VERSION &&
	       streq(text(in), journal_schema) && !in->bad;
}

struct err *schema_pg_load(struct schema *s, struct pg_conn *c,
			   const char *journal_schema, const char *data,
			   size_t len, bool *taken)
{
	struct source in = { data, data + len, &s->arena, false };
	char now[PG_STAMP_SIZE];
	struct err *err = NULL;
	const char *then;

	*taken = false;
	if (!is_ours(&in, journal_schema) || pg_conn_in_transaction(c))
		return NULL;
	then = text(&in);
	err = pg_stamp(c, now);
	if (err || !*now || !streq(now, then))
		return err;
	s->pg = xcalloc(1, sizeof(*s->pg));
	memcpy(s->pg->stamp, now, sizeof(now));
	take_all(&in, s);
	*taken = !in.bad;
	if (in.bad) {
		schema_release(s);
		schema_init(s);
	}
	return NULL;
}
