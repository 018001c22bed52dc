#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/rows.h"

/*
 * Conflicts that show only when rows are written. The attempt that meets one
 * ends there, and the next one looks: constraints of the tables concerned are
 * dropped before rows go back and made again behind them, where each one that
 * rows break is asked for these rows (restore_pg_broken.c). That transaction is
 * undone in any case; an attempt without constraints dropped follows, which
 * knows what was settled. Whoever has no conflict pays nothing.
 */

void restore_pg_late(struct restore_pg *r, const char *table, const char *what,
		     uint64_t rows)
{
	struct restore_memory *m = r->req->memory;
	bool in_vain = m && m->looks && m->n == m->n_looked;

	if (!m || (!r->look && in_vain)) {
		restore_result_add(r->out, table, what, rows);
		return;
	}
	m->look |= !r->look;
	r->out->again = true;
}

void restore_pg_look_begin(struct restore_pg *r)
{
	struct restore_memory *m = r->req->memory;

	r->look = m && m->look;
	if (!r->look)
		return;
	m->look = false;
	m->looks++;
	m->n_looked = m->n;
}

/* What this attempt does not bring to light the next one does, or blocks. */
struct err *restore_pg_look_end(struct restore_pg *r, struct err *err)
{
	enum err_class class = err ? err_class_of(err) : ERR_TARGET;

	if (!r->look || !pg_conn_is_alive(r->c) ||
	    (class != ERR_TARGET && class != ERR_STATE))
		return err;
	err_free(err);
	r->out->again = !r->out->blocked;
	return NULL;
}

/* Values of the rows that go, or get others: what later rows refer to. */
static struct err *keep_rows(struct restore_pg *r, struct restore_pg_table *t)
{
	size_t number = (size_t)(t - r->tables);
	struct restore_pg_relation rel;
	struct buf cols = BUF_INIT, on = BUF_INIT;
	struct err *err = restore_pg_relation(r, t->after, &rel);

	for (size_t i = 0; i < rel.n_columns; i++)
		buf_addf(&cols,
			 ", CASE WHEN t.%s IS NOT NULL THEN concat(t.%s) END "
			 "AS %s",
			 rel.columns[i].name, rel.columns[i].name,
			 rel.columns[i].name);
	restore_pg_add_join(&on, r, t, &rel);
	t->was = arena_printf(&r->arena, "pg_temp.git_migrate_was_%zu", number);
	if (!err)
		err = restore_pg_exec(
			r,
			"DROP TABLE IF EXISTS %s; CREATE TEMPORARY TABLE "
			"git_migrate_was_%zu ON COMMIT DROP AS SELECT l.n AS "
			"git_migrate_n, l.op AS git_migrate_op%s FROM %s l "
			"JOIN ONLY %s t ON %s WHERE l.op <> '-'",
			t->was, number, buf_str(&cols), t->temp, t->after,
			buf_str(&on));
	buf_release(&cols);
	buf_release(&on);
	return err;
}

/* Without a key: what lies elsewhere behind the restore was put there. */
static struct err *keep_places(struct restore_pg *r, struct restore_pg_table *t)
{
	size_t number = (size_t)(t - r->tables);

	t->were =
		arena_printf(&r->arena, "pg_temp.git_migrate_were_%zu", number);
	return restore_pg_exec(r,
			       "DROP TABLE IF EXISTS %s; CREATE TEMPORARY "
			       "TABLE git_migrate_were_%zu ON COMMIT DROP AS "
			       "SELECT ctid AS at FROM ONLY %s; ANALYZE %s",
			       t->were, number, t->after, t->were);
}

struct err *restore_pg_look_rows(struct restore_pg *r)
{
	struct err *err = NULL;

	if (!r->look)
		return NULL;
	r->adjust = true; /* what is dropped has to come back */
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		struct restore_pg_table *t = &r->tables[i];

		if (t->temp && t->lines->n_keys &&
		    (t->lines->inserted || t->lines->updated))
			err = keep_rows(r, t);
		else if (t->temp && !t->lines->n_keys &&
			 t->way == RESTORE_PG_PLACE)
			err = keep_places(r, t);
	}
	return err;
}

/* Keys to it and from it, also those of what it is a partition of; what is
 * unique but its key; checks; NOT NULL. */
static const char drops_sql[] =
	"WITH o (oid) AS (SELECT to_regclass($1)::oid),"
	" f (oid) AS (SELECT oid FROM o UNION SELECT relid::oid FROM o,"
	" pg_partition_ancestors(o.oid) AS a (relid))"
	" SELECT sql FROM (SELECT 1, format('ALTER TABLE %s DROP CONSTRAINT"
	" %I', k.conrelid::regclass, k.conname) FROM pg_constraint k"
	" WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN"
	" (SELECT oid FROM f) OR k.confrelid IN (SELECT oid FROM f))"
	" UNION ALL SELECT 2, format('ALTER TABLE %s DROP CONSTRAINT %I"
	" CASCADE', k.conrelid::regclass, k.conname) FROM pg_constraint k, o"
	" WHERE k.contype IN ('u', 'c') AND k.conrelid = o.oid"
	" UNION ALL SELECT 2, format('DROP INDEX %s CASCADE',"
	" i.indexrelid::regclass) FROM pg_index i, o WHERE i.indrelid = o.oid"
	" AND i.indisunique AND NOT i.indisprimary AND NOT EXISTS (SELECT FROM"
	" pg_constraint k WHERE k.conindid = i.indexrelid)"
	" UNION ALL SELECT 3, format('ALTER TABLE %s ALTER COLUMN %I DROP NOT"
	" NULL', o.oid::regclass, a.attname) FROM pg_attribute a, o"
	" WHERE a.attrelid = o.oid AND a.attnotnull AND a.attnum > 0"
	" AND NOT a.attisdropped AND a.attidentity = '' AND NOT EXISTS (SELECT"
	" FROM pg_index i WHERE i.indrelid = o.oid AND i.indisprimary"
	" AND a.attnum = ANY (i.indkey))) AS x (at, sql) ORDER BY at";

static struct err *drop_one(void *payload, int n, const struct pg_cell *cell)
{
	struct restore_pg *r = payload;
	bool refused;

	(void)n;
	/* one that stays is found by the statement that it stops */
	return restore_pg_try(r, cell[0].s, NULL, &refused, NULL);
}

struct err *restore_pg_look_open(struct restore_pg *r)
{
	struct err *err = NULL;

	for (size_t i = 0; r->look && i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];
		struct pg_arg arg = pg_text(t->before);

		if (t->lines && t->way == RESTORE_PG_PLACE)
			err = pg_query(r->c, drops_sql, &arg, 1, drop_one, r);
	}
	return err;
}
