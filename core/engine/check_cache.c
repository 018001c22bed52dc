#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/util.h"
#include "engine/check_impl.h"

/*
 * What a check has computed, by what it was computed from: files below
 * <common git dir>/migrate/cache, which may be deleted at any time. Nothing
 * depends on one being there, or being whole: a reader checks what it gets.
 */

/* A database image of a large base; everything else is far smaller. */
#define CACHE_MAX_BYTES ((size_t)256 << 20)

/* Of all files together, as the file system counts. */
#define CACHE_LIMIT_BYTES ((uint64_t)256 << 20)
#define A_LOT_BYTES ((size_t)1 << 20)
#define A_DAY_S ((time_t)24 * 60 * 60)

/* From here on deflated: this mark, the size in 8 bytes, the stream. */
#define DEFLATED_FROM ((size_t)4 << 10)
static const char deflated_mark[] = { 1, 'd', 'e', 'f', 'l', 'a', 't', 'e' };
#define HEAD (sizeof(deflated_mark) + 8)

static char *folder_of(struct check *c)
{
	struct store *s = c->e->store;

	if (c->opt->cache_dir)
		return xstrdup(c->opt->cache_dir);
	return xasprintf("%s/migrate/cache", s->ops->common_dir(s));
}

static char *path_of(struct check *c, const char *kind, const char *key)
{
	char *folder = folder_of(c);
	char *path = xasprintf("%s/%s/%.2s/%s", folder, kind, key, key + 2);

	free(folder);
	return path;
}

void check_key(struct check *c, char out[65], const char *kind, ...)
{
	struct store *s = c->e->store;
	struct buf b = BUF_INIT;
	struct store_id id;
	const char *part;
	va_list ap;

	buf_addf(&b, "%s %d", kind, EFFECTS_VERSION);
	va_start(ap, kind);
	while ((part = va_arg(ap, const char *)))
		buf_addf(&b, "\n%zu %s", strlen(part), part);
	va_end(ap);
	s->ops->chunk_id(s, buf_str(&b), b.len, &id);
	memcpy(out, id.hex, sizeof(id.hex));
	buf_release(&b);
}

/* A file that is read is wanted: once a day is enough to tell. */
static bool is_there(const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	if (time(NULL) - st.st_mtime > A_DAY_S)
		(void)utimensat(AT_FDCWD, path, NULL, 0);
	return true;
}

static bool is_deflated(const struct buf *b)
{
	return b->len >= HEAD &&
	       !memcmp(b->data, deflated_mark, sizeof(deflated_mark));
}

/* false when it is damaged. */
static bool inflate(struct check *c, struct buf *b)
{
	struct store *s = c->e->store;
	struct buf out = BUF_INIT;
	uint64_t size = 0;
	struct err *err;

	for (size_t i = 0; i < 8; i++)
		size = size << 8 |
		       (unsigned char)b->data[sizeof(deflated_mark) + i];
	if (size > CACHE_MAX_BYTES)
		return false;
	err = s->ops->chunk_inflate(s, b->data + HEAD, b->len - HEAD,
				    (size_t)size, &out);
	buf_release(b);
	*b = out;
	if (!err)
		return true;
	err_free(err);
	return false;
}

static void deflate(struct check *c, const void *data, size_t len,
		    struct buf *out)
{
	struct store *s = c->e->store;
	char size[8];

	for (size_t i = 0; i < 8; i++)
		size[i] = (char)((uint64_t)len >> (56 - 8 * i));
	buf_add(out, deflated_mark, sizeof(deflated_mark));
	buf_add(out, size, sizeof(size));
	s->ops->chunk_deflate(s, data, len, out);
}

bool check_cache_get(struct check *c, const char *kind, const char *key,
		     struct buf *out)
{
	char *path = path_of(c, kind, key);
	struct err *err = NULL;
	bool ok = is_there(path);

	if (ok)
		err = file_read(path, CACHE_MAX_BYTES, out);
	if (err)
		ok = false;
	else if (ok && is_deflated(out))
		ok = inflate(c, out);
	err_free(err);
	free(path);
	return ok;
}

void check_cache_put(struct check *c, const char *kind, const char *key,
		     const void *data, size_t len)
{
	char *path = path_of(c, kind, key);
	struct buf small = BUF_INIT;

	if (len >= DEFLATED_FROM && len <= CACHE_MAX_BYTES) {
		deflate(c, data, len, &small);
		data = small.data;
		len = small.len;
	}
	file_write_cache(path, data, len);
	c->kept_bytes += len;
	buf_release(&small);
	free(path);
}

/* An empty file tells when that was last. */
static bool is_due(struct check *c, const char *stamp)
{
	struct stat st;

	return c->kept_bytes >= A_LOT_BYTES || stat(stamp, &st) ||
	       time(NULL) - st.st_mtime > A_DAY_S;
}

void check_cache_prune(struct check *c)
{
	char *folder = folder_of(c), *stamp = xasprintf("%s/pruned", folder);

	if (c->kept_bytes && is_due(c, stamp)) {
		check_prune(folder, CACHE_LIMIT_BYTES);
		file_write_cache(stamp, "", 0);
	}
	c->kept_bytes = 0;
	free(stamp);
	free(folder);
}
