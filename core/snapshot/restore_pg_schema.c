#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_pg.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"

/*
 * Definitions: what has to be is known object by object (the schema now, with
 * what the migration changed as it was before). Whatever stands in the way is
 * dropped with all that hangs on it; then the schema is read again, and what
 * is missing is made from its text, what differs is altered, until nothing
 * does. So it does not matter what hangs on what.
 */

static void add_wanted(struct restore_pg *r)
{
	const struct schema_delta *d = r->req->delta;

	map_each (&r->req->now->by_path, e)
		map_put(&r->wanted, e->key, e->value);
	for (size_t i = 0; i < d->n; i++)
		if (d->changes[i].after)
			map_remove(&r->wanted, d->changes[i].after->path);
	for (size_t i = 0; i < d->n; i++) {
		struct schema_object *o;

		if (!d->changes[i].before)
			continue;
		/* of what was before the journal keeps the SQL only */
		o = arena_alloc(&r->arena, sizeof(*o));
		*o = *d->changes[i].before;
		o->text = o->shape = o->sql;
		map_put(&r->wanted, o->path, o);
	}
}

/* --- tables, before rows go back --- */

static struct err *take_detach(void *payload, int n, const struct pg_cell *cell)
{
	struct buf *sql = payload;

	(void)n;
	buf_addf(sql, "ALTER SEQUENCE %s OWNED BY NONE; ", cell[0].s);
	return NULL;
}

/* Sequences that a column owns would go with the table. */
static struct err *detach_sequences(struct restore_pg *r, const char *table)
{
	struct pg_arg arg = pg_text(table);
	struct buf sql = BUF_INIT;
	struct err *err = pg_query(
		r->c,
		"SELECT d.objid::regclass::text FROM pg_depend d JOIN pg_class"
		" s ON s.oid = d.objid AND s.relkind = 'S' WHERE d.classid ="
		" 1259 AND d.refclassid = 1259 AND d.deptype = 'a'"
		" AND d.refobjid = to_regclass($1)",
		&arg, 1, take_detach, &sql);

	if (!err && sql.len)
		err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

static struct err *move_aside(struct restore_pg *r, struct restore_pg_table *t)
{
	const char *name = restore_pg_behind_schema(t->before);
	struct err *err = detach_sequences(r, t->before);

	if (!err)
		err = restore_pg_sequences_keep(r, t);
	t->aside = arena_printf(&r->arena, "%.*sgit_migrate_aside_%zu",
				(int)(name - t->before), t->before,
				(size_t)(t - r->tables));
	if (err)
		return err;
	return restore_pg_exec(r, "ALTER TABLE %s RENAME TO %s", t->before,
			       restore_pg_behind_schema(t->aside));
}

static const struct schema *current(const struct restore_pg *r)
{
	return r->inspected ? &r->live : r->req->now;
}

static struct err *loosen(struct restore_pg *r,
			  const struct restore_pg_table *t)
{
	const struct schema_object *is =
		map_get(&current(r)->by_path, t->old->path);
	struct pg_form from, to;
	struct buf sql = BUF_INIT;
	struct err *err = is ? pg_form_read(&from, &r->arena, is) : NULL;

	if (err || !is)
		return err;
	err = pg_form_read(&to, &r->arena, t->old);
	if (!err)
		pg_form_loosen(&sql, &from, &to);
	if (!err && sql.len)
		err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

static struct err *loosen_all(struct restore_pg *r)
{
	struct err *err = NULL;

	/* a partition follows its parent */
	for (int partitions = 0; partitions < 2; partitions++)
		for (size_t i = 0; i < r->n_tables && !err; i++) {
			const struct restore_pg_table *t = &r->tables[i];
			bool is = t->old &&
				  strstr(t->old->sql, " ATTACH PARTITION ");

			if (t->old && t->cur && t->way == RESTORE_PG_PLACE &&
			    t->old != t->cur && is == (partitions == 1))
				err = loosen(r, t);
		}
	return err;
}

static void add_line(struct buf *out, bool *any, const char *line)
{
	buf_addf(out, "%s%s\n", *any ? "  , " : " (\n    ", line);
	*any = true;
}

/*
 * From PostgreSQL 18 a NOT NULL has a name. Where it is the usual one, the
 * table that was set aside has it still, and the server would take another.
 */
static const char *not_null(struct restore_pg *r,
			    const struct schema_pg_table *t,
			    const struct schema_pg_column *c)
{
	const char *name = restore_pg_behind_schema(t->name), *out;
	size_t quoted = *name == '"';
	struct buf text = BUF_INIT;

	if (pg_conn_version(r->c) < 180000 ||
	    !starts_with(c->not_null, "NOT NULL"))
		return c->not_null;
	buf_addf(&text, "CONSTRAINT \"%.*s_", (int)(strlen(name) - 2 * quoted),
		 name + quoted);
	for (const char *p = c->name; *p; p++) {
		if (*p == '"')
			buf_addch(&text, '"');
		buf_addch(&text, *p);
	}
	buf_addf(&text, "_not_null\" %s", c->not_null);
	out = arena_strndup(&r->arena, buf_str(&text), text.len);
	buf_release(&text);
	return out;
}

/* Rows without a value are found once they are there. */
static const char *column_text(struct restore_pg *r,
			       const struct schema_pg_table *t,
			       const struct schema_pg_column *c)
{
	size_t len = strlen(c->text);

	if (!c->not_null)
		return c->text;
	len -= strlen(c->not_null);
	if (r->look && !c->identity)
		return arena_strndup(&r->arena, c->text, len);
	return arena_printf(&r->arena, "%.*s%s", (int)len, c->text,
			    not_null(r, t, c));
}

/* A table with its columns and checks, and nothing that rows wait for; in the
 * form of the schema tree. */
static const struct schema_object *bare(struct restore_pg *r,
					const struct schema_object *o)
{
	struct schema_object *out = arena_alloc(&r->arena, sizeof(*out));
	struct schema_pg_table t;
	struct buf text = BUF_INIT;
	bool any = false;

	if (!schema_pg_table_parse(&t, &r->arena, o->sql))
		return o;
	buf_addstr(&text, t.head);
	for (size_t i = 0; i < t.n_columns; i++)
		add_line(&text, &any, column_text(r, &t, &t.columns[i]));
	for (size_t i = 0; i < t.n_constraints && !r->look; i++)
		if (t.constraints[i].kind == SCHEMA_PG_CHECK &&
		    !t.constraints[i].not_valid)
			add_line(&text, &any, t.constraints[i].text);
	if (any || !t.typed)
		buf_addf(&text, "%s)", any ? "" : " (\n");
	buf_addf(&text, "%s;\n", t.close);
	for (size_t i = 0; i < t.n_statements; i++)
		if (starts_with(t.statements[i], "ALTER TABLE ") &&
		    (strstr(t.statements[i], " ATTACH PARTITION ") ||
		     strstr(t.statements[i], " OWNER TO ")))
			buf_addf(&text, "%s;\n", t.statements[i]);
	*out = *o;
	out->sql = out->text = out->shape =
		arena_strndup(&r->arena, buf_str(&text), text.len);
	buf_release(&text);
	return out;
}

struct list {
	const struct schema_object **items;
	size_t n, cap;
};

static void list_add(struct list *l, const struct schema_object *o)
{
	VEC_GROW(l->items, l->n, l->cap);
	l->items[l->n++] = o;
}

static bool is_made_anew(const struct restore_pg *r,
			 const struct schema_object *o)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if ((r->tables[i].way == RESTORE_PG_REBUILD ||
		     r->tables[i].way == RESTORE_PG_REMAKE) &&
		    r->tables[i].old && streq(r->tables[i].old->path, o->path))
			return true;
	return false;
}

static struct err *make(struct restore_pg *r, const struct list *l)
{
	return l->n ? schema_pg_make(r->c, l->items, l->n) : NULL;
}

/* A sequence whose column is to come. */
static const struct schema_object *unowned(struct restore_pg *r,
					   const struct schema_object *o)
{
	struct schema_object *out = arena_alloc(&r->arena, sizeof(*out));
	struct buf text = BUF_INIT;
	size_t n;
	const char **list = restore_pg_statements(&r->arena, o, &n);

	for (size_t i = 0; i < n; i++)
		if (!i || !strstr(list[i], " OWNED BY "))
			buf_addf(&text, "%s;\n", list[i]);
	*out = *o;
	out->sql = out->text = out->shape =
		arena_strndup(&r->arena, buf_str(&text), text.len);
	buf_release(&text);
	return out;
}

/* Nothing was made. */
static bool can_go_on(const struct restore_pg *r, const struct err *err)
{
	return err && err_class_of(err) == ERR_TARGET && pg_conn_is_alive(r->c);
}

/* Functions may need views, which come later: then without functions. */
static struct err *make_bare(struct restore_pg *r, bool tables)
{
	struct list all = { 0 }, some = { 0 };
	struct err *err = restore_pg_inspect(r);

	map_each (&r->wanted, e) {
		const struct schema_object *o = e->value;
		bool routine;

		if (err || map_has(&r->live.by_path, o->path))
			continue;
		routine = starts_with(o->kind, "function") ||
			  starts_with(o->kind, "procedure") ||
			  starts_with(o->kind, "aggregate");
		if (pg_form_is_table(o) && tables)
			o = bare(r, o);
		else if (!restore_pg_is_base(o))
			continue;
		else if (!tables && streq(o->kind, "sequence"))
			o = unowned(r, o);
		list_add(&all, o);
		if (!routine)
			list_add(&some, o);
	}
	if (!err)
		err = make(r, &all);
	if (can_go_on(r, err) && some.n < all.n) {
		err_free(err);
		err = make(r, &some);
	}
	/* what a column does not need may wait for it */
	if (can_go_on(r, err) && !tables) {
		err_free(err);
		err = NULL;
	}
	free(all.items);
	free(some.items);
	return err;
}

static struct err *make_bare_tables(struct restore_pg *r)
{
	bool any = false;

	for (size_t i = 0; i < r->n_tables; i++)
		any |= r->tables[i].old && is_made_anew(r, r->tables[i].old);
	return any ? make_bare(r, true) : NULL;
}

struct err *restore_pg_schema_before(struct restore_pg *r)
{
	struct err *err;

	if (!r->req->delta->n && !r->adjust)
		return NULL;
	r->adjust = true;
	add_wanted(r);
	err = pg_exec(r->c, "SET LOCAL check_function_bodies = off");
	if (!err)
		err = restore_pg_rename_back(r);
	if (!err)
		err = restore_pg_drop_early(r, current(r));
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].way == RESTORE_PG_REBUILD)
			err = move_aside(r, &r->tables[i]);
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].way == RESTORE_PG_REMOVE)
			err = restore_pg_exec(r,
					      "DROP TABLE IF EXISTS %s CASCADE",
					      r->tables[i].after);
	/* columns that are appended may need types, and defaults sequences */
	if (!err && r->req->append)
		err = make_bare(r, false);
	if (!err)
		err = loosen_all(r);
	return err ? err : make_bare_tables(r);
}

struct err *restore_pg_schema_after(struct restore_pg *r)
{
	struct err *err = NULL;

	if (!r->adjust)
		return NULL;
	if (!r->wanted.n)
		add_wanted(r);
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].aside)
			err = restore_pg_exec(r,
					      "DROP TABLE IF EXISTS %s CASCADE",
					      r->tables[i].aside);
	if (!err)
		err = restore_pg_drop_late(r);
	return err ? err : restore_pg_converge(r);
}
