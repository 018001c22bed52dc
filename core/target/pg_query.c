#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "target/pg_driver.h"

/* Our own SQL, for the journal: values between target_value and text. */

/* Types by oid, from src/include/catalog/pg_type.dat. */
enum {
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_OID = 26,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
};

#define OUR_SCHEMA "git_migrate"

/* The texts say git_migrate; another schema's name goes in for it, as a name
 * or, between quotes, as a string of the same. */
static const char *with_schema(struct pg_target *t, const char *sql)
{
	const char *known, *at, *rest = sql;
	struct buf b = BUF_INIT;
	char *made;

	if (streq(t->journal, "git_migrate"))
		return sql;
	known = map_get(&t->renamed, sql);
	if (known)
		return known;
	while ((at = strstr(rest, OUR_SCHEMA))) {
		buf_add(&b, rest, (size_t)(at - rest));
		pg_add_name(&b, t->journal);
		rest = at + strlen(OUR_SCHEMA);
	}
	buf_addstr(&b, rest);
	made = buf_detach(&b);
	map_put(&t->renamed, sql, made);
	return made;
}

static struct pg_arg arg_of(const struct target_value *v, struct arena *a)
{
	switch (v->type) {
	case TARGET_NULL:
		break;
	case TARGET_INT:
		return pg_text(arena_printf(a, "%lld", (long long)v->i));
	case TARGET_REAL:
		return pg_text(arena_printf(a, "%.17g", v->real));
	case TARGET_TEXT:
		return pg_text(arena_strndup(a, v->s, v->len));
	case TARGET_BLOB:
		return (struct pg_arg){ .s = v->s,
					.len = v->len,
					.is_bytea = true };
	}
	return pg_text(NULL);
}

static unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* "a\\b\001": a backslash is two, other bytes are three octal digits. */
static size_t from_escape(const struct pg_cell *cell, char *out)
{
	const char *p = cell->s, *end = cell->s + cell->len;
	size_t n = 0;

	while (p < end) {
		if (*p != '\\') {
			out[n++] = *p++;
		} else if (end - p >= 4 && p[1] != '\\') {
			out[n++] = (char)((p[1] - '0') << 6 |
					  (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			out[n++] = '\\';
			p += 2;
		}
	}
	return n;
}

static size_t from_hex(const struct pg_cell *cell, char *out)
{
	size_t n = (cell->len - 2) / 2;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(hex_digit(cell->s[2 + 2 * i]) << 4 |
				hex_digit(cell->s[3 + 2 * i]));
	return n;
}

/* "\x6162", or the older form where the server has bytea_output = escape */
static void take_bytea(struct target_value *v, const struct pg_cell *cell,
		       struct arena *a)
{
	bool hex = starts_with(cell->s, "\\x");
	char *bytes = arena_alloc(a, hex ? cell->len / 2 : cell->len + 1);

	v->type = TARGET_BLOB;
	v->len = hex ? from_hex(cell, bytes) : from_escape(cell, bytes);
	v->s = bytes;
}

static struct target_value value_of(const struct pg_cell *cell, struct arena *a)
{
	struct target_value v = { .type = TARGET_NULL };

	if (!cell->s)
		return v;
	switch (cell->type) {
	case TYPE_BOOL:
		v.type = TARGET_INT;
		v.i = cell->s[0] == 't';
		break;
	case TYPE_INT8:
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_OID:
		v.type = TARGET_INT;
		v.i = strtoll(cell->s, NULL, 10);
		break;
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		v.type = TARGET_REAL;
		v.real = strtod(cell->s, NULL);
		break;
	case TYPE_BYTEA:
		take_bytea(&v, cell, a);
		break;
	default:
		v.type = TARGET_TEXT;
		v.s = cell->s;
		v.len = cell->len;
		break;
	}
	return v;
}

struct sink {
	target_row_fn row;
	void *payload;
};

static struct err *give_row(void *payload, int n, const struct pg_cell *cell)
{
	const struct sink *sink = payload;
	struct target_value *values = xcalloc((size_t)n, sizeof(*values));
	struct arena a = ARENA_INIT;
	struct err *e;

	for (int i = 0; i < n; i++)
		values[i] = value_of(&cell[i], &a);
	e = sink->row(sink->payload, n, values);
	arena_release(&a);
	free(values);
	return e;
}

/* Making the journal needs a right that a migration's role may not have. */
struct err *pg_target_explain(struct pg_target *t, const char *sql,
			      struct err *e)
{
	const char *code = e ? err_code_of(e) : NULL;

	if (!code || !streq(code, "42501"))
		return e;
	if (strstr(sql, "CREATE SCHEMA"))
		return err_hintf(e,
				 "the journal lives in schema \"%s\"; the "
				 "database's owner can allow it: GRANT CREATE "
				 "ON DATABASE \"%s\" TO \"%s\"",
				 t->journal, pg_conn_database(t->c),
				 pg_conn_user(t->c));
	return err_hintf(e,
			 "the journal's owner can allow it: GRANT USAGE ON "
			 "SCHEMA \"%s\" TO \"%s\"; GRANT SELECT, INSERT, "
			 "UPDATE, DELETE ON ALL TABLES IN SCHEMA \"%s\" TO "
			 "\"%s\"",
			 t->journal, pg_conn_user(t->c), t->journal,
			 pg_conn_user(t->c));
}

/* With what waits in the queue, or behind it; else at once. */
static struct err *ask(struct pg_target *t, const char *sql,
		       const struct pg_arg *args, int n_args, struct sink *sink)
{
	pg_row_fn row = sink->row ? give_row : NULL;
	struct err *e;

	if (!t->batching && !pg_has_queue(t->c))
		return pg_query(t->c, sql, args, n_args, row, sink);
	e = pg_queue(t->c, sql, args, n_args, row, sink);
	if (row || !t->batching)
		e = err_first(e, pg_target_flush(t));
	return e;
}

struct err *pg_target_query(struct target *base, const char *sql,
			    const struct target_value *args, int n_args,
			    target_row_fn row, void *payload)
{
	struct pg_target *t = pg_target_of(base);
	struct sink sink = { row, payload };
	struct arena a = ARENA_INIT;
	struct pg_arg *list;
	struct err *e = NULL;

	pg_target_guard_wrote(t, sql);
	sql = with_schema(t, sql);
	if (!n_args && !row) { /* perhaps several: no pipeline takes them */
		if (pg_has_queue(t->c))
			e = pg_target_flush(t);
		return pg_target_explain(t, sql, e ? e : pg_exec(t->c, sql));
	}
	list = xcalloc((size_t)n_args + 1, sizeof(*list));
	for (int i = 0; i < n_args; i++)
		list[i] = arg_of(&args[i], &a);
	e = ask(t, sql, list, n_args, &sink);
	arena_release(&a);
	free(list);
	return pg_target_explain(t, sql, e);
}
