#include "snapshot/restore_sqlite.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

void restore_conflict_add(struct restore *r, const char *object,
			  const char *what, uint64_t rows)
{
	restore_result_add(r->out, object, what, rows);
}

struct err *restore_exec(struct restore *r, const char *fmt, ...)
{
	struct buf sql = BUF_INIT;
	struct err *err = NULL;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&sql, fmt, ap);
	va_end(ap);
	if (sqlite3_exec(r->db, buf_str(&sql), NULL, NULL, NULL) != SQLITE_OK)
		err = err_wrap(target_sqlite_error(r->db, "restore"), "%s",
			       buf_str(&sql));
	buf_release(&sql);
	return err;
}

struct err *restore_lines_open(struct restore_lines *l, struct restore *r,
			       const struct restore_table *t)
{
	memset(l, 0, sizeof(*l));
	line_reader_init(&l->reader, r->req->in);
	l->table = t;
	return line_reader_open(&l->reader, t->lines->file);
}

void restore_lines_close(struct restore_lines *l)
{
	line_reader_release(&l->reader);
	buf_release(&l->text);
}

bool restore_lines_has(const struct restore_lines *l, enum settle_how how)
{
	for (size_t i = 0; i < l->n_settled; i++)
		if (l->settled[i].how == how)
			return true;
	return false;
}

static struct err *damaged(const struct restore_lines *l, const char *what)
{
	return err_new(ERR_STATE, "a snapshot's %s of table %s is damaged",
		       what, l->table->lines->before);
}

static struct err *cut_line(struct restore_lines *l, const char *line,
			    size_t len, struct restore_line *out)
{
	const char *p = line + 2;
	struct err *err = NULL;

	out->end = line + len;
	if (len < 3 || line[1] != '\t' ||
	    (line[0] != ROW_INSERTED && line[0] != ROW_UPDATED &&
	     line[0] != ROW_DELETED))
		return damaged(l, "line");
	if (l->table->lines->n_keys) {
		out->key.s = p;
		for (size_t k = 0; k < l->table->lines->n_keys; k++) {
			if (p > out->end)
				return damaged(l, "key");
			p += row_field_length(p, out->end) + 1;
		}
		out->key.len = (size_t)(p - 1 - out->key.s);
	} else {
		struct buf scratch = BUF_INIT; /* a rowid needs none */
		struct row_value v;

		err = row_parse(&p, out->end, &v, &scratch);
		buf_release(&scratch);
		if (!err && v.type != ROW_INT)
			err = damaged(l, "key");
		out->key.i = v.i;
	}
	/* a row may be all key */
	out->fields = p < out->end ? p : out->end;
	out->op = line[0];
	return err;
}

/* Columns that do not go back read as unchanged. */
static struct err *take_out(struct restore_lines *l, struct restore_line *line)
{
	const char *start = line->key.s ? line->key.s : line->fields;
	const char *p = line->fields;
	size_t next = 0, at;

	if (line->op != ROW_UPDATED || !restore_lines_has(l, SETTLE_COLUMN))
		return NULL;
	buf_reset(&l->text);
	buf_add(&l->text, start, (size_t)(p - start));
	at = l->text.len;
	for (size_t i = 0; i < l->table->lines->n_columns; i++) {
		const char *from = p;
		bool same = row_skip_same(&p, line->end);

		for (int k = 0; k < 2 && !same; k++) {
			if (p > line->end)
				return damaged(l, "line");
			p += row_field_length(p, line->end) + 1;
		}
		while (next < l->n_settled &&
		       (l->settled[next].how != SETTLE_COLUMN ||
			l->settled[next].column < i))
			next++;
		if (next < l->n_settled && l->settled[next].column == i)
			buf_addstr(&l->text, "=AAA\t");
		else
			buf_add(&l->text, from, (size_t)(p - from));
	}
	if (p > line->end) /* the last field has no tab behind it */
		l->text.len--;
	if (line->key.s)
		line->key.s = l->text.data;
	line->fields = l->text.data + at;
	line->end = l->text.data + l->text.len;
	return NULL;
}

static bool is_left_out(const struct restore_lines *l)
{
	if (l->moved)
		return !l->n_settled || !restore_lines_has(l, SETTLE_MOVE);
	return l->n_settled && (restore_lines_has(l, SETTLE_SKIP) ||
				restore_lines_has(l, SETTLE_MOVE));
}

struct err *restore_lines_next(struct restore_lines *l,
			       struct restore_line *out)
{
	const char *line;
	struct err *err;
	size_t len;

	do {
		memset(out, 0, sizeof(*out));
		err = line_reader_next(&l->reader, &line, &len);
		if (err || !line)
			return err;
		out->number = l->next++;
		err = cut_line(l, line, len, out);
		if (err)
			return err;
		l->settled = settle_of(&l->table->settled, &l->cursor,
				       out->number, &l->n_settled);
	} while (!l->all && is_left_out(l));
	return l->all || !l->n_settled ? NULL : take_out(l, out);
}

void restore_count_out(struct restore *r, const struct restore_table *t,
		       char op)
{
	struct manifest_table *m =
		&r->manifest.tables[t->lines - r->manifest.tables];

	m->inserted -= op == ROW_INSERTED;
	m->updated -= op == ROW_UPDATED;
	m->deleted -= op == ROW_DELETED;
}

struct err *restore_field_next(const char **pos, const char *end, char op,
			       struct restore_field *out, struct buf *scratch)
{
	struct err *err = row_parse(pos, end, &out->old, scratch);

	out->changed = false;
	if (err || op != ROW_UPDATED || out->old.type == ROW_SAME)
		return err;
	out->changed = true;
	return row_parse(pos, end, &out->now, scratch);
}

const char *restore_column_now(const struct restore *r,
			       const struct restore_table *t,
			       const char *before)
{
	const struct schema_delta *d = r->req->delta;

	if (t->lines) {
		for (size_t i = 0; i < t->lines->n_columns; i++)
			if (streq(t->lines->columns[i].before, before))
				return t->lines->columns[i].after;
	}
	for (size_t i = 0; i < d->n_renames; i++)
		if (d->renames[i].column &&
		    streq(d->renames[i].table, t->before) &&
		    streq(d->renames[i].column, before))
			return d->renames[i].to;
	return before;
}

/*
 * Rows all over a table are met three times: when they are compared, written
 * and compared again. Pages that find no place meanwhile are written early,
 * behind one sync of the journal after the other, and read again.
 */
#define CACHE "PRAGMA cache_size = -65536;" /* KiB; target_reset() ends it */

static struct err *session_begin(struct target *t)
{
	sqlite3 *db = target_sqlite_db(t);
	struct err *err = target_sqlite_foreign_keys(t, false);

	if (err)
		return err;
	target_sqlite_guard(t, false);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	if (sqlite3_exec(db,
			 CACHE "PRAGMA ignore_check_constraints = ON;"
			       "PRAGMA legacy_alter_table = ON",
			 NULL, NULL, NULL) != SQLITE_OK)
		return target_sqlite_error(db, "prepare to restore");
	return NULL;
}

static struct err *session_end(struct target *t)
{
	sqlite3 *db = target_sqlite_db(t);

	sqlite3_exec(db,
		     "PRAGMA writable_schema = OFF;"
		     "PRAGMA ignore_check_constraints = OFF;"
		     "PRAGMA legacy_alter_table = OFF",
		     NULL, NULL, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	target_sqlite_guard(t, true);
	return target_reset(t); /* foreign keys as configured */
}

/* Rebuilt, remade and untouched tables get their rows back. */
static struct err *restore_data(struct restore *r)
{
	struct restore_tally *tally;
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];
		uint64_t restored = r->out->restored;
		uint64_t removed = r->out->removed;

		if (t->way == RESTORE_REBUILD || t->way == RESTORE_REMAKE)
			err = restore_fill(r, t);
		else if (t->lines && t->way != RESTORE_REMOVE &&
			 t->way != RESTORE_VIRTUAL)
			err = restore_rows(r, t);
		err = err_wrap(err, "table %s",
			       t->before ? t->before : t->after);
		if (r->out->restored == restored && r->out->removed == removed)
			continue;
		tally = restore_result_tally(r->out, t->before);
		tally->restored += r->out->restored - restored;
		tally->removed += r->out->removed - removed;
	}
	return err;
}

static struct err *run(const struct restore_request *req,
		       struct restore_result *out)
{
	struct restore r = { .req = req, .out = out };
	struct err *err;

	r.db = target_sqlite_db(req->target);
	line_writer_init(&r.park, req->park, req->limit);
	err = req->in ? manifest_read(&r.manifest, req->in) : NULL;
	if (!err)
		err = sequences_read(&r.sequences, r.db);
	if (!err)
		err = restore_plan(&r);
	if (!err)
		err = restore_check(&r);
	if (err || out->blocked)
		goto done;
	err = restore_orphans_before(&r);
	/* a row that goes is parked once, as a whole */
	if (!err)
		err = restore_evict(&r);
	if (!err)
		err = restore_park(&r);
	if (!err)
		err = restore_park_end(&r);
	if (!err)
		err = restore_dependents_before(&r);
	if (!err)
		err = restore_schema_before(&r);
	if (!err)
		err = restore_data(&r);
	if (!err)
		err = restore_checks(&r);
	if (!err)
		err = restore_schema_after(&r);
	if (!err)
		err = restore_sequences(&r);
	/* what virtual tables remember of their shadow tables is outdated */
	if (!err && r.stale_virtual)
		err = restore_exec(&r, "PRAGMA writable_schema = RESET");
	if (!err && !out->again)
		err = restore_dependents_after(&r);
	if (!err)
		err = restore_orphans_after(&r);
	if (!err)
		err = restore_parents(&r);
	if (!err && !out->blocked && !out->again)
		err = restore_verify(&r);
done:
	line_writer_release(&r.park);
	manifest_release(&r.manifest);
	manifest_release(&r.park_manifest);
	for (size_t i = 0; i < r.n_tables; i++)
		settle_release(&r.tables[i].settled);
	free(r.tables);
	free(r.remake);
	free(r.children);
	free(r.dependents);
	map_release(&r.dependent_keys);
	sequences_release(&r.sequences);
	buf_release(&r.scratch);
	arena_release(&r.arena);
	return err;
}

const struct restore_ops restore_sqlite_ops = {
	.session_begin = session_begin,
	.session_end = session_end,
	.run = run,
};
