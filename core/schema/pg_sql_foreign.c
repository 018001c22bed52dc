#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Foreign data. What may be a password is masked. */

#define HEAD(alias, name) \
	"SELECT " alias ".oid, NULL, " alias "." name ", NULL, NULL, NULL, "
#define OPTIONS(list) \
	" || coalesce(E'\\n  OPTIONS (' || @P(" list ") || ')', '')"

static const char wrappers[] =
	HEAD("f", "fdwname") "'FOREIGN DATA WRAPPER ' ||"
	" quote_ident(f.fdwname), @O(f.fdwowner),"
	" 'CREATE FOREIGN DATA WRAPPER ' || quote_ident(f.fdwname) ||"
	" coalesce(' HANDLER ' || nullif(f.fdwhandler, 0)::regproc::text, '')"
	" || coalesce(' VALIDATOR ' ||"
	" nullif(f.fdwvalidator, 0)::regproc::text, '')" OPTIONS("f.fdwoptions")
	" || E';\\n', NULL FROM pg_foreign_data_wrapper f"
	" WHERE @X(2328|f) @F(f.oid)";

static const char servers[] =
	HEAD("s", "srvname") "'SERVER ' || quote_ident(s.srvname),"
	" @O(s.srvowner), 'CREATE SERVER ' || quote_ident(s.srvname) ||"
	" coalesce(' TYPE ' || quote_literal(s.srvtype), '') || coalesce("
	"' VERSION ' || quote_literal(s.srvversion), '') ||"
	" ' FOREIGN DATA WRAPPER ' || quote_ident(f.fdwname)"
	OPTIONS("s.srvoptions") " || E';\\n', NULL FROM pg_foreign_server s"
	" JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw"
	" WHERE @X(1417|s) @F(s.oid)";

/* The options are shown to those only who may use them. */
static const char mappings[] =
	"SELECT m.umid, NULL, coalesce(m.usename, 'public') || ' on ' ||"
	" m.srvname, NULL, NULL, NULL, 'USER MAPPING', NULL,"
	" 'CREATE USER MAPPING FOR ' || CASE m.umuser WHEN 0 THEN 'PUBLIC'"
	" ELSE quote_ident(m.usename) END || ' SERVER ' ||"
	" quote_ident(m.srvname)" OPTIONS("m.umoptions") " || E';\\n', NULL"
	" FROM pg_user_mappings m WHERE true @F(m.umid)";
/* clang-format on */

const struct pg_question pg_sql_foreign[] = {
	{ "foreign_data_wrapper", PG_FDW, PG_FDW, 0, { wrappers }, NULL },
	{ "server", PG_SERVER, PG_SERVER, 0, { servers }, NULL },
	{ "user_mapping",
	  PG_USER_MAPPING,
	  PG_USER_MAPPING,
	  0,
	  { mappings },
	  NULL },
	{ .kind = NULL },
};
