#include "snapshot/restore_sqlite.h"

#include <stdlib.h>

#include "base/util.h"
#include "target/target_sqlite.h"

/*
 * Rows that come back may refer to rows that are gone since: asked for each
 * line, by key. Where foreign keys are enforced that is a conflict; else they
 * may have referred to nothing all along, and it is only told.
 */

struct parents {
	struct restore *r;
	bool enforced;
	const struct restore_table *t;
	struct table_info info;
	struct key {
		const char *text; /* "team -> teams" */
		sqlite3_stmt *stmt;
	} * keys;
	size_t n, cap;
	struct buf key;
};

/* "c.x = p.id AND ..." of one foreign key; and that nothing of it is NULL. */
struct clauses {
	struct buf join, known, columns;
};

static struct err *add_columns(struct parents *p, int64_t id, struct clauses *c)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		p->r->db,
		"SELECT \"from\", coalesce(\"to\", (SELECT name FROM "
		"pragma_table_info(f.\"table\") WHERE pk = f.seq + 1)) "
		"FROM pragma_foreign_key_list(?1) f WHERE id = ?2 "
		"ORDER BY seq",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, p->info.name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, id);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *from = (const char *)sqlite3_column_text(stmt, 0);
		const char *to = (const char *)sqlite3_column_text(stmt, 1);
		const char *and = c->join.len ? " AND " : "";

		buf_addf(&c->join, "%sp.", and);
		sql_quote_name(&c->join, to ? to : "rowid");
		/* the parent's affinity and collation count: "+" has none */
		buf_addstr(&c->join, " = +c.");
		sql_quote_name(&c->join, from);
		buf_addf(&c->known, "%sc.", and);
		sql_quote_name(&c->known, from);
		buf_addstr(&c->known, " IS NOT NULL");
		buf_addf(&c->columns, "%s%s", *and? ", " : "", from);
	}
	sqlite3_finalize(stmt);
	return NULL;
}

static struct err *add_key(struct parents *p, int64_t id, const char *parent)
{
	struct clauses c = { BUF_INIT, BUF_INIT, BUF_INIT };
	struct buf sql = BUF_INIT;
	struct key *key;
	struct err *err = add_columns(p, id, &c);

	VEC_GROW(p->keys, p->n, p->cap);
	key = &p->keys[p->n++];
	key->stmt = NULL;
	key->text = arena_printf(&p->r->arena, "%s -> %s", buf_str(&c.columns),
				 parent);
	buf_addf(&sql, "SELECT 1 FROM main.");
	sql_quote_name(&sql, p->info.name);
	buf_addf(&sql, " c WHERE %s AND NOT EXISTS (SELECT 1 FROM main.",
		 buf_str(&c.known));
	sql_quote_name(&sql, parent);
	buf_addf(&sql, " p WHERE %s) AND ", buf_str(&c.join));
	table_where_key(&sql, &p->info, 1);
	if (!err)
		err = table_prepare(p->r->db, buf_str(&sql), &key->stmt);
	buf_release(&sql);
	buf_release(&c.join);
	buf_release(&c.known);
	buf_release(&c.columns);
	return err;
}

/* Foreign keys to tables that are there: others were broken before, too. */
static struct err *find_keys(struct parents *p)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		p->r->db,
		"SELECT DISTINCT id, \"table\" FROM "
		"pragma_foreign_key_list(?1) WHERE EXISTS (SELECT 1 FROM "
		"main.sqlite_schema WHERE type = 'table' AND lower(name) = "
		"lower(\"table\"))",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, p->info.name, -1, SQLITE_STATIC);
	while (!err && sqlite3_step(stmt) == SQLITE_ROW)
		err = add_key(p, sqlite3_column_int64(stmt, 0),
			      (const char *)sqlite3_column_text(stmt, 1));
	sqlite3_finalize(stmt);
	return err;
}

static void report(struct parents *p, const struct restore_line *line,
		   const struct key *key)
{
	const struct restore_request *req = p->r->req;
	struct restore_late late = {
		.detail = { .object = p->t->before,
			    .what = RESTORE_ORPHANED,
			    .key = restore_key_text(p->r, &p->info, &line->key),
			    .constraint = key->text },
		.table = p->t->before,
		.line = line->number,
		.op = line->op,
		.how = SETTLE_SKIP,
	};

	if (restore_aside_line(p->r, &late))
		return;
	if (restore_result_conflict(req, p->r->out, &late.detail, true,
				    false) == RESTORE_KEEP)
		restore_remember(req, p->r->out, &late);
}

static struct err *check_line(struct parents *p,
			      const struct restore_line *line)
{
	struct err *err = NULL;

	if (line->op == ROW_INSERTED)
		return NULL;
	for (size_t i = 0; i < p->n && !err; i++) {
		sqlite3_stmt *stmt = p->keys[i].stmt;
		bool orphan;

		table_bind_key(stmt, 1, &p->info, &line->key, &p->key, &err);
		orphan = !err && sqlite3_step(stmt) == SQLITE_ROW;
		sqlite3_reset(stmt);
		if (!orphan)
			continue;
		if (p->enforced)
			report(p, line, &p->keys[i]);
		else
			p->r->out->dangling++;
		break;
	}
	return err;
}

static struct err *check_table(struct restore *r, const struct restore_table *t)
{
	struct parents p = { .r = r,
			     .t = t,
			     .enforced =
				     target_sqlite_enforces(r->req->target) };
	struct restore_lines lines;
	struct restore_line line;
	bool found;
	struct err *err = table_info_read(&p.info, r->db, t->before, &found);

	if (!err && found)
		err = find_keys(&p);
	if (!err && p.n) {
		err = restore_lines_open(&lines, r, t);
		while (!err) {
			err = restore_lines_next(&lines, &line);
			if (err || !line.op)
				break;
			err = check_line(&p, &line);
		}
		restore_lines_close(&lines);
	}
	for (size_t i = 0; i < p.n; i++)
		sqlite3_finalize(p.keys[i].stmt);
	free(p.keys);
	buf_release(&p.key);
	table_info_release(&p.info);
	return err_wrap(err, "table %s", t->before);
}

struct err *restore_parents(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];

		if (t->before && t->lines &&
		    (t->lines->updated || t->lines->deleted))
			err = check_table(r, t);
	}
	return err;
}
