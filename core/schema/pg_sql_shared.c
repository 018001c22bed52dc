#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* What objects of all kinds have: comments, privileges, ties to extensions. */

/* The schema public has a comment from the start. */
static const char comments[] =
	"SELECT q.class, q.oid, q.col, q.description FROM (SELECT d.classoid AS"
	" class, d.objoid AS oid, quote_ident(a.attname) AS col, d.description"
	" FROM pg_description d LEFT JOIN pg_attribute a ON d.classoid = 1259"
	" AND a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid <>"
	" 0 WHERE d.objoid >= 16384 @F(d.objoid) UNION ALL SELECT 2615, n.oid,"
	" NULL, d.description FROM pg_namespace n LEFT JOIN pg_description d ON"
	" d.classoid = 2615 AND d.objoid = n.oid WHERE n.nspname = 'public' AND"
	" n.oid < 16384 AND d.description IS DISTINCT FROM 'standard public"
	" schema' @F(n.oid)) q ORDER BY q.col COLLATE \"C\" NULLS FIRST";

/*
 * One row for each difference between the privileges of an object and those
 * that its kind has from the start: first what is taken away, then what is
 * given. acl NULL is the latter.
 */
#define OBJECTS(class, alias, acl, kind, owner, from)                       \
	"SELECT " class " AS class, " alias                                 \
			".oid AS oid, NULL::name AS col, " alias "." acl    \
			" AS acl, acldefault(" kind ", " alias "." owner    \
			") AS def, " alias "." owner " AS owner FROM " from \
			" WHERE " alias "." acl " IS NOT NULL @F(" alias    \
			".oid)"

#define IN_SCHEMA(catalog, alias, column)                                     \
	catalog " " alias " JOIN pg_namespace n ON n.oid = " alias "." column \
		" AND @N(n)"

static const char acls[] =
	"WITH o AS MATERIALIZED ("
	OBJECTS("1259", "c", "relacl",
		"CASE c.relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END",
		"relowner", IN_SCHEMA("pg_class", "c", "relnamespace"))
	" UNION ALL SELECT 1259, a.attrelid, a.attname, a.attacl,"
	" acldefault('c', c.relowner), c.relowner FROM pg_attribute a"
	" JOIN pg_class c ON c.oid = a.attrelid"
	" JOIN pg_namespace n ON n.oid = c.relnamespace AND @N(n)"
	" WHERE a.attacl IS NOT NULL AND NOT a.attisdropped @F(a.attrelid)"
	" UNION ALL "
	OBJECTS("1255", "p", "proacl", "'f'", "proowner",
		IN_SCHEMA("pg_proc", "p", "pronamespace"))
	" UNION ALL "
	OBJECTS("1247", "t", "typacl", "'T'", "typowner",
		IN_SCHEMA("pg_type", "t", "typnamespace"))
	" UNION ALL SELECT 2615, n.oid, NULL, n.nspacl, CASE n.nspname"
	" WHEN 'public' THEN acldefault('n', n.nspowner) ||"
	" (@15('=U/'|'=UC/') || quote_ident(pg_get_userbyid(n.nspowner)))"
	"::aclitem ELSE acldefault('n', n.nspowner) END, n.nspowner"
	" FROM pg_namespace n WHERE n.nspacl IS NOT NULL AND @N(n) @F(n.oid)"
	" UNION ALL "
	OBJECTS("2612", "l", "lanacl", "'l'", "lanowner", "pg_language l")
	" UNION ALL "
	OBJECTS("2328", "f", "fdwacl", "'F'", "fdwowner",
		"pg_foreign_data_wrapper f")
	" UNION ALL "
	OBJECTS("1417", "s", "srvacl", "'S'", "srvowner",
		"pg_foreign_server s");

static const char privileges[] =
	"), e AS (SELECT o.*, x.side, x.grantor, x.grantee, x.is_grantable,"
	" x.privs FROM o CROSS JOIN LATERAL (SELECT y.side, y.grantor,"
	" y.grantee, y.is_grantable, array_agg(y.privilege_type::text ORDER BY"
	" y.privilege_type) AS privs FROM (SELECT 'd' AS side, d.* FROM"
	" aclexplode(o.def) d UNION ALL SELECT 'a', a.* FROM aclexplode(o.acl)"
	" a) y GROUP BY y.side, y.grantor, y.grantee, y.is_grantable) x) SELECT"
	" q.class, q.oid, q.line, q.who, q.is_grantable, q.by FROM (SELECT e.*,"
	" CASE WHEN e.side = 'd' THEN 'REVOKE ALL' ELSE 'GRANT ' || CASE WHEN"
	" e.col IS NULL AND e.privs = (SELECT w.privs FROM e w WHERE w.class ="
	" e.class AND w.oid = e.oid AND w.col IS NULL AND w.side = 'd' AND"
	" w.grantee = w.owner) THEN 'ALL' ELSE (SELECT string_agg(pv || CASE"
	" WHEN e.col IS NULL THEN '' ELSE ' (' || quote_ident(e.col) || ')'"
	" END, ', ') FROM unnest(e.privs) pv) END END AS line, CASE e.grantee"
	" WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END"
	" AS who, CASE WHEN e.grantor <> e.owner THEN"
	" quote_ident(pg_get_userbyid(e.grantor)) END AS by FROM e WHERE NOT"
	" EXISTS (SELECT FROM e w WHERE w.class = e.class AND w.oid = e.oid AND"
	" w.col IS NOT DISTINCT FROM e.col AND w.side <> e.side AND w.grantor ="
	" e.grantor AND w.grantee = e.grantee AND w.is_grantable ="
	" e.is_grantable AND w.privs = e.privs)) q ORDER BY q.class, q.oid,"
	" q.col COLLATE \"C\" NULLS FIRST, q.side DESC, q.grantor <> q.owner,"
	" q.grantee <> q.owner, q.grantee <> 0, q.who COLLATE \"C\", q.line"
	" COLLATE \"C\"";

static const char depends[] =
	"SELECT d.classid, d.objid, quote_ident(e.extname) FROM pg_depend d"
	" JOIN pg_extension e ON e.oid = d.refobjid WHERE d.refclassid = 3079"
	" AND d.deptype = 'x' @F(d.objid) ORDER BY e.extname";
/* clang-format on */

/* clang-format off */
/*
 * What is not printed. Values of settings may be secrets: a hash tells of a
 * change.
 */
static const char unrepresented[] =
	"SELECT 'security label ' || l.provider || ' on ' ||"
	" pg_describe_object(l.classoid, l.objoid, l.objsubid)"
	" FROM pg_seclabel l"
	" UNION ALL SELECT 'setting ' || split_part(c, '=', 1) ||"
	" coalesce(' of ' || quote_ident(r.rolname), '') ||"
	" ' in this database (' || left(md5(substr(c, strpos(c, '=') + 1)), 8)"
	" || ')' FROM pg_db_role_setting s LEFT JOIN pg_roles r"
	" ON r.oid = s.setrole CROSS JOIN LATERAL unnest(s.setconfig) c"
	" WHERE s.setdatabase = (SELECT oid FROM pg_database"
	" WHERE datname = current_database())"
	/* what of others' was changed */
	" UNION ALL SELECT 'privileges on ' || pg_describe_object(o.class,"
	" o.oid, 0) || ' (' || left(md5(o.acl::text), 8) || ')' FROM ("
	"SELECT 1255 AS class, p.oid, p.pronamespace AS ns, p.proacl AS acl FROM pg_proc p"
	" WHERE p.proacl IS NOT NULL UNION ALL SELECT 1259, c.oid, c.relnamespace, c.relacl"
	" FROM pg_class c WHERE c.relacl IS NOT NULL UNION ALL SELECT 1247,"
	" t.oid, t.typnamespace, t.typacl FROM pg_type t WHERE t.typacl IS NOT NULL"
	" UNION ALL SELECT 2615, n.oid, n.oid, n.nspacl FROM pg_namespace n"
	" WHERE n.nspacl IS NOT NULL AND n.nspname <> 'public') o"
	" LEFT JOIN pg_init_privs i ON i.classoid = o.class"
	" AND i.objoid = o.oid AND i.objsubid = 0"
	" WHERE (o.ns = 11 OR EXISTS (SELECT FROM pg_depend e WHERE"
	" e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e'))"
	" AND NOT coalesce(arraycontains(o.acl, i.initprivs) AND cardinality(o.acl) ="
	" cardinality(i.initprivs), false)"
	" UNION ALL SELECT 'function ' || p.oid::regprocedure::text ||"
	" ' in ' || n.nspname FROM pg_proc p JOIN pg_namespace n"
	" ON n.oid = p.pronamespace WHERE p.oid >= 16384"
	" AND n.nspname IN ('pg_catalog', 'information_schema')"
	" AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 1255 AND"
	" e.objid = p.oid AND e.deptype IN ('e', 'i'))"
	" UNION ALL SELECT 'relation ' || c.oid::regclass::text || ' in ' ||"
	" n.nspname FROM pg_class c JOIN pg_namespace n"
	" ON n.oid = c.relnamespace WHERE c.oid >= 16384"
	" AND n.nspname IN ('pg_catalog', 'information_schema')"
	" AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 1259 AND"
	" e.objid = c.oid AND e.deptype = 'e')";
/* clang-format on */

const struct pg_question pg_sql_shared[] = {
	{ NULL, 0, 0, PG_NEED_SHARED, { depends }, pg_depends_row },
	{ NULL, 0, 0, PG_NEED_SHARED, { comments }, pg_comment_row },
	{ NULL, 0, 0, PG_NEED_SHARED, { acls, privileges }, pg_acl_row },
	{ NULL,
	  0,
	  0,
	  PG_NEED_UNREPRESENTED,
	  { unrepresented },
	  pg_unrepresented_row },
	{ .kind = NULL },
};
