#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg_whole.h"

/*
 * Equal rows are as good as each other, whichever of them is in the way: as
 * many go as are. So a row is known by what it holds and its number among its
 * equals, in the transactions to come, too.
 */

void restore_pg_names_of_whole(struct restore_pg *r,
			       const struct restore_pg_relation *rel,
			       struct restore_pg_keys *out)
{
	out->n = rel->n_columns;
	out->whole = true;
	out->names = arena_array(&r->arena, rel->n_columns + 1, sizeof(char *));
	out->number = arena_array(&r->arena, rel->n_columns + 1, sizeof(bool));
	for (size_t k = 0; k < rel->n_columns; k++) {
		out->names[k] = rel->columns[k].name;
		out->number[k] = restore_pg_is_number(&rel->columns[k]);
	}
}

/* A record of NULLs is a value, which IS NOT NULL denies. */
void restore_pg_add_key_field(struct buf *out,
			      const struct restore_pg_keys *keys, size_t k,
			      const char *at)
{
	if (k == keys->n)
		buf_addf(out, "concat(%s)", at);
	else if (keys->whole)
		buf_addf(out,
			 "CASE WHEN t.%s IS DISTINCT FROM NULL THEN "
			 "concat(t.%s) END",
			 keys->names[k], keys->names[k]);
	else
		buf_addf(out, "concat(t.%s)", keys->names[k]);
}

/* How many such rows are to go by now. */
static size_t count_known(const struct restore_pg *r, const char *table,
			  const struct buf *key)
{
	const struct restore_memory *m = r->req->memory;
	size_t n = 0;

	for (size_t i = 0; m && i < m->n; i++)
		n += m->late[i].evict && m->late[i].columns &&
		     streq(m->late[i].table, table) &&
		     !strncmp(m->late[i].evict, key->data, key->len) &&
		     !strchr(m->late[i].evict + key->len, '\t');
	return n;
}

/* A row breaks more than one constraint, and goes once. */
static size_t number_of(struct restore_pg *r, const char *table,
			const struct restore_pg_field *at,
			const struct buf *key)
{
	const char *met =
		arena_printf(&r->arena, "%s\t%.*s", table, (int)at->len, at->s);
	size_t n;

	if (map_has(&r->wholes, met))
		return map_number(&r->wholes, met);
	n = count_known(r, table, key) + 1;
	map_put_number(&r->wholes, met, n);
	return n;
}

void restore_pg_key_strings(struct restore_pg *r, const char *table,
			    const struct restore_pg_keys *keys,
			    const struct restore_pg_field *values,
			    struct buf *key, struct buf *columns)
{
	for (size_t k = 0; k < keys->n; k++) {
		if (!*keys->names[k])
			continue;
		buf_addf(columns, "%s%s", columns->len ? "\t" : "",
			 keys->names[k]);
		if (key->len)
			buf_addch(key, '\t');
		buf_add(key, values[k].s, values[k].len);
	}
	if (!keys->whole)
		return;
	buf_addstr(columns, "\t#");
	buf_addch(key, '\t');
	buf_addf(key, "%zu", number_of(r, table, &values[keys->n], key));
}

/* Rows without a key, by all they hold and their number among equal ones. */
struct err *restore_pg_find_wholes(struct restore_pg *r, const char *keys,
				   const char *columns, const char *table,
				   const char *at)
{
	struct restore_pg_keys names = { .whole = true };
	struct buf row = BUF_INIT, key = BUF_INIT;
	const char *p = columns;
	struct err *err;

	for (const char *s = columns; *s; s++)
		names.n += *s == '\t';
	names.names = arena_array(&r->arena, names.n + 1, sizeof(char *));
	for (size_t k = 0; k < names.n; k++) {
		const char *end = strchr(p, '\t');

		names.names[k] = arena_strndup(&r->arena, p, (size_t)(end - p));
		p = end + 1;
		buf_addstr(&row, k ? ", " : "");
		restore_pg_add_key_field(&row, &names, k, NULL);
		buf_addf(&key, "%sl.k%zu", k ? ", " : "", k);
	}
	err = restore_pg_exec(
		r,
		"INSERT INTO %s SELECT x.at FROM (SELECT t.ctid AS at, "
		"ROW(%s)::text AS v, row_number() OVER (PARTITION BY "
		"ROW(%s)::text ORDER BY t.ctid) AS i FROM ONLY %s t) x JOIN %s "
		"l ON x.v = ROW(%s)::text AND x.i = l.k%zu::bigint EXCEPT "
		"SELECT at FROM %s",
		at, buf_str(&row), buf_str(&row), table, keys, buf_str(&key),
		names.n, at);
	buf_release(&row);
	buf_release(&key);
	return err;
}
