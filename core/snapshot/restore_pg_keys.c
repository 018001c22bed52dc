#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"

/*
 * Foreign keys between tables whose rows were changed while nothing enforced
 * them: rows that refer to nothing are counted. A key that was not valid
 * before may have had some already. Asked when definitions are back, so names
 * are those of before; keys made again are checked by the server.
 */

struct restore_pg_key {
	const char *table;
	const char *oid;   /**< of the constraint */
	const char *count; /**< question */
	int64_t before;
};

static struct err *take_key(void *payload, int n, const struct pg_cell *cell)
{
	struct restore_pg *r = payload;
	struct restore_pg_key *k;

	(void)n;
	for (size_t i = 0; i < r->n_keys; i++)
		if (streq(r->keys[i].oid, cell[1].s))
			return NULL;
	VEC_GROW(r->keys, r->n_keys, r->cap_keys);
	k = &r->keys[r->n_keys++];
	k->table = arena_strdup(&r->arena, cell[0].s);
	k->oid = arena_strdup(&r->arena, cell[1].s);
	k->count = arena_strdup(&r->arena, cell[2].s);
	k->before = cell[3].s[0] == 't' ? 0 : -1;
	return NULL;
}

/* Those of a partition's parents count as the partition's own. In two halves,
 * because the planner tries all orders of so many tables. */
static const char keys_sql[] =
	"SELECT k.child::regclass::text, k.oid,"
	" 'SELECT count(*) FROM ' || CASE k.child_kind WHEN 'p' THEN '' ELSE"
	" 'ONLY ' END || k.child::regclass || ' c WHERE ' ||"
	" string_agg('c.' || quote_ident(a.attname) || ' IS NOT NULL',"
	" ' AND ') || ' AND NOT EXISTS (SELECT FROM ' ||"
	" CASE k.parent_kind WHEN 'p' THEN '' ELSE 'ONLY ' END ||"
	" k.parent::regclass || ' p WHERE ' || string_agg('p.' ||"
	" quote_ident(b.attname) || ' OPERATOR(' || quote_ident(n.nspname) ||"
	" '.' || o.oprname || ') c.' || quote_ident(a.attname), ' AND ')"
	" || ')', k.convalidated"
	" FROM (SELECT k.oid, k.convalidated, c.oid AS child, c.relkind AS"
	" child_kind, p.oid AS parent, p.relkind AS parent_kind, x.*"
	" FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
	" JOIN pg_class p ON p.oid = k.confrelid"
	" CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop)"
	" AS x (child_at, parent_at, op)"
	" WHERE k.contype = 'f' AND NOT EXISTS (SELECT FROM pg_constraint q"
	" WHERE q.oid = k.conparentid AND q.conrelid = k.conrelid)"
	" AND (k.conrelid = to_regclass($1) OR k.confrelid ="
	" to_regclass($1) OR k.confrelid IN (SELECT relid FROM"
	" pg_partition_ancestors(to_regclass($1)) AS y (relid))) OFFSET 0) k"
	" JOIN pg_attribute a ON a.attrelid = k.child"
	" AND a.attnum = k.child_at"
	" JOIN pg_attribute b ON b.attrelid = k.parent"
	" AND b.attnum = k.parent_at"
	" JOIN pg_operator o ON o.oid = k.op"
	" JOIN pg_namespace n ON n.oid = o.oprnamespace"
	" GROUP BY k.oid, k.convalidated, k.child, k.child_kind, k.parent,"
	" k.parent_kind";

struct err *restore_pg_keys_before(struct restore_pg *r)
{
	struct err *err = NULL;

	if (!r->replica)
		return NULL; /* dropped, and checked when they are made */
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];
		struct pg_arg arg = pg_text(t->before);

		if (t->lines && t->way == RESTORE_PG_PLACE)
			err = pg_query(r->c, keys_sql, &arg, 1, take_key, r);
	}
	for (size_t i = 0; i < r->n_keys && !err; i++)
		if (r->keys[i].before < 0)
			err = restore_pg_count(r, &r->keys[i].before, "%s",
					       r->keys[i].count);
	return err;
}

/* A key that went meanwhile, perhaps with a table that was made anew, is
 * checked by the server when it comes back. */
static struct err *is_there(struct restore_pg *r,
			    const struct restore_pg_key *k, int64_t *there)
{
	struct pg_arg arg = pg_text(k->oid);

	return pg_query_int(r->c,
			    "SELECT count(*) FROM pg_constraint WHERE"
			    " oid = $1::oid",
			    &arg, 1, there);
}

struct err *restore_pg_keys_after(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_keys && !err; i++) {
		const struct restore_pg_key *k = &r->keys[i];
		int64_t there, n = 0;

		err = is_there(r, k, &there);
		if (!err && there)
			err = restore_pg_count(r, &n, "%s", k->count);
		if (!err && n > k->before)
			restore_pg_late(r, k->table, RESTORE_ORPHANED,
					(uint64_t)(n - k->before));
	}
	return err;
}

struct sum {
	struct restore_pg *r;
	int64_t rows;
};

static struct err *add_rows(void *payload, int n, const struct pg_cell *cell)
{
	struct sum *sum = payload;
	int64_t rows = 0;
	struct err *err = NULL;

	(void)n;
	if (cell[3].s[0] != 't')
		err = restore_pg_count(sum->r, &rows, "%s", cell[2].s);
	sum->rows += rows;
	return err;
}

struct err *restore_pg_orphans(struct restore_pg *r, const char *table,
			       int64_t *out)
{
	struct pg_arg arg = pg_text(table);
	struct sum sum = { .r = r };
	struct err *err = pg_query(r->c, keys_sql, &arg, 1, add_rows, &sum);

	*out = sum.rows;
	return err;
}
