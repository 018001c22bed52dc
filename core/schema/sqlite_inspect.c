#include <string.h>

#include "base/util.h"
#include "schema/sqlite_catalog.h"

/* Taking over what a reading of the catalog found. */
struct refresh {
	struct schema *s;
	struct sqlite_catalog *c;
	struct schema_delta *delta; /* NULL = nobody asks */
	struct map gone;   /* path -> object that is not there any more */
	struct map tables; /* name -> changed table, lower case */
	struct buf text, shape, path;
	const struct schema_object *table; /* whose columns these are */
	const char **columns;
	struct arena arena;
};

static bool has_prefix(const char *name, const char *prefix)
{
	return !sqlite3_strnicmp(name, prefix, (int)strlen(prefix));
}

/* Objects of SQLite itself and our own are not part of the tree. */
static bool is_in_tree(const struct schema_row *row)
{
	const struct schema_object *o = row->object;

	return (o->kind == sqlite_kind_table ||
		o->kind == sqlite_kind_virtual ||
		o->kind == sqlite_kind_index || o->kind == sqlite_kind_view ||
		o->kind == sqlite_kind_trigger) &&
	       *o->sql && !row->shadow && !has_prefix(o->name, "sqlite_") &&
	       !has_prefix(o->name, "git_migrate_") &&
	       !has_prefix(o->table, "git_migrate_");
}

static void lower(struct buf *out, const char *name)
{
	buf_reset(out);
	for (; *name; name++)
		buf_addch(out,
			  (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20
							      : *name));
}

static void note(struct refresh *r, const struct schema_object *before,
		 const struct schema_object *after)
{
	if (r->delta)
		schema_delta_add(r->delta, before, after);
	if (before && after && after->kind == sqlite_kind_table) {
		lower(&r->path, after->name);
		map_put(&r->tables, buf_str(&r->path), r->s);
	}
}

/* Columns of the table of an index, NULL where that is not known. */
static const char *const *columns_of(struct refresh *r,
				     const struct schema_object *o)
{
	const struct schema_object *table =
		schema_find(r->s, sqlite_kind_table, o->table);

	if (!table)
		return NULL;
	if (table != r->table) {
		r->table = table;
		r->columns = schema_sqlite_columns(&r->arena, table->sql);
	}
	return r->columns;
}

static void print(struct refresh *r, struct schema_object *o)
{
	const char *const *columns = NULL;

	if (o->kind == sqlite_kind_index)
		columns = columns_of(r, o);
	schema_sqlite_print(&r->text, &r->shape, o->kind, o->sql, columns);
	o->text = arena_strndup(&r->s->arena, buf_str(&r->text), r->text.len);
	o->shape = r->shape.len
			   ? arena_strndup(&r->s->arena, buf_str(&r->shape),
					   r->shape.len)
			   : o->text;
}

/* A path that no other object has: two names can share one, see encode.c. */
static const char *free_path(struct refresh *r, const char *kind,
			     const char *name)
{
	struct buf *b = &r->path;
	size_t stem;

	buf_reset(b);
	schema_add_path(b, kind, name);
	stem = b->len - strlen(".sql");
	for (unsigned i = 2; map_has(&r->s->by_path, buf_str(b)); i++) {
		buf_truncate(b, stem);
		buf_addf(b, "~%u.sql", i);
	}
	return arena_strndup(&r->s->arena, buf_str(b), b->len);
}

static bool is_same_object(const struct schema_object *a,
			   const struct schema_object *b)
{
	return a && streq(a->kind, b->kind) && streq(a->name, b->name) &&
	       streq(a->table, b->table) && streq(a->sql, b->sql);
}

/* Put a fresh object into the tree. */
static void enter(struct refresh *r, struct schema_object *o)
{
	const struct schema_object *before;

	o->path = free_path(r, o->kind, o->name);
	before = map_get(&r->gone, o->path);
	if (is_same_object(before, o)) {
		o->text = before->text;
		o->shape = before->shape;
	} else {
		print(r, o);
		note(r, before, o);
	}
	map_put(&r->s->by_path, o->path, o);
	map_remove(&r->gone, o->path);
}

static void take_out(struct refresh *r, const struct schema_object *o)
{
	void *removed = map_remove(&r->s->by_path, o->path);

	map_put(&r->gone, o->path, removed);
}

/*
 * Whether "x" in an index is a column depends on the table, so an index that
 * is as it was may have to be printed again when its table is not.
 */
static void reprint_indexes(struct refresh *r)
{
	if (!r->tables.n)
		return;
	r->table = NULL;
	for (size_t i = 0; i < r->c->n; i++) {
		struct schema_row *row = &r->c->rows[i];
		struct schema_object *o = row->object, *copy;

		if (o->kind != sqlite_kind_index || !o->path ||
		    !strchr(o->sql, '"'))
			continue;
		lower(&r->path, o->table);
		if (!map_has(&r->tables, buf_str(&r->path)))
			continue;
		schema_sqlite_print(&r->text, &r->shape, o->kind, o->sql,
				    columns_of(r, o));
		if (streq(buf_str(&r->text), o->text))
			continue;
		copy = arena_alloc(&r->s->arena, sizeof(*copy));
		*copy = *o;
		print(r, copy);
		note(r, o, copy);
		row->object = copy;
		map_put(&r->s->by_path, copy->path, copy);
	}
}

static void refresh_pragma(struct refresh *r, const char *name, int value)
{
	struct schema_object *o;
	const struct schema_object *before;

	buf_reset(&r->path);
	schema_add_path(&r->path, sqlite_kind_pragma, name);
	before = map_get(&r->s->by_path, buf_str(&r->path));
	buf_reset(&r->text);
	buf_addf(&r->text, "PRAGMA %s = %d", name, value);
	if (before ? value && streq(before->sql, buf_str(&r->text)) : !value)
		return;
	if (before)
		take_out(r, before);
	if (!value)
		return;
	o = arena_alloc(&r->s->arena, sizeof(*o));
	o->kind = sqlite_kind_pragma;
	o->name = name;
	o->table = "";
	o->sql = arena_strdup(&r->s->arena, buf_str(&r->text));
	enter(r, o);
}

static void take_over(struct refresh *r)
{
	struct sqlite_catalog *c = r->c;

	for (size_t i = 0; i < c->n_gone; i++)
		take_out(r, c->gone[i]);
	/* tables first: their indexes ask for columns */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->n_fresh; i++) {
			const struct schema_row *row = &c->rows[c->fresh[i]];
			bool table = row->object->kind == sqlite_kind_table;

			if (table == (pass == 0) && is_in_tree(row))
				enter(r, row->object);
		}
	}
	for (size_t i = 0; i < SQLITE_CATALOG_PRAGMAS; i++)
		refresh_pragma(r, sqlite_catalog_pragma[i], c->pragmas[i]);
	map_each (&r->gone, e)
		note(r, e->value, NULL);
	reprint_indexes(r);
	if (r->delta)
		schema_delta_sort(r->delta);
}

struct err *schema_sqlite_refresh(struct schema *s, sqlite3 *db,
				  enum schema_scope scope,
				  struct schema_delta *delta)
{
	struct sqlite_catalog c;
	struct refresh r = { .s = s, .c = &c, .delta = delta };
	struct err *e = sqlite_catalog_read(&c, s, db, scope);

	if (!e) {
		struct schema_row *rows = s->rows;
		size_t cap = s->cap_rows;

		s->ignores_case = true;
		take_over(&r);
		s->rows = c.rows;
		s->n_rows = c.n;
		s->cap_rows = c.cap;
		s->last_position = c.n ? c.rows[c.n - 1].object->position : 0;
		c.rows = rows; /* to be released */
		c.cap = cap;
	}
	sqlite_catalog_release(&c);
	map_release(&r.gone);
	map_release(&r.tables);
	buf_release(&r.text);
	buf_release(&r.shape);
	buf_release(&r.path);
	arena_release(&r.arena);
	return e;
}
