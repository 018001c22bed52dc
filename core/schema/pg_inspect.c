#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"
#include "schema/pg_state.h"
#include "schema/schema_pg.h"

/* Taking over what a reading of the catalogs found. */
struct refresh {
	struct schema *s;
	struct pg_read *read;
	struct schema_delta *delta; /* NULL = nobody asks */
	struct pg_known *known;     /* what there is now */
	size_t n, cap;
	struct map by_oid;
	struct map seen; /* path -> object that is there now */
	struct buf text, shape, path;
};

void schema_pg_free(struct schema_pg *pg)
{
	if (!pg)
		return;
	map_release(&pg->by_oid);
	free(pg->known);
	free(pg);
}

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

/* A path that no other object has: two names can share one, see encode.c. */
static void choose_path(struct refresh *r, const struct pg_item *item)
{
	struct buf *b = &r->path;
	size_t stem;

	buf_reset(b);
	schema_add_path(b, item->kind, item->name);
	stem = b->len - strlen(".sql");
	for (unsigned i = 2; map_has(&r->seen, buf_str(b)); i++) {
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

static void know(struct refresh *r, const struct schema_object *o,
		 unsigned class_oid, unsigned oid, unsigned rel)
{
	char key[32];

	VEC_GROW(r->known, r->n, r->cap);
	r->known[r->n++] = (struct pg_known){ o, class_oid, oid, rel };
	snprintf(key, sizeof(key), "%u/%u", class_oid, oid);
	map_put_number(&r->by_oid, key, r->n);
}

/* Put an object that was read into the tree. */
static void enter(struct refresh *r, const struct pg_item *item)
{
	struct schema_object *before, *o;

	pg_item_print(item, &r->text, &r->shape);
	choose_path(r, item);
	before = map_get(&r->s->by_path, buf_str(&r->path));
	o = is_same_object(before, item, buf_str(&r->text))
		    ? before
		    : make_object(r, item);
	if (o != before) {
		note(r, before, o);
		map_put(&r->s->by_path, o->path, o);
	}
	map_put(&r->seen, o->path, o);
	know(r, o, item->class_oid, item->oid, item->rel);
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
	qsort(list, n, sizeof(*list), compare_strings); /* NOLINT */
	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "-- not represented: %s\n", list[i]);
	r->s->unrepresented = list;
	r->s->n_unrepresented = n;
	item.def = buf_str(&text);
	if (n)
		enter(r, &item);
	buf_release(&text);
}

static void take_out_gone(struct refresh *r)
{
	map_each (&r->s->by_path, e) {
		struct schema_object *o = e->value;

		if (map_has(&r->seen, o->path))
			continue;
		note(r, o, NULL);
		map_remove(&r->s->by_path, o->path);
	}
}

static void take_over(struct refresh *r)
{
	for (size_t i = 0; i < r->read->n; i++)
		enter(r, r->read->items[i]);
	enter_unrepresented(r);
	take_out_gone(r);
	if (r->delta)
		schema_delta_sort(r->delta);
}

static void keep_state(struct refresh *r)
{
	if (!r->s->pg)
		r->s->pg = xcalloc(1, sizeof(*r->s->pg));
	map_release(&r->s->pg->by_oid);
	free(r->s->pg->known);
	r->s->pg->known = r->known;
	r->s->pg->n = r->n;
	r->s->pg->cap = r->cap;
	r->s->pg->by_oid = r->by_oid;
}

struct err *schema_pg_refresh(struct schema *s, struct pg_conn *c,
			      const char *journal_schema, bool all,
			      struct schema_delta *delta)
{
	struct arena arena = ARENA_INIT;
	struct pg_read read = { .arena = &arena,
				.conn = c,
				.journal_schema = journal_schema };
	struct refresh r = { .s = s, .read = &read, .delta = delta };
	struct err *e;

	(void)all;
	e = pg_read_all(&read);
	if (!e) {
		take_over(&r);
		keep_state(&r);
	}
	pg_read_release(&read);
	map_release(&r.seen);
	buf_release(&r.text);
	buf_release(&r.shape);
	buf_release(&r.path);
	arena_release(&arena);
	return e;
}
