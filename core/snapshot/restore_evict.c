#include "snapshot/restore_sqlite.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * What later writes put where the snapshot's rows and values go back, when the
 * snapshot's are taken: it is parked first. A row that has the place of one
 * that was deleted goes, and so does one that cannot be in the old form.
 */

struct evict {
	struct restore *r;
	struct restore_table *t; /**< lines NULL: it has none */
	struct table_info info;
	struct manifest_table *m;   /**< in the park; NULL = none yet */
	sqlite3_stmt *row, *remove; /**< by key */
	struct buf key, scratch;
};

static struct err *prepare(struct evict *e)
{
	struct table_fields f = { &e->info, e->t->after, NULL,
				  e->info.n_columns };
	const char **columns =
		arena_array(&e->r->arena, f.n + 1, sizeof(*columns));
	struct buf sql = BUF_INIT;
	struct err *err;

	for (size_t i = 0; i < f.n; i++)
		columns[i] = e->info.columns[i].name;
	f.columns = columns;
	table_add_select(&sql, &f);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &e->info, 1);
	err = table_prepare(e->r->db, buf_str(&sql), &e->row);
	buf_reset(&sql);
	buf_addstr(&sql, "DELETE FROM main.");
	sql_quote_name(&sql, e->t->after);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &e->info, 1);
	if (!err)
		err = table_prepare(e->r->db, buf_str(&sql), &e->remove);
	buf_release(&sql);
	if (err)
		return err;
	e->m = restore_park_table(e->r, e->t->after, &e->info,
				  e->r->req->aside ? "aside" : "rows");
	e->m->after = arena_strdup(&e->r->park_manifest.arena,
				   e->t->before ? e->t->before : e->t->after);
	for (size_t i = 0; i < e->info.n_columns; i++)
		e->m->columns[i].after = e->m->columns[i].before;
	return NULL;
}

static void row_value(const struct evict *e, size_t i, struct row_value *out)
{
	size_t n_keys = e->info.without_rowid ? e->info.n_keys : 1;

	table_value(out, sqlite3_column_value(e->row, (int)(n_keys + i)));
}

/* The field of the line for column i of the table as it is now. */
static struct err *overwritten(const struct evict *e,
			       const struct restore_line *line, size_t column,
			       struct restore_field *out, struct buf *scratch)
{
	const struct manifest_table *m = e->t->lines;
	const char *p = line->fields;

	out->changed = false;
	buf_reset(scratch);
	buf_reserve(scratch, (size_t)(line->end - p));
	for (size_t i = 0; i < m->n_columns; i++) {
		struct restore_field f;
		struct err *err = restore_field_next(&p, line->end, line->op,
						     &f, scratch);

		if (err)
			return err;
		if (m->columns[i].after &&
		    sql_same_name(SQL_SQLITE, m->columns[i].after,
				  e->info.columns[column].name)) {
			*out = f;
			return NULL;
		}
	}
	return NULL;
}

/* The row as it is: all of it, or what the line's old values replace. */
static struct err *park_row(struct evict *e, const struct change_key *key,
			    const struct restore_line *line)
{
	bool partly = line && line->op == ROW_UPDATED;
	struct buf *out = line_writer_begin(&e->r->park);
	struct err *err = NULL;

	buf_addch(out, partly ? ROW_UPDATED : ROW_DELETED);
	buf_addch(out, '\t');
	table_add_line_key(out, key);
	for (size_t i = 0; i < e->info.n_columns && !err; i++) {
		struct restore_field f = { .changed = false };
		struct row_value v;

		row_value(e, i, &v);
		if (partly)
			err = overwritten(e, line, i, &f, &e->scratch);
		buf_addch(out, '\t');
		if (partly && (!f.changed || row_matches(&f.old, &v) ||
			       row_matches(&f.now, &v))) {
			row_add_same(out, &v);
			continue;
		}
		row_add_value(out, &v);
		if (partly) {
			buf_addch(out, '\t');
			row_add_new(out, &f.old);
		}
		e->r->out->parked += partly;
	}
	buf_addch(out, '\n');
	line_writer_add(&e->r->park);
	manifest_count_key(e->m, key->i);
	e->m->updated += partly;
	e->m->deleted += !partly;
	e->r->out->parked += !partly;
	return err;
}

static struct err *run(struct evict *e, const struct change_key *key,
		       const struct restore_line *line)
{
	struct err *err = e->row ? NULL : prepare(e);
	bool found = false;

	if (err)
		return err;
	table_bind_key(e->row, 1, &e->info, key, &e->key, &err);
	if (!err)
		found = sqlite3_step(e->row) == SQLITE_ROW;
	if (!err && found)
		err = park_row(e, key, line);
	sqlite3_reset(e->row);
	if (err || !found || (line && line->op != ROW_DELETED))
		return err; /* it goes with the lines, or stays */
	table_bind_key(e->remove, 1, &e->info, key, &e->key, &err);
	if (!err && sqlite3_step(e->remove) != SQLITE_DONE)
		err = target_sqlite_error(e->r->db, "write");
	sqlite3_reset(e->remove);
	restore_result_tally(e->r->out, e->t->before)->removed++;
	e->r->out->removed++;
	return err;
}

static bool has_evictions(const struct evict *e)
{
	const struct settlement *s = &e->t->settled;

	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].how == SETTLE_EVICT)
			return true;
	return false;
}

/* Whether a choice of an attempt before lets a row of this table go. */
static bool is_of(const struct evict *e, const struct restore_late *l)
{
	return l->evict && streq(l->table, e->t->before);
}

/* Keys, as in lines, of the rows that an attempt before lets go. */
static void list_keys(const struct evict *e, struct map *out)
{
	const struct restore_memory *m = e->r->req->memory;

	for (size_t i = 0; m && i < m->n; i++)
		if (is_of(e, &m->late[i]))
			map_put_number(out, m->late[i].evict, 1);
}

/* Its line does not go back: the row is parked as it is now. */
static void leave_out(struct evict *e, const struct restore_line *line,
		      struct settlement *out)
{
	settle_add(out, SETTLE_SKIP, line->number, 0);
	restore_count_out(e->r, e->t, line->op);
	e->r->out->kept += line->op == ROW_UPDATED;
}

/* A row whose old values come back makes no room by choice: not all of it is
 * known, so that it would not be there afterwards. */
static void check_line(struct evict *e, const struct restore_line *line,
		       const struct map *keys, struct settlement *out)
{
	struct buf key = BUF_INIT;

	table_add_line_key(&key, &line->key);
	if (map_has(keys, buf_str(&key)) && e->r->req->aside) {
		leave_out(e, line, out);
	} else if (map_has(keys, buf_str(&key)) && line->op == ROW_UPDATED) {
		const struct restore_detail d = {
			.object = e->t->before,
			.what = RESTORE_NOT_UNIQUE,
			.key = restore_key_text(e->r, &e->info, &line->key),
		};

		restore_result_conflict(e->r->req, e->r->out, &d, false, false);
	}
	buf_release(&key);
}

static struct err *evict_by_line(struct evict *e)
{
	struct restore_lines lines;
	struct restore_line line;
	struct map keys = { 0 };
	struct settlement out = { 0 };
	struct err *err;

	list_keys(e, &keys);
	if (!e->t->lines || (!has_evictions(e) && !keys.n))
		goto none;
	err = restore_lines_open(&lines, e->r, e->t);
	while (!err) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (keys.n && line.op != ROW_DELETED)
			check_line(e, &line, &keys, &out);
		if (restore_lines_has(&lines, SETTLE_EVICT))
			err = run(e, &line.key, &line);
	}
	restore_lines_close(&lines);
	for (size_t i = 0; i < out.n; i++)
		settle_add(&e->t->settled, SETTLE_SKIP, out.list[i].line, 0);
	settle_sort(&e->t->settled);
	settle_release(&out);
	map_release(&keys);
	return err;
none:
	map_release(&keys);
	return NULL;
}

/* Rows that had a unique value of one that comes back. */
static struct err *evict_by_key(struct evict *e)
{
	const struct restore_memory *m = e->r->req->memory;
	struct err *err = NULL;

	for (size_t i = 0; m && i < m->n && !err; i++) {
		const struct restore_late *l = &m->late[i];
		struct change_key key = { 0 };

		if (!is_of(e, l))
			continue;
		if (e->info.without_rowid) {
			key.s = l->evict;
			key.len = strlen(l->evict);
		} else {
			key.i = strtoll(l->evict, NULL, 10);
		}
		err = run(e, &key, NULL);
	}
	return err;
}

static struct err *evict(struct restore *r, struct restore_table *t)
{
	struct evict e = { .r = r, .t = t };
	bool found;
	struct err *err = table_info_read(&e.info, r->db, t->after, &found);

	if (!err && found)
		err = evict_by_line(&e);
	if (!err && found)
		err = evict_by_key(&e);
	if (!err && e.m)
		err = line_writer_end(&r->park);
	sqlite3_finalize(e.row);
	sqlite3_finalize(e.remove);
	buf_release(&e.key);
	buf_release(&e.scratch);
	table_info_release(&e.info);
	return err_wrap(err, "table %s", t->after);
}

static bool is_ours(const struct restore *r, const char *before)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before && streq(r->tables[i].before, before))
			return true;
	return false;
}

/* Of tables that the migration left alone: their rows may refer to others
 * that go. */
static struct err *evict_elsewhere(struct restore *r)
{
	const struct restore_memory *m = r->req->memory;
	struct map seen = { 0 };
	struct err *err = NULL;

	for (size_t i = 0; m && i < m->n && !err; i++) {
		const char *name = m->late[i].table;
		struct restore_table t = { .before = name, .after = name };

		if (!m->late[i].evict || is_ours(r, name) ||
		    map_has(&seen, name))
			continue;
		map_put_number(&seen, name, 1);
		err = evict(r, &t);
	}
	map_release(&seen);
	return err;
}

struct err *restore_evict(struct restore *r)
{
	struct err *err = NULL;

	if (r->req->choice != RESTORE_TAKE && !r->req->aside)
		return NULL;
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].before && r->tables[i].after &&
		    (r->tables[i].lines ||
		     restore_evicts(r->req, r->tables[i].before)))
			err = evict(r, &r->tables[i]);
	return err ? err : evict_elsewhere(r);
}
