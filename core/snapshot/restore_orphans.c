#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "snapshot/restore_sqlite.h"
#include "target/target_sqlite.h"

/*
 * Rows that the migration inserted go; rows written since may refer to them.
 * Whether foreign keys are enforced or not, such a reference must not be left
 * dangling in silence.
 */

static struct err *violations(struct restore *r, const char *child,
			      const char *parent, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		r->db,
		"SELECT count(*) FROM pragma_foreign_key_check(?1) "
		"WHERE lower(parent) = lower(?2)",
		&stmt);

	*out = -1;
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, child, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, parent, -1, SQLITE_STATIC);
	/* a key that refers to no unique column cannot be checked: -1 */
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return NULL;
}

static struct err *add_children(struct restore *r, const char *parent)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		r->db,
		"SELECT s.name, count(DISTINCT f.id) FROM main.sqlite_schema "
		"s, "
		"pragma_foreign_key_list(s.name) f WHERE s.type = 'table' "
		"AND lower(f.\"table\") = lower(?1) GROUP BY s.name",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, parent, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		struct restore_child *c;

		VEC_GROW(r->children, r->n_children, r->cap_children);
		c = &r->children[r->n_children++];
		c->name = arena_strdup(
			&r->arena, (const char *)sqlite3_column_text(stmt, 0));
		c->parent = parent;
		c->n_keys = (uint64_t)sqlite3_column_int64(stmt, 1);
		c->violations = 0;
	}
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		err = target_sqlite_error(r->db, "read foreign keys");
	return err;
}

/* Tables that the migration left alone lose rows that referred to others. */
static struct err *add_elsewhere(struct restore *r)
{
	const struct restore_memory *m = r->req->memory;
	struct map seen = { 0 };
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before)
			map_put_number(&seen, r->tables[i].before, 1);
	for (size_t i = 0; m && i < m->n && !err; i++) {
		if (!m->late[i].evict || map_has(&seen, m->late[i].table))
			continue;
		map_put_number(&seen, m->late[i].table, 1);
		err = add_children(r, m->late[i].table);
	}
	map_release(&seen);
	return err;
}

struct err *restore_orphans_before(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];

		if (t->after && t->before &&
		    ((t->lines && t->lines->inserted) ||
		     restore_evicts(r->req, t->before)))
			err = add_children(r, t->after);
	}
	if (!err)
		err = add_elsewhere(r);
	for (size_t i = 0; i < r->n_children && !err; i++)
		err = violations(r, r->children[i].name, r->children[i].parent,
				 &r->children[i].violations);
	return err ? err : restore_children_before(r);
}

/*
 * Rows that may refer to nothing as they did before the migration: those of
 * the child that the restore itself wrote, and those that referred to rows of
 * the parent before these were there.
 */
static int64_t expected(const struct restore *r, const struct restore_child *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_tables; i++) {
		const struct restore_table *t = &r->tables[i];

		if (!t->lines)
			continue;
		if (t->before && streq(t->before, c->name))
			n += (t->lines->updated + t->lines->deleted) *
			     c->n_keys;
		if (t->after && streq(t->after, c->parent))
			n += t->lines->referrers;
	}
	return (int64_t)n;
}

/* Rows of a child whose parents went, and what they refer to by. */
struct orphans {
	struct restore *r;
	const struct restore_child *child;
	const struct restore_table *parent;
	struct map wanted;     /* digest of a value -> key of a child's row */
	const char *from, *to; /* columns; of a foreign key of just one */
};

/* The columns of foreign key `id`; from NULL: more than one, or not known. */
static struct err *read_key(struct orphans *o, int64_t id)
{
	sqlite3_stmt *stmt = NULL;
	struct err *err = table_prepare(
		o->r->db,
		"SELECT \"from\", coalesce(\"to\", (SELECT name FROM "
		"pragma_table_info(f.\"table\") WHERE pk = 1)), count(*) "
		"FROM pragma_foreign_key_list(?1) f WHERE id = ?2",
		&stmt);

	o->from = o->to = NULL;
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, o->child->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, id);
	if (sqlite3_step(stmt) == SQLITE_ROW &&
	    sqlite3_column_int(stmt, 2) == 1 &&
	    sqlite3_column_type(stmt, 1) == SQLITE_TEXT) {
		o->from = arena_strdup(
			&o->r->arena,
			(const char *)sqlite3_column_text(stmt, 0));
		o->to = arena_strdup(
			&o->r->arena,
			(const char *)sqlite3_column_text(stmt, 1));
	}
	sqlite3_finalize(stmt);
	return NULL;
}

static void digest_name(const struct row_value *v, char out[24])
{
	snprintf(out, 24, "%x", (unsigned)ROW_SHORT_DIGEST(row_digest(v)));
}

/* What the child's row refers to, into the wanted ones. */
static struct err *want(struct orphans *o, int64_t rowid)
{
	sqlite3_stmt *stmt = NULL;
	struct buf sql = BUF_INIT;
	struct row_value v;
	struct err *err;
	char name[24];

	buf_addstr(&sql, "SELECT ");
	sql_quote_name(&sql, o->from);
	buf_addstr(&sql, " FROM main.");
	sql_quote_name(&sql, o->child->name);
	buf_addstr(&sql, " WHERE rowid = ?1");
	err = table_prepare(o->r->db, buf_str(&sql), &stmt);
	buf_release(&sql);
	if (err)
		return err;
	sqlite3_bind_int64(stmt, 1, rowid);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		table_value(&v, sqlite3_column_value(stmt, 0));
		digest_name(&v, name);
		map_put(&o->wanted, name,
			arena_printf(&o->r->arena, "rowid %lld",
				     (long long)rowid));
	}
	sqlite3_finalize(stmt);
	return NULL;
}

/* The value of the column that is referred to, as the line has it. */
static struct err *referred(const struct orphans *o,
			    const struct restore_line *line,
			    const struct table_info *info, bool *known,
			    char name[24])
{
	const struct manifest_table *m = o->parent->lines;
	const char *p = line->fields;
	struct row_value v = { .type = ROW_INT, .i = line->key.i };

	*known = info->rowid_column &&
		 sql_same_name(SQL_SQLITE, info->rowid_column, o->to);
	if (*known)
		digest_name(&v, name);
	for (size_t i = 0; i < m->n_columns && !*known; i++) {
		struct restore_field f;
		struct err *err = restore_field_next(&p, line->end, line->op,
						     &f, &o->r->scratch);

		if (err)
			return err;
		if (!m->columns[i].after || f.old.type != ROW_SAME ||
		    !sql_same_name(SQL_SQLITE, m->columns[i].after, o->to))
			continue;
		*known = true;
		snprintf(name, 24, "%x", (unsigned)f.old.i);
	}
	return NULL;
}

static void report(struct orphans *o, const struct restore_line *line,
		   const struct table_info *info, const char *child)
{
	const struct restore_request *req = o->r->req;
	struct restore_late late = {
		.detail = { .object = o->child->name,
			    .what = RESTORE_ORPHANED,
			    .key = child,
			    .constraint = arena_printf(
				    &o->r->arena, "%s -> %s (%s)", o->from,
				    o->child->parent,
				    restore_key_text(o->r, info, &line->key)) },
		.table = o->parent->before,
		.line = line->number,
		.op = line->op,
		.how = SETTLE_SKIP,
	};

	if (restore_result_conflict(req, o->r->out, &late.detail, true,
				    false) == RESTORE_KEEP)
		restore_remember(req, o->r->out, &late);
}

/* The lines of the parents that are wanted. */
static struct err *find_parents(struct orphans *o, size_t *found)
{
	struct restore_lines lines;
	struct restore_line line;
	struct table_info info;
	bool there;
	struct err *err =
		table_info_read(&info, o->r->db, o->parent->before, &there);

	if (err)
		return err;
	err = restore_lines_open(&lines, o->r, o->parent);
	while (!err) {
		const char *child;
		bool known = false;
		char name[24];

		err = restore_lines_next(&lines, &line);
		if (err || !line.op)
			break;
		if (line.op != ROW_INSERTED)
			continue;
		err = referred(o, &line, &info, &known, name);
		child = !err && known ? map_get(&o->wanted, name) : NULL;
		if (!child)
			continue;
		report(o, &line, &info, child);
		++*found;
	}
	restore_lines_close(&lines);
	table_info_release(&info);
	return err;
}

static const struct restore_table *table_after(const struct restore *r,
					       const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].lines && r->tables[i].after &&
		    streq(r->tables[i].after, name))
			return &r->tables[i];
	return NULL;
}

/* Each child's row by its foreign key; *all: every one was understood. */
static struct err *collect(struct orphans *o, bool *all)
{
	sqlite3_stmt *stmt = NULL;
	int64_t id = -1;
	struct err *err = table_prepare(
		o->r->db,
		"SELECT rowid, fkid FROM pragma_foreign_key_check(?1) WHERE "
		"lower(parent) = lower(?2) ORDER BY fkid",
		&stmt);

	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, o->child->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, o->child->parent, -1, SQLITE_STATIC);
	while (!err && *all && sqlite3_step(stmt) == SQLITE_ROW) {
		if (id != sqlite3_column_int64(stmt, 1)) {
			*all = id < 0; /* one foreign key at a time */
			id = sqlite3_column_int64(stmt, 1);
			err = read_key(o, id);
		}
		*all &= o->from && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
		if (!err && *all)
			err = want(o, sqlite3_column_int64(stmt, 0));
	}
	sqlite3_finalize(stmt);
	return err;
}

/* Which of the rows that went they miss; *found 0: that cannot be told. */
static struct err *blame(struct restore *r, const struct restore_child *c,
			 size_t *found)
{
	struct orphans o = { .r = r,
			     .child = c,
			     .parent = table_after(r, c->parent) };
	struct err *err = NULL;
	bool all = o.parent && !c->violations && !expected(r, c);

	*found = 0;
	if (all)
		err = collect(&o, &all);
	if (!err && all)
		err = find_parents(&o, found);
	map_release(&o.wanted);
	return err;
}

struct err *restore_orphans_after(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_children && !err; i++) {
		const struct restore_child *c = &r->children[i];
		size_t found = 0;
		bool aside;
		int64_t now;

		err = restore_children_after(r, c, &aside);
		if (err || aside)
			continue;
		err = violations(r, c->name, c->parent, &now);
		if (err || c->violations < 0 || now < 0 ||
		    now - c->violations <= expected(r, c))
			continue;
		err = blame(r, c, &found);
		if (!err && !found)
			restore_conflict_add(r, c->name, RESTORE_ORPHANED,
					     (uint64_t)(now - c->violations));
	}
	return err;
}
