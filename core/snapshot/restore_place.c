#include "snapshot/restore_sqlite.h"

#include <stdlib.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * The order of objects in sqlite_schema is the order of a dump. Each goes back
 * to its place where that is free.
 */

/* The first rowid behind all objects that are not on the move. */
static struct err *last_place(struct restore *r, int64_t far, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db,
					"SELECT max(rowid) + 1 FROM "
					"main.sqlite_schema WHERE rowid < ?1",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, far);
	sqlite3_step(stmt);
	*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return NULL;
}

/* A row of sqlite_schema, and the rowid and text it is to have. */
struct place {
	int64_t is, want;
	const char *sql; /* NULL = as it is */
};

struct places {
	struct place *list;
	size_t n, cap;
	bool any; /* some row is not where it should be */
};

static void add_place(struct places *p, int64_t is, int64_t want)
{
	VEC_GROW(p->list, p->n, p->cap);
	p->list[p->n++] = (struct place){ is, want, NULL };
	p->any |= is != want;
}

/* Implicit indexes stand right behind their table. */
static struct err *place_autoindexes(struct restore *r, const char *table,
				     int64_t position, struct places *p)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db,
					"SELECT rowid FROM main.sqlite_schema "
					"WHERE type = 'index' AND sql IS NULL "
					"AND tbl_name = ?1 ORDER BY rowid",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		add_place(p, sqlite3_column_int64(stmt, 0), ++position);
	sqlite3_finalize(stmt);
	return NULL;
}

/* The object's row and its text; *row NULL = it is not there. */
static struct err *find_row(struct restore *r, const char *type,
			    const char *name, sqlite3_stmt **row)
{
	struct err *err = table_prepare(r->db,
					"SELECT rowid, sql FROM "
					"main.sqlite_schema WHERE type = ?1 "
					"AND name = ?2",
					row);

	if (err)
		return err;
	sqlite3_bind_text(*row, 1, type, -1, SQLITE_STATIC);
	sqlite3_bind_text(*row, 2, name, -1, SQLITE_STATIC);
	if (sqlite3_step(*row) != SQLITE_ROW) {
		sqlite3_finalize(*row);
		*row = NULL;
	}
	return NULL;
}

static struct err *find_place(struct restore *r,
			      const struct manifest_object *o, struct places *p)
{
	sqlite3_stmt *row = NULL;
	struct err *err = find_row(r, o->type, o->name, &row);
	const char *sql;
	int64_t is;

	if (err || !row)
		return err;
	is = sqlite3_column_int64(row, 0);
	sql = (const char *)sqlite3_column_text(row, 1);
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].is == is)
			goto done; /* the first word about it counts */
	add_place(p, is, o->position);
	if (o->sql && !(sql && streq(sql, o->sql))) {
		p->list[p->n - 1].sql = o->sql;
		p->any = true;
	}
	if (streq(o->type, "table"))
		err = place_autoindexes(r, o->name, o->position, p);
done:
	sqlite3_finalize(row);
	return err;
}

static struct err *find_object(struct restore *r, const struct schema_object *o,
			       struct places *p)
{
	const struct manifest_object place = {
		.type = streq(o->kind, "virtual") ? "table" : o->kind,
		.name = o->name,
		.position = o->position,
	};

	return find_place(r, &place, p);
}

static struct err *find_places(struct restore *r, struct places *p)
{
	const struct schema_delta *d = r->req->delta;
	struct err *err = NULL;

	for (size_t i = 0; i < r->manifest.n_objects && !err; i++)
		err = find_place(r, &r->manifest.objects[i], p);
	for (size_t i = 0; i < d->n && !err; i++) {
		const struct schema_object *o = d->changes[i].before;

		if (o && (streq(o->kind, "table") || streq(o->kind, "virtual")))
			err = find_object(r, o, p);
	}
	for (size_t i = 0; i < r->n_remake && !err; i++)
		err = find_object(r, r->remake[i], p);
	return err;
}

static struct err *move_place(struct restore *r, int64_t from, int64_t to,
			      const char *text)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db,
					"UPDATE main.sqlite_schema SET rowid = "
					"?1, sql = coalesce(?3, sql) "
					"WHERE rowid = ?2",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, to);
	sqlite3_bind_int64(stmt, 2, from);
	sqlite3_bind_text(stmt, 3, text, -1, SQLITE_STATIC);
	sqlite3_step(stmt);
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		err = target_sqlite_error(r->db, "restore a definition");
	return err;
}

/*
 * Free a place, or find another. SQLite's own tables may have taken it, which
 * are never dropped: they move.
 */
static struct err *clear_place(struct restore *r, int64_t far, int64_t *want)
{
	sqlite3_stmt *stmt = NULL;
	int64_t last = 0;
	bool taken, internal = false;
	struct err *err = table_prepare(r->db,
					"SELECT name LIKE 'sqlite\\_%' ESCAPE "
					"'\\' AND type = 'table' FROM "
					"main.sqlite_schema WHERE rowid = ?1",
					&stmt);

	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, *want);
	taken = sqlite3_step(stmt) == SQLITE_ROW;
	if (taken)
		internal = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	if (taken)
		err = last_place(r, far, &last);
	if (!err && internal)
		return move_place(r, *want, last, NULL);
	if (taken)
		*want = last;
	return err;
}

/*
 * An index or trigger that stands before its table, which had to go elsewhere,
 * cannot be read any more: behind all others it can.
 */
static struct err *follow_tables(struct restore *r, int64_t far)
{
	sqlite3_stmt *stmt = NULL;
	struct places p = { 0 };
	int64_t last = 0;
	struct err *err = table_prepare(
		r->db,
		"SELECT o.rowid FROM main.sqlite_schema o JOIN "
		"main.sqlite_schema t ON t.name = o.tbl_name COLLATE NOCASE "
		"WHERE o.type IN ('index', 'trigger') AND t.type IN ('table', "
		"'view') AND o.rowid < t.rowid ORDER BY o.rowid",
		&stmt);

	if (err)
		return err;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		add_place(&p, sqlite3_column_int64(stmt, 0), 0);
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < p.n && !err; i++) {
		err = last_place(r, far, &last);
		if (!err)
			err = move_place(r, p.list[i].is, last, NULL);
	}
	free(p.list);
	return err;
}

struct err *restore_places(struct restore *r)
{
	const int64_t far = (int64_t)1 << 40;
	struct places p = { 0 };
	struct err *err = find_places(r, &p);

	if (err || !p.any)
		goto done;
	err = restore_exec(r, "PRAGMA writable_schema = ON");
	for (size_t i = 0; i < p.n && !err; i++)
		err = move_place(r, p.list[i].is, far + (int64_t)i, NULL);
	for (size_t i = 0; i < p.n && !err; i++) {
		err = clear_place(r, far, &p.list[i].want);
		if (!err)
			err = move_place(r, far + (int64_t)i, p.list[i].want,
					 p.list[i].sql);
	}
	if (!err)
		err = follow_tables(r, far);
	if (!err)
		err = restore_exec(r, "PRAGMA writable_schema = RESET");
done:
	free(p.list);
	return err;
}
