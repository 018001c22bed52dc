#include "snapshot/restore_sqlite.h"

#include <stdio.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * Rows that refer to one that goes, or has gone since, cannot be there
 * either. Those that referred to nothing before are left alone.
 */

#define BEFORE "temp.git_migrate_dangling"

static struct err *run(struct restore *r, const char *sql,
		       const struct restore_child *c)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db, sql, &stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, c->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, c->parent, -1, SQLITE_STATIC);
	/* a key to no unique column cannot be checked */
	sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return NULL;
}

struct err *restore_children_before(struct restore *r)
{
	struct err *err = NULL;

	if (!r->req->aside || !r->n_children)
		return NULL;
	err = restore_exec(r, "DROP TABLE IF EXISTS " BEFORE
			      "; CREATE TABLE " BEFORE " (child, parent, id)");
	for (size_t i = 0; i < r->n_children && !err; i++)
		err = run(r,
			  "INSERT INTO " BEFORE " SELECT ?1, ?2, rowid FROM "
			  "pragma_foreign_key_check(?1) WHERE lower(parent) = "
			  "lower(?2)",
			  &r->children[i]);
	return err;
}

static const struct restore_table *table_now(const struct restore *r,
					     const char *now)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].after &&
		    sql_same_name(SQL_SQLITE, r->tables[i].after, now))
			return &r->tables[i];
	return NULL;
}

/* Rows that come back, or get old values, may have referred to nothing. */
static struct err *list_lines(struct restore *r, const struct restore_table *t,
			      struct map *out)
{
	struct restore_lines lines;
	struct restore_line line;
	struct err *err;
	char key[24];

	if (!t || !t->lines || t->lines->n_keys)
		return NULL;
	err = restore_lines_open(&lines, r, t);
	while (!err) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		snprintf(key, sizeof(key), "%lld", (long long)line.key.i);
		if (line.op != ROW_INSERTED)
			map_put_number(out, key, 1);
	}
	restore_lines_close(&lines);
	return err;
}

static bool is_known(const struct map *lines, int64_t id)
{
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)id);
	return map_has(lines, key);
}

/* Those that refer to nothing now, and did not before. */
static struct err *find(struct restore *r, const struct restore_child *c,
			const struct restore_unfit *u, const struct map *lines,
			bool *found)
{
	sqlite3_stmt *stmt = NULL;
	struct change_key key = { 0 };
	struct restore_unfit row = *u;
	struct err *err = table_prepare(
		r->db,
		"SELECT DISTINCT rowid FROM pragma_foreign_key_check(?1) WHERE "
		"lower(parent) = lower(?2) AND rowid IS NOT NULL AND rowid NOT "
		"IN (SELECT id FROM " BEFORE " WHERE child = ?3 AND id IS NOT "
		"NULL)",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, u->table, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, c->parent, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, c->name, -1, SQLITE_STATIC);
	row.key = &key;
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		key.i = sqlite3_column_int64(stmt, 0);
		if (!is_known(lines, key.i))
			*found |= restore_unfit(r, &row,
						r->req->choice == RESTORE_KEEP);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

struct err *restore_children_after(struct restore *r,
				   const struct restore_child *c, bool *found)
{
	const struct restore_table *t = table_now(r, c->name);
	struct restore_unfit u = { .table = t ? t->before : c->name,
				   .what = RESTORE_ORPHANED };
	const struct restore_table *parent = table_now(r, c->parent);
	struct table_info info = { 0 };
	struct map lines = { 0 };
	bool there = false;
	struct err *err;

	*found = false;
	/* what referred to rows before they came cannot be told apart */
	if (!r->req->aside || !u.table ||
	    (parent && parent->lines && parent->lines->referrers))
		return NULL;
	u.constraint = arena_printf(&r->arena, "-> %s", c->parent);
	err = table_info_read(&info, r->db, u.table, &there);
	if (!err && there && !info.without_rowid) {
		u.info = &info;
		err = list_lines(r, t, &lines);
		if (!err)
			err = find(r, c, &u, &lines, found);
	}
	map_release(&lines);
	if (there)
		table_info_release(&info);
	return err;
}
