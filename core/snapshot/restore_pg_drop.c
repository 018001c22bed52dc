#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_locate.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_type.h"

/* Objects that are no tables: what goes, and when. */

/*
 * When an object that came, or has another definition, is dropped: before the
 * tables are changed what only hangs on them; once they are filled and their
 * old selves are gone, what their values may be made of.
 */
enum when {
	EARLY,
	LATE,
	LAST,
	BY_STATEMENTS
};

static const struct {
	const char *kind;
	enum when came, changed;
} kinds[] = {
	{ "view", EARLY, EARLY },
	{ "materialized_view", EARLY, EARLY },
	{ "foreign_table", EARLY, EARLY },
	{ "trigger", EARLY, EARLY },
	{ "rule", EARLY, EARLY },
	{ "policy", EARLY, EARLY },
	{ "index", EARLY, EARLY },
	{ "statistics", EARLY, EARLY },
	{ "event_trigger", EARLY, EARLY },
	{ "publication", EARLY, BY_STATEMENTS },
	{ "function", LATE, EARLY },
	{ "procedure", LATE, EARLY },
	{ "aggregate", LATE, EARLY },
	{ "cast", LATE, EARLY },
	{ "operator", LATE, EARLY },
	{ "operator_class", LATE, EARLY },
	{ "operator_family", LATE, EARLY },
	{ "conversion", LATE, EARLY },
	{ "transform", LATE, EARLY },
	{ "sequence", LATE, BY_STATEMENTS },
	{ "type", LATE, BY_STATEMENTS },
	{ "collation", LATE, EARLY },
	{ "user_mapping", LATE, EARLY },
	{ "server", LATE, BY_STATEMENTS },
	{ "foreign_data_wrapper", LATE, BY_STATEMENTS },
	{ "language", LATE, BY_STATEMENTS },
	{ "access_method", LATE, EARLY },
	{ "text_search_configuration", LATE, EARLY },
	{ "text_search_dictionary", LATE, EARLY },
	{ "text_search_template", LATE, EARLY },
	{ "text_search_parser", LATE, EARLY },
	{ "extension", LATE, BY_STATEMENTS },
	{ "schema", LAST, BY_STATEMENTS },
};

static enum when when_of(const struct schema_object *o, bool came)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (streq(kinds[i].kind, o->kind))
			return came ? kinds[i].came : kinds[i].changed;
	return BY_STATEMENTS;
}

/* The statement that makes it is the same: what follows may differ. */
static bool same_head(struct restore_pg *r, const struct schema_object *a,
		      const struct schema_object *b)
{
	size_t n, m;
	const char **x = restore_pg_statements(&r->arena, a, &n);
	const char **y = restore_pg_statements(&r->arena, b, &m);

	return n && m && streq(x[0], y[0]);
}

static void keep_late(struct restore_pg *r, const char *sql, bool last)
{
	buf_addf(last ? &r->drops_last : &r->drops_late, "%s;\n", sql);
}

/* A range's multirange has a name of its own, and so have what makes it. */
static struct err *set_multirange_aside(struct restore_pg *r, const char *range)
{
	return restore_pg_exec(
		r,
		"DO $do$ DECLARE m regtype := (SELECT rngmultitypid FROM "
		"pg_range WHERE rngtypid = $name$%s$name$::regtype); f "
		"regprocedure; BEGIN FOR f IN SELECT objid FROM pg_depend "
		"WHERE classid = 1255 AND refclassid = 1247 AND refobjid = m "
		"AND deptype = 'i' LOOP EXECUTE format('ALTER FUNCTION %%s "
		"RENAME TO git_migrate_multirange_%zu', f); END LOOP; EXECUTE "
		"format('ALTER TYPE %%s RENAME TO git_migrate_multirange_%zu', "
		"m); END $do$",
		range, r->n_types, r->n_types);
}

/* A type whose values lie in tables keeps them until those are made anew. */
static struct err *set_type_aside(struct restore_pg *r,
				  const struct schema_object *o)
{
	const char *p = strstr(o->sql, "CREATE DOMAIN ");
	const char *word = p ? "DOMAIN" : "TYPE", *end, *name, *base;
	struct err *err;

	p = o->sql + strlen(p ? "CREATE DOMAIN " : "CREATE TYPE ");
	end = p;
	for (bool quoted = false; *end && (quoted || !strchr(" ;\n", *end));
	     end++)
		if (*end == '"')
			quoted = !quoted;
	name = arena_strndup(&r->arena, p, (size_t)(end - p));
	base = restore_pg_behind_schema(name);
	keep_late(r,
		  arena_printf(&r->arena,
			       "DROP %s IF EXISTS %.*sgit_migrate_type_%zu "
			       "CASCADE",
			       word, (int)(base - name), name, r->n_types),
		  false);
	err = restore_pg_exec(r, "ALTER %s %s RENAME TO git_migrate_type_%zu",
			      word, name, r->n_types);
	if (!err && strstr(o->sql, " AS RANGE (") &&
	    pg_conn_version(r->c) >= 140000)
		err = set_multirange_aside(
			r, arena_printf(&r->arena, "%.*sgit_migrate_type_%zu",
					(int)(base - name), name, r->n_types));
	r->n_types++;
	return err;
}

static struct err *go(struct restore_pg *r, const struct schema *s,
		      const struct schema_object *o, enum when when)
{
	const char *sql;
	struct err *err = restore_pg_drop_sql(r, s, o, &sql);

	if (err || !sql)
		return err;
	if (when == EARLY)
		return restore_pg_drop(r, sql);
	keep_late(r, sql, when == LAST);
	return NULL;
}

bool restore_pg_stays(struct restore_pg *r, const struct schema_object *o,
		      const struct schema_object *want)
{
	if (pg_form_is_table(o) || same_head(r, o, want) ||
	    restore_pg_is_replaceable(o, want))
		return true;
	if (streq(o->kind, "type"))
		return restore_pg_is_alterable(o, want);
	return when_of(o, false) == BY_STATEMENTS;
}

/* It is set aside by itself: another definition comes back. */
static bool goes_aside(struct restore_pg *r, const struct schema_object *o)
{
	const struct schema_object *want = map_get(&r->wanted, o->path);

	return streq(o->kind, "type") && want && !same_head(r, o, want) &&
	       !restore_pg_is_alterable(o, want);
}

static void type_key(char out[16], unsigned oid)
{
	snprintf(out, 16, "%u", oid);
}

static struct err *take_type(void *payload, int n, const struct pg_cell *cell)
{
	struct restore_pg *r = payload;

	(void)n;
	map_put_number(&r->made_of, cell[0].s, 1);
	return NULL;
}

/* Types that are made of those: domains, records, ranges. */
static struct err *find_made_of(struct restore_pg *r, const struct schema *s)
{
	struct buf roots = BUF_INIT;
	struct err *err = NULL;

	map_each (&s->by_path, e) {
		unsigned class_oid, oid;

		if (goes_aside(r, e->value) &&
		    schema_pg_locate(s, e->value, &class_oid, &oid))
			buf_addf(&roots, "%s(%u::oid)", roots.len ? ", " : "",
				 oid);
	}
	if (roots.len)
		err = restore_pg_ask(
			r, take_type, r,
			"WITH RECURSIVE y (oid) AS (SELECT * FROM (VALUES %s) "
			"AS v (oid) UNION SELECT x.oid FROM y, LATERAL ("
			"SELECT oid FROM pg_type WHERE typbasetype = y.oid "
			"OR (typelem = y.oid AND typlen = -1) "
			"UNION ALL SELECT c.reltype FROM pg_attribute a "
			"JOIN pg_class c ON c.oid = a.attrelid "
			"WHERE a.atttypid = y.oid AND NOT a.attisdropped "
			"AND c.relkind = 'c' UNION ALL SELECT rngtypid "
			"FROM pg_range WHERE rngsubtype = y.oid) x) "
			"SELECT oid FROM y",
			buf_str(&roots));
	buf_release(&roots);
	return err;
}

static bool is_made_of(const struct restore_pg *r, const struct schema *s,
		       const struct schema_object *o)
{
	unsigned class_oid, oid;
	char key[16];

	if (!streq(o->kind, "type") ||
	    !schema_pg_locate(s, o, &class_oid, &oid))
		return false;
	type_key(key, oid);
	return map_has(&r->made_of, key);
}

static struct err *look_at(struct restore_pg *r, const struct schema *s,
			   const struct schema_object *o)
{
	const struct schema_object *want = map_get(&r->wanted, o->path);
	enum when when = when_of(o, !want);
	bool refused;

	if (want && is_made_of(r, s, o))
		return set_type_aside(r, o);
	if (pg_form_is_table(o) || (want && streq(want->sql, o->sql)))
		return NULL;
	if (!want)
		return when == BY_STATEMENTS ? NULL : go(r, s, o, when);
	if (same_head(r, o, want))
		return NULL;
	if (restore_pg_is_replaceable(o, want)) {
		size_t n;
		const char **list = restore_pg_statements(&r->arena, want, &n);

		return restore_pg_try(r, list[0], NULL, &refused, NULL);
	}
	return when == EARLY ? go(r, s, o, when) : NULL;
}

struct err *restore_pg_drop_early(struct restore_pg *r, const struct schema *s)
{
	struct err *err = find_made_of(r, s);

	map_each (&s->by_path, e)
		if (!err)
			err = look_at(r, s, e->value);
	return err;
}

struct err *restore_pg_drop_late(struct restore_pg *r)
{
	struct err *err = NULL;

	if (r->drops_late.len)
		err = restore_pg_exec(r, "%s", buf_str(&r->drops_late));
	if (!err && r->drops_last.len)
		err = restore_pg_exec(r, "%s", buf_str(&r->drops_last));
	return err;
}
