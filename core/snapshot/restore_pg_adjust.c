#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_locate.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_type.h"
#include "sql/sql.h"

/* Objects that are no tables, changed where they are. */

const char **restore_pg_statements(struct arena *a,
				   const struct schema_object *o, size_t *n)
{
	struct sql_script script;
	const char **list;
	struct err *err =
		sql_split(&script, SQL_POSTGRESQL, o->sql, strlen(o->sql), 1);

	*n = 0;
	if (err) {
		err_free(err);
		list = arena_array(a, 1, sizeof(*list));
		list[(*n)++] = o->sql;
		return list;
	}
	list = arena_array(a, script.n + 1, sizeof(*list));
	for (size_t i = 0; i < script.n; i++)
		list[(*n)++] = arena_strndup(a, script.statements[i].text,
					     script.statements[i].len);
	sql_script_release(&script);
	return list;
}

/* CREATE OR REPLACE takes another body, not another result or argument. */
bool restore_pg_is_replaceable(const struct schema_object *a,
			       const struct schema_object *b)
{
	const char *x = strstr(a->sql, "\n LANGUAGE ");
	const char *y = strstr(b->sql, "\n LANGUAGE ");

	return (streq(a->kind, "function") || streq(a->kind, "procedure")) &&
	       x && y && x - a->sql == y - b->sql &&
	       !memcmp(a->sql, b->sql, (size_t)(x - a->sql));
}

struct identity {
	struct buf type, name;
};

static struct err *take_identity(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct identity *id = payload;

	(void)n;
	if (!cell[0].s || !cell[1].s)
		return NULL;
	buf_addstr(&id->type, cell[0].s);
	buf_addstr(&id->name, cell[1].s);
	return NULL;
}

/* What a statement calls it where that is not what the server does. */
static const char *word_for(const char *type)
{
	static const char *const words[][2] = {
		{ "statistics object", "STATISTICS" },
		{ "foreign-data wrapper", "FOREIGN DATA WRAPPER" },
		{ "composite type", "TYPE" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (streq(words[i][0], type))
			return words[i][1];
	return type;
}

struct err *restore_pg_identify(struct restore_pg *r, const struct schema *s,
				const struct schema_object *o,
				const char **type, const char **name)
{
	struct identity id = { BUF_INIT, BUF_INIT };
	unsigned class_oid, oid;
	struct err *err;

	*type = *name = NULL;
	if (!schema_pg_locate(s, o, &class_oid, &oid))
		return NULL;
	err = restore_pg_ask(r, take_identity, &id,
			     "SELECT type, identity FROM "
			     "pg_identify_object(%u, %u, 0)",
			     class_oid, oid);
	if (!err && id.type.len) {
		*type = arena_strdup(&r->arena, word_for(buf_str(&id.type)));
		*name = arena_strdup(&r->arena, buf_str(&id.name));
	}
	buf_release(&id.type);
	buf_release(&id.name);
	return err;
}

struct err *restore_pg_drop_sql(struct restore_pg *r, const struct schema *s,
				const struct schema_object *o, const char **out)
{
	const char *type, *name;
	struct err *err = restore_pg_identify(r, s, o, &type, &name);

	*out = NULL;
	if (!err && type)
		*out = arena_printf(&r->arena, "DROP %s IF EXISTS %s%s", type,
				    name,
				    streq(o->kind, "schema") ? "" : " CASCADE");
	return err;
}

struct err *restore_pg_drop(struct restore_pg *r, const char *sql)
{
	bool refused;

	return restore_pg_try(r, sql, "2BP01", &refused, NULL);
}

/* The word behind another one in "CREATE SEQUENCE s INCREMENT BY 2 ...". */
static const char *option(struct arena *a, const char *text, const char *name,
			  const char *otherwise)
{
	const char *p = strstr(text, name);

	if (!p)
		return otherwise;
	p += strlen(name);
	return arena_strndup(a, p, strcspn(p, " ;\n"));
}

static struct err *alter_sequence(struct restore_pg *r, const char *create)
{
	struct arena *a = &r->arena;
	const char *name = strstr(create, "SEQUENCE ") + strlen("SEQUENCE ");
	const char *by = option(a, create, " INCREMENT BY ", "1");
	const char *min = option(a, create, " MINVALUE ", NULL);
	const char *max = option(a, create, " MAXVALUE ", NULL);
	const char *first = *by == '-' ? (max ? max : "-1") : (min ? min : "1");
	size_t len = 0;

	for (bool quoted = false; name[len] && (quoted || name[len] != ' ');
	     len++)
		if (name[len] == '"')
			quoted = !quoted;
	return restore_pg_exec(
		r,
		"ALTER SEQUENCE %.*s AS %s INCREMENT BY %s %s%s %s%s "
		"START WITH %s CACHE %s %s",
		(int)len, name, option(a, create + 1, " AS ", "bigint"), by,
		min ? "MINVALUE " : "NO MINVALUE", min ? min : "",
		max ? "MAXVALUE " : "NO MAXVALUE", max ? max : "",
		option(a, create, " START WITH ", first),
		option(a, create, " CACHE ", "1"),
		strstr(create, " CYCLE") ? "CYCLE" : "NO CYCLE");
}

static struct err *alter_extension(struct restore_pg *r, const char *create)
{
	const char *name = create + strlen("CREATE EXTENSION ");
	const char *with = strstr(name, " WITH SCHEMA ");
	const char *version = strstr(name, " VERSION ");

	if (!with || !version)
		return NULL;
	return restore_pg_exec(r, "ALTER EXTENSION %.*s UPDATE TO %s",
			       (int)(with - name), name,
			       version + strlen(" VERSION "));
}

/* Another definition; *gone: it was dropped, to be made with the next look. */
static struct err *alter_head(struct restore_pg *r,
			      const struct schema_object *is,
			      const struct schema_object *o, const char *create,
			      bool *gone)
{
	const char *sql;
	struct err *err;
	bool refused = true;

	*gone = false;
	if (streq(o->kind, "sequence"))
		return alter_sequence(r, create);
	if (streq(o->kind, "extension"))
		return alter_extension(r, create);
	if (streq(o->kind, "type") && restore_pg_is_alterable(is, o))
		return restore_pg_tighten_type(r, is, o);
	if (restore_pg_is_replaceable(is, o)) {
		err = restore_pg_try(r, create, NULL, &refused, NULL);
		if (err || !refused)
			return err;
	}
	*gone = true;
	err = restore_pg_drop_sql(r, &r->live, is, &sql);
	return err || !sql ? err : restore_pg_drop(r, sql);
}

struct err *restore_pg_adjust(struct restore_pg *r,
			      const struct schema_object *is,
			      const struct schema_object *o, struct buf *last)
{
	size_t n, m;
	const char **from = restore_pg_statements(&r->arena, is, &n);
	const char **to = restore_pg_statements(&r->arena, o, &m);
	bool whole = streq(o->kind, "default_privileges"), gone = false;
	struct buf sql = BUF_INIT;
	struct err *err = NULL;
	const char *text;

	if (!whole && !streq(from[0], to[0]))
		err = alter_head(r, is, o, to[0], &gone);
	if (err || gone)
		goto done;
	if (pg_form_add_difference(&sql, from + !whole, n - !whole, to + !whole,
				   m - !whole)) {
		buf_addstr(last, buf_str(&sql));
		goto done;
	}
	err = restore_pg_drop_sql(r, &r->live, is, &text);
	if (!err && text)
		err = restore_pg_drop(r, text);
done:
	buf_release(&sql);
	return err;
}
