#include "snapshot/restore_sqlite.h"

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * A unique index that rows keep from coming back. Its table is made anew with
 * that index alone, and gets its rows one by one, those of the snapshot first:
 * so SQLite itself says which have no place. With such rows the attempt is
 * undone in any case.
 */

#define TWINS "git_migrate_twins"

struct twins {
	struct restore *r;
	const struct restore_table *t; /**< NULL: no line is about it */
	const char *table;
	struct table_info info;
	sqlite3_stmt *has, *copy; /**< by key */
	bool found;
	struct buf key;
};

static struct err *remake_alone(struct twins *w,
				const struct schema_object *index)
{
	struct buf name = BUF_INIT;
	const char *sql;
	struct err *err = table_sql(w->r->db, &w->r->arena, w->table, &sql);

	if (err)
		return err;
	if (!sql)
		return err_new(ERR_STATE, "table %s is not there", w->table);
	sql_quote_name(&name, w->table);
	err = restore_exec(w->r, "ALTER TABLE main.%s RENAME TO " TWINS,
			   buf_str(&name));
	buf_release(&name);
	if (!err)
		err = restore_exec(w->r, "%s", sql);
	return err ? err : restore_exec(w->r, "%s", index->sql);
}

static void add_columns(struct buf *sql, const struct table_info *info)
{
	if (info->without_rowid) {
		table_add_columns(sql, info);
		return;
	}
	buf_addstr(sql, info->rowid);
	for (size_t i = 0; i < info->n_columns; i++) {
		buf_addstr(sql, ", ");
		sql_quote_name(sql, info->columns[i].name);
	}
}

static struct err *prepare(struct twins *w)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "SELECT 1 FROM main.");
	sql_quote_name(&sql, w->table);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &w->info, 1);
	err = table_prepare(w->r->db, buf_str(&sql), &w->has);
	buf_reset(&sql);
	buf_addstr(&sql, "INSERT INTO main.");
	sql_quote_name(&sql, w->table);
	buf_addstr(&sql, " (");
	add_columns(&sql, &w->info);
	buf_addstr(&sql, ") SELECT ");
	add_columns(&sql, &w->info);
	buf_addstr(&sql, " FROM main." TWINS " WHERE ");
	table_where_key(&sql, &w->info, 1);
	if (!err)
		err = table_prepare(w->r->db, buf_str(&sql), &w->copy);
	buf_release(&sql);
	return err;
}

static struct err *copy_row(struct twins *w, const struct change_key *key,
			    const struct restore_line *line)
{
	struct restore_unfit u = { w->table, &w->info, key, NULL,
				   RESTORE_NOT_UNIQUE };
	struct err *err = NULL;
	bool there;
	int rc;

	table_bind_key(w->has, 1, &w->info, key, &w->key, &err);
	there = !err && sqlite3_step(w->has) == SQLITE_ROW;
	sqlite3_reset(w->has);
	if (err || there)
		return err;
	table_bind_key(w->copy, 1, &w->info, key, &w->key, &err);
	if (err)
		return err;
	rc = sqlite3_step(w->copy);
	u.constraint = rc == SQLITE_DONE
			       ? NULL
			       : arena_strdup(&w->r->arena,
					      restore_constraint_of(w->r->db));
	sqlite3_reset(w->copy);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		w->found |= line ? restore_unfit_line(w->r, &u, line)
				 : restore_unfit(w->r, &u, false);
	else if (rc != SQLITE_DONE)
		err = target_sqlite_error(w->r->db, "write");
	return err;
}

static struct err *copy_lines(struct twins *w, char op)
{
	struct restore_lines lines;
	struct restore_line line;
	struct err *err;

	if (!w->t || !w->t->lines)
		return NULL;
	err = restore_lines_open(&lines, w->r, w->t);
	while (!err) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (line.op == op)
			err = copy_row(w, &line.key, &line);
	}
	restore_lines_close(&lines);
	return err;
}

static struct err *copy_others(struct twins *w)
{
	const struct table_fields f = { .table = &w->info, .name = TWINS };
	struct table_scan scan = { 0 };
	bool row = true;
	struct err *err = table_scan_open(&scan, w->r->db, &f, NULL);

	while (!err && row) {
		err = table_scan_next(&scan, &row);
		if (!err && row)
			err = copy_row(w, &scan.key, NULL);
	}
	table_scan_close(&scan);
	return err;
}

struct err *restore_twins(struct restore *r, const struct schema_object *index,
			  bool *found)
{
	struct twins w = { .r = r, .table = index->table };
	bool there = false;
	struct err *err = NULL;

	*found = false;
	if (!r->req->aside)
		return NULL;
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before &&
		    sql_same_name(SQL_SQLITE, r->tables[i].before, w.table)) {
			w.t = &r->tables[i];
			w.table = w.t->before;
		}
	err = table_info_read(&w.info, r->db, w.table, &there);
	if (err || !there)
		return err;
	err = remake_alone(&w, index);
	if (!err)
		err = prepare(&w);
	if (!err)
		err = copy_lines(&w, ROW_DELETED);
	if (!err)
		err = copy_lines(&w, ROW_UPDATED);
	if (!err)
		err = copy_others(&w);
	*found = w.found;
	sqlite3_finalize(w.has);
	sqlite3_finalize(w.copy);
	buf_release(&w.key);
	table_info_release(&w.info);
	return err_wrap(err, "%s", index->path);
}
