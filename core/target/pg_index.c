#include <string.h>

#include "base/util.h"
#include "target/pg_driver.h"

/*
 * Indexes made and dropped CONCURRENTLY, from their canonical text:
 *
 *   CREATE [UNIQUE] INDEX name ON [ONLY] schema.table USING ...;
 *
 * with further statements (comments, statistics) behind it.
 */

/* Behind a name that stands at p, quoted or not. */
static const char *skip_name(const char *p)
{
	if (*p != '"')
		return p + strcspn(p, " .(;\n");
	for (p++; *p; p++) {
		if (*p != '"')
			continue;
		if (p[1] != '"')
			return p + 1;
		p++;
	}
	return p;
}

/* Append "schema.index": an index lives where its table does. */
static bool add_index_name(struct buf *out, const char *text)
{
	const char *name = strstr(text, "INDEX "), *table, *end;

	if (!name)
		return false;
	name += strlen("INDEX ");
	end = skip_name(name);
	if (!starts_with(end, " ON "))
		return false;
	table = end + strlen(" ON ");
	if (starts_with(table, "ONLY "))
		table += strlen("ONLY ");
	if (*skip_name(table) != '.')
		return false;
	buf_add(out, table, (size_t)(skip_name(table) - table));
	buf_addch(out, '.');
	buf_add(out, name, (size_t)(end - name));
	return true;
}

/* Where the first statement ends; names and literals may have semicolons. */
static size_t first_statement(const char *text)
{
	struct sql_script script;
	size_t n = strlen(text);
	struct err *e = sql_split(&script, SQL_POSTGRESQL, text, n, 1);

	if (!e && script.n)
		n = (size_t)(script.statements[0].text - text) +
		    script.statements[0].len;
	err_free(e);
	sql_script_release(&script);
	return n;
}

static struct err *make_index(struct pg_target *t, const char *text)
{
	const char *index = strstr(text, "INDEX ");
	size_t n = first_statement(text);
	struct buf sql = BUF_INIT;
	struct err *e;

	index += strlen("INDEX ");
	buf_add(&sql, text, (size_t)(index - text));
	buf_addstr(&sql, "CONCURRENTLY IF NOT EXISTS ");
	buf_add(&sql, index, n - (size_t)(index - text));
	e = pg_exec(t->c, buf_str(&sql));
	buf_release(&sql);
	if (!e && text[n])
		e = pg_exec(t->c, text + n + strspn(text + n, ";"));
	return e;
}

struct err *pg_target_index_alone(struct target *base,
				  const struct schema_object *o, bool make)
{
	struct pg_target *t = pg_target_of(base);
	struct buf name = BUF_INIT;
	struct err *e = pg_target_check_lock(t, true);

	if (!e && !add_index_name(&name, o->sql))
		e = err_code(err_new(ERR_TARGET, "no plain index"), "0A000",
			     NULL);
	/* one that is there and INVALID would pass for the one wanted */
	if (!e)
		e = pg_execf(t->c, "DROP INDEX CONCURRENTLY IF EXISTS %s",
			     buf_str(&name));
	if (!e && make)
		e = make_index(t, o->sql);
	buf_release(&name);
	return err_wrap(e, "%s", o->path);
}
