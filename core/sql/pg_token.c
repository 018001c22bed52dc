#include <stdlib.h>
#include <string.h>

#include "sql/pg_lexer.h"

/* Longer names are cut (NAMEDATALEN - 1). */
#define NAME_MAX_BYTES 63

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		c |= 0x20;
	return c;
}

bool pg_token_is(const struct pg_token *t, const char *keyword)
{
	if (t->kind != PG_TK_WORD)
		return false;
	for (size_t i = 0; i < t->len; i++)
		if (!keyword[i] || fold(t->text[i]) != keyword[i])
			return false;
	return !keyword[t->len];
}

bool pg_token_is_op(const struct pg_token *t, const char *op)
{
	return t->kind == PG_TK_OPERATOR && strlen(op) == t->len &&
	       !memcmp(t->text, op, t->len);
}

bool pg_token_has_mark(const struct pg_token *t)
{
	size_t quote = t->kind == PG_TK_NAME;

	return (quote || t->kind == PG_TK_WORD) && t->len >= quote + 3 &&
	       !memcmp(t->text + quote, "\xef\xbb\xbf", 3);
}

bool pg_same_word(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

const char *pg_token_unterminated(const struct pg_token *t)
{
	const char *quote;

	if (t->kind != PG_TK_ILLEGAL)
		return NULL;
	if (t->text[0] == '/')
		return "comment";
	if (t->text[0] == '$')
		return t->len > 1 ? "dollar quote" : NULL;
	for (quote = t->text; quote < t->text + t->len; quote++) {
		if (*quote == '\'')
			return "string";
		if (*quote == '"')
			return "quoted name";
	}
	return NULL;
}

/* Without the quotes; a doubled one is one. Returns the end of what it wrote. */
static char *unquote(char *to, const char *s, size_t len)
{
	char quote = s[0];

	for (size_t i = 1; i < len - 1; i++) {
		*to++ = s[i];
		if (s[i] == quote)
			i++;
	}
	return to;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *add_utf8(char *to, unsigned long c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* \00e9 or \+0000e9 in place; what is no escape stays as it is. */
static void resolve_unicode(char *s)
{
	char *to = s;

	while (*s) {
		size_t i = s[1] == '+' ? 2 : 1, end = i == 2 ? 8 : 5;
		unsigned long c = 0;

		if (s[0] != '\\' || s[1] == '\\') {
			s += s[0] == '\\';
			*to++ = *s++;
			continue;
		}
		for (; i < end && hex_digit(s[i]) >= 0; i++)
			c = c << 4 | (unsigned long)hex_digit(s[i]);
		if (i == end && c && c <= 0x10ffff) {
			to = add_utf8(to, c);
			s += i;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

static void cut(char *name)
{
	size_t n = strlen(name);

	if (n <= NAME_MAX_BYTES)
		return;
	n = NAME_MAX_BYTES;
	while (n && ((unsigned char)name[n] & 0xc0) == 0x80)
		n--;
	name[n] = '\0';
}

const char *pg_token_name(const struct pg_token *t, struct arena *a)
{
	char *name;

	if (t->kind == PG_TK_WORD) {
		name = arena_strndup(a, t->text, t->len);
		for (char *c = name; *c; c++)
			*c = fold(*c);
	} else if (t->kind == PG_TK_NAME) {
		size_t prefix = t->text[0] == '"' ? 0 : 2;

		name = arena_alloc(a, t->len);
		*unquote(name, t->text + prefix, t->len - prefix) = '\0';
		if (prefix)
			resolve_unicode(name);
	} else {
		return NULL;
	}
	cut(name);
	return name;
}

static const char *dollar_value(const struct pg_token *t, struct arena *a)
{
	const char *end = memchr(t->text + 1, '$', t->len - 1);
	size_t tag = (size_t)(end - t->text) + 1;

	return arena_strndup(a, t->text + tag, t->len - 2 * tag);
}

/* A string that goes on in another line comes with all of it. */
const char *pg_token_value(const struct pg_token *t, struct arena *a)
{
	const char *quote;
	char *value;

	if (t->kind == PG_TK_DOLLAR)
		return dollar_value(t, a);
	if (t->kind != PG_TK_STRING)
		return NULL;
	quote = memchr(t->text, '\'', t->len);
	value = arena_alloc(a, t->len);
	*unquote(value, quote, t->len - (size_t)(quote - t->text)) = '\0';
	return value;
}

struct word {
	const char *text;
	size_t len;
};

static int compare_keyword(const void *key, const void *item)
{
	const struct word *w = key;
	const char *keyword = *(const char *const *)item;
	int order = strncmp(w->text, keyword, w->len);

	return order ? order : -(keyword[w->len] != '\0');
}

/* src/include/parser/kwlist.h of 15, and what 16 to 18 added */
/* clang-format off */
static const char *const keywords[] = {
	"abort", "absent", "absolute", "access", "action", "add",
	"admin", "after", "aggregate", "all", "also", "alter",
	"always", "analyse", "analyze", "and", "any", "array", "as",
	"asc", "asensitive", "assertion", "assignment", "asymmetric",
	"at", "atomic", "attach", "attribute", "authorization",
	"backward", "before", "begin", "between", "bigint", "binary",
	"bit", "boolean", "both", "breadth", "by", "cache", "call",
	"called", "cascade", "cascaded", "case", "cast", "catalog",
	"chain", "char", "character", "characteristics", "check",
	"checkpoint", "class", "close", "cluster", "coalesce",
	"collate", "collation", "column", "columns", "comment",
	"comments", "commit", "committed", "compression",
	"concurrently", "conditional", "configuration", "conflict",
	"connection", "constraint", "constraints", "content",
	"continue", "conversion", "copy", "cost", "create", "cross",
	"csv", "cube", "current", "current_catalog", "current_date",
	"current_role", "current_schema", "current_time",
	"current_timestamp", "current_user", "cursor", "cycle",
	"data", "database", "day", "deallocate", "dec", "decimal",
	"declare", "default", "defaults", "deferrable", "deferred",
	"definer", "delete", "delimiter", "delimiters", "depends",
	"depth", "desc", "detach", "dictionary", "disable",
	"discard", "distinct", "do", "document", "domain", "double",
	"drop", "each", "else", "empty", "enable", "encoding",
	"encrypted", "end", "enforced", "enum", "error", "escape",
	"event", "except", "exclude", "excluding", "exclusive",
	"execute", "exists", "explain", "expression", "extension",
	"external", "extract", "false", "family", "fetch", "filter",
	"finalize", "first", "float", "following", "for", "force",
	"foreign", "format", "forward", "freeze", "from", "full",
	"function", "functions", "generated", "global", "grant",
	"granted", "greatest", "group", "grouping", "groups",
	"handler", "having", "header", "hold", "hour", "identity",
	"if", "ilike", "immediate", "immutable", "implicit",
	"import", "in", "include", "including", "increment",
	"indent", "index", "indexes", "inherit", "inherits",
	"initially", "inline", "inner", "inout", "input",
	"insensitive", "insert", "instead", "int", "integer",
	"intersect", "interval", "into", "invoker", "is", "isnull",
	"isolation", "join", "json", "json_array", "json_arrayagg",
	"json_exists", "json_object", "json_objectagg", "json_query",
	"json_scalar", "json_serialize", "json_table", "json_value",
	"keep", "key", "keys", "label", "language", "large", "last",
	"lateral", "leading", "leakproof", "least", "left", "level",
	"like", "limit", "listen", "load", "local", "localtime",
	"localtimestamp", "location", "lock", "locked", "logged",
	"mapping", "match", "matched", "materialized", "maxvalue",
	"merge", "merge_action", "method", "minute", "minvalue",
	"mode", "month", "move", "name", "names", "national",
	"natural", "nchar", "nested", "new", "next", "nfc", "nfd",
	"nfkc", "nfkd", "no", "none", "normalize", "normalized",
	"not", "nothing", "notify", "notnull", "nowait", "null",
	"nullif", "nulls", "numeric", "object", "objects", "of",
	"off", "offset", "oids", "old", "omit", "on", "only",
	"operator", "option", "options", "or", "order", "ordinality",
	"others", "out", "outer", "over", "overlaps", "overlay",
	"overriding", "owned", "owner", "parallel", "parameter",
	"parser", "partial", "partition", "passing", "password",
	"path", "period", "periods", "placing", "plan", "plans",
	"policy", "position", "preceding", "precision", "prepare",
	"prepared", "preserve", "primary", "prior", "privileges",
	"procedural", "procedure", "procedures", "program",
	"publication", "quote", "quotes", "range", "read", "real",
	"reassign", "recheck", "recursive", "ref", "references",
	"referencing", "refresh", "reindex", "relative", "release",
	"rename", "repeatable", "replace", "replica", "reset",
	"restart", "restrict", "return", "returning", "returns",
	"revoke", "right", "role", "rollback", "rollup", "routine",
	"routines", "row", "rows", "rule", "savepoint", "scalar",
	"schema", "schemas", "scroll", "search", "second",
	"security", "select", "sequence", "sequences",
	"serializable", "server", "session", "session_user", "set",
	"setof", "sets", "share", "show", "similar", "simple",
	"skip", "smallint", "snapshot", "some", "source", "sql",
	"stable", "standalone", "start", "statement", "statistics",
	"stdin", "stdout", "storage", "stored", "strict", "string",
	"strip", "subscription", "substring", "support", "symmetric",
	"sysid", "system", "system_user", "table", "tables",
	"tablesample", "tablespace", "target", "temp", "template",
	"temporary", "text", "then", "ties", "time", "timestamp",
	"to", "trailing", "transaction", "transform", "treat",
	"trigger", "trim", "true", "truncate", "trusted", "type",
	"types", "uescape", "unbounded", "uncommitted",
	"unconditional", "unencrypted", "unicode", "union", "unique",
	"unknown", "unlisten", "unlogged", "until", "update", "user",
	"using", "vacuum", "valid", "validate", "validator", "value",
	"values", "varchar", "variadic", "varying", "verbose",
	"version", "view", "views", "virtual", "volatile", "when",
	"where", "whitespace", "window", "with", "within", "without",
	"work", "wrapper", "write", "xml", "xmlattributes",
	"xmlconcat", "xmlelement", "xmlexists", "xmlforest",
	"xmlnamespaces", "xmlparse", "xmlpi", "xmlroot",
	"xmlserialize", "xmltable", "year", "yes", "zone",
};
/* clang-format on */

bool pg_is_keyword(const char *word, size_t len)
{
	struct word w = { word, len };

	return bsearch(&w, keywords, sizeof(keywords) / sizeof(*keywords),
		       sizeof(*keywords), compare_keyword) != NULL;
}
