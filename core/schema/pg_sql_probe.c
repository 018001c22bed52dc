#include "schema/pg_probe.h"
#include "schema/pg_sql.h"

/* clang-format off */

/* Settings under which the questions are planned once, and by index. */
const char pg_sql_probe_begin[] =
	"SELECT " PG_PUT("plan_cache_mode", "force_generic_plan") ", "
	PG_PUT("enable_seqscan", "off") ", "
	PG_PUT("enable_hashjoin", "off") ", "
	PG_PUT("enable_mergejoin", "off") ", " PG_PUT("jit", "off");

const char pg_sql_probe_end[] =
	"SELECT " PG_BACK("plan_cache_mode") ", " PG_BACK("enable_seqscan")
	", " PG_BACK("enable_hashjoin") ", " PG_BACK("enable_mergejoin")
	", " PG_BACK("jit");

/* How often rows of a catalog were changed; first, in which transaction, and
 * whether the counts tell of everything. */
#define COUNTS(whole) \
	"SELECT '0', pg_backend_pid() || ' ' || extract(epoch FROM now())," \
	" txid_current_if_assigned()::text, " whole \
	" UNION ALL SELECT o::text, i::text, u::text, d::text FROM (SELECT o," \
	" pg_stat_get_xact_tuples_inserted(o) AS i," \
	" pg_stat_get_xact_tuples_updated(o) AS u," \
	" pg_stat_get_xact_tuples_deleted(o) AS d FROM unnest('{1259,1249,1247," \
	"1255,2606,2620,3381,3501,2224,2609,2615,3079,3466,2612,2601,2605,3576," \
	"826,6104,6106,6237,6100,2328,1417,1418,3456,2607,3602,3603,3600,3601," \
	"3764,2617,2616,2753,2602,2603,1260,1262,1213,2964,3596,3592,2604,2618," \
	"3256,2610,2611,2608,3118,3350,3541,2600,3394}'::oid[]) o OFFSET 0) c" \
	" WHERE i > 0 OR u > 0 OR d > 0"

const char pg_sql_counts[] = COUNTS("current_setting('track_counts')");

/* ... to be asked around statements of ours, of which event triggers know. */
const char pg_sql_counts_own[] =
	COUNTS("CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_event_trigger"
	" WHERE evtenabled <> 'D') THEN 'off' ELSE"
	" current_setting('track_counts') END");

/* The strong locks of this session. */
#define LOCKS \
	"WITH l AS MATERIALIZED (SELECT l.locktype, l.relation, l.classid," \
	" l.objid FROM pg_locks l WHERE l.pid = pg_backend_pid()" \
	" AND l.locktype IN ('relation', 'object') AND l.mode NOT IN (" \
	"'AccessShareLock', 'RowShareLock', 'RowExclusiveLock')) "

/*
 * Relations: $1 is the highest oid of the last reading. Of an index and an
 * identity column's sequence the table is what is read. The last two cells
 * count updates that must have been: of pg_class where there is a TOAST
 * table, a check, a trigger or a rule; of pg_attribute for each default; an
 * older row of this transaction has been updated once.
 */
#define RELATIONS(oids) \
	"SELECT 'r', c.oid::text, c.relkind::text, (CASE WHEN c.relkind IN" \
	" ('i', 'I') THEN (SELECT x.indrelid FROM pg_index x WHERE" \
	" x.indexrelid = c.oid) WHEN c.relkind = 'S' THEN (SELECT d.refobjid" \
	" FROM pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid AND" \
	" d.refclassid = 1259 AND d.deptype = 'i') WHEN c.relkind = 'c' THEN" \
	" c.reltype END)::text, n.nspname::text, c.relname::text," \
	" (c.oid > $1)::text, c.relhasindex::text, c.relhastriggers::text," \
	" c.relhasrules::text, (c.relacl IS NOT NULL)::text, (CASE WHEN" \
	" c.oid > $1 THEN (c.reltoastrelid <> 0)::int + (c.relchecks > 0)::int" \
	" + c.relhastriggers::int + c.relhasrules::int ELSE" \
	" (age(c.xmin) <= 0)::int END)::text, (SELECT string_agg(a.attnum ||" \
	" CASE WHEN a.atthasdef THEN 'd' ELSE '' END, ' ') FROM pg_attribute a" \
	" WHERE a.attrelid = c.oid AND a.attnum > 0 AND age(a.xmin) <= 0)" \
	" FROM (" oids ") k JOIN pg_class c ON c.oid = k.oid" \
	" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 't'"

#define REST ", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"

/*
 * r: new and locked relations. l: locked objects, relations too, which may be
 * gone; and, with class 0, what a locked part of one belongs to. n: new types
 * ($2) and routines ($3), types with a constraint of this transaction (5),
 * the highest oids (1 to 3), how many new relations there are of any kind (4).
 */
const char pg_sql_probe_first[] =
	LOCKS RELATIONS("SELECT oid FROM pg_class WHERE oid > $1 UNION"
	" SELECT relation FROM l WHERE locktype = 'relation'")
	" UNION ALL SELECT 'l', CASE locktype WHEN 'relation' THEN '1259' ELSE"
	" classid::text END, CASE locktype WHEN 'relation' THEN relation::text"
	" ELSE objid::text END, NULL" REST " FROM l"
	" UNION ALL SELECT 'l', '0', p.rel::text, NULL" REST " FROM l CROSS"
	" JOIN LATERAL (SELECT conrelid AS rel FROM pg_constraint WHERE"
	" l.classid = 2606 AND oid = l.objid UNION ALL SELECT tgrelid FROM"
	" pg_trigger WHERE l.classid = 2620 AND oid = l.objid UNION ALL SELECT"
	" ev_class FROM pg_rewrite WHERE l.classid = 2618 AND oid = l.objid"
	" UNION ALL SELECT polrelid FROM pg_policy WHERE l.classid = 3256 AND"
	" oid = l.objid UNION ALL SELECT stxrelid FROM pg_statistic_ext WHERE"
	" l.classid = 3381 AND oid = l.objid) p WHERE l.locktype = 'object'"
	" UNION ALL SELECT 'n', '1247', t.oid::text, (t.typtype NOT IN ('c',"
	" 'b', 'm') OR (t.typtype = 'b' AND t.typcategory <> 'A'))::text" REST
	" FROM pg_type t WHERE t.oid > $2"
	" UNION ALL SELECT 'n', '1255', p.oid::text, 'true'" REST
	" FROM pg_proc p WHERE p.oid > $3"
	" UNION ALL SELECT 'n', '5', k.contypid::text, 'true'" REST
	" FROM pg_constraint k WHERE k.contypid > 0 AND age(k.xmin) <= 0"
	" UNION ALL SELECT 'n', '1', max(oid)::text, NULL" REST
	" FROM pg_class UNION ALL SELECT 'n', '2', max(oid)::text, NULL" REST
	" FROM pg_type UNION ALL SELECT 'n', '3', max(oid)::text, NULL" REST
	" FROM pg_proc UNION ALL SELECT 'n', '4', count(*)::text, NULL" REST
	" FROM pg_class WHERE oid > $1";

/* ... those too whose rows are of this transaction. */
const char pg_sql_probe_scan[] =
	LOCKS RELATIONS("SELECT oid FROM pg_class WHERE age(xmin) <= 0 UNION"
	" SELECT attrelid FROM pg_attribute WHERE age(xmin) <= 0 UNION"
	" SELECT relation FROM l WHERE locktype = 'relation'");

const char pg_sql_probe_maxima[] =
	"SELECT 'n', '1', max(oid)::text, NULL FROM pg_class UNION ALL SELECT"
	" 'n', '2', max(oid)::text, NULL FROM pg_type UNION ALL SELECT 'n',"
	" '3', max(oid)::text, NULL FROM pg_proc";

/* Rows of this transaction where nothing else tells. */
const char pg_sql_probe_routines[] =
	"SELECT 'n', '1255', oid::text, 'true' FROM pg_proc"
	" WHERE age(xmin) <= 0";

const char pg_sql_probe_types[] =
	"SELECT 'n', '1247', oid::text, 'true' FROM pg_type"
	" WHERE age(xmin) <= 0 UNION SELECT 'n', '1247', enumtypid::text,"
	" 'true' FROM pg_enum WHERE age(xmin) <= 0";

const char pg_sql_probe_statistics[] =
	"SELECT 'l', '0', stxrelid::text FROM pg_statistic_ext"
	" WHERE age(xmin) <= 0";

/* What depends on the relations $1 or on their row types: as what is read. */
const char pg_sql_probe_dependents[] =
	"WITH r AS (SELECT 1259::oid AS class, u AS oid FROM"
	" unnest($1::oid[]) u UNION ALL SELECT 1247, c.reltype FROM pg_class c"
	" WHERE c.oid = ANY ($1) UNION ALL SELECT 1247, t.typarray FROM"
	" pg_class c JOIN pg_type t ON t.oid = c.reltype"
	" WHERE c.oid = ANY ($1)), q AS (SELECT CASE d.classid"
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
