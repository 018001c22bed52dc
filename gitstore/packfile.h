#ifndef GITSTORE_PACKFILE_H
#define GITSTORE_PACKFILE_H

#include <git2.h>
#include <stdint.h>

#include "base/err.h"

/* The two files of a pack on their way to their names. */

struct gs_pack_entry {
	git_oid id;
	uint32_t crc;    /**< of the bytes in the pack */
	uint64_t offset; /**< in the pack, from 0 */
	unsigned depth;  /**< deltas down to a whole object */
};

/** A temporary file, locked while its writer lives. */
struct gs_packfile {
	int fd;                 /**< -1 = none */
	char *path;             /**< NULL = none */
	uint64_t size, started; /**< bytes, and those sent to the disk */
};

/** Make it, unless it is there. ERR_REFUSED where nothing may be written. */
MUST_USE struct err *gs_packfile_open(struct gs_packfile *f, const char *dir);
MUST_USE struct err *gs_packfile_write(struct gs_packfile *f, const void *data,
				       size_t n);
MUST_USE struct err *gs_packfile_patch(struct gs_packfile *f, uint64_t at,
				       const void *data, size_t n);
MUST_USE struct err *gs_packfile_cut(struct gs_packfile *f, uint64_t size);

/**
 * Sync the pack, write its index from entries (sorted by this call), and give
 * both their names; sum is the checksum at the pack's end.
 */
MUST_USE struct err *gs_packfile_keep(struct gs_packfile *f, const char *dir,
				      struct gs_pack_entry *entries, size_t n,
				      const git_oid *sum);

/** Close and remove; fine when there is none. */
void gs_packfile_drop(struct gs_packfile *f);

#endif
