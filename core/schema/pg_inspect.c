#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_probe.h"
#include "schema/pg_read.h"
#include "schema/pg_stamp.h"
#include "schema/pg_state.h"
#include "schema/schema_pg.h"

/* Taking over what a reading of the catalogs found. */
struct refresh {
	struct schema *s;
	struct pg_read *read;
	struct schema_delta *delta; /* NULL = nobody asks */
	struct map gone; /* path -> object that was not found again so far */
	struct buf text, shape, path;
};

static void note(struct refresh *r, const struct schema_object *before,
		 const struct schema_object *after)
{
	if (r->delta)
		schema_delta_add(r->delta, before, after);
}

static bool is_same_object(const struct schema_object *a,
			   const struct pg_item *item, const char *text)
{
	return a && streq(a->kind, item->kind) && streq(a->name, item->name) &&
	       streq(a->table, item->table) && streq(a->text, text);
}

static bool is_taken(const struct refresh *r, const char *path)
{
	return map_has(&r->s->by_path, path) && !map_has(&r->gone, path);
}

/* A path that no other object has: two names can share one, see encode.c. */
static void choose_path(struct refresh *r, const struct pg_item *item)
{
	struct buf *b = &r->path;
	size_t stem;

	buf_reset(b);
	schema_add_path(b, item->kind, item->name);
	stem = b->len - strlen(".sql");
	for (unsigned i = 2; is_taken(r, buf_str(b)); i++) {
		buf_truncate(b, stem);
		buf_addf(b, "~%u.sql", i);
	}
}

static struct schema_object *make_object(struct refresh *r,
					 const struct pg_item *item)
{
	struct arena *a = &r->s->arena;
	struct schema_object *o = arena_alloc(a, sizeof(*o));

	o->path = arena_strndup(a, buf_str(&r->path), r->path.len);
	o->kind = item->kind;
	o->name = arena_strdup(a, item->name);
	o->table = arena_strdup(a, item->table);
	o->text = arena_strndup(a, buf_str(&r->text), r->text.len);
	o->sql = o->text;
	o->shape = r->shape.len
			   ? arena_strndup(a, buf_str(&r->shape), r->shape.len)
			   : o->text;
	return o;
}

static void know(struct refresh *r, struct schema_object *o,
		 const struct pg_item *item)
{
	struct schema_pg *pg = r->s->pg;
	char key[32];

	VEC_GROW(pg->known, pg->n, pg->cap);
	pg->known[pg->n++] = (struct pg_known){ o, item->class_oid, item->oid,
						item->rel, item->natts };
	snprintf(key, sizeof(key), "%u/%u", item->class_oid, item->oid);
	map_put_number(&pg->by_oid, key, pg->n);
	pg->has_unrepresented |= streq(o->kind, "unrepresented");
	pg->has_default_privileges |= streq(o->kind, "default_privileges");
	pg->has_extension |= streq(o->kind, "extension");
}

/* Put an object that was read into the tree. */
static void enter(struct refresh *r, const struct pg_item *item)
{
	struct schema_object *before, *o;

	pg_item_print(item, &r->text, &r->shape);
	choose_path(r, item);
	before = map_remove(&r->gone, buf_str(&r->path));
	o = is_same_object(before, item, buf_str(&r->text))
		    ? before
		    : make_object(r, item);
	o->position = item->oid;
	if (o != before) {
		note(r, before, o);
		map_put(&r->s->by_path, o->path, o);
	}
	know(r, o, item);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The list of what is not printed, and the object that it is in the tree. */
static void enter_unrepresented(struct refresh *r)
{
	struct pg_item item = { .kind = "unrepresented",
				.name = "database",
				.table = "",
				.def = "" };
	struct buf text = BUF_INIT;
	const char **list;
	size_t n = 0;

	for (struct pg_line *l = r->read->unrepresented.first; l; l = l->next)
		n++;
	list = arena_array(&r->s->arena, n + 1, sizeof(*list));
	n = 0;
	for (struct pg_line *l = r->read->unrepresented.first; l; l = l->next)
		list[n++] = arena_strdup(&r->s->arena, l->text);
	qsort(list, n, sizeof(*list), compare_strings);
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "-- not represented: %s\n", list[i]);
	r->s->unrepresented = list;
	r->s->n_unrepresented = n;
	item.def = buf_str(&text);
	if (n)
		enter(r, &item);
	buf_release(&text);
}

/* It was looked at again: a row of a catalog, or with its relation. */
static bool is_covered(const struct pg_read *r, const struct pg_known *k)
{
	if (!r->partial)
		return true;
	if (streq(k->object->kind, "unrepresented"))
		return r->needs & PG_NEED_UNREPRESENTED;
	for (size_t i = 0; i < r->n_some; i++) {
		const struct pg_some *s = &r->some[i];

		if ((s->class_oid == k->class_oid && pg_some_has(s, k->oid)) ||
		    (s->class_oid == PG_CLASS && k->rel &&
		     pg_some_has(s, k->rel)))
			return true;
	}
	return false;
}

/* Everything that was looked at is gone until it is found again. */
static void let_go(struct refresh *r)
{
	struct schema_pg *pg = r->s->pg;

	for (size_t i = 0; i < pg->n; i++) {
		struct pg_known *k = &pg->known[i];

		if (!k->object || !is_covered(r->read, k))
			continue;
		map_put(&r->gone, k->object->path, k->object);
		k->object = NULL;
	}
	if (!r->read->partial) {
		map_release(&pg->by_oid);
		pg->n = 0;
	}
}

static void take_over(struct refresh *r)
{
	let_go(r);
	for (size_t i = 0; i < r->read->n; i++)
		enter(r, r->read->items[i]);
	if (!r->read->partial || r->read->needs & PG_NEED_UNREPRESENTED)
		enter_unrepresented(r);
	map_each (&r->gone, e) {
		note(r, e->value, NULL);
		map_remove(&r->s->by_path, e->key);
	}
	if (r->delta)
		schema_delta_sort(r->delta);
}

/* An object that others may name has another name: their texts changed. */
static bool has_renamed(const struct refresh *r)
{
	for (size_t i = 0; i < r->read->n; i++) {
		const struct pg_item *item = r->read->items[i];
		const struct pg_known *k;

		if (item->class_oid == PG_CLASS || item->rel)
			continue;
		k = schema_pg_known(r->s->pg, item->class_oid, item->oid);
		if (k && !streq(k->object->name, item->name))
			return true;
	}
	return false;
}

static struct err *read_partly(struct refresh *r, enum schema_pg_scope scope,
			       enum pg_extent *extent)
{
	bool anything = true;
	struct err *e = NULL;

	if (scope == SCHEMA_PG_UNLIKELY)
		e = pg_probe_any(r->s->pg, r->read, &anything);
	*extent = PG_NOTHING;
	if (e || !anything)
		return e;
	e = pg_probe(r->s->pg, r->read, extent);
	if (!e && *extent != PG_PART)
		e = pg_read_end_part(r->read->conn);
	if (!e && *extent == PG_NOTHING)
		e = pg_flush(r->read->conn);
	if (e || *extent != PG_PART)
		return e;
	r->read->partial = true;
	e = pg_read_all(r->read);
	if (!e && has_renamed(r))
		*extent = PG_EVERYTHING;
	return e;
}

static struct err *read_all(struct refresh *r)
{
	struct err *e;

	pg_read_reset(r->read);
	e = pg_probe_all(r->s->pg, r->read);
	return e ? e : pg_read_all(r->read);
}

struct err *schema_pg_refresh(struct schema *s, struct pg_conn *c,
			      const char *journal_schema,
			      enum schema_pg_scope scope,
			      struct schema_delta *delta)
{
	struct arena arena = ARENA_INIT;
	struct pg_read read = { .arena = &arena,
				.conn = c,
				.journal_schema = journal_schema };
	struct refresh r = { .s = s, .read = &read, .delta = delta };
	enum pg_extent extent = PG_EVERYTHING;
	char stamp[PG_STAMP_SIZE] = "";
	struct err *e = NULL;

	if (!s->pg)
		s->pg = xcalloc(1, sizeof(*s->pg));
	read.stamp = stamp;
	if (scope != SCHEMA_PG_ALL && s->pg->max_relation &&
	    pg_conn_in_transaction(c))
		e = read_partly(&r, scope, &extent);
	if (!e && extent == PG_EVERYTHING)
		e = read_all(&r);
	if (!e && extent != PG_NOTHING) {
		take_over(&r);
		memcpy(s->pg->stamp, stamp, sizeof(stamp));
	}
	pg_read_release(&read);
	map_release(&r.gone);
	buf_release(&r.text);
	buf_release(&r.shape);
	buf_release(&r.path);
	arena_release(&arena);
	return e;
}

struct err *schema_pg_begin(struct schema *s, struct pg_conn *c)
{
	if (!s->pg)
		s->pg = xcalloc(1, sizeof(*s->pg));
	return pg_probe_baseline(s->pg, c);
}
