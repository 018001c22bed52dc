#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Old values into the rows of a table by one UPDATE: functions that walk the
 * lines beside the scan tell which rows have one and what they held. That
 * costs SQLite half of what a statement for each row does.
 */

struct update {
	struct restore_writer *w;
	struct restore_lines lines;
	struct restore_line line; /**< op 0: at the end */
	bool open;
	int64_t at;               /**< the last rowid asked for */
	struct row_value *values; /**< of the line, one for each column set */
	bool parsed;
	struct buf scratch;
	struct err *err; /**< why a row could not be read */
};

/* Values of the line, when its columns are the ones that are set. */
static struct err *parse(struct update *u)
{
	const char *p = u->line.fields;
	struct err *err = NULL;
	size_t n = 0;

	if (u->parsed)
		return NULL;
	u->parsed = true;
	buf_reset(&u->scratch);
	buf_reserve(&u->scratch, (size_t)(u->line.end - p));
	for (size_t i = 0; i < u->w->t->lines->n_columns && !err; i++) {
		struct restore_field f;

		if (row_skip_same(&p, u->line.end))
			continue;
		err = restore_field_next(&p, u->line.end, u->line.op, &f,
					 &u->scratch);
		u->values[n++] = f.old;
	}
	return err;
}

/* The first line that is not before the row. */
static struct err *seek(struct update *u, int64_t rowid)
{
	struct err *err = NULL;

	if (u->open && rowid < u->at) { /* asked in a second pass */
		restore_lines_close(&u->lines);
		u->open = false;
	}
	u->at = rowid;
	if (!u->open) {
		err = restore_lines_open(&u->lines, u->w->r, u->w->t);
		u->open = true;
		if (!err)
			err = restore_lines_next(&u->lines, &u->line);
		u->parsed = false;
	}
	while (!err && u->line.op && u->line.key.i < rowid) {
		err = restore_lines_next(&u->lines, &u->line);
		u->parsed = false;
	}
	return err;
}

static void fail(struct update *u, sqlite3_context *out, struct err *err)
{
	u->err = err_first(u->err, err);
	sqlite3_result_error_code(out, SQLITE_ERROR);
}

/* git_migrate_has(rowid): the row has a line that sets these columns. */
static void has_line(sqlite3_context *out, int n, sqlite3_value **args)
{
	struct update *u = sqlite3_user_data(out);
	struct err *err = seek(u, sqlite3_value_int64(args[0]));
	bool yes = false;

	(void)n;
	if (!err && u->line.op == ROW_UPDATED && u->line.key.i == u->at)
		yes = restore_writer_sets(u->w, &u->line);
	if (err)
		fail(u, out, err);
	else
		sqlite3_result_int(out, yes);
}

/* git_migrate_old(rowid, i): what the i-th of them held. */
static void old_value(sqlite3_context *out, int n, sqlite3_value **args)
{
	struct update *u = sqlite3_user_data(out);
	struct err *err = seek(u, sqlite3_value_int64(args[0]));

	(void)n;
	if (!err)
		err = parse(u);
	if (err)
		fail(u, out, err);
	else
		table_result(out, &u->values[sqlite3_value_int(args[1])]);
}

static int set_functions(struct update *u, bool on)
{
	sqlite3 *db = u->w->r->db;
	const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function(db, "git_migrate_has", 1, flags,
					 on ? u : NULL, on ? has_line : NULL,
					 NULL, NULL);

	return rc ? rc
		  : sqlite3_create_function(db, "git_migrate_old", 2, flags,
					    on ? u : NULL,
					    on ? old_value : NULL, NULL, NULL);
}

static void add_update(struct buf *sql, const struct restore_writer *w)
{
	const struct manifest_table *m = w->t->lines;
	const char *rowid = w->info.rowid;
	int n = 0;

	buf_addstr(sql, "UPDATE main.");
	sql_quote_name(sql, w->info.name);
	buf_addstr(sql, " NOT INDEXED SET ");
	for (size_t i = 0; i < m->n_columns; i++) {
		if (w->mask.data[i] != '1')
			continue;
		buf_addstr(sql, n ? ", " : "");
		sql_quote_name(sql, m->columns[i].before);
		buf_addf(sql, " = git_migrate_old(%s, %d)", rowid, n++);
	}
	buf_addf(sql, " WHERE %s BETWEEN %lld AND %lld AND git_migrate_has(%s)",
		 rowid, (long long)m->min, (long long)m->max, rowid);
}

struct err *restore_update(struct restore_writer *w, uint64_t *done, int *code)
{
	struct update u = { .w = w };
	struct buf sql = BUF_INIT;
	sqlite3 *db = w->r->db;
	struct err *err = NULL;

	*done = 0;
	u.values = xcalloc(w->t->lines->n_columns + 1, sizeof(*u.values));
	add_update(&sql, w);
	if (set_functions(&u, true) != SQLITE_OK ||
	    sqlite3_exec(db, buf_str(&sql), NULL, NULL, NULL) != SQLITE_OK)
		err = target_sqlite_error(db, "write");
	else
		*done = (uint64_t)sqlite3_changes64(db);
	*code = err ? sqlite3_errcode(db) & 0xff : SQLITE_OK;
	err = err_first(u.err, err);
	set_functions(&u, false);
	if (u.open)
		restore_lines_close(&u.lines);
	buf_release(&u.scratch);
	buf_release(&sql);
	free(u.values);
	return err_wrap(err, "table %s", w->info.name);
}
