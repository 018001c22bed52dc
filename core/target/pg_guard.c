#include <stdlib.h>

#include "base/text.h"
#include "base/util.h"
#include "target/pg_driver.h"

/*
 * A migration may not change the journal's own tables. What it ran is not
 * read for that (a function or a trigger may have done it): the server knows
 * which tables the transaction has locked for writing, and keeps those locks
 * to its end. Asked behind the statements and before the journal's own rows
 * are written, they are the migration's.
 *
 * What is changed without such a lock (functions, types, privileges) has a row
 * in the catalogs that the transaction has written: what belongs to the schema
 * is found by pg_depend, which has an index for that.
 *
 * Where the transaction has made the journal, or written to it before, the
 * locks are ours as well. There the catalog's rows and the number of rows
 * written are compared with what they were before the first statement.
 */

/* Whatever belongs to the schema; n is its row. */
#define BELONGS                                                     \
	"FROM pg_catalog.pg_depend d "                              \
	"LEFT JOIN pg_catalog.pg_proc p ON p.oid = d.objid "        \
	"AND d.classid = 'pg_catalog.pg_proc'::regclass "           \
	"LEFT JOIN pg_catalog.pg_class c ON c.oid = d.objid "       \
	"AND d.classid = 'pg_catalog.pg_class'::regclass "          \
	"LEFT JOIN pg_catalog.pg_type t ON t.oid = d.objid "        \
	"AND d.classid = 'pg_catalog.pg_type'::regclass "           \
	"WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass " \
	"AND d.refobjid = n.oid"

/* SELECT ... FOR UPDATE, VACUUM and ANALYZE change nothing; what was dropped
 * is found by its absence. The last cell: something may have been made there,
 * or replaced. */
#define LOCKED                                                            \
	"SELECT string_agg(DISTINCT c.relname, ', '), "                   \
	"EXISTS (SELECT FROM unnest(ARRAY['history', 'meta', 'ledger', "  \
	"'current', 'texts', 'dependencies', 'progress', 'migrations']) " \
	"AS ours WHERE to_regclass($1 || '.' || ours) IS NULL), "         \
	"(SELECT least(age(n.xmin), (SELECT min(age(d.xmin)) "            \
	"FROM pg_catalog.pg_depend d "                                    \
	"WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass "       \
	"AND d.refobjid = n.oid)) <= 0 FROM pg_catalog.pg_namespace n "   \
	"WHERE n.oid = to_regnamespace($1)) "                             \
	"FROM pg_catalog.pg_locks l "                                     \
	"JOIN pg_catalog.pg_class c ON c.oid = l.relation "               \
	"AND c.relkind <> 'i' "                                           \
	"AND c.relnamespace = to_regnamespace($1) "                       \
	"WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' "     \
	"AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', "          \
	"'ShareUpdateExclusiveLock')"

/* A row that is seen and whose writer has not ended is our own, be it of a
 * savepoint (whose number is higher than the transaction's). */
#define REPLACED                                                      \
	"SELECT string_agg(DISTINCT CASE WHEN age(n.xmin) <= 0 "      \
	"THEN 'the schema itself' "                                   \
	"ELSE pg_describe_object(d.classid, d.objid, 0) END, ', ') "  \
	"FROM pg_catalog.pg_namespace n, LATERAL (SELECT d.classid, " \
	"d.objid, ARRAY[n.xmin, d.xmin, p.xmin, c.xmin, t.xmin] "     \
	"AS xmins " BELONGS ") d "                                    \
	"WHERE n.oid = to_regnamespace($1) AND EXISTS (SELECT FROM "  \
	"unnest(d.xmins) AS x WHERE age(x) <= 0 "                     \
	"AND txid_status(txid_current() - age(x)) = 'in progress')"

#define PRINT                                                             \
	"SELECT concat_ws(' ', "                                          \
	"(SELECT sum(pg_stat_get_xact_tuples_inserted(c.oid) + "          \
	"pg_stat_get_xact_tuples_updated(c.oid) + "                       \
	"pg_stat_get_xact_tuples_deleted(c.oid)) "                        \
	"FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid), "      \
	"(SELECT string_agg(c.oid || '@' || c.ctid, ' ' ORDER BY c.oid) " \
	"FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid), "      \
	"(SELECT string_agg(t.oid || '@' || t.ctid, ' ' ORDER BY t.oid) " \
	"FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c "        \
	"ON c.oid = t.tgrelid WHERE c.relnamespace = n.oid), "            \
	"(SELECT string_agg(a.attrelid || '@' || a.ctid, ' ' "            \
	"ORDER BY a.attrelid, a.attnum) "                                 \
	"FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c "      \
	"ON c.oid = a.attrelid WHERE c.relnamespace = n.oid), "           \
	"n.ctid, (SELECT string_agg(concat_ws('@', d.objid, d.ctid, "     \
	"p.ctid, t.ctid), ' ' ORDER BY d.objid, d.ctid) " BELONGS ")) "   \
	"FROM pg_catalog.pg_namespace n WHERE n.oid = to_regnamespace($1)"

struct found {
	char *text;
	bool missing;
	bool newer; /* rows of the catalog that may be the transaction's */
};

static struct err *take(void *payload, int n, const struct pg_cell *cell)
{
	struct found *f = payload;

	if (cell[0].s) {
		free(f->text);
		f->text = xstrdup(cell[0].s);
	}
	if (n == 3) {
		f->missing = cell[1].s && cell[1].s[0] == 't';
		f->newer = cell[2].s && cell[2].s[0] == 't';
	}
	return NULL;
}

/* The schema's name as SQL writes it. */
static void add_schema(struct buf *out, const struct pg_target *t)
{
	pg_add_name(out, t->journal);
}

static struct err *fingerprint(struct pg_target *t, char **out)
{
	struct found f = { NULL, false, false };
	struct buf schema = BUF_INIT;
	struct pg_arg arg;
	struct err *e;

	add_schema(&schema, t);
	arg = pg_text(buf_str(&schema));
	e = pg_query(t->c, PRINT, &arg, 1, take, &f);
	buf_release(&schema);
	*out = f.text ? f.text : xstrdup("none");
	return e;
}

void pg_target_guard_wrote(struct pg_target *t, const char *sql)
{
	t->wrote |=
		!starts_with(sql, "SELECT") && !starts_with(sql, "SAVEPOINT") &&
		!starts_with(sql, "RELEASE") && !starts_with(sql, "ROLLBACK");
}

void pg_target_guard_begin(struct pg_target *t)
{
	t->wrote = t->opaque = false;
	free(t->before);
	t->before = NULL;
}

struct err *pg_target_guard_run(struct pg_target *t)
{
	return t->wrote && !t->before ? fingerprint(t, &t->before) : NULL;
}

static struct err *refuse(const struct pg_target *t, const char *tables)
{
	char *safe = tables ? text_safe(tables) : NULL;
	struct err *e;

	e = err_new(ERR_TARGET,
		    "a migration may not change the journal in schema "
		    "\"%s\"%s%s",
		    t->journal, safe ? ": " : "", safe ? safe : "");
	free(safe);
	return err_hintf(e, "what is in schema \"%s\" belongs to git-migrate",
			 t->journal);
}

/* The question is sent behind what is queued already. */
struct err *pg_target_guard_check(struct pg_target *t)
{
	struct found f = { NULL, false, false };
	struct buf schema = BUF_INIT;
	struct pg_arg arg;
	struct err *e = NULL;
	char *now = NULL;

	add_schema(&schema, t);
	arg = pg_text(buf_str(&schema));
	if (!t->wrote)
		e = pg_queue(t->c, LOCKED, &arg, 1, take, &f);
	if (!e && !t->wrote && t->opaque)
		e = pg_queue(t->c, REPLACED, &arg, 1, take, &f);
	e = err_first(e, pg_target_flush(t));
	if (!e && f.newer && !t->opaque)
		e = pg_query(t->c, REPLACED, &arg, 1, take, &f);
	buf_release(&schema);
	if (!e && (f.text || (f.missing && t->has_meta)))
		e = refuse(t, f.text);
	if (!e && t->wrote && t->before)
		e = fingerprint(t, &now);
	if (!e && now && !streq(now, t->before))
		e = refuse(t, NULL);
	/* what it left is kept in the journal before the next one starts */
	free(t->before);
	t->before = NULL;
	free(now);
	free(f.text);
	return e;
}
