#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_type.h"

/* Decides, for each table of the migration, how it gets its old form back. */

static struct restore_pg_table *add_table(struct restore_pg *r)
{
	struct restore_pg_table *t;

	VEC_GROW(r->tables, r->n_tables, r->cap_tables);
	t = &r->tables[r->n_tables++];
	memset(t, 0, sizeof(*t));
	return t;
}

static const struct schema_object *now_at(const struct restore_pg *r,
					  const char *path)
{
	return map_get(&r->req->now->by_path, path);
}

static void name_tables(struct restore_pg *r)
{
	map_each (&r->req->now->by_path, e) {
		const char *name = pg_form_name(&r->arena, e->value);

		if (name)
			map_put(&r->now_by_name, name, e->value);
	}
}

/* The table of the schema now that SQL knows by this name. */
static const struct schema_object *now_named(const struct restore_pg *r,
					     const char *name)
{
	return map_get(&r->now_by_name, name);
}

/* Definitions: what the migration changed must still be as it left it. */
static void check_definitions(struct restore_pg *r)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n; i++) {
		const struct schema_object *was = d->changes[i].after;
		const struct schema_object *o =
			was ? was : d->changes[i].before;
		const struct schema_object *is = now_at(r, o->path);

		if ((was != NULL) != (is != NULL) ||
		    (was && !streq(was->sql, is->text)))
			restore_result_add(r->out, o->path, RESTORE_REDEFINED,
					   0);
	}
}

/* "to" of a rename, as SQL needs it: the table of that name in the delta. */
static const char *named_after(struct restore_pg *r, const char *to)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; to && i < d->n; i++) {
		const struct schema_object *o = d->changes[i].after;

		if (pg_form_is_table(o) && streq(o->name, to))
			return pg_form_name(&r->arena, o);
	}
	return to;
}

/* Both texts but for the table's name, which stands in many places. */
static bool same_but_name(struct arena *a, const struct schema_object *x,
			  const struct schema_object *y)
{
	struct pg_form f, g;
	struct err *e = pg_form_read(&f, a, x);
	bool same;

	if (!e)
		e = pg_form_read(&g, a, y);
	if (e) {
		err_free(e);
		return false;
	}
	same = f.t.n_columns == g.t.n_columns && streq(f.t.close, g.t.close);
	for (size_t i = 0; i < f.t.n_columns && same; i++)
		same = streq(f.t.columns[i].text, g.t.columns[i].text);
	return same && f.t.n_columns;
}

/* A table that went without a row to keep, while one alike came. */
static const char *renamed_to(struct restore_pg *r,
			      const struct schema_object *old)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n; i++) {
		const struct schema_change *c = &d->changes[i];

		if (pg_form_is_table(c->after) && !c->before &&
		    same_but_name(&r->arena, old, c->after))
			return pg_form_name(&r->arena, c->after);
	}
	return NULL;
}

static const char *after_of(struct restore_pg *r, const char *before,
			    const struct schema_change *c,
			    const struct manifest_table *lines)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n_renames; i++)
		if (!d->renames[i].column &&
		    (streq(d->renames[i].table, before) ||
		     streq(d->renames[i].table, c->before->name)))
			return named_after(r, d->renames[i].to);
	if (lines)
		return lines->after;
	return c->after ? before : renamed_to(r, c->before);
}

static const struct manifest_table *lines_of(const struct restore_pg *r,
					     const char *before)
{
	const struct manifest_table *m = manifest_find(&r->manifest, before);

	return m && manifest_lines(m) ? m : NULL;
}

/* A table that stood there before the migration. */
static void plan_old(struct restore_pg *r, const struct schema_change *c)
{
	struct restore_pg_table *t = add_table(r);

	t->old = c->before;
	t->before = pg_form_name(&r->arena, c->before);
	t->lines = lines_of(r, t->before);
	t->after = after_of(r, t->before, c,
			    manifest_find(&r->manifest, t->before));
	t->cur = t->after ? now_named(r, t->after) : NULL;
	if (!t->cur)
		t->after = NULL;
	t->way = t->cur ? RESTORE_PG_PLACE : RESTORE_PG_REMAKE;
}

static bool is_planned_after(const struct restore_pg *r, const char *after)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].after && streq(r->tables[i].after, after))
			return true;
	return false;
}

/* The migration made it, perhaps in the place of one that it dropped. */
static void plan_new(struct restore_pg *r, const struct schema_change *c)
{
	const char *name = pg_form_name(&r->arena, c->after);
	struct restore_pg_table *t;

	if (is_planned_after(r, name))
		return;
	t = add_table(r);
	t->after = name;
	t->cur = now_at(r, c->after->path);
	t->way = RESTORE_PG_REMOVE;
}

/* Dropped, and made again with the text it had: what stands there goes. */
static void plan_twin(struct restore_pg *r, struct restore_pg_table *t)
{
	const struct schema_object *now = now_named(r, t->before);
	const char *name = t->before;

	r->adjust = true;
	t->way = RESTORE_PG_REMAKE;
	t->after = NULL;
	t->old = now;
	if (!now)
		return; /* restore_pg_check() cannot say more than its lack */
	t = add_table(r);
	t->after = name;
	t->cur = now;
	t->way = RESTORE_PG_REMOVE;
}

static void plan_rows_only(struct restore_pg *r, const struct manifest_table *m)
{
	struct restore_pg_table *t;

	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before &&
		    streq(r->tables[i].before, m->before))
			return;
	if (!manifest_lines(m))
		return;
	t = add_table(r);
	t->before = m->before;
	t->after = m->after;
	t->cur = m->after ? now_named(r, m->after) : NULL;
	t->old = t->cur;
	t->lines = m;
	t->way = RESTORE_PG_PLACE;
	if (!t->cur)
		plan_twin(r, t);
}

struct err *restore_pg_plan(struct restore_pg *r)
{
	const struct schema_delta *d = r->req->delta;

	check_definitions(r);
	if (r->out->blocked)
		return NULL;
	name_tables(r);
	restore_pg_kept_find(r);
	for (size_t i = 0; i < d->n; i++)
		if (pg_form_is_table(d->changes[i].before))
			plan_old(r, &d->changes[i]);
	for (size_t i = 0; i < d->n; i++)
		if (pg_form_is_table(d->changes[i].after))
			plan_new(r, &d->changes[i]);
	for (size_t i = 0; i < r->manifest.n_tables; i++)
		plan_rows_only(r, &r->manifest.tables[i]);
	return restore_pg_ways(r);
}
