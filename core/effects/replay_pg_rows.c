#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/replay_pg.h"

/*
 * The rows of a PostgreSQL database as text. What depends on the moment, and
 * on chance that nobody can seed, prints as a word: a time around now, a
 * random UUID.
 */

struct table {
	char *name;    /**< "s.t (a, b)" for a person */
	char *columns; /**< the SELECT's list */
	char *from;    /**< quoted */
};

struct tables {
	struct table *items;
	size_t n, cap;
};

/* Columns by name, generated ones left out: they follow from the others. */
static const char tables_sql[] =
	"SELECT format('%s.%s (%s)', n.nspname, c.relname, string_agg("
	"a.attname, ', ' ORDER BY a.attname)), string_agg(CASE WHEN a.atttypid "
	"IN ('timestamptz'::regtype, 'timestamp'::regtype) THEN format("
	"'CASE WHEN %1$I BETWEEN localtimestamp - interval ''1 hour'' AND "
	"localtimestamp + interval ''1 hour'' THEN ''now'' ELSE %1$I::text "
	"END', a.attname) WHEN a.atttypid = 'date'::regtype THEN format('CASE "
	"WHEN %1$I = current_date THEN ''now'' ELSE %1$I::text END', "
	"a.attname) "
	"WHEN a.atttypid = 'uuid'::regtype THEN format('CASE WHEN %1$I::text ~ "
	"''^(?!00000000).{14}4'' THEN ''random'' ELSE %1$I::text END', "
	"a.attname) ELSE format('%I::text', a.attname) END, ', ' ORDER BY "
	"a.attname), format('%I.%I', n.nspname, c.relname) FROM pg_class c "
	"JOIN "
	"pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON "
	"a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND "
	"a.attgenerated = '' WHERE c.relkind IN ('r', 'm') AND "
	"c.relispopulated "
	"AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', "
	"'git_migrate') AND c.relpersistence <> 't' GROUP BY c.oid, n.nspname, "
	"c.relname ORDER BY n.nspname, c.relname";

static struct err *take_table(void *payload, int n, const struct pg_cell *cell)
{
	struct tables *tables = payload;
	struct table *t;

	(void)n;
	VEC_GROW(tables->items, tables->n, tables->cap);
	t = &tables->items[tables->n++];
	t->name = xstrdup(cell[0].s);
	t->columns = xstrdup(cell[1].s);
	t->from = xstrdup(cell[2].s);
	return NULL;
}

static struct err *read_table(struct replay_pg *r, const struct table *t,
			      struct replay_lines *lines)
{
	struct buf sql = BUF_INIT;
	struct err *e;

	buf_addf(&sql, "COPY (SELECT %s FROM ONLY %s) TO STDOUT", t->columns,
		 t->from);
	e = pg_copy_out_begin(r->c, buf_str(&sql));
	buf_release(&sql);
	while (!e) {
		const char *line;
		size_t len;

		e = pg_copy_out_next(r->c, &line, &len);
		if (e || !line)
			break;
		while (len && line[len - 1] == '\n')
			len--;
		replay_lines_add(
			lines, xasprintf("%s: %.*s", t->name, (int)len, line));
	}
	return e;
}

struct err *replay_pg_rows(struct replay *base, struct buf *out)
{
	struct replay_pg *r = replay_pg_of(base);
	struct tables tables = { NULL, 0, 0 };
	struct err *e = replay_pg_connect(r);

	if (!e)
		e = pg_execf(r->c, "SET statement_timeout = %lld",
			     (long long)base->limits.deadline_ms);
	if (!e)
		e = pg_query_once(r->c, tables_sql, NULL, 0, take_table,
				  &tables);
	for (size_t i = 0; i < tables.n; i++) {
		struct table *t = &tables.items[i];
		struct replay_lines lines = { NULL, 0, 0 };

		if (!e)
			e = read_table(r, t, &lines);
		replay_lines_print(&lines, out);
		free(t->name);
		free(t->columns);
		free(t->from);
	}
	free(tables.items);
	return err_wrap(e, "read the rows of a replay");
}
