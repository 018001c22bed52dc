#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Definitions: what hangs on the tables is taken off, the tables themselves
 * are moved, shrunk or set aside, and in the end everything is made again
 * with the very text and place it had.
 */

static char *quoted(struct restore *r, const char *name)
{
	struct buf b = BUF_INIT;
	char *out;

	sql_quote_name(&b, name);
	out = arena_strdup(&r->arena, buf_str(&b));
	buf_release(&b);
	return out;
}

static bool hangs_on_table(const struct schema_object *o)
{
	return streq(o->kind, "index") || streq(o->kind, "trigger") ||
	       streq(o->kind, "view");
}

struct err *restore_drop(struct restore *r, const struct schema_object *o)
{
	return restore_exec(r, "DROP %s IF EXISTS main.%s", o->kind,
			    quoted(r, o->name));
}

static void remake_later(struct restore *r, const struct schema_object *o)
{
	VEC_GROW(r->remake, r->n_remake, r->cap_remake);
	r->remake[r->n_remake++] = o;
}

bool restore_is_undone(const struct restore *r, const struct schema_object *o)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n; i++)
		if ((d->changes[i].after &&
		     streq(d->changes[i].after->path, o->path)) ||
		    (d->changes[i].before &&
		     streq(d->changes[i].before->path, o->path)))
			return true;
	return false;
}

/* Indexes and triggers that the migration did not touch, or made again alike,
 * on a table that is about to go. */
static struct err *take_off(struct restore *r, const struct restore_table *t)
{
	struct err *err = NULL;

	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;
		bool touched = false;

		if (err || !o || !hangs_on_table(o) || streq(o->kind, "view") ||
		    !sql_same_name(SQL_SQLITE, o->table, t->after))
			continue;
		for (size_t i = 0; i < r->req->delta->n; i++) {
			const struct schema_change *c =
				&r->req->delta->changes[i];

			touched |= c->after && streq(c->after->path, o->path);
		}
		if (touched)
			continue;
		err = restore_drop(r, o);
		remake_later(r, o);
	}
	return err;
}

/* SQLite drops them with it. */
static void keep_triggers(struct restore *r, const struct schema_object *view)
{
	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;

		if (o && streq(o->kind, "trigger") &&
		    sql_same_name(SQL_SQLITE, o->table, view->name) &&
		    !restore_is_undone(r, o))
			remake_later(r, o);
	}
}

static struct err *drop_hanging(struct restore *r)
{
	const struct schema_delta *d = r->req->delta;
	struct err *err = NULL;

	/* views and triggers first: they may refer to anything */
	for (int indexes = 0; indexes < 2; indexes++)
		for (size_t i = 0; i < d->n && !err; i++) {
			const struct schema_object *o = d->changes[i].after;

			if (!o || !hangs_on_table(o) ||
			    streq(o->kind, "index") != (indexes == 1))
				continue;
			if (streq(o->kind, "view"))
				keep_triggers(r, o);
			err = restore_drop(r, o);
		}
	for (size_t i = 0; i < d->n; i++)
		if (d->changes[i].before &&
		    hangs_on_table(d->changes[i].before))
			remake_later(r, d->changes[i].before);
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].way == RESTORE_REBUILD ||
		    r->tables[i].way == RESTORE_REMOVE)
			err = take_off(r, &r->tables[i]);
	return err;
}

static struct err *rename_table(struct restore *r, const char *from,
				const char *to)
{
	r->altered = true;
	return restore_exec(r, "ALTER TABLE main.%s RENAME TO %s",
			    quoted(r, from), quoted(r, to));
}

/* ALTER TABLE DROP COLUMN for what was added; what it refuses is rebuilt. */
static struct err *shrink(struct restore *r, struct restore_table *t)
{
	const char **old = schema_sqlite_columns(&r->arena, t->old->sql);
	const char **cur = schema_sqlite_columns(&r->arena, t->cur->sql);
	struct err *err = NULL;

	for (size_t i = 0; cur && cur[i]; i++) {
		bool known = false;

		for (size_t k = 0; old && old[k] && !known; k++) {
			const char *now = restore_column_now(r, t, old[k]);

			known = now && sql_same_name(SQL_SQLITE, now, cur[i]);
		}
		if (known)
			continue;
		r->altered = true;
		err = restore_exec(r, "ALTER TABLE main.%s DROP COLUMN %s",
				   quoted(r, t->after), quoted(r, cur[i]));
		if (err)
			break;
	}
	if (!err)
		return NULL;
	if (!target_in_transaction(r->req->target))
		return err;
	err_free(err);
	t->way = RESTORE_REBUILD;
	t->aside = arena_printf(&r->arena, "git_migrate_aside_%zu",
				(size_t)(t - r->tables) + 1);
	return take_off(r, t);
}

static struct err *move_tables(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_table *t = &r->tables[i];

		if (t->way == RESTORE_REMOVE)
			err = restore_exec(r, "DROP TABLE main.%s",
					   quoted(r, t->after));
		if (!err && t->way == RESTORE_SHRINK)
			err = shrink(r, t);
		if (!err &&
		    (t->way == RESTORE_SHRINK || t->way == RESTORE_TEXT) &&
		    !streq(t->after, t->before)) {
			/* by way of a third name: two may have been swapped */
			t->aside = arena_printf(&r->arena,
						"git_migrate_moved_%zu", i);
		}
		if (!err && t->aside)
			err = rename_table(r, t->after, t->aside);
	}
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_table *t = &r->tables[i];

		if (t->aside && t->way != RESTORE_REBUILD)
			err = rename_table(r, t->aside, t->before);
	}
	return err;
}

static struct err *move_virtual(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];

		if (t->way != RESTORE_VIRTUAL)
			continue;
		if (t->cur && !streq(t->after, t->before)) {
			err = rename_table(r, t->after, t->before);
			continue;
		}
		if (t->cur)
			err = restore_exec(r, "DROP TABLE main.%s",
					   quoted(r, t->before));
		if (!err)
			err = restore_exec(r, "%s", t->old->sql);
	}
	return err;
}

static struct err *set_text(struct restore *r, int64_t rowid, const char *text)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db,
					"UPDATE main.sqlite_schema SET "
					"sql = ?1 WHERE rowid = ?2",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, rowid);
	sqlite3_step(stmt);
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		err = target_sqlite_error(r->db, "restore a definition");
	return err;
}

/* Where an object stands in sqlite_schema, 0 = nowhere; and its text. */
static struct err *look_up(struct restore *r, const char *type,
			   const char *name, const char *sql, int64_t *rowid,
			   bool *same_text)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db,
					"SELECT rowid, sql IS ?3 FROM "
					"main.sqlite_schema WHERE type = ?1 "
					"AND name = ?2",
					&stmt);

	*rowid = 0;
	*same_text = true;
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, type, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, sql, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*rowid = sqlite3_column_int64(stmt, 0);
		*same_text = sqlite3_column_int(stmt, 1);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

/*
 * Texts that ALTER TABLE has edited are set back to the letter. Changing
 * sqlite_schema by hand is what https://sqlite.org/lang_altertable.html
 * describes for changes that do not touch the stored rows.
 */
static struct err *set_texts(struct restore *r)
{
	struct err *err = NULL;
	bool any = false;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];
		int64_t rowid;
		bool same;

		if (t->way != RESTORE_TEXT && t->way != RESTORE_SHRINK &&
		    t->way != RESTORE_VIRTUAL)
			continue;
		err = look_up(r, "table", t->old->name, t->old->sql, &rowid,
			      &same);
		if (err || same || !rowid)
			continue;
		if (!any)
			err = restore_exec(r, "PRAGMA writable_schema = ON");
		any = true;
		if (!err)
			err = set_text(r, rowid, t->old->sql);
	}
	if (!err && any)
		err = restore_exec(r, "PRAGMA writable_schema = RESET");
	return err;
}

struct err *restore_schema_before(struct restore *r)
{
	struct err *err = drop_hanging(r);

	if (!err)
		err = move_tables(r);
	if (!err)
		err = move_virtual(r);
	if (!err)
		err = set_texts(r);
	return err_wrap(err, "restore definitions");
}

static int by_rank(const void *a, const void *b)
{
	static const char *const order[] = { "index", "view", "trigger" };
	const struct schema_object *x = *(const struct schema_object *const *)a;
	const struct schema_object *y = *(const struct schema_object *const *)b;
	size_t i = 0, k = 0;

	while (i < ARRAY_LEN(order) && !streq(order[i], x->kind))
		i++;
	while (k < ARRAY_LEN(order) && !streq(order[k], y->kind))
		k++;
	if (i != k)
		return i < k ? -1 : 1;
	return x->position < y->position ? -1 : x->position > y->position;
}

static struct err *remake(struct restore *r)
{
	struct err *err = NULL;

	if (r->n_remake)
		qsort(r->remake, r->n_remake,
		      sizeof(const struct schema_object *), by_rank);
	for (size_t i = 0; i < r->n_remake && !err; i++) {
		const struct schema_object *o = r->remake[i];
		int rc = sqlite3_exec(r->db, o->sql, NULL, NULL, NULL);

		if ((rc & 0xff) == SQLITE_CONSTRAINT) {
			bool found;

			err = restore_twins(r, o, &found);
			if (err || found)
				return err;
			restore_conflict_add(r, o->path, RESTORE_NOT_UNIQUE, 0);
		} else if ((rc & 0xff) == SQLITE_ERROR &&
			   !restore_is_undone(r, o)) {
			restore_conflict_add(r, o->path, RESTORE_NEEDS_IT, 0);
		} else if (rc != SQLITE_OK) {
			err = err_wrap(target_sqlite_error(r->db, "restore"),
				       "%s", o->path);
		}
	}
	return err;
}

static struct err *set_pragmas(struct restore *r)
{
	const struct schema_delta *d = r->req->delta;
	struct err *err = NULL;

	for (size_t i = 0; i < d->n && !err; i++) {
		const struct schema_object *was = d->changes[i].before;
		const struct schema_object *is = d->changes[i].after;

		if (was && streq(was->kind, "pragma"))
			err = restore_exec(r, "%s", was->sql);
		else if (!was && is && streq(is->kind, "pragma"))
			err = restore_exec(r, "PRAGMA %s = 0", is->name);
	}
	return err;
}

/*
 * ALTER TABLE reads every definition and puts the quotes in it right, even
 * where it has nothing to say: what the migration left alone gets its own
 * text back.
 */
static struct err *set_other_texts(struct restore *r)
{
	struct err *err = NULL;
	bool any = false;

	if (!r->altered)
		return NULL;
	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;
		int64_t rowid;
		bool same;

		if (err || !o || streq(o->kind, "pragma") ||
		    restore_is_undone(r, o))
			continue;
		err = look_up(r, streq(o->kind, "virtual") ? "table" : o->kind,
			      o->name, o->sql, &rowid, &same);
		if (err || same || !rowid)
			continue;
		if (!any)
			err = restore_exec(r, "PRAGMA writable_schema = ON");
		any = true;
		if (!err)
			err = set_text(r, rowid, o->sql);
	}
	if (!err && any)
		err = restore_exec(r, "PRAGMA writable_schema = RESET");
	return err;
}

struct err *restore_schema_after(struct restore *r)
{
	struct err *err = remake(r);

	if (err || r->out->again)
		return err_wrap(err, "restore definitions");
	err = set_other_texts(r);
	if (!err)
		err = set_pragmas(r);
	if (!err && !r->out->blocked)
		err = restore_places(r);
	return err_wrap(err, "restore definitions");
}
