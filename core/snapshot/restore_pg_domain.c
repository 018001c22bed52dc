#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"

/*
 * Domains: "CREATE DOMAIN n AS type COLLATE c DEFAULT d NOT NULL", each
 * constraint on a line of its own behind it. What is behind the type can be
 * altered.
 */
struct domain {
	const char *name;
	const char *base;  /* type and collation */
	const char *value; /* "" = none */
	bool not_null;
	const char **checks; /* "CONSTRAINT c CHECK (...)" */
	size_t n;
};

static bool read(struct domain *d, struct arena *a,
		 const struct schema_object *o)
{
	struct schema_object table = *o;
	struct pg_form form;
	struct buf text = BUF_INIT;
	const char *as = strstr(o->sql, " AS "), *p, *end;
	struct err *err;
	size_t n;
	const char *head;

	memset(d, 0, sizeof(*d));
	if (!starts_with(o->sql, "CREATE DOMAIN ") || !as)
		return false;
	p = o->sql + strlen("CREATE DOMAIN ");
	d->name = arena_strndup(a, p, (size_t)(as - p));
	head = schema_pg_statements(a, o->sql, &n)[0];
	p = head + (as - o->sql) + strlen(" AS ");
	end = strstr(p, "\n    CONSTRAINT ");
	/* what stands there is what stands in a table's column */
	buf_addf(&text, "CREATE TABLE x (\n    x %.*s\n",
		 end ? (int)(end - p) : (int)strlen(p), p);
	for (; end; end = p) {
		p = strstr(end + 1, "\n    CONSTRAINT ");
		buf_addf(&text, "  , %.*s\n",
			 p ? (int)(p - end - 5) : (int)strlen(end + 5),
			 end + 5);
	}
	buf_addstr(&text, ");\n");
	table.sql = arena_strndup(a, buf_str(&text), text.len);
	buf_release(&text);
	err = pg_form_read(&form, a, &table);
	if (err || form.t.n_columns != 1) {
		err_free(err);
		return false;
	}
	d->base = arena_printf(
		a, "%s %s", form.t.columns[0].type,
		form.t.columns[0].collation ? form.t.columns[0].collation : "");
	d->value = form.t.columns[0].default_expr
			   ? form.t.columns[0].default_expr
			   : "";
	d->not_null = form.t.columns[0].not_null != NULL;
	d->checks = arena_array(a, form.t.n_constraints + 1, sizeof(char *));
	for (size_t i = 0; i < form.t.n_constraints; i++)
		d->checks[d->n++] = form.t.constraints[i].text;
	return true;
}

bool restore_pg_is_alterable(const struct schema_object *a,
			     const struct schema_object *b)
{
	struct arena arena = ARENA_INIT;
	struct domain x, y;
	bool same = read(&x, &arena, a) && read(&y, &arena, b) &&
		    streq(x.base, y.base);

	arena_release(&arena);
	return same;
}

static bool has(const struct domain *d, const char *check)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq(d->checks[i], check))
			return true;
	return false;
}

static void add_drop(struct buf *sql, const struct domain *d, const char *check)
{
	const char *name = check + strlen("CONSTRAINT "), *end = name;

	for (bool quoted = false; *end && (quoted || *end != ' '); end++)
		if (*end == '"')
			quoted = !quoted;
	buf_addf(sql, "ALTER DOMAIN %s DROP CONSTRAINT %.*s;\n", d->name,
		 (int)(end - name), name);
}

struct err *restore_pg_alter_domain(struct restore_pg *r,
				    const struct schema_object *from,
				    const struct schema_object *to)
{
	struct buf sql = BUF_INIT;
	struct domain x, y;
	struct err *err = NULL;

	if (!read(&x, &r->arena, from) || !read(&y, &r->arena, to))
		return err_new(ERR_STATE, "%s cannot be read", to->path);
	for (size_t i = 0; i < x.n; i++)
		if (!has(&y, x.checks[i]))
			add_drop(&sql, &y, x.checks[i]);
	if (x.not_null != y.not_null)
		buf_addf(&sql, "ALTER DOMAIN %s %s NOT NULL;\n", y.name,
			 y.not_null ? "SET" : "DROP");
	if (!streq(x.value, y.value))
		buf_addf(&sql, "ALTER DOMAIN %s %s DEFAULT %s;\n", y.name,
			 *y.value ? "SET" : "DROP", y.value);
	for (size_t i = 0; i < y.n; i++)
		if (!has(&x, y.checks[i]))
			buf_addf(&sql, "ALTER DOMAIN %s ADD %s;\n", y.name,
				 y.checks[i]);
	if (sql.len)
		err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}
