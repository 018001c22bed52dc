#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "snapshot/virtual_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Each line of a snapshot beside the row that has its key now: before the
 * restore, to see that nobody wrote what the migration wrote; after it, to
 * prove that every value is the one from before.
 */

typedef struct err *(*line_fn)(struct restore *r, struct restore_table *t,
			       const struct restore_line *line,
			       sqlite3_stmt *row, struct restore_judge *j);

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
			line_fn fn, struct restore_judge *j)
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
	err = restore_lines_open(&lines, r, t);
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
			err = fn(r, t, &line, found ? cursor.stmt : NULL, j);
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

static struct err *judge_row(struct restore *r, struct restore_table *t,
			     const struct restore_line *line, sqlite3_stmt *row,
			     struct restore_judge *j)
{
	(void)r, (void)t;
	return restore_judge(j, line, row);
}

static bool is_parked(const struct restore *r, const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].way == RESTORE_REMOVE &&
		    sql_same_name(SQL_SQLITE, r->tables[i].after, name))
			return true;
	return false;
}

/* How many rows differ is not known: at least one does. */
static void add_unlike(struct restore *r, const char *name)
{
	restore_conflict_add(r, name, RESTORE_CHANGED, 1);
}

static struct err *check_remade(struct restore *r,
				const struct manifest_virtual *v)
{
	const struct schema_object *now =
		schema_find(r->req->now, "virtual", v->name);
	struct virtual_state state;
	struct err *err;

	if (!now) {
		struct buf path = BUF_INIT;

		schema_add_path(&path, "virtual", v->name);
		restore_conflict_add(r, buf_str(&path), RESTORE_REDEFINED, 0);
		buf_release(&path);
		return NULL;
	}
	err = virtual_state_read(&state, r->db, now->name);
	if (!err && (state.rows != v->rows || state.digest != v->digest))
		add_unlike(r, now->name);
	return err;
}

/* A table that is about to be dropped must be known to be as it was left. */
static struct err *check_unknown(struct restore *r,
				 const struct restore_table *t)
{
	struct virtual_state state;
	struct err *err;

	for (size_t i = 0; i < r->manifest.n_virtuals; i++)
		if (sql_same_name(SQL_SQLITE, r->manifest.virtuals[i].name,
				  t->after))
			return NULL;
	err = virtual_state_read(&state, r->db, t->after);
	if (!err && state.rows)
		add_unlike(r, t->after);
	return err;
}

/*
 * Virtual tables that go for the old one of their name. Their rows are in
 * shadow tables, where one row of theirs is spread over many.
 */
static struct err *check_virtuals(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->manifest.n_virtuals && !err; i++)
		if (!is_parked(r, r->manifest.virtuals[i].name))
			err = check_remade(r, &r->manifest.virtuals[i]);
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].way == RESTORE_VIRTUAL && r->tables[i].cur &&
		    streq(r->tables[i].after, r->tables[i].before))
			err = check_unknown(r, &r->tables[i]);
	return err;
}

/* What earlier attempts have learned of this table's lines. */
static void recall(struct restore *r, struct restore_table *t)
{
	const struct restore_memory *m = r->req->memory;
	struct settlement *s = &t->settled;
	size_t n = 0;

	for (size_t i = 0; m && i < m->n; i++)
		if (m->late[i].how == SETTLE_SKIP &&
		    streq(m->late[i].table, t->before))
			settle_add(s, SETTLE_SKIP, m->late[i].line,
				   (size_t)m->late[i].op);
	settle_sort(s);
	for (size_t i = 0; i < s->n; i++) { /* one may be told of twice */
		if (n && s->list[n - 1].line == s->list[i].line)
			continue;
		restore_count_out(r, t, (char)s->list[i].column);
		s->list[n++] = s->list[i];
	}
	s->n = n;
}

static struct err *check_lines(struct restore *r, struct restore_table *t)
{
	struct restore_judge j;
	struct err *err;

	if (t->before)
		recall(r, t);
	if (!t->after || !t->lines->after)
		return NULL;
	err = restore_judge_open(&j, r, t);
	if (!err)
		err = join(r, t, true, judge_row, &j);
	restore_judge_close(&j);
	return err;
}

struct err *restore_check(struct restore *r)
{
	struct err *err = check_virtuals(r);

	restore_recall(r->req, r->out);
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_table *t = &r->tables[i];

		if (t->lines)
			err = check_lines(r, t);
		/* one of a shadow table that was empty says just that */
		if (t->lines && t->settled.n && !manifest_lines(t->lines))
			t->lines = NULL;
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
			      sqlite3_stmt *row, struct restore_judge *j)
{
	const char *p = line->fields;
	struct err *err = NULL;

	(void)j;
	if (line->op == ROW_INSERTED)
		return row ? not_exact(t, line) : NULL;
	if (!row)
		return not_exact(t, line);
	buf_reset(&r->scratch);
	buf_reserve(&r->scratch, (size_t)(line->end - line->fields));
	for (size_t i = 0; i < t->lines->n_columns && !err; i++) {
		struct restore_field f;
		struct row_value v;

		if (row_skip_same(&p, line->end))
			continue;
		err = restore_field_next(&p, line->end, line->op, &f,
					 &r->scratch);
		if (err)
			break;
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
