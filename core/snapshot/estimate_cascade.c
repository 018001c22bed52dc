#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/estimate_ops.h"
#include "target/target_pg.h"

/*
 * What goes with an object by CASCADE, out of pg_depend, as the server's own
 * deletion finds it (src/backend/catalog/dependency.c). What is a part of what
 * is dropped (its indexes, defaults, row type) needs no CASCADE; what depends
 * on any of that does, and has parts of its own. So each is 0, a part of what
 * is dropped, 1, or 2, a part of a 1; one that is more than one of these is told
 * under none.
 */

static const char walk_sql[] =
	" UNION SELECT y.* FROM d, LATERAL ("
	"SELECT p.classid, p.objid, p.objsubid, CASE"
	" WHEN p.deptype = 'n' AND p.classid <> 2618 AND d.c <> 2615 THEN 1"
	" WHEN d.hit = 0 AND (p.classid <> 2618 OR p.deptype <> 'n') THEN 0"
	" ELSE 2 END FROM pg_catalog.pg_depend p"
	" WHERE p.refclassid = d.c AND p.refobjid = d.o"
	" AND (d.s = 0 OR p.refobjsubid = d.s)"
	" AND p.deptype IN ('n', 'a', 'i', 'e', 'P', 'S') UNION ALL"
	/* a view is what its rule is a part of */
	" SELECT p.refclassid, p.refobjid, p.refobjsubid, (d.hit > 0)::integer"
	" FROM pg_catalog.pg_depend p WHERE d.c = 2618 AND p.classid = d.c"
	" AND p.objid = d.o AND p.deptype = 'i') y (c, o, s, hit))"
	" SELECT pg_catalog.pg_describe_object(x.c, x.o, x.s), n.nspname,"
	" r.relname, a.attname FROM (SELECT c, o, s FROM d GROUP BY c, o, s"
	" HAVING min(hit) = 1 AND max(hit) = 1) x"
	" LEFT JOIN pg_catalog.pg_class r ON x.c = 1259 AND r.oid = x.o"
	" AND r.relkind IN ('r', 'p')"
	" LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
	" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid"
	" AND a.attnum = x.s AND x.s > 0 WHERE x.s = 0 OR NOT EXISTS ("
	"SELECT FROM d WHERE d.c = x.c AND d.o = x.o AND d.s = 0)"
	" ORDER BY 1 LIMIT 1000";

/* The name as the server looks it up: "public"."t". */
static void add_name(struct buf *sql, const struct estimate_drop *d)
{
	struct buf name = BUF_INIT;

	if (d->schema) {
		pg_add_name(&name, d->schema);
		buf_addch(&name, '.');
	}
	pg_add_name(&name, d->object);
	sql_quote_string(sql, buf_str(&name));
	buf_release(&name);
}

static void add_start(struct buf *sql, const struct estimate_drop *d)
{
	switch (d->what) {
	case ESTIMATE_DROP_RELATION:
		buf_addstr(sql, "SELECT 1259, to_regclass(");
		add_name(sql, d);
		buf_addstr(sql, ")::oid, 0");
		break;
	case ESTIMATE_DROP_TYPE:
		buf_addstr(sql, "SELECT 1247, to_regtype(");
		add_name(sql, d);
		buf_addstr(sql, ")::oid, 0");
		break;
	case ESTIMATE_DROP_COLUMN:
		buf_addstr(sql, "SELECT 1259, attrelid, attnum FROM "
				"pg_catalog.pg_attribute WHERE NOT "
				"attisdropped AND attrelid = to_regclass(");
		add_name(sql, d);
		buf_addstr(sql, ") AND attname = ");
		sql_quote_string(sql, d->column);
		break;
	case ESTIMATE_DROP_SCHEMA:
		buf_addstr(sql, "SELECT 2615, oid, 0 FROM "
				"pg_catalog.pg_namespace WHERE nspname = ");
		sql_quote_string(sql, d->object);
		break;
	case ESTIMATE_DROP_EXTENSION:
		buf_addstr(sql, "SELECT 3079, oid, 0 FROM "
				"pg_catalog.pg_extension WHERE extname = ");
		sql_quote_string(sql, d->object);
		break;
	}
}

struct taker {
	struct estimate_gone_list *out;
	size_t script, statement;
	struct arena *arena;
};

static const char *copy(struct arena *a, const struct pg_cell *cell)
{
	return cell->s ? arena_strdup(a, cell->s) : NULL;
}

static struct err *take_gone(void *payload, int n, const struct pg_cell *cell)
{
	struct taker *t = payload;
	struct estimate_gone *g;

	(void)n;
	VEC_GROW(t->out->list, t->out->n, t->out->cap);
	g = &t->out->list[t->out->n++];
	g->script = t->script;
	g->statement = t->statement;
	g->what = arena_strdup(t->arena, cell[0].s ? cell[0].s : "?");
	g->schema = copy(t->arena, &cell[1]);
	g->table = copy(t->arena, &cell[2]);
	g->column = copy(t->arena, &cell[3]);
	return NULL;
}

struct err *estimate_pg_cascade(struct target *t,
				const struct estimate_drop *drops, size_t n,
				struct arena *a, struct estimate_gone_list *out)
{
	struct err *e = NULL;

	for (size_t i = 0, k; i < n && !e && !target_in_transaction(t); i = k) {
		struct taker taker = { out, drops[i].script, drops[i].statement,
				       a };
		struct buf sql = BUF_INIT;

		buf_addstr(&sql, "WITH RECURSIVE d (c, o, s, hit) AS (SELECT "
				 "c::oid, o, s::integer, 0 FROM (");
		for (k = i; k < n && drops[k].script == drops[i].script; k++) {
			buf_addstr(&sql, k > i ? " UNION ALL " : "");
			add_start(&sql, &drops[k]);
		}
		buf_addf(&sql, ") v (c, o, s) WHERE o IS NOT NULL%s", walk_sql);
		e = estimate_only_cancel(pg_query_once(target_pg_conn(t),
						       buf_str(&sql), NULL, 0,
						       take_gone, &taker));
		buf_release(&sql);
	}
	return e;
}
