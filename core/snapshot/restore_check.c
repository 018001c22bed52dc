#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Each line of a snapshot beside the row that has its key now: before the
 * restore, to see that nobody wrote what the migration wrote; after it, to
 * prove that every value is the one from before.
 */

struct counts {
	uint64_t changed, deleted, reused;
};

typedef struct err *(*line_fn)(struct restore *r, struct restore_table *t,
			       const struct restore_line *line,
			       sqlite3_stmt *row, struct counts *counts);

const char *const *restore_expressions(struct restore *r,
				       const struct table_info *info,
				       const struct manifest_table *m,
				       bool after)
{
	const char **out =
		arena_array(&r->arena, m->n_columns + 1, sizeof(*out));

	for (size_t i = 0; i < m->n_columns; i++) {
		const char *name =
			after ? m->columns[i].after : m->columns[i].before;
		struct buf b = BUF_INIT;

		if (name && table_info_has(info, name))
			sql_quote_name(&b, name);
		else
			buf_addstr(&b, "NULL");
		out[i] = arena_strdup(&r->arena, buf_str(&b));
		buf_release(&b);
	}
	return out;
}

/* Call fn for each line; row is NULL where no row has the line's key. */
static struct err *join(struct restore *r, struct restore_table *t, bool after,
			line_fn fn, struct counts *counts)
{
	const struct manifest_table *m = t->lines;
	const char *name = after ? t->after : t->before;
	struct table_cursor cursor = { 0 };
	struct restore_lines lines;
	struct restore_line line;
	struct table_fields f;
	struct table_info info;
	struct err *err;
	bool found;

	err = table_info_read(&info, r->db, name, &found);
	if (err || !found)
		return err ? err
			   : err_new(ERR_STATE, "table %s is not there", name);
	err = restore_lines_open(&lines, r, m);
	f = (struct table_fields){ &info, name,
				   restore_expressions(r, &info, m, after),
				   m->n_columns };
	if (!err)
		err = table_cursor_open(&cursor, r->db, &f, manifest_lines(m),
					m->min, m->max);
	while (!err) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		err = table_cursor_seek(&cursor, &line.key, &found);
		if (!err)
			err = fn(r, t, &line, found ? cursor.stmt : NULL,
				 counts);
	}
	table_cursor_close(&cursor);
	restore_lines_close(&lines);
	table_info_release(&info);
	return err_wrap(err, "table %s", name);
}

static void column_value(sqlite3_stmt *row, size_t i, struct row_value *v)
{
	table_value(v, sqlite3_column_value(row, (int)i + 1));
}

/*
 * A key is not an identity: the row is the one the migration met only if the
 * columns it left alone agree, or at least half of them.
 */
static struct err *check_row(struct restore *r, struct restore_table *t,
			     const struct restore_line *line, sqlite3_stmt *row,
			     struct counts *counts)
{
	const char *p = line->fields;
	size_t others = 0, agree = 0, written = 0, kept = 0;
	struct err *err = NULL;

	if (line->op == ROW_DELETED) {
		counts->reused += row != NULL;
		return NULL;
	}
	if (!row) {
		counts->deleted++;
		return NULL;
	}
	buf_reset(&r->scratch);
	buf_reserve(&r->scratch, (size_t)(line->end - line->fields));
	for (size_t i = 0; i < t->lines->n_columns && !err; i++) {
		struct restore_field f;
		struct row_value v;

		err = restore_field_next(&p, line->end, line->op, &f,
					 &r->scratch);
		if (err)
			break;
		column_value(row, i, &v);
		if (f.changed && f.now.type != ROW_ABSENT) {
			written++;
			kept += row_matches(&f.now, &v);
		} else if (!f.changed && f.old.type == ROW_SAME) {
			others++;
			agree += row_matches(&f.old, &v);
		}
	}
	if (others && agree * 2 < others)
		counts->reused++;
	else if (kept < written || (line->op == ROW_INSERTED && agree < others))
		counts->changed++;
	return err;
}

static void report(struct restore *r, const char *table, const struct counts *c)
{
	if (c->changed)
		restore_conflict_add(r, table, RESTORE_CHANGED, c->changed);
	if (c->deleted)
		restore_conflict_add(r, table, RESTORE_DELETED, c->deleted);
	if (c->reused)
		restore_conflict_add(r, table, RESTORE_KEY_REUSED, c->reused);
}

struct err *restore_check(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_table *t = &r->tables[i];
		struct counts counts = { 0 };

		if (!t->lines || !t->after || !t->lines->after)
			continue;
		err = join(r, t, true, check_row, &counts);
		report(r, t->after, &counts);
	}
	return err;
}

static struct err *not_exact(const struct restore_table *t,
			     const struct restore_line *line)
{
	if (line->key.s)
		return err_new(ERR_STATE,
			       "a row of table %s would not be what it was "
			       "before the migration",
			       t->before);
	return err_new(ERR_STATE,
		       "row %lld of table %s would not be what it was before "
		       "the migration",
		       (long long)line->key.i, t->before);
}

static struct err *verify_row(struct restore *r, struct restore_table *t,
			      const struct restore_line *line,
			      sqlite3_stmt *row, struct counts *counts)
{
	const char *p = line->fields;
	struct err *err = NULL;

	(void)counts;
	if (line->op == ROW_INSERTED)
		return row ? not_exact(t, line) : NULL;
	if (!row)
		return not_exact(t, line);
	buf_reset(&r->scratch);
	buf_reserve(&r->scratch, (size_t)(line->end - line->fields));
	for (size_t i = 0; i < t->lines->n_columns && !err; i++) {
		struct restore_field f;
		struct row_value v;

		err = restore_field_next(&p, line->end, line->op, &f,
					 &r->scratch);
		if (err || f.old.type == ROW_SAME)
			continue;
		column_value(row, i, &v);
		if (!row_matches(&f.old, &v))
			err = not_exact(t, line);
	}
	return err;
}

struct err *restore_verify(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_table *t = &r->tables[i];

		if (t->lines && t->before && manifest_lines(t->lines))
			err = join(r, t, false, verify_row, NULL);
	}
	return err;
}
