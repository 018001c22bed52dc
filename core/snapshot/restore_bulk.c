#include "snapshot/restore_sqlite.h"

#include <stdlib.h>

#include "base/util.h"

/* A dropped table comes back: all lines, in one statement. */

struct bulk {
	struct restore_feed feed; /* must be first */
	struct restore *r;
	const struct restore_table *t;
	struct restore_lines lines;
	struct restore_line line;
	struct buf scratch;
	bool open;
};

static struct err *read_row(struct bulk *b)
{
	const char *p = b->line.key.s ? b->line.key.s : b->line.fields;
	struct row_value *values = b->feed.values;
	size_t i = 0;

	buf_reset(&b->scratch);
	buf_reserve(&b->scratch, (size_t)(b->line.end - p));
	if (!b->line.key.s) {
		values[i].type = ROW_INT;
		values[i++].i = b->line.key.i;
	}
	for (; i < b->feed.n_fields; i++) {
		struct err *err =
			row_parse(&p, b->line.end, &values[i], &b->scratch);

		if (err)
			return err;
	}
	b->r->out->restored++;
	return NULL;
}

static struct err *next(struct restore_feed *f)
{
	struct bulk *b = (struct bulk *)(void *)f;
	struct err *err = restore_lines_next(&b->lines, &b->line);

	f->at_end = !b->line.op;
	return err || f->at_end ? err : read_row(b);
}

static void close_lines(struct bulk *b)
{
	if (b->open)
		restore_lines_close(&b->lines);
	b->open = false;
}

static struct err *start(struct restore_feed *f)
{
	struct bulk *b = (struct bulk *)(void *)f;
	struct err *err;

	close_lines(b);
	err = restore_lines_open(&b->lines, b->r, b->t);
	b->open = true;
	return err ? err : next(f);
}

/* A key that is a column as well comes from there: it is kept exactly. */
static bool is_key_only(const struct table_info *info, size_t k)
{
	return !info->without_rowid ||
	       table_info_column(info, info->keys[k]) < 0;
}

static void add_insert(struct buf *sql, const struct table_info *info,
		       const struct manifest_table *m, size_t n_keys)
{
	const char *comma = "";

	buf_addstr(sql, "INSERT INTO main.");
	sql_quote_name(sql, info->name);
	buf_addstr(sql, " (");
	for (size_t k = 0; k < n_keys; k++) {
		if (!is_key_only(info, k))
			continue;
		buf_addstr(sql, comma);
		comma = ", ";
		if (info->without_rowid)
			sql_quote_name(sql, info->keys[k]);
		else
			buf_addstr(sql, info->rowid);
	}
	for (size_t i = 0; i < m->n_columns; i++) {
		buf_addstr(sql, comma);
		comma = ", ";
		sql_quote_name(sql, m->columns[i].before);
	}
	buf_addstr(sql, ") SELECT ");
	comma = "";
	for (size_t i = 0; i < n_keys + m->n_columns; i++) {
		if (i < n_keys && !is_key_only(info, i))
			continue;
		buf_addf(sql, "%sf%zu", comma, i);
		comma = ", ";
	}
	buf_addstr(sql, " FROM git_migrate_lines");
}

struct err *restore_bulk(struct restore *r, const struct restore_table *t,
			 const struct table_info *info)
{
	size_t n_keys = info->without_rowid ? info->n_keys : 1;
	struct bulk b = { .r = r,
			  .t = t,
			  .feed = { .n_fields = n_keys + t->lines->n_columns,
				    .start = start,
				    .next = next } };
	struct buf sql = BUF_INIT;
	struct err *err;
	int code;

	b.feed.values = xcalloc(b.feed.n_fields + 1, sizeof(*b.feed.values));
	add_insert(&sql, info, t->lines, n_keys);
	err = restore_feed_run(r, &b.feed, buf_str(&sql), &code);
	close_lines(&b);
	buf_release(&b.scratch);
	buf_release(&sql);
	free(b.feed.values);
	return err;
}
