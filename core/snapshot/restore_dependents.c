#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Views, triggers and foreign keys of others on what goes. SQLite lets it go,
 * and they fail when they are used next: so what could be used before and no
 * longer can is a conflict. Whether a view or a trigger can be used is told by
 * preparing a statement that needs it; nothing is run.
 */

/** What could be used before. */
struct restore_dependent {
	const struct schema_object *view; /* NULL = triggers */
	const char *table;                /* that has the triggers */
	char op;                          /* they act on: 'i', 'u', 'd' */
	bool strict;                      /* no word in "" is a string */
};

static void add_statement(struct buf *out, const char *before, const char *name,
			  const char *behind)
{
	buf_addf(out, "%s main.", before);
	sql_quote_name(out, name);
	buf_addstr(out, behind);
}

/* Every column is set to itself: triggers of single columns fire as well. */
static struct err *add_update(struct restore *r, const char *table,
			      struct buf *out)
{
	const char *comma = " SET ";
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		r->db, "SELECT name FROM pragma_table_info(?1)", &stmt);

	if (err)
		return err;
	add_statement(out, "UPDATE", table, "");
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);

		buf_addstr(out, comma);
		sql_quote_name(out, name);
		buf_addstr(out, " = ");
		sql_quote_name(out, name);
		comma = ", ";
	}
	return sqlite3_finalize(stmt) == SQLITE_OK
		       ? NULL
		       : target_sqlite_error(r->db, "read columns");
}

static struct err *add_use(struct restore *r, const struct restore_dependent *d,
			   struct buf *out)
{
	if (d->view)
		add_statement(out, "SELECT * FROM", d->view->name, "");
	else if (d->op == 'u')
		return add_update(r, d->table, out);
	else if (d->op == 'i')
		add_statement(out, "INSERT INTO", d->table, " DEFAULT VALUES");
	else
		add_statement(out, "DELETE FROM", d->table, "");
	return NULL;
}

static struct err *fits(struct restore *r, const struct restore_dependent *d,
			bool *out)
{
	sqlite3_stmt *stmt = NULL;
	struct buf sql = BUF_INIT;
	int was = 1, rc;
	struct err *err = add_use(r, d, &sql);

	if (err)
		goto done;
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_DQS_DML, -1, &was);
	if (d->strict)
		sqlite3_db_config(r->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	rc = sqlite3_prepare_v2(r->db, buf_str(&sql), -1, &stmt, NULL);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_DQS_DML, was, NULL);
	sqlite3_finalize(stmt);
	*out = rc == SQLITE_OK;
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_ERROR)
		err = target_sqlite_error(r->db, "look for what needs a table");
done:
	buf_release(&sql);
	return err;
}

static struct err *remember(struct restore *r, struct restore_dependent d)
{
	bool ok;
	struct err *err;

	d.strict = true;
	err = fits(r, &d, &ok);
	if (!err && !ok) {
		d.strict = false;
		err = fits(r, &d, &ok);
	}
	if (err || !ok)
		return err;
	VEC_GROW(r->dependents, r->n_dependents, r->cap_dependents);
	r->dependents[r->n_dependents++] = d;
	return NULL;
}

/* --- views and triggers --- */

static struct err *remember_triggers(struct restore *r, const char *table)
{
	struct err *err = NULL;

	for (const char *op = "iud"; *op && !err; op++)
		err = remember(r, (struct restore_dependent){ .table = table,
							      .op = *op });
	return err;
}

static struct err *remember_all(struct restore *r)
{
	struct map tables = MAP_INIT;
	struct err *err = NULL;

	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;

		if (err || !o || restore_is_undone(r, o))
			continue;
		if (streq(o->kind, "view"))
			err = remember(r,
				       (struct restore_dependent){ .view = o });
		if (!streq(o->kind, "trigger") || map_has(&tables, o->table))
			continue;
		map_put_number(&tables, o->table, 1);
		err = remember_triggers(r, o->table);
	}
	map_release(&tables);
	return err;
}

/* --- foreign keys --- */

/*
 * Those that refer to a table, in order, and whether they find there what they
 * refer to: the primary key, or a unique index over those columns.
 */
static const char keys_sql[] =
	"SELECT s.name, s.name || char(1) || (SELECT group_concat(g.\"from\" "
	"|| char(1) || coalesce(g.\"to\", ''), char(1)) "
	"FROM pragma_foreign_key_list(s.name) g WHERE g.id = f.id), "
	"EXISTS (SELECT 1 FROM main.sqlite_schema p WHERE p.type = 'table' "
	"AND lower(p.name) = lower(?1)) AND ("
	"(SELECT count(*) FROM pragma_table_info(?1) c WHERE c.pk) = "
	"(SELECT count(*) FROM pragma_foreign_key_list(s.name) g "
	"WHERE g.id = f.id AND (g.\"to\" IS NULL OR EXISTS (SELECT 1 "
	"FROM pragma_table_info(?1) c WHERE c.pk "
	"AND lower(c.name) = lower(g.\"to\")))) "
	"OR EXISTS (SELECT 1 FROM pragma_index_list(?1) i "
	"WHERE i.\"unique\" AND NOT i.partial "
	"AND (SELECT count(*) FROM pragma_index_info(i.name)) = "
	"(SELECT count(*) FROM pragma_foreign_key_list(s.name) g "
	"WHERE g.id = f.id) AND NOT EXISTS (SELECT 1 "
	"FROM pragma_foreign_key_list(s.name) g WHERE g.id = f.id "
	"AND NOT EXISTS (SELECT 1 FROM pragma_index_info(i.name) x "
	"WHERE lower(x.name) = lower(g.\"to\"))))) "
	"FROM main.sqlite_schema s, pragma_foreign_key_list(s.name) f "
	"WHERE s.type = 'table' AND s.sql LIKE '%references%' "
	"AND lower(f.\"table\") = lower(?1) AND f.seq = 0 ORDER BY s.name, "
	"f.id";

struct key {
	const char *child, *parent;
	const char *label; /* the child, and the columns of both */
	bool fits;
};

typedef struct err *(*key_fn)(struct restore *r, const struct key *key);

static struct err *each_key(struct restore *r, const char *parent, key_fn fn)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db, keys_sql, &stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, parent, -1, SQLITE_STATIC);
	while (!err && sqlite3_step(stmt) == SQLITE_ROW) {
		const struct key key = {
			.child = (const char *)sqlite3_column_text(stmt, 0),
			.parent = parent,
			.label = (const char *)sqlite3_column_text(stmt, 1),
			.fits = sqlite3_column_int(stmt, 2),
		};

		err = fn(r, &key);
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK && !err)
		err = target_sqlite_error(r->db, "read foreign keys");
	return err;
}

static struct err *remember_key(struct restore *r, const struct key *key)
{
	if (key->fits)
		map_put_number(&r->dependent_keys, key->label, 1);
	return NULL;
}

/* Tables whose form, or whose unique indexes, the migration has made. */
static struct err *each_parent(struct restore *r, key_fn fn)
{
	const struct schema_delta *d = r->req->delta;
	struct map seen = MAP_INIT;
	struct err *err = NULL;

	for (size_t i = 0; i < d->n && !err; i++) {
		const struct schema_object *o = d->changes[i].after;

		if (!o ||
		    (!streq(o->kind, "table") && !streq(o->kind, "index")))
			continue;
		if (!map_put_number(&seen, o->table, 1))
			err = each_key(r, o->table, fn);
	}
	map_release(&seen);
	return err;
}

/* --- before and after --- */

static bool any_goes(const struct schema_delta *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->changes[i].after &&
		    !streq(d->changes[i].after->kind, "pragma"))
			return true;
	return false;
}

struct err *restore_dependents_before(struct restore *r)
{
	struct err *err;

	if (!any_goes(r->req->delta))
		return NULL;
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	err = remember_all(r);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	return err ? err : each_parent(r, remember_key);
}

/* As it is, or as it is written between quotes. */
static bool mentions(const char *sql, const char *name)
{
	struct buf quoted = BUF_INIT;
	bool found;

	sql_quote_name(&quoted, name);
	found = strcasestr(sql, name) || strcasestr(sql, buf_str(&quoted));
	buf_release(&quoted);
	return found;
}

/* It may have stood there before the migration, and needed the same. */
static struct err *blame(struct restore *r, const struct schema_object *o,
			 const char *parent)
{
	const struct restore_request *req = r->req;
	const char *sql = NULL;
	struct err *err = NULL;

	if (req->sql_before)
		err = req->sql_before(req->sql_before_payload, &r->arena,
				      o->path, &sql);
	if (!err && (!sql || (parent && !mentions(sql, parent))))
		restore_conflict_add(r, o->path, RESTORE_NEEDS_IT, 0);
	return err;
}

/* Alone, without any other trigger. */
static struct err *fits_alone(struct restore *r,
			      const struct restore_dependent *d,
			      const struct schema_object *trigger, bool *out)
{
	struct err *err = restore_exec(r, "SAVEPOINT git_migrate_alone"), *end;

	if (err)
		return err;
	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;

		if (!err && o && o != trigger && streq(o->kind, "trigger"))
			err = restore_drop(r, o);
	}
	if (!err)
		err = fits(r, d, out);
	end = restore_exec(r, "ROLLBACK TO git_migrate_alone");
	if (!end)
		end = restore_exec(r, "RELEASE git_migrate_alone");
	return err_first(err, end);
}

static struct err *blame_triggers(struct restore *r,
				  const struct restore_dependent *d)
{
	struct err *err = NULL;
	bool ok = true;

	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;

		if (err || !o || !streq(o->kind, "trigger") ||
		    restore_is_undone(r, o) ||
		    !sql_same_name(SQL_SQLITE, o->table, d->table))
			continue;
		err = fits_alone(r, d, o, &ok);
		if (!err && !ok)
			err = blame(r, o, NULL);
	}
	return err;
}

static struct err *blame_key(struct restore *r, const struct key *key)
{
	if (key->fits || !map_has(&r->dependent_keys, key->label))
		return NULL;
	map_each (&r->req->now->by_path, e) {
		const struct schema_object *o = e->value;

		if (o && streq(o->kind, "table") &&
		    sql_same_name(SQL_SQLITE, o->name, key->child))
			return blame(r, o, key->parent);
	}
	return NULL;
}

static struct err *judge(struct restore *r, const struct restore_dependent *d)
{
	bool ok;
	struct err *err = fits(r, d, &ok);

	if (err || ok)
		return err;
	return d->view ? blame(r, d->view, NULL) : blame_triggers(r, d);
}

struct err *restore_dependents_after(struct restore *r)
{
	struct err *err = NULL;

	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	for (size_t i = 0; i < r->n_dependents && !err; i++)
		err = judge(r, &r->dependents[i]);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	return err || !r->dependent_keys.n ? err : each_parent(r, blame_key);
}
