#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Bytes of the valid sequence that starts at s, 0 when there is none. */
static size_t utf8_sequence(const unsigned char *s, size_t n)
{
	size_t len;
	unsigned code;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		len = 2;
		code = s[0] & 0x1f;
	} else if ((s[0] & 0xf0) == 0xe0) {
		len = 3;
		code = s[0] & 0x0f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		len = 4;
		code = s[0] & 0x07;
	} else {
		return 0;
	}
	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
	    (len == 4 && (code < 0x10000 || code > 0x10ffff)))
		return 0;
	return len;
}

size_t text_utf8_valid(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t len = utf8_sequence((const unsigned char *)s + i, n - i);

		if (!len)
			return i;
		i += len;
	}
	return n;
}

void text_add_safe(struct buf *b, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n;) {
		const unsigned char *p = (const unsigned char *)s + i;
		size_t plain = 0, len;

		/* nearly always: a run of printable ASCII */
		while (p[plain] >= 0x20 && p[plain] < 0x7f)
			plain++;
		if (plain) {
			buf_add(b, p, plain);
			i += plain;
			continue;
		}
		len = utf8_sequence(p, n - i);
		if (*p == '\n') {
			buf_addstr(b, "\\n");
			len = 1;
		} else if (!len || *p < 0x20 || *p == 0x7f ||
			   (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)) {
			buf_addf(b, "\\x%02x", *p); /* C1 controls, too */
			len = 1;
		} else {
			buf_add(b, p, len);
		}
		i += len;
	}
}

char *text_safe(const char *s)
{
	struct buf b = BUF_INIT;

	text_add_safe(&b, s);
	return buf_detach(&b);
}

/* Optimal string alignment distance, three rows at a time. */
unsigned text_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned row[3][256];

	if (n > 254 || m > 254)
		return 255;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3];
		const unsigned *up2 = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

static int compare_digits(const char **a, const char **b)
{
	size_t n = 0, m = 0;
	int order;

	while (**a == '0')
		++*a;
	while (**b == '0')
		++*b;
	while (isdigit((unsigned char)(*a)[n]))
		n++;
	while (isdigit((unsigned char)(*b)[m]))
		m++;
	if (n != m)
		return n < m ? -1 : 1;
	order = memcmp(*a, *b, n);
	*a += n;
	*b += n;
	return order;
}

int text_compare_natural(const char *a, const char *b)
{
	const char *whole_a = a, *whole_b = b;

	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			int order = compare_digits(&a, &b);

			if (order)
				return order;
			continue;
		}
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		a++;
		b++;
	}
	if (*a || *b)
		return *b ? -1 : 1;
	return strcmp(whole_a, whole_b); /* "01" and "1" differ as names */
}

void text_position(const char *s, size_t offset, unsigned *line, unsigned *col)
{
	*line = *col = 1;
	for (size_t i = 0; i < offset; i++) {
		if (s[i] == '\n') {
			++*line;
			*col = 1;
		} else {
			++*col;
		}
	}
}

void text_add_hex(struct buf *b, const void *data, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++) {
		buf_addch(b, digits[p[i] >> 4]);
		buf_addch(b, digits[p[i] & 15]);
	}
}

const char *text_rows_and_values(unsigned long long n)
{
	return n == 1 ? "row or value" : "rows and values";
}

void text_add_size(struct buf *b, unsigned long long bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		buf_addf(b, "%llu byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	/* 1023.95 would print as 1024.0 */
	while (v >= 1023.95 && i + 1 < sizeof(units) / sizeof(*units)) {
		v /= 1024;
		i++;
	}
	buf_addf(b, "%.1f %s", v, units[i]);
}
