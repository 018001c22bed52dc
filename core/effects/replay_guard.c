#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/util.h"
#include "effects/replay_sqlite.h"

/*
 * What a replayed migration may do. The authorizer hears of everything a
 * statement touches (https://sqlite.org/c3ref/set_authorizer.html). While a
 * statement is stepped SQLite prepares statements of its own (VACUUM attaches
 * a nameless file, full-text tables write their shadow tables): `stepping`.
 */

#define RESERVED "git_migrate_"

static int stop(struct replay_guard *g, bool refused, char *reason)
{
	if (g->reason) {
		free(reason);
		return SQLITE_DENY;
	}
	g->reason = reason;
	g->refused = refused;
	return SQLITE_DENY;
}

/* apply refuses it as well, for another reason than that it does harm. */
static int fail(struct replay_guard *g, const char *what)
{
	return stop(g, false, xasprintf("%s in a migration", what));
}

static int refuse(struct replay_guard *g, const char *what)
{
	return stop(g, true,
		    xasprintf("%s is not allowed in a migration", what));
}

enum pragma_rule {
	PRAGMA_FREE,    /**< asks, or belongs to the database */
	PRAGMA_SETTING, /**< of the session: put back behind the migration */
	PRAGMA_DENY,
	PRAGMA_DENY_VALUE
};

/* https://sqlite.org/pragma.html; what is not here does nothing. */
static const struct {
	const char *name;
	enum pragma_rule rule;
} pragmas[] = {
	{ "application_id", PRAGMA_FREE },
	{ "case_sensitive_like", PRAGMA_SETTING },
	{ "collation_list", PRAGMA_FREE },
	{ "compile_options", PRAGMA_FREE },
	{ "database_list", PRAGMA_FREE },
	{ "defer_foreign_keys", PRAGMA_SETTING },
	{ "encoding", PRAGMA_FREE },
	{ "foreign_key_check", PRAGMA_FREE },
	{ "foreign_key_list", PRAGMA_FREE },
	{ "foreign_keys", PRAGMA_FREE },
	{ "freelist_count", PRAGMA_FREE },
	{ "function_list", PRAGMA_FREE },
	{ "ignore_check_constraints", PRAGMA_SETTING },
	{ "index_info", PRAGMA_FREE },
	{ "index_list", PRAGMA_FREE },
	{ "index_xinfo", PRAGMA_FREE },
	{ "integrity_check", PRAGMA_FREE },
	{ "legacy_alter_table", PRAGMA_SETTING },
	{ "module_list", PRAGMA_FREE },
	{ "optimize", PRAGMA_FREE },
	{ "page_count", PRAGMA_FREE },
	{ "pragma_list", PRAGMA_FREE },
	{ "quick_check", PRAGMA_FREE },
	{ "recursive_triggers", PRAGMA_SETTING },
	{ "table_info", PRAGMA_FREE },
	{ "table_list", PRAGMA_FREE },
	{ "table_xinfo", PRAGMA_FREE },
	{ "user_version", PRAGMA_FREE },

	{ "activate_extensions", PRAGMA_DENY },
	{ "cipher_default_plaintext_header_size", PRAGMA_DENY },
	{ "data_store_directory", PRAGMA_DENY },
	{ "hard_heap_limit", PRAGMA_DENY_VALUE },
	{ "hexkey", PRAGMA_DENY },
	{ "hexrekey", PRAGMA_DENY },
	{ "key", PRAGMA_DENY },
	{ "lock_proxy_file", PRAGMA_DENY },
	{ "query_only", PRAGMA_DENY_VALUE },
	{ "rekey", PRAGMA_DENY },
	{ "schema_version", PRAGMA_DENY_VALUE },
	{ "soft_heap_limit", PRAGMA_DENY_VALUE },
	{ "temp_store_directory", PRAGMA_DENY },
	{ "textkey", PRAGMA_DENY },
	{ "textrekey", PRAGMA_DENY },
	{ "writable_schema", PRAGMA_DENY },
};

/* cache_size, journal_mode and the like mean nothing here: IGNORE. */
static int check_pragma(struct replay_guard *g, const char *name,
			const char *value)
{
	char what[64];

	for (size_t i = 0; i < ARRAY_LEN(pragmas); i++) {
		if (sqlite3_stricmp(pragmas[i].name, name) != 0)
			continue;
		if (pragmas[i].rule == PRAGMA_DENY ||
		    (pragmas[i].rule == PRAGMA_DENY_VALUE && value)) {
			sqlite3_snprintf(sizeof(what), what, "PRAGMA %s",
					 pragmas[i].name);
			return refuse(g, what);
		}
		if (pragmas[i].rule == PRAGMA_SETTING && value)
			g->touched = true;
		return SQLITE_OK;
	}
	return value ? SQLITE_IGNORE : SQLITE_OK;
}

static bool is_reserved(const char *name)
{
	return name &&
	       sqlite3_strnicmp(name, RESERVED, sizeof(RESERVED) - 1) == 0;
}

static int check_name(struct replay_guard *g, const char *a, const char *b)
{
	if (g->stepping || (!is_reserved(a) && !is_reserved(b)))
		return SQLITE_OK;
	return fail(g, "a name that begins with git_migrate_");
}

static int check_temp_name(struct replay_guard *g, const char *a, const char *b)
{
	g->touched = true;
	return check_name(g, a, b);
}

static int check_function(struct replay_guard *g, const char *name)
{
	if (sqlite3_stricmp(name, "load_extension") == 0 ||
	    sqlite3_stricmp(name, "fts3_tokenizer") == 0)
		return refuse(g, name);
	return SQLITE_OK;
}

static int check_attach(struct replay_guard *g, const char *file)
{
	if (g->stepping && file && !file[0])
		return SQLITE_OK;
	return refuse(g, g->stepping ? "VACUUM INTO" : "ATTACH");
}

static int check(struct replay_guard *g, int action, const char *a,
		 const char *b)
{
	switch (action) {
	case SQLITE_INSERT:
	case SQLITE_DELETE:
	case SQLITE_UPDATE:
		if (!g->stepping && a && !sqlite3_stricmp(a, "sqlite_dbpage"))
			return refuse(g, "writing pages");
		return check_name(g, a, NULL);
	case SQLITE_CREATE_TABLE:
	case SQLITE_CREATE_VIEW:
	case SQLITE_CREATE_VTABLE:
	case SQLITE_CREATE_INDEX:
	case SQLITE_CREATE_TRIGGER:
	case SQLITE_DROP_TABLE:
	case SQLITE_DROP_VTABLE:
	case SQLITE_DROP_VIEW:
	case SQLITE_DROP_INDEX:
	case SQLITE_DROP_TRIGGER:
	case SQLITE_ALTER_TABLE:
		return check_name(g, a, b);
	case SQLITE_CREATE_TEMP_TABLE:
	case SQLITE_CREATE_TEMP_VIEW:
	case SQLITE_CREATE_TEMP_INDEX:
	case SQLITE_CREATE_TEMP_TRIGGER:
		return check_temp_name(g, a, b);
	case SQLITE_PRAGMA:
		return check_pragma(g, a, b);
	case SQLITE_FUNCTION:
		return check_function(g, b);
	case SQLITE_ATTACH:
		return check_attach(g, a);
	case SQLITE_DETACH:
		return refuse(g, "DETACH");
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return g->stepping ? SQLITE_OK : fail(g, "a transaction");
	default: /* SELECT, READ, RECURSIVE, REINDEX, ANALYZE */
		return SQLITE_OK;
	}
}

static int authorize(void *payload, int action, const char *a, const char *b,
		     const char *db, const char *via)
{
	struct replay_guard *g = payload;
	int answer;

	if (!g->running)
		return SQLITE_OK;
	answer = check(g, action, a, b);
	if (answer == SQLITE_OK && g->seen && !g->stepping)
		g->seen(g->payload, action, a, b, db, via);
	return answer;
}

/* Not 0 = stop. */
static int on_progress(void *payload)
{
	struct replay_guard *g = payload;

	if (!g->deadline_us)
		return 0;
	g->late |= clock_steady_us() >= g->deadline_us;
	return g->late || cancel_requested();
}

void replay_guard_init(struct replay_sqlite *r)
{
	sqlite3_set_authorizer(r->db, authorize, &r->guard);
	sqlite3_progress_handler(r->db, 1000, on_progress, &r->guard);
}

void replay_guard_start(struct replay_sqlite *r)
{
	r->guard.late = r->budget.exceeded = false;
	r->guard.deadline_us =
		clock_steady_us() + r->base.limits.deadline_ms * 1000;
}

void replay_guard_stop(struct replay_sqlite *r)
{
	r->guard.deadline_us = 0;
}

void replay_guard_reset(struct replay_guard *g)
{
	free(g->reason);
	g->reason = NULL;
	g->refused = g->stepping = false;
}
