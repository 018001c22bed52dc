#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_type.h"

/*
 * What only has another name gets the old one back, with everything that it
 * holds. Tables, columns and sequences are told by the delta; others are those
 * that went and came with the same definition.
 */

const char *restore_pg_behind_schema(const char *name)
{
	bool quoted = false;

	for (const char *p = name; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == '.' && !quoted)
			return p + 1;
	}
	return name;
}

/* The schema of a name, as SQL needs it. */
static const char *schema_of(struct arena *a, const char *name)
{
	const char *p = restore_pg_behind_schema(name);

	return arena_strndup(a, name, p > name ? (size_t)(p - name) - 1 : 0);
}

/* In two steps: names may change places. */
static struct err *rename_tables(struct restore_pg *r, bool aside)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];
		const char *was, *is;

		if (!t->old || !t->cur || streq(t->before, t->after))
			continue;
		r->renamed = true;
		was = restore_pg_behind_schema(t->after);
		is = restore_pg_behind_schema(t->before);
		if (aside)
			err = restore_pg_exec(r,
					      "ALTER TABLE %s RENAME TO "
					      "git_migrate_name_%zu",
					      t->after, i);
		else if (was - t->after == is - t->before &&
			 !strncmp(t->after, t->before,
				  (size_t)(was - t->after)))
			err = restore_pg_exec(r,
					      "ALTER TABLE "
					      "%.*sgit_migrate_name_%zu "
					      "RENAME TO %s",
					      (int)(was - t->after), t->after,
					      i, is);
		else
			err = restore_pg_exec(
				r,
				"ALTER TABLE %.*sgit_migrate_name_%zu SET "
				"SCHEMA %.*s; ALTER TABLE "
				"%.*sgit_migrate_name_%zu RENAME TO %s",
				(int)(was - t->after), t->after, i,
				(int)(is - t->before) - 1, t->before,
				(int)(is - t->before), t->before, i, is);
	}
	return err;
}

static struct err *rename_columns_of(struct restore_pg *r,
				     const struct restore_pg_table *t)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct pg_form form;
	struct err *err = pg_form_read(&form, &r->arena, t->old);

	for (size_t i = 0; !err && i < form.t.n_columns && !form.is_partition;
	     i++) {
		const char *name = form.columns[i];
		const char *now = restore_pg_column_now(r, t, name);

		if (!now || streq(now, name))
			continue;
		buf_addf(&first,
			 "ALTER TABLE %s RENAME COLUMN %s TO "
			 "git_migrate_name_%zu; ",
			 t->before, now, i);
		buf_addf(&second,
			 "ALTER TABLE %s RENAME COLUMN git_migrate_name_%zu TO "
			 "%s; ",
			 t->before, i, name);
	}
	r->renamed |= first.len != 0;
	if (!err && first.len)
		err = restore_pg_exec(r, "%s%s", buf_str(&first),
				      buf_str(&second));
	buf_release(&first);
	buf_release(&second);
	return err;
}

/* "CREATE SEQUENCE s.q AS integer": what stands around the name, or NULL. */
static const char *around_name(struct arena *a, const char *create,
			       const char **name)
{
	static const char *const heads[] = {
		"CREATE SEQUENCE ",
		"CREATE UNLOGGED SEQUENCE ",
		"CREATE INDEX ",
		"CREATE UNIQUE INDEX ",
		"CREATE MATERIALIZED VIEW ",
	};

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		const char *p = create + strlen(heads[i]), *end = p;

		if (!starts_with(create, heads[i]))
			continue;
		for (bool quoted = false;
		     *end && (quoted || !strchr(" \n;", *end)); end++)
			if (*end == '"')
				quoted = !quoted;
		*name = arena_strndup(a, p, (size_t)(end - p));
		return arena_printf(a, "%s%s", heads[i], end);
	}
	return NULL;
}

struct named {
	const struct schema_object *o;
	const char *name, *around;
};

static bool name_of(struct restore_pg *r, const struct schema_object *o,
		    struct named *out)
{
	size_t n;
	const char **list;

	out->o = o;
	if (!o || pg_form_is_table(o))
		return false;
	list = restore_pg_statements(&r->arena, o, &n);
	out->around = around_name(&r->arena, list[0], &out->name);
	return out->around != NULL;
}

/* In the same schema, so that one word is all that differs. */
static bool is_other_name(const struct named *a, const struct named *b)
{
	const char *x = restore_pg_behind_schema(a->name);
	const char *y = restore_pg_behind_schema(b->name);

	return streq(a->o->kind, b->o->kind) && streq(a->around, b->around) &&
	       x - a->name == y - b->name &&
	       !strncmp(a->name, b->name, (size_t)(x - a->name));
}

static struct err *rename_object(struct restore_pg *r, const struct named *is,
				 const struct named *was)
{
	const char *type, *name;
	struct err *err =
		restore_pg_identify(r, r->req->now, is->o, &type, &name);

	if (err || !type)
		return err;
	r->renamed = true;
	return restore_pg_exec(r, "ALTER %s %s RENAME TO %s", type, name,
			       restore_pg_behind_schema(was->name));
}

/* The line about it: of the name before, or after. */
static const struct schema_rename *told(const struct restore_pg *r,
					const char *name, bool after)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n_renames; i++) {
		const struct schema_rename *n = &d->renames[i];

		if (!n->column && n->to &&
		    streq(after ? n->to : n->table, name))
			return n;
	}
	return NULL;
}

/* The line about a sequence that is in the schema it was in. Those of a table
 * that is in another one go back with it. */
static const struct schema_rename *told_sequence(struct restore_pg *r,
						 const struct schema_object *o)
{
	const struct schema_rename *n;
	struct named is;

	if (!streq(o->kind, "sequence") || !name_of(r, o, &is))
		return NULL;
	n = told(r, is.name, true);
	return n && streq(schema_of(&r->arena, n->table),
			  schema_of(&r->arena, n->to))
		       ? n
		       : NULL;
}

/* What the delta tells; in two steps, because names may change places. */
static struct err *rename_sequences(struct restore_pg *r)
{
	const struct schema_rename *n;
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err *err = NULL;
	size_t i = 0;

	if (!r->req->delta->n_renames)
		return NULL;
	map_each (&r->req->now->by_path, e) {
		n = told_sequence(r, e->value);
		if (!n)
			continue;
		buf_addf(&first,
			 "ALTER SEQUENCE %s RENAME TO git_migrate_was_%zu; ",
			 n->to, i);
		buf_addf(&second,
			 "ALTER SEQUENCE %s.git_migrate_was_%zu RENAME TO %s; ",
			 schema_of(&r->arena, n->to), i++,
			 restore_pg_behind_schema(n->table));
	}
	r->renamed |= first.len != 0;
	if (first.len)
		err = restore_pg_exec(r, "%s%s", buf_str(&first),
				      buf_str(&second));
	buf_release(&first);
	buf_release(&second);
	return err;
}

/* The one that came with the definition of the one that went; two would leave
 * open which. */
static bool find_other(struct restore_pg *r, const struct named *was,
		       struct named *out)
{
	const struct schema_delta *d = r->req->delta;
	size_t found = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct named is;

		if (d->changes[i].before ||
		    !name_of(r, d->changes[i].after, &is) ||
		    !is_other_name(&is, was) || told(r, is.name, true))
			continue;
		found++;
		*out = is;
		out->o = map_get(&r->req->now->by_path, is.o->path);
	}
	return found == 1 && out->o;
}

static struct err *rename_objects(struct restore_pg *r)
{
	const struct schema_delta *d = r->req->delta;
	struct err *err = NULL;

	for (size_t i = 0; i < d->n && !err; i++) {
		struct named was, is;

		if (d->changes[i].after ||
		    !name_of(r, d->changes[i].before, &was) ||
		    told(r, was.name, false) || !find_other(r, &was, &is))
			continue;
		err = rename_object(r, &is, &was);
	}
	return err;
}

static const char *schema_name(struct arena *a, const struct schema_object *o)
{
	const char *name = o->sql + strlen("CREATE SCHEMA "), *end;

	if (starts_with(name, "IF NOT EXISTS "))
		name += strlen("IF NOT EXISTS ");
	end = name;
	for (bool quoted = false; *end && (quoted || *end != ';'); end++)
		if (*end == '"')
			quoted = !quoted;
	return arena_strndup(a, name, (size_t)(end - name));
}

/* The same schema before, under another name: `position` is its oid. */
static const struct schema_object *schema_before(const struct restore_pg *r,
						 const struct schema_object *o)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; o && streq(o->kind, "schema") && i < d->n; i++) {
		const struct schema_object *was = d->changes[i].before;

		if (was && streq(was->kind, "schema") &&
		    was->position == o->position && !streq(was->path, o->path))
			return was;
	}
	return NULL;
}

/* Its tables are known by their names behind the migration. */
static void follow_schema(struct restore_pg *r, const char *is, const char *was)
{
	for (size_t i = 0; i < r->n_tables; i++) {
		struct restore_pg_table *t = &r->tables[i];

		if (t->after && streq(schema_of(&r->arena, t->after), is))
			t->after = arena_printf(
				&r->arena, "%s.%s", was,
				restore_pg_behind_schema(t->after));
	}
}

/* In two steps: names may change places. */
static struct err *rename_schemas(struct restore_pg *r, bool aside)
{
	const struct schema_delta *d = r->req->delta;
	struct err *err = NULL;

	for (size_t i = 0; i < d->n && !err; i++) {
		const struct schema_object *o = d->changes[i].after;
		const struct schema_object *was = schema_before(r, o);
		const char *name, *middle;

		if (!was)
			continue;
		r->renamed = true;
		middle = arena_printf(&r->arena, "git_migrate_schema_%zu", i);
		name = schema_name(&r->arena, aside ? o : was);
		err = restore_pg_exec(r, "ALTER SCHEMA %s RENAME TO %s",
				      aside ? name : middle,
				      aside ? middle : name);
		follow_schema(r, aside ? name : middle, aside ? middle : name);
	}
	return err;
}

struct err *restore_pg_rename_back(struct restore_pg *r)
{
	struct err *err = rename_sequences(r);

	if (!err)
		err = rename_objects(r);
	if (!err)
		err = rename_schemas(r, true);
	if (!err)
		err = rename_schemas(r, false);
	if (!err)
		err = rename_tables(r, true);
	if (!err)
		err = rename_tables(r, false);
	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].old && r->tables[i].cur &&
		    r->tables[i].way == RESTORE_PG_PLACE)
			err = rename_columns_of(r, &r->tables[i]);
	if (!err)
		err = restore_pg_kept_rename(r);
	if (!err && r->renamed)
		err = restore_pg_inspect(r);
	return err;
}
