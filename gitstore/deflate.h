#ifndef GITSTORE_DEFLATE_H
#define GITSTORE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The zlib format (RFC 1950) behind one door: ISA-L where the build found
 * it, else zlib at level 1. Both give what every git reads; their bytes
 * differ, ids do not.
 */
struct gs_deflate;

struct gs_deflate *gs_deflate_new(void);
void gs_deflate_free(struct gs_deflate *d);

/** Append n bytes, deflated, to out. n is below 2 GiB. */
void gs_deflate_add(struct gs_deflate *d, const void *in, size_t n,
		    struct buf *out);

/** Going on with crc (0 at first); the polynomial of zlib and git. */
uint32_t gs_crc32(uint32_t crc, const void *data, size_t n);

/**
 * Inflate exactly out_len bytes from a stream of at most in_len; false when
 * the stream is damaged or of another length.
 */
bool gs_inflate(const void *in, size_t in_len, void *out, size_t out_len);

#endif
