#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/*
 * Materialized views that were made anew have no rows. Those that had some are
 * filled from their query; one may read another, so that is tried again.
 */

struct restore_pg_view {
	const char *name;
	bool empty; /* it was not filled */
	bool made;
};

static struct restore_pg_view *find(struct restore_pg *r, const char *name)
{
	struct restore_pg_view *v;

	for (size_t i = 0; i < r->n_views; i++)
		if (streq(r->views[i].name, name))
			return &r->views[i];
	VEC_GROW(r->views, r->n_views, r->cap_views);
	v = &r->views[r->n_views++];
	memset(v, 0, sizeof(*v));
	v->name = arena_strdup(&r->arena, name);
	return v;
}

static struct err *take_empty(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	find(payload, cell[0].s)->empty = true;
	return NULL;
}

struct err *restore_pg_views_before(struct restore_pg *r)
{
	return pg_query(r->c,
			"SELECT oid::regclass::text FROM pg_class"
			" WHERE relkind = 'm' AND NOT relispopulated",
			NULL, 0, take_empty, r);
}

void restore_pg_view_made(struct restore_pg *r, const struct schema_object *o)
{
	const char *name = o->sql + strlen("CREATE MATERIALIZED VIEW ");
	size_t len = 0;

	for (bool quoted = false;
	     name[len] && (quoted || !strchr(" \n", name[len])); len++)
		if (name[len] == '"')
			quoted = !quoted;
	find(r, arena_strndup(&r->arena, name, len))->made = true;
}

struct err *restore_pg_views_after(struct restore_pg *r)
{
	bool progress = true, left = true;
	struct err *err = NULL, *why = NULL;

	while (!err && left && progress) {
		progress = left = false;
		for (size_t i = 0; i < r->n_views && !err; i++) {
			struct restore_pg_view *v = &r->views[i];
			struct buf sql = BUF_INIT;
			bool refused = false;

			if (!v->made || v->empty)
				continue;
			err_free(why);
			why = NULL;
			buf_addf(&sql, "REFRESH MATERIALIZED VIEW %s", v->name);
			err = restore_pg_try(r, buf_str(&sql), NULL, &refused,
					     &why);
			buf_release(&sql);
			v->made = refused;
			progress |= !refused;
			left |= refused;
		}
	}
	if (!err && left)
		return why;
	err_free(why);
	return err;
}
