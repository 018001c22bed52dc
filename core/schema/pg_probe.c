#include "schema/pg_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/*
 * What has the open transaction changed? Three things tell together:
 *
 * - the session's own counts of changed rows, for each catalog
 *   (pg_stat_get_xact_tuples_*). Nothing counted = nothing changed;
 * - its locks: whatever is dropped, altered, commented on or hung upon
 *   something is locked until the end of the transaction;
 * - oids above the highest of the last reading: what is new.
 *
 * GRANT and CREATE OR REPLACE FUNCTION and their like lock nothing: they
 * update rows of pg_class, pg_attribute, pg_type and pg_proc. Where more rows
 * of these were updated than the other signs explain, they are scanned for
 * rows of this transaction: xmin not older than its id (subtransactions have
 * later ones). Small catalogs are read again as a whole.
 */
struct probe {
	struct schema_pg *pg;
	struct pg_read *r;
	struct pg_counts now, since; /* since: the difference */
	bool known_since;            /* else everything may have changed */
	bool everything, domains;
	unsigned max_relation, max_type, max_routine;
	int64_t new_relations, updates, column_updates; /* what is explained */
	int64_t new_types, new_routines;
	struct pg_some renames;
};

/* Catalogs whose objects are read as a whole when one has changed. */
static const struct {
	unsigned catalog, class_oid;
} wholes[] = {
	{ PG_NAMESPACE, PG_NAMESPACE },
	{ PG_EVENT_TRIGGER, PG_EVENT_TRIGGER },
	{ PG_LANGUAGE, PG_LANGUAGE },
	{ PG_AM, PG_AM },
	{ PG_CAST, PG_CAST },
	{ PG_TRANSFORM, PG_TRANSFORM },
	{ PG_DEFAULT_ACL, PG_DEFAULT_ACL },
	{ PG_PUBLICATION, PG_PUBLICATION },
	{ 6106, PG_PUBLICATION }, /* pg_publication_rel */
	{ 6237, PG_PUBLICATION }, /* pg_publication_namespace */
	{ PG_SUBSCRIPTION, PG_SUBSCRIPTION },
	{ PG_FDW, PG_FDW },
	{ PG_SERVER, PG_SERVER },
	{ PG_USER_MAPPING, PG_USER_MAPPING },
	{ PG_COLLATION, PG_COLLATION },
	{ PG_CONVERSION, PG_CONVERSION },
	{ PG_TS_CONFIG, PG_TS_CONFIG },
	{ 3603, PG_TS_CONFIG }, /* pg_ts_config_map */
	{ PG_TS_DICT, PG_TS_DICT },
	{ PG_TS_PARSER, PG_TS_PARSER },
	{ PG_TS_TEMPLATE, PG_TS_TEMPLATE },
	{ PG_OPERATOR, PG_OPERATOR },
	{ PG_OPCLASS, PG_OPCLASS },
	{ PG_OPFAMILY, PG_OPFAMILY },
	{ 2602, PG_OPFAMILY }, /* pg_amop */
	{ 2602, PG_OPCLASS },
	{ 2603, PG_OPFAMILY }, /* pg_amproc */
	{ 2603, PG_OPCLASS },
};

enum {
	PG_ATTRIBUTE = 1249,
	PG_DESCRIPTION = 2609,
	PG_ENUM = 3501,
	PG_AUTHID = 1260,
	PG_DATABASE = 1262,
	PG_TABLESPACE = 1213,
	PG_DB_ROLE_SETTING = 2964,
	PG_SECLABEL = 3596,
	PG_SHSECLABEL = 3592,
};

/* --- counts --- */

/* A row with the transaction, then one for each catalog with a count. */
static const char counts_sql[] =
	"SELECT '0', pg_backend_pid() || ' ' || extract(epoch FROM now()),"
	" txid_current_if_assigned()::text, current_setting('track_counts')"
	" UNION ALL SELECT o::text, i::text, u::text, d::text FROM (SELECT o,"
	" pg_stat_get_xact_tuples_inserted(o) AS i,"
	" pg_stat_get_xact_tuples_updated(o) AS u,"
	" pg_stat_get_xact_tuples_deleted(o) AS d FROM unnest('{1259,1249,1247,"
	"1255,2606,2620,3381,3501,2224,2609,2615,3079,3466,2612,2601,2605,3576,"
	"826,6104,6106,6237,6100,2328,1417,1418,3456,2607,3602,3603,3600,3601,"
	"3764,2617,2616,2753,2602,2603,1260,1262,1213,2964,3596,3592,2604,2618,"
	"3256,2610,2611,2608,3118,3350,3541,2600,3394}'::oid[]) o) c"
	" WHERE i > 0 OR u > 0 OR d > 0";

static struct err *take_count(void *payload, int n, const struct pg_cell *cell)
{
	struct pg_counts *c = payload;
	struct pg_count *count;

	(void)n;
	if (streq(cell[0].s, "0")) {
		memset(c, 0, sizeof(*c));
		strncpy(c->transaction, cell[1].s, sizeof(c->transaction) - 1);
		if (cell[2].s)
			strncpy(c->xid, cell[2].s, sizeof(c->xid) - 1);
		c->counted = streq(cell[3].s, "on");
	} else if (c->n < PG_COUNTS) {
		count = &c->counts[c->n++];
		count->catalog = pg_cell_oid(&cell[0]);
		count->inserted = strtoll(cell[1].s, NULL, 10);
		count->updated = strtoll(cell[2].s, NULL, 10);
		count->deleted = strtoll(cell[3].s, NULL, 10);
	}
	return NULL;
}

struct err *pg_probe_baseline(struct schema_pg *pg, struct pg_conn *c)
{
	return pg_queue(c, counts_sql, NULL, 0, take_count, &pg->counts);
}

static const struct pg_count *count_of(const struct pg_counts *c,
				       unsigned catalog)
{
	static const struct pg_count none;

	for (size_t i = 0; i < c->n; i++)
		if (c->counts[i].catalog == catalog)
			return &c->counts[i];
	return &none;
}

/* Since the last reading, or the start of the transaction. */
static void subtract(struct probe *p)
{
	const struct pg_counts *base = &p->pg->counts;

	p->since = p->now;
	p->known_since = streq(base->transaction, p->now.transaction) &&
			 base->counted && p->now.counted;
	for (size_t i = 0; p->known_since && i < p->since.n; i++) {
		struct pg_count *c = &p->since.counts[i];
		const struct pg_count *b = count_of(base, c->catalog);

		c->inserted -= b->inserted;
		c->updated -= b->updated;
		c->deleted -= b->deleted;
	}
}

static int64_t inserted(const struct probe *p, unsigned catalog)
{
	return count_of(&p->since, catalog)->inserted;
}

static int64_t updated(const struct probe *p, unsigned catalog)
{
	return count_of(&p->since, catalog)->updated;
}

static bool changed(const struct probe *p, unsigned catalog)
{
	const struct pg_count *c = count_of(&p->since, catalog);

	return c->inserted || c->updated || c->deleted || !p->now.counted;
}

static bool anything_changed(const struct probe *p)
{
	if (!*p->now.xid)
		return false;
	if (!p->now.counted)
		return true;
	for (size_t i = 0; i < p->since.n; i++)
		if (changed(p, p->since.counts[i].catalog))
			return true;
	return false;
}

/* --- relations --- */

/*
 * Relations that are new or locked: $1 the highest oid of the last reading.
 * Of an index and an identity column's sequence the table is what is read.
 * The last two cells count updates that must have been: of pg_class where
 * there is a TOAST table, a check, a trigger or a rule; of pg_attribute for
 * each default; an older row of this transaction has been updated once.
 */
/* clang-format off */
#define LOCKS(type, column) \
	"SELECT l." column " FROM pg_locks l WHERE l.pid = pg_backend_pid()" \
	" AND l.locktype = '" type "' AND l.mode NOT IN ('AccessShareLock'," \
	" 'RowShareLock', 'RowExclusiveLock') AND l.database = (SELECT oid" \
	" FROM pg_database WHERE datname = current_database())"

#define RELATIONS(new_, where) \
	"SELECT c.oid, c.relkind, CASE WHEN c.relkind IN ('i', 'I') THEN" \
	" (SELECT x.indrelid FROM pg_index x WHERE x.indexrelid = c.oid)" \
	" WHEN c.relkind = 'S' THEN (SELECT d.refobjid FROM pg_depend d" \
	" WHERE d.classid = 1259 AND d.objid = c.oid AND d.refclassid = 1259" \
	" AND d.deptype = 'i') WHEN c.relkind = 'c' THEN c.reltype END," \
	" n.nspname, c.relname, " new_ ", c.relhasindex, c.relhastriggers," \
	" c.relhasrules, c.relacl IS NOT NULL, CASE WHEN " new_ " THEN" \
	" (c.reltoastrelid <> 0)::int + (c.relchecks > 0)::int +" \
	" c.relhastriggers::int + (c.relhasrules)::int ELSE" \
	" (age(c.xmin) <= 0)::int END, (SELECT string_agg(a.attnum || CASE" \
	" WHEN a.atthasdef THEN 'd' ELSE '' END, ' ') FROM pg_attribute a" \
	" WHERE a.attrelid = c.oid AND a.attnum > 0 AND age(a.xmin) <= 0)" \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.relkind <> 't' AND " where

static const char relations_sql[] =
	RELATIONS("true", "c.oid > $1") " UNION ALL " RELATIONS("false",
	"c.oid <= $1 AND c.oid = ANY (ARRAY(" LOCKS("relation", "relation")
	"))");

/* ... those too whose rows are of this transaction. */
static const char scan_sql[] =
	RELATIONS("c.oid > $1", "c.oid = ANY (ARRAY("
	"SELECT oid FROM pg_class WHERE age(xmin) <= 0 UNION SELECT attrelid"
	" FROM pg_attribute WHERE age(xmin) <= 0 UNION " LOCKS("relation",
	"relation") "))");

/* Locked objects: relations, too, which may be gone; then what a locked part
 * of one belongs to. */
#define STRONG(type) \
	" FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype = '" \
	type "' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'," \
	" 'RowExclusiveLock')"

static const char locks_sql[] =
	"WITH o AS MATERIALIZED (SELECT l.classid AS class, l.objid AS oid"
	STRONG("object") ") SELECT 1259, l.relation" STRONG("relation")
	" AND l.relation >= 16384 UNION ALL SELECT o.class, o.oid FROM o"
	" UNION ALL SELECT 0, p.rel FROM o CROSS JOIN LATERAL (SELECT"
	" conrelid AS rel FROM pg_constraint WHERE o.class = 2606"
	" AND oid = o.oid UNION ALL SELECT tgrelid FROM pg_trigger WHERE"
	" o.class = 2620 AND oid = o.oid UNION ALL SELECT ev_class FROM"
	" pg_rewrite WHERE o.class = 2618 AND oid = o.oid UNION ALL SELECT"
	" polrelid FROM pg_policy WHERE o.class = 3256 AND oid = o.oid"
	" UNION ALL SELECT stxrelid FROM pg_statistic_ext WHERE o.class ="
	" 3381 AND oid = o.oid) p";

/* New types and routines; the highest oids; how many new relations there are
 * of any kind. */
static const char new_sql[] =
	"SELECT 1247, t.oid, t.typtype NOT IN ('c', 'b', 'm') OR (t.typtype ="
	" 'b' AND t.typcategory <> 'A') FROM pg_type t WHERE t.oid > $2"
	" UNION ALL SELECT 1255, p.oid, true FROM pg_proc p WHERE p.oid > $3"
	" UNION ALL SELECT 5, k.contypid, true FROM pg_constraint k"
	" WHERE k.contypid > 0 AND age(k.xmin) <= 0"
	" UNION ALL SELECT 1, max(oid), NULL FROM pg_class"
	" UNION ALL SELECT 2, max(oid), NULL FROM pg_type"
	" UNION ALL SELECT 3, max(oid), NULL FROM pg_proc"
	" UNION ALL SELECT 4, count(*)::oid, NULL FROM pg_class"
	" WHERE oid > $1";

static const char maxima_sql[] =
	"SELECT 1, max(oid), NULL FROM pg_class UNION ALL SELECT 2, max(oid),"
	" NULL FROM pg_type UNION ALL SELECT 3, max(oid), NULL FROM pg_proc";

/* Rows of this transaction where nothing else tells. */
static const char routines_sql[] =
	"SELECT 1255, oid, true FROM pg_proc WHERE age(xmin) <= 0";
static const char types_sql[] =
	"SELECT 1247, oid, true FROM pg_type WHERE age(xmin) <= 0"
	" UNION SELECT 1247, enumtypid, true FROM pg_enum"
	" WHERE age(xmin) <= 0";
static const char statistics_sql[] =
	"SELECT 1259, stxrelid FROM pg_statistic_ext WHERE age(xmin) <= 0";

/* What depends on the relations $1 or on their row types: as what is read. */
static const char dependents_sql[] =
	"WITH r AS (SELECT 1259::oid AS class, u AS oid FROM"
	" unnest($1::oid[]) u UNION ALL SELECT 1247, t.oid FROM pg_type t"
	" WHERE t.typrelid = ANY ($1) UNION ALL SELECT 1247, t.typarray FROM"
	" pg_type t WHERE t.typrelid = ANY ($1)), q AS (SELECT CASE d.classid"
	" WHEN 2604 THEN 1259 WHEN 2606 THEN CASE WHEN k.conrelid <> 0 THEN"
	" 1259 ELSE 1247 END WHEN 2618 THEN 1259 WHEN 2620 THEN 1259 WHEN 3256"
	" THEN 1259 WHEN 3381 THEN 1259 WHEN 6106 THEN 6104 ELSE d.classid END"
	" AS class, CASE d.classid WHEN 2604 THEN ad.adrelid WHEN 2606 THEN"
	" CASE WHEN k.conrelid <> 0 THEN k.conrelid ELSE k.contypid END WHEN"
	" 2618 THEN rw.ev_class WHEN 2620 THEN tg.tgrelid WHEN 3256 THEN"
	" po.polrelid WHEN 3381 THEN st.stxrelid ELSE d.objid END AS oid"
	" FROM r JOIN pg_depend d ON d.refclassid = r.class"
	" AND d.refobjid = r.oid"
	" LEFT JOIN pg_attrdef ad ON d.classid = 2604 AND ad.oid = d.objid"
	" LEFT JOIN pg_constraint k ON d.classid = 2606 AND k.oid = d.objid"
	" LEFT JOIN pg_rewrite rw ON d.classid = 2618 AND rw.oid = d.objid"
	" LEFT JOIN pg_trigger tg ON d.classid = 2620 AND tg.oid = d.objid"
	" LEFT JOIN pg_policy po ON d.classid = 3256 AND po.oid = d.objid"
	" LEFT JOIN pg_statistic_ext st ON d.classid = 3381"
	" AND st.oid = d.objid UNION SELECT 1259, i.inhrelid"
	" FROM pg_inherits i WHERE i.inhparent = ANY ($1))"
	" SELECT DISTINCT CASE c.relkind WHEN 'c' THEN 1247 ELSE q.class END,"
	" CASE WHEN c.relkind IN ('i', 'I') THEN x.indrelid WHEN c.relkind ="
	" 'c' THEN c.reltype WHEN c.relkind = 'S' THEN coalesce((SELECT"
	" d.refobjid FROM pg_depend d WHERE d.classid = 1259 AND d.objid ="
	" c.oid AND d.refclassid = 1259 AND d.deptype = 'i'), c.oid)"
	" ELSE q.oid END FROM q LEFT JOIN pg_class c ON q.class = 1259"
	" AND c.oid = q.oid LEFT JOIN pg_index x ON x.indexrelid = c.oid";
/* clang-format on */

/* Whatever a relation is, and whatever hangs on it. */
#define ON_RELATIONS                                                      \
	(PG_NEED_TABLE | PG_NEED_SEQUENCE | PG_NEED_VIEW |                \
	 PG_NEED_MATERIALIZED_VIEW | PG_NEED_INDEX | PG_NEED_STATISTICS | \
	 PG_NEED_TRIGGER | PG_NEED_RULE | PG_NEED_POLICY | PG_NEED_SHARED)

static void want(struct probe *p, unsigned needs)
{
	p->r->needs |= needs;
}

/* A relation is read by its kind, with what hangs on it. */
static void want_relation(struct probe *p, const struct pg_cell *cell)
{
	char kind = *cell[1].s;

	if (kind == 'r' || kind == 'p' || kind == 'f' || kind == 'i' ||
	    kind == 'I')
		want(p, PG_NEED_TABLE);
	if (kind == 'S')
		want(p, cell[2].s ? PG_NEED_TABLE : PG_NEED_SEQUENCE);
	if (kind == 'v')
		want(p, PG_NEED_VIEW);
	if (kind == 'm')
		want(p, PG_NEED_MATERIALIZED_VIEW);
	if (kind == 'i' || kind == 'I' || *cell[6].s == 't')
		want(p, PG_NEED_INDEX);
	if (*cell[7].s == 't')
		want(p, PG_NEED_TRIGGER);
	if (*cell[8].s == 't')
		want(p, PG_NEED_RULE);
}

/* Columns whose rows are of this transaction: updates that must have been,
 * and whether an older one may have another name. */
static int64_t count_columns(const char *list, unsigned known, bool *older)
{
	int64_t n = 0;
	char *end;

	for (const char *s = list; s && *s; s = *end ? end + 1 : end) {
		unsigned long at = strtoul(s, &end, 10);
		bool has_default = *end == 'd';

		end += has_default;
		if (at <= known) {
			*older = true;
			n++;
		} else {
			n += has_default;
		}
	}
	return n;
}

static void note_existing(struct probe *p, const struct pg_cell *cell,
			  bool older)
{
	unsigned oid = pg_cell_oid(&cell[0]);
	const struct pg_known *k = schema_pg_known(p->pg, PG_CLASS, oid);
	struct buf name = BUF_INIT;

	want(p, PG_NEED_TRIGGER | PG_NEED_STATISTICS | PG_NEED_POLICY |
			PG_NEED_SHARED);
	pg_add_display(&name, cell[3].s, cell[4].s);
	/* an identity column's sequence and a key's index are not known */
	if (!k || !streq(k->object->name, buf_str(&name)) || older)
		pg_some_add(&p->renames, oid);
	buf_release(&name);
}

static struct err *take_relation(void *payload, int n,
				 const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned oid = pg_cell_oid(&cell[0]), base = pg_cell_oid(&cell[2]);
	bool is_new = *cell[5].s == 't', older = false;
	const struct pg_known *k = schema_pg_known(p->pg, PG_CLASS, oid);

	(void)n;
	p->updates += strtoll(cell[10].s, NULL, 10);
	p->column_updates += count_columns(cell[11].s,
					   is_new            ? 0
					   : k && k->columns ? k->columns
							     : 65535,
					   &older);
	if (*cell[1].s == 'c') {
		pg_some_add(pg_some_of(p->r, PG_TYPE), base);
		if (!is_new)
			pg_some_add(&p->renames, oid);
		return NULL;
	}
	pg_some_add(pg_some_of(p->r, PG_CLASS), oid);
	if (base)
		pg_some_add(pg_some_of(p->r, PG_CLASS), base);
	want_relation(p, cell);
	if (*cell[9].s == 't')
		want(p, PG_NEED_SHARED);
	if (!is_new)
		note_existing(p, cell, older);
	return NULL;
}

/* A locked object may be one that is gone. */
static struct err *take_lock(void *payload, int n, const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned class_oid = pg_cell_oid(&cell[0]);
	unsigned oid = pg_cell_oid(&cell[1]);
	const struct pg_known *k = schema_pg_known(p->pg, class_oid, oid);

	(void)n;
	if (!class_oid) {
		pg_some_add(pg_some_of(p->r, PG_CLASS), oid);
		want(p, ON_RELATIONS);
		return NULL;
	}
	if (class_oid == PG_CONSTRAINT) {
		p->domains = true;
		want(p, PG_NEED_SHARED);
	}
	if (class_oid == PG_CLASS || class_oid == PG_TYPE ||
	    class_oid == PG_PROC)
		pg_some_add(pg_some_of(p->r, class_oid), oid);
	if (class_oid == PG_TYPE || class_oid == PG_PROC)
		want(p, PG_NEED_SHARED);
	if (k && k->rel && class_oid != PG_CLASS) {
		pg_some_add(pg_some_of(p->r, PG_CLASS), k->rel);
		want(p, ON_RELATIONS);
	}
	for (size_t i = 0; i < ARRAY_LEN(wholes); i++)
		if (wholes[i].class_oid == class_oid && k) {
			pg_some_of(p->r, class_oid)->whole = true;
			want(p, PG_NEED_SHARED);
		}
	return NULL;
}

static struct err *take_new(void *payload, int n, const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned what = pg_cell_oid(&cell[0]), oid = pg_cell_oid(&cell[1]);

	(void)n;
	if (what == 1)
		p->max_relation = oid;
	else if (what == 2)
		p->max_type = oid;
	else if (what == 3)
		p->max_routine = oid;
	else if (what == 4)
		p->new_relations = oid;
	else if (what == 5)
		pg_some_add(pg_some_of(p->r, PG_TYPE), oid);
	else if (*cell[2].s == 't')
		pg_some_add(pg_some_of(p->r, what), oid);
	p->new_types += what == PG_TYPE;
	p->new_routines += what == PG_PROC;
	return NULL;
}

/* --- the rounds --- */

static struct err *ask_counts(struct probe *p)
{
	struct err *e =
		pg_queue(p->r->conn, counts_sql, NULL, 0, take_count, &p->now);

	return e ? e : pg_flush(p->r->conn);
}

static struct err *ask_first(struct probe *p)
{
	char relation[16], type[16], routine[16];
	struct pg_arg args[3] = { pg_text(relation), pg_text(type),
				  pg_text(routine) };
	struct err *e;

	snprintf(relation, sizeof(relation), "%u", p->pg->max_relation);
	snprintf(type, sizeof(type), "%u", p->pg->max_type);
	snprintf(routine, sizeof(routine), "%u", p->pg->max_routine);
	e = pg_queue(p->r->conn, relations_sql, args, 1, take_relation, p);
	if (!e)
		e = pg_queue(p->r->conn, locks_sql, NULL, 0, take_lock, p);
	if (!e)
		e = pg_queue(p->r->conn, new_sql, args, 3, take_new, p);
	return e ? e : pg_flush(p->r->conn);
}

static struct err *take_two(void *payload, int n, const struct pg_cell *cell)
{
	struct probe *p = payload;

	(void)n;
	pg_some_add(pg_some_of(p->r, pg_cell_oid(&cell[0])),
		    pg_cell_oid(&cell[1]));
	want(p, ON_RELATIONS);
	return NULL;
}

/* What the signs do not explain is looked for in the catalogs. */
static struct err *ask_scans(struct probe *p)
{
	char relation[16];
	struct pg_arg arg = pg_text(relation);
	struct err *e = NULL;
	bool relations = !p->known_since ||
			 inserted(p, PG_CLASS) != p->new_relations ||
			 updated(p, PG_CLASS) != p->updates ||
			 updated(p, PG_ATTRIBUTE) != p->column_updates;

	snprintf(relation, sizeof(relation), "%u", p->pg->max_relation);
	if (relations) {
		want(p, PG_NEED_SHARED);
		e = pg_queue(p->r->conn, scan_sql, &arg, 1, take_relation, p);
	}
	if (!e && (!p->known_since || updated(p, PG_PROC) ||
		   inserted(p, PG_PROC) != p->new_routines)) {
		want(p, PG_NEED_SHARED);
		e = pg_queue(p->r->conn, routines_sql, NULL, 0, take_new, p);
	}
	if (!e &&
	    (!p->known_since || updated(p, PG_TYPE) || changed(p, PG_ENUM) ||
	     inserted(p, PG_TYPE) != p->new_types)) {
		want(p, PG_NEED_SHARED);
		e = pg_queue(p->r->conn, types_sql, NULL, 0, take_new, p);
	}
	if (!e && changed(p, PG_STATISTIC_EXT))
		e = pg_queue(p->r->conn, statistics_sql, NULL, 0, take_two, p);
	return e ? e : pg_flush(p->r->conn);
}

static struct err *take_dependent(void *payload, int n,
				  const struct pg_cell *cell)
{
	struct probe *p = payload;
	unsigned class_oid = pg_cell_oid(&cell[0]);
	unsigned oid = pg_cell_oid(&cell[1]);
	struct pg_some *some = pg_some_of(p->r, class_oid);

	(void)n;
	pg_some_add(some, oid);
	if (class_oid != PG_CLASS && class_oid != PG_TYPE &&
	    class_oid != PG_PROC)
		some->whole = true;
	return NULL;
}

/* What names a relation has another text when that has another name. */
static struct err *ask_dependents(struct probe *p)
{
	struct buf oids = BUF_INIT;
	struct pg_arg arg;
	struct err *e;

	if (!p->renames.n)
		return NULL;
	for (size_t i = 0; i < p->renames.n; i++)
		buf_addf(&oids, "%c%u", i ? ',' : '{', p->renames.oids[i]);
	buf_addch(&oids, '}');
	arg = pg_text(buf_str(&oids));
	want(p, ON_RELATIONS);
	e = pg_queue(p->r->conn, dependents_sql, &arg, 1, take_dependent, p);
	if (!e)
		e = pg_flush(p->r->conn);
	buf_release(&oids);
	return e;
}

/* --- what follows from the counts --- */

static void judge(struct probe *p)
{
	/* names of roles, tablespaces, the database's owner: in any text */
	p->everything = updated(p, PG_AUTHID) || updated(p, PG_DATABASE) ||
			updated(p, PG_TABLESPACE) || changed(p, PG_EXTENSION) ||
			updated(p, PG_ENUM);
	for (size_t i = 0; i < ARRAY_LEN(wholes); i++) {
		if (!changed(p, wholes[i].catalog))
			continue;
		pg_some_of(p->r, wholes[i].class_oid)->whole = true;
		want(p, PG_NEED_SHARED);
	}
	if (changed(p, PG_DB_ROLE_SETTING) || changed(p, PG_SECLABEL) ||
	    changed(p, PG_SHSECLABEL) || updated(p, PG_TRIGGER) ||
	    updated(p, PG_CLASS) > p->updates || updated(p, PG_PROC) ||
	    updated(p, PG_TYPE) || p->pg->has_unrepresented)
		want(p, PG_NEED_UNREPRESENTED);
	if (changed(p, PG_DESCRIPTION) || p->pg->has_default_privileges ||
	    p->pg->has_extension)
		want(p, PG_NEED_SHARED);
	if (changed(p, PG_TRIGGER))
		want(p, PG_NEED_TRIGGER);
	if (changed(p, PG_POLICY))
		want(p, PG_NEED_POLICY);
	if (changed(p, PG_REWRITE))
		want(p, PG_NEED_RULE);
	if (changed(p, PG_STATISTIC_EXT))
		want(p, PG_NEED_STATISTICS);
}

/* A constraint of a domain that is gone: whose it was is not known. */
static void add_domains(struct probe *p)
{
	for (size_t i = 0; p->domains && i < p->pg->n; i++) {
		const struct pg_known *k = &p->pg->known[i];

		if (k->object && k->class_oid == PG_TYPE &&
		    starts_with(k->object->text, "CREATE DOMAIN "))
			pg_some_add(pg_some_of(p->r, PG_TYPE), k->oid);
	}
}

/* A trigger of a partition is told by what differs from its parent's. */
static void add_children(struct probe *p)
{
	struct pg_some *some = pg_some_of(p->r, PG_CLASS);

	for (size_t i = 0; updated(p, PG_TRIGGER) && i < some->n; i++)
		pg_some_add(&p->renames, some->oids[i]);
}

static struct err *look(struct probe *p)
{
	struct err *e = ask_first(p);

	if (!e && p->max_relation < p->pg->max_relation)
		p->everything = true; /* something was rolled back */
	if (!e)
		judge(p);
	if (!e && !p->everything)
		e = ask_scans(p);
	if (!e && !p->everything) {
		add_domains(p);
		add_children(p);
		e = ask_dependents(p);
	}
	return e;
}

static void take_counts(struct probe *p)
{
	p->pg->counts = p->now;
	if (p->max_relation) {
		p->pg->max_relation = p->max_relation;
		p->pg->max_type = p->max_type;
		p->pg->max_routine = p->max_routine;
	}
}

struct err *pg_probe_all(struct schema_pg *pg, struct pg_read *r)
{
	struct probe p = { .pg = pg, .r = r };
	struct err *e = ask_counts(&p);

	if (!e)
		e = pg_query(r->conn, maxima_sql, NULL, 0, take_new, &p);
	if (!e)
		take_counts(&p);
	return e;
}

struct err *pg_probe(struct schema_pg *pg, struct pg_read *r,
		     enum pg_extent *out)
{
	struct probe p = { .pg = pg, .r = r };
	struct err *e = ask_counts(&p);

	*out = PG_NOTHING;
	if (e)
		return e;
	subtract(&p);
	if (anything_changed(&p)) {
		e = look(&p);
		*out = p.everything ? PG_EVERYTHING : PG_PART;
	}
	if (!e)
		take_counts(&p);
	free(p.renames.oids);
	return e;
}
