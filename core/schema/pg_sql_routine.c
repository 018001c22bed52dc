#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Functions, procedures and aggregates. */

#define NAME PG_NAME("n", "p.proname")
#define FROM " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
/* constructors of ranges come with their type */
#define OURS                                                           \
	" AND @N(n) AND @X(1255|p) @F(p.oid) AND NOT EXISTS (SELECT"   \
	" FROM pg_depend di WHERE di.classid = 1255"                   \
	" AND di.objid = p.oid AND di.deptype = 'i')"
#define HEAD(word)                                                     \
	"SELECT p.oid, n.nspname, p.proname, '(' ||"                   \
	" oidvectortypes(p.proargtypes) || ')', NULL, NULL,"           \
	" '" word " ' || " NAME                                        \
	" || '(' || pg_get_function_identity_arguments(p.oid) || ')'," \
	" @O(p.proowner), "

static const char functions[] =
	HEAD("FUNCTION") " rtrim(pg_get_functiondef(p.oid), E'\\n') || E';\\n',"
	" NULL" FROM " WHERE p.prokind IN ('f', 'w')" OURS;

static const char procedures[] =
	HEAD("PROCEDURE") " rtrim(pg_get_functiondef(p.oid), E'\\n') ||"
	" E';\\n', NULL" FROM " WHERE p.prokind = 'p'" OURS;

#define FUNCTION(name, column) \
	"E'\\n  , " name " = ' || nullif(a." column ", 0)::regproc::text"
/* The default of FINALFUNC_MODIFY is READ_ONLY for a plain aggregate. */
static const char aggregates[] =
	HEAD( "AGGREGATE") " 'CREATE AGGREGATE ' || " NAME " || '(' || CASE"
	" WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid)"
	" END || E') (\\n    SFUNC = ' || a.aggtransfn::regproc::text || E'\\n"
	"  , STYPE = ' || format_type(a.aggtranstype, NULL) || concat(CASE WHEN"
	" a.aggtransspace <> 0 THEN E'\\n  , SSPACE = ' || a.aggtransspace END,"
	" E'\\n  , INITCOND = ' || quote_literal(a.agginitval), "
	FUNCTION( "FINALFUNC", "aggfinalfn") ", CASE WHEN a.aggfinalextra THEN"
	" E'\\n  , FINALFUNC_EXTRA' END, CASE WHEN a.aggfinalmodify <> CASE"
	" a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END THEN E'\\n  ,"
	" FINALFUNC_MODIFY = ' || CASE a.aggfinalmodify WHEN 'r' THEN"
	" 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END, "
	FUNCTION("COMBINEFUNC", "aggcombinefn") ", "
	FUNCTION("SERIALFUNC", "aggserialfn") ", "
	FUNCTION("DESERIALFUNC", "aggdeserialfn") ", "
	FUNCTION("MSFUNC", "aggmtransfn") ", "
	FUNCTION( "MINVFUNC", "aggminvtransfn") ", CASE WHEN a.aggmtranstype <>"
	" 0 THEN E'\\n  , MSTYPE = ' || format_type(a.aggmtranstype, NULL) END,"
	" CASE WHEN a.aggmtransspace <> 0 THEN E'\\n  , MSSPACE = ' ||"
	" a.aggmtransspace END, E'\\n  , MINITCOND = ' ||"
	" quote_literal(a.aggminitval), " FUNCTION( "MFINALFUNC", "aggmfinalfn")
	", CASE WHEN a.aggmfinalextra THEN E'\\n  , MFINALFUNC_EXTRA' END, CASE"
	" WHEN a.aggmtransfn <> 0 AND a.aggmfinalmodify <> CASE a.aggkind WHEN"
	" 'n' THEN 'r' ELSE 'w' END THEN E'\\n  , MFINALFUNC_MODIFY = ' || CASE"
	" a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE'"
	" ELSE 'READ_WRITE' END END, (SELECT E'\\n  , SORTOP = OPERATOR(' ||"
	" quote_ident(sn.nspname) || '.' || so.oprname || ')' FROM pg_operator"
	" so JOIN pg_namespace sn ON sn.oid = so.oprnamespace WHERE so.oid ="
	" a.aggsortop), CASE p.proparallel WHEN 's' THEN E'\\n  , PARALLEL ="
	" SAFE' WHEN 'r' THEN E'\\n  , PARALLEL = RESTRICTED' END, CASE"
	" a.aggkind WHEN 'h' THEN E'\\n  , HYPOTHETICAL' END) || E'\\n);\\n',"
	" NULL FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
	" JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE p.prokind = 'a'" OURS;
/* clang-format on */

const struct pg_question pg_sql_routine[] = {
	{ "function", PG_PROC, PG_PROC, 0, { functions }, NULL },
	{ "procedure", PG_PROC, PG_PROC, 0, { procedures }, NULL },
	{ "aggregate", PG_PROC, PG_PROC, 0, { aggregates }, NULL },
	{ .kind = NULL },
};
