#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"

#define KEY_MAX 32

static void make_key(char *key, unsigned class_oid, unsigned oid)
{
	snprintf(key, KEY_MAX, "%u/%u", class_oid, oid);
}

void pg_item_owns(struct pg_read *r, unsigned class_oid, unsigned oid,
		  struct pg_item *item, const char *address)
{
	struct pg_owner *o = arena_alloc(r->arena, sizeof(*o));
	char key[KEY_MAX];

	o->item = item;
	o->address = address;
	make_key(key, class_oid, oid);
	map_put(&r->owners, key, o);
}

struct pg_owner *pg_owner_find(const struct pg_read *r, unsigned class_oid,
			       unsigned oid)
{
	char key[KEY_MAX];

	make_key(key, class_oid, oid);
	return map_get(&r->owners, key);
}

struct pg_line *pg_lines_add(struct pg_read *r, struct pg_lines *l,
			     const char *text)
{
	struct pg_line *line = arena_alloc(r->arena, sizeof(*line));

	line->text = text;
	if (!l->end)
		l->end = &l->first;
	*l->end = line;
	l->end = &line->next;
	return line;
}

unsigned pg_cell_oid(const struct pg_cell *c)
{
	return c->s ? (unsigned)strtoul(c->s, NULL, 10) : 0;
}

/* A dot inside a part is no separator. */
static void add_part(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '.' || *s == '%')
			buf_addf(out, "%%%02X", (unsigned char)*s);
		else
			buf_addch(out, *s);
	}
}

void pg_add_display(struct buf *out, const char *schema, const char *name)
{
	if (schema && !streq(schema, "public")) {
		add_part(out, schema);
		buf_addch(out, '.');
	}
	add_part(out, name);
}

static const char *keep(struct pg_read *r, const struct buf *b)
{
	return arena_strndup(r->arena, buf_str(b), b->len);
}

static const char *copy_cell(struct pg_read *r, const struct pg_cell *c)
{
	return c->s ? arena_strndup(r->arena, c->s, c->len) : NULL;
}

/* The relation that an item belongs to. */
static const char *table_of(struct pg_read *r, const struct pg_cell *cell)
{
	struct buf b = BUF_INIT;
	const char *table = "";

	if (cell[PG_I_REL_NAME].s) {
		pg_add_display(&b, cell[PG_I_REL_SCHEMA].s,
			       cell[PG_I_REL_NAME].s);
		table = keep(r, &b);
	}
	buf_release(&b);
	return table;
}

/* "table.trigger" has no schema of its own: that is the table's. */
static const char *name_of(struct pg_read *r, const struct pg_item *item,
			   const struct pg_cell *cell)
{
	struct buf b = BUF_INIT;
	const char *name;

	if (*item->table && !cell[PG_I_SCHEMA].s) {
		buf_addstr(&b, item->table);
		buf_addch(&b, '.');
	}
	pg_add_display(&b, cell[PG_I_SCHEMA].s, cell[PG_I_NAME].s);
	if (cell[PG_I_SUFFIX].s)
		buf_addstr(&b, cell[PG_I_SUFFIX].s);
	name = keep(r, &b);
	buf_release(&b);
	return name;
}

static bool is_own_table(const char *kind)
{
	return streq(kind, "table") || streq(kind, "foreign_table") ||
	       streq(kind, "view") || streq(kind, "materialized_view");
}

struct pg_item *pg_item_new(struct pg_sink *s, const struct pg_cell *cell)
{
	struct pg_read *r = s->read;
	struct pg_item *item = arena_alloc(r->arena, sizeof(*item));

	item->kind = s->question->kind;
	item->class_oid = s->question->class_oid;
	item->oid = pg_cell_oid(&cell[PG_I_OID]);
	item->rel = pg_cell_oid(&cell[PG_I_REL]);
	item->table = table_of(r, cell);
	item->name = name_of(r, item, cell);
	if (is_own_table(item->kind))
		item->table = item->name;
	item->address = copy_cell(r, &cell[PG_I_ADDRESS]);
	item->owner = copy_cell(r, &cell[PG_I_OWNER]);
	item->def = copy_cell(r, &cell[PG_I_DEF]);
	if (!item->def)
		item->def = "";
	pg_item_owns(r, item->class_oid, item->oid, item, item->address);
	VEC_GROW(r->items, r->n, r->cap);
	r->items[r->n++] = item;
	return item;
}

struct err *pg_item_row(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	pg_item_new(payload, cell);
	return NULL;
}

static struct err *take_line(struct pg_sink *s, const struct pg_cell *cell,
			     bool late)
{
	struct pg_owner *o = pg_owner_find(s->read, pg_cell_oid(&cell[0]),
					   pg_cell_oid(&cell[1]));

	if (o && cell[2].s)
		pg_lines_add(s->read, late ? &o->item->late : &o->item->lines,
			     copy_cell(s->read, &cell[2]));
	return NULL;
}

/*
 * A statement that belongs to an item's text.
 * Cells: class and oid of the item, statement.
 */
struct err *pg_line_row(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	return take_line(payload, cell, false);
}

/* The same, behind the line of the owner. */
struct err *pg_late_row(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	return take_line(payload, cell, true);
}

/*
 * A part with an address of its own: an index of a constraint, the sequence
 * of an identity column. Cells: class and oid of the item, class and oid of
 * the part, address.
 */
struct err *pg_owned_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_owner *o = pg_owner_find(s->read, pg_cell_oid(&cell[0]),
					   pg_cell_oid(&cell[1]));

	(void)n;
	if (o)
		pg_item_owns(s->read, pg_cell_oid(&cell[2]),
			     pg_cell_oid(&cell[3]), o->item,
			     copy_cell(s->read, &cell[4]));
	return NULL;
}

/* The name in an address: behind the words in capitals. */
static const char *address_name(const char *address)
{
	return address + strspn(address, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ");
}

/* Cells: class, oid, column (quoted) or NULL, text. */
struct err *pg_comment_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_owner *o = pg_owner_find(s->read, pg_cell_oid(&cell[0]),
					   pg_cell_oid(&cell[1]));
	struct buf b = BUF_INIT;
	struct pg_line *line;

	(void)n;
	if (!o)
		return NULL;
	buf_addstr(&b, "COMMENT ON ");
	if (cell[2].s)
		buf_addf(&b, "COLUMN %s.%s", address_name(o->address),
			 cell[2].s);
	else
		buf_addstr(&b, o->address);
	buf_addstr(&b, " IS ");
	if (cell[3].s)
		pg_add_string(&b, cell[3].s);
	else
		buf_addstr(&b, "NULL");
	buf_addstr(&b, ";\n");
	line = pg_lines_add(s->read, &o->item->comments, keep(s->read, &b));
	line->rank = cell[2].s || o->address != o->item->address;
	buf_release(&b);
	return NULL;
}

/* Cells: class, oid, extension. */
struct err *pg_depends_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_owner *o = pg_owner_find(s->read, pg_cell_oid(&cell[0]),
					   pg_cell_oid(&cell[1]));

	(void)n;
	if (o)
		pg_lines_add(s->read, &o->item->lines,
			     arena_printf(s->read->arena,
					  "ALTER %s DEPENDS ON EXTENSION "
					  "%s;\n",
					  o->address, cell[2].s));
	return NULL;
}

/* What GRANT calls an object. */
static void add_grant_address(struct buf *out, const char *address)
{
	static const char *const words[][2] = {
		{ "VIEW ", "TABLE " },
		{ "MATERIALIZED VIEW ", "TABLE " },
		{ "FOREIGN TABLE ", "TABLE " },
		{ "DOMAIN ", "TYPE " },
		{ "AGGREGATE ", "FUNCTION " },
		{ "SERVER ", "FOREIGN SERVER " },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (starts_with(address, words[i][0])) {
			buf_addf(out, "%s%s", words[i][1],
				 address + strlen(words[i][0]));
			return;
		}
	}
	buf_addstr(out, address);
}

/*
 * Cells: class, oid, "GRANT SELECT, UPDATE" or "REVOKE ALL", grantee, "t" for
 * a grant option, who granted it where that is not the owner.
 */
struct err *pg_acl_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_owner *o = pg_owner_find(s->read, pg_cell_oid(&cell[0]),
					   pg_cell_oid(&cell[1]));
	struct buf b = BUF_INIT;
	bool grant = cell[2].s && starts_with(cell[2].s, "GRANT");

	(void)n;
	if (!o)
		return NULL;
	if (cell[5].s)
		buf_addf(&b, "SET SESSION AUTHORIZATION %s;\n", cell[5].s);
	buf_addf(&b, "%s ON ", cell[2].s);
	add_grant_address(&b, o->address);
	buf_addf(&b, "%s %s", grant ? " TO" : " FROM", cell[3].s);
	if (grant && streq(cell[4].s, "t"))
		buf_addstr(&b, " WITH GRANT OPTION");
	buf_addstr(&b, ";\n");
	if (cell[5].s)
		buf_addstr(&b, "RESET SESSION AUTHORIZATION;\n");
	pg_lines_add(s->read, &o->item->grants, keep(s->read, &b));
	buf_release(&b);
	return NULL;
}

/* Cells: what it is, "operator public.+++". */
struct err *pg_unrepresented_row(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct pg_sink *s = payload;

	(void)n;
	pg_lines_add(s->read, &s->read->unrepresented,
		     copy_cell(s->read, &cell[0]));
	return NULL;
}
