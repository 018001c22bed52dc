#ifndef GITSTORE_PACK_H
#define GITSTORE_PACK_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Writes one pack (version 2) and its index (version 2), as gitformat-pack
 * describes them. Objects are deflated as they come. Up to `spill` bytes of
 * pack stay in memory, then a temporary file "tmp_migrate_*" beside the
 * packs takes them; nothing is on disk before, and nothing is left when the
 * pack is freed unfinished. Not for use by two threads at once.
 */
struct gs_pack;

/** @param dir the objects/pack folder; it must exist at the first write */
struct gs_pack *gs_pack_new(const char *dir, size_t spill);

/** Drop what was not finished. */
void gs_pack_free(struct gs_pack *p);

/** Empty it for the next pack; what was not finished is dropped. */
void gs_pack_reset(struct gs_pack *p);

bool gs_pack_has(const struct gs_pack *p, const git_oid *id);
size_t gs_pack_count(const struct gs_pack *p);

/** Bytes of pack so far. */
uint64_t gs_pack_size(const struct gs_pack *p);

/** Add an object under its id, which the caller has computed. An object
 * that is in already is not added again. */
MUST_USE struct err *gs_pack_add(struct gs_pack *p, git_object_t type,
				 const git_oid *id, const void *data,
				 size_t len);

/** The bytes and id of the object that a delta is made against. */
struct gs_pack_base {
	const git_oid *id;
	const void *data;
	size_t len;
};

/**
 * As gs_pack_add(), as one delta: what the two share at their beginnings and
 * ends, and the middle in full. Stored whole where the base is not in this
 * pack, the chain to it has 50 links, or nothing would be gained.
 */
MUST_USE struct err *gs_pack_add_delta(struct gs_pack *p, git_object_t type,
				       const git_oid *id, const void *data,
				       size_t len,
				       const struct gs_pack_base *base);

/** A place to cut back to; only the newest ones, in reverse order. */
struct gs_pack_mark {
	size_t count;
	uint64_t size;
};
struct gs_pack_mark gs_pack_mark(const struct gs_pack *p);
MUST_USE struct err *gs_pack_cut(struct gs_pack *p, struct gs_pack_mark to);

/**
 * Write and sync pack, index and folder, and empty p for the next one.
 * Without objects nothing is written. ERR_STORE (disk full, input or output
 * error) leaves no file behind.
 */
MUST_USE struct err *gs_pack_finish(struct gs_pack *p);

/** Remove temporary files of writers that are gone. Never fails. */
void gs_pack_sweep(const char *dir);

#endif
