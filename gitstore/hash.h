#ifndef GITSTORE_HASH_H
#define GITSTORE_HASH_H

#include <git2.h>
#include <stddef.h>

#include "base/err.h"

/*
 * SHA-1 by libcrypto, which uses the processor's instructions: three times
 * the speed of the collision-detecting one in libgit2. What we hash we made
 * ourselves.
 */

/** The id of an object. */
void gs_hash_object(git_object_t type, const void *data, size_t n,
		    git_oid *out);

/** SHA-1 of plain bytes. */
void gs_hash_bytes(const void *data, size_t n, git_oid *out);

/** SHA-1 of the first n bytes of a file, wherever its position is. */
MUST_USE struct err *gs_hash_file(int fd, size_t n, git_oid *out);

#endif
