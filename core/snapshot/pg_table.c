#include "snapshot/pg_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Types by oid, from src/include/catalog/pg_type.dat. */
enum {
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_VARCHAR = 1043,
	TYPE_UUID = 2950,
};

/*
 * Columns and, by k.place, the first unique index that every row has a value
 * in and that is checked at once: the primary key, else by name.
 */
static const char relation_sql[] =
	"SELECT format('%I.%I', n.nspname, c.relname), c.relkind, "
	"c.relpersistence = 't', c.relfilenode, a.attnum, "
	"quote_ident(a.attname), a.atttypid, "
	"format_type(a.atttypid, a.atttypmod), a.attgenerated <> '', "
	"(SELECT k.place FROM unnest(x.indkey::int2[]) "
	"WITH ORDINALITY AS k (number, place) WHERE k.number = a.attnum "
	"AND k.place <= x.indnkeyatts), a.attlen > 0, c.reltuples::bigint "
	"FROM pg_catalog.pg_class c "
	"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
	"LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
	"AND a.attnum > 0 AND NOT a.attisdropped "
	"LEFT JOIN LATERAL (SELECT i.indkey, i.indnkeyatts "
	"FROM pg_catalog.pg_index i "
	"JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid "
	"WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate "
	"AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL "
	"AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) "
	"WITH ORDINALITY AS k (number, place) "
	"JOIN pg_catalog.pg_attribute ka ON ka.attrelid = c.oid "
	"AND ka.attnum = k.number WHERE k.place <= i.indnkeyatts "
	"AND NOT ka.attnotnull) "
	"ORDER BY NOT i.indisprimary, ic.relname LIMIT 1) x ON true "
	"WHERE c.oid = $1::oid AND n.nspname <> $2 "
	"AND n.nspname NOT IN ('pg_catalog', 'information_schema', "
	"'pg_toast') "
	"ORDER BY a.attnum";

static struct err *take_column(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_table *t = payload;
	struct pg_column *c;
	size_t place;

	(void)n;
	if (!t->name) {
		t->name = xstrdup(cell[0].s);
		t->kind = cell[1].s[0];
		t->temporary = cell[2].s[0] == 't';
		t->file = strtoul(cell[3].s, NULL, 10);
		t->rows = strtoll(cell[11].s, NULL, 10);
	}
	if (!cell[4].s)
		return NULL;
	t->columns = xreallocarray(t->columns, t->n_columns + 1,
				   sizeof(*t->columns));
	c = &t->columns[t->n_columns];
	c->number = (int)strtol(cell[4].s, NULL, 10);
	c->name = xstrdup(cell[5].s);
	c->type = (unsigned)strtoul(cell[6].s, NULL, 10);
	c->type_name = xstrdup(cell[7].s);
	c->generated = cell[8].s[0] == 't';
	c->key = cell[9].s != NULL;
	c->fixed = cell[10].s[0] == 't';
	if (c->key) {
		place = strtoul(cell[9].s, NULL, 10);
		t->keys[place - 1] = (int)t->n_columns; /* INDEX_MAX_KEYS */
		t->n_keys = place > t->n_keys ? place : t->n_keys;
	}
	t->n_columns++;
	return NULL;
}

struct err *pg_table_read(struct pg_conn *c, const char *journal, unsigned oid,
			  struct pg_table *out)
{
	char number[16];
	struct pg_arg args[2] = { pg_text(number), pg_text(journal) };
	struct err *e;

	memset(out, 0, sizeof(*out));
	snprintf(number, sizeof(number), "%u", oid);
	e = pg_query(c, relation_sql, args, 2, take_column, out);
	if (!e && out->name)
		out->oid = oid;
	if (e)
		pg_table_release(out);
	return e;
}

void pg_table_release(struct pg_table *t)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		free(t->columns[i].name);
		free(t->columns[i].type_name);
	}
	free(t->columns);
	free(t->name);
	memset(t, 0, sizeof(*t));
}

const struct pg_column *pg_table_column(const struct pg_table *t, int number)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].number == number)
			return &t->columns[i];
	return NULL;
}

bool pg_table_has_int_key(const struct pg_table *t)
{
	unsigned type;

	if (t->n_keys != 1)
		return false;
	type = t->columns[t->keys[0]].type;
	return type == TYPE_INT2 || type == TYPE_INT4 || type == TYPE_INT8;
}

/*
 * The bytes compared here are those that COPY will print: concat() calls the
 * type's output function, where a cast to text would trim bpchar.
 */
static void add_sort_key(struct buf *out, unsigned type, const char *name)
{
	switch (type) {
	case TYPE_UUID: /* prints in the order of its bytes */
		buf_addstr(out, name);
		break;
	case TYPE_TEXT:
	case TYPE_VARCHAR:
		buf_addf(out, "%s COLLATE \"C\"", name);
		break;
	default:
		buf_addf(out, "concat(%s) COLLATE \"C\"", name);
		break;
	}
}

void pg_table_add_order(struct buf *out, const struct pg_table *t,
			const struct pg_table *as)
{
	bool by_number = pg_table_has_int_key(t);

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct pg_column *c = &t->columns[t->keys[i]];
		const struct pg_column *there = pg_table_column(as, c->number);

		if (i)
			buf_addstr(out, ", ");
		if (by_number)
			buf_addstr(out, there->name);
		else
			add_sort_key(out, there->type, there->name);
	}
}

void pg_table_key(const struct pg_table *t, const struct pg_field *fields,
		  struct buf *text, struct change_key *out)
{
	*out = (struct change_key){ .i = 0 };
	if (pg_table_has_int_key(t)) {
		char number[24];

		snprintf(number, sizeof(number), "%.*s", (int)fields[0].len,
			 fields[0].s);
		out->i = strtoll(number, NULL, 10);
		return;
	}
	buf_reset(text);
	for (size_t i = 0; i < t->n_keys; i++) {
		if (i)
			buf_addch(text, '\0'); /* no text has one */
		pg_unescape(text, &fields[i]);
	}
	out->s = buf_str(text);
	out->len = text->len;
}

void pg_table_add_key(struct buf *out, const struct pg_table *t,
		      const struct change_key *key)
{
	const char *p = key->s, *end = p + key->len;

	if (!key->s) {
		buf_addch(out, '\'');
		buf_addint(out, key->i);
		buf_addch(out, '\t');
		return;
	}
	for (size_t i = 0; i < t->n_keys; i++) {
		const char *stop = memchr(p, '\0', (size_t)(end - p));

		if (!stop)
			stop = end;
		buf_addch(out, '\'');
		pg_escape(out, p, (size_t)(stop - p));
		buf_addch(out, '\t');
		p = stop < end ? stop + 1 : end;
	}
}

int pg_key_compare(const struct change_key *a, const struct change_key *b)
{
	size_t n;
	int d;

	if (!a->s)
		return (a->i > b->i) - (a->i < b->i);
	n = a->len < b->len ? a->len : b->len;
	d = memcmp(a->s, b->s, n);
	return d ? d : (a->len > b->len) - (a->len < b->len);
}

/* undefined_table, undefined_function, undefined_object, invalid_schema_name */
struct err *pg_table_blame(struct err *e)
{
	static const char codes[] = "42P01 42883 42704 3F000";
	const char *code = e ? err_code_of(e) : NULL;

	if (!code || !strstr(codes, code))
		return e;
	return err_hint(e, "a function that an index, a check or a generated "
			   "column of it calls finds that by the session's "
			   "search_path only: ALTER FUNCTION ... SET "
			   "search_path mends it");
}

struct err *pg_table_family(struct pg_conn *c, const char *sql,
			    const struct pg_table_family *family, pg_row_fn row,
			    void *payload)
{
	struct buf name = BUF_INIT;
	struct pg_arg args[3];
	struct err *e;

	if (family->schema) {
		pg_add_name(&name, family->schema);
		buf_addch(&name, '.');
	}
	pg_add_name(&name, family->table);
	args[0] = pg_text(buf_str(&name));
	args[1] = pg_text(family->only ? "f" : "t");
	args[2] = pg_text(family->referrer ? "t" : "f");
	e = pg_query(c, sql, args, 3, row, payload);
	buf_release(&name);
	return e;
}
