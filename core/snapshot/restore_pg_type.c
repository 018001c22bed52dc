#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_type.h"
#include "sql/pg_lexer.h"

/*
 * Types that can be altered to what they were: their values stay where they
 * are. Labels of an enum and attributes of a composite type may have other
 * names, and such a type more attributes; what is behind a domain's type may be another. Any other type is made
 * anew, and so are the tables with values of it.
 */

/* "CREATE TYPE n AS ENUM ('a', 'b')", "CREATE TYPE n AS (a int, b text)". */
struct parts {
	const char *name;
	const char **names; /* labels as literals; attributes */
	const char **types; /* of attributes */
	size_t n;
};

static void read_labels(struct parts *p, struct arena *a, const char *list)
{
	struct pg_lexer l;
	struct pg_token t;

	p->names = arena_array(a, strlen(list) / 2 + 1, sizeof(char *));
	pg_lexer_init(&l, list, strlen(list));
	while ((t = pg_lexer_next_solid(&l)).kind != PG_TK_SEMICOLON &&
	       t.kind != PG_TK_END)
		if (t.kind == PG_TK_STRING)
			p->names[p->n++] = arena_strndup(a, t.text, t.len);
}

/* They look like a table's columns. */
static bool read_attributes(struct parts *p, struct arena *a,
			    const struct schema_object *o, const char *list)
{
	struct schema_object table = *o;
	struct pg_form form;
	struct err *err;

	table.sql = arena_printf(a, "CREATE TABLE x %s", list);
	err = pg_form_read(&form, a, &table);
	if (err) {
		err_free(err);
		return false;
	}
	p->n = form.t.n_columns;
	p->names = form.columns;
	p->types = arena_array(a, p->n + 1, sizeof(char *));
	for (size_t i = 0; i < p->n; i++)
		p->types[i] =
			form.t.columns[i].collation
				? arena_printf(a, "%s COLLATE %s",
					       form.t.columns[i].type,
					       form.t.columns[i].collation)
				: form.t.columns[i].type;
	return true;
}

static bool read_parts(struct parts *p, struct arena *a,
		       const struct schema_object *o)
{
	const char *name = o->sql + strlen("CREATE TYPE ");
	const char *labels = strstr(o->sql, " AS ENUM (\n");
	const char *attributes = strstr(o->sql, " AS (\n");

	memset(p, 0, sizeof(*p));
	if (!starts_with(o->sql, "CREATE TYPE "))
		return false;
	if (labels) {
		p->name = arena_strndup(a, name, (size_t)(labels - name));
		read_labels(p, a, labels + strlen(" AS ENUM "));
		return true;
	}
	if (!attributes)
		return false;
	p->name = arena_strndup(a, name, (size_t)(attributes - name));
	return read_attributes(p, a, o, attributes + strlen(" AS "));
}

static bool is_among(const struct parts *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->names[i], name))
			return true;
	return false;
}

/* One that both have, at different places, is no renamed one. */
static bool differ_in_names(const struct parts *x, const struct parts *y)
{
	if (x->n != y->n || !x->types != !y->types)
		return false;
	for (size_t i = 0; i < x->n; i++) {
		if (x->types && !streq(x->types[i], y->types[i]))
			return false;
		if (!streq(x->names[i], y->names[i]) &&
		    (is_among(y, x->names[i]) || is_among(x, y->names[i])))
			return false;
	}
	return true;
}

static void add_word(struct arena *a, struct restore_pg_words *words,
		     const char *now, const char *before)
{
	const char **more = arena_array(a, words->n + 1, 2 * sizeof(*more));
	const char **befores = more + words->n + 1;

	for (size_t i = 0; i < words->n; i++) {
		more[i] = words->now[i];
		befores[i] = words->before[i];
	}
	more[words->n] = now;
	befores[words->n++] = before;
	words->now = more;
	words->before = befores;
}

bool restore_pg_words_by_place(struct arena *a, const struct schema_object *now,
			       const struct schema_object *before,
			       struct restore_pg_words *out)
{
	struct parts x, y;

	if (!read_parts(&x, a, now) || !read_parts(&y, a, before) ||
	    !differ_in_names(&x, &y))
		return false;
	for (size_t i = 0; i < x.n; i++)
		if (!streq(x.names[i], y.names[i]))
			add_word(a, out, x.names[i], y.names[i]);
	return out->n > 0;
}

static bool is_word(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (streq(list[i], word))
			return true;
	return false;
}

void restore_pg_words_part(struct arena *a, const struct schema_object *now,
			   struct restore_pg_words *words)
{
	const size_t n = words->n;
	struct parts x;

	if (!read_parts(&x, a, now))
		return;
	for (size_t i = 0; i < x.n; i++)
		if (!is_word(words->now, n, x.names[i]) &&
		    is_word(words->before, n, x.names[i]))
			add_word(
				a, words, x.names[i],
				arena_printf(a,
					     x.types ? "git_migrate_part_%zu"
						     : "'git_migrate_part_%zu'",
					     i));
}

static const char *in_words(const struct restore_pg_words *words,
			    const char *name)
{
	for (size_t i = 0; i < words->n; i++)
		if (streq(words->now[i], name))
			return words->before[i];
	return name;
}

const char *restore_pg_in_words(struct arena *a, const struct schema_object *o,
				const struct restore_pg_words *words)
{
	struct buf sql = BUF_INIT;
	struct parts x;
	const char *out;

	if (!words->n || !read_parts(&x, a, o))
		return o->sql;
	buf_addf(&sql, "CREATE TYPE %s AS %s(\n", x.name,
		 x.types ? "" : "ENUM ");
	for (size_t i = 0; i < x.n; i++)
		buf_addf(&sql, "  %s %s%s%s\n", i ? "," : " ",
			 in_words(words, x.names[i]), x.types ? " " : "",
			 x.types ? x.types[i] : "");
	buf_addstr(&sql, ");\n");
	out = arena_strndup(a, buf_str(&sql), sql.len);
	buf_release(&sql);
	return out;
}

void restore_pg_words_now(const struct restore_pg_words *words,
			  const char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < words->n; k++)
			if (streq(words->before[k], names[i])) {
				names[i] = words->now[k];
				break;
			}
}

bool restore_pg_is_enum(const struct schema_object *o)
{
	return starts_with(o->sql, "CREATE TYPE ") &&
	       strstr(o->sql, " AS ENUM (\n");
}

/* Those of y are in x, in their order; what else is there is new. */
static bool has_more(const struct parts *x, const struct parts *y)
{
	size_t k = 0;

	if (!x->types || !y->types || x->n <= y->n)
		return false;
	for (size_t i = 0; i < x->n && k < y->n; i++)
		k += streq(x->names[i], y->names[k]) &&
		     streq(x->types[i], y->types[k]);
	for (size_t i = 0; i < x->n; i++)
		for (size_t j = 0; j < y->n && k == y->n; j++)
			if (streq(x->names[i], y->names[j]) &&
			    !streq(x->types[i], y->types[j]))
				return false;
	return k == y->n;
}

bool restore_pg_added(struct arena *a, const struct schema_object *now,
		      const struct schema_object *before, const char ***names,
		      size_t *n)
{
	struct parts x, y;

	*n = 0;
	if (!read_parts(&x, a, now) || !read_parts(&y, a, before) ||
	    !has_more(&x, &y))
		return false;
	*names = arena_array(a, x.n + 1, sizeof(**names));
	for (size_t i = 0; i < x.n; i++)
		if (!is_among(&y, x.names[i]))
			(*names)[(*n)++] = x.names[i];
	return *n > 0;
}

static struct err *drop_parts(struct restore_pg *r, const struct parts *x,
			      const struct parts *y)
{
	struct err *err = NULL;

	for (size_t i = 0; i < x->n && !err; i++)
		if (!is_among(y, x->names[i]))
			err = restore_pg_exec(
				r, "ALTER TYPE %s DROP ATTRIBUTE %s CASCADE",
				y->name, x->names[i]);
	return err;
}

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

static bool read_domain(struct domain *d, struct arena *a,
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
	struct parts p, q;
	bool same =
		read_domain(&x, &arena, a) && read_domain(&y, &arena, b)
			? streq(x.base, y.base)
			: read_parts(&p, &arena, a) &&
				  read_parts(&q, &arena, b) &&
				  (differ_in_names(&p, &q) || has_more(&p, &q));

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

/* What is new and may be in the way of old values. */
static void loosen_domain(struct buf *sql, const struct domain *x,
			  const struct domain *y)
{
	for (size_t i = 0; i < x->n; i++)
		if (!has(y, x->checks[i]))
			add_drop(sql, y, x->checks[i]);
	if (x->not_null && !y->not_null)
		buf_addf(sql, "ALTER DOMAIN %s DROP NOT NULL;\n", y->name);
}

static void tighten_domain(struct buf *sql, const struct domain *x,
			   const struct domain *y)
{
	if (!x->not_null && y->not_null)
		buf_addf(sql, "ALTER DOMAIN %s SET NOT NULL;\n", y->name);
	if (!streq(x->value, y->value))
		buf_addf(sql, "ALTER DOMAIN %s %s DEFAULT %s;\n", y->name,
			 *y->value ? "SET" : "DROP", y->value);
	for (size_t i = 0; i < y->n; i++)
		if (!has(x, y->checks[i]))
			buf_addf(sql, "ALTER DOMAIN %s ADD %s;\n", y->name,
				 y->checks[i]);
}

struct err *restore_pg_loosen_type(struct restore_pg *r,
				   const struct schema_object *from,
				   const struct schema_object *to)
{
	struct buf sql = BUF_INIT;
	struct domain x, y;
	struct parts p, q;
	struct err *err = NULL;

	if (read_domain(&x, &r->arena, from) && read_domain(&y, &r->arena, to))
		loosen_domain(&sql, &x, &y);
	else if (read_parts(&p, &r->arena, from) &&
		 read_parts(&q, &r->arena, to) && has_more(&p, &q))
		err = drop_parts(r, &p, &q);
	if (sql.len)
		err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

struct err *restore_pg_tighten_type(struct restore_pg *r,
				    const struct schema_object *from,
				    const struct schema_object *to)
{
	struct buf sql = BUF_INIT;
	struct domain x, y;
	struct err *err = NULL;

	if (read_domain(&x, &r->arena, from) && read_domain(&y, &r->arena, to))
		tighten_domain(&sql, &x, &y);
	if (sql.len)
		err = restore_pg_exec(r, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}
