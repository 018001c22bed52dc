#include "target/sqlite_driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "base/xalloc.h"

/* What to do next, by extended code first, then by primary code; or NULL. */
static const struct {
	int code;
	const char *hint;
} hints[] = {
	{ SQLITE_READONLY_ROLLBACK,
	  "an interrupted write has to be undone first: open the database "
	  "once with write access to its file and folder" },
	{ SQLITE_READONLY_RECOVERY,
	  "its write-ahead log has to be recovered first: open the database "
	  "once with write access to its file and folder" },
	{ SQLITE_READONLY_CANTINIT,
	  "a database in WAL mode needs write access to its folder, even to "
	  "be read" },
	{ SQLITE_READONLY_DBMOVED,
	  "the file was moved or deleted while it was open" },
	{ SQLITE_READONLY_DIRECTORY,
	  "SQLite needs write access to the folder for its journal" },
	{ SQLITE_FULL,
	  "the disk is full: make room and run the command again" },
	{ SQLITE_READONLY, "make the file and its folder writable" },
	{ SQLITE_BUSY, "another program uses the database: wait for it to "
		       "finish, or raise --lock-timeout" },
	{ SQLITE_LOCKED, "another program uses the database: wait for it to "
			 "finish, or raise --lock-timeout" },
	{ SQLITE_CORRUPT, "the file is damaged: restore it from a backup, or "
			  "try the sqlite3 program's .recover" },
	{ SQLITE_NOTADB, "check the path: the file is no SQLite database, or "
			 "it is encrypted" },
	{ SQLITE_CANTOPEN,
	  "check that the file and its folder exist and may be written" },
	{ SQLITE_IOERR, "the disk or file system failed: see the system log" },
};

static const char *hint_for(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (hints[i].code == code)
			return hints[i].hint;
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (hints[i].code == (code & 0xff))
			return hints[i].hint;
	return NULL;
}

struct err *sqlite_error_of(sqlite3 *db, enum err_class cls, const char *fmt,
			    ...)
{
	int code = sqlite3_extended_errcode(db);
	const char *hint = hint_for(code);
	struct err *e;
	char doing[512];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started above */
	vsnprintf(doing, sizeof(doing), fmt, ap);
	va_end(ap);
	if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		cls = ERR_STATE;
	if (doing[0])
		e = err_new(cls, "%s: %s", doing, sqlite3_errmsg(db));
	else
		e = err_new(cls, "%s", sqlite3_errmsg(db));
	return hint ? err_hint(e, hint) : e;
}

struct err *target_sqlite_error(sqlite3 *db, const char *doing)
{
	return sqlite_error_of(db, ERR_TARGET, "%s", doing ? doing : "");
}
