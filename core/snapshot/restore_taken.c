#include "snapshot/restore_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * A row of the snapshot that a constraint keeps out: rows written since have
 * its unique values. Which ones SQLite itself says, by replacing them.
 */

struct replaced {
	const struct table_info *info;
	char **keys; /* as in a line */
	size_t n, cap;
	bool failed;
};

/* The key of the row that goes, as in a line. */
static void add_key(struct replaced *x, sqlite3 *db, sqlite3_int64 rowid,
		    struct buf *out)
{
	if (!x->info->without_rowid)
		buf_addint(out, rowid);
	for (size_t k = 0; x->info->without_rowid && k < x->info->n_keys; k++) {
		sqlite3_value *v = NULL;
		struct row_value value;

		if (sqlite3_preupdate_old(db, x->info->key_index[k], &v) !=
		    SQLITE_OK) {
			x->failed = true;
			break;
		}
		table_value(&value, v);
		table_add_key(out, k, &value);
	}
}

/* NOLINTNEXTLINE(readability-function-size): SQLite's signature */
static void on_change(void *payload, sqlite3 *db, int op, const char *schema,
		      const char *name, sqlite3_int64 rowid,
		      sqlite3_int64 new_rowid)
{
	struct replaced *x = payload;
	struct buf b = BUF_INIT;

	(void)new_rowid;
	if (op != SQLITE_DELETE || !streq(schema, "main") ||
	    !streq(name, x->info->name))
		return;
	add_key(x, db, rowid, &b);
	VEC_GROW(x->keys, x->n, x->cap);
	x->keys[x->n++] = buf_detach(&b);
}

/* Keys of the rows that the statement replaces. That is not taken back: with
 * this conflict the whole attempt will be. */
static void find_replaced(struct restore_writer *w, sqlite3_stmt *stmt,
			  struct replaced *x)
{
	sqlite3 *db = w->r->db;
	int rc;

	sqlite3_preupdate_hook(db, on_change, x);
	rc = sqlite3_step(stmt);
	sqlite3_preupdate_hook(db, NULL, NULL);
	sqlite3_reset(stmt);
	x->failed |= rc != SQLITE_DONE;
}

static void release(struct replaced *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->keys[i]);
	free(x->keys);
}

/* "users.email" of "UNIQUE constraint failed: users.email" */
const char *restore_constraint_of(sqlite3 *db)
{
	const char *text = sqlite3_errmsg(db);
	const char *colon = strstr(text, ": ");

	return colon ? colon + 2 : text;
}

bool restore_broken_read(struct restore_broken *out,
			 const struct restore_writer *w)
{
	out->code = sqlite3_extended_errcode(w->r->db);
	out->constraint =
		arena_strdup(&w->r->arena, restore_constraint_of(w->r->db));
	return (out->code & 0xff) == SQLITE_CONSTRAINT;
}

/* The row that is there has no place beside the line's: it goes. */
static bool evict_all(struct restore_writer *w, const struct replaced *x,
		      const char *constraint)
{
	bool all = x->n && !x->failed;

	for (size_t i = 0; i < x->n && all; i++) {
		struct change_key key = { .s = w->info.without_rowid
						       ? x->keys[i]
						       : NULL,
					  .len = strlen(x->keys[i]) };
		struct restore_unfit u = { w->t->before, &w->info, &key,
					   constraint, RESTORE_NOT_UNIQUE };

		key.i = key.s ? 0 : strtoll(x->keys[i], NULL, 10);
		all = restore_unfit(w->r, &u, true);
	}
	return all;
}

void restore_taken(struct restore_writer *w, const struct restore_line *line,
		   const struct restore_broken *broken, sqlite3_stmt *replace)
{
	const struct restore_request *req = w->r->req;
	const char *what = restore_what_of(broken->code);
	bool unique = streq(what, RESTORE_NOT_UNIQUE);
	struct restore_unfit u = { w->t->before, &w->info, &line->key,
				   broken->constraint, what };
	struct restore_late late = {
		.detail = { .object = w->t->before,
			    .what = what,
			    .key = restore_key_text(w->r, &w->info, &line->key),
			    .constraint = broken->constraint },
		.table = w->t->before,
		.line = line->number,
		.op = line->op,
		.how = SETTLE_SKIP,
	};
	struct replaced x = { .info = &w->info };

	if (unique && w->t->after)
		find_replaced(w, replace, &x);
	if (unique ? evict_all(w, &x, broken->constraint)
		   : restore_unfit_line(w->r, &u, line))
		goto done;
	if (x.n) {
		struct change_key key = { .s = w->info.without_rowid ? x.keys[0]
								     : NULL,
					  .len = strlen(x.keys[0]) };

		key.i = key.s ? 0 : strtoll(x.keys[0], NULL, 10);
		late.detail.now = restore_key_text(w->r, &w->info, &key);
	}
	switch (restore_result_conflict(req, w->r->out, &late.detail, true,
					x.n && !x.failed)) {
	case RESTORE_ABORT:
		break;
	case RESTORE_KEEP:
		restore_remember(req, w->r->out, &late);
		break;
	case RESTORE_TAKE:
		late.how = SETTLE_EVICT;
		for (size_t i = 0; i < x.n; i++) {
			late.evict = x.keys[i];
			late.detail.more = i > 0;
			restore_remember(req, w->r->out, &late);
		}
		break;
	}
done:
	release(&x);
}

void restore_kept_out(struct restore_writer *w, int64_t rowid,
		      const struct restore_broken *broken,
		      sqlite3_stmt *replace, struct map *in_the_way)
{
	const struct restore_request *req = w->r->req;
	const struct change_key key = { .i = rowid };
	const char *what = restore_what_of(broken->code);
	bool unique = streq(what, RESTORE_NOT_UNIQUE);
	const struct restore_unfit u = { w->t->before, &w->info, &key,
					 broken->constraint, what };
	struct replaced x = { .info = &w->info };
	struct restore_late late = {
		.detail = { .object = w->t->before,
			    .what = what,
			    .key = restore_key_text(w->r, &w->info, &key),
			    .constraint = broken->constraint },
		.table = w->t->before,
		.how = SETTLE_EVICT,
		.evict = arena_printf(&w->r->arena, "%lld", (long long)rowid),
	};

	if (restore_unfit(w->r, &u, unique))
		return;
	if (!unique) {
		restore_result_conflict(req, w->r->out, &late.detail, false,
					false);
		return;
	}
	find_replaced(w, replace, &x);
	if (req->choice == RESTORE_KEEP && x.n && !x.failed) {
		for (size_t i = 0; i < x.n; i++)
			map_put(in_the_way, x.keys[i], broken->constraint);
	} else if (restore_result_conflict(req, w->r->out, &late.detail, false,
					   x.n && !x.failed) == RESTORE_TAKE) {
		restore_remember(req, w->r->out, &late);
	}
	release(&x);
}

/* Later rows that have one value now: no choice is about them. */
static void among_themselves(struct restore_writer *w,
			     const struct map *in_the_way,
			     const struct map *lines_of)
{
	map_each (in_the_way, e) {
		const struct change_key key = { .i = strtoll(e->key, NULL,
							     10) };
		const struct restore_detail d = {
			.object = w->t->before,
			.what = RESTORE_NOT_UNIQUE,
			.key = restore_key_text(w->r, &w->info, &key),
			.constraint = e->value,
		};
		const struct restore_unfit u = { w->t->before, &w->info, &key,
						 e->value, d.what };

		if (!map_has(lines_of, e->key) &&
		    !restore_unfit(w->r, &u, false))
			restore_result_conflict(w->r->req, w->r->out, &d, false,
						false);
	}
}

/* Lines that gave way to rows that were there: now they can be read again. */
struct err *restore_leave_out(struct restore_writer *w,
			      const struct map *in_the_way)
{
	const struct restore_request *req = w->r->req;
	struct restore_lines lines;
	struct restore_line line;
	struct map lines_of = { 0 };
	struct err *err;
	size_t found = 0;

	if (!in_the_way->n)
		return NULL;
	err = restore_lines_open(&lines, w->r, w->t);
	while (!err) {
		struct restore_late late = { .table = w->t->before,
					     .how = SETTLE_SKIP };
		char key[24];

		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		snprintf(key, sizeof(key), "%lld", (long long)line.key.i);
		late.detail.constraint = map_get(in_the_way, key);
		if (!late.detail.constraint)
			continue;
		found++;
		map_put_number(&lines_of, key, 1);
		late.line = line.number;
		late.op = line.op;
		late.detail.object = w->t->before;
		late.detail.what = RESTORE_NOT_UNIQUE;
		late.detail.key = restore_key_text(w->r, &w->info, &line.key);
		if (restore_result_conflict(req, w->r->out, &late.detail, true,
					    false) == RESTORE_KEEP)
			restore_remember(req, w->r->out, &late);
	}
	restore_lines_close(&lines);
	if (!err && found < in_the_way->n)
		among_themselves(w, in_the_way, &lines_of);
	map_release(&lines_of);
	return err;
}
