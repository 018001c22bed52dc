#include "cmd/slug.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"

/* Of "db-wal" and the like: another branch's database must not be called so. */
static const char *const beside[] = { "-wal",          "-shm",
				      "-journal",      "-migrate-lock",
				      "-migrate-copy", "-migrate-gone" };

static bool is_beside(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(beside); i++)
		if (ends_with(s, beside[i]))
			return true;
	return false;
}

void slug_add_hash(struct buf *out, const char *s)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	buf_addf(out, "%08x", (unsigned)(h ^ h >> 32));
}

/* Runs of what may not stand there become one '_'. */
static void add_plain(struct buf *out, const char *name)
{
	for (const char *p = name; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x80 && (isalnum(c) || strchr("._-", c)))
			buf_addch(out, (char)tolower(c));
		else if (!out->len || out->data[out->len - 1] != '_')
			buf_addch(out, '_');
	}
}

void slug_add(struct buf *out, const char *name, size_t max)
{
	struct buf b = BUF_INIT;

	assert(max >= SLUG_MIN);
	add_plain(&b, name);
	if (!streq(buf_str(&b), name) || b.len > max || is_beside(name)) {
		if (b.len > max - SLUG_MIN)
			buf_truncate(&b, max - SLUG_MIN);
		buf_addch(&b, '_');
		slug_add_hash(&b, name);
	}
	buf_add(out, buf_str(&b), b.len);
	buf_release(&b);
}
