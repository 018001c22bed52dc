#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Relations that are no tables: sequences, views, indexes, statistics. */

#define NAME PG_NAME("n", "c.relname")

#define OWNED \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" JOIN pg_sequence sq ON sq.seqrelid = c.oid LEFT JOIN pg_depend d" \
	" ON d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0" \
	" AND d.refclassid = 1259 AND d.deptype IN ('a', 'i')" \
	" AND d.refobjsubid > 0 LEFT JOIN pg_class t ON t.oid = d.refobjid"

/* Sequences of identity columns are part of their table's text. */
static const char sequences[] =
	"SELECT c.oid, n.nspname, c.relname, NULL, tn.nspname, t.relname,"
	" 'SEQUENCE ' || " NAME ", @O(c.relowner), 'CREATE ' || CASE"
	" c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END ||"
	" concat_ws(' ', 'SEQUENCE ' || " NAME ", CASE WHEN sq.seqtypid <> 20"
	" THEN 'AS ' || format_type(sq.seqtypid, NULL) END, "
	PG_SEQUENCE_OPTIONS ") || E';\\n', c.oid"
	OWNED " LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE"
	" c.relkind = 'S' AND d.deptype IS DISTINCT FROM 'i' AND @N(n) AND"
	" @X(1259|c) @F(c.oid)";

/* Behind the line of the owner, which has to be the column's table's. */
static const char owned_by[] =
	"SELECT 1259, c.oid, 'ALTER SEQUENCE ' || " NAME " || ' OWNED BY ' ||"
	" t.oid::regclass::text || '.' || quote_ident(a.attname) || E';\\n'"
	OWNED " JOIN pg_attribute a ON a.attrelid = t.oid AND"
	" a.attnum = d.refobjsubid WHERE c.relkind = 'S' AND d.deptype = 'a'"
	" AND @N(n) @F(c.oid)";

static const char views[] =
	"SELECT c.oid, n.nspname, c.relname, NULL, NULL, NULL, 'VIEW ' || " NAME
	", @O(c.relowner), 'CREATE VIEW ' || " NAME " || coalesce(' WITH (' ||"
	" @R(c.reloptions|) || ')', '') || E' AS\\n' || pg_get_viewdef(c.oid)"
	" || E'\\n' || coalesce((SELECT string_agg('ALTER VIEW ' || " NAME " ||"
	" ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET DEFAULT ' ||"
	" pg_get_expr(d.adbin, d.adrelid) || E';\\n', '' ORDER BY a.attnum)"
	" FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND"
	" d.adnum = a.attnum WHERE a.attrelid = c.oid), ''), c.oid FROM"
	" pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
	" c.relkind = 'v' AND @N(n) AND @X(1259|c) @F(c.oid)";

/* Whether it is filled is data. */
static const char materialized_views[] =
	"SELECT c.oid, n.nspname, c.relname, NULL, NULL, NULL, 'MATERIALIZED"
	" VIEW ' || " NAME ", @O(c.relowner), 'CREATE MATERIALIZED VIEW ' || "
	NAME " || CASE WHEN c.relam NOT IN (0, 2) THEN ' USING ' || (SELECT"
	" quote_ident(amname) FROM pg_am WHERE oid = c.relam) ELSE '' END ||"
	" CASE WHEN c.reloptions IS NULL AND tt.reloptions IS NULL THEN '' ELSE"
	" ' WITH (' || concat_ws(', ', @R(c.reloptions|),"
	" @R(tt.reloptions|toast.)) || ')' END || CASE WHEN c.reltablespace <>"
	" 0 THEN ' TABLESPACE ' || (SELECT quote_ident(spcname) FROM"
	" pg_tablespace WHERE oid = c.reltablespace) ELSE '' END || E' AS\\n'"
	" || rtrim(pg_get_viewdef(c.oid), ';') || E'\\n  WITH NO DATA;\\n' ||"
	" coalesce((SELECT string_agg(CASE WHEN a.attstattarget >= 0 THEN"
	" 'ALTER MATERIALIZED VIEW ' || " NAME " || ' ALTER COLUMN ' ||"
	" quote_ident(a.attname) || ' SET STATISTICS ' || a.attstattarget ||"
	" E';\\n' ELSE '' END || CASE WHEN a.attstorage <> t.typstorage THEN"
	" 'ALTER MATERIALIZED VIEW ' || " NAME " || ' ALTER COLUMN ' ||"
	" quote_ident(a.attname) || ' SET STORAGE ' || CASE a.attstorage WHEN"
	" 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE"
	" 'EXTENDED' END || E';\\n' ELSE '' END, '' ORDER BY a.attnum) FROM"
	" pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid"
	" = c.oid AND a.attnum > 0), ''), c.oid FROM pg_class c JOIN"
	" pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class tt ON"
	" tt.oid = c.reltoastrelid WHERE c.relkind = 'm' AND @N(n) AND"
	" @X(1259|c) @F(c.oid)";

/*
 * Indexes that no constraint has made. One that was built concurrently and
 * not finished says so.
 */
static const char indexes[] =
	"SELECT c.oid, n.nspname, c.relname, NULL, n.nspname, t.relname, 'INDEX"
	" ' || " NAME ", NULL, CASE WHEN x.indisvalid OR c.relkind = 'I' THEN"
	" '' ELSE E'-- invalid\\n' END || pg_get_indexdef(c.oid) || E';\\n' ||"
	" CASE WHEN c.reltablespace <> 0 THEN 'ALTER INDEX ' || " NAME " || '"
	" SET TABLESPACE ' || (SELECT quote_ident(spcname) FROM pg_tablespace"
	" WHERE oid = c.reltablespace) || E';\\n' ELSE '' END || CASE WHEN"
	" c.relispartition THEN (SELECT 'ALTER INDEX ' ||"
	" i.inhparent::regclass::text || ' ATTACH PARTITION ' || " NAME " ||"
	" E';\\n' FROM pg_inherits i WHERE i.inhrelid = c.oid) ELSE '' END ||"
	" coalesce((SELECT string_agg('ALTER INDEX ' || " NAME " || ' ALTER"
	" COLUMN ' || a.attnum || ' SET STATISTICS ' || a.attstattarget ||"
	" E';\\n', '' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid ="
	" c.oid AND a.attstattarget >= 0), '') || CASE WHEN x.indisclustered"
	" THEN 'ALTER TABLE ' || " PG_NAME( "n", "t.relname") " || ' CLUSTER ON"
	" ' || quote_ident(c.relname) || E';\\n' ELSE '' END || CASE WHEN"
	" x.indisreplident AND t.relreplident = 'i' THEN 'ALTER TABLE ONLY ' ||"
	" " PG_NAME( "n", "t.relname") " || ' REPLICA IDENTITY USING INDEX ' ||"
	" quote_ident(c.relname) || E';\\n' ELSE '' END, t.oid FROM pg_index x"
	" JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid ="
	" x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN"
	" pg_constraint k ON k.conrelid = x.indrelid AND k.conindid ="
	" x.indexrelid AND k.contype IN ('p', 'u', 'x') WHERE k.oid IS NULL AND"
	" @N(n) AND @X(1259|c) @F(x.indrelid)";

static const char statistics[] =
	"SELECT s.oid, n.nspname, s.stxname, NULL, tn.nspname, t.relname,"
	" 'STATISTICS ' || " PG_NAME( "n", "s.stxname") ", @O(s.stxowner),"
	" pg_get_statisticsobjdef(s.oid) || E';\\n' @13(|| CASE WHEN"
	" s.stxstattarget >= 0 THEN 'ALTER STATISTICS ' || "
	PG_NAME( "n", "s.stxname") " || ' SET STATISTICS ' || s.stxstattarget"
	" || E';\\n' ELSE '' END|), t.oid FROM pg_statistic_ext s JOIN pg_class"
	" t ON t.oid = s.stxrelid JOIN pg_namespace tn ON tn.oid ="
	" t.relnamespace JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE"
	" @N(n) AND @X(3381|s) @F(s.stxrelid)";
/* clang-format on */

const struct pg_question pg_sql_relation[] = {
	{ "sequence",
	  PG_CLASS,
	  PG_CLASS,
	  PG_NEED_SEQUENCE,
	  { sequences },
	  NULL },
	{ NULL,
	  PG_CLASS,
	  PG_CLASS,
	  PG_NEED_SEQUENCE,
	  { owned_by },
	  pg_late_row },
	{ "view", PG_CLASS, PG_CLASS, PG_NEED_VIEW, { views }, NULL },
	{ "materialized_view",
	  PG_CLASS,
	  PG_CLASS,
	  PG_NEED_MATERIALIZED_VIEW,
	  { materialized_views },
	  NULL },
	{ "index", PG_CLASS, PG_CLASS, PG_NEED_INDEX, { indexes }, NULL },
	{ "statistics",
	  PG_STATISTIC_EXT,
	  PG_CLASS,
	  PG_NEED_STATISTICS,
	  { statistics },
	  NULL },
	{ .kind = NULL },
};
