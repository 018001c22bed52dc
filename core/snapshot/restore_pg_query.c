#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/* Statements, and what a table looks like. */

/* Enough of a statement to know it by. */
static struct err *say(struct err *err, const char *sql)
{
	return err_wrap(err, "%.*s", 200, sql);
}

struct err *restore_pg_exec(struct restore_pg *r, const char *fmt, ...)
{
	struct buf sql = BUF_INIT;
	struct err *err;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&sql, fmt, ap);
	va_end(ap);
	err = say(pg_exec(r->c, buf_str(&sql)), buf_str(&sql));
	buf_release(&sql);
	return err;
}

struct err *restore_pg_temporary(struct restore_pg *r, const char *name,
				 const char *definition)
{
	struct buf drop = BUF_INIT, make = BUF_INIT;
	const char *sql[2];
	struct err *err;

	buf_addf(&drop, "DROP TABLE IF EXISTS pg_temp.%s", name);
	if (definition)
		buf_addf(&make, "CREATE TEMPORARY TABLE %s %s", name,
			 definition);
	sql[0] = buf_str(&drop);
	sql[1] = buf_str(&make);
	err = say(target_pg_own(r->req->target, sql, definition ? 2 : 1),
		  definition ? sql[1] : sql[0]);
	buf_release(&drop);
	buf_release(&make);
	return err;
}

PRINTF_LIKE(4, 0)
static struct err *ask(struct restore_pg *r, pg_row_fn row, void *payload,
		       const char *fmt, va_list ap)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_vaddf(&sql, fmt, ap);
	err = say(pg_query_once(r->c, buf_str(&sql), NULL, 0, row, payload),
		  buf_str(&sql));
	buf_release(&sql);
	return err;
}

struct err *restore_pg_ask(struct restore_pg *r, pg_row_fn row, void *payload,
			   const char *fmt, ...)
{
	struct err *err;
	va_list ap;

	va_start(ap, fmt);
	err = ask(r, row, payload, fmt, ap);
	va_end(ap);
	return err;
}

static struct err *take_number(void *payload, int n, const struct pg_cell *cell)
{
	int64_t *out = payload;

	(void)n;
	*out = cell[0].s ? strtoll(cell[0].s, NULL, 10) : 0;
	return NULL;
}

struct err *restore_pg_count(struct restore_pg *r, int64_t *out,
			     const char *fmt, ...)
{
	struct err *err;
	va_list ap;

	*out = 0;
	va_start(ap, fmt);
	err = ask(r, take_number, out, fmt, ap);
	va_end(ap);
	return err;
}

static bool is_listed(const struct err *err, const char *codes)
{
	const char *code = err_code_of(err);

	if (err_class_of(err) == ERR_CANCELLED || !code)
		return false;
	return !codes || strstr(codes, code);
}

struct err *restore_pg_try(struct restore_pg *r, const char *sql,
			   const char *codes, bool *refused, struct err **why)
{
	struct err *err = pg_exec(r->c, "SAVEPOINT git_migrate_try"), *undo;

	*refused = false;
	if (err)
		return err;
	err = say(pg_exec(r->c, sql), sql);
	if (!err)
		return pg_exec(r->c, "RELEASE SAVEPOINT git_migrate_try");
	if (!pg_conn_is_alive(r->c) || !is_listed(err, codes))
		return err;
	undo = pg_exec(r->c, "ROLLBACK TO SAVEPOINT git_migrate_try; "
			     "RELEASE SAVEPOINT git_migrate_try");
	if (undo)
		return err_first(err, undo);
	*refused = true;
	if (why)
		*why = err;
	else
		err_free(err);
	return NULL;
}

/*
 * Columns, and by `place` those of the key: the primary key, else the first by
 * name of the unique indexes that have a value in every row and are checked at
 * once. docs/snapshots.md, "Keys".
 */
static const char relation_sql[] =
	"SELECT c.relkind, quote_ident(a.attname),"
	" format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',"
	" a.attnotnull, (SELECT pg_get_expr(d.adbin, d.adrelid)"
	" FROM pg_attrdef d WHERE d.adrelid = c.oid AND d.adnum = a.attnum"
	" AND a.attgenerated = ''), k.place, a.atttypid IN (20, 21, 23),"
	" a.atttypid < 16384, EXISTS (SELECT FROM pg_index s"
	" WHERE s.indrelid = c.oid AND s.indkey[0] = a.attnum"
	" AND s.indnkeyatts = 1 AND s.indisunique AND s.indisvalid"
	" AND s.indpred IS NULL)"
	" FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid"
	" AND a.attnum > 0 AND NOT a.attisdropped"
	" LEFT JOIN LATERAL (SELECT i.indkey, i.indnkeyatts FROM pg_index i"
	" JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid"
	" AND i.indisunique AND i.indimmediate AND i.indisvalid"
	" AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS ("
	"SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS x (num, at)"
	" JOIN pg_attribute ka ON ka.attrelid = c.oid AND ka.attnum = x.num"
	" WHERE x.at <= i.indnkeyatts AND NOT ka.attnotnull)"
	" ORDER BY NOT i.indisprimary, ic.relname LIMIT 1) u ON true"
	" LEFT JOIN LATERAL (SELECT x.at AS place FROM unnest("
	"u.indkey::int2[]) WITH ORDINALITY AS x (num, at)"
	" WHERE x.num = a.attnum AND x.at <= u.indnkeyatts) k ON true"
	" WHERE c.oid = to_regclass($1) ORDER BY a.attnum";

struct relation_reader {
	struct restore_pg *r;
	struct restore_pg_relation *out;
	size_t cap;
};

static struct err *take_column(void *payload, int n, const struct pg_cell *cell)
{
	struct relation_reader *reader = payload;
	struct restore_pg_relation *out = reader->out;
	struct arena *a = &reader->r->arena;
	struct restore_pg_column *col;
	size_t place;

	(void)n;
	out->kind = cell[0].s[0];
	if (!cell[1].s)
		return NULL;
	VEC_GROW(out->columns, out->n_columns, reader->cap);
	col = &out->columns[out->n_columns++];
	col->name = arena_strdup(a, cell[1].s);
	col->type = arena_strdup(a, cell[2].s);
	col->generated = cell[3].s[0] == 't';
	col->not_null = cell[4].s[0] == 't';
	col->default_sql = cell[5].s ? arena_strdup(a, cell[5].s) : NULL;
	col->builtin = cell[8].s[0] == 't';
	col->unique = cell[9].s[0] == 't';
	col->key = cell[6].s != NULL;
	if (!col->key)
		return NULL;
	place = strtoul(cell[6].s, NULL, 10);
	out->keys[place - 1] = col->name;
	out->n_keys = place > out->n_keys ? place : out->n_keys;
	out->int_key = cell[7].s[0] == 't';
	return NULL;
}

static struct err *read_relation(struct restore_pg *r, const char *name,
				 struct restore_pg_relation *out)
{
	struct relation_reader reader = { .r = r, .out = out };
	struct pg_arg arg = pg_text(name);
	struct restore_pg_column *columns;
	struct err *err;

	memset(out, 0, sizeof(*out));
	out->name = name;
	out->keys = arena_array(&r->arena, 32, sizeof(*out->keys));
	err = pg_query(r->c, relation_sql, &arg, 1, take_column, &reader);
	columns = arena_array(&r->arena, out->n_columns + 1, sizeof(*columns));
	if (out->n_columns)
		memcpy(columns, out->columns,
		       out->n_columns * sizeof(*columns));
	free(out->columns);
	out->columns = columns;
	out->int_key &= out->n_keys == 1;
	return err;
}

struct err *restore_pg_relation(struct restore_pg *r, const char *name,
				struct restore_pg_relation *out)
{
	/* an attempt that looks drops constraints, and keys with them */
	bool stays = r->only_rows && !r->look;
	struct restore_pg_relation *known =
		stays ? map_get(&r->relations, name) : NULL;
	struct err *err = NULL;

	if (known)
		*out = *known;
	else
		err = read_relation(r, name, out);
	if (!err && stays && !known) {
		known = arena_alloc(&r->arena, sizeof(*known));
		*known = *out;
		map_put(&r->relations, arena_strdup(&r->arena, name), known);
	}
	out->name = name;
	return err;
}

const struct restore_pg_column *restore_pg_column(
	const struct restore_pg_relation *rel, const char *name)
{
	for (size_t i = 0; name && i < rel->n_columns; i++)
		if (streq(rel->columns[i].name, name))
			return &rel->columns[i];
	return NULL;
}

static bool is_rename_of(const struct schema_rename *n,
			 const struct restore_pg_table *t, const char *column)
{
	return n->column && streq(n->column, column) &&
	       (streq(n->table, t->before) ||
		(t->old && streq(n->table, t->old->name)));
}

const char *restore_pg_column_now(const struct restore_pg *r,
				  const struct restore_pg_table *t,
				  const char *before)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; t->lines && i < t->lines->n_columns; i++)
		if (streq(t->lines->columns[i].before, before))
			return t->lines->columns[i].after;
	for (size_t i = 0; i < d->n_renames; i++)
		if (is_rename_of(&d->renames[i], t, before))
			return d->renames[i].to;
	return before;
}

struct err *restore_pg_own_path(struct restore_pg *r, bool on)
{
	return restore_pg_exec(
		r, "%s",
		on ? "SELECT set_config('search_path', reset_val, true) FROM "
		     "pg_settings WHERE name = 'search_path'"
		   : "SET LOCAL search_path = ''");
}
