#include "snapshot/restore_pg_form.h"

#include <string.h>

#include "base/util.h"

/* Tables as text. */

bool pg_form_is_table(const struct schema_object *o)
{
	return o && streq(o->kind, "table");
}

/* The name at the start of a text: quotes may hold anything. */
static const char *first_name(struct arena *a, const char *s)
{
	const char *p = s;
	bool quoted = false;

	for (; *p && (quoted || !strchr(" \n(", *p)); p++)
		if (*p == '"')
			quoted = !quoted;
	return arena_strndup(a, s, (size_t)(p - s));
}

const char *pg_form_name(struct arena *a, const struct schema_object *o)
{
	const char *p;

	if (!pg_form_is_table(o))
		return NULL;
	p = strstr(o->sql, "TABLE ");
	return p ? first_name(a, p + strlen("TABLE ")) : NULL;
}

struct err *pg_form_read(struct pg_form *out, struct arena *a,
			 const struct schema_object *o)
{
	struct schema_pg_table *t = &out->t;

	memset(out, 0, sizeof(*out));
	if (!schema_pg_table_parse(t, a, o->sql))
		return err_new(ERR_STATE, "%s cannot be read", o->path);
	out->columns = arena_array(a, t->n_columns + 1, sizeof(char *));
	out->constraints = arena_array(a, t->n_constraints + 1, sizeof(char *));
	for (size_t i = 0; i < t->n_columns; i++)
		out->columns[i] = first_name(a, t->columns[i].text);
	for (size_t i = 0; i < t->n_constraints; i++)
		out->constraints[i] = first_name(
			a, t->constraints[i].text + strlen("CONSTRAINT "));
	for (size_t i = 0; i < t->n_statements; i++)
		out->is_partition |=
			strstr(t->statements[i], " ATTACH PARTITION ") &&
			starts_with(t->statements[i], "ALTER TABLE ");
	return NULL;
}

const struct schema_pg_column *pg_form_column(const struct pg_form *f,
					      const char *name)
{
	for (size_t i = 0; name && i < f->t.n_columns; i++)
		if (streq(f->columns[i], name))
			return &f->t.columns[i];
	return NULL;
}

const struct schema_pg_constraint *pg_form_constraint(const struct pg_form *f,
						      const char *name)
{
	for (size_t i = 0; name && i < f->t.n_constraints; i++)
		if (streq(f->constraints[i], name))
			return &f->t.constraints[i];
	return NULL;
}

static bool same_storage(const struct schema_pg_column *a,
			 const struct schema_pg_column *b)
{
	return streq(a->type, b->type) &&
	       streq_null(a->collation, b->collation) &&
	       streq_null(a->generated, b->generated) &&
	       a->generated_virtual == b->generated_virtual;
}

/* INHERITS, PARTITION BY and USING: what stands in front of the options. */
static size_t nature_length(const char *close)
{
	const char *with = strstr(close, " WITH (");
	const char *space = strstr(close, " TABLESPACE ");
	const char *end = with ? with : space;

	return end ? (size_t)(end - close) : strlen(close);
}

static bool same_nature(const char *a, const char *b)
{
	size_t n = nature_length(a), m = nature_length(b);

	return n == m && !memcmp(a, b, n);
}

bool pg_form_needs_rebuild(const struct pg_form *from, const struct pg_form *to,
			   bool values, bool append)
{
	size_t k = 0;

	if (from->t.typed != to->t.typed ||
	    !same_nature(from->t.close, to->t.close))
		return true;
	/* those of now that stay have to be the first of then */
	for (size_t i = 0; i < from->t.n_columns; i++) {
		const struct schema_pg_column *c =
			pg_form_column(to, from->columns[i]);

		if (!c)
			continue;
		if (!same_storage(&from->t.columns[i], c))
			return true;
		if (append)
			continue;
		if (k >= to->t.n_columns ||
		    !streq(to->columns[k], from->columns[i]))
			return true;
		k++;
	}
	return !append && k < to->t.n_columns && values;
}

/* --- before rows go back --- */

static const char *renamed_constraint(const struct pg_form *from,
				      const struct pg_form *to, size_t i)
{
	const struct schema_pg_constraint *c = &from->t.constraints[i];

	for (size_t k = 0; k < to->t.n_constraints; k++)
		if (!pg_form_constraint(from, to->constraints[k]) &&
		    streq(to->t.constraints[k].definition, c->definition))
			return to->constraints[k];
	return NULL;
}

static void drop_constraints(struct buf *sql, const struct pg_form *from,
			     const struct pg_form *to, bool foreign)
{
	for (size_t i = 0; i < from->t.n_constraints; i++) {
		const struct schema_pg_constraint *c = &from->t.constraints[i],
						  *d;
		const char *name = from->constraints[i], *now;

		if ((c->kind == SCHEMA_PG_FOREIGN_KEY) != foreign)
			continue;
		d = pg_form_constraint(to, name);
		if (d && streq(d->definition, c->definition))
			continue;
		now = d ? NULL : renamed_constraint(from, to, i);
		if (now)
			buf_addf(sql,
				 "ALTER TABLE %s RENAME CONSTRAINT %s TO "
				 "%s;\n",
				 to->t.name, name, now);
		else
			buf_addf(sql,
				 "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s "
				 "CASCADE;\n",
				 to->t.name, name);
	}
}

static void loosen_column(struct buf *sql, const struct pg_form *from, size_t i,
			  const struct pg_form *to)
{
	const struct schema_pg_column *c = &from->t.columns[i];
	const struct schema_pg_column *d = pg_form_column(to, from->columns[i]);
	const char *name = from->columns[i];

	if (!d) {
		buf_addf(sql,
			 "ALTER TABLE %s DROP COLUMN IF EXISTS %s CASCADE;\n",
			 to->t.name, name);
		return;
	}
	if (c->identity && !d->identity)
		buf_addf(sql,
			 "ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY IF "
			 "EXISTS;\n",
			 to->t.name, name);
	if (c->not_null && !d->not_null)
		buf_addf(sql, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;\n",
			 to->t.name, name);
}

/* "b text DEFAULT 'x'::text" without NOT NULL, which follows the rows, as does
 * what gives an identity its values. */
static void add_column(struct buf *sql, const struct pg_form *to, size_t i)
{
	const struct schema_pg_column *c = &to->t.columns[i];
	size_t len = strlen(c->text);

	if (c->not_null && !c->identity)
		len -= strlen(c->not_null);
	if (c->identity)
		buf_addf(sql, "ALTER TABLE %s ADD COLUMN %s %s;\n", to->t.name,
			 to->columns[i], c->type);
	else
		buf_addf(sql, "ALTER TABLE %s ADD COLUMN %.*s;\n", to->t.name,
			 (int)len, c->text);
}

static void add_columns(struct buf *sql, const struct pg_form *from,
			const struct pg_form *to, bool generated)
{
	for (size_t i = 0; i < to->t.n_columns; i++)
		if (!pg_form_column(from, to->columns[i]) &&
		    (to->t.columns[i].generated != NULL) == generated)
			add_column(sql, to, i);
}

void pg_form_loosen(struct buf *sql, const struct pg_form *from,
		    const struct pg_form *to)
{
	drop_constraints(sql, from, to, true);
	drop_constraints(sql, from, to, false);
	/* columns of a partition come and go with its parent's */
	for (size_t i = 0; i < from->t.n_columns && !to->is_partition; i++)
		loosen_column(sql, from, i, to);
	if (to->is_partition)
		return;
	add_columns(sql, from, to, false);
	add_columns(sql, from, to, true);
}

/* --- once rows are in place --- */

static void set_not_null(struct buf *sql, const struct pg_form *to,
			 const char *name, const struct schema_pg_column *d)
{
	if (starts_with(d->not_null, "NOT NULL"))
		buf_addf(sql, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;\n",
			 to->t.name, name);
	else
		buf_addf(sql, "ALTER TABLE %s ADD %s %s;\n", to->t.name,
			 d->not_null, name);
}

static void set_identity(struct buf *sql, const struct pg_form *to,
			 const char *name, const struct schema_pg_column *c,
			 const struct schema_pg_column *d)
{
	if (c->identity &&
	    !streq_null(c->identity_options, d->identity_options))
		buf_addf(sql, "ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY;\n",
			 to->t.name, name);
	else if (c->identity) {
		buf_addf(sql,
			 "ALTER TABLE %s ALTER COLUMN %s SET GENERATED "
			 "%s;\n",
			 to->t.name, name, d->identity);
		return;
	}
	buf_addf(sql,
		 "ALTER TABLE %s ALTER COLUMN %s ADD GENERATED %s AS "
		 "IDENTITY",
		 to->t.name, name, d->identity);
	if (d->identity_options)
		buf_addf(sql, " (%s)", d->identity_options);
	buf_addstr(sql, ";\n");
}

static void tighten_column(struct buf *sql, const struct pg_form *to,
			   const char *name, const struct schema_pg_column *c,
			   const struct schema_pg_column *d)
{
	if (c->default_expr && !d->default_expr)
		buf_addf(sql,
			 "ALTER TABLE ONLY %s ALTER COLUMN %s DROP "
			 "DEFAULT;\n",
			 to->t.name, name);
	if (d->default_expr && !streq_null(c->default_expr, d->default_expr))
		buf_addf(sql,
			 "ALTER TABLE ONLY %s ALTER COLUMN %s SET DEFAULT "
			 "%s;\n",
			 to->t.name, name, d->default_expr);
	if (d->not_null && !c->not_null)
		set_not_null(sql, to, name, d);
	if (d->identity &&
	    (!streq_null(c->identity, d->identity) ||
	     !streq_null(c->identity_options, d->identity_options)))
		set_identity(sql, to, name, c, d);
}

static void add_constraints(struct buf *sql, struct buf *keys,
			    const struct pg_form *from,
			    const struct pg_form *to)
{
	for (size_t i = 0; i < to->t.n_constraints; i++) {
		const struct schema_pg_constraint *d = &to->t.constraints[i];
		const struct schema_pg_constraint *c =
			pg_form_constraint(from, to->constraints[i]);
		bool foreign = d->kind == SCHEMA_PG_FOREIGN_KEY;

		if (c && streq(c->definition, d->definition))
			continue;
		/* a partitioned table's own may not say ONLY */
		buf_addf(foreign ? keys : sql, "ALTER TABLE %s%s ADD %s;\n",
			 foreign && !d->not_valid ? "" : "ONLY ", to->t.name,
			 d->text);
	}
}

/* Names in "a='1', toast.b='2'": what RESET takes. */
static void add_option_names(struct buf *out, const char *options)
{
	const char *p = options;

	for (;;) {
		bool quoted = false;
		size_t n = strcspn(p, " =");

		buf_add(out, p, n);
		for (; *p && (quoted || *p != ','); p++)
			if (*p == '\'')
				quoted = !quoted;
		if (!*p)
			return;
		buf_addstr(out, ", ");
		p += 1 + strspn(p + 1, " ");
	}
}

/* The text in the brackets behind WITH; NULL = none. */
static const char *options_of(struct arena *a, const char *close)
{
	const char *p = strstr(close, " WITH (");
	const char *end;
	bool quoted = false;

	if (!p)
		return NULL;
	p += strlen(" WITH (");
	for (end = p; *end && (quoted || *end != ')'); end++)
		if (*end == '\'')
			quoted = !quoted;
	return arena_strndup(a, p, (size_t)(end - p));
}

static void alter_close(struct buf *sql, struct arena *a,
			const struct pg_form *from, const struct pg_form *to)
{
	const char *was = options_of(a, from->t.close);
	const char *is = options_of(a, to->t.close);
	const char *space = strstr(from->t.close, " TABLESPACE ");
	const char *there = strstr(to->t.close, " TABLESPACE ");

	if (!streq_null(was, is)) {
		if (was) {
			buf_addf(sql, "ALTER TABLE %s RESET (", to->t.name);
			add_option_names(sql, was);
			buf_addstr(sql, ");\n");
		}
		if (is)
			buf_addf(sql, "ALTER TABLE %s SET (%s);\n", to->t.name,
				 is);
	}
	if (!streq_null(space, there))
		buf_addf(sql, "ALTER TABLE %s SET TABLESPACE %s;\n", to->t.name,
			 there ? there + strlen(" TABLESPACE ") : "pg_default");
	if (!!strstr(from->t.head, "UNLOGGED TABLE ") !=
	    !!strstr(to->t.head, "UNLOGGED TABLE "))
		buf_addf(sql, "ALTER TABLE %s SET %s;\n", to->t.name,
			 strstr(to->t.head, "UNLOGGED TABLE ") ? "UNLOGGED"
							       : "LOGGED");
}

void pg_form_tighten(struct buf *sql, struct buf *keys,
		     const struct pg_form *from, const struct pg_form *to)
{
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < to->t.n_columns; i++) {
		const struct schema_pg_column *c =
			pg_form_column(from, to->columns[i]);

		if (c)
			tighten_column(sql, to, to->columns[i], c,
				       &to->t.columns[i]);
	}
	alter_close(sql, &a, from, to);
	add_constraints(sql, keys, from, to);
	arena_release(&a);
}
