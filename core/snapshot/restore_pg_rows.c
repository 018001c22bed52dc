#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/*
 * Rows of a table whose form is the old one again: what came goes, then old
 * values, then what went comes back. In this order a unique value is free
 * before it is needed again.
 */

static const char unique_codes[] = "23505 23P01";

/* "a = l.o0::int, b = CASE WHEN ... END"; false: nothing to set. */
static bool add_assignments(struct buf *sql, const struct restore_pg_table *t,
			    const struct restore_pg_relation *rel)
{
	bool any = false;

	for (size_t i = 0; i < t->lines->n_columns; i++) {
		const char *name = t->lines->columns[i].before;
		const struct restore_pg_column *col =
			restore_pg_column(rel, name);

		if (!col || !t->any[i] || restore_pg_is_late(t, i, col))
			continue;
		buf_addf(sql, "%s%s = ", any ? ", " : "", name);
		any = true;
		if (t->all[i]) {
			buf_addf(sql, "l.o%zu::%s", i, col->type);
			continue;
		}
		buf_addstr(sql, "CASE WHEN ");
		restore_pg_add_changed(sql, i);
		buf_addf(sql, " THEN l.o%zu::%s ELSE t.%s END", i, col->type,
			 name);
	}
	return any;
}

/*
 * The server checks a unique index row by row: values that rows pass on to
 * each other meet on the way. Then the rows are taken out and put back.
 */
static struct err *move_out_and_in(struct restore_pg *r,
				   const struct restore_pg_table *t,
				   const struct restore_pg_relation *rel,
				   const char *assignments, bool *taken)
{
	size_t number = (size_t)(t - r->tables);
	struct buf cols = BUF_INIT, on = BUF_INIT, sql = BUF_INIT;
	struct err *err;

	for (size_t i = 0; i < rel->n_columns; i++)
		if (!rel->columns[i].generated)
			buf_addf(&cols, "%s%s", cols.len ? ", " : "",
				 rel->columns[i].name);
	restore_pg_add_join(&on, r, t, rel);
	err = restore_pg_exec(
		r,
		"DROP TABLE IF EXISTS pg_temp.git_migrate_out_%zu; "
		"CREATE TEMPORARY TABLE git_migrate_out_%zu ON COMMIT DROP AS "
		"SELECT t.* FROM ONLY %s t, %s l WHERE l.op = '~' AND %s; "
		"DELETE FROM ONLY %s t USING %s l WHERE l.op = '~' AND %s; "
		"UPDATE pg_temp.git_migrate_out_%zu t SET %s FROM %s l "
		"WHERE l.op = '~' AND %s",
		number, number, rel->name, t->temp, buf_str(&on), rel->name,
		t->temp, buf_str(&on), number, assignments, t->temp,
		buf_str(&on));
	buf_addf(&sql,
		 "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM "
		 "pg_temp.git_migrate_out_%zu",
		 rel->name, buf_str(&cols), buf_str(&cols), number);
	if (!err)
		err = restore_pg_try(r, buf_str(&sql), unique_codes, taken,
				     NULL);
	if (!err)
		err = restore_pg_exec(
			r, "DROP TABLE pg_temp.git_migrate_out_%zu", number);
	buf_release(&cols);
	buf_release(&on);
	buf_release(&sql);
	return err;
}

static struct err *update(struct restore_pg *r,
			  const struct restore_pg_table *t,
			  const struct restore_pg_relation *rel)
{
	struct buf sql = BUF_INIT, set = BUF_INIT;
	bool refused = false, taken;
	struct err *err = NULL, *why = NULL;

	if (!add_assignments(&set, t, rel))
		goto done;
	buf_addf(&sql,
		 "UPDATE ONLY %s t SET %s FROM %s l WHERE l.op = '~' AND ",
		 rel->name, buf_str(&set), t->temp);
	restore_pg_add_join(&sql, r, t, rel);
	err = restore_pg_try(r, buf_str(&sql), restore_pg_row_codes, &refused,
			     &why);
	taken = refused && streq(restore_pg_cause(why), RESTORE_NOT_UNIQUE);
	if (!err && refused && !taken)
		restore_pg_late(r, t->before, restore_pg_cause(why), 1);
	if (!err && taken)
		err = move_out_and_in(r, t, rel, buf_str(&set), &taken);
	if (!err && taken)
		restore_pg_late(r, t->before, RESTORE_NOT_UNIQUE, 1);
	err_free(why);
done:
	buf_release(&sql);
	buf_release(&set);
	return err;
}

static struct err *by_key(struct restore_pg *r,
			  const struct restore_pg_table *t,
			  const struct restore_pg_relation *rel)
{
	struct buf on = BUF_INIT;
	struct err *err = restore_pg_own_path(r, true);

	restore_pg_add_join(&on, r, t, rel);
	if (!err && t->lines->inserted)
		err = restore_pg_exec(r,
				      "DELETE FROM ONLY %s t USING %s l "
				      "WHERE l.op = '+' AND %s",
				      rel->name, t->temp, buf_str(&on));
	buf_release(&on);
	if (!err && t->lines->updated)
		err = update(r, t, rel);
	if (!err)
		err = restore_pg_own_path(r, false);
	return err ? err : restore_pg_copy(r, t);
}

struct err *restore_pg_rows(struct restore_pg *r,
			    const struct restore_pg_table *t)
{
	struct restore_pg_relation rel;
	struct err *err = restore_pg_relation(r, t->before, &rel);

	if (err)
		return err;
	if (!t->temp)
		return restore_pg_copy(r, t);
	return t->lines->n_keys ? by_key(r, t, &rel)
				: restore_pg_bag_rows(r, t);
}
