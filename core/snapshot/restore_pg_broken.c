#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg_find.h"
#include "snapshot/restore_pg_whole.h"

/*
 * A constraint that cannot come back, and the rows that break it: those that
 * were restored, with their lines, and those of later. One question for each
 * constraint.
 */

struct names {
	struct restore_pg *r;
	const char *list[3][32];
	size_t n;
};

static struct err *take_names(void *payload, int n, const struct pg_cell *cell)
{
	struct names *x = payload;

	if (x->n == 32)
		return NULL;
	for (int i = 0; i < n && i < 3; i++)
		x->list[i][x->n] =
			cell[i].s ? arena_strdup(&x->r->arena, cell[i].s) : "";
	x->n++;
	return NULL;
}

static const char *constraint_name(struct restore_pg *r, const char *sql)
{
	static const char *const words[] = { " ADD CONSTRAINT ",
					     "CREATE UNIQUE INDEX " };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *p = strstr(sql, words[i]), *end;
		bool quoted = false;

		if (!p)
			continue;
		p += strlen(words[i]);
		for (end = p; *end && (quoted || *end != ' '); end++)
			if (*end == '"')
				quoted = !quoted;
		return arena_strndup(&r->arena, p, (size_t)(end - p));
	}
	return NULL;
}

/* The same index, which takes equal values. */
static struct err *make_plain(struct restore_pg_find *f, const char *sql)
{
	static const char unique[] = "CREATE UNIQUE INDEX ";
	const char *columns = restore_pg_brackets(&f->r->arena, sql, "unique");

	if (starts_with(sql, unique)) {
		size_t n;
		struct schema_object o = { .sql = sql };
		const char **all = restore_pg_statements(&f->r->arena, &o, &n);

		return restore_pg_exec(f->r, "CREATE INDEX %s",
				       all[0] + strlen(unique));
	}
	if (!columns)
		columns = restore_pg_brackets(&f->r->arena, sql, "key");
	if (!columns)
		return err_new(ERR_STATE, "no index in: %s", sql);
	return restore_pg_exec(f->r, "CREATE INDEX ON %s (%s)", f->table,
			       columns);
}

#define NEWEST                                                    \
	"(SELECT max(indexrelid) FROM pg_index WHERE indrelid = " \
	"to_regclass($1))"

static const char index_sql[] =
	"SELECT pg_get_indexdef(i.indexrelid, x.at, true),"
	" coalesce(pg_get_expr(i.indpred, i.indrelid), '') FROM pg_index i,"
	" generate_series(1, i.indnkeyatts) AS x (at)"
	" WHERE i.indexrelid = " NEWEST " ORDER BY x.at";

static const char index_columns_sql[] =
	"SELECT DISTINCT quote_ident(a.attname) FROM pg_depend d"
	" JOIN pg_attribute a ON a.attrelid = d.refobjid"
	" AND a.attnum = d.refobjsubid WHERE d.classid = 1259"
	" AND d.refclassid = 1259 AND d.refobjid = to_regclass($1)"
	" AND d.objid = " NEWEST;

static void add_list(struct buf *sql, const char *prefix, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(sql, "%s%s%zu", i ? ", " : "", prefix, i);
}

static void add_unique(struct buf *sql, const struct restore_pg_find *f,
		       const struct names *parts, const struct names *columns,
		       bool nulls)
{
	size_t n = parts->n;

	buf_addstr(sql, "COPY (WITH x AS (SELECT l.n, ");
	restore_pg_find_add_restored(sql, f, columns->list[0], columns->n);
	buf_addstr(sql, " AS r, l.op, t.git_migrate_at AS at");
	restore_pg_find_add_keys(sql, f);
	for (size_t i = 0; i < n; i++)
		buf_addf(sql, ", t.git_migrate_e%zu AS e%zu", i, i);
	buf_addstr(sql, " FROM (SELECT t.*, t.ctid AS git_migrate_at");
	for (size_t i = 0; i < n; i++)
		buf_addf(sql, ", (%s) AS git_migrate_e%zu", parts->list[0][i],
			 i);
	buf_addf(sql, " FROM ONLY %s t", f->table);
	if (n && *parts->list[1][0])
		buf_addf(sql, " WHERE %s", parts->list[1][0]);
	buf_addstr(sql, ") t");
	restore_pg_find_add_lines(sql, f);
	buf_addstr(sql, "), g AS (SELECT x.*, row_number() OVER w AS i, "
			"first_value(n) OVER w IS NULL AS later");
	for (size_t k = 0; k < restore_pg_key_fields(&f->keys); k++)
		buf_addf(sql, ", first_value(k%zu) OVER w AS f%zu", k, k);
	buf_addstr(sql, " FROM x");
	for (size_t i = 0; i < n && !nulls; i++)
		buf_addf(sql, " %s e%zu IS NOT NULL", i ? "AND" : "WHERE", i);
	buf_addstr(sql, " WINDOW w AS (PARTITION BY ");
	add_list(sql, "e", n);
	buf_addstr(sql,
		   " ORDER BY r, n NULLS FIRST, at)) SELECT coalesce(n, -1), "
		   "r, op");
	for (size_t k = 0; k < restore_pg_key_fields(&f->keys); k++)
		buf_addf(sql, ", k%zu", k);
	buf_addstr(sql, ", later");
	for (size_t k = 0; k < restore_pg_key_fields(&f->keys); k++)
		buf_addf(sql, ", f%zu", k);
	buf_addstr(sql, " FROM g WHERE i > 1 ORDER BY n) TO STDOUT");
}

/* Of rows with one value the first is left where it is: one of later. */
static struct err *find_twins(struct restore_pg_find *f, const char *sql)
{
	struct pg_arg arg = pg_text(f->table);
	struct names parts = { .r = f->r }, columns = { .r = f->r };
	struct buf query = BUF_INIT;
	struct err *err = make_plain(f, sql);

	f->unique = true;
	if (!err)
		err = pg_query(f->r->c, index_sql, &arg, 1, take_names, &parts);
	if (!err)
		err = pg_query(f->r->c, index_columns_sql, &arg, 1, take_names,
			       &columns);
	if (!err)
		add_unique(&query, f, &parts, &columns,
			   strstr(sql, "NULLS NOT DISTINCT") != NULL);
	if (!err)
		err = restore_pg_find_ask(f, buf_str(&query));
	buf_release(&query);
	return err;
}

#define NEWEST_OF(type)                                                      \
	"(SELECT max(oid) FROM pg_constraint WHERE contype = '" type "' AND" \
	" conparentid = 0 AND conrelid = to_regclass($1))"

static const char key_sql[] =
	"SELECT quote_ident(a.attname), quote_ident(b.attname), CASE p.relkind"
	" WHEN 'p' THEN '' ELSE 'ONLY ' END || p.oid::regclass"
	" FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid"
	" CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS x (child, parent)"
	" JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.child"
	" JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = x.parent"
	" WHERE k.oid = " NEWEST_OF("f");

static const char key_operator_sql[] =
	"SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname ||"
	" ')' FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conpfeqop)"
	" WITH ORDINALITY AS x (op, at) JOIN pg_operator o ON o.oid = x.op"
	" JOIN pg_namespace n ON n.oid = o.oprnamespace"
	" WHERE k.oid = " NEWEST_OF("f") " ORDER BY x.at";

/* The name now of a column that is called so before. */
static const char *was_name(const struct restore_pg_find *f,
			    const struct restore_pg_table *parent,
			    const char *before)
{
	const char *now = restore_pg_column_now(f->r, parent, before);

	return now ? now : before;
}

/* Rows that go, or get other values: the key's columns c0, c1... */
static void add_parents(struct buf *sql, const struct restore_pg_find *f,
			const struct names *key)
{
	buf_addstr(sql, " LEFT JOIN (");
	for (size_t k = 0; k < f->n_parents; k++) {
		buf_addf(sql,
			 "%sSELECT %zu AS t, git_migrate_n, git_migrate_op",
			 k ? " UNION ALL " : "", k);
		for (size_t i = 0; i < key->n; i++)
			buf_addf(sql, ", %s AS c%zu",
				 was_name(f, f->parents[k], key->list[1][i]),
				 i);
		buf_addf(sql, " FROM %s", f->parents[k]->was);
	}
	buf_addstr(sql, ") w ON ");
	for (size_t i = 0; i < key->n; i++)
		buf_addf(sql, "%sw.c%zu = concat(t.%s)", i ? " AND " : "", i,
			 key->list[0][i]);
}

static void add_orphans(struct buf *sql, const struct restore_pg_find *f,
			const struct names *key, const struct names *op)
{
	restore_pg_find_add_begin(sql, f, key->list[0], key->n);
	buf_addf(sql, "%s",
		 f->n_parents ? ", coalesce(w.git_migrate_n, -1), "
				"w.git_migrate_op, w.t"
			      : "");
	restore_pg_find_add_rows(sql, f, NULL);
	if (f->n_parents)
		add_parents(sql, f, key);
	for (size_t i = 0; i < key->n; i++)
		buf_addf(sql, "%s t.%s IS NOT NULL", i ? " AND" : " WHERE",
			 key->list[0][i]);
	buf_addf(sql, " AND NOT EXISTS (SELECT FROM %s p WHERE ",
		 key->list[2][0]);
	for (size_t i = 0; i < key->n; i++)
		buf_addf(sql, "%sp.%s %s t.%s", i ? " AND " : "",
			 key->list[1][i], op->list[0][i], key->list[0][i]);
	buf_addstr(sql, ") ORDER BY 1, 4) TO STDOUT");
}

static struct err *take_leaf(void *payload, int n, const struct pg_cell *cell)
{
	(void)n;
	if (cell[0].s)
		map_put_number(payload, cell[0].s, 1);
	return NULL;
}

/* Partitions that have rows; a table that has none is its own. */
static struct err *find_leaves(struct restore_pg *r, const char *table,
			       struct map *out)
{
	struct pg_arg arg = pg_text(table);

	return pg_query(r->c,
			"SELECT relid::regclass::text FROM"
			" pg_partition_tree(to_regclass($1)) WHERE isleaf"
			" UNION SELECT to_regclass($1)::text ORDER BY 1",
			&arg, 1, take_leaf, out);
}

static struct err *find_parents(struct restore_pg_find *f, const char *parent)
{
	struct restore_pg *r = f->r;
	struct map leaves = MAP_INIT;
	struct err *err;

	if (starts_with(parent, "ONLY "))
		parent += strlen("ONLY ");
	err = find_leaves(r, parent, &leaves);
	f->parents = arena_array(&r->arena, r->n_tables + 1,
				 sizeof(const struct restore_pg_table *));
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];

		if (t->before && t->lines && t->was &&
		    map_has(&leaves, t->before))
			f->parents[f->n_parents++] = t;
	}
	map_release(&leaves);
	return err;
}

static struct err *find_orphans(struct restore_pg_find *f, const char *sql)
{
	struct pg_arg arg = pg_text(f->table);
	struct names key = { .r = f->r }, op = { .r = f->r };
	struct buf query = BUF_INIT;
	struct err *err = restore_pg_exec(f->r, "%s NOT VALID", sql);

	if (!err)
		err = pg_query(f->r->c, key_sql, &arg, 1, take_names, &key);
	if (!err)
		err = pg_query(f->r->c, key_operator_sql, &arg, 1, take_names,
			       &op);
	if (!err && (!key.n || key.n != op.n))
		err = err_new(ERR_STATE, "no foreign key in: %s", sql);
	if (err)
		return err;
	err = find_parents(f, key.list[2][0]);
	if (err)
		return err;
	add_orphans(&query, f, &key, &op);
	err = restore_pg_find_ask(f, buf_str(&query));
	buf_release(&query);
	return err;
}

static const char check_sql[] =
	"SELECT quote_ident(a.attname), pg_get_expr(k.conbin, k.conrelid)"
	" FROM pg_constraint k LEFT JOIN pg_attribute a ON"
	" a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)"
	" WHERE k.oid = " NEWEST_OF("c");

static struct err *find_rows(struct restore_pg_find *f,
			     const struct names *columns, const char *where)
{
	struct buf sql = BUF_INIT;
	struct err *err;

	restore_pg_find_add_begin(&sql, f, columns->list[0], columns->n);
	restore_pg_find_add_rows(&sql, f, where);
	buf_addstr(&sql, " ORDER BY 1) TO STDOUT");
	err = restore_pg_find_ask(f, buf_str(&sql));
	buf_release(&sql);
	return err;
}

static struct err *find_unchecked(struct restore_pg_find *f, const char *sql)
{
	struct pg_arg arg = pg_text(f->table);
	struct names columns = { .r = f->r };
	struct err *err = restore_pg_exec(f->r, "%s NOT VALID", sql);

	if (!err)
		err = pg_query(f->r->c, check_sql, &arg, 1, take_names,
			       &columns);
	if (!err && !columns.n)
		err = err_new(ERR_STATE, "no check in: %s", sql);
	if (err)
		return err;
	return find_rows(
		f, &columns,
		arena_printf(&f->r->arena, "NOT (%s)", columns.list[1][0]));
}

static struct err *find_nulls(struct restore_pg_find *f, const char *sql)
{
	static const char word[] = " ALTER COLUMN ";
	const char *start = strstr(sql, word);
	const char *end = start ? strstr(start, " SET NOT NULL") : NULL;
	struct names columns = { .n = 1 };

	if (!end)
		return err_new(ERR_STATE, "no column in: %s", sql);
	start += strlen(word);
	f->column = columns.list[0][0] =
		arena_strndup(&f->r->arena, start, (size_t)(end - start));
	return find_rows(f, &columns,
			 arena_printf(&f->r->arena, "t.%s IS NULL", f->column));
}

static struct err *find_in(struct restore_pg *r, const char *code,
			   const char *what, const char *table, const char *sql)
{
	struct restore_pg_find f = { .r = r, .table = table, .what = what };
	struct err *err = restore_pg_find_open(&f);

	f.constraint = constraint_name(r, sql);
	if (err)
		return err;
	if (streq(code, "23505"))
		return find_twins(&f, sql);
	if (streq(code, "23503"))
		return find_orphans(&f, sql);
	if (streq(code, "23514"))
		return find_unchecked(&f, sql);
	if (streq(code, "23502"))
		return find_nulls(&f, sql);
	if (streq(code, "23P01"))
		return restore_pg_find_excluded(&f, sql);
	return err_new(ERR_STATE, "rows cannot be told: %s", sql);
}

/* The rows of a partitioned table are its partitions', and so is a key that is
 * made there instead. */
static struct err *find_in_leaf(struct restore_pg *r, const char *code,
				const char *what, const char *table,
				const char *leaf, const char *sql)
{
	const char *at = strstr(sql, table);

	if (!starts_with(sql, "ALTER TABLE ") || !at)
		return err_new(ERR_STATE, "rows cannot be told: %s", sql);
	return find_in(r, code, what, leaf,
		       arena_printf(&r->arena, "ALTER TABLE ONLY %s%s", leaf,
				    at + strlen(table)));
}

struct err *restore_pg_find(struct restore_pg *r, const char *code,
			    const char *what, const char *table,
			    const char *sql)
{
	struct map leaves = MAP_INIT;
	struct err *err = find_leaves(r, table, &leaves);

	if (!err && leaves.n < 2)
		err = find_in(r, code, what, table, sql);
	else if (streq(code, "23503")) /* what else breaks, a partition says */
		map_each (&leaves, e)
			if (!err && !streq(e->key, table))
				err = find_in_leaf(r, code, what, table, e->key,
						   sql);
	map_release(&leaves);
	return err;
}
