#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "schema/schema_pg.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"

/*
 * The schema is read, what is missing is made from its text, what differs is
 * altered; and again, until nothing does. Rows of later that what comes back
 * does not allow are conflicts.
 */

#define ROUNDS 5

struct err *restore_pg_inspect(struct restore_pg *r)
{
	enum schema_pg_scope scope =
		r->inspected ? SCHEMA_PG_CHANGED : SCHEMA_PG_ALL;

	r->inspected = true;
	return schema_pg_refresh(
		&r->live, r->c, target_pg_journal(r->req->target), scope, NULL);
}

bool restore_pg_is_base(const struct schema_object *o)
{
	static const char *const kinds[] = {
		"schema",
		"extension",
		"language",
		"access_method",
		"collation",
		"type",
		"function",
		"procedure",
		"aggregate",
		"cast",
		"operator",
		"operator_family",
		"operator_class",
		"sequence",
		"text_search_parser",
		"text_search_template",
		"text_search_dictionary",
		"text_search_configuration",
		"conversion",
		"transform",
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (streq(kinds[i], o->kind))
			return true;
	return false;
}

struct list {
	const struct schema_object **items;
	size_t n, cap;
};

static void list_add(struct list *l, const struct schema_object *o)
{
	VEC_GROW(l->items, l->n, l->cap);
	l->items[l->n++] = o;
}

static struct err *make(struct restore_pg *r, const struct list *l)
{
	return l->n ? schema_pg_make(r->c, l->items, l->n) : NULL;
}

static const char *table_of(struct restore_pg *r, const struct schema_object *o)
{
	map_each (&r->wanted, e) {
		const struct schema_object *t = e->value;

		if (pg_form_is_table(t) && streq(t->name, o->table))
			return pg_form_name(&r->arena, t);
	}
	return o->name;
}

/* What nothing here made, on something that is no more: schema, table, column,
 * function, another object. */
static const char missing_codes[] = "3F000 42P01 42703 42883 42704";

static bool lacks_something(const struct err *err)
{
	const char *code = err_code_of(err);

	return code && strstr(missing_codes, code);
}

static bool is_in_delta(const struct restore_pg *r, const char *path)
{
	const struct schema_delta *d = r->req->delta;

	for (size_t i = 0; i < d->n; i++)
		if ((d->changes[i].before &&
		     streq(d->changes[i].before->path, path)) ||
		    (d->changes[i].after &&
		     streq(d->changes[i].after->path, path)))
			return true;
	return false;
}

/* Each as far as it can be; what is left and was not the migration's. */
static struct err *blame_needs(struct restore_pg *r, struct err *why,
			       const struct list *l)
{
	struct err *err = NULL;
	bool any = false;

	for (size_t i = 0; i < l->n && !err; i++) {
		const struct list one = { &l->items[i], 1, 1 };
		struct err *lacks = make(r, &one);

		if (!lacks)
			continue;
		if (!lacks_something(lacks)) {
			err = lacks;
			break;
		}
		if (!is_in_delta(r, l->items[i]->path)) {
			restore_result_add(r->out, l->items[i]->path,
					   RESTORE_NEEDS_IT, 0);
			any = true;
		}
		err_free(lacks);
	}
	if (err || any) {
		err_free(why);
		return err;
	}
	return why;
}

/* All at once; one by one where rows are in the way of one. */
static struct err *make_or_blame(struct restore_pg *r, const struct list *l)
{
	struct err *err = make(r, l);

	if (err && lacks_something(err))
		return blame_needs(r, err, l);
	if (!err || !restore_pg_cause(err))
		return err;
	if (l->n == 1)
		return restore_pg_blame(r, err, table_of(r, l->items[0]),
					r->look ? l->items[0]->sql : NULL);
	err_free(err);
	err = NULL;
	for (size_t i = 0; i < l->n && !err; i++) {
		const struct list one = { &l->items[i], 1, 1 };

		err = make_or_blame(r, &one);
	}
	return err;
}

struct work {
	struct list base, rest; /* missing */
	struct buf keys;        /* foreign keys */
	struct buf tables;      /* what follows tables: partitions, flags */
	struct buf last;        /* what follows everything */
	bool any;
};

/* "ALTER TABLE ONLY t ..." */
static const char *table_in(struct arena *a, const char *sql)
{
	size_t len = 0;

	if (!starts_with(sql, "ALTER TABLE "))
		return sql;
	sql += strlen("ALTER TABLE ");
	if (starts_with(sql, "ONLY "))
		sql += strlen("ONLY ");
	for (bool quoted = false; sql[len] && (quoted || sql[len] != ' ');
	     len++)
		if (sql[len] == '"')
			quoted = !quoted;
	return arena_strndup(a, sql, len);
}

/* Tables are told by their whole names. */
static struct err *blame_rows(struct restore_pg *r, struct err *why,
			      const char *table, const char *sql)
{
	struct err *err = restore_pg_own_path(r, false);

	if (err) {
		err_free(why);
		return err;
	}
	err = restore_pg_blame(r, why, table, sql);
	return err ? err : restore_pg_own_path(r, true);
}

static struct err *run_list(struct restore_pg *r, const struct buf *sql)
{
	struct arena a = ARENA_INIT;
	size_t n;
	const char **list = schema_pg_statements(&a, buf_str(sql), &n);
	const char *codes =
		arena_printf(&a, "%s %s", restore_pg_row_codes, missing_codes);
	struct err *err = n ? restore_pg_own_path(r, true) : NULL;

	for (size_t i = 0; i < n && !err; i++) {
		struct err *why = NULL;
		bool refused;

		err = restore_pg_try(r, list[i], codes, &refused, &why);
		if (refused && lacks_something(why)) {
			restore_result_add(r->out, table_in(&a, list[i]),
					   RESTORE_NEEDS_IT, 0);
			err_free(why);
		} else if (refused) {
			err = blame_rows(r, why, table_in(&a, list[i]),
					 list[i]);
		}
	}
	if (!err && n)
		err = restore_pg_own_path(r, false);
	arena_release(&a);
	return err;
}

/* Rows have the columns that they have: none may come or go now. */
static struct err *check_columns(const struct pg_form *from,
				 const struct pg_form *to)
{
	for (size_t i = 0; i < to->t.n_columns; i++)
		if (!pg_form_column(from, to->columns[i]))
			return err_new(ERR_STATE, "column %s would be lost",
				       to->columns[i]);
	for (size_t i = 0; i < from->t.n_columns; i++)
		if (!pg_form_column(to, from->columns[i]))
			return err_new(ERR_STATE, "column %s would be left",
				       from->columns[i]);
	return NULL;
}

static struct err *adjust_table(struct restore_pg *r, struct work *w,
				const struct schema_object *is,
				const struct schema_object *o)
{
	struct pg_form from, to;
	struct buf sql = BUF_INIT;
	struct err *err = pg_form_read(&from, &r->arena, is);

	if (!err)
		err = pg_form_read(&to, &r->arena, o);
	if (!err)
		err = check_columns(&from, &to);
	if (err)
		return err;
	pg_form_loosen(&sql, &from, &to);
	pg_form_tighten(&sql, &w->keys, &from, &to);
	if (!pg_form_add_difference(&w->tables, from.t.statements,
				    from.t.n_statements, to.t.statements,
				    to.t.n_statements))
		err = err_new(ERR_STATE,
			      "%s: nothing is known to undo one of its "
			      "statements",
			      o->path);
	if (!err)
		err = run_list(r, &sql);
	buf_release(&sql);
	return err;
}

static bool is_reordered(const struct restore_pg *r,
			 const struct schema_object *o,
			 const struct schema_object *is)
{
	return r->req->append && pg_form_is_table(o) &&
	       schema_pg_same_shape(o->sql, is->text);
}

static bool is_right(const struct restore_pg *r, const struct schema_object *o,
		     const struct schema_object **is)
{
	*is = map_get(&r->live.by_path, o->path);
	return streq(o->kind, "unrepresented") ||
	       (*is && (streq((*is)->text, o->sql) || is_reordered(r, o, *is)));
}

static void find_missing(struct restore_pg *r, struct work *w)
{
	const struct schema_object *is;

	map_each (&r->wanted, e) {
		const struct schema_object *o = e->value;

		if (is_right(r, o, &is))
			continue;
		w->any = true;
		if (is)
			continue;
		list_add(restore_pg_is_base(o) ? &w->base : &w->rest, o);
		if (streq(o->kind, "materialized_view"))
			restore_pg_view_made(r, o);
	}
}

static struct err *adjust(struct restore_pg *r, struct work *w)
{
	const struct schema_object *is;
	struct err *err = NULL;

	map_each (&r->wanted, e) {
		const struct schema_object *o = e->value;

		if (err || is_right(r, o, &is) || !is)
			continue;
		err = pg_form_is_table(o)
			      ? adjust_table(r, w, is, o)
			      : restore_pg_adjust(r, is, o, &w->last);
		err = err_wrap(err, "%s", o->path);
	}
	return err;
}

static bool is_over(const struct restore_pg *r)
{
	return r->out->blocked || r->out->again;
}

static struct err *one_round(struct restore_pg *r, bool *any)
{
	struct work w = { 0 };
	struct err *err = restore_pg_inspect(r);

	if (!err)
		find_missing(r, &w);
	*any = w.any;
	if (!err)
		err = make_or_blame(r, &w.base);
	if (!err && !is_over(r))
		err = adjust(r, &w);
	if (!err && !is_over(r))
		err = make_or_blame(r, &w.rest);
	if (!err && !is_over(r))
		err = run_list(r, &w.keys);
	if (!err && !is_over(r) && w.tables.len)
		err = restore_pg_exec(r, "%s", buf_str(&w.tables));
	if (!err && !is_over(r) && w.last.len)
		err = restore_pg_exec(r, "%s", buf_str(&w.last));
	free(w.base.items);
	free(w.rest.items);
	buf_release(&w.keys);
	buf_release(&w.tables);
	buf_release(&w.last);
	return err;
}

/* The first line of the one that the other does not have at its place. */
static struct err *differs(const struct schema_object *is,
			   const struct schema_object *o)
{
	const char *a = is->text, *b = o->sql;

	while (*a && *b) {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

		if (n != m || memcmp(a, b, n) != 0)
			break;
		a += n + (a[n] == '\n');
		b += m + (b[m] == '\n');
	}
	return err_new(ERR_STATE,
		       "%s would not be what it was: \"%.*s\" instead of "
		       "\"%.*s\"",
		       o->path, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"),
		       b);
}

static struct err *left_over(struct restore_pg *r)
{
	map_each (&r->wanted, e) {
		const struct schema_object *o = e->value, *is;

		if (is_right(r, o, &is))
			continue;
		return is ? differs(is, o)
			  : err_new(ERR_STATE, "%s would be missing", o->path);
	}
	map_each (&r->live.by_path, e) {
		const struct schema_object *o = e->value;

		if (!map_has(&r->wanted, o->path) &&
		    !streq(o->kind, "unrepresented"))
			return err_new(ERR_STATE, "%s would be left over",
				       o->path);
	}
	return NULL;
}

static void note_reordered(struct restore_pg *r)
{
	struct restore_result *out = r->out;

	map_each (&r->wanted, e) {
		const struct schema_object *o = e->value, *is;

		if (!is_right(r, o, &is) || !is || streq(is->text, o->sql))
			continue;
		VEC_GROW(out->reordered, out->n_reordered, out->cap_reordered);
		out->reordered[out->n_reordered++] =
			arena_strdup(&out->arena, o->path);
	}
}

struct err *restore_pg_converge(struct restore_pg *r)
{
	bool any = true;
	struct err *err = NULL;

	for (int i = 0; i < ROUNDS && any && !err && !is_over(r); i++)
		err = one_round(r, &any);
	if (!err && !is_over(r))
		err = left_over(r);
	if (!err && !is_over(r) && r->req->append)
		note_reordered(r);
	return err;
}
