#define OPENSSL_SUPPRESS_DEPRECATED
#include "gitstore/hash.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

void gs_hash_object(git_object_t type, const void *data, size_t n, git_oid *out)
{
	char head[32];
	int len = snprintf(head, sizeof(head), "%s %zu",
			   git_object_type2string(type), n);
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, head, (size_t)len + 1);
	SHA1_Update(&ctx, data, n);
	SHA1_Final(out->id, &ctx);
}

void gs_hash_bytes(const void *data, size_t n, git_oid *out)
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	SHA1_Update(&ctx, data, n);
	SHA1_Final(out->id, &ctx);
}

struct err *gs_hash_file(int fd, size_t n, git_oid *out)
{
	const size_t step = 256 << 10;
	unsigned char *block = xmalloc(step);
	struct err *err = NULL;
	size_t at = 0;
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	while (at < n && !err) {
		ssize_t got = pread(fd, block, n - at < step ? n - at : step,
				    (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = err_new(ERR_STORE, "read the pack back: %s",
				      got ? strerror(errno) : "it is cut off");
			break;
		}
		SHA1_Update(&ctx, block, (size_t)got);
		at += (size_t)got;
	}
	SHA1_Final(out->id, &ctx);
	free(block);
	return err;
}
