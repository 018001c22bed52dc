#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static char *path_of(struct check *c, const char *kind, const char *key)
{
	struct store *s = c->e->store;

	if (c->opt->cache_dir)
		return xasprintf("%s/%s/%.2s/%s", c->opt->cache_dir, kind, key,
				 key + 2);
	return xasprintf("%s/migrate/cache/%s/%.2s/%s", s->ops->common_dir(s),
			 kind, key, key + 2);
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

bool check_cache_get(struct check *c, const char *kind, const char *key,
		     struct buf *out)
{
	char *path = path_of(c, kind, key);
	struct err *err = NULL;
	bool ok = file_exists(path);

	if (ok)
		err = file_read(path, CACHE_MAX_BYTES, out);
	if (err)
		ok = false;
	err_free(err);
	free(path);
	return ok;
}

void check_cache_put(struct check *c, const char *kind, const char *key,
		     const void *data, size_t len)
{
	char *path = path_of(c, kind, key), *slash = strrchr(path, '/'), *tmp;
	struct err *err;
	FILE *f;
	bool ok;

	*slash = '\0';
	err = file_mkdirs(path, 0777);
	*slash = '/';
	tmp = xasprintf("%s.%ld", path, (long)getpid());
	f = err ? NULL : fopen(tmp, "wbe");
	/* a torn file is seen by who reads it: no wait for the disk */
	if (f) {
		ok = fwrite(data, 1, len, f) == len;
		ok = !fclose(f) && ok;
		if (!ok || rename(tmp, path))
			unlink(tmp);
	}
	err_free(err);
	free(tmp);
	free(path);
}
