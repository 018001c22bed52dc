#include "effects/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

/* FNV-1a: against damage, not against anybody */
static uint64_t sum_of(const char *data, size_t len)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)data[i]) * 1099511628211ULL;
	return h;
}

/* Seven bits to the byte, the lowest first. */
void record_add_number(struct buf *out, uint64_t n)
{
	while (n >= 0x80) {
		buf_addch(out, (char)(unsigned char)(n | 0x80));
		n >>= 7;
	}
	buf_addch(out, (char)n);
}

void record_add(struct buf *out, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	record_add_number(out, s ? len + 1 : 0);
	if (len)
		buf_add(out, s, len);
}

/* One more than there are, 0 = no list */
void record_add_list(struct buf *out, const char **list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	record_add_number(out, list ? n + 1 : 0);
	for (size_t i = 0; i < n; i++)
		record_add(out, list[i]);
}

void record_add_bytes(struct buf *out, const void *data, size_t len)
{
	record_add_number(out, len);
	if (len)
		buf_add(out, data, len);
}

void record_seal(struct buf *out, const char *what, unsigned version,
		 const struct buf *body)
{
	buf_addf(out, "%s %u %zu %016" PRIx64 "\n", what, version, body->len,
		 sum_of(buf_str(body), body->len));
	if (body->len)
		buf_add(out, body->data, body->len);
}

bool record_open(struct record_reader *r, const char *what, unsigned version,
		 const char *data, size_t len)
{
	struct buf head = BUF_INIT;
	const char *line = len ? memchr(data, '\n', len) : NULL;
	bool fine = false;

	*r = (struct record_reader){ .bad = true };
	if (!line)
		return false;
	line++;
	r->at = line;
	r->end = data + len;
	buf_addf(&head, "%s %u %zu %016" PRIx64 "\n", what, version,
		 (size_t)(r->end - line),
		 sum_of(line, (size_t)(r->end - line)));
	fine = head.len == (size_t)(line - data) &&
	       memcmp(head.data, data, head.len) == 0;
	buf_release(&head);
	r->bad = !fine;
	return fine;
}

uint64_t record_get_number(struct record_reader *r)
{
	uint64_t n = 0;

	for (unsigned shift = 0; !r->bad; shift += 7) {
		unsigned char c;

		if (r->at == r->end || shift > 63)
			break;
		c = (unsigned char)*r->at++;
		n |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return n;
	}
	r->bad = true;
	return 0;
}

const char *record_get(struct record_reader *r, struct arena *arena)
{
	uint64_t n = record_get_number(r);
	const char *s;

	if (!n)
		return NULL;
	if (n - 1 > (uint64_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	s = arena_strndup(arena, r->at, (size_t)(n - 1));
	r->at += n - 1;
	return s;
}

const char *record_get_bytes(struct record_reader *r, size_t *len)
{
	const char *data;

	*len = record_get_count(r);
	if (r->bad)
		return NULL;
	data = r->at;
	r->at += *len;
	return data;
}

size_t record_get_count(struct record_reader *r)
{
	uint64_t n = record_get_number(r);

	if (r->bad || n <= (uint64_t)(r->end - r->at))
		return (size_t)n;
	r->bad = true;
	return 0;
}

const char **record_get_list(struct record_reader *r, struct arena *arena)
{
	size_t n = record_get_count(r);
	const char **list;

	if (!n)
		return NULL;
	list = arena_array(arena, n, sizeof(*list));
	for (size_t i = 0; i + 1 < n; i++) {
		list[i] = record_get(r, arena);
		r->bad = r->bad || !list[i];
	}
	return list;
}
