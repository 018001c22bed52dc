#include "target/sqlite_driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/util.h"
#include "base/xalloc.h"
#include "schema/sqlite_heap.h"

/*
 * Opening. SQLite's own answer to everything is "unable to open database
 * file", so the usual reasons are looked for first, with stat(2).
 */

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* There is no such file. Is there at least its folder? */
static struct err *check_parent(const char *path)
{
	char *folder = parent_of(path);
	struct stat st;
	struct err *e = NULL;

	if (stat(folder, &st) != 0)
		e = err_hintf(err_new(ERR_TARGET,
				      "open database '%s': folder '%s': %s",
				      path, folder, strerror(errno)),
			      "make the folder '%s' first, or check the "
			      "target's URL",
			      folder);
	else if (!S_ISDIR(st.st_mode))
		e = err_hint(err_new(ERR_TARGET,
				     "open database '%s': '%s' is not a folder",
				     path, folder),
			     "check the target's URL");
	free(folder);
	return e;
}

/* *missing = true: no file there, but it could be made. */
static struct err *check_file(const char *path, bool *missing)
{
	struct stat st;

	*missing = false;
	if (stat(path, &st) != 0) {
		if (errno == ENOENT) {
			*missing = true;
			return check_parent(path);
		}
		return err_hint(err_new(ERR_TARGET, "open database '%s': %s",
					path, strerror(errno)),
				"check the target's URL and the rights of "
				"its folder");
	}
	if (S_ISDIR(st.st_mode))
		return err_hint(err_new(ERR_TARGET,
					"open database '%s': it is a folder",
					path),
				"the target's URL has to name a file");
	if (!S_ISREG(st.st_mode))
		return err_hint(
			err_new(ERR_TARGET,
				"open database '%s': not a regular file", path),
			"the target's URL has to name a file");
	if (access(path, R_OK) != 0)
		return err_hint(err_new(ERR_TARGET, "open database '%s': %s",
					path, strerror(errno)),
				"you need the right to read the file");
	return NULL;
}

/*
 * Wait for other writers, stopping on Ctrl-C. SQLite's busy_timeout would
 * not look at the cancel flag.
 */
static int on_busy(void *payload, int count)
{
	struct sqlite_target *t = payload;
	int64_t now = clock_steady_us();
	struct timespec nap = { 0, 1000000L * (count < 5 ? 1 : 10) };

	if (count == 0)
		t->busy_since_us = now;
	if (cancel_requested() ||
	    now - t->busy_since_us >= t->base.lock_timeout_ms * 1000)
		return 0;
	nanosleep(&nap, NULL);
	return 1;
}

void sqlite_set_busy(struct sqlite_target *t)
{
	sqlite3_busy_handler(t->db, on_busy, t);
}

/* The schema is read here, so what is wrong with the file shows here. */
static struct err *check_header(struct sqlite_target *t, const char *path)
{
	int rc = sqlite3_exec(t->db, "SELECT 1 FROM sqlite_schema LIMIT 1",
			      NULL, NULL, NULL);
	struct err *e;

	if (rc == SQLITE_OK)
		return NULL;
	if ((e = cancel_check()))
		return e;
	return sqlite_error_of(t->db, ERR_TARGET, "open database '%s'", path);
}

/*
 * synchronous=FULL is set although it is the default: a WAL database or
 * another build may start with less. journal_mode stays as the user has it.
 */
static struct err *configure(struct sqlite_target *t, const char *path)
{
	struct err *e;

	sqlite3_extended_result_codes(t->db, 1);
	sqlite_set_busy(t);
	sqlite3_db_config(t->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(t->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0,
			  NULL);
	sqlite3_db_config(t->db, SQLITE_DBCONFIG_ENABLE_FKEY, t->foreign_keys,
			  NULL);
	if ((e = check_header(t, path)))
		return e;
	if (sqlite3_exec(t->db, "PRAGMA main.synchronous=FULL", NULL, NULL,
			 NULL) != SQLITE_OK)
		return sqlite_error_of(t->db, ERR_TARGET, "open database '%s'",
				       path);
	t->read_only = t->path && sqlite3_db_readonly(t->db, "main") == 1;
	sqlite_guard_init(t);
	return NULL;
}

/* READWRITE gives a read-only connection where the file is write protected. */
static struct err *open_at(struct target **out, char *path, const char *shown,
			   const struct target_options *opt)
{
	struct sqlite_target *t = xcalloc(1, sizeof(*t));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	struct err *e;

	t->base.ops = &target_sqlite_ops;
	t->path = path;
	t->lock_fd = -1;
	t->foreign_keys = opt->foreign_keys;
	t->base.lock_timeout_ms = opt->lock_timeout_ms;
	if (opt->create || !path)
		flags |= SQLITE_OPEN_CREATE;
	/* a savepoint for each migration: its pages stay in memory, where
	   each RELEASE frees them, up to this many bytes; refused, and not
	   needed, once SQLite has started. What is over it is written to a
	   file in one piece, of which os_unix.c, seekAndWriteFd(), keeps
	   the low 17 bits of the length: more and the disk is "full" */
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 0x1ffff);
	/* nobody asks how much memory SQLite has, and the count costs a mutex
	   for each allocation */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* whoever replays migrations in this process later has a budget */
	sqlite_heap_install();
	if (sqlite3_open_v2(path ? path : ":memory:", &t->db, flags, NULL) !=
	    SQLITE_OK)
		e = sqlite_error_of(t->db, ERR_TARGET, "open database '%s'",
				    shown);
	else
		e = configure(t, shown);
	if (e) {
		target_close(&t->base);
		return e;
	}
	*out = &t->base;
	return NULL;
}

struct err *target_sqlite_open(struct target **out, const char *path,
			       const struct target_options *opt)
{
	char *joined, *plain;
	bool missing;
	struct err *e;

	*out = NULL;
	if (streq(path, ":memory:"))
		return open_at(out, NULL, path, opt);
	joined = file_join(opt->base_dir ? opt->base_dir : "", path);
	e = check_file(joined, &missing);
	if (!e && (!missing || opt->create)) {
		/* "./file:x" is a path, "file:x" could be taken for a URI */
		plain = joined[0] == '/' ? xstrdup(joined)
					 : xasprintf("./%s", joined);
		e = open_at(out, plain, joined, opt);
	}
	free(joined);
	return e;
}
