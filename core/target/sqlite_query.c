#include "target/sqlite_driver.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/map.h"
#include "base/util.h"
#include "base/xalloc.h"

/*
 * Our own SQL. Its texts are constants, a few dozen of them, so statements
 * are kept by text; names of savepoints could make more, hence the bound.
 */
#define KEPT_MAX 128

/* "$7" is not parameter 7 for SQLite but the first one of that name. */
struct sqlite_cached {
	sqlite3_stmt *stmt;
	int n_params;
	int at[]; /* index of $1, $2, ... in SQLite's numbering; 0 = unused */
};

/** What sqlite_query() was asked; sql moves on in a text of several. */
struct question {
	const char *sql;
	const struct target_value *args;
	int n_args;
	target_row_fn row;
	void *payload;
};

/* The number in "$7"; our texts have nothing else. */
static int parameter_number(sqlite3_stmt *stmt, int i)
{
	const char *name = sqlite3_bind_parameter_name(stmt, i);
	long number = name && name[0] == '$' ? strtol(name + 1, NULL, 10) : 0;

	assert(number > 0 && number < 1000);
	return (int)number;
}

static struct sqlite_cached *cached_new(sqlite3_stmt *stmt)
{
	int n = sqlite3_bind_parameter_count(stmt), max = 0;
	struct sqlite_cached *c;

	for (int i = 1; i <= n; i++) {
		int number = parameter_number(stmt, i);

		max = number > max ? number : max;
	}
	c = xcalloc(1, sizeof(*c) + sizeof(int) * (size_t)max);
	c->stmt = stmt;
	c->n_params = max;
	for (int i = 1; i <= n; i++)
		c->at[parameter_number(stmt, i) - 1] = i;
	return c;
}

static void cached_free(struct sqlite_cached *c)
{
	if (!c)
		return;
	sqlite3_finalize(c->stmt);
	free(c);
}

void sqlite_query_forget(struct sqlite_target *t)
{
	struct map kept = MAP_INIT;

	map_each (&t->statements, entry) {
		struct sqlite_cached *c = entry->value;

		if (sqlite3_stmt_busy(c->stmt))
			map_put(&kept, entry->key, c);
		else
			cached_free(c);
	}
	map_release(&t->statements);
	t->statements = kept;
}

/* What was being done when our own SQL failed: its first words. */
static struct err *query_error(struct sqlite_target *t, const char *sql)
{
	size_t n = strcspn(sql, "\n(");
	struct err *e;

	if ((sqlite3_errcode(t->db) & 0xff) == SQLITE_INTERRUPT &&
	    (e = cancel_check()))
		return e;
	if (n > 60)
		n = 60;
	while (n > 0 && sql[n - 1] == ' ')
		n--;
	return sqlite_error_of(t->db, ERR_TARGET, "%.*s", (int)n, sql);
}

/* One value; bytes need to live only until the statement is reset. */
static int bind(sqlite3_stmt *stmt, int at, const struct target_value *v)
{
	switch (v->type) {
	case TARGET_NULL:
		return sqlite3_bind_null(stmt, at);
	case TARGET_INT:
		return sqlite3_bind_int64(stmt, at, v->i);
	case TARGET_REAL:
		return sqlite3_bind_double(stmt, at, v->real);
	case TARGET_TEXT:
		return sqlite3_bind_text64(stmt, at, v->s, v->len,
					   SQLITE_STATIC, SQLITE_UTF8);
	case TARGET_BLOB:
		return sqlite3_bind_blob64(stmt, at, v->s, v->len,
					   SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static struct target_value cell_of(sqlite3_stmt *stmt, int i)
{
	struct target_value v = { .type = TARGET_NULL };

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		v.type = TARGET_INT;
		v.i = sqlite3_column_int64(stmt, i);
		break;
	case SQLITE_FLOAT:
		v.type = TARGET_REAL;
		v.real = sqlite3_column_double(stmt, i);
		break;
	case SQLITE_TEXT:
		v.type = TARGET_TEXT;
		v.s = (const char *)sqlite3_column_text(stmt, i);
		v.len = (size_t)sqlite3_column_bytes(stmt, i);
		break;
	case SQLITE_BLOB:
		v.type = TARGET_BLOB;
		v.s = sqlite3_column_blob(stmt, i);
		v.len = (size_t)sqlite3_column_bytes(stmt, i);
		if (!v.s)
			v.s = "";
		break;
	default:
		break;
	}
	return v;
}

/* Step to the end, handing rows out. */
static struct err *step_all(struct sqlite_target *t, sqlite3_stmt *stmt,
			    const struct question *q)
{
	struct target_value *cells = NULL;
	struct err *e = NULL;
	int n_cells = 0, rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		/* known now only: the first step may compile it again */
		int n = sqlite3_data_count(stmt);

		if (!q->row)
			continue;
		if (n > n_cells) {
			cells = xreallocarray(cells, (size_t)n, sizeof(*cells));
			n_cells = n;
		}
		for (int i = 0; i < n; i++)
			cells[i] = cell_of(stmt, i);
		if ((e = q->row(q->payload, n, cells)))
			break;
	}
	free(cells);
	if (!e && rc != SQLITE_DONE)
		e = query_error(t, q->sql);
	return e;
}

static struct err *run_cached(struct sqlite_target *t, struct sqlite_cached *c,
			      const struct question *q)
{
	struct err *e = NULL;

	assert(q->n_args == c->n_params);
	for (int i = 0; i < q->n_args && !e; i++)
		if (c->at[i] &&
		    bind(c->stmt, c->at[i], &q->args[i]) != SQLITE_OK)
			e = query_error(t, q->sql);
	if (!e)
		e = step_all(t, c->stmt, q);
	sqlite3_reset(c->stmt);
	if (q->n_args)
		sqlite3_clear_bindings(c->stmt);
	return e;
}

/* Prepare the first statement, NULL for none; *rest is what follows it. */
static struct err *prepare(struct sqlite_target *t, const char *sql,
			   unsigned flags, struct sqlite_cached **out,
			   const char **rest)
{
	sqlite3_stmt *stmt = NULL;

	*out = NULL;
	if (sqlite3_prepare_v3(t->db, sql, -1, flags, &stmt, rest) != SQLITE_OK)
		return query_error(t, sql);
	if (stmt)
		*out = cached_new(stmt);
	*rest += strspn(*rest, " \t\n;");
	return NULL;
}

/* A text that is not kept: several statements, or one that runs already. */
static struct err *run_once(struct sqlite_target *t, struct question q)
{
	struct err *e = NULL;

	while (*q.sql && !e) {
		struct sqlite_cached *c;
		const char *rest = NULL;

		if ((e = prepare(t, q.sql, 0, &c, &rest)))
			break;
		if (c)
			e = run_cached(t, c, &q);
		cached_free(c);
		q.sql = rest;
	}
	return e;
}

static struct err *answer(struct sqlite_target *t, struct question q)
{
	struct sqlite_cached *c = map_get(&t->statements, q.sql);
	const char *rest = NULL;
	struct err *e;

	if (c)
		return sqlite3_stmt_busy(c->stmt) ? run_once(t, q)
						  : run_cached(t, c, &q);
	if ((e = prepare(t, q.sql, SQLITE_PREPARE_PERSISTENT, &c, &rest)))
		return e;
	if (!c || *rest) {
		e = c ? run_cached(t, c, &q) : NULL;
		cached_free(c);
		q.sql = rest;
		return e ? e : run_once(t, q);
	}
	if (t->statements.n >= KEPT_MAX)
		sqlite_query_forget(t);
	map_put(&t->statements, q.sql, c);
	return run_cached(t, c, &q);
}

struct err *sqlite_query(struct target *base, const char *sql,
			 const struct target_value *args, int n_args,
			 target_row_fn row, void *payload)
{
	const struct question q = { sql, args, n_args, row, payload };
	struct sqlite_target *t = sqlite_target_of(base);
	bool running = t->guard.running;
	struct err *e;

	/* capture asks questions while a migration's statement runs */
	t->guard.running = false;
	e = answer(t, q);
	t->guard.running = running;
	return e;
}
