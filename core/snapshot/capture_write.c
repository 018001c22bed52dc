#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/capture_sqlite.h"
#include "target/target_sqlite.h"

/* What is written once the migration's statements have run. */

static void add_key(struct buf *out, const struct change_key *key)
{
	if (key->s)
		buf_add(out, key->s, key->len);
	else
		buf_addint(out, key->i);
}

static void start_file(struct capture *c, struct captured *t)
{
	snprintf(t->file, sizeof(t->file), "rows/%zu", ++c->n_files);
	line_writer_file(&c->lines, t->file);
}

struct err *capture_stream(struct capture *c, struct captured *t)
{
	start_file(c, t);
	return table_stream(c->db, &t->form, t->now,
			    (const char *const *)t->column_now,
			    t->info.n_columns, &c->lines, &t->lines);
}

/* A table that changed, as it stands at the end of the migration. */
struct after {
	struct table_info info;
	bool found;
	const char **names; /* of info's columns of before; NULL = gone */
	char **exprs;
	struct table_cursor cursor;
};

/* Keys of both forms mean the same. */
static bool same_addressing(const struct table_info *a,
			    const struct table_info *b)
{
	if (a->without_rowid != b->without_rowid || a->n_keys != b->n_keys)
		return false;
	/* a key column may have been renamed, but not moved */
	return true;
}

/*
 * Another table has taken the name: its rows are the migration's own, so that
 * they are not taken for rows written later.
 */
static struct err *log_new_rows(struct capture *c, struct captured *t,
				const struct after *a)
{
	size_t n_keys = a->info.without_rowid ? a->info.n_keys : 1;
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	struct row_value v;
	struct err *err;
	int rc = SQLITE_DONE;

	buf_addstr(&sql, "SELECT ");
	for (size_t k = 0; k < n_keys; k++) {
		buf_addstr(&sql, k ? ", " : "");
		if (a->info.without_rowid)
			sql_quote_name(&sql, a->info.keys[k]);
		else
			buf_addstr(&sql, a->info.rowid);
	}
	buf_addstr(&sql, " FROM main.");
	sql_quote_name(&sql, a->info.name);
	err = table_prepare(c->db, buf_str(&sql), &stmt);
	while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct change_key key = { sqlite3_column_int64(stmt, 0), NULL,
					  0 };

		buf_reset(&c->scratch);
		for (size_t k = 0; a->info.without_rowid && k < n_keys; k++) {
			table_value(&v, sqlite3_column_value(stmt, (int)k));
			table_add_key(&c->scratch, k, &v);
			key.s = buf_str(&c->scratch);
			key.len = c->scratch.len;
		}
		changelog_begin(t->log, CHANGE_INSERT, &key);
		err = changelog_end(t->log);
	}
	if (!err && rc != SQLITE_DONE)
		err = target_sqlite_error(c->db, "read keys");
	sqlite3_finalize(stmt);
	buf_release(&sql);
	return err;
}

static struct err *open_after(struct capture *c, struct captured *t,
			      struct after *a)
{
	const char *name = t->now ? t->now : t->info.name;
	bool replaced = !t->now;
	int64_t min, max;
	uint64_t n;
	struct err *err;

	err = table_info_read(&a->info, c->db, name, &a->found);
	if (err || !a->found)
		return err;
	if (replaced && !same_addressing(&t->info, &a->info)) {
		a->found = false;
		table_info_release(&a->info);
		return NULL;
	}
	a->names = xcalloc(t->info.n_columns + 1, sizeof(*a->names));
	a->exprs = xcalloc(t->info.n_columns + 1, sizeof(*a->exprs));
	for (size_t i = 0; i < t->info.n_columns; i++) {
		const char *now =
			replaced ? t->info.columns[i].name : t->column_now[i];
		struct buf b = BUF_INIT;

		if (now && table_info_has(&a->info, now)) {
			a->names[i] = now;
			sql_quote_name(&b, now);
		} else {
			buf_addstr(&b, "NULL");
		}
		a->exprs[i] = buf_detach(&b);
	}
	err = replaced ? log_new_rows(c, t, a) : NULL;
	if (err)
		return err;
	n = changelog_count(t->log, &min, &max);
	return table_cursor_open(&a->cursor, c->db, &a->info, name,
				 (const char *const *)a->exprs,
				 t->info.n_columns, n, min, max);
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
	add_key(out, &slot->key);
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
	add_key(out, &slot->key);
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
	add_key(out, &slot->key);
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

static struct err *write_slot(struct capture *c, struct captured *t,
			      const struct change_slot *slot, struct after *a)
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

static struct err *write_table(struct capture *c, struct captured *t,
			       struct manifest *m)
{
	const struct change_slot *slot = NULL;
	struct after a = { 0 };
	struct err *err = NULL;

	if (!t->streamed && changelog_is_empty(t->log) && t->now)
		return NULL;
	if (!t->streamed) {
		err = open_after(c, t, &a);
		if (!err)
			err = changelog_read(t->log, t->info.n_columns);
		start_file(c, t);
		while (!err) {
			err = changelog_next(t->log, &slot);
			if (err || !slot)
				break;
			err = write_slot(c, t, slot, &a);
		}
		if (!err)
			err = line_writer_end(&c->lines);
	}
	if (!err && t->lines.inserted + t->lines.updated + t->lines.deleted)
		describe(t, &a, m);
	close_after(t, &a);
	changelog_free(t->log); /* its memory is wanted by the next table */
	t->log = NULL;
	return err_wrap(err, "snapshot of table %s", t->info.name);
}

static bool same(const char *a, const char *b)
{
	return sql_same_name(SQL_SQLITE, a, b);
}

/* Name after the migration of a table that existed before it, or NULL. */
static const char *name_after(struct capture *c, const char *before)
{
	for (size_t i = 0; i < c->n_tables; i++)
		if (same(c->tables[i]->info.name, before))
			return c->tables[i]->now;
	return before;
}

static bool is_created(struct capture *c, const char *name)
{
	for (size_t i = 0; i < c->n_created; i++)
		if (same(c->created[i], name))
			return true;
	return false;
}

static int64_t sequence_value(const struct sequence *s, size_t n,
			      const char *table)
{
	for (size_t i = 0; table && i < n; i++)
		if (same(s[i].table, table))
			return s[i].value;
	return -1;
}

static void add_sequence(struct manifest *m, const char *table,
			 const char *after, int64_t was, int64_t is)
{
	struct manifest_sequence *s;

	if (was == is && after && same(table, after))
		return;
	s = manifest_add_sequence(m);
	s->table = arena_strdup(&m->arena, table);
	s->after = after ? arena_strdup(&m->arena, after) : NULL;
	s->was = was;
	s->is = is;
}

static struct err *write_sequences(struct capture *c, struct manifest *m)
{
	struct sequence *now = NULL;
	size_t n = 0, cap = 0;
	struct err *err;

	if (!c->sequences_read)
		return NULL;
	err = capture_read_sequences(c->db, &now, &n, &cap);
	for (size_t i = 0; !err && i < c->n_sequences; i++) {
		const char *before = c->sequences[i].table;
		const char *after = name_after(c, before);

		add_sequence(m, before, after, c->sequences[i].value,
			     sequence_value(now, n, after ? after : before));
	}
	/* counters that only now exist, of tables that were there before */
	for (size_t i = 0; !err && i < n; i++) {
		struct captured *t = capture_by_name(c, now[i].table);
		const char *before = t ? t->info.name : now[i].table;

		if (is_created(c, now[i].table) ||
		    sequence_value(c->sequences, c->n_sequences, before) >= 0)
			continue;
		add_sequence(m, before, now[i].table, -1, now[i].value);
	}
	for (size_t i = 0; i < n; i++)
		free(now[i].table);
	free(now);
	return err;
}

/* No column and no new name: the table itself was dropped. */
static void add_rename(struct schema_delta *d, struct arena *arena,
		       const char *table, const char *column, const char *to)
{
	struct schema_rename *r;

	VEC_GROW(d->renames, d->n_renames, d->cap_renames);
	r = &d->renames[d->n_renames++];
	r->table = arena_strdup(arena, table);
	r->column = column ? arena_strdup(arena, column) : NULL;
	r->to = to ? arena_strdup(arena, to) : NULL;
}

static void write_renames(struct capture *c, struct schema_delta *delta,
			  struct arena *arena)
{
	for (size_t i = 0; i < c->n_tables; i++) {
		struct captured *t = c->tables[i];

		if (!t->now) {
			add_rename(delta, arena, t->info.name, NULL, NULL);
			continue;
		}
		if (strcmp(t->now, t->info.name) != 0)
			add_rename(delta, arena, t->info.name, NULL, t->now);
		for (size_t k = 0; k < t->info.n_columns; k++) {
			const char *was = t->info.columns[k].name;

			if (!t->column_now[k] ||
			    strcmp(t->column_now[k], was) != 0)
				add_rename(delta, arena, t->info.name, was,
					   t->column_now[k]);
		}
	}
}

struct err *capture_finish(struct capture *c, struct schema_delta *delta,
			   struct arena *arena, struct capture_result *out)
{
	struct manifest m = { 0 };
	struct buf text = BUF_INIT;
	struct err *err = capture_take_error(c);

	memset(out, 0, sizeof(*out));
	/* our own reads must not be taken for the migration's */
	c->target->watch = NULL;
	sqlite3_preupdate_hook(c->db, NULL, NULL);
	for (size_t i = 0; i < c->n_tables && !err; i++)
		err = write_table(c, c->tables[i], &m);
	if (!err)
		err = write_sequences(c, &m);
	if (!err)
		write_renames(c, delta, arena);
	for (size_t i = 0; i < m.n_tables; i++)
		out->rows += m.tables[i].inserted + m.tables[i].updated +
			     m.tables[i].deleted;
	if (!err && (m.n_tables || m.n_sequences)) {
		out->any = true;
		out->bytes = c->lines.bytes;
		manifest_encode(&text, &m);
		err = c->out->file(c->out->payload, "manifest");
		if (!err)
			err = c->out->chunk(c->out->payload, text.data,
					    text.len);
	}
	buf_release(&text);
	manifest_release(&m);
	return err;
}
