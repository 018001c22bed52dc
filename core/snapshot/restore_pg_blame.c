#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "sql/pg_lexer.h"

/*
 * A statement of ours that the server refused because of rows: which conflict
 * that is, and how many rows are in the way.
 */

const char restore_pg_row_codes[] = "23505 23P01 23503 23502 23514";

const char *restore_pg_cause(const struct err *err)
{
	static const char *const causes[][2] = {
		{ "23505", RESTORE_NOT_UNIQUE },
		{ "23P01", RESTORE_NOT_UNIQUE },
		{ "23503", RESTORE_ORPHANED },
		{ "23502", RESTORE_NO_VALUE },
		{ "23514", RESTORE_CHANGED },
	};
	const char *code = err_code_of(err);

	for (size_t i = 0; code && i < ARRAY_LEN(causes); i++)
		if (streq(causes[i][0], code))
			return causes[i][1];
	return NULL;
}

const char *restore_pg_brackets(struct arena *a, const char *sql,
				const char *word)
{
	const char *start = NULL;
	struct pg_lexer l;
	struct pg_token t;
	bool behind = false;
	int depth = 0;

	pg_lexer_init(&l, sql, strlen(sql));
	while ((t = pg_lexer_next_solid(&l)).kind != PG_TK_END) {
		if (!depth && pg_token_is(&t, word))
			behind = true;
		if (pg_token_is_op(&t, "(") && depth++ == 0 && behind)
			start = t.text + 1;
		if (pg_token_is_op(&t, ")") && --depth == 0 && start)
			return arena_strndup(a, start,
					     (size_t)(t.text - start));
	}
	return NULL;
}

static struct err *count_nulls(struct restore_pg *r, const char *table,
			       const char *sql, int64_t *out)
{
	static const char word[] = " ALTER COLUMN ";
	const char *column = strstr(sql, word);
	const char *end = column ? strstr(column, " SET NOT NULL") : NULL;

	if (!end)
		return NULL;
	column += strlen(word);
	return restore_pg_count(r, out,
				"SELECT count(*) FROM ONLY %s WHERE %.*s IS "
				"NULL",
				table, (int)(end - column), column);
}

static struct err *count_twins(struct restore_pg *r, const char *table,
			       const char *sql, int64_t *out)
{
	const char *columns = restore_pg_brackets(&r->arena, sql, "unique");

	if (!columns)
		columns = restore_pg_brackets(&r->arena, sql, "key");
	if (!columns || !starts_with(sql, "ALTER TABLE "))
		return NULL;
	return restore_pg_count(r, out,
				"SELECT sum(n - 1) FROM (SELECT count(*) AS n "
				"FROM ONLY %s WHERE ROW(%s) IS NOT NULL "
				"GROUP BY %s) AS x",
				table, columns, columns);
}

/* As NOT VALID it can be made, and then asked like any other. */
static struct err *count_orphans(struct restore_pg *r, const char *table,
				 const char *sql, int64_t *out)
{
	struct err *err = restore_pg_exec(r, "%s NOT VALID", sql);

	return err ? err : restore_pg_orphans(r, table, out);
}

static struct err *count_rows(struct restore_pg *r, const char *code,
			      const char *table, const char *sql, int64_t *out)
{
	const char *check;

	if (streq(code, "23502"))
		return count_nulls(r, table, sql, out);
	if (streq(code, "23505"))
		return count_twins(r, table, sql, out);
	if (streq(code, "23503"))
		return count_orphans(r, table, sql, out);
	check = streq(code, "23514")
			? restore_pg_brackets(&r->arena, sql, "check")
			: NULL;
	if (!check)
		return NULL;
	return restore_pg_count(r, out,
				"SELECT count(*) FROM ONLY %s WHERE NOT (%s)",
				table, check);
}

struct err *restore_pg_blame(struct restore_pg *r, struct err *err,
			     const char *table, const char *sql)
{
	const char *cause = err ? restore_pg_cause(err) : NULL;
	int64_t rows = 0;
	struct err *why;

	if (!cause)
		return err;
	why = pg_exec(r->c, "SAVEPOINT git_migrate_blame");
	if (!why && sql && r->look)
		why = restore_pg_find(r, err_code_of(err), cause, table, sql);
	else if (!why && sql)
		why = count_rows(r, err_code_of(err), table, sql, &rows);
	/* how many is good to know, no more */
	if (why && pg_conn_is_alive(r->c)) {
		err_free(why);
		rows = 0;
		why = pg_exec(r->c, "ROLLBACK TO SAVEPOINT git_migrate_blame");
	}
	err_free(err);
	if (why)
		return why;
	restore_pg_late(r, table, cause, rows > 0 ? (uint64_t)rows : 1);
	return NULL;
}
