#include "snapshot/capture_sqlite.h"

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * Where foreign keys are not enforced, rows may refer to nothing until a
 * migration inserts what they refer to. A rollback must not take them for
 * rows that came later, so they are counted.
 */

#define NEW "temp.git_migrate_new"

/* More rows than this are not looked up: the count stays 0. */
#define MAX_KEYS 10000

static struct err *exec(struct referrers *r, const char *sql)
{
	if (sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return NULL;
	return target_sqlite_error(r->db, "count referring rows");
}

/* The columns of each foreign key to the table, one row for each pair. */
static struct err *each_reference(struct referrers *r, sqlite3_stmt **out)
{
	struct err *err = table_prepare(
		r->db,
		"SELECT s.name, f.seq, f.\"from\", coalesce(f.\"to\", (SELECT "
		"p.name FROM pragma_table_info(?1) p WHERE p.pk = f.seq + 1)) "
		"FROM main.sqlite_schema s, pragma_foreign_key_list(s.name) f "
		"WHERE s.type = 'table' AND s.sql LIKE '%references%' "
		"AND lower(f.\"table\") = lower(?1) "
		"ORDER BY s.name, f.id, f.seq",
		out);

	if (!err)
		sqlite3_bind_text(*out, 1, r->table->name, -1, SQLITE_STATIC);
	return err;
}

/*
 * Whether any table refers to another at all, which most schemas of many
 * tables can be asked cheaply: only tables that came since the last time, as
 * nothing but CREATE TABLE ran, are read.
 */
static struct err *any_references(struct referrers *r, bool *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		r->db,
		"SELECT max(rowid), max(sql LIKE '%references%') FROM "
		"main.sqlite_schema WHERE rowid > ?1 AND type = 'table'",
		&stmt);

	*out = false;
	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, *r->read_to);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*out = sqlite3_column_int(stmt, 1);
		if (!*out && sqlite3_column_int64(stmt, 0) > *r->read_to)
			*r->read_to = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

static struct err *has_references(struct referrers *r, bool *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = any_references(r, out);

	if (err || !*out)
		return err;
	err = each_reference(r, &stmt);
	*out = !err && sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return err;
}

static struct err *make_table(struct referrers *r)
{
	size_t n = r->table->without_rowid ? r->table->n_keys : 1;
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addstr(&sql, "DROP TABLE IF EXISTS " NEW "; CREATE TABLE " NEW "(");
	for (size_t k = 0; k < n; k++)
		buf_addf(&sql, "k%zu%s, ", k,
			 r->table->without_rowid ? "" : " INTEGER");
	buf_addstr(&sql, "PRIMARY KEY (");
	for (size_t k = 0; k < n; k++)
		buf_addf(&sql, k ? ", k%zu" : "k%zu", k);
	buf_addstr(&sql, "))");
	err = exec(r, buf_str(&sql));
	buf_reset(&sql);
	buf_addstr(&sql, "INSERT INTO " NEW " VALUES (");
	for (size_t k = 0; k < n; k++)
		buf_addf(&sql, k ? ", ?%zu" : "?%zu", k + 1);
	buf_addch(&sql, ')');
	if (!err)
		err = table_prepare(r->db, buf_str(&sql), &r->add);
	buf_release(&sql);
	return err;
}

static struct err *begin(struct referrers *r)
{
	struct err *err;
	int enforced = 0;
	bool any;

	r->asked = true;
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &enforced);
	if (enforced)
		return NULL;
	err = has_references(r, &any);
	return err || !any ? err : make_table(r);
}

struct err *referrers_add(struct referrers *r, const struct change_key *key)
{
	struct err *err = r->asked ? NULL : begin(r);

	if (err || !r->add || r->n++ > MAX_KEYS)
		return err;
	table_bind_key(r->add, 1, r->table, key, &r->bind, &err);
	if (!err && sqlite3_step(r->add) != SQLITE_DONE)
		err = target_sqlite_error(r->db, "count referring rows");
	sqlite3_reset(r->add);
	return err;
}

static void add_key_join(struct buf *sql, const struct table_info *t)
{
	for (size_t k = 0; t->without_rowid && k < t->n_keys; k++) {
		buf_addstr(sql, k ? " AND p." : "p.");
		sql_quote_name(sql, t->keys[k]);
		buf_addf(sql, " = n.k%zu", k);
	}
	if (!t->without_rowid)
		buf_addf(sql, "p.%s = n.k0", t->rowid);
}

static bool same_type(struct referrers *r, const char *child, const char *from,
		      const char *to)
{
	const char *a = NULL, *b = NULL;

	sqlite3_table_column_metadata(r->db, "main", child, from, &a, NULL,
				      NULL, NULL, NULL);
	sqlite3_table_column_metadata(r->db, "main", r->table->name, to, &b,
				      NULL, NULL, NULL, NULL);
	return !sqlite3_stricmp(a ? a : "", b ? b : "");
}

static struct err *count_one(struct referrers *r, const char *sql,
			     uint64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(r->db, sql, &stmt);

	if (!err && sqlite3_step(stmt) == SQLITE_ROW)
		*out += (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return err;
}

/*
 * The pairs of columns of one foreign key, from the row that ref stands on;
 * *row: there is another key behind it. Where types differ the parent's
 * affinity counts, which the plus sign brings about, and no index of the
 * child can help. False: the key refers to no column.
 */
static bool add_pairs(struct referrers *r, sqlite3_stmt *ref, const char *child,
		      struct buf *sql, bool *plain, bool *row)
{
	bool whole = true;

	do {
		const char *from = (const char *)sqlite3_column_text(ref, 2);
		const char *to = (const char *)sqlite3_column_text(ref, 3);
		bool same = to && same_type(r, child, from, to);

		whole &= to && table_info_has(r->table, to);
		*plain &= same;
		buf_addstr(sql, " AND p.");
		sql_quote_name(sql, to ? to : "");
		buf_addstr(sql, same ? " = c." : " = +c.");
		sql_quote_name(sql, from);
		*row = sqlite3_step(ref) == SQLITE_ROW;
		/* the pairs of a key are numbered from 0 */
	} while (*row && sqlite3_column_int(ref, 1) > 0);
	return whole;
}

static void add_table(struct buf *sql, const char *before, const char *name,
		      const char *after)
{
	buf_addstr(sql, before);
	sql_quote_name(sql, name);
	buf_addstr(sql, after);
}

/* One query for each foreign key; its columns are rows of the answer. */
static struct err *count_all(struct referrers *r, sqlite3_stmt *ref,
			     uint64_t *out)
{
	struct buf sql = BUF_INIT, pairs = BUF_INIT, child = BUF_INIT;
	struct err *err = NULL;
	bool row = sqlite3_step(ref) == SQLITE_ROW;

	while (row && !err) {
		bool plain = true, whole;

		buf_reset(&sql);
		buf_reset(&pairs);
		buf_reset(&child);
		buf_addstr(&child, (const char *)sqlite3_column_text(ref, 0));
		whole = add_pairs(r, ref, buf_str(&child), &pairs, &plain,
				  &row);
		if (plain)
			buf_addstr(&sql, "SELECT count(*) FROM " NEW " n");
		else
			add_table(&sql, "SELECT count(*) FROM main.",
				  buf_str(&child), " c");
		add_table(&sql, " CROSS JOIN main.", r->table->name, " p");
		if (plain)
			add_table(&sql, " CROSS JOIN main.", buf_str(&child),
				  " c WHERE ");
		else
			buf_addstr(&sql, " CROSS JOIN " NEW " n WHERE ");
		add_key_join(&sql, r->table);
		buf_addstr(&sql, buf_str(&pairs));
		if (whole)
			err = count_one(r, buf_str(&sql), out);
	}
	buf_release(&sql);
	buf_release(&pairs);
	buf_release(&child);
	return err;
}

struct err *referrers_end(struct referrers *r, struct err *err, uint64_t *out)
{
	sqlite3_stmt *ref = NULL;
	bool made = r->add != NULL;

	sqlite3_finalize(r->add);
	r->add = NULL;
	buf_release(&r->bind);
	if (!err && out && made && r->n <= MAX_KEYS) {
		*out = 0;
		err = each_reference(r, &ref);
		if (!err)
			err = count_all(r, ref, out);
		sqlite3_finalize(ref);
	}
	if (made)
		err = err_first(err, exec(r, "DROP TABLE IF EXISTS " NEW));
	return err;
}
