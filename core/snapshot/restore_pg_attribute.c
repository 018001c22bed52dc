#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_locate.h"
#include "snapshot/restore_pg_type.h"

/*
 * Attributes that the migration added to a composite type go with ALTER TYPE,
 * and values stay where they are. What somebody has put into them since would
 * be lost: no snapshot has place for a part of a value.
 */

struct holder {
	const char *table, *column;
	char how; /* 'v' a value, 'a' an array of them, 'i' inside of others, 't'
		     a table of the type */
};

struct holders {
	struct restore_pg *r;
	struct holder *v;
	size_t n, cap;
};

static const char holders_sql[] =
	"WITH RECURSIVE y (oid, how) AS (SELECT %u::oid, 'v' UNION "
	"SELECT x.oid, CASE WHEN y.how = 'v' AND x.array THEN 'a' ELSE 'i' END "
	"FROM y, LATERAL (SELECT oid, typelem = y.oid AS array FROM pg_type "
	"WHERE typbasetype = y.oid OR (typelem = y.oid AND typlen = -1) "
	"UNION ALL SELECT c.reltype, false FROM pg_attribute a "
	"JOIN pg_class c ON c.oid = a.attrelid WHERE a.atttypid = y.oid "
	"AND NOT a.attisdropped AND c.reltype <> 0 "
	"UNION ALL SELECT rngtypid, false FROM pg_range "
	"WHERE rngsubtype = y.oid) x) "
	"SELECT c.oid::regclass, quote_ident(a.attname), min(y.how) FROM y "
	"JOIN pg_attribute a ON a.atttypid = y.oid "
	"JOIN pg_class c ON c.oid = a.attrelid WHERE a.attnum > 0 "
	"AND NOT a.attisdropped AND c.relkind = 'r' "
	"AND c.relpersistence <> 't' GROUP BY 1, 2 "
	"UNION ALL SELECT oid::regclass, NULL, 't' FROM pg_class "
	"WHERE reloftype = %u AND relkind = 'r' ORDER BY 1, 2";

static struct err *take_holder(void *payload, int n, const struct pg_cell *cell)
{
	struct holders *h = payload;
	struct arena *a = &h->r->arena;
	struct holder *one;

	(void)n;
	VEC_GROW(h->v, h->n, h->cap);
	one = &h->v[h->n++];
	one->table = arena_strdup(a, cell[0].s);
	one->column = cell[1].s ? arena_strdup(a, cell[1].s) : NULL;
	one->how = cell[2].s[0];
	return NULL;
}

/* "(t.c).x IS NOT NULL OR (t.c).y IS NOT NULL" */
static void add_given(struct buf *sql, const struct holder *h,
		      const char *const *names, size_t n)
{
	if (h->how == 'i') {
		buf_addf(sql, "t.%s IS NOT NULL", h->column);
		return;
	}
	if (h->how == 'a')
		buf_addf(sql, "EXISTS (SELECT FROM unnest(t.%s) u WHERE ",
			 h->column);
	for (size_t i = 0; i < n; i++) {
		buf_addstr(sql, i ? " OR " : "");
		if (h->how == 'v')
			buf_addf(sql, "(t.%s).%s", h->column, names[i]);
		else
			buf_addf(sql, "%c.%s", h->how == 'a' ? 'u' : 't',
				 names[i]);
		buf_addstr(sql, " IS NOT NULL");
	}
	if (h->how == 'a')
		buf_addch(sql, ')');
}

/* Lines name a row by what it prints with the attributes, and it loses those
 * before they go back. */
static bool is_told_by(const struct restore_pg *r,
		       const struct restore_pg_table *t, const char *column)
{
	const struct manifest_table *m = t->lines;

	for (size_t k = 0; k < m->n_keys; k++)
		if (streq_null(restore_pg_column_now(r, t, m->keys[k]), column))
			return true;
	for (size_t i = 0; i < m->n_columns && !m->n_keys; i++)
		if (streq_null(m->columns[i].after, column))
			return true;
	return false;
}

static struct err *check_lines(const struct restore_pg *r,
			       const struct holder *h, const char *type)
{
	for (size_t i = 0; i < r->n_tables && h->column; i++) {
		const struct restore_pg_table *t = &r->tables[i];

		if (t->lines && t->after && t->way != RESTORE_PG_REMOVE &&
		    streq(t->after, h->table) && is_told_by(r, t, h->column))
			return err_hint(
				err_new(ERR_REFUSED,
					"rows of %s are told by column %s, "
					"which has values of type %s; the "
					"migration added attributes to that",
					h->table, h->column, type),
				"nothing was changed; drop the attributes in a "
				"migration of its own");
	}
	return NULL;
}

static struct err *check_holder(struct restore_pg *r, const struct holder *h,
				const char *type, const char *const *names,
				size_t n)
{
	struct buf sql = BUF_INIT;
	int64_t rows = 0;
	struct err *err = check_lines(r, h, type);

	if (err)
		return err;
	add_given(&sql, h, names, n);
	err = restore_pg_exec(r, "LOCK TABLE ONLY %s IN SHARE MODE", h->table);
	if (!err)
		err = restore_pg_count(r, &rows,
				       "SELECT count(*) FROM ONLY %s t WHERE "
				       "%s",
				       h->table, buf_str(&sql));
	buf_release(&sql);
	if (err || !rows)
		return err;
	if (h->how != 'i') {
		restore_result_add(r->out, h->table, RESTORE_CHANGED,
				   (uint64_t)rows);
		return NULL;
	}
	return err_hint(err_new(ERR_REFUSED,
				"column %s of %s has values of type %s inside "
				"of others: whether they have something in the "
				"attributes that the migration added cannot be "
				"told",
				h->column, h->table, type),
			"nothing was changed; drop the attributes in a "
			"migration of its own");
}

static struct err *check_type(struct restore_pg *r,
			      const struct schema_object *is,
			      const char *const *names, size_t n)
{
	struct holders h = { .r = r };
	unsigned class_oid, oid;
	struct err *err;

	if (!schema_pg_locate(r->req->now, is, &class_oid, &oid))
		return NULL;
	err = restore_pg_ask(r, take_holder, &h, holders_sql, oid, oid);
	for (size_t i = 0; i < h.n && !err; i++)
		err = check_holder(r, &h.v[i], is->name, names, n);
	free(h.v);
	return err;
}

struct err *restore_pg_attributes(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_kept && !err; i++) {
		const struct restore_pg_kept *k = &r->kept[i];
		const char **names;
		size_t n;

		if (!restore_pg_added(&r->arena, k->likened, k->before, &names,
				      &n))
			continue;
		restore_pg_words_now(&k->words, names, n);
		err = check_type(r, k->now, names, n);
	}
	return err;
}
