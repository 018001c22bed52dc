#include "target/target_sqlite.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/map.h"
#include "base/util.h"
#include "schema/schema_sqlite.h"
#include "target/sqlite_driver.h"

static struct err *begin(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);
	struct err *e;
	int rc;

	assert(sqlite3_get_autocommit(t->db));
	if (t->read_only)
		return err_hint(err_new(ERR_TARGET,
					"database '%s' is read-only", t->path),
				"make the file and its folder writable");
	rc = sqlite3_exec(t->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return NULL;
	if ((rc & 0xff) != SQLITE_BUSY)
		return target_sqlite_error(t->db, "begin a transaction");
	if ((e = cancel_check()))
		return e;
	return err_hint(err_new(ERR_STATE,
				"another program is writing to database '%s'",
				t->path ? t->path : ":memory:"),
			"wait for it to finish, or raise --lock-timeout");
}

static struct err *commit(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);
	struct err *e;

	if (sqlite3_get_autocommit(t->db))
		return err_new(ERR_STATE, "commit: the transaction has ended "
					  "already");
	if (sqlite3_exec(t->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return NULL;
	if ((sqlite3_errcode(t->db) & 0xff) == SQLITE_BUSY &&
	    (e = cancel_check()))
		return e;
	return target_sqlite_error(t->db, "commit");
}

static void rollback(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);

	if (!sqlite3_get_autocommit(t->db))
		sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool in_transaction(struct target *base)
{
	return !sqlite3_get_autocommit(sqlite_target_of(base)->db);
}

static struct err *inspect(struct target *base, struct schema *s,
			   enum target_scope scope, struct schema_delta *delta)
{
	return schema_sqlite_refresh(s, sqlite_target_of(base)->db,
				     scope == TARGET_APPENDED
					     ? SCHEMA_SCOPE_APPENDED
					     : SCHEMA_SCOPE_ALL,
				     delta);
}

static void location(struct target *base, struct buf *out)
{
	struct sqlite_target *t = sqlite_target_of(base);
	char host[256] = "?", *path;
	struct stat st;

	if (!t->path || stat(t->path, &st) != 0) {
		buf_addstr(out, "memory");
		return;
	}
	gethostname(host, sizeof(host) - 1);
	path = realpath(t->path, NULL);
	buf_addf(out, "file %llu:%llu %s %s", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino, host, path ? path : t->path);
	free(path);
}

static void server(struct target *base, struct buf *out)
{
	(void)base;
	buf_addf(out, "SQLite %s", sqlite3_libversion());
}

static void close_target(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);

	if (t->db)
		rollback(base);
	sqlite_unlock(base);
	sqlite_query_forget(t);
	map_release(&t->statements);
	sqlite_guard_release(&t->guard);
	sqlite3_close_v2(t->db);
	free(t->path);
	free(t);
}

const struct target_ops target_sqlite_ops = {
	.name = "sqlite",
	.dialect = SQL_SQLITE,
	.caps = TARGET_CAP_DDL_TXN | TARGET_CAP_FILE_LOCK | TARGET_CAP_GROUP,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.query = sqlite_query,
	.run = sqlite_run,
	.inspect = inspect,
	.reset = sqlite_reset,
	.lock = sqlite_lock,
	.others = sqlite_others,
	.unlock = sqlite_unlock,
	.location = location,
	.server = server,
	.close = close_target,
	.place = sqlite_place,
	.check_deferred = sqlite_check_deferred,
	.violations = sqlite_violations,
	.copy = sqlite_copy,
	.copy_end = sqlite_copy_end,
	.remove = sqlite_remove,
};

sqlite3 *target_sqlite_db(struct target *base)
{
	return sqlite_target_of(base)->db;
}
