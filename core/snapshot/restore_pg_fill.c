#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/* Tables that are made anew, before they have indexes and foreign keys. */

#define PIECE (1 << 20)

/* Fields of lines are COPY's own behind their first byte. */
static struct err *send_lines(struct restore_pg *r,
			      const struct manifest_table *m)
{
	struct restore_pg_lines lines;
	struct buf out = BUF_INIT;
	struct err *err = restore_pg_lines_open(&lines, r, m);

	while (!err) {
		err = restore_pg_lines_next(&lines);
		if (err || !lines.line.op)
			break;
		/* keys lie before the values; a '-' has one of each */
		for (size_t i = 0; i < m->n_keys + m->n_columns; i++) {
			const struct restore_pg_field *f = &lines.fields[i];
			size_t skip = f->s[0] == '\'';

			if (i)
				buf_addch(&out, '\t');
			buf_add(&out, f->s + skip, f->len - skip);
		}
		buf_addch(&out, '\n');
		if (out.len < PIECE)
			continue;
		err = pg_copy_in_put(r->c, out.data, out.len);
		buf_reset(&out);
	}
	if (!err && out.len)
		err = pg_copy_in_put(r->c, out.data, out.len);
	restore_pg_lines_close(&lines);
	buf_release(&out);
	return err;
}

/* COPY into a table with rules or identity: the former are asleep, and COPY
 * takes values for GENERATED ALWAYS columns as they come. */
static struct err *copy_lines(struct restore_pg *r,
			      const struct restore_pg_table *t)
{
	const struct manifest_table *m = t->lines;
	struct buf sql = BUF_INIT;
	struct err *err;

	if (!m->n_keys && !m->n_columns)
		return restore_pg_exec(r,
				       "INSERT INTO %s SELECT FROM "
				       "generate_series(1, %llu)",
				       t->before,
				       (unsigned long long)m->deleted);
	buf_addf(&sql, "COPY %s (", t->before);
	restore_pg_add_fields(&sql, m);
	buf_addstr(&sql, ") FROM STDIN");
	err = pg_copy_in_begin(r->c, buf_str(&sql));
	if (!err) {
		err = send_lines(r, m);
		if (err)
			pg_copy_in_abort(r->c);
		else
			err = pg_copy_in_end(r->c, NULL);
	}
	buf_release(&sql);
	return err;
}

static bool is_taken(const struct err *err)
{
	const char *code = err_code_of(err);

	return code && (streq(code, "23505") || streq(code, "23P01"));
}

struct err *restore_pg_copy(struct restore_pg *r,
			    const struct restore_pg_table *t)
{
	struct err *err = pg_exec(r->c, "SAVEPOINT git_migrate_copy");

	if (err)
		return err;
	err = copy_lines(r, t);
	if (err && is_taken(err)) {
		err_free(err);
		restore_result_add(r->out, t->before, RESTORE_NOT_UNIQUE, 1);
		err = pg_exec(r->c, "ROLLBACK TO SAVEPOINT git_migrate_copy");
	}
	return err ? err : pg_exec(r->c, "RELEASE SAVEPOINT git_migrate_copy");
}

/* The value that a row has by itself, as the old type. */
static struct err *add_base(struct buf *out, struct restore_pg *r,
			    const struct restore_pg_column *col,
			    const struct restore_pg_column *from)
{
	struct buf probe = BUF_INIT;
	bool refused = false;
	struct err *err;

	if (!from) {
		buf_addf(out, "%s",
			 col->default_sql ? col->default_sql : "NULL");
		return NULL;
	}
	if (streq(from->type, col->type)) {
		buf_addf(out, "t.%s", from->name);
		return NULL;
	}
	buf_addf(&probe, "SELECT NULL::%s::%s", from->type, col->type);
	err = restore_pg_try(r, buf_str(&probe), "42846", &refused, NULL);
	buf_release(&probe);
	buf_addf(out, "t.%s%s::%s", from->name, refused ? "::text" : "",
		 col->type);
	return err;
}

static struct err *add_value(struct buf *out, struct restore_pg *r,
			     const struct restore_pg_table *t,
			     const struct restore_pg_relation *aside,
			     const struct restore_pg_column *col)
{
	const struct restore_pg_column *from = restore_pg_column(
		aside, restore_pg_column_now(r, t, col->name));
	struct err *err;

	for (size_t i = 0; t->temp && i < t->lines->n_columns; i++) {
		if (!streq(t->lines->columns[i].before, col->name))
			continue;
		buf_addstr(out, "CASE WHEN ");
		restore_pg_add_changed(out, i);
		buf_addf(out, " THEN l.o%zu::%s ELSE ", i, col->type);
		err = add_base(out, r, col, from);
		buf_addstr(out, " END");
		return err;
	}
	return add_base(out, r, col, from);
}

static struct err *add_query(struct buf *sql, struct restore_pg *r,
			     const struct restore_pg_table *t,
			     const struct restore_pg_relation *rel,
			     const struct restore_pg_relation *aside)
{
	struct buf values = BUF_INIT;
	struct err *err = NULL;
	const char *sep = "";

	buf_addf(sql, "INSERT INTO %s (", rel->name);
	for (size_t i = 0; i < rel->n_columns && !err; i++) {
		if (rel->columns[i].generated)
			continue;
		buf_addf(sql, "%s%s", sep, rel->columns[i].name);
		buf_addstr(&values, sep);
		err = add_value(&values, r, t, aside, &rel->columns[i]);
		sep = ", ";
	}
	buf_addf(sql, ") OVERRIDING SYSTEM VALUE SELECT %s FROM ",
		 buf_str(&values));
	if (t->temp && !t->lines->n_keys) {
		restore_pg_bag_pairs(sql, t, aside, true);
	} else {
		buf_addf(sql, "ONLY %s t", aside->name);
		if (t->temp) {
			buf_addf(sql, " LEFT JOIN %s l ON ", t->temp);
			restore_pg_add_join(sql, r, t, aside);
		}
	}
	if (t->temp)
		buf_addstr(sql, " WHERE l.op IS DISTINCT FROM '+'");
	buf_release(&values);
	return err;
}

/* Rows of later have no value for it, or one that it does not take. */
static const char *cause_of(const struct err *err)
{
	const char *code = err_code_of(err);

	if (streq(code, "23502") || starts_with(code, "22"))
		return RESTORE_NO_VALUE;
	return RESTORE_CHANGED;
}

static const char fill_codes[] = "23502 23514 22P02 22003 22007 22008 22001 "
				 "22018 22023 22P03 22026";

static struct err *fill_from_aside(struct restore_pg *r,
				   const struct restore_pg_table *t,
				   const struct restore_pg_relation *rel)
{
	struct restore_pg_relation aside;
	struct buf sql = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->aside, &aside), *why = NULL;
	bool refused = false;

	if (!err)
		err = add_query(&sql, r, t, rel, &aside);
	if (!err)
		err = restore_pg_try(r, buf_str(&sql), fill_codes, &refused,
				     &why);
	if (refused) {
		restore_result_add(r->out, t->before, cause_of(why), 1);
		err_free(why);
	}
	buf_release(&sql);
	return err;
}

struct err *restore_pg_fill(struct restore_pg *r,
			    const struct restore_pg_table *t)
{
	struct restore_pg_relation rel;
	struct err *err;

	if (t->way == RESTORE_PG_REMAKE)
		return t->lines ? copy_lines(r, t) : NULL;
	err = restore_pg_relation(r, t->before, &rel);
	if (err || rel.kind == 'p')
		return err; /* its rows are its partitions' */
	err = fill_from_aside(r, t, &rel);
	if (!err && t->temp)
		err = restore_pg_insert(r, t, &rel);
	else if (!err && t->lines)
		err = restore_pg_copy(r, t);
	return err;
}
