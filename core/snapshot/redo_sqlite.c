#include "snapshot/redo_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Parked data, given back to SQLite: what later writes have taken the place of,
 * and what no newer park would have had.
 */

const char *redo_sqlite_affinity(const char *type)
{
	/* https://sqlite.org/datatype3.html#determination_of_column_affinity */
	static const char *const words[][2] = {
		{ "INT", "integer" }, { "CHAR", "text" }, { "CLOB", "text" },
		{ "TEXT", "text" },   { "BLOB", "blob" }, { "REAL", "real" },
		{ "FLOA", "real" },   { "DOUB", "real" },
	};

	if (!type || !*type)
		return "blob";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(type, words[i][0]))
			return words[i][1];
	return "numeric";
}

struct err *redo_sqlite_row(struct redo_sqlite *p,
			    const struct table_info *info,
			    const struct manifest_table *m, bool after,
			    sqlite3_stmt **out)
{
	const struct table_fields f = {
		info, info->name, restore_expressions(&p->r, info, m, after),
		m->n_columns
	};
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql, "SELECT 0");
	for (size_t i = 0; i < f.n; i++)
		buf_addf(&sql, ", %s", f.columns[i]);
	buf_addstr(&sql, " FROM main.");
	sql_quote_name(&sql, info->name);
	buf_addstr(&sql, " WHERE ");
	table_where_key(&sql, info, 1);
	err = table_prepare(p->r.db, buf_str(&sql), out);
	buf_release(&sql);
	return err;
}

/* Values that a rollback put back are still there: else somebody has written
 * since, and keeps what is there. */
static struct err *look_at_line(struct redo_sqlite *p, struct restore_table *t,
				const struct restore_line *line,
				sqlite3_stmt *row)
{
	struct settlement *s = &t->settled;
	const char *at = line->fields;

	if (line->op == ROW_DELETED) {
		if (row) /* its place is taken, unless the migration frees it */
			settle_add(s, SETTLE_EVICT, line->number, 0);
		return NULL;
	}
	buf_reset(&p->r.scratch);
	buf_reserve(&p->r.scratch, (size_t)(line->end - at));
	for (size_t i = 0; i < t->lines->n_columns; i++) {
		struct restore_field f;
		struct row_value v;
		struct err *err = restore_field_next(&at, line->end, line->op,
						     &f, &p->r.scratch);

		if (err)
			return err;
		if (!f.changed || f.now.type == ROW_ABSENT)
			continue;
		if (row)
			table_value(&v, sqlite3_column_value(row, (int)i + 1));
		if (!row || !row_matches(&f.now, &v))
			settle_add(s, SETTLE_COLUMN, line->number, i);
	}
	return NULL;
}

static struct err *look_at_table(struct redo_sqlite *p, struct restore_table *t)
{
	struct table_info info = { 0 };
	struct restore_lines lines;
	struct restore_line line;
	struct buf key = BUF_INIT;
	sqlite3_stmt *row = NULL;
	bool found;
	struct err *err = table_info_read(&info, p->r.db, t->after, &found);

	if (err || !found)
		return err;
	err = redo_sqlite_row(p, &info, t->lines, true, &row);
	if (!err)
		err = restore_lines_open(&lines, &p->r, t);
	while (!err) {
		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		table_bind_key(row, 1, &info, &line.key, &key, &err);
		if (!err)
			err = look_at_line(
				p, t, &line,
				sqlite3_step(row) == SQLITE_ROW ? row : NULL);
		sqlite3_reset(row);
	}
	if (row)
		restore_lines_close(&lines);
	sqlite3_finalize(row);
	buf_release(&key);
	table_info_release(&info);
	settle_sort(&t->settled);
	return err;
}

static struct err *look(struct redo *r, size_t i)
{
	struct redo_sqlite *p = xcalloc(1, sizeof(*p));
	struct err *err;

	r->states[i] = p;
	p->req.in = r->parks[i].in;
	p->r.req = &p->req;
	p->r.db = target_sqlite_db(r->target);
	err = manifest_read(&p->r.manifest, p->req.in);
	p->tables = xcalloc(p->r.manifest.n_tables + 1, sizeof(*p->tables));
	for (size_t k = 0; k < p->r.manifest.n_tables && !err; k++) {
		struct restore_table *t = &p->tables[k];

		t->lines = &p->r.manifest.tables[k];
		t->before = t->lines->before;
		t->after = t->lines->after;
		if (t->after)
			err = look_at_table(p, t);
	}
	return err;
}

static void set_columns(struct redo *r, struct arena *a,
			const struct schema_object *then,
			const struct schema_object *now)
{
	const char **columns = schema_sqlite_columns(a, then->sql);
	const char **left = schema_sqlite_columns(a, now->sql);

	for (size_t i = 0; columns && columns[i]; i++) {
		size_t k = 0;

		while (left && left[k] &&
		       !sql_same_name(SQL_SQLITE, left[k], columns[i]))
			k++;
		if (!left || !left[k])
			redo_set_given(
				r, then->name, columns[i],
				redo_sqlite_affinity(schema_sqlite_column_type(
					a, then->sql, columns[i])));
	}
}

static void set_given(struct redo *r, size_t park)
{
	const struct schema_delta *d = r->parks[park].delta;
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < d->n; i++) {
		const struct schema_object *then = d->changes[i].before;

		if (!then || !streq(then->kind, "table"))
			continue;
		if (d->changes[i].after)
			set_columns(r, &a, then, d->changes[i].after);
		else
			redo_set_given(r, then->name, NULL, NULL);
	}
	arena_release(&a);
}

/* No trigger acts, and nothing is taken along by a foreign key. */
static struct err *give_park(struct redo *r, size_t i, struct redo_result *out)
{
	struct redo_sqlite *p = r->states[i];
	struct err *err = NULL;
	int triggers = 1, keys = 0;

	sqlite3_db_config(p->r.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1,
			  &triggers);
	sqlite3_db_config(p->r.db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &keys);
	sqlite3_db_config(p->r.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(p->r.db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	for (size_t k = 0; k < p->r.manifest.n_tables && !err; k++)
		err = redo_sqlite_back(r, i, &p->tables[k], out);
	sqlite3_db_config(p->r.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, triggers,
			  NULL);
	sqlite3_db_config(p->r.db, SQLITE_DBCONFIG_ENABLE_FKEY, keys, NULL);
	return err;
}

/* Rows of a table that refer to nothing go again; *any: there were some. */
static struct err *drop_orphans(sqlite3 *db, const char *table,
				struct redo_result *out, bool *any)
{
	struct table_info info;
	struct buf sql = BUF_INIT;
	struct err *err;
	bool found;

	err = table_info_read(&info, db, table, &found);
	if (err || !found || info.without_rowid)
		goto done; /* of those foreign_key_check tells no key */
	buf_addstr(&sql, "DELETE FROM main.");
	sql_quote_name(&sql, table);
	buf_addf(&sql,
		 " WHERE %s IN (SELECT rowid FROM pragma_foreign_key_check(",
		 info.rowid);
	sql_quote_string(&sql, table);
	buf_addstr(&sql, "))");
	if (sqlite3_exec(db, buf_str(&sql), NULL, NULL, NULL) != SQLITE_OK)
		err = target_sqlite_error(db, "write");
	else if (sqlite3_changes(db) > 0) {
		*any = true;
		out->given -= (uint64_t)sqlite3_changes(db);
		redo_misfit_add(out, table, NULL, "what they refer to is gone",
				(uint64_t)sqlite3_changes(db));
	}
done:
	buf_release(&sql);
	if (found)
		table_info_release(&info);
	return err;
}

/* Where foreign keys are enforced; others may refer to what goes here. */
static struct err *end(struct redo *r, struct redo_result *out)
{
	sqlite3 *db = target_sqlite_db(r->target);
	struct err *err = NULL;
	bool any = target_sqlite_enforces(r->target);
	int triggers = 1;

	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &triggers);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	while (any && !err) {
		any = false;
		map_each (&r->grown, e)
			if (!err)
				err = drop_orphans(db, e->key, out, &any);
	}
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, triggers, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY,
			  target_sqlite_enforces(r->target), NULL);
	return err;
}

static bool has_rows(const struct redo *r, size_t i)
{
	const struct redo_sqlite *p = r->states[i];

	return manifest_has_rows(&p->r.manifest);
}

static void release(struct redo *r, size_t i)
{
	struct redo_sqlite *p = r->states[i];

	for (size_t k = 0; k < p->r.manifest.n_tables; k++)
		settle_release(&p->tables[k].settled);
	free(p->tables);
	manifest_release(&p->r.manifest);
	buf_release(&p->r.scratch);
	arena_release(&p->r.arena);
	free(p);
}

const struct redo_ops redo_sqlite_ops = {
	.look = look,
	.has_rows = has_rows,
	.give = give_park,
	.set_given = set_given,
	.end = end,
	.release = release,
};
