#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/*
 * Values of type regclass stand for a relation by its number, and what is made
 * anew has another one. Which are in use is noted before anything goes; those
 * that are nobody's any more once all is back get the number of what has the
 * name then.
 */

struct number {
	const char *oid, *name; /* as the relation is called in the end */
};

struct restore_pg_numbers {
	struct number *v;
	size_t n, cap;
};

/* A column that holds numbers. */
struct column {
	const char *table, *name;
	char how; /* 'v' one, 'a' an array of them, 'i' inside of others */
};

struct columns {
	struct restore_pg *r;
	struct column *v;
	size_t n, cap;
};

/* 2205 is regclass, 2210 its array. */
static const char columns_sql[] =
	"WITH RECURSIVE y (oid) AS (SELECT 2205::oid UNION SELECT x.oid "
	"FROM y, LATERAL (SELECT oid FROM pg_type WHERE typbasetype = y.oid "
	"OR (typelem = y.oid AND typlen = -1) UNION ALL SELECT c.reltype "
	"FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
	"WHERE a.atttypid = y.oid AND NOT a.attisdropped "
	"AND c.relkind IN ('c', 'r') AND c.oid >= 16384) x) "
	"SELECT c.oid::regclass, quote_ident(a.attname), CASE a.atttypid "
	"WHEN 2205 THEN 'v' WHEN 2210 THEN 'a' ELSE 'i' END "
	"FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
	"JOIN pg_namespace n ON n.oid = c.relnamespace "
	"WHERE a.atttypid IN (SELECT oid FROM y) AND c.relkind = 'r' "
	"AND c.relpersistence <> 't' AND c.oid >= 16384 AND a.attnum > 0 "
	"AND NOT a.attisdropped AND a.attgenerated = '' "
	"AND n.nspname <> '%s' ORDER BY 1, 2";

static struct err *take_column(void *payload, int n, const struct pg_cell *cell)
{
	struct columns *c = payload;
	struct column *one;

	(void)n;
	VEC_GROW(c->v, c->n, c->cap);
	one = &c->v[c->n++];
	one->table = arena_strdup(&c->r->arena, cell[0].s);
	one->name = arena_strdup(&c->r->arena, cell[1].s);
	one->how = cell[2].s[0];
	return NULL;
}

static struct err *find_columns(struct restore_pg *r, struct columns *out)
{
	struct buf journal = BUF_INIT;
	struct err *err;

	for (const char *p = target_pg_journal(r->req->target); *p; p++) {
		buf_addch(&journal, *p);
		if (*p == '\'')
			buf_addch(&journal, *p);
	}
	out->r = r;
	err = restore_pg_ask(r, take_column, out, columns_sql,
			     buf_str(&journal));
	buf_release(&journal);
	return err;
}

/* --- before --- */

/* Tables have their old names in the end. */
static const char *name_back(const struct restore_pg *r, const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before && r->tables[i].after &&
		    streq(r->tables[i].after, name))
			return r->tables[i].before;
	return name;
}

static struct err *take_number(void *payload, int n, const struct pg_cell *cell)
{
	struct restore_pg *r = payload;
	struct restore_pg_numbers *all = r->numbers;
	struct number *one;

	(void)n;
	for (size_t i = 0; i < all->n; i++)
		if (streq(all->v[i].oid, cell[0].s))
			return NULL;
	VEC_GROW(all->v, all->n, all->cap);
	one = &all->v[all->n++];
	one->oid = arena_strdup(&r->arena, cell[0].s);
	one->name = arena_strdup(&r->arena, name_back(r, cell[1].s));
	return NULL;
}

/* Those inside of others are looked for when they are missed. */
static struct err *note(struct restore_pg *r, const struct column *c)
{
	if (c->how == 'i')
		return restore_pg_ask(r, take_number, r,
				      "SELECT c.oid, c.oid::regclass FROM "
				      "pg_class c WHERE c.oid >= 16384 AND "
				      "EXISTS (SELECT FROM ONLY %s t WHERE "
				      "strpos(t.%s::text, "
				      "quote_ident(c.relname)) > 0)",
				      c->table, c->name);
	return restore_pg_ask(
		r, take_number, r,
		"SELECT c.oid, c.oid::regclass FROM (SELECT DISTINCT %s%s%s "
		"AS v FROM ONLY %s t) x JOIN pg_class c ON c.oid = x.v "
		"WHERE c.oid >= 16384",
		c->how == 'a' ? "unnest(t." : "t.", c->name,
		c->how == 'a' ? ")" : "", c->table);
}

struct err *restore_pg_numbers_note(struct restore_pg *r)
{
	struct columns c = { .v = NULL };
	struct err *err;

	if (!r->req->delta->n && !r->adjust)
		return NULL; /* nothing is made */
	err = find_columns(r, &c);
	if (!err && c.n && !r->numbers)
		r->numbers = xcalloc(1, sizeof(*r->numbers));
	for (size_t i = 0; i < c.n && !err; i++)
		err = note(r, &c.v[i]);
	free(c.v);
	return err;
}

/* --- after --- */

static struct err *refuse(const struct column *c, const struct number *old,
			  const char *why)
{
	return err_hint(err_new(ERR_REFUSED,
				"%s has to be made anew, and column %s of %s "
				"has values of regclass that stand for it: %s",
				old->name, c->name, c->table, why),
			"nothing was changed; set them to NULL, roll back, and "
			"set them again");
}

static struct err *count(struct restore_pg *r, const struct column *c,
			 const struct number *old, int64_t *rows)
{
	struct buf text = BUF_INIT;
	struct err *err;

	if (c->how == 'v')
		buf_addf(&text, "t.%s = %s::oid", c->name, old->oid);
	else if (c->how == 'a')
		buf_addf(&text, "%s::oid = ANY (t.%s::oid[])", old->oid,
			 c->name);
	else
		buf_addf(&text, "t.%s::text ~ '(^|[^0-9])%s([^0-9]|$)'",
			 c->name, old->oid);
	err = restore_pg_count(r, rows,
			       "SELECT count(*) FROM ONLY %s t WHERE %s",
			       c->table, buf_str(&text));
	buf_release(&text);
	return err;
}

/* Triggers of tables that the migration has nothing to do with are awake. */
static struct err *would_fire(struct restore_pg *r, const struct column *c,
			      int64_t *triggers)
{
	return restore_pg_count(r, triggers,
				"SELECT count(*) FROM pg_trigger WHERE tgrelid "
				"= $name$%s$name$::regclass AND NOT "
				"tgisinternal AND tgtype & 16 <> 0 AND "
				"tgenabled IN ('A', '%c')",
				c->table, r->replica ? 'R' : 'O');
}

static struct err *follow(struct restore_pg *r, const struct column *c,
			  const struct number *old)
{
	int64_t rows = 0, triggers = 0;
	struct err *err = count(r, c, old, &rows);

	if (err || !rows)
		return err;
	if (c->how == 'i')
		return refuse(c, old,
			      "inside of other values they cannot "
			      "follow");
	err = would_fire(r, c, &triggers);
	if (err)
		return err;
	if (triggers)
		return refuse(c, old, "a trigger would fire");
	if (c->how == 'v')
		return restore_pg_exec(r,
				       "UPDATE ONLY %s SET %s = "
				       "$name$%s$name$::regclass WHERE %s = "
				       "%s::oid",
				       c->table, c->name, old->name, c->name,
				       old->oid);
	return restore_pg_exec(
		r,
		"UPDATE ONLY %s SET %s = array_replace(%s, %s::oid::regclass, "
		"$name$%s$name$::regclass) WHERE %s::oid = ANY (%s::oid[])",
		c->table, c->name, c->name, old->oid, old->name, old->oid,
		c->name);
}

/* --- values of lines --- */

bool restore_pg_is_late(const struct restore_pg_table *t, size_t i,
			const struct restore_pg_column *col)
{
	return t->lines->n_keys && t->lines->columns[i].after &&
	       (streq(col->type, "regclass") || streq(col->type, "regclass[]"));
}

static struct err *write_late(struct restore_pg *r,
			      const struct restore_pg_table *t)
{
	struct restore_pg_relation rel;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->before, &rel);
	bool any = false;

	buf_addf(&sql, "UPDATE ONLY %s t SET ", t->before);
	for (size_t i = 0; i < t->lines->n_columns && !err; i++) {
		const char *name = t->lines->columns[i].before;
		const struct restore_pg_column *col =
			restore_pg_column(&rel, name);

		if (!col || !t->any[i] || !restore_pg_is_late(t, i, col))
			continue;
		buf_addf(&sql, "%s%s = CASE WHEN ", any ? ", " : "", name);
		restore_pg_add_changed(&sql, i);
		buf_addf(&sql, " THEN l.o%zu::%s ELSE t.%s END", i, col->type,
			 name);
		any = true;
	}
	buf_addf(&sql, " FROM %s l WHERE l.op = '~' AND ", t->temp);
	if (!err && any) {
		restore_pg_add_join(&sql, r, t, &rel);
		err = restore_pg_exec(r, "%s", buf_str(&sql));
	}
	buf_release(&sql);
	return err;
}

static struct err *write_all_late(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];

		if (t->temp && t->lines->n_keys && t->lines->updated &&
		    (t->way == RESTORE_PG_PLACE ||
		     t->way == RESTORE_PG_REBUILD))
			err = write_late(r, t);
	}
	return err;
}

/* --- numbers of nobody --- */

/* Tables are followed; of other relations nothing tells the number they had. */
static bool brings_others_back(const struct restore_pg *r)
{
	static const char *const kinds[] = { "view", "materialized_view",
					     "index", "sequence",
					     "foreign_table" };
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (d->changes[i].before && !d->changes[i].after &&
			    streq(d->changes[i].before->kind, kinds[k]))
				return true;
	return false;
}

static struct err *count_unnamed(struct restore_pg *r, const struct column *c)
{
	int64_t rows = 0;
	struct err *err;

	if (c->how == 'i')
		return NULL;
	err = restore_pg_count(
		r, &rows,
		"SELECT count(*) FROM (SELECT %s%s%s AS v FROM ONLY %s t) x "
		"WHERE x.v <> 0::oid AND NOT EXISTS (SELECT FROM pg_class c "
		"WHERE c.oid = x.v)",
		c->how == 'a' ? "unnest(t." : "t.", c->name,
		c->how == 'a' ? ")" : "", c->table);
	r->out->unnamed += (uint64_t)rows;
	return err;
}

/* Nobody has the number, and somebody the name. */
static struct err *is_another(struct restore_pg *r, const struct number *old,
			      bool *out)
{
	int64_t n = 0;
	struct err *err = restore_pg_count(
		r, &n,
		"SELECT (NOT EXISTS (SELECT FROM pg_class WHERE oid = %s) AND "
		"to_regclass($name$%s$name$) IS NOT NULL)::int",
		old->oid, old->name);

	*out = n != 0;
	return err;
}

struct err *restore_pg_numbers_follow(struct restore_pg *r)
{
	struct columns c = { .v = NULL };
	bool others = brings_others_back(r);
	struct err *err;

	if (r->look)
		return NULL;
	err = write_all_late(r);
	if (err || !r->numbers)
		return err;
	err = find_columns(r, &c);
	for (size_t i = 0; i < r->numbers->n && !err; i++) {
		bool another;

		err = is_another(r, &r->numbers->v[i], &another);
		for (size_t k = 0; k < c.n && another && !err; k++)
			err = follow(r, &c.v[k], &r->numbers->v[i]);
	}
	for (size_t k = 0; k < c.n && others && !err; k++)
		err = count_unnamed(r, &c.v[k]);
	free(c.v);
	return err;
}

void restore_pg_numbers_free(struct restore_pg *r)
{
	if (r->numbers)
		free(r->numbers->v);
	free(r->numbers);
	r->numbers = NULL;
}
