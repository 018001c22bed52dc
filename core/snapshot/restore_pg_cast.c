#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_whole.h"

/*
 * Values of later in a table that is made anew: they are cast to the column's
 * old type. Where one does not become it, halves are tried until each value
 * that does not is known; then its rows are asked for.
 */

const char restore_pg_cast_codes[] = "22P02 22003 22007 22008 22001 22018 "
				     "22023 22P03 22026 23514";

/* An explicit cast to a type with a length would cut what is too long; on its
 * way into the column it is refused. */
static const char *cast_type(struct restore_pg *r, const char *type)
{
	static const char *const kinds[][2] = {
		{ "character varying(", "character varying" },
		{ "character(", "bpchar" },
		{ "bit varying(", "bit varying" },
		{ "bit(", "bit varying" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (starts_with(type, kinds[i][0]))
			return arena_printf(&r->arena, "%s%s", kinds[i][1],
					    strchr(type, ')') + 1);
	return type;
}

struct err *restore_pg_add_cast(struct buf *out, struct restore_pg *r,
				const struct restore_pg_column *col,
				const struct restore_pg_column *from)
{
	struct buf probe = BUF_INIT;
	bool refused = false;
	struct err *err;

	if (streq(from->type, col->type)) {
		buf_addf(out, "t.%s", from->name);
		return NULL;
	}
	buf_addf(&probe, "SELECT NULL::%s::%s", from->type, col->type);
	err = restore_pg_try(r, buf_str(&probe), "42846", &refused, NULL);
	buf_release(&probe);
	buf_addf(out, "t.%s%s::%s", from->name, refused ? "::text" : "",
		 cast_type(r, col->type));
	return err;
}

struct search {
	struct restore_pg *r;
	const struct restore_pg_table *t;
	const struct restore_pg_column *col, *from;
	const char *value; /* "t.n::integer" */
	struct buf where;  /* "FROM ... WHERE": values of later */
	size_t line_column;
	struct restore_pg_keys keys;
};

/* Put those between into a column of the type. */
static struct err *try_range(struct search *s, int64_t from, int64_t to,
			     bool *refused)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	buf_addf(&sql,
		 "INSERT INTO pg_temp.git_migrate_into SELECT %s FROM "
		 "pg_temp.git_migrate_cast t WHERE t.git_migrate_i BETWEEN "
		 "%lld AND %lld",
		 s->value, (long long)from, (long long)to);
	err = restore_pg_try(s->r, buf_str(&sql), restore_pg_cast_codes,
			     refused, NULL);
	buf_release(&sql);
	return err;
}

static struct err *halve(struct search *s, int64_t from, int64_t to)
{
	int64_t middle = from + (to - from) / 2;
	bool refused = false;
	struct err *err = try_range(s, from, to, &refused);

	if (err || !refused)
		return err;
	if (from == to)
		return restore_pg_exec(
			s->r,
			"INSERT INTO pg_temp.git_migrate_bad SELECT "
			"git_migrate_v FROM pg_temp.git_migrate_cast WHERE "
			"git_migrate_i = %lld",
			(long long)from);
	err = halve(s, from, middle);
	return err ? err : halve(s, middle + 1, to);
}

/* Neighbours by their text: what is no number stands together. */
static struct err *list_values(struct search *s, int64_t *n)
{
	const char *name = s->from->name;
	struct err *err = restore_pg_exec(
		s->r,
		"DROP TABLE IF EXISTS pg_temp.git_migrate_cast, "
		"pg_temp.git_migrate_into, pg_temp.git_migrate_bad; "
		"CREATE TEMPORARY TABLE git_migrate_cast ON COMMIT DROP AS "
		"SELECT row_number() OVER (ORDER BY git_migrate_v) AS "
		"git_migrate_i, x.* FROM (SELECT DISTINCT ON (git_migrate_v) "
		"concat(t.%s) COLLATE \"C\" AS git_migrate_v, t.%s %s AND "
		"t.%s IS DISTINCT FROM NULL) AS x; "
		"CREATE TEMPORARY TABLE git_migrate_into ON COMMIT DROP AS "
		"SELECT %s FROM %s LIMIT 0; "
		"CREATE TEMPORARY TABLE git_migrate_bad (v text) "
		"ON COMMIT DROP",
		name, name, buf_str(&s->where), name, s->col->name,
		s->t->before);

	return err ? err
		   : restore_pg_count(s->r, n,
				      "SELECT count(*) FROM "
				      "pg_temp.git_migrate_cast");
}

/* Key, value now, value before. */
static void take_row(struct search *s, const struct restore_pg_field *row)
{
	struct restore_pg *r = s->r;
	size_t n = restore_pg_key_fields(&s->keys);
	struct restore_late late = { .table = s->t->before };
	struct restore_detail d = { .object = s->t->before,
				    .what = RESTORE_NO_VALUE,
				    .column = s->col->name };

	if (restore_result_wants(r->req, r->out)) {
		d.key = restore_pg_key_text(r, &s->keys, row);
		d.now = restore_pg_literal(r, &row[n],
					   restore_pg_is_number(s->from));
		if (row[n + 1].s[0] == '\'')
			d.before = restore_pg_literal(
				r, &row[n + 1], restore_pg_is_number(s->col));
	}
	late.detail = d;
	if (!restore_pg_unfit(r, &late, &s->keys, row, false))
		restore_result_conflict(r->req, r->out, &d, false, false);
}

static struct err *report(struct search *s)
{
	struct restore_pg_row row = { .n = 0 };
	struct buf sql = BUF_INIT;
	const char *line;
	struct err *err;
	size_t len;

	buf_addstr(&sql, "COPY (SELECT ");
	for (size_t k = 0; k < s->keys.n; k++)
		buf_addf(&sql, "t.%s, ", s->keys.names[k]);
	if (s->keys.whole)
		buf_addstr(&sql, "t.ctid, ");
	if (s->t->temp && s->line_column < s->t->lines->n_columns)
		buf_addf(&sql, "t.%s, l.o%zu ", s->from->name, s->line_column);
	else
		buf_addf(&sql, "t.%s, NULL ", s->from->name);
	buf_addf(&sql,
		 "%s AND t.%s IS DISTINCT FROM NULL AND concat(t.%s) IN "
		 "(SELECT v FROM pg_temp.git_migrate_bad)",
		 buf_str(&s->where), s->from->name, s->from->name);
	if (s->keys.whole)
		buf_addstr(&sql, " ORDER BY t.ctid");
	for (size_t k = 0; k < s->keys.n && !s->keys.whole; k++)
		buf_addf(&sql, "%st.%s", k ? ", " : " ORDER BY ",
			 s->keys.names[k]);
	buf_addstr(&sql, ") TO STDOUT");
	err = pg_copy_out_begin(s->r->c, buf_str(&sql));
	while (!err) {
		err = pg_copy_out_next(s->r->c, &line, &len);
		if (err || !line)
			break;
		restore_pg_row_cut(&row, line, len);
		take_row(s, row.fields);
	}
	restore_pg_row_release(&row);
	buf_release(&sql);
	return err;
}

static struct err *search_column(struct search *s, const char *from)
{
	const struct restore_pg_table *t = s->t;
	struct buf value = BUF_INIT;
	int64_t n = 0;
	struct err *err = restore_pg_add_cast(&value, s->r, s->col, s->from);

	s->value = buf_str(&value);
	s->line_column = 0;
	while (t->temp && s->line_column < t->lines->n_columns &&
	       !streq(t->lines->columns[s->line_column].before, s->col->name))
		s->line_column++;
	buf_reset(&s->where);
	buf_addf(&s->where, "FROM %s%s", from, t->temp ? "" : " WHERE true");
	if (t->temp && s->line_column < t->lines->n_columns) {
		buf_addstr(&s->where, " AND coalesce(NOT ");
		buf_addstr(&s->where, "(");
		restore_pg_add_changed(&s->where, s->line_column);
		buf_addstr(&s->where, "), true)");
	}
	if (!err)
		err = list_values(s, &n);
	if (!err && n)
		err = halve(s, 1, n);
	if (!err && n)
		err = report(s);
	buf_release(&value);
	return err;
}

void restore_pg_keys_of_aside(struct restore_pg *r,
			      const struct restore_pg_table *t,
			      const struct restore_pg_relation *aside,
			      struct restore_pg_keys *out)
{
	if (t->lines && t->lines->n_keys) {
		restore_pg_names_of_keys(r, t, aside, out);
		return;
	}
	memset(out, 0, sizeof(*out));
	if (!aside->n_keys) {
		restore_pg_names_of_whole(r, aside, out);
		return;
	}
	out->n = aside->n_keys;
	out->names = aside->keys;
	out->number = arena_array(&r->arena, aside->n_keys + 1, sizeof(bool));
	for (size_t k = 0; k < aside->n_keys; k++)
		out->number[k] = restore_pg_is_number(
			restore_pg_column(aside, aside->keys[k]));
}

struct err *restore_pg_find_casts(struct restore_pg *r,
				  const struct restore_pg_table *t,
				  const struct restore_pg_relation *rel,
				  const struct restore_pg_relation *aside,
				  const char *from)
{
	struct search s = { .r = r, .t = t };
	struct err *err = NULL;

	restore_pg_keys_of_aside(r, t, aside, &s.keys);
	for (size_t i = 0; i < rel->n_columns && !err; i++) {
		s.col = &rel->columns[i];
		s.from = restore_pg_column(
			aside, restore_pg_column_now(r, t, s.col->name));
		if (s.from && !s.col->generated &&
		    !streq(s.from->type, s.col->type))
			err = search_column(&s, from);
	}
	buf_release(&s.where);
	return err;
}
