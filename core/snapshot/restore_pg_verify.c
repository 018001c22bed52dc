#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/* The proof: what a snapshot has is in the tables again. */

/* Rows of a dropped table, in the order they were put there. */
static struct err *verify_copied(struct restore_pg *r,
				 const struct restore_pg_table *t)
{
	struct restore_pg_row row = { .n = 0 };
	struct restore_pg_lines lines;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_lines_open(&lines, r, t);
	size_t n_fields = t->lines->n_keys + t->lines->n_columns, len;
	const char *text = NULL;
	uint64_t n = 0;

	buf_addstr(&sql, "COPY (SELECT ");
	restore_pg_add_fields(&sql, t->lines);
	buf_addf(&sql, " FROM ONLY %s) TO STDOUT", t->before);
	if (!err)
		err = pg_copy_out_begin(r->c, buf_str(&sql));
	while (!err) {
		err = pg_copy_out_next(r->c, &text, &len);
		if (err || !text)
			break;
		err = restore_pg_lines_next(&lines);
		if (err)
			break;
		n++;
		restore_pg_row_cut(&row, text, len);
		for (size_t i = 0; i < n_fields && !err; i++)
			if (!lines.line.op ||
			    !restore_pg_matches(&lines.fields[i],
						&row.fields[i]))
				err = err_new(ERR_STATE,
					      "row %llu of table %s would not "
					      "be what it was before the "
					      "migration",
					      (unsigned long long)n, t->before);
	}
	if (err)
		pg_copy_out_abort(r->c);
	else if (n != manifest_lines(t->lines))
		err = err_new(ERR_STATE,
			      "table %s would have %llu rows instead of %llu",
			      t->before, (unsigned long long)n,
			      (unsigned long long)manifest_lines(t->lines));
	restore_pg_lines_close(&lines);
	restore_pg_row_release(&row);
	buf_release(&sql);
	return err;
}

/* All of a table that was empty: its rows are the lines, in their order. */
static struct err *is_copied(struct restore_pg *r,
			     const struct restore_pg_table *t, bool *out)
{
	int64_t rows = 0;
	struct err *err = NULL;

	*out = t->way == RESTORE_PG_REMAKE || t->empty;
	if (*out || t->temp)
		return NULL;
	err = restore_pg_count(r, &rows, "SELECT count(*) FROM ONLY %s",
			       t->before);
	*out = (uint64_t)rows == manifest_lines(t->lines);
	return err;
}

static struct err *verify(struct restore_pg *r, struct restore_pg_table *t)
{
	bool copied, hidden;
	struct err *err = restore_pg_unhide(r, t->before, &hidden);

	if (!err)
		err = is_copied(r, t, &copied);
	if (!err && copied)
		err = verify_copied(r, t);
	else if (!err && t->temp && t->lines->n_keys)
		err = restore_pg_verify_keys(r, t);
	if (!err && hidden)
		err = restore_pg_hide(r, t->before);
	return err;
}

struct err *restore_pg_verify(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables && !err; i++)
		if (r->tables[i].lines && r->tables[i].way != RESTORE_PG_REMOVE)
			err = verify(r, &r->tables[i]);
	return err;
}
