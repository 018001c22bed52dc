#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "snapshot/capture_pg.h"
#include "target/target_pg.h"

/*
 * A statement may take something from values of tables that it neither names
 * nor locks: an attribute of a composite type, a table that a regclass stands
 * for. Those columns are kept like columns that are dropped.
 */

/* ALTER TYPE ... ADD, DROP or ALTER ATTRIBUTE. */
static bool reshapes(const struct sql_statement *s)
{
	static const char word[] = " attribute ";

	if (s->verb != SQL_ALTER || !streq_null(s->detail, "type"))
		return false;
	for (size_t i = 0; i + strlen(word) < s->len; i++)
		if (strncasecmp(s->text + i, word, strlen(word)) == 0)
			return true;
	return false;
}

static struct err *count_written(struct pg_capture *c, unsigned oid,
				 int64_t *out)
{
	char number[16];
	struct pg_arg arg = pg_text(number);

	snprintf(number, sizeof(number), "%u", oid);
	return pg_query_int(c->c,
			    "SELECT pg_stat_get_xact_tuples_inserted($1::oid) "
			    "+ pg_stat_get_xact_tuples_updated($1::oid) "
			    "+ pg_stat_get_xact_tuples_deleted($1::oid)",
			    &arg, 1, out);
}

/* The old rows would be read in the new shape, which is not the one that has
 * to come back; the observer may not read them at all. */
struct err *pg_capture_check_shapes(struct pg_capture *c,
				    const struct pg_captured *t)
{
	int64_t n;
	struct err *e = count_written(c, t->was.oid, &n);

	if (e || n == t->n_written)
		return e;
	return err_hint(err_new(ERR_STATE,
				"rows of %s were written behind a change of "
				"the attributes of a type that it has values "
				"of",
				t->was.name),
			"put the statements that write them into a migration "
			"of their own");
}

/* Whatever has values of a type, also inside of others. */
#define HOLDERS                                                            \
	"WITH RECURSIVE y (oid) AS (SELECT $1::oid UNION SELECT x.oid "    \
	"FROM y, LATERAL (SELECT oid FROM pg_catalog.pg_type "             \
	"WHERE typbasetype = y.oid OR (typelem = y.oid AND typlen = -1) "  \
	"UNION ALL SELECT c.reltype FROM pg_catalog.pg_attribute a "       \
	"JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "                \
	"WHERE a.atttypid = y.oid AND NOT a.attisdropped "                 \
	"AND c.relkind IN ('c', 'r') AND c.relnamespace <> 11 "            \
	"UNION ALL SELECT rngtypid FROM pg_catalog.pg_range "              \
	"WHERE rngsubtype = y.oid) x) "                                    \
	"SELECT c.oid, a.attnum, c.oid::regclass, quote_ident(a.attname) " \
	"FROM pg_catalog.pg_attribute a "                                  \
	"JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "                \
	"WHERE a.atttypid IN (SELECT oid FROM y) AND c.relkind = 'r' "     \
	"AND c.relpersistence <> 't' AND c.oid >= 16384 AND a.attnum > 0 " \
	"AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY 1, 2"

struct holder {
	unsigned oid;
	int number;
	char *table, *column;
};

struct holders {
	struct holder *v;
	size_t n, cap;
};

static struct err *take_holder(void *payload, int n, const struct pg_cell *cell)
{
	struct holders *h = payload;
	struct holder *one;

	(void)n;
	VEC_GROW(h->v, h->n, h->cap);
	one = &h->v[h->n++];
	one->oid = (unsigned)strtoul(cell[0].s, NULL, 10);
	one->number = (int)strtol(cell[1].s, NULL, 10);
	one->table = xstrdup(cell[2].s);
	one->column = xstrdup(cell[3].s);
	return NULL;
}

static void holders_release(struct holders *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->v[i].table);
		free(h->v[i].column);
	}
	free(h->v);
}

static struct err *find_holders(struct pg_capture *c, const char *type,
				struct holders *out)
{
	struct pg_arg arg = pg_text(type);

	return pg_query(c->c, HOLDERS, &arg, 1, take_holder, out);
}

static void take_number(struct pg_captured *t, int number)
{
	for (size_t i = 0; i < t->was.n_columns; i++)
		if (t->was.columns[i].number == number)
			t->taken[i] = true;
}

/* Columns [from, to) of one table. */
static struct err *keep_columns(struct pg_capture *c, const struct holders *h,
				size_t from, size_t to)
{
	struct pg_captured *t;
	struct err *e = pg_capture_table(c, h->v[from].oid, &t);

	if (e || !t || !t->concerns || t->complete_whole || t->direct)
		return e;
	e = pg_capture_lock(c, &t, 1);
	for (size_t i = from; i < to; i++)
		take_number(t, h->v[i].number);
	pg_capture_forget_keys(t);
	return e ? e : pg_capture_copy(c, t, t->was.n_keys == 0);
}

static struct err *keep_holders(struct pg_capture *c, const struct holders *h)
{
	struct err *e = NULL;

	for (size_t i = 0, next; i < h->n && !e; i = next) {
		next = i + 1;
		while (next < h->n && h->v[next].oid == h->v[i].oid)
			next++;
		e = keep_columns(c, h, i, next);
	}
	return e;
}

static struct err *mark_reshaped(struct pg_capture *c, const struct holders *h)
{
	struct pg_captured *t;
	struct err *e = NULL;

	for (size_t i = 0; i < h->n && !e; i++) {
		e = pg_capture_table(c, h->v[i].oid, &t);
		if (e || !t || !t->concerns)
			continue;
		t->reshaped = true;
		e = count_written(c, t->was.oid, &t->n_written);
	}
	return e;
}

/* Its oid as text; "0" when there is none of that name. */
static struct err *find_type(struct pg_capture *c,
			     const struct sql_statement *s, char out[24])
{
	struct buf name = BUF_INIT;
	struct pg_arg arg;
	int64_t oid = 0;
	struct err *e;

	if (s->schema) {
		pg_add_name(&name, s->schema);
		buf_addch(&name, '.');
	}
	pg_add_name(&name, s->object ? s->object : "");
	arg = pg_text(buf_str(&name));
	e = pg_query_int(c->c, "SELECT to_regtype($1)::oid::bigint", &arg, 1,
			 &oid);
	snprintf(out, 24, "%lld", (long long)oid);
	buf_release(&name);
	return e;
}

/* Tables of the type lose the column. */
static struct err *add_typed(struct pg_capture *c, const char *type,
			     const struct sql_loss *loss, struct holders *out)
{
	struct pg_arg args[2] = { pg_text(type), pg_text(loss->column) };

	return pg_query(c->c,
			"SELECT c.oid, a.attnum, c.oid::regclass, "
			"quote_ident(a.attname) FROM pg_catalog.pg_class c "
			"JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
			"WHERE c.reloftype = $1::oid AND a.attname = $2 "
			"AND c.relkind = 'r'",
			args, 2, take_holder, out);
}

static struct err *keep_shapes(struct pg_capture *c,
			       const struct sql_statement *s)
{
	struct holders h = { NULL, 0, 0 }, gone = { NULL, 0, 0 };
	bool loses = false;
	char type[24];
	struct err *e = find_type(c, s, type);

	if (!e)
		e = find_holders(c, type, &h);
	for (size_t i = 0; i < s->n_losses && !e; i++) {
		if (s->losses[i].kind != SQL_LOSS_TYPE || !s->losses[i].column)
			continue;
		loses = true;
		e = add_typed(c, type, &s->losses[i], &gone);
	}
	if (!e && loses)
		e = keep_holders(c, &h);
	if (!e)
		e = keep_holders(c, &gone);
	if (!e)
		e = mark_reshaped(c, &h);
	holders_release(&h);
	holders_release(&gone);
	return e;
}

/* Some value stands for the table, be it inside of others: its name tells. */
static struct err *stands_for(struct pg_capture *c, const struct holder *h,
			      unsigned oid, bool *out)
{
	struct buf sql = BUF_INIT;
	int64_t found = 0;
	struct err *e;

	buf_addf(&sql,
		 "SELECT EXISTS (SELECT FROM ONLY %s WHERE strpos(%s::text, "
		 "(SELECT quote_ident(relname) FROM pg_catalog.pg_class "
		 "WHERE oid = %u)) > 0)::int",
		 h->table, h->column, oid);
	e = pg_query_int(c->c, buf_str(&sql), NULL, 0, &found);
	*out = found != 0;
	buf_release(&sql);
	return e;
}

static struct err *keep_names_of(struct pg_capture *c, unsigned oid,
				 const struct holders *h)
{
	struct err *e = NULL;

	for (size_t i = 0; i < h->n && !e; i++) {
		bool any;

		e = stands_for(c, &h->v[i], oid, &any);
		if (!e && any && h->v[i].oid != oid)
			e = keep_columns(c, h, i, i + 1);
	}
	return e;
}

static struct err *keep_names(struct pg_capture *c, const struct sql_loss *loss)
{
	struct holders h = { NULL, 0, 0 };
	unsigned *oids = NULL;
	size_t n = 0;
	struct err *e = find_holders(c, "2205", &h); /* regclass */

	if (!e && h.n)
		e = pg_capture_resolve(c, loss, &oids, &n);
	for (size_t i = 0; i < n && !e; i++)
		e = keep_names_of(c, oids[i], &h);
	free(oids);
	holders_release(&h);
	return e;
}

struct err *pg_capture_values(struct pg_capture *c,
			      const struct sql_statement *s)
{
	struct err *e = NULL;

	if (reshapes(s))
		return keep_shapes(c, s);
	for (size_t i = 0; i < s->n_losses && !e; i++)
		if (s->losses[i].kind == SQL_LOSS_TABLE)
			e = keep_names(c, &s->losses[i]);
	return e;
}
