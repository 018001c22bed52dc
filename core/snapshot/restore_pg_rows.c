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

/* Which columns some line changed, and which every one did. */
struct masks {
	size_t n;
	int64_t *any, *all;
};

static struct err *take_masks(void *payload, int n, const struct pg_cell *cell)
{
	struct masks *m = payload;

	for (int i = 0; i < n; i++) {
		int64_t v = cell[i].s ? strtoll(cell[i].s, NULL, 10) : 0;

		if (i % 2)
			m->all[i / 2] = v;
		else
			m->any[i / 2] = v;
	}
	return NULL;
}

static struct err *read_masks(struct restore_pg *r,
			      const struct restore_pg_table *t,
			      struct masks *out)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	out->n = (t->lines->n_columns + RESTORE_PG_MASK_BITS - 1) /
		 RESTORE_PG_MASK_BITS;
	out->any = arena_array(&r->arena, out->n + 1, sizeof(*out->any));
	out->all = arena_array(&r->arena, out->n + 1, sizeof(*out->all));
	if (!out->n)
		return NULL;
	buf_addstr(&sql, "SELECT ");
	for (size_t i = 0; i < out->n; i++)
		buf_addf(&sql, "%sbit_or(m%zu), bit_and(m%zu)", i ? ", " : "",
			 i, i);
	buf_addf(&sql, " FROM %s WHERE op = '~'", t->temp);
	err = restore_pg_ask(r, take_masks, out, "%s", buf_str(&sql));
	buf_release(&sql);
	return err;
}

static bool has_bit(const int64_t *masks, size_t i)
{
	return masks[i / RESTORE_PG_MASK_BITS] >> (i % RESTORE_PG_MASK_BITS) &
	       1;
}

/* "a = l.o0::int, b = CASE WHEN ... END"; false: nothing to set. */
static bool add_assignments(struct buf *sql, const struct restore_pg_table *t,
			    const struct restore_pg_relation *rel,
			    const struct masks *masks)
{
	bool any = false;

	for (size_t i = 0; i < t->lines->n_columns; i++) {
		const char *name = t->lines->columns[i].before;
		const struct restore_pg_column *col =
			restore_pg_column(rel, name);

		if (!col || !has_bit(masks->any, i))
			continue;
		buf_addf(sql, "%s%s = ", any ? ", " : "", name);
		any = true;
		if (has_bit(masks->all, i)) {
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
	struct masks masks;
	bool taken = false;
	struct err *err = read_masks(r, t, &masks);

	if (err || !add_assignments(&set, t, rel, &masks))
		goto done;
	buf_addf(&sql,
		 "UPDATE ONLY %s t SET %s FROM %s l WHERE l.op = '~' AND ",
		 rel->name, buf_str(&set), t->temp);
	restore_pg_add_join(&sql, r, t, rel);
	err = restore_pg_try(r, buf_str(&sql), unique_codes, &taken, NULL);
	if (!err && taken)
		err = move_out_and_in(r, t, rel, buf_str(&set), &taken);
	if (!err && taken)
		restore_result_add(r->out, t->before, RESTORE_NOT_UNIQUE, 1);
done:
	buf_release(&sql);
	buf_release(&set);
	return err;
}

static void add_insert(struct buf *sql, const struct restore_pg_table *t,
		       const struct restore_pg_relation *rel)
{
	const struct manifest_table *m = t->lines;
	const char *sep = "";

	buf_addf(sql, "INSERT INTO %s (", rel->name);
	restore_pg_add_fields(sql, m);
	buf_addstr(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	for (size_t k = 0; k < m->n_keys; k++, sep = ", ") {
		const struct restore_pg_column *col =
			restore_pg_column(rel, m->keys[k]);

		buf_addf(sql, "%sl.k%zu::%s", sep, k, col ? col->type : "text");
	}
	for (size_t i = 0; i < m->n_columns; i++, sep = ", ") {
		const struct restore_pg_column *col =
			restore_pg_column(rel, m->columns[i].before);

		buf_addf(sql, "%sl.o%zu::%s", sep, i, col ? col->type : "text");
	}
	buf_addf(sql, " FROM %s l WHERE l.op = '-' ORDER BY l.n", t->temp);
}

struct err *restore_pg_insert(struct restore_pg *r,
			      const struct restore_pg_table *t,
			      const struct restore_pg_relation *rel)
{
	struct buf sql = BUF_INIT;
	struct err *err;
	bool taken;

	if (!t->lines->deleted)
		return NULL;
	add_insert(&sql, t, rel);
	err = restore_pg_try(r, buf_str(&sql), unique_codes, &taken, NULL);
	if (!err && taken)
		restore_result_add(r->out, t->before, RESTORE_NOT_UNIQUE, 1);
	buf_release(&sql);
	return err;
}

static struct err *by_key(struct restore_pg *r,
			  const struct restore_pg_table *t,
			  const struct restore_pg_relation *rel)
{
	struct buf on = BUF_INIT;
	struct err *err = NULL;

	restore_pg_add_join(&on, r, t, rel);
	if (t->lines->inserted)
		err = restore_pg_exec(r,
				      "DELETE FROM ONLY %s t USING %s l "
				      "WHERE l.op = '+' AND %s",
				      rel->name, t->temp, buf_str(&on));
	buf_release(&on);
	if (!err && t->lines->updated)
		err = update(r, t, rel);
	return err ? err : restore_pg_insert(r, t, rel);
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
