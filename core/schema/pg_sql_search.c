#include "schema/pg_read.h"
#include "schema/pg_sql.h"

/* clang-format off */
/* Collations, conversions, text search. */

#define HEAD(word, alias, schema, name) \
	"SELECT " alias ".oid, n.nspname, " alias "." name ", NULL, NULL," \
	" NULL, '" word " ' || " PG_NAME("n", alias "." name) ", "
#define FROM(catalog, alias, schema) \
	" FROM " catalog " " alias " JOIN pg_namespace n ON n.oid = " \
	alias "." schema " WHERE @N(n) "
#define CREATE(word, name) \
	" 'CREATE " word " ' || " PG_NAME("n", name) " || E' (\\n    ' ||"

static const char collations[] =
	HEAD("COLLATION", "c", "collnamespace", "collname") "@O(c.collowner),"
	CREATE("COLLATION", "c.collname") " concat_ws(E'\\n  , ', 'PROVIDER ="
	" ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'"
	" ELSE 'libc' END, @15(CASE WHEN c.collprovider IN ('i', 'b') THEN"
	" 'LOCALE = ' || quote_literal(@17(c.colllocale|c.colliculocale)) WHEN"
	" c.collcollate = c.collctype THEN 'LOCALE = ' ||"
	" quote_literal(c.collcollate) ELSE concat_ws(E'\\n  , ', 'LC_COLLATE"
	" = ' || quote_literal(c.collcollate), 'LC_CTYPE = ' ||"
	" quote_literal(c.collctype)) END|CASE WHEN c.collcollate ="
	" c.collctype THEN 'LOCALE = ' || quote_literal(c.collcollate) ELSE"
	" concat_ws(E'\\n  , ', 'LC_COLLATE = ' ||"
	" quote_literal(c.collcollate), 'LC_CTYPE = ' ||"
	" quote_literal(c.collctype)) END), CASE WHEN NOT"
	" c.collisdeterministic THEN 'DETERMINISTIC = false' END @16(, 'RULES"
	" = ' || quote_literal(c.collicurules)|)) || E'\\n);\\n', NULL"
	FROM("pg_collation", "c", "collnamespace") "AND @X(3456|c) @F(c.oid)";

static const char conversions[] =
	HEAD("CONVERSION", "c", "connamespace", "conname") "@O(c.conowner),"
	" 'CREATE ' || CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END ||"
	" 'CONVERSION ' || " PG_NAME("n", "c.conname") " || ' FOR ' ||"
	" quote_literal(pg_encoding_to_char(c.conforencoding)) || ' TO ' ||"
	" quote_literal(pg_encoding_to_char(c.contoencoding)) || ' FROM ' ||"
	" c.conproc::regproc::text || E';\\n', NULL"
	FROM("pg_conversion", "c", "connamespace") "AND @X(2607|c) @F(c.oid)";

#define PART(word, column) \
	"'" word " = ' || nullif(p." column ", 0)::regproc::text"

static const char parsers[] =
	HEAD("TEXT SEARCH PARSER", "p", "prsnamespace", "prsname") "NULL,"
	CREATE("TEXT SEARCH PARSER", "p.prsname") " concat_ws(E'\\n  , ', "
	PART("START", "prsstart") ", " PART("GETTOKEN", "prstoken") ", "
	PART("END", "prsend") ", " PART("HEADLINE", "prsheadline") ", "
	PART("LEXTYPES", "prslextype") ") || E'\\n);\\n', NULL"
	FROM("pg_ts_parser", "p", "prsnamespace") "AND @X(3601|p) @F(p.oid)";

static const char templates[] =
	HEAD("TEXT SEARCH TEMPLATE", "p", "tmplnamespace", "tmplname") "NULL,"
	CREATE("TEXT SEARCH TEMPLATE", "p.tmplname") " concat_ws(E'\\n  , ', "
	PART("INIT", "tmplinit") ", " PART("LEXIZE", "tmpllexize")
	") || E'\\n);\\n', NULL"
	FROM("pg_ts_template", "p", "tmplnamespace") "AND @X(3764|p) @F(p.oid)";

static const char dictionaries[] =
	HEAD("TEXT SEARCH DICTIONARY", "d", "dictnamespace", "dictname")
	"@O(d.dictowner)," CREATE("TEXT SEARCH DICTIONARY", "d.dictname")
	" 'TEMPLATE = ' || (SELECT CASE tn.nspname WHEN 'pg_catalog' THEN ''"
	" ELSE quote_ident(tn.nspname) || '.' END || quote_ident(t.tmplname)"
	" FROM pg_ts_template t JOIN pg_namespace tn"
	" ON tn.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate) ||"
	" coalesce(E'\\n  , ' || d.dictinitoption, '') || E'\\n);\\n', NULL"
	FROM("pg_ts_dict", "d", "dictnamespace") "AND @X(3600|d) @F(d.oid)";

static const char configurations[] =
	HEAD("TEXT SEARCH CONFIGURATION", "c", "cfgnamespace", "cfgname")
	"@O(c.cfgowner)," CREATE("TEXT SEARCH CONFIGURATION", "c.cfgname")
	" 'PARSER = ' || (SELECT CASE pn.nspname WHEN 'pg_catalog' THEN ''"
	" ELSE quote_ident(pn.nspname) || '.' END || quote_ident(p.prsname)"
	" FROM pg_ts_parser p JOIN pg_namespace pn ON pn.oid = p.prsnamespace"
	" WHERE p.oid = c.cfgparser) || E'\\n);\\n' || coalesce((SELECT"
	" string_agg(m.line, '' ORDER BY m.tokentype) FROM (SELECT"
	" mm.maptokentype AS tokentype,"
	" 'ALTER TEXT SEARCH CONFIGURATION ' || " PG_NAME("n", "c.cfgname")
	" || ' ADD MAPPING FOR ' || (SELECT quote_ident(tt.alias) FROM"
	" ts_token_type(c.cfgparser) tt WHERE tt.tokid = mm.maptokentype) ||"
	" ' WITH ' || string_agg(mm.mapdict::regdictionary::text, ', '"
	" ORDER BY mm.mapseqno) || E';\\n' AS line FROM pg_ts_config_map mm"
	" WHERE mm.mapcfg = c.oid GROUP BY mm.maptokentype) m), ''), NULL"
	FROM("pg_ts_config", "c", "cfgnamespace") "AND @X(3602|c) @F(c.oid)";
/* clang-format on */

const struct pg_question pg_sql_search[] = {
	{ "collation", PG_COLLATION, PG_COLLATION, 0, { collations }, NULL },
	{ "conversion",
	  PG_CONVERSION,
	  PG_CONVERSION,
	  0,
	  { conversions },
	  NULL },
	{ "text_search_parser",
	  PG_TS_PARSER,
	  PG_TS_PARSER,
	  0,
	  { parsers },
	  NULL },
	{ "text_search_template",
	  PG_TS_TEMPLATE,
	  PG_TS_TEMPLATE,
	  0,
	  { templates },
	  NULL },
	{ "text_search_dictionary",
	  PG_TS_DICT,
	  PG_TS_DICT,
	  0,
	  { dictionaries },
	  NULL },
	{ "text_search_configuration",
	  PG_TS_CONFIG,
	  PG_TS_CONFIG,
	  0,
	  { configurations },
	  NULL },
	{ .kind = NULL },
};
