#include "effects/pg_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"

#define DEPTH_MAX 1000

struct reader {
	struct arena *arena;
	const char *at;
	unsigned depth;
};

static void skip(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool take(struct reader *r, char c)
{
	skip(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static void add_code(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_addch(out, (char)c);
	} else if (c < 0x800) {
		buf_addch(out, (char)(0xc0 | c >> 6));
		buf_addch(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addch(out, (char)(0xe0 | c >> 12));
		buf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addch(out, (char)(0x80 | (c & 0x3f)));
	}
}

static bool escape(struct reader *r, struct buf *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char c = *r->at++, digits[5] = "";
	const char *known;

	if (!c)
		return false;
	if (c != 'u') {
		known = strchr(from, c);
		if (known)
			c = to[known - from];
		buf_addch(out, c);
		return true;
	}
	memcpy(digits, r->at, strnlen(r->at, 4));
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return false;
	r->at += 4;
	add_code(out, (unsigned)strtoul(digits, NULL, 16));
	return true;
}

static const char *string(struct reader *r)
{
	struct buf out = BUF_INIT;
	const char *text = NULL;
	bool fine = true;

	if (!take(r, '"'))
		return NULL;
	while (fine && *r->at && *r->at != '"') {
		if (*r->at == '\\') {
			r->at++;
			fine = escape(r, &out);
		} else {
			buf_addch(&out, *r->at++);
		}
	}
	if (fine && *r->at++ == '"')
		text = arena_strdup(r->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static struct pe_json *value(struct reader *r);

static struct pe_json *member(struct reader *r, bool object)
{
	const char *key = NULL;
	struct pe_json *v;

	if (object) {
		key = string(r);
		if (!key || !take(r, ':'))
			return NULL;
	}
	v = value(r);
	if (v)
		v->key = key;
	return v;
}

/* The library leaves commas out and puts them in excess: they mean nothing. */
static bool members(struct reader *r, struct pe_json *o, char end)
{
	struct pe_json **last = &o->child;

	while (!take(r, end)) {
		if (take(r, ','))
			continue;
		*last = member(r, end == '}');
		if (!*last)
			return false;
		last = &(*last)->next;
	}
	return true;
}

static struct pe_json *value(struct reader *r)
{
	struct pe_json *v = arena_alloc(r->arena, sizeof(*v));
	bool fine = true;
	size_t n;

	if (++r->depth > DEPTH_MAX)
		return NULL;
	skip(r);
	if (*r->at == '"') {
		v->text = string(r);
		fine = v->text != NULL;
	} else if (take(r, '{')) {
		fine = members(r, v, '}');
	} else if (take(r, '[')) {
		fine = members(r, v, ']');
	} else {
		n = strcspn(r->at, ",]} \t\r\n");
		fine = n > 0;
		v->text = arena_strndup(r->arena, r->at, n);
		r->at += n;
	}
	r->depth--;
	return fine ? v : NULL;
}

struct pe_json *pe_json_read(struct arena *arena, const char *text)
{
	struct reader r = { .arena = arena, .at = text };

	return value(&r);
}

const struct pe_json *pe_json_get(const struct pe_json *o, const char *key)
{
	if (!o)
		return NULL;
	for (const struct pe_json *m = o->child; m; m = m->next)
		if (m->key && streq(m->key, key))
			return m;
	return NULL;
}

const char *pe_json_text(const struct pe_json *o, const char *key)
{
	const struct pe_json *m = pe_json_get(o, key);

	return m ? m->text : NULL;
}
