#include "snapshot/pg_rows.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "snapshot/rows.h"

size_t pg_cut(const char *line, size_t len, struct pg_field *out, size_t n)
{
	const char *end = line + len;
	size_t found = 0;

	while (found < n) {
		const char *tab = memchr(line, '\t', (size_t)(end - line));
		const char *stop = tab ? tab : end;

		out[found++] = (struct pg_field){ line, (size_t)(stop - line) };
		if (!tab)
			break;
		line = tab + 1;
	}
	return found;
}

void pg_add_field(struct buf *out, const struct pg_field *f)
{
	char *p;

	if (pg_field_is_null(f)) {
		buf_add(out, "\\N", 2);
		return;
	}
	p = buf_reserve(out, f->len + 1);
	*p = '\'';
	memcpy(p + 1, f->s, f->len);
	out->len += f->len + 1;
	out->data[out->len] = '\0';
}

uint64_t pg_digest(const struct pg_field *f)
{
	return XXH3_64bits(f->s, f->len);
}

void pg_add_new(struct buf *out, const struct pg_field *f)
{
	if (f->len <= ROW_NEW_MAX)
		buf_add(out, f->s, f->len);
	else
		buf_addf(out, "#%016llx", (unsigned long long)pg_digest(f));
}

void pg_add_same(struct buf *out, const struct pg_field *f)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789-_";
	unsigned d = (unsigned)ROW_SHORT_DIGEST(pg_digest(f));
	char text[4] = { '=', digits[d >> 12], digits[d >> 6 & 63],
			 digits[d & 63] };

	buf_add(out, text, sizeof(text));
}

/* COPY's letters: src/backend/commands/copyto.c, CopyAttributeOutText() */
static const char letters[] = "b\bf\fn\nr\rt\tv\v";

void pg_unescape(struct buf *out, const struct pg_field *f)
{
	const char *p = f->s, *end = f->s + f->len;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		const char *letter;

		if (!slash || slash + 1 >= end) {
			buf_add(out, p, (size_t)(end - p));
			return;
		}
		buf_add(out, p, (size_t)(slash - p));
		letter = NULL;
		for (size_t i = 0; i < sizeof(letters) - 1; i += 2)
			if (letters[i] == slash[1])
				letter = &letters[i + 1];
		if (letter)
			buf_addch(out, *letter);
		else
			buf_addch(out, slash[1]);
		p = slash + 2;
	}
}

void pg_escape(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char *letter = NULL;

		for (size_t k = 1; k < sizeof(letters) - 1; k += 2)
			if (letters[k] == s[i])
				letter = &letters[k - 1];
		if (letter || s[i] == '\\')
			buf_addch(out, '\\');
		if (letter)
			buf_addch(out, *letter);
		else
			buf_addch(out, s[i]);
	}
}
