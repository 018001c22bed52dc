#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

static struct err *fail(const char *doing, const char *path)
{
	return err_new(ERR_INPUT, "%s %s: %s", doing, path, strerror(errno));
}

struct err *file_read(const char *path, size_t max_bytes, struct buf *out)
{
	struct err *err = NULL;
	size_t before = out->len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail("open", path);
	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, 65536), 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = fail("read", path);
		if (n <= 0)
			break;
		if ((size_t)n > max_bytes - (out->len - before)) {
			err = err_new(ERR_INPUT, "read %s: over %zu bytes",
				      path, max_bytes);
			break;
		}
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	close(fd);
	if (err)
		buf_truncate(out, before);
	return err;
}

struct err *file_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_new(ERR_INPUT, "write: %s", strerror(errno));
		p += done;
		n -= (size_t)done;
	}
	return NULL;
}

struct err *file_read_at(int fd, size_t at, void *out, size_t n)
{
	char *p = out;

	while (n) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_new(ERR_INPUT, "read: %s",
				       got ? strerror(errno) : "cut off");
		p += got;
		at += (size_t)got;
		n -= (size_t)got;
	}
	return NULL;
}

struct err *file_open_temporary(const char *dir, int *fd)
{
	char *path;

	*fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return NULL;
	/* not every file system makes files without a name */
	path = file_join(dir, "git-migrate-XXXXXX");
	*fd = mkostemp(path, O_CLOEXEC);
	if (*fd >= 0)
		unlink(path);
	free(path);
	return *fd < 0 ? err_new(ERR_STATE, "make a temporary file in %s: %s",
				 dir, strerror(errno))
		       : NULL;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/")
			     : xstrndup(path, (size_t)(slash - path));
}

struct err *file_sync_dir(const char *path)
{
	struct err *err = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail("open", path);
	if (fsync(fd))
		err = fail("fsync", path);
	close(fd);
	return err;
}

struct err *file_write(const char *path, const void *data, size_t n,
		       unsigned mode)
{
	char *tmp = xasprintf("%s.tmp-XXXXXX", path), *dir = folder_of(path);
	struct err *err = NULL;
	int fd = mkostemp(tmp, O_CLOEXEC);

	if (fd < 0) {
		err = fail("create", tmp);
		goto done;
	}
	err = err_wrap(file_write_all(fd, data, n), "%s", path);
	if (!err && (fchmod(fd, mode) || fsync(fd)))
		err = fail("write", path);
	if (close(fd) && !err)
		err = fail("write", path);
	if (!err && rename(tmp, path))
		err = fail("rename to", path);
	if (err)
		unlink(tmp);
	else
		err = file_sync_dir(dir);
done:
	free(tmp);
	free(dir);
	return err;
}

/* Two processes may have one number: in containers that share a repository. */
static int open_new(const char *path, char **name)
{
	*name = xasprintf("%s.%ld.%lld", path, (long)getpid(),
			  (long long)clock_steady_us());
	return open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

void file_write_cache(const char *path, const void *data, size_t n)
{
	char *dir = folder_of(path), *tmp = NULL;
	struct err *err = file_mkdirs(dir, 0777);
	int fd = err ? -1 : open_new(path, &tmp);

	if (fd >= 0) {
		err = file_write_all(fd, data, n);
		if (close(fd) || err || rename(tmp, path))
			unlink(tmp);
	}
	err_free(err);
	free(tmp);
	free(dir);
}

struct err *file_mkdirs(const char *path, unsigned mode)
{
	char *copy = xstrdup(path), *p = *copy ? copy : NULL;
	struct err *err = NULL;
	struct stat st;

	while (p) {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdir(copy, mode) && errno != EEXIST) {
			err = fail("make the folder", copy);
			goto done;
		}
		if (p)
			*p = '/';
	}
	if (stat(copy, &st)) {
		err = fail("make the folder", copy);
	} else if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		err = fail("make the folder", copy);
	}
done:
	free(copy);
	return err;
}

bool file_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

char *file_join(const char *a, const char *b)
{
	if (!*a || *b == '/')
		return xstrdup(b);
	return xasprintf("%s%s%s", a, a[strlen(a) - 1] == '/' ? "" : "/", b);
}
