#include "snapshot/restore_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * A dropped table comes back as one INSERT ... SELECT from a virtual table
 * that reads the snapshot's lines: one statement for all rows costs SQLite
 * half of what a statement for each of them does.
 * https://sqlite.org/vtab.html
 */

struct bulk {
	struct restore *r;
	const struct restore_table *t;
	size_t n_keys, n_fields; /* n_fields counts the keys too */
	struct err *err;         /* why a row could not be read */
};

/* SQLite lets go of it at its leisure: when the bulk is gone already. */
struct bulk_table {
	sqlite3_vtab base; /* must be first */
	struct bulk *bulk;
};

struct bulk_cursor {
	sqlite3_vtab_cursor base; /* must be first */
	struct bulk *bulk;
	struct restore_lines lines;
	struct restore_line line;
	struct row_value *values;
	struct buf scratch;
	sqlite3_int64 n;
	bool opened;
};

static int fail(struct bulk *b, struct err *err)
{
	b->err = err_first(b->err, err);
	return SQLITE_ERROR;
}

static int bulk_connect(sqlite3 *db, void *aux, int argc,
			const char *const *argv, sqlite3_vtab **out,
			char **message)
{
	struct bulk_table *t = sqlite3_malloc(sizeof(*t));
	struct bulk *b = aux;
	struct buf sql = BUF_INIT;
	int rc;

	(void)argc;
	(void)argv;
	(void)message;
	if (!t)
		return SQLITE_NOMEM;
	memset(t, 0, sizeof(*t));
	t->bulk = b;
	*out = &t->base;
	buf_addstr(&sql, "CREATE TABLE x (");
	for (size_t i = 0; i < b->n_fields; i++)
		buf_addf(&sql, i ? ", f%zu" : "f%zu", i);
	buf_addch(&sql, ')');
	rc = sqlite3_declare_vtab(db, buf_str(&sql));
	buf_release(&sql);
	if (rc != SQLITE_OK) {
		sqlite3_free(t);
		*out = NULL;
	}
	return rc;
}

static int bulk_disconnect(sqlite3_vtab *v)
{
	sqlite3_free(v);
	return SQLITE_OK;
}

static int bulk_best(sqlite3_vtab *v, sqlite3_index_info *info)
{
	(void)v;
	info->estimatedCost = 1e6;
	return SQLITE_OK;
}

static int bulk_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	struct bulk_cursor *c = xcalloc(1, sizeof(*c));

	c->bulk = ((struct bulk_table *)(void *)v)->bulk;
	c->values = xcalloc(c->bulk->n_fields + 1, sizeof(*c->values));
	*out = &c->base;
	return SQLITE_OK;
}

static int bulk_close(sqlite3_vtab_cursor *cur)
{
	struct bulk_cursor *c = (struct bulk_cursor *)(void *)cur;

	if (c->opened)
		restore_lines_close(&c->lines);
	buf_release(&c->scratch);
	free(c->values);
	free(c);
	return SQLITE_OK;
}

static struct err *read_row(struct bulk *b, struct bulk_cursor *c)
{
	const char *p = c->line.key.s ? c->line.key.s : c->line.fields;
	size_t i = 0;

	buf_reset(&c->scratch);
	buf_reserve(&c->scratch, (size_t)(c->line.end - p));
	if (!c->line.key.s) {
		c->values[i].type = ROW_INT;
		c->values[i++].i = c->line.key.i;
	}
	for (; i < b->n_fields; i++) {
		struct err *err =
			row_parse(&p, c->line.end, &c->values[i], &c->scratch);

		if (err)
			return err;
	}
	b->r->out->restored++;
	return NULL;
}

static int bulk_next(sqlite3_vtab_cursor *cur)
{
	struct bulk_cursor *c = (struct bulk_cursor *)(void *)cur;
	struct bulk *b = c->bulk;
	struct err *err = restore_lines_next(&c->lines, &c->line);

	if (!err && c->line.op)
		err = read_row(b, c);
	c->n++;
	return err ? fail(b, err) : SQLITE_OK;
}

static int bulk_filter(sqlite3_vtab_cursor *cur, int plan, const char *name,
		       int argc, sqlite3_value **argv)
{
	struct bulk_cursor *c = (struct bulk_cursor *)(void *)cur;
	struct bulk *b = c->bulk;
	struct err *err = restore_lines_open(&c->lines, b->r, b->t->lines);

	(void)plan;
	(void)name;
	(void)argc;
	(void)argv;
	c->opened = true;
	return err ? fail(b, err) : bulk_next(cur);
}

static int bulk_eof(sqlite3_vtab_cursor *cur)
{
	return !((struct bulk_cursor *)(void *)cur)->line.op;
}

static int bulk_column(sqlite3_vtab_cursor *cur, sqlite3_context *out, int i)
{
	table_result(out, &((struct bulk_cursor *)(void *)cur)->values[i]);
	return SQLITE_OK;
}

static int bulk_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *out)
{
	*out = ((struct bulk_cursor *)(void *)cur)->n;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = bulk_connect, /* no xCreate: it exists by its name alone */
	.xBestIndex = bulk_best,
	.xDisconnect = bulk_disconnect,
	.xDestroy = bulk_disconnect,
	.xOpen = bulk_open,
	.xClose = bulk_close,
	.xFilter = bulk_filter,
	.xNext = bulk_next,
	.xEof = bulk_eof,
	.xColumn = bulk_column,
	.xRowid = bulk_rowid,
};

/* A key that is a column as well comes from there: it is kept exactly. */
static bool is_key_only(const struct table_info *info, size_t k)
{
	return !info->without_rowid ||
	       table_info_column(info, info->keys[k]) < 0;
}

static void add_insert(struct buf *sql, const struct table_info *info,
		       const struct manifest_table *m, size_t n_keys)
{
	const char *comma = "";

	buf_addstr(sql, "INSERT INTO main.");
	sql_quote_name(sql, info->name);
	buf_addstr(sql, " (");
	for (size_t k = 0; k < n_keys; k++) {
		if (!is_key_only(info, k))
			continue;
		buf_addstr(sql, comma);
		comma = ", ";
		if (info->without_rowid)
			sql_quote_name(sql, info->keys[k]);
		else
			buf_addstr(sql, info->rowid);
	}
	for (size_t i = 0; i < m->n_columns; i++) {
		buf_addstr(sql, comma);
		comma = ", ";
		sql_quote_name(sql, m->columns[i].before);
	}
	buf_addstr(sql, ") SELECT ");
	comma = "";
	for (size_t i = 0; i < n_keys + m->n_columns; i++) {
		if (i < n_keys && !is_key_only(info, i))
			continue;
		buf_addf(sql, "%sf%zu", comma, i);
		comma = ", ";
	}
	buf_addstr(sql, " FROM git_migrate_lines");
}

struct err *restore_bulk(struct restore *r, const struct restore_table *t,
			 const struct table_info *info)
{
	size_t n_keys = info->without_rowid ? info->n_keys : 1;
	struct bulk b = { .r = r,
			  .t = t,
			  .n_keys = n_keys,
			  .n_fields = n_keys + t->lines->n_columns };
	struct buf sql = BUF_INIT;
	struct err *err = NULL;

	add_insert(&sql, info, t->lines, n_keys);
	if (sqlite3_create_module(r->db, "git_migrate_lines", &module, &b) !=
		    SQLITE_OK ||
	    sqlite3_exec(r->db, buf_str(&sql), NULL, NULL, NULL) != SQLITE_OK)
		err = target_sqlite_error(r->db, "write");
	err = err_first(b.err, err);
	sqlite3_create_module(r->db, "git_migrate_lines", NULL, NULL);
	buf_release(&sql);
	return err;
}
