#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * What the migration had made and people have filled since: whole tables, and
 * the values of columns it added. A park is a snapshot like any other, with
 * the rollback in the place of the migration.
 */

struct manifest_table *restore_park_table(struct restore *r, const char *name,
					  const struct table_info *info,
					  const char *file)
{
	struct manifest *m = &r->park_manifest;
	struct manifest_table *t = manifest_add_table(m);
	char path[32];

	snprintf(path, sizeof(path), "%s/%zu", file, ++r->n_park_files);
	t->before = arena_strdup(&m->arena, name);
	t->file = arena_strdup(&m->arena, path);
	t->n_keys = info->without_rowid ? info->n_keys : 0;
	t->keys = arena_array(&m->arena, t->n_keys + 1, sizeof(char *));
	for (size_t k = 0; k < t->n_keys; k++)
		t->keys[k] = arena_strdup(&m->arena, info->keys[k]);
	t->n_columns = info->n_columns;
	t->columns =
		arena_array(&m->arena, t->n_columns + 1, sizeof(*t->columns));
	for (size_t i = 0; i < t->n_columns; i++)
		t->columns[i].before =
			arena_strdup(&m->arena, info->columns[i].name);
	line_writer_file(&r->park, path);
	return t;
}

static struct err *park_table(struct restore *r, const char *name)
{
	struct manifest_table *m;
	struct table_fields f;
	const char **columns;
	struct table_info info;
	struct err *err;
	bool found;

	err = table_info_read(&info, r->db, name, &found);
	if (err || !found)
		return err;
	m = restore_park_table(r, name, &info, "rows");
	columns = arena_array(&r->arena, info.n_columns + 1, sizeof(*columns));
	for (size_t i = 0; i < info.n_columns; i++)
		columns[i] = m->columns[i].before;
	f = (struct table_fields){ &info, name, columns, info.n_columns };
	err = table_stream(r->db, &f, &r->park, m);
	r->out->parked += m->deleted;
	restore_result_tally(r->out, name)->removed += m->deleted;
	if (!m->deleted)
		r->park_manifest.n_tables--;
	table_info_release(&info);
	return err;
}

/* Column of the present form that the form to come back does not have. */
static bool is_added(struct restore *r, const struct restore_table *t,
		     const struct table_info *old, const char *now)
{
	for (size_t i = 0; i < old->n_all; i++) {
		const char *then = restore_column_now(r, t, old->all[i]);

		if (then && sql_same_name(SQL_SQLITE, then, now))
			return false;
	}
	return true;
}

/* The old form's columns, from its text: the table itself is not there. */
static void old_columns(struct restore *r, const struct restore_table *t,
			struct table_info *out)
{
	out->all = schema_sqlite_columns(&r->arena, t->old->sql);
	out->n_all = 0;
	while (out->all && out->all[out->n_all])
		out->n_all++;
}

static void park_row(struct restore *r, const struct manifest_table *m,
		     const struct table_scan *scan, const bool *added)
{
	struct buf *out = line_writer_begin(&r->park);
	struct row_value v;

	buf_add(out, "~\t", 2);
	table_add_line_key(out, &scan->key);
	for (size_t i = 0; i < m->n_columns; i++) {
		table_scan_value(scan, i, &v);
		buf_addch(out, '\t');
		if (added[i]) {
			row_add_value(out, &v);
			buf_add(out, "\t!", 2);
			r->out->parked += v.type != ROW_NULL;
		} else {
			row_add_same(out, &v);
		}
	}
	buf_addch(out, '\n');
	line_writer_add(&r->park);
}

/* Rows that have some value in an added column. */
static struct err *park_rows(struct restore *r, struct manifest_table *m,
			     const struct table_info *info, const bool *added,
			     const char *name)
{
	const char **columns =
		arena_array(&r->arena, m->n_columns + 1, sizeof(*columns));
	const struct table_fields f = { info, name, columns, m->n_columns };
	struct buf where = BUF_INIT;
	struct table_scan scan;
	struct err *err;
	bool row = false;

	buf_addstr(&where, "0");
	for (size_t i = 0; i < m->n_columns; i++) {
		columns[i] = m->columns[i].before;
		if (!added[i])
			continue;
		/* beside a default, NULL is a value like any other */
		buf_addstr(&where, " OR ");
		if (info->columns[i].has_default) {
			buf_addstr(&where, "1");
			continue;
		}
		sql_quote_name(&where, columns[i]);
		buf_addstr(&where, " IS NOT NULL");
	}
	err = table_scan_open(&scan, r->db, &f, buf_str(&where));
	while (!err && !r->park.err) {
		err = table_scan_next(&scan, &row);
		if (err || !row)
			break;
		park_row(r, m, &scan, added);
		manifest_count_key(m, scan.key.i);
		m->updated++;
	}
	if (!err)
		err = line_writer_end(&r->park);
	table_scan_close(&scan);
	buf_release(&where);
	return err;
}

static struct err *park_columns(struct restore *r,
				const struct restore_table *t)
{
	struct table_info info, old = { 0 };
	struct manifest_table *m;
	bool *added, any = false, found;
	struct err *err;

	err = table_info_read(&info, r->db, t->after, &found);
	if (err || !found)
		return err;
	old_columns(r, t, &old);
	added = arena_array(&r->arena, info.n_columns + 1, sizeof(*added));
	for (size_t i = 0; i < info.n_columns; i++)
		any |= added[i] = is_added(r, t, &old, info.columns[i].name);
	if (any) {
		m = restore_park_table(r, t->after, &info, "rows");
		m->after = arena_strdup(&r->park_manifest.arena, t->before);
		for (size_t i = 0; i < info.n_columns; i++)
			if (!added[i])
				m->columns[i].after = m->columns[i].before;
		err = park_rows(r, m, &info, added, t->after);
		if (!m->updated)
			r->park_manifest.n_tables--;
	}
	table_info_release(&info);
	return err;
}

struct err *restore_park(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];

		if (t->way == RESTORE_REMOVE)
			err = park_table(r, t->after);
		else if (t->way == RESTORE_REBUILD || t->way == RESTORE_SHRINK)
			err = park_columns(r, t);
	}
	return err_wrap(err, "park");
}

struct err *restore_park_end(struct restore *r)
{
	struct err *err;

	if (!r->park_manifest.n_tables)
		return NULL;
	err = manifest_write(&r->park_manifest, r->req->park);
	r->out->park_any = !err;
	return err_wrap(err, "park");
}
