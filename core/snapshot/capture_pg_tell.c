#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"

/*
 * Where DDL takes columns from every row, digests of some others stand beside
 * them: by these a rollback tells a row from a later one that was given its
 * key. docs/snapshots.md, "What is kept of a SQLite migration", "PostgreSQL".
 */

/* Each costs a COPY of its values: enough that half of them tell a row. */
#define TELLING_MAX 3

/*
 * Columns whose values print alike as long as nobody writes them (labels of an
 * enum, names behind a regclass may get other words), and are short: those that
 * tell rows apart best come first.
 */
static const char telling_sql[] =
	"SELECT a.attnum FROM pg_catalog.pg_attribute a "
	"JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
	"JOIN pg_catalog.pg_type y ON y.oid = a.atttypid "
	"LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname "
	"AND s.tablename = c.relname AND s.attname = a.attname "
	"AND NOT s.inherited "
	"WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped "
	"AND y.typtype = 'b' AND y.typname NOT LIKE 'reg%' "
	"AND (y.typcategory <> 'A' OR y.typnamespace = 11) "
	"AND (a.attlen > 0 OR coalesce(s.avg_width, 0) <= 128) "
	"ORDER BY EXISTS (SELECT FROM pg_catalog.pg_index i "
	"WHERE i.indrelid = c.oid AND i.indisunique AND i.indnkeyatts = 1 "
	"AND i.indkey[0] = a.attnum) DESC, CASE WHEN s.n_distinct < 0 "
	"THEN s.n_distinct * -c.reltuples ELSE s.n_distinct END "
	"DESC NULLS LAST, y.typname = 'bool', a.attnum";

struct telling {
	struct pg_captured *t;
	size_t n;
};

static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	struct telling *p = payload;
	struct pg_captured *t = p->t;
	int number = (int)strtol(cell[0].s, NULL, 10);

	(void)n;
	for (size_t i = 0; i < t->was.n_columns && p->n < TELLING_MAX; i++)
		if (t->was.columns[i].number == number &&
		    pg_captured_is_field(t, i) && !t->taken[i]) {
			t->told[i] = true;
			p->n++;
		}
	return NULL;
}

struct err *pg_capture_tell(struct pg_capture *c, struct pg_captured *t)
{
	struct telling p = { .t = t };
	char oid[16];
	struct pg_arg arg = pg_text(oid);

	if (!t->was.n_keys)
		return NULL;
	snprintf(oid, sizeof(oid), "%u", t->was.oid);
	return pg_query(c->c, telling_sql, &arg, 1, take, &p);
}

bool pg_captured_is_field(const struct pg_captured *t, size_t column)
{
	const struct pg_column *c = &t->was.columns[column];

	return !c->generated && !(t->was.n_keys && c->key);
}

size_t pg_captured_fields(const struct pg_captured *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->was.n_columns; i++)
		n += pg_captured_is_field(t, i);
	return n;
}

bool pg_captured_is_listed(const struct pg_captured *t, size_t column)
{
	return pg_captured_is_field(t, column) &&
	       (t->whole || t->observed || t->complete_whole ||
		t->taken[column] || t->told[column]);
}
