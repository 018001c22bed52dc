#include "gitstore/packfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/util.h"
#include "gitstore/hash.h"
#include "gitstore/pack.h"

#define PREFIX "tmp_migrate_"

/* How much may wait in memory before the disk is told to begin. */
#define WRITEBACK (8u << 20)

static struct err *fail(const char *doing, const char *path)
{
	bool no = errno == EACCES || errno == EROFS || errno == EPERM;
	struct err *err = err_new(no ? ERR_REFUSED : ERR_STORE, "%s %s: %s",
				  doing, path, strerror(errno));

	if (errno == ENOSPC || errno == EDQUOT)
		err = err_hint(err, "free some disk space and try again");
	return err;
}

struct err *gs_packfile_open(struct gs_packfile *f, const char *dir)
{
	struct stat st;

	while (f->fd < 0) {
		f->path = xasprintf("%s/" PREFIX "XXXXXX", dir);
		f->fd = mkostemp(f->path, O_CLOEXEC);
		if (f->fd < 0) {
			struct err *err = fail("create", f->path);

			free(f->path);
			f->path = NULL;
			return err;
		}
		f->size = f->started = 0;
		/* a sweep may come between the two: then once more */
		if (!flock(f->fd, LOCK_EX) && !fstat(f->fd, &st) &&
		    !st.st_nlink)
			gs_packfile_drop(f);
	}
	return NULL;
}

struct err *gs_packfile_write(struct gs_packfile *f, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = pwrite(f->fd, p, n, (off_t)f->size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail("write", f->path);
		p += done;
		n -= (size_t)done;
		f->size += (size_t)done;
	}
#ifdef SYNC_FILE_RANGE_WRITE
	if (f->size - f->started >= WRITEBACK) {
		sync_file_range(f->fd, (off_t)f->started,
				(off_t)(f->size - f->started),
				SYNC_FILE_RANGE_WRITE);
		f->started = f->size;
	}
#endif
	return NULL;
}

struct err *gs_packfile_patch(struct gs_packfile *f, uint64_t at,
			      const void *data, size_t n)
{
	if (pwrite(f->fd, data, n, (off_t)at) != (ssize_t)n)
		return fail("write", f->path);
	return NULL;
}

struct err *gs_packfile_cut(struct gs_packfile *f, uint64_t size)
{
	if (ftruncate(f->fd, (off_t)size))
		return fail("cut", f->path);
	f->size = size;
	if (f->started > size)
		f->started = size;
	return NULL;
}

void gs_packfile_drop(struct gs_packfile *f)
{
	if (f->path)
		unlink(f->path);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	f->path = NULL;
	f->fd = -1;
}

static int by_id(const void *a, const void *b)
{
	const struct gs_pack_entry *x = a, *y = b;

	return memcmp(x->id.id, y->id.id, GIT_OID_RAWSZ);
}

static void put_be32(struct buf *b, uint32_t n)
{
	unsigned char bytes[4] = { (unsigned char)(n >> 24),
				   (unsigned char)(n >> 16),
				   (unsigned char)(n >> 8), (unsigned char)n };

	buf_add(b, bytes, sizeof(bytes));
}

static void put_fanout(struct buf *b, const struct gs_pack_entry *entries,
		       size_t n)
{
	size_t i = 0;

	for (unsigned first = 0; first < 256; first++) {
		while (i < n && entries[i].id.id[0] <= first)
			i++;
		put_be32(b, (uint32_t)i);
	}
}

/* Offsets of 2 GiB and more stand in a second table. */
static void put_offsets(struct buf *b, const struct gs_pack_entry *entries,
			size_t n)
{
	uint32_t large = 0;

	for (size_t i = 0; i < n; i++)
		put_be32(b, entries[i].offset < 0x80000000u
				    ? (uint32_t)entries[i].offset
				    : 0x80000000u | large++);
	for (size_t i = 0; i < n && large; i++)
		if (entries[i].offset >= 0x80000000u) {
			put_be32(b, (uint32_t)(entries[i].offset >> 32));
			put_be32(b, (uint32_t)entries[i].offset);
		}
}

static void make_index(struct buf *b, struct gs_pack_entry *entries, size_t n,
		       const git_oid *sum)
{
	git_oid end;

	qsort(entries, n, sizeof(*entries), by_id);
	buf_add(b, "\377tOc\0\0\0\2", 8);
	put_fanout(b, entries, n);
	for (size_t i = 0; i < n; i++)
		buf_add(b, entries[i].id.id, GIT_OID_RAWSZ);
	for (size_t i = 0; i < n; i++)
		put_be32(b, entries[i].crc);
	put_offsets(b, entries, n);
	buf_add(b, sum->id, GIT_OID_RAWSZ);
	gs_hash_bytes(b->data, b->len, &end);
	buf_add(b, end.id, GIT_OID_RAWSZ);
}

/* Sync and rename; the file is nobody's to change from here on. */
static struct err *settle(struct gs_packfile *f, const char *to)
{
	if (fchmod(f->fd, 0444) || fsync(f->fd))
		return fail("sync", f->path);
	if (rename(f->path, to))
		return fail("rename to", to);
	free(f->path);
	f->path = NULL;
	close(f->fd);
	f->fd = -1;
	return NULL;
}

struct err *gs_packfile_keep(struct gs_packfile *f, const char *dir,
			     struct gs_pack_entry *entries, size_t n,
			     const git_oid *sum)
{
	struct gs_packfile idx = { .fd = -1 };
	struct buf b = BUF_INIT;
	char hex[GIT_OID_HEXSZ + 1], *pack, *index;
	struct err *err = NULL;

	git_oid_tostr(hex, sizeof(hex), sum);
	pack = xasprintf("%s/pack-%s.pack", dir, hex);
	index = xasprintf("%s/pack-%s.idx", dir, hex);
	make_index(&b, entries, n, sum);
	if (file_exists(pack) && file_exists(index))
		goto done; /* the same bytes were kept before */
	err = gs_packfile_open(&idx, dir);
	if (!err)
		err = gs_packfile_write(&idx, b.data, b.len);
	if (!err)
		err = settle(f, pack); /* the index makes it seen: last */
	crash_point("pack-named");
	if (!err) {
		err = settle(&idx, index);
		if (err)
			unlink(pack);
	}
done:
	if (!err)
		err = file_sync_dir(dir);
	gs_packfile_drop(&idx);
	buf_release(&b);
	free(pack);
	free(index);
	return err;
}

/* Nobody holds its lock, or a day went by (locks may not work there). */
static bool is_left_over(int dir, const char *name)
{
	struct stat st;
	bool left;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return false;
	left = !fstat(fd, &st) && (!flock(fd, LOCK_EX | LOCK_NB) ||
				   time(NULL) - st.st_mtime > 86400);
	close(fd);
	return left;
}

void gs_pack_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (starts_with(e->d_name, PREFIX) &&
		    is_left_over(dirfd(d), e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}
