#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "schema/schema.h"

#define ENCODED_MAX 200
#define HASH_LEN 17 /* "~" and 16 digits */

/* FNV-1a, 64 bits: a clash gives two objects one path, which the map of
 * objects then keeps apart, so it need not resist anybody. */
static uint64_t hash_of(const char *name)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211ULL;
	return h;
}

/* Code points without width that HFS+ drops from names: next_hfs_char(). */
static bool is_hfs_ignored(const unsigned char *s)
{
	unsigned c;

	if ((s[0] & 0xf0) != 0xe0)
		return false;
	c = (s[0] & 0x0fU) << 12 | (s[1] & 0x3fU) << 6 | (s[2] & 0x3fU);
	return (c >= 0x200c && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x206a && c <= 0x206f) || c == 0xfeff;
}

/* Bytes of the character at s, 0 when it is not valid UTF-8. */
static size_t character(const char *s, size_t left)
{
	size_t len = 1;
	unsigned char c = (unsigned char)*s;

	if (c >= 0x80)
		len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	return len <= left && text_utf8_valid(s, len) == len ? len : 0;
}

static bool is_kept(const char *s, size_t len, bool first)
{
	unsigned char c = (unsigned char)*s;

	if (!len || (first && c == '.'))
		return false;
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f && !strchr("%/\\~", c);
	return !is_hfs_ignored((const unsigned char *)s);
}

void schema_encode_name(struct buf *out, const char *name)
{
	size_t n = strlen(name), start = out->len, fits = start;

	if (!n)
		buf_addch(out, '%');
	for (size_t i = 0; i < n;) {
		size_t len = character(name + i, n - i);
		bool keep = is_kept(name + i, len, i == 0);

		if (out->len - start <= ENCODED_MAX - HASH_LEN)
			fits = out->len;
		if (out->len - start > ENCODED_MAX)
			break;
		if (!len)
			len = 1;
		if (keep)
			buf_add(out, name + i, len);
		for (size_t k = 0; !keep && k < len; k++)
			buf_addf(out, "%%%02X", (unsigned char)name[i + k]);
		i += len;
	}
	if (out->len - start > ENCODED_MAX) {
		buf_truncate(out, fits);
		buf_addf(out, "~%016llx", (unsigned long long)hash_of(name));
	}
}
