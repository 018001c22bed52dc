#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* What hangs on a relation: triggers, rules, policies. */

#define NAME PG_NAME("n", "c.relname")
#define HEAD(alias, name)                                                  \
	"SELECT " alias ".oid, NULL, " alias "." name ", NULL, n.nspname," \
	" c.relname, "
#define ON(name) "quote_ident(" name ") || ' ON ' || " NAME ", NULL, "

/* A partition has its parent's triggers by itself. */
static const char triggers[] =
	HEAD("t", "tgname") "'TRIGGER ' || " ON( "t.tgname")
	" pg_get_triggerdef(t.oid) || E';\\n' || CASE t.tgenabled WHEN 'O' THEN"
	" '' ELSE 'ALTER TABLE ' || " NAME " || CASE t.tgenabled WHEN 'D' THEN"
	" ' DISABLE' WHEN 'A' THEN ' ENABLE ALWAYS' ELSE ' ENABLE REPLICA' END"
	" || ' TRIGGER ' || quote_ident(t.tgname) || E';\\n' END, c.oid FROM"
	" pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n"
	" ON n.oid = c.relnamespace WHERE NOT t.tgisinternal @13(AND"
	" t.tgparentid = 0|) AND @N(n) AND @X(2620|t) @F(t.tgrelid)";

/* ... and says where they are enabled in another way. */
static const char partition_triggers[] =
	"SELECT 1259, c.oid, 'ALTER TABLE ' || " NAME " || CASE t.tgenabled"
	" WHEN 'D' THEN ' DISABLE' WHEN 'A' THEN ' ENABLE ALWAYS' WHEN 'R' THEN"
	" ' ENABLE REPLICA' ELSE ' ENABLE' END || ' TRIGGER ' ||"
	" quote_ident(t.tgname) || E';\\n' FROM pg_trigger t JOIN pg_class c ON"
	" c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" @13(JOIN pg_trigger p ON p.oid = t.tgparentid| JOIN pg_depend d ON"
	" d.classid = 2620 AND d.objid = t.oid AND d.refclassid = 2620 JOIN"
	" pg_trigger p ON p.oid = d.refobjid) WHERE c.relispartition AND"
	" t.tgenabled <> p.tgenabled AND t.tgconstraint = 0 AND @N(n)"
	" @F(t.tgrelid) ORDER BY c.oid, t.tgname COLLATE \"C\"";

/* Triggers of foreign keys have no name that lasts. */
static const char disabled_keys[] =
	"SELECT 'enabled state of ' || k.conname || ' on ' || n.nspname || '.'"
	" || c.relname || ' (' || string_agg(t.tgenabled::text, '' ORDER BY"
	" t.tgtype, t.oid) || ')' FROM pg_trigger t JOIN pg_class c ON c.oid ="
	" t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN"
	" pg_constraint k ON k.oid = t.tgconstraint WHERE t.tgisinternal AND"
	" t.tgenabled <> 'O' AND k.contype <> 't' AND @N(n) GROUP"
	" BY k.conname, n.nspname, c.relname";

static const char rules[] =
	HEAD("r", "rulename") "'RULE ' || " ON( "r.rulename")
	" pg_get_ruledef(r.oid) || E'\\n' || CASE r.ev_enabled WHEN 'O' THEN ''"
	" ELSE 'ALTER TABLE ' || " NAME " || CASE r.ev_enabled WHEN 'D' THEN '"
	" DISABLE' WHEN 'A' THEN ' ENABLE ALWAYS' ELSE ' ENABLE REPLICA' END ||"
	" ' RULE ' || quote_ident(r.rulename) || E';\\n' END, c.oid FROM"
	" pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace"
	" n ON n.oid = c.relnamespace WHERE NOT (r.rulename = '_RETURN' AND"
	" c.relkind IN ('v', 'm')) AND @N(n) AND @X(1259|c) @F(r.ev_class)";

static const char policies[] =
	HEAD("p", "polname") "'POLICY ' || " ON( "p.polname") " 'CREATE POLICY"
	" ' || quote_ident(p.polname) || ' ON ' || " NAME " || CASE WHEN"
	" p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END || CASE p.polcmd"
	" WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN"
	" ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' ELSE '' END || CASE WHEN"
	" p.polroles = '{0}' THEN '' ELSE ' TO ' || (SELECT string_agg(CASE ro"
	" WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(ro)) END, ', '"
	" ORDER BY rn) FROM unnest(p.polroles) WITH ORDINALITY ros(ro, rn)) END"
	" || coalesce(E'\\n  USING (' || pg_get_expr(p.polqual, p.polrelid) ||"
	" ')', '') || coalesce(E'\\n  WITH CHECK (' ||"
	" pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') || E';\\n', c.oid"
	" FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN"
	" pg_namespace n ON n.oid = c.relnamespace WHERE @N(n) AND @X(1259|c)"
	" @F(p.polrelid)";
/* clang-format on */

const struct pg_question pg_sql_attached[] = {
	{ "trigger",
	  PG_TRIGGER,
	  PG_CLASS,
	  PG_NEED_TRIGGER,
	  { triggers },
	  NULL },
	{ NULL,
	  PG_TRIGGER,
	  PG_CLASS,
	  PG_NEED_TRIGGER,
	  { partition_triggers },
	  pg_line_row },
	{ NULL,
	  PG_TRIGGER,
	  PG_CLASS,
	  PG_NEED_UNREPRESENTED,
	  { disabled_keys },
	  pg_unrepresented_row },
	{ "rule", PG_REWRITE, PG_CLASS, PG_NEED_RULE, { rules }, NULL },
	{ "policy", PG_POLICY, PG_CLASS, PG_NEED_POLICY, { policies }, NULL },
	{ .kind = NULL },
};
