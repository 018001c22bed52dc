#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "snapshot/restore_sqlite.h"

/* Decides, for each table of the migration, how it gets its old form back. */

static bool is_table(const struct schema_object *o)
{
	return o && streq(o->kind, "table");
}

static bool is_virtual(const struct schema_object *o)
{
	return o && streq(o->kind, "virtual");
}

/* Where the migration's table is now: same, renamed, or dropped (NULL). */
static const char *table_after(const struct restore *r, const char *before,
			       bool *dropped)
{
	const struct schema_delta *d = r->req->delta;

	*dropped = false;
	for (size_t i = 0; i < d->n_renames; i++) {
		if (d->renames[i].column || !streq(d->renames[i].table, before))
			continue;
		*dropped = !d->renames[i].to;
		return d->renames[i].to;
	}
	return before;
}

/* Columns of a table that a migration altered: all kept, or which changed. */
static enum restore_way way_of(struct restore *r, const char *before,
			       const struct schema_object *old,
			       const struct schema_object *cur)
{
	const struct schema_delta *d = r->req->delta;
	const char **was = schema_sqlite_columns(&r->arena, old->sql);
	const char **is = schema_sqlite_columns(&r->arena, cur->sql);
	size_t n = 0, m = 0;

	for (size_t i = 0; i < d->n_renames; i++)
		if (d->renames[i].column && !d->renames[i].to &&
		    streq(d->renames[i].table, before))
			return RESTORE_REBUILD; /* a column was dropped */
	while (was && was[n])
		n++;
	while (is && is[m])
		m++;
	if (!n || m < n)
		return RESTORE_REBUILD;
	return m == n ? RESTORE_TEXT : RESTORE_SHRINK;
}

static struct restore_table *add_table(struct restore *r)
{
	struct restore_table *t;

	VEC_GROW(r->tables, r->n_tables, r->cap_tables);
	t = &r->tables[r->n_tables++];
	memset(t, 0, sizeof(*t));
	return t;
}

static bool is_planned_after(const struct restore *r, const char *after)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].after && streq(r->tables[i].after, after))
			return true;
	return false;
}

static bool is_planned_before(const struct restore *r, const char *before)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before && streq(r->tables[i].before, before))
			return true;
	return false;
}

/* Another table of before has the name now. */
static bool is_taken(const struct restore *r, const char *name)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n_renames; i++)
		if (!d->renames[i].column && d->renames[i].to &&
		    sql_same_name(SQL_SQLITE, d->renames[i].to, name))
			return true;
	return false;
}

static const char *find_now(const struct restore *r, const char *kind,
			    const char *name, const struct schema_object **cur)
{
	*cur = name ? schema_find(r->req->now, kind, name) : NULL;
	return *cur ? (*cur)->name : NULL;
}

static void plan_virtual(struct restore *r, struct restore_table *t)
{
	bool dropped;

	t->way = RESTORE_VIRTUAL;
	t->after = table_after(r, t->before, &dropped);
	if (dropped && !is_taken(r, t->before))
		t->after = t->before;
	t->after = find_now(r, "virtual", t->after, &t->cur);
}

/* A table that stood there before the migration. */
static void plan_old(struct restore *r, const struct schema_object *old)
{
	struct restore_table *t = add_table(r);
	bool dropped;

	t->before = old->name;
	t->old = old;
	t->lines = manifest_find(&r->manifest, old->name);
	if (is_virtual(old)) {
		t->lines = NULL; /* its shadow tables have them */
		plan_virtual(r, t);
		return;
	}
	t->after = table_after(r, old->name, &dropped);
	if (dropped && t->lines)
		t->after = t->lines->after; /* another one took its place */
	else if (dropped && !is_taken(r, old->name))
		t->after = old->name;
	if (t->lines && !manifest_lines(t->lines))
		t->lines = NULL;
	t->after = find_now(r, "table", t->after, &t->cur);
	if (!t->cur)
		t->way = RESTORE_REMAKE;
	else
		t->way = dropped ? RESTORE_REBUILD
				 : way_of(r, old->name, old, t->cur);
	if (t->way == RESTORE_REBUILD)
		t->aside = arena_printf(&r->arena, "git_migrate_aside_%zu",
					r->n_tables);
}

/*
 * A replaced table whose keys cannot be compared with the old one's has no
 * `after` in the manifest: the new one is the migration's own and goes.
 */
static void plan_new(struct restore *r, const struct schema_object *cur)
{
	struct restore_table *t;

	if (is_planned_after(r, cur->name))
		return;
	t = add_table(r);
	t->after = cur->name;
	t->cur = schema_find(r->req->now, cur->kind, cur->name);
	t->way = RESTORE_REMOVE;
	if (!t->cur)
		r->n_tables--; /* dropped since; restore_check() says so */
}

static void plan_rows_only(struct restore *r, const struct manifest_table *m)
{
	struct restore_table *t;

	if (is_planned_before(r, m->before))
		return;
	t = add_table(r);
	t->before = m->before;
	t->after = m->after;
	t->lines = m;
	t->way = RESTORE_ROWS;
}

/* Definitions: what the migration changed must still be as it left it. */
static void check_definitions(struct restore *r)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n; i++) {
		const struct schema_object *was = d->changes[i].after;
		const struct schema_object *o =
			was ? was : d->changes[i].before;
		const struct schema_object *is =
			schema_find(r->req->now, o->kind, o->name);

		if ((was != NULL) != (is != NULL) ||
		    (was && !streq(was->sql, is->sql) &&
		     !streq(was->text, is->text)))
			restore_conflict_add(r, o->path, RESTORE_REDEFINED, 0);
	}
}

struct err *restore_plan(struct restore *r)
{
	const struct schema_delta *d = r->req->delta;

	check_definitions(r);
	if (r->out->blocked)
		return NULL;
	for (size_t i = 0; i < d->n; i++)
		if (is_table(d->changes[i].before) ||
		    is_virtual(d->changes[i].before))
			plan_old(r, d->changes[i].before);
	for (size_t i = 0; i < d->n; i++)
		if (is_table(d->changes[i].after) ||
		    is_virtual(d->changes[i].after))
			plan_new(r, d->changes[i].after);
	for (size_t i = 0; i < r->manifest.n_tables; i++)
		plan_rows_only(r, &r->manifest.tables[i]);
	return NULL;
}
