#include <pthread.h>
#include <string.h>

#include "effects/replay_sqlite.h"

/*
 * A replay has no file system: whatever a statement talks SQLite into, there
 * is nothing to open. Its clock always shows the same moment and its random
 * numbers begin anew with each migration, so that two orders of the same
 * migrations end with the same rows.
 */

#define NAME "git-migrate-replay"

/* 2026-01-01 00:00:00 UTC: milliseconds since noon of -4713-11-24 */
#define MOMENT ((sqlite3_int64)212633985600000)

static sqlite3_vfs vfs;
static pthread_once_t registered = PTHREAD_ONCE_INIT;

/* NOLINTBEGIN(readability-non-const-parameter): SQLite's signature */
static int no_open(sqlite3_vfs *v, const char *name, sqlite3_file *file,
		   int flags, int *out_flags)
{
	(void)v;
	(void)name;
	(void)flags;
	(void)out_flags;
	file->pMethods = NULL;
	return SQLITE_CANTOPEN;
}
/* NOLINTEND(readability-non-const-parameter) */

static int no_delete(sqlite3_vfs *v, const char *name, int sync)
{
	(void)v;
	(void)name;
	(void)sync;
	return SQLITE_IOERR_DELETE;
}

static int no_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	(void)v;
	(void)name;
	(void)flags;
	*out = 0;
	return SQLITE_OK;
}

static int no_full_name(sqlite3_vfs *v, const char *name, int n, char *out)
{
	(void)v;
	(void)name;
	(void)n;
	*out = '\0';
	return SQLITE_CANTOPEN;
}

static void *no_dlopen(sqlite3_vfs *v, const char *name)
{
	(void)v;
	(void)name;
	return NULL;
}

static int now_milliseconds(sqlite3_vfs *v, sqlite3_int64 *out)
{
	(void)v;
	*out = MOMENT;
	return SQLITE_OK;
}

static int now_days(sqlite3_vfs *v, double *out)
{
	(void)v;
	*out = (double)MOMENT / 86400000.0;
	return SQLITE_OK;
}

static void do_register(void)
{
	const sqlite3_vfs *plain = sqlite3_vfs_find(NULL);

	if (!plain)
		return;
	vfs = *plain; /* sleeping, and randomness for SQLite's own use */
	vfs.pNext = NULL;
	vfs.zName = NAME;
	if (vfs.iVersion > 2)
		vfs.iVersion = 2; /* no system calls to exchange */
	vfs.xOpen = no_open;
	vfs.xDelete = no_delete;
	vfs.xAccess = no_access;
	vfs.xFullPathname = no_full_name;
	vfs.xDlOpen = no_dlopen;
	vfs.xCurrentTime = now_days;
	vfs.xCurrentTimeInt64 = now_milliseconds;
	sqlite3_vfs_register(&vfs, 0);
}

const char *replay_vfs(void)
{
	pthread_once(&registered, do_register);
	return NAME;
}

static void sql_random(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct replay_random *r = sqlite3_user_data(c);

	(void)n;
	(void)v;
	sqlite3_result_int64(c, (sqlite3_int64)replay_random_next(r));
}

static void sql_randomblob(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct replay_random *r = sqlite3_user_data(c);
	sqlite3_int64 len = sqlite3_value_int64(v[0]);
	unsigned char *bytes;

	(void)n;
	if (len < 1)
		len = 1;
	if (len > sqlite3_limit(sqlite3_context_db_handle(c),
				SQLITE_LIMIT_LENGTH, -1)) {
		sqlite3_result_error_toobig(c);
		return;
	}
	bytes = sqlite3_malloc64((sqlite3_uint64)len);
	if (!bytes) {
		sqlite3_result_error_nomem(c);
		return;
	}
	for (sqlite3_int64 i = 0; i < len; i++)
		bytes[i] = (unsigned char)(replay_random_next(r) >> 32);
	sqlite3_result_blob64(c, bytes, (sqlite3_uint64)len, sqlite3_free);
}

void replay_functions(struct replay_sqlite *r)
{
	int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;

	sqlite3_create_function_v2(r->db, "random", 0, flags, &r->random,
				   sql_random, NULL, NULL, NULL);
	sqlite3_create_function_v2(r->db, "randomblob", 1, flags, &r->random,
				   sql_randomblob, NULL, NULL, NULL);
}
