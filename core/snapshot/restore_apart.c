#include "snapshot/restore_sqlite.h"

#include "base/map.h"
#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * An immediate UNIQUE constraint sees each row alone, so values that only
 * change places cannot be set one by one. Then the rows go to a temporary
 * table, are given their old values there, and come back together.
 */

/* A table without affinities or constraints, so that values stay as is. */
static struct err *make_saved(struct restore_writer *w)
{
	const struct table_info *t = &w->info;
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "DROP TABLE IF EXISTS " RESTORE_SAVED
			 "; CREATE TABLE " RESTORE_SAVED " (");
	if (t->without_rowid) {
		table_add_columns(&sql, t);
	} else {
		if (t->rowid_column)
			sql_quote_name(&sql, t->rowid_column);
		else
			buf_addstr(&sql, "git_migrate_rowid");
		buf_addstr(&sql, " INTEGER PRIMARY KEY");
		for (size_t i = 0; i < t->n_columns; i++) {
			buf_addstr(&sql, ", ");
			sql_quote_name(&sql, t->columns[i].name);
		}
	}
	buf_addch(&sql, ')');
	err = restore_exec(w->r, "%s", buf_str(&sql));
	if (!err && t->without_rowid) {
		buf_reset(&sql);
		buf_addstr(&sql, "CREATE INDEX temp.git_migrate_saved_key ON "
				 "git_migrate_saved (");
		for (size_t k = 0; k < t->n_keys; k++) {
			if (k)
				buf_addstr(&sql, ", ");
			sql_quote_name(&sql, t->keys[k]);
		}
		buf_addch(&sql, ')');
		err = restore_exec(w->r, "%s", buf_str(&sql));
	}
	buf_release(&sql);
	return err;
}

static struct err *save_row(struct restore_writer *w,
			    const struct restore_line *line)
{
	sqlite3_stmt *stmt = map_get(&w->updates, "save");
	struct err *err = NULL;

	if (!stmt) {
		struct buf sql = BUF_INIT;

		buf_addstr(&sql, "INSERT INTO " RESTORE_SAVED " SELECT ");
		table_add_columns(&sql, &w->info);
		buf_addstr(&sql, " FROM ");
		restore_add_target(&sql, w);
		buf_addstr(&sql, " WHERE ");
		table_where_key(&sql, &w->info, 1);
		err = table_prepare(w->r->db, buf_str(&sql), &stmt);
		buf_release(&sql);
		if (err)
			return err;
		map_put(&w->updates, "save", stmt);
	}
	table_bind_key(stmt, 1, &w->info, &line->key, &w->key, &err);
	if (!err)
		err = restore_run_one(w, stmt);
	if (!err)
		err = restore_remove_row(w, line);
	w->r->out->removed--;
	return err;
}

/* INSERT of what was saved: all of it, or the row of one key. */
static void add_return(struct buf *sql, const struct restore_writer *w,
		       const char *verb, bool one)
{
	buf_addf(sql, "%s INTO ", verb);
	restore_add_target(sql, w);
	buf_addstr(sql, " (");
	table_add_columns(sql, &w->info);
	buf_addstr(sql, ") SELECT ");
	table_add_columns(sql, &w->info);
	buf_addstr(sql, " FROM " RESTORE_SAVED);
	if (one) {
		buf_addstr(sql, " WHERE ");
		table_where_key(sql, &w->info, 1);
	}
}

static struct err *prepare_return(struct restore_writer *w, const char *verb,
				  sqlite3_stmt **out)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	add_return(&sql, w, verb, true);
	err = table_prepare(w->r->db, buf_str(&sql), out);
	buf_release(&sql);
	return err;
}

static struct err *return_row(struct restore_writer *w,
			      const struct restore_line *line)
{
	struct restore_broken broken;
	struct err *err = NULL;

	table_bind_key(w->back, 1, &w->info, &line->key, &w->key, &err);
	if (!err)
		err = restore_run_one(w, w->back);
	if (!err || !restore_broken_read(&broken, w))
		return err;
	err_free(err);
	err = NULL;
	table_bind_key(w->back_over, 1, &w->info, &line->key, &w->key, &err);
	if (!err)
		restore_taken(w, line, &broken, w->back_over);
	return err;
}

static struct err *return_rows(struct restore_writer *w)
{
	struct buf sql = BUF_INIT;
	struct restore_broken broken;
	struct err *err;

	add_return(&sql, w, "INSERT", false);
	err = restore_exec(w->r, "%s", buf_str(&sql));
	buf_release(&sql);
	if (!err || !restore_broken_read(&broken, w))
		return err;
	err_free(err);
	err = prepare_return(w, "INSERT", &w->back);
	if (!err)
		err = prepare_return(w, "INSERT OR REPLACE", &w->back_over);
	if (!err)
		err = restore_each_line(w, ROW_UPDATED, return_row);
	sqlite3_finalize(w->back);
	sqlite3_finalize(w->back_over);
	w->back = w->back_over = NULL;
	return err;
}

struct err *restore_apart(struct restore_writer *w)
{
	struct err *err = make_saved(w);

	if (!err)
		err = restore_each_line(w, ROW_UPDATED, save_row);
	restore_forget_updates(w);
	w->apart = true;
	if (!err)
		err = restore_each_line(w, ROW_UPDATED, restore_update_row);
	restore_forget_updates(w);
	w->apart = false;
	if (!err)
		err = return_rows(w);
	if (!err)
		err = restore_exec(w->r, "DROP TABLE " RESTORE_SAVED);
	return err;
}
