#include "target/sqlite_driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/util.h"
#include "base/xalloc.h"

/*
 * What a migration may do, decided where SQLite itself asks: the authorizer
 * (https://sqlite.org/c3ref/set_authorizer.html) hears of every object a
 * statement touches, through views, triggers, cascades and EXPLAIN alike. It
 * is set once, because setting it makes every prepared statement compile
 * again; a flag says whether it listens.
 *
 * While a statement is stepped, SQLite prepares statements of its own: VACUUM
 * attaches a nameless file and begins a transaction, full-text tables write
 * their shadow tables, ALTER TABLE checks its rows. Hence `stepping`.
 */

#define RESERVED "git_migrate_"

bool sqlite_is_reserved(const char *name)
{
	return name &&
	       sqlite3_strnicmp(name, RESERVED, sizeof(RESERVED) - 1) == 0;
}

int sqlite_guard_deny(struct sqlite_guard *g, const char *hint, const char *fmt,
		      ...)
{
	char text[512];
	va_list ap;

	if (g->reason)
		return SQLITE_DENY;
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started above */
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	g->reason = xstrdup(text);
	g->hint = hint ? xstrdup(hint) : NULL;
	return SQLITE_DENY;
}

static int deny_reserved(struct sqlite_guard *g, const char *name)
{
	return sqlite_guard_deny(g,
				 "names that begin with git_migrate_ belong "
				 "to git-migrate",
				 "a migration may not change or make '%s'",
				 name);
}

static void note_write(struct sqlite_guard *g, const char *table,
		       const char *column)
{
	struct guard_write *w;

	for (size_t i = 0; i < g->n_writes; i++)
		if (streq(g->writes[i].table, table) &&
		    streq_null(g->writes[i].column, column))
			return;
	VEC_GROW(g->writes, g->n_writes, g->cap_writes);
	w = &g->writes[g->n_writes++];
	w->table = xstrdup(table);
	w->column = column ? xstrdup(column) : NULL;
}

static bool is_main(const char *db)
{
	return db && sqlite3_stricmp(db, "main") == 0;
}

/* Not main and not temp: VACUUM's copy, the only other one there can be. */
static bool is_elsewhere(const char *db)
{
	return db && !is_main(db) && sqlite3_stricmp(db, "temp") != 0;
}

/* Rows of a table; column NULL for INSERT and DELETE. */
static int check_write(struct sqlite_guard *g, const char *table,
		       const char *column, const char *db)
{
	if (!table || is_elsewhere(db))
		return SQLITE_OK;
	if (sqlite_is_reserved(table))
		return deny_reserved(g, table);
	if (sqlite3_stricmp(table, "sqlite_dbpage") == 0)
		return sqlite_guard_deny(g, NULL,
					 "a migration may not write pages");
	if (!is_main(db))
		return SQLITE_OK;
	/* sqlite_schema, sqlite_stat1: the statement's own book-keeping */
	if (sqlite3_strnicmp(table, "sqlite_", 7) == 0 &&
	    (g->ddl || sqlite3_stricmp(table, "sqlite_sequence") != 0))
		return SQLITE_OK;
	if (g->stepping) {
		g->seen.wrote |= !g->ddl;
		return SQLITE_OK;
	}
	/* DROP asks for the right to delete from what it drops */
	if (g->dropped && sqlite3_stricmp(g->dropped, table) == 0) {
		if (!g->dropped_view)
			note_write(g, table, column);
		return SQLITE_OK;
	}
	note_write(g, table, column);
	g->seen.wrote = true;
	return SQLITE_OK;
}

/* name is made; table is what an index or trigger belongs to, or NULL. */
static int check_create(struct sqlite_guard *g, const char *name,
			const char *table, bool temporary, const char *db)
{
	if (is_elsewhere(db))
		return SQLITE_OK;
	if (sqlite_is_reserved(name) || sqlite_is_reserved(table))
		return deny_reserved(g,
				     sqlite_is_reserved(name) ? name : table);
	if (temporary)
		g->seen.temporary = true;
	/* ANALYZE makes sqlite_stat1, AUTOINCREMENT sqlite_sequence */
	else if (sqlite3_strnicmp(name, "sqlite_stat", 11) != 0)
		g->seen.created = true;
	g->ddl = true;
	return SQLITE_OK;
}

static int check_change(struct sqlite_guard *g, const char *name,
			const char *table, bool temporary, const char *db)
{
	if (is_elsewhere(db))
		return SQLITE_OK;
	if (sqlite_is_reserved(name) || sqlite_is_reserved(table))
		return deny_reserved(g,
				     sqlite_is_reserved(name) ? name : table);
	if (temporary)
		g->seen.temporary = true;
	else
		g->seen.changed = true;
	g->ddl = true;
	return SQLITE_OK;
}

static int check_drop(struct sqlite_guard *g, const char *name, bool view,
		      bool temporary, const char *db)
{
	if (!g->dropped && name && !g->stepping && !is_elsewhere(db)) {
		g->dropped = xstrdup(name);
		g->dropped_view = view;
	}
	return check_change(g, name, NULL, temporary, db);
}

static int check_function(struct sqlite_guard *g, const char *name)
{
	if (sqlite3_stricmp(name, "load_extension") == 0 ||
	    sqlite3_stricmp(name, "fts3_tokenizer") == 0)
		return sqlite_guard_deny(
			g, NULL, "%s() is not allowed in a migration", name);
	return SQLITE_OK;
}

static int check_attach(struct sqlite_guard *g, const char *file)
{
	if (g->stepping && file && !file[0])
		return SQLITE_OK;
	return sqlite_guard_deny(
		g, "a migration changes one database only", "%s",
		g->stepping ? "VACUUM INTO is not allowed in a migration"
			    : "ATTACH is not allowed in a migration");
}

static int check_transaction(struct sqlite_guard *g, const char *command)
{
	if (g->stepping)
		return SQLITE_OK;
	return sqlite_guard_deny(g,
				 "git-migrate itself begins and ends the "
				 "transaction of a migration",
				 "%s is not allowed in a migration",
				 command ? command : "SAVEPOINT");
}

static int authorize(void *payload, int action, const char *a, const char *b,
		     const char *db, const char *via)
{
	struct sqlite_guard *g = payload;

	(void)via;
	if (!g->running || !g->enabled)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_INSERT:
	case SQLITE_DELETE:
		return check_write(g, a, NULL, db);
	case SQLITE_UPDATE:
		return check_write(g, a, b, db);
	case SQLITE_CREATE_TABLE:
	case SQLITE_CREATE_VIEW:
	case SQLITE_CREATE_VTABLE:
		return check_create(g, a, NULL, db && !is_main(db), db);
	case SQLITE_CREATE_INDEX:
	case SQLITE_CREATE_TRIGGER:
		return check_create(g, a, b, false, db);
	case SQLITE_CREATE_TEMP_TABLE:
	case SQLITE_CREATE_TEMP_VIEW:
		return check_create(g, a, NULL, true, db);
	case SQLITE_CREATE_TEMP_INDEX:
	case SQLITE_CREATE_TEMP_TRIGGER:
		return check_create(g, a, b, true, db);
	case SQLITE_ALTER_TABLE: /* here the database comes first */
		return check_change(g, b, NULL, !is_main(a), a);
	case SQLITE_DROP_TABLE:
	case SQLITE_DROP_VTABLE:
		return check_drop(g, a, false, db && !is_main(db), db);
	case SQLITE_DROP_TEMP_TABLE:
		return check_drop(g, a, false, true, db);
	case SQLITE_DROP_VIEW:
		return check_drop(g, a, true, false, db);
	case SQLITE_DROP_INDEX:
	case SQLITE_DROP_TRIGGER:
		return check_change(g, a, b, false, db);
	case SQLITE_DROP_TEMP_VIEW:
		return check_drop(g, a, true, true, db);
	case SQLITE_DROP_TEMP_INDEX:
	case SQLITE_DROP_TEMP_TRIGGER:
		return check_change(g, a, b, true, db);
	case SQLITE_PRAGMA:
		return sqlite_pragma_check(g, a, b);
	case SQLITE_FUNCTION:
		return check_function(g, b);
	case SQLITE_ATTACH:
		return check_attach(g, a);
	case SQLITE_DETACH:
		return sqlite_guard_deny(g, NULL,
					 "DETACH is not allowed in a "
					 "migration");
	case SQLITE_TRANSACTION:
		return check_transaction(g, a);
	case SQLITE_SAVEPOINT:
		return check_transaction(g, NULL);
	default: /* SELECT, READ, RECURSIVE, REINDEX, ANALYZE */
		return SQLITE_OK;
	}
}

/* Asked every thousand or so virtual machine steps; not 0 = stop. */
static int on_progress(void *payload)
{
	const struct sqlite_target *t = payload;

	if (!t->guard.running)
		return 0;
	return cancel_requested() || sqlite_is_late(t);
}

struct err *sqlite_guard_text(const struct sql_statement *s)
{
	/* the authorizer hears the old name only */
	if (s->verb == SQL_RENAME_TABLE && sqlite_is_reserved(s->detail))
		return err_hint(err_new(ERR_TARGET,
					"a migration may not change or make "
					"'%s'",
					s->detail),
				"names that begin with git_migrate_ belong "
				"to git-migrate");
	if (s->verb == SQL_VACUUM && s->detail)
		return err_hint(err_new(ERR_TARGET,
					"VACUUM INTO is not allowed in a "
					"migration"),
				"a migration changes one database only");
	return NULL;
}

void sqlite_guard_init(struct sqlite_target *t)
{
	t->guard.enabled = true;
	sqlite3_set_authorizer(t->db, authorize, &t->guard);
	sqlite3_progress_handler(t->db, 1000, on_progress, t);
}

void sqlite_guard_reset(struct sqlite_guard *g)
{
	for (size_t i = 0; i < g->n_writes; i++) {
		free(g->writes[i].table);
		free(g->writes[i].column);
	}
	free(g->reason);
	free(g->hint);
	free(g->dropped);
	g->reason = g->hint = g->dropped = NULL;
	g->n_writes = 0;
	g->ddl = g->like = g->stepping = g->dropped_view = false;
	g->seen = (struct target_seen){ .rows = 0 };
}

void sqlite_guard_release(struct sqlite_guard *g)
{
	sqlite_guard_reset(g);
	free(g->writes);
	g->writes = NULL;
	g->cap_writes = 0;
}

void target_sqlite_guard(struct target *base, bool on)
{
	struct sqlite_target *t = sqlite_target_of(base);

	t->guard.enabled = on;
	sqlite3_db_config(t->db, SQLITE_DBCONFIG_DEFENSIVE, on, NULL);
}
