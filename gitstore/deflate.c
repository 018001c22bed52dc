#include "gitstore/deflate.h"

#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/util.h"

#ifdef HAVE_ISAL

#include <isa-l.h>

/* Below this, making Huffman tables for the input costs more than it gains:
 * level 0 has tables of its own. */
#define OWN_TABLES 256

struct gs_deflate {
	struct isal_zstream stream;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
};

struct gs_deflate *gs_deflate_new(void)
{
	return xcalloc(1, sizeof(struct gs_deflate));
}

void gs_deflate_free(struct gs_deflate *d)
{
	free(d);
}

/* Room for the worst case: stored blocks of 64 KiB, header, checksum. */
static size_t bound(size_t n)
{
	return n + 5 * (n / 65535 + 1) + 64;
}

void gs_deflate_add(struct gs_deflate *d, const void *in, size_t n,
		    struct buf *out)
{
	size_t cap = bound(n);
	int rc;

	assert(n <= INT32_MAX);
	isal_deflate_stateless_init(&d->stream);
	if (n >= OWN_TABLES) {
		d->stream.level = 1;
		d->stream.level_buf = d->level_buf;
		d->stream.level_buf_size = sizeof(d->level_buf);
	}
	d->stream.gzip_flag = IGZIP_ZLIB;
	d->stream.end_of_stream = 1;
	d->stream.flush = NO_FLUSH;
	d->stream.next_in = (uint8_t *)(uintptr_t)in; /* NOLINT */
	d->stream.avail_in = (uint32_t)n;
	d->stream.next_out = (uint8_t *)buf_reserve(out, cap);
	d->stream.avail_out = (uint32_t)cap;
	rc = isal_deflate_stateless(&d->stream);
	assert(rc == COMP_OK);
	(void)rc;
	out->len += d->stream.total_out;
	out->data[out->len] = '\0';
}

uint32_t gs_crc32(uint32_t crc, const void *data, size_t n)
{
	return crc32_gzip_refl(crc, data, n);
}

bool gs_inflate(const void *in, size_t in_len, void *out, size_t out_len)
{
	static _Thread_local struct inflate_state s;
	uint8_t none;

	isal_inflate_init(&s);
	s.crc_flag = ISAL_ZLIB;
	s.next_in = (uint8_t *)(uintptr_t)in; /* NOLINT */
	s.avail_in = (uint32_t)(in_len < INT32_MAX ? in_len : INT32_MAX);
	s.next_out = out_len ? out : &none;
	s.avail_out = (uint32_t)out_len;
	if (isal_inflate(&s) != ISAL_DECOMP_OK)
		return false;
	return s.block_state == ISAL_BLOCK_FINISH && s.total_out == out_len;
}

#else

struct gs_deflate {
	z_stream stream;
};

struct gs_deflate *gs_deflate_new(void)
{
	struct gs_deflate *d = xcalloc(1, sizeof(*d));
	int rc = deflateInit(&d->stream, Z_BEST_SPEED);

	assert(rc == Z_OK);
	(void)rc;
	return d;
}

void gs_deflate_free(struct gs_deflate *d)
{
	if (d)
		deflateEnd(&d->stream);
	free(d);
}

void gs_deflate_add(struct gs_deflate *d, const void *in, size_t n,
		    struct buf *out)
{
	size_t cap = deflateBound(&d->stream, n);
	int rc;

	assert(n <= INT32_MAX);
	deflateReset(&d->stream);
	d->stream.next_in = (Bytef *)(uintptr_t)in; /* NOLINT */
	d->stream.avail_in = (uInt)n;
	d->stream.next_out = (Bytef *)buf_reserve(out, cap);
	d->stream.avail_out = (uInt)cap;
	rc = deflate(&d->stream, Z_FINISH);
	assert(rc == Z_STREAM_END);
	(void)rc;
	out->len += d->stream.total_out;
	out->data[out->len] = '\0';
}

uint32_t gs_crc32(uint32_t crc, const void *data, size_t n)
{
	return (uint32_t)crc32_z(crc, data, n);
}

bool gs_inflate(const void *in, size_t in_len, void *out, size_t out_len)
{
	z_stream s = { 0 };
	Bytef none;
	int rc;

	s.next_in = (Bytef *)(uintptr_t)in; /* NOLINT */
	s.avail_in = (uInt)(in_len < INT32_MAX ? in_len : INT32_MAX);
	s.next_out = out_len ? out : &none;
	s.avail_out = (uInt)out_len;
	if (inflateInit(&s) != Z_OK)
		return false;
	rc = inflate(&s, Z_FINISH);
	inflateEnd(&s);
	return rc == Z_STREAM_END && s.total_out == out_len;
}

#endif
