#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/pg_read.h"

/* An item as text. docs/schema-tree.md has the rules. */

static void add_part(struct buf *out, const char *text, bool *first)
{
	buf_addstr(out, *first ? "    " : "  , ");
	*first = false;
	buf_addstr(out, text);
	buf_addch(out, '\n');
}

static int compare_tails(const void *a, const void *b)
{
	const struct pg_part *const *x = a, *const *y = b;

	return strcmp((*x)->tail, (*y)->tail);
}

/* Sorted, so that the order of columns shows in their lines alone. */
static void add_tails(struct buf *out, const struct pg_parts *parts)
{
	struct pg_part **list;
	size_t n = 0;

	for (struct pg_part *p = parts->first; p; p = p->next)
		n += p->tail != NULL;
	if (!n)
		return;
	list = xcalloc(n, sizeof(void *));
	n = 0;
	for (struct pg_part *p = parts->first; p; p = p->next)
		if (p->tail)
			list[n++] = p;
	qsort(list, n, sizeof(void *), compare_tails);
	for (size_t i = 0; i < n; i++)
		buf_addstr(out, list[i]->tail);
	free(list);
}

static void add_lines(struct buf *out, const struct pg_lines *l)
{
	for (const struct pg_line *line = l->first; line; line = line->next)
		buf_addstr(out, line->text);
}

static int compare_lines(const void *a, const void *b)
{
	const struct pg_line *const *x = a, *const *y = b;

	if ((*x)->rank != (*y)->rank)
		return (*x)->rank < (*y)->rank ? -1 : 1;
	return strcmp((*x)->text, (*y)->text);
}

/* The object's own comment, then those of its parts. */
static void add_comments(struct buf *out, const struct pg_lines *l)
{
	const struct pg_line **list;
	size_t n = 0;

	for (const struct pg_line *line = l->first; line; line = line->next)
		n++;
	if (!n)
		return;
	list = xcalloc(n, sizeof(void *));
	n = 0;
	for (const struct pg_line *line = l->first; line; line = line->next)
		list[n++] = line;
	qsort(list, n, sizeof(void *), compare_lines);
	for (size_t i = 0; i < n; i++)
		buf_addstr(out, list[i]->text);
	free(list);
}

/* Everything behind the brackets of a table, or all of another object. */
static void add_rest(struct buf *out, const struct pg_item *item)
{
	if (item->close)
		buf_addf(out, "%s;\n", item->close);
	if (item->after)
		buf_addstr(out, item->after);
	add_tails(out, &item->columns);
	add_tails(out, &item->constraints);
	add_lines(out, &item->lines);
	if (item->owner)
		buf_addf(out, "ALTER %s OWNER TO %s;\n", item->address,
			 item->owner);
	add_lines(out, &item->late);
	add_comments(out, &item->comments);
	add_lines(out, &item->grants);
}

static int compare_parts(const void *a, const void *b)
{
	const struct pg_part *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

/* The columns' lines, in order or sorted; true when sorting moved one. */
static bool add_columns(struct buf *out, const struct pg_parts *parts,
			bool sorted, bool *first)
{
	const struct pg_part **list = xcalloc(parts->n + 1, sizeof(void *));
	size_t n = 0;
	bool moved = false;

	for (const struct pg_part *p = parts->first; p; p = p->next)
		if (p->text)
			list[n++] = p;
	for (size_t i = 1; i < n && !moved; i++)
		moved = strcmp(list[i - 1]->text, list[i]->text) > 0;
	if (sorted && moved)
		qsort(list, n, sizeof(void *), compare_parts);
	for (size_t i = 0; i < n; i++)
		add_part(out, list[i]->text, first);
	free(list);
	return moved;
}

static bool add_table(struct buf *out, const struct pg_item *item, bool sorted)
{
	bool first = true, moved;
	/* CREATE TABLE x OF t has brackets only around something */
	bool brackets = item->columns.n || item->constraints.n || !item->typed;

	buf_addstr(out, item->def);
	if (brackets)
		buf_addstr(out, " (\n");
	moved = add_columns(out, &item->columns, sorted, &first);
	for (const struct pg_part *p = item->constraints.first; p; p = p->next)
		if (p->text)
			add_part(out, p->text, &first);
	if (brackets)
		buf_addch(out, ')');
	add_rest(out, item);
	return moved;
}

void pg_item_print(const struct pg_item *item, struct buf *text,
		   struct buf *shape)
{
	buf_reset(text);
	buf_reset(shape);
	if (!item->is_table) {
		buf_addstr(text, item->def);
		add_rest(text, item);
	} else if (add_table(text, item, false)) {
		add_table(shape, item, true);
	}
}
