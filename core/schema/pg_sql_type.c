#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Types. Those of tables, and arrays, come with what they belong to. */

#define NAME PG_NAME("n", "t.typname")
#define FROM " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
#define OURS " AND @N(n) AND @X(1247|t) @F(t.oid)"

static const char enums[] =
	"SELECT t.oid, n.nspname, t.typname, NULL, NULL, NULL, 'TYPE ' || " NAME
	", @O(t.typowner), 'CREATE TYPE ' || " NAME " || E' AS ENUM (\\n' ||"
	" coalesce('    ' || (SELECT string_agg(quote_literal(e.enumlabel),"
	" E'\\n  , ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid"
	" = t.oid) || E'\\n', '') || E');\\n', NULL" FROM " WHERE t.typtype ="
	" 'e'" OURS;

static const char composites[] =
	"SELECT t.oid, n.nspname, t.typname, NULL, NULL, NULL, 'TYPE ' || " NAME
	", @O(t.typowner), 'CREATE TYPE ' || " NAME " || E' AS (\\n' ||"
	" coalesce('    ' || (SELECT string_agg(quote_ident(a.attname) || ' '"
	" || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation"
	" <> at.typcollation THEN (SELECT ' COLLATE ' || "
	PG_NAME( "cn", "co.collname") " FROM pg_collation co JOIN pg_namespace"
	" cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) ELSE"
	" '' END, E'\\n  , ' ORDER BY a.attnum) FROM pg_attribute a JOIN"
	" pg_type at ON at.oid = a.atttypid WHERE a.attrelid = t.typrelid AND"
	" a.attnum > 0 AND NOT a.attisdropped) || E'\\n', '') || E');\\n',"
	" NULL" FROM " JOIN pg_class c ON c.oid = t.typrelid AND c.relkind ="
	" 'c' WHERE t.typtype = 'c'" OURS;

static const char domains[] =
	"SELECT t.oid, n.nspname, t.typname, NULL, NULL, NULL, 'DOMAIN ' || "
	NAME ", @O(t.typowner), 'CREATE DOMAIN ' || " NAME " || ' AS ' ||"
	" format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typcollation"
	" <> bt.typcollation THEN (SELECT ' COLLATE ' || "
	PG_NAME( "cn", "co.collname") " FROM pg_collation co JOIN pg_namespace"
	" cn ON cn.oid = co.collnamespace WHERE co.oid = t.typcollation) ELSE"
	" '' END || CASE WHEN t.typdefaultbin IS NOT NULL THEN ' DEFAULT ' ||"
	" pg_get_expr(t.typdefaultbin, 0) ELSE '' END || CASE WHEN t.typnotnull"
	" THEN ' NOT NULL' ELSE '' END || coalesce((SELECT string_agg(E'\\n"
	"    CONSTRAINT ' || quote_ident(k.conname) || ' ' ||"
	" pg_get_constraintdef(k.oid), '' ORDER BY k.conname COLLATE \"C\")"
	" FROM pg_constraint k WHERE k.contypid = t.oid AND k.convalidated AND"
	" k.contype = 'c'), '') || E';\\n' || coalesce((SELECT"
	" string_agg('ALTER DOMAIN ' || " NAME " || ' ADD CONSTRAINT ' ||"
	" quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) ||"
	" E';\\n', '' ORDER BY k.conname COLLATE \"C\") FROM pg_constraint k"
	" WHERE k.contypid = t.oid AND NOT k.convalidated AND k.contype = 'c'),"
	" ''), NULL" FROM " JOIN pg_type bt ON bt.oid = t.typbasetype WHERE"
	" t.typtype = 'd'" OURS;

static const char domain_constraints[] =
	"SELECT 1247, k.contypid, 2606, k.oid, 'CONSTRAINT ' ||"
	" quote_ident(k.conname) || ' ON DOMAIN ' || " NAME FROM " JOIN"
	" pg_constraint k ON k.contypid = t.oid WHERE t.typtype = 'd'" OURS;

static const char ranges[] =
	"SELECT t.oid, n.nspname, t.typname, NULL, NULL, NULL, 'TYPE ' || " NAME
	", @O(t.typowner),"
	/* shell first where functions take the type */
	" CASE WHEN r.rngcanonical <> 0 THEN 'CREATE TYPE ' || " NAME " ||"
	" E';\\n' ELSE '' END || 'CREATE TYPE ' || " NAME " || E' AS RANGE (\\n"
	"    SUBTYPE = ' || format_type(r.rngsubtype, NULL) @14(|| CASE WHEN"
	" r.rngmultitypid <> 0 THEN E'\\n  , MULTIRANGE_TYPE_NAME = ' ||"
	" format_type(r.rngmultitypid, NULL) ELSE '' END|) || CASE WHEN NOT"
	" oc.opcdefault THEN E'\\n  , SUBTYPE_OPCLASS = ' || "
	PG_NAME( "on_", "oc.opcname") " ELSE '' END || CASE WHEN r.rngcollation"
	" <> st.typcollation THEN (SELECT E'\\n  , COLLATION = ' || "
	PG_NAME( "cn", "co.collname") " FROM pg_collation co JOIN pg_namespace"
	" cn ON cn.oid = co.collnamespace WHERE co.oid = r.rngcollation) ELSE"
	" '' END || CASE WHEN r.rngcanonical <> 0 THEN E'\\n  , CANONICAL = '"
	" || r.rngcanonical::regproc::text ELSE '' END || CASE WHEN"
	" r.rngsubdiff <> 0 THEN E'\\n  , SUBTYPE_DIFF = ' ||"
	" r.rngsubdiff::regproc::text ELSE '' END || E'\\n);\\n', NULL" FROM
	" JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_type st ON st.oid ="
	" r.rngsubtype JOIN pg_opclass oc ON oc.oid = r.rngsubopc JOIN"
	" pg_namespace on_ ON on_.oid = oc.opcnamespace WHERE t.typtype = 'r'"
	OURS;

/* Written in C, or only named so far. */
static const char base_types[] =
	"SELECT t.oid, n.nspname, t.typname, NULL, NULL, NULL, 'TYPE ' || " NAME
	", @O(t.typowner), 'CREATE TYPE ' || " NAME " || E';\\n' || CASE WHEN"
	" t.typisdefined THEN 'CREATE TYPE ' || " NAME " || E' (\\n    INPUT ="
	" ' || t.typinput::regproc::text || E'\\n  , OUTPUT = ' ||"
	" t.typoutput::regproc::text || concat(E'\\n  , RECEIVE = ' ||"
	" nullif(t.typreceive, 0)::regproc::text, E'\\n  , SEND = ' ||"
	" nullif(t.typsend, 0)::regproc::text, E'\\n  , TYPMOD_IN = ' ||"
	" nullif(t.typmodin, 0)::regproc::text, E'\\n  , TYPMOD_OUT = ' ||"
	" nullif(t.typmodout, 0)::regproc::text, E'\\n  , ANALYZE = ' ||"
	" nullif(t.typanalyze, 0)::regproc::text, @14(E'\\n  , SUBSCRIPT = ' ||"
	" nullif(t.typsubscript, 0)::regproc::text|''), CASE WHEN t.typlen = -1"
	" THEN E'\\n  , INTERNALLENGTH = VARIABLE' ELSE E'\\n  , INTERNALLENGTH"
	" = ' || t.typlen END, CASE WHEN t.typbyval THEN E'\\n  ,"
	" PASSEDBYVALUE' END, E'\\n  , ALIGNMENT = ' || CASE t.typalign WHEN"
	" 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE"
	" 'double' END, E'\\n  , STORAGE = ' || CASE t.typstorage WHEN 'p' THEN"
	" 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended'"
	" END, CASE WHEN t.typcategory <> 'U' THEN E'\\n  , CATEGORY = ' ||"
	" quote_literal(t.typcategory::text) END, CASE WHEN t.typispreferred"
	" THEN E'\\n  , PREFERRED = true' END, E'\\n  , DEFAULT = ' ||"
	" quote_literal(t.typdefault), CASE WHEN t.typelem <> 0 THEN E'\\n  ,"
	" ELEMENT = ' || format_type(t.typelem, NULL) END, CASE WHEN t.typdelim"
	" <> ',' THEN E'\\n  , DELIMITER = ' || quote_literal(t.typdelim::text)"
	" END, CASE WHEN t.typcollation <> 0 THEN E'\\n  , COLLATABLE = true'"
	" END, E'\\n);\\n') ELSE '' END, NULL" FROM
	/* the array type of another has typelem, and is that one's typarray */
	" WHERE t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT FROM pg_type e"
	" WHERE e.oid = t.typelem AND e.typarray = t.oid)" OURS;
/* clang-format on */

/* Comments on its columns are those of its relation. */
/* clang-format off */
static const char composite_relations[] =
	"SELECT 1247, t.oid, 1259, t.typrelid, 'TYPE ' || " NAME FROM
	" JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'"
	" WHERE t.typtype = 'c'" OURS;
/* clang-format on */

const struct pg_question pg_sql_type[] = {
	{ "type", PG_TYPE, PG_TYPE, 0, { enums }, NULL },
	{ "type", PG_TYPE, PG_TYPE, 0, { composites }, NULL },
	{ NULL, PG_TYPE, PG_TYPE, 0, { composite_relations }, pg_owned_row },
	{ "type", PG_TYPE, PG_TYPE, 0, { domains }, NULL },
	{ NULL, PG_TYPE, PG_TYPE, 0, { domain_constraints }, pg_owned_row },
	{ "type", PG_TYPE, PG_TYPE, 0, { ranges }, NULL },
	{ "type", PG_TYPE, PG_TYPE, 0, { base_types }, NULL },
	{ .kind = NULL },
};
