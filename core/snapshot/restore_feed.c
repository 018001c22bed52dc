#include "snapshot/restore_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * Many rows come back as one INSERT ... SELECT from a virtual table that reads
 * them where they are kept: one statement for all rows costs SQLite half of
 * what a statement for each of them does. https://sqlite.org/vtab.html
 */

/* SQLite lets go of it at its leisure: when the feed is gone already. */
struct feed_table {
	sqlite3_vtab base; /* must be first */
	struct restore_feed *feed;
};

struct feed_cursor {
	sqlite3_vtab_cursor base; /* must be first */
	struct restore_feed *feed;
	sqlite3_int64 n;
};

static struct feed_cursor *cursor_of(sqlite3_vtab_cursor *cur)
{
	return (struct feed_cursor *)(void *)cur;
}

static int feed_connect(sqlite3 *db, void *aux, int argc,
			const char *const *argv, sqlite3_vtab **out,
			char **message)
{
	struct feed_table *t = sqlite3_malloc(sizeof(*t));
	struct restore_feed *f = aux;
	struct buf sql = BUF_INIT;
	int rc;

	(void)argc;
	(void)argv;
	(void)message;
	if (!t)
		return SQLITE_NOMEM;
	memset(t, 0, sizeof(*t));
	t->feed = f;
	*out = &t->base;
	buf_addstr(&sql, "CREATE TABLE x (");
	for (size_t i = 0; i < f->n_fields; i++)
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

static int feed_disconnect(sqlite3_vtab *v)
{
	sqlite3_free(v);
	return SQLITE_OK;
}

static int feed_best(sqlite3_vtab *v, sqlite3_index_info *info)
{
	(void)v;
	info->estimatedCost = 1e6;
	return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *v, sqlite3_vtab_cursor **out)
{
	struct feed_cursor *c = xcalloc(1, sizeof(*c));

	c->feed = ((struct feed_table *)(void *)v)->feed;
	*out = &c->base;
	return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *cur)
{
	free(cursor_of(cur));
	return SQLITE_OK;
}

static int go(struct feed_cursor *c, struct err *(*fn)(struct restore_feed *f))
{
	struct err *err = fn(c->feed);

	c->n++;
	if (!err)
		return SQLITE_OK;
	c->feed->err = err_first(c->feed->err, err);
	return SQLITE_ERROR;
}

static int feed_next(sqlite3_vtab_cursor *cur)
{
	return go(cursor_of(cur), cursor_of(cur)->feed->next);
}

static int feed_filter(sqlite3_vtab_cursor *cur, int plan, const char *name,
		       int argc, sqlite3_value **argv)
{
	(void)plan;
	(void)name;
	(void)argc;
	(void)argv;
	return go(cursor_of(cur), cursor_of(cur)->feed->start);
}

static int feed_eof(sqlite3_vtab_cursor *cur)
{
	return cursor_of(cur)->feed->at_end;
}

static int feed_column(sqlite3_vtab_cursor *cur, sqlite3_context *out, int i)
{
	table_result(out, &cursor_of(cur)->feed->values[i]);
	return SQLITE_OK;
}

static int feed_rowid(sqlite3_vtab_cursor *cur, sqlite3_int64 *out)
{
	*out = cursor_of(cur)->n;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = feed_connect, /* no xCreate: it exists by its name alone */
	.xBestIndex = feed_best,
	.xDisconnect = feed_disconnect,
	.xDestroy = feed_disconnect,
	.xOpen = feed_open,
	.xClose = feed_close,
	.xFilter = feed_filter,
	.xNext = feed_next,
	.xEof = feed_eof,
	.xColumn = feed_column,
	.xRowid = feed_rowid,
};

struct err *restore_feed_run(struct restore *r, struct restore_feed *f,
			     const char *sql, int *code)
{
	struct err *err = NULL;

	if (sqlite3_create_module(r->db, "git_migrate_lines", &module, f) !=
		    SQLITE_OK ||
	    sqlite3_exec(r->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		err = target_sqlite_error(r->db, "write");
	*code = err ? sqlite3_extended_errcode(r->db) : SQLITE_OK;
	err = err_first(f->err, err);
	f->err = NULL;
	sqlite3_create_module(r->db, "git_migrate_lines", NULL, NULL);
	return err;
}
