#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "snapshot/restore_pg.h"
#include "snapshot/restore_pg_form.h"

/*
 * While rows go back nobody else writes and nothing fires: the transaction
 * counts as a replica's, where the role may say so; what would fire all the
 * same is disabled and put back to what it was. Without that right foreign
 * keys are dropped and made again, which also checks them.
 */

/** A trigger or rule that was disabled. */
struct restore_pg_awake {
	const char *table, *name;
	const char *sql; /**< enables it as it was */
	bool rule;
};

static struct err *become_replica(struct restore_pg *r)
{
	int64_t may;
	struct err *err =
		restore_pg_count(r, &may,
				 "SELECT (rolsuper%s)::int FROM pg_roles "
				 "WHERE rolname = current_user",
				 pg_conn_version(r->c) >= 150000
					 ? " OR has_parameter_privilege("
					   "'session_replication_role', 'SET')"
					 : "");

	r->replica = may != 0;
	if (err || !may)
		return err;
	return pg_exec(r->c, "SET LOCAL session_replication_role = replica");
}

static void add_once(struct buf *out, struct map *seen, const char *name)
{
	if (!name || map_has(seen, name))
		return;
	map_put(seen, name, seen);
	buf_addf(out, "%sONLY %s", out->len ? ", " : "", name);
}

static struct err *lock(struct restore_pg *r)
{
	struct map seen = MAP_INIT;
	struct buf list = BUF_INIT;
	struct err *err = NULL;

	for (size_t i = 0; i < r->n_tables; i++)
		add_once(&list, &seen, r->tables[i].after);
	if (list.len)
		err = restore_pg_exec(r,
				      "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE",
				      buf_str(&list));
	map_release(&seen);
	buf_release(&list);
	return err;
}

static struct err *take_awake(void *payload, int n, const struct pg_cell *cell)
{
	struct restore_pg *r = payload;
	struct restore_pg_awake *a;

	(void)n;
	VEC_GROW(r->awake, r->n_awake, r->cap_awake);
	a = &r->awake[r->n_awake++];
	a->table = arena_strdup(&r->arena, cell[0].s);
	a->name = arena_strdup(&r->arena, cell[1].s);
	a->rule = cell[2].s[0] == 't';
	a->sql = arena_printf(&r->arena, "ALTER TABLE %s ENABLE %s%s %s",
			      a->table, cell[3].s, a->rule ? "RULE" : "TRIGGER",
			      a->name);
	return NULL;
}

#define HOW(column)                                    \
	"CASE " column " WHEN 'A' THEN 'ALWAYS ' WHEN" \
	" 'R' THEN 'REPLICA ' ELSE '' END"

static const char awake_sql[] =
	"SELECT $1::text, quote_ident(tgname), false, " HOW(
		"tgenabled") " FROM pg_trigger WHERE tgrelid = to_regclass($1)"
			     " AND NOT tgisinternal AND strpos($2, "
			     "tgenabled::text) > 0"
			     " UNION ALL"
			     " SELECT $1, quote_ident(rulename), true, " HOW(
				     "ev_enabled") " FROM pg_rewrite WHERE "
						   "ev_class = to_regclass($1)"
						   " AND rulename <> '_RETURN' "
						   "AND strpos($2, "
						   "ev_enabled::text) > 0";

struct err *restore_pg_disable(struct restore_pg *r, const char *table)
{
	struct pg_arg args[2] = { pg_text(table),
				  pg_text(r->replica ? "AR" : "OAR") };
	size_t first = r->n_awake;
	struct err *err = pg_query(r->c, awake_sql, args, 2, take_awake, r);

	for (size_t i = first; i < r->n_awake && !err; i++)
		err = restore_pg_exec(r, "ALTER TABLE %s DISABLE %s %s",
				      r->awake[i].table,
				      r->awake[i].rule ? "RULE" : "TRIGGER",
				      r->awake[i].name);
	return err;
}

struct drops {
	struct restore_pg *r;
	struct buf sql;
};

static struct err *take_drop(void *payload, int n, const struct pg_cell *cell)
{
	struct drops *d = payload;

	(void)n;
	buf_addf(&d->sql, "ALTER TABLE %s DROP CONSTRAINT %s; ", cell[0].s,
		 cell[1].s);
	return NULL;
}

static struct err *drop_keys(struct restore_pg *r, const char *table)
{
	struct pg_arg arg = pg_text(table);
	struct drops d = { .r = r };
	struct err *err =
		pg_query(r->c,
			 "SELECT DISTINCT k.conrelid::regclass::text,"
			 " quote_ident(k.conname) FROM pg_constraint k"
			 " WHERE k.contype = 'f' AND k.conparentid = 0"
			 " AND to_regclass($1) IN (k.conrelid, k.confrelid)",
			 &arg, 1, take_drop, &d);

	if (!err && d.sql.len) {
		r->adjust = true;
		err = restore_pg_exec(r, "%s", buf_str(&d.sql));
	}
	buf_release(&d.sql);
	return err;
}

struct err *restore_pg_unhide(struct restore_pg *r, const char *table,
			      bool *hidden)
{
	struct pg_arg arg = pg_text(table);
	int64_t is;
	struct err *err = pg_query_int(
		r->c,
		"SELECT (c.relforcerowsecurity AND NOT a.rolsuper AND NOT"
		" a.rolbypassrls)::int FROM pg_class c, pg_roles a"
		" WHERE c.oid = to_regclass($1) AND a.rolname = current_user",
		&arg, 1, &is);

	*hidden = !err && is;
	if (!*hidden)
		return err;
	return restore_pg_exec(r, "ALTER TABLE %s NO FORCE ROW LEVEL SECURITY",
			       table);
}

struct err *restore_pg_hide(struct restore_pg *r, const char *table)
{
	return restore_pg_exec(r, "ALTER TABLE %s FORCE ROW LEVEL SECURITY",
			       table);
}

struct err *restore_pg_quiet(struct restore_pg *r)
{
	struct err *err = become_replica(r);

	if (!err)
		err = lock(r);
	for (size_t i = 0; i < r->n_tables && !err; i++) {
		const struct restore_pg_table *t = &r->tables[i];
		bool hidden = false;

		if (!t->after)
			continue;
		err = restore_pg_unhide(r, t->after, &hidden);
		r->adjust |= hidden;
		if (!t->lines || t->way == RESTORE_PG_REMOVE)
			continue;
		if (!err)
			err = restore_pg_disable(r, t->after);
		if (!err && !r->replica)
			err = drop_keys(r, t->after);
	}
	return err;
}

/* What was made anew since has what its text says. */
static struct err *is_there(struct restore_pg *r,
			    const struct restore_pg_awake *a, int64_t *there)
{
	struct pg_arg args[2] = { pg_text(a->table), pg_text(a->name) };

	return pg_query_int(
		r->c,
		a->rule ? "SELECT count(*) FROM pg_rewrite WHERE ev_class ="
			  " to_regclass($1) AND quote_ident(rulename) = $2"
			: "SELECT count(*) FROM pg_trigger WHERE tgrelid ="
			  " to_regclass($1) AND quote_ident(tgname) = $2",
		args, 2, there);
}

struct err *restore_pg_loud(struct restore_pg *r)
{
	struct err *err = NULL;
	int64_t there;

	for (size_t i = 0; i < r->n_awake && !err; i++) {
		err = is_there(r, &r->awake[i], &there);
		if (!err && there)
			err = restore_pg_exec(r, "%s", r->awake[i].sql);
	}
	return err;
}
