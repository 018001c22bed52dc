#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_find.h"
#include "snapshot/restore_pg_form.h"
#include "snapshot/restore_pg_whole.h"
#include "snapshot/rows.h"

/*
 * Rows that break a constraint, with their lines: the pieces of a question, and
 * what comes of its answer.
 */

/* With lines or without. */
static const struct restore_pg_table *table_of(const struct restore_pg *r,
					       const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].before && streq(r->tables[i].before, name))
			return &r->tables[i];
	return NULL;
}

const struct restore_pg_table *restore_pg_find_table(const struct restore_pg *r,
						     const char *name)
{
	const struct restore_pg_table *t = table_of(r, name);

	return t && t->lines ? t : NULL;
}

/* --- columns that name a row --- */

/* "id, "b c"" */
static void split_names(struct restore_pg *r, const char *list,
			struct restore_pg_keys *out)
{
	const char *p = list;

	while (*p && out->n < 32) {
		const char *start = p;
		bool quoted = false;

		for (; *p && (quoted || *p != ','); p++)
			if (*p == '"')
				quoted = !quoted;
		out->names[out->n++] =
			arena_strndup(&r->arena, start, (size_t)(p - start));
		p += strspn(p, ", ");
	}
}

/* Every row has a value in them. */
static bool are_needed(const struct pg_form *form,
		       const struct restore_pg_keys *keys)
{
	for (size_t k = 0; k < keys->n; k++) {
		const struct schema_pg_column *col =
			pg_form_column(form, keys->names[k]);

		if (!col || !col->not_null)
			return false;
	}
	return true;
}

/* The primary key, else what is unique in its place. */
static struct err *names_of_old(struct restore_pg_find *f,
				const struct schema_object *old)
{
	struct pg_form form;
	struct err *err = pg_form_read(&form, &f->r->arena, old);

	for (size_t i = 0; !err && i < form.t.n_constraints && !f->keys.n;
	     i++) {
		const struct schema_pg_constraint *c = &form.t.constraints[i];
		const char *open = strchr(c->definition, '(');
		const char *end = open ? strchr(open, ')') : NULL;

		if (c->kind > SCHEMA_PG_UNIQUE || !end)
			continue;
		split_names(f->r,
			    arena_strndup(&f->r->arena, open + 1,
					  (size_t)(end - open - 1)),
			    &f->keys);
		if (c->kind == SCHEMA_PG_UNIQUE && !are_needed(&form, &f->keys))
			f->keys.n = 0;
	}
	return err;
}

struct err *restore_pg_find_open(struct restore_pg_find *f)
{
	struct restore_pg *r = f->r;
	const struct restore_pg_table *t = table_of(r, f->table);
	struct err *err = restore_pg_relation(r, f->table, &f->rel);

	f->t = restore_pg_find_table(r, f->table);
	f->copied = f->t && (f->t->way == RESTORE_PG_REMAKE || f->t->empty);
	if (err)
		return err;
	if (f->t && f->t->lines->n_keys) {
		restore_pg_names_of_keys(r, f->t, &f->rel, &f->keys);
		return NULL;
	}
	f->keys.names = arena_array(&r->arena, 32, sizeof(char *));
	f->keys.number = arena_array(&r->arena, 32, sizeof(bool));
	for (size_t k = 0; k < f->rel.n_keys; k++)
		f->keys.names[f->keys.n++] = f->rel.keys[k];
	if (!f->keys.n && t && t->old)
		err = names_of_old(f, t->old);
	for (size_t k = 0; k < f->keys.n; k++)
		f->keys.number[k] = restore_pg_is_number(
			restore_pg_column(&f->rel, f->keys.names[k]));
	if (!f->keys.n)
		restore_pg_names_of_whole(r, &f->rel, &f->keys);
	return err;
}

/* --- pieces of a question; its rows are "t", their lines "l" --- */

void restore_pg_find_add_keys(struct buf *sql, const struct restore_pg_find *f)
{
	for (size_t k = 0; k < restore_pg_key_fields(&f->keys); k++) {
		buf_addstr(sql, ", ");
		restore_pg_add_key_field(sql, &f->keys, k, "t.git_migrate_at");
		buf_addf(sql, " AS k%zu", k);
	}
}

static bool has_lines(const struct restore_pg_find *f)
{
	return f->t && f->t->temp && (f->t->lines->n_keys || f->t->were);
}

void restore_pg_find_add_lines(struct buf *sql, const struct restore_pg_find *f)
{
	if (f->copied) {
		buf_addf(sql,
			 " LEFT JOIN (SELECT ctid AS at, row_number() OVER "
			 "(ORDER BY ctid) - 1 AS n, '-' AS op FROM ONLY %s) l "
			 "ON l.at = t.git_migrate_at",
			 f->table);
	} else if (has_lines(f) && f->t->were) {
		restore_pg_bag_add_lines(sql, f->t, &f->rel);
	} else if (has_lines(f)) {
		buf_addf(sql, " LEFT JOIN %s l ON l.op <> '+' AND ",
			 f->t->temp);
		restore_pg_add_join(sql, f->r, f->t, &f->rel);
	} else {
		buf_addstr(sql, " LEFT JOIN (SELECT 0::bigint AS n, '-' AS op)"
				" l ON false");
	}
}

static bool is_in(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(names[i], name))
			return true;
	return false;
}

/* The line put these columns there. */
void restore_pg_find_add_restored(struct buf *sql,
				  const struct restore_pg_find *f,
				  const char *const *columns, size_t n)
{
	buf_addstr(sql, "coalesce(l.op = '-'");
	for (size_t i = 0; has_lines(f) && i < f->t->lines->n_columns; i++) {
		if (!is_in(f->t->lines->columns[i].before, columns, n))
			continue;
		buf_addstr(sql, " OR (l.op = '~' AND ");
		restore_pg_add_changed(sql, i);
		buf_addstr(sql, ")");
	}
	buf_addstr(sql, ", false)");
}

void restore_pg_find_add_begin(struct buf *sql, const struct restore_pg_find *f,
			       const char *const *columns, size_t n)
{
	buf_addstr(sql, "COPY (SELECT coalesce(l.n, -1), ");
	restore_pg_find_add_restored(sql, f, columns, n);
	buf_addstr(sql, ", l.op");
	restore_pg_find_add_keys(sql, f);
}

void restore_pg_find_add_rows(struct buf *sql, const struct restore_pg_find *f,
			      const char *where)
{
	buf_addf(sql,
		 " FROM (SELECT t.*, t.ctid AS git_migrate_at FROM ONLY %s t"
		 "%s%s) t",
		 f->table, where ? " WHERE " : "", where ? where : "");
	restore_pg_find_add_lines(sql, f);
}

/* --- rows of the answer: line, restored, operation, key, what follows --- */

static bool is_true(const struct restore_pg_field *f)
{
	return f->s[0] == '\'' && f->s[1] == 't';
}

static int64_t number(const struct restore_pg_field *f)
{
	return f->s[0] == '\'' ? strtoll(f->s + 1, NULL, 10) : -1;
}

/* Rows of a copied table count those lines only that went back. */
static uint64_t line_of(const struct restore_pg_find *f, uint64_t n)
{
	const struct settlement *s = &f->t->settled;

	for (size_t i = 0; f->copied && i < s->n; i++)
		n += s->list[i].how == SETTLE_SKIP && s->list[i].line <= n;
	return n;
}

/*
 * What a row without a key holds now: all of that has to be known, in the words
 * of now. A column that comes back it has not; its place stays empty.
 */
static bool whole_now(struct restore_pg_find *f,
		      const struct restore_pg_table *t,
		      struct restore_pg_keys *out)
{
	struct pg_form cur, old;
	size_t known = 0;
	struct err *err = pg_form_read(&cur, &f->r->arena, t->cur);

	if (!err)
		err = pg_form_read(&old, &f->r->arena, t->old);
	if (err) {
		err_free(err);
		return false;
	}
	*out = f->keys;
	out->names = arena_array(&f->r->arena, f->keys.n + 1, sizeof(char *));
	for (size_t k = 0; k < f->keys.n; k++) {
		const char *name =
			restore_pg_column_now(f->r, t, f->keys.names[k]);
		const struct schema_pg_column *is = pg_form_column(&cur, name);
		const struct schema_pg_column *was =
			pg_form_column(&old, f->keys.names[k]);

		if (is && (!was || !streq(is->type, was->type)))
			return false;
		out->names[k] = is ? name : "";
		known += is != NULL;
	}
	return known && known == cur.t.n_columns;
}

/* The key's columns in what is there now; false: it has not all of them. */
static bool keys_now(struct restore_pg_find *f, struct restore_pg_keys *out)
{
	struct restore_pg *r = f->r;
	const struct restore_pg_table *t = table_of(r, f->table);

	if (f->keys.whole && t)
		return whole_now(f, t, out);
	*out = f->keys;
	out->names = arena_array(&r->arena, f->keys.n + 1, sizeof(char *));
	for (size_t k = 0; k < f->keys.n; k++) {
		out->names[k] =
			t ? restore_pg_column_now(r, t, f->keys.names[k])
			  : f->keys.names[k];
		if (!out->names[k])
			return false;
	}
	return out->n > 0;
}

/* The row that makes room, told by all it holds. */
static void make_room(struct restore_pg_find *f, struct restore_late *late,
		      const struct restore_pg_field *row)
{
	struct buf key = BUF_INIT, columns = BUF_INIT;
	struct restore_pg_keys keys;

	if (keys_now(f, &keys)) {
		restore_pg_key_strings(f->r, f->table, &keys, row, &key,
				       &columns);
		late->evict = arena_strdup(&f->r->arena, buf_str(&key));
		late->columns = arena_strdup(&f->r->arena, buf_str(&columns));
	}
	buf_release(&key);
	buf_release(&columns);
}

/* A key as it stands in a line. */
static const char *line_key(struct restore_pg_find *f,
			    const struct restore_pg_field *keys)
{
	struct buf b = BUF_INIT;
	const char *out;

	for (size_t k = 0; k < f->keys.n; k++) {
		if (k)
			buf_addch(&b, '\t');
		buf_add(&b, keys[k].s, keys[k].len);
	}
	out = arena_strdup(&f->r->arena, buf_str(&b));
	buf_release(&b);
	return out;
}

/* Without a key an UPDATE is a row that went and one that came, and one cannot
 * stay without the other. */
static bool can_leave_out(const struct restore_pg_find *f)
{
	return !f->keys.whole || !f->t || !f->t->lines->inserted;
}

static void settle(struct restore_pg_find *f, struct restore_late *late)
{
	struct restore_pg *r = f->r;

	switch (restore_result_conflict(r->req, r->out, &late->detail,
					can_leave_out(f),
					late->evict != NULL)) {
	case RESTORE_TAKE:
		late->how = SETTLE_EVICT;
		break;
	case RESTORE_KEEP:
		late->how = SETTLE_SKIP;
		late->evict = late->columns = NULL;
		break;
	case RESTORE_ABORT:
		return;
	}
	restore_remember(r->req, r->out, late);
}

/* A row of later that goes. */
static bool evict(struct restore_pg_find *f, const struct restore_late *late,
		  const struct restore_pg_field *key, bool choosable)
{
	struct restore_late unfit = *late;
	struct restore_pg_keys keys;

	unfit.table = f->table;
	unfit.detail.now = NULL;
	if (restore_result_wants(f->r->req, f->r->out))
		unfit.detail.key = restore_pg_key_text(f->r, &f->keys, key);
	return keys_now(f, &keys) &&
	       restore_pg_unfit(f->r, &unfit, &keys, key, choosable);
}

/* A line that does not go back. */
static bool leave_out(struct restore_pg_find *f,
		      const struct restore_late *late)
{
	struct restore_late aside = *late;

	aside.how = SETTLE_SKIP;
	aside.evict = aside.columns = NULL;
	return can_leave_out(f) &&
	       restore_set_aside(f->r->req, f->r->out, &aside,
				 f->r->req->choice == RESTORE_KEEP);
}

/* What the row, or the line, has no place beside. */
static bool set_aside(struct restore_pg_find *f,
		      const struct restore_late *late,
		      const struct restore_pg_field *row, bool restored)
{
	const struct restore_pg_field *more =
		row + 3 + restore_pg_key_fields(&f->keys);

	if (!restored)
		return evict(f, late, row + 3,
			     late->table && f->r->req->choice == RESTORE_KEEP);
	if (f->unique)
		return is_true(&more[0]) && evict(f, late, more + 1, true);
	return leave_out(f, late);
}

static void take_hit(struct restore_pg_find *f,
		     const struct restore_pg_field *row)
{
	struct restore_pg *r = f->r;
	const struct restore_pg_field *more =
		row + 3 + restore_pg_key_fields(&f->keys);
	bool restored = number(&row[0]) >= 0 && is_true(&row[1]);
	bool wanted = restore_result_wants(r->req, r->out);
	struct restore_late late = {
		.detail = { .object = f->table,
			    .what = f->what,
			    .column = f->column,
			    .constraint = f->constraint },
	};

	if (wanted)
		late.detail.key = restore_pg_key_text(r, &f->keys, row + 3);
	if (restored) {
		late.table = f->table;
		late.line = line_of(f, (uint64_t)number(&row[0]));
		late.op = row[2].s[1];
		if (f->unique && is_true(&more[0]) && f->keys.whole)
			make_room(f, &late, more + 1);
		else if (f->unique && is_true(&more[0]) && has_lines(f))
			late.evict = line_key(f, more + 1);
		if (f->unique && wanted)
			late.detail.now =
				restore_pg_key_text(r, &f->keys, more + 1);
	} else if (f->n_parents && number(&more[0]) >= 0) {
		late.table = f->parents[number(&more[2])]->before;
		late.line = (uint64_t)number(&more[0]);
		late.op = more[1].s[1];
	}
	if (set_aside(f, &late, row, restored))
		return;
	if (late.table)
		settle(f, &late);
	else
		restore_result_conflict(r->req, r->out, &late.detail, false,
					false);
}

struct err *restore_pg_find_ask(struct restore_pg_find *f, const char *sql)
{
	struct restore_pg_row row = { .n = 0 };
	struct pg_conn *c = f->r->c;
	struct err *err = pg_copy_out_begin(c, sql);
	const char *line;
	size_t len;

	while (!err) {
		err = pg_copy_out_next(c, &line, &len);
		if (err || !line)
			break;
		restore_pg_row_cut(&row, line, len);
		take_hit(f, row.fields);
	}
	restore_pg_row_release(&row);
	return err_wrap(err, "%.*s", 200, sql);
}
