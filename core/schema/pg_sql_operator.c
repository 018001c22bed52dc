#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Operators, their classes and families. */

#define NAME "quote_ident(n.nspname) || '.' || o.oprname"
#define SIDE(column) \
	"coalesce(format_type(nullif(o." column ", 0), NULL), 'NONE')"
#define SIDES "'(' || " SIDE("oprleft") " || ', ' || " SIDE("oprright") " || ')'"
#define OTHER(word, column) \
	"(SELECT '" word " = OPERATOR(' || quote_ident(on_.nspname) || '.' ||" \
	" oo.oprname || ')' FROM pg_operator oo JOIN pg_namespace on_" \
	" ON on_.oid = oo.oprnamespace WHERE oo.oid = o." column ")"

/* One without a function is only named by another, which makes it. */
static const char operators[] =
	"SELECT o.oid, n.nspname, o.oprname, " SIDES ", NULL, NULL,"
	" 'OPERATOR ' || " NAME " || ' ' || " SIDES ", @O(o.oprowner),"
	" 'CREATE OPERATOR ' || " NAME " || E' (\\n    ' ||"
	" concat_ws(E'\\n  , ', 'FUNCTION = ' || o.oprcode::regproc::text,"
	" 'LEFTARG = ' || format_type(nullif(o.oprleft, 0), NULL),"
	" 'RIGHTARG = ' || format_type(nullif(o.oprright, 0), NULL), "
	OTHER("COMMUTATOR", "oprcom") ", " OTHER("NEGATOR", "oprnegate") ","
	" 'RESTRICT = ' || nullif(o.oprrest, 0)::regproc::text,"
	" 'JOIN = ' || nullif(o.oprjoin, 0)::regproc::text,"
	" CASE WHEN o.oprcanhash THEN 'HASHES' END,"
	" CASE WHEN o.oprcanmerge THEN 'MERGES' END) || E'\\n);\\n', NULL"
	" FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace"
	" WHERE o.oprcode <> 0 AND @N(n) AND @X(2617|o) @F(o.oid)";

/* Operators and functions of the class or family with that oid. */
#define MEMBERS(class, oid, kind) \
	"(SELECT string_agg(m.line, E'\\n  , ' ORDER BY m.what DESC, m.n," \
	" m.line COLLATE \"C\") FROM (SELECT 1 AS what, a.amopstrategy AS n," \
	" 'OPERATOR ' || a.amopstrategy || ' ' ||" \
	" a.amopopr::regoperator::text || CASE a.amoppurpose WHEN 'o' THEN" \
	" (SELECT ' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' ||" \
	" quote_ident(sf.opfname) FROM pg_opfamily sf JOIN pg_namespace sn" \
	" ON sn.oid = sf.opfnamespace WHERE sf.oid = a.amopsortfamily)" \
	" ELSE '' END AS line FROM pg_depend d JOIN pg_amop a" \
	" ON a.oid = d.objid WHERE d.classid = 2602 AND d.refclassid = " class \
	" AND d.refobjid = " oid " AND d.deptype = '" kind "'" \
	" UNION ALL SELECT 0, p.amprocnum, 'FUNCTION ' || p.amprocnum ||" \
	" ' (' || format_type(p.amproclefttype, NULL) || ', ' ||" \
	" format_type(p.amprocrighttype, NULL) || ') ' ||" \
	" p.amproc::regprocedure::text FROM pg_depend d JOIN pg_amproc p" \
	" ON p.oid = d.objid WHERE d.classid = 2603 AND d.refclassid = " class \
	" AND d.refobjid = " oid " AND d.deptype = '" kind "') m)"

#define FAMILY PG_NAME("n", "f.opfname") " || ' USING ' || quote_ident(am.amname)"

static const char families[] =
	"SELECT f.oid, n.nspname, f.opfname, ' using ' || am.amname, NULL,"
	" NULL, 'OPERATOR FAMILY ' || " FAMILY ", @O(f.opfowner),"
	" 'CREATE OPERATOR FAMILY ' || " FAMILY " || E';\\n' || coalesce("
	"'ALTER OPERATOR FAMILY ' || " FAMILY " || E' ADD\\n    ' || "
	MEMBERS("2753", "f.oid", "a") " || E';\\n', ''), NULL"
	" FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace"
	" JOIN pg_am am ON am.oid = f.opfmethod"
	" WHERE @N(n) AND @X(2753|f) @F(f.oid)";

#define CLASS PG_NAME("n", "c.opcname") " || "
#define USING "' USING ' || quote_ident(am.amname)"

static const char classes[] =
	"SELECT c.oid, n.nspname, c.opcname, ' using ' || am.amname, NULL,"
	" NULL, 'OPERATOR CLASS ' || " CLASS USING ", @O(c.opcowner),"
	" 'CREATE OPERATOR CLASS ' || " CLASS "CASE WHEN c.opcdefault THEN"
	" ' DEFAULT' ELSE '' END || ' FOR TYPE ' ||"
	" format_type(c.opcintype, NULL) || " USING " || ' FAMILY ' || "
	PG_NAME("fn", "f.opfname") " || E' AS\\n    ' ||"
	" coalesce(concat_ws(E'\\n  , ', 'STORAGE ' ||"
	" format_type(nullif(c.opckeytype, 0), NULL), "
	MEMBERS("2616", "c.oid", "i") "), 'STORAGE ' ||"
	" format_type(c.opcintype, NULL)) || E';\\n', NULL"
	" FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace"
	" JOIN pg_am am ON am.oid = c.opcmethod"
	" JOIN pg_opfamily f ON f.oid = c.opcfamily"
	" JOIN pg_namespace fn ON fn.oid = f.opfnamespace"
	" WHERE @N(n) AND @X(2616|c) @F(c.oid)";
/* clang-format on */

const struct pg_question pg_sql_operator[] = {
	{ "operator", PG_OPERATOR, PG_OPERATOR, 0, { operators }, NULL },
	{ "operator_family", PG_OPFAMILY, PG_OPFAMILY, 0, { families }, NULL },
	{ "operator_class", PG_OPCLASS, PG_OPCLASS, 0, { classes }, NULL },
	{ .kind = NULL },
};
