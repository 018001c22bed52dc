#include "snapshot/redo_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "snapshot/likeness.h"
#include "target/target_sqlite.h"

/* Rows and values of one table, where they still fit. */

/* One table that rows go back to. */
struct back {
	struct redo *redo;
	struct redo_sqlite *p;
	struct restore_table *t;
	struct redo_result *out;
	struct table_info info; /* as it is now */
	int *to;                /* by column of the lines: of info, or -1 */
	const char **type;      /* affinity that it had */
	bool *unique;           /* by column of the lines: by itself */
	bool older;             /* a newer park was given back: it counts */
	bool *filled;           /* column i of the row is not NULL */
	sqlite3_stmt *row;      /* by key: the columns of the lines */
	sqlite3_stmt *insert;   /* of a whole row */
	sqlite3_stmt *update;   /* of all its columns */
	sqlite3_stmt **set;     /* of one column */
	struct buf key, scratch;
};

static const char written[] = "it was written since";

/* Made by the migration as a whole. */
static bool is_made(const struct manifest_table *m)
{
	return !m->after;
}

/* The text that a table had when it was parked, or has now. */
static const char *text_then(const struct redo_park *park, const char *name)
{
	for (size_t i = 0; i < park->delta->n; i++) {
		const struct schema_object *o = park->delta->changes[i].before;

		if (o && streq(o->kind, "table") &&
		    sql_same_name(SQL_SQLITE, o->name, name))
			return o->sql;
	}
	return NULL;
}

/* Column i of the lines is one that the migration made. */
static bool is_made_column(const struct back *b, size_t i)
{
	return is_made(b->t->lines) || !b->t->lines->columns[i].after;
}

static const char *type_of(struct restore *r, const char *text,
			   const char *column)
{
	return redo_sqlite_affinity(
		text ? schema_sqlite_column_type(&r->arena, text, column)
		     : NULL);
}

/* Where the columns go: by name, and what they hold. */
static struct err *map_columns(struct back *b, size_t park)
{
	const struct manifest_table *m = b->t->lines;
	const char *then = text_then(&b->redo->parks[park], m->before), *now;
	const char **names =
		arena_array(&b->p->r.arena, m->n_columns + 1, sizeof(*names));
	struct err *err =
		table_sql(b->p->r.db, &b->p->r.arena, b->info.name, &now);

	b->unique = arena_array(&b->p->r.arena, m->n_columns + 1, sizeof(bool));
	b->to = arena_array(&b->p->r.arena, m->n_columns + 1, sizeof(*b->to));
	b->type =
		arena_array(&b->p->r.arena, m->n_columns + 1, sizeof(*b->type));
	for (size_t i = 0; i < m->n_columns && !err; i++) {
		const char *name = m->columns[i].before;

		b->to[i] = table_info_column(&b->info, name);
		b->type[i] = type_of(&b->p->r, then, name);
		if (b->to[i] >= 0 && then && now &&
		    !streq(b->type[i], type_of(&b->p->r, now, name)))
			b->to[i] = -2; /* of another type */
		names[i] = name;
	}
	return err ? err
		   : table_find_unique(b->p->r.db, b->info.name, names,
				       m->n_columns, b->unique);
}

static const char *why_not(int to)
{
	return to == -2 ? "the column has another type"
			: "there is no such column";
}

static bool same_keys(const struct back *b)
{
	const struct manifest_table *m = b->t->lines;

	if (b->info.without_rowid != (m->n_keys > 0) ||
	    (m->n_keys && m->n_keys != b->info.n_keys))
		return false;
	for (size_t k = 0; k < m->n_keys; k++)
		if (!sql_same_name(SQL_SQLITE, m->keys[k], b->info.keys[k]))
			return false;
	return true;
}

static void add_column(struct buf *sql, const struct back *b, size_t i)
{
	sql_quote_name(sql, b->info.columns[b->to[i]].name);
}

static bool is_key(const struct back *b, size_t i)
{
	return b->info.columns[b->to[i]].is_key;
}

/* INSERT of the columns that there are, parameters as the lines count. */
static struct err *prepare_insert(struct back *b)
{
	const struct manifest_table *m = b->t->lines;
	size_t n_keys = b->info.without_rowid ? b->info.n_keys : 1;
	struct buf sql = BUF_INIT, values = BUF_INIT;
	const char *comma = "";
	struct err *err;

	buf_addstr(&sql, "INSERT INTO main.");
	sql_quote_name(&sql, b->info.name);
	buf_addstr(&sql, " (");
	for (size_t k = 0; k < n_keys; k++) {
		buf_addstr(&sql, comma);
		if (b->info.without_rowid)
			sql_quote_name(&sql, b->info.keys[k]);
		else
			buf_addstr(&sql, b->info.rowid);
		buf_addf(&values, "%s?%zu", comma, m->n_columns + k + 1);
		comma = ", ";
	}
	for (size_t i = 0; i < m->n_columns; i++) {
		if (b->to[i] < 0 || is_key(b, i))
			continue;
		buf_addstr(&sql, ", ");
		add_column(&sql, b, i);
		buf_addf(&values, ", ?%zu", i + 1);
	}
	buf_addf(&sql, ") VALUES (%s)", buf_str(&values));
	err = table_prepare(b->p->r.db, buf_str(&sql), &b->insert);
	buf_release(&sql);
	buf_release(&values);
	return err;
}

/* UPDATE of one column, or of all (NULL when there is none). */
static struct err *prepare_update(struct back *b, size_t only,
				  sqlite3_stmt **out)
{
	const struct manifest_table *m = b->t->lines;
	struct buf sql = BUF_INIT;
	struct err *err = NULL;
	size_t n = 0;

	buf_addstr(&sql, "UPDATE main.");
	sql_quote_name(&sql, b->info.name);
	for (size_t i = 0; i < m->n_columns; i++) {
		if (b->to[i] < 0 || is_key(b, i) ||
		    (only < m->n_columns && only != i))
			continue;
		buf_addstr(&sql, n++ ? ", " : " SET ");
		add_column(&sql, b, i);
		buf_addf(&sql, " = ?%zu", i + 1);
	}
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, &b->info, (int)m->n_columns + 1);
	if (n)
		err = table_prepare(b->p->r.db, buf_str(&sql), out);
	buf_release(&sql);
	return err;
}

/* Run it; a constraint that is in the way makes it a misfit. */
static struct err *give(struct back *b, sqlite3_stmt *stmt,
			const struct restore_line *line, const char *column)
{
	struct err *err = NULL;
	int rc;

	table_bind_key(stmt, (int)b->t->lines->n_columns + 1, &b->info,
		       &line->key, &b->key, &err);
	if (err)
		return err;
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	if (rc == SQLITE_DONE)
		b->out->given++;
	else if ((rc & 0xff) == SQLITE_CONSTRAINT)
		redo_misfit_add(b->out, b->info.name, column,
				"a constraint is in the way", 1);
	else
		err = target_sqlite_error(b->p->r.db, "write");
	return err;
}

/* A whole row: anew, or over the one that the migration has made again. */
static struct err *give_row(struct back *b, const struct restore_line *line,
			    sqlite3_stmt *row)
{
	sqlite3_stmt **stmt = row ? &b->update : &b->insert;
	const char *at = line->fields;
	struct err *err = NULL;
	bool same = row != NULL;

	if (!*stmt)
		err = row ? prepare_update(b, b->t->lines->n_columns, stmt)
			  : prepare_insert(b);
	if (err || !*stmt)
		return err;
	sqlite3_clear_bindings(*stmt);
	buf_reset(&b->scratch);
	buf_reserve(&b->scratch, (size_t)(line->end - at));
	for (size_t i = 0; i < b->t->lines->n_columns && !err; i++) {
		struct restore_field f;
		struct row_value v;

		err = restore_field_next(&at, line->end, line->op, &f,
					 &b->scratch);
		if (err)
			break;
		if (b->to[i] < 0) {
			if (f.old.type != ROW_NULL)
				redo_misfit_add(b->out, b->info.name,
						b->t->lines->columns[i].before,
						why_not(b->to[i]), 1);
			continue;
		}
		if (row)
			table_value(&v, sqlite3_column_value(row, (int)i + 1));
		same = same && row_matches(&f.old, &v);
		table_bind(*stmt, (int)i + 1, &f.old);
	}
	if (err || same) /* as it was, without our help */
		return err;
	map_put_number(&b->redo->grown, b->info.name, 1);
	if (row && b->older) {
		redo_misfit_add(b->out, b->info.name, NULL, written, 1);
		return NULL;
	}
	return give(b, *stmt, line, NULL);
}

/* The row is the one that was parked: half of its other columns agree, or one
 * that is unique. */
static struct err *is_same_row(struct back *b, const struct restore_line *line,
			       sqlite3_stmt *row, bool *out)
{
	const char *at = line->fields;
	struct likeness l;

	likeness_begin(&l);
	buf_reset(&b->scratch);
	buf_reserve(&b->scratch, (size_t)(line->end - at));
	for (size_t i = 0; i < b->t->lines->n_columns; i++) {
		struct restore_field f;
		struct row_value v;
		struct err *err = restore_field_next(&at, line->end, line->op,
						     &f, &b->scratch);

		if (err)
			return err;
		if (f.changed || b->to[i] < 0)
			continue;
		table_value(&v, sqlite3_column_value(row, (int)i + 1));
		likeness_add(&l, &(struct likeness_field){
					 .as_left = row_matches(&f.old, &v),
					 .unique = b->unique[i] &&
						   v.type != ROW_NULL });
	}
	*out = likeness_is_same_row(&l);
	return NULL;
}

static struct err *give_value(struct back *b, const struct restore_line *line,
			      size_t i, const struct restore_field *f,
			      const char *misfit)
{
	const char *name = b->t->lines->columns[i].before;
	struct err *err = NULL;

	if (f->old.type == ROW_NULL && (misfit || b->to[i] < 0 || b->older))
		return NULL;
	if (!misfit && b->older && b->filled[i])
		misfit = written;
	if (misfit || b->to[i] < 0) {
		redo_misfit_add(b->out, b->info.name, name,
				misfit ? misfit : why_not(b->to[i]), 1);
		return NULL;
	}
	if (!b->set[i])
		err = prepare_update(b, i, &b->set[i]);
	if (err || !b->set[i])
		return err;
	table_bind(b->set[i], (int)i + 1, &f->old);
	return give(b, b->set[i], line, name);
}

/* Values of columns that the migration made, or that were overwritten. */
static struct err *give_values(struct back *b, const struct restore_line *line,
			       sqlite3_stmt *row)
{
	const char *at = line->fields, *misfit = NULL;
	struct err *err = NULL;
	bool same = true;

	if (row)
		err = is_same_row(b, line, row, &same);
	if (!row)
		misfit = "the row is gone";
	else if (!same)
		misfit = "another row has the key";
	for (size_t i = 0; i < b->t->lines->n_columns; i++)
		b->filled[i] = row && sqlite3_column_type(row, (int)i + 1) !=
					      SQLITE_NULL;
	sqlite3_reset(b->row); /* it would see what is written below */
	buf_reset(&b->scratch);
	buf_reserve(&b->scratch, (size_t)(line->end - at));
	for (size_t i = 0; i < b->t->lines->n_columns && !err; i++) {
		struct restore_field f;

		err = restore_field_next(&at, line->end, line->op, &f,
					 &b->scratch);
		if (err || !f.changed)
			continue;
		if (is_made_column(b, i) &&
		    redo_is_given(b->redo, b->t->before,
				  b->t->lines->columns[i].before, b->type[i]))
			continue;
		err = give_value(b, line, i, &f, misfit);
	}
	return err;
}

static struct err *give_lines(struct back *b)
{
	struct restore_lines lines;
	struct restore_line line;
	struct err *err = restore_lines_open(&lines, &b->p->r, b->t);

	while (!err) {
		sqlite3_stmt *row;

		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (redo_passes_over(b->redo, line.op, b->t->lines))
			continue;
		table_bind_key(b->row, 1, &b->info, &line.key, &b->key, &err);
		if (err)
			break;
		row = sqlite3_step(b->row) == SQLITE_ROW ? b->row : NULL;
		if (row && restore_lines_has(&lines, SETTLE_EVICT))
			redo_misfit_add(b->out, b->info.name, NULL, written, 1);
		else
			err = line.op == ROW_DELETED
				      ? give_row(b, &line, row)
				      : give_values(b, &line, row);
		sqlite3_reset(b->row);
	}
	restore_lines_close(&lines);
	return err;
}

/* Values that were there before the statements ran. */
static void count_written(struct back *b)
{
	const struct settlement *s = &b->t->settled;
	const struct manifest_table *m = b->t->lines;

	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].how == SETTLE_COLUMN)
			redo_misfit_add(b->out, m->before,
					m->columns[s->list[i].column].before,
					written, 1);
}

struct err *redo_sqlite_back(struct redo *redo, size_t park,
			     struct restore_table *t, struct redo_result *out)
{
	struct back b = {
		.redo = redo, .p = redo->states[park], .t = t, .out = out
	};
	const struct manifest_table *m = t->lines;
	bool found;
	struct err *err;

	if (is_made(m) && redo_is_given(redo, m->before, NULL, NULL))
		return NULL;
	err = table_info_read(&b.info, b.p->r.db, m->before, &found);
	if (redo_counts(redo))
		count_written(&b);
	if (!err && (!found || !same_keys(&b))) {
		redo_misfit_add(out, m->before, NULL,
				found ? "the table has another key"
				      : "there is no such table",
				redo_counts(redo) ? manifest_lines(m) : 0);
		goto done;
	}
	b.set = xcalloc(m->n_columns + 1, sizeof(sqlite3_stmt *));
	b.filled = arena_array(&b.p->r.arena, m->n_columns + 1, sizeof(bool));
	for (size_t i = 0; i < park; i++)
		b.older |= redo->parks[i].in != NULL;
	if (!err)
		err = map_columns(&b, park);
	if (!err)
		err = redo_sqlite_row(b.p, &b.info, m, false, &b.row);
	if (!err)
		err = give_lines(&b);
done:
	for (size_t i = 0; b.set && i < m->n_columns; i++)
		sqlite3_finalize(b.set[i]);
	free(b.set);
	sqlite3_finalize(b.row);
	sqlite3_finalize(b.insert);
	sqlite3_finalize(b.update);
	buf_release(&b.key);
	buf_release(&b.scratch);
	table_info_release(&b.info);
	return err_wrap(err, "table %s", m->before);
}
