#include "target/sqlite_driver.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/util.h"
#include "base/xalloc.h"

/*
 * One runner at a time: flock(2) on "<db>-migrate-lock", beside the real file
 * so that links to one database meet. The kernel drops the lock with its
 * process, so a file that is left over means nothing. Its one line
 *
 *   <pid> <host> <command> <started, ISO 8601 UTC>\n
 *
 * is for messages only. The owner removes the file before it lets go; who
 * waited on the removed one looks again (is_current).
 */
#define POLL_NS 50000000L

static struct err *open_error(const char *path)
{
	int saved = errno;
	bool refused = saved == EACCES || saved == EROFS || saved == EPERM ||
		       saved == ELOOP;
	struct err *e =
		err_new(refused ? ERR_REFUSED : ERR_TARGET,
			"make the lock file '%s': %s", path, strerror(saved));

	if (saved == ENOSPC || saved == EDQUOT)
		return err_hint(e, "the disk is full: make room and run the "
				   "command again");
	return err_hint(e, "the database's folder has to be writable: "
			   "SQLite's own journal goes there too");
}

/* A file that somebody else made may be only readable; that is enough. */
static struct err *open_lock(const struct sqlite_target *t, int *out)
{
	int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct stat db;
	int fd;

	fd = open(t->lock_path, O_RDWR | flags);
	if (fd < 0 && errno == EACCES) {
		fd = open(t->lock_path, O_RDONLY | flags);
	} else if (fd < 0 && errno == ENOENT) {
		fd = open(t->lock_path, O_RDWR | O_CREAT | flags, 0666);
		/* whoever may write the database may take the lock */
		if (fd >= 0 && stat(t->path, &db) == 0)
			(void)!fchmod(fd, db.st_mode & 0666);
	}
	if (fd < 0)
		return open_error(t->lock_path);
	*out = fd;
	return NULL;
}

/* The locked file is still the one that the path names. */
static bool is_current(int fd, const char *path)
{
	struct stat mine, named;

	return fstat(fd, &mine) == 0 && stat(path, &named) == 0 &&
	       mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

static void write_owner(int fd)
{
	char host[256] = "?", line[512], now[CLOCK_ISO_SIZE];
	int n;

	gethostname(host, sizeof(host) - 1);
	clock_iso(clock_now(), now);
	n = snprintf(line, sizeof(line), "%ld %s %s %s\n", (long)getpid(), host,
		     program_invocation_short_name, now);
	if (ftruncate(fd, 0) == 0 && n > 0)
		(void)!pwrite(fd, line, (size_t)n, 0);
}

/* Who holds it, for a person; the file may hold anything. */
static char *read_owner(int fd)
{
	char line[512], pid[21], host[257], command[257], started[33];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	char *text, *safe;

	line[n > 0 ? n : 0] = '\0';
	if (sscanf(line, "%20[0-9] %256s %256s %32s", pid, host, command,
		   started) != 4)
		return xstrdup("another run");
	text = xasprintf("process %s on %s (%s, since %s)", pid, host, command,
			 started);
	safe = text_safe(text);
	free(text);
	return safe;
}

/* One try: *out = a descriptor that holds the lock, or -1 and who has it. */
static struct err *try_lock(const struct sqlite_target *t, int *out, char **who)
{
	struct err *e = NULL;
	int fd = -1;

	*out = -1;
	for (;;) {
		if ((e = open_lock(t, &fd)))
			return e;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0)
			break;
		if (is_current(fd, t->lock_path)) {
			*out = fd;
			return NULL;
		}
		close(fd);
	}
	if (errno != EWOULDBLOCK && errno != EINTR)
		e = err_hint(err_new(ERR_TARGET, "lock '%s': %s", t->lock_path,
				     strerror(errno)),
			     "the file system may not support locks");
	else
		*who = read_owner(fd);
	close(fd);
	return e;
}

static struct err *wait_lock(struct sqlite_target *t, int64_t timeout_ms,
			     void (*waiting)(void *payload, const char *who),
			     void *payload)
{
	int64_t until = clock_steady_us() + timeout_ms * 1000;
	const struct timespec nap = { 0, POLL_NS };
	bool told = false;
	struct err *e;

	for (;;) {
		char *who = NULL;

		if ((e = cancel_check()) ||
		    (e = try_lock(t, &t->lock_fd, &who)))
			return e;
		if (t->lock_fd >= 0)
			return NULL;
		if (!told && waiting)
			waiting(payload, who);
		told = true;
		if (clock_steady_us() >= until)
			e = err_hint(err_new(ERR_STATE,
					     "the database is in use by %s",
					     who),
				     "wait for it to finish, or raise "
				     "--lock-timeout");
		free(who);
		if (e)
			return e;
		nanosleep(&nap, NULL);
	}
}

struct err *sqlite_lock(struct target *base, int64_t timeout_ms,
			void (*waiting)(void *payload, const char *who),
			void *payload)
{
	struct sqlite_target *t = sqlite_target_of(base);
	char *real;
	struct err *e;

	assert(t->lock_fd < 0);
	if (!t->path)
		return NULL;
	real = realpath(t->path, NULL);
	free(t->lock_path);
	t->lock_path = xasprintf("%s-migrate-lock", real ? real : t->path);
	free(real);
	e = wait_lock(t, timeout_ms, waiting, payload);
	if (!e)
		write_owner(t->lock_fd);
	return e;
}

void sqlite_unlock(struct target *base)
{
	struct sqlite_target *t = sqlite_target_of(base);

	if (t->lock_fd >= 0) {
		if (is_current(t->lock_fd, t->lock_path))
			unlink(t->lock_path);
		close(t->lock_fd);
		t->lock_fd = -1;
	}
	free(t->lock_path);
	t->lock_path = NULL;
}
