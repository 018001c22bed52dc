#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/util.h"
#include "target/sqlite_driver.h"

/*
 * A copy of a file, by the backup API, under another name until it is whole;
 * and its end, in which the file loses its name first. Whatever was killed in
 * between has a name that nobody opens, and goes with the next attempt.
 */
#define MAKING "-migrate-copy"
#define GOING "-migrate-gone"
#define PAGES_AT_ONCE 1024

static char *path_of(const char *url, const char *base_dir)
{
	const char *path = strchr(url, ':') + 1;

	if (starts_with(path, "//"))
		path += 2;
	return file_join(base_dir ? base_dir : "", path);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void drop_file(const char *path, const char *suffix)
{
	char *whole = xasprintf("%s%s", path, suffix);

	unlink(whole);
	free(whole);
}

/* A journal that was left behind would be taken for the next file's. */
static void drop_beside(const char *path)
{
	drop_file(path, "-journal");
	drop_file(path, "-wal");
	drop_file(path, "-shm");
}

static void drop_all(const char *path, const char *suffix)
{
	char *whole = xasprintf("%s%s", path, suffix);

	drop_beside(whole);
	unlink(whole);
	free(whole);
}

void target_sqlite_copy_clean(const char *url, const char *base_dir)
{
	char *path = path_of(url, base_dir);

	drop_all(path, MAKING);
	drop_all(path, GOING);
	if (!is_there(path)) {
		drop_beside(path);
		drop_file(path, "-migrate-lock");
	}
	free(path);
}

static struct err *sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder =
		slash ? xstrndup(path, (size_t)(slash - path) + (slash == path))
		      : xstrdup(".");
	struct err *e = file_sync_dir(folder);

	free(folder);
	return e;
}

/* --- making --- */

/* Nobody else's file, nor where a link leads; with the rights of the first. */
static struct err *make_file(const struct sqlite_target *t, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	struct stat st;

	if (fd < 0)
		return err_hint(err_new(ERR_TARGET, "make '%s': %s", path,
					strerror(errno)),
				"the copy goes beside the database: its "
				"folder has to be writable");
	if (t->path && stat(t->path, &st) == 0)
		(void)!fchmod(fd, st.st_mode & 0777);
	close(fd);
	return NULL;
}

static struct err *copy_pages(struct sqlite_target *t, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", t->db, "main");
	struct err *e = NULL;
	int rc;

	if (!b)
		return sqlite_error_of(to, ERR_TARGET, "copy '%s'", t->path);
	do {
		rc = sqlite3_backup_step(b, PAGES_AT_ONCE);
		crash_point("copy-step");
		e = cancel_check();
	} while (rc == SQLITE_OK && !e);
	rc = sqlite3_backup_finish(b);
	if (e || rc == SQLITE_OK)
		return e;
	return sqlite_error_of(to, ERR_TARGET, "copy '%s'", t->path);
}

/* One moment of it: a transaction that reads keeps others from writing what
 * was read already. */
static struct err *copy_at_once(struct sqlite_target *t, sqlite3 *to)
{
	struct err *e;

	if (sqlite3_exec(t->db, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1",
			 NULL, NULL, NULL) != SQLITE_OK)
		e = sqlite_error_of(t->db, ERR_TARGET, "read '%s'", t->path);
	else
		e = copy_pages(t, to);
	target_rollback(&t->base);
	return e;
}

static struct err *copy_to(struct sqlite_target *t, const char *path)
{
	sqlite3 *to = NULL;
	struct err *e = make_file(t, path);

	if (e)
		return e;
	if (sqlite3_open_v2(path, &to,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		e = sqlite_error_of(to, ERR_TARGET, "open '%s'", path);
	if (!e) {
		sqlite3_extended_result_codes(to, 1);
		e = copy_at_once(t, to);
	}
	if (sqlite3_close(to) != SQLITE_OK && !e)
		e = err_new(ERR_TARGET, "close '%s'", path);
	return e;
}

struct err *sqlite_copy(struct target *base, const struct target_copy *opt,
			char **work)
{
	struct sqlite_target *t = sqlite_target_of(base);
	char *path = path_of(opt->url, opt->base_dir), *making = NULL;
	struct err *e = NULL;

	if (!t->path)
		e = err_new(ERR_REFUSED, "a database in memory has no copies");
	if (!e && !is_there(path))
		e = sqlite_lock(base, opt->timeout_ms, opt->waiting,
				opt->payload);
	/* another run may have made it while this one waited */
	if (e || is_there(path))
		goto done;
	target_sqlite_copy_clean(opt->url, opt->base_dir);
	making = xasprintf("%s" MAKING, path);
	e = opt->begins(opt->payload);
	if (!e)
		e = copy_to(t, making);
	crash_point("copy-made");
	if (e)
		drop_all(path, MAKING);
	else
		*work = xasprintf("sqlite:%s", making);
done:
	free(making);
	free(path);
	return e;
}

/* What the journal of a file still holds is not in it. */
static bool has_wal(const char *path)
{
	char *wal = xasprintf("%s-wal", path);
	struct stat st;
	bool yes = stat(wal, &st) == 0 && st.st_size > 0;

	free(wal);
	return yes;
}

static int rename_new(const char *from, const char *to)
{
	int rc = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	if (rc == 0 || (errno != EINVAL && errno != ENOSYS))
		return rc;
	/* the file system cannot do it in one */
	if (!is_there(to))
		return rename(from, to);
	errno = EEXIST;
	return -1;
}

struct err *sqlite_copy_end(struct target *base, const struct target_copy *opt)
{
	char *path = path_of(opt->url, opt->base_dir);
	char *making = xasprintf("%s" MAKING, path);
	struct err *e = NULL;

	(void)base;
	if (has_wal(making))
		e = err_new(ERR_TARGET, "the copy '%s' is not whole", making);
	crash_point("copy-whole");
	if (!e && rename_new(making, path) != 0)
		e = err_new(errno == EEXIST ? ERR_STATE : ERR_TARGET,
			    "name the copy '%s': %s", path, strerror(errno));
	crash_point("copy-named");
	if (e)
		drop_all(path, MAKING);
	else
		e = sync_folder(path);
	free(making);
	free(path);
	return e;
}

/* --- removing --- */

static void add_other(void *payload, const char *who)
{
	struct buf *b = payload;

	buf_addf(b, "%s%s", b->len ? ", " : "", who);
}

static struct err *refuse_others(struct target *base, const char *path)
{
	struct buf b = BUF_INIT;
	struct err *e = sqlite_others(base, add_other, &b);

	if (!e && b.len)
		e = err_hint(err_new(ERR_REFUSED, "database '%s' is in use: %s",
				     path, buf_str(&b)),
			     "end those programs first");
	buf_release(&b);
	return e;
}

/* Another run may have removed it while this one waited to be the runner, and
 * somebody have put another file there. */
static struct err *unname(struct sqlite_target *t, const char *path,
			  const char *going)
{
	int moved = 0;

	sqlite3_file_control(t->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved && !is_there(path))
		return NULL;
	if (moved)
		return err_new(ERR_STATE,
			       "database '%s' was replaced by another one "
			       "meanwhile",
			       path);
	if (rename(path, going) == 0)
		return NULL;
	return err_new(ERR_TARGET, "remove '%s': %s", path, strerror(errno));
}

struct err *sqlite_remove(struct target *base, const char *url)
{
	struct sqlite_target *t = sqlite_target_of(base);
	char *path = realpath(t->path, NULL), *going;
	struct err *e;

	(void)url;
	if (!path)
		path = xstrdup(t->path);
	going = xasprintf("%s" GOING, path);
	e = refuse_others(base, path);
	if (!e)
		e = unname(t, path, going);
	crash_point("copy-unnamed");
	target_close(base);
	if (!e && !is_there(path))
		drop_beside(path);
	if (!e) {
		drop_all(path, GOING);
		e = sync_folder(path);
	}
	free(going);
	free(path);
	return e;
}
