#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "snapshot/estimate_ops.h"
#include "snapshot/pg_table.h"
#include "target/target_pg.h"

/*
 * Statistics may be old or missing, and pages may be mostly empty: some pages
 * of the table are read, and tell its rows and their bytes at once.
 */

#define SAMPLE_PAGES 400

/* Of a partitioned table so many are read, the rest is taken to be alike. */
#define SAMPLE_RELATIONS 32

#define TYPE_BYTEA 17

struct relation {
	unsigned oid;
	double pages; /* when they were last counted; 1 = perhaps never */
};

struct relations {
	struct relation *v;
	size_t n, cap;
};

static struct err *take_relation(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct relations *r = payload;
	struct relation *one;

	(void)n;
	VEC_GROW(r->v, r->n, r->cap);
	one = &r->v[r->n++];
	one->oid = (unsigned)strtoul(cell[0].s, NULL, 10);
	one->pages = strtod(cell[1].s, NULL);
	return NULL;
}

/* Asks catalogs only, so that nobody's lock is waited for. */
static const char resolve_sql[] =
	PG_TABLE_FAMILY "SELECT c.oid, greatest(c.relpages, 1) FROM r "
			"JOIN pg_catalog.pg_class c ON c.oid = r.oid "
			"WHERE c.relkind = 'r' AND c.relpersistence <> 't' "
			"ORDER BY c.relpages DESC, c.oid";

/* The tables of a schema or a role; what an extension has is its own. */
static const char many_sql[] =
	"SELECT c.oid, greatest(c.relpages, 1) FROM pg_catalog.pg_class c "
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
	"WHERE c.relkind = 'r' AND c.relpersistence <> 't' "
	"AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND CASE "
	"WHEN $2::boolean THEN n.nspname = $1 "
	"WHEN $1 = 'session_user' THEN "
	"pg_catalog.pg_get_userbyid(c.relowner) = session_user "
	"WHEN $1 IN ('current_user', 'current_role') THEN "
	"pg_catalog.pg_get_userbyid(c.relowner) = current_user "
	"ELSE pg_catalog.pg_get_userbyid(c.relowner) = $1 END "
	"ORDER BY c.relpages DESC, c.oid";

static struct err *resolve_many(struct pg_conn *c,
				const struct estimate_want *w,
				struct relations *out)
{
	struct pg_arg args[2] = { pg_text(w->object),
				  pg_text(w->of == ESTIMATE_SCHEMA ? "t"
								   : "f") };

	return pg_query(c, many_sql, args, 2, take_relation, out);
}

static struct err *resolve(struct pg_conn *c, const struct estimate_want *w,
			   struct relations *out)
{
	const struct pg_table_family family = { w->schema, w->object, w->only,
						w->referrer };

	if (w->of != ESTIMATE_TABLE)
		return resolve_many(c, w, out);
	return pg_table_family(c, resolve_sql, &family, take_relation, out);
}

/* --- the bytes of one row, as SQL --- */

/* The names are as catalogs have them, the column's as SQL needs it. */
static bool has(const char *const *names, size_t n, const struct pg_column *c)
{
	struct buf quoted = BUF_INIT;
	bool hit = false;

	for (size_t i = 0; i < n && !hit; i++) {
		buf_reset(&quoted);
		pg_add_name(&quoted, names[i]);
		hit = strcasecmp(names[i], c->name) == 0 ||
		      strcasecmp(buf_str(&quoted), c->name) == 0;
	}
	buf_release(&quoted);
	return hit;
}

static bool is_wanted(const struct estimate_want *w, const struct pg_column *c)
{
	return has(w->columns, w->n_columns, c);
}

/* Of a long value what is stored of it, compressed: it is not read. */
static void add_size(struct buf *sql, const struct pg_column *c)
{
	if (c->fixed)
		buf_addf(sql, " + octet_length(concat(%s))", c->name);
	else
		buf_addf(sql, " + %scoalesce(pg_column_size(%s), 0)",
			 c->type == TYPE_BYTEA ? "2 * " : "", c->name);
}

static void add_row_size(struct buf *sql, const struct estimate_want *w,
			 const struct pg_table *t)
{
	bool whole = w->whole || !t->n_keys;
	long fixed = ESTIMATE_LINE;

	for (size_t i = 0; i < t->n_columns; i++) {
		const struct pg_column *c = &t->columns[i];
		bool wanted = is_wanted(w, c);

		if (c->generated || has(w->gone, w->n_gone, c))
			continue;
		if (whole || wanted || c->key) {
			fixed += ESTIMATE_FIELD;
			fixed += !w->whole && wanted ? ESTIMATE_NEW : 0;
			add_size(sql, c);
		} else if (w->digests) {
			fixed += ESTIMATE_DIGEST;
		}
	}
	buf_addf(sql, " + %ld", fixed);
}

/* A column that is not there is one that the migration makes itself. */
static bool takes_any(const struct estimate_want *w, const struct pg_table *t)
{
	bool any = w->whole;

	for (size_t i = 0; i < t->n_columns; i++)
		any |= is_wanted(w, &t->columns[i]);
	return any;
}

/* --- the look --- */

struct found {
	double rows, bytes;
};

static struct err *take_found(void *payload, int n, const struct pg_cell *cell)
{
	struct found *f = payload;

	(void)n;
	f->rows = strtod(cell[0].s, NULL);
	f->bytes = strtod(cell[1].s, NULL);
	return NULL;
}

static struct err *read_pages(struct pg_conn *c, const struct estimate_want *w,
			      const struct pg_table *t, struct found *out)
{
	struct buf sql = BUF_INIT;
	struct pg_arg name = pg_text(t->name);
	int64_t pages = 0;
	double percent = 100;
	struct err *e;

	e = pg_query_int(c,
			 "SELECT pg_relation_size($1::text::regclass) / "
			 "current_setting('block_size')::int",
			 &name, 1, &pages);
	if (pages > SAMPLE_PAGES)
		percent = 100.0 * SAMPLE_PAGES / (double)pages;
	buf_addstr(&sql, "SELECT count(*), coalesce(sum(0");
	add_row_size(&sql, w, t);
	buf_addf(&sql,
		 "), 0) FROM ONLY %s TABLESAMPLE SYSTEM (%.10f) REPEATABLE (0)",
		 t->name, percent);
	if (!e && pages)
		e = pg_query_once(c, buf_str(&sql), NULL, 0, take_found, out);
	out->rows *= 100 / percent;
	out->bytes *= 100 / percent;
	buf_release(&sql);
	return e;
}

/* A plan is not worth waiting for somebody's lock, or for a slow disk. */
static struct err *look(struct pg_conn *c, const struct estimate_want *w,
			const struct pg_table *t, struct found *out)
{
	struct err *e;

	memset(out, 0, sizeof(*out));
	e = pg_exec(c, "BEGIN READ ONLY; SET LOCAL lock_timeout = '200ms'; "
		       "SET LOCAL statement_timeout = '3s'; "
		       "SET LOCAL row_security = off");
	if (!e)
		e = read_pages(c, w, t, out);
	if (e)
		memset(out, 0, sizeof(*out));
	pg_conn_hold(c, true);
	e = err_first(e, pg_exec(c, "ROLLBACK"));
	pg_conn_hold(c, false);
	return estimate_only_cancel(e);
}

static struct err *look_at(struct pg_conn *c, const char *journal,
			   const struct estimate_want *w, unsigned oid,
			   struct found *out)
{
	struct pg_table t;
	struct err *e;

	memset(out, 0, sizeof(*out));
	e = pg_table_read(c, journal, oid, &t);
	if (e)
		return e;
	if (t.oid && takes_any(w, &t))
		e = look(c, w, &t, out);
	pg_table_release(&t);
	return e;
}

/* What another statement of the same script takes already is not kept twice. */
static bool is_counted(struct map *seen, const struct estimate_want *w,
		       unsigned oid)
{
	char key[48];

	snprintf(key, sizeof(key), "%zu %u", w->script, oid);
	return map_put_number(seen, key, 1) != 0;
}

static struct err *estimate_one(struct target *t, struct estimate_want *w,
				struct map *seen)
{
	struct pg_conn *c = target_pg_conn(t);
	struct relations r = { NULL, 0, 0 };
	double read = 0, rest = 0;
	size_t n_read = 0;
	struct err *e = resolve(c, w, &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		struct found f;

		if (is_counted(seen, w, r.v[i].oid))
			continue;
		if (n_read++ >= SAMPLE_RELATIONS) {
			rest += r.v[i].pages;
			continue;
		}
		e = look_at(c, target_pg_journal(t), w, r.v[i].oid, &f);
		read += r.v[i].pages;
		w->rows += f.rows;
		w->bytes += f.bytes;
	}
	if (rest > 0 && read > 0) {
		w->rows *= 1 + rest / read;
		w->bytes *= 1 + rest / read;
	}
	free(r.v);
	return estimate_only_cancel(e);
}

struct err *estimate_pg(struct target *t, struct estimate_want *wants, size_t n)
{
	struct map seen = MAP_INIT;
	struct err *e = NULL;

	/* a question more would fail the transaction, or see too much */
	for (size_t i = 0; i < n && !e && !target_in_transaction(t); i++)
		e = estimate_one(t, &wants[i], &seen);
	map_release(&seen);
	return e;
}
