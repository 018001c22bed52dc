#include "target/sqlite_driver.h"

#include <string.h>

#include "base/util.h"

/*
 * Pragmas that a migration may not use, or that change more than the session
 * (https://sqlite.org/pragma.html, with the names of SQLCipher and SEE, which
 * this library may be replaced by). Any other one with a value counts as a
 * setting, which target_reset() puts back.
 */
enum pragma_rule {
	PRAGMA_DENY,       /**< in every form */
	PRAGMA_DENY_VALUE, /**< reading it is fine */
	PRAGMA_SCHEMA,     /**< a value is kept in the file and is schema */
	PRAGMA_QUESTION,   /**< takes an argument but sets nothing */
};

static const struct {
	const char *name;
	enum pragma_rule rule;
} rules[] = {
	{ "activate_extensions", PRAGMA_DENY },
	{ "cipher_default_plaintext_header_size", PRAGMA_DENY },
	{ "data_store_directory", PRAGMA_DENY },
	{ "hexkey", PRAGMA_DENY },
	{ "hexrekey", PRAGMA_DENY },
	{ "key", PRAGMA_DENY },
	{ "lock_proxy_file", PRAGMA_DENY },
	{ "rekey", PRAGMA_DENY },
	{ "temp_store_directory", PRAGMA_DENY },
	{ "textkey", PRAGMA_DENY },
	{ "textrekey", PRAGMA_DENY },
	{ "writable_schema", PRAGMA_DENY },

	/* query_only would stop the journal, the limit cannot be raised again,
	 * a new schema_version makes other programs read a wrong schema */
	{ "hard_heap_limit", PRAGMA_DENY_VALUE },
	{ "query_only", PRAGMA_DENY_VALUE },
	{ "schema_version", PRAGMA_DENY_VALUE },

	{ "application_id", PRAGMA_SCHEMA },
	{ "user_version", PRAGMA_SCHEMA },

	{ "foreign_key_check", PRAGMA_QUESTION },
	{ "foreign_key_list", PRAGMA_QUESTION },
	{ "incremental_vacuum", PRAGMA_QUESTION },
	{ "index_info", PRAGMA_QUESTION },
	{ "index_list", PRAGMA_QUESTION },
	{ "index_xinfo", PRAGMA_QUESTION },
	{ "integrity_check", PRAGMA_QUESTION },
	{ "optimize", PRAGMA_QUESTION },
	{ "quick_check", PRAGMA_QUESTION },
	{ "table_info", PRAGMA_QUESTION },
	{ "table_list", PRAGMA_QUESTION },
	{ "table_xinfo", PRAGMA_QUESTION },
	{ "wal_checkpoint", PRAGMA_QUESTION },
};

/* journal_mode OFF and MEMORY lose the database when the process dies. */
static bool is_unsafe_mode(const char *name, const char *value)
{
	return sqlite3_stricmp(name, "journal_mode") == 0 &&
	       (sqlite3_stricmp(value, "off") == 0 ||
		sqlite3_stricmp(value, "memory") == 0);
}

static int deny_pragma(struct sqlite_guard *g, const char *name)
{
	return sqlite_guard_deny(
		g, NULL, "PRAGMA %s is not allowed in a migration", name);
}

int sqlite_pragma_check(struct sqlite_guard *g, const char *name,
			const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (sqlite3_stricmp(rules[i].name, name) != 0)
			continue;
		if (rules[i].rule == PRAGMA_DENY ||
		    (rules[i].rule == PRAGMA_DENY_VALUE && value))
			return deny_pragma(g, name);
		if (rules[i].rule == PRAGMA_SCHEMA && value)
			g->seen.changed = true;
		return SQLITE_OK;
	}
	if (!value)
		return SQLITE_OK;
	if (is_unsafe_mode(name, value))
		return sqlite_guard_deny(g,
					 "without a journal on disk a crash "
					 "would leave half a migration",
					 "PRAGMA journal_mode = %s is not "
					 "allowed in a migration",
					 value);
	if (sqlite3_stricmp(name, "case_sensitive_like") == 0)
		g->like = true;
	g->seen.pragma = true;
	return SQLITE_OK;
}
