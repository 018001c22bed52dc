#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/util.h"
#include "effects/replay_pg.h"
#include "effects/replay_seed.h"

/*
 * A few rows for PostgreSQL tables, as replay_seed.c makes them for SQLite's.
 * Columns that a sequence fills are left to it: a row of a migration would
 * else get a key that is there already.
 */

#define ATTEMPTS 60 /* each is a question to the server */

struct seeder {
	struct replay_pg *r;
	unsigned seed;
	struct map seen;
	int64_t deadline_us;
};

/** A table's place in the catalog. */
struct place {
	char *oid, *name; /* name is qualified and quoted */
	bool has_rows;
};

/* Types by the start of their name: how a value of the row is written. */
static const struct {
	const char *start;
	enum seed_type type;
	const char *other; /* SEED_OTHER: a value */
} types[] = {
	{ "integer", SEED_INT, NULL },
	{ "bigint", SEED_INT, NULL },
	{ "smallint", SEED_INT, NULL },
	{ "numeric", SEED_INT, NULL },
	{ "real", SEED_REAL, NULL },
	{ "double", SEED_REAL, NULL },
	{ "text", SEED_TEXT, NULL },
	{ "character", SEED_TEXT, NULL },
	{ "citext", SEED_TEXT, NULL },
	{ "name", SEED_TEXT, NULL },
	{ "boolean", SEED_BOOL, NULL },
	{ "date", SEED_DATE, NULL },
	{ "timestamp", SEED_TIME, NULL },
	{ "uuid", SEED_UUID, NULL },
	{ "json", SEED_JSON, NULL },
	{ "bytea", SEED_BYTES, NULL },
	{ "time", SEED_OTHER, "'12:00:00'" },
	{ "interval", SEED_OTHER, "'1 day'" },
	{ "inet", SEED_OTHER, "'192.0.2.1'" },
	{ "cidr", SEED_OTHER, "'192.0.2.0/24'" },
	{ "macaddr", SEED_OTHER, "'08:00:2b:01:02:03'" },
	{ "money", SEED_OTHER, "'1'" },
	{ "bit", SEED_OTHER, "'1'" },
	{ "point", SEED_OTHER, "'(1,1)'" },
	{ "box", SEED_OTHER, "'((0,0),(1,1))'" },
	{ "xml", SEED_OTHER, "'<a/>'" },
	{ "tsvector", SEED_OTHER, "'a'" },
	{ "int4range", SEED_OTHER, "'[1,5)'" },
	{ "int8range", SEED_OTHER, "'[1,5)'" },
	{ "numrange", SEED_OTHER, "'[1,5)'" },
	{ "tstzrange", SEED_OTHER, "'[2026-01-01,2026-01-02)'" },
	{ "tsrange", SEED_OTHER, "'[2026-01-01,2026-01-02)'" },
	{ "daterange", SEED_OTHER, "'[2026-01-01,2026-01-02)'" },
};

static struct err *take_place(void *payload, int n, const struct pg_cell *cell)
{
	struct place *p = payload;

	(void)n;
	if (p->oid)
		return NULL;
	p->oid = xstrdup(cell[0].s);
	p->name = xstrdup(cell[1].s);
	return NULL;
}

/* "t" or "s.t", as migrations know it. */
static struct err *find_table(struct seeder *s, const char *name,
			      struct place *p)
{
	struct pg_arg arg = pg_text(name);

	return pg_query(s->r->c,
			"SELECT c.oid, format('%I.%I', n.nspname, c.relname) "
			"FROM pg_class c JOIN pg_namespace n ON n.oid = "
			"c.relnamespace WHERE c.relkind IN ('r', 'p') AND "
			"n.nspname !~ '^pg_' AND n.nspname NOT IN "
			"('information_schema', 'git_migrate') AND $1::text IN "
			"(c.relname, n.nspname || '.' || c.relname, "
			"c.oid::text) ORDER BY n.nspname <> 'public', "
			"n.nspname",
			&arg, 1, take_place, p);
}

static struct err *take_yes(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	(void)cell;
	*(bool *)payload = true;
	return NULL;
}

static struct err *look_for_rows(struct seeder *s, struct place *p)
{
	struct buf sql = BUF_INIT;
	struct err *e;

	buf_addf(&sql, "SELECT 1 FROM %s LIMIT 1", p->name);
	e = pg_query_once(s->r->c, buf_str(&sql), NULL, 0, take_yes,
			  &p->has_rows);
	buf_release(&sql);
	return e;
}

static enum seed_type type_of(const char *type, const char **other)
{
	*other = NULL;
	if (ends_with(type, "[]")) {
		*other = "'{}'";
		return SEED_OTHER;
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (starts_with(type, types[i].start)) {
			*other = types[i].other;
			return types[i].type;
		}
	return SEED_OTHER;
}

/* Cells: name, type, not null, labels of an enum with ",", longest text. */
static struct err *take_column(void *payload, int n, const struct pg_cell *cell)
{
	struct seed_table *t = payload;
	struct seed_column *c = seed_add_column(t, cell[0].s);
	const char *other;

	(void)n;
	c->type = type_of(cell[1].s, &other);
	c->not_null = cell[2].s[0] == 't';
	c->max = cell[4].s ? strtoul(cell[4].s, NULL, 10) : 0;
	if (cell[3].s)
		other = cell[3].s;
	c->other = other ? arena_strdup(&t->arena, other) : NULL;
	return NULL;
}

static const char columns_sql[] =
	"SELECT a.attname, format_type(CASE WHEN t.typtype = 'd' THEN "
	"t.typbasetype ELSE a.atttypid END, NULL), a.attnotnull OR "
	"t.typnotnull, (SELECT string_agg(quote_literal(e.enumlabel), E'\\n' "
	"ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid IN "
	"(a.atttypid, t.typbasetype)), CASE WHEN a.atttypid IN "
	"('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN "
	"a.atttypmod - 4 END FROM pg_attribute a JOIN pg_type t ON t.oid = "
	"a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND "
	"d.adnum = a.attnum WHERE a.attrelid = $1::oid AND a.attnum > 0 AND "
	"NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = '' AND "
	"coalesce(pg_get_expr(d.adbin, d.adrelid), '') !~ '^nextval' ORDER BY "
	"a.attnum";

static struct err *take_key(void *payload, int n, const struct pg_cell *cell)
{
	struct seed_table *t = payload;

	(void)n;
	seed_add_key(t, (int)strtol(cell[0].s, NULL, 10), cell[1].s, cell[2].s,
		     cell[3].s);
	return NULL;
}

static const char keys_sql[] =
	"SELECT k.oid, k.confrelid, "
	"a.attname, b.attname FROM pg_constraint k, unnest(k.conkey, "
	"k.confkey) WITH ORDINALITY u (f, t, i), pg_attribute a, pg_attribute "
	"b WHERE k.contype = 'f' AND k.conrelid = $1::oid AND a.attrelid = "
	"k.conrelid AND a.attnum = u.f AND b.attrelid = k.confrelid AND "
	"b.attnum = u.t ORDER BY k.oid, u.i";

/* 'a' and 12 in the definition of a CHECK */
static struct err *take_check(void *payload, int n, const struct pg_cell *cell)
{
	struct seed_table *t = payload;
	const char *p = cell[0].s;

	(void)n;
	while (*p) {
		const char *end = p + 1;

		if (*p == '\'') {
			while (*end && (*end != '\'' || end[1] == '\''))
				end += *end == '\'' ? 2 : 1;
			end += *end == '\'';
			seed_add_liked(t, p, (size_t)(end - p));
		} else if (isdigit((unsigned char)*p)) {
			end = p + strspn(p, "0123456789.");
			seed_add_liked(t, p, (size_t)(end - p));
		} else if (isalpha((unsigned char)*p) || *p == '_') {
			while (isalnum((unsigned char)*end) || *end == '_')
				end++;
		}
		p = end;
	}
	return NULL;
}

static struct err *describe(struct seeder *s, const struct place *p,
			    struct seed_table *t)
{
	struct pg_arg arg = pg_text(p->oid);
	struct pg_conn *c = s->r->c;
	struct err *e = pg_query(c, columns_sql, &arg, 1, take_column, t);

	if (!e)
		e = pg_query(c, keys_sql, &arg, 1, take_key, t);
	if (!e)
		e = pg_query(c,
			     "SELECT pg_get_constraintdef(k.oid) FROM "
			     "pg_constraint k WHERE k.contype = 'c' AND "
			     "(k.conrelid = $1::oid OR k.contypid IN (SELECT "
			     "atttypid FROM pg_attribute WHERE attrelid = "
			     "$1::oid)) ORDER BY k.conname",
			     &arg, 1, take_check, t);
	return e;
}

struct parent {
	struct seed_table *t;
	const struct seed_key *key;
	bool found;
};

static struct err *take_parent_row(void *payload, int n,
				   const struct pg_cell *cell)
{
	struct parent *p = payload;

	for (int i = 0; i < n; i++)
		seed_set(p->t, p->key->from[i], cell[i].s);
	p->found = true;
	return NULL;
}

/* Values of a foreign key: those of one of the parent's rows; else none. */
static struct err *take_parent(struct seeder *s, struct seed_table *t,
			       const struct seed_key *key, unsigned which)
{
	struct parent parent = { t, key, false };
	struct place p = { NULL, NULL, false };
	struct buf sql = BUF_INIT;
	struct err *e = find_table(s, key->parent, &p);

	if (!e && p.oid) {
		for (size_t i = 0; i < key->n; i++) {
			buf_addstr(&sql, i ? ", quote_nullable("
					   : "SELECT quote_nullable(");
			pg_add_name(&sql, key->to[i]);
			buf_addstr(&sql, "::text)");
		}
		buf_addf(&sql,
			 " FROM %s ORDER BY 1 LIMIT 1 OFFSET %u %% greatest("
			 "1, (SELECT count(*) FROM %s))",
			 p.name, which, p.name);
		e = pg_query_once(s->r->c, buf_str(&sql), NULL, 0,
				  take_parent_row, &parent);
	}
	for (size_t i = 0; !parent.found && i < key->n; i++)
		seed_set(t, key->from[i], "NULL");
	buf_release(&sql);
	free(p.oid);
	free(p.name);
	return e;
}

/* Labels of an enum stand one on each line. */
static void add_label(struct buf *out, const char *labels, unsigned which)
{
	unsigned n = 1;

	for (const char *p = labels; *p; p++)
		n += *p == '\n';
	for (which %= n; which; which--)
		labels = strchr(labels, '\n') + 1;
	buf_add(out, labels, strcspn(labels, "\n"));
}

static struct err *fill(struct seeder *s, struct seed_table *t,
			struct seed_pick *pick)
{
	struct buf value = BUF_INIT;
	struct err *e = NULL;

	for (size_t i = 0; i < t->n; i++) {
		struct seed_column *c = &t->columns[i];

		buf_reset(&value);
		if (seed_is_null(c, pick) ||
		    (c->type == SEED_OTHER && !c->other))
			buf_addstr(&value, "NULL");
		else if (c->type == SEED_OTHER)
			add_label(&value, c->other, pick->row + pick->attempt);
		else if (!seed_add_other(&value, t, c, pick))
			seed_literal(&value, c, pick);
		seed_set(t, c->name, buf_str(&value));
	}
	for (size_t i = 0; i < t->n_keys && !e; i++)
		e = take_parent(s, t, &t->keys[i], pick->row + pick->attempt);
	buf_release(&value);
	return e;
}

/* Another value may do: a rule, a type, a length. */
static bool may_try_again(const struct err *e)
{
	const char *code = err_code_of(e);

	return code && (starts_with(code, "23") || starts_with(code, "22"));
}

static struct err *insert_row(struct seeder *s, const struct place *p,
			      struct seed_table *t, unsigned row)
{
	struct buf sql = BUF_INIT;
	struct seed_pick pick;
	struct err *e = NULL;
	bool again = true;

	seed_pick_init(&pick, p->name, s->seed, row);
	for (; again && pick.attempt < ATTEMPTS; pick.attempt++) {
		e = fill(s, t, &pick);
		if (e)
			break;
		buf_reset(&sql);
		buf_addf(&sql, "INSERT INTO %s", p->name);
		seed_add_values(&sql, t);
		e = pg_exec(s->r->c, buf_str(&sql));
		again = e && may_try_again(e) &&
			clock_steady_us() < s->deadline_us;
		if (e && err_class_of(e) == ERR_CANCELLED)
			break;
		err_free(e);
		e = NULL;
	}
	buf_release(&sql);
	return e;
}

static struct err *seed_one(struct seeder *s, const char *name);

static struct err *seed_found(struct seeder *s, struct place *p,
			      struct seed_table *t)
{
	struct err *e = describe(s, p, t);

	for (size_t i = 0; i < t->n_keys && !e; i++)
		e = seed_one(s, t->keys[i].parent);
	if (!e)
		e = look_for_rows(s, p);
	for (unsigned row = 0; !e && !p->has_rows && row < SEED_ROWS; row++)
		e = insert_row(s, p, t, row);
	return e;
}

static struct err *seed_one(struct seeder *s, const char *name)
{
	struct place p = { NULL, NULL, false };
	struct seed_table t = { .name = NULL };
	struct err *e = cancel_check();

	if (!e)
		e = find_table(s, name, &p);
	if (!e && p.oid && !map_has(&s->seen, p.oid)) {
		map_put(&s->seen, p.oid, s);
		t.name = p.name;
		e = seed_found(s, &p, &t);
	}
	seed_table_release(&t);
	free(p.oid);
	free(p.name);
	return e;
}

struct err *replay_pg_seed(struct replay *base, const char *const *tables,
			   unsigned seed)
{
	struct replay_pg *r = replay_pg_of(base);
	struct seeder s = { .r = r, .seed = seed, .seen = MAP_INIT };
	struct err *e = replay_pg_connect(r);

	s.deadline_us = clock_steady_us() + base->limits.deadline_ms * 1000;
	if (!e)
		e = pg_execf(r->c,
			     "SET statement_timeout = %lld; SELECT "
			     "setseed(0.25)",
			     (long long)base->limits.deadline_ms);
	for (; *tables && !e; tables++)
		e = seed_one(&s, *tables);
	map_release(&s.seen);
	return err_wrap(e, "make rows for a replay");
}
