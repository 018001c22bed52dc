#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"

/* Tables: an item, then rows for its columns, then for its constraints. */

static const char *copy_cell(struct pg_read *r, const struct pg_cell *c)
{
	return c->s ? arena_strndup(r->arena, c->s, c->len) : NULL;
}

/*
 * Cells: a plain item's, then what follows the bracket, statements, "t" for a
 * table of a type, number of columns.
 */
struct err *pg_table_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_item *item = pg_item_new(s, cell);

	(void)n;
	item->is_table = true;
	item->rel = item->oid;
	item->close = copy_cell(s->read, &cell[PG_I_CELLS]);
	item->after = copy_cell(s->read, &cell[PG_I_CELLS + 1]);
	item->typed = streq(cell[PG_I_CELLS + 2].s, "t");
	item->natts = pg_cell_oid(&cell[PG_I_CELLS + 3]);
	map_put(&s->read->tables, cell[PG_I_OID].s, item);
	return NULL;
}

static void add_part(struct pg_read *r, struct pg_parts *parts,
		     const struct pg_cell *text, const struct pg_cell *tail)
{
	struct pg_part *p = arena_alloc(r->arena, sizeof(*p));

	p->text = copy_cell(r, text);
	p->tail = copy_cell(r, tail);
	if (!parts->end)
		parts->end = &parts->first;
	*parts->end = p;
	parts->end = &p->next;
	parts->n += p->text != NULL;
}

/* Cells: oid of the table, line or NULL, statements or NULL. */
struct err *pg_column_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_item *item = map_get(&s->read->tables, cell[0].s);

	(void)n;
	if (item && (cell[1].s || cell[2].s))
		add_part(s->read, &item->columns, &cell[1], &cell[2]);
	return NULL;
}

/*
 * Cells: oid of the table, line or NULL, statements or NULL, oid of the
 * constraint, its address.
 */
struct err *pg_constraint_row(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_sink *s = payload;
	struct pg_item *item = map_get(&s->read->tables, cell[0].s);

	(void)n;
	if (!item)
		return NULL;
	if (cell[1].s || cell[2].s)
		add_part(s->read, &item->constraints, &cell[1], &cell[2]);
	pg_item_owns(s->read, PG_CONSTRAINT, pg_cell_oid(&cell[3]), item,
		     copy_cell(s->read, &cell[4]));
	return NULL;
}
