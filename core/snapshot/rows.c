#include "snapshot/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			     "wxyz0123456789-_";

/* One more than a byte's place in base64; 0 = it has none. */
static const unsigned char base64_at[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,
	['G'] = 7,  ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

uint64_t row_digest(const struct row_value *v)
{
	switch (v->type) {
	case ROW_INT:
		return XXH3_64bits_withSeed(&v->i, sizeof(v->i), ROW_INT);
	case ROW_REAL:
		return XXH3_64bits_withSeed(&v->real, sizeof(v->real),
					    ROW_REAL);
	case ROW_TEXT:
	case ROW_BLOB:
		return XXH3_64bits_withSeed(v->s ? v->s : "", v->len,
					    (XXH64_hash_t)v->type);
	case ROW_NULL:
	case ROW_SAME:
	case ROW_DIGEST:
	case ROW_ABSENT:
		break;
	}
	return XXH3_64bits_withSeed("", 0, (XXH64_hash_t)v->type);
}

/*
 * A decimal of at most 15 digits and up to 6 places reads back to the same
 * double when the double is that decimal's nearest: a quotient of two exactly
 * represented integers is rounded once (IEEE 754), as strtod rounds.
 */
static bool add_short_real(struct buf *out, double r)
{
	static const double scales[] = { 1, 10, 100, 1000, 1e4, 1e5, 1e6 };

	for (int places = 0; places < 7; places++) {
		double scaled = r * scales[places];
		char digits[24];
		int n = 0;
		long long i;

		if (!(fabs(scaled) < 1e15))
			return false;
		i = (long long)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
		if ((double)i / scales[places] != r)
			continue;
		if (i == 0 && signbit(r))
			return false;
		if (i < 0) {
			buf_addch(out, '-');
			i = -i;
		}
		if (!places) {
			buf_addint(out, i);
			buf_add(out, ".0", 2);
			return true;
		}
		while (i || n <= places) {
			if (n == places)
				digits[sizeof(digits) - 1 - (size_t)n++] = '.';
			digits[sizeof(digits) - 1 - (size_t)n++] =
				(char)('0' + i % 10);
			i /= 10;
		}
		buf_add(out, digits + sizeof(digits) - n, (size_t)n);
		return true;
	}
	return false;
}

static void add_real(struct buf *out, double r)
{
	char text[40];

	if (isinf(r)) {
		buf_addstr(out, r < 0 ? "-inf" : "inf");
		return;
	}
	if (add_short_real(out, r))
		return;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, r);
		if (strtod(text, NULL) == r)
			break;
	}
	buf_addstr(out, text);
	if (!strpbrk(text, ".en"))
		buf_add(out, ".0", 2);
}

static const char escaped[256] = {
	['\\'] = '\\', ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r', [0] = '0'
};

static void add_text(struct buf *out, const char *s, size_t n)
{
	char *p;
	size_t start = 0;

	buf_addch(out, '\'');
	for (size_t i = 0; i < n; i++) {
		char e = escaped[(unsigned char)s[i]];

		if (!e)
			continue;
		buf_add(out, s + start, i - start);
		p = buf_reserve(out, 2);
		p[0] = '\\';
		p[1] = e;
		out->len += 2;
		start = i + 1;
	}
	buf_add(out, s + start, n - start);
}

static void add_blob(struct buf *out, const char *s, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	char *p = buf_reserve(out, n * 2 + 1);

	*p++ = 'x';
	for (size_t i = 0; i < n; i++) {
		*p++ = hex[(unsigned char)s[i] >> 4];
		*p++ = hex[(unsigned char)s[i] & 15];
	}
	*p = '\0';
	out->len += n * 2 + 1;
}

void row_add_value(struct buf *out, const struct row_value *v)
{
	switch (v->type) {
	case ROW_NULL:
		buf_add(out, "\\N", 2);
		break;
	case ROW_INT:
		buf_addint(out, v->i);
		break;
	case ROW_REAL:
		add_real(out, v->real);
		break;
	case ROW_TEXT:
		add_text(out, v->s, v->len);
		break;
	case ROW_BLOB:
		add_blob(out, v->s, v->len);
		break;
	case ROW_ABSENT:
		buf_addch(out, '!');
		break;
	case ROW_SAME:
	case ROW_DIGEST:
		break; /* made by row_add_same() and row_add_new() only */
	}
}

uint64_t row_field_digest(const struct row_value *field)
{
	return field->type == ROW_DIGEST ? (uint64_t)field->i
					 : row_digest(field);
}

void row_add_same(struct buf *out, const struct row_value *v)
{
	uint64_t d = ROW_SHORT_DIGEST(row_digest(v));
	char *p = buf_reserve(out, 4);

	p[0] = '=';
	p[1] = base64[d >> 12];
	p[2] = base64[d >> 6 & 63];
	p[3] = base64[d & 63];
	p[4] = '\0';
	out->len += 4;
}

void row_add_new(struct buf *out, const struct row_value *v)
{
	if ((v->type == ROW_TEXT || v->type == ROW_BLOB) &&
	    v->len > ROW_NEW_MAX)
		buf_addf(out, "#%016llx", (unsigned long long)row_digest(v));
	else
		row_add_value(out, v);
}

/* Bit by bit: 0.0 and -0.0 differ, a NaN is itself. */
static uint64_t bits_of(double real)
{
	uint64_t bits;

	memcpy(&bits, &real, sizeof(bits));
	return bits;
}

static bool same_value(const struct row_value *a, const struct row_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case ROW_INT:
		return a->i == b->i;
	case ROW_REAL:
		return bits_of(a->real) == bits_of(b->real);
	case ROW_TEXT:
	case ROW_BLOB:
		return a->len == b->len &&
		       (!a->len || !memcmp(a->s, b->s, a->len));
	case ROW_NULL:
	case ROW_ABSENT:
	case ROW_SAME:
	case ROW_DIGEST:
		break;
	}
	return true;
}

bool row_matches(const struct row_value *field, const struct row_value *now)
{
	if (field->type == ROW_SAME)
		return (uint64_t)field->i == ROW_SHORT_DIGEST(row_digest(now));
	if (field->type == ROW_DIGEST)
		return (uint64_t)field->i == row_digest(now);
	return same_value(field, now);
}

size_t row_field_length(const char *pos, const char *end)
{
	const char *tab = memchr(pos, '\t', (size_t)(end - pos));

	return (size_t)((tab ? tab : end) - pos);
}

static struct err *damaged(const char *pos, size_t len)
{
	return err_new(ERR_STATE, "damaged field '%.*s' in a snapshot",
		       len > 40 ? 40 : (int)len, pos);
}

/* A real as strtod() reads it. */
static struct err *parse_real(const char *s, size_t len, struct row_value *out)
{
	char text[400], *end;

	for (size_t i = 0; i < len; i++) {
		if (s[i] != '.' && s[i] != 'e' && s[i] != 'n')
			continue;
		if (len >= sizeof(text))
			break;
		memcpy(text, s, len);
		text[len] = '\0';
		out->type = ROW_REAL;
		out->real = strtod(text, &end);
		return *end ? damaged(s, len) : NULL;
	}
	return damaged(s, len);
}

/*
 * Digits with one point: the quotient of two integers that a double holds
 * exactly is rounded once, as strtod would (see add_short_real()).
 */
static struct err *parse_number(const char *s, size_t len,
				struct row_value *out)
{
	static const double scales[] = { 1,   10,  100, 1000, 1e4,
					 1e5, 1e6, 1e7, 1e8,  1e9 };
	size_t start = s[0] == '-', point = 0, places;
	uint64_t u = 0;

	if (len - start > 19 || start == len)
		return parse_real(s, len, out);
	for (size_t i = start; i < len; i++) {
		unsigned digit = (unsigned char)s[i] - (unsigned)'0';

		if (digit <= 9)
			u = u * 10 + digit;
		else if (s[i] == '.' && !point)
			point = i + 1;
		else
			return parse_real(s, len, out);
	}
	if (!point) {
		out->type = ROW_INT;
		out->i = start ? (int64_t)(0 - u) : (int64_t)u;
		return NULL;
	}
	places = len - point;
	if (places >= sizeof(scales) / sizeof(scales[0]) ||
	    u > (uint64_t)1 << 53)
		return parse_real(s, len, out);
	out->type = ROW_REAL;
	out->real = (double)u / scales[places];
	if (start)
		out->real = -out->real;
	return NULL;
}

static struct err *parse_text(const char *s, size_t len, struct row_value *out,
			      struct buf *scratch)
{
	static const char plain[256] = {
		['\\'] = '\\', ['t'] = '\t', ['n'] = '\n', ['r'] = '\r'
	};
	const char *p = s, *end = s + len;
	size_t start = scratch->len;

	out->type = ROW_TEXT;
	out->s = s;
	out->len = len;
	if (!memchr(s, '\\', len))
		return NULL;
	while (p < end) {
		const char *esc = memchr(p, '\\', (size_t)(end - p));

		buf_add(scratch, p, (size_t)((esc ? esc : end) - p));
		if (!esc)
			break;
		if (esc + 1 == end ||
		    (esc[1] != '0' && !plain[(unsigned char)esc[1]]))
			return damaged(s, len);
		buf_addch(scratch, plain[(unsigned char)esc[1]]);
		p = esc + 2;
	}
	/* an offset: the scratch may still move; row_parse() resolves it */
	out->s = NULL;
	out->i = (int64_t)start;
	out->len = scratch->len - start;
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct err *parse_blob(const char *s, size_t len, struct row_value *out,
			      struct buf *scratch)
{
	size_t start = scratch->len;

	if (len % 2)
		return damaged(s, len);
	for (size_t i = 0; i < len; i += 2) {
		int hi = hex_digit(s[i]), lo = hex_digit(s[i + 1]);

		if (hi < 0 || lo < 0)
			return damaged(s, len);
		buf_addch(scratch, (char)(hi << 4 | lo));
	}
	out->type = ROW_BLOB;
	out->s = NULL;
	out->i = (int64_t)start;
	out->len = len / 2;
	return NULL;
}

static struct err *parse_digest(const char *s, size_t len,
				struct row_value *out)
{
	uint64_t d = 0;

	if (*s == '=') {
		if (len != 4)
			return damaged(s, len);
		for (size_t i = 1; i < 4; i++) {
			unsigned at = base64_at[(unsigned char)s[i]];

			if (!at)
				return damaged(s, len);
			d = d << 6 | (at - 1);
		}
		out->type = ROW_SAME;
	} else {
		if (len != 17)
			return damaged(s, len);
		for (size_t i = 1; i < 17; i++) {
			int h = hex_digit(s[i]);

			if (h < 0)
				return damaged(s, len);
			d = d << 4 | (uint64_t)h;
		}
		out->type = ROW_DIGEST;
	}
	out->i = (int64_t)d;
	return NULL;
}

struct err *row_parse(const char **pos, const char *end, struct row_value *out,
		      struct buf *scratch)
{
	const char *s = *pos;
	struct err *err;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (s > end)
		return err_new(ERR_STATE, "a snapshot's row is cut off");
	len = row_field_length(s, end);
	*pos = s + len + 1;
	if (!len)
		return damaged(s, 0);
	switch (*s) {
	case '\\':
		return len == 2 && s[1] == 'N' ? NULL : damaged(s, len);
	case '\'':
		err = parse_text(s + 1, len - 1, out, scratch);
		break;
	case 'x':
		err = parse_blob(s + 1, len - 1, out, scratch);
		break;
	case '=':
	case '#':
		return parse_digest(s, len, out);
	case '!':
		out->type = ROW_ABSENT;
		return len == 1 ? NULL : damaged(s, len);
	default:
		return parse_number(s, len, out);
	}
	if (!err && !out->s)
		out->s = buf_str(scratch) + (size_t)out->i;
	return err;
}
