#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_locate.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_type.h"

/*
 * Which tables are made anew: those whose old form no ALTER leads to, those
 * with values of a type, or computed by a function, that is made anew, and the
 * whole family of parents, children and partitions of any of them.
 */

/* Columns and types by the names they had, so that both forms can be
 * compared. */
static bool name_as_before(struct restore_pg *r,
			   const struct restore_pg_table *t,
			   struct pg_form *from, const struct pg_form *to)
{
	for (size_t i = 0; i < from->t.n_columns; i++)
		from->t.columns[i].type =
			restore_pg_likened(r, from->t.columns[i].type);
	for (size_t k = 0; k < to->t.n_columns; k++) {
		const char *now = restore_pg_column_now(r, t, to->columns[k]);

		if (!now && pg_form_column(from, to->columns[k]))
			return false; /* another one has its name */
		if (!now || streq(now, to->columns[k]))
			continue;
		for (size_t i = 0; i < from->t.n_columns; i++)
			if (streq(from->columns[i], now)) {
				from->columns[i] = to->columns[k];
				break;
			}
	}
	return true;
}

static struct err *is_rebuilt(struct restore_pg *r,
			      const struct restore_pg_table *t, bool *out)
{
	struct pg_form from, to;
	struct err *err = pg_form_read(&from, &r->arena, t->cur);

	*out = false;
	if (!err)
		err = pg_form_read(&to, &r->arena, t->old);
	if (!err)
		*out = !name_as_before(r, t, &from, &to) ||
		       pg_form_needs_rebuild(&from, &to, t->lines != NULL,
					     r->req->append);
	return err;
}

struct found {
	struct restore_pg *r;
	struct buf roots; /* "(1247, 16400), ..." */
	bool more;
};

static void add_root(struct found *f, const struct schema_object *o)
{
	unsigned class_oid, oid;

	if (schema_pg_locate(f->r->req->now, o, &class_oid, &oid))
		buf_addf(&f->roots, "%s(%u::oid, %u::oid)",
			 f->roots.len ? ", " : "", class_oid, oid);
}

static void add_types(struct found *f)
{
	const struct restore_pg *r = f->r;

	for (size_t i = 0; i < r->n_kept; i++)
		if (!restore_pg_stays(f->r, r->kept[i].likened,
				      r->kept[i].before))
			add_root(f, r->kept[i].now);
	for (size_t i = 0; i < r->n_strays; i++)
		add_root(f, r->strays[i]);
}

/* Objects that are dropped and made again, or set aside. */
static void add_roots(struct found *f)
{
	const struct schema_delta *d = f->r->req->delta;

	for (size_t i = 0; i < d->n; i++) {
		const struct schema_object *o = d->changes[i].after;
		const struct schema_object *want = d->changes[i].before;
		const struct schema_object *is =
			o ? map_get(&f->r->req->now->by_path, o->path) : NULL;

		if (!o || !want || !is || streq(o->kind, "type") ||
		    restore_pg_stays(f->r, o, want))
			continue;
		add_root(f, is);
	}
	add_types(f);
	for (size_t i = 0; i < f->r->n_tables; i++)
		if (f->r->tables[i].way == RESTORE_PG_REBUILD)
			add_root(f, f->r->tables[i].cur);
}

static struct err *take_table(void *payload, int n, const struct pg_cell *cell)
{
	struct found *f = payload;
	struct restore_pg *r = f->r;
	const struct schema_object *o = map_get(&r->now_by_name, cell[0].s);
	struct restore_pg_table *t;

	(void)n;
	for (size_t i = 0; i < r->n_tables; i++) {
		t = &r->tables[i];
		if (!t->after || !streq(t->after, cell[0].s))
			continue;
		if (t->way != RESTORE_PG_PLACE || !t->old)
			return NULL;
		t->way = RESTORE_PG_REBUILD;
		f->more = true;
		return NULL;
	}
	if (!o)
		return NULL;
	VEC_GROW(r->tables, r->n_tables, r->cap_tables);
	t = &r->tables[r->n_tables++];
	memset(t, 0, sizeof(*t));
	t->way = RESTORE_PG_REBUILD;
	t->before = t->after = arena_strdup(&r->arena, cell[0].s);
	t->old = t->cur = o;
	f->more = true;
	return NULL;
}

/*
 * Tables with columns that depend on a root, and generated columns whose
 * expression does; the family of a root that is a table.
 */
static const char closure_sql[] =
	"WITH RECURSIVE d (c, o) AS (SELECT * FROM (VALUES %s) AS v (c, o)"
	" UNION SELECT x.c, x.o FROM d, LATERAL ("
	"SELECT p.classid, p.objid FROM pg_depend p"
	" WHERE p.refclassid = d.c AND p.refobjid = d.o"
	" AND p.deptype IN ('n', 'a', 'i', 'P', 'S')"
	/* a key to a table or its place in a family is no value of it */
	" AND p.classid NOT IN (2606, 2620, 3256, 3381)"
	" AND NOT (p.classid = 1259 AND p.refclassid = 1259)"
	/* the attributes of a record are its relation's */
	" UNION ALL SELECT 1247::oid, k.reltype FROM pg_class k"
	" WHERE d.c = 1259 AND k.oid = d.o AND k.relkind = 'c') AS x (c, o)),"
	" f (oid) AS (SELECT o FROM d WHERE c = 1259 UNION"
	" SELECT x.oid FROM f JOIN pg_inherits i ON f.oid IN (i.inhrelid,"
	" i.inhparent) CROSS JOIN LATERAL (VALUES (i.inhrelid),"
	" (i.inhparent)) AS x (oid))"
	" SELECT DISTINCT t.oid::regclass::text FROM pg_class t"
	" WHERE t.relkind IN ('r', 'p') AND t.relpersistence <> 't' AND ("
	"t.oid IN (SELECT p.objid FROM d JOIN pg_depend p"
	" ON p.refclassid = d.c AND p.refobjid = d.o"
	" WHERE p.classid = 1259 AND p.objsubid > 0)"
	" OR t.oid IN (SELECT a.adrelid FROM d JOIN pg_attrdef a"
	" ON d.c = 2604 AND d.o = a.oid JOIN pg_attribute b"
	" ON b.attrelid = a.adrelid AND b.attnum = a.adnum"
	" WHERE b.attgenerated <> '')"
	" OR t.oid IN (SELECT f.oid FROM f))";

/* Who asks for columns at the end has no room, or no time, for a table. */
static struct err *refuse_anew(const struct restore_pg *r)
{
	for (size_t i = 0; i < r->n_tables && r->req->append; i++)
		if (r->tables[i].way == RESTORE_PG_REBUILD)
			return err_hint(
				err_new(ERR_REFUSED,
					"table %s would have to be made anew: "
					"more than the order of its columns "
					"goes back",
					r->tables[i].before),
				"nothing was changed; without --append it is "
				"made anew");
	return NULL;
}

struct err *restore_pg_ways(struct restore_pg *r)
{
	struct found f = { .r = r };
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];
		bool anew = false;

		if (t->way != RESTORE_PG_PLACE || !t->old || t->old == t->cur)
			continue;
		err = is_rebuilt(r, t, &anew);
		if (anew)
			t->way = RESTORE_PG_REBUILD;
	}
	do {
		f.more = false;
		buf_reset(&f.roots);
		if (!err)
			add_roots(&f);
		if (!err && f.roots.len)
			err = restore_pg_ask(r, take_table, &f, closure_sql,
					     buf_str(&f.roots));
	} while (!err && f.more);
	buf_release(&f.roots);
	return err ? err : refuse_anew(r);
}
