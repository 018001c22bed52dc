#include "gitstore/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/util.h"
#include "gitstore/deflate.h"
#include "gitstore/hash.h"
#include "gitstore/packfile.h"

#define DEPTH_MAX 50
#define HEADER 12
#define TRAILER 20
#define OFS_DELTA 6

struct gs_pack {
	char *dir;
	size_t spill;
	struct buf out;   /* written to the file from `flushed` on */
	uint64_t flushed; /* bytes that are in the file */
	struct gs_packfile file;
	struct gs_pack_entry *entries;
	size_t n, cap;
	unsigned *slots; /* index + 1 into entries, by id; 0 = empty */
	size_t n_slots;
	struct gs_deflate *deflate;
	struct buf delta;
};

struct gs_pack *gs_pack_new(const char *dir, size_t spill)
{
	struct gs_pack *p = xcalloc(1, sizeof(*p));

	p->dir = xstrdup(dir);
	p->spill = spill;
	p->file.fd = -1;
	return p;
}

void gs_pack_reset(struct gs_pack *p)
{
	gs_packfile_drop(&p->file);
	buf_reset(&p->out);
	p->flushed = 0;
	p->n = 0;
	if (p->slots)
		memset(p->slots, 0, p->n_slots * sizeof(*p->slots));
}

void gs_pack_free(struct gs_pack *p)
{
	if (!p)
		return;
	gs_packfile_drop(&p->file);
	buf_release(&p->out);
	buf_release(&p->delta);
	gs_deflate_free(p->deflate);
	free(p->entries);
	free(p->slots);
	free(p->dir);
	free(p);
}

/* Ids are evenly spread: their first bytes are the hash. */
static size_t slot_of(const struct gs_pack *p, const git_oid *id)
{
	uint32_t h;

	memcpy(&h, id->id, sizeof(h));
	return h & (p->n_slots - 1);
}

static struct gs_pack_entry *find(const struct gs_pack *p, const git_oid *id)
{
	if (!p->n_slots)
		return NULL;
	for (size_t i = slot_of(p, id);; i = (i + 1) & (p->n_slots - 1)) {
		unsigned at = p->slots[i];

		if (!at)
			return NULL;
		if (git_oid_equal(&p->entries[at - 1].id, id))
			return &p->entries[at - 1];
	}
}

static void insert(struct gs_pack *p, size_t entry)
{
	size_t i = slot_of(p, &p->entries[entry].id);

	while (p->slots[i])
		i = (i + 1) & (p->n_slots - 1);
	p->slots[i] = (unsigned)entry + 1;
}

static void remember(struct gs_pack *p, const struct gs_pack_entry *e)
{
	VEC_GROW(p->entries, p->n, p->cap);
	p->entries[p->n++] = *e;
	if (p->n * 2 <= p->n_slots) {
		insert(p, p->n - 1);
		return;
	}
	free(p->slots);
	p->n_slots = p->n_slots ? p->n_slots * 2 : 64;
	p->slots = xcalloc(p->n_slots, sizeof(*p->slots));
	for (size_t i = 0; i < p->n; i++)
		insert(p, i);
}

/* Forget the newest; nothing was put in a slot because of it, so the chain
 * of probes of the others stays whole. */
static void forget_last(struct gs_pack *p)
{
	size_t i = slot_of(p, &p->entries[p->n - 1].id);

	while (p->slots[i] != p->n)
		i = (i + 1) & (p->n_slots - 1);
	p->slots[i] = 0;
	p->n--;
}

bool gs_pack_has(const struct gs_pack *p, const git_oid *id)
{
	return find(p, id) != NULL;
}

size_t gs_pack_count(const struct gs_pack *p)
{
	return p->n;
}

uint64_t gs_pack_size(const struct gs_pack *p)
{
	return p->flushed + p->out.len;
}

static struct err *flush(struct gs_pack *p)
{
	struct err *err = gs_packfile_open(&p->file, p->dir);

	if (!err)
		err = gs_packfile_write(&p->file, p->out.data, p->out.len);
	if (err)
		return err;
	p->flushed += p->out.len;
	buf_reset(&p->out);
	return NULL;
}

/* Start of an object in the pack: type and size, seven bits at a time. */
static void put_header(struct buf *out, int type, size_t size)
{
	unsigned char c = (unsigned char)(type << 4 | (size & 15));

	for (size >>= 4; size; size >>= 7) {
		buf_addch(out, (char)(c | 0x80));
		c = size & 0x7f;
	}
	buf_addch(out, (char)c);
}

/* Distance back to the base of an OFS_DELTA. */
static void put_distance(struct buf *out, uint64_t distance)
{
	unsigned char bytes[10];
	size_t i = sizeof(bytes);

	bytes[--i] = distance & 0x7f;
	while (distance >>= 7)
		bytes[--i] = 0x80 | (--distance & 0x7f);
	buf_add(out, bytes + i, sizeof(bytes) - i);
}

static struct err *begin(struct gs_pack *p, size_t len)
{
	static const char header[HEADER] = { 'P', 'A', 'C', 'K', 0, 0, 0, 2 };

	if (len > INT32_MAX / 2)
		return err_new(ERR_INPUT, "an object of %zu bytes is too large",
			       len);
	if (!p->deflate)
		p->deflate = gs_deflate_new();
	if (!gs_pack_size(p)) /* the count is put in at the end */
		buf_add(&p->out, header, HEADER);
	return NULL;
}

static struct err *end(struct gs_pack *p, struct gs_pack_entry *e)
{
	size_t at = (size_t)(e->offset - p->flushed);

	e->crc = gs_crc32(0, p->out.data + at, p->out.len - at);
	remember(p, e);
	return p->out.len >= p->spill ? flush(p) : NULL;
}

struct err *gs_pack_add(struct gs_pack *p, git_object_t type, const git_oid *id,
			const void *data, size_t len)
{
	struct gs_pack_entry e = { .id = *id };
	struct err *err;

	if (find(p, id))
		return NULL;
	err = begin(p, len);
	if (err)
		return err;
	e.offset = gs_pack_size(p);
	put_header(&p->out, (int)type, len);
	gs_deflate_add(p->deflate, data, len, &p->out);
	return end(p, &e);
}

static void put_varint(struct buf *out, size_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_addch(out, (char)(0x80 | (n & 0x7f)));
	buf_addch(out, (char)n);
}

/* Copy n bytes of the base from at; 64 KiB less one per instruction. */
static void put_copy(struct buf *out, size_t at, size_t n)
{
	while (n) {
		size_t step = n < 0xffff ? n : 0xffff;
		unsigned char op[8], flags = 0x80;
		size_t len = 1;

		for (int i = 0; i < 4; i++)
			if (at >> 8 * i & 0xff) {
				op[len++] = at >> 8 * i & 0xff;
				flags |= (unsigned char)(1 << i);
			}
		for (int i = 0; i < 2; i++)
			if (step >> 8 * i & 0xff) {
				op[len++] = step >> 8 * i & 0xff;
				flags |= (unsigned char)(16 << i);
			}
		op[0] = flags;
		buf_add(out, op, len);
		at += step;
		n -= step;
	}
}

static void put_literal(struct buf *out, const unsigned char *data, size_t n)
{
	while (n) {
		size_t step = n < 0x7f ? n : 0x7f;

		buf_addch(out, (char)step);
		buf_add(out, data, step);
		data += step;
		n -= step;
	}
}

static size_t same_start(const unsigned char *a, const unsigned char *b,
			 size_t max)
{
	size_t n = 0;

	while (max - n >= 64 && !memcmp(a + n, b + n, 64))
		n += 64;
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

static size_t same_end(const unsigned char *a, const unsigned char *b,
		       size_t max)
{
	size_t n = 0;

	while (max - n >= 64 && !memcmp(a - n - 64, b - n - 64, 64))
		n += 64;
	while (n < max && a[-1 - (ptrdiff_t)n] == b[-1 - (ptrdiff_t)n])
		n++;
	return n;
}

static void make_delta(struct buf *out, const struct gs_pack_base *base,
		       const unsigned char *data, size_t len)
{
	size_t least = base->len < len ? base->len : len;
	size_t head = same_start(base->data, data, least);
	size_t tail = same_end((const unsigned char *)base->data + base->len,
			       data + len, least - head);

	buf_reset(out);
	put_varint(out, base->len);
	put_varint(out, len);
	put_copy(out, 0, head);
	put_literal(out, data + head, len - head - tail);
	put_copy(out, base->len - tail, tail);
}

struct err *gs_pack_add_delta(struct gs_pack *p, git_object_t type,
			      const git_oid *id, const void *data, size_t len,
			      const struct gs_pack_base *base)
{
	const struct gs_pack_entry *b = base ? find(p, base->id) : NULL;
	struct gs_pack_entry e = { .id = *id };
	struct err *err;

	if (!b || b->depth >= DEPTH_MAX || base->len > UINT32_MAX ||
	    find(p, id))
		return gs_pack_add(p, type, id, data, len);
	make_delta(&p->delta, base, data, len);
	if (p->delta.len > len / 2)
		return gs_pack_add(p, type, id, data, len);
	err = begin(p, len);
	if (err)
		return err;
	e.offset = gs_pack_size(p);
	e.depth = b->depth + 1;
	put_header(&p->out, OFS_DELTA, p->delta.len);
	put_distance(&p->out, e.offset - b->offset);
	gs_deflate_add(p->deflate, p->delta.data, p->delta.len, &p->out);
	return end(p, &e);
}

struct gs_pack_mark gs_pack_mark(const struct gs_pack *p)
{
	struct gs_pack_mark m = { p->n, gs_pack_size(p) };

	return m;
}

struct err *gs_pack_cut(struct gs_pack *p, struct gs_pack_mark to)
{
	while (p->n > to.count)
		forget_last(p);
	if (to.size >= p->flushed) {
		buf_truncate(&p->out, (size_t)(to.size - p->flushed));
		return NULL;
	}
	buf_reset(&p->out);
	p->flushed = to.size;
	return gs_packfile_cut(&p->file, to.size);
}

/* The count is known now: put it in, and hash what is there. */
static struct err *seal(struct gs_pack *p, git_oid *sum)
{
	unsigned char count[4] = { (unsigned char)(p->n >> 24),
				   (unsigned char)(p->n >> 16),
				   (unsigned char)(p->n >> 8),
				   (unsigned char)p->n };
	struct err *err;

	if (!p->flushed) { /* all in memory: no need to read it back */
		memcpy(p->out.data + 8, count, sizeof(count));
		gs_hash_bytes(p->out.data, p->out.len, sum);
	} else {
		err = flush(p);
		if (!err)
			err = gs_packfile_patch(&p->file, 8, count,
						sizeof(count));
		if (!err)
			err = gs_hash_file(p->file.fd, (size_t)p->flushed, sum);
		if (err)
			return err;
	}
	buf_add(&p->out, sum->id, TRAILER);
	return flush(p);
}

struct err *gs_pack_finish(struct gs_pack *p)
{
	git_oid sum;
	struct err *err = NULL;

	if (p->n) {
		err = seal(p, &sum);
		crash_point("pack-written");
		if (!err)
			err = gs_packfile_keep(&p->file, p->dir, p->entries,
					       p->n, &sum);
	}
	gs_pack_reset(p);
	return err;
}
