#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* What is in no schema. */

#define IDENT(column) "quote_ident(" column ")"
#define NO_SCHEMA(alias, name) \
	"SELECT " alias ".oid, NULL, " alias "." name ", NULL, NULL, NULL, "

/*
 * Every new database has a schema public, which belongs to a role of its own;
 * the tree has it all the same, so that its absence shows.
 */
static const char schemas[] =
	NO_SCHEMA("n", "nspname") "'SCHEMA ' || " IDENT("n.nspname") ", CASE"
	" WHEN n.nspname = 'public' THEN CASE WHEN n.nspowner <> @15(6171|10)"
	" THEN " IDENT("pg_get_userbyid(n.nspowner)") " END ELSE"
	" @O(n.nspowner) END, CASE WHEN n.nspname = 'public' THEN E'CREATE"
	" SCHEMA IF NOT EXISTS public;\\n' ELSE 'CREATE SCHEMA ' || "
	IDENT("n.nspname") " || E';\\n' END, NULL FROM pg_namespace n WHERE"
	" @N(n) AND @X(2615|n) @F(n.oid)";

/* plpgsql comes with the database: its oid is below the first of users. */
static const char extensions[] =
	NO_SCHEMA("e", "extname") "'EXTENSION ' || " IDENT("e.extname") ","
	" NULL, 'CREATE EXTENSION ' || " IDENT("e.extname") " || ' WITH SCHEMA"
	" ' || " IDENT("n.nspname") " || ' VERSION ' ||"
	" quote_literal(e.extversion) || E';\\n', NULL FROM pg_extension e JOIN"
	" pg_namespace n ON n.oid = e.extnamespace WHERE e.oid >= 16384"
	" @F(e.oid)";

static const char event_triggers[] =
	NO_SCHEMA("e", "evtname") "'EVENT TRIGGER ' || " IDENT("e.evtname") ","
	" @O(e.evtowner), 'CREATE EVENT TRIGGER ' || " IDENT("e.evtname") " ||"
	" ' ON ' || e.evtevent || CASE WHEN e.evttags IS NULL THEN '' ELSE"
	" E'\\n  WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', '"
	" ORDER BY rn) FROM unnest(e.evttags) WITH ORDINALITY tags(tag, rn)) ||"
	" ')' END || E'\\n  EXECUTE FUNCTION ' || e.evtfoid::regproc::text ||"
	" E'();\\n' || CASE e.evtenabled WHEN 'O' THEN '' ELSE 'ALTER EVENT"
	" TRIGGER ' || " IDENT("e.evtname") " || CASE e.evtenabled WHEN 'D'"
	" THEN ' DISABLE' WHEN 'A' THEN ' ENABLE ALWAYS' ELSE ' ENABLE REPLICA'"
	" END || E';\\n' END, NULL FROM pg_event_trigger e WHERE @X(3466|e)"
	" @F(e.oid)";

static const char languages[] =
	NO_SCHEMA("l", "lanname") "'LANGUAGE ' || " IDENT("l.lanname") ","
	" @O(l.lanowner), 'CREATE ' || CASE WHEN l.lanpltrusted THEN 'TRUSTED '"
	" ELSE '' END || 'LANGUAGE ' || " IDENT("l.lanname") " || ' HANDLER '"
	" || l.lanplcallfoid::regproc::text || coalesce(' INLINE ' ||"
	" nullif(l.laninline, 0)::regproc::text, '') || coalesce(' VALIDATOR '"
	" || nullif(l.lanvalidator, 0)::regproc::text, '') || E';\\n', NULL"
	" FROM pg_language l WHERE l.lanispl AND l.oid >= 16384 AND @X(2612|l)"
	" @F(l.oid)";

static const char access_methods[] =
	NO_SCHEMA("a", "amname") "'ACCESS METHOD ' || " IDENT("a.amname") ","
	" NULL, 'CREATE ACCESS METHOD ' || " IDENT("a.amname") " || ' TYPE '"
	" || CASE a.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END || ' HANDLER"
	" ' || a.amhandler::regproc::text || E';\\n', NULL FROM pg_am a WHERE"
	" a.oid >= 16384 AND @X(2601|a) @F(a.oid)";

#define CAST(s, t) \
	"format_type(" s ", NULL) || ' AS ' || format_type(" t ", NULL)"
static const char casts[] =
	"SELECT c.oid, NULL, " CAST("c.castsource", "c.casttarget") ", NULL,"
	" NULL, NULL, 'CAST (' || " CAST( "c.castsource", "c.casttarget") " ||"
	" ')', NULL, 'CREATE CAST (' || " CAST("c.castsource", "c.casttarget")
	" || ')' || CASE c.castmethod WHEN 'b' THEN ' WITHOUT FUNCTION' WHEN"
	" 'i' THEN ' WITH INOUT' ELSE ' WITH FUNCTION ' ||"
	" c.castfunc::regprocedure::text END || CASE c.castcontext WHEN 'a'"
	" THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END ||"
	" E';\\n', NULL FROM pg_cast c WHERE c.oid >= 16384 AND @X(2605|c)"
	" "
	" AND NOT EXISTS (SELECT FROM pg_depend di WHERE di.classid = 2605 AND"
	" di.objid = c.oid AND di.deptype = 'i') @F(c.oid)";

#define TRANSFORM                                                           \
	"'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || " IDENT( \
		"l.lanname")
static const char transforms[] =
	"SELECT t.oid, NULL, format_type(t.trftype, NULL) || ' ' || l.lanname,"
	" NULL, NULL, NULL, 'TRANSFORM ' || " TRANSFORM ", NULL, 'CREATE"
	" TRANSFORM ' || " TRANSFORM " || ' (' || concat_ws(', ', 'FROM SQL"
	" WITH FUNCTION ' || nullif(t.trffromsql, 0)::regprocedure::text, 'TO"
	" SQL WITH FUNCTION ' || nullif(t.trftosql, 0)::regprocedure::text) ||"
	" E');\\n', NULL FROM pg_transform t JOIN pg_language l ON l.oid ="
	" t.trflang WHERE @X(3576|t) @F(t.oid)";

/* What every new object of a role, perhaps in a schema, gets. */
static const char default_privileges[] =
	"SELECT min(a.oid), NULL, a.role, ' in ' || a.nspname, NULL, NULL,"
	" 'DEFAULT PRIVILEGES', NULL, string_agg(a.line, '' ORDER BY a.line"
	" LIKE '%GRANT%', a.line COLLATE \"C\"), NULL FROM (SELECT d.oid,"
	" r.rolname AS role, n.nspname, 'ALTER DEFAULT PRIVILEGES FOR ROLE ' ||"
	" quote_ident(r.rolname) || coalesce(' IN SCHEMA ' ||"
	" quote_ident(n.nspname), '') || CASE WHEN x.given THEN ' GRANT ' ELSE"
	" ' REVOKE ' END || x.privs || ' ON ' || CASE d.defaclobjtype WHEN 'r'"
	" THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'"
	" WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS'"
	" END || CASE WHEN x.given THEN ' TO ' ELSE ' FROM ' END || CASE"
	" x.grantee WHEN 0 THEN 'PUBLIC' ELSE"
	" quote_ident(pg_get_userbyid(x.grantee)) END || CASE WHEN"
	" x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END || E';\\n' AS"
	" line FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole"
	" LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN"
	" LATERAL (SELECT y.given, y.grantee, y.is_grantable,"
	" string_agg(y.privilege_type, ', ' ORDER BY y.privilege_type) AS privs"
	" FROM ((SELECT true AS given, g.grantee, g.privilege_type,"
	" g.is_grantable FROM aclexplode(d.defaclacl) g EXCEPT SELECT true,"
	" h.grantee, h.privilege_type, h.is_grantable FROM aclexplode(CASE"
	" d.defaclnamespace WHEN 0 THEN acldefault(CASE d.defaclobjtype WHEN"
	" 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) ELSE"
	" acldefault('c', d.defaclrole) END) h) UNION ALL (SELECT false,"
	" h.grantee, h.privilege_type, false FROM aclexplode(CASE"
	" d.defaclnamespace WHEN 0 THEN acldefault(CASE d.defaclobjtype WHEN"
	" 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) ELSE"
	" acldefault('c', d.defaclrole) END) h EXCEPT SELECT false, g.grantee,"
	" g.privilege_type, false FROM aclexplode(d.defaclacl) g)) y GROUP BY"
	" y.given, y.grantee, y.is_grantable) x) a GROUP BY a.role, a.nspname";

/* A publication; its tables and schemas, each in a statement. */
static const char publications[] =
	NO_SCHEMA("p", "pubname") "'PUBLICATION ' || " IDENT("p.pubname") ","
	" @O(p.pubowner), 'CREATE PUBLICATION ' || " IDENT("p.pubname") " ||"
	" CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE '' END ||"
	" coalesce(' WITH (' || nullif(concat_ws(', ', CASE WHEN NOT"
	" (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate) THEN"
	" 'publish = ''' || concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert'"
	" END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete"
	" THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) ||"
	" '''' END @13(, CASE WHEN p.pubviaroot THEN"
	" 'publish_via_partition_root = true' END|) @18(, CASE WHEN"
	" p.pubgencols = 's' THEN 'publish_generated_columns = stored' END|)),"
	" '') || ')', '') || E';\\n' || coalesce((SELECT string_agg('ALTER"
	" PUBLICATION ' || " IDENT("p.pubname") " || ' ADD TABLE ONLY ' ||"
	" pr.prrelid::regclass::text @15(|| coalesce(' (' || (SELECT"
	" string_agg(quote_ident(a.attname), ', ' ORDER BY rn) FROM"
	" unnest(pr.prattrs::int2[]) WITH ORDINALITY pa(n, rn) JOIN"
	" pg_attribute a ON a.attrelid = pr.prrelid AND a.attnum = pa.n) ||"
	" ')', '') || coalesce(' WHERE (' || pg_get_expr(pr.prqual, pr.prrelid)"
	" || ')', '')|) || E';\\n', '' ORDER BY pr.prrelid::regclass::text"
	" COLLATE \"C\") FROM pg_publication_rel pr WHERE pr.prpubid = p.oid),"
	" '') @15(|| coalesce((SELECT string_agg('ALTER PUBLICATION ' || "
	IDENT("p.pubname") " || ' ADD TABLES IN SCHEMA ' ||"
	" quote_ident(n.nspname) || E';\\n', '' ORDER BY n.nspname) FROM"
	" pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid"
	" WHERE pn.pnpubid = p.oid), '')|), NULL FROM pg_publication p WHERE"
	" @X(6104|p) @F(p.oid)";

/* Where it connects to may hold a password. */
static const char subscriptions[] =
	"SELECT @14(s.oid|0), NULL, s.subname, NULL, NULL, NULL, 'SUBSCRIPTION"
	" ' || " IDENT("s.subname") ", @O(s.subowner), 'CREATE SUBSCRIPTION '"
	" || " IDENT("s.subname") " || E' CONNECTION ''password=********'' PUBLICATION"
	" ' || (SELECT string_agg(quote_ident(pub), ', ' ORDER BY rn) FROM"
	" unnest(s.subpublications) WITH ORDINALITY pubs(pub, rn)) || ' WITH ('"
	" || concat_ws(', ', 'connect = false', 'slot_name = ' ||"
	" coalesce(quote_literal(s.subslotname), 'NONE') @14(, CASE WHEN"
	" s.subbinary THEN 'binary = true' END, @16(CASE s.substream WHEN 'f'"
	" THEN @18('streaming = off'|NULL) WHEN 't' THEN 'streaming = on' ELSE"
	" @18(NULL|'streaming = parallel') END|CASE WHEN s.substream THEN"
	" 'streaming = on' END)|) @15(, CASE WHEN s.subtwophasestate <> 'd'"
	" THEN 'two_phase = true' END, CASE WHEN s.subdisableonerr THEN"
	" 'disable_on_error = true' END|) @16(, CASE WHEN s.suborigin <> 'any'"
	" THEN 'origin = ' || s.suborigin END, CASE WHEN NOT"
	" s.subpasswordrequired THEN 'password_required = false' END, CASE WHEN"
	" s.subrunasowner THEN 'run_as_owner = true' END|) @17(, CASE WHEN"
	" s.subfailover THEN 'failover = true' END|)) || E');\\n' || CASE WHEN"
	" s.subenabled THEN 'ALTER SUBSCRIPTION ' || " IDENT("s.subname") " ||"
	" E' ENABLE;\\n' ELSE '' END, NULL FROM pg_subscription s WHERE"
	" s.subdbid = (SELECT oid FROM pg_database WHERE datname ="
	" current_database())";
/* clang-format on */

const struct pg_question pg_sql_global[] = {
	{ "schema", PG_NAMESPACE, PG_NAMESPACE, 0, { schemas }, NULL },
	{ "extension", PG_EXTENSION, PG_EXTENSION, 0, { extensions }, NULL },
	{ "event_trigger",
	  PG_EVENT_TRIGGER,
	  PG_EVENT_TRIGGER,
	  0,
	  { event_triggers },
	  NULL },
	{ "language", PG_LANGUAGE, PG_LANGUAGE, 0, { languages }, NULL },
	{ "access_method", PG_AM, PG_AM, 0, { access_methods }, NULL },
	{ "cast", PG_CAST, PG_CAST, 0, { casts }, NULL },
	{ "transform", PG_TRANSFORM, PG_TRANSFORM, 0, { transforms }, NULL },
	{ "default_privileges",
	  PG_DEFAULT_ACL,
	  PG_DEFAULT_ACL,
	  0,
	  { default_privileges },
	  NULL },
	{ "publication",
	  PG_PUBLICATION,
	  PG_PUBLICATION,
	  0,
	  { publications },
	  NULL },
	{ "subscription",
	  PG_SUBSCRIPTION,
	  PG_SUBSCRIPTION,
	  0,
	  { subscriptions },
	  NULL },
	{ .kind = NULL },
};
