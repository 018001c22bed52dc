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

struct err *restore_orphans_before(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_table *t = &r->tables[i];

		if (t->lines && t->lines->inserted && t->after && t->before)
			err = add_children(r, t->after);
	}
	for (size_t i = 0; i < r->n_children && !err; i++)
		err = violations(r, r->children[i].name, r->children[i].parent,
				 &r->children[i].violations);
	return err;
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

struct err *restore_orphans_after(struct restore *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_children && !err; i++) {
		const struct restore_child *c = &r->children[i];
		int64_t now;

		err = violations(r, c->name, c->parent, &now);
		if (!err && c->violations >= 0 && now >= 0 &&
		    now - c->violations > expected(r, c))
			restore_conflict_add(r, c->name, RESTORE_ORPHANED,
					     (uint64_t)(now - c->violations));
	}
	return err;
}
