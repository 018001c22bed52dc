#include "snapshot/capture_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* The lines of a table, once the migration's statements have run. */

static void start_file(struct sqlite_capture *c, struct captured *t)
{
	snprintf(t->file, sizeof(t->file), "rows/%zu", ++c->n_files);
	line_writer_file(&c->lines, t->file);
}

struct err *capture_stream(struct sqlite_capture *c, struct captured *t)
{
	const struct table_fields f = {
		.table = &t->form,
		.name = t->now,
		.columns = (const char *const *)t->column_now,
		.n = t->info.n_columns,
	};

	start_file(c, t);
	return table_stream(c->db, &f, &c->lines, &t->lines);
}

/* A table that changed, as it stands at the end of the migration. */
struct after {
	struct table_info info;
	bool found;
	const char **names; /* of info's columns of before; NULL = gone */
	char **exprs;
	struct table_cursor cursor;
};

/*
 * Keys of both forms mean the same. A table that was altered keeps its key,
 * under whatever name; one that took another's place has it by name.
 */
static bool same_addressing(const struct table_info *a,
			    const struct table_info *b)
{
	if (a->without_rowid != b->without_rowid || a->n_keys != b->n_keys)
		return false;
	/* numbers of rows were values of a column, and are nothing now */
	if (a->rowid_column &&
	    (!b->rowid_column ||
	     !sql_same_name(SQL_SQLITE, a->rowid_column, b->rowid_column)))
		return false;
	for (size_t i = 0; i < a->n_keys; i++)
		if (!sql_same_name(SQL_SQLITE, a->keys[i], b->keys[i]))
			return false;
	return true;
}

/*
 * Another table has taken the name: its rows are the migration's own, so that
 * they are not taken for rows written later.
 */
static struct err *log_new_rows(struct sqlite_capture *c, struct captured *t,
				const struct after *a)
{
	const struct table_fields keys = { &a->info, a->info.name, NULL, 0 };
	struct table_scan scan;
	bool row;
	struct err *err = table_scan_open(&scan, c->db, &keys, NULL);

	while (!err) {
		err = table_scan_next(&scan, &row);
		if (err || !row)
			break;
		changelog_begin(t->log, CHANGE_INSERT, &scan.key);
		err = changelog_end(t->log);
	}
	table_scan_close(&scan);
	return err;
}

/* The table that has the captured one's place now; *found false = none. */
static struct err *find_after(struct sqlite_capture *c, struct captured *t,
			      struct after *a)
{
	struct err *err;

	/*
	 * A table that was renamed to this one's name is itself; a virtual
	 * table makes its shadow tables anew.
	 */
	if (!t->now && (t->info.is_shadow || capture_by_name(c, t->info.name)))
		return NULL;
	err = table_info_read(&a->info, c->db, t->now ? t->now : t->info.name,
			      &a->found);
	if (err || !a->found || t->now)
		return err;
	if (!a->info.is_virtual && same_addressing(&t->info, &a->info))
		return NULL;
	a->found = false;
	table_info_release(&a->info);
	return NULL;
}

static struct err *open_after(struct sqlite_capture *c, struct captured *t,
			      struct after *a)
{
	struct table_fields f = { .table = &a->info };
	int64_t min, max;
	uint64_t n;
	struct err *err = find_after(c, t, a);

	if (err || !a->found)
		return err;
	a->names = xcalloc(t->info.n_columns + 1, sizeof(*a->names));
	a->exprs = xcalloc(t->info.n_columns + 1, sizeof(*a->exprs));
	for (size_t i = 0; i < t->info.n_columns; i++) {
		const char *now =
			t->now ? t->column_now[i] : t->info.columns[i].name;
		struct buf b = BUF_INIT;

		if (now && table_info_has(&a->info, now)) {
			a->names[i] = now;
			sql_quote_name(&b, now);
		} else {
			buf_addstr(&b, "NULL");
		}
		a->exprs[i] = buf_detach(&b);
	}
	err = t->now ? NULL : log_new_rows(c, t, a);
	if (err)
		return err;
	n = changelog_count(t->log, &min, &max);
	f.name = a->info.name;
	f.columns = (const char *const *)a->exprs;
	f.n = t->info.n_columns;
	return table_cursor_open(&a->cursor, c->db, &f, n, min, max);
}

static void close_after(struct captured *t, struct after *a)
{
	table_cursor_close(&a->cursor);
	for (size_t i = 0; a->exprs && i < t->info.n_columns; i++)
		free(a->exprs[i]);
	free(a->exprs);
	free(a->names);
	table_info_release(&a->info);
}

static struct err *write_deleted(struct captured *t,
				 const struct change_slot *slot,
				 struct buf *out)
{
	if (!slot->whole)
		return err_new(ERR_STATE,
			       "a row of table %s vanished unseen; this is a "
			       "bug of git-migrate",
			       t->info.name);
	buf_add(out, "-\t", 2);
	table_add_line_key(out, &slot->key);
	if (t->info.n_columns) {
		buf_addch(out, '\t');
		buf_add(out, slot->row, slot->row_len);
	}
	buf_addch(out, '\n');
	t->lines.deleted++;
	return NULL;
}

static void write_inserted(struct captured *t, const struct change_slot *slot,
			   struct after *a, struct buf *out)
{
	struct row_value v;

	buf_add(out, "+\t", 2);
	table_add_line_key(out, &slot->key);
	for (size_t i = 0; i < t->info.n_columns; i++) {
		buf_addch(out, '\t');
		if (!a->names[i]) {
			buf_addch(out, '!');
			continue;
		}
		table_value(&v,
			    sqlite3_column_value(a->cursor.stmt, (int)i + 1));
		row_add_same(out, &v);
	}
	buf_addch(out, '\n');
	t->lines.inserted++;
}

/* False when nothing of the row differs: the line is not to be kept. */
static bool write_updated(struct captured *t, const struct change_slot *slot,
			  struct after *a, struct buf *out)
{
	const char *p = slot->row, *end = slot->row + slot->row_len;
	bool differs = false;
	struct row_value v;

	buf_add(out, "~\t", 2);
	table_add_line_key(out, &slot->key);
	for (size_t i = 0; i < t->info.n_columns; i++) {
		const char *old = slot->known[i];
		size_t len = slot->known_len[i], at;

		if (slot->whole) {
			old = p;
			len = row_field_length(p, end);
			p += len + 1;
		}
		buf_addch(out, '\t');
		if (!a->names[i]) {
			buf_add(out, old ? old : "\\N", old ? len : 2);
			buf_addstr(out, "\t!");
			differs = true;
			continue;
		}
		table_value(&v,
			    sqlite3_column_value(a->cursor.stmt, (int)i + 1));
		if (!old) {
			row_add_same(out, &v);
			continue;
		}
		at = out->len;
		row_add_value(out, &v);
		if (out->len - at == len && !memcmp(out->data + at, old, len)) {
			buf_truncate(out, at);
			row_add_same(out, &v);
			continue;
		}
		differs = true;
		buf_truncate(out, at);
		buf_add(out, old, len);
		buf_addch(out, '\t');
		row_add_new(out, &v);
	}
	buf_addch(out, '\n');
	t->lines.updated += differs;
	return differs;
}

static struct err *write_slot(struct sqlite_capture *c, struct captured *t,
			      const struct change_slot *slot, struct after *a,
			      struct referrers *ref)
{
	struct buf *out = line_writer_begin(&c->lines);
	struct err *err = NULL;
	bool exists = false, keep = true;

	if (a->found)
		err = table_cursor_seek(&a->cursor, &slot->key, &exists);
	if (err)
		return err;
	if (slot->was_empty) {
		keep = exists;
		if (exists)
			write_inserted(t, slot, a, out);
	} else if (!exists) {
		err = write_deleted(t, slot, out);
	} else {
		keep = write_updated(t, slot, a, out);
	}
	/* what it refers to has come, by a new row or by a new value */
	if (!err && keep && exists)
		err = referrers_add(ref, &slot->key);
	if (err || !keep) {
		line_writer_drop(&c->lines);
		return err;
	}
	manifest_count_key(&t->lines, slot->key.i);
	line_writer_add(&c->lines);
	return c->lines.err ? line_writer_end(&c->lines) : NULL;
}

/* Before and after names of a table's columns, for the manifest. */
static void describe(struct captured *t, struct after *a, struct manifest *m)
{
	struct manifest_table *out = manifest_add_table(m);

	*out = t->lines;
	out->before = arena_strdup(&m->arena, t->info.name);
	out->file = arena_strdup(&m->arena, t->file);
	if (a->found)
		out->after = arena_strdup(&m->arena, a->info.name);
	out->n_keys = t->info.without_rowid ? t->info.n_keys : 0;
	out->keys = arena_array(&m->arena, out->n_keys + 1, sizeof(char *));
	for (size_t k = 0; k < out->n_keys; k++)
		out->keys[k] = arena_strdup(&m->arena, t->info.keys[k]);
	out->n_columns = t->info.n_columns;
	out->columns = arena_array(&m->arena, out->n_columns + 1,
				   sizeof(*out->columns));
	for (size_t i = 0; i < out->n_columns; i++) {
		out->columns[i].before =
			arena_strdup(&m->arena, t->info.columns[i].name);
		if (a->found && a->names[i])
			out->columns[i].after =
				arena_strdup(&m->arena, a->names[i]);
	}
}

/* What has its name now has nothing of it: told even without lines. */
static bool is_replaced(struct sqlite_capture *c, const struct captured *t,
			const struct after *a)
{
	return !t->now && !a->found && !t->info.is_virtual &&
	       capture_is_created(c, t->info.name);
}

static struct err *write_slots(struct sqlite_capture *c, struct captured *t,
			       struct after *a)
{
	struct referrers ref = { .db = c->db,
				 .read_to = &c->read_to,
				 .table = &a->info };
	const struct change_slot *slot = NULL;
	struct err *err = changelog_read(t->log, t->info.n_columns);

	start_file(c, t);
	while (!err) {
		err = changelog_next(t->log, &slot);
		if (err || !slot)
			break;
		err = write_slot(c, t, slot, a, &ref);
	}
	if (!err)
		err = line_writer_end(&c->lines);
	/* an unfinished SELECT would stand in the way of its DROP */
	table_cursor_close(&a->cursor);
	return referrers_end(&ref, err,
			     t->lines.inserted ? &t->lines.referrers : NULL);
}

struct err *capture_write_table(struct sqlite_capture *c, struct captured *t,
				struct manifest *m)
{
	struct after a = { 0 };
	struct err *err = NULL;

	if (!t->streamed && changelog_is_empty(t->log) && t->now)
		return NULL;
	if (!t->streamed) {
		err = open_after(c, t, &a);
		if (!err)
			err = write_slots(c, t, &a);
	}
	if (!err && (manifest_lines(&t->lines) || is_replaced(c, t, &a)))
		describe(t, &a, m);
	close_after(t, &a);
	changelog_free(t->log); /* its memory is wanted by the next table */
	t->log = NULL;
	return err_wrap(err, "snapshot of table %s", t->info.name);
}
