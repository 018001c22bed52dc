#include "snapshot/restore_sqlite.h"

#include "base/util.h"
#include "target/target_sqlite.h"

/* A table made anew, filled from what stands aside and from its lines. */

static void kept_columns(struct restore_writer *w,
			 const struct table_info *aside,
			 struct restore_kept *out)
{
	struct restore *r = w->r;

	out->n = 0;
	out->now = arena_array(&r->arena, w->info.n_columns + 1,
			       sizeof(*out->now));
	out->then = arena_array(&r->arena, w->info.n_columns + 1,
				sizeof(*out->then));
	for (size_t i = 0; i < w->info.n_columns; i++) {
		const char *then = w->info.columns[i].name;
		const char *now = restore_column_now(r, w->t, then);

		if (!now || !table_info_has(aside, now))
			continue;
		out->now[out->n] = now;
		out->then[out->n++] = then;
	}
}

static bool is_kept(const struct restore_kept *kept, const char *then)
{
	for (size_t i = 0; i < kept->n; i++)
		if (streq(kept->then[i], then))
			return true;
	return false;
}

/* INSERT INTO the new form SELECT from the old one: all rows, or one. */
static void add_copy(struct buf *sql, const struct restore_writer *w,
		     const struct table_info *aside,
		     const struct restore_kept *kept, bool one)
{
	size_t n = !w->info.without_rowid;

	buf_addstr(sql, "INSERT INTO main.");
	sql_quote_name(sql, w->info.name);
	buf_addstr(sql, " (");
	if (!w->info.without_rowid)
		buf_addstr(sql, w->info.rowid);
	for (size_t k = 0; w->info.without_rowid && k < w->info.n_keys; k++) {
		if (is_kept(kept, w->info.keys[k]))
			continue;
		buf_addstr(sql, n++ ? ", " : "");
		sql_quote_name(sql, w->info.keys[k]);
	}
	for (size_t i = 0; i < kept->n; i++) {
		buf_addstr(sql, n++ ? ", " : "");
		sql_quote_name(sql, kept->then[i]);
	}
	buf_addstr(sql, ") SELECT ");
	n = !w->info.without_rowid;
	if (!w->info.without_rowid)
		buf_addstr(sql, aside->without_rowid ? "NULL" : aside->rowid);
	for (size_t k = 0; w->info.without_rowid && k < w->info.n_keys; k++) {
		const char *now =
			restore_column_now(w->r, w->t, w->info.keys[k]);

		if (is_kept(kept, w->info.keys[k]))
			continue;
		buf_addstr(sql, n++ ? ", " : "");
		sql_quote_name(sql, now ? now : w->info.keys[k]);
	}
	for (size_t i = 0; i < kept->n; i++) {
		buf_addstr(sql, n++ ? ", " : "");
		sql_quote_name(sql, kept->now[i]);
	}
	buf_addf(sql, " FROM main.%s", w->t->aside);
	if (one) {
		buf_addstr(sql, " WHERE ");
		table_where_key(sql, aside, 1);
	} else if (!aside->without_rowid) {
		buf_addf(sql, " ORDER BY %s", aside->rowid);
	}
}

/* A row that the old form does not take: no choice settles it.
 * @param line NULL: no line is about it */
static void kept_out(struct restore_writer *w, const struct table_info *info,
		     const struct change_key *key,
		     const struct restore_broken *broken,
		     const struct restore_line *line)
{
	const struct restore_unfit u = { w->t->before, info, key,
					 broken->constraint,
					 restore_what_of(broken->code) };
	const struct restore_detail d = {
		.object = w->t->before,
		.what = u.what,
		.key = restore_key_text(w->r, info, key),
		.constraint = broken->constraint,
	};

	if (!(line ? restore_unfit_line(w->r, &u, line)
		   : restore_unfit(w->r, &u, false)))
		restore_result_conflict(w->r->req, w->r->out, &d, false, false);
}

static struct err *copy_row(struct restore_writer *w,
			    const struct table_info *aside, sqlite3_stmt *stmt,
			    const struct change_key *key)
{
	struct restore_broken broken;
	struct err *err = NULL;

	table_bind_key(stmt, 1, aside, key, &w->key, &err);
	if (!err)
		err = restore_run_one(w, stmt);
	if (!err || !restore_broken_read(&broken, w))
		return err;
	err_free(err);
	kept_out(w, aside, key, &broken, NULL);
	return NULL;
}

/* One by one, to tell which are kept out. */
static struct err *copy_each(struct restore_writer *w,
			     const struct table_info *aside,
			     const struct restore_kept *kept)
{
	const struct table_fields f = { .table = aside, .name = w->t->aside };
	struct table_scan scan = { 0 };
	sqlite3_stmt *stmt = NULL;
	struct buf sql = BUF_INIT;
	bool row = true;
	struct err *err;

	add_copy(&sql, w, aside, kept, true);
	err = table_prepare(w->r->db, buf_str(&sql), &stmt);
	buf_release(&sql);
	if (!err)
		err = table_scan_open(&scan, w->r->db, &f, NULL);
	while (!err && row) {
		err = table_scan_next(&scan, &row);
		if (!err && row)
			err = copy_row(w, aside, stmt, &scan.key);
	}
	table_scan_close(&scan);
	sqlite3_finalize(stmt);
	return err;
}

static struct err *copy_all(struct restore_writer *w,
			    const struct table_info *aside,
			    const struct restore_kept *kept)
{
	struct restore_broken broken;
	struct buf sql = BUF_INIT;
	struct err *err;

	add_copy(&sql, w, aside, kept, false);
	err = restore_exec(w->r, "%s", buf_str(&sql));
	buf_release(&sql);
	if (!err || !restore_broken_read(&broken, w))
		return err;
	err_free(err);
	return copy_each(w, aside, kept);
}

static struct err *prepare_drop(struct restore_writer *w,
				const struct table_info *aside,
				sqlite3_stmt **out)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql, "DELETE FROM main.%s WHERE ", w->t->aside);
	table_where_key(&sql, aside, 1);
	err = table_prepare(w->r->db, buf_str(&sql), out);
	buf_release(&sql);
	return err;
}

static struct err *put_line(struct restore_writer *w,
			    const struct restore_line *line, sqlite3_stmt *row)
{
	struct err *err = restore_writer_insert(w, line, row);
	struct restore_broken broken;

	if (!err || !restore_broken_read(&broken, w))
		return err;
	err_free(err);
	w->r->out->restored--;
	kept_out(w, &w->info, &line->key, &broken, line);
	return NULL;
}

/* Line by line: each row that has one leaves what stands aside. */
static struct err *move_lines(struct restore_writer *w,
			      struct table_cursor *cursor, sqlite3_stmt *drop,
			      struct restore_lines *lines)
{
	struct restore_line line;
	struct err *err = NULL;
	bool found;

	for (;;) {
		err = restore_lines_next(lines, &line);
		if (err || !line.op)
			return err;
		if (line.op == ROW_DELETED) {
			err = put_line(w, &line, NULL);
			if (err)
				return err;
			continue;
		}
		err = table_cursor_seek(cursor, &line.key, &found);
		if (!err && found && line.op == ROW_UPDATED)
			err = put_line(w, &line, cursor->stmt);
		if (err)
			return err;
		w->r->out->removed += line.op == ROW_INSERTED;
		table_bind_key(drop, 1, cursor->table, &line.key, &w->key,
			       &err);
		if (!err && sqlite3_step(drop) != SQLITE_DONE)
			err = target_sqlite_error(w->r->db, "write");
		sqlite3_reset(drop);
		if (err)
			return err;
	}
}

/*
 * By key. The rows with lines first, each whole, since what the migration
 * left in them may break the constraints of the old form; then the others.
 */
static struct err *fill_by_key(struct restore_writer *w,
			       const struct table_info *aside,
			       const struct restore_kept *kept)
{
	const struct manifest_table *m = w->t->lines;
	struct table_fields f = { .table = aside, .name = w->t->aside };
	struct table_cursor cursor = { 0 };
	struct restore_lines lines;
	sqlite3_stmt *drop = NULL;
	struct err *err = restore_lines_open(&lines, w->r, w->t);

	f.columns = restore_expressions(w->r, aside, m, true);
	f.n = m->n_columns;
	if (!err)
		err = table_cursor_open(&cursor, w->r->db, &f, 0, 0, 0);
	if (!err)
		err = prepare_drop(w, aside, &drop);
	if (!err)
		err = move_lines(w, &cursor, drop, &lines);
	sqlite3_finalize(drop);
	table_cursor_close(&cursor);
	restore_lines_close(&lines);
	return err ? err : copy_all(w, aside, kept);
}

static struct err *fill(struct restore_writer *w,
			const struct table_info *aside)
{
	const struct restore_table *t = w->t;
	struct restore_kept kept;

	kept_columns(w, aside, &kept);
	if (restore_can_merge(&w->info, aside, t)) {
		struct err *err =
			restore_merge(w->r, t, &w->info, aside, &kept);

		return err ? err : restore_writer_moved(w);
	}
	return t->lines ? fill_by_key(w, aside, &kept)
			: copy_all(w, aside, &kept);
}

struct err *restore_fill(struct restore *r, const struct restore_table *t)
{
	struct table_info aside = { 0 };
	struct restore_writer w = { 0 };
	bool found = false;
	struct err *err = restore_exec(r, "%s", t->old->sql);

	if (err)
		return err;
	err = restore_writer_open(&w, r, t);
	if (!err && t->aside)
		err = table_info_read(&aside, r->db, t->aside, &found);
	if (!err && found)
		err = fill(&w, &aside);
	else if (!err && t->lines)
		err = restore_writer_taken(&w, restore_bulk(r, t, &w.info));
	restore_writer_close(&w);
	if (!err && found)
		err = restore_exec(r, "DROP TABLE main.%s", t->aside);
	table_info_release(&aside);
	return err;
}
