#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Tables of all sorts: their heads, columns and constraints. */

#define NAME "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"

static const char tables[] =
	"SELECT c.oid, n.nspname, c.relname, NULL, NULL, NULL, CASE c.relkind"
	" WHEN 'f' THEN 'FOREIGN TABLE ' ELSE 'TABLE ' END || " NAME ","
	" @O(c.relowner), 'CREATE ' || CASE c.relpersistence WHEN 'u' THEN"
	" 'UNLOGGED ' ELSE '' END || CASE c.relkind WHEN 'f' THEN 'FOREIGN"
	" TABLE ' ELSE 'TABLE ' END || " NAME " || CASE WHEN c.reloftype <> 0"
	" THEN ' OF ' || format_type(c.reloftype, NULL) ELSE '' END, c.oid,"
	/* what follows the bracket */
	" CASE WHEN NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits i"
	" WHERE i.inhrelid = c.oid) THEN (SELECT ' INHERITS (' ||"
	" string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) ||"
	" ')' FROM pg_inherits i WHERE i.inhrelid = c.oid) ELSE '' END || CASE"
	" c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid)"
	" ELSE '' END || CASE WHEN c.relam NOT IN (0, 2) THEN ' USING ' ||"
	" (SELECT quote_ident(amname) FROM pg_am WHERE oid = c.relam) ELSE ''"
	" END || CASE WHEN c.relkind = 'f' THEN (SELECT ' SERVER ' ||"
	" quote_ident(s.srvname) || coalesce(' OPTIONS (' || @P(f.ftoptions) ||"
	" ')', '') FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid ="
	" f.ftserver WHERE f.ftrelid = c.oid) ELSE '' END || CASE WHEN"
	" c.reloptions IS NULL AND tt.reloptions IS NULL THEN '' ELSE ' WITH ('"
	" || concat_ws(', ', @R(c.reloptions|), @R(tt.reloptions|toast.)) ||"
	" ')' END || CASE WHEN c.reltablespace <> 0 THEN ' TABLESPACE ' ||"
	" (SELECT quote_ident(spcname) FROM pg_tablespace WHERE oid ="
	" c.reltablespace) ELSE '' END,"
	/* statements */
	" CASE WHEN c.relispartition THEN 'ALTER TABLE ONLY ' || (SELECT"
	" i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid ="
	" c.oid) || ' ATTACH PARTITION ' || " NAME " || ' ' ||"
	" pg_get_expr(c.relpartbound, c.oid) || E';\\n' ELSE '' END || CASE"
	" WHEN c.relrowsecurity THEN 'ALTER TABLE ' || " NAME " || E' ENABLE"
	" ROW LEVEL SECURITY;\\n' ELSE '' END || CASE WHEN"
	" c.relforcerowsecurity THEN 'ALTER TABLE ONLY ' || " NAME " || E'"
	" FORCE ROW LEVEL SECURITY;\\n' ELSE '' END || CASE WHEN c.relkind ="
	" 'f' THEN '' WHEN c.relreplident = 'n' THEN 'ALTER TABLE ONLY ' || "
	NAME " || E' REPLICA IDENTITY NOTHING;\\n' WHEN c.relreplident = 'f'"
	" THEN 'ALTER TABLE ONLY ' || " NAME " || E' REPLICA IDENTITY FULL;\\n'"
	" ELSE '' END, c.reloftype <> 0, c.relnatts FROM pg_class c JOIN"
	" pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class tt ON"
	" tt.oid = c.reltoastrelid WHERE c.relkind IN ('r', 'p', 'f') AND @N(n)"
	" AND @X(1259|c) @F(c.oid)";

/*
 * The line of a column that the table declares itself. Those it only inherits
 * have statements where they differ from their parents'. A column of a typed
 * table has a line where it says more than the type.
 */
#define ALTER                                                         \
	"'ALTER ' || CASE c.relkind WHEN 'f' THEN 'FOREIGN ' ELSE ''" \
	" END || 'TABLE ONLY ' || " NAME " || ' ALTER COLUMN ' ||"    \
	" quote_ident(a.attname)"

#define NOT_NULL                                                        \
	"CASE WHEN a.attnotnull @18(AND nn.oid IS NOT NULL|) THEN @18(coalesce(' CONSTRAINT ' ||"    \
	" nullif(quote_ident(nn.conname), quote_ident(c.relname || '_'" \
	" || a.attname || '_not_null')), '') |||) ' NOT NULL' ||"       \
	" @18(CASE WHEN nn.connoinherit THEN ' NO INHERIT'"             \
	" ELSE '' END|'') ELSE '' END"

static const char columns[] =
	"SELECT a.attrelid, CASE WHEN (a.attislocal OR c.relispartition) AND"
	" (c.reloftype = 0 OR a.atthasdef OR a.attnotnull) THEN"
	" quote_ident(a.attname) || CASE WHEN c.reloftype <> 0 THEN CASE WHEN"
	" a.atthasdef OR a.attnotnull THEN ' WITH OPTIONS' ELSE '' END ELSE ' '"
	" || format_type(a.atttypid, a.atttypmod) END || CASE WHEN"
	" a.attfdwoptions IS NOT NULL THEN ' OPTIONS (' || @P(a.attfdwoptions)"
	" || ')' ELSE '' END || CASE WHEN a.attcollation <> t.typcollation AND"
	" c.reloftype = 0 THEN ' COLLATE ' || (SELECT quote_ident(cn.nspname)"
	" || '.' || quote_ident(co.collname) FROM pg_collation co JOIN"
	" pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid ="
	" a.attcollation) ELSE '' END || CASE WHEN a.attgenerated <> '' THEN '"
	" GENERATED ALWAYS AS (' || d.expr || ')' || CASE a.attgenerated WHEN"
	" 's' THEN ' STORED' ELSE ' VIRTUAL' END WHEN d.expr IS NOT NULL THEN '"
	" DEFAULT ' || d.expr WHEN p.expr IS NOT NULL THEN ' DEFAULT NULL' ELSE"
	" '' END || CASE @17(CASE WHEN c.relispartition THEN '' ELSE"
	" a.attidentity END|a.attidentity) WHEN '' THEN '' ELSE ' GENERATED '"
	" || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END ||"
	" ' AS IDENTITY' || coalesce(' (' || nullif((SELECT concat_ws(' ',"
	/* the sequence: its name where it is not the usual one, its options */
	" CASE WHEN (qn.oid, q.relname) <> (c.relnamespace, c.relname || '_' ||"
	" a.attname || '_seq') THEN 'SEQUENCE NAME ' || quote_ident(qn.nspname)"
	" || '.' || quote_ident(q.relname) END, " PG_SEQUENCE_OPTIONS ") FROM"
	" pg_depend dq JOIN pg_class q ON q.oid = dq.objid JOIN pg_namespace qn"
	" ON qn.oid = q.relnamespace JOIN pg_sequence sq ON sq.seqrelid = q.oid"
	" WHERE dq.classid = 1259 AND dq.refclassid = 1259 AND dq.refobjid ="
	" a.attrelid AND dq.refobjsubid = a.attnum AND dq.deptype = 'i' AND"
	" q.relkind = 'S'), '') || ')', '') END || " NOT_NULL " END,";

/* ... and its statements */
static const char column_statements[] =
	" CASE WHEN a.attstorage <> t.typstorage THEN " ALTER " || ' SET"
	" STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN"
	" 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END || E';\\n' ELSE"
	" '' END @14(|| CASE a.attcompression WHEN '' THEN '' ELSE " ALTER " ||"
	" ' SET COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz'"
	" ELSE 'lz4' END || E';\\n' END|) || CASE WHEN a.attstattarget >= 0"
	" THEN " ALTER " || ' SET STATISTICS ' || a.attstattarget || E';\\n'"
	" ELSE '' END || coalesce(" ALTER " || ' SET (' || @R(a.attoptions|) ||"
	" E');\\n', '') || CASE WHEN a.attislocal OR c.relispartition THEN ''"
	" ELSE CASE WHEN a.attgenerated = '' AND d.expr IS DISTINCT FROM p.expr"
	" AND d.expr IS NOT NULL THEN " ALTER " || ' SET DEFAULT ' || d.expr ||"
	" E';\\n' WHEN a.attgenerated = '' AND d.expr IS NULL AND p.expr IS NOT"
	" NULL THEN " ALTER " || E' DROP DEFAULT;\\n' ELSE '' END || CASE WHEN"
	" a.attnotnull AND NOT p.attnotnull THEN " ALTER " || E' SET NOT"
	" NULL;\\n' ELSE '' END END";

static const char columns_from[] =
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN"
	" pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid ="
	" a.atttypid @18(LEFT JOIN pg_constraint nn ON nn.conrelid = c.oid AND"
	" nn.contype = 'n' AND nn.conkey[1] = a.attnum AND nn.convalidated|)"
	" LEFT JOIN LATERAL (SELECT pg_get_expr(ad.adbin, ad.adrelid) AS expr"
	" FROM pg_attrdef ad WHERE ad.adrelid = a.attrelid AND ad.adnum ="
	" a.attnum OFFSET 0) d ON a.atthasdef"
	/* the parents' column of that name */
	" LEFT JOIN LATERAL (SELECT bool_or(pa.attnotnull) AS attnotnull,"
	" max(pg_get_expr(pd.adbin, pd.adrelid)) AS expr FROM pg_inherits i"
	" JOIN pg_attribute pa ON pa.attrelid = i.inhparent AND pa.attname ="
	" a.attname LEFT JOIN pg_attrdef pd ON pd.adrelid = pa.attrelid AND"
	" pd.adnum = pa.attnum WHERE i.inhrelid = c.oid) p ON a.attinhcount > 0"
	" AND NOT c.relispartition WHERE c.relkind IN ('r', 'p', 'f') AND"
	" a.attnum > 0 AND NOT a.attisdropped AND @N(n) @F(c.oid) ORDER BY"
	" a.attrelid, a.attnum";

/*
 * Constraints, by kind and name. What a partition has of its parent it has by
 * itself, but for foreign keys; what a child inherits is the parent's alone.
 */
#define ADD                                                        \
	"'ALTER TABLE ONLY ' || " NAME " || ' ADD CONSTRAINT ' ||" \
	" quote_ident(k.conname) || ' ' || k.def || E';\\n'"

static const char constraints[] =
	"SELECT k.conrelid, CASE WHEN k.convalidated AND k.line AND k.contype"
	" <> 'n' THEN 'CONSTRAINT ' || quote_ident(k.conname) || ' ' || k.def"
	" END, CASE WHEN NOT k.convalidated AND k.line THEN " ADD " ELSE '' END"
	" || CASE WHEN x.indisclustered THEN 'ALTER TABLE ' || " NAME " || '"
	" CLUSTER ON ' || quote_ident(ic.relname) || E';\\n' ELSE '' END ||"
	" CASE WHEN x.indisreplident AND c.relreplident = 'i' THEN 'ALTER TABLE"
	" ONLY ' || " NAME " || ' REPLICA IDENTITY USING INDEX ' ||"
	" quote_ident(ic.relname) || E';\\n' ELSE '' END || CASE WHEN"
	" ic.relispartition THEN (SELECT 'ALTER INDEX ' ||"
	" ii.inhparent::regclass::text || ' ATTACH PARTITION ' ||"
	" quote_ident(n.nspname) || '.' || quote_ident(ic.relname) || E';\\n'"
	" FROM pg_inherits ii WHERE ii.inhrelid = ic.oid) ELSE '' END, k.oid,"
	" 'CONSTRAINT ' || quote_ident(k.conname) || ' ON ' || " NAME " FROM"
	" (SELECT k.*, k.conislocal OR c.relispartition AS line, CASE WHEN"
	" k.contype IN ('p', 'u') AND (ic.reloptions IS NOT NULL OR"
	" ic.reltablespace <> 0) THEN"
	" regexp_replace(pg_get_constraintdef(k.oid), '( DEFERRABLE){0,1}("
	" INITIALLY DEFERRED){0,1}$', replace(CASE WHEN ic.reloptions IS NOT"
	" NULL THEN ' WITH (' || @R(ic.reloptions|) || ')' ELSE '' END || CASE"
	" WHEN ic.reltablespace <> 0 THEN ' USING INDEX TABLESPACE ' || (SELECT"
	" quote_ident(spcname) FROM pg_tablespace WHERE oid = ic.reltablespace)"
	" ELSE '' END, E'\\\\', E'\\\\\\\\') || E'\\\\&') ELSE"
	" pg_get_constraintdef(k.oid) END AS def FROM pg_constraint k JOIN"
	" pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid ="
	" c.relnamespace LEFT JOIN pg_class ic ON ic.oid = k.conindid AND"
	" k.contype IN ('p', 'u', 'x') WHERE k.contype IN ('p', 'u', 'x', 'c',"
	" 'f' @18(, 'n'|)) AND c.relkind IN ('r', 'p', 'f') AND @N(n) AND"
	" (k.contype <> 'f' OR k.conparentid = 0) @F(k.conrelid)) k JOIN"
	" pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid ="
	" c.relnamespace LEFT JOIN pg_index x ON x.indexrelid = k.conindid AND"
	" k.contype IN ('p', 'u', 'x') LEFT JOIN pg_class ic ON ic.oid ="
	" x.indexrelid ORDER BY k.conrelid, strpos('puxcfn', k.contype::text),"
	" k.conname COLLATE \"C\"";

/* Indexes of constraints and sequences of identity columns are parts. */
static const char parts[] =
	"SELECT 1259, k.conrelid, 1259, k.conindid, 'INDEX ' ||"
	" k.conindid::regclass::text FROM pg_constraint k JOIN pg_class c ON"
	" c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE k.contype IN ('p', 'u', 'x') AND @N(n) @F(k.conrelid) UNION ALL"
	" SELECT 1259, d.refobjid, 1259, d.objid, 'SEQUENCE ' ||"
	" d.objid::regclass::text FROM pg_depend d JOIN pg_class q ON q.oid ="
	" d.objid AND q.relkind = 'S' JOIN pg_namespace n ON n.oid ="
	" q.relnamespace WHERE d.classid = 1259 AND d.refclassid = 1259 AND"
	" d.deptype = 'i' AND d.refobjsubid > 0 AND @N(n) @F(d.refobjid)";
/* clang-format on */

const struct pg_question pg_sql_table[] = {
	{ "table",
	  PG_CLASS,
	  PG_CLASS,
	  PG_NEED_TABLE,
	  { tables },
	  pg_table_row },
	{ NULL,
	  PG_CLASS,
	  PG_CLASS,
	  PG_NEED_TABLE,
	  { columns, column_statements, columns_from },
	  pg_column_row },
	{ NULL,
	  PG_CLASS,
	  PG_CLASS,
	  PG_NEED_TABLE,
	  { constraints },
	  pg_constraint_row },
	{ NULL, PG_CLASS, PG_CLASS, PG_NEED_TABLE, { parts }, pg_owned_row },
	{ .kind = NULL },
};
