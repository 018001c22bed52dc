#include "gitstore/packset.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "gitstore/deflate.h"
#include "gitstore/hash.h"

#define NEWEST 32
#define FANOUT ((size_t)256 * 4)
#define HEADER 8
#define SUMS 40 /* of the pack and of the index, at its end */

struct map {
	const unsigned char *data; /* NULL = not open, or cannot be */
	size_t len;
	bool tried;
};

struct pack {
	char *path; /* without "pack" or "idx" at the end */
	struct timespec made;
	struct map idx, body;
	uint32_t n;
};

struct gs_packset {
	struct pack *packs; /* newest first */
	size_t n, cap;
	size_t last;    /* where the object before was */
	size_t sharers; /* owners but the first */
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void map_open(struct map *m, const char *path, const char *suffix)
{
	char *name = xasprintf("%s%s", path, suffix);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p = MAP_FAILED;

	m->tried = true;
	if (fd >= 0 && !fstat(fd, &st) && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
			 0);
	if (p != MAP_FAILED) {
		m->data = p;
		m->len = (size_t)st.st_size;
	}
	if (fd >= 0)
		close(fd);
	free(name);
}

static void map_close(struct map *m)
{
	if (m->data)
		munmap((void *)(uintptr_t)m->data, m->len); /* NOLINT */
	m->data = NULL;
}

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct pack *)a)->made,
			      *y = &((const struct pack *)b)->made;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

struct gs_packset *gs_packset_open(const char *dir)
{
	struct gs_packset *s = xcalloc(1, sizeof(*s));
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d))) {
		struct pack p = { 0 };

		if (!ends_with(e->d_name, ".idx") ||
		    fstatat(dirfd(d), e->d_name, &st, 0))
			continue;
		p.path = xasprintf("%s/%.*s", dir,
				   (int)(strlen(e->d_name) - strlen("idx")),
				   e->d_name);
		p.made = st.st_mtim;
		VEC_GROW(s->packs, s->n, s->cap);
		s->packs[s->n++] = p;
	}
	if (d)
		closedir(d);
	if (s->n)
		qsort(s->packs, s->n, sizeof(*s->packs), by_age);
	return s;
}

struct gs_packset *gs_packset_share(struct gs_packset *s)
{
	s->sharers++;
	return s;
}

void gs_packset_free(struct gs_packset *s)
{
	if (!s || s->sharers--)
		return;
	for (size_t i = 0; i < s->n; i++) {
		map_close(&s->packs[i].idx);
		map_close(&s->packs[i].body);
		free(s->packs[i].path);
	}
	free(s->packs);
	free(s);
}

/* The index is there and as large as its count says. */
static bool open_index(struct pack *p)
{
	if (p->idx.tried)
		return p->idx.data != NULL;
	map_open(&p->idx, p->path, "idx");
	if (p->idx.data && p->idx.len >= HEADER + FANOUT + SUMS &&
	    !memcmp(p->idx.data, "\377tOc\0\0\0\2", HEADER)) {
		p->n = be32(p->idx.data + HEADER + FANOUT - 4);
		if ((p->idx.len - HEADER - FANOUT - SUMS) / 28 >= p->n)
			return true;
	}
	map_close(&p->idx);
	return false;
}

/* Place of an id in the index, or -1. */
static int64_t place(struct pack *p, const git_oid *id)
{
	const unsigned char *fan = p->idx.data + HEADER;
	const unsigned char *ids = fan + FANOUT;
	unsigned first = id->id[0];
	uint32_t lo = first ? be32(fan + (size_t)(first - 1) * 4) : 0;
	uint32_t hi = be32(fan + (size_t)first * 4);

	if (hi > p->n)
		return -1;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int rc = memcmp(ids + (size_t)mid * GIT_OID_RAWSZ, id->id, 20);

		if (!rc)
			return mid;
		if (rc < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

/* The pack an id is in among the first `max`, the last hit's first. */
static struct pack *find(struct gs_packset *s, const git_oid *id, size_t max,
			 int64_t *at)
{
	for (size_t i = 0; i <= max && s->n; i++) {
		size_t which = i ? i - 1 : s->last;
		struct pack *p;

		if (which >= s->n || (i && which == s->last))
			continue;
		p = &s->packs[which];
		if (!open_index(p))
			continue;
		*at = place(p, id);
		if (*at >= 0) {
			s->last = which;
			return p;
		}
	}
	return NULL;
}

bool gs_packset_has(struct gs_packset *s, const git_oid *id)
{
	int64_t at;

	return find(s, id, NEWEST, &at) != NULL;
}

static uint64_t offset_of(const struct pack *p, uint32_t at)
{
	const unsigned char *offsets =
		p->idx.data + HEADER + FANOUT + (size_t)p->n * 24;
	uint32_t small = be32(offsets + (size_t)at * 4);
	const unsigned char *large = offsets + (size_t)p->n * 4;
	size_t i = small & 0x7fffffff;

	if (!(small & 0x80000000u))
		return small;
	large += i * 8;
	if (large + 8 > p->idx.data + p->idx.len - SUMS)
		return UINT64_MAX;
	return (uint64_t)be32(large) << 32 | be32(large + 4);
}

bool gs_packset_read_blob(struct gs_packset *s, const git_oid *id, size_t max,
			  struct buf *out)
{
	const unsigned char *p, *end;
	int64_t at = -1;
	struct pack *pack = find(s, id, s->n, &at);
	uint64_t offset, size;
	unsigned shift = 4;
	git_oid is;
	bool blob;

	if (pack && !pack->body.tried)
		map_open(&pack->body, pack->path, "pack");
	if (!pack || !pack->body.data)
		return false;
	offset = offset_of(pack, (uint32_t)at);
	if (offset >= pack->body.len || pack->body.len - offset < 24)
		return false;
	p = pack->body.data + offset;
	end = pack->body.data + pack->body.len - 20;
	blob = (*p >> 4 & 7) == GIT_OBJECT_BLOB;
	size = *p & 15;
	for (; *p & 0x80 && p + 1 < end && shift < 60; shift += 7)
		size |= (uint64_t)(*++p & 0x7f) << shift;
	p++;
	if (!blob || size > max || size > INT32_MAX)
		return false;
	if (!gs_inflate(p, (size_t)(end - p), buf_reserve(out, (size_t)size),
			(size_t)size))
		return false;
	gs_hash_object(GIT_OBJECT_BLOB, out->data + out->len, (size_t)size,
		       &is);
	if (!git_oid_equal(&is, id))
		return false;
	out->len += (size_t)size;
	out->data[out->len] = '\0';
	return true;
}
