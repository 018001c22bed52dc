#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/* What the migration touches: its locks, and the tables behind names. */

struct err *pg_capture_second(struct pg_capture *c)
{
	return c->second ? NULL : target_pg_second(c->base.target, &c->second);
}

void pg_captured_free(struct pg_captured *t)
{
	pg_table_release(&t->was);
	pg_table_release(&t->now);
	changelog_free(t->log);
	free(t->matched);
	free(t->taken);
	free(t->told);
	free(t);
}

static bool is_created(const struct pg_capture *c, unsigned oid)
{
	for (size_t i = 0; i < c->n_created; i++)
		if (c->created[i] == oid)
			return true;
	return false;
}

static void add_created(struct pg_capture *c, unsigned oid)
{
	VEC_GROW(c->created, c->n_created, c->cap_created);
	c->created[c->n_created++] = oid;
}

/* Names of ours have quotes only where they need them. */
static bool is_name(const char *ours, size_t n, const char *name)
{
	struct buf quoted = BUF_INIT;
	bool is;

	pg_add_name(&quoted, name);
	is = (n == strlen(name) && !strncmp(ours, name, n)) ||
	     (n == quoted.len && !strncmp(ours, quoted.data, n));
	buf_release(&quoted);
	return is;
}

static bool is_named(const struct pg_captured *t, const struct sql_loss *loss)
{
	const char *full = t->was.name, *dot = strchr(full, '.');

	return dot && is_name(dot + 1, strlen(dot + 1), loss->object) &&
	       (!loss->schema ||
		is_name(full, (size_t)(dot - full), loss->schema));
}

static void forget_column(struct pg_captured *t, const char *column)
{
	for (size_t i = 0; i < t->was.n_columns; i++) {
		const char *name = t->was.columns[i].name;

		if (!is_name(name, strlen(name), column))
			continue;
		t->matched[i] = false;
		if (t->was.columns[i].key)
			t->was.n_keys = 0;
	}
}

/* Rows are told apart by what no statement of the migration drops. */
static void forget_dropped(const struct pg_capture *c, struct pg_captured *t)
{
	for (size_t i = 0; c->script && i < c->script->n; i++) {
		const struct sql_statement *s = &c->script->statements[i];

		for (size_t l = 0; l < s->n_losses; l++)
			if (s->losses[l].kind == SQL_LOSS_COLUMN &&
			    is_named(t, &s->losses[l]))
				forget_column(t, s->losses[l].column);
	}
}

static void add_table(struct pg_capture *c, struct pg_captured *t)
{
	t->concerns = t->was.kind == 'r' && !t->was.temporary;
	t->taken = xcalloc(t->was.n_columns + 1, sizeof(*t->taken));
	t->told = xcalloc(t->was.n_columns + 1, sizeof(*t->told));
	t->matched = xcalloc(t->was.n_columns + 1, sizeof(*t->matched));
	for (size_t i = 0; i < t->was.n_columns; i++)
		t->matched[i] = !t->was.columns[i].generated;
	forget_dropped(c, t);
	VEC_GROW(c->tables, c->n_tables, c->cap_tables);
	c->tables[c->n_tables++] = t;
}

struct err *pg_capture_table(struct pg_capture *c, unsigned oid,
			     struct pg_captured **out)
{
	struct pg_captured *t;
	struct err *e;

	*out = NULL;
	for (size_t i = 0; i < c->n_tables; i++)
		if (c->tables[i]->was.oid == oid) {
			*out = c->tables[i];
			return NULL;
		}
	if (is_created(c, oid))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	e = pg_capture_second(c);
	if (!e)
		e = pg_table_read(c->second, target_pg_journal(c->base.target),
				  oid, &t->was);
	if (e || !t->was.oid) {
		free(t);
		add_created(c, oid);
		return e;
	}
	add_table(c, t);
	*out = t;
	return NULL;
}

/*
 * Ids of ours that are seen now: those of the transaction and of savepoints
 * that are open. One that was released has none in pg_locks any more.
 */
static struct err *add_ours(struct pg_capture *c, const char *list)
{
	while (list && *list) {
		size_t n = strspn(list, "0123456789");
		char *id = xasprintf(",%.*s,", (int)n, list);

		if (n && !strstr(buf_str(&c->xids), id))
			buf_addstr(&c->xids, c->xids.len ? id + 1 : id);
		free(id);
		list += n ? n : 1;
	}
	return NULL;
}

static void set_ours(struct pg_capture *c)
{
	size_t n = c->xids.len > 2 ? c->xids.len - 2 : 0;

	buf_reset(&c->ours);
	buf_addf(&c->ours, "'{%.*s}'::xid[]", (int)n, buf_str(&c->xids) + 1);
}

void pg_capture_add_is_ours(struct buf *out, const struct pg_capture *c,
			    const char *column)
{
	buf_addf(out,
		 "(%s = ANY(%s) OR (age(%s) < 0 AND "
		 "txid_status(txid_current() - age(%s)) = 'in progress'))",
		 column, buf_str(&c->ours), column, column);
}

struct err *pg_capture_now(struct pg_capture *c, unsigned oid,
			   struct pg_table *out)
{
	return pg_table_read(c->c, target_pg_journal(c->base.target), oid, out);
}

static struct err *take_held(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_capture *c = payload;
	struct pg_held *h;

	(void)n;
	if (!cell[0].s) /* the row of transaction ids */
		return add_ours(c, cell[3].s);
	VEC_GROW(c->held, c->n_held, c->cap_held);
	h = &c->held[c->n_held++];
	h->oid = (unsigned)strtoul(cell[0].s, NULL, 10);
	h->wrote = cell[1].s[0] == 't';
	h->exclusive = cell[2].s[0] == 't';
	return NULL;
}

/* Relations below 16384 are the catalogs' (FirstNormalObjectId). Those that
 * are gone are known by their number only. */
static const char held_sql[] =
	"SELECT l.relation, "
	"bool_or(l.mode IN ('RowExclusiveLock', 'ExclusiveLock')), "
	"bool_or(l.mode = 'AccessExclusiveLock'), "
	"array_agg(l.transactionid) FILTER (WHERE l.relation IS NULL)::text "
	"FROM pg_catalog.pg_locks l "
	"LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation "
	"WHERE l.pid = pg_backend_pid() AND l.granted "
	"AND (l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' "
	"OR l.locktype = 'relation' AND l.relation >= 16384 "
	"AND l.mode IN ('RowExclusiveLock', 'ExclusiveLock', "
	"'AccessExclusiveLock') "
	"AND l.database = (SELECT oid FROM pg_catalog.pg_database "
	"WHERE datname = current_database()) "
	"AND (c.oid IS NULL OR c.relkind IN ('r', 'f', 'S') "
	"AND c.relnamespace IS DISTINCT FROM "
	"(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1))) "
	"GROUP BY l.relation";

struct err *pg_capture_held(struct pg_capture *c)
{
	struct pg_arg arg = pg_text(target_pg_journal(c->base.target));
	struct err *e;

	c->n_held = 0;
	e = pg_query(c->c, held_sql, &arg, 1, take_held, c);
	set_ours(c);
	return e;
}

const struct pg_held *pg_capture_is_held(const struct pg_capture *c,
					 unsigned oid)
{
	for (size_t i = 0; i < c->n_held; i++)
		if (c->held[i].oid == oid)
			return &c->held[i];
	return NULL;
}

struct oids {
	unsigned *v;
	size_t n, cap;
};

static struct err *take_oid(void *payload, int n, const struct pg_cell *cell)
{
	struct oids *o = payload;

	(void)n;
	VEC_GROW(o->v, o->n, o->cap);
	o->v[o->n++] = (unsigned)strtoul(cell[0].s, NULL, 10);
	return NULL;
}

/* A relation that is gone is none of the migration's. */
static struct err *take_touched(struct pg_capture *c, unsigned oid, bool copy)
{
	struct pg_captured *t = xcalloc(1, sizeof(*t));
	struct err *e = pg_capture_now(c, oid, &t->was);

	if (e || !t->was.oid) {
		pg_captured_free(t);
		if (!e) /* it went before, though the observer sees it */
			add_created(c, oid);
		return e;
	}
	t->behind_us = true;
	add_table(c, t);
	return copy && t->concerns ? pg_capture_copy(c, t, true) : NULL;
}

struct err *pg_capture_baseline(struct pg_capture *c, bool copy)
{
	struct pg_arg arg = pg_text(target_pg_journal(c->base.target));
	struct oids o = { NULL, 0, 0 };
	struct err *e = pg_capture_held(c);

	buf_reset(&c->sql);
	buf_addstr(&c->sql, "SELECT c.oid FROM pg_catalog.pg_class c "
			    "JOIN pg_catalog.pg_namespace n "
			    "ON n.oid = c.relnamespace "
			    "WHERE c.relkind IN ('r', 'p', 'm', 'f', 'S', 'c') "
			    "AND n.nspname <> $1 AND c.oid >= 16384 AND (");
	pg_capture_add_is_ours(&c->sql, c, "c.xmin");
	buf_addstr(&c->sql, " OR ");
	pg_capture_add_is_ours(&c->sql, c, "n.xmin");
	buf_addstr(&c->sql, ") UNION SELECT l.relation "
			    "FROM pg_catalog.pg_locks l "
			    "WHERE l.pid = pg_backend_pid() AND l.granted "
			    "AND l.locktype = 'relation' "
			    "AND l.mode IN ('RowExclusiveLock', "
			    "'ExclusiveLock', 'AccessExclusiveLock') "
			    "AND l.relation >= 16384 ORDER BY 1");
	if (!e)
		e = pg_query_once(c->c, buf_str(&c->sql), &arg, 1, take_oid,
				  &o);
	for (size_t i = 0; i < o.n && !e; i++)
		e = take_touched(c, o.v[i], copy);
	if (!e)
		e = pg_capture_labels(c);
	free(o.v);
	return e;
}

static const char resolve_sql[] = PG_TABLE_FAMILY "SELECT oid FROM r";

struct err *pg_capture_resolve(struct pg_capture *c,
			       const struct sql_loss *loss, unsigned **oids,
			       size_t *n)
{
	const struct pg_table_family family = {
		loss->schema, loss->object, loss->only,
		loss->kind == SQL_LOSS_ALL_ROWS && loss->cascade
	};
	struct oids o = { NULL, 0, 0 };
	struct err *e =
		pg_table_family(c->c, resolve_sql, &family, take_oid, &o);

	*oids = o.v;
	*n = o.n;
	return e;
}
